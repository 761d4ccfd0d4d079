"""The settings of the studies of recovery, as the page has them and the command."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ..rivals.ready import ALL, RIVALS
from ..settings import HIGHEST_SEED, Settings, setting
from ..wording import join_words

BEYOND: Mapping[str, tuple[str, float]] = {
    name: rival.beyond for name, rival in RIVALS.items() if rival.beyond is not None
}  # by what some of them are told from Rescorla-Wagner
PLAIN = "rescorla-wagner"
JOBS = "SPICEWIDGETS_JOBS"  # the variable that bounds the number of processes


@dataclass(frozen=True)
class RecoverySettings(Settings):
    """The number of simulated data sets, and the choice of each person's best model."""

    n_datasets: int = setting(
        10,
        "Simulated data sets at each point.",
        unit="data sets",
        low=2,
        high=1000,
        label="Data sets a point",
        slider=(2, 200, 1),
        extends=True,
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
    rivals: tuple[str, ...] = setting(
        (),
        "Recover the parameters of this rival, or tell these apart.",
        choices=tuple(ALL),
        page=False,
        command={"name": "rival"},
    )


@dataclass(frozen=True)
class TwoLearners(Settings):
    """Two learners that shall be told apart."""

    first: str = setting(next(iter(BEYOND)), "The learner to be found.", choices=tuple(ALL), label="Learner")
    second: str = setting(PLAIN, "The one to tell it from.", choices=tuple(ALL), label="Told from")
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
        scales = {one.name: one.scale for one in ALL[self.first].parameters}
        is_share = beyond is not None and scales[beyond[0]] == "share"
        if beyond is not None and is_share and self.effect is not None and not 0 < self.effect < 1:
            problems.append(f"effect must be between 0 and 1; got {self.effect!r}. Use {beyond[1]}.")
        return problems


@dataclass(frozen=True)
class LearnersSettings(RecoverySettings, TwoLearners):
    """The learners, and how they are simulated."""


def most_jobs() -> int:
    """Find how many processes a study may have here; a public page has none of a learner's own."""
    return int(os.environ.get(JOBS, 64))
