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
  quarter of the range from which the parameter was drawn: that far off is, on the mean, who says the middle
  of the range without a look at the data. A parameter of a mechanism that was not guessed has no points; one
  that belongs to no true mechanism costs nothing beside what its mechanism has cost.

Knows nothing of panels; `mystery` and `score` load torch only for the data and their errors.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..settings import Participant, SettingsError
from .classical import TIED, errors_at, value_of, with_values

if TYPE_CHECKING:
    from ..data.dataset import DatasetRNN
    from ..simulate.session import BanditSession

LEVELS = (1, 2)
LAST_SEED = 9999
N_SESSIONS, N_TRIALS, SIGMA = 100, 100, 0.2  # of a mystery's data
SURE = 2.0  # standard errors


@dataclass(frozen=True)
class Mechanism:
    """What a participant may have beyond Rescorla and Wagner.

    Attributes:
        name: in words.
        parameter: its number.
        says: what it does, in a sentence.
        hint: where to look for it, for who has missed it.
    """

    name: str
    parameter: str
    says: str
    hint: str


MECHANISMS = (
    Mechanism(
        "forgetting",
        "forget_rate",
        "The value of an option not chosen goes back to where it began.",
        "Look at the option not chosen: does its value stay until it is chosen again?",
    ),
    Mechanism(
        "asymmetric learning",
        "alpha_penalty",
        "The learning rate after no reward is another than after a reward.",
        "Compare how far a value moves after a reward with how far it moves after none.",
    ),
    Mechanism(
        "choice kernel",
        "beta_choice",
        "The last choice is repeated, or avoided, whatever it has paid.",
        "Compare how often a choice is repeated after no reward with what its value alone would say.",
    ),
    Mechanism(
        "counterfactual learning",
        "alpha_counterfactual",
        "The option not chosen learns as if it had paid the opposite.",
        "Look at the option not chosen: does the reward of the other one move its value?",
    ),
)
BY_PARAMETER = {each.parameter: each for each in MECHANISMS}
# From where each parameter is drawn: lowest, highest, step.
RANGES = {
    "alpha_reward": (0.1, 0.9, 0.05),
    "beta_reward": (2.0, 8.0, 0.5),
    "forget_rate": (0.1, 0.5, 0.05),
    "alpha_penalty": (0.05, 0.9, 0.05),
    "beta_choice": (-2.0, 2.0, 0.25),
    "alpha_counterfactual": (0.1, 0.5, 0.05),
}
APART = 0.2  # least difference of the two learning rates
LEAST_KERNEL = 0.5  # least absolute value of beta_choice


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
        return ("alpha_reward", "beta_reward", *(each.parameter for each in mechanisms_of(self.participant)))


@dataclass(frozen=True)
class Part:
    """What a guess of one parameter is worth.

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
    """What a guess is worth.

    Attributes:
        terms: from 0 to 1; None at level 1.
        parts: one for each true parameter.
        hints: a sentence on each mechanism that is missing or too many.
    """

    terms: float | None
    parts: tuple[Part, ...]
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
    """The mystery of a level and a seed: the same for the same two. Raises `SettingsError` for others."""
    found = []
    if type(level) is not int or level not in LEVELS:
        found.append(f"level must be 1 or 2; got {level!r:.40}. Choose one of these.")
    if type(seed) is not int or not 0 <= seed <= LAST_SEED:
        found.append(f"seed must be a whole number from 0 to {LAST_SEED}; got {seed!r:.40}. Take another.")
    if found:
        raise SettingsError(found)
    rng = np.random.default_rng([level, seed])
    values = {name: _drawn(rng, name) for name in ("alpha_reward", "beta_reward")}
    if level == 2:
        n = int(rng.integers(1, 3))
        for at in sorted(rng.choice(len(MECHANISMS), n, replace=False).tolist()):
            name = MECHANISMS[at].parameter
            while not _is_seen(name, value := _drawn(rng, name), values["alpha_reward"]):
                pass
            values[name] = value
    return Mystery(level, seed, with_values(Participant(), values))


def _drawn(rng: Any, name: str) -> float:
    low, high, step = RANGES[name]
    return round(low + step * int(rng.integers(0, round((high - low) / step) + 1)), 4)


def _is_seen(name: str, value: float, alpha: float) -> bool:
    """Whether a mechanism with this number makes a difference that can be found."""
    if name == "alpha_penalty":
        return abs(value - alpha) >= APART - 1e-9
    return name != "beta_choice" or abs(value) >= LEAST_KERNEL


def mechanisms_of(participant: Participant) -> tuple[Mechanism, ...]:
    """What a participant has beyond Rescorla and Wagner, in the order of `MECHANISMS`."""
    there = {
        "forget_rate": participant.forget_rate != 0,
        "alpha_penalty": participant.alpha_penalty not in (None, participant.alpha_reward),
        "beta_choice": participant.beta_choice != 0,
        "alpha_counterfactual": any(getattr(participant, name) for name in TIED["alpha_counterfactual"]),
    }
    return tuple(each for each in MECHANISMS if there[each.parameter])


def sessions_of(riddle: Mystery) -> "tuple[DatasetRNN, tuple[BanditSession, ...]]":
    """The sessions of a mystery, without any word of who has played them: as a data set, and to read."""
    from ..data.simulated import create_dataset
    from ..simulate.agents import make_agent
    from ..simulate.environments import BanditsDrift

    agent, task = make_agent(riddle.participant), BanditsDrift(SIGMA)
    dataset, sessions, _ = create_dataset(agent, task, N_TRIALS, N_SESSIONS, random_state=riddle.seed)
    dataset.truth_probs = None
    return dataset, tuple(replace(session, reward_probs=None) for session in sessions)


def errors_of(riddle: Mystery, dataset: "DatasetRNN") -> dict[str, float]:
    """How closely the data can tell each hidden parameter."""
    return errors_at(dataset, riddle.participant, riddle.parameters)


def points(guess: float, truth: float, error: float, name: str) -> float:
    """What a guess of a parameter is worth, from 0 to 1; see the head of this module.

    >>> points(0.30, 0.32, 0.01, "alpha_reward")
    1.0
    >>> points(0.43, 0.32, 0.01, "alpha_reward")
    0.5
    """
    low, high, _ = RANGES[name]
    sure, blind = SURE * error, (high - low) / 4
    off = abs(guess - truth)
    if off <= sure + 1e-12:
        return 1.0
    if off >= blind or sure >= blind:
        return 0.0
    return round((blind - off) / (blind - sure), 12)


def score(riddle: Mystery, guess: Participant, errors: Mapping[str, float]) -> Score:
    """What a guess is worth. `errors` are those of `errors_of`. Raises `SettingsError` for a guess with
    parameters that no participant can have.
    """
    guess.checked()
    true, told = mechanisms_of(riddle.participant), mechanisms_of(guess)
    hints = [f"Something is missing. {each.hint}" for each in true if each not in told]
    hints += [
        f"The data do not ask for {each.name}: leave it out, and see whether anything is lost."
        for each in told
        if each not in true
    ]
    either = len({*true, *told})
    both = len([each for each in true if each in told])
    terms = None if riddle.level == 1 else both / either if either else 1.0
    parts = tuple(_part(name, riddle.participant, guess, told, errors[name]) for name in riddle.parameters)
    return Score(terms, parts, tuple(hints))


def _part(
    name: str, true: Participant, guess: Participant, told: tuple[Mechanism, ...], error: float
) -> Part:
    truth = value_of(true, name)
    if name in BY_PARAMETER and BY_PARAMETER[name] not in told:
        return Part(name, None, truth, error, 0.0, "")
    value = value_of(guess, name)
    worth = points(value, truth, error, name)
    return Part(name, value, truth, error, worth, "" if worth == 1 else _hint(value, truth, error))


def _hint(value: float, truth: float, error: float) -> str:
    way = "high" if value > truth else "low"
    times = abs(value - truth) / error if error > 0 else np.inf
    return f"Too {way}, by {times:.0f} times what the data can tell apart."
