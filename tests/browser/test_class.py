"""A point is shared on one page and stands on the presenter's, who saves and hides it."""

import re
from pathlib import Path

import npm
import servers
from explorer_page import ExplorerPage
from playwright.sync_api import expect
from test_accessibility import RUN

import spicewidgets as sw


def test_a_point_goes_to_the_class_and_into_a_table(new_page, tmp_path):
    with servers.app(tmp_path, "--public", "--class", "Monday", "--most", "4") as url:
        address = re.search(r"present.*http://[^/]*/(class#\S+)", (tmp_path / "server.log").read_text())[1]
        desk, page = new_page(width=400), new_page()
        desk.goto(url + address)
        expect(desk.get_by_text("Class: Monday")).to_be_visible()
        assert "#" not in desk.url  # the key is not projected
        page.goto(url)
        ExplorerPage(page).opened()
        expect(page.locator(".sw-share")).to_have_count(0)  # off until pressed
        page.get_by_role("textbox", name="Name, if you like").fill("Ada")
        page.get_by_role("textbox", name="Name, if you like").press("Tab")
        page.get_by_role("button", name="Share my point").click()
        expect(page.get_by_text("Shared. Everybody sees it")).to_be_visible()
        expect(page.frame_locator(".sw-class iframe").get_by_text("you 0.29")).to_be_visible()
        desk.get_by_text("The same as a table").click()
        expect(desk.get_by_role("cell", name="Ada", exact=True)).to_be_visible()
        if (axe := npm.axe()) is not None:
            desk.add_script_tag(content=axe.read_text(encoding="utf-8"))
            for _ in range(2):
                assert desk.evaluate(RUN, {}) == []
                desk.get_by_role("button", name="Theme").click()
        assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth")
        with desk.expect_download() as saved:
            desk.get_by_role("button", name="Save as a table").click()
        choices = sw.read_choices(Path(saved.value.path()))
        assert tuple(choices.dataset.xs.shape[:2]) == (1, 100)  # simulated, as its name says
        desk.get_by_role("button", name="Hide Ada").click()
        expect(page.frame_locator(".sw-class iframe").get_by_text("The points are hidden")).to_be_visible()
        page.get_by_role("button", name="Take it back").click()
        expect(page.get_by_text("It is not on the plot any more.")).to_be_visible()
        expect(desk.get_by_role("cell", name="Ada", exact=True)).to_have_count(0)
        ExplorerPage(page).tile("task").click()
        expect(page.locator(".sw-class iframe")).to_be_hidden()  # the room stands in its place
        for each in (page, desk):  # before the server ends
            each.goto("about:blank")
