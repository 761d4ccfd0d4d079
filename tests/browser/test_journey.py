"""The main job by the mouse alone: in Voila, in JupyterLab, with both generations of widgets, on a phone."""

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from explorer_page import ExplorerPage
from lab_page import open_in_lab
from playwright.sync_api import Page, expect


@pytest.mark.seed(63)
def test_in_voila(page: Page, app: str):
    page.goto(app)
    journey(ExplorerPage(page), train_slowly)


def test_in_voila_with_the_widgets_of_colab(page: Page, app_7: str):
    page.goto(app_7)
    journey(ExplorerPage(page))


def test_in_voila_as_wide_as_a_phone(new_page, app: str):
    page = new_page(width=400, height=800)
    page.goto(app)
    journey(ExplorerPage(page))
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_in_jupyterlab(page: Page, lab: str):
    open_in_lab(page, lab, "explorer", "The explorer")
    journey(ExplorerPage(page))


def train_slowly(explorer: ExplorerPage) -> None:
    """With many data and a slow optimiser, so that there is time to see the curve grow."""
    explorer.stage("Data")
    explorer.slide("Sessions", 0.9)
    expect(explorer.typed("Sessions")).to_have_value(re.compile(r"4\d\d"))
    explorer.stage("Train")
    explorer.choose("Optimizer", "adam")
    explorer.watch_lines()
    explorer.button("Train").click()
    explorer.expect_trained()
    assert explorer.page.evaluate("window.courses.size") > 3


def train_soon(explorer: ExplorerPage) -> None:
    explorer.stage("Train")
    explorer.button("Train").click()
    explorer.expect_trained()


def journey(explorer: ExplorerPage, train: Callable[[ExplorerPage], None] = train_soon) -> None:
    explorer.opened()
    move_sigma(explorer)
    change_alpha(explorer)
    train(explorer)
    see_the_equation(explorer)
    compare_a_session(explorer)
    save_a_file(explorer)


def move_sigma(explorer: ExplorerPage) -> None:
    explorer.stage("Task")
    before = explorer.lines()
    explorer.slide("Drift", 0.4)
    expect(explorer.typed("Drift")).to_have_value(re.compile(r"0\.[34]"))
    explorer.expect_other_lines(before)


def change_alpha(explorer: ExplorerPage) -> None:
    explorer.stage("Participant")
    explorer.look_at_figure()
    before = explorer.lines()
    explorer.slide("Learning rate", 0.6)
    expect(explorer.typed("Learning rate")).to_have_value(re.compile(r"0\.[56]"))
    explorer.expect_other_lines(before)
    expect(explorer.equations).to_contain_text(re.compile(r"α\s*0\.[56]"))
    explorer.expect_state("equation", "stale")


def see_the_equation(explorer: ExplorerPage) -> None:
    explorer.stage("Equation")
    explorer.expect_state("equation", "done")
    expect(explorer.page.locator("math").locator("visible=true").first).to_be_visible()


def compare_a_session(explorer: ExplorerPage) -> None:
    explorer.stage("Compare")
    expect(explorer.figure()).to_be_visible()
    before = explorer.lines()
    explorer.slide("Session", 0.5)
    explorer.expect_other_lines(before)
    expect(
        explorer.page.get_by_text("P of SPICE is off that of Truth").locator("visible=true")
    ).to_be_visible()


def save_a_file(explorer: ExplorerPage) -> None:
    with explorer.page.expect_download() as saving:
        explorer.button("csv").click()
    with Path(saving.value.path()).open(newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 101  # a line of names and the session's trials
