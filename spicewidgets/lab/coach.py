"""The coach of the page: what was noticed in a run, and what a trial has shown to do better.

The findings are those of `core.diagnose`, which a script has too. Here a remedy may also make other data, and
is tried as the run that it would be.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from ..core.diagnose.facts import Facts
from ..core.diagnose.findings import Finding, findings_of
from ..core.diagnose.trial import proved
from ..state.experiment import ExperimentSnapshot
from .facts import facts_of
from .result import Result

__all__ = ["Finding", "advice", "changed", "findings", "quick"]


def findings(result: Result) -> tuple[Finding, ...]:
    """All that is noticed in a run, the most important first, with remedies that were not tried."""
    return findings_of(facts_of(result))


def quick(noticed: Iterable[Finding], before: Iterable[Finding]) -> Iterator[Finding]:
    """Keep only such remedies to try as take as long as a change of the library; findings whose remedies
    train, or pool people, stay as they were before.
    """
    known = {one.kind: one for one in before}
    for one in noticed:
        if one.action == "refit" and "pooling" not in one.changes.get("discovery", {}):
            yield one
        elif one.kind in known:
            yield known[one.kind]
        elif one.is_fault:
            yield one.without_remedy()


def advice(
    result: Result, noticed: tuple[Finding, ...], run: Callable[[ExperimentSnapshot, str], Result | None]
) -> tuple[Finding, ...]:
    """Return the findings on a run, each remedy only if a trial of it has helped.

    Args:
        result: of the run.
        noticed: what is to be tried; what was tried already stays.
        run: makes the result of other settings by "train", "continue" or "refit"; gives None where it was
            stopped.
    """

    def tried(finding: Finding) -> Facts | None:
        settings = changed(result.snapshot, finding)
        other = None if settings is None else run(settings, finding.action)
        return None if other is None else facts_of(other)

    return tuple(proved(facts_of(result), noticed, tried))


def changed(snapshot: ExperimentSnapshot, finding: Finding) -> ExperimentSnapshot | None:
    """The settings with what a remedy changes; None where these cannot be."""
    groups = {group: replace(getattr(snapshot, group), **values) for group, values in finding.changes.items()}
    return None if any(one.problems() for one in groups.values()) else replace(snapshot, **groups)
