"""`spicewidgets rivals`: its options."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import ClassVar

from ..core.models import READY
from ..core.rivals.ready import RIVALS
from .study import StudyRequest, needs_table, option, study_command

BY, WAYS = ("session", "person", "time"), ("group", "prior", "likelihood")
NAMES, MODELS = tuple(RIVALS), tuple(READY)
TABLE = "Table of choices, a row for each trial, read as by `spicewidgets discover`."
BY_WORDS = "What is predicted: other sessions of the same people (later choices where nobody has two), other"
BY_WORDS += " people, or later choices."
WAY_WORDS = "How rivals are fitted: under their group's prior, the declared prior, or by maximum likelihood."
FOLDS_WORDS = "Parts that the choices are taken apart into."
RIVAL_WORDS = "Compare only this rival; all when not given."


@dataclass(frozen=True, kw_only=True)
class RivalsRequest(StudyRequest):
    """The user's choices, checked; fields say what they are."""

    about: ClassVar = """Compare classical models of choices, and equations and networks, by choices they did
    not learn from.

    Prints how likely held-out choices are under each, with an interval over people, beside AIC, BIC and
    evidence, and how many people follow each. With --out, all tables are written to a folder.
    """

    table: str = option("", TABLE, "Table", name="data", metavar="FILE")
    by: str = option("session", BY_WORDS, choices=BY)
    folds: int = option(4, FOLDS_WORDS, low=2)
    way: str = option("group", WAY_WORDS, choices=WAYS)
    rivals: tuple[str, ...] = option(NAMES, RIVAL_WORDS, name="rival", choices=NAMES)
    models: tuple[str, ...] = option(
        (), "Compare equations and network of this model, too.", name="model", choices=MODELS
    )

    def find_misuses(self, typed: Collection[str]) -> Iterator[str]:
        """Yield the sentence for a table that is missing."""
        yield from needs_table(self.table)


rivals = study_command("rivals", RivalsRequest, "spicewidgets.cli.rivals_tables")
