"""The channels of a kernel that its page needs, and no others: each takes two of the server's open files.

Jupyter keeps seven for each page, and ten while it is made; two are enough, and four.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager
from tornado import gen
from tornado.concurrent import Future
from tornado.ioloop import IOLoop
from tornado.util import TimeoutError
from traitlets import Type

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
