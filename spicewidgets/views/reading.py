"""The equations of a participant as sentences, for a panel to set: what stands where."""

from collections.abc import Hashable
from dataclasses import dataclass
from math import inf, nan
from typing import TYPE_CHECKING

from ..core.equations import Term
from ..core.read.words import (
    TermInWords,
    module_in_words,
    parts,
    python,
    signs_of,
    state_in_words,
    subject,
    tendency,
)
from ..experiment.result import Result
from .intervals import BETA

if TYPE_CHECKING:
    from ..core.discover.uncertainty import Uncertainty

NOT_IDENTIFIED = "not identified by these choices"
OWN = "own"  # stands for a module's own value in a column of terms


@dataclass(frozen=True)
class SentencePart:
    """One number of a sentence, and what it is multiplied with.

    Attributes:
        key: module and term; `BETA` and the state for what drives choices.
        value: the number.
        sign: what stands before it.
        words, letters: what it is multiplied with; empty for a constant.
        name: what the number is called where it stands alone.
        column: the same for all terms that stand under each other.
    """

    key: tuple[str, Term]
    value: float
    sign: str
    words: str
    letters: str
    name: str
    column: Term


@dataclass(frozen=True)
class Sentence:
    """One equation.

    Attributes:
        module: whose; `BETA` for the sentence on the choice.
        start: how it begins, with the sign of equality.
        name: what it changes, in short.
        about: what it does, in a few words.
        parts: its terms, in order.
    """

    module: str
    start: str
    name: str
    about: str
    parts: tuple[SentencePart, ...]


def sentences_of(
    result: Result, participant: Hashable, errors: "Uncertainty | None" = None
) -> list[Sentence]:
    """Write a sentence for each module of a participant, and one on the choice where the model has betas.

    Args:
        result: of a run with equations.
        participant: whose equations.
        errors: standard errors; what a coefficient without a finite one does is not stated.
    """
    assert result.spice is not None
    built, made = result.description, []
    for module, equation in result.spice.of_participant(participant).items():
        start = subject(module, built)
        state, options = module_in_words(module, built)
        own = parts(equation, built)
        made.append(
            Sentence(
                module,
                f"{start[0].upper()}{start[1:]}, next ={' 0' if not own else ''}",
                f"{state[0].upper()}{state[1:]}, {options.removeprefix('the ').removeprefix('an ')}",
                NOT_IDENTIFIED if own_error(module, errors) == inf else tendency(equation),
                tuple(
                    _part(module, one, sign)
                    for one, sign in zip(own, signs_of([part.value for part in own]), strict=True)
                ),
            )
        )
    return [*made, *_choice(result, participant)]


def own_error(module: str, errors: "Uncertainty | None") -> float:
    """Return the standard error of what a module keeps of its value; NaN where there is none."""
    return nan if errors is None else errors.coefficients.get(module, {}).get((module,), nan)


def code_of(result: Result, participant: Hashable) -> str:
    """Return the equations as lines of Python."""
    assert result.spice is not None
    lines = [python(equation) for equation in result.spice.of_participant(participant).values()]
    lines += [f"beta_{state} = {result.spice.beta(state, participant):.3f}" for state in result.spice.betas]
    return "\n".join(lines)


def _part(module: str, one: TermInWords, sign: str) -> SentencePart:
    column = tuple(OWN if factor == module else factor for factor in one.term)
    return SentencePart(
        (module, one.term),
        one.value,
        sign,
        one.words,
        one.letters,
        one.words or "the constant",
        column,
    )


def _choice(result: Result, participant: Hashable) -> list[Sentence]:
    """Describe how values become a choice, where the model has learned how strongly they drive it."""
    assert result.spice is not None
    betas = {state: result.spice.beta(state, participant) for state in result.spice.betas}
    if not betas:
        return []
    signs = signs_of(list(betas.values()))
    own = tuple(
        SentencePart(
            (BETA, (state,)),
            beta,
            sign,
            f"the difference in {state_in_words(state)}",
            f"Δ{state_in_words(state)}",
            f"β of the {state_in_words(state)}",
            (state,),
        )
        for (state, beta), sign in zip(betas.items(), signs, strict=True)
    )
    return [Sentence(BETA, "Leans to an option by", "Choice", "", own)]
