"""Expressions: equal ones are one node, trivial ones are none, slopes are those of finite differences."""

import math

import numpy as np
import pytest

from spicewidgets.core.train.compiled.graph import Graph, Node, ancestors_of, gradient

POINTS = [(0.3, -0.7, 1.1), (-1.2, 0.4, 0.5), (2.0, 1.5, -0.3)]
EXPRESSIONS = {
    "sums and products": lambda g, a, b, c: (a + b) * c - a * 2 + (1 - b) * a,
    "shares": lambda g, a, b, c: a / (b + 3) + 1 / (c + 2),
    "the same twice": lambda g, a, b, c: (a * b) * (a * b) + a * b,
    "extremes": lambda g, a, b, c: g("max", a, b) * c + g("min", b * c, a),
    "functions": lambda g, a, b, c: g("exp", a) + g("log", b + 3) * g("tanh", c) + g("sigmoid", a * c),
    "more functions": lambda g, a, b, c: g("log1p", a * a) * g("sqrt", b + 2) + g("abs", c) * g("expm1", a),
    "one rounding": lambda g, a, b, c: g("fma", a, b, c) * g("fma", g("neg", b), 2.0, a),
    "given slopes": lambda g, a, b, c: g.with_gradient(a * b, (a, b), (b, a)) * c,
    "choices": lambda g, a, b, c: g("where", g("lt", a, b), a * c, b * b) + g("sign", c) * a,
}


def computed(node, values):
    """The value of an expression, by the folding of constants."""
    graph, new = Graph(), {}
    for part in ancestors_of([node]):
        if part.op == "row":
            new[part] = graph.leaf("const", values[int(part.value)])
        elif part.op == "const":
            new[part] = graph.leaf("const", part.value)
        elif part.op == "custom":
            new[part] = new[part.args[0]]
        else:
            new[part] = graph(part.op, *(new[arg] for arg in part.args))
    assert new[node].op == "const"
    return new[node].value


@pytest.mark.parametrize("name", EXPRESSIONS)
@pytest.mark.parametrize("point", POINTS)
def test_slopes(name, point):
    graph = Graph()
    leaves = [graph.leaf("row", i) for i in range(3)]
    output = EXPRESSIONS[name](graph, *leaves)
    slopes = gradient([(output, graph.leaf("const", 1.0))])
    for i, leaf in enumerate(leaves):
        ends = []
        for step in (-1e-6, 1e-6):
            moved = list(point)
            moved[i] += step
            ends.append(computed(output, moved))
        found = computed(slopes[leaf], point) if leaf in slopes else 0.0
        assert found == pytest.approx((ends[1] - ends[0]) / 2e-6, abs=1e-6)


def test_equal_expressions_are_one_node():
    graph = Graph()
    a, b = graph.leaf("row", 0), graph.leaf("row", 1)
    assert a * b + 1 is a * b + 1
    assert graph("exp", a) is graph("exp", a)
    assert a - b is not b - a
    assert graph.leaf("const", 0.0) is not graph.leaf("const", -0.0)


def test_what_changes_nothing_is_not_there():
    graph = Graph()
    a, b = graph.leaf("row", 0), graph.leaf("row", 1)
    assert a + -0.0 is a
    assert -0.0 + a is a
    assert a * 1 is a
    assert 1.0 * a is a
    assert a - 0 is a
    assert a / 1 is a
    assert graph("neg", -a) is a
    assert a + -b is a - b
    assert (2 * graph.leaf("const", 3.0)).value == 6
    assert graph("where", 1.0, a, a * 2) is a


def test_what_changes_no_finite_number_stays_but_where_all_are_finite():
    exact, lenient = Graph(), Graph(all_finite=True)
    for graph in (exact, lenient):
        a = graph.leaf("row", 0)
        found = (a * 0).op == "const", a + 0 is a, 0 + a is a, (0 - a).op == "neg"
        assert set(found) == {graph is lenient}


def test_constants_have_the_arithmetic_of_their_type():
    graph = Graph()
    assert math.isnan(graph("log", -1.0).value)
    assert graph("div", 1.0, 0.0).value == math.inf
    assert graph("mul", 1e30, 1e30).value == 1e30 * 1e30
    assert Graph(np.float32)("mul", 1e30, 1e30).value == math.inf


def test_equal_numbers_share_the_slope():
    """As in torch."""
    graph = Graph()
    a, b = graph.leaf("row", 0), graph.leaf("row", 1)
    slopes = gradient([(graph("max", a, b), graph.leaf("const", 1.0))])
    assert computed(slopes[a], [0.5, 0.5]) == computed(slopes[b], [0.5, 0.5]) == 0.5


def test_what_is_held_has_no_slope():
    graph = Graph()
    a = graph.leaf("row", 0)
    slopes = gradient([(graph("hold", a) * a, graph.leaf("const", 1.0))])
    assert computed(slopes[a], [3.0]) == 3.0


def test_the_order_is_one_in_which_all_can_be_computed():
    graph = Graph()
    a, b = graph.leaf("row", 0), graph.leaf("row", 1)
    last = graph("exp", a * b) + graph("tanh", a)
    order = ancestors_of([last])
    assert all(order.index(arg) < order.index(node) for node in order for arg in node.args)
    assert order[-1] is last
    assert a * 7 not in order


def test_a_node_has_no_truth():
    node: Node = Graph().leaf("row", 0)
    with pytest.raises(TypeError, match="not known yet"):
        bool(node)
    assert math.isclose(node.value, 0)
