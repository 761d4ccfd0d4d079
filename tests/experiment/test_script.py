"""The script that the panels hand out prints what the panels show, to the last digit."""

import json
import os
import subprocess
import sys

import pytest

from spicewidgets.app.runner import Runner
from spicewidgets.experiment.script import script_of
from spicewidgets.state import PRESETS, Experiment

SMALL = {"n_sessions": 12, "n_trials": 30}
RESAMPLES = 3


def shown(experiment):
    """What the panels show after a run."""
    runner = Runner(experiment)
    assert runner.train()
    assert runner.wait(300)
    assert experiment.run.status == "done", experiment.run.message
    told = [runner.result.spice]
    if experiment.uncertainty.n_resamples == RESAMPLES:
        assert runner.study("uncertainty")
        assert runner.wait(300)
        assert experiment.run.status == "done", experiment.run.message
        told.append(runner.studies["uncertainty"].found)
    people = told[0].participants
    if len(people) == 1:
        return "".join(f"{one.text()}\n" for one in told)
    return "".join(f"{who}\n{one.text(who)}\n" for one in told for who in people)


OTHERS = {
    "fixed probabilities, three arms": {"task": {"kind": "fixed", "n_actions": 3}},
    "reversal with all rewards shown": {"task": {"kind": "reversal", "counterfactual": True}},
    "switch": {"task": {"kind": "switch", "flip_probability": 0.1}},
    "several participants who differ": {
        "uncertainty": {"n_resamples": RESAMPLES, "seed": 4},
        "participant": {"variation": 0.2},
        "data": {"n_participants": 3},
        "model": {"name": "participant-embedding", "embedding_size": 4},
    },
    "sessions that differ, validated": {
        "participant": {"variation": 0.1, "alpha_penalty": 0.1},
        "data": {"validation_share": 0.2},
        "training": {"optimizer": "adam", "epochs": 20, "batch_size": 5},
    },
    "another library": {
        "discovery": {
            "degree": 2,
            "threshold": 0.02,
            "libraries": {
                "x_value_reward_chosen": {
                    "inputs": ["c_reward"],
                    "without": [["c_reward", "c_reward"], []],
                    "filters": [["c_action", 1.0, True]],
                }
            },
        }
    },
    "a model of one's own": {"model": {"name": "your own"}},
    "resampled": {"uncertainty": {"n_resamples": RESAMPLES}},
}


EVERY = {preset: PRESETS[preset] for preset in PRESETS} | OTHERS
# Each script alone, as a learner would run it, but in one process, since imports take longer than fits.
RUN = """
import contextlib, io, json, pathlib, runpy, warnings
warnings.simplefilter("ignore")
told = {}
for path in sorted(pathlib.Path().glob("*.py")):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        runpy.run_path(str(path))
    told[path.stem] = out.getvalue()
print(json.dumps(told))
"""


def experiment(name):
    """An experiment of the settings, of little data."""
    made = Experiment()
    made.from_dict(EVERY[name])
    made.data.put(SMALL)
    return made


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What each script prints, run in a fresh interpreter."""
    folder = tmp_path_factory.mktemp("scripts")
    for name in EVERY:
        snapshot = experiment(name).snapshot()
        resampling = snapshot.group("uncertainty")
        settings = resampling if resampling.n_resamples == RESAMPLES else None
        (folder / f"{name}.py").write_text(script_of(snapshot, settings), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", EVERY)
def test_the_script_prints_what_the_panels_show(name, printed):
    assert printed[name] == shown(experiment(name))


def test_the_tutorials_script_is_short():
    script = script_of(Experiment().snapshot())
    assert "agent = AgentQ(n_actions=2, alpha_reward=0.3)" in script
    assert len(script.splitlines()) < 15


def test_a_class_of_ones_own_is_named_and_must_be_added():
    from spicewidgets import RESCORLA_WAGNER_CONFIG, RescorlaWagnerRNN

    class Mine(RescorlaWagnerRNN):
        """A model of mine."""

    experiment = Experiment()
    experiment.model.name = experiment.model.register(Mine, RESCORLA_WAGNER_CONFIG)
    script = script_of(experiment.snapshot())
    assert "Mine is your own class: define it above" in script
    assert "SpiceEstimator(Mine, config" in script
