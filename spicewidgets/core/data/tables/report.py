"""What was read from a table, what was found in it, and what was done about it: to be read and repeated."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ...settings import SettingsError
from ...tasks import BANDIT_NAME
from .cells import Label
from .roles import Guess, Roles, join_names

MOST_ROWS_NAMED = 100
FORMAT = 1


@dataclass(frozen=True)
class Where:
    """Rows of a file, as a spreadsheet numbers them.

    Attributes:
        n: how many there are.
        rows: the first of them.
        files: the file of each of `rows`, where there are several.
    """

    n: int
    rows: tuple[int, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The rows in words, neighbours put together.

        >>> Where(5, (2, 3, 4, 9, 12)).words
        'rows 2-4, 9, 12'
        """
        if self.n == 0:
            return "no rows"
        runs: list[list[int]] = []
        for row in self.rows:
            if runs and row == runs[-1][1] + 1:
                runs[-1][1] = row
            else:
                runs.append([row, row])
        words = ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in runs[:12])
        named = sum(b - a + 1 for a, b in runs[:12])
        more = f" and {self.n - named:,} more" if self.n > named else ""
        file = f" (first in {self.files[0]})" if self.files else ""
        return f"{'row' if self.n == 1 else 'rows'} {words}{more}{file}"


def where(mask: NDArray[np.bool_], numbers: NDArray[np.int64], files: NDArray[Any] | None = None) -> Where:
    """Return the rows where `mask` holds."""
    places = np.flatnonzero(mask)
    first = places[:MOST_ROWS_NAMED]
    named = () if files is None else tuple(str(name) for name in files[first])
    return Where(len(places), tuple(numbers[first].tolist()), named)


@dataclass(frozen=True)
class Problem:
    """Something in a table that can be read in more than one way.

    Attributes:
        key: its name, by which a remedy is chosen.
        words: what it is, in a sentence.
        where: the rows.
        remedies: what can be done, and what that means.
        default: the remedy that is taken unless another is chosen.
        taken: the remedy that was taken.
    """

    key: str
    words: str
    where: Where
    remedies: Mapping[str, str]
    default: str
    taken: str


@dataclass(frozen=True)
class LeftOut:
    """Rows that are not in the data set.

    Attributes:
        reason: why, in words.
        where: the rows.
    """

    reason: str
    where: Where


@dataclass(frozen=True)
class Option:
    """An option of the task.

    Attributes:
        label: as the table has it.
        code: as the data set has it, from 0.
        n: how often it was chosen.
    """

    label: Label
    code: int
    n: int


@dataclass(frozen=True)
class Rewards:
    """The coding of rewards.

    Attributes:
        low, high: lowest and highest as the table has them.
        offset, scale: a reward of the data set is (reward of the table - offset) / scale.
    """

    low: float
    high: float
    offset: float
    scale: float

    @property
    def words(self) -> str:
        """The coding in a sentence."""
        if (self.offset, self.scale) == (0, 1):
            return f"{self.low:g} to {self.high:g}, as they are in the table"
        coded = f"{self.low:g} to {self.high:g} in the table"
        sign = "-" if self.offset > 0 else "+"
        minus = "reward" if self.offset == 0 else f"(reward {sign} {abs(self.offset):g})"
        return f"{coded}; in the data set {minus} / {self.scale:g}"


@dataclass(frozen=True)
class Report:
    """The contents of a table, its problems and their remedies.

    The numbers add up: `rows == used + sum(part.where.n for part in left_out)`.

    Attributes:
        name, sha256: the file and the hash of its bytes.
        facts: how it was read.
        layout: the tool whose layout it has; None where that is not known.
        roles: which column holds what.
        guesses: how sure that is.
        rows: rows of the table.
        used: rows that are in the data set, missing trials among them.
        missing: trials of the data set that are missing: without a choice, or without its reward.
        left_out: rows that are not in the data set, by reason; no row stands twice.
        participants: labels of the people.
        sessions: number of sessions.
        lengths: shortest, median and longest session, in trials, each of all its stages.
        options: what could be chosen.
        rewards: how rewards are coded.
        problems: what was found, and what was done.
        columns_left: columns that nothing is made of.
        task: the name of the kind of task.
        stages: which columns hold the stages of a trial, and which first option leads where, in words; empty
            of a task of one stage.
        trials: trials of the data set, each stage as one; 0 in a report of an earlier version.
    """

    name: str
    sha256: str
    facts: Mapping[str, str]
    layout: str | None
    roles: Roles
    guesses: tuple[Guess, ...]
    rows: int
    used: int
    missing: int
    left_out: tuple[LeftOut, ...]
    participants: tuple[Label, ...]
    sessions: int
    lengths: tuple[int, float, int]
    options: tuple[Option, ...]
    rewards: Rewards
    problems: tuple[Problem, ...]
    columns_left: tuple[str, ...] = ()
    task: str = BANDIT_NAME
    stages: str = ""
    trials: int = 0

    @property
    def remedies(self) -> dict[str, str]:
        """The remedy of each problem: what `read_choices` takes to do the same again."""
        return {problem.key: problem.taken for problem in self.problems}

    @property
    def text(self) -> str:
        """The report as plain text."""
        lines = [f"{name}: {value}" for name, value in self.summary().items()]
        for problem in self.problems:
            lines.append(f"- {problem.words} ({problem.where.words}): {problem.remedies[problem.taken]}")
        return "\n".join(lines)

    def summary(self) -> dict[str, str]:
        """Summarise the contents, a line for each kind."""
        out = sum(part.where.n for part in self.left_out)
        short, middle, long = self.lengths
        columns = {guess.role: ", ".join(map(str, guess.columns)) for guess in self.guesses}
        stages = {"stages": self.stages} if self.stages else {}
        return {
            "file": f"{self.name} ({', '.join(f'{name}: {value}' for name, value in self.facts.items())})",
            "layout": self.layout or "not one of a known tool",
            "columns": "; ".join(f"{role}: {names}" for role, names in columns.items()),
            **stages,
            "rows": f"{self.rows:,}: {self.used:,} used, {out:,} left out",
            "people": f"{len(self.participants):,}",
            "sessions": f"{self.sessions:,} of {short} to {long} trials (median {middle:g})",
            "options": ", ".join(f"{option.label} ({option.n:,} times)" for option in self.options),
            "rewards": (f"{self.net}: " if self.net else "") + self.rewards.words,
            "missing trials": f"{self.missing:,}",
        } | ({"columns not used": join_names(self.columns_left)} if self.columns_left else {})

    @property
    def net(self) -> str:
        """The reward as a difference, where it is one; else empty."""
        gain, loss = self.roles.reward, self.roles.loss
        return f"{gain} minus the size of {loss}" if gain is not None and loss is not None else ""

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON can hold it."""
        return {"format": FORMAT, **asdict(self), "roles": self.roles.to_dict()}

    def to_json(self) -> str:
        """Return the report as JSON."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the report that `to_json` wrote.

        Raises:
            SettingsError: where the text is no such report.
        """
        try:
            values = json.loads(text)
            if values.pop("format") != FORMAT:
                raise KeyError("format")
            return cls(
                **values
                | {
                    "roles": Roles.from_dict(values["roles"]),
                    "guesses": tuple(
                        Guess(**it | {"columns": tuple(it["columns"])}) for it in values["guesses"]
                    ),
                    "left_out": tuple(
                        LeftOut(it["reason"], _where(it["where"])) for it in values["left_out"]
                    ),
                    "participants": tuple(values["participants"]),
                    "lengths": tuple(values["lengths"]),
                    "columns_left": tuple(values.get("columns_left", ())),
                    "options": tuple(Option(**it) for it in values["options"]),
                    "rewards": Rewards(**values["rewards"]),
                    "problems": tuple(
                        Problem(**it | {"where": _where(it["where"])}) for it in values["problems"]
                    ),
                }
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, SettingsError):
                raise
            problem = f"This is no data report of this version ({error}). Give what `to_json` wrote."
            raise SettingsError([problem]) from None

    def to_html(self) -> str:
        """Return the report as a page of its own, everything escaped."""
        facts = list(self.summary().items())
        found = [
            (problem.words, problem.where.words, problem.remedies[problem.taken], _others(problem))
            for problem in self.problems
        ]
        out = [(part.reason, part.where.words, f"{part.where.n:,}") for part in self.left_out]
        return (
            "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Data report</title>"
            f"<style>{STYLE}</style></head><body><h1>Data report</h1>{_table((), facts)}"
            "<h2>What was found, and what was done</h2>"
            f"{_table(('found', 'where', 'done', 'could be done instead'), found)}"
            f"<h2>Rows left out</h2>{_table(('why', 'where', 'rows'), out)}</body></html>\n"
        )


STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse}td,th{border-bottom:1px solid #ccc;padding:.3em .8em;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}"
)


def _others(problem: Problem) -> str:
    return "; ".join(words for name, words in problem.remedies.items() if name != problem.taken)


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return "<p>None.</p>"
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _where(values: Mapping[str, Any]) -> Where:
    return Where(values["n"], tuple(values["rows"]), tuple(values["files"]))
