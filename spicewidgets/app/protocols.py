"""What panels and the follower ask of the runner: the type of their argument, in place of `Any`."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ..core.data.choices import Choices
    from ..core.diagnose.findings import Finding
    from ..core.equations import SpiceModel
    from ..experiment.result import Result
    from ..experiment.simulation import Simulated
    from ..state.experiment import Experiment
    from .studies import PageStudy
    from .table import Upload


class ExperimentRunner(Protocol):
    """Whoever runs an experiment; `app.runner.Runner` is the one there is.

    Every method that starts or ends something returns at once with whether it did.

    Attributes:
        experiment: whose settings are run.
        foreground: whether a run is over when its method returns.
    """

    experiment: "Experiment"
    foreground: bool

    @property
    def result(self) -> "Result | None":
        """The result of the last run; None before."""

    @property
    def advice(self) -> "tuple[Finding, ...] | None":
        """The coach's findings on the result, each remedy tried; None where it has not looked."""

    @property
    def given(self) -> "Simulated | None":
        """Sessions of an unknown participant, which are run in place of simulated ones; None without."""

    @given.setter
    def given(self, sessions: "Simulated | None") -> None: ...

    @property
    def choices(self) -> "Choices | None":
        """The table that was read last, used or not; None without."""

    @property
    def chosen_roles(self) -> Mapping[str, Any] | None:
        """The roles that were chosen for its columns; None where all were guessed."""

    def read(
        self,
        source: "Upload | Choices",
        roles: Mapping[str, Any] | None = None,
        remedies: Mapping[str, str] | None = None,
    ) -> None:
        """Read a table; `experiment.table` tells how it goes."""

    @property
    def loaded(self) -> bool:
        """Tell whether a run can begin without loading torch."""

    def train(self, shown: bool = True) -> bool:
        """Simulate, train, find the equations and compare; `shown` plays the training back, if wanted."""

    def train_anew(self) -> None:
        """Forget the result and train on the present choices; what runs ends before it."""

    def continue_(self) -> bool:
        """Train on, from where the last run or step ended."""

    def show_again(self) -> bool:
        """Play the last training back."""

    def step(self) -> bool:
        """Train for one epoch."""

    def refit(self) -> bool:
        """Find the equations again, without training."""

    def study(self, name: str) -> bool:
        """Do a study, one of `STUDIES`, or go on with it."""

    @property
    def studies(self) -> "Mapping[str, PageStudy]":
        """The studies that were begun, by name."""

    def stop(self) -> bool:
        """End the run soon, and keep what it has learned."""

    def reset(self) -> bool:
        """Forget the result; the settings stay."""

    def preload(self, then: Callable[[], object] | None = None) -> None:
        """Load torch in the background, and call `then` from there at the end."""

    def truth(self) -> "SpiceModel | None":
        """Return the true equations of the present settings; None where they are not known."""

    def show_recorded(self) -> bool:
        """Show the run of the present settings that comes with the package, if there is one."""

    def recall(self) -> bool:
        """Make the recorded run on show anew, for what only a trained network can answer."""

    def show_run(self) -> bool:
        """Show a run of settings that were taken over as a whole: recorded, or made at once if short."""
