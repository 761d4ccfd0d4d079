"""Translate in a page: the equation follows a parameter, and the constant's cost is told."""

import re

from explorer_page import LONG, ExplorerPage
from playwright.sync_api import Page, expect


def test_the_equation_follows_a_parameter_and_the_constants_cost_is_told(page: Page, app: str):
    page.goto(app)
    explorer = ExplorerPage(page).opened()
    explorer.stage("Translate")
    steps = page.get_by_role("region", name="From x′ = k + w x + g r")
    expect(steps).to_contain_text(re.compile(r"0\.295\s±\s0\.011"))
    expect(explorer.typed("Learning rate")).to_have_value("0.295")
    expect(explorer.typed("First value")).to_have_value("0.471")
    explorer.typed("Learning rate").fill("0.55")
    explorer.typed("Learning rate").press("Tab")
    expect(explorer.typed("Learning rate")).to_have_value(re.compile(r"0\.[56]"))
    back = page.get_by_role("region", name="The way back")
    expect(back).to_contain_text(re.compile(r"own value of x_value_reward_chosen\+0\.705\+0\.[345]"))
    explorer.typed("Learning rate").fill("0.9")
    explorer.typed("Learning rate").press("Enter")
    expect(back).to_contain_text(re.compile(r"chosen\+0\.705\+0\.100"))
    explorer.button("Back to what was found").click()
    expect(back).to_contain_text(re.compile(r"chosen\+0\.705\+0\.705"))

    explorer.button("What would it cost to drop it?").click()
    expect(page.get_by_text("It cannot be left out")).to_be_visible(timeout=LONG)
    expect(page.get_by_role("region", name="How P of option 1 changes")).to_contain_text(
        "all else fitted anew"
    )
