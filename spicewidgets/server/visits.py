"""Who is there: the kernel of each page, who asked for it, and when it ends because nobody is with it."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

CONNECT = 20  # seconds in which a page that was sent connects to its kernel, or asks for it
GONE = 40  # seconds after which the kernel of a page that was closed ends
LOST = 600  # seconds after which that of a page ends whose connection was lost; it may come back
EVERY = 2  # seconds between two looks at who is there
REFILL = 2  # seconds after which an address may ask for one page more
ABANDONED = 5  # pages that one counts for that was asked for and never connected


@dataclass
class Visit:
    """A page and its kernel.

    Attributes:
        address: from where it was asked for.
        until: when its kernel ends, unless something is heard from the page.
        sockets: how many connections it has.
        joined: whether it has ever had one.
    """

    address: str
    until: float
    sockets: int = 0
    joined: bool = False


class Visits:
    """All pages that are open, and how many more an address may ask for.

    A whole class may come from one address, all at once and again; who asks for pages and does not open them
    runs out of them soon.

    Args:
        most: people who can be there at once.
        clock: tells the time in seconds.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self.clock = clock
        self.open: dict[str, Visit] = {}  # by the kernel's name
        self.starting: list[str] = []  # the addresses of pages whose kernel is not known yet
        self._spent: dict[str, tuple[float, float]] = {}  # by address: how many pages, when

    @property
    def used(self) -> int:
        """The number of places taken."""
        return len(self.open) + len(self.starting)

    def wait(self, address: str) -> float:
        """Seconds that an address must wait until it is given a page; 0 if it need not."""
        waiting = [visit.address for visit in self.open.values() if not visit.joined] + self.starting
        if waiting.count(address) >= max(self.most // 2, 4):
            return REFILL
        return max(0.0, (self.spent(address) + 1 - self._burst) * REFILL)

    @property
    def _burst(self) -> int:
        return 2 * self.most + 10

    def spent(self, address: str) -> float:
        """Count the pages of an address; fewer as time passes."""
        count, when = self._spent.get(address, (0.0, 0.0))
        return max(0.0, count - (self.clock() - when) / REFILL)

    def charge(self, address: str, pages: int = 1) -> None:
        """Count pages of an address."""
        self._spent = {each: said for each, said in self._spent.items() if self.spent(each)}
        self._spent[address] = (self.spent(address) + pages, self.clock())

    def sent(self, kernel: str, address: str) -> None:
        """A page, or a part of one, was sent to the address: this is its kernel."""
        self.open.setdefault(kernel, Visit(address, 0))
        self.sign(kernel)

    def sign(self, kernel: str) -> None:
        """The page of this kernel is there: it is being sent, or has asked how its kernel is."""
        if visit := self.open.get(kernel):
            visit.until = max(visit.until, self.clock() + CONNECT)

    def joins(self, kernel: str) -> None:
        """A page has connected to its kernel."""
        if visit := self.open.get(kernel):
            visit.sockets, visit.joined = visit.sockets + 1, True

    def leaves(self, kernel: str, closed: bool) -> None:
        """A connection has ended, because the page was closed or because it was lost."""
        if visit := self.open.get(kernel):
            visit.sockets -= 1
            visit.until = self.clock() + (GONE if closed else LOST)

    def keep(self, kernels: Collection[str]) -> None:
        """Forget the pages whose kernel is none of these."""
        self.open = {kernel: visit for kernel, visit in self.open.items() if kernel in kernels}

    def over(self) -> list[str]:
        """The kernels whose page is not there any more; they are forgotten."""
        now = self.clock()
        ended = [kernel for kernel, visit in self.open.items() if not visit.sockets and now > visit.until]
        for visit in map(self.open.pop, ended):
            if not visit.joined:
                self.charge(visit.address, ABANDONED)
        return ended
