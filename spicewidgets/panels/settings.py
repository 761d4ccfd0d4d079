"""All settings at once: as Python, as a file, as a lesson, and read back."""

import json

import ipywidgets as widgets

from ..compat import clear_uploads, tooltip, uploads
from ..lab.script import script_of
from ..markup import Html
from ..state.experiment import Experiment
from ..state.lesson import LARGEST, open_lesson, read_lesson
from .base import Change, Panel, foldable, guard, script_text
from .files import File, Files
from .lesson import LessonForm


class SettingsBox(Panel):
    """Save all settings as a file or as a lesson, and read one back; a file that is wrong changes nothing."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.read = widgets.FileUpload(
            accept=".json",
            multiple=False,
            description="Open settings or lesson",
            layout=widgets.Layout(width="auto", align_self="flex-start"),
            **tooltip("A file of settings, or a lesson, that was saved here"),
        )
        self.read.observe(self._read, "value")
        save = Files(
            {
                "as Python": ("A short script that prints the same equations", self._script),
                "script as py": ("The script as a file", self._script_file),
                "settings as json": ("All settings of all panels as a file", self._save),
            }
        )
        self.form = LessonForm(experiment)
        super().__init__([foldable([save, self.read, self.form], "copy as Python, save, restore, lessons")])

    def _script(self) -> Html:
        return script_text(self._text())

    def _text(self) -> str:
        """The script, which also resamples where that has been done."""
        return script_of(self.experiment.snapshot(), self.experiment.shown_resampling())

    def _script_file(self) -> File:
        return File("experiment.py", self._text().encode(), "text/x-python")

    def _save(self) -> File:
        text = json.dumps(self.experiment.to_dict(), indent=1)
        return File("settings.json", text.encode(), "application/json")

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
            raise ValueError("The file holds no settings (JSON). Choose one that was saved here.") from None
        if not isinstance(data, dict) or "lesson" not in data:
            self.experiment.from_dict(data)
        elif self.experiment.lesson_stays:
            raise ValueError("This page has a lesson of its own. Open the other one in a page without.")
        else:
            open_lesson(self.experiment, read_lesson(data, self.experiment))
