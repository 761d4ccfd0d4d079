"""Connections that the server takes: as many as it has open files for, and of one address some of them; those
of pages to their kernels have a bound on everything that comes and goes.
"""

import os
import sys
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, ClassVar

from jupyter_server.services.kernels.handlers import KernelHandler
from tornado import gen
from tornado.concurrent import Future
from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError
from voila.request_info_handler import RequestInfoSocketHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from .frames import PROTOCOL, FrameError, check_frame
from .visits import Visits

if sys.platform != "win32":
    import resource

MOST_FILES = 65_536  # that the server asks the system for
LEARNER_FILES = 8  # of a learner at most: the page's connection, the kernel's process, three channels of two
RESERVE = 64  # files for all else: pages that load, or are told to wait, and the server's own
EACH = 10  # connections of an address, for each person who can be there: a class may come from one
FEWEST, FEWEST_EACH = 16, 64  # connections that are taken in any case, and of an address
UNASKED = 2.0  # seconds after which a new connection on which nothing was asked may be closed for another one
MOST_READ = 16 * 1024 * 1024  # bytes that wait to be read from one connection


def raise_limit() -> int | None:
    """Let this process have as many files open as the system allows.

    Returns:
        How many; None where nothing limits them.
    """
    if sys.platform == "win32":
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)


def room(limit: int | None, most: int) -> int:
    """Find how many people there are files for.

    Args:
        limit: files that this process may have open; None is no limit.
        most: people who are wanted.

    Returns:
        `most`, or fewer, at least 1.
    """
    if limit is None:
        return most
    return max(1, min(most, (limit - count_open_files() - RESERVE) // LEARNER_FILES))


def room_for_connections(limit: int | None, most: int) -> float:
    """Find how many connections there are files for, those of so many people's pages among them."""
    if limit is None:
        return float("inf")
    return max(FEWEST, limit - count_open_files() - RESERVE // 2 - (LEARNER_FILES - 1) * most)


def count_open_files() -> int:
    """Count the files that this process has open."""
    return len(os.listdir("/dev/fd"))


@dataclass(eq=False)
class Connection:
    """A connection that is open.

    Attributes:
        address: from where it comes.
        since: when it began to wait for a request, in seconds; None while one is answered.
        used: whether a request was answered on it.
    """

    address: str
    since: float | None
    used: bool = False


class NotedRequest(HTTPMessageDelegate):
    """A request, which notes on its connection that it has begun; all else is tornado's.

    Args:
        delegate: takes the request.
        connection: on which it comes; None for one that is not known any more.
    """

    def __init__(self, delegate: HTTPMessageDelegate, connection: Connection | None) -> None:
        self.delegate, self.connection = delegate, connection

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        """Take what is asked for."""
        if self.connection is not None:
            self.connection.since, self.connection.used = None, True
        return self.delegate.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Take a part of the body."""
        return self.delegate.data_received(chunk)

    def finish(self) -> None:
        """Answer."""
        self.delegate.finish()

    def on_connection_close(self) -> None:
        """End."""
        self.delegate.on_connection_close()


class BoundedServer(HTTPServer):
    """Takes so many connections in all, and from an address; one that waits is closed for a new one.

    Browsers keep connections on which they ask for nothing. A connection that cannot be accepted for want of
    files would be tried again without a pause, and written into the log each time.
    """

    def initialize(self, *arguments: Any, limit: int | None = None, most: int = 1, **settings: Any) -> None:
        """Take the bounds; tornado calls this.

        Args:
            arguments: tornado's.
            limit: files that this process may have open.
            most: people who can be there at once.
            settings: tornado's.
        """
        super().initialize(*arguments, **settings)
        self.most = room_for_connections(limit, most)
        self.each = max(FEWEST_EACH, EACH * most)
        self._open: dict[IOStream, Connection] = {}

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """Serve a connection, or close it."""
        self._open = {each: known for each, known in self._open.items() if not each.closed()}
        theirs = sum(known.address == address[0] for known in self._open.values())
        if theirs >= self.each or (len(self._open) >= self.most and not self.close_one()):
            stream.close()
            return
        self._open[stream] = Connection(address[0], time.monotonic())
        super().handle_stream(stream, address)

    def close_one(self) -> bool:
        """Close the connection on which nothing is asked for the longest time; False if there is none."""
        now = time.monotonic()
        waiting = {
            known.since: stream
            for stream, known in self._open.items()
            if known.since is not None and (known.used or now - known.since > UNASKED)
        }
        if not waiting:
            return False
        stream = waiting[min(waiting)]
        del self._open[stream]
        stream.close()
        return True

    def start_request(self, server_conn: Any, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """Wait for a request on a connection; tornado calls this."""
        if known := self._open.get(server_conn.stream):
            known.since = time.monotonic()
        return NotedRequest(super().start_request(server_conn, request_conn), known)


MOST_SESSION = 64  # letters of the name that a page gives its connection
MOST_UNREAD = 16 * 1024 * 1024  # bytes that wait for a page that does not read; its connection ends then
MOST_WAITING = 1024 * 1024  # bytes that wait for a page before nothing more is taken from it
ALL_UNREAD = 512 * 1024 * 1024  # bytes that wait for all pages together; then who lets some wait is ended
RATE = 200  # messages a second that a page may send; a slider that is drawn sends 60
BURST = 4000  # messages that it may send at once, as when it asks for each of its widgets
ALL_STATES = "request_states"  # asks for the state of every widget at once
STATES_COST = 200  # messages that this counts for
LOOK = 0.05  # seconds between two looks at whether a page has read
CLOSED = 1002  # the code of the end of a connection whose other side does not keep to the protocol


class CheckedSocketHandler(VoilaKernelWebsocketHandler):
    """Passes a page's messages on to its kernel: none that is not sound, and not faster than a page needs.

    Attributes:
        unread: bytes that wait for the page.
        waiting: bytes that wait for all pages.
    """

    waiting: ClassVar[list[int]] = [0]

    def initialize(self, visits: Visits, **settings: Any) -> None:
        """Take the visits; tornado calls this."""
        super().initialize(**settings)
        self.visits = visits
        self.connection: Any = None
        self.entered, self.unread = False, 0
        self.credit, self.when = float(BURST), IOLoop.current().time()

    async def pre_get(self) -> None:
        """Refuse what would be an error further in."""
        if self.kernel_id not in self.kernel_manager:
            raise HTTPError(404)
        if len(self.get_query_argument("session_id", "")) > MOST_SESSION:
            raise HTTPError(400)
        if PROTOCOL not in self.request.headers.get("Sec-WebSocket-Protocol", ""):
            raise HTTPError(400)  # in the older one, Voila takes any bytes of the kernel for a number
        self.entered = self.visits.enters(self.kernel_id)
        if not self.entered:
            raise HTTPError(429)
        await super().pre_get()

    def on_finish(self) -> None:
        """Count a connection no longer that did not come about; tornado calls this."""
        if self.ws_connection is None:
            self.leave(closed=False)
        super().on_finish()

    def leave(self, closed: bool) -> None:
        """Count this connection no longer."""
        if self.entered:
            self.entered = False
            self.visits.leaves(self.kernel_id, closed)

    async def open(self, kernel_id: str) -> None:
        """Begin to pass messages on."""
        self.visits.joins(kernel_id)
        await super().open(kernel_id)

    async def on_message(self, message: bytes | str) -> None:
        """Pass a message on; the next one is read when this is done.

        What is not sound ends the connection, and nothing that comes after it is looked at: Jupyter does not
        know any more in which protocol it is, and takes 100 MB for a message in the other one.
        """
        if self.ws_connection is None or self.ws_connection.is_closing():
            return
        try:
            content = check_frame(message)
            super().on_message(message)
        except FrameError as error:
            self.log.warning("A page sent %s; its connection was ended.", error)
            self.close(CLOSED, str(error))
            return
        now = IOLoop.current().time()
        data = content.get("data")
        cost = STATES_COST if isinstance(data, dict) and data.get("method") == ALL_STATES else 1
        self.credit = min(BURST, self.credit + (now - self.when) * RATE) - cost
        self.when = now
        if self.credit < 0:
            await gen.sleep(-self.credit / RATE)
        while self.unread > MOST_WAITING and self.ws_connection is not None:
            await gen.sleep(LOOK)

    def on_close(self) -> None:
        """Note that the page has gone."""
        self.leave(closed=self.close_code is not None)
        if self.connection is not None:
            super().on_close()

    def write_message(self, message: bytes | dict[str, Any], binary: bool = False) -> Any:
        """Send a message, as tornado does, which would refuse it too, but after Voila has read it.

        Voila would take a message to a page that is gone for one of another kind, read a wrong length from
        it, and count up to that until the memory is full, while all other pages wait.

        Raises:
            WebSocketClosedError: if the page is gone.
        """
        if self.ws_connection is None or self.ws_connection.is_closing():
            raise WebSocketClosedError
        size = len(message)
        if self.unread + size > MOST_UNREAD or (self.waiting[0] + size > ALL_UNREAD and self.unread):
            self.log.warning("A page did not read what came for it; its connection was ended.")
            self.ws_connection.stream.close()
            return None
        sent = super().write_message(message, binary)
        if sent is not None:  # else it is none of what pages are told
            self.count(size)
            sent.add_done_callback(lambda done: self.has_read(size, done))
        return sent

    def has_read(self, size: int, done: "Future[None]") -> None:
        """Count bytes no longer that the page has taken, or will never take."""
        self.count(-size)
        if not done.cancelled():
            done.exception()  # that it has gone is known

    def count(self, size: int) -> None:
        """Count bytes that wait for this page, and for all."""
        self.unread += size
        self.waiting[0] += size


class LookHandler(KernelHandler):
    """Tells a page whether its kernel is there: it asks now and then."""

    def initialize(self, visits: Visits) -> None:
        """Take the visits; tornado calls this."""
        self.visits = visits

    async def get(self, kernel_id: str) -> None:
        """Answer, and note that the page is there; or tell why its kernel was ended."""
        if why := self.visits.reasons.get(kernel_id):
            self.set_status(410)
            self.set_header("Content-Type", "text/plain; charset=UTF-8")
            self.finish(why)
            return
        self.visits.sign(kernel_id)
        await super().get(kernel_id)  # type: ignore[misc] # it is a coroutine


class QueryHandler(RequestInfoSocketHandler):
    """Tells a warm kernel with which address its page was asked for: that kernel alone, and once."""

    def open(self, kernel_id: str) -> None:
        """Wait for the page, or answer if it was asked for already."""
        manager = self.application.settings["kernel_manager"]
        if kernel_id not in manager or kernel_id in self._waiters:
            self.close()
            return
        super().open(kernel_id)

    def on_close(self) -> None:
        """Forget it."""
        for kernel_id, waiter in list(self._waiters.items()):
            if waiter is self:
                del self._waiters[kernel_id]
                self._cache.pop(kernel_id, None)
