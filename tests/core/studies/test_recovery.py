"""Recovery: what was simulated comes back where it can, and the tables say where it does not."""

import numpy as np
import pytest

import spicewidgets as sw

DESIGN = sw.Design.of_settings(10, 1, 300, sw.BanditsDrift(0.2))


@pytest.fixture(scope="module")
def parameters():
    return sw.ParameterRecovery("rescorla-wagner", DESIGN, n_datasets=3, random_state=1).done()


def test_parameters_come_back(parameters):
    summary = parameters.summary()
    assert (summary["n"] == 30).all()
    assert (summary["correlation"] > 0.75).all()
    assert abs(summary.at["alpha", "bias"]) < 0.06
    assert (summary["covered"] > 0.7).all()
    tradeoffs = parameters.tradeoffs()
    assert np.diag(tradeoffs) == pytest.approx([1, 1])
    assert tradeoffs.at["alpha", "beta"] == tradeoffs.at["beta", "alpha"]


def test_its_figures_are_those_of_its_rows(parameters):
    frame = parameters.to_frame()
    assert len(frame) == 3 * 10 * 2
    own = frame[frame["parameter"] == "beta"]
    summary = parameters.summary().loc["beta"]
    assert summary["bias"] == pytest.approx((own["value"] - own["true"]).mean())
    logs = np.log(own[["true", "value"]])
    assert summary["correlation"] == pytest.approx(logs.corr().iloc[0, 1])
    inside = (own["value"] - own["true"]).abs() <= 1.96 * own["error"]
    assert summary["covered"] == pytest.approx(inside[own["error"].notna()].mean())


def test_over_the_fitted_range_people_are_those_that_were_fitted():
    people = np.column_stack([np.linspace(0.2, 0.8, 10), np.full(10, 4.0)])
    data = sw.create_dataset(
        sw.core.rivals.model.AgentRival(sw.RIVALS["rescorla-wagner"], people),
        sw.BanditsDrift(0.2),
        100,
        10,
        participant=list(range(10)),
        random_state=1,
    )[0]
    fit = sw.fit_rival("rescorla-wagner", data, "group")
    study = sw.ParameterRecovery("rescorla-wagner", sw.Design.of_choices(data), fit, n_datasets=2).done()
    true = study.to_frame().query("parameter == 'alpha'")["true"]
    assert set(true) <= set(fit.values[:, 0].tolist())


def test_rivals_are_told_apart():
    rivals = ["random", "choice-kernel", "rescorla-wagner"]
    study = sw.ModelRecovery(DESIGN, rivals, n_datasets=1, random_state=1).done()
    confusion, inversion = study.confusion(), study.inversion()
    assert confusion.sum(axis=1).tolist() == pytest.approx([1, 1, 1])
    assert inversion.sum(axis=0).tolist() == pytest.approx([1, 1, 1])
    assert np.diag(confusion).min() > 0.5
    assert study.counts().to_numpy().sum() == 3 * 10
    assert study.counts("datasets").to_numpy().sum() == 3
    assert np.diag(study.confusion("datasets")).min() == 1
    expected = confusion.iloc[:, 0] / confusion.iloc[:, 0].sum()  # Bayes, with equal priors
    assert inversion.iloc[:, 0].to_numpy() == pytest.approx(expected.to_numpy())


@pytest.mark.parametrize("criterion", ["aic", "evidence"])
def test_other_criteria_choose_too(criterion):
    design = sw.Design.of_settings(4, 1, 200, sw.BanditsDrift(0.2))
    study = sw.ModelRecovery(design, ["random", "biased"], criterion=criterion, n_datasets=1).done()
    scores = study.to_frame()
    assert scores["random"].to_numpy() == pytest.approx(np.full(8, -200 * np.log(2)))
    assert study.confusion().at["biased", "biased"] >= 0.5


def test_it_goes_on_while_some_parts_are_missing():
    study = sw.ModelRecovery(DESIGN, ["random", "biased"], n_datasets=1)
    steps = study.run()
    next(steps)
    next(steps)
    steps.close()
    confusion = study.confusion()
    assert confusion.loc["random"].sum() == pytest.approx(1)
    assert confusion.loc["biased"].isna().all()


def test_terms_are_found_missed_and_made_up_by_number_of_choices():
    study = sw.TermRecovery(
        sw.Participant(alpha_reward=0.3, forget_rate=0.2, beta_reward=1.5),
        sw.Task(sigma=0.2),
        "forgetting",
        trials=50,
        sessions=[2, 100],
        n_datasets=3,
        random_state=1,
    ).done()
    frame, summary = study.to_frame(), study.summary()
    assert set(frame["choices"]) == {100, 5000}
    assert (summary["datasets"] == 3).all()
    assert (summary[["found", "missed", "made up"]].sum(axis=1) <= 1 + 1e-9).all()
    many = summary.loc[5000]
    assert many.loc[("x_value_reward_chosen", "c_reward[k]"), "found"] == 1
    assert study.exact().index.tolist() == [100, 5000]
    lost = frame.groupby("choices")["outcome"].apply(lambda column: (column == "missed").mean())
    assert lost[100] > lost[5000]


WRONG = [
    (lambda: sw.ParameterRecovery("nobody", DESIGN), "A rival must be one of"),
    (lambda: sw.ParameterRecovery("biased", DESIGN, n_datasets=0), "n_datasets must be"),
    (lambda: sw.ParameterRecovery("biased", DESIGN, way="best"), "way must be one of"),
    (lambda: sw.ParameterRecovery("biased", DESIGN, random_state=-1), "random_state must be"),
    (lambda: sw.ModelRecovery(DESIGN, ["biased"]), "two or more"),
    (lambda: sw.ModelRecovery(DESIGN, criterion="r2"), "criterion must be one of"),
    (lambda: sw.TermRecovery(model="mine"), "model must be one of"),
    (lambda: sw.TermRecovery(sessions=[0]), "sessions must be"),
    (lambda: sw.TermRecovery(sw.Participant(alpha_reward=2.0)), "alpha_reward must be"),
]


@pytest.mark.parametrize(("call", "words"), WRONG)
def test_wrong_arguments_are_sentences(call, words):
    with pytest.raises(sw.SettingsError, match=words):
        call()
