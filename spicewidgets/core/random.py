"""Randomness as an argument: seeds in, generators out. No global state is left changed.

`random_state` means the same everywhere, as in scikit-learn: an int, a `numpy.random.Generator`, a
`SeedSequence`, a `RandomState`, or None. None draws a seed from NumPy's global stream, so that
`np.random.seed(42)` at the top of a notebook makes all that follows repeatable.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .settings import SettingsError

RandomState = int | np.random.Generator | np.random.SeedSequence | np.random.RandomState | None


def generator(random_state: RandomState = None) -> np.random.Generator:
    """Return the `Generator` that a `random_state` stands for; a Generator stays itself and advances with
    use.
    """
    if isinstance(random_state, np.random.Generator):
        return random_state
    if random_state is None:
        random_state = np.random.mtrand._rand  # the stream that np.random.seed() sets
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31, size=4).tolist())
    if isinstance(random_state, np.random.SeedSequence):
        return np.random.default_rng(random_state)
    if (
        isinstance(random_state, int | np.integer)
        and not isinstance(random_state, bool)
        and random_state >= 0
    ):
        return np.random.default_rng(int(random_state))
    raise SettingsError(
        [
            "random_state must be a whole number of 0 or more, a numpy Generator, a RandomState or None; "
            f"got {random_state!r}. Use for example random_state=42."
        ]
    )


def children(random_state: RandomState, n: int) -> list[np.random.Generator]:
    """`n` generators of their own, drawn from one: n calls for one child give the same as one call for n."""
    seeds = generator(random_state).integers(2**63, size=(n, 2))
    return [np.random.default_rng(seed.tolist()) for seed in seeds]


class Streams:
    """Noise for many sessions at once, trial by trial: session s reads what it would read alone.

    Each call gives `(n_sessions, n_uniform + n_normal)` numbers: uniform in [0, 1) first, standard normal
    after them. They are drawn in blocks of trials, because a call of a generator costs far more than a
    number.
    """

    BLOCK = 128

    def __init__(self, generators: Sequence[np.random.Generator], n_uniform: int, n_normal: int = 0) -> None:
        self._generators, self._n_uniform, self._n_normal = tuple(generators), n_uniform, n_normal
        self._trial = self.BLOCK
        self._noise: NDArray[np.float64] = np.empty(0)

    def __call__(self) -> NDArray[np.float64]:
        """Return the noise of the next trial."""
        if self._trial == self.BLOCK:
            self._noise = np.stack([self._block(rng) for rng in self._generators], axis=1)
            self._trial = 0
        self._trial += 1
        noise: NDArray[np.float64] = self._noise[self._trial - 1]
        return noise

    def _block(self, rng: np.random.Generator) -> NDArray[np.float64]:
        uniform = rng.random((self.BLOCK, self._n_uniform))
        return np.concatenate([uniform, rng.standard_normal((self.BLOCK, self._n_normal))], axis=1)
