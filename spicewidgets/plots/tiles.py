"""The small pictures of the tiles as SVG, as wide as there is room: the room's figure, made small."""

from collections.abc import Iterable, Mapping, Sequence
from math import exp

import numpy as np
from numpy.typing import NDArray

from ..markup import Html, escape_text
from ..style import REWARDED, RNN, SPICE, TRUTH, UNREWARDED, Style, arm_style

Floats = NDArray[np.float64]

WIDTH, HEIGHT = 160, 40  # of the drawing; it is stretched to the tile
EDGE = 3
DASHES = {"solid": "", "dashed": "5 3", "dotted": "0.1 3.4", "dash_dotted": "6 2 1 2"}
MOST_POINTS = 60  # of a line
ROWS = 8  # sessions in a picture


def empty() -> Html:
    """Return a picture of nothing, as high as the others."""
    return _picture("")


def chances(reward_probs: Floats, options: Sequence[int] | None = None) -> Html:
    """Reward probabilities, `(n_trials, n_actions)`, a line for each option, or for these."""
    arms = range(reward_probs.shape[1]) if options is None else options
    lines = zip(arms, reward_probs.T, strict=True)
    return _picture("".join(line(one, arm_style(arm)) for arm, one in lines))


def staying(shares: Floats) -> Html:
    """Draw how often a first choice is made again, `(4,)`: after a reward and after none, common and rare."""
    step, base = WIDTH / 4, HEIGHT - EDGE
    drawn = "".join(
        f'<path d="M{(place + (0.62, 0.38)[place % 2]) * step:.1f} {base}v{-share * (base - EDGE):.1f}"'
        f' stroke="{(REWARDED, UNREWARDED)[place % 2].colour}" stroke-width="18" fill="none"/>'
        for place, share in enumerate(shares)
        if np.isfinite(share)
    )
    return _picture(f'<path d="M0 {base}h{WIDTH}" class="sw-guide-line"/>{drawn}')


def bars(values: Floats) -> Html:
    """Return a bar for each option from 0, `(n_actions,)`, in its colour, the longest as long as there is
    room; none for NaN.
    """
    reach = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    base = HEIGHT - EDGE if np.nanmin(values, initial=0.0) >= 0 else HEIGHT / 2
    step = WIDTH / len(values)
    drawn = "".join(
        f'<path d="M{(arm + 0.5) * step:.1f} {base:.1f}v{-value / reach * (base - EDGE):.1f}"'
        f' stroke="{arm_style(arm).colour}" stroke-width="14" fill="none"/>'
        for arm, value in enumerate(values)
        if np.isfinite(value)
    )
    return _picture(f'<path d="M0 {base:.1f}h{WIDTH}" class="sw-guide-line"/>{drawn}')


def sorted_shares(shares: Floats) -> Html:
    """Return a dot for each person, from the lowest share to the highest, `(n_participants,)`, beside one
    half.
    """
    known = np.sort(shares[np.isfinite(shares)])
    at = np.linspace(0, 1, max(len(known), 3))[: len(known)] if len(known) != 1 else np.array([0.5])
    dots = "".join(
        f'<path d="{_path([(x, 1 - y)] * 2, 0, WIDTH)}" stroke="{TRUTH.colour}" stroke-width="4"'
        f' stroke-linecap="round"/>'
        for x, y in zip(at, known, strict=True)
    )
    return _picture(f'<path d="M0 {HEIGHT / 2}h{WIDTH}" class="sw-guide-line"/>{dots}')


def raster(choices: NDArray[np.int64]) -> Html:
    """Sessions as rows, `(n_sessions, n_trials)`, each trial in the colour of the option chosen."""
    n, n_trials = choices.shape
    step, high = (WIDTH - 2 * EDGE) / n_trials, (HEIGHT - 2) / n
    paths: dict[int, list[str]] = {}
    for row, session in enumerate(choices):
        ends = np.flatnonzero(np.diff(session)) + 1
        y = 1 + (row + 0.5) * high
        for begin, end in zip((0, *ends), (*ends, n_trials), strict=True):
            run = f"M{EDGE + begin * step:.1f} {y:.1f}h{(end - begin) * step:.1f}"
            paths.setdefault(int(session[begin]), []).append(run)
    return _picture(
        "".join(
            f'<path d="{"".join(runs)}" stroke="{arm_style(arm).colour}" stroke-width="{high * 0.62:.1f}"'
            f' opacity="{1 if arm == 0 else 0.45}" fill="none"/>'
            for arm, runs in sorted(paths.items())
            if arm >= 0
        )
    )


def learner(alpha: float, alpha_penalty: float, beta: float) -> Html:
    """Draw how a Rescorla-Wagner learner moves a value after reward and no reward, and chooses by it."""
    moves = (
        f'<path d="{_path([(0, 1 - value) for value in (0, 1)], 0, 56)}" class="sw-guide-line"/>'
        + _line_between(alpha, 1.0, REWARDED)
        + _line_between(0.0, 1 - alpha_penalty, UNREWARDED)
    )
    x = np.linspace(-1, 1, 25)
    curve = [(at, 1 / (1 + exp(min(max(beta * at, -50), 50)))) for at in x]
    points = [((at + 1) / 2, p) for at, p in curve]
    choice = f'<path d="{_path(points, 70, WIDTH)}" fill="none" stroke="{TRUTH.colour}" stroke-width="1.8"/>'
    return _picture(moves + choice)


def losses(history: Sequence[Mapping[str, float]]) -> Html:
    """Return the loss over the epochs, from guessing (top) to that of the true participant (dashed)."""
    loss = np.array([row["train_loss"] for row in history], dtype=float)
    loss = loss[np.isfinite(loss)]
    if len(loss) < 2:
        return empty()
    high, floor = history[-1].get("chance") or float(loss.max()), history[-1].get("floor")
    low = float(loss.min()) if floor is None else min(float(loss.min()), floor)
    high = max(high, low + 1e-9)
    drawn = "" if floor is None else line(np.full(2, (floor - low) / (high - low)), _dash(TRUTH))
    return _picture(drawn + line(np.clip((loss - low) / (high - low), 0, 1), RNN))


def terms(rows: Iterable[tuple[str, float | None, float | None]]) -> Html:
    """Coefficients as bars from the middle: the true one pale and wide, the discovered one narrow.

    Args:
        rows: a symbol, and the true and the discovered coefficient; None where there is none.
    """
    listed = list(rows)[:5]
    if not listed:
        return empty()
    reach = max(abs(value) for _, *pair in listed for value in pair if value is not None) or 1.0
    middle, half, step = 0.57 * WIDTH, 0.42 * WIDTH, HEIGHT / len(listed)
    drawn = f'<path d="M{middle} 0v{HEIGHT}" class="sw-guide-line"/>'
    names = ""
    for row, (name, truth, spice) in enumerate(listed):
        y = (row + 0.5) * step
        names += f'<span style="top:{100 * y / HEIGHT:.0f}%">{escape_text(name)}</span>'
        for value, style, share in ((truth, TRUTH, 0.62), (spice, SPICE, 0.24)):
            if value is not None:
                pale = ' opacity="0.4"' if style is TRUTH else ""
                drawn += (
                    f'<path d="M{middle:.1f} {y:.1f}h{half * value / reach:.1f}" stroke="{style.colour}"'
                    f' stroke-width="{step * share:.1f}"{pale}/>'
                )
    return Html(f'{_picture(drawn)}<span class="sw-names" aria-hidden="true">{names}</span>')


def agreement(truth: Floats | None, rnn: Floats | None, spice: Floats | None) -> Html:
    """P of an option in a session, `(n_trials,)`: the truth as a pale band, RNN a thin line, SPICE dots."""
    drawn = ""
    if truth is not None:
        drawn += line(truth, TRUTH, 6, ' opacity="0.35"')
    if rnn is not None:
        drawn += line(rnn, RNN, 1.2)
    if spice is not None:
        drawn += line(spice, SPICE, 2.2)
    return _picture(drawn)


def line(values: Floats, style: Style, width: float = 1.6, more: str = "") -> str:
    """Values from 0 (bottom) to 1 (top) from one end of the picture to the other."""
    step = max(1, len(values) // MOST_POINTS)
    shown = values[::step]
    at = np.linspace(0, 1, len(shown))
    points = [(x, 1 - y) for x, y in zip(at, shown, strict=True) if np.isfinite(y)]
    dash = DASHES[style.dash]
    dashed = f' stroke-dasharray="{dash}" stroke-linecap="round"' if dash else ""
    return (
        f'<path d="{_path(points, 0, WIDTH)}" fill="none" stroke="{style.colour}" stroke-width="{width}"'
        f"{dashed}{more}/>"
    )


def _line_between(first: float, last: float, style: Style) -> str:
    path = _path([(0.0, 1 - first), (1.0, 1 - last)], 0, 56)
    return f'<path d="{path}" fill="none" stroke="{style.colour}" stroke-width="1.8"/>'


def _path(points: Iterable[tuple[float, float]], left: float, right: float) -> str:
    """Return a path through points in the unit square, between two sides of the picture."""
    wide, high = right - left - 2 * EDGE, HEIGHT - 2 * EDGE
    return "M" + "L".join(f"{left + EDGE + x * wide:.1f} {EDGE + y * high:.1f}" for x, y in points)


def _dash(style: Style) -> Style:
    return Style(style.name, style.colour, "dashed", style.marker, style.width)


def _picture(content: str) -> Html:
    return Html(
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" aria-hidden="true">{content}</svg>'
    )
