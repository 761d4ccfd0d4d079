"""What the trained modules do, sampled: the values that each module meets, and what it makes of them.

Sampling is apart from the regression: a changed threshold or library needs no new samples, and new samples
need no training.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..config import SpiceConfig
from ..data.dataset import DatasetRNN
from ..data.layout import MISSING
from ..random import RandomState, Streams, children, generator
from ..settings import Discovery, SettingsError
from ..tasks import TASKS, TaskKind
from ..train.compiled import states_before
from ..train.objective import Sessions
from ..train.rnn import BaseRNN

DRIFT = 0.2  # standard deviation of a step of the random task's reward probabilities, per trial

Floats = NDArray[np.float64]
Transitions = dict[str, list[tuple[Tensor, Tensor, dict[str, Tensor]]]]  # value, next value, signals


@dataclass(frozen=True)
class ModuleSamples:
    """The inputs and outputs of one module, one entry for each sample.

    Attributes:
        value: the state before, `(n_samples,)`.
        after: what the module made of it, `(n_samples,)`.
        controls: the control signals by name, each `(n_samples,)`.
        participant: index of the participant, `(n_samples,)`.
    """

    value: Floats
    after: Floats
    controls: Mapping[str, Floats]
    participant: NDArray[np.int64]

    def select(self, config: SpiceConfig, module: str, participant: int) -> "ModuleSamples":
        """Return the samples of one participant that meet all filters of the config.

        Args:
            config: whose filters.
            module: name of the module that these samples are of.
            participant: index of the participant.

        Raises:
            SettingsError: a filter names a signal that was not sampled.
        """
        keep = self.participant == participant
        signals = self.signals(module, {condition.signal for condition in config.filters(module)})
        for condition in config.filters(module):
            keep &= np.isclose(signals[condition.signal], condition.value)
        return ModuleSamples(
            self.value[keep],
            self.after[keep],
            {name: values[keep] for name, values in self.controls.items()},
            self.participant[keep],
        )

    def by_participant(self, n_participants: int) -> "list[ModuleSamples]":
        """Return the samples of each participant, by index."""
        order = np.argsort(self.participant, kind="stable")
        ends = np.searchsorted(self.participant[order], np.arange(n_participants + 1))
        return [
            ModuleSamples(
                self.value[own],
                self.after[own],
                {name: values[own] for name, values in self.controls.items()},
                self.participant[own],
            )
            for own in (order[begin:end] for begin, end in pairwise(ends))
        ]

    def signals(self, module: str, needed: set[str]) -> dict[str, Floats]:
        """Return the value under the module's name, and the control signals.

        Raises:
            SettingsError: a signal that is needed was not sampled.
        """
        signals = {module: self.value, **self.controls}
        if unknown := sorted(needed - {*signals}):
            raise SettingsError(
                [
                    f"The equation of {module!r} or its filter uses {unknown}; sampled are {sorted(signals)}."
                    " Record the signal before call_module, or correct the name."
                ]
            )
        return signals


def sample(
    model: BaseRNN, data: DatasetRNN | Sessions, settings: Discovery, random_state: RandomState = None
) -> dict[str, ModuleSamples]:
    """Run the trained model and note what each module does: the samples to which equations are fitted.

    Off-policy (the default), every participant takes part in a random task in which the same arm is chosen
    several times in a row, so that values are met that the participant's own choices seldom reach. On-policy
    (0 off-policy trials or sessions), the data's own trials are used.

    Args:
        model: the trained model.
        data: the choices; participants are indices in the last column.
        settings: how many trials and sessions.
        random_state: for the random task.

    Returns:
        Samples by module, in float64, over all trials, sessions and arms.

    Raises:
        SettingsError: a module is not called equally often in every trial.
    """
    sessions, n_actions = Sessions.of(data), model._n_actions
    inputs, observed = sessions.inputs, sessions.observed
    if observed is None:
        observed = torch.ones(inputs.shape[:2], dtype=torch.bool)
    if settings.n_trials_off_policy and settings.n_sessions_off_policy:
        trials = inputs.transpose(0, 1)[observed.T]
        inputs = _random_task(trials, n_actions, settings, generator(random_state), TASKS[model.task])
        observed = torch.ones(inputs.shape[:2], dtype=torch.bool)
    return run_modules(model, inputs, observed)


def run_modules(model: BaseRNN, inputs: Tensor, observed: Tensor) -> dict[str, ModuleSamples]:
    """Return samples of every module.

    Args:
        model: a trained model.
        inputs: `(n_trials, n_sessions, n_features)`.
        observed: which trials to take samples of, `(n_trials, n_sessions)` bool.

    Raises:
        SettingsError: a module is not called equally often in every trial.
    """
    transitions, n_rows = _transitions(model, inputs)
    return {
        module: _samples_of(
            module, steps, n_rows, inputs[0, :, -1].long(), observed, model.moves_where(module)
        )
        for module, steps in transitions.items()
    }


def _samples_of(
    module: str,
    steps: list[tuple[Tensor, Tensor, dict[str, Tensor]]],
    n_rows: int,
    participants: Tensor,
    observed: Tensor,
    moves: str | None,
) -> ModuleSamples:
    """Return the samples of one module, without those in which the signal `moves` is below 0."""
    times, rest = divmod(len(steps), n_rows)
    if rest:
        raise SettingsError(
            [
                f"The module {module!r} is called {len(steps)} times in {n_rows} trials. Call it"
                " equally often in every trial, with a mask for the arms that it moves."
            ]
        )
    first, n_actions = steps[0][0], steps[0][0].shape[-1]
    keep = observed.repeat_interleave(times, 0).unsqueeze(-1).expand(-1, -1, n_actions)

    if moves is not None:
        signal = torch.stack([signals[moves].expand_as(first) for _, _, signals in steps])
        signal = signal.view(n_rows, times, -1, observed.shape[1], n_actions).transpose(1, 2)
        keep = keep & (signal.reshape(keep.shape) >= 0)

    def observed_values(tensors: list[Tensor]) -> Floats:
        rows = torch.stack(tensors).view(n_rows, times, -1, observed.shape[1], n_actions)
        values: Floats = rows.transpose(1, 2).reshape(keep.shape)[keep].numpy()
        return values

    return ModuleSamples(
        observed_values([value for value, _, _ in steps]),
        observed_values([after for _, after, _ in steps]),
        {
            name: observed_values([signals[name].expand_as(first) for _, _, signals in steps])
            for name in steps[0][2]
            if name != module
        },
        participants[None, :, None].expand_as(keep)[keep].numpy(),
    )


def _transitions(model: BaseRNN, inputs: Tensor) -> tuple[Transitions, int]:
    """Run the model, and return the inputs and outputs of each module, call by call, and the number of trials
    in sequence.

    That is 1 where the memory state before each trial is known without a loop, as it is for a model that has
    been trained compiled: then all trials are sessions of one trial.
    """
    exact, inputs = deepcopy(model).double().eval(), inputs.double()
    exact.record_transitions = True
    before = states_before(model, inputs)
    with torch.no_grad():
        if before is not None:
            _, after = exact(
                inputs.flatten(0, 1)[None], {k: state.flatten(0, 1) for k, state in before.items()}
            )
            moved = {key: after[key].view_as(state) for key, state in before.items()}
            if all(torch.allclose(moved[k][:-1], before[k][1:], rtol=0, atol=1e-8) for k in before):
                return exact.transitions, 1
        exact(inputs)
    return exact.transitions, len(inputs)


def _random_task(
    trials: Tensor, n_actions: int, settings: Discovery, rng: np.random.Generator, task: TaskKind
) -> Tensor:
    """Sessions of random runs of choices for every participant.

    Args:
        trials: those of the data, `(n_trials, n_features)`; what is neither choice nor reward is drawn from
            them.
        n_actions: number of arms.
        settings: how many trials and sessions.
        rng: of all draws.
        task: the kind of task. Where it has stages, rows go through them.

    Returns:
        `(n_trials, n_sessions, n_features)`.
    """
    n, n_trials = settings.n_sessions_off_policy, settings.n_trials_off_policy
    rows = []
    for participant in trials[:, -1].unique():
        own = trials[trials[:, -1] == participant]
        rows.append(own[torch.from_numpy(rng.integers(len(own), size=(n_trials, n)))])
    inputs = torch.cat(rows, 1)
    if inputs.shape[-1] > 2 * n_actions + 1:
        inputs[:, :, -3:] = inputs[:1, :, -3:]  # one block and experiment for each session
    n_runs = -(-n_trials // settings.n_trials_same_action)
    data = trials[:, : 2 * n_actions].numpy()
    if task.stages:
        options, paid = _random_stages(task, inputs.shape[:2], settings.n_trials_same_action, rng)
        data = data[data[:, :n_actions] @ paid > 0]
        actions = np.eye(n_actions)[options]
        rewards = np.where(actions * paid > 0, _random_rewards(data, actions, rng), MISSING)
    else:
        runs = rng.integers(n_actions, size=(n_runs, inputs.shape[1]))
        actions = np.eye(n_actions)[runs.repeat(settings.n_trials_same_action, 0)[:n_trials]]
        rewards = _random_rewards(data, actions, rng)
    if task.shows_offers:  # what was on offer is first of what is neither choice nor reward
        for option in range(n_actions):
            there, own = torch.from_numpy(actions[..., option] > 0), trials[trials[:, option] == 1]
            if len(own):
                offers = own[:, 2 * n_actions : 3 * n_actions]
                drawn = rng.integers(len(own), size=int(there.sum()))
                inputs[:, :, 2 * n_actions : 3 * n_actions][there] = offers[torch.from_numpy(drawn)]
    inputs[:, :, :n_actions] = torch.from_numpy(actions)
    inputs[:, :, n_actions : 2 * n_actions] = torch.from_numpy(rewards)
    return inputs


def _random_stages(
    task: TaskKind, shape: Sequence[int], n_same: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Floats]:
    """Draw choices that go through the stages of a task, in each state the same one several times in a row.

    Args:
        task: of one stage or two.
        shape: rows and sessions.
        n_same: trials in a row.
        rng: of all draws.

    Returns:
        Options `(n_rows, n_sessions)`, and 1 for each option that has an outcome, else 0.
    """
    n_trials, rows, last = -(-shape[0] // len(task.stages)), [], None
    for stage, _ in enumerate(task.stages):
        groups = task.groups_of(stage)
        state = rng.integers(len(groups), size=(n_trials, shape[1]))
        if last is not None and task.transitions:
            passed = np.cumsum(task.transitions, 1)[last] <= rng.random((n_trials, shape[1], 1))
            state = passed.sum(-1)
        option = np.zeros_like(state)
        for at, group in enumerate(groups):
            runs = rng.choice(group, size=(-(-n_trials // n_same), shape[1]))
            option = np.where(state == at, runs.repeat(n_same, 0)[:n_trials], option)
        rows.append(option)
        last = option
    paid = np.array([float(task.stages[stage].has_outcome) for stage in task.stage_of])
    return np.stack(rows, 1).reshape(-1, shape[1])[: shape[0]], paid


def _random_rewards(trials: NDArray[np.float32], actions: Floats, rng: np.random.Generator) -> Floats:
    """Rewards of a drifting bandit, or draws from the data's own rewards where these are not just 0 and 1;
    -1 for an outcome that is not shown.
    """
    choices, rewards_of_data = np.split(trials, 2, axis=1)
    hidden = (rewards_of_data == MISSING) & (choices != 1)
    own = rewards_of_data[~hidden]
    binary = ((own == 0) | (own == 1)).all()
    rewards = _drifting_rewards(actions.shape, rng) if binary else rng.choice(own, size=actions.shape)
    return np.where(actions > 0, rewards, MISSING) if hidden.any() else rewards


def _drifting_rewards(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Draw the rewards of every arm as `BanditsDrift` would give them, `(n_trials, n_sessions, n_actions)`:
    what pays does not depend on what is chosen.
    """
    n_trials, n_sessions, n_actions = shape
    streams = children(rng, n_sessions)
    probability = np.stack([stream.random(n_actions) for stream in streams])
    draw = Streams(streams, n_actions, n_actions)
    noise = np.stack([draw() for _ in range(n_trials)])
    luck, steps = noise[..., :n_actions], DRIFT * noise[..., n_actions:]
    probabilities = np.empty(shape)
    for row, step in zip(probabilities, steps, strict=True):
        row[:] = probability
        probability = (probability + step).clip(0, 1)
    rewards: Floats = (luck < probabilities).astype(float)
    return rewards
