"""What is known of a number that was pressed: what it stands for, how sure it is, what dropping it costs."""

from collections.abc import Hashable
from math import inf, isfinite, nan
from typing import TYPE_CHECKING

from ..experiment.result import Result
from ..markup import Html, escape_text
from ..plots.svg import Interval, cost_bars, number_line
from ..views.intervals import BETA, IntervalRow
from ..views.pressed import Costs, cost_in_words, meaning_of
from ..views.words import LETTERS
from .translation_tables import in_print
from .words import decimal

if TYPE_CHECKING:
    from ..core.read.steps import Step


def explanation(
    result: Result,
    participant: Hashable,
    number: IntervalRow,
    costs: Costs | None,
    asked: tuple[float, int] | None,
) -> Html:
    """Three columns on one number.

    Args:
        result: which has it.
        participant: whose equation it is in.
        number: it, with its truth and interval.
        costs: what dropping each term would cost, where that is known.
        asked: the cost of this term in nats, and over how many choices, where it was asked for.
    """
    shown = decimal(number.found, 2)
    boxes = [(f"What {shown} stands for", _stands_for(result, participant, number, shown))]
    boxes.append(("How sure it is", _how_sure(result, participant, number)))
    if number.module != BETA:
        boxes.append(("What dropping it costs", _worth(number, costs, asked)))
    columns = "".join(f"<section><h3>{escape_text(title)}</h3>{text}</section>" for title, text in boxes)
    return Html(f'<div class="sw-explained" role="status">{columns}</div>')


def _stands_for(result: Result, participant: Hashable, number: IntervalRow, shown: str) -> str:
    if number.module == BETA:
        name = escape_text(number.name)
        return f"<p>How strongly choices follow it: the inverse noise temperature of {name}.</p>"
    meaning = meaning_of(result, participant, number.module, number.term)
    rule = ""
    if meaning.rule:
        rule = f'<p class="sw-rule">{escape_text(shown)} = {escape_text(in_print(meaning.rule))}</p>'
    errors = result.uncertainty.get(participant)
    error = (
        nan if errors is None or meaning.step is None else errors.parameters.get(meaning.step.parameter, nan)
    )
    words = f"{meaning.words} {_so(meaning.step, meaning.true, inf in (error, number.likelihood))}".strip()
    return f"{rule}<p>{escape_text(words)}</p>"


def _so(step: "Step | None", true: float | None, is_unknown: bool) -> str:
    """Write the parameter that follows, where the choices identify it."""
    if step is None:
        return ""
    letter = LETTERS.get(step.parameter) or in_print(step.symbol)
    if is_unknown or not isfinite(step.value):
        return f"These choices do not identify {letter}."
    words = f"So {letter} = {decimal(step.value, 2)}"
    return f"{words}; the participant has {decimal(true, 2)}." if true is not None else f"{words}."


def _how_sure(result: Result, participant: Hashable, number: IntervalRow) -> str:
    low, high = number.by_likelihood
    if number.likelihood == inf:
        errors = result.uncertainty.get(participant)
        untold = " ".join(errors.untold) if errors is not None else ""
        return f"<p>No choice tells this number alone. {escape_text(untold)}</p>"
    if not isfinite(low):
        return (
            "<p>Not known: the numbers were not tuned to the choices (Library: refine). Uncertainty finds the"
            " equation again in resampled sessions.</p>"
        )
    ends = [low, high, *([number.true] if isfinite(number.true) else [])]
    room = 0.6 * (max(ends) - min(ends)) or 0.1
    mark = Interval(number.found, low, high, number.true)
    line = number_line([mark], min(ends) - room, max(ends) + room, width=250)
    words = f"{decimal(low, 2)} to {decimal(high, 2)} with {100 * number.level:g} %."
    if isfinite(number.true):
        inside = low <= number.true <= high
        words += f" The true {decimal(number.true, 2)} is {'inside' if inside else 'outside'}."
    return f"{line}<p>{escape_text(words)}</p>"


def _worth(number: IntervalRow, costs: Costs | None, asked: tuple[float, int] | None) -> str:
    own = {} if costs is None else {k: v for k, v in costs.nats.items() if k[0] == number.module}
    own = dict(sorted(own.items(), key=lambda pair: (not pair[0][1], len(pair[0][1]))))  # the constant last
    if costs is not None and (number.module, number.term) in own:
        each = [
            (_letter(term, number.module), 100 * nats / costs.n_choices) for (_, term), nats in own.items()
        ]
        chosen = list(own).index((number.module, number.term))
        words = cost_in_words(own[number.module, number.term], costs.n_choices)
        return f"{cost_bars(each, chosen)}<p>{escape_text(words)}</p>"
    if asked is not None:
        return f"<p>{escape_text(cost_in_words(*asked))}</p>"
    return "<p>Fit it with and without the term to see.</p>"


def _letter(term: tuple[str, ...], module: str) -> str:
    letters = {module: "x", "c_reward": "r"}
    return " ".join(letters.get(one, one.removeprefix("c_")) for one in term) or "1"
