"""The result of a search: its path, in words and as a table, and the equation it ended with."""

from dataclasses import dataclass
from typing import Self

import pandas as pd

from ..data.dataset import DatasetRNN
from ..data.participants import Participants, index_participants
from .found import FoundModel
from .search import MOST_NUMBERS, VAIN, PathStep, Search
from .table import Floats

COLUMNS = ("action", "term", "nats", "penalty", "apart", "likelihood", "scored", "signals")


@dataclass(frozen=True, eq=False)
class SearchResult:
    """What a search has found so far.

    Attributes:
        path: what was added, exchanged, freed and dropped, and what was tried in vain, in order.
        start: what it began with, in words.
        first: likelihood of the choices that judge, under that.
        n_apart: number of these.
        is_whole: whether the search is over.
        model: the equation, fitted to all choices; None before the search is over, and where it began with an
            equation of another kind.
    """

    path: tuple[PathStep, ...]
    start: str
    first: float
    n_apart: int
    is_whole: bool
    model: FoundModel | None = None

    @classmethod
    def of(cls, search: Search, people: Participants) -> Self:
        """Return what a search has found so far, of these people."""
        model = None
        if search.whole is not None and search.given is None:
            model = FoundModel.of(search.whole, people)
        start = "a Rescorla-Wagner learner" if search.given is None else "the equation as it is"
        n_apart, is_whole = int(search.apart.sum()), search.whole is not None
        return cls(tuple(search.path), start, search.first, n_apart, is_whole, model)

    @property
    def taken(self) -> tuple[PathStep, ...]:
        """The steps that were taken."""
        return tuple(step for step in self.path if step.action != VAIN)

    @property
    def sentence(self) -> str:
        """The answer."""
        if not self.taken:
            return f"Nothing {'is' if self.is_whole else 'was yet'} worth adding to {self.start}."
        first, last, n = self.taken[0], self.taken[-1], len(self.taken)
        steps = "One step" if n == 1 else f"{n} steps"
        return (
            f"{steps} {'' if self.is_whole else 'so far '}from {self.start}"
            f" raise{'s' * (n == 1)} the likelihood of {self.n_apart:,} choices that were in no score and no"
            f" fit from {self.first:.4f} to {last.likelihood:.4f}. The first ({first.action}):"
            f" {first.term.words}."
        )

    @property
    def equation(self) -> str:
        """The equation with its terms in words; empty where there is no model."""
        if self.model is None:
            return ""
        lines = [
            f"  {row.weight:+9.3f} (sd {row.sd:.3f})  {row.term}"
            + (f", mean {row.own_rates}" if row.own_rates else "")
            for row in self.model.to_frame().itertuples()
        ]
        return "\n".join(["logit of an option, with mean weights of people:", *lines])

    @property
    def text(self) -> str:
        """The answer, the path, and the equation."""
        frame = self.to_frame().drop(columns="signals")
        path = frame.to_string(index=False, float_format="{:.4g}".format) if len(frame) else ""
        return "\n\n".join(filter(None, [self.sentence, path, self.equation]))

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each step, and for each that was tried in vain.

        Columns: `action`, `term`; `nats` by which ln p(choices) rises, and the `penalty` that these must
        exceed; `apart`, the nats by which the choices that judge are expected better, and their `likelihood`
        with the step; `scored`, how many terms were; `signals` in the term.
        """
        rows = [
            (
                step.action,
                step.term.words,
                step.nats,
                step.penalty,
                step.apart,
                step.likelihood,
                step.n_scored,
                " ".join(sorted(step.term.signals)),
            )
            for step in self.path
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))


def search_mechanisms(
    dataset: DatasetRNN, *, n_numbers: int = MOST_NUMBERS, random_state: int = 0, given: Floats | None = None
) -> SearchResult:
    """Look for the mechanism that a Rescorla-Wagner learner lacks, or an equation that is there already.

    Args:
        dataset: the choices, of a task of one stage, with rewards between 0 and 1.
        n_numbers: parameters of each person at most.
        random_state: seed of the choice of those that judge what is added.
        given: logits of the equation that is there already, `(n_sessions, n_trials, n_options)`; None begins
            with a Rescorla-Wagner learner.

    Returns:
        Its `sentence` says what was found, `to_frame()` has the path, and `model` predicts and plays.
    """
    dataset, people = index_participants(dataset)
    search = Search(dataset, random_state, n_numbers, given)
    for _ in search.steps():
        pass
    return SearchResult.of(search, people)
