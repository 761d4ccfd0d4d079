"""One look for one meaning: the name, colour, dash and marker of truth, RNN and SPICE, the same in every
plot, table and equation.

The colours are told apart by colour-blind eyes and have a contrast of 3:1 or more on white and on near-black
(`tests/plots/test_style.py` measures both); dash and marker say the same without colour.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

PAPER, INK, MUTED, GRID = "#ffffff", "#222222", "#5f6368", "#e8eaed"
PALE = "#d3e6f7"  # the truth's band, on white
BAND = 7.0  # width of the band, in points; its edges, half a line each, lie outside


@dataclass(frozen=True)
class Style:
    """The looks of one thing.

    Attributes:
        name: what it is called in a legend.
        colour: hexadecimal.
        dash: "solid", "dashed", "dotted" or "dash_dotted".
        marker: "circle", "square", "triangle", "diamond", "cross" or "plus".
        width: of a line, in points. What is drawn first is wider, so that it is seen under what coincides.
    """

    name: str
    colour: str
    dash: str
    marker: str
    width: float = 1.6


TRUTH = Style("Truth", "#3b8fd9", "solid", "circle", 2.8)
RNN = Style("RNN", "#d9702f", "dashed", "square", 2.0)
SPICE = Style("SPICE", "#b1308f", "dotted", "triangle", 2.0)
BENCHMARK = Style("Benchmark", "#7a7f85", "dash_dotted", "diamond")
CLASSICAL = replace(BENCHMARK, name="Rescorla-Wagner")

# The names under which agents are handed in, without capitals, blanks and underscores.
MEANT = {
    "truth": TRUTH,
    "groundtruth": TRUTH,
    "rnn": RNN,
    "spice": SPICE,
    "sindy": SPICE,
    "benchmark": BENCHMARK,
    "classical": CLASSICAL,
}

# What has any other label, in order of appearance.
OTHERS = (
    Style("", "#1a9aa0", "dash_dotted", "diamond"),
    Style("", "#8b6fd6", "dashed", "plus"),
    Style("", "#7d8c2c", "solid", "square"),
    Style("", "#c0667a", "dotted", "circle"),
    Style("", "#a87c4a", "dash_dotted", "triangle"),
)

# Arms have colours of their own, so that none is taken for an agent.
ARMS = (
    Style("Option 1", "#0f9b8e", "solid", "circle"),
    Style("Option 2", "#b8862d", "dashed", "square"),
    Style("Option 3", "#7d74c9", "dash_dotted", "triangle"),
    Style("Option 4", "#c0667a", "dotted", "diamond"),
    Style("Option 5", "#7d8c2c", "dashed", "plus"),
    Style("Option 6", "#7a8793", "dash_dotted", "cross"),
)

REWARDED = Style("rewarded", "#2a9d72", "solid", "circle")
UNREWARDED = Style("not rewarded", "#d14a40", "solid", "cross")


def styles(labels: Iterable[str]) -> list[Style]:
    """Return the style of each label: truth, RNN and SPICE have their own in any spelling, others get one in
    order.

    No two labels get the same style, until there are more labels than styles.

    >>> [style.name for style in styles(["GroundTruth", "rnn", "my model"])]
    ['Truth', 'RNN', 'my model']
    """
    looks: list[Style] = []
    n_others = 0
    for label in map(str, labels):
        look = MEANT.get("".join(label.lower().split()).replace("_", "").replace("-", ""))
        if look is None or look in looks:
            look = replace(OTHERS[n_others % len(OTHERS)], name=label)
            n_others += 1
        looks.append(look)
    return looks


def arm_style(arm: int) -> Style:
    """Return the style of an arm, counted from 0."""
    return replace(ARMS[arm % len(ARMS)], name=f"Option {arm + 1}")
