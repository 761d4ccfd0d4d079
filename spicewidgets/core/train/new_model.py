"""A new model of a user's class, made with those arguments that its constructor names."""

from collections.abc import Mapping
from inspect import Parameter, signature
from typing import Any

from .rnn import BaseRNN
from .torch_stream import TorchStream

ALWAYS = ("n_actions", "n_participants")  # also for a constructor that takes any argument


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
