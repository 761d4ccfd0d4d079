"""The verdict on a run, in a sentence or two."""

from functools import lru_cache

from ..core.diagnose.verdict import tells_nothing, verdict_of
from ..experiment.result import Result
from .facts import facts_of


def verdict(result: Result) -> str:
    """Write what was tested, what came out, and what so many choices could have shown; empty without
    equations.

    Where no truth is known, how tuned numbers do is left to `diagnose`, and to the coach where it is amiss:
    the head of a phone has room for two sentences, and a rival that is ahead comes second.
    """
    return _written(result, _count_asked(result))


def _count_asked(result: Result) -> int:
    """Count the rivals that were asked so far; the coach asks them once the result is there."""
    return 0 if result.simulated is None else len(result.simulated.rivals)


@lru_cache(maxsize=2)
def _written(result: Result, n_asked: int) -> str:
    sentences = verdict_of(facts_of(result)).sentences
    return " ".join(sentences if result.truth is not None else sentences[:2])


@lru_cache(maxsize=2)
def kind_of(result: Result) -> str:
    """Judge a run, as `Verdict.kind` has it; empty where no truth is known."""
    return verdict_of(facts_of(result)).kind


def headline(result: Result) -> str:
    """Return the one sentence that the head has room for: how SPICE stands beside the simplest rival, and
    which rival is ahead, where there is one and the choices tell anything; else the verdict.
    """
    return _describe_standing(result, _count_asked(result))


@lru_cache(maxsize=2)
def _describe_standing(result: Result, n_asked: int) -> str:
    said, facts = verdict(result), facts_of(result)
    if tells_nothing(facts) or not (stands := standing(result)):
        return said
    rival = facts.leading_rival
    return stands if rival is None else f"{stands} The rival {rival[0]} is ahead of SPICE and RNN."


def standing(result: Result) -> str:
    """Compare SPICE with the simplest rival, where no truth is known; empty without one."""
    first = score_of(result, "classical")
    if result.rival is None or first is None:
        return ""
    rival = result.rival.rival.label
    nats: dict[str, float | None] = {rival: first}
    nats |= {"SPICE": score_of(result, "spice"), "RNN": score_of(result, "rnn")}
    nats["guessing"] = result.chance
    parts = ", ".join(f"{name} {value:.3f}" for name, value in nats.items() if value is not None)
    bics = {name: score_of(result, key, "bic") for name, key in ((rival, "classical"), ("SPICE", "spice"))}
    known = {name: bic for name, bic in bics.items() if bic is not None}
    ahead = f"; by BIC {min(known, key=lambda name: known[name])} is ahead" if len(known) == 2 else ""
    return f"Nats per choice: {parts}{ahead}."


def score_of(result: Result, agent: str, name: str = "nll") -> float | None:
    """Return a score of "truth", "rnn" or "spice", on all choices; None where there is none."""
    frame = result.comparison
    return None if frame is None or agent not in frame.index else float(frame.loc[agent, name])
