"""The server takes as many connections as there are files for, and fewer of one address."""

import asyncio
import resource
import subprocess
import sys

import pytest
import servers
from tornado.web import Application, RequestHandler

from spicewidgets.server import connections
from spicewidgets.server.connections import (
    FEWEST,
    FEWEST_EACH,
    LEARNER_FILES,
    RESERVE,
    BoundedServer,
    room,
    room_for_connections,
)


class Hello(RequestHandler):
    def get(self):
        self.finish("hello")


async def answered(port, source="127.0.0.1", words=b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"):
    """What a new connection from this address is answered; it stays open."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    try:
        writer.write(words)
        return reader, writer, not words or b"hello" in await reader.read(1000)
    except ConnectionError:
        return reader, writer, False


def serve(work, **bounds):
    """What comes of work with a server's port."""

    async def run():
        server = BoundedServer(Application([("/", Hello)]), **bounds)
        port = servers.free_port()
        server.listen(port, "127.0.0.1")
        try:
            return await work(port)
        finally:
            server.stop()
            await server.close_all_connections()

    return asyncio.run(run())


def ask(times, sources, **bounds):
    """Which of so many connections from each of the addresses are answered."""

    async def work(port):
        made = [await answered(port, source) for source in sources for _ in range(times)]
        for _, writer, _ in made:
            writer.close()
        return [said for *_, said in made]

    return serve(work, **bounds)


@pytest.mark.skipif(sys.platform != "linux", reason="Elsewhere this machine has one such address.")
def test_one_address_does_not_take_the_connections_of_others():
    said = ask(FEWEST_EACH + 5, ["127.0.0.2", "127.0.0.3"], limit=None, most=1)
    assert said == ([True] * FEWEST_EACH + [False] * 5) * 2


def test_a_connection_that_waits_is_closed_for_a_new_one(monkeypatch):
    """A class's browsers keep six each; who came after them saw a page without its scripts."""
    monkeypatch.setattr(connections, "room_for_connections", lambda limit, most: FEWEST)

    async def work(port):
        kept = [await answered(port) for _ in range(FEWEST)]
        late = [await answered(port) for _ in range(3)]
        ended = [await reader.read() == b"" for reader, *_ in kept[:3]]
        _, writer, _ = kept[3]
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        goes_on = b"hello" in await kept[3][0].read(1000)
        for _, writer, _ in kept + late:
            writer.close()
        return [said for *_, said in late], ended, goes_on

    assert serve(work, limit=None, most=100) == ([True] * 3, [True] * 3, True)


def test_who_asks_for_nothing_keeps_nobody_out(monkeypatch, caplog):
    """The log had 450,000 lines of "Too many open files"."""
    monkeypatch.setattr(connections, "room_for_connections", lambda limit, most: FEWEST)

    async def work(port):
        silent = [await answered(port, words=b"") for _ in range(FEWEST)]
        _, early, refused = await answered(port)  # they may still ask
        monkeypatch.setattr(connections, "UNASKED", 0.0)
        _, late, said = await answered(port)
        for writer in [early, late, *(writer for _, writer, _ in silent)]:
            writer.close()
        return refused, said

    monkeypatch.setattr(connections, "UNASKED", 1e9)
    assert serve(work, limit=None, most=100) == (False, True)
    assert caplog.text == ""


def test_connections_leave_the_files_of_the_people_who_may_come():
    opened = connections.count_open_files()
    assert room_for_connections(None, 100) == float("inf")
    assert room_for_connections(1024, 50) == 1024 - opened - RESERVE // 2 - 50 * (LEARNER_FILES - 1)
    assert room_for_connections(opened + RESERVE, 50) == FEWEST


ROOM = """
import resource
from spicewidgets.server.connections import raise_limit, room

limit = raise_limit()
print(limit, resource.getrlimit(resource.RLIMIT_NOFILE)[0], room(limit, 1000))
"""


@pytest.mark.parametrize(("hard", "fewest"), [(128, 2), (256, 15), (1024, 100)])
def test_there_is_room_for_as_many_as_there_are_files(hard, fewest):
    """A hundred people, where there were 46."""

    def lower():
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))

    run = subprocess.run(
        [sys.executable, "-c", ROOM], preexec_fn=lower, capture_output=True, text=True, check=True
    )
    limit, soft, people = map(int, run.stdout.split())
    assert limit == soft == hard
    assert (people - 1) * LEARNER_FILES < hard - RESERVE
    assert people >= fewest


def test_without_a_limit_there_is_room_for_all():
    assert room(None, 1000) == 1000
