"""The study of search: which signals of history does a plain learner lack?

Importing this loads nothing heavy.
"""

import json
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from hashlib import sha256
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from ...loading import later
from ..progress import Progress
from ..settings import HIGHEST_SEED, Settings, setting
from .source import Source
from .study import Study

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ..data import participants
    from ..search import found, search
    from ..search.found import FoundModel
    from ..search.search import PathStep
else:
    np = later("numpy")
    pd = later("pandas")
    found = later("..search.found", __package__)
    participants = later("..data.participants", __package__)
    search = later("..search.search", __package__)

STATE = "search.json"  # where a search is, in the folder of its parts
VAIN = "in vain"


@dataclass(frozen=True)
class SearchSettings(Settings):
    """How far a search goes."""

    n_numbers: int = setting(
        13,
        "Parameters of each person that the equation has at most.",
        unit="parameters",
        low=3,
        high=30,
        label="At most",
        slider=(3, 20, 1),
    )
    seed: int = setting(
        0,
        "Seed of the choice of sessions that judge what is added.",
        low=0,
        high=HIGHEST_SEED,
        label="Seed of the search",
        slider=(0, 999, 1),
    )


@dataclass(frozen=True, eq=False)
class SearchResult:
    """What a search has found so far.

    Attributes:
        path: what was added, exchanged, freed and dropped, and what was tried in vain, in order.
        first: likelihood of the choices that judge, under the learner that it began with.
        n_apart: number of these.
        model: the equation, fitted to all choices; None before the search is over.
    """

    path: "tuple[PathStep, ...]"
    first: float
    n_apart: int
    model: "FoundModel | None" = None

    @property
    def taken(self) -> "tuple[PathStep, ...]":
        """The steps that were taken."""
        return tuple(step for step in self.path if step.action != VAIN)

    @property
    def sentence(self) -> str:
        """The answer."""
        taken, so_far = self.taken, "" if self.model is not None else "So far: "
        if not taken:
            end = "nothing is worth adding to a Rescorla-Wagner learner" if self.model is not None else ""
            return f"{so_far}{end or 'nothing was added yet'}.".capitalize()
        first, most = taken[0], max(taken, key=lambda step: step.nats)
        return (
            f"{so_far}{len(taken)} steps from a Rescorla-Wagner learner raise the likelihood of"
            f" {self.n_apart:,} choices that neither scored nor fitted anything from {self.first:.4f} to"
            f" {taken[-1].likelihood:.4f}. The first: {first.action}, {first.term.words}"
            + (f"; what brought most: {most.term.words}." if most is not first else ".")
        )

    @property
    def equation(self) -> str:
        """The equation with its terms in words; empty before the search is over."""
        if self.model is None:
            return ""
        table = self.model.to_frame()
        lines = [
            f"  {weight:+8.3f} (sd {sd:.3f})  {term}" + (f", mean {rates}" if rates else "")
            for term, weight, sd, rates in zip(
                table["term"], table["weight"], table["sd"], table["own_rates"], strict=True
            )
        ]
        return "\n".join(["logit of an option, with mean weights of people:", *lines])

    @property
    def text(self) -> str:
        """The answer, the path, and the equation."""
        frame = self.to_frame().drop(columns="signals")
        path = frame.to_string(index=False, float_format="{:.4g}".format) if len(frame) else ""
        return "\n\n".join(filter(None, [self.sentence, path, self.equation]))

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each step, and for each that was tried in vain.

        Columns: `action`, `term`; `nats` by which ln p(choices) rises, and the `penalty` that these must
        exceed; `apart`, the nats by which the choices that judge are expected better, and their `likelihood`
        with the step; `scored`, how many terms were;
        `signals` in the term.
        """
        return pd.DataFrame(
            [
                {
                    "action": step.action,
                    "term": step.term.words,
                    "nats": step.nats,
                    "penalty": step.penalty,
                    "apart": step.apart,
                    "likelihood": step.likelihood,
                    "scored": step.n_scored,
                    "signals": " ".join(sorted(step.term.signals)),
                }
                for step in self.path
            ],
            columns=PATH_COLUMNS,
        )


PATH_COLUMNS = (
    "action",
    "term",
    "nats",
    "penalty",
    "apart",
    "likelihood",
    "scored",
    "signals",
)


class SearchStudy(Study):
    """One search, whose steps are its parts; it goes on where it was stopped."""

    name = "search"
    title = "Search: which mechanism is missing?"
    about = (
        "Thousands of signals of history, such as run lengths, times since an event and running means, are"
        " scored by what they would add to the equation; the best is fitted, and stays if it is worth its"
        " penalty and choices that it never saw are expected better with it."
    )
    word = "Look for what is missing"
    tip = "Add what is worth it, step by step; it can be stopped"
    noun = "steps"
    resumes = True
    is_further = False
    has_command = False
    settings_class: ClassVar = SearchSettings

    def __init__(self, settings: Settings, source: Source) -> None:
        super().__init__(settings, source)
        self._search: Any = None
        self._people: Any = None
        self._result: SearchResult | None = None
        self.held_out: pd.DataFrame | None = None  # which a command may add

    @property
    def names(self) -> Sequence[Any]:
        """Steps that were taken, and one that is to come, unless it is over."""
        over = self._result is not None and self._result.model is not None
        return range(max(len(self.parts) + (not over), 1))

    def take(self, before: Study) -> None:
        """Go on with an earlier search of the same choices and settings."""
        assert isinstance(before, SearchStudy)
        if self.settings == before.settings:
            self._search, self._people, self._result = before._search, before._people, before._result
            self.parts |= before.parts

    def steps(self) -> Generator[Progress, None, None]:
        """Search on from where it is."""
        began = monotonic()
        yield Progress(0, 0, "Counting what went before each choice", 0.0)
        if self._search is None:
            dataset, self._people = participants.index_participants(self.source.dataset)
            self._search = search.Search(dataset, self.settings.seed, self.settings.n_numbers)
            self._search.take_dict(self._stored())
        with closing(self._search.steps()) as steps:
            known = -1
            for step in steps:
                yield step._replace(seconds=monotonic() - began)
                if known != len(self._search.path):
                    known = len(self._search.path)
                    self._keep()
        self._keep()

    def result(self) -> SearchResult:
        """Return what was found so far."""
        assert self._result is not None
        return self._result

    @property
    def has_result(self) -> bool:
        """Tells whether anything was scored yet."""
        return self._result is not None

    def tables(self) -> "dict[str, pd.DataFrame]":
        """Return the path, the equation, and everybody's parameters."""
        result = self.result()
        tables = {"path": result.to_frame()}
        if result.model is not None:
            tables |= {"equation": result.model.to_frame(), "parameters": result.model.fitted.to_frame()}
        return tables if self.held_out is None else tables | {"held_out": self.held_out}

    @property
    def end_state(self) -> str:
        """Its state, once nothing of it is under way."""
        if self._result is None:
            return "Stopped before anything was done."
        n = len(self._result.taken)
        if self._result.model is not None:
            return f"Done: {n} steps."
        return f"Stopped after {n} steps; these were kept. Press again to go on."

    def _keep(self) -> None:
        """Make a result of what there is, and write where the search is, where there is a folder."""
        at = self._search
        if not at.to_dict():
            return
        whole = None if at.whole is None else found.FoundModel.of(at.whole, self._people)
        self._result = SearchResult(tuple(at.path), at.first, int(at.apart.sum()), whole)
        self.parts = dict(enumerate(self._result.taken)) or ({0: None} if whole is not None else {})
        if self.source.folder is not None:
            self.source.folder.mkdir(parents=True, exist_ok=True)
            state = {"of": self._identity, **at.to_dict()}
            draft = self.source.folder / f"{STATE}.new"
            draft.write_text(json.dumps(state))
            draft.replace(self.source.folder / STATE)

    def _stored(self) -> dict[str, Any]:
        """Return where an earlier search of the same choices with the same settings was."""
        path = None if self.source.folder is None else self.source.folder / STATE
        if path is None or not path.exists():
            return {}
        try:
            state: dict[str, Any] = json.loads(path.read_text())
        except ValueError:
            return {}
        return state if state.pop("of", None) == self._identity else {}

    @property
    def _identity(self) -> list[Any]:
        """Values that are the same for the same choices and settings."""
        data = self.source.dataset
        choices = sha256(np.asarray(data.xs).tobytes() + np.asarray(data.ys).tobytes())
        return [asdict(self.settings), choices.hexdigest()]
