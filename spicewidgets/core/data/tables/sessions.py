"""Whose rows they are, where sessions begin, and in which order their trials are."""

import numpy as np
import pandas as pd

from ...wording import join_words
from .cells import Column, combine_codes, plain_text
from .work import Bools, Codes, ExaminationContext

MANY_REPEATED = (
    0.2  # share of rows with the trial number of the row above, beyond which it counts other things
)
FEWEST_TRIALS = 2
SAME_OPTION = 10  # trials, from which a person who always does the same is remarkable


def tell_sessions_apart(work: ExaminationContext) -> None:
    """`person` and `session` of each row, and `time`, by which the rows of a session are sorted."""
    column = work.column(work.roles.participant)
    work.people = (1,) if column is None else (*column.labels, "unknown")
    if work.is_own:
        work.people = [plain_text(label) for label in work.people]
    work.person = np.zeros(len(work.table), dtype=np.int64)
    if column is not None:
        work.person = np.where(column.empty, len(column.labels), column.codes)
    parts = combine_codes(work.person, *(work.table.column(name).codes for name in work.roles.sessions))
    work.time = np.arange(len(work.table), dtype=float)
    trial = work.column(work.roles.trial)
    counted = trial is not None and bool(np.isfinite(trial.numbers[work.used]).all())
    goes_on = counted and trial is not None and _all_differ(work, combine_codes(work.person, trial.codes))
    names = join_words(work.roles.sessions)
    begins = ~_repeats(work, parts) & _repeats(work, work.person)
    words = f"Sessions of the same person, by {names}: does what was learned carry on into the next?"
    default = "carry_on" if goes_on else "start_anew"
    anew = work.decide("sessions", begins, words, default) != "carry_on"
    if counted and trial is not None:
        parts = _order(work, trial, parts)
    work.session = parts if anew else work.person


def _repeats(work: ExaminationContext, codes: Codes) -> Bools:
    """(n_rows,) whether a used row has a code that a used row above has."""
    used = np.flatnonzero(work.used)
    return work.only_at(used[pd.Series(codes[used]).duplicated().to_numpy()])


def _all_differ(work: ExaminationContext, codes: Codes) -> bool:
    return not _repeats(work, codes).any()


def _order(work: ExaminationContext, trial: Column, parts: Codes) -> Codes:
    """Sort the parts of people's rows, cut where trials begin to count again; `time`, if rows are to be
    sorted.
    """
    used = np.flatnonzero(work.used)
    order = used[np.argsort(parts[used], kind="stable")]
    same = parts[order][1:] == parts[order][:-1]
    step = np.diff(trial.numbers[order])
    back, again = work.only_at(order[1:][same & (step < 0)]), work.only_at(order[1:][same & (step == 0)])
    if back.any() and _all_differ(work, combine_codes(parts, trial.codes)):
        words = "Rows that stand below rows of later trials of their session"
        if work.decide("order", back, words, "sort") == "sort":
            first = pd.Series(np.arange(len(parts))).groupby(parts).transform("min").to_numpy()
            work.time[np.lexsort((trial.numbers, first))] = np.arange(len(parts))
        return parts
    words = f"{trial.name} begins to count again within a session"
    if work.decide("restarts", back, words, "start_anew") == "start_anew":
        counts = np.zeros(len(parts), dtype=np.int64)
        counts[order] = np.cumsum(back[order])
        parts = combine_codes(parts, counts)
    words = f"Rows with the {trial.name} of the row above, in the same session, and other contents"
    default = "keep" if again.sum() > MANY_REPEATED * len(used) or work.is_export else "leave_out"
    if work.decide("repeated_trials", again, words, default) == "leave_out":
        work.leave_out(again, "the number of the trial above")
    return parts


def look_at_people(work: ExaminationContext) -> None:
    """People of whom too little is known."""
    own = np.take_along_axis(work.rewards, np.maximum(work.arms, 0)[:, None], axis=1)[:, 0]
    known = work.used & (work.arms >= 0) & ~np.isnan(own)
    size = int(work.person.max()) + 1
    n_trials = np.bincount(work.person[known], minlength=size)
    few = (n_trials < FEWEST_TRIALS)[work.person]
    n_people = len(np.unique(work.person[few & work.used]))
    words = f"People with fewer than {FEWEST_TRIALS} trials: {n_people}"
    if not work.is_export and work.decide("few_trials", few, words, "drop_person") == "drop_person":
        work.leave_out(few, f"a person with fewer than {FEWEST_TRIALS} trials")
    pairs = pd.unique(work.person[known] * len(work.options) + work.arms[known])
    options = np.bincount(pairs // len(work.options), minlength=size)
    same = ((options == 1) & (n_trials >= SAME_OPTION))[work.person]
    n_people = len(np.unique(work.person[same & work.used]))
    words = f"People who always chose the same: {n_people}"
    if work.decide("same_option", same, words, "keep") == "drop_person":
        work.leave_out(same, "a person who always chose the same")
