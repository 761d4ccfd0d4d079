"""All sections of the explorer, one after the other, by what their buttons and headings say."""

import re
from collections.abc import Iterator

from explorer_page import ExplorerPage
from playwright.sync_api import expect

from spicewidgets.panels import STAGES


def sections(explorer: ExplorerPage) -> Iterator[str]:
    """Open each section, and tell its name once it is on show."""
    for name, stage in STAGES.items():
        explorer.button(re.compile(rf"^\d+ {name.capitalize()}")).click()
        heading = explorer.page.get_by_role("heading", name=stage.title, exact=True)
        expect(heading.locator("visible=true").first).to_be_visible()
        yield name
