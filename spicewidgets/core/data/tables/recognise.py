"""Which column of a table holds what, guessed from names and contents."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...checks import raise_if_any
from ...settings import SettingsError
from .cells import Column, combine_codes, practice_labels
from .coding import columns_on_offer
from .layouts import EXPORT, LAYOUTS, NAMES, OFFERED, OUTCOME, OWN, Layout, participant_column, plain
from .limits import people_problem
from .reading import Table
from .roles import SEVERAL, Guess, Roles, as_tuple, join_names, missing_column, named_by_user
from .stages import find_stages, stage_problem

MOST_OPTIONS = 50
MOST_GROUPS = 20
MOST_STATES = 10
LAYOUT, ALONE, AMONG, CONTENTS = 0.98, 0.9, 0.75, 0.3  # how sure a guess is, by what it rests on


@dataclass(frozen=True)
class Recognised:
    """The recognised roles of a table's columns.

    Attributes:
        layout: the tool whose layout it is; None for one that is not known.
        roles: which column holds what.
        guesses: how sure each of them is.
    """

    layout: str | None
    roles: Roles
    guesses: tuple[Guess, ...]


def recognise(table: Table, roles: Roles | Mapping[str, Any] | None = None) -> Recognised:
    """Recognise the roles of a table's columns.

    Args:
        table: the table.
        roles: all of the roles, which are then not guessed; or columns for some roles, such as
            `{"choice": "key"}`, beside which the others are guessed.

    Raises:
        SettingsError: where a column is named that there is not, where choices or rewards cannot be found, or
            where trials have a second choice or stage that no role stands for.
    """
    named = roles.to_dict() if isinstance(roles, Roles) else dict(roles or {})
    raise_if_any([_people_problem(table, named)])
    if isinstance(roles, Roles):
        _check_names(table, roles.columns())
        layout = _layout_of(table)
        recognised = Recognised(layout.name if layout else None, roles, named_by_user(roles.to_dict()))
    else:
        recognised = _guess(table, named)
    raise_if_any([stage_problem(table, recognised.roles), *_clashes(recognised.roles)])
    return recognised


def _guess(table: Table, named: dict[str, Any]) -> Recognised:
    """Guess the roles that are not named."""
    unknown = set(named) - {item.name for item in fields(Roles)}
    raise_if_any(f"There is no role {name!r}. Use one of {join_names(NAMES)}." for name in sorted(unknown))
    flat = [name for role, value in named.items() if role != "positions" for name in as_tuple(value)]
    _check_names(table, flat)
    return _Recogniser(table, named).recognise()


def _clashes(roles: Roles) -> Iterator[str]:
    """Yield a sentence for each role that a trial of two stages cannot have."""
    wrong: tuple[str, ...] = ("outcomes", "unchosen", "offered") if roles.are_of_stages else ()
    wrong += ("inputs",) if roles.stage is not None else ()
    if roles.state is not None and not roles.are_of_stages and (roles.offered or roles.outcomes):
        yield (
            f"Options are those of a state, or on offer by a column, not both; got {roles.state} as state"
            f" beside {join_names(roles.offered or roles.outcomes)}. Take the role from one of them."
        )
    for name in wrong:
        if columns := as_tuple(getattr(roles, name)):
            yield (
                f"A trial of two stages has one reward and no {name}; got {join_names(columns)} as {name}."
                f" Take that role from {'it' if len(columns) == 1 else 'them'}."
            )


def _people_problem(table: Table, named: Mapping[str, Any]) -> str | None:
    """Say where there are too many participants, before anything is done for each of them."""
    name = participant_column(table.names, named)
    return None if name is None else people_problem(table.n_different(name), name)


def _check_names(table: Table, names: Iterable[str]) -> None:
    raise_if_any(
        missing_column(name, table.names) for name in dict.fromkeys(names) if name not in table.names
    )


def _layout_of(table: Table) -> Layout | None:
    names = {plain(name): name for name in table.names}
    return next(
        (
            it
            for it in LAYOUTS
            if it.needs <= names.keys()
            and not it.lacks & names.keys()
            and all(_holds(table.column(names[key]), pattern) for key, pattern in it.contents.items())
        ),
        None,
    )


def _holds(column: Column, pattern: str) -> bool:
    """Tell whether all entries of a column match a pattern."""
    return all(re.fullmatch(pattern, str(label)) for label in column.labels)


class _Recogniser:
    """Fills the roles one after the other; what has a role is not given another."""

    def __init__(self, table: Table, named: dict[str, Any]) -> None:
        self.table = table
        self.plain = {name: plain(name) for name in table.names}
        self.roles: dict[str, Any] = {}
        self.guesses = list(named_by_user(named))
        self.roles |= {role: as_tuple(value) if role in SEVERAL else value for role, value in named.items()}

    def recognise(self) -> Recognised:
        layout = _layout_of(self.table)
        if layout is not None:
            self._take_layout(layout)
        if layout is not EXPORT:
            self._find_stages()
        for role in ("participant", "choice", "trial", "time"):
            self._by_name(role)
        self._find_outcome()
        self._by_contents()
        self._find_sessions()
        self._find_state(layout)
        self._find_events()
        self._find_practice()
        self._find_groups()
        return Recognised(layout.name if layout else None, Roles(**self.roles), tuple(self.guesses))

    def _take_layout(self, layout: Layout) -> None:
        for role, value in layout.roles.items():
            wanted = as_tuple(value)
            columns = [name for it in wanted for name in self.table.names if self.plain[name] == it]
            if len(columns) >= len(wanted):
                value = tuple(columns) if role in SEVERAL else columns[0]
                self._give(role, value, LAYOUT, f"the layout of {layout.name}")
        if layout.positions and "offered" in self.roles:
            self.roles.setdefault("positions", layout.positions)

    def _give(self, role: str, value: Any, confidence: float, reason: str) -> None:
        if role not in self.roles:
            self.roles[role] = value
            self.guesses.append(Guess(role, as_tuple(value), confidence, reason))

    def _free(self) -> list[str]:
        used = [it for role, value in self.roles.items() if role != "positions" for it in as_tuple(value)]
        return [name for name in self.table.names if name not in used]

    def _by_name(self, role: str) -> None:
        free = self._free()
        fit = [
            name
            for known in NAMES[role]
            for name in free
            if (self.plain[name] == known or (role in ("choice", "time") and self._suffix(name, role)))
            and self._fits(role, self.table.column(name))
        ]
        fit = list(dict.fromkeys(fit))
        if fit:
            others = f", before {join_names(fit[1:])}" if len(fit) > 1 else ""
            sure = ALONE if len(fit) == 1 else AMONG
            self._give(role, fit[0], sure, f"its name and its contents{others}")

    def _suffix(self, name: str, role: str) -> bool:
        return name.lower().endswith({"choice": ".keys", "time": ".rt"}[role])

    def _fits(self, role: str, column: Column) -> bool:
        """Tell whether the contents of a column could be this role's."""
        n = len(column.labels)
        if role == "choice":
            return 1 <= n <= MOST_OPTIONS
        if role in ("reward", "loss", "unchosen", "time"):
            return column.numeric
        if role == "trial":
            return column.numeric and n > 1
        return n > 0

    def _find_stages(self) -> None:
        """Find the columns of the stages of a trial, and of the state and the transition."""
        known = {name: value for name, value in self.roles.items() if isinstance(value, str)}
        for role, name in find_stages(self.table, known).items():
            self._give(role, name, ALONE, "its name and its contents")

    def _find_outcome(self) -> None:
        """Find what was on offer, and what the choices paid."""
        if {"second_choice", "stage"} & self.roles.keys():
            self._by_name("reward")
            self._by_name("loss")
            return
        self._find_offered()
        self._find_outcomes()
        if "outcomes" not in self.roles or "offered" in self.roles:
            self._by_name("reward")
        self._by_name("loss")
        if "outcomes" not in self.roles:
            self._by_name("unchosen")

    def _find_offered(self) -> None:
        """Columns that name what is on offer, such as stimulus_left and stimulus_right."""
        for prefix in OFFERED:
            columns = [name for name in self._free() if self._has_suffix(name, prefix)]
            labels = [set(self.table.column(name).labels) for name in columns]
            if 2 <= len(columns) <= MOST_OPTIONS and len(set.union(*labels)) > max(map(len, labels)) / 2 + 1:
                self._give("offered", tuple(columns), ALONE, "their names")
        if "offered" in self.roles and "choice" in self.roles and "positions" not in self.roles:
            choice = self.table.column(self.roles["choice"])
            offered = columns_on_offer([self.table.column(name) for name in self.roles["offered"]])
            if len(self.roles["offered"]) < len(offered) and set(choice.labels) <= {0, 1}:
                self.roles["positions"] = ("1", "0")  # whether the first of a pair was chosen
            elif not _always_among(choice, offered) and len(choice.labels) == len(offered):
                self.roles["positions"] = tuple(sorted(map(str, choice.labels)))

    def _has_suffix(self, name: str, prefix: str) -> bool:
        return (
            re.fullmatch(rf"{prefix}s?(\d|left|right|middle|centre|a|b|c|d|l|r)", self.plain[name])
            is not None
        )

    def _find_outcomes(self) -> None:
        """Find a column of outcomes for each option, such as reward_0 and reward_1."""
        if "choice" not in self.roles:
            return
        labels = {str(label).lower() for label in self.table.column(self.roles["choice"]).labels}
        for prefix in OUTCOME:
            found = {
                name: match[1]
                for name in self._free()
                if (match := re.fullmatch(rf"{prefix}_(\w+)", name.lower()))
                and (match[1].isdigit() or match[1] in labels)
                and self.table.column(name).numeric
            }
            if len(found) > 1:
                columns = tuple(sorted(found, key=lambda name: (len(found[name]), found[name])))
                self._give("outcomes", columns, ALONE, "their names, one for each option")

    def _by_contents(self) -> None:
        """Choices and rewards under names that nobody knows."""
        if "choice" not in self.roles:
            columns = [self.table.column(name) for name in self._free()]
            likely = [it for it in columns if 2 <= len(it.labels) <= 10 and _changes(it) > 0.1]
            if likely:
                best = max(likely, key=lambda it: (not it.numeric or _whole(it), _changes(it)))
                self._give("choice", best.name, CONTENTS, "its contents alone: few values that often change")
        if "reward" not in self.roles and "outcomes" not in self.roles:
            columns = [self.table.column(name) for name in self._free()]
            likely = [it for it in columns if it.numeric and len(it.labels) > 1 and _changes(it) > 0.1]
            if likely:
                self._give(
                    "reward", likely[0].name, CONTENTS, "its contents alone: numbers that often change"
                )
        lacking = [it for it in ("choice", "reward") if it not in self.roles]
        if "outcomes" in self.roles and "reward" in lacking:
            lacking.remove("reward")
        if lacking:
            raise SettingsError(
                [
                    f"No column looks like the {role}s; the table has the columns"
                    f" {join_names(self.table.names)}."
                    f' Name it, for example roles={{"{role}": "..."}}, or rename it to {role}.'
                    for role in lacking
                ]
            )

    def _find_sessions(self) -> None:
        """Columns that tell a person's sessions apart; one called trial that holds still is one as well."""
        person = self._person()
        if "sessions" not in self.roles:
            free = [name for it in NAMES["sessions"] for name in self._free() if self.plain[name] == it]
            columns = tuple(name for name in free if _cuts(self.table.column(name), person))
            if columns:
                self._give("sessions", columns, ALONE, "their names; they differ within a person")
        trial = self.roles.get("trial")
        if (
            trial is None
            or "stage" in self.roles
            or any(guess.role == "trial" and guess.confidence == 1 for guess in self.guesses)
        ):
            return
        keys = [person, *(self.table.column(name).codes for name in self.roles.get("sessions", ()))]
        codes = self.table.column(trial).codes
        if _share_repeated(codes, keys) > 0.5 and _stays(codes, person) > 0.5:
            del self.roles["trial"]
            self.guesses = [guess for guess in self.guesses if guess.role not in ("trial", "sessions")]
            others = self.roles.pop("sessions", ())
            reason = f"{trial} stays the same over many rows: it counts runs, not trials"
            self._give("sessions", (*others, trial), AMONG, reason)

    def _person(self) -> NDArray[np.int64]:
        name = self.roles.get("participant")
        return np.zeros(len(self.table), dtype=np.int64) if name is None else self.table.column(name).codes

    def _find_state(self, layout: Layout | None) -> None:
        """Find the context of each trial of one stage, which has options of its own."""
        if layout in OWN or {"second_choice", "stage", "offered", "outcomes", "state"} & self.roles.keys():
            return
        person = self._person()
        for name in (name for known in NAMES["state"] for name in self._free() if self.plain[name] == known):
            column = self.table.column(name)
            if 2 <= len(column.labels) <= MOST_STATES and _cuts(column, person):
                self._give("state", name, ALONE, "its name; it differs within a person")

    def _find_events(self) -> None:
        """Find the column that tells choices from other rows, where there are others."""
        filled = self._is_filled()
        if filled.all() or not filled.any() or "stage" in self.roles:
            return
        for known in NAMES["events"]:
            for name in self._free():
                if self.plain[name] != known:
                    continue
                column = self.table.column(name)
                n = np.bincount(column.codes[filled & ~column.empty], minlength=len(column.labels))
                if (n == 0).any() and (n > 0).any():
                    self._give("events", name, AMONG, "some of its values never come with a choice")

    def _is_filled(self) -> NDArray[np.bool_]:
        """(n_rows,) whether a row holds a choice and what it paid."""
        names = self.roles.get("outcomes") or (self.roles.get("reward"),)
        paid = np.any([~self.table.column(name).empty for name in names if name], axis=0)
        filled: NDArray[np.bool_] = paid & ~self.table.column(self.roles["choice"]).empty
        return filled

    def _find_practice(self) -> None:
        for name in self._free():
            loop = re.fullmatch(r"practi[cs]e.*\.thisN", name)
            named = self.plain[name] in NAMES["practice"]
            if loop or (named and practice_labels(self.table.column(name)).any()):
                self._give("practice", name, ALONE, "its name and its values")
        events = self.roles.get("events")
        if events and practice_labels(self.table.column(events)).any():
            self._give("practice", events, AMONG, "its values")

    def _find_groups(self) -> None:
        """Give the columns that stay the same over a person's rows: names are groups, numbers covariates."""
        person = self._person()
        n_people = len(np.unique(person))
        if "participant" not in self.roles or n_people < 4:
            return
        columns = [self.table.column(name) for name in self._free()]
        own = [one for one in columns if len(one.labels) > 1 and not _cuts(one, person)]
        ordered = [one for one in own if one.numeric and len(one.labels) > 2]
        found = {
            "groups": [one for one in own if one not in ordered and len(one.labels) <= MOST_GROUPS],
            "covariates": [one for one in ordered if _pairs(one, person) == n_people],
        }
        reasons = {
            "groups": "the same in all rows of a person",
            "covariates": "numbers that are the same in all rows of a person",
        }
        for role, given in found.items():
            if given and role not in self.roles:
                self._give(role, tuple(one.name for one in given), AMONG, reasons[role])


def _changes(column: Column) -> float:
    """Share of rows whose value differs from that of the row above."""
    return float((np.diff(column.codes) != 0).mean()) if len(column.codes) > 1 else 0.0


def _whole(column: Column) -> bool:
    return all(isinstance(label, int) for label in column.labels)


def _always_among(choice: Column, offered: list[Column]) -> bool:
    """Tell whether each choice is one of the options on offer in its row."""
    names = np.array([str(label) for label in choice.labels] + [""], dtype=object)[choice.codes]
    among = np.zeros(len(names), dtype=bool)
    for column in offered:
        among |= names == np.array([str(label) for label in column.labels] + [""], dtype=object)[column.codes]
    return bool(among[~choice.empty].mean() > 0.95) if (~choice.empty).any() else False


def _cuts(column: Column, person: NDArray[np.int64]) -> bool:
    """Tell whether a column has more than one value within a person, but not one for each row."""
    n_people = len(pd.unique(person))
    return n_people < _pairs(column, person) <= max(len(person) / 2, n_people)


def _pairs(column: Column, person: NDArray[np.int64]) -> int:
    """Count the different pairs of a person and a value, an empty cell among the values."""
    return int(combine_codes(person, column.codes).max(initial=-1)) + 1


def _share_repeated(codes: NDArray[np.int64], keys: list[NDArray[np.int64]]) -> float:
    """Share of rows whose value has occurred before within the same keys."""
    return 1 - (int(combine_codes(*keys, codes).max(initial=-1)) + 1) / len(codes)


def _stays(codes: NDArray[np.int64], person: NDArray[np.int64]) -> float:
    """Share of rows with the value of the row above, of the same person."""
    return float(((np.diff(codes) == 0) & (np.diff(person) == 0)).mean()) if len(codes) > 1 else 0.0
