"""The kernels, and what is kept for a page whose connection was lost, until it comes back: so many bytes."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import default

from .channels import PageKernelManager

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
