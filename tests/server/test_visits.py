"""Who is there, with a clock that the test turns."""

import asyncio
from types import SimpleNamespace

import pytest

from spicewidgets.server.places import LimitedHandler
from spicewidgets.server.visits import (
    ABANDONED,
    BRIEF,
    CONNECT,
    GONE,
    LOST,
    MOST_SOCKETS,
    REFILL,
    SOON,
    Visits,
)


class Hall:
    """Visits of at most `most` people, and the kernels that have been ended."""

    def __init__(self, most=10):
        self.now = 1000.0
        self.visits = Visits(most, lambda: self.now)
        self.count = 0

    def page(self, address="a"):
        """Ask for a page, and be given it."""
        assert self.visits.wait(address) == 0
        assert self.visits.used < self.visits.most
        self.count += 1
        self.visits.charge(address)
        self.visits.sent(f"kernel {self.count}", address)
        return f"kernel {self.count}"

    def joined(self, seconds=BRIEF, address="a"):
        """A page that has been connected for so long."""
        kernel = self.page(address)
        assert self.visits.enters(kernel)
        self.visits.joins(kernel)
        self.now += seconds
        return kernel

    def after(self, seconds):
        """The kernels that end within so many seconds."""
        ended = []
        for _ in range(int(seconds)):
            self.now += 1
            ended += self.visits.over()
        return ended


@pytest.fixture
def hall():
    return Hall()


def test_the_kernel_of_a_page_that_never_connects_ends_within_seconds(hall):
    kernel = hall.page()
    assert hall.after(CONNECT) == []
    assert hall.after(1) == [kernel]
    assert hall.visits.used == 0


def test_a_page_that_loads_slowly_asks_for_its_kernel_meanwhile(hall):
    kernel = hall.page()
    for _ in range(30):
        assert hall.after(5) == []
        hall.visits.sign(kernel)
    assert hall.visits.enters(kernel)
    hall.visits.joins(kernel)
    assert hall.after(5 * LOST) == []


@pytest.mark.parametrize(("closed", "seconds"), [(True, GONE), (False, LOST)])
def test_a_kernel_ends_some_time_after_its_page(hall, closed, seconds):
    """A closed page's within a minute; where the connection is lost, the page may come back."""
    kernel = hall.joined()
    hall.visits.leaves(kernel, closed)
    assert hall.after(seconds) == []
    assert hall.after(1) == [kernel]
    assert GONE < 60


def test_a_page_that_comes_back_keeps_its_kernel(hall):
    kernel = hall.joined()
    hall.visits.leaves(kernel, closed=False)
    hall.after(LOST - 5)
    assert hall.visits.enters(kernel)
    hall.visits.joins(kernel)
    assert hall.after(3 * LOST) == []


def test_two_hundred_requests_that_open_nothing_do_not_hold_the_places():
    """They held all kernels for eight minutes and more."""
    hall, given = Hall(most=40), []
    for _ in range(200):
        if hall.visits.wait("stranger") == 0:
            given.append(hall.page("stranger"))
    assert len(given) == 20
    assert hall.joined(0, "learner") not in given
    assert hall.after(CONNECT + 1) == given
    assert hall.visits.wait("stranger") > 0
    assert hall.visits.wait("other") == 0


def test_a_class_behind_one_address_comes_and_comes_again():
    hall = Hall(most=40)
    for _ in range(2):
        kernels = []
        for _ in range(40):
            kernels.append(hall.joined(0, "school"))
        for kernel in kernels:
            hall.visits.leaves(kernel, closed=True)
        assert hall.after(GONE + 1) == kernels


def test_an_address_that_has_run_out_is_told_how_long(hall):
    hall.visits.charge("a", 2 * hall.visits.most + 10)
    assert hall.visits.wait("a") == REFILL
    hall.now += REFILL
    assert hall.visits.wait("a") == 0


def test_a_page_that_is_abandoned_counts_more_than_once(hall):
    hall.page()
    spent = hall.visits.spent("a")
    hall.after(CONNECT + 1)
    assert hall.visits.spent("a") > spent + ABANDONED - 1 - CONNECT / REFILL


def test_what_is_over_is_forgotten(hall):
    for number in range(1000):
        hall.visits.charge(f"address {number}")
        hall.now += REFILL
    assert len(hall.visits._spent) <= 2
    hall.page()
    hall.visits.keep([])
    assert hall.visits.used == 0


def test_a_place_is_not_held_by_who_connects_and_goes(hall):
    """All places were taken for minutes by pages that were asked for, joined, and cut off."""
    for _ in range(5):
        kernel = hall.joined(1, "stranger")
        hall.visits.leaves(kernel, closed=False)
    assert hall.visits.wait("stranger") > 0
    assert hall.visits.wait("other") == 0
    assert len(hall.after(GONE + 1)) == 5


def test_when_all_places_are_taken_the_page_lost_longest_gives_its_own_up():
    hall = Hall(most=3)
    kernels = [hall.joined() for _ in range(3)]
    assert hall.visits.give_up() is None
    hall.visits.leaves(kernels[1], closed=False)
    hall.now += 1
    hall.visits.leaves(kernels[0], closed=False)
    assert hall.visits.give_up() is None  # it may come back
    hall.now += GONE - 1
    assert hall.visits.give_up() == kernels[1]
    assert hall.visits.enters(kernels[1])  # it has come back
    assert hall.visits.give_up() is None
    hall.now += 1
    assert hall.visits.give_up() == kernels[0]
    hall.visits.leaves(kernels[1], closed=True)
    hall.visits.leaves(kernels[2], closed=True)
    hall.visits.enters(kernels[0])
    assert hall.visits.give_up() is None
    hall.now += SOON
    assert hall.visits.give_up() in (kernels[1], kernels[2])


def test_a_page_that_takes_long_to_be_made_keeps_its_kernel(hall, monkeypatch):
    """A hundred who come at once have their first figure after twenty seconds."""

    class Manager(dict):
        get_kernel = dict.__getitem__

    async def lives():
        return True

    kernel = hall.page()
    monkeypatch.setattr(LimitedHandler, "kernel_manager", Manager({kernel: SimpleNamespace(is_alive=lives)}))
    page = LimitedHandler.__new__(LimitedHandler)
    page.visits, page.kernel = hall.visits, kernel
    for _ in range(5):
        assert hall.after(CONNECT) == []
        assert asyncio.run(page.is_there())
    assert hall.after(CONNECT + 1) == [kernel]


def test_a_page_has_few_connections(hall):
    kernel = hall.page()
    taken = [hall.visits.enters(kernel) for _ in range(MOST_SOCKETS + 3)]
    assert taken == [True] * MOST_SOCKETS + [False] * 3
    hall.visits.leaves(kernel, closed=False)
    assert hall.visits.enters(kernel)
    assert not hall.visits.enters("of nobody")
