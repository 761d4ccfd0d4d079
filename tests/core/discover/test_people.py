"""People beside each other: likelihoods, numbers and intervals are those of the parts that they come from."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.exceptions import NotFittedError

import spicewidgets as sw
from spicewidgets.core.discover.group_table import group_table
from spicewidgets.core.discover.identified import bounds_of, not_identified
from spicewidgets.core.discover.people import people
from spicewidgets.core.discover.uncertainty import bounded_interval, half_width, uncertainty
from spicewidgets.core.equations import term_in_words
from spicewidgets.core.settings import SettingsError

VALUE = "x_value_reward_chosen"


def fitted(choices, model=sw.RescorlaWagnerRNN, config=sw.RESCORLA_WAGNER_CONFIG, **options):
    data = choices.dataset if isinstance(choices, sw.Choices) else choices
    return sw.SpiceEstimator(model, config, random_state=1, n_starts=2, epochs=60, **options).fit(data)


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
        parameters = sw.classical_parameters(tuned.spice_model_, tuned.rnn_model_, label)
        missing = not_identified(parameters, own.parameters)
        assert table.loc[label, list(missing)].isna().all()
        for name, value in parameters.items():
            if name in missing:
                continue
            assert table.loc[label, name] == pytest.approx(value, nan_ok=True)
            ends = bounded_interval(value, own.parameters[name], 0.9, bounds_of(name))
            shown = table.loc[label, [f"{name} low", f"{name} high"]].tolist()
            assert shown == pytest.approx(ends, rel=1e-2, nan_ok=True)


def test_a_model_that_cannot_be_compiled_has_intervals_by_the_delta_method(tuned, monkeypatch):
    from spicewidgets.core.discover import estimated_intervals, people as module
    from spicewidgets.core.train.compiled.symbolic import TraceError

    def refuse(*_):
        raise TraceError("no compiler")

    with monkeypatch.context() as patch:
        patch.setattr(module, "intervals_of", lambda *_: {})
        expected = people(tuned)
    monkeypatch.setattr(module, "Likelihood", refuse)
    monkeypatch.setattr(estimated_intervals, "Likelihood", refuse)
    pd.testing.assert_frame_equal(people(tuned), expected, rtol=1e-3, check_exact=False)


def test_intervals_by_the_delta_method_are_given_the_group(choices, pooled, no_learners):
    table = people(pooled, choices)
    group = pooled.group_
    for column, number in enumerate(group.numbers):
        name = f"{VALUE}: {term_in_words(number.term, VALUE)}"
        if name in table:
            np.testing.assert_allclose(table[name], group.values[:, column])
            half = table[f"{name} high"] - table[name]
            np.testing.assert_allclose(
                half, [half_width(e, 0.95) for e in group.errors[:, column]], rtol=1e-6
            )
    own = table["x_value_reward_chosen: own value high"] - table["x_value_reward_chosen: own value"]
    errors = own / half_width(1.0, 0.95)  # alpha_penalty is 1 - own value, and between 0 and 1
    ends = [
        bounded_interval(*pair, 0.95, (0.0, 1.0)) for pair in zip(table["alpha_penalty"], errors, strict=True)
    ]
    np.testing.assert_allclose(table[["alpha_penalty low", "alpha_penalty high"]], ends, rtol=1e-5)


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


def test_the_covariance_of_a_group_has_its_errors(pooled):
    diagonal = np.einsum("iaa->ia", pooled.group_.covariance)
    np.testing.assert_allclose(np.sqrt(diagonal), pooled.group_.errors, atol=1e-12)


def few_choices():
    """60 choices of people each: one who learns nothing from rewards, and some who can be told."""
    pairs = [(0.4, 3.0), (0.5, 1.0), (0.3, 0.5), (0.4, 2.0), (0.6, 1.5), (0.4, 4.0)]
    agents = [sw.AgentQ(alpha_reward=alpha, beta_reward=beta) for alpha, beta in pairs]
    return sw.create_dataset(
        agents, sw.BanditsDrift(0.2), 60, len(pairs), participant=list(range(len(pairs))), random_state=5
    )[0]


def test_a_parameter_that_choices_do_not_identify_is_missing_and_no_0():
    """Where nothing fades α was 0.00, where nothing is kept 1.00, without a reward's term anything."""
    spice = fitted(few_choices())
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
