"""The true and the discovered equation in the head: two lines, term under term."""

from collections.abc import Hashable, Mapping
from math import isfinite
from typing import TYPE_CHECKING

from ..markup import Html, escaped
from ..plots.table import swatch
from ..style import SPICE, TRUTH, Style

if TYPE_CHECKING:
    from ..core.equations import SpiceModel, Term

SHORT = {"c_reward": "r", "c_action": "a"}
SYMBOLS = {"alpha_reward": "α", "beta_reward": "β", "forget_rate": "f"}
Terms = Mapping["Term", float]
Numbers = Mapping[str, float]


def equation_lines(
    truth: "SpiceModel | None",
    spice: "SpiceModel | None",
    own: Numbers,
    read: Numbers,
    stale: bool,
    person: Hashable = None,
    instead: str = "",
) -> Html:
    """Two lines for each module.

    Args:
        truth: the true equations, where they are known.
        spice: the discovered equations, where there are some.
        own: the participant's parameters by symbol, as they are set.
        read: the same, as they are read off the discovered equations.
        stale: whether a setting has changed since these were found.
        person: whose equations are shown; the first one's when None.
        instead: what stands in the first line where no truth is known.
    """
    known = truth if truth is not None else spice
    modules = [] if known is None else list(known.equations)
    lines: list[str] = []
    if instead:
        words = f'<span class="sw-instead">{escaped(instead)}</span>'
        lines.append(f'<div class="sw-line"><b>{swatch(TRUTH)} truth</b>{words}</div>')
    for module in modules:
        pair = _terms_of(truth, module, person), _terms_of(spice, module, person)
        terms = sorted({term: None for side in pair for term in side or ()}, key=len)  # the constant first
        if len(modules) > 1:
            lines.append(module_line(module.removeprefix("x_").replace("_", " ")))
        first = module == modules[0]
        if not instead:
            lines.append(_line("truth", TRUTH, module, pair[0], terms, own if first else {}))
        lines.append(_line("SPICE", SPICE, module, pair[1], terms, read if first else {}, stale))
    return Html("".join(lines))


def module_line(words: str) -> Html:
    """A small line between equations."""
    return Html(f'<div class="sw-line sw-module">{escaped(words)}</div>')


def _terms_of(model: "SpiceModel | None", module: str, person: Hashable) -> Terms | None:
    """The terms of a module's equation that are not 0; None where the model has no such module."""
    if model is None:
        return None
    equation = model.of_participant(person if person in model.participants else None).get(module)
    return None if equation is None else dict(equation.active)


def _line(
    name: str,
    style: Style,
    module: str,
    equation: Terms | None,
    terms: "list[Term]",
    numbers: Numbers,
    stale: bool = False,
) -> str:
    """One equation: x for the module's own value, r for the reward; each term in a place of its own."""
    head = f'<b>{swatch(style)} {name}</b><span class="sw-left">x′ =</span>'
    if equation is None:
        return f'<div class="sw-line sw-old">{head}<span>…</span></div>'
    cells = "".join(f"<span>{_term(term, equation.get(term), module)}</span>" for term in terms)
    parameters = "".join(
        f'<span class="sw-says">{symbol}&nbsp;{value:.2f}</span>'
        for symbol, value in numbers.items()
        if isfinite(value)
    )
    look = "sw-line sw-old" if stale else "sw-line"
    return f'<div class="{look}">{head}{cells or "<span>0</span>"}{parameters}</div>'


def _term(term: "Term", value: float | None, module: str) -> str:
    if value is None:
        return "&nbsp;"
    letters = {module: "x"} | SHORT
    factors = "&thinsp;".join(escaped(letters.get(name, name.removeprefix("c_"))) for name in term)
    return f"{'−' if value < 0 else '+'}&thinsp;{abs(value):.2f}&thinsp;{factors}"
