"""The quiz in the page: a mystery is trained on, guessed, and outlives a reload."""

import re

import pytest
from explorer_page import LONG, ExplorerPage
from playwright.sync_api import Page, expect

from spicewidgets.core.judge.quiz import mystery
from spicewidgets.core.simulate.parameters import value_of


@pytest.fixture
def quiz(notebooks: str) -> str:
    return f"{notebooks}voila/render/quiz.ipynb"


def words(page: Page) -> str:
    return page.locator("main").inner_text()


def test_a_mystery_is_found_out(page: Page, quiz: str):
    page.goto(f"{quiz}?settings=quiz-1-3")
    quiz_page = ExplorerPage(page)
    expect(quiz_page.typed("Mystery")).to_have_value("3")
    expect(page.get_by_role("region", name=re.compile("Session 0"))).to_be_visible()
    quiz_page.button(re.compile("3 Train")).click()
    quiz_page.button(re.compile("^Train$")).click()
    expect(page.get_by_text(re.compile("^Trained for"))).to_be_visible(timeout=LONG)
    quiz_page.button(re.compile("5 Equation")).click()
    expect(page.get_by_text("Nothing is known of the truth").locator("visible=true")).to_be_visible()
    quiz_page.button(re.compile("8 Guess")).click()
    quiz_page.button(re.compile("^Guess$")).click()
    expect(page.get_by_role("status").filter(has_text="of 100 points")).to_contain_text("Guess 1")
    assert "Who it was" not in words(page)
    person = mystery(1, 3).participant
    for label, name in (("Learning rate", "alpha_reward"), ("Inverse temperature", "beta_reward")):
        quiz_page.typed(label).fill(f"{value_of(person, name):g}")
        quiz_page.typed(label).press("Tab")
    quiz_page.button(re.compile("^Guess$")).click()
    expect(page.get_by_role("status").filter(has_text="Guess 2")).to_contain_text("100 of 100 points")
    expect(page.get_by_role("heading", name="Who it was")).to_be_visible()


def test_a_reload_brings_the_mystery_back(new_page, quiz: str):
    page = new_page(width=400)
    page.goto(quiz)
    quiz_page = ExplorerPage(page)
    expect(page.get_by_role("region", name=re.compile("Session 0"))).to_be_visible()
    quiz_page.choose("Level", "2: hidden mechanisms, too")
    quiz_page.typed("Mystery").fill("17")
    quiz_page.typed("Mystery").press("Tab")
    page.wait_for_url(re.compile("settings=quiz-2-17"))
    page.reload()
    expect(quiz_page.typed("Mystery")).to_have_value("17")
    quiz_page.button(re.compile("8 Guess")).click()
    expect(page.get_by_role("checkbox", name=re.compile("Choice kernel"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
