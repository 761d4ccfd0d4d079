"""Frequencies of models among people: against integrals over the simplex and against sampling."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp

from spicewidgets import SettingsError
from spicewidgets.core.judge import random_effects
from spicewidgets.core.judge.random_effects import (
    differences_of_groups,
    exceedance_of,
    group_difference,
    model_frequencies,
)


def exact(table, n_grid):
    """Means, exceedance, and ln p(data), by a sum over a grid of the simplex; no approximation is shared."""
    n_models = table.shape[1]
    middle = (np.arange(n_grid) + 0.5) / n_grid
    if n_models == 2:
        r = np.stack([middle, 1 - middle], -1)
    else:
        a, b = (part.ravel() for part in np.meshgrid(middle, middle))
        r = np.stack([a, (1 - a) * b, (1 - a) * (1 - b)], -1)  # density 2 (1 - a) of the uniform Dirichlet
    log_p = sum(logsumexp(np.log(r) + row, axis=1) for row in table)
    log_p = log_p + (np.log(2 * (1 - r[:, 0])) if n_models == 3 else 0)
    log_evidence = logsumexp(log_p) - np.log(len(r))
    weights = np.exp(log_p - logsumexp(log_p))
    largest = r.argmax(1)
    exceedance = np.array([weights[largest == k].sum() for k in range(n_models)])
    return weights @ r, exceedance, log_evidence


def people(counts, gap, noise=0.0, seed=0):
    """So many people of each model, whose own model is better by this many nats."""
    own = np.repeat(np.arange(len(counts)), counts)
    table = np.where(np.arange(len(counts)) == own[:, None], 0.0, -float(gap))
    return table + noise * np.random.default_rng(seed).normal(size=table.shape)


@pytest.mark.parametrize("counts", [(11, 1), (7, 5), (9, 2, 1), (4, 4, 4)])
def test_where_people_are_certain_it_is_the_exact_posterior(counts):
    table = people(counts, 40, noise=1.0)
    found = model_frequencies(table)
    mean, exceedance, log_evidence = exact(table, 400)
    assert found.frequencies == pytest.approx(mean, abs=0.002)
    assert found.exceedance == pytest.approx(exceedance, abs=0.005)
    assert found.log_evidence == pytest.approx(log_evidence, abs=0.02)
    equal = logsumexp(table - np.log(len(counts)), axis=1).sum()
    risk = 1 / (1 + np.exp(log_evidence - equal))
    assert found.omnibus_risk == pytest.approx(risk, abs=0.005)
    assert found.protected == pytest.approx(exceedance * (1 - risk) + risk / len(counts), abs=0.005)


@pytest.mark.parametrize("counts", [(14, 6), (12, 6, 2)])
def test_where_people_are_not_certain_it_is_near(counts):
    table = people(counts, 3, noise=1.0, seed=2)
    found = model_frequencies(table)
    mean, _, log_evidence = exact(table, 400)
    assert found.frequencies == pytest.approx(mean, abs=0.04)
    assert found.log_evidence <= log_evidence  # it is a bound
    assert found.log_evidence == pytest.approx(log_evidence, abs=1.5)


def test_the_published_example():
    """Stephan et al. 2009: alpha of 11.8 and 2.2 are 84.3 % and 15.7 %, exceeded with 99.7 %."""
    alpha = np.array([11.8, 2.2])
    assert (alpha / alpha.sum()).round(3).tolist() == [0.843, 0.157]
    assert exceedance_of(alpha)[0] == pytest.approx(0.997, abs=0.0006)


# What the package groupBMC 1.0 (Rigoux' toolbox in Python) says of `noisy(seed, ...)`, run by us.
REFERENCE = [
    ((0, 3, 12, 4), [0.6175, 0.1441, 0.2384], [0.9294, 0.0138, 0.0568], [0.4429, 0.2746, 0.2825]),
    (
        (1, 4, 30, 6),
        [0.5456, 0.1177, 0.2208, 0.1159],
        [0.9824, 0.0008, 0.0161, 0.0007],
        [0.5065, 0.1627, 0.1681, 0.1627],
    ),
]


def noisy(seed, n_models, n_people, gap):
    table = (np.random.default_rng(seed).normal(size=(n_people, n_models)) * gap).round(1)
    return table + np.where(np.arange(n_models) == 0, gap / 2, 0)


@pytest.mark.parametrize(("arguments", "frequencies", "exceedance", "protected"), REFERENCE)
def test_an_independent_implementation_finds_the_same(arguments, frequencies, exceedance, protected):
    found = model_frequencies(noisy(*arguments), prior=1 / arguments[1])
    assert found.frequencies == pytest.approx(frequencies, abs=0.003)
    assert found.exceedance == pytest.approx(exceedance, abs=0.003)
    assert found.protected == pytest.approx(protected, abs=0.003)


def test_exceedance_is_what_samples_show():
    alpha = [4.0, 6.0, 1.5, 5.0]
    drawn = np.random.default_rng(1).dirichlet(alpha, 400_000).argmax(1)
    shares = np.bincount(drawn, minlength=4) / len(drawn)
    assert exceedance_of(alpha) == pytest.approx(shares, abs=0.003)


def test_one_outlier_decides_the_sum_and_not_the_frequencies():
    table = np.vstack([people((9, 0), 3), [[-100.0, 0.0]]])
    found = model_frequencies(pd.DataFrame(table, columns=["simple", "odd"]))
    assert found.models == ("simple", "odd")
    assert found.fixed_effects.tolist() == [-73.0, 0.0]
    assert found.frequencies[0] > 0.75
    assert found.attributions[-1, 1] == pytest.approx(1)
    assert found.to_frame()["people"].sum() == pytest.approx(10)


def test_equal_evidence_says_nothing():
    found = model_frequencies(np.zeros((20, 4)))
    assert found.frequencies == pytest.approx([0.25] * 4)
    assert found.protected == pytest.approx([0.25] * 4)
    assert found.omnibus_risk > 0.5


def test_groups_that_differ_and_groups_that_do_not():
    one, other = people((12, 1), 20), people((1, 12), 20)
    labels = ["a"] * 13 + ["b"] * 13
    different = group_difference(np.vstack([one, other]), labels)
    alike = group_difference(np.vstack([one, one]), labels)
    log_apart = sum(exact(part, 2000)[2] for part in (one, other))
    together = exact(np.vstack([one, other]), 2000)[2]
    assert different.same == pytest.approx(1 / (1 + np.exp(log_apart - together)), abs=0.005)
    assert different.same < 0.01
    assert alike.same > 0.6
    assert different.groups["a"].frequencies[0] > 0.8 > 0.2 > different.groups["b"].frequencies[0]
    assert different.everyone.frequencies == pytest.approx([0.5, 0.5])


def test_groups_of_fewer_than_five_people_are_not_tested():
    evidence = pd.DataFrame(np.vstack([people((5, 1), 20), people((1, 5), 20)]), columns=["one", "other"])
    groups = {
        "group": ["a"] * 5 + ["small"] + ["b"] * 6,
        "small": ["a"] * 8 + ["b"] * 4,
        "many": [str(at) for at in range(12)],
    }
    found = differences_of_groups(evidence, groups)
    assert list(found) == ["group"]
    assert list(found["group"].groups) == ["a", "b"]
    others = [at for at in range(12) if at != 5]
    expected = group_difference(evidence.iloc[others], [groups["group"][at] for at in others])
    assert found["group"].same == pytest.approx(expected.same)
    assert not differences_of_groups(evidence[["one"]], groups)


@pytest.mark.parametrize("missing", ["", None, np.nan])
def test_a_missing_label_is_no_group(missing):
    """Whose label was missing was "none", which is a control's name."""
    evidence = pd.DataFrame(np.vstack([people((5, 1), 20), people((1, 5), 20)]), columns=["one", "other"])
    labels = ["a"] * 6 + ["b"] * 6
    both, doubled = pd.concat([evidence, evidence], ignore_index=True), [*labels, *[missing] * 12]
    assert random_effects.tested_groups(doubled) == ("a", "b")
    assert differences_of_groups(both, {"group": doubled})["group"].same == pytest.approx(
        group_difference(evidence, labels).same
    )
    found = group_difference(both, doubled)
    assert list(found.groups) == ["a", "b"]
    assert found.same == pytest.approx(group_difference(evidence, labels).same)
    assert random_effects.tested_groups(["a"] * 6 + [missing] * 6) == ()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: model_frequencies([[1.0], [2.0]]), "two or more models"),
        (lambda: model_frequencies([[1.0, np.nan]]), "must be finite"),
        (lambda: model_frequencies("x"), "must be numbers"),
        (lambda: model_frequencies([[1.0, 2.0]], prior=0), "prior must be above 0"),
        (lambda: group_difference([[0, 1], [1, 0]], ["a", "a"]), "two groups or more"),
    ],
)
def test_what_is_wrong_is_a_sentence(call, words):
    with pytest.raises(SettingsError, match=words):
        call()
