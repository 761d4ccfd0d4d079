"""How network and equations stand to the truth on the same choices: scores, and in words which is better and
whether that is more than noise.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import nan, sqrt

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..experiment.result import Result

Floats = NDArray[np.float64]
SURE = 2.576  # standard errors: a difference beyond is noise in 1 of 100 comparisons
CLOSE = 0.05  # of P: less is hardly seen in a picture
FEW = 8  # sessions; of fewer, choices are compared one by one


@dataclass(frozen=True)
class Standing:
    """One agent beside the reference, over some choices.

    Attributes:
        agent: "truth", "rnn", "spice" or "classical".
        nll: nats per choice.
        mean_dp, max_dp: mean and largest |P - P of the reference|.
        same: share of trials in which it has the reference's favourite.
        n_numbers: its free numbers.
        bic: Bayesian information criterion.
        n_choices: that are scored.
        ahead, error: nats per choice by which it expects the choices better than the reference, and the
            standard error; NaN of the reference itself, and where so few choices tell nothing.
        words: what that means.
    """

    agent: str
    nll: float
    mean_dp: float
    max_dp: float
    same: float
    n_numbers: int
    bic: float
    n_choices: int
    ahead: float
    error: float
    words: str


def reference_of(result: Result) -> str:
    """Name the reference of figure, sentence and table: the truth, else the network."""
    return "truth" if "truth" in result.played else "rnn"


@lru_cache(maxsize=4)
def standings(result: Result, session: int | None = None) -> tuple[Standing, ...]:
    """All agents, the reference first.

    Args:
        result: of a run.
        session: the one that is scored; all when None.
    """
    frame, reference = _scores(result, session), reference_of(result)
    if frame is None or reference not in frame.index:
        return ()
    names = [reference, *(name for name in frame.index if name != reference and name in result.played)]
    return tuple(_standing(result, frame, name, reference, session) for name in names)


def in_a_sentence(result: Result, session: int) -> str:
    """Describe the picture of a session in a sentence; empty without a comparison."""
    known = {one.agent: one for one in standings(result, session)}
    others = [known[name] for name in ("rnn", "spice") if name in known and name != reference_of(result)]
    if not others:
        return ""
    most = max(one.max_dp for one in others)
    if most < CLOSE:
        return f"They lie on each other: P differs by {most:.3f} at most, as the magnified differences show."
    worst = max(others, key=lambda one: one.max_dp)
    name = {"rnn": "The network", "spice": "SPICE"}[worst.agent]
    return f"{name} is off by up to {worst.max_dp:.2f} of P, {worst.mean_dp:.3f} on average."


def _scores(result: Result, session: int | None) -> pd.DataFrame | None:
    if session is None or result.per_session is None:
        return result.comparison if session is None else None
    each = result.per_session
    return each[each.index.get_level_values("session") == session].droplevel("session")


def _standing(
    result: Result, frame: pd.DataFrame, agent: str, reference: str, session: int | None
) -> Standing:
    row, rows = frame.loc[agent], slice(None) if session is None else slice(session, session + 1)
    chosen = _scored_choices(result)[rows]
    seen = chosen >= 0
    p, against = (
        result.played[name].probabilities[rows, 1 : chosen.shape[1] + 1] for name in (agent, reference)
    )
    off = np.abs(p - against)[seen]
    ahead, error = (nan, nan) if agent == reference else _ahead(p, against, chosen)
    guess = result.chance
    words = _own(agent, guess) if agent == reference else _in_words(reference, ahead, error)
    return Standing(
        agent,
        float(row["nll"]),
        float(off.mean()) if len(off) else nan,
        float(off.max()) if len(off) else nan,
        float((p.argmax(-1) == against.argmax(-1))[seen].mean()) if len(off) else nan,
        int(row["n_parameters"]),
        float(row["bic"]),
        int(row["n_choices"]),
        ahead,
        error,
        words,
    )


def _scored_choices(result: Result) -> NDArray[np.int64]:
    """Return the choices that are scored, `(n_sessions, n_scored)`: all after a first one; below 0 where
    missing.
    """
    chosen, final = result.choices[:, 1:], result.final_choices
    return chosen if final is None else np.column_stack([chosen, final])


def _ahead(p: Floats, against: Floats, chosen: NDArray[np.int64]) -> tuple[float, float]:
    """Nats per choice by which `p` is ahead, and its standard error: over sessions, which are independent of
    each other, or over choices where there are few sessions.
    """
    seen, arms = chosen >= 0, np.maximum(chosen, 0)[..., None]
    logs = [np.log(np.maximum(np.take_along_axis(one, arms, -1)[..., 0], 1e-300)) for one in (p, against)]
    ahead, n = np.where(seen, logs[0] - logs[1], 0.0), int(seen.sum())
    if n < 2:
        return nan, nan
    if len(ahead) >= FEW:
        return float(ahead.sum() / n), float(sqrt(len(ahead)) * ahead.sum(1).std(ddof=1) / n)
    each = ahead[seen]
    return float(each.mean()), float(each.std(ddof=1) / sqrt(n))


def _own(agent: str, guess: float) -> str:
    who = {"truth": "the participant itself", "rnn": "the network"}[agent]
    return f"{who}; guessing would be {guess:.4f}"


def _in_words(reference: str, ahead: float, error: float) -> str:
    """Which is better, and whether the difference is more than noise."""
    who = {"truth": "the truth", "rnn": "the network"}[reference]
    if not np.isfinite(ahead) or not np.isfinite(error):
        return "too few choices to tell"
    way = "better" if ahead > 0 else "worse"
    size = f"{abs(ahead):.4f} {way}, noise ±\N{NO-BREAK SPACE}{SURE * error:.4f}"
    if abs(ahead) <= SURE * error or abs(ahead) < 5e-5:
        return f"as good as {who}: {size}"
    words = f"{way} than {who} by more than noise: {size}"
    if ahead > 0 and reference == "truth":
        words += "; fitted to these very choices, it has learned some of their chance"
    return words
