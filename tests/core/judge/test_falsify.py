"""Models that play the task anew: those that made the choices hold, those that lack something fail there."""

import numpy as np
import pandas as pd
import pytest

import spicewidgets as sw
from spicewidgets.core.judge.falsify import Repeat, estimated_schedule, falsify, falsifying
from spicewidgets.core.rivals.fit import fit_rival
from spicewidgets.core.settings import SettingsError

HABIT = sw.AgentQ(alpha_reward=0.3, beta_choice=1.5, alpha_choice=1.0)
PLAIN = sw.AgentQ(alpha_reward=0.3)
SCHEDULE = np.repeat([[0.8, 0.2], [0.2, 0.8], [0.8, 0.2]], 15, axis=0)


def people(agent, n=20, seed=1, **options):
    task = sw.BanditsSchedule(SCHEDULE, **options)
    return sw.create_dataset(agent, task, 45, n, random_state=seed, participant="per_session")[0]


@pytest.fixture(scope="module")
def found():
    agents = {"no habit": PLAIN, "the same": HABIT}
    return falsify(agents, people(HABIT), SCHEDULE, n_repeats=60, random_state=1)


def test_a_model_without_the_habit_fails_where_the_habit_shows(found):
    assert {(check.agent, check.measure) for check in found.failures} >= {
        ("no habit", "stay"),
        ("no habit", "choices"),
    }
    assert {check.agent for check in found.failures} == {"no habit"}
    stay = next(check for check in found.failures if check.measure == "stay")
    assert stay.points[stay.worst] == "after no reward"
    assert stay.people[1] > stay.high[1] > stay.mean[1] > stay.low[1]
    sizes = f"it is {stay.people[1]:.2f} in people, {stay.mean[1]:.2f} in no habit (p = "
    assert stay.sentence.startswith(f"no habit fails on {stay.words}: after no reward {sizes}")


def test_every_check_is_told_the_failures_first(found):
    lines = found.text.splitlines()
    assert len(lines) == len(found.checks) == 10
    assert ["fails" in line for line in lines] == sorted(["fails" in line for line in lines], reverse=True)
    assert found.schedule_known
    frame = found.to_frame()
    assert len(frame) == sum(len(check.points) for check in found.checks)
    known = frame.dropna()
    assert (known["low"] <= known["high"]).all()
    assert (known["people_low"] <= known["people_high"]).all()
    assert set(frame["measure"]) == {"learning", "stay", "reversal", "rewards", "choices"}


def test_the_same_seed_gives_the_same_numbers_and_another_does_not():
    data = people(PLAIN, n=4)
    one, two, other = (
        falsify({"it": PLAIN}, data, SCHEDULE, n_repeats=20, random_state=seed).to_frame()
        for seed in (3, 3, 4)
    )
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(other)


def test_it_tells_how_far_it_is_and_can_be_stopped():
    steps = falsifying({"a": PLAIN, "b": HABIT}, people(PLAIN, n=3), SCHEDULE, n_repeats=20, random_state=1)
    assert [next(steps) for _ in range(21)][-1] == Repeat("b", 21, 40)
    steps.close()


def test_fitted_equations_take_each_persons_part():
    """A person who learns beside one who does not: the means of the first look like theirs."""
    parts = [people(sw.AgentQ(alpha_reward=0.4, beta_reward=beta), n=6) for beta in (6.0, 0.5)]
    data = sw.concat(parts, participants=["learns", "guesses"])
    spice = sw.SpiceEstimator(
        sw.ForgettingRNN, sw.FORGETTING_RNN_CONFIG, pooling="group", random_state=1, epochs=40, n_starts=2
    ).fit(data)
    agents = {"equations": spice.spice_agent, "network": spice.rnn_agent}
    found = falsify(agents, data, SCHEDULE, n_repeats=20, random_state=1)
    assert found.n_people == 2
    stay = next(check for check in found.checks if (check.agent, check.measure) == ("equations", "stay"))
    assert not stay.fails
    assert stay.mean[0] > stay.mean[1] + 0.1


def test_sessions_of_unequal_length_and_missing_trials_are_played_as_they_were():
    choices = sw.load_choices("two-groups")
    found = falsify({"it": PLAIN}, choices.dataset, n_repeats=20, random_state=1)
    assert not found.schedule_known
    assert "its reward probabilities were estimated" in found.text
    assert {check.measure for check in found.checks} == {"learning", "stay", "rewards", "choices"}
    learning = found.checks[0]
    assert learning.words == "mean reward of the choices"
    assert np.abs(learning.mean - learning.people).max() < 0.15


def test_a_fitted_rival_plays_each_persons_part_and_fails_where_it_lacks_a_habit():
    choices = sw.load_choices("two-groups")
    agents = {"rescorla-wagner": fit_rival("rescorla-wagner", choices.dataset).agent}
    found = falsify(agents, choices.dataset, n_repeats=20, random_state=1)
    assert {check.measure for check in found.failures} == {"stay", "choices"}
    effect = next(check for check in found.checks if check.measure == "choices")
    assert effect.people[0] > 0 > effect.mean[0]


def test_an_unknown_schedule_is_estimated_from_what_options_paid():
    data = people(sw.AgentQ(beta_reward=0), n=50, counterfactual=True)
    schedule = estimated_schedule(data).mean(axis=0)
    middle = [7, 22, 37]  # of the blocks
    np.testing.assert_allclose(schedule[middle], SCHEDULE[middle], atol=0.2)
    assert (schedule[middle].argmax(axis=1) == SCHEDULE[middle].argmax(axis=1)).all()


class OneByOne:
    """An agent of the user's own, for one session at a time."""

    _n_actions = 2

    def __init__(self):
        self.agent = sw.AgentQ(alpha_reward=0.3)

    def new_sess(self, random_state=None):
        self.agent.new_sess(random_state=random_state)

    def get_choice(self):
        return self.agent.get_choice()

    def update(self, choice, reward):
        self.agent.update(choice, reward)


def test_an_agent_of_ones_own_plays_session_by_session():
    agents = {"mine": OneByOne(), "ready": PLAIN}
    found = falsify(agents, people(PLAIN, n=5), SCHEDULE, n_repeats=20, random_state=1)
    mine, ready = (check for check in found.checks if check.measure == "stay")
    np.testing.assert_allclose(mine.mean, ready.mean, atol=0.05)


@pytest.mark.parametrize(
    ("agents", "change", "options", "sentence"),
    [
        ({}, lambda xs: xs, {}, "at least one agent"),
        (
            {"a": PLAIN},
            lambda xs: xs,
            {"n_repeats": 3},
            "n_repeats must be a whole number, 20 or more; got 3",
        ),
        (
            {"a": PLAIN},
            lambda xs: xs * 0.5,
            {},
            "rewards are 0 and 1 can be played anew; these are from 0 to 0.5",
        ),
        (
            {"a": PLAIN},
            lambda xs: xs,
            {"schedule": np.ones((3, 2))},
            "schedule must hold probabilities, (45, 2)",
        ),
        ({"a": PLAIN}, lambda xs: xs, {"schedule": 2 * SCHEDULE}, "schedule must hold probabilities"),
    ],
)
def test_what_cannot_be_played_is_a_sentence(agents, change, options, sentence):
    data = people(PLAIN, n=2)
    data.xs[..., 2:4] = change(data.xs[..., 2:4])
    with pytest.raises(SettingsError) as raised:
        falsify(agents, data, **options)
    assert sentence in str(raised.value)


def test_options_that_were_not_on_offer_cannot_be_played():
    with pytest.raises(SettingsError, match="all options on offer"):
        falsify({"a": sw.AgentQ(4)}, sw.load_choices("pairs").dataset)


@pytest.mark.slow
def test_a_model_that_made_the_choices_fails_as_seldom_as_it_says():
    """Of 40 data sets and 5 measures, 5 % of the checks fail by chance (a standard error is 1.5 %)."""
    failed = [
        check.fails
        for seed in range(40)
        for check in falsify(
            {"it": PLAIN}, people(PLAIN, seed=seed), SCHEDULE, n_repeats=60, random_state=seed
        ).checks
    ]
    assert len(failed) == 200
    assert 0 < np.mean(failed) < 0.1
