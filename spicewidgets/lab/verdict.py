"""The verdict on a run, in a sentence or two."""

from functools import lru_cache

from ..core.diagnose.verdict import tells_nothing, verdict_of
from .facts import facts_of
from .result import Result


@lru_cache(maxsize=2)
def verdict(result: Result) -> str:
    """Write what was tested, what came out, and what so many choices could have shown; empty without
    equations.

    Where no truth is known, how tuned numbers do is left to `diagnose`, and to the coach where it is amiss:
    the head of a phone has room for two sentences.
    """
    sentences = verdict_of(facts_of(result)).sentences
    return " ".join(sentences if result.truth is not None else sentences[:2])


@lru_cache(maxsize=2)
def kind_of(result: Result) -> str:
    """Judge a run, as `Verdict.kind` has it; empty where no truth is known."""
    return verdict_of(facts_of(result)).kind


@lru_cache(maxsize=2)
def headline(result: Result) -> str:
    """The one sentence that the head has room for: how SPICE stands beside the simplest rival, where there is
    one and the choices tell anything; else the verdict.
    """
    said = verdict(result)
    return said if tells_nothing(facts_of(result)) else standing(result) or said


def standing(result: Result) -> str:
    """Compare SPICE with the simplest rival, where no truth is known; empty without one."""
    nats = {"Rescorla-Wagner": score_of(result, "classical")}
    if result.rival is None or nats["Rescorla-Wagner"] is None:
        return ""
    nats |= {"SPICE": score_of(result, "spice"), "RNN": score_of(result, "rnn")}
    nats["guessing"] = result.chance
    parts = ", ".join(f"{name} {value:.3f}" for name, value in nats.items() if value is not None)
    bics = {
        name: score_of(result, key, "bic")
        for name, key in (("Rescorla-Wagner", "classical"), ("SPICE", "spice"))
    }
    known = {name: bic for name, bic in bics.items() if bic is not None}
    ahead = f"; by BIC {min(known, key=lambda name: known[name])} is ahead" if len(known) == 2 else ""
    return f"Nats per choice: {parts}{ahead}."


def score_of(result: Result, agent: str, name: str = "nll") -> float | None:
    """A score of "truth", "rnn" or "spice", on all choices; None where there is none."""
    frame = result.comparison
    return None if frame is None or agent not in frame.index else float(frame.loc[agent, name])
