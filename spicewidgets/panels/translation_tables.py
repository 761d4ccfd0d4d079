"""The tables of the translation: steps to the parameters, the way back, a term's worth, and freedoms."""

import re
from collections.abc import Hashable
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from ..core.equations import term_of
from ..experiment.result import Result
from ..markup import Html, escape_text, fold, message, table
from ..views.meaning import (
    Tried,
    freedoms_of,
    instead_of,
    interval_of,
    learner_parameters,
    steps_of,
)
from ..views.pressed import learner_of
from ..views.words import PARAMETERS, SHARE, SYMBOLS
from .words import decimal, with_error

if TYPE_CHECKING:
    from ..core.discover.dropping import Cost
    from ..core.equations import Equation, SpiceModel

LETTERS = SYMBOLS | {"alpha_plus": "α⁺", "w_u": "wᵤ", "V0": "V₀", "C0": "C₀", "*": "×", "-": "−"}
TWO_RATES = PARAMETERS | {"alpha_reward": "α⁺ after a reward", "alpha_penalty": "α⁻ after no reward"}
FREEDOMS = {
    "both arms": "{shift:+.2f} for both options",
    "stretch": "values × 2, β ÷ 2",
    "one arm": "{shift:+.2f} for option 1 only",
}
VALUE = "x_value_reward"
NEGLIGIBLE = 1e-9
UNLIKELY = 0.05  # below this, a loss is not put down to chance
EARLY = 10  # trials
NO_WORDS = "Nothing is known of the modules of this model in terms of a Q-learner."


def steps_table(result: Result, participant: Hashable) -> Html:
    """One row for each parameter: what its number in the equation is made of, and the number today."""
    steps = steps_of(result, participant)
    if not steps:
        return Html(f"<p>{escape_text(NO_WORDS)}</p>")
    uncertainty = result.uncertainty.get(participant)
    errors = {} if uncertainty is None else uncertainty.parameters
    two = any(step.parameter == "alpha_penalty" for step in steps)
    names = TWO_RATES if two else PARAMETERS
    ends = {step.parameter: interval_of(result, participant, step.parameter) for step in steps}
    rows = [
        [
            names.get(step.parameter, step.parameter),
            _with_interval(step.value, ends[step.parameter], errors.get(step.parameter)),
            in_print(step.rule),
            in_print(f"{step.symbol} = {step.solved} = {step.fill_in()}"),
        ]
        for step in steps
    ]
    numbers = {symbol: value for step in steps for symbol, value in step.numbers.items()}
    start = f", starting at V₀ = {numbers['V0']:g}" if "V0" in numbers else ""
    caption = f"From x′ = k + w x + g r{' + c x r' if two else ''}{start}, to the parameters"
    shown = any(isfinite(low) for low, _ in ends.values())
    caption += f", with {SHARE} intervals as in People" if shown else ""
    caption += ", ± standard error by the delta method" if errors and not shown else ""
    content = table(caption, ("parameter", "is", "since", "so that, today"), rows)
    if (other := instead_of(result, participant)) is not None:
        number = f"{names[other.name]} {decimal(other.value, 2)}"
        content = Html(content + message(f"No Q-learner has {number}. Here it means that {other.means}."))
    return content


def _with_interval(value: float, ends: tuple[float, float], error: float | None) -> str:
    """Return a parameter with its interval, where there is one, else with its standard error."""
    digits = 2 if abs(value) >= 1 else 3
    if not (isfinite(value) and isfinite(ends[0])):
        return with_error(value, error, digits)
    return f"{decimal(value, digits)} ({decimal(ends[0], digits)} to {decimal(ends[1], digits)})"


def kind_table(result: Result, participant: Hashable) -> Html:
    """One row for each parameter of the learner of a kind of task, as the equations stand for it; a sentence
    where they are not read as such a learner.
    """
    found = learner_parameters(result, participant)
    who = learner_of(result)
    if not found:
        return Html(
            f"<p>These equations are not read as the parameters of a learner ({escape_text(who)}): they are"
            " what they say, term by term. Rivals has that learner's parameters, fitted to the same"
            " choices.</p>"
        )
    true = result.classical.get(participant, {})
    uncertainty = result.uncertainty.get(participant)
    errors = {} if uncertainty is None else uncertainty.parameters
    rows = [
        [
            PARAMETERS[name],
            _with_interval(value, interval_of(result, participant, name), errors.get(name)),
            *([decimal(true[name][0], 3) if name in true else ""] if true else []),
        ]
        for name, value in found.items()
    ]
    columns = ("parameter", "is", "true") if true else ("parameter", "is")
    content = table(f"The parameters that the equations stand for: {who}", columns, rows)
    if (other := instead_of(result, participant)) is not None:
        name = PARAMETERS.get(other.name, other.name)
        number = f"{name} {decimal(other.value, 2)}"
        content = Html(content + message(f"No such learner has {number}. Here it means that {other.means}."))
    return content


def way_back_table(spice: "SpiceModel", tried: Tried, participant: Hashable) -> Html:
    """Return the equation of the moved parameters beside the found one, and what the choices say."""
    rows = []
    for module, equation in tried.spice.of_participant().items():
        before = spice.of_participant(participant).get(module)
        for term in dict.fromkeys((*equation.terms, *(before.terms if before else ()))):
            pair = before.coefficient(*term) if before else 0.0, equation.coefficient(*term)
            if any(pair):
                rows.append([term_of(term, module), *(decimal(value, sign="+") for value in pair)])
    words = ""
    if tried.nll is not None:
        words = (
            f"From the second trial on, a choice costs {tried.nll[0]:.4f} nats with the parameters as they"
            f" are set, {tried.nll[1]:.4f} as they were found; P differs by at most {tried.max_dp:.3f}."
        )
    caption = "The way back: the equation of the parameters"
    content = table(caption, ("coefficient", "found", "as set"), rows)
    return Html(f'{content}<p role="status">{escape_text(words)}</p>')


def cost_in_words(cost: "Cost") -> str:
    """Tell whether a term can go."""
    before, after = cost.nll["whole"], cost.nll["refitted"]
    often = f"{cost.by_chance:.1%} of" if cost.by_chance >= 0.001 else "fewer than 0.1% of"
    evidence = (
        f"without it, and all else fitted anew, the {cost.n_choices:,} choices are {max(cost.nats, 0):.1f}"
        f" nats less likely ({before:.4f} to {after:.4f} nats each); chance alone does that in {often} data"
        " sets without such a term."
    )
    verdict = "It cannot be left out" if cost.by_chance < UNLIKELY else "It may be left out"
    return f"{verdict}: {evidence}"


def cost_tables(cost: "Cost") -> Html:
    """Tabulate the change of P: over all sessions, early and late, and session by session."""
    rows = []
    for name, words in (("refitted", "all else fitted anew"), ("dropped", "all else as it was")):
        dp = cost.dp[name]
        changes = (np.nanmax(dp), np.nanmean(dp), np.nanmean(dp[:, :EARLY]), np.nanmean(dp[:, EARLY:]))
        rows.append([words, decimal(cost.nll[name], 4), *(decimal(float(change)) for change in changes)])
    names = ("without it", "NLL", "max |dP|", "mean |dP|", f"first {EARLY} trials", "later")
    each = [
        [f"session {session}", decimal(highest), decimal(mean)]
        for session, (highest, mean) in enumerate(zip(cost.max_dp(), cost.mean_dp(), strict=True))
    ]
    sessions = table("Each session, all else fitted anew", ("session", "max |dP|", "mean |dP|"), each)
    return Html(table("How P of option 1 changes", names, rows) + fold("session by session", sessions))


def freedoms_table(result: Result, participant: Hashable) -> Html:
    """Three ways to write the equation otherwise, and whether it can be seen."""
    rows = [
        [
            FREEDOMS[way.name].format(shift=way.shift).replace("-", "−"),
            "no" if way.max_dp < NEGLIGIBLE else f"by up to {way.max_dp:.2f}",
            _short_equation(way.spice.equation(f"{VALUE}_chosen", participant)),
            decimal(way.start, 2),
            decimal(way.beta, 2),
        ]
        for way in freedoms_of(result, participant)
    ]
    if not rows:
        return Html()
    names = ("values written with", "does P change?", "equation", "start", "β")
    return table("What the choices cannot tell, and what they can", names, rows)


def in_print(text: str) -> str:
    """Return a rule with Greek letters and the signs of print."""
    return re.sub(r"[A-Za-z]\w*|[*-]", lambda sign: LETTERS.get(sign[0], sign[0]), text)


def _short_equation(equation: "Equation") -> str:
    """Return an equation on a short line, with x for the value and r for the reward."""
    letters = {equation.module: "x", "c_reward": "r"}
    parts = [
        " ".join([f"{'−' if value < 0 else '+'} {decimal(abs(value), 2)}", *(letters[f] for f in term)])
        for term, value in equation.active
        if abs(value) > NEGLIGIBLE
    ]
    return f"x′ = {' '.join(parts).removeprefix('+ ') or '0'}"
