"""Takes the README's pictures of the explorer, one of them moving, and sheets of pictures for each width and
theme: `python tests/browser/pictures.py`, or with `readme` or some of the sheets' names only these.

The run is a real one: the participant is changed, trained, and what was found is compared.
"""

import io
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
import chromium
import servers
from explorer_page import HANDLES, TRACKS, ExplorerPage

from spicewidgets.state.stages import STAGES

FOLDER = Path(__file__).parent / "pictures"
STRIPS = {1280: (860, 0.3), 768: (900, 0.4), 400: (860, 0.5)}  # height of a page, and how small it is drawn
ROW = {1280: 4, 768: 5, 400: 8}  # pages beside each other
SIZES = {"desk": (1280, 900), "phone": (400, 860)}
FILM = {"width": 1000, "height": 700}
SMALL = (640, 448)  # as the film is kept
PACE = 125  # ms that a picture of the film stands
# A screenshot has no pointer: a dot takes its place.
POINTER = """() => {
  const dot = document.createElement("div")
  dot.style = "position:fixed;z-index:9999;width:16px;height:16px;margin:-8px;border-radius:50%;"
    + "pointer-events:none;background:#d9702fcc;left:-20px;transition:transform .1s"
  document.body.append(dot)
  const follow = (event) => {
    Object.assign(dot.style, {left: event.clientX + "px", top: event.clientY + "px"})
    dot.style.transform = event.buttons ? "scale(.7)" : ""
  }
  for (const kind of ["mousemove", "mousedown", "mouseup"]) document.addEventListener(kind, follow, true)
}"""


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
    expect(explorer.guide).to_contain_text("Train again", timeout=20_000)
    explorer.button("Train").click()
    explorer.expect_trained()
    explorer.stage("Compare" if theme == "light" else "Train")
    page.mouse.move(0, 0)
    page.wait_for_timeout(1500)  # a picture has no word to wait for
    path = FOLDER / f"{size}-{theme}.png"
    page.screenshot(path=path)
    Image.open(path).convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(path, optimize=True)
    page.close()


class Sheet:
    """Pictures of a page, small, beside each other."""

    def __init__(self, browser: Browser, width: int, theme: str) -> None:
        height, self.scale = STRIPS[width]
        self.page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
        self.shots: list[Image.Image] = []
        self.columns, self.end = ROW[width], f"{width}-{theme}.webp"

    def shoot(self, page: Page | None = None) -> None:
        """One more, of this page or of another."""
        page = page or self.page
        page.mouse.move(0, 0)
        page.wait_for_timeout(900)  # a picture has no word to wait for
        shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        size = (int(shot.width * self.scale), int(shot.height * self.scale))
        self.shots.append(shot.resize(size, Image.Resampling.LANCZOS))

    def save(self, name: str) -> None:
        """Write all of them as one picture, and close the page."""
        columns, (wide, high) = min(self.columns, len(self.shots)), self.shots[0].size
        sheet = Image.new(
            "RGB", (columns * (wide + 8), -(-len(self.shots) // columns) * (high + 8)), "#868d96"
        )
        for at, shot in enumerate(self.shots):
            sheet.paste(shot, (at % columns * (wide + 8) + 4, at // columns * (high + 8) + 4))
        sheet.save(FOLDER / f"{name}-{self.end}", quality=55, method=6)
        self.page.close()


def rooms(browser: Browser, url: str, width: int, theme: str) -> None:
    """All rooms and views."""
    sheet = Sheet(browser, width, theme)
    sheet.page.goto(f"{url}?theme={theme}", timeout=120_000)
    explorer = ExplorerPage(sheet.page).opened()
    for name in STAGES:
        explorer.go(name)
        sheet.shoot()
    sheet.save("rooms")


def game(browser: Browser, url: str, width: int, theme: str) -> None:
    """Thirty choices, and what is beside the player at their end."""
    sheet = Sheet(browser, width, theme)
    page = sheet.page
    page.goto(f"{url}?theme={theme}", timeout=120_000)
    explorer = ExplorerPage(page)
    done = 0
    for until in (0, 3, 11, 20, 30):
        explorer.play(until - done)
        done = until
        sheet.shoot()
    for name in ("twin", "simulated", "people"):
        page.locator(f"#{name}").click()
        sheet.shoot()
    explorer.tile("equation").click()
    explorer.expect_trained()
    sheet.shoot()
    sheet.save("game")


def story(browser: Browser, url: str, width: int, theme: str) -> None:
    """The six scenes, each as it asks and as it answers."""
    sheet = Sheet(browser, width, theme)
    sheet.page.goto(f"{url}?theme={theme}", timeout=120_000)
    explorer = ExplorerPage(sheet.page).opened()
    explorer.button("Story").click()
    for at in range(1, 7):
        expect(sheet.page.get_by_text(f"{at} of 6")).to_be_visible()
        sheet.shoot()
        look = sheet.page.get_by_role("button", name="Look", exact=True)
        (
            look if look.is_visible() else sheet.page.locator(".sw-story .widget-vbox>.widget-button").nth(1)
        ).click()
        sheet.shoot()
        explorer.button(re.compile("^(Next|Open the|Back to)")).click()
    sheet.save("story")


def training(browser: Browser, url: str, width: int, theme: str) -> None:
    """A training: while it goes on, at its end, and as it is replayed."""
    sheet = Sheet(browser, width, theme)
    sheet.page.goto(f"{url}?theme={theme}", timeout=120_000)
    explorer = ExplorerPage(sheet.page).opened()
    explorer.stage("Train")
    sheet.shoot()
    explorer.button("Train").click()
    explorer.expect_trained()
    sheet.shoot()
    explorer.stage("Replay")
    slider = sheet.page.get_by_role("slider").locator("visible=true").first
    for key in ("Home", *["PageUp"] * 3):
        slider.press(key)
        sheet.shoot()
    sheet.save("training")


def points(browser: Browser, folder: Path, width: int, theme: str) -> None:
    """A class on one plot: three share, at a learner's page and on the presenter's."""
    with servers.app(folder, "--public", "--class", "Monday", "--most", "6") as url:
        address = re.search(r"present.*http://[^/]*/(class#\S+)", (folder / "server.log").read_text())[1]
        sheet = Sheet(browser, width, theme)
        desk = browser.new_page(viewport=sheet.page.viewport_size, color_scheme=theme)
        desk.goto(url + address)
        expect(desk.get_by_text("Class: Monday")).to_be_visible()
        others = [browser.new_page() for _ in range(2)]
        for page, name, rate in zip(
            (*others, sheet.page), ("Ada", "Ben", "Cleo"), ("0.6", "0.8", "0.4"), strict=True
        ):
            page.goto(f"{url}?theme={theme}")
            explorer = ExplorerPage(page).opened()
            explorer.stage("Participant")
            explorer.typed("Learning rate").fill(rate)
            explorer.typed("Learning rate").press("Tab")
            expect(explorer.guide).to_contain_text("Train again")
            explorer.button("Train").click()
            explorer.expect_trained()
            field = page.get_by_role("textbox", name="Name, if you like")
            field.fill(name)
            field.press("Tab")
            page.get_by_role("button", name="Share my point").click()
            expect(page.get_by_text("Shared. Everybody sees it")).to_be_visible()
            expect(desk.get_by_text(name)).not_to_have_count(0)
        sheet.page.locator(".sw-class").scroll_into_view_if_needed()
        sheet.shoot()
        sheet.shoot(desk)
        for page in (desk, *others):
            page.goto("about:blank")
            page.close()
        sheet.save("class")


class Film:
    """Pictures of a page, each with the time that it stands."""

    def __init__(self, page: Page) -> None:
        self.page, self.pictures, self.times = page, [], []

    def shoot(self, times: int = 1) -> None:
        """So many pictures; one that shows what the last one showed lets that one stand longer."""
        for _ in range(times):
            shot = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
            if self.pictures and shot.tobytes() == self.pictures[-1].tobytes():
                self.times[-1] += PACE
            else:
                self.pictures.append(shot)
                self.times.append(PACE)

    def until(self, condition: Callable[[], bool], most: int = 80) -> None:
        """Pictures until something is so."""
        while not condition() and most:
            self.shoot()
            most -= 1

    def to(self, x: float, y: float) -> None:
        """The pointer goes somewhere, and is seen there."""
        self.page.mouse.move(x, y)
        self.shoot()

    def click(self, name: str | re.Pattern) -> None:
        """The pointer goes to a button and presses it."""
        box = ExplorerPage(self.page).button(name).bounding_box()
        self.to(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.shoot(3)
        self.page.mouse.down()
        self.shoot()
        self.page.mouse.up()

    def save(self, path: Path) -> None:
        """Write it; it begins anew after a while."""
        self.times[-1] = 3000
        first, *rest = (each.resize(SMALL, Image.Resampling.LANCZOS) for each in self.pictures)
        first.save(path, save_all=True, append_images=rest, duration=self.times, loop=0, quality=60, method=6)


def film(browser: Browser, url: str) -> None:
    """A learning rate is moved, the network trained, its equation read and a session compared."""
    page = browser.new_page(viewport=FILM)
    page.goto(url, timeout=120_000)
    explorer = ExplorerPage(page)
    expect(explorer.figure()).to_be_visible(timeout=60_000)
    explorer.stage("Participant")
    page.evaluate(POINTER)
    taken = Film(page)
    taken.shoot(4)
    track = page.locator(".widget-slider").filter(has_text="Learning rate").locator("visible=true").first
    handle, box = track.locator(HANDLES).first.bounding_box(), track.locator(TRACKS).first.bounding_box()
    middle = handle["y"] + handle["height"] / 2
    taken.to(handle["x"] + handle["width"] / 2, middle)
    page.mouse.down()
    for share in range(32, 64, 3):
        taken.to(box["x"] + box["width"] * share / 100, middle)
        page.wait_for_timeout(80)
    page.mouse.up()
    taken.shoot(6)
    taken.click(re.compile(r"^\d+ Network"))
    explorer.go("train")
    taken.shoot(6)
    taken.click("Train")
    taken.until(lambda: "Trained for" in explorer.guide.inner_text())
    taken.shoot(10)
    for room in ("Equation", r"Is it true\?"):
        taken.click(re.compile(rf"^\d+ {room}"))
        taken.shoot(12)
    taken.save(FOLDER / "explorer.webp")
    page.close()


SHEETS = {"rooms": rooms, "game": game, "story": story, "training": training}

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, servers.app(Path(folder)) as url, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium.find(), args=["--disable-gpu"])
        wanted = sys.argv[1:] or ["readme", *SHEETS, "class"]
        for theme in ("light", "dark"):
            for size in SIZES if "readme" in wanted else ():
                take(browser, url, size, theme)
            for width in STRIPS:
                for name in SHEETS:
                    if name in wanted and (width != 768 or name == "rooms"):
                        SHEETS[name](browser, url, width, theme)
            for width in (1280, 400) if "class" in wanted else ():
                with tempfile.TemporaryDirectory() as other:
                    points(browser, Path(other), width, theme)
        if "readme" in wanted:
            film(browser, url)
        browser.close()
