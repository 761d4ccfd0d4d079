"""All panels of the explorer, one after the other, by what their buttons and headings say; their width."""

from collections.abc import Iterable, Iterator

from explorer_page import ExplorerPage
from playwright.sync_api import Page, expect

from spicewidgets.panels import STAGES

WIDTHS = (400, 600, 768, 1024, 1280)
WIDER = """() => [...document.querySelectorAll('main *')].filter((one) => one.checkVisibility()
  && !one.parentElement.closest('.sw-scroll, .sw-strip, .sw-bar, .sw-views, .sw-equations, .bqplot, pre')
  && one.getBoundingClientRect().right > innerWidth + 1).slice(0, 5)
  .map((one) => one.outerHTML.slice(0, 160))"""


def sections(explorer: ExplorerPage) -> Iterator[str]:
    """Open each panel, and tell its name once it is on show."""
    for name, stage in STAGES.items():
        explorer.go(name)
        heading = explorer.page.get_by_role("heading", name=stage.title, exact=True)
        expect(heading.locator("visible=true").first).to_be_visible()
        yield name


def fits(page: Page, what: str, widths: Iterable[int] = WIDTHS) -> None:
    """Whatever the width of the page is, nothing is wider; the last width stays."""
    for width in widths:
        page.set_viewport_size({"width": width, "height": 860})
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, (what, width, page.evaluate(WIDER))
