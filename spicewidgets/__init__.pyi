# The public list of __init__.py for editors and type checkers; tests/test_package.py keeps the two equal.

from .apps import explorer as explorer, play as play, playground as playground, quiz as quiz
from .core.data.choices import Choices as Choices, read_choices as read_choices
from .core.data.convert import convert_dataset as convert_dataset
from .core.data.dataset import DatasetRNN as DatasetRNN
from .core.data.events import write_events as write_events
from .core.data.gallery import load_choices as load_choices
from .core.data.simulated import create_dataset as create_dataset
from .core.data.splits import (
    concat as concat,
    split_data_along_sessiondim as split_data_along_sessiondim,
    split_data_along_timedim as split_data_along_timedim,
)
from .core.diagnose.diagnosis import (
    Diagnosis as Diagnosis,
    diagnose as diagnose,
    standard_errors as standard_errors,
)
from .core.discover.bootstrap import bootstrap as bootstrap
from .core.discover.people import people as people
from .core.discover.resampling import bootstrap_equations as bootstrap_equations
from .core.equations import Equation as Equation, SpiceModel as SpiceModel
from .core.estimator import (
    SpiceConfig as SpiceConfig,
    SpiceEstimator as SpiceEstimator,
    SpiceWarning as SpiceWarning,
)
from .core.files import StorageError as StorageError
from .core.judge.falsify import falsify as falsify
from .core.judge.network_agents import AgentNetwork as AgentNetwork, AgentSpice as AgentSpice
from .core.judge.random_effects import (
    group_difference as group_difference,
    model_frequencies as model_frequencies,
)
from .core.judge.regressors import regressors as regressors
from .core.judge.replay import get_update_dynamics as get_update_dynamics, replay as replay, scores as scores
from .core.read.translation import (
    classical_parameters as classical_parameters,
    term_by_term as term_by_term,
    true_model as true_model,
)
from .core.rivals.ceiling import Ceiling as Ceiling, CeilingSettings as CeilingSettings
from .core.rivals.declaration import Parameter as Parameter, Rival as Rival
from .core.rivals.design import Design as Design
from .core.rivals.fit import FittedRival as FittedRival, fit_rival as fit_rival, fit_rivals as fit_rivals
from .core.rivals.held_out import held_out as held_out
from .core.rivals.kinds import simulate_kind as simulate_kind
from .core.rivals.ready import RIVALS as RIVALS
from .core.search.found import FoundModel as FoundModel
from .core.search.result import search_mechanisms as search_mechanisms
from .core.settings import (
    Discovery as Discovery,
    Participant as Participant,
    SettingsError as SettingsError,
    Task as Task,
    Training as Training,
)
from .core.simulate.agents import Agent as Agent, AgentQ as AgentQ
from .core.simulate.environments import (
    Bandits as Bandits,
    Bandits_Standard as Bandits_Standard,
    BanditsDrift as BanditsDrift,
    BanditsFixed as BanditsFixed,
    BanditsFlip as BanditsFlip,
    BanditsFlip_eckstein2022 as BanditsFlip_eckstein2022,
    BanditsReversal as BanditsReversal,
    BanditsSchedule as BanditsSchedule,
    BanditsSwitch as BanditsSwitch,
)
from .core.simulate.graded import BanditsGraded as BanditsGraded, BanditsNormal as BanditsNormal
from .core.simulate.kinds import make_task as make_task
from .core.simulate.offered import BanditsOffered as BanditsOffered
from .core.simulate.run import run_experiment as run_experiment
from .core.simulate.session import BanditSession as BanditSession
from .core.simulate.two_step import TwoStep as TwoStep
from .core.studies.contract import (
    check_mechanism as check_mechanism,
    check_rival as check_rival,
    check_study as check_study,
    check_task as check_task,
)
from .core.studies.recovery import (
    ModelRecovery as ModelRecovery,
    ParameterRecovery as ParameterRecovery,
)
from .core.studies.term_recovery import TermRecovery as TermRecovery
from .core.train.habit import HABIT_CONFIG as HABIT_CONFIG, HabitRNN as HabitRNN
from .core.train.modules import GRUModule as GRUModule
from .core.train.precoded import (
    CHOICE_CONFIG as CHOICE_CONFIG,
    FORGETTING_RNN_CONFIG as FORGETTING_RNN_CONFIG,
    LEARNING_RATE_RNN_CONFIG as LEARNING_RATE_RNN_CONFIG,
    PARTICIPANT_EMBEDDING_RNN_CONFIG as PARTICIPANT_EMBEDDING_RNN_CONFIG,
    RESCOLA_WAGNER_CONFIG as RESCOLA_WAGNER_CONFIG,
    RESCORLA_WAGNER_CONFIG as RESCORLA_WAGNER_CONFIG,
    TWO_STEP_CONFIG as TWO_STEP_CONFIG,
    ChoiceRNN as ChoiceRNN,
    ForgettingRNN as ForgettingRNN,
    LearningRateRNN as LearningRateRNN,
    ParticipantEmbeddingRNN as ParticipantEmbeddingRNN,
    RescorlaWagnerRNN as RescorlaWagnerRNN,
    TwoStepRNN as TwoStepRNN,
)
from .core.train.rnn import BaseRNN as BaseRNN
from .core.train.training import train as train
from .panels.question import Question as Question
from .plots.loss import plot_loss as plot_loss
from .plots.session import plot_session as plot_session

__version__: str
__all__: list[str]
