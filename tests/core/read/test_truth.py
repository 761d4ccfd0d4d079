"""The truth of a built model: that of the precoded model under any names, and none where it would be
wrong.
"""

from dataclasses import replace

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.built import ALL, NOT_CHOSEN, BuiltModel, BuiltModule, BuiltState
from spicewidgets.core.judge.network_agents import AgentSpice
from spicewidgets.core.judge.replay import replay
from spicewidgets.core.models import TEMPLATES
from spicewidgets.core.read.translation import true_model
from spicewidgets.core.read.truth import true_built
from spicewidgets.core.settings import SettingsError
from spicewidgets.core.train.built_rnn import rnn_class

FORGETTING, HABITS = TEMPLATES["forgetting"], TEMPLATES["choice"]
AGENTS = {
    "rescorla-wagner": {"alpha_reward": 0.4, "beta_reward": 2.0, "q0": 0.3},
    "forgetting": {"alpha_reward": 0.5, "alpha_penalty": 0.2, "forget_rate": 0.2},
    "learning-rate": {"alpha_reward": 0.6, "alpha_penalty": 0.1, "forget_rate": 0.1},
    "participant-embedding": {"alpha_reward": 0.5, "forget_rate": 0.2},
    "choice": {"forget_rate": 0.2, "beta_choice": 1.5, "alpha_choice": 0.4},
}


def renamed(built, names):
    """The same model under other names."""
    states = tuple(replace(s, name=names.get(s.name, s.name)) for s in built.states)
    modules = tuple(
        replace(
            m,
            name=names.get(m.name, m.name),
            state=names.get(m.state, m.state),
            inputs=tuple(names.get(name, name) for name in m.inputs),
        )
        for m in built.modules
    )
    return replace(built, states=states, modules=modules)


def played(agent, built, truth, n_arms=2, counterfactual=False):
    """The largest difference between the agent's P and that of the built model with these equations."""
    data = sw.create_dataset(
        agent,
        sw.BanditsDrift(sigma=0.2, n_actions=n_arms, counterfactual=counterfactual),
        60,
        3,
        random_state=2,
    )[0]
    model = rnn_class(built)(n_actions=n_arms)
    spice = AgentSpice(model, truth, n_arms)
    truth_played, ours = (replay(who, data) for who in (agent, spice))
    first = sum(state.initial * ours.betas.get(state.name, 1.0) for state in acting(built))
    assert np.ravel(ours.q)[0] == pytest.approx(np.ravel(first)[0])
    return np.abs(truth_played.probabilities - ours.probabilities).max()


def acting(built):
    return [state for state in built.states if state.choice != "unused"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_truth_of_a_template_is_that_of_the_precoded_model(name):
    built, agent = TEMPLATES[name], sw.AgentQ(**AGENTS[name])
    assert built.problems() == []
    betas = {state.name: 1.5 for state in built.states if state.choice == "scaled"}
    model = type("Values", (), {"init_values": {state.name: state.initial for state in built.states}})
    theirs = true_model(agent, model, built.config(), betas=betas)
    ours = true_built(agent, built, built.config(), betas=betas)
    assert ours.equations == theirs.equations
    assert ours.betas == theirs.betas


@pytest.mark.parametrize("n_arms", [2, 3])
@pytest.mark.parametrize("name", TEMPLATES)
def test_the_truth_plays_as_the_participant_does_under_any_names(name, n_arms):
    names = {"x_value_reward": "x_q", "x_value_reward_chosen": "x_q", "x_value_reward_not_chosen": "x_rest"}
    built = replace(renamed(TEMPLATES[name], names), participants=False)
    agent = sw.AgentQ(n_actions=n_arms, **AGENTS[name])
    assert built.problems() == []
    assert played(agent, built, true_built(agent, built, built.config()), n_arms) < 1e-9


@pytest.mark.parametrize(("counterfactual", "signal"), [(True, "c_reward"), (False, "c_reward_chosen")])
def test_learning_from_the_arm_not_chosen_needs_the_signal_that_tells_of_it(counterfactual, signal):
    agent = sw.AgentQ(
        alpha_reward=0.4, alpha_counterfactual_reward=0.3, alpha_counterfactual_penalty=0.2, forget_rate=0.1
    )
    for seen in ("c_reward", "c_reward_chosen"):
        other = replace(FORGETTING.modules[1], inputs=(seen,))
        built = replace(FORGETTING, modules=(FORGETTING.modules[0], other))
        if seen == signal:
            truth = true_built(agent, built, built.config(), counterfactual=counterfactual)
            assert played(agent, built, truth, counterfactual=counterfactual) < 1e-9
        else:
            with pytest.raises(SettingsError, match=f"must see {signal} and nothing else"):
                true_built(agent, built, built.config(), counterfactual=counterfactual)


WRONG = {
    "forgetting without a module for it": (
        BuiltModel(),
        {"forget_rate": 0.2},
        "The participant has forgetting; no module moves the arms not chosen of x_value_reward.",
    ),
    "values that go to 0": (
        BuiltModel((BuiltState(keeps=False),)),
        {},
        "The participant keeps the values of the arms not chosen; those of x_value_reward go to 0.",
    ),
    "a choice kernel without a state": (
        BuiltModel(),
        {"beta_choice": 1.0},
        "The participant has a choice kernel; no state that acts on the choice stands for it.",
    ),
    "a module that does not see the reward": (
        BuiltModel(modules=(BuiltModule(),)),
        {},
        "The participant has one value of each arm, moved by c_reward of the chosen arm; the model has 0 such"
        " states that act on the choice.",
    ),
    "one module for all arms": (
        BuiltModel(modules=(BuiltModule(arms=ALL, inputs=("c_reward",)),)),
        {},
        "Nothing in the participant stands for x_value_reward_chosen, x_value_reward.",
    ),
    "the name of the chosen arm on the others": (
        BuiltModel(modules=(BuiltModule(arms=NOT_CHOSEN, inputs=("c_reward",)),)),
        {},
        "Nothing in the participant stands for x_value_reward_chosen, x_value_reward.",
    ),
    "bounds": (
        BuiltModel(modules=(BuiltModule(inputs=("c_reward",), activation="tanh"),)),
        {},
        "The participant's values have no bounds; x_value_reward_chosen has them (tanh).",
    ),
    "half a choice kernel": (
        replace(HABITS, modules=HABITS.modules[:3]),
        {"beta_choice": 1.0},
        "Nothing in the participant stands for x_value_choice_chosen, x_value_choice.",
    ),
    "a given prediction error with another start": (
        TEMPLATES["learning-rate"],
        {"q0": 0.2},
        "The participant starts at q0 = 0.2 and x_value_reward at 0.5, which a given prediction error cannot"
        " make up for.",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_participant_who_cannot_be_written_has_no_truth(what):
    built, parameters, sentence = WRONG[what]
    assert built.problems() == []
    with pytest.raises(SettingsError) as error:
        true_built(sw.AgentQ(**parameters), built, built.config())
    assert sentence in error.value.problems
