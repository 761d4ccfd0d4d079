"""From samples to equations: for each module its library, a sparse equation for each participant, and the
numbers tuned to the choices.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..config import SpiceConfig
from ..equations import SpiceModel, Term, polynomial_terms, term_text
from ..judge.network_agents import betas_of
from ..settings import Discovery, SettingsError
from ..train.rnn import BaseRNN
from .regression import fit_equation
from .sampling import ModuleSamples


def propose_equations(
    model: BaseRNN,
    samples: Mapping[str, ModuleSamples],
    config: SpiceConfig,
    settings: Discovery,
    participants: tuple[Any, ...],
    only: int | None = None,
) -> SpiceModel:
    """Return SINDy's equations with the model's betas, not tuned to the choices.

    Args:
        model: the trained model.
        samples: what each module does, from `sample`.
        config: as in `discover`.
        settings: as in `discover`.
        participants: as in `discover`.
        only: as in `discover`.
    """
    without_betas = discover(samples, config, settings, participants=participants, only=only)
    betas = {
        state: tuple(np.ravel(values).tolist())
        for state, values in betas_of(model, np.arange(len(participants))).items()
    }
    return SpiceModel(without_betas.participants, without_betas.equations, betas, tuple(model.submodules_eq))


def discover(
    samples: Mapping[str, ModuleSamples],
    config: SpiceConfig,
    settings: Discovery | None = None,
    *,
    participants: tuple[Any, ...] = (0,),
    only: int | None = None,
    libraries: Mapping[str, tuple[Term, ...]] | None = None,
) -> SpiceModel:
    """Fit one sparse equation to each module of each participant.

    Args:
        samples: from `sample`.
        config: which modules, which candidate signals, which filters.
        settings: optimiser, threshold, regularisation, degree.
        participants: labels, in the order of their indices.
        only: index of the one participant to fit; None fits all.
        libraries: exact candidate terms for some modules, in place of the polynomial library: `{module: ((),
            ("x",), ...)}`.

    Raises:
        SettingsError: a module has no samples, no sample that meets its filters, or no candidate term.
    """
    settings = (settings or Discovery()).checked()
    unknown = sorted({*config.modules, *(libraries or {})} - {*samples})
    if unknown:
        raise SettingsError(
            [
                f"There are no samples of the modules {unknown}; there are some of {sorted(samples)}. Correct"
                " the names in rnn_modules or libraries."
            ]
        )
    equations = {}
    for module in config.modules:
        terms = (libraries or {}).get(module) or candidates(module, config, settings)
        own = samples[module].by_participant(len(participants))
        equations[module] = tuple(
            (
                fit_equation(module, own[code].select(config, module, code), terms, settings)
                if only in (None, code)
                else None
            )
            for code in range(len(participants))
        )
    return SpiceModel(participants, equations)


def candidates(module: str, config: SpiceConfig, settings: Discovery) -> tuple[Term, ...]:
    """Return the polynomial library of a module, without the terms that the config excludes.

    Raises:
        SettingsError: no term is left.
    """
    every = polynomial_terms((module, *config.terms(module)), settings.degree)
    terms = tuple(term for term in every if not config.excludes(module, term))
    if not terms:
        raise SettingsError(
            [
                f"excluded_terms leaves {module!r} no candidate term of {[term_text(t) for t in every]}."
                " Leave one or more in."
            ]
        )
    return terms
