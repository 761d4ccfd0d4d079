"""Takes the README's pictures of the explorer: `python tests/browser/pictures.py`.

The run is a real one: the participant is changed, trained, and what was found is compared.
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
import chromium
import servers
from explorer_page import ExplorerPage

FOLDER = Path(__file__).parent / "pictures"
SIZES = {"desk": (1280, 900), "phone": (400, 860)}


def take(browser: Browser, url: str, size: str, theme: str) -> None:
    """One page: alpha is set to 0.6 and trained for; then a stage is shown."""
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(f"{url}?theme={theme}", timeout=120_000)
    explorer = ExplorerPage(page)
    expect(explorer.figure()).to_be_visible(timeout=60_000)
    explorer.stage("Participant")
    explorer.typed("Learning rate").fill("0.6")
    explorer.typed("Learning rate").press("Tab")
    expect(explorer.progress).to_contain_text("train again", timeout=20_000)
    explorer.button("Train").click()
    expect(explorer.progress).to_contain_text("Trained for", timeout=120_000)
    explorer.stage("Compare" if theme == "light" else "Train")
    page.mouse.move(0, 0)
    page.wait_for_timeout(1500)  # a picture has no word to wait for
    path = FOLDER / f"{size}-{theme}.png"
    page.screenshot(path=path)
    Image.open(path).convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(path, optimize=True)
    page.close()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, servers.app(Path(folder)) as url, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium.find(), args=["--disable-gpu"])
        for size in SIZES:
            for theme in ("light", "dark"):
                take(browser, url, size, theme)
        browser.close()
