"""The explorer as a whole: it opens finished, says what is stale, and keeps its settings in its address."""

import json
import re
from datetime import UTC, datetime

import pytest

from spicewidgets.apps import explorer
from spicewidgets.compat import WIDGETS
from spicewidgets.panels.tiles import VERDICTS
from spicewidgets.state.link import from_link, to_link


def visible(app):
    """The names of the panels that are seen."""
    made = {name: room.children[0] for name, room in app.rooms.items() if room.children}
    return [name for name, panel in made.items() if panel.layout.display != "none"]


@pytest.fixture
def app():
    return explorer(start=False)


def words(html):
    """A text without its tags, and with plain blanks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>|&thinsp;|&nbsp;", " ", html)).strip()


def test_it_opens_with_a_finished_run(app):
    recorded = {"uncertainty", "rivals", "recovery", "falsify", "report"}  # read as soon as torch is there
    left = {name for name, stage in app.experiment.stages.items() if stage != "done"}
    assert left - recorded == {"search"}
    told = words(app.head.equations.value)
    assert "truth x′ = − 0.30 + 0.70 x + 0.90 r α 0.30 β 3.00" in told
    assert re.search(r"SPICE x′ = − 0\.\d\d \+ 0\.\d\d x \+ 0\.\d\d r α 0\.\d\d β \d\.\d\d", told)
    assert "polyline" in app.head.loss.value
    assert "the participant itself" in app.panels["compare"].scores.value
    assert app.panels["compare"].figure.series["spice/P"].y.any()


def test_a_moved_slider_moves_the_true_equation_and_greys_the_discovered(app):
    app.experiment.participant.alpha_reward = 0.6
    assert "+ 0.40 x + 1.80 r α 0.60" in words(app.head.equations.value)
    assert "sw-old" in app.head.equations.value
    assert "This result is for learning rate α = 0.30. Train again." in app.guide.line.value
    app.experiment.participant.alpha_reward = 0.5
    assert "+ 0.50 x + 1.50 r α 0.50" in words(app.head.equations.value)


def test_one_room_is_open_and_it_is_left_by_going_to_another(app):
    network, task = (app.switch.tiles[name].button for name in ("network", "task"))
    network.value = True
    assert (app.switch.value, task.value) == ("model", False)
    network.value = False
    assert network.value
    assert visible(app) == ["model"]


def test_a_room_is_entered_where_it_was_left(app):
    app.switch.value = "train"
    app.switch.tiles["task"].button.value = True
    assert visible(app) == ["task"]
    app.switch.tiles["network"].button.value = True
    assert visible(app) == ["train"]
    offered = [name for name, each in app.switch.views.buttons.items() if each.layout.display != "none"]
    assert offered == ["model", "train", "replay"]


def test_a_panel_is_made_when_it_is_first_shown(app):
    def made():
        return [name for name, room in app.rooms.items() if room.children]

    assert made() == ["task"]
    app.switch.value = "trial"
    app.switch.value = "task"
    assert made() == ["task", "trial"]
    assert app.rooms["trial"].children == (app.panels["trial"],)


def test_a_changed_setting_marks_its_room_in_place(app):
    app.switch.value = "participant"
    app.experiment.participant.alpha_reward = 0.6
    assert app.switch.value == "participant"
    tile = app.switch.tiles["network"]
    assert tile.button.description == "4 Network"
    assert "out of date" in tile.button.tooltip
    assert "<p>out of date</p>" in tile.picture.value
    assert "sw-stale" in tile._dom_classes


def test_state_and_verdict_stand_apart(app):
    tile = app.switch.tiles["truth"]
    assert (tile.button.description, tile.state) == ("6 Is it true?", "done")
    assert f"<p>{VERDICTS['same']}</p>" in tile.picture.value
    app.experiment.participant.alpha_reward = 0.6
    assert (tile.button.description, tile.state) == ("6 Is it true?", "stale")
    assert VERDICTS["same"] not in tile.picture.value
    app.experiment.participant.alpha_reward = 0.3
    assert VERDICTS["same"] in tile.picture.value


def test_another_preset_is_marked_until_it_is_trained(app):
    app.head.preset.value = "forgetting"
    assert [words for words, _ in app.head.module.options] == [
        "value reward chosen",
        "value reward not chosen",
    ]
    chosen = words(app.head.equations.value)
    app.head.module.value = "x_value_reward_not_chosen"
    assert "+ 0.80 x" in words(app.head.equations.value) != chosen
    assert app.experiment.stages["train"] == "stale"
    app.head.preset.value = "the tutorial"
    assert app.experiment.stages["train"] == "done"


def test_settings_that_are_no_preset_say_so_and_the_preset_can_be_chosen_again(app):
    app.experiment.participant.alpha_reward = 0.6
    assert app.head.preset.value == "own settings"
    app.head.preset.value = "the tutorial"
    assert app.experiment.participant.alpha_reward == 0.3
    assert "own settings" not in app.head.preset.options
    app.experiment.comparison.session = 3
    assert app.head.preset.value == "the tutorial"


def test_the_last_sound_settings_stay_in_the_address(app):
    app.experiment.participant.alpha_reward = 0.6
    sound = app.address.link.value
    app.experiment.data.n_sessions = 0
    assert app.address.link.value == sound
    app.experiment.data.n_sessions = 50
    assert app.address.link.value != sound


def test_the_settings_stand_in_the_page_for_the_address(app):
    assert 'data-settings=""' in app.address.link.value
    app.experiment.task.sigma = 0.05
    (text,) = re.findall('data-settings="([^"]*)"', app.address.link.value)
    assert from_link(text) == {"task": {"sigma": 0.05}}


def test_it_takes_the_settings_that_the_page_finds_in_its_address(app):
    app.experiment.task.sigma = 0.05
    (text,) = re.findall('data-settings="([^"]*)"', app.address.link.value)
    other = explorer(start=False)
    assert "data-taken" not in other.address.link.value
    other.address.incoming.value = text
    assert other.experiment.task.sigma == 0.05
    assert f'data-taken data-settings="{text}"' in other.address.link.value
    assert other.runner.result is None  # the recorded run is one of another truth
    assert other.runner.wait(120)
    assert other.experiment.stages["equation"] == "done"
    assert other.runner.result.snapshot.task.sigma == 0.05


def test_a_reload_opens_the_view_that_was_left(app):
    app.switch.value = "library"
    (text,) = re.findall('data-settings="([^"]*)"', app.address.link.value)
    other = explorer(start=False)
    other.address.incoming.value = text
    assert visible(other) == ["library"]
    assert other.runner.result.recorded is not None
    other.switch.value = "task"
    assert 'data-settings=""' in other.address.link.value


def test_settings_that_take_long_to_train_show_no_run_of_others(app):
    app.experiment.data.n_trials, app.experiment.participant.alpha_reward = 2000, 0.6
    other = explorer(start=False)
    other.address.incoming.value = to_link(app.experiment)
    assert other.runner.result is None
    assert not other.experiment.run.busy
    assert "SPICE" in other.head.equations.value


def test_a_wrong_price_leaves_the_true_equation_on_show(app):
    before = words(app.head.equations.value)
    app.experiment.discovery.price = -1
    assert app.experiment.problems
    assert "truth x′ = − 0.30 + 0.70 x + 0.90 r α 0.30 β 3.00" in words(app.head.equations.value)
    app.experiment.discovery.price = None
    assert words(app.head.equations.value) == before


@pytest.mark.parametrize("name", ["equation", "compare", "translate", "train"])
def test_what_is_out_of_date_is_dimmed(app, name):
    app.switch.value = name
    app.experiment.participant.alpha_reward = 0.6
    assert all("sw-old" in part._dom_classes for part in app.panels[name].results)
    app.experiment.participant.alpha_reward = 0.3
    assert not any("sw-old" in part._dom_classes for part in app.panels[name].results)


def test_in_the_library_the_result_alone_is_dimmed(app):
    app.switch.value = "library"
    app.experiment.participant.alpha_reward = 0.6
    library = app.panels["library"]
    assert "sw-old" in library.terms._dom_classes
    assert "sw-old" not in library.modules._dom_classes


@pytest.mark.parametrize("asked", ["nonsense", "A" * 9000, "abc=1 <b>"])
def test_a_wrong_address_is_told_and_the_defaults_stay(app, asked):
    app.address.incoming.value = asked
    assert app.experiment.task.sigma == 0.2
    assert "left out" in app.alert.value
    assert "data-taken" in app.address.link.value


def upload(app, content):
    file = {"name": "settings.json", "type": "application/json", "size": len(content), "content": content}
    if WIDGETS < 8:
        app.settings.read.set_trait("value", {"settings.json": {"metadata": {}, "content": content}})
    else:
        app.settings.read.value = ({**file, "last_modified": datetime.now(UTC)},)


def test_settings_are_saved_and_read_back(app):
    app.experiment.participant.q0 = 0.2
    name, content, _ = app.settings.file()
    assert name == "settings.json"
    app.experiment.participant.q0 = 0.9
    upload(app, content)
    assert app.experiment.participant.q0 == 0.2
    assert app.settings.alert.value == ""
    assert app.runner.wait(120)
    assert app.runner.result.snapshot.participant.q0 == 0.2


def test_the_script_is_shown_for_the_settings_as_they_stand(app):
    app.experiment.participant.alpha_reward = 0.6
    app.settings.script.click()
    assert "alpha_reward=0.6" in app.settings.shown.value
    app.experiment.task.sigma = -1
    app.settings.script.click()
    assert "sigma must be" in app.settings.alert.value
    assert "alpha_reward=0.6" in app.settings.shown.value


def test_share_and_save_take_one_press(app):
    app.experiment.participant.alpha_reward = 0.6
    app.settings.share.click()
    (text,) = re.findall('data-settings="([^"]+)"', app.settings.shown.value)
    assert from_link(text) == {"participant": {"alpha_reward": 0.6}}
    app.settings.save.click()
    assert 'download="settings.json"' in app.settings.shown.value


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe", "holds no settings"),
        (b"[1, 2]", "dictionary by group"),
        (json.dumps({"task": {"sigma": 7}}).encode(), "sigma must be"),
        (b" " * 300_000, "too large"),
    ],
)
def test_a_wrong_file_is_told_and_changes_nothing(app, content, told):
    before = app.experiment.to_dict()
    upload(app, content)
    assert told in app.settings.alert.value
    assert app.experiment.to_dict() == before


def test_models_of_ones_own_are_offered():
    from spicewidgets import RESCORLA_WAGNER_CONFIG, RescorlaWagnerRNN

    class Mine(RescorlaWagnerRNN):
        """A model of mine."""

    app = explorer(models=[(Mine, RESCORLA_WAGNER_CONFIG)], start=False)
    assert "Mine" in app.experiment.model.choices
    app.experiment.model.name = "Mine"
    assert app.experiment.problems == []
