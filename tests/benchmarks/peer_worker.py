"""Fits the peer's models, unmodified, on given data and times them; runs in the environment of peer_env.py.

The phases are timed by wrapping the functions its estimator calls, at the names it calls them by.
"""

from contextlib import contextmanager, suppress
from importlib.metadata import version
from typing import Any

import numpy as np
import spice.estimator
import spice.resources.rnn_training
import torch
from protocol import clock, peak_memory_mb, serve
from spice.estimator import SpiceConfig, SpiceEstimator
from spice.precoded import CHOICE_CONFIG, RESCOLA_WAGNER_CONFIG, ChoiceRNN, RescorlaWagnerRNN
from spice.resources.rnn import BaseRNN
from tutorial_model import tutorial_model

torch.set_num_threads(1)
MODELS = {
    "precoded": (RescorlaWagnerRNN, RESCOLA_WAGNER_CONFIG),
    "custom": tutorial_model(BaseRNN, SpiceConfig),
    "choice": (ChoiceRNN, CHOICE_CONFIG),
}


class TrainedOnlyError(Exception):
    """Ends a fit after its training, when only the epochs are timed."""


@contextmanager
def watched(discover: bool):
    """Within the block a fit notes when each epoch ended and its loss, and how long each phase took."""
    notes: dict[str, Any] = {"epoch_ends": [], "losses": []}
    batch_train = spice.resources.rnn_training.batch_train
    fit_model, fit_spice = spice.estimator.fit_model, spice.estimator.fit_spice

    def one_epoch(*args, **kwargs):
        result = batch_train(*args, **kwargs)
        notes["losses"].append(float(result[2]))
        notes["epoch_ends"].append(clock())
        return result

    def training(*args, **kwargs):
        notes["begin"] = clock()
        result = fit_model(*args, **kwargs)
        notes["trained"] = clock()
        return result

    def discovery(*args, **kwargs):
        if not discover:
            raise TrainedOnlyError
        begin = clock()
        result = fit_spice(*args, **kwargs)
        notes["sindy"] = clock() - begin
        return result

    spice.resources.rnn_training.batch_train = one_epoch
    spice.estimator.fit_model, spice.estimator.fit_spice = training, discovery
    try:
        yield notes
    finally:
        spice.resources.rnn_training.batch_train = batch_train
        spice.estimator.fit_model, spice.estimator.fit_spice = fit_model, fit_spice


def coefficients(estimator: SpiceEstimator) -> dict[str, dict[str, float]]:
    """Of participant 0: module -> term -> number."""
    found = {}
    for module, fits in estimator.spice_agent.get_modules().items():
        model = next(iter(fits.values()))
        found[module] = dict(zip(model.get_feature_names(), map(float, model.coefficients()[0]), strict=True))
    return found


def fit(data: str, kind: str, epochs: int, seed: int, discover: bool = True) -> dict[str, Any]:
    arrays = np.load(data)
    xs, ys = (torch.tensor(arrays[name], dtype=torch.float32) for name in ("xs", "ys"))
    rnn_class, config = MODELS[kind]
    np.random.seed(seed)  # noqa: NPY002 -- the stream the peer draws from
    torch.manual_seed(seed)
    begin = clock()
    with watched(discover) as notes:
        estimator = SpiceEstimator(
            rnn_class=rnn_class,
            spice_config=config,
            n_participants=int(xs[..., -1].max()) + 1,
            epochs=epochs,
            learning_rate=1e-2,
        )
        with suppress(TrainedOnlyError):
            estimator.fit(xs, ys)
    total = clock() - begin
    return {
        "train_seconds": notes["trained"] - notes["begin"],
        "sindy_seconds": notes.get("sindy"),
        "total_seconds": total,
        "epoch_ends": [end - notes["begin"] for end in notes["epoch_ends"]],
        "losses": notes["losses"],
        "equations": coefficients(estimator) if discover else {},
        "peak_mb": peak_memory_mb(),
    }


def versions() -> dict[str, Any]:
    return {name: version(name) for name in ("autospice", "torch", "numpy", "pysindy")}


if __name__ == "__main__":
    serve({"fit": fit, "versions": versions})
