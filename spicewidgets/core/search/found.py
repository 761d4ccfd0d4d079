"""The equation that a search has found, as a model that predicts, plays and is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from scipy.special import expit

from ..data.dataset import DatasetRNN
from ..data.participants import Participants
from ..files import File, label_of, read_people, read_values, save_values
from ..rivals.declaration import Parameter, Rival, State, Trial, Values
from ..rivals.fit import FittedRival
from ..rivals.model import RivalRNN
from .equation import Columns, FittedEquation
from .terms import SIDE, Reading, Term

MOST = 1e6  # of a weight, which the search does not bound
NAME = "found"
FORMAT = "spicewidgets found 1"


class FoundRival(Rival):
    """A learner whose logits are a sum of terms.

    Args:
        terms: of the equation.
    """

    name = NAME
    named = True

    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms = tuple(terms)
        self.columns_of = Columns(self.terms)
        self.words = f"Chooses by {', '.join(term.words for term in terms)}."
        self.equation = "logit = " + " + ".join(
            f"w{place} {term.words}" for place, term in enumerate(terms, 1)
        )
        weights = tuple(
            Parameter.real(f"w{place}", f"weight of {term.words}", most=MOST)
            for place, term in enumerate(terms, 1)
        )
        rates = tuple(
            Parameter.share(f"rate{place + 1}_{rate + 1}", f"rate {rate + 1} of {terms[place].words}")
            for place, rate in self.columns_of.rates
        )
        self.parameters = weights + rates
        self._signals = dict(self._readings())
        self.states = {
            f"{key}_{name}": first
            for key, (reading, _) in self._signals.items()
            for name, first in reading.declaration.states.items()
        }

    def _readings(self) -> Any:
        """Yield every signal that has a memory, by a key, and the names of its own rates."""
        for place, term in enumerate(self.terms):
            for reading in (term.carrier, *term.factors):
                if not reading.signal.startswith(SIDE):
                    own = term.free and reading is term.carrier
                    names = [f"rate{place + 1}_{i + 1}" for i in range(len(reading.rates))] if own else []
                    yield _key(reading, place if own else None), (reading, names)

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """Move the memory of every signal."""
        after: dict[str, torch.Tensor] = {}
        for key, (reading, names) in self._signals.items():
            own = {name: state[f"{key}_{name}"] for name in reading.declaration.states}
            rates = [getattr(p, name) for name in names] or reading.rates
            moved = own | reading.declaration.update(own, trial, *rates)
            after |= {f"{key}_{name}": value for name, value in moved.items()}
        return after

    def logits(self, p: Values, state: State) -> torch.Tensor:
        """Return the sum of the weighted terms."""
        whole: Any = 0.0
        for place, term in enumerate(self.terms):
            value = getattr(p, f"w{place + 1}") * self._value(
                term.carrier, state, place if term.free else None
            )
            for factor in term.factors:
                value = value * self._value(factor, state, None)
            whole = whole + value
        result: torch.Tensor = whole
        return result

    def _value(self, reading: Reading, state: State, place: int | None) -> torch.Tensor:
        if reading.signal.startswith(SIDE):
            like = next(iter(state.values()))
            return torch.eye(like.shape[-1], dtype=like.dtype)[int(reading.signal.removeprefix(SIDE))]
        value: torch.Tensor = reading.of(state[f"{_key(reading, place)}_{reading.declaration.read}"])
        return value


def _key(reading: Reading, place: int | None) -> str:
    """Return the name of a signal's memory, which equal signals share, but for own rates."""
    rates = "_".join(f"{rate:g}".replace(".", "") for rate in reading.rates)
    return f"{reading.signal}{rates and '_'}{rates}" if place is None else f"{reading.signal}_of{place + 1}"


@dataclass(frozen=True, eq=False)
class FoundModel:
    """An equation that was found, with the numbers of each person; the first axis of arrays counts people.

    Attributes:
        terms: summands of the logit.
        people: who they are.
        n_actions: number of options.
        weights: of the terms, `(n_people, n_terms)`.
        weight_errors: their standard errors under the group's prior.
        rates: own rates of people, between 0 and 1, `(n_people, n_rates)`.
        nll: -ln L of the choices that it was fitted to in nats, `(n_people,)`.
        n_choices: of each person.
    """

    terms: tuple[Term, ...]
    people: Participants
    n_actions: int
    weights: np.ndarray
    weight_errors: np.ndarray
    rates: np.ndarray
    nll: np.ndarray
    n_choices: np.ndarray

    @classmethod
    def of(cls, fit: FittedEquation, people: Participants) -> Self:
        """Return a fitted equation as a model."""
        likelihood, values, n = fit.likelihood, fit.group.values, len(fit.terms)
        errors = np.sqrt(np.maximum(fit.group.variance[:, :n], 0))
        return cls(
            fit.terms,
            people,
            likelihood.table.n_options,
            values[:, :n] / likelihood.scale,
            errors / likelihood.scale,
            np.asarray(expit(values[:, n:])),
            fit.nll(likelihood.counted),
            likelihood.counted.sum(1).astype(float),
        )

    @property
    def rival(self) -> FoundRival:
        """The equation as a rival, which is fitted, held out, played and falsified as all are."""
        return FoundRival(self.terms)

    @property
    def fitted(self) -> FittedRival:
        """The people as a fitted rival: `predict` gives P of next choices, `agent` plays."""
        rival, n = self.rival, len(self.people.labels)
        names = tuple(name for name, _ in rival.columns(self.n_actions))
        none = np.full(len(names), np.nan)
        return FittedRival(
            rival=rival,
            way="group",
            n_actions=self.n_actions,
            participants=self.people.labels,
            codes=self.people.codes,
            names=names,
            values=np.hstack([self.weights, self.rates]),
            errors=np.hstack([self.weight_errors, np.full(self.rates.shape, np.nan)]),
            nll=self.nll,
            n_choices=self.n_choices,
            evidence=np.full(n, np.nan),
            n_starts=1,
            agreement=np.ones(n),
            mean=none,
            spread=none,
        )

    def predict(self, dataset: DatasetRNN) -> np.ndarray:
        """Return P of the next choice after each trial, `(n_sessions, n_trials, n_actions)`, of people it
        knows.
        """
        return self.fitted.predict(dataset)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each term: its words, mean and standard deviation of people's weights, the share
        of people whose weight is above 0, and mean own rates.
        """
        own: list[list[str]] = [[] for _ in self.terms]
        for (place, _), mean in zip(Columns(self.terms).rates, self.rates.mean(0), strict=True):
            own[place].append(f"{mean:.2f}")
        return pd.DataFrame(
            {
                "term": [term.words for term in self.terms],
                "weight": self.weights.mean(0),
                "sd": self.weights.std(0),
                "above_0": (self.weights > 0).mean(0),
                "own_rates": list(map(", ".join, own)),
            }
        )

    def save(self, path: File) -> None:
        """Write it to a file, which holds data only; `load` gives it back, equal to the last bit."""
        save_values(path, {"format": FORMAT, **self.to_dict()})

    @classmethod
    def load(cls, path: File) -> Self:
        """Read the model that `save` wrote.

        Raises:
            StorageError: where the file was written by something else, or changed.
        """
        return read_values(path, FORMAT, "found", "FoundModel.save", cls.from_dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        arrays = ("weights", "weight_errors", "rates", "nll", "n_choices")
        return {
            "terms": [term.to_dict() for term in self.terms],
            "participants": [label_of(label) for label in self.people.labels],
            "codes": list(self.people.codes),
            "n_actions": self.n_actions,
            **{name: np.asarray(getattr(self, name)).tolist() for name in arrays},
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Return the model that `to_dict` gave."""
        terms = tuple(Term.from_dict(term) for term in state["terms"])
        people, n_actions = (
            Participants(*read_people(state["participants"], state["codes"])),
            state["n_actions"],
        )
        n, n_rates = len(people.labels), len(Columns(terms).rates)
        widths = {"weights": len(terms), "weight_errors": len(terms), "rates": n_rates}
        arrays: dict[str, Any] = {
            name: np.asarray(state[name], float).reshape(n, width) for name, width in widths.items()
        }
        arrays |= {name: np.asarray(state[name], float).reshape(n) for name in ("nll", "n_choices")}
        RivalRNN(FoundRival(terms), n_actions).check()
        return cls(terms, people, n_actions, **arrays)
