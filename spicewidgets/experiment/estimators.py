"""What the settings describe, with torch: the model's class, the estimator, quick looks at its equations."""

import copy
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.built import BuiltModel
from ..core.config import SpiceConfig
from ..core.discover.discovery import discover
from ..core.discover.sampling import ModuleSamples, sample
from ..core.equations import SpiceModel
from ..core.estimator import SpiceEstimator
from ..core.judge.network_agents import betas_of
from ..core.models import MODELS
from ..core.parameters import DISCOVERY
from ..core.read.emergence import Look
from ..core.read.update_function import Tabulated, VisitedInputs, tabulate_all
from ..core.settings import SettingsError, Training
from ..core.train.built_rnn import rnn_class
from ..core.train.objective import set_flat_parameters
from ..core.train.rnn import BaseRNN
from ..core.train.structure import ModuleFunction, describe
from ..core.train.torch_stream import TorchStream
from ..state.graph import ExperimentSnapshot
from ..state.model import YOUR_OWN
from .settle import config_of

GLIMPSE = {"n_trials_off_policy": 25, "n_sessions_off_policy": 4}  # at most, of a look at the equations
ON_POLICY = 4  # sessions of the data that it takes, where its samples are the data's own
POINTS = 25  # of a module's curve


def model_of(snapshot: ExperimentSnapshot) -> tuple[type[BaseRNN], SpiceConfig]:
    """Class and config of the chosen model."""
    if snapshot.model.own is not None:
        return snapshot.model.own[0], config_of(snapshot)
    if snapshot.model.name == YOUR_OWN:
        return rnn_class(snapshot.model.built), config_of(snapshot)
    return MODELS[snapshot.model.name].rnn_class, config_of(snapshot)


def description_of_class(snapshot: ExperimentSnapshot) -> BuiltModel:
    """States and modules of a class of the user's own, read off a live model; what its code raises is passed
    on.
    """
    model = snapshot.model
    assert model.own is not None
    estimator = SpiceEstimator(*model.own, n_actions=snapshot.n_actions, embedding_size=model.embedding_size)
    return describe(_untrained_model(estimator, (0, 1)))


def parameters_of(snapshot: ExperimentSnapshot) -> dict[str, Any]:
    """Return the settings of training and discovery under the estimator's names."""
    training = {item.name: getattr(snapshot.training, item.name) for item in fields(Training)}
    discovery = {name: getattr(snapshot.discovery, own) for own, name in DISCOVERY.items()}
    return training | discovery | {"spice_refine": snapshot.discovery.refine}


def estimator_of(snapshot: ExperimentSnapshot) -> SpiceEstimator:
    """Return the estimator that the settings describe."""
    cls, config = model_of(snapshot)
    return SpiceEstimator(
        cls,
        config,
        n_actions=snapshot.n_actions,
        validation_share=snapshot.data.validation_share,
        embedding_size=snapshot.model.embedding_size,
        random_state=snapshot.data.seed,
        **parameters_of(snapshot),
    )


def forward_of(snapshot: ExperimentSnapshot, participants: tuple[Any, ...]) -> BaseRNN:
    """Return an untrained model of the settings, which can carry equations."""
    return _untrained_model(estimator_of(snapshot), participants)


def _untrained_model(estimator: SpiceEstimator, participants: tuple[Any, ...]) -> BaseRNN:
    return estimator._model(participants, TorchStream(np.random.default_rng(0)))


def discover_again(estimator: SpiceEstimator, snapshot: ExperimentSnapshot) -> None:
    """Find the equations of a trained estimator again."""
    wanted = parameters_of(snapshot) | {"spice_config": model_of(snapshot)[1]}
    present = estimator.get_params(deep=False)
    estimator.discover(**{name: value for name, value in wanted.items() if present[name] != value})


def glimpse(
    estimator: SpiceEstimator,
    snapshot: ExperimentSnapshot,
    weights: NDArray[np.float32] | None = None,
    like: Look | None = None,
) -> Look | None:
    """Look at the first participant's equations of the present weights, or of these, found quickly from few
    samples and not refined, and at the modules that they stand for: where values go, or as another look has
    them; None where there are no equations.
    """
    few = replace(
        snapshot.discovery, **{name: min(getattr(snapshot.discovery, name), n) for name, n in GLIMPSE.items()}
    )
    model, participants = estimator.rnn_model_, estimator.participants_
    if weights is not None:
        model = copy.deepcopy(model)
        set_flat_parameters(weights, model)
    data = estimator._dataset_
    if 0 in (few.n_trials_off_policy, few.n_sessions_off_policy):
        data = data.first(ON_POLICY)
    try:
        samples = sample(model, data, few, snapshot.data.seed)
        fits = discover(samples, estimator.spice_config, few, participants=participants, only=0)
    except SettingsError:
        return None
    learned = betas_of(model, np.arange(len(participants)))
    betas = {state: tuple(np.ravel(values).tolist()) for state, values in learned.items()}
    equations = SpiceModel(participants, fits.equations, betas, tuple(model.submodules_eq))
    return Look(equations, _tabulate_modules(model, snapshot, samples, like.tables if like else {}))


def _tabulate_modules(
    model: BaseRNN,
    snapshot: ExperimentSnapshot,
    samples: Mapping[str, ModuleSamples],
    like: Mapping[str, Tabulated],
) -> dict[str, Tabulated]:
    """Tabulate what the modules do for the first participant, where they were sampled or where they are known
    before; without those that do not build on their own last value, and those that the model calls in a way
    of its own.
    """
    config, tables = config_of(snapshot), {}
    for module in (snapshot.model.description or describe(model)).modules:
        if module.name not in samples or not module.own_value:
            continue
        own = samples[module.name].select(config, module.name, 0)
        with suppress(SettingsError, KeyError):  # an input without a name was not sampled
            seen = VisitedInputs(own.value, {name: own.controls[name] for name in module.inputs})
            same = like.get(module.name)
            levels, value = (same.levels, same.value) if same else (seen.levels(), seen.reach(POINTS))
            after = tabulate_all({"rnn": ModuleFunction(model, module)}, levels, value)
            tables[module.name] = Tabulated(levels, value, after["rnn"])
    return tables
