"""How an equation emerges: rows of coefficients, and since when a term is there."""

from dataclasses import replace

import numpy as np

from spicewidgets.core.equations import Equation, SpiceModel
from spicewidgets.core.read.emergence import Emergence, Look, emergences
from spicewidgets.core.read.update_function import Tabulated

ONE, X, R, XR = (), ("x",), ("r",), ("x", "r")
ROWS = np.array([[0.0, 0.9, 0.1, 0.0], [0.2, 0.8, 0.0, 0.0], [-0.3, 0.7, 0.9, 0.0]])
FOUND = Emergence("x", (ONE, X, R, XR), np.array([1, 3, 7]), ROWS)


def test_an_epoch_is_an_equation():
    assert FOUND.equation(1) == Equation("x", (ONE, X, R, XR), (0.2, 0.8, 0.0, 0.0))
    assert FOUND.equation(-1).text(1) == "(x)[k+1] = -0.3 1 + 0.7 x[k] + 0.9 r[k]"


def test_since_when_a_term_is_there():
    assert [FOUND.since(term) for term in FOUND.terms] == [3, 1, 7, None]
    assert [FOUND.since(term, 0) for term in FOUND.terms] == [None, 1, 1, None]


def test_terms_that_never_were_there_can_be_left_out():
    assert FOUND.ever().terms == (ONE, X, R)
    np.testing.assert_array_equal(FOUND.ever().coefficients, ROWS[:, :3])
    assert FOUND.ever([("r", "x")]).terms == FOUND.terms


def test_it_is_made_of_the_first_participant_s_equations():
    def frame(epoch, *values):
        rows = (Equation("x", (ONE, X), values), None)
        return epoch, Look(SpiceModel(("a", "b"), {"x": rows}))

    later = (9, Look(SpiceModel(("a", "b"), {"x": (Equation("x", (ONE, X, R), (0.0, 0.7, 0.9)), None)})))
    (found,) = emergences([frame(2, 0.1, 0.0), later]).values()
    assert (found.module, found.terms, found.epochs.tolist()) == ("x", (ONE, X, R), [2, 9])
    np.testing.assert_array_equal(found.coefficients, [[0.1, 0.0, 0.0], [0.0, 0.7, 0.9]])
    assert emergences([]) == {}


def test_an_epoch_is_curves_of_the_network_the_equation_and_the_truth():
    value, levels = np.linspace(-1, 1, 5), ({"r": 0.0}, {"r": 1.0})
    tables = tuple(Tabulated(levels, value, np.stack([k * value, k * value + 1])) for k in range(3))
    found, truth = replace(FOUND, tables=tables), Equation("x", (X,), (0.5,))
    assert [found.place(epoch) for epoch in (0, 1, 6, 7, None)] == [-1, 0, 1, 2, 2]
    curves = found.curves(2, truth)
    np.testing.assert_allclose(curves.after["rnn"], [2 * curves.value, 2 * curves.value + 1])
    np.testing.assert_allclose(curves.after["spice"], [row + 0.7 * curves.value for row in ([-0.3], [0.6])])
    np.testing.assert_allclose(curves.after["truth"], [0.5 * curves.value] * 2)
    assert [*found.curves(-1, truth).after] == ["truth"]
