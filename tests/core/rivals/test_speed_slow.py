"""All rivals fitted to many people; RESULTS.md of tests/benchmarks has the ratio to a plain loop."""

from time import process_time

import pytest

import spicewidgets as sw
from spicewidgets.core.rivals.design import drawn_values, simulate_rival


@pytest.mark.slow
def test_eleven_rivals_are_fitted_to_a_hundred_people_in_less_than_a_minute():
    design = sw.Design.of_settings(101, 9, 100, sw.BanditsDrift(sigma=0.2))
    rival = sw.RIVALS["with-kernel"]
    data = simulate_rival(rival, drawn_values(rival, 2, 101, None, 1), design, 1)
    began = process_time()
    fits = sw.fit_rivals(data)
    assert process_time() - began < 60
    assert len(fits) == 11
    assert min(fit.agreement.mean() for fit in fits.values()) > 0.5
