"""From a table and the roles of its columns to trials. What could be read in two ways is a problem with
remedies, of which one is taken, in the open.
"""

from collections.abc import Callable, Generator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from ...checks import raise_if_any
from ...settings import SettingsError
from .kinds import tell_kind
from .options import code_choices, look_at_offers
from .reading import Table
from .recognise import Recognised
from .report import Option, Report
from .rewards import code_rewards
from .rows import Rows, size_problem
from .separated import RowsRead
from .sessions import look_at_people, tell_sessions_apart
from .two_step import code_stages, interleave_stages
from .unused import leave_out_other_rows, leave_out_repeated_rows
from .work import Codes, ExaminationContext

LARGEST_INPUT = 1e30  # float32 ends at 3.4e38


class Examined(NamedTuple):
    """The result of an examination.

    Attributes:
        rows: the trials, in the order of the data set.
        places: `(n_trials,)` the row of the table of each trial.
        report: what was read and done.
    """

    rows: Rows
    places: Codes
    report: Report


def examine(
    table: Table, recognised: Recognised, remedies: Mapping[str, str] | None = None
) -> Generator[RowsRead, None, Examined]:
    """Return the trials of a table, with a record before each step; they are the generator's value.

    Raises:
        SettingsError: with a sentence for what no remedy helps against.
    """
    work = ExaminationContext(table, recognised, remedies)
    for number, (words, step) in enumerate(STEPS.items()):
        yield RowsRead(0.6 + 0.35 * number / len(STEPS), words)
        step(work)
        if not work.used.any():
            reasons = "; ".join(f"{it.reason}: {it.where.n:,} rows" for it in work.list_unused())
            raise SettingsError([f"No row is left to use ({reasons}). Choose other remedies or roles."])
    rows, places = in_order(work)
    if work.stages is not None:
        rows, places = interleave_stages(work, work.stages, rows, places)
    return Examined(rows, places, _report(work, rows))


def code_inputs(work: ExaminationContext) -> None:
    """Code `inputs`: text becomes numbers in order of appearance."""
    columns = [work.table.column(name) for name in work.roles.inputs]
    parts = [column.numbers if column.numeric else column.codes.astype(float) for column in columns]
    work.inputs = np.stack(parts, axis=1) if parts else np.empty((len(work.table), 0))
    usable = np.abs(work.inputs) <= LARGEST_INPUT
    lacking = ~usable.all(axis=1) & (work.arms >= 0)
    words = f"Choices without a number of {', '.join(work.roles.inputs)}"
    if work.decide("missing_inputs", lacking, words, "missing") == "leave_out":
        work.leave_out(lacking, "an input that is no number")
    work.arms = np.where(lacking, -1, work.arms)
    work.inputs = np.where(usable, work.inputs, -1.0)


def _code_choices(work: ExaminationContext) -> None:
    """Code the choices of each stage, once the kind of task is known."""
    tell_kind(work)
    if work.roles.second_choice is not None:
        code_stages(work, work.roles.second_choice)
    else:
        code_choices(work)


STEPS: Mapping[str, Callable[[ExaminationContext], None]] = {
    "Looking for rows that are no trials": leave_out_other_rows,
    "Looking for repeated rows": leave_out_repeated_rows,
    "Telling people and sessions apart": tell_sessions_apart,
    "Coding the choices": _code_choices,
    "Looking at what was on offer": look_at_offers,
    "Coding the rewards": code_rewards,
    "Coding inputs": code_inputs,
    "Looking at the people": look_at_people,
}


def in_order(work: ExaminationContext) -> tuple[Rows, Codes]:
    """Return the used rows, people in order of appearance, and the sessions of each."""
    used = np.flatnonzero(work.used)
    person, people = pd.factorize(work.person[used])
    session = pd.factorize(work.session[used])[0]
    first = np.zeros(int(session.max()) + 1, dtype=np.int64)
    first[session[::-1]] = person[::-1]
    rank = np.empty_like(first)
    rank[np.lexsort((np.arange(len(first)), first))] = np.arange(len(first))
    order = np.lexsort((work.time[used], rank[session]))
    places, session = used[order], rank[session][order]
    trial = pd.Series(session).groupby(session).cumcount().to_numpy()
    raise_if_any([size_problem(session, trial)])
    blocks = np.zeros((len(places), 2 if work.roles.inputs else 0))
    rows = Rows(
        arms=work.arms[places],
        rewards=work.rewards[places],
        inputs=work.inputs[places],
        ids=np.concatenate([blocks, person[order].astype(float)[:, None]], axis=1),
        session=session,
        trial=trial,
        n_actions=len(work.options),
        arm_labels=tuple(work.options),
        participants=[work.people[code] for code in people],
        reward_range=(work.scale.low, work.scale.high),
        reward_zero=-work.scale.offset / work.scale.scale,
        offered=None if work.offered is None else work.offered[places],
        task=work.task.name,
    )
    return rows, places


def _report(work: ExaminationContext, rows: Rows) -> Report:
    lengths = np.bincount(rows.session) // (1 if work.stages is None else len(work.task.stages))
    left_out, named = work.list_unused(), {*work.recognised.roles.columns()}
    if work.is_export:
        named |= {"next_choice"}  # of the row below, but for the last of a session
    n_chosen = np.bincount(rows.arms[rows.arms >= 0], minlength=rows.n_actions)
    return Report(
        name=work.table.name,
        sha256=work.table.sha256,
        facts=dict(work.table.facts),
        layout=work.recognised.layout,
        roles=work.recognised.roles,
        guesses=work.recognised.guesses,
        rows=len(work.source),
        used=len(work.source) - sum(part.where.n for part in left_out),
        missing=int(rows.missing.sum()),
        left_out=left_out,
        participants=tuple(rows.participants),
        sessions=len(lengths),
        lengths=(int(lengths.min()), float(np.median(lengths)), int(lengths.max())),
        options=tuple(Option(label, code, int(n_chosen[code])) for code, label in enumerate(work.options)),
        rewards=work.scale,
        problems=tuple(work.problems),
        columns_left=tuple(name for name in work.source.names if name not in named),
        task=work.task.name,
        stages="" if work.stages is None else work.stages.words,
        trials=len(rows.arms),
    )
