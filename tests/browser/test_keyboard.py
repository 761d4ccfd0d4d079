"""The controls are used without a mouse: sliders, fields, check boxes, buttons; some on a phone."""

import re

import pytest
from explorer_page import ExplorerPage
from playwright.sync_api import expect


@pytest.fixture
def explorer(request, new_page, app):
    page = new_page(width=getattr(request, "param", 1280))
    page.goto(app)
    return ExplorerPage(page).opened()


def test_keys_move_a_slider_tick_boxes_and_press_buttons(explorer):
    explorer.stage("Participant")
    handle = (
        explorer.page.get_by_role("slider", name=re.compile("Learning rate")).locator("visible=true").first
    )
    handle.focus()
    typed = explorer.typed("Learning rate")
    for key, value in (
        ("ArrowRight", "0.31"),
        ("ArrowUp", "0.32"),
        ("ArrowLeft", "0.31"),
        ("PageUp", re.compile(r"0\.3[3-9]|0\.4\d*")),
        ("Home", "0"),
        ("End", "1"),
    ):
        explorer.page.keyboard.press(key)
        expect(typed).to_have_value(value)
    expect(handle).to_be_focused()
    expect(explorer.equations).to_contain_text(re.compile(r"α\s*1\.00"))
    page = explorer.page
    box = page.get_by_role("checkbox", name="One α for both outcomes")
    box.focus()
    page.keyboard.press("Space")
    expect(box).not_to_be_checked()
    expect(page.get_by_role("textbox", name="α after no reward")).to_be_visible()
    more = explorer.button(re.compile("more mechanisms"))
    more.focus()
    page.keyboard.press("Space")
    expect(explorer.typed("Forgetting")).to_be_visible()
    stage = explorer.tile("choices")
    stage.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Data").locator("visible=true")).to_be_visible()


@pytest.mark.parametrize("explorer", [400], indirect=True)
def test_a_field_is_typed_into_and_whoever_ticks_a_term_stays_there(explorer):
    explorer.stage("Library")
    explorer.expect_rest()
    box = explorer.page.get_by_role("checkbox", name="constant").locator("visible=true").first
    box.focus()
    explorer.page.keyboard.press("Space")
    expect(box).not_to_be_checked()
    explorer.expect_state("equation", "stale")
    expect(box).to_be_focused()
    explorer.stage("Task")
    typed = explorer.typed("Drift")
    typed.focus()
    explorer.page.keyboard.press("Control+a")
    explorer.page.keyboard.type("0.05")
    explorer.page.keyboard.press("Tab")
    explorer.expect_state("train", "stale")
    typed.focus()
    explorer.page.keyboard.press("Control+a")
    explorer.page.keyboard.type("7")
    explorer.page.keyboard.press("Tab")
    expect(
        explorer.page.get_by_text("sigma must be between 0 and 1").locator("visible=true").first
    ).to_be_visible()
