"""Tell whether tuned numbers predict choices that they were not tuned to.

The choices are cut into those after even and after odd trials, with all stages of each. The numbers of the
same terms are tuned to either half, and the other half is predicted; what happened before a choice is always
known. Beside these numbers stand those that SINDy read off the network, which has seen all choices, so that
they are rather flattered.

By how many nats the tuned ones predict better, over both halves, is the gain. At worst the network is as good
as the maximum of the likelihood of all choices. Then, for many choices, tuning to one half and predicting the
other gains `-3/2` times a chi-squared number with a degree of freedom for each tuned number: with a and b the
halves' scores in units of their errors, numbers of all choices gain `|a + b|^2 / 4` beyond the truth, and
numbers of the halves lose `|a|^2 / 2 - a.b` and `|b|^2 / 2 - a.b`, which makes `-3/4 |a - b|^2`. A gain that
is lower still is beyond noise, except for what was given up on purpose: terms that are not worth their price.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from .pooling import GroupState, Pool
from .selection import Selection

FEWEST = 10  # choices in each half for every number; of fewer, nothing is said
CHANCE = 1e-4  # of a warning where nothing is wrong

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TuningGain:
    """The gain of tuning, for one participant.

    Attributes:
        nats: by how much held-out choices are more likely under tuned numbers than under SINDy's.
        n_choices: over which that is summed.
        n_numbers: of all candidate terms and betas.
        given_up: by how much all choices are less likely without the terms that were dropped, in nats.
        untuned: -ln P of the held-out choices under SINDy's own numbers, in nats.
        chance: the same of guessing among the options on offer.
    """

    nats: float
    n_choices: int
    n_numbers: int
    given_up: float = 0.0
    untuned: float = nan
    chance: float = nan

    @property
    def is_below_chance(self) -> bool:
        """Tell whether SINDy's own numbers predict worse than guessing: then being better is no merit."""
        return self.untuned > self.chance

    def is_worse(self, chance: float = CHANCE) -> bool:
        """Test whether tuned coefficients predict worse, by more than noise gives with this probability."""
        return bool(self.nats + self.given_up < -1.5 * chdtri(self.n_numbers, chance))


def gain_of(selection: Selection, price: float | None = None) -> TuningGain | None:
    """Compute the gain of tuning for one participant; None where there are too few choices to tell.

    Args:
        selection: the participant's search for terms, done.
        price: of a term, as in `Selection.at`.
    """
    search, step = selection.at(price)
    likelihood = selection.likelihood
    whole = search.path[0]
    n_numbers = int(whole.active.sum())
    if not n_numbers or search.n_choices < 2 * FEWEST * n_numbers:
        return None
    halves = likelihood.halve()
    nll = np.zeros(2)
    for learned, held_out in (halves, halves[::-1]):
        own = copy(search)
        own.look = learned
        tuned = own.refit_bounded(step.active, step.values).values
        nll += held_out(np.stack([selection.start, tuned])[:, None]).nll[:, 0]
    given_up, chance = max(step.objective - whole.objective, 0.0), float(likelihood.chance[0])
    return TuningGain(
        float(nll[0] - nll[1]),
        int(search.n_choices),
        n_numbers,
        given_up,
        untuned=float(nll[0]),
        chance=chance,
    )


def gains_of_group(pool: Pool, at: GroupState, untuned: Floats) -> list[TuningGain | None]:
    """As `gain_of`, for each person of a group; the group's means and spreads stay as they are.

    Args:
        pool: of all people.
        at: the round that was settled on.
        untuned: the numbers that SINDy read off the network, `(n_participants, n_numbers)`.
    """
    halves = [Pool(half, pool.parts) for half in pool.likelihood.halve()]
    nll = np.zeros((2, pool.n_people))
    for learned, held_out in (halves, halves[::-1]):
        people = learned.people(at.values, at.mean, at.spread, at.active)
        tuned = np.where(at.active | pool.is_beta, pool.coefficients(people.values), 0.0)
        nll += held_out.likelihood(np.stack([untuned, tuned])).nll
    told = zip(*nll.tolist(), pool.likelihood.n_choices, pool.likelihood.chance.tolist(), strict=True)
    return [
        TuningGain(before - after, int(n), len(pool.numbers), untuned=before, chance=chance)
        if n >= 2 * FEWEST
        else None
        for before, after, n, chance in told
    ]


def warning_of(gains: Mapping[Any, TuningGain]) -> str:
    """Return a sentence on the participants whose tuned numbers predict worse; empty without any."""
    worse = {label: gain for label, gain in gains.items() if gain.is_worse(CHANCE / len(gains))}
    if not worse:
        return ""
    whose = "" if len(gains) == 1 else f" of {len(worse)} of {len(gains)} participants ({_some(worse)})"
    nats, n = (sum(getattr(gain, name) for gain in worse.values()) for name in ("nats", "n_choices"))
    return (
        f"The coefficients{whose} were tuned to the choices, and predict other choices worse than SINDy's own"
        f" do, by {-nats:.0f} nats in {n:,}, which is more than noise. Do not trust them: pool the"
        " participants"
        ' (pooling="group"), take a model with fewer terms, or leave the coefficients untuned'
        " (spice_refine=False)."
    )


def _some(labels: Mapping[Any, Any], most: int = 5) -> str:
    names = [f"{label!r:.40}" for label in list(labels)[:most]]
    return ", ".join([*names, "..."] if len(labels) > most else names)
