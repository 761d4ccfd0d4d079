"""Starts the servers that the browser tests open, each on a free port, and ends them by their handle."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from spicewidgets.cli.serve import transport

ROOT = Path(__file__).parents[2]
APP = "from spicewidgets.cli import main; main()"
# Voila with the app's own flags, on another notebook than the app's, or on a folder of notebooks.
OTHER = """
import os, sys
from pathlib import Path
from spicewidgets.cli import serve
from spicewidgets.server.provisioner import use_forked_kernels
from voila.app import Voila

class Forking(Voila):
    name = Voila.name

    def init_settings(self):
        use_forked_kernels(self)
        return super().init_settings()

notebook, port, pool, forks = sys.argv[1:]
os.environ.update(serve.environment())
options = serve.arguments(Path(notebook), int(port), False, int(pool))
options = [option.replace("apart=True", "apart=False") for option in options]
(Forking if forks else Voila).launch_instance(options)
"""


def free_port() -> int:
    """A port below those that the system gives out by itself: another program could be given one of these
    before the server is there.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as trial, suppress(OSError):
            trial.bind(("127.0.0.1", port))
            return port


@contextmanager
def served(
    command: list[str],
    port: int,
    folder: Path,
    path: str = "",
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[str]:
    """The address of a server that answers; it ends with the block.

    It runs in an empty folder, and finds neither the settings nor the kernels of who tests.
    """
    names = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    jupyter_folders = {name: str(folder / name.lower()) for name in names}
    defaults = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    path_variable = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    environment = os.environ | jupyter_folders | defaults | path_variable | variables
    log = folder / "server.log"
    with log.open("w") as out:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out)
        try:
            url = f"http://127.0.0.1:{port}/{path}"
            wait_for(url, server, log)
            yield url
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def wait_for(url: str, server: subprocess.Popen, log: Path, seconds: float = 60) -> None:
    """Wait until the server has something to show.

    Voila's page, whose address ends in /, is not asked for itself: it would take a kernel.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until and server.poll() is None:
        try:
            with urlopen(Request(url, method="HEAD" if url.endswith("/") else "GET"), timeout=5):
                return
        except HTTPError as error:
            if error.code == HTTPStatus.METHOD_NOT_ALLOWED:
                return  # Voila itself, without our handlers
            time.sleep(0.2)
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError(f"{url} does not answer.\n{log.read_text()}")


def app(folder: Path, *options: str, python: str = sys.executable, base: str = "") -> Iterator[str]:
    """`spicewidgets app`; `base` is where its options say that the page stands, as "spice/"."""
    port = free_port()
    command = [python, "-c", APP, "app", "--no-browser", "--port", str(port), *options]
    return served(command, port, folder, base)


def voila(folder: Path, source: str, pool: int = 0, python: str = sys.executable) -> Iterator[str]:
    """Voila, as the app starts it, on a notebook with one cell."""
    cell = {"cell_type": "code", "id": "cell", "execution_count": None, "metadata": {}, "outputs": []}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = folder / "page.ipynb"
    notebook.write_text(
        json.dumps(
            {
                "cells": [{**cell, "source": source}],
                "metadata": {"kernelspec": kernel},
                "nbformat": 4,
                "nbformat_minor": 5,
            }
        )
    )
    return voila_of(folder, notebook, pool, python)


def notebooks(folder: Path) -> Iterator[str]:
    """Voila on all our notebooks, whose kernels are forked as those of the app: each is ready at once."""
    return voila_of(folder, ROOT / "notebooks", 0, sys.executable, "forks")


def voila_of(folder: Path, served_path: Path, pool: int, python: str, forks: str = "") -> Iterator[str]:
    port = free_port()
    return served([python, "-c", OTHER, str(served_path), str(port), str(pool), forks], port, folder)


def binder(folder: Path, root: Path = ROOT, python: str = sys.executable) -> Iterator[str]:
    """A Jupyter server as Binder starts it in a clone of this repository, with this Python's packages."""
    port = free_port()
    flags = {
        "ServerApp.port": port,
        "ServerApp.open_browser": False,
        "ServerApp.root_dir": root,
        "IdentityProvider.token": "",
        "ServerApp.allow_root": True,
    }
    options = [f"--{name}={value}" for name, value in flags.items()]
    path_variable = {"PATH": os.pathsep.join([str(Path(python).parent), os.environ["PATH"]])}
    # Elsewhere than in this repository: with what is installed there, and nothing else.
    variables = path_variable if root == ROOT else path_variable | {"PYTHONPATH": ""}
    return served(
        [str(root / "binder" / "start"), python, "-m", "jupyter", "server", *options],
        port,
        folder,
        "",
        variables,
    )


@contextmanager
def lab(folder: Path) -> Iterator[str]:
    """JupyterLab, without news and updates, on copies of our notebooks, which it saves by itself."""
    copied = shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    port = free_port()
    flags = {
        "ServerApp.port": port,
        "ServerApp.open_browser": False,
        "ServerApp.root_dir": copied,
        "IdentityProvider.token": "",
        "ServerApp.allow_root": True,
        "LabApp.news_url": None,
        "LabApp.extension_manager": "readonly",
        "KernelManager.transport": transport(),
    }
    options = [f"--{name}={value}" for name, value in flags.items()]
    with tempfile.TemporaryDirectory(prefix="voila_") as short:  # a path that a socket file may have
        variables = {"JUPYTER_RUNTIME_DIR": short}
        with served([sys.executable, "-m", "jupyterlab", *options], port, folder, "lab", variables) as url:
            yield url


def hub(folder: Path, proxy: Path, learners: dict[str, str], own_accounts: bool, page: str) -> Iterator[str]:
    """JupyterHub as a workshop starts it.

    Args:
        folder: an empty folder for its files.
        proxy: the command of its proxy.
        learners: their passwords, by name.
        own_accounts: whether each learner's server runs under an account of its own; this needs root.
        page: the address of a page for all.
    """
    port, inside, other = free_port(), free_port(), free_port()
    (folder / "learners.csv").write_text("".join(f"{name},{word}\n" for name, word in learners.items()))
    flags = {
        "JupyterHub.bind_url": f"http://127.0.0.1:{port}",
        "JupyterHub.hub_bind_url": f"http://127.0.0.1:{inside}",
        "ConfigurableHTTPProxy.api_url": f"http://127.0.0.1:{other}",
        "ConfigurableHTTPProxy.command": proxy,
    }
    command = [sys.executable, "-m", "jupyterhub", f"--config={ROOT / 'binder' / 'jupyterhub_config.py'}"]
    options = [f"--{name}={value}" for name, value in flags.items()]
    variables = {"WORKSHOP_ONE_ACCOUNT": "" if own_accounts else "1", "WORKSHOP_APP": page}
    return served([*command, *options], port, folder, "hub/login", variables)
