"""What went wrong in a run, in sentences, each with a remedy that can be tried at once.

A healthy result gives no sentence. All is measured on the run alone and not against the truth, so that it
holds for real data too. Only one thing is fitted here: equations without a term that seems redundant.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.discover.uncertainty import half_width
from ..core.read.translation import classical_parameters
from ..state.data import MOST_SESSIONS
from ..state.discovery import Library
from .meaning import cost
from .result import Result
from .settle import config_of, values_of
from .verdict import listed, n_choices, score_of, term_of

if TYPE_CHECKING:
    from ..core.discover.uncertainty import Uncertainty

STEEP = 3e-4  # nats per choice that the loss still fell in the last tenth of the epochs
STUCK = 0.02  # nats per choice above what the equations or the true participant reach
JUMP = 0.05  # nats per choice that the loss rose in one epoch, or above its lowest until the end
REGAINED = 0.02  # nats per choice that the validation loss rose again
STRONG = 10.0  # difference in BIC that counts as very strong evidence (Kass & Raftery 1995)
RARE, OFTEN = 0.1, 1 / 3  # an option below this share of the trials, in more than this share of the sessions
FEW_CHOICES = 1000
COVERAGE = 0.9  # level of the interval that covers 0
CHANCE = 0.05  # probability by chance, above which the cost of leaving a term out is none
TRADED = 10.0  # times the error if all else were known: beyond, a number stands in for others
WIDE = {"alpha_reward": 0.1, "beta_reward": 0.25}  # errors; that of beta as a share of it
LABELS = {"alpha_reward": "learning rate α", "beta_reward": "inverse temperature β"}
MANY_PARTICIPANTS = 10  # beyond these, errors are not computed: they would take long


@dataclass(frozen=True)
class Finding:
    """One thing that was noticed.

    Attributes:
        words: what was noticed, and why it matters, with its numbers.
        remedy: what the button says; empty without one.
        changes: the settings that the remedy changes, by group and name.
        action: what is run then: "train", "continue" or "refit".
        kind: the name of the diagnosis.
    """

    words: str
    remedy: str = ""
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    action: str = "train"
    kind: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """A row of the table of diagnoses.

    Attributes:
        name: what it is called.
        test: gives what was noticed in a result; None for a healthy one.
        explained_by: the names of diagnoses beside which it is not reported, for they explain it.
    """

    name: str
    test: Callable[[Result], Finding | None]
    explained_by: tuple[str, ...] = ()


def unstable(result: Result) -> Finding | None:
    """The loss jumps, or is no number."""
    losses = _losses(result)
    if not len(losses):
        return None
    broken = not np.isfinite(losses).all()
    rise = max(float(losses[-1] - losses.min()), float(np.diff(losses)[5:].max(initial=0)))
    if not broken and rise <= JUMP:
        return None
    rate = result.snapshot.training.learning_rate
    change = "became infinite" if broken else f"rose by {rise:.2f}"
    return Finding(
        f"The loss {change}: the steps of the training are too large.",
        f"Train with learning rate {rate / 4:g}",
        {"training": {"learning_rate": max(rate / 4, 1e-6)}},
    )


def stuck(result: Result) -> Finding | None:
    """The network is far above what can be reached."""
    last, reach = _best(result), _reach(result)
    if reach is None or last - reach <= STUCK:
        return None
    starts = max(16, 2 * (result.snapshot.training.n_starts or 8))
    return Finding(
        f"The network's loss is {last:.3f}, though {reach:.3f} can be reached: this start got stuck, or there"
        " were too few epochs.",
        f"Train with {min(starts, 64)} starts",
        {"training": {"optimizer": "auto", "n_starts": min(starts, 64), "epochs": 1024}},
    )


def not_converged(result: Result) -> Finding | None:
    """The loss was still falling at the end."""
    losses = _losses(result)
    tenth = max(len(losses) // 10, 3)
    if len(losses) <= tenth or not isfinite(losses[-1]):
        return None
    fall = float(losses[-1 - tenth] - losses[-1])
    if fall <= STEEP:
        return None
    return Finding(
        f"The loss still fell by {fall:.4f} in the last {tenth} epochs: the training had not converged.",
        "Continue",
        action="continue",
    )


def overfit(result: Result) -> Finding | None:
    """The validation loss rose again."""
    values = [row.get("validation_loss") for row in _finishing(result)]
    losses = np.array([value for value in values if value is not None and isfinite(value)])
    if len(losses) < 2 or losses[-1] - losses.min() <= REGAINED:
        return None
    data = result.snapshot.data
    more = min(2 * data.n_sessions, MOST_SESSIONS)
    return Finding(
        f"The validation loss fell to {losses.min():.3f} and rose again to {losses[-1]:.3f}: the network"
        " learned these choices by heart.",
        f"Train on {more} sessions",
        {"data": {"n_sessions": more}},
    )


def vanished(result: Result) -> Finding | None:
    """The network is worth its weights beside the equations, and candidate terms were left out."""
    terms = list(_left_out(result))
    if not terms or not _network_knows_more(result):
        return None
    threshold = result.snapshot.discovery.threshold
    return Finding(
        f"The network predicts the choices better than the equations, in which {listed(terms)} fell below the"
        f" threshold {threshold:g}.",
        f"Find again with threshold {threshold / 4:g}",
        {"discovery": {"threshold": threshold / 4}},
        "refit",
    )


def library_too_small(result: Result) -> Finding | None:
    """The network is worth its weights beside the equations, and every candidate term is in use."""
    degree = result.snapshot.discovery.degree
    if list(_left_out(result)) or degree >= 5 or not _network_knows_more(result):
        return None
    return Finding(
        "The network predicts the choices better than the equations, which use every term they may have:"
        f" products such as value × reward may be missing from a library of degree {degree}.",
        f"Find again with degree {degree + 1}",
        {"discovery": {"degree": degree + 1}},
        "refit",
    )


def redundant(result: Result) -> Finding | None:
    """A term that is 0 within its error, and without which the choices are as likely."""
    doubtful = sorted(_within_error(result))
    if not doubtful:
        return None
    _, at, module, term = doubtful[0]
    assert result.spice is not None
    participant = result.spice.participants[at]
    price = cost(result, participant, module, term)
    if price.by_chance <= CHANCE:
        return None
    value = result.spice.equation(module, participant).coefficient(*term)
    estimate = f"{_signed(value)} ± {result.uncertainty[participant].coefficients[module][term]:.3f}"
    return Finding(
        f"{term_of(term, module)} is {estimate}, so that it may as well be 0. Without it, {price.n_choices}"
        f" choices are {max(price.nats, 0.0):.1f} nats less likely, as chance would have it.",
        "Find again without it",
        {"discovery": {"libraries": _library_without(result, module, term)}},
        "refit",
    )


def sign_flipped(result: Result) -> Finding | None:
    """A learned beta is negative, by more than its error where it has one: value and beta have both changed
    their sign.
    """
    spice = result.spice
    people = () if spice is None else spice.participants
    betas = () if spice is None else tuple(spice.betas)
    flipped = [
        state for state in betas if any(_is_negative(result, state, participant) for participant in people)
    ]
    if not flipped:
        return None
    seed = (result.snapshot.data.seed + 1) % 2**31
    return Finding(
        f"β of {listed(flipped)} is negative. Value and β have both changed their sign, which no choice can"
        " tell; read the equation with both signs turned.",
        "Train with another seed",
        {"data": {"seed": seed}},
    )


def hardly_sampled(result: Result) -> Finding | None:
    """One option is hardly chosen in many sessions, so that little is known of its value."""
    n_actions = result.snapshot.n_actions
    shares = np.stack([(result.choices == arm).mean(1) for arm in range(n_actions)], axis=1)
    rare = float((shares.min(1) < RARE * 2 / n_actions).mean())
    if rare <= OFTEN:
        return None
    return Finding(
        f"In {rare:.0%} of the sessions one option is chosen in less than {RARE * 2 / n_actions:.0%} of the"
        " trials: little is known of its value. Let probabilities drift, or choices be noisier.",
        "Train with drift σ 0.2",
        {"task": {"kind": "drift", "sigma": 0.2}},
    )


def little_data(result: Result) -> Finding | None:
    """Too few choices for numbers that mean much: by their standard errors, or by their number alone."""
    n, data = n_choices(result), result.snapshot.data
    width, estimate = max(_widths(result), default=(0.0, ""))
    if n >= FEW_CHOICES and width <= 1:
        return None
    needed = max(
        2 * FEW_CHOICES / data.n_trials if n < FEW_CHOICES else 0,
        data.n_sessions * width**2,
        data.n_sessions + 1,
    )
    more = min(int(np.ceil(needed)), MOST_SESSIONS)
    rest = f"All numbers rest on {n} choices, which leaves them wide errors"
    return Finding(
        f"{rest}: {estimate}." if estimate else f"{rest}.",
        f"Train on {more} sessions",
        {"data": {"n_sessions": more}},
    )


def missing_trials(result: Result) -> Finding | None:
    """Trials without a choice."""
    share = float((result.choices < 0).mean())
    if not share:
        return None
    return Finding(
        f"{share:.0%} of the trials have no choice (missing, or padding of shorter sessions). They are left"
        " out, and the state stays over them.",
    )


# The most important first. A new diagnosis is a function and a row.
DIAGNOSES = (
    Diagnosis("unstable", unstable),
    Diagnosis("stuck", stuck, ("unstable",)),
    Diagnosis("not converged", not_converged, ("unstable", "stuck")),
    Diagnosis("overfit", overfit),
    Diagnosis("threshold too high", vanished, ("stuck", "not converged", "overfit")),
    Diagnosis("library too small", library_too_small, ("stuck", "not converged", "overfit")),
    Diagnosis("redundant term", redundant, ("unstable", "stuck", "little data")),
    Diagnosis("sign flipped", sign_flipped),
    Diagnosis("hardly sampled", hardly_sampled),
    Diagnosis("little data", little_data),
    Diagnosis("missing trials", missing_trials),
)


def findings(result: Result) -> tuple[Finding, ...]:
    """All that is noticed in a run, the most important first; empty for a healthy one."""
    noticed = {row.name: finding for row in DIAGNOSES if (finding := row.test(result)) is not None}
    return tuple(
        replace(noticed[row.name], kind=row.name)
        for row in DIAGNOSES
        if row.name in noticed and not noticed.keys() & set(row.explained_by)
    )


def _finishing(result: Result) -> list[Mapping[str, Any]]:
    """The epochs after the screening of starts."""
    return [row for row in result.history if row.get("phase") != "screen"]


def _losses(result: Result) -> np.ndarray:
    return np.array([row["train_loss"] for row in _finishing(result)], dtype=float)


def _best(result: Result) -> float:
    """The network's loss on all choices, in nats per choice."""
    score = score_of(result, "rnn")
    return float("nan") if score is None else score


def _reach(result: Result) -> float | None:
    """The lowest loss that something else than the network reaches on the same choices."""
    scores = [score for name in ("truth", "spice") if (score := score_of(result, name)) is not None]
    return min(scores, default=None)


def _network_knows_more(result: Result) -> bool:
    rnn, spice = score_of(result, "rnn", "bic"), score_of(result, "spice", "bic")
    return rnn is not None and spice is not None and spice - rnn > STRONG


def _left_out(result: Result) -> Iterator[str]:
    """Candidate terms that no participant's equation has, and that could be told apart from others."""
    if result.spice is None:
        return
    for module, rows in result.spice.equations.items():
        equations = [row for row in rows if row is not None]
        for term in equations[0].terms if equations else ():
            if all(e.coefficient(*term) == 0 and term not in e.dropped for e in equations):
                yield term_of(term, module)


def _errors(result: Result) -> "Mapping[Any, Uncertainty]":
    """Standard errors by participant; empty where there are none, or too many to wait for."""
    few = result.spice is not None and len(result.spice.participants) <= MANY_PARTICIPANTS
    return result.uncertainty if few else {}


def _within_error(result: Result) -> Iterator[tuple[float, int, str, tuple[str, ...]]]:
    """How many errors a term is away from 0, the participant's index, module and term: of the terms whose
    interval covers 0, and which do not merely stand in for others.
    """
    spice = result.spice
    for participant, errors in _errors(result).items():
        assert spice is not None
        for module, equation in spice.of_participant(participant).items():
            for term, value in equation.active:
                error, alone = errors.coefficients[module][term], errors.alone.get(module, {}).get(term, 0.0)
                if abs(value) < half_width(error, COVERAGE) and error < TRADED * alone:
                    yield abs(value) / error, spice.participants.index(participant), module, term


def _library_without(result: Result, module: str, term: tuple[str, ...]) -> tuple[tuple[str, Library], ...]:
    """The changed libraries, with one that leaves out this term."""
    config, chosen = config_of(result.snapshot), dict(result.snapshot.discovery.libraries)
    rows = tuple((f.signal, f.value, f.remove) for f in config.filters(module))
    own = chosen.get(module, Library(tuple(config.terms(module)), (), rows))
    return tuple((chosen | {module: replace(own, without=(*own.without, term))}).items())


def _widths(result: Result) -> Iterator[tuple[float, str]]:
    """How wide the error of each parameter is, in units of what is too wide, and the parameter with it."""
    for participant, errors in _errors(result).items():
        assert result.spice is not None
        parameters = classical_parameters(result.spice, values_of(result.snapshot), participant)
        for name in WIDE.keys() & errors.parameters.keys():
            error, value = errors.parameters[name], parameters[name]
            limit = WIDE[name] * (abs(value) if name == "beta_reward" else 1)
            if isfinite(error) and limit > 0:
                yield error / limit, f"{LABELS[name]} {_signed(value, 2)} ± {error:.2f}"


def _is_negative(result: Result, state: str, participant: Hashable) -> bool:
    """Whether a learned beta is negative, by more than its error if that is known."""
    assert result.spice is not None
    beta, errors = result.spice.beta(state, participant), _errors(result).get(participant)
    error = nan if errors is None else errors.betas.get(state, nan)
    return beta < 0 and not (isfinite(error) and -beta < half_width(error, COVERAGE))


def _signed(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}".replace("-", "−")
