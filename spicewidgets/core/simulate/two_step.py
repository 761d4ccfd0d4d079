"""The two-step task (Daw et al. 2011, Neuron 69: 1204)."""

from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..random import RandomState
from ..settings import SettingsError
from ..tasks import TWO_STEP
from .environments import UNSEEN, Bandits, Floats


class TwoStep(Bandits):
    """A first choice leads, commonly or rarely, to one of two states, where a second one is paid.

    A step is a stage: options 0 and 1 are those of the first, which has no outcome, 2 and 3 those of state 0,
    4 and 5 those of state 1. After each trial the probability of a reward of each option of the second stage
    walks at random and is reflected at its bounds.

    Args:
        common: P of the state to which an option of the first stage commonly leads, 0 to 1.
        sigma: standard deviation of a step of the reward probabilities, per trial.
        low, high: bounds of the reward probabilities; at first they are drawn evenly from between them.
        random_state: as in `Bandits`.

    >>> task = TwoStep(random_state=1)
    >>> task.step(0), task.offered.astype(int)
    (array([-1., -1., -1., -1., -1., -1.]), array([0, 0, 0, 0, 1, 1]))
    >>> task.step(5)
    array([-1., -1., -1., -1., -1.,  0.])
    """

    vectorised = True
    kind_of_task: ClassVar[str] = TWO_STEP.name
    n_stages: ClassVar[int] = len(TWO_STEP.stages)
    _n_uniform = 1

    def __init__(
        self,
        common: float = 0.7,
        sigma: float = 0.025,
        low: float = 0.25,
        high: float = 0.75,
        *,
        random_state: RandomState = None,
    ) -> None:
        bounds = {"common": common, "low": low, "high": high}
        checks.raise_if_any([*map(checks.probability, bounds, bounds.values()), _spread(sigma, low, high)])
        self._common, self._sigma, self._low, self._high = map(float, (common, sigma, low, high))
        self._n_normal = TWO_STEP.n_options
        self._second = np.isin(np.arange(TWO_STEP.n_options), TWO_STEP.options_of(1))
        self._offered = np.empty((0, TWO_STEP.n_options), dtype=bool)
        super().__init__(TWO_STEP.n_options, random_state=random_state)

    @property
    def offered(self) -> NDArray[np.bool_]:
        """The options of the coming choice, `(n_options,)` or `(n_sessions, n_options)`."""
        self._begun()
        offered: NDArray[np.bool_] = self._offered[0] if self._n_sessions == 1 else self._offered
        return offered.copy()

    def step(self, choice: int | ArrayLike) -> Floats:
        """Return the reward of each option, -1 but for that of the second stage; a state or the next trial
        follows.

        Raises:
            SettingsError: for a choice that is not on offer.
        """
        chosen = self._chosen(choice)
        probs, noise = self._begun(), self._draw()
        if not (chosen & self._offered).any(-1).all():
            raise SettingsError(
                ["A choice must be one of the options on offer; it is not. See `offered` of the task."]
            )
        if self._offered[0, TWO_STEP.options_of(0)[0]]:
            first = chosen[:, TWO_STEP.options_of(0)].argmax(-1)
            common = noise[:, self._n_actions] < self._common
            self._offered = self._of_states()[np.where(common, first, 1 - first)]
            return self._public(np.full(probs.shape, UNSEEN))
        rewards = (noise[:, : self._n_actions] < probs).astype(float)
        self._probs = self._advance(probs, noise[:, self._n_actions + 1 :])
        self._offered = np.tile(~self._second, (self._n_sessions, 1))
        return self._seen(rewards, chosen)

    def _begin(self, generators: list[np.random.Generator]) -> Floats:
        self._offered = np.tile(~self._second, (len(generators), 1))
        drawn = np.stack([rng.uniform(self._low, self._high, self._n_actions) for rng in generators])
        return np.where(self._second, drawn, 0.0)

    def _advance(self, probs: Floats, noise: Floats) -> Floats:
        width = self._high - self._low
        walked = (probs + self._sigma * noise - self._low) / width
        return np.where(self._second, self._low + width * (1 - np.abs(1 - walked % 2)), 0.0)

    def _of_states(self) -> NDArray[np.bool_]:
        """Return the options of each state of the second stage, `(n_states, n_options)`."""
        return np.stack([np.isin(np.arange(self._n_actions), group) for group in TWO_STEP.groups_of(1)])


def _spread(sigma: float, low: float, high: float) -> str | None:
    """Return a problem of the walk."""
    if checks.number(sigma) >= 0 and checks.number(low) < checks.number(high):
        return None
    return (
        f"sigma must be 0 or more and low below high; got {sigma!r:.40}, {low!r:.40} and {high!r:.40}. Use"
        " 0.025, 0.25 and 0.75 as Daw et al. did."
    )
