"""A game in the page: by keys alone, by the mouse, and what comes out of it."""

import csv
import re
from pathlib import Path

import pytest
from explorer_page import LONG
from lab_page import open_in_lab
from playwright.sync_api import Page, expect


@pytest.fixture
def game(notebooks: str) -> str:
    return f"{notebooks}voila/render/play.ipynb"


def status(page: Page):
    return page.get_by_role("status").filter(has_text=re.compile(r"Trial \d+ of 100"))


def test_a_game_by_keys_alone(page: Page, game: str):
    page.goto(game)
    first = page.get_by_role("button", name=re.compile("Option 1"))
    expect(status(page)).to_contain_text("Trial 0 of 100")
    expect(first).to_be_focused()  # nothing else had the focus
    for at, key in enumerate(["ArrowLeft", "ArrowRight", "1", "2", "Space"], 1):
        page.keyboard.press(key)
        expect(status(page)).to_contain_text(f"Trial {at} of 100")
        expect(status(page)).to_contain_text(f"Option {2 if key in ('ArrowRight', '2') else 1}: ")
        expect(status(page)).to_contain_text(re.compile(r"(no )?reward\."))
    for at in range(6, 101):
        page.keyboard.press("ArrowLeft" if at % 3 else "ArrowRight")
        expect(status(page)).to_contain_text(f"Trial {at} of 100")
    expect(first).to_be_disabled()
    table = page.get_by_role("region", name="How your choices are expected")
    expect(table).to_contain_text("SPICE", timeout=LONG)
    expect(page.get_by_text("Your learning rate α is")).to_be_visible()
    expect(page.locator(".svg-figure").first).to_be_visible()
    with page.expect_download() as saving:
        page.get_by_role("button", name="choices as csv").click()
    with Path(saving.value.path()).open(newline="") as file:
        assert len(list(csv.reader(file))) == 101


@pytest.mark.parametrize("width", [1280, 400])
def test_a_game_by_the_mouse(new_page, game: str, width: int):
    page = new_page(width=width)
    page.goto(game)
    for at in (1, 2, 3):
        page.get_by_role("button", name=re.compile(f"Option {at % 2 + 1}")).click()
        expect(status(page)).to_contain_text(f"Trial {at} of 100")
    page.get_by_role("button", name="New game").click()
    expect(status(page)).to_contain_text("Trial 0 of 100")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_in_jupyterlab_keys_play_and_leave_the_notebook_alone(page: Page, lab: str):
    open_in_lab(page, lab, "play", "Play")
    heading = page.get_by_role("heading", name="Be the participant")
    expect(heading).to_be_visible(timeout=LONG)
    heading.click()
    page.keyboard.press("Escape")  # now the notebook itself listens to digits and arrows
    page.get_by_role("button", name=re.compile("Option 1")).click()
    expect(status(page)).to_contain_text("Trial 1 of 100")
    cells = page.locator(".jp-Cell").count()
    for at, key in enumerate(["2", "1", "ArrowRight", "ArrowLeft", "1"], 2):
        page.keyboard.press(key)
        expect(status(page)).to_contain_text(f"Trial {at} of 100")
    assert page.locator(".jp-Cell").count() == cells
    assert page.locator(".jp-CodeCell").count() == 2  # a digit makes no heading of a cell
