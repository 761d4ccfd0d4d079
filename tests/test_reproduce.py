"""Recorded figures are made again from a file of known hash, and what has moved is said."""

import json
import sys

import pytest
from click.testing import CliRunner

from spicewidgets.cli import main
from spicewidgets.core.progress import run_to_completion
from spicewidgets.core.studies import reproduction
from spicewidgets.core.studies.reproduction import REPRODUCTIONS, Reproduction


def run(*words: str):
    """A run of the command."""
    return CliRunner().invoke(main, ["reproduce", *words])


def test_what_can_be_reproduced_is_listed():
    names = [line.split(":")[0] for line in run().stdout.splitlines()]
    assert names == ["tutorial", "peer", "people", "reversal"]


def test_the_tutorial_is_as_recorded_and_a_figure_that_has_moved_is_named(tmp_path, monkeypatch):
    told = run("tutorial", "--check")
    assert (told.exit_code, told.stdout.splitlines()[-1]) == (0, "All 7 figures are as recorded.")
    known = json.loads(reproduction.RECORDED.read_text(encoding="utf-8"))
    value, se = known["tutorial"][""]["figures"]["beta_reward"]
    known["tutorial"][""]["figures"]["beta_reward"] = [value + 0.2 * se, se]
    other = tmp_path / "reproduced.json"
    other.write_text(json.dumps(known), encoding="utf-8")
    monkeypatch.setattr(reproduction, "RECORDED", other)
    told = run("tutorial", "--check")
    assert (told.exit_code, told.stdout.splitlines()[-1]) == (1, "Moved: beta_reward.")


def test_the_peers_equation_stands_beside_ours_and_seconds_are_compared_with_nothing(monkeypatch):
    monkeypatch.setattr(reproduction, "REPEATS", 1)
    terms = dict.fromkeys(reproduction.PEER_TERMS.values(), 0.7)
    monkeypatch.setattr(reproduction, "_ask_peer", lambda *_: {"seconds": 30.0, "terms": terms})
    found = run_to_completion(reproduction.reproduce_steps(REPRODUCTIONS["peer"]))
    assert list(found.index[:2]) == ["constant, spicewidgets", "constant, autospice"]
    assert found.loc["own value, spicewidgets", "value"] == pytest.approx(0.705, abs=0.01)
    slower = found.assign(value=found["value"].where(found["se"].notna(), 2 * found["value"]))
    assert reproduction.compare(slower, found)["same"].all()
    assert not reproduction.compare(found + 1, found)["same"][:6].any()
    assert reproduction.compare(found / 3, (found / 3).round(6).assign(se=0.0))["same"][:6].all()


def test_figures_of_people_have_standard_errors_over_them(monkeypatch):
    small = Reproduction(
        "people", "A small one.", "two-groups", n_folds=2, rivals=("rescorla-wagner",), models=()
    )
    monkeypatch.setitem(REPRODUCTIONS, "people", small)
    head, model, chance = run("people").stdout.splitlines()
    assert head.split() == ["value", "se"]
    name, value, se = model.split()
    assert name == "rescorla-wagner"
    assert 0.5 < float(value) < 0.8
    assert 0 < float(se) < 0.05
    assert chance.split() == ["chance", "0.5000", "0.0000"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("peer",), "--peer must be the Python of an environment with autospice 0.2.0. In a clone"),
        (("peer", "--peer", "no-python"), "it said: [Errno 2]"),
        (("peer", "--peer", sys.executable), "it said: ModuleNotFoundError: No module named 'spice'"),
        (
            ("peple",),
            "NAME must be one of tutorial, peer, people, reversal; got 'peple'. Choose one of these.",
        ),
        (("tutorial", "--data", "a.csv"), "--data is for figures of people; these are of simulated choices."),
        (("people", "--data", "no.csv"), "no.csv"),
    ],
)
def test_what_is_wrong_is_a_sentence(words, sentence):
    told = run(*words)
    assert told.exit_code == 2
    assert sentence in told.stderr


def test_a_file_of_another_hash_has_no_figures(tmp_path):
    file = tmp_path / "choices.csv"
    file.write_text("id,choice,reward\nann,a,1\nann,b,0\nann,a,1\n", encoding="utf-8")
    told = run("people", "--data", str(file), "--check")
    assert told.exit_code == 2
    assert "recorded for a file, by its hash" in told.stderr
