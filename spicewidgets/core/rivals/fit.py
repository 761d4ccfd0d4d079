"""Fitting rivals: to each person alone by maximum likelihood, under the declared prior, or under the prior of
their group.

The search is Fisher scoring in the parameters' scales (`discover/posterior.py`), for all people and all
starts side by side, on a compiled likelihood with exact derivatives. Standard errors are those of the
curvature at the end, that of the choices, and of the prior where there is one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm, qmc

from ..checks import raise_if_any
from ..data.dataset import DatasetRNN
from ..data.participants import index_participants
from ..discover.information import half_width
from ..discover.likelihood import NumbersLikelihood
from ..discover.maximum import Maximum, Prior
from ..discover.pooling import GroupPrior
from ..discover.posterior import ENOUGH, FLAT, NO_STEP, Posterior
from ..judge.replay import replay
from ..settings import LEVEL, SettingsError
from ..train.compiled.symbolic import TraceError
from .declaration import Rival, as_rival
from .model import AgentRival, Floats, RivalRNN
from .ready import ALL, rivals_for

WAYS = ("likelihood", "prior", "group")
N_STARTS = 8
SAME_END = 0.01  # nats: starts that end so near the best one agree with it
MOST_CORNERS = 16  # of the bounds, that are tried


@dataclass(frozen=True)
class FittedRival:
    """A rival with the parameters of each person; the first axis of arrays counts people.

    Attributes:
        rival: what was fitted.
        way: "likelihood", "prior" or "group".
        n_actions: number of options.
        participants: labels of the people.
        codes: what stands for each of them in the last column of a data set.
        names: of the parameters.
        values: of the parameters, `(n_people, n_numbers)`.
        errors: standard errors; NaN for a value at its bound, where the likelihood has no even top, and
            infinite where the choices do not tell it.
        nll: -ln L in nats, `(n_people,)`.
        n_choices: that were counted, `(n_people,)`; the first of a session follows nothing and is not.
        evidence: ln p(choices) by Laplace's approximation in nats, `(n_people,)`, under the declared prior or
            the group's; NaN without a prior.
        n_starts: from how many points the search began.
        agreement: share of the starts that ended within 0.01 nats of the best, `(n_people,)`.
        mean, spread: of the prior on the parameters' scales, `(n_numbers,)`; NaN without one.
    """

    rival: Rival
    way: str
    n_actions: int
    participants: tuple[Any, ...]
    codes: tuple[int, ...]
    names: tuple[str, ...]
    values: Floats
    errors: Floats
    nll: Floats
    n_choices: Floats
    evidence: Floats
    n_starts: int
    agreement: Floats
    mean: Floats
    spread: Floats

    @property
    def aic(self) -> Floats:
        """Akaike's criterion of each person, `2 k - 2 ln L`; lower is better (Akaike 1973)."""
        return 2 * len(self.names) + 2 * self.nll

    @property
    def bic(self) -> Floats:
        """Schwarz's criterion of each person, `k ln n - 2 ln L`; lower is better (Schwarz 1978)."""
        return len(self.names) * np.log(np.maximum(self.n_choices, 1)) + 2 * self.nll

    @property
    def at_bound(self) -> NDArray[np.bool_]:
        """Which values are at a bound of the search, `(n_people, n_numbers)`."""
        at_bound = np.zeros(self.values.shape, bool)
        for i, (_, parameter) in enumerate(self.rival.columns(self.n_actions)):
            value = parameter.to_scale(self.values[:, i])
            low, high = parameter.to_scale(parameter.low), parameter.to_scale(parameter.high)
            at_bound[:, i] = (value <= low + 1e-9) | (value >= high - 1e-9)
        return at_bound

    @property
    def likelihood(self) -> float:
        """The geometric mean of P of all choices."""
        return float(np.exp(-self.nll.sum() / self.n_choices.sum()))

    @property
    def agent(self) -> AgentRival:
        """The people as an agent that plays and is replayed, by their labels."""
        return AgentRival(
            self.rival, self.values, self.n_actions, participants=self.participants, codes=self.codes
        )

    def predict(self, dataset: DatasetRNN) -> Floats:
        """P of the next choice after each trial, `(n_sessions, n_trials, n_actions)`, for people it knows."""
        p: Floats = replay(self.agent, dataset).probabilities[:, 1:]
        return p

    def intervals(self, level: float = LEVEL) -> Floats:
        """Compute the interval of each parameter: symmetric on its scale, and so within its bounds.

        Args:
            level: probability with which it covers the truth, 0 to 1.

        Returns:
            Its ends, `(2, n_people, n_numbers)`; NaN for a value at its bound, the bounds for one that the
            choices do not tell.
        """
        ends = np.full((2, *self.values.shape), np.nan)
        for i, (_, parameter) in enumerate(self.rival.columns(self.n_actions)):
            bounds = parameter.to_scale([parameter.low, parameter.high])
            half = half_width(1.0, level) * self.errors[:, i] / parameter.slope(self.values[:, i])
            at = parameter.to_scale(self.values[:, i])
            ends[:, :, i] = parameter.from_scale(np.clip([at - half, at + half], *bounds))
        return ends

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each person and parameter: value, error, whether it is at a bound, and the fit."""
        people, numbers = self.values.shape
        at_bound = self.at_bound
        rows = [
            {
                "rival": self.rival.name,
                "participant": self.participants[i],
                "parameter": self.names[j],
                "value": self.values[i, j],
                "error": self.errors[i, j],
                "at_bound": bool(at_bound[i, j]),
                "nll": self.nll[i],
                "n_choices": int(self.n_choices[i]),
                "agreement": self.agreement[i],
            }
            for i in range(people)
            for j in range(numbers)
        ]
        return pd.DataFrame(rows)


def fit_rival(
    rival: Rival | type[Rival] | str,
    dataset: DatasetRNN,
    way: str = "likelihood",
    *,
    n_starts: int = N_STARTS,
    random_state: int = 0,
) -> FittedRival:
    """Fit a rival to the choices of each person.

    Args:
        rival: a rival or its class; or the name of a ready one, as in `ALL`.
        dataset: the choices.
        way: "likelihood" finds the most likely parameters within their bounds; "prior" the most probable ones
            under the declared prior; "group" those under a normal prior whose mean and spread are found from
            all people together (empirical Bayes by expectation maximisation).
        n_starts: points that the search begins from: the prior's mean, and others spread over the prior.
        random_state: seed of those.

    Raises:
        SettingsError: for an unknown name or way, a rival for another kind of task, or choices that say
            nothing.

    >>> from spicewidgets import AgentQ, BanditsDrift, create_dataset
    >>> data, _, _ = create_dataset(AgentQ(alpha_reward=0.3), BanditsDrift(0.2), 100, 20, random_state=1)
    >>> fit = fit_rival("rescorla-wagner", data)
    >>> fit.names, fit.values.round(1)
    (('alpha', 'beta'), array([[0.3, 3.3]]))
    """
    rival = resolve_model(rival).of_rewards(getattr(dataset, "reward_zero", None))
    raise_if_any(task_problems(rival, dataset.task))
    if way not in WAYS:
        raise SettingsError([f"way must be one of {', '.join(WAYS)}; got {way!r}. Choose one of these."])
    if isinstance(n_starts, bool) or not isinstance(n_starts, int) or n_starts < 1:
        raise SettingsError(
            [f"n_starts must be a whole number, 1 or more; got {n_starts!r}. Use {N_STARTS}."]
        )
    dataset, people = index_participants(dataset)
    search = ModeSearch(rival, dataset)
    n, with_prior = len(search.columns), way != "likelihood"
    prior = search.prior if with_prior else Prior(np.zeros(n), np.full(n, FLAT))
    ends = search.ends(search.starts(n_starts, random_state), prior)
    best = search.try_corners(ends.best(), prior)
    values, agreement = best.values, (ends.objective <= best.objective + SAME_END).mean(0)
    if way == "group" and n:
        prior, values = search.pool(values)
    top, none = search.top(values, prior), np.full(n, np.nan)
    return FittedRival(
        rival=rival,
        way=way,
        n_actions=dataset.n_actions,
        participants=people.labels,
        codes=people.codes,
        names=tuple(name for name, _ in search.columns),
        values=search.natural(values),
        errors=search.errors(values, top),
        nll=search(values[None]).nll[0],
        n_choices=search.likelihood.n_choices,
        evidence=search.log_evidence(values, prior, top) if with_prior else np.full(len(values), np.nan),
        n_starts=n_starts,
        agreement=agreement,
        mean=prior.mean if with_prior else none,
        spread=prior.sd if with_prior else none,
    )


def resolve_model(rival: Rival | type[Rival] | str) -> Rival:
    """Return a rival by its name, or as it is, checked."""
    if isinstance(rival, str):
        if rival not in ALL:
            raise SettingsError(
                [f"A rival must be one of {', '.join(ALL)}; got {rival!r}. Choose one, or give a class."]
            )
        return ALL[rival]
    return as_rival(rival)


def task_problems(rival: Rival, task: str) -> Iterator[str]:
    """Yield a sentence where a rival is not for a kind of task, by the name of that."""
    if not rival.is_for(task):
        yield (
            f"A rival must be for choices of the kind {task!r}; got {rival.name!r}, which is for"
            f" {', '.join(rival.tasks)}. Choose one of {', '.join(rivals_for(task))}."
        )


class ModeSearch(Posterior):
    """The search for the parameters of all people, on the parameters' scales.

    Args:
        rival: whose parameters they are.
        dataset: the choices; participants are indices.

    Attributes:
        likelihood: of the parameters.
        columns: name and declaration of each parameter.
        prior: the declared one.
    """

    likelihood: NumbersLikelihood
    low: Floats
    high: Floats

    def __init__(self, rival: Rival, dataset: DatasetRNN) -> None:
        self.columns = rival.columns(dataset.n_actions)
        rows = [(it.mean, it.sd, it.to_scale(it.low), it.to_scale(it.high)) for _, it in self.columns]
        mean, sd, low, high = np.array(rows, float).reshape(-1, 4).T
        model = RivalRNN(rival, dataset.n_actions).double().eval()
        model.check()
        try:
            super().__init__(NumbersLikelihood(model, dataset), Prior(mean, sd), low, high)
        except TraceError as error:
            raise SettingsError(
                [
                    f"The functions of the rival {rival.name!r} cannot be compiled: {error}. Write them with"
                    " torch's functions of whole tensors, without `if`."
                ]
            ) from error

    def natural(self, values: Floats) -> Floats:
        """Parameters, from their scales."""
        result = np.empty_like(values)
        for i, (_, parameter) in enumerate(self.columns):
            result[..., i] = parameter.from_scale(values[..., i])
        return result

    def slopes(self, values: Floats, natural: Floats) -> Floats:
        """Compute the derivatives of parameters by their scales."""
        result = np.empty_like(natural)
        for i, (_, parameter) in enumerate(self.columns):
            result[..., i] = parameter.slope(natural[..., i])
        return result

    def starts(self, n_starts: int, seed: int) -> Floats:
        """Points `(n_starts, n_parameters)`: the prior's mean, and others spread evenly over the prior."""
        if not self.columns:
            return np.zeros((1, 0))
        spread = qmc.Halton(len(self.columns), seed=np.random.default_rng(seed)).random(n_starts - 1)
        points = self.prior.mean + self.prior.sd * norm.ppf(np.clip(spread, 1e-3, 1 - 1e-3))
        starts: Floats = np.clip(np.vstack([self.prior.mean, points]), self.low, self.high)
        return starts

    def ends(self, starts: Floats, prior: Prior) -> Maximum:
        """Where the climbs of all people end that begin at these points."""
        tables = np.repeat(starts[:, None], len(self.likelihood.participants), 1)
        return self.maximise_exactly(tables, prior)

    def try_corners(self, best: Maximum, prior: Prior) -> Maximum:
        """Return everyone's best end: of these, or of a climb from the best corner of the bounds where that
        is more likely, as a second top may be there that no start leads to. None is tried where there are
        more than `MOST_CORNERS`.
        """
        bounds = list(zip(self.low, self.high, strict=True))
        if not bounds or 2 ** len(bounds) > MOST_CORNERS:
            return best
        corners = np.array(list(product(*bounds)))
        tables = np.repeat(corners[:, None], len(best.objective), 1)
        there = self.maximise(tables, prior, limits=NO_STEP).best()
        near = np.flatnonzero(there.objective < best.objective - ENOUGH)
        if not len(near):
            return best
        end = self.of_participants(near).maximise_exactly(there.values[None, near], prior).best()
        better = end.objective < best.objective[near] - ENOUGH
        best.values[near[better]] = end.values[better]
        best.objective[near[better]] = end.objective[better]
        return best

    def pool(self, values: Floats) -> tuple[Prior, Floats]:
        """Return the group's prior, and everyone's most probable values under it."""
        best = GroupPrior(self).fit(values, self.prior)
        prior = Prior(best.mean, best.spread)
        return prior, self.maximise_exactly(best.values[None], prior).values[0]


def fit_rivals(
    dataset: DatasetRNN, rivals: Sequence[Rival | type[Rival] | str] | None = None, way: str = "likelihood"
) -> dict[str, FittedRival]:
    """Several rivals, fitted to the same choices, by name; all ready ones for their kind of task unless
    others are named.
    """
    named = rivals_for(dataset.task) if rivals is None else rivals
    fits = [fit_rival(rival, dataset, way) for rival in named]
    return {fit.rival.name: fit for fit in fits}
