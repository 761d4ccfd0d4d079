"""Which model how many people follow: random-effects Bayesian model selection.

Every person follows one of the models; how frequent each is in the population has a Dirichlet distribution
(Stephan et al. 2009, NeuroImage 46: 1004), found from each person's log evidence of each model by variational
Bayes. The exceedance probability of a model is that of being the most frequent one. The omnibus risk is the
probability that all are equally frequent and differences come by chance; the protected exceedance probability
allows for it (Rigoux et al. 2014, NeuroImage 84: 971).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import quad_vec
from scipy.special import digamma, gammainc, gammaincinv, gammaln, logsumexp

from ..checks import number, raise_if_any
from ..settings import SettingsError
from .groups import is_missing, tested_groups

Floats = NDArray[np.float64]

PRIOR = 1.0  # people of each model who count as seen beforehand
ENOUGH = 1e-10  # nats: a round that gains less is the last one
MOST_ROUNDS = 10_000


@dataclass(frozen=True)
class ModelFrequencies:
    """The frequency of each model among people.

    Attributes:
        models: their names.
        alpha: of the Dirichlet distribution of the frequencies: people of each model, and the prior.
        frequencies: its mean, which sums to 1.
        exceedance: probability of each model to be the most frequent one.
        protected: the same, allowing for all being equally frequent.
        omnibus_risk: probability that all are equally frequent.
        attributions: probability of each person to follow each model, `(n_people, n_models)`.
        log_evidence: ln p(data) with frequencies that differ, a lower bound in nats.
        log_evidence_equal: ln p(data) with equal frequencies.
        fixed_effects: sum of the log evidence over people, the best model's taken off: what counts if all
            people follow one model; one outlier can decide it.
    """

    models: tuple[str, ...]
    alpha: Floats
    frequencies: Floats
    exceedance: Floats
    protected: Floats
    omnibus_risk: float
    attributions: Floats
    log_evidence: float
    log_evidence_equal: float
    fixed_effects: Floats

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each model."""
        return pd.DataFrame(
            {
                "model": self.models,
                "people": self.attributions.sum(0),
                "frequency": self.frequencies,
                "exceedance": self.exceedance,
                "protected": self.protected,
                "fixed_effects": self.fixed_effects,
            }
        )


@dataclass(frozen=True)
class GroupDifference:
    """A test of whether groups of people follow the models equally often.

    Attributes:
        groups: the frequencies in each group alone.
        everyone: the frequencies of all people together.
        same: probability that the groups have the same frequencies, where half was expected beforehand.
    """

    groups: Mapping[Any, ModelFrequencies]
    everyone: ModelFrequencies
    same: float


def model_frequencies(log_evidence: ArrayLike | pd.DataFrame, prior: float = PRIOR) -> ModelFrequencies:
    """Estimate the frequency of each model in the population that some people are from.

    Args:
        log_evidence: of each person and model, `(n_people, n_models)` in nats: Laplace's evidence, -BIC / 2,
            or ln P of held-out choices. A column of a frame is a model.
        prior: people of each model who count as seen beforehand, above 0: 1 in Stephan et al. 2009; 1 divided
            by the number of models is the toolbox's of Rigoux et al. 2014.

    Raises:
        SettingsError: for fewer than two models, no person, or what is no number.

    >>> model_frequencies([[0, -9], [0, -9], [0, -9], [-9, 0], [0, -9]]).frequencies.round(2)
    array([0.71, 0.29])
    """
    table, models = _check(log_evidence)
    n_models = len(models)
    if not 0 < number(prior) < np.inf:
        raise SettingsError([f"prior must be above 0; got {prior!r}. Use 1."])
    counts = np.full(n_models, float(prior))
    alpha, bound, attributions = counts + len(table) / n_models, -np.inf, table
    for _ in range(MOST_ROUNDS):
        expected = digamma(alpha) - digamma(alpha.sum())  # of the frequencies' logarithms
        weighted = table + expected
        attributions = np.exp(weighted - logsumexp(weighted, axis=1, keepdims=True))
        alpha = counts + attributions.sum(0)
        before, bound = bound, _bound(table, attributions, alpha, counts)
        if bound - before < ENOUGH:
            break
    equal = float(logsumexp(table - np.log(n_models), axis=1).sum())
    risk = float(1 / (1 + np.exp(np.clip(bound - equal, -700, 700))))
    exceedance = exceedance_of(alpha)
    total = table.sum(0)
    return ModelFrequencies(
        models,
        alpha,
        alpha / alpha.sum(),
        exceedance,
        exceedance * (1 - risk) + risk / n_models,
        risk,
        attributions,
        bound,
        equal,
        total - total.max(),
    )


def group_difference(log_evidence: ArrayLike | pd.DataFrame, groups: Sequence[Any]) -> GroupDifference:
    """Test whether people of several groups follow the models equally often (Rigoux et al. 2014).

    Args:
        log_evidence: as in `model_frequencies`.
        groups: the group of each person; who has none (None, NaN or an empty text) is left out.

    Raises:
        SettingsError: where the groups do not fit the people, or there is one only.
    """
    table, models = _check(log_evidence)
    labels = list(groups)
    kinds = [kind for kind in dict.fromkeys(labels) if not is_missing(kind)]
    if len(labels) != len(table) or len(kinds) < 2:
        raise SettingsError(
            [
                f"groups must name the group of each of the {len(table)} people, and two groups or more; got"
                f" {len(labels)} names of {len(kinds)} groups. Give one name for each row."
            ]
        )
    frame = pd.DataFrame(table, columns=list(models))
    parts = {kind: model_frequencies(frame[[label == kind for label in labels]]) for kind in kinds}
    everyone = model_frequencies(frame[[label in kinds for label in labels]])
    apart = sum(part.log_evidence for part in parts.values())
    same = float(1 / (1 + np.exp(np.clip(apart - everyone.log_evidence, -700, 700))))
    return GroupDifference(parts, everyone, same)


def differences_of_groups(
    evidence: pd.DataFrame, groups: Mapping[str, Sequence[Any]]
) -> dict[str, GroupDifference]:
    """Compare the groups of each column that have five people or more.

    Columns with fewer than two such groups are left out.

    Args:
        evidence: as in `model_frequencies`, a column for each model.
        groups: by column, the group of each person.
    """
    found = {}
    for name, labels in groups.items():
        kinds = tested_groups(labels) if evidence.shape[1] > 1 else ()
        own = [label in kinds for label in labels]
        if kinds:
            kept = [label for label, kept in zip(labels, own, strict=True) if kept]
            found[name] = group_difference(evidence[own], kept)
    return found


def exceedance_of(alpha: ArrayLike) -> Floats:
    """Probability that each frequency is the largest, for frequencies of a Dirichlet distribution.

    A Dirichlet variable is gamma variables divided by their sum, so that it is the probability that one of
    them is larger than all others: an integral over the quantiles of that one.
    """
    counts = np.asarray(alpha, float)

    def larger(quantile: float) -> Floats:
        x = gammaincinv(counts, quantile)
        smaller = gammainc(counts, x[:, None])
        np.fill_diagonal(smaller, 1.0)
        product: Floats = smaller.prod(1)
        return product

    integral: Floats = quad_vec(larger, 0.0, 1.0, epsabs=1e-7, epsrel=1e-7)[0]
    exceedance: Floats = integral / integral.sum()
    return exceedance


def _bound(table: Floats, attributions: Floats, alpha: Floats, prior: Floats) -> float:
    """Variational lower bound of ln p(data)."""
    expected = digamma(alpha) - digamma(alpha.sum())
    fit = (attributions * (table + expected)).sum()
    entropy = -(attributions * np.log(np.maximum(attributions, 1e-300))).sum()
    of_prior = gammaln(prior.sum()) - gammaln(prior).sum() + ((prior - 1) * expected).sum()
    of_posterior = gammaln(alpha.sum()) - gammaln(alpha).sum() + ((alpha - 1) * expected).sum()
    return float(fit + entropy + of_prior - of_posterior)


def _check(log_evidence: Any) -> tuple[Floats, tuple[str, ...]]:
    """Return the table as numbers, and the models' names."""
    try:
        table = np.array(log_evidence, dtype=float)
    except (TypeError, ValueError):
        table = np.empty(0)
    if table.ndim != 2 or table.shape[1] < 2 or not len(table):
        raise SettingsError(
            [
                "log_evidence must be numbers, a row for each person and a column for each of two or more"
                f" models; got the shape {table.shape}. Fit at least two models."
            ]
        )
    raise_if_any(
        [
            None
            if np.isfinite(table).all()
            else f"log_evidence must be finite; got {int((~np.isfinite(table)).sum())} values that are not."
            " Leave these people or models out."
        ]
    )
    named = isinstance(log_evidence, pd.DataFrame)
    return table, tuple(map(str, log_evidence.columns if named else range(1, table.shape[1] + 1)))
