"""A task as a picture: stages of a trial, the states of each with their options, and where options lead; or
what is on offer together, and what each option pays.
"""

from collections.abc import Sequence
from math import exp
from typing import Protocol

from ..markup import Html, escape_text
from ..style import arm_style

WIDTH, GAP, PILL, PAD = 372, 12, 24, 8  # pixels; of an option's pill the height
BETWEEN = 84  # from the boxes of a stage to those of the next
COMMON, RARE = 0.5, 0.0  # least P of a line that is drawn thick, and of one that is drawn at all


class StageLike(Protocol):
    """A choice within a trial, as `core.tasks.TaskStage` is."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def states(self) -> tuple[tuple[str, ...], ...]:
        """The labels of the options of each state."""

    @property
    def has_outcome(self) -> bool:
        """Tell whether an outcome follows."""


def task_diagram(
    stages: Sequence[StageLike], transitions: Sequence[Sequence[float]], labels: Sequence[str] = ()
) -> Html:
    """Draw a task.

    Args:
        stages: of a trial.
        transitions: P of each state of the second stage, for each option of the first; empty of one stage.
        labels: of all options, where they are not those of the stages.
    """
    parts: list[str] = []
    option, y = 0, 0.0
    leaving: list[tuple[float, float]] = []  # the lower ends of the options of the stage before
    for at, stage in enumerate(stages):
        outcome = "" if stage.has_outcome else ", not paid"
        name = escape_text(stage.name + outcome)
        parts.append(f'<text class="head" x="{WIDTH / 2}" y="{y + 14}">{name}</text>')
        y += 20
        width = (WIDTH - GAP * (len(stage.states) - 1)) / len(stage.states)
        beside = len(stage.states) == 1
        high = PAD * 2 + (PILL if beside else max(len(state) * (PILL + 4) - 4 for state in stage.states))
        lines, ends = [], []
        for number, state in enumerate(stage.states):
            left = number * (width + GAP)
            parts.append(f'<rect class="box" x="{left}" y="{y}" width="{width}" height="{high}" rx="8"/>')
            if at:
                lines += [
                    _lead(x, top, left + width * (0.5 + 0.16 * (place - 0.5)), y, transitions[place][number])
                    for place, (x, top) in enumerate(leaving)
                ]
            for place, own in enumerate(state):
                label = labels[option] if labels else own
                wide = (width - PAD * (len(state) + 1)) / len(state) if beside else width - 2 * PAD
                x = left + PAD + (place * (wide + PAD) if beside else 0)
                top = y + PAD + (0 if beside else place * (PILL + 4))
                colour = arm_style(option).colour
                parts.append(
                    f'<rect class="pill" x="{x:.1f}" y="{top}" width="{wide:.1f}" height="{PILL}" rx="12"'
                    f' stroke="{colour}"/><circle cx="{x + 13:.1f}" cy="{top + 12}" r="5" fill="{colour}"/>'
                    f'<text x="{x + 24:.1f}" y="{top + 16}">{escape_text(label)}</text>'
                )
                ends.append((x + wide / 2, top + PILL))
                option += 1
        parts = [*lines, *parts]
        leaving, y = ends, y + high + (BETWEEN - 20 if at < len(stages) - 1 else 0)
    words = _in_words(stages, transitions)
    return Html(
        f'<figure class="sw-task" role="img" aria-label="{escape_text(words)}">'
        f'<svg viewBox="0 0 {WIDTH} {y + 2:.0f}" aria-hidden="true">{"".join(parts)}</svg></figure>'
    )


class PayoffLike(Protocol):
    """What an option pays, as `core.simulate.environments.Payoff` is."""

    @property
    def amounts(self) -> tuple[float, ...]:
        """The amounts."""

    @property
    def shares(self) -> tuple[float, ...]:
        """P of each."""

    @property
    def deviation(self) -> float:
        """Standard deviation around each amount."""


def offers_picture(
    boxes: Sequence[tuple[str, Sequence[int]]],
    labels: Sequence[str],
    payoffs: Sequence[PayoffLike] = (),
    keeps_zero: bool = False,
) -> Html:
    """Draw what is on offer together, in a box each, and what each option pays.

    Args:
        boxes: a title, and its options, from 0.
        labels: of all options.
        payoffs: of all options; empty where they change.
        keeps_zero: whether 0.5 is neither gain nor loss; amounts are then told from -1 to 1.
    """
    parts = []
    for title, options in boxes:
        rows = []
        for option in options:
            pays = payoffs[option] if payoffs else None
            dot = f'<i style="background:{arm_style(option).colour}"></i>'
            shown = _strip(pays, arm_style(option).colour, keeps_zero) if pays else ""
            words = escape_text(_payoff_in_words(pays, keeps_zero)) if pays else ""
            rows.append(f"<li>{dot}<b>{escape_text(labels[option])}</b>{shown}<span>{words}</span></li>")
        parts.append(f"<section><h4>{escape_text(title)}</h4><ul>{''.join(rows)}</ul></section>")
    region = 'tabindex="0" role="region" aria-label="What is on offer"'  # it scrolls where it is long
    return Html(f'<div class="sw-offers" {region}>{"".join(parts)}</div>')


def _strip(pays: PayoffLike, colour: str, keeps_zero: bool) -> str:
    """Draw amounts from 0 to 1 from left to right, as high as they are likely."""
    base, wide = 22, 96
    middle = f'<path class="guide" d="M{2 + wide / 2} 2V{base}"/>' if keeps_zero or pays.deviation else ""
    if pays.deviation:
        at = [n / 60 for n in range(61)]
        high = [exp(-0.5 * ((x - pays.amounts[0]) / pays.deviation) ** 2) for x in at]
        path = "L".join(f"{2 + wide * x:.1f} {base - 18 * y:.1f}" for x, y in zip(at, high, strict=True))
        drawn = f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    else:
        drawn = "".join(
            f'<path d="M{2 + wide * amount:.1f} {base}v{-19 * share:.1f}" stroke="{colour}"'
            ' stroke-width="4"/>'
            for amount, share in zip(pays.amounts, pays.shares, strict=True)
        )
    line = f'<path class="guide" d="M0 {base}H{wide + 4}"/>'
    return f'<svg viewBox="0 0 {wide + 4} 24" aria-hidden="true">{line}{middle}{drawn}</svg>'


def _payoff_in_words(pays: PayoffLike, keeps_zero: bool) -> str:
    if pays.deviation:
        return f"{pays.amounts[0]:.2f} ± {pays.deviation:.2f}"
    if set(pays.amounts) == {0.0, 1.0} and not keeps_zero:
        return f"pays with {pays.shares[pays.amounts.index(1.0)]:.2f}"
    shares: dict[float, float] = {}
    for amount, share in sorted(zip(pays.amounts, pays.shares, strict=True), reverse=True):
        shares[amount] = shares.get(amount, 0.0) + share
    told = [f"{_with_sign(amount, keeps_zero)} with {share:.2f}" for amount, share in shares.items() if share]
    return ", ".join(told)


def _with_sign(amount: float, keeps_zero: bool) -> str:
    size = 2 * amount - 1 if keeps_zero else amount
    return f"{size:+.1f}".replace("-", "−") if keeps_zero and size else f"{size:g}"


def _lead(x: float, top: float, to: float, bottom: float, chance: float) -> str:
    """Draw a line from an option to a state, with its probability near its end."""
    if chance <= RARE:
        return ""
    common = chance >= COMMON
    look = "" if common else ' stroke-dasharray="4 3"'
    at = 0.5 if common else 0.28
    beside = 18 if to >= x else -18
    width = f'stroke-width="{4 * chance + 0.6:.1f}"'
    return (
        f'<path class="lead" d="M{x:.1f} {top}L{to:.1f} {bottom}" {width}{look}/>'
        f'<text class="chance" x="{x + at * (to - x) + beside * common:.1f}"'
        f' y="{top + at * (bottom - top) + 1:.1f}">{chance:.2f}</text>'
    )


def _in_words(stages: Sequence[StageLike], transitions: Sequence[Sequence[float]]) -> str:
    words = []
    for at, stage in enumerate(stages):
        states = " or ".join(", ".join(state) for state in stage.states)
        words.append(f"{stage.name[0].upper()}{stage.name[1:]}: {states}.")
        if at == 0 and transitions:
            leads = [
                f"{label} leads to " + ", ".join(f"state {n} with {p:.2f}" for n, p in enumerate(row))
                for label, row in zip(stage.states[0], transitions, strict=True)
            ]
            words.append(f"{'; '.join(leads)}.")
    return " ".join(words)
