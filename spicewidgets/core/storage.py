"""Models as files that hold data only: weights as safetensors, equations as JSON. Nothing in a file is ever
executed.

A file is read and checked whole before anything is changed; a file that is damaged, cut short or made by
something else is refused with a sentence.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from .data.participants import Participants
from .equations import SpiceModel
from .train.rnn import BaseRNN

RNN_FORMAT = "spicewidgets rnn 1"
SPICE_FORMAT = "spicewidgets spice 1"
MOST_BYTES = 256 * 1024 * 1024
# What is read from a file before its contents can be checked: a file may be small, and take a thousand times
# its size as Python objects.
MOST_VALUES = 2_000_000  # of JSON: 10,000 participants with 4 modules of 10 terms have 1.5 million
MOST_TEXT = 20_000  # bytes of one text
MOST_TENSORS = 10_000
MOST_HEADER = 32 * 1024 * 1024  # bytes of the part of a file of weights that names its tensors
TEXT = re.compile(rb'"(?:[^"\\]+|\\.)*+"?', re.DOTALL)
SAVING = ".saving."  # begins the name of a file or folder that is being written
LEFT_BEHIND = 3600  # seconds after which what a save has begun and not ended is not ended any more

File = str | os.PathLike[str]
Built = TypeVar("Built")
# What the readers raise for a file that was made by something else, or on purpose.
ODD = (
    SafetensorError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    OverflowError,
    RecursionError,
)


class StorageError(ValueError):
    """A model file cannot be used, with the reason and what to do."""


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
    _write(path, to_bytes(tensors, {**metadata, "sha256": _sum_of_weights(metadata, tensors)}))


def read_rnn(path: File) -> SavedRNN:
    """Return the weights that `save_rnn` wrote, equal to the last bit."""
    _check_size(path)
    try:
        _check_header(Path(path))
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != RNN_FORMAT:
                raise ValueError("it was not written by save_spice")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        if metadata.pop("sha256") != _sum_of_weights(metadata, tensors):
            raise ValueError("it was changed or damaged after it was saved")
        people = [_json(metadata[name].encode()) for name in ("participants", "codes")]
        participants, codes = read_people(*people)
        return SavedRNN(tensors, participants, codes, int(metadata["n_actions"]))
    except (*ODD, OSError) as error:
        raise _refusal(path, "RNN", error) from None


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


def save_values(path: File, data: dict[str, Any]) -> None:
    """Write plain values, `format` among them, with a checksum. The file appears whole or not at all."""
    try:
        data["sha256"] = _sum_of_data(data)
        text = json.dumps(data, indent=1, allow_nan=False)
    except ValueError:
        raise StorageError(
            f"The equations have coefficients that are not numbers; {Path(path).name!r} was not saved. Find"
            " them again with discover()."
        ) from None
    _write(path, (text + "\n").encode())


def read_spice_model(path: File) -> SavedSpice:
    """Return the equations that `save_spice_model` wrote, equal to the last bit."""

    def build(data: dict[str, Any]) -> SavedSpice:
        data["participants"], codes = read_people(data["participants"], data["codes"])
        return SavedSpice(SpiceModel.from_dict(data), codes)

    return read_values(path, SPICE_FORMAT, "SPICE", "save_spice", build)


def read_values(
    path: File, file_format: str, kind: str, writer: str, build: Callable[[dict[str, Any]], Built]
) -> Built:
    """Read what `save_values` wrote.

    Args:
        path: of the file.
        file_format: that it must have.
        kind: of model, in a sentence.
        writer: what saves such files, in a sentence.
        build: makes a model of the values; what it raises of a damaged file is told in a sentence.
    """
    _check_size(path)
    try:
        data = _json(Path(path).read_bytes())
        if not isinstance(data, dict) or data.get("format") != file_format:
            raise ValueError(f"it was not written by {writer}")
        if data.pop("sha256") != _sum_of_data(data):
            raise ValueError("it was changed or damaged after it was saved")
        return build(data)
    except (*ODD, OSError) as error:
        raise _refusal(path, kind, error, writer) from None


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


def _write(path: File, content: bytes) -> None:
    """Write to a file beside it, then put it in place, so that a crash leaves the old file or the new one."""
    try:
        target = Path(os.path.realpath(path))
    except ValueError:
        raise StorageError(
            f"{str(path)!r:.200} is no name of a file: it holds a zero byte. Choose another."
        ) from None
    if not target.parent.is_dir():
        raise StorageError(
            f"The folder {str(target.parent)!r} does not exist; {target.name!r} was not saved. Make the"
            " folder first, or choose another."
        )
    if os.path.exists(target) and not os.path.isfile(target):
        raise StorageError(
            f"{str(path)!r} cannot be written: it is a folder or a device. Choose the name of a file."
        )
    try:
        clear_drafts(target.parent)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=SAVING)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(handle)
            os.chmod(name, 0o666 & ~_umask())
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StorageError(
            f"{str(path)!r} cannot be written ({error.strerror}). Choose another name or folder."
        ) from None


def clear_drafts(folder: Path) -> None:
    """Remove the files and folders that saves which were killed have left in a folder."""
    for left in folder.glob(f"{SAVING}*"):
        with suppress(OSError):  # it is another's, or gone
            if time.time() - left.stat().st_mtime > LEFT_BEHIND:
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _check_header(path: Path) -> None:
    """Refuse a file of weights whose header would take long to read."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > MOST_HEADER:
            raise ValueError("its header is too large")
        if file.read(size).count(b"data_offsets") > MOST_TENSORS:
            raise ValueError(f"it has more than {MOST_TENSORS:,} tensors")


def _json(content: bytes) -> Any:
    """Parse JSON, unless it holds so much that reading it would take long."""
    if sum(content.count(sign) for sign in (b",", b"[", b"{")) > MOST_VALUES:
        raise ValueError(f"it has more than {MOST_VALUES:,} values")
    if any(text.end() - text.start() > MOST_TEXT for text in TEXT.finditer(content)):
        raise ValueError(f"it has a text of more than {MOST_TEXT:,} letters")
    return json.loads(content)


def _check_size(path: File) -> None:
    file = Path(path)
    try:
        size = file.stat().st_size if file.is_file() else None
    except OSError:  # a name that no file can have
        size = None
    if size is None:
        raise StorageError(f"There is no file {str(path)!r:.200}. Check the name and the folder.")
    if size > MOST_BYTES:
        raise StorageError(
            f"The file {file.name!r} has more than {MOST_BYTES // 2**20} MB, too much for a model. Check that"
            " it is the right file."
        )


def _refusal(path: File, kind: str, error: Exception, writer: str = "save_spice") -> StorageError:
    why = " ".join(str(error).split())[:200] or type(error).__name__
    return StorageError(
        f"The file {Path(path).name!r} is not a {kind} model that can be used ({why}). Save it again with"
        f" {writer}, or choose another file."
    )


def _sum_of_weights(metadata: dict[str, str], tensors: dict[str, Tensor]) -> str:
    """Checksum of all that a file of weights holds."""
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _sum_of_data(data: dict[str, Any]) -> str:
    """Checksum of all that a file of equations holds."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, allow_nan=False).encode()).hexdigest()


def read_people(participants: Any, codes: Any) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """Return labels and codes, checked."""
    plain = isinstance(participants, list) and not any(isinstance(p, list | dict) for p in participants)
    if not plain or not participants or len(set(participants)) != len(participants):
        raise ValueError("the participants are not a list of different labels")
    if not isinstance(codes, list) or [type(code) for code in codes] != [int] * len(participants):
        raise ValueError("the codes of the participants are not as many numbers")
    return tuple(participants), tuple(codes)


def label_of(label: Any) -> Any:
    """Return a participant's label as a file has it."""
    plain = label.item() if hasattr(label, "item") else label
    return plain if isinstance(plain, str | int | float | bool) or plain is None else str(plain)


def _finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())
