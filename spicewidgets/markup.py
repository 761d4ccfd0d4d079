"""The HTML in which panels and figures say things. Text is escaped here and nowhere else.

Every function takes plain text, which is escaped, or `Html`, which is not escaped again, and returns `Html`.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def escape_text(value: object) -> str:
    """Return a value as text that is safe in HTML, also between quotes."""
    return value if isinstance(value, Html) else escape(str(value))


def message(words: str, look: str = "note", role: str = "") -> Html:
    """Return a sentence in a box of its own; nothing where there is none.

    Args:
        words: the sentence.
        look: "note", "alert" or "help".
        role: "status" or "alert" where a screen reader should announce it.
    """
    announced = f' role="{role}"' if role else ""
    return Html(f'<div class="sw-{look}"{announced}>{escape_text(words)}</div>' if words else "")


def alert(words: str) -> Html:
    """Show a problem; nothing where there is nothing to say."""
    return message(words, "alert", "alert")


def bullets(items: Iterable[str], look: str = "") -> Html:
    """Return a list with a dot before each item; nothing without items."""
    lines = "".join(f"<li>{escape_text(item)}</li>" for item in items)
    named = f' class="{look}"' if look else ""
    return Html(f"<ul{named}>{lines}</ul>" if lines else "")


def fold(title: str, content: str, opened: bool = False) -> Html:
    """Content below a title that unfolds it; nothing without content."""
    state = " open" if opened else ""
    return Html(
        f"<details{state}><summary>{escape_text(title)}</summary>{escape_text(content)}</details>"
        if content
        else ""
    )


def code_block(text: str, style: str = "") -> Html:
    """Text as it is, to be selected and copied."""
    styled = f' style="{style}"' if style else ""
    return Html(f'<pre tabindex="0"{styled}>{escape_text(text)}</pre>')


def region(label: str, content: str, look: str = "sw-scroll") -> Html:
    """Return a part of the page that scrolls by itself where it is too wide, with a name for screen
    readers.
    """
    named = escape(label)
    return Html(
        f'<div class="{look}" tabindex="0" role="region" aria-label="{named}">{escape_text(content)}</div>'
    )


def table(
    caption: str,
    names: Sequence[str],
    rows: Iterable[Sequence[object]],
    look: tuple[str, str] = ("sw-scroll", ' class="sw-grid"'),
) -> Html:
    """Return a table whose first column names the rows.

    Args:
        caption: what the table holds.
        names: of the columns.
        rows: cells of each row, as many as there are columns.
        look: class of the part that scrolls, and attributes of the table.
    """
    head = "".join(f'<th scope="col">{escape_text(name)}</th>' for name in names)
    body = "".join(
        f'<tr><th scope="row">{escape_text(first)}</th>'
        f"{''.join(f'<td>{escape_text(cell)}</td>' for cell in cells)}</tr>"
        for first, *cells in rows
    )
    content = Html(
        f"<table{look[1]}><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )
    return region(caption, content, look[0])


def download_link(name: str, content: bytes, mime: str, words: str) -> Html:
    """Return a link that saves the content as a file, with no server behind it."""
    data = b64encode(content).decode()
    return Html(
        '<a class="jupyter-button widget-button" style="width:auto;padding:0 8px"'
        f' download="{escape(name)}" href="data:{mime};base64,{data}">{escape(words)}</a>'
    )


# What runs once it stands in the page. A browser may forbid both without a press that it has seen; then the
# link and the selected text are there. Voila's page has an address of its own, a notebook's cell has none.
PRESS = "this.previousElementSibling.click()"
COPY = """
const text = this.previousElementSibling, said = text.previousElementSibling;
if (text.dataset.settings !== undefined && document.querySelector('body[data-voila]')) {
  const address = new window.URL(location.href);
  if (text.dataset.settings) address.searchParams.set('settings', text.dataset.settings);
  else address.searchParams.delete('settings');
  text.textContent = address.href;
}
const select = () => {
  getSelection().selectAllChildren(text);
  said.textContent = said.dataset.selected;
};
if (navigator.clipboard) navigator.clipboard.writeText(text.textContent).then(
  () => { said.textContent = said.dataset.copied; }, select);
else select();
"""


def save_link(name: str, content: bytes, mime: str) -> Html:
    """Return a link that saves the content as a file, pressed as soon as it is shown."""
    link = download_link(name, content, mime, f"Save {name}")
    return Html(f'{link}<style onload="{PRESS}">.sw-saved{{}}</style>')


def copy_text(text: str, what: str, settings: str | None = None) -> Html:
    """Text that is copied as soon as it is shown, with a word that it was; selected where that is forbidden.

    Args:
        text: what is copied.
        what: what it is called.
        settings: where given, the page's address with these settings is copied in place of the text, if the
            page has one.
    """
    name = escape(what)
    words = f'data-copied="{name}: copied." data-selected="{name}: selected; copy it with Ctrl-C."'
    data = "" if settings is None else f' data-settings="{escape(settings)}"'
    return Html(
        f'<p role="status" {words}>{name}:</p><pre tabindex="0"{data}>{escape(text)}</pre>'
        f'<style onload="{escape(COPY)}">.sw-copied{{}}</style>'
    )
