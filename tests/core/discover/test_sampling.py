"""Samples of what modules do: filters are masks, and the random task is one that was never played."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from known_maps import (
    CHOSEN,
    STATE,
    Forgetful,
    Map,
    assert_coefficients,
    config_of,
    data,
    model_of,
    rescorla_wagner,
    samples_of,
)

from spicewidgets import (
    BaseRNN,
    DatasetRNN,
    RescorlaWagnerRNN,
    SettingsError,
    SpiceConfig,
)
from spicewidgets.core.discover.discovery import discover
from spicewidgets.core.discover.sampling import sample
from spicewidgets.core.settings import Discovery

# Filters


def values_where(samples, config, module=CHOSEN, participant=0):
    kept = samples[module].select(config, module, participant)
    return {name: sorted(set(v.tolist())) for name, v in kept.controls.items()}, len(kept.value)


def counterfactual_samples(n_trials=200):
    dataset = data(n_trials, 4, counterfactual=True)
    settings_ = Discovery(n_trials_off_policy=n_trials, n_sessions_off_policy=4)
    return sample(model_of(), dataset, settings_, 3)


@pytest.mark.seed(97)
def test_a_filter_keeps_the_samples_that_have_the_value():
    """S97."""
    samples = counterfactual_samples()
    every = samples[CHOSEN]
    found, n = values_where(samples, config_of())
    assert found["c_action"] == [1]
    assert n == 800 == (every.controls["c_action"] == 1).sum()
    assert values_where(samples, config_of(filters=()))[1] == 1600


@pytest.mark.seed(99)
def test_several_conditions_hold_together():
    """S99, F10: exactly the rows that meet both, not the first row of each run alone."""
    samples = counterfactual_samples()
    every = samples[CHOSEN].controls
    for action in (0, 1):
        for reward in (0, 1):
            rows = [["c_action", action, True], ["c_reward", reward, False]]
            found, n = values_where(samples, config_of(filters=rows))
            assert found == {"c_action": [action], "c_reward": [reward]}
            assert n == ((every["c_action"] == action) & (every["c_reward"] == reward)).sum() > 0


def test_the_equation_of_a_condition_is_that_of_its_rows():
    def two_rules(value, reward):
        return torch.where(reward > 0.5, 0.2 + 0.5 * value, 0.1 + 0.9 * value)

    settings_ = Discovery(n_trials_off_policy=300)
    samples = sample(model_of(two_rules), data(), settings_, 3)
    for reward, expected in ((1, {"1": 0.2, f"{CHOSEN}[k]": 0.5}), (0, {"1": 0.1, f"{CHOSEN}[k]": 0.9})):
        config = config_of((), [["c_action", 1, True], ["c_reward", reward, True]])
        assert_coefficients(discover(samples, config, settings_).equation(CHOSEN), expected, 1e-6)


@pytest.mark.seed(98)
@pytest.mark.parametrize("remove", [True, False])
def test_a_removed_signal_is_no_candidate_term(remove):
    """S98, F11."""
    config = config_of(("c_reward", "c_action"), ("c_action", 1, remove))
    equation = discover(counterfactual_samples(), config).equation(CHOSEN)
    assert (("c_action",) in equation.terms) == (not remove)
    if not remove:  # a signal that the filter keeps at 1 is the constant
        assert ("c_action",) in equation.dropped


def test_a_filter_on_graded_values():
    samples = {"x": samples_of(rewards=(0.1, 0.2, 0.3))}
    config = SpiceConfig({"x": []}, {"x": ["c_reward", 0.1 + 0.2, True]}, ["c_reward"], ["x"])
    kept = samples["x"].select(config, "x", 0)
    assert set(kept.controls["c_reward"]) == {0.3}


def test_a_filter_that_nothing_meets_is_a_sentence():
    config = config_of(filters=("c_action", 2, True))
    with pytest.raises(SettingsError) as error:
        discover(counterfactual_samples(), config)
    assert str(error.value) == (
        f"No sample of the module '{CHOSEN}' meets its filters. Check filter_setup, or sample more trials."
    )


# Samples


@pytest.mark.seed(77)
def test_off_policy_samples_are_runs_of_the_same_arm():
    """S77, K3: 1000 trials of one session for each participant, five in a row with the same arm."""
    settings_ = Discovery()
    every = sample(model_of(), data(), settings_, 3)[CHOSEN]
    assert len(every.value) == 2000
    action = every.controls["c_action"].reshape(1000, 2)
    assert (action.sum(1) == 1).all()
    runs = action.reshape(200, 5, 2)
    assert (runs == runs[:, :1]).all()
    assert 60 < runs[:, 0, 0].sum() < 140
    reward = every.controls["c_reward"].reshape(1000, 2)
    assert set(reward[action == 0]) == {-1}
    assert set(reward[action == 1]) == {0, 1}


@pytest.mark.parametrize(("n_trials", "n_sessions", "run"), [(7, 3, 3), (50, 2, 1), (4, 1, 100)])
def test_size_of_the_random_task(n_trials, n_sessions, run):
    settings_ = Discovery(
        n_trials_off_policy=n_trials, n_sessions_off_policy=n_sessions, n_trials_same_action=run
    )
    every = sample(model_of(), data(participant="per_session"), settings_, 3)[CHOSEN]
    assert len(every.value) == n_trials * n_sessions * 8 * 2
    assert np.bincount(every.participant).tolist() == [n_trials * n_sessions * 2] * 8
    action = every.controls["c_action"].reshape(n_trials, 8 * n_sessions, 2)
    for begin in range(0, n_trials, run):
        assert (action[begin : begin + run] == action[begin]).all()
    if n_sessions > 1:
        assert not (action[:, 0] == action[:, 1]).all()


def test_off_policy_visits_values_that_choices_seldom_reach():
    settings_ = Discovery(n_trials_off_policy=1000)
    off = sample(model_of(), data(), settings_, 3)[CHOSEN].value
    on = sample(model_of(), data(), Discovery(n_trials_off_policy=0), 3)[CHOSEN].value
    assert np.ptp(off) > np.ptp(on)


@pytest.mark.parametrize("settings_", [Discovery(n_trials_off_policy=0), Discovery(n_sessions_off_policy=0)])
def test_on_policy_samples_are_the_datas_own_trials(settings_):
    dataset = data(n_trials=6, n_sessions=3)
    every = sample(model_of(), dataset, settings_, 3)[CHOSEN]
    by_trial = dataset.xs.permute(1, 0, 2).double().numpy()
    assert np.array_equal(every.controls["c_action"], by_trial[..., :2].ravel())
    assert np.array_equal(every.controls["c_reward"], by_trial[..., 2:4].ravel())
    value = np.full((3, 2), 0.5)
    for trial in range(6):
        rows = slice(6 * trial, 6 * trial + 6)
        np.testing.assert_allclose(every.value[rows], value.ravel(), atol=1e-12)
        action, reward = by_trial[trial, :, :2], by_trial[trial, :, 2:4]
        after = rescorla_wagner(value, reward)
        np.testing.assert_allclose(every.after[rows], after.ravel(), atol=1e-12)
        value = np.where(action == 1, after, value)


def test_missing_trials_give_no_samples():
    """F14: neither in the data's own trials, nor as something that the random task draws from."""
    dataset = data(n_trials=10, n_sessions=4)
    gaps = torch.zeros(4, 10, dtype=torch.bool)
    gaps[0, 3:6], gaps[1, 9:], gaps[2, 0] = True, True, True
    xs, ys = dataset.xs.clone(), dataset.ys.clone()
    xs[gaps] = torch.tensor([-1.0, -1, -1, -1, 0])
    ys[gaps] = -1
    gappy = DatasetRNN(xs, ys)
    every = sample(model_of(), gappy, Discovery(n_trials_off_policy=0), 3)[CHOSEN]
    assert len(every.value) == 2 * (40 - 5)
    assert set(every.controls["c_action"]) == {0, 1}
    first = every.value[: 2 * 4].reshape(4, 2)
    assert (first == 0.5).all()  # a session begins at its first observed trial
    off = sample(model_of(), gappy, Discovery(n_trials_off_policy=50), 3)[CHOSEN]
    assert set(off.controls["c_action"]) == {0, 1}
    assert set(off.participant) == {0}


def test_samples_of_the_exact_map_are_exact():
    """A model in float32 is sampled in float64."""
    samples = sample(model_of(), data(), Discovery(n_trials_off_policy=100), 3)[CHOSEN]
    assert samples.value.dtype == samples.after.dtype == np.float64
    predicted = rescorla_wagner(samples.value, samples.controls["c_reward"])
    np.testing.assert_allclose(samples.after, predicted, rtol=0, atol=1e-12)


def test_rewards_of_the_random_task_are_of_the_datas_kind():
    """Graded rewards are drawn from the data's own; counterfactual ones are seen in both arms."""
    dataset = data()
    seen = dataset.xs[..., :2] == 1
    dataset.xs[..., 2:4][seen] = torch.tensor([0.25, 0.5, 4.0])[torch.arange(int(seen.sum())) % 3]
    reward = sample(model_of(), dataset, Discovery(n_trials_off_policy=100), 3)[CHOSEN].controls["c_reward"]
    assert set(reward) == {-1, 0.25, 0.5, 4.0}
    both = sample(model_of(), data(counterfactual=True), Discovery(n_trials_off_policy=100), 3)[CHOSEN]
    assert set(both.controls["c_reward"]) == {0, 1}


def test_other_columns_of_the_random_task_are_drawn_from_the_data(monkeypatch):
    """Additional inputs trial by trial, from observed trials; block and experiment stay within a session."""
    passes = []
    begin = BaseRNN.init_forward_pass

    def noted(self, inputs, *others):
        passes.append(inputs)
        return begin(self, inputs, *others)

    xs, ys = data().xs, data().ys
    trial = torch.arange(30.0).expand(8, 30)[..., None]
    wide = torch.cat([xs[..., :4], 10 + trial, trial % 3, 5 + trial % 3, xs[..., 4:]], -1)
    wide[:, 7, :4] = -1
    ys[:, 7] = -1
    monkeypatch.setattr(BaseRNN, "init_forward_pass", noted)
    settings_ = Discovery(n_trials_off_policy=200, n_sessions_off_policy=6)
    sample(model_of(), DatasetRNN(wide, ys), settings_, 3)
    (inputs,) = passes
    assert set(inputs[..., 4].unique().tolist()) == set(range(10, 40)) - {17}
    blocks, experiments = inputs[..., 5], inputs[..., 6]
    assert (blocks == blocks[0]).all()
    assert len(blocks[0].unique()) > 1
    assert torch.equal(experiments, blocks + 5)


def test_a_module_sees_its_own_value_whatever_was_recorded_under_its_name():
    """The tutorial's class records its state under the module's name; a mistake there changes no equation."""

    class Model(Forgetful):
        def trial(self, action, reward):
            self.record_signal(CHOSEN, reward * 7)
            super().trial(action, reward)

    model = Model(2)
    model.submodules_rnn[CHOSEN] = Map(rescorla_wagner)
    samples = sample(model, data(), Discovery(n_trials_off_policy=100), 3)
    assert set(samples[CHOSEN].controls) == {"c_action", "c_reward"}
    equation = discover(samples, config_of()).equation(CHOSEN)
    assert_coefficients(equation, {"1": -0.3, f"{CHOSEN}[k]": 0.7, "c_reward[k]": 0.9}, 1e-6)


def test_samples_follow_the_seed_and_nothing_global():
    settings_, model, dataset = Discovery(n_trials_off_policy=40), model_of(), data()
    numpy_before, torch_before = str(np.random.get_state()), torch.get_rng_state()
    a, b, c = (sample(model, dataset, settings_, seed)[CHOSEN] for seed in (1, 1, 2))
    assert np.array_equal(a.after, b.after)
    assert not np.array_equal(a.after, c.after)
    assert str(np.random.get_state()) == numpy_before
    assert torch.equal(torch.get_rng_state(), torch_before)


def test_the_model_is_not_changed_by_sampling():
    model = RescorlaWagnerRNN(2).train()
    before = deepcopy(model.state_dict())
    sample(model, data(), Discovery(n_trials_off_policy=20), 3)
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert model.training
    assert model.transitions == {}
    assert {p.dtype for p in model.parameters()} == {torch.float32}


class Twice(BaseRNN):
    """One module for the chosen and for the other arms."""

    init_values = {STATE: 0.5}

    def __init__(self, n_actions, every_trial=True):
        super().__init__(n_actions=n_actions)
        self.submodules_rnn[CHOSEN] = Map(rescorla_wagner)
        self.every_trial = every_trial

    def forward(self, inputs, prev_state=None, batch_first=False):
        (actions, rewards, *_), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            self.record_signal("c_action", action)
            self.record_signal("c_reward", reward)
            chosen = self.call_module(CHOSEN, STATE, action, reward)
            other = self.state[STATE] * (1 - action)
            if trial % 2 or self.every_trial:
                self.record_signal("c_reward", torch.zeros_like(reward))
                other = self.call_module(CHOSEN, STATE, 1 - action, torch.zeros_like(reward))
            self.state[STATE] = chosen + other
            logits[trial] = self.state[STATE]
        return self.post_forward_pass(logits, batch_first), self.get_state()


def test_a_module_may_be_called_twice_in_a_trial():
    samples = sample(Twice(2), data(participant="per_session"), Discovery(n_trials_off_policy=50), 3)
    assert len(samples[CHOSEN].value) == 2 * 50 * 8 * 2
    equation = discover(samples, config_of(filters=())).equation(CHOSEN)
    assert_coefficients(equation, {"1": -0.3, f"{CHOSEN}[k]": 0.7, "c_reward[k]": 0.9}, 1e-6)


def test_a_module_that_is_called_now_and_then_is_a_sentence():
    with pytest.raises(SettingsError) as error:
        sample(Twice(2, every_trial=False), data(), Discovery(n_trials_off_policy=11), 3)
    assert str(error.value) == (
        f"The module '{CHOSEN}' is called 16 times in 11 trials. Call it equally often in every trial, with a"
        " mask for the arms that it moves."
    )
