"""The choices decide which terms an equation has."""

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.discover.discovery import candidates
from spicewidgets.core.discover.likelihood import ParameterId
from spicewidgets.core.discover.selection import select, selections
from spicewidgets.core.equations import Equation, SpiceModel

CHOSEN, OTHER = "x_value_reward_chosen", "x_value_reward_not_chosen"


def data(agent, n_trials=100, n_sessions=40, seed=7, n_actions=2):
    return sw.create_dataset(
        agent, sw.BanditsDrift(sigma=0.2, n_actions=n_actions), n_trials, n_sessions, random_state=seed
    )[0]


def proposal(config, betas=(), degree=1, value=0.3):
    """Every candidate term with a number that is not its own, as SINDy might propose them."""
    equations = []
    for module in config.modules:
        terms = candidates(module, config, sw.Discovery(degree=degree))
        terms = tuple(term for term in terms if term != ("c_reward",) * 2)
        numbers = tuple(0.6 if term == (module,) else value for term in terms)
        equations.append(Equation(module, terms, numbers))
    return SpiceModel.of(*equations, betas=dict.fromkeys(betas, 1.5))


def active(spice):
    return {module: {term for term, _ in rows[0].active} for module, rows in spice.equations.items()}


def test_every_term_of_a_rescorla_wagner_learner_is_missed():
    agent, model = sw.AgentQ(alpha_reward=0.3), sw.RescorlaWagnerRNN(2)
    spice, evidence = select(
        proposal(sw.RESCORLA_WAGNER_CONFIG), model, data(agent), sw.RESCORLA_WAGNER_CONFIG
    )
    assert active(spice) == {CHOSEN: {(), (CHOSEN,), ("c_reward",)}}
    assert spice.equation(CHOSEN).coefficient(CHOSEN) == pytest.approx(0.7, abs=0.1)
    for item in evidence[0].terms:
        assert item.cost > item.price


def test_where_the_numbers_begin_does_not_matter():
    model, config, own = sw.RescorlaWagnerRNN(2), sw.RESCORLA_WAGNER_CONFIG, data(sw.AgentQ(alpha_reward=0.3))
    one, other = (select(proposal(config, value=start), model, own, config)[1][0] for start in (0.3, 0.9))
    for item, again in zip(one.terms, other.terms, strict=True):
        assert abs(item.value - again.value) < 1e-3 * item.error


def test_nor_does_it_where_a_state_has_two_constants():
    model, config = sw.ChoiceRNN(2), sw.CHOICE_CONFIG
    agent = sw.AgentQ(alpha_reward=0.4, forget_rate=0.2, beta_choice=-0.8, alpha_choice=0.5)
    betas, own = ("x_value_reward", "x_value_choice"), data(agent, n_sessions=30, seed=8)
    one, other = (
        select(proposal(config, betas, value=start), model, own, config)[1][0] for start in (0.3, -0.2)
    )
    for item, again in zip(one.terms, other.terms, strict=True):
        assert item.active == again.active
        assert abs(item.value - again.value) <= 1e-3 * item.error


def test_a_product_that_the_participant_lacks_goes_and_one_that_it_has_stays():
    config = sw.RESCORLA_WAGNER_CONFIG
    for agent, terms in (
        (sw.AgentQ(alpha_reward=0.3), set()),
        (sw.AgentQ(alpha_reward=0.8, alpha_penalty=0.2), {(CHOSEN, "c_reward")}),
    ):
        spice, _ = select(proposal(config, degree=2), sw.RescorlaWagnerRNN(2), data(agent), config)
        assert active(spice)[CHOSEN] == {(), (CHOSEN,), ("c_reward",)} | terms


def test_a_square_does_not_stand_in_for_a_constant_that_few_choices_hardly_miss():
    """40 asymmetric learners of 1,000 choices each: none has the square, all have the product."""
    config, agent = sw.RESCORLA_WAGNER_CONFIG, sw.AgentQ(alpha_reward=0.8, alpha_penalty=0.2)
    whose = [code for code in range(40) for _ in range(10)]
    task = sw.BanditsDrift(sigma=0.2)
    dataset = sw.create_dataset([agent] * 400, task, 100, 400, participant=whose, random_state=8)[0]
    (row,) = proposal(config, degree=2).equations[CHOSEN]
    everybody = SpiceModel(tuple(range(40)), {CHOSEN: (row,) * 40})
    spice, _ = select(everybody, sw.RescorlaWagnerRNN(2), dataset, config)
    found = [{term for term, _ in one.active} for one in spice.equations[CHOSEN]]
    assert sum((CHOSEN, CHOSEN) in terms for terms in found) <= 2
    assert sum((CHOSEN, "c_reward") in terms for terms in found) >= 38


def searched_of_degree_2(n_sessions):
    config, agent = sw.RESCORLA_WAGNER_CONFIG, sw.AgentQ(alpha_reward=0.8, alpha_penalty=0.2)
    own = data(agent, n_sessions=n_sessions)
    (_, selection), *_ = selections(proposal(config, degree=2), sw.RescorlaWagnerRNN(2), own, config)
    return selection


def test_a_product_never_stands_without_the_terms_that_it_is_made_of():
    for n_sessions in (1, 3, 10):
        search, _ = searched_of_degree_2(n_sessions).at()
        assert len(search.path) > 2
        for step in search.path:
            assert not (search.parents[step.active] & ~step.active).any()


def test_a_demanded_product_brings_its_terms_unless_they_are_demanded_out():
    selection = searched_of_degree_2(10)
    numbers = selection.likelihood.numbers
    product, value = ParameterId(CHOSEN, (CHOSEN, "c_reward")), ParameterId(CHOSEN, (CHOSEN,))
    reward = ParameterId(CHOSEN, ("c_reward",))
    _, step = selection.demanding([product], [], price=1000.0)
    assert step.active[[numbers.index(n) for n in (product, value, reward)]].all()
    _, step = selection.demanding([product], [value], price=1000.0)
    assert step.active[[numbers.index(n) for n in (product, value, reward)]].tolist() == [True, False, True]


def test_a_product_costs_more_the_more_of_them_there_are():
    selection = searched_of_degree_2(10)
    evidence = selection.evidence(*selection.at())
    single, product = evidence.of(CHOSEN, "c_reward"), evidence.of(CHOSEN, CHOSEN, "c_reward")
    assert product.price - single.price == pytest.approx(np.log(2))
    dearer = selection.evidence(*selection.at(4.0), 4.0)
    assert dearer.of(CHOSEN, "c_reward").price == 4.0
    assert dearer.of(CHOSEN, CHOSEN, "c_reward").price == pytest.approx(4.0 + np.log(2))


def test_a_cost_is_what_the_choices_lose_without_the_term():
    agent, config = sw.AgentQ(alpha_reward=0.3), sw.RESCORLA_WAGNER_CONFIG
    (_, selection), *_ = selections(proposal(config), sw.RescorlaWagnerRNN(2), data(agent), config)
    search, step = selection.at()
    evidence = selection.evidence(search, step)
    _, without = selection.demanding([], [ParameterId(CHOSEN, ())])
    lost = selection.evidence(search, without).nll - evidence.nll
    assert evidence.of(CHOSEN).cost == pytest.approx(lost, abs=0.05)
    assert 0 < lost < 100


def test_a_higher_price_leaves_fewer_terms_and_a_forced_one_stays():
    agent, config = sw.AgentQ(alpha_reward=0.3), sw.RESCORLA_WAGNER_CONFIG
    (_, selection), *_ = selections(proposal(config), sw.RescorlaWagnerRNN(2), data(agent), config)
    cost = selection.evidence(*selection.at()).of(CHOSEN).cost
    constant = selection.likelihood.numbers.index(ParameterId(CHOSEN, ()))
    assert selection.at(cost * 0.9)[1].active[constant]
    assert not selection.at(cost * 1.1)[1].active[constant]
    assert selection.demanding([ParameterId(CHOSEN, ())], [], cost * 1.1)[1].active[constant]


def test_the_scale_of_a_learned_beta_is_the_participants_own():
    """In the canonical scale the numbers are the participant's: 1 - alpha, alpha, beta."""
    agent, config = sw.AgentQ(alpha_reward=0.4, beta_reward=3.0), sw.PARTICIPANT_EMBEDDING_RNN_CONFIG
    model = sw.ParticipantEmbeddingRNN(2, n_participants=1)
    dataset = data(agent, n_sessions=100)
    spice, evidence = select(proposal(config, ["x_value_reward"]), model, dataset, config)
    equation = spice.equation(CHOSEN)
    assert equation.coefficient(CHOSEN) + equation.coefficient("c_reward") == pytest.approx(1)
    assert equation.coefficient("c_reward") == pytest.approx(0.4, abs=0.08)
    assert spice.beta("x_value_reward") == pytest.approx(3.0, abs=0.5)
    assert any("convention" in sentence for sentence in evidence[0].conventions)


def test_of_two_constants_that_only_the_first_trials_tell_apart_the_one_not_chosen_goes():
    agent, config = sw.AgentQ(alpha_reward=0.3, forget_rate=0.2), sw.FORGETTING_RNN_CONFIG
    spice, evidence = select(proposal(config), sw.ForgettingRNN(2), data(agent, n_sessions=100), config)
    assert active(spice) == {CHOSEN: {(), (CHOSEN,), ("c_reward",)}, OTHER: {(OTHER,)}}
    assert any(f"constant of {OTHER} is 0 by convention" in text for text in evidence[0].conventions)


def test_where_the_search_begins_makes_no_difference():
    agent, config = sw.AgentQ(alpha_reward=0.3, forget_rate=0.2), sw.FORGETTING_RNN_CONFIG
    dataset, found = data(agent), []
    for value in (0.1, 0.8):
        found.append(select(proposal(config, value=value), sw.ForgettingRNN(2), dataset, config)[0])
    assert active(found[0]) == active(found[1])
    for module in config.modules:
        np.testing.assert_allclose(
            found[0].equation(module).values, found[1].equation(module).values, atol=0.01
        )


def test_a_weight_beyond_1_is_held_unless_the_choices_insist():
    config = sw.FORGETTING_RNN_CONFIG
    for seed in range(5):
        few = data(sw.AgentQ(alpha_reward=0.3), n_trials=20, n_sessions=2, seed=seed)
        spice, evidence = select(proposal(config), sw.ForgettingRNN(2), few, config)
        for module in config.modules:
            assert abs(spice.equation(module).coefficient(module)) <= 1
        held = [abs(spice.equation(module).coefficient(module)) == 1 for module in config.modules]
        assert any(held) == any("is held at" in note for note in evidence[0].notes)


def test_few_choices_ask_for_no_term_that_was_left_out():
    """An own value's prior is around a half: to come nearer to it, from 0, is no evidence of the choices."""
    config, left_out = sw.RESCORLA_WAGNER_CONFIG, 0
    for seed in range(8):
        own = data(sw.AgentQ(alpha_reward=0.9), 30, 1, seed)
        _, evidence = select(proposal(config), sw.RescorlaWagnerRNN(2), own, config)
        for item in evidence[0].terms:
            assert item.active or item.cost <= item.price
            left_out += not item.active
    assert left_out > 8


def test_what_few_choices_do_not_tell_is_said():
    config = sw.CHOICE_CONFIG
    few = data(sw.AgentQ(alpha_reward=0.3), n_trials=12, n_sessions=1)
    model = sw.ChoiceRNN(2, n_participants=1, embedding_size=2)
    both = proposal(config, ["x_value_reward", "x_value_choice"])
    _, evidence = select(both, model, few, config, price=0.0)
    untold = [item for item in evidence[0].terms if not item.told]
    assert untold
    assert any("do not tell" in note for note in evidence[0].notes)


def test_each_participant_has_terms_of_their_own():
    config = sw.FORGETTING_RNN_CONFIG
    agents = [
        sw.AgentQ(alpha_reward=0.3, forget_rate=0.3),
        sw.AgentQ(alpha_reward=0.3, q0=0.0, beta_reward=5),
    ]
    dataset = sw.create_dataset(
        agents * 50, sw.BanditsDrift(sigma=0.2), 100, 100, participant=["a", "b"] * 50, random_state=1
    )[0]
    one = proposal(config)
    both = SpiceModel(("a", "b"), {m: rows * 2 for m, rows in one.equations.items()})
    spice, evidence = select(both, sw.ForgettingRNN(2), dataset, config)
    assert set(evidence) == {"a", "b"}
    assert spice.equation(OTHER, "a").coefficient(OTHER) == pytest.approx(0.7, abs=0.1)
    assert spice.equation(OTHER, "b").coefficient(OTHER) == pytest.approx(1, abs=0.05)
