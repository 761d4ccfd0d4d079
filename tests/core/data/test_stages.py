"""Tables of two-step tasks are read cell by cell, whatever they look like, or refused with the reason; tables
of bandits are not taken for them.
"""

import inspect

import numpy as np
import pandas as pd
import pytest
import table_layouts
import torch
from hypothesis import given, settings, strategies as st

from spicewidgets.core.data.choices import read_choices
from spicewidgets.core.data.continued import going_on, match_sessions
from spicewidgets.core.data.counts import count_choices
from spicewidgets.core.data.splits import split_data_along_timedim
from spicewidgets.core.data.tables.report import Report
from spicewidgets.core.judge.regressors import regressors
from spicewidgets.core.settings import SettingsError
from spicewidgets.core.simulate.agents import AgentQ

N = 40
RNG = np.random.default_rng(1)
PAIRS = [
    ("level1_choice", "level2_choice"),  # hBayesDM
    ("choice1", "choice2"),
    ("choice_1", "choice_2"),
    ("first_choice", "second_choice"),
    ("state_1_choice", "state_2_choice"),
    ("step1", "step2"),
    ("Stage1Response", "Stage2Response"),
    ("response_stage_1", "response_stage_2"),
]
# Person, first choice, state, which of its options, reward; the first option leads commonly to state 0.
TRIALS = [
    *(("a", 0, 0, 0, 1), ("a", 0, 0, 1, 0), ("a", 1, 1, 0, 1), ("a", 0, 1, 1, 0), ("a", 1, 1, 0, 0)),
    *(("b", 1, 1, 1, 1), ("b", 1, 1, 0, 0), ("b", 0, 0, 1, 1), ("b", 1, 0, 0, 1), ("b", 0, 0, 0, 0)),
]
CODES = [[0, 2, 0, 3, 1, 4, 0, 5, 1, 4], [1, 5, 1, 4, 0, 3, 1, 2, 0, 2]]
PAID = [[trial[4] for trial in TRIALS if trial[0] == person] for person in "ab"]
NAMED = {"choice": "first_choice", "second_choice": "second_choice"}


def frame(**columns):
    """Two people and these columns, of coins where nothing else is given."""
    filled = {name: RNG.integers(0, 2, N) if it is None else it for name, it in columns.items()}
    return pd.DataFrame({"subject": np.arange(N) // 20, **filled, "reward": RNG.integers(0, 2, N)})


def trials(**columns):
    """The trials as a table, with columns that are made of them."""
    made = {name: [make(*trial) for trial in TRIALS] for name, make in columns.items()}
    return pd.DataFrame(
        {"subject": [trial[0] for trial in TRIALS], **made, "reward": [it[4] for it in TRIALS]}
    )


def through(first, second):
    """The columns of choices that are numbered through, from these numbers."""
    return {
        "first_choice": lambda p, one, state, two, r: one + first,
        "second_choice": lambda p, one, state, two, r: 2 * state + two + second,
    }


def in_both(**columns):
    """The columns of choices with the same labels in both states, and others."""
    return {
        "first_choice": lambda p, one, state, two, r: one,
        "second_choice": lambda p, one, state, two, r: two + 1,
        **columns,
    }


def is_common(p, one, state, two, r):
    """Whether a transition is common."""
    return int(one == state)


def long(table, stage=("stage", (1, 2)), shuffled=False):
    """The same trials with a row for each stage."""
    one = pd.DataFrame(
        {
            "subject": table["subject"],
            "trial": range(len(table)),
            stage[0]: stage[1][0],
            "choice": table["first_choice"],
        }
    )
    two = one.assign(**{stage[0]: stage[1][1], "choice": table["second_choice"], "reward": table["reward"]})
    if "second_state" in table:
        two["second_state"] = table["second_state"]
    rows = pd.concat([one, two]).sort_values(["trial", stage[0]], kind="stable", ignore_index=True)
    return rows.sample(frac=1, random_state=2).sort_values("subject", kind="stable") if shuffled else rows


WIDE = {
    "numbered 0 to 3": through(0, 0),
    "hBayesDM": through(1, 1),
    "numbered 3 to 6": through(1, 3),
    "1 and 2 in both states": in_both(second_state=lambda p, one, state, two, r: state + 2),
    "states with names": in_both(state2=lambda p, one, state, two, r: ("blue", "pink")[state]),
    "states in the other order": in_both(final_state=lambda p, one, state, two, r: ("pink", "blue")[state]),
    "common": in_both(common=is_common),
    "rare": in_both(rare=lambda *trial: 1 - is_common(*trial)),
    "transition in words": in_both(transition=lambda *trial: ("Rare", "Common")[is_common(*trial)]),
    "all of it": through(0, 0) | {"second_state": lambda p, one, state, two, r: state, "common": is_common},
}


@pytest.mark.parametrize("form", WIDE)
def test_a_table_of_two_steps_is_read_cell_by_cell(form):
    check(read_choices(trials(**WIDE[form])))


def check(choices):
    data, report = choices.dataset, choices.report
    assert (data.task, report.task, data.n_actions) == ("two-step", "two-step", 6)
    assert data.choices.tolist() == CODES
    assert data.rewards_chosen[:, 1::2].tolist() == PAID
    assert (data.xs[:, ::2, 6:12] == -1).all()  # no outcome of a first stage
    own = torch.tensor(CODES)[:, 1:] // 2
    assert torch.equal(data.offered[:, :-1].nonzero()[::2, 2] // 2, own.flatten())
    assert (data.offered[:, :-1].sum(-1) == 2).all()
    assert (report.missing, report.lengths, report.trials) == (0, (5, 5, 5), 20)
    assert Report.from_json(report.to_json()) == report
    assert "leads" in report.summary()["stages"]
    again = read_choices(choices.table.frame, report.roles, report.remedies)
    assert torch.equal(again.dataset.xs, data.xs)
    assert len(choices.frame) == len(choices.places) == 20
    return choices


@pytest.mark.parametrize("form", ["numbered 0 to 3", "1 and 2 in both states"])
@pytest.mark.parametrize(
    "stage", [("stage", (1, 2)), ("step", ("first", "second")), ("choice_stage", (1, 2))]
)
@pytest.mark.parametrize("shuffled", [False, True])
def test_a_row_for_each_stage_is_the_same(form, stage, shuffled):
    rows = long(trials(**WIDE[form]), stage, shuffled)
    if shuffled:  # nothing shows that stages take turns
        named = (
            {"stage": stage[0], "state": "second_state"} if "second_state" in rows else {"stage": stage[0]}
        )
        choices = read_choices(rows, named)
    else:
        choices = read_choices(rows)
    report = check(choices).report
    assert (report.rows, report.used) == (20, 20)
    assert sorted(choices.places) == list(range(20))


def test_choices_of_stages_in_rows_and_columns_of_their_own():
    rows = long(trials(**WIDE["numbered 0 to 3"]))
    rows["choice2"] = rows["choice"].where(rows["stage"] == 2)
    rows["choice1"] = rows.pop("choice").where(rows["stage"] == 1)
    check(read_choices(rows))


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_stages_are_recognised_by_their_names(first, second):
    table = trials(**WIDE["hBayesDM"]).rename(columns={"first_choice": first, "second_choice": second})
    roles = check(read_choices(table)).report.roles
    assert (roles.choice, roles.second_choice) == (first, second)
    assert read_choices(table.drop(columns=second)).dataset.task == "bandit"


def test_the_layout_of_hbayesdm_and_columns_that_are_not_used():
    table = trials(**WIDE["hBayesDM"]).rename(columns={"subject": "subjID"})
    table = table.rename(columns={"first_choice": "level1_choice", "second_choice": "level2_choice"})
    report = check(read_choices(table.assign(rt1=0.4, rt2=0.5))).report
    assert report.layout == "hBayesDM"
    assert report.columns_left == ("rt1", "rt2")


def test_the_option_rather_than_the_key_that_chose_it():
    """As Gillan et al. 2016 write it."""
    table = trials(**WIDE["hBayesDM"]).rename(
        columns={"first_choice": "stage_1_selected", "second_choice": "stage_2_selected"}
    )
    keys = {f"stage_{stage}_response": ["left", "right"] * 5 for stage in (1, 2)}
    report = check(read_choices(pd.DataFrame(keys).join(table))).report
    assert report.roles.second_choice == "stage_2_selected"
    assert report.columns_left == ("stage_1_response", "stage_2_response")


def test_any_columns_can_be_named():
    table = trials(**WIDE["1 and 2 in both states"]).rename(
        columns={"first_choice": "a", "second_choice": "b", "second_state": "c"}
    )
    named = {"choice": "a", "second_choice": "b", "state": "c"}
    check(read_choices(table, named))
    report = read_choices(table, {"choice": "a"}).report  # without a name for the others it may be a bandit
    assert (report.task, report.columns_left) == ("bandit", ("b", "c"))


def test_numbers_of_states_follow_the_transitions():
    """Where the first option leads commonly to the second state, that is state 0."""
    crossed = trials(**in_both(second_state=lambda p, one, state, two, r: 1 - state))
    choices = check(read_choices(crossed))
    assert choices.dataset.arm_labels == (
        *("first 0", "first 1"),
        *("second 1 in 1", "second 2 in 1", "second 1 in 0", "second 2 in 0"),
    )
    words = choices.report.summary()["stages"]
    assert "0 leads to state 1 in 80 % and 1 leads to state 0 in 80 % of its trials" in words


def test_what_was_missed_is_missing():
    table = trials(**WIDE["all of it"]).astype(object)
    table.loc[1, "second_choice"] = None  # the state was reached
    table.loc[3, ["first_choice", "second_choice", "second_state", "common", "reward"]] = None
    table.loc[6, "first_choice"] = None  # a second choice without a first one is no trial
    table.loc[8, "reward"] = None
    choices = read_choices(table)
    data = choices.dataset
    assert data.choices[0].tolist() == [0, 2, 0, -1, 1, 4, -1, -1, 1, 4]
    assert data.choices[1].tolist() == [1, 5, -1, -1, 0, 3, 1, -1, 0, 2]
    assert data.ys[1, 6].argmax() == 2  # a choice without its reward is predicted, but nothing is learned
    assert data.offered[0, 2].tolist() == [False, False, True, True, False, False]
    assert choices.report.missing == int((~data.mask).sum()) == 6
    counts = count_choices(data, choices.report)
    assert (counts.rows, counts.trials, counts.missed, counts.choices) == (10, 20, 5, 15)
    assert counts.choices == counts.first + counts.after_missing + counts.scored
    assert choices.report.remedies["missed_trials"] == "keep"
    left = read_choices(table, remedies={"missed_trials": "leave_out"}).report
    assert (left.used, sum(part.where.n for part in left.left_out)) == (7, 3)


def test_a_second_stage_that_has_no_row_is_missing():
    rows = long(trials(**WIDE["all of it"])).drop(index=[3, 19])
    choices = read_choices(rows)
    assert choices.dataset.choices[0, :6].tolist() == [0, 2, 0, -1, 1, 4]
    assert choices.dataset.choices[1, -2:].tolist() == [0, -1]
    assert (choices.report.rows, choices.report.used, choices.report.trials) == (18, 18, 20)


def test_rows_of_no_stage_and_practice_are_left_out():
    rows = long(trials(**WIDE["all of it"])).assign(practice=0).astype(object)
    rows.loc[[0, 1], "practice"] = 1
    more = pd.DataFrame({"subject": ["a", "b"], "trial": [0, 9]})
    report = read_choices(pd.concat([rows, more], ignore_index=True)).report
    assert {part.reason: part.where.rows for part in report.left_out} == {
        "practice": (2, 3),
        "a row of no stage": (22, 23),
    }
    assert (report.rows, report.used) == (22, 18)


def edited(form, row, column, value):
    table = trials(**WIDE[form]).astype(object)
    table.loc[row, column] = value
    return table


REFUSED = {
    "no state": (trials(**in_both()), "state in which a second choice was made must be known"),
    "names do not tell states": (
        trials(**in_both() | {"second_choice": lambda p, one, state, two, r: "abcd"[2 * state + two]}),
        "state in which a second choice was made must be known",
    ),
    "state against choice": (
        edited("all of it", 4, "second_state", 0),
        "contradicts the second choice.* see row 6",
    ),
    "common against choice": (edited("all of it", 4, "common", 0), "contradicts common.* see row 6"),
    "no state of one choice": (edited("1 and 2 in both states", 2, "second_state", None), "see row 4"),
    "three states": (
        edited("1 and 2 in both states", 2, "second_state", 9),
        "must hold the two states.* got 3: 2, 3",
    ),
    "one state": (
        trials(**in_both(second_state=lambda *_: 1)),
        "must hold the two states of the second stage; got 1",
    ),
    "three first options": (
        edited("all of it", 2, "first_choice", 2),
        "two options of the first stage; got 3",
    ),
    "five second options": (edited("all of it", 2, "second_choice", 7), "two of each of two states; got 5"),
    "no transition": (
        trials(**in_both()).assign(second_state=[0, 1, 0, 0, 1, 0, 1, 1, 0, 0]),
        "transitions match no first choice",
    ),
    "words for common": (edited("common", 2, "common", "seldom"), "state in which a second choice was made"),
    "third choice": (
        trials(**WIDE["all of it"]).assign(third_choice=[0, 1] * 5),
        "third stage .third_choice.",
    ),
    "third stage": (frame(choice=None, stage=np.arange(N) % 3 + 1), "third stage .stage."),
    "no second choice": (frame(choice=None, second_state=None), "but no column of the second choice"),
    "outcomes": (
        (trials(**WIDE["all of it"]).assign(x=1), {"outcomes": ["x", "reward"]}),
        "no outcomes; got x",
    ),
    "second before first": (
        long(trials(**WIDE["all of it"])).drop(index=4),
        "must follow the first.* row 6 do not",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_stood_for_is_refused_with_the_reason(case):
    table, words = REFUSED[case]
    table, roles = table if isinstance(table, tuple) else (table, None)
    with pytest.raises(SettingsError, match=words):
        read_choices(table, roles)


def test_a_first_option_of_which_no_transition_is_known_is_not_described():
    table = trials(**WIDE["common"]).astype(object)
    table.loc[table["first_choice"] == 0, ["second_choice", "common"]] = None
    words = read_choices(table).report.stages
    assert "0 leads" not in words
    assert "1 leads to its own state (1) in 80 %" in words


def test_choices_that_never_agree_are_still_two():
    """Columns of options have numbers, and no words for an order."""
    table = frame(first_choice=np.arange(N) % 2, second_choice=1 - np.arange(N) % 2)
    with pytest.raises(SettingsError, match="state in which a second choice was made must be known"):
        read_choices(table)


def test_columns_that_are_named_by_the_user_do_not_make_it_another_task():
    assert read_choices(trials(**WIDE["hBayesDM"]), {"choice": "first_choice"}).dataset.task == "two-step"
    roles = read_choices(trials(**WIDE["hBayesDM"])).report.roles
    with pytest.raises(SettingsError, match=r"a second choice \(second_choice beside first_choice\)"):
        read_choices(trials(**WIDE["hBayesDM"]), type(roles)(roles.choice, roles.reward, roles.participant))


@pytest.mark.parametrize(
    "columns",
    [
        {"choice": None, "choice_rt": None},
        {"choice": None, "reward_1": None, "reward_2": None},
        {"choice": None, "response1": None},
        {"choice": None, "state1": None, "state": None},
        {"choice": None, "stage": np.arange(N) // 10 % 2 + 1},  # blocks
        {"choice": None, "option_1": None, "option_2": None},
        {"choice_1": np.arange(N) % 3 // 2, "choice_2": 1 - np.arange(N) % 3 // 2},  # one of two options
    ],
)
def test_bandits_are_not_taken_for_two_steps(columns):
    report = read_choices(frame(**columns)).report
    assert (report.used, report.task) == (N, "bandit")


def test_no_known_layout_is_taken_for_one_of_stages():
    makers = [make for name, make in inspect.getmembers(table_layouts, inspect.isfunction) if name != "table"]
    read = 0
    for make in makers:
        if not inspect.signature(make).parameters and make.__name__ != "coin":
            report = read_choices(make()).report
            assert report.used > 0, make.__name__
            assert report.task != "two-step"
            read += 1
    assert read >= 8


def test_our_own_tables_of_two_steps_open_again():
    choices = read_choices(trials(**WIDE["states in the other order"]))
    data = choices.dataset
    exported = read_choices(data.to_frame().to_csv(index=False).encode())
    assert torch.equal(exported.dataset.xs, data.xs)
    assert torch.equal(exported.dataset.ys, data.ys)
    assert (exported.dataset.task, exported.report.task, exported.report.missing) == (
        "two-step",
        "two-step",
        0,
    )
    table = regressors(AgentQ(n_actions=6), choices)
    assert table["row"].tolist() == [row for row in range(2, 12) for _ in range(2)]
    assert table["stage"].tolist() == [1, 2] * 10
    assert table["prediction_error"].isna().tolist() == [True, False] * 10  # a first choice has no outcome
    assert table["state"].dropna().tolist() == [trial[2] for trial in TRIALS]
    np.testing.assert_allclose(table[[f"p_{label}" for label in data.arm_labels]].sum(axis=1), 1)
    read = read_choices(table.to_csv(index=False).encode())
    assert torch.equal(read.dataset.xs, data.xs)
    assert read.dataset.arm_labels == data.arm_labels


def test_a_session_of_two_stages_goes_on_in_another_table():
    once = trials(**WIDE["all of it"]).assign(trial=[*range(5)] * 2)
    table = pd.concat([once, once.assign(trial=once["trial"] + 5)]).sort_values("subject", kind="stable")
    early, late = (read_choices(table[part]) for part in (table["trial"] < 5, table["trial"] >= 5))
    follows = match_sessions(early, late)
    assert follows.tolist() == [0, 1]
    data = going_on(early, late, follows)
    whole = split_data_along_timedim(read_choices(table).dataset, 0.5, carry_on=True)[1]
    assert torch.equal(data.xs, whole.xs)
    assert torch.equal(data.ys, whole.ys)


LIKELY = st.sampled_from(["0", "1", "0", "1", "2", "3", "", "A", "-1", "999"])
COLUMNS = st.sampled_from(
    [
        *("first_choice", "second_choice", "second_state", "common", "stage", "choice", "state", "trial"),
        *("level1_choice", "level2_choice", "choice1", "choice2", "reward", "rt", "practice"),
    ]
)


@st.composite
def any_stages(draw):
    """A table of any columns of stages; most cells are choices."""
    names = ["subject", *draw(st.lists(COLUMNS, min_size=2, max_size=7, unique=True)), "reward"]
    names = list(dict.fromkeys(names))
    rows = draw(st.lists(st.lists(LIKELY, min_size=len(names), max_size=len(names)), min_size=4, max_size=16))
    if "stage" in names and draw(st.booleans()):
        for at, row in enumerate(rows):
            row[names.index("stage")] = str(at % 2 + 1)
    return "\n".join(",".join(row) for row in [names, *rows]).encode()


@settings(max_examples=60, deadline=None)
@given(any_stages())
def test_any_table_of_stages_is_read_or_refused_with_a_sentence(data):
    try:
        choices = read_choices(data)
    except SettingsError as error:
        problems = error.problems
    else:
        problems = []
        as_it_must_be(choices)
    assert all(problem.endswith((".", '..."}.')) and len(problem) < 1500 for problem in problems)


def as_it_must_be(choices):
    report, dataset = choices.report, choices.dataset
    assert report.rows == report.used + sum(part.where.n for part in report.left_out)
    assert report.trials == len(choices.rows.arms) == len(choices.frame)
    assert dataset.value_problems() == []
    assert int(dataset.mask.sum()) == report.trials - report.missing
    if {"first_choice", "second_choice"} <= set(choices.table.names) and dataset.task == "bandit":
        one, two = (choices.table.column(name) for name in ("first_choice", "second_choice"))
        assert min(len(one.labels), len(two.labels)) < 2 or (one.empty | two.empty).mean() > 0
    if dataset.task == "two-step":
        stage = np.where(dataset.choices >= 2, 1, 0)
        known = np.asarray(dataset.choices >= 0)
        assert (stage == np.arange(dataset.n_trials) % 2)[known].all()
