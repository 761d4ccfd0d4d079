"""Voila's server, hardened: what a stranger can reach is in `tests/server/test_routes.py`."""

import ipaddress
import os
import re
import socket
from collections.abc import Iterable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from jupyter_server.base.handlers import FileFindHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.web import HTTPError, RequestHandler
from voila.app import Voila
from voila.request_info_handler import RequestInfoSocketHandler
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.static_file_handler import MultiStaticFileHandler, TemplateStaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from .apart import ServerFolder
from .channels import BoundedKernelManager, PageConnection
from .classroom import EACH, Classroom, class_handlers
from .connections import (
    MOST_READ,
    BoundedServer,
    CheckedSocketHandler,
    LookHandler,
    QueryHandler,
    raise_limit,
    room,
)
from .files import KeptExtensionFiles, KeptFiles, KeptStaticFiles
from .frames import MOST_BYTES
from .groups import Groups
from .memory import TRIM_EVERY, Trimmer
from .places import LimitedHandler
from .provisioner import ForkedProvisioner, use_forked_kernels
from .visits import EVERY, Visits
from .watch import describe_excess, look

HEADER = re.compile(
    r"(?:\[([0-9a-f:.]+)\]|([^:\[\]]*))(?::\d*)?"
)  # an address of IPv6, or anything else; a port
REFUSAL = (
    "This page is not served under the name {host}. Open it by the name or address of its machine; or whoever"
    " serves it adds the name: --name {host}\n"
)


def own_names() -> set[str]:
    """Find the names that this machine calls itself by."""
    name = socket.gethostname().lower()
    return {"localhost", name, f"{name}.local", socket.getfqdn().lower()}


def host_of(header: str) -> str:
    """Take the name or address from a `Host` header, without the port."""
    parts = HEADER.fullmatch(header.strip().lower())
    return (parts[1] or parts[2]).rstrip(".") if parts else ""


class Hosts:
    """The names under which the page is served.

    A page of a stranger's could make a name of its own lead to this server (DNS rebinding), and speak to it
    as if it were its own. An address in numbers cannot be taken over so, and is always allowed.

    Args:
        names: allowed beside those of this machine.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names = own_names() | {host_of(name) for name in names}

    def allow(self, header: str) -> bool:
        """Tell whether a request with this `Host` header is answered."""
        host = host_of(header)
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return host in self.names
        return True


MOST_BODY = 64 * 1024  # bytes of a request; none that a page sends has any
MOST_SOCKETS = 40  # of zmq's, for a person
QUIET = 120  # seconds after which a connection on which nothing is asked ends
COOKIES = {"samesite": "Strict"}
# Voila's page has scripts in it, and compiles some; all come from this server, and nothing is sent elsewhere.
POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Server": "spicewidgets",
}


class TemplateFileHandler(KeptFiles, TemplateStaticFileHandler):
    """Files of the page's template; any other name is not there."""

    async def get(self, path: str, include_body: bool = True) -> None:
        """Answer with the file."""
        parts = path.split("/")
        if len(parts) < 3 or parts[1] != "static" or {"", ".", ".."} & {*parts} or "\0" in path:
            raise HTTPError(404)
        await super().get(path, include_body)


class ShutdownHandler(VoilaShutdownKernelHandler):
    """Ends the kernel of a page that is closed."""

    async def post(self, kernel_id: str) -> None:
        """End it, if it is there."""
        if kernel_id not in self.kernel_manager:
            raise HTTPError(404)
        await super().post(kernel_id)


class NothingHandler(RequestHandler):
    """There is nothing at this address."""

    def prepare(self) -> None:
        """Answer so, whatever is asked."""
        raise HTTPError(404)


REPLACED = {
    FileFindHandler: KeptExtensionFiles,
    MultiStaticFileHandler: KeptStaticFiles,
    KernelHandler: LookHandler,
    RequestInfoSocketHandler: QueryHandler,
    TemplateStaticFileHandler: TemplateFileHandler,
    TornadoVoilaHandler: LimitedHandler,
    VoilaKernelWebsocketHandler: CheckedSocketHandler,
    VoilaShutdownKernelHandler: ShutdownHandler,
}
WITH_VISITS = (CheckedSocketHandler, LimitedHandler, LookHandler)


def guard(handler: type[RequestHandler]) -> type[RequestHandler]:
    """Return a handler whose answers carry our headers, and whose errors say no more than their name."""

    class Guarded(handler):  # type: ignore[misc, valid-type] # it is a class
        def set_default_headers(self) -> None:
            super().set_default_headers()
            for name, value in HEADERS.items():
                self.set_header(name, value)

        def prepare(self) -> Any:
            if not self.settings["hosts"].allow(self.request.host):
                self.set_status(403)
                self.set_header("Content-Type", "text/plain; charset=UTF-8")
                self.finish(REFUSAL.format(host=host_of(self.request.host)[:100]))
                return None
            return super().prepare()

        def write_error(self, status_code: int, **_: Any) -> None:
            self.set_header("Content-Type", "text/plain; charset=UTF-8")
            self.finish(f"{status_code} {HTTPStatus(status_code).phrase}\n")

    Guarded.__name__ = handler.__name__
    return Guarded


class HardenedVoila(Voila):
    """Voila, of which a stranger reaches no more than the page.

    Attributes:
        most: how many people can be there at once.
        names: under which it is served, beside this machine's own.
        class_name, class_key: of the class whose points are on one plot, and what its presenter knows; empty
            for none.
        visits: who is there.
        most_files: that this process may have open; None is no limit.
    """

    name = Voila.name
    most = 1
    names: Iterable[str] = ()
    class_name, class_key = "", ""
    visits: Visits
    most_files: int | None = None

    def start(self) -> None:
        """Serve until the end, from a folder that goes with the server."""
        ForkedProvisioner.folder = folder = ServerFolder()
        ForkedProvisioner.groups = Groups.find()
        self.connection_dir_root = str(folder.path)
        for name, value in os.environ.items():
            if name.startswith("SPICEWIDGETS_") and os.path.isfile(value):  # the lesson
                os.environ[name] = folder.lend(value)
        try:
            super().start()
        finally:
            folder.remove()

    def init_settings(self) -> dict[str, Any]:
        """Return tornado's settings, and bound what kernels and pages may take."""
        use_forked_kernels(self)
        # Another kernel under the same name would know nothing of the page.
        self.config.KernelManager.autorestart = False
        self.most_files = raise_limit()
        self.visits = Visits(room(self.most_files, self.most))
        configuration = self.voila_configuration
        configuration.multi_kernel_manager_class = BoundedKernelManager
        configuration.default_pool_size = min(configuration.default_pool_size, self.visits.most)
        settings: dict[str, Any] = super().init_settings()
        self.identity_provider.cookie_options = COOKIES
        # zmq's own limit, 1023, is reached by 60 people.
        self.kernel_manager.context.max_sockets = 1023 + MOST_SOCKETS * self.most
        return settings | {
            "default_handler_class": guard(NothingHandler),
            "hosts": Hosts(self.names),
            "kernel_websocket_connection_class": PageConnection,
            "websocket_max_message_size": MOST_BYTES,
            "xsrf_cookie_kwargs": COOKIES | {"path": self.base_url},
        }

    def init_handlers(self) -> list[Any]:
        """Return what answers at each address: ours for Voila's, and none where one would log in."""
        entrance = [each[0] for each in self.identity_provider.get_handlers()]
        handlers: list[Any] = []
        if self.class_key:
            classroom = Classroom(self.class_name, EACH * self.visits.most, self.class_key)
            ours = {"visits": self.visits, "classroom": classroom}
            handlers += [(path, guard(one), ours) for path, one in class_handlers(self.server_url)]
        for path, handler, *rest in super().init_handlers():
            ours = REPLACED.get(handler, handler)
            arguments = dict(*rest) | ({"visits": self.visits} if ours in WITH_VISITS else {})
            if path not in entrance:
                handlers.append((path, guard(ours), arguments))
        return handlers

    def listen(self) -> None:
        """Take connections, and look after kernels now and then."""
        server = BoundedServer(
            self.app,
            limit=self.most_files,
            most=self.visits.most,
            max_body_size=MOST_BODY,
            max_buffer_size=MOST_READ,
            idle_connection_timeout=QUIET,
        )
        self.app.listen = server.listen
        PeriodicCallback(self.end_kernels, EVERY * 1000).start()
        PeriodicCallback(Trimmer().after_work, TRIM_EVERY * 1000).start()
        if ForkedProvisioner.begun:
            IOLoop.current().add_callback(ForkedProvisioner.wake)
        super().listen()

    def stop(self) -> None:
        """End all kernels, also one that has ended meanwhile."""
        with suppress(HTTPError):
            super().stop()

    async def end_kernels(self) -> None:
        """End the kernels whose pages are gone."""
        manager = self.kernel_manager
        self.visits.keep(manager.list_kernel_ids())
        for kernel, why in (await self.too_much()).items():
            self.log.error("Kernel %s was ended: %s", kernel, why or "it had died")
            self.visits.ends(kernel, why)
            await self.end_kernel(kernel)
        for kernel in self.visits.over():
            await self.end_kernel(kernel)

    async def too_much(self) -> dict[str, str]:
        """Find the kernels that have ended or take too much, each with a sentence for its learner."""
        manager, watched, found = self.kernel_manager, {}, {}
        for name in manager.list_kernel_ids():
            kernel = manager.get_kernel(name)
            provisioner = kernel.provisioner
            if not await kernel.is_alive():
                full = provisioner is not None and provisioner.group and provisioner.group.was_full()
                found[name] = describe_excess("memory", provisioner.bounds.memory) if full else ""
            elif one := provisioner.watched:
                watched[name] = one
        return found | await IOLoop.current().run_in_executor(None, look, watched)

    async def end_kernel(self, kernel: str) -> None:
        """End a kernel, unless it has been meanwhile."""
        with suppress(HTTPError, KeyError):
            await self.kernel_manager.shutdown_kernel(kernel, now=True)


def hardened_voila(
    most: int, names: Iterable[str] = (), class_name: str = "", class_key: str = ""
) -> type[HardenedVoila]:
    """Make the application for so many people, under these names; traitlets starts a class, not an object.

    Args:
        most: how many people can be there at once.
        names: under which it is served, beside this machine's own.
        class_name: of the class whose points are on one plot; empty for none.
        class_key: known to its presenter.
    """
    what = {"most": most, "names": tuple(names), "class_name": class_name, "class_key": class_key}
    return type(HardenedVoila.__name__, (HardenedVoila,), what)
