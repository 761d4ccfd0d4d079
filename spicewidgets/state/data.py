"""How much is simulated, what is kept back for validation, and which session is looked at."""

from dataclasses import dataclass
from typing import ClassVar

from ..core.settings import Settings, setting
from .base import Change, ControlSpec, State, view

MOST_SESSIONS = 2000


@dataclass(frozen=True)
class Data(Settings):
    """The simulated data."""

    n_sessions: int = setting(100, "Sessions to simulate.", unit="sessions", low=1, high=MOST_SESSIONS)
    n_participants: int = setting(
        1, "Participants who share the sessions.", unit="participants", low=1, high=200
    )
    n_trials: int = setting(100, "Trials of each session.", unit="trials", low=2, high=2000)
    validation_share: float = setting(
        0.0,
        "Share of each session's trials, at its end, to validate on instead of training.",
        low=0,
        high=0.9,
    )
    seed: int = setting(
        42,
        "Seed of simulation, training and sampling: the same seed gives the same run.",
        low=0,
        high=2**31 - 1,
    )
    session: int = view(
        setting(0, "The session that is shown, counted from 0.", low=0, high=MOST_SESSIONS - 1)
    )

    def problems(self) -> list[str]:
        """As in every group of settings; each participant needs a session."""
        problems = super().problems()
        if not problems and self.n_participants > self.n_sessions:
            problems.append(
                f"n_participants must be at most the number of sessions, {self.n_sessions}; got "
                f"{self.n_participants}. Simulate more sessions, or fewer participants."
            )
        if (
            not problems
            and self.validation_share
            and int(self.n_trials * (1 - self.validation_share) + 1e-9) < 2
        ):
            problems.append(
                f"validation_share must leave 2 or more trials of {self.n_trials} to train on; got "
                f"{self.validation_share:g}. Lower it, or take more trials."
            )
        return problems


class DataState(State[Data]):
    """The simulated data."""

    settings = Data
    looks: ClassVar = {
        "n_sessions": ControlSpec("Sessions", (1, 500, 1)),
        "n_participants": ControlSpec("Participants", (1, 20, 1)),
        "n_trials": ControlSpec("Trials", (10, 500, 1)),
        "validation_share": ControlSpec("Validation share", (0, 0.9, 0.05)),
        "seed": ControlSpec("Seed", (0, 999, 1)),
        "session": ControlSpec("Session", (0, 99, 1)),
    }

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self.observe(self._stay_within, ["n_sessions", "session"])

    def _stay_within(self, change: Change) -> None:
        """Move to the last session where the chosen one no longer exists."""
        if not self.problems_of("n_sessions") and not self.problems_of("session"):
            self.put({"session": min(self.peek().session, self.n_sessions - 1)})
