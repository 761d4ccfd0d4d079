"""How many variables behaviour needs: tiny networks without structure, each of a unit more than the last.

A unit is a number that is carried from trial to trial, so that the units after which choices held out are
expected no better are the dimensions that a mechanism may have (Ji-An, Benna & Mattar 2025, Nature).
"""

from dataclasses import dataclass, replace

import numpy as np

from ..data.dataset import DatasetRNN
from ..settings import SettingsError
from .ceiling import Ceiling, CeilingSettings
from .held_out import HeldOut, held_out

ERRORS = 2.0  # standard errors over people that another unit must gain
MOST = 4  # units
TINY = CeilingSettings(dropout=0.0, n_networks=2, best=True)  # a mean of networks has the units of all


@dataclass(frozen=True)
class Dimensions:
    """Networks of one unit, two and so on, on choices held out; a place of each tuple is a network.

    Attributes:
        likelihood: geometric mean of P of the choices.
        gain, error: nats per choice that are gained by a network's last unit, and its standard error over
            people; of the first one over guesses.
    """

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
        """The result in a sentence."""
        if self.needed == len(self.gain):
            return f"Choices need {self.needed} variables or more."
        what = {0: "no variable: nothing is expected beyond chance", 1: "one variable"}
        return f"Choices need {what.get(self.needed, f'{self.needed} variables')}."


def dimensions(
    dataset: DatasetRNN,
    by: str = "session",
    *,
    n_folds: int = 2,
    most: int = MOST,
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
    networks = tiny_networks(most, settings, random_state)
    held = held_out(dataset, networks, by, n_folds=n_folds, random_state=random_state)
    if len(held.people) < 2:
        raise SettingsError(["Errors over people need two people or more; got one. Use a table of several."])
    return dimensions_of(held)


def tiny_networks(
    most: int = MOST, settings: CeilingSettings = TINY, random_state: int = 0
) -> dict[str, Ceiling]:
    """Return networks of one unit, two and so on, by the number of their units."""
    return {
        str(units): Ceiling(replace(settings, units=units), random_state=random_state)
        for units in range(1, most + 1)
    }


def dimensions_of(held: HeldOut) -> Dimensions:
    """Read the dimensions off networks that were compared, whose units grow by one from 1."""
    nll = np.vstack([held.guesses, held.nll])
    gains, n = nll[:-1] - nll[1:], held.n_choices
    mean = gains.sum(1) / n.sum()
    error = np.sqrt(np.square(gains - mean[:, None] * n).sum(1)) / n.sum()
    return Dimensions(tuple(held.likelihood.tolist()), tuple(mean.tolist()), tuple(error.tolist()))
