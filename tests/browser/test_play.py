"""Thirty choices: in the explorer, which opens with them, in a page of their own, and in JupyterLab."""

import csv
import re
from pathlib import Path

import npm
import pytest
from explorer_page import LONG, ExplorerPage
from lab_page import open_in_lab
from playwright.sync_api import Page, expect
from test_accessibility import violations
from test_page_file import SHIFTS

from spicewidgets.state.experiment import Experiment
from spicewidgets.state.link import to_link

BET = re.compile(r"^It had (\d+ % on (left|right)\. (Your|Its) point|no idea\. No point)\.$")


def said(page: Page):
    return page.locator("#said")


def ready(page: Page) -> None:
    """Wait until the network is there."""
    expect(page.locator("#mind path")).not_to_have_count(0, timeout=LONG)


def play(page: Page, n: int, first: int = 1) -> None:
    for at in range(first, n + 1):
        page.keyboard.press("ArrowLeft" if at % 3 else "ArrowRight")
        if at % 30:
            expect(said(page)).to_contain_text(f"Choice {at} of")
            if at > 10:
                expect(page.locator("#headline")).to_have_text(BET)


@pytest.mark.parametrize("width", [1280, 400])
def test_the_explorer_opens_with_it(new_page, app, width):
    """Tiles wait and fill, nothing moves, and then all rooms stand on the player's choices."""
    page = new_page(width=width, has_touch=True)
    page.goto(app)
    ready(page)
    page.evaluate(SHIFTS)
    tile = page.locator(".sw-tile").filter(has_text="3 Choices")
    expect(tile).to_contain_text("waits for you")
    expect(page.locator(".sw-heard input")).to_have_value("")  # the kernel refuses other words
    page.get_by_role("button", name="right →").tap()
    expect(said(page)).to_contain_text("Choice 1 of 30")
    expect(tile).to_contain_text("1 of yours")
    play(page, 29, 2)
    assert page.evaluate("window.shifted ?? 0") < 0.01
    play(page, 30, 30)
    expect(page.locator("#headline")).to_have_text(re.compile("This is how you seem|you could be guessing"))
    expect(page.locator("#after table")).to_be_visible()
    expect(page.locator(".sw-tile").filter(has_text="5 Equation")).to_contain_text("term")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    explorer = ExplorerPage(page)
    explorer.tile("choices").click()
    expect(page.locator("#headline")).to_be_hidden()
    expect(tile).to_contain_text("30 choices")
    explorer.expect_trained()
    expect(explorer.equations).to_contain_text("you")
    expect(page.get_by_text("your choices.csv").locator("visible=true").first).to_be_visible()


def test_one_press_has_the_rooms_and_one_the_game(page: Page, app):
    page.goto(app)
    ready(page)
    play(page, 3)
    explorer = ExplorerPage(page).opened()
    expect(explorer.equations).to_contain_text("Same terms")
    page.keyboard.press("ArrowLeft")  # nobody plays
    explorer.button("Play").click()
    expect(said(page)).to_contain_text("Choice 3 of 30")
    explorer.tile("task").click()
    expect(explorer.figure()).to_be_visible()
    page.goto(f"{app}?settings={to_link(Experiment())}")  # an address has the rooms, and the game behind them
    ExplorerPage(page).opened()
    explorer.button("Play").click()
    expect(page.locator("#left")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(said(page)).to_contain_text("Choice 1 of 30")


def test_it_can_be_read_by_all(new_page, app):
    script = npm.axe()
    if script is None:
        pytest.skip("axe-core is missing, and npm, which would fetch it.")
    page = new_page(width=400, reduced_motion="reduce")
    page.goto(app)
    ready(page)
    page.add_script_tag(content=script.read_text(encoding="utf-8"))
    for until in (0, 12, 30):
        play(page, until, max(1, until - 17))
        assert violations(page) == []


def test_a_page_of_its_own(page: Page, notebooks):
    page.goto(f"{notebooks}voila/render/play.ipynb")
    ready(page)
    play(page, 12)
    for _ in range(2):  # the last choice goes to the kernel once the one before it is heard
        ExplorerPage(page).expect_rest()
    with page.expect_download() as saving:
        page.get_by_role("button", name="choices as csv").click()
    with Path(saving.value.path()).open(newline="") as file:
        assert len(list(csv.reader(file))) == 13


def test_in_jupyterlab_keys_play_and_leave_the_notebook_alone(page: Page, lab: str):
    open_in_lab(page, lab, "play", "Play")
    ready(page)
    cells = page.locator(".jp-Cell").count()
    page.get_by_role("button", name="← left").click()
    expect(said(page)).to_contain_text("Choice 1 of 30")
    expect(page.get_by_role("button", name="← left")).to_have_attribute("data-lm-suppress-shortcuts", "")
    play(page, 12, 2)
    assert page.locator(".jp-Cell").count() == cells
