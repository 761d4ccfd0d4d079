"""What went wrong in a run, in sentences, each with a remedy that can be tried at once.

Reads a finished result and says nothing about a healthy one. What it holds against a run is measured on that
run alone, so that it would say the same where no truth is known; only `verdict` compares with the
truth. Knows nothing of widgets; the one thing it fits are equations without a term that seems redundant.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite, log, nan
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtri

from ..core.discover.uncertainty import half_width
from ..core.equations import SpiceModel
from ..core.read.translation import classical_parameters
from ..state.discovery import Library
from .meaning import cost
from .result import Result
from .settle import config_of, values_of

if TYPE_CHECKING:
    from ..core.discover.uncertainty import Uncertainty

STEEP = 3e-4  # nats per choice that the loss still fell in the last tenth of the epochs
STUCK = 0.02  # nats per choice above what the equations or the true participant reach
JUMP = 0.05  # nats per choice that the loss rose in one epoch, or above its lowest until the end
APART = 0.02  # nats per choice that the validation loss rose again
STRONG = 10.0  # difference in BIC that counts as very strong evidence (Kass & Raftery 1995)
RARE, OFTEN = 0.1, 1 / 3  # an option below this share of the trials, in more than this share of the sessions
FEW = 1000  # choices
LEVEL = 0.001  # of the test whether numbers are the true ones
COVERS = 0.9  # level of the interval that covers 0
CHANCE = 0.05  # probability by chance, above which the cost of leaving a term out is none
TRADED = 10.0  # times the error if all else were known: beyond, a number stands in for others
WIDE = {"alpha_reward": 0.1, "beta_reward": 0.25}  # errors; that of beta as a share of it
SAID = {"alpha_reward": "learning rate α", "beta_reward": "inverse temperature β"}
MANY = 10  # participants, beyond whom errors are not asked for: they would take long


@dataclass(frozen=True)
class Finding:
    """One thing that was noticed.

    Attributes:
        kind: which diagnosis it is.
        words: what was noticed, and why it matters, with its numbers.
        remedy: what the button says; empty without one.
        changes: the settings that the remedy changes, by group and name.
        action: what is run then: "train", "continue" or "refit".
    """

    kind: str
    words: str
    remedy: str = ""
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    action: str = "train"


def findings(result: Result) -> tuple[Finding, ...]:
    """All that is to be said of a run, the most important first; empty for a healthy one."""
    found = [made for diagnosis in DIAGNOSES if (made := diagnosis(result)) is not None]
    kinds = {one.kind for one in found}
    return tuple(one for one in found if not SILENCED.get(one.kind, set()) & kinds)


def verdict(result: Result) -> str:
    """Whether SPICE found the participant's exact mechanism, in a sentence; empty where no truth is known.

    Yes needs the same terms, and numbers and predictions that a likelihood-ratio test cannot tell from the
    true ones (Wilks 1938; level 0.001). It also needs choices that the same test can tell from guesses, or
    nothing would speak against any equation.
    """
    spice, truth = result.spice, result.truth
    nll, true = _score(result, "spice"), _score(result, "truth")
    if spice is None or truth is None or nll is None or true is None:
        return ""
    missing, extra = _terms_apart(spice, truth)
    if missing or extra:
        told = [f"without {_and(missing)}"] if missing else []
        told += [f"with {_and(extra)}, which is not true"] if extra else []
        return f"Exact mechanism: no, found {' and '.join(told)}."
    n, k = _n_choices(result), sum(spice.n_parameters(who) for who in spice.participants)
    ratio = 2 * n * abs(true - nll)
    if ratio > chdtri(k, LEVEL):
        far = f"2 ln LR {ratio:.0f} for {k} numbers"
        return f"Exact mechanism: the terms are; the numbers are not within error ({far})."
    if 2 * n * (log(result.snapshot.task.n_actions) - nll) <= chdtri(k, LEVEL):
        return f"Exact mechanism: cannot be told; {n} choices hardly differ from guesses."
    return "Exact mechanism: yes, within error."


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
    told = "became infinite" if broken else f"rose by {rise:.2f}"
    return Finding(
        "unstable",
        f"The loss {told}: the steps of the training are too large.",
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
        "stuck",
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
        "not converged",
        f"The loss still fell by {fall:.4f} in the last {tenth} epochs: the training had not converged.",
        "Continue",
        action="continue",
    )


def overfit(result: Result) -> Finding | None:
    """The validation loss rose again."""
    values = [row.get("validation_loss") for row in _finishing(result)]
    seen = np.array([value for value in values if value is not None and isfinite(value)])
    if len(seen) < 2 or seen[-1] - seen.min() <= APART:
        return None
    data = result.snapshot.data
    more = min(2 * data.n_sessions, 2000)
    return Finding(
        "overfit",
        f"The validation loss fell to {seen.min():.3f} and rose again to {seen[-1]:.3f}: the network learned"
        " these choices by heart.",
        f"Train on {more} sessions",
        {"data": {"n_sessions": more}},
    )


def vanished(result: Result) -> Finding | None:
    """The network is worth its weights beside the equations, and candidate terms were left out."""
    gone = list(_left_out(result))
    if not gone or not _network_knows_more(result):
        return None
    threshold = result.snapshot.discovery.threshold
    return Finding(
        "threshold too high",
        f"The network predicts the choices better than the equations, in which {_and(gone)} fell below the"
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
        "library too small",
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
    who = result.spice.participants[at]
    found = cost(result, who, module, term)
    if found.by_chance <= CHANCE:
        return None
    value = result.spice.equation(module, who).coefficient(*term)
    told = f"{_signed(value)} ± {result.uncertainty[who].coefficients[module][term]:.3f}"
    return Finding(
        "redundant term",
        f"{_named(term, module)} is {told}, so that it may as well be 0. Without it, {found.n_choices}"
        f" choices are {max(found.nats, 0.0):.1f} nats less likely, as chance would have it.",
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
    flipped = [state for state in betas if any(_is_negative(result, state, who) for who in people)]
    if not flipped:
        return None
    seed = (result.snapshot.data.seed + 1) % 2**31
    return Finding(
        "sign flipped",
        f"β of {_and(flipped)} is negative. Value and β have both changed their sign, which no choice can"
        " tell; read the equation with both signs turned.",
        "Train with another seed",
        {"data": {"seed": seed}},
    )


def hardly_sampled(result: Result) -> Finding | None:
    """One option is hardly chosen in many sessions, so that little is known of its value."""
    n_actions = result.snapshot.task.n_actions
    shares = np.stack([(result.choices == arm).mean(1) for arm in range(n_actions)], axis=1)
    rare = float((shares.min(1) < RARE * 2 / n_actions).mean())
    if rare <= OFTEN:
        return None
    return Finding(
        "hardly sampled",
        f"In {rare:.0%} of the sessions one option is chosen in less than {RARE * 2 / n_actions:.0%} of the"
        " trials: little is known of its value. Let probabilities drift, or choices be noisier.",
        "Train with drift σ 0.2",
        {"task": {"kind": "drift", "sigma": 0.2}},
    )


def little_data(result: Result) -> Finding | None:
    """Too few choices for numbers that mean much: by their standard errors, or by their number alone."""
    n, data = _n_choices(result), result.snapshot.data
    width, told = max(_widths(result), default=(0.0, ""))
    if n >= FEW and width <= 1:
        return None
    needed = max(2 * FEW / data.n_trials if n < FEW else 0, data.n_sessions * width**2, data.n_sessions + 1)
    more = min(int(np.ceil(needed)), 2000)
    rest = f"All numbers rest on {n} choices, which leaves them wide errors"
    return Finding(
        "little data",
        f"{rest}: {told}." if told else f"{rest}.",
        f"Train on {more} sessions",
        {"data": {"n_sessions": more}},
    )


def missing_trials(result: Result) -> Finding | None:
    """Trials without a choice."""
    share = float((result.choices < 0).mean())
    if not share:
        return None
    return Finding(
        "missing trials",
        f"{share:.0%} of the trials have no choice (missing, or padding of shorter sessions). They are left"
        " out, and the state stays over them.",
    )


Diagnosis = Callable[[Result], Finding | None]
DIAGNOSES: tuple[Diagnosis, ...] = (
    unstable,
    stuck,
    not_converged,
    overfit,
    vanished,
    library_too_small,
    redundant,
    sign_flipped,
    hardly_sampled,
    little_data,
    missing_trials,
)
# What is not said beside something else that explains it.
SILENCED = {
    "stuck": {"unstable"},
    "not converged": {"unstable", "stuck"},
    "threshold too high": {"stuck", "not converged", "overfit"},
    "library too small": {"stuck", "not converged", "overfit"},
    "redundant term": {"unstable", "stuck", "little data"},
}


def _n_choices(result: Result) -> int:
    """Choices that a state before them can predict."""
    return int((result.choices[:, 1:] >= 0).sum())


def _terms_apart(spice: SpiceModel, truth: SpiceModel) -> tuple[list[str], list[str]]:
    """Terms that are true and were not found, and terms that were found and are not true."""
    missing: dict[str, None] = {}
    extra: dict[str, None] = {}
    for who in spice.participants:
        found, true = spice.of_participant(who), truth.of_participant(who)
        for module in found.keys() & true.keys():
            has, needs = ({term for term, _ in each[module].active} for each in (found, true))
            missing |= {_named(term, module): None for term in sorted(needs - has)}
            extra |= {_named(term, module): None for term in sorted(has - needs)}
    return list(missing), list(extra)


def _named(term: tuple[str, ...], module: str) -> str:
    factors = " × ".join("the value" if part == module else part for part in term) or "the constant"
    return f"{factors} of {module}"


def _finishing(result: Result) -> list[Mapping[str, Any]]:
    """The epochs after the screening of starts."""
    return [row for row in result.history if row.get("phase") != "screen"]


def _losses(result: Result) -> np.ndarray:
    return np.array([row["train_loss"] for row in _finishing(result)], dtype=float)


def _score(result: Result, agent: str, name: str = "nll") -> float | None:
    frame = result.comparison
    return None if frame is None or agent not in frame.index else float(frame.loc[agent, name])


def _best(result: Result) -> float:
    """The network's loss on all choices, in nats per choice."""
    score = _score(result, "rnn")
    return float("nan") if score is None else score


def _reach(result: Result) -> float | None:
    """The lowest loss that something else than the network reaches on the same choices."""
    known = [score for name in ("truth", "spice") if (score := _score(result, name)) is not None]
    return min(known, default=None)


def _network_knows_more(result: Result) -> bool:
    rnn, spice = _score(result, "rnn", "bic"), _score(result, "spice", "bic")
    return rnn is not None and spice is not None and spice - rnn > STRONG


def _left_out(result: Result) -> Iterator[str]:
    """Candidate terms that no participant's equation has, and that could be told apart from others."""
    if result.spice is None:
        return
    for module, rows in result.spice.equations.items():
        equations = [row for row in rows if row is not None]
        for term in equations[0].terms if equations else ():
            if all(e.coefficient(*term) == 0 and term not in e.dropped for e in equations):
                yield _named(term, module)


def _errors(result: Result) -> "Mapping[Any, Uncertainty]":
    """Standard errors by participant; empty where there are none, or too many to wait for."""
    few = result.spice is not None and len(result.spice.participants) <= MANY
    return result.uncertainty if few else {}


def _within_error(result: Result) -> Iterator[tuple[float, int, str, tuple[str, ...]]]:
    """How many errors a term is away from 0, the participant's index, module and term: of the terms whose
    interval covers 0, and which do not merely stand in for others.
    """
    spice = result.spice
    for who, sure in _errors(result).items():
        assert spice is not None
        for module, equation in spice.of_participant(who).items():
            for term, value in equation.active:
                error, alone = sure.coefficients[module][term], sure.alone.get(module, {}).get(term, 0.0)
                if abs(value) < half_width(error, COVERS) and error < TRADED * alone:
                    yield abs(value) / error, spice.participants.index(who), module, term


def _library_without(result: Result, module: str, term: tuple[str, ...]) -> tuple[tuple[str, Library], ...]:
    """The changed libraries, with one that leaves out this term."""
    config, chosen = config_of(result.snapshot), dict(result.snapshot.discovery.libraries)
    rows = tuple((f.signal, f.value, f.remove) for f in config.filters(module))
    own = chosen.get(module, Library(tuple(config.terms(module)), (), rows))
    return tuple((chosen | {module: replace(own, without=(*own.without, term))}).items())


def _widths(result: Result) -> Iterator[tuple[float, str]]:
    """How wide the error of each parameter is, in units of what is too wide, and the parameter with it."""
    for who, sure in _errors(result).items():
        assert result.spice is not None
        found = classical_parameters(result.spice, values_of(result.snapshot), who)
        for name in WIDE.keys() & sure.parameters.keys():
            error, value = sure.parameters[name], found[name]
            limit = WIDE[name] * (abs(value) if name == "beta_reward" else 1)
            if isfinite(error) and limit > 0:
                yield error / limit, f"{SAID[name]} {_signed(value, 2)} ± {error:.2f}"


def _is_negative(result: Result, state: str, who: Any) -> bool:
    """Whether a learned beta is negative, by more than its error if that is known."""
    assert result.spice is not None
    beta, sure = result.spice.beta(state, who), _errors(result).get(who) if result.spice.betas else None
    error = nan if sure is None else sure.betas.get(state, nan)
    return beta < 0 and not (isfinite(error) and -beta < half_width(error, COVERS))


def _signed(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}".replace("-", "−")


def _and(names: Any) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else str(last)
