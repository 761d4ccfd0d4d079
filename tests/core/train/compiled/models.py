"""Models for the tests here: the precoded ones, odd ones, ones made at random, and ones that must not be
compiled.
"""

import numpy as np
import torch
from torch import nn

from spicewidgets import (
    AgentQ,
    BanditsDrift,
    BaseRNN,
    ChoiceRNN,
    ForgettingRNN,
    LearningRateRNN,
    ParticipantEmbeddingRNN,
    RescorlaWagnerRNN,
    create_dataset,
)
from spicewidgets.core.train.objective import Sessions

PRECODED = {
    "rescorla_wagner": lambda n=2: RescorlaWagnerRNN(n),
    "forgetting": lambda n=2: ForgettingRNN(n),
    "learning_rate": lambda n=2: LearningRateRNN(n),
    "embedding": lambda n=2: ParticipantEmbeddingRNN(n, n_participants=4, embedding_size=3),
    "choice": lambda n=2: ChoiceRNN(n, n_participants=4, embedding_size=5),
}


def dataset_of(n_sessions=7, n_trials=12, n_actions=2, n_participants=4, seed=1):
    dataset = create_dataset(
        AgentQ(n_actions=n_actions, alpha_reward=0.3),
        BanditsDrift(sigma=0.2, n_actions=n_actions),
        n_trials,
        n_sessions,
        random_state=seed,
    )[0]
    dataset.xs[..., -1] = (torch.arange(n_sessions) % n_participants)[:, None]
    return dataset


def sessions_of(padded=True, **arguments):
    """Sessions, some of them shorter than others."""
    dataset = dataset_of(**arguments)
    if padded:
        n = dataset.n_actions
        dataset.xs[1, 7:, : 2 * n], dataset.ys[1, 7:] = -1, -1
        dataset.ys[2, 3] = -1
    return Sessions.of(dataset)


def seeded(make, seed=0, spread=0.0):
    """A model of this seed; its weights are moved at random by so much."""
    before = torch.get_rng_state()
    torch.manual_seed(seed)
    model = make()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=spread)
    torch.set_rng_state(before)
    return model


class PearceHall(BaseRNN):
    """Parameters and a layer of its own, absolute values, a sum over arms, a learned initial value."""

    init_values = {"x_value": 0.5, "x_alpha": 0.3}

    def __init__(self, n_actions, **kwargs):
        super().__init__(n_actions)
        self.rate = nn.Parameter(torch.tensor(0.2))
        self.first = nn.Parameter(torch.tensor([0.4]))
        self.layer = nn.Linear(3, 1)
        self.readout = nn.Parameter(torch.ones(n_actions))

    def forward(self, inputs, prev_state=None, batch_first=False):
        (actions, rewards, *_), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        if prev_state is None:
            self.state["x_value"] = self.first.expand(self.state["x_value"].shape)
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            value, alpha = self.state["x_value"], self.state["x_alpha"]
            error = (reward - value) * action
            surprise = error.abs().sum(-1, keepdim=True).expand(-1, self._n_actions)
            seen = torch.stack([alpha, surprise, action], dim=-1)
            self.state["x_alpha"] = alpha + torch.sigmoid(self.rate) * (surprise - alpha)
            self.state["x_value"] = value + torch.sigmoid(self.layer(seen)).squeeze(-1) * alpha * error
            logits[trial] = self.state["x_value"] * self.readout
        return self.post_forward_pass(logits, batch_first), self.get_state()


class Layered(BaseRNN):
    """Modules of the user's own beside a standard one and a given one; an activation, a scale."""

    init_values = {"x_v": 0.5, "x_w": 0.0}

    def __init__(self, n_actions, **kwargs):
        super().__init__(n_actions)
        self.submodules_rnn["x_v"] = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        self.submodules_rnn["x_w"] = self.setup_module(input_size=0)
        self.submodules_eq["x_given"] = lambda value, inputs: value + 0.3 * (inputs[..., 0] - value)
        self.readout = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
        self.betas["x_v"] = self.setup_constant()

    def forward(self, inputs, prev_state=None, batch_first=False):
        (actions, rewards, *_), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            other = self.state["x_v"].flip(-1)
            moved = self.call_module("x_v", "x_v", action, (reward, other), scaling=True)
            self.state["x_v"] = moved + self.state["x_v"] * (1 - action)
            self.state["x_w"] = self.call_module("x_w", "x_w", action, activation_rnn=torch.sigmoid)
            self.state["x_w"] = self.state["x_w"] + self.call_module("x_given", "x_w", 1 - action, reward)
            both = torch.stack([self.state["x_v"], self.state["x_w"]], -1)
            logits[trial] = self.readout(both).squeeze(-1)
        return self.post_forward_pass(logits, batch_first), self.get_state()


class Weighted(RescorlaWagnerRNN):
    """Something is done to the logits after the loop."""

    def __init__(self, n_actions, **kwargs):
        super().__init__(n_actions)
        self.own = nn.Parameter(torch.zeros(1))

    def forward(self, inputs, prev_state=None, batch_first=False):
        logits, state = super().forward(inputs, prev_state, batch_first)
        return logits * self.own.exp(), state


ODD = {
    "pearce_hall": lambda n=2: PearceHall(n),
    "layered": lambda n=2: Layered(n),
    "weighted": lambda n=2: Weighted(n),
}


UNARY = [
    torch.tanh,
    torch.sigmoid,
    torch.abs,
    torch.square,
    nn.functional.softplus,
    nn.functional.leaky_relu,
    torch.relu,
    lambda x: x.clamp(-0.7, 0.9),
    lambda x: torch.exp(-x.abs()),
    lambda x: x.mean(-1, keepdim=True).expand_as(x),
    lambda x: torch.softmax(x, -1),
    lambda x: (x**2 + 1).sqrt(),
    lambda x: 1 / (1 + x**2),
]
BINARY = [
    torch.add,
    torch.sub,
    torch.mul,
    torch.maximum,
    lambda a, b: torch.where(a > b, a, 0.5 * b),
    lambda a, b: torch.stack([a, b], -1).sum(-1),
    lambda a, b: a + 0.3 * (b - a),
]


class Generated(BaseRNN):
    """A valid model made at random: states, modules of all kinds, what they see, and how they are put
    together.
    """

    def __init__(self, n_actions, seed):
        self.rng = np.random.default_rng(seed)
        self.init_values = {f"x_{i}": float(self.rng.normal()) for i in range(self.rng.integers(1, 4))}
        size = int(self.rng.integers(0, 2)) * 3
        super().__init__(n_actions, n_participants=4, embedding_size=size)
        self.embedding = self.setup_embedding(4, size, dropout=0.0) if size else None
        self.plan = [self.planned(state) for state in self.init_values]
        for name in self.init_values:
            self.betas[name] = self.setup_constant(size or None)
        self.own = nn.Parameter(torch.randn(n_actions))
        self.draws = [int(i) for i in self.rng.integers(1000, size=40)]

    def planned(self, state):
        """What moves a state: its module, what it sees, and which arms it is for."""
        kind = self.rng.choice(["gru", "layers", "given"])
        n_inputs = int(self.rng.integers(0, 3))
        key = f"m_{state}"
        if kind == "gru":
            self.submodules_rnn[key] = self.setup_module(n_inputs + self.embedding_size)
        elif kind == "layers":
            n = 1 + n_inputs + self.embedding_size
            self.submodules_rnn[key] = nn.Sequential(nn.Linear(n, 3), nn.Tanh(), nn.Linear(3, 1))
        else:
            a, b = self.rng.normal(size=2)
            self.submodules_eq[key] = lambda value, inputs: a + b * torch.tanh(value + inputs.sum(-1))
        return kind, key, n_inputs, self.rng.choice(["chosen", "not", "all"]), bool(self.rng.integers(2))

    def forward(self, inputs, prev_state=None, batch_first=False):
        (actions, rewards, *_), (who, _), logits, trials = self.init_forward_pass(
            inputs, prev_state, batch_first
        )
        embedded = self.embedding(who[:, 0]) if self.embedding is not None else None
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            draws = iter(self.draws)
            pool = [reward, action, 1 - action, *self.state.values()]

            def drawn(options, draws=draws):
                return options[next(draws) % len(options)]

            for state, (kind, key, n_inputs, mask, scaling) in zip(list(self.state), self.plan, strict=True):
                seen = tuple(drawn(UNARY)(drawn(pool)) for _ in range(n_inputs)) or None
                arms = {"chosen": action, "not": 1 - action, "all": None}[mask]
                moved = self.call_module(
                    key, state, arms, seen, embedded if kind != "given" else None, scaling=False
                )
                if scaling:
                    moved = torch.tanh(moved * self.betas[state](embedded))
                if mask != "all":
                    moved = moved + 0.8 * self.state[state] * (1 - arms)
                pool.append(drawn(BINARY)(moved, drawn(pool)))
                self.state[state] = (0.5 * moved + 0.1 * pool[-1]).clamp(-3, 3)
            logits[trial] = sum(self.state.values()) * self.own + 0.1 * drawn(UNARY)(pool[-1])
        return self.post_forward_pass(logits, batch_first), self.get_state()
