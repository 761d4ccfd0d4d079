"""The coach: one fixture for each diagnosis on which it fires, and silence on healthy runs."""

from dataclasses import replace

import numpy as np
import pytest

from spicewidgets.apps import explorer
from spicewidgets.coach import findings, verdict
from spicewidgets.recorded import recorded
from spicewidgets.runner import Runner
from spicewidgets.state import Experiment


def run(**groups):
    """The result of a real run of these settings."""
    experiment = Experiment()
    experiment.from_dict(groups)
    runner = Runner(experiment)
    assert runner.train()
    assert runner.wait(300)
    assert runner.result is not None, experiment.run.message
    return runner.result


@pytest.fixture(scope="module")
def healthy():
    return recorded(Experiment().peek())


def kinds(result):
    return [one.kind for one in findings(result)]


pytestmark = pytest.mark.filterwarnings("ignore::spicewidgets.SpiceWarning")  # the coach says it better

SMALL = {"n_sessions": 40, "n_trials": 60}
ADAM = {"optimizer": "adam", "n_starts": 1}


def test_it_says_nothing_of_a_healthy_run(healthy):
    assert findings(healthy) == ()


def test_not_converged_after_few_epochs_of_adam():
    result = run(data=SMALL, training={**ADAM, "epochs": 60})
    assert kinds(result)[0] in ("not converged", "stuck")
    assert "not converged" in kinds(result) or "epochs" in findings(result)[0].words


def test_not_converged(healthy):
    falling = tuple({**row, "train_loss": 0.6 - 2e-3 * at} for at, row in enumerate(healthy.history))
    (found,) = findings(replace(healthy, history=falling))
    assert found.kind == "not converged"
    assert found.action == "continue"


def test_stuck_start():
    result = run(data=SMALL, training={**ADAM, "epochs": 2, "learning_rate": 1e-4})
    found = findings(result)[0]
    assert found.kind == "stuck"
    assert found.changes["training"]["n_starts"] >= 16


def test_unstable_training():
    result = run(data={**SMALL, "seed": 2}, training={**ADAM, "epochs": 60, "learning_rate": 0.4})
    found = findings(result)[0]
    assert found.kind == "unstable"
    assert found.changes == {"training": {"learning_rate": 0.1}}
    assert "stuck" not in kinds(result)


def test_a_loss_that_is_no_number(healthy):
    broken = tuple({**row, "train_loss": float("nan")} for row in healthy.history)
    assert "became infinite" in findings(replace(healthy, history=broken))[0].words


def test_overfit(healthy):
    rising = tuple({**row, "validation_loss": 0.6 + 0.001 * at} for at, row in enumerate(healthy.history))
    (found,) = findings(replace(healthy, history=rising))
    assert found.kind == "overfit"
    assert found.changes == {"data": {"n_sessions": 200}}


@pytest.fixture(scope="module")
def asymmetric():
    """Learns from reward only, with a library that cannot say so."""
    return run(
        participant={"alpha_reward": 0.6, "alpha_penalty": 0.05}, data={"n_sessions": 100, "n_trials": 60}
    )


def test_library_too_small(asymmetric):
    (found,) = findings(asymmetric)
    assert found.kind == "library too small"
    assert found.changes == {"discovery": {"degree": 2}}
    assert found.action == "refit"


def test_threshold_too_high():
    result = run(data=SMALL, discovery={"threshold": 0.8})
    found = findings(result)[0]
    assert found.kind == "threshold too high"
    assert "the value of x_value_reward_chosen" in found.words
    assert found.changes == {"discovery": {"threshold": 0.2}}


def test_sign_flipped(healthy):
    flipped = replace(healthy.spice, betas={"x_value_reward": (-1.7,)})
    (found,) = findings(replace(healthy, spice=flipped))
    assert found.kind == "sign flipped"


def test_an_arm_hardly_sampled():
    found = findings(
        run(task={"kind": "fixed"}, participant={"beta_reward": 8}, data={"n_sessions": 30, "n_trials": 100})
    )
    assert "hardly sampled" in [one.kind for one in found]


def test_little_data():
    assert "little data" in kinds(run(data={"n_sessions": 5, "n_trials": 40}))


def test_missing_trials(healthy):
    choices = healthy.choices.copy()
    choices[0, 50:] = -1
    (found,) = findings(replace(healthy, choices=choices))
    assert found.kind == "missing trials"
    assert found.remedy == ""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_it_says_nothing_of_ten_healthy_runs(seed):
    presets = [{}, {"participant": {"forget_rate": 0.2}, "model": {"name": "forgetting"}}]
    assert kinds(run(**presets[seed % 2], data={"seed": seed})) == []


def test_the_tutorials_mechanism_is_exact_within_error(healthy):
    assert verdict(healthy) == "Exact mechanism: yes, within error."


def test_it_is_not_exact_without_a_term(healthy):
    spice = healthy.spice
    (equation,) = spice.equations["x_value_reward_chosen"]
    without = replace(spice, equations={"x_value_reward_chosen": (equation.without("c_reward"),)})
    told = verdict(replace(healthy, spice=without))
    assert told == "Exact mechanism: no, found without c_reward of x_value_reward_chosen."


def test_it_is_not_exact_with_a_term_too_many(healthy):
    other = replace(healthy.truth.equations["x_value_reward_chosen"][0], values=(-0.3, 0.7, 0.0))
    truth = replace(healthy.truth, equations={"x_value_reward_chosen": (other,)})
    told = verdict(replace(healthy, truth=truth))
    assert told == "Exact mechanism: no, found with c_reward of x_value_reward_chosen, which is not true."


def test_it_is_not_exact_when_the_numbers_are_far_off(healthy):
    scores = healthy.comparison.copy()
    scores.loc["truth", "nll"] += 0.002
    assert "the terms are; the numbers are not" in verdict(replace(healthy, comparison=scores))


def test_where_no_truth_is_known_nothing_is_said(healthy):
    assert verdict(replace(healthy, truth=None)) == ""


def test_the_remedy_is_tried_by_one_button():
    app = explorer(start=False)
    assert app.coach.rows.children == ()
    app.experiment.follow_library = False
    app.experiment.data.put(SMALL)
    app.experiment.discovery.threshold = 0.8
    assert app.runner.train()
    assert app.runner.wait(120)
    words, button = app.coach.rows.children[0].children
    assert "threshold too high" in words.value
    button.click()
    assert app.runner.wait(120)
    assert app.experiment.discovery.threshold == 0.2
    assert app.runner.result.spice.equation("x_value_reward_chosen").coefficient("x_value_reward_chosen") != 0
    assert app.coach.alert.value == ""
    assert np.isfinite(app.runner.result.comparison.loc["spice", "nll"])
