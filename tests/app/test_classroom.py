"""The point that a learner shares is of the choices on the page, and of no older ones."""

import pytest

from spicewidgets.app.classroom import point_of_result
from spicewidgets.apps import explorer
from spicewidgets.core.settings import SettingsError


def test_a_point_is_a_rate_and_a_precision_within_their_intervals(monkeypatch):
    monkeypatch.setenv("SPICEWIDGETS_CLASS", "1")
    app = explorer(start=False)
    rate, low, high, precision, least, largest = app._point()
    assert 0 <= low < rate < high <= 1
    assert 0 <= least < precision < largest <= 100
    assert abs(rate - 0.3) < 0.03
    assert abs(precision - 3) < 0.3
    app.experiment.participant.alpha_reward = 0.6
    with pytest.raises(SettingsError, match="Train again"):
        app._point()


def test_without_choices_there_is_no_point():
    with pytest.raises(SettingsError, match="Press Train first"):
        point_of_result(None, None)
