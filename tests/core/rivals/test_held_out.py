"""Held-out choices: taken apart without a leak, and predicted by rivals, equations and networks alike."""

import numpy as np
import pandas as pd
import pytest
import torch

import spicewidgets as sw
from spicewidgets.core.judge.replay import nll_per_trial
from spicewidgets.core.rivals.folds import folds_of
from spicewidgets.core.rivals.held_out import held_out, held_out_steps

WAYS = ("session", "person", "time")


def people(n_people, n_sessions, n_trials, seed=1, **parameters):
    """Learners with sessions of unequal length, one of them with a single session."""
    who = [i for i in range(n_people) for _ in range(n_sessions)] + [n_people]
    agent = sw.AgentQ(alpha_reward=0.4, **parameters)
    data, _, _ = sw.create_dataset(
        agent, sw.BanditsDrift(0.2), n_trials, len(who), participant=[f"p{i}" for i in who], random_state=seed
    )
    lengths = n_trials - torch.arange(len(who)) % 4
    trials = torch.arange(n_trials).expand(len(who), -1)
    return data.take(torch.arange(len(who)), torch.where(trials < lengths[:, None], trials, -1))


@pytest.fixture(scope="module")
def dataset():
    return people(5, 3, 30)


def targets(fold, part):
    """The known targets of a part, as (person, choices so far in the session)."""
    return int(getattr(fold, part).target_mask.sum())


@pytest.mark.parametrize("by", WAYS)
def test_every_choice_that_can_be_is_predicted_once(dataset, by):
    folds = folds_of(dataset, by, 3)
    n = int(dataset.target_mask.sum())
    predicted = sum(targets(fold, "test") for fold in folds)
    if by == "person":
        assert predicted == n
        assert all(targets(fold, "train") + targets(fold, "test") == n for fold in folds)
        assert all(fold.train.participants == ("everyone",) for fold in folds)
    elif by == "session":  # but the only session of the last person
        assert predicted == n - int(dataset.target_mask[-1].sum())
        assert all(targets(fold, "train") + targets(fold, "test") == n for fold in folds)
    else:  # but the first block
        first = (dataset.lengths // 4).sum()
        assert predicted == n - first
        assert [targets(fold, "train") for fold in folds] == [
            int((dataset.lengths * part // 4).sum()) for part in (1, 2, 3)
        ]


def test_later_choices_are_predicted_with_what_happened_before(dataset):
    fold = folds_of(dataset, "time", 3)[1]
    train, test = fold.train, fold.test
    assert torch.equal(test.xs[:, : train.n_trials][train.mask], train.xs[train.mask])
    assert not (train.target_mask & test.target_mask[:, : train.n_trials]).any()


def shuffled(dataset, fold, by, seed):
    """The data set with other choices and rewards wherever this fold predicts."""
    rng, other = (
        np.random.default_rng(seed),
        dataset.take(torch.arange(len(dataset)), torch.arange(dataset.n_trials).expand(len(dataset), -1)),
    )
    codes = dataset.participant_ids
    place = torch.tensor([int((codes[:i] == code).sum()) for i, code in enumerate(codes)])
    for session in range(len(dataset)):
        length = int(dataset.lengths[session])
        alone = int((codes == codes[session]).sum()) == 1
        start = 0
        if by == "time":
            start = length * (fold + 1) // 4
        elif (by == "session" and (alone or place[session] % 3 != fold)) or (
            by == "person" and codes[session] % 3 != fold
        ):
            continue
        rows = torch.from_numpy(start + rng.permutation(length - start))
        other.xs[session, start:length] = dataset.xs[session, rows]
        other.ys[session, start:length] = dataset.ys[session, rows]
        if by == "time" and start:
            other.ys[session, start - 1] = dataset.ys[session, start - 1]
    return other


@pytest.mark.parametrize("by", WAYS)
def test_shuffling_what_is_predicted_changes_no_fitted_number_by_a_bit(dataset, by):
    for number in range(3):
        fold = folds_of(dataset, by, 3)[number]
        other = folds_of(shuffled(dataset, number, by, seed=number), by, 3)[number]
        assert not torch.equal(other.test.xs, fold.test.xs)
        assert torch.equal(other.train.xs, fold.train.xs)
        assert torch.equal(other.train.ys, fold.train.ys)
        for way in ("likelihood", "prior", "group"):
            one, two = (sw.fit_rival("with-kernel", it.train, way) for it in (fold, other))
            np.testing.assert_array_equal(one.values, two.values)
            np.testing.assert_array_equal(one.errors, two.errors)
    for pooling in ("none",) if by == "person" else ("none", "group"):
        one, two = (
            sw.SpiceEstimator(
                sw.ForgettingRNN, sw.FORGETTING_RNN_CONFIG, epochs=20, pooling=pooling, random_state=1
            ).fit(it.train)
            for it in (fold, other)
        )
        assert one.spice_model_.to_dict() == two.spice_model_.to_dict()
        for mine, theirs in zip(one.rnn_model_.parameters(), two.rnn_model_.parameters(), strict=True):
            assert torch.equal(mine, theirs)


@pytest.fixture(scope="module")
def compared():
    """Learners who repeat themselves, predicted by some rivals and by an estimator."""
    data = people(6, 3, 60, beta_choice=1.5, alpha_choice=0.5)
    estimator = sw.SpiceEstimator(sw.ForgettingRNN, sw.FORGETTING_RNN_CONFIG, epochs=10, random_state=1)
    models = {name: name for name in ("random", "rescorla-wagner", "with-kernel")} | {"forgetting": estimator}
    return data, held_out(data, models, n_folds=3)


def test_rivals_equations_and_network_stand_in_one_table(compared):
    _, result = compared
    frame = result.to_frame().set_index("model")
    assert set(frame.index) == {
        "random",
        "rescorla-wagner",
        "with-kernel",
        "forgetting equations",
        "forgetting network",
    }
    assert frame.index[-1] == "random"
    assert frame.at["random", "likelihood"] == pytest.approx(0.5)
    assert frame.at["with-kernel", "likelihood"] > frame.at["rescorla-wagner", "likelihood"] > 0.5
    assert (frame["low"] <= frame["likelihood"]).all()
    assert (frame["likelihood"] <= frame["high"]).all()
    best = frame.iloc[0]
    assert best["behind"] == best["behind_low"] == best["behind_high"] == 0
    assert (frame["behind"].iloc[1:] > 0).all()
    assert frame["frequency"].sum() == pytest.approx(1)
    assert np.isnan(frame.at["forgetting network", "evidence"])
    assert frame.at["with-kernel", "numbers"] == 4
    assert result.people == tuple(f"p{i}" for i in range(6))  # of the last nothing is predicted
    assert len(result.by_person()) == 6 * 5


def test_its_numbers_are_those_of_the_fits_one_by_one(compared):
    data, result = compared
    total = 0.0
    for fold in folds_of(data.recoded(data.participant_ids.tolist(), data.participants), "session", 3):
        p = sw.fit_rival("rescorla-wagner", fold.train, "group").predict(fold.test)
        total -= np.log((p * np.asarray(fold.test.ys)).sum(-1)[np.asarray(fold.test.target_mask)]).sum()
    row = result.models.index("rescorla-wagner")
    assert result.nll[row].sum() == pytest.approx(total, rel=1e-9)
    whole = sw.fit_rival("rescorla-wagner", data)
    assert result.aic[row] == pytest.approx(whole.aic[:6])
    assert result.fits["rescorla-wagner"].values == pytest.approx(whole.values)
    prior = sw.fit_rival("rescorla-wagner", data, "prior")
    assert result.priors["rescorla-wagner"].values == pytest.approx(prior.values)


def test_what_was_fitted_to_all_and_to_each_part_is_kept(compared):
    data, result = compared
    whole = result.estimators["forgetting"]
    nll = np.nansum(nll_per_trial(whole.predict(data)[1], data))
    k = sum(whole.count_parameters().values())
    alone = np.nansum(nll_per_trial(whole.predict(data)[1], data)[-1])  # of whom nothing is predicted
    row = result.models.index("forgetting equations")
    assert result.aic[row].sum() == pytest.approx(2 * (nll - alone + k - whole.count_parameters()["p6"]))
    parts = result.equations["forgetting"]
    assert len(parts) == 3
    assert len({str(part.to_dict()) for part in (*parts, whole.spice_model_)}) == 4  # none saw the same


def test_how_far_one_model_is_ahead_of_another(compared):
    _, result = compared
    frame = result.to_frame().set_index("model")
    best = frame.index[0]
    ahead = result.ahead(best, "random")
    shown = frame.loc["random", ["behind", "behind_low", "behind_high"]].to_numpy(float)
    assert ahead[:3] == pytest.approx(tuple(shown))
    back = result.ahead("random", best)
    assert back.nats == pytest.approx(-ahead.nats)
    assert ahead.people + back.people == 6
    one = result.of_people([True, *[False] * 5]).ahead(best, "random")
    assert np.isnan(one.low)
    with pytest.raises(sw.SettingsError, match="A model must be one of"):
        result.ahead(best, "nobody")


class Stopped:
    """An estimator whose fit was interrupted, and kept what it had."""

    rnn_model_, stopped_ = None, True

    def fit_records(self, data):
        yield 1


def test_an_interrupted_fit_is_not_compared(dataset):
    with pytest.raises(KeyboardInterrupt):
        held_out(dataset, {"stopped": Stopped()}, n_folds=3)


def test_some_people_are_a_table_of_their_own(compared):
    _, result = compared
    few = result.of_people([True, False, True, False, False, False])
    assert few.people == ("p0", "p2")
    assert few.nll.shape == (5, 2)
    assert few.n_choices.sum() == pytest.approx(result.n_choices[[0, 2]].sum())
    assert len(few.to_frame()) == 5


@pytest.mark.parametrize("by", ["person", "time"])
def test_other_ways_to_take_apart_predict_too(dataset, by):
    estimator = sw.SpiceEstimator(
        sw.ForgettingRNN, sw.FORGETTING_RNN_CONFIG, epochs=20, pooling="group", random_state=1
    )
    result = held_out(dataset, ["random", "rescorla-wagner", estimator], by, n_folds=2)
    frame = result.to_frame().set_index("model")
    assert frame.at["random", "likelihood"] == pytest.approx(0.5)
    assert frame.at["rescorla-wagner", "likelihood"] > 0.5
    assert {"ForgettingRNN equations", "ForgettingRNN network"} <= set(frame.index)
    assert result.by == by


def test_progress_is_told_and_the_work_can_be_stopped(dataset):
    steps = held_out_steps(dataset, ["random", "biased"], n_folds=3)
    first, second = next(steps), next(steps)
    assert (first.done, first.total) == (0, 8)
    assert "random, part 1 of 3" in first.words
    assert np.isnan(first.left)
    assert second.seconds >= first.seconds
    steps.close()


def test_the_interval_is_that_of_people(dataset):
    """Of people who are equally predictable the interval has no width."""
    result = held_out(dataset, ["random"], n_folds=3)
    frame = result.to_frame()
    assert frame[["likelihood", "low", "high"]].to_numpy() == pytest.approx(np.full((1, 3), 0.5))
    assert isinstance(frame, pd.DataFrame)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"by": "block"}, "by must be one of session"),
        ({"n_folds": 1}, "n_folds must be"),
        ({"way": "best"}, "way must be one of"),
        ({"models": ["biased", "biased"]}, "names of their own"),
        ({"models": []}, "one or more"),
        ({"models": ["nobody"]}, "A rival must be one of"),
    ],
)
def test_wrong_arguments_are_sentences(dataset, arguments, words):
    with pytest.raises(sw.SettingsError, match=words):
        held_out(dataset, **{"models": ["random"]} | arguments)


def test_one_session_cannot_be_taken_apart_by_session():
    data, _, _ = sw.create_dataset(sw.AgentQ(), sw.BanditsDrift(0.2), 30, 1, random_state=1)
    with pytest.raises(sw.SettingsError, match="Try by time"):
        held_out(data, ["random"])
    assert held_out(data, ["random"], "time").n_folds == 4
