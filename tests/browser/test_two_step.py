"""A two-step learner by mouse, on a phone: its task as a picture, w on a slider, and what is repeated."""

import pytest
from explorer_page import WIDER, ExplorerPage
from playwright.sync_api import expect
from test_accessibility import RULES, RUN, script  # noqa: F401 (a fixture)


@pytest.mark.parametrize("theme", RULES)
def test_what_is_repeated_follows_w(theme, app, page, script):  # noqa: F811
    page.set_viewport_size({"width": 400, "height": 860})
    page.goto(f"{app}?theme={theme}")
    explorer = ExplorerPage(page).opened()
    page.add_script_tag(content=script)
    explorer.stage("Task")
    explorer.choose("Kind of task", "two-step")
    expect(page.locator(".sw-task")).to_be_visible()
    expect(page.locator(".sw-task text").get_by_text("0.70").first).to_be_visible()
    explorer.expect_rest()
    assert page.evaluate(RUN, RULES[theme]) == []
    explorer.stage("Participant")
    bars = page.locator(".sw-stay figure")
    before = bars.get_attribute("aria-label")
    explorer.slide("Planning w", 1.0)
    expect(explorer.typed("Planning w")).to_have_value("1")
    expect(bars).not_to_have_attribute("aria-label", before)
    expect(explorer.equations).to_contain_text("w 1.00")
    explorer.expect_rest()
    assert page.evaluate(RUN, RULES[theme]) == []
    assert page.evaluate(WIDER) <= 0
