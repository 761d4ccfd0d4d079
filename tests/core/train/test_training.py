"""Training: what each record says, which weights are kept, and that every setting is honoured."""

import math
import random
import warnings
from copy import deepcopy
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import nn

from spicewidgets import (
    RESCORLA_WAGNER_CONFIG,
    AgentQ,
    BanditsDrift,
    BanditsReversal,
    DatasetRNN,
    ForgettingRNN,
    ParticipantEmbeddingRNN,
    RescorlaWagnerRNN,
    SettingsError,
    SpiceEstimator,
    create_dataset,
)
from spicewidgets.core.judge.replay import nll_per_trial
from spicewidgets.core.settings import Training
from spicewidgets.core.train import objective, screening
from spicewidgets.core.train.objective import (
    Sessions,
    floor_of,
    get_flat_parameters,
    loss_and_gradient,
    loss_of,
    losses,
)
from spicewidgets.core.train.run import Run
from spicewidgets.core.train.training import train, uses_lbfgs

CHOSEN = "x_value_reward_chosen"


def data(n_trials=25, n_sessions=12, n_actions=2, seed=1, **arguments):
    agent = AgentQ(n_actions=n_actions, alpha_reward=0.3)
    task = BanditsDrift(sigma=0.2, n_actions=n_actions)
    return create_dataset(agent, task, n_trials, n_sessions, random_state=seed, **arguments)[0]


@pytest.fixture(scope="module")
def dataset():
    return data()


def model_of(seed=0, model=RescorlaWagnerRNN, **arguments):
    """A model with initial weights of its own, whatever was drawn before."""
    before = torch.get_rng_state()
    torch.manual_seed(seed)
    made = model(2, **arguments)
    torch.set_rng_state(before)
    return made


def adam(**changes):
    return Training(**{"optimizer": "adam", "epochs": 5, **changes})


def weights(model):
    return {key: value.clone() for key, value in model.state_dict().items()}


def equal(a, b):
    return all(torch.equal(a[key], b[key]) for key in a) and a.keys() == b.keys()


def run(model, dataset, settings=None, random_state=0, **arguments):
    return list(train(model, dataset, settings, random_state=random_state, **arguments))


def spy(monkeypatch):
    """Note the sessions and the steps of every call of the one function that computes gradients."""
    seen = []

    def noted(model, sessions, n_starts=1, n_steps=None):
        seen.append((sessions, n_starts, n_steps))
        return loss_and_gradient(model, sessions, n_starts, n_steps)

    monkeypatch.setattr(objective, "loss_and_gradient", noted)
    return seen


class OwnParameter(RescorlaWagnerRNN):
    """Its starts cannot run side by side."""

    def __init__(self, n_actions, **kwargs):
        super().__init__(n_actions)
        self.own = nn.Parameter(torch.zeros(1))

    def forward(self, inputs, prev_state=None, batch_first=False):
        logits, state = super().forward(inputs, prev_state, batch_first)
        return logits * self.readout(), state

    def readout(self):
        return self.own.exp()


class Explosive(OwnParameter):
    """No number any more as soon as the module's offset has moved by 0.5."""

    def readout(self):
        offset = self.submodules_rnn[CHOSEN].offset.detach()
        return torch.where(offset.abs() > 0.5, math.nan, self.own.exp())


# The loss


@pytest.mark.seed(64)
def test_loss_is_the_cross_entropy_of_the_next_choice(dataset):
    """S64."""
    model = model_of()
    expected = nn.functional.cross_entropy(
        model(dataset.xs, batch_first=True)[0].flatten(0, 1), dataset.ys.argmax(-1).flatten()
    )
    assert loss_of(model, Sessions.of(dataset)) == pytest.approx(expected.item(), abs=1e-6)
    (found,) = loss_and_gradient(model, Sessions.of(dataset))
    assert found == pytest.approx(expected.item(), abs=1e-6)
    gradient = [parameter.grad.clone() for parameter in model.parameters()]
    model.zero_grad()
    expected.backward()
    for mine, autograds in zip(gradient, model.parameters(), strict=True):
        torch.testing.assert_close(mine, autograds.grad, rtol=1e-4, atol=1e-6)


def truncated(model, sessions, n_steps):
    """The plain loop: the state goes on, the gradient does not."""
    total, state = 0.0, None
    for begin in range(0, len(sessions.inputs), n_steps):
        part = slice(begin, begin + n_steps)
        logits, state = model(sessions.inputs[part], state)
        state = {key: value.detach() for key, value in state.items()}
        total = total + nn.functional.cross_entropy(
            logits.flatten(0, 1), sessions.targets[part].flatten(), reduction="sum"
        )
    return total / sessions.targets.numel()


@pytest.mark.parametrize("n_steps", [1, 7, 25, 100])
def test_truncated_steps(dataset, n_steps):
    """K2: the loss is the same, the gradient is that of `n_steps` trials each."""
    model, sessions = model_of().double(), Sessions.of(dataset).double()
    (found,) = loss_and_gradient(model, sessions, n_steps=n_steps)
    (whole,) = losses(model, sessions)
    assert found == pytest.approx(float(whole.detach()), abs=1e-12)
    gradient = [parameter.grad.clone() for parameter in model.parameters()]
    model.zero_grad()
    truncated(model, sessions, n_steps).backward()
    for mine, plain in zip(gradient, model.parameters(), strict=True):
        torch.testing.assert_close(mine, plain.grad, rtol=1e-9, atol=1e-12)
    if n_steps < 25:
        loss_and_gradient(model, sessions)
        assert not torch.allclose(gradient[0], next(model.parameters()).grad, rtol=1e-3)


def test_loss_of_is_without_dropout_and_leaves_the_mode(dataset):
    model, sessions = model_of(), Sessions.of(dataset)
    plain = loss_of(model, sessions)
    model.dropout = 0.5
    assert loss_of(model.train(), sessions) == plain
    assert model.training
    assert loss_of(model.eval(), sessions) == plain
    assert not model.training


@pytest.mark.seed(64)
def test_floor_is_the_loss_of_the_agent_that_made_the_choices():
    """S64: the true agent, written as an equation in the model, has exactly this loss."""
    dataset = data(n_trials=40, n_sessions=30)
    truth = model_of().double()
    del truth.submodules_rnn[CHOSEN]
    truth.submodules_eq[CHOSEN] = lambda value, inputs: -0.3 + 0.7 * value + 0.9 * inputs[..., 0]
    assert floor_of(dataset) == pytest.approx(loss_of(truth, Sessions.of(dataset).double()), abs=1e-7)
    assert floor_of(DatasetRNN(dataset.xs, dataset.ys)) is None


@pytest.mark.parametrize("n_actions", [2, 4])
def test_chance_and_floor_are_in_every_record(n_actions):
    dataset = data(n_actions=n_actions)
    records = run(RescorlaWagnerRNN(n_actions), dataset, adam(epochs=2))
    assert [r.chance for r in records] == [math.log(n_actions)] * 2
    assert [r.floor for r in records] == [floor_of(dataset)] * 2
    (record,) = run(RescorlaWagnerRNN(n_actions), DatasetRNN(dataset.xs, dataset.ys), adam(epochs=1))
    assert record.floor is None


# Missing trials and padding (F14, F20, T7)


def with_gaps(dataset, gaps, padding=0, as_nan=False):
    """The same trials, with missing ones put in before trial `gaps[i]` of each session, and padding."""
    lost = math.nan if as_nan else -1.0
    n = dataset.n_actions
    xs, ys = [], []
    for session_x, session_y in zip(dataset.xs, dataset.ys, strict=True):
        row_x = session_x[:1].clone()
        row_x[:, : 2 * n] = lost
        row_y = torch.full((1, n), lost)
        new_x, new_y = [], []
        for trial in range(len(session_x)):
            for _ in range(gaps.count(trial)):
                new_x.append(row_x)
                new_y.append(row_y)
            new_x.append(session_x[trial : trial + 1])
            new_y.append(session_y[trial : trial + 1])
        xs.append(torch.cat([*new_x, *[row_x] * padding]))
        ys.append(torch.cat([*new_y, *[row_y] * padding]))
    return DatasetRNN(torch.stack(xs), torch.stack(ys), participants=None)


@pytest.mark.parametrize("as_nan", [False, True])
@pytest.mark.parametrize("make", [RescorlaWagnerRNN, ParticipantEmbeddingRNN])
def test_gaps_and_padding_change_no_loss_no_gradient_and_no_fit(make, as_nan):
    dataset = data(n_sessions=6, participant="per_session")
    gappy = with_gaps(dataset, [0, 0, 3, 11, 24], padding=9, as_nan=as_nan)
    assert gappy.n_trials == 39
    arguments = {} if make is RescorlaWagnerRNN else {"n_participants": 6}
    model = model_of(model=make, **arguments)
    assert loss_of(model, Sessions.of(gappy)) == pytest.approx(loss_of(model, Sessions.of(dataset)), abs=1e-7)
    other = deepcopy(model)
    (a,), (b,) = loss_and_gradient(model, Sessions.of(dataset)), loss_and_gradient(other, Sessions.of(gappy))
    assert a == pytest.approx(b, abs=1e-7)
    for x, y in zip(model.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(x.grad, y.grad, rtol=0, atol=1e-6)
    run(model, dataset, adam(epochs=10))
    run(other, gappy, adam(epochs=10))
    for x, y in zip(model.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(x, y, rtol=0, atol=1e-6)


def test_gaps_change_no_fit_of_lbfgs():
    dataset = data(n_sessions=6)
    model = model_of()
    other = deepcopy(model)
    a = run(model, dataset, Training(epochs=30, n_starts=2))
    b = run(other, with_gaps(dataset, [4, 9], padding=3), Training(epochs=30, n_starts=2))
    assert [r.train_loss for r in a] == pytest.approx([r.train_loss for r in b], abs=1e-6)
    for x, y in zip(model.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(x, y, rtol=0, atol=1e-5)


@settings(max_examples=25)
@given(
    lengths=st.lists(st.integers(0, 12), min_size=2, max_size=5).filter(any),
    lost=st.integers(0, 2**31),
)
def test_loss_of_unequal_sessions_is_the_mean_over_their_known_choices(lengths, lost):
    """F14: each session alone, without its padding, and all choices weigh the same."""
    rng = np.random.default_rng(lost)
    full = data(n_trials=12, n_sessions=len(lengths))
    xs, ys = full.xs.clone(), full.ys.clone()
    for s, length in enumerate(lengths):
        missing = rng.random(12) < 0.2
        missing[length:] = True
        xs[s, missing, :4], ys[s, missing] = -1, -1
        ys[s, rng.random(12) < 0.1] = -1  # a next choice alone may be unknown too
    known = (ys.sum(-1) == 1).numpy()
    if not known.any():
        return
    model = model_of().double()
    total = 0.0
    for s in range(len(lengths)):
        observed = xs[s, :, 0] >= 0
        if observed.any():
            logits = model(xs[s, observed][None].double(), batch_first=True)[0][0]
            p = torch.log_softmax(logits, -1).detach().numpy()
            target = ys[s, observed].numpy()
            total -= (p[target.sum(-1) == 1] * target[target.sum(-1) == 1]).sum()
    sessions = Sessions.of(DatasetRNN(xs, ys)).double()
    assert loss_of(model, sessions) == pytest.approx(total / known.sum(), abs=1e-9)


def test_a_batch_without_a_known_choice_changes_nothing(dataset):
    """A missed session in a batch of its own."""
    xs, ys = dataset.xs.clone(), dataset.ys.clone()
    xs[3, :, :4], ys[3] = -1, -1
    model = model_of()
    records = run(model, DatasetRNN(xs, ys), adam(epochs=3, batch_size=1))
    assert len(records) == 3
    assert all(math.isfinite(r.train_loss) and r.note == "" for r in records)
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())


def test_data_without_a_next_choice_are_refused(dataset):
    empty = DatasetRNN(dataset.xs, torch.full_like(dataset.ys, -1))
    with pytest.raises(SettingsError) as error:
        next(train(model_of(), empty))
    assert str(error.value) == (
        "No trial has a next choice to learn from: every trial or target is missing. Check the choices of the"
        " data set."
    )


# Records, and the weights that are kept


def test_records_of_the_default(dataset):
    """Several starts side by side, then L-BFGS; numbered from 1, no more than asked for."""
    records = run(model_of(), dataset, Training(epochs=60))
    assert [r.epoch for r in records] == list(range(1, len(records) + 1))
    phases = [r.phase for r in records]
    assert phases == ["screen"] * 15 + ["lbfgs"] * (len(records) - 15)
    assert 20 < len(records) <= 60
    assert [r.learning_rate for r in records[14:16]] == [screening.LEARNING_RATE, None]
    assert all(b.seconds >= a.seconds >= 0 for a, b in pairwise(records))
    assert all(r.note == "" for r in records)
    falling = [r.train_loss for r in records[15:]]
    assert falling == sorted(falling, reverse=True)
    assert records[-1].best_epoch == records[-1].epoch


@pytest.mark.parametrize("epochs", [1, 2, 3, 7])
@pytest.mark.parametrize("make", [RescorlaWagnerRNN, OwnParameter])
def test_never_more_epochs_than_asked_for(dataset, epochs, make):
    for settings_ in (Training(epochs=epochs), adam(epochs=epochs, n_starts=8), adam(epochs=epochs)):
        assert 1 <= len(run(model_of(model=make), dataset, settings_)) <= epochs


def test_adam_is_the_plain_torch_loop(dataset):
    """K1: loss by loss and weight by weight, the last step included."""
    model = model_of(seed=5)
    plain = deepcopy(model)
    sessions = Sessions.of(dataset)
    optimizer = torch.optim.Adam(plain.parameters(), 0.02)
    expected = []
    for _ in range(8):
        optimizer.zero_grad()
        (loss,) = losses(plain, sessions)
        expected.append(loss.item())
        loss.backward()
        optimizer.step()
    records = run(model, dataset, adam(epochs=8, learning_rate=0.02))
    assert [(r.phase, r.learning_rate, r.validation_loss) for r in records] == [("adam", 0.02, None)] * 8
    assert [r.train_loss for r in records] == pytest.approx(expected, abs=1e-7)
    assert expected == sorted(expected, reverse=True)  # or an earlier epoch's weights would be kept
    for mine, theirs in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-7)


def test_the_gradient_of_an_epoch_is_that_of_its_batches_together(dataset, monkeypatch):
    """K2: batches are a partition of the sessions, new in every epoch; their losses add up."""
    seen = spy(monkeypatch)
    records = run(model_of(), dataset, adam(epochs=3, batch_size=5, learning_rate=1e-9))
    assert [s.n_sessions for s, _, _ in seen] == [5, 5, 2] * 3
    every = {tuple(x.flatten().tolist()) for x in Sessions.of(dataset).inputs.unbind(1)}
    orders = []
    for epoch in range(3):
        order = [
            tuple(x.flatten().tolist())
            for s, _, _ in seen[3 * epoch : 3 * epoch + 3]
            for x in s.inputs.unbind(1)
        ]
        assert len(order) == 12
        assert set(order) == every
        orders.append(order)
    assert orders[0] != orders[1] != orders[2]
    assert [r.train_loss for r in records] == pytest.approx(
        [loss_of(model_of(), Sessions.of(dataset))] * 3, abs=1e-5
    )


def test_bagging_draws_sessions_with_replacement(dataset, monkeypatch):
    """K2."""
    seen = spy(monkeypatch)
    run(model_of(), dataset, adam(epochs=4, bagging=True))
    drawn = [[tuple(x.flatten().tolist()) for x in s.inputs.unbind(1)] for s, _, _ in seen]
    assert [len(bag) for bag in drawn] == [12] * 4
    assert all(len(set(bag)) < 12 for bag in drawn)
    assert len({tuple(sorted(bag)) for bag in drawn}) == 4
    seen.clear()
    run(model_of(), dataset, adam(epochs=2, bagging=True, batch_size=4))
    assert [s.n_sessions for s, _, _ in seen] == [4] * 6


def test_a_batch_size_beyond_the_sessions_is_all_of_them(dataset):
    """F16."""
    a, b = model_of(), model_of()
    run(a, dataset, adam(batch_size=1000))
    run(b, dataset, adam())
    assert equal(weights(a), weights(b))


def test_truncated_steps_reach_the_gradient(dataset, monkeypatch):
    seen = spy(monkeypatch)
    model = model_of()
    run(model, dataset, adam(epochs=2, n_steps_per_call=6))
    assert [n_steps for _, _, n_steps in seen] == [6, 6]
    whole = model_of()
    run(whole, dataset, adam(epochs=2))
    assert not equal(weights(model), weights(whole))


def test_sequence_length_cuts_sessions_into_windows(dataset):
    """K2: the same fit as that of a data set that was cut before."""
    a, b, c = model_of(), model_of(), model_of()
    run(a, dataset, adam(sequence_length=10))
    run(b, DatasetRNN(dataset.xs, dataset.ys, sequence_length=10), adam())
    run(c, dataset, adam())
    assert equal(weights(a), weights(b))
    assert not equal(weights(a), weights(c))
    (record,) = run(model_of(), dataset, adam(epochs=1, sequence_length=10))
    assert record.floor == floor_of(dataset)


def test_scheduler_is_cosine_with_warm_restarts(dataset):
    """K2, T27: from the learning rate to 0 in 64 epochs, and again in 128."""
    short = data(n_trials=2, n_sessions=2)
    rates = [r.learning_rate for r in run(model_of(), short, adam(epochs=200, scheduler=True))]
    expected = [0.01 * 0.5 * (1 + math.cos(math.pi * epoch / 64)) for epoch in range(64)]
    assert rates[:64] == pytest.approx(expected)
    assert rates[64] == pytest.approx(0.01)
    assert rates[128] == pytest.approx(0.005)
    assert rates[192] == pytest.approx(0.01)
    a, b = model_of(), model_of()
    run(a, dataset, adam(scheduler=True))
    run(b, dataset, adam())
    assert not equal(weights(a), weights(b))


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_weight_decay_brings_down_loss_and_weights_together(dataset, optimizer):
    """F19: the optimum is that of the loss with the penalty, and the weights kept are those of its lowest."""
    decay = 0.05

    def objective(model):
        size = sum(float(p.detach().square().sum()) for p in model.parameters())
        return loss_of(model, Sessions.of(dataset)) + 0.5 * decay * size, size

    free, decayed = model_of(), model_of()
    common = {"epochs": 150, "optimizer": optimizer, "learning_rate": 0.05, "n_starts": 1}
    run(free, dataset, Training(**common))
    records = run(decayed, dataset, Training(**common, l2_weight_decay=decay))
    assert objective(decayed)[0] < objective(free)[0]
    assert objective(decayed)[1] < 0.5 * objective(free)[1]
    assert records[-1].best_epoch > 0.5 * len(records)
    loss_and_gradient(decayed, Sessions.of(dataset))
    slope = max(float((p.grad + decay * p.detach()).abs().max()) for p in decayed.parameters())
    assert slope < 2e-3


@pytest.mark.parametrize("make", [RescorlaWagnerRNN, ParticipantEmbeddingRNN])
def test_dropout_is_honoured_by_train_itself(dataset, make):
    """F19: updates are left out, or entries of the embedding where the model has one; never while judging."""
    arguments = {} if make is RescorlaWagnerRNN else {"n_participants": 1}
    with_it, without = (model_of(model=make, **arguments) for _ in range(2))
    assert uses_lbfgs(with_it, Training())
    assert not uses_lbfgs(with_it, Training(dropout=0.5))
    assert {r.phase for r in run(with_it, dataset, Training(dropout=0.5, epochs=3, n_starts=1))} == {"adam"}
    run(without, dataset, adam(epochs=3))
    assert not equal(weights(with_it), weights(without))
    layers = [module.p for module in with_it.modules() if isinstance(module, nn.Dropout)]
    assert (with_it.dropout, layers) == ((0.5, []) if make is RescorlaWagnerRNN else (0.0, [0.5]))
    run(with_it, dataset, adam(dropout=0.0))
    assert uses_lbfgs(with_it, Training())


def test_a_threshold_ends_the_training_when_little_is_gained(dataset):
    """K2: none trains all epochs."""
    assert len(run(model_of(), dataset, adam(epochs=40, convergence_threshold=1.0))) == 2
    some = run(model_of(), dataset, adam(epochs=400, convergence_threshold=1e-3))
    assert 2 < len(some) < 400
    assert len(run(model_of(), dataset, adam(epochs=40))) == 40
    assert some[-1].note == ""


def test_a_loss_that_rises_at_the_second_epoch_does_not_end_the_training(dataset):
    model = model_of()
    run(model, dataset, Training(epochs=40, n_starts=1))
    records = run(model, dataset, adam(epochs=6, learning_rate=0.5), warm_start=True)
    assert records[1].train_loss > records[0].train_loss
    assert len(records) == 6


@pytest.mark.parametrize(
    "settings_", [adam(epochs=30, learning_rate=3.0), adam(epochs=12, learning_rate=0.5)]
)
def test_the_weights_kept_are_those_of_the_lowest_loss(dataset, settings_):
    """Not those one step after it: at a high learning rate these may be anything."""
    model = model_of()
    run(model, dataset, Training(epochs=40, n_starts=1))
    records = run(model, dataset, settings_, warm_start=True)
    assert max(r.train_loss for r in records) > min(r.train_loss for r in records) + 0.005
    assert loss_of(model, Sessions.of(dataset)) <= min(r.train_loss for r in records) + 1e-6


def test_validation_is_judged_and_not_learned_from():
    other = data(seed=2, n_sessions=4)
    a, b = model_of(), model_of()
    few, settings_ = data(n_sessions=3), adam(epochs=60, learning_rate=0.2)
    records = run(a, few, settings_, validation=other)
    plain = run(b, few, settings_)
    assert [r.train_loss for r in records] == [r.train_loss for r in plain]
    judged = [r.validation_loss for r in records]
    assert records[-1].best_epoch == 1 + int(np.argmin(judged))
    assert loss_of(a, Sessions.of(other)) == min(judged)
    assert judged.index(min(judged)) < 59  # or the test shows nothing
    bests = [r.best_epoch for r in records]
    assert bests == [1 + int(np.argmin(judged[: n + 1])) for n in range(60)]


def test_validation_with_lbfgs(dataset):
    model, other = model_of(), data(seed=2, n_sessions=4)
    records = run(model, dataset, Training(epochs=60), validation=other)
    assert {r.validation_loss for r in records if r.phase == "screen"} == {None}
    judged = {r.validation_loss: r.epoch for r in records if r.phase == "lbfgs"}
    assert records[-1].best_epoch == judged[min(judged)]
    assert loss_of(model, Sessions.of(other)) == pytest.approx(min(judged), abs=1e-7)


@pytest.mark.parametrize("asked", [1, 5, 16, 20])
@pytest.mark.parametrize("make", [RescorlaWagnerRNN, OwnParameter])
def test_who_asks_no_more_has_the_best_weights(dataset, asked, make):
    """S70: at the first record, while screening, and after it."""
    model = model_of(seed=4, model=make)
    begun = loss_of(model, Sessions.of(dataset))
    records = train(model, dataset, Training(epochs=64), random_state=0)
    had = [next(records) for _ in range(asked)]
    records.close()
    assert not model.training
    now = loss_of(model, Sessions.of(dataset))
    best = min(r.train_loss for r in had)
    if had[-1].phase == "screen":  # these losses are those before the step
        assert now < min(best + 0.02, begun - 0.02)
    else:
        assert now == pytest.approx(best, abs=1e-6)


def test_closing_adam_early_keeps_its_last_step_too(dataset):
    """Small portions, each a warm start, must get somewhere."""
    model = model_of()
    before = loss_of(model, Sessions.of(dataset))
    for _ in range(3):
        records = train(model, dataset, adam(epochs=1000), warm_start=True)
        next(records)
        records.close()
    assert loss_of(model, Sessions.of(dataset)) < before - 1e-4


def test_the_model_ends_ready_for_use(dataset):
    model = model_of().train()
    run(model, dataset, Training(epochs=20))
    assert not model.training
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert all(parameter.requires_grad for parameter in model.parameters())


# Starts


def test_the_default_finds_what_many_epochs_of_adam_find(dataset):
    exact, slow = model_of(), model_of()
    records = run(exact, dataset, Training(epochs=200))
    run(slow, dataset, adam(epochs=200, learning_rate=0.05))
    assert len(records) < 200
    assert loss_of(exact, Sessions.of(dataset)) < loss_of(slow, Sessions.of(dataset)) + 1e-3


def test_screening_trains_all_starts_together(dataset, monkeypatch):
    seen = spy(monkeypatch)
    records = run(model_of(), dataset, Training(epochs=20, n_starts=3))
    assert [(s.n_sessions, n) for s, n, _ in seen[:5]] == [(36, 3)] * 5
    assert [r.phase for r in records[:6]] == ["screen"] * 5 + ["lbfgs"]


def test_screening_ends_when_the_best_start_gains_little(dataset, monkeypatch):
    monkeypatch.setattr(screening, "PATIENCE", 3)
    monkeypatch.setattr(screening, "GAIN", 10.0)
    records = run(model_of(), dataset, Training(epochs=40, n_starts=2))
    assert [r.phase for r in records[:5]] == ["screen"] * 4 + ["lbfgs"]


@pytest.mark.parametrize(("n_sessions", "n_seen"), [(30, 40), (20, 50), (3, 60)])
def test_screening_sees_the_first_trials_only_and_of_few_sessions_more(monkeypatch, n_sessions, n_seen):
    seen = spy(monkeypatch)
    run(model_of(), data(n_trials=60, n_sessions=n_sessions), Training(epochs=8, n_starts=2))
    assert len(seen[0][0].inputs) == n_seen
    assert len(seen[-1][0].inputs) == 60


def test_a_bad_start_is_not_the_one_that_is_finished(dataset):
    """The model's own weights are the first start; here they are beyond the reach of any gradient."""
    model = stuck_model()
    (alone,) = {r.note for r in run(deepcopy(model), dataset, Training(epochs=20, n_starts=1))} - {""}
    assert "the training is stuck" in alone
    records = run(model, dataset, Training(epochs=60, n_starts=4))
    assert records[-1].note == ""
    assert loss_of(model, Sessions.of(dataset)) < records[-1].chance - 0.05


def test_models_that_cannot_run_side_by_side_are_screened_in_turn(dataset, monkeypatch):
    seen = spy(monkeypatch)
    model = stuck_model(OwnParameter)
    records = run(model, dataset, Training(epochs=100, n_starts=3))
    assert [(s.n_sessions, n) for s, n, _ in seen[:27]] == [(12, 1)] * 27
    assert [r.phase for r in records[:28]] == ["screen"] * 27 + ["lbfgs"]
    assert loss_of(model, Sessions.of(dataset)) < records[-1].chance - 0.05


def test_a_start_without_a_number_ranks_last(dataset):
    torch.manual_seed(3)
    model = OwnParameter(2)
    nn.init.constant_(model.own, math.nan)
    run_ = Run(model, Sessions.of(dataset), Training(epochs=40), np.random.default_rng(0))
    tried = []

    def finish(run_):
        tried.append(weights(run_.model)["own"].item())
        yield run_.record("lbfgs", 0.6)

    starts = np.concatenate(
        [
            get_flat_parameters(model),
            *(get_flat_parameters(model_of(seed, OwnParameter)) for seed in range(3)),
        ]
    )
    list(screening.run_screened(run_, starts, finish))
    assert math.isfinite(tried[0])


def test_the_next_start_is_tried_when_one_is_stuck(dataset):
    run_ = Run(model_of(), Sessions.of(dataset), Training(epochs=40), np.random.default_rng(0))
    finished = iter([0.8, 0.75, 0.5])
    seen = []

    def finish(run_):
        seen.append(weights(run_.model))
        yield run_.record("lbfgs", next(finished))

    starts = screening.random_starts(run_, 4)
    records = list(screening.run_screened(run_, starts, finish))
    assert [r.train_loss for r in records[10:]] == [0.8, 0.75, 0.5]
    assert not equal(seen[0], seen[1])
    assert not equal(seen[1], seen[2])
    run_.restore_best()
    assert equal(weights(run_.model), seen[2])


def test_warm_start_goes_on_from_the_weights(dataset):
    """K10."""
    model = model_of()
    first = run(model, dataset, Training(epochs=30))
    before = loss_of(model, Sessions.of(dataset))
    kept = weights(model)
    second = run(model, dataset, Training(epochs=3), warm_start=True)
    assert {r.phase for r in second} == {"lbfgs"}
    assert second[0].train_loss <= before + 1e-6
    assert first[-1].train_loss >= second[-1].train_loss
    (one,) = run(model_with(kept), dataset, adam(epochs=1), warm_start=True)
    assert one.train_loss == pytest.approx(before, abs=1e-6)


# What goes wrong is said


def stuck_model(make=RescorlaWagnerRNN):
    """Every value is clipped at 10, so that no gradient reaches the weights."""
    model = model_of(model=make)
    nn.init.constant_(model.submodules_rnn[CHOSEN].offset, 100.0)
    return model


def model_with(state):
    model = model_of()
    model.load_state_dict(state)
    return model


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_stuck_run_says_so(dataset, optimizer):
    settings_ = Training(epochs=8, n_starts=1, optimizer=optimizer)
    records = run(stuck_model(), dataset, settings_)
    assert all(r.note == "" for r in records[:-1])
    assert records[-1].note == (
        f"The loss {records[-1].train_loss:.4f} is above guessing (0.6931): the training is stuck. Train"
        " again with another random_state or more starts (n_starts); with more epochs, if it was still"
        " falling."
    )


def test_an_unstable_run_says_so_and_keeps_the_best_weights(dataset):
    """S110."""
    model = model_of()
    run(model, dataset, Training(epochs=60, n_starts=1))
    before = loss_of(model, Sessions.of(dataset))
    records = run(model, dataset, adam(epochs=4, learning_rate=10.0), warm_start=True)
    assert records[-1].train_loss > records[-1].chance
    assert records[-1].note == (
        f"The loss rose to {records[-1].train_loss:.4f}, above guessing (0.6931), after it had been"
        f" {records[0].train_loss:.4f}: the training is unstable. The best weights were kept; lower the"
        " learning rate."
    )
    assert loss_of(model, Sessions.of(dataset)) <= before + 1e-6


def test_a_diverged_run_says_so_and_keeps_the_best_weights(dataset):
    model = model_of(model=Explosive)
    records = run(model, dataset, adam(epochs=50, learning_rate=0.2))
    assert math.isnan(records[-1].train_loss)
    assert 2 <= len(records) < 50
    assert records[-1].note == (
        "The loss is no longer a number: the training has diverged. The best weights were kept; lower the"
        " learning rate."
    )
    best = min(r.train_loss for r in records[:-1])
    assert loss_of(model, Sessions.of(dataset)) == pytest.approx(best, abs=1e-6)


def test_data_that_are_no_numbers_are_refused():
    broken = data()
    broken.xs[0, 3, 2:4] = math.inf
    with pytest.raises(SettingsError, match="must hold numbers only; got NaN or infinity in reward_0"):
        next(train(model_of(), broken))


@pytest.mark.parametrize("settings_", [adam(), Training(n_starts=1), Training(epochs=12)])
def test_a_loss_that_never_was_a_number_is_said_and_leaves_the_weights_alone(dataset, settings_):
    model = model_of(model=OwnParameter)
    nn.init.constant_(model.own, math.nan)
    before = {key: value.nan_to_num() for key, value in weights(model).items()}
    records = run(model, dataset, settings_)
    assert records[-1].note == (
        "The loss is not a number from the beginning: a value in the data, or an initial weight, is none."
        " Check the additional inputs and the rewards."
    )
    assert equal({key: value.nan_to_num() for key, value in weights(model).items()}, before)


def test_screening_that_never_had_a_number_leaves_the_weights_alone(dataset):
    class Late(RescorlaWagnerRNN):
        def forward(self, inputs, prev_state=None, batch_first=False):
            logits, state = super().forward(inputs, prev_state, batch_first)
            return (logits if len(logits) < 5 else logits * math.nan), state

    model = model_of(model=Late)
    before = weights(model)
    records = run(model, dataset, Training(epochs=12))
    assert records[0].phase == "screen"
    assert "from the beginning" in records[-1].note
    assert equal(weights(model), before)


@pytest.mark.parametrize(
    "changes",
    [
        {"batch_size": 4},
        {"bagging": True},
        {"scheduler": True},
        {"n_steps_per_call": 5},
        {"dropout": 0.1},
    ],
)
def test_lbfgs_is_refused_where_the_loss_is_another_at_each_call(dataset, changes):
    with pytest.raises(SettingsError) as error:
        next(train(model_of(), dataset, Training(optimizer="lbfgs", **changes)))
    assert str(error.value) == (
        'optimizer="lbfgs" needs the same loss at every call: the whole data set, without dropout, bagging,'
        ' batches, scheduler or truncated steps. Leave these out, or choose optimizer="adam".'
    )
    assert not uses_lbfgs(model_of(), Training(**changes))


def test_dropout_of_the_model_itself_keeps_adam(dataset):
    embedded = model_of(model=ParticipantEmbeddingRNN, n_participants=1, dropout=0.5)
    own = model_of()
    own.dropout = 0.2
    for model in (embedded, own):
        assert not uses_lbfgs(model, Training())
        assert uses_lbfgs(model, Training(dropout=0.0))
        with pytest.raises(SettingsError, match="without dropout"):
            next(train(model, dataset, Training(optimizer="lbfgs")))


def test_wrong_settings_are_refused_before_anything_runs(dataset):
    model = model_of()
    with pytest.raises(SettingsError) as error:
        next(train(model, dataset, Training(epochs=0, learning_rate=-1.0)))
    assert len(error.value.problems) == 2


# Randomness, and what is left alone


CASES = {
    "default": Training(epochs=24),
    "in_turn": Training(epochs=24, n_starts=2),
    "batches": adam(batch_size=5),
    "bagging": adam(bagging=True),
    "dropout": adam(dropout=0.3),
    "adam_starts": adam(epochs=12, n_starts=3),
}


@pytest.mark.parametrize("name", CASES)
def test_equal_seeds_give_equal_bits(dataset, name):
    """S26: whatever the global generators are at; and another seed gives another fit."""
    make = OwnParameter if name == "in_turn" else ForgettingRNN
    found = []
    for seed, elsewhere in ((5, 1), (5, 2), (6, 1)):
        torch.manual_seed(elsewhere)
        np.random.seed(elsewhere)
        model = model_of(model=make)
        records = run(model, dataset, CASES[name], random_state=seed)
        found.append((weights(model), [r.train_loss for r in records]))
    assert equal(found[0][0], found[1][0])
    assert found[0][1] == found[1][1]
    assert not equal(found[0][0], found[2][0])


def test_without_a_seed_numpys_global_stream_decides(dataset):
    """`np.random.seed(42)` at the top of a notebook makes all that follows repeatable."""
    found = []
    for seed in (42, 42, 43):
        np.random.seed(seed)
        model = model_of()
        run(model, dataset, adam(batch_size=5), random_state=None)
        found.append(weights(model))
    assert equal(found[0], found[1])
    assert not equal(found[0], found[2])


@pytest.mark.seed(26)
@pytest.mark.parametrize("name", CASES)
def test_nothing_global_changes(dataset, name):
    """S26, F5: also where the training is left half-way."""

    def everything():
        return (
            torch.get_rng_state().tolist(),
            str(np.random.get_state()),
            random.getstate(),
            torch.get_num_threads(),
            torch.get_default_dtype(),
            torch.is_grad_enabled(),
            list(warnings.filters),
            np.geterr(),
        )

    before = everything()
    model = model_of(model=OwnParameter if name == "in_turn" else ForgettingRNN)
    kept_xs, kept_ys = dataset.xs.clone(), dataset.ys.clone()
    records = train(model, dataset, CASES[name], random_state=1)
    for _ in range(3):
        next(records)
        assert everything() == before
    records.close()
    run(model, dataset, CASES[name], random_state=1)
    assert everything() == before
    assert torch.equal(dataset.xs, kept_xs)
    assert torch.equal(dataset.ys, kept_ys)


def test_a_model_of_several_modules_ranks_its_starts_and_the_best_goes_on(dataset):
    """The finalists share the screening's records; the finish begins no worse than the best of them."""
    model = model_of(model=ForgettingRNN)
    records = run(model, dataset, Training(epochs=400))
    screened = [r for r in records if r.phase == "screen"]
    ranked = [r for r in screened if r.learning_rate is None]
    assert 2 <= len(ranked) <= 2 * screening.RANKING_EPOCHS
    finish = [r.train_loss for r in records if r.phase == "lbfgs"]
    assert finish[0] <= ranked[-1].train_loss + 1e-6
    assert [r.train_loss for r in ranked] == sorted((r.train_loss for r in ranked), reverse=True)


@pytest.mark.parametrize("seed", range(3))
def test_one_long_session_is_learned_as_well_as_many_short_ones(seed):
    """What a start learns from the first trials of a single session holds nowhere else."""
    agent = AgentQ(2, alpha_reward=0.35, beta_reward=4.0)
    dataset, _, _ = create_dataset(agent, BanditsReversal(), 400, 1, random_state=seed)
    estimator = SpiceEstimator(RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG, random_state=seed)
    history = estimator.fit(dataset).history_
    truth = float(nll_per_trial(dataset.truth_probs, dataset).mean())
    assert history[-1].train_loss < truth + 0.01
