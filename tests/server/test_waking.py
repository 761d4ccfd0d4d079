"""Before the server's first kernel is there, whoever comes sees how the page begins, and then the page."""

import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))
import servers

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="Only Linux can fork kernels.")


# The app, whose process to fork from is not ready before there is a file.
SLOW = f"""
import asyncio
from pathlib import Path
from spicewidgets.server.provisioner import Parent

async def later(parent, ready=Parent.ready):
    while not Path("seen").exists():
        await asyncio.sleep(0.05)
    await ready(parent)

Parent.ready = later
{servers.APP}
"""


def ask(url: str, method: str = "GET") -> tuple[int, dict[str, str], str]:
    """Status, headers and text of the answer, once the server gives any."""
    until = time.monotonic() + 60
    while True:
        try:
            with urlopen(Request(url, method=method), timeout=30) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except HTTPError as error:
            return error.code, dict(error.headers), error.read().decode()
        except (URLError, ConnectionError):
            assert time.monotonic() < until
            time.sleep(0.05)


@pytest.mark.parametrize(("panel", "shown"), [("explorer", "sw-opening"), ("task", "Opening ")])
def test_who_comes_first_sees_how_the_page_begins(tmp_path, panel, shown):
    port = servers.free_port()
    command = [sys.executable, "-c", SLOW, "app", panel, "--no-browser", "--port", str(port)]
    variables = os.environ | {"PYTHONPATH": str(servers.ROOT), "OMP_NUM_THREADS": "1"}
    server = subprocess.Popen([*command, "--pool", "0"], cwd=tmp_path, env=variables)
    try:
        url = f"http://127.0.0.1:{port}/"
        status, headers, text = ask(url)
        assert status == 202
        assert shown in text
        assert "location.reload()" in text
        assert "frame-ancestors" in headers["Content-Security-Policy"]
        assert "kernelId" not in text
        (tmp_path / "seen").touch()
        until = time.monotonic() + 60
        while ask(url, "HEAD")[0] != 200:
            assert time.monotonic() < until
            time.sleep(0.1)
        status, _, text = ask(url)
        assert status == 200
        assert "kernelId" in text
    finally:
        server.terminate()
        server.wait(20)
