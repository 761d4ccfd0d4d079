"""Runs that were made earlier and come with the package, so that there is something to see before torch is
loaded.

A file holds what cannot be made again quickly: the equations with their errors, the scores, the history, what
RNN and SPICE expect, in thousandths, the RNN's modules as tables, the sparsity paths, and the equations over
the epochs. The rest is simulated. It holds data only. Make them anew with
`python -m spicewidgets.lab.recorded`.
"""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...core.discover.sparsity import SparsityPath
from ...core.discover.uncertainty import Uncertainty
from ...core.equations import SpiceModel
from ...core.read.emergence import Emergence
from ...core.read.translation import term_by_term
from ...core.read.update_function import Tabulated
from ...core.simulate.agents import softmax
from ...core.simulate.record import Record
from ...state.experiment import ExperimentSnapshot
from ..looking import paths_of, tables_of
from ..result import Recorded, Result
from ..settle import truth_of
from ..simulation import play

FOLDER = Path(__file__).parent
SCALE = 1000
DIGITS = 6  # decimals of curves and paths
MOST = 30.0  # logits are kept within what an int16 of thousandths holds


def recorded(snapshot: ExperimentSnapshot) -> Result | None:
    """The recorded run of these settings; None where there is none."""
    for path in sorted(FOLDER.glob("*.npz")):
        with np.load(path, allow_pickle=False) as file:
            told = json.loads(str(file["told"]))
            if told["settings"] == _settings(snapshot):
                return _result(snapshot, told, {name: file[name] for name in file.files if name != "told"})
    return None


def record(result: Result, path: Path) -> None:
    """Write a result to a file."""
    assert result.spice is not None
    assert result.comparison is not None
    assert result.per_session is not None
    told = {
        "settings": _settings(result.snapshot),
        "spice": result.spice.to_dict(),
        "history": [{k: _short(v) for k, v in row.items()} for row in result.history],
        "comparison": result.comparison.reset_index().to_dict("list"),
        "per_session": result.per_session.reset_index().round(5).to_dict("list"),
        "notes": result.notes,
        "uncertainty": [[who, errors.to_dict()] for who, errors in result.uncertainty.items()],
        "tables": {module: _plain(one) for module, one in tables_of(result).items()},
        "paths": {module: _plain(one) for module, one in paths_of(result).items()},
        "emergence": {module: _plain(one) for module, one in result.emergence.items()},
    }
    arrays = {}
    for layer in ("rnn", "spice"):
        played = result.played[layer]
        named = {"q": played.q} | {f"state {name}": value for name, value in played.states.items()}
        named |= {f"beta {name}": value for name, value in played.betas.items()}
        for name, value in named.items():
            arrays[f"{layer} {name}"] = np.round(np.clip(value, -MOST, MOST) * SCALE).astype(np.int16)
    np.savez_compressed(path, allow_pickle=False, told=np.array(json.dumps(told)), **arrays)


def _short(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _plain(one: Any) -> dict[str, Any]:
    """A dataclass of arrays, numbers and texts as JSON has it."""
    values = {item.name: getattr(one, item.name) for item in fields(one)}
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    short = {name: np.round(value, DIGITS).tolist() for name, value in arrays.items()}
    return values | short


def _table(told: dict[str, Any]) -> Tabulated:
    return Tabulated(tuple(told["levels"]), np.array(told["value"]), np.array(told["after"]))


def _path(told: dict[str, Any]) -> SparsityPath:
    terms = tuple(map(tuple, told["terms"]))
    lists = {name: value for name, value in told.items() if isinstance(value, list) and name != "terms"}
    arrays = {name: np.array(value) for name, value in lists.items()}
    return SparsityPath(**told | arrays | {"terms": terms})


def _emergence(told: dict[str, Any]) -> Emergence:
    arrays = {name: np.array(told[name]) for name in ("epochs", "coefficients")}
    return Emergence(told["module"], tuple(map(tuple, told["terms"])), **arrays)


def _settings(snapshot: ExperimentSnapshot) -> Any:
    """What a run depends on, as JSON gives it back."""
    groups = ("task", "participant", "data", "training", "discovery")
    told = {}
    for group in groups:
        settings = getattr(snapshot, group)
        kept = {item.name for item in fields(settings) if item.compare}
        told[group] = {name: value for name, value in asdict(settings).items() if name in kept}
    own = snapshot.model.own and repr(snapshot.model.own)
    told["model"] = {"name": snapshot.model.name, "size": snapshot.model.embedding_size, "own": own}
    return json.loads(json.dumps(told))


def _result(snapshot: ExperimentSnapshot, told: dict[str, Any], arrays: dict[str, Any]) -> Result:
    spice, played = SpiceModel.from_dict(told["spice"]), play(snapshot)
    truth = truth_of(snapshot, spice)
    layers = {"truth": played}
    for layer in ("rnn", "spice"):
        named = {n.removeprefix(f"{layer} "): a / SCALE for n, a in arrays.items() if n.startswith(layer)}
        states, betas = (
            {n.removeprefix(kind): a for n, a in named.items() if n.startswith(kind)}
            for kind in ("state ", "beta ")
        )
        layers[layer] = Record(played.choices, played.rewards, softmax(named["q"]), named["q"], states, betas)
    terms = {} if truth is None else {who: term_by_term(spice, truth, who) for who in spice.participants}
    errors = {who: Uncertainty.from_dict(each) for who, each in told["uncertainty"]}
    return Result(
        snapshot=snapshot,
        estimator=None,
        spice=spice,
        truth=truth,
        choices=played.choices,
        rewards=played.chosen_rewards,
        outcomes=played.rewards,
        played=layers,
        comparison=pd.DataFrame(told["comparison"]).set_index("agent"),
        per_session=pd.DataFrame(told["per_session"]).set_index(["agent", "session"]),
        terms=terms,
        history=tuple(told["history"]),
        notes=tuple(told["notes"]),
        recorded=Recorded(
            tables={module: _table(one) for module, one in told["tables"].items()},
            paths={module: _path(one) for module, one in told["paths"].items()},
            uncertainty=errors,
            emergence={module: _emergence(one) for module, one in told["emergence"].items()},
        ),
    )
