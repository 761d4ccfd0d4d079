"""The panel of a study, as it is declared: its buttons, how far it is, its answer, and its files."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import ipywidgets as widgets

from ..app.protocols import ExperimentRunner
from ..markup import Html, escape_text, table
from ..state.experiment import Experiment
from ..state.studies import STUDIES
from .base import Change, Panel, block, button, column, guard, put_words, row, set_if_changed
from .controls import control
from .files import File, Files, Offer, csv_file
from .stage import Stage
from .words import decimal

if TYPE_CHECKING:
    from ..core.studies.study import Study

MOST_ROWS = 200  # of a table on the page; the file has all


class StudyBox(Panel):
    """Begin, stop and go on with a study.

    Args:
        experiment: its settings, and how the run goes.
        runner: who does it.
        name: of the study, as in `STUDIES`.
        is_first: whether it is the button of the panel to be pressed first.
    """

    def __init__(
        self, experiment: Experiment, runner: ExperimentRunner, name: str, is_first: bool = True
    ) -> None:
        self.experiment, self.runner, self.name = experiment, runner, name
        self._word, self._tip = STUDIES[name].word, STUDIES[name].tip
        self.go = button(self._word, self._tip, self._begin, button_style="primary" if is_first else "")
        self.stop = button("Stop", "Stop soon; what is done is kept", self._stop)
        self.status = widgets.HTML()
        super().__init__([row(self.go, self.stop), self.status])
        experiment.run.observe(self.refresh, "revision")
        experiment.observe(self.refresh, ["blocked", "stale_because", "studied"])
        self.refresh()

    @property
    def is_under_way(self) -> bool:
        """Tell whether this study is being done now."""
        return bool(self.experiment.run.busy and self.experiment.run.study == self.name)

    @guard
    def _begin(self) -> None:
        self.runner.study(self.name)

    @guard
    def _stop(self) -> None:
        self.runner.stop()

    @guard
    def refresh(self, _: Change | None = None) -> None:
        """Show what can be pressed, and how far it is."""
        blocked, study = self.experiment.blocked, self.runner.studies.get(self.name)
        word = self._word
        if study is not None and self.name not in self.experiment.stale_because:
            word = "Run again" if study.is_recorded else "Go on" if 0 < study.done < study.total else word
        block(self.go, blocked.get(self.name, ""), self._tip)
        put_words(self.go, word)
        block(
            self.stop,
            "" if self.is_under_way else "This is not under way.",
            "Stop soon; what is done is kept",
        )
        self.stop.layout.display = "" if self.is_under_way else "none"
        set_if_changed(self.status, self._words(blocked.get(self.name, "")))

    def _words(self, blocked: str) -> Html:
        run, study = self.experiment.run, self.runner.studies.get(self.name)
        look, bar = "", ""
        if self.is_under_way:
            words = str(run.message) + _left(run.seconds_left)
            if run.parts:
                share = f'max="{run.parts}" value="{run.part}"'
                bar = f'<progress aria-label="Done" {share}></progress> '
        elif blocked and not run.busy:
            words = blocked
        elif run.status == "failed" and run.failed_study == self.name:
            words, look = str(run.message), "sw-alert"
        else:
            words = "" if study is None else study.end_state
        return Html(f'<div class="sw-studied {look}" role="status">{bar}{escape_text(words)}</div>')


class StudyPanel(Stage):
    """A study: its settings and buttons on the left, its answer and table on the right.

    One that has more to show defines `body_parts` and `show`.
    """

    study_class: "ClassVar[type[Study]]"

    @classmethod
    def of(cls, study: "type[Study]") -> type[Stage]:
        """Return the panel of a declared study."""
        groups = cls.groups or tuple(study.groups())
        own = {"title": study.title, "about": study.about, "groups": groups, "study_class": study}
        kind: type[Stage] = type(f"{study.__name__}Panel", (cls,), own)
        return kind

    def controls(self) -> list[widgets.Widget]:
        """Lay out the buttons and the settings."""
        self.study = StudyBox(self.experiment, self.runner, self.study_class.name)
        return [self.study, *self.settings()]

    def settings(self) -> list[widgets.Widget]:
        """Lay out the controls of all settings."""
        states = [self.experiment.group(name) for name in self.study_class.groups()]
        return [control(state, name) for state in states for name in state.names()]

    def stage(self) -> list[widgets.Widget]:
        """Lay out the answer, what stands below it, and files."""
        self.sentence = widgets.HTML()
        self.files = Files(self.offers())
        self.body = column(*self.body_parts(), self.files)
        for box in (self.sentence, self.body):
            box.add_class("sw-study")
        return [self.sentence, self.body]

    def body_parts(self) -> list[widgets.Widget]:
        """Lay out what stands below the answer."""
        self.table = widgets.HTML()
        return [self.table]

    def offers(self) -> Mapping[str, Offer]:
        """Name what can be saved."""
        return {"all as csv": ("Every value that the answer stands on", self._csv)}

    def watch(self) -> None:
        """Observe what was found, and whether the panel is seen."""
        self.experiment.run.observe(self.refresh, "studied_revision")
        self.experiment.observe(self.refresh, "stale_because")
        self.layout.observe(self.refresh, "display")

    @property
    def found(self) -> Any:
        """The result so far; None before."""
        return self.found_by(self.study_class.name)

    def draw(self) -> None:
        """Show all that was found."""
        if self.is_hidden:
            return
        self.show_stale(self.study_class.name)
        found = self.found
        self.body.layout.display = "none" if found is None else ""
        if found is None:
            self.sentence.value = self.describe_nothing()
        else:
            self.sentence.value = f'<p class="sw-outcome">{escape_text(found.sentence)}</p>'
            self.show(found)

    def describe_nothing(self) -> str:
        """Say what will be there."""
        return f"<p>Nothing is there yet. Press {escape_text(self.study_class.word)}.</p>"

    def show(self, found: Any) -> None:
        """Show a result below its answer."""
        frame = found.to_frame()
        more = f" (the first {MOST_ROWS} of {len(frame):,})" if len(frame) > MOST_ROWS else ""
        rows = [[_cell(value) for value in line] for line in frame.head(MOST_ROWS).itertuples(index=False)]
        self.table.value = table(f"All values{more}", list(map(str, frame.columns)), rows)

    def _csv(self) -> File:
        return csv_file(self.study_class.name, self.result().to_frame())

    def result(self) -> Any:
        """Return what was found.

        Raises:
            ValueError: before there is anything.
        """
        if self.found is None:
            raise ValueError(f"Nothing is there yet. Press {self.study_class.word} first.")
        return self.found


def _cell(value: object) -> str:
    """Write a value of a table; what is not known is a dash."""
    if not isinstance(value, float):
        return str(value)
    return decimal(value, 3) if value == value else "–"


def _left(seconds: float | None) -> str:
    """Write the remaining time."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f" About {seconds:.0f} s left."
    return f" About {seconds / 60:.0f} min left."


def heading(words: str, help_text: str = "") -> Html:
    """Return a heading above a figure, with a sentence behind it in small letters."""
    small = f' <span class="sw-help">{escape_text(help_text)}</span>' if help_text else ""
    return Html(f'<div class="sw-heading"><b>{escape_text(words)}</b>{small}</div>')


def figures(pairs: list[tuple[str, str]]) -> Html:
    """Numbers with a word below each."""
    cells = "".join(
        f"<span><b>{escape_text(n)}</b> <span>{escape_text(word)}</span></span>" for n, word in pairs
    )
    return Html(f'<div class="sw-figures">{cells}</div>')
