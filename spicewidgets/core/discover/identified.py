"""Find the parameters that a person's choices do not identify.

A learning rate from nothing to all, a temperature that is one number divided by a learning rate that may be 0
(its confidence set has no end; Fieller 1954, Journal of the Royal Statistical Society B 16: 175): no choice
tells them, and what an equation stands for is then a convention. They are missing, and no 0.
"""

from collections.abc import Collection, Mapping
from math import inf, isfinite, nan

from ..mechanisms import PARAMETERS
from ..settings import LEVEL
from .uncertainty import half_width

RATES = tuple(name for name, one in PARAMETERS.items() if one.scale == "share")
SCALES = {"share": (0.0, 1.0), "positive": (0.0, inf), "real": (-inf, inf)}
DIVIDED = {"alpha_reward": ("beta_reward", "q0"), "alpha_penalty": ("q0",), "alpha_choice": ("beta_choice",)}
"""Parameters that are read off a coefficient by dividing it by a learning rate."""


def bounds_of(name: str) -> tuple[float, float]:
    """Look up the lowest and highest possible value of a classical parameter.

    >>> bounds_of("alpha_reward"), bounds_of("beta_reward"), bounds_of("beta_choice")
    ((0.0, 1.0), (0.0, inf), (-inf, inf))
    """
    return SCALES[PARAMETERS[name].scale if name in PARAMETERS else "real"]


def not_identified(
    parameters: Mapping[str, float], errors: Mapping[str, float], weights: Collection[str] = ()
) -> set[str]:
    """Name the parameters that the choices do not identify.

    A rate is not identified where it has no finite error or its 95 % interval holds all of 0..1. A parameter
    that is divided by a rate is not identified where the rate is not, or may be 0; a learning rate that may
    be 0 trades off with it, and is then not identified either.

    Args:
        parameters: as `classical_parameters` gives them.
        errors: their standard errors, with the weights of own values free even where a convention holds them
            or the equation lacks them.
        weights: names of these weights among the parameters; each is 1 less a rate.
    """
    rates = [name for name in (*RATES, *weights) if name in parameters]
    ends = {name: _ends(parameters[name], errors.get(name, nan)) for name in rates}
    missing = {name for name, (low, high) in ends.items() if not (low > 0 or high < 1)}
    for rate, divided in DIVIDED.items():
        if rate in missing or not ends.get(rate, (1.0, 1.0))[0] > 0:
            missing |= {name for name in divided if name in parameters}
            alone = rate == "alpha_penalty" and parameters[rate] != parameters.get("alpha_reward")
            missing |= set() if alone else {rate}
    return missing


def _ends(value: float, error: float) -> tuple[float, float]:
    """Give the interval of a number; all numbers where it has no error."""
    half = half_width(error, LEVEL) if isfinite(error) else float("inf")
    return value - half, value + half
