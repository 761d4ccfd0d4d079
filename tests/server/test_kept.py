"""What waits for a page that does not read, or whose connection was lost, has a size."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from spicewidgets.server import channels, connections
from spicewidgets.server.channels import BoundedKernelManager
from spicewidgets.server.connections import ALL_UNREAD, BURST, MOST_UNREAD, STATES_COST, CheckedSocketHandler
from spicewidgets.server.visits import Visits

MB = 2**20


class Connection:
    """A connection whose page reads when it is told to."""

    def __init__(self):
        self.closed, self.waiting, self.stream = False, [], SimpleNamespace(close=self.close)

    def close(self):
        self.closed = True

    def is_closing(self):
        return self.closed

    def write_message(self, message, binary):
        self.waiting.append(asyncio.get_running_loop().create_future())
        return self.waiting[-1]

    async def read(self):
        for future in self.waiting:
            future.set_result(None)
        self.waiting = []
        await asyncio.sleep(0)  # for those who wait for it


def handler(monkeypatch):
    """A page's connection at the server."""
    made = CheckedSocketHandler.__new__(CheckedSocketHandler)
    made.ws_connection, made.unread = Connection(), 0
    made.credit, made.when = float(BURST), asyncio.get_running_loop().time()
    made.connection = SimpleNamespace(handle_incoming_message=lambda message: None)
    monkeypatch.setattr(CheckedSocketHandler, "log", SimpleNamespace(warning=lambda *words: None))
    monkeypatch.setattr(CheckedSocketHandler, "waiting", [0])
    return made


PART = serialize_msg_to_ws_v1([b"{}", b"{}", b"{}", b"x" * MB], "iopub")


def test_the_connection_of_a_page_that_does_not_read_ends(monkeypatch):
    async def run():
        page = handler(monkeypatch)
        for _ in range(1000):
            if not page.ws_connection.closed:
                page.write_message(PART, binary=True)
        assert page.ws_connection.closed
        assert page.unread <= MOST_UNREAD
        await page.ws_connection.read()
        assert page.unread == page.waiting[0] == 0

    asyncio.run(run())


def test_a_page_that_reads_goes_on(monkeypatch):
    async def run():
        page = handler(monkeypatch)
        for _ in range(100):
            page.write_message(PART, binary=True)
            await page.ws_connection.read()
        assert not page.ws_connection.closed

    asyncio.run(run())


def test_what_waits_for_all_pages_together_has_a_size(monkeypatch):
    async def run():
        pages = [handler(monkeypatch) for _ in range(2 * ALL_UNREAD // MOST_UNREAD)]
        monkeypatch.setattr(CheckedSocketHandler, "waiting", [0])
        for _ in range(MOST_UNREAD // MB):
            for page in pages:
                if not page.ws_connection.closed:
                    page.write_message(PART, binary=True)
        assert pages[0].waiting[0] <= ALL_UNREAD
        late = handler(monkeypatch)
        late.write_message(PART, binary=True)  # who reads is not ended for others
        assert not late.ws_connection.closed

    asyncio.run(run())


@pytest.mark.parametrize(("method", "cost"), [("request_states", STATES_COST), ("update", 1)])
def test_who_asks_for_all_states_asks_for_much(monkeypatch, method, cost):
    header = b'{"msg_type": "comm_msg"}'
    written = json.dumps({"comm_id": "a", "data": {"method": method}}).replace("request", "\\u0072equest")

    async def run():
        page = handler(monkeypatch)
        await page.on_message(serialize_msg_to_ws_v1([header, b"{}", b"{}", written.encode()], "shell"))
        return page.credit

    assert asyncio.run(run()) == pytest.approx(BURST - cost)


def test_what_comes_after_a_message_that_is_not_sound_is_not_looked_at(monkeypatch):
    """Each sound message that came before the page had ended took 100 MB, and the server 4 GB."""
    sound = serialize_msg_to_ws_v1([b'{"msg_type": "comm_msg"}', b"{}", b"{}", b"{}"], "shell")
    taken = []

    async def run():
        page = handler(monkeypatch)
        page.connection = SimpleNamespace(handle_incoming_message=taken.append)
        await page.on_message(sound)
        page.ws_connection = None  # as tornado has it once the end has been sent
        await page.on_message(sound)

    asyncio.run(run())
    assert taken == [sound]


def test_nothing_is_taken_from_a_page_while_it_does_not_read(monkeypatch):
    async def run():
        page = handler(monkeypatch)
        page.write_message(PART + PART[-MB:], binary=True)
        message = serialize_msg_to_ws_v1([b'{"msg_type": "comm_msg"}', b"{}", b"{}", b"{}"], "shell")
        looks = []

        async def sleep(seconds):
            looks.append(seconds)
            if len(looks) == 3:
                await page.ws_connection.read()

        monkeypatch.setattr(connections.gen, "sleep", sleep)
        await page.on_message(message)
        return looks

    assert asyncio.run(run()) == [connections.LOOK] * 3


def test_what_is_kept_for_a_page_that_was_lost_has_a_size(monkeypatch):
    """It was kept for ten minutes, whatever came; now the kernel ends, and its page is told why."""
    streams = []
    visits = Visits(3)
    visits.sent("a", "address")
    visits.joins("a")
    manager = BoundedKernelManager.__new__(BoundedKernelManager)
    monkeypatch.setattr(BoundedKernelManager, "parent", SimpleNamespace(visits=visits), raising=False)

    def begin(self, kernel_id, session_key, channels):
        self._kernel_buffers = {kernel_id: {"buffer": []}}

    monkeypatch.setattr(AsyncMappingKernelManager, "start_buffering", begin)
    monkeypatch.setattr(BoundedKernelManager, "_kernel_buffers", {}, raising=False)
    monkeypatch.setattr(BoundedKernelManager, "buffer_offline_messages", True)
    manager.start_buffering("a", "session", {})
    buffer = manager._kernel_buffers["a"]["buffer"]
    for _ in range(100):
        buffer.append(("iopub", [b"x" * MB, b"y"]))
        streams.append(sum(len(part) for _, parts in buffer for part in parts))
    assert max(streams) <= channels.MOST_KEPT
    assert max(streams) > channels.MOST_KEPT // 2
    assert list(buffer) == []
    assert visits.over() == ["a"]
    assert visits.reasons["a"] == channels.LONG


@pytest.mark.parametrize(("jump", "idle", "ends"), [(7200, 10, False), (0, 4000, True), (7200, 4000, True)])
def test_a_clock_that_is_set_forward_ends_no_kernel_and_saves_none(monkeypatch, jump, idle, ends):
    now, ended = [time.time(), time.monotonic()], []
    began = datetime.fromtimestamp(now[0], UTC)
    kernel = SimpleNamespace(last_activity=began)
    manager = BoundedKernelManager.__new__(BoundedKernelManager)
    monkeypatch.setattr(BoundedKernelManager, "_kernels", {"a": kernel}, raising=False)
    monkeypatch.setattr(BoundedKernelManager, "_ahead", now[0] - now[1])
    monkeypatch.setattr(channels.time, "time", lambda: now[0])
    monkeypatch.setattr(channels.time, "monotonic", lambda: now[1])
    clock = SimpleNamespace(now=lambda zone: datetime.fromtimestamp(now[0], zone))
    monkeypatch.setattr(channels, "datetime", clock)

    async def cull(self):
        if datetime.fromtimestamp(now[0], UTC) - kernel.last_activity > timedelta(hours=1):
            ended.append("a")

    monkeypatch.setattr(AsyncMappingKernelManager, "cull_kernels", cull)
    now[0] += idle + jump
    now[1] += idle
    asyncio.run(manager.cull_kernels())
    assert ended == ["a"] * ends
