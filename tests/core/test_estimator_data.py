"""What the estimator makes of data: any form, gaps, people with names, more arms, more columns."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings, strategies as st

from spicewidgets import (
    PARTICIPANT_EMBEDDING_RNN_CONFIG,
    RESCORLA_WAGNER_CONFIG,
    AgentQ,
    BanditsDrift,
    BaseRNN,
    DatasetRNN,
    ParticipantEmbeddingRNN,
    RescorlaWagnerRNN,
    SettingsError,
    SpiceConfig,
    SpiceEstimator,
    convert_dataset,
    create_dataset,
    replay,
    true_model,
)
from spicewidgets.core.data.splits import concat
from spicewidgets.core.estimator import SpiceWarning

CHOSEN = "x_value_reward_chosen"


def data(n_sessions=8, n_trials=20, seed=1, counterfactual=False, **agent):
    n_actions = agent.get("n_actions", 2)
    task = BanditsDrift(sigma=0.2, n_actions=n_actions, counterfactual=counterfactual)
    agent = AgentQ(**{"alpha_reward": 0.3, **agent})
    return create_dataset(agent, task, n_trials, n_sessions, random_state=seed)[0]


def new(rnn_class=RescorlaWagnerRNN, spice_config=RESCORLA_WAGNER_CONFIG, **parameters):
    small = {"epochs": 20, "n_trials_off_policy": 60, "random_state": 0, "n_starts": 2}
    return SpiceEstimator(rnn_class, spice_config, **{**small, **parameters})


def embedded(**parameters):
    return new(ParticipantEmbeddingRNN, PARTICIPANT_EMBEDDING_RNN_CONFIG, **{"epochs": 6, **parameters})


DATA = data()


@pytest.fixture(scope="module")
def fitted():
    return new().fit(DATA)


def assert_same(a, b, atol=0.0):
    for one, other in zip(a, b, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=atol)


# Any form, any number of sessions


@pytest.mark.seed(61)
@pytest.mark.parametrize(
    "form", [np.asarray, torch.Tensor.double, torch.Tensor.tolist, lambda xs: xs.clone().requires_grad_()]
)
def test_all_forms_of_data_give_the_same(fitted, form):
    """S61."""
    estimator = new().fit(form(DATA.xs), form(DATA.ys))
    assert estimator.spice_model_ == fitted.spice_model_
    assert_same(estimator.predict(form(DATA.xs)), fitted.predict(DATA))


def test_without_targets_the_next_choices_in_the_rows_are_learned():
    ys = DATA.ys.clone()
    ys[:, -1] = -1
    assert new().fit(DATA.xs).spice_model_ == new().fit(DATA.xs, ys).spice_model_


def test_predict_on_any_number_of_sessions(fitted):
    """F3, K5."""
    rnn, spice = fitted.predict(DATA)
    assert rnn.shape == spice.shape == (8, 20, 2)
    for p in (rnn, spice):
        np.testing.assert_allclose(p.sum(-1), 1, atol=1e-12)
    for one in (1, 3):
        assert_same(fitted.predict(DATA.xs[one]), (rnn[one : one + 1], spice[one : one + 1]))
        assert_same(fitted.predict(DATA.xs[one:]), (rnn[one:], spice[one:]))
    assert fitted.predict(DATA.xs[:0])[0].shape == (0, 20, 2)
    assert fitted.predict(DATA.xs[:, :0])[0].shape == (8, 0, 2)


def test_predict_is_the_models_own_forward(fitted):
    """Entry t is P of the choice at t + 1."""
    with torch.no_grad():
        logits, _ = fitted.rnn_model_(DATA.xs, batch_first=True)
    np.testing.assert_allclose(fitted.predict(DATA)[0], logits.softmax(-1).numpy(), atol=1e-6)
    np.testing.assert_array_equal(
        replay(fitted.spice_agent, DATA).probabilities[:, 1:], fitted.predict(DATA)[1]
    )


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (None, r"A session is an array .* got shape \(\)\."),
        (
            "abc",
            r"A session must be numbers, .* got 'abc'\. Make a data set of a table with convert_dataset\.",
        ),
        ([[1, 2], [3]], r"must be numbers"),
        (np.zeros((3, 5, 4)), r"with 5 or more features for 2 arms; got shape \(3, 5, 4\)\."),
        (np.zeros((0, 5, 5)), r"No trial has a next choice to learn from"),
        (np.full((2, 5, 5), -1.0), r"No trial has a next choice to learn from"),
    ],
)
def test_data_that_cannot_be_used_are_a_sentence(fitted, wrong, told):
    with pytest.raises(SettingsError, match=told):
        new().fit(wrong)
    if "next choice" not in told:
        with pytest.raises(SettingsError, match=told):
            fitted.predict(wrong)


def test_targets_that_do_not_fit():
    with pytest.raises(SettingsError, match=r"targets must be numbers, .* got 'next'\."):
        new().fit(DATA.xs, "next")
    with pytest.raises(
        SettingsError, match=r"xs and ys must have the shapes .* got \(8, 20, 5\) and \(8, 19, 2\)"
    ):
        new().fit(DATA.xs, DATA.ys[:, 1:])


def test_rewards_that_are_no_numbers_are_named():
    xs = DATA.xs.clone()
    xs[2, 3, 2 + int(xs[2, 3, 1])] = torch.inf
    with pytest.raises(SettingsError, match="infinity in reward_"):
        new().fit(xs, DATA.ys)


def test_more_arms_than_n_actions_are_noticed():
    three = data(n_actions=3)
    told = r"The data set has 3 arms; needed are 2\. Set n_actions=3"
    for arguments in ((three,), (three.xs, three.ys)):
        with pytest.raises(SettingsError, match=told):
            new().fit(*arguments)
    with pytest.warns(
        SpiceWarning, match=r"trials have no choice among the 2 arms .* set n_actions;"
    ) as caught:
        new().fit(three.xs)  # the columns alone do not tell
    assert caught[0].filename == __file__


# Gaps


def test_padding_changes_nothing(fitted):
    """F14, T7: what is learned, found and predicted."""
    xs = torch.cat([DATA.xs, torch.tensor([-1.0, -1, -1, -1, 0]).expand(8, 7, 5)], 1)
    ys = torch.cat([DATA.ys, torch.full((8, 7, 2), -1.0)], 1)
    padded = new().fit(xs, ys)
    assert padded.history_[-1].train_loss == pytest.approx(fitted.history_[-1].train_loss, abs=1e-6)
    assert padded.spice_model_.text() == fitted.spice_model_.text()
    for p, q in zip(padded.predict(xs), fitted.predict(DATA), strict=True):
        np.testing.assert_allclose(p[:, :20], q, atol=1e-6)
        np.testing.assert_array_equal(p[:, 20:], np.repeat(p[:, 19:20], 7, 1))  # nothing new is learned
    assert padded.score(xs, ys) == pytest.approx(fitted.score(DATA), abs=1e-6)


def test_missing_trials_change_nothing():
    """As if they had never been there, wherever they are."""
    xs, ys = DATA.xs.clone(), DATA.ys.clone()
    gone = torch.zeros(8, 20, dtype=torch.bool)
    gone[:, [0, 5, 6, 13]] = True
    xs[..., :4][gone] = -1
    ys[:, :-1][gone[:, 1:]] = -1  # the choice after the trial before is missing, too
    gaps = new(n_trials_off_policy=0).fit(xs, ys)
    keep = [t for t in range(20) if not gone[0, t]]
    whole = new(n_trials_off_policy=0).fit(xs[:, keep], ys[:, keep])
    assert gaps.history_[-1].train_loss == pytest.approx(whole.history_[-1].train_loss, abs=1e-6)
    assert gaps.spice_model_.text() == whole.spice_model_.text()
    for p, q in zip(gaps.predict(xs), whole.predict(xs[:, keep]), strict=True):
        np.testing.assert_allclose(p[:, keep], q, atol=1e-6)
        np.testing.assert_allclose(p[:, [6, 13]], p[:, [4, 12]], atol=0)
        np.testing.assert_allclose(p[:, 0], 0.5, atol=0)  # before the first choice that was seen


@pytest.mark.parametrize("missing", [np.nan, -1.0])
def test_missing_as_nan_or_as_minus_one(missing):
    xs = DATA.xs.numpy().copy()
    xs[3, 4:9, :4] = missing
    p = new().fit(xs).predict(xs)
    other = DATA.xs.numpy().copy()
    other[3, 4:9, :4] = -1
    assert_same(p, new().fit(other).predict(other))


def test_sessions_of_unequal_length():
    long, short = data(n_sessions=4, n_trials=20), data(n_sessions=4, n_trials=9, seed=2)
    both = concat([long, short])
    both.xs[..., -1] = 0
    estimator = new().fit(both)
    alone = [estimator.score(part) * n for part, n in ((long, 80), (short, 36))]
    assert estimator.score(both) == pytest.approx(sum(alone) / 116, abs=1e-9)
    rnn, _ = estimator.predict(both)
    loss = -np.log((rnn * np.maximum(both.ys.numpy(), 0)).sum(-1)[both.target_mask.numpy()]).mean()
    assert estimator.history_[-1].train_loss == pytest.approx(loss, abs=1e-5)


# Participants


def people(labels, n_trials=15, n_sessions=3):
    parts = [
        data(n_sessions, n_trials, seed, alpha_reward=alpha)
        for seed, alpha in zip(range(len(labels)), np.linspace(0.2, 0.9, len(labels)), strict=True)
    ]
    return concat(parts, participants=labels)


def test_ids_need_not_be_zero_to_n(capsys):
    """F21: raw codes such as 7 and 3."""
    xs = people([0, 1]).xs.clone()
    xs[..., -1] = torch.where(xs[..., -1] == 0, 7, 3)
    estimator = embedded().fit(xs)
    assert estimator.participants_ == (3, 7)
    assert set(estimator.get_participant_embeddings()) == {3, 7}
    estimator.print_spice_model(participant_id=7)
    assert capsys.readouterr().out == estimator.spice_model_.text(7) + "\n"
    assert estimator.spice_model_.text(7) != estimator.spice_model_.text(3)
    again = embedded().fit(torch.where(xs == 7, 1, torch.where(xs == 3, 0, xs)))
    assert_same(
        estimator.predict(xs), again.predict(torch.where(xs == 7, 1, torch.where(xs == 3, 0, xs))), 1e-6
    )
    with pytest.raises(SettingsError, match=r"Participant 0 is unknown to this model; known are \[3, 7\]\."):
        estimator.predict(DATA)


def test_numbers_that_32_bits_merge_are_refused():
    """20240000 and 20240001 would be one participant."""
    xs = people([0, 1]).xs.double().numpy()
    xs[..., -1] += 20240000
    for form in (xs, xs.tolist(), torch.tensor(xs)):
        with pytest.raises(SettingsError, match=r"within 16,777,216, .* got 20240001\. Number them from 0"):
            embedded().fit(form)
    xs[3:, :, -1] += 1
    assert embedded().fit(xs).participants_ == (20240000, 20240002)  # these are exact


def test_a_session_is_of_one_participant():
    xs = DATA.xs.clone()
    xs[3, 10:, -1] = 1
    with pytest.raises(SettingsError, match=r"Session 3 has trials of more than one participant\."):
        new().fit(xs)
    xs[3, 10:, :4] = -1  # but padding may hold anything
    assert new().fit(xs).participants_ == (0,)


@pytest.mark.parametrize(
    "labels", [[7, 3], ["anna", "bob"], [1, 0], ["1", "0"], [2.5, -1], [("a", 1), ("b", 2)]]
)
def test_labels_of_any_kind_are_kept(labels):
    """F20, F21: and a row of such data set, which holds the code, is taken for the right person."""
    dataset = people(labels)
    estimator = embedded().fit(dataset)
    codes = embedded().fit(dataset.xs, dataset.ys)
    assert estimator.participants_ == tuple(labels)
    assert codes.participants_ == (0, 1)
    for a, b in zip(labels, (0, 1), strict=True):
        assert estimator.spice_model_.text(a) == codes.spice_model_.text(b)
        assert estimator.get_spice_features(a) == codes.get_spice_features(b)
    expected = codes.predict(dataset.xs)
    assert_same(estimator.predict(dataset), expected)
    assert_same(estimator.predict(dataset.xs), expected)
    rounding = 1e-12  # a product of matrices rounds by their size
    for agent, p in zip((estimator.rnn_agent, estimator.spice_agent), expected, strict=True):
        for session in (0, 4):
            one = replay(agent, dataset.xs[session]).probabilities[0, 1:]
            np.testing.assert_allclose(one, p[session], atol=rounding)
    second = dataset.xs[3:]  # of the second person only
    only = estimator.predict(DatasetRNN(second, dataset.ys[3:], participants=labels))
    assert_same(only, [p[3:] for p in expected], rounding)


def test_names_from_a_table_to_the_equations(tmp_path):
    """F20, K9."""
    parts = [
        data(2, 12, seed).to_frame().assign(who=name) for seed, name in enumerate(["zoe", "adam", "mia"])
    ]
    table = pd.concat(parts)
    choice = table.filter(like="choice").iloc[:, 0] if "choice" not in table else table["choice"]
    rewards = table.filter(like="reward")
    columns = {"who": table["who"], "choice": choice, "reward": rewards.max(axis=1), "part": table["session"]}
    pd.DataFrame(columns).to_csv(tmp_path / "own.csv", index=False)
    dataset = convert_dataset(tmp_path / "own.csv", df_participant_id="who", df_session="part")[0]
    estimator = embedded().fit(dataset)
    assert set(estimator.count_parameters()) == {"zoe", "adam", "mia"}
    assert estimator.predict(dataset)[1].shape == (6, 12, 2)
    one = embedded(spice_participant_id="mia").fit(dataset)
    assert one.spice_model_.of_participant() == estimator.spice_model_.of_participant("mia")
    with pytest.raises(
        SettingsError, match=r"must be one of the participants \['zoe', 'adam', 'mia'\], or None"
    ):
        embedded(spice_participant_id="eve").fit(dataset)


def test_a_subset_of_a_labelled_data_set():
    """Codes 0 and 2 of three labels, which are no longer the places 0 and 1."""
    dataset = people(["a", "b", "c"])
    some = dataset.take(torch.tensor([0, 1, 2, 6, 7, 8]), torch.arange(15).expand(6, -1))
    estimator = embedded().fit(some)
    assert estimator.participants_ == ("a", "c")
    assert_same(estimator.predict(some), estimator.predict(some.xs))
    with pytest.raises(
        SettingsError, match=r"Participant 'b' is unknown to this model; known are \['a', 'c'\]"
    ):
        estimator.predict(dataset)


def test_validation_data_may_be_rows_of_the_labelled_data():
    dataset = people(["anna", "bob"])
    a = embedded(optimizer="adam").fit(dataset, data_validation=dataset.xs, target_validation=dataset.ys)
    b = embedded(optimizer="adam").fit(dataset, data_validation=dataset)
    assert [r.validation_loss for r in a.history_] == [r.validation_loss for r in b.history_]


def test_n_participants_may_be_more_than_there_are():
    estimator = embedded(n_participants=5).fit(people([0, 1]))
    assert estimator.rnn_model_.participant_embedding[0].num_embeddings == 5
    assert set(estimator.get_participant_embeddings()) == {0, 1}


def test_embedding_size_can_be_set():
    """F19."""
    estimator = embedded(embedding_size=3).fit(people([0, 1]))
    assert estimator.get_participant_embeddings()[0].shape == (3,)


# More arms, more columns


@pytest.mark.seed(19)
def test_three_arms_from_data_to_equation():
    """F17, S19."""
    agent = AgentQ(n_actions=3, alpha_reward=0.4, beta_reward=4.0)
    task = BanditsDrift(sigma=0.2, n_actions=3)
    dataset = create_dataset(agent, task, 40, 60, random_state=3)[0]
    estimator = new(n_actions=3, epochs=300, n_starts=3, n_trials_off_policy=300).fit(dataset)
    truth = true_model(agent, RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG).equation(CHOSEN)
    found = estimator.spice_model_.equation(CHOSEN)
    # the model has many more weights than the equation; 2400 choices leave about 0.1 of each coefficient open
    for term in ((CHOSEN,), ("c_reward",)):
        assert found.coefficient(*term) == pytest.approx(truth.coefficient(*term), abs=0.3)
    assert estimator.predict(dataset)[1].shape == (60, 40, 3)
    assert -estimator.score(dataset) < estimator.history_[-1].floor + 0.02 < np.log(3) - 0.1


def test_a_padded_session_of_three_arms():
    """F17: padding is known by the arms that there are."""
    dataset = data(n_actions=3)
    estimator = new(n_actions=3, epochs=4).fit(dataset)
    padded = torch.cat([dataset.xs, torch.tensor([-1.0] * 6 + [0]).expand(8, 4, 7)], 1)
    for p, q in zip(estimator.predict(padded), estimator.predict(dataset), strict=True):
        np.testing.assert_allclose(p[:, :20], q, atol=1e-12)


class EveryArmRNN(BaseRNN):
    """Every arm learns from its own outcome, which is shown for all."""

    init_values = {"x_value_reward": 0.5}

    def __init__(self, n_actions, **kwargs):
        super().__init__(n_actions=n_actions)
        self.submodules_rnn[CHOSEN] = self.setup_module(input_size=1)
        self.submodules_rnn["x_value_reward_not_chosen"] = self.setup_module(input_size=1)

    def forward(self, inputs, prev_state=None, batch_first=False):
        inputs, _, logits, timesteps = self.init_forward_pass(inputs, prev_state, batch_first)
        actions, rewards, _, _ = inputs
        for timestep, action, reward in zip(timesteps, actions, rewards, strict=True):
            self.record_signal("c_action", action)
            self.record_signal("c_reward", reward)
            chosen = self.call_module(CHOSEN, "x_value_reward", action, reward)
            other = self.call_module("x_value_reward_not_chosen", "x_value_reward", 1 - action, reward)
            self.state["x_value_reward"] = chosen + other
            logits[timestep] = self.state["x_value_reward"]
        return self.post_forward_pass(logits, batch_first), self.get_state()


def test_counterfactual_feedback_from_data_to_equation():
    modules = [CHOSEN, "x_value_reward_not_chosen"]
    config = SpiceConfig(
        rnn_modules=modules,
        control_parameters=["c_action", "c_reward"],
        library_setup={module: ["c_reward"] for module in modules},
        filter_setup={CHOSEN: ["c_action", 1, True], modules[1]: ["c_action", 0, True]},
    )
    rates = {"alpha_counterfactual_reward": 0.4, "alpha_counterfactual_penalty": 0.4}
    dataset = data(60, 40, counterfactual=True, beta_reward=5.0, **rates)
    assert not torch.isnan(dataset.rewards).any()
    estimator = new(EveryArmRNN, config, epochs=300, n_starts=3, n_trials_off_policy=300).fit(dataset)
    other = estimator.spice_model_.equation(modules[1])
    assert other.coefficient(modules[1]) == pytest.approx(0.6, abs=0.25)
    assert other.coefficient("c_reward") == pytest.approx(0.4 * 5, abs=1.0)
    assert -estimator.score(dataset) < estimator.history_[-1].floor + 0.02


class ContextRNN(BaseRNN):
    """Uses everything a row can hold: two inputs, block and experiment."""

    init_values = {"x_value_reward": 0.5}

    def __init__(self, n_actions, **kwargs):
        super().__init__(n_actions=n_actions)
        self.submodules_rnn[CHOSEN] = self.setup_module(input_size=5)

    def forward(self, inputs, prev_state=None, batch_first=False):
        inputs, ids, logits, timesteps = self.init_forward_pass(inputs, prev_state, batch_first)
        actions, rewards, blocks, additional = inputs
        experiment = ids[1].to(actions).expand_as(actions[0])
        for timestep, action, reward, block, more in zip(
            timesteps, actions, rewards, blocks, additional, strict=True
        ):
            signals = [
                reward,
                block.to(action),
                experiment,
                more[:, :1].expand_as(action),
                more[:, 1:].expand_as(action),
            ]
            self.record_signal("c_action", action)
            for name, signal in zip(
                ["c_reward", "c_block", "c_experiment", "c_a", "c_b"], signals, strict=True
            ):
                self.record_signal(name, signal)
            chosen = self.call_module(CHOSEN, "x_value_reward", action, tuple(signals))
            self.state["x_value_reward"] = chosen + self.state["x_value_reward"] * (1 - action)
            logits[timestep] = self.state["x_value_reward"]
        return self.post_forward_pass(logits, batch_first), self.get_state()


def test_inputs_block_and_experiment_reach_the_model_in_a_replay():
    """P is the same whether the model runs over whole sessions or the agent trial by trial."""
    config = SpiceConfig(
        {CHOSEN: ["c_reward", "c_block", "c_experiment", "c_a", "c_b"]},
        {CHOSEN: ["c_action", 1, True]},
        ["c_action", "c_reward", "c_block", "c_experiment", "c_a", "c_b"],
        [CHOSEN],
    )
    rng = np.random.default_rng(0)
    block = np.repeat([[0.0] * 10 + [1.0] * 10], 8, 0)[..., None]
    experiment = np.repeat(np.arange(8) % 2, 20).reshape(8, 20, 1)
    xs = np.concatenate(
        [DATA.xs[..., :4], rng.normal(size=(8, 20, 2)), block, experiment, DATA.xs[..., 4:]], -1
    )
    estimator = new(ContextRNN, config, n_trials_off_policy=0).fit(xs, DATA.ys)
    with torch.no_grad():
        logits, _ = estimator.rnn_model_(torch.tensor(xs, dtype=torch.float32), batch_first=True)
    np.testing.assert_allclose(estimator.predict(xs)[0], logits.softmax(-1), atol=1e-6)
    assert_same([p[3:4] for p in estimator.predict(xs)], estimator.predict(xs[3]), 1e-12)
    changed = xs.copy()
    changed[:, :, -3] = 1 - changed[:, :, -3]
    assert np.abs(estimator.predict(changed)[0] - estimator.predict(xs)[0]).max() > 1e-3


def test_columns_that_the_model_does_not_use_change_nothing(fitted):
    wide = np.insert(DATA.xs.numpy(), [4, 4, 4], [0.7, 1, 2], axis=-1)
    assert wide.shape[-1] == 8
    estimator = new().fit(wide, DATA.ys)
    assert estimator.history_[-1].train_loss == pytest.approx(fitted.history_[-1].train_loss, abs=1e-6)
    assert_same(estimator.predict(wide), fitted.predict(DATA), 1e-5)


NUMBERS = st.sampled_from(
    [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, -1.0, 0.5, np.nan, np.inf, -np.inf, -5.0, 7.0, 1e30, -1e-30]
)


@st.composite
def odd_data(draw):
    """Rows as they should be, with some numbers replaced by others, of a shape that may fit or not."""
    n_sessions, n_trials = draw(st.integers(0, 3)), draw(st.integers(0, 5))
    width = draw(st.sampled_from([5, 5, 5, 5, 7, 8, 4, 6, 9]))
    seed = draw(st.integers(0, 5))
    rng = np.random.default_rng(seed)
    choice = rng.integers(2, size=(n_sessions, n_trials + 1))
    xs = np.zeros((n_sessions, n_trials, width))
    xs[..., :2] = np.eye(2)[choice[:, :-1]]
    if width >= 4:
        xs[..., 2:4] = np.where(xs[..., :2] == 1, rng.integers(2, size=(n_sessions, n_trials, 1)), -1)
    ys = np.eye(2)[choice[:, 1:]]
    for array in (xs, ys):
        for at, value in draw(st.lists(st.tuples(st.integers(0, 10**6), NUMBERS), max_size=4)):
            if array.size:
                array.flat[at % array.size] = value
    ys = draw(st.sampled_from([ys, ys, None, ys[:, :-1], ys[..., :1], ys[0] if len(ys) else ys]))
    return xs, ys


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=120)
@given(odd_data())
def test_any_data_work_or_are_a_sentence(odd):
    xs, ys = odd
    estimator = new(epochs=2, n_starts=1, n_trials_off_policy=8)
    problems = ()
    try:
        rnn, spice = estimator.fit(xs, ys).predict(xs)
        assert rnn.shape == spice.shape == (*np.shape(xs)[:2], 2)
        assert np.isfinite(rnn).all()
        assert np.isfinite(spice).all()
    except SettingsError as error:
        problems = error.problems
    assert [problem for problem in problems if len(problem) < 20 or not problem.endswith(".")] == []
