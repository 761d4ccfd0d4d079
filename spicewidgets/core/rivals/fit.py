"""Fitting rivals: to each person alone by maximum likelihood, under the declared prior, or under the prior of
their group.

The search is Fisher scoring in the parameters' scales (`discover/maximum.py`), for all people and all starts
side by side, on a compiled likelihood with exact derivatives. Standard errors are those of the curvature at
the end, that of the choices, and of the prior where there is one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm, qmc

from ..data.dataset import DatasetRNN
from ..data.participants import index_participants
from ..discover.likelihood import Derivatives, NumbersLikelihood
from ..discover.maximum import Maximum, Prior, find_held, maximise, newton_step
from ..discover.pooling import GroupPrior, GroupState
from ..discover.uncertainty import half_width
from ..judge.fisher import standard_errors
from ..judge.replay import replay
from ..settings import LEVEL, SettingsError
from ..train.compiled.symbolic import TraceError
from .declaration import Rival, as_rival
from .model import AgentRival, Floats, RivalRNN
from .ready import RIVALS

WAYS = ("likelihood", "prior", "group")
N_STARTS = 8
SAME_END = 0.01  # nats: starts that end so near the best one agree with it
FLAT = 1e4  # sd of the prior that stands for none: it costs less than a millionth of a nat
LONGEST = 3.0  # of a step, on the parameters' scales
ENOUGH = 1e-6  # nats: a step that gains less is the last one
STEP = 1e-4  # of slopes' differences, on the parameters' scales
FIRST_STEPS, STEPS, HALVINGS = 12, 3, 6  # of a climb, until those who have arrived are left out of it
MOST_CLIMBS = 40


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
        rival: a rival or its class; or the name of a ready one, as in `RIVALS`.
        dataset: the choices.
        way: "likelihood" finds the most likely parameters within their bounds; "prior" the most probable ones
            under the declared prior; "group" those under a normal prior whose mean and spread are found from
            all people together (empirical Bayes by expectation maximisation).
        n_starts: points that the search begins from: the prior's mean, and others spread over the prior.
        random_state: seed of those.

    Raises:
        SettingsError: for an unknown name or way, or choices that say nothing.

    >>> from spicewidgets import AgentQ, BanditsDrift, create_dataset
    >>> data, _, _ = create_dataset(AgentQ(alpha_reward=0.3), BanditsDrift(0.2), 100, 20, random_state=1)
    >>> fit = fit_rival("rescorla-wagner", data)
    >>> fit.names, fit.values.round(1)
    (('alpha', 'beta'), array([[0.3, 3.3]]))
    """
    rival = resolve_model(rival)
    if way not in WAYS:
        raise SettingsError([f"way must be one of {', '.join(WAYS)}; got {way!r}. Choose one of these."])
    if isinstance(n_starts, bool) or not isinstance(n_starts, int) or n_starts < 1:
        raise SettingsError(
            [f"n_starts must be a whole number, 1 or more; got {n_starts!r}. Use {N_STARTS}."]
        )
    dataset, people = index_participants(dataset)
    search = ModeSearch(rival, dataset)
    prior = search.declared if way != "likelihood" else Prior(np.zeros(search.n), np.full(search.n, FLAT))
    ends = search.ends(search.starts(n_starts, random_state), prior)
    best = ends.objective.argmin(0)
    agreement = (ends.objective <= ends.objective.min(0) + SAME_END).mean(0)
    values = ends.values[best, np.arange(len(best))]
    if way == "group" and search.n:
        prior, values = search.pool(values)
    look, top = search.look(values[None]), search.top(values, prior)
    with_prior = way != "likelihood"
    none = np.full(search.n, np.nan)
    return FittedRival(
        rival=rival,
        way=way,
        n_actions=dataset.n_actions,
        participants=people.labels,
        codes=people.codes,
        names=tuple(name for name, _ in search.columns),
        values=search.natural(values),
        errors=search.errors(values, top),
        nll=look.nll[0],
        n_choices=search.likelihood.n_choices,
        evidence=search.evidence(values, prior, top) if with_prior else np.full(len(values), np.nan),
        n_starts=n_starts,
        agreement=agreement,
        mean=np.broadcast_to(prior.mean, search.n) if with_prior else none,
        spread=np.broadcast_to(prior.sd, search.n) if with_prior else none,
    )


def resolve_model(rival: Rival | type[Rival] | str) -> Rival:
    """Return a rival by its name, or as it is, checked."""
    if isinstance(rival, str):
        if rival not in RIVALS:
            raise SettingsError(
                [f"A rival must be one of {', '.join(RIVALS)}; got {rival!r}. Choose one, or give a class."]
            )
        return RIVALS[rival]
    return as_rival(rival)


class ModeSearch:
    """The search for the parameters of all people, on the parameters' scales.

    Args:
        rival: whose parameters they are.
        dataset: the choices; participants are indices.

    Attributes:
        likelihood: of the parameters.
        columns: name and declaration of each number.
        declared: the declared prior.
    """

    def __init__(self, rival: Rival, dataset: DatasetRNN) -> None:
        self.columns = rival.columns(dataset.n_actions)
        self.n = len(self.columns)
        declared = [parameter for _, parameter in self.columns]
        self.declared = Prior(np.array([it.mean for it in declared]), np.array([it.sd for it in declared]))
        self.low = np.array([float(it.to_scale(it.low)) for it in declared])
        self.high = np.array([float(it.to_scale(it.high)) for it in declared])
        model = RivalRNN(rival, dataset.n_actions).double().eval()
        model.check()
        try:
            self.likelihood = NumbersLikelihood(model, dataset)
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

    def slopes(self, natural: Floats) -> Floats:
        """Compute the derivatives of parameters by their scales."""
        result = np.empty_like(natural)
        for i, (_, parameter) in enumerate(self.columns):
            result[..., i] = parameter.slope(natural[..., i])
        return result

    def look(self, tables: Floats, likelihood: NumbersLikelihood | None = None) -> Derivatives:
        """Evaluate the likelihood of the choices (of some people) at `(n_tables, n_people, n_numbers)` on the
        scales.
        """
        natural = self.natural(tables)
        slopes, there = self.slopes(natural), (likelihood or self.likelihood)(natural)
        information = there.information * slopes[..., :, None] * slopes[..., None, :]
        return Derivatives(there.nll, there.gradient * slopes, information)

    def curvature(self, tables: Floats, likelihood: NumbersLikelihood | None = None) -> Floats:
        """Return the curvature that -ln L has, on the scales: differences of exact slopes.

        Returns: `(n_tables, n_people, n_numbers, n_numbers)`.
        """
        moved = [tables + side * STEP * unit for unit in np.eye(self.n) for side in (1, -1)]
        slopes = [self.look(at, likelihood).gradient for at in moved]
        rows = [
            (after - before) / (2 * STEP) for after, before in zip(slopes[::2], slopes[1::2], strict=True)
        ]
        curvature = -np.stack(rows, -1)
        symmetric: Floats = (curvature + np.swapaxes(curvature, -1, -2)) / 2
        return symmetric

    def starts(self, n_starts: int, seed: int) -> Floats:
        """Points `(n_starts, n_numbers)`: the prior's mean, and others spread evenly over the prior."""
        if not self.n:
            return np.zeros((1, 0))
        spread = qmc.Halton(self.n, seed=np.random.default_rng(seed)).random(n_starts - 1)
        points = self.declared.mean + self.declared.sd * norm.ppf(np.clip(spread, 1e-3, 1 - 1e-3))
        starts: Floats = np.clip(np.vstack([self.declared.mean, points]), self.low, self.high)
        return starts

    def ends(self, starts: Floats, prior: Prior) -> Maximum:
        """Where the climbs of all people end that begin at these points."""
        tables = np.repeat(starts[:, None], len(self.likelihood.participants), 1)
        return self.maximise(tables, prior)

    def maximise(self, tables: Floats, prior: Prior) -> Maximum:
        """Climbs that begin at `(n_tables, n_people, n_numbers)`.

        The first steps are Fisher's. Climbs that have not arrived by then go on, fewer and fewer of them,
        with the curvature that ln L really has (its size, where it bends upwards), taken anew now and then.
        """
        best = self._climb(tables, prior, self.look, FIRST_STEPS) if self.n else self._at(tables, prior)
        values = best.values
        left = np.argwhere(self._on_the_way(best.values, best.look, prior))
        for _ in range(MOST_CLIMBS):
            if not len(left):
                break
            table, person = left.T
            part = self.likelihood.of_participants(person)
            here = values[table, person][None]
            bent = _size(self.curvature(here, part))

            def look(at: Floats, part: NumbersLikelihood = part, bent: Floats = bent) -> Derivatives:
                there = self.look(at, part)
                return there._replace(information=bent.copy())

            end = self._climb(here, prior, look, STEPS)
            values[table, person] = end.values[0]
            left = left[self._on_the_way(end.values, end.look, prior)[0]]
        return self._at(values, prior)

    def _climb(
        self, tables: Floats, prior: Prior, look: Callable[[Floats], Derivatives], steps: int
    ) -> Maximum:
        return maximise(
            look,
            tables,
            np.ones(self.n, bool),
            prior,
            most_steps=steps,
            halvings=HALVINGS,
            low=self.low,
            high=self.high,
            longest=LONGEST,
            enough=ENOUGH,
        )

    def _at(self, tables: Floats, prior: Prior) -> Maximum:
        """Evaluate the posterior at some values, without a step."""
        look = self.look(tables)
        return Maximum(tables, look.nll + prior.penalty(tables, np.ones(self.n, bool)), look)

    def _on_the_way(self, values: Floats, look: Derivatives, prior: Prior) -> NDArray[np.bool_]:
        """Tell whether a further step promises a gain."""
        free = ~find_held(values, look, prior, self.low, self.high)
        moving: NDArray[np.bool_] = newton_step(values, look, free, prior, None)[1] > ENOUGH
        return moving

    def pool(self, values: Floats) -> tuple[Prior, Floats]:
        """Return the group's prior, and everyone's most probable values under it."""
        group = GroupPrior(self.look, self.low, self.high)
        n = len(values)
        covariance = np.zeros((n, self.n, self.n))
        at = GroupState(
            values, covariance, self.declared.mean, self.declared.sd, np.ones(self.n, bool), -np.inf
        )
        best = at
        for better in group.rounds(at):
            best = better if better.log_evidence > best.log_evidence else best
        prior = Prior(best.mean, best.spread)
        return prior, self.maximise(best.values[None], prior).values[0]

    def top(self, values: Floats, prior: Prior) -> Floats:
        """Curvature of -ln L and prior at everyone's best values, `(n_people, n_numbers, n_numbers)`: the one
        that they have, or, where that is not one of a top (at a bound), the expected one.
        """
        if not self.n:
            return np.zeros((len(values), 0, 0))
        width = np.diag(np.broadcast_to(np.where(prior.sd < FLAT, prior.sd**-2.0, 0.0), self.n))
        own = self.curvature(values[None])[0] + width
        is_top = np.linalg.eigvalsh(own)[:, :1, None] > 0
        top: Floats = np.where(is_top, own, self.look(values[None]).information[0] + width)
        return top

    def evidence(self, values: Floats, prior: Prior, top: Floats) -> Floats:
        """Of each person, ln p(choices) under a prior, by Laplace's approximation."""
        nll = self.look(values[None]).nll[0] + prior.penalty(values, np.ones(self.n, bool))
        widths = np.log(np.broadcast_to(prior.sd, self.n)).sum()
        evidence: Floats = -nll - widths - np.linalg.slogdet(top)[1] / 2
        return evidence

    def errors(self, values: Floats, top: Floats) -> Floats:
        """Return standard errors of the parameters; NaN at a bound."""
        inside = (values > self.low) & (values < self.high)
        errors = np.full(values.shape, np.nan)
        for row, own, free in zip(errors, top, inside, strict=True):
            row[free] = standard_errors(own[np.ix_(free, free)])
        return errors * self.slopes(self.natural(values))


def _size(curvature: Floats) -> Floats:
    """Curvature whose directions all bend downwards, as much as they bend."""
    lambdas, axes = np.linalg.eigh(np.where(np.isfinite(curvature), curvature, 0.0))
    size: Floats = (axes * np.abs(lambdas)[..., None, :]) @ np.swapaxes(axes, -1, -2)
    return size


def fit_rivals(
    dataset: DatasetRNN, rivals: Sequence[Rival | type[Rival] | str] = tuple(RIVALS), way: str = "likelihood"
) -> dict[str, FittedRival]:
    """Several rivals, fitted to the same choices, by name; all ready ones unless others are named."""
    fits = [fit_rival(rival, dataset, way) for rival in rivals]
    return {fit.rival.name: fit for fit in fits}
