"""Kinds of tasks of one stage: how tables of them are recognised, and what models see of them."""

import numpy as np
import pytest
import table_layouts

import spicewidgets as sw
from spicewidgets.core.data.layout import ON_OFFER
from spicewidgets.core.models import models_for
from spicewidgets.core.rivals.ready import ALL, rivals_for
from spicewidgets.core.tasks import BANDIT, CONTEXTS, PAIRS, TASKS

KINDS = [kind for kind in TASKS.values() if kind is not BANDIT]
PUBLISHED = {
    "pst": "pairs",
    "gng": "go-no-go",
    "igt": "gains-losses",
    "bandit4arm": "gains-losses",
    "prl": "bandit",
    "hbayesdm": "bandit",
    "rlssm": "pairs",
    "cpm": "pairs",
}


@pytest.mark.parametrize("maker", PUBLISHED)
def test_a_published_layout_is_of_its_kind_and_can_be_read_as_a_bandit(maker):
    table = getattr(table_layouts, maker)()
    report = sw.read_choices(table).report
    assert report.task == PUBLISHED[maker]
    assert report.remedies.get("kind", "bandit") == report.task
    plain = sw.read_choices(table, remedies={"kind": "bandit"}).dataset
    assert plain.task == "bandit"
    assert not plain.additional_inputs


def test_what_was_on_offer_is_an_input_also_where_a_session_begins():
    """In the first trial it is what was on offer whenever the option chosen was."""
    table = b"id,cue,choice,reward\n1,a,1,1\n1,b,2,0\n1,b,,\n1,a,2,1\n1,b,1,0\n"
    data = sw.read_choices(table, {"state": "cue"})
    inputs = data.dataset.xs[0, :, 8:12].int().tolist()
    assert data.dataset.additional_inputs == tuple(f"{ON_OFFER}_{place}" for place in range(4))
    assert [inputs[at] for at in (0, 1, 3, 4)] == [[1, 1, 0, 0], [0, 0, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1]]
    again = sw.DatasetRNN.from_frame(data.dataset.to_frame())
    assert (again.xs == data.dataset.xs).all()


def test_gains_and_losses_keep_their_zero():
    table = b"subjID,choice,gain,loss\n1,1,100,0\n1,2,50,-150\n1,1,50,0\n1,2,50,-50\n"
    data = sw.read_choices(table).dataset
    np.testing.assert_allclose(data.rewards_chosen[0], [1, 0, 0.75, 0.5])


def test_go_is_the_second_option_of_each_cue_by_its_name():
    table = b"id,cue,choice,reward\n1,a,go,1\n1,b,No-go,0\n1,a,No-go,0\n1,b,go,-1\n"
    choices = sw.read_choices(table, {"state": "cue"})
    assert choices.report.task == "go-no-go"
    assert choices.dataset.choices.tolist() == [[1, 2, 0, 3]]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_declaration_names_a_model_a_rival_and_a_task_to_play(kind):
    rival = ALL[kind.rival]
    assert kind.rival in rivals_for(kind.name)
    assert kind.model in models_for(kind.name)
    data = sw.simulate_kind(kind, 3, random_state=1)
    assert {name for name, _ in rival.columns(data.n_actions)} == {*kind.learner}
    assert data.task == kind.name
    assert bool(data.additional_inputs) == kind.shows_offers


def test_a_kind_is_said_where_columns_do_not_tell_it():
    table = b"id,choice,reward\n1,1,3.5\n1,2,4.25\n1,1,2.5\n"
    assert sw.read_choices(table).report.task == "bandit"
    assert sw.read_choices(table, remedies={"kind": "gaussian"}).report.task == "gaussian"
    with pytest.raises(sw.SettingsError, match="kind must be bandit, gaussian or counterfactual here"):
        sw.read_choices(table, remedies={"kind": "pairs"})


def test_bandits_models_and_rivals_are_for_options_on_offer_too():
    assert "forgetting" in models_for(PAIRS.name)
    assert "forgetting" in rivals_for(CONTEXTS.name)
    assert "contexts" not in models_for("bandit")
    assert "kalman" not in rivals_for("bandit")


def test_a_context_by_its_name_has_options_of_its_own_unless_it_is_said_to_be_a_bandit():
    rows = [f"{t % 2},{'abc'[t % 3]},{t % 5 % 2 + 1},{t % 7 % 2}" for t in range(30)]
    table = "\n".join(["id,context,choice,reward", *rows]).encode()
    choices = sw.read_choices(table)
    assert (choices.report.task, choices.dataset.n_actions) == ("contexts", 6)
    assert sw.read_choices(table, remedies={"kind": "bandit"}).dataset.n_actions == 2
