"""A new model of a user's class: made, and run for two trials before it is trained."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from inspect import Parameter, signature
from typing import Any

import torch
from torch import Tensor

from ..checks import raise_if_any
from ..config import SpiceConfig
from ..settings import SettingsError
from ..tasks import TASKS
from .objective import Sessions
from .rnn import BaseRNN
from .torch_stream import TorchStream

ALWAYS = ("n_actions", "n_participants")  # also for a constructor that takes any argument
END = "End forward with `return self.post_forward_pass(logits, batch_first), self.get_state()`."


def new_model(rnn_class: type[BaseRNN], arguments: Mapping[str, Any], stream: TorchStream) -> BaseRNN:
    """Make a model with newly drawn weights.

    Args:
        rnn_class: its class.
        arguments: offered to the constructor, which gets those that it names. A dropout that it does not name
            is that of its modules.
        stream: the initial weights are drawn from it.
    """
    parameters = signature(rnn_class.__init__).parameters
    named = {name: value for name, value in arguments.items() if name in parameters}
    if any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters.values()):
        named |= {name: arguments[name] for name in ALWAYS}
    with stream():
        model = rnn_class(**named)
    if "dropout" in arguments and "dropout" not in parameters:
        model.dropout = arguments["dropout"]
    return model


def check_model(model: BaseRNN, config: SpiceConfig, sessions: Sessions) -> None:
    """Run a copy of the model for two trials of two sessions.

    Args:
        model: as it was made, not trained yet.
        config: which modules and signals it must have.
        sessions: the training data.

    Raises:
        SettingsError: with all that the config names and the model does not do.
    """
    few = sessions.first(2).take(torch.arange(min(2, sessions.n_sessions)))
    n_options = TASKS[model.task].n_options
    if n_options not in (0, model._n_actions):
        got = f"got {model._n_actions}"
        problem = f"n_actions must be {n_options}, the options of the task {model.task}; {got}."
        raise SettingsError([f"{problem} Set n_actions={n_options}."])
    probe = deepcopy(model).eval()
    probe.record_transitions = True
    with torch.no_grad():
        returned = probe(few.inputs)
    raise_if_any([*_module_problems(probe, config), *_forward_problems(model, returned, few)])


def _module_problems(probe: BaseRNN, config: SpiceConfig) -> Iterator[str]:
    """Yield the problems of modules and signals, after a run in which transitions were recorded."""
    name = type(probe).__name__
    for module in config.modules:
        if module not in probe.submodules_rnn:
            yield (
                f"rnn_modules names {module!r}; {name} has set up {sorted(probe.submodules_rnn)}. Set it up"
                " in __init__, or correct the name."
            )
        elif module not in probe.transitions:
            yield (
                f"rnn_modules names {module!r}, but the forward of {name} never calls it. Call"
                f" call_module({module!r}, ...) in each trial."
            )
        else:
            recorded = probe.transitions[module][0][2]
            for signal in {*config.terms(module), *(f.signal for f in config.filters(module))}:
                if signal not in recorded:
                    yield (
                        f"library_setup or filter_setup of {module!r} uses {signal!r}, which {name} has not"
                        f" recorded when it calls the module; recorded by then: {sorted(recorded)}. Put"
                        f" record_signal({signal!r}, ...) before call_module({module!r}, ...)."
                    )


def _forward_problems(model: BaseRNN, returned: Any, few: Sessions) -> list[str]:
    """Return the problems of a forward's result: its kind, its shape, or that nothing is learned by it."""
    if not isinstance(returned, tuple) or len(returned) != 2 or not isinstance(returned[0], Tensor):
        parts = returned if isinstance(returned, tuple) else (returned,)
        got = ", ".join(type(part).__name__ for part in parts)
        return [f"forward must return the logits as a tensor, and the memory state; got {got}. {END}"]
    needed = (*few.inputs.shape[:2], model._n_actions)
    if tuple(returned[0].shape) != needed:
        return [
            f"forward returned logits of shape {tuple(returned[0].shape)}; needed is (n_trials, n_sessions,"
            f" n_actions) = {needed}. {END}"
        ]
    with torch.enable_grad():
        learns = deepcopy(model).eval()(few.inputs)[0].requires_grad
    if not learns and any(True for _ in model.parameters()):
        return [
            "The logits do not depend on any learned module. In each trial, write what call_module returns"
            " into self.state, and the values into logits[trial]."
        ]
    return []
