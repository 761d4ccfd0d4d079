"""The report as a study: all that others find of the same choices, written up.

Importing this loads nothing heavy.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..progress import Progress
from ..settings import Settings
from .comparison_study import ComparisonStudy
from .source import Source
from .study import Study, StudyResult

WHOLE = 100  # parts of the work


@dataclass(frozen=True)
class ReportSettings(Settings):
    """The settings of the studies that a report is of, by group; each is checked with its group."""

    groups: Mapping[str, Any] = field(default_factory=dict)


class ReportStudy(Study):
    """All that is found of the choices, one after the other; whoever gives these says how it is written."""

    name = "report"
    title = "Report: what may be claimed?"
    about = (
        "Methods and results of the choices on the page, with every number from the run: the claims that one"
        " may want to make, the tests that could break them, the simplest rival, and what was checked."
    )
    word = "Write the report"
    again = "Write it again."
    tip = "Do all that a report needs; it can be stopped"
    noun = "parts of the work"
    is_further = False
    has_command = False
    trains = True
    settings_class: ClassVar = ReportSettings

    def __init__(self, settings: Settings, source: Source) -> None:
        super().__init__(settings, source)
        self._inquiry: Any = None
        self._kept: Any = None  # a report that was written earlier
        self._written: Any = None  # the last, ...
        self._of: tuple[Any, bool] = None, False  # ... and the findings that it is of, whole or not

    @classmethod
    def of(cls, studies: Iterable[type[Study]]) -> type[Study]:
        """Return the report of some studies: those of every task that have a command of their own."""
        own = [one.groups() for one in studies if one.has_command and not one.tasks]
        groups = {name: kind for each in own for name, kind in each.items()}
        return type(cls.__name__, (cls,), {"shared": groups})

    @classmethod
    def settings_from(cls, group: Callable[[str], Settings]) -> Settings:
        """Return the settings by their groups."""
        return ReportSettings({name: group(name) for name in cls.groups()})

    @classmethod
    def describe_obstacle(cls, settings: Any, people: int, sessions: int) -> str:
        """Say why choices cannot be held out, which a report begins with."""
        return ComparisonStudy.describe_obstacle(settings.groups[ComparisonStudy.name], people, sessions)

    @property
    def names(self) -> Sequence[Any]:
        """Hundredths of the work."""
        return range(WHOLE)

    def take(self, before: Study) -> None:
        """Take nothing over: a report is found in one go."""

    def steps(self) -> Generator[Progress, None, None]:
        """Do all that the report needs."""
        assert self.source.inquire is not None
        self._inquiry = self.source.inquire(self.settings)
        for progress in self._inquiry.run():
            self.parts |= dict.fromkeys(range(round(WHOLE * progress.done / max(progress.total, 1))))
            yield progress

    def result(self) -> Any:
        """Return what can be written so far, the same as long as nothing is added."""
        if self._inquiry is None:
            return self._kept
        assert self.source.write is not None
        findings, is_whole = self._inquiry.findings, len(self.parts) == WHOLE
        if self._of[0] is not findings or self._of[1] != is_whole:
            self._of = findings, is_whole
            self._written = self.source.write(findings, is_whole)
        written: StudyResult = self._written
        return written

    @property
    def has_result(self) -> bool:
        """Tells whether anything can be written yet."""
        return self._kept is not None or (self._inquiry is not None and self._inquiry.findings is not None)

    def to_data(self) -> Any:
        """Return the report as it is written, without what it is of."""
        written: Any = self.result()
        return written.keep()

    def take_data(self, data: Any) -> None:
        """As in every study."""
        self._kept = data
        self.parts |= dict.fromkeys(self.names)

    def describe(self) -> str:
        """Say that it can be saved, or what it lacks."""
        return self.end_state

    @property
    def end_state(self) -> str:
        """Its state, once nothing of it is under way."""
        if len(self.parts) == WHOLE:
            return "The report can be saved."
        if not self.has_result:
            return "Stopped before anything could be told."
        return f"Stopped after {len(self.parts)} % of the work; the report says what it lacks."
