"""A class that shares its points, of whom two misbehave: how soon points are seen, and what others notice.

    python tests/benchmarks/classroom.py [--learners 100] [--no-write]

All of them have a page of their own, with its kernel, on one server. Each shares once, at some moment of a
minute; meanwhile one sends 10,000 points, another names that are HTML, and a page asks for its kernel.
"""

import asyncio
import json
import random
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit

import psutil
from report import Table, benchmark_parser, number, publish

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))
import servers
from learner import Learner

HEADING = "A class that shares its points, and two who misbehave"
SECONDS = 60  # in which all share
POSTS, CONNECTIONS = 10_000, 500  # of the one who floods
STRANGER = ("127.0.0.2", 0)  # from where the flood comes: an address has so many connections
HTML = '<img src=x onerror="alert(1)">'


async def ask(url: str, method: str, path: str, body: object = None, **headers: str) -> tuple[int, bytes]:
    """Send one request on a connection of its own; its status and body."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=2**22)
    try:
        return await exchange(reader, writer, method, path, body, close=True, **headers)
    finally:
        writer.close()


async def exchange(reader, writer, method, path, body=None, close=False, **headers) -> tuple[int, bytes]:
    """Send a request on a connection, and read its answer."""
    sent = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(sent)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()] + ["Connection: close"] * close
    writer.write("\r\n".join([*lines, "", ""]).encode() + sent)
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = int(re.search(r"content-length: (\d+)", head, re.IGNORECASE)[1])
    return int(head.split()[1]), await reader.readexactly(length)


def point(rng: random.Random) -> list[float]:
    """A learner's point."""
    rate, precision = rng.uniform(0.1, 0.9), rng.uniform(1, 8)
    return [rate, rate / 2, (1 + rate) / 2, precision, precision / 2, 2 * precision]


class Class:
    """All who share, and who watches.

    Attributes:
        shared: when each page sent its point, and when that was answered, by its name.
        seen: when a name was first seen by who watches.
        codes: how often the flood was answered with what.
    """

    def __init__(self, url: str, pages: list[str]) -> None:
        self.url, self.pages = url, pages
        self.shared: dict[str, tuple[float, float]] = {}
        self.seen: dict[str, float] = {}
        self.codes: dict[int, int] = {}
        self.names: set[int] = set()
        self.looked: list[float] = []

    async def watch(self, until: float) -> None:
        """Look at the plot, as each page does."""
        revision = -1
        while time.monotonic() < until:
            _, body = await ask(self.url, "GET", f"/class/points?since={revision}")
            told = json.loads(body)
            revision = told["revision"]
            for one in told["points"]:
                self.seen.setdefault(one["name"], time.monotonic())

    async def share(self, number: int, page: str, rng: random.Random) -> None:
        """Share once, at some moment."""
        await asyncio.sleep(rng.uniform(0, SECONDS))
        name, begun = f"learner {number}", time.monotonic()
        sent = {"numbers": point(rng), "name": name}
        status, _ = await ask(self.url, "POST", f"/class/points/{page}", sent)
        assert status == 200, status
        self.shared[name] = begun, time.monotonic()

    async def flood(self, page: str, rng: random.Random) -> None:
        """Send ten thousand points, on hundreds of connections."""

        async def one() -> None:
            where = urlsplit(self.url)
            place = {"host": where.hostname, "port": where.port, "local_addr": STRANGER}
            reader, writer = await asyncio.open_connection(**place)
            for _ in range(POSTS // CONNECTIONS):
                body = {"numbers": point(rng), "name": "flood"}
                try:
                    status, _ = await exchange(reader, writer, "POST", f"/class/points/{page}", body)
                except (OSError, asyncio.IncompleteReadError):  # there are too many of one address
                    writer.close()
                    reader, writer = await asyncio.open_connection(**place)
                    status = 0
                self.codes[status] = self.codes.get(status, 0) + 1
            writer.close()

        await asyncio.gather(*(one() for _ in range(CONNECTIONS)))

    async def write_html(self, page: str, rng: random.Random) -> None:
        """Send names that are HTML."""
        for _ in range(20):
            sent = {"numbers": point(rng), "name": HTML}
            self.names.add((await ask(self.url, "POST", f"/class/points/{page}", sent))[0])
            await asyncio.sleep(SECONDS / 20)

    async def run(self) -> None:
        """Let all share, and two misbehave."""
        rng = random.Random(1)
        flooder, rude, *others = self.pages
        until = time.monotonic() + SECONDS + 10
        watching = [asyncio.create_task(self.watch(until)) for _ in self.pages]
        self.looked, *_ = await asyncio.gather(
            look(self.url, self.pages[-1], SECONDS),
            self.flood(flooder, rng),
            self.write_html(rude, rng),
            *(self.share(number, page, rng) for number, page in enumerate(others)),
        )
        await asyncio.sleep(3)
        for one in watching:
            one.cancel()


def arrive(person: Learner, url: str) -> None:
    """Open the page, again where it was told to wait."""
    until = time.monotonic() + 300
    while person.socket is None:
        try:
            person.open(url)
        except (HTTPError, TypeError):  # a page that asks again by itself
            if time.monotonic() > until:
                raise
            time.sleep(2)


async def look(url: str, page: str, seconds: float) -> list[float]:
    """Ask twice a second whether a kernel is there, as its page does; how long until the answer."""
    until, took = time.monotonic() + seconds, []
    while time.monotonic() < until:
        begun = time.monotonic()
        status, _ = await ask(url, "GET", f"/api/kernels/{page}")
        assert status == 200, status
        took.append(time.monotonic() - begun)
        await asyncio.sleep(0.5)
    return took


def p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


def main() -> None:
    """Let a class share, print, and write."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--learners", type=int, default=100)
    chosen = parser.parse_args()
    n = chosen.learners + 2
    options = ("participant", "--public", "--class", "Monday", "--most", str(n), "--pool", "4")
    with tempfile.TemporaryDirectory() as folder, servers.app(Path(folder), *options) as url:
        people = [Learner(600) for _ in range(n)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda person: arrive(person, url), people))
        (server,) = [each for each in psutil.Process().children() if "--public" in each.cmdline()]
        before = server.memory_info().rss
        room = Class(url, [person.kernel for person in people])
        calm = asyncio.run(look(url, room.pages[-1], 20))
        asyncio.run(room.run())
        busy = room.looked
        grown = (server.memory_info().rss - before) / 1e6
        html = HTML.encode() in asyncio.run(ask(url, "GET", "/class/points"))[1]
        for person in people:
            person.leave()
    delays = [room.seen[name] - begun for name, (begun, _) in room.shared.items()]
    answers = [ended - begun for begun, ended in room.shared.values()]
    rows = [
        ["shared, and seen by all", f"{len(delays)} of {chosen.learners}", "", ""],
        ["Share pressed, to its answer", *summary(answers)],
        ["Share pressed, to every plot", *summary(delays)],
        ["another page asks for its kernel: before", *summary(calm)],
        ["another page asks for its kernel: meanwhile", *summary(busy)],
    ]
    codes = ", ".join(f"{count:,} {code or 'closed'}" for code, count in sorted(room.codes.items()))
    words = (
        f"Of {POSTS:,} posts of one page: {codes}; it has one point. Names that are HTML were answered with"
        f" {', '.join(map(str, room.names))}, and {'one' if html else 'none'} was on a plot. The server grew"
        f" by {grown:.0f} MB. All {n} pages also watch the plot."
    )
    heads = ["", "median, s", "p95, s", "worst, s"]
    publish(HEADING, Table(heads, rows), words, write=not chosen.no_write)


def summary(seconds: list[float]) -> list[str]:
    return [number(sorted(seconds)[len(seconds) // 2]), number(p95(seconds)), number(max(seconds))]


if __name__ == "__main__":
    main()
