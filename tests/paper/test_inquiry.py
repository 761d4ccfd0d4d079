"""The study behind a report: all parts, stopped and gone on with, and what each of them is."""

from copy import copy, deepcopy
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from small_study import RIVALS, inquiry, plan, table

import spicewidgets as sw
from spicewidgets.core.diagnose.claims import FAILS, HOLDS, OPEN, UNDECIDED, UNTESTED, VERDICTS
from spicewidgets.core.discover.group_means import is_control
from spicewidgets.core.discover.group_table import group_table, n_tests
from spicewidgets.core.judge.multiple import holm
from spicewidgets.core.rivals.held_out import held_out
from spicewidgets.core.settings import SettingsError
from spicewidgets.paper import inquiry as inquiry_module, methods
from spicewidgets.paper.blocks import TableBlock
from spicewidgets.paper.card import card_part, claims
from spicewidgets.paper.comparison import comparison_part
from spicewidgets.paper.findings import best_of, equation_sets, gain_of
from spicewidgets.paper.individuals import individuals_part, terms_of
from spicewidgets.paper.inquiry import Inquiry, Plan
from spicewidgets.paper.methods import taken_apart


def test_rivals_equations_and_network_are_compared_and_played(found):
    told = ("forgetting (SPICE) equations", "forgetting (SPICE) network")
    assert set(found.held_out.models) == {*RIVALS, *told}
    assert (found.told, found.network) == told
    agents = {check.agent for check in found.falsification.checks}
    assert agents >= {*told, found.rivals[0]}
    assert set(found.models.names) == set(RIVALS)
    assert len(found.models.results) == len(found.models.parts)
    assert found.equations.exact() >= 0
    assert set(found.parameters) <= set(RIVALS)


def test_groups_are_those_of_the_table(found):
    assert set(found.groups) == {"diagnosis"}
    assert [len(part.attributions) for part in found.differences["diagnosis"].groups.values()] == [5, 5]
    rows = found.term_groups
    assert rows["group"].iloc[0] == "healthy"  # others are compared with controls
    assert rows["apart"].isna().sum() == len(rows) / 2
    means = rows.pivot(index="name", columns="group", values="value")
    own = rows.dropna(subset="apart").set_index("name")["apart"]
    expected = means.drop(columns="healthy").iloc[:, 0] - means["healthy"]
    pd.testing.assert_series_equal(own.sort_index(), expected.sort_index(), check_names=False)
    assert (rows["holm"].dropna() >= rows["p"].dropna()).all()


def test_ages_are_no_groups_and_each_difference_is_tested_once(found):
    """Ages of two people each were groups, each with a claim and with differences."""
    assert found.report.roles.covariates == ("age",)
    assert not any("age" in claim.words for claim in claims(found))
    rows = found.term_groups
    pd.testing.assert_frame_equal(rows, group_table(found.estimator))
    tested = rows[rows["p"].notna()]
    assert len(tested) == len(rows) / 2
    by_name = tested.set_index("name")
    same = by_name.loc[["x_value_reward_not_chosen: own value", "forget_rate"]]  # 1 less the other
    assert same["apart"].sum() == pytest.approx(0)
    assert same["holm"].nunique() == 1
    alone = tested.assign(p=tested["p"].round(10)).drop_duplicates("p")
    np.testing.assert_allclose(alone["holm"], holm(alone["p"].to_numpy()), rtol=1e-6)
    assert n_tests(rows) == len(alone) < len(tested)
    (claim,) = (one for one in claims(found) if "differ in how they choose" in one.words)
    assert f" of {len(alone)} beyond chance" in claim.outcome
    blocks = [block for block in individuals_part(found) if isinstance(block, TableBlock)]
    assert f"all {len(alone)} differences" in " ".join(block.note for block in blocks)


def test_terms_are_those_of_the_equations(found):
    spice = found.estimator.spice_model_
    active = {
        (module, tuple(sorted(term)))
        for module, rows in spice.equations.items()
        for row in rows
        for term, _ in row.active
    }
    assert set(zip(found.terms["module"], found.terms["key"], strict=True)) == active
    assert (found.terms["low"] < found.terms["value"]).all()
    assert (found.terms["value"] < found.terms["high"]).all()
    assert found.terms["parts"].between(0, found.held_out.n_folds).all()
    assert found.terms["shrinkage"].between(0, 1).all()
    whole = [part.to_dict() for part in found.held_out.equations[found.main]]
    assert len(whole) == 2


def test_it_can_be_stopped_and_what_is_found_stays(tmp_path):
    work = inquiry(folder=tmp_path, rivals=("random", "choice-kernel"))
    steps = work.run()
    for step in steps:
        if step.words.startswith("recovery: parameters") and ", 5 of" in step.words:
            stopped = step.words.split(",")[0]
            steps.close()
    assert work.findings.falsification is not None
    assert work.findings.models is None
    assert [claim.verdict for claim in claims(work.findings)].count(UNTESTED) >= 2
    kept = {file: file.read_bytes() for file in tmp_path.rglob("part-*.json")}
    assert len(kept) >= 5
    again = inquiry(folder=tmp_path, rivals=("random", "choice-kernel"), repeats=0, stability=False)
    words = [step.words for step in again.run()]
    assert next(one for one in words if one.startswith(stopped)).startswith(f"{stopped}, 5 of")
    assert {file: file.read_bytes() for file in kept} == kept
    assert again.findings.models is not None


def test_there_is_a_report_before_all_rivals_are_compared():
    work, told = inquiry(repeats=0, datasets=0, stability=False), []
    for step in work.run():
        if work.findings is not None:
            told.append((step.words, work.findings))
    (words, few), whole = told[0], told[-1][1]
    own = ("forgetting (SPICE) equations", "forgetting (SPICE) network")
    assert words.startswith("held out: random")
    assert few.held_out.models == ("rescorla-wagner", *own)
    assert few.notes == (inquiry_module.FEW_RIVALS,)
    assert whole.notes == ()
    assert whole.held_out.models == (*RIVALS, *own)
    alone = held_out(work.dataset, RIVALS, n_folds=2, way=whole.way)
    np.testing.assert_array_equal(whole.held_out.nll[: len(RIVALS)], alone.nll)


def test_progress_only_goes_on(studied):
    done = [step.done for step in studied[1]]
    assert done == sorted(done)
    assert studied[1][-1].done == studied[1][-1].total
    kinds = dict.fromkeys(step.words.split(":")[0] for step in studied[1])
    assert list(kinds) == ["held out", "falsification", "recovery", "stability", "done"]


def test_claims_say_what_could_break_them_and_what_came_of_it(found):
    told = claims(found)
    assert {claim.verdict for claim in told} <= set(VERDICTS)
    assert all(claim.test and claim.outcome and claim.words for claim in told)
    best = found.held_out.ahead(found.told, found.rivals[0])
    verdict = HOLDS if best.low > 0 else FAILS if best.high < 0 else OPEN
    assert told[0].verdict == verdict
    assert f"{best.nats:.4f}" in told[0].outcome


def claim_of(found, kind):
    (claim,) = [one for one in claims(found) if one.kind == kind]
    return claim


def with_results(study, results):
    """The same study, with these results of its parts."""
    other = copy(study)
    other.results = results
    return other


def test_few_simulated_data_sets_decide_nothing(found):
    """However many terms each of them has; the option that decides is named."""
    own = found.equations
    claim = claim_of(found, "recovered terms")
    assert (claim.verdict, claim.n_sets, len(own.results)) == (UNDECIDED, 2, 2)
    assert "of 2 data sets" in claim.outcome
    assert "--datasets 10 " in claim.outcome
    assert (equation_sets(9, 10), equation_sets(10, 10)) == (18, 20)
    rivals = claim_of(found, "recovered rivals")
    assert (rivals.verdict, rivals.n_sets) == (UNDECIDED, 10)
    assert "--datasets 2 " in rivals.outcome
    assert claim_of(found, "people").verdict in (UNDECIDED, FAILS)  # halves are of the choices themselves


@pytest.mark.parametrize("right", [0, 20])
def test_twenty_data_sets_decide(found, right):
    """Results in which exactly the true terms came back, or one was missed in each."""
    part = deepcopy(found.equations.results[0])
    for row in part["terms"]:
        row["value"] = list(row["true"]) if right else [0.0] * len(row["true"])
    twenty = with_results(found.equations, dict.fromkeys(range(20), part))
    claim = claim_of(replace(found, equations=twenty), "recovered terms")
    assert (claim.verdict, claim.n_sets) == (HOLDS if right else FAILS, 20)
    assert "--datasets" not in claim.outcome


def test_claims_are_of_the_equations_that_predict_best():
    """And not those of the model that was named first."""

    def model(penalty):
        return sw.SpiceEstimator(
            sw.ForgettingRNN,
            sw.FORGETTING_RNN_CONFIG,
            **{"pooling": "group", "epochs": 5, "n_starts": 1, "random_state": 1, "price": penalty},
        )

    models = {"without a term": model(900.0), "with terms": model(1.0)}
    work = inquiry(models=models, rivals=("random",), repeats=0, datasets=0, stability=False)
    for _ in work.run():
        pass
    assert work.findings.main == best_of(work.findings.held_out) == "with terms"
    _, words, *_ = card_part(work.findings)
    assert "equations of with terms, which predict held-out choices best" in words.text


def test_a_network_that_knew_nothing_is_no_test(found):
    """So many weights, so few choices: it may be worse than chance."""
    nll = found.held_out.nll.copy()
    nll[found.held_out.models.index(found.network)] = 2 * found.held_out.n_choices
    poor = replace(found, held_out=replace(found.held_out, nll=nll))
    (claim,) = [one for one in claims(poor) if "network knew" in one.words]
    assert claim.verdict == OPEN
    assert "no better than chance" in claim.outcome


def likely(found, **nats):
    """The same findings, with models that need so many nats for each held-out choice of a person."""
    result = found.held_out
    nll = result.nll.copy()
    for name, value in nats.items():
        row = result.models.index({"told": found.told, "network": found.network}.get(name, name))
        nll[row] = value * result.n_choices * np.linspace(0.99, 1.01, len(result.people))
    return replace(found, held_out=replace(result, nll=nll))


def test_a_network_below_its_equations_is_no_test_of_them(found):
    below = claim_of(likely(found, told=0.4, network=0.5), "network")
    assert below.verdict == OPEN
    assert "It is below its equations" in below.outcome
    assert claim_of(likely(found, told=0.4, network=0.4), "network").verdict == HOLDS
    assert claim_of(likely(found, told=0.5, network=0.4), "network").verdict == FAILS


def test_a_rival_ahead_of_both_is_a_mechanism_that_is_missing(found):
    words = {"told": 0.5, "network": 0.5, "rescorla-wagner": 0.6}
    missing = claim_of(likely(found, **words, **{"choice-kernel": 0.4}), "mechanism")
    assert missing.verdict == FAILS
    assert "choice-kernel: what was chosen lately" in missing.outcome
    assert claim_of(likely(found, **words, **{"choice-kernel": 0.6}), "mechanism").verdict == HOLDS


def text_of(blocks):
    """The sentences and notes of some blocks, in one."""
    return " ".join(getattr(block, "text", "") + getattr(block, "note", "") for block in blocks)


def test_one_person_who_decides_a_difference_is_named(found):
    """All but one hardly differ between the equations and a rival of the same rule."""
    words = text_of(comparison_part(found))
    best = found.rivals[0]
    even = likely(found, told=0.5, network=0.45, **dict.fromkeys(found.rivals, 0.55))
    assert "hang on one person" not in text_of(comparison_part(even))
    nll = even.held_out.nll.copy()
    nll[even.held_out.models.index(best)] = nll[even.held_out.models.index(even.told)] - 0.1
    nll[even.held_out.models.index(best), 3] += 20.0
    one = replace(even, held_out=replace(even.held_out, nll=nll))
    words = text_of(comparison_part(one))
    assert f"equations beside {best}, +19.0 nats, without {found.held_out.people[3]} -0.9" in words
    assert words.count("equations beside") == 1


def test_a_model_below_chance_in_a_group_is_named(found):
    fair = likely(found, told=0.5, network=0.5, **dict.fromkeys(found.rivals, 0.6))
    assert "Worse than guessing" not in text_of(comparison_part(fair))
    own = np.array([label == "healthy" for label in found.groups["diagnosis"]])
    nll = fair.held_out.nll.copy()
    nll[fair.held_out.models.index("choice-kernel"), own] = 0.8 * found.held_out.n_choices[own]
    words = text_of(comparison_part(replace(fair, held_out=replace(fair.held_out, nll=nll))))
    assert "Worse than guessing" in words
    assert f"choice-kernel in diagnosis healthy ({np.exp(-0.8):.4f}, guessing 0.5000)" in words
    assert "diagnosis <" not in words.partition("Worse than guessing")[2].split("Likelihood")[0]


def test_people_without_a_label_are_shown_as_missing_and_not_tested(found):
    labels = ["" if place < 2 else label for place, label in enumerate(found.groups["diagnosis"])]
    some = replace(found, groups={"diagnosis": labels})
    tables = [block for block in comparison_part(some) if isinstance(block, TableBlock)]
    (by_group,) = [block for block in tables if "by diagnosis (number" in block.caption]
    assert len(by_group.names) == 3
    assert "missing, 2 people: in no group, and not tested" in by_group.note
    (people,) = [block for block in methods._groups(some) if isinstance(block, TableBlock)]
    assert [row[:2] for row in people.rows][-1] == ("missing", "2")
    assert not any(claim.kind == "groups alike" for claim in claims(some))  # three and five people


def test_parameters_that_nobody_is_told_are_in_the_table(found):
    """The report said nothing of q0, or counted everybody, where people.csv has nobody."""
    blocks = [block for block in individuals_part(found) if isinstance(block, TableBlock)]
    (table,) = [block for block in blocks if block.caption.startswith("Classical parameters")]
    names = [name for name in found.people if f"{name} low" in found.people and ": " not in name]
    assert [row[0] for row in table.rows] == names
    for name, value, *_, counted in table.rows:
        n = int(found.people[name].notna().sum())
        assert counted == f"{n} of {len(found.people)}"
        assert bool(value) == bool(n)


def test_the_simplest_rival_reaches_most_of_the_gain(found):
    simplest = found.simplest
    gains = {name: gain_of(found.held_out, name, found.told) for name in RIVALS}
    able = [name for name in RIVALS if gains[name] >= 0.8]
    assert (simplest in able) == bool(able)
    assert gains["random"] == pytest.approx(0, abs=1e-9)
    assert gain_of(found.held_out, found.told, found.told) == 1


def test_one_person_has_no_group_and_no_interval_over_people():
    data, _, _ = sw.create_dataset(sw.AgentQ(alpha_reward=0.3), sw.BanditsDrift(0.2), 50, 8, random_state=1)
    model = sw.SpiceEstimator(sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG, epochs=20, random_state=1)
    work = Inquiry(data, plan(models={"rw (SPICE)": model}, rivals=("rescorla-wagner",), datasets=0))
    for _ in work.run():
        pass
    assert work.findings.way == "prior"
    assert np.isnan(work.findings.held_out.to_frame()["low"]).all()
    assert not len(work.findings.term_groups)
    assert len(work.findings.sensitivity) == 3
    assert claims(work.findings)[0].verdict == OPEN


def test_what_cannot_be_is_a_sentence():
    with pytest.raises(SettingsError, match="got no model"):
        Inquiry(sw.read_choices(table()), Plan(models={}))
    with pytest.raises(SettingsError, match="Rename them"):
        Inquiry(sw.read_choices(table()), plan(models={"random": None}))


def test_many_differences_are_counted_together():
    """Holm 1979: the smallest times 4, the next times 3 ..., never below the one before."""
    adjusted = holm(np.array([0.01, np.nan, 0.04, 0.03, 0.005]))
    np.testing.assert_allclose(adjusted, [0.03, np.nan, 0.06, 0.06, 0.02])
    assert is_control("Healthy controls")
    assert not is_control("patients")


def test_people_each_alone_have_medians():
    choices = sw.read_choices(table())
    model = sw.SpiceEstimator(sw.ForgettingRNN, sw.FORGETTING_RNN_CONFIG, epochs=20, random_state=1)
    model.fit(choices.dataset)
    people = sw.people(model, choices)
    terms = terms_of(model, people)
    row = terms.iloc[0]
    values = people[f"{row['module']}: {row['term']}"]
    assert row["value"] == pytest.approx(values.median())
    assert row["people"] == values.notna().sum()
    assert not len(group_table(model))


def test_one_session_a_person_is_held_out_by_time_and_it_is_said(monkeypatch):
    asked = []

    def steps(_, models, by, **options):
        asked.append(by)
        raise KeyboardInterrupt

    monkeypatch.setattr(inquiry_module, "held_out_steps", steps)
    whole = table()
    for frame in (whole, whole[whole["run"] == 1]):
        choices = sw.read_choices(frame)
        with pytest.raises(KeyboardInterrupt):
            list(Inquiry(choices, plan()).run())
        found = SimpleNamespace(dataset=choices.dataset, held_out=SimpleNamespace(by=asked[-1]))
        assert ("No person has a second session" in taken_apart(found)) == (asked[-1] == "time")
    assert asked == ["session", "time"]
