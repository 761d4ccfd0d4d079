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


def test_0_your_data(ran):
    told = ran(
        "00_your_data",
        """{
            "rows": [n_rows, n_missing, n_targets],
            "again": frame[frame.choice >= 0].shape[0],
            "shape": list(dataset.xs.shape),
            "lengths": [int(lengths.min()), int(lengths.max())],
            "repeats": repeats.to_dict("index"),
            "rates": rates.to_dict("index"),
        }""",
        figures=1,
    )
    rows, missing, targets = told["rows"]
    assert rows == 30 * (90 + 120 + 60)
    assert 0.02 < missing / rows < 0.04
    assert told["again"] == rows - missing
    assert rows - 3 * missing < targets < rows - missing - 89
    assert told["shape"] == [90, 120, 7]
    assert 55 <= told["lengths"][0] <= 60
    assert told["lengths"][1] == 120
    for who, rates in told["rates"].items():
        assert rates["found"] == pytest.approx(rates["true"], abs=0.1)
        assert told["repeats"][who]["after a reward"] > told["repeats"][who]["after none"] + 0.1


@pytest.mark.seed(8, 23, 43, 47, 69, 71, 72, 73, 74, 75, 76, 78, 93, 102, 104, 109, 112)
def test_1_rescorla_wagner(ran):
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


def test_2_forgetting(ran):
    told = ran(
        "02_forgetting",
        """{
            "table": table.to_dict("index"),
            "terms": terms.difference.tolist(),
            "kept": kept,
            "invariant": [difference, expected],
            "shift": shifted_by,
        }""",
        figures=2,
    )
    table = told["table"]
    assert table["spice"]["max_dp"] < 0.1 < 0.2 < table["without a module"]["max_dp"]
    assert table["spice"]["bic"] + 50 < table["without a module"]["bic"]
    assert told["kept"] == pytest.approx(0.8, abs=0.03)
    assert told["invariant"] == [pytest.approx(-1.5, abs=0.15), -1.5]
    constant, value, reward, other_constant, other_value = told["terms"]
    assert max(map(abs, (value, reward, other_value))) < 0.05
    assert constant / 0.3 == pytest.approx(other_constant / 0.2, abs=0.2)  # both are off, by one shift
    assert told["shift"] > 0.3


def test_3_hard_coded(ran):
    told = ran(
        "03_hard_coded",
        """{
            "known": known_table.to_dict("index"),
            "beta": beta_found,
            "constant": constant,
            "rates": rates.to_dict("index"),
            "table": table.to_dict("index"),
            "apart": apart,
        }""",
        figures=1,
    )
    assert told["known"]["rate given"]["bic"] < told["known"]["all learned"]["bic"]
    assert told["known"]["rate given"]["max_dp"] < 0.05
    assert told["beta"] == pytest.approx(3, abs=0.2)
    assert told["constant"] == pytest.approx(0.1, abs=0.02)
    found = {name: row["found"] for name, row in told["rates"].items()}
    assert found == {
        "alpha_reward": pytest.approx(0.5, abs=0.06),
        "alpha_penalty": pytest.approx(0.2, abs=0.06),
        "beta_reward": pytest.approx(3, abs=0.4),
        "forget_rate": pytest.approx(0, abs=0.02),
    }
    assert told["table"]["spice"]["max_dp"] < 0.1
    assert told["apart"] < 1e-15


@pytest.mark.seed(111)
def test_4_individual_differences(ran):
    told = ran(
        "04_individual_differences",
        """{
            "one_rate": one_rate,
            "table": table.to_dict("index"),
            "terms": terms.to_dict("list"),
            "rates": rates.to_dict("index"),
            "recovered": {name: recovered.loc[name].to_dict("index") for name in people},
            "products": products,
            "losses": losses.to_dict("index"),
        }""",
        figures=1,
    )
    table = told["table"]
    assert 0.3 < told["one_rate"] < 0.6  # neither of 0.8 and 0.2
    assert table["rnn"]["max_dp"] < 0.1 < 0.2 < table["degree 1"]["max_dp"]  # learned, and not said
    assert table["degree 2"]["max_dp"] < 0.1
    assert table["degree 2"]["nll"] + 0.015 < table["degree 1"]["nll"]
    assert told["terms"]["true"] == pytest.approx([-0.2, 0.8, 1.8, -0.6], abs=1e-12)
    assert told["terms"]["found"] == pytest.approx(told["terms"]["true"], abs=0.1)
    assert told["rates"]["alpha_reward"]["found"] == pytest.approx(0.8, abs=0.1)
    assert told["rates"]["alpha_penalty"]["found"] == pytest.approx(0.2, abs=0.1)
    for who in told["recovered"].values():
        for rate in ("alpha_reward", "alpha_penalty"):
            assert who["found"][rate] == pytest.approx(who["true"][rate], abs=0.1)
    assert told["products"]["Ben"] < -0.3 < min(told["products"]["Ann"], told["products"]["Cleo"])
    for losses in told["losses"].values():
        assert losses["an equation for each"] == pytest.approx(losses["truth"], abs=2e-3)
        assert losses["one equation for all"] > losses["truth"] + 4e-3


def test_5_perseveration(ran):
    told = ran(
        "05_perseveration",
        """{
            "repeated": repeated.to_dict("index"),
            "fooled": fooled.to_dict("index"),
            "kept": kept,
            "table": table.to_dict("index"),
            "parameters": parameters.to_dict("index"),
            "terms": terms["true"].tolist(),
        }""",
        figures=2,
    )
    repeated = told["repeated"]
    assert all(
        repeated["with the habit"][when] > repeated["without"][when] + 0.05 for when in repeated["without"]
    )
    assert told["fooled"]["forgetting"]["bic"] + 100 < told["fooled"]["value only"]["bic"]
    assert told["kept"] < 0.95  # nothing is forgotten in truth
    assert told["fooled"]["forgetting"]["max_dp"] > 0.2
    assert told["table"]["spice"]["max_dp"] < 0.1
    assert told["table"]["spice"]["bic"] + 100 < told["table"]["forgetting"]["bic"]
    assert told["terms"] == pytest.approx([-0.3, 0.7, 0.9, 0.5, 0.5, 0, 0.5], abs=1e-12)
    for name, most in {
        "alpha_reward": 0.06,
        "beta_reward": 0.4,
        "alpha_choice": 0.15,
        "beta_choice": 0.3,
    }.items():
        assert told["parameters"][name]["found"] == pytest.approx(told["parameters"][name]["true"], abs=most)


def test_6_is_it_true(ran):
    told = ran(
        "06_is_it_true",
        """{
            "seen": seen.to_dict("index"),
            "correlations": correlations,
            "errors": errors,
            "spread": [spread[n] for n in amounts],
            "diagonal": chosen_true,
            "confusion": confusion.to_numpy().tolist(),
            "missing": missing.to_dict(),
            "likelihood": fit_table.trial_likelihood.to_dict(),
        }""",
        figures=2,
    )
    guesses = told["seen"]["guesses"]
    assert list(guesses.values()) == pytest.approx([0.5, 0.5, 0.5], abs=0.03)
    assert told["seen"]["learns"]["takes the better option"] > 0.58
    assert min(told["correlations"].values()) > 0.9
    assert told["errors"]["alpha_reward"] < 0.08
    assert told["spread"][0] > told["spread"][2]
    assert told["diagonal"] >= 10
    assert [sum(row) for row in told["confusion"]] == [4, 4, 4]
    assert told["missing"]["after none"] > 0.05
    likelihood = told["likelihood"]
    assert likelihood["participant"] - 0.05 < likelihood["equation"] < likelihood["participant"]
