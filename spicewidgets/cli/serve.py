"""`spicewidgets app`: the explorer, or one of its panels, as a page served by Voila on this machine."""

import os
import socket
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click

from ..core.settings import SettingsError

HOST = "127.0.0.1"
PACKAGE = Path(__file__).parents[1]
TEMPLATES = PACKAGE / "jupyter"
IDLE = 3600  # seconds after which the kernel of a page that nobody looks at ends
FILL = 2  # seconds after which a warm kernel that was taken is replaced; at once, it would slow the page down
# What the page needs of the extensions that Jupyter has on this machine; others would make it slow.
EXTENSIONS = (
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager7",
    "@voila-dashboards/widgets-manager8",
    "bqplot",
    "bqscales",
)


def doors() -> dict[str, Path]:
    """The notebooks that open the explorer or a panel. They are part of the installed package; in a clone of
    the repository they stand beside it.
    """
    beside = (PACKAGE / "notebooks", PACKAGE.parent / "notebooks")
    folder = next(each for each in beside if each.is_dir())
    return {path.stem: path for path in sorted(folder.glob("[a-z]*.ipynb"))}


@click.command()
@click.argument("panel", default="explorer", type=click.Choice(list(doors())))
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8866, show_default=True, help="Port of the page."
)
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open the page in the browser.")
@click.option(
    "--pool",
    type=click.IntRange(0, 20),
    default=1,
    show_default=True,
    help="Kernels kept warm, so that so many people can open the page at once without waiting."
    " Each takes about 0.4 GB.",
)
@click.option(
    "--lesson",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    help="Lesson to open with: a file from the page's Save as lesson.",
)
def app(panel: str, port: int, browser: bool, pool: int, lesson: str | None) -> None:
    """Open the explorer: a page with all panels, on this machine only. Ctrl-C ends it.

    With the name of a panel, open that panel alone.
    """
    if find_spec("voila") is None:
        raise click.ClickException('Voila is missing. Install it with: pip install "spicewidgets[voila]"')
    check_port(port)
    os.environ.update(environment() | lesson_environment(lesson))
    voila = import_module("voila.app").Voila
    click.echo(f"{panel.capitalize()}: http://localhost:{port}/ (Ctrl-C ends it)")
    voila.launch_instance(list(arguments(doors()[panel], port, browser, pool)))


def lesson_environment(path: str | None) -> dict[str, str]:
    """What tells the kernels of the lesson; a sentence if it cannot be read."""
    if path is None:
        return {}
    from ..apps import LESSON
    from ..state.experiment import Experiment
    from ..state.lesson import lesson_from

    try:
        lesson_from(path, Experiment())
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    return {LESSON: path}


def check_port(port: int) -> None:
    """A sentence if another program has the port. Voila would silently take another one."""
    with socket.socket() as trial:
        if os.name == "posix":
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError as error:
            other = port + 1 if 1024 <= port < 65535 else 8866
            raise click.ClickException(
                f"Port {port} cannot be used ({error.strerror}): another program may have it, perhaps an"
                f" earlier `spicewidgets app`. Take another one: --port {other}"
            ) from None


def environment() -> dict[str, str]:
    """What Voila and its kernels find in the environment: the page's template, this Python's own kernel
    before others of the same name, and one thread for each process.
    """
    found = [os.environ[name] for name in ("JUPYTER_PATH",) if os.environ.get(name)]
    return {
        "JUPYTER_PATH": os.pathsep.join([str(TEMPLATES), *found]),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
    }


def arguments(notebook: Path, port: int, browser: bool, pool: int) -> Iterator[str]:
    """How Voila is started: kernels warmed up, forgotten ones ended, no tracebacks shown, this machine only,
    whatever settings for Voila lie in the folder or at home.
    """
    flags = {
        "Voila.ip": HOST,
        "Voila.port": port,
        "Voila.port_retries": 0,
        "Voila.open_browser": browser,
        "Voila.log_level": "ERROR",
        "Voila.config_file_paths": notebook.parent,
        "VoilaConfiguration.template": "spicewidgets",
        "VoilaConfiguration.allow_template_override": "NO",
        "VoilaConfiguration.show_tracebacks": False,
        "VoilaConfiguration.preheat_kernel": pool > 0,
        "VoilaConfiguration.default_pool_size": pool,
        "VoilaKernelManager.fill_delay": FILL,
        "MappingKernelManager.cull_idle_timeout": IDLE,
        "MappingKernelManager.cull_interval": 60,
    }
    yield str(notebook)
    yield from (f"--{name}={value}" for name, value in flags.items())
    yield from (f"--VoilaConfiguration.extension_allowlist={name}" for name in EXTENSIONS)
