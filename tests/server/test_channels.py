"""A learner takes few of the server's open files, and gives them back."""

import json
import sys
import time
from urllib.request import urlopen

import psutil
import pytest
import servers
from learner import Learner

from spicewidgets.server.channels import CHANNELS
from spicewidgets.server.connections import LEARNER_FILES

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Elsewhere there are no such files.")
# A learner's: of each channel a signal and a connection, the kernel's process, the connection of the page.
TAKEN = 2 * len(CHANNELS) + 2


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page's address, and the process of its server."""
    before = {child.pid for child in psutil.Process().children()}
    with servers.app(tmp_path_factory.mktemp("channels"), "task", "--public", "--pool", "0") as url:
        (server,) = (child for child in psutil.Process().children() if child.pid not in before)
        yield url, server


def at_most(server, files):
    """Wait until the server has no more files open than these."""
    until = time.monotonic() + 60
    while server.num_fds() > files:
        assert time.monotonic() < until, f"{server.num_fds()} files are open, of {files}"
        time.sleep(0.1)


def test_a_learner_takes_few_files_and_gives_them_back(page):
    """It took 14, so that 46 people fitted into 1,024 files."""
    url, server = page
    first = Learner()
    first.open(url)
    first.wait_for_answer()
    alone = server.num_fds()
    others = [Learner() for _ in range(2)]
    for each in others:
        each.open(url)
    at_most(server, alone + 2 * TAKEN)
    assert TAKEN + 2 == LEARNER_FILES  # and two for a moment, until the kernel is heard
    for each in others:
        each.leave()
    at_most(server, alone)
    first.wait_for_answer()
    first.leave()


def test_a_kernel_that_is_used_is_known_to_be(page):
    """Else it would be ended for being idle: nobody else listens to it."""
    url, _ = page
    person = Learner()
    person.open(url)

    def told():
        with urlopen(f"{person.base}api/kernels/{person.kernel}") as answer:
            return json.load(answer)

    before = told()
    person.wait_for_answer()
    after = told()
    assert before["last_activity"] < after["last_activity"]
    assert after["execution_state"] == "idle"
    person.leave()
