"""Uncertainty in a page: resamples come in while the page answers, and a stop keeps what there is."""

import re

from explorer_page import LONG, ExplorerPage
from playwright.sync_api import Page, expect


def test_resample_and_stop(page: Page, app: str):
    page.goto(app)
    explorer = ExplorerPage(page).opened()
    explorer.stage("Uncertainty")
    expect(page.get_by_text("95 % intervals over 200 resamples")).to_be_visible()  # recorded
    expect(explorer.button("Run again")).to_be_enabled()
    explorer.typed("Resamples").fill("5000")
    explorer.typed("Resamples").press("Tab")
    explorer.button("Resample").click()
    expect(page.get_by_text(re.compile(r"95 % intervals over \d+ resamples"))).to_be_visible(timeout=LONG)
    expect(explorer.guide).to_contain_text(re.compile(r"Resample \d+ of 5000\. .*s left"))
    expect(page.locator(".sw-head").get_by_role("button", name="Stop")).to_be_enabled()
    explorer.typed("Interval").fill("0.5")  # the page answers
    explorer.typed("Interval").press("Tab")
    expect(page.get_by_text(re.compile(r"50 % intervals over \d+ resamples"))).to_be_visible()
    stop = page.locator(".sw-controls").get_by_role("button", name="Stop").locator("visible=true")
    stop.click()
    expect(explorer.guide).to_contain_text(re.compile(r"Stopped after \d+ of 5000 resamples"))
    expect(explorer.button("Train")).to_be_enabled()
    table = page.get_by_role("region", name="How often each candidate term is kept")
    expect(table).to_contain_text(re.compile(r"c_reward100 %yesyessure"))
    expect(page.get_by_role("region", name="All coefficients and parameters")).to_contain_text(
        "inverse temperature β"
    )
