"""What is asked in "Is it true?": recovery, and the studies that are declared in core."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ..core.rivals.ready import ALL, RIVALS as READY
from ..core.settings import HIGHEST_SEED, Settings, setting
from ..core.studies.ready import OF_EVERY_TASK
from ..core.studies.study import Study
from ..core.wording import join_words
from .base import State

LABELS: Mapping[str, str] = {name: rival.label for name, rival in ALL.items()}
# What the ready rivals of bandits are called, and by what some of them are told from Rescorla-Wagner.
RIVALS: Mapping[str, str] = {name: LABELS[name] for name in READY}
BEYOND: Mapping[str, tuple[str, float]] = {
    name: rival.beyond for name, rival in READY.items() if rival.beyond is not None
}
PLAIN, WITHOUT_NUMBERS = "rescorla-wagner", "random"
DECLARED: Mapping[str, type[Study]] = (
    OF_EVERY_TASK  # each with its settings in core, and no state of its own here
)


@dataclass(frozen=True)
class Recovering(Settings):
    """The number of simulated data sets, and the choice of each person's best model."""

    n_datasets: int = setting(
        10,
        "Simulated data sets at each point.",
        unit="data sets",
        low=2,
        high=1000,
        label="Data sets a point",
        slider=(2, 200, 1),
    )
    criterion: str = setting(
        "bic",
        "By what a model is the best for a person.",
        choices=("bic", "aic", "evidence"),
        label="Chosen by",
    )
    seed: int = setting(
        0,
        "Seed of the simulated data sets.",
        low=0,
        high=HIGHEST_SEED,
        label="Seed of the data sets",
        slider=(0, 999, 1),
    )
    jobs: int = setting(
        1,
        "Processes of this machine that work side by side.",
        unit="processes",
        low=1,
        high=64,
        label="Processes",
        compare=False,
    )


@dataclass(frozen=True)
class TwoLearners(Settings):
    """Two learners that shall be told apart."""

    first: str = setting(
        next(iter(BEYOND)), "The learner to be found.", choices=tuple(RIVALS), label="Learner"
    )
    second: str = setting(PLAIN, "The one to tell it from.", choices=tuple(RIVALS), label="Told from")
    effect: float | None = setting(
        0.2,
        f"Size of what the first learner ({join_words(BEYOND, last='or')}) has beyond Rescorla-Wagner. As"
        " fitted to the choices when not given.",
        low=-20,
        high=20,
        optional=True,
        label="Size",
    )
    certainty: float = setting(
        0.95,
        "Share of people of whom it shall be told rightly.",
        low=0.55,
        high=0.99,
        slider=(0.55, 0.99, 0.01),
        compare=False,
    )

    def problems(self) -> list[str]:
        """Also: the two must differ, and shares are between 0 and 1."""
        problems = super().problems()
        if problems:
            return problems
        if self.first == self.second:
            problems.append(f"second must differ from first; got {self.second!r} twice. Choose another.")
        beyond = BEYOND.get(self.first)
        scales = {one.name: one.scale for one in READY[self.first].parameters}
        is_share = beyond is not None and scales[beyond[0]] == "share"
        if beyond is not None and is_share and self.effect is not None and not 0 < self.effect < 1:
            problems.append(f"effect must be between 0 and 1; got {self.effect!r}. Use {beyond[1]}.")
        return problems


def _state_class(kind: type[Settings]) -> type[State[Any]]:
    """Return the class of the states of some settings, whose looks are declared with them."""

    class DeclaredState(State[Any]):
        """The settings of a study."""

        settings: ClassVar = kind

    DeclaredState.__name__ = f"{kind.__name__}State"
    return DeclaredState


SETTINGS: Mapping[str, type[Settings]] = {
    "recovery": Recovering,
    "learners": TwoLearners,
    **{name: study.settings_class for name, study in DECLARED.items()},
}
STATES = {name: _state_class(settings) for name, settings in SETTINGS.items()}
