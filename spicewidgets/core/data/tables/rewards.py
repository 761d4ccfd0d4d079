"""What each choice paid, and what that is in a data set."""

import numpy as np

from ...settings import SettingsError
from . import coding
from .report import Rewards
from .work import Bools, Codes, ExaminationContext, Floats


def code_rewards(work: ExaminationContext) -> None:
    """`rewards`: (n_rows, n_options) from the table, NaN where not seen; then coded."""
    chosen = work.arms[:, None] == np.arange(len(work.options))
    work.rewards = np.full(chosen.shape, np.nan)
    reward = _reward_of_choice(work)
    others = _other_outcomes(work) if work.roles.outcomes else None
    if others is not None:
        work.rewards = others
    if reward is not None:
        work.rewards = np.where(chosen, reward[:, None], work.rewards)
    if work.roles.unchosen is not None:
        _of_the_other(work, work.roles.unchosen, chosen)
    unpaid = np.isin(work.arms, work.task.unpaid)
    work.rewards[(work.arms < 0) | unpaid] = np.nan
    _outliers(work, chosen)
    lacking = (work.arms >= 0) & ~unpaid & np.isnan(np.where(chosen, work.rewards, 0).sum(axis=1))
    words = "Choices without a reward"
    taken = work.decide("missing_rewards", lacking, words, "missing")
    if taken == "leave_out":
        work.leave_out(lacking, "no reward")
    elif taken == "zero":
        work.rewards[lacking[:, None] & chosen] = 0.0
    _scale(work)


def _reward_of_choice(work: ExaminationContext) -> Floats | None:
    if work.roles.reward is None:
        return None
    reward = _numbers(work, work.roles.reward)
    if work.roles.loss is not None:
        loss = np.abs(_numbers(work, work.roles.loss))
        reward = np.where(np.isnan(reward) & ~np.isnan(loss), 0.0, reward) - np.nan_to_num(loss)
    return reward


def _numbers(work: ExaminationContext, name: str) -> Floats:
    """Return a column as numbers; what is none is missing."""
    column = work.table.column(name)
    wrong = column.unreadable
    cells = ", ".join(dict.fromkeys(column.text(row) for row in np.flatnonzero(wrong & work.used)[:200]))
    words = f"Cells of {name} that are no numbers ({cells[:80]})"
    if work.decide("unreadable_rewards", wrong, words, "missing") == "leave_out":
        work.leave_out(wrong, "a reward that is no number")
    return np.where(np.isfinite(column.numbers), column.numbers, np.nan)


def _other_outcomes(work: ExaminationContext) -> Floats | None:
    """(n_rows, n_options) what each option paid, if that is to be used."""
    names = work.roles.outcomes
    shown = work.roles.reward is None or work.task.sees_all
    words = f"{', '.join(names)} hold what all options paid: did people see that?"
    if not work.is_export:
        taken = work.decide("other_outcomes", ~work.choice.empty, words, "all" if shown else "chosen_only")
    else:
        taken = "all"
    if taken == "chosen_only" and work.roles.reward is not None:
        return None
    outcomes = np.full((len(work.table), len(work.options)), np.nan)
    for place, name in enumerate(names):
        values = _numbers(work, name)
        arms = arm_of_outcome(work, place)
        known = (arms >= 0) & ~np.isnan(values)
        outcomes[np.flatnonzero(known), arms[known]] = values[known]
    if taken == "chosen_only":
        outcomes[work.arms[:, None] != np.arange(len(work.options))] = np.nan
    return outcomes


def _of_the_other(work: ExaminationContext, name: str, chosen: Bools) -> None:
    """Fill in the reward of the option not taken, in trials with two options, if that is to be used."""
    offered = np.ones(chosen.shape, dtype=bool) if work.offered is None else work.offered
    two = (offered.sum(axis=1) == 2) & (work.arms >= 0)
    words = f"{name} holds what the other of two options paid: did people see that?"
    default = "all" if work.task.sees_all else "chosen_only"
    if work.decide("other_outcomes", two & ~work.table.column(name).empty, words, default) == "all":
        values = _numbers(work, name)
        work.rewards = np.where(two[:, None] & offered & ~chosen, values[:, None], work.rewards)


def arm_of_outcome(work: ExaminationContext, place: int) -> Codes:
    """(n_rows,) the option whose outcome the column at this place holds."""
    if len(work.roles.offered) == len(work.roles.outcomes):
        column = work.table.column(work.roles.offered[place])
        code = {str(label): number for number, label in enumerate(work.options)}
        return column.per_row(np.array([code.get(str(it), -1) for it in column.labels], np.int64), -1)
    names = [name.rpartition("_")[2] for name in work.roles.outcomes]
    labels = [str(label).lower() for label in work.options]
    named = set(map(str.lower, names)) <= set(labels)
    arm = labels.index(names[place].lower()) if named else place
    return np.full(len(work.table), arm if arm < len(labels) else -1, dtype=np.int64)


def _outliers(work: ExaminationContext, chosen: Bools) -> None:
    far = coding.outliers(np.where(work.used[:, None], work.rewards, np.nan))
    if work.is_export or not far.any():
        return
    values = ", ".join(f"{value:g}" for value in np.unique(work.rewards[far])[:5])
    words = f"Rewards far beyond all others ({values})"
    taken = work.decide("outlier_rewards", np.asarray(far.any(axis=1)), words, "missing")
    if taken == "missing":
        work.rewards[far] = np.nan
    elif taken == "leave_out":
        work.leave_out(np.asarray((far & chosen).any(axis=1)), "a reward far beyond all others")


def _scale(work: ExaminationContext) -> None:
    known = work.rewards[work.used & (work.arms >= 0)]
    known = known[np.isfinite(known)]
    if not known.size:
        name = work.roles.reward or ", ".join(work.roles.outcomes)
        raise SettingsError(
            [
                f"{name} must hold what the choices paid, as numbers; got none."
                ' Name another column, roles={"reward": "..."}.'
            ]
        )
    low, high = float(known.min()), float(known.max())
    ways = coding.scales(low, high)
    if (
        work.roles.outcomes or np.isfinite(work.rewards[work.used]).sum(axis=1).max(initial=0) > 1
    ):  # -1 of an option not chosen means "not seen" in a data set
        ways.pop("largest", None)
        safe = {name: way for name, way in ways.items() if name != "keep"}
        ways = ways if low >= 0 or work.is_export else safe
    signed = work.task.keeps_zero and "middle" in ways and not work.is_export
    name = "keep"
    if coding.needs_scale(low, high) or "keep" not in ways or signed:
        words = f"Rewards are {low:g} to {high:g}, not 0 to 1"
        default = "keep" if work.is_export and "keep" in ways else "middle" if signed else "range"
        name = work.decide("scale", work.arms >= 0, words, default, tuple(ways))
    offset, scale = ways[name]
    work.scale = Rewards(low, high, offset, scale)
    work.rewards = (
        work.rewards / scale - offset / scale if np.isfinite(scale) else _scale_halves(work, low, high)
    )


def _scale_halves(work: ExaminationContext, low: float, high: float) -> Floats:
    """Rewards from 0 to 1 where their range is beyond the largest number; halves of them are not."""
    halved: Floats = (work.rewards / 2 - low / 2) / (high / 2 - low / 2)
    return halved
