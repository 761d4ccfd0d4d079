"""The part of a report on what is left to find."""

from types import SimpleNamespace

import pytest

import spicewidgets as sw
from spicewidgets.core.rivals.ceiling import Ceiling, CeilingSettings
from spicewidgets.core.rivals.dimensions import Dimensions
from spicewidgets.core.rivals.held_out import held_out
from spicewidgets.core.search.result import search_mechanisms
from spicewidgets.paper.blocks import Heading, Paragraph, Picture, TableBlock
from spicewidgets.paper.comparison import _what_is_left
from spicewidgets.paper.studies import blocks_of

SMALL = CeilingSettings(units=2, n_networks=1, n_epochs=5)


@pytest.fixture(scope="module")
def data():
    """Eight people with a habit, two sessions each."""
    agent = sw.AgentQ(alpha_reward=0.4, beta_reward=2.0, alpha_choice=0.5, beta_choice=3.0)
    who = [person for person in range(8) for _ in range(2)]
    return sw.create_dataset(agent, sw.BanditsDrift(0.2), 80, 16, participant=who, random_state=1)[0]


def test_a_report_says_how_much_is_left_and_how_many_variables_there_are(data):
    models = {"rescorla-wagner": "rescorla-wagner", "ceiling": Ceiling(SMALL)}
    tiny = Dimensions(0.5, (0.6, 0.62), (0.2, 0.001), (0.02, 0.01))
    found = SimpleNamespace(
        held_out=held_out(data, models, n_folds=2),
        told="rescorla-wagner",
        network="",
        way="group",
        dimensions=tiny,
    )
    blocks = list(_what_is_left(found))
    words = [block.text for block in blocks if isinstance(block, Heading)]
    assert words[0] == "How much is left"
    assert any("Explained by rescorla-wagner" in one.text for one in blocks if isinstance(one, Paragraph))
    assert [one.name for one in blocks if isinstance(one, Picture)][-1] == "dimensions"
    assert any("need 1 variable or more" in one.text for one in blocks if isinstance(one, Paragraph))


def test_the_path_of_a_search_is_a_picture_with_its_table(data):
    found = search_mechanisms(data, n_numbers=4)
    blocks = list(blocks_of("search", found))
    assert blocks[0].text == found.sentence
    assert [one.name for one in blocks if isinstance(one, Picture)] == ["search"]
    steps, terms = (one for one in blocks if isinstance(one, TableBlock))
    assert len(steps.rows) == len(found.path)
    assert len(terms.rows) == len(found.model.terms)
