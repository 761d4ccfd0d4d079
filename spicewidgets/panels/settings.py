"""All settings at once: as an address, as Python, as a file, as a lesson, and read back."""

import json

import ipywidgets as widgets

from ..app.protocols import ExperimentRunner
from ..compat import clear_uploads, tooltip, uploads
from ..experiment.script import script_of
from ..markup import copy_text, save_link
from ..state.experiment import Experiment
from ..state.lesson import LARGEST, open_lesson, read_lesson
from ..state.link import to_link
from .base import Change, Panel, button, column, guard, row
from .files import File, Files
from .lesson import LessonForm


class SettingsBox(Panel):
    """Share, script, save and open; a file that is wrong changes nothing.

    Attributes:
        buttons: each does its work in one press. They stand in the head of the page; what they show, here.
    """

    def __init__(self, experiment: Experiment, runner: ExperimentRunner) -> None:
        self.experiment, self.runner = experiment, runner
        self.read = widgets.FileUpload(
            accept=".json",
            multiple=False,
            description="Open settings or lesson",
            layout=widgets.Layout(width="auto", align_self="flex-start"),
            **tooltip("A file of settings, or a lesson, that was saved here"),
        )
        self.read.observe(self._read, "value")
        self.shown = widgets.HTML()
        self.form = LessonForm(experiment)
        script = Files({"script as py": ("The script as a file", self._script_file)})
        tip = "Larger, with less beside it; Page Down goes on, Escape ends it"
        present = button("Present", tip, lambda: None)
        present.add_class("sw-presenter")
        self.more = column(row(self.read, present), script, self.form)
        self.more.layout.display = "none"
        self.share = button("Share", "Copy the address of this page with its settings", self._share)
        self.script = button("Script", "Copy a short script that prints the same equations", self._script)
        self.save = button("Save", "Save all settings of all panels as a file", self._save_now)
        self.open_more = button("Open …", "Open saved settings or a lesson, or make one", self._toggle)
        self.buttons = (self.share, self.script, self.save, self.open_more)
        super().__init__([self.shown, self.more])
        self.add_class("sw-tray")

    def text(self) -> str:
        """Return the script, which also resamples where that has been done."""
        return script_of(self.experiment.snapshot(), self.experiment.shown_resampling())

    def file(self) -> File:
        """All settings as a file."""
        text = json.dumps(self.experiment.to_dict(), indent=1)
        return File("settings.json", text.encode(), "application/json")

    def _script_file(self) -> File:
        return File("experiment.py", self.text().encode(), "text/x-python")

    @guard
    def _share(self) -> None:
        self.experiment.snapshot()  # only sound settings have an address
        # A notebook has no address of its own: there the script is shared.
        self.shown.value = copy_text(self.text(), "The page with its settings", to_link(self.experiment))

    @guard
    def _script(self) -> None:
        self.shown.value = copy_text(self.text(), "The same as a Python script")

    @guard
    def _save_now(self) -> None:
        self.shown.value = save_link(*self.file())

    @guard
    def _toggle(self) -> None:
        hidden = self.more.layout.display == "none"
        self.more.layout.display = "" if hidden else "none"
        self.open_more.description = "Close" if hidden else "Open …"
        self.shown.value = ""

    @guard
    def _read(self, _: Change) -> None:
        files = uploads(self.read)
        if not files:
            return
        content = files[0][1]
        clear_uploads(self.read)
        if len(content) > LARGEST:
            raise ValueError("The file is too large for settings. Choose one that was saved here.")
        try:
            data = json.loads(content)
        except (ValueError, RecursionError):
            raise ValueError(
                "The file holds no settings (JSON). Choose one that was saved here; a table of choices is"
                " opened in 3 Choices, under Your data."
            ) from None
        if not isinstance(data, dict) or "lesson" not in data:
            self.experiment.from_dict(data)
            self.runner.show_run()
        elif self.experiment.lesson_stays:
            raise ValueError("This page has a lesson of its own. Open the other one in a page without.")
        else:
            open_lesson(self.experiment, read_lesson(data, self.experiment))
