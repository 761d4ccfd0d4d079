"""`HabitRNN`: what it counts, worked out by hand, and that its config names what it does."""

from math import log

import pytest
import torch

from spicewidgets import AgentQ, BanditsDrift, create_dataset
from spicewidgets.core.train.habit import HABIT_CONFIG, SIGNALS, HabitRNN
from spicewidgets.core.train.new_model import check_model
from spicewidgets.core.train.objective import Sessions

ARMS = [0, 0, 1, 0, 0, 0, 1]
REWARDS = [1, 0, 0, 0, 1, 0, 0]


@pytest.fixture(scope="module")
def counted():
    """Signals of one session, `{name: [trial]}`: of the option chosen."""
    xs = torch.full((1, len(ARMS), 5), -1.0)
    xs[..., -1] = 0
    for trial, (arm, reward) in enumerate(zip(ARMS, REWARDS, strict=True)):
        xs[0, trial, :2] = torch.eye(2)[arm]
        xs[0, trial, 2 + arm] = reward
    model = HabitRNN(2, n_participants=1)
    with torch.no_grad():
        model(xs, batch_first=True)
    signals = {}
    for name in (*SIGNALS, "c_first"):
        rows = [torch.as_tensor(values).expand(1, 2) for values in model.get_recording(name)]
        signals[name] = [float(row[0, arm]) for row, arm in zip(rows, ARMS, strict=True)]
    return signals


def test_a_run_counts_how_often_in_a_row(counted):
    assert counted["c_run"] == pytest.approx([log(n) for n in (1, 2, 1, 1, 2, 3, 1)])


def test_the_rhythm_is_a_running_mean_of_earlier_runs(counted):
    after_two = log(2)  # the first run had 2 choices
    after_one = (log(2) * 0.25 + log(1) * 0.5) / 0.75
    after_three = (log(2) * 0.125 + log(1) * 0.25 + log(3) * 0.5) / 0.875
    assert counted["c_rhythm"] == pytest.approx([0, 0, after_two, *[after_one] * 3, after_three])


def test_rewards_are_counted_in_time_and_in_rate(counted):
    assert counted["c_since_reward"] == pytest.approx([log(1 + n) for n in (0, 1, 2, 3, 0, 1, 2)])
    rate, run = 0.0, counted["c_run"]
    for trial, reward in enumerate(REWARDS):
        rate += 0.1 * (reward - rate)
        assert counted["c_reward_rate_run"][trial] == pytest.approx(rate * run[trial])
        assert counted["c_reward_run"][trial] == pytest.approx(reward * run[trial])


def test_the_first_option_is_marked(counted):
    assert counted["c_first"] == [1.0 - arm for arm in ARMS]


def test_its_config_names_what_it_does():
    dataset = create_dataset(AgentQ(alpha_reward=0.3), BanditsDrift(sigma=0.2), 12, 4, random_state=1)[0]
    model = HabitRNN(n_actions=2, n_participants=3)
    check_model(model, HABIT_CONFIG, Sessions.of(dataset))
    assert set(HABIT_CONFIG.modules) == set(model.submodules_rnn)


def test_a_session_can_be_cut_in_two():
    dataset = create_dataset(AgentQ(alpha_reward=0.3), BanditsDrift(sigma=0.2), 20, 4, random_state=1)[0]
    model = HabitRNN(2, n_participants=1).eval()
    with torch.no_grad():
        whole, _ = model(dataset.xs, batch_first=True)
        first, state = model(dataset.xs[:, :9], batch_first=True)
        second, _ = model(dataset.xs[:, 9:], state, batch_first=True)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)


def test_rhythm_and_side_do_not_add_up():
    dataset = create_dataset(AgentQ(alpha_reward=0.3), BanditsDrift(sigma=0.2), 40, 4, random_state=1)[0]
    model = HabitRNN(2, n_participants=1).eval()
    far = {name: torch.full((4, 2), 7.0) for name in ("x_rhythm", "x_side")}
    with torch.no_grad():
        as_ever, state = model(dataset.xs, batch_first=True)
        model.set_initial_state(4)
        after, _ = model(dataset.xs, {**model.state, **far}, batch_first=True)
        _, at_once = model(dataset.xs[:, :1], batch_first=True)
    torch.testing.assert_close(after, as_ever)
    torch.testing.assert_close(state["x_side"], at_once["x_side"])  # of the last trial, and of the first
