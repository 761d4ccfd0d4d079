"""Published figures, reproduced: each from a file of known hash to a table with standard errors.

What was measured is recorded in `reproduced.json` under the hash of the file that it is of, by
`python tests/benchmarks/reproduce.py NAME --data FILE`.
"""

import json
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pandas as pd

from ..data.choices import Choices
from ..data.dataset import DatasetRNN
from ..data.simulated import create_dataset
from ..discover.people import people
from ..progress import Progress
from ..rivals.held_out import HeldOut, held_out_steps
from ..settings import SettingsError
from ..simulate.agents import AgentQ
from ..simulate.environments import BanditsDrift
from .study import ready_estimator

RECORDED = Path(__file__).parent / "reproduced.json"
SAME = 0.1  # of a standard error: how far a figure may be from the recorded one
ROUNDED = 1e-6  # what is recorded has six digits
NORMAL = 1.959964  # of a 95 % interval's half width
MODULE = "x_value_reward_chosen"
PEER_TERMS = {"constant": "1", "own value": MODULE, "c_reward": "c_reward"}  # as each side names them
REPEATS = 5  # of our fit, where it is timed; the peer's is timed once
# The tutorial's call of autospice 0.2.0: from a file of choices to one of what was found.
PEER = """
import json, sys, time
from pathlib import Path
import numpy as np, torch
from spice.estimator import SpiceEstimator
from spice.precoded import RESCOLA_WAGNER_CONFIG, RescorlaWagnerRNN

torch.set_num_threads(1)
torch.manual_seed(0)
np.random.seed(0)
arrays = np.load(sys.argv[1])
fit = SpiceEstimator(RescorlaWagnerRNN, RESCOLA_WAGNER_CONFIG, epochs=1024, learning_rate=1e-2)
began = time.process_time()
fit.fit(*(torch.tensor(arrays[name], dtype=torch.float32) for name in ("xs", "ys")))
seconds = time.process_time() - began
model = fit.spice_agent.get_modules()["x_value_reward_chosen"][0]
terms = dict(zip(model.get_feature_names(), map(float, model.coefficients()[0])))
Path(sys.argv[2]).write_text(json.dumps({"seconds": seconds, "terms": terms}))
"""


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
            "peer", "The tutorial's choices, to autospice 0.2.0 and to spicewidgets: equations and seconds."
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
    reproduction: Reproduction, choices: Choices | None = None, seed: int = 0, peer: str | None = None
) -> Generator[Progress, None, pd.DataFrame]:
    """Reproduce figures, with a record of how far it is; the table is the generator's value.

    Args:
        reproduction: one of `REPRODUCTIONS`.
        choices: the table; None where choices are simulated.
        seed: of starts and training.
        peer: the Python in whose environment autospice 0.2.0 is.

    Returns:
        A row for each figure: `value`, and `se`, its standard error (over people, where there are several);
        seconds, which are the processor's, have none. The peer gives none of its own, and has ours.

    Raises:
        SettingsError: where a peer is needed and does not answer.
    """
    if reproduction.name == "peer":
        yield Progress(0, 1, "The peer is trained, for about a minute", 0.0)
        return _beside_peer(peer)
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
    return pd.DataFrame.from_dict(known[sha256]["figures"], orient="index", columns=["value", "se"])


def compare(found: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Lay figures beside recorded ones: `same` where both are there and apart by at most a tenth of the
    recorded standard error. Seconds, which have no standard error, are those of a machine: all are the same.
    """
    both = found.join(before.add_prefix("recorded_"), how="outer")
    apart = (both["value"] - both["recorded_value"]).abs()
    most = SAME * both["recorded_se"].fillna(np.inf) + ROUNDED
    return both.assign(same=(apart <= most) & apart.notna())


def _tutorial_choices() -> DatasetRNN:
    return create_dataset(AgentQ(alpha_reward=0.3), BanditsDrift(0.2), 100, 100, random_state=42)[0]


def _beside_peer(python: str | None) -> pd.DataFrame:
    data = _tutorial_choices()
    theirs = _ask_peer(python, data)
    own, seconds = _tutorial(), []
    for _ in range(REPEATS):
        began = process_time()
        ready_estimator("rescorla-wagner", data, 42).fit(data)
        seconds.append(process_time() - began)
    ours = float(np.median(seconds))
    rows: dict[str, tuple[float, float]] = {}
    for term, name in PEER_TERMS.items():
        value, se = own.loc[f"{MODULE}: {term}"]
        rows |= {f"{term}, spicewidgets": (value, se), f"{term}, autospice": (theirs["terms"][name], se)}
    rows["seconds, spicewidgets"] = ours, np.nan
    rows["seconds, autospice"] = theirs["seconds"], np.nan
    rows["times as fast"] = theirs["seconds"] / ours, np.nan
    return pd.DataFrame(rows, index=["value", "se"]).T


def _ask_peer(python: str | None, data: DatasetRNN) -> dict[str, Any]:
    wanted = "--peer must be the Python of an environment with autospice 0.2.0"
    advice = "In a clone, `python tests/benchmarks/peer_env.py peer` makes one: --peer peer/bin/python."
    if python is None:
        raise SettingsError([f"{wanted}. {advice}"])
    with tempfile.TemporaryDirectory() as folder:
        choices, found = Path(folder) / "choices.npz", Path(folder) / "found.json"
        np.savez(choices, xs=data.xs, ys=data.ys)
        words = [python, "-c", PEER, str(choices), str(found)]
        try:
            subprocess.run(words, capture_output=True, text=True, encoding="utf-8", check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1]
            raise SettingsError([f"{wanted}; it said: {said}. {advice}"]) from None
        answer: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
        return answer


def _tutorial() -> pd.DataFrame:
    data = _tutorial_choices()
    row = people(ready_estimator("rescorla-wagner", data, 42).fit(data)).iloc[0]
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
