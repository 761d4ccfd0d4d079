"""`spicewidgets app` starts Voila with safe flags, and says it in a sentence when it cannot."""

import os
import socket
import subprocess
import sys

import pytest
from click.testing import CliRunner
from jupyter_client import KernelManager
from jupyter_server.services.kernels.kernelmanager import MappingKernelManager
from voila.app import Voila
from voila.configuration import VoilaConfiguration
from voila.execute import VoilaExecutor
from voila.voila_kernel_manager import voila_kernel_manager_factory

from spicewidgets.cli import app, main
from spicewidgets.cli.serve import EXTENSIONS, TEMPLATES, arguments, doors, environment
from spicewidgets.server.provisioner import ForkedProvisioner


@pytest.fixture
def taken():
    """A port that another program listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def voila_flags(port=9000, browser=False, pool=1):
    return list(arguments(doors()["explorer"], port, browser, pool))


def test_voila_is_started_for_this_machine_only():
    flags = voila_flags()
    assert str(doors()["explorer"]) in flags
    assert "--Voila.ip=127.0.0.1" in flags
    assert "--Voila.port=9000" in flags
    assert "--VoilaConfiguration.show_tracebacks=False" in flags


def test_made_public_it_is_for_every_network_and_forgets_who_went_away():
    flags = list(arguments(doors()["explorer"], 9000, False, 1, host="0.0.0.0", base_url="/spice/"))
    assert "--Voila.ip=0.0.0.0" in flags
    assert "--Voila.base_url=/spice/" in flags
    assert "--MappingKernelManager.cull_connected=True" in flags
    assert "--MappingKernelManager.cull_connected=False" in voila_flags()


@pytest.mark.parametrize("browser", [True, False])
def test_the_browser_is_opened_when_asked(browser):
    assert f"--Voila.open_browser={browser}" in voila_flags(browser=browser)


@pytest.mark.parametrize(("pool", "warm"), [(0, False), (1, True), (3, True)])
def test_kernels_are_kept_warm(pool, warm):
    flags = voila_flags(pool=pool)
    assert f"--VoilaConfiguration.preheat_kernel={warm}" in flags
    assert f"--VoilaConfiguration.default_pool_size={pool}" in flags


def test_idle_kernels_end_when_it_is_said():
    assert "--MappingKernelManager.cull_idle_timeout=3600" in voila_flags()
    flags = list(arguments(doors()["task"], 8866, False, 0, idle=30))
    assert "--MappingKernelManager.cull_idle_timeout=30" in flags
    assert "--MappingKernelManager.cull_interval=30" in flags


def test_kernels_that_are_slow_because_they_are_many_do_not_leave_a_page_empty():
    flags = voila_flags(pool=30)
    assert "--VoilaExecutor.iopub_timeout=600" in flags
    assert "--VoilaExecutor.startup_timeout=600" in flags


@pytest.mark.parametrize(("folder", "expected"), [("/tmp", "ipc"), ("/" + "x" * 60, "tcp")])
@pytest.mark.skipif(os.name != "posix", reason="Ports are all there is.")
def test_kernels_share_no_ports(monkeypatch, folder, expected):
    monkeypatch.setattr("tempfile.tempdir", folder)
    assert f"--KernelManager.transport={expected}" in voila_flags()


def test_the_flags_are_voilas_own():
    """Voila passes over a flag that it does not know, without a word."""
    warm = voila_kernel_manager_factory(MappingKernelManager, True, 1)
    classes = (Voila, VoilaConfiguration, VoilaExecutor, KernelManager, MappingKernelManager, warm)
    classes += (ForkedProvisioner,)
    known_names = {f"{each.__name__}.{name}" for each in classes for name in each.class_traits(config=True)}
    assert {flag[2:].split("=")[0] for flag in voila_flags()[1:]} <= known_names


def test_our_template_is_found_first_and_what_was_there_is_kept(monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "/elsewhere")
    assert environment()["JUPYTER_PATH"].split(os.pathsep) == [str(TEMPLATES), "/elsewhere"]
    assert (TEMPLATES / "voila" / "templates" / "spicewidgets" / "index.html.j2").exists()


def test_kernels_say_nothing_at_the_command_line_that_a_learner_cannot_use():
    """A kernel warns of connections on this machine without encryption; only errors are told."""
    code = "from jupyter_client.kernelspec import get_kernel_spec as g; print(*g('python3').argv)"
    command = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "ipykernel_launcher" in command
    assert "--log-level=ERROR" in command


def test_the_front_ends_of_both_widget_generations_are_let_in():
    assert {f"@voila-dashboards/widgets-manager{n}" for n in (7, 8)} < set(EXTENSIONS)


def test_without_voila_the_line_to_install_it_is_told(monkeypatch):
    monkeypatch.setattr("spicewidgets.cli.serve.find_spec", lambda name: None)
    result = CliRunner().invoke(main, ["app"])
    assert result.exit_code == 1
    assert 'pip install "spicewidgets[voila]"' in result.output


def test_a_busy_port_is_told_in_a_sentence(taken, monkeypatch):
    monkeypatch.setattr("spicewidgets.cli.serve.find_spec", lambda name: object())
    result = CliRunner().invoke(main, ["app", "--port", str(taken)])
    assert result.exit_code == 1
    assert f"Port {taken} cannot be used" in result.output
    assert "Take another one: --port " in result.output


@pytest.mark.parametrize("options", [["--port", "0"], ["--pool", "-1"], ["nothing-of-this-name"]])
def test_bad_options_are_refused(options):
    assert CliRunner().invoke(app, options).exit_code == 2
