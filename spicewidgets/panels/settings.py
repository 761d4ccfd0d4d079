"""All settings at once: as Python, as a file, as a lesson, and read back."""

import json
from html import escape
from typing import Any

import ipywidgets as widgets

from ..compat import clear_uploads, tooltip, uploads
from ..lab.script import script_of
from ..state.lesson import LARGEST, open_lesson, read_lesson
from .base import Files, Panel, guard, more
from .lesson import LessonForm


class SettingsBox(Panel):
    """Save all settings as a file or as a lesson, and read one back; a file that is wrong changes nothing."""

    def __init__(self, experiment: Any) -> None:
        self.experiment = experiment
        words = tooltip("A file of settings, or a lesson, that was saved here")
        self.read = widgets.FileUpload(
            accept=".json",
            multiple=False,
            description="Open settings or lesson",
            layout=widgets.Layout(width="auto", align_self="flex-start"),
            **words,
        )
        self.read.observe(self._read, "value")
        save = Files(
            {
                "as Python": ("A short script that prints the same equations", self._script),
                "script as py": ("The script as a file", self._py),
                "settings as json": ("All settings of all panels as a file", self._save),
            }
        )
        self.form = LessonForm(experiment)
        super().__init__([more([save, self.read, self.form], "copy as Python, save, restore, lessons")])

    def _script(self) -> str:
        text = escape(self._text())
        return f'<p>A click selects all of it.</p><pre tabindex="0">{text}</pre>'

    def _text(self) -> str:
        """The script, which also resamples where that has been done."""
        return script_of(self.experiment.snapshot(), self.experiment.shown_resampling())

    def _py(self) -> tuple[str, bytes, str]:
        return "experiment.py", self._text().encode(), "text/x-python"

    def _save(self) -> tuple[str, bytes, str]:
        text = json.dumps(self.experiment.to_dict(), indent=1)
        return "settings.json", text.encode(), "application/json"

    @guard
    def _read(self, _: Any) -> None:
        files = uploads(self.read)
        if not files:
            return
        (_, content), *_ = files
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
