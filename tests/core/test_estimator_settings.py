"""Any value of any parameter of the estimator works, or is a sentence before anything runs."""

import inspect
from copy import deepcopy
from dataclasses import fields
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings, strategies as st
from sklearn.base import clone

from spicewidgets import (
    RESCORLA_WAGNER_CONFIG,
    AgentQ,
    BanditsDrift,
    BaseRNN,
    Discovery,
    RescorlaWagnerRNN,
    SettingsError,
    SpiceEstimator,
    create_dataset,
)
from spicewidgets.core.autospice import ARGUMENTS
from spicewidgets.core.parameters import DISCOVERY

DATA = create_dataset(AgentQ(alpha_reward=0.3), BanditsDrift(sigma=0.2), 8, 4, random_state=1)[0]
SMALL = {"epochs": 2, "n_starts": 1, "n_trials_off_policy": 20, "random_state": 0}


def new(**parameters):
    model = {"rnn_class": RescorlaWagnerRNN, "spice_config": RESCORLA_WAGNER_CONFIG}
    return SpiceEstimator(**{**model, **SMALL, **parameters})


def told(**parameters):
    with pytest.raises(SettingsError) as caught:
        new(**parameters).fit(DATA)
    return caught.value.problems


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(-2, 2),
    st.text(max_size=5),
    st.lists(st.integers(-1, 5) | st.text(max_size=2), max_size=3),
    st.sampled_from(
        [
            float("nan"),
            float("inf"),
            -float("inf"),
            10**400,
            -(10**400),
            1e308,
            1j,
            b"bytes",
            {},
            {"a": 1},
            (),
            (0, 1),
            object(),
            pd.NA,
            np.array([1, 2]),
            np.array(["adam", "lbfgs"]),
            np.array(1),
            np.float32(0.5),
            np.int64(2),
            torch.tensor(2.0),
            torch.tensor([1, 2]),
            Decimal("0.5"),
            Fraction(1, 2),
            len,
            int,
            torch.nn.Linear,
            BaseRNN,
            "adam",
            "lbfgs",
            "STLSQ",
            "SR3_L1",
            "cpu",
            "cuda",
            "meta",
            "/no/such/folder/file",
            "/",
        ]
    ),
)
NAMES = [name for name in inspect.signature(SpiceEstimator.__init__).parameters if name != "self"]
FITTED = new().fit(DATA)
BEFORE = FITTED.predict(DATA)


def is_sentence(problem):
    return len(problem) > 20 and problem.endswith(".") and "  File" not in problem


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(NAMES), ODD, min_size=1, max_size=3))
def test_any_value_of_any_parameter_works_or_is_a_sentence(tmp_path, monkeypatch, odd):
    monkeypatch.chdir(tmp_path)
    estimator = deepcopy(FITTED).set_params(**odd)
    problems = ()
    try:
        estimator.fit(DATA)
    except SettingsError as error:
        problems = error.problems
        for p, q in zip(BEFORE, estimator.set_params(**FITTED.get_params()).predict(DATA), strict=True):
            np.testing.assert_array_equal(p, q)  # the earlier fit is still there
    else:
        assert estimator.predict(DATA)[1].shape == (4, 8, 2)
    assert [problem for problem in problems if not is_sentence(problem)] == []


def test_all_problems_are_told_at_once_under_the_estimators_own_names():
    problems = told(
        epochs=0,
        learning_rate=-1,
        n_actions=1,
        spice_optimizer_type="lasso",
        spice_optim_threshold=-1,
        spice_library_polynomial_degree=0,
        n_trials_same_action_off_policy=0,
        train_test_ratio=1.5,
        rnn_class=torch.nn.Linear,
        spice_config={},
    )
    names = [problem.split()[0] for problem in problems]
    assert sorted(names) == sorted(
        [
            "n_actions",
            "rnn_class",
            "spice_config",
            "train_test_ratio",
            "epochs",
            "learning_rate",
            "spice_optimizer_type",
            "spice_optim_threshold",
            "spice_library_polynomial_degree",
            "n_trials_same_action_off_policy",
        ]
    )
    assert "spice_optim_threshold must be between 0 and 10; got -1. Coefficients below this" in "\n".join(
        problems
    )


def test_every_setting_of_the_second_stage_has_a_name_here():
    assert set(DISCOVERY.values()) <= set(NAMES)
    assert set(DISCOVERY) == {item.name for item in fields(Discovery)}


@pytest.mark.filterwarnings("ignore:The loss")
@pytest.mark.parametrize("name", ["batch_size", "sequence_length", "n_steps_per_call"])
def test_minus_one_stands_for_none_as_in_autospice(name):
    a, b = (new(**{name: value}).fit(DATA) for value in (-1, None))
    assert a.spice_model_ == b.spice_model_


@pytest.mark.seed(59)
def test_the_settings_of_autospice_are_accepted():
    """S59: its whole signature, with its own defaults and an accelerator that need not be there."""
    estimator = new(
        n_participants=1,
        n_experiments=1,
        sequence_length=-1,
        n_steps_per_call=-1,
        batch_size=-1,
        convergence_threshold=0,
        device=torch.device("cuda"),
        train_test_ratio=1.0,
        dropout=0.0,
        use_optuna=False,
        optuna_threshold=0.1,
        optuna_n_trials=50,
    ).fit(DATA.xs, DATA.ys)
    assert estimator.rnn_model_.device == torch.device("cpu")


def test_own_arguments_come_first_and_an_unknown_one_is_a_sentence():
    assert [name for name in NAMES if name in ARGUMENTS] == NAMES[-len(ARGUMENTS) :]
    assert new().get_params().items() >= {name: default for name, (default, _) in ARGUMENTS.items()}.items()
    assert clone(new(batch_size=3, device="cpu")).get_params()["batch_size"] == 3
    with pytest.raises(SettingsError) as caught:
        new(epoch=7, mood=1)
    assert len(caught.value.problems) == 2
    assert "Did you mean 'epochs'?" in caught.value.problems[0]


@pytest.mark.filterwarnings("ignore:The loss")
def test_a_bigger_batch_than_there_are_sessions_is_the_whole_batch():
    """F16."""
    a, b = (new(optimizer="adam", batch_size=size).fit(DATA) for size in (1000, None))
    assert a.spice_model_ == b.spice_model_


@pytest.mark.filterwarnings("ignore:The loss")
@pytest.mark.parametrize(
    "more",
    [{"dropout": 0.4}, {"l2_weight_decay": 1.0}, {"scheduler": True}, {"bagging": True}, {"batch_size": 1}],
)
def test_what_is_set_is_used(more):
    """F19: nothing is accepted and ignored."""
    plain = new(optimizer="adam", epochs=4).fit(DATA)
    other = new(optimizer="adam", epochs=4, **more).fit(DATA)
    assert other.history_[-1].train_loss != plain.history_[-1].train_loss
