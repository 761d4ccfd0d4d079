"""JupyterLab as the tests open it: one notebook in a workspace of its own, all cells run."""

from explorer_page import LONG
from playwright.sync_api import Page, expect


def open_in_lab(page: Page, lab: str, name: str, title: str) -> None:
    """Open one of our notebooks and run it.

    JupyterLab opens again what its workspace had open last; in a workspace of its own, a notebook is alone.
    Cells that are run before it has a kernel show nothing, and are not run later.
    """
    page.goto(f"{lab}/workspaces/{name}/tree/{name}.ipynb")
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    kernel = page.locator(".jp-Notebook-ExecutionIndicator")
    expect(kernel).to_have_attribute("data-status", "idle", timeout=LONG)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
