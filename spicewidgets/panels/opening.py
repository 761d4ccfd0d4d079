"""What the page shows before its widgets are there: the head and the tiles of the run that comes with the
package, as they will stand. Written into the page's template by `python tests/test_opening.py`.
"""

from ..markup import Html, escape_text
from .guide import Guide
from .head import Head
from .strip import Strip


def opening(head: Head, strip: Strip, guide: Guide) -> Html:
    """Return the page without widgets.

    Args:
        head: of an explorer that has just been made.
        strip: its tiles.
        guide: its guide.
    """
    tiles = "".join(
        f'<div class="widget-vbox sw-tile sw-done{" sw-open" * (at == 0)}">'
        f"<b>{escape_text(tile.button.description)}</b>"
        f'<div class="widget-html-content">{tile.picture.value}</div></div>'
        for at, tile in enumerate(strip.tiles.values())
    )
    return Html(
        '<div class="sw-panel sw-explorer sw-opening" aria-hidden="true"><div class="sw-head">'
        '<div class="widget-hbox sw-bar"><span class="sw-name">spicewidgets</span></div>'
        f'<div class="widget-hbox sw-both"><div class="widget-html">{head.equations.value}</div></div></div>'
        f'<div class="widget-hbox sw-strip">{tiles}</div>'
        f'<div class="widget-hbox sw-guide"><div class="widget-html">{guide.line.value}</div></div></div>\n'
    )
