"""Many data sets, one after the other or side by side: what takes long is done in parts, which are kept.

Parts run by joblib: in this process, in several (`n_jobs=-1`), or wherever a backend that the caller has
chosen runs them. On a Dask cluster:

    from dask.distributed import Client
    import joblib

    client = Client("scheduler:8786")
    with joblib.parallel_backend("dask"):
        for progress in study.run("results"):
            print(progress.words)

The seed of each part is its own, so that where and in which order parts run changes no number.
"""

import hashlib
import json
import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar

import joblib
import numpy as np
import pandas as pd

from ..checks import number, raise_if_any
from ..progress import Progress
from ..settings import SettingsError

VERSION = 1  # of the files


class DataSetStudy(ABC):
    """Parts of work, and what has come of them so far.

    Attributes:
        results: what each finished part has found, by its number.
        sentence: the answer so far, where a declared study gives it.
        noun: what a part is called, in the plural.
        fields: the names in the result of a part.
    """

    noun = "data sets"
    fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        self.results: dict[int, Any] = {}
        self.sentence = ""
        self._parts: Sequence[tuple[Any, ...]] = ()

    @property
    def parts(self) -> Sequence[tuple[Any, ...]]:
        """The arguments of `work` for each part."""
        return self._parts

    @property
    @abstractmethod
    def work(self) -> Callable[..., Any]:
        """A function of a module, so that other processes find it; its value can be written as JSON."""

    def run(
        self, folder: str | os.PathLike[str] | None = None, n_jobs: int | None = None
    ) -> Generator[Progress, None, None]:
        """Do all parts that are not done yet; what is finished stays, whenever this is stopped.

        Args:
            folder: where each finished part is written at once, and from where a later run goes on; of the
                same study only.
            n_jobs: processes; -1 for one on each core; None for one, or what `joblib.parallel_backend` says.

        Yields:
            How far it is, at the beginning and after each part.

        Raises:
            SettingsError: where the folder belongs to another study, or cannot be read or written.
        """
        place = None if folder is None else _Folder(Path(folder), self.key())
        damaged = 0
        if place is not None:
            known, damaged = place.read(len(self.parts), self.fields)
            self.results |= known
        left = [number for number in range(len(self.parts)) if number not in self.results]
        before, began = len(self.parts) - len(left), monotonic()
        yield self._progress(before, before, began, damaged)
        if not left:
            return
        parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered", batch_size=1)
        numbered = (joblib.delayed(_number_result)(self.work, number, self.parts[number]) for number in left)
        finished = parallel(numbered)
        try:
            for number, result in finished:
                self.results[number] = result
                if place is not None:
                    place.write(number, result)
                yield self._progress(len(self.results), before, began)
        finally:
            with warnings.catch_warnings():  # that parts under way are given up is what was asked for
                warnings.filterwarnings("ignore", ".*which were still being processed", UserWarning)
                finished.close()

    def done(self) -> "DataSetStudy":
        """Do all parts in this process; returns the study."""
        for _ in self.run():
            pass
        return self

    def tables(self) -> dict[str, tuple[str, pd.DataFrame]]:
        """Return the tables of the results so far, by name, each with what it is called."""
        return {}

    @property
    def text(self) -> str:
        """The answer, and its tables below it."""
        tables = (
            f"{words}:\n\n{table.to_string(float_format='{:.2f}'.format, na_rep='')}"
            for words, table in self.tables().values()
        )
        return "\n\n".join([self.sentence, *tables])

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each data set and what was simulated in it."""
        return pd.DataFrame()

    def key(self) -> str:
        """Equal for studies that do the same."""
        return str(joblib.hash((VERSION, type(self).__name__, self._identity())))

    def _identity(self) -> Any:
        """Return the settings that two equal studies have in common."""
        return list(self.parts)

    def _progress(self, done: int, before: int, began: float, damaged: int = 0) -> Progress:
        words = f"{done} of {len(self.parts)} {self.noun}"
        if damaged:
            words += f"; {damaged} of the files {'is' if damaged == 1 else 'are'} damaged, and done again"
        return Progress(done, len(self.parts), words, monotonic() - began, before)

    def _results(self) -> list[Any]:
        """Results so far, in the order of the parts.

        Raises:
            SettingsError: before there is any.
        """
        raise_if_any(
            [
                None
                if self.results
                else "There are no results yet. Go through run() until some parts are done."
            ]
        )
        return [self.results[number] for number in sorted(self.results)]


def count_processes(n_jobs: int | None) -> int:
    """Return the processes that `DataSetStudy.run` takes for so many jobs."""
    return int(joblib.effective_n_jobs(1 if n_jobs is None else n_jobs))


def draw_seeds(random_state: int, n: int) -> list[int]:
    """Return a seed for each part; the first ones are the same, however many there are."""
    if not (number(random_state) >= 0 and number(random_state) % 1 == 0):
        raise SettingsError(
            [f"random_state must be a whole number, 0 or more; got {random_state!r}. Use for example 1."]
        )
    drawn: list[int] = np.random.default_rng(int(random_state)).integers(2**31, size=n).tolist()
    return drawn


def check_whole(name: str, value: Any) -> str | None:
    """Return the sentence for a value that is no whole number of 1 or more; None where it is one."""
    if number(value) >= 1 and number(value) % 1 == 0:
        return None
    return f"{name} must be a whole number, 1 or more; got {value!r}. Use for example 20."


def check_choice(name: str, value: Any, known: Iterable[str]) -> str | None:
    """Return the sentence for a name that is not among those that are known; None where it is."""
    if value in known:
        return None
    return f"{name} must be one of {', '.join(known)}; got {value!r}. Choose one of these."


def _number_result(work: Callable[..., Any], number: int, arguments: tuple[Any, ...]) -> tuple[int, Any]:
    """Return a part's result with its number, since parts end in any order; as it reads from a file."""
    return number, json.loads(json.dumps(work(*arguments), default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written")


class _Folder:
    """The finished parts of one study, a file each."""

    def __init__(self, path: Path, key: str) -> None:
        self.path, self.key = path, key
        try:
            path.mkdir(parents=True, exist_ok=True)
            head = path / "study.json"
            known = json.loads(head.read_text()).get("key") if head.exists() else None
            if known is None and not head.exists():
                self._write(head, {"key": key})
                known = key
        except (OSError, ValueError, AttributeError, RecursionError) as error:
            raise SettingsError(
                [
                    f"folder must be one that can be read and written; got {str(path)!r} ({error})."
                    " Choose another."
                ]
            ) from None
        raise_if_any(
            [
                None
                if known == key
                else f"folder {str(path)!r} holds the results of another study. Choose another folder, or the"
                " same settings."
            ]
        )

    def read(self, total: int, fields: Sequence[str]) -> tuple[dict[int, Any], int]:
        """Read the finished parts.

        Args:
            total: how many parts there are.
            fields: the names in each result.

        Returns:
            The results by number, and how many files are none of this study's: damaged, or of another part.
        """
        results: dict[int, Any] = {}
        damaged = 0
        for place in range(total):
            try:
                kept = json.loads(self._file(place).read_text())
                sound = kept["checksum"] == self._checksum(place, kept["result"])
                if not sound or not {*fields} <= {*kept["result"]}:
                    raise ValueError
                results[place] = kept["result"]
            except FileNotFoundError:
                continue
            except (OSError, ValueError, TypeError, LookupError, RecursionError):
                damaged += 1
        return results, damaged

    def write(self, number: int, result: Any) -> None:
        """Keep a result; whoever is killed leaves the file whole or not there."""
        try:
            self._write(self._file(number), {"checksum": self._checksum(number, result), "result": result})
        except OSError as error:
            raise SettingsError(
                [f"{str(error.filename or self.path)!r} cannot be written ({error.strerror}). Make room."]
            ) from None

    def _checksum(self, number: int, result: Any) -> str:
        """Sum up a result, its number and its study."""
        return hashlib.sha256(json.dumps([self.key, number, result]).encode()).hexdigest()

    def _file(self, number: int) -> Path:
        return self.path / f"part-{number:05}.json"

    @staticmethod
    def _write(path: Path, value: Any) -> None:
        draft = path.with_suffix(".part")
        draft.write_text(json.dumps(value))
        os.replace(draft, path)
