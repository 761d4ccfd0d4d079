"""The choices of a two-step task: which state was reached, which of its options was chosen, and which of the
first options leads where.

Options are numbered through, as `TWO_STEP` declares: 0 and 1 of the first stage, 2 and 3 of the state to
which option 0 leads commonly, 4 and 5 of the other.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...checks import raise_if_any
from ...settings import SettingsError
from ...tasks import TWO_STEP
from ...wording import join_words
from . import coding
from .cells import Column, Label
from .options import clean_labels, code_choices
from .rows import Rows, size_problem
from .stages import tell_common
from .work import Bools, Codes, ExaminationContext, StageChoices

FIRST, SECOND = (TWO_STEP.options_of(stage) for stage in (0, 1))
OF_STATE = np.array(TWO_STEP.groups_of(1))  # (n_states, n_options of each)
N = 2  # of options of each state, and of states
SAID = ("first ", "second ")  # before the label of an option
FEW = 2.0  # standard errors by which a transition may seem to lead the other way


class _Where(NamedTuple):
    """Where the first choices led.

    Attributes:
        state: `(n_rows,)` 0 or 1; -1 where it is not known.
        labels: what the table calls the states; none where it does not.
        straight: whether the first option leads commonly to state 0 so numbered; None where that is not
            known yet.
        words: the columns that say so.
    """

    state: Codes
    labels: tuple[Label, ...]
    straight: bool | None
    words: str


def code_stages(work: ExaminationContext, name: str) -> None:
    """Code the choices of two stages: `stages` of both, `arms` of the second, which is paid; and `options`.

    Args:
        work: the table.
        name: of the column of the second choice.

    Raises:
        SettingsError: where choices, states and transitions contradict each other, or do not say enough.
    """
    first = _code_first(work)
    column, labels = work.table.column(name), work.options
    chosen, order = _code_second(work, first, column)
    where = _find_states(work, first, chosen, order, column)
    _check_states(work, chosen, where, order, column)
    straight = _is_straight(work, first, where, labels) if where.straight is None else where.straight
    state = np.where((where.state < 0) | straight, where.state, 1 - where.state)
    names = where.labels if straight else where.labels[::-1]
    within, options = _options_of_states(chosen, state, order, names)
    missed = (first >= 0) & (chosen < 0)
    words = f"Trials without a second choice ({name})"
    if work.decide("missed_trials", missed, words, "keep") == "leave_out":
        work.leave_out(missed, "no second choice")
    words = _describe(work, first, state, labels, names, where.words)
    if work.is_own:  # they have been called so before
        work.options = [*labels, *(it.removeprefix(SAID[1]) for it in options)]
    else:
        work.options = [*(f"{SAID[0]}{label}" for label in labels), *options]
    work.arms = np.where(chosen < 0, -1, OF_STATE[state, within])
    work.stages = StageChoices(first, work.arms, state, words)


def _code_first(work: ExaminationContext) -> Codes:
    """(n_rows,) the option chosen first, 0 or 1; -1 where it is missing, and in rows that are not used."""
    code_choices(work)
    if len(work.options) != N:
        raise SettingsError(
            [
                f"{work.choice.name} must hold the two options of the first stage; got {len(work.options)}:"
                f' {join_words(map(repr, work.options), 10)}. Name another column, roles={{"choice": "..."}}.'
            ]
        )
    return np.where(work.used, work.arms, -1)


def _code_second(work: ExaminationContext, first: Codes, column: Column) -> tuple[Codes, list[Label]]:
    """(n_rows,) the place of the second choice among its labels, -1 without a first one; and the labels."""
    cleaned = clean_labels(work, column)
    there = np.unique(column.codes[(first >= 0) & ~column.empty])
    order = coding.order_labels([it for it in dict.fromkeys(cleaned[at] for at in there) if it is not None])
    if not N <= len(order) <= N * N:
        raise SettingsError(
            [
                f"{column.name} must hold the options of the second stage, two of each of two states; got"
                f" {len(order)}: {join_words(map(repr, order), 10)}. Name another column,"
                ' roles={"second_choice": "..."}.'
            ]
        )
    place = {label: at for at, label in enumerate(order)}
    per_label = np.array([-1 if it is None else place.get(it, -1) for it in cleaned], dtype=np.int64)
    return np.where(first < 0, -1, column.per_row(per_label, -1)), order


def _find_states(
    work: ExaminationContext, first: Codes, chosen: Codes, order: list[Label], column: Column
) -> _Where:
    """Find the state of each second choice: told by its column, the transition, or the choice itself."""
    known = chosen >= 0
    if (state := work.column(work.roles.state)) is not None:
        return _told_by_column(work, state, known, column)
    common = _commons(work)
    if common is not None:
        _refuse(work, known & (common < 0), f"{work.roles.common} does not say whether it was common")
        states = np.where((first < 0) | (common < 0), -1, np.where(common == 1, first, 1 - first))
        return _Where(states, (), True, f"the state by {work.roles.common}")
    base = _lowest(order)
    if base is None:
        raise SettingsError(
            [
                f"The state in which a second choice was made must be known; {column.name} holds"
                f" {join_words(map(repr, order), 10)}, which does not tell it. Name a column that does,"
                ' roles={"state": "..."}, or number the options of both states through, 1 and 2, 3 and 4.'
            ]
        )
    numbers = np.array([*order, 0], dtype=np.int64)[chosen] - base
    words = f"the first two numbers of {column.name} are options of one state, the others of the other"
    return _Where(np.where(known, numbers // N, -1), (), None, words)


def _told_by_column(work: ExaminationContext, state: Column, known: Bools, column: Column) -> _Where:
    """Read the states off their column."""
    _refuse(work, known & state.empty, f"{state.name} must say in which state {column.name} was chosen")
    labels = coding.order_labels([state.labels[code] for code in np.unique(state.codes[known])])
    if len(labels) != N:
        raise SettingsError(
            [
                f"{state.name} must hold the two states of the second stage; got {len(labels)}:"
                f' {join_words(map(repr, labels), 10)}. Name another column, roles={{"state": "..."}}.'
            ]
        )
    code = {label: at for at, label in enumerate(labels)}
    states = state.per_row(np.array([code.get(it, -1) for it in state.labels], dtype=np.int64), -1)
    return _Where(states, tuple(labels), None, f"the state by {state.name}")


def _lowest(order: list[Label]) -> int | None:
    """Return the number of the first of four options that are numbered through; None where they are not."""
    numbers = [label for label in order if isinstance(label, int)]
    if len(numbers) < len(order) or len(order) <= N:
        return None
    low, high = min(numbers), max(numbers)
    if high - low == N * N - 1 or (low == 0 and high < N * N):
        return low
    return 1 if low > 0 and high == N * N else None


def _check_states(
    work: ExaminationContext, chosen: Codes, where: _Where, order: list[Label], column: Column
) -> None:
    """Refuse choices of options that another state has, and states of more than two options."""
    if len(order) <= N:
        return
    known = (chosen >= 0) & work.used
    counts = np.zeros((N, len(order)), dtype=np.int64)
    np.add.at(counts, (where.state[known], chosen[known]), 1)
    own = counts.argmax(axis=0)
    words = (
        f"The state contradicts the second choice ({where.words}): an option of {column.name} is of one state"
    )
    _refuse(work, known & (own[chosen] != where.state), words)
    for state in range(N):
        options = [label for label, at in zip(order, own, strict=True) if at == state]
        if len(options) > N:
            raise SettingsError(
                [
                    f"{column.name} must hold two options of each state; got {len(options)} of one:"
                    f" {join_words(map(repr, options), 10)} ({where.words}). Correct the table."
                ]
            )


def _is_straight(work: ExaminationContext, first: Codes, where: _Where, labels: list[Label]) -> bool:
    """Tell whether the first option leads commonly to the first state, from the transitions."""
    known = (first >= 0) & (where.state >= 0) & work.used
    same, common = first == where.state, _commons(work)
    if common is not None and (told := known & (common >= 0)).any():
        votes = same == (common == 1)
        straight = bool(votes[told].mean() > 0.5)
        words = f"The transition contradicts {work.roles.common} ({where.words})"
        _refuse(work, told & (votes != straight), words)
        return straight
    n = np.array([(known & (first == option)).sum() for option in range(N)])
    shares = np.array(
        [(known & (first == option) & (where.state == 0)).sum() for option in range(N)]
    ) / np.maximum(n, 1)
    beyond = (shares - 0.5) * 2 * np.sqrt(n)  # in standard errors
    if (n == 0).any() or shares[0] == shares[1] or (beyond > FEW).all() or (beyond < -FEW).all():
        led = "; ".join(
            f"{label!r} in {100 * share:.0f} %" for label, share in zip(labels, shares, strict=True)
        )
        raise SettingsError(
            [
                f"The transitions match no first choice: {work.choice.name} leads to the first state"
                f" ({where.words}) after {led} of its trials, but each option must lead to a state of its own"
                " more often. Name the column that says which transitions are common,"
                ' roles={"common": "..."}.'
            ]
        )
    return bool(shares[0] > shares[1])


def _commons(work: ExaminationContext) -> Codes | None:
    """(n_rows,) 1 of a common transition, 0 of a rare one, -1 where not known; None without a column."""
    column = work.column(work.roles.common)
    if column is None:
        return None
    said = tell_common(column)
    if not said:
        raise SettingsError(
            [
                f"{column.name} must say which transitions are common, as 1 and 0 or common and rare; got"
                f" {join_words(map(repr, column.labels), 10)}. Name another column."
            ]
        )
    return column.per_row(np.array([said[label] for label in column.labels], dtype=np.int64), -1)


def _options_of_states(
    chosen: Codes, state: Codes, order: list[Label], names: tuple[Label, ...]
) -> tuple[Codes, list[str]]:
    """(n_rows,) the place of each option among those of its state, and labels of all options."""
    within, labels = np.zeros(len(chosen), dtype=np.int64), []
    for at in range(N):
        there = (chosen >= 0) & (state == at)
        own = list(range(len(order))) if len(order) <= N else np.unique(chosen[there]).tolist()
        for number, option in enumerate(own):
            within[there & (chosen == option)] = number
            apart = f" in {names[at] if names else at}" if len(order) <= N else ""
            labels.append(f"{SAID[1]}{order[option]}{apart}")
        labels += [
            f"{SAID[1]}{number + 1} in {names[at] if names else at}, never" for number in range(len(own), N)
        ]
    return within, labels


def _refuse(work: ExaminationContext, wrong: Bools, words: str) -> None:
    """Refuse a table for what is in some of its used rows."""
    if (wrong := wrong & work.used).any():
        raise SettingsError(
            [f"{words}; see {work.where(wrong).words}. Correct these rows, or leave them out."]
        )


def _describe(
    work: ExaminationContext,
    first: Codes,
    state: Codes,
    labels: list[Label],
    names: tuple[Label, ...],
    words: str,
) -> str:
    """Say where the stages are from, and which first option leads where how often."""
    known = (first >= 0) & (state >= 0) & work.used
    led = [
        f"{label} leads to {f'state {names[at]}' if names else f'its own state ({at})'} in"
        f" {100 * (state[known & (first == at)] == at).mean():.0f} %"
        for at, label in enumerate(labels)
        if (known & (first == at)).any()
    ]
    return (
        f"{work.choice.name}, then {work.roles.second_choice}; {words}. {' and '.join(led)} of its trials:"
        " options are numbered so that the first one leads commonly to the first state."
    )


def interleave_stages(
    work: ExaminationContext, stages: StageChoices, rows: Rows, places: Codes
) -> tuple[Rows, Codes]:
    """Return a row for each stage, the first before the second, and the row of the table of each.

    Args:
        work: the table.
        stages: the choices.
        rows: the trials, in the order of the data set, with the choice and reward of the second stage.
        places: `(n_trials,)` the row of `work.table` of each.
    """
    n = len(TWO_STEP.stages)

    def both(one: NDArray[np.int64], two: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.stack([one, two], axis=1).reshape(-1)

    first, state = stages.first[places], stages.state[places]
    offered = np.zeros((len(places), n, rows.n_actions), dtype=bool)
    offered[:, 0, list(FIRST)] = True
    for at, options in enumerate(OF_STATE):
        offered[np.ix_((state == at) | (state < 0), [1], options)] = True
    rewards = np.full(offered.shape, np.nan)
    rewards[:, 1] = rows.rewards
    trial = both(n * rows.trial, n * rows.trial + 1)
    session = np.repeat(rows.session, n)
    raise_if_any([size_problem(session, trial)])
    made = replace(
        rows,
        arms=both(first, np.where(first < 0, -1, rows.arms)),
        rewards=rewards.reshape(-1, rows.n_actions),
        inputs=np.repeat(rows.inputs, n, axis=0),
        ids=np.repeat(rows.ids, n, axis=0),
        session=session,
        trial=trial,
        offered=offered.reshape(-1, rows.n_actions),
    )
    if work.pairs is None:
        return made, np.repeat(places, n)
    own = work.pairs.rows[places]
    return made, both(own[:, 0], np.where(own[:, 1] < 0, own[:, 0], own[:, 1]))
