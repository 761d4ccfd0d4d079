"""Find the parameters that a person's choices do not identify.

A learning rate from nothing to all, a temperature that is one number divided by a learning rate that may be 0
(its confidence set has no end; Fieller 1954, Journal of the Royal Statistical Society B 16: 175): no choice
tells them, and what an equation stands for is then a convention. So it is where the term is lacking that a
parameter is read off: without a constant, q0 is the first value over beta, whatever a person expected. Such
parameters are missing, and no 0.
"""

from collections.abc import Collection, Hashable, Mapping
from math import atanh, inf, isclose, isfinite, isnan, nan, tanh

import pandas as pd

from ..equations import SpiceModel
from ..mechanisms import PARAMETERS
from ..models import HABIT, RATE, VALUE
from ..polynomial import FADING
from ..read.hybrid import HYBRID
from ..read.translation import REWARD, column_instead
from ..settings import LEVEL
from .information import half_width

MOST_NAMED = 6  # people in a sentence
EDGE = 1e-3  # a rate that may be so near to a bound may be at it
AT_BOUND = 1e-4  # standard error given a group, below which a number has run into a bound and is not known
RATES = tuple(name for name, one in PARAMETERS.items() if one.scale == "share")
SCALES = {"share": (0.0, 1.0), "positive": (0.0, inf), "real": (-inf, inf)}
DIVIDED = {"alpha_reward": ("beta_reward", "q0"), "alpha_penalty": ("q0",), "alpha_choice": ("beta_choice",)}
"""Parameters that are read off a coefficient by dividing it by a learning rate; q0 also by beta."""
BETA = "beta_reward"
OF_VALUES = {"alpha_reward", "alpha_penalty", "beta_reward", "q0"}
OWN_VALUES = {
    f"{VALUE}_chosen": ("alpha_reward", "alpha_penalty"),
    f"{HABIT}_chosen": ("alpha_choice",),
    **{module: (one.parameters[0].name,) for module, one in FADING.items()},
}
"""Rates that are 1 less the weight of a module's own value, where no other term takes part."""

Ends = Mapping[str, tuple[float, float]]


def bounds_of(name: str) -> tuple[float, float]:
    """Look up the lowest and highest possible value of a classical parameter.

    >>> bounds_of("alpha_reward"), bounds_of("beta_reward"), bounds_of("beta_choice")
    ((0.0, 1.0), (0.0, inf), (-inf, inf))
    """
    if name in PARAMETERS:
        return SCALES[PARAMETERS[name].scale]
    return HYBRID.get(name, SCALES["real"])


def not_identified(
    parameters: Mapping[str, float],
    errors: Mapping[str, float],
    weights: Collection[str] = (),
    conventions: Collection[str] = (),
    ends: Ends | None = None,
) -> set[str]:
    """Name the parameters that the choices do not identify.

    A rate is not identified where it has no finite error or its 95 % interval holds all of 0..1. A parameter
    that is divided by a rate is not identified where the rate is not, or may be 0; a learning rate that may
    be 0 trades off with it, and is then not identified either. Neither is q0 where beta may be 0.

    Args:
        parameters: as `classical_parameters` gives them.
        errors: their standard errors, with the weights of own values free even where a convention holds them
            or the equation lacks them.
        weights: names of these weights among the parameters; each is 1 less a rate.
        conventions: parameters that are read off no term (`by_convention`).
        ends: 95 % intervals of rates and beta, where they are known better than by their errors.
    """
    rates = [name for name in (*RATES, *weights) if name in parameters]
    own = {name: _ends(parameters[name], errors.get(name, nan)) for name in rates}
    own |= {name: pair for name, pair in (ends or {}).items() if name in rates}
    missing = {name for name, (low, high) in own.items() if not (low > EDGE or high < 1 - EDGE)}
    missing |= {name for name in conventions if name in parameters}
    for rate, divided in DIVIDED.items():
        if rate in missing or not own.get(rate, (1.0, 1.0))[0] > EDGE:
            missing |= {name for name in divided if name in parameters}
            alone = rate == "alpha_penalty" and parameters[rate] != parameters.get("alpha_reward")
            missing |= set() if alone else {rate}
    beta = (ends or {}).get(BETA) or _ends(parameters.get(BETA, nan), errors.get(BETA, 0.0))
    if "q0" in parameters and beta[0] <= 0:
        missing.add("q0")
    return missing


def by_convention(spice: SpiceModel) -> set[str]:
    """Name the parameters that no term of one person's equations tells, so that they are read by convention.

    A rate needs its own value, and one of values a reward as well; the strength of values a reward, that of a
    habit what a choice adds to it; q0 a constant.
    """
    rows = {
        module: {tuple(sorted(term)) for term, _ in equation.active}
        for module, equation in spice.of_participant().items()
    }
    missing: set[str] = set()
    if (chosen := rows.get(f"{VALUE}_chosen")) is not None:
        missing |= _of_values(chosen, rows.get(f"{VALUE}_not_chosen", set()))
    if (rate := rows.get(RATE)) is not None:
        missing |= {"q0"} | (set() if rate - {(RATE,)} else {"alpha_reward", "alpha_penalty"})
    if (other := rows.get(f"{VALUE}_not_chosen")) is not None and (f"{VALUE}_not_chosen",) not in other:
        missing |= set(OWN_VALUES.get(f"{VALUE}_not_chosen", ()))
    if (habit := rows.get(f"{HABIT}_chosen")) is not None:
        missing |= set() if () in habit else {"alpha_choice", "beta_choice"}
    return missing


def _of_values(chosen: Collection[tuple[str, ...]], other: Collection[tuple[str, ...]]) -> set[str]:
    """Name the parameters of values that the terms of the chosen and the other options do not tell."""
    own = (f"{VALUE}_chosen",)
    both = tuple(sorted((*own, REWARD)))
    if both not in chosen and (REWARD,) not in chosen:
        return set(OF_VALUES)
    missing = set() if () in chosen or () in other else {"q0"}
    if own not in chosen:
        missing |= {"alpha_penalty"} if both in chosen else OF_VALUES
    return missing


def own_values_given_group(
    values: Mapping[str, float], errors: Mapping[str, float], parameters: Mapping[str, float], level: float
) -> dict[str, tuple[float, float]]:
    """Find intervals of own values' weights, and of the rates that are 1 less one, of a person in a group.

    A weight is pooled as its artanh, where its posterior is normal; its interval ends at 1 at most.

    Args:
        values: weights of own values, by name.
        errors: their standard errors given the group.
        parameters: as `classical_parameters` gives them.
        level: of the intervals, 0 to 1.
    """
    found: dict[str, tuple[float, float]] = {}
    for name, value in values.items():
        error = errors.get(name, nan)
        if not (isfinite(error) and abs(value) < 1):
            continue
        half = half_width(error / (1 - value**2), level)
        low, high = tanh(atanh(value) - half), tanh(atanh(value) + half)
        found[name] = low, high
        rates = OWN_VALUES.get(name.partition(": ")[0], ())
        found |= {
            rate: (1 - high, 1 - low) for rate in rates if isclose(parameters.get(rate, nan), 1 - value)
        }
    return found


def missing_in(table: pd.DataFrame) -> dict[Hashable, set[str]]:
    """Name the numbers of each participant that the choices do not identify, by label; none of whoever is no
    Q-learner.

    Args:
        table: of `people`.
    """
    return {
        row["participant"]: {
            str(name)
            for name, value in row.items()
            if not row.get(column_instead(table)) and isinstance(value, float) and isnan(value)
        }
        for row in table.to_dict("records")
    }


def missing_in_words(table: pd.DataFrame, names: Collection[str]) -> str:
    """List the parameters that are missing, and of whom; empty where none is.

    Args:
        table: of `people`.
        names: of the parameters that are asked for.

    >>> table = pd.DataFrame({"participant": ["a", "b"], "q0": [nan, nan], "alpha_reward": [0.3, nan]})
    >>> missing_in_words(table, ("alpha_reward", "q0", "beta_reward"))
    'alpha_reward of 1 of 2 people (b), q0 of all 2'
    """
    instead = column_instead(table)
    asked = table if not instead else table[table[instead] == ""]
    parts = []
    for name in names:
        lacking = asked["participant"][asked[name].isna()].map(str).tolist() if name in asked else []
        if not lacking:
            continue
        if len(table) == 1:
            parts.append(name)
        elif len(lacking) == len(table):
            parts.append(f"{name} of all {len(table)}")
        else:
            more = f" and {len(lacking) - MOST_NAMED} more" if len(lacking) > MOST_NAMED else ""
            whom = f"{', '.join(lacking[:MOST_NAMED])}{more}"
            parts.append(f"{name} of {len(lacking)} of {len(table)} people ({whom})")
    return ", ".join(parts)


def _ends(value: float, error: float) -> tuple[float, float]:
    """Give the interval of a number; all numbers where it has no error."""
    half = half_width(error, LEVEL) if isfinite(error) else float("inf")
    return value - half, value + half
