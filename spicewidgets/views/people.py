"""One row a person: how many choices, how likely under what, and every number with its error; as a table that
is saved and read back.

Importing this loads no torch.
"""

import io
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.equations import term_in_words
from ..core.judge.groups import LEAST, MISSING
from ..core.read.translation import LEARNERS, column_instead
from ..core.settings import LEVEL, SettingsError
from ..experiment.result import Result
from ..experiment.simulation import people_of
from ..loading import later
from ..state.experiment import Experiment
from .words import PARAMETERS

if TYPE_CHECKING:
    import pandas as pd
    from scipy import stats

    from ..core.data.tables import cells
    from ..core.discover import group_table as group_tables
    from ..core.discover.group import Group
    from ..core.judge import regressors as trials
else:
    group_tables = later("..core.discover.group_table", __package__)
    trials = later("..core.judge.regressors", __package__)
    cells = later("..core.data.tables.cells", __package__)
    pd = later("pandas")
    stats = later("scipy.stats")

Floats = NDArray[np.float64]
MOST_BYTES = 5_000_000  # of a saved table
MOST_PEOPLE = 5_000
ENDS = (" low", " high")  # what follows the name of a number for the ends of its interval
ALONE = " alone"
LIKELIHOODS = {"likelihood_equations": "likelihood, SPICE", "likelihood_network": "likelihood, RNN"}
SYMBOLS = {"alpha": "α", "beta": "β"}  # of parameters of rivals


@dataclass(frozen=True, eq=False)
class ParameterColumn:
    """One number of every person; all are `(n_people,)`.

    Attributes:
        values: NaN where a person has none.
        low, high: ends of the interval (`LEVEL`); NaN where there is none.
        alone: the value before it was drawn towards the group; NaN where nothing was pooled.
    """

    values: Floats
    low: Floats
    high: Floats
    alone: Floats


@dataclass(frozen=True, eq=False)
class People:
    """One row a person.

    Attributes:
        labels: who they are, as text.
        group_name: what the groups are; empty without groups.
        groups: `(n_people,)` texts.
        n_choices: of each person, those that follow another.
        numbers: by name.
        keys: the participants' labels as the equations have them; empty for a table that was saved.
        n_others: people whose equations are no Q-learner's, so that they have no classical parameters.
        compared: by number, its groups in the group model; empty where people were not pooled with groups.
    """

    labels: tuple[str, ...]
    group_name: str
    groups: tuple[str, ...]
    n_choices: Floats
    numbers: Mapping[str, ParameterColumn]
    keys: tuple[Hashable, ...] = field(default=())
    n_others: int = 0
    compared: Mapping[str, "tuple[InModel, ...]"] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def is_pooled(self) -> bool:
        """Tell whether coefficients were drawn towards their group."""
        return any(np.isfinite(number.alone).any() for number in self.numbers.values())

    def to_csv(self) -> bytes:
        """Return the table as a file from which `people_from` makes the same; names are safe in a
        spreadsheet.
        """
        columns: dict[str, Any] = {
            "person": [cells.safe_text(label) for label in self.labels],
            f"group: {self.group_name}" if self.group_name else "group": [
                cells.safe_text(group) for group in self.groups
            ],
            "choices": self.n_choices.astype(int),
        }
        for name, number in self.numbers.items():
            columns[name] = number.values
            for what, values in zip((*ENDS, ALONE), (number.low, number.high, number.alone), strict=True):
                if np.isfinite(values).any():
                    columns[name + what] = values
        text: str = pd.DataFrame(columns).to_csv(index=False, lineterminator="\n")
        return text.encode()

    def order(self, by: str, downwards: bool = False, only: Sequence[int] | None = None) -> NDArray[np.int64]:
        """Rows sorted by "person", "group", "choices" or a number; who has none comes last.

        Args:
            by: the column.
            downwards: whether the highest comes first.
            only: the rows to be sorted; all when None.
        """
        rows = np.arange(len(self)) if only is None else np.asarray(only, dtype=np.int64)
        values: Any = {"person": self.labels, "group": self.groups, "choices": self.n_choices}.get(by)
        if values is None:
            values = self.numbers[by].values
        column = np.asarray(values)[rows]
        if column.dtype.kind == "f":
            last = ~np.isfinite(column)
            return rows[np.lexsort((-column if downwards else column, last))]
        order = np.argsort(column, kind="stable")
        return rows[order[::-1] if downwards else order]

    def search(self, text: str) -> list[int]:
        """Rows whose person or group has this text."""
        wanted = text.strip().casefold()
        both = zip(self.labels, self.groups, strict=True)
        return [at for at, row in enumerate(both) if any(wanted in one.casefold() for one in row)]

    def in_groups(self, name: str) -> list["InGroup"]:
        """Mean and spread of a number in each group, in the order of their names."""
        values, groups = self.numbers[name].values, np.array(self.groups, dtype=object)
        rows = []
        for group in sorted(set(self.groups)):
            of_group = groups == group
            own = values[of_group & np.isfinite(values)]
            if len(own):
                spread = float(own.std(ddof=1)) if len(own) > 1 else float("nan")
                rows.append(InGroup(group, len(own), int(of_group.sum()), float(own.mean()), spread))
        return rows


@dataclass(frozen=True)
class InGroup:
    """A number in a group of people.

    Attributes:
        group: its name.
        n: people whose number is identified.
        n_all: people of the group.
        mean: of theirs.
        spread: standard deviation between them; NaN for one person.
    """

    group: str
    n: int
    n_all: int
    mean: float
    spread: float

    @property
    def ends(self) -> tuple[float, float]:
        """The interval of the mean, by Student's t; NaN for fewer people than are tested, and
        for those in no group.
        """
        if self.n < LEAST or MISSING in self.group.split(", "):
            return float("nan"), float("nan")
        half = float(stats.t.ppf((1 + LEVEL) / 2, self.n - 1)) * self.spread / float(np.sqrt(self.n))
        return self.mean - half, self.mean + half


@dataclass(frozen=True)
class InModel:
    """A group's mean in the group model, as `group_table` has it.

    Attributes:
        group: its name.
        mean: with the ends `low` and `high` of its interval.
        apart: the difference from the column's first group, with `apart_low` and `apart_high`; NaN for that.
        holm: the probability of such a difference by chance, counted together with all others.
        n_tests: how many these are.
    """

    group: str
    mean: float
    low: float
    high: float
    apart: float
    apart_low: float
    apart_high: float
    holm: float
    n_tests: int


@lru_cache(maxsize=1)
def people_in(result: Result) -> People:
    """Return the people of a result.

    Raises:
        ValueError: There are no equations, or the run was recorded earlier.
    """
    table = result.people
    if table is None:
        raise ValueError("There are no people yet. Train first.")
    keys = tuple(table["participant"])
    columns = list(table.columns)
    group_columns = columns[1 : columns.index("n_sessions")]
    named = table[group_columns].fillna("").astype(str).replace(r"^\s*$", MISSING, regex=True)
    groups = named.agg(", ".join, axis=1) if group_columns else None
    return People(
        labels=tuple(map(str, keys)),
        group_name=", ".join(group_columns),
        groups=("",) * len(keys) if groups is None else tuple(groups),
        n_choices=table["n_choices"].to_numpy(dtype=float),
        numbers=dict(_numbers(result, table, keys)) | dict(_rival(result, keys)),
        keys=keys,
        n_others=int((table[instead] != "").sum()) if (instead := column_instead(table)) else 0,
        compared=_look_up_groups(result),
    )


def _look_up_groups(result: Result) -> dict[str, tuple[InModel, ...]]:
    """Look up the groups of each number in the group model, by the names that numbers have here."""
    assert result.estimator is not None
    table = group_tables.group_table(result.estimator)
    n_tests = group_tables.n_tests(table)
    several = len(table) > 0 and table["column"].nunique() > 1
    found: dict[str, tuple[InModel, ...]] = {}
    for row in table.to_dict("records"):
        one = InModel(
            group=f"{row['column']}: {row['group']}" if several else str(row["group"]),
            mean=row["value"],
            **{name: row[name] for name in ("low", "high", "apart", "apart_low", "apart_high", "holm")},
            n_tests=n_tests,
        )
        found[_name_column(row["name"])] = (*found.get(_name_column(row["name"]), ()), one)
    return found


def _name_column(name: str) -> str:
    """Give the name that a column of the table of people has here."""
    module, _, term = name.partition(": ")
    words = f"{term} of {module.removeprefix('x_').replace('_', ' ')}" if term else name
    return {**LIKELIHOODS, **PARAMETERS}.get(name, words)


def _numbers(
    result: Result, table: "pd.DataFrame", keys: Sequence[Hashable]
) -> Iterator[tuple[str, ParameterColumn]]:
    """Yield the numbers of the table of people, under the names that they have here: what is read off the
    equations first, then the equations.
    """
    first = table.columns.get_loc("n_numbers") + 1
    names = [name for name in table.columns[first:] if not name.endswith(ENDS) and name not in LEARNERS]
    for name in (*LIKELIHOODS, *sorted(names, key=lambda name: ": " in name)):
        values = table[name].to_numpy(dtype=float)
        if name == "alpha_penalty" and np.array_equal(values, table["alpha_reward"], equal_nan=True):
            continue
        ends = [table[name + end].to_numpy(dtype=float) if name + end in table else None for end in ENDS]
        module, _, term = name.partition(": ")
        alone = _alone(result, module, term, keys)
        yield _name_column(name), _number(values, ends[0], ends[1], alone)


def _number(
    values: Floats, low: Floats | None = None, high: Floats | None = None, alone: Floats | None = None
) -> ParameterColumn:
    """Return a number; an interval without an end is none."""
    nothing = np.full(len(values), np.nan)
    if low is None or high is None:
        low = high = nothing
    known = np.isfinite(low) & np.isfinite(high)
    low, high = np.where(known, low, np.nan), np.where(known, high, np.nan)
    return ParameterColumn(values, low, high, nothing if alone is None else alone)


def _alone(result: Result, module: str, term: str, keys: Sequence[Hashable]) -> Floats | None:
    """Return a coefficient as it was before it was drawn to the mean of the group; None where nothing was
    pooled.
    """
    group: Group | None = getattr(result.estimator, "group_", None)
    if group is None or result.snapshot.discovery.pooling == "none":
        return None
    names = [
        (one.module, "" if one.term is None else term_in_words(one.term, one.module)) for one in group.numbers
    ]
    if (module, term) not in names:
        return None
    at = names.index((module, term))
    is_own = group.numbers[at].term == (module,)
    values, shrinkage = group.values[:, at], group.shrinkage[:, at]
    pooled = np.arctanh(np.clip(values, -1 + 1e-12, 1 - 1e-12)) if is_own else values
    told = np.where(group.active[:, at] & (shrinkage < 0.999), 1 - shrinkage, np.nan)
    alone = (pooled - shrinkage * group.centres[:, at]) / told
    assert result.spice is not None
    own = dict(zip([result.spice.participants[code] for code in group.participants], alone, strict=True))
    column = np.array([own.get(key, np.nan) for key in keys])
    return np.tanh(column) if is_own else column


def _rival(result: Result, keys: Sequence[Hashable]) -> Iterator[tuple[str, ParameterColumn]]:
    """Yield the likelihood of the choices under the rival, and its parameters."""
    rival = result.rival
    if rival is None:
        return
    place = {label: at for at, label in enumerate(rival.participants)}
    rows = [place[key] for key in keys]
    with np.errstate(divide="ignore", invalid="ignore"):
        yield f"likelihood, {rival.rival.label}", _number(np.exp(-rival.nll / rival.n_choices)[rows])
    ends = rival.intervals()
    for at, name in enumerate(rival.names):
        yield (
            f"{SYMBOLS.get(name, name)}, {rival.rival.label}",
            _number(rival.values[rows, at], *ends[:, rows, at]),
        )


def trials_of(result: Result) -> bytes:
    """Values, prediction errors and P of every choice under the equations, as a file: a row for each row of
    the table, or for each simulated trial.

    Raises:
        ValueError: There are no equations, or the run was recorded earlier.
    """
    if result.estimator is None or result.spice is None:
        raise ValueError("There is nothing to follow trial by trial yet. Train first.")
    contents = result.snapshot.table.contents
    data = result.dataset if contents is None else contents.choices
    frame = cells.safe_frame(trials.regressors(result.estimator.spice_agent, data))
    return str(frame.to_csv(index=False, lineterminator="\n")).encode()


def people_from(content: bytes) -> People:
    """Return the people of a table that was saved.

    Raises:
        SettingsError: For anything else.
    """
    wrong = "A saved table of people has the columns person, group and choices, and parameters"
    if len(content) > MOST_BYTES:
        raise SettingsError(
            [f"{wrong}, in up to {MOST_BYTES / 1e6:g} MB; this file has more. Choose another."]
        )
    try:
        frame = pd.read_csv(io.BytesIO(content), dtype=str)  # numbers come later, right to the last bit
        names = list(frame.columns)
        if names[0] != "person" or names[1].partition(":")[0] != "group" or names[2] != "choices":
            raise KeyError(names[0])
        numeric = frame[names[2:]].astype(float)
    except Exception as error:
        reason = str(error)[:100]
        raise SettingsError([f"{wrong}; this file has not ({reason}). Save one in this view."]) from None
    if not 1 <= len(frame) <= MOST_PEOPLE:
        raise SettingsError([f"{wrong}, of 1 to {MOST_PEOPLE:,} people; got {len(frame):,}. Choose another."])
    labels, groups = ([cells.plain_text(it) for it in frame[name].fillna("")] for name in names[:2])
    parts_of, numbers = (*ENDS, ALONE), {}
    for name in names[3:]:
        if not name.endswith(parts_of):
            parts = [numeric[name + end].to_numpy() if name + end in names else None for end in parts_of]
            numbers[name] = _number(numeric[name].to_numpy(), *parts)
    return People(
        tuple(map(str, labels)),
        names[1].partition(": ")[2],
        tuple(map(str, groups)),
        numeric["choices"].to_numpy(),
        numbers,
    )


def look_at(experiment: Experiment, result: Result | None, label: Hashable) -> None:
    """Open a person in all panels: the equations and a session of theirs."""
    experiment.person = label
    if result is None or result.snapshot.n_participants == 1:
        return
    people = people_of(result.snapshot)
    session = experiment.comparison.session
    own = label in people and people[min(session, len(people) - 1)] == label
    if label in people and not own:
        experiment.comparison.put({"session": people.index(label)})
