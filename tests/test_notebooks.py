"""The notebooks run, and what they show is what they compute.

A notebook is executed in a folder of its own, by the Python that runs the tests. After a change, this file
executes the notebooks and stores their outputs in them: `python tests/test_notebooks.py`.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from base64 import b64decode
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))  # the doors have tests of their own
RESCORLA_WAGNER = ROOT / "notebooks" / "01_rescorla_wagner.ipynb"

COLAB = "https://colab.research.google.com/github/spicewidgets/spicewidgets/blob/main/"
BADGE = re.compile(r"\[!\[Open in Colab\]\([^)]*\.svg\)\]\((?P<url>[^)]*)\)")
NO_PROSE = re.compile(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|\]\([^)]*\)", re.DOTALL)  # code, maths, links
DECIMAL = re.compile(r"[-+]?\d[\d,]*\.\d+")
MOST_BYTES = 300_000  # of a notebook's figures, as they are stored

# To the stored outputs, as for the README's numbers: they differ in the last digits between machines.
CLOSE = {"rel": 3e-3, "abs": 0.02}
LOOSE_CELLS = {"overfit-read"}  # an overfitted network's losses hang on the last digits

# The notebook's own variables, handed out by a cell that the test appends.
HAND_OUT = """
import json, sys
print(json.dumps({
    "python": sys.executable,
    "found": spice.get_spice_features()["x_value_reward_chosen"],
    "true": truth.equation("x_value_reward_chosen").coefficients,
    "alike": true_model(agent, StartsAlike, RESCORLA_WAGNER_CONFIG).equation("x_value_reward_chosen").values,
    "classical": {name: float(found[name]) for name in names},
    "constant": constant_table.to_dict("index"),
    "gap": np.ravel(gap).tolist(),
    "table": table.to_dict("index"),
    "same": [float(rnn_apart), float(spice_apart)],
    "loaded": [float(np.abs(a - b).max()) for a, b in zip(before, after)],
    "held_back": [first.validation_loss, last.validation_loss],
}))
"""


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def executed(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """The notebook with fresh outputs. A cell that raises is an error here too."""
    client = NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        coalesce_streams=True,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    return client.execute()


def code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell: NotebookNode) -> str:
    """What a cell says in words: printed, as Markdown, or as plain text."""
    parts = []
    for output in cell.outputs:
        data = output.get("data", {})
        parts.append(output.get("text") or data.get("text/markdown") or data.get("text/plain", ""))
    return "\n".join(parts)


@pytest.fixture
def apart(tmp_path, monkeypatch):
    """A folder to run in, without the user's own Jupyter settings, and figures in the notebook."""
    monkeypatch.delenv("MPLBACKEND", raising=False)
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


def test_the_tutorial_runs_and_its_numbers_hold(apart):  # S8, S69-S76, S93, S102, S104, S112
    notebook = read(RESCORLA_WAGNER)
    stored = {cell.id: shown(cell) for cell in code(notebook)}
    notebook.cells.append(nbformat.v4.new_code_cell(HAND_OUT))
    *cells, last = code(executed(notebook, apart))
    told = json.loads(last.outputs[0]["text"])

    assert Path(told["python"]) == Path(sys.executable)
    assert_quiet(cells)
    assert_equation(told)
    assert_constant(told)
    assert_comparison(told)
    assert told["same"] == [0, 0]
    assert told["loaded"] == [0, 0]
    assert told["held_back"][1] > told["held_back"][0] + 0.01
    assert {path.name for path in apart.iterdir()} == {
        "rescorla_wagner.safetensors",
        "rescorla_wagner.json",
    }
    for cell in cells:
        if cell.id not in LOOSE_CELLS:
            assert_same_text(shown(cell), stored[cell.id])


def assert_quiet(cells: list[NotebookNode]) -> None:
    """No warning, no error, and every figure is shown once."""
    said = [output["text"] for cell in cells for output in cell.outputs if output.get("name") == "stderr"]
    assert said == []
    assert not [cell.id for cell in cells if any(o.output_type == "error" for o in cell.outputs)]
    figures = [[o for o in cell.outputs if "image/png" in o.get("data", {})] for cell in cells]
    drawn = [len(images) for cell, images in zip(cells, figures, strict=True) if "plt.show()" in cell.source]
    assert drawn == [1] * len(drawn)
    assert sum(map(len, figures)) == len(drawn)


def assert_equation(told: dict) -> None:
    value, reward = "x_value_reward_chosen[k]", "c_reward[k]"
    assert told["true"] == pytest.approx({"1": -0.3, value: 0.7, reward: 0.9}, abs=1e-12)
    assert told["found"] == {
        "1": pytest.approx(-0.3, abs=0.15),
        value: pytest.approx(0.7, abs=0.06),
        reward: pytest.approx(0.9, abs=0.09),
    }
    assert told["alike"] == pytest.approx([0, 0.7, 0.9], abs=1e-12)
    assert told["classical"] == {
        "alpha_reward": pytest.approx(0.3, abs=0.06),
        "beta_reward": pytest.approx(3, abs=0.5),
        "q0": pytest.approx(0.5, abs=0.1),
    }


def assert_constant(told: dict) -> None:
    """The constant does not drop out; the shift that all options share does."""
    true, without = told["constant"]["true equation"], told["constant"]["true, no constant"]
    assert true["max_dp"] < 1e-12
    assert np.allclose(told["gap"], -1, atol=1e-12)
    assert 0.2 < without["max_dp"] < 0.25  # a participant who chooses one arm again and again (FEATURES 0.1)
    assert without["nll"] > true["nll"] + 5e-4
    assert told["constant"]["found, no constant"]["max_dp"] > 5 * told["constant"]["found equation"]["max_dp"]


def assert_comparison(told: dict) -> None:
    table = told["table"]
    assert list(table) == ["groundtruth", "rnn", "spice"]
    for label in ("rnn", "spice"):
        assert table[label]["nll"] == pytest.approx(table["groundtruth"]["nll"], abs=2e-3)
        assert table[label]["max_dp"] < 0.1
    assert table["spice"]["n_parameters"] == 3
    assert table["spice"]["bic"] < table["rnn"]["bic"]


def assert_same_text(fresh: str, stored: str) -> None:
    """Words must be equal, decimals close."""
    assert DECIMAL.sub("#", fresh).split() == DECIMAL.sub("#", stored).split()
    assert decimals(fresh) == pytest.approx(decimals(stored), **CLOSE)


def decimals(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in DECIMAL.findall(text)]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


def test_the_first_cell_opens_this_notebook_on_colab(path):  # S1
    found = BADGE.search(read(path).cells[0].source)
    assert found is not None
    assert found["url"] == COLAB + path.relative_to(ROOT).as_posix()


def test_the_install_cell_is_one_comment_that_pins_nothing(path):  # S2, S3
    lines = [line for cell in code(read(path)) for line in cell.source.splitlines() if "pip install" in line]
    assert len(lines) == 1
    assert lines[0].startswith("# %pip install ")
    assert not re.search(r"numpy|torch|pandas|==|uninstall", lines[0])


def test_the_stored_outputs_come_from_one_run_without_an_error(path):
    cells = code(read(path))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]


def test_the_stored_figures_are_small(path):
    data = [output.get("data", {}) for cell in code(read(path)) for output in cell.outputs]
    assert 0 < sum(len(b64decode(each.get("image/png", ""))) for each in data) < MOST_BYTES


def test_no_number_in_the_text_is_written_by_hand(path):
    prose = [NO_PROSE.sub("", cell.source) for cell in read(path).cells if cell.cell_type == "markdown"]
    assert [number for text in prose for number in DECIMAL.findall(text)] == []


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_a_notebook_has_the_house_format(path, command):
    ran = subprocess.run(
        [sys.executable, "-m", "ruff", *command, path], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def store(path: Path) -> None:
    """Execute a notebook and keep its outputs in it."""
    os.environ.pop("MPLBACKEND", None)
    with tempfile.TemporaryDirectory() as folder:
        nbformat.write(executed(read(path), Path(folder)), path)


if __name__ == "__main__":
    for each in NOTEBOOKS:
        store(each)
