"""`spicewidgets app`: the explorer, or one of its panels, as a page served by Voila."""

import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import click

from ..core.studies.recovery_settings import JOBS
from ..loading import load

HOST = "127.0.0.1"
ALL_NETWORKS = "0.0.0.0"  # the address that stands for every network that this machine is in
PACKAGE = Path(__file__).parents[1]
TEMPLATES = PACKAGE / "jupyter"
IDLE_TIMEOUT = 3600  # seconds after which the kernel of a page that nobody looks at ends
OWN_PROCESSES, PUBLIC_PROCESSES = 80, 4  # that a kernel may have: a study's, and one with some to spare
FILL_DELAY = (
    2  # seconds after which a warm kernel that was taken is replaced; at once, it would slow the page down
)
# Seconds that a kernel may take to start and to answer. When many become warm at once, they are slow; after
# four seconds of silence, Voila would serve the page without what they show, and not say so.
KERNEL_TIMEOUT = 600
# What the page needs of the extensions that Jupyter has on this machine; others would make it slow.
EXTENSIONS = (
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager7",
    "@voila-dashboards/widgets-manager8",
    "bqplot",
    "bqscales",
)


def doors() -> dict[str, Path]:
    """Return the notebooks that open the explorer or a panel, by name.

    The installed package contains them; in a clone of the repository they lie beside it.
    """
    folders = (PACKAGE / "notebooks", PACKAGE.parent / "notebooks")
    folder = next(folder for folder in folders if folder.is_dir())
    return {path.stem: path for path in sorted(folder.glob("[a-z]*.ipynb")) if path.stem != "index"}


@click.command()
@click.argument("panel", default="explorer", type=click.Choice(list(doors())))
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8866, show_default=True, help="Port of the page."
)
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open the page in the browser.")
@click.option(
    "--pool",
    type=click.IntRange(0, 100),
    default=1,
    show_default=True,
    help="Kernels kept warm, so that so many people can open the page at once without waiting."
    " On Linux each takes about 0.08 GB, elsewhere 0.4.",
)
@click.option(
    "--lesson",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    help="Lesson to open with: a file from the page's Save as lesson.",
)
@click.option(
    "--public",
    is_flag=True,
    help="Serve other machines, too: whoever reaches the port can use the page, without a password."
    " Nobody can run code of his own, open a terminal or see files or other people's pages.",
)
@click.option(
    "--most",
    type=click.IntRange(1, 1000),
    default=40,
    show_default=True,
    help="People who can have the page open at once. No more kernels than that are kept, those that are warm"
    " among them.",
)
@click.option(
    "--idle",
    type=click.IntRange(1, 10_000),
    default=60,
    show_default=True,
    metavar="MINUTES",
    help="After so long, the kernel of a page that nobody has touched ends. The page says so, and has its"
    " settings again when it is reloaded.",
)
@click.option(
    "--fork/--no-fork",
    default=True,
    show_default=True,
    help="On Linux, fork kernels from a process that has imported everything, which starts them sooner and"
    " takes less memory.",
)
@click.option(
    "--base-url",
    default="/",
    show_default=True,
    metavar="PATH",
    help="Where the page stands on a server that passes this part of its addresses on, such as /spice/.",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="NAME",
    help="A name at which the page is reached beside this machine's own, such as that of a server before it;"
    " may be given again. Under any other name nothing is answered.",
)
@click.option(
    "--class",
    "class_name",
    metavar="NAME",
    default="",
    help="Let who wants to share a learning rate and a precision, with intervals, on one plot of a class of"
    " this name. Nothing of it is written down, and all is forgotten when the server ends.",
)
def app(
    panel: str,
    port: int,
    browser: bool,
    pool: int,
    lesson: str | None,
    public: bool,
    most: int,
    idle: int,
    fork: bool,
    base_url: str,
    names: tuple[str, ...],
    class_name: str,
) -> None:
    """Open the explorer: a page with all panels, on this machine only unless made public. Ctrl-C ends it.

    With the name of a panel, open that panel alone.
    """
    if find_spec("voila") is None:
        raise click.ClickException('Voila is missing. Install it with: pip install "spicewidgets[voila]"')
    host, name = (ALL_NETWORKS, socket.gethostname()) if public else (HOST, "localhost")
    variables = environment()
    if lesson is not None:
        variables |= load("spicewidgets.cli.lesson").lesson_environment(lesson, panel)
    if public:
        variables[JOBS] = "1"  # processes of a learner's own would take those of all
    if class_name:
        variables[load("spicewidgets.compat").CLASS] = "1"
    check_port(port, host)
    os.environ.update(variables)
    path = f"/{base_url.strip('/')}/" if base_url.strip("/") else "/"
    click.echo(f"{panel.capitalize()}: http://{name}:{port}{path} (Ctrl-C ends it)")
    key = secrets.token_urlsafe(16) if class_name else ""
    if key:
        click.echo(f"The class on one plot: http://{name}:{port}{path}class")
        click.echo(
            f"The same to present, where points are hidden and cleared: http://{name}:{port}{path}class#{key}"
        )
    shown, warm = browser and not public, min(pool, most)
    flags = arguments(doors()[panel], port, shown, warm, host=host, base_url=path, idle=idle * 60, fork=fork)
    if fork:
        load("spicewidgets.server.provisioner").ForkedProvisioner.begin()
    load("spicewidgets.server.application").hardened_voila(most, names, class_name, key).launch_instance(
        list(flags)
    )


def check_port(port: int, host: str = HOST) -> None:
    """Check that no other program has the port; Voila would silently take another one.

    Args:
        port: from 1 to 65535.
        host: the address at which the page is served.

    Raises:
        click.ClickException: if the port cannot be used.
    """
    with socket.socket() as trial:
        if os.name == "posix":
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            other = port + 1 if 1024 <= port < 65535 else 8866
            raise click.ClickException(
                f"Port {port} cannot be used ({error.strerror}): another program may have it, perhaps an"
                f" earlier `spicewidgets app`. Take another one: --port {other}"
            ) from None


def environment() -> dict[str, str]:
    """Return the environment of Voila and its kernels.

    It leads to the page's template and to this Python's own kernel before others of the same name, and gives
    each process one thread.
    """
    paths = [os.environ[name] for name in ("JUPYTER_PATH",) if os.environ.get(name)]
    return {
        "JUPYTER_PATH": os.pathsep.join([str(TEMPLATES), *paths]),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
    }


def arguments(
    notebook: Path,
    port: int,
    browser: bool,
    pool: int,
    host: str = HOST,
    base_url: str = "/",
    idle: int = IDLE_TIMEOUT,
    fork: bool = True,
) -> Iterator[str]:
    """Yield the arguments with which Voila is started, whatever settings for Voila lie in the folder or at
    home.

    Kernels are started ahead, and ended when nobody uses them; no tracebacks are shown and no files served.

    Args:
        notebook: the notebook that is shown.
        port: of the page.
        browser: whether it is opened in the browser.
        pool: how many kernels are started ahead.
        host: the address at which it is served; by default only this machine reaches it.
        base_url: the path of the page.
        idle: seconds after which the kernel of a page that nobody has touched ends.
        fork: whether kernels are forked where they can be.

    Yields:
        The notebook's path, then one option each.
    """
    flags = {
        "Voila.ip": host,
        "Voila.base_url": base_url,
        "Voila.port": port,
        "Voila.port_retries": 0,
        "Voila.open_browser": browser,
        "Voila.log_level": "ERROR",
        "Voila.config_file_paths": notebook.parent,
        "VoilaConfiguration.template": "spicewidgets",
        "VoilaConfiguration.allow_template_override": "NO",
        "VoilaConfiguration.show_tracebacks": False,
        "VoilaConfiguration.file_denylist": ".*",
        "VoilaConfiguration.preheat_kernel": pool > 0,
        "VoilaConfiguration.default_pool_size": pool,
        "VoilaKernelManager.fill_delay": FILL_DELAY,
        "VoilaExecutor.startup_timeout": KERNEL_TIMEOUT,
        "VoilaExecutor.iopub_timeout": KERNEL_TIMEOUT,
        "KernelManager.transport": transport(),
        "MappingKernelManager.cull_idle_timeout": idle,
        "MappingKernelManager.cull_interval": min(60, idle),
        "MappingKernelManager.cull_connected": host != HOST,
        "ForkedProvisioner.apart": True,
        "ForkedProvisioner.forks": fork,
        "ForkedProvisioner.processes": PUBLIC_PROCESSES if host != HOST else OWN_PROCESSES,
    }
    yield str(notebook)
    yield from (f"--{name}={value}" for name, value in flags.items())
    yield from (f"--VoilaConfiguration.extension_allowlist={name}" for name in EXTENSIONS)


def transport() -> str:
    """Return the transport between Voila and its kernels: "ipc" (socket files) or "tcp" (ports).

    A port that is chosen for a kernel can be taken by somebody else before the kernel is there; it then ends,
    and Voila waits for it and shows nothing. Socket files cannot be taken, but the system refuses long paths.
    """
    longest = len(tempfile.gettempdir()) + len("/spicewidgets-12345678/learner-12345678/kernel-ipc-1")
    return "ipc" if os.name == "posix" and longest < 100 else "tcp"
