"""Datasets: names for every column, masks, and other forms of the same data without a trial lost."""

import io

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, strategies as st

from spicewidgets.core.data.dataset import DatasetRNN
from spicewidgets.core.data.simulated import create_dataset
from spicewidgets.core.data.splits import concat, split_data_along_sessiondim, split_data_along_timedim
from spicewidgets.core.estimator import SpiceEstimator
from spicewidgets.core.rivals.fit import fit_rival
from spicewidgets.core.rivals.held_out import held_out
from spicewidgets.core.settings import SettingsError
from spicewidgets.core.simulate.agents import AgentQ
from spicewidgets.core.simulate.environments import BanditsDrift
from spicewidgets.core.simulate.session import BanditSession
from spicewidgets.core.train.precoded import RESCORLA_WAGNER_CONFIG, RescorlaWagnerRNN

LABELS = st.one_of(
    st.none(), st.lists(st.text("abcä 1", min_size=1, max_size=3), min_size=3, max_size=4, unique=True)
)


@st.composite
def datasets(draw, labels=LABELS):
    """Sessions of unequal length, trials missing in the middle, any number of inputs, and participants."""
    n_sessions, n_trials, n = draw(st.integers(1, 4)), draw(st.integers(1, 6)), draw(st.integers(2, 4))
    n_inputs = draw(st.one_of(st.none(), st.integers(0, 2)))
    seen_all = draw(st.booleans())
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    lengths = rng.integers(0, n_trials + 1, n_sessions)
    choices = rng.integers(draw(st.integers(1, n - 1)), n, (n_sessions, n_trials + 1))
    missing = (rng.random(choices.shape) < draw(st.sampled_from([0, 0.3]))) | (
        np.arange(n_trials + 1) > lengths[:, None]
    )
    onehot = np.where(missing[..., None], -1.0, np.eye(n)[choices])
    lost = missing[:, :-1, None]
    rewards = np.float32(rng.normal(size=(n_sessions, n_trials, n)))
    rewards = np.where(lost | ((onehot[:, :-1] != 1) & (not seen_all)), -1.0, rewards)
    ids = np.broadcast_to(rng.integers(0, 3, (n_sessions, 1, 1)), (n_sessions, n_trials, 1))
    extra = []
    if n_inputs is not None:
        block = np.broadcast_to(np.float32(rng.random((n_sessions, 1, 2))), (n_sessions, n_trials, 2))
        extra = [np.float32(rng.normal(size=(n_sessions, n_trials, n_inputs))), block]
    xs = np.concatenate([onehot[:, :-1], rewards, *extra, ids], axis=-1)
    ys = np.where(lost, -1.0, onehot[:, 1:])
    truth = rng.random(ys.shape) if draw(st.booleans()) else None
    return DatasetRNN(xs, ys, participants=draw(labels), truth_probs=truth)


def same(first, second):
    assert torch.equal(first.xs, second.xs)
    assert torch.equal(first.ys, second.ys)
    assert first.participants == second.participants
    assert first.columns == second.columns


@pytest.fixture
def simulated():
    agent = AgentQ(alpha_reward=0.3, random_state=1)
    return create_dataset(agent, BanditsDrift(0.2, random_state=2), 40, 6)[0]


def small():
    """Two sessions of three arms: a missing trial in the first, padding in the second."""
    choices = np.array([[0, -1, 2, 1], [1, 1, -1, -1]])
    onehot = np.where(choices[..., None] < 0, -1.0, np.eye(3)[choices])
    rewards = np.where(onehot == 1, [[[1.0], [0], [0.25], [0]], [[0.5], [1], [0], [0]]], -1.0)
    ids = np.broadcast_to([[[0.0, 1.0, 3.0]], [[1.0, 1.0, 5.0]]], (2, 4, 3))
    ys = np.full((2, 4, 3), -1.0)
    ys[0, 2], ys[0, 3], ys[1, 0] = np.eye(3)[[1, 0, 1]]
    return DatasetRNN(np.concatenate([onehot, rewards, ids], axis=-1), ys)


# Named access


@pytest.mark.seed(38)
def test_every_column_has_a_name():
    """S38."""
    assert small().columns == (
        *("choice_0", "choice_1", "choice_2", "reward_0", "reward_1", "reward_2"),
        *("block", "experiment", "participant"),
    )
    xs = torch.zeros(1, 2, 9)
    named = DatasetRNN(xs, torch.zeros(1, 2, 2), additional_inputs=("age", "dose"))
    assert named.columns[4:6] == ("age", "dose")
    assert DatasetRNN(xs, torch.zeros(1, 2, 2)).columns[4:] == (
        *("input_0", "input_1"),
        *("block", "experiment", "participant"),
    )


@pytest.mark.seed(39)
def test_what_the_columns_hold():
    """S38, S39."""
    data, nan = small(), float("nan")
    assert (data.n_sessions, data.n_trials, data.n_actions) == (2, 4, 3)
    assert data.choices.tolist() == [[0, -1, 2, 1], [1, 1, -1, -1]]
    assert data.mask.tolist() == [[True, False, True, True], [True, True, False, False]]
    assert data.target_mask.tolist() == [[False, False, True, True], [True, False, False, False]]
    assert data.lengths.tolist() == [4, 2]
    assert np.array_equal(data.rewards_chosen, [[1, nan, 0.25, 0], [0.5, 1, nan, nan]], equal_nan=True)
    assert np.array_equal(data.rewards[0, 2], [nan, nan, 0.25], equal_nan=True)
    assert data.participant_ids.tolist() == [3, 5]
    assert data.participants == (0, 1, 2, 3, 4, 5)
    assert repr(data) == "DatasetRNN(2 sessions, 4 trials, 3 arms, 6 participants)"


@pytest.mark.seed(37)
def test_it_is_a_torch_dataset(simulated):
    """S37, S61."""
    assert isinstance(simulated, torch.utils.data.Dataset)
    assert len(simulated) == 6
    x, y = simulated[2]
    assert torch.equal(x, simulated.xs[2])
    assert torch.equal(y, simulated.ys[2])
    batches = list(torch.utils.data.DataLoader(simulated, batch_size=4))
    assert [batch[0].shape[0] for batch in batches] == [4, 2]


@pytest.mark.seed(41)
def test_changes_in_place_are_seen(simulated):
    """S41: dataset.xs[..., -1] = 0 and everything else."""
    data = DatasetRNN(simulated.xs.clone(), simulated.ys, participants=("ann", "ben", "cem"))
    data.xs[3, :, -1] = 2
    assert data.participant_ids.tolist() == [0, 0, 0, 2, 0, 0]
    assert data.participants == ("ann", "ben", "cem")
    data.xs[0, :, -1] = 3
    assert data.participants == (0, 1, 2, 3)  # the labels no longer fit
    data.xs[..., -1] = 0
    assert data.participants == ("ann", "ben", "cem")
    data.xs[0, 5, :4] = -1
    assert data.choices[0, 5] == -1
    assert not data.target_mask[0, 5]


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64, torch.float64, torch.int32, list])
def test_all_kinds_of_numbers_become_float32(kind):
    xs, ys = np.array([[1, 0, 1, -1, 0], [0, 1, -1, 0, 0]]), np.array([[0, 1], [1, 0]])
    made = [
        part.tolist()
        if kind is list
        else torch.tensor(part, dtype=kind)
        if isinstance(kind, torch.dtype)
        else part.astype(kind)
        for part in (xs, ys)
    ]
    data = DatasetRNN(*made)
    assert data.xs.dtype == data.ys.dtype == torch.float32
    assert data.xs.shape == (1, 2, 5)  # one session alone
    assert (data.xs[0].numpy() == xs).all()


def test_float32_tensors_are_not_copied(simulated):
    assert DatasetRNN(simulated.xs, simulated.ys).xs is simulated.xs


def test_nan_is_missing():
    """M6, F20: NaN for another arm is unseen; NaN for the choice or its outcome makes the trial missing."""
    nan = float("nan")
    xs = [[1, 0, 1, nan, 0], [nan, nan, 1, 0, 0], [0, 1, 0, nan, 0], [1, 0, 0.5, 0.5, 0]]
    data = DatasetRNN(np.array(xs), np.array([[0, 1], [nan, nan], [nan, 1], [-1, -1]]))
    assert data.mask.tolist() == [[True, False, False, True]]
    assert data.xs[0].tolist() == [
        [1, 0, 1, -1, 0],
        [-1, -1, -1, -1, 0],
        [-1, -1, -1, -1, 0],
        [1, 0, 0.5, 0.5, 0],
    ]
    assert data.ys[0].tolist() == [[0, 1], [-1, -1], [-1, -1], [-1, -1]]


def test_nan_in_a_missing_trial_leaves_its_session_known():
    """M6: whole rows of NaN as padding."""
    nan = float("nan")
    xs = torch.tensor([[[nan] * 8, [1.0, 0, 1, -1, 9, 0.5, 2, 4], [nan] * 8], [[nan] * 8] * 3])
    data = DatasetRNN(xs, torch.full((2, 3, 2), nan))
    assert data.xs[0, 0].tolist() == data.xs[0, 2].tolist() == [-1, -1, -1, -1, -1, 0.5, 2, 4]
    assert data.xs[0, 1].tolist() == [1, 0, 1, -1, 9, 0.5, 2, 4]
    assert data.participant_ids.tolist() == [4, 0]
    assert not data.mask[1].any()


@pytest.mark.parametrize(("column", "name"), [(2, "reward_0"), (4, "age"), (7, "participant")])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_no_model_can_use_is_a_sentence(column, name, value):
    xs = torch.tensor([[[1.0, 0, 1, -1, 9, 0.5, 2, 4]] * 2])
    xs[0, 1, column] = value
    if name == "reward_0" and value != value:
        assert DatasetRNN(xs, torch.zeros(1, 2, 2)).mask.tolist() == [[True, False]]
        return
    with pytest.raises(SettingsError) as raised:
        DatasetRNN(xs, torch.zeros(1, 2, 2), additional_inputs=["age"])
    assert raised.value.problems == (
        f"Trials with a choice must hold numbers only; got NaN or infinity in {name}. "
        "Correct them, or make the choice missing.",
    )


@pytest.mark.parametrize("row", [[0.5, 0.5], [1, 1], [0, 0], [2, -1], [1, -1], [-1, -1]])
def test_a_trial_is_observed_where_the_choice_is_exactly_one_hot(row):
    assert not DatasetRNN(torch.tensor([[*row, 1, 0, 0]]), torch.zeros(1, 2)).mask.any()


# Normalising and windows


def test_normalising_ignores_missing_and_unseen():
    """T4, F20."""
    data = small()
    data.xs[..., 6] = torch.tensor([[10.0, 99, 20, 12], [14, 30, -5, -5]])
    scaled = DatasetRNN(data.xs, data.ys, normalize_features=(4, 6, 0))
    assert np.allclose(scaled.xs[..., 6], [[0, 99, 0.5, 0.1], [0.2, 1, -5, -5]])
    assert np.allclose(
        scaled.rewards[..., 1].numpy(), [[np.nan] * 3 + [0], [0.5, 1] + [np.nan] * 2], equal_nan=True
    )
    assert torch.equal(scaled.mask, data.mask)
    assert data.xs[0, 0, 6] == 10  # the data given stay


def test_normalising_a_constant_gives_no_nan():
    """F20."""
    data = small()
    data.xs[..., 6] = 7
    assert (DatasetRNN(data.xs, data.ys, normalize_features=6).xs[..., 6][data.mask] == 0).all()


@given(datasets(), st.integers(1, 7), st.integers(1, 3))
def test_windows_lose_no_trial(data, length, stride):
    """T4: the peer loses the last window."""
    cut = DatasetRNN(data.xs, data.ys, sequence_length=length, stride=stride)
    length = min(length, data.n_trials)
    assert cut.n_trials == cut.sequence_length == length
    if stride > length:
        return
    rows = {(*map(float, row),) for row in data.xs[data.mask]}
    assert {(*map(float, row),) for row in cut.xs[cut.mask]} == rows
    if stride == length:
        assert cut.mask.sum() == data.mask.sum()
        assert cut.target_mask.sum() == data.target_mask.sum()
    if length < data.n_trials and bool(data.mask.any()):
        assert bool(cut.mask.any(dim=1).all())


def test_windows_come_window_by_window_and_keep_ids(simulated):
    cut = DatasetRNN(simulated.xs, simulated.ys, sequence_length=15, stride=15)
    assert cut.xs.shape == (18, 15, 5)
    assert torch.equal(cut.xs[:6], simulated.xs[:, :15])
    assert torch.equal(cut.xs[12:, :10], simulated.xs[:, 30:])
    assert cut.lengths.tolist() == [15] * 12 + [10] * 6
    assert torch.equal(cut.participant_ids, simulated.participant_ids.repeat(3))


@pytest.mark.parametrize("length", [None, -1, 40, 1000])
def test_whole_sessions(simulated, length):
    assert torch.equal(DatasetRNN(simulated.xs, simulated.ys, sequence_length=length).xs, simulated.xs)


# Compacting


@given(datasets())
def test_compacting_keeps_every_observed_trial_in_order_with_its_target(data):
    compact, index = data.compact()
    counts = data.mask.sum(dim=1)
    assert compact.n_trials == int(counts.max())
    for session in range(data.n_sessions):
        n = int(counts[session])
        assert torch.equal(compact.xs[session, :n], data.xs[session][data.mask[session]])
        assert torch.equal(compact.ys[session, :n], data.ys[session][data.mask[session]])
        assert not compact.mask[session, n:].any()
        assert not compact.target_mask[session, n:].any()
        assert index[session][data.mask[session]].tolist() == list(range(n))
    assert torch.equal(compact.participant_ids, data.participant_ids) or not counts.all()
    assert torch.equal(index, data.mask.cumsum(dim=1) - 1)


def test_compacting_by_hand():
    compact, index = small().compact()
    assert compact.choices.tolist() == [[0, 2, 1], [1, 1, -1]]
    assert compact.target_mask.tolist() == [[False, True, True], [True, False, False]]
    assert index.tolist() == [[0, 0, 1, 2], [0, 1, 1, 1]]
    assert compact.xs[1, 2].tolist() == [-1] * 6 + [1, 1, 5]
    leading = small()
    leading.xs[0, 0, :6] = -1
    assert leading.compact()[1][0].tolist() == [-1, -1, 0, 1]


def test_compacting_changes_nothing_where_nothing_is_missing(simulated):
    compact, index = simulated.compact()
    same(compact, simulated)
    assert torch.equal(compact.truth_probs, simulated.truth_probs)
    assert (index == torch.arange(40)).all()


# Splits


@given(datasets(), st.floats(0, 1))
def test_splitting_in_time_loses_no_trial(data, ratio):
    """T5, F15: each session by its own length."""
    train, test = split_data_along_timedim(data, ratio)
    cut = (data.lengths * ratio + 1e-6).long()
    for session in range(data.n_sessions):
        n, end = int(cut[session]), int(data.lengths[session])
        assert torch.equal(train.xs[session, :n], data.xs[session, :n])
        assert torch.equal(test.xs[session, : end - n], data.xs[session, n:end])
        assert torch.equal(test.ys[session, : end - n], data.ys[session, n:end])
        assert not train.mask[session, n:].any()
        assert not test.mask[session, end - n :].any()
    assert train.mask.sum() + test.mask.sum() == data.mask.sum()
    assert train.target_mask.sum() + test.target_mask.sum() == data.target_mask.sum()


@given(datasets(), st.floats(0, 1))
def test_a_later_part_that_carries_on_has_the_same_targets_after_the_whole_past(data, ratio):
    train, test = split_data_along_timedim(data, ratio, carry_on=True)
    cut = (data.lengths * ratio + 1e-6).long()
    for session in range(data.n_sessions):
        n, end = int(cut[session]), int(data.lengths[session])
        assert torch.equal(test.xs[session, :end], data.xs[session, :end])
        assert torch.equal(test.ys[session, n:end], data.ys[session, n:end])
        assert (test.ys[session, :n] == -1).all()
    assert train.target_mask.sum() + test.target_mask.sum() == data.target_mask.sum()
    assert torch.equal(test.mask.sum(), data.mask.sum())


@pytest.mark.parametrize(("ratio", "n_train"), [(0, 0), (0.29, 11), (0.7, 28), (0.8, 32), (1, 40), (1.0, 40)])
def test_the_share_for_training(simulated, ratio, n_train):
    """F15: a ratio of 1 keeps the last trial."""
    train, test = split_data_along_timedim(simulated, ratio)
    assert train.n_trials == n_train
    assert test.n_trials == 40 - n_train
    assert train.participant_ids.tolist() == test.participant_ids.tolist() == [0] * 6


@pytest.mark.parametrize("ratio", [-0.1, 1.1, float("nan"), "half", True])
def test_a_wrong_ratio_is_a_sentence(simulated, ratio):
    with pytest.raises(
        SettingsError, match=r"split_ratio must be between 0 and 1; got .* Use 0.8 to train on the"
    ):
        split_data_along_timedim(simulated, ratio)


def several_participants():
    data = small()
    xs = data.xs[[0, 1, 0, 0, 1, 0, 0, 0]].clone()
    xs[:, :, -1] = torch.tensor([0, 1, 0, 0, 1, 0, 0, 2])[:, None]
    xs[:, :, 6] = torch.arange(8)[:, None]
    return DatasetRNN(xs, data.ys[[0, 1, 0, 0, 1, 0, 0, 0]], participants=("ann", "ben", "cem"))


def test_holding_back_the_last_sessions_of_every_participant():
    """T6: stratified by participant."""
    train, test = split_data_along_sessiondim(several_participants())
    assert test.xs[:, 0, 6].tolist() == [4, 6]  # ann's fifth and ben's second session; cem has only one
    assert train.xs[:, 0, 6].tolist() == [0, 1, 2, 3, 5, 7]
    assert train.participants == test.participants == ("ann", "ben", "cem")


def test_holding_back_given_sessions():
    train, test = split_data_along_sessiondim(several_participants(), [0, 2])
    assert test.xs[:, 0, 6].tolist() == [0, 1, 3, 7]
    assert len(train) == 4
    assert len(split_data_along_sessiondim(several_participants(), [])[1]) == 0
    with pytest.raises(
        SettingsError, match=r"must be sessions of a participant, 0 to 4; got \[5, -1\]. Count the"
    ):
        split_data_along_sessiondim(several_participants(), [5, 0, -1])


# Putting together


def test_participants_without_labels_are_kept_apart(simulated):
    """T21."""
    both = concat([simulated, simulated])
    assert both.participants == (0, 1)
    assert both.participant_ids.tolist() == [0] * 6 + [1] * 6
    assert torch.equal(both.xs[6:, :, :-1], simulated.xs[..., :-1])
    assert torch.equal(both.truth_probs[6:], simulated.truth_probs)
    assert simulated.participants == (0,)


def test_a_label_is_one_participant():
    first = several_participants()
    second = DatasetRNN(first.xs, first.ys, participants=("ben", "dua", "eli"))
    both = concat([first, second])
    assert both.participants == ("ann", "ben", "cem", "dua", "eli")
    assert both.participant_ids.tolist() == [0, 1, 0, 0, 1, 0, 0, 2, 1, 3, 1, 1, 3, 1, 1, 4]
    named = concat([first, second], participants=["x", "y"])
    assert named.participants == ("x", "y")
    assert named.participant_ids.tolist() == [0] * 8 + [1] * 8


@given(st.lists(datasets(), min_size=1, max_size=3))
def test_putting_together_loses_nothing(parts):
    if len({part.columns for part in parts}) > 1 or len({part.n_actions for part in parts}) > 1:
        with pytest.raises(SettingsError, match="The datasets must have the same"):
            concat(parts)
        return
    both = concat(parts)
    start = 0
    for part in parts:
        piece = slice(start, start + len(part))
        start += len(part)
        assert torch.equal(both.xs[piece, : part.n_trials, :-1], part.xs[..., :-1])
        assert torch.equal(both.ys[piece, : part.n_trials], part.ys)
        assert not both.mask[piece, part.n_trials :].any()


def test_what_cannot_be_put_together_is_a_sentence(simulated):
    with pytest.raises(SettingsError, match="concat needs one dataset or more; got none"):
        concat([])
    with pytest.raises(SettingsError, match=r"The datasets must have the same arms; got 2 and 3\.") as raised:
        concat([simulated, small()], participants=["a"])
    assert "participants must hold one label per dataset, 2; got 1." in str(raised.value)


# Tables


@pytest.mark.seed(38)
@given(datasets())
def test_a_table_and_back_is_exact(data):
    """S38, T3: also by way of a CSV file."""
    frame = data.to_frame()
    assert len(frame) == data.n_sessions * data.n_trials
    back = DatasetRNN.from_frame(frame)
    file = io.StringIO(frame.to_csv(index=False))
    for again in (
        back,
        DatasetRNN.from_frame(pd.read_csv(file, dtype={"participant": str} if data.labelled else None)),
    ):
        assert torch.equal(again.xs, data.xs)
        assert torch.equal(again.ys, data.ys)
        assert again.columns == data.columns
        for code in set(data.participant_ids.tolist()):
            assert again.participants[code] == data.participants[code]


def test_the_columns_of_a_table():
    frame = small().to_frame()
    assert list(frame.columns) == (
        ["session", "participant", "block", "experiment", "trial", "choice", "reward", "next_choice"]
    )
    assert frame["choice"].tolist() == [0, pd.NA, 2, 1, 1, 1, pd.NA, pd.NA]
    assert frame["next_choice"].tolist() == [pd.NA, pd.NA, 1, 0, 1, pd.NA, pd.NA, pd.NA]
    assert several_participants().to_frame()["participant"].unique().tolist() == ["ann", "ben", "cem"]


def test_a_table_that_is_no_dataset_is_a_sentence():
    with pytest.raises(SettingsError) as raised:
        DatasetRNN.from_frame(pd.DataFrame({"session": [0], "choice": [1]}))
    assert raised.value.problems[0] == (
        "The table must have the column participant; got session, choice. "
        "Use convert_dataset for a table of your own."
    )
    assert len(raised.value.problems) == 4


@pytest.mark.parametrize(("features", "n_actions"), [(5, 3), (4, 2), (6, 2), (1, 3), (3, 1), (2, 7)])
def test_any_columns_are_a_data_set_until_a_model_has_to_read_them(features, n_actions):
    """As in autospice's tutorial of data, which makes one of 5 features and 3 actions."""
    dataset = DatasetRNN(
        xs=torch.zeros((10, 100, features)),
        ys=torch.zeros((10, 100, n_actions)),
        normalize_features=(0,),
        sequence_length=50,
        stride=1,
        device="cpu",
    )
    assert dataset.xs.shape == (510, 50, features)
    assert dataset.ys.shape == (510, 50, n_actions)
    assert dataset.columns == tuple(f"column_{place}" for place in range(features))
    assert f"{n_actions} arms" in repr(dataset)
    split_data_along_timedim(dataset, 0.8, device=torch.device("cpu"))
    assert len(DatasetRNN(xs=dataset.xs[:7], ys=dataset.ys[:7], device=dataset.device)) == 7
    sentence = f"columns for {n_actions} arms .* got {features} and {n_actions}. Add the columns"
    estimator = SpiceEstimator(RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG, n_actions=max(n_actions, 2))
    for use in (estimator.fit, lambda data: fit_rival("random", data), held_out):
        with pytest.raises(SettingsError, match=sentence):
            use(dataset)


# One session


def session(**change):
    told = {
        "choices": np.array([0, 1, -1, 1]),
        "rewards": np.array([[1.0, -1], [-1, 0], [-1, -1], [-1, 0.5]]),
        "session": np.full(4, 3),
        "n_trials": 4,
        "participant": 2,
    }
    return BanditSession(**(told | change))


@pytest.mark.seed(42)
def test_a_session_prints_as_a_table():
    """S42."""
    assert repr(session()).splitlines() == [
        "BanditSession 3: 4 trials, 2 arms, participant 2",
        "trial choice reward",
        "    0      0    1.0",
        "    1      1    0.0",
        "    2              ",
        "    3      1    0.5",
    ]
    assert "..." in repr(session()[[0, 1] * 50])


def test_a_session_as_array_and_table():
    assert session().xs.tolist() == (
        [[1, 0, 1, -1, 2], [0, 1, -1, 0, 2], [-1, -1, -1, -1, 2], [0, 1, -1, 0.5, 2]]
    )
    frame = session(rewards=np.array([[1.0, 0], [-1, 0], [-1, -1], [-1, 0.5]])).to_frame()
    assert list(frame.columns) == ["trial", "choice", "reward_0", "reward_1"]
    assert np.array_equal(frame["reward_0"], [1, np.nan, np.nan, np.nan], equal_nan=True)


def test_a_session_can_be_cut_and_renumbered():
    """F8."""
    probs = np.arange(8).reshape(4, 2) / 8
    part = session(reward_probs=probs)[1:]
    assert isinstance(part, BanditSession)
    assert len(part) == part.n_trials == 3
    assert part.choices.tolist() == [1, -1, 1]
    assert (part.reward_probs == probs[1:]).all()
    assert session()[-1].choices.tolist() == [1]
    assert session()[session().choices == 1].n_trials == 2
    assert session().set_session(7).session.tolist() == [7] * 4
    assert session().session.tolist() == [3] * 4
    with pytest.raises(IndexError):
        session()[4]
