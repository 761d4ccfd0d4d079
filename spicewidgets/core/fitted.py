"""What a fitted `SpiceEstimator` can be asked, and how it is saved and loaded."""

import os
import sys
import warnings
from collections.abc import Hashable
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from . import storage
from .checks import raise_if_any
from .config import SpiceConfig
from .data.dataset import DatasetRNN
from .data.entry import as_dataset
from .data.participants import Participants
from .equations import SpiceModel
from .judge.network_agents import AgentNetwork, AgentSpice
from .judge.replay import nll_per_trial, replay
from .parameters import problems_of
from .random import generator
from .settings import SettingsError, SpiceWarning
from .train.new_model import new_model
from .train.rnn import BaseRNN
from .train.torch_stream import TorchStream


class FittedEstimator(BaseEstimator):  # type: ignore[misc]
    """The part of `SpiceEstimator` that needs no data to learn from; see there for the attributes."""

    rnn_class: type[BaseRNN]
    spice_config: SpiceConfig
    n_actions: int
    rnn_model_: BaseRNN
    spice_model_: SpiceModel
    rnn_agent: AgentNetwork
    spice_agent: AgentSpice
    participants_: tuple[Any, ...]
    _people: Participants

    @property
    def rnn_model(self) -> BaseRNN:
        """The trained model, by the name that autospice has for it."""
        self._check_fitted("rnn_model_")
        return self.rnn_model_

    def predict(self, conditions: Any) -> tuple[np.ndarray, np.ndarray]:
        """P of the next choice after each trial, by the RNN and by the equations.

        Args:
            conditions: a `DatasetRNN`, or `(n_sessions, n_trials, n_features)`, of any number of sessions of
                known participants.

        Returns:
            Two arrays `(n_sessions, n_trials, n_actions)`. Entry t is P of the choice at trial t + 1, knowing
            trials up to t.
        """
        self._check_fitted("rnn_agent", "spice_agent")
        dataset = as_dataset(conditions, self.n_actions)
        rnn, spice = (
            replay(agent, dataset).probabilities[:, 1:] for agent in (self.rnn_agent, self.spice_agent)
        )
        return rnn, spice

    def score(self, data: Any, targets: Any = None) -> float:
        """Mean ln P that the equations give to the next choices, in nats per choice (higher is better)."""
        dataset = self._dataset(data, targets)
        if not bool(dataset.target_mask.any()):
            raise SettingsError(
                ["score needs next choices; the data have none. Give targets, or longer sessions."]
            )
        self._check_fitted("rnn_agent", "spice_agent")
        expected = replay(self.spice_agent, dataset).probabilities[:, 1:]
        return -float(np.nanmean(nll_per_trial(expected, dataset)))

    def print_spice_model(self, participant_id: Hashable = None) -> SpiceModel:
        """Write the equations of one participant (the first when None) to standard output; returns all
        equations.
        """
        self._check_fitted("spice_model_")
        sys.stdout.write(self.spice_model_.text(participant_id) + "\n")
        return self.spice_model_

    def get_spice_features(self, participant_id: Hashable = None) -> dict[str, dict[str, float]]:
        """Coefficients of one participant: `{module: {term: coefficient}}`."""
        self._check_fitted("spice_model_")
        return {
            module: equation.coefficients
            for module, equation in self.spice_model_.of_participant(participant_id).items()
        }

    def get_spice_agents(self) -> dict[Any, AgentSpice]:
        """Return the agent of each participant that has equations."""
        self._check_fitted("spice_agent")
        return dict.fromkeys(self.spice_agent.get_participant_ids(), self.spice_agent)

    def count_parameters(self) -> dict[Any, int]:
        """Return number of terms and betas of each participant."""
        self._check_fitted("spice_agent")
        return self.spice_agent.count_parameters()

    def get_participant_embeddings(self) -> dict[Any, torch.Tensor]:
        """Return the embedding of each participant, by label; empty where the model has none."""
        self._check_fitted("rnn_model_")
        embedding = getattr(self.rnn_model_, "participant_embedding", None)
        if embedding is None:
            return {}
        with torch.no_grad():
            rows = embedding(torch.arange(len(self.participants_)))
        return dict(zip(self.participants_, rows, strict=True))

    def save_spice(
        self, path_rnn: str | os.PathLike[str] | None = None, path_spice: str | os.PathLike[str] | None = None
    ) -> None:
        """Save the weights, the equations, or both.

        Raises:
            StorageError: a file cannot be written.
        """
        if path_rnn is None and path_spice is None:
            raise SettingsError(
                ["save_spice needs path_rnn, path_spice or both; got neither. Name the files to write."]
            )
        self._check_fitted(*([] if path_rnn is None else ["rnn_model_"]))
        self._check_fitted(*([] if path_spice is None else ["spice_model_"]))
        model, spice = (getattr(self, name, None) for name in ("rnn_model_", "spice_model_"))
        storage.save(path_rnn, path_spice, model, spice, self._people)

    def load_spice(
        self,
        path_rnn: str | os.PathLike[str] | None = None,
        path_spice: str | os.PathLike[str] | None = None,
        deterministic: bool = False,
    ) -> Self:
        """Load weights, equations, or both, into this estimator's class or one of the same structure.

        Raises:
            StorageError: a file is damaged, foreign, or does not fit; this estimator is then as it was.
        """
        if path_rnn is None and path_spice is None:
            raise SettingsError(
                [
                    "load_spice needs path_rnn, path_spice or both; got neither. Name the files that"
                    " save_spice wrote."
                ]
            )
        raise_if_any(problems_of(self))
        own = (self.rnn_model_, self._people) if hasattr(self, "rnn_model_") else None
        loaded = storage.load(
            path_rnn,
            path_spice,
            lambda labels: self._model(labels, TorchStream(generator(0))),
            self.spice_config.controls,
            own,
        )
        if path_rnn is not None:
            self._restore({})
            self.rnn_model_ = loaded.model.eval()
            self.rnn_agent = AgentNetwork(
                loaded.model,
                self.n_actions,
                deterministic=deterministic,
                participants=loaded.participants.labels,
                codes=loaded.participants.codes,
            )
        self.participants_, self._people = loaded.participants.labels, loaded.participants
        if loaded.spice is not None:
            self.spice_model_ = loaded.spice
            self.spice_agent = AgentSpice(
                loaded.model, loaded.spice, self.n_actions, deterministic, codes=self._people.codes
            )
        return self

    def load_rnn_model(self, path_model: str | os.PathLike[str], deterministic: bool = False) -> Self:
        """Load weights only."""
        return self.load_spice(path_rnn=path_model, deterministic=deterministic)

    def load_spice_model(self, path_spice: str | os.PathLike[str], deterministic: bool = False) -> Self:
        """Load equations only."""
        return self.load_spice(path_spice=path_spice, deterministic=deterministic)

    # What follows is for this class and `SpiceEstimator`.

    def _dataset(self, data: Any, targets: Any) -> DatasetRNN:
        """Return the data set, checked."""
        dataset = as_dataset(data, self.n_actions, targets)
        blank = int((dataset.xs[..., : self.n_actions] == 0).all(-1).sum())
        if blank:
            warnings.warn(
                f"{blank} trials have no choice among the {self.n_actions} arms (all 0) and are taken as"
                " missing. If there are more arms, set n_actions; write -1 for a missing choice.",
                SpiceWarning,
                stacklevel=4,
            )
        return dataset

    def _model(self, participants: tuple[Any, ...], stream: TorchStream) -> BaseRNN:
        """Return a new model of the class for some participants."""
        arguments = {
            "n_actions": self.n_actions,
            "n_participants": max(int(self.n_participants or 0), len(participants)),
            "n_experiments": self.n_experiments,
            "embedding_size": self.embedding_size,
            "dropout": self.dropout,
        }
        return new_model(
            self.rnn_class, {name: value for name, value in arguments.items() if value is not None}, stream
        )

    def _learned_state(self) -> dict[str, Any]:
        """Return the learned state: every attribute that is no parameter."""
        parameters = self.get_params(deep=False)
        return {name: value for name, value in vars(self).items() if name not in parameters}

    def _restore(self, before: dict[str, Any]) -> None:
        """Put back what an earlier fit had learned."""
        for name in self._learned_state():
            delattr(self, name)
        self.__dict__.update(before)

    def _check_fitted(self, *names: str) -> None:
        missing = [name.strip("_") for name in names if not hasattr(self, name)]
        if missing:
            raise NotFittedError(
                f"This SpiceEstimator has no {' and no '.join(missing)} yet. Call fit(data, targets) or"
                " load_spice(...) first."
            )
