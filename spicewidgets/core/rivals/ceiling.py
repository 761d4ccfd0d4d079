"""The ceiling: how well choices can be predicted by networks of which no structure is asked.

Each is a recurrent network with gated units (GRU; Cho et al. 2014) that sees choices, outcomes and who
chooses, as in Dezfouli et al. (2019, PLOS Computational Biology 15: e1006903). What it predicts better than
an equation is what there is left to find; with few units it also tells how many variables behaviour needs
(Ji-An, Benna & Mattar 2025, Nature).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..data.dataset import DatasetRNN
from ..data.layout import MISSING
from ..random import RandomState, generator
from ..settings import Settings, setting
from ..train.torch_stream import TorchStream
from .free_gru import FreeGRU, mask_logits

Floats = NDArray[np.float64]
BLOCK = 10  # next choices that are kept apart together, to tell when to stop
RELABELLED = 0.9  # share of batches in which options change their names
LEAST_STEPS = 10  # of a pass through the choices
STEEPEST = 1.0  # norm of a batch's gradient


@dataclass(frozen=True)
class CeilingSettings(Settings):
    """Size and training of the networks."""

    units: int = setting(16, "Units of each network.", low=1, high=128)
    embedding_size: int = setting(4, "Numbers that the networks learn of each person.", low=0, high=64)
    dropout: float = setting(0.3, "Share of these, and of units, left out in training.", low=0, high=0.9)
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
        with torch.device("meta"):  # makes no weights
            network = self._network(dataset)
        return sum(weights.numel() for weights in network.parameters())

    def _network(self, dataset: DatasetRNN) -> FreeGRU:
        """Return a network for such choices, untrained."""
        n, own = dataset.n_actions, self.settings
        sizes = 3 * n + len(dataset.additional_inputs), n, dataset.n_participants
        return FreeGRU(*sizes, units=own.units, embedding_size=own.embedding_size, dropout=own.dropout)

    def fit(self, dataset: DatasetRNN) -> "Ceiling":
        """Fit the networks, and return them."""
        for _ in self.fit_records(dataset):
            pass
        return self

    def fit_records(self, dataset: DatasetRNN) -> Iterator[tuple[int, int]]:
        """Fit the networks; yields after each pass how many of how many passes are done, at most."""
        rng, settings, networks = generator(self._random_state), self.settings, []
        compact, _ = dataset.compact()
        data = _Data.of(compact, settings.validation_share, rng)
        for number in range(settings.n_networks):
            stream = TorchStream(rng)
            with stream():
                network = self._network(dataset)
            for epoch in _train(network, data, settings, stream, rng):
                yield number * settings.n_epochs + epoch, settings.n_networks * settings.n_epochs
            networks.append(network.eval())
        self.networks_ = [min(networks, key=lambda one: _loss(one, data))] if settings.best else networks

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


@dataclass(frozen=True)
class _Data:
    """Sessions as they are trained on; the first axis counts them."""

    inputs: Tensor
    people: Tensor
    choices: Tensor  # the next one
    offered: Tensor | None
    learned: Tensor  # whether it is trained on
    apart: Tensor  # whether it tells when to stop
    relabelled: float

    @classmethod
    def of(cls, dataset: DatasetRNN, share: float, rng: np.random.Generator) -> "_Data":
        known = dataset.target_mask
        n_sessions, n_trials = known.shape
        drawn = torch.from_numpy(rng.random((n_sessions, -(-n_trials // BLOCK))) < share)
        apart = drawn.repeat_interleave(BLOCK, 1)[:, :n_trials] & known
        alike = dataset.offered is None and not dataset.additional_inputs
        return cls(
            inputs_of(dataset),
            dataset.participant_ids.long(),
            dataset.ys.argmax(-1),
            dataset.offered,
            known & ~apart,
            apart if bool(apart.any()) else known,
            RELABELLED if alike else 0.0,
        )

    def batch(self, sessions: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Return inputs and next choices of some sessions; in most batches options have exchanged names."""
        inputs, choices = self.inputs[sessions], self.choices[sessions]
        if rng.random() >= self.relabelled:
            return inputs, choices
        n = inputs.shape[-1] // 3
        names = torch.from_numpy(np.stack([rng.permutation(n) for _ in sessions]))
        columns = torch.cat([names, n + names, 2 * n + names], -1)[:, None].expand(-1, inputs.shape[1], -1)
        return inputs.gather(-1, columns), names.argsort(-1).gather(1, choices)


def _loss(network: FreeGRU, data: _Data) -> float:
    """Return the loss of the choices kept apart, in nats per choice."""
    with torch.no_grad():
        return float(network.loss(data.inputs, data.people, data.choices, data.apart, data.offered))


def _train(
    network: FreeGRU,
    data: _Data,
    settings: CeilingSettings,
    stream: TorchStream,
    rng: np.random.Generator,
) -> Iterator[int]:
    """Train a network until the choices kept apart are predicted no better; yields after each pass."""
    optimiser = torch.optim.AdamW(
        network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.n_epochs)
    size = max(1, min(settings.batch_size, len(data.inputs) // LEAST_STEPS))
    best, kept, since = np.inf, network.state_dict(), 0
    for epoch in range(1, settings.n_epochs + 1):
        network.train()
        order = torch.from_numpy(rng.permutation(len(data.inputs)))
        with stream():
            for sessions in order.split(size):
                _step(network, data, sessions, optimiser, rng)
        schedule.step()
        network.eval()
        loss = _loss(network, data)
        since = 0 if loss < best else since + 1
        if loss < best:
            best, kept = loss, {name: one.clone() for name, one in network.state_dict().items()}
        yield epoch
        if since >= settings.patience:
            break
    network.load_state_dict(kept)


def _step(
    network: FreeGRU,
    data: _Data,
    sessions: Tensor,
    optimiser: torch.optim.Optimizer,
    rng: np.random.Generator,
) -> None:
    """Follow the gradient of a batch."""
    learned = data.learned[sessions]
    if not bool(learned.any()):
        return
    inputs, choices = data.batch(sessions, rng)
    offered = None if data.offered is None else data.offered[sessions]
    loss = network.loss(inputs, data.people[sessions], choices, learned, offered)
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), STEEPEST)
    optimiser.step()
