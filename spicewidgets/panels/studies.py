"""What the panels of studies have in common: the buttons of a study, how far it is, and its files."""

import ipywidgets as widgets

from ..app.protocols import ExperimentRunner
from ..markup import Html, escape_text
from ..state.experiment import Experiment
from .base import Change, Panel, block, button, guard, row, set_if_changed


class StudyBox(Panel):
    """Begin, stop and go on with a study.

    Args:
        experiment: its settings, and how the run goes.
        runner: who does it.
        name: of the study, as in `experiment.STUDIES`.
        word: on the button.
        tip: what the button does.
        is_first: whether it is the button of the panel to be pressed first.
    """

    def __init__(
        self,
        experiment: Experiment,
        runner: ExperimentRunner,
        name: str,
        word: str,
        tip: str,
        is_first: bool = True,
    ) -> None:
        self.experiment, self.runner, self.name, self._word, self._tip = experiment, runner, name, word, tip
        self.go = button(word, tip, self._begin, button_style="primary" if is_first else "")
        self.stop = button("Stop", "Stop soon; what is done is kept", self._stop)
        self.status = widgets.HTML()
        super().__init__([row(self.go, self.stop), self.status])
        experiment.run.observe(self.refresh, "revision")
        experiment.observe(self.refresh, ["blocked", "stale_because", "studied"])
        self.refresh()

    @property
    def is_under_way(self) -> bool:
        """Whether this study is being done now."""
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
        goes_on = (
            study is not None
            and 0 < study.done < study.total
            and self.name not in self.experiment.stale_because
        )
        block(self.go, blocked.get(self.name, ""), self._tip)
        put_word(self.go, "Go on" if goes_on else self._word)
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
            words = "" if study is None else study.ended
        return Html(f'<div class="sw-studied {look}" role="status">{bar}{escape_text(words)}</div>')


def put_word(pressable: widgets.Button, word: str) -> None:
    """Another word on a button, where it is another one."""
    if pressable.description != word:
        pressable.description = word


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
