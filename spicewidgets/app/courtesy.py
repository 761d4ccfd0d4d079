"""A run gives way to who moves a slider: the page needs the processor to draw what follows from it."""

from time import perf_counter, sleep
from typing import Any

from ..state.experiment import Experiment
from ..state.graph import GROUPS

PAUSE = 0.09  # seconds in which what was moved is drawn
TURN = 0.03  # seconds that a run goes on between two waits, whatever is moved


class UiThrottle:
    """Lets the page draw what was just moved before a run goes on.

    Between two waits a run goes on for a while, so that a slider that is moved all the time slows it down and
    does not stop it.

    Args:
        experiment: whose settings are moved.
    """

    def __init__(self, experiment: Experiment) -> None:
        self._until = self._turn = 0.0
        for name in GROUPS:
            state = experiment.group(name)
            state.observe(self._note, list(state.names()))

    def _note(self, _: dict[str, Any]) -> None:
        self._until = perf_counter() + PAUSE

    def is_due(self) -> bool:
        """Tell whether a recent change is probably not drawn yet."""
        return self._turn <= perf_counter() < self._until

    def wait(self) -> None:
        """Wait until what was moved is drawn, if anything was."""
        if self.is_due():
            sleep(max(0.0, self._until - perf_counter()))
            self._turn = perf_counter() + TURN
