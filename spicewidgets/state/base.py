"""Settings that can be watched: a state has a trait for each field of a settings dataclass.

Help, unit, bounds, choices and default are declared once, with the field, and stand on the trait as tags,
where slider, tooltip and label read them. A wrong value is kept and told as a sentence in `problems`; setting
it never raises, so that no slider can throw.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from functools import cache
from numbers import Integral, Real
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    NamedTuple,
    Self,
    TypedDict,
    TypeVar,
    cast,
    get_args,
    get_origin,
)

from traitlets import Dict, HasTraits, List, MetaHasTraits, TraitType, Tuple, Unicode

from ..core.settings import Settings, SettingsError, shorten

S = TypeVar("S", bound=Settings)
LARGEST = 10**300  # a whole number beyond this is no float


def view(item: Any) -> Any:
    """Declare a setting of the view: no result depends on it, and snapshots are compared without it."""
    assert isinstance(item, Field)
    item.compare = False
    return item


class Change(TypedDict):
    """The change of a trait, as traitlets hands it to the method that observes it."""

    name: str
    old: Any
    new: Any
    owner: Any


class ControlSpec(NamedTuple):
    """The looks of a setting.

    label: in words, with the field's Greek letter.
    slider: lowest, highest and step of its slider, where the bounds are too wide for one.
    log: whether the slider is logarithmic; its lowest and highest are then the values, not their exponents.
    """

    label: str
    slider: tuple[float, float, float] | None = None
    log: bool = False


if TYPE_CHECKING:
    _Trait = TraitType[Any, Any]
else:
    _Trait = TraitType  # traitlets 5.7 has no types


class Setting(_Trait):
    """A trait that takes any value, and numbers of any kind as Python's own."""

    info_text = "a setting"
    allow_none = True

    def __init__(self, default: object, kind: str, help: str) -> None:
        super().__init__(default_value=default, help=help)
        self.kind = kind

    def validate(self, obj: Any, value: object) -> Any:
        """Return the value as it is kept; never raises. While a lesson holds the setting, it stays as
        it is.
        """
        return getattr(obj, str(self.name)) if self.name in obj.held else plain(value, self.kind)


def plain(value: object, kind: str, depth: int = 10) -> object:
    """Return a number as an int, a float or a bool, as the setting has it; a list as a tuple; the rest as it
    is. Lists that are nested deeper than any setting are cut off.

    To traitlets `True`, `1` and `1.0` are equal, so that one must not stand for another.
    """
    if isinstance(value, list | tuple):
        return tuple(plain(part, "int", depth - 1) for part in value) if depth else ...
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()
    if not isinstance(value, Real):
        return value
    if isinstance(value, Integral):  # a bool is one too
        whole = int(value)
        value = whole if abs(whole) <= LARGEST else math.inf if whole > 0 else -math.inf
    if kind == "bool" and value in (0, 1):
        return bool(value)
    value = value if isinstance(value, int) and kind != "float" else float(value)
    return int(value) if kind == "int" and isinstance(value, float) and value.is_integer() else value


class _Declared(MetaHasTraits):
    """Gives a state its traits, from the fields of its settings."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: object) -> type:
        if (settings := namespace.get("settings")) is not None:
            looks = namespace.get("looks", {})
            for item in fields(settings):
                if is_on_page(item):
                    namespace.setdefault(item.name, _trait(item, looks.get(item.name)))
        return super().__new__(mcs, name, bases, namespace, **kwargs)


def is_on_page(item: Field[Any]) -> bool:
    """Tell whether a field is a setting, and not one of the command line alone."""
    return "help" in item.metadata and bool(item.metadata.get("page", True))


def _trait(item: Field[Any], look: ControlSpec | None) -> Setting:
    kind = _kind(item.type)
    tags = dict(item.metadata)
    low, high = tags["low"] if tags["above"] is None else tags["above"], tags["high"]
    slider = None
    if kind in ("int", "float") and low is not None and high is not None:
        slider = (low, high, 1 if kind == "int" else (high - low) / 100)
    label = tags.get("label") or item.name.replace("_", " ").capitalize()
    look = look or ControlSpec(label, tags.get("slider"))
    tags |= {"kind": kind, "label": look.label, "slider": look.slider or slider, "log": look.log}
    return Setting(item.default, kind, tags.pop("help")).tag(**tags)


def _kind(declared: object) -> str:
    """Return the name of a field's type, without the None of an optional one."""
    parts = get_args(declared) if isinstance(declared, UnionType) else (declared,)
    kind = next(part for part in parts if part is not type(None))
    return str((get_origin(kind) or kind).__name__)


class State(HasTraits, Generic[S], metaclass=_Declared):
    """Base of the states: a subclass names its `settings` (a frozen dataclass) and how they look.

    Attributes:
        problems: a sentence for every setting that cannot be used; kept up to date.
        held: a sentence for every setting that a lesson holds: whoever sets it, it stays as it is.
        hidden: those of them that have no control.
    """

    settings: ClassVar[type[Settings]]
    looks: ClassVar[Mapping[str, ControlSpec]] = {}
    problems = List(Unicode(), help="What cannot be used, in sentences.")
    held = Dict(help="Why a setting stays as it is, by its name.")
    hidden = Tuple(help="The names of settings without a control.")

    if TYPE_CHECKING:  # the settings are traits made at run time

        def __getattr__(self, name: str) -> Any: ...

        def __setattr__(self, name: str, value: object) -> None: ...

    def __init__(self, **values: object) -> None:
        super().__init__()
        self.observe(self._recheck, list(self.names()))
        for name, value in values.items():
            self._known(name)
            setattr(self, name, value)
        self.recheck()

    _kept: tuple[Mapping[str, object], Settings] | None = None  # values, and what was made of them last
    _checked: tuple[Settings, list[str]] | None = None  # settings, and what was found wrong with them

    @classmethod
    @cache
    def names(cls) -> tuple[str, ...]:
        """Return the names of the settings, in order."""
        return tuple(item.name for item in fields(cls.settings) if is_on_page(item))

    def peek(self) -> S:
        """Return the settings as they stand, right or wrong, as a frozen dataclass: the same as before, while
        nothing has changed.
        """
        return self._keep(self.settings, {name: getattr(self, name) for name in self.names()})

    def _keep(self, make: Callable[..., Any], values: Mapping[str, object]) -> S:
        """Return what was made of these very values last, or make it."""
        kept = self._kept
        if kept is None or any(kept[0].get(name, self) is not value for name, value in values.items()):
            kept = self._kept = values, make(**values)
        return cast("S", kept[1])

    def snapshot(self) -> S:
        """Return the settings as a frozen dataclass.

        Raises:
            SettingsError: With all `problems`.
        """
        if problems := self.find_problems():
            raise SettingsError(problems)
        return self.peek()

    def find_problems(self) -> list[str]:
        """Return a sentence for every setting that cannot be used, each beginning with the name of the
        setting.
        """
        present = self.peek()
        if self._checked is None or self._checked[0] is not present:
            self._checked = present, present.problems()
        return list(self._checked[1])

    def problems_of(self, name: str) -> list[str]:
        """Those problems that belong to one setting."""
        return [sentence for sentence in self.problems if sentence.startswith(f"{name} ")]

    def recheck(self) -> None:
        """Bring `problems` up to date."""
        self.problems = self.find_problems()

    def _recheck(self, change: Change) -> None:
        self.recheck()

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data (JSON), from which `from_dict` makes the same state."""
        return {name: written(getattr(self, name)) for name in self.names()}

    def from_dict(self, data: object) -> None:
        """Take over settings that `to_dict` wrote; those left out get their default.

        Raises:
            SettingsError: With every problem at once; then nothing is changed.
        """
        values, problems = self.read(data)
        if problems:
            raise SettingsError(problems)
        self.put(values)

    def read(self, data: object) -> tuple[dict[str, Any], list[str]]:
        """All settings that the data stand for, and what is wrong with them."""
        if not isinstance(data, Mapping) or not all(isinstance(name, str) for name in data):
            return {}, [
                f"{type(self).__name__} is read from a dictionary of settings by name; got"
                f" {shorten(data):.80}. Give what to_dict wrote."
            ]
        trial = type(self)()
        self.prepare(trial)
        problems = []
        for name, value in data.items():
            if name in trial.names():
                setattr(trial, name, value)
            else:
                problems.append(
                    f"{_short(name)} is no setting of {type(self).__name__}; known are "
                    f"{', '.join(self.names())}. Correct the name, or leave it out."
                )
        return {name: getattr(trial, name) for name in trial.names()}, problems + trial.find_problems()

    def prepare(self, trial: Self) -> None:
        """Tell a trial state what this one knows beside its settings."""

    def put(self, values: Mapping[str, Any]) -> None:
        """Set several settings; those who watch are told once all are set."""
        with self.hold_trait_notifications():
            for name, value in values.items():
                self._known(name)
                setattr(self, name, value)

    def hold(self, held: Mapping[str, str], hidden: tuple[str, ...] = ()) -> None:
        """Let some settings stay as they are, each with the sentence that says why, and the others go."""
        for name in (*held, *hidden):
            self._known(name)
        self.hidden, self.held = hidden, dict(held)

    def reset(self, *names: str) -> None:
        """Set some settings (all when none is named) back to their default."""
        self.put({name: self.default(name) for name in names or self.names()})

    def default(self, name: str) -> Any:
        """Return the default of a setting."""
        self._known(name)
        return self.traits()[name].default_value

    def tags(self, name: str) -> dict[str, Any]:
        """Return the declaration of a setting: help, unit, low, high, above, choices, optional, kind, label,
        slider, log and default.
        """
        self._known(name)
        trait = self.traits()[name]
        return {**trait.metadata, "help": trait.help, "default": trait.default_value}

    def _known(self, name: str) -> None:
        if name not in self.names():
            raise AttributeError(f"{type(self).__name__} has no setting {name!r}; it has {self.names()}")


def _short(name: str) -> str:
    """Return a name from a file, as it can be told."""
    return name if name.isidentifier() and len(name) <= 60 else f"{name!r:.60}"


def written(value: object) -> object:
    """Return a value as JSON has it: tuples as lists, names as text."""
    if isinstance(value, tuple):
        return [written(part) for part in value]
    if isinstance(value, Mapping):
        return {str(name): written(part) for name, part in value.items()}
    return value
