"""How sure an equation is, whatever the likelihood says: everything after the data, done again for sessions
that are drawn anew with replacement (the bootstrap; Efron & Tibshirani 1993).

For each resample the RNN is fitted again, from its present weights; its modules are sampled on a random task
of the resample's own; SINDy chooses terms; and the numbers of these terms are tuned to the resample's
choices, from where SINDy or the first fit had them, whichever leads further. So, unlike
the standard errors of `uncertainty.py`, the spread reckons in that the terms were chosen from the same data,
and that sessions may differ from each other. The share of the resamples that keep a term is its inclusion
rate (as in the stability selection of Meinshausen & Buehlmann 2010).

What it does not tell: another start of the RNN might settle elsewhere, since each fit begins where the first
one ended; resampled fits are L-BFGS on whole sessions, whatever the first training was; and few sessions give
intervals that are too narrow.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..equations import SpiceModel, Term, term_text
from ..random import RandomState, children
from ..read.translation import HasInitValues, classical_parameters
from ..settings import SettingsError

if TYPE_CHECKING:
    from ..data.dataset import DatasetRNN
    from ..estimator import SpiceEstimator

SIDE = 10  # resamples whose RNNs are fitted side by side
PARAMETER = "parameter"  # stands for the module in the table, where a row is a classical parameter

Floats = NDArray[np.float64]
Read = tuple[dict[tuple[str, Term], list[float]], dict[str, list[float]]]  # of coefficients, of parameters


@dataclass(frozen=True)
class Spread:
    """One number over the resamples.

    Attributes:
        found: what it is in the equations themselves: 0 for a term that was left out, NaN where it is not
            told.
        error: its standard deviation over the resamples.
        low, high: ends of the interval that holds the middle of the resamples (percentiles).
        kept: the share of the resamples that have it.
    """

    found: float
    error: float
    low: float
    high: float
    kept: float


@dataclass(frozen=True)
class Resampled:
    """Equations, and those that were found in resamples of their sessions.

    A term that a resample leaves out counts as 0 there; a parameter that it does not tell is not counted.

    Attributes:
        found: the equations of the data themselves.
        fits: those of each resample, in order.
        model: the model, or its class: its `init_values` set the classical parameters.
    """

    found: SpiceModel
    fits: tuple[SpiceModel, ...]
    model: HasInitValues

    def coefficients(self, participant: Any = None, level: float = 0.9) -> dict[str, dict[Term, Spread]]:
        """Every candidate term of a participant's equations, by module."""
        found: dict[str, dict[Term, Spread]] = {}
        for (module, term), (first, *values) in self._read(participant)[0].items():
            kept = float(np.count_nonzero(values)) / len(values)
            found.setdefault(module, {})[term] = _spread(first, np.array(values), kept, level)
        return found

    def betas(self, participant: Any = None, level: float = 0.9) -> dict[str, Spread]:
        """The learned betas, by state."""
        at = self.found.index(participant)
        return {
            state: _spread(values[at], np.array([one.betas[state][at] for one in self.fits]), 1.0, level)
            for state, values in self.found.betas.items()
        }

    def parameters(self, participant: Any = None, level: float = 0.9) -> dict[str, Spread]:
        """The parameters that `classical_parameters` reads off the equations; those of which no resample
        tells are left out.
        """
        found = {}
        for name, (first, *values) in self._read(participant)[1].items():
            told = np.array(values)[np.isfinite(values)]
            if len(told):
                found[name] = _spread(first, told, len(told) / len(values), level)
        return found

    def table(self, participant: Any = None, level: float = 0.9) -> pd.DataFrame:
        """All numbers of a participant: a row for each module and term, for each learned beta and for each
        classical parameter, with the columns of `Spread`.
        """
        rows = {
            (module, term_text(term)): spread
            for module, terms in self.coefficients(participant, level).items()
            for term, spread in terms.items()
        }
        rows |= {(f"beta({state})", "1"): one for state, one in self.betas(participant, level).items()}
        rows |= {(PARAMETER, name): one for name, one in self.parameters(participant, level).items()}
        index = pd.MultiIndex.from_tuples(list(rows), names=["module", "term"])
        return pd.DataFrame([vars(one) for one in rows.values()], index=index)

    def text(self, participant: Any = None, level: float = 0.9) -> str:
        """The same in lines of text."""
        lines = [f"{len(self.fits)} resamples, {100 * level:g} % intervals"]
        for (module, term), row in self.table(participant, level).iterrows():
            lines.append(
                f"{module}: {term} = {row.found:.4f} +- {row.error:.4f}"
                f" ({row.low:.4f} to {row.high:.4f}), kept in {100 * row.kept:.1f} %"
            )
        return "\n".join(lines)

    __str__ = text

    def _read(self, participant: Any) -> Read:
        """Coefficients by module and term, and parameters by name: as found, and in each resample. Read once,
        so that another level is quick.
        """
        at = self.found.index(participant)
        if at not in self._memo:
            who, every = self.found.participants[at], (self.found, *self.fits)
            terms = {
                (module, term): [one.equation(module, who).coefficient(*term) for one in every]
                for module, equation in self.found.of_participant(who).items()
                for term in equation.terms
            }
            rows = [classical_parameters(one, self.model, who) for one in every]
            names = dict.fromkeys(name for row in rows for name in row)
            self._memo[at] = terms, {name: [row.get(name, nan) for row in rows] for name in names}
        return self._memo[at]

    @cached_property
    def _memo(self) -> dict[int, Read]:
        return {}


def _spread(found: float, values: Floats, kept: float, level: float) -> Spread:
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2]).tolist()
    error = float(values.std(ddof=1)) if len(values) > 1 else nan
    return Spread(float(found), error, low, high, kept)


def bootstrap_equations(
    estimator: "SpiceEstimator", n_resamples: int = 200, *, random_state: RandomState = None
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
    return Resampled(estimator.spice_model_, fits, estimator.rnn_model_)


def resamples(
    estimator: "SpiceEstimator", n_resamples: int = 200, *, random_state: RandomState = None
) -> Iterator[SpiceModel]:
    """The equations of resamples of the sessions, one for each that is asked for.

    Args:
        estimator: fitted; it is left as it was. The settings of its discovery are those of the resamples.
        n_resamples: number of resamples. The first ones are the same, however many there are.
        random_state: for the resamples and their random tasks.

    Raises `SettingsError` for a model with dropout, and for a participant of one session.
    """
    from ..parameters import participant_index, settings_of
    from ..train.objective import put
    from .bootstrap import Refits, draw
    from .discovery import equations_of
    from .sampling import sample

    estimator._check_fitted("spice_model_")
    training, settings = settings_of(estimator)
    dataset, participants = _dataset_of(estimator), estimator.participants_
    model = deepcopy(estimator.rnn_model_).eval()
    decay, compiled = training.l2_weight_decay, estimator.compiled
    refits = Refits(model, dataset, n_resamples, weight_decay=decay, compiled=compiled)
    only, streams = (
        participant_index(estimator.spice_participant_id, participants),
        children(random_state, n_resamples),
    )
    for begin in range(0, n_resamples, SIDE):
        part = streams[begin : begin + SIDE]
        counts = draw(dataset, part)
        weights, _ = refits(counts)
        for row, count, rng in zip(weights, counts, part, strict=True):
            drawn = _drawn(dataset, count)
            put(row.astype(np.float32), model)
            samples, tuned = sample(model, drawn, settings, rng), drawn if settings.refine else None
            yield equations_of(
                model,
                tuned,
                samples,
                estimator.spice_config,
                settings,
                participants,
                only,
                also=estimator.spice_model_,
            )


def _dataset_of(estimator: "SpiceEstimator") -> "DatasetRNN":
    """What the estimator was trained on; refused where a participant has nothing to draw from."""
    dataset: DatasetRNN | None = getattr(estimator, "_dataset_", None)
    if dataset is None:
        raise SettingsError(
            ["Resampling needs the sessions, which are not saved with a model. Call fit(data) first."]
        )
    n_sessions = np.bincount(np.asarray(dataset.participant_ids), minlength=len(estimator.participants_))
    if (n_sessions < 2).any():
        alone = [who for who, n in zip(estimator.participants_, n_sessions, strict=True) if n < 2]
        raise SettingsError(
            [
                "Resampling draws sessions anew, so that each participant needs two or more; one session"
                f" each is there of {alone[:20]}. Add sessions of these participants."
            ]
        )
    return dataset


def _drawn(dataset: "DatasetRNN", counts: Sequence[int] | NDArray[np.int64]) -> "DatasetRNN":
    """The sessions, each as often as it was drawn."""
    import torch

    sessions = torch.as_tensor(np.repeat(np.arange(len(counts)), counts))
    return dataset.take(sessions, torch.arange(dataset.n_trials).expand(len(sessions), -1))
