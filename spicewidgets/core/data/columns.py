"""Columns of a table whose roles are known: each is checked, and every problem is a sentence."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..settings import SettingsError
from .tables.reading import File, read_table

Floats = NDArray[np.float64]
MOST_ARMS = 50


def table_of(file: File | pd.DataFrame) -> pd.DataFrame:
    """Return a copy of the table: of a DataFrame, or of any file that `read_table` can open."""
    table = read_table(file)
    if table.surplus.any():
        first = table.numbers[int(table.surplus.argmax())]
        problem = (
            f"{int(table.surplus.sum())} row(s) have more fields than the header names, first row {first}."
        )
        raise SettingsError([f"{problem} Name every column, or correct these rows."])
    if isinstance(file, pd.DataFrame):
        return file.set_axis(list(table.names), axis=1).reset_index(drop=True).copy()
    return table.typed()


def numbers(series: pd.Series, advice: str, problems: list[str]) -> Floats:
    """Return a column as numbers, NaN where it is empty; text and infinities become problems."""
    values = _to_floats(series)
    wrong = np.isnan(values) & ~empty(series) | np.isinf(values)
    if wrong.any():
        problems.append(f"{series.name} must hold numbers; got {_first(series, wrong)}. {advice}")
    return np.where(np.isfinite(values), values, np.nan)


def codes(series: pd.Series, problems: list[str]) -> tuple[NDArray[np.int64], list[Any]]:
    """Return a column of labels of any kind as codes 0, 1 ... in order of appearance, and the labels."""
    blank = empty(series)
    if blank.any():
        problems.append(
            f"{series.name} must be given for every trial; it is empty in {int(blank.sum())} row(s), "
            f"first in row {int(blank.argmax()) + 1}. Fill it in, or leave these rows out."
        )
    try:
        numbered, labels = pd.factorize(series)
    except TypeError:  # cells that hold lists and the like
        problems.append(
            f"{series.name} must hold a name or a number per row; got {_first(series, ~blank)}. Use text."
        )
        return np.zeros(len(series), dtype=np.int64), []
    return numbered.astype(np.int64), labels.tolist()


def arms(
    series: pd.Series, numbered: range, problems: list[str]
) -> tuple[NDArray[np.int64], tuple[Any, ...]]:
    """Return the arm of every trial, counted from 0, and the labels of the arms.

    A missing choice (an empty cell or -1) stays -1. Names are put in alphabetical order. Numbers count from
    the lowest that occurs, or as the reward columns do, which are `numbered`, if there is one for each arm.
    """
    values = _to_floats(series)
    if has_text(series):
        return _named_arms(series, values, problems)
    values[values == -1] = np.nan
    known = values[~np.isnan(values)]
    whole = np.isnan(values) | np.isfinite(values) & (values == np.floor(values))
    if not whole.all():
        got = _first(series, ~whole)
        problems.append(f"{series.name} must hold whole numbers or names; got {got}. Give each arm its own.")
    elif len(known) and known.max() - known.min() >= MOST_ARMS:
        low, high = f"{known.min():g}", f"{known.max():g}"
        problems.append(_too_many(series, f"{known.max() - known.min() + 1:g}", low, high))
    elif len(known):
        first, last = _numbers_of_arms(series, int(known.min()), int(known.max()), numbered, problems)
        arm_of_row = np.where(np.isnan(values), -1, np.nan_to_num(values) - first).astype(np.int64)
        return arm_of_row, tuple(range(first, last + 1))
    return np.full(len(series), -1), ()


def _numbers_of_arms(
    series: pd.Series, low: int, high: int, numbered: range, problems: list[str]
) -> tuple[int, int]:
    """Return the first and last arm, by the choices from `low` to `high` and the numbers of the reward
    columns.
    """
    starts = [start for start in (numbered.start, 1, low) if start <= low and high < start + len(numbered)]
    if starts and (high - low + 1 == len(numbered) or starts[0] in (numbered.start, 1)):
        return starts[0], starts[0] + len(numbered) - 1
    if numbered:
        problems.append(
            f"{series.name} must be numbered like the reward columns, {numbered[0]} to {numbered[-1]}; "
            f"got choices from {low} to {high}. Number both from 0."
        )
    return low, high


def empty(series: pd.Series) -> NDArray[np.bool_]:
    """Which cells hold nothing: no value, or only blanks."""
    blank: NDArray[np.bool_] = series.isna().to_numpy(dtype=bool)
    if not pd.api.types.is_numeric_dtype(series):
        spaces = [isinstance(value, str) and not value.strip() for value in series.tolist()]
        blank = blank | np.array(spaces, dtype=bool)
    return blank


def has_text(series: pd.Series) -> bool:
    """Tell whether some cell holds neither a number nor nothing."""
    return bool((np.isnan(_to_floats(series)) & ~empty(series)).any())


def _named_arms(
    series: pd.Series, values: Floats, problems: list[str]
) -> tuple[NDArray[np.int64], tuple[Any, ...]]:
    blank = empty(series) | (values == -1)
    names = np.array([str(value).strip() for value in series.tolist()], dtype=object)
    labels = sorted(set(names[~blank]))
    if len(labels) > MOST_ARMS:
        problems.append(_too_many(series, str(len(labels)), labels[0], labels[-1]))
    place = {label: number for number, label in enumerate(labels)}
    arm_of_row = [-1 if missing else place[name] for name, missing in zip(names, blank, strict=True)]
    return np.array(arm_of_row, dtype=np.int64), tuple(labels)


def _too_many(series: pd.Series, n: str, low: str, high: str) -> str:
    return (
        f"{series.name} may hold up to {MOST_ARMS} arms; got {n}, from {low} to {high}. "
        "Check that this is the column with the choices, and number the arms from 0."
    )


def _to_floats(series: pd.Series) -> Floats:
    """Return a column as floats, with NaN for all that is no number."""
    try:
        values = pd.to_numeric(series, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError, OverflowError):  # cells that hold lists and the like
        values = np.full(len(series), np.nan)
    return np.where(empty(series), np.nan, values)


def _first(series: pd.Series, where: NDArray[np.bool_]) -> str:
    row = int(where.argmax())
    return f"{series.iloc[[row]].tolist()[0]!r} in row {row + 1}"
