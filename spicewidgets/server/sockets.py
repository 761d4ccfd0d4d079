"""The connections of pages to their kernels, with a bound on everything that comes and goes."""

from typing import Any, ClassVar

from jupyter_server.services.kernels.handlers import KernelHandler
from tornado import gen
from tornado.concurrent import Future
from tornado.ioloop import IOLoop
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError
from voila.request_info_handler import RequestInfoSocketHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from .frames import PROTOCOL, FrameError, check_frame
from .visits import Visits

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
