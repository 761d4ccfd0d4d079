"""Equations as sentences: what a module changes, what a term is, and what each coefficient means, for people.

The names in code stay where code is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..built import ACTION, AHEAD, ALL, CHOSEN, NOT_CHOSEN, REACHED, REWARD, REWARD_CHOSEN, BuiltModel
from ..equations import Equation, Term
from ..models import HABIT, RATE, STAY, V1, V2, VALUE
from ..polynomial import FADING

STATES = {
    VALUE: "value",
    HABIT: "habit",
    RATE: "learning rate",
    V1: "first-stage value",
    V2: "second-stage value",
    STAY: "staying",
}
SIGNALS = {
    REWARD: "reward",
    REWARD_CHOSEN: "reward of the chosen option",
    ACTION: "choice",
    REACHED: "value that was reached",
    AHEAD: "best value ahead",
}
OPTIONS = {CHOSEN: "the chosen option", NOT_CHOSEN: "an option not chosen", ALL: "every option"}
LETTERS = {REWARD: "r", REWARD_CHOSEN: "r of the chosen", ACTION: "a", RATE: "α"}


@dataclass(frozen=True)
class TermInWords:
    """One term of a sentence.

    Attributes:
        term: its factors.
        value: its coefficient.
        words: what the coefficient is multiplied with; empty for a constant.
        letters: the same in symbols.
    """

    term: Term
    value: float
    words: str
    letters: str


def state_in_words(state: str) -> str:
    """Return a state of a model, as it is spoken of: "value", "habit"."""
    return STATES.get(state) or state.removeprefix("x_").replace("_", " ")


def module_in_words(module: str, built: BuiltModel | None = None) -> tuple[str, str]:
    """Describe a module by the value that it updates and the options concerned: ("value", "the chosen
    option").

    Args:
        module: its name.
        built: the model that it belongs to; without, its name tells what names of ready models tell.
    """
    for one in () if built is None else built.modules:
        if one.name == module:
            return state_in_words(one.state), OPTIONS.get(one.arms, "some options")
    for arms, ending in ((NOT_CHOSEN, "_not_chosen"), (CHOSEN, "_chosen")):
        if module.endswith(ending):
            return state_in_words(module.removesuffix(ending)), OPTIONS[arms]
    return state_in_words(module), OPTIONS[CHOSEN if module == RATE else ALL]


def subject(module: str, built: BuiltModel | None = None) -> str:
    """Return the same in one piece: "value of the chosen option"."""
    return " of ".join(module_in_words(module, built))


def factor_in_words(factor: str, module: str, built: BuiltModel | None = None) -> str:
    """Return a factor of a term: the module's own value, or a signal."""
    if factor == module:
        return f"its {module_in_words(module, built)[0]} now"
    if factor in SIGNALS:
        return SIGNALS[factor]
    return state_in_words(factor.removeprefix("c_"))


def term_in_human_words(term: Term, module: str, built: BuiltModel | None = None) -> str:
    """Return a term, such as "its value now × reward"; "constant" without factors."""
    powers = {factor: term.count(factor) for factor in term}
    words = [factor_in_words(one, module, built) + _power(n) for one, n in powers.items()]
    return " × ".join(words) or "constant"


def part_of_sentence(term: Term, module: str, built: BuiltModel | None = None) -> str:
    """Return a term and its module: "reward in the value of the chosen option"."""
    if term == (module,) and module in FADING:
        return FADING[module].name
    return f"{term_in_human_words(term, module, built)} in the {subject(module, built)}"


def parts(equation: Equation, built: BuiltModel | None = None) -> list[TermInWords]:
    """Return the terms of an equation in the order of a sentence: its own value, signals, products, the
    constant.
    """
    module = equation.module

    def place(pair: tuple[Term, float]) -> tuple[bool, int, bool]:
        return not pair[0], len(pair[0]), module not in pair[0]

    return [
        TermInWords(
            term,
            value,
            term_in_human_words(term, module, built) if term else "",
            " ".join(_letter(one, module) + _power(term.count(one)) for one in dict.fromkeys(term)),
        )
        for term, value in sorted(equation.active, key=place)
    ]


def sentence(equation: Equation, built: BuiltModel | None = None, digits: int = 2) -> str:
    """Return the whole equation in words.

    >>> module = "x_value_reward_chosen"
    >>> sentence(Equation(module, ((), (module,), ("c_reward",)), (-0.29, 0.71, 0.92)))
    'Value of the chosen option, next = 0.71 × its value now + 0.92 × reward − 0.29'
    """
    start, own = subject(equation.module, built), parts(equation, built)
    terms = [f"{abs(one.value):.{digits}f}{f' × {one.words}' if one.words else ''}" for one in own]
    return f"{start[0].upper()}{start[1:]}, next = {_sum(own, terms)}"


def signs_of(values: Sequence[float]) -> list[str]:
    """Return the sign before each term of a sum: no plus before the first one."""
    return ["−" if value < 0 else "+" if at else "" for at, value in enumerate(values)]


def python(equation: Equation, digits: int = 3) -> str:
    """Return the equation as a line of Python, with the names of the code.

    >>> module = "x_value_reward_chosen"
    >>> python(Equation(module, ((), (module,), ("c_reward",)), (-0.29, 0.71, 0.92)))
    'x_value_reward_chosen = 0.71 * x_value_reward_chosen + 0.92 * c_reward - 0.29'
    """
    own = parts(equation)
    terms = [" * ".join([f"{round(abs(one.value), digits)}", *one.term]) for one in own]
    return f"{equation.module} = {_sum(own, terms).replace('−', '-')}"


def tendency(equation: Equation) -> str:
    """Describe the effect of an equation on its value in a few words; empty where it is no simple one."""
    kept = equation.coefficient(equation.module)
    if not 0 <= kept <= 1 or any(len(term) > 1 for term, _ in equation.active):
        return ""
    moves = f"{100 * (1 - kept):.0f} %"
    if kept == 1:
        return "" if len(equation.active) > 1 else "stays as it is"
    if kept == 0 and len(equation.active) <= 1:
        return "" if equation.active else "goes to 0"
    return f"moves {moves} of the way" if len(equation.active) > 1 else f"fades by {moves} a trial"


def _sum(own: Sequence[TermInWords], terms: Sequence[str]) -> str:
    signs = signs_of([one.value for one in own])
    return " ".join(f"{sign} {term}".strip() for sign, term in zip(signs, terms, strict=True)) or "0"


def _letter(factor: str, module: str) -> str:
    if factor == module:
        return "x"
    return LETTERS.get(factor) or factor.removeprefix("c_")


def _power(n: int) -> str:
    return "" if n == 1 else "²" if n == 2 else "³" if n == 3 else f"^{n}"
