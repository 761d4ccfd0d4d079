"""The numbers of equations over resamples of their sessions: how far each spreads, and how often it is there.

`resampling.py` finds the equations of the resamples.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from math import nan

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..equations import SpiceModel, Term, term_text
from ..read.translation import HasInitValues, read_parameters
from ..settings import LEVEL

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

    def coefficients(
        self, participant: Hashable = None, level: float = LEVEL
    ) -> dict[str, dict[Term, Spread]]:
        """Every candidate term of a participant's equations, by module."""
        found: dict[str, dict[Term, Spread]] = {}
        for (module, term), (first, *values) in self._read(participant)[0].items():
            kept = float(np.count_nonzero(values)) / len(values)
            found.setdefault(module, {})[term] = _spread(first, np.array(values), kept, level)
        return found

    def betas(self, participant: Hashable = None, level: float = LEVEL) -> dict[str, Spread]:
        """Return the learned betas, by state."""
        at = self.found.index(participant)
        return {
            state: _spread(values[at], np.array([one.betas[state][at] for one in self.fits]), 1.0, level)
            for state, values in self.found.betas.items()
        }

    def parameters(self, participant: Hashable = None, level: float = LEVEL) -> dict[str, Spread]:
        """Return the parameters that `classical_parameters` reads off the equations; those of which no
        resample tells are left out.
        """
        found = {}
        for name, (first, *values) in self._read(participant)[1].items():
            told = np.array(values)[np.isfinite(values)]
            if len(told):
                found[name] = _spread(first, told, len(told) / len(values), level)
        return found

    def table(self, participant: Hashable = None, level: float = LEVEL) -> pd.DataFrame:
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

    def text(self, participant: Hashable = None, level: float = LEVEL) -> str:
        """Return the same in lines of text."""
        lines = [f"{len(self.fits)} resamples, {100 * level:g} % intervals"]
        for (module, term), row in self.table(participant, level).iterrows():
            lines.append(
                f"{module}: {term} = {row.found:.4f} +- {row.error:.4f}"
                f" ({row.low:.4f} to {row.high:.4f}), kept in {100 * row.kept:.1f} %"
            )
        return "\n".join(lines)

    __str__ = text

    def _read(self, participant: Hashable) -> Read:
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
            rows = [read_parameters(one, self.model, who) for one in every]
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
