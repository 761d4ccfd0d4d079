"""A lesson on the page: what it says, and how one is made."""

from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets

from ..front.files import LEAD, TITLE as HEADLINE
from ..loading import later
from ..markup import message
from ..state.experiment import Experiment
from ..state.lesson import HOLDABLE, TEXT, TITLE, Lesson, leave_lesson, lesson_now, open_lesson
from ..state.stages import STAGES
from .base import FULL, Change, Panel, button, foldable, guard, row, tick_box, with_label
from .files import File, Files

if TYPE_CHECKING:
    from ..front import page
else:
    page = later("..front.page", __package__)

FREE, FIX, HIDE = "free", "fixed", "hidden"
ABOUT = (
    "A lesson begins with the settings as they stand. What it fixes is seen and cannot be changed; what it"
    " hides is not there."
)


class LessonBanner(Panel):
    """Title and text of the open lesson, and what it has kept as it was when settings were loaded."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.words, self.kept = widgets.HTML(), widgets.HTML()
        again = button("Start the lesson again", "Go back to the lesson's own settings", self._again)
        self.leave = button("Leave the lesson", "Free all controls; the settings stay", self._leave)
        super().__init__([self.words, self.kept, row(again, self.leave)])
        experiment.observe(self.refresh, ["lesson", "lesson_stays", "lesson_note"])
        self.refresh()

    @guard
    def refresh(self, _: Change | None = None) -> None:
        """Show the lesson as it stands; nothing without one."""
        lesson, kept = self.experiment.lesson, self.experiment.lesson_note
        self.layout.display = "none" if lesson is None and not kept else ""
        self.kept.value = message(kept, role="status")
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

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.body = widgets.VBox(layout=widgets.Layout(max_width="560px", **FULL))
        self.begin = button("Save as lesson", "Choose what to fix and to hide, and save it", self._fill)
        tip = "These settings, and the lesson below, as one file that trains in any browser"
        super().__init__([self.begin, Files({"Save as page": (tip, self._save_page)}), self.body])

    @guard
    def _fill(self) -> None:
        """Make the form when it is first needed, filled in as the open lesson has it."""
        self.begin.layout.display = "none"
        lesson = self.experiment.lesson
        words = f"What to do, in one or two sentences; up to {TEXT} letters"
        self.title = with_label(widgets.Text, "Title", f"Up to {TITLE} letters")
        self.text = with_label(widgets.Textarea, "Text", words)
        self.title.add_class("sw-text")
        self.how = {name: self._choice(name) for name in HOLDABLE}
        self.panels = {
            name: tick_box(name.capitalize(), f"Whether the panel {name} is shown", value=True)
            for name in STAGES
        }
        if lesson is not None:
            self.title.value, self.text.value = lesson.title, lesson.text
            for name, box in self.how.items():
                box.value = FIX if name in lesson.fixed else HIDE if name in lesson.hidden else FREE
            for name, box in self.panels.items():
                box.value = name in lesson.panels
        groups = dict.fromkeys(name.split(".")[0] for name in HOLDABLE)
        folded = [foldable(self._choices_of(group), f"controls: {group}") for group in groups]
        self.files = Files({"lesson as json": ("The lesson as a file", self._save)})
        self.body.children = [
            widgets.HTML(f"<h3>Save as lesson</h3>{message(ABOUT, 'help')}"),
            self.title,
            self.text,
            *folded,
            widgets.HTML("<h3>Panels that are shown</h3>"),
            row(*self.panels.values()),
            self.files,
        ]

    def _choices_of(self, group: str) -> list[widgets.Widget]:
        return [box for name, box in self.how.items() if name.startswith(f"{group}.")]

    def _choice(self, name: str) -> widgets.Widget:
        group, setting = name.split(".")
        tags = self.experiment.group(group).tags(setting)
        return with_label(widgets.Dropdown, tags["label"], tags["help"], options=[FREE, FIX, HIDE])

    def _save(self) -> File:
        return File("lesson.json", self._lesson().to_json(), "application/json")

    def _save_page(self) -> File:
        """Write the page of the lesson, or of the settings as they stand. Loads torch."""
        lesson = self._lesson() if self.body.children else self.experiment.lesson
        if lesson is None:
            lesson = lesson_now(self.experiment, title=HEADLINE, text=LEAD)
        return File("lesson.html", page.write_page(lesson=lesson).encode(), "text/html")

    def _lesson(self) -> Lesson:
        """Return the lesson as the form has it."""
        return lesson_now(
            self.experiment,
            title=" ".join(self.title.value.split()),
            text=" ".join(self.text.value.split()),
            fixed=tuple(name for name, box in self.how.items() if box.value == FIX),
            hidden=tuple(name for name, box in self.how.items() if box.value == HIDE),
            panels=tuple(name for name, box in self.panels.items() if box.value),
            story=() if self.experiment.lesson is None else self.experiment.lesson.story,
        )
