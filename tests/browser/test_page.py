"""The page around the app: settings in its address, a kernel that is gone, what changes while it opens."""

import os
import re
import signal
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest
import servers
from explorer_page import ExplorerPage
from playwright.sync_api import Page, expect

from spicewidgets.state.stages import STAGES

README = (servers.ROOT / "README.md").read_text(encoding="utf-8")
ENDED = "The session behind this page has ended"
# The address says what the app says its settings are.
ADDRESS = """() => new URL(location).searchParams.get("settings")
  === document.querySelector(".sw-settings").dataset.settings"""

# A page that carries settings as the explorer does, shows its kernel's process, and changes while it opens.
SMALL = """
import html, os, threading, time
import ipywidgets as widgets

carrier, asked = widgets.HTML(), widgets.Text(layout={"display": "none"})
asked.add_class("sw-asked")
typed = widgets.Text(value="none", description="Setting")
process = widgets.HTML(f"<p id='process'>{os.getpid()}</p>")
changing = [widgets.HTML("<b>before</b>") for _ in range(250)]
page = widgets.VBox([typed, carrier, asked, process, *changing])

def carry(_=None):
    taken = "data-taken" if asked.value else ""
    carrier.value = f'<i class="sw-settings" {taken} data-settings="{html.escape(typed.value)}"></i>'

def take(change):
    typed.value = change["new"]
    carry()

typed.observe(carry, "value")
asked.observe(take, "value")
carry()

def change():
    begun = time.monotonic()
    for at, each in enumerate(changing):
        time.sleep(max(0, begun + 0.02 * at - time.monotonic()))
        each.value = "<b>after</b>"

threading.Thread(target=change, daemon=True).start()
page
"""


@pytest.fixture(scope="session")
def small(folder):
    with servers.voila(folder("small"), SMALL) as url:
        yield url


@pytest.fixture(scope="session")
def small_warm(folder):
    """With a kernel that has waited for the page."""
    with servers.voila(folder("warm"), SMALL, pool=1) as url:
        yield url


@pytest.fixture(params=["small", "small_warm"], ids=["cold", "warm"])
def either(request):
    return request.getfixturevalue(request.param)


def setting(page: Page):
    return page.get_by_label("Setting")


def in_address(page: Page) -> str:
    return parse_qs(urlsplit(page.url).query).get("settings", [""])[0]


def kill_kernel(page: Page) -> None:
    os.kill(int(page.locator("#process").inner_text()), signal.SIGKILL)


def gone(page: Page):
    return page.get_by_role("alert").filter(has=page.get_by_role("button", name="Reload"))


def test_the_settings_stand_in_the_address_and_a_reload_restores_them(page, either):
    page.goto(either)
    setting(page).fill("sigma=0.4 & α")
    page.wait_for_url("**/*sigma*")
    assert in_address(page) == "sigma=0.4 & α"
    page.reload()
    expect(setting(page)).to_have_value("sigma=0.4 & α")


def test_a_killed_kernel_is_told_and_the_reload_button_begins_anew(page, small):
    page.goto(f"{small}?settings=kept")
    expect(setting(page)).to_have_value("kept")
    before = page.locator("#process").inner_text()
    kill_kernel(page)
    expect(gone(page)).to_contain_text(ENDED)
    gone(page).get_by_role("button").click()
    expect(setting(page)).to_have_value("kept")
    expect(page.locator("#process")).not_to_have_text(before)
    expect(gone(page)).to_have_count(0)


def test_a_kernel_that_was_ended_for_being_idle_is_told(page, small):
    page.goto(small)
    expect(setting(page)).to_be_visible()
    page.evaluate("jupyterapp.widgetManager.kernel.shutdown()")
    expect(gone(page)).to_contain_text(ENDED)


def test_nothing_that_changes_while_the_page_opens_is_lost(page, either):
    page.goto(either)
    expect(page.get_by_text("after")).to_have_count(250)
    expect(page.get_by_text("before")).to_have_count(0)


def test_a_closed_tab_ends_its_kernel(new_page, small):
    page = new_page()
    page.goto(small)
    process = int(page.locator("#process").inner_text())
    page.close(run_before_unload=True)
    other = new_page()
    other.goto(small)
    expect(setting(other)).to_be_visible()
    with suppress(psutil.NoSuchProcess):
        psutil.Process(process).wait(60)  # else it is told as psutil.TimeoutExpired


def test_the_explorers_settings_outlive_its_page(page, app):
    page.goto(app)
    explorer = ExplorerPage(page).opened()
    explorer.stage("Participant")
    explorer.slide("Learning rate", 0.6)
    expect(explorer.typed("Learning rate")).to_have_value(re.compile(r"0\.[56]"))
    explorer.expect_rest()
    value = explorer.typed("Learning rate").input_value()
    page.wait_for_function(ADDRESS)
    page.reload()
    explorer.opened()
    explorer.stage("Participant")
    expect(explorer.typed("Learning rate")).to_have_value(value)


@pytest.mark.seed(112)
def test_binders_link_opens_the_explorer(page, binder):
    link = urlsplit(re.search(r"https://mybinder\.org/v2/\S+urlpath=\S+?(?=\))", README).group())
    page.goto(binder + parse_qs(link.query)["urlpath"][0])
    ExplorerPage(page).opened()
    assert page.title() == "spicewidgets"
    expect(page.get_by_role("main")).to_be_visible()


def test_a_door_of_each_room_opens(page, notebooks):
    """Each panel stands alone (tests/panels), and doors differ by their names only (tests/test_doors.py)."""
    for name in {stage.room: name for name, stage in STAGES.items()}.values():
        page.goto(f"{notebooks}voila/render/{name}.ipynb")
        expect(page.locator("main .sw-panel").first, name).to_be_visible()
        expect(page.get_by_role("heading", level=2).locator("visible=true").first, name).to_be_visible()
        assert "spicewidgets" in page.title()
        expect(page.locator("[role=alert]"), name).to_have_count(0)
        expect(page.get_by_text("There was an error"), name).to_have_count(0)


def test_two_pages_are_two_learners(new_page, app):
    pages = []
    for rate in ("0.6", "0.3"):
        page = new_page()
        page.goto(app)
        pages.append(ExplorerPage(page).opened())
        pages[-1].stage("Participant")
        pages[-1].typed("Learning rate").fill(rate)
        page.keyboard.press("Tab")
    for explorer in pages:
        explorer.button("Train").click()
    for explorer, value in zip(pages, (r"SPICE.*\+\s*0\.[34]\d", r"SPICE.*\+\s*0\.[67]\d"), strict=True):
        explorer.expect_trained()
        expect(explorer.equations).to_have_text(re.compile(value, re.DOTALL))
