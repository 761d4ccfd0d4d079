"""The guide: one line, one voice, one button. The coach, what is out of date, how a run goes, errors and the
offer of the story speak through it; all that it has said can be opened. The coach has a button for each
remedy that is known to help.
"""

from functools import partial

import ipywidgets as widgets

from ..app.guide import Guidance, guidance
from ..app.protocols import ExperimentRunner
from ..experiment.result import Result
from ..markup import Html, bullets, escape_text, message
from ..state.experiment import Experiment
from ..state.graph import ExperimentSnapshot
from ..state.run import RunState
from ..views.coach import Finding, findings
from ..views.verdict import verdict
from .base import Change, Panel, block, button, column, discard, guard, put_words, set_if_changed
from .story import StoryPanel
from .strip import Strip
from .training import run_action

KEPT = 40  # sentences of the history
SIGNS = {"wrong": "!", "failed": "!", "coach": "?", "stale": "!", "running": "…"}
NAMES = {"coach": "Coach", "wrong": "Wrong setting", "failed": "It failed", "stale": "Out of date"}


class Guide(Panel):
    """One line below the strip.

    Attributes:
        line: what is said.
        action: the one button.
        coach: all that was noticed in the last run, in the history.
    """

    def __init__(
        self, experiment: Experiment, runner: ExperimentRunner, strip: Strip, story: StoryPanel
    ) -> None:
        self.experiment, self.runner, self.strip = experiment, runner, strip
        self.coach, self.story = CoachPanel(experiment, runner), story
        self.offers_story = True
        self.now = Guidance("look", "")
        self._seen: set[str] = set()
        self._result_seen = 0
        self._said: list[str] = []
        self.line, self.history = widgets.HTML(), widgets.HTML()
        self.action = button("", "", self._act)
        self.earlier = button("Earlier", "Show or hide what was said before", self._toggle)
        self.drawer = column(self.coach, self.history)
        self.drawer.layout.display = "none"
        bar = widgets.HBox([self.line, self.action, self.earlier])
        super().__init__([bar, self.drawer])
        bar.add_class("sw-guide")
        self.drawer.add_class("sw-drawer")
        self.action.add_class("sw-next")
        self.earlier.add_class("sw-quiet")
        strip.observe(self._visit, "value")
        experiment.observe(self.refresh, "revision")
        experiment.run.observe(self.refresh, "revision")
        experiment.playback.observe(self.refresh, "epoch")
        story.story.observe(self.refresh, ["at", "place"])
        self._visit()

    def start_story(self) -> None:
        """Begin the story, or go on with it."""
        self.offers_story = False
        self.story.begin()

    @guard
    def refresh(self, _: Change | None = None) -> None:
        """Say what matters now."""
        run = self.experiment.run
        if run.busy and run.phase not in ("load", "recall"):
            self.offers_story = False  # whoever runs something has found the way
        if self._result_seen != run.result_revision:
            self._result_seen = run.result_revision
            if run.phase != "recall":  # then it is the same result
                self._seen = {self.strip.value}
        self.coach.refresh()
        lesson = self.experiment.lesson
        offers = self.offers_story and (lesson is None or bool(lesson.story))
        looks = set(self.strip.offered) - self._seen
        now = guidance(self.experiment, self.runner, self.coach.first, self.story.story, looks, offers)
        self._tell(now)

    def _tell(self, now: Guidance) -> None:
        if now != self.now and self.now.words and self.now.kind not in ("story", "running"):
            self._remember(self.now)
        self.now = now
        set_if_changed(self.line, self._line(now))
        self.action.layout.display = "" if now.button else "none"
        put_words(self.action, now.button)
        tip = TIP if now.does == "remedy" else now.words
        block(self.action, self._reason(now), tip)

    def _line(self, now: Guidance) -> Html:
        sign = f'<b aria-hidden="true">{SIGNS[now.kind]}</b>' if now.kind in SIGNS else ""
        name = f"<b>{NAMES['coach']}:</b> " if now.kind == "coach" else ""
        judged = self._verdict() if now.kind in ("look", "story") else ""
        words = f"<span>{name}{escape_text(now.words)}{judged}</span>"
        bar = _bar(self.experiment.run) if self.experiment.run.busy else ""
        return Html(
            f'<div class="sw-says sw-{now.kind}" role="status" title="{escape_text(now.words)}">'
            f"{sign}{words}{bar}</div>"
        )

    def _verdict(self) -> str:
        """Return the verdict, for a page that is too narrow to have it in the head."""
        result = self.runner.result
        if result is None or result.spice is None:
            return ""
        first = verdict(result).partition(". ")[0].rstrip(".")
        return f'<span class="sw-narrow"> {escape_text(first)}.</span>'

    def _reason(self, now: Guidance) -> str:
        """Why the button cannot be pressed now."""
        if now.does == "remedy" and self.coach.first is not None:
            return self.coach.refusal(self.coach.first)
        reason: str = self.experiment.blocked.get(now.does.removeprefix("study "), "")
        return reason

    def _remember(self, was: Guidance) -> None:
        name = NAMES.get(was.kind, "")
        said = f"{name}: {was.words}" if name else was.words
        if not self._said or self._said[-1] != said:
            self._said = [*self._said, said][-KEPT:]
        if self.drawer.layout.display != "none":
            self._show_history()

    def _show_history(self) -> None:
        said = bullets(reversed(self._said)) or Html("<p>Nothing was said before.</p>")
        set_if_changed(self.history, Html(f"<h3>Said before, the latest first</h3>{said}"))

    @guard
    def _act(self) -> None:
        does, _, where = self.now.does.partition(" ")
        if does == "go":
            self.strip.value = where
        elif does == "study":
            self.runner.study(where)
        elif does == "story":
            self.start_story()
        elif does == "skip":
            self.experiment.playback.skip()
        elif does == "remedy":
            if self.coach.first is not None:
                self.coach.follow(self.coach.first)
        elif does:
            run_action(self.runner, does)
        self.refresh()

    @guard
    def _toggle(self) -> None:
        hidden = self.drawer.layout.display == "none"
        self.drawer.layout.display = "" if hidden else "none"
        self.earlier.description = "Hide" if hidden else "Earlier"
        self._show_history()

    @guard
    def _visit(self, _: Change | None = None) -> None:
        self._seen.add(self.strip.value)
        self.refresh()


def _bar(run: RunState) -> str:
    """Draw the progress of a run."""
    if run.study:
        return (
            f'<progress aria-label="Done" max="{run.parts}" value="{run.part}"></progress>'
            if run.parts
            else ""
        )
    if run.epochs:
        return f'<progress aria-label="Epochs run" max="{run.epochs}" value="{run.epoch}"></progress>'
    return ""


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
