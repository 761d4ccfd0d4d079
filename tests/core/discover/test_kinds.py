"""The models of kinds of tasks of one stage: what people have is found, and nothing that they have not."""

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.models import MODELS
from spicewidgets.core.random import generator
from spicewidgets.core.rivals.design import Design, simulate_rival
from spicewidgets.core.rivals.ready import RescorlaWagner
from spicewidgets.core.simulate.kinds import make_task
from spicewidgets.core.tasks import TASKS
from spicewidgets.core.train.compiled.check import check
from spicewidgets.core.train.new_model import new_model
from spicewidgets.core.train.objective import Sessions
from spicewidgets.core.train.torch_stream import TorchStream

OF_ROWS = [name for name, kind in TASKS.items() if MODELS[kind.model].built.goes_by_rows]


class FasterInOne(RescorlaWagner):
    """Learns faster in the second of three contexts."""

    name = "faster-in-one"

    def update(self, p, state, trial):
        """Move the value of the choice."""
        rate = p.alpha + 0.0 * trial.chosen
        rate[:, 2:4] = 0.8
        return {"value": state["value"] + trial.chosen * rate * (trial.reward - state["value"])}


def found(kind, people, seed=1, data=None, **learner):
    """Return the terms of a group of simulated people, and the estimator."""
    data = data or sw.simulate_kind(kind, people, seed, **learner)
    ready = MODELS[TASKS[kind].model]
    spice = sw.SpiceEstimator(
        *(ready.rnn_class, ready.config, data.n_actions),
        **{"pooling": "group", "epochs": 2, "n_trials_off_policy": 50, "random_state": seed},
    ).fit(data)
    frame = spice.group_.to_frame()
    return set(zip(frame["module"], frame["term"], strict=True)), spice


def test_interleaved_bandits_have_one_equation_whose_numbers_are_read_back():
    terms, spice = found("contexts", 8)
    assert not {term for module, term in terms if "c_state" in term}
    table = sw.people(spice)
    assert table["alpha_reward"].mean() == pytest.approx(0.3, abs=0.06)
    assert table["beta_reward"].mean() == pytest.approx(5.0, abs=2.0)


def test_a_rate_that_hangs_on_the_context_is_found_and_is_nobodys_learning_rate():
    task = make_task("contexts")
    design = Design.of_settings(8, 1, 300, task)
    values = np.tile([0.25, 5.0], (8, 1))
    terms, spice = found("contexts", 8, data=simulate_rival(FasterInOne(), values, design, 1))
    assert {term for module, term in terms if "c_state" in term} == {"c_state_2[k]"}
    table = sw.people(spice)
    assert table["alpha_reward"].isna().all()
    assert table["x_learning_rate_reward: c_state_2"].mean() == pytest.approx(0.55, abs=0.15)


def test_stimuli_have_values_whatever_they_stand_beside():
    data = sw.simulate_kind("pairs", 8, 1)
    assert np.exp(-data.chance) == pytest.approx(0.5)
    terms, spice = found("pairs", 8, data=data)
    assert ("x_value_reward_chosen", "c_reward[k]") in terms
    assert spice.spice_model_.participants == tuple(range(8))
    assert sw.people(spice)["alpha_reward"].mean() == pytest.approx(0.3, abs=0.08)


@pytest.mark.parametrize("pavlovian", [0.0, 0.5])
def test_a_pavlovian_bias_is_found_and_not_invented(pavlovian):
    terms, _ = found("go-no-go", 12, pavlovian=pavlovian)
    assert (("x_drive_to_go", "c_promise[k]") in terms) == (pavlovian > 0)
    assert ("x_drive_to_go", "c_go[k]") in terms


@pytest.mark.parametrize("learner", [(20.0, 0.0, 0.0), (20.0, 1.0, 0.0), (0.0, 0.0, 12.0)], ids=str)
def test_exploration_is_of_the_kind_that_people_have(learner):
    terms, _ = found("gaussian", 30, **dict(zip(("v", "ru", "vtu"), learner, strict=True)))
    known = ("c_value[k]", "c_deviation[k]", "c_value_by_total[k]")
    assert [("x_drive", term) in terms for term in known] == [size > 0 for size in learner]


@pytest.mark.parametrize("loss", [1.0, 2.0])
def test_losses_that_weigh_more_are_a_term(loss):
    terms, _ = found("gains-losses", 10, loss=loss, rho=1.0)
    assert (("x_value_reward_chosen", "c_loss[k]") in terms) == (loss > 1)


def test_a_value_may_learn_from_what_was_not_chosen():
    terms, _ = found("counterfactual", 6)
    assert ("x_value_reward_not_chosen", "c_reward[k]") in terms


@pytest.mark.parametrize("name", OF_ROWS)
def test_a_model_of_rows_is_compiled_and_written_as_python(name):
    ready = MODELS[TASKS[name].model]
    data = sw.simulate_kind(name, 3, 1)
    model = new_model(
        ready.rnn_class, {"n_actions": data.n_actions, "n_participants": 3}, TorchStream(generator(1))
    )
    assert check(model, Sessions.of(data)) == ""
    names = {}
    exec(ready.rnn_class.source(), names)
    assert names["YourRNN"].built == ready.built


def test_an_equation_of_a_kalman_filter_is_the_rival_itself():
    """Of V, RU and V/TU with the same weights, P is the same."""
    data = sw.simulate_kind("gaussian", 2, 1, v=5.0, ru=1.0, vtu=4.0)
    names = ("c_value", "c_deviation", "c_value_by_total")
    equation = sw.Equation("x_drive", tuple((name,) for name in names), (5.0, 1.0, 4.0))
    agent = sw.AgentSpice(MODELS["kalman"].rnn_class(2, 2), {"x_drive": {0: equation, 1: equation}}, 2)
    played = sw.replay(agent, data).probabilities[:, 1:]
    np.testing.assert_allclose(played, data.truth_probs, atol=1e-6)


@pytest.mark.parametrize("kind", ["contexts", "go-no-go"])
def test_an_agent_that_plays_knows_what_was_on_offer_as_one_that_is_replayed(kind):
    _, spice = found(kind, 5)
    agent = next(iter(spice.get_spice_agents().values()))
    tasks = sw.make_task(kind), sw.Design.of_choices(sw.simulate_kind(kind, 3, 2)).task
    for task in tasks:
        data, _, _ = sw.create_dataset(agent, task, 60, 3, participant=[0, 1, 2], random_state=1)
        assert data.task == kind
        assert set(data.xs[..., 2 * data.n_actions : 3 * data.n_actions].sum(-1).unique().tolist()) == {2.0}
        again = sw.replay(agent, data).probabilities[:, 1:]
        np.testing.assert_allclose(again, data.truth_probs, atol=1e-6)
