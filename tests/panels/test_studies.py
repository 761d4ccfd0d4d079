"""The panels of rivals, recovery and falsification: what they show before, while and after they are done."""

import html
import io
import re
import zipfile

import numpy as np
import pytest

from spicewidgets.app import runner
from spicewidgets.apps import explorer, panel
from spicewidgets.core.diagnose.claims import VERDICTS
from spicewidgets.core.studies import comparison_study, falsification, recovery_studies
from spicewidgets.paper import inquiry

FEW = {"random": "Guessing", "biased": "Biased", "rescorla-wagner": "Rescorla-Wagner"}
pytestmark = pytest.mark.filterwarnings("ignore::spicewidgets.SpiceWarning")  # of trainings so small


@pytest.fixture(scope="module", autouse=True)
def small_studies():
    with pytest.MonkeyPatch.context() as patch:
        for module in (comparison_study, recovery_studies, inquiry):
            patch.setattr(module, "rivals_for", lambda task: FEW)
        patch.setattr(falsification, "FEW", ("random",))
        patch.setattr(recovery_studies, "LADDER", (100, 400))
        patch.setattr(recovery_studies, "PEOPLE", 4)
        patch.setattr(runner, "load_studies", lambda result: {})  # none is recorded
        yield


def opened(name):
    """A panel on four people."""
    made = panel(name)
    made.runner.foreground = True
    made.experiment.from_dict(
        {
            "data": {"n_sessions": 8, "n_trials": 40, "n_participants": 4},
            "training": {"n_starts": 2, "epochs": 20},
            "rivals": {"n_folds": 2},
            "recovery": {"n_datasets": 2},
            "learners": {"first": "rescorla-wagner", "second": "random", "effect": None},
            "falsify": {"n_repeats": 20},
        }
    )
    return made


def pressed(made, box):
    box.go.click()
    run = made.experiment.run
    assert run.status == "done", run.message + run.details
    assert made.alert.value == box.alert.value == ""
    return made


@pytest.fixture(scope="module")
def compared():
    made = opened("rivals")
    return pressed(made, made.study)


@pytest.fixture(scope="module")
def recovered():
    made = opened("recovery")
    for box in made.studies.values():
        pressed(made, box)
    return made


@pytest.fixture(scope="module")
def played():
    made = opened("falsify")
    assert made.runner.train()
    return pressed(made, made.study)


def texts(table):
    """The words of each row of a table."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", table, re.DOTALL)
    return [[re.sub(r"<.*?>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]


def test_before_anything_it_says_what_will_be_done():
    rivals_panel = panel("rivals")
    assert "Nothing is compared yet" in rivals_panel.sentence.value
    assert rivals_panel.body.layout.display == "none"
    assert not rivals_panel.study.go.disabled
    assert rivals_panel.study.stop.layout.display == "none"
    assert "No model was tested yet" in panel("falsify").sentence.value
    rivals_panel.files.ask("table as csv")
    assert "Press Compare first" in rivals_panel.files.alert.value


def test_the_table_has_a_row_for_each_model_the_best_first(compared):
    found, rows = compared.found, texts(compared.table.value)
    names = [row[0] for row in rows[1:-1]]
    assert names == [row.name for row in found.rows]
    assert set(names) == {"SPICE", "RNN", *FEW.values()}
    best, second = rows[1], rows[2]
    assert best[3] == f"{found.rows[0].likelihood:.3f}"
    assert best[5] == "best"
    less = [found.rows[1].less, found.rows[1].less_low, found.rows[1].less_high]
    assert second[5] == "{} {} to {}".format(*(f"{end:.3f}".replace("-", "−") for end in less))
    assert second[7] == f"{100 * found.rows[1].share:.0f} %"
    assert compared.table.value.count("<caption") == 1
    assert found.sentence in compared.sentence.value.replace("&#x27;", "'")
    assert "Could it be chance?" in compared.chance.value
    assert "person by person" in compared.people.value
    assert compared.people.value.count("sw-stem") == 1 + 4  # the figure, and each person
    assert compared.criteria.value.count("<tr>") == 1 + len(found.rows)


def test_nats_are_the_same_in_other_numbers(compared):
    compared.experiment.rivals.shown = "nats"
    value = texts(compared.table.value)[1][3]
    assert value == f"{-np.log(compared.found.rows[0].likelihood):.3f}"
    assert "nats" in compared.table.value
    assert compared.stale.value == ""
    compared.experiment.rivals.shown = "likelihood"


def test_another_way_to_hold_out_makes_it_stale(compared):
    compared.experiment.rivals.by = "time"
    assert "This result is for held out = session. Compare again." in compared.stale.value
    assert compared.study.go.description == "Compare"
    compared.experiment.rivals.by = "session"
    assert compared.stale.value == ""


def test_files_have_every_number(compared):
    name, content, _ = compared._csv()
    lines = content.decode().splitlines()
    assert name == "rivals.csv"
    assert lines[0].startswith("name,numbers,likelihood,low,high,less,less_low")
    assert len(lines) == 1 + 5
    assert len(compared._people_csv().content.decode().splitlines()) == 1 + 5 * 4


def test_a_rival_of_ones_own_is_compared_as_it_is_written_there(compared, capsys):
    compared.files.ask("a rival of your own")
    code = html.unescape(re.search(r"<pre[^>]*>(.*?)</pre>", compared.files.below.value, re.DOTALL)[1])
    dataset = compared.runner.studies["rivals"].data.dataset
    exec(code.replace("*RIVALS", '"random"'), {"dataset": dataset, "__name__": "own"})
    assert "decaying-rate" in capsys.readouterr().out


def test_names_from_a_table_are_escaped():
    from spicewidgets.plots.rivals import by_person

    wicked = "<img src=x onerror=alert(1)>"
    picture = by_person(np.array([1.0, -1.0]), [wicked, "b"], [wicked, "x"], (wicked, "RW"))
    assert "<img" not in picture
    assert picture.count("&lt;img") >= 3


def test_the_planner_is_a_sentence_that_can_be_changed(recovered):
    state, told = recovered.experiment.learners, recovered.runner.studies["learners"].found
    assert told.describe_choices(0.95, 40) in recovered.answer.value
    assert recovered.first.value == "rescorla-wagner"
    assert recovered.effect.layout.display == "none"
    recovered.certainty.value = 0.8
    assert state.certainty == 0.8
    assert told.describe_choices(0.8, 40) in recovered.answer.value
    recovered.certainty.value = 0.95
    recovered.first.value = "forgetting"
    assert (state.first, state.effect) == ("forgetting", 0.2)
    assert recovered.effect.layout.display == ""
    assert "not known yet" in recovered.answer.value
    assert "Recover again" in recovered.stale.value
    for typed, value in (("0,35", 0.35), ("", None), ("much", "much")):
        recovered.effect.value = typed
        assert state.effect == value
    assert "effect must be" in recovered.problem.value
    assert recovered.studies["learners"].go.disabled
    state.put({"first": "rescorla-wagner", "effect": None})
    assert recovered.problem.value == recovered.stale.value == ""
    for widget in (recovered.first, recovered.second, recovered.effect, recovered.certainty):
        assert widget.description  # a name for screen readers


def test_the_matrix_counts_people_and_the_darkest_is_a_third_of_ink(recovered):
    found = recovered.runner.studies["models"].found
    counts = found.counts().to_numpy()
    rows = texts(recovered.models.value)
    assert [[int(cell or 0) for cell in row[1:]] for row in rows[1:]] == counts.tolist()
    assert counts.sum(axis=1).tolist() == [2 * 4] * 3
    heat = [float(value) for value in re.findall(r"--heat:([\d.]+)", recovered.models.value)]
    assert max(heat) <= 0.36
    assert heat[0] == pytest.approx(0.36 * counts[0, 0] / 8, abs=1e-3)
    assert found.sentence in recovered.models.value


def test_terms_need_one_participant_whose_truth_is_known(recovered):
    found = recovered.runner.studies["terms"].found.shares()
    assert "Terms found" in recovered.terms.value
    rows = texts(recovered.words.value)[1:]
    assert [row[0] for row in rows] == [*found.true, "a term that is not true"]
    assert recovered.words.value.count("%") == 2 * len(found.true) + 1
    assert len(recovered._csv().content.decode().splitlines()) == 1 + 2 + 3 + 2 + 2


def test_numbers_are_drawn_found_against_true(recovered):
    found = recovered.runner.studies["parameters"].found
    frame, summary = found.to_frame(), found.summary()
    assert "Parameters found: Rescorla-Wagner" in recovered.numbers.value
    assert recovered.numbers.value.count('role="img"') == len(summary) == 2
    rows = texts(recovered.numbers.value)
    assert [row[0] for row in rows[1:]] == list(summary.index)
    assert rows[1][1] == f"{summary['correlation'].iloc[0]:.2f}".replace("-", "−")
    assert recovered.numbers.value.count('class="sw-mark"') == len(frame)


def test_who_plays_is_drawn_and_said(played):
    found = played.found
    rows = texts(played.table.value)
    assert [row[0] for row in rows[1:]] == ["People", "SPICE", "RNN", "Guessing"]
    people = found.judgements["SPICE"].check("stay").people
    assert rows[1][1] == f"{100 * people[0]:.1f} %"
    bold = re.findall(r"<b>(.*?)</b>", played.table.value)
    for row, (name, judged) in zip(rows[2:], found.judgements.items(), strict=True):
        assert html.unescape(row[3]) == judged.words
        stay = judged.check("stay")
        off = 100 * (stay.mean[0] - people[0])
        assert row[1].startswith(f"{off:+.1f}".replace("-", "−"))
        beyond = not stay.low[0] <= people[0] <= stay.high[0]
        assert (row[1].split(" ")[0] in bold) == bool(stay.fails and beyond), name
        ends = [f"{100 * (end[0] - people[0]):.1f}".replace("-", "−") for end in (stay.low, stay.high)]
        assert row[1].endswith(" to ".join(ends))
    for title in ("Repeats its choice", "Pull of rewards", "Pull of choices"):
        assert title in played.figures.value
    assert played.figures.value.count('role="img"') == 4
    played.boxes["Guessing"].value = False
    assert "Guessing" not in played.figures.value
    assert "Guessing" in played.table.value
    played.boxes["Guessing"].value = True
    assert len(played._csv().content.decode().splitlines()) > 40


def test_while_a_study_is_under_way_the_guide_shows_how_far_it_is_and_the_network_stands():
    app = explorer(start=False)
    run = app.experiment.run
    before = app.switch.tiles["network"].picture.value
    words = "SPICE, part 2 of 4."
    run.put(
        status="running", phase="study", study="rivals", part=3, parts=60, message=words, seconds_left=7.0
    )
    assert words in app.guide.line.value
    assert 'max="60" value="3"' in app.guide.line.value
    assert app.guide.action.description == "Stop"
    assert app.switch.tiles["network"].picture.value == before
    assert app.switch.tiles["truth"].state == "running"
    box = app.panels["rivals"].study
    assert 'max="60" value="3"' in box.status.value
    assert "About 7 s left" in box.status.value
    assert box.stop.layout.display == ""
    assert box.go.disabled
    assert app.panels["falsify"].study.stop.layout.display == "none"


def test_it_draws_nothing_while_it_is_hidden():
    app = explorer(start=False)
    app.runner.foreground = True
    app.experiment.data.put({"n_sessions": 6, "n_trials": 20})
    app.experiment.rivals.put({"equations": False, "n_folds": 2})
    hidden = app.panels["rivals"]
    hidden.layout.display = "none"
    hidden.study.go.click()
    assert app.experiment.run.status == "done", app.experiment.run.message
    assert hidden.body.layout.display == "none"
    hidden.layout.display = ""
    assert hidden.body.layout.display == ""
    assert "<table" in hidden.table.value


def test_a_report_is_written_from_the_page():
    made = opened("report")
    assert "Nothing is written yet" in made.sentence.value
    made.files.ask("report as html")
    assert "Press Write the report first" in made.files.alert.value
    pressed(made, made.study)
    assert made.found.is_whole
    assert "that were predicted without having been learned from" in made.sentence.value
    verdicts = [row[0][2:] for row in texts(made.table.value)[1:]]
    assert set(verdicts) <= set(VERDICTS)
    made.files.ask("report as html")
    assert 'download="report.html"' in made.files.below.value
    names = zipfile.ZipFile(io.BytesIO(made._zip().content)).namelist()
    assert {"report.html", "report.tex", "report.md", "card.html", "repeat.py"} <= set(names)
    assert made._zip() == made._zip()
    made.experiment.rivals.n_folds = 3
    assert made.experiment.stages["report"] == "stale"
    assert "Write it again" in made.stale.value
