"""People whose numbers were found together, as equations, means and spreads."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..config import SpiceConfig
from ..data.dataset import DatasetRNN
from ..equations import SpiceModel, term_text
from ..tasks import TASKS
from ..train.objective import Sessions
from ..train.rnn import BaseRNN
from .canonical import parts_of
from .group_means import GroupMeans, design_of, with_group_means
from .held_apart import TuningGain, gains_of_group
from .likelihood import Likelihood, ParameterId, write_equations
from .pooling import GroupState, Pool

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

NODES = 30  # of the integral over the people of a group


@dataclass(frozen=True)
class Group:
    """People whose numbers were found together.

    Attributes:
        numbers: what each column means.
        participants: index of the participant of each row.
        n_choices: of each participant.
        values: coefficients and betas, `(n_participants, n_numbers)`; 0 where a person lacks the term.
        errors: standard error of each, given the group, the same shape.
        covariance: of each participant's numbers, given the group, `(n_participants, n_numbers, n_numbers)`;
            0 for what is held or lacking.
        mean, mean_error: of the group, and its standard error, `(n_numbers,)`; of an own value's weight, of
            `artanh w`, as `spread` is.
        spread: standard deviation between people, `(n_numbers,)`; of one group, where groups have means.
        centres: mean of each person's prior, `(n_participants, n_numbers)`, as `mean` is: of the person's
            group, where a table has groups, else of all.
        shrinkage: share of the way from a person's own estimate to the group's mean, 0 to 1,
            `(n_participants, n_numbers)`; 1 for a number that this person's choices say nothing of.
        active: which terms each person has, `(n_participants, n_numbers)`.
        costs: what dropping a term would cost the whole group, in nats, `(n_numbers,)`.
        prices: what each term must be worth to stay, in nats for the whole group, `(n_numbers,)`.
        log_evidence: ln p(choices) in nats, Laplace's approximation.
        gains: what tuning has gained for each person; see `held_apart`.
        group_means: means of the groups that the table has; None without.
    """

    numbers: tuple[ParameterId, ...]
    participants: NDArray[np.int64]
    n_choices: Floats
    values: Floats
    errors: Floats
    covariance: Floats
    mean: Floats
    mean_error: Floats
    spread: Floats
    centres: Floats
    shrinkage: Floats
    active: Mask
    costs: Floats
    prices: Floats
    log_evidence: float
    gains: tuple[TuningGain | None, ...] = ()
    group_means: GroupMeans | None = None

    @property
    def numbers_per_participant(self) -> float:
        """The mean number of coefficients of a person."""
        return float(self.active.sum(1).mean())

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each term that the group has: its mean with standard error (delta method), the
        spread between people, what it is worth and its price in nats.

        All are coefficients as equations have them. An own value's weight w is pooled as artanh w, which is
        normal in the group; its mean and spread are the mean and standard deviation of w itself.
        """
        is_own = np.array([number.term == (number.module,) for number in self.numbers])
        own, slope, sd = mean_of_own(self.mean, self.spread)
        mean, spread = np.where(is_own, own, self.mean), np.where(is_own, sd, self.spread)
        error = np.where(is_own, slope * self.mean_error, self.mean_error)
        rows = [
            (
                number.module,
                "beta" if number.term is None else term_text(number.term),
                mean[i],
                error[i],
                spread[i],
                self.costs[i],
                self.prices[i],
                int(self.active[:, i].sum()),
            )
            for i, number in enumerate(self.numbers)
            if self.active[:, i].any()
        ]
        names = ["module", "term", "mean", "mean_error", "spread", "worth", "price", "n_participants"]
        return pd.DataFrame(rows, columns=names)


def mean_of_own(centre: Floats, spread: Floats) -> tuple[Floats, Floats, Floats]:
    """Integrate the weight of an own value over people whose artanh of it is normal (Gauss-Hermite).

    Args:
        centre: mean of the artanh, `(n,)`.
        spread: its standard deviation, `(n,)`.

    Returns:
        Mean of the weights, its slope in `centre`, and the weights' standard deviation; each `(n,)`.
    """
    nodes, shares = np.polynomial.hermite_e.hermegauss(NODES)
    weights = np.tanh(centre[:, None] + spread[:, None] * nodes)
    shares = shares / shares.sum()
    mean = weights @ shares
    return mean, (1 - weights**2) @ shares, np.sqrt((weights - mean[:, None]) ** 2 @ shares)


def group_of(pool: Pool, at: GroupState, price: float | None = None) -> Group:
    """Return a round of pooling as coefficients.

    Args:
        pool: that the round is of.
        at: the round.
        price: as in `Pool.select`.
    """
    active = np.broadcast_to(at.active, at.values.shape)
    shrinkage, has = at.shrinkage, active.any(0)
    told = np.where(active, 1 - shrinkage, 0.0).sum(0)
    with np.errstate(divide="ignore"):
        mean_error = np.where(told > 0, at.spread / np.sqrt(told), np.inf)
    centres = np.broadcast_to(at.mean, at.values.shape)
    slope = np.where(pool.is_own, 1 - np.tanh(at.values) ** 2, 1.0)
    return Group(
        numbers=pool.numbers,
        participants=pool.likelihood.participants,
        n_choices=pool.likelihood.n_choices,
        values=np.where(active | pool.is_beta, pool.coefficients(at.values), 0.0),
        errors=np.sqrt(at.variance) * slope,
        covariance=at.covariance * slope[:, :, None] * slope[:, None, :],
        mean=np.where(has, centres.mean(0), 0.0),
        mean_error=np.where(has, mean_error, 0.0),
        spread=np.where(has, at.spread, 0.0),
        centres=np.where(has, centres, 0.0),
        shrinkage=shrinkage,
        active=np.array(active),
        costs=at.costs().sum(0),
        prices=pool.prices(at, price),
        log_evidence=at.log_evidence,
    )


class Pooling:
    """Finds the equations of all people under their group's prior.

    Args:
        proposal: all candidate terms; its numbers are what the tuned ones are compared with.
        model: the model whose forward pass ties the equations together.
        data: the choices; participants are indices in the last column.
        config: which modules move which arms.
        price: as in `Pool.select`; that of the model's kind of task when None.
        own_terms: whether a person may lack terms that the group has.
        groups: by column of a table, the group of each participant, by index; groups of five people or more
            have means of their own (`group_means.py`).

    Raises:
        TraceError: where the model's forward cannot be compiled.
    """

    def __init__(
        self,
        proposal: SpiceModel,
        model: BaseRNN,
        data: DatasetRNN | Sessions,
        config: SpiceConfig,
        price: float | None = None,
        *,
        own_terms: bool = False,
        groups: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        terms = {}
        for module, rows in proposal.equations.items():
            equation = next(row for row in rows if row is not None)
            terms[module] = tuple(term for term in equation.terms if term not in equation.dropped)
        likelihood = Likelihood(model, data, terms)
        self.pool = Pool(likelihood, parts_of(model, config, likelihood.inputs))
        self.price = TASKS[model.task].own_price if price is None else price
        self.proposal, self.own_terms = proposal, own_terms
        codes = likelihood.participants
        self.design = design_of({name: [own[code] for code in codes] for name, own in (groups or {}).items()})

    def rounds(self) -> Iterator[GroupState]:
        """Every round of the search for the group's terms, so that whoever asks can tell how far it is, and
        stop.
        """
        return self.pool.select(self.price)

    def result(self) -> tuple[SpiceModel, Group]:
        """Return the equations, and what is known of the group, after all rounds, or as many as there were.

        Raises:
            RuntimeError: where the rounds were stopped before any group was settled on.
        """
        pool, at = self.pool, self.pool.reached
        if at is None:
            raise RuntimeError("There is no group yet: go through rounds() first.")
        one, means = at, None
        if self.design is not None and at.active.any():
            at, means = with_group_means(pool, at, self.design)
        at = pool.prune_individuals(at) if self.own_terms else at
        gains = gains_of_group(pool, at, pool.likelihood.values_of(self.proposal))
        chosen = {"costs": one.costs().sum(0), "prices": pool.prices(one, self.price)}
        chosen = {} if means is None else chosen
        group = replace(group_of(pool, at, self.price), gains=tuple(gains), group_means=means, **chosen)
        rows = zip(group.participants, map(pool.likelihood.equations_of, group.values), strict=True)
        return write_equations(self.proposal, ((code, *own) for code, own in rows)), group
