"""Binder's image, built and launched step by step, as repo2docker would; `make test` prepares its Python."""

import os
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest
import servers
from binder_image import READY, problem
from learner import Learner

ROOT = Path(__file__).parents[1]
MOST = 2e9  # bytes that a launch may take


def run(command: list[str], folder: Path, python: Path) -> subprocess.CompletedProcess:
    path_variable = {"PATH": os.pathsep.join([str(python.parent), os.environ["PATH"]])}
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        command, cwd=folder, env=variables | path_variable, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """A clone of the repository, and the Python of the image with the clone's package in it."""
    environment = Path(os.environ.get("BINDER_IMAGE") or ROOT / ".venv" / "binder")
    if not (environment / READY).exists():
        pytest.skip(problem() or "There is no image; `make test` makes one.")
    clone = tmp_path_factory.mktemp("image") / "clone"
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(".*", "__pycache__", "out", "build", "dist"))
    python = environment / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", "."]
    for command in (install, ["bash", "binder/postBuild"]):
        built = run(command, clone, python)
        assert built.returncode == 0, built.stderr
    return clone, python


@pytest.fixture(scope="module")
def launched(image, tmp_path_factory):
    """The server, with one core as on Binder."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        with servers.binder(tmp_path_factory.mktemp("launch"), *map(str_or_path, image)) as url:
            yield url
    finally:
        os.sched_setaffinity(0, cores)


def str_or_path(each: Path) -> Path | str:
    return str(each) if each.name == "python" else each


def test_torch_is_the_small_one(image):
    listed = run([str(image[1]), "-m", "pip", "list", "--format=freeze"], *image).stdout.lower()
    names = [line.split("==")[0] for line in listed.splitlines()]
    assert any(line.startswith("torch==") and line.endswith("+cpu") for line in listed.splitlines())
    assert not [name for name in names if name.startswith(("nvidia", "cuda", "triton"))]
    assert "spicewidgets" in names
    size = sum(file.lstat().st_size for file in image[1].parents[1].rglob("*") if file.is_file())
    assert size < MOST


def test_a_launch_gives_the_explorer_and_the_lessons_in_two_gigabytes(launched, image):
    person = Learner(120)
    person.open(f"{launched}voila/render/notebooks/explorer.ipynb")
    person.stage("Participant", "Learning rate")
    person.main_job()
    lesson = "01_rescorla_wagner.ipynb"
    with urlopen(f"{launched}lab/tree/notebooks/{lesson}", timeout=60) as answer:
        assert "JupyterLab" in answer.read().decode()
    with ThreadPoolExecutor(1) as pool:
        execution = pool.submit(
            run, [str(image[1]), "-m", "jupyter", "execute", f"notebooks/{lesson}"], *image
        )
        most = 0.0
        while not execution.done():
            most = max(most, memory_of(image[1]))
            time.sleep(0.5)
    assert execution.result().returncode == 0, execution.result().stderr
    assert 0.5e9 < most < MOST


def memory_of(python: Path) -> float:
    """Bytes that the processes of this Python hold now; what they share counts once."""
    total = 0.0
    for process in psutil.process_iter(["cmdline"]):
        with suppress(psutil.Error):  # it has ended meanwhile
            if str(python) in (process.info["cmdline"] or ()):
                total += process.memory_full_info().pss
    return total
