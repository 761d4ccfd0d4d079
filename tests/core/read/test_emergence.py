"""How an equation emerges: rows of coefficients, and since when a term is there."""

import numpy as np

from spicewidgets.core.equations import Equation, SpiceModel
from spicewidgets.core.read.emergence import Emergence, emergences

ONE, X, R, XR = (), ("x",), ("r",), ("x", "r")
ROWS = np.array([[0.0, 0.9, 0.1, 0.0], [0.2, 0.8, 0.0, 0.0], [-0.3, 0.7, 0.9, 0.0]])
FOUND = Emergence("x", (ONE, X, R, XR), np.array([1, 3, 7]), ROWS)


def test_an_epoch_is_an_equation():
    assert FOUND.equation(1) == Equation("x", (ONE, X, R, XR), (0.2, 0.8, 0.0, 0.0))
    assert FOUND.equation(-1).text(1) == "(x)[k+1] = -0.3 1 + 0.7 x[k] + 0.9 r[k]"


def test_since_when_a_term_is_there():
    assert [FOUND.since(term) for term in FOUND.terms] == [3, 1, 7, None]


def test_terms_that_never_were_there_can_be_left_out():
    assert FOUND.ever().terms == (ONE, X, R)
    np.testing.assert_array_equal(FOUND.ever().coefficients, ROWS[:, :3])
    assert FOUND.ever([("r", "x")]).terms == FOUND.terms


def test_it_is_made_of_the_first_participant_s_equations():
    def frame(epoch, *values):
        rows = (Equation("x", (ONE, X), values), None)
        return epoch, SpiceModel(("a", "b"), {"x": rows})

    later = (9, SpiceModel(("a", "b"), {"x": (Equation("x", (ONE, X, R), (0.0, 0.7, 0.9)), None)}))
    (found,) = emergences([frame(2, 0.1, 0.0), later]).values()
    assert (found.module, found.terms, found.epochs.tolist()) == ("x", (ONE, X, R), [2, 9])
    np.testing.assert_array_equal(found.coefficients, [[0.1, 0.0, 0.0], [0.0, 0.7, 0.9]])
    assert emergences([]) == {}
