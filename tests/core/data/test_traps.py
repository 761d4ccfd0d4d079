"""Tables with traps: each is found, named with its rows, and mended as said; nothing else is changed."""

from csv import reader

import numpy as np
import pandas as pd
import pytest

from spicewidgets.core.data.choices import read_choices
from spicewidgets.core.settings import SettingsError

BASE = [("a", trial % 2, trial // 2 % 2) for trial in range(10)]


def csv(rows, header="id,choice,reward"):
    return (header + "\n" + "\n".join(",".join(map(str, row)) for row in rows) + "\n").encode()


def rows_of(*rows):
    return [*BASE, *rows]


# name, table, problem: rows (as a spreadsheet numbers them) and remedy taken, rows left out, trials missing
TRAPS = [
    ("options from 1", csv((a, b + 1, c) for a, b, c in BASE), {}, [], []),
    ("options -1 and 1", csv((a, 2 * b - 1, c) for a, b, c in BASE), {}, [], []),
    (
        "spelling",
        csv([("a", "Left", 1), ("a", "left", 0), ("a", "RIGHT", 1), ("a", "right", 0)]),
        {"spelling": ((3, 5), "merge")},
        [],
        [],
    ),
    (
        "rewards to 100",
        csv((a, b, 100 * c) for a, b, c in BASE),
        {"scale": (tuple(range(2, 12)), "range")},
        [],
        [],
    ),
    (
        "missed as empty, -1, NA",
        csv(rows_of(("a", "", ""), ("a", -1, -1), ("a", "NA", "NA"))),
        {"missing_code": ((13,), "missing"), "missed_trials": ((12, 13, 14), "keep")},
        [],
        [12, 13, 14],
    ),
    (
        "missed as 999",
        csv(rows_of(("a", 999, 999), ("a", 1, 999))),
        {
            "missing_code": ((12,), "missing"),
            "missed_trials": ((12,), "keep"),
            "outlier_rewards": ((13,), "missing"),
            "missing_rewards": ((13,), "missing"),
        },
        [],
        [12, 13],
    ),
    (
        "missed as 0 among 1 and 2",
        csv(
            [("a", 1 + t % 2, t // 2 % 2, 0.5) for t in range(20)] + [("a", 0, 0, "")], "id,choice,reward,rt"
        ),
        {"missing_code": ((22,), "missing"), "missed_trials": ((22,), "keep")},
        [],
        [22],
    ),
    (
        "practice",
        csv(
            [("a", 0, 1, "practice"), ("a", 1, 1, "practice"), *((*row, "main") for row in BASE)],
            "id,choice,reward,phase",
        ),
        {"practice": ((2, 3), "leave_out")},
        [2, 3],
        [],
    ),
    (
        "a person with a single answer",
        csv(rows_of(("b", 1, 1))),
        {"few_trials": ((12,), "drop_person")},
        [12],
        [],
    ),
    (
        "repeated rows",
        csv([("a", t, t % 2, 1 - t % 2) for t in (0, 1, 2, 2, 3)], "id,trial,choice,reward"),
        {"repeated_rows": ((5,), "leave_out")},
        [5],
        [],
    ),
    (
        "the same trial twice, differently",
        csv(
            [("a", t, c, c) for t, c in ((0, 1), (1, 0), (2, 1), (2, 0), (3, 1), (4, 1))],
            "id,trial,choice,reward",
        ),
        {"repeated_trials": ((5,), "leave_out")},
        [5],
        [],
    ),
    (
        "text and infinity among rewards",
        csv(rows_of(("a", 1, "oops"), ("a", 1, "inf"), ("a", 1, "1e400"))),
        {"unreadable_rewards": ((12, 13, 14), "missing"), "missing_rewards": ((12, 13, 14), "missing")},
        [],
        [12, 13, 14],
    ),
    (
        "a fourth field",
        csv([*BASE[:2], ("a", 0, 1, "note"), *BASE[3:]]),
        {"extra_fields": ((4,), "leave_out")},
        [4],
        [],
    ),
    (
        "rows of nobody",
        csv(rows_of(("", 1, 1))),
        {"no_participant": ((12,), "leave_out")},
        [12],
        [],
    ),
    (
        "one reward far away",
        csv(rows_of(("a", 1, "1e9"))),
        {"outlier_rewards": ((12,), "missing"), "missing_rewards": ((12,), "missing")},
        [],
        [12],
    ),
    (
        "options -5 and 0",
        csv((a, -5 * b, c) for a, b, c in BASE),
        {"gaps": (tuple(range(2, 12)), "as_they_occur")},
        [],
        [],
    ),
    (
        "a person who always does the same",
        csv(rows_of(*[("b", 1, t % 2) for t in range(12)])),
        {"same_option": (tuple(range(12, 24)), "keep")},
        [],
        [],
    ),
    (
        "all rows a person's single trial, but one",
        csv([*BASE, *((f"p{t}", t % 2, 1) for t in range(5))]),
        {"few_trials": (tuple(range(12, 17)), "drop_person")},
        list(range(12, 17)),
        [],
    ),
    (
        "Windows letters",
        csv(("José", "né"[b], c) for _, b, c in BASE).decode().encode("cp1252"),
        {},
        [],
        [],
    ),
    (
        "formulas in cells",
        csv(("=1+1", ("@x", "-2+3")[b], c) for _, b, c in BASE),
        {},
        [],
        [],
    ),
    (
        "options 0 and 7",
        csv((a, 7 * b, c) for a, b, c in BASE),
        {"gaps": (tuple(range(2, 12)), "as_they_occur")},
        [],
        [],
    ),
]


def cells_of(table):
    """The table by the standard library: rows as they are, of any number of fields."""
    header, *rows = reader(table.decode("cp1252" if b"\xe9" in table else "utf-8").splitlines())
    return pd.DataFrame([row[: len(header)] for row in rows], columns=header, dtype=object)


@pytest.mark.parametrize(
    ("table", "problems", "left_out", "missing"), [row[1:] for row in TRAPS], ids=[row[0] for row in TRAPS]
)
def test_a_trap_is_found_and_mended_and_nothing_else_changes(table, problems, left_out, missing):
    choices = read_choices(table)
    report = choices.report
    assert {it.key: (it.where.rows, it.taken) for it in report.problems} == problems
    assert all(it.taken == it.default in it.remedies for it in report.problems)
    assert sorted(row for part in report.left_out for row in part.where.rows) == left_out
    frame = choices.frame
    assert sorted(frame["row"][frame["option"].eq(-1) | frame["reward"].isna()]) == missing
    # All other cells are those of the file.
    text = cells_of(table)
    same = frame[~frame["row"].isin(missing)]
    cells = text.iloc[same["row"] - 2]
    assert same["participant"].astype(str).tolist() == cells["id"].tolist()
    spelled = {"left": "Left", "right": "RIGHT"}
    assert same["choice"].astype(str).tolist() == [spelled.get(cell, cell) for cell in cells["choice"]]
    coding = report.rewards
    coded = (cells["reward"].astype(float).to_numpy() - coding.offset) / coding.scale
    np.testing.assert_allclose(same["reward"], coded)


@pytest.mark.parametrize(
    ("name", "remedies", "used", "missing"),
    [
        ("practice", {"practice": "keep"}, 12, 0),
        ("missed as empty, -1, NA", {"missed_trials": "leave_out"}, 10, 0),
        ("missed as 999", {"missing_code": "option", "outlier_rewards": "keep"}, 12, 0),
        ("text and infinity among rewards", {"missing_rewards": "leave_out"}, 10, 0),
        ("text and infinity among rewards", {"missing_rewards": "zero"}, 13, 0),
        ("a person with a single answer", {"few_trials": "keep"}, 11, 0),
        ("rows of nobody", {"no_participant": "one_person", "few_trials": "keep"}, 11, 0),
        ("repeated rows", {"repeated_rows": "keep", "repeated_trials": "keep"}, 5, 0),
        ("a fourth field", {"extra_fields": "keep"}, 10, 0),
        ("options -5 and 0", {"gaps": "all_numbers"}, 10, 0),
        ("a person who always does the same", {"same_option": "drop_person"}, 10, 0),
    ],
)
def test_another_remedy_is_taken_as_told(name, remedies, used, missing):
    table = next(row[1] for row in TRAPS if row[0] == name)
    report = read_choices(table, remedies=remedies).report
    assert {key: report.remedies[key] for key in remedies} == remedies
    assert (report.used, report.missing) == (used, missing)


@pytest.mark.parametrize("factor", [1e-6, 100, 1e6, 1e9, 1e30, 1e300])
def test_rewards_of_any_size_are_scaled_and_said(factor):
    choices = read_choices(csv((a, b, c * factor) for a, b, c in BASE))
    assert choices.dataset.rewards_chosen.tolist() == [[float(row[2]) for row in BASE]]
    assert [problem.key for problem in choices.report.problems] == ["scale"]


def test_rewards_scaled_by_their_largest_size_keep_their_sign():
    table = csv((a, b, 10 * c - 5 * b) for a, b, c in BASE)
    choices = read_choices(table, remedies={"scale": "largest"})
    assert choices.dataset.rewards_chosen[0].tolist() == [(10 * c - 5 * b) / 10 for _, b, c in BASE]


def test_shuffled_rows_are_put_in_the_order_of_their_trials():
    rows = [("a", trial, trial % 2, trial % 3 > 0) for trial in range(8)]
    shuffled = [rows[place] for place in (3, 1, 7, 0, 2, 6, 5, 4)]
    choices = read_choices(csv(shuffled, "id,trial,choice,reward"))
    assert choices.report.remedies == {"order": "sort"}
    assert choices.dataset.choices[0].tolist() == [0, 1] * 4
    assert choices.frame["row"].tolist() == [5, 3, 6, 2, 9, 8, 7, 4]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"roles": {"choice": "chocie"}}, "Did you mean 'choice'"),
        ({"roles": {"wahl": "choice"}}, "There is no role 'wahl'"),
        ({"remedies": {"skale": "range"}}, "There is no problem 'skale'"),
        ({"remedies": {"scale": "x"}}, "must be range, largest, middle or keep; got 'x'"),
    ],
)
def test_wrong_roles_and_remedies_are_a_sentence(arguments, sentence):
    with pytest.raises(SettingsError) as raised:
        read_choices(csv(BASE), **arguments)
    assert sentence in str(raised.value)


def test_five_hundred_columns():
    header = "id,choice,reward," + ",".join(f"x{number}" for number in range(497))
    assert read_choices(csv(((*row, *[0] * 497) for row in BASE), header)).report.used == 10


def test_the_report_of_a_table_with_markup_is_escaped():
    table = csv([("<script>alert(1)</script>", "<b>", 1), ("<script>alert(1)</script>", "<i>", 0)] * 3)
    page = read_choices(table).report.to_html()
    assert "<script>" not in page
    assert "<b>" not in page
    assert "&lt;b&gt;" in page


def test_no_report_is_read_from_anything_else():
    from spicewidgets.core.data.tables.report import Report

    for text in ("", "[]", "{}", '{"format": 2}', '{"format": 1, "roles": {}}'):
        with pytest.raises(SettingsError, match="no data report"):
            Report.from_json(text)
