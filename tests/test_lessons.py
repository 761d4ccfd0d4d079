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
    options = getattr(question.field, "options", ())
    told = question.answer if isinstance(question.answer, str) else f"{question.answer:.3g}"
    question.field.value = next((o for o in options[1:] if o != told), "12345")
    question.check()
    wrong = question.right
    question.field.value = told
    question.check()
    return [before, wrong, question.right, told in shown, question.alert.value]

import json
answers = [answered(each) for each in Out.values() if isinstance(each, Question)]
print(json.dumps([{expression}, answers], default=float))
"""


@pytest.fixture
def run_lesson(request, tmp_path, monkeypatch):
    """Runs a lesson in a folder of its own, without the user's own Jupyter settings; what it hands out."""
    monkeypatch.delenv("MPLBACKEND", raising=False)  # figures in the notebook, as for a reader
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    folder = tmp_path / "run"
    folder.mkdir()

    def run(lesson: str, expression: str, figures: int) -> dict:
        notebook = nbformat.read(FOLDER / f"{lesson}.ipynb", as_version=4)
        notebook.cells.append(nbformat.v4.new_code_cell(ANSWER.replace("{expression}", expression)))
        resources = {"metadata": {"path": str(folder)}}
        NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
        *cells, last = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert [
            output["text"] for cell in cells for output in cell.outputs if output.get("name") == "stderr"
        ] == []
        figure_outputs = [
            output for cell in cells for output in cell.outputs if "image/png" in output.get("data", {})
        ]
        assert len(figure_outputs) == figures
        assert list(folder.iterdir()) == []  # nothing is left behind
        handed_out, answers = json.loads("".join(output["text"] for output in last.outputs))
        question_cells = [
            cell for cell in cells if "Question(" in cell.source or "Prediction(" in cell.source
        ]
        assert answers == [[None, False, True, True, ""]] * len(question_cells)
        return handed_out

    return run


def test_0_your_data(run_lesson):
    result = run_lesson(
        "00_your_data",
        """{
            "rows": [n_rows, n_missing, n_targets],
            "again": frame[frame.choice >= 0].shape[0],
            "carried": carried_on.dataset.n_sessions,
            "shape": list(dataset.xs.shape),
            "lengths": [int(lengths.min()), int(lengths.max())],
            "repeats": repeats.to_dict("index"),
            "rates": rates.to_dict("index"),
        }""",
        figures=1,
    )
    rows, missing, targets = result["rows"]
    assert rows == 30 * (90 + 120 + 60)
    assert 0.02 < missing / rows < 0.04
    assert result["again"] == rows - missing
    assert rows - 3 * missing < targets < rows - missing - 89
    assert result["shape"] == [90, 120, 5]
    assert result["carried"] == 3
    assert 55 <= result["lengths"][0] <= 60
    assert result["lengths"][1] == 120
    for participant, rates in result["rates"].items():
        assert rates["alpha_reward"] == pytest.approx(rates["true"], abs=0.1)
        assert rates["alpha_reward low"] < rates["alpha_reward"] < rates["alpha_reward high"]
        assert (
            result["repeats"][participant]["after a reward"]
            > result["repeats"][participant]["after none"] + 0.1
        )


@pytest.mark.seed(8, 23, 43, 47, 69, 71, 72, 73, 74, 75, 76, 78, 93, 102, 104, 109, 112)
def test_1_rescorla_wagner(run_lesson):
    result = run_lesson(
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
    assert result["true"] == pytest.approx({"1": -0.3, value: 0.7, reward: 0.9}, abs=1e-12)
    assert result["found"] == {
        "1": pytest.approx(-0.3, abs=0.15),
        value: pytest.approx(0.7, abs=0.06),
        reward: pytest.approx(0.9, abs=0.09),
    }
    assert result["classical"] == {
        "alpha_reward": pytest.approx(0.3, abs=0.06),
        "beta_reward": pytest.approx(3, abs=0.5),
        "q0": pytest.approx(0.5, abs=0.1),
    }
    assert result["equal"] == [0, 0, 0, 0]
    assert result["held_back"][1] > result["held_back"][0] + 0.01
    assert_constant(result)
    assert_comparison(result["table"])


def assert_constant(result: dict) -> None:
    """The constant does not drop out; the shift that all options share does."""
    true, without = result["constant"]["true equation"], result["constant"]["true, no constant"]
    assert true["max_dp"] < 1e-12
    assert result["gap"] == pytest.approx([-1, -1], abs=1e-12)
    assert 0.2 < without["max_dp"] < 0.25  # a participant who chooses one arm again and again (FEATURES 0.1)
    assert without["nll"] > true["nll"] + 5e-4
    assert (
        result["constant"]["found, no constant"]["max_dp"]
        > 5 * result["constant"]["found equation"]["max_dp"]
    )


def assert_comparison(table: dict) -> None:
    assert list(table) == ["groundtruth", "rnn", "spice"]
    for label in ("rnn", "spice"):
        assert table[label]["nll"] == pytest.approx(table["groundtruth"]["nll"], abs=2e-3)
        assert table[label]["max_dp"] < 0.1
    assert table["spice"]["n_parameters"] == 3
    assert table["spice"]["bic"] < table["rnn"]["bic"]


def test_2_forgetting(run_lesson):
    result = run_lesson(
        "02_forgetting",
        """{
            "table": table.to_dict("index"),
            "terms": terms.difference.tolist(),
            "kept": kept,
            "invariant": [difference, expected],
            "shift": shifted_by,
            "alone": [alone, -difference / beta_found],
        }""",
        figures=2,
    )
    table = result["table"]
    assert table["spice"]["max_dp"] < 0.1 < 0.2 < table["without a module"]["max_dp"]
    assert table["spice"]["bic"] + 50 < table["without a module"]["bic"]
    assert result["kept"] == pytest.approx(0.8, abs=0.03)
    assert result["invariant"] == [pytest.approx(-1.5, abs=0.15), -1.5]
    constant, value, reward, other_constant, other_value = result["terms"]
    assert max(map(abs, (value, reward, other_value))) < 0.05
    assert constant / 0.3 == pytest.approx(other_constant / 0.2, abs=0.2)  # both are off, by one shift
    assert result["shift"] > 0.3
    mistake, answer = result["alone"]
    assert abs(mistake - answer) > 0.1  # three times what the question allows
    assert answer == pytest.approx(0.5, abs=0.05)


def test_3_hard_coded(run_lesson):
    result = run_lesson(
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
    assert result["known"]["rate given"]["bic"] < result["known"]["all learned"]["bic"]
    assert result["known"]["rate given"]["max_dp"] < 0.05
    assert result["beta"] == pytest.approx(3, abs=0.2)
    assert result["constant"] == pytest.approx(0.1, abs=0.02)
    found_rates = {name: row["found"] for name, row in result["rates"].items()}
    assert found_rates == {
        "alpha_reward": pytest.approx(0.5, abs=0.06),
        "alpha_penalty": pytest.approx(0.2, abs=0.06),
        "beta_reward": pytest.approx(3, abs=0.4),
        "forget_rate": pytest.approx(0, abs=0.02),
    }
    assert result["table"]["spice"]["max_dp"] < 0.1
    assert result["apart"] < 1e-15


@pytest.mark.seed(111)
def test_4_individual_differences(run_lesson):
    result = run_lesson(
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
    table = result["table"]
    assert 0.3 < result["one_rate"] < 0.6  # neither of 0.8 and 0.2
    assert table["rnn"]["max_dp"] < 0.1 < 0.2 < table["degree 1"]["max_dp"]  # learned, and not said
    assert table["degree 2"]["max_dp"] < 0.1
    assert table["degree 2"]["nll"] + 0.015 < table["degree 1"]["nll"]
    assert result["terms"]["true"] == pytest.approx([-0.2, 0.8, 1.8, -0.6], abs=1e-12)
    assert result["terms"]["found"] == pytest.approx(result["terms"]["true"], abs=0.1)
    assert result["rates"]["alpha_reward"]["found"] == pytest.approx(0.8, abs=0.1)
    assert result["rates"]["alpha_penalty"]["found"] == pytest.approx(0.2, abs=0.1)
    for participant in result["recovered"].values():
        for rate in ("alpha_reward", "alpha_penalty"):
            assert participant["found"][rate] == pytest.approx(participant["true"][rate], abs=0.1)
    assert result["products"]["Ben"] < -0.3 < min(result["products"]["Ann"], result["products"]["Cleo"])
    for losses in result["losses"].values():
        assert losses["an equation for each"] == pytest.approx(losses["truth"], abs=2e-3)
        assert losses["one equation for all"] > losses["truth"] + 4e-3


def test_5_perseveration(run_lesson):
    result = run_lesson(
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
    repeated = result["repeated"]
    assert all(
        repeated["with the habit"][when] > repeated["without"][when] + 0.05 for when in repeated["without"]
    )
    assert result["fooled"]["forgetting"]["bic"] + 100 < result["fooled"]["value only"]["bic"]
    assert result["kept"] < 0.95  # nothing is forgotten in truth
    assert result["fooled"]["forgetting"]["max_dp"] > 0.2
    assert result["table"]["spice"]["max_dp"] < 0.1
    assert result["table"]["spice"]["bic"] + 100 < result["table"]["forgetting"]["bic"]
    assert result["terms"] == pytest.approx([-0.3, 0.7, 0.9, 0.5, 0.5, 0, 0.5], abs=1e-12)
    for name, most in {
        "alpha_reward": 0.06,
        "beta_reward": 0.4,
        "alpha_choice": 0.15,
        "beta_choice": 0.3,
    }.items():
        assert result["parameters"][name]["found"] == pytest.approx(
            result["parameters"][name]["true"], abs=most
        )


def test_6_is_it_true(run_lesson):
    result = run_lesson(
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
            "fails": [check.measure for check in tested.failures],
        }""",
        figures=2,
    )
    guesses = result["seen"]["guesses"]
    assert list(guesses.values()) == pytest.approx([0.5, 0.5, 0.5], abs=0.03)
    assert result["seen"]["learns"]["takes the better option"] > 0.58
    assert min(result["correlations"].values()) > 0.9
    assert result["errors"]["alpha_reward"] < 0.08
    assert result["spread"][0] > result["spread"][2]
    assert result["diagonal"] >= 10
    assert [sum(row) for row in result["confusion"]] == [4, 4, 4]
    assert result["missing"]["after none"] > 0.05
    likelihood = result["likelihood"]
    assert likelihood["participant"] - 0.05 < likelihood["equation"] < likelihood["participant"]
    assert {"stay", "choices"} <= set(result["fails"])


def test_7_two_groups(run_lesson):
    result = run_lesson(
        "07_two_groups",
        """{
            "stay": stay.groupby("group")[["after a reward", "after none"]].mean().to_dict("index"),
            "by_chance": by_chance,
            "shared": shared.to_dict("index"),
            "own": own_means.to_dict("index"),
            "gap": gap.to_dict(),
            "far": far,
            "ends": [rate_of("control", -1.96), rate_of("patient", 1.96)],
            "unsaid": trial_by_trial["prediction_error"].isna().sum(),
            "missed": int(rows.loc[rows["group"] == "patient", "choice"].isna().sum()),
        }""",
        figures=2,
    )
    stay = result["stay"]
    assert stay["patient"]["after none"] > stay["control"]["after none"] + 0.15
    assert result["by_chance"]["after none"] < 20 < 200 < result["by_chance"]["after a reward"]
    shared, own = result["shared"], result["own"]
    assert shared["patient"]["beta_choice"] > shared["control"]["beta_choice"] + 0.5
    assert (
        abs(result["gap"]["one mean"])
        < 0.03
        < 0.12
        < result["gap"]["a mean for each"]
        < result["gap"]["true"]
    )
    assert own["patient"]["beta_choice"] == pytest.approx(0.8, abs=0.2)
    assert own["control"]["beta_choice"] == pytest.approx(0, abs=0.1)
    assert result["far"] > 2.5
    assert result["ends"][0] > result["ends"][1]  # the intervals do not touch
    assert result["unsaid"] == result["missed"] > 0


def test_8_two_steps(run_lesson):
    result = run_lesson(
        "08_two_steps",
        """{
            "stays": stays.to_dict(),
            "together": list(together.values()),
            "terms": terms.to_dict("list"),
            "parameters": parameters.to_dict("index"),
            "people": people_together,
        }""",
        figures=2,
    )
    habit, plan = result["stays"]["w = 0 (habit)"], result["stays"]["w = 1 (plan)"]
    assert habit["rare, reward"] > habit["rare, none"] + 0.1
    assert plan["rare, reward"] < plan["rare, none"] - 0.1
    assert abs(result["together"][0]) < 0.05 < 0.1 < result["together"][1] < result["together"][2]
    assert 0.05 < result["people"] < result["together"][1]
    true, found = result["terms"]["true"], result["terms"]["found"]
    assert [bool(value) for value in true] == [bool(value) for value in found]
    for name, most in {"w": 0.1, "alpha2": 0.1, "lambda": 0.2, "beta1": 1.0, "beta2": 0.6}.items():
        row = result["parameters"][name]
        assert row["found"] == pytest.approx(row["true"], abs=most)
