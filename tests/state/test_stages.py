"""The table of panels says how far each stage is."""

import pytest

from spicewidgets.panels import STAGES as PANELS, Stage
from spicewidgets.state import Experiment
from spicewidgets.state.stages import STAGES


def test_each_row_names_a_panel():
    assert list(PANELS) == list(STAGES)
    assert all(issubclass(panel, Stage) for panel in PANELS.values())


def rows(depends_on):
    return [name for name, row in STAGES.items() if row.depends_on == depends_on]


@pytest.mark.parametrize(
    ("group", "name"), [("task", "sigma"), ("participant", "q0"), ("data", "seed"), ("discovery", "degree")]
)
def test_a_stage_of_settings_is_done_when_nothing_is_wrong_with_them(group, name):
    experiment = Experiment()
    assert {experiment.stages[stage] for stage in rows(group)} == {"done"}
    setattr(experiment.group(group), name, -1e9)
    assert {experiment.stages[stage] for stage in rows(group)} == {"todo"}


def test_a_stage_of_a_run_is_to_do_then_done_then_stale():
    experiment = Experiment()
    runs = [*rows("train"), *rows("equation"), *rows("uncertainty")]
    assert {experiment.stages[name] for name in runs} == {"todo"}
    experiment.trained = experiment.discovered = experiment.snapshot()
    experiment.studied = {"uncertainty": experiment.snapshot()}
    assert {experiment.stages[name] for name in runs} == {"done"}
    experiment.discovery.threshold = 0.2
    assert {experiment.stages[name] for name in rows("train")} == {"done"}
    assert {experiment.stages[name] for name in (*rows("equation"), *rows("uncertainty"))} == {"stale"}
    experiment.data.seed = 3
    assert {experiment.stages[name] for name in runs} == {"stale"}
