"""Any table of choices: roles without an argument, every problem in the open, and numbers that add up."""

import dataclasses
import gzip
import io
import json
import sys
import time
import zipfile

import numpy as np
import pandas as pd
import pytest
import table_layouts as layouts
import torch
from hypothesis import given, settings, strategies as st

from spicewidgets.core.data.choices import read_choices, reading_choices
from spicewidgets.core.data.dataset import DatasetRNN
from spicewidgets.core.data.entry import as_dataset
from spicewidgets.core.data.tables import limits, reading
from spicewidgets.core.data.tables.report import Report
from spicewidgets.core.settings import SettingsError, Task
from spicewidgets.core.simulate.game import Game


def adds_up(choices):
    report = choices.report
    assert report.rows == report.used + sum(part.where.n for part in report.left_out)
    assert report.used == len(choices.rows.arms) == len(choices.frame) == len(set(choices.places))
    assert int(choices.dataset.mask.sum()) == report.used - report.missing
    assert Report.from_json(report.to_json()) == report
    return choices


# Layouts

LAYOUTS = [  # maker, layout, roles, sessions, options, remedies
    ("hbayesdm", "hBayesDM", {"participant": "subjID", "choice": "choice", "reward": "outcome"}, 3, (1, 2)),
    (
        "igt",
        "hBayesDM",
        {"participant": "subjID", "trial": "trial", "choice": "choice", "reward": "gain", "loss": "loss"},
        3,
        (1, 2, 3, 4),
    ),
    (
        "pst",
        "hBayesDM",
        {
            **{"participant": "subjID", "choice": "choice", "reward": "reward"},
            **{"offered": ["type"], "positions": ["1", "0"]},
        },
        3,
        (1, 2, 3, 4, 5, 6),
    ),
    (
        "gng",
        "hBayesDM",
        {"participant": "subjID", "choice": "keyPressed", "reward": "outcome", "state": "cue"},
        3,
        tuple(f"{key} in {cue}" for cue in (1, 2, 3, 4) for key in (0, 1)),
    ),
    (
        "bandit4arm",
        "hBayesDM",
        {"participant": "subjID", "choice": "choice", "reward": "gain", "loss": "loss"},
        3,
        (1, 2, 3, 4),
    ),
    (
        "prl",
        "hBayesDM",
        {"participant": "subjID", "choice": "choice", "reward": "outcome", "sessions": ["block"]},
        6,
        (1, 2),
    ),
    (
        "hddm",
        "HDDM",
        {
            **{"participant": "subj_idx", "choice": "response", "reward": "feedback", "time": "rt"},
            **{"trial": "trial", "sessions": ["split_by"]},
        },
        9,
        (0, 1),
    ),
    (
        "hssm",
        "HSSM",
        {"participant": "participant_id", "choice": "response", "reward": "feedback", "time": "rt"},
        3,
        (-1, 1),
    ),
    (
        "rlssm",
        "rlssm",
        {
            **{"participant": "participant", "choice": "accuracy", "positions": ["1", "0"]},
            **{"offered": ["cor_option", "inc_option"], "outcomes": ["f_cor", "f_inc"]},
            **{"sessions": ["block_label"], "trial": "trial_block", "time": "rt"},
        },
        6,
        (1, 2, 3, 4),
    ),
    (
        "cpm",
        "cpm",
        {
            **{"participant": "ppt", "choice": "response", "reward": "feedback", "trial": "trial"},
            **{"offered": ["arm_left", "arm_right"], "positions": ["1", "2"]},
        },
        3,
        (1, 2, 3, 4),
    ),
    (
        "autospice",
        "autospice",
        {"participant": "session", "choice": "choice", "reward": "reward", "sessions": ["block"]},
        6,
        (0, 1),
    ),
    (
        "jspsych",
        "jsPsych",
        {
            **{"participant": "subject", "choice": "response", "reward": "reward", "time": "rt"},
            **{"trial": "trial_index", "events": "trial_type"},
        },
        3,
        (0, 1),
    ),
    (
        "psychopy",
        "PsychoPy",
        {
            **{"participant": "participant", "choice": "key_resp.keys", "reward": "reward"},
            **{"trial": "trials.thisN", "practice": "practice.thisN", "time": "key_resp.rt"},
        },
        3,
        ("f", "j"),
    ),
    (
        "bids",
        "BIDS events",
        {"choice": "response", "reward": "outcome", "events": "trial_type", "time": "response_time"},
        1,
        ("left", "right"),
    ),
    (
        "dezfouli",
        "Dezfouli 2019",
        {
            **{"participant": "ID", "choice": "choice", "reward": "reward"},
            **{"sessions": ["block", "trial"], "groups": ["diag"]},
        },
        24,
        ("R1", "R2"),
    ),
    (
        "zorowitz",
        "Zorowitz 2023",
        {
            **{"participant": "subject", "choice": "choice", "reward": "outcome", "time": "rt"},
            **{"sessions": ["block"], "trial": "trial"},
        },
        3,
        (0, 1, 2),
    ),
]


@pytest.mark.parametrize(("maker", "layout", "roles", "n_sessions", "options"), LAYOUTS)
def test_the_layouts_of_the_field_need_no_argument(maker, layout, roles, n_sessions, options):
    choices = adds_up(read_choices(getattr(layouts, maker)()))
    report = choices.report
    assert report.layout == layout
    assert report.roles.to_dict() == roles
    assert report.sessions == choices.dataset.n_sessions == n_sessions
    assert tuple(option.label for option in report.options) == choices.dataset.arm_labels == options
    assert {guess.role for guess in report.guesses} >= {"choice"}
    assert all(0 < guess.confidence <= 1 for guess in report.guesses)


NAMES = {
    "participant": (
        *("subjID", "subj_idx", "subject", "participant", "participant_id", "ppt", "ID", "id", "subID"),
        *("subid", "subjects", "subno", "subject_id", "session"),
    ),
    "choice": (
        *("choice", "response", "action", "key", "R", "banditResp", "deck", "keyPressed", "choice_1"),
        *("level1_choice", "choice1"),
    ),
    "reward": ("reward", "outcome", "feedback", "gain", "rew"),
    "sessions": ("block", "blocks", "block_label", "session", "game", "run"),
    "time": ("rt", "RT", "banditRT", "choice.RT"),
}


@pytest.mark.parametrize(("role", "name"), [(role, name) for role in NAMES for name in NAMES[role]])
def test_the_names_that_columns_have_in_the_field(role, name):
    header = {"participant": "id", "sessions": "block", "choice": "choice", "reward": "reward", "time": "rt"}
    header[role] = name

    def row(r, p, t):
        return f"p{p}", t // 6, "ab"[r.integers(2)], r.integers(2), round(r.random(), 3)

    roles = read_choices(layouts.table(",".join(header.values()), row)).report.roles.to_dict()
    assert roles == header | {"sessions": [header["sessions"]]}


def test_what_the_other_option_paid_is_used_when_people_saw_it():
    table = (
        layouts.table(
            "id,choice,outcome,outcome_unchosen", lambda r, p, t: (p, "ab"[t % 2], t % 3 > 0, t % 5 > 0)
        )
        .replace(b"True", b"1")
        .replace(b"False", b"0")
    )
    unseen = adds_up(read_choices(table))
    assert unseen.report.roles.unchosen == "outcome_unchosen"
    assert unseen.report.remedies == {"other_outcomes": "chosen_only"}
    assert (unseen.dataset.rewards.isfinite().sum(-1) == 1).all()
    seen = adds_up(read_choices(table, remedies={"other_outcomes": "all"})).dataset
    assert torch.equal(seen.choices, unseen.dataset.choices)
    assert torch.equal(seen.rewards_chosen, unseen.dataset.rewards_chosen)
    other = seen.rewards.gather(-1, (1 - seen.choices)[..., None])[0, :, 0]
    assert other.tolist() == [float(trial % 5 > 0) for trial in range(12)]


def test_columns_that_nothing_is_made_of_are_named():
    report = read_choices(layouts.dezfouli()).report
    assert report.columns_left == ("key", "time")
    assert "columns not used: key and time" in report.text
    assert Report.from_json(report.to_json()).columns_left == ("key", "time")
    assert read_choices(layouts.hbayesdm()).report.columns_left == ()


@pytest.mark.parametrize("maker", [row[0] for row in LAYOUTS])
def test_a_report_does_the_same_again(maker):
    table = getattr(layouts, maker)()
    first = read_choices(table)
    saved = Report.from_json(first.report.to_json())
    again = read_choices(table, saved.roles, saved.remedies)
    assert dataclasses.replace(again.report, guesses=()) == dataclasses.replace(first.report, guesses=())
    assert torch.equal(again.dataset.xs, first.dataset.xs)
    assert torch.equal(again.dataset.ys, first.dataset.ys)


def test_a_dataset_of_hbayesdm_is_what_the_table_says():
    dataset = read_choices(
        b"subjID\tchoice\toutcome\n7\t1\t1\n7\t2\t-1\n7\t\t\n7\t1\t-1\n9\t2\t1\n9\t1\t1\n"
    ).dataset
    assert dataset.participants == (7, 9)
    assert dataset.choices.tolist() == [[0, 1, -1, 0], [1, 0, -1, -1]]
    assert dataset.rewards_chosen[0].tolist()[:2] == [1, 0]
    assert dataset.ys[0].tolist() == [[0, 1], [-1, -1], [-1, -1], [-1, -1]]


def test_a_pair_of_stimuli_is_what_was_on_offer():
    table = b"subjID,type,choice,reward\n1,12,1,1\n1,34,0,0\n1,56,0,1\n1,21,0,0\n1,34,,\n"
    data = read_choices(table).dataset
    assert data.choices.tolist() == [[0, 3, 5, 0, -1]]
    assert data.offered[0, :3].int().tolist() == [[0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1], [1, 1, 0, 0, 0, 0]]
    named = table.replace(b"type", b"shown").replace(b"subjID", b"id")
    again = read_choices(named, {"offered": ["shown"], "positions": ["1", "0"]}).dataset
    assert torch.equal(again.choices, data.choices)
    blocks = table.replace(b"12", b"1").replace(b"34", b"2").replace(b"56", b"1").replace(b"21", b"2")
    assert read_choices(blocks).report.columns_left == ("type",)  # a bandit, with something beside it


def test_a_cue_has_options_of_its_own():
    table = b"subjID,cue,keyPressed,outcome\n1,1,1,1\n1,2,0,0\n1,1,0,-1\n1,,1,1\n1,2,1,1\n"
    choices = adds_up(read_choices(table))
    data = choices.dataset
    assert data.choices.tolist() == [[1, 2, 0, -1, 3]]
    assert data.offered[0, :2].int().tolist() == [[0, 0, 1, 1], [1, 1, 0, 0]]
    assert data.rewards_chosen[0, :3].tolist() == [1, 0.5, 0]
    assert choices.report.remedies["no_state"] == "missing"
    contexts = table.replace(b"cue", b"context").replace(b"keyPressed", b"choice")
    assert torch.equal(read_choices(contexts, {"state": "context"}).dataset.xs, data.xs)


def test_states_beside_what_is_on_offer_are_refused():
    with pytest.raises(
        SettingsError, match="Options are those of a state, or on offer by a column, not both"
    ):
        read_choices(b"subjID,type,x,choice,reward\n1,12,1,1,1\n1,34,2,0,0\n", {"state": "x"})
    with pytest.raises(
        SettingsError, match="must hold 2 to 25 states, as each has 2 options of its own; got 1"
    ):
        read_choices(b"id,cue,choice,reward\n1,1,1,1\n1,1,0,0\n", {"state": "cue"})


def test_gains_and_losses_are_added_whatever_their_sign():
    for sign in (1, -1):
        table = f"subjID,choice,gain,loss\n1,1,100,{sign * 50}\n1,2,100,0\n1,1,50,{sign * 50}\n".encode()
        report = read_choices(table).report
        assert (report.rewards.low, report.rewards.high) == (0, 100)
        assert report.summary()["rewards"].startswith("gain minus the size of loss: 0 to 100")


def test_cells_stay_as_they_are_written():
    data = layouts.table("id,choice,reward", lambda r, p, t: (f"00{p}", "01" if t % 2 else "02", "1.50"))
    choices = read_choices(data, remedies={"scale": "keep"})
    assert choices.report.participants == ("000", "001", "002")
    assert choices.dataset.arm_labels == ("01", "02")
    assert choices.frame["reward"].eq(1.5).all()
    assert choices.table.frame.astype(str).to_csv(index=False).encode() == data


def test_what_was_not_on_offer_is_masked():
    choices = read_choices(layouts.rlssm())
    table = pd.read_csv(io.BytesIO(layouts.rlssm()))
    offered = choices.dataset.offered
    pair = table.loc[1, ["cor_option", "inc_option"]].to_numpy(int)
    assert (np.flatnonzero(offered[0, 0]) + 1).tolist() == sorted(pair)
    own = choices.dataset.choices
    assert offered.gather(-1, own[:, 1:, None].clamp(min=0))[own[:, 1:] >= 0].all()
    assert (choices.dataset.rewards.isfinite().sum(-1)[choices.dataset.mask] == 2).all()  # both outcomes seen


def test_blocks_carry_on_or_start_anew_as_is_said():
    counted_on = layouts.table(
        "id,block,trial,choice,reward", lambda r, p, t: (p, t // 6, t, t % 2, t % 3 > 0)
    )
    anew = layouts.table("id,block,trial,choice,reward", lambda r, p, t: (p, t // 6, t % 6, t % 2, t % 3 > 0))
    for table, default, n in ((counted_on, "carry_on", 3), (anew, "start_anew", 6)):
        choices = read_choices(table)
        (problem,) = choices.report.problems
        assert (problem.key, problem.default, choices.report.sessions) == ("sessions", default, n)
    assert read_choices(counted_on, remedies={"sessions": "start_anew"}).report.sessions == 6
    carried = read_choices(anew, remedies={"sessions": "carry_on"})
    assert carried.report.sessions == 3
    assert carried.frame["row"].tolist() == list(range(2, 38))


# Ways to give a table


def packed(data: bytes) -> bytes:
    """As macOS packs it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data/choices.csv", data)
        archive.writestr("__MACOSX/data/._choices.csv", b"\0\5\26\7 no table")
    return file.getvalue()


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b",", b";").replace(b".", b","),
        lambda data: b"sep=;\n" + data.replace(b",", b";"),
        lambda data: data.replace(b",", b"\t"),
        lambda data: data.replace(b"\n", b"\r\n") + b"\r\n\r\n",
        lambda data: data.decode().encode("utf-16"),
        gzip.compress,
        packed,
        lambda data: io.StringIO(data.decode()),
        lambda data: pd.read_csv(io.BytesIO(data)),
        lambda data: pd.read_csv(io.BytesIO(data)).to_json(orient="records").encode(),
    ],
)
def test_ways_to_write_a_table(change):
    data = layouts.table("id,choice,reward", lambda r, p, t: (f"n{p}", t % 2, f"0.{r.integers(10)}"))
    assert torch.equal(read_choices(change(data)).dataset.xs, read_choices(data).dataset.xs)


def test_a_spreadsheet(tmp_path):
    pytest.importorskip("openpyxl")
    frame = pd.read_csv(io.BytesIO(layouts.hbayesdm()), sep="\t")
    frame.to_excel(tmp_path / "table.xlsx", index=False)
    expected = read_choices(layouts.hbayesdm()).dataset
    assert torch.equal(read_choices(tmp_path / "table.xlsx").dataset.xs, expected.xs)


def test_a_spreadsheet_without_its_package_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "")
    with pytest.raises(SettingsError, match=r"pip install openpyxl|cannot be read as Excel"):
        read_choices(file.getvalue())


def test_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.read_csv(io.BytesIO(layouts.hbayesdm()), sep="\t")
    frame.loc[3, ["choice", "outcome"]] = None
    frame.to_parquet(tmp_path / "table.parquet")
    expected = read_choices(frame).dataset
    choices = read_choices(tmp_path / "table.parquet")
    assert choices.report.facts == {"format": "Parquet"}
    assert choices.report.layout == "hBayesDM"
    assert torch.equal(choices.dataset.xs, expected.xs)
    assert choices.dataset.choices[0, 3] == -1


def test_a_parquet_file_without_its_package_is_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "fastparquet", None)
    with pytest.raises(SettingsError, match=r"pip install pyarrow"):
        read_choices(b"PAR1 and more")


def test_a_file_for_each_person_as_in_bids(tmp_path):
    for person in ("01", "02"):
        (tmp_path / f"sub-{person}_task-bandit_events.tsv").write_bytes(layouts.bids())
    choices = adds_up(read_choices(sorted(tmp_path.glob("*.tsv"))))
    assert choices.report.participants == ("sub-01", "sub-02")
    assert choices.report.left_out[0].where.files[0] == "sub-01_task-bandit_events.tsv"


@pytest.mark.parametrize("n_actions", [2, 3])
def test_our_own_exports_open_again_bit_for_bit(n_actions):
    game = Game(Task(n_actions=n_actions), n_trials=30, random_state=1)
    for trial in range(25):
        game.choose(trial % n_actions)
    played = as_dataset(game.session(), n_actions)
    random = np.random.default_rng(0)
    xs = torch.tensor(
        np.where(random.random((3, 20, 1)) < 0.2, -1.0, played.xs[0, :20].numpy()), dtype=torch.float32
    )
    xs[:, :, -1] = torch.arange(3.0)[:, None]
    gaps = DatasetRNN(xs, torch.roll(xs[..., :n_actions], -1, 1), participants=["ann", "007", "=1+1"])
    for dataset in (played, gaps):
        csv = dataset.to_frame().to_csv(index=False).encode()
        choices = read_choices(csv)
        assert choices.report.layout == "spicewidgets"
        assert torch.equal(choices.dataset.xs, dataset.xs)
        assert torch.equal(choices.dataset.ys, dataset.ys)
        assert choices.dataset.participants == dataset.participants
        assert choices.report.participants == dataset.participants or not dataset.labelled
        assert choices.dataset.to_frame().to_csv(index=False).encode() == csv


def test_reading_tells_how_far_it_is():
    records = list(reading_choices(layouts.hbayesdm()))
    shares = [record.share for record in records]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert records[-1].words == "Read 36 trials"


# Every table


CELLS = st.sampled_from(
    [
        "0",
        "1",
        "2",
        "-1",
        "",
        "1.5",
        "left",
        "Left",
        "NA",
        "inf",
        "1e400",
        "999",
        "x;y",
        '"a"',
        "=1+1",
        "é",
        "0,5",
    ]
)
NAMES = st.sampled_from(
    [
        "id",
        "subjID",
        "choice",
        "reward",
        "outcome",
        "trial",
        "block",
        "rt",
        "note",
        "reward_0",
        "reward_1",
        "arm_left",
    ]
)


@st.composite
def any_table(draw):
    likely = draw(st.integers(0, 3)) > 0
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique=draw(st.integers(0, 20)) > 0))
    if likely:
        names = [
            "id",
            "choice",
            "reward",
            *(name for name in names if name not in ("id", "choice", "reward")),
        ]
    separator = draw(st.sampled_from([",", ",", ";", "\t"]))
    cells = st.sampled_from(["0", "1", "1", "0", "2", ""]) if draw(st.booleans()) else CELLS
    width = st.integers(len(names), len(names) + (draw(st.integers(0, 9)) == 0))
    rows = draw(
        st.lists(
            width.flatmap(lambda n: st.lists(cells, min_size=n, max_size=n)), min_size=4 * likely, max_size=25
        )
    )
    text = "\n".join(separator.join(row) for row in [names, *rows])
    return text.encode(draw(st.sampled_from(["utf-8", "utf-8", "latin-1", "utf-16"])))


def imported_or_refused(data: bytes) -> None:
    try:
        choices = read_choices(data)
    except SettingsError as error:
        problems = error.problems
    else:
        adds_up(choices)
        problems = choices.dataset.value_problems()
        assert problems == []
        assert choices.report.to_html()
    assert all(problem.endswith((".", '..."}.')) and len(problem) < 1500 for problem in problems)


@settings(max_examples=200, deadline=None)
@given(any_table())
def test_any_table_is_imported_and_adds_up_or_is_refused_with_a_sentence(data):
    imported_or_refused(data)


@pytest.mark.slow
def test_a_million_rows_take_less_than_five_seconds_of_one_core():
    n = 1_000_000
    random = np.random.default_rng(0)
    rows = {"subjID": np.repeat(np.arange(n // 100), 100), "trial": np.tile(np.arange(100), n // 100)}
    rows |= {"choice": random.integers(1, 3, n), "outcome": random.integers(0, 2, n), "rt": random.random(n)}
    data = pd.DataFrame(rows).to_csv(index=False, float_format="%.3f").encode()
    begin = time.process_time()
    choices = read_choices(data)
    assert time.process_time() - begin < 5
    assert choices.report.used == n


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@given(any_table())
def test_ten_thousand_tables(data):
    imported_or_refused(data)


def test_ordered_numbers_of_people_are_covariates_and_no_groups():
    rows = [
        f"p{who},{'ab'[trial % 2]},1,{30 + who // 3},{who % 2},{'xy'[who % 2]},{who * 1.5 if who else ''}"
        for who in range(12)
        for trial in range(4)
    ]
    table = "\n".join(["subject,choice,reward,age,handed,clinic,score", *rows]).encode()
    choices = adds_up(read_choices(table))
    assert choices.report.roles.groups == ("handed", "clinic")  # a number of two values may be a code
    assert choices.report.roles.covariates == ("age", "score")
    assert choices.covariates["age"].tolist() == [30 + who // 3 for who in range(12)]
    assert np.isnan(choices.covariates["score"].iloc[0])
    assert choices.groups_of(["p1", "p0", "nobody"]) == {
        "handed": ["1", "0", ""],
        "clinic": ["y", "x", ""],
    }
    named = read_choices(table, {"groups": ["age"]}).report.roles  # who knows better says so
    assert (named.groups, named.covariates) == (("age",), ("score",))


def test_a_sentence_about_columns_with_very_long_names_stays_short():
    rows = "".join(f"a,{trial},{trial % 2},1\n" for trial in range(12))
    with pytest.raises(SettingsError) as caught:
        read_choices(f"subject,trial,choice,{'9' * 50_000}\n{rows}".encode())
    assert "No column looks like the rewards; the table has the columns subject" in str(caught.value)
    assert len(str(caught.value)) < 1000


def jspsych_records(missed, *, fixations=False, marked=True):
    """Two people's data as jsPsych saves them; `(person, trial)` in `missed` had no response in time."""
    records = []
    for person in range(2):
        for trial in range(20):
            none = (person, trial) in missed
            kind = {"trial_type": "html-keyboard-response", "subject": person}
            if fixations:
                shown = {"stimulus": "+"} if marked else {}
                nothing = {"response": None, "reward": None, "rt": None}
                records.append({**kind, **shown, "trial_index": 2 * trial, **nothing})
            shown = {"stimulus": "left or right"} if marked else {}
            came = {
                "response": None if none else "fj"[trial % 2],
                "reward": None if none else trial % 3 % 2,
                "rt": None if none else 400 + trial,
            }
            records.append({**kind, **shown, "trial_index": 2 * trial + 1, **came})
    return json.dumps(records).encode()


@pytest.mark.parametrize("marked", [True, False])
def test_a_row_of_jspsych_with_nothing_in_it_is_a_missed_trial(marked):
    missed = {(0, 3), (1, 0), (1, 19)}
    choices = adds_up(read_choices(jspsych_records(missed, marked=marked)))
    assert (choices.report.used, choices.report.missing) == (40, 3)
    assert [choices.dataset.mask[person, trial].item() for person, trial in missed] == [False] * 3
    (problem,) = (it for it in choices.report.problems if it.key == "missed_trials")
    assert problem.where.n == 3


@pytest.mark.parametrize(("marked", "n"), [(True, 3), (False, 0)])  # without marks, fixations are as likely
def test_a_fixation_of_jspsych_is_no_missed_trial(marked, n):
    missed = {(0, 3), (1, 0), (1, 19)}
    choices = adds_up(read_choices(jspsych_records(missed, fixations=True, marked=marked)))
    assert (choices.report.used, choices.report.missing) == (37 + n, n)
    assert sum(part.where.n for part in choices.report.left_out) == 43 - n


# Sizes


class Endless(io.RawIOBase):
    """A file that goes on and on; it counts what was read of it."""

    def __init__(self, begin, more):
        self.begin, self.more, self.n_bytes = begin, more, 0

    def read(self, size=-1):
        assert 0 < size <= limits.PIECE, "it is read in pieces"
        content = (self.begin + self.more * (size // len(self.more) + 1))[:size]
        self.begin, self.n_bytes = b"", self.n_bytes + len(content)
        return content


@pytest.mark.parametrize(
    ("begin", "more", "bound", "sentence"),
    [
        (b"id,choice,reward\n", b"1,0,1\n", 7 * 10_000_000, "up to 10,000,000 rows"),
        (b"", b"a", limits.PIECE, "no end of a line"),
        (b"a\n", b"\0", limits.PIECE, "bytes of no text"),
        (b"[", b"{},", limits.MOST_JSON + limits.PIECE, "A table in JSON may have up to 100 MB"),
    ],
)
def test_a_packed_file_is_read_no_further_than_it_may_be_a_table(begin, more, bound, sentence):
    endless = Endless(begin, more)
    with pytest.raises(SettingsError, match=sentence):
        limits.inflate(endless.read, "bomb.csv")
    assert endless.n_bytes <= bound


@pytest.mark.parametrize("name", ["a.csv", "[Content_Types].xml"])
def test_what_an_archive_says_of_its_size_is_believed_before_it_is_opened(name, monkeypatch):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"id,choice,reward\n" + b"1,0,1\n" * 1000)
        archive.writestr("b.csv", b"id,choice,reward\n" + b"1,0,1\n" * 1000)
    for most in ("MOST_BYTES", "MOST_EXCEL"):
        monkeypatch.setattr(limits, most, 10_000)  # less than both, more than each
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    with pytest.raises(SettingsError, match="this one has more"):
        read_choices(buffer.getvalue())


def test_a_large_file_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(limits.MOST_BYTES + 1)
    monkeypatch.setattr(type(path), "open", None)
    with pytest.raises(SettingsError, match="up to 1,000 MB; this one has more"):
        read_choices(path)


@pytest.mark.parametrize(
    "content",
    [
        ",".join(f"c{at}" for at in range(150_000)) + "\n1\n",
        json.dumps([{f"c{at}": 1 for at in range(3000)}]),
        json.dumps([{f"c{at}": 1} for at in range(3000)]),
    ],
)
def test_columns_are_counted_before_rows_are_read(content, monkeypatch):
    monkeypatch.setattr(pd, "read_csv", None)
    monkeypatch.setattr(pd.DataFrame, "from_records", None)
    with pytest.raises(SettingsError, match="up to 2,000 columns; this one has more"):
        read_choices(content.encode())


def test_people_are_counted_before_anything_is_done_for_each(monkeypatch):
    n = limits.MOST_PEOPLE + 1
    table = pd.DataFrame({"id": np.arange(n), "choice": np.arange(n) % 2, "reward": 1})
    monkeypatch.setattr(reading.Table, "column", None)
    with pytest.raises(SettingsError, match="100,000 participants; id has 100,001 different entries"):
        read_choices(table)


def many_people(each):
    """A table of more people than there may be, so many rows each, one person after the other."""
    people = np.repeat(np.arange(limits.MOST_PEOPLE + 1), each)
    return "choice,subject,reward\n" + "".join(f"{at % 2},p{person},1\n" for at, person in enumerate(people))


def as_json(text):
    return pd.read_csv(io.StringIO(text)).to_json(orient="records")


def as_parquet(text):
    buffer = io.BytesIO()
    pd.read_csv(io.StringIO(text)).to_parquet(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("each", [1, 3])
@pytest.mark.parametrize("form", [str, as_json, as_parquet])
def test_people_are_counted_before_rows_are_read(form, each, monkeypatch):
    """A million of them were refused after all was read; now no column but theirs is."""
    if form is as_parquet:
        pytest.importorskip("pyarrow")
    content = form(many_people(each))
    read = pd.read_csv

    def one_column(*arguments, usecols, **options):
        assert len(usecols) == 1
        return read(*arguments, usecols=usecols, **options)

    monkeypatch.setattr(pd, "read_csv", one_column)
    monkeypatch.setattr(pd.DataFrame, "from_records", None)
    monkeypatch.setattr(pd, "read_parquet", None)
    with pytest.raises(SettingsError, match="100,000 participants; subject has 100,001 different entries"):
        read_choices(content if isinstance(content, bytes) else content.encode())


def test_only_those_who_are_named_are_counted(monkeypatch):
    """Rows have numbers of their own, under a name that people go by elsewhere."""
    monkeypatch.setattr(limits, "MOST_PEOPLE", 20)
    rows = [f"{at},{at // 40},{at % 2},1\n" for at in range(120)]
    table = ("id,vp,choice,reward\n" + "".join(rows)).encode()
    with pytest.raises(SettingsError, match="id has 120 different entries"):
        read_choices(table)
    assert read_choices(table, {"participant": "vp"}).dataset.n_participants == 3


def test_people_are_counted_no_further_than_they_can_become_too_many(monkeypatch):
    monkeypatch.setattr(limits, "PIECE", 1000)
    pieces = []
    monkeypatch.setattr(limits, "people_problem", lambda n, name: pieces.append(n))
    few = "id,choice,reward\n" + "".join(f"{at // 5000},1,0\n" for at in range(20_000))
    limits.check_people(few, 1, ",", 0, "id")
    assert pieces == [1]
    pieces.clear()
    many = "id,choice,reward\n" + "".join(f"{at // 5},1,0\n" for at in range(20_000))
    limits.check_people(many, 1, ",", 0, "id")
    assert pieces[-1] == 4000
    assert len(pieces) > 10


def test_a_large_spreadsheet_is_refused_before_it_is_read(monkeypatch):
    """Its rows are read by a hundred thousand cells a second."""
    buffer = io.BytesIO()
    pd.DataFrame({"id": ["a"] * 50, "choice": [0, 1] * 25, "reward": 1}).to_excel(buffer, index=False)
    monkeypatch.setattr(limits, "MOST_EXCEL", 2000)
    monkeypatch.setattr(pd, "read_excel", None)
    with pytest.raises(SettingsError, match=r"A table in Excel, unpacked, may have up to .* Save it as CSV"):
        read_choices(buffer.getvalue())


def test_an_empty_line_for_a_header_is_refused_with_a_sentence():
    with pytest.raises(SettingsError, match="The header must name the columns; got an empty line"):
        read_choices(b"\r]x;0;0\na;7;1;0\na;8;1;0\n")
