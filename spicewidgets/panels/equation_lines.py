"""The true and the discovered equation: two lines, term under term, of one module."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from ..core.equations import SpiceModel, Term
from ..markup import Html, escape_text, region
from ..plots.table import swatch
from ..style import SPICE, TRUTH, Style

if TYPE_CHECKING:
    from ..core.equations import Equation
    from ..core.read.emergence import Emergence

SHORT = {
    "c_reward": "r",
    "c_reward_chosen": "r",
    "c_action": "a",
    "c_value_reached": "reached",
    "c_value_ahead": "ahead",
    "c_value": "V",
    "c_deviation": "RU",
    "c_value_by_total": "V/TU",
}
MANY = 5  # terms, from which they are written smaller
Terms = Mapping["Term", float]
Numbers = Mapping[str, float]


def module_names(*models: "SpiceModel | None") -> list[str]:
    """Return the modules of the first model that there is."""
    known = next((model for model in models if model is not None), None)
    return [] if known is None else list(known.equations)


def equation_lines(
    truth: "SpiceModel | None",
    spice: "SpiceModel | None",
    module: str,
    own: Numbers,
    read: Numbers,
    stale: bool,
    person: Hashable = None,
    instead: str = "",
    says: str = "",
    name: str = "truth",
) -> Html:
    """Two lines, always.

    Args:
        truth: the true equations, where they are known.
        spice: the discovered equations, where there are some.
        module: whose equations are shown; empty where there are none.
        own: the participant's parameters by symbol, as they are set.
        read: the same, as they are read off the discovered equations.
        stale: whether a setting has changed since these were found.
        person: whose equations are shown; the first one's when None.
        instead: what stands in the first line where no truth is known.
        says: what is said beside them.
        name: of the first line: the truth, or whose choices stand in its place.
    """
    pair = terms_of(truth, module, person), terms_of(spice, module, person)
    terms = sorted({term: None for side in pair for term in side or ()}, key=len)  # the constant first
    said = f'<p class="sw-verdict">{escape_text(says)}</p>' if says else ""
    many = " sw-many" if len(terms) > MANY else ""
    first = (
        _sentence_line(name, TRUTH, instead) if instead else _line(name, TRUTH, module, pair[0], terms, own)
    )
    return Html(
        f'<div class="sw-pair{many}">{first}'
        f"{_line('SPICE', SPICE, module, pair[1], terms, read, stale)}</div>{said}"
    )


def emerging_lines(emergence: "Emergence | None", truth: "Equation | None", until: int | None) -> Html:
    """Two lines, and since which epoch each term is there: always as high.

    Args:
        emergence: of a module's equation; None where nothing is known of it.
        truth: the true equation, where it is known.
        until: the epoch whose equation is shown; the last one when None.
    """
    found, module, since = None, "", dict[Term, int | None]()
    if emergence is not None and (at := emergence.place(until)) >= 0:
        found, module = emergence.equation(at), emergence.module
        since = {term: emergence.since(term, at) for term, _ in found.active}
    elif truth is not None:
        module = truth.module
    models = [None if one is None else SpiceModel((0,), {module: (one,)}) for one in (truth, found)]
    terms = sorted({term: None for one in (truth, found) if one for term, _ in one.active}, key=len)
    cells = "".join(f"<span>{since.get(term) or ''}</span>" for term in terms)
    instead = "not known." if truth is None else ""
    lines = equation_lines(models[0], models[1], module, {}, {}, False, instead=instead)
    below = f'<div class="sw-line sw-since"><b>since epoch</b><span class="sw-left"></span>{cells}</div>'
    return region("The equation at this epoch", Html(lines + below), "sw-terms")


@dataclass(frozen=True)
class GameLines:
    """The lines of the head during a game and at its end.

    Attributes:
        you: of the player.
        found: the equation's terms; None before there is one.
        module: whose they are.
    """

    you: str = "play thirty choices."
    found: Terms | None = None
    module: str = ""

    def lines(self) -> Html:
        """Write both lines."""
        if self.found is None:
            second = _sentence_line("SPICE", SPICE, "looks for the equation behind them.")
        else:
            second = _line("SPICE", SPICE, self.module, self.found, sorted(self.found, key=len), {})
        return Html(f'<div class="sw-pair">{_sentence_line("you", TRUTH, self.you)}{second}</div>')


def terms_of(model: "SpiceModel | None", module: str, person: Hashable) -> Terms | None:
    """Return the terms of a module's equation that are not 0; None where the model has no such module."""
    if model is None:
        return None
    equation = model.of_participant(person if person in model.participants else None).get(module)
    return None if equation is None else dict(equation.active)


def symbols(term: "Term", module: str) -> str:
    """Return a term as its factors: x for the module's own value, r for the reward; nothing for the
    constant.
    """
    letters = {module: "x"} | SHORT
    return "".join(letters.get(name, f" {name.removeprefix('c_')} ") for name in term).strip()


def _sentence_line(name: str, style: Style, words: str) -> str:
    """Write a sentence in place of an equation."""
    said = f'<span class="sw-instead">{escape_text(words)}</span>'
    return f'<div class="sw-line"><b>{swatch(style)} {name}</b>{said}</div>'


def _line(
    name: str,
    style: Style,
    module: str,
    equation: Terms | None,
    terms: "list[Term]",
    numbers: Numbers,
    stale: bool = False,
) -> str:
    """One equation; each term in a place of its own."""
    head = f'<b>{swatch(style)} {name}</b><span class="sw-left">x′ =</span>'
    if equation is None:
        return f'<div class="sw-line sw-old">{head}<span>…</span></div>'
    cells = "".join(f"<span>{_term(term, equation.get(term), module)}</span>" for term in terms)
    parameters = "".join(
        f'<span class="sw-read"><i>{symbol}</i>&nbsp;{value:.2f}</span>'
        for symbol, value in numbers.items()
        if isfinite(value)
    )
    look = "sw-line sw-old" if stale else "sw-line"
    return f'<div class="{look}">{head}{cells or "<span>0</span>"}{parameters}</div>'


def _term(term: "Term", value: float | None, module: str) -> str:
    if value is None:
        return "&nbsp;"
    letters = {module: "x"} | SHORT
    factors = "&thinsp;".join(
        f"<i>{escape_text(letters.get(name, name.removeprefix('c_')))}</i>" for name in term
    )
    return f"{'−' if value < 0 else '+'}&thinsp;{abs(value):.2f}&thinsp;{factors}"
