"""What a result's equations mean to a Q-learner, for a panel to show: steps, the way back, what a term is
worth, and what no choice can tell.

Takes a `Result` and calls the core. Only `cost` loads torch.
"""

import sys
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.equations import SpiceModel
from ..core.mechanisms import PARAMETERS as DECLARED
from ..core.models import VALUE
from ..core.read.freedoms import Freedom, freedoms
from ..core.read.steps import Step, steps
from ..core.read.translation import Impossible, impossible, read_parameters
from ..core.settings import Participant, SettingsError
from ..core.simulate.agents import AgentQ
from ..core.simulate.record import Record, mean_nll
from ..core.tasks import TASKS
from ..experiment.result import Result
from ..experiment.settle import truth_for, values_of
from ..experiment.simulation import people_of
from ..loading import later
from .looking import contributions_of

if TYPE_CHECKING:
    import torch

    from ..core.discover import dropping
else:
    torch = later("torch")
    dropping = later("..core.discover.dropping", __package__)

Floats = NDArray[np.float64]
CLOSE = 5e-3  # |dP| up to which played and recorded expectations count as the same
MOST_CHOICES = 50_000  # on which the cost of a term is found, so that it does not take long


@dataclass(frozen=True)
class Tried:
    """Equations of a participant who is made up, and the choices under them.

    Attributes:
        spice: the equations.
        nll: of the choices, in nats per choice, with these and with the found numbers; None where the
            equations cannot be played without their model.
        max_dp: largest |P - P under the found equations|; None as `nll`.
    """

    spice: SpiceModel
    nll: tuple[float, float] | None
    max_dp: float | None


def steps_of(result: Result, participant: Hashable) -> tuple[Step, ...]:
    """Read the parameters off the found equations, step by step; NaN for those that are not identified."""
    assert result.spice is not None
    missing = not_identified_of(result, participant)
    return tuple(
        replace(step, value=nan) if step.parameter in missing else step
        for step in steps(result.spice, values_of(result.snapshot), participant)
    )


def not_identified_of(result: Result, participant: Hashable) -> set[str]:
    """Name the parameters of a participant that the choices do not identify; none of a recorded run."""
    return result.missing.get(participant, set())


def interval_of(result: Result, participant: Hashable, parameter: str) -> tuple[float, float]:
    """Return the interval of a participant's parameter that the table of people has; NaN where it has none,
    and of a recorded run.
    """
    table = result.parameters
    if table is None or f"{parameter} low" not in table:
        return nan, nan
    own = table[table["participant"] == participant]
    low, high = (float(own[f"{parameter}{end}"].iloc[0]) for end in (" low", " high"))
    return low, high


def learner_parameters(result: Result, participant: Hashable) -> dict[str, float]:
    """Return the parameters of the learner of a kind of task that a participant's equations stand for, by
    its rival's names; those that the choices do not identify are left out.
    """
    assert result.spice is not None
    found = read_parameters(result.spice, values_of(result.snapshot), participant)
    missing = not_identified_of(result, participant)
    specs = TASKS[result.snapshot.choices_of].participant
    own = (one.short_name for one in specs if one.name not in DECLARED)
    return {name: found[name] for name in own if isfinite(found.get(name, nan)) and name not in missing}


def instead_of(result: Result, participant: Hashable) -> Impossible | None:
    """Return a parameter of the found equations that no Q-learner has; None where all are possible."""
    assert result.spice is not None
    errors = result.uncertainty.get(participant)
    parameters = read_parameters(result.spice, values_of(result.snapshot), participant)
    return impossible(parameters, dict.fromkeys(parameters, 0.0) if errors is None else errors.parameters)


def person_of(result: Result, participant: Hashable) -> dict[str, float | None]:
    """Return the settings of the participant whom the found equations stand for, as near as these may
    be set.
    """
    assert result.spice is not None
    parameters = read_parameters(result.spice, values_of(result.snapshot), participant)
    if parameters.get("alpha_penalty") == parameters.get("alpha_reward"):
        parameters.pop("alpha_penalty", None)
    bounds = {item.name: item.metadata for item in fields(Participant)}
    return {
        name: round(min(max(value, bounds[name]["low"]), bounds[name]["high"]), 3)
        for name, value in parameters.items()
        if isfinite(value)
    }


def try_parameters(result: Result, participant: Hashable, person: Mapping[str, Any]) -> Tried:
    """Return the equations of a participant with these parameters, in the coordinates and with the learned
    betas of the result.

    Raises:
        SettingsError: Where the model cannot express them.
    """
    assert result.spice is not None
    betas = {state: result.spice.beta(state, participant) for state in result.spice.betas}
    agent = AgentQ(result.snapshot.n_actions, **person)
    spice = truth_for(participant, agent, result.snapshot, betas)
    found, tried_out = _replay_discovered(result, participant), _replay(result, spice, participant)
    if found is None or tried_out is None:
        return Tried(spice, None, None)
    nll = float(mean_nll(tried_out).mean()), float(mean_nll(found).mean())
    return Tried(spice, nll, float(np.abs(tried_out.probabilities - found.probabilities).max()))


def freedoms_of(result: Result, participant: Hashable) -> tuple[Freedom, ...]:
    """Three ways to write the found equations otherwise, the first one so that the constant vanishes; none
    where they cannot be played without their model.
    """
    spice, module = result.spice, f"{VALUE}_chosen"
    if spice is None or _replay_discovered(result, participant) is None or module not in spice.equations:
        return ()
    equation = spice.equation(module, participant)
    rate = 1 - equation.coefficient(equation.module)
    shift = -equation.coefficient() / rate if rate else 0.0
    own = _own(result, participant)
    history = result.choices[own], result.outcomes[own]
    shift = shift if abs(shift) > 0.05 else 1.0
    return freedoms(spice, result.description, *history, participant, shift=shift)


def cost(result: Result, participant: Hashable, module: str, term: tuple[str, ...] = ()) -> "dropping.Cost":
    """Compute the cost of leaving a term out, on the first sessions where there are very many. Loads torch,
    and takes about a second.
    """
    assert result.spice is not None
    dataset = result.dataset
    most = max(1, MOST_CHOICES // dataset.n_trials)
    own = _own(result, participant)[:most]
    part = dataset.take(torch.as_tensor(own), torch.arange(dataset.n_trials).expand(len(own), -1))
    return dropping.cost_of_dropping(result.spice, result.forward, part, module, term, participant)


def is_loaded() -> bool:
    """Tell whether `cost` can begin without loading anything."""
    return "torch" in sys.modules


def _own(result: Result, participant: Hashable) -> NDArray[np.int64]:
    """Return the sessions of a participant."""
    if result.snapshot.n_participants == 1:
        return np.arange(len(result.choices))
    return np.flatnonzero([one == participant for one in people_of(result.snapshot)])


def _replay(result: Result, spice: SpiceModel, participant: Hashable) -> Record | None:
    """Return the sessions of a participant under some equations; None where only their model can play
    them.
    """
    try:
        return contributions_of(result, spice, _own(result, participant)).record
    except SettingsError:
        return None


@lru_cache(maxsize=1)
def _replay_discovered(result: Result, participant: Hashable) -> Record | None:
    """Under the found equations; None also where their model plays them otherwise."""
    assert result.spice is not None
    record, recorded = _replay(result, result.spice, participant), result.played["spice"].probabilities
    if record is None or np.abs(record.probabilities - recorded[_own(result, participant)]).max() > CLOSE:
        return None
    return record
