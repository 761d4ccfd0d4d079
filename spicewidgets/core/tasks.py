"""Kinds of tasks, declared: the stages of a trial, the states in which one chooses there, their options.

The options of all stages and states are numbered through, and a row of a data set is a stage. Of a task of
several states only the options of the present one are on offer (`DatasetRNN.offered`), so that a value of
each option is one of each stage, state and option, and a bandit is the task of one stage and one state.

A kind is added by one declaration below, and stands in `TASKS`. Its ready model (`models.py`) and its rivals
(`rivals/`) name it; readers of tables, simulations, commands and lists follow the declaration.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from typing import Any

from .mechanism import ParameterSpec
from .mechanisms import ALPHA, BETA, PARAMETERS, LearningFromOthers
from .plugins import load_plugins

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
class TaskSetup:
    """A task to play (`simulate.kinds.task_of`).

    Attributes:
        class_name: of the environment, in `core.simulate`.
        settings: its arguments.
        by: those of these arguments that a setting of `settings.Task` sets, by the name of the setting.
        labels: of its options; those of the kind if empty, and numbers where it has none.
        groups: the options that are offered together, one group in each trial; all in every trial if empty.
        cues: by which a participant knows each group; empty where the options alone tell it.
        people, sessions, trials: how many, of each the sessions and of each the trials, as studies have them.
    """

    class_name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    by: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    groups: tuple[tuple[int, ...], ...] = ()
    cues: tuple[str, ...] = ()
    people: int = 30
    sessions: int = 1
    trials: int = 200


@dataclass(frozen=True)
class TaskKind:
    """A kind of task.

    Attributes:
        name: on the command line, in files, and in `DatasetRNN.task`.
        title: as a heading has it.
        words: what one does in it, in a sentence.
        stages: of a trial, in their order; none of one stage, with as many options as its data.
        transitions: P of each state of the second stage, for each option of the first; empty of one stage.
        own_price: nats that a number of a person's own must gain in a group beyond what its evidence asks.
        model: the ready model that is taken where none is named.
        rival: the ready rival that its models are measured by, and that takes part where one is simulated.
        participant: the parameters of that rival in a simulated participant; where a Q-learner has all of
            them, it is one, with all of its mechanisms, else `Rival.participant`.
        simulation: a task of this kind to play; None where there is none.
        roles: of the columns by which a table is recognised, all of which it has; none of a kind that a table
            is of only where it is said to be.
        options: the names, as `plain` writes them, that the options of such a table have; any if empty.
        keeps_zero: whether 0 is a point of its own, between gains and losses: it is then 0.5 of a data set's
            rewards, and the largest size 0 or 1.
        sees_all: whether what other options paid was seen, where a table tells it.
        shows_offers: whether what was on offer in a trial is an input of models.
        signals: what modules of its models may see beside what those of a bandit do, and what that is.
    """

    name: str
    title: str
    words: str
    stages: tuple[TaskStage, ...] = ()
    transitions: tuple[tuple[float, ...], ...] = ()
    own_price: float = 1.0
    model: str = ""
    rival: str = ""
    participant: tuple[ParameterSpec, ...] = ()
    simulation: TaskSetup | None = None
    roles: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    keeps_zero: bool = False
    sees_all: bool = False
    shows_offers: bool = False
    signals: Mapping[str, str] = field(default_factory=dict)

    def takes(self, name: str) -> bool:
        """Tell whether models and rivals of a kind are for choices of this one: its own, and in a task of one
        stage those of a bandit.

        >>> PAIRS.takes("bandit"), BANDIT.takes("pairs"), TWO_STEP.takes("bandit")
        (True, False, False)
        """
        return name == self.name or (name == BANDIT_NAME and not self.stages)

    @property
    def offers_all(self) -> bool:
        """Tell whether all options are on offer in every trial of a simulation."""
        return not self.stages and (self.simulation is None or not self.simulation.groups)

    @property
    def is_of_q_learners(self) -> bool:
        """Tell whether a Q-learner plays it in simulations.

        >>> PAIRS.is_of_q_learners, GAUSSIAN.is_of_q_learners
        (True, False)
        """
        return all(one.name in PARAMETERS for one in self.participant)

    @cached_property
    def learner(self) -> dict[str, float]:
        """The parameters of its rival in a simulated participant, by the rival's names.

        >>> PAIRS.learner
        {'alpha': 0.3, 'beta': 5.0}
        """
        return {one.short_name: one.default or 0.0 for one in self.participant}

    @property
    def settings(self) -> tuple[str, ...]:
        """Those of `settings.Task` by which it is simulated."""
        return () if self.simulation is None else tuple(self.simulation.by)

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


Q_LEARNER = (ALPHA, replace(BETA, default=5.0))
"""The parameters of a Rescorla-Wagner learner whose choices follow the values."""
BANDIT = TaskKind(
    BANDIT_NAME,
    "Bandit",
    "One of several options is chosen, and pays or does not.",
    model="rescorla-wagner",
    rival="rescorla-wagner",
    participant=Q_LEARNER,
    simulation=TaskSetup("BanditsDrift", {"sigma": 0.2}),
)
HYBRID = (
    *(
        ParameterSpec.share(
            f"alpha{at}",
            f"Learning rate α{letter}, {stage} stage",
            f"α{letter}",
            0.5,
            f"Learning rate of the {stage} stage.",
        )
        for at, stage, letter in ((1, "first", "₁"), (2, "second", "₂"))
    ),
    ParameterSpec.share(
        "eligibility",
        "Eligibility λ",
        "λ",
        0.4,
        "Eligibility: share of the reward's surprise that reaches the first choice.",
        short="lambda",
    ),
    ParameterSpec.share(
        "w",
        "Planning w",
        "w",
        0.5,
        "Weight of planning beside the values that were learned.",
        in_head=True,
    ),
    *(
        ParameterSpec.positive(
            f"beta{at}",
            f"Inverse temperature β{letter}, {stage} stage",
            f"β{letter}",
            default,
            f"Inverse noise temperature of the {stage} stage.",
            in_head=True,
        )
        for at, stage, letter, default in ((1, "first", "₁", 5.0), (2, "second", "₂", 3.0))
    ),
    ParameterSpec.real(
        "stay", "Staying", "stay", 0.5, "Drive to repeat the last first choice; below 0 avoids it."
    ),
)
"""The parameters of the hybrid of planning and learned values (Daw et al. 2011, Neuron 69: 1204)."""
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
    participant=HYBRID,
    simulation=TaskSetup(
        "TwoStep", {"common": 0.7, "sigma": 0.025}, {"common": "common", "walk": "sigma"}, people=50
    ),
    signals={
        "c_value_reached": "the value of the option chosen in the second stage, for every option",
        "c_value_ahead": "the values of the best options where an option of the first stage leads, weighed by"
        " their P",
    },
)
CONTEXTS = TaskKind(
    "contexts",
    "Contexts",
    "Several bandits take turns: a cue says which is on, and each of them is learned by itself.",
    model="contexts",
    rival="rescorla-wagner",
    participant=Q_LEARNER,
    simulation=TaskSetup(
        "BanditsDrift",
        {"sigma": 0.1, "n_actions": 6},
        {"sigma": "sigma"},
        tuple(f"{side} in {cue}" for cue in "ABC" for side in ("left", "right")),
        ((0, 1), (2, 3), (4, 5)),
        ("Cue A", "Cue B", "Cue C"),
        trials=300,
    ),
    roles=("state",),
    shows_offers=True,
    signals={
        "c_state_2": "1 of the options of the second context, else 0",
        "c_state_3": "1 of the options of the third context, else 0",
        "c_state_4": "1 of the options of the fourth context, else 0",
    },
)
PAIRS = TaskKind(
    "pairs",
    "Pairs of stimuli",
    "Two of several stimuli are on offer in a trial, and the one that is taken pays or does not.",
    model="pairs",
    rival="rescorla-wagner",
    participant=Q_LEARNER,
    simulation=TaskSetup(
        "BanditsFixed",
        {"reward_probs": (0.8, 0.6, 0.4, 0.2)},
        labels=("stimulus A", "stimulus B", "stimulus C", "stimulus D"),
        groups=tuple(combinations(range(4), 2)),
    ),
    roles=("offered",),
    shows_offers=True,
)
GAIN_HELP = "How strictly choices follow what is to be gained."
SENSED_HELP = "How strictly choices follow what is to be lost."
BIAS_HELP = "Drive to respond, whatever is shown; below 0 to hold still."
PROMISE = "Weight of what a cue promises on the drive to go."
GO_NO_GO = TaskKind(
    "go-no-go",
    "Go or no-go",
    "A cue is shown, and one responds or does not, to win or to avoid a loss.",
    model="go-no-go",
    rival="pavlovian-go",
    participant=(
        replace(ALPHA, default=0.2),
        ParameterSpec.positive("gain", "Sensitivity to gains", "gain", 4.0, GAIN_HELP),
        ParameterSpec.positive(
            "loss_sensitivity", "Sensitivity to losses", "loss", 4.0, SENSED_HELP, short="loss"
        ),
        ParameterSpec.real("bias", "Bias to go", "bias", 0.3, BIAS_HELP, in_head=True),
        ParameterSpec.real("pavlovian", "Pavlovian weight π", "π", 0.5, PROMISE, in_head=True),
        ParameterSpec.share("lapse", "Lapses", "lapse", 0.02, "Share of choices made by chance."),
    ),
    simulation=TaskSetup(
        "BanditsGraded",
        {
            "amounts": ((0.5, 1.0),) * 2 + ((0.0, 0.5),) * 2 + ((0.5, 1.0),) * 2 + ((0.0, 0.5),) * 2,
            "shares": ((0.8, 0.2), (0.2, 0.8)) * 2 + ((0.2, 0.8), (0.8, 0.2)) * 2,
        },
        labels=tuple(f"{move} at {cue}" for cue in "ABCD" for move in ("no-go", "go")),
        groups=((0, 1), (2, 3), (4, 5), (6, 7)),
        cues=("A: go to win", "B: go to avoid", "C: no-go to win", "D: no-go to avoid"),
        trials=240,
    ),
    roles=("state",),
    options=("nogo", "go"),
    keeps_zero=True,
    shows_offers=True,
    signals={
        "c_go": "1 of the options that are to go, else 0",
        "c_promise": "what the cue has paid of late, -1 to 1, of the options that are to go, else 0",
    },
)
V_HELP = "How strictly choices follow the means, however well these are known."
RU_HELP = "Exploration that is drawn to what is least known; below 0 avoids it."
VTU_HELP = "How strictly choices follow the means, the less the more uncertain all options are."
GAUSSIAN = TaskKind(
    "gaussian",
    "Gaussian bandit",
    "Options pay numbers around a mean of their own, anew in each block: to explore, or to take the best?",
    model="kalman",
    rival="kalman",
    participant=(
        ParameterSpec.real("v", "Weight of means, V", "V", 10.0, V_HELP, most=100, in_head=True),
        ParameterSpec.real("ru", "Weight of uncertainty, RU", "RU", 1.0, RU_HELP, in_head=True),
        ParameterSpec.real(
            "vtu", "Of means by uncertainty, V/TU", "V/TU", 8.0, VTU_HELP, most=100, in_head=True
        ),
    ),
    simulation=TaskSetup("BanditsNormal", labels=("left", "right"), people=44, sessions=20, trials=10),
    signals={
        "c_value": "the value of the option, less 0.5 (V)",
        "c_deviation": "how unsure one is of it: the standard deviation of its mean, 1 at first (RU)",
        "c_value_by_total": "the same value by the root of the summed variances of all options (V/TU)",
    },
)
RHO_HELP = "Power of the size of an outcome: below 1 a large one feels less than its size."
LOSS_HELP = "How much more a loss feels than a gain of its size; 1 of the same."
GAINS_LOSSES = TaskKind(
    "gains-losses",
    "Gains and losses",
    "Options pay gains and losses of several sizes, as the decks of the Iowa gambling task do.",
    model="gains-losses",
    rival="prospect",
    participant=(
        replace(ALPHA, default=0.2),
        ParameterSpec.positive("rho", "Curvature of utility ρ", "ρ", 0.8, RHO_HELP, high=5, in_head=True),
        ParameterSpec.positive(
            "loss_weight", "Loss aversion λ", "λ", 2.0, LOSS_HELP, short="loss", in_head=True
        ),
        replace(BETA, default=4.0),
    ),
    simulation=TaskSetup(
        "BanditsGraded",
        {
            "amounts": ((1.0, 0.0), (1.0, 0.3), (0.6, 0.2), (0.6, 0.45)),
            "shares": ((0.6, 0.4), (0.4, 0.6), (0.65, 0.35), (0.3, 0.7)),
        },
        labels=("deck A", "deck B", "deck C", "deck D"),
    ),
    roles=("reward", "loss"),
    keeps_zero=True,
    signals={"c_loss": "the size of a loss that the option paid, 0 to 1; 0 of a gain"},
)
COUNTERFACTUAL = TaskKind(
    "counterfactual",
    "Counterfactual feedback",
    "What the other options would have paid is seen, too.",
    model="counterfactual",
    rival="counterfactual",
    participant=(
        ALPHA,
        *(replace(one, default=0.2) for one in LearningFromOthers.parameters),
        replace(BETA, default=5.0),
    ),
    simulation=TaskSetup(
        "BanditsDrift",
        {"sigma": 0.1, "n_actions": 2, "counterfactual": True},
        {"sigma": "sigma", "n_actions": "n_actions"},
    ),
    sees_all=True,
)
TASKS: dict[str, TaskKind] = {
    task.name: task
    for task in (
        *(BANDIT, TWO_STEP, CONTEXTS, PAIRS, GO_NO_GO, GAUSSIAN, GAINS_LOSSES),
        COUNTERFACTUAL,
    )
}
TASKS |= {task.name: task for task in load_plugins("tasks", TaskKind, TASKS)}
