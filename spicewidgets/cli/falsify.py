"""`spicewidgets falsify`: its options."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ..core.wording import join_words
from .rivals import MODELS, NAMES, TABLE, WAY_WORDS, WAYS
from .study import StudyRequest, describe_misuses, needs_table, option, study_command

USUAL = ("rescorla-wagner", "with-kernel")  # rivals, where neither a rival nor a model is named


@dataclass(frozen=True, kw_only=True)
class FalsifyRequest(StudyRequest):
    """The user's choices, checked; fields say what they are."""

    about: ClassVar = """Judge fitted models by what they do, and say where people behave otherwise.

    Each choice of people is compared with what a model expects of it after all that they really did and got;
    with --schedule models play the task anew. Prints a sentence for each model and measure, with its size.
    With --out, a table and a figure are written to a folder.
    """

    table: str = option("", TABLE, "Table", name="data", metavar="FILE")
    rivals: tuple[str, ...] = option(
        (),
        f"Judge this rival; {join_words(USUAL)} where neither a rival nor a model is given.",
        name="rival",
        choices=NAMES,
    )
    models: tuple[str, ...] = option(
        (), "Judge equations and network of this model, too.", name="model", choices=MODELS
    )
    way: str = option("group", WAY_WORDS, choices=WAYS)
    schedule: Path | None = option(
        None,
        "CSV file of reward probabilities, a column an option, a row a trial, of all sessions or of one after"
        " the other. With it models play the task anew; without it next choices judge them.",
        metavar="FILE",
    )
    repeats: int = option(100, "Times that each plays the task anew.", low=20)

    @property
    def judged_rivals(self) -> tuple[str, ...]:
        """The rivals that are judged."""
        return self.rivals if self.rivals or self.models else USUAL

    def find_misuses(self, typed: Collection[str]) -> Iterator[str]:
        """Yield a sentence for each option that does not go with the others."""
        yield from needs_table(self.table)
        why = "is for tasks that are played anew (--schedule)"
        yield from describe_misuses(typed, [(self.schedule is None, {"repeats"}, why)])


falsify = study_command("falsify", FalsifyRequest, "spicewidgets.cli.falsify_files")
