"""Staying in a two-step task, for a picture: of a simulated participant at once, of the people of a table."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from ..core.settings import LEVEL
from ..core.simulate.record import Floats, Record
from ..core.tasks import TWO_STEP
from ..experiment.result import Result
from ..experiment.simulation import first_sessions, simulate
from ..loading import later
from ..state.graph import ExperimentSnapshot

if TYPE_CHECKING:
    from ..core.judge import staying
    from ..core.studies import staying_study
    from ..core.studies.staying_study import StayingResult
else:
    staying_study = later("..core.studies.staying_study", __package__)
    staying = later("..core.judge.staying", __package__)


class StayPicture(NamedTuple):
    """P of staying after common and rewarded, common and not, rare and rewarded, rare and not; `(4,)` each.

    Attributes:
        mean, low, high: over sessions, with an interval (`LEVEL`).
        expected: by the participant.
        n_sessions: that were played.
    """

    mean: Floats
    low: Floats
    high: Floats
    expected: Floats
    n_sessions: int


def simulated_staying(snapshot: ExperimentSnapshot) -> StayPicture | None:
    """Return how often the simulated participant stays, in the first sessions of the data set; None of
    another kind of task.
    """
    is_known = snapshot.is_simulated and snapshot.choices_of == TWO_STEP.name
    return _staying(first_sessions(snapshot)) if is_known else None


@lru_cache(maxsize=2)
def _staying(record: Record) -> StayPicture:
    bars = staying.Staying.of_sessions(record).means()
    return StayPicture(*bars, staying.expected_staying(record), len(record.choices))


def asks_for_staying(snapshot: ExperimentSnapshot) -> bool:
    """Tell whether there are people whose staying can be told."""
    return snapshot.choices_of == TWO_STEP.name and (snapshot.n_participants > 1 or not snapshot.is_simulated)


def staying_of(snapshot: ExperimentSnapshot) -> "StayingResult":
    """Return how often the people of a two-step task stay, as the study of it has it."""
    contents = snapshot.table.contents
    dataset = simulate(snapshot).dataset if contents is None else contents.choices.dataset
    return staying_study.StayingResult(staying.Staying.of(dataset), LEVEL)


@lru_cache(maxsize=2)
def expected_by(result: Result) -> Mapping[str, Floats]:
    """Return P of staying that truth, rival, network and equations expect of these choices, `(4,)` each."""
    return {name: staying.expected_staying(record) for name, record in result.played.items()}
