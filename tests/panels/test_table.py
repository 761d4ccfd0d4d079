"""A table of one's own on the page: what is seen of it, what is decided, and what follows in all panels."""

import re
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from spicewidgets.app.table import LARGEST
from spicewidgets.apps import explorer
from spicewidgets.panels.table import MOST_COLUMNS
from spicewidgets.views.comparing import in_a_sentence, standings

sys.path.insert(0, str(Path(__file__).parents[1] / "app"))
from test_table import a_table  # the same table as below the panels


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def read(app, content, name="choices.txt"):
    """Choose a file, and wait until it is read."""
    view, table = app.panels["data"].yours, app.experiment.table
    before = table.revision
    view.read(content, name)
    settled(app, before)
    return view


def settled(app, before):
    """Wait until another table than before has been read, and all who watch have been told."""
    wait(lambda: app.experiment.table.revision > before)
    with app.runner.lock:
        assert app.experiment.table.status != "reading"


def wait(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def app():
    app = explorer(start=False)
    app.panels["data"].views.value = "your data"
    return app


@pytest.fixture(scope="module")
def used():
    """An app whose equations are those of a table."""
    app = explorer(start=False)
    app.experiment.training.epochs = 60
    read(app, a_table()).use.click()
    app.head.go.click()
    assert app.runner.wait(120)
    assert app.experiment.run.status == "done", app.experiment.run.message + app.experiment.run.details
    return app


def menus(view):
    """The menu above each column, by the column's name."""
    named = [
        (re.search(r"<b[^>]*>([^<]*)</b>", box.children[1].value)[1], box.children[0])
        for box in view.preview.children
    ]
    return dict(named)


def test_tiles_of_a_table_tell_what_is_in_it(used):
    captions = [used.switch.tiles[name].picture.value for name in ("task", "participant", "choices")]
    assert "what each option paid" in captions[0]
    assert "4 people: who repeats?" in captions[1]
    assert captions[1].count("stroke-linecap") == 4  # a dot for each
    assert "choices" in captions[2]


def test_one_view_at_a_time(app):
    panel = app.panels["data"]
    for name in ("simulated", "your data", "people"):
        panel.views.value = name
        shown = [at for at, side in panel._right.items() if side.layout.display != "none"]
        assert shown == [name]


def test_before_a_file_there_is_only_what_takes_one(app):
    view = app.panels["data"].yours
    assert all(part.layout.display == "none" for part in view.read_parts)
    assert view.use.disabled
    assert "nowhere else" in words(view.controls[0].value)


def test_columns_problems_and_facts_are_shown(app):
    view = read(app, a_table())
    roles = {name: menu.value for name, menu in menus(view).items()}
    assert roles == {"subjID": "participant", "choice": "choice", "outcome": "reward", "shift": "groups"}
    title, *problems = view.problems.children
    assert words(title.value) == "2 things to decide"
    assert words(problems[0].children[0].value).startswith("Trials without a choice rows 7,")
    remedies = [label for label, _ in problems[0].children[1].options]
    assert [label.endswith("(default)") for label in remedies] == [True, False]
    assert "hBayesDM" in view.summary.value
    assert not view.use.disabled


def test_another_role_and_another_remedy_are_taken_at_once(app):
    view, table = read(app, a_table()), app.experiment.table
    for change in (
        lambda: setattr(view.problems.children[1].children[1], "value", "leave_out"),
        lambda: setattr(menus(view)["shift"], "value", ""),
    ):
        before = table.revision
        change()
        settled(app, before)
    assert menus(view)["shift"].value == ""
    assert view.alert.value == ""


def test_a_table_without_choices_is_a_sentence_and_the_menus_say_what_is(app):
    view, before = read(app, a_table()), app.experiment.table.revision
    menus(view)["choice"].value = "inputs"
    settled(app, before)
    assert "One column must hold the choices" in words(view.progress.value)
    assert menus(view)["choice"].value == "choice"


def test_text_can_be_pasted(app):
    view = app.panels["data"].yours
    before = app.experiment.table.revision
    view.text.value = "who,key,paid\n" + "\n".join(f"{n % 3},{'ab'[n % 2]},{n % 2}" for n in range(30))
    view._paste()
    settled(app, before)
    assert app.runner.choices.report.name == "pasted.csv"


def test_an_example_is_a_press_away(app):
    before, view = app.experiment.table.revision, app.panels["data"].yours
    view._example("two-groups")
    settled(app, before)
    view.use.click()
    assert not app.experiment.problems
    assert app.experiment.peek().n_participants == 24


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 50, "PNG picture"),
        (b"a,b\n1,2\n", "choice"),
    ],
)
def test_what_cannot_be_read_is_a_sentence_and_what_was_there_stays(app, content, sentence):
    view = read(app, a_table())
    before = view.preview.children
    read(app, content, "other.csv")
    assert sentence in words(view.progress.value)
    assert len(view.preview.children) == len(before)
    assert app.runner.choices.report.name == "choices.txt"


def test_what_is_too_large_is_not_even_looked_at(app):
    view = app.panels["data"].yours
    with pytest.raises(ValueError, match=r"up to 8 MB; this one has 8\.0 MB"):
        view.read(b"x" * (LARGEST + 1), "large.csv")
    assert app.experiment.table.status == "idle"


def test_names_and_cells_of_a_file_are_text(app):
    bad = "<img src=x onerror=alert(1)>"
    view = read(
        app, f"subject,choice,reward,{bad}\n1,{bad},1,2\n1,b,0,2\n1,{bad},0,3\n".encode(), f"{bad}.csv"
    )
    view.use.click()
    for panel in app.panels.values():
        for html in _htmls(panel):
            assert "<img src=x" not in html
    assert "<img src=x" not in app.head.equations.value


def _htmls(widget):
    if hasattr(widget, "value") and isinstance(widget.value, str):
        yield widget.value
    for child in getattr(widget, "children", ()):
        yield from _htmls(child)


def test_of_many_columns_those_with_a_role_come_first_and_others_can_be_fetched(app):
    extra = [f"q{n}" for n in range(500)]
    lines = [",".join(["subject", *extra, "choice", "reward"])]
    lines += [",".join([f"{n % 4}", *["7.5"] * 500, f"{n % 2}", f"{n % 3 % 2}"]) for n in range(40)]
    view = read(app, "\n".join(lines).encode(), "wide.csv")
    assert len(view.preview.children) == MOST_COLUMNS
    assert {"subject", "choice", "reward"} <= set(menus(view))
    view.more.value = "q499"
    assert "q499" in menus(view)


def test_all_panels_stand_on_the_table(used):
    for name, panel in used.panels.items():
        assert panel.alert.value == "", name
        used.switch.value = name
    head = words(used.head.equations.value)
    assert "truth not known. SPICE" in head
    assert "Nats per choice: Rescorla-Wagner 0." in head
    assert (used.head.person.value, len(used.head.person.options)) == ("p00", 4)


def test_what_does_not_apply_says_so_and_is_grey(used):
    for name in ("task", "participant", "data"):
        panel = used.panels[name]
        assert "The choices are those of choices.txt" in panel.unused.value
    panel = used.panels["task"]
    assert all(part.disabled for part in panel.settings.children[0].parts if part.has_trait("disabled"))
    assert panel.picture.layout.display == "none"
    used.experiment.table.leave()
    assert panel.unused.value == ""
    assert panel.picture.layout.display == ""
    assert not any(part.disabled for part in panel.settings.children[0].parts if part.has_trait("disabled"))
    used.panels["data"].yours.use.click()


def test_options_have_the_names_of_the_table(used):
    app = explorer(start=False)
    content = a_table().decode().replace("\t1\t", "\tleft\t").replace("\t2\t", "\tright\t")
    read(app, content.encode()).use.click()
    app.experiment.training.epochs = 20
    compare = app.panels["compare"]
    app.head.go.click()
    assert app.runner.wait(120)
    assert compare.figure.subplots["P"].title == "P(choose left)"
    assert compare.figure.summary.startswith("Left is chosen in")
    assert "left" in app.panels["trial"].sums.value


def test_the_comparison_has_the_rival_in_place_of_the_truth(used):
    compare = used.panels["compare"]
    assert compare.layers["truth"].description == "Rescorla-Wagner"
    series = compare.figure.series["classical/P"]
    assert series.visible
    compare.layers["truth"].value = False
    assert not series.visible
    compare.layers["truth"].value = True
    assert "is not known" in compare.scores.value


def test_figure_sentence_and_table_of_a_table_measure_against_the_network(used):
    compare, result = used.panels["compare"], used.runner.result
    assert compare.figure.subplots["off"].title == "P off RNN, magnified"
    assert not compare.figure.series["rnn/off"].y.any()
    ranked = standings(result)
    assert [one.agent for one in ranked] == ["rnn", "spice", "classical"]
    off = result.played["spice"].probabilities - result.played["rnn"].probabilities
    assert ranked[1].max_dp == pytest.approx(np.abs(off[:, 1:]).max(), abs=1e-6)
    assert f"{standings(result, 0)[1].mean_dp:.3f} on average" in in_a_sentence(result, 0)


def test_the_same_file_is_used_again_for_settings_that_name_it(used):
    app = explorer(start=False)
    app.experiment.from_dict(used.experiment.to_dict())
    view = app.panels["data"].yours
    assert "Choose this file to go on with it." in words(view.state.value)
    read(app, a_table()[:-20], "choices.txt")
    assert "is another one, or it has changed since" in words(view.state.value)
    read(app, a_table(), "choices.txt")
    assert "are used" in words(view.state.value)
    assert not app.experiment.problems


def test_the_address_of_a_page_with_a_table_is_opened_with_a_word(used):
    app = explorer(start=False)
    app.address.incoming.value = used._link
    assert "choices.txt (SHA-256" in words(app.guide.line.value)
    assert app.head.go.disabled
