"""What runs leave behind: the last result, studies, and a fit that goes step by step."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from ..core.studies.ready import STUDIES
from ..experiment.result import Result
from ..experiment.simulation import Simulated
from ..state.experiment import Experiment
from ..state.graph import ExperimentSnapshot
from .report import log_errors
from .studies import PageStudy

if TYPE_CHECKING:
    from ..core.data.choices import Choices
    from ..core.diagnose.findings import Finding
    from ..experiment.fit import Fit


class Store:
    """Holds what runs leave behind, and tells the experiment of it.

    Args:
        experiment: who is told.
        lock: held meanwhile.

    Attributes:
        result: what the last run found; None before.
        advice: what the coach says of it; None where it has not looked.
        given: sessions of an unknown participant, which are run in place of simulated ones; None without.
        paused: the fit that goes step by step; None without.
        choices: the table that was read last, used or not; None without.
        roles: those that were chosen for it; None where all were guessed.
        studies: those that are done or begun, by their names in `STUDIES`.
    """

    def __init__(self, experiment: Experiment, lock: AbstractContextManager[Any]) -> None:
        self.experiment, self.lock = experiment, lock
        self.result: Result | None = None
        self.advice: tuple[Finding, ...] | None = None
        self.given: Simulated | None = None
        self.paused: Fit | None = None
        self.choices: Choices | None = None
        self.roles: Mapping[str, Any] | None = None
        self.studies: dict[str, PageStudy] = {}

    def hold(self, result: Result, is_new: bool = True) -> None:
        """Make a result the present one; studies of its equations stay where these are not new."""
        run = self.experiment.run
        with self.lock:
            self.result, self.advice = result, None
            if is_new:
                self._drop_studies()
            discovered = None if result.spice is None else result.snapshot
            self._tell(trained=result.snapshot, discovered=discovered)
            with log_errors("What watches the run has failed."):
                run.put(
                    notes=result.notes,
                    history=result.history,
                    live=None,
                    glimpses=(),
                    result_revision=run.result_revision + 1,
                    studied_revision=run.studied_revision + 1,
                )

    def _drop_studies(self) -> None:
        """Drop what was found of the equations before."""
        self.studies = {name: one for name, one in self.studies.items() if not STUDIES[name].is_of_result}
        studied = {name: then for name, then in self.experiment.studied.items() if name in self.studies}
        with log_errors("What watches the experiment has failed."):
            self.experiment.studied = studied

    def advise(self, result: Result, advice: "tuple[Finding, ...]") -> None:
        """Keep what the coach says of the present result; of an earlier one it is too late."""
        if self.result is result:
            self.advice = advice

    def hold_study(self, study: PageStudy) -> None:
        """Make what a study has found so far the present one."""
        study.look()
        run = self.experiment.run
        with self.lock:
            self.studies[study.name] = study
            if study.found is not None:
                with log_errors("What watches the experiment has failed."):
                    self.experiment.studied = {**self.experiment.studied, study.name: study.snapshot}
                with log_errors("What watches the run has failed."):
                    run.put(studied_revision=run.studied_revision + 1)

    def show_studies(self, studies: Mapping[str, PageStudy]) -> None:
        """Make studies that were done earlier the present ones, but for those that were done here."""
        with self.lock:
            own = self.experiment.studied.keys() - self.experiment.stale_because.keys()
            new = {name: one for name, one in studies.items() if name not in own}
            self.studies |= new
            with log_errors("What watches the experiment has failed."):
                studied = {name: one.snapshot for name, one in new.items()}
                self.experiment.studied = {**self.experiment.studied, **studied}
            with log_errors("What watches the run has failed."):
                self.experiment.run.put(studied_revision=self.experiment.run.studied_revision + 1)

    def pause(self, fit: "Fit | None") -> None:
        """Hold a fit that goes step by step, or none."""
        self.paused = fit
        with self.lock:
            self._tell(paused=None if fit is None else fit.snapshot)

    def drop_paused(self) -> None:
        """Give up the fit that goes step by step."""
        if self.paused is not None:
            self.paused.close()
            self.pause(None)

    def forget(self) -> None:
        """Forget the result, the curves and the fit that goes step by step."""
        self.drop_paused()
        self.result = None
        self.studies = {}
        self.experiment.run.forget()
        self.experiment.studied = {}
        self.experiment.trained = self.experiment.discovered = None

    def _tell(self, **values: ExperimentSnapshot | None) -> None:
        with log_errors("What watches the experiment has failed."), self.experiment.refresh_once():
            for name, snapshot in values.items():
                with log_errors("What watches the experiment has failed."):
                    setattr(self.experiment, name, snapshot)
