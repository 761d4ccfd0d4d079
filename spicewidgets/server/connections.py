"""Connections that the server takes: as many as it has open files for, and of one address some of them."""

import os
import sys
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import IOStream

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
