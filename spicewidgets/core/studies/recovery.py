"""What a design can tell: do fits of simulated choices give back what was simulated?

`ParameterRecovery` asks it of a rival's parameters, `ModelRecovery` of which rival it was, `TermRecovery` of
the terms of equations. Each simulates many data sets of one design (Wilson & Collins 2019, eLife 8: e49547).
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..checks import number, raise_if_any
from ..data.simulated import create_dataset
from ..discover.comparison import compare
from ..equations import SpiceModel, term_text
from ..estimator import SpiceEstimator, SpiceWarning
from ..models import READY
from ..read.translation import true_model
from ..rivals.declaration import Rival
from ..rivals.design import Design, drawn_values, simulate_rival
from ..rivals.fit import WAYS, FittedRival, fit_rival, resolve_model
from ..rivals.model import Floats
from ..rivals.ready import RIVALS
from ..settings import Participant, SettingsError, Task
from ..simulate.agents import make_agent
from ..simulate.environments import make_environment
from .data_sets import DataSetStudy

CRITERIA = {"bic": "likelihood", "aic": "likelihood", "evidence": "prior"}  # and how rivals are fitted for it
REFERENCE = 10_000  # choices on which the true terms are told apart
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
        raise_if_any([_whole("n_datasets", n_datasets), _one_of("way", way, WAYS), _same(self.rival, fitted)])
        pool = None if fitted is None else fitted.values
        self._parts = [
            (self.rival, design, pool, way, seed) for seed in _seeds(random_state, int(n_datasets))
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
                    "correlation": _correlation(parameter.to_scale(true), parameter.to_scale(value)),
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
                _whole("n_datasets", n_datasets),
                _one_of("criterion", criterion, CRITERIA),
                None
                if len(set(self.names)) == len(self.names) > 1
                else f"rivals must be two or more with names of their own; got {list(self.names)}."
                " Name others.",
                *(_same(rival, known.get(rival.name)) for rival in self.rivals),
            ]
        )
        pools = [known[name].values if name in known else None for name in self.names]
        seeds = iter(_seeds(random_state, int(n_datasets) * len(self.rivals)))
        self._parts = [
            (self.rivals, place, design, pools[place], criterion, next(seeds))
            for _ in range(int(n_datasets))
            for place in range(len(self.rivals))
        ]

    @property
    def work(self) -> Callable[..., Any]:
        """Simulates one data set and fits all rivals."""
        return _scores

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
        raise_if_any([_one_of("of", of, ("people", "datasets"))])
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


class TermRecovery(DataSetStudy):
    """Which terms of a participant's equations are found, missed and made up, by the number of choices?

    The true terms are those of the participant's equations as 10,000 choices would have them written: what no
    choice can tell apart is written in one way (`discover/comparison.py`).

    Args:
        participant: who is simulated.
        task: what they play.
        model: name of a ready model, as in `spicewidgets discover --model`.
        trials: of each session.
        sessions: how many; several numbers for as many sizes.
        n_datasets: simulated data sets of each size.
        random_state: seed of all.
        **options: for `SpiceEstimator`.
    """

    fields = ("choices", "terms")

    def __init__(
        self,
        participant: Participant | None = None,
        task: Task | None = None,
        model: str = "rescorla-wagner",
        *,
        trials: int = 100,
        sessions: int | Sequence[int] = 100,
        n_datasets: int = 20,
        random_state: int = 0,
        **options: Any,
    ) -> None:
        super().__init__()
        sizes = [sessions] if isinstance(sessions, int | np.integer) else list(sessions)
        counts = [("trials", trials), ("n_datasets", n_datasets), *(("sessions", size) for size in sizes)]
        raise_if_any([*(_whole(name, value) for name, value in counts), _one_of("model", model, READY)])
        who, where = (participant or Participant()).checked(), (task or Task()).checked()
        seeds = iter(_seeds(random_state, n_datasets * len(sizes)))
        self._parts = [
            (who, where, model, int(size), int(trials), dict(options), random_state, next(seeds))
            for _ in range(n_datasets)
            for size in sizes
        ]

    @property
    def work(self) -> Callable[..., Any]:
        """Simulates one data set and finds its equations."""
        return _terms

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each data set and candidate term.

        Columns: `choices`, `module`, `term`, its `true` coefficient (0 where it is not there), the one that
        was found as `value`, and the `outcome`: found, missed, made up, or rightly absent.
        """
        frames = []
        for place, result in zip(sorted(self.results), self._results(), strict=True):
            frame = pd.DataFrame(result["terms"])
            frame.insert(0, "choices", result["choices"])
            frame.insert(0, "dataset", place)
            frames.append(frame)
        frame = pd.concat(frames, ignore_index=True)
        there, seen = frame["true"] != 0, frame["value"] != 0
        names = np.select([there & seen, there, seen], ["found", "missed", "made up"], "rightly absent")
        return frame.assign(outcome=names)

    def summary(self) -> pd.DataFrame:
        """Return a row for each number of choices and term: shares of data sets in which the term was found,
        missed, made up; and the number of data sets.
        """
        frame = self.to_frame()
        groups = frame.groupby(["choices", "module", "term"], sort=False)["outcome"]
        shares = groups.value_counts(normalize=True).unstack(fill_value=0.0)
        shares = shares.reindex(columns=["found", "missed", "made up"], fill_value=0.0)
        return shares.assign(datasets=groups.size()).sort_index(level="choices", sort_remaining=False)

    def exact(self) -> pd.Series:
        """Share of data sets in which exactly the true terms were found, by the number of choices."""
        frame = self.to_frame()
        right = frame["outcome"].isin(["found", "rightly absent"])
        return right.groupby([frame["choices"], frame["dataset"]]).all().groupby("choices").mean()


def _parameters(rival: Rival, design: Design, pool: Floats | None, way: str, seed: int) -> dict[str, Any]:
    """One data set of `ParameterRecovery`."""
    values = drawn_values(rival, design.n_actions, design.n_people, pool, seed)
    fit = fit_rival(rival, simulate_rival(rival, values, design, seed), way)
    return {"true": values, "value": fit.values, "error": fit.errors, "at_bound": fit.at_bound}


def _scores(
    rivals: Sequence[Rival], place: int, design: Design, pool: Floats | None, criterion: str, seed: int
) -> dict[str, Any]:
    """One data set of `ModelRecovery`."""
    values = drawn_values(rivals[place], design.n_actions, design.n_people, pool, seed)
    data = simulate_rival(rivals[place], values, design, seed)
    fits = [fit_rival(rival, data, CRITERIA[criterion]) for rival in rivals]
    columns = [fit.evidence if criterion == "evidence" else -getattr(fit, criterion) / 2 for fit in fits]
    return {"simulated": place, "scores": np.column_stack(columns)}


def _terms(
    participant: Participant,
    task: Task,
    model: str,
    n_sessions: int,
    n_trials: int,
    options: Mapping[str, Any],
    reference_seed: int,
    seed: int,
) -> dict[str, Any]:
    """One data set of `TermRecovery`."""
    agent = make_agent(participant, task.n_actions)
    data, _, _ = create_dataset(agent, make_environment(task), n_trials, n_sessions, random_state=seed)
    n_reference = -(-REFERENCE // n_trials)
    reference, _, _ = create_dataset(
        agent, make_environment(task), n_trials, n_reference, random_state=reference_seed
    )
    row = READY[model]
    estimator = SpiceEstimator(
        row.rnn_class, row.config, n_actions=task.n_actions, random_state=seed, **options
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpiceWarning)  # that a term is uncertain is what is counted here
        estimator.fit(data)
    spice = estimator.spice_model_
    betas = {state: spice.beta(state) for state in spice.betas}
    truth = true_model(agent, estimator.rnn_model_, estimator.spice_config, betas=betas)
    own = {state: values[0] for state, values in spice.betas.items()}
    found = SpiceModel.of(*spice.of_participant().values(), betas=own)
    written = compare(found, truth, estimator.rnn_model_, reference, estimator.spice_config).truth
    terms = [
        {
            "module": module,
            "term": term_text(term),
            "true": written.equation(module).coefficient(*term),
            "value": found.equation(module).coefficient(*term),
        }
        for module, rows in found.equations.items()
        for term in (rows[0].terms if rows[0] is not None else ())
    ]
    return {"choices": n_sessions * n_trials, "terms": terms}


def _seeds(random_state: int, n: int) -> list[int]:
    """Return a seed for each part; the first ones are the same, however many there are."""
    if not (number(random_state) >= 0 and number(random_state) % 1 == 0):
        raise SettingsError(
            [f"random_state must be a whole number, 0 or more; got {random_state!r}. Use for example 1."]
        )
    drawn: list[int] = np.random.default_rng(int(random_state)).integers(2**31, size=n).tolist()
    return drawn


def _whole(name: str, value: Any) -> str | None:
    if number(value) >= 1 and number(value) % 1 == 0:
        return None
    return f"{name} must be a whole number, 1 or more; got {value!r}. Use for example 20."


def _one_of(name: str, value: Any, known: Any) -> str | None:
    if value in known:
        return None
    return f"{name} must be one of {', '.join(known)}; got {value!r}. Choose one of these."


def _same(rival: Rival, fitted: FittedRival | None) -> str | None:
    if fitted is None or fitted.rival.name == rival.name:
        return None
    return f"fitted must be fits of {rival.name!r}; got those of {fitted.rival.name!r}. Fit {rival.name!r}."


def _correlation(one: Floats, other: Floats) -> float:
    if len(one) < 2 or any(np.ptp(part) <= EQUAL * np.abs(part).max() for part in (one, other)):
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])
