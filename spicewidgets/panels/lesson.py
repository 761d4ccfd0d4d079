"""A lesson on the page: what it says, and how one is made."""

from html import escape
from typing import Any

import ipywidgets as widgets

from ..compat import tooltip
from ..state.lesson import HOLDABLE, TEXT, TITLE, leave_lesson, lesson_now, open_lesson
from ..state.stages import STAGES
from .base import FULL, Files, Panel, field, guard, more, pressed

ROW = {"flex_flow": "row wrap"}
FREE, FIX, HIDE = "free", "fixed", "hidden"
ABOUT = (
    "A lesson begins with the settings as they stand. What it fixes is seen and cannot be changed; what it"
    " hides is not there."
)


class LessonBanner(Panel):
    """Title and text of the lesson that is open, and what it has kept from settings that were loaded."""

    def __init__(self, experiment: Any) -> None:
        self.experiment = experiment
        self.words, self.kept = widgets.HTML(), widgets.HTML()
        again = pressed("Start the lesson again", "Go back to the lesson's own settings", self._again)
        self.leave = pressed("Leave the lesson", "Free all controls; the settings stay", self._leave)
        row = widgets.HBox([again, self.leave], layout=widgets.Layout(**ROW))
        super().__init__([self.words, self.kept, row])
        experiment.observe(self.refresh, ["lesson", "lesson_stays", "kept"])
        self.refresh()

    @guard
    def refresh(self, _: Any = None) -> None:
        """The lesson as it stands; nothing without one."""
        lesson, kept = self.experiment.lesson, self.experiment.kept
        self.layout.display = "none" if lesson is None and not kept else ""
        self.kept.value = f'<div class="sw-note" role="status">{escape(kept)}</div>' if kept else ""
        self.leave.layout.display = "none" if self.experiment.lesson_stays else ""
        if lesson is not None:
            self.words.value = f"<h2>{escape(lesson.title)}</h2><p>{escape(lesson.text)}</p>"

    @guard
    def _again(self) -> None:
        lesson, stays = self.experiment.lesson, self.experiment.lesson_stays
        if lesson is not None:
            open_lesson(self.experiment, lesson, stays=stays)

    @guard
    def _leave(self) -> None:
        leave_lesson(self.experiment)


class LessonForm(Panel):
    """Make a lesson: its words, what is fixed or hidden, and which panels are shown."""

    def __init__(self, experiment: Any) -> None:
        self.experiment = experiment
        self.body = widgets.VBox(layout=widgets.Layout(max_width="560px", **FULL))
        self.begin = pressed("Save as lesson", "Choose what to fix and to hide, and save it", self._fill)
        super().__init__([self.begin, self.body])

    @guard
    def _fill(self) -> None:
        """The form, made when it is first asked for, as the lesson that is open has it."""
        self.begin.layout.display = "none"
        lesson = self.experiment.lesson
        words = f"What to do, in one or two sentences; up to {TEXT} letters"
        self.title = field(widgets.Text, "Title", f"Up to {TITLE} letters")
        self.text = field(widgets.Textarea, "Text", words)
        self.title.add_class("sw-text")
        self.how = {name: self._choice(name) for name in HOLDABLE}
        self.panels = {name: self._tick(name) for name in STAGES}
        if lesson is not None:
            self.title.value, self.text.value = lesson.title, lesson.text
            for name, box in self.how.items():
                box.value = FIX if name in lesson.fixed else HIDE if name in lesson.hidden else FREE
            for name, box in self.panels.items():
                box.value = name in lesson.panels
        groups = dict.fromkeys(name.split(".")[0] for name in HOLDABLE)
        folded = [more(self._of(group), f"controls: {group}") for group in groups]
        self.files = Files({"lesson as json": ("The lesson as a file", self._save)})
        shown = widgets.HBox(list(self.panels.values()), layout=widgets.Layout(**ROW))
        self.body.children = [
            widgets.HTML(f'<h3>Save as lesson</h3><div class="sw-help">{escape(ABOUT)}</div>'),
            self.title,
            self.text,
            *folded,
            widgets.HTML("<h3>Panels that are shown</h3>"),
            shown,
            self.files,
        ]

    def _of(self, group: str) -> list[Any]:
        return [box for name, box in self.how.items() if name.startswith(f"{group}.")]

    def _choice(self, name: str) -> Any:
        group, setting = name.split(".")
        told = self.experiment.group(group).tags(setting)
        return field(widgets.Dropdown, told["label"], told["help"], options=[FREE, FIX, HIDE])

    def _tick(self, name: str) -> Any:
        words = tooltip(f"Whether the panel {name} is shown")
        return widgets.Checkbox(value=True, description=name.capitalize(), indent=False, **words)

    def _save(self) -> tuple[str, bytes, str]:
        lesson = lesson_now(
            self.experiment,
            title=" ".join(self.title.value.split()),
            text=" ".join(self.text.value.split()),
            fixed=tuple(name for name, box in self.how.items() if box.value == FIX),
            hidden=tuple(name for name, box in self.how.items() if box.value == HIDE),
            panels=tuple(name for name, box in self.panels.items() if box.value),
        )
        return "lesson.json", lesson.to_json(), "application/json"
