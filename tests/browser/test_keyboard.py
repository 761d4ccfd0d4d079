"""The controls are used without a mouse: sliders, fields, check boxes, buttons."""

import re

import pytest
from explorer_page import ExplorerPage
from playwright.sync_api import expect
from sections import sections


@pytest.fixture(params=[1280, 400])
def explorer(request, new_page, app):
    page = new_page(width=request.param)
    page.goto(app)
    return ExplorerPage(page).opened()


def test_arrow_and_page_keys_move_a_slider(explorer):
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


def test_space_ticks_boxes_and_presses_buttons(explorer):
    page = explorer.page
    explorer.stage("Participant")
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


def test_a_typed_field_is_used_without_a_mouse(explorer):
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


def test_whoever_ticks_a_term_stays_there(explorer):
    explorer.stage("Library")
    box = explorer.page.get_by_role("checkbox", name="constant").locator("visible=true").first
    box.focus()
    explorer.page.keyboard.press("Space")
    expect(box).not_to_be_checked()
    explorer.expect_state("equation", "stale")
    expect(box).to_be_focused()


# Marks every control in sight that a key can be meant for; tells how many there are.
MARK = """() => {
  const all = document.querySelectorAll(
    'main :is(button, input, select, textarea, summary, a[href], [role=slider], [tabindex="0"])')
  let n = 0
  for (const one of all) {
    delete one.dataset.swAt
    const usable = one.checkVisibility({visibilityProperty: true}) && !one.disabled && one.tabIndex >= 0
    if (usable && !one.closest('.bqplot')) one.dataset.swAt = n++
  }
  return n
}"""
# What the keyboard is on: the number of its mark, -1 beyond the page's controls.
AT = "Number(document.activeElement?.dataset.swAt ?? -1)"
WHAT = "(at) => document.querySelector(`[data-sw-at='${at}']`).outerHTML.slice(0, 300)"


def test_every_control_is_reached_by_the_tab_key(explorer):
    page, n_controls = explorer.page, 0
    for name in sections(explorer):
        explorer.expect_rest()
        n = page.evaluate(MARK)
        page.evaluate("document.querySelector('[data-sw-at=\"0\"]').focus()")
        reached = {page.evaluate(AT)}
        for _ in range(3 * (n + 60)):  # a panel that is drawn meanwhile sends the walk back to its start
            if reached.issuperset(range(n)):
                break
            page.keyboard.press("Tab")
            reached.add(page.evaluate(AT))
        missed = [page.evaluate(WHAT, at) for at in range(n) if at not in reached]
        assert not missed, (name, len(missed), missed[:3])
        n_controls += n
    assert n_controls > 100
