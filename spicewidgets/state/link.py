"""Settings as a short text for an address, and back: only what differs from the defaults, packed.

What comes from an address is anybody's: it is bounded, unpacked as data and checked like any settings.
"""

import base64
import binascii
import json
import zlib
from typing import Any

from ..core.settings import SettingsError
from .experiment import GROUPS, Experiment

LONGEST = 4000  # characters of a link
MOST = 100_000  # bytes of what it unpacks to


def to_link(experiment: Experiment) -> str:
    """All settings as text that may stand in an address; the defaults alone are an empty text."""
    told: dict[str, Any] = {}
    for name in GROUPS:
        group = experiment.group(name)
        defaults = type(group)().to_dict()
        changed = {key: value for key, value in group.to_dict().items() if value != defaults[key]}
        if changed:
            told[name] = changed
    if not told:
        return ""
    packed = zlib.compress(json.dumps(told, separators=(",", ":")).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def from_link(text: str) -> dict[str, Any]:
    """The settings of a link, for `Experiment.from_dict`. Raises `SettingsError` for what is no link."""
    wrong = SettingsError(["These settings cannot be read: the address is incomplete. Copy it again, whole."])
    if not text:
        return {}
    if len(text) > LONGEST:
        raise wrong
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        opened = zlib.decompressobj()
        data = json.loads(opened.decompress(packed, MOST))
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        raise wrong from None
    if not isinstance(data, dict) or not opened.eof:
        raise wrong
    return data
