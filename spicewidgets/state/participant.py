"""The simulated participant, and how much sessions or participants differ."""

from dataclasses import dataclass
from typing import ClassVar

from traitlets import Bool

from ..core.settings import Participant, setting
from .base import Change, ControlSpec, State


@dataclass(frozen=True)
class Person(Participant):
    """The participant, with a variation from one participant to the next, or between the sessions of one."""

    variation: float = setting(
        0.0,
        "Standard deviation of every rate and beta between participants, or between the sessions of one.",
        unit="of the mean",
        low=0,
        high=1,
    )


class ParticipantState(State[Person]):
    """The Q-learner who makes the choices.

    Attributes:
        linked: whether alpha_penalty is the same as alpha_reward, and then None; either may be set.
    """

    settings = Person
    looks: ClassVar = {
        "alpha_reward": ControlSpec("Learning rate α", (0, 1, 0.01)),
        "alpha_penalty": ControlSpec("α after no reward", (0, 1, 0.01)),
        "beta_reward": ControlSpec("Inverse temperature β", (0, 20, 0.1)),
        "q0": ControlSpec("First value q₀", (-1, 2, 0.05)),
        "forget_rate": ControlSpec("Forgetting", (0, 1, 0.01)),
        "beta_choice": ControlSpec("Choice kernel β", (-5, 5, 0.1)),
        "alpha_choice": ControlSpec("Choice kernel α", (0, 1, 0.01)),
        "alpha_counterfactual_reward": ControlSpec("Counterfactual α, reward", (0, 1, 0.01)),
        "alpha_counterfactual_penalty": ControlSpec("Counterfactual α, no reward", (0, 1, 0.01)),
        "variation": ControlSpec("Variation", (0, 1, 0.01)),
    }
    linked = Bool(True, help="Whether the learning rate is the same after reward and after no reward.").tag(
        label="One α for both"
    )

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self.observe(self._follow, ["alpha_penalty"])
        self.observe(self._link, ["linked"])
        self.linked = self.alpha_penalty is None

    def _follow(self, change: Change) -> None:
        self.linked = self.alpha_penalty is None

    def _link(self, change: Change) -> None:
        if self.linked:
            self.alpha_penalty = None
        elif self.alpha_penalty is None:
            self.alpha_penalty = self.alpha_reward
        self._follow(change)  # where a lesson holds alpha_penalty, it has stayed
