"""Studies of the recorded runs: each is on the page at once, and is done anew when that is asked for.

A file holds what the results are made of, to the bit, and data only: values, arrays, and records of the
package by the names of their fields.
"""

import json
import lzma
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.equations import SpiceModel
from ...core.rivals.declaration import Rival
from ...core.rivals.ready import ALL
from ...core.studies.ready import OF_EVERY_TASK, STUDIES
from ...experiment.result import Result
from ...state.graph import ExperimentSnapshot
from ..studies import PageStudy
from . import FOLDER, plain_settings, settings_of

if TYPE_CHECKING:
    from ...core.estimator import SpiceEstimator

QUICK = ("search",)  # is done in a second
RECORDED = tuple(name for name in OF_EVERY_TASK if name not in QUICK)
PACKAGE = __package__.partition(".")[0]


def _array(value: Any) -> "np.ndarray[Any, Any]":
    data, kind, shape = value
    return np.array(data, kind).reshape(shape)


# Kinds of values beside those of JSON: what they are, how one is written, and how it is read.
Kind = tuple[type, Callable[[Any], Any], Callable[[Any], Any]]
KINDS: Mapping[str, Kind] = {
    "equations": (SpiceModel, SpiceModel.to_dict, SpiceModel.from_dict),
    "rival": (Rival, lambda rival: rival.name, ALL.__getitem__),
    "tuple": (tuple, lambda value: [to_plain(each) for each in value], lambda data: tuple(from_plain(data))),
    "pairs": (
        Mapping,
        lambda value: [[to_plain(key), to_plain(each)] for key, each in value.items()],
        lambda data: {from_plain(key): from_plain(each) for key, each in data},
    ),
    "array": (np.ndarray, lambda value: [value.tolist(), value.dtype.name, value.shape], _array),
    "bytes": (bytes, lambda value: value.decode("latin-1"), lambda data: data.encode("latin-1")),
}


def load_studies(result: Result) -> dict[str, PageStudy]:
    """Return the studies that were recorded of a recorded run, as far as their settings are as they were."""
    return {
        name: PageStudy(name, result.snapshot, lambda: result.data, _refuse, partial(from_plain, one["data"]))
        for path in sorted(FOLDER.glob("*.json.xz"))
        for name, one in _read(path).items()
        if one["settings"] == _settings(name, result.snapshot)
    }


def record_studies(studies: Mapping[str, PageStudy], path: Path) -> None:
    """Write what the results of studies are made of to a file."""
    rows = {
        name: {"settings": _settings(name, one.snapshot), "data": to_plain(one.study.to_data())}
        for name, one in studies.items()
    }
    path.write_bytes(lzma.compress(json.dumps(rows).encode(), preset=9))


def changed_studies(studies: Mapping[str, PageStudy], path: Path) -> list[str]:
    """Return the names of the studies that are not, to the bit, as a file has them."""
    known = _read(path)
    return [
        name
        for name, one in studies.items()
        if json.dumps(known[name]["data"]) != json.dumps(to_plain(one.study.to_data()))
    ]


@cache
def _read(path: Path) -> dict[str, Any]:
    rows: dict[str, Any] = json.loads(lzma.decompress(path.read_bytes()))
    return rows


def _settings(name: str, snapshot: ExperimentSnapshot) -> Any:
    """Return the settings that a study depends on, as JSON gives them back."""
    return [
        settings_of(snapshot),
        {group: plain_settings(snapshot.group(group)) for group in STUDIES[name].groups()},
    ]


def _refuse() -> "SpiceEstimator":
    raise LookupError("A recorded study has no network; it is done anew with one.")


def to_plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list):
        return [to_plain(each) for each in value]
    for name, (of, write, _) in KINDS.items():
        if isinstance(value, of):
            return {name: write(value)}
    kind = type(value)
    if not is_dataclass(kind):
        raise TypeError(f"{kind.__name__} cannot be recorded")
    own = {item.name: to_plain(getattr(value, item.name)) for item in fields(value)}
    return {"record": [kind.__module__.removeprefix(PACKAGE), kind.__name__, own]}


def from_plain(data: Any) -> Any:
    """Return the value that `to_plain` wrote."""
    if isinstance(data, list):
        return [from_plain(each) for each in data]
    if not isinstance(data, dict):
        return data
    ((name, value),) = data.items()
    if name != "record":
        return KINDS[name][2](value)
    module, kind, own = value
    return getattr(import_module(f"{PACKAGE}{module}"), kind)(
        **{key: from_plain(each) for key, each in own.items()}
    )
