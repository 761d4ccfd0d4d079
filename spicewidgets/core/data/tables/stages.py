"""Which columns hold the stages of a two-step task: by their names, and whether their contents can be such.

The first choice of such a trial, read as one of a bandit, would look plausible and be wrong. So a table that
has a second choice or stage is read as one of stages, or refused with the reason.
"""

import re
from collections.abc import Iterator, Mapping

import numpy as np

from .cells import Column
from .coding import order_labels
from .layouts import plain
from .reading import Table
from .roles import Roles

MARKS = (("first", "second", "third"), ("1st", "2nd", "3rd"), ("one", "two", "three"), ("1", "2", "3"))
ONE_HOT = "1"  # mark of columns that may be of options instead of stages
STAGE = "stage|step|state|level|s"
CHOICE = "choices?|actions?|responses?|resp|decision|chosen|selection|selected"
# What is left of a name without its mark: "first_choice", "level1_choice", "choice_stage_2", "step1".
OF_STAGES = re.compile(rf"({STAGE})?({CHOICE})({STAGE})?|stage|step")
KEYS = re.compile("resp|action")  # may be of a side or a key, where another column holds the option itself
STATES = (  # the likeliest first
    re.compile(
        r"(second|2nd)(stage|step|level)?state|(stage|step|level)?state2|(stage|step|level)2state|finalstate"
    ),
    re.compile(r"state"),
)
COMMON = re.compile(r"(is)?(common|uncommon|rare|transitions?|trans)(common|rare|transition|type)?")
LONG = re.compile(r"(choice)?(stage|step|level)(number|nr|no)?")
ORDER = ({"1", "first", "1st", "one"}, {"2", "second", "2nd", "two"}, {"3", "third", "3rd", "three"})
WORDS_FOR_COMMON = {"common": True, "frequent": True, "rare": False, "uncommon": False, "infrequent": False}
MOST_LABELS = 50
MOSTLY = 0.7  # share of rows; a second stage that was missed has none


def find_stages(table: Table, named: Mapping[str, object]) -> dict[str, str]:
    """Find the columns of the stages of a trial: role and column; none where a trial has one choice.

    Args:
        table: the table.
        named: columns by role that are known; for these none is looked for.
    """
    found: dict[str, str] = {}
    stage = next(_in_turn(table, 2), None)
    pairs = list(_pairs(table, apart=stage is not None))
    if pairs:
        wanted = named.get("choice")
        found["choice"], found["second_choice"] = min(
            pairs, key=lambda pair: (pair[0] != wanted, bool(KEYS.search(plain(pair[0]))))
        )
        if stage and not _in_one_row(*map(table.column, found.values())):
            found["stage"] = stage
    elif stage:
        found["stage"] = stage
    if not {*found, *named} & {"second_choice", "stage"}:
        return {}
    taken = {*found.values(), *map(str, named.values())}
    free = [name for name in table.names if name not in taken]
    states = (name for known in STATES for name in free if known.fullmatch(plain(name)))
    common = (name for name in free if COMMON.fullmatch(plain(name)) and tell_common(table.column(name)))
    found |= {role: name for role, it in (("state", states), ("common", common)) if (name := next(it, ""))}
    return {role: name for role, name in found.items() if role not in named}


def stage_problem(table: Table, roles: Roles) -> str | None:
    """Say why a table cannot be read whose trials have more stages than its roles; None for others."""
    third = next(_thirds(table), None)
    if third is not None:
        return (
            f"The trials of this table have a third stage ({third}). A task of two stages can be read, of two"
            f" options in the first and two in each of two states of the second; leave the column {third} out"
            " of the table if it holds something else."
        )
    pairs = ((f"a second choice ({two} beside {one})", two) for one, two in _pairs(table))
    turns = ((f"two stages in turn ({name})", name) for name in _in_turn(table, 2))
    states = ((f"a second stage ({name})", name) for name in _second_states(table))
    found = next(pairs, None) or next(states, None) or next(turns, None)
    if roles.are_of_stages or found is None:
        return None
    what, column = found
    return (
        f"The trials of this table have {what}: a task of several stages, such as the two-step task, but no"
        " column of the second choice. What it says of learning would be wrong if it were read as a bandit."
        ' Name that column, roles={"second_choice": "..."}; or, to study one of its choices as a bandit all'
        f" the same, leave the column {column} out of the table."
    )


def tell_common(column: Column) -> dict[object, bool]:
    """Tell which labels of a column mean a common transition; empty where one of them says nothing."""
    rare = "rare" in plain(column.name) or "uncommon" in plain(column.name)
    said: dict[object, bool] = {}
    for label, number in zip(column.labels, column.values, strict=True):
        word = plain(str(label))
        if word in WORDS_FOR_COMMON:
            said[label] = WORDS_FOR_COMMON[word]
        elif number in (0, 1):
            said[label] = bool(number) != rare
        else:
            return {}
    return said


def number_stages(column: Column) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """(n_rows,) the stage that a column says a row is, from 0; -1 where it says none."""
    words = [str(label).lower() for label in column.labels]
    stages = [next((at for at, known in enumerate(ORDER) if word in known), -1) for word in words]
    if min(stages, default=0) < 0 and len(words) == len(ORDER) - 1:  # two others, such as 0 and 1
        stages = [order_labels(column.labels).index(label) for label in column.labels]
    return column.per_row(np.array(stages, dtype=np.int64), -1)


def _pairs(table: Table, apart: bool = False) -> Iterator[tuple[str, str]]:
    """Yield pairs of columns such as first_choice and second_choice; `apart`, also in rows of their own."""
    names = {plain(name): name for name in table.names}
    for key, name in names.items():
        for first, second, _ in MARKS:
            partner = names.get(key.replace(second, first, 1))
            if second in key and partner and OF_STAGES.fullmatch(key.replace(second, "", 1)):
                one, two = table.column(partner), table.column(name)
                if _are_choices(one, two, first == ONE_HOT) and (_in_one_row(one, two) or apart):
                    yield partner, name


def _are_choices(one: Column, two: Column, numbered: bool = True) -> bool:
    """Tell two choices of a trial from one that is written as 0 and 1 for each option, by its number."""
    both = ~one.empty & ~two.empty
    few = all(2 <= len(column.labels) <= MOST_LABELS for column in (one, two))
    binary = {*one.labels, *two.labels} <= {0, 1}
    return few and not (
        numbered and binary and bool(both.any() and (one.numbers[both] != two.numbers[both]).all())
    )


def _in_one_row(one: Column, two: Column) -> bool:
    """Tell whether two columns are mostly filled in the same rows."""
    return bool((~one.empty & ~two.empty).sum() >= (~one.empty).sum() / 2)


def _thirds(table: Table) -> Iterator[str]:
    """Yield columns of a third stage."""
    names = {plain(name): name for name in table.names}
    for one, two in _pairs(table):
        for _, second, third in MARKS:
            name = names.get(plain(two).replace(second, third, 1)) if second in plain(two) else None
            if name is not None and _are_choices(table.column(one), table.column(name)):
                yield name
    yield from _in_turn(table, 3)


def _second_states(table: Table) -> Iterator[str]:
    for name in table.names:
        if STATES[0].fullmatch(plain(name)) and 2 <= len(table.column(name).labels) <= MOST_LABELS:
            yield name


def _in_turn(table: Table, n_stages: int) -> Iterator[str]:
    """Yield columns that say in turn which of so many stages a row is."""
    for name in table.names:
        column = table.column(name) if LONG.fullmatch(plain(name)) else None
        if column is None or len(column.labels) != n_stages or len(column.codes) < 2 * n_stages:
            continue
        known = set().union(*ORDER[:n_stages])
        in_turn = float((np.diff(column.codes) != 0).mean())
        if {str(label).lower() for label in column.labels} <= known and in_turn > MOSTLY:
            yield name
