"""Models as files that hold data only: weights as safetensors, equations as JSON. Nothing in a file is ever
executed.

A file is read and checked whole before anything is changed; a file that is damaged, cut short or made by
something else is refused with a sentence.
"""

import hashlib
import json
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from . import files
from .data.participants import Participants
from .equations import SpiceModel
from .files import (
    File,
    StorageError,
    check_size,
    label_of,
    parse_json,
    read_people,
    read_values,
    refuse,
    save_values,
    write_whole,
)
from .train.rnn import BaseRNN

RNN_FORMAT = "spicewidgets rnn 1"
SPICE_FORMAT = "spicewidgets spice 1"
MOST_TENSORS = 10_000
MOST_HEADER = 32 * 1024 * 1024  # bytes of the part of a file of weights that names its tensors

ODD = (SafetensorError, *files.ODD)


@dataclass(frozen=True)
class SavedRNN:
    """A file of weights: tensors by name, the labels of the participants, the codes that stood for them in
    the data, and the number of arms.
    """

    tensors: dict[str, Tensor]
    participants: tuple[Any, ...]
    codes: tuple[int, ...]
    n_actions: int


@dataclass(frozen=True)
class SavedSpice:
    """A file of equations, with the participants and their codes."""

    spice: SpiceModel
    codes: tuple[int, ...]

    @property
    def participants(self) -> tuple[Any, ...]:
        """Labels of the participants."""
        return self.spice.participants


@dataclass(frozen=True)
class Loaded:
    """A model that was read from files, its equations if there are any, and the participants of both."""

    model: BaseRNN
    spice: SpiceModel | None
    participants: Participants


def save(
    path_rnn: File | None,
    path_spice: File | None,
    model: BaseRNN | None,
    spice: SpiceModel | None,
    participants: Participants,
) -> None:
    """Write the weights, the equations, or both.

    Raises:
        StorageError: both are to be written to one file, or a file cannot be written.
    """
    if path_rnn is not None and path_rnn == path_spice:
        raise StorageError(
            f"Weights and equations need a file each; both were to be saved to"
            f" {os.fspath(path_rnn)!r}. Choose two names."
        )
    if path_rnn is not None and model is not None:
        save_rnn(path_rnn, model, participants.labels, participants.codes)
    if path_spice is not None and spice is not None:
        save_spice_model(path_spice, spice, participants.codes)


def load(
    path_rnn: File | None,
    path_spice: File | None,
    new_model: Callable[[tuple[Any, ...]], BaseRNN],
    controls: Collection[str],
    own: tuple[BaseRNN, Participants] | None = None,
) -> Loaded:
    """Read weights, equations, or both.

    Args:
        path_rnn: file of weights.
        path_spice: file of equations.
        new_model: makes the model that takes the weights, for participants of these labels.
        controls: signals that the equations may use.
        own: the model that equations without weights are for, and its participants; a new one when None.

    Raises:
        StorageError: a file is damaged, foreign, or does not fit.
    """
    weights = None if path_rnn is None else read_rnn(path_rnn)
    equations = None if path_spice is None else read_spice_model(path_spice)
    first = weights or equations
    assert first is not None
    model, participants = None, Participants(first.participants, first.codes)
    if own and weights is None:
        model, participants = own
    spice = None if equations is None else of_participants(equations.spice, participants.labels, path_spice)
    model = model or new_model(participants.labels)
    if weights is not None:
        fill(model, weights, path_rnn)
    if spice is not None:
        whole = weights is not None or own is not None
        check_spice(model, spice, controls, path_spice, whole=whole)
    return Loaded(model, spice, participants)


def save_rnn(path: File, model: BaseRNN, participants: tuple[Any, ...], codes: tuple[int, ...]) -> None:
    """Write the weights of a model, with the participants' labels. The file appears whole or not at all."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    metadata = {
        "format": RNN_FORMAT,
        "class": type(model).__name__,
        "n_actions": str(model._n_actions),
        "participants": json.dumps([label_of(p) for p in participants]),
        "codes": json.dumps(codes),
    }
    write_whole(path, to_bytes(tensors, {**metadata, "sha256": _sum_of_weights(metadata, tensors)}))


def read_rnn(path: File) -> SavedRNN:
    """Return the weights that `save_rnn` wrote, equal to the last bit."""
    check_size(path)
    try:
        _check_header(Path(path))
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != RNN_FORMAT:
                raise ValueError("it was not written by save_spice")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        if metadata.pop("sha256") != _sum_of_weights(metadata, tensors):
            raise ValueError("it was changed or damaged after it was saved")
        people = [parse_json(metadata[name].encode()) for name in ("participants", "codes")]
        participants, codes = read_people(*people)
        return SavedRNN(tensors, participants, codes, int(metadata["n_actions"]))
    except (*ODD, OSError) as error:
        raise refuse(path, "RNN", error) from None


def fill(model: BaseRNN, saved: SavedRNN, path: Any) -> None:
    """Give a model the weights of a file, if names and shapes agree; else say what differs, and change
    nothing.
    """
    own, tensors = model.state_dict(), saved.tensors
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
        if tensors[name].dtype != own[name].dtype or not _finite(tensors[name])
    ]
    if saved.n_actions != model._n_actions:
        problems.append(f"it is for {saved.n_actions} arms in the file, {model._n_actions} here")
    if problems:
        raise StorageError(
            f"The weights in {Path(path).name!r} do not fit the model: "
            + "; ".join(problems)
            + ". Load it into the class it was saved from, with the same number of arms and participants."
        )
    model.load_state_dict(tensors)


def save_spice_model(path: File, spice: SpiceModel, codes: tuple[int, ...]) -> None:
    """Write the equations of a model. The file appears whole or not at all."""
    data = {"format": SPICE_FORMAT, **spice.to_dict(), "codes": list(codes)}
    data["participants"] = [label_of(p) for p in spice.participants]
    save_values(path, data)


def read_spice_model(path: File) -> SavedSpice:
    """Return the equations that `save_spice_model` wrote, equal to the last bit."""

    def build(data: dict[str, Any]) -> SavedSpice:
        data["participants"], codes = read_people(data["participants"], data["codes"])
        return SavedSpice(SpiceModel.from_dict(data), codes)

    return read_values(path, SPICE_FORMAT, "SPICE", "save_spice", build)


def of_participants(spice: SpiceModel, participants: tuple[Any, ...], path: Any) -> SpiceModel:
    """Return the equations under the given labels, which must be those in the file."""
    if [label_of(p) for p in participants] != [label_of(p) for p in spice.participants]:
        raise StorageError(
            f"The equations in {Path(path).name!r} are of participants {list(spice.participants)[:20]}, the"
            f" weights of {list(participants)[:20]}. Load files that belong together."
        )
    return replace(spice, participants=participants)


def check_spice(
    model: BaseRNN, spice: SpiceModel, controls: Collection[str], path: Any, *, whole: bool
) -> None:
    """Refuse equations that do not fit a model; where it is not `whole` (its weights are not known), also
    those that leave a part of it open.
    """
    name = type(model).__name__
    problems = [f"{name} has no module {m!r}" for m in spice.equations if m not in model.submodules_rnn]
    problems += [f"{name} has no beta for {state!r}" for state in spice.betas if state not in model.betas]
    problems += [
        f"the equation of {module!r} uses {factor!r}, which is not among the control_parameters"
        f" {list(controls)}"
        for module, rows in spice.equations.items()
        for factor in sorted({f for e in rows if e is not None for term, _ in e.active for f in term})
        if factor != module and factor not in controls
    ]
    covered = [f"submodules_rnn.{m}." for m in spice.equations] + [f"betas.{state}." for state in spice.betas]
    open_parts = [
        part
        for part, _ in model.named_parameters()
        if not part.startswith((*covered, "participant_embedding."))
    ]
    if not whole and open_parts:
        problems.append(f"they say nothing of {', '.join(open_parts)}, so that the weights are needed too")
    if problems:
        raise StorageError(
            f"The equations in {Path(path).name!r} do not fit the model: "
            + "; ".join(problems)
            + ". Load them into the class and spice_config they were saved from."
        )


def _check_header(path: Path) -> None:
    """Refuse a file of weights whose header would take long to read."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > MOST_HEADER:
            raise ValueError("its header is too large")
        if file.read(size).count(b"data_offsets") > MOST_TENSORS:
            raise ValueError(f"it has more than {MOST_TENSORS:,} tensors")


def _sum_of_weights(metadata: dict[str, str], tensors: dict[str, Tensor]) -> str:
    """Checksum of all that a file of weights holds."""
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())
