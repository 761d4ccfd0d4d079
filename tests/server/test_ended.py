"""A page whose kernel ends, while it is made or later, is told so."""

import os
import re
import signal
import subprocess
import sys
import time
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import servers
from learner import Learner

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="Only Linux can fork kernels.")
# The app; kernels that begin while there is a file of the name "die" do, and those that are there while there
# is one of the name "end" are found to take too much.
APP = f"""
from pathlib import Path
from spicewidgets.server import application
from spicewidgets.server.provisioner import ForkedProvisioner

async def launch(self, command, _launch=ForkedProvisioner.launch_kernel, **settings):
    told = await _launch(self, command, **settings)
    Path("last").write_text(str(self.pid))
    if Path("die").exists():
        self.process.kill()
        self.process.wait()
    return told

ForkedProvisioner.launch_kernel = launch
application.look = lambda kernels: dict.fromkeys(kernels, "Too much.") if Path("end").exists() else {{}}
{servers.APP}
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page's address, and the folder of its server."""
    folder = tmp_path_factory.mktemp("ended")
    port = servers.free_port()
    command = [sys.executable, "-c", APP, "app", "explorer", "--public", "--pool", "0", "--port", str(port)]
    with servers.served(command, port, folder) as url:
        yield url, folder


def answer(url):
    """Status and text of what is there."""
    try:
        with urlopen(url, timeout=60) as answered:
            return answered.status, answered.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_a_page_does_not_wait_for_a_kernel_that_has_died(page):
    """It waited for ten minutes."""
    url, folder = page
    (folder / "die").touch()
    try:
        status, text = answer(url)
    finally:
        (folder / "die").unlink()
    assert "kernelId" not in text
    assert "http-equiv" in text or "location.reload" in text
    assert status in (200, 503)
    assert "kernelId" in answer(url)[1]


def test_a_page_is_told_when_its_kernel_was_killed(page):
    """It has no other one under the same name, which would know nothing of the page."""
    url, folder = page
    person = Learner()
    person.open(url)
    person.wait_for_answer()
    where = f"{person.base}api/kernels/{person.kernel}"
    assert answer(where)[0] == 200
    os.kill(int((folder / "last").read_text()), signal.SIGKILL)
    until = time.monotonic() + 60
    while answer(where)[0] == 200:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert answer(where)[0] == 404


WORK = {
    "training": ("Train", "Train"),
    "study": ("Rivals", "Compare"),
    "report": ("Report", "Write the report"),
}


def settings_of(person):
    """The settings that a page keeps in its address; none before its rooms are open."""
    found = (re.search(r'data-settings="([^"]*)"', text) for text in person.texts())
    return next((each[1] for each in found if each), "")


@pytest.mark.parametrize("work", WORK)
def test_who_is_killed_at_work_is_told_and_begins_anew_with_the_same_settings(page, work):
    url, folder = page
    neighbour, person, again = Learner(), Learner(), Learner()
    neighbour.open(url)
    person.open(url)
    pid = int((folder / "last").read_text())
    person.stage("Participant", "Learning rate")
    person.set("FloatSlider", "Learning rate", 0.85)
    person.wait_for_answer()
    panel, word = WORK[work]
    person.set("ToggleButton", panel, True)
    person.wait_for_answer()
    person.press(word)
    person.until(lambda: any("sw-running" in text for text in person.texts()), f"no {work} began")
    kept = settings_of(person)
    os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 60
    while answer(f"{person.base}api/kernels/{person.kernel}")[0] != 404:  # of which the page says so
        assert time.monotonic() < until
        time.sleep(0.2)
    again.open(url)
    asked = next(name for name, state in again.states.items() if "sw-asked" in state.get("_dom_classes", ()))
    data = {"method": "update", "state": {"value": kept}, "buffer_paths": []}
    again.send("comm_msg", comm_id=asked, data=data)
    again.until(lambda: settings_of(again) == kept, "the settings were not taken")
    neighbour.wait_for_answer()
    neighbour.stage("Participant", "Learning rate")
    neighbour.until(neighbour.figures, "the neighbour has no figure")
    for each in (neighbour, again):
        each.leave()


def test_who_takes_too_much_is_ended_and_told(page):
    url, folder = page
    person = Learner()
    person.open(url)
    where = f"{person.base}api/kernels/{person.kernel}"
    assert answer(where)[0] == 200
    (folder / "end").touch()
    try:
        until = time.monotonic() + 60
        while answer(where)[0] == 200:
            assert time.monotonic() < until
            time.sleep(0.2)
    finally:
        (folder / "end").unlink()
    assert answer(where) == (410, "Too much.")


def test_folders_of_a_server_that_was_killed_are_removed_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    code = (
        "from spicewidgets.server.apart import ServerFolder\n"
        "folder = ServerFolder(); folder.learner(); print(folder.path, flush=True); input()"
    )
    run = [sys.executable, "-c", code]
    both = [subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    killed, there = (each.stdout.readline().strip() for each in both)
    both[0].kill()
    both[0].communicate()
    ended = subprocess.run(run, input="\n", capture_output=True, text=True, check=True).stdout.strip()
    assert not os.path.exists(killed)
    assert os.path.exists(there)  # its server runs
    assert ended not in (killed, there)
    both[1].communicate("\n")
