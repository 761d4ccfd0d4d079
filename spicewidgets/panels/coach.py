"""The coach: what was noticed in the last run, each with a button that tries the remedy."""

from functools import partial
from html import escape
from typing import Any

import ipywidgets as widgets

from ..lab.coach import Finding, findings
from .base import FULL, Panel, discard, guard, pressed, refuse


class CoachPanel(Panel):
    """Says what went wrong in the last run; says nothing of a healthy one, or of one that is stale."""

    def __init__(self, experiment: Any, runner: Any) -> None:
        self.experiment, self.runner = experiment, runner
        self.rows = widgets.VBox(layout=widgets.Layout(**FULL))
        self._shown: tuple[Finding, ...] = ()
        self._buttons: list[tuple[Any, Finding]] = []
        self._known: tuple[Any, tuple[Finding, ...]] = (None, ())
        super().__init__([self.rows])
        experiment.observe(self.refresh, "revision")
        experiment.run.observe(self.refresh, ["status", "result_revision"])
        self.refresh()

    @guard
    def refresh(self, _: Any = None) -> None:
        """Look at the last result, as long as the settings are still its own."""
        result, stale = self.runner.result, {"train", "equation"} & self.experiment.stale_because.keys()
        found = () if result is None or stale or self.experiment.run.busy else self._noticed(result)
        if found != self._shown:
            self._shown = found
            self._buttons = []
            gone, self.rows.children = self.rows.children, [self._row(one) for one in found]
            discard(*gone)
        for button, one in self._buttons:
            why = self.experiment.blocked.get(one.action, "") or self.experiment.said_to_stay(one.changes)
            refuse(button, why, "Change the settings and run again")

    def _noticed(self, result: Any) -> tuple[Finding, ...]:
        """What is to be said of a result; looked for once."""
        if self._known[0] is not result:
            self._known = result, findings(result)
        return self._known[1]

    def _row(self, finding: Finding) -> Any:
        words = widgets.HTML(
            f'<div class="sw-note"><b>Coach: {escape(finding.kind)}.</b> {escape(finding.words)}</div>'
        )
        if not finding.remedy:
            return words
        button = pressed(finding.remedy, "Change the settings and run again", partial(self._try, finding))
        self._buttons.append((button, finding))
        return widgets.VBox([words, button], layout=widgets.Layout(**FULL))

    @guard
    def _try(self, finding: Finding) -> None:
        for group, changes in finding.changes.items():
            self.experiment.group(group).put(changes)
        getattr(self.runner, {"continue": "continue_"}.get(finding.action, finding.action))()
