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

from ..core.equations import SpiceModel, Term, term_in_words
from ..core.read.translation import classical_parameters
from ..core.settings import SettingsError
from ..loading import later
from ..state.experiment import Experiment
from .result import Result
from .settle import values_of
from .simulation import people_of
from .table import group_of

if TYPE_CHECKING:
    import pandas as pd

    from ..core.data.tables import cells
    from ..core.discover.group import Group
else:
    cells = later("..core.data.tables.cells", __package__)
    pd = later("pandas")

Floats = NDArray[np.float64]
LEVEL_90 = 1.645  # standard errors, within which 90 of 100 estimates lie
MOST_BYTES = 5_000_000  # of a saved table
MOST_PEOPLE = 5_000
ERROR, ALONE = " error", " alone"  # what follows the name of a number in a saved table
PARAMETERS = {
    "alpha_reward": "learning rate α",
    "alpha_penalty": "α after no reward",
    "beta_reward": "inverse temperature β",
    "forget_rate": "forgetting",
    "beta_choice": "choice kernel β",
    "alpha_choice": "choice kernel α",
}
LIKELIHOODS = {
    "spice": "likelihood, SPICE",
    "rnn": "likelihood, RNN",
    "classical": "likelihood, Rescorla-Wagner",
}
RIVAL = {"alpha": "α, Rescorla-Wagner", "beta": "β, Rescorla-Wagner"}


@dataclass(frozen=True, eq=False)
class Number:
    """One number of every person.

    Attributes:
        values: `(n_people,)`; NaN where a person has none.
        errors: standard errors; NaN where there is none.
        alone: the value before it was drawn towards the group; NaN where nothing was pooled.
    """

    values: Floats
    errors: Floats
    alone: Floats

    @property
    def low(self) -> Floats:
        """Lower end of the 90 % interval."""
        return self.values - LEVEL_90 * self.errors

    @property
    def high(self) -> Floats:
        """Upper end of the 90 % interval."""
        return self.values + LEVEL_90 * self.errors


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
    """

    labels: tuple[str, ...]
    group_name: str
    groups: tuple[str, ...]
    n_choices: Floats
    numbers: Mapping[str, Number]
    keys: tuple[Hashable, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.labels)

    def to_csv(self) -> bytes:
        """The table as a file from which `people_from` makes the same; names are safe in a spreadsheet."""
        columns: dict[str, Any] = {
            "person": [cells.safe_text(label) for label in self.labels],
            f"group: {self.group_name}" if self.group_name else "group": [
                cells.safe_text(group) for group in self.groups
            ],
            "choices": self.n_choices.astype(int),
        }
        for name, number in self.numbers.items():
            columns[name] = number.values
            for what, values in ((ERROR, number.errors), (ALONE, number.alone)):
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
            own = values[(groups == group) & np.isfinite(values)]
            if len(own):
                spread = float(own.std(ddof=1)) if len(own) > 1 else float("nan")
                rows.append(InGroup(group, len(own), float(own.mean()), spread))
        return rows


@dataclass(frozen=True)
class InGroup:
    """A number in a group of people.

    Attributes:
        group: its name.
        n: people who have the number.
        mean: of theirs.
        spread: standard deviation between them; NaN for one person.
    """

    group: str
    n: int
    mean: float
    spread: float

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return self.spread / float(np.sqrt(self.n))


@lru_cache(maxsize=1)
def people_in(result: Result) -> People:
    """The people of a result.

    Raises:
        ValueError: There are no equations.
    """
    spice = result.spice
    if spice is None:
        raise ValueError("There is no equation yet. Train first.")
    group_name, groups = ("", {}) if result.snapshot.is_simulated else group_of(result.snapshot.table)
    numbers = dict(_likelihoods(result, spice)) | dict(_parameters(result, spice))
    numbers |= dict(_coefficients(result, spice)) | dict(_rivals(result, spice))
    return People(
        labels=tuple(map(str, spice.participants)),
        group_name=group_name,
        groups=tuple(groups.get(label, "") for label in spice.participants),
        n_choices=_sums(result, spice, (_known(result)).astype(float).sum(1)),
        numbers=numbers,
        keys=spice.participants,
    )


def _known(result: Result) -> NDArray[np.bool_]:
    """Choices that are predicted: made, and after a trial that was observed, `(n_sessions, n_trials - 1)`."""
    seen: NDArray[np.bool_] = (result.choices[:, 1:] >= 0) & (result.choices[:, :-1] >= 0)
    return seen


def _sums(result: Result, spice: SpiceModel, values: Floats) -> Floats:
    """Sums over the sessions of each person."""
    place = {label: at for at, label in enumerate(spice.participants)}
    labels = people_of(result.snapshot)
    one = len(place) == 1
    codes = [0 if one else place[label] for label in labels]
    return np.bincount(codes, values, minlength=len(place)).astype(float)


def _number(values: Floats, errors: Floats | None = None, alone: Floats | None = None) -> Number:
    nothing = np.full(len(values), np.nan)
    errors = nothing if errors is None else np.where(np.isfinite(errors), errors, np.nan)
    return Number(values, errors, nothing if alone is None else alone)


def _likelihoods(result: Result, spice: SpiceModel) -> Iterator[tuple[str, Number]]:
    """The geometric mean of P of each person's choices, under each agent."""
    known, chosen = _known(result), np.maximum(result.choices[:, 1:], 0)[..., None]
    n = _sums(result, spice, known.astype(float).sum(1))
    for layer, name in LIKELIHOODS.items():
        if layer in result.played:
            p = result.played[layer].probabilities[:, 1 : result.choices.shape[1]]
            nats = np.where(
                known, -np.log(np.maximum(np.take_along_axis(p, chosen, -1)[..., 0], 1e-300)), 0.0
            )
            total = _sums(result, spice, nats.sum(1))
            yield name, _number(np.exp(-np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0)))


def _parameters(result: Result, spice: SpiceModel) -> Iterator[tuple[str, Number]]:
    """The classical parameters that the equations stand for."""
    model, errors = values_of(result.snapshot), result.uncertainty
    each = [classical_parameters(spice, model, label) for label in spice.participants]
    for name, words in PARAMETERS.items():
        values = np.array([one.get(name, np.nan) for one in each])
        same = name == "alpha_penalty" and all(one.get(name) == one.get("alpha_reward") for one in each)
        if np.isfinite(values).any() and not same:
            errors_of = [
                errors[label].parameters.get(name, np.nan) if label in errors else np.nan
                for label in spice.participants
            ]
            yield words, _number(values, np.array(errors_of))


def _coefficients(result: Result, spice: SpiceModel) -> Iterator[tuple[str, Number]]:
    """The coefficients of all terms that anybody has."""
    group: Group | None = getattr(result.estimator, "group_", None) if _is_pooled(result) else None
    for module, equations in spice.equations.items():
        for term in dict.fromkeys(term for one in equations if one is not None for term in one.terms):
            values = np.array([np.nan if one is None else one.coefficient(*term) for one in equations])
            if not values.any():
                continue
            words = f"{term_in_words(term, module)} of {module.removeprefix('x_').replace('_', ' ')}"
            found = None if group is None else _pooled(group, module, term, len(equations))
            if found is not None:
                yield words, _number(values, *found)
                continue
            told = [
                result.uncertainty[label].coefficients.get(module, {}).get(term, np.nan)
                if label in result.uncertainty
                else np.nan
                for label in spice.participants
            ]
            yield words, _number(values, np.array(told))


def _is_pooled(result: Result) -> bool:
    return result.snapshot.discovery.pooling == "group"


def _pooled(group: "Group", module: str, term: Term, n: int) -> tuple[Floats, Floats] | None:
    """Errors given the group, and the values before they were drawn to its mean."""
    at = next((i for i, one in enumerate(group.numbers) if (one.module, one.term) == (module, term)), None)
    if at is None:
        return None
    is_own = term == (module,)
    values, shrinkage = group.values[:, at], group.shrinkage[:, at]
    pooled = np.arctanh(np.clip(values, -1 + 1e-12, 1 - 1e-12)) if is_own else values
    told = np.where(group.active[:, at] & (shrinkage < 0.999), 1 - shrinkage, np.nan)
    alone = (pooled - shrinkage * group.mean[at]) / told
    errors, before = np.full(n, np.nan), np.full(n, np.nan)
    errors[group.participants] = np.where(group.active[:, at], group.errors[:, at], np.nan)
    before[group.participants] = np.tanh(alone) if is_own else alone
    return errors, before


def _rivals(result: Result, spice: SpiceModel) -> Iterator[tuple[str, Number]]:
    rival = result.rival
    if rival is None:
        return
    place = {label: at for at, label in enumerate(rival.participants)}
    rows = [place[label] for label in spice.participants]
    for at, name in enumerate(rival.names):
        yield RIVAL[name], _number(rival.values[rows, at], rival.errors[rows, at])


def people_from(content: bytes) -> People:
    """The people of a table that was saved.

    Raises:
        SettingsError: For anything else.
    """
    wrong = "A saved table of people has the columns person, group and choices, and numbers"
    if len(content) > MOST_BYTES:
        raise SettingsError(
            [f"{wrong}, in up to {MOST_BYTES / 1e6:g} MB; this file has more. Choose another."]
        )
    try:
        frame = pd.read_csv(io.BytesIO(content), dtype={0: str, 1: str}, keep_default_na=True)
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
    ends, numbers = (ERROR, ALONE), {}
    for name in names[3:]:
        if not name.endswith(ends):
            parts = [numeric[name + end].to_numpy() if name + end in names else None for end in ends]
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
