"""Whether a run found the participant's exact mechanism, in a sentence."""

from collections.abc import Iterable
from math import log

from scipy.special import chdtri

from ..core.equations import SpiceModel, term_in_words
from .result import Result

LEVEL = 0.001  # of the test whether numbers are the true ones


def verdict(result: Result) -> str:
    """Whether SPICE found the participant's exact mechanism, in a sentence; empty where no truth is known.

    Yes needs the same terms, and numbers and predictions that a likelihood-ratio test cannot tell from the
    true ones (Wilks 1938; level 0.001). It also needs choices that the same test can tell from guesses, or
    nothing would speak against any equation.
    """
    spice, truth = result.spice, result.truth
    nll, true = score_of(result, "spice"), score_of(result, "truth")
    if spice is None or truth is None or nll is None or true is None:
        return ""
    missing, extra = _terms_apart(spice, truth)
    if missing or extra:
        parts = [f"without {listed(missing)}"] if missing else []
        parts += [f"with {listed(extra)}, which is not true"] if extra else []
        return f"Exact mechanism: no, found {' and '.join(parts)}."
    n, k = n_choices(result), sum(spice.n_parameters(participant) for participant in spice.participants)
    ratio = 2 * n * abs(true - nll)
    if ratio > chdtri(k, LEVEL):
        far = f"2 ln LR {ratio:.0f} for {k} numbers"
        return f"Exact mechanism: the terms are; the numbers are not within error ({far})."
    if 2 * n * (log(result.snapshot.n_actions) - nll) <= chdtri(k, LEVEL):
        return f"Exact mechanism: cannot be told; {n} choices hardly differ from guesses."
    return "Exact mechanism: yes, within error."


def standing(result: Result) -> str:
    """How SPICE stands beside the simplest rival, where no truth is known; empty without one."""
    nats = {"Rescorla-Wagner": score_of(result, "classical")}
    if result.rival is None or nats["Rescorla-Wagner"] is None:
        return ""
    nats |= {"SPICE": score_of(result, "spice"), "RNN": score_of(result, "rnn")}
    nats["guessing"] = log(result.snapshot.n_actions)
    parts = ", ".join(f"{name} {value:.3f}" for name, value in nats.items() if value is not None)
    bics = {
        name: score_of(result, key, "bic")
        for name, key in (("Rescorla-Wagner", "classical"), ("SPICE", "spice"))
    }
    known = {name: bic for name, bic in bics.items() if bic is not None}
    ahead = f"; by BIC {min(known, key=lambda name: known[name])} is ahead" if len(known) == 2 else ""
    return f"Nats per choice: {parts}{ahead}."


def _terms_apart(spice: SpiceModel, truth: SpiceModel) -> tuple[list[str], list[str]]:
    """Terms that are true and were not found, and terms that were found and are not true."""
    missing: dict[str, None] = {}
    extra: dict[str, None] = {}
    for participant in spice.participants:
        found, true = spice.of_participant(participant), truth.of_participant(participant)
        for module in found.keys() & true.keys():
            has, needs = ({term for term, _ in each[module].active} for each in (found, true))
            missing |= {term_of(term, module): None for term in sorted(needs - has)}
            extra |= {term_of(term, module): None for term in sorted(has - needs)}
    return list(missing), list(extra)


def n_choices(result: Result) -> int:
    """Choices that a state before them can predict."""
    return int((result.choices[:, 1:] >= 0).sum())


def term_of(term: tuple[str, ...], module: str) -> str:
    """A term of a module in words."""
    return f"{term_in_words(term, module)} of {module}"


def score_of(result: Result, agent: str, name: str = "nll") -> float | None:
    """A score of "truth", "rnn" or "spice", on all choices; None where there is none."""
    frame = result.comparison
    return None if frame is None or agent not in frame.index else float(frame.loc[agent, name])


def listed(names: Iterable[str]) -> str:
    """Some names as a sentence has them."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
