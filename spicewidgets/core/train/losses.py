"""Which loss a training gets: compiled where the model can be compiled and it pays, else eager."""

from copy import deepcopy

from .compiled.check import check, exact_loss
from .compiled.loss import CompiledLoss
from .objective import EagerLoss, Loss, Sessions
from .rnn import BaseRNN

# Epochs times trials, below which a training is over before it is compiled. Torch takes about the same time
# for a trial of one session and of several hundred; for so many sessions, twice as long.
LEAST_WORK, SESSIONS_OF_DOUBLE_WORK = 10_000, 1500


class Losses:
    """The losses that one training needs: compiled where they can be, else eager.

    Args:
        model: the model; its dropout is set.
        sessions: the training sessions.
        n_steps: trials of each gradient; None for all.
        compiled: whether to compile; "auto" where the training is long enough.
        epochs: the most that are trained.

    Attributes:
        eager: why the training is not compiled; empty where it is.
    """

    def __init__(
        self, model: BaseRNN, sessions: Sessions, n_steps: int | None, compiled: bool | str, epochs: int
    ) -> None:
        self.model = model
        self._losses: dict[tuple[bool, bool, int | None], Loss] = {}
        work = epochs * len(sessions.inputs) * (1 + sessions.n_sessions / SESSIONS_OF_DOUBLE_WORK)
        if compiled == "auto" and work < LEAST_WORK:
            self.eager = "The training is too short to be worth compiling."
        elif not compiled:
            self.eager = "It was asked for (compiled=False)."
        else:
            self.eager = check(model, sessions, n_steps)

    def __call__(self, double: bool = False, judging: bool = False, n_steps: int | None = None) -> Loss:
        """Return the loss that is needed; of each kind there is one.

        Args:
            double: in float64.
            judging: without dropout.
            n_steps: trials of each gradient; None for all.
        """
        key = (double, judging, n_steps)
        if key not in self._losses:
            self._losses[key] = self._eager(double, n_steps) if self.eager else self._compile(*key)
        return self._losses[key]

    def _eager(self, double: bool, n_steps: int | None) -> Loss:
        """In float32 the model itself is run: what it keeps beside its weights is its own affair."""
        return EagerLoss(deepcopy(self.model).double() if double else self.model, n_steps)

    def _compile(self, double: bool, judging: bool, n_steps: int | None) -> Loss:
        exact = exact_loss(self.model, n_steps) if double and not judging else None
        if exact is not None:
            return exact
        model = deepcopy(self.model)
        return CompiledLoss((model.double() if double else model.float()).train(not judging), n_steps)
