"""Truth and discovery in the same words: a Q-learner's update in the RNN's coordinates, and an equation's
classical parameters.

A model holds values V in units of the logit, and they start at V0. A Q-learner holds Q, which starts at q0,
and multiplies it by beta. The two are the same participant if V is Q stretched and shifted:

    V = g Q + s,    g = beta / b,    s = V0 - g q0

where b is the model's own learned beta for that state (1 where it has none). Put into the update of the
chosen arm, `Q' = Q + alpha (r - Q)`, this gives

    V' = alpha s + (1 - alpha) V + alpha g r

So the constant `alpha s` is what it costs that the model starts at V0 and the participant at beta q0. It is
*not* the same number for every arm: only the chosen arm is updated, so it does not cancel in the softmax, and
leaving it out changes P. (With alpha 0.3, beta 3, q0 0.5 and V0 0.5 it is -0.3.) What does cancel is a number
added to the values of all arms.
"""

import warnings
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite, nan
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

from ..checks import raise_if_any
from ..config import SpiceConfig
from ..equations import Equation, SpiceModel, Term, term_text
from ..mechanism import StateSpec, Values
from ..mechanisms import BEYOND, MECHANISMS, PARAMETERS, STATES, VALUES
from ..models import DRIVE, GO, HABIT, RATE, VALUE
from ..polynomial import FADING, Polynomial, moves_of, polynomial, trial_of, updated_value
from ..settings import SettingsError, SpiceWarning
from ..simulate.agents import AgentQ
from ..simulate.declared import DeclaredAgent, Player
from ..tasks import GAUSSIAN, GO_NO_GO
from .hybrid import BEYOND as NO_HYBRID, HYBRID, is_two_step, read_hybrid, true_hybrid
from .level import at_level_of, level, reparameterise, rewrite_terms

SURE = 2.576  # standard errors: within them lie 99 of 100 estimates
ROUNDING, NOTHING = 1e-9, 1e-12
INSTEAD = "no_q_learner"  # column of what equations do that no Q-learner does
LEARNERS = {INSTEAD: "Q-learner", "no_hybrid": "hybrid"}  # columns, and what the equations are none of

REWARD, REWARD_CHOSEN = "c_reward", "c_reward_chosen"
BIAS, PROMISE = GO_NO_GO.signals
# The signal whose coefficient each parameter is of who explores by a Kalman filter.
KALMAN = dict(zip((one.name for one in GAUSSIAN.participant), GAUSSIAN.signals, strict=True))


def column_instead(names: Iterable[str]) -> str:
    """Return the name of the column, of those of a table, that says what equations do instead; else empty."""
    return next((name for name in names if name in LEARNERS), "")


class HasInitValues(Protocol):
    """The part of a model, or of its class, that a translation needs: the values before the first trial."""

    @property
    def init_values(self) -> Mapping[str, Any]:
        """The first value of each memory state, one for all arms or one for each."""


@dataclass(frozen=True)
class InitValues:
    """The values before the first trial alone, in place of a model."""

    init_values: Mapping[str, Any]


@dataclass(frozen=True)
class Gauge:
    """The relation of a model's value to the participant's: `V = stretch * Q + shift`.

    Attributes:
        start: value of the model's state before the first trial, V0.
        beta: the model's learned beta of that state, b; 1 where it has none.
        stretch: g.
        shift: s.
    """

    start: float
    beta: float
    stretch: float
    shift: float


def true_model(
    agent: Player,
    model: HasInitValues,
    config: SpiceConfig,
    *,
    betas: Mapping[str, float] | None = None,
    participant: Hashable = 0,
) -> SpiceModel:
    """Return the equations that a perfect discovery would find: the agent's own update, written in the
    model's coordinates.

    Args:
        agent: the participant who made the choices.
        model: the model, or its class: its `init_values` set the shift.
        config: which modules have equations; their terms tell which form of counterfactual feedback the model
            has.
        betas: the model's learned betas by state. Where a model learns a beta, the stretch of its values is
            free, and the truth is written in the stretch that was learned. Without it, values are in units of
            the reward and beta is the agent's.
        participant: label.

    Returns:
        A `SpiceModel` of one participant. What the model's structure cannot express is a note on the
        equation.
    """
    if isinstance(agent, DeclaredAgent):
        own, modules = agent.parameters, config.modules
        if "pavlovian" in own:
            return _true_go(own, modules, participant)
        equations_of = true_kalman if own.keys() == KALMAN.keys() else true_hybrid
        if equations_of is true_hybrid and "w" not in own:
            raise SettingsError(["What this participant does has no equation of values and rewards."])
        return SpiceModel.of(*equations_of(own, modules), participant=participant)
    betas = (
        {state: agent._betas[state] for state in _states_with_learned_beta(model)}
        if betas is None
        else dict(betas)
    )
    raise_if_any(
        f"{one.name} is no equation of values and rewards. Simulate a participant without it."
        for one in BEYOND
        if not one.within and one.is_in_use(agent.parameters) and not moves_of(one)
    )
    equations = {}
    for module in config.modules:
        if module not in MODULES:
            raise SettingsError(
                [
                    f"Nothing is known of the module {module!r} in terms of AgentQ; "
                    f"known are {list(MODULES)}. "
                    "Name your modules as in the precoded models to compare them with the truth."
                ]
            )
        equations[module] = (_true_equation(module, agent, model, config.terms(module), betas),)
    return SpiceModel((participant,), equations, {state: (float(beta),) for state, beta in betas.items()})


def true_kalman(parameters: Mapping[str, float], modules: Iterable[str]) -> tuple[Equation, ...]:
    """Return the equation of who explores by a Kalman filter: a weight for each signal.

    Raises:
        SettingsError: where a module is none of the model `kalman`.
    """
    if unknown := set(modules) - {DRIVE}:
        raise SettingsError([f"Nothing is known of the module {min(unknown)!r} in terms of a Kalman filter."])
    return (_equation(DRIVE, {(signal,): parameters[name] for name, signal in KALMAN.items()}),)


def _true_go(parameters: Mapping[str, float], modules: Iterable[str], participant: Hashable) -> SpiceModel:
    """Return the equations of who learns go and no-go of cues: values of rewards from 0 to 1 weigh twice as
    much as gains and losses from -1 to 1.

    Raises:
        SettingsError: where the model has no equation for what they do.
    """
    p = parameters
    raise_if_any(
        [
            *(f"Nothing is known of the module {one!r} after cues." for one in set(modules) - {RATE, GO}),
            "Lapses are no equation of values. Set lapse to 0." if p["lapse"] else None,
            "Gains and losses of one sensitivity only have an equation. Set gain and loss_sensitivity alike."
            if p["gain"] != p["loss_sensitivity"]
            else None,
        ]
    )
    drive = {(BIAS,): p["bias"], (PROMISE,): p["pavlovian"] * p["gain"]}
    equations: dict[str, dict[Term, float]] = {
        RATE: {(): p["alpha_reward"]},
        GO: {term: size for term, size in drive.items() if size},
    }
    written = (_equation(module, equations[module]) for module in modules)
    return SpiceModel.of(*written, betas={VALUE: 2 * p["gain"]}, participant=participant)


def classical_parameters(
    spice: SpiceModel, model: HasInitValues, participant: Hashable = None
) -> dict[str, float]:
    """Return the parameters of `AgentQ` that a participant's equations stand for: the way back from
    `true_model`. A parameter that no Q-learner has, such as a learning rate below 0, is a warning.

    From `V' = k + w V + g r + c V r` of the chosen arm: `alpha_penalty = 1 - w`, `alpha_reward =
    alpha_penalty - c`, shift `s = k / alpha_penalty`, stretch `(g + c s) / alpha_reward`; from these beta and
    q0. Exact coefficients give exact parameters. Only what the equations tell is returned; a number that they
    leave open is NaN. Whether the choices identify a parameter is not asked here; `people` does.

    Warns:
        SpiceWarning: a parameter is out of its range, and what the equations do instead.
    """
    parameters = read_parameters(spice, model, participant)
    if (other := impossible(parameters, dict.fromkeys(parameters, 0.0))) is not None:
        warnings.warn(
            f"No {'hybrid' if other.name in NO_HYBRID else 'Q-learner'} has {other.name} {other.value:.3g},"
            f" which these equations stand for: here it means"
            f" that {other.means}. Read no parameter off them.",
            SpiceWarning,
            stacklevel=2,
        )
    return parameters


def read_parameters(
    spice: SpiceModel, model: HasInitValues, participant: Hashable = None
) -> dict[str, float]:
    """Return the same as `classical_parameters`, whatever their ranges are and without a warning."""
    if is_two_step(spice):
        return read_hybrid(spice, participant)
    if DRIVE in spice.equations:
        drive = spice.of_participant(participant)[DRIVE]
        return {name: drive.coefficient(signal) for name, signal in KALMAN.items()}
    equations = dict(_at_rest(spice.of_participant(participant), start_of(model, VALUE)))
    parameters: dict[str, float] = {}
    gauge = Gauge(nan, 1.0, nan, nan)
    if (chosen := equations.get(f"{VALUE}_chosen")) is not None:
        gauge = _read_chosen(chosen, start_of(model, VALUE), spice.beta(VALUE, participant), parameters)
    if (rate := equations.get(RATE)) is not None:
        gauge = _read_rate(rate, start_of(model, VALUE), spice.beta(VALUE, participant), parameters)
    if (not_chosen := equations.get(f"{VALUE}_not_chosen")) is not None:
        _read_not_chosen(not_chosen, gauge, parameters)
    if (go := equations.get(GO)) is not None:
        parameters["bias"] = go.coefficient(BIAS)
        parameters["pavlovian"] = _over(2 * go.coefficient(PROMISE), parameters.get("beta_reward", nan))
    if (habit := equations.get(f"{HABIT}_chosen")) is not None:
        _read_habit(habit, start_of(model, HABIT), spice.beta(HABIT, participant), parameters)
    return parameters


class Impossible(NamedTuple):
    """A parameter that no Q-learner has.

    Attributes:
        name: of the parameter.
        value: what the equations stand for.
        error: its standard error.
        means: what the equations do instead.
    """

    name: str
    value: float
    error: float
    means: str


def impossible(parameters: Mapping[str, float], errors: Mapping[str, float]) -> Impossible | None:
    """Return the first parameter beyond its range by more than its error: a rate below 0 or above 1, a beta
    of rewards below 0. The others are then read off something that is no Q-learner.

    Args:
        parameters: as `classical_parameters` gives them.
        errors: their standard errors; without one, a parameter is not judged.
    """
    for name, one in PARAMETERS.items():
        value, error = parameters.get(name, nan), errors.get(name, nan)
        past = max(-value, value - 1.0) if one.scale == "share" else -value
        if one.beyond[value > 0] and isfinite(error) and past > max(SURE * error, ROUNDING):
            return Impossible(name, value, error, one.beyond[value > 0])
    for name, words in NO_HYBRID.items():
        value, error, (low, high) = parameters.get(name, nan), errors.get(name, nan), HYBRID[name]
        if isfinite(error) and max(low - value, value - high) > max(SURE * error, ROUNDING):
            return Impossible(name, value, error, words[value > high])
    return None


def _at_rest(equations: Mapping[str, Equation], start: float) -> Mapping[str, Equation]:
    """Return the equations at the level at which `AgentQ` forgets: the value of an arm that is not chosen
    returns to where it began. Only there do constants tell where values begin.
    """
    chosen, other = equations.get(f"{VALUE}_chosen"), equations.get(f"{VALUE}_not_chosen")
    if chosen is None or other is None or any(set(term) - {other.module} for term, _ in other.active):
        return equations
    shift = level(other, (1 - other.coefficient(other.module)) * start)
    if not shift:
        return equations
    both = {equation.module: reparameterise(equation, 1.0, shift) for equation in (chosen, other)}
    return {**equations, **both}


def term_by_term(found: SpiceModel, truth: SpiceModel, participant: Hashable = None) -> pd.DataFrame:
    """Discovered beside true coefficients.

    Args:
        found: the discovered equations.
        truth: the true ones, in the same coordinates; they are written at the level of the discovered
            ones (`level.py`).
        participant: label; the first that has equations when None.

    Returns:
        A row for each module and term, with columns `true`, `found` and `difference`.
    """
    truth = at_level_of(truth, found, participant)
    rows = []
    for module, equation in found.of_participant(participant).items():
        true = truth.equation(module)
        for term in dict.fromkeys((*true.terms, *equation.terms)):
            a, b = true.coefficient(*term), equation.coefficient(*term)
            if a or b or len(term) < 2:
                rows.append(
                    {"module": module, "term": term_text(term), "true": a, "found": b, "difference": b - a}
                )
    for state in found.betas:
        a, b = truth.beta(state), found.beta(state, participant)
        rows.append({"module": f"beta({state})", "term": "1", "true": a, "found": b, "difference": b - a})
    return pd.DataFrame(rows).set_index(["module", "term"])


def gauge_of(agent: AgentQ, model: HasInitValues, state: str, betas: Mapping[str, float]) -> Gauge:
    """Return the relation of the model's value of a state to the agent's."""
    beta = float(betas.get(state, 1.0))
    stretch = float(agent._betas[state]) / beta if beta else nan
    before = agent.parameters["q0"] if state == VALUE else 0.0
    return Gauge(start_of(model, state), beta, stretch, start_of(model, state) - stretch * before)


def start_of(model: HasInitValues, state: str) -> float:
    """Value of a model's state before the first trial, V0."""
    value = model.init_values.get(state, 0.0)
    return float(value[0]) if isinstance(value, list | tuple) else float(value)


def _states_with_learned_beta(model: HasInitValues) -> list[str]:
    """Return the states whose beta a model has learned; none for a class."""
    return [] if isinstance(model, type) else list(getattr(model, "betas", ()))


def _equation(module: str, coefficients: Mapping[Term, float], notes: tuple[str, ...] = ()) -> Equation:
    return Equation(module, tuple(coefficients), tuple(float(v) for v in coefficients.values()), notes=notes)


def update_of(module: str, p: Mapping[str, Any], controls: tuple[str, ...] = (REWARD,)) -> dict[Term, Any]:
    """Return the coefficients of the update of a Q-learner that a module stands for, in its own units.

    Args:
        module: one of `MODULES`.
        p: the parameters, numbers or arrays of those of many participants; a mechanism is left out whose
            parameters are.
        controls: what the module sees.
    """
    found = {
        term: part.evaluate(p) for term, part in update_in_letters(module, REWARD_CHOSEN in controls).items()
    }
    return {term: value for term, value in found.items() if np.ndim(value) or value != 0}


@lru_cache
def update_in_letters(module: str, is_unseen: bool) -> Mapping[Term, Polynomial]:
    """Return the coefficient of each term of `update_of` as a polynomial in the parameters.

    Args:
        module: one of `MODULES`.
        is_unseen: whether what the other options would have paid is not shown.
    """
    state, chosen = MODULES[module]
    mechanisms = [one for one in MECHANISMS if not one.within and moves_of(one)]
    trial, p = trial_of(chosen, seen=not is_unseen), Values(**{name: polynomial(name) for name in PARAMETERS})
    if module == RATE:
        return polynomial(sum(one.rate(p, trial) for one in mechanisms)).collect(PARAMETERS)
    return updated_value(mechanisms, p, state, module, trial).collect(PARAMETERS)


def _true_equation(
    module: str, agent: AgentQ, model: HasInitValues, controls: tuple[str, ...], betas: Mapping[str, float]
) -> Equation:
    """Return the agent's update of a module's value, run on letters and written in the model's units."""
    own = update_of(module, agent.parameters, controls)
    if module == RATE:
        return _equation(module, _base(module) | own, _other_start(agent, start_of(model, VALUE)))
    state, chosen = MODULES[module]
    at = gauge_of(agent, model, state.model, betas)
    there = rewrite_terms(own, module, at.stretch, at.shift)
    coefficients = _base(module) | {
        term: 0.0 if abs(value) < NOTHING else value for term, value in there.items()
    }
    missing = {factor for term, value in coefficients.items() if value for factor in term}
    note = f"The agent learns from the arm not chosen; {module} has no reward among its inputs to express it."
    is_lacking = not chosen and bool(missing - {module, *controls})
    return _equation(module, coefficients, (note,) if is_lacking else ())


def _base(module: str) -> dict[Term, float]:
    """List the terms that a true equation has in any case."""
    state, chosen = MODULES[module]
    return dict.fromkeys([(), (module,), *([(REWARD,)] if chosen and state is VALUES else [])], 0.0)


def _other_start(agent: AgentQ, start: float) -> tuple[str, ...]:
    q0 = agent.parameters["q0"]
    note = (
        f"The agent starts at q0 = {q0:g} and the model at {start:g}, "
        "which its given equation cannot make up for."
    )
    return (note,) if q0 != start else ()


# The modules that the truth is known of: the state that each moves, and whether of the chosen arm.
MODULES: Mapping[str, tuple[StateSpec, bool]] = {
    **{
        f"{state.model}_{arms}": (state, arms == "chosen")
        for state in STATES
        for arms in ("chosen", "not_chosen", "not_offered")
    },
    RATE: (VALUES, True),
}


def _over(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else nan


def _read_chosen(equation: Equation, start: float, beta: float, parameters: dict[str, float]) -> Gauge:
    module = equation.module
    both = equation.coefficient(module, REWARD)
    penalty = 1 - equation.coefficient(module)
    reward = penalty - both
    shift = _over(equation.coefficient(), penalty)
    stretch = _over(equation.coefficient(REWARD) + both * shift, reward)
    parameters |= {"alpha_reward": reward, "alpha_penalty": penalty}
    parameters |= {"beta_reward": stretch * beta, "q0": _over(start - shift, stretch)}
    return Gauge(start, beta, stretch, shift)


def _read_rate(equation: Equation, start: float, beta: float, parameters: dict[str, float]) -> Gauge:
    """Learning rates where the learning rate has come to rest, after no reward and after reward; none where
    it is another one by something else, such as a context.
    """
    rest = 1 - equation.coefficient(equation.module)
    penalty = _over(equation.coefficient(), rest)
    reward = _over(equation.coefficient() + equation.coefficient(REWARD), rest)
    if {factor for term, _ in equation.active for factor in term} - {equation.module, REWARD}:
        reward = penalty = nan
    parameters |= {"alpha_reward": reward, "alpha_penalty": penalty, "beta_reward": beta, "q0": start}
    return Gauge(start, beta, 1.0, 0.0)


def _read_not_chosen(equation: Equation, at: Gauge, parameters: dict[str, float]) -> None:
    module = equation.module
    fictive = any(REWARD_CHOSEN in term for term in equation.terms)
    signal = REWARD_CHOSEN if fictive else REWARD
    slope, both = equation.coefficient(signal), equation.coefficient(module, signal)
    penalty = 0.0
    if slope or both:
        if fictive:
            penalty = _over(-(slope + both * at.shift), at.stretch)
        else:
            penalty = _over(slope + both * at.shift, at.stretch) + both
        parameters |= {"alpha_counterfactual_reward": penalty - both, "alpha_counterfactual_penalty": penalty}
    if (fading := FADING.get(module)) is not None:
        parameters[fading.parameters[0].name] = 1 - equation.coefficient(module) - penalty


def _read_habit(equation: Equation, start: float, beta: float, parameters: dict[str, float]) -> None:
    rate = 1 - equation.coefficient(equation.module)
    parameters |= {"alpha_choice": rate, "beta_choice": (_over(equation.coefficient(), rate) - start) * beta}
