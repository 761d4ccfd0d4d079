"""How the estimator chooses terms: by evidence, or by SINDy's threshold where that is wanted."""

import pickle
from copy import deepcopy

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.estimator import SpiceWarning

CHOSEN = "x_value_reward_chosen"


@pytest.fixture(scope="module")
def dataset():
    return sw.create_dataset(sw.AgentQ(alpha_reward=0.3), sw.BanditsDrift(sigma=0.2), 60, 60, random_state=1)[
        0
    ]


@pytest.fixture(scope="module")
def fitted(dataset):
    return estimator().fit(dataset)


def estimator(model=sw.RescorlaWagnerRNN, **arguments):
    arguments = {"epochs": 150, "n_starts": 4, "random_state": 1} | arguments
    return sw.SpiceEstimator(model, sw.RESCORLA_WAGNER_CONFIG, **arguments)


def test_evidence_is_the_default_and_says_what_each_term_is_worth(fitted):
    (evidence,) = fitted.evidence_.values()
    assert evidence.of(CHOSEN, CHOSEN).cost > evidence.of(CHOSEN, CHOSEN).price
    for item in evidence.terms:
        assert item.value == fitted.spice_model_.equation(CHOSEN).coefficient(*item.term)
    dataset_nll = -fitted.score(fitted._dataset_) * evidence.n_choices
    assert evidence.nll == pytest.approx(dataset_nll, rel=1e-6)


def test_another_price_is_answered_from_the_same_search(fitted):
    own = deepcopy(fitted)
    own.discover()
    cost = own.evidence_[0].of(CHOSEN).cost
    searched = own._found.selections
    own.discover(price=cost * 1.2)
    assert own.spice_model_.equation(CHOSEN).coefficient() == 0
    own.discover(price=cost * 0.8)
    assert own.spice_model_.equation(CHOSEN).coefficient() != 0
    assert own._found.selections is searched


@pytest.mark.parametrize(
    "changes", [{"selection": "threshold"}, {"spice_optim_threshold": 0.1}, {"spice_refine": False}]
)
def test_the_threshold_chooses_where_it_is_wanted(fitted, changes):
    own = deepcopy(fitted)
    own.discover(**changes)
    assert own.evidence_ == {}
    own.discover(spice_optim_threshold=0.8, spice_refine=True)
    assert own.spice_model_.equation(CHOSEN).coefficient() == 0


def test_a_forward_that_cannot_be_compiled_is_left_to_the_threshold_and_that_is_said(dataset):
    class Counting(sw.RescorlaWagnerRNN):
        def forward(self, inputs, prev_state=None, batch_first=False):
            logits, state = super().forward(inputs, prev_state, batch_first)
            return logits + 0.0 * logits.detach().sort(-1).values, state

    with pytest.warns(SpiceWarning, match="threshold and not by evidence"):
        own = estimator(Counting, epochs=3, n_starts=1).fit(dataset)
    assert own.evidence_ == {}


def test_copies_and_pickles_search_again(fitted):
    for copy in (deepcopy(fitted), pickle.loads(pickle.dumps(fitted))):
        assert copy.discover(price=4.0).to_dict() == deepcopy(fitted).discover(price=4.0).to_dict()


def test_a_wrong_selection_or_price_is_a_sentence_before_the_fit(dataset):
    with pytest.raises(sw.SettingsError, match="selection must be one of auto, evidence, threshold"):
        estimator(selection="size").fit(dataset)
    with pytest.raises(sw.SettingsError, match="price must be"):
        estimator(price=-1.0).fit(dataset)


@pytest.mark.filterwarnings("ignore:Each of the 40 sessions")
def test_few_choices_are_not_worse_predicted_than_by_the_network():
    """Forty participants with 60 choices each among three arms, half of them noisy: on choices not seen, the
    equations are as good as the network they come from, and no weight is beyond 1.
    """
    agents = [sw.AgentQ(3, alpha_reward=0.4, beta_reward=b) for b in (4.0, 0.5)] * 20
    task = sw.BanditsReversal(n_actions=3)
    whole = sw.create_dataset(agents, task, 90, 40, participant=list(range(40)), random_state=5)[0]
    training, test = whole.xs.clone(), whole.ys.clone()
    training[:, 60:, :6] = -1
    seen = whole.ys.clone()
    seen[:, 60:] = -1
    test[:, :60] = -1
    own = sw.SpiceEstimator(
        sw.ParticipantEmbeddingRNN,
        sw.PARTICIPANT_EMBEDDING_RNN_CONFIG,
        n_actions=3,
        epochs=200,
        n_starts=4,
        random_state=1,
    ).fit(sw.DatasetRNN(training, seen))
    held_out = sw.DatasetRNN(whole.xs, test)
    rnn, spice = (np.asarray(p) for p in own.predict(held_out))
    known = np.asarray(held_out.target_mask)
    losses = [-np.log((p * whole.ys.numpy()).sum(-1))[known] for p in (rnn, spice)]
    difference = losses[1] - losses[0]
    noise = difference.std() / np.sqrt(len(difference))
    assert difference.mean() < 3 * noise
    assert losses[1].mean() < np.log(3)
    for code in range(40):
        for module, equation in own.spice_model_.of_participant(code).items():
            weight = equation.coefficient(module)
            assert abs(weight) <= 1 or any("insist" in note for note in own.evidence_[code].notes)
