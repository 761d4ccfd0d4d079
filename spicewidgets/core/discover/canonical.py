"""One way to write equations that no choices can tell apart.

A model has more ways to say the same than one. Which of them is shown is a convention; it is chosen here,
once, so that the equations of two participants, two seeds or two papers can be laid side by side, and so that
it can be said whether a structure was found again.

**Level.** The softmax takes no notice of a number that is added to the values of all arms. Let a state have
the modules `x' = k1 + w1 x + ...` for the arm chosen and `x' = k2 + w2 x` for the others, and let `y = x + c`
for all arms and trials. Then

    y' = k1 + c (1 - w1) + w1 y + ...     and     y' = k2 + c (1 - w2) + w2 y

give the same differences between arms, so that `(k1, k2)` and `(k1 + c (1 - w1), k2 + c (1 - w2))` differ in
nothing but the first trials: y begins at `x(0) + c`, the model at x(0), and what is left of c fades with
`w1^n` and `w2^n`. (If w1 = w2 it fades alike in all arms, and there is no difference at all; if w2 = 1, k2
does not move, and the freedom is small.) One of the two constants can be 0. Convention: *the constant of the
arms that were not chosen goes first*, so that the chosen arm's equation compares with Rescorla-Wagner's;
unless the first trials would rather (by more than 1 nat) see the other one go.

**Scale.** Where a state is multiplied by a learned beta, and nothing else sees it, let
`y = x(0) + s (x - x(0))`, and let beta / s take beta's place. The first trial is the same, all logits are
moved alike for all arms, and each equation `x' = f(x)` becomes
`y' = x(0) + s (f(x(0) + (y - x(0)) / s) - x(0))`, a polynomial of the same degree. This freedom is exact. It
is fixed by the convention that *a reward of 1 moves the chosen arm's value by 1 - w*, as in
`x' = w x + (1 - w) r`: values are in units of the reward, and beta is the participant's. With powers and
products, all numbers of terms of value and reward add up to 1, so that a value of 1 is right about rewards
of 1, as in `x' = (1 - a) x + b r + (a - b) x r` with two learning rates. For a state that sees no reward, a
choice takes its part. (Where values hardly fade, w near 1, this would make beta infinite,
and beta stays as the network has it.)

Neither is taken for granted of a model: a state is stretched only if the choices are as likely afterwards,
and a constant goes only if the choices do not miss it.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..config import SpiceConfig
from ..equations import Equation
from ..read.level import reparameterise
from ..train.rnn import BaseRNN
from .likelihood import ParameterId

Floats = NDArray[np.float64]

ROUNDING = 1e-12  # a coefficient as small as this is 0
STEPS, SMALL, ENOUGH = 30, 1e-6, 1e-9  # of Newton's method for a scale: at most, for the slope, to be there


@dataclass(frozen=True)
class ModuleRole:
    """The role of a module in a model.

    Attributes:
        state: the memory state that it moves.
        start: value of the state before the first trial; NaN where it differs between arms.
        chosen: whether it moves the arm that was chosen; None for one that moves all arms.
    """

    state: str
    start: float
    chosen: bool | None


def parts_of(model: BaseRNN, config: SpiceConfig, inputs: Tensor) -> dict[str, ModuleRole]:
    """Return the part of each module that becomes an equation.

    Args:
        model: the model; its forward is run for one trial.
        config: its filters say which arms a module moves.
        inputs: `(n_trials, n_sessions, n_features)`.
    """
    copy = deepcopy(model).eval()
    states: dict[str, str] = {}
    call = copy.call_module

    def note_state(key_module: str, key_state: str, *rest: Any, **named: Any) -> Tensor:
        states[key_module] = key_state
        return call(key_module, key_state, *rest, **named)

    copy.call_module = note_state  # type: ignore[method-assign]
    with torch.no_grad():
        copy(inputs[:1].to(copy._like))
    return {
        module: ModuleRole(states[module], _start(model, states[module]), _chosen(config, module))
        for module in config.modules
        if module in states
    }


def _start(model: BaseRNN, state: str) -> float:
    values = np.unique(np.asarray(model.init_values.get(state, 0.0), dtype=float))
    return float(values[0]) if len(values) == 1 else float("nan")


def _chosen(config: SpiceConfig, module: str) -> bool | None:
    marks = {f.value for f in config.filters(module) if f.signal in ("c_action", "c_action_offered")}
    return None if len(marks) != 1 else marks == {1.0}


def levels(numbers: Sequence[ParameterId], parts: Mapping[str, ModuleRole]) -> NDArray[np.bool_]:
    """Which numbers are constants of arms not chosen, of which choices tell little."""
    chosen = {part.state for part in parts.values() if part.chosen is True}
    own = [parts.get(number.module) for number in numbers]
    return np.array(
        [
            number.term == () and part is not None and part.chosen is False and part.state in chosen
            for number, part in zip(numbers, own, strict=True)
        ]
    )


def constant_to_drop(
    numbers: Sequence[ParameterId], parts: Mapping[str, ModuleRole], best: int, may_go: Sequence[int]
) -> int:
    """Which constant goes, where that of the chosen arm could: that of the other arms, if it could as well.

    Args:
        numbers: what each number means.
        parts: of the modules.
        best: the number that would go.
        may_go: all that could.
    """
    part = parts.get(numbers[best].module)
    if numbers[best].term != () or part is None or part.chosen is not True:
        return best
    for other in may_go:
        own = parts.get(numbers[other].module)
        if numbers[other].term == () and own and own.state == part.state and own.chosen is False:
            return other
    return best


def rescale(
    numbers: Sequence[ParameterId], values: Floats, parts: Mapping[str, ModuleRole], state: str, factor: float
) -> Floats | None:
    """Return the numbers with one state stretched by a factor around its start, and its beta divided by it;
    None where a term that this needs is no candidate.

    Args:
        numbers: what each number means.
        values: `(n_numbers,)`.
        parts: of the modules.
        state: the state, which has a beta.
        factor: s, not 0.
    """
    place = {number: i for i, number in enumerate(numbers)}
    result = values.copy()
    result[place[ParameterId(state, None)]] /= factor
    for module, part in parts.items():
        if part.state != state:
            continue
        own = [i for i, number in enumerate(numbers) if number.module == module and number.term is not None]
        terms = tuple(numbers[i].term or () for i in own)
        stretched = reparameterise(
            Equation(module, terms, tuple(values[own].tolist())), factor, part.start * (1 - factor)
        )
        result[own] = [stretched.coefficient(*term) for term in terms]
        needed = {tuple(sorted(term)) for term, value in stretched.active if abs(value) > ROUNDING}
        if needed - {tuple(sorted(term)) for term in terms}:
            return None
    return result


class Tie(NamedTuple):
    """Numbers of one state, by place, that the convention of its scale ties: `drive + sum(others) = 1`.

    Attributes:
        beta: of the state.
        drive: coefficient of the reward in the chosen arm's equation; its constant, where it has no inputs.
        others: of the other terms of its own value and the reward; the weight of the own value first.
    """

    beta: int
    drive: int
    others: tuple[int, ...]

    def drive_of(self, values: Floats) -> Floats:
        """Compute the drive from all other coefficients `(..., n_numbers)`."""
        drive: Floats = 1 - values[..., list(self.others)].sum(-1)
        return drive


def ties_of(numbers: Sequence[ParameterId], parts: Mapping[str, ModuleRole]) -> list[Tie]:
    """Return the ties of all states that have a beta, an own value and something that drives it."""
    place = {number: i for i, number in enumerate(numbers)}
    ties = []
    for number in numbers:
        if number.term is None:
            own = {part.chosen: module for module, part in parts.items() if part.state == number.module}
            module = own.get(True, own.get(None, ""))
            inputs = [
                n for n in numbers if n.module == module and n.term and {*n.term} == {n.term[0]} != {module}
            ]
            drive = inputs[0] if inputs else ParameterId(module, ())
            weight = ParameterId(module, (module,))
            if weight in place and drive in place:
                seen = {module, *(drive.term or ())}
                others = [
                    i
                    for n, i in place.items()
                    if n.module == module and n.term and seen.issuperset(n.term) and n not in (weight, drive)
                ]
                ties.append(Tie(place[number], place[drive], (place[weight], *others)))
    return ties


def in_scale(
    numbers: Sequence[ParameterId], values: Floats, parts: Mapping[str, ModuleRole], tie: Tie, fades: float
) -> Floats | None:
    """Return the numbers with a state stretched to the convention's scale; None where there is no such scale.

    Args:
        numbers: what each number means.
        values: `(n_numbers,)`.
        parts: of the modules.
        tie: of the state.
        fades: least `1 - w` for which the state has a scale of its own.
    """
    if not (1 - values[tie.others[0]] > fades and abs(values[tie.drive]) > fades**2):
        return None
    state, factor = numbers[tie.beta].module, 1.0
    for _ in range(STEPS):
        stretched = rescale(numbers, values, parts, state, factor)
        further = rescale(numbers, values, parts, state, factor * (1 + SMALL))
        if stretched is None or further is None:
            return None
        away = _away(tie, stretched)
        slope = (_away(tie, further) - away) / (SMALL * factor)
        if abs(away) < ENOUGH:
            return stretched
        factor = factor - away / slope if slope else np.nan
        if not (np.isfinite(factor) and factor != 0):
            return None
    return None


def _away(tie: Tie, values: Floats) -> float:
    return float(values[tie.drive] - tie.drive_of(values))
