"""Equations as values: the tutorial's text, markup that parses, exact storage, one meaning everywhere."""

import json
from contextlib import suppress
from itertools import combinations_with_replacement
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from hypothesis import example, given, strategies as st

from spicewidgets import Equation, SettingsError, SpiceModel
from spicewidgets.core.equations import polynomial_terms, term_text
from spicewidgets.core.train.modules import ModuleEquations

CHOSEN = "x_value_reward_chosen"
LINEAR = ((), (CHOSEN,), ("c_reward",))
TUTORIAL = Equation(CHOSEN, LINEAR, (-0.411, 0.682, 0.887))

NAMES = st.text(
    st.sampled_from("ax_<&>\"'\\^~{}%#$")
    | st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cs", "Cc"]),
    max_size=6,
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
MODERATE = st.floats(-3, 3).filter(lambda x: x == 0 or abs(x) > 1e-3)

HOSTILE = Equation("a<b&c", (("a<b&c", "</mi>"), ("}_{", "%<&\\end", "%<&\\end")), (1.0, -2.0))


@st.composite
def equations(draw, names=NAMES, numbers=NUMBERS, module=None):
    module = draw(names) if module is None else module
    factors = [module, *draw(st.lists(names, max_size=3))]
    terms = draw(st.lists(st.lists(st.sampled_from(factors), max_size=3).map(tuple), max_size=5, unique=True))
    values = draw(st.lists(numbers, min_size=len(terms), max_size=len(terms)))
    dropped = draw(
        st.dictionaries(st.lists(st.sampled_from(factors), max_size=2).map(tuple), NAMES, max_size=2)
    )
    return Equation(module, tuple(terms), tuple(values), dropped, tuple(draw(st.lists(NAMES, max_size=2))))


# Text and markup


@pytest.mark.seed(67)
def test_text_is_the_tutorials():
    """S67."""
    assert str(TUTORIAL) == (
        "(x_value_reward_chosen)[k+1] = -0.411 1 + 0.682 x_value_reward_chosen[k] + 0.887 c_reward[k]"
    )
    assert (
        TUTORIAL.text(1)
        == "(x_value_reward_chosen)[k+1] = -0.4 1 + 0.7 x_value_reward_chosen[k] + 0.9 c_reward[k]"
    )


def test_terms_that_were_left_out_are_not_in_the_text():
    assert (
        Equation("x", ((), ("x",), ("r",)), (0.0, 1.0, -0.25)).text() == "(x)[k+1] = 1.000 x[k] + -0.250 r[k]"
    )
    assert Equation("x", ((), ("x",)), (0.0, 0.0)).text() == "(x)[k+1] = 0.000"
    assert Equation("x", (), ()).text(1) == "(x)[k+1] = 0.0"


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ((), "1"),
        (("r",), "r[k]"),
        (("x", "r"), "x[k] r[k]"),
        (("r", "r"), "r[k]^2"),
        (("x", "r", "x"), "x[k]^2 r[k]"),
        (("r", "r", "r"), "r[k]^3"),
    ],
)
def test_text_of_a_term(term, text):
    assert term_text(term) == text


def test_polynomial_terms_are_in_pysindys_order():
    import pysindy

    for degree in (1, 2, 3):
        library = pysindy.PolynomialLibrary(degree=degree).fit(np.ones((2, 3)))
        powers = [
            tuple(name for name, power in zip("abc", row, strict=True) for _ in range(power))
            for row in library.powers_
        ]
        assert list(polynomial_terms("abc", degree)) == powers
    assert polynomial_terms(["a", "b"], 2) == ((), ("a",), ("b",), ("a", "a"), ("a", "b"), ("b", "b"))


def test_latex():
    equation = Equation("x_v", ((), ("x_v", "x_v"), ("c_r",)), (-0.3, 0.7, -0.9))
    assert equation.latex(1) == (
        r"\mathit{x\_v}_{k+1} = - 0.3 - 0.9\,\mathit{c\_r}_{k}".replace(
            " - 0.9", r" + 0.7\,\mathit{x\_v}_{k}^{2} - 0.9"
        )
    )
    assert Equation("x", ((),), (2.0,)).latex(2) == r"\mathit{x}_{k+1} = 2.00"
    assert Equation("x", ((),), (0.0,)).latex(2) == r"\mathit{x}_{k+1} = 0.00"


@given(equations())
@example(HOSTILE)
def test_latex_of_any_names_is_balanced_and_escaped(equation):
    """No sign of a name can open a group or a comment, or end the formula."""
    rest = equation.latex()
    for sign in "#$%&_{}":
        rest = rest.replace("\\" + sign, "")
    assert not set(rest.replace("_{k", "{k")) & set("#$%&~")
    depth = 0
    for sign in rest:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        assert depth >= 0
    assert depth == 0


def test_mathml():
    tree = ElementTree.fromstring(TUTORIAL.mathml())
    assert tree.tag == "{http://www.w3.org/1998/Math/MathML}math"
    assert "".join(tree.itertext()).replace("\u2062", "*") == (
        f"{CHOSEN}k+1=−0.411 +0.682*{CHOSEN}k +0.887*c_rewardk"
    )
    squared = ElementTree.fromstring(Equation("x", (("x", "x"),), (1.0,)).mathml())
    (power,) = squared.iter("{http://www.w3.org/1998/Math/MathML}msubsup")
    assert [child.text for child in power] == ["x", "k", "2"]


@given(equations())
@example(HOSTILE)
def test_mathml_of_any_names_is_well_formed(equation):
    """A name is text: it can open no tag."""
    tree = ElementTree.fromstring(equation.mathml())
    names = {node.text or "" for node in tree.iter("{http://www.w3.org/1998/Math/MathML}mi")}
    used = {equation.module, *(name for term, _ in equation.active for name in term)}
    assert names - {"k"} == used - {"k"}
    numbers = [node.text for node in tree.iter("{http://www.w3.org/1998/Math/MathML}mn")]
    assert numbers[1 : 1 + len(equation.active)] or not equation.active


def test_mathml_of_nothing_is_zero():
    tree = ElementTree.fromstring(Equation("x", ((),), (0.0,)).mathml(2))
    assert "".join(tree.itertext()) == "xk+1=0.00"


# Numbers


def test_coefficients_by_text_and_by_factors():
    equation = Equation("x", ((), ("x",), ("x", "r"), ("r", "r")), (-0.3, 0.7, 0.25, 0.0))
    assert equation.coefficients == {"1": -0.3, "x[k]": 0.7, "x[k] r[k]": 0.25, "r[k]^2": 0.0}
    assert equation.coefficient() == -0.3
    assert equation.coefficient("r", "x") == equation.coefficient("x", "r") == 0.25
    assert equation.coefficient("r") == 0
    assert equation.active == (((), -0.3), (("x",), 0.7), (("x", "r"), 0.25))


@given(equations(st.sampled_from(["x", "r", "q"]), MODERATE, module="x"), st.integers(0, 2**31))
def test_one_meaning_for_numbers_arrays_tensors_and_models(equation, seed):
    """The sum of coefficient times product of the factors, whatever is put in."""
    rng = np.random.default_rng(seed)
    values = {name: rng.normal(size=(4, 2)) for name in ("x", "r", "q")}
    expected = np.zeros((4, 2))
    for term, coefficient in zip(equation.terms, equation.values, strict=True):
        expected += coefficient * np.prod([values[name] for name in term], axis=0)
    tensors = {name: torch.from_numpy(value) for name, value in values.items()}
    np.testing.assert_allclose(equation(values["x"], values), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(equation(tensors["x"], tensors).numpy(), expected, rtol=0, atol=1e-12)
    one = {name: float(value[1, 1]) for name, value in values.items()}
    assert equation(one["x"], one) == pytest.approx(expected[1, 1], abs=1e-12)
    together = ModuleEquations([equation]).evaluate(tensors["x"], tensors, torch.zeros(4, dtype=torch.long))
    np.testing.assert_allclose(together.numpy(), expected, rtol=0, atol=1e-12)


def test_an_equation_keeps_shape_and_type():
    controls = {"c_reward": torch.ones(3, 2)}
    after = TUTORIAL(torch.zeros(3, 2), controls)
    assert (after.shape, after.dtype) == ((3, 2), torch.float32)
    constant = Equation("x", ((),), (0.25,))
    assert constant(np.zeros((3, 2)), {}).tolist() == [[0.25, 0.25]] * 3
    assert Equation("x", (), ())(torch.ones(2), {}).tolist() == [0, 0]


def test_gradients_pass_through_an_equation():
    value = torch.tensor([2.0, 3.0], requires_grad=True)
    Equation("x", (("x",), ("x", "x")), (0.5, 0.25))(value, {}).sum().backward()
    assert value.grad.tolist() == [1.5, 2.0]


def test_equations_of_each_participant_apply_to_their_sessions():
    """S111: terms may differ from one to the other."""
    first = Equation("x", (("x",),), (0.5,))
    second = Equation("x", ((), ("r",)), (1.0, 2.0))
    module = ModuleEquations([first, second])
    x, r = torch.full((3, 2), 4.0), torch.full((3, 2), 10.0)
    after = module.evaluate(x, {"r": r}, torch.tensor([1, 0, 1]))
    assert after.tolist() == [[21, 21], [2, 2], [21, 21]]


def test_a_product_is_one_term_whatever_the_order_of_its_factors():
    first = Equation("x", (("x", "r"),), (1.0,))
    second = Equation("x", (("r", "x"),), (2.0,))
    ones = torch.ones(2, 1)
    assert ModuleEquations([first, second]).evaluate(ones, {"r": ones}, torch.tensor([0, 1])).tolist() == [
        [1],
        [2],
    ]


def test_one_set_of_equations_is_everybodys():
    module = ModuleEquations([Equation("x", (("x",),), (0.5,))])
    assert module.evaluate(torch.ones(2, 1), {}, torch.tensor([0, 7])).tolist() == [[0.5], [0.5]]


def test_a_participant_without_an_equation_is_refused():
    module = ModuleEquations([Equation("x", (("x",),), (0.5,)), None])
    with pytest.raises(SettingsError) as error:
        module.evaluate(torch.ones(2, 1), {}, torch.tensor([0, 1]))
    assert str(error.value) == (
        "No equation of 'x' was fitted for some of these participants. Fit with spice_participant_id=None for"
        " all."
    )


# Models


def two_participants():
    return SpiceModel(
        ("anna", 7),
        {
            CHOSEN: (TUTORIAL, Equation(CHOSEN, LINEAR, (-0.3, 0.7, 0.9))),
            "x_b": (Equation("x_b", ((),), (0.0,)), None),
        },
        {"x_value_reward": (2.5, 3.0)},
        ("x_rate",),
    )


def test_a_model_knows_its_participants_by_label():
    model = two_participants()
    only = SpiceModel(model.participants, {CHOSEN: model.equations[CHOSEN]}, model.betas)
    assert only.index() == only.index("anna") == 0
    assert only.index(7) == only.index("7") == 1
    assert only.equation(CHOSEN, 7).coefficient("c_reward") == 0.9
    assert only.beta("x_value_reward", 7) == 3.0
    assert only.beta("x_value_choice", 7) == 1.0
    assert only.n_parameters("anna") == 4
    assert set(only.of_participant()) == {CHOSEN}
    assert set(only.modules) == {CHOSEN}


def test_labels_that_look_alike_are_told_apart():
    model = SpiceModel((1, "1"), {"x": (Equation("x", ((),), (1.0,)), Equation("x", ((),), (2.0,)))})
    assert [model.equation("x", label).coefficient() for label in (1, "1")] == [1.0, 2.0]


def test_unknown_participants_and_modules_are_refused_with_the_known_ones():
    model = two_participants()
    with pytest.raises(SettingsError) as error:
        model.equation(CHOSEN, 7)  # one of 7's equations was not fitted
    assert str(error.value) == (
        "No equations for participant 7; there are some for ['anna']. Choose one of these."
    )
    with pytest.raises(SettingsError) as error:
        model.equation("x_mood")
    assert str(error.value) == (
        f"No equation for the module 'x_mood'; there are some for ['{CHOSEN}', 'x_b']. Choose one of these."
    )


def test_text_of_a_model_has_a_line_for_everything():
    """S67, T19, T20: the equations, what is given, and the betas."""
    assert str(two_participants()).split("\n") == [
        TUTORIAL.text(),
        "(x_b)[k+1] = 0.000",
        "(x_rate)[k+1] is given as a hard-coded equation",
        "beta(x_value_reward) = 2.5000",
    ]


def test_a_model_of_one_participant():
    model = SpiceModel.of(TUTORIAL, betas={"x_value_reward": 2.0}, participant="anna")
    assert model.participants == ("anna",)
    assert model.equation(CHOSEN, "anna") is TUTORIAL
    assert model.beta("x_value_reward") == 2.0


@given(
    labels=st.lists(st.integers() | NAMES | NUMBERS | st.none(), min_size=1, max_size=3),
    modules=st.lists(NAMES, min_size=1, max_size=3, unique=True),
    everything=st.data(),
)
def test_what_is_written_is_read_back_exactly(labels, modules, everything):
    """By way of JSON text: every term, number to the last bit, note, label, and gap."""
    found = {
        module: tuple(
            everything.draw(st.none() | equations(module=module))
            if i
            else everything.draw(equations(module=module))
            for i in range(len(labels))
        )
        for module in modules
    }
    size = len(labels)
    betas = everything.draw(
        st.dictionaries(NAMES, st.lists(NUMBERS, min_size=size, max_size=size).map(tuple), max_size=2)
    )
    model = SpiceModel(tuple(labels), found, betas, tuple(everything.draw(st.lists(NAMES, max_size=2))))
    assert SpiceModel.from_dict(json.loads(json.dumps(model.to_dict()))) == model


def test_labels_of_numpy_are_written_as_plain_ones():
    model = SpiceModel((np.int64(3), np.str_("b")), {"x": (Equation("x", ((),), (1.0,)),) * 2})
    assert json.loads(json.dumps(model.to_dict()))["participants"] == [3, "b"]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.fixed_dictionaries(dict.fromkeys(("participants", "equations", "betas", "given"), JSON)) | JSON)
def test_anything_else_is_refused(data):
    with suppress(KeyError, TypeError, ValueError, AttributeError):
        SpiceModel.from_dict(data)


@given(st.sampled_from(["terms", "values", "dropped", "notes"]), JSON)
def test_a_damaged_equation_is_refused_or_still_an_equation(key, data):
    stored = SpiceModel.of(TUTORIAL).to_dict()
    stored["equations"][CHOSEN][0][key] = data
    try:
        model = SpiceModel.from_dict(stored)
    except (KeyError, TypeError, ValueError, AttributeError):
        return
    equation = model.equation(CHOSEN)
    assert len(equation.terms) == len(equation.values)
    assert all(isinstance(value, float) and np.isfinite(value) for value in equation.values)
    assert json.dumps(model.to_dict())


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("betas"),
        lambda d: d["participants"].append("more"),
        lambda d: d["equations"][CHOSEN].append(None),
        lambda d: d["betas"].update(x_v=[1.0, 2.0]),
        lambda d: d["equations"][CHOSEN][0]["values"].pop(),
        lambda d: d["equations"][CHOSEN][0]["values"].__setitem__(0, float("nan")),
        lambda d: d["equations"].clear(),
    ],
)
def test_a_stored_model_that_does_not_add_up_is_refused(change):
    stored = SpiceModel.of(TUTORIAL, betas={"x_v": 2.0}).to_dict()
    SpiceModel.from_dict(stored)
    change(stored)
    with pytest.raises((KeyError, ValueError)):
        SpiceModel.from_dict(stored)


def test_polynomial_terms_are_all_products_once():
    for n, degree in [(1, 3), (2, 2), (3, 3)]:
        terms = polynomial_terms("abc"[:n], degree)
        assert len(set(terms)) == len(terms)
        assert set(terms) == {
            t for d in range(degree + 1) for t in combinations_with_replacement("abc"[:n], d)
        }


def test_one_participant_alone_has_the_same_equations():
    both = SpiceModel(
        ("ann", "bob", "eve"),
        {"x": (Equation("x", ((),), (1.0,)), None, Equation("x", ((),), (2.0,)))},
        {"x": (3.0, 4.0, 5.0)},
        ("y",),
    )
    alone = both.alone("eve")
    assert alone.participants == ("eve",)
    assert alone.text() == both.text("eve")
    assert both.alone().participants == ("ann",)
    with pytest.raises(
        SettingsError, match=r"No equations for participant 'bob'; there are some for \['ann', 'eve'\]"
    ):
        both.alone("bob")
