"""A table of one's own: everything kept, or every problem a sentence; nothing changed in silence."""

import io

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, strategies as st

from spicewidgets.core.data import convert
from spicewidgets.core.data.convert import convert_dataset
from spicewidgets.core.data.simulated import create_dataset
from spicewidgets.core.data.tables import limits, rows
from spicewidgets.core.settings import SettingsError, SpiceWarning
from spicewidgets.core.simulate.agents import AgentQ
from spicewidgets.core.simulate.environments import BanditsDrift

NAN = float("nan")


def tabular(**columns):
    """Two sessions of 3 and 2 trials, with columns put in, replaced, or (None) left out."""
    told = {
        "session": ["b", "b", "b", "a", "a"],
        "choice": [0, 1, 1, 1, 0],
        "reward": [1.0, 0.0, 1.0, 0.5, 0.0],
    } | columns
    return pd.DataFrame({name: values for name, values in told.items() if values is not None})


def problems(frame, **arguments):
    with pytest.raises(SettingsError) as raised:
        convert_dataset(frame, **arguments)
    return raised.value.problems


# Layout


def test_layout():
    """T1, K9: [choice, reward, block, experiment, participant]; padded; no last target."""
    dataset, sessions, frame, dynamics = convert_dataset(tabular())
    assert dataset.columns == (
        *("choice_0", "choice_1", "reward_0", "reward_1"),
        *("block", "experiment", "participant"),
    )
    assert dataset.xs[0].tolist() == [[1, 0, 1, -1, 0, 0, 0], [0, 1, -1, 0, 0, 0, 0], [0, 1, -1, 1, 0, 0, 0]]
    assert dataset.xs[1].tolist() == [[0, 1, -1, 0.5, 0, 0, 1], [1, 0, 0, -1, 0, 0, 1], [-1] * 4 + [0, 0, 1]]
    assert dataset.ys.tolist() == [[[0, 1], [0, 1], [-1, -1]], [[1, 0], [-1, -1], [-1, -1]]]
    assert dataset.participants == ("b", "a")
    assert dataset.reward_range == (0, 1)
    assert [session.n_trials for session in sessions] == [3, 2]
    assert sessions[1].choices.tolist() == [1, 0]
    assert [session.participant for session in sessions] == [0, 1]
    assert frame["choice"].tolist() == [0, 1, 1, 1, 0]
    assert (frame["block"] == 0).all()
    assert len(dynamics) == 4
    assert all((part == -1).all() and part.shape == (2, 3, 2) for part in dynamics)


@pytest.mark.parametrize("way", ["path", "string", "open file", "frame"])
def test_ways_to_give_a_table(tmp_path, way):
    path = tmp_path / "data.csv"
    tabular().to_csv(path, index=False)
    file = {
        "path": path,
        "string": str(path),
        "open file": io.StringIO(path.read_text()),
        "frame": tabular(),
    }[way]
    assert torch.equal(convert_dataset(file)[0].xs, convert_dataset(tabular())[0].xs)


def test_the_table_given_stays_as_it_is():
    frame = tabular(choice=[1, 2, NAN, 2, 1])
    before = frame.copy()
    convert_dataset(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_columns_under_other_names():
    """T1."""
    names = {"session": "who", "choice": "key", "reward": "points"}
    dataset = convert_dataset(
        tabular().rename(columns=names), df_participant_id="who", df_choice="key", df_reward="points"
    )[0]
    assert torch.equal(dataset.xs, convert_dataset(tabular())[0].xs)


def test_additional_inputs_stand_between_rewards_and_block():
    """T2."""
    frame = tabular(age=[30, 30, 30, 41, 41], group=["x", "x", "x", "y", "x"])
    dataset = convert_dataset(frame, additional_inputs=["age", "group"])[0]
    assert dataset.columns[4:6] == ("age", "group")
    assert dataset.xs[0, :, 4].tolist() == [30] * 3
    assert dataset.xs[1, :, 5].tolist() == [1, 0, -1]


def test_sessions_blocks_and_experiments():
    frame = tabular(
        session=[7, 7, 7, 7, 7],
        block=[10, 5, 10, 5, 6],
        experiment=["two", "two", "one", "two", "two"],
        day=[1, 1, 1, 2, 1],
    )
    dataset, _, coded, _ = convert_dataset(frame)
    assert dataset.xs[:, 0, 4:].tolist() == [[0, 0, 0], [pytest.approx(0.2), 0, 0], [1, 0, 0], [1, 1, 0]]
    assert dataset.lengths.tolist() == [2, 1, 1, 1]
    assert coded["block"].tolist() == [10, 5, 10, 5, 6]
    assert len(convert_dataset(frame, df_session="day")[0]) == 5
    assert len(convert_dataset(frame, df_block=None, df_experiment_id=None)[0]) == 1


def test_one_block_only_is_no_problem():
    """F20: a constant block column."""
    assert (convert_dataset(tabular(block=3))[0].xs[..., 4] == 0).all()


def test_windows_keep_labels():
    dataset = convert_dataset(tabular(), sequence_length=2)[0]
    assert dataset.xs.shape == (4, 2, 7)
    assert dataset.participants == ("b", "a")


def test_dynamics_of_the_agent_that_made_the_table():
    """K9."""
    told = {f"{name}_{arm}": np.arange(5.0) + arm for name in convert.DYNAMICS for arm in (0, 1)}
    probs, *others = convert_dataset(tabular(**told))[3]
    assert probs.tolist() == [[[0, 1], [1, 2], [2, 3]], [[3, 4], [4, 5], [-1, -1]]]
    assert all((other == probs).all() for other in others)


# Participants, F21


@pytest.mark.parametrize("labels", [(12, 7), ("x 1", "y"), (1.5, 0.5), (True, False)])
def test_labels_of_any_kind_are_kept(labels):
    """F20, F21."""
    first, second = labels
    dataset = convert_dataset(tabular(session=[first, first, first, second, second]))[0]
    assert dataset.participants == labels
    assert dataset.participant_ids.tolist() == [0, 1]


# Choices


@pytest.mark.parametrize(
    ("choices", "coded", "labels"),
    [
        ([0, 1, 1, 1, 0], [0, 1, 1, 1, 0], (0, 1)),
        ([1, 2, 2, 2, 1], [0, 1, 1, 1, 0], (1, 2)),
        ([101, 102, 103, 102, 101], [0, 1, 2, 1, 0], (101, 102, 103)),
        ([1, 3, 3, 1, 1], [0, 2, 2, 0, 0], (1, 2, 3)),
        (["right", "left", "left", " left ", "right"], [1, 0, 0, 0, 1], ("left", "right")),
        (["1", "2", "2", "2", "1"], [0, 1, 1, 1, 0], (1, 2)),
        ([False, True, True, True, False], [0, 1, 1, 1, 0], (0, 1)),
        (pd.array([1, 2, None, 2, 1], dtype="Int64"), [0, 1, -1, 1, 0], (1, 2)),
        (pd.Categorical(["b", "a", None, "a", "b"]), [1, 0, -1, 0, 1], ("a", "b")),
        ([1, 2, NAN, 2, 1], [0, 1, -1, 1, 0], (1, 2)),
        ([1, 2, -1, 2, 1], [0, 1, -1, 1, 0], (1, 2)),
        (["b", "a", "", "a", "b"], [1, 0, -1, 0, 1], ("a", "b")),
        (["b", "a", "-1", "a", "b"], [1, 0, -1, 0, 1], ("a", "b")),
    ],
)
def test_choices(choices, coded, labels):
    """K9, F20."""
    dataset, sessions, frame, _ = convert_dataset(tabular(choice=choices))
    assert frame["choice"].tolist() == coded
    assert dataset.arm_labels == labels
    assert np.concatenate([session.choices for session in sessions]).tolist() == coded
    assert dataset.n_actions == len(labels)


@pytest.mark.parametrize("missing", [NAN, -1])
def test_a_missing_choice_is_a_missing_trial(missing):
    """F20: not a choice of the last arm, and the rewards stay as they are."""
    dataset = convert_dataset(tabular(choice=[0, missing, 1, 1, 0], reward=[1, missing, 0, 0.5, 0]))[0]
    assert dataset.xs[0, 1].tolist() == [-1, -1, -1, -1, 0, 0, 0]
    assert dataset.mask.tolist() == [[True, False, True], [True, True, False]]
    assert not dataset.target_mask[0].any()  # nothing is known of what followed
    assert dataset.rewards_chosen[1, 0] == 0.5


def test_a_choice_without_its_reward_is_a_target_only():
    dataset = convert_dataset(tabular(reward=[1, NAN, 0, 0.5, 0]))[0]
    assert dataset.mask[0].tolist() == [True, False, True]
    assert dataset.ys[0].tolist() == [[0, 1], [-1, -1], [-1, -1]]


# Rewards


@pytest.mark.parametrize(
    ("rewards", "scaled", "told"),
    [
        ([1, 0, 1, 0.5, 0], [1, 0, 1, 0.5, 0], (0, 1)),
        ([0.2, 0.4, 0.2, 0.3, 0.2], [0.2, 0.4, 0.2, 0.3, 0.2], (0.2, 0.4)),
        ([0, 100, 50, 25, 0], [0, 1, 0.5, 0.25, 0], (0, 100)),
        ([-1, 1, 1, 0, -1], [0, 1, 1, 0.5, 0], (-1, 1)),
        ([1, 1, 1, 1, 1], [1] * 5, (1, 1)),
        ([5, 5, 5, 5, 5], [1] * 5, (5, 5)),
        ([-2, -2, -2, -2, -2], [0] * 5, (-2, -2)),
        (["1", "0", "1", "0.5", "0"], [1, 0, 1, 0.5, 0], (0, 1)),
        ([True, False, True, True, False], [1, 0, 1, 1, 0], (0, 1)),
        ([-1e308, 1e308, 0, 0, 0], [0, 1, 0.5, 0.5, 0.5], (-1e308, 1e308)),
    ],
)
def test_rewards(rewards, scaled, told):
    """K9, F20: scaled only where they lie outside 0..1; a constant reward is no NaN."""
    dataset = convert_dataset(tabular(reward=rewards))[0]
    found = torch.cat([dataset.rewards_chosen[0], dataset.rewards_chosen[1, :2]])
    assert found.numpy() == pytest.approx(scaled, abs=1e-7)
    assert dataset.reward_range == told


def test_outcomes_of_the_other_arms():
    frame = tabular(
        reward=None, reward_0=[1, 0, 1, 1, NAN], reward_1=[-1, 0.5, 0, NAN, 1], reward_2=[0, 0, 0, 0, 0]
    )
    dataset = convert_dataset(frame)[0]
    assert dataset.n_actions == 3
    assert dataset.arm_labels == (0, 1, 2)
    assert dataset.xs[0, :, 3:6].tolist() == [[1, -1, 0], [0, 0.5, 0], [1, 0, 0]]
    assert dataset.mask.tolist() == [[True, True, True], [False, False, False]]  # -1 and NaN: not seen


def test_losses_of_other_arms_are_outcomes_where_there_are_losses():
    dataset = convert_dataset(tabular(reward=None, reward_0=[-1, 1, 1, -1, -1], reward_1=[1, 1, -1, 1, 1]))[0]
    assert not dataset.rewards[dataset.mask].isnan().any()
    assert dataset.reward_range == (-1, 1)


@pytest.mark.parametrize(
    ("choices", "names"),
    [
        ([1, 2, 2, 2, 1], ("reward_1", "reward_2")),
        ([1, 2, 2, 2, 1], ("reward_0", "reward_1")),
        (["l", "r", "r", "r", "l"], ("reward_l", "reward_r")),
        (["l", "r", "r", "r", "l"], ("reward_0", "reward_1")),
    ],
)
def test_reward_columns_belong_to_arms(choices, names):
    told = dict(zip(names, ([1, 0, 1, 0, 0], [0, 1, 0, 1, 0.5]), strict=True))
    dataset = convert_dataset(tabular(choice=choices, reward=None, **told))[0]
    assert dataset.xs[0, :, 2:4].tolist() == [[1, 0], [0, 1], [1, 0]]
    assert dataset.choices[0].tolist() == [0, 1, 1]


def test_a_simulated_table_comes_back():
    """T3: the same data, but for the last target, which such a table cannot tell."""
    agent = AgentQ(3, random_state=1)
    for counterfactual in (False, True):
        simulated = create_dataset(agent, BanditsDrift(0.2, 3, counterfactual, random_state=2), 50, 4)[0]
        dataset = convert_dataset(
            simulated.to_frame(), df_participant_id="participant", df_session="session"
        )[0]
        assert torch.equal(dataset.xs[..., :6], simulated.xs[..., :6])
        assert torch.equal(dataset.ys[:, :-1], simulated.ys[:, :-1])
        assert (dataset.ys[:, -1] == -1).all()
        assert dataset.participants == simulated.participants


# Problems


def test_a_missing_column_is_a_sentence():
    """F20."""
    (problem,) = problems(tabular().rename(columns={"choice": "Choise"}))
    assert problem == (
        "There is no column 'choice'. Did you mean 'Choise'? "
        "The table has the columns session, Choise and reward. "
        "Name yours in the call: df_choice, df_reward, df_participant_id, df_session."
    )


def test_all_missing_columns_are_told_at_once():
    arguments = {
        "df_block": "blk",
        "df_session": "day",
        "df_experiment_id": "ex",
    }
    found = problems(pd.DataFrame({"a": [1], "b": [2]}), **arguments)
    lost = ["session", "blk", "ex", "day", "choice", "reward"]
    assert [problem.split("'")[1] for problem in found] == lost


def test_an_additional_input_that_the_table_lacks_is_left_out_and_that_is_said():
    frame = tabular(age=[30, 30, 30, 41, 41])
    told = r"'context' is no column of the table, which has session, choice, reward, age\. It is left out"
    with pytest.warns(SpiceWarning, match=told) as caught:
        dataset = convert_dataset(frame, additional_inputs=["context", "age"])[0]
    assert [w.filename for w in caught] == [__file__]
    assert dataset.additional_inputs == ("age",)
    assert torch.equal(dataset.xs, convert_dataset(frame, additional_inputs=["age"])[0].xs)


def test_an_additional_input_may_be_empty_where_the_choice_is():
    frame = tabular(choice=[0, NAN, 1, 1, 0], age=[30, NAN, 30, 41, 41])
    assert convert_dataset(frame, additional_inputs=["age"])[0].xs[0, :, 4].tolist() == [30, -1, 30]


@pytest.mark.parametrize(
    "columns",
    [
        {"choice": [0, 0.5, 1, 1, 0]},
        {"choice": [0, 1, float("inf"), 1, 0]},
        {"choice": [1, 2, 900, 1, 1]},
        {"choice": [NAN] * 5},
        {"choice": [0, 0, 0, 0, -1]},
        {"reward": [1, 0, "win", 0, 1]},
        {"reward": [NAN] * 5},
        {"session": ["a", None, "a", " ", "b"]},
        {"block": [1, 1, NAN, 2, 2]},
        {"age": [30, NAN, 30, 41, NAN]},
        {"age": [30, 1e31, 30, 41, 41]},
        {"group": ["x", None, "x", "y", "y"]},
        {"choice": [3, 5, 3, 3, 5], "reward": None, **{f"reward_{arm}": 1.0 for arm in range(4)}},
        {"reward": None, "reward_0": 1.0},
    ],
)
def test_what_read_choices_has_remedies_for_is_refused(columns):
    """F20: with the column's name, and without the words of another function."""
    (problem,) = problems(
        tabular(**columns), additional_inputs=[it for it in ("age", "group") if it in columns]
    )
    assert next(iter(columns)) in problem
    assert "roles=" not in problem


def test_several_problems_are_told_at_once():
    found = problems(tabular(session=["a", None, "a", "b", "b"], reward=[1, "x", 0, 0, 1]))
    assert ["session" in found[0], "reward" in found[1]] == [True, True]


def test_names_that_are_taken_are_a_sentence():
    (problem,) = problems(tabular(block=[1, 1, 1, 2, 2]), additional_inputs=["block"])
    assert "got block. Rename the column(s), for example to block_input." in problem


def test_sizes_have_bounds(monkeypatch):
    monkeypatch.setattr(rows, "MOST_TRIALS", 5)
    (problem,) = problems(tabular())
    assert problem.startswith(
        "All sessions, padded to the longest, may have up to 5 trials; got 2 sessions and up to 3"
    )
    monkeypatch.setattr(limits, "MOST_ROWS", 4)
    (problem,) = problems(tabular())
    assert problem == "A table may have up to 4 rows; got 5. Convert it in several parts."


# Properties

CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 3),
    st.integers(),
    st.floats(),
    st.sampled_from(["", " ", "left", "right", "0", "1", "-1", "1e400", "nan", "ä"]),
    st.text(max_size=3),
)
COLUMN_NAMES = ["session", "choice", "reward", "reward_0", "reward_1", "block", "experiment", "age", "day"]


def sentences(error):
    assert error.problems
    assert all(problem.endswith(".") for problem in error.problems)


@pytest.mark.filterwarnings("ignore:The additional input")
@given(
    st.integers(1, 6).flatmap(
        lambda n: st.dictionaries(
            st.sampled_from(COLUMN_NAMES),
            st.one_of(
                st.lists(CELL, min_size=n, max_size=n),
                st.lists(st.integers(-1, 2), min_size=n, max_size=n),
                st.lists(st.floats(0, 1), min_size=n, max_size=n),
            ),
            min_size=1,
        )
    ),
    st.booleans(),
)
def test_any_table_is_a_dataset_or_sentences(columns, inputs):
    frame = pd.DataFrame(columns)
    try:
        dataset, sessions, _, _ = convert_dataset(frame, additional_inputs=["age"] if inputs else None)
    except SettingsError as error:
        sentences(error)
        return
    assert sum(session.n_trials for session in sessions) == len(frame)
    assert sum(int((session.choices >= 0).sum()) for session in sessions) == int(dataset.mask.sum())
    assert torch.isfinite(dataset.xs).all()
    assert torch.isfinite(dataset.ys).all()
    rewards = dataset.rewards_chosen[dataset.mask]
    assert ((rewards >= 0) & (rewards <= 1)).all()


@given(st.binary(max_size=60))
def test_any_file_is_a_dataset_or_sentences(content):
    try:
        convert_dataset(io.BytesIO(b"session,choice,reward\n" + content))
    except SettingsError as error:
        sentences(error)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from([0, 1, 2, NAN]), st.floats(0, 1, width=32)),
        min_size=1,
        max_size=20,
    )
)
def test_no_trial_is_lost_or_changed(rows):
    """T7: each session holds its rows, in their order."""
    frame = pd.DataFrame([("a", 0, 0.5), ("b", 2, 0.5), *rows], columns=["session", "choice", "reward"])
    dataset, sessions, _, _ = convert_dataset(frame)
    for code, label in enumerate(dataset.participants):
        own = frame[frame["session"] == label]
        n = len(own)
        missing = own["choice"].isna().to_numpy()
        assert sessions[code].n_trials == n
        assert (dataset.choices[code, :n].numpy() == own["choice"].fillna(-1)).all()
        assert (dataset.rewards_chosen[code, :n][~missing].numpy() == own["reward"][~missing]).all()
        assert not dataset.mask[code, n:].any()
        followed = ~missing[:-1] & ~missing[1:]
        assert (dataset.target_mask[code, : n - 1].numpy() == followed).all()
        assert not dataset.target_mask[code, n - 1 :].any()


def own_table():
    rows = [(who, s, t) for who in ("anna", "bob") for s in ("s0", "s1") for t in range(4)]
    frame = pd.DataFrame(rows, columns=["participant", "session", "trial"])
    return frame.assign(choice=[0, 1] * 8, reward=[1, 0, 0, 1] * 4)


def test_sessions_of_two_people_are_not_joined():
    with pytest.raises(SettingsError, match="Session 's0' is that of 2 participants") as caught:
        convert_dataset(own_table())
    assert "df_participant_id='participant', df_session='session'" in str(caught.value)
    dataset, *_ = convert_dataset(own_table(), df_participant_id="participant", df_session="session")
    assert dataset.n_sessions == 4
    assert dataset.participants == ("anna", "bob")


def test_rows_out_of_the_order_of_their_trials_are_refused():
    frame = own_table().sample(frac=1, random_state=0)
    with pytest.raises(SettingsError, match="Sort the table by session and trial"):
        convert_dataset(frame, df_participant_id="participant", df_session="session")
