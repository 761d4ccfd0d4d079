"""Search for mechanisms: signals know the past only, scores say what a fit gains, and what is found plays."""

import json
from itertools import islice

import numpy as np
import pytest
import torch

import spicewidgets as sw
from spicewidgets.core.data.participants import index_participants
from spicewidgets.core.judge.replay import nll_per_trial
from spicewidgets.core.rivals.design import Design, drawn_values, simulate_agent, simulate_rival
from spicewidgets.core.rivals.ready import ALL
from spicewidgets.core.search.equation import EquationLikelihood, fit_equation
from spicewidgets.core.search.found import FoundModel
from spicewidgets.core.search.score import score_terms
from spicewidgets.core.search.search import ADDED, EXCHANGE, START, VAIN, Search
from spicewidgets.core.search.signals import SIGNALS
from spicewidgets.core.search.table import ChoiceTable
from spicewidgets.core.search.terms import CARRIERS, FACTORS, Reading, Term


def choices_of(rival, people=10, trials=120, n_actions=2, seed=3, values=None):
    """Choices of people who are a rival, with parameters from its prior."""
    rival = ALL[rival] if isinstance(rival, str) else rival
    design = Design.of_settings(people, 1, trials, sw.BanditsDrift(0.2, n_actions=n_actions))
    values = drawn_values(rival, n_actions, people, None, seed) if values is None else values
    return simulate_rival(rival, values, design, seed)


def searched(dataset, **options):
    """Return a whole search of these choices."""
    search = Search(index_participants(dataset)[0], **options)
    for _ in search.steps():
        pass
    return search


def result_of(steps):
    """Return the value of a generator."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_there_are_thousands_of_terms_each_with_words_of_its_own():
    terms = [Term(one) for one in CARRIERS] + [Term(Reading("last"), (one,)) for one in FACTORS]
    assert len({term.words for term in terms}) == len(terms)
    assert len(FACTORS) * (len(FACTORS) + 1) // 2 > 3000
    assert all(Term.from_dict(json.loads(json.dumps(term.to_dict()))) == term for term in terms)


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_knows_the_past_only(name):
    data = choices_of("rescorla-wagner", 3, 30, 3)
    table, signal = ChoiceTable(data), SIGNALS[name]
    later = data.take(torch.arange(3), torch.arange(20).expand(3, -1))
    whole, part = (one.run(signal, signal.grid[0]) for one in (table, ChoiceTable(later)))
    assert np.array_equal(whole[:20], part)
    assert np.isfinite(whole).all()
    assert whole.std() > 0


def test_gradient_and_information_are_those_of_the_likelihood():
    data = choices_of("forgetting", 3, 60, 3)
    table = ChoiceTable(data)
    terms = (START, Term(Reading("last"), (Reading("run", (), "ln"),)), Term(Reading("side1")))
    likelihood = EquationLikelihood(table, terms, table.known)
    at = np.random.default_rng(0).normal(0.3, 0.3, (3, len(likelihood.columns)))
    there, step = likelihood(at[None]), 1e-5
    for column in range(at.shape[1]):
        moved = step * np.eye(at.shape[1])[column]
        slope = likelihood((at + moved)[None]).nll - likelihood((at - moved)[None]).nll
        assert there.gradient[0, :, column] == pytest.approx(-slope[0] / (2 * step), abs=2e-4)
    assert (np.linalg.eigvalsh(there.information[0]) > -1e-9).all()


def test_scores_say_what_a_fit_gains():
    table = ChoiceTable(choices_of("with-kernel", 20))
    start = list(fit_equation(table, (START,), table.known))[-1]
    scores = result_of(score_terms(start))
    for place in (*scores.in_order(0), scores.terms.index(Term(Reading("last")))):
        term, group = scores.terms[place], (scores.mean[place], scores.spread[place])
        fit = list(fit_equation(table, (*start.terms, term), table.known, start, group))[-1]
        assert scores.gain[place] == pytest.approx(fit.evidence - start.evidence, rel=0.35)


@pytest.mark.parametrize(
    ("rival", "found"),
    [
        ("forgetting", {"fading_value"}),
        ("with-kernel", {"kernel", "last", "since_chosen"}),
    ],
)
def test_what_people_do_is_found(rival, found):
    search = searched(choices_of(rival, 30, 200))
    first = next(step for step in search.path if step.action != VAIN)
    assert first.action in (ADDED, EXCHANGE)
    assert first.term.signals & found
    assert first.nats > first.penalty
    assert first.apart > 0
    assert search.whole.evidence > -np.inf


def test_nothing_is_added_to_a_plain_learner():
    search = searched(choices_of("rescorla-wagner", 20, 150))
    assert search.at.terms == (START,)


def test_choices_that_judge_are_in_no_fit_and_no_score():
    data = index_participants(choices_of("with-kernel", 8, 100))[0]
    one, other = Search(data), Search(data)
    flipped = other.table.chosen.copy()
    flipped[other.apart] = 1 - flipped[other.apart]
    other.table.chosen = flipped
    for search in (one, other):
        for _ in islice(search.steps(), 20):
            pass
    assert np.array_equal(one.at.group.values, other.at.group.values)
    assert one.apart.sum() / one.table.n_choices == pytest.approx(0.25, abs=0.05)


def test_a_search_is_the_same_again_and_when_it_was_stopped():
    data = index_participants(choices_of("with-kernel", 12, 120))[0]
    whole, again = searched(data), Search(data)
    for _ in again.steps():
        if again.path:
            break
    last = Search(data)
    last.take_dict(json.loads(json.dumps(again.to_dict())))
    for _ in last.steps():
        pass
    for search in (searched(data), last):
        assert [(one.term, one.nats) for one in search.path] == [(one.term, one.nats) for one in whole.path]
        assert np.array_equal(search.whole.group.values, whole.whole.group.values)


@pytest.mark.parametrize("n_actions", [2, 3])
def test_what_was_found_predicts_plays_and_is_kept(n_actions, tmp_path):
    data = choices_of("with-kernel", 8, 80, n_actions)
    indexed, people = index_participants(data)
    table = ChoiceTable(indexed)
    terms = (
        START,
        Term(Reading("kernel", (0.4,)), (), True),
        Term(Reading("last"), (Reading("rhythm", (0.25,)), Reading("since_loss", (), "1/1+"))),
        Term(Reading("side1")),
    )
    fit = list(fit_equation(table, terms, table.known))[-1]
    model = FoundModel.of(fit, people)
    p = model.predict(data)
    nats = np.nansum(nll_per_trial(p, data), axis=1)
    assert nats == pytest.approx(model.nll)
    model.save(tmp_path / "found.json")
    assert np.array_equal(sw.FoundModel.load(tmp_path / "found.json").predict(data), p)
    text = (tmp_path / "found.json").read_text()
    (tmp_path / "other.json").write_text(text.replace('"kernel"', '"colonel"'))
    with pytest.raises(sw.StorageError, match="changed or damaged"):
        sw.FoundModel.load(tmp_path / "other.json")
    design = Design.of_settings(8, 1, 40, sw.BanditsDrift(0.2, n_actions=n_actions))
    played = simulate_agent(model.fitted.agent, design, 1, labels=people.labels)
    assert played.n_trials == 40
    assert list(model.to_frame()["term"]) == [term.words for term in terms]


def test_what_was_found_is_fitted_as_a_rival():
    data = choices_of("forgetting", 10, 100)
    model = FoundModel.of(searched(data).whole, index_participants(data)[1])
    fit = sw.fit_rival(model.rival, data, "group")
    assert fit.nll.sum() == pytest.approx(model.nll.sum(), rel=0.01)


def test_what_cannot_be_searched_is_said():
    data = choices_of("random", 2, 20)
    data.xs[..., 2:4] *= 7
    with pytest.raises(sw.SettingsError, match="between 0 and 1"):
        Search(data)
    data.task = "two-step"
    with pytest.raises(sw.SettingsError, match="one stage"):
        Search(data)


def test_what_an_equation_misses_is_suggested():
    data = choices_of("with-kernel", 12, 120)
    estimator = sw.SpiceEstimator(
        sw.RescorlaWagnerRNN,
        sw.RESCORLA_WAGNER_CONFIG,
        n_starts=1,
        epochs=30,
        pooling="group",
        random_state=1,
    )
    result = estimator.fit(data).suggest(data)
    assert result.taken[0].term.signals & {"kernel", "last", "since_chosen"}
    assert "from the equation as it is" in result.sentence
    assert result.model is None
