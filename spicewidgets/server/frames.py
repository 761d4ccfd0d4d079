"""What a page may send to its kernel: the bounds of a message, checked before anything reads it."""

import json
from typing import Any

PROTOCOL = "v1.kernel.websocket.jupyter.org"
MOST_BYTES = 10 * 1024 * 1024  # of a frame: a table or a lesson that is dropped into the page
MOST_PARTS = 64  # of a message: channel, header, its parent's, metadata, content, and buffers
MOST_HEADER = 16 * 1024  # bytes of the header, of its parent's, and of the metadata
CHANNELS = (b"shell", b"control")


class FrameError(ValueError):
    """A frame that no page of ours sends."""


def check_frame(frame: bytes | str) -> None:
    """Check the outside of a message: sizes, counts and the channel. What it says is the kernel's matter.

    A frame begins with a number of 8 bytes, how many offsets follow, of 8 bytes each: where the channel, the
    header, its parent's header, the metadata, the content and each buffer begin, and where the last one ends.

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
    if frame[offsets[0] : offsets[1]] not in CHANNELS:
        raise FrameError("another channel")
    if offsets[4] - offsets[1] > 3 * MOST_HEADER:
        raise FrameError("a header that is too long")
    _check_header(frame[offsets[1] : offsets[2]])


def _check_header(header: bytes) -> None:
    try:
        says: Any = json.loads(header)
    except (ValueError, RecursionError):
        raise FrameError("a header that cannot be read") from None
    if not isinstance(says, dict) or not isinstance(says.get("msg_type"), str):
        raise FrameError("a header without a type")
