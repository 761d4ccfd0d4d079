"""Rivals, recovery and falsification: settings, what keeps them from being done, what makes them stale."""

import pytest

from spicewidgets.core.rivals.ready import RIVALS as READY
from spicewidgets.core.studies.recovery_settings import TwoLearners
from spicewidgets.state import Experiment
from spicewidgets.state.studies import BEYOND, STUDIES


def test_what_a_learner_has_beyond_rescorla_wagner_is_a_parameter_of_its_own():
    for name, (number, _) in BEYOND.items():
        plain = {parameter.name for parameter in READY["rescorla-wagner"].parameters}
        own = {parameter.name for parameter in READY[name].parameters}
        assert plain < own
        assert number in own - plain


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"second": "forgetting"}, "second must differ from first"),
        ({"effect": 1.2}, "effect must be between 0 and 1"),
        ({"effect": 0}, "effect must be between 0 and 1"),
        ({"first": "other"}, "first must be one of"),
        ({"effect": "much"}, "effect must be"),
        ({"certainty": 0.4}, "certainty must be between 0.55 and 0.99"),
    ],
)
def test_two_learners_that_cannot_be_told_apart_say_so(settings, problem):
    (sentence,) = TwoLearners(**settings).problems()
    assert problem in sentence
    experiment = Experiment()
    experiment.learners.put(settings)
    assert experiment.blocked["learners"].startswith("First correct: ")
    assert experiment.blocked["models"] == experiment.blocked["train"] == ""


@pytest.mark.parametrize("effect", [None, 0.5])
def test_any_size_of_a_share_will_do(effect):
    assert TwoLearners(effect=effect).problems() == []
    assert TwoLearners(first="with-kernel", effect=-2.0).problems() == []


def test_what_cannot_be_held_out_says_what_can():
    experiment = Experiment()
    experiment.rivals.by = "person"
    assert experiment.blocked["rivals"] == (
        "There is one person only, who cannot be held out. Hold out sessions."
    )
    experiment.data.put({"n_sessions": 6, "n_participants": 6})
    assert experiment.blocked["rivals"] == ""
    experiment.rivals.by = "session"
    assert "one session only" in experiment.blocked["rivals"]
    experiment.rivals.by = "time"
    assert experiment.blocked["rivals"] == ""
    experiment.rivals.n_folds = 1
    assert experiment.blocked["rivals"].startswith("First correct: n_folds must be")


def test_terms_need_a_model_that_is_ready():
    experiment = Experiment()
    assert experiment.blocked["terms"] == ""
    experiment.model.name = experiment.model.tags("name").get("own", "put together")
    assert experiment.blocked["terms"]


def test_a_study_is_stale_with_what_it_depends_on_only():
    experiment = Experiment()
    experiment.studied = {name: experiment.peek() for name in STUDIES}
    stages = [experiment.stages[name] for name in ("rivals", "recovery", "falsify")]
    assert stages == ["done"] * 3
    experiment.learners.certainty = 0.8
    experiment.rivals.shown = "nats"
    experiment.recovery.jobs = 2
    assert experiment.stale_because == {}
    experiment.learners.effect = 0.4
    words = "This result is for size = 0.20. Recover again."
    assert experiment.stale_because == {"learners": words, "parameters": words}
    assert experiment.stages["recovery"] == "stale"
    experiment.training.epochs = 50
    found_again = {"learners", "parameters", "rivals", "terms", "falsify", "report", "uncertainty"}
    assert set(experiment.stale_because) == found_again
    experiment.participant.alpha_reward = 0.7
    assert set(experiment.stale_because) == set(STUDIES)


def test_their_settings_go_into_files_and_back():
    experiment, copy = Experiment(), Experiment()
    experiment.rivals.put({"by": "time", "pooled": False, "n_folds": 3})
    experiment.recovery.put({"n_datasets": 33, "criterion": "aic"})
    experiment.learners.put({"first": "with-kernel", "effect": 1.5})
    experiment.falsify.put({"n_repeats": 40, "every": True})
    copy.from_dict(experiment.to_dict())
    assert copy.peek() == experiment.peek()
