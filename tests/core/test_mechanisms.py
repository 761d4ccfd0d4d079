"""Mechanisms: what each promises, and one update for arrays, tensors, kernels and equations."""

import numpy as np
import pytest
import torch

import spicewidgets as sw
from spicewidgets.core.discover.likelihood import NumbersLikelihood
from spicewidgets.core.mechanism import Mechanism, ParameterSpec, Trial, Values
from spicewidgets.core.mechanisms import ASKED, FORGETTING, MECHANISMS, PARAMETERS, STATES
from spicewidgets.core.polynomial import moves_of, polynomial, trial_of, updated_value
from spicewidgets.core.read import translation
from spicewidgets.core.rivals.model import AgentRival, RivalRNN
from spicewidgets.core.rivals.ready import RIVALS, RescorlaWagner
from spicewidgets.core.settings import Participant
from spicewidgets.state.participant import ParticipantState

MOVING = [one for one in MECHANISMS if not one.within]
SIZES = {name: 0.1 + 0.07 * at for at, name in enumerate(PARAMETERS)}


class All(RescorlaWagner):
    """A learner who has every mechanism."""

    name = "all"
    mechanisms = MECHANISMS


@pytest.mark.parametrize("one", MECHANISMS, ids=lambda one: one.name)
def test_each_says_what_it_does_and_where_its_parameters_may_be(one):
    assert one.words[0].islower()
    assert one.words[-1] not in ".;"
    assert one.equation
    assert one.rival is None or RIVALS[one.rival.name].mechanisms[-1] is one
    assert one.asked is None or one.hint.endswith((".", "?"))
    for parameter in one.all_parameters:
        assert PARAMETERS[parameter.name] is parameter
        assert parameter.help.endswith(".")
        assert parameter.low <= parameter.slider[0] < parameter.slider[1] <= parameter.high
        assert parameter.default is None or parameter.low <= parameter.default <= parameter.high
        trait = ParticipantState().traits()[parameter.name]
        assert (trait.help, trait.metadata["label"]) == (parameter.help, parameter.label)


def test_nobody_has_a_mechanism_unless_a_parameter_says_so():
    plain = vars(Participant())
    assert [one.name for one in MECHANISMS if one.is_in_use(plain)] == ["learning"]
    for one in MECHANISMS[1:]:
        (asked,) = {name for name, parameter in ASKED.items() if parameter is one.asked} or {None}
        own = [each.name for each in one.sizes]
        assert asked is None or one.is_in_use(plain | dict.fromkeys(own, ASKED[asked].guess.high))


@pytest.mark.parametrize("one", MOVING, ids=lambda one: one.name)
def test_an_update_is_the_same_for_arrays_and_tensors(one):
    rng = np.random.default_rng(1)
    chosen = np.eye(3)[rng.integers(3, size=8)]
    outcomes, seen = rng.random((8, 3)), np.maximum(chosen, rng.integers(2, size=(8, 3)))
    arrays = Trial(chosen, (chosen * outcomes).sum(-1, keepdims=True), np.where(seen, outcomes, -1), seen)
    state = {each.name: rng.random((8, 3)) for each in STATES}
    tensors = Trial(*(torch.as_tensor(part) for part in arrays[:4]))
    ours = one.change(Values(**SIZES), state, arrays)
    p = Values(**{name: torch.full((8, 1), size, dtype=torch.float64) for name, size in SIZES.items()})
    theirs = one.change(p, {k: torch.as_tensor(v) for k, v in state.items()}, tensors)
    assert ours.keys() == theirs.keys() != set()
    for name, change in ours.items():
        np.testing.assert_array_equal(change, theirs[name].numpy())
        assert np.abs(change).max() > 0


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
    assert {*PARAMETERS} == {*vars(Participant())} == {*sw.AgentQ().parameters}
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
