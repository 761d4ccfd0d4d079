"""Models without code: the same loss curve as the precoded model of the same structure, and a sentence for
whatever cannot be used.
"""

import json
import warnings
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings, strategies as st

import spicewidgets as sw
from spicewidgets.core.built import (
    ALL,
    CHOSEN,
    NOT_CHOSEN,
    SIGNALS,
    BuiltModel,
    BuiltModule,
    BuiltState,
    visible_signals,
)
from spicewidgets.core.models import TEMPLATES
from spicewidgets.core.settings import SettingsError
from spicewidgets.core.train.built_rnn import rnn_class
from spicewidgets.core.train.built_source import source
from spicewidgets.core.train.new_model import check_model
from spicewidgets.core.train.objective import Sessions

PRECODED = {
    "rescorla-wagner": (sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG),
    "forgetting": (sw.ForgettingRNN, sw.FORGETTING_RNN_CONFIG),
    "learning-rate": (sw.LearningRateRNN, sw.LEARNING_RATE_RNN_CONFIG),
    "participant-embedding": (sw.ParticipantEmbeddingRNN, sw.PARTICIPANT_EMBEDDING_RNN_CONFIG),
    "choice": (sw.ChoiceRNN, sw.CHOICE_CONFIG),
}


@pytest.fixture(scope="module")
def dataset():
    dataset = sw.create_dataset(
        sw.AgentQ(alpha_reward=0.3, beta_choice=1.0, alpha_choice=0.5),
        sw.BanditsDrift(sigma=0.2),
        20,
        6,
        random_state=3,
    )[0]
    dataset.xs[3:, :, -1] = 1
    return dataset


def curve(cls, config, dataset, **arguments):
    """Loss curve and equations, quickly: what is compared is the same at any stage."""
    quick = {"spice_refine": False, "n_trials_off_policy": 100, "embedding_size": 3, "random_state": 7}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sw.SpiceWarning)  # few epochs are not enough, and are not meant to be
        made = sw.SpiceEstimator(cls, config, **quick, **arguments).fit(dataset)
    return [record.train_loss for record in made.history_], made.spice_model_


@pytest.mark.parametrize("optimizer", ["adam", "auto"])
@pytest.mark.parametrize("name", TEMPLATES)
def test_a_built_model_has_the_loss_curve_and_the_equations_of_the_precoded_one(name, optimizer, dataset):
    built = TEMPLATES[name]
    assert built.problems() == []
    assert built.config() == PRECODED[name][1]
    assert rnn_class(built).init_values == PRECODED[name][0].init_values
    arguments = {"optimizer": optimizer, "epochs": 6, "n_starts": 2}
    theirs, their_equations = curve(*PRECODED[name], dataset, **arguments)
    ours, our_equations = curve(rnn_class(built), built.config(), dataset, **arguments)
    assert ours == theirs
    assert our_equations.to_dict() == their_equations.to_dict()


class HabitRNN(sw.BaseRNN):
    """By hand: values, and a habit that all arms share, with no embedding."""

    init_values = {"x_value_reward": 0.5, "x_habit": 0.0}

    def __init__(self, n_actions, **kwargs):
        super().__init__(n_actions=n_actions)
        self.betas["x_habit"] = self.setup_constant()
        self.submodules_rnn["x_value_reward_chosen"] = self.setup_module(input_size=2)
        self.submodules_rnn["x_habit"] = self.setup_module(input_size=2)

    def forward(self, inputs, prev_state=None, batch_first=False):
        (actions, rewards, _, _), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            paid = (action * reward).sum(-1, keepdim=True)
            self.record_signal("c_action", action)
            self.record_signal("c_reward", reward)
            self.record_signal("c_reward_chosen", paid)
            self.record_signal("x_habit", self.state["x_habit"])
            chosen = self.call_module(
                "x_value_reward_chosen", "x_value_reward", action, (reward, self.state["x_habit"])
            )
            habit = self.call_module("x_habit", "x_habit", None, (action, paid), activation_rnn=torch.tanh)
            self.state["x_value_reward"] = chosen + self.state["x_value_reward"] * (1 - action)
            self.state["x_habit"] = habit
            logits[trial] = self.state["x_value_reward"] + habit * self.betas["x_habit"]()
        return self.post_forward_pass(logits, batch_first), self.get_state()


HABIT = BuiltModel(
    (BuiltState(), BuiltState("x_habit", 0.0, "scaled")),
    (
        BuiltModule(inputs=("c_reward", "x_habit")),
        BuiltModule("x_habit", "x_habit", ALL, ("c_action", "c_reward_chosen"), activation="tanh"),
    ),
)


def test_other_states_all_arms_and_an_activation_are_as_written_by_hand(dataset):
    assert HABIT.problems() == []
    config = HABIT.config()
    assert config.controls == ("c_action", "c_reward", "c_reward_chosen", "x_habit")
    assert config.filters("x_habit") == ()
    assert config.terms("x_value_reward_chosen") == ("c_reward", "x_habit")
    arguments = {"optimizer": "auto", "epochs": 6, "n_starts": 2}
    theirs, their_equations = curve(HabitRNN, config, dataset, **arguments)
    ours, our_equations = curve(rnn_class(HABIT), config, dataset, **arguments)
    assert ours == theirs
    assert our_equations.to_dict() == their_equations.to_dict()


@st.composite
def sound(draw):
    """Descriptions that can be used, of up to three states."""
    names = ["x_a", "x_b", "x_c"][: draw(st.integers(1, 3))]
    states = tuple(
        BuiltState(
            name, draw(st.floats(-1, 1)), draw(st.sampled_from(["added", "scaled"])), draw(st.booleans())
        )
        for name in names
    )
    modules = []
    for name in names:
        for arms in draw(st.sampled_from([[CHOSEN], [NOT_CHOSEN], [ALL], [NOT_CHOSEN, CHOSEN]])):
            module = BuiltModule(f"{name}_{arms.replace(' ', '_')}", name, arms)
            known = visible_signals(BuiltModel(states, ()), module)
            inputs = tuple(draw(st.lists(st.sampled_from(known), max_size=3, unique=True)))
            activation = draw(st.sampled_from(["none", "sigmoid", "tanh"]))
            modules.append(replace(module, inputs=inputs, activation=activation))
    return BuiltModel(states, tuple(modules), draw(st.booleans()))


@pytest.mark.parametrize("built", [TEMPLATES["learning-rate"], HABIT], ids=["rate", "habit"])
def test_the_python_of_a_built_model_is_the_same_model(built, dataset):
    written = {}
    exec(compile(source(built), "a notebook", "exec"), written)
    assert written["YOUR_CONFIG"] == built.config()
    arguments = {"optimizer": "adam", "epochs": 4}
    theirs, their_equations = curve(written["YourRNN"], written["YOUR_CONFIG"], dataset, **arguments)
    ours, our_equations = curve(rnn_class(built), built.config(), dataset, **arguments)
    assert ours == theirs
    assert our_equations.to_dict() == their_equations.to_dict()


def test_the_python_of_a_built_model_reads_like_the_tutorial():
    assert (
        source(BuiltModel())
        == """\
from spicewidgets import BaseRNN, SpiceConfig


class YourRNN(BaseRNN):
    init_values = {"x_value_reward": 0.5}

    def __init__(self, n_actions, **kwargs):
        super().__init__(n_actions)
        self.submodules_rnn["x_value_reward_chosen"] = self.setup_module(input_size=1)

    def forward(self, inputs, prev_state=None, batch_first=False):
        (actions, rewards, _, _), _, logits, trials = self.init_forward_pass(
            inputs, prev_state, batch_first
        )
        for trial, action, reward in zip(trials, actions, rewards):
            self.record_signal("c_action", action)
            self.record_signal("c_reward", reward)
            x_value_reward_chosen = self.call_module(
                "x_value_reward_chosen",
                "x_value_reward",
                action=action,
                inputs=reward,
            )
            self.state["x_value_reward"] = x_value_reward_chosen + self.state["x_value_reward"] * (1 - action)
            logits[trial] = self.state["x_value_reward"]
        return self.post_forward_pass(logits, batch_first), self.get_state()


YOUR_CONFIG = SpiceConfig(
    rnn_modules=["x_value_reward_chosen"],
    control_parameters=["c_action", "c_reward"],
    library_setup={"x_value_reward_chosen": ["c_reward"]},
    filter_setup={"x_value_reward_chosen": ["c_action", 1, True]},
)
"""
    )


@settings(max_examples=25, deadline=None)
@given(built=sound())
def test_the_python_of_any_built_model_computes_the_same(built, dataset):
    written = {}
    exec(compile(source(built), "a notebook", "exec"), written)
    models = []
    for cls in (written["YourRNN"], rnn_class(built)):
        with torch.random.fork_rng():
            torch.manual_seed(1)
            models.append(cls(n_actions=2, n_participants=2, embedding_size=2))
    theirs, ours = (model(dataset.xs, batch_first=True)[0] for model in models)
    assert torch.equal(theirs, ours)


def test_the_states_that_act_on_the_choice_do_so_before_the_first_trial_too():
    states = (BuiltState("x_q"), BuiltState("x_value_of_nothing", 3.0, "unused"))
    modules = (
        BuiltModule("x_q", "x_q", inputs=("c_reward", "x_value_of_nothing")),
        BuiltModule("x_value_of_nothing", "x_value_of_nothing"),
    )
    built, written = BuiltModel(states, modules), {}
    exec(compile(source(built), "a notebook", "exec"), written)
    for cls in (rnn_class(built), written["YourRNN"]):
        assert sw.AgentNetwork(cls(n_actions=2)).q.tolist() == [0.5, 0.5]


def test_what_a_state_sees_of_another_depends_on_the_order(dataset):
    """Further up it has moved already, further down not yet."""
    seen = []
    for states in (HABIT.states, HABIT.states[::-1]):
        model = rnn_class(replace(HABIT, states=states))(n_actions=2)
        with torch.no_grad():
            model(dataset.xs[:1, :2], batch_first=True)
        seen.append([float(value.sum()) for value in model.get_recording("x_habit")])
    assert len(seen[0]) == len(seen[1]) == 2
    assert seen[0][0] == 0
    assert seen[1][0] != 0


def test_a_built_model_can_be_run_in_two_halves(dataset):
    model = rnn_class(HABIT)(n_actions=2)
    whole, _ = model(dataset.xs, batch_first=True)
    first, state = model(dataset.xs[:, :9], batch_first=True)
    second, _ = model(dataset.xs[:, 9:], state, batch_first=True)
    assert torch.equal(torch.cat([first, second], 1), whole)


def test_arms_that_no_module_moves_keep_their_value_or_go_to_0():
    xs = torch.tensor([[[1.0, 0, 1, -1, 0], [0, 1, -1, 1, 0]]])
    for keeps, rest in ((True, 0.5), (False, 0.0)):
        built = BuiltModel((BuiltState(keeps=keeps),), BuiltModel().modules)
        model = rnn_class(built)(n_actions=2)
        model(xs[:, :1], batch_first=True)
        assert float(model.get_state(detach=True)["x_value_reward"][0, 1]) == rest


def test_equal_descriptions_have_the_same_class():
    assert rnn_class(BuiltModel()) is rnn_class(BuiltModel.from_dict(BuiltModel().to_dict()))
    assert issubclass(rnn_class(BuiltModel()), sw.BaseRNN)


def test_what_cannot_be_used_has_no_class():
    with pytest.raises(SettingsError, match="one learned module or more"):
        rnn_class(BuiltModel(modules=()))


VALUE, MODULE = BuiltState(), BuiltModule(inputs=("c_reward",))
WRONG = {
    "no module": (
        BuiltModel((VALUE,), ()),
        "A model must have one learned module or more; got none. Add one.",
    ),
    "a state that stands still": (
        BuiltModel((VALUE, BuiltState("x_b")), (MODULE,)),
        "The state x_b must be moved by a module; none moves it. Add a module for it, or remove the state.",
    ),
    "a state that is not there": (
        BuiltModel((VALUE,), (MODULE, BuiltModule("x_m", "x_b"))),
        "The module x_m must move one of the states x_value_reward; got 'x_b'. Choose a state.",
    ),
    "a name without x_": (
        BuiltModel((BuiltState("Value 1"),), (replace(MODULE, state="Value 1"),)),
        "The name of a state must be x_ and then small letters, digits or _, at most 40 in all; got"
        " 'Value 1'. Call it x_value_1.",
    ),
    "the same name twice": (
        BuiltModel((VALUE,), (MODULE, replace(MODULE, arms=NOT_CHOSEN))),
        "Each module must have a name of its own; got 'x_value_reward_chosen' twice. Rename one, or remove"
        " it.",
    ),
    "two modules for one arm": (
        BuiltModel((VALUE,), (MODULE, BuiltModule("x_m", arms=ALL))),
        "The chosen arm of x_value_reward must be moved by one module; got x_value_reward_chosen and x_m. Let"
        " one of them move other arms, or remove it.",
    ),
    "an input that is not recorded": (
        BuiltModel((VALUE,), (replace(MODULE, inputs=("c_rewrd",)),)),
        "The inputs of x_value_reward_chosen must be among c_reward, c_reward_chosen; got 'c_rewrd'. Choose"
        " among these.",
    ),
    "an input that never varies": (
        BuiltModel((VALUE,), (replace(MODULE, inputs=("c_action",)),)),
        "c_action must not be an input of x_value_reward_chosen, for it is the same for all the arms that"
        " this module moves. Leave it out, or let the module move all arms.",
    ),
    "an input named twice": (
        BuiltModel((VALUE,), (replace(MODULE, inputs=("c_reward", "c_reward")),)),
        "Each input of x_value_reward_chosen must be named once; got c_reward, c_reward. Remove one.",
    ),
    "no state acts on the choice": (
        BuiltModel((replace(VALUE, choice="unused"),), (MODULE,)),
        "A state must act on the choice; none does. Let one be added to the logit.",
    ),
    "a state that nothing feels": (
        BuiltModel((VALUE, BuiltState("x_b", choice="unused")), (MODULE, BuiltModule("x_b", "x_b"))),
        "The state x_b must act on the choice, itself or through a module that sees it; it does neither. Let"
        " it act on the choice, or make it an input.",
    ),
    "a value that is no number": (
        BuiltModel((replace(VALUE, initial=float("nan")),), (MODULE,)),
        "The value of x_value_reward before the first trial must be between -10 and 10; got nan. Set 0 or"
        " 0.5.",
    ),
    "a module with the name of another state": (
        BuiltModel((VALUE, BuiltState("x_b")), (MODULE, BuiltModule("x_b"), BuiltModule("x_c", "x_b"))),
        "The name of a module must not be that of another state; got x_b. Name it after x_value_reward, the"
        " state that it moves.",
    ),
    "a prediction error without a rate": (
        BuiltModel((VALUE,), (MODULE, BuiltModule("x_m", arms=NOT_CHOSEN, kind="prediction error"))),
        "A prediction error needs two inputs, a signal and then the state that is its learning rate; x_m has"
        " none. Choose these two.",
    ),
    "arms of another kind": (
        BuiltModel((VALUE,), (replace(MODULE, arms="left"),)),
        "Arms of x_value_reward_chosen must be one of chosen, not chosen, all; got 'left'. Choose one.",
    ),
    "too many": (
        BuiltModel((VALUE,) * 7, (MODULE,)),
        "A model has at most 6 states; got 7. Remove some.",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_a_sentence(what):
    built, sentence = WRONG[what]
    assert sentence in built.problems()
    with pytest.raises(SettingsError):
        built.checked()


@pytest.mark.parametrize(
    "data",
    [
        None,
        {"states": 3},
        {"layers": []},
        {"states": [{"nam": "x_a"}]},
        {"states": [{"initial": "0.5"}]},
        {"modules": [{"inputs": "c_reward"}]},
        {"participants": 1},
    ],
)
def test_data_of_another_form_are_refused(data):
    with pytest.raises(SettingsError, match="A model is read from its states and modules"):
        BuiltModel.from_dict(data)


NAMES = st.sampled_from(["x_a", "x_b", "x_c", "x_value_reward", "b", ""])
STATES = st.builds(
    BuiltState, NAMES, st.floats(-12, 12), st.sampled_from(["added", "scaled", "unused"]), st.booleans()
)
MODULES = st.builds(
    BuiltModule,
    NAMES,
    NAMES,
    st.sampled_from([CHOSEN, NOT_CHOSEN, ALL]),
    st.lists(st.sampled_from([*SIGNALS, "x_a", "x_b"]), max_size=3, unique=True).map(tuple),
    st.sampled_from(["learned", "prediction error"]),
    st.sampled_from(["none", "sigmoid", "tanh"]),
)
ANY = st.builds(
    BuiltModel,
    st.lists(STATES, max_size=3).map(tuple),
    st.lists(MODULES, max_size=4).map(tuple),
    st.booleans(),
)


@given(ANY)
def test_any_description_round_trips_and_its_problems_are_sentences(built):
    told = json.loads(json.dumps(built.to_dict()))
    assert BuiltModel.from_dict(told) == built
    assert all(sentence.endswith(".") for sentence in built.problems())


@settings(max_examples=40, deadline=None)
@given(built=sound())
def test_whatever_can_be_used_runs_and_learns(built, dataset):
    assert built.problems() == []
    model = rnn_class(built)(n_actions=2, n_participants=2, embedding_size=2)
    check_model(model, built.config(), Sessions.of(dataset))
    logits, state = model(dataset.xs, batch_first=True)
    assert logits.shape == dataset.ys.shape
    assert torch.isfinite(logits).all()
    assert set(state) == {row.name for row in built.states}
