"""Fits our models on given data and times them: the same commands as peer_worker.py, in our environment."""

import time
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from protocol import peak_memory_mb, serve
from tutorial_model import tutorial_model

from spicewidgets import (
    CHOICE_CONFIG,
    RESCORLA_WAGNER_CONFIG,
    BaseRNN,
    ChoiceRNN,
    RescorlaWagnerRNN,
    SpiceConfig,
    SpiceEstimator,
)

torch.set_num_threads(1)
MODELS = {
    "precoded": (RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG),
    "custom": tutorial_model(BaseRNN, SpiceConfig),
    "choice": (ChoiceRNN, CHOICE_CONFIG),
}


def fit(
    data: str, kind: str, epochs: int, seed: int, settings: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The tutorial's call; `settings` are further arguments of the estimator."""
    arrays = np.load(data)
    xs, ys = (torch.tensor(arrays[name], dtype=torch.float32) for name in ("xs", "ys"))
    rnn_class, config = MODELS[kind]
    begin = time.perf_counter()
    estimator = SpiceEstimator(
        rnn_class=rnn_class,
        spice_config=config,
        n_participants=int(xs[..., -1].max()) + 1,
        epochs=epochs,
        learning_rate=1e-2,
        random_state=seed,
        **(settings or {}),
    )
    estimator.fit(xs, ys)
    total = time.perf_counter() - begin
    return {
        "total_seconds": total,
        "epoch_ends": [epoch.seconds for epoch in estimator.history_],
        "losses": [epoch.train_loss for epoch in estimator.history_],
        "equations": {module: coefficients(estimator, module) for module in config.rnn_modules},
        "peak_mb": peak_memory_mb(),
    }


def coefficients(estimator: SpiceEstimator, module: str) -> dict[str, float]:
    """Of participant 0: term -> number."""
    return dict(estimator.spice_model_.equation(module, 0).coefficients)


def versions() -> dict[str, Any]:
    return {name: version(name) for name in ("spicewidgets", "torch", "numpy", "pysindy")}


if __name__ == "__main__":
    serve({"fit": fit, "versions": versions})
