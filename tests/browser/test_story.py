"""The story by the keyboard alone, during which nothing on the page jumps; and pages of any width."""

import re

import npm
import pytest
from explorer_page import LONG, ExplorerPage
from playwright.sync_api import Page, expect
from sections import fits, sections
from test_accessibility import RUN

from spicewidgets.core.models import READY
from spicewidgets.state.builder import TEMPLATES
from spicewidgets.state.model import YOUR_OWN
from spicewidgets.state.presets import PRESETS

MOST_SHIFT = 0.01  # the browser's own cumulative layout shift
SHIFTS = """() => {
  window.shifts = 0
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts += one.value
  }).observe({ type: "layout-shift", buffered: true })
}"""
# Where the parts of the page stand that must not move.
PLACES = """() => [".sw-head", ".sw-strip", ".sw-guide", ".sw-controls", ".sw-stage"].map((look) => {
  const shown = [...document.querySelectorAll(look)].find((one) => one.checkVisibility())
  const { left, top } = shown.getBoundingClientRect()
  return [look, Math.floor(left / 2), Math.floor(top / 2)]  // fractions of a pixel are rounding
})"""

# Parts of the true and the found equation that are in sight: x′, α and β of both.
EQUATIONS = """() => [...document.querySelectorAll('.sw-equations :is(.sw-left, .sw-read)')].filter((one) =>
  one.checkVisibility() && one.getBoundingClientRect().right <= innerWidth).length"""
# A figure is no larger than its place, also where the page is magnified.
WHOLE = """() => [...document.querySelectorAll('.bqplot.figure')].filter((one) => one.checkVisibility())
  .every((one) => one.querySelector('.svg-figure').getBoundingClientRect().bottom
    <= one.getBoundingClientRect().bottom + 1)"""


@pytest.mark.parametrize("width", [1280, 400])
def test_the_story_by_the_keyboard_alone(new_page, app: str, width: int):
    page = new_page(width=width)
    page.goto(app)
    explorer = ExplorerPage(page).opened()
    assert page.evaluate(EQUATIONS) == 6
    page.evaluate(SHIFTS)
    places = page.evaluate(PLACES)
    explorer.stage("Participant")
    arrows(explorer, "Learning rate", "ArrowRight", 1)
    arrows(explorer, "Learning rate", "ArrowLeft", 1)
    explorer.stage("Task")
    assert page.evaluate(PLACES) == places  # a first move of a slider shifts nothing
    enter(page, "Start")
    scene(page, "1 of 6")
    enter(page, "Option 2")
    expect(page.locator(".sw-story").get_by_text("The network had")).to_be_visible()
    enter(page, "Next")
    scene(page, "2 of 6")
    arrows(explorer, "Your guess", "ArrowRight", 10)
    enter(page, "Look")
    expect(page.get_by_text("You knew.")).to_be_visible()
    enter(page, "Next")
    scene(page, "3 of 6")
    arrows(explorer, "Your guess", "ArrowDown", 3)
    enter(page, "Look")
    expect(page.get_by_text("of the way to nothing")).to_be_visible()
    if (axe := npm.axe()) is not None:
        page.add_script_tag(content=axe.read_text(encoding="utf-8"))
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            explorer.expect_rest()
            assert page.evaluate(RUN, {}) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.reload()
    ExplorerPage(page).opened()
    enter(page, "Go on")  # where it was left
    scene(page, "3 of 6")
    for at, answer in ((4, "value, next = 0.71 × value + 0.29 × reward"), (5, "by 0.02 to 0.10")):
        enter(page, "Next")
        scene(page, f"{at} of 6")
        enter(page, answer)
        expect(page.get_by_text("Correct.")).to_be_visible()
    enter(page, "Next")
    enter(page, "Let nothing pay any more")
    expect(page.get_by_text("a habit makes that 37,000 times likelier")).to_be_visible()
    enter(page, "Open the rooms")
    expect(explorer.tile("task")).to_be_visible()
    assert page.evaluate("window.shifts ?? 0") < MOST_SHIFT


def test_tiles_and_views_by_arrows_by_the_mouse_and_as_presented(page: Page, app: str):
    page.goto(app)
    explorer = ExplorerPage(page).opened()
    explorer.tile("task").focus()
    for room in ("participant", "choices", "network"):
        page.keyboard.press("ArrowRight")
        expect(explorer.tile(room)).to_be_focused()
    expect(page.get_by_role("heading", name="Model").locator("visible=true")).to_be_visible()
    page.locator(".sw-views").get_by_role("button", name="Model").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="Train").locator("visible=true")).to_be_visible()

    for room in ("participant", "choices", "network", "equation", "truth", "task"):
        box = page.locator(".sw-tile").filter(has=explorer.tile(room)).bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.6)
        expect(page.locator(".sw-tile.sw-open").filter(has=explorer.tile(room))).to_be_visible()
    explorer.button(re.compile("^Open …")).click()
    explorer.button("Present").click()
    expect(page.get_by_role("button", name="Share")).to_have_count(0)
    page.wait_for_function(WHOLE)
    page.keyboard.press("PageDown")
    expect(page.get_by_role("heading", name="Participant").locator("visible=true")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Share")).to_be_visible()


def test_light_and_dark_by_the_system_and_by_the_switch(new_page, app: str):
    page = new_page(color_scheme="dark")
    page.goto(app)
    ExplorerPage(page).opened()
    assert scheme(page) == ("dark", "rgb(17, 20, 23)")
    page.get_by_role("button", name="Theme").click()
    assert scheme(page) == ("light", "rgb(255, 255, 255)")
    page.reload()
    ExplorerPage(page).opened()
    assert scheme(page) == ("light", "rgb(255, 255, 255)")


def test_share_copies_an_address_that_opens_the_same(new_page, app: str):
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(app)
    explorer = ExplorerPage(page).opened()
    explorer.stage("Task")
    explorer.typed("Drift").fill("0.05")
    page.keyboard.press("Tab")
    explorer.expect_state("train", "stale")
    explorer.button("Share").click()
    expect(page.get_by_text("The page with its settings: copied.")).to_be_visible()
    address = page.evaluate("navigator.clipboard.readText()")
    assert address.startswith(app)
    page.goto(address)
    explorer.opened()
    explorer.stage("Task")
    expect(explorer.typed("Drift")).to_have_value("0.05")
    explorer.button("Script").click()
    expect(page.get_by_text("The same as a Python script: copied.")).to_be_visible()
    assert "sigma=0.05" in page.evaluate("navigator.clipboard.readText()")


def test_where_copying_is_forbidden_the_text_is_selected(new_page, app: str):
    page = new_page()
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.goto(app)
    ExplorerPage(page).opened()
    page.get_by_role("button", name="Script").click()
    expect(page.get_by_text(re.compile("selected; copy it with Ctrl-C"))).to_be_visible()
    assert "spicewidgets" in page.evaluate("getSelection().toString()")


def test_a_figure_is_drawn_as_soon_as_it_has_room(page: Page, app: str):
    """The 0.3 s without a change that bqplot waits for never pass here."""
    page.add_init_script("const wait = setTimeout; setTimeout = (f, ms) => ms === 300 ? 0 : wait(f, ms)")
    page.goto(app)
    ExplorerPage(page).opened()


@pytest.mark.slow  # of the tutorial test_accessibility.py knows it
@pytest.mark.parametrize("preset", list(PRESETS)[1:])
def test_nothing_is_wider_than_the_page(page: Page, app: str, preset: str):
    page.goto(app)
    explorer = ExplorerPage(page).opened()
    explorer.choose("Preset", preset)
    for name in sections(explorer):
        fits(page, name)


@pytest.mark.slow
def test_no_model_and_no_example_of_the_builder_is_wider_than_the_page(page: Page, app: str):
    page.goto(app)
    explorer = ExplorerPage(page).opened()
    explorer.stage("Model")
    for name in READY:
        explorer.choose("Model", name)
        fits(page, name)
    for name in TEMPLATES:
        explorer.choose("Model", YOUR_OWN)
        explorer.choose("Start from", name)
        explorer.button("Build from this").click()
        explorer.expect_rest()
        fits(page, f"built from {name}")


def scene(page: Page, words: str) -> None:
    expect(page.locator(".sw-story").get_by_text(words)).to_be_visible(timeout=LONG)


def enter(page: Page, name: str | re.Pattern) -> None:
    """Reach a button by the Tab key from the top of the page, and press it."""
    button = page.get_by_role("button", name=name, exact=isinstance(name, str)).locator("visible=true").first
    expect(button).to_be_enabled()
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    for _ in range(60):
        page.keyboard.press("Tab")
        if button.evaluate("(element) => element === document.activeElement"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{name} is not reached by the Tab key")


def arrows(explorer: ExplorerPage, label: str, key: str, times: int) -> None:
    """Move a slider by a key."""
    handle = explorer.page.get_by_role("slider", name=re.compile(label)).locator("visible=true").first
    handle.focus()
    for _ in range(times):
        explorer.page.keyboard.press(key)


def scheme(page: Page) -> tuple[str, str]:
    look = "({ colorScheme, backgroundColor }) => [colorScheme, backgroundColor]"
    found = page.evaluate(f"({look})(getComputedStyle(document.querySelector('.sw-explorer')))")
    body = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert body == found[1]
    return tuple(found)
