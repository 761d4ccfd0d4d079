"""An equation as a sentence whose numbers can be pressed; several stand under each other, term under term. Of
a number that was pressed it is said what it stands for, how sure it is, and what dropping it costs.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from math import inf, isfinite, nan
from typing import TYPE_CHECKING, NamedTuple

import ipywidgets as widgets

from ..experiment.result import Result
from ..markup import Html, escape_text
from ..plots.svg import Interval, cost_bars, number_line
from ..views.intervals import BETA, IntervalRow
from ..views.pressed import Costs, cost_in_words, meaning_of
from ..views.reading import Sentence, SentencePart
from ..views.words import LETTERS
from .base import button, discard, set_if_changed
from .translation_tables import in_print
from .words import decimal

if TYPE_CHECKING:
    from ..core.equations import Term
    from ..core.read.steps import Step

WORDS, SYMBOLS = "words", "symbols"
MOST_COLUMNS = 4  # of terms under each other; of more, each equation stands by itself
LETTER = 0.48  # widths of a capital M that a letter takes, about


class Key(NamedTuple):
    """Which number: of a module's term, or `BETA` of a state."""

    module: str
    term: "Term"


class EquationSentence(widgets.VBox):
    """One sentence for each module, with a button for each number.

    Args:
        pressed: called when another number was pressed.

    Attributes:
        key: the number that is looked at; None without equations.
        buttons: by number.
    """

    children: Sequence[widgets.Widget]

    def __init__(self, pressed: Callable[[], object]) -> None:
        super().__init__(layout=widgets.Layout(width="100%"))
        self.add_class("sw-equation")
        self.key: Key | None = None
        self.buttons: dict[Key, widgets.Button] = {}
        self._pressed = pressed
        self._made: object = None
        self._lines: list[widgets.HTML] = []
        self._names: list[widgets.HTML] = []

    def show(self, sentences: Sequence[Sentence], numbers: Mapping[Key, IntervalRow], written: str) -> None:
        """Show equations.

        Args:
            sentences: of each module, and of the choice.
            numbers: what is known of each number.
            written: `WORDS` or `SYMBOLS`.
        """
        form = written, tuple((one.start, tuple(part.key for part in one.parts)) for one in sentences)
        signs = tuple(part.sign for one in sentences for part in one.parts)
        if (form, signs) != self._made:
            self._make(sentences, written)
            self._made = form, signs
        for one in sentences:
            for part in one.parts:
                words = decimal(abs(part.value), 2)
                pressable = self.buttons[Key(*part.key)]
                if pressable.description != words:
                    pressable.description = words
        self._draw_lines(sentences, numbers)
        modules = [one for one in sentences if one.module != BETA]
        for name, one in zip(self._names, modules, strict=False):  # one module alone has no name
            about = f"<b>{escape_text(one.name)}</b><span>{escape_text(one.about)}</span>"
            set_if_changed(name, f'<div class="sw-of">{about}</div>')
        if self.key not in self.buttons:
            self.key = next(iter(self.buttons), None)
        self._mark()

    def _make(self, sentences: Sequence[Sentence], written: str) -> None:
        """Make new widgets, where the terms are other ones."""
        discard(*self.children)
        self.buttons, self._lines, self._names = {}, [], []
        modules = [one for one in sentences if one.module != BETA]
        columns = _columns(modules, written) if len(modules) > 1 else {}
        if len(columns) > MOST_COLUMNS:
            columns = dict.fromkeys(columns, 0.0)
        self.children = [self._row(one, columns, written) for one in sentences]

    def _row(self, one: Sentence, columns: Mapping["Term", float], written: str) -> widgets.Widget:
        several = bool(columns) and one.module != BETA
        if not several:
            words: list[widgets.Widget] = [_text(_start(one, written))]
            for part in one.parts:
                sign = [_text(part.sign)] if part.sign else []
                term = widgets.HBox([*sign, self._number(part), _text(_after(part, written))])
                term.add_class("sw-term")
                words.append(term)
            row = widgets.HBox(words)
            row.add_class("sw-sentence")
            return row
        cells: list[widgets.Widget] = []
        own = {part.column: part for part in one.parts}
        for column, width in columns.items():
            cell = widgets.HBox(layout=widgets.Layout(min_width=f"{width:.1f}em"))
            if column in own:
                part = own[column]
                cell.children = [_text(part.sign), self._number(part), _text(_after(part, written))]
            else:
                cell.add_class("sw-no-term")
            cell.add_class("sw-cell")
            if width or column in own:
                cells.append(cell)
        line, name = widgets.HTML(), widgets.HTML()
        self._lines.append(line)
        self._names.append(name)
        next_ = _text(("next =" if written == WORDS else "x′ =") + ("" if own else " 0"))
        row = widgets.HBox([name, next_, *cells, line])
        row.add_class("sw-module-row")
        return row

    def _number(self, part: SentencePart) -> widgets.Button:
        key = Key(*part.key)
        tip = f"{part.name}: what it stands for, how sure it is, what dropping it costs"
        pressable = button(decimal(abs(part.value), 2), tip, lambda: self.press(key))
        pressable.add_class("sw-number")
        self.buttons[key] = pressable
        return pressable

    def press(self, key: Key) -> None:
        """Look at a number."""
        if key != self.key:
            self.key = key
            self._mark()
            self._pressed()

    def _mark(self) -> None:
        for key, pressable in self.buttons.items():
            (pressable.add_class if key == self.key else pressable.remove_class)("sw-on")

    def _draw_lines(self, sentences: Sequence[Sentence], numbers: Mapping[Key, IntervalRow]) -> None:
        """All numbers of several modules, on one scale."""
        modules = [one for one in sentences if one.module != BETA]
        if not self._lines or not numbers:
            return
        own = {one.module: [numbers[Key(*part.key)] for part in one.parts] for one in modules}
        ends = [
            0.0,
            *(end for each in own.values() for one in each for end in (one.found, one.true) if end == end),
        ]
        room = 0.06 * (max(ends) - min(ends))
        for line, one in zip(self._lines, modules, strict=True):
            marks = [Interval(n.found, *n.by_likelihood, n.true) for n in own[one.module]]
            set_if_changed(
                line, number_line(marks, min(ends) - room, max(ends) + room, width=150, words=False)
            )


def _start(one: Sentence, written: str) -> str:
    return one.start if written == WORDS or one.module == BETA else "x′ ="


def _after(part: SentencePart, written: str) -> str:
    if written == SYMBOLS:
        return part.letters
    return f"× {part.words}" if part.words else ""


def _text(words: str) -> widgets.HTML:
    return widgets.HTML(f"<span>{escape_text(words)}</span>")


def _columns(sentences: Sequence[Sentence], written: str) -> dict["Term", float]:
    """Return the columns of the terms, with their width: own value first, the constant last."""
    widths: dict[Term, float] = {}
    for one in sentences:
        for part in one.parts:
            length = LETTER * (len(_after(part, written)) + 7)
            widths[part.column] = max(widths.get(part.column, 0.0), length)
    order = sorted(widths, key=lambda column: (not column, len(column), column != ("own",)))
    return {column: widths[column] for column in order}


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
