"""Embeddings weighed by evidence: what is learned of people whose choices tell much, little, or nothing."""

import math

import numpy as np
import pytest
import torch

from spicewidgets import AgentQ, BanditsDrift, HabitRNN, ParticipantEmbeddingRNN, concat, create_dataset
from spicewidgets.core.settings import Training
from spicewidgets.core.train import descents
from spicewidgets.core.train.objective import Sessions, embedding_places, loss_of
from spicewidgets.core.train.run import Run
from spicewidgets.core.train.training import train


def group(n_people, n_trials, n_sessions=1, betas=(3.0,), seed=1):
    """Choices of people whose beta is the first, the second and so on, in turn."""
    return concat(
        [
            create_dataset(
                AgentQ(alpha_reward=0.4, beta_reward=betas[person % len(betas)]),
                BanditsDrift(sigma=0.2),
                n_trials,
                n_sessions,
                random_state=seed + person,
            )[0]
            for person in range(n_people)
        ],
        range(n_people),
    )


def trained(dataset, **settings):
    torch.manual_seed(0)
    model = ParticipantEmbeddingRNN(2, dataset.n_participants, embedding_size=4)
    records = list(train(model, dataset, Training(n_starts=1, **settings), random_state=1))
    return model, records


def test_people_who_are_alike_are_learned_to_be():
    few = group(40, 20)
    others = Sessions.of(group(40, 20, seed=1001))
    (weighed, _), (by_loss, _) = trained(few), trained(few, optimizer="lbfgs")
    assert loss_of(by_loss, others) > others.chance(2)  # it has learned noise of each
    assert loss_of(weighed, others) < others.floor + 0.06


def test_people_who_differ_are_told_apart():
    model, _ = trained(group(12, 100, 4, betas=(0.0, 8.0)))
    with torch.no_grad():
        beta = model.betas["x_value_reward"](model.participant_embedding(torch.arange(12))).flatten()
        sessions = Sessions.of(group(12, 100, 1, betas=(0.0, 8.0), seed=501))
        logits, _ = model(sessions.inputs)
    size = (logits[..., 0] - logits[..., 1]).abs().mean(0)
    assert len(beta) == 12
    assert float(size[0::2].max()) < 0.5 * float(size[1::2].min())


@pytest.mark.parametrize(
    ("n_people", "optimizer", "phase"), [(1, "auto", "lbfgs"), (2, "auto", "adam"), (2, "lbfgs", "lbfgs")]
)
def test_one_person_or_who_asks_for_lbfgs_has_the_loss_alone(n_people, optimizer, phase):
    _, records = trained(group(n_people, 15), optimizer=optimizer, epochs=8)
    assert {record.phase for record in records} == {phase}
    assert len(records) <= 8


def test_places_are_those_of_the_table_of_people():
    several, one = HabitRNN(2, 5, embedding_size=3), HabitRNN(2, 1, embedding_size=3)
    assert int(embedding_places(several).sum()) == 15
    assert not embedding_places(one).any()


def test_each_step_sees_every_person():
    sessions = Sessions.of(group(60, 5, 4))
    parts = descents._sessions_of_each(sessions)
    assert [sorted(part.participants.tolist()) for part in parts] == [sorted([*range(60)] * 2)] * 2
    assert sum(float(part.weights.sum()) for part in parts) == float(sessions.weights.sum())
    assert len(descents._sessions_of_each(Sessions.of(group(60, 5, 1)))) == 1


def test_the_slope_is_that_of_the_bound():
    """Against differences of the bound, at the same draws."""
    dataset = group(3, 12)
    torch.manual_seed(0)
    model = ParticipantEmbeddingRNN(2, 3, embedding_size=2).double()
    own = embedding_places(model)
    sessions = Sessions.of(dataset).double()
    run = Run(model, sessions, Training(), np.random.default_rng(0), compiled=False)
    weights = torch.cat([one.detach().flatten() for one in model.parameters()]).numpy()
    x = np.append(weights, np.full(own.sum(), -1.0))
    n = float(sessions.weights.sum())

    def slope_at(x):
        run.rng = np.random.default_rng(3)
        return descents._bound_slope(run, x, own, sessions, n)

    def bound(x):
        mean, log_spread = x[: len(own)][own], x[len(own) :]
        cost = (mean**2 + np.exp(2 * log_spread) - 1).sum() / 2 - log_spread.sum()
        return slope_at(x)[0] + cost / n

    _, slope = slope_at(x)
    for place in [0, int(np.flatnonzero(own)[0]), len(own), len(x) - 1]:
        step = np.zeros(len(x))
        step[place] = 1e-5
        difference = (bound(x + step) - bound(x - step)) / 2e-5
        assert math.isclose(difference, slope[place], rel_tol=1e-4, abs_tol=1e-7)
