"""The table of the models that are ready to use: it agrees with the classes, and a row in it is enough."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import spicewidgets as sw
from spicewidgets.core.models import PUBLIC, READY

ROOT = Path(sw.__file__).parents[1]
CONTRIBUTING = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
CLASS = """
from ..config import SpiceConfig
from .precoded import RESCORLA_WAGNER_CONFIG, RescorlaWagnerRNN

OPTIMIST_CONFIG = RESCORLA_WAGNER_CONFIG


class OptimistRNN(RescorlaWagnerRNN):
    init_values = {"x_value_reward": 1.0}
"""
MAIN = ("-c", "from spicewidgets.cli import main; main()")
USE = """
import sys
from spicewidgets.core.models import READY
from spicewidgets.core.train.structure import describe
from spicewidgets.experiment.estimators import estimator_of
from spicewidgets.experiment.script import script_of
from spicewidgets.state import Experiment

experiment = Experiment()
experiment.model.name = "optimist"
print(experiment.model.spec.about)
snapshot = experiment.snapshot()
print(estimator_of(snapshot).rnn_class.__name__)
print(describe(READY["optimist"].rnn_class(n_actions=2)) == READY["optimist"].built)
for line in script_of(snapshot).splitlines():
    if line.startswith("from spicewidgets.core"):
        exec(line)
print(OPTIMIST_CONFIG is READY["optimist"].config, OptimistRNN.init_values)
"""


@pytest.mark.parametrize("name", READY)
def test_a_row_names_a_class_and_the_config_that_its_description_gives(name):
    model = READY[name]
    assert model.name == name
    assert model.rnn_class is getattr(sw, model.class_name)
    assert model.config is getattr(sw, model.config_name)
    if model.built is not None:
        assert model.module == PUBLIC
        assert model.config == model.built.config()
        assert model.built.problems() == []


def test_a_file_and_a_row_add_a_model(tmp_path):
    """As CONTRIBUTING says: it is in the panels, in the script that they write, and on the command line."""
    (row,) = [line for line in CONTRIBUTING.splitlines() if line.startswith('    ReadyModel("optimist"')]
    for folder in ("spicewidgets", "notebooks"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    core = tmp_path / "spicewidgets" / "core"
    (core / "train" / "optimist.py").write_text(CLASS, encoding="utf-8")
    table = (core / "models.py").read_text(encoding="utf-8")
    (core / "models.py").write_text(table.replace("_MODELS = (\n", f"_MODELS = (\n{row}\n"), encoding="utf-8")

    def ran(*arguments):
        environment = os.environ | {"PYTHONPATH": str(tmp_path)}
        run = subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    assert ran("-c", USE).splitlines() == [
        "As rescorla-wagner, and every option is taken for good at first.",
        "OptimistRNN",
        "True",
        "True {'x_value_reward': 1.0}",
    ]
    options = ["--model", "optimist", "--trials", "20", "--sessions", "5", "--epochs", "2", "--seed", "1"]
    assert "x_value_reward_chosen" in ran(*MAIN, "discover", *options, "--out", "out")
