"""Groups in the group model: differences are not shrunk, their intervals cover, and each is tested once."""

from types import SimpleNamespace

import numpy as np
import pytest

from spicewidgets.core.discover.group_means import design_of, with_group_means
from spicewidgets.core.discover.likelihood import Derivatives
from spicewidgets.core.discover.pooling import GroupPrior, GroupState
from spicewidgets.core.discover.posterior import Posterior

N = 24
LABELS = ["control", "patient"] * (N // 2)


def quadratic(estimates, information):
    """People whose ln P is a quadratic, as many choices make it."""

    def look(tables):
        away = tables - estimates
        slope = -np.einsum("pij,tpj->tpi", information, away)
        nll = -np.einsum("tpi,tpi->tp", away, slope) / 2
        return Derivatives(nll, slope, np.broadcast_to(information, (len(tables), *information.shape)).copy())

    return GroupPrior(Posterior(look))


def drawn(rng, apart, spread=(0.4, 0.8)):
    """Two numbers of each person, told with errors that are as large as people differ, and correlated."""
    groups = np.array([label == "patient" for label in LABELS], float)
    people = groups[:, None] * np.array(apart) + rng.normal(0, spread, (N, 2))
    roots = rng.normal(0, 1.2, (N, 2, 2)) + np.eye(2)
    information = roots @ roots.swapaxes(1, 2)
    errors = np.einsum("pij,pj->pi", np.linalg.inv(roots.swapaxes(1, 2)), rng.normal(size=(N, 2)))
    return quadratic(people + errors, information), people + errors, information


def beginning(pool, n=2):
    begin = GroupState(
        np.zeros((N, n)), np.zeros((N, n, n)), np.zeros(n), np.ones(n), np.ones(n, bool), -np.inf
    )
    return max(pool.iterate_to_rest(begin), key=lambda at: at.log_evidence)


def test_means_are_those_of_generalised_least_squares_and_their_errors_robust():
    pool, estimates, information = drawn(np.random.default_rng(3), (1.0, -1.0))
    design = design_of({"diagnosis": LABELS})
    group, means = with_group_means(pool, beginning(pool), design)
    weight = np.linalg.inv(np.linalg.inv(information) + np.diag(means.spread**2))
    normal = np.einsum("pa,pij,pb->aibj", design.rows, weight, design.rows).reshape(4, 4)
    right = np.einsum("pa,pij,pj->ai", design.rows, weight, estimates).ravel()
    found, bread = np.linalg.solve(normal, right), np.linalg.inv(normal)
    np.testing.assert_allclose(means.means.ravel(), found, atol=0.02)
    away = np.einsum("pij,pj->pi", weight, estimates - design.rows @ found.reshape(2, 2))
    scores = np.einsum("pa,pi->pai", design.rows, away).reshape(N, 4) / np.sqrt(1 - 2 / N)
    np.testing.assert_allclose(means.covariance.reshape(4, 4), bread @ scores.T @ scores @ bread, rtol=1e-6)
    for kind in ("control", "patient"):
        own = group.values[np.array(LABELS) == kind].mean(0)
        np.testing.assert_allclose(own, design.weights["diagnosis", kind] @ means.means, atol=0.03)


def test_a_difference_is_not_shrunk_and_its_interval_covers():
    """Of 80 data sets the differences average to the truth, where people's own are drawn together."""
    rng, found, covered, shrunk = np.random.default_rng(61), [], [], []
    design, true = design_of({"diagnosis": LABELS}), np.array([0.8, 0.0])
    patients = np.array(LABELS) == "patient"
    for _ in range(80):
        pool = drawn(rng, true)[0]
        at = beginning(pool)
        shrunk.append(at.values[patients].mean(0) - at.values[~patients].mean(0))
        _, means = with_group_means(pool, at, design)
        error = np.sqrt(np.diag(means.covariance[1, :, 1]))
        found.append(means.means[1])
        covered.append(np.abs(means.means[1] - true) < 2.07 * error)  # t with 22 degrees of freedom
    np.testing.assert_allclose(np.mean(found, 0), true, atol=3 * np.std(found, 0).max() / 80**0.5)
    assert np.mean(shrunk, 0)[0] < 0.8 * true[0]
    assert (np.mean(covered, 0) > 0.88).all()
    assert np.mean(covered) < 0.99


def test_groups_of_few_people_and_columns_that_say_the_same_have_no_means():
    labels = {
        "diagnosis": ["a"] * 10 + ["b"] * 10 + ["rare"] * 4,
        "code": ["1"] * 10 + ["2"] * 10 + ["3"] * 4,
        "shift": ["day", "night"] * 12,
    }
    design = design_of(labels)
    assert design.groups == {"diagnosis": ("a", "b"), "shift": ("day", "night")}
    assert design.counted.tolist() == [True] * 20 + [False] * 4
    for name, kinds in design.groups.items():
        shares = [labels[name].count(kind) for kind in kinds]
        mean = sum(n * design.weights[name, kind] for n, kind in zip(shares, kinds, strict=True)) / sum(
            shares
        )
        np.testing.assert_allclose(mean, [1, 0, 0], atol=1e-12)
    assert design_of({"one": ["a"] * 20, "few": ["a", "b"] * 4}) is None
    assert design_of({}) is None


def test_who_is_in_no_group_has_the_prior_of_all_and_counts_nowhere():
    rng = np.random.default_rng(5)
    _, estimates, information = drawn(rng, (1.0, 0.0))
    labels = ["a", "b"] * 10 + ["c"] * 4
    design = design_of({"diagnosis": labels})
    estimates[-4:] += 50
    pool = quadratic(estimates, information)
    at = GroupState(
        np.zeros((N, 2)), np.zeros((N, 2, 2)), np.zeros(2), np.ones(2), np.array([True, False]), -np.inf
    )
    group, means = with_group_means(pool, at, design)
    assert (np.abs(means.means[:, 0]) < 3).all()
    assert (means.means[:, 1] == 0).all()
    np.testing.assert_allclose(group.mean[-4:, 0], group.mean[:20, 0].mean())


def test_who_has_no_label_is_no_control():
    assert design_of({"diagnosis": ["patient"] * 6 + [""] * 6}) is None
    design = design_of({"diagnosis": ["patient"] * 6 + ["none"] * 6 + [""] * 6})
    assert design.groups == {"diagnosis": ("none", "patient")}
    assert design.counted.tolist() == [True] * 12 + [False] * 6


@pytest.mark.parametrize("label", ["healthy controls", "HC", "Control", "placebo"])
def test_controls_come_first(label):
    assert design_of({"group": ["a"] * 6 + [label] * 6}).groups["group"][0] == label


def test_estimators_without_groups_have_no_table():
    from spicewidgets.core.discover.group_table import group_table, n_tests

    assert not len(group_table(SimpleNamespace()))
    assert n_tests(group_table(SimpleNamespace())) == 0
