"""Which loss a training gets."""

import pytest

from spicewidgets.core.train.compiled.check import exact_loss
from spicewidgets.core.train.compiled.loss import CompiledLoss
from spicewidgets.core.train.losses import Losses
from spicewidgets.core.train.objective import EagerLoss

from .compiled.models import PRECODED, seeded, sessions_of

SHORT = "The training is too short to be worth compiling."


@pytest.mark.parametrize(
    ("epochs", "times", "eager"), [(200, 1, SHORT), (200, 3000, ""), (1000, 1, "")], ids=str
)
def test_a_training_is_compiled_where_epochs_trials_and_sessions_are_worth_it(epochs, times, eager):
    """12 trials of 7 sessions, or of 21,000."""
    model, sessions = seeded(PRECODED["rescorla_wagner"]), sessions_of().repeat(times)
    losses = Losses(model, sessions, None, "auto", epochs)
    assert losses.eager == eager
    assert isinstance(losses(), EagerLoss if eager else CompiledLoss)


def test_what_was_asked_for_is_done():
    model, sessions = seeded(PRECODED["rescorla_wagner"]), sessions_of()
    assert isinstance(Losses(model, sessions, None, True, 1)(), CompiledLoss)
    losses = Losses(model, sessions, None, False, 10**6)
    assert losses.eager == "It was asked for (compiled=False)."
    assert isinstance(losses(), EagerLoss)


def test_of_each_kind_there_is_one_loss():
    model, sessions = seeded(PRECODED["rescorla_wagner"]), sessions_of()
    losses = Losses(model, sessions, None, True, 1)
    assert losses(double=True) is losses(double=True)
    assert losses(double=True) is not losses()
    assert losses(double=True)._programs is exact_loss(model, None)._programs  # of the check, made once
    assert losses(judging=True).model.training is False
    assert losses().model.training is True
