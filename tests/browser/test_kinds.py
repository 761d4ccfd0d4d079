"""The kinds of task by mouse, on a phone: each has its picture and its participant, without a fault."""

import pytest
from explorer_page import WIDER, ExplorerPage
from playwright.sync_api import expect
from test_accessibility import RULES, RUN, script  # noqa: F401 (a fixture)

from spicewidgets.core.settings import SIMULATED
from spicewidgets.core.tasks import TASKS


@pytest.mark.parametrize("theme", RULES)
def test_each_kind_has_a_picture_and_a_participant(theme, app, page, script):  # noqa: F811
    page.set_viewport_size({"width": 400, "height": 860})
    page.goto(f"{app}?theme={theme}")
    explorer = ExplorerPage(page).opened()
    page.add_script_tag(content=script)
    for kind in SIMULATED:
        explorer.stage("Task")
        explorer.choose("Kind of task", kind)
        picture = ".sw-task" if TASKS[kind].stages else ".sw-offers"
        expect(page.locator(picture)).to_be_visible()
        explorer.expect_rest()
        assert page.evaluate(RUN, RULES[theme]) == [], kind
        explorer.stage("Participant")
        for one in TASKS[kind].participant[:1]:
            expect(explorer.typed(one.label)).to_be_visible()
        explorer.expect_rest()
        assert page.evaluate(RUN, RULES[theme]) == [], kind
        assert page.evaluate(WIDER) <= 0, kind
