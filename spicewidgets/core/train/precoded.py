"""The models that are ready to use, as classes: what the rows of `core/models.py` describe.

Each comes with the `SpiceConfig` that says what its equations may contain. `ChoiceRNN.source()` writes out
its loop over trials: a model of your own is one of these with a line changed.
"""

from typing import Any, cast

from ..built import BuiltModel
from ..models import OF_TASKS, TEMPLATES
from .built_rnn import BuiltRNN, reward_prediction_error

__all__ = [
    "CHOICE_CONFIG",
    "FORGETTING_RNN_CONFIG",
    "LEARNING_RATE_RNN_CONFIG",
    "PARTICIPANT_EMBEDDING_RNN_CONFIG",
    "RESCOLA_WAGNER_CONFIG",
    "RESCORLA_WAGNER_CONFIG",
    "TWO_STEP_CONFIG",
    "ChoiceRNN",
    "ForgettingRNN",
    "LearningRateRNN",
    "ParticipantEmbeddingRNN",
    "RescorlaWagnerRNN",
    "TwoStepRNN",
    "reward_prediction_error",
]


class RescorlaWagnerRNN(BuiltRNN):
    """The value of the chosen arm is moved by its reward; the others stay (Rescorla & Wagner 1972)."""

    built = TEMPLATES["rescorla-wagner"]


class ForgettingRNN(BuiltRNN):
    """As `RescorlaWagnerRNN`, with a second module for the value of the arms not chosen: it can fade."""

    built = TEMPLATES["forgetting"]


class LearningRateRNN(BuiltRNN):
    """The reward prediction error is given; what is learned is the learning rate, trial by trial, the
    forgetting and beta.
    """

    built = TEMPLATES["learning-rate"]


class ParticipantEmbeddingRNN(BuiltRNN):
    """As `ForgettingRNN`, for several participants: an embedding of each tunes the modules and beta."""

    built = TEMPLATES["participant-embedding"]


class ChoiceRNN(BuiltRNN):
    """As `ParticipantEmbeddingRNN`, with a second memory: what was chosen lately, whatever it paid
    (perseveration).
    """

    built = TEMPLATES["choice"]

    def __init__(
        self,
        n_actions: int,
        n_participants: int = 1,
        embedding_size: int = 32,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(n_actions, n_participants, embedding_size, dropout, **kwargs)


class TwoStepRNN(BuiltRNN):
    """The two-step task (Daw et al. 2011): values of both stages, a plan, and what was chosen lately."""

    built = cast(BuiltModel, OF_TASKS["two-step"].built)


RESCORLA_WAGNER_CONFIG = RescorlaWagnerRNN.built.config()
RESCOLA_WAGNER_CONFIG = RESCORLA_WAGNER_CONFIG  # the spelling of the tutorial
FORGETTING_RNN_CONFIG = ForgettingRNN.built.config()
LEARNING_RATE_RNN_CONFIG = LearningRateRNN.built.config()
PARTICIPANT_EMBEDDING_RNN_CONFIG = FORGETTING_RNN_CONFIG
CHOICE_CONFIG = ChoiceRNN.built.config()
TWO_STEP_CONFIG = TwoStepRNN.built.config()
