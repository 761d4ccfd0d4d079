"""Which is better, and whether that is more than noise: counted by hand, and against chance itself."""

from dataclasses import replace

import numpy as np
import pytest

from spicewidgets.app.recorded import load_recorded
from spicewidgets.state import Experiment
from spicewidgets.views.comparing import FEW, SURE, in_a_sentence, standings
from spicewidgets.views.looking import likelihood


@pytest.fixture(scope="module")
def result():
    return load_recorded(Experiment().peek())


def played(result, **probabilities):
    """The result, with other P of some agents."""
    layers = {
        name: replace(record, probabilities=probabilities.get(name, record.probabilities))
        for name, record in result.played.items()
    }
    return replace(result, played=layers)


def test_the_truth_comes_first_and_guessing_is_told(result):
    first, *others = standings(result)
    assert (first.agent, first.words) == ("truth", "the participant itself; guessing would be 0.6931")
    assert [one.agent for one in others] == ["rnn", "spice"]
    assert first.n_choices == 10_000
    assert (first.mean_dp, first.same) == (0, 1)
    assert np.isnan(first.ahead)


@pytest.mark.parametrize("session", [None, 7])
def test_numbers_are_those_of_the_choices(result, session):
    rows = slice(None) if session is None else slice(session, session + 1)
    chosen = np.column_stack([result.choices[rows, 1:], result.final_choices[rows]])
    p, truth = (result.played[name].probabilities[rows, 1:] for name in ("spice", "truth"))
    one = next(one for one in standings(result, session) if one.agent == "spice")
    nats = [-np.log(np.take_along_axis(each, chosen[..., None], -1)[..., 0]) for each in (p, truth)]
    assert one.nll == pytest.approx(nats[0].mean(), abs=1e-4)  # a recorded run has rounded values
    assert one.ahead == pytest.approx((nats[1] - nats[0]).mean(), abs=1e-6)
    assert one.mean_dp == pytest.approx(np.abs(p - truth).mean(), abs=1e-6)
    assert one.max_dp == pytest.approx(np.abs(p - truth).max(), abs=1e-6)
    same = (p[..., 0] > p[..., 1]) == (truth[..., 0] > truth[..., 1])
    assert one.same == pytest.approx(same.mean(), abs=5e-4)  # ties


def test_a_session_costs_as_much_here_as_where_equations_are_moved(result):
    """Both count the choice after the last trial."""
    moved = likelihood(result, result.spice, 3)
    for session in range(3):
        one = next(one for one in standings(result, session) if one.agent == "spice")
        assert one.nll == pytest.approx(moved[session], abs=5e-4)


def test_the_recorded_run_is_as_good_as_the_truth_and_says_how_nearly(result):
    for one in standings(result)[1:]:
        assert abs(one.ahead) <= SURE * one.error
        assert one.words.startswith("as good as the truth: 0.000")
        assert "noise ±" in one.words


def test_what_is_worse_by_more_than_noise(result):
    p = 0.5 * result.played["spice"].probabilities + 0.25
    one = next(one for one in standings(played(result, spice=p)) if one.agent == "spice")
    assert one.words.startswith(f"worse than the truth by more than noise: {-one.ahead:.4f} worse")


def test_what_is_better_than_the_truth_has_learned_chance(result):
    """It expects what happened to be chosen."""
    p = result.played["rnn"].probabilities.copy()
    chosen = np.column_stack([result.choices, result.final_choices])
    p += 0.05 * np.where(np.arange(2) == chosen[..., None], 1 - p, -p)
    one = next(one for one in standings(played(result, rnn=p)) if one.agent == "rnn")
    assert one.words.startswith("better than the truth by more than noise")
    assert one.words.endswith("it has learned some of their chance")


@pytest.mark.parametrize("n_sessions", [FEW - 3, 60])
def test_noise_is_called_more_than_noise_as_rarely_as_it_says(result, n_sessions):
    """Choices are drawn from the truth, with an agent that errs on either side: neither is better by more
    than its error in nearly all data sets; those of one that errs much are told apart in all.
    """
    rng = np.random.default_rng(2)
    truth = result.played["truth"].probabilities[:n_sessions]
    logit = np.log(truth[..., 0] / truth[..., 1])
    agents = {}
    for size in (0.002, 1.5):
        p = 1 / (1 + np.exp(-(logit + size * rng.standard_normal(logit.shape))))
        agents[size] = np.stack([p, 1 - p], -1)
    sure = dict.fromkeys(agents, 0)
    for _ in range(60):
        drawn = (rng.random(truth.shape[:2]) > truth[..., 0]).astype(int)
        for size, p in agents.items():
            layers = {
                name: replace(result.played[name], probabilities=each, final_choices=drawn[:, -1])
                for name, each in (("truth", truth), ("spice", p))
            }
            redrawn = replace(result, played=layers, choices=drawn[:, :-1])
            one = next(one for one in standings(redrawn) if one.agent == "spice")
            sure[size] += "more than noise" in one.words
    assert sure[0.002] <= 4
    assert sure[1.5] == 60


def test_the_sentence_on_a_session(result):
    assert in_a_sentence(result, 0) == (
        "They lie on each other: P differs by 0.021 at most, as the magnified differences show."
    )
    p = 0.5 * result.played["spice"].probabilities + 0.25
    assert in_a_sentence(played(result, spice=p), 0).startswith("SPICE is off by up to 0.2")


def test_without_a_truth_the_network_is_the_reference(result):
    layers = {"rnn": "rnn", "spice": "spice", "classical": "truth"}
    frame = result.comparison.rename(index={"truth": "classical"})
    alone = replace(result, played={name: result.played[of] for name, of in layers.items()}, comparison=frame)
    assert [one.agent for one in standings(alone)] == ["rnn", "classical", "spice"]
    assert standings(alone)[0].words.startswith("the network; guessing")
