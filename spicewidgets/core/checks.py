"""Checks that agents and tasks share: each gives the sentence for a wrong value, or None."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from .settings import SettingsError, shorten

MOST = 10**300  # a whole number beyond this is no float


def raise_if_any(problems: Iterable[str | None]) -> None:
    """Raise a `SettingsError` with all the problems that are there."""
    if sentences := [problem for problem in problems if problem]:
        raise SettingsError(sentences)


def number(value: Any) -> float:
    """Return the value as a number, or NaN, which no bound lets pass."""
    real = isinstance(value, int | float | np.number) and not isinstance(value, bool | np.complexfloating)
    if isinstance(value, int) and abs(value) > MOST:
        return float("inf") if value > 0 else -float("inf")
    return float(value) if real else float("nan")


def arms(n_actions: Any, most: int = 50) -> str | None:
    """Check that `n_actions` is a number of arms."""
    if 2 <= number(n_actions) <= most and number(n_actions) % 1 == 0:
        return None
    return (
        f"n_actions must be a whole number from 2 to {most}; got {shorten(n_actions)}. "
        "Use `n_actions=2` for the classic bandit."
    )


def probability(name: str, value: Any) -> str | None:
    """Check that the value is a probability."""
    if 0 <= number(value) <= 1:
        return None
    return f"{name} must be a probability between 0 and 1; got {shorten(value)}. Write 80 % as 0.8."


def rate(name: str, value: Any) -> str | None:
    """Check that the value is a rate, the share of its way that a value goes in a trial."""
    if 0 <= number(value) <= 1:
        return None
    return f"{name} must be between 0 and 1; got {shorten(value)}. It is how far one trial moves a value."


def finite(name: str, value: Any) -> str | None:
    """Check that the value is a finite number."""
    if np.isfinite(number(value)):
        return None
    return f"{name} must be a number; got {shorten(value)}. Give for example `{name}=0.5`."
