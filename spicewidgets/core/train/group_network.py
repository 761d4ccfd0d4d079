"""The network of a group: the equations that pooling found, and a GRU that adds to each what they miss.

A network that learns of each person by an embedding alone overfits where choices are few, and where they are
many it cannot give a person a weight of each signal. Pooled equations do both. So once they are there, the
network begins at them, with a GRU beside each that all people share and that adds nothing at first; it keeps
what it has learned only where it predicts choices better that it has not learned from.
"""

import math
from copy import deepcopy
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ..equations import SpiceModel
from ..settings import Training
from .modules import GivenConstant, GRUModule, ModuleEquations
from .objective import Sessions
from .rnn import BaseRNN
from .torch_stream import TorchStream
from .training import train

SHARE = 0.3  # of each session's choices, its last ones, that choose how long is learned
EPOCHS = 30
ERRORS = 5.0  # standard errors over sessions by which these must be predicted better
PRECISION = 30.0  # of the weights' normal prior around 0


def put_on_equations(model: BaseRNN, spice: SpiceModel) -> BaseRNN | None:
    """Return a copy of a network whose modules add to equations; they add nothing yet.

    Args:
        model: the network, trained.
        spice: equations of all its participants.

    Returns:
        None where a module is none of the standard ones, or a participant has no equation of it.
    """
    known = [name for name, rows in spice.modules.items() if all(row is not None for row in rows)]
    standard = [name for name in known if isinstance(model.submodules_rnn[name], GRUModule)]
    if len(standard) < len(spice.modules):
        return None
    network = deepcopy(model).requires_grad_(False)
    for name in standard:
        network.grounds[name] = ModuleEquations(spice.modules[name])
        module = network.submodules_rnn[name].requires_grad_(True)
        with torch.no_grad():
            for parameter in (module.scale, module.offset):
                parameter.zero_()  # type: ignore[operator]
    for state, values in spice.betas.items():
        network.betas[state] = GivenConstant(values)
    return network


def fit_group_network(
    model: BaseRNN, spice: SpiceModel, sessions: Sessions, compiled: bool | str = "auto"
) -> BaseRNN | None:
    """Fit the network that adds to a group's equations.

    Args:
        model: the network that the equations were found from.
        spice: the equations.
        sessions: the choices of both.
        compiled: as in `train`.

    Returns:
        The network, which predicts choices kept apart no worse than the equations; None as above.
    """
    network = put_on_equations(model, spice)
    if network is None:
        return None
    rng = np.random.default_rng(0)  # so that equations found again give the same network
    with TorchStream(rng)():
        for name in network.grounds:
            module = network.submodules_rnn[name]
            module.reset_parameters()  # type: ignore[operator]
            with torch.no_grad():
                module.scale.zero_()  # type: ignore[operator]
    learned, apart = _take_last_apart(sessions)
    before, start = _losses_of(network, apart), deepcopy(network.state_dict())
    settings = Training(
        epochs=EPOCHS,
        optimizer="lbfgs",
        n_starts=1,
        dropout=0.0,
        l2_weight_decay=min(PRECISION / float(learned.weights.sum()), 10.0),
    )
    steps = train(network, learned, settings, apart, warm_start=True, random_state=rng, compiled=compiled)
    for _ in steps:
        pass
    if not _is_better(before - _losses_of(network, apart)):
        network.load_state_dict(start)
    return network


def _losses_of(network: BaseRNN, sessions: Sessions) -> Tensor:
    """Return -ln P of the choices of each session, in nats, `(n_sessions,)`."""
    with torch.no_grad():
        logits = sessions.mask(network.eval()(sessions.inputs)[0])
    nats = -logits.log_softmax(-1).gather(-1, sessions.targets[..., None])[..., 0]
    return nats.where(sessions.weights > 0, 0.0).double().sum(0)


def _is_better(gains: Tensor) -> bool:
    """Tell whether what is gained in sessions, in nats, is above 0 by more than `ERRORS` of its mean."""
    return float(gains.sum()) > ERRORS * float(gains.std()) * math.sqrt(len(gains))


def _take_last_apart(sessions: Sessions) -> tuple[Sessions, Sessions]:
    """Return the same trials twice: with the next choices to learn from, and with the last of each session.

    Histories of later trials are new to what was learned from earlier ones, and so show best where a GRU
    goes astray.
    """
    known = sessions.weights.cumsum(0)
    apart = sessions.weights * (known > (1 - SHARE) * known[-1])
    if not 0 < float(apart.sum()) < float(sessions.weights.sum()):
        return sessions, sessions
    return replace(sessions, weights=sessions.weights - apart), replace(sessions, weights=apart)
