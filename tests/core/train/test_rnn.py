"""What a model's `forward` may rely on: memory, masks, signals, modules; and what it is told when it errs."""

from copy import deepcopy

import numpy as np
import pytest
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
    SettingsError,
    create_dataset,
)
from spicewidgets.core.train.modules import GivenConstant
from spicewidgets.core.train.rnn import Logits

CHOSEN = "x_value_reward_chosen"
STATE = "x_value_reward"


class CustomRNN(BaseRNN):
    """The class of the tutorial's section 3, letter by letter where it matters."""

    init_values = {"x_value_reward": 0.5}

    def __init__(self, n_actions, **kwargs):
        super(CustomRNN, self).__init__(n_actions=n_actions)  # noqa: UP008
        self.submodules_rnn["x_value_reward_chosen"] = self.setup_module(input_size=1)

    def forward(self, inputs, prev_state=None, batch_first=False):
        inputs, ids, logits, timesteps = self.init_forward_pass(inputs, prev_state, batch_first)  # noqa: RUF059
        actions, rewards, _, _ = inputs
        for timestep, action, reward in zip(timesteps, actions, rewards):  # noqa: B905
            self.record_signal("c_action", action)
            self.record_signal("c_reward", reward)
            self.record_signal("x_value_reward_chosen", self.state["x_value_reward"])
            next_value_reward_chosen = self.call_module(
                key_module="x_value_reward_chosen",
                key_state="x_value_reward",
                action=action,
                inputs=reward,
            )
            next_value_reward_not_chosen = self.state["x_value_reward"] * (1 - action)
            self.state["x_value_reward"] = next_value_reward_chosen + next_value_reward_not_chosen
            logits[timestep] = self.state["x_value_reward"]
        logits = self.post_forward_pass(logits, batch_first)
        return logits, self.get_state()


class Bare(BaseRNN):
    """A model whose one trial is written in the test: `step(self, action, reward, embedding)`."""

    init_values = {"x_v": 0.5}

    def __init__(self, n_actions=2, step=None, setup=None, embedding_size=None):
        super().__init__(n_actions=n_actions)
        self.step = step
        if embedding_size:
            self.participant_embedding = self.setup_embedding(3, embedding_size, dropout=0.0)
        if setup is not None:
            setup(self)

    def forward(self, inputs, prev_state=None, batch_first=False):
        (actions, rewards, *_), (who, _), logits, trials = self.init_forward_pass(
            inputs, prev_state, batch_first
        )
        known = self.participant_embedding(who[:, 0]) if hasattr(self, "participant_embedding") else None
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            self.record_signal("c_action", action)
            self.record_signal("c_reward", reward)
            logits[trial] = self.step(self, action, reward, known)
        return self.post_forward_pass(logits, batch_first), self.get_state()


def module_of(input_size):
    def setup(model):
        model.submodules_rnn["x_v"] = model.setup_module(input_size=input_size)

    return setup


def sessions(n_trials=20, n_sessions=5, n_actions=2, seed=1):
    """`xs` of simulated sessions, `(n_sessions, n_trials, 2 * n_actions + 1)`."""
    task = BanditsDrift(sigma=0.2, n_actions=n_actions)
    return create_dataset(
        AgentQ(n_actions=n_actions, alpha_reward=0.3), task, n_trials, n_sessions, random_state=seed
    )[0].xs


def wide(xs, n_inputs=0, n_actions=2):
    """The same sessions with additional inputs, block and experiment before the participant."""
    more = torch.arange(1.0, 1 + n_inputs).expand(*xs.shape[:2], n_inputs)
    block = torch.full((*xs.shape[:2], 1), 7.0)
    return torch.cat([xs[..., : 2 * n_actions], more, block, block + 1, xs[..., -1:]], -1)


def each_another(xs):
    """Every session is of another participant."""
    xs = xs.clone()
    xs[..., -1] = torch.arange(len(xs))[:, None]
    return xs


MODELS = {
    "custom": lambda n: CustomRNN(n_actions=n),
    "rw": RescorlaWagnerRNN,
    "forgetting": ForgettingRNN,
    "rate": LearningRateRNN,
    "embedding": lambda n: ParticipantEmbeddingRNN(n, n_participants=5, embedding_size=3),
    "choice": lambda n: ChoiceRNN(n, n_participants=5, embedding_size=3),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("n_actions", [2, 3, 5])
def test_every_model_with_any_number_of_arms(name, n_actions):
    model = MODELS[name](n_actions)
    xs = sessions(n_actions=n_actions)
    logits, state = model(xs, batch_first=True)
    assert logits.shape == (5, 20, n_actions)
    assert torch.isfinite(logits).all()
    assert {key: value.shape for key, value in state.items()} == dict.fromkeys(
        model.init_values, (5, n_actions)
    )
    logits.sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())


@pytest.mark.seed(80)
@pytest.mark.parametrize("name", MODELS)
def test_trials_first_is_the_same_as_sessions_first(name):
    model, xs = MODELS[name](2).eval(), sessions()
    a, _ = model(xs, batch_first=True)
    b, _ = model(xs.permute(1, 0, 2))
    assert torch.equal(a, b.permute(1, 0, 2))


@pytest.mark.seed(79)
def test_a_model_is_a_torch_module():
    """S79."""
    model = CustomRNN(n_actions=2)
    assert isinstance(model, nn.Module)
    assert set(model.state_dict()) == {
        f"submodules_rnn.{CHOSEN}.{key}" for key in ("gates", "scale", "offset")
    }
    assert model.n_weights == 4 * 3 - 2 + 2  # without the two that a GRU's structure keeps at 0


@pytest.mark.seed(80)
def test_custom_class_equals_the_precoded_one():
    """S93: equal weights, equal logits to the last bit."""
    custom, precoded = CustomRNN(n_actions=2), RescorlaWagnerRNN(2)
    custom.load_state_dict(precoded.state_dict())
    assert torch.equal(custom(sessions(), batch_first=True)[0], precoded(sessions(), batch_first=True)[0])


@pytest.mark.seed(87)
@pytest.mark.parametrize("model", [CustomRNN, RescorlaWagnerRNN])
def test_value_of_an_arm_not_chosen_is_carried_over_exactly(model):
    """S87: to 0 ulp, from the first trial to the last."""
    xs = sessions(n_trials=50)
    logits, _ = model(n_actions=2)(xs, batch_first=True)
    before = torch.cat([torch.full((5, 1, 2), 0.5), logits[:, :-1]], 1)
    not_chosen = xs[..., :2] == 0
    assert torch.equal(logits[not_chosen], before[not_chosen])
    assert not torch.equal(logits[~not_chosen], before[~not_chosen])


@pytest.mark.seed(88)
def test_memory_is_the_sum_of_chosen_and_not_chosen():
    """S88: the tutorial's own example, (0.8, 0.3) <- (0.8, 0) + (0, 0.3)."""
    model = RescorlaWagnerRNN(2)
    model.submodules_eq[CHOSEN] = lambda value, inputs: torch.full_like(value, 0.8)
    del model.submodules_rnn[CHOSEN]
    state = {STATE: torch.tensor([[0.6, 0.3]])}
    row = torch.tensor([[[1.0, 0.0, 1.0, -1.0, 0.0]]])
    chosen_first, after = model(row, state)
    assert torch.equal(after[STATE], torch.tensor([[0.8, 0.3]]))
    assert torch.equal(chosen_first[0], torch.tensor([[0.8, 0.3]]))


@pytest.mark.seed(89)
def test_logits_are_of_the_next_choice():
    """S89: entry t is P at t + 1, so it depends on trial t and not on what comes after."""
    model, xs = RescorlaWagnerRNN(2), sessions()
    logits, _ = model(xs, batch_first=True)
    changed = xs.clone()
    changed[:, 12:, :4] = torch.tensor([0.0, 1.0, -1.0, 1.0])
    after, _ = model(changed, batch_first=True)
    assert torch.equal(logits[:, :12], after[:, :12])
    changed[:, 11, :4] = 1 - xs[:, 11, :4]
    assert not torch.equal(logits[:, 11], model(changed, batch_first=True)[0][:, 11])


def test_softmax_of_the_logits_is_p_of_the_next_choice():
    """S89: with the agent's own update as a hard-coded equation, entry t is the agent's P at t + 1."""
    dataset = create_dataset(AgentQ(alpha_reward=0.3), BanditsDrift(sigma=0.2), 30, 4, random_state=2)[0]
    model = RescorlaWagnerRNN(2).double()
    del model.submodules_rnn[CHOSEN]
    model.submodules_eq[CHOSEN] = lambda value, inputs: -0.3 + 0.7 * value + 0.9 * inputs[..., 0]
    p = torch.softmax(model(dataset.xs, batch_first=True)[0], -1)
    torch.testing.assert_close(p, dataset.truth_probs.double(), rtol=0, atol=1e-7)  # kept in float32


@pytest.mark.seed(90)
@pytest.mark.parametrize("name", MODELS)
def test_two_half_sessions_are_one_session(name):
    """S90: also for a model with several states, and also in training."""
    model, xs = MODELS[name](2), sessions(n_trials=31)
    whole, end = model(xs, batch_first=True)
    first, state = model(xs[:, :17], batch_first=True)
    second, last = model(xs[:, 17:], prev_state=state, batch_first=True)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, rtol=0, atol=1e-6)
    for key in end:
        torch.testing.assert_close(last[key], end[key], rtol=0, atol=1e-6)


def test_a_state_that_is_handed_over_is_not_changed():
    model, xs = RescorlaWagnerRNN(2), sessions()
    state = model(xs[:, :5], batch_first=True)[1]
    kept = {key: value.clone() for key, value in state.items()}
    model(xs[:, 5:], state, batch_first=True)
    assert all(torch.equal(state[key], kept[key]) for key in kept)


def test_a_pass_begins_at_the_initial_values_every_time():
    model, xs = RescorlaWagnerRNN(2), sessions()
    assert torch.equal(model(xs, batch_first=True)[0], model(xs, batch_first=True)[0])


@pytest.mark.seed(84)
@pytest.mark.parametrize("n_inputs", [0, 1, 3])
def test_parts_of_the_input(n_inputs):
    """S84: 2A + 1 columns, or 2A + 3 and more."""
    xs = sessions()
    model = Bare(step=lambda *_: torch.zeros(5, 2))
    (actions, rewards, blocks, additional), ids, logits, trials = model.init_forward_pass(
        wide(xs, n_inputs), None, True
    )
    assert torch.equal(actions, xs[..., :2].permute(1, 0, 2))
    assert torch.equal(rewards, xs[..., 2:4].permute(1, 0, 2))
    assert blocks.shape == (20, 5, 2)
    assert blocks.unique().tolist() == [7]
    assert additional.shape == (20, 5, n_inputs)
    assert additional.unique().tolist() == list(range(1, 1 + n_inputs))
    assert ids[0][:, 0].tolist() == xs[:, 0, -1].tolist()
    assert ids[1][:, 0].tolist() == [8] * 5
    assert (len(logits), list(trials)) == (20, list(range(20)))


def test_a_wide_table_gives_the_same_logits_as_a_narrow_one():
    """F17: block and experiment are not taken for rewards, nor rewards for these."""
    model, xs = RescorlaWagnerRNN(2), sessions()
    narrow = model(xs, batch_first=True)[0]
    assert torch.equal(narrow, model(wide(xs), batch_first=True)[0])
    assert torch.equal(narrow, model(wide(xs, 2), batch_first=True)[0])


@pytest.mark.parametrize("n_columns", [3, 4, 6])
def test_a_table_with_other_columns_is_refused(n_columns):
    with pytest.raises(SettingsError) as error:
        RescorlaWagnerRNN(2)(torch.zeros(1, 1, n_columns))
    assert str(error.value) == (
        "2 arms need 5 columns (choice and reward of each arm, participant) or 7 and more (also additional"
        " inputs, block and experiment before the participant); got"
        f" {n_columns}. Check n_actions and the data set."
    )


@pytest.mark.seed(81)
def test_names_of_states_start_with_x():
    """S81."""

    class Mistyped(RescorlaWagnerRNN):
        init_values = {"value_reward": 0.5}

    with pytest.raises(SettingsError) as error:
        Mistyped(2)
    assert str(error.value) == (
        "Names of memory states start with 'x_'; got 'value_reward' in init_values. Call it 'x_value_reward'."
    )


@pytest.mark.seed(82)
def test_initial_values_may_differ_per_arm():
    """S82."""

    class Biased(RescorlaWagnerRNN):
        init_values = {"x_value_reward": [0.1, 0.7, 0.4]}

    model = Biased(3)
    row = torch.tensor([[[1.0, 0, 0, 1, -1, -1, 0]]])
    logits, _ = model(row)
    assert torch.equal(logits[0, 0, 1:], torch.tensor([0.7, 0.4]))
    assert model.set_initial_state(4)[STATE].shape == (4, 3)


def test_initial_values_are_exact_in_float64():
    """A model that starts at 0.3 starts there, and not at the nearest float32."""

    class Low(RescorlaWagnerRNN):
        init_values = {"x_value_reward": 0.3}

    model = Low(2).double()
    assert model.set_initial_state(1)[STATE].tolist() == [[0.3, 0.3]]


@pytest.mark.seed(83)
@pytest.mark.parametrize(
    ("input_size", "n_inputs", "embedding_size", "right"),
    [(2, 1, 0, 1), (1, 2, 0, 2), (0, 1, 0, 1), (1, 0, 0, 0), (1, 1, 8, 9), (8, 1, 8, 9), (20, 1, 8, 9)],
)
def test_wrong_input_size_names_module_expected_and_given(input_size, n_inputs, embedding_size, right):
    """S83: also where the embedding is larger than the whole module."""

    def step(model, action, reward, embedding):
        return model.call_module("x_v", "x_v", action, (reward,) * n_inputs, participant_embedding=embedding)

    model = Bare(step=step, setup=module_of(input_size), embedding_size=embedding_size)
    for record in (False, True):
        model.record_transitions = record
        with pytest.raises(SettingsError) as error:
            model(sessions(n_sessions=3), batch_first=True)
        assert str(error.value) == (
            f"Module 'x_v' was set up with setup_module(input_size={input_size}); it is called with"
            f" {n_inputs} inputs and an embedding of size {embedding_size}. Set input_size={right}, or change"
            " the inputs of call_module."
        )


def test_unknown_module_and_state_are_named_together():
    model = Bare(step=lambda model, *_: model.call_module("x_w", "x_u"), setup=module_of(0))
    with pytest.raises(SettingsError) as error:
        model(sessions())
    assert error.value.problems == (
        "call_module got the unknown module 'x_w'; set up are ['x_v']. Set it up in __init__.",
        "call_module got the unknown state 'x_u'; init_values has ['x_v']. Add it there.",
    )


def test_scaling_without_a_beta_is_refused():
    model = Bare(step=lambda model, *_: model.call_module("x_v", "x_v", scaling=True), setup=module_of(0))
    with pytest.raises(
        SettingsError, match=r"'x_v' has no beta; .* Set betas\['x_v'\] = self.setup_constant"
    ):
        model(sessions())


def test_a_model_without_forward_says_what_to_write():
    class Empty(BaseRNN):
        init_values = {"x_v": 0.0}

    with pytest.raises(NotImplementedError, match=r"Empty has no forward.*write the loop over trials there"):
        Empty(2)(sessions())


@pytest.mark.seed(85)
def test_recorded_signals_come_back_trial_by_trial():
    """S85."""
    model, xs = RescorlaWagnerRNN(2), sessions()
    with torch.no_grad():
        model(xs, batch_first=True)
    assert np.array_equal(np.stack(model.get_recording("c_reward"), 1), xs[..., 2:4].numpy())
    assert np.array_equal(np.stack(model.get_recording("c_action"), 1), xs[..., :2].numpy())
    with pytest.raises(
        KeyError, match=r"No signal 'c_rewrd' was recorded; recorded are \['c_action', 'c_rew"
    ):
        model.get_recording("c_rewrd")


def test_only_the_last_pass_is_recorded():
    """Also where it goes on from a state: an agent in a task must not keep every trial it has ever seen."""
    model, xs = RescorlaWagnerRNN(2), sessions()
    with torch.no_grad():
        _, state = model(xs[:, :12], batch_first=True)
        model(xs[:, 12:], state, batch_first=True)
    assert len(model.get_recording("c_reward")) == 8


def test_nothing_is_recorded_in_training():
    model = RescorlaWagnerRNN(2)
    model(sessions(), batch_first=True)
    assert model.recording == {}
    assert model.transitions == {}


@pytest.mark.seed(86)
def test_transitions_hold_what_each_module_did():
    model, xs = ForgettingRNN(2), sessions(n_trials=3)
    model.record_transitions = True
    with torch.no_grad():
        logits, _ = model(xs, batch_first=True)
    steps = model.transitions[CHOSEN]
    assert len(steps) == 3
    value, after, signals = steps[1]
    chosen = xs[:, 1, :2] == 1
    assert torch.equal(value, logits[:, 0])
    torch.testing.assert_close(after[chosen], logits[:, 1][chosen])
    assert set(signals) == {"c_action", "c_reward"}
    assert torch.equal(signals["c_reward"], xs[:, 1, 2:4])


@pytest.mark.parametrize("name", MODELS)
def test_recording_transitions_changes_no_number(name):
    """The fused step and the one that is taken apart are the same."""
    model, xs = MODELS[name](2).double().eval(), sessions()
    plain = model(xs, batch_first=True)[0]
    model.record_transitions = True
    torch.testing.assert_close(model(xs, batch_first=True)[0], plain, rtol=0, atol=1e-14)


def test_hard_coded_equations():
    """T16: a lambda of the value and the stacked inputs; a mask; no input at all."""

    def setup(model):
        model.submodules_eq["x_v"] = lambda value, inputs: value + 0.3 * (inputs[..., 0] - value)
        model.submodules_eq["x_decay"] = lambda value, inputs: 0.8 * value + inputs.shape[-1]

    def step(model, action, reward, _):
        chosen = model.call_module("x_v", "x_v", action=action, inputs=reward)
        other = model.call_module("x_decay", "x_v", action=1 - action)
        model.state["x_v"] = chosen + other
        return model.state["x_v"]

    model = Bare(step=step, setup=setup)
    row = torch.tensor([[[1.0, 0.0, 1.0, -1.0, 0.0]], [[0.0, 1.0, -1.0, 0.0, 0.0]]])
    expected = torch.tensor([[[0.65, 0.4]], [[0.52, 0.28]]])
    torch.testing.assert_close(model(row)[0], expected)
    assert list(model.parameters()) == []


@pytest.mark.parametrize(
    "activation", [torch.sigmoid, nn.functional.leaky_relu, nn.LeakyReLU(0.2), torch.tanh]
)
def test_activation_of_a_module(activation):
    """T14: it acts on the next value, before the mask."""

    def plain(model, action, reward, _):
        return model.call_module("x_v", "x_v", inputs=reward)

    def step(model, action, reward, _):
        return model.call_module("x_v", "x_v", action=action, inputs=reward, activation_rnn=activation)

    torch.manual_seed(2)
    model, xs = Bare(step=plain, setup=module_of(1)), sessions()
    without = model(xs, batch_first=True)[0]
    model.step = step
    torch.testing.assert_close(model(xs, batch_first=True)[0], activation(without) * xs[..., :2])


def test_beta_scales_a_module():
    """T19: `scaling=True` multiplies by the state's learned beta."""

    def setup(model):
        module_of(1)(model)
        model.betas["x_v"] = model.setup_constant()
        assert model.betas["x_v"]().item() == 1
        nn.init.constant_(model.betas["x_v"].parameter, 2.5)

    def step(model, action, reward, _):
        return model.call_module("x_v", "x_v", action, reward, scaling=model.scaling)

    model, xs = Bare(step=step, setup=setup), sessions()
    model.scaling = False
    without = model(xs, batch_first=True)[0]
    model.scaling = True
    scaled = model(xs, batch_first=True)[0]
    torch.testing.assert_close(scaled, 2.5 * without)
    scaled.sum().backward()
    torch.testing.assert_close(model.betas["x_v"].parameter.grad, without.sum().reshape(1))


def test_values_stay_within_ten():
    """K1."""

    def setup(model):
        model.submodules_eq["x_v"] = lambda value, inputs: value + 1e9 * (inputs[..., 0] * 2 - 1)

    model = Bare(
        step=lambda model, action, reward, _: model.call_module("x_v", "x_v", None, reward), setup=setup
    )
    assert model(sessions())[0].unique().tolist() == [-10, 10]


def test_a_module_of_ones_own():
    """Any torch module: `(n_sessions, n_actions, 1 + n_inputs)` in, value first; the change out."""

    class Linear(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 1)

        def forward(self, inputs):
            assert inputs.shape == (5, 2, 2)
            return self.layer(inputs)

    def setup(model):
        model.submodules_rnn["x_v"] = Linear()

    def step(model, action, reward, _):
        model.state["x_v"] = model.call_module("x_v", "x_v", None, reward)
        return model.state["x_v"]

    model, xs = Bare(step=step, setup=setup), sessions()
    logits, _ = model(xs, batch_first=True)
    (w_value, w_reward), bias = (
        model.submodules_rnn["x_v"].layer.weight[0],
        model.submodules_rnn["x_v"].layer.bias,
    )
    value = torch.full((5, 2), 0.5)
    for trial in range(20):
        value = (value + w_value * value + w_reward * xs[:, trial, 2:4] + bias).clamp(-10, 10)
        torch.testing.assert_close(logits[:, trial], value)
    logits.sum().backward()
    assert model.submodules_rnn["x_v"].layer.weight.grad.abs().min() > 0


def test_an_embedding_reaches_a_module_of_ones_own_and_the_standard_one_alike():
    def step(model, action, reward, embedding):
        return model.call_module("x_v", "x_v", None, reward, participant_embedding=embedding)

    model, xs = (
        Bare(step=step, setup=module_of(1 + 4), embedding_size=4),
        each_another(sessions(n_sessions=3)),
    )
    standard = model(xs, batch_first=True)[0]

    class Wrapped(nn.Module):  # the same weights, seen through the interface of a module of one's own
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, inputs):
            return self.inner(inputs)

    model.submodules_rnn["x_v"] = Wrapped(model.submodules_rnn["x_v"])
    torch.testing.assert_close(model(xs, batch_first=True)[0], standard)
    assert len({tuple(row.tolist()) for row in standard[:, 0]}) == 3  # each participant is another


def test_inputs_may_be_a_tensor_a_tuple_stacked_or_one_column():
    def step(model, action, reward, _):
        return model.call_module("x_v", "x_v", None, model.form(action, reward))

    model, xs = Bare(step=step, setup=module_of(2)), sessions()
    forms = [
        lambda action, reward: (action[:, :1].expand(-1, 2), reward),
        lambda action, reward: [action[:, :1], reward],
        lambda action, reward: torch.stack([action[:, :1].expand(-1, 2), reward], -1),
        lambda action, reward: (torch.stack([action[:, :1].expand(-1, 2), reward], -1),),
    ]
    found = []
    for model.form in forms:
        found.append(model(xs, batch_first=True)[0])
    assert all(torch.equal(found[0], other) for other in found[1:])


@pytest.mark.seed(86)
def test_a_mask_may_have_one_column_or_be_boolean():
    def step(model, action, reward, _):
        return model.call_module("x_v", "x_v", model.form(action), reward)

    model, xs = Bare(step=step, setup=module_of(1)), sessions()
    forms = [
        lambda action: action[:, :1].expand(-1, 2),
        lambda action: action[:, :1],
        lambda action: action[:, :1] > 0,
    ]
    found = []
    for model.form in forms:
        found.append(model(xs, batch_first=True)[0])
    assert all(torch.equal(found[0], other) for other in found[1:])


def test_a_learned_mask_learns():
    """The fused step gives a mask no gradient, so that a learned one takes the other path."""

    def setup(model):
        module_of(1)(model)
        model.attention = nn.Parameter(torch.zeros(2))

    def step(model, action, reward, _):
        return model.call_module("x_v", "x_v", torch.sigmoid(model.attention) * action, reward)

    model = Bare(step=step, setup=setup)
    model(sessions(), batch_first=True)[0].sum().backward()
    assert model.attention.grad.abs().min() > 0


def test_dropout_leaves_out_updates_in_training_only():
    torch.manual_seed(4)
    model, xs = RescorlaWagnerRNN(2), sessions(n_trials=50)
    whole = model(xs, batch_first=True)[0]
    model.dropout = 0.5
    assert torch.equal(model.eval()(xs, batch_first=True)[0], whole)
    model.train()
    logits = model(xs, batch_first=True)[0]
    assert not torch.equal(logits, whole)
    before = torch.cat([torch.full((5, 1, 2), 0.5), logits[:, :-1]], 1)
    unmoved = (logits == before)[xs[..., :2] == 1].float().mean()
    assert 0.35 < unmoved < 0.65  # of 250 updates, half on average: within 5 standard errors


def test_a_model_can_be_copied_after_a_backward():
    """What a model has just computed belongs to a gradient of the original, and does not go along."""
    model, xs = ParticipantEmbeddingRNN(2, n_participants=5), each_another(sessions())
    model.record_transitions = True
    model(xs, batch_first=True)[0].sum().backward()
    copy = deepcopy(model)
    assert copy.transitions == {}
    assert torch.equal(copy(xs, batch_first=True)[0], model(xs, batch_first=True)[0])
    with torch.no_grad():
        next(copy.parameters()).add_(1)
    assert not torch.equal(copy(xs, batch_first=True)[0], model(xs, batch_first=True)[0])


def test_a_new_embedding_is_not_taken_for_the_last_ones():
    """The folded weights are kept for one pass only, though an optimiser changes weights in place."""
    model, xs = ParticipantEmbeddingRNN(2, n_participants=5).eval(), sessions()
    before = model(xs, batch_first=True)[0]
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(0.5)
    assert not torch.equal(model(xs, batch_first=True)[0], before)


def test_a_given_constant_is_each_participants_own():
    model, xs = LearningRateRNN(2).double(), sessions(n_sessions=4).double()
    xs[..., -1] = torch.tensor([1.0, 0.0, 1.0, 2.0])[:, None]
    model.betas[STATE] = GivenConstant([0.0])
    assert model(xs, batch_first=True)[0].abs().max() == 0
    model.betas[STATE] = GivenConstant([1.0])
    plain = model(xs, batch_first=True)[0]
    model.betas[STATE] = GivenConstant([2.0, 3.0, 5.0])
    scaled = plain * torch.tensor([3.0, 2.0, 3.0, 5.0], dtype=torch.float64)[:, None, None]
    torch.testing.assert_close(model(xs, batch_first=True)[0], scaled)


def test_beta_of_an_embedding_starts_around_one():
    torch.manual_seed(0)
    betas = [
        model.betas[STATE](model.participant_embedding(torch.arange(5)))
        for model in (ParticipantEmbeddingRNN(2, n_participants=5) for _ in range(20))
    ]
    assert torch.stack(betas).shape == (20, 5, 1)
    assert abs(torch.stack(betas).mean() - 1) < 0.3


def test_beta_of_an_embedding_stays_above_zero_and_never_stops_learning():
    model = ParticipantEmbeddingRNN(2, n_participants=1)
    beta = model.betas[STATE]
    nn.init.constant_(beta.linear.bias, -8.0)
    small = beta(torch.zeros(1, 8))
    assert 0 < small.item() < 1e-3
    small.sum().backward()
    assert beta.linear.bias.grad.item() > 1e-4


def test_integrating_equations_for_a_module_that_is_not_there():
    with pytest.raises(SettingsError) as error:
        RescorlaWagnerRNN(2).integrate_sindy({"x_mood": object()})
    assert str(error.value) == (
        f"The model has no modules ['x_mood']; it has ['{CHOSEN}']. Check rnn_modules of the config."
    )


def test_logits_can_be_read_while_they_are_written():
    logits = Logits(torch.zeros(3, 2, 2))
    logits[0] = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    logits[torch.tensor(1)] = torch.tensor([[5.0], [6.0]])  # one column is every arm's
    logits[2] = torch.tensor(7.0)
    assert logits.shape == (3, 2, 2)
    assert torch.equal(logits[0], torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert torch.equal(logits[1:], logits.stack()[1:])
    assert logits.stack()[:, 1, 1].tolist() == [4, 6, 7]


def test_inputs_of_another_type_are_taken_as_the_models():
    model = RescorlaWagnerRNN(2)
    xs = sessions()
    assert torch.equal(model(xs.double(), batch_first=True)[0], model(xs, batch_first=True)[0])
    assert torch.equal(model(xs.long(), batch_first=True)[0], model(xs, batch_first=True)[0])
