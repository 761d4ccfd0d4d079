"""Fitted models as agents: the trained RNN (`AgentNetwork`) and its discovered equations (`AgentSpice`).

They have the same few methods as `AgentQ`, so that one loop replays them, one function plots them, and
`create_dataset` simulates from them. They compute in float64.
"""

from collections.abc import Hashable, Mapping, Sequence
from copy import deepcopy
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from ..equations import Equation, SpiceModel
from ..random import RandomState
from ..settings import SettingsError
from ..simulate.agents import Agent, Floats
from ..tasks import TASKS
from ..train.modules import GivenConstant
from ..train.rnn import BaseRNN


class AgentNetwork(Agent):
    """A trained RNN that takes part in a task.

    Args:
        model_rnn: the model; it is copied.
        n_actions: number of arms.
        device: accepted for compatibility; agents compute where their arrays are, on the CPU.
        deterministic: True always takes the best arm. The default draws from P, as a participant would.
        participants: labels of the participants the model knows, in the order of their indices.
        codes: the number that stands for each of them in the last column of a data set; the labels themselves
            when None, or their places where a label is no whole number.
        random_state: where choices come from.
    """

    vectorised: ClassVar[bool] = True

    def __init__(
        self,
        model_rnn: BaseRNN,
        n_actions: int = 2,
        device: Any = None,
        deterministic: bool = False,
        *,
        participants: Sequence[Any] = (0,),
        codes: Sequence[int] | None = None,
        random_state: RandomState = None,
    ) -> None:
        super().__init__(n_actions=n_actions, deterministic=deterministic, random_state=random_state)
        if model_rnn._n_actions != n_actions:
            raise SettingsError(
                [
                    f"n_actions must be that of the model, {model_rnn._n_actions}; got {n_actions}. Set"
                    f" n_actions={model_rnn._n_actions}."
                ]
            )
        self._model = deepcopy(model_rnn).cpu().double().eval()
        self._participants = tuple(participants)
        self._data_codes = default_codes(self._participants) if codes is None else tuple(codes)
        self._memory: dict[str, Tensor] = {}
        self._chosen_from: NDArray[np.bool_] | None = None
        self.new_sess()

    @property
    def q(self) -> Floats:
        """The logit of each arm."""
        return self._public(self._logits)

    @property
    def model(self) -> BaseRNN:
        """The agent's own copy of the model, in float64."""
        return self._model

    def new_sess(
        self,
        sample_parameters: bool = False,
        participant_id: Any = None,
        *,
        n_sessions: int = 1,
        random_state: RandomState = None,
        experiment_id: int | ArrayLike = 0,
        additional_embedding_inputs: ArrayLike | None = None,
        **kwargs: Any,
    ) -> None:
        """Start one fresh session, or several side by side.

        Args:
            sample_parameters: accepted for compatibility; a fitted model draws none.
            participant_id: label of one participant, an array or list with a label for each session, or None
                for the first participant.
            n_sessions: sessions side by side.
            random_state: for these sessions only.
            experiment_id: of the sessions, where the model knows experiments.
            additional_embedding_inputs: accepted for compatibility.
            kwargs: accepted for compatibility.

        Raises:
            SettingsError: for a participant that the model does not know.
        """
        several = isinstance(participant_id, list | np.ndarray) and np.ndim(participant_id) > 0
        labels = list(participant_id) if several else [participant_id] * n_sessions
        if len(labels) != n_sessions:
            raise SettingsError(
                [
                    f"participant_id must hold a label for each of the {n_sessions} sessions; got"
                    f" {len(labels)}. Set n_sessions={len(labels)}, or give one label for all."
                ]
            )
        self._codes = np.array([self.code(label) for label in labels], dtype=np.int64)
        self._experiment = experiment_id
        super().new_sess(sample_parameters, n_sessions=n_sessions, random_state=random_state)

    def code(self, participant: Hashable) -> int:
        """Index of a participant by label; the first when None. A model of one participant takes anyone for
        that one.
        """
        for labels, label in (
            (self._participants, participant),
            (tuple(map(str, self._participants)), str(participant)),
        ):
            if label in labels:
                return labels.index(label)
        if len(self._participants) == 1 or participant is None:
            return 0
        raise SettingsError(
            [
                f"Participant {participant!r} is unknown to this model; known are"
                f" {list(self._participants)[:20]}. Choose one of these."
            ]
        )

    def label(self, code: int) -> Any:
        """Label of the participant for whom a data set without labels has this code; the code itself where it
        stands for none.
        """
        return self._participants[self._data_codes.index(code)] if code in self._data_codes else code

    def update(
        self,
        choice: int | ArrayLike,
        reward: ArrayLike,
        *,
        block: int | ArrayLike = 0,
        additional_inputs: ArrayLike | None = None,
        **kwargs: Any,
    ) -> None:
        """Learn from one trial: the arm chosen, and the reward of each arm (-1 or NaN if it was not seen)."""
        chosen, rewards = self._trial(choice, reward)
        columns = [chosen.astype(float), np.nan_to_num(rewards, nan=-1.0)]
        extra = None if additional_inputs is None else np.asarray(additional_inputs, dtype=float)
        if extra is None and TASKS[self._model.task].shows_offers:
            offered = np.ones(self._n_actions) if self._chosen_from is None else self._chosen_from
            extra = np.broadcast_to(np.atleast_2d(offered), chosen.shape).astype(float)
        if extra is not None and extra.size:
            columns += [np.broadcast_to(extra, (self._n_sessions, extra.shape[-1]))]
        ids = [np.broadcast_to(code, self._n_sessions) for code in (block, self._experiment, self._codes)]
        row = np.column_stack([*columns, *ids])
        with torch.no_grad():
            logits, self._memory = self._model(torch.from_numpy(row)[None], self._memory)
        self._logits = logits[0].numpy()
        self._state = {state: value.numpy() for state, value in self._memory.items()}

    def get_choice(self) -> Any:
        """Return the arm chosen, and remember what it was chosen from."""
        self._chosen_from = self.offered
        return super().get_choice()

    def get_betas(self) -> dict[str, float]:
        """Inverse noise temperature of each state of the (first) participant in session; empty where the
        model has none.
        """
        return {state: float(np.ravel(beta)[0]) for state, beta in self._betas.items()}

    def get_participant_ids(self) -> list[Any]:
        """Labels of the participants that the model knows."""
        return list(self._participants)

    def _begin(self) -> dict[str, Any]:
        """States before the first trial; its logits are the values times their betas."""
        self._chosen_from = None
        self._memory = self._model.set_initial_state(self._n_sessions)
        state = {key: value.numpy() for key, value in self._memory.items()}
        self._betas = betas_of(self._model, self._codes)
        acting = getattr(self._model, "acting", [key for key in state if key.startswith("x_value")])
        values = [state[key] * self._betas.get(key, 1.0) for key in acting]
        self._logits = np.asarray(sum(values, np.zeros((self._n_sessions, self._n_actions))))
        return state


class AgentSpice(AgentNetwork):
    """The discovered equations that take part in a task: the same model, with equations in place of its
    modules.

    Args:
        model_rnn: the model whose forward pass ties the equations together; it is copied.
        sindy_modules: a `SpiceModel`, or `{module: {participant: Equation}}`.
        n_actions, deterministic, codes, random_state: as in `AgentNetwork`.
    """

    def __init__(
        self,
        model_rnn: BaseRNN,
        sindy_modules: SpiceModel | Mapping[str, Mapping[Any, Equation]],
        n_actions: int = 2,
        deterministic: bool = False,
        *,
        codes: Sequence[int] | None = None,
        random_state: RandomState = None,
    ) -> None:
        spice = sindy_modules if isinstance(sindy_modules, SpiceModel) else _spice_model(sindy_modules)
        self.spice_model = spice
        model = deepcopy(model_rnn)
        model.integrate_sindy(spice.modules)
        for state, values in spice.betas.items():
            model.betas[state] = GivenConstant(values)
        super().__init__(
            model,
            n_actions,
            deterministic=deterministic,
            participants=spice.participants,
            codes=codes,
            random_state=random_state,
        )

    def get_modules(self) -> dict[str, dict[Any, Equation]]:
        """Return the equations: `{module: {participant: Equation}}`."""
        labels = self.spice_model.participants
        return {
            module: {label: e for label, e in zip(labels, rows, strict=True) if e is not None}
            for module, rows in self.spice_model.equations.items()
        }

    def code(self, participant: Hashable) -> int:
        """Index of a participant by label; the first who has equations when None."""
        return self.spice_model.index() if participant is None else super().code(participant)

    def count_parameters(self, mapping_modules_values: Any = None) -> dict[Any, int]:
        """Return number of terms and betas of each participant. The argument is accepted for
        compatibility.
        """
        return {label: self.spice_model.n_parameters(label) for label in self.get_participant_ids()}

    def get_participant_ids(self) -> list[Any]:
        """Labels of the participants that have equations."""
        return list(next(iter(self.get_modules().values()), {}))


def default_codes(participants: Sequence[Any]) -> tuple[int, ...]:
    """Return the codes of participants in the last column of a data set of which nothing is known."""
    numbers = all(isinstance(label, int | np.integer) for label in participants)
    return tuple(map(int, participants)) if numbers else tuple(range(len(participants)))


def betas_of(model: BaseRNN, codes: NDArray[Any]) -> dict[str, Any]:
    """Inverse noise temperature of each state for sessions of the given participants, `(n_sessions, 1)`."""
    model._participants = torch.as_tensor(codes, dtype=torch.long)
    betas = {}
    with torch.no_grad():
        for state, module in model.betas.items():
            for part in module.modules():
                if callable(begin := getattr(part, "begin", None)):
                    begin(model._participants)
            embedding = getattr(model, "participant_embedding", None)
            arguments = () if embedding is None else (embedding(model._participants),)
            value = module(*arguments).numpy()
            betas[state] = np.broadcast_to(np.reshape(value, (-1, 1)), (len(codes), 1))
    return betas


def _spice_model(modules: Mapping[str, Mapping[Any, Equation]]) -> SpiceModel:
    labels = tuple(dict.fromkeys(label for rows in modules.values() for label in rows))
    return SpiceModel(
        labels, {module: tuple(rows.get(label) for label in labels) for module, rows in modules.items()}
    )
