"""What a page may send to its kernel: the bounds of a message, checked before anything reads it."""

import json
from typing import Any

PROTOCOL = "v1.kernel.websocket.jupyter.org"
MOST_BYTES = 10 * 1024 * 1024  # of a frame: a table or a lesson that is dropped into the page
MOST_PARTS = 64  # of a message: channel, header, its parent's, metadata, content, and buffers
MOST_HEADER = 16 * 1024  # bytes of the header, of its parent's, and of the metadata
MOST_CONTENT = 256 * 1024  # bytes of the content, which is the state of a widget; files come as buffers
NAMES = ("comm_id", "target_name")  # in a content
CHANNEL = b"shell"  # the only one by which a page asks for something


class FrameError(ValueError):
    """A frame that no page of ours sends."""


def check_frame(frame: bytes | str) -> dict[str, Any]:
    """Check a message: sizes, counts, the channel, and that names are names. The rest is the kernel's matter.

    A frame begins with a number of 8 bytes, how many offsets follow, of 8 bytes each: where the channel, the
    header, its parent's header, the metadata, the content and each buffer begin, and where the last one ends.

    Returns:
        The content.

    Raises:
        FrameError: with what is wrong.
    """
    if isinstance(frame, str):
        raise FrameError("text where bytes are expected")
    if len(frame) > MOST_BYTES:
        raise FrameError(f"more than {MOST_BYTES} bytes")
    count = int.from_bytes(frame[:8], "little")
    if not 6 <= count <= MOST_PARTS + 1 or len(frame) < 8 * (count + 1):
        raise FrameError("an impossible number of parts")
    offsets = [int.from_bytes(frame[8 * at : 8 * at + 8], "little") for at in range(1, count + 1)]
    if offsets[0] != 8 * (count + 1) or offsets != sorted(offsets) or offsets[-1] > len(frame):
        raise FrameError("parts that lie elsewhere")
    if frame[offsets[0] : offsets[1]] != CHANNEL:
        raise FrameError("another channel")
    if offsets[4] - offsets[1] > 3 * MOST_HEADER:
        raise FrameError("a header that is too long")
    if offsets[min(5, count - 1)] - offsets[4] > MOST_CONTENT:
        raise FrameError("a content that is too long")
    if not isinstance(_read(frame[offsets[1] : offsets[2]], "header").get("msg_type"), str):
        raise FrameError("a header without a type")
    content = _read(frame[offsets[4] : offsets[min(5, count - 1)]], "content")
    if not all(isinstance(content.get(name, ""), str) for name in NAMES):
        raise FrameError("something else where a name should be")
    return content


def _read(part: bytes, what: str) -> dict[str, Any]:
    try:
        says: Any = json.loads(part)
    except (ValueError, RecursionError):
        says = None
    if not isinstance(says, dict):
        raise FrameError(f"a {what} that cannot be read")
    return says
