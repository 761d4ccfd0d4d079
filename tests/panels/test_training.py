"""The training as it is shown: played back epoch by epoch beside a result that is there already."""

import pytest

from spicewidgets.apps import panel


@pytest.fixture
def shown():
    return panel("train")


def test_it_opens_with_the_loss_and_how_the_equation_emerged(shown):
    assert shown.figure.summary.startswith("Epoch 73: training loss 0.53")
    ends = list(shown.figure.subplots["coefficient"].ends.values())
    assert ends == ["−0.28, true −0.30", "0.71 x, true 0.70", "0.92 r, true 0.90"]
    assert shown.skip.layout.visibility == "hidden"
    assert not shown.again.disabled


def test_what_is_played_is_what_is_drawn(shown):
    playback, found = shown.experiment.playback, shown.runner.result.emergence["x_value_reward_chosen"]
    for epoch in (1, 20, 55):
        playback.put(epoch=epoch, epochs=73)
        assert shown.figure.summary.startswith(f"Epoch {epoch}: ")
        assert len(shown.figure.series["found 1"].x) == (found.epochs <= epoch).sum()
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
    shown.skip.click()
    assert shown.figure.summary.startswith("Epoch 73: ")


def test_the_setting_is_a_way_of_looking(shown):
    """No result is out of date because of it."""
    shown.experiment.training.shown = False
    assert not shown.experiment.stale_because
    assert shown.experiment.is_preset()
