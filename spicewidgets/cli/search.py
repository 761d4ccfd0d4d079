"""`spicewidgets search`: its options, and what they are of the study of search."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from ..core.studies.search_study import SearchSettings, SearchStudy
from ..core.studies.source import Source
from ..core.studies.study import Study
from .options import useless_options
from .study import DeclaredRequest, declared_option, option, study_command

if TYPE_CHECKING:
    from ..core.data.choices import Choices


@dataclass(frozen=True, kw_only=True)
class SearchRequest(DeclaredRequest):
    """The user's choices, checked; fields say what they are."""

    about: ClassVar = f"""{SearchStudy.about}

    Prints the path of the search and the equation. Ctrl-C ends it and shows what is there. With --out, all is
    written to a folder, and the same command goes on where it was ended.
    """
    study: ClassVar[type[Study]] = SearchStudy

    test_data: str = option(
        "",
        "Table of later choices of the same people: how likely each model makes them.",
        "Table",
        metavar="FILE",
    )
    ceiling: bool = option(
        False, "Whether networks without structure predict the test data, too: how much can be predicted."
    )
    n_numbers: int = declared_option(SearchSettings, "n_numbers")

    def source(self, choices: "Choices | None") -> Source:
        """Return the choices, and where the search is kept."""
        folder = None if self.out is None else self.out / "parts"
        return replace(super().source(choices), folder=folder)

    def find_misuses(self, typed: Collection[str]) -> Iterator[str]:
        """Yield a sentence for each option that does not go with the others."""
        yield from super().find_misuses(typed)
        if not self.test_data:
            yield from useless_options(typed, {"ceiling"}, "predicts test data, and no --test-data names any")


search = study_command("search", SearchRequest, "spicewidgets.cli.searching")
