"""The cells of one column: what is empty, which labels there are, and which numbers.

Work is done once per different value instead of once per row, so that a million rows take no longer to judge
than a hundred.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Label = str | int | float
EMPTY = {"", "NA", "N/A", "n/a", "na", "#N/A", "NaN", "nan", "null", "NULL", "None", ".", "NaT", "<NA>"}
WHOLE = re.compile(r"[+-]?(0|[1-9]\d{0,14})(\.0*)?")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
TRUTH = {"true": 1.0, "false": 0.0}
# Signs of control and of the direction of writing, ends of lines of unicode alone, halves of signs.
UNSEEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")


@dataclass(frozen=True, eq=False)
class Column:
    """A column as codes of its different values.

    Attributes:
        name: of the column.
        codes: `(n_rows,)` place of each cell's label in `labels`; -1 where the cell is empty.
        labels: the different values: whole numbers as `int` ("1" and "1.0" are the same), all else as it is
            written, without blanks around it ("007" stays text).
        decimal: the decimal mark.
    """

    name: str
    codes: NDArray[np.int64]
    labels: tuple[Label, ...]
    decimal: str = "."

    @cached_property
    def empty(self) -> NDArray[np.bool_]:
        """(n_rows,) whether a cell holds nothing, or a word for nothing such as NA."""
        return self.codes < 0

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """(n_labels,) the labels as numbers, infinite where one is too large; NaN for text."""
        return np.array([as_number(label, self.decimal) for label in self.labels], dtype=float)

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """(n_rows,) the cells as numbers; NaN where they are empty or text."""
        return self.per_row(self.values, np.nan)

    @property
    def unreadable(self) -> NDArray[np.bool_]:
        """(n_rows,) cells that hold something, but no finite number."""
        return ~self.empty & ~np.isfinite(self.numbers)

    @property
    def numeric(self) -> bool:
        """Tell whether more than half of the cells that hold something are numbers."""
        known = int((~self.empty).sum())
        return int(np.isfinite(self.numbers).sum()) > known / 2

    @property
    def counts(self) -> NDArray[np.int64]:
        """(n_labels,) how many rows hold each label."""
        return np.bincount(self.codes[~self.empty], minlength=len(self.labels))

    def per_row(self, per_label: NDArray[Any], fill: Any) -> NDArray[Any]:
        """Return a value of each label, for each row; `fill` where the cell is empty."""
        return np.append(per_label, fill)[self.codes]

    def text(self, row: int) -> str:
        """Return a cell as a reader sees it."""
        code = int(self.codes[row])
        return "" if code < 0 else str(self.labels[code])


def column_of(series: pd.Series, decimal: str = ".") -> Column:
    """Return the cells of a column of text, numbers or categories."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        codes, values = series.cat.codes.to_numpy(np.int64), list(series.cat.categories)
    else:
        codes, values = _factorize(series)
    labels: dict[Label, int] = {}
    place = np.array([_place(labels, as_label(value)) for value in values] + [-1], dtype=np.int64)
    return Column(str(series.name), place[codes], tuple(labels), decimal)


def as_label(value: Any) -> Label | None:
    """Return a cell as a label, or None where it is empty.

    >>> [as_label(value) for value in ("1.0", 2.0, " left ", "007", "n/a")]
    [1, 2, 'left', '007', None]
    """
    if isinstance(value, bool | np.bool_):
        return int(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        if np.isnan(number):
            return None
        return int(number) if number.is_integer() and abs(number) < 1e15 else number
    text = visible(str(value).strip())
    if text in EMPTY:
        return None
    return int(float(text)) if WHOLE.fullmatch(text) else text


def visible(text: str) -> str:
    r"""Write out the signs of a text that cannot be seen, but for ends of lines and tabs.

    They would move a terminal's cursor, turn round the letters after them, or break a file of LaTeX or SVG.

    >>> visible("ann\x1b[2J")
    'ann\\x1b[2J'
    """
    return UNSEEN.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)


def as_number(label: Any, decimal: str = ".") -> float:
    """Return a label as a number, NaN where it is text.

    >>> [as_number(label) for label in (1, "1e3", "1_000", "left")], as_number("0,5", ",")
    ([1.0, 1000.0, nan, nan], 0.5)
    """
    if not isinstance(label, str):
        return float(label)
    if decimal == "," and DECIMAL_COMMA.fullmatch(label):
        label = label.replace(",", ".")
    if label.lower() in TRUTH:
        return TRUTH[label.lower()]
    if label.lower().lstrip("+-") in ("inf", "infinity"):
        return float("-inf") if label.startswith("-") else float("inf")
    return float(label) if NUMBER.fullmatch(label) else float("nan")


def _place(labels: dict[Label, int], label: Label | None) -> int:
    return -1 if label is None else labels.setdefault(label, len(labels))


def _factorize(series: pd.Series) -> tuple[NDArray[np.int64], list[Any]]:
    try:
        codes, values = pd.factorize(series)
    except TypeError:  # cells that hold lists and the like
        codes, values = pd.factorize(series.map(_hashable))
    return codes.astype(np.int64), list(values)


def _hashable(value: Any) -> Any:
    """Return a cell that holds a list or a dict, as text."""
    return str(value) if isinstance(value, list | dict | set | np.ndarray) else value


FORMULA = re.compile(r"'*[=+\-@\t\r]")


def safe_text(label: Any) -> Any:
    """Return a label as a cell that no spreadsheet takes for a formula; `plain_text` gives it back.

    >>> safe_text("=1+1"), plain_text("'=1+1"), safe_text("ann"), safe_text(-1)
    ("'=1+1", '=1+1', 'ann', -1)
    """
    return f"'{label}" if isinstance(label, str) and FORMULA.match(label) else label


def plain_text(cell: Any) -> Any:
    """Return the label that `safe_text` wrote."""
    return cell[1:] if isinstance(cell, str) and cell.startswith("'") and FORMULA.match(cell) else cell


def safe_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with names and labels, those of the index as well, that no spreadsheet takes for
    formulas.
    """
    text = frame.select_dtypes(include=["object", "string", "category"]).columns
    safe = frame.assign(**{name: frame[name].astype(object).map(safe_text) for name in text})
    return safe.rename(index=safe_text, columns=safe_text)


def combine_codes(*keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n_rows,) one code, 0, 1 ..., for each combination of several codes of a row."""
    joint = np.zeros(len(keys[0]), dtype=np.int64)
    for key in keys:
        joint = pd.factorize(joint * (int(key.max(initial=0)) + 2) + key + 1)[0].astype(np.int64)
    return joint


def practice_labels(column: Column) -> NDArray[np.bool_]:
    """(n_labels,) which labels of a column say that a row is practice."""
    if re.fullmatch(r"practi[cs]e.*\.thisN", column.name):
        return np.ones(len(column.labels), dtype=bool)
    yes_no = re.fullmatch(r"(is_?)?practi[cs]e", column.name.lower()) is not None
    words = [str(label).lower() for label in column.labels]
    return np.array(
        [
            word in ("1", "true", "yes", "y")
            if yes_no
            else bool(re.search(r"practi[cs]e|warm.?up|demo", word))
            for word in words
        ],
        dtype=bool,
    )
