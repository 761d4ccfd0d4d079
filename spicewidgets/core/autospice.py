"""The arguments of `SpiceEstimator` that it takes because autospice has them, after its own and by name."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from .checks import raise_if_any
from .settings import Training

# Of its training by Adam. Without them the whole data set is one batch, which is what L-BFGS needs.
BATCHES, STEPS = ("bagging", "batch_size"), ("sequence_length", "n_steps_per_call")
OF_ADAM = (*BATCHES, *STEPS, "scheduler", "convergence_threshold")
SEARCH = "Does nothing: a search for settings is a loop over `discover()`, which takes milliseconds."
# The default of each, and what it does here or why it does nothing.
ARGUMENTS: Mapping[str, tuple[Any, str]] = {
    **{one.name: (one.default, one.metadata["help"]) for one in fields(Training) if one.name in OF_ADAM},
    "n_experiments": (0, "Given to a model whose constructor names it."),
    "device": (None, "Does nothing: models this small are trained fastest on the CPU, and are."),
    "use_optuna": (False, SEARCH),
    "optuna_threshold": (0.1, SEARCH),
    "optuna_n_trials": (50, SEARCH),
    "save_path_rnn": (None, "File for the network after each fit, as `save_spice` writes it."),
    "save_path_spice": (None, "The same, for the equations."),
}


def complete(given: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return all of these arguments, those that were not given by their defaults.

    Args:
        given: by name.
        own: the arguments that the estimator has itself.

    Raises:
        SettingsError: with a sentence for each name that is neither's.
    """
    raise_if_any(_unknown(name, [*own, *ARGUMENTS]) for name in given if name not in ARGUMENTS)
    return {name: given.get(name, default) for name, (default, _) in ARGUMENTS.items()}


def _unknown(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, 1)
    advice = (
        f"Did you mean {near[0]!r}?" if near else "Leave it out; help(SpiceEstimator) lists its arguments."
    )
    return f"SpiceEstimator has no argument {name!r}. {advice}"


def signature_of(constructor: Callable[..., None]) -> inspect.Signature:
    """Return the signature of a constructor that takes these arguments as well, after its own."""
    own = inspect.signature(constructor)
    named = [one for one in own.parameters.values() if one.kind is not one.VAR_KEYWORD]
    further = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
        for name, (default, _) in ARGUMENTS.items()
    ]
    return own.replace(parameters=[*named, *further])
