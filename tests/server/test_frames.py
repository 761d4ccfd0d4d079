"""Messages of a page: those of ours pass, and all others are refused at once, whatever number they claim."""

import json
import time

import pytest
from hypothesis import given, strategies as st
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1

from spicewidgets.server.frames import (
    MOST_BYTES,
    MOST_CONTENT,
    MOST_HEADER,
    MOST_PARTS,
    FrameError,
    check_frame,
)


def frame(kind="comm_msg", channel="shell", content=None, buffers=(), metadata=None):
    header = {"msg_id": "1", "msg_type": kind, "session": "s", "username": "", "version": "5.2"}
    parts = [header, {}, metadata or {}, content or {}]
    return serialize_msg_to_ws_v1([*(json.dumps(part).encode() for part in parts), *buffers], channel)


HEADER = b'{"msg_type": "comm_msg"}'
SOUND = frame(content={"data": {"method": "update", "state": {"value": 0.3}}}, buffers=[b"\x01" * 100])


def test_messages_of_a_page_pass():
    for kind in ("comm_open", "comm_msg", "comm_close", "comm_info_request", "kernel_info_request"):
        check_frame(frame(kind))
    check_frame(SOUND)
    check_frame(frame(content={"data": "x" * (MOST_CONTENT - 1000)}))
    check_frame(frame(buffers=[b"x" * (MOST_BYTES - 1000)]))  # a file
    check_frame(frame(buffers=[b"1"] * (MOST_PARTS - 5)))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff" * 8 + b"\0" * 60, "an impossible number of parts"),
        (b"", "an impossible number of parts"),
        (b"\0" * 68, "an impossible number of parts"),
        ((2**40).to_bytes(8, "little"), "an impossible number of parts"),
        ((7).to_bytes(8, "little") + b"\0" * 56, "parts that lie elsewhere"),
        (SOUND[:80], "parts that lie elsewhere"),
        (SOUND[:24] + (2**63).to_bytes(8, "little") + SOUND[32:], "parts that lie elsewhere"),
        (frame(buffers=[b"1"] * (MOST_PARTS + 1)), "an impossible number of parts"),
        (frame(channel="iopub"), "another channel"),
        (frame(channel="stdin"), "another channel"),
        (frame(channel="control"), "another channel"),
        (frame(metadata={"a": "x" * 3 * MOST_HEADER}), "a header that is too long"),
        (frame(kind=["comm_msg"]), "a header without a type"),
        (serialize_msg_to_ws_v1([b"[" * 9000, b"{}", b"{}", b"{}"], "shell"), "a header that cannot be read"),
        (serialize_msg_to_ws_v1([b"\xff", b"{}", b"{}", b"{}"], "shell"), "a header that cannot be read"),
        (frame(content={"data": "x" * MOST_CONTENT}), "a content that is too long"),
        (frame(content={"comm_id": "1", "target_name": ["a"]}), "something else where a name should be"),
        (frame(content={"comm_id": {}}), "something else where a name should be"),
        (serialize_msg_to_ws_v1([HEADER, b"{}", b"{}", b"[]"], "shell"), "a content that cannot be read"),
        (serialize_msg_to_ws_v1([HEADER, b"{}", b"{}", b"{"], "shell"), "a content that cannot be read"),
        (frame(buffers=[b"x" * MOST_BYTES]), f"more than {MOST_BYTES} bytes"),
        ("text", "text where bytes are expected"),
    ],
    ids=lambda value: value[:12] if isinstance(value, bytes) else value,
)
def test_others_are_refused_at_once(content, why):
    """The first of them, of 68 bytes, made the server count for ever."""
    begun = time.process_time()
    with pytest.raises(FrameError, match=why):
        check_frame(content)
    assert time.process_time() - begun < 0.5


def read(content):
    """What passes can be read by Jupyter, and is what it says."""
    try:
        check_frame(content)
    except FrameError:
        return
    channel, parts = deserialize_msg_from_ws_v1(content)
    assert channel == "shell"
    assert isinstance(json.loads(parts[0])["msg_type"], str)
    assert len(parts) >= 4


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_can_be_read(content):
    read(content)


@given(st.integers(0, len(SOUND) - 1), st.integers(0, 255), st.integers(0, len(SOUND)))
def test_a_message_with_a_byte_changed_or_cut_off_is_refused_or_can_be_read(at, byte, end):
    read((SOUND[:at] + bytes([byte]) + SOUND[at + 1 :])[:end])
