"""Mystery participants, and what a guess about one is worth.

A mystery is drawn from a seed. At level 1 it is a Rescorla-Wagner learner with a hidden learning rate and
temperature; at level 2 it has one or two further mechanisms, which are hidden too. What can be seen are its
choices and rewards.

**The score** is of 100 points, at level 1 for the parameters, at level 2 half for the terms and half for the
parameters.

- *Terms*: of the mechanisms that are true or guessed, the share that is both (Jaccard's index; all of it
  where there are none of either). A mechanism too many costs as much as one too few: without that, to tick
  them all would win.
- *Parameters*: the mean over the true participant's parameters. A guess within two standard errors of the
  truth has all points, because nobody can know better from these data: the errors are the bound of Cramér
  and Rao, and 95 of 100 best estimates lie within two of them. From there the points fall evenly to 0, at a
  quarter of the range from which the parameter was drawn: so far off, on average, is a guess of the middle
  of the range without a look at the data. A parameter of a mechanism that was not guessed has no points; one
  that belongs to no true mechanism costs nothing beyond what its mechanism has cost.

The data of a mystery, and their standard errors, are in `rivals/quiz_data.py`, which loads torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..checks import raise_if_any
from ..mechanism import GuessRange, Mechanism
from ..mechanisms import ALPHA, ASKED, BETA, BEYOND
from ..settings import Participant
from ..simulate.parameters import value_of, with_values

LEVELS = (1, 2)
LAST_SEED = 9999
SURE = 2.0  # standard errors
BOTH = (ALPHA.name, BETA.name)  # of every mystery


MECHANISMS = tuple(one for one in BEYOND if one.asked)
BY_PARAMETER = {each.asked.name: each for each in MECHANISMS if each.asked}
# From where each parameter is drawn.
RANGES: Mapping[str, GuessRange] = {name: one.guess for name, one in ASKED.items() if one.guess}


@dataclass(frozen=True)
class Mystery:
    """A participant to be found out.

    Attributes:
        level, seed: from which it is drawn.
        participant: the answer.
    """

    level: int
    seed: int
    participant: Participant

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters that are hidden."""
        own = mechanisms_of(self.participant)
        return (*BOTH, *(each.asked.name for each in own if each.asked))


@dataclass(frozen=True)
class PartScore:
    """The points for a guess of one parameter.

    Attributes:
        name: of the parameter.
        guess: None where its mechanism was not guessed.
        truth, error: of the true participant, and how closely the data can tell it.
        points: from 0 to 1.
        hint: a sentence that helps, without the answer; empty for all points.
    """

    name: str
    guess: float | None
    truth: float
    error: float
    points: float
    hint: str


@dataclass(frozen=True)
class Score:
    """The points for a guess.

    Attributes:
        terms: from 0 to 1; None at level 1.
        parts: one for each true parameter.
        hints: a sentence on each mechanism that is missing or too many.
    """

    terms: float | None
    parts: tuple[PartScore, ...]
    hints: tuple[str, ...]

    @property
    def parameters(self) -> float:
        """The mean of the parts, from 0 to 1."""
        return sum(part.points for part in self.parts) / len(self.parts)

    @property
    def points(self) -> float:
        """All together, of 100."""
        if self.terms is None:
            return 100 * self.parameters
        return 50 * self.terms + 50 * self.parameters


def mystery(level: int, seed: int) -> Mystery:
    """Return the mystery of a level and a seed: the same for the same two. Raises `SettingsError` for
    others.
    """
    problems = []
    if type(level) is not int or level not in LEVELS:
        problems.append(f"level must be 1 or 2; got {level!r:.40}. Choose one of these.")
    if type(seed) is not int or not 0 <= seed <= LAST_SEED:
        problems.append(f"seed must be a whole number from 0 to {LAST_SEED}; got {seed!r:.40}. Take another.")
    raise_if_any(problems)
    rng = np.random.default_rng([level, seed])
    values = {name: _draw(rng, name) for name in BOTH}
    if level == 2:
        n = int(rng.integers(1, 3))
        for at in sorted(rng.choice(len(MECHANISMS), n, replace=False).tolist()):
            name = list(BY_PARAMETER)[at]
            while not _makes_a_difference(name, value := _draw(rng, name), values):
                pass
            values[name] = value
    return Mystery(level, seed, with_values(Participant(), values))


def _draw(rng: np.random.Generator, name: str) -> float:
    low, high, step, *_ = RANGES[name]
    return round(low + step * int(rng.integers(0, round((high - low) / step) + 1)), 4)


def _makes_a_difference(name: str, value: float, others: Mapping[str, float]) -> bool:
    """Tell whether the data can show a mechanism with this parameter."""
    return abs(value - others.get(ASKED[name].follows, 0.0)) >= RANGES[name].least - 1e-9


def mechanisms_of(participant: Participant) -> tuple[Mechanism, ...]:
    """List a participant's mechanisms beyond Rescorla and Wagner, in the order of `MECHANISMS`."""
    return tuple(each for each in MECHANISMS if each.is_in_use(vars(participant)))


def points(guess: float, truth: float, error: float, name: str) -> float:
    """Score a guess of a parameter, from 0 to 1; see the head of this module.

    >>> points(0.30, 0.32, 0.01, "alpha_reward")
    1.0
    >>> points(0.43, 0.32, 0.01, "alpha_reward")
    0.5
    """
    low, high, *_ = RANGES[name]
    sure, blind = SURE * error, (high - low) / 4
    off = abs(guess - truth)
    if off <= sure + 1e-12:
        return 1.0
    if off >= blind or sure >= blind:
        return 0.0
    return round((blind - off) / (blind - sure), 12)


def score(riddle: Mystery, guess: Participant, errors: Mapping[str, float]) -> Score:
    """Score a guess.

    Args:
        riddle: the mystery.
        guess: the participant that it is taken to be.
        errors: of each hidden parameter, as `quiz_data.errors_of` gives them.

    Raises:
        SettingsError: for a guess with parameters that no participant can have.
    """
    guess.checked()
    true, guessed = mechanisms_of(riddle.participant), mechanisms_of(guess)
    hints = [f"Something is missing. {each.hint}" for each in true if each not in guessed]
    hints += [
        f"The data do not ask for {each.name}: leave it out, and see whether anything is lost."
        for each in guessed
        if each not in true
    ]
    either = len({*true, *guessed})
    both = len([each for each in true if each in guessed])
    terms = None if riddle.level == 1 else both / either if either else 1.0
    parts = tuple(_part(name, riddle.participant, guess, guessed, errors[name]) for name in riddle.parameters)
    return Score(terms, parts, tuple(hints))


def _part(
    name: str, true: Participant, guess: Participant, guessed: tuple[Mechanism, ...], error: float
) -> PartScore:
    truth = value_of(true, name)
    if name in BY_PARAMETER and BY_PARAMETER[name] not in guessed:
        return PartScore(name, None, truth, error, 0.0, "")
    value = value_of(guess, name)
    share = points(value, truth, error, name)
    return PartScore(name, value, truth, error, share, "" if share == 1 else _hint(value, truth, error))


def _hint(value: float, truth: float, error: float) -> str:
    way = "high" if value > truth else "low"
    times = abs(value - truth) / error if error > 0 else np.inf
    return f"Too {way}, by {times:.0f} times what the data can tell apart."
