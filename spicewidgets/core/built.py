"""A model put together from lists instead of code: its memory states, the modules that move them, and what
each module sees.

`BuiltModel` is a plain frozen description that can be written as JSON and says in sentences what is wrong
with it. `train/built_rnn.py` makes a class of it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from math import isfinite
from numbers import Real
from typing import Any, NamedTuple, Self

from .config import SpiceConfig
from .settings import SettingsError, setting
from .tasks import BANDIT_NAME, TASKS, TWO_STEP, TaskKind
from .wording import join_words

NAME = re.compile(r"x_[a-z0-9_]{1,38}")
HIGHEST = 10.0  # values of states stay within -10..10
MOST_STATES, MOST_MODULES = 6, 12
ACTION, REWARD, REWARD_CHOSEN = "c_action", "c_reward", "c_reward_chosen"
SIGNALS = {
    REWARD: "the reward of the arm itself; -1 where it is not shown",
    REWARD_CHOSEN: "the reward of the chosen arm, for every arm",
    ACTION: "1 for the chosen arm, else 0",
}
REACHED, AHEAD = TWO_STEP.signals
EVERY, FIRST, SECOND = "every", "first", "second"  # stages
CHOSEN, NOT_CHOSEN, ALL = "chosen", "not chosen", "all"
OFFERED, NOT_OFFERED = "on offer", "not on offer"  # of tasks that offer some; there, not chosen is on offer
COVERS = {
    CHOSEN: (CHOSEN,),
    NOT_CHOSEN: (NOT_CHOSEN,),
    ALL: (CHOSEN, NOT_CHOSEN, NOT_OFFERED),
    OFFERED: (CHOSEN, NOT_CHOSEN),
    NOT_OFFERED: (NOT_OFFERED,),
}
IN_WORDS = {
    CHOSEN: "the chosen arm",
    NOT_CHOSEN: "the arms not chosen",
    NOT_OFFERED: "the arms not on offer",
}
LEARNED, PREDICTION_ERROR, KALMAN_GAIN = "learned", "prediction error", "Kalman gain"
NOISE = 0.1  # variance of an outcome beside that of means before the first trial; as in `rivals.named.Kalman`
# The states that signals of values are made of.
CUE, GAIN, VALUE = "x_value_cue", "x_kalman_gain", "x_value_reward"
MADE_OF = {
    "c_promise": (CUE,),
    "c_value": (VALUE,),
    "c_deviation": (GAIN,),
    "c_value_by_total": (VALUE, GAIN),
}
ADDED, SCALED, UNUSED = "added", "scaled", "unused"


class RowProblem(NamedTuple):
    """A problem and its place: a row of the "state"s or "module"s, or the "model" as a whole."""

    where: str
    row: int
    sentence: str


@dataclass(frozen=True)
class BuiltState:
    """A memory state: a value for each arm."""

    name: str = setting("x_value_reward", "Name of the state, beginning with x_.")
    initial: float = setting(0.5, "Value of every arm before the first trial.", low=-HIGHEST, high=HIGHEST)
    choice: str = setting(
        ADDED,
        "How the state acts on the choice: added to the logit as it is, scaled by a learned β, or unused.",
        choices=(ADDED, SCALED, UNUSED),
    )
    keeps: bool = setting(True, "Arms that no module moves keep their value; else they go to 0.")
    stage: str = setting(
        EVERY, "The stage of a trial whose options have the state.", choices=(EVERY, FIRST, SECOND)
    )


@dataclass(frozen=True)
class BuiltModule:
    """A mechanism: how a state moves from one trial to the next."""

    name: str = setting("x_value_reward_chosen", "Name of the module, beginning with x_.")
    state: str = setting("x_value_reward", "The state that it moves.")
    arms: str = setting(CHOSEN, "The arms whose value it moves.", choices=(CHOSEN, NOT_CHOSEN, ALL))
    inputs: tuple[str, ...] = setting((), "What it sees beside its own value: signals, and other states.")
    kind: str = setting(
        LEARNED,
        "Learned from the choices, or given as: value + rate * (signal - value); a Kalman gain as: value / (1"
        " + value).",
        choices=(LEARNED, PREDICTION_ERROR, KALMAN_GAIN),
    )
    activation: str = setting(
        "none",
        "Keeps the next value within bounds: sigmoid 0 to 1 (a learning rate), tanh -1 to 1.",
        choices=("none", "sigmoid", "tanh"),
    )
    at_end: bool = setting(
        False, "Moves at the end of a trial, by what was chosen in the first stage; else at that choice."
    )
    own_value: bool = setting(True, "Its equation may contain its own last value.")
    constant: bool = setting(True, "Its equation may contain a constant.")


@dataclass(frozen=True)
class BuiltModel:
    """A model without code.

    States move one after the other, as they are listed: a module that sees another state sees what it has
    become in this trial if it stands further up, and what it was before the trial if it stands below.

    Attributes:
        states: the memory.
        modules: what moves it.
        participants: whether participants are told apart: an embedding of each tunes the learned modules and
            the betas.
        task: the name of the kind of task, one of `tasks.TASKS`.
    """

    states: tuple[BuiltState, ...] = (BuiltState(),)
    modules: tuple[BuiltModule, ...] = (BuiltModule(inputs=(REWARD,)),)
    participants: bool = False
    task: str = BANDIT_NAME

    @property
    def kind_of_task(self) -> TaskKind:
        """The declaration of its task."""
        return TASKS[self.task]

    @property
    def goes_by_rows(self) -> bool:
        """Tell whether modules move options, or see signals, that are of its kind of task alone."""
        kind = self.kind_of_task
        return bool(kind.stages or kind.shows_offers or kind.signals)

    def state_of(self, module: BuiltModule) -> BuiltState:
        """Return the state that a module moves."""
        return next(state for state in self.states if state.name == module.state)

    def action_of(self, module: BuiltModule) -> str:
        """Name the signal that says which options a module moves: 1 for what was chosen, 0 for the others
        that could have been, and -1 for what could not, where a task has such options.
        """
        if not self.kind_of_task.stages:
            return f"{ACTION}_offered" if self.kind_of_task.shows_offers else ACTION
        return f"{ACTION}_before" if module.at_end else f"{ACTION}_{self.state_of(module).stage}"

    def modules_of(self, state: str) -> tuple[BuiltModule, ...]:
        """Return the modules that move a state, as they are listed."""
        return tuple(module for module in self.modules if module.state == state)

    @property
    def in_order(self) -> tuple[BuiltModule, ...]:
        """The modules in the order in which they are called: by state."""
        return tuple(module for state in self.states for module in self.modules_of(state.name))

    @property
    def learned(self) -> tuple[BuiltModule, ...]:
        """The modules that become equations, in the order in which they are called."""
        return tuple(module for module in self.in_order if module.kind == LEARNED)

    @property
    def given(self) -> tuple[str, ...]:
        """The names of the modules that are given, in the order in which they are called."""
        return tuple(module.name for module in self.in_order if module.kind != LEARNED)

    @property
    def controls(self) -> tuple[str, ...]:
        """The signals that the equations may use."""
        seen = {name for module in self.learned for name in module.inputs}
        further = (REWARD_CHOSEN, *self.kind_of_task.signals, *self.first_values)
        actions = (self.action_of(module) for module in self.learned)
        return (*dict.fromkeys((ACTION, REWARD, *actions, *(name for name in further if name in seen))),)

    @property
    def first_values(self) -> dict[str, float]:
        """The value of each state before the first trial."""
        return {state.name: state.initial for state in self.states}

    @property
    def acting(self) -> tuple[str, ...] | None:
        """The states that act on the choice; None where names say so, by beginning with x_value."""
        acting = tuple(state.name for state in self.states if state.choice != UNUSED)
        return (
            None
            if acting == tuple(name for name in self.first_values if name.startswith("x_value"))
            else acting
        )

    def config(self) -> SpiceConfig:
        """Return the libraries of its equations: the inputs of each module, on the arms that it moves."""
        names = [module.name for module in self.learned]
        library = {module.name: list(module.inputs) for module in self.learned}
        filters = {
            module.name: conditions(module, self.action_of(module))
            for module in self.learned
            if module.arms not in (ALL, OFFERED)
        }
        excluded = {
            module.name: [
                *([()] if not module.constant else []),
                *([(module.name,)] if not module.own_value else []),
            ]
            for module in self.learned
        }
        excluded = {name: terms for name, terms in excluded.items() if terms}
        return SpiceConfig(library, filters, self.controls, names, excluded_terms=excluded or None)

    def problems(self) -> list[str]:
        """Return a sentence for everything that cannot be used; empty when all is well."""
        return [problem.sentence for problem in self.list_problems()]

    def checked(self) -> Self:
        """Return the model itself, or a `SettingsError` with every problem at once."""
        if wrong := self.problems():
            raise SettingsError(wrong)
        return self

    def list_problems(self) -> list[RowProblem]:
        """Everything that cannot be used, and where."""
        found = [*_of_model(self)]
        for i, state in enumerate(self.states):
            found += [RowProblem("state", i, sentence) for sentence in _of_state(self, state)]
        for i, module in enumerate(self.modules):
            found += [RowProblem("module", i, sentence) for sentence in _of_module(self, module)]
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain data (JSON), from which `from_dict` makes an equal model."""
        data = _without_stages(asdict(self))
        data["states"] = [_without_stages(state) for state in data["states"]]
        data["modules"] = [
            _without_stages(module) | {"inputs": list(module["inputs"])} for module in data["modules"]
        ]
        return data

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        """Return the model that `to_dict` wrote; what a row leaves out gets its default. Raises
        `SettingsError` for anything else; whether the model can be used is told by `problems`.
        """
        try:
            _only_known(cls, data)
            if missing := [name for name in ("states", "modules") if name not in data]:
                raise ValueError(f"{missing[0]} is missing")
            states = tuple(_read(BuiltState, row) for row in data["states"])
            modules = tuple(_read(BuiltModule, row) for row in data["modules"])
            task = _as(str, data.get("task", BANDIT_NAME))
            return cls(states, modules, _as(bool, data.get("participants", False)), task)
        except (TypeError, ValueError, OverflowError) as error:
            raise SettingsError(
                [
                    "A model is read from its states and modules, as to_dict writes them; got"
                    f" {data!r:.80}. Correct it: {error}."
                ]
            ) from None


def conditions(module: BuiltModule, action: str = ACTION) -> tuple[tuple[str, float, bool], ...]:
    """Return the samples that a module's equation is fitted to, as filters of `SpiceConfig`.

    Args:
        module: the module.
        action: the signal that is 1 for what was chosen, 0 for the others; see `BuiltModel.action_of`.
    """
    at = {CHOSEN: 1.0, NOT_CHOSEN: 0.0, NOT_OFFERED: -1.0}
    return ((action, at[module.arms], True),) if module.arms in at else ()


def _without_stages(row: dict[str, Any]) -> dict[str, Any]:
    """Return plain data without what only tasks of several stages need, so that others read as ever."""
    idle = {"stage": EVERY, "at_end": False, "own_value": True, "constant": True, "task": BANDIT_NAME}
    return {name: value for name, value in row.items() if name not in idle or value != idle[name]}


def _of_model(model: BuiltModel) -> Iterator[RowProblem]:
    if model.task not in TASKS:
        sentence = (
            f"The task must be one of {join_words(TASKS, last='or')}; got {model.task!r:.60}. Choose one."
        )
        yield RowProblem("model", 0, sentence)
    if not model.learned:
        yield RowProblem("model", 0, "A model must have one learned module or more; got none. Add one.")
    if model.states and not any(state.choice in (ADDED, SCALED) for state in model.states):
        sentence = "A state must act on the choice; none does. Let one be added to the logit."
        yield RowProblem("model", 0, sentence)
    for what, rows, most in (("states", model.states, MOST_STATES), ("modules", model.modules, MOST_MODULES)):
        if len(rows) > most:
            yield RowProblem("model", 0, f"A model has at most {most} {what}; got {len(rows)}. Remove some.")


def _of_state(model: BuiltModel, state: BuiltState) -> Iterator[str]:
    yield from _name_problems("state", state.name, [other.name for other in model.states])
    yield from _choice_problems(state)
    if not (isfinite(state.initial) and abs(state.initial) <= HIGHEST):
        yield (
            f"The value of {state.name} before the first trial must be between {-HIGHEST:g} and {HIGHEST:g};"
            f" got {state.initial:g}. Set 0 or 0.5."
        )
    moving = model.modules_of(state.name)
    if not moving:
        yield (
            f"The state {state.name} must be moved by a module; none moves it. Add a module for it, or remove"
            " the state."
        )
    for part, words in IN_WORDS.items():
        names = [module.name for module in moving if part in COVERS.get(module.arms, ())]
        if len(names) > 1:
            yield (
                f"{words.capitalize()} of {state.name} must be moved by one module; got"
                f" {join_words(names)}. Let one of them move other arms, or remove it."
            )
    if moving and state.name not in _felt(model):
        yield (
            f"The state {state.name} must act on the choice, itself or through a module that sees it; it does"
            " neither. Let it act on the choice, or make it an input."
        )


def _of_module(model: BuiltModel, module: BuiltModule) -> Iterator[str]:
    yield from _name_problems("module", module.name, [other.name for other in model.modules])
    offers = model.task in TASKS and model.kind_of_task.shows_offers and module.arms in COVERS
    yield from _choice_problems(replace(module, arms=ALL) if offers else module)
    states = [state.name for state in model.states]
    if module.state not in states:
        known = f"one of the states {', '.join(states)}" if states else "a state"
        yield f"The module {module.name} must move {known}; got {module.state!r:.60}. Choose a state."
    if module.name in states and module.name != module.state:
        yield (
            f"The name of a module must not be that of another state; got {module.name}. Name it after"
            f" {module.state}, the state that it moves."
        )
    yield from _input_problems(module, visible_signals(model, module))
    for name in module.inputs:
        if lacking := [state for state in MADE_OF.get(name, ()) if state not in states]:
            yield f"{name} is made of the state {lacking[0]}, which is lacking. Add it, or leave {name} out."


def visible_signals(model: BuiltModel, module: BuiltModule) -> tuple[str, ...]:
    """List the possible inputs of a module: the signals that vary on its arms, and the other states."""
    known = {**SIGNALS, **(model.kind_of_task.signals if model.task in TASKS else {})}
    signals = tuple(name for name in known if name != ACTION or module.arms == ALL)
    return (*signals, *(state.name for state in model.states if state.name != module.state))


def _input_problems(module: BuiltModule, known: tuple[str, ...]) -> Iterator[str]:
    for name in module.inputs:
        if name == ACTION and ACTION not in known:
            yield (
                f"{ACTION} must not be an input of {module.name}, for it is the same for all the arms that"
                " this module moves. Leave it out, or let the module move all arms."
            )
        elif name not in known:
            yield (
                f"The inputs of {module.name} must be among {', '.join(known)}; got {name!r:.60}. Choose"
                " among these."
            )
    if len(set(module.inputs)) < len(module.inputs):
        yield f"Each input of {module.name} must be named once; got {', '.join(module.inputs)}. Remove one."
    if module.kind == KALMAN_GAIN and (module.inputs or module.activation != "none"):
        yield f"A Kalman gain sees nothing else and has no activation; {module.name} does. Leave both out."
    if module.kind != PREDICTION_ERROR:
        return
    if [name in SIGNALS for name in module.inputs] != [True, False]:
        yield (
            f"A prediction error needs two inputs, a signal and then the state that is its learning rate;"
            f" {module.name} has {', '.join(module.inputs) or 'none'}. Choose these two."
        )
    if module.activation != "none":
        yield (
            f"A prediction error has no activation; {module.name} has {module.activation}. Set it to none, or"
            " choose a learned module."
        )


def _name_problems(what: str, name: str, names: list[str]) -> Iterator[str]:
    if not NAME.fullmatch(name):
        yield (
            f"The name of a {what} must be x_ and then small letters, digits or _, at most 40 in all; got"
            f" {name!r:.60}. Call it {_proper(name)}."
        )
    if names.count(name) > 1:
        yield f"Each {what} must have a name of its own; got {name!r:.60} twice. Rename one, or remove it."


def _proper(name: str) -> str:
    """Return the nearest name that can be used."""
    plain = re.sub(r"[^a-z0-9_]+", "_", name.lower().removeprefix("x_")).strip("_")
    return f"x_{plain[:38] or 'value'}"


def _choice_problems(row: BuiltState | BuiltModule) -> Iterator[str]:
    for item in fields(row):
        choices = item.metadata["choices"]
        if choices and (got := getattr(row, item.name)) not in choices:
            yield (
                f"{item.name.capitalize()} of {row.name} must be one of {', '.join(choices)}; got"
                f" {got!r:.60}. Choose one."
            )


def _felt(model: BuiltModel) -> set[str]:
    """Return the states that act on the choice, themselves or through others."""
    felt = {state.name for state in model.states if state.choice in (ADDED, SCALED)}
    for _ in model.states:
        seen = {name for module in model.modules if module.state in felt for name in module.inputs}
        felt |= seen | {state for name in seen for state in MADE_OF.get(name, ())}
    return felt


def _read(kind: Any, row: Any) -> Any:
    """Return a state or module from plain data. Raises TypeError or ValueError for data of another form."""
    _only_known(kind, row)
    types = {item.name: item.type for item in fields(kind)}
    values = {name: _as(types[name], value) for name, value in row.items()}
    return kind(**values)


def _only_known(kind: Any, row: Any) -> None:
    if not isinstance(row, Mapping):
        raise TypeError(f"{row!r:.40} is no dictionary")
    known = [item.name for item in fields(kind)]
    if unknown := [name for name in row if name not in known]:
        raise ValueError(f"{unknown[0]!r:.40} is none of {', '.join(known)}")


def _as(kind: Any, value: Any) -> Any:
    """Return the value as the field has it; raises TypeError or ValueError where it is of another kind."""
    if kind in (str, bool) and isinstance(value, kind):
        return value
    if kind is float and not isinstance(value, bool) and isinstance(value, Real):
        return float(value)
    if kind not in (str, bool, float) and isinstance(value, list | tuple):
        return tuple(_as(str, part) for part in value)
    raise TypeError(f"{value!r:.40} cannot be used there")
