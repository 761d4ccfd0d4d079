"""The last step of discovery: the coefficients of the equations, tuned to the choices themselves.

SINDy finds which terms an equation has, and coefficients that mirror the RNN's module. The RNN also fits some
of the noise, and the mirror weighs all states alike, where the choices do not; so the coefficients are then
moved to where the choices are most likely, while the terms stay as they were found. This is maximum
likelihood by Fisher scoring (e.g. McCullagh & Nelder 1989) in the model's own forward pass. What the choices
cannot tell, such as a number added to the values of all arms, stays as SINDy found it.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..data.dataset import DatasetRNN
from ..equations import SpiceModel
from ..train.objective import Sessions
from ..train.rnn import BaseRNN
from .likelihood import Likelihood, likelihood_of, write_equations
from .maximum import Limits, Maximum
from .posterior import Posterior

ENOUGH = 1e-3  # nats by which another beginning must be better to be tried
LIMITS = Limits(20, enough=ENOUGH / 2, damping=1e-3, thorough=True)

Floats = NDArray[np.float64]


def refine(
    spice: SpiceModel, model: BaseRNN, data: DatasetRNN | Sessions, *, also: SpiceModel | None = None
) -> SpiceModel:
    """Fit the coefficients, betas included, under which each participant's choices are most likely.

    Args:
        spice: discovered equations.
        model: the model whose forward pass ties them together.
        data: the choices; participants are indices in the last column.
        also: equations whose numbers are tried as another beginning, where the first one leads less far.
    """
    return refine_by(likelihood_of(spice, model, data), spice, also=also)


def refine_by(likelihood: Likelihood, spice: SpiceModel, *, also: SpiceModel | None = None) -> SpiceModel:
    """Do the same with the likelihood of the equations at hand, as `likelihood_of` has it."""
    if not likelihood.numbers:
        return spice
    start = likelihood.values_of(spice)
    free = (start != 0) | likelihood.is_beta
    best = _climb(likelihood, start, free)
    if also is not None:
        there = np.where(free, likelihood.values_of(also), 0.0)
        better = likelihood(there).nll < best.objective - ENOUGH
        best = _climb(likelihood, np.where(better[:, None], there, best.values), free)
    found = []
    for code, row in zip(likelihood.participants, best.values, strict=True):
        equations, betas = likelihood.equations_of(row)
        for module, equation in equations.items():
            before = spice.equations[module][code]
            equations[module] = replace(equation, notes=() if before is None else before.notes)
        found.append((code, equations, betas))
    return write_equations(spice, found)


def _climb(likelihood: Likelihood, start: Floats, free: NDArray[np.bool_]) -> Maximum:
    return Posterior(likelihood).maximise(start[None], free=free, limits=LIMITS).best()
