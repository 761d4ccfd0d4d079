"""A workshop on JupyterHub: learners log in, train at the same time, and see nothing of each other."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier
from urllib.error import HTTPError

import npm
import pytest
import servers
from learner import Learner
from websocket import WebSocketBadStatusException

PASSWORDS = {"ada": "a-password-of-hers", "bob": "another-one"}


def can_be_apart() -> bool:
    """Whether learners can have accounts of their own: for root alone, with a Python that all may run."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    try:
        tried = subprocess.run(
            [sys.executable, "-c", "import spicewidgets"], user=50_000, cwd="/", check=False
        )
    except PermissionError:
        return False
    return tried.returncode == 0


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The address of one panel, served beside the hub."""
    options = ("task", "--pool", "0", "--base-url", "/services/explorer/")
    with servers.app(tmp_path_factory.mktemp("page"), *options, base="services/explorer/") as url:
        yield url.removesuffix("/services/explorer/")


@pytest.fixture(scope="module")
def hub(page):
    if find_spec("jupyterhub") is None or npm.proxy() is None:
        pytest.skip("JupyterHub or its proxy is missing, or npm, which would fetch the proxy.")
    with TemporaryDirectory() as name:  # pytest's own cannot be passed through by others
        folder = Path(name)
        folder.chmod(0o711)
        with servers.hub(folder, npm.proxy(), PASSWORDS, can_be_apart(), page) as url:
            yield url.removesuffix("/hub/login"), folder / "workshop"


@pytest.fixture(scope="module")
def both(hub):
    """Both learners, who have done the main job at the same time, and what they saw then."""
    begin = Barrier(2)

    def attend(name: str) -> tuple[Learner, dict[str, float]]:
        person = Learner(120)
        person.log_in(hub[0], name, PASSWORDS[name])
        person.stage("Participant", "Learning rate")
        return person, person.main_job(lambda: begin.wait(120))

    with ThreadPoolExecutor(2) as pool:
        ada, bob = pool.map(attend, PASSWORDS)
    yield {"ada": ada[0], "bob": bob[0]}, {"ada": ada[1], "bob": bob[1]}
    for person in (ada[0], bob[0]):
        person.leave()


def refused(person: Learner, url: str) -> bool:
    """Whether the page is kept from this person: refused, not there, or a way to the login."""
    try:
        person.get(url)
    except HTTPError as error:
        return error.code in (403, 404)
    return "/hub/" in person.url


def test_they_train_at_the_same_time(both):
    begun, ended = ([each[when] for each in both[1].values()] for when in ("pressed", "ended"))
    assert max(begun) < min(ended)


def test_each_has_one_kernel_and_sees_no_other(hub, both):
    for name, person in both[0].items():
        kernels = json.loads(person.get(f"{hub[0]}/user/{name}/api/kernels"))
        assert [kernel["id"] for kernel in kernels] == [person.kernel]
    assert both[0]["ada"].kernel != both[0]["bob"].kernel


@pytest.mark.parametrize(
    "path",
    ["api/kernels", "api/contents", "api/contents/notebooks", "lab", "voila/render/notebooks/task.ipynb"],
)
def test_nothing_of_the_others_server_is_reached(hub, both, path):
    assert refused(both[0]["ada"], f"{hub[0]}/user/bob/{path}")
    assert not refused(both[0]["bob"], f"{hub[0]}/user/bob/{path}".replace("task", "data"))


def test_the_others_kernel_cannot_be_joined(both):
    ada, bob = both[0]["ada"], both[0]["bob"]
    for base in (bob.base, ada.base):
        with pytest.raises(WebSocketBadStatusException, match=r"40[34]"):
            ada.joined(base, bob.kernel)


def test_the_page_beside_the_hub_is_there_for_all(hub):
    anyone = Learner()
    anyone.open(f"{hub[0]}/services/explorer/")
    assert anyone.figures() == 1
    anyone.leave()


def test_who_does_not_know_the_password_stays_outside(hub):
    stranger = Learner()
    with pytest.raises((AssertionError, HTTPError)):
        stranger.log_in(hub[0], "ada", "a-guess-of-mine")
    assert refused(stranger, f"{hub[0]}/user/ada/api/contents")


def test_there_are_no_terminals(hub, both):
    assert refused(both[0]["ada"], f"{hub[0]}/user/ada/api/terminals")


def test_the_homes_are_there_with_the_notebooks(hub, both):
    for name in both[0]:
        assert (hub[1] / name / "notebooks" / "explorer.ipynb").exists()


@pytest.mark.skipif(not can_be_apart(), reason="Only for root, with a Python that other accounts may run.")
def test_code_of_the_one_cannot_read_files_of_the_other(hub, both):
    homes = {name: (hub[1] / name).stat() for name in both[0]}
    assert {home.st_mode & 0o777 for home in homes.values()} == {0o700}
    ada, bob = (home.st_uid for home in homes.values())
    assert min(ada, bob) >= 50_000
    assert ada != bob
    reading = f"open({str(hub[1] / 'bob' / 'notebooks' / 'explorer.ipynb')!r}).read()"
    tried = {
        account: subprocess.run([sys.executable, "-c", reading], user=account, capture_output=True, text=True)
        for account in (ada, bob)
    }
    assert "PermissionError" in tried[ada].stderr
    assert tried[bob].returncode == 0
