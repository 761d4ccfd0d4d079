"""What a forward may do on symbols: each operation as torch does it, and the rest refused with a reason."""

import pytest
import torch
from torch import nn

from spicewidgets import BaseRNN, RescorlaWagnerRNN
from spicewidgets.core.settings import Training
from spicewidgets.core.train.compiled import check
from spicewidgets.core.train.compiled.check import OTHER_NUMBERS
from spicewidgets.core.train.training import train

from .models import dataset_of, seeded, sessions_of

CHOSEN = "x_value_reward_chosen"


class With(BaseRNN):
    """One memory, moved in a way that a test says; `step(model, value, action, reward)`."""

    init_values = {"x_v": 0.4}

    def __init__(self, step, n_actions=2):
        super().__init__(n_actions, n_participants=4)
        self.step = step
        self.a, self.b = nn.Parameter(torch.tensor(0.7)), nn.Parameter(torch.tensor([0.3, -0.2]))
        self.layer = nn.Linear(2, 2)
        self.embedding = nn.Embedding(4, 2)

    def forward(self, inputs, prev_state=None, batch_first=False):
        (actions, rewards, *_), (who, _), logits, trials = self.init_forward_pass(
            inputs, prev_state, batch_first
        )
        self.who = self.embedding(who[:, 0])
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            moved = self.step(self, self.state["x_v"], action, reward)
            self.state["x_v"] = torch.tanh(0.6 * self.state["x_v"] + self.a * moved + self.b)
            logits[trial] = self.state["x_v"] * 2
        return self.post_forward_pass(logits, batch_first), self.get_state()


STEPS = {
    "arithmetic": lambda m, v, a, r: (1 - v) / (2 + a) - 3 * r + v * 0.5 - (2 - r) + 1 / (3 + v),
    "in words": lambda m, v, a, r: torch.mul(torch.add(v, a), torch.sub(1, r)) + torch.neg(torch.div(v, 3)),
    "powers": lambda m, v, a, r: v**2 + v.pow(3) + torch.sqrt(1 + v.square()) + 2.0**v + (1 + v * v) ** 0.5,
    "exponentials": lambda m, v, a, r: v.exp() + torch.log(2 + v) + torch.log1p(v * v) + torch.expm1(v),
    "gates": lambda m, v, a, r: (
        v.sigmoid() + torch.tanh(v) + nn.functional.silu(v) + nn.functional.logsigmoid(v)
    ),
    "rectifiers": lambda m, v, a, r: torch.relu(v) + nn.functional.leaky_relu(v) + nn.functional.softplus(v),
    "layers": lambda m, v, a, r: nn.ReLU()(v) + nn.LeakyReLU(0.2)(v) + nn.Sigmoid()(v) + nn.Softplus()(v),
    "bounds": lambda m, v, a, r: v.clamp(-0.2, 0.3) + torch.clip(v, max=0.1) + v.clamp(min=0.2) + abs(v),
    "comparisons": lambda m, v, a, r: (v > 0.1).float() * v + torch.where(r >= 0.5, v, -v) + (a == 1) * r,
    "masks": lambda m, v, a, r: torch.where((a > 0) & (r <= 0), v * 2, v) + (~(a > 0)).float() + (a != r) * v,
    "pairs": lambda m, v, a, r: torch.maximum(v, r) + torch.minimum(v, a) + torch.lerp(v, r, 0.3),
    "over arms": lambda m, v, a, r: (
        v.sum(-1, keepdim=True) + v.mean(dim=1, keepdim=True) + a * v.sum(1).unsqueeze(1)
    ),
    "softmax": lambda m, v, a, r: (
        torch.softmax(v * 2, -1) + v.softmax(dim=1) + (v + 2).prod(-1, keepdim=True)
    ),
    "shapes": lambda m, v, a, r: (
        torch.cat([v[:, 1:], v[:, :1]], -1) + v.unsqueeze(-1).squeeze(-1) + v.flip(1)
    ),
    "columns": lambda m, v, a, r: torch.stack([v[:, 0] * 2, v[..., 1] + r[:, 0]], dim=1) + v[:, [1, 0]],
    "rows": lambda m, v, a, r: torch.stack(v.unbind(-1), -1) + v.roll(1, 1) + v.reshape(v.shape[0], -1),
    "axes": lambda m, v, a, r: v.unsqueeze(1).transpose(1, 2).permute(0, 2, 1).squeeze(1) + v.view(-1, 2),
    "expanded": lambda m, v, a, r: v[:, :1].expand(-1, 2) + v[:, :1].expand_as(v) + v.contiguous().clone(),
    "made like it": lambda m, v, a, r: torch.zeros_like(v) + torch.ones_like(v) * v + v.new_ones(2) * r,
    "of sessions": lambda m, v, a, r: (
        v * m.who + torch.zeros(v.shape[0], 2) + m.who.sum(-1, keepdim=True) * r
    ),
    "layer": lambda m, v, a, r: m.layer(v) + v @ m.layer.weight + nn.functional.linear(r, m.layer.weight),
    "weights": lambda m, v, a, r: (
        v * m.b.flip(0) + m.layer.weight.T[0] * r + m.layer.weight.sum() * m.a.exp()
    ),
    "without slope": lambda m, v, a, r: v.detach() * v + m.b.detach() * r,
    "numbers": lambda m, v, a, r: (
        v.to(torch.float64).to(v.dtype) * v.shape[-1] + v.to(v) * v.size(1) + v.ndim
    ),
}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("n_steps", [None, 5])
def test_operations_are_those_of_torch(name, n_steps):
    """The check holds loss and gradient of the compiled forward against autograd's."""
    assert check(seeded(lambda: With(STEPS[name])), sessions_of(), n_steps) == ""


def own(step):
    return lambda: With(step)


class Loop(RescorlaWagnerRNN):
    """A loop of its own, of which a test changes one thing."""

    def forward(self, inputs, prev_state=None, batch_first=False):
        (actions, rewards, *_), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            self.loop(trial, action, reward, actions, rewards, logits)
        return self.post_forward_pass(logits, batch_first), self.get_state()

    def move(self, action, reward):
        chosen = self.call_module(CHOSEN, "x_value_reward", action=action, inputs=reward)
        self.state["x_value_reward"] = chosen + self.state["x_value_reward"] * (1 - action)
        return self.state["x_value_reward"]


class Late(Loop):
    def loop(self, trial, action, reward, actions, rewards, logits):
        logits[trial] = self.move(action, reward) * (2 if trial > 5 else 1)


class Counted(Loop):
    def loop(self, trial, action, reward, actions, rewards, logits):
        logits[trial] = self.move(action, reward) * (1 + trial / 10)


class Share(Loop):
    def loop(self, trial, action, reward, actions, rewards, logits):
        logits[trial] = self.move(action, reward) / len(actions)


class Summed(Loop):
    def loop(self, trial, action, reward, actions, rewards, logits):
        logits[trial] = self.move(action, reward) + rewards.sum(0)


class Gathered(Loop):
    def loop(self, trial, action, reward, actions, rewards, logits):
        logits[trial] = self.move(action, reward) + rewards.cumsum(0)[trial]


class Before(Loop):
    def loop(self, trial, action, reward, actions, rewards, logits):
        logits[trial] = self.move(action, actions[trial - 1])


class Remembering(Loop):
    """Something goes from trial to trial beside the state."""

    def loop(self, trial, action, reward, actions, rewards, logits):
        self.last = action if trial == 0 else self.last * 0.5 + action
        logits[trial] = self.move(action, reward) + self.last


class Overwritten(Loop):
    def loop(self, trial, action, reward, actions, rewards, logits):
        value = self.move(action, reward)
        logits[trial] = value
        value += 0.1


class InPlace(Loop):
    def loop(self, trial, action, reward, actions, rewards, logits):
        logits[trial] = self.move(action, reward).clone().mul_(2)


class Written(Loop):
    def loop(self, trial, action, reward, actions, rewards, logits):
        value = self.move(action, reward).clone()
        value[:, 0] = 0.0
        logits[trial] = value


class ByReward(Loop):
    def loop(self, trial, action, reward, actions, rewards, logits):
        logits[trial] = self.move(action, reward) * (2 if reward.sum() > 2 else 1)


class ByWeight(Loop):
    def loop(self, trial, action, reward, actions, rewards, logits):
        offset = self.submodules_rnn[CHOSEN].offset
        logits[trial] = self.move(action, reward) * (2 if offset.item() > 0 else 1)


class ByBranchOnWeight(Loop):
    def loop(self, trial, action, reward, actions, rewards, logits):
        logits[trial] = self.move(action, reward) * (2 if self.submodules_rnn[CHOSEN].scale > 0 else 1)


class Sorted(Loop):
    def loop(self, trial, action, reward, actions, rewards, logits):
        logits[trial] = self.move(action, reward).sort(-1)[0]


class Mixed(Loop):
    def loop(self, trial, action, reward, actions, rewards, logits):
        value = self.move(action, reward)
        logits[trial] = value - value.mean(0, keepdim=True)


class Everything(Loop):
    def loop(self, trial, action, reward, actions, rewards, logits):
        logits[trial] = self.move(action, reward) * reward.mean()


class OneSession(Loop):
    def loop(self, trial, action, reward, actions, rewards, logits):
        logits[trial] = self.move(action, reward) + reward[0]


class PerSession(Loop):
    def loop(self, trial, action, reward, actions, rewards, logits):
        logits[trial] = self.move(action, reward) / action.shape[0]


class AsNumbers(Loop):
    def loop(self, trial, action, reward, actions, rewards, logits):
        logits[trial] = self.move(action, torch.from_numpy(reward.numpy()))


class Looked(Loop):
    def loop(self, trial, action, reward, actions, rewards, logits):
        table = torch.tensor([1.0, 2.0], dtype=reward.dtype)
        logits[trial] = self.move(action, reward) * table[reward.long()]


class Once(RescorlaWagnerRNN):
    """The state of the first trial is used in all."""

    def forward(self, inputs, prev_state=None, batch_first=False):
        (actions, rewards, *_), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        first = self.state["x_value_reward"]
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            self.state["x_value_reward"] = self.call_module(CHOSEN, "x_value_reward", action, reward)
            logits[trial] = self.state["x_value_reward"] * (1 + first)
        return self.post_forward_pass(logits, batch_first), self.get_state()


class Reversed(RescorlaWagnerRNN):
    """Logits are put together over trials, after the loop."""

    def forward(self, inputs, prev_state=None, batch_first=False):
        logits, state = super().forward(inputs, prev_state, batch_first)
        return logits + logits.flip(0), state


class Running(RescorlaWagnerRNN):
    def forward(self, inputs, prev_state=None, batch_first=False):
        logits, state = super().forward(inputs, prev_state, batch_first)
        return logits.cumsum(0), state


NUMBERS = OTHER_NUMBERS
CANNOT = "The forward cannot be compiled: "
REFUSED = {
    Late: NUMBERS,
    Counted: NUMBERS,
    Share: NUMBERS,
    Summed: NUMBERS,
    Gathered: CANNOT + "it uses `cumsum`, which cannot be compiled.",
    Before: NUMBERS,
    Remembering: NUMBERS,
    Overwritten: CANNOT + "it changes a tensor in place (`add_`).",
    InPlace: CANNOT + "it changes a tensor in place (`mul_`).",
    Written: CANNOT + "it writes into a tensor.",
    ByReward: CANNOT + "it computes over sessions.",
    ByWeight: CANNOT + "it takes a value out of a tensor of weights or participants.",
    ByBranchOnWeight: CANNOT + "it takes a value out of a tensor of weights or participants.",
    Sorted: CANNOT + "it uses `sort`, which cannot be compiled.",
    Mixed: CANNOT + "it computes over sessions.",
    Everything: CANNOT + "it computes over sessions.",
    OneSession: CANNOT + "it looks up single sessions.",
    PerSession: NUMBERS,
    AsNumbers: CANNOT + "it uses `numpy`, which cannot be compiled.",
    Looked: CANNOT + "it makes whole numbers of values that differ between trials.",
    Once: NUMBERS,
    Reversed: NUMBERS,
    Running: CANNOT + "it uses `cumsum`, which cannot be compiled.",
}


@pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__)
def test_what_cannot_be_compiled_is_refused_with_a_reason(make):
    assert check(seeded(lambda: make(2)), sessions_of()) == REFUSED[make]


@pytest.mark.parametrize("make", [Late, ByReward, Written], ids=lambda make: make.__name__)
def test_and_is_trained_all_the_same(make):
    """With the numbers of the eager path, bit for bit; every record says why."""
    settings = Training(optimizer="adam", epochs=4)
    asked, eager = seeded(lambda: make(2)), seeded(lambda: make(2))
    records = list(train(asked, dataset_of(), settings, compiled=True))
    expected = list(train(eager, dataset_of(), settings, compiled=False))
    assert [r.train_loss for r in records] == [r.train_loss for r in expected]
    assert {r.eager for r in records} == {REFUSED[make]}
    assert {r.eager for r in expected} == {"It was asked for (compiled=False)."}


def test_too_large_a_trial_is_refused():
    wide = seeded(own(lambda m, v, a, r: m.wide(v)))
    wide.wide = nn.Sequential(nn.Linear(2, 60), nn.Tanh(), nn.Linear(60, 60), nn.Tanh(), nn.Linear(60, 2))
    assert check(wide, sessions_of()).startswith(CANNOT + "a trial has ")


def test_a_branch_on_a_value_of_one_session_is_refused():
    class Branch(Loop):
        def loop(self, trial, action, reward, actions, rewards, logits):
            if (reward > 0).any(-1, keepdim=True):
                reward = reward * 2
            logits[trial] = self.move(action, reward)

    assert check(seeded(lambda: Branch(2)), sessions_of()).startswith(CANNOT)


def test_the_check_changes_neither_model_nor_randomness():
    model = seeded(lambda: RescorlaWagnerRNN(2))
    model.dropout = 0.3
    weights, state = model.state_dict(), torch.get_rng_state()
    mode = model.training
    assert check(model, sessions_of()) == ""
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, weights[key]) for key, value in model.state_dict().items())
    assert model.training is mode
    assert all(parameter.grad is None for parameter in model.parameters())
