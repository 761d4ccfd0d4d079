"""The page with each kind of task of one stage: its picture, its participant, its model, and all of a run."""

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.app.runner import Runner
from spicewidgets.core.models import MODELS
from spicewidgets.core.read.translation import read_parameters, true_model
from spicewidgets.core.rivals.participants import make_participant
from spicewidgets.core.settings import SIMULATED, Participant, SettingsError, Task
from spicewidgets.core.simulate.kinds import make_environment
from spicewidgets.core.tasks import TASKS
from spicewidgets.experiment.script import script_of
from spicewidgets.experiment.settle import truth_for, values_of
from spicewidgets.experiment.simulation import agents_of, play
from spicewidgets.panels import STAGES
from spicewidgets.panels.model import ModelPanel
from spicewidgets.panels.participant import ParticipantPanel
from spicewidgets.panels.task import TaskPanel
from spicewidgets.panels.tiles import TILES
from spicewidgets.state import Experiment
from spicewidgets.views.stages import at_stage

KINDS = tuple(name for name in SIMULATED if not TASKS[name].stages)
# Words of the picture, the setting whose slider is shown, and the parameters that the equations are read as.
SHOWN = {
    "contexts": ("Cue B", "alpha_reward", ""),
    "pairs": ("2 of these are on offer", "alpha_reward", ""),
    "go-no-go": ("C: no-go to win", "pavlovian", "pavlovian weight"),
    "gaussian": (" ± 0.03", "ru", "of means by uncertainty"),
    "gains-losses": ("+1.0 with 0.60, −1.0 with 0.40", "loss_weight", "not read as"),
    "counterfactual": ("Option 1", "alpha_reward", ""),
}


LOOKED_AT = ("equation", "library", "compare", "update", "trial", "recovery", "rivals", "falsify")


def is_shown(widget):
    return widget.layout.display != "none"


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_brings_picture_settings_participant_and_models(kind):
    experiment = Experiment()
    runner = Runner(experiment, foreground=True)
    task, person, model = (cls(experiment, runner) for cls in (TaskPanel, ParticipantPanel, ModelPanel))
    experiment.task.kind = kind
    words, parameter, _ = SHOWN[kind]
    assert (experiment.model.name, experiment.problems) == (TASKS[kind].model, [])
    assert words in task.diagram.value
    assert is_shown(task.picture) == ("with" not in task.diagram.value and "±" not in task.diagram.value)
    assert {name for name, knob in task.knobs.items() if is_shown(knob)} == {"kind", *TASKS[kind].settings}
    assert not any(task.knobs[name].idle for name in TASKS[kind].settings)
    own = kind if kind in person.learners else ""
    assert [name for name, learner in person.learners.items() if is_shown(learner)] == [own]
    assert parameter in experiment.participant.names()
    others = {one.model for one in TASKS.values()} - {TASKS[kind].model, "rescorla-wagner"}
    assert not others & {*model.names.options}
    assert (task.alert.value, person.alert.value, model.alert.value) == ("", "", "")
    for tile in ("task", "participant", "choices"):
        assert "<svg" in TILES[tile](experiment, runner)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_the_script_of_a_preset_plays_what_the_page_plays(kind):
    experiment = Experiment(TASKS[kind].title.lower())
    experiment.data.put({"n_sessions": 4, "n_trials": 20, "n_participants": 2})
    experiment.participant.variation = 0.1
    script = script_of(experiment.snapshot())
    names: dict = {}
    exec(script.partition("spice = SpiceEstimator")[0], names)
    np.testing.assert_array_equal(
        np.column_stack([names["dataset"].choices, names["dataset"].ys[:, -1].argmax(-1)])[:, :-1],
        play(experiment.peek()).choices,
    )


@pytest.mark.parametrize(
    ("kind", "own"),
    [
        ("contexts", {"alpha_reward": 0.4}),
        ("pairs", {"forget_rate": 0.1}),
        ("gaussian", {"ru": -0.5}),
        ("go-no-go", {"lapse": 0.0, "pavlovian": 0.3, "gain": 3.0, "loss_sensitivity": 3.0}),
        ("counterfactual", {"alpha_counterfactual_reward": 0.2, "alpha_counterfactual_penalty": 0.2}),
    ],
)
def test_the_true_equations_are_the_participant(kind, own):
    """Run by the model's own forward pass they expect the same choices; read back they are the same."""
    experiment = Experiment(TASKS[kind].title.lower())
    experiment.participant.put(experiment.participant.to_dict() | own)
    snapshot = experiment.snapshot()
    agent = agents_of(snapshot)[0]
    truth = truth_for(0, agent, snapshot, None)
    data, _, _ = sw.create_dataset(agent, make_environment(snapshot.task), 40, 3, random_state=3)
    spice = sw.AgentSpice(MODELS[TASKS[kind].model].rnn_class(data.n_actions), truth, data.n_actions)
    expected, real = (sw.replay(one, data).probabilities[:, 1:] for one in (spice, agent))
    np.testing.assert_allclose(expected, real, atol=1e-5)
    read = read_parameters(truth, values_of(snapshot))
    for name, value in own.items():
        if name in read:
            assert read[name] == pytest.approx(value)


def test_what_has_no_equation_is_said():
    for kind, words in (
        ("go-no-go", "Set lapse to 0"),
        ("gains-losses", "no equation of values and rewards"),
    ):
        agent, ready = make_participant(Participant(), Task(kind=kind)), MODELS[TASKS[kind].model]
        with pytest.raises(SettingsError, match=words):
            true_model(agent, ready.rnn_class, ready.config)


@pytest.fixture(scope="module")
def trained():
    """Run each kind once."""
    runs = {}
    for kind in KINDS:
        experiment = Experiment(TASKS[kind].title.lower())
        runner = Runner(experiment, foreground=True)
        experiment.data.put({"n_sessions": 12, "n_trials": 30, "n_participants": 3})
        experiment.training.epochs = 5
        runner.train()
        assert runner.wait(120)
        runs[kind] = experiment, runner
    return runs


@pytest.mark.parametrize("kind", KINDS)
def test_no_panel_fails_with_a_run_and_the_equations_are_translated(kind, trained):
    for name in LOOKED_AT:
        assert STAGES[name](*trained[kind]).alert.value == "", name
    steps = STAGES["translate"](*trained[kind]).steps.value
    assert (SHOWN[kind][2] or "inverse temperature") in steps


@pytest.mark.parametrize(("kind", "n"), [("contexts", 2), ("pairs", 4), ("go-no-go", 2)])
def test_a_session_is_shown_where_the_option_is_on_offer(kind, n, trained):
    result = trained[kind][1].result
    view = at_stage(result.snapshot, result.played, result.choices, result.rewards, 1)
    assert (len(view.options), view.arm, view.when) == (n, 1, "where it is on offer")
    for session, shown in enumerate(view.choices):
        kept = (shown >= 0).sum()
        rows = view.rows[session][:kept]
        assert (result.played["truth"].probabilities[session, rows, 1] > 0).all()
        assert view.place_of(rows[-1], session) == kept - 1
        p = view.played["spice"].probabilities[session, :kept]
        np.testing.assert_allclose(p.sum(-1), 1, atol=1e-5)
