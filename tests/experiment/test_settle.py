"""What the settings describe, without a run: states, modules, and the true equations."""

import numpy as np
import pytest

import spicewidgets as sw
from spicewidgets.core.models import TEMPLATES
from spicewidgets.experiment.result import description_of
from spicewidgets.experiment.settle import missing_of, source_of, truth_of
from spicewidgets.state import Experiment


def test_the_truth_of_a_built_model_needs_a_model_that_can_say_it():
    experiment = Experiment("forgetting")
    precoded = truth_of(experiment.snapshot())
    experiment.model.start_from("forgetting")
    assert truth_of(experiment.snapshot()) == precoded
    experiment.model.start_from("rescorla-wagner")
    assert truth_of(experiment.snapshot()) is None
    assert missing_of(experiment.snapshot()) == (
        "The participant has forgetting; no module moves the arms not chosen of x_value_reward.",
    )
    experiment.participant.forget_rate = 0.0
    assert truth_of(experiment.snapshot()) is not None
    assert missing_of(experiment.snapshot()) == ()


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_truth_of_a_memory_that_the_participant_does_not_use_is_a_number(name):
    experiment = Experiment()
    for build in (False, True):
        if build:
            experiment.model.start_from(name)
        else:
            experiment.model.name = name
        told = truth_of(experiment.snapshot()).of_participant().values()
        assert np.isfinite([value for equation in told for value in equation.values]).all()


def test_states_and_modules_of_any_model_can_be_told():
    experiment = Experiment()
    for name, template in TEMPLATES.items():
        experiment.model.name = name
        assert description_of(experiment.snapshot()) == template
    experiment.model.name = experiment.model.register(sw.ForgettingRNN, sw.FORGETTING_RNN_CONFIG)
    assert description_of(experiment.snapshot()) == TEMPLATES["forgetting"]
    experiment.model.start_from("choice")
    assert description_of(experiment.snapshot()) == TEMPLATES["choice"]
    assert "class YourRNN(BaseRNN):" in source_of(TEMPLATES["choice"])
