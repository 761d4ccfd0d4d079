"""The people of a table: one row each, pictures of one number and of two; all saved and read back."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spicewidgets.app.runner import Runner
from spicewidgets.apps import explorer
from spicewidgets.core.judge.groups import MISSING
from spicewidgets.core.settings import SettingsError
from spicewidgets.panels.people import _groups_table
from spicewidgets.plots.people import AcrossPeople, TwoNumbers
from spicewidgets.views.people import InModel, ParameterColumn, People, people_from, people_in

sys.path.insert(0, str(Path(__file__).parents[1] / "app"))
from test_table import a_table

from spicewidgets.app.table import Upload, table_of
from spicewidgets.state import Experiment

ALPHA = "learning rate α"


@pytest.fixture(scope="module")
def app():
    """The app on the people of a table, in two groups."""
    app = explorer(start=False)
    app.runner.foreground = True
    app.runner.read(Upload(a_table(6, 80), "choices.txt"))
    app.experiment.table.take(table_of(app.runner.choices))
    app.experiment.training.epochs = 80
    app.head.go.click()
    assert app.experiment.run.status == "done", app.experiment.run.message + app.experiment.run.details
    app.switch.value = "data"
    app.panels["data"].views.value = "people"
    return app


def test_the_page_as_it_opens_has_its_people():
    opened = explorer(start=False)
    Runner(Experiment(), foreground=True).preload()
    opened.switch.value = "equation"
    opened.switch.value = "data"
    opened.panels["data"].views.value = "people"
    assert opened.runner.wait(60)
    view = opened.panels["data"].people
    assert rows_of(view) == ["0"]
    assert view.parts.layout.display == ""
    assert view.rows.numbers[ALPHA].values == pytest.approx([0.295], abs=1e-3)
    shown, alpha = view.across.subplots["number"], view.rows.numbers[ALPHA]
    assert shown.low <= alpha.low[0] < alpha.high[0] <= shown.high  # of one person the whole interval is seen
    assert not view.again.disabled
    assert opened.guide.now.kind == "story"  # nobody has run anything
    opened.guide.offers_story = False
    opened.guide.refresh()
    assert opened.guide.now.does == "go compare"  # the equation was looked at


@pytest.fixture
def view(app):
    return app.panels["data"].people


def rows_of(view):
    """Who stands in the table, from top to bottom."""
    return re.findall(r'data-do="open \d+">([^<]*)<', view.table.value)


def press(view, what):
    view.pressed.value = f"{what} {np.random.default_rng().integers(1 << 40)}"


def made(n, seed=1, pooled=False):
    """People whom nobody has fitted."""
    rng = np.random.default_rng(seed)
    values, errors = rng.normal(0.4, 0.1, n), rng.uniform(0.02, 0.1, n)
    alone = values + rng.normal(0, 0.1, n) if pooled else np.full(n, np.nan)
    nothing = np.full(n, np.nan)
    one = ParameterColumn(values, values - errors, values + errors, alone)
    numbers = {"one": one, "two": ParameterColumn(rng.normal(size=n), nothing, nothing, nothing)}
    labels, groups = tuple(f"=p{at}" for at in range(n)), tuple(("a", "b", "c")[at % 3] for at in range(n))
    return People(labels, "shift", groups, np.arange(n) + 20.0, numbers)


def test_each_number_is_that_of_the_equations(app, view):
    result, rows = app.runner.result, view.rows
    spice = result.spice
    assert rows.labels == spice.participants
    assert rows.groups == ("day", "night") * 3
    counted = result.per_session["n_choices"].xs("spice", level="agent")
    np.testing.assert_array_equal(rows.n_choices, counted)
    scores = result.per_session["trial_likelihood"].xs("rnn", level="agent")
    np.testing.assert_allclose(rows.numbers["likelihood, RNN"].values, scores)
    module = "x_value_reward_chosen"
    reward = rows.numbers["c_reward of value reward chosen"]
    for at, who in enumerate(spice.participants):
        value = spice.equation(module, who).coefficient("c_reward")
        assert reward.values[at] == value
        if value:
            assert reward.low[at] < value < reward.high[at]
    np.testing.assert_array_equal(rows.numbers["α, Rescorla-Wagner"].values, result.rival.values[:, 0])


def test_the_table_is_sorted_by_its_headings_and_searched(view):
    columns = view._columns()
    at = columns.index(ALPHA)
    press(view, f"sort {at}")
    order = rows_of(view)
    values = dict(zip(view.rows.labels, view.rows.numbers[ALPHA].values, strict=True))
    known = [values[who] for who in order if np.isfinite(values[who])]
    assert known in (sorted(known), sorted(known, reverse=True))
    press(view, f"sort {at}")
    again = [values[who] for who in rows_of(view) if np.isfinite(values[who])]
    assert again == known[::-1]
    view.find.value = "NIGHT"
    assert set(rows_of(view)) == {"p01", "p03", "p05"}
    view.find.value = ""
    assert len(rows_of(view)) == 6


def test_who_is_pressed_is_opened_in_all_panels(app, view):
    press(view, "open 4")
    assert app.experiment.person == "p04"
    assert app.experiment.comparison.session == 4
    for name in ("equation", "translate", "update", "uncertainty"):
        assert app.panels[name].participant.value == "p04", name
    library = app.panels["library"]
    assert library.path.participant.value == library.evidence.participant.value == "p04"
    assert app.head.person.value == "p04"
    assert 'aria-current="true"' in view.table.value
    app.panels["equation"].participant.value = "p02"
    assert view.person.value == 2
    assert app.experiment.comparison.session == 2


@pytest.mark.parametrize("wrong", ["", "open", "open 99", "sort 99", "open x", "drop 3", "open -1"])
def test_a_press_that_means_nothing_does_nothing(view, wrong):
    before = view.person.value
    view.pressed.value = wrong
    assert view.person.value == before
    assert view.alert.value == ""


def test_the_picture_says_what_it_shows(view):
    view.shown.value = ALPHA
    assert view.across.summary.startswith("learning rate α of ")
    assert "day (" in view.across.summary
    groups = view.rows.in_groups(ALPHA)
    assert sum(one.n for one in groups) == np.isfinite(view.rows.numbers[ALPHA].values).sum()
    assert f"mean {groups[0].mean:.2f}" in view.across.summary
    known = {name: np.isfinite(one.values) for name, one in view.rows.numbers.items()}
    view.shown.value, view.against.value = sorted(known, key=lambda name: -known[name].sum())[:2]
    both = (known[view.shown.value] & known[view.against.value]).sum()
    assert both > 2
    assert f"of {both} people" in view.two.summary
    assert "correlation r" in view.two.summary


def test_groups_stand_beside_each_other_in_the_group_model():
    rows = made(12)
    name = next(iter(rows.numbers))
    first = InModel("a", 0.3, 0.2, 0.4, np.nan, np.nan, np.nan, np.nan, 7)
    other = InModel("b", 0.5, 0.4, 0.6, 0.2, 0.1, 0.3, 0.012, 7)
    shown = _groups_table(replace(rows, compared={name: (first, other)}), name)
    assert "p of 7" in shown
    assert all(words in shown for words in ("0.30", "0.40 to 0.60", "+0.20", "0.10 to 0.30", "0.012"))
    plain = _groups_table(rows, name)  # groups of four people: means without intervals
    assert "group model" not in plain
    assert "4 of 4" in plain
    assert all(np.isnan(one.ends).all() for one in rows.in_groups(name))


def test_people_without_a_label_are_shown_as_missing_and_have_no_interval(app):
    """They were a group without a name, shown as "all"."""
    rows = made(18)
    name = next(iter(rows.numbers))
    labels = tuple(MISSING if group == "c" else group for group in rows.groups)
    groups = {one.group: one for one in replace(rows, groups=labels).in_groups(name)}
    assert np.isfinite(groups["a"].ends).all()
    assert groups[MISSING].n == 6
    assert np.isnan(groups[MISSING].ends).all()
    result = replace(app.runner.result)
    table = app.runner.result.people.copy()
    table.loc[0, table.columns[1]] = None
    result.__dict__["people"] = table
    assert people_in(result).groups[:2] == (MISSING, "night")


def test_a_saved_table_is_the_same_picture_again(app, view):
    saved = view._csv().content
    before = view.across.download("csv"), view.two.download("csv"), view.table.value
    again = people_from(saved)
    assert again.to_csv() == saved
    view._opened = again
    view.refresh()
    assert (view.across.download("csv"), view.two.download("csv"), view.table.value) == before
    assert "A saved table of 6 people." in view.note.value
    view._close()
    assert view.rows is people_in(app.runner.result)


def test_trials_stand_beside_the_rows_of_the_table(app, view):
    lines = view._trials().content.decode().splitlines()
    assert len(lines) == 1 + app.runner.choices.report.rows
    assert lines[0].startswith("row,participant,session")


def test_pooling_is_chosen_here_and_shrinks(app, view):
    experiment = app.experiment
    experiment.discovery.pooling = "group"
    view.again.click()
    assert experiment.run.status == "done", experiment.run.message
    group = app.runner.result.estimator.group_
    rows = view.rows
    reward = rows.numbers["c_reward of value reward chosen"]
    at = next(i for i, one in enumerate(group.numbers) if one.term == ("c_reward",))
    np.testing.assert_array_equal(reward.values, group.values[:, at])
    np.testing.assert_allclose(reward.high - reward.values, 1.95996 * group.errors[:, at], rtol=1e-3)
    s = group.shrinkage[:, at]
    np.testing.assert_allclose((1 - s) * reward.alone + s * group.mean[at], reward.values)
    view.shown.value = "c_reward of value reward chosen"
    assert len(view.across.series["alone"].x) == 6
    experiment.discovery.pooling = "none"
    view.again.click()


def test_names_are_safe_in_a_spreadsheet_and_come_back():
    people = made(9, pooled=True)
    saved = people.to_csv()
    assert b"\n=p" not in saved
    again = people_from(saved)
    assert again.labels == people.labels
    assert again.group_name == "shift"
    for name, number in people.numbers.items():
        np.testing.assert_array_equal(again.numbers[name].values, number.values)
        np.testing.assert_array_equal(again.numbers[name].low, number.low)
        np.testing.assert_array_equal(again.numbers[name].high, number.high)
        np.testing.assert_array_equal(again.numbers[name].alone, number.alone)


@pytest.mark.parametrize(
    "content",
    [b"", b"a,b,c\n1,2,3\n", b"person,group,choices\n", b"person,group,choices,x\np,,1,y\n", b"\xff\x00"],
)
def test_another_file_is_refused_with_a_sentence(content):
    with pytest.raises(
        SettingsError, match="A saved table of people has the columns person, group and choices"
    ):
        people_from(content)


@pytest.mark.parametrize("kind", ["bqplot", "matplotlib"])
def test_a_thousand_people_are_all_drawn(kind):
    people, figure, two = made(1000, pooled=True), AcrossPeople(kind), TwoNumbers(kind)
    one, other = people.numbers.values()
    figure.draw("one", one, people.labels, people.groups)
    two.draw(("one", "two"), one.values, other.values, people.labels, people.groups)
    assert sum(len(figure.series[f"people {at}"].x) for at in range(6)) == 1000
    assert len(figure.series["many intervals"].x) == 3000
    assert sum(len(two.series[f"people {at}"].x) for at in range(6)) == 1000
    figure.choose(7, "=p7")
    two.choose(7, "=p7")
    assert figure.series["chosen"].words == ("=p7",)
    assert len(figure.download("csv").splitlines()) == 1001
    assert figure.download("svg").startswith(b"<?xml")


def test_a_number_that_nobody_has_is_a_word():
    figure, nothing = AcrossPeople("matplotlib"), np.full(3, np.nan)
    figure.draw("one", ParameterColumn(nothing, nothing, nothing, nothing), ("a", "b", "c"), ("", "", ""))
    assert figure.summary.startswith("Nobody has a value of one: no choices identify it.")
