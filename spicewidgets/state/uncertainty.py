"""How the sessions are resampled, to see how sure the equations are."""

from dataclasses import dataclass
from typing import ClassVar

from ..core.settings import LEVEL, Settings, setting
from .base import ControlSpec, State, view


@dataclass(frozen=True)
class Resampling(Settings):
    """Resampled sessions, and how wide an interval is drawn."""

    n_resamples: int = setting(
        200,
        "How often the sessions are drawn anew, and the equations found in them.",
        unit="resamples",
        low=2,
        high=5000,
    )
    seed: int = setting(0, "Seed of the resamples: the same seed gives the same ones.", low=0, high=2**31 - 1)
    level: float = view(setting(LEVEL, "Share of the resamples that an interval holds.", low=0.5, high=0.99))


class UncertaintyState(State[Resampling]):
    """The resampling. No equation depends on it."""

    settings = Resampling
    looks: ClassVar = {
        "n_resamples": ControlSpec("Resamples", (10, 1000, 10)),
        "seed": ControlSpec("Seed of the resamples", (0, 999, 1)),
        "level": ControlSpec("Interval", (0.5, 0.99, 0.01)),
    }
