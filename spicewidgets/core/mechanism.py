"""How a mechanism of choice is declared: its parameters, its update, and what is said of it.

An update is a short function of arrays with the operators of Python: with NumPy's arrays it plays a
participant, with torch's tensors it is fitted, with the compiler's symbols it becomes machine code, and with
polynomials (`polynomial.py`) it is the true equation. A declaration imports none of these. What is
declared is in `mechanisms.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

Array = Any  # of NumPy or torch, a symbol of the compiler, or a polynomial
Memory = Mapping[str, Array]


class Trial(NamedTuple):
    """A trial as the participant saw it; arrays are `(n_sessions, n_options)`, or `(n_sessions, 1)`.

    In a task of several stages it is one of them: a choice and, if there is one, its outcome.

    Attributes:
        chosen: 1 for the option that was chosen, else 0.
        reward: of the chosen option, `(n_sessions, 1)`.
        outcomes: of every option, as far as it was seen; -1 where it was not.
        seen: 1 where an outcome was seen, else 0.
        known: 0 where nothing can be learned from rewards, as that of the choice itself is missing, else 1.
    """

    chosen: Array
    reward: Array
    outcomes: Array
    seen: Array
    known: Array = 1.0


class Values:
    """Parameters by name: a number each, or an array of all sessions."""

    def __init__(self, **values: Array) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Array:
        raise AttributeError(f"no parameter {name!r} is declared")


class GuessRange(NamedTuple):
    """The range of a parameter in the quiz.

    Attributes:
        low, high, step: from which a mystery is drawn.
        first: what the form says at first.
        least: its least distance from where the mechanism is absent.
    """

    low: float
    high: float
    step: float
    first: float = 0.25
    least: float = 0.0


@dataclass(frozen=True)
class ParameterSpec:
    """A parameter of the simulated participant.

    Attributes:
        name: public, as an argument, an option and a column.
        help: what it is, in a sentence.
        label: of its slider.
        symbol, letter: in a rule, and in print.
        default, low, high, unit: of the setting.
        scale: "share" of a rate between 0 and 1, "positive", or "real".
        slider: lowest, highest and step.
        short: its name in a rival; the name itself when empty.
        follows: the parameter that it is the same as, where it is not given.
        guess: its range in the quiz; None where it is not asked for.
        beyond: what an equation does that stands for a value below its range, and above.
        in_head: whether it stands beside the equation in the head of the page.
    """

    name: str
    help: str
    label: str
    symbol: str
    letter: str
    default: float | None = 0.0
    low: float = 0
    high: float = 1
    unit: str = ""
    scale: str = "share"
    slider: tuple[float, float, float] = (0, 1, 0.01)
    short: str = ""
    follows: str = ""
    guess: GuessRange | None = None
    beyond: tuple[str, str] = ("", "")
    in_head: bool = False

    @classmethod
    def share(
        cls, name: str, label: str, letter: str, default: float, help: str = "", **further: Any
    ) -> "ParameterSpec":
        """Return a parameter between 0 and 1; its help is its label where it has no other."""
        symbol = further.get("short", name)
        return cls(name, help or f"{label}.", label, symbol, letter, default, **further)

    @classmethod
    def positive(
        cls,
        name: str,
        label: str,
        letter: str,
        default: float,
        help: str = "",
        high: float = 20,
        **further: Any,
    ) -> "ParameterSpec":
        """Return a parameter of 0 or more."""
        scale = {"high": high, "scale": "positive", "slider": (0, high, high / 200)}
        return cls.share(name, label, letter, default, help, **scale, **further)

    @classmethod
    def real(
        cls,
        name: str,
        label: str,
        letter: str,
        default: float,
        help: str = "",
        most: float = 20,
        **further: Any,
    ) -> "ParameterSpec":
        """Return a parameter of either sign; its slider reaches a quarter of its range."""
        scale = {"low": -most, "high": most, "scale": "real", "slider": (-most / 4, most / 4, most / 200)}
        return cls.share(name, label, letter, default, help, **scale, **further)

    @property
    def short_name(self) -> str:
        """Its name in rivals and their equations."""
        return self.short or self.name

    @property
    def words(self) -> str:
        """What it is, within a sentence: "learning rate α"."""
        return self.label[0].lower() + self.label[1:]

    def is_neutral(self, values: Mapping[str, Any]) -> bool:
        """Tell whether the parameter has no effect: it is 0 or missing, or the same as the one it follows."""
        value = values.get(self.name)
        return value is None or value == (values.get(self.follows) if self.follows else 0)


@dataclass(frozen=True)
class StateSpec:
    """What is remembered of each option from trial to trial, `(n_sessions, n_options)`.

    Attributes:
        name: by which updates know it.
        model: its name in agents and models.
        symbol: in equations.
        start: its value before the first trial, or the parameter that is.
        weight: what multiplies it in the logit of a choice; None where it is no summand of that.
    """

    name: str
    model: str
    symbol: str
    start: float | ParameterSpec
    weight: ParameterSpec | None

    @property
    def first(self) -> float:
        """Its value before the first trial, where no participant says another."""
        return float(self.start.default or 0.0) if isinstance(self.start, ParameterSpec) else self.start


@dataclass(frozen=True)
class AsRival:
    """The rival that is Rescorla and Wagner's learner with a mechanism.

    Attributes:
        name, label, brief: as a rival has them.
        source: where it is from.
        size: of the mechanism, by which the rival is told from Rescorla and Wagner's; None for no such test.
    """

    name: str
    label: str
    brief: str
    source: str
    size: float | None = None


class Mechanism:
    """Base of every mechanism: a subclass declares it.

    Attributes:
        name: in words.
        words: what it does, within a sentence.
        hint: where a player of the quiz who has missed it should look; empty where it is not asked for.
        parameters: its own, beside the weights of the states that it brings.
        states: that it moves first; the values are `LEARNING`'s.
        equation: the update in symbols, with the short names of parameters.
        tied: the one parameter that the quiz and rivals have in place of all of its own.
        within: the mechanism whose update it is a part of; None for one with an update of its own.
        rival: None where no rival has it alone.
    """

    name: str = ""
    words: str = ""
    hint: str = ""
    parameters: tuple[ParameterSpec, ...] = ()
    states: tuple[StateSpec, ...] = ()
    equation: str = ""
    tied: ParameterSpec | None = None
    within: "Mechanism | None" = None
    rival: AsRival | None = None

    def __init__(self, name: str = "", words: str = "") -> None:
        """Take name and words, of a mechanism of which no more is said."""
        self.name, self.words = name or self.name, words or self.words

    def change(self, p: Values, state: Memory, trial: Trial) -> Memory:
        """Return what a trial adds to states, by name.

        Args:
            p: parameters by name, a number or `(n_sessions, 1)` each.
            state: the states before the trial, `(n_sessions, n_options)`.
            trial: what was seen.
        """
        return {}

    def rate(self, p: Values, trial: Trial) -> Array:
        """Return the rate at which each option learns from rewards; 0 of a mechanism that does not."""
        return 0.0

    @property
    def all_parameters(self) -> tuple[ParameterSpec, ...]:
        """Its parameters, those of the states that it brings first."""
        own = [part for state in self.states for part in (state.weight, state.start)]
        return (*(part for part in own if isinstance(part, ParameterSpec)), *self.parameters)

    @property
    def sizes(self) -> tuple[ParameterSpec, ...]:
        """The parameters without which it has no effect on choices."""
        return tuple(state.weight for state in self.states if state.weight) or self.parameters

    @property
    def asked(self) -> ParameterSpec | None:
        """The parameter that the quiz asks for; None where it does not."""
        candidates = ((self.tied,) if self.tied else self.sizes) if self.hint else ()
        return next((one for one in candidates if one.guess), None)

    @property
    def says(self) -> str:
        """What it does, as a sentence."""
        return f"{self.words[0].upper()}{self.words[1:]}."

    def is_in_use(self, values: Mapping[str, Any]) -> bool:
        """Tell whether a participant with these parameters has the mechanism."""
        return not all(one.is_neutral(values) for one in self.sizes)


def states_of(mechanisms: Iterable[Mechanism]) -> tuple[StateSpec, ...]:
    """List the states that mechanisms move."""
    return tuple(dict.fromkeys(state for one in mechanisms for state in one.states))


def update(mechanisms: Iterable[Mechanism], p: Values, state: Memory, trial: Trial) -> dict[str, Array]:
    """Return the states after a trial: all mechanisms act at once, on the states before it.

    What they add is summed from the last to the first, so that sums round as they always have.
    """
    after = dict(state)
    for one in reversed(tuple(mechanisms)):
        for name, added in one.change(p, state, trial).items():
            after[name] = after[name] + added
    return after
