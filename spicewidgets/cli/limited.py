"""The page with a limit, so that the last to come do not push out all others."""

from contextlib import suppress
from typing import Any

from tornado.websocket import WebSocketClosedError
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

AGAIN = 20  # seconds after which a page for which there was no room asks again
FULL = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="{again}"><title>No place is free</title>
<main style="font: 18px/1.5 system-ui; max-width: 30em; margin: 4em auto; padding: 0 1em">
<h1>No place is free</h1>
<p>{most} people have this page open already, and more would slow all of them down. It opens by itself once
one of them closes it.</p></main></html>"""


class Limited(TornadoVoilaHandler):
    """Opens the page while there is a place."""

    def initialize(self, most: int, **given: Any) -> None:
        """Tornado's way to hand over what `init_handlers` gives."""
        super().initialize(**given)
        chosen = self.voila_configuration
        self.most, self.warm = most, chosen.default_pool_size if chosen.preheat_kernel else 0

    async def get(self, path: str | None = None) -> None:
        """The page, or the word that there is no place."""
        if pool := self.pool():
            with suppress(Exception):  # which the page will meet, too
                await pool[0]  # a warm kernel that has just begun to start is there sooner than another one
        used = self.used()
        if used >= self.most:
            self.set_status(503)
            self.set_header("Retry-After", str(AGAIN))
            self.finish(FULL.format(most=self.most, again=AGAIN))
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
        """How many kernels have someone. Those that are kept warm have no one yet."""
        warm: int = sum(kernel.done() for kernel in self.pool())
        return len(list(self.kernel_manager.list_kernel_ids())) - warm

    def pool(self) -> list[Any]:
        """The starts of the kernels that are kept warm."""
        found: list[Any] = getattr(self.kernel_manager, "_pools", {}).get(self.notebook_path, [])
        return found


class Reached(VoilaKernelWebsocketHandler):
    """Says nothing to a page that is gone. To Voila such a message is of another kind than it is; it reads a
    wrong length from it, and counts up to that until the memory is full, while all other pages wait.
    """

    def write_message(self, message: bytes | dict[str, Any], binary: bool = False) -> Any:
        """As tornado's, which would refuse it too, but after Voila has looked into it."""
        if self.ws_connection is None or self.ws_connection.is_closing():
            raise WebSocketClosedError
        return super().write_message(message, binary)


def limited(most: int) -> type[Voila]:
    """Voila for as many people at once."""

    class Places(Voila):
        name = Voila.name

        def init_handlers(self) -> list[Any]:
            handlers: list[Any] = super().init_handlers()
            ours = {TornadoVoilaHandler: Limited, VoilaKernelWebsocketHandler: Reached}
            return [
                (path, ours.get(handler, handler), *({**given, "most": most} for given in rest))
                if handler is TornadoVoilaHandler
                else (path, ours.get(handler, handler), *rest)
                for path, handler, *rest in handlers
            ]

    return Places
