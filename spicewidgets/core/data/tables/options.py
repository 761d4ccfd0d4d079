"""Which options there are, which of them was chosen in each row, and which were on offer."""

import numpy as np

from ...settings import SettingsError
from ...tasks import BANDIT
from ...wording import join_words
from . import coding
from .cells import Column, Label, as_number, plain_text
from .layouts import plain
from .recognise import MOST_OPTIONS
from .work import ExaminationContext


def code_choices(work: ExaminationContext) -> None:
    """`arms`: the code of each row's option, -1 where it is missing; `options`: their labels."""
    if work.roles.positions:
        _positions(work)
    else:
        labels = clean_labels(work, work.choice)
        known = [label for label in dict.fromkeys(labels) if label is not None]
        _check_options(work, known)
        _code(work, labels, _gaps(work, known))
    words = "Trials without a choice"
    if work.decide("missed_trials", work.arms < 0, words, "keep") == "leave_out":
        work.leave_out(work.arms < 0, "no choice")
    _rare(work)


def clean_labels(work: ExaminationContext, choice: Column) -> list[Label | None]:
    """Return what each label of a column of choices stands for: an option, or None for no choice."""
    labels: list[Label | None] = list(choice.labels)
    if work.is_own:
        labels = [plain_text(label) for label in labels]
    _spellings(work, choice, labels)
    _missing_codes(work, choice, labels)
    return labels


def _positions(work: ExaminationContext) -> None:
    """Choices that say which of the columns of what is on offer was chosen."""
    labels = work.choice.labels
    columns = coding.columns_on_offer([work.table.column(name) for name in work.roles.offered])
    options = coding.order_labels(list({label for column in columns for label in column.labels}))
    _check_options(work, options)
    code = {label: number for number, label in enumerate(options)}
    work.options = options
    work.arms = np.full(len(work.table), -1, dtype=np.int64)
    for position, column in zip(work.roles.positions, columns, strict=False):
        chosen = work.choice.per_row(np.array([str(it) == str(position) for it in labels], bool), False)
        arms = column.per_row(np.array([code[label] for label in column.labels], dtype=np.int64), -1)
        work.arms = np.where(chosen, arms, work.arms)


def _spellings(work: ExaminationContext, choice: Column, labels: list[Label | None]) -> None:
    """One label for those that differ in capitals only."""
    same = coding.spellings(choice.labels)
    written = np.array([label in same for label in choice.labels], dtype=bool)
    pairs = ", ".join(f"{a!r} and {b!r}" for a, b in list(same.items())[:5])
    words = f"Options in another spelling ({pairs})"
    if work.decide("spelling", choice.per_row(written, False), words, "merge") == "merge":
        labels[:] = [label if label is None else same.get(label, label) for label in labels]


def _missing_codes(work: ExaminationContext, choice: Column, labels: list[Label | None]) -> None:
    """Values that stand for no choice."""
    reward, rt = work.column(work.roles.reward), work.column(work.roles.time)
    unpaid = np.ones(len(work.table), bool) if reward is None else ~(np.abs(reward.numbers) > 0)
    untimed = None if rt is None else ~(rt.numbers > 0)
    codes = coding.missing_labels(choice, unpaid, untimed)
    mask = choice.per_row(np.array([it in codes for it in choice.labels], bool), False)
    words = f"{join_words(map(repr, codes), last='or')} as a choice seems to stand for none"
    if work.decide("missing_code", mask, words, "missing") == "missing":
        labels[:] = [None if label in codes else label for label in labels]


def _check_options(work: ExaminationContext, options: list[Label]) -> None:
    name = work.choice.name
    numbers = [as_number(option) for option in options]
    fractions = [it for it, number in zip(options, numbers, strict=True) if not number.is_integer()]
    if fractions and not np.isnan(numbers).any():
        row = int(work.table.numbers[work.choice.codes == work.choice.labels.index(fractions[0])][0])
        raise SettingsError(
            [
                f"{name} must hold options: names or whole numbers; got {fractions[0]} in row {row}."
                ' Name another column, roles={"choice": "..."}.'
            ]
        )
    if not 2 <= len(options) <= MOST_OPTIONS:
        got = f"only {options[0]!r}" if len(options) == 1 else f"{len(options):,}"
        raise SettingsError(
            [
                f"{name} must hold 2 to {MOST_OPTIONS} options; got {got}. If this is not the column with"
                ' the choices, name that, roles={"choice": "..."}.'
            ]
        )


def _gaps(work: ExaminationContext, options: list[Label]) -> list[Label]:
    """Return the options in order, with those that nobody chose where the numbers say that there are some."""
    lacking = coding.gaps(options)
    if not lacking or work.is_export:
        return coding.order_labels(options)
    likely = "all_numbers" if len(lacking) <= len(options) else "as_they_occur"
    numbers = coding.order_labels(options)
    few = len(options) + len(lacking) <= MOST_OPTIONS
    names = ", ".join(map(str, lacking[:8])) + (", ..." if len(lacking) > 8 else "")
    words = f"Nobody chose {names}, though the options are numbered from {numbers[0]} to {numbers[-1]}"
    only = ("all_numbers", "as_they_occur") if few else ("as_they_occur",)
    taken = work.decide("gaps", ~work.choice.empty, words, likely if few else "as_they_occur", only)
    return coding.order_labels([*options, *lacking] if taken == "all_numbers" else options)


def _code(work: ExaminationContext, labels: list[Label | None], options: list[Label]) -> None:
    if work.is_export:  # codes from 0 already, of as many options as the table tells
        numbers = [it for it in options if isinstance(it, int)]
        options = list(range(max([*numbers, len(work.roles.outcomes) - 1, work.task.n_options - 1, 1]) + 1))
    code = {label: number for number, label in enumerate(options)}
    per_label = np.array([-1 if label is None else code[label] for label in labels], dtype=np.int64)
    if named := work.task.options:  # in the order in which the kind of task has them
        known = [plain(str(label)) for label in options]
        if set(known) <= set(named):
            options = sorted(options, key=lambda label: named.index(plain(str(label))))
            code = {label: number for number, label in enumerate(options)}
            per_label = np.array([-1 if label is None else code[label] for label in labels], dtype=np.int64)
    work.options, work.arms = options, work.choice.per_row(per_label, -1)


def _rare(work: ExaminationContext) -> None:
    n = np.bincount(work.arms[work.used & (work.arms >= 0)], minlength=len(work.options))
    rare = (n > 0) & (n <= 2) & (n < coding.RARE * n.sum())
    if not rare.any() or (n > 0).sum() - rare.sum() < 2 or work.is_export:
        return
    names = ", ".join(repr(work.options[at]) for at in np.flatnonzero(rare)[:8])
    mask = (work.arms >= 0) & rare[work.arms]
    words = f"Options that hardly ever occur ({names}): a slip of the pen?"
    if work.decide("rare_options", mask, words, "keep") == "missing":
        work.arms = np.where(mask, -1, work.arms)


def _options_of_states(work: ExaminationContext, state: Column) -> None:
    """Let each state of a task of one stage have options of its own, those on offer in its trials."""
    states, n = coding.order_labels(state.labels), len(work.options)
    options: list[Label] = [f"{option} in {label}" for label in states for option in work.options]
    if not 2 <= len(states) <= MOST_OPTIONS // n:
        raise SettingsError(
            [
                f"{state.name} must hold 2 to {MOST_OPTIONS // n} states, as each has {n} options of its own;"
                f" got {len(states):,}. Take its role from it, or name another column."
            ]
        )
    words = f"Choices without a state ({state.name} is empty)"
    lacking = state.empty & (work.arms >= 0)
    if work.decide("no_state", lacking, words, "missing") == "leave_out":
        work.leave_out(lacking, "no state")
    code = state.per_row(np.array([states.index(label) for label in state.labels], dtype=np.int64), -1)
    work.arms = np.where((work.arms < 0) | lacking, -1, code * n + work.arms)
    work.offered = (np.arange(len(options)) // n == code[:, None]) | (code < 0)[:, None]
    work.options = options


def look_at_offers(work: ExaminationContext) -> None:
    """`offered`: (n_rows, n_options) what could be chosen; None where all could."""
    work.offered = None
    columns = coding.columns_on_offer([work.table.column(name) for name in work.roles.offered])
    if work.roles.state is not None and work.stages is None and work.wanted.get("kind") != BANDIT.name:
        _options_of_states(work, work.table.column(work.roles.state))
    if not columns:
        return
    code = {str(label): number for number, label in enumerate(work.options)}
    offered = np.zeros((len(work.table), len(work.options) + 1), dtype=bool)
    for column in columns:
        codes = [code.get(str(label), -1) for label in column.labels]
        offered[np.arange(len(offered)), column.per_row(np.array(codes, dtype=np.int64), -1)] = True
    offered = offered[:, :-1]
    offered[~offered.any(axis=1)] = True
    absent = (work.arms >= 0) & ~offered[np.arange(len(offered)), work.arms]
    words = f"Choices of what was not on offer ({', '.join(work.roles.offered)})"
    if work.decide("not_offered", absent, words, "missing") == "leave_out":
        work.leave_out(absent, "a choice that was not on offer")
    work.arms = np.where(absent, -1, work.arms)
    work.offered = None if offered[work.used].all() else offered
    if work.offered is None and work.task.shows_offers:
        work.task = BANDIT
