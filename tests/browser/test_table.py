"""A table of one's own on the page, by mouse only: from the file to equations of every person and a picture
of one number across people.
"""

import re
import sys
from pathlib import Path

from explorer_page import WIDER, ExplorerPage
from playwright.sync_api import expect

sys.path.insert(0, str(Path(__file__).parents[1] / "app"))
from test_table import a_table

# Drop a file on the page, as a mouse does that brings it from another window.
DROP = """([name, text]) => {
  const data = new DataTransfer()
  data.items.add(new File([text], name, { type: "text/plain" }))
  const box = [...document.querySelectorAll(".sw-drop")].find((one) => one.checkVisibility())
  for (const kind of ["dragover", "drop"])
    box.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }))
}"""


def people_of(page):
    """Who stands in the table of people, from top to bottom."""
    return page.locator(".sw-people tbody th").locator("visible=true").all_inner_texts()


def open_views(page, app):
    """The page with the view "your data" open."""
    page.goto(app)
    explorer = ExplorerPage(page).opened()
    explorer.stage("Data")
    explorer.button("Your data").click()
    return explorer


def choose(page, explorer, word, name, content):
    """Press a button that asks for a file, and choose one."""
    with page.expect_file_chooser() as chosen:
        explorer.button(re.compile(word)).click()
    chosen.value.set_files({"name": name, "mimeType": "text/plain", "buffer": content})


def test_from_a_file_to_equations_and_a_picture_of_everyone(app, page):
    """On a phone test_accessibility.py goes this way."""
    explorer = open_views(page, app)
    choose(page, explorer, "Choose a file", "choices.txt", a_table(12, 60))
    expect(page.get_by_text("2 things to decide").locator("visible=true")).to_be_visible()
    expect(page.get_by_text("hBayesDM").locator("visible=true").first).to_be_visible()
    explorer.button("Use these choices").click()
    expect(explorer.equations).to_contain_text("not known. Train looks for equations")
    explorer.button("Train").click()
    explorer.expect_trained()
    person = page.locator(".sw-head").get_by_label("Participant")
    expect(person).to_have_value("p00")
    explorer.button(re.compile("^People$")).click()
    expect(page.get_by_text("12 of 12 people").locator("visible=true")).to_be_visible()
    picture = page.locator(".sw-fig").locator("visible=true").first
    expect(picture).to_contain_text(re.compile(r"learning rate α of \d+ of 12 people\. .*day.*: mean"))
    known = re.search(r"learning rate α of (\d+) of 12", picture.inner_text())[1]
    assert picture.locator(".object_grp").count() == int(known)  # those whose choices identify it
    assert len(people_of(page)) == 12
    assert page.evaluate(WIDER) <= 0

    page.get_by_role("button", name="p07", exact=True).click()
    expect(person).to_have_value("p07")
    page.get_by_role("button", name="choices", exact=True).click()
    expect(page.locator("th[aria-sort=ascending]").locator("visible=true")).to_have_text("choices")
    summary = picture.locator(".sw-summary").inner_text()
    with page.expect_download() as saved:
        explorer.button("people as csv").click()
    content = saved.value.path().read_bytes()
    choose(page, explorer, "Open a saved table", "people.csv", content)
    expect(page.get_by_text("A saved table of 12 people.").locator("visible=true")).to_be_visible()
    expect(picture.locator(".sw-summary")).to_have_text(summary)
    explorer.stage("Equation")
    expect(explorer.page.get_by_label("Participant").locator("visible=true").first).to_have_value("p07")


def test_a_file_is_dropped_and_one_too_large_never_leaves_the_browser(app, page):
    explorer = open_views(page, app)
    page.evaluate(DROP, ["choices.txt", "x" * 8_000_001])
    refused = page.locator(".sw-refused").locator("visible=true")
    expect(refused).to_contain_text("The page takes files of up to 8 MB; choices.txt has 8.0 MB.")
    page.evaluate(DROP, ["choices.txt", a_table().decode()])
    expect(page.get_by_text("2 things to decide").locator("visible=true")).to_be_visible()
    expect(refused).to_have_count(0)
    page.get_by_label("Column 4 holds").select_option("session")
    expect(page.get_by_text("Read 142 trials")).to_have_count(0)
    expect(page.get_by_text("sessions: shift").locator("visible=true")).to_be_visible()
    explorer.button("or paste it").click()
    page.get_by_placeholder("subjID,choice,outcome").fill("nothing in it")
    explorer.button("Read this text").click()
    expect(page.get_by_role("alert").locator("visible=true")).to_contain_text("one row per trial")
    expect(page.get_by_text("sessions: shift").locator("visible=true")).to_be_visible()


def test_with_colabs_widgets_a_file_is_read_as_well(app_7, page):
    explorer = open_views(page, app_7)
    choose(page, explorer, "Choose a file", "choices.txt", a_table())
    expect(page.get_by_text("2 things to decide").locator("visible=true")).to_be_visible()
    explorer.button("Use these choices").click()
    expect(explorer.equations).to_contain_text("not known. Train looks for equations")
