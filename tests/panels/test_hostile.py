"""Names that are code to a browser are names on the page: in every panel, picture and study of a table."""

import inspect
import json
import sys
from html.parser import HTMLParser
from pathlib import Path

import ipywidgets as widgets
import pytest

import spicewidgets
from spicewidgets.app.table import Upload, table_of
from spicewidgets.apps import explorer
from spicewidgets.core.studies import comparison_study, falsification
from spicewidgets.state.studies import RIVALS

sys.path.insert(0, str(Path(__file__).parents[1]))
from small_study import table as small_table

EVIL = "\"'></p><x-evil onerror=alert(1)>{}</x-evil><!--"
FEW = {name: RIVALS[name] for name in ("random", "biased")}
pytestmark = pytest.mark.filterwarnings("ignore::spicewidgets.SpiceWarning")  # of a training so small


def hostile_table():
    frame = small_table()
    for name in ("participant", "diagnosis", "choice"):
        frame[name] = [EVIL.format(f"{name} {it}") for it in frame[name]]
    return frame.rename(columns={name: EVIL.format(name) for name in ("diagnosis", "age")})


class Tags(HTMLParser):
    """The tags of a page, and what is done on events."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.events = set(), {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.events |= {name: value for name, value in attributes if name.startswith("on")}


def check_html(page, where):
    tags = Tags(page)
    assert "x-evil" not in tags.tags, where
    assert not any("alert(1)" in str(value) for value in tags.events.values()), where
    return "x-evil" in page


@pytest.fixture(scope="module")
def app():
    """The page of such a table, with everything that can be asked of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison_study, "rivals_for", lambda task: tuple(FEW))
        patch.setattr(falsification, "FEW", ("random",))
        app = explorer(start=False)
        app.runner.foreground = True
        app.runner.read(Upload(hostile_table().to_json(orient="records").encode(), EVIL.format("file")))
        app.experiment.table.take(table_of(app.runner.choices))
        app.experiment.training.put({"epochs": 20, "n_starts": 1})
        app.experiment.rivals.n_folds = 2
        app.experiment.falsify.n_repeats = 20
        app.head.go.click()
        assert app.experiment.run.status == "done", app.experiment.run.message + app.experiment.run.details
        for name in ("rivals", "falsify"):
            app.switch.value = name
            app.panels[name].study.go.click()
            assert app.experiment.run.status == "done", app.experiment.run.message
        for name, panel in app.panels.items():
            app.switch.value = name
            for view in getattr(getattr(panel, "views", None), "options", ()):
                panel.views.value = view[1] if isinstance(view, tuple) else view
        yield app


def all_below(widget):
    """A widget and all that it holds, in whatever trait."""
    seen, left = {}, [widget]
    while left:
        one = left.pop()
        if one.model_id not in seen:
            seen[one.model_id] = one
            for name in one.keys:
                value = getattr(one, name, None)
                parts = (
                    value.values()
                    if isinstance(value, dict)
                    else value
                    if isinstance(value, list | tuple)
                    else [value]
                )
                left += [part for part in parts if isinstance(part, widgets.Widget)]
    return list(seen.values())


def test_what_is_not_escaped_is_found():
    for page in (f"<p>{EVIL}</p>", f'<p title="{EVIL}">', '<p onclick="alert(1)">'):
        with pytest.raises(AssertionError):
            check_html(page, "here")


def test_no_name_is_code_in_any_widget(app):
    shown = 0
    for widget in all_below(app):
        if isinstance(widget, widgets.HTML):
            shown += check_html(widget.value, widget)
        elif hasattr(widget, "description_allow_html"):
            assert not widget.description_allow_html
        assert not isinstance(widget, widgets.HTMLMath)
    assert shown > 20  # they are there


def test_what_a_notebook_shows_by_itself_is_escaped(app):
    """What has HTML of its own among ours, and tables of people, which pandas shows."""
    estimator, choices = app.runner.result.estimator, app.runner.choices
    shown = [choices.report.to_html(), estimator._repr_html_()]
    shown += [frame._repr_html_() for frame in (choices.frame, choices.groups, choices.covariates)]
    assert sum(check_html(page, page[:80]) for page in shown) >= 3
    ours = {
        name for name, it in vars(spicewidgets).items() if inspect.isclass(it) and hasattr(it, "_repr_html_")
    }
    assert ours <= {"SpiceEstimator"}  # scikit-learn's


def test_a_model_that_is_saved_and_opened_has_the_same_names(app, tmp_path):
    app.runner.result.estimator.save_spice(tmp_path / "rnn", tmp_path / "spice")
    text = (tmp_path / "spice").read_text()
    assert EVIL.format("participant p0") in json.loads(text)["participants"]
