"""How the RNN is trained, and how that is shown."""

from dataclasses import dataclass
from typing import ClassVar

from ..core.settings import Training, setting
from .base import ControlSpec, State, view


@dataclass(frozen=True)
class Practice(Training):
    """`Training`, and how it is looked at."""

    shown: bool = view(setting(True, "Play a short training back in 3 seconds; without, show it at once."))
    log: bool = view(setting(False, "Draw the loss on a logarithmic axis."))
    smoothing: float = view(
        setting(0.0, "Weight of the past in the drawn loss; the raw curve stays pale.", low=0, high=0.95)
    )


class TrainingState(State[Practice]):
    """The training of the RNN."""

    settings = Practice
    looks: ClassVar = {
        "epochs": ControlSpec("Epochs", (1, 2048, 1)),
        "learning_rate": ControlSpec("Learning rate of Adam", (1e-4, 1, 0.1), log=True),
        "optimizer": ControlSpec("Optimizer"),
        "n_starts": ControlSpec("Starts", (1, 32, 1)),
        "batch_size": ControlSpec("Batch", (1, 500, 1)),
        "bagging": ControlSpec("Bagging"),
        "sequence_length": ControlSpec("Window", (2, 200, 1)),
        "n_steps_per_call": ControlSpec("Truncate after", (1, 200, 1)),
        "scheduler": ControlSpec("Learning rate schedule"),
        "l2_weight_decay": ControlSpec("Weight decay", (0, 0.1, 0.001)),
        "dropout": ControlSpec("Dropout", (0, 0.95, 0.05)),
        "convergence_threshold": ControlSpec("Stop below a gain of", (0, 0.01, 0.0001)),
        "shown": ControlSpec("Show the training"),
        "log": ControlSpec("Logarithmic loss"),
        "smoothing": ControlSpec("Smoothing", (0, 0.95, 0.05)),
    }

    def find_problems(self) -> list[str]:
        """As in every state; L-BFGS also needs a loss that is the same at each call."""
        problems = super().find_problems()
        if problems or self.optimizer != "lbfgs":
            return problems
        random = self.bagging or self.scheduler or self.dropout or self.batch_size or self.n_steps_per_call
        if not random:
            return []
        return [
            "optimizer lbfgs needs the whole data set at each step, without dropout, bagging, batches,"
            " schedule or truncation; got one of these. Leave it out, or choose auto or adam."
        ]
