"""How sure an equation is, whatever the likelihood says: everything after the data, done again for sessions
that are drawn anew with replacement (the bootstrap; Efron & Tibshirani 1993).

For each resample the RNN is fitted again, from its present weights; its modules are sampled on a random task
of the resample's own; SINDy chooses terms; and the numbers of these terms are tuned to the resample's
choices, from where SINDy or the first fit had them, whichever leads further. So, unlike the standard errors
of `uncertainty.py`, the spread reckons in that the terms were chosen from the same data, and that sessions
may differ from each other. The share of the resamples that keep a term is its inclusion rate (as in the
stability selection of Meinshausen & Buehlmann 2010).

What it does not tell: another start of the RNN might settle elsewhere, since each fit begins where the first
one ended; resampled fits are L-BFGS on whole sessions, whatever the first training was; and few sessions give
intervals that are too narrow.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch

from ..config import SpiceConfig
from ..equations import SpiceModel
from ..random import RandomState, children
from ..settings import Discovery, SettingsError
from ..train.objective import Sessions, set_flat_parameters
from ..train.rnn import BaseRNN
from .bootstrap import Refits, draw
from .resampled import Resampled
from .sampling import sample
from .search import EquationSearch

SIDE = 10  # resamples whose RNNs are fitted side by side


@dataclass(frozen=True)
class FitState:
    """The state of a fit, as far as its resamples depend on it.

    Attributes:
        model: the trained model.
        sessions: what it was trained on.
        spice: its equations.
        participants: labels, in the order of their indices.
        config, settings, only: of the discovery; see `discover`.
        weight_decay: of the training.
        compiled: whether fits are compiled; see `train`.
    """

    model: BaseRNN
    sessions: Sessions
    spice: SpiceModel
    participants: tuple[Any, ...]
    config: SpiceConfig
    settings: Discovery
    only: int | None
    weight_decay: float
    compiled: bool | str


class CanBeResampled(Protocol):
    """A fitted estimator."""

    def fitted(self) -> FitState:
        """Return the state of its fit."""


def bootstrap_equations(
    estimator: CanBeResampled, n_resamples: int = 200, *, random_state: RandomState = None
) -> Resampled:
    """Find an estimator's equations again in resamples of its sessions; see `resamples`.

    Example:
        >>> import spicewidgets as sw
        >>> dataset, _, _ = sw.create_dataset(sw.AgentQ(), sw.BanditsDrift(), 50, 20, random_state=1)
        >>> dataset.xs[..., -1] = 0
        >>> estimator = sw.SpiceEstimator(sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG, random_state=1)
        >>> found = sw.bootstrap_equations(estimator.fit(dataset), 5, random_state=1)
        >>> found.coefficients()["x_value_reward_chosen"][("c_reward",)].kept
        1.0
    """
    fits = tuple(resamples(estimator, n_resamples, random_state=random_state))
    fit = estimator.fitted()
    return Resampled(fit.spice, fits, fit.model)


def resamples(
    estimator: CanBeResampled, n_resamples: int = 200, *, random_state: RandomState = None
) -> Iterator[SpiceModel]:
    """Yield the equations of resamples of the sessions.

    Args:
        estimator: fitted; it is left as it was. The settings of its discovery are those of the resamples.
        n_resamples: number of resamples. The first ones are the same, however many there are.
        random_state: for the resamples and their random tasks.

    Yields:
        The equations of one resample.

    Raises:
        SettingsError: the model has dropout, or a participant has one session only.
    """
    fit = estimator.fitted()
    _refuse_single_sessions(fit)
    model = deepcopy(fit.model).eval()
    refits = Refits(model, fit.sessions, n_resamples, weight_decay=fit.weight_decay, compiled=fit.compiled)
    settings = replace(fit.settings, pooling="none")
    streams = children(random_state, n_resamples)
    for begin in range(0, n_resamples, SIDE):
        part = streams[begin : begin + SIDE]
        counts = draw(fit.sessions, part)
        weights, _ = refits(counts)
        for row, count, rng in zip(weights, counts, part, strict=True):
            drawn = fit.sessions.take(torch.from_numpy(np.repeat(np.arange(len(count)), count)))
            set_flat_parameters(row.astype(np.float32), model)
            samples = sample(model, drawn, fit.settings, rng)
            search = EquationSearch(model, drawn, fit.participants)
            yield search.find(samples, fit.config, settings, fit.only, also=fit.spice).spice


def _refuse_single_sessions(fit: FitState) -> None:
    """Refuse participants who have nothing to draw from."""
    n_sessions = np.bincount(fit.sessions.participants, minlength=len(fit.participants))
    alone = [label for label, n in zip(fit.participants, n_sessions, strict=True) if n < 2]
    if alone:
        raise SettingsError(
            [
                "Resampling draws sessions anew, so that each participant needs two or more; one session"
                f" each is there of {alone[:20]}. Add sessions of these participants."
            ]
        )
