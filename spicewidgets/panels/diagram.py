"""What a model is made of, as a picture: its states one below the other, in each the modules that move it and
what they see, and what acts on the choice.

A description goes in and SVG comes out, in the colours of the Jupyter theme, with a title and a description
for those who do not see it.
"""

from collections.abc import Iterator, Sequence
from html import escape

from ..markup import Html, bullets, escape_text
from ..state.builder import SIGNALS, WORDS, BuiltModel, BuiltModule, BuiltState

WIDTH, LEFT, RIGHT = 360, 44, 354  # of the picture, and where a state's box begins and ends
INSIDE, EDGE = LEFT + 12, RIGHT - 26  # where its modules begin and end
TRUNK = 8  # the line from the states to the logit
LETTER, SMALL = 6.9, 5.9  # widths of a letter of a name, and of other words
MOST = 52  # letters of a line
SPACE = 12

LOOK = """<style>
.sw-diagram{width:100%;max-width:460px;height:auto;font-family:system-ui,sans-serif;display:block}
.sw-diagram text{font-size:11.5px;fill:var(--jp-ui-font-color1,#222)}
.sw-diagram .name{font-family:ui-monospace,monospace;font-size:11.5px}
.sw-diagram .state-name{font-weight:700}
.sw-diagram .state{fill:var(--jp-layout-color2,#f3f3f3);stroke:var(--jp-border-color1,#bbb)}
.sw-diagram .module{fill:var(--jp-layout-color1,#fff);stroke:#3b8fd9;stroke-width:1.6}
.sw-diagram .given{stroke:var(--jp-ui-font-color2,#777);stroke-dasharray:4 3}
.sw-diagram .signal{fill:var(--jp-layout-color1,#fff);stroke:var(--jp-ui-font-color2,#777)}
.sw-diagram .seen-state{stroke-dasharray:1.5 2;stroke-width:1.4}
.sw-diagram .line{fill:none;stroke:var(--jp-ui-font-color2,#777);stroke-width:1.3}
.sw-diagram .head{fill:var(--jp-ui-font-color2,#777)}
.sw-made-of,.sw-made-of ul,.sw-follows .sw-note ul{margin:2px 0 8px;padding-left:18px;font-size:13px;
 overflow-wrap:anywhere}
@media(min-width:701px){.sw-follows{position:sticky;top:8px}.sw-head~.sw-panel .sw-follows{top:190px}}
</style>"""


def diagram(built: BuiltModel, key: str) -> Html:
    """Return the picture of a description, right or wrong.

    Args:
        built: states and modules, a `BuiltModel`.
        key: tells this picture from others on the page.
    """
    parts: list[str] = []
    y, exits = 6.0, list[tuple[float, BuiltState]]()
    for state in built.states:
        exits.append((y + 18, state))
        y = (
            _state(parts, y, state.name, f"starts at {state.initial:.3g}", built.modules_of(state.name))
            + SPACE
        )
    if orphans := _without_state(built):
        y = _state(parts, y, "no state", "moves nothing", orphans) + SPACE
    bottom = _choice(parts, y, exits)
    name = f"sw-diagram-{escape(key)}"
    return Html(
        f'{LOOK}<svg class="sw-diagram" role="img" viewBox="0 0 {WIDTH} {bottom:.0f}"'
        f' aria-labelledby="{name}-title {name}-desc" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="{name}-title">What the model is made of</title>'
        f'<desc id="{name}-desc">{escape(_in_words(built))}</desc>{"".join(parts)}</svg>'
    )


def sentences(built: BuiltModel) -> Iterator[tuple[str, list[str]]]:
    """Yield the same in words: a sentence for each state, with one for each of its modules."""
    for state in built.states:
        yield f"{state.name} {_acts(state)}.", [_does(module) for module in built.modules_of(state.name)]
    if orphans := _without_state(built):
        yield "No state is moved by these.", [_does(module) for module in orphans]
    if built.participants:
        yield "An embedding of each participant tunes the learned modules and every β.", []


def _in_words(built: BuiltModel) -> str:
    return " ".join(" ".join([state, *modules]) for state, modules in sentences(built))


def _does(module: BuiltModule) -> str:
    arms, kind = WORDS.get(module.arms, module.arms), WORDS.get(module.kind, module.kind)
    bounds = "" if module.activation == "none" else f", bounded by {module.activation}"
    seen = ", ".join(["its own value", *module.inputs])
    return f"{module.name} ({kind}{bounds}) moves {arms}, and sees {seen}."


def words(built: BuiltModel) -> Html:
    """Return the sentences as a list."""
    items = [Html(escape_text(state) + bullets(modules)) for state, modules in sentences(built)]
    return bullets(items, "sw-made-of")


def _kind(module: BuiltModule) -> str:
    """Learned or given, and its activation."""
    kind = WORDS.get(module.kind, module.kind)
    return (
        kind if module.activation == "none" else f"{kind}, {WORDS.get(module.activation, module.activation)}"
    )


def _acts(state: BuiltState) -> str:
    how = {"added": "and is added to the logit", "scaled": "and is added to the logit times a learned β"}
    return f"starts at {state.initial:.3g} {how.get(state.choice, 'and does not act on the choice itself')}"


def _without_state(built: BuiltModel) -> list[BuiltModule]:
    names = [state.name for state in built.states]
    return [module for module in built.modules if module.state not in names]


def _state(parts: list[str], top: float, name: str, start: str, modules: Sequence[BuiltModule]) -> float:
    """Return a state's box with its modules; returns where it ends."""
    inner: list[str] = []
    y, writes = top + 30, []
    for module in modules:
        y = _signals(inner, y, module.inputs)
        given = "" if module.kind == "learned" else " given"
        inner.append(_box(INSIDE, y, EDGE - INSIDE, 36, f"module{given}", 6))
        inner.append(_text(INSIDE + 8, y + 15, module.name, "name"))
        inner.append(_text(INSIDE + 8, y + 29, f"{WORDS.get(module.arms, module.arms)} · {_kind(module)}"))
        writes.append(y + 18)
        y += 36 + 8
    bottom = y + 2
    parts.append(_box(LEFT, top, RIGHT - LEFT, bottom - top, "state", 10))
    parts.append(_text(INSIDE, top + 19, name, "name state-name"))
    if INSIDE + len(name) * 7.2 + len(start) * 6 < EDGE - 4:
        parts.append(_text(EDGE - 4, top + 19, start, anchor="end"))
    parts.extend(inner)
    turn = RIGHT - 10  # modules write the state: up along the right side, and back into its name
    if writes:
        stubs = "".join(f"M{EDGE} {at} H{turn} " for at in writes[:-1])
        parts.append(f'<path class="line" d="{stubs}M{EDGE} {writes[-1]} H{turn} V{top + 15} H{EDGE + 5}"/>')
        parts.append(_arrow(EDGE + 1, top + 15, -1, 0))
    return bottom


def _signals(parts: list[str], y: float, names: tuple[str, ...]) -> float:
    """Draw the inputs of a module above it, in as many lines as they take; return where the module begins."""
    if not names:
        return y
    x, last = float(INSIDE), list[float]()
    for name in names:
        width = len(name) * LETTER + 12
        if x > INSIDE and x + width > EDGE:
            x, y, last = float(INSIDE), y + 22, []
        look = "signal" if name in SIGNALS or name == "other" else "signal seen-state"
        parts.append(_box(x, y, width, 18, look, 9))
        parts.append(_text(x + 6, y + 13, name, "name"))
        last.append(x + width / 2)
        x += width + 8
    for at in last:
        parts.append(f'<path class="line" d="M{at:.1f} {y + 18} V{y + 26}"/>')
        parts.append(_arrow(at, y + 29, 0, 1))
    return y + 30


def _choice(parts: list[str], y: float, exits: list[tuple[float, BuiltState]]) -> float:
    """Return the logit, with a line from each state that acts on it down the left side; returns where it
    ends.
    """
    acting = [(at, state) for at, state in exits if state.choice != "unused"]
    if acting:
        stubs = "".join(f"M{LEFT} {at} H{TRUNK} " for at, _ in acting[1:])
        parts.append(f'<path class="line" d="{stubs}M{LEFT} {acting[0][0]} H{TRUNK} V{y + 14} H{LEFT - 5}"/>')
        parts.append(_arrow(LEFT - 1, y + 14, 1, 0))
    for at, state in acting:
        if state.choice == "scaled":
            parts.append(_box(14, at - 9, 24, 18, "signal", 9))
            parts.append(_text(26, at + 4, "×β", anchor="middle"))
    words = "logit of each arm → softmax → P(choice)" if acting else "nothing acts on the choice"
    parts.append(_box(LEFT, y, RIGHT - LEFT, 28, "state", 14))
    parts.append(_text((LEFT + RIGHT) / 2, y + 18, words, anchor="middle"))
    return y + 34


def _box(x: float, y: float, width: float, height: float, look: str, corner: float) -> str:
    return (
        f'<rect class="{look}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
        f' rx="{corner:g}"/>'
    )


def _text(x: float, y: float, words: str, look: str = "", anchor: str = "start") -> str:
    """Return a line of words, pressed together where it would not fit into a module's box."""
    line = words if len(words) <= MOST else f"{words[: MOST - 1]}…"
    width = EDGE - INSIDE - 14
    wide = len(line) * (LETTER if look else SMALL) > width
    fit = f' textLength="{width}" lengthAdjust="spacingAndGlyphs"' if wide else ""
    return f'<text class="{look}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{fit}>{escape(line)}</text>'


def _arrow(x: float, y: float, dx: int, dy: int) -> str:
    """Return the head of an arrow with its tip at (x, y)."""
    points = (
        (x, y),
        (x - 6 * dx + 3.5 * dy, y - 6 * dy + 3.5 * dx),
        (x - 6 * dx - 3.5 * dy, y - 6 * dy - 3.5 * dx),
    )
    return f'<polygon class="head" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in points)}"/>'
