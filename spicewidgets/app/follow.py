"""Runs an experiment again by itself when a setting has changed, if the learner wants that.

Watches what is stale and asks the runner; a run that is under way is waited for, and settings that have been
tried in vain are not tried again.
"""

from ..state.base import Change
from ..state.experiment import Experiment
from ..state.graph import ExperimentSnapshot
from .protocols import ExperimentRunner


class Follower:
    """Keeps results up to date, as `experiment.follow_training` and `experiment.follow_library` say."""

    def __init__(self, experiment: Experiment, runner: ExperimentRunner) -> None:
        self.experiment, self.runner = experiment, runner
        self._tried: tuple[ExperimentSnapshot, int] | None = None
        experiment.observe(self._look, ["stale_because", "blocked", "follow_training", "follow_library"])
        experiment.run.observe(self._look, "status")

    def _look(self, _: Change | None = None) -> None:
        experiment = self.experiment
        stale, blocked = experiment.stale_because, experiment.blocked
        if experiment.run.busy or not stale.keys() & {"train", "equation"}:
            return
        retrain = "train" in stale
        wanted = experiment.follow_training if retrain else experiment.follow_library
        if not wanted or blocked.get("train" if retrain else "refit"):
            return
        # A result that has come meanwhile may be one of settings that came later and are gone again.
        now = experiment.peek(), experiment.run.result_revision
        if now != self._tried:
            self._tried = now
            if retrain:
                self.runner.train(shown=False)
            else:
                self.runner.refit()
