"""The choices of a table as a search needs them: people side by side, with signals of their history."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..data.dataset import DatasetRNN
from ..data.layout import MISSING
from ..mechanism import Trial
from .signals import SIGNALS, Signal
from .terms import FACTORS, GIVEN, SIDE, Reading, Term

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class ChoiceTable:
    """Choices with what went before them; a row is a choice, the first axis of arrays counts people.

    People have different numbers of choices: where `known` is False, there is none.

    Args:
        dataset: the choices; participants are indices.
        given: logits of each next choice under an equation that is there already, `(n_sessions, n_trials,
            n_options)`; None without.

    Attributes:
        chosen: 1 for the option that was taken, `(n_people, n_rows, n_others)`; the others are all options
            but the first, as only differences from that move a choice.
        known: where there is a choice, `(n_people, n_rows)`.
        offered: options among which it was made, `(n_people, n_rows, n_options)`; None where all are.
        session, trial: of the history of each row; the trial is the last before the choice.
        people: the person of each session, `(n_sessions,)`.
    """

    def __init__(self, dataset: DatasetRNN, given: Floats | None = None) -> None:
        compact, index = dataset.compact()
        self.n_options, self.n_people = compact.n_actions, compact.n_participants
        self.people = compact.participant_ids.numpy()
        n = self.n_options
        xs = compact.xs.numpy().astype(float)
        actions, outcomes = xs[..., :n], xs[..., n : 2 * n]
        actions = np.where(actions > 0, actions, 0.0)
        rewards = (actions * outcomes).sum(-1, keepdims=True)
        seen = np.maximum((outcomes != MISSING) * 1.0, actions)
        self.trials = [
            Trial(actions[:, t], rewards[:, t], outcomes[:, t], seen[:, t]) for t in range(xs.shape[1])
        ]
        mask = compact.target_mask.numpy()
        session, trial = np.nonzero(mask)
        order = np.argsort(self.people[session], kind="stable")
        session, trial = session[order], trial[order]
        count = np.bincount(self.people[session], minlength=self.n_people)
        place = np.arange(len(session)) - np.repeat(np.cumsum(count) - count, count)
        shape = (self.n_people, max(int(count.max(initial=0)), 1))
        own = self.people[session], place
        self.session, self.trial = np.zeros(shape, int), np.zeros(shape, int)
        self.session[own], self.trial[own] = session, trial
        self.known = np.zeros(shape, bool)
        self.known[own] = True
        following = np.where(compact.ys.numpy() > 0, 1.0, 0.0)
        self.chosen: Floats = following[self.session, self.trial, 1:] * self.known[..., None]
        self._flat = self.trial * len(self.people) + self.session
        self.offered: Mask | None = None
        if compact.offered is not None:
            self.offered = compact.offered.numpy()[self.session, self.trial] | ~self.known[..., None]
        self._kept: dict[tuple[str, tuple[float, ...]], Floats] = {}
        if given is not None:
            places, observed = index.numpy(), dataset.mask.numpy()
            moved = np.zeros((xs.shape[1], len(xs), n))
            moved[places[observed], np.nonzero(observed)[0]] = np.asarray(given, float)[observed]
            self._given = self.of_rows(above_first(moved))

    @property
    def n_choices(self) -> int:
        """Number of choices."""
        return int(self.known.sum())

    def run(self, signal: Signal, rates: Sequence[Floats | float]) -> Floats:
        """Compute a signal after each trial of every session, `(..., n_trials, n_sessions, n_options)`.

        Args:
            signal: which.
            rates: each a number or `(..., n_sessions, 1)`, where leading axes are of several values at once.
        """
        shape = np.broadcast_shapes(*(np.shape(rate) for rate in rates), (len(self.people), self.n_options))
        memory = {name: np.full(shape, first) for name, first in signal.states.items()}
        values = []
        for trial in self.trials:
            memory = memory | signal.update(memory, trial, *rates)
            values.append(np.broadcast_to(memory[signal.read], shape))
        return np.stack(values, -3)

    def of_rows(self, values: Floats) -> Floats:
        """Return what there is after the last trial before each choice, `(..., n_people, n_rows, n)`, of
        `(..., n_trials, n_sessions, n)`.
        """
        *more, n_trials, n_sessions, n = values.shape
        rows: Floats = values.reshape(*more, n_trials * n_sessions, n).take(self._flat, len(more))
        return rows

    def reading(self, reading: Reading) -> Floats:
        """Compute a reading before each choice: `(n_people, n_rows, n_others)`, by how much it is above that
        of the first option; or `(n_people, n_rows)` for a signal of the session.
        """
        if reading.signal.startswith(SIDE):
            option = int(reading.signal.removeprefix(SIDE))
            return np.broadcast_to(np.eye(self.n_options)[option, 1:], self.chosen.shape)
        if reading.signal == GIVEN:
            return self._given
        if (key := (reading.signal, reading.rates)) not in self._kept:
            values = self.run(SIGNALS[reading.signal], reading.rates)
            self._kept[key] = values if reading.declaration.of_options else values[..., :1]
        values = reading.of(self._kept[key])
        if reading.declaration.of_options:
            return self.of_rows(above_first(values))
        return self.of_rows(values)[..., 0]

    def factors_of(self, term: Term) -> Floats:
        """Compute the product of a term's factors before each choice, `(n_people, n_rows)`."""
        product = np.ones(self.known.shape)
        for factor in term.factors:
            product = product * self.reading(factor)
        return product

    @cached_property
    def factors(self) -> Floats:
        """All readings of signals of the session before each choice, `(n_people, n_rows, n_readings)`."""
        return np.stack([self.reading(factor) for factor in FACTORS], -1) * self.known[..., None]


def above_first(values: Floats) -> Floats:
    """Subtract the value of the first option from those of the others, `(..., n_options)`."""
    above: Floats = values[..., 1:] - values[..., :1]
    return above


def moments(carrier: Floats, others: Floats, p: Floats) -> tuple[Floats, Floats]:
    """Compute the variance of a carrier among options, and its covariances with other columns.

    Args:
        carrier: `(..., n_others)`, above the first option.
        others: `(..., n_others, n_columns)`, above the first option.
        p: of all options but the first, `(..., n_others)`.

    Returns: `(...)` and `(..., n_columns)`.
    """
    if p.shape[-1] == 1:
        v = (p * (1 - p))[..., 0] * carrier[..., 0]
        return v * carrier[..., 0], v[..., None] * others[..., 0, :]
    weighted = p * carrier
    mean = weighted.sum(-1)
    own = (weighted * carrier).sum(-1) - mean**2
    both = np.einsum("...a,...an->...n", weighted, others)
    return own, both - mean[..., None] * np.einsum("...a,...an->...n", p, others)
