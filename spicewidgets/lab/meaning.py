"""What a result's equations mean to a Q-learner, for a panel to show: steps, the way back, what a term is
worth, and what no choice can tell.

Takes a `Result` and calls the core. Only `cost` loads torch. Knows nothing of widgets.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.equations import SpiceModel
from ..core.read.consequences import Cost, Freedom, cost_of_dropping, freedoms
from ..core.read.contributions import Unfolded, mean_nll
from ..core.read.steps import Step, steps
from ..core.read.translation import VALUE, classical_parameters
from ..core.settings import Participant, SettingsError
from ..core.simulate.agents import AgentQ
from .looking import unfolded
from .result import Result
from .settle import truth_for, values_of
from .simulation import people_of

Floats = NDArray[np.float64]
CLOSE = 5e-3  # |dP| up to which played and recorded expectations count as the same
MOST = 50_000  # choices on which the cost of a term is found, so that it does not take long


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


def steps_of(result: Result, who: Any) -> tuple[Step, ...]:
    """The steps from the found equations to the parameters."""
    assert result.spice is not None
    return steps(result.spice, values_of(result.snapshot), who)


def person_of(result: Result, who: Any) -> dict[str, float | None]:
    """The settings of the participant whom the found equations stand for, as near as these may be set."""
    assert result.spice is not None
    found = classical_parameters(result.spice, values_of(result.snapshot), who)
    if found.get("alpha_penalty") == found.get("alpha_reward"):
        found.pop("alpha_penalty", None)
    told = {item.name: item.metadata for item in fields(Participant)}
    return {
        name: round(min(max(value, told[name]["low"]), told[name]["high"]), 3)
        for name, value in found.items()
        if isfinite(value)
    }


def tried(result: Result, who: Any, person: Mapping[str, Any]) -> Tried:
    """The equations of a participant with these parameters, in the coordinates and with the learned betas of
    the result. Raises `SettingsError` where the model cannot express them.
    """
    assert result.spice is not None
    betas = {state: result.spice.beta(state, who) for state in result.spice.betas}
    agent = AgentQ(result.snapshot.task.n_actions, **person)
    spice = truth_for(who, agent, result.snapshot, betas)
    before, now = _found(result, who), _played(result, spice, who)
    if before is None or now is None:
        return Tried(spice, None, None)
    choices = result.choices[_own(result, who)]
    nll = float(mean_nll(now, choices).mean()), float(mean_nll(before, choices).mean())
    return Tried(spice, nll, float(np.abs(now.probabilities - before.probabilities).max()))


def freedoms_of(result: Result, who: Any) -> tuple[Freedom, ...]:
    """Three ways to write the found equations otherwise, the first one so that the constant vanishes; none
    where they cannot be played without their model.
    """
    if result.spice is None or _found(result, who) is None or f"{VALUE}_chosen" not in result.spice.equations:
        return ()
    equation = result.spice.equation(f"{VALUE}_chosen", who)
    rate = 1 - equation.coefficient(equation.module)
    shift = -equation.coefficient() / rate if rate else 0.0
    own = _own(result, who)
    history = result.choices[own], result.outcomes[own]
    shift = shift if abs(shift) > 0.05 else 1.0
    return freedoms(result.spice, result.description, *history, who, shift=shift)


def cost(result: Result, who: Any, module: str, term: tuple[str, ...] = ()) -> Cost:
    """What it costs to leave a term out, found on the first sessions where there are very many. Loads torch,
    and takes about a second.
    """
    import torch

    assert result.spice is not None
    dataset = result.dataset
    most = max(1, MOST // dataset.n_trials)
    own = _own(result, who)[:most]
    part = dataset.take(torch.as_tensor(own), torch.arange(dataset.n_trials).expand(len(own), -1))
    return cost_of_dropping(result.spice, result.forward, part, module, term, who)


def is_loaded() -> bool:
    """Whether `cost` can begin without loading anything."""
    return "torch" in sys.modules


def _own(result: Result, who: Any) -> NDArray[np.int64]:
    """The sessions of a participant."""
    if result.snapshot.data.n_participants == 1:
        return np.arange(len(result.choices))
    return np.flatnonzero([one == who for one in people_of(result.snapshot)])


def _played(result: Result, spice: SpiceModel, who: Any) -> Unfolded | None:
    """The sessions of a participant under some equations; None where only their model can play them."""
    try:
        return unfolded(result, spice, _own(result, who))
    except SettingsError:
        return None


@lru_cache(maxsize=1)
def _found(result: Result, who: Any) -> Unfolded | None:
    """Under the found equations; None also where their model plays them otherwise."""
    assert result.spice is not None
    played, known = _played(result, result.spice, who), result.played["spice"].probabilities
    if played is None or np.abs(played.probabilities - known[_own(result, who)]).max() > CLOSE:
        return None
    return played
