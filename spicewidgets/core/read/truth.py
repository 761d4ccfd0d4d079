"""The true equations of a built model: which of its modules stands for which mechanism of `AgentQ`, read from
its structure and not from its names.

A participant is written in a model only where every module has a meaning and no mechanism is left out; else
there is a sentence for what is in the way, and no truth.
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ..built import (
    ALL,
    CHOSEN,
    NOT_CHOSEN,
    PREDICTION_ERROR,
    REWARD,
    REWARD_CHOSEN,
    SCALED,
    UNUSED,
    BuiltModel,
    BuiltModule,
    BuiltState,
)
from ..config import SpiceConfig
from ..equations import Equation, SpiceModel
from ..mechanisms import BEYOND, KERNEL, VALUES
from ..models import HABIT, RATE, VALUE
from ..polynomial import Move, moves_of
from ..settings import SettingsError
from ..simulate.agents import AgentQ
from ..wording import join_words
from .translation import InitValues, true_model


def true_built(
    agent: AgentQ,
    built: BuiltModel,
    config: SpiceConfig,
    *,
    counterfactual: bool = False,
    betas: Mapping[str, float] | None = None,
    participant: Hashable = 0,
) -> SpiceModel:
    """As `true_model`, for a built model: the agent's own update in the model's coordinates and names.

    Args:
        agent: the participant who made the choices.
        built: the model.
        config: which of its modules have equations.
        counterfactual: whether the task shows the rewards of the arms not chosen.
        betas: the model's learned betas by state; the agent's own when None, and 1 where that is 0, since any
            beta will do for values that stay where they are.
        participant: label.

    Raises:
        SettingsError: with a sentence for everything that the model cannot say of this participant.
    """
    means = meaning(built, agent, counterfactual)
    if betas is None:
        scaled = [state.name for state in built.states if state.choice == SCALED]
        betas = {state: float(agent._betas[means.states[state]]) or 1.0 for state in scaled}
    library = {means.modules[module]: config.terms(module) for module in config.modules}
    true = true_model(
        agent,
        InitValues({means.states[s.name]: s.initial for s in built.states}),
        SpiceConfig(library, {}, config.controls, library),
        betas={means.states[state]: beta for state, beta in betas.items()},
        participant=participant,
    )
    equations = {
        module: _rename_module(true.equation(means.modules[module]), module) for module in config.modules
    }
    given = built.given
    truth = SpiceModel.of(*equations.values(), betas=betas, participant=participant)
    return replace(truth, given=given)


def _rename_module(equation: Equation, module: str) -> Equation:
    """Return the same equation under another name of its module, which also stands for the module's own
    value.
    """
    terms = (tuple(module if f == equation.module else f for f in term) for term in equation.terms)
    return replace(equation, module=module, terms=tuple(terms))


@dataclass
class Meaning:
    """The roles of a model's states and learned modules, by the names of the precoded models."""

    states: dict[str, str] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)


def meaning(built: BuiltModel, agent: AgentQ, counterfactual: bool = False) -> Meaning:
    """Match each part of the model with a part of the participant. Raises `SettingsError` with a sentence for
    everything that has no match.
    """
    means = Meaning()
    acting = [state for state in built.states if state.choice != UNUSED]
    values = [state for state in acting if REWARD in _inputs(_on(built, state, CHOSEN))]
    habits = [state for state in acting if state not in values]
    reasons: list[str] = []
    if len(values) == 1:
        reasons += _value(built, values[0], agent, counterfactual, means)
    else:
        reasons.append(
            f"The participant has one value of each arm, moved by {REWARD} of the chosen arm; the model has"
            f" {len(values)} such states that act on the choice."
        )
    reasons += _habits(built, habits, agent, means)
    reasons += _rest(built, means)
    if reasons:
        raise SettingsError(reasons)
    return means


def _on(built: BuiltModel, state: BuiltState, arms: str) -> BuiltModule | None:
    return next((module for module in built.modules_of(state.name) if module.arms == arms), None)


def _inputs(module: BuiltModule | None) -> tuple[str, ...]:
    return () if module is None else module.inputs


def _value(
    built: BuiltModel, state: BuiltState, agent: AgentQ, counterfactual: bool, means: Meaning
) -> Iterator[str]:
    chosen, other = _on(built, state, CHOSEN), _on(built, state, NOT_CHOSEN)
    means.states[state.name] = VALUE
    if chosen is not None and chosen.kind == PREDICTION_ERROR:
        yield from _rate(built, state, chosen, agent, means)
    elif chosen is not None:
        means.modules[chosen.name] = f"{VALUE}_chosen"
    if other is not None and other.kind != PREDICTION_ERROR:
        means.modules[other.name] = f"{VALUE}_not_chosen"
    used = [one for one in BEYOND if not one.within and one.is_in_use(agent.parameters)]
    on_others = {move.by_reward: one for one in used for move in moves_of(one) if _of_others(move)}
    if False in on_others and other is None:
        name = on_others[False].name
        yield f"The participant has {name}; no module moves the arms not chosen of {state.name}."
    if other is None and not state.keeps:
        yield f"The participant keeps the values of the arms not chosen; those of {state.name} go to 0."
    signal = REWARD if counterfactual else REWARD_CHOSEN
    if True in on_others and {signal} != {REWARD, REWARD_CHOSEN} & set(_inputs(other)):
        yield (
            f"The participant learns from the arms not chosen; of the rewards, the module for these arms of"
            f" {state.name} must see {signal} and nothing else."
        )


def _of_others(move: Move) -> bool:
    return move.state is VALUES and not move.chosen


def _rate(
    built: BuiltModel, value: BuiltState, update: BuiltModule, agent: AgentQ, means: Meaning
) -> Iterator[str]:
    """Yield the learning rate of a given prediction error."""
    state = next(state for state in built.states if state.name in update.inputs)
    module = _on(built, state, CHOSEN)
    if update.inputs[0] == REWARD and state.choice == UNUSED and REWARD in _inputs(module) and module:
        means.states[state.name], means.modules[module.name] = RATE, RATE
    if value.choice != SCALED:
        yield f"The given prediction error has values in units of the reward; {value.name} needs a learned β."
    if agent.parameters["q0"] != value.initial:
        yield (
            f"The participant starts at q0 = {agent.parameters['q0']:g} and {value.name} at"
            f" {value.initial:g}, which a given prediction error cannot make up for."
        )


def _habits(built: BuiltModel, states: list[BuiltState], agent: AgentQ, means: Meaning) -> Iterator[str]:
    if KERNEL.is_in_use(agent.parameters) and not states:
        yield "The participant has a choice kernel; no state that acts on the choice stands for it."
    if len(states) > 1:
        yield (
            "The participant has one memory of its choices; the model has"
            f" {join_words(state.name for state in states)}."
        )
    for state in states[:1]:
        chosen, other = _on(built, state, CHOSEN), _on(built, state, NOT_CHOSEN)
        rewards = {REWARD, REWARD_CHOSEN} & {*_inputs(chosen), *_inputs(other)}
        if chosen is not None and other is not None and not rewards:
            means.states[state.name] = HABIT
            means.modules |= {chosen.name: f"{HABIT}_chosen", other.name: f"{HABIT}_not_chosen"}


def _rest(built: BuiltModel, means: Meaning) -> Iterator[str]:
    """Yield parts without a match, and bounds that the participant does not have."""
    unknown = [module.name for module in built.learned if module.name not in means.modules]
    unknown += [m.name for m in built.in_order if m.kind == PREDICTION_ERROR and m.arms != CHOSEN]
    unknown += [state.name for state in built.states if state.name not in means.states]
    if unknown:
        yield f"Nothing in the participant stands for {', '.join(dict.fromkeys(unknown))}."
    for module in built.learned:
        bounded = module.activation != "none" and means.modules.get(module.name) != RATE
        if bounded and module.arms != ALL:
            yield f"The participant's values have no bounds; {module.name} has them ({module.activation})."
