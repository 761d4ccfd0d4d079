"""What can be set, with its unit, its bounds and its default: plain frozen values, checked before anything
runs.

Each field carries its own help, so that the command line, a panel and an error message say the same words.
`problems()` lists every wrong setting as a sentence; `checked()` raises them all at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from reprlib import Repr
from typing import Any, Self, get_args, get_origin

from .mechanism import ParameterSpec
from .mechanisms import ALPHA, ALPHA_PENALTY, BETA, PARAMETERS, Q0
from .tasks import BANDIT, BANDIT_NAME, TASKS, TaskKind

HIGHEST_SEED = 2**31 - 1
LEVEL = 0.95  # of every interval on the page, in commands and in reports, unless another is asked for
SHORT = Repr()
SHORT.maxlevel, SHORT.maxstring, SHORT.maxother, SHORT.maxlong = 4, 200, 200, 60
SHORT.maxlist = SHORT.maxtuple = SHORT.maxdict = SHORT.maxset = SHORT.maxfrozenset = 12


class SettingsError(ValueError):
    """One or more settings cannot be used.

    Attributes:
        problems: a sentence for each: what, allowed, got, what to do.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class SpiceWarning(UserWarning):
    """Something about the data or the fit that should be known before the equation is believed."""


def shorten(value: Any) -> str:
    """Return a value as an error message shows it: as `repr` does, of whatever size and depth it is.

    >>> shorten("drift"), shorten([[[[[[1]]]]]])
    ("'drift'", '[[[[[...]]]]]')
    """
    try:
        return SHORT.repr(value)
    except (ValueError, RecursionError):  # a number of very many digits, an object that contains itself
        return f"a {type(value).__name__}"


def setting(
    default: Any,
    help: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    choices: tuple[str, ...] = (),
    optional: bool = False,
    compare: bool = True,
    **further: Any,
) -> Any:
    """Return a dataclass field that carries its own declaration.

    Args:
        default: value when nothing is set.
        help: what it is, in a sentence.
        unit: of a number.
        low: least number that is allowed.
        high: largest number that is allowed.
        above: number that the value must be larger than.
        choices: all values of a text.
        optional: whether None is allowed.
        compare: False for what is only looked at: no result depends on it.
        **further: what else is declared of it; for those of a study see `core/studies/study.py`.
    """
    declaration = {
        "help": help,
        "unit": unit,
        "low": low,
        "high": high,
        "above": above,
        "choices": choices,
        "optional": optional,
        **further,
    }
    return field(default=default, compare=compare, metadata=declaration)


def describe_bounds(declaration: Mapping[str, Any]) -> str:
    """Return the bounds of a setting in words, for help texts and error messages.

    Args:
        declaration: the metadata of its field, as `setting` writes it.
    """
    if declaration["choices"]:
        return "one of " + ", ".join(declaration["choices"])
    if declaration["above"] is not None:
        words = f"above {declaration['above']:g}"
    elif declaration["low"] is not None and declaration["high"] is not None:
        return f"between {declaration['low']:g} and {declaration['high']:g}"
    elif declaration["low"] is not None:
        words = f"{declaration['low']:g} or more"
    else:
        words = "a number"
    return f"{words}, at most {declaration['high']:g}" if declaration["high"] is not None else words


@dataclass(frozen=True)
class Settings:
    """Base of the settings below: they are checked against the declarations of their fields."""

    def problems(self) -> list[str]:
        """Return a sentence for every setting that cannot be used; empty when all is well."""
        sentences = (
            describe_problem(item.name, getattr(self, item.name), item.type, item.metadata)
            for item in fields(self)
        )
        return [sentence for sentence in sentences if sentence]

    def checked(self) -> Self:
        """Return these settings, or a `SettingsError` with every problem at once."""
        if problems := self.problems():
            raise SettingsError(problems)
        return self


def describe_problem(name: str, value: Any, kind: Any, declaration: Mapping[str, Any]) -> str | None:
    """Return the sentence for a value that a setting cannot have; None where it can.

    Args:
        name: of the setting's field.
        value: to be checked.
        kind: type of the field.
        declaration: its metadata, as `setting` writes it.
    """
    if (value is None and declaration["optional"]) or declaration.get("metavar"):
        return None
    if isinstance(value, tuple) and get_origin(kind) is tuple:
        sentences = (describe_problem(name, one, get_args(kind)[0], declaration) for one in value)
        return next(filter(None, sentences), None)
    if declaration["choices"]:
        if isinstance(value, str) and value in declaration["choices"]:
            return None
        return f"{name} must be {describe_bounds(declaration)}; got {shorten(value)}. Choose one of these."
    if kind is bool or kind == "bool":
        if isinstance(value, bool):
            return None
        return f"{name} must be True or False; got {shorten(value)}. Use one of the two."
    whole = kind in (int, "int") or kind == int | None
    if isinstance(value, bool) or not isinstance(value, Real) or value != value:
        return f"{name} must be {describe_bounds(declaration)}; got {shorten(value)}. Give a number."
    if whole and not isinstance(value, Integral):
        return (
            f"{name} must be a whole number, {describe_bounds(declaration)}; got {shorten(value)}. Round it."
        )
    too_low = (declaration["low"] is not None and value < declaration["low"]) or (
        declaration["above"] is not None and value <= declaration["above"]
    )
    too_high = declaration["high"] is not None and value > declaration["high"]
    if too_low or too_high or abs(value) == float("inf"):
        unit = f" {declaration['unit']}" if declaration["unit"] else ""
        bounds = f"{describe_bounds(declaration)}{unit}"
        return f"{name} must be {bounds}; got {shorten(value)}. {declaration['help']}"
    return None


BANDITS = ("drift", "fixed", "reversal", "switch")
# Kinds beyond the bandit that can be simulated.
SIMULATED = tuple(name for name, kind in TASKS.items() if kind.simulation and name != BANDIT_NAME)


@dataclass(frozen=True)
class Task(Settings):
    """The task: a bandit, and how its reward probabilities change; or one of another kind."""

    kind: str = setting(
        "drift",
        "How the reward probabilities of a bandit change; or another kind of task.",
        choices=(*BANDITS, *SIMULATED),
    )
    n_actions: int = setting(2, "Number of arms.", unit="arms", low=2, high=6)
    sigma: float = setting(
        0.2,
        "Drift: standard deviation of the step of each reward probability; 0 keeps them fixed.",
        unit="per trial",
        low=0,
        high=1,
    )
    boundary: str = setting(
        "clip", "What a drifting probability does at 0 and 1.", choices=("clip", "reflect")
    )
    flip_probability: float = setting(
        0.02, "Reversal and switch: probability that a new block begins.", unit="per trial", low=0, high=1
    )
    counterfactual: bool = setting(False, "Whether the rewards of the arms not chosen are shown too.")
    common: float = setting(
        0.7,
        "Two-step: P of the state to which a first choice commonly leads; the participant plans with 0.7.",
        low=0.5,
        high=1,
    )
    walk: float = setting(
        0.025,
        "Two-step: standard deviation of the step of each reward probability; 0 keeps them fixed.",
        unit="per trial",
        low=0,
        high=1,
    )

    @property
    def declaration(self) -> TaskKind:
        """The declaration of its kind."""
        return TASKS.get(self.kind, BANDIT) if isinstance(self.kind, str) else BANDIT

    @property
    def n_options(self) -> int:
        """Number of options, of all stages and states."""
        return len(self.options)

    @property
    def options(self) -> tuple[str, ...]:
        """The names of its options."""
        kind = self.declaration
        of_setup = kind.simulation.labels if kind.simulation else ()
        return (
            kind.labels
            or of_setup
            or kind.options
            or tuple(f"Option {arm + 1}" for arm in range(self.n_actions))
        )


def setting_of(parameter: ParameterSpec) -> Any:
    """Return the setting that is a parameter of the simulated participant."""
    return setting(
        parameter.default,
        parameter.help,
        unit=parameter.unit,
        low=parameter.low,
        high=parameter.high,
        optional=bool(parameter.follows),
    )


def has_parameters(cls: type[Any]) -> type[Any]:
    """Give a class of settings those parameters of mechanisms that it does not name itself."""
    for parameter in (*PARAMETERS.values(), *(one for kind in TASKS.values() for one in kind.participant)):
        if parameter.name not in vars(cls):
            cls.__annotations__[parameter.name] = float | None if parameter.follows else float
            setattr(cls, parameter.name, setting_of(parameter))
    return cls


@dataclass(frozen=True)
@has_parameters
class Participant(Settings):
    """The simulated participant: of a bandit a Q-learner with the mechanisms of `AgentQ`.

    The parameters of Rescorla and Wagner's learner stand here; the others are added as `mechanisms.py`
    declares them, and `tasks.py` those of who plays other kinds of tasks.
    """

    alpha_reward: float = setting_of(ALPHA)
    alpha_penalty: float | None = setting_of(ALPHA_PENALTY)
    beta_reward: float = setting_of(BETA)
    q0: float = setting_of(Q0)


OPTIMIZERS = ("auto", "lbfgs", "adam")
SPICE_OPTIMIZERS = ("SR3_weighted_l1", "SR3_L1", "STLSQ")


@dataclass(frozen=True)
class Training(Settings):
    """The training of the RNN.

    `optimizer="auto"` screens several starts together for a few epochs and finishes the best one with L-BFGS,
    where the batch is the whole data set and the loss is not random (no dropout, bagging, batches or
    scheduler); else it is Adam. Where the model knows several participants by an embedding, this is weighed
    by evidence, in place of L-BFGS (`train/descents.py`); "lbfgs" trains it by the loss alone.
    """

    epochs: int = setting(
        1024, "Most epochs (passes over the training sessions).", unit="epochs", low=1, high=1_000_000
    )
    learning_rate: float = setting(1e-2, "Step size of Adam.", above=0, high=10)
    optimizer: str = setting("auto", "How the loss is brought down.", choices=OPTIMIZERS)
    n_starts: int | None = setting(
        None,
        "Random starts screened before the best is trained on; when not given, 4 per module and at least 8, "
        "or 1 for adam.",
        low=1,
        high=256,
        optional=True,
    )
    batch_size: int | None = setting(
        None, "Sessions per step; all when not given.", unit="sessions", low=1, optional=True
    )
    bagging: bool = setting(False, "Draw the sessions of each epoch with replacement.")
    sequence_length: int | None = setting(
        None,
        "Cut sessions into windows of this length; whole sessions when not given.",
        unit="trials",
        low=2,
        optional=True,
    )
    n_steps_per_call: int | None = setting(
        None,
        "Truncated back-propagation: trials per gradient; all when not given.",
        unit="trials",
        low=1,
        optional=True,
    )
    scheduler: bool = setting(False, "Cosine learning rate with warm restarts (Loshchilov & Hutter 2017).")
    l2_weight_decay: float = setting(0.0, "Weight decay: pull of every weight towards 0.", low=0, high=10)
    dropout: float | None = setting(
        None,
        "Share of updates (or embedding entries) left out at random; the model's own when not given.",
        low=0,
        high=0.95,
        optional=True,
    )
    convergence_threshold: float = setting(
        0.0,
        "Stop when the smoothed improvement of the loss per epoch falls below this; 0 trains all epochs.",
        unit="nats",
        low=0,
        high=1,
    )


SELECTIONS = ("auto", "evidence", "threshold")
POOLINGS = ("none", "group", "own-terms")
THRESHOLD = 0.05  # the seed's


@dataclass(frozen=True)
class Discovery(Settings):
    """The discovery of equations: SINDy proposes terms and coefficients, and the choices decide.

    With `selection="threshold"` the terms are those that SINDy's threshold leaves. "auto" takes it where
    another threshold than the default is set, or where numbers are not refined, and the evidence elsewhere.
    """

    selection: str = setting(
        "auto",
        "Which terms stay: those that the choices would miss (evidence), or those above SINDy's threshold;"
        " auto is evidence unless the threshold is changed.",
        choices=SELECTIONS,
    )
    price: float | None = setting(
        None,
        "What a term must be worth to stay, if terms are chosen by evidence: ½ ln(choices / 20), at least 1,"
        " when not given; with pooling, of each coefficient that a person really has of their own, 1.",
        unit="nats",
        low=0,
        high=1000,
        optional=True,
    )
    pooling: str = setting(
        "none",
        "Whether each participant's coefficients are found alone (none), or all together under a prior that"
        " is their group's, with terms chosen for the group (group); with own-terms a person may lack some of"
        " the group's terms.",
        choices=POOLINGS,
    )
    optimizer: str = setting("SR3_weighted_l1", "Sparse regression.", choices=SPICE_OPTIMIZERS)
    threshold: float = setting(THRESHOLD, "Coefficients below this are left out.", low=0, high=10)
    regularization: float = setting(
        1e-2, "SR3: the relaxation nu; STLSQ: the ridge penalty alpha.", low=0, high=10
    )
    degree: int = setting(1, "Highest power of the polynomial library.", low=1, high=5)
    refine: bool = setting(
        True, "Tune the coefficients to the choices (maximum likelihood) once the terms are found."
    )
    n_trials_off_policy: int = setting(
        1000,
        "Trials of the random task on which the trained RNN is sampled; 0 uses the data's own trials.",
        unit="trials",
        low=0,
        high=1_000_000,
    )
    n_sessions_off_policy: int = setting(
        1, "Sessions of the random task; 0 uses the data's own trials.", unit="sessions", low=0, high=10_000
    )
    n_trials_same_action: int = setting(
        5, "Random task: how many trials in a row take the same arm.", unit="trials", low=1, high=10_000
    )

    @property
    def pools(self) -> bool:
        """Tell whether the coefficients of all participants are found together."""
        return self.pooling != "none"

    @property
    def by_evidence(self) -> bool:
        """Tell whether the terms are chosen by evidence; their coefficients are then always tuned."""
        plain = self.selection == "auto" and (self.threshold == THRESHOLD or self.pools)
        return self.refine and (self.selection == "evidence" or plain)

    def problems(self) -> list[str]:
        """As in every group of settings; SR3 also needs a regularization above 0."""
        problems = super().problems()
        if not problems and self.pools and not self.by_evidence:
            problems.append(
                'pooling must be "none" where terms are chosen by threshold or coefficients are not refined;'
                f' got "{self.pooling}". Set selection="evidence" and refine=True, or leave pooling out.'
            )
        if not problems and self.optimizer != "STLSQ" and self.regularization == 0:
            problems.append(
                "regularization must be above 0 for SR3 (its relaxation nu); got 0. Set 0.01, or choose"
                " STLSQ."
            )
        return problems
