"""The coach: what was noticed in the last run, and a button for each remedy that is known to help."""

from functools import partial

import ipywidgets as widgets

from ..app.protocols import ExperimentRunner
from ..experiment.result import Result
from ..markup import Html, escape_text, message
from ..state.experiment import Experiment
from ..state.graph import ExperimentSnapshot
from ..views.coach import Finding, findings
from .base import Change, Panel, block, button, column, discard, guard
from .training import run_action

TIP = "Change the settings and run again"


class CoachPanel(Panel):
    """Says what went wrong in the last run; says nothing of a healthy one, or of one that is stale. The guide
    that it stands in calls `refresh` before it speaks.
    """

    def __init__(self, experiment: Experiment, runner: ExperimentRunner) -> None:
        self.experiment, self.runner = experiment, runner
        self.rows = column()
        self._findings: tuple[Finding, ...] = ()
        self._buttons: list[tuple[widgets.Button, Finding]] = []
        self._diagnosed: tuple[Result | None, tuple[Finding, ...]] = (None, ())
        self._pressed: set[tuple[str, str]] = set()  # what has been done is not proposed again ...
        self._led_to: ExperimentSnapshot | None = None  # ... while the settings are those that it led to
        super().__init__([self.rows])

    @property
    def first(self) -> Finding | None:
        """The most important thing that was noticed; None where there is nothing to say."""
        return self._findings[0] if self._findings else None

    def refusal(self, finding: Finding) -> str:
        """Why a remedy cannot be tried now; empty where it can."""
        blocked: str = self.experiment.blocked.get(finding.action, "")
        return blocked or self.experiment.lesson_refuses(finding.changes)

    @guard
    def refresh(self, _: Change | None = None) -> None:
        """Look at the last result, as long as the settings are still its own."""
        result, stale = self.runner.result, {"train", "equation"} & self.experiment.stale_because.keys()
        current = () if result is None or stale or self.experiment.run.busy else self._findings_of(result)
        if current != self._findings:
            self._findings, self._buttons = current, []
            old, self.rows.children = self.rows.children, [self._row(finding) for finding in current]
            discard(*old)
        for remedy, finding in self._buttons:
            block(remedy, self.refusal(finding), TIP)

    def _findings_of(self, result: Result) -> tuple[Finding, ...]:
        """Return the findings to show of a result. A remedy that was not tried is not proposed, and nothing
        is shown twice.
        """
        if self._led_to is None or result.snapshot.differs(self._led_to, "equations"):
            self._pressed.clear()
        known = self.runner.advice
        if known is None:
            if self._diagnosed[0] is not result:
                self._diagnosed = (
                    result,
                    tuple(one.without_remedy() for one in findings(result) if one.is_fault),
                )
            known = self._diagnosed[1]
        return tuple(
            one.without_remedy() if (one.kind, one.remedy) in self._pressed else one for one in known
        )

    def _row(self, finding: Finding) -> widgets.Widget:
        said = " ".join(filter(None, (finding.words, finding.tried)))
        words = Html(f"<b>Coach: {escape_text(finding.kind)}.</b> {escape_text(said)}")
        note = widgets.HTML(message(words))
        if not finding.remedy:
            return note
        remedy = button(finding.remedy, TIP, partial(self.follow, finding))
        self._buttons.append((remedy, finding))
        return column(note, remedy)

    @guard
    def follow(self, finding: Finding) -> None:
        """Do what a finding proposes: change its settings, and run."""
        self._pressed.add((finding.kind, finding.remedy))
        for group, changes in finding.changes.items():
            self.experiment.group(group).put(changes)
        self._led_to = self.experiment.peek()
        run_action(self.runner, finding.action)
