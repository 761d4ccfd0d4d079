"""The models that are ready to use, one row for each: the only place to add one to.

A row names the class and its config, which are loaded when they are first used, and describes their states
and modules, so that a model can be shown and checked before torch is loaded. A test holds the description
against the class.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .built import (
    ADDED,
    AHEAD,
    ALL,
    CHOSEN,
    FIRST,
    NOT_CHOSEN,
    PREDICTION_ERROR,
    REACHED,
    REWARD,
    REWARD_CHOSEN,
    SCALED,
    SECOND,
    UNUSED,
    BuiltModel,
    BuiltModule,
    BuiltState,
)
from .mechanism import Mechanism
from .mechanisms import CHOICES, FORGETTING, KERNEL, LEARNING, STATES, VALUES
from .polynomial import moves_of
from .settings import SettingsError
from .tasks import BANDIT_NAME, TWO_STEP
from .wording import join_words

if TYPE_CHECKING:
    from .config import SpiceConfig
    from .train.rnn import BaseRNN

PUBLIC = "train.precoded"
VALUE, HABIT, RATE = VALUES.model, CHOICES.model, "x_learning_rate_reward"  # states


@dataclass(frozen=True)
class ReadyModel:
    """A model that is ready to use.

    Attributes:
        name: in the panels and on the command line.
        class_name, config_name: of the `BaseRNN` and its `SpiceConfig`, in `module`.
        about: a sentence on what it can learn.
        built: its states and modules. A model of one's own is one of these with a line changed. None for a
            model that cannot be built of rows; it is described from its class.
        module: where class and config stand, within `spicewidgets.core`. Those of `PUBLIC` are also names of
            `spicewidgets` itself.
    """

    name: str
    class_name: str
    config_name: str
    about: str
    built: BuiltModel | None
    module: str = PUBLIC

    @property
    def task(self) -> str:
        """The name of the kind of task that it is for."""
        return BANDIT_NAME if self.built is None else self.built.task

    @property
    def rnn_class(self) -> "type[BaseRNN]":
        """The class; loads torch."""
        rnn_class: type[BaseRNN] = self._load(self.class_name)
        return rnn_class

    @property
    def config(self) -> "SpiceConfig":
        """The libraries of its equations; loads torch."""
        config: SpiceConfig = self._load(self.config_name)
        return config

    def _load(self, name: str) -> Any:
        return getattr(import_module(f"{__package__}.{self.module}"), name)


def built_of(*mechanisms: Mechanism, participants: bool = False) -> BuiltModel:
    """Describe the model that can learn mechanisms: a module for each part that one of them moves.

    Args:
        mechanisms: that it has.
        participants: whether an embedding of each participant tunes it. Its states then have betas of their
            own, as those of a model with several states.
    """
    moves = [move for one in mechanisms for move in moves_of(one)]
    states = [state for state in STATES if any(move.state is state for move in moves)]
    choice = SCALED if participants or len(states) > 1 else ADDED
    modules = []
    for state in states:
        for chosen, arms, reward in ((True, CHOSEN, REWARD), (False, NOT_CHOSEN, REWARD_CHOSEN)):
            if own := [move for move in moves if (move.state, move.chosen) == (state, chosen)]:
                inputs = (reward,) if any(move.by_reward for move in own) else ()
                modules.append(BuiltModule(own[0].module, state.model, arms, inputs))
    return BuiltModel(
        tuple(BuiltState(state.model, state.first, choice) for state in states),
        tuple(modules),
        participants=participants,
    )


_MODELS = (
    ReadyModel(
        "rescorla-wagner",
        "RescorlaWagnerRNN",
        "RESCORLA_WAGNER_CONFIG",
        "The value of the chosen arm moves with its reward; the others stay.",
        built_of(LEARNING),
    ),
    ReadyModel(
        "forgetting",
        "ForgettingRNN",
        "FORGETTING_RNN_CONFIG",
        "As rescorla-wagner, and the values of the arms not chosen can fade.",
        built_of(LEARNING, FORGETTING),
    ),
    ReadyModel(
        "learning-rate",
        "LearningRateRNN",
        "LEARNING_RATE_RNN_CONFIG",
        "The reward prediction error is given; the learning rate, the forgetting and β are learned.",
        BuiltModel(
            (BuiltState(RATE, 0.0, UNUSED, keeps=False), BuiltState(VALUE, 0.5, SCALED)),
            (
                BuiltModule(RATE, RATE, CHOSEN, (REWARD,), activation="sigmoid"),
                BuiltModule(f"{VALUE}_chosen", VALUE, CHOSEN, (REWARD, RATE), PREDICTION_ERROR),
                BuiltModule(f"{VALUE}_not_chosen", VALUE, NOT_CHOSEN),
            ),
        ),
    ),
    ReadyModel(
        "participant-embedding",
        "ParticipantEmbeddingRNN",
        "PARTICIPANT_EMBEDDING_RNN_CONFIG",
        "As forgetting, for several participants: an embedding of each tunes the modules and β.",
        built_of(LEARNING, FORGETTING, participants=True),
    ),
    ReadyModel(
        "choice",
        "ChoiceRNN",
        "CHOICE_CONFIG",
        "As participant-embedding, with a second memory for what was chosen lately (perseveration).",
        built_of(LEARNING, FORGETTING, KERNEL, participants=True),
    ),
    ReadyModel(
        "habit",
        "HabitRNN",
        "HABIT_CONFIG",
        "For several participants: value, side, and the rhythm in which options are repeated.",
        None,
        "train.habit",
    ),
)
READY: Mapping[str, ReadyModel] = {model.name: model for model in _MODELS}


V1, V2, PLAN, STAY = "x_value_first", "x_value_second", "x_plan", "x_stay"  # states of the two-step task
_OF_TASKS = (
    ReadyModel(
        "two-step",
        "TwoStepRNN",
        "TWO_STEP_CONFIG",
        "Values of both stages of the two-step task, a plan by its transitions, and what was chosen first.",
        BuiltModel(
            (
                BuiltState(V1, 0.0, stage=FIRST),
                BuiltState(V2, 0.0, stage=SECOND),
                BuiltState(PLAN, 0.0, stage=FIRST),
                BuiltState(STAY, 0.0, keeps=False, stage=FIRST),
            ),
            (
                BuiltModule(
                    f"{V1}_chosen", V1, CHOSEN, (REACHED, REWARD_CHOSEN), at_end=True, constant=False
                ),
                BuiltModule(f"{V1}_not_chosen", V1, NOT_CHOSEN, at_end=True, constant=False),
                BuiltModule(f"{V2}_chosen", V2, CHOSEN, (REWARD,)),
                BuiltModule(f"{V2}_not_chosen", V2, NOT_CHOSEN, constant=False),
                BuiltModule(PLAN, PLAN, ALL, (AHEAD,), own_value=False, constant=False),
                BuiltModule(STAY, STAY, CHOSEN, own_value=False),
            ),
            participants=True,
            task=TWO_STEP.name,
        ),
    ),
)
OF_TASKS: Mapping[str, ReadyModel] = {model.name: model for model in _OF_TASKS}
"""The models for tasks that are no bandits."""
MODELS: Mapping[str, ReadyModel] = {**READY, **OF_TASKS}
TEMPLATES: Mapping[str, BuiltModel] = {
    name: model.built for name, model in READY.items() if model.built is not None
}


def model_for(name: str, task: str) -> ReadyModel:
    """Return a ready model for choices of a kind of task.

    Args:
        name: of the model, one of `MODELS`.
        task: the name of the kind of task.

    Raises:
        SettingsError: where it is for another one.
    """
    model = MODELS[name]
    if model.task != task:
        fit = join_words((other.name for other in MODELS.values() if other.task == task), last="or")
        raise SettingsError(
            [
                f"model must be for choices of the kind {task}: {fit}; got {name}, which is for {model.task}."
                " Choose one of these, or name none."
            ]
        )
    return model
