"""The channels of a kernel that its page needs, and no others: each takes two of the server's open files.

Jupyter keeps seven for each page, and ten while it is made; two are enough, and four. What comes for a page
whose connection was lost is kept until it comes back: so many bytes.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager, ServerKernelManager
from tornado import gen
from tornado.concurrent import Future
from tornado.ioloop import IOLoop
from tornado.util import TimeoutError
from traitlets import Type, default

MOST_KEPT = 16 * 1024 * 1024  # bytes of messages, for a page
LONG = "The connection of this page was lost for so long that it could not be brought up to date any more."

Message = tuple[str, list[Any]]


class Kept(list[Message]):
    """Messages in the order in which they came; none any more once they are too many.

    Args:
        most: bytes of all messages together.
        full: called once they are more.
    """

    def __init__(self, most: int, full: Callable[[], object]) -> None:
        super().__init__()
        self.left, self.full = most, full

    def append(self, message: Message) -> None:
        """Keep a message, if those before it are."""
        if self.left < 0:
            return
        self.left -= sum(len(part) for part in message[1])
        if self.left < 0:
            self.clear()
            self.full()
        else:
            super().append(message)


class BoundedKernelManager(AsyncMappingKernelManager):
    """Starts and ends kernels as Jupyter does, and keeps so many messages for a page that was lost."""

    _ahead = time.time() - time.monotonic()  # seconds

    @default("kernel_manager_class")
    def _default_kernel_manager_class(self) -> str:
        return f"{PageKernelManager.__module__}.{PageKernelManager.__name__}"

    def start_watching_activity(self, kernel_id: str) -> None:
        """Begin to note when a kernel was last used: its page's connection does (`channels.py`)."""
        kernel = self._kernels[kernel_id]
        kernel.reason, kernel.last_activity, kernel.execution_state = "", datetime.now(UTC), "idle"

    async def cull_kernels(self) -> None:
        """End kernels that nobody has touched for long.

        Jupyter asks the clock on the wall: set an hour forward, or asleep for that long, it would end the
        kernels of all. Set back, it lets them live longer, which does no harm.
        """
        ahead, now = time.time() - time.monotonic(), datetime.now(UTC)
        jump = timedelta(seconds=max(0.0, ahead - self._ahead))
        for kernel in self._kernels.values():
            kernel.last_activity = min(now, kernel.last_activity + jump)
        self._ahead = ahead
        await super().cull_kernels()  # type: ignore[no-untyped-call]

    def start_buffering(self, kernel_id: str, session_key: str, channels: dict[str, Any]) -> None:
        """Keep messages of a kernel from now on; too many end it, for its page has no state without them."""
        super().start_buffering(kernel_id, session_key, channels)  # type: ignore[no-untyped-call]
        server: Any = self.parent
        if self.buffer_offline_messages:
            kept = Kept(MOST_KEPT, lambda: server.visits.give_away(kernel_id, LONG))
            self._kernel_buffers[kernel_id]["buffer"] = kept


CHANNELS = ("iopub", "shell")  # what a kernel shows, and what it is asked
AGAIN = timedelta(seconds=0.5)  # after which a kernel that is not heard is asked again


class PageClient(AsyncKernelClient):
    """Speaks with a kernel while its page is made."""

    def start_channels(self, *_: bool, **__: bool) -> None:
        """Open the channels that this takes: nobody types, and the kernel's process tells if it is there."""
        super().start_channels(stdin=False, hb=False, control=False)

    def stop_channels(self) -> None:
        """Close them; Jupyter would open the others to close them, too."""
        for channel in (self._shell_channel, self._iopub_channel):
            if channel is not None:
                channel.stop()


class PageKernelManager(ServerKernelManager):
    """A kernel of a page."""

    client_factory = Type(PageClient, klass=AsyncKernelClient, config=True)

    def client(self, **options: Any) -> Any:  # Jupyter says that it is a client that blocks
        """Return what speaks with it, in the server's context: another has files and threads of its own."""
        return super().client(context=zmq.asyncio.Context.shadow(self.context.underlying), **options)

    async def start_kernel(self, *arguments: Any, **options: Any) -> None:  # type: ignore[override] # as Jupyter
        """Start it; the channel by which it is asked to end is opened then."""
        await super().start_kernel(*arguments, **options)
        self._close_control_socket()


class PageConnection(ZMQChannelsWebsocketConnection):
    """The connection of a page to its kernel."""

    def create_stream(self) -> None:
        """Open its channels."""
        identity = self.session.bsession
        for name in CHANNELS:
            stream = getattr(self.kernel_manager, f"connect_{name}")(identity=identity)
            stream.channel = name
            self.channels[name] = stream

    def nudge(self) -> "Future[None]":
        """Wait until what the kernel shows is heard, or a minute has passed: else a first message is lost."""
        return gen.convert_yielded(self._hear())

    async def _hear(self) -> None:
        loop, heard = IOLoop.current(), Future[None]()
        until = loop.time() + self.kernel_info_timeout
        shown = self.channels["iopub"]
        shown.on_recv(lambda _: None if heard.done() else heard.set_result(None))
        # It answers on this channel while it computes; on the other, answers would reach the page.
        asked = self.kernel_manager.connect_control()
        try:
            while not heard.done() and self.kernel_id in self.multi_kernel_manager and loop.time() < until:
                self.session.send(asked, "kernel_info_request")
                with suppress(TimeoutError):
                    await gen.with_timeout(AGAIN, heard)
        finally:
            asked.close()
            if not shown.closed():
                shown.stop_on_recv()

    def handle_incoming_message(self, incoming_msg: str) -> None:
        """Pass a message of the page's on."""
        self._note_activity()
        super().handle_incoming_message(incoming_msg)

    def handle_outgoing_message(self, stream: str, outgoing_msg: list[Any]) -> None:
        """Pass a message of the kernel's on."""
        self._note_activity()
        super().handle_outgoing_message(stream, outgoing_msg)

    def _note_activity(self) -> None:
        """Note that the kernel is used; Jupyter listens to each kernel once more for this."""
        self.kernel_manager.last_activity = datetime.now(UTC)
