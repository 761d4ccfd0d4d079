"""Reading a table from anything: a file of text, a spreadsheet, an archive, several files, or a DataFrame.

Every cell stays as it is written; what it means is decided later, in the open (`roles.py`, `examine.py`).
"""

import hashlib
import io
import json
import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...checks import raise_if_any
from ...progress import run_to_completion
from ...settings import SettingsError
from .cells import Column, column_of, visible
from .files import PARQUET, ZIP, contents, decode, unpack
from .layouts import participant_column
from .limits import columns_problem, json_problem, people_problem, rows_problem
from .separated import SEPARATORS, RowsRead, read_separated

File: TypeAlias = str | PathLike[str] | bytes | IO[Any]
Source: TypeAlias = File | pd.DataFrame | Sequence[str | PathLike[str]]
MOST_HASHED = 250_000  # rows of a DataFrame
ZERO_FIRST = re.compile(r"[+-]?0\d")  # 007 is a name
HALF_SIGN = re.compile(r"\\u[dD][89a-fA-F]")  # in JSON
PER_PERSON = re.compile(r"(sub-[A-Za-z0-9]+)")  # BIDS names files after people


@dataclass(frozen=True, eq=False)
class Table:
    """A table as it stands in a file.

    Attributes:
        frame: a column of text (or, of a DataFrame, of anything) for each column of the file.
        name: of the file.
        sha256: hash of the file's bytes, or of the cells of a DataFrame; empty for a very long one.
        facts: how it was read, in words: format, encoding, decimal mark.
        numbers: `(n_rows,)` the row of each row in its file, as a spreadsheet shows it.
        surplus: `(n_rows,)` rows that have more fields than the header.
        decimal: the decimal mark.
        files: `(n_rows,)` the file of each row; None where all are from one.
    """

    frame: pd.DataFrame
    name: str
    sha256: str
    facts: Mapping[str, str]
    numbers: NDArray[np.int64]
    surplus: NDArray[np.bool_]
    decimal: str = "."
    files: NDArray[Any] | None = None
    _columns: dict[str, Column] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.frame.columns)

    def column(self, name: str) -> Column:
        """Return the cells of a column."""
        if name not in self._columns:
            self._columns[name] = column_of(self.frame[name], self.decimal)
        return self._columns[name]

    def n_different(self, name: str) -> int:
        """Count the different entries of a column as they are written."""
        column = self.frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            return len(column.cat.categories)
        return len(pd.unique(column.astype(str)))

    def typed(self) -> pd.DataFrame:
        """Return the table with columns of numbers where every cell that holds something is one."""
        columns: dict[str, pd.Series] = {}
        for name in self.names:
            column = self.column(name)
            padded = any(isinstance(label, str) and ZERO_FIRST.match(label) for label in column.labels)
            if padded or np.isnan(column.values).any():
                columns[name] = pd.Series(column.per_row(np.array(column.labels, dtype=object), None))
            elif len(self) and not column.empty.any() and all(isinstance(it, int) for it in column.labels):
                columns[name] = pd.Series(column.per_row(np.array(column.labels), 0))
            else:
                columns[name] = pd.Series(column.numbers)
        return pd.DataFrame(columns, columns=list(self.names))


def read_table(source: Source) -> Table:
    """Return the table in a file, in several files of the same columns, or in a DataFrame.

    Args:
        source: path of a file of comma-, semicolon- or tab-separated values (also packed by gzip or zip), of
            JSON records, of an Excel or a Parquet file; the bytes of one; an open file; a DataFrame; or a
            list of paths.

    Raises:
        SettingsError: with a sentence for what keeps it from being read.
    """
    return run_to_completion(reading(source))


def reading(source: Source, roles: Mapping[str, Any] | None = None) -> Generator[RowsRead, None, Table]:
    """As `read_table`, with a record of how far it is now and then; the table is the generator's value.

    Args:
        source: as there.
        roles: columns that are named for roles, where it is a table of people; too many are then refused
            before all is read.
    """
    if isinstance(source, pd.DataFrame):
        return _of_frame(source, "DataFrame", {"format": "DataFrame"})
    tables = []
    if isinstance(source, list | tuple):
        if any(isinstance(path, list | tuple) for path in source):
            raise SettingsError(
                ["file must be a path, or a list of paths; got lists in a list. Give one list."]
            )
        for path in source:
            tables.append((yield from reading(path, roles)))
        return _join_tables(tables)
    data, name = contents(source)  # type: ignore[arg-type] # what is no file is refused there
    name = visible(name)
    yield RowsRead(0.05, f"Reading {name}")
    for part, content in unpack(data, name):
        tables.append((yield from _parse(content, visible(part), roles)))
    return replace(_join_tables(tables), name=name, sha256=hashlib.sha256(data).hexdigest())


def _of_frame(frame: pd.DataFrame, name: str, facts: Mapping[str, str]) -> Table:
    frame = frame.set_axis([visible(str(column)) for column in frame.columns], axis=1).reset_index(drop=True)
    n = len(frame)
    _check_size(n, list(frame.columns))
    text = frame.to_csv(index=False).encode() if n <= MOST_HASHED else b""
    digest = hashlib.sha256(text).hexdigest() if text else ""
    return Table(frame, name, digest, facts, np.arange(2, n + 2), np.zeros(n, dtype=bool))


def _join_tables(tables: list[Table]) -> Table:
    """Tables of the same columns below each other, with a column that names the file of each row."""
    if not tables:
        raise SettingsError(["There is no table in it. Give a file with a header and one row per trial."])
    first = tables[0]
    if len(tables) == 1:
        return first
    for table in tables[1:]:
        if set(table.names) != set(first.names):
            odd = ", ".join(sorted(set(table.names) ^ set(first.names))[:10])
            raise SettingsError(
                [
                    f"Several tables must have the same columns; {table.name!r} and {first.name!r} differ in"
                    f" {odd}. Read them one by one, or make their columns equal."
                ]
            )
    frame = pd.concat([table.frame.astype(object) for table in tables], ignore_index=True)
    files = np.concatenate([np.full(len(table), table.name, dtype=object) for table in tables])
    if "file" not in frame:
        frame["file"] = [match[1] if (match := PER_PERSON.search(it)) else Path(it).stem for it in files]
    _check_size(len(frame), list(frame.columns))
    return Table(
        frame,
        f"{len(tables)} files",
        hashlib.sha256("".join(table.sha256 for table in tables).encode()).hexdigest(),
        first.facts,
        np.concatenate([table.numbers for table in tables]),
        np.concatenate([table.surplus for table in tables]),
        first.decimal,
        files,
    )


def _parse(data: bytes, name: str, roles: Mapping[str, Any] | None) -> Generator[RowsRead, None, Table]:
    """Return the table in the bytes of one file."""
    if data.startswith((ZIP, PARQUET)):
        return _binary(data, name, roles)
    text, encoding = decode(data, name)
    if not text.strip():
        raise SettingsError(
            [
                "The table must have a header and one row per trial; the file is empty."
                " Check that it was saved."
            ]
        )
    is_json = text.lstrip()[0] in "[{"
    raise_if_any([json_problem(len(data)) if is_json else None])
    if is_json and (records := _json_records(text)):
        _check_records(records, roles)
        return _of_frame(pd.DataFrame.from_records(records), name, {"format": "JSON records"})
    cells = yield from read_separated(text, roles)
    _check_size(len(cells.frame), list(cells.frame.columns))
    facts = {
        "format": f"values separated by {SEPARATORS[cells.separator]}",
        "encoding": encoding,
        "decimal mark": "comma" if cells.decimal == "," else "point",
    } | ({"first field": "names of the rows, which the header lacks"} if cells.named_rows else {})
    numbers = np.arange(cells.first_row, cells.first_row + len(cells.frame))
    frame = cells.frame.reset_index(drop=True)
    return Table(frame, name, hashlib.sha256(data).hexdigest(), facts, numbers, cells.surplus, cells.decimal)


def _binary(data: bytes, name: str, roles: Mapping[str, Any] | None) -> Table:
    """Excel and Parquet, by the packages that pandas uses for them."""
    kind, package = ("Parquet", "pyarrow") if data.startswith(PARQUET) else ("Excel", "openpyxl")
    try:
        if kind == "Parquet":
            import_module(package)  # as pandas would, which reads all before it says how much there is
            _check_parquet(import_module("pyarrow.parquet").ParquetFile(io.BytesIO(data)), roles)
            frame = pd.read_parquet(io.BytesIO(data))
        else:
            frame = pd.read_excel(io.BytesIO(data), dtype=str, keep_default_na=False, na_filter=False)
    except SettingsError:
        raise
    except ImportError:
        problem = f"{kind} files need the package {package}. Install it (pip install {package}), or use CSV."
    except Exception as error:  # there is no end to what a foreign file makes a reader raise
        problem = f"{name!r} cannot be read as {kind} ({str(error)[:200]}). Save the table as CSV."
    else:
        return _of_frame(frame, name, {"format": kind})
    raise SettingsError([problem])


def _check_parquet(file: Any, roles: Mapping[str, Any] | None) -> None:
    """Refuse a table by what its file says of itself, and by the column of people alone."""
    facts = file.metadata
    raise_if_any([columns_problem(facts.num_columns), rows_problem(facts.num_rows)])
    if roles is not None and (name := participant_column(file.schema_arrow.names, roles)):
        people: set[str] = set()
        for batch in file.iter_batches(columns=[name]):
            people.update(map(str, batch.column(0).unique().to_pylist()))
            raise_if_any([people_problem(len(people), name)])


def _json_records(text: str) -> list[dict[str, Any]]:
    """Return the records of a JSON file, as jsPsych saves them; none where it is something else."""
    try:
        records = json.loads(text)
        if HALF_SIGN.search(text):  # half of a sign of two halves, which no file of text can hold
            whole = json.dumps(records, ensure_ascii=False).encode("utf-8", "replace")
            records = json.loads(whole)
    except (ValueError, RecursionError):
        return []
    if isinstance(records, list) and all(isinstance(record, dict) for record in records):
        return records
    return []


def _check_records(records: list[dict[str, Any]], roles: Mapping[str, Any] | None) -> None:
    """Refuse records of too many columns, of each of which pandas makes one first, or of too many people."""
    name = None if roles is None else participant_column(records[0], roles)
    names: set[str] = set()
    people: set[str] = set()
    for record in records:
        names |= record.keys()
        raise_if_any([columns_problem(len(names))])
        if name is not None:
            people.add(str(record.get(name)))
            raise_if_any([people_problem(len(people), name)])


def _check_size(n_rows: int, names: list[str]) -> None:
    raise_if_any([rows_problem(n_rows)])
    if n_rows == 0:
        raise SettingsError(
            ["The table must have one row per trial; got none. Check that the file was saved."]
        )
    raise_if_any([columns_problem(len(names))])
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingsError(
            [f"Every column must have a name of its own; got {', '.join(twice)} twice. Rename one of them."]
        )
