"""`spicewidgets app`: the explorer as a page of its own, served by Voila on this machine."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "explorer.ipynb"
IDLE = 3600  # seconds after which the kernel of a page that nobody looks at ends


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8866, show_default=True, help="Port of the page."
)
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open the page in the browser.")
def app(port: int, browser: bool) -> None:
    """Open the explorer: a page with all panels, on this machine only. Ctrl-C ends it."""
    if find_spec("voila") is None:
        raise click.ClickException('Voila is missing. Install it with: pip install "spicewidgets[voila]"')
    click.echo(f"The explorer is at http://localhost:{port}/ (Ctrl-C ends it).")
    raise SystemExit(subprocess.call(command(port, browser), env=os.environ | {"OMP_NUM_THREADS": "1"}))


def command(port: int, browser: bool) -> list[str]:
    """How Voila is started: forgotten kernels ended, no tracebacks shown, this machine only."""
    flags = {
        "port": port,
        "Voila.ip": "127.0.0.1",
        "VoilaConfiguration.show_tracebacks": False,
        "MappingKernelManager.cull_idle_timeout": IDLE,
        "MappingKernelManager.cull_interval": 60,
    }
    told = [f"--{name}={value}" for name, value in flags.items()]
    return [sys.executable, "-m", "voila", str(NOTEBOOK), *told, *([] if browser else ["--no-browser"])]
