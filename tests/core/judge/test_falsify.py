"""Judged models: those that made the choices are not rejected, those that lack something fail there."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import spicewidgets as sw
from spicewidgets.core.judge.check import NOT_REJECTED, REJECTED, UNDECIDED, Judgement
from spicewidgets.core.judge.falsify import Repeat, falsify, falsifying
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
    return falsify(agents, people(HABIT), SCHEDULE, random_state=1)


def test_a_model_without_the_habit_fails_where_the_habit_shows(found):
    assert {(check.agent, check.measure) for check in found.failures} >= {
        ("no habit", "stay"),
        ("no habit", "choices"),
    }
    assert {check.agent for check in found.failures} == {"no habit"}
    stay = next(check for check in found.failures if check.measure == "stay")
    assert stay.points[stay.worst] == "after no reward"
    assert stay.people[1] > stay.high[1] > stay.mean[1] > stay.low[1]
    sizes = f"{stay.people[1]:.3f} in people, {stay.mean[1]:.3f} in the model (whole measure: p = "
    assert stay.sentence.startswith(f"no habit fails on {stay.words}, after no reward: {sizes}")


def test_every_check_is_told_the_failures_first(found):
    judgements, checks, how = found.text.split("\n\n")
    assert [line.split(" is ")[0].split(" behaves ")[0] for line in judgements.splitlines()] == [
        "no habit",
        "the same",
    ]
    failed = [" fails on " in line for line in checks.splitlines()]
    assert len(failed) == len(found.checks) == 10
    assert failed == sorted(failed, reverse=True)
    assert f"{1 / 101:.3f}" in how
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
    beside = falsify({"a": HABIT, "it": PLAIN}, data, SCHEDULE, n_repeats=20, random_state=3).to_frame()
    pd.testing.assert_frame_equal(beside[beside["agent"] == "it"].reset_index(drop=True), one)
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(other)


def test_it_tells_how_far_it_is_and_can_be_stopped():
    steps = falsifying({"a": PLAIN, "b": HABIT}, people(PLAIN, n=3), SCHEDULE, n_repeats=20, random_state=1)
    assert [next(steps) for _ in range(21)][-1][:3] == Repeat("b", 21, 40)[:3]
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


def test_so_few_repeats_cannot_reject_and_say_so():
    found = falsify({"no habit": PLAIN}, people(HABIT), SCHEDULE, n_repeats=20, random_state=1)
    judged = found.judgements["no habit"]
    assert min(check.p for check in judged.checks) == pytest.approx(1 / 21)
    assert (judged.verdict, judged.failures) == (UNDECIDED, ())
    assert "0.048, times 5 measures 0.24; it takes 99 repeats or more" in judged.sentence
    assert judged.sentence in found.sentence


def test_verdicts_of_several_models_are_told_in_short():
    data = people(HABIT)
    names = ("a", "b", "c", "d")
    found = falsify(dict.fromkeys(names, PLAIN) | {"true": HABIT, "again": HABIT}, data)
    assert [one.verdict for one in found.judgements.values()] == [REJECTED] * 4 + [NOT_REJECTED] * 2
    assert "c and d behave otherwise, too. true and again are not told apart from people" in found.sentence
    largest = found.judgements["true"].check("stay").noticeable
    assert f"a difference of {largest[0]:.3f} after a reward" in found.sentence
    assert "noticed in 80 of 100 times" in found.sentence


def test_a_difference_that_would_be_noticed_is_noticed_in_80_of_100_times():
    check = falsify({"true": HABIT}, people(HABIT)).judgements["true"].check("choices")
    level = 1 - (1 - 0.05 / check.family) ** (1 / len(check.points))
    reached = stats.norm.sf(stats.norm.isf(level / 2) - check.noticeable / check.scatter)
    np.testing.assert_allclose(reached, 0.8)


def test_sessions_of_unequal_length_and_missing_trials_are_played_as_they_were():
    data = sw.load_choices("two-groups").dataset
    schedule = np.full((data.n_trials, 2), 0.5)
    found = falsify({"it": PLAIN}, data, schedule, n_repeats=20, random_state=1)
    assert {check.measure for check in found.checks} == {"stay", "rewards", "choices"}
    stay = Judgement("it", found.checks).check("stay")
    assert np.abs(stay.mean - stay.people).max() < 0.25


def test_a_fitted_rival_fails_where_it_lacks_a_habit():
    choices = sw.load_choices("two-groups")
    agents = {
        name: fit_rival(name, choices.dataset, "group").agent for name in ("rescorla-wagner", "with-kernel")
    }
    found = falsify(agents, choices.dataset)
    assert found.judgements["rescorla-wagner"].failures[0].measure == "stay"
    assert found.judgements["with-kernel"].verdict == NOT_REJECTED
    assert (found.n_people, found.n_repeats) == (24, 0)


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
            {"schedule": SCHEDULE},
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
        falsify({"a": sw.AgentQ(4)}, sw.load_choices("pairs").dataset, np.full((48, 4), 0.5))
