"""`plot_session`: what stands where, from any kind of session, and what it says when it cannot draw."""

import subprocess
import sys
from copy import deepcopy
from itertools import pairwise

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib import colors
from matplotlib.figure import Figure

from spicewidgets import (
    AgentNetwork,
    AgentQ,
    BanditsDrift,
    ChoiceRNN,
    DatasetRNN,
    RescorlaWagnerRNN,
    SettingsError,
    create_dataset,
    get_update_dynamics,
    plot_session,
)
from spicewidgets.plots import figure as figures
from spicewidgets.style import INK, REWARDED, RNN, SPICE, TRUTH, UNREWARDED

AGENT = AgentQ(2, alpha_reward=0.3, random_state=1)
OTHER = AgentQ(2, alpha_reward=0.6, random_state=1)
DATASET, SESSIONS, _ = create_dataset(AGENT, BanditsDrift(0.2), 30, 3, random_state=1)
AGENTS = {"groundtruth": AGENT, "rnn": OTHER}


@pytest.fixture(autouse=True)
def without_pyplot(monkeypatch):
    """As in a script that never imported pyplot, whatever other tests did."""
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)


def marks(ax):
    """Trials of the rewarded and of the unrewarded choices, as drawn."""
    return [sorted(part.get_offsets()[:, 0].tolist()) for part in ax.collections]


def texts(legend):
    return [text.get_text() for text in legend.get_texts()]


def ylabels(axs):
    return [ax.get_ylabel().replace("\n", " ") for ax in axs]


@pytest.mark.seed(47)
def test_it_returns_a_figure_and_its_axes():
    figure, axs = plot_session({"groundtruth": AGENT}, DATASET.xs[0])
    assert isinstance(figure, Figure)
    assert list(axs) == figure.axes


@pytest.mark.seed(48, 49, 50)
def test_the_panels_are_those_of_the_tutorial():
    _, axs = plot_session(AGENTS, DATASET.xs[0])
    assert ylabels(axs) == ["P(choose option 1)", "Q-value (logit)", "Reward-based value (logit)"]
    assert [text for text in (tick.get_text() for tick in axs[0].get_yticklabels()) if text] == [
        "0",
        "0.5",
        "1",
    ]
    assert axs[-1].get_xlabel() == "Trial t"


@pytest.mark.seed(56)
def test_the_lines_are_those_of_a_replay():
    _, axs = plot_session(AGENTS, DATASET.xs[1], display_choice=1)
    for row, agent in enumerate(AGENTS.values()):
        (q, signals), probabilities, _ = get_update_dynamics(DATASET.xs[1], agent)
        shown = [ax.get_lines()[row].get_ydata() for ax in axs]
        for drawn, wanted in zip(shown, (probabilities, q, signals["x_value_reward"]), strict=True):
            np.testing.assert_array_equal(drawn, wanted[:, 1])


@pytest.mark.seed(56)
def test_p_at_a_trial_does_not_know_that_trial():
    changed = DATASET.xs[0].clone()
    changed[10, 2:4] = 1 - changed[10, 2:4]
    before, after = (
        plot_session({"a": AGENT}, xs)[1][0].get_lines()[0].get_ydata() for xs in (DATASET.xs[0], changed)
    )
    np.testing.assert_array_equal(before[:11], after[:11])
    assert before[11] != after[11]


@pytest.mark.seed(51)
def test_a_choice_state_has_a_panel_where_the_agent_uses_it():
    _, axs = plot_session({"a": AGENT, "b": AgentQ(2, beta_choice=1.0)}, DATASET.xs[0])
    assert ylabels(axs)[3:] == ["Choice-based value (logit)"]


@pytest.mark.seed(52)
def test_the_learning_rate_has_a_panel_where_it_is_named():
    _, axs = plot_session({"a": AGENT}, DATASET.xs[0], signals_to_plot=["x_learning_rate_reward"])
    assert ylabels(axs)[2:] == ["Learning rate (0 to 1)"]


def test_the_tutorials_signals_are_left_out_where_there_are_none():
    _, axs = plot_session({"a": AGENT}, DATASET.xs[0], signals_to_plot=["x_value_reward", "x_value_choice"])
    assert ylabels(axs)[2:] == ["Reward-based value (logit)"]


def test_an_agent_without_a_state_has_no_line_in_its_subplot():
    agents = {"groundtruth": AgentQ(2, beta_choice=1.0), "rnn": AgentNetwork(RescorlaWagnerRNN(2))}
    _, axs = plot_session(agents, DATASET.xs[0])
    assert [len(ax.get_lines()) for ax in axs] == [2, 2, 2, 1]


@pytest.mark.seed(53)
@pytest.mark.parametrize("option", [0, 1])
def test_the_marks_stand_at_the_trials_of_the_option_shown(option):
    _, axs = plot_session(AGENTS, DATASET.xs[0], display_choice=option)
    chosen = SESSIONS[0].choices == option
    paid = SESSIONS[0].rewards[:, option] == 1
    assert marks(axs[0]) == [np.flatnonzero(chosen & paid).tolist(), np.flatnonzero(chosen & ~paid).tolist()]


@pytest.mark.seed(53)
def test_rewarded_and_not_differ_in_colour_shape_and_place():
    _, axs = plot_session(AGENTS, DATASET.xs[0])
    rewarded, not_rewarded = axs[0].collections
    assert [colors.to_hex(part.get_facecolor()[0]) for part in (rewarded, not_rewarded)] == [
        REWARDED.colour,
        UNREWARDED.colour,
    ]
    circle, cross = (part.get_paths()[0].vertices for part in (rewarded, not_rewarded))
    assert circle.shape != cross.shape
    assert not set(rewarded.get_offsets()[:, 1]) & set(not_rewarded.get_offsets()[:, 1])
    assert max(rewarded.get_offsets()[:, 1]) < 0  # apart from the lines


def test_larger_rewards_have_larger_marks():
    xs = DATASET.xs[0].clone()
    xs[:, 2:4] = torch.where(xs[:, 2:4] == -1, -1.0, torch.linspace(0, 40, 30)[:, None])
    figure, axs = plot_session({"a": AGENT}, xs, reward_range=(0, 40))
    sizes = axs[0].collections[0].get_sizes()
    assert len(sizes) > 3
    assert (np.diff(sizes) >= 0).all()
    assert sizes[-1] > sizes[0]
    assert "option 1 chosen, rewarded (larger: more)" in texts(figure.legends[0])


def test_missing_trials_leave_a_gap_between_the_marks():
    xs = DATASET.xs[0].clone()
    xs[5:15, :4] = -1
    _, axs = plot_session({"a": AGENT}, xs)
    assert not {trial for row in marks(axs[0]) for trial in row if 5 <= trial < 15}
    probability = axs[0].get_lines()[0].get_ydata()
    assert len(probability) == 30
    assert set(probability[5:16]) == {probability[5]}  # nothing is learnt there


def test_padding_is_not_drawn():
    xs = DATASET.xs[0].clone()
    xs[20:, :4] = -1
    _, axs = plot_session({"a": AGENT}, xs)
    assert len(axs[0].get_lines()[0].get_xdata()) == 20


@pytest.mark.seed(54)
def test_one_legend_inside_the_figure_names_lines_and_marks():
    figure, _ = plot_session(AGENTS, DATASET.xs[0])
    (legend,) = figure.legends
    assert texts(legend) == ["Truth", "RNN", "option 1 chosen, rewarded", "option 1 chosen, not rewarded"]
    figure.draw_without_rendering()
    box, page = legend.get_window_extent(), figure.bbox
    assert page.x0 <= box.x0
    assert box.x1 <= page.x1
    assert box.y1 <= page.y1


def test_no_label_is_hidden_behind_a_neighbour():  # F25
    figure, axs = plot_session(AGENTS, DATASET.xs[0])
    figure.draw_without_rendering()
    boxes = [ax.get_tightbbox() for ax in axs]
    for upper, lower in pairwise(boxes):
        assert upper.y0 >= lower.y1 - 1
    caption = figure._supxlabel.get_window_extent()
    assert boxes[-1].y0 >= caption.y1
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in [*boxes, caption])


def test_the_caption_says_that_all_see_the_same():
    figure, _ = plot_session(AGENTS, DATASET.xs[0])
    assert figure._supxlabel.get_text().startswith(
        "All agents see the same choices and rewards; P at trial t uses the trials before t."
    )


@pytest.mark.seed(45)
@pytest.mark.parametrize("keys", [("groundtruth", "rnn", "spice"), ("GroundTruth", "RNN", "Spice")])
def test_truth_rnn_and_spice_look_the_same_in_any_spelling(keys):
    _, axs = plot_session(dict.fromkeys(keys, AGENT), DATASET.xs[0])
    lines = axs[0].get_lines()
    assert [drawn.get_color() for drawn in lines] == [TRUTH.colour, RNN.colour, SPICE.colour]


@pytest.mark.seed(45)
def test_any_label_is_accepted_and_labels_rename_it():
    agents = {"My Model": AGENT, "rnn": OTHER}
    assert texts(plot_session(agents, DATASET.xs[0])[0].legends[0])[:2] == ["My Model", "RNN"]
    assert texts(plot_session(agents, DATASET.xs[0], labels=["A", "B"])[0].legends[0])[:2] == ["A", "B"]


@pytest.mark.seed(46)
@pytest.mark.parametrize(
    "experiment",
    [
        DATASET.xs[0],
        DATASET.xs[:1],
        DATASET.xs[0].numpy(),
        DATASET.xs[0].tolist(),
        SESSIONS[0],
        DATASET[:1][0],
        DatasetRNN(DATASET.xs[:1], DATASET.ys[:1]),
    ],
    ids=["tensor", "tensor of one", "array", "list", "session", "slice", "data set"],
)
def test_a_session_comes_in_any_form(experiment):
    _, axs = plot_session({"a": AGENT}, experiment)
    wanted = plot_session({"a": AGENT}, 0, dataset=DATASET)[1]
    for ax, other in zip(axs, wanted, strict=True):
        np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), other.get_lines()[0].get_ydata())


@pytest.mark.seed(44)
def test_a_number_counts_in_the_dataset():
    _, axs = plot_session({"a": AGENT}, 2, dataset=DATASET)
    (_, _), probabilities, _ = get_update_dynamics(DATASET.xs[2], AGENT)
    np.testing.assert_array_equal(axs[0].get_lines()[0].get_ydata(), probabilities[:, 0])


def test_a_number_keeps_the_participants_labels():
    torch.manual_seed(0)
    model = ChoiceRNN(2, 2, embedding_size=2)
    xs = DATASET.xs.clone()
    xs[1:, -1] = 1
    dataset = DatasetRNN(xs, DATASET.ys, participants=["ann", "bob"])
    agent = AgentNetwork(model, participants=["ann", "bob"])
    ann, bob = (
        plot_session({"rnn": agent}, at, dataset=dataset)[1][0].get_lines()[0].get_ydata() for at in (0, 1)
    )
    assert ann[0] == bob[0] == 0.5
    assert not np.array_equal(ann, bob)


@pytest.mark.seed(57)
def test_three_options():
    agent = AgentQ(3)
    dataset, _, _ = create_dataset(agent, BanditsDrift(0.2, 3), 20, 1, random_state=2)
    _, axs = plot_session({"a": agent}, dataset.xs[0], display_choice=2)
    assert ylabels(axs)[0] == "P(choose option 3)"
    assert axs[0].get_lines()[0].get_ydata()[0] == pytest.approx(1 / 3)


def test_nothing_that_is_handed_in_is_changed():
    agent, xs = deepcopy(AGENT), DATASET.xs[0].clone()
    plot_session({"a": agent}, xs)
    assert torch.equal(xs, DATASET.xs[0])
    np.testing.assert_array_equal(agent.q, AGENT.q)


def test_saving_writes_the_file_that_the_ending_says(tmp_path):
    plot_session({"a": AGENT}, DATASET.xs[0], save=tmp_path / "a.png")
    plot_session({"a": AGENT}, DATASET.xs[0], save=str(tmp_path / "a.svg"))
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "a.svg").read_text()


@pytest.mark.seed(58)
def test_no_setting_of_matplotlib_is_changed_nor_obeyed():
    before = dict(matplotlib.rcParams)
    plot_session(AGENTS, DATASET.xs[0])
    assert dict(matplotlib.rcParams) == before
    with matplotlib.rc_context(
        {"figure.facecolor": "black", "axes.facecolor": "black", "text.color": "white"}
    ):
        figure, axs = plot_session(AGENTS, DATASET.xs[0])
    assert {colors.to_hex(part.get_facecolor()) for part in (figure, *axs)} == {"#ffffff"}
    assert colors.to_hex(figure.legends[0].get_texts()[0].get_color()) == INK


SHOWN = """
import sys
from spicewidgets import AgentQ, BanditsDrift, create_dataset, plot_session
agent = AgentQ()
dataset, _, _ = create_dataset(agent, BanditsDrift(0.2), 5, 1, random_state=1)
plot_session({"a": agent}, dataset.xs[0])
assert "matplotlib.pyplot" not in sys.modules
import matplotlib.pyplot as plt
assert not plt.get_fignums()
figure, axs = plot_session({"a": agent}, dataset.xs[0])
assert [plt.figure(number) for number in plt.get_fignums()] == [figure]
plt.show()
"""


@pytest.mark.seed(58)
def test_plt_show_shows_it_where_pyplot_is_loaded():
    done = subprocess.run([sys.executable, "-c", SHOWN], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


REFUSED = {
    "no agents": (
        lambda: plot_session({}, DATASET.xs[0]),
        "plot_session needs a dictionary of one or more agents by label; got none. Give for example"
        " {'groundtruth': agent}.",
    ),
    "an agent alone": (
        lambda: plot_session(AGENT, DATASET.xs[0]),
        "plot_session needs a dictionary of one or more agents by label; got a AgentQ. Give for example"
        " {'groundtruth': agent}.",
    ),
    "an option too far": (
        lambda: plot_session(AGENTS, DATASET.xs[0], display_choice=2),
        "display_choice must be an option from 0 to 1; got 2. Options count from 0: 0 shows option 1.",
    ),
    "an option that is none": (
        lambda: plot_session(AGENTS, DATASET.xs[0], display_choice="1"),
        "display_choice must be an option from 0 to 1; got '1'. Options count from 0: 0 shows option 1.",
    ),
    "rewards upside down": (
        lambda: plot_session(AGENTS, DATASET.xs[0], reward_range=(1, 0)),
        "reward_range must be the lowest and the highest reward, the first below the second; got (1, 0). Use"
        " (0, 1) for rewards of 0 and 1.",
    ),
    "one name for two": (
        lambda: plot_session(AGENTS, DATASET.xs[0], labels=["a"]),
        "labels must be a list with a name for each of the 2 agents; got ['a']. Leave it out to use the"
        " agents' own labels.",
    ),
    "an unknown state": (
        lambda: plot_session({"a": AGENT}, DATASET.xs[0], signals_to_plot=["x_mood"]),
        "signals_to_plot must name memory states of the agents, of ['x_value_reward', 'x_value_choice',"
        " 'x_learning_rate_reward']; got ['x_mood']. Leave it out to see all that there are.",
    ),
    "agents of two tasks": (
        lambda: plot_session({"a": AGENT, "b": AgentQ(3)}, DATASET.xs[0]),
        "All agents must have the same number of options; got 2 for 'a', 3 for 'b'. Plot them one after the"
        " other.",
    ),
    "a number of nothing": (
        lambda: plot_session(AGENTS, 3),
        "experiment is the number 3, and the data set that it counts in is missing. Give it too:"
        " plot_session(agents, 3, dataset=dataset).",
    ),
    "a number too far": (
        lambda: plot_session(AGENTS, 3, dataset=DATASET),
        "experiment must be the number of a session, from 0 to 2; got 3. Choose one.",
    ),
    "all sessions": (
        lambda: plot_session(AGENTS, DATASET.xs),
        "plot_session shows one session; got 3. Take one of them: plot_session(agents, dataset.xs[0]), or"
        " plot_session(agents, 0, dataset=dataset).",
    ),
    "another task's session": (
        lambda: plot_session({"a": AgentQ(3)}, DATASET),
        "The data set has 2 arms; needed are 3. Set n_actions=2, or take another data set.",
    ),
    "nothing observed": (
        lambda: plot_session(AGENTS, torch.full((4, 5), -1.0)),
        "The session has no trial whose choice is known. Choose another session.",
    ),
    "no session": (
        lambda: plot_session(AGENTS, "dataset"),
        "A session must be numbers, (n_trials, n_features) or (n_sessions, n_trials, n_features); got"
        " 'dataset'. Make a data set of a table with convert_dataset.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_drawn_is_a_sentence(case):
    call, sentence = REFUSED[case]
    with pytest.raises(SettingsError) as caught:
        call()
    assert sentence in caught.value.problems


def test_a_long_legend_wraps_and_stays_inside():
    agents = {f"a model with a long name, number {number}": AGENT for number in range(7)}
    figure, _ = plot_session(agents, DATASET.xs[0])
    figure.draw_without_rendering()
    assert figure.legends[0].get_window_extent().x1 <= figure.bbox.x1
    assert figure.get_size_inches()[0] == figures.WIDTH
