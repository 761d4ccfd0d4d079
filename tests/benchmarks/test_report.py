"""What benchmarks find is kept as data, and RESULTS.md is made of it."""

import re
import sys

import report
from report import RESULTS, command, number, spread

import spicewidgets


def test_a_command_names_the_script_in_the_project_and_no_folder_outside():
    script = str(RESULTS.with_name("people.py"))
    assert command([script, "--folds", "4", "/home/me/my table.csv"]) == (
        "python tests/benchmarks/people.py --folds 4 'my table.csv'"
    )
    assert command(["/elsewhere/trial.py", "../data/choices.csv"]) == "python trial.py choices.csv"


def test_a_section_is_recorded_and_takes_the_place_of_its_last_one(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["trial.py"])
    monkeypatch.setattr(report, "RESULTS", tmp_path / "RESULTS.md")
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    report.RESULTS.write_text("# Results\n", encoding="utf-8")
    report.publish("Second", "two")
    report.publish("First (of 2)", "one", report.Table(["what", "s"], [["it", "0.1"]]))
    report.publish("Second", "two again", write=False)
    report.publish("Second", "two [k]", "more")
    first = report.Section.load(tmp_path / "first-of-2.json")
    assert (first.command, first.tables[0].rows) == ("python trial.py", [["it", "0.1"]])
    assert first.version.startswith(spicewidgets.__version__)
    text = report.RESULTS.read_text(encoding="utf-8")
    assert [*re.findall("## .*|two.*|more", text)] == ["## Second", "two [k]", "more", "## First (of 2)"]
    assert text.endswith("| it | 0.1 |\n\nBy `python trial.py`.\n")
    assert "two again" in capsys.readouterr().out


def test_the_page_is_what_the_files_say():
    """`python tests/benchmarks/report.py` makes it of them."""
    assert report.results_text() == report.RESULTS.read_text(encoding="utf-8")


def test_numbers_keep_three_digits():
    assert [number(v) for v in (0.0123, 0.5, 1.234, 12.34, 1234.5)] == [
        "0.012",
        "0.500",
        "1.23",
        "12.3",
        "1,234",
    ]


def test_spread_is_median_and_range():
    assert spread([3.0, 1.0, 2.0], "s") == "2.00 s (1.00 to 3.00)"
    assert spread([2.0]) == "2.00"


def test_figures_stand_right_and_sentences_left():
    shown = str(report.Table(["what", "ms", "why"], [["fit", "1", "since " * 20]]))
    assert shown.splitlines()[1] == "| --- | ---: | --- |"
