"""A rival as a model that can be compiled, and as an agent that plays."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from ..checks import raise_if_any
from ..judge.network_agents import AgentNetwork
from ..random import RandomState
from ..settings import SettingsError
from ..train.rnn import BaseRNN
from .declaration import Rival, Trial, Values

Floats = NDArray[np.float64]

UNSEEN = -1.0


class RivalRNN(BaseRNN):
    """A rival's trials as a forward pass.

    Args:
        rival: whose trials they are.
        n_actions: number of options.
        values: parameters of each participant, `(n_participants, n_numbers)`; without them the model has one
            set, which it learns.
    """

    def __init__(self, rival: Rival, n_actions: int, values: Floats | None = None) -> None:
        self.init_values = {f"x_{name}": value for name, value in rival.states.items()} or {"x_none": 0.0}
        self.rival, self.acting = rival, ()  # logits are the rival's own
        super().__init__(n_actions)
        n = len(rival.columns(n_actions))
        self.numbers: Tensor
        if values is None:
            self.register_parameter("numbers", nn.Parameter(torch.zeros(n, dtype=torch.float64)))
        else:
            self.register_buffer("numbers", torch.as_tensor(np.asarray(values, float)))

    def forward(
        self, inputs: Tensor, prev_state: dict[str, Tensor] | None = None, batch_first: bool = False
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Logits and memory state; shapes as in `BaseRNN.init_forward_pass`."""
        (actions, outcomes, _, _), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        rival = self.rival
        for trial, action, outcome in zip(trials, actions, outcomes, strict=True):
            zeros = torch.zeros_like(action)
            p = self.parameters_of(zeros)
            seen = (outcome != UNSEEN) * 1.0
            own = (action * outcome).sum(-1, keepdim=True)
            state = {name: self.state[f"x_{name}"] for name in rival.states}
            seen = torch.maximum(seen, action)
            after = rival.update(p, state, Trial(action, own, outcome, seen))
            self.state |= {
                f"x_{name}": value + torch.zeros_like(state[name]) for name, value in after.items()
            }
            logits[trial] = zeros + rival.logits(p, after)
        return self.post_forward_pass(logits, batch_first), self.get_state()

    def check(self) -> None:
        """Run a trial of the rival's functions.

        Raises:
            SettingsError: where they fail, or do not fit the declaration.
        """
        name, states = self.rival.name, set(self.rival.states)
        zeros = torch.zeros(2, self._n_actions, dtype=torch.float64)
        chosen, reward = zeros + torch.eye(self._n_actions)[0], zeros[:, :1]
        state, trial = self.first_state(zeros), Trial(chosen, reward, zeros, chosen)
        try:
            with torch.no_grad():
                p = self.parameters_of(zeros)
                after = self.rival.update(p, state, trial)
                results = {**after, "logits": self.rival.logits(p, state | after)}
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
            raise SettingsError(
                [f"The functions of the rival {name!r} end with an error ({problem[:300]}). Correct them."]
            ) from error
        problems = []
        if set(after) != states:
            problems.append(
                f"update of the rival {name!r} must return the states {sorted(states)}; got {sorted(after)}."
                " Return each of them, changed or not."
            )
        problems += [
            f"{key!r} of the rival {name!r} must be (n_sessions, n_options) or (n_sessions, 1); got the shape"
            f" {tuple(value.shape)} of 2 sessions and {self._n_actions} options. Sum with keepdim=True."
            for key, value in results.items()
            if tuple(value.shape) not in (tuple(state.get(key, zeros).shape), (2, 1))
        ]
        raise_if_any(problems)

    def parameters_of(self, zeros: Tensor) -> Values:
        """Return the parameters of each session by name; `zeros` are `(n_sessions, n_actions)`."""
        columns = zeros[:, :1]
        each = self.numbers if isinstance(self.numbers, nn.Parameter) else None
        own = None if each is not None else self.numbers[self._participants].to(zeros)
        p, place = Values(), 0
        for parameter in self.rival.parameters:
            n = self._n_actions - 1 if parameter.per_option else 1
            parts = [
                columns + (each[place + i] if each is not None else own[:, place + i : place + i + 1])  # type: ignore[index]
                for i in range(n)
            ]
            setattr(p, parameter.name, torch.cat([columns, *parts], -1) if parameter.per_option else parts[0])
            place += n
        return p

    def first_logits(self, participants: Sequence[int]) -> Floats:
        """Logits before the first trial of sessions of these participants, `(n_sessions, n_actions)`."""
        with torch.no_grad():
            self._participants = torch.as_tensor(list(participants))
            zeros = self._like.new_zeros(len(participants), self._n_actions)
            state = self.first_state(zeros)
            logits: Floats = (zeros + self.rival.logits(self.parameters_of(zeros), state)).numpy()
        return logits

    def first_state(self, zeros: Tensor) -> dict[str, Tensor]:
        """Return the rival's memory before the first trial of so many sessions, by its own names."""
        state = self.set_initial_state(len(zeros))
        return {name: state[f"x_{name}"].to(zeros) for name in self.rival.states}


class AgentRival(AgentNetwork):
    """A rival with parameters that takes part in a task: it plays, and it is replayed.

    Args:
        rival: whose trials they are.
        values: parameters of each participant, `(n_participants, n_numbers)`.
        n_actions, deterministic, participants, codes, random_state: as in `AgentNetwork`.
    """

    vectorised: ClassVar[bool] = True

    n_numbers: int
    """Parameters of each participant."""

    def __init__(
        self,
        rival: Rival,
        values: ArrayLike,
        n_actions: int = 2,
        deterministic: bool = False,
        *,
        participants: Sequence[Any] | None = None,
        codes: Sequence[int] | None = None,
        random_state: RandomState = None,
    ) -> None:
        values = np.atleast_2d(np.asarray(values, float))
        self.n_numbers = values.shape[1]
        people = range(len(values)) if participants is None else participants
        super().__init__(
            RivalRNN(rival, n_actions, values),
            n_actions,
            deterministic=deterministic,
            participants=tuple(people),
            codes=codes,
            random_state=random_state,
        )

    def _begin(self) -> dict[str, Any]:
        """States before the first trial, and the logits that they give."""
        state = super()._begin()
        model = self._model
        assert isinstance(model, RivalRNN)
        self._logits = model.first_logits(self._codes.tolist())
        return state
