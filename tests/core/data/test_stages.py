"""Tables whose trials have a second choice or stage are refused with the reason; those of bandits are not."""

import inspect

import numpy as np
import pandas as pd
import pytest
import table_layouts

from spicewidgets.core.data.choices import read_choices
from spicewidgets.core.settings import SettingsError

N = 40
RNG = np.random.default_rng(1)


def frame(**columns):
    """Two people and these columns, of coins where nothing else is given."""
    filled = {name: RNG.integers(0, 2, N) if it is None else it for name, it in columns.items()}
    return pd.DataFrame({"subject": np.arange(N) // 20, **filled, "reward": RNG.integers(0, 2, N)})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("level1_choice", "level2_choice"),  # hBayesDM
        ("choice1", "choice2"),
        ("choice_1", "choice_2"),
        ("first_choice", "second_choice"),
        ("state_1_choice", "state_2_choice"),
        ("step1", "step2"),
        ("Stage1Response", "Stage2Response"),
        ("response_stage_1", "response_stage_2"),
    ],
)
def test_a_second_choice_is_refused_by_its_name(first, second):
    with pytest.raises(SettingsError, match="a task of several stages") as refused:
        read_choices(frame(**{first: None, second: None}))
    assert f"{second} beside {first}" in str(refused.value)
    assert read_choices(frame(**{first: None, second: None}).drop(columns=second)).report.used == N


@pytest.mark.parametrize(
    "columns",
    [
        {"choice": None, "second_state": None},
        {"choice": None, "state2": None},
        {"choice": None, "stage": np.arange(N) % 2 + 1},  # a row for each stage
    ],
)
def test_a_second_stage_is_refused(columns):
    with pytest.raises(SettingsError, match="a task of several stages"):
        read_choices(frame(**columns))


def test_columns_that_are_named_by_the_user_do_not_make_it_another_task():
    with pytest.raises(SettingsError, match="a task of several stages"):
        read_choices(frame(first_choice=None, second_choice=None), {"choice": "first_choice"})


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
def test_bandits_are_not_refused(columns):
    assert read_choices(frame(**columns)).report.used == N


def test_no_known_layout_is_taken_for_one_of_stages():
    makers = [make for name, make in inspect.getmembers(table_layouts, inspect.isfunction) if name != "table"]
    read = 0
    for make in makers:
        if not inspect.signature(make).parameters and make.__name__ != "coin":
            assert read_choices(make()).report.used > 0, make.__name__
            read += 1
    assert read >= 8
