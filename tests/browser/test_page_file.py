"""The file of `spicewidgets page`, opened from the disk without a network: it trains, its equation is
Python's, nothing moves, and axe finds nothing in the light and in the dark.
"""

import json
import re

import npm
import pytest
from playwright.sync_api import Page, expect
from test_accessibility import RUN

import spicewidgets as sw
from spicewidgets.front.page import write_page

WIDTHS = (1280, 400)
SHIFTS = """new PerformanceObserver((list) => {
  for (const one of list.getEntries())
    window.shifted = (window.shifted ?? 0) + (one.hadRecentInput ? 0 : one.value)
}).observe({type: 'layout-shift', buffered: true})"""
SAME = "Same terms as the participant"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "lesson.html"
    path.write_text(write_page(), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def open_page(new_page, address):
    def make(width: int = 1280, fragment: str = "", **options: object) -> Page:
        page = new_page(width, offline=True, bypass_csp=True, **options)
        page.wrong.clear()  # the file itself is no request of a server's page
        page.goto(f"{address}{fragment}")
        page.wrong[:] = [one for one in page.wrong if not one.startswith("file:")]
        return page

    return make


def train(page: Page) -> None:
    page.get_by_role("button", name="Train").press("Enter")
    expect(page.locator("#verdict")).to_contain_text(re.compile("participant"))


@pytest.mark.parametrize("width", WIDTHS)
def test_it_trains_without_a_network_and_without_moving(open_page, width):
    page = open_page(width)
    page.evaluate(SHIFTS)
    expect(page.locator("#verdict")).to_have_text("Not found yet.")
    train(page)
    expect(page.locator("#verdict")).to_contain_text(SAME)
    expect(page.locator("#compare")).to_have_attribute("aria-label", re.compile(r"equation 0\.\d\d, network"))
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("window.shifted ?? 0") < 0.01


def test_its_equation_is_pythons(open_page):
    page = open_page(fragment="#n_sessions=40&n_trials=60&seed=5&alpha_reward=0.4&beta_reward=nonsense")
    train(page)
    page.get_by_role("button", name="Share").click()
    expect(page.locator("#shared")).to_have_text(re.compile("Copied|address above"))
    assert "alpha_reward=0.4" in page.url
    dataset, _, _ = sw.create_dataset(
        sw.AgentQ(2, alpha_reward=0.4, beta_reward=3.0), sw.BanditsDrift(0.2), 60, 40, random_state=5
    )
    estimator = sw.SpiceEstimator(sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG, random_state=5)
    terms = estimator.fit(dataset).evidence_[0].terms
    shown = page.locator("#equation td:nth-child(2)").all_inner_texts()
    found = {round(float(text.split(" ")[0].replace("−", "-")), 2) for text in shown}
    assert all(any(abs(value - one.value) < 0.011 for value in found) for one in terms if one.active)
    script = page.locator("#script").text_content()
    assert "alpha_reward=0.4, alpha_penalty=None, beta_reward=3" in script
    assert "n_trials=60, n_sessions=40, random_state=5" in script


def test_it_can_be_stopped_and_a_setting_begins_it_anew(open_page):
    page = open_page(fragment="#model=forgetting&forget_rate=0.2")
    page.locator("#train").click()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#train")).to_have_text("Train")
    expect(page.locator("#verdict")).to_contain_text("articipant")  # what was learned is read
    slider = page.get_by_role("slider", name="Learning rate α")
    slider.press("ArrowRight")
    expect(page.locator("#status")).to_have_text("The settings have changed. Train again.")
    expect(page.locator("#alpha_reward")).to_have_value("0.31")
    page.evaluate("location.hash = '#model=forgetting&alpha_reward=0.7&beta_reward=99'")
    expect(page.locator("#alpha_reward")).to_have_value("0.7")
    expect(page.locator("#beta_reward")).to_have_value("3")
    page.locator("#alpha_reward").fill("7")
    expect(page.get_by_text("Learning rate α must be a number from 0 to 1.")).to_be_visible()


def test_what_a_lesson_fixes_stays_whatever_the_address_says(new_page, tmp_path):
    lesson = tmp_path / "lesson.json"
    parts = {"fixed": ["participant.alpha_reward"], "settings": {"participant": {"alpha_reward": 0.6}}}
    lesson.write_text(json.dumps({"lesson": 1, "title": "Fast", "hidden": ["data.seed"]} | parts))
    path = tmp_path / "lesson.html"
    path.write_text(write_page(lesson=lesson), encoding="utf-8")
    page = new_page(offline=True)
    page.goto(f"{path.as_uri()}#alpha_reward=0.1&seed=3&sigma=0.1")
    page.wrong.clear()  # the file itself
    expect(page.locator("#alpha_reward")).to_have_value("0.6")
    expect(page.locator("#alpha_reward")).to_be_disabled()
    expect(page.get_by_text("The lesson “Fast” fixes this.").first).to_be_visible()
    expect(page.locator("#seed")).to_be_hidden()
    expect(page.locator("#seed")).to_have_value("42")
    expect(page.locator("#sigma")).to_have_value("0.1")


def test_a_ready_lesson_checks_answers(new_page, tmp_path):
    path = tmp_path / "lesson.html"
    path.write_text(write_page(lesson="forgetting"), encoding="utf-8")
    page = new_page(400, offline=True)
    page.goto(path.as_uri())
    page.wrong.clear()  # the file itself
    expect(page.get_by_role("heading", level=1)).to_have_text("Lesson 2: Forgetting")
    number, choice = page.locator("#questions form").all()
    for typed, said in (("half", "Type a number"), ("13", "Correct. 0.95"), ("2", "Not yet. What is left")):
        number.get_by_role("textbox").fill(typed)
        number.get_by_role("textbox").press("Enter")
        expect(number.get_by_role("status")).to_contain_text(said)
    choice.get_by_role("button", name="Check").click()
    expect(choice.get_by_role("status")).to_have_text("Choose an answer first.")
    choice.get_by_role("combobox").select_option("Option 1 was not chosen for long")
    choice.get_by_role("button", name="Check").click()
    expect(choice.get_by_role("status")).to_contain_text("Correct.")
    choice.get_by_role("button", name="Show the answer").click()
    expect(choice.get_by_role("status")).to_contain_text("Option 1 was not chosen for long.")
    assert page.evaluate("document.documentElement.scrollWidth") == 400
    assert not page.wrong


def test_a_participant_keeps_a_habit_that_the_network_has_no_part_for(new_page, tmp_path):
    """What is found then looks like forgetting, and the page says what is missing."""
    path = tmp_path / "lesson.html"
    path.write_text(write_page(lesson="is-it-true"), encoding="utf-8")
    page = new_page(offline=True)
    page.goto(path.as_uri())
    page.wrong.clear()  # the file itself
    page.locator("#model").select_option("forgetting")
    train(page)
    expect(page.locator("#verdict")).to_contain_text("no part for what the participant has: Choice kernel β")
    expect(page.locator("#beta_choice")).to_have_value("1")
    other = page.locator("#equation caption").last
    expect(other).to_have_text(re.compile(r"next = 0\.\d\d × its value now"))


def test_thirty_choices_by_keys_and_by_touch(open_page):
    """A bet is shown after its choice, from the eleventh on; in the end the equation stands there."""
    page = open_page(400, has_touch=True)
    expect(page.locator("#mind path[stroke-width='3.5']")).to_have_count(2)  # the network is there
    for n in range(1, 31):
        if n % 2:
            page.keyboard.press("ArrowRight")
        else:
            page.get_by_role("button", name="Left").tap()
        if n < 30:
            expect(page.locator("#said")).to_contain_text(f"Choice {n} of 30")
        if 10 < n < 30:
            expect(page.locator("#headline")).to_have_text(
                re.compile(r"^It had (\d+ % on (left|right)\. (Your|Its)|no idea\. No) point\.$")
            )
    expect(page.locator("#headline")).to_have_text(re.compile("This is how you seem|you could be guessing"))
    expect(page.locator("#said")).to_have_text(
        re.compile(r"that is your learning rate\. It may be \d+ % to \d+ %, .* in 90 % of cases\. .*halve")
    )
    paid, you, network = map(int, page.locator("#score b").all_inner_texts())
    assert paid <= 30
    assert you + network <= 20  # no point for an even bet
    expect(page.locator("#after table")).to_have_count(1)
    beside = {"twin": "Your twin", "simulated": "A learner with rate", "people": "simulated people"}
    if page.locator("#twin").is_hidden():  # where no equation explains the choices
        del beside["twin"]
    for one, words in beside.items():
        page.locator(f"#{one}").tap()
        expect(page.locator("#beside")).to_contain_text(words)
    page.keyboard.press("ArrowLeft")  # the round is over
    page.get_by_role("button", name="Play thirty more").tap()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#said")).to_contain_text("Choice 31 of 60")


def test_axe_finds_nothing_in_the_light_and_in_the_dark(open_page):
    script = npm.axe()
    if script is None:
        pytest.skip("axe-core is missing, and npm, which would fetch it.")
    page = open_page(400, "#model=forgetting", reduced_motion="reduce")
    train(page)
    expect(page.locator("tr.gone")).not_to_have_count(0)  # a term that was left out
    page.locator("summary").click()
    page.add_script_tag(content=script.read_text(encoding="utf-8"))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert page.evaluate(RUN, {}) == []
