"""Likelihood, gradient and information by forward sensitivities are those that torch's autograd gives."""

import numpy as np
import pytest
import torch
from torch import nn

import spicewidgets as sw
from spicewidgets.core.train.compiled.sensitivities import Sensitivities, TraceError
from spicewidgets.core.train.modules import Constant
from spicewidgets.core.train.objective import Sessions


class Learner(sw.BaseRNN):
    """Three arms, two states, numbers in products, in a square, behind a clamp, and one that scales."""

    init_values = {"x_value": 0.5, "x_habit": 0.0}

    def __init__(self, n_actions=3):
        super().__init__(n_actions)
        self.rates = nn.Parameter(torch.tensor([0.3, 0.8, 0.1, 0.4]))
        self.betas["x_value"] = Constant(2.0)

    def forward(self, inputs, prev_state=None, batch_first=False):
        (actions, rewards, _, _), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            value, habit = self.state["x_value"], self.state["x_habit"]
            moved = value + self.rates[0] * (reward - value) + self.rates[2] * value * value
            self.state["x_value"] = (moved * action + self.rates[1] * value * (1 - action)).clamp(-10, 10)
            self.state["x_habit"] = habit + self.rates[3] * (action - habit)
            logits[trial] = self.state["x_value"] * self.betas["x_value"]() + self.state["x_habit"] * value
        return self.post_forward_pass(logits, batch_first), self.get_state()


def sessions_of(n_sessions, n_actions=3):
    dataset, _, _ = sw.create_dataset(
        sw.AgentQ(n_actions=n_actions), sw.BanditsDrift(0.2, n_actions), 20, n_sessions, random_state=3
    )
    sessions = Sessions.of(dataset).double()
    sessions.weights[-5:, 0] = 0
    return sessions


def by_autograd(model, sessions, values, targets):
    """-ln L, gradient and information of each session, from the Jacobian of the logits."""
    shapes = {name: p.shape for name, p in model.named_parameters()}

    def logits(row):
        parts = row.split([shape.numel() for shape in shapes.values()])
        named = {n: part.view(shape) for (n, shape), part in zip(shapes.items(), parts, strict=True)}
        return torch.func.functional_call(model, named, (sessions.inputs,))[0]

    row = torch.tensor(values, dtype=torch.float64)
    slopes = torch.func.jacfwd(logits)(row)  # (n_trials, n_sessions, n_actions, n_numbers)
    log_p, weights = logits(row).log_softmax(-1), targets.sum(-1)
    p = log_p.exp()
    centred = slopes - (slopes * p[..., None]).sum(2, keepdim=True)
    return (
        -(log_p * targets).sum((0, 2)).numpy(),
        torch.einsum("tnai,tna->ni", slopes, targets - weights[..., None] * p).numpy(),
        torch.einsum("tnai,tnaj,tna,tn->nij", centred, centred, p, weights).numpy(),
    )


@pytest.mark.parametrize("n_sessions", [1, 3, 9])
@pytest.mark.parametrize("n_actions", [2, 3])
def test_they_are_those_of_autograd(n_sessions, n_actions):
    sessions, model = sessions_of(n_sessions, n_actions), Learner(n_actions).double().eval()
    targets = nn.functional.one_hot(sessions.targets, n_actions) * sessions.weights[..., None]
    values = [0.35, 0.7, -0.05, 0.5, 1.5]
    own = Sensitivities(model, sessions.inputs, targets.numpy())(np.tile(values, (1, n_sessions, 1)))
    for ours, expected in zip(own, by_autograd(model, sessions, values, targets), strict=True):
        np.testing.assert_allclose(ours[0], expected, rtol=1e-9, atol=1e-9)


def test_every_session_may_have_numbers_of_its_own_and_several_tables_are_one_call():
    sessions, model = sessions_of(4), Learner().double().eval()
    targets = (nn.functional.one_hot(sessions.targets, 3) * sessions.weights[..., None]).numpy()
    tables = np.random.default_rng(0).uniform(0.1, 0.6, (2, 4, 5))
    sensitivities = Sensitivities(model, sessions.inputs, targets)
    together = sensitivities(tables)
    for table in range(2):
        for session in range(4):
            alone = sensitivities(np.tile(tables[table, session], (1, 4, 1)))
            for a, b in zip(together, alone, strict=True):
                np.testing.assert_array_equal(a[table, session], b[0, session])


def test_targets_may_be_probabilities():
    sessions, model = sessions_of(3), Learner().double().eval()
    targets = torch.tensor(np.random.default_rng(0).dirichlet(np.ones(3), (20, 3)))
    targets = targets * sessions.weights[..., None]
    values = [0.35, 0.7, -0.05, 0.5, 1.5]
    own = Sensitivities(model, sessions.inputs, targets.numpy())(np.tile(values, (1, 3, 1)))
    for ours, expected in zip(own, by_autograd(model, sessions, values, targets), strict=True):
        np.testing.assert_allclose(ours[0], expected, rtol=1e-9, atol=1e-9)


def test_an_option_that_is_not_on_offer_has_no_probability():
    """Of three options with one never on offer, the others share P, and the slopes are theirs."""
    sessions, model = sessions_of(4), Learner().double().eval()
    offered = np.ones((20, 4, 3), bool)
    offered[..., 2] = False
    targets = np.zeros((20, 4, 3))
    targets[..., 0] = 1
    values = np.tile([0.35, 0.7, -0.05, 0.5, 1.5], (1, 4, 1))
    nll, gradient, information = Sensitivities(model, sessions.inputs, targets, offered)(values)
    step, numeric = 1e-6, []
    for i in range(5):
        moved = [values + sign * step * np.eye(5)[i] for sign in (1, -1)]
        up, down = (Sensitivities(model, sessions.inputs, targets, offered)(v)[0] for v in moved)
        numeric.append(-(up - down) / (2 * step))
    np.testing.assert_allclose(gradient, np.stack(numeric, -1), rtol=1e-5, atol=1e-5)
    everything = Sensitivities(model, sessions.inputs, targets)(values)[0]
    assert (nll < everything).all()
    assert np.isfinite(information).all()


def test_a_forward_that_cannot_be_compiled_says_so():
    class Sorted(Learner):
        def forward(self, inputs, prev_state=None, batch_first=False):
            logits, state = super().forward(inputs, prev_state, batch_first)
            return logits.sort(-1).values, state

    sessions = sessions_of(3)
    with pytest.raises(TraceError, match="sort"):
        Sensitivities(Sorted().double(), sessions.inputs, np.zeros((20, 3, 3)))
