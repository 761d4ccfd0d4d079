"""Bandits whose rewards are numbers: normal around a mean, or some amounts with a probability each."""

from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import checks
from ..random import RandomState
from ..settings import SettingsError
from .environments import Bandits, Floats, Payoff


class BanditsNormal(Bandits):
    """Rewards are normal around a mean of each option, which is drawn in each session anew.

    Args:
        noise: standard deviation of a reward around its option's mean, 0 or more.
        spread: standard deviation of the means around 0.5, 0 or more.
        n_actions: number of options.
        random_state: as in `Bandits`.

    >>> BanditsNormal(random_state=1).step(0).round(2)
    array([ 0.6, -1. ])
    """

    vectorised: ClassVar[bool] = True

    def __init__(
        self,
        noise: float = 0.1 * 0.1**0.5,
        spread: float = 0.1,
        n_actions: int = 2,
        *,
        random_state: RandomState = None,
    ) -> None:
        checks.raise_if_any(
            f"{name} must be a number, 0 or more; got {value!r:.40}. Use 0.1."
            for name, value in (("noise", noise), ("spread", spread))
            if not checks.number(value) >= 0
        )
        self._sd, self._spread, self._n_normal = float(noise), float(spread), n_actions
        super().__init__(n_actions, random_state=random_state)

    @property
    def payoffs(self) -> tuple[Payoff, ...]:
        """A normal reward around the mean of each option."""
        return tuple(Payoff((float(mean),), (1.0,), self._sd) for mean in self._begun()[0])

    def step(self, choice: int | ArrayLike) -> Floats:
        """Return the reward of the choice, -1 of other options."""
        chosen, means, noise = self._chosen(choice), self._begun(), self._draw()
        return self._seen(means + self._sd * noise[:, self._n_actions :], chosen)

    def _begin(self, generators: list[np.random.Generator]) -> Floats:
        return np.stack([rng.normal(0.5, self._spread, self._n_actions) for rng in generators])


class BanditsGraded(Bandits):
    """Each option pays one of some amounts, with fixed probabilities: gains and losses, say.

    Args:
        amounts: what an option may pay, `(n_actions, n_amounts)`; 0.5 is neither gain nor loss.
        shares: P of each amount, of the same shape; those of an option add up to 1.
        counterfactual, random_state: as in `Bandits`.

    >>> BanditsGraded([[1.0, 0.3], [0.6, 0.5]], [[0.5, 0.5], [0.9, 0.1]], random_state=1).step(1)
    array([-1. ,  0.6])
    """

    vectorised: ClassVar[bool] = True

    def __init__(
        self,
        amounts: ArrayLike,
        shares: ArrayLike,
        counterfactual: bool = False,
        *,
        random_state: RandomState = None,
    ) -> None:
        self._amounts: NDArray[np.float64] = np.asarray(amounts, float)
        self._ends: NDArray[np.float64] = np.cumsum(np.asarray(shares, float), -1)
        if self._amounts.ndim != 2 or self._amounts.shape != self._ends.shape:
            got = f"got {self._amounts.shape} and {self._ends.shape}"
            raise SettingsError(
                [f"amounts and shares must be of one shape, (n_actions, n_amounts); {got}. Give both alike."]
            )
        if np.asarray(shares).min() < 0 or not np.allclose(self._ends[:, -1], 1):
            raise SettingsError(["shares must be 0 or more, and add up to 1 of each option. Correct them."])
        super().__init__(len(self._amounts), counterfactual, random_state)

    @property
    def payoffs(self) -> tuple[Payoff, ...]:
        """The amounts of each option, with their probabilities."""
        shares = np.diff(self._ends, prepend=0.0)
        return tuple(map(Payoff, map(tuple, self._amounts.tolist()), map(tuple, shares.tolist())))

    def step(self, choice: int | ArrayLike) -> Floats:
        """Return what the choice pays, -1 of other options unless these are seen, too."""
        chosen, _, noise = self._chosen(choice), self._begun(), self._draw()
        place = (noise[:, : self._n_actions, None] >= self._ends[:, :-1]).sum(-1)
        return self._seen(self._amounts[np.arange(self._n_actions), place], chosen)

    def _begin(self, generators: list[np.random.Generator]) -> Floats:
        return np.tile([one.mean for one in self.payoffs], (len(generators), 1))
