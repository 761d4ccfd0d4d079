"""A learner of another task, declared as those of bandits are: two stages, three states (Daw et al. 2011).

Option 0 of the first stage leads to state 1 in 70 of 100 trials, option 1 to state 2. A row of a data set is
a stage: a choice, its reward (0 in the first stage), the state of the task, and the next one. From the
declaration come play, compiled likelihood and equations.
"""

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.equations import Equation
from spicewidgets.core.mechanism import GuessRange, Mechanism, ParameterSpec, StateSpec, Trial, Values, update
from spicewidgets.core.polynomial import polynomial
from spicewidgets.core.rivals.fit import ModeSearch
from spicewidgets.core.rivals.model import AgentRival
from spicewidgets.core.rivals.ready import MechanismRival

COMMON = 0.7
HYBRID = {"alpha": 0.4, "alpha_2": 0.6, "trace": 0.7, "w": 0.5, "beta": 4.0, "beta_2": 3.0, "stay": 0.5}


def share(name, help):
    return ParameterSpec(name, help, name, name, name, guess=GuessRange(0.1, 0.9, 0.1))


BETA = ParameterSpec("beta", "Inverse temperature of the first stage.", "β", "beta", "β", scale="positive")
BETA_2 = ParameterSpec(
    "beta_2", "Inverse temperature of the second stage.", "β₂", "beta_2", "β₂", scale="positive"
)
STAY = ParameterSpec("stay", "Weight of the last first choice.", "stay", "stay", "stay", scale="real")
VALUES = StateSpec("value", "x_value", "Q", 0.5, BETA, per_context=True)
VISITED = StateSpec("visited", "x_visited", "e", 0.0, None, per_context=True)
LAST = StateSpec("last", "x_last", "C", 0.0, STAY)


class Sarsa(Mechanism):
    """Values of both stages learn from what followed them: SARSA with a trace."""

    name = "SARSA"
    words = "what was chosen learns from the value that it led to, and from the reward"
    parameters = (
        share("alpha", "Learning rate of the first stage."),
        share("alpha_2", "Learning rate of the second stage."),
        share("trace", "Share of the reward's surprise that reaches the first choice."),
    )
    states = (VALUES, VISITED)
    equation = "Q1_c += alpha (Q2_c - Q1_c) + alpha trace (r - Q2_c); Q2_c += alpha_2 (r - Q2_c)"

    def change(self, p, state, trial):
        """At the end of a trial both choices learn; the first one is remembered until then."""
        value, visited = state["value"], state["visited"]
        here = trial.context[..., None] * trial.chosen[:, None]
        ends = (1 - trial.context[:, :1])[..., None]  # at the second stage
        led_to = (here * value).sum(-1).sum(-1)[:, None, None]
        reward = trial.reward[..., None]
        first = visited * p.alpha[..., None] * (led_to - value + p.trace[..., None] * (reward - led_to))
        second = here * p.alpha_2[..., None] * (reward - value)
        return {"value": ends * (first + second), "visited": (1 - ends) * here - visited}


class Perseveration(Mechanism):
    """The first choice is made again."""

    name = "perseveration"
    words = "the first choice is repeated, whatever it led to"
    states = (LAST,)
    equation = "C = first choice"

    def change(self, p, state, trial):
        """Remember the first choice."""
        return {"last": trial.context[:, :1] * (trial.chosen - state["last"])}


class Weighing(Mechanism):
    """A plan with the task's transitions has a weight beside the values that were learned."""

    name = "planning"
    words = "values are worked out from where a choice leads"
    parameters = (share("w", "Weight of the plan."), BETA_2)


class Hybrid(MechanismRival):
    """Model-free and model-based values, weighed."""

    name = "hybrid"
    mechanisms = (Sarsa(), Weighing(), Perseveration())
    contexts = 3

    def logits(self, p, state):
        """Weigh the values of the state ahead; in the first stage, also what it leads to."""
        value, ahead = state["value"], state["ahead"]
        a, b = value[:, 1:, 0], value[:, 1:, 1]
        best = 0.5 * (a + b + abs(a - b))  # of states 1 and 2, to which options 0 and 1 lead
        plan = COMMON * best + (1 - COMMON) * best[:, [1, 0]]
        first = p.beta * ((1 - p.w) * value[:, 0] + p.w * plan) + p.stay * state["last"]
        return ahead[:, :1] * first + p.beta_2 * (ahead[:, 1:, None] * value[:, 1:]).sum(-2)


NAMES = tuple(one.name for one in Hybrid().parameters)
TRUE = [HYBRID[name] for name in NAMES]


def play(n_sessions, n_trials, seed):
    """Play sessions side by side; each trial is a row for each stage."""
    agent = AgentRival(Hybrid(), TRUE, random_state=seed)
    agent.new_sess(n_sessions=n_sessions)
    rng, sides = np.random.default_rng(seed), np.eye(2)
    payoff, states = rng.uniform(0.25, 0.75, (n_sessions, 2, 2)), np.eye(3)
    rows = []
    for _ in range(n_trials):
        state = np.zeros(n_sessions, int)
        for stage in (0, 1):
            choice = agent.get_choice()
            paid = payoff[np.arange(n_sessions), state - 1, choice]
            reward = stage * (rng.random(n_sessions) < paid)[:, None] * sides[choice]
            common = rng.random(n_sessions) < COMMON
            ahead = (1 - stage) * np.where(common, 1 + choice, 2 - choice)
            extra = np.hstack([states[state], states[ahead]])
            agent.update(choice, reward, additional_inputs=extra)
            rows.append(np.hstack([sides[choice], reward, extra, np.zeros((n_sessions, 3))]))
            state = ahead
        payoff = np.clip(payoff + rng.normal(0, 0.05, payoff.shape), 0.25, 0.75)
    xs = np.stack(rows, 1)
    names = [f"c_{when}_{state}" for when in ("here", "ahead") for state in range(3)]
    return sw.DatasetRNN(xs[:, :-1], xs[:, 1:, :2], additional_inputs=names)


@pytest.fixture(scope="module")
def data():
    return play(n_sessions=20, n_trials=150, seed=1)


def test_its_parameters_come_from_its_mechanisms():
    assert NAMES == ("alpha", "alpha_2", "trace", "w", "beta_2", "beta", "stay")
    assert Hybrid().states == {"value": 0.5, "visited": 0.0, "last": 0.0}


def test_people_stay_after_a_common_reward(data):
    """As model-based and model-free learners together do: reward and transition interact."""
    xs = data.xs.numpy()[:, :-1]
    first, second = xs[:, 0::2], xs[:, 1::2]
    n = min(first.shape[1], second.shape[1])
    choice = first[:, :n, :2].argmax(-1)
    common = second[:, :n, 4:7].argmax(-1) == choice + 1
    rewarded = (second[:, :n, :2] * second[:, :n, 2:4]).sum(-1) > 0
    stayed = choice[:, 1:] == choice[:, :-1]
    assert common.mean() == pytest.approx(COMMON, abs=0.03)
    stay = {
        (c, r): stayed[((common == c) & (rewarded == r))[:, :-1]].mean()
        for c in (True, False)
        for r in (True, False)
    }
    assert stay[True, True] > stay[True, False] + 0.05
    assert stay[True, True] - stay[True, False] > stay[False, True] - stay[False, False] + 0.05


def test_what_is_compiled_is_what_was_played(data):
    agent = AgentRival(Hybrid(), TRUE)
    p = sw.replay(agent, data).probabilities[:, 1:]
    nll = -np.log((p * data.ys.numpy()).sum(-1)).sum()
    search = ModeSearch(Hybrid(), data)
    values = np.array([[one.to_scale(value) for one, value in zip(Hybrid().parameters, TRUE, strict=True)]])
    assert search(values[None]).nll[0, 0] == pytest.approx(nll, rel=1e-9)


def test_maximum_likelihood_recovers_the_seven_parameters(data):
    fit = sw.fit_rival(Hybrid, data)
    assert np.isfinite(fit.errors).all()
    assert not fit.at_bound.any()
    np.testing.assert_array_less(np.abs(fit.values - TRUE) / fit.errors, 4)
    np.testing.assert_array_less(fit.errors[0, : NAMES.index("beta_2")], 0.2)


def test_its_update_run_on_letters_is_its_equations():
    """After first option 0, state 1 and there option 1."""
    rival = Hybrid()
    letters = np.array([[[polynomial(f"Q{s}{a}") for a in (0, 1)] for s in range(3)]], object)
    state = {"value": letters, "visited": np.zeros((1, 3, 2)), "last": np.zeros((1, 2))}
    p = Values(**{name: np.array([[value]]) for name, value in HYBRID.items()})
    reward, sides, states = np.array([[polynomial("c_reward")]], object), np.eye(2), np.eye(3)
    for choice, context in ((0, 0), (1, 1)):
        trial = Trial(sides[[choice]], reward, None, None, 1.0, states[[context]], None)
        state = update(rival.mechanisms, p, state, trial)
    first, second = state["value"][0, 0, 0].terms, state["value"][0, 1, 1].terms
    assert first == pytest.approx({("Q00",): 0.6, ("Q11",): 0.12, ("c_reward",): 0.28})
    assert second == pytest.approx({("Q11",): 0.4, ("c_reward",): 0.6})
    assert state["value"][0, 2, 0].terms == {("Q20",): 1.0}
    text = Equation("Q00", tuple(first), tuple(first.values())).text()
    assert text == "(Q00)[k+1] = 0.600 Q00[k] + 0.120 Q11[k] + 0.280 c_reward[k]"
