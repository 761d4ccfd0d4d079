"""`diagnose` and `standard_errors`: the verdict on any fitted estimator, in a script."""

from copy import deepcopy

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

import spicewidgets as sw
from spicewidgets.core.diagnose.diagnosis import facts_of
from spicewidgets.core.discover.known import uncertainty

CHOSEN = "x_value_reward_chosen"
MODEL = sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG
AGENT = sw.AgentQ(alpha_reward=0.3)


def data(agent=AGENT, n_trials=60, n_sessions=60, seed=1, **more):
    return sw.create_dataset(
        agent, sw.BanditsDrift(sigma=0.2), n_trials, n_sessions, random_state=seed, **more
    )[0]


def fit(dataset, model=MODEL, **more):
    return sw.SpiceEstimator(*model, **{"epochs": 150, "n_starts": 4, "random_state": 1} | more).fit(dataset)


@pytest.fixture(scope="module")
def fitted():
    return fit(data())


def kinds(diagnosis):
    return [one.kind for one in diagnosis.findings]


def test_a_healthy_fit_has_a_verdict_and_no_findings(fitted):
    found = sw.diagnose(fitted)
    assert found.findings == ()
    assert found.n_choices == 60 * 59
    first, network, tuned = found.verdict
    probability = float(np.exp(fitted.score(fitted._dataset_)))
    assert first.startswith(
        f"The equations expect 3,540 choices with a probability of {probability:.3f} each"
    )
    assert "These 3,540 choices cannot tell the equations from the network; 0." in network
    assert tuned.startswith("Coefficients that were tuned to half of the choices predict the other half")
    assert str(found) == " ".join(found.verdict)


def test_what_is_not_identified_is_what_people_has_not(fitted):
    table = sw.people(fitted)
    lacking = {name for name in table if table[name].isna().all()}
    assert set(facts_of(fitted).missing(0)) == set(facts_of(fitted, fitted._dataset_).missing(0)) == lacking


def test_with_the_agent_it_is_compared_with_the_truth(fitted):
    verdict = sw.diagnose(fitted, agent=AGENT).verdict
    assert verdict[0] in (
        "Same terms as the participant; the coefficients are within their error.",
        "These 3,540 choices cannot tell it from the participant, though it lacks constant of"
        " x_value_reward_chosen.",
    )
    wrong = sw.diagnose(fitted, agent=sw.AgentQ(alpha_reward=0.9)).verdict
    assert wrong[0].startswith(("Differs: ", "Same terms as the participant, but the coefficients are not"))


def test_other_choices_may_judge(fitted):
    other = data(seed=9)
    found = sw.diagnose(fitted, other)
    assert found.n_choices == 60 * 59
    assert f"probability of {np.exp(fitted.score(other)):.3f} each" in found.verdict[0]
    assert all(one.remedy == "" for one in found.findings)


def test_what_helps_is_proposed_and_can_be_done():
    agent = sw.AgentQ(alpha_reward=0.6, alpha_penalty=0.05)
    estimator = fit(data(agent, n_sessions=100))
    (found,) = sw.diagnose(estimator).findings
    assert found.kind == "library too small"
    assert found.remedy == "Find again with degree 2"
    assert dict(found.parameters) == {"spice_library_polynomial_degree": 2}
    assert not found.trains
    assert found.tried.startswith("Tried: the evidence for the equations is ")
    estimator.discover(**found.parameters)
    assert "library too small" not in kinds(sw.diagnose(estimator))


def test_a_trial_changes_nothing():
    estimator = fit(data(n_sessions=40), spice_optim_threshold=0.8)
    before = deepcopy(estimator.get_params(deep=False)), estimator.spice_model_, list(estimator.history_)
    weights = {name: value.clone() for name, value in estimator.rnn_model_.state_dict().items()}
    found = sw.diagnose(estimator)
    assert "terms by threshold" in kinds(found)
    assert (estimator.get_params(deep=False), estimator.spice_model_, list(estimator.history_)) == before
    assert all(value.equal(weights[name]) for name, value in estimator.rnn_model_.state_dict().items())
    again = sw.diagnose(estimator)
    assert str(again) == str(found)


def test_a_trial_learns_from_the_same_choices():
    """Else its evidence, of fewer choices, would always be higher."""
    estimator = fit(data(n_sessions=40), train_test_ratio=0.6, validation_share=0.2)
    n_choices = int(estimator._dataset_.target_mask.sum())
    again = deepcopy(estimator).fit_again()
    assert int(again._dataset_.target_mask.sum()) == n_choices
    assert [one.test_loss for one in again.history_] == [one.test_loss for one in estimator.history_]


def test_without_trials_it_only_says_what_it_sees():
    estimator = fit(data(n_sessions=40), spice_optim_threshold=0.8)
    (found,) = sw.diagnose(estimator, trials=False).findings
    assert found.remedy == "Find again, with terms chosen by evidence"
    assert found.tried == ""


def test_of_real_people_more_choices_are_named_and_not_made():
    found = sw.diagnose(fit(data(n_sessions=3)))
    (little,) = [one for one in found.findings if one.kind == "little data"]
    assert little.remedy == ""
    assert "sessions like these would tell more." in little.words
    assert "expect 177 choices" in found.verdict[0]


def test_pooled_people():
    agents = [sw.AgentQ(alpha_reward=rate) for rate in (0.2, 0.3, 0.4, 0.5)]
    dataset = data(agents * 3, n_sessions=12, participant=["ann", "bob", "cy", "dee"] * 3)
    model = sw.ForgettingRNN, sw.FORGETTING_RNN_CONFIG
    estimator = fit(dataset, model, pooling="group")
    errors = sw.standard_errors(estimator)
    assert list(errors) == ["ann", "bob", "cy", "dee"]
    group = estimator.group_
    for row, label in enumerate(errors):
        for place, number in enumerate(group.numbers):
            if group.active[row, place]:
                assert errors[label].coefficients[number.module][number.term] == group.errors[row, place]
    assert "each alone" not in kinds(sw.diagnose(estimator))


def test_standard_errors_are_those_of_the_choices(fitted):
    assert sw.standard_errors(fitted) == uncertainty(fitted.spice_model_, fitted.rnn_model_, fitted._dataset_)
    error = sw.standard_errors(fitted)[0].coefficients[CHOSEN][CHOSEN,]
    four_times = sw.standard_errors(fitted, sw.concat([data(seed=s) for s in range(4)], [0] * 4))
    assert four_times[0].coefficients[CHOSEN][CHOSEN,] == pytest.approx(error / 2, rel=0.25)


def test_numbers_that_were_not_tuned_have_none(fitted):
    own = deepcopy(fitted)
    own.discover(spice_refine=False)
    with pytest.raises(sw.SettingsError, match=r"Call discover\(spice_refine=True\) first"):
        sw.standard_errors(own)
    assert sw.diagnose(own).verdict


def test_a_loaded_model_needs_choices(fitted, tmp_path):
    fitted.save_spice(tmp_path / "rnn", tmp_path / "spice")
    loaded = sw.SpiceEstimator(*MODEL).load_spice(tmp_path / "rnn", tmp_path / "spice")
    with pytest.raises(sw.SettingsError, match=r"Give a data set: diagnose\(estimator, dataset\)"):
        sw.diagnose(loaded)
    assert sw.diagnose(loaded, data()).n_choices == 60 * 59
    with pytest.raises(NotFittedError, match="no spice_model"):
        sw.standard_errors(sw.SpiceEstimator(*MODEL))
    with pytest.raises(NotFittedError):
        sw.diagnose(sw.SpiceEstimator(*MODEL))


def test_what_the_config_left_out_is_brought_back():
    """A value that cannot depend on itself, in a config of one's own."""
    config = sw.SpiceConfig(
        library_setup={CHOSEN: ["c_reward"]},
        filter_setup={CHOSEN: ["c_action", 1, True]},
        control_parameters=["c_action", "c_reward"],
        rnn_modules=[CHOSEN],
        excluded_terms={CHOSEN: [[CHOSEN]]},
    )
    estimator = fit(data(), (sw.RescorlaWagnerRNN, config))
    (found,) = [one for one in sw.diagnose(estimator).findings if one.kind == "library too small"]
    assert found.tried.startswith("Tried: the evidence")
    assert not found.parameters["spice_config"].excludes(CHOSEN, [CHOSEN])
    estimator.discover(**found.parameters)
    assert estimator.spice_model_.equation(CHOSEN).coefficient(CHOSEN) > 0.3


def test_a_rival_that_knows_more_is_named():
    """Of people who repeat their choices, under a model of values."""
    agent = sw.AgentQ(alpha_reward=0.3, beta_choice=1.5)
    estimator = fit(data(agent, n_trials=40, n_sessions=15), epochs=40, n_starts=1)
    found = sw.diagnose(estimator)
    assert "with-kernel" in found.verdict[1]
    assert kinds(found)[0] == "mechanism missing"
    assert found.findings[0].parameters["rnn_class"] is sw.ChoiceRNN
