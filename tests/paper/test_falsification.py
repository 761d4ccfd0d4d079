"""The view, the command and the report say the same of the same choices."""

from dataclasses import replace

import pytest
import small_study
from click.testing import CliRunner

from spicewidgets.cli import main
from spicewidgets.core.diagnose.claims import FAILS, HOLDS, UNDECIDED
from spicewidgets.core.judge.check import Judgement
from spicewidgets.lab import falsify
from spicewidgets.lab.falsify import FalsifyStudy
from spicewidgets.lab.simulation import Simulated
from spicewidgets.paper.card import TESTED, claims
from spicewidgets.state import Experiment
from spicewidgets.state.studies import RIVALS


def claim_of(found):
    (claim,) = [one for one in claims(found) if "contradict the equations" in one.words]
    return claim


def test_view_command_and_report_give_the_same_answer(found, files, tmp_path, monkeypatch):
    reported = found.falsification.judgements
    rivals = [name for name in reported if name in RIVALS]
    monkeypatch.setattr(falsify, "FEW", tuple(rivals))
    view = FalsifyStudy(Experiment().snapshot(), Simulated(found.dataset, (), None), lambda: found.estimator)
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
    assert claim_of(found).outcome == reported[found.told].sentence
    assert claim_of(found).verdict == TESTED[reported[found.told].verdict]


@pytest.mark.parametrize(
    ("p", "least", "verdict"), [(0.001, 0.0, FAILS), (0.2, 0.0, HOLDS), (0.05, 0.05, UNDECIDED)]
)
def test_the_cards_verdict_is_that_of_the_test(found, p, least, verdict):
    checks = tuple(
        replace(check, p=p, least_p=least, holm=min(p * check.family, 1.0))
        for check in found.falsification.judgements[found.told].checks
    )
    claim = claim_of(replace(found, falsification=replace(found.falsification, checks=checks)))
    assert claim.verdict == verdict
    assert claim.outcome == Judgement(found.told, checks).sentence
