"""The training as it is shown: played back epoch by epoch beside a result that is there already."""

import re

import numpy as np
import pytest

from spicewidgets.apps import panel


@pytest.fixture
def shown():
    return panel("train")


def test_it_opens_with_the_loss_and_how_the_equation_emerged(shown):
    assert shown.figure.summary.startswith("Epoch 73: training loss 0.53")
    found = shown.runner.result.emergence["x_value_reward_chosen"]
    np.testing.assert_allclose(shown.network.series["rnn 1"].y[::2], found.tables[-1].after[1], atol=2e-6)
    truth, spice, since = shown.terms.value.split("sw-line")[1:]
    assert [word in truth for word in ("0.30", "0.70", "0.90")] == [True] * 3
    assert [word in spice for word in ("0.28", "0.71", "0.92")] == [True] * 3
    assert re.findall(r"<span>(\d*)</span>", since) == ["19", "1", "1"]
    assert shown.skip.layout.visibility == "hidden"
    assert not shown.again.disabled


def test_a_network_that_has_become_old_stays_beside_its_own_truth(shown):
    before = shown.network.series["truth 1"].y
    shown.experiment.participant.alpha_reward = 0.6
    assert "for learning rate" in shown.stale.value
    assert shown.network.series["truth 1"].y is before
    assert not shown.network.series["rnn 1"].empty


def test_what_is_played_is_what_is_drawn(shown):
    playback, found = shown.experiment.playback, shown.runner.result.emergence["x_value_reward_chosen"]
    for epoch in (1, 20, 55):
        playback.put(epoch=epoch, epochs=73)
        assert shown.figure.summary.startswith(f"Epoch {epoch}: ")
        last = found.epochs[found.epochs <= epoch][-1]
        assert shown.network.subplots["after"].title == f"Epoch {last} of 73"
        assert shown.skip.layout.visibility == "visible"
        assert shown.again.disabled
    shown.skip.click()
    assert playback.epoch is None
    assert shown.figure.summary.startswith("Epoch 73: ")
    assert shown.skip.layout.visibility == "hidden"
    assert shown.alert.value == ""


def test_show_again_plays_the_last_training_and_not_a_new_one(shown):
    shown.again.click()
    assert shown.experiment.playback.playing
    assert not shown.experiment.run.busy
    assert shown.figure.summary == "No epoch yet."
    assert shown.network.series["rnn 0"].empty
    assert shown.network.series["spice 0"].empty
    assert "…" in shown.terms.value  # no equation yet
    shown.skip.click()
    assert shown.figure.summary.startswith("Epoch 73: ")


def test_the_setting_is_a_way_of_looking(shown):
    """No result is out of date because of it."""
    shown.experiment.training.shown = False
    assert not shown.experiment.stale_because
    assert shown.experiment.is_preset()
