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
    from ..search import result, search
    from ..search.result import SearchResult
else:
    np = later("numpy")
    participants = later("..data.participants", __package__)
    result = later("..search.result", __package__)
    search = later("..search.search", __package__)

STATE = "search.json"  # where a search is, in the folder of its parts


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
        over = self._result is not None and self._result.is_whole
        return range(len(self.parts) + (not over))

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
            self._search.take_dict(self._load_stored())
        with closing(self._search.steps()) as steps:
            known = -1
            for step in steps:
                yield step._replace(seconds=monotonic() - began)
                if known != len(self._search.path):
                    known = len(self._search.path)
                    self._keep()
        self._keep()

    def result(self) -> "SearchResult":
        """Return what was found so far."""
        assert self._result is not None
        return self._result

    @property
    def has_result(self) -> bool:
        """Tells whether anything was scored yet."""
        return self._result is not None

    def tables(self) -> "dict[str, pd.DataFrame]":
        """Return the path, the equation, and everybody's parameters."""
        found = self.result()
        tables = {"path": found.to_frame()}
        if found.model is not None:
            tables |= {"equation": found.model.to_frame(), "parameters": found.model.fitted.to_frame()}
        return tables if self.held_out is None else tables | {"held_out": self.held_out}

    @property
    def end_state(self) -> str:
        """Its state, once nothing of it is under way."""
        if self._result is None:
            return "Stopped before anything was done."
        n = len(self._result.taken)
        if self._result.is_whole:
            return f"Done: {n} steps."
        return f"Stopped after {n} steps; these were kept. Press again to go on."

    def _keep(self) -> None:
        """Make a result of what there is, and write where the search is, where there is a folder."""
        at = self._search
        if not at.to_dict():
            return
        self._result = result.SearchResult.of(at, self._people)
        self.parts = dict(enumerate(self._result.taken))
        if self.source.folder is not None:
            self.source.folder.mkdir(parents=True, exist_ok=True)
            state = {"of": self._identity, **at.to_dict()}
            draft = self.source.folder / f"{STATE}.new"
            draft.write_text(json.dumps(state))
            draft.replace(self.source.folder / STATE)

    def _load_stored(self) -> dict[str, Any]:
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
