"""Each number of a result's equations with what is known of it: the truth, its standard error by the
likelihood, and its spread over resampled sessions.

Takes a `Result` and what `core.resampled` made of it. Loads torch only where the result's own standard errors
do.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from ..core.discover.identified import bounds_of
from ..core.discover.information import bounded_interval
from ..core.equations import Term
from ..core.read.translation import read_parameters
from ..core.settings import LEVEL
from ..experiment.result import Result
from ..experiment.settle import values_of
from .meaning import not_identified_of

if TYPE_CHECKING:
    from ..core.discover.resampled import Resampled, Spread

FEW_SESSIONS = 10  # of a participant, below which resampling is too optimistic
BETA, PARAMETER = "beta", "parameter"


@dataclass(frozen=True)
class IntervalRow:
    """One number of a participant's equations.

    Attributes:
        module: of a coefficient; `BETA` or `PARAMETER` for what is no coefficient.
        name: the state of a learned beta, or the parameter; empty for a coefficient.
        term: of a coefficient.
        true: NaN where no truth is known.
        found: 0 for a term that was left out.
        likelihood: standard error; NaN where there is none, infinite where no choice tells the number.
        level: of the intervals.
        spread: over the resamples; None without any.
    """

    module: str
    name: str
    term: Term
    true: float
    found: float
    likelihood: float
    level: float
    spread: "Spread | None"

    @property
    def is_term(self) -> bool:
        """Tell whether it is the coefficient of a term, which may be left out."""
        return self.module not in (BETA, PARAMETER)

    @property
    def by_likelihood(self) -> tuple[float, float]:
        """The ends of the interval by the likelihood, within the number's bounds; NaN where it has none."""
        if not isfinite(self.likelihood):
            return nan, nan
        return bounded_interval(self.found, self.likelihood, self.level, bounds_of(self.name))

    @property
    def over_resamples(self) -> tuple[float, float]:
        """The ends of the interval over the resamples; NaN without any."""
        return (nan, nan) if self.spread is None else (self.spread.low, self.spread.high)

    @property
    def unit(self) -> float:
        """The unit of distances: the standard error by the likelihood, or the standard deviation where there
        is none; NaN without both.
        """
        errors = [self.likelihood, nan if self.spread is None else self.spread.error]
        return next((error for error in errors if isfinite(error) and error > 0), nan)


def numbers(
    result: Result, resampled: "Resampled | None", participant: Hashable, level: float = LEVEL
) -> tuple[IntervalRow, ...]:
    """All candidate terms of a participant, the learned betas, and the parameters of a Q-learner."""
    if result.spice is None:
        return ()
    return (
        *_coefficients(result, resampled, participant, level),
        *_betas(result, resampled, participant, level),
        *_parameters(result, resampled, participant, level),
    )


def _coefficients(
    result: Result, resampled: Any, participant: Hashable, level: float
) -> Iterator[IntervalRow]:
    assert result.spice is not None
    truth = {} if result.truth is None else result.truth.of_participant(participant)
    errors = result.uncertainty.get(participant)
    spreads = {} if resampled is None else resampled.coefficients(participant, level)
    for module, equation in result.spice.of_participant(participant).items():
        of_module = {} if errors is None else errors.coefficients.get(module, {})
        for term in equation.terms:
            true = truth[module].coefficient(*term) if module in truth else nan
            error, spread = of_module.get(term, nan), spreads.get(module, {}).get(term)
            yield IntervalRow(module, "", term, true, equation.coefficient(*term), error, level, spread)


def _betas(result: Result, resampled: Any, participant: Hashable, level: float) -> Iterator[IntervalRow]:
    assert result.spice is not None
    errors = result.uncertainty.get(participant)
    spreads = {} if resampled is None else resampled.betas(participant, level)
    for state in result.spice.betas:
        true = nan if result.truth is None else result.truth.beta(state, participant)
        error = nan if errors is None else errors.betas.get(state, nan)
        estimate = result.spice.beta(state, participant)
        yield IntervalRow(BETA, state, (), true, estimate, error, level, spreads.get(state))


def _parameters(result: Result, resampled: Any, participant: Hashable, level: float) -> Iterator[IntervalRow]:
    """Return the parameters that the choices identify, or that were resampled; one learning rate is told
    once.
    """
    assert result.spice is not None
    spice, model = result.spice, values_of(result.snapshot)
    found = read_parameters(spice, model, participant)
    true = {} if result.truth is None else read_parameters(result.truth, model, participant)
    errors = result.uncertainty.get(participant)
    spreads = {} if resampled is None else resampled.parameters(participant, level)
    missing = not_identified_of(result, participant)
    for name in dict.fromkeys((*found, *spreads)):
        spread = spreads.get(name)
        if name in missing and spread is None:
            continue
        same = name == "alpha_penalty" and found.get(name) == found.get("alpha_reward")
        if same and spread == spreads.get("alpha_reward"):
            continue
        error = nan if errors is None else errors.parameters.get(name, nan)
        yield IntervalRow(
            PARAMETER, name, (), true.get(name, nan), found.get(name, nan), error, level, spread
        )


def parameter_interval(name: str, value: float, error: float) -> tuple[float, float]:
    """Compute the interval of a parameter of a Q-learner, within its bounds; NaN where it has no error."""
    return bounded_interval(value, error, LEVEL, bounds_of(name))


def cautions(result: Result, participant: Hashable) -> tuple[str, ...]:
    """Return cautions about the intervals, in sentences."""
    errors, sentences = result.uncertainty.get(participant), []
    snapshot = result.snapshot
    if errors is None:
        sentences.append(
            "The coefficients were not tuned to the choices (Refine), so that the likelihood gives no errors."
        )
    else:
        sentences.append(
            "By the likelihood: standard errors at the terms as they are; of parameters by the delta method."
            " People has intervals that reckon in bounds, skew and the choice of terms."
        )
    parameters = (
        read_parameters(result.spice, values_of(result.snapshot), participant) if result.spice else {}
    )
    if missing := [name for name in parameters if name in not_identified_of(result, participant)]:
        sentences.append(f"Not identified by the choices: {', '.join(missing)}.")
    if snapshot.n_sessions // snapshot.n_participants < FEW_SESSIONS:
        sentences.append(
            f"With fewer than {FEW_SESSIONS} sessions of each participant, intervals over resamples are too"
            " narrow."
        )
    return (*sentences, *(errors.untold if errors is not None else ()))
