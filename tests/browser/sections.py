"""All panels of the explorer, one after the other, by what their buttons and headings say."""

from collections.abc import Iterator

from explorer_page import ExplorerPage
from playwright.sync_api import expect

from spicewidgets.panels import STAGES


def sections(explorer: ExplorerPage) -> Iterator[str]:
    """Open each panel, and tell its name once it is on show."""
    for name, stage in STAGES.items():
        explorer.go(name)
        heading = explorer.page.get_by_role("heading", name=stage.title, exact=True)
        expect(heading.locator("visible=true").first).to_be_visible()
        yield name
