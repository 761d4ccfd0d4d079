"""Rivals as one table whose cells are drawings, two of them person by person, and which of them was found
where which was simulated, as HTML.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..core.wording import format_number
from ..markup import Html, escape_text, region
from ..style import BENCHMARK, RNN, SPICE, Style
from .series import Floats, Kind, ticks
from .small import INK, Axis, Line, chart, key, mark
from .table import swatch

if TYPE_CHECKING:
    from ..core.judge.misses import Miss
    from ..core.rivals.dimensions import Dimensions
    from ..core.studies.comparison import ComparisonRow

RIVAL = replace(BENCHMARK, name="rival", marker="circle")
OWN: dict[str, tuple[Style, Kind]] = {
    "SPICE": (replace(SPICE, marker="circle"), "dots"),
    "RNN": (replace(RNN, marker="circle"), "line"),
}
GROUPS = ("circle", "ring", "cross", "square", "triangle", "plus")  # marks of groups, never colours
REPEATS = ("none", "1", "2 to 4", "5 or more")  # of the runs of cells, where there is little room
BAR = 76  # pixels of the bar of all people


def look_of(name: str) -> tuple[Style, Kind]:
    """Return the look of SPICE, its network, or any rival, and how it is drawn."""
    return OWN.get(name, (RIVAL, "points"))


def rivals_table(rows: "Sequence[ComparisonRow]", as_nats: bool) -> Html:
    """Every model in a row: name, dot with interval, number; difference to the best; frequency among people.

    Args:
        rows: the best first.
        as_nats: whether -ln P is shown of each choice, and not P.
    """
    several = any(isfinite(row.share) for row in rows)
    values = [_ends(row, as_nats) for row in rows]
    one, other = _axis([end for row in values for end in row]), _axis([0.0, *_differences(rows)], top=0.0)
    what = "−ln P of a choice, nats" if as_nats else "Likelihood per choice"
    heads = [
        ("", "Model"),
        ("r c-n", "Parameters"),
        ("", what),
        ("c-v", ""),
        ("c-d", "Less than the best"),
        ("r", "nats per choice"),
    ]
    heads += [("c-s", "Estimated frequency"), ("c-s", ""), ("r c-s", "<i>P</i> of most common")] * several
    head = "".join(
        f'<th scope="col" class="{look}">{words}</th>' if words else f'<td class="{look}"></td>'
        for look, words in heads
    )
    body = "".join(
        _line(row, ends, (one, other), as_nats, several) for row, ends in zip(rows, values, strict=True)
    )
    foot = (
        f'<tr class="sw-foot" aria-hidden="true"><td></td><td class="c-n"></td><td>{_scale(one)}</td>'
        f'<td class="c-v"></td><td class="c-d">{_scale(other)}</td><td></td>'
        f"{'<td class=c-s></td>' * 3 if several else ''}</tr>"
    )
    grid = (
        '<table class="sw-riv"><caption class="sw-sr">How well each model expects choices it has not'
        f" seen</caption><thead><tr>{head}</tr></thead><tbody>{body}{foot}</tbody></table>"
    )
    return region("Rivals", Html(grid))


def misses_table(rows: "Sequence[Miss]") -> Html:
    """Each kind of history in a row: by how much networks without structure expect its choices better, as a
    dot with interval, and how many switches there were and were expected.

    Args:
        rows: the most nats first.
    """
    axis = _axis([0.0, *(end for row in rows for end in (row.low, row.high))])
    look, _ = look_of("SPICE")
    head = (
        '<th scope="col">After</th><th scope="col">Nats in 100 choices</th><td></td>'
        '<th scope="col" class="c-n">in 100 of these</th><th scope="col">Switches</th>'
        '<th scope="col">expected</th><th scope="col">of all choices</th>'
    )
    body = "".join(
        f'<tr><th scope="row">{escape_text(row.words)}</th>'
        f'<td class="sw-d">{_dot(axis, row.nats, (row.low, row.high), look, zero=True)}</td>'
        f'<td class="r">{format_number(row.nats, 2)}</td><td class="r c-n">{format_number(row.own, 1)}</td>'
        + "".join(f'<td class="r">{100 * x:.0f} %</td>' for x in (row.switched, row.expected, row.choices))
        + "</tr>"
        for row in rows
    )
    rest = f'<td></td><td class="c-n"></td>{"<td></td>" * 3}'
    foot = f'<tr class="sw-foot" aria-hidden="true"><td></td><td>{_scale(axis)}</td>{rest}</tr>'
    grid = (
        '<table class="sw-riv"><caption class="sw-sr">What is expected better after which histories</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}{foot}</tbody></table>"
    )
    return region("What the equation misses", Html(grid))


def cells_chart(cells: "Mapping[str, Sequence[Miss]]", reading: str) -> Html:
    """Draw how many more switches there were than expected, by outcome and run; nothing without cells.

    Args:
        cells: of each outcome, from the shortest run to the longest.
        reading: how they are read, in a sentence.
    """
    if not cells:
        return Html("")
    looks = (replace(INK, marker="circle"), replace(INK, marker="ring", dash="dashed"))
    lines, keys, ends = [], [], [0.0]
    for place, ((outcome, rows), look) in enumerate(zip(cells.items(), looks, strict=True)):
        beyond = np.array([100 * (row.switched - row.expected) for row in rows])
        reach = np.array([100 * row.reach for row in rows])
        x = np.arange(len(rows)) + 0.06 * place
        lines.append(Line(x, beyond, look, beyond - reach, beyond + reach))
        keys.append(replace(look, name=f"after {outcome}"))
        ends += [*(beyond - reach), *(beyond + reach)]
    picture = chart(
        "Switches beyond what was expected",
        Axis(-0.4, len(REPEATS) - 0.6, {float(at): words for at, words in enumerate(REPEATS)}),
        _axis(ends),
        lines,
        note=f"In 100 choices after each run and outcome; bars hold for all together. {reading}",
        x_title="repeats so far",
        level=0.0,
    )
    return Html(picture + key([(look, "line") for look in keys]))


def dimensions_chart(found: "Dimensions") -> Html:
    """Draw how likely networks of ever more units make choices that they did not learn from.

    Args:
        found: the networks.
    """
    values = np.array([found.chance, *found.likelihood])
    gained = np.array(
        [[gain - error, gain + error] for gain, error in zip(found.gain, found.error, strict=True)]
    )
    low, high = (np.r_[np.nan, values[:-1] * np.exp(ends)] for ends in gained.T)
    n, axis = len(found.gain), _axis([*values, *low, *high])
    return chart(
        "Networks of ever more units",
        Axis(-0.3, n + 0.3, {float(at): str(at) for at in range(n + 1)}),
        axis,
        [Line(np.arange(n + 1), values, INK, low, high)],
        note="Likelihood of a choice held out; bars: one standard error, over people, of what a unit gains",
        x_title="units",
        rules={float(found.needed): "needed"},
        words=found.sentence,
    )


def _ends(row: "ComparisonRow", as_nats: bool) -> tuple[float, float, float]:
    """Return the value and the ends of its interval."""
    ends = row.likelihood, row.low, row.high
    one, low, high = (-float(np.log(end)) if as_nats else end for end in ends)
    return one, low, high


def _differences(rows: "Sequence[ComparisonRow]") -> list[float]:
    return [end for row in rows for end in (row.less, row.less_low, row.less_high)]


def _axis(values: Sequence[float], top: float | None = None) -> Axis:
    """Return an axis with room for all, and few ticks."""
    known = [value for value in values if isfinite(value)]
    low, high = min(known), max(known)
    room = 0.08 * (high - low) or 0.01
    low, high = low - room, high + room if top is None else max(top, high) + room
    return Axis(low, high, ticks(low, high, n=4))


def _line(
    row: "ComparisonRow",
    ends: tuple[float, float, float],
    axes: tuple[Axis, Axis],
    as_nats: bool,
    several: bool,
) -> str:
    (look, kind), is_best = look_of(row.name), row.less == 0
    name = f"<b>{escape_text(row.name)}</b>" if row.name in OWN or is_best else escape_text(row.name)
    digits = 3 if abs(row.less) >= 0.0005 else 4
    difference = "<b>best</b>" if is_best else format_number(row.less, digits)
    if isfinite(row.less_low) and not is_best:
        difference += f" <small>{format_number(row.less_low)} to {format_number(row.less_high)}</small>"
    less = (0.0, 0.0) if is_best else (row.less_low, row.less_high)
    cells = [
        f'<td class="r c-n">{_count(row.numbers)}</td>',
        f'<td class="sw-d">{_dot(axes[0], ends[0], (ends[1], ends[2]), look)}</td>',
        f'<td class="r c-v">{format_number(ends[0])}</td>',
        f'<td class="sw-d c-d">{_dot(axes[1], row.less, less, look, zero=True)}</td>',
        f'<td class="r">{difference}</td>',
    ]
    if several:
        share = f"{100 * row.share:.0f} %"
        bar = (
            f'<span class="sw-length" style="width:{BAR * row.share:.1f}px;background:{look.colour}"></span>'
        )
        cells += [
            f'<td class="sw-share c-s" aria-hidden="true">{bar}</td><td class="r c-s">{share}</td>',
            f'<td class="r c-s">{format_number(row.most_common, 2)}</td>',
        ]
    return f'<tr><th scope="row">{swatch(look, kind)}{name}</th>{"".join(cells)}</tr>'


def _count(numbers: float) -> str:
    return f"{numbers:.0f}" if numbers == round(numbers) else format_number(numbers, 1)


def _dot(axis: Axis, value: float, ends: tuple[float, float], look: Style, zero: bool = False) -> str:
    """Return a dot with its interval on the lines of the scale."""
    lines = "".join(f'<i class="sw-v" style="left:{_left(axis, at)}"></i>' for at in axis.ticks)
    lines += f'<i class="sw-v sw-zero" style="left:{_left(axis, 0.0)}"></i>' if zero else ""
    low, high = sorted(ends)
    bar = ""
    if isfinite(low) and isfinite(high) and high > low:
        left, right = (100 * float(axis.clip(end)) for end in (low, high))
        bar = f'<u style="left:{left:.2f}%;width:{right - left:.2f}%;background:{look.colour}"></u>'
    return f'<div class="sw-at" aria-hidden="true">{lines}{bar}{mark(look, _left(axis, value))}</div>'


def _scale(axis: Axis) -> str:
    words = "".join(
        f'<span class="sw-xt" style="left:{_left(axis, at)}">{escape_text(word)}</span>'
        for at, word in axis.ticks.items()
    )
    return f'<div class="sw-at">{words}</div>'


def _left(axis: Axis, value: float) -> str:
    return f"{100 * float(axis.clip(value)):.2f}%"


def by_person(
    apart: Floats, people: Sequence[str], groups: Sequence[str], pair: Sequence[str], chosen: str = ""
) -> Html:
    """Draw the difference in likelihood between the two models, a stem for each person, sorted.

    Args:
        apart: nats in 100 choices by which the first is better, `(n_people,)`.
        people: who they are.
        groups: the group of each; empty texts without.
        pair: the two models.
        chosen: who is looked at.
    """
    order = np.argsort(apart, kind="stable")
    kinds = sorted(set(groups))
    axis = _axis([0.0, *apart.tolist()])
    x = Axis(-0.7, len(order) - 0.3)
    stems, names = "", ""
    for place, at in enumerate(order.tolist()):
        style = replace(INK, marker=GROUPS[kinds.index(groups[at]) % len(GROUPS)])
        left, top, middle = (
            f"{100 * float(x.share(place)):.2f}%",
            100 * (1 - float(axis.share(apart[at]))),
            100 * (1 - float(axis.share(0.0))),
        )
        own = " sw-own" if people[at] == chosen else ""
        high, low = min(top, middle), max(top, middle)
        stems += f'<i class="sw-stem{own}" style="left:{left};top:{high:.2f}%;height:{low - high:.2f}%"></i>'
        stems += mark(style, left, f"{top:.2f}%")
        if place in (0, len(order) - 1) and len(order) > 1:
            better = pair[0] if apart[at] > 0 else pair[1]
            side = " sw-left" if place else ""
            words = f"{people[at]}: {better} is better"
            names += (
                f'<span class="sw-who{side}" style="left:{left};top:{top:.2f}%">{escape_text(words)}</span>'
            )
    left = "".join(
        f'<i class="sw-h" style="top:{100 * (1 - float(axis.share(at))):.2f}%"></i>'
        f'<span class="sw-yt" style="top:{100 * (1 - float(axis.share(at))):.2f}%">{escape_text(word)}</span>'
        for at, word in axis.ticks.items()
    )
    marks = ""
    if kinds != [""]:
        marks = (
            '<div class="sw-keys">'
            + "".join(
                f'<span class="sw-key"><span class="sw-one">'
                f"{mark(replace(INK, marker=GROUPS[at % len(GROUPS)]), '50%')}</span>"
                f"{escape_text(kind)}</span>"
                for at, kind in enumerate(kinds)
            )
            + "</div>"
        )
    n = int((apart > 0).sum())
    words = f"{pair[0]} is better for {n} of {len(apart)} people."
    return Html(
        f'<figure class="sw-chart sw-stems" role="img" aria-label="{escape_text(words)}"><figcaption>'
        f"<b>{escape_text(pair[0])} against {escape_text(pair[1])}, person by person</b>"
        f' <span class="sw-help">Nats in 100 choices. {escape_text(words)}</span>{marks}</figcaption>'
        f'<div class="sw-plot">{left}{stems}{names}</div></figure>'
    )


MOST_INK = 0.36  # so that numbers stay readable in both themes


def confusion(names: Sequence[str], brief: Mapping[str, str], counts: NDArray) -> Html:  # type: ignore[type-arg]
    """Return counts, a row for each simulated model; the darker, the larger the share of its row.

    Args:
        names: of the models.
        brief: shorter names, where there are.
        counts: `(n_models, n_models)`.
    """
    totals = counts.sum(axis=1)
    head = "".join(f'<th scope="col">{escape_text(brief.get(name, name))}</th>' for name in names)
    body = ""
    for at, name in enumerate(names):
        cells = "".join(_cell(int(n), int(totals[at]), place == at) for place, n in enumerate(counts[at]))
        body += f'<tr><th scope="row">{escape_text(brief.get(name, name))}</th>{cells}</tr>'
    return region(
        "Model found",
        Html(
            '<table class="sw-heat"><caption class="sw-sr">People by the model that was simulated (rows) and'
            f" the one that was the best (columns)</caption><thead><tr><td></td>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>"
        ),
    )


def _cell(n: int, total: int, own: bool) -> str:
    ink = MOST_INK * n / total if total else 0.0
    looks = ' class="sw-right"' if own else ""
    words = f"{n}" if n else '<span class="sw-sr">0</span>' if total else ""
    return f'<td{looks} style="--heat:{ink:.3f}">{words}</td>'
