"""Runs that were made earlier and come with the package, so that there is something to see before torch is
loaded.

A file holds what cannot be made again quickly: the equations with their errors, the scores, the history, what
RNN and SPICE expect, in thousandths, the RNN's modules as tables, the sparsity paths, and the equations over
the epochs. The rest is simulated. It holds data only. Make them anew with
`python -m spicewidgets.app.recorded`.
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
from ...experiment.result import Recorded, Result
from ...experiment.settle import truth_of
from ...experiment.simulation import play
from ...state.graph import ExperimentSnapshot
from ...views.looking import paths_of, tables_of, weigh

BY_THRESHOLD = {"selection": "threshold", "price": None, "pooling": "none"}  # so 0.1.0 chose terms
FOLDER = Path(__file__).parent
GROUPS = ("task", "participant", "data", "training", "discovery")  # of settings that a run depends on
SCALE = 1000
DIGITS = 6  # decimals of curves and paths
HIGHEST = 30.0  # of a logit, so that an int16 holds its thousandths
JSON = "told"  # the name of what is no array in a file, as files of 0.1.0 have it


def load_recorded(snapshot: ExperimentSnapshot) -> Result | None:
    """Return the recorded run of these settings; None where there is none."""
    for path in sorted(FOLDER.glob("*.npz")):
        with np.load(path, allow_pickle=False) as file:
            data = json.loads(str(file[JSON]))
            data["settings"]["discovery"] = BY_THRESHOLD | data["settings"]["discovery"]
            if _complete(data["settings"], snapshot) == settings_of(snapshot):
                return _result(snapshot, data, {name: file[name] for name in file.files if name != JSON})
    return None


def record(result: Result, path: Path) -> None:
    """Write a result to a file."""
    assert result.spice is not None
    assert result.comparison is not None
    assert result.per_session is not None
    data = {
        "settings": settings_of(result.snapshot),
        "spice": result.spice.to_dict(),
        "history": [{k: _short(v) for k, v in row.items()} for row in result.history],
        "comparison": result.comparison.reset_index().to_dict("list"),
        "per_session": result.per_session.reset_index().round(5).to_dict("list"),
        "notes": result.notes,
        "uncertainty": [[label, errors.to_dict()] for label, errors in result.uncertainty.items()],
        "tables": {module: _plain(one) for module, one in tables_of(result).items()},
        "paths": {module: _plain(one) for module, one in paths_of(result).items()},
        "emergence": {module: _plain(one) for module, one in result.emergence.items()},
        "costs": _costs(result),
    }
    arrays = {}
    for layer in ("rnn", "spice"):
        played = result.played[layer]
        named = {"q": played.q} | {f"state {name}": value for name, value in played.states.items()}
        named |= {f"beta {name}": value for name, value in played.betas.items()}
        for name, value in named.items():
            arrays[f"{layer} {name}"] = np.round(np.clip(value, -HIGHEST, HIGHEST) * SCALE).astype(np.int16)
    np.savez_compressed(path, allow_pickle=False, **{JSON: np.array(json.dumps(data))}, **arrays)


def _costs(result: Result) -> list[list[Any]]:
    """Compute the cost of dropping each term of the first participant."""
    assert result.spice is not None
    found = weigh(result, result.spice.participants[0])
    terms = () if found is None else found.terms
    return [
        [item.module, list(item.term), round(item.cost, 3)]
        for item in terms
        if item.active and item.term is not None
    ]


def _short(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _plain(record: Any) -> dict[str, Any]:
    """Return a dataclass of arrays, numbers and texts as JSON has it."""
    values = {item.name: getattr(record, item.name) for item in fields(record)}
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    short = {name: np.round(value, DIGITS).tolist() for name, value in arrays.items()}
    tables = {"tables": [_plain(one) for one in values["tables"]]} if "tables" in values else {}
    return values | short | tables


def _table(data: dict[str, Any]) -> Tabulated:
    return Tabulated(tuple(data["levels"]), np.array(data["value"]), np.array(data["after"]))


def _path(data: dict[str, Any]) -> SparsityPath:
    terms = tuple(map(tuple, data["terms"]))
    lists = {name: value for name, value in data.items() if isinstance(value, list) and name != "terms"}
    arrays = {name: np.array(value) for name, value in lists.items()}
    return SparsityPath(**data | arrays | {"terms": terms})


def _emergence(data: dict[str, Any]) -> Emergence:
    arrays = {name: np.array(data[name]) for name in ("epochs", "coefficients")}
    tables = tuple(map(_table, data.get("tables", ())))
    return Emergence(data["module"], tuple(map(tuple, data["terms"])), **arrays, tables=tables)


def settings_of(snapshot: ExperimentSnapshot) -> Any:
    """Return the settings that a run depends on, as JSON gives them back."""
    data = {group: plain_settings(getattr(snapshot, group)) for group in GROUPS}
    own = snapshot.model.own and repr(snapshot.model.own)
    data["model"] = {"name": snapshot.model.name, "size": snapshot.model.embedding_size, "own": own}
    return data


def plain_settings(settings: Any) -> Any:
    """Return the settings of a group that anything depends on, as JSON gives them back."""
    names = {item.name for item in fields(settings) if item.compare}
    data = {name: value for name, value in asdict(settings).items() if name in names}
    return json.loads(json.dumps(data, default=str))


def _complete(stored: dict[str, Any], snapshot: ExperimentSnapshot) -> dict[str, Any]:
    """Return settings of a file, with the defaults of those that came after it."""
    defaults = {
        group: {item.name: item.default for item in fields(getattr(snapshot, group)) if item.compare}
        for group in GROUPS
    }
    return stored | {group: defaults[group] | stored[group] for group in GROUPS}


def _result(snapshot: ExperimentSnapshot, data: dict[str, Any], arrays: dict[str, Any]) -> Result:
    spice, played = SpiceModel.from_dict(data["spice"]), play(snapshot)
    truth = truth_of(snapshot, spice)
    layers = {"truth": played}
    for layer in ("rnn", "spice"):
        named = {n.removeprefix(f"{layer} "): a / SCALE for n, a in arrays.items() if n.startswith(layer)}
        states, betas = (
            {n.removeprefix(kind): a for n, a in named.items() if n.startswith(kind)}
            for kind in ("state ", "beta ")
        )
        history = played.choices, played.rewards
        layers[layer] = Record(
            *history, softmax(named["q"]), named["q"], states, betas, final_choices=played.final_choices
        )
    terms = {}
    if truth is not None:
        terms = {label: term_by_term(spice, truth, label) for label in spice.participants}
    errors = {label: Uncertainty.from_dict(each) for label, each in data["uncertainty"]}
    return Result(
        snapshot=snapshot,
        estimator=None,
        spice=spice,
        truth=truth,
        choices=played.choices,
        rewards=played.chosen_rewards,
        outcomes=played.rewards,
        played=layers,
        comparison=pd.DataFrame(data["comparison"]).set_index("agent"),
        per_session=pd.DataFrame(data["per_session"]).set_index(["agent", "session"]),
        terms=terms,
        history=tuple(data["history"]),
        notes=tuple(data["notes"]),
        recorded=Recorded(
            tables={module: _table(one) for module, one in data["tables"].items()},
            paths={module: _path(one) for module, one in data["paths"].items()},
            uncertainty=errors,
            emergence={module: _emergence(one) for module, one in data["emergence"].items()},
            costs={(module, tuple(term)): nats for module, term, nats in data.get("costs", ())},
        ),
    )
