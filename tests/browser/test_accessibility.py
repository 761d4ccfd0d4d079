"""One walk through every section of the explorer, on a wide screen and on a phone: axe-core, light and dark,
finds nothing, nothing is wider than the page, and the tab key reaches every control.
"""

import re

import npm
import pytest
from explorer_page import ExplorerPage
from playwright.sync_api import Page, expect
from sections import WIDTHS, fits, sections

# bqplot's own drawing has a summary and a table beside it.
RUN = """(rules) => axe.run({exclude: ['.bqplot']}, {resultTypes: ['violations'], ...rules})
  .then((found) => found.violations
  .filter((one) => ['serious', 'critical'].includes(one.impact))
  .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 200)}`)))"""
# The dark theme differs in colours and in nothing else.
RULES = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}
UNFOLD = """(kind) => [...document.querySelectorAll(`main ${kind}`)].filter((one) => one.checkVisibility()
  && (kind === 'summary' ? !one.parentElement.open : one.textContent.trim().endsWith('…')))
  .forEach((one) => one.click())"""
# Tables that are cut where they do not scroll.
CUT = """() => [...document.querySelectorAll('main .sw-scroll')].filter((one) => one.checkVisibility()
  && one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.innerText.slice(0, 60))"""
# Marks every control in sight that a key can be meant for, and notes those that get the focus from now on;
# tells how many there are.
MARK = """() => {
  const all = document.querySelectorAll(
    'main :is(button, input, select, textarea, summary, a[href], [role=slider], [tabindex="0"])')
  let n = 0
  for (const one of all) {
    delete one.dataset.swAt
    const usable = one.checkVisibility({visibilityProperty: true}) && !one.disabled && one.tabIndex >= 0
    if (usable && !one.closest('.bqplot')) one.dataset.swAt = n++
  }
  if (!window.reached)
    document.addEventListener('focusin', ({ target }) => window.reached.add(target.dataset.swAt))
  window.reached = new Set()
  document.querySelector("[data-sw-at='0']").focus()
  return n
}"""
MISSED = """() => [...document.querySelectorAll('[data-sw-at]')]
  .filter((one) => !window.reached.has(one.dataset.swAt)).map((one) => one.outerHTML.slice(0, 300))"""


@pytest.fixture(scope="session")
def script():
    violations = npm.axe()
    if violations is None:
        pytest.skip("axe-core is missing, and npm, which would fetch it.")
    return violations.read_text(encoding="utf-8")


def unfold(page: Page) -> None:
    """Open whatever is folded in the section on show."""
    for kind in ("button", "summary"):
        page.evaluate(UNFOLD, kind)
        ExplorerPage(page).expect_rest()


def violations(page: Page) -> list[str]:
    """What axe-core finds, in the light and in the dark."""
    found = []
    for theme, rules in RULES.items():
        page.emulate_media(color_scheme=theme)
        ExplorerPage(page).expect_rest()  # colours fade
        assert page.evaluate("document.documentElement.dataset.swLook") == theme
        found += [f"{theme}: {one}" for one in page.evaluate(RUN, rules)]
    return found


def unreached(page: Page) -> list[str]:
    """The controls of the section on show that the tab key does not reach."""
    n = page.evaluate(MARK)
    assert n > 10
    for steps in (n, *(3 * [n + 60])):  # a panel that is drawn meanwhile sends the walk back to its start
        for _ in range(steps):
            page.keyboard.press("Tab")
        if not (missed := page.evaluate(MISSED)):
            break
    return missed


@pytest.mark.parametrize("width", [1280, 400])
def test_every_section_can_be_read_and_used_by_all(new_page, app, script, width):
    page = new_page(width=width)
    page.goto(app)
    explorer = ExplorerPage(page).opened()
    page.add_script_tag(content=script)
    wrong = {}
    for name in sections(explorer):
        unfold(page)
        wrong[name] = [*violations(page), *page.evaluate(CUT), *unreached(page)]
        fits(page, name, WIDTHS if width == max(WIDTHS) else [width])
    assert {name: problems for name, problems in wrong.items() if problems} == {}


def test_a_table_and_its_people_can_be_read_by_all(new_page, app, script):
    page = new_page(width=400)
    page.goto(app)
    explorer = ExplorerPage(page).opened()
    page.add_script_tag(content=script)
    explorer.stage("Data")
    explorer.button("Your data").click()
    explorer.button("two-groups").click()
    expect(page.get_by_text("2 things to decide").locator("visible=true")).to_be_visible()
    unfold(page)
    assert violations(page) == []
    explorer.button("Use these choices").click()
    explorer.button("Train").click()
    explorer.expect_trained()
    explorer.button(re.compile("^People$")).click()
    page.locator(".sw-people tbody th button").first.click()
    expect(page.locator(".sw-people [aria-current]")).to_be_visible()
    assert violations(page) == []
    fits(page, "people", [400])


@pytest.mark.parametrize(("name", "last"), [("play", "right →"), ("quiz", "Guess")])
def test_the_apps_beside_the_explorer_can_be_read_by_all(new_page, notebooks, script, name, last):
    page = new_page(width=400)
    page.goto(f"{notebooks}voila/render/{name}.ipynb")
    page.get_by_role("button", name=re.compile(last)).click()
    page.add_script_tag(content=script)
    unfold(page)
    assert violations(page) == []
    fits(page, name, [400])
