"""Voila with a limit: whoever comes when all places are taken is told so, and slows nobody down."""

from contextlib import suppress
from typing import Any

from tornado.websocket import WebSocketClosedError
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

RETRY_AFTER = 20  # seconds after which a page for which there was no room asks again
FULL_PAGE = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="{retry_after}"><title>No place is free</title>
<main style="font: 18px/1.5 system-ui; max-width: 30em; margin: 4em auto; padding: 0 1em">
<h1>No place is free</h1>
<p>{most} people have this page open already, and more would slow all of them down. It opens by itself once
one of them closes it.</p></main></html>"""


class LimitedHandler(TornadoVoilaHandler):
    """Opens the page while fewer than `most` kernels are in use."""

    def initialize(self, most: int, **settings: Any) -> None:
        """Take the limit and Voila's own arguments; tornado calls this with those of `init_handlers`."""
        super().initialize(**settings)
        configuration = self.voila_configuration
        self.most = most
        self.warm = configuration.default_pool_size if configuration.preheat_kernel else 0

    async def get(self, path: str | None = None) -> None:
        """Answer with the page, or with 503 and a sentence when all places are taken."""
        if pool := self.pool():
            with suppress(Exception):  # which the page will meet, too
                await pool[0]  # a warm kernel that has just begun to start is there sooner than another one
        used = self.used()
        if used >= self.most:
            self.set_status(503)
            self.set_header("Retry-After", str(RETRY_AFTER))
            self.finish(FULL_PAGE.format(most=self.most, retry_after=RETRY_AFTER))
            return
        if self.warm:
            # Used and warm kernels together are never more than there are places: a class that comes at once
            # would otherwise wait for the kernels of another class, which does not come.
            self.kernel_manager.kernel_pools_config["default"]["pool_size"] = min(
                self.warm, self.most - used - 1
            )
        await super().get(path)
        if self.warm:
            self.kernel_manager.fill_if_needed(notebook_name=self.notebook_path)

    def used(self) -> int:
        """The number of kernels in use; those that were started ahead are not in use yet."""
        warm: int = sum(kernel.done() for kernel in self.pool())
        return len(list(self.kernel_manager.list_kernel_ids())) - warm

    def pool(self) -> list[Any]:
        """The futures of the kernels that were started ahead."""
        futures: list[Any] = getattr(self.kernel_manager, "_pools", {}).get(self.notebook_path, [])
        return futures


class CheckedSocketHandler(VoilaKernelWebsocketHandler):
    """Refuses messages to a page that is gone.

    Voila would take such a message for one of another kind, read a wrong length from it, and count up to that
    until the memory is full, while all other pages wait.
    """

    def write_message(self, message: bytes | dict[str, Any], binary: bool = False) -> Any:
        """Send a message, as tornado does, which would refuse it too, but after Voila has read it.

        Raises:
            WebSocketClosedError: if the page is gone.
        """
        if self.ws_connection is None or self.ws_connection.is_closing():
            raise WebSocketClosedError
        return super().write_message(message, binary)


def limited_voila(most: int) -> type[Voila]:
    """Voila's application for at most so many people at once."""

    class LimitedVoila(Voila):
        name = Voila.name

        def init_handlers(self) -> list[Any]:
            handlers: list[Any] = super().init_handlers()
            replaced = {
                TornadoVoilaHandler: LimitedHandler,
                VoilaKernelWebsocketHandler: CheckedSocketHandler,
            }
            return [
                (path, replaced.get(handler, handler), *({**arguments, "most": most} for arguments in rest))
                if handler is TornadoVoilaHandler
                else (path, replaced.get(handler, handler), *rest)
                for path, handler, *rest in handlers
            ]

    return LimitedVoila
