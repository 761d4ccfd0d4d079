"""Bandit tasks: exact rules, exact statistics, and one session of many is that session alone."""

import numpy as np
import pytest
from scipy import stats

from spicewidgets.core.settings import SettingsError, Task
from spicewidgets.core.simulate.environments import (
    Bandits,
    Bandits_Standard,
    BanditsDrift,
    BanditsFixed,
    BanditsFlip,
    BanditsFlip_eckstein2022,
    BanditsReversal,
    BanditsSchedule,
    BanditsSwitch,
)
from spicewidgets.core.simulate.kinds import make_environment

SCHEDULE = np.linspace(0, 1, 40).reshape(20, 2)
TASKS = {
    "drift": lambda seed: BanditsDrift(0.2, random_state=seed),
    "drift reflected": lambda seed: BanditsDrift(0.3, 3, True, boundary="reflect", random_state=seed),
    "fixed": lambda seed: BanditsFixed((0.8, 0.5, 0.2), random_state=seed),
    "standard": lambda seed: Bandits_Standard(0.7, 0.1, True, random_state=seed),
    "reversal": lambda seed: BanditsReversal(0.2, n_actions=4, random_state=seed),
    "flip": lambda seed: BanditsFlip(0.2, random_state=seed),
    "switch": lambda seed: BanditsSwitch(0.2, random_state=seed),
    "schedule": lambda seed: BanditsSchedule(SCHEDULE, random_state=seed),
    "eckstein": lambda seed: BanditsFlip_eckstein2022(random_state=seed),
}
every_task = pytest.mark.parametrize("make", TASKS.values(), ids=TASKS)


def played(task, choices):
    """Probabilities before, and rewards after each choice: (n_trials, ...)."""
    probs, rewards = [], []
    for choice in choices:
        probs.append(task.reward_probs)
        rewards.append(task.step(choice))
    return np.array(probs), np.array(rewards)


@every_task
def test_one_of_many_sessions_is_that_session_alone(make):
    n_sessions, n_trials = 6, 20
    choices = np.random.default_rng(0).integers(2, size=(n_trials, n_sessions))
    many = make(5)
    many.new_sess(n_sessions=n_sessions)
    probs, rewards = played(many, choices)
    alone = make(5)
    for session in range(n_sessions):
        alone.new_sess()
        own_probs, own_rewards = played(alone, choices[:, session].tolist())
        assert (own_probs == probs[:, session]).all()
        assert (own_rewards == rewards[:, session]).all()


@pytest.mark.seed(24)
@every_task
def test_sessions_are_repeatable_and_begin_afresh(make):
    """S24, S26."""
    first, again = make(1), make(1)
    starts = []
    for _ in range(8):
        first.new_sess()
        again.new_sess()
        starts.append(first.reward_probs)
        assert (played(first, [0] * 20)[1] == played(again, [0] * 20)[1]).all()
    if not isinstance(first, BanditsFixed | BanditsSchedule):
        assert len(np.unique(starts, axis=0)) > 1


@pytest.mark.seed(13, 20)
@every_task
def test_rewards_and_probabilities_stay_in_their_bounds(make):
    """S13, S20, F17: rewards are 0 or 1, those of other arms -1 unless they are shown."""
    task = make(2)
    for trial in range(20):
        probs = task.reward_probs
        reward = task.step(trial % 2)
        assert probs.shape == reward.shape == (task.n_actions,)
        assert ((probs >= 0) & (probs <= 1)).all()
        assert reward[trial % 2] in (0, 1)
        others = np.delete(reward, trial % 2)
        assert np.isin(others, (0, 1)).all() if task._counterfactual else (others == -1).all()


@pytest.mark.seed(21)
@every_task
def test_probabilities_are_a_copy(make):
    """S21."""
    task = make(3)
    task.reward_probs[:] = 9
    assert (task.reward_probs <= 1).all()


@pytest.mark.seed(22)
@pytest.mark.parametrize("make", [make for name, make in TASKS.items() if name != "eckstein"])
def test_the_task_does_not_depend_on_the_choices(make):
    """S22."""
    left, right = make(4), make(4)
    assert (played(left, [0] * 20)[0] == played(right, [1] * 20)[0]).all()


def test_the_global_stream_is_used_only_where_no_seed_is_given():
    before = np.random.get_state()
    try:
        played(BanditsDrift(0.2, random_state=1), [0] * 5)
        assert all(np.all(a == b) for a, b in zip(before, np.random.get_state(), strict=True))
        np.random.seed(42)
        first = played(BanditsDrift(0.2), [0] * 5)
        np.random.seed(42)
        assert (played(BanditsDrift(0.2), [0] * 5)[1] == first[1]).all()
    finally:
        np.random.set_state(before)


@pytest.mark.seed(14)
def test_mean_rewards_are_the_probabilities():
    """S14: within 3 standard errors."""
    n, p = 100_000, np.array([0.8, 0.35])
    task = BanditsFixed(p, counterfactual=True, random_state=0)
    task.new_sess(n_sessions=1000)
    rewards = np.concatenate([task.step(np.zeros(1000, dtype=int)) for _ in range(100)])
    assert (np.abs(rewards.mean(axis=0) - p) < 3 * np.sqrt(p * (1 - p) / n)).all()


@pytest.mark.seed(15)
def test_fixed_probabilities_stay():
    """S15."""
    task = BanditsFixed((0.9, 0.3))
    assert (played(task, [0, 1] * 50)[0] == (0.9, 0.3)).all()


@pytest.mark.seed(16, 17)
@pytest.mark.parametrize("boundary", ["clip", "reflect"])
def test_drift_takes_normal_steps(boundary):
    """S16, S17: standard deviation sigma within 5 %, away from the bounds."""
    task = BanditsDrift(0.05, n_actions=4, boundary=boundary, random_state=0)
    task.new_sess(n_sessions=200)
    probs = np.array([(task.reward_probs, task.step(np.zeros(200, dtype=int)))[0] for _ in range(100)])
    steps = np.diff(probs, axis=0)[np.abs(probs[:-1] - 0.5) < 0.2]
    assert abs(steps.std() / 0.05 - 1) < 0.05
    assert stats.kstest(steps, stats.norm(scale=0.05).cdf).pvalue > 0.01


def test_drift_begins_anywhere():
    task = BanditsDrift(0.2, random_state=0)
    task.new_sess(n_sessions=2000)
    assert stats.kstest(task.reward_probs.ravel(), stats.uniform.cdf).pvalue > 0.01


@pytest.mark.seed(20)
def test_boundary_rules():
    """S20: clipped probabilities stay at the bound, reflected ones never do."""
    clipped, reflected = (BanditsDrift(0.4, boundary=rule, random_state=1) for rule in ("clip", "reflect"))
    at_bound = np.isin(played(clipped, [0] * 200)[0], (0, 1))
    assert at_bound.mean() > 0.1
    assert not np.isin(played(reflected, [0] * 200)[0], (0, 1)).any()
    walked = np.array([[-0.1, 1.3], [2.2, -1.6]])
    reflected._sigma = 1.0
    assert np.allclose(reflected._advance(np.zeros((2, 2)), walked), [[0.1, 0.7], [0.2, 0.4]])


@pytest.mark.seed(18)
def test_sigma_zero_keeps_the_first_probabilities():
    """S18."""
    assert np.ptp(played(BanditsDrift(0, random_state=1), [0] * 20)[0], axis=0).max() == 0


def test_reversal_moves_the_high_arm():
    task = BanditsReversal(0.05, 0.9, 0.1, n_actions=3, random_state=0)
    task.new_sess(n_sessions=500)
    probs = np.array([(task.reward_probs, task.step(np.zeros(500, dtype=int)))[0] for _ in range(200)])
    assert ((probs == 0.9).sum(axis=-1) == 1).all()
    assert ((probs == 0.1).sum(axis=-1) == 2).all()
    good = probs.argmax(axis=-1)
    n = good[1:].size
    assert abs((np.diff(good, axis=0) != 0).mean() - 0.05) < 3 * np.sqrt(0.05 * 0.95 / n)
    moves = (np.diff(good, axis=0) % 3)[np.diff(good, axis=0) != 0]
    assert stats.binomtest(int((moves == 1).sum()), moves.size).pvalue > 0.01


def test_switch_has_seven_blocks_with_two_arms():
    """K7: every mixture of high, low and middle but "all high" and "all low"."""
    task = BanditsSwitch(1.0, random_state=0)
    probs = played(task, [0] * 400)[0]
    blocks, counts = np.unique(probs, axis=0, return_counts=True)
    assert blocks.tolist() == [
        [a, b] for a in (0.25, 0.5, 0.75) for b in (0.25, 0.5, 0.75) if not a == b != 0.5
    ]
    assert stats.chisquare(counts).pvalue > 0.01
    assert (np.diff(probs, axis=0) != 0).any(axis=1).all()  # a new block is another block


def test_eckstein_blocks_end_after_seven_to_fifteen_rewards():
    """K7."""
    task = BanditsFlip_eckstein2022(random_state=0)
    lengths, paid, fresh = [], 0, True
    for _ in range(3000):
        good = int(task.reward_probs.argmax())
        reward = task.step(good)[good]
        assert reward == 1 or not fresh  # the first trial of a block pays for sure
        paid, fresh = paid + reward, int(task.reward_probs.argmax()) != good
        if fresh:
            lengths.append(paid)
            paid = 0
    assert set(lengths) <= set(range(8, 16))
    assert len(set(lengths)) == 8


def test_a_schedule_is_followed_and_ends():
    task = BanditsSchedule(SCHEDULE)
    assert (played(task, [0] * 20)[0] == SCHEDULE).all()
    with pytest.raises(
        SettingsError, match="must have a row for every trial; got 20 rows and a trial after them"
    ):
        task.step(0)
    task.new_sess()
    assert (task.reward_probs == SCHEDULE[0]).all()


def test_all_problems_are_told_at_once():
    with pytest.raises(SettingsError) as raised:
        BanditsDrift(-1, n_actions=0, boundary="no")
    assert len(raised.value.problems) == 3


@pytest.mark.seed(25)
@pytest.mark.parametrize("kind", ["drift", "fixed", "reversal", "switch"])
@pytest.mark.parametrize("n_actions", [2, 6])
def test_a_task_from_settings(kind, n_actions):
    """S25."""
    task = make_environment(Task(kind=kind, n_actions=n_actions, counterfactual=True), random_state=1)
    assert task.n_actions == n_actions
    assert np.isin(task.step(n_actions - 1), (0, 1)).all()
    with pytest.raises(SettingsError, match="sigma must be"):
        make_environment(Task(kind=kind, sigma=-1))


def test_a_task_written_for_autospice_still_works():
    class Alternating(Bandits):
        def __init__(self):
            super().__init__()
            self.reward_probs = [1.0, 0.0]

        def new_sess(self):
            self.reward_probs = [1.0, 0.0]

        def step(self, choice):
            reward = self.reward_probs[choice]
            self.reward_probs = self.reward_probs[::-1]
            return np.where(np.eye(2)[choice] == 1, reward, -1)

    task = Alternating()
    assert not task.vectorised
    assert [task.step(0)[0] for _ in range(3)] == [1, 0, 1]
