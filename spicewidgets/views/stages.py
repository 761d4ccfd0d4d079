"""A session of a kind of task, as pictures show it: of a task of stages the trials of one stage, between
whose options one chooses there; where not all options are on offer, the trials in which one of them is. A
bandit's session is as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.settings import BANDITS, Task
from ..core.simulate.agents import softmax
from ..core.simulate.environments import Payoff
from ..core.simulate.kinds import make_environment
from ..core.simulate.record import Floats, Record
from ..core.tasks import BANDIT, TASKS, TaskKind
from ..experiment.result import Result
from ..experiment.simulation import preview
from ..state.graph import ExperimentSnapshot

Ints = NDArray[np.int64]
OUTCOMES = "rewarded", "not rewarded"


def kind_of_choices(snapshot: ExperimentSnapshot) -> TaskKind:
    """Return the kind of task that the choices are of."""
    return TASKS[snapshot.choices_of]


def is_of_bandit(snapshot: ExperimentSnapshot) -> bool:
    """Tell whether the choices are of a bandit."""
    return kind_of_choices(snapshot) is BANDIT


def task_settings(snapshot: ExperimentSnapshot) -> tuple[str, ...]:
    """List the settings of the task that are of its kind: of bandits those that no task of stages has."""
    if snapshot.task.kind not in BANDITS:
        return ("kind", *snapshot.task.declaration.settings)
    others = {name for kind in TASKS.values() if kind.stages for name in kind.settings}
    return tuple(it.name for it in fields(Task) if it.name not in others)


class SessionFigure(Protocol):
    """A figure of a session, as `plots.figures.SessionView` is."""

    options: Sequence[str]
    middle: float
    outcomes: tuple[str, str]
    when: str


class StageView(NamedTuple):
    """Sessions at one stage.

    Attributes:
        played: by label; P is among the options that are on offer with one another, whether they are or not.
        choices: `(..., n_trials)`, options counted from the first of the stage; -1 where none is known.
        rewards: of these choices; of a stage without an outcome, those at the end of its trials.
        arm: the option that is shown, counted likewise.
        options: their names.
        stage: which it is, from 0.
        n_stages: rows of a trial.
        rows: of the session, that are shown, `(..., n_trials)`, where these are chosen by what is on offer.
        middle: a reward above it is a good one.
        outcomes: what a good one is called, and another.
        when: which trials are shown, where not all are; in words.
    """

    played: Mapping[str, Record]
    choices: Ints
    rewards: Floats
    arm: int
    options: tuple[str, ...]
    stage: int = 0
    n_stages: int = 1
    rows: Ints | None = None
    middle: float = 0.0
    outcomes: tuple[str, str] = OUTCOMES
    when: str = ""

    def describe_to(self, figure: SessionFigure) -> None:
        """Tell a figure of a session what its options, outcomes and trials are."""
        figure.options, figure.middle = self.options, self.middle
        figure.outcomes, figure.when = self.outcomes, self.when

    def place_of(self, row: int, session: int) -> int | None:
        """Return the place of a row among the trials that are shown; None where it is not among them."""
        if self.rows is None:
            return row // self.n_stages
        shown = np.flatnonzero((self.rows[session] == row) & (self.choices[session] >= 0))
        return int(shown[0]) if len(shown) else None


def at_stage(
    snapshot: ExperimentSnapshot, played: Mapping[str, Record], choices: Ints, rewards: Floats, arm: int
) -> StageView:
    """Return sessions at the stage of an option.

    Args:
        snapshot: whose choices they are.
        played: by label, of all sessions or of one.
        choices: `(..., n_rows)`, a row a stage.
        rewards: of these choices.
        arm: an option of that stage.
    """
    kind, options = kind_of_choices(snapshot), snapshot.options
    if not kind.stages:
        middle = 0.0 if kind is BANDIT else 0.5
        view = StageView(
            played, choices, rewards, arm, options, middle=middle, outcomes=_outcomes(kind, rewards)
        )
        return _where_on_offer(view) if kind.shows_offers and played else view
    stage, n = kind.stage_of[arm], len(kind.stages)
    own = list(kind.options_of(stage))
    rows = np.asarray(choices)[..., stage::n]
    return StageView(
        {label: _rows_of(record, kind, stage, own) for label, record in played.items()},
        np.where(rows >= own[0], rows - own[0], -1),
        np.asarray(rewards)[..., stage if kind.stages[stage].has_outcome else n - 1 :: n],
        own.index(arm),
        tuple(options[option] for option in own),
        stage,
        n,
    )


def _where_on_offer(view: StageView) -> StageView:
    """Keep the trials in which the option is on offer, and the options that are on offer beside it."""
    n = view.choices.shape[-1]
    p = next(iter(view.played.values())).probabilities[..., :n, :]
    untold = (p > 0).all(-1)  # where it is not known what was on offer: before the first choice
    here = (p[..., view.arm] > 0) & (~untold | untold.all())
    rows = np.argsort(~here, axis=-1, kind="stable")
    kept = np.take_along_axis(here, rows, -1)
    own = np.flatnonzero((p[here] > 0).any(0))

    def part(values: Floats) -> Floats:
        ordered = np.take_along_axis(np.asarray(values)[..., :n, :], rows[..., None], -2)[..., own]
        return np.where(kept[..., None], ordered, np.nan)

    played = {
        label: replace(
            record,
            probabilities=part(record.probabilities),
            q=part(record.q),
            states={name: part(values) for name, values in record.states.items()},
            reward_probs=None,
            offered=None,
        )
        for label, record in view.played.items()
    }
    choices = np.take_along_axis(np.asarray(view.choices), rows, -1)
    return view._replace(
        played=played,
        choices=np.where(kept & (choices >= 0), np.searchsorted(own, choices), -1),
        rewards=np.take_along_axis(np.asarray(view.rewards), rows, -1),
        arm=int(np.searchsorted(own, view.arm)),
        options=tuple(view.options[option] for option in own),
        rows=rows,
        when="where it is on offer",
    )


def _outcomes(kind: TaskKind, rewards: Floats) -> tuple[str, str]:
    """Name an outcome above the middle, and another."""
    if kind.keeps_zero:
        return "gain", "no gain"
    is_graded = kind is not BANDIT and not np.isin(rewards[np.isfinite(rewards)], (-1, 0, 1)).all()
    return ("above 0.5", "at most 0.5") if is_graded else OUTCOMES


def _rows_of(record: Record, kind: TaskKind, stage: int, own: list[int]) -> Record:
    """Keep the rows and options of a stage; what is of single choices stays."""
    n = len(kind.stages)

    def part(values: Floats) -> Floats:
        rows: Floats = np.asarray(values)[..., stage::n, :][..., own]
        return rows

    q = part(record.q)
    probabilities = np.full(q.shape, np.nan)
    for group in kind.groups_of(stage):
        at = [own.index(option) for option in group]
        probabilities[..., at] = softmax(q[..., at])
    states = {name: part(values) for name, values in record.states.items()}
    acting = {name: values for name, values in states.items() if np.any(values)}
    return replace(record, probabilities=probabilities, q=q, states=acting, reward_probs=None, offered=None)


def reward_chances(snapshot: ExperimentSnapshot, session: int) -> tuple[Floats, tuple[int, ...]]:
    """Return the reward probabilities of a simulated session, trial by trial, and the options that they are
    of: `(n_trials, n_paid_options)`.
    """
    kind, probs = kind_of_choices(snapshot), preview(snapshot, session).reward_probs
    assert probs is not None  # the tasks of the explorer know them
    paid = tuple(option for option in range(probs.shape[-1]) if option not in kind.unpaid)
    n = max(len(kind.stages), 1)
    return probs[n - 1 :: n, paid], paid


def task_payoffs(snapshot: ExperimentSnapshot, session: int) -> tuple[Payoff, ...]:
    """Return what each option pays in a simulated session; empty of bandits, and where that changes."""
    if not snapshot.is_simulated or snapshot.task.kind in BANDITS:
        return ()
    task, means = make_environment(snapshot.task), preview(snapshot, session).reward_probs
    assert means is not None
    task.reward_probs = means[0]
    payoffs: tuple[Payoff, ...] = task.payoffs
    return payoffs


def task_boxes(snapshot: ExperimentSnapshot) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return what is on offer together in the simulated task of another kind than a bandit: a title, and the
    options; several groups that share options are one box.
    """
    setup = snapshot.task.declaration.simulation
    if setup is None or not snapshot.is_simulated or snapshot.task.kind in BANDITS:
        return ()
    everything = tuple(range(len(snapshot.options)))
    if setup.cues:
        return tuple(zip(setup.cues, setup.groups, strict=True))
    if setup.groups:
        return ((f"{len(setup.groups[0])} of these are on offer in a trial", everything),)
    return (("In each trial one is chosen", everything),)


def task_transitions(snapshot: ExperimentSnapshot) -> tuple[tuple[float, ...], ...]:
    """Return P of each state of the second stage, for each option of the first, as it is simulated; of a
    table, as the kind of its task declares it.
    """
    kind = kind_of_choices(snapshot)
    if not snapshot.is_simulated or not kind.transitions:
        return kind.transitions
    common = snapshot.task.common
    return tuple(tuple(common if p == max(row) else 1 - common for p in row) for row in kind.transitions)


def names_of(result: Result) -> dict[str, str]:
    """Name the rival of a table, by its label among those who play."""
    return {} if result.rival is None else {"classical": result.rival.rival.label}


def name_of_row(snapshot: ExperimentSnapshot, row: int) -> str:
    """Name a row: its trial, and the stage where there are several."""
    stages = kind_of_choices(snapshot).stages
    if not stages:
        return f"Trial {row}"
    return f"Trial {row // len(stages)}, {stages[row % len(stages)].name}"


def has_outcome(snapshot: ExperimentSnapshot, row: int) -> bool:
    """Tell whether the choice of a row is followed by an outcome."""
    stages = kind_of_choices(snapshot).stages
    return not stages or stages[row % len(stages)].has_outcome
