"""Models as files that hold data only: weights as safetensors, equations as JSON. Nothing in a file is ever
executed.

A file is read and checked whole before anything is changed; a file that is damaged, cut short or made by
something else is refused with a sentence.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from .equations import SpiceModel
from .rnn import BaseRNN

RNN_FORMAT = "spicewidgets rnn 1"
SPICE_FORMAT = "spicewidgets spice 1"
MOST_BYTES = 256 * 1024 * 1024


class StorageError(ValueError):
    """A model file cannot be used, with the reason and what to do."""


def save_rnn(path: str | os.PathLike[str], model: BaseRNN, participants: tuple[Any, ...]) -> None:
    """Write the weights of a model, with the participants' labels. The file appears whole or not at all."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    told = {
        "format": RNN_FORMAT,
        "class": type(model).__name__,
        "participants": json.dumps([_label(p) for p in participants]),
    }
    _write(path, save(tensors, {**told, "n_actions": str(model._n_actions)}))


def read_rnn(path: str | os.PathLike[str]) -> tuple[dict[str, Tensor], tuple[Any, ...], dict[str, str]]:
    """Weights by name, participants' labels, and what the file says of itself."""
    _check_size(path)
    try:
        with safe_open(str(path), framework="pt") as file:
            told = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        if told.get("format") != RNN_FORMAT:
            raise ValueError("it was not written by save_spice")
        participants = tuple(_hashable(label) for label in json.loads(told["participants"]))
        int(told["n_actions"])
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _refused(path, "RNN", error) from None
    return tensors, participants, told


def fill(model: BaseRNN, tensors: dict[str, Tensor], path: str | os.PathLike[str]) -> None:
    """Give a model the weights of a file, if names and shapes agree; else say what differs, and change
    nothing.
    """
    own = model.state_dict()
    problems = [f"{name} is missing in the file" for name in sorted(own.keys() - tensors.keys())]
    problems += [
        f"{name} is in the file, not in {type(model).__name__}"
        for name in sorted(tensors.keys() - own.keys())
    ]
    problems += [
        f"{name} has shape {tuple(tensors[name].shape)} in the file, {tuple(own[name].shape)} in"
        f" {type(model).__name__}"
        for name in sorted(own.keys() & tensors.keys())
        if own[name].shape != tensors[name].shape
    ]
    problems += [
        f"{name} has values that are not numbers"
        for name in sorted(own.keys() & tensors.keys())
        if not _finite(tensors[name])
    ]
    if problems:
        raise StorageError(
            f"The weights in {Path(path).name!r} do not fit the model: "
            + "; ".join(problems)
            + ". Load it into the class it was saved from, with the same number of arms and participants."
        )
    model.load_state_dict(tensors)


def save_spice_model(path: str | os.PathLike[str], spice: SpiceModel) -> None:
    """Write the equations of a model. The file appears whole or not at all."""
    data = {"format": SPICE_FORMAT, **spice.to_dict()}
    data["participants"] = [_label(p) for p in spice.participants]
    _write(path, (json.dumps(data, indent=1, allow_nan=False) + "\n").encode())


def read_spice_model(path: str | os.PathLike[str]) -> SpiceModel:
    """The equations that `save_spice_model` wrote, equal to the last bit."""
    _check_size(path)
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(data, dict) or data.get("format") != SPICE_FORMAT:
            raise ValueError("it was not written by save_spice")
        data["participants"] = [_hashable(label) for label in data["participants"]]
        return SpiceModel.from_dict(data)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _refused(path, "SPICE", error) from None


def _write(path: str | os.PathLike[str], content: bytes) -> None:
    """Write to a file beside it, then put it in place, so that a crash leaves the old file or the new one."""
    target = Path(path)
    if not target.parent.is_dir():
        raise StorageError(
            f"The folder {str(target.parent)!r} does not exist; {target.name!r} was not saved. Make the"
            " folder first, or choose another."
        )
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _check_size(path: str | os.PathLike[str]) -> None:
    file = Path(path)
    if not file.is_file():
        raise StorageError(f"There is no file {str(path)!r}. Check the name and the folder.")
    if file.stat().st_size > MOST_BYTES:
        raise StorageError(
            f"The file {file.name!r} has more than {MOST_BYTES // 2**20} MB, too much for a model. Check that"
            " it is the right file."
        )


def _refused(path: str | os.PathLike[str], kind: str, error: Exception) -> StorageError:
    why = " ".join(str(error).split())[:200] or type(error).__name__
    return StorageError(
        f"The file {Path(path).name!r} is not a {kind} model that can be used ({why}). Save it again with"
        " save_spice, or choose another file."
    )


def _label(label: Any) -> Any:
    plain = label.item() if hasattr(label, "item") else label
    return plain if isinstance(plain, str | int | float | bool) or plain is None else str(plain)


def _hashable(label: Any) -> Any:
    if isinstance(label, list | dict):
        raise ValueError("a participant's label is a list")
    return label


def _finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())
