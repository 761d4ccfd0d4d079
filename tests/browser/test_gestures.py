"""The main gesture of each panel to play with: a coefficient, a trial, the threshold, an epoch."""

import re

from explorer_page import LONG, ExplorerPage
from playwright.sync_api import Locator, Page, expect


def test_with_the_widgets_of_today(page: Page, app: str):
    page.goto(app)
    gestures(ExplorerPage(page).opened())


def test_with_the_widgets_of_colab(page: Page, app_7: str):
    page.goto(app_7)
    gestures(ExplorerPage(page).opened())


def gestures(explorer: ExplorerPage) -> None:
    replay_the_training(explorer)
    drag_a_coefficient(explorer)
    scrub_and_play_a_session(explorer)
    move_the_threshold(explorer)


def replay_the_training(explorer: ExplorerPage) -> None:
    explorer.stage("Replay")
    last = shown(explorer, r"^Epoch \d+ \(L-BFGS\): loss 0\.53")
    expect(last).to_be_visible()
    explorer.slide("Epoch", 0.0)
    expect(shown(explorer, r"^Epoch 1 \(screening\): loss 0\.6")).to_be_visible()
    expect(explorer.page.get_by_role("region", name="Coefficients at epoch 1")).to_contain_text("○ not in")
    play(explorer, "Enter")
    expect(last).to_be_visible()
    expect(explorer.page.get_by_role("region", name="Coefficients at epoch")).not_to_contain_text("not in")


def drag_a_coefficient(explorer: ExplorerPage) -> None:
    explorer.stage("Update")
    likelihood = explorer.page.get_by_role("region", name="P per choice")
    expect(likelihood).to_contain_text("+0.0000")
    expect(shown(explorer, "^Where the data go: share of visits")).to_be_visible()
    expect(shown(explorer, "^Values come to rest at, not rewarded: Truth −1.00")).to_be_visible()
    before = explorer.lines()
    explorer.slide("c_reward", 0.9)
    expect(explorer.typed("c_reward")).to_have_value(re.compile(r"1\.[67]"))
    expect(likelihood).to_contain_text(re.compile(r"Mean of 100 sessions.*\+0\.0[1-9]"))
    explorer.expect_other_lines(before)
    explorer.button("As found").click()
    expect(explorer.typed("c_reward")).to_have_value(re.compile(r"0\.91"))
    expect(likelihood).not_to_contain_text(re.compile(r"\+0\.0[1-9]"))


def scrub_and_play_a_session(explorer: ExplorerPage) -> None:
    explorer.stage("Trial")
    explorer.slide("Trial", 0.5)
    expect(shown(explorer, r"^Trial (49|50|51): option \d chosen")).to_be_visible()
    play(explorer, "Enter")
    expect(shown(explorer, r"^Trial 5[3-9]: option \d chosen")).to_be_visible()
    button(explorer, "pause").press("Space")
    expect(button(explorer, "play")).to_be_visible()


def move_the_threshold(explorer: ExplorerPage) -> None:
    explorer.stage("Library")
    before = explorer.lines()
    explorer.slide("Threshold", 0.9)
    explorer.expect_other_lines(before)
    why = shown(explorer, r"^constant was left out by the threshold 0\.4")
    expect(why).to_be_visible(timeout=LONG)  # the recorded run is trained again, once
    expect(shown(explorer, "^The present equation has 2 terms")).to_be_visible()
    expect(explorer.equations).to_contain_text(re.compile(r"SPICE\s*x′ =\s*\+"))
    explorer.slide("Threshold", 0.1)
    expect(shown(explorer, "^The present equation has 3 terms")).to_be_visible()
    expect(explorer.equations).to_contain_text(re.compile(r"SPICE\s*x′ =\s*−"))


def shown(explorer: ExplorerPage, pattern: str) -> Locator:
    """What is on show and reads so."""
    return explorer.page.get_by_text(re.compile(pattern)).locator("visible=true").first


def play(explorer: ExplorerPage, key: str) -> None:
    """Press the film's play button by the keyboard."""
    button(explorer, "play").press(key)


def button(explorer: ExplorerPage, what: str) -> Locator:
    """A button of the film that is on show: play or pause, by its sign."""
    signs = explorer.page.locator(f".fa-{what}")
    return explorer.page.locator(".widget-play button").filter(has=signs).locator("visible=true").first
