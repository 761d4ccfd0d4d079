"""What axe-core says of every section of the explorer, light and dark, on a wide screen and on a phone."""

import re

import npm
import pytest
from explorer_page import ExplorerPage
from playwright.sync_api import Page, expect
from sections import sections

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
WIDER = """(width) => [...document.querySelectorAll('main *')].filter((one) => one.checkVisibility()
  && !one.parentElement.closest('.sw-scroll, .bqplot, pre')
  && one.getBoundingClientRect().right > width + 1).map((one) => one.outerHTML.slice(0, 160)).slice(0, 5)"""


@pytest.fixture(scope="session")
def script():
    violations = npm.axe()
    if violations is None:
        pytest.skip("axe-core is missing, and npm, which would fetch it.")
    return violations.read_text(encoding="utf-8")


# Tables that are cut where they do not scroll.
CUT = """() => [...document.querySelectorAll('main .sw-scroll')].filter((one) => one.checkVisibility()
  && one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.innerText.slice(0, 60))"""


def unfold(page: Page) -> None:
    """Open whatever is folded in the section on show."""
    for kind in ("button", "summary"):
        page.evaluate(UNFOLD, kind)
        ExplorerPage(page).expect_rest()


# Each width and each theme once; all pairs take twice as long.
PAIRS = [(1280, "light"), (400, "dark")]
OTHERS = [pytest.param(*pair, marks=pytest.mark.slow) for pair in ((1280, "dark"), (400, "light"))]


@pytest.mark.parametrize(("width", "theme"), [*PAIRS, *OTHERS])
def test_every_section_can_be_read_by_all(new_page, app, script, width, theme):
    page = new_page(width=width)
    page.goto(f"{app}?theme={theme}")
    explorer = ExplorerPage(page).opened()
    page.add_script_tag(content=script)
    violations = {}
    for name in sections(explorer):
        unfold(page)
        violations[name] = page.evaluate(RUN, RULES[theme])
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.evaluate(WIDER, width)
        assert page.evaluate(CUT) == [], name
    assert {name: problems for name, problems in violations.items() if problems} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_table_and_its_people_can_be_read_by_all(new_page, app, script, theme):
    page = new_page(width=400)
    page.goto(f"{app}?theme={theme}")
    explorer = ExplorerPage(page).opened()
    page.add_script_tag(content=script)
    explorer.stage("Data")
    explorer.button("Your data").click()
    explorer.button("two-groups").click()
    expect(page.get_by_text("2 things to decide").locator("visible=true")).to_be_visible()
    unfold(page)
    assert page.evaluate(RUN, RULES[theme]) == []
    explorer.button("Use these choices").click()
    explorer.button("Train").click()
    explorer.expect_trained()
    explorer.button(re.compile("^People$")).click()
    page.locator(".sw-people tbody th button").first.click()
    expect(page.locator(".sw-people [aria-current]")).to_be_visible()
    assert page.evaluate(RUN, RULES[theme]) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 400, page.evaluate(WIDER, 400)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("name", "last"), [("play", "Option 2"), ("quiz", "Guess")])
def test_the_apps_beside_the_explorer_can_be_read_by_all(new_page, notebooks, script, name, last, theme):
    page = new_page(width=400)
    page.goto(f"{notebooks}voila/render/{name}.ipynb?theme={theme}")
    page.get_by_role("button", name=re.compile(last)).click()
    page.add_script_tag(content=script)
    unfold(page)
    assert page.evaluate(RUN, RULES[theme]) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 400, page.evaluate(WIDER, 400)
