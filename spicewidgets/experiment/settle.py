"""What the settings describe, without torch: the model's config, states and source, the true equations."""

from collections.abc import Hashable
from dataclasses import replace
from typing import cast

from ..core.built import SCALED, BuiltModel
from ..core.config import SpiceConfig
from ..core.equations import SpiceModel
from ..core.read.translation import HasInitValues, InitValues, true_model
from ..core.read.truth import true_built
from ..core.settings import SettingsError
from ..core.simulate.agents import AgentQ
from ..core.simulate.declared import Player
from ..core.train.built_source import source as source_of
from ..state.graph import ExperimentSnapshot
from ..state.model import YOUR_OWN
from .simulation import agents_of

__all__ = [
    "config_of",
    "describe_model",
    "missing_of",
    "source_of",
    "truth_for",
    "truth_of",
    "values_of",
]


def config_of(snapshot: ExperimentSnapshot) -> SpiceConfig:
    """Config of the chosen model, with the inputs, terms and filters chosen for it."""
    config: SpiceConfig = (
        snapshot.model.own[1] if snapshot.model.own is not None else describe_model(snapshot).config()
    )
    chosen = {m: library for m, library in snapshot.discovery.libraries if m in config.modules}
    if not chosen:
        return config
    inputs = {m: list(chosen[m].inputs) if m in chosen else list(config.terms(m)) for m in config.modules}
    filters = {m: chosen[m].filters if m in chosen else config.filters(m) for m in config.modules}
    rows = {m: [list(row) for row in found] for m, found in filters.items() if found}
    excluded = {m: chosen[m].without if m in chosen else config.excluded(m) for m in config.modules}
    return SpiceConfig(inputs, rows, config.controls, config.modules, excluded_terms=excluded)


def describe_model(snapshot: ExperimentSnapshot) -> BuiltModel:
    """States and modules of a precoded or built model."""
    built = snapshot.model.description
    assert built is not None
    return built


def missing_of(snapshot: ExperimentSnapshot) -> tuple[str, ...]:
    """List the parts of the participant that the built model cannot express, in sentences; empty for any
    other model.
    """
    if snapshot.model.name != YOUR_OWN or not snapshot.is_simulated:
        return ()
    try:
        for participant, agent in agents_of(snapshot).items():
            truth_for(participant, agent, snapshot, None)
    except SettingsError as error:
        return error.problems
    return ()


def values_of(snapshot: ExperimentSnapshot) -> HasInitValues:
    """Return the first values of a model, which the translation needs, without loading it."""
    if snapshot.model.own is not None:
        return cast(HasInitValues, snapshot.model.own[0])  # a class of the user's own
    return InitValues(describe_model(snapshot).first_values)


def truth_of(snapshot: ExperimentSnapshot, spice: SpiceModel | None = None) -> SpiceModel | None:
    """Return the true equations in the model's coordinates, for each participant; None where nothing is known
    of the participant or of the model's modules. With `spice`, in the stretch of its learned betas.
    """
    if not snapshot.is_simulated:
        return None
    each, agents = [], agents_of(snapshot)
    for participant, agent in agents.items():
        betas = None if spice is None else {state: spice.beta(state, participant) for state in spice.betas}
        try:
            each.append(truth_for(participant, agent, snapshot, betas))
        except SettingsError:
            return None
    modules = {m: tuple(one.equations[m][0] for one in each) for m in each[0].equations}
    betas_of = {state: tuple(one.betas[state][0] for one in each) for state in each[0].betas}
    return SpiceModel(tuple(agents), modules, betas_of, each[0].given)


def truth_for(
    participant: Hashable, agent: Player, snapshot: ExperimentSnapshot, betas: dict[str, float] | None
) -> SpiceModel:
    """Return the true equations of one participant.

    Raises:
        SettingsError: Where the model cannot express them.
    """
    config, model = config_of(snapshot), snapshot.model
    if not isinstance(agent, AgentQ):
        return true_model(agent, values_of(snapshot), config, participant=participant)
    if model.name == YOUR_OWN:
        shown = snapshot.task.counterfactual or snapshot.task.declaration.sees_all
        return true_built(
            agent, model.built, config, counterfactual=shown, betas=betas, participant=participant
        )
    if model.own is not None:
        return true_model(agent, values_of(snapshot), config, betas=betas, participant=participant)
    built = describe_model(snapshot)
    if betas is None:
        scaled = [state.name for state in built.states if state.choice == SCALED]
        betas = {name: float(agent._betas[name]) or 1.0 for name in scaled}  # any does for values that stay
    true = true_model(agent, values_of(snapshot), config, betas=betas, participant=participant)
    return replace(true, given=built.given)
