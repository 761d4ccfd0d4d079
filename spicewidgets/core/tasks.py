"""Kinds of tasks, declared: the stages of a trial, the states in which one chooses there, their options.

The options of all stages and states are numbered through, and a row of a data set is a stage. Of a task of
several states only the options of the present one are on offer (`DatasetRNN.offered`), so that a value of
each option is one of each stage, state and option, and a bandit is the task of one stage and one state.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

BANDIT_NAME = "bandit"


@dataclass(frozen=True)
class TaskStage:
    """A choice within a trial.

    Attributes:
        name: in tables and pictures.
        states: the labels of the options of each state in which one may be here.
        has_outcome: whether the choice is followed by an outcome; its rewards are -1 (unseen) otherwise.
    """

    name: str
    states: tuple[tuple[str, ...], ...]
    has_outcome: bool = True


@dataclass(frozen=True)
class TaskKind:
    """A kind of task.

    Attributes:
        name: on the command line, in files, and in `DatasetRNN.task`.
        title: as a heading has it.
        words: what one does in it, in a sentence.
        stages: of a trial, in their order; none of a bandit, which has as many options as its data.
        transitions: P of each state of the second stage, for each option of the first; empty of one stage.
        own_price: nats that a number of a person's own must gain in a group beyond what its evidence asks.
        model: the ready model that is taken where none is named.
        rival: the ready rival that its models are measured by.
    """

    name: str
    title: str
    words: str
    stages: tuple[TaskStage, ...] = ()
    transitions: tuple[tuple[float, ...], ...] = ()
    own_price: float = 1.0
    model: str = ""
    rival: str = ""

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The label of each option."""
        return tuple(label for stage in self.stages for state in stage.states for label in state)

    @property
    def n_options(self) -> int:
        """Number of options of all stages and states; 0 of a bandit, which has as many as its data."""
        return len(self.labels)

    @cached_property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The options that are on offer together: those of each state, stage by stage.

        >>> TWO_STEP.groups
        ((0, 1), (2, 3), (4, 5))
        """
        groups, first = [], 0
        for stage in self.stages:
            for state in stage.states:
                groups.append(tuple(range(first, first + len(state))))
                first += len(state)
        return tuple(groups)

    @cached_property
    def stage_of(self) -> tuple[int, ...]:
        """The stage of each option, from 0.

        >>> TWO_STEP.stage_of
        (0, 0, 1, 1, 1, 1)
        """
        return tuple(at for at, stage in enumerate(self.stages) for state in stage.states for _ in state)

    def groups_of(self, stage: int) -> tuple[tuple[int, ...], ...]:
        """Return the options of each state of a stage."""
        return tuple(group for group in self.groups if self.stage_of[group[0]] == stage)

    def options_of(self, stage: int) -> tuple[int, ...]:
        """Return the options of a stage."""
        return tuple(option for option, own in enumerate(self.stage_of) if own == stage)

    @property
    def unpaid(self) -> tuple[int, ...]:
        """The options whose choice is followed by no outcome.

        >>> TWO_STEP.unpaid
        (0, 1)
        """
        return tuple(at for at, own in enumerate(self.stage_of) if not self.stages[own].has_outcome)

    @cached_property
    def beside(self) -> tuple[tuple[int, ...], ...]:
        """The options that are on offer with each option, itself among them."""
        return tuple(group for group in self.groups for _ in group)

    @cached_property
    def successors(self) -> tuple[tuple[tuple[float, tuple[int, ...]], ...], ...]:
        """Where each option of the first stage leads: P of a state, and the options there.

        >>> TWO_STEP.successors[1]
        ((0.3, (2, 3)), (0.7, (4, 5)))
        """
        groups = self.groups_of(1)
        return tuple(tuple(zip(row, groups, strict=True)) for row in self.transitions)


BANDIT = TaskKind(
    BANDIT_NAME,
    "Bandit",
    "One of several options is chosen, and pays or does not.",
    model="rescorla-wagner",
    rival="rescorla-wagner",
)
TWO_STEP = TaskKind(
    "two-step",
    "Two-step task",
    "A first choice leads, commonly or rarely, to one of two states; a second one there pays or does not.",
    (
        TaskStage("first stage", (("first", "second"),), has_outcome=False),
        TaskStage(
            "second stage",
            (("first in state 0", "second in state 0"), ("first in state 1", "second in state 1")),
        ),
    ),
    ((0.7, 0.3), (0.3, 0.7)),
    own_price=0.0,
    model="two-step",
    rival="hybrid",
)
TASKS: Mapping[str, TaskKind] = {task.name: task for task in (BANDIT, TWO_STEP)}
