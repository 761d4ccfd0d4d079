"""`spicewidgets app --public`: who reaches the page can use it, and can do nothing else."""

import time
from collections.abc import Callable
from contextlib import suppress
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import urlopen

import psutil
import pytest
import servers
from learner import Learner
from tornado.websocket import WebSocketClosedError

from spicewidgets.cli.serve import FILL_DELAY
from spicewidgets.server.connections import CheckedSocketHandler

OPTIONS = ("task", "--public", "--most", "1", "--pool", "0", "--base-url", "spice")


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    """One panel, for one person at once, under /spice/, at an address that is not the machine's own."""
    with servers.app(tmp_path_factory.mktemp("public"), *OPTIONS, base="spice/") as url:
        yield url.replace("127.0.0.1", "127.0.0.2")


@pytest.fixture
def learner(public):
    person = Learner()
    person.open(public)
    yield person
    person.leave()


def refused(url: str) -> int:
    with pytest.raises(HTTPError) as caught:
        urlopen(url, timeout=20)
    return caught.value.code


@pytest.mark.parametrize(
    "path",
    [
        "api/kernels",
        "api/contents",
        "api/contents/task.ipynb",
        "api/sessions",
        "api/terminals",
        "api/kernelspecs",
        "voila/tree",
        "voila/api/contents",
        "voila/render/explorer.ipynb",
        "voila/files/task.ipynb",
        "lab",
        "tree",
    ],
)
def test_there_is_no_way_to_files_terminals_or_other_kernels(public, path):
    try:
        assert refused(urljoin(public, path)) in (403, 404)
    finally:
        assert refused(urljoin(public, "api/kernels/00000000-0000-0000-0000-000000000000")) == 404


def test_nobody_runs_code_of_his_own(learner, tmp_path):
    mark = tmp_path / "mark"
    learner.send("execute_request", code=f"open({str(mark)!r}, 'w')", silent=True)
    learner.wait_for_answer()
    assert not mark.exists()


def test_the_panel_works(learner):
    learner.set("FloatSlider", "Drift", 0.4)
    learner.until(lambda: learner.redrawn, "nothing was drawn anew")


def test_when_all_places_are_taken_that_is_told_until_one_is_free(public, learner):
    with pytest.raises(HTTPError) as caught:
        urlopen(public, timeout=20)
    assert caught.value.code == 503
    assert caught.value.headers["Retry-After"] == "20"
    assert "<h1>The room is full</h1>" in caught.value.read().decode()
    learner.leave()
    other = Learner()
    other.open(public)
    assert other.figures() == 1
    other.leave()


def test_warm_kernels_take_no_more_than_the_places_that_are_left(tmp_path):
    """Else the kernels that replace the warm ones would double the memory, and slow the class that comes."""
    with servers.app(tmp_path, "task", "--public", "--most", "2", "--pool", "9") as url:
        wait_for(lambda: kernels(url) == 2)
        both = [Learner(), Learner()]
        for person in both:
            person.open(url)
        time.sleep(3 * FILL_DELAY)  # nothing comes, and that has no sign
        assert kernels(url) == 2
        assert refused(url) == 503
        for person in both:
            person.leave()
        wait_for(lambda: kernels(url) == 0)
        last = Learner()
        last.open(url)
        wait_for(lambda: kernels(url) == 2)  # that one, and one that is warm again
        last.leave()


def kernels(url: str) -> int:
    """How many kernels the server of this address has."""
    port, count = str(urlsplit(url).port), 0
    (server,) = [each for each in psutil.Process().children() if port in each.cmdline()]
    for process in server.children(recursive=True):
        with suppress(psutil.Error):  # it has ended meanwhile
            # Forks of the parent have its command line; elsewhere a kernel has its own.
            forked = "spicewidgets.server.parent" in process.cmdline() and process.ppid() != server.pid
            count += forked or "ipykernel_launcher" in process.cmdline()
    return count


def wait_for(so: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not so():
        assert time.monotonic() < until
        time.sleep(0.2)


def test_without_it_only_this_machine_gets_an_answer(tmp_path):
    with servers.app(tmp_path, "task", "--pool", "0") as url:
        port = urlsplit(url).port
        with pytest.raises(URLError, match="refused"):
            urlopen(f"http://127.0.0.2:{port}/", timeout=20)


def test_a_message_to_a_page_that_is_gone_is_refused_before_its_length_is_read():
    """Voila takes its first bytes for a number of parts: here more than any memory holds."""
    gone = CheckedSocketHandler.__new__(CheckedSocketHandler)
    gone.ws_connection = None
    with pytest.raises(WebSocketClosedError):
        gone.write_message(b"\x00\x00\x00\x02" + b"\x00" * 60, binary=True)
