"""What went wrong in a fit, in sentences, and what may do better.

A healthy fit gives no sentence. All is measured on the fit alone and not against the truth, so that it holds
for real data too. What a finding proposes is not known to help before it was tried: see `trial.py`.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import ceil, isfinite, log, nan
from typing import Any

import numpy as np

from ..discover.information import half_width
from ..equations import term_of
from ..mechanisms import ALPHA, PARAMETERS
from ..models import TEMPLATES
from ..read.translation import impossible
from ..read.words import part_of_sentence
from ..wording import format_number, join_words
from .facts import STRONG, Facts
from .mechanisms import is_part_of, mechanism_of, models_with
from .verdict import LEVEL, tells_nothing

STEEP = 3e-4  # nats per choice that the loss still fell in the last tenth of the epochs
STUCK = 0.02  # nats per choice above what the equations or the true participant reach
JUMP = 0.05  # nats per choice that the loss rose in one epoch, or above its lowest until the end
REGAINED = 0.02  # nats per choice that the validation loss rose again
RARE, OFTEN = 0.1, 1 / 3  # an option below this share of the trials, in more than this share of the sessions
FEW_CHOICES = 1000
COVERAGE = 0.9  # level of the interval that covers 0
TRADED = 10.0  # times the error if all else were known: beyond, a number stands in for others
TINY = 1e-12
SLOW = 2.0  # errors that a learning rate must be above 0 to be told from none
MOST_STARTS, MOST_EPOCHS, MOST_SESSIONS, MOST_DEGREE = 64, 1024, 2000, 5
MANY = 100  # times as many sessions: beyond, no number is named
MORE = (1, 3, 9)  # times as many sessions as seem to be needed, one after the other
# Models that cannot tell participants apart, and the first that can and has their modules.
ALONE = {
    name: other
    for other, one in reversed([*TEMPLATES.items()])
    for name, built in TEMPLATES.items()
    if one.participants and not built.participants and {*built.modules} <= {*one.modules}
}

Changes = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Finding:
    """One thing that was noticed.

    Attributes:
        words: what was noticed, and why it matters, with its numbers.
        remedy: what may be done about it: each setting that is changed, and nothing else; empty without one.
        changes: the settings that the remedy changes, by group and name.
        action: what is run then: "train", "continue" or "refit".
        kind: the name of what was noticed.
        tried: what a trial of the remedy came to, in words; empty where none was made.
        others: the same with stronger remedies, for where this one does not help.
        is_fault: whether it is worth a word if no remedy helps.
    """

    words: str
    remedy: str = ""
    changes: Changes = field(default_factory=dict)
    action: str = "train"
    kind: str = ""
    tried: str = ""
    others: "tuple[Finding, ...]" = ()
    is_fault: bool = True

    def without_remedy(self, tried: str = "") -> "Finding":
        """Return the same with nothing to be done, and why."""
        return replace(self, remedy="", changes={}, tried=tried, others=())


@dataclass(frozen=True)
class Check:
    """A row of the table of checks.

    Attributes:
        name: what it is called.
        test: gives what was noticed; None for a healthy fit.
        explained_by: the names of checks beside which it is not reported, for they explain it.
    """

    name: str
    test: Callable[[Facts], Finding | None]
    explained_by: tuple[str, ...] = ()


def unstable(facts: Facts) -> Finding | None:
    """Find a loss that jumps, or is no number."""
    losses = _losses(facts)
    if not len(losses):
        return None
    broken = not np.isfinite(losses).all()
    rise = max(float(losses[-1] - losses.min()), float(np.diff(losses)[5:].max(initial=0)))
    if not broken and rise <= JUMP:
        return None
    rate = max(facts.training.learning_rate / 4, 1e-6)
    change = "became infinite" if broken else f"rose by {rise:.2f}"
    return Finding(
        f"The loss {change}: the steps of the training are too large.",
        f"Train with learning rate {rate:g}",
        {"training": {"learning_rate": rate}},
    )


def mechanism_missing(facts: Facts) -> Finding | None:
    """Find what the participant or a rival has, and neither the network nor the equations."""
    last, reach = facts.score("rnn"), _reach(facts)
    if last is None or reach is None:
        return None
    truth, rival = facts.score("truth"), facts.leading_rival
    if facts.lacking and truth is not None and min(last, reach) - truth > STUCK:
        missing = facts.lacking
        names, does = join_words([one.name for one in missing]), "; ".join(one.words for one in missing)
        words = (
            f"The model has no part for the participant's {names} ({does}): its loss is {last:.3f}, where the"
            f" participant's own is {truth:.3f}. More epochs, other starts and more terms cannot make up for"
            " that."
        )
    elif rival is not None and (one := mechanism_of(rival[0])) and not is_part_of(one, facts.modules):
        missing = (one,)
        words = (
            f"The rival {rival[0]} ({one.words}) expects the choices better than network and equations, by"
            f" {rival[1]:.0f} nats beyond what its parameters cost: what it has, they lack. More epochs"
            " cannot make up for that."
        )
    else:
        return None
    offers = [
        Finding(words, f"Train the model {name}", {"model": {"name": name}})
        for name in models_with(missing, facts.modules)
        if name != facts.model
    ]
    return replace(offers[0], others=tuple(offers[1:])) if offers else Finding(words)


def stuck(facts: Facts) -> Finding | None:
    """Find that the network is far above what can be reached with what it has."""
    last, reach = facts.score("rnn"), _reach(facts)
    if last is None or reach is None or not facts.are_own or last - reach <= STUCK + _own_cost(facts):
        return None
    starts = min(max(16, 2 * (facts.training.n_starts or 8)), MOST_STARTS)
    changes, remedy = {"n_starts": starts}, f"Train with {starts} starts"
    fall = _fall(facts)
    why = "this start got stuck, and the loss no longer falls, so that more epochs would not help"
    if fall is None or fall[0] > STEEP:
        why = "there were too few epochs, for the loss was still falling, or this start is a bad one"
        if facts.training.epochs < MOST_EPOCHS:
            changes["epochs"], remedy = MOST_EPOCHS, f"{remedy} and up to {MOST_EPOCHS} epochs"
    words = f"The network's loss is {last:.3f}, though {reach:.3f} can be reached with what it has: {why}."
    return Finding(words, remedy, {"training": changes})


def not_converged(facts: Facts) -> Finding | None:
    """Find that the loss was still falling at the end."""
    fall = _fall(facts)
    if fall is None or not fall[0] > STEEP:
        return None
    words = (
        f"The loss still fell by {fall[0]:.4f} in the last {fall[1]} epochs: the training had not converged."
    )
    return Finding(words, "Continue", action="continue")


def _fall(facts: Facts) -> tuple[float, int] | None:
    """By how much the loss fell in the last tenth of the epochs, and how many these are; None where there are
    too few to tell, or where the loss is no number.
    """
    losses = _losses(facts)
    tenth = max(len(losses) // 10, 3)
    if len(losses) <= tenth or not isfinite(losses[-1]):
        return None
    return float(losses[-1 - tenth] - losses[-1]), tenth


def overfit(facts: Facts) -> Finding | None:
    """Find a validation loss that rose again."""
    values = [row.get("validation_loss") for row in _finishing(facts)]
    losses = np.array([value for value in values if value is not None and isfinite(value)])
    if len(losses) < 2 or losses[-1] - losses.min() <= REGAINED:
        return None
    words = (
        f"The validation loss fell to {losses.min():.3f} and rose again to {losses[-1]:.3f}: the network"
        " learned these choices by heart. The weights that did best on the validation part were kept."
    )
    return _with_more_sessions(facts, words, 2 * facts.n_sessions)


def participants_differ(facts: Facts) -> Finding | None:
    """Equations with numbers of each participant's own beat a network that cannot tell them apart."""
    rnn, spice, n = facts.score("rnn"), facts.score("spice"), len(facts.labels)
    if facts.knows_people or n < 2 or rnn is None or spice is None:
        return None
    ahead = facts.n_choices * (rnn - spice - _own_cost(facts))
    if ahead <= STRONG:
        return None
    words = (
        f"The {n} participants differ: equations with coefficients of each one's own expect the choices"
        f" better than the network, by {ahead:.0f} nats beyond what so many coefficients cost. The network"
        " cannot tell who chooses."
    )
    if (model := ALONE.get(facts.model)) is None:
        return Finding(f"{words} A model with an embedding of the participants can.")
    return Finding(words, f"Train the model {model}", {"model": {"name": model}})


def each_alone(facts: Facts) -> Finding | None:
    """Several participants, each with terms and numbers from choices of their own alone."""
    n, discovery = len(facts.labels), facts.discovery
    if n < 2 or facts.spice is None or discovery.pooling != "none" or not discovery.by_evidence:
        return None
    each = facts.n_choices / n
    wide = max((width for width, *_ in facts.widths), default=0.0) > 1
    return Finding(
        f"Terms and coefficients of each of {n} participants rest on {each:,.0f} choices of their own. What"
        " the participants have in common may tell more.",
        "Find again, with participants pooled as a group",
        {"discovery": {"pooling": "group"}},
        "refit",
        is_fault=each < FEW_CHOICES or wide,
    )


def by_threshold(facts: Facts) -> Finding | None:
    """Terms were chosen by their size, and one is missed, or one is 0 within its error."""
    discovery = facts.discovery
    if facts.spice is None or discovery.by_evidence:
        return None
    terms, doubtful = list(_left_out(facts)), sorted(_within_error(facts))
    if terms and _network_knows_more(facts):
        words = (
            f"The network predicts the choices better than the equations, in which {join_words(terms)} fell"
            f" below the threshold {discovery.threshold:g}."
        )
    elif doubtful:
        _, at, module, term = doubtful[0]
        label = facts.spice.participants[at]
        value = facts.spice.equation(module, label).coefficient(*term)
        error = facts.errors[label].coefficients[module][term]
        whose = f", of participant {label}," if len(facts.labels) > 1 else ""
        found = f"{format_number(value)} ± {error:.3f}"
        words = f"{term_of(term, module)}{whose} is {found}, so that it may as well be 0."
    else:
        return None
    changes: dict[str, Any] = {"selection": "evidence"}
    remedy = "Find again, with terms chosen by evidence"
    if not discovery.refine:
        changes["refine"], remedy = True, f"{remedy} and coefficients refined"
    return Finding(words, remedy, {"discovery": changes}, "refit")


def tuned_for_the_worse(facts: Facts) -> Finding | None:
    """Numbers that predict choices that they were not tuned to worse than untuned ones, beyond noise."""
    gains = facts.gains
    worse = {label: gain for label, gain in gains.items() if gain.is_worse(LEVEL / len(gains))}
    if not worse:
        return None
    whose = (
        "The coefficients"
        if len(gains) == 1
        else f"The coefficients of {len(worse)} of {len(gains)} participants"
    )
    lost = -sum(gain.nats for gain in worse.values())
    return Finding(
        f"{whose} were tuned to the choices, and predict other choices worse than SINDy's own do, by"
        f" {lost:.0f} nats: do not trust them."
    )


def library_too_small(facts: Facts) -> Finding | None:
    """Find a network that is worth its weights beside the equations, which use all that is worth anything."""
    degree = facts.discovery.degree
    all_used = facts.discovery.by_evidence or not list(_left_out(facts))
    if not all_used or degree >= MOST_DEGREE or not _network_knows_more(facts):
        return None
    products = Finding(
        "The network predicts the choices better than the equations, which use every term that is worth"
        f" something to the choices: products such as value × reward may be missing from a library of degree"
        f" {degree}.",
        f"Find again with degree {degree + 1}",
        {"discovery": {"degree": degree + 1}},
        "refit",
    )
    offers = [*_brought_back(facts), products]
    return replace(offers[0], others=tuple(offers[1:]))


def _brought_back(facts: Facts) -> Iterator[Finding]:
    """Offer each term that was left out of the library, a module's own value first."""
    for one in sorted(facts.left_out, key=lambda one: (one.term != (one.module,), len(one.term))):
        name = part_of_sentence(one.term, one.module)
        yield Finding(
            f"The network predicts the choices better than the equations, whose library leaves out {name}.",
            f"Find again with {name}",
            one.changes,
            "refit",
        )


def sign_flipped(facts: Facts) -> Finding | None:
    """Find a learned beta that is negative, by more than its error where it has one: value and beta have both
    changed their sign.
    """
    spice = facts.spice
    people = () if spice is None else spice.participants
    betas = () if spice is None else tuple(spice.betas)
    flipped = [state for state in betas if any(_is_negative(facts, state, label) for label in people)]
    if not flipped:
        return None
    return Finding(
        f"β of {join_words(flipped)} is negative. Value and β have both changed their sign, which no choice"
        " can tell; read the equation with both signs turned."
    )


def hardly_sampled(facts: Facts) -> Finding | None:
    """One option is hardly chosen in many sessions, so that little is known of its value."""
    n_actions = facts.n_actions
    shares = np.stack([(facts.choices == arm).mean(1) for arm in range(n_actions)], axis=1)
    rare = float((shares.min(1) < RARE * 2 / n_actions).mean())
    if rare <= OFTEN:
        return None
    words = (
        f"In {rare:.0%} of the sessions one option is chosen in less than {RARE * 2 / n_actions:.0%} of the"
        " trials: little is known of its value."
    )
    if not facts.simulated:
        return Finding(words)
    words += " Let probabilities drift, or choices be noisier."
    return Finding(words, "Train on a task with drift σ 0.2", {"task": {"kind": "drift", "sigma": 0.2}})


def too_noisy(facts: Facts) -> Finding | None:
    """Choices that cannot be told from guesses."""
    nll = facts.score("spice")
    if nll is None or not tells_nothing(facts):
        return None
    gain = facts.n_choices * (facts.chance - nll)
    words = (
        f"{facts.n_choices:,} choices hardly differ from guesses ({max(gain, 0.0):.1f} nats): they are too"
        " noisy, or too few, to tell how values are learned."
    )
    return _with_more_sessions(facts, words, 4 * facts.n_sessions)


def too_slow(facts: Facts) -> Finding | None:
    """Find a learning rate that cannot be told from none."""
    slow = [
        (parameters["alpha_reward"], errors.parameters["alpha_reward"], label)
        for label, errors in facts.errors.items()
        if {"alpha_reward"} <= (parameters := facts.parameters(label)).keys() & errors.parameters.keys()
        and not abs(parameters["alpha_reward"]) > SLOW * errors.parameters["alpha_reward"]
    ]
    if not slow:
        return None
    told = [one for one in slow if isfinite(one[1]) and "alpha_reward" not in facts.missing(one[2])]
    rate, error, label = (told or slow)[0]
    about = f"{format_number(rate, 2)} ± {error:.2f} (delta method)" if told else "not identified"
    n, own = len(facts.labels), facts.made_by.get("alpha_reward")
    known = "" if own is None or n > 1 else f", where the participant's is {own:g}"
    many = f", and so in {len(slow)} of {n} participants" if n > 1 else ""
    words = (
        f"Learning is too slow, or choices are too noisy, to be told in sessions of {facts.n_trials} trials:"
        f" {facts.whose(label)} {ALPHA.words} is {about}{known}{many}."
    )
    return _with_more_sessions(facts, words, 4 * facts.n_sessions)


def no_q_learner(facts: Facts) -> Finding | None:
    """Parameters that no Q-learner has, by more than their error."""
    read = {label: (facts.parameters(label), errors.parameters) for label, errors in facts.errors.items()}
    found = {label: one for label, pair in read.items() if (one := impossible(*pair)) is not None}
    if not found:
        return None
    label, worst = max(found.items(), key=lambda pair: abs(pair[1].value) / max(pair[1].error, TINY))
    numbers = f"{PARAMETERS[worst.name].words} {format_number(worst.value, 2)} ± {worst.error:.2f}"
    numbers += f" (participant {label})" if len(read) > 1 else ""
    many = f" {len(found)} of {len(read)} participants have such parameters." if len(read) > 1 else ""
    return Finding(f"No Q-learner has such parameters as {numbers}. Here they mean that {worst.means}.{many}")


def little_data(facts: Facts) -> Finding | None:
    """Too few choices for numbers that mean much: by their standard errors, or by their number alone."""
    n = facts.n_choices
    width, _, estimate = max(facts.widths, default=(0.0, "", ""))
    if n >= FEW_CHOICES and width <= 1:
        return None
    needed = max(
        2 * FEW_CHOICES / facts.n_trials if n < FEW_CHOICES else 0,
        facts.n_sessions * width**2 * 1.1,
        facts.n_sessions + 1,
    )
    rest = f"All coefficients rest on {n} choices, which leaves them wide errors"
    return _with_more_sessions(facts, f"{rest}: {estimate}." if estimate else f"{rest}.", ceil(needed))


def missing_trials(facts: Facts) -> Finding | None:
    """Trials without a choice."""
    missing = facts.choices < 0
    after = np.cumsum(~missing[:, ::-1], axis=1)[:, ::-1] > 0  # else a session has ended
    share = int((missing & after).sum()) / max(int(after.sum()), 1)
    if not share:
        return None
    return Finding(
        f"{share:.1%} of the trials have no choice. They are left out, and the state stays over them."
    )


# The most important first. A new check is a function and a row.
CHECKS = (
    Check("unstable", unstable),
    Check("participants differ", participants_differ, ("unstable",)),
    Check("stuck", stuck, ("unstable", "participants differ")),
    Check("mechanism missing", mechanism_missing, ("unstable", "participants differ", "stuck")),
    Check("not converged", not_converged, ("unstable", "stuck", "mechanism missing")),
    Check("overfit", overfit),
    Check("terms by threshold", by_threshold, ("stuck", "not converged", "overfit", "too noisy")),
    Check("tuned for the worse", tuned_for_the_worse),
    Check("each alone", each_alone, ("unstable", "stuck")),
    Check(
        "library too small",
        library_too_small,
        ("stuck", "not converged", "overfit", "participants differ"),
    ),
    Check("sign flipped", sign_flipped),
    Check("hardly sampled", hardly_sampled),
    Check("too noisy", too_noisy, ("stuck",)),
    Check("no Q-learner", no_q_learner, ("unstable", "stuck", "too noisy", "sign flipped")),
    Check("too slow", too_slow, ("stuck", "too noisy")),
    Check("little data", little_data, ("too noisy", "too slow", "no Q-learner")),
    Check("missing trials", missing_trials),
)


def findings_of(facts: Facts) -> tuple[Finding, ...]:
    """All that is noticed in a fit, the most important first; empty for a healthy one."""
    noticed = {row.name: finding for row in CHECKS if (finding := row.test(facts)) is not None}
    return tuple(
        _name_participant(noticed[row.name], row.name)
        for row in CHECKS
        if row.name in noticed and not noticed.keys() & set(row.explained_by)
    )


def _name_participant(finding: Finding, kind: str) -> Finding:
    return replace(finding, kind=kind, others=tuple(replace(one, kind=kind) for one in finding.others))


def _with_more_sessions(facts: Facts, words: str, needed: int) -> Finding:
    """Return a finding that more sessions may help, where they can be had: so many, or some times as many."""
    if not facts.simulated and needed > MANY * facts.n_sessions:
        return Finding(f"{words} Very many more would be needed.")
    if not facts.simulated:
        return Finding(f"{words} About {needed:,} sessions like these would tell more.")
    sizes = sorted({min(times * needed, MOST_SESSIONS) for times in MORE})
    offers = [
        Finding(words, f"Train on {size} sessions", {"data": {"n_sessions": size}})
        for size in sizes
        if size > facts.n_sessions
    ]
    if not offers:
        return Finding(f"{words} More sessions than {MOST_SESSIONS:,} would be needed.")
    return replace(offers[0], others=tuple(offers[1:]))


def _finishing(facts: Facts) -> list[Mapping[str, Any]]:
    """Return the epochs after the screening of starts."""
    return [row for row in facts.history if row.get("phase") != "screen"]


def _losses(facts: Facts) -> np.ndarray:
    return np.array([row["train_loss"] for row in _finishing(facts)], dtype=float)


def _reach(facts: Facts) -> float | None:
    """Return the lowest loss that something else than the network reaches on the same choices."""
    names = ("spice",) if facts.lacking else ("truth", "spice")
    scores = [score for name in names if (score := facts.score(name)) is not None]
    rival = facts.leading_rival
    if rival is not None and (one := mechanism_of(rival[0])) and is_part_of(one, facts.modules):
        scores.append(-facts.rivals[rival[0]] / max(facts.n_choices, 1))
    return min(scores, default=None)


def _own_cost(facts: Facts) -> float:
    """Compute the cost of each participant's own coefficients beside common ones, in nats per choice, where
    the network has none of its own.
    """
    n, n_choices = len(facts.labels), max(facts.n_choices, 2)
    return 0.0 if facts.knows_people else 0.5 * facts.n_numbers * (1 - 1 / n) * log(n_choices) / n_choices


def _network_knows_more(facts: Facts) -> bool:
    bic, equations = facts.score("rnn", "bic"), facts.log_evidence
    return bic is not None and equations is not None and -bic / 2 - equations > STRONG


def _left_out(facts: Facts) -> Iterator[str]:
    """Candidate terms that no participant's equation has, and that could be told apart from others."""
    if facts.spice is None:
        return
    for module, rows in facts.spice.equations.items():
        equations = [row for row in rows if row is not None]
        for term in equations[0].terms if equations else ():
            if all(e.coefficient(*term) == 0 and term not in e.dropped for e in equations):
                yield term_of(term, module)


def _within_error(facts: Facts) -> Iterator[tuple[float, int, str, tuple[str, ...]]]:
    """Yield the distance of terms from 0 in standard errors, the participant's index, module and term: of the
    terms whose interval covers 0, and which do not merely stand in for others.
    """
    spice = facts.spice
    for label, errors in facts.errors.items():
        assert spice is not None
        for module, equation in spice.of_participant(label).items():
            for term, value in equation.active:
                error, alone = errors.coefficients[module][term], errors.alone.get(module, {}).get(term, 0.0)
                if abs(value) < half_width(error, COVERAGE) and error < TRADED * alone:
                    yield abs(value) / error, spice.participants.index(label), module, term


def _is_negative(facts: Facts, state: str, label: Hashable) -> bool:
    """Tell whether a learned beta is negative, by more than its error if that is known."""
    assert facts.spice is not None
    beta, errors = facts.spice.beta(state, label), facts.errors.get(label)
    error = nan if errors is None else errors.betas.get(state, nan)
    return beta < 0 and not (isfinite(error) and -beta < half_width(error, COVERAGE))
