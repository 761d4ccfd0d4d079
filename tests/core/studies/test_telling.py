"""How many choices and people it takes to tell two learners apart."""

import numpy as np
import pytest

from spicewidgets import BanditsDrift
from spicewidgets.core.rivals.design import Design
from spicewidgets.core.settings import SettingsError
from spicewidgets.core.studies.telling import ModelDiscriminability

TASK = BanditsDrift(0.2)
PAIR = ("biased", "random")


def designs(*sessions, people=3):
    return [Design.of_settings(people, n, 20, TASK) for n in sessions]


def scored(study, margins):
    """The study with results whose first learner leads by these nats, by the place in `sizes`."""
    for at, (place, choices) in enumerate(study.sizes):
        lead = np.array(margins[place, choices], float)
        study.results[at] = {"simulated": place, "scores": np.column_stack([lead, 0 * lead]).tolist()}
    return study


@pytest.fixture
def known():
    """Told by hand: at 20, 40 and 80 choices."""
    margins = {
        (0, 20.0): [1, -1, -1, -1],
        (1, 20.0): [-1, -1, -1, -1],
        (0, 40.0): [1, 1, 1, -1],
        (1, 40.0): [-1, -1, -1, 1],
        (0, 80.0): [9, 9, 9, 9],
        (1, 80.0): [-9, -9, -9, -9],
    }
    return scored(ModelDiscriminability(*PAIR, designs(1, 2, 4, people=4), n_datasets=1), margins)


def test_shares_are_counted(known):
    frame = known.to_frame().set_index("choices")
    assert frame["first"].tolist() == [0.25, 0.75, 1.0]
    assert frame["second"].tolist() == [1.0, 0.75, 1.0]
    assert frame["right"].tolist() == [0.625, 0.75, 1.0]
    assert frame["people"].tolist() == [4, 4, 4]
    assert (frame["error"] > 0).all()  # also where nobody is mistaken


def test_choices_are_read_between_two_sizes_on_a_logarithmic_scale(known):
    assert known.choices_needed(0.875) == pytest.approx(40 * 2**0.5)
    assert known.choices_needed(0.6) == 20
    assert known.choices_needed(0.75) == pytest.approx(40)
    known.results = {at: one for at, one in known.results.items() if known.sizes[at][1] < 80}
    assert known.choices_needed(0.875) == np.inf


def test_how_sure_that_is_comes_from_the_people(known):
    low, high = known.choices_between(0.75)
    assert low <= known.choices_needed(0.75) <= high
    assert (low, high) == known.choices_between(0.75)
    assert known.choices_between(0.75, level=0.5)[1] <= high
    wide = known.choices_between(0.95)
    assert 20 < wide[0] <= wide[1] <= 80  # with 80 choices all are told
    del known.results[len(known.parts) - 1], known.results[len(known.parts) - 2]
    assert known.choices_between(0.95)[1] == np.inf


def test_people_of_one_kind_are_told_by_their_sum(known):
    assert known.people_needed(80.0) == 1
    # 3 of 4 lead by 1 nat and 1 lags by 1: the sum of n is above 0 with P(binomial(n, 3/4) > n / 2)
    from scipy.stats import binom

    n = np.arange(1, 60)
    right = binom.sf(n // 2, n, 0.75)
    exact = int(n[right >= 0.9][0])
    assert abs(known.people_needed(40.0, 0.9) - exact) <= 2
    with pytest.raises(SettingsError, match=r"choices must be one of \[20.0, 40.0, 80.0\]; got 50"):
        known.people_needed(50)


def test_parts_done_here_or_there_are_the_same():
    whole, again = (
        ModelDiscriminability(*PAIR, designs(1, 3), n_datasets=2, random_state=5) for _ in range(2)
    )
    whole.done()
    for steps in (again.run(), again.run()):  # stopped after three parts, then gone on
        for progress in steps:
            if progress.done == 3 and progress.before == 0:
                break
    assert again.results == whole.results
    more = ModelDiscriminability(*PAIR, designs(1, 3), n_datasets=3, random_state=5)
    assert [one[-1] for one in more.parts[:8]] == [one[-1] for one in whole.parts]


def test_more_choices_tell_more():
    study = ModelDiscriminability(
        "win-stay-lose-shift",
        "random",
        designs(1, 10, people=20),
        (np.full((1, 1), 0.6), None),
        n_datasets=2,
    ).done()
    few, many = study.to_frame()["right"]
    assert few < many
    assert many > 0.95


@pytest.mark.parametrize(
    ("arguments", "options", "sentence"),
    [
        (("random", "random", designs(1)), {}, "The learners must differ"),
        ((*PAIR, []), {}, "designs must be one or more"),
        ((*PAIR, designs(1)), {"criterion": "r2"}, "criterion must be one of bic, aic, evidence"),
        ((*PAIR, designs(1)), {"n_datasets": 0}, "n_datasets must be a whole number"),
    ],
)
def test_what_is_wrong_is_said(arguments, options, sentence):
    with pytest.raises(SettingsError, match=sentence):
        ModelDiscriminability(*arguments, **options)


def test_a_certainty_out_of_range_is_refused(known):
    for wrong in (0.5, 1, "sure"):
        with pytest.raises(SettingsError, match="certainty must be above 0"):
            known.choices_needed(wrong)
