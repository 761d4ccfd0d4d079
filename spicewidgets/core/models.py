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
    CUE,
    FIRST,
    GAIN,
    KALMAN_GAIN,
    NOISE,
    NOT_CHOSEN,
    NOT_OFFERED,
    OFFERED,
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
from .tasks import (
    BANDIT_NAME,
    CONTEXTS,
    COUNTERFACTUAL,
    GAINS_LOSSES,
    GAUSSIAN,
    GO_NO_GO,
    PAIRS,
    TASKS,
    TWO_STEP,
    TaskKind,
)
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


def _of_task(kind: TaskKind, about: str, *rows: BuiltState | BuiltModule) -> ReadyModel:
    """Return the ready model of a kind of task, for several participants, from its states and modules."""
    name = kind.model.replace("-", " ")
    return ReadyModel(
        kind.model,
        f"{name.title().replace(' ', '')}RNN",
        f"{name.upper().replace(' ', '_')}_CONFIG",
        about,
        BuiltModel(
            tuple(row for row in rows if isinstance(row, BuiltState)),
            tuple(row for row in rows if isinstance(row, BuiltModule)),
            participants=True,
            task=kind.name,
        ),
        "train.kinds",
    )


V1, V2, PLAN, STAY = "x_value_first", "x_value_second", "x_plan", "x_stay"  # states of the two-step task
GO, DRIVE = "x_drive_to_go", "x_drive"
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
    _of_task(
        CONTEXTS,
        "A value of each option in each context, and a learning rate that contexts may set apart.",
        BuiltState(RATE, 0.0, UNUSED, keeps=False),
        BuiltState(VALUE, 0.5, SCALED),
        BuiltModule(RATE, RATE, CHOSEN, (REWARD, *CONTEXTS.signals), activation="sigmoid", own_value=False),
        BuiltModule(f"{VALUE}_chosen", VALUE, CHOSEN, (REWARD, RATE), PREDICTION_ERROR),
        BuiltModule(f"{VALUE}_not_chosen", VALUE, NOT_CHOSEN),
    ),
    _of_task(
        PAIRS,
        "A value of each stimulus, whatever it stands beside; what was on offer and not taken, and what was"
        " not on offer, can fade.",
        BuiltState(VALUE, 0.5, SCALED),
        BuiltModule(f"{VALUE}_chosen", VALUE, CHOSEN, (REWARD,)),
        BuiltModule(f"{VALUE}_not_chosen", VALUE, NOT_CHOSEN),
        BuiltModule(f"{VALUE}_not_offered", VALUE, NOT_OFFERED),
    ),
    _of_task(
        GO_NO_GO,
        "Values of go and no-go for each cue, what the cue promises, and a drive to go: a bias, and what the"
        " promise adds to it.",
        BuiltState(RATE, 0.0, UNUSED, keeps=False),
        BuiltState(CUE, 0.5, UNUSED),
        BuiltState(VALUE, 0.5, SCALED),
        BuiltState(GO, 0.0, keeps=False),
        BuiltModule(RATE, RATE, OFFERED, activation="sigmoid", own_value=False),
        BuiltModule(f"{VALUE}_chosen", VALUE, CHOSEN, (REWARD, RATE), PREDICTION_ERROR),
        BuiltModule(f"{CUE}_offered", CUE, OFFERED, (REWARD_CHOSEN, RATE), PREDICTION_ERROR),
        BuiltModule(GO, GO, ALL, tuple(GO_NO_GO.signals), own_value=False, constant=False),
    ),
    _of_task(
        GAUSSIAN,
        "Means and uncertainties of options are those of a Kalman filter; what they do to the choice is"
        " learned.",
        BuiltState(VALUE, 0.5, UNUSED),
        BuiltState(GAIN, 1 / (1 + NOISE), UNUSED),
        BuiltState(DRIVE, 0.0, keeps=False),
        BuiltModule(f"{VALUE}_chosen", VALUE, CHOSEN, (REWARD, GAIN), PREDICTION_ERROR),
        BuiltModule(f"{GAIN}_chosen", GAIN, CHOSEN, kind=KALMAN_GAIN),
        BuiltModule(DRIVE, DRIVE, ALL, tuple(GAUSSIAN.signals), own_value=False, constant=False),
    ),
    _of_task(
        GAINS_LOSSES,
        "As participant-embedding, and a loss may move the value by another amount than a gain of its size.",
        BuiltState(VALUE, 0.5, SCALED),
        BuiltModule(f"{VALUE}_chosen", VALUE, CHOSEN, (REWARD, *GAINS_LOSSES.signals)),
        BuiltModule(f"{VALUE}_not_chosen", VALUE, NOT_CHOSEN),
    ),
    _of_task(
        COUNTERFACTUAL,
        "As participant-embedding, and the values of the options not chosen may learn from what they would"
        " have paid.",
        BuiltState(VALUE, 0.5, SCALED),
        BuiltModule(f"{VALUE}_chosen", VALUE, CHOSEN, (REWARD,)),
        BuiltModule(f"{VALUE}_not_chosen", VALUE, NOT_CHOSEN, (REWARD,)),
    ),
)
OF_TASKS: Mapping[str, ReadyModel] = {model.name: model for model in _OF_TASKS}
"""The models for tasks that are no bandits."""
MODELS: Mapping[str, ReadyModel] = {**READY, **OF_TASKS}
TEMPLATES: Mapping[str, BuiltModel] = {
    name: model.built for name, model in READY.items() if model.built is not None
}


def models_for(task: str) -> dict[str, ReadyModel]:
    """Return the ready models for a kind of task, by name.

    >>> list(models_for("two-step")), [name for name in models_for("pairs") if name not in READY]
    (['two-step'], ['pairs'])
    """
    return {name: model for name, model in MODELS.items() if TASKS[task].takes(model.task)}


def model_for(name: str, task: str) -> ReadyModel:
    """Return a ready model for choices of a kind of task.

    Args:
        name: of the model, one of `MODELS`.
        task: the name of the kind of task.

    Raises:
        SettingsError: where it is for another one.
    """
    model = MODELS[name]
    if not TASKS[task].takes(model.task):
        fit = join_words(models_for(task), last="or")
        raise SettingsError(
            [
                f"model must be for choices of the kind {task}: {fit}; got {name}, which is for {model.task}."
                " Choose one of these, or name none."
            ]
        )
    return model
