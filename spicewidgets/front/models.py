"""What the page knows of a model: its states and modules, its candidate terms, and its kernels."""

from dataclasses import replace
from math import isfinite
from typing import Any

import numpy as np
import torch

from ..core.built import LEARNED, REWARD_CHOSEN, SCALED, SIGNALS, UNUSED, BuiltModel, BuiltModule
from ..core.discover import canonical, evidence, identified, maximum, regression
from ..core.discover.discovery import candidates
from ..core.discover.likelihood import Likelihood, ParameterId
from ..core.discover.maximum import LIMITS
from ..core.mechanism import ParameterSpec
from ..core.models import HABIT, RATE, VALUE
from ..core.read.translation import MODULES, update_in_letters
from ..core.settings import Discovery, SettingsError
from ..core.tasks import BANDIT_NAME
from ..core.train import descents, gru, optimisers, screening
from ..core.train.built_rnn import rnn_class
from ..core.train.compiled.sensitivities import Sensitivities
from ..core.train.compiled.tracing import trace_of
from ..core.train.objective import Sessions
from ..core.train.rnn import BaseRNN
from .files import OPTIONS
from .kernels import likelihood_source, loss_source

# Numbers of these are the page's, too.
SHARED = (screening, descents, optimisers, gru, regression, evidence, canonical, maximum, identified)
# Modules that parameters are read off, by what they are there.
ROLES = {f"{VALUE}_chosen": "value", f"{VALUE}_not_chosen": "other", RATE: "rate", f"{HABIT}_chosen": "habit"}


def of_one(built: BuiltModel) -> BuiltModel:
    """Return a model as the page has it: of one participant, without an embedding."""
    return replace(built, participants=False)


def problem_of(built: BuiltModel) -> str | None:
    """Return why a model cannot be in the page, as a sentence; None where it can."""
    if built.task != BANDIT_NAME:
        return "It must be of a plain bandit"
    seen = {*SIGNALS, *built.first_values}
    if any(not seen.issuperset(module.inputs) for module in built.modules):
        return f"Its modules must see {', '.join(SIGNALS)} and its states only"
    return None


def constants() -> dict[str, dict[str, Any]]:
    """Return the constants by which the page computes as Python does, by module."""
    kinds = (int, float, tuple)
    return {
        module.__name__.rpartition(".")[2]: {
            name: value for name, value in vars(module).items() if name.isupper() and type(value) in kinds
        }
        for module in SHARED
    } | {"limits": {name: value for name, value in LIMITS._asdict().items() if isfinite(value)}}


def describe(name: str, built: BuiltModel, settings: Discovery) -> tuple[dict[str, Any], str]:
    """Return what the page must know of a model, as plain data, and the source of its kernels.

    Args:
        name: of the model.
        built: its description.
        settings: which terms its equations may have.

    Raises:
        SettingsError: the model cannot be in the page.
    """
    if (problem := problem_of(built)) is not None:
        raise SettingsError(
            [f"The model {name} cannot be in a page. {problem}; choose another, such as rescorla-wagner."]
        )
    built = of_one(built)
    model = rnn_class(built)(OPTIONS).double().eval()
    sessions = _some_sessions()
    trace = trace_of(model, sessions.inputs)
    config = built.config()
    terms = {module.name: candidates(module.name, config, settings) for module in built.learned}
    likelihood = Likelihood(model, sessions, terms)
    expanded = likelihood._sessions
    assert isinstance(expanded, Sensitivities)
    place = {number: i for i, number in enumerate(likelihood.numbers)}
    parts = canonical.parts_of(model, config, sessions.inputs)
    n, n_pairs = len(likelihood.numbers), len(expanded.pairs)
    n_sums = 1 + n + n_pairs
    trial = expanded._scan.trial
    places = _places(model)
    gates = {one.name: int(places[f"submodules_rnn.{one.name}.gates"].flat[0]) for one in built.learned}
    flat = np.concatenate([np.ravel(places[name]) for name, _ in model.named_parameters()])
    description = {
        "name": name,
        "states": [
            {
                "name": state.name,
                "initial": state.initial,
                "beta": int(places[f"betas.{state.name}.parameter"][0]) if state.choice == SCALED else None,
                "acts": state.choice != UNUSED,
                "keeps": state.keeps,
            }
            for state in built.states
        ],
        "modules": [
            {
                "name": module.name,
                "state": module.state,
                "arms": module.arms,
                "inputs": list(module.inputs),
                "activation": module.activation,
                "kind": module.kind,
                "at": gates.get(module.name, 0),
                "terms": [list(term) for term in terms.get(module.name, ())],
                "truth": _truth_of(module),
                "role": ROLES.get(module.name, "") if module.kind == LEARNED else "",
            }
            for module in built.in_order
        ],
        "weights": len(flat),
        "places": [place for _, place in trace.weights],
        "features": trace.rows,
        "first": [built.first_values[key] for key, _ in trace.state_of],
        "pairs": expanded.pairs.tolist(),
        "levels": [
            [place[ParameterId(chosen, ())], place[ParameterId(other, ())]]
            for chosen, own in parts.items()
            for other, its in parts.items()
            if own.state == its.state and own.chosen is True and its.chosen is False
        ],
        "ties": [tie._asdict() for tie in canonical.ties_of(likelihood.numbers, parts)],
        "carried": len(trial.states) - n_sums,
    }
    source = f"{loss_source(trace.trial)}\n{likelihood_source(trial, n, n_sums)}"
    return description, f"(() => {{\n{source}\nreturn {{ loss, likelihood, TAPE, WIDTH }};\n}})()"


def _truth_of(module: BuiltModule) -> dict[str, Any] | None:
    """Return a simulated participant's update that a module stands for, in letters: the coefficient of each
    product as a sum of products of parameters; None where nothing is known of the module.
    """
    if module.kind != LEARNED or module.name not in MODULES:
        return None
    state, _ = MODULES[module.name]
    start = state.start
    terms = update_in_letters(module.name, is_unseen=REWARD_CHOSEN in module.inputs)
    return {
        "terms": [
            [list(term), [[value, list(names)] for names, value in part.terms.items()]]
            for term, part in terms.items()
        ],
        "weight": state.weight.name if state.weight and module.name != RATE else None,
        "start": start.name if isinstance(start, ParameterSpec) else None,
    }


def _places(model: BaseRNN) -> dict[str, Any]:
    """Return the places of each parameter's numbers in the flat vector of weights."""
    found, begin = {}, 0
    for name, parameter in model.named_parameters():
        found[name] = np.arange(begin, begin + parameter.numel()).reshape(parameter.shape)
        begin += parameter.numel()
    return found


def _some_sessions() -> Sessions:
    """Two sessions of three trials, in which nothing is the same in all of them."""
    inputs = torch.zeros(3, 2, 2 * OPTIONS + 1, dtype=torch.float64)
    targets = torch.tensor([[0, 1], [1, 0], [0, 0]])
    inputs[..., :OPTIONS] = torch.eye(OPTIONS, dtype=torch.float64)[targets]
    inputs[..., OPTIONS : 2 * OPTIONS] = torch.tensor([[1.0, -1.0], [-1.0, 0.0]])[targets].double()
    return Sessions(inputs, targets, torch.ones(3, 2, dtype=torch.float64))
