"""What an equation misses, by what came before."""

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.judge.misses import Expected, HeldOutChoices, histories, misses, sure_misses, to_frame

N_PEOPLE = 12


def table(n_trials=120, seed=0):
    """Choices at random of people who always leave an option after six in a row."""
    rng = np.random.default_rng(seed)
    options = np.zeros((N_PEOPLE, n_trials + 1), int)
    for own in options:
        run = 1
        for t in range(1, n_trials + 1):
            switch = run > 5 or rng.random() < 0.2
            own[t] = 1 - own[t - 1] if switch else own[t - 1]
            run = 1 if switch else run + 1
    rewards = (rng.random(options.shape) < 0.5).astype(float)
    chosen = np.eye(2)[options]
    outcomes = np.where(chosen > 0, rewards[..., None], -1)
    xs = np.concatenate([chosen, outcomes, np.zeros((*options.shape, 2)), np.zeros((*options.shape, 1))], -1)
    xs[..., -1] = np.arange(N_PEOPLE)[:, None]
    return sw.DatasetRNN(xs[:, :-1], chosen[:, 1:])


def expected(data, switch):
    """What a model expects, from its P of a switch after each trial."""
    p = np.asarray(data.choices)[..., None] == np.arange(2)
    return Expected.by(np.where(p, 1 - switch[..., None], switch[..., None]), data)


@pytest.fixture(scope="module")
def data():
    return table()


@pytest.fixture(scope="module")
def choices(data):
    return HeldOutChoices.by(data, list(range(N_PEOPLE)))


def test_histories_are_counted_by_hand():
    data = table()
    data.xs = data.xs.clone()
    for t, (option, reward) in enumerate([(0, 1), (0, 0), (0, 0), (1, 0), (1, 1), (1, 0), (1, 0)]):
        data.xs[0, t, :2] = data.xs.new_tensor([1 - option, option])
        data.xs[0, t, 2:4] = data.xs.new_tensor([-1, reward] if option else [reward, -1])
    classes = {words: own[0, :7].astype(int).tolist() for words, own in histories(data).items()}
    assert classes["a switch"] == [1, 0, 0, 1, 0, 0, 0]
    assert classes["one repeat"] == [0, 1, 0, 0, 1, 0, 0]
    assert classes["a reward"] == [1, 0, 0, 0, 1, 0, 0]
    assert classes["two or three trials without a reward"] == [0, 0, 1, 1, 0, 0, 1]
    assert classes["as many choices of an option as the last time"] == [0, 0, 0, 0, 0, 1, 0]
    assert classes["more choices of an option than the last time"] == [0, 0, 0, 0, 0, 0, 1]


def test_what_is_missed_is_said_first(data, choices):
    often = histories(data)["more than four repeats"]
    truth = np.where(often, 0.99, 0.2)
    rows = misses(choices, expected(data, np.full(truth.shape, 0.3)), expected(data, truth))
    first, *_ = sure_misses(rows, choices)
    assert first.words == "more than four repeats"
    assert first.sentence.startswith(
        "After more than four repeats it expects too few switches, 30 % for 100 %:"
    )
    assert 0 < first.low < first.nats < first.high
    assert len(to_frame(rows)) == len(rows)


def test_where_both_expect_the_same_nothing_is_missed(data, choices):
    same = expected(data, np.full(choices_shape(data), 0.25))
    rows = misses(choices, same, same)
    assert not sure_misses(rows, choices)


def test_noise_is_seldom_called_a_miss():
    """A ceiling that errs at random about the truth: none of twenty tables has a sure miss of its own."""
    found = 0
    for seed in range(20):
        data, rng = table(60, seed), np.random.default_rng(100 + seed)
        truth = np.where(histories(data)["more than four repeats"], 0.99, 0.2)
        noisy = np.clip(truth + rng.normal(0, 0.05, truth.shape), 0.02, 0.995)
        choices = HeldOutChoices.by(data, list(range(N_PEOPLE)))
        found += bool(sure_misses(misses(choices, expected(data, truth), expected(data, noisy)), choices))
    assert found <= 2


def test_few_people_are_too_few(data, choices):
    some = choices.of(choices.people < 3)
    one = expected(data, np.full(choices_shape(data), 0.25)).of(choices.people < 3)
    assert misses(some, one, one) == ()


def choices_shape(data):
    return tuple(data.choices.shape)
