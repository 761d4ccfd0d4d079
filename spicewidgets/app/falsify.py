"""SPICE, its network and rivals judged by what they do: where is it not what people did?

Importing this loads no torch.
"""

from collections.abc import Generator
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..experiment.simulation import Simulated
from ..loading import later
from ..state.experiment import STUDIES
from ..state.studies import RIVALS
from .studies import PageStudy

if TYPE_CHECKING:
    from ..core import progress
    from ..core.judge import check, falsify
    from ..core.rivals import fit
else:
    progress = later("..core.progress", __package__)
    check = later("..core.judge.check", __package__)
    falsify = later("..core.judge.falsify", __package__)
    fit = later("..core.rivals.fit", __package__)

Floats = NDArray[np.float64]
OWN = ("SPICE", "RNN")
FEW = ("win-stay-lose-shift", "rescorla-wagner", "with-kernel")  # rivals that are judged unless all are
STAY, LEARNING, REVERSAL, REWARDS, CHOICES = "stay", "learning", "reversal", "rewards", "choices"


class FalsifyStudy(PageStudy):
    """One model after the other, so that those who were judged stay whenever it is stopped."""

    name: ClassVar = "falsify"
    noun: ClassVar = "models"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.names = (*OWN, *(RIVALS if self.snapshot.falsify.every else FEW))
        self.total = len(self.names)
        self.parts: dict[str, check.Falsification] = {}

    def take(self, before: PageStudy) -> None:
        """As in every study; models that were judged need not be again when all rivals are asked for."""
        if isinstance(before, FalsifyStudy):
            same = not self.snapshot.differs(before.snapshot, STUDIES[self.name][:-1])
            own, other = self.snapshot.falsify, before.snapshot.falsify
            if same and (own.n_repeats, own.seed) == (other.n_repeats, other.seed):
                self.parts = {name: one for name, one in before.parts.items() if name in self.names}

    def steps(self) -> "Generator[progress.Progress, None, None]":
        """One model after the other."""
        settings, schedule = self.snapshot.falsify, schedule_of(self.data)
        before, began, per = len(self.parts), monotonic(), settings.n_repeats
        total = per * self.total
        left = [name for name in self.names if name not in self.parts]
        for at, name in enumerate(left):
            label = RIVALS.get(name, name)
            yield progress.Progress(
                per * (before + at), total, f"Fitting {label}", monotonic() - began, per * before
            )
            steps = falsify.falsifying(
                {label: self._agent(name)},
                self.data.dataset,
                schedule,
                n_repeats=settings.n_repeats,
                random_state=settings.seed,
            )

            def of_all(step: Any, at: int = at, label: str = label) -> "progress.Progress":
                done = per * (before + at) + per * step.done // step.total
                return progress.Progress(done, total, f"Judging {label}", monotonic() - began, per * before)

            self.parts[name] = yield from progress.map_progress(steps, of_all)
        self.done = len(self.parts)

    @property
    def outcome(self) -> str:
        """As in every study."""
        return self.ended if self.found is None else str(self.found.sentence)

    def look(self) -> None:
        """As in every study."""
        self.done = len(self.parts)
        parts = [self.parts[name] for name in self.names if name in self.parts]
        if parts:
            checks = tuple(each for part in parts for each in part.checks)
            self.found = check.Falsification(checks, parts[0].n_people, parts[0].n_repeats)

    def _agent(self, name: str) -> Any:
        """Who is judged."""
        if name in OWN:
            estimator = self.trained()
            return estimator.spice_agent if name == "SPICE" else estimator.rnn_agent
        several = len(self.data.dataset.participants) > 1
        return fit.fit_rival(name, self.data.dataset, "group" if several else "prior").agent


def schedule_of(data: Simulated) -> Floats | None:
    """Return the task's reward probabilities, `(n_sessions, n_trials, n_actions)`; None of a table."""
    if data.agent is None:
        return None
    return np.stack([np.asarray(session.reward_probs, dtype=float) for session in data.sessions])
