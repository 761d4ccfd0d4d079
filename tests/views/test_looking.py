"""What is looked at in a result, recorded or fresh: the numbers are those of the core."""

import numpy as np
import pytest

from spicewidgets.app.recorded import load_recorded
from spicewidgets.app.runner import Runner
from spicewidgets.state import Experiment
from spicewidgets.views import looking as views

NAME = "x_value_reward_chosen"


@pytest.fixture(scope="module")
def shown():
    return load_recorded(Experiment().snapshot())


@pytest.fixture(scope="module")
def fresh():
    experiment = Experiment("forgetting")
    experiment.data.put({"n_sessions": 6, "n_trials": 30, "n_participants": 2})
    experiment.model.name = "participant-embedding"
    experiment.training.epochs = 20
    runner = Runner(experiment, foreground=True)
    assert runner.train()
    return runner.result


@pytest.mark.parametrize("kind", ["shown", "fresh"])
def test_a_session_is_what_was_played(kind, request):
    result = request.getfixturevalue(kind)
    followed = views.trial_by_trial(result, 4)
    tolerance = {"shown": 1e-3, "fresh": 1e-9}[kind]  # what is recorded is rounded
    for layer, played in followed.items():
        there = result.played[layer].probabilities[4]
        np.testing.assert_allclose(played.record.probabilities[0], there, atol=tolerance)
    assert set(followed) == {"truth", "spice"}


def test_a_session_s_likelihood_is_that_of_its_choices(fresh):
    """With the one after the last trial, as in all scores."""
    found = views.likelihood(fresh, fresh.spice)
    p = fresh.played["spice"].probabilities
    for session, choices in enumerate(np.column_stack([fresh.choices, fresh.final_choices])):
        picked = [p[session, t, choices[t]] for t in range(1, len(choices))]
        assert found[session] == pytest.approx(-np.log(picked).mean(), abs=1e-9)


def test_each_person_has_curves_of_their_own(fresh):
    assert [views.person(fresh, session) for session in range(6)] == [0, 0, 0, 1, 1, 1]
    for who in (0, 1):
        drawn = views.curves_of(fresh, NAME, who)
        equation = fresh.spice.equation(NAME, who)
        for at, level in enumerate(drawn.levels):
            np.testing.assert_array_equal(drawn.after["spice"][at], equation(drawn.value, level))
        assert set(drawn.after) == {"truth", "rnn", "spice"}
    values = fresh.played["rnn"].states["x_value_reward"][3:, :-1]
    picked = np.take_along_axis(values, fresh.choices[3:, :, None], -1)
    assert (drawn.low, drawn.high) == pytest.approx(tuple(np.percentile(picked, [1, 99])))


def test_a_moved_coefficient_moves_its_curve_and_the_likelihood(fresh):
    old = fresh.spice.equation(NAME, 1)
    new = views.with_coefficient(old, ("c_reward",), 2.5)
    assert new.coefficient("c_reward") == 2.5
    assert new.coefficient() == old.coefficient()
    drawn = views.with_equation(views.curves_of(fresh, NAME, 1), new)
    rewarded = drawn.levels.index({"c_reward": 1.0})
    np.testing.assert_array_equal(drawn.after["spice"][rewarded], new(drawn.value, {"c_reward": 1.0}))
    (rest,) = drawn.rests["spice"][rewarded]
    assert new(rest, {"c_reward": 1.0}) == pytest.approx(rest, abs=1e-12)
    before = views.likelihood(fresh, fresh.spice)
    after = views.likelihood(fresh, views.replace_equation(fresh.spice, new, 1))
    np.testing.assert_array_equal(before[:3], after[:3])
    assert (before[3:] != after[3:]).all()


def test_a_recorded_network_is_that_of_the_run(shown):
    runner = Runner(Experiment(), foreground=True)
    runner.show_recorded()
    assert runner.refit()
    drawn = views.curves_of(runner.result, NAME, 0)
    recorded_one = views.curves_of(shown, NAME, 0)
    np.testing.assert_allclose(
        np.interp(drawn.value, recorded_one.value, recorded_one.after["rnn"][1])[3:-3],
        drawn.after["rnn"][1][3:-3],
        atol=0.02,
    )
    path, there = (views.path_of(result, NAME, 0) for result in (runner.result, shown))
    np.testing.assert_allclose(path.full, there.full, atol=0.02)
    assert path.terms == there.terms


def test_a_path_is_that_of_the_library_in_use(fresh):
    path = views.path_of(fresh, NAME, 1)
    assert path.terms == ((), (NAME,), ("c_reward",))
    assert views.path_of(fresh, "x_value_reward_not_chosen", 1).terms == ((), ("x_value_reward_not_chosen",))
