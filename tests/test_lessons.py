"""The lessons run from top to bottom, without a warning, and what they show is what they claim.

Runs on both generations of widgets. Each lesson is executed once, with a cell at its end that hands out what
is asserted here, and in which all its questions are answered.
"""

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"

# A wrong answer, and the one that is shown when it is asked for.
ANSWER = """
from spicewidgets import Question

def answered(question):
    question.check()
    before = question.right
    question.tell()
    shown = question.verdict.value
    options = getattr(question.given, "options", ())
    told = question._told()
    question.given.value = next((o for o in options[1:] if o != told), "12345")
    question.check()
    wrong = question.right
    question.given.value = told
    question.check()
    return [before, wrong, question.right, told in shown, question.alert.value]

import json
answers = [answered(each) for each in Out.values() if isinstance(each, Question)]
print(json.dumps([{told}, answers], default=float))
"""


@pytest.fixture
def ran(request, tmp_path, monkeypatch):
    """Runs a lesson in a folder of its own, without the user's own Jupyter settings; what it hands out."""
    monkeypatch.delenv("MPLBACKEND", raising=False)  # figures in the notebook, as for a reader
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    folder = tmp_path / "run"
    folder.mkdir()

    def run(lesson: str, told: str, figures: int) -> dict:
        notebook = nbformat.read(FOLDER / f"{lesson}.ipynb", as_version=4)
        notebook.cells.append(nbformat.v4.new_code_cell(ANSWER.replace("{told}", told)))
        resources = {"metadata": {"path": str(folder)}}
        NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
        *cells, last = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert [
            output["text"] for cell in cells for output in cell.outputs if output.get("name") == "stderr"
        ] == []
        drawn = [output for cell in cells for output in cell.outputs if "image/png" in output.get("data", {})]
        assert len(drawn) == figures
        assert list(folder.iterdir()) == []  # nothing is left behind
        handed_out, answers = json.loads("".join(output["text"] for output in last.outputs))
        asked = [cell for cell in cells if "Question(" in cell.source]
        assert answers == [[None, False, True, True, ""]] * len(asked)
        return handed_out

    return run


def test_1_rescorla_wagner(ran):  # S8, S69-S76, S93, S102, S104, S112
    told = ran(
        "01_rescorla_wagner",
        """{
            "found": equation.coefficients,
            "true": truth.equation("x_value_reward_chosen").coefficients,
            "classical": {name: found[name] for name in names},
            "constant": constant_table.to_dict("index"),
            "gap": [gap.min(), gap.max()],
            "table": table.to_dict("index"),
            "equal": [rnn_apart, spice_apart, *loaded_apart],
            "held_back": [first.validation_loss, last.validation_loss],
        }""",
        figures=6,
    )
    value, reward = "x_value_reward_chosen[k]", "c_reward[k]"
    assert told["true"] == pytest.approx({"1": -0.3, value: 0.7, reward: 0.9}, abs=1e-12)
    assert told["found"] == {
        "1": pytest.approx(-0.3, abs=0.15),
        value: pytest.approx(0.7, abs=0.06),
        reward: pytest.approx(0.9, abs=0.09),
    }
    assert told["classical"] == {
        "alpha_reward": pytest.approx(0.3, abs=0.06),
        "beta_reward": pytest.approx(3, abs=0.5),
        "q0": pytest.approx(0.5, abs=0.1),
    }
    assert told["equal"] == [0, 0, 0, 0]
    assert told["held_back"][1] > told["held_back"][0] + 0.01
    assert_constant(told)
    assert_comparison(told["table"])


def assert_constant(told: dict) -> None:
    """The constant does not drop out; the shift that all options share does."""
    true, without = told["constant"]["true equation"], told["constant"]["true, no constant"]
    assert true["max_dp"] < 1e-12
    assert told["gap"] == pytest.approx([-1, -1], abs=1e-12)
    assert 0.2 < without["max_dp"] < 0.25  # a participant who chooses one arm again and again (FEATURES 0.1)
    assert without["nll"] > true["nll"] + 5e-4
    assert told["constant"]["found, no constant"]["max_dp"] > 5 * told["constant"]["found equation"]["max_dp"]


def assert_comparison(table: dict) -> None:
    assert list(table) == ["groundtruth", "rnn", "spice"]
    for label in ("rnn", "spice"):
        assert table[label]["nll"] == pytest.approx(table["groundtruth"]["nll"], abs=2e-3)
        assert table[label]["max_dp"] < 0.1
    assert table["spice"]["n_parameters"] == 3
    assert table["spice"]["bic"] < table["rnn"]["bic"]
