"""Discovery: known maps come back exactly, filters are masks, and what the data cannot tell is said."""

import warnings
from copy import deepcopy

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn

from spicewidgets import (
    FORGETTING_RNN_CONFIG,
    RESCORLA_WAGNER_CONFIG,
    AgentQ,
    BanditsDrift,
    BaseRNN,
    DatasetRNN,
    ForgettingRNN,
    RescorlaWagnerRNN,
    SettingsError,
    SpiceConfig,
    create_dataset,
)
from spicewidgets.core.discover.sindy import ModuleSamples, check_model, discover, fit_equation, sample
from spicewidgets.core.equations import polynomial_terms
from spicewidgets.core.settings import Discovery

CHOSEN, OTHER, STATE = "x_value_reward_chosen", "x_value_reward_not_chosen", "x_value_reward"
OPTIMIZERS = ["SR3_weighted_l1", "SR3_L1", "STLSQ"]


class Map(nn.Module):
    """A module of the user's own whose next value is a known function of (value, *inputs)."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, inputs):
        value, *others = inputs.unbind(-1)
        return (self.function(value, *others) - value).unsqueeze(-1)


def rescorla_wagner(value, reward):
    return -0.3 + 0.7 * value + 0.9 * reward


def model_of(chosen=rescorla_wagner, other=None, n_actions=2, double=False):
    """`RescorlaWagnerRNN` or `ForgettingRNN` with known maps as modules."""
    model = (RescorlaWagnerRNN if other is None else ForgettingRNN)(n_actions)
    model.submodules_rnn[CHOSEN] = Map(chosen)
    if other is not None:
        model.submodules_rnn[OTHER] = Map(other)
    return model.double() if double else model


def data(n_trials=30, n_sessions=8, n_actions=2, counterfactual=False, seed=1, **arguments):
    task = BanditsDrift(sigma=0.2, n_actions=n_actions, counterfactual=counterfactual)
    agent = AgentQ(n_actions=n_actions, alpha_reward=0.3)
    return create_dataset(agent, task, n_trials, n_sessions, random_state=seed, **arguments)[0]


def config_of(terms=("c_reward",), filters=("c_action", 1, True), module=CHOSEN):
    return SpiceConfig({module: list(terms)}, {module: list(filters)}, ["c_action", "c_reward"], [module])


def samples_of(function=rescorla_wagner, n=200, rewards=(0.0, 1.0), seed=0, **controls):
    """Samples of one module of participant 0, with a reward and any other controls."""
    rng = np.random.default_rng(seed)
    value, reward = rng.normal(size=n), rng.choice(rewards, n)
    return ModuleSamples(
        value, function(value, reward), {"c_reward": reward, **controls}, np.zeros(n, dtype=int)
    )


def fit(samples, degree=1, module="x", **changes):
    terms = polynomial_terms((module, "c_reward"), degree)
    return fit_equation(module, samples, terms, Discovery(degree=degree, **changes).checked())


def assert_coefficients(equation, expected, tolerance=1e-9):
    assert {k: v for k, v in equation.coefficients.items() if v} == pytest.approx(expected, abs=tolerance)


# Known maps come back


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("on_policy", [False, True])
@pytest.mark.parametrize("n_actions", [2, 4])
def test_a_linear_map_comes_back_exactly(optimizer, on_policy, n_actions):
    """From the model to the equation, S67: (-0.3, 0.7, 0.9)."""
    settings_ = Discovery(optimizer=optimizer, n_trials_off_policy=0 if on_policy else 200)
    samples = sample(model_of(n_actions=n_actions), data(n_actions=n_actions), settings_, 3)
    found = discover(samples, RESCORLA_WAGNER_CONFIG, settings_)
    assert found.text() == f"({CHOSEN})[k+1] = -0.300 1 + 0.700 {CHOSEN}[k] + 0.900 c_reward[k]"
    assert_coefficients(found.equation(CHOSEN), {"1": -0.3, f"{CHOSEN}[k]": 0.7, "c_reward[k]": 0.9}, 1e-6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_quadratic_map_comes_back_exactly(optimizer):
    """T25: asymmetric rates need V * r, of degree 2; r^2 is r."""
    settings_ = Discovery(optimizer=optimizer, degree=2, n_trials_off_policy=300)

    def asymmetric(value, reward):
        return value + (0.2 + 0.6 * reward) * (3 * reward - value)

    samples = sample(model_of(asymmetric), data(), settings_, 3)
    equation = discover(samples, RESCORLA_WAGNER_CONFIG, settings_).equation(CHOSEN)
    expected = {f"{CHOSEN}[k]": 0.8, "c_reward[k]": 2.4, f"{CHOSEN}[k] c_reward[k]": -0.6}
    assert_coefficients(equation, expected, 1e-6)


def test_every_module_gets_its_own_equation():
    """T10, T11: the arms not chosen, by a module without inputs."""
    model = model_of(other=lambda value: 0.1 + 0.8 * value)
    samples = sample(model, data(), Discovery(n_trials_off_policy=200), 3)
    found = discover(samples, FORGETTING_RNN_CONFIG)
    assert_coefficients(found.equation(OTHER), {"1": 0.1, f"{OTHER}[k]": 0.8}, 1e-6)
    assert_coefficients(found.equation(CHOSEN), {"1": -0.3, f"{CHOSEN}[k]": 0.7, "c_reward[k]": 0.9}, 1e-6)
    assert found.participants == (0,)


@settings(max_examples=40)
@given(
    optimizer=st.sampled_from(OPTIMIZERS),
    degree=st.integers(1, 2),
    seed=st.integers(0, 2**31),
    scale=st.sampled_from([1e-2, 1.0, 5.0]),
    n=st.sampled_from([30, 300]),
)
def test_any_sparse_polynomial_comes_back(optimizer, degree, seed, scale, n):
    """A coefficient is there by its size alone, whatever the number of samples or the values' range."""
    rng = np.random.default_rng(seed)
    terms = polynomial_terms(("x", "c_reward"), degree)
    coefficients = (
        rng.choice([-1, 1], len(terms)) * rng.uniform(0.25, 1, len(terms)) * rng.integers(2, size=len(terms))
    )
    value, reward = scale * rng.normal(size=n), rng.normal(size=n)
    signals = {"x": value, "c_reward": reward}
    after = sum(
        c * np.prod([signals[f] for f in term], axis=0) if term else c * np.ones(n)
        for c, term in zip(coefficients, terms, strict=True)
    )
    samples = ModuleSamples(value, after, {"c_reward": reward}, np.zeros(n, dtype=int))
    equation = fit(samples, degree, optimizer=optimizer, threshold=0.05)
    assert equation.terms == terms
    np.testing.assert_allclose(equation.values, coefficients, rtol=0, atol=1e-6)
    assert equation.notes == ()
    assert equation.dropped == {}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("n", [20, 200, 2000])
def test_the_threshold_is_a_threshold(optimizer, n):
    """Fact 3: a learning rate of 0.05 vanishes at a threshold of 0.1 and stays at 0.02."""
    samples = samples_of(lambda value, reward: 0.95 * value + 0.05 * reward, n=n)
    kept = fit(samples, optimizer=optimizer, threshold=0.02)
    assert_coefficients(kept, {"x[k]": 0.95, "c_reward[k]": 0.05}, 1e-7)
    gone = fit(samples, optimizer=optimizer, threshold=0.1)
    assert gone.coefficient("c_reward") == gone.coefficient() == 0
    assert gone.coefficient("x") == pytest.approx(0.95, abs=0.02)


def test_a_coefficient_near_one_is_not_rounded_to_one():
    """Fact 3: autospice snaps |c - 1| < threshold to 1."""
    equation = fit(samples_of(lambda value, reward: 0.98 * value + 0.5 * reward), threshold=0.05)
    assert equation.coefficient("x") == pytest.approx(0.98, abs=1e-9)


def test_weighted_sr3_asks_more_of_higher_degrees():
    """K3: the threshold times the degree, so that 0.08 of a product vanishes and 0.08 of a value stays."""
    samples = samples_of(
        lambda value, reward: 0.08 * value + 0.5 * reward + 0.08 * value * reward, rewards=(-1, 0, 2)
    )
    weighted = fit(samples, 2, optimizer="SR3_weighted_l1", threshold=0.05)
    assert weighted.coefficient("x", "c_reward") == 0
    assert weighted.coefficient("x") == pytest.approx(0.08, abs=0.03)
    alike = fit(samples, 2, optimizer="SR3_L1", threshold=0.05)
    assert_coefficients(alike, {"x[k]": 0.08, "c_reward[k]": 0.5, "x[k] c_reward[k]": 0.08}, 1e-6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_threshold_above_everything_says_so(optimizer):
    equation = fit(samples_of(), optimizer=optimizer, threshold=5.0)
    assert equation.active == ()
    assert equation.notes == (
        "The threshold is above every coefficient: no term is left. Lower the threshold.",
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_module_that_gives_zero_is_no_matter_of_the_threshold(optimizer):
    equation = fit(samples_of(lambda value, reward: 0 * value), optimizer=optimizer)
    assert equation.active == ()
    assert equation.notes == ()


def test_regularization_of_stlsq_is_its_ridge():
    value = np.array([-1.0, 1.0] * 20)
    samples = ModuleSamples(
        value, 0.5 * value, {"c_reward": np.array([0.0, 0, 1, 1] * 10)}, np.zeros(40, dtype=int)
    )
    free = fit(samples, optimizer="STLSQ", regularization=0.0).coefficient("x")
    assert free == pytest.approx(0.5, abs=1e-12)
    assert fit(samples, optimizer="STLSQ", regularization=10.0).coefficient("x") == pytest.approx(
        0.5, abs=1e-3
    )


@pytest.mark.parametrize("optimizer", ["SR3_weighted_l1", "SR3_L1"])
def test_sr3_without_a_regularization_is_refused(optimizer):
    with pytest.raises(SettingsError) as error:
        fit(samples_of(), optimizer=optimizer, regularization=0.0)
    assert str(error.value) == (
        "regularization must be above 0 for SR3 (its relaxation nu); got 0. Set 0.01, or choose STLSQ."
    )


# What the data cannot tell apart


def test_the_square_of_a_binary_reward_is_dropped_and_said():
    """M12."""
    equation = fit(samples_of(), degree=2)
    assert equation.dropped == {
        ("c_reward", "c_reward"): (
            "c_reward[k]^2 was left out of the library: in these data it is the same as c_reward[k]."
        )
    }
    assert_coefficients(equation, {"1": -0.3, "x[k]": 0.7, "c_reward[k]": 0.9})


def test_the_square_of_a_graded_reward_is_kept():
    equation = fit(samples_of(lambda v, r: 0.5 * v + 0.4 * r * r, rewards=(0.0, 0.5, 1.0)), degree=2)
    assert equation.dropped == {}
    assert_coefficients(equation, {"x[k]": 0.5, "c_reward[k]^2": 0.4})


def test_a_reward_of_minus_one_and_one_squares_to_the_constant():
    equation = fit(samples_of(rewards=(-1.0, 1.0)), degree=2)
    assert equation.dropped == {
        (
            "c_reward",
            "c_reward",
        ): "c_reward[k]^2 was left out of the library: in these data it is the same as 1."
    }


def test_a_signal_that_never_varies_is_dropped_with_the_reason():
    equation = fit(samples_of(rewards=(0.0,)))
    assert equation.dropped == {
        ("c_reward",): "c_reward[k] was left out of the library: it is 0 in these data."
    }
    assert_coefficients(equation, {"1": -0.3, "x[k]": 0.7})
    always = fit(samples_of(rewards=(1.0,)))
    assert list(always.dropped.values()) == [
        "c_reward[k] was left out of the library: in these data it is the same as 1."
    ]
    assert_coefficients(always, {"1": 0.6, "x[k]": 0.7})


def test_a_signal_that_is_a_mixture_of_others_is_dropped():
    samples = samples_of()
    controls = {**samples.controls, "c_mix": 2 + 3 * samples.value - samples.controls["c_reward"]}
    mixed = ModuleSamples(samples.value, samples.after, controls, samples.participant)
    equation = fit_equation("x", mixed, ((), ("x",), ("c_reward",), ("c_mix",)), Discovery())
    assert equation.dropped == {
        ("c_mix",): (
            "c_mix[k] was left out of the library: in these data it is the same as 1 and x[k] and"
            " c_reward[k]."
        )
    }


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_samples_tell_few_terms(n):
    samples = samples_of(n=n)
    equation = fit(samples, degree=2)
    assert len(equation.terms) - len(equation.dropped) <= n
    predicted = equation(samples.value, samples.controls)
    np.testing.assert_allclose(predicted, samples.after, rtol=0, atol=1e-6)


def test_a_library_of_which_nothing_is_left_is_zero():
    samples = samples_of(rewards=(0.0,))
    equation = fit_equation("x", samples, (("c_reward",),), Discovery())
    assert equation.values == (0.0,)
    assert list(equation.dropped) == [("c_reward",)]


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


# Participants and libraries


def test_an_equation_for_each_participant():
    """S111: each from the samples of their own."""
    maps = [samples_of(lambda v, r, a=a: (1 - a) * v + a * r, seed=i) for i, a in enumerate((0.2, 0.5, 0.8))]
    together = ModuleSamples(
        np.concatenate([m.value for m in maps]),
        np.concatenate([m.after for m in maps]),
        {"c_reward": np.concatenate([m.controls["c_reward"] for m in maps])},
        np.repeat([0, 1, 2], 200),
    )
    config = SpiceConfig({"x": ["c_reward"]}, {}, ["c_reward"], ["x"])
    found = discover({"x": together}, config, participants=("a", "b", "c"))
    assert found.participants == ("a", "b", "c")
    for label, alpha in zip("abc", (0.2, 0.5, 0.8), strict=True):
        assert_coefficients(found.equation("x", label), {"x[k]": 1 - alpha, "c_reward[k]": alpha}, 1e-8)
    one = discover({"x": together}, config, participants=("a", "b", "c"), only=1)
    assert one.equations["x"] == (None, found.equation("x", "b"), None)


def test_exact_candidate_terms():
    """L19: one module's library is given term by term, the others' is the polynomial one."""
    samples = {"x": samples_of(), "y": samples_of()}
    config = SpiceConfig({"x": ["c_reward"], "y": ["c_reward"]}, {}, ["c_reward"], ["x", "y"])
    found = discover(samples, config, libraries={"x": (("x",), ("c_reward",))})
    assert found.equation("x").terms == (("x",), ("c_reward",))
    assert found.equation("y").terms == ((), ("y",), ("c_reward",))
    assert found.equation("x").coefficient() == 0
    squared = discover(samples, config, libraries={"x": ((), ("x", "x", "x"), ("c_reward", "x"))})
    assert squared.equation("x").terms == ((), ("x", "x", "x"), ("c_reward", "x"))


@pytest.mark.parametrize(
    ("libraries", "sentence"),
    [
        (
            {"z": ((),)},
            "There are no samples of the modules ['z']; there are some of ['x']. Correct the names in"
            " rnn_modules or libraries.",
        ),
        (
            {"x": ((), ("x", "c_rewrd"))},
            "The equation of 'x' or its filter uses ['c_rewrd']; sampled are ['c_reward', 'x']. Record the"
            " signal before call_module, or correct the name.",
        ),
    ],
)
def test_names_that_the_samples_lack_are_sentences(libraries, sentence):
    config = SpiceConfig({"x": ["c_reward"]}, {}, ["c_reward"], ["x"])
    with pytest.raises(SettingsError) as error:
        discover({"x": samples_of()}, config, libraries=libraries)
    assert str(error.value) == sentence


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_a_sentence(value):
    with pytest.raises(SettingsError) as error:
        fit(samples_of(lambda v, r: np.where(v > 0, v, value)))
    assert str(error.value) == (
        "The module 'x' gives values that are no numbers, so that it has no equation. Train again, with a"
        " lower learning rate."
    )


def test_settings_are_checked_before_the_fit():
    config = SpiceConfig({"x": ["c_reward"]}, {}, ["c_reward"], ["x"])
    with pytest.raises(SettingsError) as error:
        discover({"x": samples_of()}, config, Discovery(threshold=-1, degree=0, optimizer="LASSO"))
    assert len(error.value.problems) == 3


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_same_samples_give_the_same_equation_to_the_last_bit(optimizer):
    assert fit(samples_of(), 2, optimizer=optimizer) == fit(samples_of(), 2, optimizer=optimizer)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_nothing_else_changes(optimizer, capfd):
    """S65, S100, F5, F12: no output, no warning filter, no configuration, no sample, no global generator."""
    config = config_of()
    shown = deepcopy(
        (config.library_setup, config.filter_setup, config.control_parameters, config.rnn_modules)
    )
    settings_ = Discovery(optimizer=optimizer, n_trials_off_policy=50)
    samples = sample(model_of(), data(), settings_, 3)
    kept = deepcopy(samples)
    filters, state, errors = list(warnings.filters), str(np.random.get_state()), np.geterr()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        discover(samples, config, settings_)
        discover(samples, config, Discovery(optimizer=optimizer, threshold=9.0))
    assert heard == []
    assert capfd.readouterr() == ("", "")
    assert list(warnings.filters) == filters
    assert str(np.random.get_state()) == state
    assert np.geterr() == errors
    assert (config.library_setup, config.filter_setup, config.control_parameters, config.rnn_modules) == shown
    assert config == config_of()
    assert np.array_equal(samples[CHOSEN].value, kept[CHOSEN].value)
    assert np.array_equal(samples[CHOSEN].after, kept[CHOSEN].after)


def test_another_warning_of_pysindy_becomes_a_note(monkeypatch):
    import pysindy

    inside = pysindy.STLSQ.fit

    def warned(self, *args, **kwargs):
        warnings.warn("something about the fit", UserWarning, stacklevel=1)
        warnings.warn("something about a future version", DeprecationWarning, stacklevel=1)
        return inside(self, *args, **kwargs)

    monkeypatch.setattr(pysindy.STLSQ, "fit", warned)
    assert fit(samples_of(), optimizer="STLSQ").notes == ("pysindy: something about the fit",)


# Models that do not do what the config says


class Forgetful(RescorlaWagnerRNN):
    """What it does in a trial is written in the test."""

    def forward(self, inputs, prev_state=None, batch_first=False):
        (actions, rewards, *_), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            self.trial(action, reward)
            logits[trial] = self.state[STATE]
        return self.finish(logits, batch_first), self.get_state()

    def trial(self, action, reward):
        self.record_signal("c_action", action)
        self.record_signal("c_reward", reward)
        self.state[STATE] = self.call_module(CHOSEN, STATE, action, reward)

    def finish(self, logits, batch_first):
        return self.post_forward_pass(logits, batch_first)


def problems_of(model, config=RESCORLA_WAGNER_CONFIG, dataset=None):
    with pytest.raises(SettingsError) as error:
        check_model(model, config, data() if dataset is None else dataset)
    return error.value.problems


def test_a_model_that_does_what_the_config_says_passes():
    check_model(Forgetful(2), RESCORLA_WAGNER_CONFIG, data())
    check_model(model_of(), RESCORLA_WAGNER_CONFIG, data())


@pytest.mark.seed(85)
def test_a_forgotten_signal_is_named_with_the_config_key():
    """S85, F23: before the training, not as a KeyError after it."""

    class Model(Forgetful):
        def trial(self, action, reward):
            self.record_signal("c_action", action)
            self.state[STATE] = self.call_module(CHOSEN, STATE, action, reward)

    assert problems_of(Model(2)) == (
        f"library_setup or filter_setup of '{CHOSEN}' uses 'c_reward', which Model has not recorded when it"
        " calls the module; recorded by then: ['c_action']. Put record_signal('c_reward', ...) before"
        f" call_module('{CHOSEN}', ...).",
    )


def test_a_signal_that_is_recorded_too_late_is_named():
    class Model(Forgetful):
        def trial(self, action, reward):
            self.record_signal("c_reward", reward)
            self.state[STATE] = self.call_module(CHOSEN, STATE, action, reward)
            self.record_signal("c_action", action)

    (problem,) = problems_of(Model(2))
    assert "uses 'c_action', which Model has not recorded when it calls" in problem


def test_a_module_that_was_never_set_up_or_never_called_is_named():
    """S94."""
    other = "x_value_reward_not_chosen"
    (unknown,) = problems_of(RescorlaWagnerRNN(2), FORGETTING_RNN_CONFIG)
    assert unknown == (
        f"rnn_modules names '{other}'; RescorlaWagnerRNN has set up ['{CHOSEN}']. Set it up in __init__, or"
        " correct the name."
    )
    model = RescorlaWagnerRNN(2)
    model.submodules_rnn[other] = model.setup_module(input_size=0)
    (uncalled,) = problems_of(model, FORGETTING_RNN_CONFIG)
    assert uncalled == (
        f"rnn_modules names '{other}', but the forward of RescorlaWagnerRNN never calls it. Call"
        f" call_module('{other}', ...) in each trial."
    )


def test_logits_of_a_wrong_shape_are_refused():
    class Model(Forgetful):
        def finish(self, logits, batch_first):
            return logits.stacked()[..., :1]

    assert problems_of(Model(2)) == (
        "forward returned logits of shape (2, 2, 1); needed is (n_trials, n_sessions, n_actions) = (2, 2, 2)."
        " End forward with `return self.post_forward_pass(logits, batch_first), self.get_state()`.",
    )


def test_a_participant_without_a_trial_is_named_before_the_training():
    dataset = data(n_sessions=3)
    xs, ys = dataset.xs.clone(), dataset.ys.clone()
    xs[..., -1] = torch.tensor([0.0, 1.0, 2.0])[:, None]
    xs[1, :, :4], ys[1] = -1, -1
    empty = DatasetRNN(xs, ys, participants=["ann", "bob", "cy"])
    assert problems_of(RescorlaWagnerRNN(2), dataset=empty) == (
        "No trial of the participants ['bob'] was observed. Leave their sessions out.",
    )
    samples = sample(model_of(), empty, Discovery(n_trials_off_policy=10), 3)[CHOSEN]
    assert np.unique(samples.participant).tolist() == [0, 2]


def test_the_check_leaves_the_model_as_it_was():
    model = RescorlaWagnerRNN(2).train()
    check_model(model, RESCORLA_WAGNER_CONFIG, data())
    assert model.training
    assert (model.recording, model.transitions, model.record_transitions) == ({}, {}, False)


def broken(kind):
    class Broken(RescorlaWagnerRNN):
        def forward(self, inputs, prev_state=None, batch_first=False):
            logits, state = super().forward(inputs, prev_state, batch_first)
            return {
                "nothing": None,
                "logits alone": logits,
                "no tensor": ([logits], state),
                "nothing learned": (logits.detach(), state),
            }[kind]

    return Broken(2)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("nothing", "got NoneType"),
        ("logits alone", "got Tensor"),
        ("no tensor", "got list, dict"),
        ("nothing learned", "do not depend on any learned module"),
    ],
)
def test_what_a_forward_returns_is_checked_before_the_training(kind, told):
    dataset, _, _ = create_dataset(AgentQ(), BanditsDrift(sigma=0.2), 5, 2, random_state=1)
    with pytest.raises(SettingsError, match=told):
        check_model(broken(kind), RESCORLA_WAGNER_CONFIG, dataset)
