"""People beside each other: likelihoods, numbers and intervals are those of the parts that they come from."""

from copy import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.exceptions import NotFittedError

import spicewidgets as sw
from spicewidgets.core.discover import estimated_intervals, people as people_module
from spicewidgets.core.discover.estimated_intervals import EstimatedIntervals
from spicewidgets.core.discover.group import mean_of_own
from spicewidgets.core.discover.group_table import group_table
from spicewidgets.core.discover.identified import bounds_of, by_convention, not_identified
from spicewidgets.core.discover.information import bounded_interval, half_width
from spicewidgets.core.discover.known import uncertainty
from spicewidgets.core.discover.people import parameters_of_people, people
from spicewidgets.core.equations import term_in_words
from spicewidgets.core.read.translation import read_parameters
from spicewidgets.core.settings import SettingsError

VALUE, OTHER = "x_value_reward_chosen", "x_value_reward_not_chosen"


def fitted(choices, model=sw.RescorlaWagnerRNN, config=sw.RESCORLA_WAGNER_CONFIG, **options):
    data = choices.dataset if isinstance(choices, sw.Choices) else choices
    options = {"random_state": 1, "n_starts": 2, "epochs": 60} | options
    return sw.SpiceEstimator(model, config, **options).fit(data)


@pytest.fixture(scope="module")
def choices():
    return sw.load_choices("two-groups")


@pytest.fixture(scope="module")
def tuned(choices):
    return fitted(choices, selection="threshold")


@pytest.fixture(scope="module")
def pooled(choices):
    return fitted(choices, pooling="group")


@pytest.fixture(scope="module")
def own_terms(choices):
    return fitted(choices, pooling="own-terms")


def test_a_row_for_each_person_with_group_and_likelihoods(choices, tuned):
    table = people(tuned, choices)
    assert table["participant"].tolist() == list(choices.report.participants)
    assert table["group"].tolist() == ["control", "patient"] * 12
    assert table["n_sessions"].eq(3).all()
    agents = {"equations": tuned.spice_agent, "network": tuned.rnn_agent}
    for row in table.itertuples():
        own = choices.dataset.take(*_sessions_of(choices.dataset, row.participant))
        scores = sw.scores(agents, own)
        assert row.n_choices == scores["n_choices"].iloc[0]
        assert row.likelihood_equations == pytest.approx(scores["trial_likelihood"]["equations"])
        assert row.likelihood_network == pytest.approx(scores["trial_likelihood"]["network"])
        assert row.n_numbers == tuned.spice_model_.n_parameters(row.participant)


def test_parameters_alone_are_those_of_the_table_and_predict_no_choice(choices, tuned, monkeypatch):
    table = people(tuned, choices)
    monkeypatch.setattr(type(tuned), "predict", lambda *_: pytest.fail("a choice was predicted"))
    alone = parameters_of_people(tuned, choices)
    pd.testing.assert_frame_equal(alone, table[alone.columns])


def test_intervals_of_learners_are_found_once_for_all_equations_of_a_network(choices, tuned, monkeypatch):
    module, runs = estimated_intervals, []
    average = module.average_over_kinds
    monkeypatch.setattr(module, "average_over_kinds", lambda *args: runs.append(args) or average(*args))
    tuned._search.averaged.clear()
    people(tuned)
    other = copy(tuned)
    other.discover(spice_optim_threshold=0.2)
    kept = parameters_of_people(other)
    assert len(runs) == 1
    other._search.averaged.clear()
    pd.testing.assert_frame_equal(parameters_of_people(other), kept, check_exact=True)
    parameters_of_people(other, level=0.5)
    parameters_of_people(fitted(choices, selection="threshold", epochs=3))
    assert len(runs) == 4


def _sessions_of(dataset, label):
    sessions = (dataset.participant_ids == dataset.participants.index(label)).nonzero()[:, 0]
    trials = np.arange(dataset.n_trials)
    return sessions, sessions.new_tensor(trials).expand(len(sessions), -1)


@pytest.fixture
def no_learners(monkeypatch):
    """Nobody is taken for a Q-learner, and no search is asked."""
    from spicewidgets.core.discover import people as module

    monkeypatch.setattr(module, "intervals_of", lambda *_: {})


def test_intervals_by_the_delta_method_are_those_of_the_standard_errors(tuned, no_learners):
    table = people(tuned, level=0.9).set_index("participant")
    errors = uncertainty(tuned.spice_model_, tuned.rnn_model_, tuned._dataset_)
    for label, own in errors.items():
        equation = tuned.spice_model_.equation(VALUE, label)
        for term, value in equation.active:
            name = f"{VALUE}: {term_in_words(term, VALUE)}"
            low, high = table.loc[label, [f"{name} low", f"{name} high"]]
            half = half_width(own.coefficients[VALUE][term], 0.9)
            assert (low, high) == pytest.approx((value - half, value + half), rel=1e-3)
        parameters = read_parameters(tuned.spice_model_, tuned.rnn_model_, label)
        missing = not_identified(
            parameters, own.parameters, (), by_convention(tuned.spice_model_.alone(label))
        )
        assert table.loc[label, list(missing)].isna().all()
        for name, value in parameters.items():
            if name in missing:
                continue
            assert table.loc[label, name] == pytest.approx(value, nan_ok=True)
            ends = bounded_interval(value, own.parameters[name], 0.9, bounds_of(name))
            shown = table.loc[label, [f"{name} low", f"{name} high"]].tolist()
            assert shown == pytest.approx(ends, rel=1e-2, nan_ok=True)


def test_a_model_that_cannot_be_compiled_has_intervals_by_the_delta_method(tuned, monkeypatch):
    from spicewidgets.core.discover import likelihood, people as module
    from spicewidgets.core.train.compiled.symbolic import TraceError

    def refuse(*_):
        raise TraceError("no compiler")

    with monkeypatch.context() as patch:
        patch.setattr(module, "intervals_of", lambda *_: {})
        expected = people(tuned)
    monkeypatch.setattr(tuned._search, "averaged", {})
    monkeypatch.setattr(likelihood, "Sensitivities", refuse)
    pd.testing.assert_frame_equal(people(tuned), expected, rtol=1e-3, check_exact=False)


def test_intervals_by_the_delta_method_are_given_the_group(choices, pooled, no_learners):
    table = people(pooled, choices)
    group = pooled.group_
    for column, number in enumerate(group.numbers):
        name = f"{VALUE}: {term_in_words(number.term, VALUE)}"
        if name in table:
            np.testing.assert_allclose(table[name], group.values[:, column])
            own, slope = number.term == (VALUE,), 1 - group.values[:, column] ** 2
            scale = np.arctanh if own else np.array  # own values are normal as their artanh
            half = scale(table[f"{name} high"]) - scale(table[name])
            errors = group.errors[:, column] / (slope if own else 1)
            np.testing.assert_allclose(half, [half_width(error, 0.95) for error in errors], rtol=1e-6)
    own = [f"{VALUE}: own value{end}" for end in ("", " low", " high")]
    for name, other in zip(("alpha_penalty", "alpha_penalty high", "alpha_penalty low"), own, strict=True):
        np.testing.assert_allclose(table[name], 1 - table[other], rtol=1e-5)


def test_means_of_the_groups_of_a_table_are_those_of_their_people(choices, pooled):
    """people.csv has each person's own, drawn to the mean of the group that groups.csv has."""
    own, groups = people(pooled, choices), group_table(pooled)
    reward = groups[groups["name"] == f"{VALUE}: c_reward"].set_index("group")
    assert reward.index.tolist() == ["control", "patient"]
    for kind, row in reward.iterrows():
        assert own[own["group"] == kind][row["name"]].mean() == pytest.approx(row["value"], rel=0.05)
        assert row["low"] < row["value"] < row["high"]
        assert row["n"] == row["n_all"] == 12
    assert reward.loc["patient", "apart"] == pytest.approx(reward["value"].diff().iloc[1])
    assert reward.loc["patient", "freedom"] == 22
    narrow = group_table(pooled, level=0.5)
    assert (narrow["high"] - narrow["low"] < groups["high"] - groups["low"]).all()
    pd.testing.assert_series_equal(narrow["p"], groups["p"])


def test_the_mean_of_a_group_is_on_the_scale_of_its_people(pooled):
    """That of an own value was of its artanh, beside coefficients, and nothing said so."""
    frame, own = pooled.group_.to_frame(), people(pooled)
    rows = frame.set_index("term")
    for term, name in ((f"{VALUE}[k]", "own value"), ("c_reward[k]", "c_reward")):
        values = own[f"{VALUE}: {name}"]
        assert rows.loc[term, "mean"] == pytest.approx(values.mean(), abs=0.03 * abs(values.mean()))
    draws = np.tanh(np.random.default_rng(1).normal([0.9, -0.2], [0.5, 0.1], (200_000, 2)))
    mean, slope, sd = mean_of_own(np.array([0.9, -0.2]), np.array([0.5, 0.1]))
    np.testing.assert_allclose(mean, draws.mean(0), atol=5e-3)
    np.testing.assert_allclose(sd, draws.std(0), atol=5e-3)
    np.testing.assert_allclose(slope, (1 - draws**2).mean(0), atol=5e-3)


def test_the_covariance_of_a_group_has_its_errors(pooled):
    diagonal = np.einsum("iaa->ia", pooled.group_.covariance)
    np.testing.assert_allclose(np.sqrt(diagonal), pooled.group_.errors, atol=1e-12)


SEVERAL = [(0.4, 3.0), (0.5, 1.0), (0.3, 0.5), (0.4, 2.0), (0.6, 1.5), (0.4, 4.0)]
ALIKE = [*[(0.4, 4.0)] * 5, (0.4, 0.0)]


def few_choices(pairs=SEVERAL):
    """60 choices of people each: one who learns nothing from rewards, and some who can be told."""
    agents = [sw.AgentQ(alpha_reward=alpha, beta_reward=beta) for alpha, beta in pairs]
    return sw.create_dataset(
        agents, sw.BanditsDrift(0.2), 60, len(pairs), participant=list(range(len(pairs))), random_state=5
    )[0]


@pytest.fixture(scope="module")
def few():
    """People of few choices, by how they were pooled."""
    alike = few_choices(ALIKE)
    short = {"epochs": 5, "n_starts": 1}
    pooled = {pooling: fitted(alike, pooling=pooling, **short) for pooling in ("own-terms", "group")}
    return {"none": fitted(few_choices()), **pooled}


def test_a_parameter_that_choices_do_not_identify_is_missing_and_no_0(few):
    """Where nothing fades α was 0.00, where nothing is kept 1.00, without a reward's term anything."""
    spice = few["none"]
    table = people(spice)
    read = [sw.classical_parameters(spice.spice_model_, spice.rnn_model_, label) for label in range(6)]
    assert any(one["alpha_reward"] == 0 for one in read)  # held at 1 - α = 1
    told = table["alpha_reward"].notna()
    assert 0 < told.sum() < 6
    for at, one in enumerate(read):
        if told[at]:
            assert table.loc[at, "alpha_reward"] == one["alpha_reward"] > 0
            assert one["alpha_reward"] != 1  # the own value is lacking
        else:
            assert table.loc[at, ["beta_reward", "q0", "alpha_reward low", "beta_reward high"]].isna().all()
    wide = table["alpha_reward high"] - table["alpha_reward low"]
    assert (wide.dropna() < 2).all()
    pd.testing.assert_series_equal(people(spice, level=0.5)["alpha_reward"], table["alpha_reward"])


def parameters_in(table):
    names = [name.removesuffix(" low") for name in table if name.endswith(" low")]
    return [name for name in names if ": " not in name]


@pytest.mark.parametrize("pooling", ["none", "own-terms", "group"])
def test_what_has_a_value_has_an_interval_with_ends_at_any_level(few, pooling):
    """With own terms, α of who lacks a reward's term was the group's and β was 0, without an interval."""
    tables = [people(few[pooling], level=level) for level in (0.5, 0.95, 0.99)]
    assert {"alpha_reward", "beta_reward", "q0"} <= set(parameters_in(tables[1]))
    for name in parameters_in(tables[1]):
        ends = tables[1][[f"{name} low", f"{name} high"]].to_numpy()
        np.testing.assert_array_equal(np.isfinite(ends).all(1), tables[1][name].notna(), err_msg=name)
        for other in tables:
            pd.testing.assert_series_equal(other[name], tables[1][name])


def test_own_terms_that_a_person_lacks_tell_no_parameter(few):
    spice, table = few["own-terms"].spice_model_, people(few["own-terms"]).set_index("participant")
    lacking = {
        label: {(), (VALUE,), ("c_reward",)} - {term for term, _ in spice.equation(VALUE, label).active}
        for label in table.index
    }
    assert any(("c_reward",) in terms for terms in lacking.values())
    for label, terms in lacking.items():
        lost = ["q0"] if terms else []
        lost += ["alpha_reward", "beta_reward"] if terms & {(VALUE,), ("c_reward",)} else []
        assert table.loc[label, lost].isna().all()


def test_a_coefficient_at_its_bound_makes_no_other_endless(pooled, no_learners):
    """An own value of 1 that nobody doubts looked like a direction that no choice tells."""
    group = pooled.group_
    at = group.numbers.index(next(one for one in group.numbers if one.term == (VALUE,)))
    values, covariance = group.values.copy(), group.covariance.copy()
    values[:, at] = 1 - 1e-12
    covariance[:, at], covariance[:, :, at] = covariance[:, at] * 1e-9, covariance[:, :, at] * 1e-9
    errors = np.sqrt(np.einsum("pii->pi", covariance))
    spice = pooled.spice_model_
    rows = [
        replace(
            row, values=tuple(1.0 if t == (VALUE,) else v for t, v in zip(row.terms, row.values, strict=True))
        )
        for row in spice.equations[VALUE]
    ]
    other = copy(pooled)
    other.group_ = replace(group, values=values, covariance=covariance, errors=errors)
    other.spice_model_ = replace(spice, equations={VALUE: tuple(rows)})
    table = people(other)
    assert not np.isinf(table.select_dtypes("number")).any(axis=None)
    assert table[["alpha_reward", "beta_reward", "q0"]].isna().all(axis=None)
    assert table[f"{VALUE}: c_reward low"].notna().all()


def test_a_beta_without_an_upper_end_is_not_identified(monkeypatch, choices, tuned):
    """It had a value, and an interval up to infinity."""
    found = people(tuned)
    at = int(found["beta_reward"].first_valid_index())
    endless = EstimatedIntervals({"beta_reward": (1.0, 40.0)}, {"beta_reward": (0.9, np.inf)})
    monkeypatch.setattr(people_module, "intervals_of", lambda *_: {found["participant"][at]: endless})
    table = people(tuned, level=0.5)
    assert table.loc[at, ["beta_reward", "beta_reward low", "beta_reward high"]].isna().all()


@pytest.mark.parametrize(
    ("terms", "missing"),
    [
        (("1", "x", "r"), set()),
        (("x", "r"), {"q0"}),
        (("1", "x"), {"alpha_reward", "alpha_penalty", "beta_reward", "q0"}),
        (("1", "r"), {"alpha_reward", "alpha_penalty", "beta_reward", "q0"}),
        (("1", "r", "x r"), {"alpha_penalty"}),
    ],
)
def test_a_parameter_without_a_term_is_read_by_convention(terms, missing):
    known = {"1": (), "x": (VALUE,), "r": ("c_reward",), "x r": (VALUE, "c_reward")}
    equation = sw.Equation(VALUE, tuple(known[name] for name in terms), (0.3,) * len(terms))
    assert by_convention(sw.SpiceModel.of(equation)) == missing
    other = sw.Equation(OTHER, ((), (OTHER,)), (0.1, 0.8))
    both = by_convention(sw.SpiceModel.of(equation, other))
    assert both == (set() if missing == {"q0"} else missing)  # the other constant tells where values begin
    alone = sw.SpiceModel.of(equation, sw.Equation(OTHER, ((),), (0.1,)))
    assert "forget_rate" in by_convention(alone)


def test_q0_without_a_constant_is_neither_shown_nor_tested(choices, pooled):
    """It was 0.5 / β, identified in everybody, and its difference between groups was tested."""
    assert all(not row.coefficient() for row in pooled.spice_model_.equations[VALUE])
    assert people(pooled, choices)["q0"].isna().all()
    names = set(group_table(pooled)["name"])
    assert "q0" not in names
    assert {"alpha_reward", "beta_reward"} <= names


@pytest.mark.parametrize(
    ("value", "error", "missing"),
    [
        (0.4, 0.1, set()),
        (0.4, np.nan, {"alpha_reward", "beta_reward", "q0"}),  # no choice tells it
        (0.5, 0.3, {"alpha_reward", "beta_reward", "q0"}),  # all of 0..1
        (0.007, 0.01, {"alpha_reward", "beta_reward", "q0"}),  # may be 0: β is anything
        (1.0, 0.05, set()),
    ],
)
def test_a_rate_is_identified_by_its_interval(value, error, missing):
    read = {"alpha_reward": value, "beta_reward": 3.0, "q0": 0.5, "forget_rate": 0.0}
    assert not_identified(read, {"alpha_reward": error, "forget_rate": 0.1}) == missing
    assert not_identified(read, {"alpha_reward": 0.01}) == {"forget_rate"} | (
        {"alpha_reward", "beta_reward", "q0"} if value < 0.02 else set()
    )


def test_q0_is_not_identified_where_beta_may_be_0():
    read = {"alpha_reward": 0.4, "alpha_penalty": 0.4, "beta_reward": 1.0, "q0": 3.0}
    errors = {"alpha_reward": 0.05, "alpha_penalty": 0.05}
    assert not_identified(read, errors | {"beta_reward": 0.4}) == set()
    assert not_identified(read, errors | {"beta_reward": 0.8}) == {"q0"}
    assert not_identified(read, errors | {"beta_reward": 0.8}, ends={"beta_reward": (0.2, 3.0)}) == set()


def test_who_learns_from_reward_alone_has_a_beta():
    read = {"alpha_reward": 0.4, "alpha_penalty": 0.0, "beta_reward": 3.0, "q0": 0.5}
    assert not_identified(read, {"alpha_reward": 0.05, "alpha_penalty": 0.05}) == {"q0"}


def test_a_term_that_a_person_lacks_is_missing(choices):
    spice = fitted(choices)
    table = people(spice, choices).set_index("participant")
    names = [name for name in table if name.startswith(f"{VALUE}: ") and not name.endswith((" low", " high"))]
    lacking = [
        (label, name)
        for label in table.index
        for name in names
        if not any(
            name == f"{VALUE}: {term_in_words(term, VALUE)}"
            for term, _ in spice.spice_model_.equation(VALUE, label).active
        )
    ]
    assert lacking
    for label, name in lacking:
        assert np.isnan(table.loc[label, name])
        assert table.loc[label, f"{name} low"] <= 0 <= table.loc[label, f"{name} high"]
    assert len(table.columns) == len(set(table.columns))


def test_numbers_of_a_person_stand_behind_the_numbers_of_choices(choices, tuned):
    frame = choices.table.typed()
    frame["age"] = [20 + int(str(who)[1:]) for who in frame[choices.report.roles.participant]]
    table = people(tuned, sw.read_choices(frame))
    assert table["age"].tolist() == [20 + at for at in range(1, 25)]
    at = table.columns.get_loc("age")
    assert table.columns[at - 1] == "n_numbers"
    pd.testing.assert_frame_equal(table.drop(columns="age"), people(tuned, choices))


def test_people_who_were_not_learned_from_are_left_out(choices):
    labels = list(choices.report.participants)[:3]
    part = choices.dataset.first(9)
    spice = fitted(part.recoded(part.participant_ids.tolist(), labels), selection="threshold")
    table = people(spice, choices)
    assert table["participant"].tolist() == labels
    assert table["group"].tolist() == ["control", "patient", "control"]
    pd.testing.assert_frame_equal(table.drop(columns="group"), people(spice))


def test_a_model_that_was_loaded_needs_choices(tuned, choices, tmp_path):
    tuned.save_spice(tmp_path / "rnn", tmp_path / "spice")
    loaded = sw.SpiceEstimator(sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG)
    with pytest.raises(NotFittedError, match="Call fit"):
        people(loaded)
    loaded.load_spice(tmp_path / "rnn", tmp_path / "spice")
    with pytest.raises(SettingsError, match="Give them: people"):
        people(loaded)
    pd.testing.assert_frame_equal(people(loaded, choices), people(tuned, choices), rtol=1e-9)


def test_intervals_of_a_learner_are_within_the_parameters_range(choices, pooled):
    table = people(pooled, choices)
    for rate in ("alpha_reward", "alpha_penalty"):
        assert table[f"{rate} low"].between(0, 1).all()
        assert table[f"{rate} high"].between(0, 1).all()
    assert (table["beta_reward low"] > 0).all()
    own = [f"{VALUE}: own value {end}" for end in ("low", "high")]
    np.testing.assert_allclose(table[own[0]], 1 - table["alpha_penalty high"])
    np.testing.assert_allclose(table[own[1]], 1 - table["alpha_penalty low"])
    pd.testing.assert_frame_equal(people(pooled, choices), table, check_exact=True)


@pytest.mark.slow
def test_intervals_cover_the_truth_as_often_as_they_say():
    """60 people of one learning rate: 95 % of their intervals hold it, within what chance allows."""
    agent = sw.AgentQ(alpha_reward=0.3, beta_reward=4.0)
    parts = [
        sw.create_dataset(agent, sw.BanditsDrift(0.2), 150, 4, random_state=number)[0] for number in range(60)
    ]
    data = sw.concat(parts, participants=[f"p{number}" for number in range(60)])
    table = people(fitted(data, selection="threshold", spice_optim_threshold=0.0))
    covered = (table["alpha_penalty low"] <= 0.3) & (table["alpha_penalty high"] >= 0.3)
    assert 0.85 <= covered.mean() <= 1.0  # of 60, 95 % +- 3 standard errors


def test_who_is_no_q_learner_has_no_classical_parameters_and_it_says_why():
    """People who leave what was rewarded: beta is below 0 by far more than its error."""
    agents = [sw.AgentQ(alpha_reward=0.4, beta_reward=3.0), sw.AgentQ(alpha_reward=0.4, beta_reward=3.0)]
    dataset = sw.create_dataset(
        agents * 5, sw.BanditsDrift(sigma=0.2), 60, 10, participant=["stays", "leaves"] * 5, random_state=1
    )[0]
    rewards = dataset.xs[1::2, :, 2:4]
    dataset.xs[1::2, :, 2:4] = torch.where(rewards >= 0, 1 - rewards, rewards)  # as if told the opposite
    model = sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG
    table = sw.people(sw.SpiceEstimator(*model, epochs=60, n_starts=2, random_state=1).fit(dataset))
    rows = table.set_index("participant")
    assert rows["no_q_learner"].to_dict() == {
        "stays": "",
        "leaves": "an option is chosen less for its rewards",
    }
    assert rows.loc["stays", "beta_reward"] == pytest.approx(3.0, abs=1.0)
    parameters = rows.columns[rows.columns.get_loc("alpha_reward") :]
    assert rows.loc["leaves", parameters].isna().all()
    assert rows.loc["leaves", "x_value_reward_chosen: c_reward"] < 0


@pytest.mark.parametrize("fit", ["tuned", "pooled", "own_terms"])
def test_no_value_lies_outside_its_interval(fit, choices, request):
    table = people(request.getfixturevalue(fit), choices)
    for name in [name.removesuffix(" low") for name in table if name.endswith(" low")]:
        value, low, high = (table[f"{name}{end}"] for end in ("", " low", " high"))
        known = value.notna() & low.notna() & high.notna()
        assert ((low <= value) & (value <= high))[known].all(), name


def test_a_group_mean_at_a_bound_is_not_known_and_not_tested(pooled, monkeypatch):
    assert group_table(pooled)["p"].notna().any()
    monkeypatch.setattr("spicewidgets.core.discover.group_table._error", lambda *_: 0.0)
    at_bound = group_table(pooled)
    assert at_bound[["value", "low", "high", "p", "holm"]].isna().all(axis=None)
