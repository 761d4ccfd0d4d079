"""ln L of each session, its gradient and its expected Fisher information, by finite differences.

The same as `compiled/sensitivities.py`, of any forward that torch can run: slower, and nearly as exact.
"""

from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .objective import trainable
from .rnn import BaseRNN

STEP = 1e-5  # of the central differences
NEVER = -1e9  # logit of an option that is not on offer
MOST_ROWS = 2000  # of a pass: sessions times vectors

Floats = NDArray[np.float64]


class Differences:
    """Likelihood, gradient and information of a model's sessions, as functions of each session's parameters.

    Args:
        model, inputs, targets, offered: as in `Sensitivities`; an array may be one of torch.
    """

    def __init__(
        self, model: BaseRNN, inputs: Tensor, targets: Floats | Tensor, offered: Floats | Tensor | None = None
    ) -> None:
        self._model, self._inputs = deepcopy(model), inputs
        self._targets = torch.as_tensor(targets)
        self._offered = None if offered is None else torch.as_tensor(offered).bool()

    def of_sessions(self, part: slice | NDArray[np.int64]) -> "Differences":
        """Return the same of some sessions only."""
        offered = None if self._offered is None else self._offered[:, part]
        return Differences(self._model, self._inputs[:, part], self._targets[:, part], offered)

    def of_trials(self, part: slice | NDArray[np.bool_]) -> "Differences":
        """Return the same of the choices of some trials only; all trials are run."""
        targets = torch.zeros_like(self._targets)
        targets[part] = self._targets[part]
        return Differences(self._model, self._inputs, targets, self._offered)

    def __call__(self, numbers: Floats) -> tuple[Floats, Floats, Floats]:
        """-ln L of each session in nats, the gradient of ln L, and the expected information; shapes as in
        `Sensitivities`.
        """
        n_vectors, n, k = numbers.shape
        found = (np.empty((n_vectors, n)), np.empty((n_vectors, n, k)), np.empty((n_vectors, n, k, k)))
        size = max(1, MOST_ROWS // (2 * k + 1))
        for vector in range(n_vectors):
            for part in np.split(np.arange(n), range(size, n, size)):
                for whole, some in zip(found, self._of(numbers[vector, part], part), strict=True):
                    whole[vector, part] = some
        return found

    def _of(self, numbers: Floats, part: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor]:
        """Do it for some sessions with a vector each, `(n, n_numbers)`."""
        k, targets = numbers.shape[-1], self._targets[:, part]
        steps = STEP * np.eye(k)[:, None]
        logits = self._logits(np.concatenate([numbers[None], numbers + steps, numbers - steps]), part)
        slopes = (logits[1 : k + 1] - logits[k + 1 :]) / (2 * STEP)
        if self._offered is not None:
            logits = logits[:1].masked_fill(~self._offered[:, part], NEVER)
        log_p, weights = logits[0].log_softmax(-1), targets.sum(-1, keepdim=True)
        p = log_p.exp()
        centred = slopes - (slopes * p).sum(-1, keepdim=True)
        gradient = torch.einsum("itsa,tsa->si", slopes, targets - weights * p)
        information = torch.einsum("itsa,jtsa,tsa->sij", centred, centred, weights * p)
        return -(log_p * targets).sum((0, 2)), gradient, information

    def _logits(self, vectors: Floats, part: NDArray[np.int64]) -> Tensor:
        """Logits under each of several vectors of each session, `(n_vectors, n_trials, n, n_actions)`."""
        columns = torch.from_numpy(vectors.reshape(-1, vectors.shape[-1]).T.copy())[..., None]
        learned = trainable(self._model)
        with torch.no_grad():
            for parameter, own in zip(learned, columns.split([p.shape[0] for p in learned]), strict=True):
                parameter.data = own  # one value for each row of the pass
            logits, _ = self._model(self._inputs[:, part].repeat(1, len(vectors), 1))
        return torch.stack(logits.split(len(part), 1))
