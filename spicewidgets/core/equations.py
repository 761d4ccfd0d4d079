"""Equations as values: terms and numbers, which can be evaluated, compared, printed, and stored.

An `Equation` is one module's update for one participant, `x[k+1] = sum of coefficient * term`. A `SpiceModel`
is all equations of all participants with their betas. What a coefficient means in a cognitive model is in
`read/translation.py`.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations_with_replacement
from math import isfinite
from typing import Any
from xml.sax.saxutils import escape

from .settings import SettingsError

LATEX = str.maketrans(
    {**{sign: "\\" + sign for sign in "#$%&_{}"}, "\\": r"\backslash ", "^": r"\wedge ", "~": r"\sim "}
)
LATEX_TEXT = str.maketrans(
    {sign: "\\" + sign for sign in "#$%&_{}"}
    | {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
)
Term = tuple[str, ...]  # names of the factors, in order, repeated for powers; () is the constant


def polynomial_terms(names: Iterable[str], degree: int) -> tuple[Term, ...]:
    """All products of up to `degree` of the names, the constant first: the order of a polynomial library."""
    names = tuple(names)
    return tuple(term for d in range(degree + 1) for term in combinations_with_replacement(names, d))


def term_text(term: Term) -> str:
    """Return a term as a printed equation has it: `1`, `c_reward[k]`, `x[k] c_reward[k]`, `c_reward[k]^2`."""
    if not term:
        return "1"
    return " ".join(
        f"{name}[k]" + (f"^{term.count(name)}" if term.count(name) > 1 else "")
        for name in dict.fromkeys(term)
    )


def term_in_words(term: Term, module: str) -> str:
    """Return a term of a module's equation as it is read: `constant`, `own value`, `own value × c_reward`.

    `term_text` writes the same term as the printed equation has it.
    """
    return " × ".join("own value" if factor == module else factor for factor in term) or "constant"


def term_of(term: Term, module: str) -> str:
    """Return a term of a module in words, with the module's name.

    >>> term_of(("c_reward",), "x_value_reward_chosen")
    'c_reward of x_value_reward_chosen'
    """
    return f"{term_in_words(term, module)} of {module}"


@dataclass(frozen=True)
class Equation:
    """One module's update: `module[k+1] = sum_i coefficients[i] * terms[i]`.

    Attributes:
        module: name of the module; in a term, the same name is the value of its state at trial k.
        terms: the candidate terms, the constant `()` first.
        values: one coefficient per term, float64; 0 for a term that was left out.
        dropped: candidate terms that the data cannot tell apart from others, with the reason: `{term:
            sentence}`.
        notes: sentences on how the fit went; empty when all is well.
    """

    module: str
    terms: tuple[Term, ...]
    values: tuple[float, ...]
    dropped: Mapping[Term, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def coefficients(self) -> dict[str, float]:
        """Coefficient of every candidate term, by its text: `{"1": -0.3, "x_value_reward_chosen[k]": 0.7,
        ...}`.
        """
        return {term_text(term): value for term, value in zip(self.terms, self.values, strict=True)}

    def coefficient(self, *factors: str) -> float:
        """Coefficient of the product of these factors (of the constant without any); 0 if it is no term of
        this equation.
        """
        wanted = sorted(factors)
        return sum(
            value for term, value in zip(self.terms, self.values, strict=True) if sorted(term) == wanted
        )

    @property
    def active(self) -> tuple[tuple[Term, float], ...]:
        """Terms that are in the equation, with their coefficients."""
        return tuple((term, value) for term, value in zip(self.terms, self.values, strict=True) if value != 0)

    def without(self, *factors: str) -> "Equation":
        """Return the same equation without the product of these factors (without the constant, if none are
        given).

        >>> Equation("x", ((), ("x",)), (-0.3, 0.7)).without().text()
        '(x)[k+1] = 0.700 x[k]'
        """
        rest = [(t, v) for t, v in zip(self.terms, self.values, strict=True) if sorted(t) != sorted(factors)]
        return replace(self, terms=tuple(t for t, _ in rest), values=tuple(v for _, v in rest))

    def __call__(self, value: Any, controls: Mapping[str, Any]) -> Any:
        """Return the next value, for a value and control signals of any one shape (numbers, arrays or
        tensors).
        """
        total = 0.0 * value
        for term, coefficient in self.active:
            product = coefficient
            for factor in term:
                product = product * (value if factor == self.module else controls[factor])
            total = total + product
        return total

    def text(self, digits: int = 3) -> str:
        """Return the equation as a line of text, as the tutorial prints it.

        >>> Equation("x", ((), ("x",), ("c_reward",)), (-0.3, 0.7, 0.9)).text()
        '(x)[k+1] = -0.300 1 + 0.700 x[k] + 0.900 c_reward[k]'
        """
        right = " + ".join(f"{value:.{digits}f} {term_text(term)}" for term, value in self.active)
        return f"({self.module})[k+1] = {right or f'{0:.{digits}f}'}"

    __str__ = text

    def latex(self, digits: int = 3) -> str:
        """Return the equation in LaTeX (without dollar signs)."""
        parts = [
            (value, "".join(r"\," + _latex_factor(name, term.count(name)) for name in dict.fromkeys(term)))
            for term, value in self.active
        ]
        return f"{_latex_name(self.module, 'k+1')} = " + _join_signed(parts, "{} {}{}", digits, "-", "+")

    def mathml(self, digits: int = 3) -> str:
        """Return the equation in presentation MathML, which browsers draw and screen readers read."""
        parts = [
            (
                value,
                "".join(
                    "<mo>&#8290;</mo>" + _mathml_factor(name, term.count(name))
                    for name in dict.fromkeys(term)
                ),
            )
            for term, value in self.active
        ]
        right = _join_signed(parts, "<mo>{}</mo><mn>{}</mn>{}", digits, "&#8722;", "+")
        left = _mathml_name(self.module, "<mi>k</mi><mo>+</mo><mn>1</mn>")
        return (
            f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">{left}<mo>=</mo>{right}</math>'
        )


def latex_text(words: Any) -> str:
    r"""Return a label as text of LaTeX.

    >>> latex_text("a_b & 50%")
    'a\\_b \\& 50\\%'
    """
    return " ".join(str(words).translate(LATEX_TEXT).split())


def _join_signed(parts: list[tuple[float, str]], form: str, digits: int, minus: str, plus: str) -> str:
    """Return a sum whose first term has no plus sign."""
    if not parts:
        return form.format("", f"{0:.{digits}f}", "").replace("<mo></mo>", "").strip()
    pieces = [
        form.format(minus if value < 0 else plus if i else "", f"{abs(value):.{digits}f}", rest)
        for i, (value, rest) in enumerate(parts)
    ]
    return " ".join(pieces).replace("<mo></mo>", "").strip()


def _latex_name(name: str, index: str) -> str:
    return r"\mathit{" + name.translate(LATEX) + "}_{" + index + "}"


def _latex_factor(name: str, power: int) -> str:
    return _latex_name(name, "k") + (f"^{{{power}}}" if power > 1 else "")


def _mathml_name(name: str, index: str) -> str:
    return f"<msub><mi>{escape(name)}</mi><mrow>{index}</mrow></msub>"


def _mathml_factor(name: str, power: int) -> str:
    if power == 1:
        return _mathml_name(name, "<mi>k</mi>")
    return f"<msubsup><mi>{escape(name)}</mi><mi>k</mi><mn>{power}</mn></msubsup>"


@dataclass(frozen=True)
class SpiceModel:
    """All equations of a model, for all its participants.

    Attributes:
        participants: labels, in the order of their indices in the data.
        equations: `{module: one Equation for each participant, None where it was not fitted}`.
        betas: `{state: one inverse noise temperature for each participant}`; empty where the model has none.
        given: hard-coded modules, which were not discovered, by name.
    """

    participants: tuple[Any, ...]
    equations: Mapping[str, tuple[Equation | None, ...]]
    betas: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    given: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, *equations: Equation, betas: Mapping[str, float] | None = None, participant: Hashable = 0
    ) -> "SpiceModel":
        """Return a model of one participant from its equations."""
        return cls(
            (participant,), {e.module: (e,) for e in equations}, {k: (v,) for k, v in (betas or {}).items()}
        )

    @property
    def modules(self) -> dict[str, tuple[Equation | None, ...]]:
        """The argument of a model's `integrate_sindy`: each module's equations, one for each participant."""
        return dict(self.equations)

    def index(self, participant: Hashable = None) -> int:
        """Position of a participant; the first that has equations when None.

        Raises:
            SettingsError: with the known labels.
        """
        places = range(len(self.participants))
        same = [i for i in places if participant is None or self.participants[i] == participant]
        first = next(filter(self.has_equations, same), None)
        if first is None:
            same = [i for i in places if str(self.participants[i]) == str(participant)]
            first = next(filter(self.has_equations, same), None)
        if first is not None:
            return first
        known = [self.participants[i] for i in filter(self.has_equations, places)]
        raise SettingsError(
            [
                f"No equations for participant {participant!r}; there are some for {known[:20]}. Choose one"
                " of these."
            ]
        )

    def has_equations(self, place: int) -> bool:
        """Tell whether the participant at this position has an equation of each module."""
        return all(rows[place] is not None for rows in self.equations.values())

    def alone(self, participant: Hashable = None) -> "SpiceModel":
        """Return the equations of one participant as a model of its own."""
        place = self.index(participant)
        return SpiceModel(
            (self.participants[place],),
            {module: (rows[place],) for module, rows in self.equations.items()},
            {state: (values[place],) for state, values in self.betas.items()},
            self.given,
        )

    def equation(self, module: str, participant: Hashable = None) -> Equation:
        """Return the equation of one module for one participant."""
        if module not in self.equations:
            raise SettingsError(
                [
                    f"No equation for the module {module!r}; there are some for {list(self.equations)}."
                    " Choose one of these."
                ]
            )
        equation = self.equations[module][self.index(participant)]
        assert equation is not None
        return equation

    def of_participant(self, participant: Hashable = None) -> dict[str, Equation]:
        """All equations of one participant, by module."""
        return {module: self.equation(module, participant) for module in self.equations}

    def beta(self, state: str, participant: Hashable = None) -> float:
        """Inverse noise temperature of a state; 1 where the model has none for it."""
        return self.betas[state][self.index(participant)] if state in self.betas else 1.0

    def n_parameters(self, participant: Hashable = None) -> int:
        """Return number of terms and betas in a participant's equations."""
        return sum(len(equation.active) for equation in self.of_participant(participant).values()) + len(
            self.betas
        )

    def text(self, participant: Hashable = None) -> str:
        """Return the equations and betas of one participant, a line each; hard-coded modules are named as
        given.
        """
        lines = [equation.text() for equation in self.of_participant(participant).values()]
        lines += [f"({module})[k+1] is given as a hard-coded equation" for module in self.given]
        lines += [f"beta({state}) = {self.beta(state, participant):.4f}" for state in self.betas]
        return "\n".join(lines)

    __str__ = text

    def latex(self, participant: Any = None) -> str:
        """Return the equations and betas of one participant as lines of LaTeX for a `gather*` of amsmath."""
        lines = [equation.latex() for equation in self.of_participant(participant).values()]
        lines += [
            rf"\beta_{{\mathit{{{state.translate(LATEX)}}}}} = {self.beta(state, participant):.4f}"
            for state in self.betas
        ]
        return " \\\\\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain data (JSON), from which `from_dict` makes an equal model."""
        return {
            "participants": [_plain(label) for label in self.participants],
            "equations": {
                module: [None if e is None else _equation_dict(e) for e in rows]
                for module, rows in self.equations.items()
            },
            "betas": {state: list(values) for state, values in self.betas.items()},
            "given": list(self.given),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "SpiceModel":
        """Return the model that `to_dict` wrote.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: for anything else.
        """
        participants = tuple(data["participants"])
        equations = {
            str(m): tuple(None if e is None else _equation_from(str(m), e) for e in rows)
            for m, rows in data["equations"].items()
        }
        betas = {str(state): tuple(float(v) for v in values) for state, values in data["betas"].items()}
        if any(len(rows) != len(participants) for rows in [*equations.values(), *betas.values()]):
            raise ValueError("a different number of equations, betas and participants")
        if not equations or any(all(e is None for e in rows) for rows in equations.values()):
            raise ValueError("a module without an equation")
        if not all(isfinite(value) for values in betas.values() for value in values):
            raise ValueError("a beta that is not a number")
        return cls(participants, equations, betas, tuple(str(module) for module in data["given"]))


def _plain(label: Hashable) -> Any:
    return getattr(label, "item", lambda: label)()  # a number of numpy's


def _equation_dict(equation: Equation) -> dict[str, Any]:
    return {
        "terms": [list(term) for term in equation.terms],
        "values": list(equation.values),
        "dropped": [[list(term), why] for term, why in equation.dropped.items()],
        "notes": list(equation.notes),
    }


def _equation_from(module: str, data: Mapping[str, Any]) -> Equation:
    terms = tuple(tuple(str(factor) for factor in term) for term in data["terms"])
    values = tuple(float(value) for value in data["values"])
    if len(terms) != len(values) or not all(map(isfinite, values)):
        raise ValueError("a coefficient is missing or not a number")
    dropped = {tuple(str(factor) for factor in term): str(why) for term, why in data["dropped"]}
    return Equation(module, terms, values, dropped, tuple(str(note) for note in data["notes"]))
