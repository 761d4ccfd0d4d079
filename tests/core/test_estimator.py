"""The estimator's manners: those of scikit-learn; quiet, repeatable, losing nothing when things go wrong."""

import copy
import pickle
import random
import re
import sys
import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.utils.validation import check_is_fitted

from spicewidgets import (
    FORGETTING_RNN_CONFIG,
    PARTICIPANT_EMBEDDING_RNN_CONFIG,
    RESCORLA_WAGNER_CONFIG,
    AgentQ,
    BanditsDrift,
    ForgettingRNN,
    ParticipantEmbeddingRNN,
    RescorlaWagnerRNN,
    SettingsError,
    SpiceConfig,
    SpiceEstimator,
    create_dataset,
)
from spicewidgets.core.estimator import SpiceWarning
from spicewidgets.core.storage import StorageError

CHOSEN = "x_value_reward_chosen"


def data(n_sessions=12, n_trials=25, seed=1, **agent):
    return create_dataset(
        AgentQ(**{"alpha_reward": 0.3, **agent}),
        BanditsDrift(sigma=0.2, n_actions=agent.get("n_actions", 2)),
        n_trials,
        n_sessions,
        random_state=seed,
    )[0]


def new(rnn_class=RescorlaWagnerRNN, spice_config=RESCORLA_WAGNER_CONFIG, **parameters):
    small = {"epochs": 25, "n_trials_off_policy": 100, "random_state": 0}
    small |= {} if "optimizer" in parameters else {"n_starts": 2}
    return SpiceEstimator(rnn_class, spice_config, **{**small, **parameters})


DATA = data()


@pytest.fixture(scope="module")
def fitted():
    """A fitted estimator that no test changes."""
    return new().fit(DATA)


def weights(estimator):
    return torch.cat([p.detach().flatten() for p in estimator.rnn_model_.parameters()])


def state_of(estimator):
    """What an estimator knows and answers, to see whether it has changed."""
    known = {name: value for name, value in vars(estimator).items() if name not in ("history_",)}
    answers = estimator.predict(DATA) if hasattr(estimator, "spice_agent") else ()
    return known, [answer.tobytes() for answer in answers]


# scikit-learn's manners


def test_fit_returns_self_and_is_seen_as_fitted(fitted):
    estimator = new(epochs=4)
    with pytest.raises(NotFittedError):
        check_is_fitted(estimator)
    assert estimator.fit(DATA) is estimator
    check_is_fitted(estimator)
    assert fitted.history_[-1].epoch == len(fitted.history_) <= 25


def test_parameters_can_be_read_set_and_cloned(fitted):
    again = clone(fitted.set_params(**fitted.get_params()))
    assert again.get_params(deep=False) == fitted.get_params(deep=False)
    assert not hasattr(again, "rnn_model_")
    assert again.set_params(epochs=7).epochs == 7
    with pytest.raises(ValueError, match="Invalid parameter 'epoch'"):
        again.set_params(epoch=7)


def test_repr_also_in_a_notebook(fitted):
    """F4: a bare `estimator` in a cell."""
    for estimator in (new(), fitted):
        assert repr(estimator).startswith("SpiceEstimator(epochs=25")
        assert "RescorlaWagnerRNN" in repr(estimator)
        assert "SpiceEstimator" in estimator._repr_html_()
        assert set(estimator._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_grid_search_on_arrays():
    clear = data(n_sessions=30, beta_reward=8.0)
    xs, ys = clear.xs.numpy(), clear.ys.numpy()
    grid = {"spice_optim_threshold": [0.05, 5.0]}  # 5 leaves no term
    search = GridSearchCV(new(epochs=120), grid, cv=2, error_score="raise").fit(xs, ys)
    assert search.best_params_ == {"spice_optim_threshold": 0.05}
    assert search.cv_results_["mean_test_score"][0] > search.cv_results_["mean_test_score"][1] + 0.05
    assert search.predict(xs)[0].shape == ys.shape


def test_score_is_the_mean_log_likelihood(fitted):
    p = fitted.predict(DATA)[1]
    by_hand = np.log((p * DATA.ys.numpy()).sum(-1)).mean()
    assert fitted.score(DATA) == pytest.approx(by_hand, abs=1e-12)
    assert fitted.score(DATA.xs.numpy(), DATA.ys.numpy()) == pytest.approx(by_hand, abs=1e-12)
    known = np.log((p * DATA.ys.numpy()).sum(-1))[:, :-1].mean()  # arrays alone lack the last next choice
    assert fitted.score(DATA.xs.numpy()) == pytest.approx(known, abs=1e-12)


def test_score_without_any_next_choice_is_refused(fitted):
    with pytest.raises(SettingsError, match=r"score needs next choices; the data have none\."):
        fitted.score(np.full((2, 4, 5), -1.0))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
def test_a_copy_of_a_fitted_estimator_answers_the_same(fitted, copied):
    again = copied(fitted)
    for a, b in zip(again.predict(DATA), fitted.predict(DATA), strict=True):
        np.testing.assert_array_equal(a, b)
    assert again.discover(spice_optim_threshold=0.02).participants == (0,)


@pytest.mark.parametrize(
    ("call", "lacks"),
    [
        (lambda e: e.predict(DATA), "rnn_agent and no spice_agent"),
        (lambda e: e.score(DATA), "rnn_agent and no spice_agent"),
        (lambda e: e.print_spice_model(), "spice_model"),
        (lambda e: e.get_spice_features(), "spice_model"),
        (lambda e: e.get_spice_agents(), "spice_agent"),
        (lambda e: e.count_parameters(), "spice_agent"),
        (lambda e: e.get_participant_embeddings(), "rnn_model"),
        (lambda e: e.discover(), "rnn_model"),
        (lambda e: e.save_spice("a"), "rnn_model"),
        (lambda e: e.save_spice(path_spice="a"), "spice_model"),
    ],
)
def test_before_the_fit_every_method_says_so(call, lacks):
    told = (
        rf"This SpiceEstimator has no {lacks} yet\. Call fit\(data, targets\) or load_spice\(\.\.\.\) first\."
    )
    with pytest.raises(NotFittedError, match=told):
        call(new())


# Quiet, unless asked


@pytest.mark.seed(65)
def test_verbose_false_is_silent(capfd, fitted):
    """F5, S65."""
    new(epochs=6, optimizer="adam").fit(DATA).predict(DATA)
    new(epochs=6).fit(DATA).discover()
    assert capfd.readouterr() == ("", "")


def test_verbose_true_tells_the_loss_and_the_equation(capsys):
    estimator = new(epochs=5, verbose=True).fit(DATA)
    out = capsys.readouterr().out
    assert out.startswith("epoch 1 (screen): loss 0.")
    assert f"epoch {len(estimator.history_)} ({estimator.history_[-1].phase}): loss" in out
    assert estimator.spice_model_.text() in out
    held_back = {"train_test_ratio": 0.9, "validation_share": 0.2}
    new(epochs=5, verbose=True, optimizer="adam", **held_back).fit(DATA)
    assert re.search(r", validation 0\.\d+, test 0\.\d+, ", capsys.readouterr().out)


@pytest.mark.seed(67, 68)
def test_print_spice_model_writes_the_equation_and_returns_all(capsys, fitted):
    """S67, S68."""
    returned = fitted.print_spice_model()
    assert capsys.readouterr().out == returned.text() + "\n"
    assert returned is fitted.spice_model_
    assert returned.text().startswith(f"({CHOSEN})[k+1] = ")
    assert fitted.get_spice_features() == {CHOSEN: returned.equation(CHOSEN).coefficients}
    assert fitted.count_parameters() == {0: len(returned.equation(CHOSEN).active)}
    assert fitted.get_spice_agents() == {0: fitted.spice_agent}
    assert fitted.get_participant_embeddings() == {}


def test_global_state_is_left_alone():
    """F5: no seeds, warning filters, thread counts, defaults or rcParams are touched."""
    import matplotlib

    def look():
        return (
            random.getstate(),
            np.random.get_state()[1].tobytes(),
            torch.get_rng_state().numpy().tobytes(),
            torch.get_num_threads(),
            torch.get_default_dtype(),
            torch.is_grad_enabled(),
            torch.are_deterministic_algorithms_enabled(),
            np.geterr(),
            dict(matplotlib.rcParams),
            sys.getrecursionlimit(),
            list(warnings.filters),
        )

    before = look()
    estimator = new(epochs=8, dropout=0.2).fit(DATA)
    estimator.predict(DATA)
    estimator.discover(n_trials_off_policy=50)
    with pytest.raises(SettingsError):
        new(epochs=-1).fit(DATA)
    assert look() == before


# Repeatable


def same(a, b):
    return bool(torch.equal(weights(a), weights(b))) and a.spice_model_ == b.spice_model_


@pytest.mark.seed(26)
@pytest.mark.filterwarnings("ignore:The loss")
@pytest.mark.parametrize(
    "more", [{}, {"optimizer": "adam", "dropout": 0.1, "bagging": True, "batch_size": 5}]
)
def test_the_same_seed_gives_the_same_to_the_last_bit(more):
    """S26."""
    a, b, other = (new(random_state=seed, epochs=12, **more).fit(DATA) for seed in (0, 0, 1))
    assert same(a, b)
    assert not same(a, other)
    assert [r.train_loss for r in a.history_] == [r.train_loss for r in b.history_]


def test_every_kind_of_random_state():
    kinds = (np.random.default_rng, np.random.RandomState, np.random.SeedSequence)
    for kind in kinds:
        assert same(*(new(random_state=kind(5), epochs=6).fit(DATA) for _ in range(2)))


def test_a_generator_goes_on_and_a_clone_has_its_own():
    rng = np.random.default_rng(5)
    estimator = new(random_state=rng, epochs=6)
    again = clone(estimator)
    estimator.fit(DATA)
    assert same(estimator, again.fit(DATA))
    assert not same(estimator, new(random_state=rng, epochs=6).fit(DATA))


def test_none_follows_numpys_global_seed():
    """The tutorial's np.random.seed(42)."""
    fits = []
    for _ in range(2):
        np.random.seed(42)
        fits.append(new(random_state=None, epochs=6).fit(DATA))
    assert same(*fits)
    assert not same(fits[0], new(random_state=None, epochs=6).fit(DATA))


def test_fitting_twice_is_fitting_once():
    estimator = new(epochs=12)
    first = weights(estimator.fit(DATA))
    assert torch.equal(first, weights(estimator.fit(DATA)))
    assert len(estimator.history_) <= 12


# Stopping, going on, and finding again


def test_warm_start_goes_on_from_the_weights():
    """K10."""
    estimator = new(optimizer="adam", epochs=20, warm_start=True).fit(DATA)
    model, loss = estimator.rnn_model_, estimator.history_[-1].train_loss
    estimator.fit(DATA)
    assert len(estimator.history_) == 40
    assert estimator.history_[20].train_loss == pytest.approx(loss, abs=5e-3)
    assert estimator.history_[-1].train_loss < loss
    assert estimator.rnn_model_ is not model  # who holds the first model still has the first weights


def test_warm_start_begins_anew_where_the_model_has_become_another():
    estimator = new(warm_start=True, epochs=6).fit(DATA)
    estimator.set_params(rnn_class=ForgettingRNN, spice_config=FORGETTING_RNN_CONFIG).fit(DATA)
    assert type(estimator.rnn_model_) is ForgettingRNN
    estimator.set_params(n_actions=3).fit(data(n_actions=3))
    assert estimator.predict(data(n_actions=3))[1].shape == (12, 25, 3)


class Interrupted(RescorlaWagnerRNN):
    """Ctrl-C after some forward passes."""

    left = 0

    def forward(self, *arguments, **named):
        type(self).left -= 1
        if type(self).left == 0:
            raise KeyboardInterrupt
        return super().forward(*arguments, **named)


@pytest.mark.seed(70)
@pytest.mark.parametrize("more", [{"optimizer": "adam"}, {"n_starts": 1}, {"n_starts": 4}])
def test_an_interrupt_keeps_what_was_learned_and_finds_the_equation(more):
    """S70."""
    Interrupted.left = 45
    estimator = new(Interrupted, epochs=500, compiled=False, **more).fit(DATA)
    assert estimator.stopped_
    assert 10 < len(estimator.history_) < 60
    assert estimator.spice_model_.equation(CHOSEN).active
    assert estimator.predict(DATA)[0].shape == (12, 25, 2)
    resumed = estimator.set_params(epochs=5, warm_start=True).fit(DATA)
    assert not resumed.stopped_


def test_an_interrupt_while_screening_keeps_the_best_start():
    Interrupted.left = 12
    estimator = new(Interrupted, epochs=500, n_starts=4, compiled=False).fit(DATA)
    assert estimator.stopped_
    assert {record.phase for record in estimator.history_} == {"screen"}
    assert estimator.predict(DATA)[1].shape == (12, 25, 2)


def test_records_come_one_by_one_and_stopping_is_not_asking():
    estimator = new(epochs=50, optimizer="adam")
    for record in estimator.fit_records(DATA):
        assert record is estimator.history_[-1]
        if record.epoch == 5:
            break
    assert len(estimator.history_) == 5
    assert estimator.stopped_
    with pytest.raises(NotFittedError, match="has no spice_agent yet"):
        estimator.predict(DATA)
    estimator.discover()  # what was learned is there
    assert estimator.predict(DATA)[1].shape == (12, 25, 2)


def test_records_to_the_end_are_a_fit(fitted):
    estimator = new()
    records = list(estimator.fit_records(DATA))
    assert records == estimator.history_
    assert same(estimator, fitted)
    assert [r.epoch for r in records] == list(range(1, len(records) + 1))
    assert all(r.chance == pytest.approx(np.log(2)) and r.floor < r.chance for r in records)


def test_discover_finds_again_without_training():
    estimator = new().fit(DATA)
    before, samples = weights(estimator), estimator.samples_
    spice = estimator.discover(spice_optimizer_type="STLSQ", spice_optim_threshold=3.0)
    assert spice is estimator.spice_model_
    assert spice.equation(CHOSEN).active == ()
    assert estimator.spice_optim_threshold == 3.0
    assert estimator.samples_ is samples
    once = 1 / (1 + np.exp(0.5))  # the value of the arm chosen first is 0 from then on, the other's still 0.5
    chosen_first = estimator.predict(DATA)[1][:, 0][DATA.xs[:, 0, :2] == 1]
    np.testing.assert_allclose(chosen_first, once, atol=1e-12)
    narrower = SpiceConfig({CHOSEN: []}, {CHOSEN: ["c_action", 1, True]}, ["c_action"], [CHOSEN])
    assert len(estimator.discover(spice_config=narrower).equation(CHOSEN).terms) == 2
    estimator.discover(n_trials_off_policy=0)
    assert estimator.samples_ is not samples
    assert torch.equal(before, weights(estimator))


def test_refined_numbers_make_the_choices_likelier_with_the_same_terms():
    estimator = new(epochs=60).fit(data(n_sessions=30))
    refined = estimator.spice_model_.equation(CHOSEN)
    likelihood = estimator.score(data(n_sessions=30))
    raw = estimator.discover(spice_refine=False).equation(CHOSEN)
    assert [term for term, _ in raw.active] == [term for term, _ in refined.active]
    assert raw.values != refined.values
    assert likelihood > estimator.score(data(n_sessions=30))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"spice_optim_threshold": -1}, r"spice_optim_threshold must be between 0 and 10; got -1\."),
        ({"spice_optim_regularization": 0}, r"spice_optim_regularization must be above 0 for SR3"),
        ({"threshold": 1}, r"discover has no parameter 'threshold'\."),
        ({"spice_participant_id": "bob"}, r"spice_participant_id must be one of the participants \[0\]"),
        (
            {"spice_config": SpiceConfig({"x_mood": []}, {}, [], ["x_mood"])},
            r"rnn_modules names 'x_mood'; RescorlaWagnerRNN has set up \['x_value_reward_chosen'\]\.",
        ),
        (
            {"spice_config": SpiceConfig({CHOSEN: ["c_mood"]}, {}, ["c_mood"], [CHOSEN])},
            r"uses 'c_mood', which RescorlaWagnerRNN has not recorded",
        ),
        (
            {
                "spice_config": SpiceConfig(
                    {CHOSEN: []}, {CHOSEN: ["c_reward", 0.4, True]}, ["c_reward"], [CHOSEN]
                ),
                "spice_optim_threshold": 0.3,
            },
            rf"No sample of the module '{CHOSEN}' meets its filters\.",
        ),
    ],
)
def test_discover_puts_everything_back_on_an_error(fitted, changes, told):
    parameters, before = fitted.get_params(deep=False), state_of(fitted)
    with pytest.raises(SettingsError, match=told):
        fitted.discover(**changes)
    assert fitted.get_params(deep=False) == parameters
    assert state_of(fitted) == before


class Broken(RescorlaWagnerRNN):
    """A mistake of the user's own, some passes into the training."""

    left = 0

    def forward(self, *arguments, **named):
        type(self).left -= 1
        if type(self).left < 0:
            raise RuntimeError("my own mistake")
        return super().forward(*arguments, **named)


@pytest.mark.parametrize("more", [{}, {"optimizer": "adam"}, {"warm_start": True}])
@pytest.mark.parametrize("passes", [0, 15])
def test_a_failed_fit_loses_nothing(more, passes):
    estimator = new(**more).fit(DATA)
    before, history = state_of(estimator), list(estimator.history_)
    Broken.left = passes
    with pytest.raises(RuntimeError, match="my own mistake"):
        estimator.set_params(rnn_class=Broken).fit(DATA)
    with pytest.raises(SettingsError):
        estimator.set_params(rnn_class=RescorlaWagnerRNN, epochs=0).fit(DATA)
    with pytest.raises(SettingsError):
        estimator.set_params(epochs=25).fit(np.zeros((3, 10, 4)))
    with pytest.raises(SettingsError, match="No trial has a next choice"):
        estimator.fit(DATA, data_test=np.full((2, 10, 5), -1.0) * [1, 1, 1, 1, 0])
    assert state_of(estimator) == before
    assert estimator.history_ == history


def test_a_warm_start_that_fails_leaves_the_weights():
    Broken.left = 10**9
    estimator = new(Broken, warm_start=True, optimizer="adam").fit(DATA)
    before = weights(estimator).clone()
    Broken.left = 15
    with pytest.raises(RuntimeError, match="my own mistake"):
        estimator.fit(DATA)
    Broken.left = 10**9
    assert torch.equal(before, weights(estimator))
    assert estimator.predict(DATA)[1].shape == (12, 25, 2)


def test_where_only_the_equations_fail_the_training_is_kept():
    nowhere = SpiceConfig({CHOSEN: []}, {CHOSEN: ["c_reward", 0.4, True]}, ["c_reward"], [CHOSEN])
    estimator = new(spice_config=nowhere)
    with pytest.raises(SettingsError, match="meets its filters") as caught:
        estimator.fit(DATA)
    assert caught.value.__notes__ == [
        "The trained RNN was kept: correct this, then call discover() instead of fit()."
    ]
    estimator.discover(spice_config=RESCORLA_WAGNER_CONFIG)
    assert same(estimator, new().fit(DATA))


def test_saving_after_the_fit(tmp_path):
    """T31."""
    paths = {"save_path_rnn": str(tmp_path / "rnn.pkl"), "save_path_spice": tmp_path / "spice.pkl"}
    estimator = new(**paths).fit(DATA)
    loaded = new().load_spice(paths["save_path_rnn"], paths["save_path_spice"])
    assert same(estimator, loaded)


def test_where_only_the_saving_fails_the_fit_is_kept(tmp_path):
    estimator = new(save_path_spice=str(tmp_path / ("x" * 300)))
    with pytest.raises(StorageError, match=r"cannot be written"):
        estimator.fit(DATA)
    assert estimator.predict(DATA)[1].shape == (12, 25, 2)


# Test and validation


@pytest.mark.parametrize("optimizer", ["auto", "adam"])
def test_the_test_part_steers_nothing(optimizer):
    """Other test data, shuffled or none: every fitted number is the same to the bit."""
    test, shuffled = data(seed=9), data(seed=9)
    order = torch.as_tensor(np.random.default_rng(0).permutation(25))
    shuffled.xs, shuffled.ys = test.xs[:, order], test.ys[:, order.flip(0)]
    fits = [new(optimizer=optimizer).fit(DATA, data_test=part) for part in (test, shuffled, None)]
    for other in fits[1:]:
        assert torch.equal(weights(fits[0]), weights(other))
        assert fits[0].spice_model_ == other.spice_model_
    assert [r.train_loss for r in fits[0].history_] == [r.train_loss for r in fits[2].history_]
    assert fits[0].history_[-1].test_loss != fits[1].history_[-1].test_loss
    assert fits[2].history_[-1].test_loss is None
    rnn, _ = fits[0].predict(test)
    reached = -np.log((rnn * test.ys.numpy()).sum(-1)).mean()
    best = fits[0].history_[-1].best_epoch
    assert fits[0].history_[best - 1].test_loss == pytest.approx(reached, abs=2e-3)


def test_the_end_of_sessions_may_be_the_test():
    other = DATA.ys.clone()
    other[:, 20:] = other[:, 20:].flip(1)
    a, b = (new(train_test_ratio=0.8).fit(DATA.xs, ys) for ys in (DATA.ys, other))
    assert torch.equal(weights(a), weights(b))
    assert a.spice_model_ == b.spice_model_
    assert {r.validation_loss for r in a.history_} == {None}
    assert a.history_[-1].test_loss != b.history_[-1].test_loss


def test_validation_share_of_each_session():
    estimator = new(validation_share=0.2, optimizer="adam", epochs=6).fit(DATA)
    later = DATA.ys.clone()
    later[:, :20] = -1  # what was learned in the first trials carries on
    cut = new(optimizer="adam", epochs=6).fit(
        DATA.xs[:, :20], DATA.ys[:, :20], data_validation=DATA.xs, target_validation=later
    )
    assert torch.equal(weights(estimator), weights(cut))
    assert [r.validation_loss for r in estimator.history_] == [r.validation_loss for r in cut.history_]
    assert estimator.history_[-1].validation_loss is not None


@pytest.mark.parametrize("sessions", [[0, 3], (0, 3), np.array([0, 3])])
@pytest.mark.parametrize(
    ("share", "part"), [("train_test_ratio", "test"), ("validation_share", "validation")]
)
def test_what_is_held_back_may_be_a_list_of_sessions(sessions, share, part):
    estimator = new(**{share: sessions}, optimizer="adam", epochs=6).fit(DATA)
    rest = [s for s in range(12) if s not in (0, 3)]
    held_back = {f"data_{part}": DATA.xs[[0, 3]], f"target_{part}": DATA.ys[[0, 3]]}
    by_hand = new(optimizer="adam", epochs=6).fit(DATA.xs[rest], DATA.ys[rest], **held_back)
    assert torch.equal(weights(estimator), weights(by_hand))
    losses, expected = ([getattr(r, f"{part}_loss") for r in e.history_] for e in (estimator, by_hand))
    assert losses == expected
    assert losses[-1] is not None


def test_a_ratio_of_one_holds_nothing_back(fitted):
    for ratio in (1, 1.0, None, 1 - 1e-12):
        assert torch.equal(weights(new(train_test_ratio=ratio).fit(DATA)), weights(fitted))
    assert torch.equal(weights(new(validation_share=0).fit(DATA)), weights(fitted))


def test_the_best_weights_are_those_of_the_lowest_validation_loss():
    validation = data(seed=9)
    estimator = new(optimizer="adam", epochs=30, learning_rate=0.3).fit(DATA, data_validation=validation)
    told = [r.validation_loss for r in estimator.history_]
    rnn, _ = estimator.predict(validation)
    reached = -np.log((rnn * validation.ys.numpy()).sum(-1)).mean()
    assert reached == pytest.approx(min(told), abs=1e-5)
    assert estimator.history_[-1].best_epoch == 1 + int(np.argmin(told))


@pytest.mark.parametrize("part", ["test", "validation"])
def test_what_is_held_back_must_fit_the_training_data(part):
    stranger = {f"data_{part}": DATA.xs + torch.tensor([0.0, 0, 0, 0, 1]), f"target_{part}": DATA.ys}
    told = rf"The {part} data have participants \[1\] whom the training data lack\."
    with pytest.raises(SettingsError, match=told):
        new().fit(DATA.xs, DATA.ys, **stranger)
    with pytest.raises(SettingsError, match=r"The data set has 3 arms; needed are 2\. Set n_actions=3"):
        new().fit(DATA, data_test=data(n_actions=3))


# What may surprise is said


@pytest.mark.seed(41)
def test_sessions_that_all_have_their_own_participant(recwarn):
    """F22, S41: a forgotten `xs[..., -1] = 0`."""
    many = create_dataset(AgentQ(), BanditsDrift(), 10, 4, participant="per_session", random_state=0)[0]
    told = r"Each of the 4 sessions is a participant of its own, .* set dataset\.xs\[\.\.\., -1\] = 0 before"
    with pytest.warns(SpiceWarning, match=told) as caught:
        new(epochs=2).fit(many)
    assert [w.filename for w in caught] == [__file__]  # points to the call of fit
    new(epochs=9, spice_participant_id=2).fit(many)  # one set of equations
    new(epochs=9).fit(many.recoded([0, 1, 2, 3], ["ann", "bob", "cy", "dee"]))  # named, so meant
    many.xs[..., -1] = 0
    new(epochs=9).fit(many)
    new(epochs=9).fit(data(n_sessions=1))
    assert not [w for w in recwarn.list if "participant of its own" in str(w.message)]


def test_a_run_that_came_to_nothing_says_so():
    with pytest.warns(SpiceWarning, match=r"above guessing \(0\.6931\): the training is stuck\.") as caught:
        new(optimizer="adam", learning_rate=1e-4, epochs=1, random_state=5).fit(DATA)
    assert [w.filename for w in caught] == [__file__]


@pytest.mark.seed(66, 111)
def test_one_equation_per_participant_or_of_one(capsys):
    """S66, S111, F2."""
    both = data(n_sessions=8, n_trials=20)
    both.xs[4:, :, -1] = 1
    model = {"rnn_class": ParticipantEmbeddingRNN, "spice_config": PARTICIPANT_EMBEDDING_RNN_CONFIG}
    every = new(**model, epochs=8).fit(both)
    assert set(every.count_parameters()) == set(every.get_participant_embeddings()) == {0, 1}
    assert every.spice_model_.text(0) != every.spice_model_.text(1)
    one = new(**model, epochs=8, spice_participant_id=1).fit(both)
    assert one.spice_model_.of_participant(1) == every.spice_model_.of_participant(1)
    one.print_spice_model()
    assert capsys.readouterr().out == every.spice_model_.text(1) + "\n"
    assert list(one.get_spice_agents()) == [1]
    assert one.predict(both.xs[4:])[1].shape == (4, 20, 2)
    with pytest.raises(SettingsError, match=r"Fit with spice_participant_id=None for all\."):
        one.predict(both)
    with pytest.raises(SettingsError, match=r"No equations for participant 0; there are some for \[1\]"):
        one.print_spice_model(0)
    assert one.discover(spice_participant_id=None).of_participant(0) == every.spice_model_.of_participant(0)
