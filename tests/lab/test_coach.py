"""The coach: one fixture for each diagnosis on which it fires, and silence on healthy runs."""

import re
from dataclasses import replace
from math import inf

import numpy as np
import pytest

from spicewidgets import RescorlaWagnerRNN
from spicewidgets.apps import explorer
from spicewidgets.core.discover.uncertainty import half_width
from spicewidgets.core.read.translation import classical_parameters
from spicewidgets.lab.coach import findings
from spicewidgets.lab.meaning import cost
from spicewidgets.lab.recorded import recorded
from spicewidgets.lab.runner import Runner
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


CHOSEN = "x_value_reward_chosen"


def words_of(row):
    """The text of a row of the coach."""
    return getattr(row, "value", "") or "".join(map(words_of, getattr(row, "children", ())))


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


@pytest.mark.seed(108)
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


@pytest.mark.seed(110)
def test_unstable_training():
    result = run(data={**SMALL, "seed": 2}, training={**ADAM, "epochs": 60, "learning_rate": 0.4})
    found = findings(result)[0]
    assert found.kind == "unstable"
    assert found.changes == {"training": {"learning_rate": 0.1}}
    assert "stuck" not in kinds(result)


def test_a_loss_that_is_no_number(healthy):
    broken = tuple({**row, "train_loss": float("nan")} for row in healthy.history)
    assert "became infinite" in findings(replace(healthy, history=broken))[0].words


@pytest.mark.seed(109)
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
    assert "own value of x_value_reward_chosen" in found.words
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
    found = {one.kind: one for one in findings(run(data={"n_sessions": 5, "n_trials": 40}))}
    assert re.search(
        r"rest on 195 choices, .* wide errors: (learning rate α|inverse temperature β) \S+ ± \d",
        found["little data"].words,
    )
    assert found["little data"].changes["data"]["n_sessions"] >= 50


def test_enough_choices_may_be_too_few_for_what_is_claimed():
    """Of 1,600 choices that hardly follow the values, little is known of the participant."""
    result = run(participant={"beta_reward": 0.6}, data={"n_sessions": 17, "n_trials": 100})
    found = {one.kind: one for one in findings(result)}["little data"]
    sure = result.uncertainty[0].parameters
    beta = classical_parameters(result.spice, RescorlaWagnerRNN)["beta_reward"]
    width = max(sure["alpha_reward"] / 0.1, sure["beta_reward"] / (0.25 * abs(beta)))
    assert width > 1
    assert found.words.startswith("All numbers rest on 1683 choices, which leaves them wide errors: ")
    assert found.changes["data"]["n_sessions"] == min(int(np.ceil(17 * width**2)), 2000)


def test_a_redundant_term():
    """Without a threshold every candidate is kept, also what is not true."""
    result = run(data={"n_sessions": 100, "n_trials": 60}, discovery={"degree": 2, "threshold": 0.0})
    found = {one.kind: one for one in findings(result)}["redundant term"]
    assert "so that it may as well be 0" in found.words
    assert found.action == "refit"
    (_, library), *_ = found.changes["discovery"]["libraries"]
    (term,) = library.without
    assert result.truth.equation(CHOSEN).coefficient(*term) == 0
    value = result.spice.equation(CHOSEN).coefficient(*term)
    error = result.uncertainty[0].coefficients[CHOSEN][term]
    assert abs(value) < half_width(error)
    assert cost(result, 0, CHOSEN, term).by_chance > 0.05


def test_the_redundant_terms_remedy_leaves_it_out():
    app = explorer(start=False)
    app.experiment.follow_library = False
    app.experiment.data.put({"n_sessions": 100, "n_trials": 60})
    app.experiment.discovery.put({"degree": 2, "threshold": 0.0})
    assert app.runner.train()
    assert app.runner.wait(120)
    said = [row for row in app.coach.rows.children if "redundant term" in words_of(row)]
    before = {term for term, _ in app.runner.result.spice.equation(CHOSEN).active}
    said[0].children[1].click()
    assert app.runner.wait(120)
    after = {term for term, _ in app.runner.result.spice.equation(CHOSEN).active}
    assert len(before - after) == 1
    assert app.coach.alert.value == ""


def test_a_number_that_stands_in_for_others_is_not_redundant(healthy):
    """Its interval covers 0, but only since another number can take its place."""
    sure = healthy.uncertainty[0]
    wide = {CHOSEN: dict.fromkeys(sure.coefficients[CHOSEN], 0.01) | {(): 1.0}}
    alone = {CHOSEN: dict.fromkeys(sure.coefficients[CHOSEN], 0.01)}
    traded = replace(healthy)
    traded.__dict__["uncertainty"] = {0: replace(sure, coefficients=wide, alone=alone)}
    assert findings(traded) == ()


def test_a_beta_within_its_error_is_not_a_flipped_sign(healthy):
    flipped = replace(healthy, spice=replace(healthy.spice, betas={"x_value_reward": (-0.02,)}))
    for error, told in ((0.1, []), (0.001, ["sign flipped"]), (inf, ["sign flipped"])):
        sure = replace(healthy.uncertainty[0], betas={"x_value_reward": error}, parameters={})
        flipped.__dict__["uncertainty"] = {0: sure}
        assert kinds(flipped) == told


def test_of_many_participants_errors_are_not_waited_for(healthy):
    spice = replace(
        healthy.spice,
        participants=tuple(range(11)),
        equations={CHOSEN: healthy.spice.equations[CHOSEN] * 11},
    )
    crowd = replace(healthy, spice=spice)
    crowd.__dict__["uncertainty"] = None  # would fail
    assert findings(crowd) == ()


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


def test_other_resamples_do_not_silence_it(healthy):
    app = explorer(start=False)
    app.runner.store.result = replace(healthy, choices=healthy.choices[:5])
    app.experiment.resampled = app.experiment.snapshot()
    app.experiment.uncertainty.n_resamples = 50
    assert list(app.experiment.stale_because) == ["uncertainty"]
    assert "little data" in words_of(app.coach.rows.children[0])


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
