"""What a run is made of and what it makes: the data set of the settings, the model, and the result.

Takes a frozen `ExperimentSnapshot` and calls the core. Importing this loads neither torch nor pysindy; a
preview of one session never does. Knows nothing of threads or widgets.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .core.settings import SettingsError
from .state.experiment import ExperimentSnapshot

if TYPE_CHECKING:
    import pandas as pd

    from .core.agents import AgentQ
    from .core.dataset import BanditSession, DatasetRNN
    from .core.equations import SpiceModel
    from .core.estimator import SpiceEstimator
    from .core.replay import Replay

PRECODED = {  # class and config, as core.precoded names them
    "rescorla-wagner": ("RescorlaWagnerRNN", "RESCORLA_WAGNER_CONFIG"),
    "forgetting": ("ForgettingRNN", "FORGETTING_RNN_CONFIG"),
    "learning-rate": ("LearningRateRNN", "LEARNING_RATE_RNN_CONFIG"),
    "participant-embedding": ("ParticipantEmbeddingRNN", "PARTICIPANT_EMBEDDING_RNN_CONFIG"),
    "choice": ("ChoiceRNN", "CHOICE_CONFIG"),
}
GLIMPSE_TRIALS = 100  # trials of a look at the equations while the training goes on
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Simulated:
    """A simulated data set and who made it.

    Attributes:
        dataset: all sessions.
        sessions: the same, to read, with the task's reward probabilities.
        agent: the participant; a `Cohort` where sessions or participants differ.
        members: the parameters behind each session.
    """

    dataset: "DatasetRNN"
    sessions: "tuple[BanditSession, ...]"
    agent: "AgentQ"
    members: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, eq=False)
class Preview:
    """One simulated session, made without torch: the same as that session of the data set.

    Attributes:
        choices: `(n_trials,)`. rewards, reward_probs: `(n_trials, n_actions)`.
        probabilities, q, states: what the participant expects before each trial, as in `Replay`, of this one
            session: `(n_trials + 1, n_actions)`.
        betas: what multiplies a state in the logit.
        parameters: of the participant of this session.
    """

    choices: NDArray[np.int64]
    rewards: Floats
    reward_probs: Floats
    probabilities: Floats
    q: Floats
    states: Mapping[str, Floats]
    betas: Mapping[str, Floats]
    parameters: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Result:
    """What a run has found. Nothing of it changes later: a new run makes a new one.

    Attributes:
        snapshot: the settings it was found for.
        data: the simulated sessions.
        estimator: with the trained RNN, and with equations unless `spice` is None.
        spice, truth: the discovered and the true equations, in the same coordinates; None without.
        played: "truth", "rnn" and "spice" on all sessions, teacher-forced.
        comparison, per_session: the scores of `core.replay.scores`, pooled and for each session.
        terms: discovered beside true coefficients, for each participant, as `term_by_term` has them.
        history: a dictionary for each epoch.
        notes: what should be known of the fit.
    """

    snapshot: ExperimentSnapshot
    data: Simulated
    estimator: "SpiceEstimator"
    spice: "SpiceModel | None"
    truth: "SpiceModel | None"
    played: "Mapping[str, Replay]"
    comparison: "pd.DataFrame | None"
    per_session: "pd.DataFrame | None"
    terms: "Mapping[Any, pd.DataFrame]"
    history: tuple[dict[str, Any], ...]
    notes: tuple[str, ...] = ()

    @property
    def dataset(self) -> "DatasetRNN":
        """The data set."""
        return self.data.dataset

    @property
    def agent(self) -> "AgentQ":
        """The participant."""
        return self.data.agent

    @property
    def choices(self) -> NDArray[np.int64]:
        """The arm chosen, `(n_sessions, n_trials)`."""
        return np.stack([session.choices for session in self.data.sessions])

    @property
    def rewards(self) -> Floats:
        """The reward of the chosen arm, `(n_sessions, n_trials)`."""
        every = np.stack([session.rewards for session in self.data.sessions])
        return np.take_along_axis(every, self.choices[..., None], -1)[..., 0]


def _agent(snapshot: ExperimentSnapshot) -> "AgentQ":
    """Who plays: one participant, or a cohort where sessions or participants differ."""
    from .core.agents import make_agent
    from .core.cohort import Cohort, drawn

    person, data = snapshot.participant, snapshot.data
    agent = make_agent(person, snapshot.task.n_actions)
    if not person.variation:
        return agent
    n = data.n_participants if data.n_participants > 1 else data.n_sessions
    members = drawn(agent, person.variation, n, data.seed, one_rate=person.alpha_penalty is None)
    return Cohort([members[who] for who in _people(snapshot)], snapshot.task.n_actions)


def _people(snapshot: ExperimentSnapshot) -> list[int]:
    """The participant of each session; where there is only one, the number of the session."""
    data = snapshot.data
    if data.n_participants == 1:
        return list(range(data.n_sessions))
    return [session * data.n_participants // data.n_sessions for session in range(data.n_sessions)]


def simulate(snapshot: ExperimentSnapshot) -> Simulated:
    """The data set of the settings: the same for the same settings."""
    from .core.environments import make_environment
    from .core.simulate import create_dataset

    data, agent = snapshot.data, _agent(snapshot)
    people: Any = "same" if data.n_participants == 1 else _people(snapshot)
    dataset, sessions, members = create_dataset(
        agent,
        make_environment(snapshot.task),
        data.n_trials,
        data.n_sessions,
        participant=people,
        random_state=data.seed,
    )
    return Simulated(dataset, tuple(sessions), agent, tuple(members))


def preview(snapshot: ExperimentSnapshot, session: int = 0) -> Preview:
    """One session of the data set that `simulate` makes, without torch and in milliseconds."""
    from .core.environments import make_environment
    from .core.random import children

    agent, task = _agent(snapshot), make_environment(snapshot.task)
    n, n_trials = session + 1, snapshot.data.n_trials
    streams = children(snapshot.data.seed, 2)
    task.new_sess(random_state=streams[0], n_sessions=n)
    agent.new_sess(n_sessions=n, random_state=streams[1])
    shape = (n, snapshot.task.n_actions)
    rows: dict[str, list[Any]] = {
        "choices": [],
        "rewards": [],
        "reward_probs": [],
        "q": [],
        "probabilities": [],
    }
    states: dict[str, list[Any]] = {name: [] for name in agent._state}
    for trial in range(n_trials + 1):
        rows["q"].append(np.reshape(agent.q, shape)[session])
        rows["probabilities"].append(np.reshape(agent.get_choice_probs(), shape)[session])
        for name in states:
            states[name].append(np.reshape(agent._state[name], shape)[session])
        if trial == n_trials:
            break
        choice = agent.get_choice()
        rows["reward_probs"].append(np.reshape(task.reward_probs, shape)[session])
        reward = task.step(choice)
        rows["choices"].append(np.ravel(choice)[session])
        rows["rewards"].append(np.reshape(reward, shape)[session])
        agent.update(choice, reward)
    told = {name: np.broadcast_to(value, n)[session] for name, value in agent.parameters.items()}
    return Preview(
        **{name: np.array(values) for name, values in rows.items()},
        states={name: np.array(values) for name, values in states.items()},
        betas={name: np.reshape(beta, (-1, 1))[-1:] for name, beta in agent._betas.items()},
        parameters={name: float(value) for name, value in told.items()},
    )


def model_of(snapshot: ExperimentSnapshot) -> tuple[Any, Any]:
    """Class and config of the chosen model, with the inputs, terms and filters chosen for its modules."""
    from .core import precoded
    from .core.config import SpiceConfig

    if snapshot.model.own is not None:
        cls, config = snapshot.model.own
    else:
        cls, config = (getattr(precoded, name) for name in PRECODED[snapshot.model.name])
    chosen = {m: library for m, library in snapshot.discovery.libraries if m in config.modules}
    if not chosen:
        return cls, config
    inputs = {m: list(chosen[m].inputs) if m in chosen else list(config.terms(m)) for m in config.modules}
    filters = {m: chosen[m].filters if m in chosen else config.filters(m) for m in config.modules}
    rows = {m: [list(row) for row in found] for m, found in filters.items() if found}
    excluded = {m: chosen[m].without for m in chosen}
    return cls, SpiceConfig(inputs, rows, config.controls, config.modules, excluded_terms=excluded)


def parameters_of(snapshot: ExperimentSnapshot) -> dict[str, Any]:
    """The settings of training and discovery under the estimator's names."""
    from .core.parameters import DISCOVERY

    told = asdict(snapshot.training)
    told |= {name: getattr(snapshot.discovery, own) for own, name in DISCOVERY.items()}
    return told | {"spice_refine": snapshot.discovery.refine}


def estimator_of(snapshot: ExperimentSnapshot) -> "SpiceEstimator":
    """The estimator that the settings describe."""
    from .core.estimator import SpiceEstimator

    cls, config = model_of(snapshot)
    return SpiceEstimator(
        cls,
        config,
        n_actions=snapshot.task.n_actions,
        train_test_ratio=1 - snapshot.data.validation_share,
        embedding_size=snapshot.model.embedding_size,
        random_state=snapshot.data.seed,
        **parameters_of(snapshot),
    )


def discover_again(estimator: "SpiceEstimator", snapshot: ExperimentSnapshot) -> None:
    """Find the equations of a trained estimator again."""
    wanted = parameters_of(snapshot) | {"spice_config": model_of(snapshot)[1]}
    now = estimator.get_params(deep=False)
    estimator.discover(**{name: value for name, value in wanted.items() if now[name] != value})


def truth_of(
    snapshot: ExperimentSnapshot, estimator: "SpiceEstimator | None" = None, data: Simulated | None = None
) -> "SpiceModel | None":
    """The true equations in the model's coordinates, for each participant; None where nothing is known."""
    from .core.agents import AgentQ, make_agent
    from .core.equations import SpiceModel
    from .core.translation import true_model

    cls, config = model_of(snapshot)
    n_actions = snapshot.task.n_actions
    agents = {0: make_agent(snapshot.participant, n_actions)}
    if data is not None and snapshot.participant.variation and snapshot.data.n_participants > 1:
        people = dict(zip(_people(snapshot), data.members, strict=True))
        agents = {who: AgentQ(n_actions, **members) for who, members in people.items()}
    elif snapshot.data.n_participants > 1:
        agents = dict.fromkeys(range(snapshot.data.n_participants), agents[0])
    try:
        each = []
        for who, agent in agents.items():
            spice = None if estimator is None else getattr(estimator, "spice_model_", None)
            betas = None if spice is None else {state: spice.beta(state, who) for state in spice.betas}
            model = cls if estimator is None else estimator.rnn_model_
            each.append(true_model(agent, model, config, betas=betas, participant=who))
    except SettingsError:
        return None
    modules = {m: tuple(one.equations[m][0] for one in each) for m in each[0].equations}
    betas_of = {state: tuple(one.betas[state][0] for one in each) for state in each[0].betas}
    return SpiceModel(tuple(agents), modules, betas_of)


def result_of(
    snapshot: ExperimentSnapshot,
    data: Simulated,
    estimator: "SpiceEstimator",
    history: Iterable[dict[str, Any]],
    notes: Iterable[str],
) -> Result:
    """All that is shown of a fit."""
    from .core.replay import replay, scores
    from .core.translation import term_by_term

    spice = getattr(estimator, "spice_model_", None)
    truth = truth_of(snapshot, estimator, data)
    agents: dict[str, Any] = {"truth": data.agent, "rnn": estimator.rnn_agent}
    if spice is not None:
        agents["spice"] = estimator.spice_agent
    terms = {}
    if spice is not None and truth is not None:
        terms = {who: term_by_term(spice, truth, who) for who in spice.participants}
    played = {name: replay(agent, data.dataset) for name, agent in agents.items()}
    pooled, each = (scores(agents, data.dataset, per_session=apart, played=played) for apart in (False, True))
    return Result(
        snapshot, data, estimator, spice, truth, played, pooled, each, terms, tuple(history), tuple(notes)
    )


def glimpse(estimator: "SpiceEstimator", snapshot: ExperimentSnapshot) -> "SpiceModel | None":
    """The equations of the present weights, found quickly from few samples and not refined; None where they
    cannot be found.
    """
    from .core.equations import SpiceModel
    from .core.network_agents import betas_of
    from .core.sindy import discover, sample

    few = replace(
        snapshot.discovery,
        n_trials_off_policy=min(snapshot.discovery.n_trials_off_policy, GLIMPSE_TRIALS),
        n_sessions_off_policy=min(snapshot.discovery.n_sessions_off_policy, 1),
    )
    model, participants = estimator.rnn_model_, estimator.participants_
    try:
        samples = sample(model, estimator._dataset_, few, snapshot.data.seed)
        found = discover(samples, estimator.spice_config, few, participants=participants, only=0)
    except SettingsError:
        return None
    betas = betas_of(model, np.arange(len(participants)))
    told = {state: tuple(np.ravel(values).tolist()) for state, values in betas.items()}
    return SpiceModel(participants, found.equations, told, tuple(model.submodules_eq))
