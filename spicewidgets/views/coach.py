"""The coach of the page: what was noticed in a run, and what a trial has shown to do better.

The findings are those of `core.diagnose`, which a script has too. Here a remedy may also make other data, and
is tried as the run that it would be.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.diagnose.facts import Facts
from ..core.diagnose.findings import Finding, findings_of
from ..core.diagnose.trial import keep_confirmed
from ..core.rivals.ready import rivals_for
from ..experiment.result import Result
from ..loading import later
from ..state.graph import ExperimentSnapshot
from .facts import facts_of

if TYPE_CHECKING:
    from ..core.diagnose import diagnosis
else:
    diagnosis = later("..core.diagnose.diagnosis", __package__)

__all__ = ["Finding", "advice", "apply_remedy", "findings", "quick", "rivals_of"]


def findings(result: Result) -> tuple[Finding, ...]:
    """All that is noticed in a run, the most important first, with remedies that were not tried."""
    return findings_of(facts_of(result))


def rivals_of(result: Result, wanted: Callable[[], bool]) -> Iterator[tuple[str, float]]:
    """Weigh the rivals by the choices of a run whose truth is not known, one after the other while that is
    wanted; they are kept with the choices. None for very many choices, which would take long.
    """
    if result.truth is not None or result.data.dataset.target_mask.sum() > diagnosis.MANY_CHOICES:
        return
    for name in rivals_for(result.data.dataset.task):
        if not wanted():
            return
        if name not in result.data.rivals:
            result.data.rivals[name] = diagnosis.evidence_of_rival(name, result.data.dataset)
        yield name, result.data.rivals[name]


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

    def try_remedy(finding: Finding) -> Facts | None:
        settings = apply_remedy(result.snapshot, finding)
        other = None if settings is None else run(settings, finding.action)
        return None if other is None else facts_of(other)

    return tuple(keep_confirmed(facts_of(result), noticed, try_remedy))


def apply_remedy(snapshot: ExperimentSnapshot, finding: Finding) -> ExperimentSnapshot | None:
    """Return the settings with what a remedy changes; None where these cannot be."""
    groups = {group: replace(getattr(snapshot, group), **values) for group, values in finding.changes.items()}
    return None if any(one.problems() for one in groups.values()) else replace(snapshot, **groups)
