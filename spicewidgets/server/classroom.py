"""The class on one plot: points that learners share, each a learning rate and a precision with intervals.

They are in this process's memory and nowhere else, and gone with it. Who shares is known by the name of their
kernel, which no other page knows, so that each page has one point, and can take it back; who presents, by a
key that is written where the server was started.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from hmac import compare_digest
from math import isfinite
from pathlib import Path
from typing import Any

from tornado import gen
from tornado.ioloop import IOLoop
from tornado.locks import Condition
from tornado.web import RequestHandler

from .visits import Visits

PAGE = Path(__file__).with_name("class.html")
NAME = re.compile(
    r"[^\W_][\w .'’-]{0,19}"
)  # of a learner: nothing that is a tag, or a formula of a spreadsheet
TOP = 100.0  # the largest precision
MOST_BYTES = 500  # of what is shared
EACH = 2  # points for each person who can be there: pages are opened anew
BURST, REFILL = 10, 2.0  # posts that a page may send at once, and seconds after which it may send one more
PAUSE = 0.5  # seconds before a refusal: who sends ten thousand waits for each of them
GATHER = 0.3  # seconds in which points are gathered before all who look are told
PATIENCE = 25  # seconds after which a page that waits for news is answered without any
WRONG_NAME = (
    "A name has up to 20 letters, digits, spaces, dots, hyphens and apostrophes. Type another one, or none."
)
WRONG_POINT = (
    "A point is six numbers: learning rate, its interval, precision, its interval; rates from 0 to 1,"
    f" precisions from 0 to {TOP:g}. Train or play first, then share."
)


@dataclass(frozen=True)
class SharedPoint:
    """What somebody has shared.

    Attributes:
        number: tells it from others; it says nothing of who they are.
        rate, precision: the value, and the ends of its interval.
        name: typed by the learner; empty without.
    """

    number: int
    rate: tuple[float, ...]
    precision: tuple[float, ...]
    name: str = ""


@dataclass
class Classroom:
    """The points of a class.

    Attributes:
        title: the name of the class.
        most: how many points there can be.
        key: known to who presents.
        points: by the name of the kernel that shared them.
        hidden: numbers of the points that only who presents sees; all of them where `blank`.
        revision: counts the changes that all were told of.
    """

    title: str
    most: int
    key: str
    points: dict[str, SharedPoint] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    blank: bool = False
    revision: int = 0

    def __post_init__(self) -> None:
        self._changed, self._is_due, self._last = Condition(), False, 0
        self._credit: dict[str, tuple[float, float]] = {}
        self._seen: dict[bool, str] = {}

    def may_post(self, kernel: str, now: float) -> bool:
        """Count a post of a page; False if it has sent too many."""
        credit, when = self._credit.get(kernel, (float(BURST), now))
        credit = min(BURST, credit + (now - when) / REFILL) - 1
        self._credit[kernel] = (max(credit, 0.0), now)
        return credit >= 0

    def keep(self, kernels: Any) -> None:
        """Forget how often pages have posted that are gone."""
        self._credit = {kernel: said for kernel, said in self._credit.items() if kernel in kernels}

    def share(self, kernel: str, numbers: Any, name: object, before: object = "") -> SharedPoint | str:
        """Take a point in place of the page's last one, or return why not.

        Args:
            kernel: of the page.
            numbers: learning rate and its interval, precision and its interval.
            name: of the learner; empty for none.
            before: the kernel that this page had before it was loaded anew, whose point this is, too.
        """
        if not _is_sound(numbers):
            return WRONG_POINT
        if not isinstance(name, str) or (name and not NAME.fullmatch(name)):
            return WRONG_NAME
        old = self.points.pop(str(before), None)
        old = self.points.pop(kernel, old)
        if len(self.points) >= self.most:
            return f"{self.most} points are there already. Whoever presents can clear them."
        self._last += old is None
        point = SharedPoint(
            self._last if old is None else old.number, tuple(numbers[:3]), tuple(numbers[3:]), name
        )
        self.points[kernel] = point
        self.tell()
        return point

    def take_back(self, kernel: str) -> None:
        """Forget a page's point."""
        if self.points.pop(kernel, None):
            self.tell()

    def hide(self, number: int) -> None:
        """Hide a point, or show it again."""
        self.hidden ^= {number}
        self.tell()

    def hide_all(self) -> None:
        """Hide all points, or show them again."""
        self.blank = not self.blank
        self.tell()

    def clear(self) -> None:
        """Forget all points."""
        self.points, self.hidden, self.blank = {}, set(), False
        self.tell()

    def tell(self) -> None:
        """Tell all who look, together with what else happens in this moment."""
        if not self._is_due:
            self._is_due = True
            IOLoop.current().call_later(GATHER, self._tell_now)

    def _tell_now(self) -> None:
        self._is_due, self._seen = False, {}
        self.revision += 1
        self._changed.notify_all()

    async def news(self, since: int) -> None:
        """Wait until there is something that a page has not seen, or some time has passed."""
        if since == self.revision:
            await self._changed.wait(timedelta(seconds=PATIENCE))

    def seen(self, presents: bool, there: Callable[[], int]) -> str:
        """Write what a page sees, as JSON."""
        if presents not in self._seen:
            shown = [
                {"number": one.number, "rate": one.rate, "precision": one.precision, "name": one.name}
                | ({"hidden": True} if one.number in self.hidden else {})
                for one in self.points.values()
                if presents or not (self.blank or one.number in self.hidden)
            ]
            told = {"title": self.title, "revision": self.revision, "there": there(), "blank": self.blank}
            self._seen[presents] = json.dumps(told | {"shared": len(self.points), "points": shown})
        return self._seen[presents]


def _is_sound(numbers: Any) -> bool:
    """Tell whether these are two values in order, each between the ends of its interval."""
    if not isinstance(numbers, list) or len(numbers) != 6:
        return False
    if not all(type(one) in (int, float) and isfinite(one) for one in numbers):
        return False
    rate, low, high, precision, least, largest = numbers
    return bool(0 <= low <= rate <= high <= 1 and 0 <= least <= precision <= largest <= TOP)


class ClassHandler(RequestHandler):
    """What answers for the class. No cookie gives a right here, so none has to be proved."""

    def initialize(self, visits: Visits, classroom: Classroom) -> None:
        """Take the class; tornado calls this."""
        self.visits, self.classroom = visits, classroom
        self.set_header("Cache-Control", "no-store")

    def check_xsrf_cookie(self) -> None:
        """Ask for none."""

    @property
    def presents(self) -> bool:
        """Tell whether the presenter asks."""
        key = self.request.headers.get("X-Class-Key", "")
        return compare_digest(key.encode(), self.classroom.key.encode())

    async def refuse(self, status: int, why: str) -> None:
        """Answer with a sentence, after a moment."""
        await gen.sleep(PAUSE)
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        self.finish(why)

    def read(self) -> dict[str, Any]:
        """Return what was sent; nothing of what is no small object."""
        if len(self.request.body) > MOST_BYTES:
            return {}
        try:
            sent = json.loads(self.request.body)
        except (ValueError, RecursionError):
            return {}
        return sent if isinstance(sent, dict) else {}


class ClassPage(ClassHandler):
    """The plot, as a page of its own: everybody's and, with the key, the presenter's."""

    def get(self) -> None:
        """Answer with the page."""
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(PAGE.read_bytes())


class ClassPoints(ClassHandler):
    """The points: what all see, and what a page shares."""

    async def get(self) -> None:
        """Answer with all points, as soon as there are others than the page knows."""
        since = self.get_query_argument("since", "")
        if since.isascii() and since.isdigit() and len(since) < 10:
            await self.classroom.news(int(since))
        self.set_header("Content-Type", "application/json")
        self.finish(self.classroom.seen(self.presents, self._there))

    def _there(self) -> int:
        return sum(visit.is_there for visit in self.visits.open.values())


class ClassPoint(ClassHandler):
    """A page's own point."""

    async def post(self, kernel: str) -> None:
        """Take the point that a page shares."""
        if not await self._may(kernel):
            return
        sent = self.read()
        point = self.classroom.share(
            kernel, sent.get("numbers"), sent.get("name", ""), sent.get("before", "")
        )
        if isinstance(point, str):
            await self.refuse(400, point)
        else:
            self.finish({"number": point.number})

    async def delete(self, kernel: str) -> None:
        """Take it back."""
        if await self._may(kernel):
            self.classroom.take_back(kernel)
            self.finish({})

    async def _may(self, kernel: str) -> bool:
        if kernel not in self.visits.open:
            await self.refuse(404, "This page is not open any more. Reload it, and share again.")
            return False
        self.classroom.keep(self.visits.open)
        if not self.classroom.may_post(kernel, IOLoop.current().time()):
            await self.refuse(429, "This was pressed very often. Wait a moment, and share again.")
            return False
        return True


class ClassDesk(ClassHandler):
    """What only the presenter does."""

    async def post(self) -> None:
        """Hide a point, hide all, or clear."""
        room, sent = self.classroom, self.read()
        if not self.presents:
            await self.refuse(403, "Only who presents can do this: with the address that the server wrote.")
        elif type(sent.get("hide")) is int:
            room.hide(sent["hide"])
        elif sent == {"hide": "all"}:
            room.hide_all()
        elif sent == {"clear": True}:
            room.clear()
        else:
            await self.refuse(400, "Send hide, or clear.")


def class_handlers(base: str) -> list[tuple[str, type[ClassHandler]]]:
    """Return what answers at the addresses of a class, below the path of the page, which ends in /."""
    places = {
        "class": ClassPage,
        "class/points": ClassPoints,
        r"class/points/([\w-]{36})": ClassPoint,
        "class/desk": ClassDesk,
    }
    return [(f"{base}{path}$", handler) for path, handler in places.items()]
