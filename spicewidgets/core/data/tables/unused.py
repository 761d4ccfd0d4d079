"""Rows that are no trials: practice, other events, copies, and those of nobody."""

import numpy as np
import pandas as pd

from .cells import combine_codes, practice_labels
from .layouts import MISSED, NAMES, TRIALS, plain
from .work import Bools, ExaminationContext

MOST_KINDS = 50  # different entries of a column, beyond which they are no kinds of events or stimuli
REPEATED = 3  # rows, from which an entry that never comes with a choice is a mark of something else
MOST_MISSED = 0.5  # share of trials


def leave_out_other_rows(work: ExaminationContext) -> None:
    """Rows that are no trials of a known person."""
    roles = work.roles
    words = "Rows with more fields than the header has names"
    if work.decide("extra_fields", work.table.surplus, words, "leave_out") == "leave_out":
        work.leave_out(work.table.surplus, "more fields than the header")
    blank = work.empty(*work.table.names)
    work.leave_out(blank, "an empty row")
    _leave_out_practice(work)
    _leave_out_events(work)
    if roles.participant is not None:
        nobody = work.table.column(roles.participant).empty
        words = f"Rows that do not say who chose ({roles.participant} is empty)"
        if work.decide("no_participant", nobody, words, "leave_out") == "leave_out":
            work.leave_out(nobody, "no participant")


def _leave_out_practice(work: ExaminationContext) -> None:
    column = work.column(work.roles.practice)
    if column is None:
        return
    practice = column.per_row(practice_labels(column), False)
    words = f"Practice, by the column {column.name}"
    if work.decide("practice", practice, words, "leave_out") == "leave_out":
        work.leave_out(practice, "practice")


def _leave_out_events(work: ExaminationContext) -> None:
    roles = work.roles
    nothing = work.empty(roles.choice, roles.reward, *roles.outcomes)
    other = np.zeros(len(work.table), dtype=bool)
    if (column := work.column(roles.events)) is not None:
        paid = ~work.empty(roles.reward, *roles.outcomes) & ~work.choice.empty & work.used
        trials = np.bincount(column.codes[paid & ~column.empty], minlength=len(column.labels)) > 0
        if work.recognised.layout == TRIALS.name:
            trials |= np.array([label == MISSED for label in column.labels], dtype=bool)
        other = ~column.per_row(trials, False)
        kinds = sorted({column.text(row) for row in np.flatnonzero(other & work.used)[:1000]})
        words = f"Rows that are no choices, by the column {column.name} ({', '.join(kinds[:8])})"
    elif work.recognised.layout in ("PsychoPy", "jsPsych", "BIDS events"):
        other = nothing & work.empty(roles.trial if work.recognised.layout == "PsychoPy" else None)
        other &= ~_find_missed(work, other)
        words = "Rows with neither a choice nor a reward: other events"
    if other.any() and work.decide("events", other, words, "leave_out") == "leave_out":
        work.leave_out(other, "an event that is no choice")


def _find_missed(work: ExaminationContext, nothing: Bools) -> Bools:
    """Tell trials that were missed from other events, among rows with neither a choice nor a reward.

    A missed trial has no mark that only such rows have: no kind of event, no stimulus. Where there are more
    of them than `MOST_MISSED` of all trials, they are not trials that were missed.
    """
    roles = work.roles
    paid = ~work.empty(roles.reward, *roles.outcomes) & ~work.choice.empty & work.used
    missed = nothing & work.used
    own = {roles.participant, roles.trial, *roles.sessions}
    for name in work.table.names:
        column = work.table.column(name)
        if name in own or len(column.labels) > MOST_KINDS:
            continue
        n_paid, n_nothing = (
            np.bincount(column.codes[rows & ~column.empty], minlength=len(column.labels))
            for rows in (paid, nothing & work.used)
        )
        often = 1 if plain(name) in NAMES["events"] else REPEATED
        missed &= ~column.per_row((n_paid == 0) & (n_nothing >= often), False)
    few = missed.sum() <= MOST_MISSED * (missed.sum() + paid.sum())
    return missed if few else np.zeros_like(missed)


def leave_out_repeated_rows(work: ExaminationContext) -> None:
    """Rows that are copies of one above. Without a number of the trial, equal rows say nothing."""
    roles = work.roles
    if roles.trial is None or work.is_export:
        return
    codes = [work.table.column(name).codes for name in work.table.names]
    repeated = np.zeros(len(work.table), dtype=bool)
    used = np.flatnonzero(work.used)
    repeated[used] = pd.Series(combine_codes(*codes)[used]).duplicated().to_numpy()
    words = "Copies of a row above, down to the number of the trial"
    if work.decide("repeated_rows", repeated, words, "leave_out") == "leave_out":
        work.leave_out(repeated, "a copy of a row above")
