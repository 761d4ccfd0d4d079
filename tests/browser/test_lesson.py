"""Lessons in the page: one it opens with, and one that is made, opened, and outlives a reload."""

import re

import servers
from explorer_page import ExplorerPage
from playwright.sync_api import Page, expect

from spicewidgets.state.lesson import Lesson

LESSON = Lesson(
    "Drift",
    "Set the drift to 0.",
    hidden=("participant.beta_reward",),
    fixed=("participant.alpha_reward",),
    panels=("task", "participant", "train"),
)


def test_the_app_opens_with_a_lesson_and_tells_when_its_server_has_ended(page: Page, folder):
    place = folder("lesson")
    (place / "lesson.json").write_bytes(LESSON.to_json())
    with servers.app(place, "--pool", "0", "--lesson", "lesson.json") as url:
        page.goto(url)
        expect(page.get_by_role("heading", name="Drift")).to_be_visible()
        explorer = ExplorerPage(page)
        expect(explorer.tile("network")).to_have_text(re.compile("^3"))
        expect(page.get_by_role("button", name=re.compile(r"^\d Choices"))).to_have_count(0)
        explorer.stage("Participant")
        expect(explorer.typed("Learning rate")).to_be_disabled()
        expect(page.get_by_text("The lesson “Drift” fixes this.").first).to_be_visible()
        expect(explorer.typed("First value")).to_be_enabled()
        expect(page.get_by_role("spinbutton", name=re.compile("Inverse temperature"))).to_have_count(0)
    expect(page.get_by_role("alert").filter(has_text="The connection is lost")).to_be_visible()
    page.wrong.clear()  # the browser says so too, of each look at the server


def test_a_lesson_is_made_opened_and_outlives_a_reload(page: Page, app: str):
    page.goto(app)
    explorer = ExplorerPage(page).opened()
    explorer.button(re.compile("^Open …")).click()
    explorer.button("Save as lesson").click()
    page.get_by_label("Title").fill("Of mine")
    explorer.button(re.compile("controls: task")).click()
    explorer.choose("Drift", "fixed")
    with page.expect_download() as saving:
        explorer.button("lesson as json").click()
    with page.expect_file_chooser() as choosing:
        explorer.button(re.compile("Open settings or lesson")).click()
    choosing.value.set_files(saving.value.path())
    expect(page.get_by_role("heading", name="Of mine")).to_be_visible()
    explorer.stage("Task")
    expect(explorer.typed("Drift")).to_be_disabled()
    page.wait_for_url(re.compile("settings="))
    page.reload()
    expect(page.get_by_role("heading", name="Of mine")).to_be_visible()
    explorer.stage("Task")
    expect(explorer.typed("Drift")).to_be_disabled()
    explorer.button("Leave the lesson").click()
    expect(explorer.typed("Drift")).to_be_enabled()
