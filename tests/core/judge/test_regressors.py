"""Trial by trial: what an agent expects and learns, beside the rows of the table that it comes from."""

import io

import numpy as np
import pandas as pd
import pytest
import table_layouts as layouts

import spicewidgets as sw
from spicewidgets.core.data.choices import read_choices
from spicewidgets.core.data.tables.cells import safe_frame
from spicewidgets.core.judge.regressors import regressors
from spicewidgets.core.judge.replay import replay

TABLE = b"""id,day,choice,reward
ann,1,left,1
bob,1,right,0
ann,1,,
ann,1,right,1
,1,left,1
bob,1,left,1
ann,2,left,0
ann,2,left,
eve,1,left,1
ann,2,right,1
bob,1,right,0
"""


def perfect(agent, model, config, n_actions=2):
    """The agent's own equations in the coordinates of a model, as they take part in a task."""
    options = {"n_participants": 1} if "n_participants" in model.__init__.__code__.co_varnames else {}
    network = model(n_actions=n_actions, **options)
    return sw.AgentSpice(network, sw.true_model(agent, network, config), n_actions)


def test_every_row_of_the_table_has_its_own():
    choices = read_choices(TABLE)
    frame = regressors(sw.AgentQ(alpha_reward=0.3), choices)
    table = pd.read_csv(io.BytesIO(TABLE), dtype=object, keep_default_na=False)
    assert frame["row"].tolist() == list(range(2, 13))
    used = frame["used"] != "no"
    assert frame["row"][frame["used"] == "missed"].tolist() == [4]
    assert frame["row"][~used].tolist() == [6, 10]  # nobody, and a person with a single trial
    assert frame.loc[~used, ["choice", "reward", "p_choice", "value_left", "update"]].isna().all(axis=None)
    assert frame["participant"].fillna("").tolist() == table["id"].tolist()
    assert frame["choice"][used].fillna("").tolist() == table["choice"][used].tolist()
    assert frame["session"][used].tolist() == [0, 2, 0, 0, 2, 1, 1, 1, 2]
    assert frame["trial"][used].tolist() == [0, 0, 1, 2, 1, 0, 1, 2, 2]
    missed, unpaid = frame.iloc[2], frame.iloc[7]
    assert np.isnan([missed["p_choice"], missed["prediction_error"], missed["update"]]).all()
    assert missed["p_left"] + missed["p_right"] == pytest.approx(1)  # what was expected all the same
    assert unpaid["p_choice"] == pytest.approx(unpaid["p_left"])
    assert np.isnan([unpaid["reward"], unpaid["prediction_error"], unpaid["update"]]).all()


def test_values_errors_and_p_are_those_of_a_learner_worked_out_by_hand():
    alpha, beta = 0.3, 2.0
    frame = regressors(sw.AgentQ(alpha_reward=alpha, beta_reward=beta), read_choices(TABLE))
    ann = frame[(frame["participant"] == "ann") & (frame["session"] == 0)]
    q = {"left": 0.5, "right": 0.5}
    for _, row in ann.iterrows():
        for option, value in q.items():
            assert row[f"value_{option}"] == pytest.approx(beta * value)
            assert row[f"p_{option}"] == pytest.approx(
                np.exp(beta * value) / sum(np.exp(beta * other) for other in q.values())
            )
        if row["choice"] is not None:
            error = row["reward"] - q[row["choice"]]
            assert row["prediction_error"] == pytest.approx(error)
            assert row["value_chosen"] == pytest.approx(beta * q[row["choice"]])
            assert row["update"] == pytest.approx(beta * alpha * error)
            q[row["choice"]] += alpha * error


@pytest.mark.parametrize(
    ("agent", "model", "config"),
    [
        (sw.AgentQ(alpha_reward=0.3), sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG),
        (sw.AgentQ(alpha_reward=0.6, alpha_penalty=0.2), sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG),
        (sw.AgentQ(alpha_reward=0.3, forget_rate=0.2), sw.ForgettingRNN, sw.FORGETTING_RNN_CONFIG),
        (sw.AgentQ(alpha_reward=0.3, beta_choice=1.0, alpha_choice=0.5), sw.ChoiceRNN, sw.CHOICE_CONFIG),
    ],
)
def test_equations_of_a_learner_tell_the_same_errors_as_the_learner(agent, model, config):
    choices = sw.load_choices("two-groups")
    equations, own = (regressors(each, choices) for each in (perfect(agent, model, config), agent))
    numbers = ["p_choice", "prediction_error", "update"]
    np.testing.assert_allclose(equations[numbers], own[numbers], atol=1e-9)
    assert own["prediction_error"].notna().sum() == int(choices.dataset.mask.sum())


def test_a_given_update_tells_its_error():
    agent = sw.AgentQ(alpha_reward=0.4, alpha_penalty=0.4, beta_reward=3.0)
    choices = sw.load_choices("two-groups")
    equations = perfect(agent, sw.LearningRateRNN, sw.LEARNING_RATE_RNN_CONFIG)
    errors = regressors(equations, choices)["prediction_error"]
    np.testing.assert_allclose(errors, regressors(agent, choices)["prediction_error"], atol=1e-9)


def test_an_equation_without_reward_and_a_network_tell_no_error():
    spice = sw.SpiceModel.of(sw.Equation("x_value_reward_chosen", ((),), (0.4,)))
    network = sw.RescorlaWagnerRNN(n_actions=2)
    for agent in (sw.AgentSpice(network, spice), sw.AgentNetwork(network)):
        frame = regressors(agent, read_choices(TABLE))
        assert frame["prediction_error"].isna().all()
        assert frame["update"].notna().sum() == 7


def test_what_was_not_on_offer_has_no_p_from_the_first_trial_on():
    choices = sw.load_choices("pairs")
    frame = regressors(sw.AgentQ(4), choices)
    p = frame[[f"p_{label}" for label in (1, 2, 3, 4)]].to_numpy()
    offered = np.stack([choices.table.column(name).numbers for name in choices.report.roles.offered], 1)
    for row, pair in zip(p, offered.astype(int), strict=True):
        assert row[pair - 1].sum() == pytest.approx(1)
        assert np.count_nonzero(row) == 2


def test_a_data_set_gives_the_same_numbers_as_its_table():
    choices = sw.load_choices("two-groups")
    agent = sw.AgentQ(alpha_reward=0.3)
    of_table, of_dataset = regressors(agent, choices), regressors(agent, choices.dataset)
    keys = ["participant", "session", "trial"]
    both = of_dataset.merge(of_table.drop(columns="row"), on=keys, suffixes=("", " of table"))
    assert len(both) == len(of_dataset)
    for name in ("choice", "reward", "p_choice", "prediction_error", "value_R1"):
        pd.testing.assert_series_equal(both[name], both[f"{name} of table"], check_names=False)


def test_our_own_export_keeps_its_sessions():
    """Sessions of several people in turn: a table has them by person, the export in their own order."""
    agent = sw.AgentQ(alpha_reward=0.3)
    dataset = sw.load_choices("two-groups").dataset
    order = np.random.default_rng(0).permutation(dataset.n_sessions)
    mixed = dataset.take(sw.DatasetRNN(dataset.xs, dataset.ys).xs.new_tensor(order).long(), _trials(dataset))
    again = read_choices(mixed.to_frame().to_csv(index=False).encode())
    frame = regressors(agent, again)
    assert frame["used"].ne("no").all()
    assert frame["choice"].isna().equals(frame["used"].eq("missed"))
    expected = replay(agent, mixed).probabilities[frame["session"].astype(int), frame["trial"].astype(int), 0]
    np.testing.assert_allclose(frame["p_0"].astype(float), expected)


def _trials(dataset):
    return dataset.xs.new_tensor(np.arange(dataset.n_trials)).long().expand(dataset.n_sessions, -1)


@pytest.mark.parametrize("name", ["two-groups", "reversal", "traps", "formulas"])
def test_it_opens_again_as_the_same_sessions(name):
    tables = {"traps": TABLE, "formulas": layouts.table("id,choice,reward", formulas)}
    choices = read_choices(tables[name]) if name in tables else sw.load_choices(name)
    text = safe_frame(regressors(sw.AgentQ(choices.dataset.n_actions), choices)).to_csv(index=False)
    again = read_choices(text.encode())
    assert again.report.layout == "spicewidgets trials"
    assert again.report.participants == choices.report.participants
    assert again.dataset.arm_labels == choices.dataset.arm_labels
    for part in ("choices", "rewards_chosen", "ys"):
        np.testing.assert_array_equal(getattr(again.dataset, part), getattr(choices.dataset, part))
    assert again.report.used == choices.report.used


def formulas(random, person, trial):
    return f"=cmd{person}", ("+1", "@x")[random.integers(2)], random.integers(2)


def test_onset_and_duration_stay_beside_their_rows():
    frame = regressors(sw.AgentQ(), read_choices(layouts.bids()))
    assert frame["onset"].tolist() == [2.5 * row for row in range(40)]
    assert frame["used"].tolist() == ["yes", "no"] * 20
