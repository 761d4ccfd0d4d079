"""How a rival is declared: its parameters with bounds and priors, and what a trial does.

A rival is a class with two short functions, written in torch for many sessions side by side. They are run
as they stand where a rival plays a task, and compiled where it is fitted (`model.py`). A declaration loads
neither torch nor numpy, so that names and words of rivals are read off it wherever they are needed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any, Self

from ...loading import later
from ..mechanism import Array, ParameterSpec, Trial as Trial, Values as Values
from ..settings import SettingsError
from ..tasks import BANDIT_NAME, TASKS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    Floats = NDArray[np.float64]
else:
    np, Tensor = later("numpy"), Any
torch = later("torch")

State = dict[str, Tensor]
CEILING = "ceiling"  # the name, among rivals, of networks of which no structure is asked
UNITS = ("1 unit", "2 units", "3 units", "4 units")  # of tiny ones, which tell how many variables there are


@dataclass(frozen=True)
class Parameter:
    """A number of each person.

    It is searched for, and has its prior, on a scale: the log-odds of a share, the logarithm of a positive
    number, or the number itself.

    Attributes:
        name: by which the rival's functions know it.
        words: what it is.
        scale: "share", "positive" or "real".
        low, high: bounds of the search; on the scale of a share neither 0 nor 1 can be reached.
        mean, sd: of its normal prior, on its scale.
        per_option: whether each option has one, but the first, for which it is 0.
    """

    name: str
    words: str
    scale: str
    low: float
    high: float
    mean: float
    sd: float
    per_option: bool = False

    @classmethod
    def share(cls, name: str, words: str, mean: float = 0.0, sd: float = 1.5) -> Self:
        """Return a parameter between 0 and 1, such as a learning rate; the prior is nearly even."""
        return cls(name, words, "share", 0.001, 0.999, mean, sd)

    @classmethod
    def positive(
        cls, name: str, words: str, median: float = 3.0, sd: float = 1.0, high: float = 50.0
    ) -> Self:
        """Return a parameter above 0, such as an inverse noise temperature; the prior has this median."""
        return cls(name, words, "positive", 0.01, high, log(median), sd)

    @classmethod
    def real(
        cls, name: str, words: str, sd: float = 2.0, most: float = 20.0, per_option: bool = False
    ) -> Self:
        """Return a parameter of either sign; the prior is normal around 0."""
        return cls(name, words, "real", -most, most, 0.0, sd, per_option)

    def to_scale(self, value: Any) -> "Floats":
        """Values on the parameter's scale."""
        value = np.asarray(value, float)
        if self.scale == "share":
            return np.asarray(np.log(value) - np.log1p(-value))
        return np.asarray(np.log(value)) if self.scale == "positive" else value

    def from_scale(self, value: Any) -> "Floats":
        """Values of the parameter, from its scale."""
        value = np.asarray(value, float)
        if self.scale == "share":
            return np.asarray(1 / (1 + np.exp(-value)))
        return np.asarray(np.exp(value)) if self.scale == "positive" else value

    def slope(self, value: Any) -> "Floats":
        """Compute the derivative of the parameter by its scale, at some values of the parameter."""
        value = np.asarray(value, float)
        if self.scale == "share":
            return np.asarray(value * (1 - value))
        return value if self.scale == "positive" else np.ones_like(value)

    @property
    def prior_words(self) -> str:
        """The prior, as a paper states it."""
        of = {"share": "log-odds ", "positive": "ln ", "real": ""}[self.scale]
        return f"{of}normal, mean {self.mean:.3g}, sd {self.sd:.3g}"


def parameter_of(spec: ParameterSpec, name: str = "") -> Parameter:
    """Return a parameter of the simulated participant as one that is fitted.

    Args:
        spec: the declaration.
        name: of the parameter in the rival; its short name when empty.
    """
    name, words = name or spec.short_name, spec.help[0].lower() + spec.help[1:].removesuffix(".")
    if spec.scale == "real":
        return Parameter.real(name, words)
    return Parameter.share(name, words) if spec.scale == "share" else Parameter.positive(name, words)


def join(*parts: Array) -> Array:
    """Join the options of several arrays, of numpy as of torch."""
    return np.concatenate(parts, -1) if isinstance(parts[0], np.ndarray) else torch.cat(parts, -1)


class Rival:
    """Base of every rival: a subclass gives its words, its parameters, and what a trial does.

    Attributes:
        name: short, as the command line has it.
        label: its name in tables and pictures; the name itself when empty.
        brief: its name where there is little room; the label when empty.
        words: what the rival does, in a sentence.
        equation: the same in symbols.
        source: where it is from.
        parameters: in the order in which tables have them.
        states: memory states, and the value of each before the first trial.
        tasks: the kinds of task that it is for, by name (`core.tasks.TASKS`); empty for one of all kinds.
        named: whether it is compared only where it is named, but for the first kind of `tasks`.
        beyond: the parameter by which it is told from Rescorla-Wagner, and a size of it; None without one.
    """

    name: str = ""
    label: str = ""
    brief: str = ""
    words: str = ""
    equation: str = ""
    source: str = ""
    parameters: tuple[Parameter, ...] = ()
    states: Mapping[str, float] = {}
    tasks: tuple[str, ...] = (BANDIT_NAME,)
    named: bool = False
    beyond: tuple[str, float] | None = None

    def __init_subclass__(cls) -> None:
        """Let names that a class does not give follow from those that it gives."""
        super().__init_subclass__()
        given = vars(cls)
        if "name" in given:
            cls.label = given.get("label", "") or cls.name
            cls.brief = given.get("brief", "") or cls.label
            cls.beyond = given.get("beyond")

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """Return the memory states after a trial.

        Args:
            p: the parameters by name, each `(n_sessions, 1)`, or `(n_sessions, n_options)` where it is one
                per option.
            state: the memory states before it, `(n_sessions, n_options)`.
            trial: what was seen.
        """
        return state

    def logits(self, p: Values, state: State) -> Tensor:
        """Return the logit of each option, `(n_sessions, n_options)` or `(n_sessions, 1)`; arguments as in
        `update`.
        """
        raise NotImplementedError(f"{type(self).__name__} must say what moves a choice (logits).")

    def participant(self) -> "Rival":
        """Return the rival as it takes part where its kind of task is simulated; itself as a rule."""
        return self

    def of_rewards(self, zero: float | None) -> "Rival":
        """Return the rival for choices of which it is known what a reward of 0 became; itself, unless a
        rival's zero matters and is not given.

        Args:
            zero: the reward of a data set that is 0 in its table; None where it is of none.
        """
        return self

    def is_for(self, task: str) -> bool:
        """Tell whether it is for a kind of task, by its name."""
        return not self.tasks or any(TASKS[task].takes(own) for own in self.tasks)

    def columns(self, n_actions: int) -> tuple[tuple[str, Parameter], ...]:
        """Return the numbers of each person: their names, and the parameter that each belongs to."""
        columns: list[tuple[str, Parameter]] = []
        for parameter in self.parameters:
            if parameter.per_option:
                columns += [(f"{parameter.name}_{arm + 1}", parameter) for arm in range(1, n_actions)]
            else:
                columns.append((parameter.name, parameter))
        return tuple(columns)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def as_rival(rival: Any) -> Rival:
    """Return a rival, from one or from its class.

    Raises:
        SettingsError: where it is none, or its declaration does not hold together.
    """
    rival = rival() if isinstance(rival, type) and issubclass(rival, Rival) else rival
    if not isinstance(rival, Rival):
        raise SettingsError([f"A rival must be a subclass of Rival; got {rival!r}. Derive it from Rival."])
    problems = []
    if not rival.name:
        problems.append(f"{type(rival).__name__} must have a name; got none. Set name = 'my-rival'.")
    names = [parameter.name for parameter in rival.parameters]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        problems.append(f"Parameters must have names of their own; got {twice} twice. Rename one of them.")
    problems += [
        f"Parameter {it.name!r} must have a scale of share, positive or real, and low below high within it;"
        f" got {it.scale!r}, {it.low:g} and {it.high:g}. Make it by Parameter.share, positive or real."
        for it in rival.parameters
        if it.scale not in ("share", "positive", "real")
        or not it.low < it.high
        or (it.scale == "share" and not 0 < it.low < it.high < 1)
        or (it.scale == "positive" and not it.low > 0)
    ]
    if problems:
        raise SettingsError(problems)
    return rival
