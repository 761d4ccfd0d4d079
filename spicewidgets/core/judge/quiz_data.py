"""The data of a mystery, and how closely they can tell its parameters."""

from dataclasses import replace

from ..data.dataset import DatasetRNN
from ..data.simulated import create_dataset
from ..simulate.agents import make_agent
from ..simulate.environments import BanditsDrift
from ..simulate.session import BanditSession
from .classical import errors_at
from .quiz import Mystery

N_SESSIONS, N_TRIALS, SIGMA = 100, 100, 0.2


def sessions_of(riddle: Mystery) -> tuple[DatasetRNN, tuple[BanditSession, ...]]:
    """Return the sessions of a mystery, without any trace of who has played them: as a data set, and to
    read.
    """
    agent, task = make_agent(riddle.participant), BanditsDrift(SIGMA)
    dataset, sessions, _ = create_dataset(agent, task, N_TRIALS, N_SESSIONS, random_state=riddle.seed)
    dataset.truth_probs = None
    return dataset, tuple(replace(session, reward_probs=None) for session in sessions)


def errors_of(riddle: Mystery, dataset: DatasetRNN) -> dict[str, float]:
    """Compute the least standard error of each hidden parameter that the data allow, by name."""
    return errors_at(dataset, riddle.participant, riddle.parameters)
