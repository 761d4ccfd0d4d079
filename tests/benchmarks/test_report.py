"""The tables that end up in RESULTS.md."""

import sys

from report import RESULTS, command, number, spread, table, write_section


def test_a_command_names_the_script_in_the_project_and_no_folder_outside():
    script = str(RESULTS.with_name("people.py"))
    assert command([script, "--folds", "4", "/home/me/my table.csv"]) == (
        "python tests/benchmarks/people.py --folds 4 'my table.csv'"
    )
    assert command(["/elsewhere/trial.py", "../data/choices.csv"]) == "python trial.py choices.csv"


def test_sections_are_replaced_by_heading_and_others_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["trial.py"])
    path = tmp_path / "RESULTS.md"
    write_section("First", "one", path)
    write_section("Second", "two\n\n### Part\n\nmore", path)
    write_section("First", "one again", path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# Results\n")
    by = "By `python trial.py`."
    assert text.endswith(f"## First\n\none again\n\n{by}\n\n## Second\n\ntwo\n\n### Part\n\nmore\n\n{by}\n")
    write_section("First", "one again", path)
    assert path.read_text(encoding="utf-8") == text


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


def test_table_aligns_numbers_right():
    assert table(["what", "ms"], [["fit", "1"]]) == "| what | ms |\n| --- | ---: |\n| fit | 1 |"
