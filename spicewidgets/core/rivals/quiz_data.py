"""The data of a mystery, and how closely they can tell its parameters."""

from dataclasses import replace

import numpy as np

from ..data.dataset import DatasetRNN
from ..data.simulated import create_dataset
from ..discover.information import InformationMatrix
from ..judge.quiz import Mystery
from ..mechanisms import BEYOND, LEARNING
from ..settings import Participant
from ..simulate.agents import make_agent
from ..simulate.environments import BanditsDrift
from ..simulate.parameters import settings_of, value_of
from ..simulate.session import BanditSession
from .fit import ModeSearch
from .ready import MechanismRival

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
    """Compute the least standard error of each hidden parameter that the data allow, by name: the bound of
    Cramér and Rao, with all other parameters known.
    """
    rival = as_rival(riddle.participant)
    names = rival.names_of_parameters
    values = {own: value_of(riddle.participant, name) for name, own in names.items()}
    search = ModeSearch(rival, dataset)
    columns = [name for name, _ in search.columns]
    information = search.likelihood(np.array([[values[name] for name in columns]])).information[0]
    hidden = [columns.index(names[settings_of(name)[0]]) for name in riddle.parameters]
    errors = InformationMatrix(information[np.ix_(hidden, hidden)]).errors
    return dict(zip(riddle.parameters, errors.tolist(), strict=True))


def as_rival(participant: Participant) -> MechanismRival:
    """Return the rival that has the mechanisms of a simulated participant; values begin as everybody's do."""

    class Played(MechanismRival):
        name = "played"
        mechanisms = (LEARNING, *(one for one in BEYOND if one.is_in_use(vars(participant))))

    return Played()
