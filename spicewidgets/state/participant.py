"""The simulated participant, and how much sessions or participants differ."""

from dataclasses import dataclass
from typing import ClassVar

from traitlets import Bool

from ..core.mechanisms import PARAMETERS
from ..core.settings import Participant, setting
from ..core.tasks import TASKS
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
    """The participant who makes the choices: a Q-learner, or the learner of another kind of task.

    Attributes:
        linked: whether alpha_penalty is the same as alpha_reward, and then None; either may be set.
    """

    settings = Person
    looks: ClassVar = {
        **{name: ControlSpec(one.label, one.slider) for name, one in PARAMETERS.items()},
        **{
            one.name: ControlSpec(one.label, one.slider)
            for kind in TASKS.values()
            for one in kind.participant
        },
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
