"""`SpiceConfig`: which modules become equations, and what those equations may contain.

Frozen, and checked when it is made: a name that is not declared is a sentence here, not a KeyError after the
training.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from math import isfinite
from numbers import Real
from typing import Any, NamedTuple

from .settings import SettingsError


class Filter(NamedTuple):
    """Keep the samples in which `signal` equals `value`; `remove` also takes the signal out of the candidate
    terms.
    """

    signal: str
    value: float
    remove: bool


class SpiceConfig:
    """The modules, libraries and filters for SINDy. The arguments are stored unchanged, and checked copies
    beside them.

    Args:
        library_setup: module -> control signals that its equation may contain (beside the state itself).
        filter_setup: module -> `[signal, value, remove]`, or a list of these, all of which must hold. Keeps
            the samples in which the signal has the value; with `remove` the signal is no candidate term, even
            if the library lists it.
        control_parameters: all control signals that the model records.
        rnn_modules: the modules that become equations.
        excluded_terms: module -> single candidate terms that its equation may not contain, each a list of
            factors: `[["x_value_reward_chosen", "c_reward"]]`; `[]` is the constant.

    Raises:
        SettingsError: with every name that is not declared, and what it may have meant.

    Example:
        >>> config = SpiceConfig(
        ...     rnn_modules=["x_value_reward_chosen"],
        ...     control_parameters=["c_action", "c_reward"],
        ...     library_setup={"x_value_reward_chosen": ["c_reward"]},
        ...     filter_setup={"x_value_reward_chosen": ["c_action", 1, True]},
        ... )
        >>> config.terms("x_value_reward_chosen")
        ('c_reward',)
    """

    def __init__(
        self,
        library_setup: Mapping[str, Iterable[str]],
        filter_setup: Mapping[str, Any],
        control_parameters: Iterable[str],
        rnn_modules: Iterable[str],
        *,
        excluded_terms: Mapping[str, Iterable[Iterable[str]]] | None = None,
    ) -> None:
        self.library_setup = library_setup
        self.filter_setup = filter_setup
        self.control_parameters = control_parameters
        self.rnn_modules = rnn_modules
        self.excluded_terms = excluded_terms
        problems: list[str] = []
        self.modules = _names("rnn_modules", rnn_modules, problems)
        self.controls = _names("control_parameters", control_parameters, problems)
        self._library = {
            m: _names(f"library_setup[{m!r}]", v, problems)
            for m, v in _mapping("library_setup", library_setup, problems)
        }
        self._filters = {
            m: _filters(m, v, problems) for m, v in _mapping("filter_setup", filter_setup, problems)
        }
        self._excluded = {
            m: _terms(f"excluded_terms[{m!r}]", v, problems)
            for m, v in _mapping("excluded_terms", excluded_terms or {}, problems)
        }
        self._check_names(problems)
        if problems:
            raise SettingsError(problems)

    def terms(self, module: str) -> tuple[str, ...]:
        """Control signals that the module's equation may contain: its library without the signals that a
        filter removes.
        """
        removed = {f.signal for f in self.filters(module) if f.remove}
        return tuple(signal for signal in self._library.get(module, ()) if signal not in removed)

    def filters(self, module: str) -> tuple[Filter, ...]:
        """Return the conditions that a sample must meet, all of them."""
        return self._filters.get(module, ())

    def excludes(self, module: str, term: Iterable[str]) -> bool:
        """Tell whether the module's equation may not contain this term, its factors in any order."""
        return tuple(sorted(term)) in self._excluded.get(module, ())

    def excluded(self, module: str) -> tuple[tuple[str, ...], ...]:
        """List the terms that the module's equation may not contain, in order."""
        return tuple(sorted(self._excluded.get(module, ())))

    def allowing(self, module: str, term: Iterable[str]) -> "SpiceConfig":
        """Make the same config in which the module's equation may contain this term."""
        excluded = {m: set(terms) for m, terms in self._excluded.items()}
        excluded.get(module, set()).discard(tuple(sorted(term)))
        return SpiceConfig(
            self.library_setup,
            self.filter_setup,
            self.control_parameters,
            self.rnn_modules,
            excluded_terms={m: sorted(terms) for m, terms in excluded.items()},
        )

    def _check_names(self, problems: list[str]) -> None:
        every = (
            ("library_setup", self._library),
            ("filter_setup", self._filters),
            ("excluded_terms", self._excluded),
        )
        for where, modules in every:
            problems += [
                _unknown(where, m, "module", self.modules, "rnn_modules")
                for m in modules
                if m not in self.modules
            ]
        problems += [
            f"Module {m!r} of rnn_modules has no entry in library_setup. Add {m!r}: [] (or its inputs)."
            for m in self.modules
            if m not in self._library
        ]
        used = [(f"library_setup[{m!r}]", s) for m, v in self._library.items() for s in v]
        used += [(f"filter_setup[{m!r}]", f.signal) for m, v in self._filters.items() for f in v]
        used += [
            (f"excluded_terms[{m!r}]", s)
            for m, v in self._excluded.items()
            for s in sorted({factor for term in v for factor in term} - {m})
        ]
        problems += [
            _unknown(where, s, "signal", self.controls, "control_parameters")
            for where, s in used
            if s not in self.controls
        ]

    def __repr__(self) -> str:
        return (
            f"SpiceConfig(rnn_modules={list(self.modules)},"
            f" library_setup={ {m: list(v) for m, v in self._library.items()} })"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SpiceConfig) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        parts = (self._library, self._filters, {m: terms for m, terms in self._excluded.items() if terms})
        return self.modules, self.controls, *(frozenset(part.items()) for part in parts)


def _unknown(where: str, name: str, kind: str, known: tuple[str, ...], declared: str) -> str:
    guess = get_close_matches(str(name), known, 1)
    hint = f" Did you mean {guess[0]!r}?" if guess else f" Add it to {declared}, or correct the name."
    return f"{where} names the {kind} {name!r}; {declared} has {list(known)}.{hint}"


def _terms(where: str, value: Any, problems: list[str]) -> frozenset[tuple[str, ...]]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        example = "Write for example [['x_value_reward_chosen', 'c_reward']]."
        problems.append(f"{where} must be a list of terms, each a list of factors; got {value!r}. {example}")
        return frozenset()
    return frozenset(tuple(sorted(_names(where, term, problems, repeated=True))) for term in value)


def _names(where: str, value: Any, problems: list[str], repeated: bool = False) -> tuple[str, ...]:
    names = () if isinstance(value, str) or not isinstance(value, Iterable) else tuple(value)
    if (
        isinstance(value, str)
        or not isinstance(value, Iterable)
        or not all(isinstance(name, str) for name in names)
    ):
        problems.append(f"{where} must be a list of names; got {value!r}. Write for example ['c_reward'].")
        return ()
    return names if repeated else tuple(dict.fromkeys(names))


def _mapping(where: str, value: Any, problems: list[str]) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return list(value.items())
    problems.append(f"{where} must be a dictionary with a module's name for each key; got {value!r}.")
    return []


def _is_number(value: Any) -> bool:
    try:
        return isinstance(value, Real) and isfinite(value)
    except OverflowError:  # a whole number beyond what a float holds
        return False


def _filters(module: str, value: Any, problems: list[str]) -> tuple[Filter, ...]:
    rows = list(value) if isinstance(value, list | tuple) else [value]
    rows = [rows] if rows and isinstance(rows[0], str) else rows
    checked = []
    for row in rows:
        if (
            isinstance(row, list | tuple)
            and len(row) == 3
            and isinstance(row[0], str)
            and _is_number(row[1])
            and isinstance(row[2], bool)
        ):
            checked.append(Filter(row[0], float(row[1]), row[2]))
        else:
            problems.append(
                f"filter_setup[{module!r}] must be [signal, value, remove], or a list of these; got {row!r}."
                " Write for example ['c_action', 1, True]."
            )
    return tuple(checked)
