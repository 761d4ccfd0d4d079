"""Never silently wrong: before a kernel is used, it is compared with the eager path.

Loss and gradient must be the same on a few whole sessions, at weights away from the initial ones, and, if
there is dropout, for the same masks. Among the sessions are those with the most extreme values of the data.
"""

from copy import deepcopy
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch

from ...random import generator
from ..objective import EagerLoss, Loss, Sessions, get_flat_parameters
from ..rnn import BaseRNN
from ..torch_stream import TorchStream
from . import loss
from .kernel import NoCompilerError
from .loss import CompiledLoss

Array = np.ndarray[Any, Any]

FEW = 4  # sessions
EXACT = 1e-6  # relative difference in float64
ROUGH = 1e-3  # between float32 and float64
OTHER_NUMBERS = (
    "The compiled forward gives other numbers than the forward itself, which may count trials, look at"
    " several of them, or remember something outside its state."
)

# What a trial does in such a model depends on the state and the trial's own data only, as far as the sessions
# of its check went; longer ones are taken to be alike.
# Each model with its loss in float64, whose programs need not be made again.
_PASSED: "WeakKeyDictionary[BaseRNN, CompiledLoss]" = WeakKeyDictionary()


def check(model: BaseRNN, sessions: Sessions, n_steps: int | None = None) -> str:
    """Why a model cannot be trained compiled on these sessions, as a sentence; empty where it can."""
    _PASSED.pop(model, None)
    try:
        exact = CompiledLoss(deepcopy(model).double().train(), n_steps)
        if not _agrees(model, exact, sessions):
            return OTHER_NUMBERS
        _PASSED[model] = exact
        return ""
    except NoCompilerError as error:
        return f"T{str(error)[1:]}."
    except Exception as error:  # whatever a forward does with symbols, it may do well with numbers
        return f"The forward cannot be compiled: {str(error).strip() or type(error).__name__}."


def exact_loss(model: BaseRNN, n_steps: int | None) -> CompiledLoss | None:
    """Return a loss in float64 for a model that has passed the check, with the check's programs; None for
    another model.
    """
    return None if model not in _PASSED else _PASSED[model].with_steps(n_steps)


def states_before(model: BaseRNN, inputs: Any) -> "dict[str, Any] | None":
    """Return the memory state before each trial, without a loop in Python.

    Args:
        model: any model.
        inputs: `(n_trials, n_sessions, n_features)`.

    Returns:
        `{name: (n_trials, n_sessions, n_actions)}`, in float64; None for a model that has not passed the
        check, or that does not run on these inputs.
    """
    if model not in _PASSED:
        return None
    try:
        return loss.states_before(deepcopy(model).double().eval(), inputs.double())
    except Exception:  # the loop over trials, and what it has to say, remain
        return None


def prepare(model: BaseRNN) -> str:
    """Compile a model's kernels before they are needed: a tenth of a second.

    Kernels stay for the life of the process, and serve any number of sessions and trials.

    Returns:
        Why the model cannot be compiled, as a sentence; empty where it can.
    """
    inputs = torch.zeros(3, FEW, 2 * model._n_actions + 3)
    inputs[:, :, 0] = inputs[:, :, model._n_actions] = 1
    targets = torch.zeros(3, FEW, dtype=torch.long)
    reason = check(model, Sessions(inputs, targets, torch.ones(3, FEW)))
    _PASSED.pop(model, None)  # three trials show too little
    return reason


def _agrees(model: BaseRNN, compiled: CompiledLoss, sessions: Sessions) -> bool:
    few, n_steps = _probe(sessions), compiled.n_steps
    exact, rough = compiled.model, deepcopy(model).float().train()
    if sessions.n_sessions > 1:
        whole = compiled.program(sessions.first(2).double())
        if whole.trial.key != compiled.program(few.double()).trial.key:
            return False  # it depends on the number of sessions
    theta = get_flat_parameters(exact).clip(-1.5, 1.5)
    away = theta + 0.3 * np.random.default_rng(0).standard_normal(theta.shape)
    eager = EagerLoss(deepcopy(exact), n_steps)
    if not _close(_evaluate(compiled, away, few.double()), _evaluate(eager, away, few.double()), EXACT):
        return False
    single = theta.astype(np.float32)
    in_float32 = _evaluate(CompiledLoss(rough, n_steps), single, few)
    return _close(in_float32, _evaluate(compiled, theta, few.double()), ROUGH) or _close(
        in_float32, _evaluate(EagerLoss(deepcopy(rough), n_steps), single, few), ROUGH
    )  # what is finite in float64 need not be so in float32


def _probe(sessions: Sessions) -> Sessions:
    """Choose the sessions to compare on: those of most known trials, and those with the largest value, the
    smallest and the one nearest to 0 of each feature; two of them at least.
    """
    order = sessions.weights.sum(0).argsort(descending=True, stable=True)
    values = sessions.inputs.nan_to_num(nan=float("inf"))
    extremes = (values.amax(0), -values.amin(0), -values.abs().amin(0))  # (n_sessions, n_features) each
    chosen = torch.cat([order[:FEW], *(extreme.argmax(0) for extreme in extremes)]).unique()
    few = sessions.take(chosen)
    return few if few.n_sessions > 1 else few.repeat(2)


def _evaluate(loss: Loss, theta: Array, sessions: Sessions) -> tuple[Array, Array]:
    """Loss and gradient, with the masks of dropout always the same ones."""
    with TorchStream(generator(0))():
        return loss(theta, sessions)


def _close(compiled: tuple[Array, Array], eager: tuple[Array, Array], tolerance: float) -> bool:
    """Compare losses and gradients: each array relative to its size where it is finite, and infinite, or no
    number, in the same places.
    """
    return all(
        np.array_equal(np.nan_to_num(a[~finite]), np.nan_to_num(b[~finite]))
        and np.linalg.norm(a[finite] - b[finite]) <= tolerance * (np.linalg.norm(b[finite]) + 1e-3)
        for a, b in zip(compiled, eager, strict=True)
        for finite in [np.isfinite(b)]
    )
