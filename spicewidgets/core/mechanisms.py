"""The mechanisms of choice, each declared once.

Simulated participants, sliders and their help, true equations, rivals, the quiz, diagnosis and tables walk
these declarations. In the words of an equation `_c` is the chosen option, `_u` every other one, r the reward.
"""

from collections.abc import Iterator, Mapping

from .mechanism import (
    Array,
    AsRival,
    GuessRange,
    Mechanism,
    Memory,
    ParameterSpec,
    StateSpec,
    Trial,
    Values,
    states_of,
)
from .plugins import load_plugins

# What equations do that stand for a rate which no learner has: below 0, and above 1.
GROWS = "the value of an option grows from choice to choice"
SWINGS = "the value of an option swings to the other side of where it was"
ALPHA = ParameterSpec(
    "alpha_reward",
    "Learning rate alpha: how far one outcome moves the value.",
    "Learning rate α",
    "alpha",
    "α",
    default=0.3,
    short="alpha",
    guess=GuessRange(0.1, 0.9, 0.05, first=0.5),
    beyond=(GROWS, SWINGS),
    in_head=True,
)
ALPHA_PENALTY = ParameterSpec(
    "alpha_penalty",
    "Learning rate after no reward; the same as alpha_reward when not given.",
    "α after no reward",
    "alpha_minus",
    "α⁻",
    default=None,
    follows="alpha_reward",
    guess=GuessRange(0.05, 0.9, 0.05, least=0.2),
    beyond=(f"{GROWS} without a reward", f"{SWINGS} after no reward"),
)
BETA = ParameterSpec(
    "beta_reward",
    "Inverse noise temperature beta: how strictly choices follow the values.",
    "Inverse temperature β",
    "beta",
    "β",
    default=3.0,
    high=20,
    scale="positive",
    slider=(0, 20, 0.1),
    short="beta",
    guess=GuessRange(2.0, 8.0, 0.5, first=5.0),
    beyond=("an option is chosen less for its rewards", ""),
    in_head=True,
)
Q0 = ParameterSpec(
    "q0",
    "Value of every arm before the first trial.",
    "First value q₀",
    "q0",
    "q₀",
    default=0.5,
    low=-1,
    high=2,
    unit="reward",
    scale="real",
    slider=(-1, 2, 0.05),
)
BETA_CHOICE = ParameterSpec(
    "beta_choice",
    "Weight of the choice kernel: above 0 repeats choices, below 0 avoids repeating.",
    "Choice kernel β",
    "beta_c",
    "β_c",
    low=-20,
    high=20,
    scale="real",
    slider=(-5, 5, 0.1),
    guess=GuessRange(-2.0, 2.0, 0.25, first=1.0, least=0.5),
)
VALUES = StateSpec("value", "x_value_reward", "Q", Q0, BETA)
CHOICES = StateSpec("kernel", "x_value_choice", "C", 0.0, BETA_CHOICE)


class Learning(Mechanism):
    """The chosen option learns from its reward (Rescorla & Wagner 1972)."""

    name = "learning"
    words = "the value of the chosen option moves towards its reward"
    parameters = (ALPHA, ALPHA_PENALTY)
    states = (VALUES,)
    equation = "Q_c += alpha (r - Q_c)"

    def rate(self, p: Values, trial: Trial) -> Array:
        """Return the rate of the chosen option, by whether its reward was more than 0.5."""
        rate = _by_outcome(trial.reward, p.alpha_reward, p.alpha_penalty)
        return trial.known * trial.chosen * rate

    def change(self, p: Values, state: Memory, trial: Trial) -> Memory:
        """Move the value of the chosen option towards its reward."""
        return {"value": self.rate(p, trial) * (trial.reward - state["value"])}


LEARNING = Learning()


class Forgetting(Mechanism):
    """Values of options not chosen return to where they began."""

    name = "forgetting"
    words = "the value of an option fades to where it began while it is not chosen"
    hint = "Look at the option not chosen: does its value stay until it is chosen again?"
    parameters = (
        ParameterSpec(
            "forget_rate",
            "How fast the value of an arm not chosen returns to q0.",
            "Forgetting",
            "f",
            "f",
            unit="per trial",
            short="forget",
            guess=GuessRange(0.1, 0.5, 0.05),
            beyond=(
                "the value of an option grows while others are chosen",
                "the value of an option swings to the other side while others are chosen",
            ),
            in_head=True,
        ),
    )
    equation = "Q_u += forget (q0 - Q_u)"
    rival = AsRival(
        "forgetting",
        "RW + forgetting",
        "RW+ forget",
        "Ito & Doya 2009, Journal of Neuroscience 29: 9861",
        size=0.2,
    )

    def change(self, p: Values, state: Memory, trial: Trial) -> Memory:
        """Let the values of options not chosen fade."""
        return {"value": (1 - trial.chosen) * p.forget_rate * (p.q0 - state["value"])}


class TwoRates(Mechanism):
    """The learning rate after no reward is one of its own."""

    name = "asymmetric learning"
    words = "the learning rate after no reward is another than after a reward (more than 0.5)"
    hint = "Compare how far a value moves after a reward with how far it moves after none."
    parameters = (ALPHA_PENALTY,)
    equation = "Q_c += alpha_reward or alpha_penalty times (r - Q_c)"
    within = LEARNING
    rival = AsRival(
        "two-rates", "RW, two rates", "RW, two rates", "Niv et al. 2012, Journal of Neuroscience 32: 551"
    )


class ChoiceKernel(Mechanism):
    """Choices are repeated, or avoided, for themselves."""

    name = "choice kernel"
    words = "what was chosen lately is chosen again or avoided, whatever it paid"
    hint = "Compare how often a choice is repeated after no reward with what its value alone would say."
    parameters = (
        ParameterSpec(
            "alpha_choice",
            "Learning rate of the choice kernel.",
            "Choice kernel α",
            "alpha_c",
            "α_c",
            default=1.0,
            beyond=("the habit grows from choice to choice", "the habit swings to the other side"),
        ),
    )
    states = (CHOICES,)
    equation = "C += alpha_choice (chosen - C)"
    rival = AsRival(
        "with-kernel",
        "RW + kernel",
        "RW+ kernel",
        "Wilson & Collins 2019, eLife 8: e49547",
        size=1.0,
    )

    def change(self, p: Values, state: Memory, trial: Trial) -> Memory:
        """Move the kernel towards the choice."""
        return {"kernel": p.alpha_choice * (trial.chosen - state["kernel"])}


class LearningFromOthers(Mechanism):
    """Options not chosen learn as well."""

    name = "counterfactual learning"
    words = (
        "options not chosen learn from their outcomes, or from the opposite of the reward where these are not"
        " seen"
    )
    hint = "Look at the option not chosen: does the reward of the other one move its value?"
    parameters = tuple(
        ParameterSpec(
            f"alpha_counterfactual_{outcome}",
            f"Learning rate of the arm not chosen after {after}.",
            f"Counterfactual α, {after.removeprefix('a ')}",
            "alpha_u",
            "αᵤ",
            short="alpha_other",
        )
        for outcome, after in (("reward", "a reward"), ("penalty", "no reward"))
    )
    equation = "Q_u += alpha_other (r_u or 1 - r, - Q_u)"
    tied = ParameterSpec(
        "alpha_counterfactual",
        "Learning rate of options not chosen.",
        "α of the option not chosen",
        "alpha_u",
        "αᵤ",
        short="alpha_other",
        guess=GuessRange(0.1, 0.5, 0.05),
    )
    rival = AsRival(
        "counterfactual",
        "RW + not chosen",
        "RW+ other",
        "Palminteri et al. 2015, Nature Communications 6: 8096",
        size=0.2,
    )

    def rate(self, p: Values, trial: Trial) -> Array:
        """Return the rate of the other options, by their outcome, or the reward where that was not seen."""
        outcome = trial.seen * trial.outcomes + (1 - trial.seen) * trial.reward
        rate = _by_outcome(outcome, p.alpha_counterfactual_reward, p.alpha_counterfactual_penalty)
        return trial.known * (1 - trial.chosen) * rate

    def change(self, p: Values, state: Memory, trial: Trial) -> Memory:
        """Move the values of the other options towards their outcomes."""
        outcome = trial.seen * trial.outcomes + (1 - trial.seen) * (1 - trial.reward)
        return {"value": self.rate(p, trial) * (outcome - state["value"])}


def _by_outcome(outcome: Array, after_reward: Array, after_none: Array) -> Array:
    """Return one rate or the other; the same where there is but one."""
    if after_reward is after_none:
        return after_reward
    good = (outcome > 0.5) * 1.0
    return good * after_reward + (1 - good) * after_none


FORGETTING, KERNEL = Forgetting(), ChoiceKernel()
MECHANISMS: tuple[Mechanism, ...] = (
    LEARNING,
    FORGETTING,
    TwoRates(),
    KERNEL,
    LearningFromOthers(),
)


def _names(mechanism: Mechanism) -> Iterator[str]:
    yield mechanism.name
    yield from (one.name for one in mechanism.all_parameters)


MECHANISMS += load_plugins(
    "mechanisms", Mechanism, (name for one in MECHANISMS for name in _names(one)), _names
)
BEYOND = MECHANISMS[1:]  # Rescorla and Wagner


def _parameters() -> Iterator[ParameterSpec]:
    yield from (ALPHA, ALPHA_PENALTY, BETA, Q0)
    for mechanism in BEYOND:
        yield from mechanism.all_parameters


PARAMETERS: Mapping[str, ParameterSpec] = {one.name: one for one in _parameters()}
STATES = states_of(MECHANISMS)
# Parameters that stand for several settings of the participant, and those that the quiz asks for.
TIED: Mapping[str, tuple[str, ...]] = {
    one.tied.name: tuple(each.name for each in one.parameters) for one in MECHANISMS if one.tied
}
ASKED: Mapping[str, ParameterSpec] = {
    one.name: one for one in (ALPHA, BETA, *(each.asked for each in BEYOND)) if one
}
