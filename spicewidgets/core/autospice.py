"""The arguments of `SpiceEstimator` that it takes because autospice has them, after its own and by name."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Any, NamedTuple

from .checks import raise_if_any
from .settings import Training

# Settings of its training by Adam; without them the whole data set is one batch, which L-BFGS can take.
OF_ADAM = (
    "bagging",
    "sequence_length",
    "n_steps_per_call",
    "batch_size",
    "scheduler",
    "convergence_threshold",
)


class Argument(NamedTuple):
    """An argument.

    Attributes:
        default: its value where it is not given.
        words: what it does here, or why it does nothing.
    """

    default: Any
    words: str


SEARCH = "Does nothing: a search for settings is a loop over `discover()`, which takes milliseconds."
ARGUMENTS: Mapping[str, Argument] = {
    **{
        item.name: Argument(item.default, item.metadata["help"])
        for item in fields(Training)
        if item.name in OF_ADAM
    },
    "n_experiments": Argument(0, "Given to a model whose constructor names it."),
    "device": Argument(None, "Does nothing: models this small are trained fastest on the CPU, and are."),
    "use_optuna": Argument(False, SEARCH),
    "optuna_threshold": Argument(0.1, SEARCH),
    "optuna_n_trials": Argument(50, SEARCH),
    "save_path_rnn": Argument(None, "File for the network after each fit; as `save_spice` writes it."),
    "save_path_spice": Argument(None, "The same, for the equations."),
}


def complete(given: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return all of these arguments, those that were not given by their defaults.

    Args:
        given: by name.
        own: the arguments that the estimator has itself.

    Raises:
        SettingsError: with a sentence for each name that is neither's.
    """
    raise_if_any(_unknown(name, (*own, *ARGUMENTS)) for name in given if name not in ARGUMENTS)
    return {name: given.get(name, one.default) for name, one in ARGUMENTS.items()}


def _unknown(name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name, known, 1)
    advice = (
        f"Did you mean {near[0]!r}?" if near else "Leave it out; help(SpiceEstimator) lists its arguments."
    )
    return f"SpiceEstimator has no argument {name!r}. {advice}"


def signature_of(constructor: Callable[..., None]) -> inspect.Signature:
    """Return the signature of a constructor that takes these arguments as well, after its own."""
    own = inspect.signature(constructor)
    named = [one for one in own.parameters.values() if one.kind is not one.VAR_KEYWORD]
    kind = inspect.Parameter.KEYWORD_ONLY
    further = [inspect.Parameter(name, kind, default=one.default) for name, one in ARGUMENTS.items()]
    return own.replace(parameters=[*named, *further])
