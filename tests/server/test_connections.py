"""The server takes as many connections as there are files for, and fewer of one address."""

import asyncio
import resource
import subprocess
import sys

import pytest
import servers
from tornado.web import Application, RequestHandler

from spicewidgets.server.connections import FEWEST_EACH, LEARNER_FILES, RESERVE, BoundedServer, room


class Hello(RequestHandler):
    def get(self):
        self.finish("hello")


async def answered(port, source="127.0.0.1"):
    """What a new connection from this address is answered; it stays open."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    try:
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return writer, b"hello" in await reader.read(1000)
    except ConnectionError:
        return writer, False


def ask(times, sources, **bounds):
    """Which of so many connections from each of the addresses are answered."""

    async def run():
        server = BoundedServer(Application([("/", Hello)]), **bounds)
        port = servers.free_port()
        server.listen(port, "127.0.0.1")
        made = [await answered(port, source) for source in sources for _ in range(times)]
        for writer, _ in made:
            writer.close()
        server.stop()
        await server.close_all_connections()
        return [said for _, said in made]

    return asyncio.run(run())


@pytest.mark.skipif(sys.platform != "linux", reason="Elsewhere this machine has one such address.")
def test_one_address_does_not_take_the_connections_of_others():
    said = ask(FEWEST_EACH + 5, ["127.0.0.2", "127.0.0.3"], limit=None, most=1)
    assert said == ([True] * FEWEST_EACH + [False] * 5) * 2


def test_a_connection_without_files_is_closed_and_not_tried_again_and_again(caplog):
    """The log had 450,000 lines of "Too many open files"."""
    with open("/dev/null") as free:  # the lowest number that is free now
        limit = free.fileno() + RESERVE // 2 + 20
    said = ask(40, ["127.0.0.1"], limit=limit, most=100)
    assert said[0]
    assert not said[-1]
    assert caplog.text == ""


ROOM = """
import resource
from spicewidgets.server.connections import raise_limit, room

limit = raise_limit()
print(limit, resource.getrlimit(resource.RLIMIT_NOFILE)[0], room(limit, 1000))
"""


@pytest.mark.parametrize("hard", [128, 256, 1024])
def test_there_is_room_for_as_many_as_there_are_files(hard):
    def lower():
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))

    run = subprocess.run(
        [sys.executable, "-c", ROOM], preexec_fn=lower, capture_output=True, text=True, check=True
    )
    limit, soft, people = map(int, run.stdout.split())
    assert limit == soft == hard
    assert (people - 1) * LEARNER_FILES < hard - RESERVE
    assert people >= (hard - RESERVE - 40) // LEARNER_FILES


def test_without_a_limit_there_is_room_for_all():
    assert room(None, 1000) == 1000
