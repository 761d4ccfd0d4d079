"""Which RNN is trained: one of the precoded ones, or a class of the user's own.

Says what each model is made of, so that a panel can show it, and check what is asked of it, before torch is
loaded; that this agrees with the models themselves is tested.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from traitlets import Int

from ..core.settings import Settings, setting
from .base import Look, State

Condition = tuple[str, float, bool]  # signal, value, whether the signal is no candidate term


@dataclass(frozen=True)
class Spec:
    """What a model is made of.

    Attributes:
        about: a sentence on what it can learn.
        modules: modules that become equations, each with the inputs that its equation may contain.
        filters: conditions on the samples of each module.
        controls: signals that the model records.
        states: memory states with their values before the first trial.
        betas: states that have a learned inverse temperature.
        given: modules that are hard-coded equations.
        participants: whether it tells participants apart, by an embedding.
    """

    about: str
    modules: Mapping[str, tuple[str, ...]]
    filters: Mapping[str, tuple[Condition, ...]]
    controls: tuple[str, ...] = ("c_action", "c_reward")
    states: Mapping[str, float] = field(default_factory=lambda: {"x_value_reward": 0.5})
    betas: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    participants: bool = False


CHOSEN: tuple[Condition, ...] = (("c_action", 1.0, True),)
NOT_CHOSEN: tuple[Condition, ...] = (("c_action", 0.0, True),)
VALUES: dict[str, tuple[str, ...]] = {
    "x_value_reward_chosen": ("c_reward",),
    "x_value_reward_not_chosen": (),
}
HABITS: dict[str, tuple[str, ...]] = {"x_value_choice_chosen": (), "x_value_choice_not_chosen": ()}


def _filters(modules: Mapping[str, Any]) -> dict[str, tuple[Condition, ...]]:
    return {name: NOT_CHOSEN if name.endswith("not_chosen") else CHOSEN for name in modules}


PRECODED = {
    "rescorla-wagner": Spec(
        "The value of the chosen arm moves with its reward; the others stay.",
        {"x_value_reward_chosen": ("c_reward",)},
        _filters({"x_value_reward_chosen": ()}),
    ),
    "forgetting": Spec(
        "As rescorla-wagner, and the values of the arms not chosen can fade.", VALUES, _filters(VALUES)
    ),
    "learning-rate": Spec(
        "The reward prediction error is given; the learning rate, the forgetting and β are learned.",
        {"x_learning_rate_reward": ("c_reward",), "x_value_reward_not_chosen": ()},
        _filters({"x_learning_rate_reward": (), "x_value_reward_not_chosen": ()}),
        states={"x_value_reward": 0.5, "x_learning_rate_reward": 0.0},
        betas=("x_value_reward",),
        given=("x_value_reward_chosen",),
    ),
    "participant-embedding": Spec(
        "As forgetting, for several participants: an embedding of each tunes the modules and β.",
        VALUES,
        _filters(VALUES),
        betas=("x_value_reward",),
        participants=True,
    ),
    "choice": Spec(
        "As participant-embedding, with a second memory for what was chosen lately (perseveration).",
        VALUES | HABITS,
        _filters(VALUES | HABITS),
        states={"x_value_reward": 0.5, "x_value_choice": 0.0},
        betas=("x_value_reward", "x_value_choice"),
        participants=True,
    ),
}


@dataclass(frozen=True)
class Model(Settings):
    """The RNN.

    own: class and `SpiceConfig` of a model of the user's, else None.
    """

    name: str = setting("rescorla-wagner", "The RNN, and with it what its equations may contain.")
    embedding_size: int | None = setting(
        None,
        "Numbers that stand for a participant in an embedding; the model's own when not given.",
        low=1,
        high=256,
        optional=True,
    )
    own: tuple[type, Any] | None = field(default=None, metadata={"optional": True})

    def problems(self) -> list[str]:
        """As in every group of settings; the name is one of the precoded models, or `own` is given."""
        rest = Settings.problems(replace(self, own=None))
        found = [sentence for sentence in rest if not sentence.startswith("name ")]
        if self.own is None and not (isinstance(self.name, str) and self.name in PRECODED):
            found.insert(
                0,
                f"name must be one of {', '.join(PRECODED)}, or that of a model of your own; got "
                f"{self.name!r:.80}. Choose one of these, or register your class under this name first.",
            )
        return found


class ModelState(State):
    """The RNN that is trained.

    Attributes:
        names_revision: counts the models registered; `choices` is longer when it changes.
    """

    settings = Model
    looks: ClassVar = {"name": Look("Model"), "embedding_size": Look("Embedding size", (1, 64, 1))}
    names_revision = Int(0, help="Counts the models of the user's own.")

    def __init__(self, **values: Any) -> None:
        self.registered: dict[str, tuple[type, Any]] = {}
        super().__init__(**values)

    @property
    def choices(self) -> tuple[str, ...]:
        """The names to choose from: the precoded models and those registered."""
        return (*PRECODED, *self.registered)

    @property
    def spec(self) -> Spec | None:
        """What the chosen model is made of, as far as it is known without running it."""
        if not isinstance(self.name, str):
            return None
        own = self.registered.get(self.name)
        return PRECODED.get(self.name) if own is None else _spec_of(*own)

    def register(self, cls: type, config: Any, name: str | None = None) -> str:
        """Offer a `BaseRNN` subclass with its `SpiceConfig`; returns the name it goes by (that of the class).

        A class of the same name takes the place of the earlier one, so that a cell can be run again.
        """
        name = name or cls.__name__
        if name in PRECODED:
            name = f"{name} (own)"
        self.registered[name] = (cls, config)
        self.names_revision += 1
        self.recheck()
        return name

    def peek(self) -> Model:
        """The settings as they stand, right or wrong."""
        own = self.registered.get(self.name) if isinstance(self.name, str) else None
        return Model(self.name, self.embedding_size, own)

    def prepare(self, trial: Any) -> None:
        """A trial state knows the same models."""
        trial.registered = dict(self.registered)


def _spec_of(cls: type, config: Any) -> Spec:
    modules = {name: tuple(config.terms(name)) for name in config.modules}
    filters = {name: tuple((f.signal, f.value, f.remove) for f in config.filters(name)) for name in modules}
    about = (cls.__doc__ or "A model of your own.").strip().splitlines()[0]
    return Spec(about, modules, filters, tuple(config.controls), dict(getattr(cls, "init_values", {})))
