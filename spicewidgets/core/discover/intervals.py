"""Intervals of people's parameters: skewed, within bounds, averaged over kinds of learner.

A parameter is one of a Q-learner. Its interval is found in the Q-learner's own coordinates (`learners.py`),
by profile likelihood: at each value of the parameter all others are refitted, and the signed root of twice
what that loses is normal for many choices (e.g. Pawitan 2001, In All Likelihood, chapter 3). Rates have a
weak prior that is about uniform on 0 to 1, beta one around 3; without any, a hundred choices often have no
likeliest beta.

There are several kinds of learner: with one learning rate or two, with starting values of 0.5 or others. The
tail areas of their profiles are averaged (Fletcher & Turek 2012, Journal of Agricultural, Biological, and
Environmental Statistics 17: 38), with weights `exp(-(-ln L + prior's penalty + PRICE for each parameter))`.
A kind that lacks a parameter gives it the one value that it has there. The price is below Akaike's nat, so
that the simpler kind is not believed too soon: intervals should hold a small difference that choices do not
prove.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit, ndtr, ndtri

from ..mechanisms import PARAMETERS
from ..read.translation import HasInitValues
from ..settings import LEVEL
from .learners import (
    ALPHA,
    DIFFERENCE,
    Q0,
    DifferenceLikelihood,
    Kind,
    LearnerLikelihood,
    OnScales,
    scale_of,
)
from .likelihood import Likelihood
from .maximum import Limits, curvature_of
from .posterior import LONGEST

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

PRICE = 0.5  # nats of a parameter of a kind, in its weight
AT_ONCE = 16  # people
STARTS = ((-1.0, 1.0), (1.0, 0.5), (-2.5, 1.5), (0.0, 0.0))  # log-odds of rates, logarithm of beta
RARE = -1.0  # log-odds of a rate that is 0 by default, where a search begins
REACHES = (0.7, 1.1, 1.6)  # signed roots that a profile is followed to, in those of the interval's ends
NEARLY, ENOUGH = 0.85, 1.3  # of them: where the next point is the last, and where none is needed
LEAST_GAIN = 0.05  # of them, that a step is taken to gain
MOST_POINTS = 6
FINE = 32  # parts of the way between two points, between which a distribution is taken for straight
STRIDE = 2.5  # longest between two points of a profile, on the scale
POINT_STEPS, CLIMBED = 12, 1e-3  # of the others' climb at a point; nats: a step that gains less is the last


class Top(NamedTuple):
    """The most likely learners of a kind.

    Attributes:
        look: the likelihood in the kind's coordinates, and their prior.
        values: on the scales, `(n_people, n_parameters)`.
        objective: -ln L and the prior's penalty, `(n_people,)`.
    """

    look: OnScales
    values: Floats
    objective: Floats

    @property
    def names(self) -> tuple[str, ...]:
        """The coordinates."""
        return self.look.kind.names


def top_of(look: OnScales, start: Floats | None = None) -> Top:
    """Find the most likely learners of a kind.

    Args:
        look: the likelihood.
        start: where to begin, `(n_people, n_parameters)`; at several points when None.
    """
    if start is None:
        starts = np.array([[_start(name, start) for name in look.kind.names] for start in STARTS])
        tables = np.repeat(starts[:, None], len(look.likelihood.participants), 1)
    else:
        tables = start[None]
    best = look.maximise(tables, limits=Limits(25, longest=LONGEST)).best()
    return Top(look, best.values, best.objective)


def _start(name: str, start: tuple[float, float]) -> float:
    rate, beta = start
    if name == "beta_reward":
        return beta
    if name.startswith("alpha"):
        return rate
    is_rare = name in PARAMETERS and PARAMETERS[name].scale == "share" and PARAMETERS[name].default == 0
    return RARE if is_rare else scale_of(name).mean


class Profile(NamedTuple):
    """The fall of the likelihood with one parameter, the others refitted.

    Attributes:
        at: of the parameter, on its scale, `(n_points, n_people)`, rising; NaN where fewer are needed.
        root: signed root of twice what is lost there, in nats, of the same shape.
    """

    at: Floats
    root: Floats


def profiles_of(top: Top, z: float) -> dict[str, Profile]:
    """Follow the profiles of the parameters outwards from the most likely values.

    Args:
        top: the most likely learners; of two rates and their difference, that of the difference alone.
        z: signed root at the ends of the interval.
    """
    names = [DIFFERENCE] if DIFFERENCE in top.names else list(top.names)
    places = np.array([top.names.index(name) for name in names])
    walk = _Walk(top, np.repeat(places, 2), np.tile([-1.0, 1.0], len(places)), z)
    at, lost = walk.run()
    least = np.minimum(np.nanmin(lost, (0, 1)), 0.0)  # a better top may have been come upon on the way
    found = {}
    for k, place in enumerate(places):
        low, high = 2 * k, 2 * k + 1
        x = np.concatenate([at[::-1, low], top.values[None, :, place], at[:, high]])
        own = np.concatenate([lost[::-1, low], np.zeros((1, len(top.values))), lost[:, high]])
        own = own - least
        sign = np.sign(np.arange(len(x))[:, None] - np.nanargmin(own, 0))
        found[names[k]] = Profile(x, sign * np.sqrt(2 * own))
    return found


class _Walk:
    """Walks outwards from the top along the profiles of several parameters, for all people at once.

    Args:
        top: where it begins.
        places: of the parameter of each walk among the coordinates, `(n_walks,)`.
        sides: -1 for walks towards less, 1 for those towards more, `(n_walks,)`.
        z: signed root at the ends of the interval.
    """

    def __init__(self, top: Top, places: NDArray[np.int64], sides: Floats, z: float) -> None:
        self.top, self.places, self.sides, self.z = top, places, sides[:, None], z
        self.low, self.high = top.look.low[places][:, None], top.look.high[places][:, None]
        self.rows = np.arange(len(places))
        self.free = np.ones((len(places), 1, len(top.names)), bool)
        self.free[self.rows, 0, places] = False

    def run(self) -> tuple[Floats, Floats]:
        """Return the points of each walk and what is lost there in nats, `(n_points, n_walks, n_people)`."""
        top, z = self.top, self.z
        values = np.repeat(top.values[None], len(self.rows), 0)
        at = values[self.rows, :, self.places]
        ways, step = self._directions()
        root, left = np.zeros(at.shape), np.ones(at.shape, bool)
        points, losses = [], []
        for _ in range(MOST_POINTS):
            goal = np.clip(at + self.sides * step, self.low, self.high)
            moved = goal - at
            reached, lost = self._refit_others(values + ways * moved[..., None], goal, left)
            points.append(np.where(left, goal, np.nan))
            losses.append(np.where(left, lost, np.nan))
            far, new = np.abs(moved), np.sqrt(np.maximum(2 * lost, 0.0))
            gained = np.maximum(new - root, LEAST_GAIN * z)
            with np.errstate(invalid="ignore", divide="ignore"):
                ways = np.where((far > 0)[..., None], (reached - values) / moved[..., None], ways)
            wanted = np.where(new < NEARLY * z, REACHES[1], REACHES[2]) * z
            step = np.clip(far * (wanted - new) / gained, 0.2 * far, np.minimum(3 * far, STRIDE))
            values, at, root = reached, goal, new
            left &= (root < ENOUGH * z) & (at > self.low) & (at < self.high)
            if not left.any():
                break
        return np.array(points), np.array(losses)

    def _directions(self) -> tuple[Floats, Floats]:
        """Where a profile goes as the curvature at the top says, and its first step."""
        top = self.top
        there = top.look(top.values[None])
        curvature = curvature_of(there.information[0], np.asarray(True), top.look.prior)
        covariance = np.linalg.inv(curvature)
        variance = np.maximum(np.einsum("pii->pi", covariance), 1e-300)
        ways: Floats = (covariance / variance[:, :, None]).transpose(1, 0, 2)[self.places]
        return ways, np.minimum(REACHES[0] * self.z * np.sqrt(variance.T[self.places]), STRIDE)

    def _refit_others(self, start: Floats, goal: Floats, left: Mask) -> tuple[Floats, Floats]:
        """All other coordinates refitted at some values of the parameters, and what is lost in nats."""
        look = self.top.look
        values = np.clip(start, look.low, look.high)
        values[self.rows, :, self.places] = goal
        lost = np.zeros(goal.shape)
        on = np.flatnonzero(left.any(1))
        limits = Limits(POINT_STEPS, longest=LONGEST, enough=CLIMBED)
        best = look.maximise(values[on], free=self.free[on], limits=limits)
        values[on] = best.values
        lost[on] = best.objective + look.prior.penalty(best.values, ~self.free[on]) - self.top.objective
        return values, lost


class Averaged(NamedTuple):
    """Intervals of the parameters of Q-learners, averaged over the kinds of them.

    Attributes:
        ends: of each parameter, `(n_people, 2)`.
        sure: the same at 95 %, by which it is told whether a parameter is identified.
        objective: of the best kind, -ln L, the prior's penalty and the price of its parameters,
            `(n_people,)`.
        participants: index of the participant of each row.
    """

    ends: Mapping[str, Floats]
    sure: Mapping[str, Floats]
    objective: Floats
    participants: NDArray[np.int64]


def average_over_kinds(
    likelihood: Likelihood, model: HasInitValues, kinds: Sequence[Kind], level: float
) -> Averaged:
    """Find everyone's intervals by profile likelihood, averaged over kinds of Q-learners.

    Args:
        likelihood: of the terms of `terms_of`.
        model: has the values before the first trial.
        kinds: of learners.
        level: of the intervals, 0 to 1.
    """
    z, n_people = float(ndtri((1 + max(level, LEVEL)) / 2)), len(likelihood.participants)
    parts: list[tuple[dict[str, Floats], ...]] = []
    objectives = []
    for at in range(0, n_people, AT_ONCE):
        own = likelihood.of_participants(range(at, min(at + AT_ONCE, n_people)))
        tops = [top_of(LearnerLikelihood(own, model, kind)) for kind in kinds]
        costs = np.array([top.objective + PRICE * len(top.names) for top in tops])
        parts.append(_ends_of(tops, costs, z, (level, LEVEL)))
        objectives.append(costs.min(0))
    ends, sure = (
        {name: np.concatenate([one[name] for one in same]) for name in same[0]}
        for same in zip(*parts, strict=True)
    )
    return Averaged(ends, sure, np.concatenate(objectives), likelihood.participants)


def _ends_of(
    tops: Sequence[Top], costs: Floats, z: float, levels: tuple[float, ...]
) -> tuple[dict[str, Floats], ...]:
    """Find the ends of intervals at several levels."""
    profiles = []
    for top in tops:
        own = profiles_of(top, z)
        if "alpha_penalty" in top.names:
            assert isinstance(top.look, LearnerLikelihood)
            look = DifferenceLikelihood(top.look)
            own |= profiles_of(top_of(look, look.of(top.values)), z)
        profiles.append(own)
    weights = np.exp(costs.min(0) - costs)
    names = dict.fromkeys(name for own in profiles for name in own if name != ALPHA)
    rates = ("alpha_reward", "alpha_penalty") if any(ALPHA in own for own in profiles) else ()
    found: dict[str, Floats] = {}
    for name in dict.fromkeys((*names, *rates)):
        scale = scale_of(name)
        ends = np.empty((len(levels), costs.shape[1], 2))
        for i in range(costs.shape[1]):
            parts = [_part(own, name, i) for own in profiles]
            pairs = [mix_distributions(parts, weights[:, i], level) for level in levels]
            ends[:, i] = scale.ends(np.clip(pairs, scale.low, scale.high))
        found[name] = ends
    return tuple({name: ends[at] for name, ends in found.items()} for at in range(len(levels)))


def _part(own: Mapping[str, Profile], name: str, person: int) -> tuple[Floats, Floats] | float:
    """Return a kind's profile of a parameter, or the value that it has in all of them."""
    profile = own.get(name, own.get(ALPHA) if name in ("alpha_reward", "alpha_penalty") else None)
    if profile is None:
        return 0.0 if name == DIFFERENCE else float(logit(Q0))
    known = np.isfinite(profile.at[:, person]) & np.isfinite(profile.root[:, person])
    return profile.at[known, person], np.maximum.accumulate(profile.root[known, person])


def mix_distributions(
    parts: Sequence[tuple[Floats, Floats] | float], weights: Floats, level: float
) -> tuple[float, float]:
    """Return the ends of an interval, from the mixture of several distributions: signed roots at points, or a
    point.
    """
    tail = (1 - level) / 2
    spots = [np.array([part]) if isinstance(part, float) else _far(*part) for part in parts]
    grid = np.unique(np.concatenate(spots))
    grid = np.unique(
        np.append((grid[:-1, None] + np.diff(grid)[:, None] * np.arange(FINE) / FINE).ravel(), grid[-1])
    )
    below, upto = np.zeros(len(grid)), np.zeros(len(grid))
    for part, weight in zip(parts, weights / weights.sum(), strict=True):
        if isinstance(part, float):
            below += weight * (grid > part)
            upto += weight * (grid >= part)
        else:
            share = weight * ndtr(_root_at(grid, *part))
            below, upto = below + share, upto + share
    return _crossing(grid, below, upto, tail), _crossing(grid, below, upto, 1 - tail)


def _far(at: Floats, root: Floats) -> Floats:
    slow, fast = _ends(at, root)
    return np.concatenate([at[0] - np.array([2.0, 1.0]) / slow, at, at[-1] + np.array([1.0, 2.0]) / fast])


def _ends(at: Floats, root: Floats) -> tuple[float, float]:
    """Slopes of the root at both ends."""
    if len(at) < 2:
        return 1e6, 1e6
    slow = max((root[1] - root[0]) / max(at[1] - at[0], 1e-12), 1e-3)
    return slow, max((root[-1] - root[-2]) / max(at[-1] - at[-2], 1e-12), 1e-3)


def _root_at(grid: Floats, at: Floats, root: Floats) -> Floats:
    slow, fast = _ends(at, root)
    inside = np.interp(grid, at, root)
    inside = np.where(grid < at[0], root[0] + slow * (grid - at[0]), inside)
    return np.where(grid > at[-1], root[-1] + fast * (grid - at[-1]), inside)


def _crossing(grid: Floats, below: Floats, upto: Floats, share: float) -> float:
    """Where a distribution with jumps comes to a share."""
    i = int(np.searchsorted(upto, share))
    if i == len(grid):
        return float(grid[-1])
    if i == 0 or below[i] <= share:
        return float(grid[i])
    rise = (share - upto[i - 1]) / max(below[i] - upto[i - 1], 1e-12)
    return float(grid[i - 1] + rise * (grid[i] - grid[i - 1]))
