"""What no choice can tell: ways to write the same equations otherwise, and what each does to P.

An equation has freedoms that change no P, so that the choices cannot decide them: a number added to the
values of all arms, and values stretched by as much as beta is shrunk. A number added to the values of one arm
is no such freedom; and a constant that only the chosen arm gets is a number added to one arm.
"""

from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from ..built import SCALED, BuiltModel
from ..equations import SpiceModel
from ..models import VALUE
from ..simulate.agents import softmax
from ..simulate.record import Floats, Record
from .contributions import compute_contributions
from .level import reparameterise


@dataclass(frozen=True)
class Freedom:
    """The equations written in another way, and what that does to P.

    Attributes:
        name: "both arms", "stretch" or "one arm".
        shift: what was added to the values.
        spice: the equations in the new writing; with "one arm", those of the first arm.
        start: where the values start, in the new writing.
        beta: what the values are multiplied with, in the new writing.
        max_dp, mean_dp: largest and mean |P - P before| over trials and arms.
    """

    name: str
    shift: float
    spice: SpiceModel
    start: float
    beta: float
    max_dp: float
    mean_dp: float


def freedoms(
    spice: SpiceModel,
    built: BuiltModel,
    choices: ArrayLike,
    rewards: ArrayLike,
    participant: Hashable = None,
    *,
    shift: float = 1.0,
    stretch: float = 2.0,
) -> tuple[Freedom, Freedom, Freedom]:
    """Three ways to write the value of the reward otherwise.

    Both arms moved by `shift`, values multiplied by `stretch` and beta divided by it, and only the first arm
    moved. The first two change nothing that can be seen.

    Args:
        spice: the equations.
        built: the model that they belong to.
        choices: of the sessions on which P is compared, as in `compute_contributions`.
        rewards: of the same sessions.
        participant: label; the first that has equations when None.
        shift: what is added to the values.
        stretch: the factor of the values.
    """
    labels = [spice.participants[spice.index(participant)]] * len(np.asarray(choices))
    before = compute_contributions(built, spice, choices, rewards, labels).record

    def rewritten(name: str, stretch: float, shift: float) -> tuple[Freedom, Record]:
        new, model = _rewritten(spice, built, stretch, shift)
        record = compute_contributions(model, new, choices, rewards, labels).record
        start = next(state.initial for state in model.states if state.name == VALUE)
        return _freedom(name, shift, new, start, participant, record.probabilities, before), record

    both, record = rewritten("both arms", 1.0, shift)
    stretched, _ = rewritten("stretch", stretch, 0.0)
    first_arm = np.arange(before.q.shape[-1]) == 0
    p_one_arm = softmax(np.where(first_arm, record.q, before.q))
    return both, stretched, _freedom("one arm", shift, both.spice, both.start, participant, p_one_arm, before)


def _freedom(
    name: str,
    shift: float,
    spice: SpiceModel,
    start: float,
    participant: Hashable,
    probabilities: Floats,
    before: Record,
) -> Freedom:
    dp = np.abs(probabilities - before.probabilities)
    beta = spice.beta(VALUE, participant)
    return Freedom(name, shift, spice, start, beta, float(dp.max()), float(dp.mean()))


def _rewritten(
    spice: SpiceModel, built: BuiltModel, stretch: float, shift: float
) -> tuple[SpiceModel, BuiltModel]:
    """Equations and model for the values `stretch * x + shift`, with beta divided by the stretch."""
    equations = {
        module: tuple(
            equation
            if equation is None or not module.startswith(VALUE)
            else reparameterise(equation, stretch, shift)
            for equation in row
        )
        for module, row in spice.equations.items()
    }
    betas = tuple(spice.beta(VALUE, label) / stretch for label in spice.participants)
    states = tuple(
        replace(state, initial=stretch * state.initial + shift, choice=SCALED)
        if state.name == VALUE
        else state
        for state in built.states
    )
    return replace(spice, equations=equations, betas={**spice.betas, VALUE: betas}), replace(
        built, states=states
    )
