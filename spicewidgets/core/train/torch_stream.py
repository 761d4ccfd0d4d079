"""A random stream of torch's own, for initial weights and dropout.

Apart from `random.py`, so that tasks and agents can be simulated before torch is loaded.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


class TorchStream:
    """A random stream of torch's own, apart from the global one.

    torch draws initial weights and dropout masks from one global generator. Inside `with stream():` those
    draws come from this stream; outside, the global generator is as it was.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._state = torch.Generator().manual_seed(int(rng.integers(2**63 - 1))).get_state()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Return a context in which torch draws from this stream."""
        before = torch.get_rng_state()
        torch.set_rng_state(self._state)
        try:
            yield
        finally:
            self._state = torch.get_rng_state()
            torch.set_rng_state(before)
