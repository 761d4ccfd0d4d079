"""The replay panel: the equation at an epoch, in words and in the figure, live and afterwards."""

import re

import numpy as np
import pytest

from spicewidgets.apps import explorer, panel
from spicewidgets.core.read.emergence import Look

NAME = "x_value_reward_chosen"


@pytest.fixture
def shown():
    return panel("replay")


@pytest.fixture
def found(shown):
    return shown.runner.result.emergence[NAME]


def cells(html, row):
    """What stands in a row of the table: now, last, truth."""
    line = re.search(rf'<th scope="row">{re.escape(row)}</th>(.*?)</tr>', html).group(1)
    return re.findall(r"<td>(.*?)</td>", line)


def test_it_opens_at_the_end_of_the_recorded_run(shown, found):
    assert shown.alert.value == ""
    assert shown.epoch.index == shown.play.max == len(found.epochs) - 1
    assert f"Epoch {found.epochs[-1]} (L-BFGS): loss 0.53" in shown.equation.value
    now, last, truth = cells(shown.equation.value, "c_reward")
    assert now == last == f"{found.coefficients[-1, 2]:.3f}"
    assert truth == f"{shown.runner.result.truth.equation(NAME).coefficient('c_reward'):.3f}"


def test_scrubbing_tells_the_equation_and_the_loss_of_that_epoch(shown, found):
    losses = {row["epoch"]: row["train_loss"] for row in shown.runner.result.history}
    for at in (0, 3, 20):
        shown.epoch.index = at
        epoch = int(found.epochs[at])
        assert f"loss {losses[epoch]:.4f} nats" in shown.equation.value
        np.testing.assert_allclose(shown.network.series["rnn 0"].y[::2], found.tables[at].after[0], atol=2e-6)
        x = shown.network.series["spice 1"].x
        expected = found.equation(at)(x, {"c_reward": 1.0})
        np.testing.assert_allclose(shown.network.series["spice 1"].y, expected, atol=1e-9)
        for place, term in enumerate(("constant", "own value", "c_reward")):
            value = found.coefficients[at, place]
            told = f"{value:.3f}".replace("-", "−") if value else "○ not in"
            assert cells(shown.equation.value, term)[0] == told


def test_the_figure_marks_the_epoch_and_the_terms_that_are_in(shown, found):
    at = int(np.flatnonzero(found.coefficients[:, 0] == 0)[0])
    shown.epoch.index = at
    series = shown.figure.series
    assert series["now coefficient"].x.tolist() == series["now loss"].x.tolist() == [found.epochs[at]]
    assert series["at c_reward"].y.tolist() == [found.coefficients[at, 2]]
    assert np.isnan(series["at constant"].y).all()
    assert np.isnan(series["term constant"].y[at])
    assert series["true constant"].y.tolist() == [shown.runner.result.truth.equation(NAME).coefficient()]
    assert "c_reward is in it since epoch 1 and ends at 0.9" in shown.figure.summary


def test_terms_that_come_later_have_a_colour_of_their_own(shown, found):
    figure = shown.figure
    figure.draw(found, ["constant", "own value", "c_reward"], [None, None, None], {1: 0.6})
    figure.draw(found, ["own value × c_reward", "own value", "constant"], [0.1, None, None], {1: 0.6})
    colours = [one.style.colour for key, one in figure.series.items() if key.startswith("term ")]
    assert len(colours) == len(set(colours)) == 4
    assert figure.series["true own value × c_reward"].y.tolist() == [0.1]
    assert figure.series["term c_reward"].empty
    assert figure.series["true c_reward"].empty


def test_it_grows_while_a_run_goes_on_and_stays_where_it_was_moved(shown):
    run, result = shown.experiment.run, shown.runner.result
    look = Look(result.spice, result.recorded.tables)
    run.put(glimpses=((5, look),), history=result.history[:5])
    assert shown.epoch.options == ("5",)
    run.put(glimpses=((5, look), (9, look)), history=result.history[:9])
    assert (shown.epoch.options, shown.epoch.index) == (("5", "9"), 1)
    shown.epoch.index = 0
    run.put(glimpses=(*run.glimpses, (14, look)), history=result.history[:14])
    assert (shown.epoch.options, shown.epoch.index) == (("5", "9", "14"), 0)
    assert "Epoch 5 (screening)" in shown.equation.value
    assert shown.alert.value == ""


def test_a_run_of_two_modules_and_of_a_new_length(shown):
    shown.epoch.index = 2
    shown.experiment.load_preset("forgetting")
    shown.experiment.data.put({"n_sessions": 10, "n_trials": 30})
    shown.experiment.training.epochs = 20
    assert shown.runner.train()
    assert shown.runner.wait(120)
    assert shown.alert.value == ""
    assert [value for _, value in shown.module.options] == [NAME, "x_value_reward_not_chosen"]
    shown.module.value = "x_value_reward_not_chosen"
    assert shown.network.series["rnn 1"].empty  # one curve: it sees no reward
    assert not shown.network.series["rnn 0"].empty
    assert int(shown.epoch.options[-1]) == len(shown.runner.result.history)


def test_without_a_result_it_says_so(shown):
    shown.runner.reset()
    assert "train first" in shown.nothing.value
    assert shown.body.layout.display == "none"
    assert shown.alert.value == ""


def test_equations_are_looked_for_only_where_they_are_seen():
    app = explorer(start=False)
    app.switch.value = "replay"
    app.switch.value = "task"
    app.experiment.data.put({"n_sessions": 10, "n_trials": 30})
    app.experiment.training.epochs = 12
    assert app.runner.train()
    assert app.runner.wait(120)
    assert "emergence" not in vars(app.runner.result)
    app.switch.value = "replay"
    assert "emergence" in vars(app.runner.result)
    assert app.panels["replay"].epoch.options[-1] == f"{len(app.runner.result.history)}"
