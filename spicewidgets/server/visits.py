"""Who is there: the kernel of each page, who asked for it, and when it ends because nobody is with it."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

CONNECT = 20  # seconds in which a page that was sent connects to its kernel, or asks for it
GONE = 40  # seconds after which the kernel of a page that was closed ends
SOON = 5  # seconds after which the place of a page that was closed may be given to others
LOST = 600  # seconds after which that of a page ends whose connection was lost; it may come back
BRIEF = 60  # seconds that a page has to have been there, to be waited for longer than a closed one
MOST_REASONS = 1000  # that are kept
MOST_SOCKETS = 4  # connections of a page: one, and others while it comes back
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
        joined: when it had the first one; None if it never had any.
        yields: from when on its place may be given to others; None while it has a connection.
        brief: whether it was lost as soon as it had come.
    """

    address: str
    until: float
    sockets: int = 0
    joined: float | None = None
    yields: float | None = None
    brief: bool = False

    @property
    def is_there(self) -> bool:
        """Tell whether it has come to stay: it had a connection, and did not lose it at once."""
        return self.joined is not None and not self.brief


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
        self.reasons: dict[str, str] = {}  # by the kernel's name: why it was ended
        self._spent: dict[str, tuple[float, float]] = {}  # by address: how many pages, when

    @property
    def used(self) -> int:
        """The number of places taken."""
        return len(self.open) + len(self.starting)

    def wait(self, address: str) -> float:
        """Seconds that an address must wait until it is given a page; 0 if it need not."""
        waiting = [visit.address for visit in self.open.values() if not visit.is_there] + self.starting
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
        """Note that a page, or a part of one, was sent to the address: this is its kernel."""
        self.open.setdefault(kernel, Visit(address, 0))
        self.sign(kernel)

    def sign(self, kernel: str) -> None:
        """Note that the page of this kernel is there: it is being sent, or has asked how its kernel is."""
        if visit := self.open.get(kernel):
            visit.until = max(visit.until, self.clock() + CONNECT)

    def enters(self, kernel: str) -> bool:
        """Count a connection to this kernel that begins; False if it has as many as it may have."""
        visit = self.open.get(kernel)
        if visit is None or visit.sockets >= MOST_SOCKETS:
            return False
        visit.sockets, visit.yields = visit.sockets + 1, None
        return True

    def joins(self, kernel: str) -> None:
        """Note that a page has connected to its kernel."""
        if visit := self.open.get(kernel):
            visit.joined, visit.brief = visit.joined or self.clock(), False

    def leaves(self, kernel: str, closed: bool) -> None:
        """Note that a connection has ended, because the page was closed or because it was lost."""
        if (visit := self.open.get(kernel)) is None:
            return
        now = self.clock()
        visit.sockets -= 1
        stayed = 0 if visit.joined is None else now - visit.joined
        visit.brief = not closed and not visit.sockets and stayed < BRIEF
        visit.until = max(visit.until, now + (GONE if closed or visit.brief else LOST))
        visit.yields = None if visit.sockets else now + (SOON if closed or visit.brief else GONE)

    def give_up(self) -> str | None:
        """Choose a kernel to end when all places are taken and somebody comes: that of the page lost longest.

        A page that was lost has `GONE` seconds to come back before it can lose its place to others; one that
        was closed, or lost as soon as it had come, has `SOON`.
        """
        places = {visit.yields: kernel for kernel, visit in self.open.items() if visit.yields is not None}
        if not places or min(places) > self.clock():
            return None
        return places[min(places)]

    def ends(self, kernel: str, why: str) -> None:
        """Note why a kernel is ended, for its page, which will ask; nothing is its page's to know."""
        self.open.pop(kernel, None)
        if why:
            self._tell(kernel, why)

    def give_away(self, kernel: str, why: str) -> None:
        """Let a kernel end at the next look, for a reason that its page is told."""
        if visit := self.open.get(kernel):
            visit.until, visit.sockets = 0.0, 0
            self._tell(kernel, why)

    def _tell(self, kernel: str, why: str) -> None:
        latest = list(self.reasons.items())[-MOST_REASONS + 1 :]
        self.reasons = dict(latest) | {kernel: why}

    def keep(self, kernels: Collection[str]) -> None:
        """Forget the pages whose kernel is none of these."""
        self.open = {kernel: visit for kernel, visit in self.open.items() if kernel in kernels}

    def over(self) -> list[str]:
        """Return the kernels whose page is not there any more; they are forgotten."""
        now = self.clock()
        ended = [kernel for kernel, visit in self.open.items() if not visit.sockets and now > visit.until]
        for visit in map(self.open.pop, ended):
            if not visit.is_there:
                self.charge(visit.address, ABANDONED)
        return ended
