"""The explorer's page as who uses it sees it. Where a label changes, it changes here."""

import re

from playwright.sync_api import Locator, Page, expect

from spicewidgets.state.stages import ROOMS, STAGES, views

LONG = 120_000  # ms that a training may take on a busy machine
# The course of all lines in the figures that are on show.
LINES = """() => [...document.querySelectorAll(".svg-figure path.line")]
  .filter((path) => path.checkVisibility()).map((path) => path.getAttribute("d")).join()"""
# The kernel has answered all that Voila's page asked of it, nothing moves, and what can be used has a name.
REST = """async () => {
  await jupyterapp.widgetManager.kernel.requestKernelInfo()
  const moving = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
  await Promise.allSettled(moving.map((one) => one.finished))
  const unnamed = ".widget-play button:not([aria-label]), .widget-slider [role=slider]:not([aria-label])"
  do await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)))
  while ([...document.querySelectorAll(unnamed)].some((one) => one.checkVisibility()))
}"""
# Pixels by which the page is wider than its window.
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Notes the milliseconds from a key to the picture with the choice and what the network now makes of it.
WATCH_GAME = """() => {
  const watched = window.swBets
  window.swBets = []
  if (watched) return
  let begun = null
  document.addEventListener('keydown', (event) => { begun = event.timeStamp }, true)
  new MutationObserver(() => {
    if (begun === null) return
    const at = begun
    begun = null
    requestAnimationFrame(() => window.swBets.push(performance.now() - at))
  }).observe(document.querySelector('#bets'), { childList: true })
}"""
TRACKS = ".noUi-base, .ui-slider"  # of ipywidgets 8 and 7
HANDLES = ".noUi-handle, .ui-slider-handle"


class ExplorerPage:
    """Finds things by the words that stand on them, and waits for words."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.equations = page.get_by_role("region", name="Head")
        self.guide = page.locator(".sw-guide").get_by_role("status")

    def opened(self) -> "ExplorerPage":
        """The page, past its game, once the recorded run and a figure are there to see."""
        expect(self.equations).to_contain_text("SPICE")
        watch = self.page.get_by_role("button", name="Watch a simulated participant")
        expect(watch.or_(self.figure()).locator("visible=true").first).to_be_visible()
        if watch.is_visible():
            watch.click()
        expect(self.figure()).to_be_visible()
        return self

    def play(self, n: int, pause: float = 0.1) -> list[float]:
        """Play so many choices by keys, with seconds between them, each the other one after a loss;
        milliseconds from each to the next bet.
        """
        expect(self.page.locator("#mind path")).not_to_have_count(0)  # the network is there
        self.page.locator("#left").wait_for()
        self.page.evaluate(WATCH_GAME)
        key = "ArrowLeft"
        for at in range(n):
            if "did not pay" in self.page.locator("#play .top").inner_text():
                key = {"ArrowLeft": "ArrowRight", "ArrowRight": "ArrowLeft"}[key]
            self.page.keyboard.press(key)
            self.page.wait_for_function("(n) => window.swBets.length > n", arg=at)
            self.page.wait_for_timeout(1000 * pause)
        return self.page.evaluate("window.swBets")

    def button(self, name: str | re.Pattern) -> Locator:
        return self.page.get_by_role("button", name=name).locator("visible=true").first

    def stage(self, name: str) -> None:
        """Open a panel, by the tile of its room and by its view, and wait for its heading."""
        self.go(name.lower())
        expect(self.page.get_by_role("heading", name=name).locator("visible=true")).to_be_visible()

    def go(self, name: str) -> None:
        """Open a panel by its name."""
        room = STAGES[name].room
        self.tile(room).click()
        if len(views(room)) > 1:
            self.page.locator(".sw-views").get_by_role("button", name=name.capitalize(), exact=True).click()

    def tile(self, room: str) -> Locator:
        """The button on a room's tile."""
        return self.button(re.compile(rf"^\d+ {re.escape(ROOMS[room].title)}"))

    def expect_state(self, name: str, state: str, timeout: float | None = None) -> None:
        """Wait until a panel's room is "done", "stale", "todo" or "running"."""
        title = re.compile(rf"\d+ {re.escape(ROOMS[STAGES[name].room].title)}")
        tile = self.page.locator(f".sw-tile.sw-{state}").filter(has_text=title)
        expect(tile).to_be_visible(timeout=timeout)

    def expect_trained(self, timeout: float = LONG) -> None:
        """Wait until a training has ended, and been shown."""
        self.expect_state("train", "done", timeout)
        expect(self.page.locator(".sw-guide .sw-running")).to_have_count(0, timeout=timeout)

    def figure(self) -> Locator:
        return self.page.locator(".svg-figure").locator("visible=true").first

    def look_at_figure(self) -> None:
        """Scroll to the first figure: on a phone it is drawn once it is in sight."""
        self.page.evaluate(
            "[...document.querySelectorAll('.bqplot.figure')].find((one) => one.checkVisibility())"
            ".scrollIntoView({ block: 'nearest' })"
        )
        expect(self.figure()).to_be_visible()

    def lines(self) -> str:
        """The course of all lines in the figures that are on show."""
        return self.page.evaluate(LINES)

    def expect_other_lines(self, before: str) -> None:
        """Wait until the lines take another course."""
        self.page.wait_for_function(f"before => ({LINES})() !== before", arg=before)

    def expect_rest(self) -> None:
        """Wait until the page has drawn all that the kernel has to say."""
        self.page.evaluate(REST)

    def watch_lines(self) -> None:
        """Count from now on how often a line of the figure that is on show takes another course."""
        self.page.evaluate(
            """() => {
                window.courses = new Set()
                new MutationObserver((changes) => {
                    for (const { target } of changes)
                        if (target.matches(".svg-figure path.line") && target.checkVisibility())
                            window.courses.add(target.getAttribute("d"))
                }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["d"] })
            }"""
        )

    def choose(self, label: str, option: str) -> None:
        """Choose from a list."""
        self.page.get_by_role("combobox", name=label).locator("visible=true").first.select_option(option)

    def slide(self, label: str, to: float) -> None:
        """Take a slider's handle and move it to a part of its width, by the mouse."""
        track = self.page.locator(".widget-slider").filter(has_text=label).locator("visible=true")
        track.evaluate("element => element.scrollIntoView({ block: 'center' })")  # not below the head
        track.locator(HANDLES).first.hover()  # waits until it stands still
        box = track.locator(TRACKS).first.bounding_box()
        mouse = self.page.mouse
        mouse.down()
        mouse.move(box["x"] + box["width"] * to, box["y"] + box["height"] / 2, steps=5)
        mouse.up()

    def typed(self, label: str) -> Locator:
        """The typed field of a setting."""
        return self.page.get_by_role("spinbutton", name=label).locator("visible=true").first
