"""How many variables behaviour needs: tiny networks without structure, each of a unit more than the last.

A unit is a number that is carried from trial to trial, so that the units after which choices held out are
expected no better are the dimensions that a mechanism may have (Ji-An, Benna & Mattar 2025, Nature).
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..data.dataset import DatasetRNN
from ..settings import SettingsError
from .ceiling import Ceiling, CeilingSettings
from .declaration import UNITS
from .held_out import HeldOut, held_out

ERRORS = 2.0  # standard errors over people that another unit must gain
OF_SEVERAL = "How many variables choices need takes two people or more; got one. Use a table of several."
# A mean of networks has the units of all. The best of fewer than six is sometimes one that has not learned.
TINY = CeilingSettings(embedding_size=4, dropout=0.0, n_networks=6, learning_rate=0.01, best=True)


@dataclass(frozen=True)
class Dimensions:
    """Networks of one unit, two and so on, on choices held out; a place of each tuple is a network.

    Attributes:
        chance: geometric mean of P of the choices under guesses.
        likelihood: of each network.
        gain, error: nats per choice that are gained by a network's last unit, and its standard error over
            people; of the first one over guesses.
    """

    chance: float
    likelihood: tuple[float, ...]
    gain: tuple[float, ...]
    error: tuple[float, ...]

    @property
    def needed(self) -> int:
        """The units until one more does not gain more than `ERRORS` standard errors; 0 for guesses."""
        steps = zip(self.gain, self.error, strict=True)
        worth = [gain > ERRORS * error for gain, error in steps]
        return (*worth, False).index(False)

    @property
    def sentence(self) -> str:
        """The result in a sentence. It is a bound: a weak variable is often not learned."""
        n = self.needed
        if not n:
            return "Choices need no variable: nothing is expected beyond chance."
        more = n < len(self.gain) and f" A further one gains {self.gain[n]:.4f} ± {self.error[n]:.4f} nats."
        return f"Choices need {n} variable{'s' * (n > 1)} or more.{more or ''}"

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each network: units, likelihood of a choice, and what the last unit gains."""
        columns = {"likelihood": self.likelihood, "gain": self.gain, "error": self.error}
        return pd.DataFrame({"units": range(1, len(self.gain) + 1), **columns})


def dimensions(
    dataset: DatasetRNN,
    by: str = "session",
    *,
    n_folds: int = 2,
    most: int = len(UNITS),
    settings: CeilingSettings = TINY,
    random_state: int = 0,
) -> Dimensions:
    """Count the variables that choices need.

    Args:
        dataset: choices of two people or more.
        by: what is held out, as in `held_out`.
        n_folds: in how many parts.
        most: units of the largest network.
        settings: of the networks but for their units.
        random_state: seed of the networks.

    Raises:
        SettingsError: where choices cannot be held out so, and for one person.
    """
    if dataset.n_participants < 2:
        raise SettingsError([OF_SEVERAL])
    networks = dict(list(tiny_networks(settings, random_state).items())[:most])
    return dimensions_of(held_out(dataset, networks, by, n_folds=n_folds, random_state=random_state))


def tiny_networks(settings: CeilingSettings = TINY, random_state: int = 0) -> dict[str, Ceiling]:
    """Return networks of one unit, two and so on, by name."""
    return {
        name: Ceiling(replace(settings, units=units), random_state=random_state)
        for units, name in enumerate(UNITS, 1)
    }


def dimensions_of(held: HeldOut) -> Dimensions:
    """Read the dimensions off networks that were compared, whose units grow by one from 1."""
    nll = np.vstack([held.guesses, held.nll])
    gains, n = nll[:-1] - nll[1:], held.n_choices
    mean = gains.sum(1) / n.sum()
    error = np.sqrt(np.square(gains - mean[:, None] * n).sum(1)) / n.sum()
    chance = float(np.exp(-held.chance))
    return Dimensions(chance, tuple(held.likelihood.tolist()), tuple(mean.tolist()), tuple(error.tolist()))
