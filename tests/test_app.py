"""`spicewidgets app` starts Voila on the packaged notebook with safe flags."""

import json

from click.testing import CliRunner

from spicewidgets.cli import app, main
from spicewidgets.cli.serve import NOTEBOOK, command


def test_the_packaged_notebook_is_a_door_to_the_explorer():
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    (cell,) = notebook["cells"]
    assert "explorer()" in "".join(cell["source"])
    assert cell["outputs"] == []


def test_voila_is_started_for_this_machine_only():
    flags = command(port=9000, browser=False)
    assert str(NOTEBOOK) in flags
    assert "--Voila.ip=127.0.0.1" in flags
    assert "--VoilaConfiguration.show_tracebacks=False" in flags
    assert "--no-browser" in flags
    assert "--no-browser" not in command(port=9000, browser=True)


def test_without_voila_the_line_to_install_it_is_told(monkeypatch):
    monkeypatch.setattr("spicewidgets.cli.serve.find_spec", lambda name: None)
    result = CliRunner().invoke(main, ["app"])
    assert result.exit_code == 1
    assert 'pip install "spicewidgets[voila]"' in result.output


def test_bad_options_are_refused():
    assert CliRunner().invoke(app, ["--port", "0"]).exit_code == 2
