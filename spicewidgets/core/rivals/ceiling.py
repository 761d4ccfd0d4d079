"""The ceiling: how well choices can be predicted by networks of which no structure is asked.

Each is a recurrent network with gated units (GRU; Cho et al. 2014) that sees choices, outcomes and who
chooses, as in Dezfouli et al. (2019, PLOS Computational Biology 15: e1006903). What it predicts better than
an equation is what there is left to find; with few units it also tells how many variables behaviour needs
(Ji-An, Benna & Mattar 2025, Nature).
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..data.dataset import DatasetRNN
from ..data.layout import MISSING
from ..random import RandomState, generator
from ..settings import Settings, setting
from ..train.optimisers import Adam
from ..train.torch_stream import TorchStream
from .free_gru import FreeGRU, GRULoss, mask_logits

Array = np.ndarray[Any, Any]
Floats = NDArray[np.float64]
BLOCK = 10  # next choices that are kept apart together, to tell when to stop
RELABELLED = 0.9  # share of batches in which options change their names
LEAST_STEPS = 10  # of a pass through the choices
STEEPEST = 1.0  # norm of a batch's gradient


@dataclass(frozen=True)
class CeilingSettings(Settings):
    """Size and training of the networks."""

    units: int = setting(16, "Units of each network.", low=1, high=128)
    embedding_size: int = setting(8, "Numbers that the networks learn of each person.", low=0, high=64)
    dropout: float = setting(0.1, "Share of these, and of units, left out in training.", low=0, high=0.9)
    n_networks: int = setting(3, "Networks, of whose probabilities the mean is taken.", low=1, high=50)
    n_epochs: int = setting(150, "Passes through the choices at most.", low=1, high=10_000)
    patience: int = setting(30, "Passes without improvement after which training ends.", low=1)
    batch_size: int = setting(32, "Sessions of a step, a tenth of all at most.", low=1)
    learning_rate: float = setting(0.005, "Of AdamW, at first; it falls as a cosine.", low=1e-6, high=1)
    weight_decay: float = setting(0.01, "Of AdamW.", low=0, high=10)
    validation_share: float = setting(
        0.1, "Share of next choices that tell when to stop.", low=0.01, high=0.5
    )
    best: bool = setting(False, "Keep only the network that expects these best, instead of all.")


class Ceiling:
    """Networks without structure whose mean is the ceiling.

    Where options have no kinds, they exchange their names at random from batch to batch in training, so that
    what was learned of one is known of all; what a person prefers besides is learned from the other batches.

    Args:
        settings: size and training.
        random_state: where initial weights, batches and dropout come from.

    Attributes:
        networks_: those that were fitted.
    """

    def __init__(self, settings: CeilingSettings | None = None, *, random_state: RandomState = 0) -> None:
        self.settings = (settings or CeilingSettings()).checked()
        self._random_state = random_state
        self.networks_: list[FreeGRU] = []

    def count_weights(self, dataset: DatasetRNN) -> int:
        """Count the weights of a network for such choices."""
        sizes = _sizes(dataset)
        with torch.device("meta"):  # makes no weights
            network = self._network(*sizes)
        return sum(weights.numel() for weights in network.parameters())

    def _network(self, *sizes: int) -> FreeGRU:
        own = self.settings
        return FreeGRU(*sizes, units=own.units, embedding_size=own.embedding_size, dropout=own.dropout)

    def fit(self, dataset: DatasetRNN) -> "Ceiling":
        """Fit the networks, and return them."""
        for _ in self.fit_records(dataset):
            pass
        return self

    def fit_records(self, dataset: DatasetRNN) -> Iterator[tuple[int, int]]:
        """Fit the networks side by side; yields after each pass how many of how many are done, at most."""
        rng, settings = generator(self._random_state), self.settings
        compact, _ = dataset.compact()
        data = _Data.of(compact, settings.validation_share, rng)
        with TorchStream(rng)():
            networks = [self._network(*_sizes(dataset)) for _ in range(settings.n_networks)]
        losses, weights = yield from _train(networks, data, settings, rng)
        for network, flat in zip(networks, weights, strict=True):
            nn.utils.vector_to_parameters(torch.from_numpy(flat), network.parameters())
            network.eval()
        self.networks_ = [networks[int(losses.argmin())]] if settings.best else networks

    def predict(self, dataset: DatasetRNN) -> Floats:
        """Return the probability of each next choice, `(n_sessions, n_trials, n_actions)`."""
        compact, index = dataset.compact()
        inputs, people = inputs_of(compact), compact.participant_ids.long()
        with torch.no_grad():
            logits = [mask_logits(network(inputs, people), compact.offered) for network in self.networks_]
        mean = torch.stack(logits).softmax(-1).double().mean(0)
        places = index.clamp(min=0)[..., None].expand(-1, -1, dataset.n_actions)
        result: Floats = mean.gather(1, places).numpy()
        return result


def inputs_of(dataset: DatasetRNN) -> Tensor:
    """Return what a network sees of each trial: for each option whether it was chosen, its outcome (0 where
    not seen) and whether that was seen; then additional inputs.
    """
    n = dataset.n_actions
    known = dataset.mask[..., None]
    chosen, outcomes = dataset.xs[..., :n], dataset.xs[..., n : 2 * n]
    seen = (outcomes != MISSING) & known
    more = dataset.xs[..., 2 * n : 2 * n + len(dataset.additional_inputs)]
    return torch.cat([known * chosen, seen * outcomes, seen.float(), known * more], -1)


def _sizes(dataset: DatasetRNN) -> tuple[int, int, int]:
    """Return the numbers of inputs, options and people."""
    n = dataset.n_actions
    return 3 * n + len(dataset.additional_inputs), n, dataset.n_participants


@dataclass(frozen=True)
class _Data:
    """Sessions as they are trained on; the first axis counts them.

    Attributes:
        rows: what is seen of each trial, then which options are on offer if that is known.
        people: of each session.
        learned: the next choices that are learned; -1 elsewhere.
        apart: those that tell when to stop; -1 elsewhere.
        relabelled: share of batches in which options change their names.
    """

    rows: Array
    people: Array
    learned: Array
    apart: Array
    relabelled: float

    @classmethod
    def of(cls, dataset: DatasetRNN, share: float, rng: np.random.Generator) -> "_Data":
        known = dataset.target_mask.numpy()
        n_sessions, n_trials = known.shape
        drawn = rng.random((n_sessions, -(-n_trials // BLOCK))) < share
        apart = np.repeat(drawn, BLOCK, 1)[:, :n_trials] & known
        rows = inputs_of(dataset)
        if dataset.offered is not None:
            rows = torch.cat([rows, dataset.offered.to(rows)], -1)
        choices = dataset.ys.argmax(-1).numpy()
        alike = dataset.offered is None and not dataset.additional_inputs
        return cls(
            rows.numpy(),
            dataset.participant_ids.long().numpy(),
            np.where(known & ~apart, choices, -1),
            np.where(apart if apart.any() else known, choices, -1),
            RELABELLED if alike else 0.0,
        )

    def batch(self, sessions: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """Return rows and next choices of some sessions; in most batches options have exchanged names."""
        rows, choices = self.rows[sessions], self.learned[sessions]
        if rng.random() >= self.relabelled:
            return rows, choices
        n = rows.shape[-1] // 3
        names = rng.permuted(np.tile(np.arange(n), (len(sessions), 1)), axis=1)
        columns = np.concatenate([names, n + names, 2 * n + names], 1)[:, None]
        renamed = np.take_along_axis(names.argsort(1), choices.clip(0), 1)
        return np.take_along_axis(rows, columns, 2), np.where(choices < 0, -1, renamed)


def _train(
    networks: Sequence[FreeGRU], data: _Data, settings: CeilingSettings, rng: np.random.Generator
) -> Generator[tuple[int, int], None, tuple[Array, Array]]:
    """Train networks until the choices kept apart are predicted no better by any; yields after each pass.

    Returns:
        For each network the least loss of the choices kept apart, and its weights there.
    """
    n, most = len(networks), settings.n_epochs
    loss = GRULoss(networks[0], data.rows.shape[-1] > networks[0].memory.input_size - settings.embedding_size)
    theta = np.stack([nn.utils.parameters_to_vector(one.parameters()).detach().numpy() for one in networks])
    adam, size = Adam(settings.learning_rate), settings.batch_size
    size = max(1, min(size, len(data.rows) // LEAST_STEPS))
    best, kept, since = np.full(n, np.inf), theta.copy(), np.zeros(n, int)
    for epoch in range(1, most + 1):
        order = rng.permutation(len(data.rows))
        for begin in range(0, len(order), size):
            sessions = order[begin : begin + size]
            rows, choices = data.batch(sessions, rng)
            _, gradient = loss(theta, rows, data.people[sessions], choices, rng)
            norm = np.linalg.norm(gradient, axis=1, keepdims=True)
            theta = theta * np.float32(1 - adam.rate * settings.weight_decay)
            theta = adam.step(theta, gradient * np.minimum(1, STEEPEST / np.maximum(norm, 1e-9)))
        adam.rate = 0.5 * settings.learning_rate * (1 + np.cos(np.pi * epoch / most))
        now, _ = loss(theta, data.rows, data.people, data.apart)
        better = now < best
        best, kept = np.where(better, now, best), np.where(better[:, None], theta, kept)
        since = np.where(better, 0, since + 1)
        yield epoch, most
        if since.min() >= settings.patience:
            break
    return best, kept
