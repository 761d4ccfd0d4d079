"""How each module becomes an equation: sparse regression, and per module the inputs, the exact candidate
terms and the filters.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import isfinite
from typing import Any, ClassVar, Self

from ..core.settings import Discovery, SettingsError, setting, shorten
from .base import ControlSpec, State, written
from .model import Condition, Spec

Term = tuple[str, ...]


@dataclass(frozen=True)
class Library:
    """The candidate terms of one module's equation, and the samples that it is fitted to.

    Attributes:
        inputs: control signals, beside the state itself.
        without: candidate terms that are left out; a term is its factors, in order, `()` the constant.
        filters: `(signal, value, remove)`, all of which must hold; with `remove` the signal is no input.
    """

    inputs: tuple[str, ...]
    without: tuple[Term, ...] = ()
    filters: tuple[Condition, ...] = ()

    def candidates(self, module: str, degree: int) -> tuple[Term, ...]:
        """All terms up to the degree, also those that are left out, the constant first."""
        removed = {signal for signal, _, remove in self.filters if remove}
        names = (module, *(signal for signal in self.inputs if signal not in removed))
        return tuple(term for d in range(degree + 1) for term in combinations_with_replacement(names, d))

    def terms(self, module: str, degree: int) -> tuple[Term, ...]:
        """Return the candidate terms of the equation."""
        left_out = {tuple(sorted(term)) for term in self.without}
        return tuple(t for t in self.candidates(module, degree) if tuple(sorted(t)) not in left_out)


@dataclass(frozen=True)
class LibraryPlan(Discovery):
    """`Discovery`, and what was chosen for single modules: `(module, Library)` for those changed."""

    libraries: tuple[tuple[str, Library], ...] = setting((), "What was changed for single modules.")

    def problems(self) -> list[str]:
        """As in every group of settings; those of the libraries need the model, see `DiscoveryState`."""
        return [sentence for sentence in super().problems() if not sentence.startswith("libraries ")]


class DiscoveryState(State[LibraryPlan]):
    """The sparse regression, and per module what it may find.

    Attributes:
        libraries: `{module: Library}` for the modules whose library was changed; see `library` and `change`.
        spec: what the chosen model is made of; set by the experiment.
    """

    settings = LibraryPlan
    looks: ClassVar = {
        "selection": ControlSpec("Terms chosen by"),
        "price": ControlSpec("Penalty of a term", (0.5, 20, 0.5)),
        "pooling": ControlSpec("Pooling"),
        "optimizer": ControlSpec("Sparse regression"),
        "threshold": ControlSpec("Threshold", (0, 0.5, 0.005)),
        "regularization": ControlSpec("Regularisation", (1e-4, 1, 0.1), log=True),
        "degree": ControlSpec("Degree"),
        "refine": ControlSpec("Refine the coefficients"),
        "n_trials_off_policy": ControlSpec("Off-policy trials", (0, 5000, 50)),
        "n_sessions_off_policy": ControlSpec("Off-policy sessions", (0, 20, 1)),
        "n_trials_same_action": ControlSpec("Same arm in a row", (1, 50, 1)),
        "libraries": ControlSpec("Changed libraries"),
    }

    def __init__(self, **values: object) -> None:
        self._spec: Spec | None = None
        super().__init__(**values)

    @property
    def spec(self) -> Spec | None:
        """The parts of the chosen model; None leaves the libraries unchecked."""
        return self._spec

    @spec.setter
    def spec(self, spec: Spec | None) -> None:
        self._spec = spec
        self.recheck()

    def library(self, module: str) -> Library:
        """Return the library of a module's equation: the one that was chosen, or else the one that the model
        comes with.
        """
        chosen: dict[str, Library] = dict(self._chosen())
        if module in chosen:
            return chosen[module]
        spec = self._spec or Spec("", {}, {})
        return Library(spec.modules.get(module, ()), (), spec.filters.get(module, ()))

    def change(self, module: str, **parts: Any) -> None:
        """Choose inputs, without or filters of a module, as in `Library`."""
        old = self.library(module)
        new = {"inputs": old.inputs, "without": old.without, "filters": old.filters} | parts
        changed = dict(self._chosen()) | {module: _library(new)}
        self.put({"libraries": tuple(changed.items())})

    def restore(self, module: str) -> None:
        """Go back to what the model comes with."""
        others = tuple((name, library) for name, library in self._chosen() if name != module)
        self.put({"libraries": others})

    def _chosen(self) -> tuple[tuple[str, Library], ...]:
        chosen = self.peek().libraries
        return chosen if _are_libraries(chosen) else ()

    def find_problems(self) -> list[str]:
        """As in every state; each library must name what the model has."""
        problems = super().find_problems()
        if not _are_libraries(self.peek().libraries):
            problems.append(
                f"libraries must hold a module and a Library each; got {self.peek().libraries!r:.80}. Use"
                " change and restore to set them."
            )
        for module, library in self._chosen():
            problems += [f"libraries {sentence}" for sentence in self._library_problems(module, library)]
        return problems

    def _library_problems(self, module: str, library: Library) -> list[str]:
        spec = self._spec
        if spec is None or module not in spec.modules:
            return []  # another model's: kept for when that model is chosen again
        problems = [
            f"of {module}: the input {name!r} is not recorded by the model; recorded are "
            f"{', '.join(spec.controls)}. Choose among these."
            for name in library.inputs
            if name not in spec.controls
        ]
        for signal, value, _ in library.filters:
            if signal not in (*spec.controls, module):
                problems.append(
                    f"of {module}: the filter signal {signal!r} is not recorded by the model; recorded are "
                    f"{', '.join(spec.controls)}. Choose among these."
                )
            if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
                problems.append(
                    f"of {module}: a filter value must be a number; got {shorten(value)}. Give for example 1."
                )
        degree = self.degree if isinstance(self.degree, int) and 1 <= self.degree <= 5 else 1
        if not library.terms(module, degree):
            problems.append(
                f"of {module}: every candidate term is left out; needed is one or more. Tick one."
            )
        return problems

    def to_dict(self) -> dict[str, Any]:
        """As in every state; libraries by module."""
        settings = super().to_dict()
        if not _are_libraries(self.peek().libraries):
            return settings | {"libraries": [settings["libraries"]]}  # so that it is refused, whatever it is
        settings["libraries"] = {
            module: {
                "inputs": written(library.inputs),
                "without": written(library.without),
                "filters": written(library.filters),
            }
            for module, library in self._chosen()
        }
        return settings

    def read(self, data: object) -> tuple[dict[str, Any], list[str]]:
        """As in every state; libraries are read by module."""
        if not isinstance(data, Mapping) or "libraries" not in data:
            return super().read(data)
        try:
            libraries = _libraries(data["libraries"])
        except SettingsError as error:
            rest = {name: value for name, value in data.items() if name != "libraries"}
            values, problems = super().read(rest)
            return values, [*problems, *error.problems]
        return super().read(dict(data) | {"libraries": libraries})

    def prepare(self, trial: Self) -> None:
        """Give a trial state the same model."""
        trial._spec = self._spec


def _are_libraries(value: object) -> bool:
    if not isinstance(value, tuple):
        return False
    return all(
        isinstance(row, tuple) and len(row) == 2 and isinstance(row[0], str) and isinstance(row[1], Library)
        for row in value
    )


def _libraries(data: object) -> tuple[tuple[str, Library], ...]:
    if isinstance(data, tuple) and all(
        isinstance(row, tuple) and isinstance(row[-1], Library) for row in data
    ):
        return data
    if not isinstance(data, Mapping):
        raise SettingsError(
            [f"libraries must be a dictionary by module; got {shorten(data):.80}. Give what to_dict wrote."]
        )
    return tuple((str(module), _library(parts)) for module, parts in data.items())


def _library(parts: object) -> Library:
    """Return a library from plain data.

    Raises:
        SettingsError: For data of another form.
    """
    try:
        if not isinstance(parts, Mapping):
            raise TypeError
        return Library(
            _texts(parts["inputs"]),
            tuple(_texts(term) for term in parts["without"]),
            tuple(_condition(row) for row in parts["filters"]),
        )
    except (TypeError, KeyError, ValueError, OverflowError):
        raise SettingsError(
            [
                "libraries must hold inputs, without and filters for each module, as to_dict writes them; "
                f"got {shorten(parts):.80}. Leave the module out for what the model comes with."
            ]
        ) from None


def _texts(values: object) -> tuple[str, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError
    texts = tuple(values)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError
    return texts


def _condition(row: object) -> Condition:
    if not isinstance(row, Iterable):
        raise TypeError
    signal, value, remove = row
    if not isinstance(signal, str) or not isinstance(remove, bool):
        raise TypeError
    return signal, float(value), remove
