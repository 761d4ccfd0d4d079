"""What is known of one number of an equation: what it stands for, and what dropping its term would cost."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from math import exp, isfinite

from ..core.equations import Term
from ..core.read.steps import COEFFICIENTS, Step
from ..core.read.words import state_in_words
from ..core.rivals.ready import ALL
from ..experiment.result import Result
from .looking import weigh
from .meaning import instead_of, steps_of
from .stages import kind_of_choices

# What each coefficient does, by its symbol in the steps.
WORDS: Mapping[str, str] = {
    "k": "It makes up for where values begin: the network at {V0:g}, the participant at β q₀.",
    "w": "What is kept of the value; the rest is learned anew.",
    "g": "What a reward adds: how fast values move, times how strongly they drive choices.",
    "c": "How much less is kept after a reward than after none.",
    "w_u": "What is kept of the value in a trial without a choice of it.",
    "k_c": "What a choice adds to the habit.",
    "w_c": "What is kept of the habit; the rest forms anew.",
    "k_a": "The learning rate after no reward comes from it.",
    "g_a": "How much faster is learned after a reward.",
}
MANY_TIMES = 1000
Q_LEARNER = "Q-learner"


def learner_of(result: Result) -> str:
    """Name the learner whose parameters equations of this kind of task are read as."""
    kind = kind_of_choices(result.snapshot)
    return Q_LEARNER if kind.is_of_q_learners else ALL[kind.rival].label


@dataclass(frozen=True)
class CoefficientMeaning:
    """The meaning of a coefficient.

    Attributes:
        rule: what it is made of, in words as `Step.rule` has them, such as "1 - alpha"; empty where a
            Q-learner has no such term.
        words: what it does.
        step: the parameter that is read off it; None without one.
        true: that parameter of the participant; None where it is not known.
    """

    rule: str
    words: str
    step: Step | None = None
    true: float | None = None


def meaning_of(result: Result, participant: Hashable, module: str, term: Term) -> CoefficientMeaning:
    """Interpret a coefficient of a participant's equation as a part of a Q-learner."""
    if module not in COEFFICIENTS:
        who = learner_of(result)
        return CoefficientMeaning(
            "",
            f"A {who} has no {state_in_words(module)}: this coefficient is the equation's own."
            if who == Q_LEARNER
            else f"With the others it tells the parameters of a learner of this task ({who}), as far as it is"
            " one: Translate has them.",
        )
    named = {tuple(sorted(one)): symbol for symbol, one in COEFFICIENTS[module].items()}
    symbol = named.get(tuple(sorted(term)), "")
    if symbol not in WORDS:
        return CoefficientMeaning(
            "", "A Q-learner has no such term: it is what this equation has beyond one."
        )
    words = WORDS[symbol]
    steps = steps_of(result, participant)
    step = next((one for one in steps if one.rule.startswith(f"{symbol} = ")), None)
    if step is None:
        return CoefficientMeaning("", words.partition(":")[0] + ".")
    other = instead_of(result, participant)
    if other is not None:
        return CoefficientMeaning("", f"No Q-learner has such parameters; here they mean that {other.means}.")
    true = result.classical.get(participant, {}).get(step.parameter, (None, None))[0]
    numbers = {"V0": 0.0} | {name: value for one in steps for name, value in one.numbers.items()}
    return CoefficientMeaning(
        step.rule.partition(" = ")[2],
        words.format(**{"V0": numbers["V0"]}),
        step,
        true if true is not None and isfinite(true) else None,
    )


@dataclass(frozen=True)
class Costs:
    """The cost of dropping each term, after a refit of all other coefficients.

    Attributes:
        nats: by module and term, over all choices.
        n_choices: how many there are.
    """

    nats: Mapping[tuple[str, Term], float]
    n_choices: int


def costs_of(result: Result, participant: Hashable) -> Costs | None:
    """Return the costs of a participant's terms, where they are known at once: where terms were chosen by
    evidence, and of a run that was recorded earlier.
    """
    if result.recorded is not None:
        return Costs(result.recorded.costs, _n_choices(result)) if result.recorded.costs else None
    found = weigh(result, participant)
    if found is None:
        return None
    nats = {
        (item.module, item.term): item.cost for item in found.terms if item.term is not None and item.active
    }
    return Costs(nats, found.n_choices)


def _n_choices(result: Result) -> int:
    return 0 if result.comparison is None else int(result.comparison["n_choices"].iloc[0])


def cost_in_words(nats: float, n_choices: int) -> str:
    """Describe a cost."""
    each = 100 * max(nats, 0.0) / max(n_choices, 1)
    size = f"{each:.1f} nats in 100 choices." if each >= 0.05 else "Less than 0.1 nats in 100 choices."
    if exp(min(each, 50.0)) >= MANY_TIMES:
        return f"{size} Without it, 100 choices are more than {MANY_TIMES:,} times less likely."
    if each >= 0.05:
        return f"{size} Without it, 100 choices are {exp(each):,.3g} times less likely."
    return f"{size} All {n_choices:,} are {max(nats, 0.0):.1f} nats less likely without it."
