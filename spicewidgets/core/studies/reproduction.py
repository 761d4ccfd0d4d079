"""Published figures, reproduced: each from a file of known hash to a table with standard errors.

What was measured is recorded in `reproduced.json` under the hash of the file that it is of, by
`python tests/benchmarks/reproduce.py NAME --data FILE`.
"""

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..data.choices import Choices
from ..data.simulated import create_dataset
from ..discover.people import people
from ..models import READY
from ..progress import Progress
from ..rivals.held_out import HeldOut, held_out_steps
from ..settings import SettingsError
from ..simulate.agents import AgentQ
from ..simulate.environments import BanditsDrift
from .study import ready_estimator

RECORDED = Path(__file__).parent / "reproduced.json"
SAME = 0.1  # of a standard error: how far a figure may be from the recorded one
NORMAL = 1.959964  # of a 95 % interval's half width


@dataclass(frozen=True)
class Reproduction:
    """Figures that can be reproduced.

    Attributes:
        name: on the command line.
        about: what it is, in a sentence.
        data: the data set of the gallery; empty where choices are simulated.
        by, n_folds: how choices are held out.
        rivals: models of the field.
        models: ready models, of each the equations and the network.
    """

    name: str
    about: str
    data: str = ""
    by: str = "session"
    n_folds: int = 4
    rivals: tuple[str, ...] = ()
    models: tuple[str, ...] = ("habit",)


REPRODUCTIONS: Mapping[str, Reproduction] = {
    one.name: one
    for one in (
        Reproduction(
            "tutorial", "The equation of the first tutorial, and the parameters that are read off it."
        ),
        Reproduction(
            "people",
            "Runs held out of 101 people (Dezfouli et al. 2019): equations, network and rivals.",
            "dezfouli2019",
            rivals=("rescorla-wagner", "forgetting", "lagged-regression"),
        ),
        Reproduction(
            "reversal",
            "Later choices held out of a reversal task (Zorowitz et al. 2023): equations, network, rivals.",
            "zorowitz2023",
            "time",
            3,
            rivals=("rescorla-wagner", "forgetting", "with-kernel", "lagged-regression"),
        ),
    )
}


def reproduce_steps(
    reproduction: Reproduction, choices: Choices | None = None, seed: int = 0
) -> Generator[Progress, None, pd.DataFrame]:
    """Reproduce figures, with a record of how far it is; the table is the generator's value.

    Args:
        reproduction: one of `REPRODUCTIONS`.
        choices: the table; None where choices are simulated.
        seed: of starts and training.

    Returns:
        A row for each figure: `value`, and `se`, its standard error (over people, where there are several).
    """
    if choices is None:
        yield Progress(0, 1, "The tutorial's network is trained", 0.0)
        return _tutorial()
    data = choices.dataset
    models: dict[str, Any] = {name: name for name in reproduction.rivals}
    models |= {name: ready_estimator(name, data, seed) for name in reproduction.models}
    steps = held_out_steps(data, models, reproduction.by, n_folds=reproduction.n_folds, random_state=seed)
    return _likelihoods((yield from steps))


def load_figures(reproduction: Reproduction, sha256: str) -> pd.DataFrame:
    """Return the figures that were recorded for a file.

    Args:
        reproduction: one of `REPRODUCTIONS`.
        sha256: hash of the file; empty where choices are simulated.

    Raises:
        SettingsError: where there are none.
    """
    known = json.loads(RECORDED.read_text(encoding="utf-8")).get(reproduction.name, {})
    if sha256 not in known:
        hashes = ", ".join(f"{one[:12]}..." for one in known) or "none"
        raise SettingsError(
            [
                "--check compares with figures that were recorded for a file, by its hash; recorded are"
                f" {hashes}, got {sha256[:12]}... Take such a file, or leave out --check."
            ]
        )
    return pd.DataFrame(known[sha256]["figures"], index=["value", "se"]).T


def compare(found: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Lay figures beside recorded ones: `same` where both are there and apart by at most a tenth of the
    recorded standard error.
    """
    both = found.join(before.add_prefix("recorded_"), how="outer")
    apart = (both["value"] - both["recorded_value"]).abs()
    return both.assign(same=apart <= SAME * both["recorded_se"])


def _tutorial() -> pd.DataFrame:
    data, _, _ = create_dataset(AgentQ(alpha_reward=0.3), BanditsDrift(0.2), 100, 100, random_state=42)
    ready = READY["rescorla-wagner"]
    row = people(ready_estimator(ready.name, data, 42).fit(data)).iloc[0]
    names = [str(name).removesuffix(" low") for name in row.index if str(name).endswith(" low")]
    figures = {name: (row[name], (row[f"{name} high"] - row[f"{name} low"]) / (2 * NORMAL)) for name in names}
    return pd.DataFrame(figures, index=["value", "se"]).T.astype(float).dropna()


def _likelihoods(found: HeldOut) -> pd.DataFrame:
    """Return likelihoods per choice, with standard errors over people (of a ratio of sums)."""
    n, likelihood = found.n_choices, found.likelihood
    residuals = found.nll + np.log(likelihood)[:, None] * n
    errors = np.sqrt((residuals**2).sum(1) * len(n) / max(len(n) - 1, 1)) / n.sum()
    table = {"value": likelihood, "se": likelihood * errors}
    chance = pd.DataFrame({"value": np.exp(-found.chance), "se": 0.0}, index=["chance"])
    return pd.concat([pd.DataFrame(table, index=list(found.models)), chance])
