"""Voila's page with a limit: whoever comes when all places are taken is told so, and slows nobody down."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from math import ceil
from pathlib import Path
from typing import Any

from tornado import gen
from tornado.web import HTTPError
from voila.tornado.handler import TornadoVoilaHandler

from .provisioner import ForkedProvisioner
from .visits import Visits

RETRY_AFTER = 20  # seconds after which a page for which there was no room asks again
PAGE = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="{wait}"><title>{title}</title>
<main style="font: 18px/1.5 system-ui; max-width: 30em; margin: 4em auto; padding: 0 1em">
<h1>{title}</h1>
<p>{text}</p></main></html>"""
FULL = (
    "The room is full",
    "{most} people have this page open already, and more would slow all of them down. It opens by itself once"
    " one of them closes it.",
)
OFTEN = (
    "One moment",
    "This page was asked for very often from your network. It opens by itself in {wait} seconds.",
)
DIED = ("One moment", "What stands behind this page has ended as it began. It is tried again by itself.")
AGAIN = "<script>setTimeout(() => location.reload(), 2000)</script>"  # for a page of which a part was sent
LOOK = timedelta(seconds=1)  # between two looks at whether the kernel of a page that is being made is there
THEMES = ("light", "dark")


class LimitedHandler(TornadoVoilaHandler):
    """Opens the page while fewer than `most` people are there, as often as an address may ask for it."""

    def initialize(self, visits: Visits, **settings: Any) -> None:
        """Take the visits and Voila's own arguments; tornado calls this with those of `init_handlers`."""
        super().initialize(**settings)
        configuration = self.voila_configuration
        self.visits = visits
        self.warm = configuration.default_pool_size if configuration.preheat_kernel else 0

    async def get(self, path: str | None = None) -> None:
        """Answer with the page, or with a sentence when it cannot be had now."""
        if path or self.get_query_argument("theme", "light") not in THEMES:
            raise HTTPError(404)
        address = address_of(self)
        if wait := ceil(self.visits.wait(address)):
            self.tell(429, wait, *OFTEN)
            return
        if self.request.headers.get("Sec-Fetch-Dest", "document") != "document":
            raise HTTPError(403)  # a page of others' would have all who see it take places here
        await self.make_room()
        if self.visits.used >= self.visits.most:
            self.tell(503, RETRY_AFTER, *FULL)
            return
        if ForkedProvisioner.waking:
            self.show_beginning()
            return
        self.kernel = ""
        self.visits.charge(address)
        self.visits.starting.append(address)
        try:
            await self.send_page(address)
        finally:
            if not self.kernel:
                self.visits.starting.remove(address)

    async def head(self, path: str | None = None) -> None:
        """Answer whether a page can be had now, as whoever spreads learners over servers asks."""
        self.visits.keep(self.kernel_manager.list_kernel_ids())
        if path:
            raise HTTPError(404)
        if ForkedProvisioner.waking or self.visits.used >= self.visits.most:
            self.set_status(503)

    async def make_room(self) -> None:
        """End the kernel of a page that was lost, if there is no other place."""
        self.visits.keep(self.kernel_manager.list_kernel_ids())
        if self.visits.used >= self.visits.most and (kernel := self.visits.give_up()):
            self.visits.open.pop(kernel)
            await self.kernel_manager.shutdown_kernel(kernel, now=True)

    async def send_page(self, address: str) -> None:
        """Send the page, and note its kernel as soon as it is known."""
        if pool := self.pool():
            with suppress(Exception):  # which the page will meet, too
                await pool[0]  # a warm kernel that has just begun to start is there sooner than another one
        if self.warm:
            # Used and warm kernels together are never more than there are places: a class that comes at once
            # would otherwise wait for the kernels of another class, which does not come.
            self.kernel_manager.kernel_pools_config["default"]["pool_size"] = min(
                self.warm, self.visits.most - self.visits.used
            )
        sent = False
        try:
            async for html in alive(self.get_generator(path=None), self.is_there):
                if self.kernel:
                    self.visits.sent(self.kernel, address)
                self.write(html)
                self.flush()
                sent = True
        except KernelDiedError as error:
            self.log.error("The kernel of a page ended while the page was made (%s).", error)
            if sent:
                self.write(AGAIN)
            else:
                self.tell(503, 2, *DIED)
        if self.warm:
            self.kernel_manager.fill_if_needed(notebook_name=self.notebook_path)

    @property
    def kernel_manager(self) -> Any:
        """The manager of all kernels, which tells this page the name of its own."""
        return TellingManager(super().kernel_manager, self.note)

    def note(self, kernel: str) -> None:
        """Note the page's kernel."""
        self.kernel = kernel
        address = address_of(self)
        self.visits.starting.remove(address)
        self.visits.sent(kernel, address)

    async def is_there(self) -> bool:
        """Tell whether the page's kernel runs, or is not known yet; while it is made it keeps its place."""
        if not self.kernel:
            return True
        manager = self.kernel_manager
        self.visits.sign(self.kernel)
        return self.kernel in manager and await manager.get_kernel(self.kernel).is_alive()

    def show_beginning(self) -> None:
        """Answer with how the page begins, which asks again by itself: there will be a kernel in a moment."""
        self.set_status(202)
        notebook = json.loads(Path(self.contents_manager.root_dir, self.notebook_path).read_text())
        title = notebook["metadata"].get("title", "spicewidgets")
        dark = self.get_query_argument("theme", "light") == "dark"
        self.finish(self.render_template("waking.html.j2", title=title, dark=dark))

    def tell(self, status: int, wait: int, title: str, text: str) -> None:
        """Answer with a sentence, and a page that asks again by itself."""
        self.set_status(status)
        self.set_header("Retry-After", str(wait))
        self.finish(PAGE.format(title=title, wait=wait, text=text.format(most=self.visits.most, wait=wait)))

    def pool(self) -> list[Any]:
        """Return the futures of the kernels that were started ahead."""
        futures: list[Any] = getattr(self.kernel_manager, "_pools", {}).get(self.notebook_path, [])
        return futures


class KernelDiedError(RuntimeError):
    """The kernel of a page ended before the page was made."""


class TellingManager:
    """The kernels, and whom to tell which one a page is given.

    Args:
        manager: Voila's.
        tell: is given the name.
    """

    def __init__(self, manager: Any, tell: Callable[[str], None]) -> None:
        self._manager, self._tell = manager, tell

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager, name)

    def __contains__(self, kernel: str) -> bool:
        return kernel in self._manager

    async def start_kernel(self, **settings: Any) -> str:
        """Start a kernel for the page."""
        name = str(await self._manager.start_kernel(**settings))
        self._tell(name)
        return name

    async def get_rendered_notebook(self, **settings: Any) -> tuple[Any, Any, str]:
        """Give the page a warm kernel."""
        task, rendered, name = await self._manager.get_rendered_notebook(**settings)
        self._tell(name)
        return task, rendered, name


async def alive(
    parts: AsyncGenerator[str, None], is_there: Callable[[], Awaitable[bool]]
) -> AsyncGenerator[str, None]:
    """Pass on the parts of a page while its kernel is there.

    Raises:
        KernelDiedError: if it ends, or cannot be had.
    """
    while True:
        part = gen.convert_yielded(anext(parts))
        while not part.done():
            with suppress(Exception):  # which is raised below
                await gen.with_timeout(LOOK, part)
            if not part.done() and not await is_there():
                part.cancel()
                raise KernelDiedError("it has ended")
        try:
            yield part.result()
        except StopAsyncIteration:
            return
        except Exception as error:
            raise KernelDiedError(str(error)) from error


def address_of(handler: Any) -> str:
    """From where a request came: behind a web server on this machine, what that server says."""
    address = str(handler.request.remote_ip)
    if address in ("127.0.0.1", "::1"):
        address = handler.request.headers.get("X-Forwarded-For", address).rpartition(",")[2].strip()[:50]
    return address
