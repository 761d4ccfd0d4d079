"""What a design can tell: do fits of simulated choices give back what was simulated?

`ParameterRecovery` asks it of a rival's parameters, `ModelRecovery` of which rival it was; `term_recovery.py`
asks it of the terms of equations. Each simulates many data sets of one design (Wilson & Collins 2019,
eLife 8: e49547).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..checks import raise_if_any
from ..rivals.declaration import Rival
from ..rivals.design import Design, drawn_values, simulate_rival
from ..rivals.fit import WAYS, FittedRival, fit_rival, resolve_model
from ..rivals.model import Floats
from ..rivals.ready import RIVALS
from ..wording import count_people
from .data_sets import DataSetStudy, check_choice, check_whole, draw_seeds

CRITERIA = {"bic": "likelihood", "aic": "likelihood", "evidence": "prior"}  # and how rivals are fitted for it
EQUAL = 1e-9  # share of the largest value: values whose range is less are one value
COVERED = 1.96  # errors on each side of a value: the interval of 95 %


class ParameterRecovery(DataSetStudy):
    """Are a rival's parameters given back?

    Args:
        rival: which one; also by name.
        design: who plays what.
        fitted: people whose parameters the simulated people have; drawn from the declared prior when None.
        way: how they are fitted, as in `fit_rival`.
        n_datasets: simulated data sets.
        random_state: seed of all.
    """

    fields = ("true", "value", "error", "at_bound")

    def __init__(
        self,
        rival: Rival | type[Rival] | str,
        design: Design,
        fitted: FittedRival | None = None,
        *,
        way: str = "likelihood",
        n_datasets: int = 20,
        random_state: int = 0,
    ) -> None:
        super().__init__()
        self.rival, self.design, self.way = resolve_model(rival), design, way
        self.is_fitted = fitted is not None  # whether people have fitted parameters, and not drawn ones
        raise_if_any(
            [check_whole("n_datasets", n_datasets), check_choice("way", way, WAYS), _same(self.rival, fitted)]
        )
        pool = None if fitted is None else fitted.values
        self._parts = [
            (self.rival, design, pool, way, seed) for seed in draw_seeds(random_state, int(n_datasets))
        ]

    @property
    def work(self) -> Callable[..., Any]:
        """Simulates and fits one data set."""
        return _parameters

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each data set, person and parameter: true and found value, error, whether at a
        bound.
        """
        names = [name for name, _ in self.rival.columns(self.design.n_actions)]
        frames = []
        for place, result in zip(sorted(self.results), self._results(), strict=True):
            n = len(result["true"])
            columns = {
                key: np.array(result[key]).reshape(n * len(names))
                for key in ("true", "value", "error", "at_bound")
            }
            who = {"dataset": place, "person": np.repeat(np.arange(n), len(names)), "parameter": names * n}
            frames.append(pd.DataFrame(who | columns))
        return pd.concat(frames, ignore_index=True)

    def summary(self) -> pd.DataFrame:
        """Return a row for each parameter.

        Columns: `correlation` of true and found values on the parameter's scale; `bias`, the mean of found
        less true, and `rmse`, in units of the parameter; `covered`, the share of 95 % intervals that hold the
        truth, among values that have an error; `at_bound`, the share of values at a bound; `n`.
        """
        frame, rows = self.to_frame(), []
        for name, parameter in self.rival.columns(self.design.n_actions):
            own = frame[frame["parameter"] == name]
            true, value = own["true"].to_numpy(), own["value"].to_numpy()
            known = np.isfinite(own["error"].to_numpy(float))
            inside = np.abs(value - true) <= COVERED * own["error"].to_numpy(float)
            rows.append(
                {
                    "parameter": name,
                    "correlation": correlation_of(parameter.to_scale(true), parameter.to_scale(value)),
                    "bias": (value - true).mean(),
                    "rmse": np.sqrt(((value - true) ** 2).mean()),
                    "covered": inside[known].mean() if known.any() else np.nan,
                    "at_bound": own["at_bound"].mean(),
                    "n": len(own),
                }
            )
        return pd.DataFrame(rows).set_index("parameter")

    def tradeoffs(self) -> pd.DataFrame:
        """Correlations between the errors of parameters, on their scales: what is mistaken together."""
        columns = self.rival.columns(self.design.n_actions)
        frame = self.to_frame()
        errors = {
            name: (
                parameter.to_scale(frame.loc[frame["parameter"] == name, "value"])
                - parameter.to_scale(frame.loc[frame["parameter"] == name, "true"])
            )
            for name, parameter in columns
        }
        return pd.DataFrame(errors).corr()

    def tables(self) -> dict[str, tuple[str, pd.DataFrame]]:
        """As in every study."""
        return {
            "summary": (f"How the parameters of {self.rival.name} come back", self.summary()),
            "tradeoffs": ("Correlations between their errors", self.tradeoffs()),
        }

    def overview(self) -> pd.DataFrame:
        """As in every study."""
        return self.summary().reset_index().assign(learners=self.rival.label)

    def describe(self) -> str:
        """Say which parameters come back worst and best."""
        known, label = self.summary()["correlation"].dropna().sort_values(), self.rival.label
        if not len(known):
            return f"No parameter of {label} differs between these people."
        worst, best = known.index[0], known.index[-1]
        words = f"{worst} comes back with a correlation of {known.iloc[0]:.2f}"
        if worst == best:
            return f"Of {label}, {words}."
        return f"Of {label}, {words}, {best} with {known.iloc[-1]:.2f}."


class ModelRecovery(DataSetStudy):
    """Is it told which rival made the choices?

    Args:
        design: who plays what.
        rivals: which are told apart; all ready ones unless others are named.
        fitted: people whose parameters the simulated people have, by the rival's name; a rival that is not
            there has parameters drawn from its declared prior.
        criterion: by what a rival is the best for a person: "bic", "aic" or "evidence" (Laplace's, under the
            declared priors).
        n_datasets: simulated data sets of each rival.
        random_state: seed of all.
    """

    fields = ("simulated", "scores")

    def __init__(
        self,
        design: Design,
        rivals: Sequence[Rival | type[Rival] | str] = tuple(RIVALS),
        fitted: Mapping[str, FittedRival] | None = None,
        *,
        criterion: str = "bic",
        n_datasets: int = 1,
        random_state: int = 0,
    ) -> None:
        super().__init__()
        self.design, self.criterion = design, criterion
        self.rivals = tuple(resolve_model(rival) for rival in rivals)
        self.names = tuple(rival.name for rival in self.rivals)
        known = dict(fitted or {})
        raise_if_any(
            [
                check_whole("n_datasets", n_datasets),
                check_choice("criterion", criterion, CRITERIA),
                None
                if len(set(self.names)) == len(self.names) > 1
                else f"rivals must be two or more with names of their own; got {list(self.names)}."
                " Name others.",
                *(_same(rival, known.get(rival.name)) for rival in self.rivals),
            ]
        )
        pools = [known[name].values if name in known else None for name in self.names]
        seeds = iter(draw_seeds(random_state, int(n_datasets) * len(self.rivals)))
        self._parts = [
            (self.rivals, place, design, pools[place], criterion, next(seeds))
            for _ in range(int(n_datasets))
            for place in range(len(self.rivals))
        ]

    @property
    def work(self) -> Callable[..., Any]:
        """Simulates one data set and fits all rivals."""
        return score_rivals

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each data set and person: the rival that was simulated, and the score of each
        rival in nats; higher is better.
        """
        frames = []
        for place, result in zip(sorted(self.results), self._results(), strict=True):
            frame = pd.DataFrame(result["scores"], columns=list(self.names))
            frame.insert(0, "simulated", self.names[result["simulated"]])
            frame.insert(0, "person", np.arange(len(frame)))
            frame.insert(0, "dataset", place)
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def counts(self, of: str = "people") -> pd.DataFrame:
        """Count how often each rival (column) was the best where each (row) was simulated.

        Args:
            of: "people" counts people, "datasets" data sets by the sum over their people.
        """
        raise_if_any([check_choice("of", of, ("people", "datasets"))])
        frame = self.to_frame()
        if of == "datasets":
            frame = frame.groupby(["dataset", "simulated"], sort=False)[list(self.names)].sum().reset_index()
        best = frame[list(self.names)].to_numpy().argmax(1)
        table = pd.crosstab(frame["simulated"], np.array(self.names)[best])
        return table.reindex(index=list(self.names), columns=list(self.names), fill_value=0).rename_axis(
            index="simulated", columns="best"
        )

    def confusion(self, of: str = "people") -> pd.DataFrame:
        """P(best | simulated): rows add up to 1; NaN for what was not simulated yet."""
        counts = self.counts(of)
        return counts.div(counts.sum(axis=1).replace(0, np.nan), axis=0)

    def inversion(self, of: str = "people") -> pd.DataFrame:
        """P(simulated | best), if all were equally likely beforehand: columns add up to 1."""
        confusion = self.confusion(of)
        return confusion.div(confusion.sum(axis=0).replace(0, np.nan), axis=1)

    def tables(self) -> dict[str, tuple[str, pd.DataFrame]]:
        """As in every study."""
        by = f"P(best | simulated), by {self.criterion.upper()}, of people"
        inverse = "P(simulated | best), if all were equally likely"
        return {"confusion": (by, self.confusion()), "inversion": (inverse, self.inversion())}

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the rivals."""
        return tuple(rival.label for rival in self.rivals)

    def overview(self) -> pd.DataFrame:
        """As in every study."""
        frame = pd.DataFrame(self.counts().to_numpy(), index=self.labels, columns=self.labels)
        return frame.rename_axis("simulated").reset_index()

    def describe(self) -> str:
        """Give the share of people whose rival is recovered, and the most frequent confusion."""
        counts = self.counts().to_numpy()
        totals = counts.sum(axis=1)
        n, right = int(totals.sum()), int(np.trace(counts))
        wrong = counts / np.maximum(totals, 1)[:, None]
        np.fill_diagonal(wrong, 0)
        row, column = np.unravel_index(int(wrong.argmax()), wrong.shape)
        words = f"{right:,} of {count_people(n)} are taken for what they are."
        if wrong[row, column] > 0:
            one, other = self.labels[row], self.labels[column]
            words += f" Mistaken most: {one} for {other} ({counts[row, column]} of {totals[row]})."
        return words


def _parameters(rival: Rival, design: Design, pool: Floats | None, way: str, seed: int) -> dict[str, Any]:
    """One data set of `ParameterRecovery`."""
    values = drawn_values(rival, design.n_actions, design.n_people, pool, seed)
    fit = fit_rival(rival, simulate_rival(rival, values, design, seed), way)
    return {"true": values, "value": fit.values, "error": fit.errors, "at_bound": fit.at_bound}


def score_rivals(
    rivals: Sequence[Rival], place: int, design: Design, pool: Floats | None, criterion: str, seed: int
) -> dict[str, Any]:
    """One data set of `ModelRecovery`."""
    values = drawn_values(rivals[place], design.n_actions, design.n_people, pool, seed)
    data = simulate_rival(rivals[place], values, design, seed)
    fits = [fit_rival(rival, data, CRITERIA[criterion]) for rival in rivals]
    columns = [fit.evidence if criterion == "evidence" else -getattr(fit, criterion) / 2 for fit in fits]
    return {"simulated": place, "scores": np.column_stack(columns)}


def _same(rival: Rival, fitted: FittedRival | None) -> str | None:
    if fitted is None or fitted.rival.name == rival.name:
        return None
    return f"fitted must be fits of {rival.name!r}; got those of {fitted.rival.name!r}. Fit {rival.name!r}."


def correlation_of(one: Floats, other: Floats) -> float:
    """Return the correlation of two arrays; NaN where one of them is one value."""
    if len(one) < 2 or any(np.ptp(part) <= EQUAL * np.abs(part).max() for part in (one, other)):
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])
