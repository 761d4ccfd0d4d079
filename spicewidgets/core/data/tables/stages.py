"""Tables of tasks in which one choice leads to another: nothing here describes them, so they are refused.

The first choice of such a trial, read as one of a bandit, would look plausible and be wrong.
"""

import re
from collections.abc import Iterator

import numpy as np

from .cells import Column
from .layouts import plain
from .reading import Table

MARKS = (("first", "second"), ("1st", "2nd"), ("one", "two"), ("1", "2"))
STAGE = "stage|step|state|level|s"
CHOICE = "choices?|actions?|responses?|resp|decision|chosen|selection|selected"
# What is left of a name without its mark: "first_choice", "level1_choice", "choice_stage_2", "step1".
OF_STAGES = re.compile(rf"({STAGE})?({CHOICE})({STAGE})?|stage|step")
SECOND_STATE = re.compile(
    r"(second|2nd)(stage|step|level)?state|(stage|step|level)?state2|(stage|step|level)2state"
)
LONG = re.compile(r"(choice)?(stage|step|level)(number|nr|no)?")
MOST_LABELS = 50
MOSTLY = 0.9  # share of rows


def stage_problem(table: Table) -> str | None:
    """Say why a table whose trials have a second choice or stage cannot be read; None for others."""
    found = next(_second_choices(table), None) or next(_second_states(table), None) or _in_turn(table)
    if found is None:
        return None
    what, column = found
    return (
        f"The trials of this table have {what}: a task of several stages, such as the two-step task, which no"
        " model here describes yet. What it says of learning would be wrong if it were read as a bandit. To"
        f" study one of its choices as a bandit all the same, leave the column {column} out of the table."
    )


def _second_choices(table: Table) -> Iterator[tuple[str, str]]:
    """Yield pairs of columns such as first_choice and second_choice, filled in the same rows."""
    names = {plain(name): name for name in table.names}
    for key, name in names.items():
        for first, second in MARKS:
            partner = names.get(key.replace(second, first, 1))
            if second in key and partner and OF_STAGES.fullmatch(key.replace(second, "", 1)):
                one, two = table.column(partner), table.column(name)
                if _are_choices(one, two):
                    yield f"a second choice ({name} beside {partner})", name


def _are_choices(one: Column, two: Column) -> bool:
    """Tell two choices of a trial from one that is written as 0 and 1 for each option."""
    both = ~one.empty & ~two.empty
    few = all(2 <= len(column.labels) <= MOST_LABELS for column in (one, two))
    if not few or both.sum() < (~one.empty).sum() / 2:
        return False
    binary = {*one.labels, *two.labels} <= {0, 1}
    return not (binary and bool((one.numbers[both] != two.numbers[both]).all()))


def _second_states(table: Table) -> Iterator[tuple[str, str]]:
    for name in table.names:
        if SECOND_STATE.fullmatch(plain(name)) and 2 <= len(table.column(name).labels) <= MOST_LABELS:
            yield f"a second stage ({name})", name


def _in_turn(table: Table) -> tuple[str, str] | None:
    """Find a column that says in turn which of two stages a row is."""
    for name in table.names:
        column = table.column(name) if LONG.fullmatch(plain(name)) else None
        if column is None or len(column.labels) != 2 or len(column.codes) < 4:
            continue
        in_turn = float((np.diff(column.codes) != 0).mean())
        if {str(label).lower() for label in column.labels} <= {
            "1",
            "2",
            "first",
            "second",
        } and in_turn > MOSTLY:
            return f"two stages in turn ({name})", name
    return None
