"""The explorer's figures: what they draw of a task, a session and a training, and what they say of it."""

import csv
import io
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from spicewidgets import AgentQ, BanditsDrift, create_dataset, replay
from spicewidgets.core.equations import Equation
from spicewidgets.core.read.emergence import Emergence
from spicewidgets.core.read.update_function import Tabulated
from spicewidgets.core.train.training import Epoch
from spicewidgets.plots.figures import RewardProbabilities, SessionView
from spicewidgets.plots.modules import NetworkFigure
from spicewidgets.plots.series import Subplot
from spicewidgets.plots.training import RUNS, LossCurve
from spicewidgets.style import PALE

KINDS = ("bqplot", "matplotlib")
AGENT = AgentQ(2, alpha_reward=0.3, random_state=1)
OTHER = AgentQ(2, alpha_reward=0.6, beta_choice=1.0, random_state=1)
DATASET, _, _ = create_dataset(AGENT, BanditsDrift(0.2), 30, 3, random_state=1)
PLAYED = {"truth": replay(AGENT, DATASET), "rnn": replay(OTHER, DATASET)}


def session(kind="bqplot", played=PLAYED, **told):
    view = SessionView(kind)
    view.draw(played, DATASET.choices, DATASET.rewards_chosen, **told)
    return view


def epoch(number, phase="lbfgs", loss=0.6, **more):
    told = {
        "validation_loss": None,
        "best_epoch": number,
        "floor": 0.5,
        "learning_rate": None,
        "seconds": 0.0,
    }
    return (
        {"epoch": number, "phase": phase, "train_loss": loss, "chance": np.log(2), "note": ""} | told | more
    )


# The task


@pytest.mark.seed(23)
@pytest.mark.parametrize("kind", KINDS)
def test_a_line_for_each_arm(kind):
    figure = RewardProbabilities(kind)
    figure.draw(np.array([[0.1, 0.9, 0.5], [0.3, 0.9, 0.4]]))
    assert figure.series["arm 0"].y.tolist() == [0.1, 0.3]
    assert [one.style.name for one in figure.series.values()] == ["Option 1", "Option 2", "Option 3"]
    assert figure.subplots["p"].limits == (-0.03, 1.03)
    assert figure.summary == (
        "Probability of reward over 2 trials: option 1 between 0.10 and 0.30 (mean 0.20), option 2 pays with"
        " 0.90 throughout, option 3 between 0.40 and 0.50 (mean 0.45). Option 2 is the best in 2 of 2 trials."
    )


def test_fewer_arms_take_lines_away_and_more_bring_them_back():
    figure = RewardProbabilities("bqplot")
    figure.draw(np.full((5, 4), 0.5))
    first = figure._screen._marks["arm 3"][0]
    figure.draw(np.full((5, 2), 0.5))
    assert not first.visible
    assert "Option 4" not in figure._legend.value
    figure.draw(np.full((5, 4), 0.5))
    assert first.visible
    assert figure._screen._marks["arm 3"][0] is first


# A session


def test_it_shows_p_q_and_states_of_the_arm_before_each_trial():
    view = session(session=2, arm=1)
    for label, played in PLAYED.items():
        np.testing.assert_allclose(view.series[f"{label}/P"].y, played.probabilities[2, :30, 1])
        np.testing.assert_allclose(view.series[f"{label}/q"].y, played.q[2, :30, 1])
    np.testing.assert_allclose(
        view.series["truth/x_value_reward"].y, 3.0 * PLAYED["truth"].states["x_value_reward"][2, :30, 1]
    )
    assert view.subplots["P"].title == "P(choose option 2)"


def test_a_state_of_zeros_has_no_panel_and_comes_back_when_it_is_used():
    view = session(played={"truth": PLAYED["truth"]})
    assert "x_value_choice" not in view.subplots
    view.draw(PLAYED, DATASET.choices, DATASET.rewards_chosen)
    assert view.subplots["x_value_choice"].visible
    assert view.series["truth/P"].visible
    view.draw({"truth": PLAYED["truth"]}, DATASET.choices, DATASET.rewards_chosen)
    assert not view.subplots["x_value_choice"].visible
    assert view.series["rnn/P"].empty


def test_marks_stand_at_the_trials_in_a_row_for_each_arm_and_tell_by_shape():
    view = session(arm=1)
    choices, paid = np.asarray(DATASET.choices[0]), np.asarray(DATASET.rewards_chosen[0]) > 0
    heights = {float(word): at for at, word in view.subplots["choices"].ticks.items()}
    assert heights == {1: 1.5, 2: 0.5}  # option 1 above
    for name, here in (("rewarded", paid), ("not rewarded", ~paid)):
        assert view.series[name].x.tolist() == np.flatnonzero(here).tolist()
        assert view.series[name].y.tolist() == [heights[arm + 1] for arm in choices[here]]
    shapes = {view.series[name].style.marker for name in ("rewarded", "not rewarded")}
    assert len(shapes) == 2


def test_the_table_has_choices_and_rewards_and_no_heights_of_marks():
    view = session(arm=1)
    rows = list(csv.DictReader(io.StringIO(view.download("csv").decode())))
    assert list(rows[0])[-2:] == ["chosen", "reward"]
    assert [row["chosen"] for row in rows] == [f"Option {arm + 1}" for arm in DATASET.choices[0].tolist()]
    assert [float(row["reward"]) for row in rows] == np.asarray(DATASET.rewards_chosen[0]).tolist()
    assert not [name for name in rows[0] if "rewarded" in name]


LAID_OVER = {**PLAYED, "spice": replay(AGENT, DATASET)}


@pytest.mark.parametrize("kind", KINDS)
def test_each_agent_is_seen_where_all_coincide(kind):
    view = session(kind, LAID_OVER)
    assert [view.series[f"{label}/P"].kind for label in LAID_OVER] == ["band", "line", "dots"]
    legend = view._legend.value
    assert legend.index("sw-pale") < legend.index("RNN") < legend.index("<circle")
    view.download("svg")  # on paper, too


def test_a_band_and_dots_are_marks_of_their_own_kind():
    view = session("bqplot", LAID_OVER)
    edges, between = view._screen._marks["truth/P"]
    assert edges.stroke_width > between.stroke_width > 2 * view._screen._marks["rnn/P"][0].stroke_width
    assert between.colors == [PALE]
    np.testing.assert_array_equal(between.y, edges.y)
    (dots,) = view._screen._marks["spice/P"]
    assert dots.marker == "circle"
    np.testing.assert_allclose(dots.y, LAID_OVER["spice"].probabilities[0, :30, 0])
    view.show_layers({"truth": False})
    assert not edges.visible
    assert not between.visible


@pytest.mark.parametrize("kind", KINDS)
def test_differences_stand_below_on_a_scale_of_their_own(kind):
    view = session(kind, LAID_OVER)
    assert not view.subplots["off"].visible
    view.differences = True
    view.draw(LAID_OVER, DATASET.choices, DATASET.rewards_chosen)
    off = PLAYED["rnn"].probabilities[0, :30, 0] - PLAYED["truth"].probabilities[0, :30, 0]
    np.testing.assert_allclose(view.series["rnn/off"].y, off)
    np.testing.assert_allclose(view.series["spice/off"].y, 0, atol=1e-12)
    scale = view.subplots["off"]
    assert scale.visible
    assert scale.title == "P off Truth, magnified"
    low, zero, high = sorted(scale.ticks)
    assert (low, zero) == (-high, 0.0)
    assert np.abs(off).max() < high < 2.2 * np.abs(off).max()


def test_a_difference_that_is_none_is_not_blown_up():
    view = SessionView("bqplot")
    view.differences = True
    same = {"truth": PLAYED["truth"], "spice": LAID_OVER["spice"]}
    view.draw(same, DATASET.choices, DATASET.rewards_chosen)
    assert max(view.subplots["off"].ticks) == 0.01


def test_values_as_what_choices_depend_on():
    view = SessionView("bqplot")
    view.values = "difference"
    view.draw(LAID_OVER, DATASET.choices, DATASET.rewards_chosen, arm=1)
    q = PLAYED["truth"].q[0, :30]
    np.testing.assert_allclose(view.series["truth/q"].y, q[:, 1] - q[:, 0])
    assert view.subplots["q"].title == "Q-value (logit): option 2 − the other"
    p = PLAYED["truth"].probabilities[0, :30, 1]
    np.testing.assert_allclose(1 / (1 + np.exp(-view.series["truth/q"].y)), p)  # nothing else is needed
    view.values = ""
    view.draw(LAID_OVER, DATASET.choices, DATASET.rewards_chosen)
    assert [key for key, one in view.subplots.items() if one.visible] == ["P", "choices"]


def test_one_agent_alone_is_a_line():
    view = SessionView("bqplot", alone=True)
    view.draw({"truth": PLAYED["truth"]}, DATASET.choices, DATASET.rewards_chosen)
    assert view.series["truth/P"].kind == "line"


def test_marks_are_made_once_over_many_sessions():
    view = session()
    before = {key: marks[0] for key, marks in view._screen._marks.items()}
    for number in (1, 2, 0):
        view.draw(PLAYED, DATASET.choices, DATASET.rewards_chosen, session=number, arm=1)
    assert {key: marks[0] for key, marks in view._screen._marks.items()} == before


@pytest.mark.seed(55)
def test_layers_stay_switched_off_in_the_next_session():
    view = session()
    view.show_layers({"rnn": False})
    view.draw(PLAYED, DATASET.choices, DATASET.rewards_chosen, session=1)
    assert not view.series["rnn/P"].visible
    assert view.series["truth/P"].visible
    assert "RNN" in view._legend.value
    assert not [name for name in view._columns()[0] if "RNN" in name]


def test_the_summary_tells_choices_and_how_far_the_agents_are_apart():
    view = session()
    apart = np.abs(PLAYED["rnn"].probabilities - PLAYED["truth"].probabilities)[0, :30, 0]
    n = int((np.asarray(DATASET.choices[0]) == 0).sum())
    assert view.summary.startswith(f"Option 1 is chosen in {n} of 30 trials and rewarded in ")
    assert view.summary.endswith(
        f"P of RNN is off that of Truth by {apart.mean():.3f} on average and {apart.max():.3f} at most"
        f" (trial {apart.argmax()})."
    )


def test_padding_is_not_shown():
    choices, rewards = np.asarray(DATASET.choices[0]).copy(), DATASET.rewards_chosen[0]
    choices[20:] = -1
    view = SessionView("bqplot")
    view.draw({"truth": PLAYED["truth"]}, choices, rewards)
    assert len(view.series["truth/P"].x) == 20
    assert max(view.x_ticks()) < 20


def test_zoom_shows_a_part_on_all_subplots():
    view = session()
    view.zoom(10, 15)
    assert view.x_limits[0] == pytest.approx(10, abs=0.1)
    assert view._screen._x.max == pytest.approx(15, abs=0.1)
    view.zoom()
    assert view.x_limits[1] == pytest.approx(29, abs=0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_cursor_reads_out_a_trial(kind):
    view = session(kind)
    view.set_cursor(4)
    p = [PLAYED[label].probabilities[0, 4, 0] for label in ("truth", "rnn")]
    assert f"P(choose option 1): Truth {p[0]:.2f}, RNN {p[1]:.2f}." in view.readout
    told = "chosen" if DATASET.choices[0, 4] == 0 else "not chosen"
    assert view.readout.startswith(f"Trial 4: option 1 {told}")
    assert all(view.series[f"cursor {subplot}"].x.tolist() == [4.0] for subplot in view.subplots)
    view.set_cursor(None)
    assert view.readout == ""
    assert all(not len(view.series[f"cursor {subplot}"].x) for subplot in view.subplots)


def test_an_agent_without_betas_and_an_empty_session():
    n = np.zeros((1, 2))
    view = SessionView("bqplot")
    view.draw(
        {"mine": SimpleNamespace(probabilities=n + 0.5, q=n, states={}, betas={})},
        np.array([-1.0]),
        np.array([-1.0]),
    )
    assert view.summary == "Option 1 is chosen in 0 of 0 trials and rewarded in 0 of these."


# The loss


def test_a_history_that_goes_on_looks_as_if_it_were_drawn_at_once():
    phases = ["screen"] * 4 + ["adam"] * 6 + ["screen"] * 2 + ["lbfgs"] * 8
    rows = [
        {
            "epoch": at % 10 + 1,
            "phase": phase,
            "train_loss": 0.7 - 0.01 * at,
            "validation_loss": None if at % 3 else 0.8 - 0.01 * at,
            "best_epoch": at % 10 + 1,
            "chance": 0.69,
            "floor": 0.5,
        }
        for at, phase in enumerate(phases)
    ]
    growing, whole = (LossCurve("matplotlib") for _ in range(2))
    for n in (1, 2, 5, 11, 13, 20, 7):
        growing.draw(tuple(rows[:n]), earlier=(tuple(rows[:3]),), smoothing=0.5)
        whole._read = []
        whole.draw(tuple(rows[:n]), earlier=(tuple(rows[:3]),), smoothing=0.5)
        assert growing.summary == whole.summary
        for key, one in whole.series.items():
            np.testing.assert_array_equal(growing.series[key].x, one.x)
            np.testing.assert_array_equal(growing.series[key].y, one.y)
            assert growing.series[key].words == one.words


def test_training_validation_levels_phases_and_best():
    history = [epoch(i, "screen", 0.7) for i in (1, 2)]
    history += [
        epoch(i, loss=0.7 - i / 100, validation_loss=0.7 - i / 200, best_epoch=5) for i in range(3, 7)
    ]
    figure = LossCurve("bqplot")
    figure.draw(history)
    np.testing.assert_allclose(figure.series["training"].y, [np.nan, np.nan, 0.67, 0.66, 0.65, 0.64])
    np.testing.assert_allclose(figure.series["screening"].y[:2], 0.7)
    assert figure.series["validation"].y[-1] == pytest.approx(0.67)
    assert figure.series["chance"].y.tolist() == [np.log(2)]
    assert figure.series["floor"].y.tolist() == [0.5]
    assert figure.series["phases"].words == ("screening", "L-BFGS")
    assert figure.series["phases"].x.tolist() == [0.5, 2.5]
    assert figure.series["best"].x.tolist() == [5.0]
    assert figure.series["best"].y.tolist() == pytest.approx([0.675])
    assert figure.summary == (
        "Epoch 6: training loss 0.640, validation loss 0.670 nats per choice; guessing has 0.693, the true"
        " agent 0.500. The best is epoch 5 with 0.675."
    )


def test_records_of_the_core_are_taken_as_they_are():
    figure = LossCurve("bqplot")
    figure.draw([Epoch(**epoch(1))])
    assert figure.series["training"].y.tolist() == [0.6]


@pytest.mark.parametrize("kind", KINDS)
def test_before_the_first_epoch(kind):
    figure = LossCurve(kind)
    figure.draw([])
    assert figure.summary == "No epoch yet."


def test_earlier_runs_are_pale_and_the_last_ones_are_kept():
    figure = LossCurve("bqplot")
    runs = [[epoch(1, loss=0.5 + i / 100)] for i in range(RUNS + 3)]
    figure.draw([epoch(1)], earlier=runs)
    assert figure.series["earlier 0"].y.tolist() == [0.53]
    assert figure._screen._marks["earlier 0"][0].opacities[0] < 0.5
    assert "earlier run" in figure._legend.value
    figure.draw([epoch(1)])
    assert "earlier run" not in figure._legend.value


def test_smoothing_keeps_the_raw_curve_in_sight():
    figure = LossCurve("bqplot")
    figure.draw([epoch(1, loss=0.7), epoch(2, loss=0.5)], smoothing=0.5)
    assert figure.series["training"].y.tolist() == [0.7, 0.6]
    assert figure.series["raw"].y.tolist() == [0.7, 0.5]
    figure.draw([epoch(1, loss=0.7), epoch(2, loss=0.5)])
    assert figure.series["raw"].empty


def test_the_axis_shows_chance_and_floor_and_cuts_off_the_way_down_to_chance():
    figure = LossCurve("bqplot")
    figure.draw([epoch(1, loss=5.0), epoch(2, loss=0.55)])
    subplot = figure.subplots["loss"]
    assert subplot.low <= 0.5
    assert np.log(2) < subplot.high < 1.0


def test_a_loss_that_explodes_stays_in_sight():
    figure = LossCurve("bqplot")
    figure.draw([epoch(1), epoch(2, loss=4.0)])
    assert figure.subplots["loss"].high >= 4.0


def test_no_number_is_a_gap():
    figure = LossCurve("bqplot")
    figure.draw(
        [epoch(1), epoch(2, loss=float("nan"), best_epoch=1), epoch(3, loss=float("inf"), best_epoch=1)]
    )
    assert np.isnan(figure.series["training"].y).tolist() == [False, True, True]
    assert figure.summary.startswith("Epoch 3: the loss is no number")


def test_a_warm_start_counts_on():
    figure = LossCurve("bqplot")
    figure.draw([epoch(1, loss=0.6), epoch(2, loss=0.55), epoch(1, loss=0.54), epoch(2, loss=0.53)])
    assert figure.series["best"].x.tolist() == [4.0]


def test_log_and_back():
    figure = LossCurve("bqplot")
    figure.draw([epoch(1), epoch(2, loss=0.55)], log=True)
    assert figure.subplots["loss"].log
    assert figure.subplots["loss"].high <= 0.0
    figure.draw([epoch(1), epoch(2, loss=0.55)], log=False)
    assert figure.subplots["loss"].low > 0.3


def test_the_x_axis_grows_in_steps():
    figure = LossCurve("bqplot")
    seen = set()
    for n in range(1, 200, 3):
        figure.draw([epoch(i) for i in range(1, n + 1)])
        seen.add(figure.x_limits)
    assert len(seen) < 12


# The training as it is shown


LEVELS = ({"c_reward": 0.0}, {"c_reward": 1.0})
VALUE = np.linspace(-1.0, 2.0, 25)
EMERGENCE = Emergence(
    "x",
    ((), ("x",), ("c_reward",)),
    np.array([2, 4, 6]),
    np.array([[0.0, 0.9, 0.1], [-0.2, 0.8, 0.5], [-0.3, 0.7, 0.9]]),
    tuple(Tabulated(LEVELS, VALUE, np.stack([VALUE**2 / k, VALUE / k + 1])) for k in (1, 2, 3)),
)
TRUTH = Equation("x", EMERGENCE.terms, (-0.3, 0.7, 0.9))


@pytest.mark.parametrize("kind", KINDS)
def test_the_network_bends_look_by_look(kind):
    figure = NetworkFigure(kind)
    figure.draw_look(EMERGENCE, TRUTH, 1)
    assert not figure.series["truth 1"].empty
    assert figure.series["truth 1"].kind == "band"
    assert "rnn 0" not in figure.series  # nobody has looked yet, and there is no equation
    assert "spice 0" not in figure.series
    figure.draw_look(EMERGENCE, TRUTH, 5)
    x = figure.series["rnn 0"].x
    np.testing.assert_allclose(figure.series["rnn 0"].y[::2], VALUE**2 / 2, atol=1e-12)
    np.testing.assert_allclose(figure.series["spice 1"].y, 0.3 + 0.8 * x, atol=1e-12)
    np.testing.assert_allclose(figure.series["before 1 0"].y, VALUE**2, atol=1e-12)
    assert figure.subplots["after"].title == "Epoch 4 of 6"
    assert figure.summary == "RNN is off Truth by 1.50 at most. SPICE is off Truth by 0.40 at most."
    assert "Next value, SPICE, rewarded" in figure.table()
    figure.clear("Nothing.")
    assert all(one.empty for one in figure.series.values())
    figure.draw_look(replace(EMERGENCE, tables=()), TRUTH, None)
    assert "no curve" in figure.summary


def test_axes_of_a_training_that_is_played_back_stay_as_they_will_be():
    figure, network = LossCurve("bqplot"), NetworkFigure("bqplot")
    whole = [epoch(i, loss=0.7 - i / 400) for i in range(1, 61)]
    seen = set()
    for n in (1, 7, 30, 60):
        figure.draw(whole[:n], whole=whole)
        network.draw_look(EMERGENCE, TRUTH, n)
        sizes = [(one.low, one.high) for one in (figure.subplots["loss"], network.subplots["after"])]
        seen.add((figure.x_limits, network.x_limits, *sizes))
    assert len(seen) == 1


def test_labels_at_the_ends_of_lines_are_not_on_each_other():
    subplot = Subplot(
        "a", "", height=150, low=0.0, high=1.0, ends={0.5: "a", 0.51: "b", 0.52: "c", 0.99: "d"}
    )
    places = list(subplot.spread_ends())
    assert list(subplot.spread_ends().values()) == ["a", "b", "c", "d"]
    assert np.diff(places).min() >= 15 / 150 - 1e-9
    assert max(places) <= 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_level_is_stands_at_its_end(kind):
    figure = LossCurve(kind)
    figure.draw([epoch(1), epoch(2, loss=0.55)])
    assert figure.subplots["loss"].ends == {np.log(2): "guessing", 0.5: "the participant"}
    if kind == "bqplot":
        axis = figure._screen._ends["loss"]
        assert sorted(axis.tick_labels.values()) == ["guessing", "the participant"]
        assert axis in figure._screen.widgets["loss"].axes
    else:
        assert "the participant</span>" in figure._screen.widgets["loss"].value
