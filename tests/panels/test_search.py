"""The panel of the search: its button, the path as a picture, and what was tried in vain."""

import pytest

import spicewidgets as sw
from spicewidgets.apps import panel
from spicewidgets.panels.search import SCRIPT


@pytest.fixture(scope="module")
def searched():
    """A panel whose search is over: four people with a habit."""
    made = panel("search")
    made.runner.foreground = True
    made.experiment.from_dict(
        {
            "participant": {"alpha_reward": 0.4, "beta_reward": 2.0, "alpha_choice": 0.5, "beta_choice": 3.0},
            "data": {"n_sessions": 8, "n_trials": 100, "n_participants": 4},
            "search": {"n_numbers": 5},
        }
    )
    assert "Nothing was searched yet" in made.sentence.value
    made.study.go.click()
    run = made.experiment.run
    assert run.status == "done", run.message + run.details
    return made


def test_the_path_is_a_picture_with_what_each_step_brought(searched):
    found = searched.result()
    assert found.is_whole
    assert found.taken
    assert found.sentence in searched.sentence.value
    assert 'role="img"' in searched.path.value
    for step in found.taken:
        assert step.term.words.split(" (")[0] in searched.steps.value
    assert "logit of an option" in searched.equation.value
    assert "Tried in vain" in searched.rest.value


def test_its_files_are_those_of_the_command(searched):
    offers = searched.offers()
    assert offers["as text"][1]().content.decode().startswith(searched.result().sentence)
    assert b"action,term,nats" in offers["all as csv"][1]().content


def test_what_was_found_is_saved_and_its_script_runs(searched, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    file = searched.offers()["as a model"][1]()
    (tmp_path / file.name).write_bytes(file.content)
    agent = sw.AgentQ(alpha_reward=0.4, beta_reward=3.0)
    who = [person for person in range(4) for _ in range(2)]
    data, _, _ = sw.create_dataset(agent, sw.BanditsDrift(0.2), 60, 8, participant=who, random_state=1)
    frame = data.to_frame().assign(reward=data.rewards_chosen.reshape(-1).numpy())
    frame[["participant", "session", "choice", "reward"]].to_csv("choices.csv", index=False)
    names = {}
    exec(SCRIPT, names)
    assert "found" in capsys.readouterr().out
    played, _, _ = sw.create_dataset(names["agent"], sw.BanditsDrift(0.2), 20, 2, random_state=1)
    assert played.n_trials == 20


def test_the_guide_offers_it(searched):
    assert searched.study.go.description == "Look for what is missing"
