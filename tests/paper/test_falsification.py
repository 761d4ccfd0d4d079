"""The view, the command and the report say the same of the same choices."""

from dataclasses import replace

import pytest
import small_study
from click.testing import CliRunner
from staged import by_chance

from spicewidgets.app.studies import PageStudy
from spicewidgets.cli import main
from spicewidgets.core.diagnose.claims import FAILS, HOLDS, OPEN, UNDECIDED
from spicewidgets.core.judge.check import NOT_REJECTED, Judgement
from spicewidgets.core.judge.falsify import falsify
from spicewidgets.core.rivals.model import AgentRival
from spicewidgets.core.rivals.ready import ALL
from spicewidgets.core.studies import falsification
from spicewidgets.experiment.simulation import Simulated
from spicewidgets.paper.card import SMALL, claims
from spicewidgets.paper.falsification import panels_of
from spicewidgets.state import Experiment
from spicewidgets.state.studies import RIVALS


def claim_of(found):
    (claim,) = [one for one in claims(found) if "contradict the equations" in one.words]
    return claim


def test_view_command_and_report_give_the_same_answer(found, files, tmp_path, monkeypatch):
    reported = found.falsification.judgements
    rivals = [name for name in reported if name in RIVALS]
    monkeypatch.setattr(falsification, "FEW", tuple(rivals))
    choices = Simulated(found.dataset, (), None)
    view = PageStudy("falsify", Experiment().snapshot(), lambda: choices, lambda: found.estimator)
    for _ in view.steps():
        pass
    view.look()
    seen = view.found.judgements
    small_study.table().to_csv(tmp_path / "choices.csv", index=False)
    options = [word for name in rivals for word in ("--rival", name)]
    command = CliRunner().invoke(main, ["falsify", "--data", str(tmp_path / "choices.csv"), *options]).stdout
    labels = {"SPICE": found.told, "RNN": found.network} | {RIVALS[name]: name for name in rivals}
    assert set(seen) == set(labels)
    for label, name in labels.items():
        assert seen[label].words == reported[name].words
        assert [check.p for check in seen[label].checks] == [check.p for check in reported[name].checks]
        assert reported[name].sentence in files["report.md"].decode().replace("\\", "")
    for name in rivals:
        assert reported[name].sentence in command.splitlines()
    assert claim_of(found).outcome.startswith(reported[found.told].sentence)
    assert (claim_of(found).verdict in (HOLDS, OPEN)) == (reported[found.told].verdict == NOT_REJECTED)


@pytest.mark.parametrize(
    ("p", "least", "noticed", "verdict"),
    [
        (0.001, 0.0, 0.3, FAILS),
        (0.2, 0.0, 0.04, HOLDS),
        (0.2, 0.0, 0.3, OPEN),  # so few choices would not have shown it
        (1.0, 0.0, 0.04, HOLDS),
        (0.05, 0.05, 0.04, UNDECIDED),
    ],
)
def test_the_cards_verdict_is_that_of_the_test_and_of_its_power(found, p, least, noticed, verdict):
    """A model that no test rejects was said to hold, however few choices there were."""
    before = found.falsification.judgements[found.told]
    scale = noticed / before.noticeable
    checks = tuple(
        replace(check, p=p, least_p=least, holm=min(p * check.family, 1.0), scatter=scale * check.scatter)
        for check in before.checks
    )
    claim = claim_of(replace(found, falsification=replace(found.falsification, checks=checks)))
    judged = Judgement(found.told, checks)
    assert judged.noticeable == pytest.approx(noticed)
    assert claim.verdict == verdict
    assert claim.outcome.startswith(judged.sentence)
    assert "p = 1" not in claim.outcome
    times = (noticed / SMALL) ** 2
    assert (f"About {times:.1f} times as many choices" in claim.outcome) == (verdict == OPEN)


def test_the_four_bars_of_a_two_step_task_are_a_panel_of_the_picture():
    data = by_chance(3, 60, seed=4)
    agent = AgentRival(ALL["two-step-kernel"], [[0.3, 2.0, 1.0]], 6)
    panels = {panel.title: panel for panel in panels_of(falsify({"kernel": agent}, data))}
    bars = panels["First choices that are made again"]
    assert bars.points == ("common, reward", "common, none", "rare, reward", "rare, none")
    assert set(bars.models) == {"kernel"}
