"""The truth in the RNN's coordinates is the same participant to 1e-12; the way back is exact to 1e-9."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from spicewidgets import (
    CHOICE_CONFIG,
    FORGETTING_RNN_CONFIG,
    LEARNING_RATE_RNN_CONFIG,
    RESCORLA_WAGNER_CONFIG,
    AgentQ,
    AgentSpice,
    BanditsDrift,
    BaseRNN,
    ChoiceRNN,
    Equation,
    ForgettingRNN,
    LearningRateRNN,
    ParticipantEmbeddingRNN,
    RescorlaWagnerRNN,
    SettingsError,
    SpiceConfig,
    SpiceModel,
    SpiceWarning,
    classical_parameters,
    create_dataset,
    replay,
    scores,
    true_model,
)
from spicewidgets.core.read.translation import impossible, term_by_term

CHOSEN = "x_value_reward_chosen"


def dataset_of(agent, counterfactual=False, n_trials=40, n_sessions=6, seed=3, n_actions=2):
    task = BanditsDrift(sigma=0.2, n_actions=n_actions, counterfactual=counterfactual)
    return create_dataset(agent, task, n_trials, n_sessions, random_state=seed)[0]


def assert_same_participant(agent, model, config, dataset, betas=None):
    truth = true_model(agent, model, config, betas=betas)
    spice = AgentSpice(model, truth, n_actions=dataset.n_actions)
    apart = replay(agent, dataset).probabilities - replay(spice, dataset).probabilities
    assert np.abs(apart).max() < 1e-12
    return truth


class CounterfactualRNN(BaseRNN):
    """The value of every arm is moved by a reward: its own where shown, that of the chosen arm where not."""

    init_values = {"x_value_reward": 0.5}
    signal = "c_reward"

    def __init__(self, n_actions, **kwargs):
        super().__init__(n_actions=n_actions)
        self.submodules_rnn[CHOSEN] = self.setup_module(input_size=1)
        self.submodules_rnn["x_value_reward_not_chosen"] = self.setup_module(input_size=1)

    def forward(self, inputs, prev_state=None, batch_first=False):
        (actions, rewards, _, _), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        for trial, action, reward in zip(trials, actions, rewards, strict=True):
            own = (action * reward).sum(-1, keepdim=True).expand_as(action)
            seen = reward if self.signal == "c_reward" else own
            self.record_signal("c_action", action)
            self.record_signal("c_reward", reward)
            self.record_signal("c_reward_chosen", own)
            chosen = self.call_module(CHOSEN, "x_value_reward", action=action, inputs=reward)
            other = self.call_module(
                "x_value_reward_not_chosen", "x_value_reward", action=1 - action, inputs=seen
            )
            self.state["x_value_reward"] = chosen + other
            logits[trial] = self.state["x_value_reward"]
        return self.post_forward_pass(logits, batch_first), self.get_state()


class FictiveRNN(CounterfactualRNN):
    signal = "c_reward_chosen"


def counterfactual_config(signal):
    return SpiceConfig(
        rnn_modules=[CHOSEN, "x_value_reward_not_chosen"],
        control_parameters=["c_action", "c_reward", "c_reward_chosen"],
        library_setup={CHOSEN: ["c_reward"], "x_value_reward_not_chosen": [signal]},
        filter_setup={CHOSEN: ["c_action", 1, True], "x_value_reward_not_chosen": ["c_action", 0, True]},
    )


@pytest.mark.seed(71)
@pytest.mark.parametrize("n_actions", [2, 4])
def test_rescorla_wagner_in_the_models_coordinates(n_actions):
    agent = AgentQ(n_actions=n_actions, alpha_reward=0.3, beta_reward=3.0)
    truth = assert_same_participant(
        agent, RescorlaWagnerRNN(n_actions), RESCORLA_WAGNER_CONFIG, dataset_of(agent, n_actions=n_actions)
    )
    equation = truth.equation(CHOSEN)
    assert equation.text() == f"({CHOSEN})[k+1] = -0.300 1 + 0.700 {CHOSEN}[k] + 0.900 c_reward[k]"


def test_every_mechanism_of_the_values():
    agent = AgentQ(alpha_reward=0.8, alpha_penalty=0.2, beta_reward=2.5, forget_rate=0.25, q0=0.3)
    assert_same_participant(agent, ForgettingRNN(2), FORGETTING_RNN_CONFIG, dataset_of(agent))


@pytest.mark.parametrize(
    ("model", "signal", "shown"),
    [(CounterfactualRNN, "c_reward", True), (FictiveRNN, "c_reward_chosen", False)],
)
def test_counterfactual_learning(model, signal, shown):
    rates = {"alpha_counterfactual_reward": 0.4, "alpha_counterfactual_penalty": 0.15, "forget_rate": 0.1}
    agent = AgentQ(alpha_reward=0.5, alpha_penalty=0.3, q0=0.4, **rates)
    dataset = dataset_of(agent, counterfactual=shown)
    truth = assert_same_participant(agent, model(2), counterfactual_config(signal), dataset)
    back = classical_parameters(truth, model)
    assert {name: pytest.approx(value, abs=1e-9) for name, value in rates.items()} == {
        n: back[n] for n in rates
    }


def test_choice_kernel_with_learned_betas():
    agent = AgentQ(alpha_reward=0.3, forget_rate=0.2, beta_choice=1.5, alpha_choice=0.6)
    model = ChoiceRNN(2, n_participants=1, embedding_size=4)
    for betas in ({"x_value_reward": 1.7, "x_value_choice": -0.8}, None):
        truth = assert_same_participant(agent, model, CHOICE_CONFIG, dataset_of(agent), betas)
        back = classical_parameters(truth, model)
        assert back["beta_choice"] == pytest.approx(1.5, abs=1e-9)
        assert back["alpha_choice"] == pytest.approx(0.6, abs=1e-9)
        assert back["beta_reward"] == pytest.approx(3.0, abs=1e-9)


def test_learning_rate_model():
    agent = AgentQ(alpha_reward=0.8, alpha_penalty=0.2, forget_rate=0.1)
    model = LearningRateRNN(2)
    truth = assert_same_participant(agent, model, LEARNING_RATE_RNN_CONFIG, dataset_of(agent))
    assert truth.betas == {"x_value_reward": (3.0,)}
    assert classical_parameters(truth, model) == pytest.approx(
        {"alpha_reward": 0.8, "alpha_penalty": 0.2, "beta_reward": 3.0, "q0": 0.5, "forget_rate": 0.1}
    )


def test_learning_rate_model_says_what_it_cannot_express():
    truth = true_model(AgentQ(q0=0.2), LearningRateRNN(2), LEARNING_RATE_RNN_CONFIG)
    assert truth.equation("x_learning_rate_reward").notes == (
        "The agent starts at q0 = 0.2 and the model at 0.5, which its given equation cannot make up for.",
    )


@pytest.mark.parametrize(
    ("name", "module", "weight", "value"),
    [
        ("alpha_reward", CHOSEN, 1.2, -0.2),
        ("alpha_reward", CHOSEN, -0.5, 1.5),
        ("forget_rate", "x_value_reward_not_chosen", 1.2, -0.2),
    ],
)
def test_a_parameter_that_no_q_learner_has_is_a_warning(name, module, weight, value):
    """An own value of 1.2 was a learning rate of -0.2, and nothing said so."""
    weights = {CHOSEN: 0.7, "x_value_reward_not_chosen": 0.9} | {module: weight}
    equations = [
        Equation(
            one,
            ((), (one,), ("c_reward",))[: 3 if one == CHOSEN else 2],
            (-0.1, own, 0.9)[: 3 if one == CHOSEN else 2],
        )
        for one, own in weights.items()
    ]
    with pytest.warns(SpiceWarning, match=f"No Q-learner has {name} {value:g}") as caught:
        read = classical_parameters(SpiceModel.of(*equations), ForgettingRNN)
    assert caught[0].filename == __file__
    assert read[name] == pytest.approx(value)
    assert impossible(read, dict.fromkeys(read, 0.0)).name == name
    assert impossible(read, dict.fromkeys(read, 10.0)) is None


def test_two_participants_each_in_their_own_coordinates():
    model = ParticipantEmbeddingRNN(2, n_participants=2)
    for alpha in (0.8, 0.2):
        agent = AgentQ(alpha_reward=alpha)
        assert_same_participant(
            agent, model, FORGETTING_RNN_CONFIG, dataset_of(agent), {"x_value_reward": 0.6}
        )


@settings(max_examples=60, deadline=None)
@given(
    alpha=st.floats(0.05, 1.0),
    penalty=st.floats(0.05, 1.0),
    beta=st.floats(0.1, 10.0),
    q0=st.floats(0.0, 1.0),
    forget=st.floats(0.0, 1.0),
    learned=st.floats(0.2, 5.0) | st.floats(-5.0, -0.2),
)
def test_there_and_back(alpha, penalty, beta, q0, forget, learned):
    agent = AgentQ(alpha_reward=alpha, alpha_penalty=penalty, beta_reward=beta, q0=q0, forget_rate=forget)
    truth = true_model(agent, ForgettingRNN, FORGETTING_RNN_CONFIG, betas={"x_value_reward": learned})
    back = classical_parameters(truth, ForgettingRNN)
    given_in = {
        "alpha_reward": alpha,
        "alpha_penalty": penalty,
        "beta_reward": beta,
        "q0": q0,
        "forget_rate": forget,
    }
    assert back == pytest.approx(given_in, abs=1e-9, rel=1e-9)


def published(constant=-0.411):
    names = (), (CHOSEN,), ("c_reward",)
    return SpiceModel.of(Equation(CHOSEN, names, (constant, 0.682, 0.887)))


@pytest.mark.seed(73, 74)
def test_published_equation_of_the_tutorial():
    """S73, S74: the published equation is a learning rate of 0.318 and an inverse temperature of 2.79."""
    back = classical_parameters(published(), RescorlaWagnerRNN)
    assert back == pytest.approx(
        {"alpha_reward": 0.318, "alpha_penalty": 0.318, "beta_reward": 2.789, "q0": 0.643}, abs=5e-4
    )


@pytest.mark.seed(72)
def test_the_constant_does_not_drop_out():
    """Fact 1: without the constant, P(choice) moves by up to 0.2, and the choices are less likely."""
    agent = AgentQ(alpha_reward=0.3)
    dataset = dataset_of(agent, n_trials=100, n_sessions=100, seed=1)
    whole = true_model(agent, RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG)
    rest = Equation(CHOSEN, ((CHOSEN,), ("c_reward",)), (0.7, 0.9))
    agents = {
        "truth": agent,
        "whole": AgentSpice(RescorlaWagnerRNN(2), whole),
        "without": AgentSpice(RescorlaWagnerRNN(2), SpiceModel.of(rest)),
    }
    table = scores(agents, dataset)
    assert table.loc["whole", "max_dp"] < 1e-12
    assert 0.15 < table.loc["without", "max_dp"] < 0.3
    assert 0.008 < table.loc["without", "mean_dp"] < 0.02
    assert table.loc["without", "nll"] > table.loc["truth", "nll"] + 5e-4


def test_a_number_added_to_all_arms_changes_nothing():
    agent = AgentQ(alpha_reward=0.3)
    low = true_model(agent, RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG)

    class Shifted(RescorlaWagnerRNN):
        init_values = {"x_value_reward": 2.5}

    high = true_model(agent, Shifted, RESCORLA_WAGNER_CONFIG)
    assert low.equation(CHOSEN).coefficient() != high.equation(CHOSEN).coefficient()
    dataset = dataset_of(agent)
    spices = AgentSpice(RescorlaWagnerRNN(2), low), AgentSpice(Shifted(2), high)
    a, b = (replay(spice, dataset).probabilities for spice in spices)
    assert np.abs(a - b).max() < 1e-12


def test_what_the_equations_leave_open_is_nan():
    still = SpiceModel.of(Equation(CHOSEN, ((), (CHOSEN,), ("c_reward",)), (0.0, 1.0, 0.0)))
    back = classical_parameters(still, RescorlaWagnerRNN)
    assert back["alpha_reward"] == 0
    assert np.isnan(back["beta_reward"])
    assert np.isnan(back["q0"])


def test_unknown_modules_are_refused_with_the_known_ones():
    config = SpiceConfig({"x_mood": []}, {}, [], ["x_mood"])
    with pytest.raises(
        SettingsError, match=r"Nothing is known of the module 'x_mood' in terms of AgentQ; known are"
    ):
        true_model(AgentQ(), RescorlaWagnerRNN, config)


def test_term_by_term_puts_true_and_found_side_by_side():
    truth = true_model(AgentQ(alpha_reward=0.3), RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG)
    table = term_by_term(published(), truth)
    assert list(table.columns) == ["true", "found", "difference"]
    assert table.loc[(CHOSEN, "1"), "difference"] == pytest.approx(-0.111)
    assert list(table.index.get_level_values("term")) == ["1", f"{CHOSEN}[k]", "c_reward[k]"]


def test_what_no_q_learner_has_is_told_by_more_than_its_error():
    errors = {"alpha_reward": 0.1, "beta_reward": 0.2}
    assert impossible({"alpha_reward": 0.3, "beta_reward": 3.0}, errors) is None
    assert impossible({"alpha_reward": 1.2, "beta_reward": -0.4}, errors) is None  # within their errors
    above = impossible({"alpha_reward": 1.3, "beta_reward": 3.0}, errors)
    assert (above.name, "swings" in above.means) == ("alpha_reward", True)
    below = impossible({"alpha_reward": 0.3, "beta_reward": -0.6}, errors)
    assert (below.name, below.value, below.error) == ("beta_reward", -0.6, 0.2)
    assert impossible({"beta_reward": -0.6}, {}) is None
