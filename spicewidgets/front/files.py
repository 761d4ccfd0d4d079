"""Files of the page: its bundle, and its markup and style for what stands in a notebook or in the explorer.

Importing this loads no torch.
"""

import re
from pathlib import Path

from ..style import ARMS, RNN, SPICE

FOLDER = Path(__file__).parent
TEMPLATE = FOLDER.parent / "jupyter" / "voila" / "templates" / "spicewidgets"
PALETTE = TEMPLATE / "panels.css"
BUNDLE, READY_MODELS = (TEMPLATE / "static" / name for name in ("front.js", "models.js"))
OPTIONS = 2
TITLE = "Watch a network learn how a participant learns"
LEAD = (
    "A simulated participant chooses between two options. A small neural network learns to predict the"
    " choices, and what it has learned is read as an equation. All of it is computed here; nothing is sent"
    " anywhere."
)


def markup(game_alone: bool = False) -> str:
    """Return what a page shows, without its head; of the game alone, or of all of it."""
    text = read("page.html").replace("{title}", TITLE).replace("{lead}", LEAD).replace("{steps}", "")
    found = re.search(
        r'<section id="play".*?</section>' if game_alone else r"<main.*</main>", text, re.DOTALL
    )
    assert found is not None
    return found[0]


def style_within(name: str) -> str:
    """Return the style of the page, for what stands within a panel that has this class."""
    own = "".join(f"--{word}:var(--sw-{word});" for word in re.findall(r"--sw-(\w+):", _palettes()[0]))
    return f".{name}{{container-type:inline-size;{_marks()}{own}\n{read('page.css')}}}"


def rules_of_palettes() -> str:
    """Return the rules by which panels are light or dark."""
    return "".join(PALETTE.read_text(encoding="utf-8").partition(_palettes()[1])[:2]) + "}"


def _palettes() -> list[str]:
    """Return the colours of the panels, light and dark, as their style sheet has them."""
    return re.findall(r"\{([^}]*--sw-paper[^}]*)\}", PALETTE.read_text(encoding="utf-8"))[:2]


def _marks() -> str:
    """Return the colours of marks, as `style` has them."""
    named = {"spice": SPICE, "network": RNN} | {
        f"option{i + 1}": style for i, style in enumerate(ARMS[:OPTIONS])
    }
    return "".join(f"--{name}:{style.colour};" for name, style in named.items())


def palette() -> str:
    """Return the colours of the page, light and dark, as the panels' style sheet and `style` have them."""
    light, dark = (
        "".join(f"--{name}:{value};" for name, value in re.findall(r"--sw-(\w+):([^;\s]+)", block))
        + f"color-scheme:{scheme}"
        for block, scheme in zip(_palettes(), ("light", "dark"), strict=True)
    )
    return (
        f":root{{{_marks()}{light}}}\n"
        f"@media(prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n"
        f":root[data-theme=dark]{{{dark}}}"
    )


def read(name: str) -> str:
    """Return the text of a file of this folder."""
    return (FOLDER / name).read_text(encoding="utf-8")
