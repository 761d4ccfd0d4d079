"""From the numbers of an equation to the parameters of a Q-learner, one step for each, to be read.

The same translation as `classical_parameters` in `translation.py`, which has the derivation, with every rule
spelled out. The symbols are words: k, w, g and c are the coefficients of 1, x, r and x r in the equation of
the chosen arm; `_u` marks the arm not chosen, `_c` the choice kernel, `_a` the learning rate; V0 and C0 are
the first values, and b a beta that the model has learned.
"""

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite

from ..equations import SpiceModel, Term
from ..models import HABIT, RATE, VALUE
from ..polynomial import FADING
from .translation import REWARD, HasInitValues, read_parameters, start_of

CHOSEN, NOT_CHOSEN, HABIT_CHOSEN = f"{VALUE}_chosen", f"{VALUE}_not_chosen", f"{HABIT}_chosen"


@dataclass(frozen=True)
class Step:
    """One parameter, read off the equation.

    Attributes:
        parameter: its name in `AgentQ`.
        symbol: its short name, as the rules have it.
        rule: what the coefficient is made of, such as "w = 1 - alpha".
        solved: the rule solved for the parameter, such as "1 - w", with `*` for every product.
        numbers: what the other symbols of `solved` stand for today.
        value: the parameter; NaN where the equation leaves it open, or the choices do not identify it.
    """

    parameter: str
    symbol: str
    rule: str
    solved: str
    numbers: Mapping[str, float]
    value: float

    def fill_in(self, digits: int = 3) -> str:
        """`solved` with today's numbers in place of the symbols, to so many significant digits.

        >>> Step("alpha_reward", "alpha", "w = 1 - alpha", "1 - w", {"w": 0.682}, 0.318).fill_in()
        '1 - 0.682'
        """

        def number(match: re.Match[str]) -> str:
            value = self.numbers.get(match[0])
            if value is None:
                return match[0]
            return f"({value:.{digits}g})" if value < 0 else f"{value:.{digits}g}"

        return re.sub(r"[A-Za-z]\w*", number, self.solved)

    def text(self, digits: int = 3) -> str:
        """Return the whole step on a line: `alpha = 1 - w = 1 - 0.682 = 0.318`."""
        value = f"{self.value:.{digits}g}" if isfinite(self.value) else "not identified"
        return f"{self.symbol} = {self.solved} = {self.fill_in(digits)} = {value}"


def steps(spice: SpiceModel, model: HasInitValues, participant: Hashable = None) -> tuple[Step, ...]:
    """Return the steps from a participant's equations to the parameters of `AgentQ`, in the order of the
    reading.

    Args:
        spice: discovered or true equations.
        model: the model or its class, for its `init_values`.
        participant: label; the first that has equations when None.
    """
    parameters = read_parameters(spice, model, participant)
    rows: list[_Reading] = []
    for module, equation in spice.of_participant(participant).items():
        if (read := _READ.get(module)) is not None:
            state = HABIT if module.startswith(HABIT) else VALUE
            learned = spice.beta(state, participant) if state in spice.betas else None
            start = start_of(model, state)
            numbers = {"V0": start, "C0": start} | dict.fromkeys(
                ("b", "b_c"), 1.0 if learned is None else learned
            )
            numbers |= {symbol: equation.coefficient(*term) for symbol, term in COEFFICIENTS[module].items()}
            rows += read(numbers, learned is not None, parameters)
    return tuple(
        Step(name, symbol, rule, solved, _named_in(solved, numbers), parameters[name])
        for name, symbol, rule, solved, numbers in rows
    )


# The symbol of each coefficient, by module.
COEFFICIENTS: Mapping[str, Mapping[str, Term]] = {
    CHOSEN: {"k": (), "w": (CHOSEN,), "g": (REWARD,), "c": (CHOSEN, REWARD)},
    NOT_CHOSEN: {"w_u": (NOT_CHOSEN,)},
    HABIT_CHOSEN: {"k_c": (), "w_c": (HABIT_CHOSEN,)},
    RATE: {"k_a": (), "w_a": (RATE,), "g_a": (REWARD,)},
}
_Numbers = dict[str, float]
_Reading = tuple[str, str, str, str, _Numbers]


def _named_in(solved: str, numbers: _Numbers) -> _Numbers:
    """Return the numbers that the solved rule names."""
    named = re.findall(r"[A-Za-z]\w*", solved)
    return {symbol: numbers[symbol] for symbol in dict.fromkeys(named)}


def _chosen(numbers: _Numbers, has_beta: bool, parameters: Mapping[str, float]) -> Iterator[_Reading]:
    over, times = (" / b", "b * ") if has_beta else ("", "")
    one = not numbers["c"]
    minus, plus = ("alpha", "alpha") if one else ("alpha_minus", "alpha_plus")
    numbers |= {minus: parameters["alpha_penalty"], plus: parameters["alpha_reward"]}
    numbers["beta"] = parameters["beta_reward"]
    yield "alpha_reward" if one else "alpha_penalty", minus, f"w = 1 - {minus}", "1 - w", numbers
    if one:
        yield "beta_reward", "beta", f"g = alpha beta{over}", f"{times}g / alpha", numbers
    else:
        yield "alpha_reward", plus, "c = alpha_minus - alpha_plus", "alpha_minus - c", numbers
        rule = f"g = alpha_plus beta{over} - c k / alpha_minus"
        yield "beta_reward", "beta", rule, f"{times}(g + c * k / alpha_minus) / alpha_plus", numbers
    yield "q0", "q0", f"k = {minus} (V0 - beta q0{over})", f"{times}(V0 - k / {minus}) / beta", numbers


def _not_chosen(numbers: _Numbers, has_beta: bool, parameters: Mapping[str, float]) -> Iterator[_Reading]:
    rate, less = FADING[NOT_CHOSEN].parameters[0], ""
    if "alpha_counterfactual_penalty" in parameters:
        numbers["alpha_u"], less = parameters["alpha_counterfactual_penalty"], " - alpha_u"
    yield rate.name, rate.symbol, f"w_u = 1 - {rate.symbol}{less}", f"1 - w_u{less}", numbers


def _habit(numbers: _Numbers, has_beta: bool, parameters: Mapping[str, float]) -> Iterator[_Reading]:
    over, times = (" / b_c", "b_c * ") if has_beta else ("", "")
    numbers["alpha_c"] = parameters["alpha_choice"]
    yield "alpha_choice", "alpha_c", "w_c = 1 - alpha_c", "1 - w_c", numbers
    rule = f"k_c = alpha_c (C0 + beta_c{over})"
    yield "beta_choice", "beta_c", rule, f"{times}(k_c / alpha_c - C0)", numbers


def _rate(numbers: _Numbers, has_beta: bool, parameters: Mapping[str, float]) -> Iterator[_Reading]:
    rule = "k_a = (1 - w_a) alpha_minus"
    yield "alpha_penalty", "alpha_minus", rule, "k_a / (1 - w_a)", numbers
    rule = "g_a = (1 - w_a) (alpha_plus - alpha_minus)"
    yield "alpha_reward", "alpha_plus", rule, "(k_a + g_a) / (1 - w_a)", numbers
    yield "beta_reward", "beta", "beta = b", "b", numbers
    yield "q0", "q0", "q0 = V0", "V0", numbers


_READ = {CHOSEN: _chosen, NOT_CHOSEN: _not_chosen, HABIT_CHOSEN: _habit, RATE: _rate}
