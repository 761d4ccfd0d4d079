"""Q-learners as the equations of a model: what `true_model` writes of one agent, for many people at once.

The free parameters of a kind of learner are its coordinates, each on its own scale: the log-odds of a rate,
the logarithm of a beta. There they have no bounds but those of the search, and their likelihood is more
nearly normal than that of the coefficients.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from ..equations import Term
from ..mechanisms import BEYOND, VALUES
from ..models import HABIT, RATE, VALUE
from ..polynomial import moves_of
from ..read.level import rewrite_terms
from ..read.translation import MODULES, REWARD, HasInitValues, start_of, update_of
from .likelihood import Derivatives, Likelihood, ParameterId
from .maximum import Prior
from .posterior import FLAT, Posterior

Floats = NDArray[np.float64]
Shape = Mapping[str, Floats]

STEP = 1e-5  # of the slopes of coefficients, on the scales
ALPHA, DIFFERENCE, WITHIN = "alpha", "alpha_reward - alpha_penalty", "within"
Q0 = 0.5  # value of every arm before the first trial, where it is not found


class Scale(NamedTuple):
    """The scale on which a parameter is searched for.

    Attributes:
        kind: "share", "positive" or "real".
        low, high: bounds of the search, on the scale.
        least, most: the parameter's own bounds, which stand for those of the search.
        mean, sd: of the weak prior, on the scale.
    """

    kind: str
    low: float
    high: float
    least: float
    most: float
    mean: float
    sd: float

    def natural(self, value: Floats) -> Floats:
        """Turn values on the scale into those of the parameter."""
        if self.kind == "share":
            return np.asarray(expit(value))
        return np.asarray(np.exp(value)) if self.kind == "positive" else value

    def ends(self, value: Floats) -> Floats:
        """Do the same, with the parameter's own bounds in place of those of the search."""
        at_ends = np.where(value >= self.high, self.most, self.natural(value))
        return np.where(value <= self.low, self.least, at_ends)


EDGE = float(logit(1e-3))
EVEN = float(np.pi / np.sqrt(3))  # standard deviation of the log-odds of a number that is uniform on 0..1
SHARE = Scale("share", EDGE, -EDGE, 0.0, 1.0, 0.0, EVEN)
POSITIVE = Scale("positive", float(np.log(0.01)), float(np.log(50.0)), 0.0, np.inf, float(np.log(3.0)), 1.0)
REAL = Scale("real", -20.0, 20.0, -np.inf, np.inf, 0.0, 2.0)
SCALES = {
    "beta_reward": POSITIVE,
    "beta_choice": REAL,
    **dict.fromkeys(("beta1", "beta2"), POSITIVE),
    "stay": REAL,
    DIFFERENCE: Scale("real", -0.998, 0.998, -1.0, 1.0, 0.0, 1e4),
}


def scale_of(name: str) -> Scale:
    """Look up the scale of a parameter; rates and q0 are between 0 and 1."""
    return SCALES.get(name, SHARE)


@dataclass(frozen=True)
class Kind:
    """A kind of Q-learner.

    Attributes:
        names: of its free parameters; `alpha` is the one rate of a learner who has no two.
    """

    names: tuple[str, ...]

    @property
    def scales(self) -> tuple[Scale, ...]:
        """The scale of each parameter."""
        return tuple(map(scale_of, self.names))

    def parameters(self, natural: Shape) -> dict[str, Floats]:
        """All parameters of `AgentQ` that the free ones stand for."""
        p = {"q0": np.asarray(Q0), **natural}
        if ALPHA in p:
            p["alpha_reward"] = p["alpha_penalty"] = p[ALPHA]
        elif DIFFERENCE in p:
            d = p[DIFFERENCE]
            p["alpha_penalty"] = np.maximum(0.0, -d) + (1 - np.abs(d)) * p[WITHIN]
            p["alpha_reward"] = p["alpha_penalty"] + d
        return p


def kinds_of(modules: Mapping[str, Sequence[Term]]) -> tuple[Kind, ...]:
    """List the kinds of Q-learner whose updates the candidate terms of a model can express.

    Args:
        modules: the candidate terms of each module.

    Returns:
        One learning rate or two, where a term can tell them apart; values that begin at 0.5, or anywhere
        between 0 and 1. None where a module or an input is not known here.
    """
    chosen = next((name for name in (RATE, f"{VALUE}_chosen") if name in modules), None)
    allowed = {name: {name, *((REWARD,) if name == chosen else ())} for name in MODULES}
    known = all(
        name in MODULES and allowed[name].issuperset(sum(terms, ())) for name, terms in modules.items()
    )
    if chosen is None or not known:
        return ()
    terms = {tuple(sorted(term)) for term in modules[chosen]}
    needed = (REWARD,) if chosen == RATE else tuple(sorted((chosen, REWARD)))
    rates = [(ALPHA,), *([("alpha_reward", "alpha_penalty")] if needed in terms else [])]
    others = ["beta_reward"]
    for one in BEYOND:
        moves = () if one.within else moves_of(one)
        is_apart = not any(move.by_reward or move.module == f"{VALUE}_chosen" for move in moves)
        if moves and is_apart and all(move.module in modules for move in moves):
            others += [each.name for each in one.all_parameters]
    starts: list[tuple[str, ...]] = [()] if chosen == RATE else [(), ("q0",)]
    return tuple(Kind((*rate, *others, *start)) for start in starts for rate in rates)


def terms_of(modules: Sequence[str]) -> dict[str, tuple[Term, ...]]:
    """List the terms that any kind of Q-learner has in these modules."""
    return {
        name: ((), (name,), (REWARD,), (name, REWARD)) if name in (RATE, f"{VALUE}_chosen") else ((), (name,))
        for name in modules
    }


class OnScales(Posterior):
    """ln L of people's choices in the coordinates of a kind of learner.

    Args:
        likelihood: of coefficients.
        kind: of learner.
        prior: of the coordinates; a weak one when None.
    """

    likelihood: Likelihood
    low: Floats
    high: Floats

    def __init__(self, likelihood: Likelihood, kind: Kind, prior: Prior | None = None) -> None:
        self.kind, self.scales = kind, kind.scales
        low, high, mean, sd = np.array([(one.low, one.high, one.mean, one.sd) for one in self.scales]).T
        super().__init__(likelihood, prior or Prior(mean, sd), low, high)

    def coefficients(self, p: Mapping[str, Floats]) -> Mapping[ParameterId, Floats]:
        """Return the coefficients that a learner's parameters stand for."""
        raise NotImplementedError

    def parameters(self, values: Floats) -> dict[str, Floats]:
        """Return a learner's parameters, from `(..., n_parameters)` on the scales."""
        natural = {
            name: scale.natural(values[..., i])
            for i, (name, scale) in enumerate(zip(self.kind.names, self.scales, strict=True))
        }
        return self.kind.parameters(natural)

    def natural(self, values: Floats) -> Floats:
        """Coefficients and betas, as `true_model` has them, of `(..., n_parameters)` on the scales."""
        found = self.coefficients(self.parameters(values))
        columns = [
            np.broadcast_to(found.get(number, 1.0 if number.term is None else 0.0), values.shape[:-1])
            for number in self.likelihood.numbers
        ]
        return np.stack(columns, -1)

    def slopes(self, values: Floats, natural: Floats) -> Floats:
        """Compute the derivatives of coefficients by all coordinates."""
        return _differences(self.natural, values)


class LearnerLikelihood(OnScales):
    """The same of a kind of Q-learner.

    Args:
        likelihood: of coefficients; its terms are those of `terms_of`.
        model: has the values before the first trial.
        kind, prior: as in `OnScales`.
    """

    def __init__(
        self, likelihood: Likelihood, model: HasInitValues, kind: Kind, prior: Prior | None = None
    ) -> None:
        self.model = model
        self.start = {state: start_of(model, state) for state in (VALUE, HABIT)}
        super().__init__(likelihood, kind, prior)

    def coefficients(self, p: Mapping[str, Floats]) -> Mapping[ParameterId, Floats]:
        """Return the coefficients that a Q-learner's parameters stand for."""
        return _coefficients(p, self.likelihood.terms, self.start)


class DifferenceLikelihood(LearnerLikelihood):
    """The same with the difference of two learning rates as a coordinate; the prior of the two is part of it.

    Args:
        two: the likelihood whose first coordinates are the two rates.
    """

    def __init__(self, two: LearnerLikelihood) -> None:
        kind = Kind((DIFFERENCE, WITHIN, *two.kind.names[2:]))
        mean, sd = (
            np.array(np.broadcast_to(part, len(kind.names))) for part in (two.prior.mean, two.prior.sd)
        )
        self.rates = Prior(mean[:2].copy(), sd[:2].copy())
        sd[:2] = FLAT
        super().__init__(two.likelihood, two.model, kind, Prior(mean, sd))

    def of(self, values: Floats) -> Floats:
        """Turn coordinates with two rates into those with their difference."""
        reward, penalty = expit(values[..., 0]), expit(values[..., 1])
        difference = reward - penalty
        within = (penalty - np.maximum(0.0, -difference)) / (1 - np.abs(difference))
        pair = [difference, logit(np.clip(within, 1e-3, 1 - 1e-3))]
        return np.concatenate([np.stack(pair, -1), values[..., 2:]], -1).clip(self.low, self.high)

    def _rates(self, values: Floats) -> Floats:
        natural = {DIFFERENCE: values[..., 0], WITHIN: expit(values[..., 1])}
        p = self.kind.parameters(natural)
        pair = np.stack([p["alpha_reward"], p["alpha_penalty"]], -1)
        return np.asarray(logit(np.clip(pair, 1e-6, 1 - 1e-6)))

    def __call__(self, tables: Floats) -> Derivatives:
        """Evaluate the likelihood and the prior of the two rates."""
        there, at = super().__call__(tables), self._rates(tables)
        slopes = _differences(self._rates, tables)
        away = (at - self.rates.mean) / self.rates.sd**2
        nll = there.nll + self.rates.penalty(at, np.ones(2, bool))
        gradient = there.gradient - np.einsum("...pr,...r->...p", slopes, away)
        weighted = (slopes / self.rates.sd**2) @ np.swapaxes(slopes, -1, -2)
        return Derivatives(nll, gradient, there.information + weighted)


def _differences(function: Callable[[Floats], Floats], values: Floats) -> Floats:
    """Compute the derivatives of a function by coordinates, `(..., n_coordinates, n_results)`."""
    moves = STEP * np.eye(values.shape[-1])
    return np.stack([(function(values + m) - function(values - m)) / (2 * STEP) for m in moves], -2)


def _coefficients(
    p: Mapping[str, Floats], modules: Mapping[str, Sequence[Term]], start: Mapping[str, float]
) -> dict[ParameterId, Floats]:
    """Return the update of a learner in a model's coordinates, as `true_model` has it of one.

    Where the model learns a beta it is 1, but beside a learning rate of its own, where it is the learner's.
    """
    found: dict[ParameterId, Floats] = {}
    for module in modules:
        own = update_of(module, p)
        state = MODULES[module][0]
        if module != RATE and state.weight is not None:
            stretch, first = p[state.weight.name], p["q0"] if state is VALUES else state.first
            own = rewrite_terms(own, module, stretch, start[state.model] - stretch * first)
        found |= {ParameterId(module, term): value for term, value in own.items()}
    return found | ({ParameterId(VALUE, None): p["beta_reward"]} if RATE in modules else {})
