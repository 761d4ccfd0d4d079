"""Fits our models on given data and times them: the same commands as peer_worker.py, in our environment.

As in a script of a user's, the package comes first and brings torch. One thread each, by the environment.
"""

from importlib.metadata import version
from typing import Any

import numpy as np
from protocol import clock, peak_memory_mb, serve
from tutorial_model import tutorial_model

import spicewidgets as sw
from spicewidgets import (
    CHOICE_CONFIG,
    RESCORLA_WAGNER_CONFIG,
    BaseRNN,
    ChoiceRNN,
    RescorlaWagnerRNN,
    SpiceConfig,
    SpiceEstimator,
)
from spicewidgets.core.built import BuiltModel, BuiltModule, BuiltState
from spicewidgets.core.train.built_rnn import rnn_class
from spicewidgets.core.train.compiled.loss import CompiledLoss
from spicewidgets.core.train.objective import Sessions, get_flat_parameters

MODELS = {
    "precoded": (RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG),
    "custom": tutorial_model(BaseRNN, SpiceConfig),
    "choice": (ChoiceRNN, CHOICE_CONFIG),
}


def fit(
    data: str, kind: str, epochs: int, seed: int, settings: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The tutorial's call; `settings` are further arguments of the estimator."""
    dataset = loaded(data)
    rnn_class, config = MODELS[kind]
    begin = clock()
    estimator = SpiceEstimator(
        rnn_class=rnn_class,
        spice_config=config,
        n_participants=int(dataset.xs[..., -1].max()) + 1,
        epochs=epochs,
        learning_rate=1e-2,
        random_state=seed,
        **(settings or {}),
    )
    ends = [clock() - begin for _ in estimator.fit_records(dataset)]
    total = clock() - begin
    return {
        "total_seconds": total,
        "epoch_ends": ends,
        "losses": [epoch.train_loss for epoch in estimator.history_],
        "equations": {module: coefficients(estimator, module) for module in config.rnn_modules},
        "peak_mb": peak_memory_mb(),
        "eager": estimator.history_[-1].eager,
    }


def loaded(data: str) -> sw.DatasetRNN:
    """The data set in a file."""
    from torch import as_tensor, float32

    arrays = np.load(data)
    return sw.DatasetRNN(*(as_tensor(arrays[name], dtype=float32) for name in ("xs", "ys")))


def bootstrap(data: str, n_resamples: int) -> dict[str, Any]:
    """Seconds of so many resampled fits of the tutorial's model, from a trained one."""
    dataset = loaded(data)
    estimator = sw.SpiceEstimator(*MODELS["precoded"], random_state=0).fit(dataset)
    begin = clock()
    fits = sw.bootstrap(estimator.rnn_model_, dataset, n_resamples, random_state=0)
    return {"seconds": clock() - begin, "eager": fits.eager}


def one_call(n_sessions: int = 100, n_trials: int = 100, n_modules: int = 1) -> dict[str, Any]:
    """Median milliseconds of one call, for a model of so many states with a module each."""
    states = tuple(BuiltState(f"x_{i}", choice="scaled") for i in range(n_modules))
    modules = tuple(BuiltModule(f"x_{i}_chosen", f"x_{i}", inputs=("c_reward",)) for i in range(n_modules))
    model = rnn_class(BuiltModel(states, modules))(2)
    dataset, _, _ = sw.create_dataset(sw.AgentQ(), sw.BanditsDrift(), n_trials, n_sessions, random_state=0)
    sessions, loss, theta = Sessions.of(dataset), CompiledLoss(model), get_flat_parameters(model)
    times = []
    for _ in range(12):
        begin = clock()
        loss(theta, sessions)
        times.append(clock() - begin)
    return {"milliseconds": 1000 * float(np.median(times[2:]))}


def coefficients(estimator: SpiceEstimator, module: str) -> dict[str, float]:
    """Of participant 0: term -> number."""
    return dict(estimator.spice_model_.equation(module, 0).coefficients)


def versions() -> dict[str, Any]:
    return {name: version(name) for name in ("spicewidgets", "torch", "numpy", "pysindy")}


if __name__ == "__main__":
    serve({"fit": fit, "bootstrap": bootstrap, "one_call": one_call, "versions": versions})
