"""What each term is worth, beside its price: another price or another choice of terms is answered at once."""

import pytest

from spicewidgets import SpiceEstimator
from spicewidgets.app.recorded import load_recorded
from spicewidgets.app.runner import Runner
from spicewidgets.apps import panel
from spicewidgets.panels.evidence import bar
from spicewidgets.state import Experiment

MODULE = "x_value_reward_chosen"
REWARD = (MODULE, ("c_reward",))


@pytest.fixture(scope="module")
def shown():
    made = panel("library")
    assert made.runner.wait(60)
    task = made.experiment.data
    task.n_sessions, task.n_trials = 30, 50
    made.experiment.discovery.degree = 2
    made.runner.train()
    assert made.runner.wait(60)
    return made


@pytest.fixture
def box(shown):
    shown.evidence.back.click()
    return shown.evidence


def numbers(box):
    """What the table says of each term."""
    return [cell.split("</td>")[0] for cell in box.bars.value.split("<td>")][4::4]


def test_a_recorded_run_is_made_anew_to_weigh_its_terms():
    Runner(Experiment(), foreground=True).preload()
    result = load_recorded(Experiment().peek())
    made = panel("library")
    assert made.evidence.body.layout.display == ""
    assert made.runner.wait(60)
    assert made.runner.result.recorded is None
    assert numbers(made.evidence) == ["−0.285", "+0.705", "+0.918"]
    found = made.runner.result.spice.equation(MODULE).coefficients
    assert found == pytest.approx(result.spice.equation(MODULE).coefficients, abs=1e-4)
    assert made.experiment.stages["equation"] == "done"


def test_it_shows_what_the_run_has_found(shown, box):
    estimator = shown.runner.result.estimator
    assert isinstance(estimator, SpiceEstimator)
    assert box.body.layout.display == ""
    found = estimator.spice_model_.equation(MODULE)
    terms = [term for term in found.terms if term not in found.dropped]
    values = [found.coefficient(*term) for term in terms]
    expected = [f"{value:+.3f}".replace("-", "−") if value else "out" for value in values]
    assert numbers(box) == expected
    assert "per choice." in box.equation.value


def test_more_terms_stay_where_they_are_cheap(box):
    before = numbers(box).count("out")
    box.price.value = 0.1
    assert numbers(box).count("out") < before
    box.price.value = 100.0
    assert numbers(box).count("out") >= before
    box.back.click()
    assert numbers(box).count("out") == before


def test_a_term_that_is_demanded_out_is_out_and_costs(shown, box):
    nll = shown.runner.result.estimator.weigh().nll
    box.menus[REWARD].value = -1
    assert numbers(box)[[*box.menus].index(REWARD)] == "out"
    without = shown.runner.result.estimator.weigh(drop=[REWARD])
    assert without.nll > nll + 1
    assert without.of(*[MODULE, "c_reward"]).cost > 1


def test_a_term_that_is_demanded_in_is_in(shown, box):
    (out, *_) = [key for key, text in zip(box.menus, numbers(box), strict=True) if text == "out"]
    box.menus[out].value = 1
    assert numbers(box)[[*box.menus].index(out)] != "out"
    assert shown.runner.result.estimator.weigh(keep=[out]).equations()[MODULE].coefficient(*out[1]) != 0


def test_the_slider_opens_at_the_penalty_of_first_degree(shown, box):
    evidence = shown.runner.result.estimator.weigh()
    prices = {len(item.term): item.price for item in evidence.terms if item.term is not None}
    assert prices[2] > prices[1] + 0.1  # a product costs more, for the many there are
    assert box.price.value == pytest.approx(
        max(item.price for item in evidence.terms if item.term is not None and len(item.term) < 2), rel=0.03
    )
    before = numbers(box)
    box.price.value *= 1.0001
    assert [text == "out" for text in numbers(box)] == [text == "out" for text in before]


def test_the_price_is_taken_over_when_asked(shown, box):
    box.price.value = 3.0
    assert shown.experiment.discovery.price is None
    shown.experiment.follow_library = False
    box.take.click()
    assert shown.experiment.discovery.price == 3.0
    shown.experiment.discovery.price = None


def test_what_must_be_out_is_out_of_the_next_run_and_what_must_be_in_stays_demanded(shown, box):
    out, demanded = REWARD, (MODULE, (MODULE, MODULE))
    box.menus[out].value, box.menus[demanded].value, box.price.value = -1, 1, 2.0
    shown.experiment.follow_library = True
    box.take.click()
    assert shown.runner.wait(60)
    assert shown.experiment.discovery.price == 2.0
    assert out[1] not in shown.runner.result.spice.equation(MODULE).terms
    assert dict(shown.runner.result.snapshot.discovery.libraries)[MODULE].without == (out[1],)
    assert out not in box.menus
    assert box.menus[demanded].value == 1
    assert numbers(box)[[*box.menus].index(demanded)] != "out"
    shown.experiment.discovery.reset()
    assert shown.runner.wait(60)


def test_bars_say_in_words_what_they_show():
    assert 'aria-label="worth 4.2 nats, penalty 3.10"' in bar(4.2, 3.1)
    assert "sw-less" in bar(2.0, 3.1)
    assert "width:100.0%" in bar(1e6, 3.1)
    assert "over 999" in bar(float("inf"), 3.1)
