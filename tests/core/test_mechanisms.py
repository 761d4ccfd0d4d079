"""Mechanisms: what each promises, and one update for arrays, tensors, kernels and equations."""

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.discover.likelihood import NumbersLikelihood
from spicewidgets.core.mechanism import Mechanism, ParameterSpec, Values
from spicewidgets.core.mechanisms import ASKED, FORGETTING, MECHANISMS, PARAMETERS, STATES
from spicewidgets.core.polynomial import moves_of, polynomial, trial_of, updated_value
from spicewidgets.core.read import translation
from spicewidgets.core.rivals.model import AgentRival, RivalRNN
from spicewidgets.core.rivals.ready import RIVALS, RescorlaWagner
from spicewidgets.core.settings import Participant
from spicewidgets.core.studies.contract import SIZES, check_mechanism
from spicewidgets.core.tasks import TASKS
from spicewidgets.state.participant import ParticipantState

MOVING = [one for one in MECHANISMS if not one.within]


class All(RescorlaWagner):
    """A learner who has every mechanism."""

    name = "all"
    mechanisms = MECHANISMS


@pytest.mark.parametrize("one", MECHANISMS, ids=lambda one: one.name)
def test_each_keeps_its_contract_and_has_its_slider_and_rival(one):
    check_mechanism(one)
    assert one.rival is None or RIVALS[one.rival.name].mechanisms[-1] is one
    for parameter in one.all_parameters:
        assert PARAMETERS[parameter.name] is parameter
        trait = ParticipantState().traits()[parameter.name]
        assert (trait.help, trait.metadata["label"]) == (parameter.help, parameter.label)


def test_nobody_has_a_mechanism_unless_a_parameter_says_so():
    plain = vars(Participant())
    assert [one.name for one in MECHANISMS if one.is_in_use(plain)] == ["learning"]
    for one in MECHANISMS[1:]:
        (asked,) = {name for name, parameter in ASKED.items() if parameter is one.asked} or {None}
        own = [each.name for each in one.sizes]
        assert asked is None or one.is_in_use(plain | dict.fromkeys(own, ASKED[asked].guess.high))


@pytest.mark.parametrize("counterfactual", [False, True])
def test_a_learner_of_all_mechanisms_is_the_same_played_replayed_and_compiled(counterfactual):
    """AgentQ plays with arrays, the rival replays with tensors, and its likelihood is a kernel."""
    agent = sw.AgentQ(3, **SIZES | {"beta_reward": 2.0, "beta_choice": -0.7, "q0": 0.5})
    task = sw.BanditsDrift(sigma=0.2, n_actions=3, counterfactual=counterfactual)
    data, _, _ = sw.create_dataset(agent, task, 40, 3, random_state=1)
    p, rival = agent.parameters, All()
    p["alpha_counterfactual_penalty"] = p["alpha_counterfactual_reward"]
    names = {"forget": "forget_rate", "alpha_other": "alpha_counterfactual_reward", "beta": "beta_reward"}
    values = [[p[names.get(one.name, one.name)] for one in rival.parameters]]
    ours, theirs = (
        sw.replay(one, data).probabilities for one in (sw.AgentQ(3, **p), AgentRival(rival, values, 3))
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-12)
    chosen = np.asarray(data.ys).argmax(-1)
    nll = -np.log(np.take_along_axis(ours[:, 1:], chosen[..., None], -1)).sum()
    kernel = NumbersLikelihood(RivalRNN(rival, 3).double().eval(), data)
    assert kernel(np.array([values])).nll.sum() == pytest.approx(nll, abs=1e-6)


@pytest.mark.parametrize("reward", [0.0, 1.0])
@pytest.mark.parametrize("chosen", [True, False])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_an_equation_says_what_the_agent_does(state, chosen, reward):
    """The update run on polynomials, with numbers put in afterwards."""
    agent = sw.AgentQ(**SIZES)
    agent.update(0, [0.3, -1])
    before = agent.get_state_value(state.model, multiply_with_beta=False)[0]
    agent.update(int(not chosen), [reward if chosen else -1, -1 if chosen else reward])
    after = agent.get_state_value(state.model, multiply_with_beta=False)[0]
    terms = updated_value(MOVING, Values(**SIZES), state, "x", trial_of(chosen, seen=False)).terms
    numbers = {"x": before, "c_reward": reward, "c_reward_chosen": reward}
    total = sum(value * np.prod([numbers[factor] for factor in term]) for term, value in terms.items())
    assert total == pytest.approx(after, abs=1e-12)


def test_what_no_polynomial_is_is_no_equation():
    with pytest.raises(TypeError, match="only a reward can be compared"):
        _ = polynomial("x") > 0.5


def test_a_mechanism_is_declared_for_agents_sliders_and_settings_alike():
    of_tasks = {one.name for kind in TASKS.values() for one in kind.participant}
    assert {*PARAMETERS} == {*sw.AgentQ().parameters}
    assert {*vars(Participant())} == {*PARAMETERS} | of_tasks
    assert all(isinstance(one, ParameterSpec) for one in PARAMETERS.values())


@pytest.mark.parametrize(
    ("one", "moves"),
    [
        ("learning", [("value", True, True)]),
        ("forgetting", [("value", False, False)]),
        ("asymmetric learning", [("value", True, True)]),
        ("choice kernel", [("kernel", True, False), ("kernel", False, False)]),
        ("counterfactual learning", [("value", False, True)]),
    ],
)
def test_what_a_mechanism_moves_is_read_off_its_update(one, moves):
    (mechanism,) = (each for each in MECHANISMS if each.name == one)
    assert [(move.state.name, move.chosen, move.by_reward) for move in moves_of(mechanism)] == moves


class Wrong(Mechanism):
    """Its update for one array is not its equation: it looks at how many sessions there are."""

    name, words, equation, parameters = "wrong", "values move", "Q += forget", FORGETTING.parameters

    def change(self, p, state, trial):
        n = len(trial.chosen) if hasattr(trial.chosen, "__len__") else 2
        return {"value": p.forget_rate * n * trial.chosen}


def test_the_contract_tells_what_is_not_so():
    with pytest.raises(AssertionError, match=r"wrong: its equation gives .* its update"):
        check_mechanism(Wrong())
    with pytest.raises(AssertionError, match="surprise: words go within a sentence"):
        check_mechanism(Surprise())


class Surprise(Mechanism):
    """A mechanism that no equation of terms can say."""

    name, parameters = "surprise", FORGETTING.parameters

    def change(self, p, state, trial):
        return {"value": p.forget_rate * abs(trial.reward - state["value"])}


def test_a_participant_whose_update_is_no_equation_has_no_truth(monkeypatch):
    assert moves_of(Surprise()) == ()
    monkeypatch.setattr(translation, "BEYOND", (Surprise(),))
    model = sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG
    assert translation.true_model(sw.AgentQ(), *model).equation("x_value_reward_chosen").terms
    with pytest.raises(sw.SettingsError, match="surprise is no equation of values and rewards"):
        translation.true_model(sw.AgentQ(forget_rate=0.2), *model)
