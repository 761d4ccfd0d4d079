"""How sure the numbers are: what the panel shows before, while and after sessions are resampled."""

import re

import pytest

from spicewidgets import RESCORLA_WAGNER_CONFIG, RescorlaWagnerRNN
from spicewidgets.app import runner
from spicewidgets.apps import explorer, panel
from spicewidgets.panels.settings import SettingsBox
from spicewidgets.views.intervals import cautions, numbers

CHOSEN = "x_value_reward_chosen"
pytestmark = pytest.mark.filterwarnings("ignore::spicewidgets.SpiceWarning")  # of trainings so small


def trained(n_resamples=12, models=(), **groups):
    """A panel of a small run."""
    made = panel("uncertainty", models=models)
    made.experiment.from_dict({"data": {"n_sessions": 12, "n_trials": 40}} | groups)
    made.experiment.uncertainty.n_resamples = n_resamples
    assert made.runner.train()
    assert made.runner.wait(120)
    assert made.experiment.run.status == "done", made.experiment.run.message
    return made


@pytest.fixture(scope="module", autouse=True)
def without_recorded_studies():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "load_studies", lambda result: {})
        yield


def resampled(made):
    made.study.go.click()
    assert made.runner.wait(120)
    assert made.alert.value == made.files.alert.value == ""
    return made


@pytest.fixture(scope="module")
def shown():
    return resampled(trained())


def cells(html):
    """The rows of a table, cell by cell."""
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


def test_before_there_are_resamples_the_likelihood_speaks():
    made = panel("uncertainty")
    assert made.alert.value == ""
    assert "95 % intervals by the likelihood. The truth lies in 6 of 6." in made.figure.summary
    assert cells(made.numbers.value)[4] == [
        "learning rate α",
        "0.300",
        "0.295",
        "± 0.011",
        "–",
        "0.274 to 0.317",
    ]
    assert cells(made.terms.value)[1] == ["constant", "–", "yes", "yes", ""]
    assert made.experiment.stages["uncertainty"] == "todo"
    assert not made.study.go.disabled
    made.files.ask("as text")
    assert "Nothing is there yet. Press Resample first." in made.files.alert.value


def test_resampling_ends_with_intervals_of_all_numbers(shown):
    run, found = shown.experiment.run, shown.found
    assert (run.status, run.message) == ("done", "Found the equations of 12 resamples.")
    assert shown.experiment.stages["uncertainty"] == "done"
    assert len(found.fits) == 12
    assert shown.figure.summary.startswith("95 % intervals over 12 resamples. The truth lies in ")
    rows = {row.name or row.term: row for row in numbers(shown.runner.result, found, 0)}
    assert list(rows) == [(), (CHOSEN,), ("c_reward",), "alpha_reward", "beta_reward", "q0"]
    own = rows[(CHOSEN,)]
    assert own.spread == found.coefficients()[CHOSEN][(CHOSEN,)]
    told = cells(shown.numbers.value)[2]
    assert told[4] == f"± {own.spread.error:.3f}"
    assert told[5] == f"{own.spread.low:.3f} to {own.spread.high:.3f}"


def test_the_bars_are_the_intervals_in_standard_errors(shown):
    row = numbers(shown.runner.result, shown.found, 0)[1]
    figure = shown.figure.series
    likelihood = figure["likelihood 1"].x
    assert likelihood.tolist() == pytest.approx([-1.95996, 1.95996], abs=1e-3)
    ends = [(end - row.found) / row.likelihood for end in (row.spread.low, row.spread.high)]
    assert figure["resamples 1"].x.tolist() == pytest.approx(ends)
    assert figure["truth 1"].x.tolist() == pytest.approx([(0.7 - row.found) / row.likelihood])
    assert [panel.visible for panel in shown.figure.subplots.values()] == [True] * 6
    assert shown.figure.subplots["strip 1"].code == "kept 100 %"
    lines = shown.figure.download("csv").decode().splitlines()
    assert lines[0] == (
        "Coefficient,True,Found,Error by the likelihood,Error over resamples,Lowest,Highest,Kept"
    )
    assert lines[2].startswith(f"own value,0.7,{row.found:.10g},{row.likelihood:.10g},")
    assert '<th scope="row">own value</th>' in shown.figure.table()
    assert shown.figure.download("png")[:4] == b"\x89PNG"


def test_the_interval_is_a_look_and_needs_no_new_resamples(shown):
    found, before = shown.found, shown.figure.series["resamples 1"].x
    shown.experiment.uncertainty.level = 0.5
    assert shown.found is found
    assert shown.experiment.stages["uncertainty"] == "done"
    assert "50 % intervals over 12 resamples" in shown.figure.summary
    assert abs(shown.figure.series["resamples 1"].x).max() < abs(before).max()
    shown.experiment.uncertainty.level = 7
    assert "level must be between 0.5 and 0.99; got 7" in shown.experiment.uncertainty.problems[0]
    assert shown.study.go.disabled
    assert shown.alert.value == ""
    shown.experiment.uncertainty.level = 0.9


def test_files(shown):
    name, content, _ = shown._csv()
    lines = content.decode().splitlines()
    assert name == "uncertainty.csv"
    assert lines[0] == "participant,kind,name,true,found,likelihood,error,low,high,kept"
    assert [line.split(",")[:3] for line in lines[1:4]] == [
        ["0", CHOSEN, "1"],
        ["0", CHOSEN, CHOSEN],
        ["0", CHOSEN, "c_reward"],
    ]
    assert f"{CHOSEN}: 1 = " in shown._text()
    for script in (shown._script(), SettingsBox(shown.experiment, shown.runner).text()):
        assert "resampled = bootstrap_equations(spice, 12, random_state=0)" in script


def test_other_settings_make_it_stale_and_nothing_runs_by_itself(shown):
    shown.experiment.uncertainty.seed = 5
    assert shown.experiment.stages["uncertainty"] == "stale"
    assert "This result is for seed of the resamples = 0. Resample again." in shown.stale.value
    assert not shown.experiment.run.busy
    assert shown.found is not None
    shown.experiment.uncertainty.seed = 0
    assert shown.stale.value == ""


def test_stop_keeps_what_there_is():
    made = trained(5000)
    seen = []
    made.experiment.run.observe(
        lambda change: seen.append((made.figure.summary, made.study.stop.disabled)), "studied_revision"
    )
    made.study.go.click()
    while made.found is None:
        assert not made.runner.wait(0.02)
    assert "A run is under way" in made.study.go.tooltip
    assert made.experiment.blocked["train"] == "A run is under way. Stop it first."
    assert not made.runner.train()
    made.study.stop.click()
    assert made.runner.wait(60)
    n = len(made.found.fits)
    assert made.experiment.run.status == "cancelled"
    assert made.experiment.run.message == f"Stopped after {n} of 5000 resamples; these were kept."
    assert f"intervals over {n} resamples" in made.figure.summary
    assert made.experiment.studied["uncertainty"].group("uncertainty").n_resamples == n
    assert made.experiment.stages["uncertainty"] == "stale"
    assert not any(disabled for _, disabled in seen[:-1])
    assert made.alert.value == ""


def test_new_equations_have_no_resamples(shown):
    made = resampled(trained(2))
    made.experiment.follow_library = False
    made.experiment.discovery.threshold = 0.06
    assert "This result is for threshold = 0.05. Find the equations again." in made.study.go.tooltip
    assert made.experiment.shown_resampling() is None
    assert made.runner.refit()
    assert made.runner.wait(60)
    assert made.found is None
    assert made.experiment.stages["uncertainty"] == "todo"
    assert "by the likelihood" in made.figure.summary
    made.runner.reset()
    assert "No equation yet" in made.nothing.value
    assert "There are no equations yet. Train first." in made.study.status.value
    assert made.alert.value == ""


def test_a_term_that_no_one_keeps_and_one_that_is_doubtful():
    made = resampled(trained(6, discovery={"degree": 2, "threshold": 0.4}))
    rows = {row[0]: row for row in cells(made.terms.value)[1:]}
    found = made.found.coefficients()[CHOSEN]
    assert len(rows) == 6
    for term, name in (((CHOSEN, CHOSEN), "own value × own value"), (("c_reward",), "c_reward")):
        assert rows[name][1] == f"{100 * found[term].kept:.0f} %"
    assert rows["own value × own value"][4] in ("surely out", "likely out", "doubtful")


def test_several_participants_modules_and_learned_betas():
    made = resampled(
        trained(
            3,
            data={"n_sessions": 8, "n_trials": 30, "n_participants": 2},
            model={"name": "choice"},
            training={"epochs": 30, "n_starts": 2},
        )
    )
    assert made.participant.options == (("0", 0), ("1", 1))
    first = made.numbers.value
    assert "learned β of x_value_choice" in first
    assert "own value of x_value_choice_chosen" in first
    assert "choice kernel β" in first
    made.participant.value = 1
    assert made.numbers.value != first
    assert "With fewer than 10 sessions of each participant" in made.numbers.value
    assert len(made._csv()[1].decode().splitlines()) == 1 + sum(
        len(numbers(made.runner.result, made.found, who)) for who in (0, 1)
    )
    assert made.alert.value == ""


def test_one_session_each_says_why_not():
    made = trained(data={"n_sessions": 3, "n_trials": 40, "n_participants": 2})
    assert made.study.go.disabled
    assert "needs two or more; there are 3 sessions of 2" in made.study.status.value


def test_dropout_says_why_not():
    made = trained(training={"epochs": 5, "optimizer": "adam", "dropout": 0.1})
    assert "Resamples are fitted without dropout" in made.study.go.tooltip


def test_numbers_that_were_not_tuned_have_resamples_only():
    made = resampled(trained(4, discovery={"refine": False}))
    assert cautions(made.runner.result, 0)[0].startswith("The coefficients were not tuned to the choices")
    assert cells(made.numbers.value)[1][3] == "–"
    assert made.figure.series["likelihood 0"].empty
    assert not made.figure.series["resamples 0"].empty


class Mine(RescorlaWagnerRNN):
    """A model whose truth is not known."""

    def __init__(self, n_actions):
        super().__init__(n_actions)
        self.submodules_rnn["x_mine"] = self.submodules_rnn.pop(CHOSEN)

    def call_module(self, key_module, *arguments, **named):
        return super().call_module("x_mine" if key_module == CHOSEN else key_module, *arguments, **named)


def test_a_class_of_ones_own_has_no_truth():
    config = type(RESCORLA_WAGNER_CONFIG)(
        {"x_mine": ["c_reward"]}, {"x_mine": ["c_action", 1, True]}, ["c_action", "c_reward"], ["x_mine"]
    )
    made = panel("uncertainty", models=[(Mine, config)])
    made.experiment.data.put({"n_sessions": 12, "n_trials": 40})
    made.experiment.model.name = made.experiment.model.register(Mine, config)
    made.experiment.uncertainty.n_resamples = 4
    assert made.runner.train()
    assert made.runner.wait(120)
    resampled(made)
    assert cells(made.numbers.value)[1][1] == "–"
    assert "The truth lies" not in made.figure.summary
    assert cells(made.terms.value)[1][3] == "–"


def test_it_reckons_nothing_while_it_is_hidden():
    app = explorer(start=False)
    app.switch.value = "uncertainty"
    hidden = app.panels["uncertainty"]
    app.switch.value = "task"
    before = hidden.numbers.value
    app.experiment.data.put({"n_sessions": 12, "n_trials": 30})
    assert app.runner.train()
    assert app.runner.wait(120)
    assert hidden.numbers.value == before
    app.switch.value = "uncertainty"
    assert hidden.numbers.value != before
    assert hidden.alert.value == ""
