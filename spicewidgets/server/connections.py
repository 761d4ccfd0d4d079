"""Connections that the server takes: as many as it has open files for, and of one address some of them."""

import os
import sys
from typing import Any
from weakref import WeakSet

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream

if sys.platform != "win32":
    import resource

MOST_FILES = 65_536  # that the server asks the system for
LEARNER_FILES = 20  # that a learner takes: 14 for the kernel, and connections of the page while it loads
RESERVE = 48  # files for what is neither: kernels that start, pages that are told to wait, the server's own
EACH = 10  # connections of an address, for each person who can be there: a class may come from one
FEWEST_EACH = 64
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
    opened = len(os.listdir("/dev/fd"))
    return max(1, min(most, (limit - opened - RESERVE) // LEARNER_FILES))


class BoundedServer(HTTPServer):
    """Closes connections for which there are no files, and those of an address that has many.

    A connection that cannot be accepted for want of files would be tried again without a pause, and written
    into the log each time.
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
        self.limit = limit
        self.each = max(FEWEST_EACH, EACH * most)
        self._streams: dict[str, WeakSet[IOStream]] = {}  # by address

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """Serve a connection, or close it."""
        # The system gives out the lowest number that is free.
        if self.limit is not None and stream.socket.fileno() >= self.limit - RESERVE // 2:
            stream.close()
            return
        theirs = WeakSet(each for each in self._streams.get(address[0], ()) if not each.closed())
        if len(theirs) >= self.each:
            stream.close()
            return
        theirs.add(stream)
        self._streams = {name: streams for name, streams in self._streams.items() if streams}
        self._streams[address[0]] = theirs
        super().handle_stream(stream, address)
