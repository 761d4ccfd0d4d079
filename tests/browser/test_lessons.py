"""Each lesson as a page: it opens whole, without an error, a warning or a request to elsewhere."""

import os
import sys

import pytest
import servers
from playwright.sync_api import Page, expect

ALWAYS = "04_individual_differences"  # tests/test_lessons.py runs all
LESSONS = sorted(path.stem for path in (servers.ROOT / "notebooks").glob("[0-9]*.ipynb"))
ASKED = "from spicewidgets import Question as Q\n\nQ('What is 1 − α?', 0.7, within=0.01, hint='α is 0.3.')"
WIDGETS_7 = os.environ.get("WIDGETS_7", "")  # the Python of an environment as Colab's; `make test` sets it
WRONG = "[role=alert], [data-mime-type='application/vnd.jupyter.stderr'], .jp-RenderedText .ansi-red-fg"


@pytest.mark.seed(112)
@pytest.mark.parametrize(
    "name", [name if name == ALWAYS else pytest.param(name, marks=pytest.mark.slow) for name in LESSONS]
)
def test_a_lesson_opens_and_its_answers_are_checked(name, page: Page, notebooks: str):
    page.goto(f"{notebooks}voila/render/{name}.ipynb")
    question = page.locator(".sw-panel").filter(has=page.get_by_role("button", name="Check")).last
    expect(question).to_be_visible()
    expect(page.get_by_text("Next:", exact=True)).to_be_visible()
    assert page.title().startswith("Lesson ")
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.locator(WRONG)).to_have_count(0)
    expect(page.get_by_text("There was an error")).to_have_count(0)
    expect(page.get_by_text("Question(")).to_have_count(0)  # no code
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    question.get_by_role("button", name="Show the answer").click()
    expect(question.get_by_role("status")).to_contain_text("The answer is ")


def test_the_gallery_shows_its_pictures_and_leads_to_a_lesson(page: Page, notebooks: str):
    page.goto(f"{notebooks}voila/render/index.ipynb")
    expect(page.get_by_role("heading", name="All lessons and apps")).to_be_visible()
    pictures = page.locator("td img")
    assert pictures.count() > len(LESSONS)
    assert pictures.evaluate_all("all => all.every(each => each.naturalWidth > 100)")
    expect(page.locator(WRONG)).to_have_count(0)
    page.get_by_role("link", name="Lesson 2: Forgetting").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Lesson 2")


def test_a_lesson_fits_a_phone_in_the_dark(new_page, notebooks: str):
    page = new_page(width=400, height=860)
    page.goto(f"{notebooks}voila/render/03_hard_coded.ipynb?theme=dark")
    expect(page.get_by_text("Next:", exact=True)).to_be_visible()
    assert page.evaluate("document.querySelector('#rendered_cells').scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("python", [sys.executable, WIDGETS_7], ids=["widgets_8", "widgets_7"])
def test_an_answer_is_checked_by_enter_and_by_its_button(python, page: Page, folder):
    if not python:
        pytest.skip("There is no second environment; `make test` makes one.")
    with servers.voila(folder("question"), ASKED, python=python) as url:
        page.goto(url)
        field, status = page.get_by_role("textbox", name="Your answer"), page.get_by_role("status").last
        field.fill("0.5")
        field.press("Enter")
        expect(status).to_have_text("Not yet. α is 0.3.")
        field.fill("0.7")
        page.get_by_role("button", name="Check").click()
        expect(status).to_have_text("Correct.")
        field.fill("seven")
        field.press("Enter")
        expect(status).to_contain_text("A number is needed")
        page.goto("about:blank")  # before the server ends, which the page would tell
