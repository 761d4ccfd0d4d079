"""What the comparison of truth, RNN and SPICE shows."""

from dataclasses import dataclass
from typing import ClassVar

from ..core.settings import Settings, setting, shorten
from .base import ControlSpec, State
from .data import MOST_SESSIONS

LAYERS = ("truth", "rnn", "spice")
VALUES = ("none", "difference", "raw")


@dataclass(frozen=True)
class ComparisonSettings(Settings):
    """Which session, arm, layers, values and trials are looked at."""

    session: int = setting(0, "The session that is compared, counted from 0.", low=0, high=MOST_SESSIONS - 1)
    arm: int = setting(0, "The arm that is compared, counted from 0.", low=0, high=5)
    layers: tuple[str, ...] = setting(LAYERS, "Which lines are drawn.", choices=LAYERS)
    values: str = setting(
        "difference",
        "Choices depend on the difference between the options' values alone. Raw values may lie apart by a"
        " number that all options share.",
        choices=VALUES,
    )
    differences: bool = setting(
        True, "Draw how far P is off the truth, or off the RNN where none is known, on a scale of its own."
    )
    zoom: tuple[int, ...] | None = setting(
        None, "First and last trial on show; all when not given.", unit="trials", low=0, optional=True
    )

    def problems(self) -> list[str]:
        """As in every group of settings; layers and zoom are lists."""
        problems = [
            sentence for sentence in super().problems() if not sentence.startswith(("layers ", "zoom "))
        ]
        if not isinstance(self.layers, tuple) or not all(layer in LAYERS for layer in self.layers):
            problems.append(
                f"layers must be some of {', '.join(LAYERS)}; got {shorten(self.layers)}. Choose among these."
            )
        if self.zoom is not None and not _is_range(self.zoom):
            problems.append(
                f"zoom must be the first and the last trial, in this order; got {shorten(self.zoom)}. "
                "Give for example (0, 50), or None for all."
            )
        return problems


def _is_range(zoom: object) -> bool:
    if not isinstance(zoom, tuple) or len(zoom) != 2:
        return False
    return all(type(end) is int for end in zoom) and 0 <= zoom[0] < zoom[1]


class ComparisonState(State[ComparisonSettings]):
    """The view of the comparison. No result depends on it."""

    settings = ComparisonSettings
    looks: ClassVar = {
        "session": ControlSpec("Session", (0, 99, 1)),
        "arm": ControlSpec("Arm"),
        "layers": ControlSpec("Lines"),
        "values": ControlSpec("Values"),
        "differences": ControlSpec("Differences below"),
        "zoom": ControlSpec("Trials"),
    }
