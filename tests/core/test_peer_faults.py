"""What a user of autospice 0.2.0 would call a bug, one test each: what is right here.

The letter and number are those of our list of its faults.
"""

import io
import pickle
import subprocess
import sys
import time
from importlib import metadata

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import spicewidgets
from spicewidgets import (
    CHOICE_CONFIG,
    FORGETTING_RNN_CONFIG,
    LEARNING_RATE_RNN_CONFIG,
    PARTICIPANT_EMBEDDING_RNN_CONFIG,
    RESCORLA_WAGNER_CONFIG,
    AgentNetwork,
    AgentQ,
    AgentSpice,
    BanditsDrift,
    BanditSession,
    BanditsFixed,
    BaseRNN,
    ChoiceRNN,
    DatasetRNN,
    ForgettingRNN,
    LearningRateRNN,
    ParticipantEmbeddingRNN,
    RescorlaWagnerRNN,
    SettingsError,
    SpiceConfig,
    SpiceEstimator,
    convert_dataset,
    create_dataset,
    get_update_dynamics,
    plot_session,
    replay,
    split_data_along_timedim,
)
from spicewidgets.core.estimator import SpiceWarning
from spicewidgets.core.storage import StorageError

CHOSEN = "x_value_reward_chosen"
PRECODED = [
    (RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG),
    (ForgettingRNN, FORGETTING_RNN_CONFIG),
    (LearningRateRNN, LEARNING_RATE_RNN_CONFIG),
    (ParticipantEmbeddingRNN, PARTICIPANT_EMBEDDING_RNN_CONFIG),
    (ChoiceRNN, CHOICE_CONFIG),
]


def data(n_sessions=6, n_trials=12, n_actions=2, seed=1):
    task = BanditsDrift(sigma=0.2, n_actions=n_actions)
    return create_dataset(AgentQ(n_actions, alpha_reward=0.3), task, n_trials, n_sessions, random_state=seed)[
        0
    ]


def new(rnn_class=RescorlaWagnerRNN, spice_config=RESCORLA_WAGNER_CONFIG, **parameters):
    small = {"epochs": 10, "n_starts": 1, "n_trials_off_policy": 50, "random_state": 0}
    return SpiceEstimator(rnn_class, spice_config, **{**small, **parameters})


DATA = data()
FITTED = new().fit(DATA)
AGENTS = {"groundtruth": AgentQ(alpha_reward=0.3), "rnn": FITTED.rnn_agent, "spice": FITTED.spice_agent}


@pytest.fixture(autouse=True)
def figures_are_closed():
    yield
    plt.close("all")


def test_f01_parameters_are_drawn_per_session():
    agent = AgentQ(alpha_reward=0.3, parameter_variance=0.1)
    agent.new_sess(sample_parameters=True, n_sessions=200, random_state=0)
    rates = agent.parameters["alpha_reward"]
    assert rates.std() == pytest.approx(0.1, rel=0.2)
    assert rates.min() >= 0
    told = create_dataset(agent, BanditsDrift(), 5, 3, sample_parameters=True, random_state=0)[2]
    assert len({parameters["alpha_reward"] for parameters in told}) == 3


def test_f02_equations_of_one_participant():
    both = data()
    both.xs[3:, :, -1] = 1
    estimator = new(spice_participant_id=1).fit(both)
    assert list(estimator.get_spice_agents()) == [1]


@pytest.mark.filterwarnings("ignore:The loss")
@pytest.mark.parametrize(("model", "config"), PRECODED)
def test_f03_every_model_predicts_many_sessions(model, config):
    rnn, spice = new(model, config, epochs=3).fit(DATA).predict(DATA.xs)
    for p in (rnn, spice):
        assert p.shape == (6, 12, 2)
        np.testing.assert_allclose(p.sum(-1), 1, atol=1e-12)


def test_f04_scikit_learns_contract():
    assert repr(FITTED).startswith("SpiceEstimator(")
    assert clone(FITTED).get_params() == FITTED.get_params()
    search = GridSearchCV(new(epochs=3), {"learning_rate": [0.01, 0.1]}, cv=2, error_score="raise")
    assert search.fit(DATA.xs.numpy(), DATA.ys.numpy()).best_estimator_.rnn_agent.n_actions == 2
    estimator = new(epochs=3)
    assert estimator.fit(DATA) is estimator


def test_f05_quiet_and_without_side_effects(capfd):
    new(epochs=3, verbose=False).fit(DATA)
    assert capfd.readouterr() == ("", "")
    script = (
        "import warnings, numpy as np, torch, matplotlib; warnings.simplefilter('default');"
        "before = (list(warnings.filters), dict(matplotlib.rcParams), torch.get_rng_state().sum().item());"
        "import spicewidgets; [getattr(spicewidgets, name) for name in spicewidgets.__all__];"
        "own = [f for f in warnings.filters if f not in before[0] and 'spicewidgets' in str(f)];"
        "print(own, dict(matplotlib.rcParams) == before[1], torch.get_rng_state().sum().item() == before[2])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "[] True True\n"


def test_f06_whole_number_rewards_are_learned_from():
    agent = AgentQ(alpha_reward=0.3)
    agent.new_sess()
    agent.update(0, np.array([1, -1]))
    assert agent.get_state_value("x_value_reward", multiply_with_beta=False)[0] == pytest.approx(0.65)


@pytest.mark.parametrize("option", [0, 1])
def test_f07_any_option_can_be_shown(option):
    figure, axs = plot_session(AGENTS, DATA.xs[0], display_choice=option)
    assert isinstance(figure, Figure)
    drawn = axs[0].get_lines()[0].get_ydata()
    (_, _), probabilities, _ = get_update_dynamics(DATA.xs[0], AGENTS["groundtruth"])
    np.testing.assert_allclose(drawn, probabilities[:, option])
    marked = sorted(int(x) for marks in axs[0].collections for x, _ in marks.get_offsets())
    assert marked == np.flatnonzero(DATA.choices[0] == option).tolist()


def test_f08_a_session_can_be_plotted_numbered_and_recognised():
    session = create_dataset(AgentQ(), BanditsDrift(), 12, 1, random_state=2)[1][0]
    assert isinstance(session, BanditSession)
    assert session.set_session(4).session.tolist() == [4] * 12
    assert len(plot_session(AGENTS, session)[1]) >= 3


@pytest.mark.parametrize("label", ["GroundTruth", "RNN", "my model", "spice "])
def test_f09_any_label_is_shown(label):
    figure, axs = plot_session({label: AGENTS["groundtruth"]}, DATA.xs[0])
    assert len(axs[0].get_lines()) == 1
    words = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert len(words) >= 1


def test_f10_every_filter_condition_holds_for_every_sample():
    both = [["c_action", 1, True], ["c_reward", 0, False]]
    config = SpiceConfig({CHOSEN: ["c_reward"]}, {CHOSEN: both}, ["c_action", "c_reward"], [CHOSEN])
    estimator = new(spice_config=config).fit(DATA)
    kept = estimator.samples_[CHOSEN].select(config, CHOSEN, 0)
    assert set(kept.controls["c_reward"]) == {0}
    assert set(kept.controls["c_action"]) == {1}
    every = estimator.samples_[CHOSEN].controls
    assert len(kept.value) == ((every["c_reward"] == 0) & (every["c_action"] == 1)).sum()


def test_f11_a_removed_feature_is_no_term():
    terms = {}
    for remove in (True, False):
        config = SpiceConfig(
            {CHOSEN: ["c_reward", "c_action"]},
            {CHOSEN: ["c_action", 1, remove]},
            ["c_action", "c_reward"],
            [CHOSEN],
        )
        terms[remove] = new(spice_config=config).fit(DATA).spice_model_.equation(CHOSEN).terms
    assert ("c_action",) in terms[False]
    assert ("c_action",) not in terms[True]
    assert ("c_reward",) in terms[True]


def test_f12_a_config_is_not_changed():
    library, filters = {CHOSEN: ["c_reward"]}, {CHOSEN: ["c_action", 1, True]}
    config = SpiceConfig(library, filters, ["c_action", "c_reward"], [CHOSEN])
    fits = [new(spice_config=config).fit(DATA).spice_model_ for _ in range(2)]
    assert fits[0] == fits[1]
    assert (library, filters) == ({CHOSEN: ["c_reward"]}, {CHOSEN: ["c_action", 1, True]})
    assert config == SpiceConfig(library, filters, ["c_action", "c_reward"], [CHOSEN])


def test_f13_equations_alone_can_be_loaded_and_nothing_is_run(tmp_path):
    FITTED.save_spice(path_spice=tmp_path / "spice.pkl")
    loaded = new().load_spice(path_spice=tmp_path / "spice.pkl")
    assert loaded.spice_model_ == FITTED.spice_model_
    (tmp_path / "evil.pkl").write_bytes(pickle.dumps(print))
    with pytest.raises(StorageError, match="is not a SPICE model"):
        loaded.load_spice(path_spice=tmp_path / "evil.pkl")


def test_f14_padding_does_not_dilute_the_loss():
    xs = torch.cat([DATA.xs, torch.tensor([-1.0, -1, -1, -1, 0]).expand(6, 12, 5)], 1)
    ys = torch.cat([DATA.ys, torch.full((6, 12, 2), -1.0)], 1)
    losses = [new().fit(*arguments).history_[0].train_loss for arguments in ((xs, ys), (DATA.xs, DATA.ys))]
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)


def test_f15_no_trial_is_lost_in_a_split():
    train, test = split_data_along_timedim(DATA, 1.0)
    assert int(train.mask.sum()) == 72
    assert int(test.mask.sum()) == 0
    assert torch.equal(train.xs, DATA.xs)


@pytest.mark.filterwarnings("ignore:The loss")
def test_f16_a_batch_may_be_larger_than_the_data():
    whole, large = (new(optimizer="adam", batch_size=size).fit(DATA) for size in (None, 1000))
    assert whole.spice_model_ == large.spice_model_


def test_f17_three_arms_with_padding_and_as_few_columns_as_there_are():
    three = data(n_actions=3)
    assert three.xs.shape[-1] == 7
    estimator = new(n_actions=3).fit(three)
    xs = torch.cat([three.xs, torch.tensor([-1.0] * 6 + [0]).expand(6, 3, 7)], 1)
    np.testing.assert_allclose(estimator.predict(xs)[0][:, :12], estimator.predict(three)[0], atol=1e-12)
    assert estimator.predict(xs)[1].shape == (6, 15, 3)


@pytest.mark.parametrize("kind", ["rnn_agent", "spice_agent"])
def test_f18_a_fitted_agent_draws_its_choices(kind):
    dataset = create_dataset(getattr(FITTED, kind), BanditsFixed((0.5, 0.5)), 20, 200, random_state=0)[0]
    assert dataset.choices[:, 0].float().mean() == pytest.approx(0.5, abs=0.12)
    p = replay(getattr(FITTED, kind), dataset).probabilities[:, :-1]
    # choices are as frequent as they were likely, not the likeliest ones
    taken = np.take_along_axis(p, dataset.choices.numpy()[..., None], -1).mean()
    assert taken == pytest.approx((p**2).sum(-1).mean(), abs=0.02)


@pytest.mark.filterwarnings("ignore:The loss")
@pytest.mark.parametrize("more", [{"dropout": 0.5}, {"l2_weight_decay": 1.0}])
def test_f19_what_is_set_is_used(more):
    plain, other = (new(optimizer="adam", **given).fit(DATA).history_[-1].train_loss for given in ({}, more))
    assert plain != other


@pytest.mark.filterwarnings("ignore:The loss")
def test_f19_the_embeddings_size_is_used():
    estimator = new(ParticipantEmbeddingRNN, PARTICIPANT_EMBEDDING_RNN_CONFIG, embedding_size=3, epochs=2)
    assert estimator.fit(DATA).rnn_model_.embedding_size == 3


@pytest.mark.parametrize("missing", ["", "-1"])
def test_f20_a_missing_choice_stays_missing(missing):
    table = f"session,choice,reward\nann,0,1\nann,{missing},{missing}\nann,1,0\nann,0,1\n"
    dataset = convert_dataset(io.StringIO(table))[0]
    assert dataset.choices.tolist() == [[0, -1, 1, 0]]
    assert dataset.rewards_chosen[0, [0, 2, 3]].tolist() == [1, 0, 1]  # not rescaled by the -1
    assert dataset.participants == ("ann",)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("session,choice,reward,block\na,0,1,2\na,1,0,2\n", None),
        ("session,choice,reward\na,0,1\na,1,1\n", None),
        ("session,choice,reward\na,left,1\na,right,0\n", None),
        ("subject,choice,reward\na,0,1\na,1,0\n", r"There is no column 'session'\."),
    ],
)
def test_f20_one_block_constant_rewards_named_choices_and_wrong_columns(table, told):
    if told is None:
        dataset = convert_dataset(io.StringIO(table))[0]
        assert not torch.isnan(dataset.xs).any()
        assert dataset.choices.tolist() == [[0, 1]]
    else:
        with pytest.raises(SettingsError, match=told):
            convert_dataset(io.StringIO(table))


@pytest.mark.filterwarnings("ignore:The loss")
def test_f21_ids_of_any_kind_and_no_number_of_participants():
    xs = DATA.xs.clone()
    xs[:3, :, -1], xs[3:, :, -1] = 7, 3
    estimator = new(ParticipantEmbeddingRNN, PARTICIPANT_EMBEDDING_RNN_CONFIG, epochs=3).fit(xs, DATA.ys)
    assert estimator.participants_ == (3, 7)
    assert estimator.predict(xs)[1].shape == (6, 12, 2)


def test_f22_a_participant_for_every_session_is_said_and_does_not_take_long():
    many = create_dataset(AgentQ(), BanditsDrift(), 10, 12, participant="per_session", random_state=0)[0]
    begun = time.process_time()
    with pytest.warns(SpiceWarning, match="Each of the 12 sessions is a participant of its own"):
        new().fit(many)
    assert time.process_time() - begun < 7.1  # what the peer took for 12


@pytest.mark.parametrize(("model", "config"), PRECODED)
def test_f23_every_precoded_model_fits_its_config_and_knows_its_participants(model, config):
    estimator = new(model, config, epochs=1, optimizer="adam")
    for _ in estimator.fit_records(DATA):  # raises where config and model do not belong together
        break
    assert set(config.modules) <= set(estimator.rnn_model_.submodules_rnn)
    assert estimator.rnn_agent.get_participant_ids() == [0]


class ForgetsSignalRNN(BaseRNN):
    init_values = {"x_value_reward": 0.5}

    def __init__(self, n_actions, **kwargs):
        super().__init__(n_actions=n_actions)
        self.submodules_rnn[CHOSEN] = self.setup_module(input_size=1)

    def forward(self, inputs, prev_state=None, batch_first=False):
        (actions, rewards, _, _), _, logits, timesteps = self.init_forward_pass(
            inputs, prev_state, batch_first
        )
        for timestep, action, reward in zip(timesteps, actions, rewards, strict=True):
            chosen = self.call_module(CHOSEN, "x_value_reward", action, reward)
            self.state["x_value_reward"] = chosen + self.state["x_value_reward"] * (1 - action)
            logits[timestep] = self.state["x_value_reward"]
        return self.post_forward_pass(logits, batch_first), self.get_state()


def test_f23_a_forgotten_signal_is_said_before_the_training():
    estimator = new(ForgetsSignalRNN)
    with pytest.raises(SettingsError, match=r"uses 'c_reward', which ForgetsSignalRNN has not recorded"):
        estimator.fit(DATA)
    assert not hasattr(estimator, "history_")


def test_f24_the_install_is_small_and_current():
    needs = {line.split(";")[0].split("[")[0].strip() for line in metadata.requires("spicewidgets")}
    bare = {
        name
        for name in needs
        for heavy in ("jax", "pymc", "pyro", "arviz", "optuna")
        if name.startswith(heavy)
    }
    assert bare == set()
    assert int(metadata.version("pysindy").split(".")[0]) >= 2


def test_f25_labels_are_visible_the_legend_is_inside_and_colour_is_not_all():
    figure, axs = plot_session(AGENTS, DATA.xs[0])
    figure.draw_without_rendering()
    panels = [ax.get_window_extent() for ax in axs]
    label = axs[-1].xaxis.label.get_window_extent()
    assert all(label.y1 <= panel.y0 for panel in panels)
    width, height = figure.get_size_inches() * figure.dpi
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= width
    assert box.y1 <= height
    marks = {len(marks.get_paths()[0].vertices) for marks in axs[0].collections if len(marks.get_offsets())}
    heights = {float(y) for marks in axs[0].collections for _, y in marks.get_offsets()}
    assert len(marks) == len(heights) == 2  # another shape, in another place


def test_a_frame_and_a_csv_of_simulated_data_give_the_same_data_back(tmp_path):
    """T3."""
    DATA.to_frame().to_csv(tmp_path / "own.csv", index=False)
    again = DatasetRNN.from_frame(pd.read_csv(tmp_path / "own.csv"))
    assert torch.equal(again.xs, DATA.xs)
    assert torch.equal(again.ys, DATA.ys)


def test_what_the_peer_names_is_here():
    """S59, S60 and the rest of its public names."""
    for name in (AgentNetwork, AgentSpice, BaseRNN):
        assert getattr(spicewidgets, name.__name__) is name
    assert spicewidgets.RESCOLA_WAGNER_CONFIG is RESCORLA_WAGNER_CONFIG
