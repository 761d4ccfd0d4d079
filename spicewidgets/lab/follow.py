"""Runs an experiment again by itself when a setting has changed, if the learner wants that.

Watches what is stale and asks the runner; a run that is under way is waited for, and settings that have been
tried once are not tried again. Knows nothing of widgets.
"""

from typing import Any, Protocol

from ..state.experiment import Experiment


class Runs(Protocol):
    """What is asked of the runner."""

    def train(self) -> bool:
        """Simulate, train, find the equations."""

    def refit(self) -> bool:
        """Find the equations again."""


class Follower:
    """Keeps results up to date, as `experiment.follow_training` and `experiment.follow_library` say."""

    def __init__(self, experiment: Experiment, runner: Runs) -> None:
        self.experiment, self.runner = experiment, runner
        self._tried: Any = None
        experiment.observe(self._look, ["stale_because", "blocked", "follow_training", "follow_library"])
        experiment.run.observe(self._look, "status")

    def _look(self, _: Any = None) -> None:
        experiment = self.experiment
        stale, blocked = experiment.stale_because, experiment.blocked
        if experiment.run.busy or not stale.keys() & {"train", "equation"}:
            return
        retrain = "train" in stale
        wanted = experiment.follow_training if retrain else experiment.follow_library
        if not wanted or blocked.get("train" if retrain else "refit"):
            return
        now = experiment.peek()
        if now != self._tried:
            self._tried = now
            (self.runner.train if retrain else self.runner.refit)()
