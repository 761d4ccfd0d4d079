"""Attacks a public page of its own, on this machine only, while eight learners work at it; writes RESULTS.md.

    python tests/benchmarks/attack.py [--learners 8] [--before FOLDER] [--minutes 10] [--only NAME ...]
        [--no-write]

Each attack is bounded in number and time, and all together by --minutes: six are enough. Meanwhile each
learner moves a slider and waits for the picture, again and again, also in the rest before each attack; at the
end each has what was there before: the kernel, the slider's value, the equation. With --before, the version
in that folder (a worktree) is attacked first, in the same way. Attackers come from 127.0.0.2, so that what is
bounded for an address is not bounded for the learners.
"""

import http.client
import json
import os
import socket
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlsplit

import psutil
from report import Table, benchmark_parser, number, publish

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))
import servers
from learner import CONFIG, Learner
from websocket import ABNF, create_connection
from workshop import Memory, watched

from spicewidgets.server.frames import PROTOCOL

HEADING = "A public page under attack"
STRANGER = "127.0.0.2"
SECONDS = 20  # that an attack takes at most
PAUSE = 1.0  # seconds between two moves of a learner
REST = 8  # seconds before each attack
LEAST = 8  # seconds for which an attack that is shorter is made again
PLACES = 16
ROUTES = ("/voila/static/", "/voila/templates/lab/static/", "/voila/files/", "/voila/labextensions/", "/")
TRAVERSALS = [
    f"{where}{path}"
    for where in ROUTES
    for path in (
        *("../../../etc/passwd", "..%2f..%2f..%2fetc/passwd", "%2e%2e/%2e%2e/etc/passwd", "....//etc/passwd"),
        *("/etc/passwd", "//etc/passwd", "%00", "..\\..\\etc\\passwd", "~root/.bashrc", "x" * 5000),
    )
]


class Attack:
    """What is tried at a page: its address, and what came of it.

    Attributes:
        url: of the page.
        seen: how often what was answered.
        server: the process of the page's server.
    """

    def __init__(self, url: str, server: psutil.Process) -> None:
        self.url, self.server, self.seen = url, server, Counter()
        self.where = urlsplit(url).netloc
        self.host, self.port = self.where.split(":")
        self.until = time.monotonic() + SECONDS

    def more(self) -> bool:
        """Tell whether there is time left."""
        return time.monotonic() < self.until

    def connect(self) -> socket.socket:
        """A connection of the stranger's."""
        return socket.create_connection((self.host, int(self.port)), 10, (STRANGER, 0))

    def ask(self, path: str = "/", method: str = "GET", **headers: str) -> tuple[int, str]:
        """Status and text of an answer; 0 where there is none."""
        client = http.client.HTTPConnection(self.host, int(self.port), 30, source_address=(STRANGER, 0))
        try:
            client.putrequest(method, path.replace(" ", ""), skip_host="Host" in headers)
            for name, value in headers.items():
                client.putheader(name.replace("_", "-"), value)
            client.endheaders()
            answer = client.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            client.close()

    def page(self) -> str | None:
        """The kernel of a page that is asked for, if it is given."""
        status, text = self.ask()
        self.seen[f"page {status}"] += 1
        found = CONFIG.search(text)
        return json.loads(found[1])["kernelId"] if found else None

    def join(self, kernel: str, **options: object) -> object:
        """A websocket to a kernel."""
        address = f"ws://{self.where}/api/kernels/{kernel}/channels?session_id={uuid.uuid4().hex}"
        options = {"origin": f"http://{self.where}", "subprotocols": [PROTOCOL], "timeout": 20} | options
        return create_connection(address, source_address=(STRANGER, 0), **options)

    def learner(self) -> Learner:
        """A page like a learner's, as soon as there is a place; the time of the attack begins then."""
        until = time.monotonic() + 90
        while True:
            person = Learner(30)
            try:
                person.open(self.url)
            except HTTPError:
                if time.monotonic() > until:
                    raise
                self.seen["waited"] += 1
                time.sleep(3)
                continue
            self.until = time.monotonic() + SECONDS
            return person

    def try_join(self, kernel: str, **options: object) -> object | None:
        """A websocket, or none; counts which."""
        try:
            joined = self.join(kernel, **options)
            self.seen["websocket"] += 1
            return joined
        except Exception as error:
            self.seen[f"no websocket {getattr(error, 'status_code', type(error).__name__)}"] += 1
            return None


def half_open(attack: Attack) -> None:
    """600 connections that ask for nothing, or only begin to."""
    with ExitStack() as held:
        for n in range(600):
            with suppress(OSError):
                one = held.enter_context(attack.connect())
                one.sendall(b"GET / HTTP/1.1\r\nHost: " if n % 2 else b"")
                attack.seen["connections"] += 1
        time.sleep(2)
        attack.seen["open at the server"] = len(attack.server.net_connections("tcp"))


def floods(attack: Attack) -> None:
    """1,500 requests, for pages among them."""
    for n in range(1500):
        if attack.more():
            attack.seen[str(attack.ask("/" if n % 10 == 0 else "/voila/static/voila.js", "HEAD")[0])] += 1


def takes_places(attack: Attack) -> None:
    """Pages that are asked for, joined and cut off, 12 of them; 8 seconds later a newcomer asks."""
    for _ in range(12):
        if (kernel := attack.page()) and (joined := attack.try_join(kernel)):
            joined.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            joined.sock.close()
    time.sleep(8)
    newcomer = Learner(30)
    with suppress(Exception):
        newcomer.open(attack.url)
        attack.seen["newcomer is in"] += 1
        newcomer.leave()


def many_websockets(attack: Attack) -> None:
    """170 websockets to a page."""
    with ExitStack() as held:
        if kernel := attack.page():
            for _ in range(170):
                if attack.more() and (joined := attack.try_join(kernel, timeout=5)):
                    held.callback(joined.close)


def does_not_read(attack: Attack) -> None:
    """A page with 9.5 MB of HTML that asks 3,900 times for the state of all, and reads nothing."""
    person = attack.learner()
    before = attack.server.memory_info().rss
    htmls = [name for name, state in person.states.items() if state.get("_model_name") == "HTMLModel"]
    person.socket.settimeout(1)
    try:
        for size in (9_500_000, 200_000):
            state = {"value": "x" * size}
            data = {"method": "update", "state": state, "buffer_paths": []}
            person.send("comm_msg", comm_id=htmls[0], data=data)
            comm = uuid.uuid4().hex
            person.send("comm_open", comm_id=comm, target_name="jupyter.widget.control", data={})
            for _ in range(1950):
                if attack.more():
                    person.send("comm_msg", comm_id=comm, data={"method": "request_states"})
                    attack.seen["requests"] += 1
    except Exception as error:
        attack.seen[f"ended: {type(error).__name__}"] += 1
    while attack.more():
        time.sleep(0.5)
    grown = (attack.server.memory_info().rss - before) / 1e6
    attack.seen["MB that the server has grown"] = round(grown)
    with suppress(Exception):
        person.socket.close()


def foreign_messages(attack: Attack) -> None:
    """400 messages that are not sound, and 2,000 comms of no target or of a list as one."""
    kernel = attack.page()
    for n in range(40 if kernel else 0):
        joined = attack.try_join(kernel) if attack.more() else None
        with suppress(Exception), ExitStack() as held:
            held.callback(joined.close)
            for _ in range(10):
                joined.send(os.urandom(8 + n * 50), ABNF.OPCODE_BINARY)
                attack.seen["frames"] += 1
    person = attack.learner()
    with suppress(Exception):
        for n in range(2000):
            target = ["a"] if n % 50 == 49 else f"target {n}"
            person.send("comm_open", comm_id=uuid.uuid4().hex, target_name=target, data={})
            attack.seen["comms"] += 1
        person.wait_for_answer()
        attack.seen["answered after them"] += 1
    with suppress(Exception):
        person.leave()


def other_names(attack: Attack) -> None:
    """Under the names of others (DNS rebinding), and from pages of others."""
    for host in ("evil.com", "localhost.evil.com", "127.0.0.1.evil.com"):
        attack.seen[f"page under another name {attack.ask(Host=host)[0]}"] += 1
    if kernel := attack.page():
        for origin in ("http://evil.com", "null", f"http://{attack.where}.evil.com"):
            attack.try_join(kernel, origin=origin)
        attack.try_join(kernel, origin="http://evil.com", host="evil.com")
    for destination in ("image", "iframe", "script"):
        attack.seen[f"page as {destination} {attack.ask(Sec_Fetch_Dest=destination)[0]}"] += 1


def traversals(attack: Attack) -> None:
    """50 paths that lead out of the folders of static files, templates and extensions."""
    for path in TRAVERSALS:
        status, text = attack.ask(path)
        attack.seen["a file of others'" if "root:" in text else str(status)] += 1


def bombs(attack: Attack) -> None:
    """Compression that was not agreed upon, a body of 100 MB, and 20,000 headers."""
    if kernel := attack.page():
        extension = ["Sec-WebSocket-Extensions: permessage-deflate"]
        if joined := attack.try_join(kernel, header=extension):
            agreed = joined.getheaders().get("sec-websocket-extensions")
            attack.seen["compression agreed" if agreed else "no compression"] += 1
            joined.close()
    for head in (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n",
        b"GET / HTTP/1.1\r\n",
    ):
        with suppress(OSError), attack.connect() as one:
            one.sendall(head)
            for n in range(2000):
                one.sendall(
                    b"x" * 5000 if head.startswith(b"POST") else f"h{n}: {'x' * 50}\r\n".encode() * 10
                )
                attack.seen["parts taken"] += 1


def largest_settings(attack: Attack) -> None:
    """Every slider of a page at its largest, and every button that begins something pressed."""
    person = attack.learner()
    for stage in ("Participant", "Recovery", "Rivals", "Library"):
        with suppress(Exception):
            person.set("ToggleButton", stage, True)
            person.wait_for_answer()
    for name, state in list(person.states.items()):
        if "max" in state and "value" in state and attack.more():
            data = {"method": "update", "state": {"value": state["max"]}, "buffer_paths": []}
            person.send("comm_msg", comm_id=name, data=data)
            attack.seen["settings"] += 1
    for name, state in list(person.states.items()):
        if state.get("_model_name") == "ButtonModel" and attack.more():
            data = {"method": "custom", "content": {"event": "click"}}
            person.send("comm_msg", comm_id=name, data=data)
            attack.seen["buttons"] += 1
    while attack.more():
        attack.seen["processes"] = max(attack.seen["processes"], len(attack.server.children(recursive=True)))
        time.sleep(0.5)
    with suppress(Exception):
        person.leave()


ATTACKS: list[Callable[[Attack], None]] = [
    *(half_open, floods, other_names, traversals, bombs, foreign_messages, many_websockets, takes_places),
    *(does_not_read, largest_settings),
]


class Work:
    """A learner who moves a slider again and again.

    Attributes:
        moves: when each began, and seconds to the picture.
    """

    def __init__(self, url: str, ended: threading.Event) -> None:
        self.person, self.ended, self.moves = Learner(60), ended, []
        self.wrong = ""
        self.person.open(url)
        self.person.stage("Participant", "Learning rate")

    def work(self) -> None:
        """Move it until it is time to end."""
        count = 0
        try:
            while not self.ended.wait(PAUSE):
                before, count = self.person.redrawn, count + 1
                begun = time.monotonic()
                self.person.set("FloatSlider", "Learning rate", 0.2 + 0.5 * (count % 2))
                took = self.person.until(
                    lambda before=before: self.person.redrawn > before, "nothing was drawn"
                )
                self.moves.append((begun, took))
                self.person.wait_for_answer()  # what else the move has drawn
            self.last = 0.2 + 0.5 * (count % 2)
            self.person.wait_for_answer()
            name = self.person.find("FloatSlider", "Learning rate")
            if abs(self.person.states[name]["value"] - self.last) > 1e-9 or not self.person.figures():
                self.wrong = "another state"
        except Exception as error:
            self.wrong = f"{type(error).__name__}: {error}"[:100]


def p95(times: list[float]) -> float:
    """The time that 95 of 100 do not exceed, in seconds."""
    return statistics.quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else float("nan")


class Attempt(NamedTuple):
    """An attack that was made.

    Attributes:
        what: was tried.
        seen: how often what was answered.
        rest, begun, ended: when the rest before it began, it, and what came after, in seconds.
        held: GB of the server and all kernels at its end.
    """

    what: str
    seen: str
    rest: float
    begun: float
    ended: float
    held: float


class Row(NamedTuple):
    """An attack, and how long each move took that began in the rest before, and in it, in seconds."""

    attempt: Attempt
    calm: list[float]
    times: list[float]


class Told(NamedTuple):
    """What came of all attacks on a version, and what there is to say of it."""

    rows: list[Row]
    words: str


def run(root: Path, learners: int, chosen: list[Callable[[Attack], None]], minutes: float) -> Told:
    """Attack the version in a folder."""
    ended, until = threading.Event(), time.monotonic() + 60 * minutes
    port = servers.free_port()
    options = ("app", "--no-browser", "--public", "--most", str(PLACES), "--pool", str(learners))
    command = [sys.executable, "-c", servers.APP, *options, "--port", str(port)]
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        variables = {"PYTHONPATH": str(root)}
        with servers.served(command, port, Path(name), variables=variables) as url, watched() as memory:
            time.sleep(10)
            people = [Work(url, ended) for _ in range(learners)]
            threads = [threading.Thread(target=each.work) for each in people]
            for thread in threads:
                thread.start()
            try:
                made = list(attacks(url, people, memory, chosen, until))
            finally:
                ended.set()
                for thread in threads:
                    thread.join()
            log = (Path(name) / "server.log").read_text()
    rows = [
        Row(each, moves(people, each.rest, each.begun), moves(people, each.begun, each.ended))
        for each in made
    ]
    lost = [each.wrong for each in people if each.wrong]
    words = (
        f"{learners} learners worked meanwhile, of whom {len(lost)} lost something"
        f"{': ' + '; '.join(lost) if lost else ''}. The most that server and kernels held together:"
        f" {number(memory.most / 1e3)} GB. The server's log has {len(log.splitlines()):,} lines,"
        f" {log.count('Traceback')} tracebacks. Load before: {load:.1f}."
    )
    return Told(rows, words)


def attacks(
    url: str, people: list[Work], memory: Memory, chosen: list[Callable[[Attack], None]], until: float
) -> Iterator[Attempt]:
    """Do one after the other, each after a rest; then all of it, as one."""
    first = time.monotonic()
    time.sleep(SECONDS)
    calm = time.monotonic()
    yield Attempt("nothing", "", first, first, calm, memory.total() / 1e3)
    for kind in chosen:
        what, rest = kind.__doc__.split("\n")[0].rstrip("."), time.monotonic()
        if rest > until:
            yield Attempt(what, "not begun: no time was left", rest, rest, rest, float("nan"))
            continue
        time.sleep(REST)
        say(kind.__name__)
        begun, all_seen, rounds = time.monotonic(), Counter(), 0
        while not rounds or time.monotonic() < begun + LEAST:
            attack, rounds = Attack(url, memory.server), rounds + 1
            try:
                kind(attack)
            except Exception as error:
                attack.seen[f"it ended with {type(error).__name__}"] += 1
            all_seen.update(attack.seen)
        seen = ", ".join(f"{key}: {value}" for key, value in all_seen.items())
        seen += f" (in {rounds} rounds together)" if rounds > 1 else ""
        yield Attempt(what, seen, rest, begun, time.monotonic(), memory.total() / 1e3)
        say(seen, f"{time.monotonic() - begun:.0f} s")
    yield Attempt("all of it", "", first, calm, time.monotonic(), memory.most / 1e3)


def moves(people: list[Work], begun: float, ended: float) -> list[float]:
    """Seconds to the picture of each move that began then."""
    return [took for each in people for when, took in list(each.moves) if begun <= when < ended]


def figures(row: Row) -> list[str]:
    """How the learners fared."""
    worst = max(row.times, default=float("nan"))
    return [number(p95(row.calm)), number(p95(row.times)), number(worst), str(len(row.times))]


def report_rows(now: Told, before: Told | None) -> tuple[Table, str]:
    """What came of it: the version as it is, beside another one."""
    heads = ["what was tried", "what came of it", "p95 in the rest before, s", "p95, s", "worst, s", "moves"]
    cells = [
        [row.attempt.what, row.attempt.seen, *figures(row), number(row.attempt.held)] for row in now.rows
    ]
    if before is not None:
        heads[1:1] = ["what came of it, older version", "its p95, s"]
        for row, old in zip(cells, before.rows, strict=True):
            row[1:1] = [old.attempt.seen, number(p95(old.times))]
    words = now.words if before is None else f"{now.words} Of the older version: {before.words}"
    return Table([*heads, "all, GB"], cells), f"p95: from a slider's move to its picture. {words}"


def say(*words: object) -> None:
    print(*words, file=sys.stderr, flush=True)


def main() -> None:
    """Attack, print, and write."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--learners", type=int, default=8)
    parser.add_argument("--before", type=Path, help="folder of another version, which is attacked first")
    parser.add_argument("--minutes", type=float, default=10, help="after which no other attack is begun")
    parser.add_argument("--only", nargs="*", help="names of attacks")
    chosen = parser.parse_args()
    kinds = [each for each in ATTACKS if not chosen.only or each.__name__ in chosen.only]
    roots = [root.resolve() for root in (chosen.before, servers.ROOT) if root is not None]
    *before, now = [run(root, chosen.learners, kinds, chosen.minutes) for root in roots]
    publish(HEADING, *report_rows(now, *before or [None]), write=not chosen.no_write)


if __name__ == "__main__":
    main()
