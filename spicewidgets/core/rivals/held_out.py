"""Rivals, equations and networks in one table: how well each predicts choices that it did not learn from.

Each is fitted to one part of the choices and predicts the other, part by part (`folds.py`). Nothing of what
is predicted steers what is learned. Beside it stand the criteria that need no second part: AIC, BIC and
Laplace's evidence of all choices.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

from ..checks import raise_if_any
from ..data.dataset import DatasetRNN
from ..data.layout import guesses
from ..data.participants import index_participants
from ..equations import SpiceModel
from ..judge.misses import Expected, HeldOutChoices
from ..judge.random_effects import ModelFrequencies, model_frequencies
from ..judge.replay import nll_per_trial, stages_of
from ..progress import Progress, run_to_completion
from ..settings import LEVEL, SettingsError
from .ceiling import Ceiling
from .declaration import CEILING, Rival
from .fit import WAYS, FittedRival, fit_rival, resolve_model
from .folds import folds_of
from .model import Floats
from .ready import rivals_for

N_RESAMPLES = 2000


class Estimator(Protocol):
    """The part of an estimator that is needed: `SpiceEstimator`, not yet fitted, or anything alike."""

    rnn_model_: Any

    def fit_records(self, data: DatasetRNN) -> Any:
        """Fit it; yields now and then."""

    def predict(self, conditions: DatasetRNN) -> tuple[Floats, Floats]:
        """P of the next choices by the network and by the equations."""

    def count_parameters(self) -> Mapping[Any, int]:
        """Count the coefficients of each person's equations."""


class Ahead(NamedTuple):
    """The difference in predictive log likelihood between two models.

    Attributes:
        nats: per held-out choice; below 0 where it is worse.
        low, high: interval over people (95 %, people drawn anew); NaN for one person.
        people: of whom it predicts the choices better.
    """

    nats: float
    low: float
    high: float
    people: int


@dataclass(frozen=True)
class HeldOut:
    """Predictions of held-out choices; the first axis of arrays counts models, the second people.

    Attributes:
        by: how the choices were taken apart.
        n_folds: how often.
        models: their names.
        people: labels of the people of whom choices were predicted.
        nll: -ln P of held-out choices in nats, `(n_models, n_people)`.
        n_choices: predicted choices, `(n_people,)`.
        guesses: -ln P of these under guesses among the options on offer, in nats, `(n_people,)`.
        numbers: of each person, on average, `(n_models,)`; of a network, its weights divided by the people.
        aic, bic: of all choices, `(n_models, n_people)`; lower is better.
        evidence: ln p(all choices) by Laplace's approximation under the declared priors; NaN where there is
            no prior.
        fits: the rivals, fitted to all choices by maximum likelihood.
        random_state: seed of the intervals.
        estimators: the estimators, fitted to all choices, by name.
        equations: by name of an estimator, the equations of each part that was learned from; empty where an
            estimator has none.
        priors: the rivals, fitted to all choices under their declared priors.
        stages: where trials have several stages, -ln P of the held-out choices of each in nats, `(n_models,
            n_people)`, by the name of the stage.
        n_stages: predicted choices of each stage, `(n_people,)`, by its name.
        choices: the choices that were predicted, one by one; the people are those of `people`. None in a task
            of several stages.
        expected: what each model expected of them, by its name.
    """

    by: str
    n_folds: int
    models: tuple[str, ...]
    people: tuple[Any, ...]
    nll: Floats
    n_choices: Floats
    guesses: Floats
    numbers: Floats
    aic: Floats
    bic: Floats
    evidence: Floats
    fits: Mapping[str, FittedRival]
    random_state: int = 0
    estimators: Mapping[str, Any] = field(default_factory=dict)
    equations: Mapping[str, tuple[SpiceModel, ...]] = field(default_factory=dict)
    priors: Mapping[str, FittedRival] = field(default_factory=dict)
    stages: Mapping[str, Floats] = field(default_factory=dict)
    n_stages: Mapping[str, Floats] = field(default_factory=dict)
    choices: HeldOutChoices | None = None
    expected: Mapping[str, Expected] = field(default_factory=dict)

    @property
    def chance(self) -> float:
        """Loss of guesses among the options on offer, in nats per held-out choice."""
        return float(self.guesses.sum() / self.n_choices.sum())

    @property
    def likelihood(self) -> Floats:
        """Geometric mean of P of the held-out choices, `(n_models,)`."""
        likelihood: Floats = np.exp(-self.nll.sum(1) / self.n_choices.sum())
        return likelihood

    def frequencies(self) -> ModelFrequencies:
        """Estimate how many people each model predicts best, from ln P of held-out choices as the evidence
        (Soch et al. 2016, NeuroImage 141: 469).
        """
        return model_frequencies(pd.DataFrame(-self.nll.T, columns=list(self.models)))

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each model, the best first.

        Columns: `likelihood` per held-out choice with its interval over people (95 %, people drawn anew; none
        for one person), and of each stage alone, such as `likelihood_first_stage`, of a task of several;
        `behind`, by how many nats per choice it is worse than the best, with its interval;
        `numbers`; `frequency` and `protected` exceedance probability among people; sums of `aic`, `bic` and
        `evidence`.
        """
        best = int(self.likelihood.argmax())
        alone = np.nan if len(self.people) < 2 else 0.0
        means = self._resample(self.nll) + alone
        behind = self._resample(self.nll - self.nll[best]) + alone
        tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
        low, high = np.exp(-np.quantile(means, tails[::-1], axis=1))
        least, most = np.quantile(behind, tails, axis=1)
        columns = {
            "model": self.models,
            "likelihood": self.likelihood,
            "low": low,
            "high": high,
            **{
                stage_column(name): np.exp(-nll.sum(1) / self.n_stages[name].sum())
                for name, nll in self.stages.items()
            },
            "behind": (self.nll - self.nll[best]).sum(1) / self.n_choices.sum(),
            "behind_low": least,
            "behind_high": most,
            "numbers": self.numbers,
        }
        if len(self.models) > 1:
            among = self.frequencies()
            columns |= {"frequency": among.frequencies, "protected": among.protected}
        columns |= {name: getattr(self, name).sum(1) for name in ("aic", "bic", "evidence")}
        frame = pd.DataFrame(columns)
        return frame.sort_values("likelihood", ascending=False, kind="stable", ignore_index=True)

    def by_person(self) -> pd.DataFrame:
        """Return a row for each person and model."""
        rows = [
            pd.DataFrame(
                {
                    "participant": list(self.people),
                    "model": model,
                    "n_choices": self.n_choices.astype(int),
                    "nll": self.nll[i],
                    "likelihood": np.exp(-self.nll[i] / self.n_choices),
                    "aic": self.aic[i],
                    "bic": self.bic[i],
                    "evidence": self.evidence[i],
                }
            )
            for i, model in enumerate(self.models)
        ]
        return pd.concat(rows, ignore_index=True)

    def ahead(self, model: str, other: str, level: float = LEVEL, stage: str | None = None) -> Ahead:
        """Compare two models by their predictions of held-out choices, person by person.

        Args:
            model: its name.
            other: the name of the one that it is compared with.
            level: of the interval, 0 to 1.
            stage: of whose choices alone, by its name; None for all choices.

        Raises:
            SettingsError: for a model that was not compared, or a stage that the task does not have.
        """
        raise_if_any(
            f"{what} must be one of {', '.join(known)}; got {name!r}. Choose one of these."
            for what, name, known in (
                ("A model", model, self.models),
                ("A model", other, self.models),
                *([] if stage is None else [("A stage", stage, tuple(self.stages))]),
            )
            if name not in known
        )
        nll, n_choices = (
            (self.nll, self.n_choices) if stage is None else (self.stages[stage], self.n_stages[stage])
        )
        nats = nll[self.models.index(other)] - nll[self.models.index(model)]
        low, high = np.quantile(self._resample(nats[None], n_choices)[0], [(1 - level) / 2, (1 + level) / 2])
        alone = len(self.people) < 2
        return Ahead(
            float(nats.sum() / n_choices.sum()),
            float("nan") if alone else float(low),
            float("nan") if alone else float(high),
            int((nats > 0).sum()),
        )

    def share_of_ceiling(self, model: str, level: float = LEVEL) -> tuple[float, float, float]:
        """Compute the share that a model predicts of what the ceiling predicts beyond chance.

        Args:
            model: its name.
            level: of the interval, 0 to 1.

        Returns:
            The share in log likelihood, and its interval over people (drawn anew); NaN without a ceiling that
            is better than chance, and for the interval of one person.
        """
        if CEILING not in self.models:
            return np.nan, np.nan, np.nan
        nats = [self.guesses - self.nll[self.models.index(name)] for name in (model, CEILING)]
        with np.errstate(divide="ignore", invalid="ignore"):
            own, most = self._resample(np.array(nats))
            shares = np.where(most > 0, own / most, np.inf)
            whole = nats[0].sum() / nats[1].sum() if nats[1].sum() > 0 else np.nan
        low, high = np.quantile(shares, [(1 - level) / 2, (1 + level) / 2], method="nearest")
        alone = len(self.people) < 2
        return float(whole), np.nan if alone else float(low), np.nan if alone else float(high)

    def of_models(self, names: Sequence[str]) -> "HeldOut":
        """Return the same of some models only, by name."""
        which = [self.models.index(name) for name in names]
        parts = {name: getattr(self, name)[which] for name in ("nll", "numbers", "aic", "bic", "evidence")}
        stages = {name: values[which] for name, values in self.stages.items()}
        return replace(self, models=tuple(names), stages=stages, **parts)

    def of_people(self, chosen: Sequence[bool]) -> "HeldOut":
        """Return the same of some people only."""
        which = np.asarray(chosen, bool)
        parts = {name: getattr(self, name)[:, which] for name in ("nll", "aic", "bic", "evidence")}
        people = tuple(label for label, own in zip(self.people, which, strict=True) if own)
        parts |= {name: getattr(self, name)[which] for name in ("n_choices", "guesses")}
        parts |= {
            name: {stage: values[..., which] for stage, values in getattr(self, name).items()}
            for name in ("stages", "n_stages")
        }
        if self.choices is not None:
            own = which[self.choices.people]
            parts["choices"] = self.choices.of(own)
            parts["expected"] = {name: one.of(own) for name, one in self.expected.items()}
        return replace(self, people=people, **parts)

    def _resample(self, nats: Floats, n_choices: Floats | None = None) -> Floats:
        """Nats per choice among people drawn anew, `(n_models, n_resamples)`."""
        n_choices = self.n_choices if n_choices is None else n_choices
        rng = np.random.default_rng(self.random_state)
        drawn = rng.multinomial(
            len(self.people), np.full(len(self.people), 1 / len(self.people)), N_RESAMPLES
        )
        result: Floats = nats @ drawn.T / (drawn @ n_choices)
        return result


def stage_column(stage: str) -> str:
    """Return the column of the likelihood of a stage in `HeldOut.to_frame`.

    >>> stage_column("first stage")
    'likelihood_first_stage'
    """
    return f"likelihood_{stage.replace(' ', '_')}"


Candidate = Rival | type[Rival] | str | Estimator | Ceiling


def held_out(
    dataset: DatasetRNN,
    models: Sequence[Candidate] | Mapping[str, Candidate] | None = None,
    by: str = "session",
    *,
    n_folds: int = 4,
    way: str = "group",
    random_state: int = 0,
) -> HeldOut:
    """Score models by their predictions of choices that they did not learn from.

    Args:
        dataset: the choices.
        models: rivals, by name or class, and estimators that are not fitted yet, such as `SpiceEstimator`:
            one of these gives two rows, its equations and its network. With names for them, as a mapping. All
            ready rivals for this kind of task when None.
        by: how the choices are taken apart: by "session", "person" or "time"; see `folds_of`.
        n_folds: how often.
        way: how rivals are fitted, as in `fit_rival`; by "person", where all people are one, the declared
            prior takes the place of the group's.
        random_state: seed of starts and intervals.

    Raises:
        SettingsError: with a sentence for what is wrong.
    """
    return run_to_completion(
        held_out_steps(dataset, models, by, n_folds=n_folds, way=way, random_state=random_state)
    )


def held_out_steps(
    dataset: DatasetRNN,
    models: Sequence[Candidate] | Mapping[str, Candidate] | None = None,
    by: str = "session",
    *,
    n_folds: int = 4,
    way: str = "group",
    random_state: int = 0,
) -> Generator[Progress, None, HeldOut]:
    """As `held_out`, with a record of how far it is; the result is the generator's value."""
    dataset, people = index_participants(dataset)
    models = tuple(rivals_for(dataset.task)) if models is None else models
    contestants = _contestants(models, way, by, random_state)
    folds = folds_of(dataset, by, n_folds)
    total, done, began = len(contestants) * (len(folds) + 1), 0, monotonic()
    size = (len(people.labels),)
    parts = [
        [known(each.test), *(np.asarray(mask, float) for mask in stages_of(each.test).values())]
        for each in folds
    ]
    counts = sum((_per_part(one, fold.people, size) for one, fold in zip(parts, folds, strict=True)), 0.0)
    n_choices, *n_of_stages = np.asarray(counts)
    n_nats = sum((_per_person(_guesses(fold.test), fold.people, size) for fold in folds), np.zeros(size))
    seen = np.flatnonzero(n_choices)
    nll, criteria = [], []
    expected: dict[str, list[Expected]] = {}
    for contestant in contestants:
        surprise = [np.zeros((len(parts[0]), *size)) for _ in contestant.rows]
        for number, fold in enumerate(folds, 1):
            words = f"{contestant.name}, part {number} of {len(folds)}"
            yield Progress(done, total, words, monotonic() - began)
            for _ in (learning := _Learning(contestant.learn(fold.train, by))):
                yield Progress(done, total, words, monotonic() - began)
            for name, row, p in zip(contestant.rows, surprise, learning.result(fold.test), strict=True):
                expected.setdefault(name, []).append(Expected.by(p, fold.test))
                nats = np.nan_to_num(nll_per_trial(p, fold.test))
                row += _per_part([nats * one for one in parts[number - 1]], fold.people, size)
            done += 1
        words = f"{contestant.name}, all choices"
        yield Progress(done, total, words, monotonic() - began)
        for _ in (whole := _Learning(contestant.criteria(dataset))):
            yield Progress(done, total, words, monotonic() - began)
        nll += surprise
        criteria += whole.result
        done += 1
    yield Progress(done, total, "done", monotonic() - began)
    stages = tuple(stages_of(dataset))
    choices = HeldOutChoices.join(
        [HeldOutChoices.by(fold.test, np.searchsorted(seen, fold.people).tolist()) for fold in folds]
    )
    whole_nll, *nll_of_stages = np.moveaxis(np.array(nll)[..., seen], 1, 0)
    return HeldOut(
        by=by,
        n_folds=len(folds),
        models=tuple(row for contestant in contestants for row in contestant.rows),
        people=tuple(people.labels[place] for place in seen),
        nll=whole_nll,
        n_choices=n_choices[seen],
        guesses=n_nats[seen],
        numbers=np.array([row.numbers for row in criteria]),
        aic=np.array([row.aic for row in criteria])[:, seen],
        bic=np.array([row.bic for row in criteria])[:, seen],
        evidence=np.array([row.evidence for row in criteria])[:, seen],
        fits={row.fit.rival.name: row.fit for row in criteria if row.fit is not None},
        random_state=random_state,
        estimators={
            one.name: one.whole
            for one in contestants
            if isinstance(one, _EstimatorContestant) and one.whole is not None
        },
        equations={
            one.name: tuple(one.equations) for one in contestants if isinstance(one, _EstimatorContestant)
        },
        priors={row.prior.rival.name: row.prior for row in criteria if row.prior is not None},
        stages=dict(zip(stages, nll_of_stages, strict=True)),
        n_stages={name: n[seen] for name, n in zip(stages, n_of_stages, strict=True)},
        choices=None if stages else choices,
        expected={} if stages else {name: Expected.join(parts) for name, parts in expected.items()},
    )


def known(dataset: DatasetRNN) -> Floats:
    """Where the next choice is known, as numbers."""
    mask: Floats = np.asarray(dataset.target_mask, float)
    return mask


def _guesses(dataset: DatasetRNN) -> Floats:
    """-ln P of each next choice under guesses among the options on offer, in nats; 0 where none is known."""
    return np.asarray(guesses(dataset.target_mask, dataset.offered, dataset.n_actions))


def _per_person(values: Floats, people: Sequence[int], size: tuple[int]) -> Floats:
    """Return sums over the trials `(n_sessions, n_trials)` of each person."""
    sums: Floats = np.bincount(np.asarray(people, int), values.sum(1), size[0]).astype(float)
    return sums


def _per_part(parts: Sequence[Floats], people: Sequence[int], size: tuple[int]) -> Floats:
    """Return sums over the trials of each person, `(n_parts, n_people)`."""
    return np.stack([_per_person(part, people, size) for part in parts])


class _Learning:
    """A generator whose value is kept when it has ended."""

    def __init__(self, steps: Generator[None, None, Any]) -> None:
        self._steps = steps
        self.result: Any = None

    def __iter__(self) -> Iterator[None]:
        self.result = yield from self._steps


class _Criteria(NamedTuple):
    """Information criteria of a model on all choices; arrays count people."""

    numbers: float
    aic: Floats
    bic: Floats
    evidence: Floats
    fit: FittedRival | None
    prior: FittedRival | None


class _RivalContestant:
    """A rival that is compared."""

    def __init__(self, name: str, rival: Rival, way: str, random_state: int) -> None:
        self.name, self.rows, self.rival, self.way, self.seed = name, (name,), rival, way, random_state

    def learn(
        self, train: DatasetRNN, by: str
    ) -> Generator[None, None, Callable[[DatasetRNN], list[Floats]]]:
        """Learn from one part, to predict another."""
        alone = by == "person" and self.way == "group"
        fit = fit_rival(self.rival, train, "prior" if alone else self.way, random_state=self.seed)
        yield
        return lambda test: [fit.predict(test)]

    def criteria(self, dataset: DatasetRNN) -> Generator[None, None, list[_Criteria]]:
        """AIC and BIC at the most likely values, and the evidence under the declared prior."""
        fit = fit_rival(self.rival, dataset, random_state=self.seed)
        yield
        prior = fit_rival(self.rival, dataset, "prior", random_state=self.seed)
        return [_Criteria(len(fit.names), fit.aic, fit.bic, prior.evidence, fit, prior)]


class _EstimatorContestant:
    """An estimator that is compared: its equations, and its network."""

    def __init__(self, name: str, estimator: Estimator) -> None:
        self.name, self.rows, self.estimator = name, (f"{name} equations", f"{name} network"), estimator
        self.whole: Estimator | None = None  # fitted to all choices
        self.equations: list[SpiceModel] = []  # of each part

    def learn(
        self, train: DatasetRNN, by: str
    ) -> Generator[None, None, Callable[[DatasetRNN], list[Floats]]]:
        """Learn from one part, to predict another."""
        estimator = deepcopy(self.estimator)
        if by == "person" and hasattr(estimator, "pooling"):
            estimator.pooling = "none"  # all people are one
        for _ in estimator.fit_records(train):
            yield
        _raise_if_interrupted(estimator)
        if (spice := getattr(estimator, "spice_model_", None)) is not None:
            self.equations.append(spice)
        return lambda test: list(reversed(estimator.predict(test)))

    def criteria(self, dataset: DatasetRNN) -> Generator[None, None, list[_Criteria]]:
        """AIC and BIC, with the terms of each person's equations, and the weights of the network."""
        estimator = self.whole = deepcopy(self.estimator)
        for _ in estimator.fit_records(dataset):
            yield
        _raise_if_interrupted(estimator)
        people, size = dataset.participant_ids.tolist(), (len(dataset.participants),)
        n = _per_person(known(dataset), people, size)
        counts = estimator.count_parameters()
        terms = np.array([counts[label] for label in dataset.participants], float)
        weights = np.full(size, estimator.rnn_model_.n_weights / size[0])
        rows = []
        for k, p in zip((terms, weights), reversed(estimator.predict(dataset)), strict=True):
            nll = _per_person(np.nan_to_num(nll_per_trial(p, dataset)), people, size)
            bic = k * np.log(np.maximum(n, 1)) + 2 * nll
            rows.append(_Criteria(float(k.mean()), 2 * k + 2 * nll, bic, np.full(size, np.nan), None, None))
        return rows


class _CeilingContestant:
    """Free networks, of which no structure is asked."""

    def __init__(self, name: str, ceiling: Ceiling) -> None:
        self.name, self.rows, self.ceiling = name, (name,), ceiling

    def learn(
        self, train: DatasetRNN, by: str
    ) -> Generator[None, None, Callable[[DatasetRNN], list[Floats]]]:
        """Learn from one part, to predict another."""
        ceiling = deepcopy(self.ceiling)
        for _ in ceiling.fit_records(train):
            yield
        return lambda test: [ceiling.predict(test)]

    def criteria(self, dataset: DatasetRNN) -> Generator[None, None, list[_Criteria]]:
        """Return the number of weights; criteria that count parameters say nothing of such networks."""
        ceiling, unknown = self.ceiling, np.full(len(dataset.participants), np.nan)
        n = ceiling.count_weights(dataset) / len(unknown)
        yield
        return [_Criteria(n, unknown, unknown, unknown, None, None)]


def _raise_if_interrupted(estimator: Estimator) -> None:
    """Re-raise KeyboardInterrupt: a partial fit must not enter the comparison."""
    if getattr(estimator, "stopped_", False):
        raise KeyboardInterrupt


def _contestants(
    models: Sequence[Candidate] | Mapping[str, Candidate], way: str, by: str, random_state: int
) -> list[_RivalContestant | _EstimatorContestant | _CeilingContestant]:
    """Return the models to compare, checked."""
    if way not in WAYS:
        raise SettingsError([f"way must be one of {', '.join(WAYS)}; got {way!r}. Choose one of these."])
    named = models.items() if isinstance(models, Mapping) else [(None, model) for model in models]
    contestants: list[_RivalContestant | _EstimatorContestant | _CeilingContestant] = []
    for name, model in named:
        if model == CEILING or isinstance(model, Ceiling):
            ceiling = model if isinstance(model, Ceiling) else Ceiling(random_state=random_state)
            contestants.append(_CeilingContestant(name or CEILING, ceiling))
            continue
        if hasattr(model, "fit_records") and not isinstance(model, type):
            own = name or getattr(getattr(model, "rnn_class", model), "__name__", type(model).__name__)
            contestants.append(_EstimatorContestant(own, model))  # type: ignore[arg-type]
        else:
            rival = resolve_model(model)
            contestants.append(_RivalContestant(name or rival.name, rival, way, random_state))
    names = [row for contestant in contestants for row in contestant.rows]
    if not names or len(set(names)) < len(names):
        raise SettingsError(
            [f"models must be one or more, with names of their own; got {names}. Name them in a mapping."]
        )
    return contestants
