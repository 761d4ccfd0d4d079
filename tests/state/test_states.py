"""The states: what is declared once, wrong values as sentences, links, and what no order of clicks breaks."""

import json
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import spicewidgets as sw
from spicewidgets.core.built import BuiltModel
from spicewidgets.core.models import MODELS, TEMPLATES
from spicewidgets.core.settings import SettingsError
from spicewidgets.core.tasks import TASKS
from spicewidgets.experiment.estimators import model_of
from spicewidgets.state import (
    DataState,
    DiscoveryState,
    Experiment,
    ModelState,
    ParticipantState,
    RunState,
    TaskState,
    TrainingState,
)
from spicewidgets.state.base import State
from spicewidgets.state.comparison import ComparisonState
from spicewidgets.state.graph import GROUPS
from spicewidgets.state.model import SPECS, YOUR_OWN
from spicewidgets.state.table import NOT_OPEN

STATES = [
    TaskState,
    ParticipantState,
    DataState,
    ModelState,
    TrainingState,
    DiscoveryState,
    ComparisonState,
]


@pytest.mark.seed(6)
@pytest.mark.parametrize("kind", STATES)
def test_every_setting_says_what_it_is(kind):
    state = kind()
    assert set(kind.looks) == set(kind.names())
    for item in fields(kind.settings):
        if "help" not in item.metadata:
            continue
        told = state.tags(item.name)
        assert told["help"].endswith(".")
        assert told["label"]
        assert told["low"] == item.metadata["low"]
        assert told["default"] == getattr(state, item.name) == item.default
        if told["kind"] in ("int", "float"):
            low, high, step = told["slider"]
            assert low < high
            assert step > 0
            assert told["low"] is None or low >= told["low"]
            assert told["high"] is None or high <= told["high"]


@pytest.mark.parametrize("kind", STATES)
def test_the_default_is_right_and_round_trips(kind):
    state = kind()
    assert state.problems == []
    assert state.snapshot() == kind.settings()
    other = kind()
    other.from_dict(json.loads(json.dumps(state.to_dict())))
    assert other.snapshot() == state.snapshot()


def test_a_wrong_value_is_kept_and_told():
    state = TaskState()
    state.sigma = -1
    state.n_actions = 2.5
    assert state.sigma == -1
    assert state.problems == [
        "n_actions must be a whole number, between 2 and 6; got 2.5. Round it.",
        "sigma must be between 0 and 1 per trial; got -1.0. Drift: standard deviation of the step of each"
        " reward probability; 0 keeps them fixed.",
    ]
    assert state.problems_of("n_actions") == state.problems[:1]
    with pytest.raises(SettingsError) as error:
        state.snapshot()
    assert list(error.value.problems) == state.problems
    state.reset("sigma")
    assert state.problems == ["n_actions must be a whole number, between 2 and 6; got 2.5. Round it."]
    state.reset()
    assert state.snapshot() == TaskState.settings()


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("n_sessions", 20.0, 20),
        ("n_sessions", np.int64(20), 20),
        ("validation_share", 0, 0.0),
        ("validation_share", np.float32(0.5), 0.5),
        ("n_sessions", 10**400, float("inf")),
    ],
)
def test_numbers_of_any_kind_become_pythons_own(name, value, kept):
    state = DataState(**{name: value})
    assert getattr(state, name) == kept
    assert type(getattr(state, name)) is type(kept)


def test_a_name_that_is_no_setting_is_an_error():
    with pytest.raises(AttributeError, match="TaskState has no setting 'sgima'"):
        TaskState(sgima=0.1)
    with pytest.raises(AttributeError, match="has no setting 'sgima'"):
        TaskState().reset("sgima")


def test_those_who_watch_are_told_once_all_are_set():
    state, seen = TaskState(), []
    state.observe(lambda change: seen.append((state.sigma, state.n_actions)), ["sigma", "n_actions"])
    state.put({"sigma": 0.1, "n_actions": 4})
    assert seen == [(0.1, 4), (0.1, 4)]


def test_one_alpha_for_both_or_two():
    state = ParticipantState(alpha_reward=0.4)
    assert (state.linked, state.alpha_penalty) == (True, None)
    state.linked = False
    assert state.alpha_penalty == 0.4
    state.alpha_penalty = 0.1
    state.linked = True
    assert state.alpha_penalty is None
    state.alpha_penalty = 0.2
    assert not state.linked
    state.reset()
    assert state.linked


def test_a_session_that_is_gone_gives_way_to_the_last():
    experiment = Experiment()
    experiment.data.session = experiment.comparison.session = 90
    experiment.comparison.arm = 1
    experiment.data.n_sessions = 10
    assert experiment.data.session == experiment.comparison.session == 9
    experiment.task.n_actions = 4
    experiment.comparison.arm = 3
    experiment.task.n_actions = 3
    assert experiment.comparison.arm == 2


def test_data_say_what_does_not_go_together():
    state = DataState(n_sessions=3, n_participants=5)
    assert state.problems == [
        "n_participants must be at most the number of sessions, 3; got 5. Simulate more sessions, or fewer"
        " participants."
    ]
    state.put({"n_participants": 1, "n_trials": 3, "validation_share": 0.5})
    assert state.problems == [
        "validation_share must leave 2 or more trials of 3 to train on; got 0.5. Lower it, or take more"
        " trials."
    ]


def test_lbfgs_says_what_it_needs():
    state = TrainingState(optimizer="lbfgs", bagging=True)
    assert state.problems == [
        "optimizer lbfgs needs the whole data set at each step, without dropout, bagging, batches, schedule"
        " or truncation; got one of these. Leave it out, or choose auto or adam."
    ]
    state.bagging = False
    assert state.problems == []


@pytest.mark.parametrize("name", SPECS)
def test_what_is_told_of_a_precoded_model_is_so(name):
    spec = SPECS[name]
    ready = MODELS[name]
    cls, config = ready.rnn_class, ready.config
    model = cls(n_actions=TASKS[ready.task].n_options or 2, n_participants=3)
    assert model_of(Experiment().snapshot())[0] is sw.RescorlaWagnerRNN
    assert tuple(spec.modules) == config.modules
    assert spec.controls == config.controls
    for module, inputs in spec.modules.items():
        assert inputs == config.terms(module)
        assert spec.filters[module] == tuple(tuple(condition) for condition in config.filters(module))
    assert spec.states.items() <= cls.init_values.items()  # beside what was chosen first in a trial
    assert spec.betas == tuple(model.betas)
    assert spec.given == tuple(model.submodules_eq)
    assert spec.participants == (name in ("participant-embedding", "choice") or ready.task != "bandit")


def test_a_model_of_ones_own_is_offered_under_its_name():
    experiment = Experiment()

    class Mine(sw.ForgettingRNN):
        """Mine, with a sentence."""

    name = experiment.model.register(Mine, sw.FORGETTING_RNN_CONFIG)
    assert name == "Mine"
    assert experiment.model.choices == (*MODELS, YOUR_OWN, "Mine")
    experiment.model.name = name
    assert experiment.problems == []
    assert experiment.model.spec.about == "Mine, with a sentence."
    assert model_of(experiment.snapshot()) == (Mine, sw.FORGETTING_RNN_CONFIG)
    told = experiment.to_dict()
    experiment.from_dict(told)
    assert experiment.to_dict() == told
    with pytest.raises(SettingsError) as error:
        Experiment().from_dict(told)
    assert error.value.problems == (
        f"model: name must be one of {', '.join(MODELS)}, your own, or that of a class of your own; got"
        " 'Mine'. Choose one of these, or register your class under this name first.",
    )


def test_a_built_model_is_a_setting_like_any_other():
    experiment = Experiment()
    experiment.trained = experiment.discovered = experiment.snapshot()
    experiment.model.start_from("choice")
    assert experiment.model.name == YOUR_OWN
    assert experiment.model.spec.modules == SPECS["choice"].modules
    assert experiment.discovery.library("x_value_choice_chosen").filters == (("c_action", 1.0, True),)
    assert experiment.stale_because["train"] == (
        "This network is for model = rescorla-wagner and other states and modules. Train again."
    )
    cls, config = model_of(experiment.snapshot())
    assert cls.built == TEMPLATES["choice"]
    assert config == sw.CHOICE_CONFIG
    told = json.loads(json.dumps(experiment.to_dict()))
    other = Experiment("forgetting")
    other.from_dict(told)
    assert other.to_dict() == told
    assert other.snapshot() == experiment.snapshot()


def test_what_is_wrong_with_a_built_model_is_told_where_it_is_the_one_chosen():
    experiment = Experiment()
    experiment.trained = experiment.discovered = experiment.snapshot()
    experiment.model.built = BuiltModel(modules=())
    assert experiment.problems == []
    assert experiment.stale_because == {}
    experiment.model.name = YOUR_OWN
    assert experiment.problems[0] == (
        "model: built model: A model must have one learned module or more; got none. Add one."
    )
    assert experiment.model.problems_of("built")
    with pytest.raises(SettingsError, match="one learned module or more"):
        Experiment().from_dict(experiment.to_dict())
    experiment.model.built = "a model"
    assert experiment.model.spec is None
    assert experiment.problems == [
        "model: built must be a BuiltModel; got 'a model'. Start from a precoded model."
    ]


def test_a_built_model_of_another_form_is_refused_and_changes_nothing():
    state = ModelState()
    with pytest.raises(SettingsError, match="built model: A model is read from its states and modules"):
        state.from_dict({"name": YOUR_OWN, "built": {"states": []}})
    assert state.snapshot() == ModelState.settings()


MODULE = "x_value_reward_chosen"


def test_a_changed_library_reaches_the_config():
    experiment = Experiment()
    state = experiment.discovery
    state.degree = 2
    assert state.library(MODULE).terms(MODULE, 2)[0] == ()
    state.change(MODULE, inputs=[], without=[[]], filters=[["c_action", 1, True], ["c_reward", 1, False]])
    assert experiment.problems == []
    config = model_of(experiment.snapshot())[1]
    assert config.terms(MODULE) == ()
    assert config.excludes(MODULE, ())
    assert [tuple(f) for f in config.filters(MODULE)] == [("c_action", 1.0, True), ("c_reward", 1.0, False)]
    told = json.loads(json.dumps(experiment.to_dict()))
    other = Experiment()
    other.from_dict(told)
    assert other.to_dict() == told
    assert other.snapshot() == experiment.snapshot()
    state.restore(MODULE)
    assert model_of(experiment.snapshot())[1] == sw.RESCORLA_WAGNER_CONFIG


def test_a_wrong_library_is_a_sentence():
    experiment = Experiment()
    state = experiment.discovery
    state.change(MODULE, inputs=["c_rewrd"], filters=[["c_actoin", 1, True]])
    assert experiment.problems == [
        "discovery: libraries of x_value_reward_chosen: the input 'c_rewrd' is not recorded by the model;"
        " recorded are c_action, c_reward. Choose among these.",
        "discovery: libraries of x_value_reward_chosen: the filter signal 'c_actoin' is not recorded by the"
        " model; recorded are c_action, c_reward. Choose among these.",
    ]
    state.restore(MODULE)
    state.change(MODULE, without=state.library(MODULE).candidates(MODULE, 1))
    assert experiment.problems == [
        "discovery: libraries of x_value_reward_chosen: every candidate term is left out; needed is one or"
        " more. Tick one."
    ]
    experiment.model.name = "learning-rate"  # has no such module
    assert experiment.problems == []


def test_libraries_are_read_for_the_model_that_comes_with_them():
    experiment = Experiment()
    experiment.model.name = "choice"
    (module, *_), (signal, *_) = experiment.model.spec.modules, experiment.model.spec.controls
    experiment.discovery.change(module, inputs=[signal])
    told, fresh = experiment.to_dict(), Experiment()
    fresh.from_dict(told)
    assert fresh.to_dict() == told
    experiment.discovery.change(module, without=experiment.discovery.library(module).candidates(module, 1))
    with pytest.raises(SettingsError, match="every candidate term is left out"):
        Experiment().from_dict(experiment.to_dict())


def test_however_much_of_a_run_changes_at_once_it_is_told_once():
    run, told = RunState(), []
    run.observe(lambda change: told.append((run.status, run.epoch)), "revision")
    run.put(status="running", epoch=3, message="Epoch 3.")
    assert told == [("running", 3)]


def test_a_preset_that_is_not_known_is_a_sentence():
    assert Experiment("noisy participant").participant.beta_reward == 1.0
    with pytest.raises(SettingsError, match="preset must be one of the tutorial, forgetting"):
        Experiment("the turtle")


def test_loading_a_preset_takes_everything_else_back_to_its_default():
    experiment = Experiment("forgetting")
    experiment.training.epochs = 7
    experiment.load_preset("the tutorial")
    assert experiment.to_dict() == Experiment().to_dict()
    assert experiment.preset == "the tutorial"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMED = st.sampled_from(GROUPS).flatmap(
    lambda group: st.tuples(
        st.just(group), st.sampled_from(getattr(Experiment(), group).names()), JSON | st.floats(-2, 30)
    )
)


@settings(max_examples=300)
@given(data=st.dictionaries(st.sampled_from([*GROUPS, "version", "x"]), JSON, max_size=4) | JSON)
def test_whatever_is_read_is_taken_or_refused_whole(data):
    experiment = Experiment("forgetting")
    before = experiment.to_dict()
    refused = False
    try:
        experiment.from_dict(data)
    except SettingsError:
        refused = True
    assert [problem for problem in experiment.problems if NOT_OPEN not in problem] == []
    assert not refused or experiment.to_dict() == before


@settings(max_examples=60)
@given(st.lists(NAMED, max_size=30))
def test_no_value_in_any_order_raises_and_what_is_right_round_trips(steps):
    experiment = Experiment()
    experiment.trained = experiment.discovered = experiment.snapshot()
    for group, name, value in steps:
        setattr(getattr(experiment, group), name, value)
        told = [sentence for state in GROUPS for sentence in getattr(experiment, state).problems]
        assert all(sentence.endswith(".") for sentence in told)
        assert bool(experiment.blocked["train"]) == bool(experiment.problems)
        if [sentence for sentence in told if NOT_OPEN not in sentence]:
            with pytest.raises(SettingsError):
                Experiment().from_dict(experiment.to_dict())
        elif told:  # settings may name a table that is not open
            copy = Experiment()
            copy.from_dict(experiment.to_dict())
            assert copy.table.problems == told
        else:
            copy = Experiment("slow learner")
            copy.from_dict(json.loads(json.dumps(experiment.to_dict())))
            assert copy.to_dict() == experiment.to_dict()
            assert copy.snapshot() == experiment.snapshot()


def test_states_are_no_more_than_their_settings():
    assert issubclass(TaskState, State)
    assert TaskState.names() == tuple(item.name for item in fields(TaskState.settings))
