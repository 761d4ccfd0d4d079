"""Settings as a short text for an address, and back: only what differs from the defaults, packed. With them
go the panel on show and the lesson that was opened in the page, so that a reload does not lose them.

What comes from an address is anybody's: it is bounded, unpacked as data and checked like any settings.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from ..core.settings import SettingsError
from .base import State
from .experiment import Experiment
from .graph import GROUPS
from .lesson import open_lesson, read_lesson
from .stages import STAGES

MOST_CHARACTERS = 4000  # characters of a link
MOST_BYTES = 100_000  # bytes of what it unpacks to
SILENT = {
    "table": ("roles", "remedies")
}  # of a table an address tells name and hash, and nothing that is in it


def to_link(experiment: Experiment) -> str:
    """All settings as text that may stand in an address; the defaults alone are an empty text.

    A lesson that stays is the page's own and not told.
    """
    changed = _differences(experiment, experiment.to_dict())
    if experiment.lesson is not None and not experiment.lesson_stays:
        lesson = experiment.lesson.to_dict()
        changed["lesson"] = lesson | {"settings": _differences(experiment, lesson["settings"])}
    if experiment.view not in ("", next(iter(STAGES))):
        changed["view"] = experiment.view
    if not changed:
        return ""
    packed = zlib.compress(json.dumps(changed, separators=(",", ":")).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _differences(experiment: Experiment, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the differences from the defaults, by group."""
    groups = {}
    for name in GROUPS:
        defaults = _defaults(type(experiment.group(name)))
        told = {key: value for key, value in settings[name].items() if key not in SILENT.get(name, ())}
        changed = {key: value for key, value in told.items() if value != defaults[key]}
        if changed:
            groups[name] = changed
    return groups


@cache
def _defaults(group: type[State[Any]]) -> dict[str, Any]:
    return group().to_dict()


def open_link(experiment: Experiment, text: str) -> None:
    """Take over the settings of a link and the panel on show, with its lesson, unless the page has one that
    stays. A panel that is not known is passed over.

    Raises:
        SettingsError: With every problem at once; then nothing is changed.
    """
    data = from_link(text)
    lesson, view = data.pop("lesson", None), data.pop("view", "")
    problems = experiment.read(data)[1]
    if problems:
        raise SettingsError(problems)
    if lesson is not None and not experiment.lesson_stays:
        open_lesson(experiment, read_lesson(lesson, experiment))
    experiment.from_dict(data)
    if isinstance(view, str) and view in STAGES:
        experiment.view = view
    if lesson is not None and experiment.lesson_stays:
        experiment.lesson_note = f"{experiment.lesson_note} The lesson in the address was left out.".strip()


def from_link(text: str) -> dict[str, Any]:
    """Read a link, for `open_link`.

    Raises:
        SettingsError: For what is no link.
    """
    wrong = SettingsError(["These settings cannot be read: the address is incomplete. Copy it again, whole."])
    if not text:
        return {}
    if len(text) > MOST_CHARACTERS:
        raise wrong
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        opened = zlib.decompressobj()
        data = json.loads(opened.decompress(packed, MOST_BYTES))
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        raise wrong from None
    if not isinstance(data, dict) or not opened.eof:
        raise wrong
    return data
