"""Simulated participants of kinds of tasks: they play as their rival does, and their equations are theirs."""

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.models import MODELS
from spicewidgets.core.read.hybrid import read_hybrid, true_hybrid
from spicewidgets.core.rivals.model import AgentRival
from spicewidgets.core.rivals.participants import make_participant
from spicewidgets.core.rivals.ready import ALL
from spicewidgets.core.settings import SIMULATED, Participant, SettingsError, Task
from spicewidgets.core.simulate.kinds import make_environment
from spicewidgets.core.simulate.run import play_sessions
from spicewidgets.core.tasks import TASKS, TWO_STEP


@pytest.mark.parametrize("kind", SIMULATED)
def test_numpy_plays_what_torch_does(kind):
    task, person = Task(kind=kind), Participant()
    declared, rival = TASKS[kind], ALL[TASKS[kind].rival].participant()
    values = {spec.short_name: getattr(person, spec.name) for spec in declared.participant}
    columns = [values[name] for name, _ in rival.columns(task.n_options)]
    with_torch = AgentRival(rival, [columns], task.n_options)
    one, other = (
        play_sessions(agent, make_environment(task), 30, 3, random_state=1)[0]
        for agent in (make_participant(person, task), with_torch)
    )
    np.testing.assert_array_equal(one.choices, other.choices)
    np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-12)


def test_participants_who_differ_play_a_session_each():
    task, agent = Task(kind="two-step"), make_participant(Participant(w=0.0), Task(kind="two-step"))
    rows = agent.vary(0.3, 4, 1)
    several = agent.of(rows)
    together, parameters = play_sessions(several, make_environment(task), 20, 4, random_state=2)
    assert [one["w"] for one in parameters] == [0.0] * 4
    assert len({one["alpha1"] for one in parameters}) == 4
    assert several.member(2).parameters == parameters[2]
    alone, _ = play_sessions(several, make_environment(task), 20, 1, random_state=2)
    np.testing.assert_array_equal(alone.choices[0], together.choices[0])


@pytest.mark.parametrize("w", [0.0, 0.4, 1.0])
def test_the_true_equations_are_the_participant(w):
    """Run by the model's own forward pass, they expect the same choices; read back, they are the same."""
    ready, task = MODELS["two-step"], Task(kind="two-step")
    agent = make_participant(Participant(w=w, alpha1=0.6, beta1=4.0, stay=-0.3), task)
    data, _, _ = sw.create_dataset(agent, make_environment(task), 40, 3, random_state=3)
    modules = ready.config.modules
    truth = sw.SpiceModel.of(*true_hybrid(agent.parameters, modules))
    spice = sw.AgentSpice(ready.rnn_class(6), truth, 6)
    expected, own = (sw.replay(one, data).probabilities[:, 1:] for one in (spice, agent))
    np.testing.assert_allclose(expected, own, atol=1e-5)
    read = read_hybrid(truth)
    for spec in TWO_STEP.participant:
        if np.isfinite(read[spec.short_name]):
            assert read[spec.short_name] == pytest.approx(agent.parameters[spec.name])


def test_what_has_no_equation_is_refused():
    agent = make_participant(Participant(beta2=0.0), Task(kind="two-step"))
    with pytest.raises(SettingsError, match="beta2"):
        true_hybrid(agent.parameters, ())
    with pytest.raises(SettingsError, match="x_value_reward"):
        true_hybrid(agent.parameters, ("x_value_reward",))
