"""What the page shows before its widgets are there: the head, the tiles and the first words of the game, as
they will stand. Written into the page's template by `python tests/test_opening.py`.
"""

import re

from ..front.files import markup, style_within
from ..markup import Html, escape_text
from .head import Head
from .strip import Strip


def opening(head: Head, strip: Strip) -> Html:
    """Return the page without widgets.

    Args:
        head: of an explorer that has just been made, and begins with the game.
        strip: its tiles.
    """
    tiles = "".join(
        f'<div class="widget-vbox sw-tile sw-{tile.state}">'
        f"<b>{escape_text(tile.button.description)}</b>"
        f'<div class="widget-html-content">{tile.picture.value}</div></div>'
        for tile in strip.tiles.values()
    )
    game = markup(game_alone=True)
    words = re.sub(' role="status"| tabindex="-1"', "", game[: game.index("</div>")])
    return Html(
        f"<style>{style_within('sw-front')}</style>"
        '<div class="sw-panel sw-explorer sw-opening" aria-hidden="true"><div class="sw-head">'
        '<div class="widget-hbox sw-bar"><span class="sw-name">spicewidgets</span></div>'
        f'<div class="widget-hbox sw-both"><div class="widget-html">{head.equations.value}</div></div></div>'
        f'<div class="widget-hbox sw-strip">{tiles}</div>'
        f'<div class="sw-front">{words}</div></div></section></div></div>\n'
    )
