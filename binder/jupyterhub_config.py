"""A workshop's server: each learner logs in, and has the explorer and the lessons apart from all others.

WORKSHOP.md tells how it is used, and what the variables below are for.
"""

import hmac
import os
import re
import shutil
import sys
from importlib.metadata import entry_points
from pathlib import Path

from jupyterhub.auth import Authenticator
from jupyterhub.spawner import SimpleLocalProcessSpawner

from spicewidgets.cli.serve import doors, environment

c = get_config()  # noqa: F821 # JupyterHub gives it to this file

HERE = Path(__file__).resolve().parent
FOLDER = Path(os.environ.get("WORKSHOP_FOLDER", "workshop")).resolve()
LEARNERS = Path(os.environ.get("WORKSHOP_LEARNERS", "learners.csv"))
APP = os.environ.get("WORKSHOP_APP", "")
ONE_ACCOUNT = os.environ.get("WORKSHOP_ONE_ACCOUNT") == "1"
FIRST_ACCOUNT = (
    50_000  # learners get this user number in the system and the next ones; no one else may have them
)
FORKED = "spicewidgets-forked"  # the kernels of `spicewidgets app`
IDLE = 3600  # seconds after which a kernel, and then a server, that nobody uses ends


def passwords() -> dict[str, str]:
    """Each learner's password, from lines of `name,password`."""
    if not LEARNERS.is_file():
        sys.exit(
            f"WORKSHOP_LEARNERS must be a file; there is no {LEARNERS}. WORKSHOP.md tells how to make it."
        )
    rows = [line.split(",", 1) for line in LEARNERS.read_text(encoding="utf-8").split()]
    for row in rows:
        if len(row) != 2 or not re.fullmatch("[a-z][a-z0-9-]{0,30}", row[0]) or len(row[1]) < 8:
            sys.exit(
                f"A line of {LEARNERS} must be a name (small letters, digits, -), a comma and a password of 8"
                f" or more characters; got {row[0]!r}. Correct that line."
            )
    return dict(rows)


class FromList(Authenticator):
    """Lets those in whose name and password stand in the list."""

    async def authenticate(self, handler: object, data: dict[str, str]) -> str | None:
        """Return the name, or None."""
        known = KNOWN.get(data["username"], "")
        right = hmac.compare_digest(known.encode(), data["password"].encode())
        return data["username"] if known and right else None


class Apart(SimpleLocalProcessSpawner):
    """Runs each learner's server and kernels under a user number of its own, in a home that only it can read.
    No accounts need be made in the system; but only root may start it.
    """

    async def start(self) -> tuple[str, int]:
        """Make the home, with the notebooks in it, and start the server there."""
        home = Path(self.home_dir)
        if not home.exists():
            taken = [each.stat().st_uid for each in FOLDER.iterdir() if each.is_dir()]
            home.mkdir(mode=0o700)
            shutil.copytree(NOTEBOOKS, home / "notebooks", ignore=shutil.ignore_patterns(".*"))
            if not ONE_ACCOUNT:
                give(home, max([FIRST_ACCOUNT - 1, *taken]) + 1)
        if not ONE_ACCOUNT:
            account = home.stat().st_uid
            if account < FIRST_ACCOUNT:  # made in a trial: its owner is the one who may do everything
                raise PermissionError(f"{home} belongs to user {account}, who is no learner. Remove it.")
            self.popen_kwargs = {"user": account, "group": account, "extra_groups": []}
        return await super().start()


def give(home: Path, account: int) -> None:
    """Make a new home, and all that is in it, that account's."""
    for path in (home, *home.rglob("*")):
        os.chown(path, account, account)


if not ONE_ACCOUNT and os.geteuid() != 0:
    sys.exit(
        "JupyterHub must be started by root, to run each learner's kernels apart; it was started by another"
        " user. Use sudo; or, to try it alone, set WORKSHOP_ONE_ACCOUNT=1."
    )
KNOWN = passwords()
NOTEBOOKS = next(iter(doors().values())).parent
FOLDER.mkdir(
    mode=0o711, parents=True, exist_ok=True
)  # others may pass through to their home, and see nothing

c.JupyterHub.db_url = f"sqlite:///{FOLDER}/hub.sqlite"
c.JupyterHub.cookie_secret_file = str(FOLDER / "cookie_secret")
c.JupyterHub.concurrent_spawn_limit = 10  # who comes later is told to wait, and is let in by itself
c.ConfigurableHTTPProxy.pid_file = str(FOLDER / "proxy.pid")

c.JupyterHub.authenticator_class = FromList
c.Authenticator.allow_all = True  # of those in the list
c.Authenticator.admin_users = {"teacher"} & set(KNOWN)

c.JupyterHub.spawner_class = Apart
c.Apart.home_dir_template = str(FOLDER / "{username}")
c.Spawner.default_url = "/voila/render/notebooks/explorer.ipynb"
c.Spawner.http_timeout = c.Spawner.start_timeout = 180  # when all come at once
# Each server forks its kernels from a process of its own, where the package was installed with that.
forked = entry_points(group="jupyter_client.kernel_provisioners", name=FORKED)
c.Spawner.environment = {
    **environment(),
    **({"JUPYTER_DEFAULT_PROVISIONER_NAME": FORKED} if forked else {}),
    "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, [str(HERE), os.environ.get("JUPYTER_CONFIG_PATH")])),
}
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = [
    "--ServerApp.terminals_enabled=False",
    f"--ServerApp.shutdown_no_activity_timeout={IDLE}",
    f"--MappingKernelManager.cull_idle_timeout={IDLE}",
    "--MappingKernelManager.cull_interval=60",
    "--LabApp.extension_manager=readonly",
    *(["--allow-root"] if ONE_ACCOUNT else []),  # whose trial it is
]

# `spicewidgets app` beside the hub, with warm kernels and without a password, at /services/explorer/.
if APP:
    c.JupyterHub.services = [{"name": "explorer", "url": APP}]
