"""The tables that end up in RESULTS.md."""

from report import number, spread, table, write_section


def test_sections_are_replaced_by_heading_and_others_stay(tmp_path):
    path = tmp_path / "RESULTS.md"
    write_section("First", "one", path)
    write_section("Second", "two\n\n### Part\n\nmore", path)
    write_section("First", "one again", path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# Results\n")
    assert text.endswith("## First\n\none again\n\n## Second\n\ntwo\n\n### Part\n\nmore\n")
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
