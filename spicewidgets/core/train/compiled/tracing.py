"""A trace that knows all of torch's functions that a forward may use."""

from copy import deepcopy

from torch import Tensor

from ...random import generator
from ..rnn import BaseRNN
from ..torch_stream import TorchStream
from . import operations, shapes, sums  # noqa: F401 -- each registers its handlers
from .symbolic import Trace


def trace_of(model: BaseRNN, inputs: Tensor) -> Trace:
    """Return the trace of a copy of a model. Whatever its forward draws, the training's own random draws stay
    the same.

    Args:
        model: in the mode (training or not) and number type that is wanted.
        inputs: `(n_trials, n_sessions, n_features)`, at least 2 sessions.

    Raises:
        TraceError: where the forward cannot be compiled.
    """
    with TorchStream(generator(0))():
        return Trace(deepcopy(model), inputs)
