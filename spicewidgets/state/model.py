"""Which RNN is trained: one of the precoded ones, one put together from states and modules, or a class of the
user's own.

Says what each model is made of, so that a panel can show it, and check what is asked of it, before torch is
loaded; that this agrees with the models themselves is tested.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

from traitlets import Int

from ..core.built import SCALED, BuiltModel, conditions
from ..core.models import MODELS, TEMPLATES
from ..core.settings import Settings, SettingsError, setting
from .base import ControlSpec, State

Condition = tuple[str, float, bool]  # signal, value, whether the signal is no candidate term


@dataclass(frozen=True)
class Spec:
    """The parts of a model.

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


def spec_of(built: BuiltModel, about: str) -> Spec:
    """Return the parts of a model, by its description."""
    learned = {module.name: module for module in built.learned}
    return Spec(
        about,
        {name: module.inputs for name, module in learned.items()},
        {name: conditions(module, built.action_of(module)) for name, module in learned.items()},
        built.controls,
        built.first_values,
        tuple(state.name for state in built.states if state.choice == SCALED),
        built.given,
        built.participants,
    )


ABOUT = {name: ready.about for name, ready in MODELS.items()}
"""What each precoded model can learn, in a sentence."""
BUILT = {name: ready.built for name, ready in MODELS.items() if ready.built is not None}
SPECS = {name: spec_of(built, ABOUT[name]) for name, built in BUILT.items()}
YOUR_OWN = "your own"  # the name under which the built model is chosen
PLAIN = TEMPLATES["rescorla-wagner"]  # what building begins with


@dataclass(frozen=True)
class Model(Settings):
    """The RNN.

    built: the `BuiltModel` that is meant by the name "your own"; else a plain one that says nothing.
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
    built: Any = setting(PLAIN, "The states and modules of the model that you build.")
    own: tuple[type, Any] | None = field(default=None, metadata={"optional": True})

    @property
    def task(self) -> str | None:
        """The name of the kind of task that it is for; None where a class of the user's own does not say."""
        if self.name == YOUR_OWN and isinstance(self.built, BuiltModel):
            return self.built.task
        ready = MODELS.get(self.name) if isinstance(self.name, str) else None
        return None if ready is None else ready.task

    @property
    def description(self) -> BuiltModel | None:
        """States and modules of a precoded or built model; None for a class of the user's own."""
        if self.own is not None or not isinstance(self.name, str):
            return None
        built: BuiltModel | None = self.built if self.name == YOUR_OWN else BUILT.get(self.name)
        return built

    def problems(self) -> list[str]:
        """As in every group of settings; the name is one of those known, or `own` is given, and the built
        model can be used where it is the one chosen.
        """
        rest = Settings.problems(replace(self, own=None))
        problems = [sentence for sentence in rest if not sentence.startswith(("name ", "built "))]
        known = (*MODELS, YOUR_OWN)
        if self.own is None and not (isinstance(self.name, str) and self.name in known):
            problems.insert(
                0,
                f"name must be one of {', '.join(known)}, or that of a class of your own; got "
                f"{self.name!r:.80}. Choose one of these, or register your class under this name first.",
            )
        if not isinstance(self.built, BuiltModel):
            problems.append(
                f"built must be a BuiltModel; got {self.built!r:.80}. Start from a precoded model."
            )
        elif self.name == YOUR_OWN:
            problems += [f"built model: {sentence}" for sentence in self.built.problems()]
        return problems


class ModelState(State[Model]):
    """The RNN that is trained.

    Attributes:
        names_revision: counts the models registered; `choices` is longer when it changes.
    """

    settings = Model
    looks: ClassVar = {
        "name": ControlSpec("Model"),
        "embedding_size": ControlSpec("Embedding size", (1, 64, 1)),
        "built": ControlSpec("Your own model"),
    }
    names_revision = Int(0, help="Counts the models of the user's own.")

    def __init__(self, **values: object) -> None:
        self.registered: dict[str, tuple[type, Any]] = {}
        super().__init__(**values)

    @property
    def choices(self) -> tuple[str, ...]:
        """The names to choose from: the precoded models, the one that is built, and those registered."""
        return (*MODELS, YOUR_OWN, *self.registered)

    @property
    def spec(self) -> Spec | None:
        """The parts of the chosen model, as far as they are known without running it."""
        if not isinstance(self.name, str):
            return None
        own = self._own(self.name)
        if own is not None:
            return _spec_of_class(*own)
        if self.name == YOUR_OWN and isinstance(self.built, BuiltModel):
            return spec_of(self.built, "A model of your own, put together from states and modules.")
        return SPECS.get(self.name)

    def _own(self, name: str) -> tuple[type, Any] | None:
        """Class and config of a model that is described from its class: one registered, or a ready one that
        is not built of rows here.
        """
        ready = MODELS.get(name)
        if ready is None or name in BUILT:
            return self.registered.get(name)
        return ready.rnn_class, ready.config

    def register(self, cls: type, config: Any, name: str | None = None) -> str:
        """Offer a `BaseRNN` subclass with its `SpiceConfig`; returns the name it goes by (that of the class).

        A class of the same name takes the place of the earlier one, so that a cell can be run again.
        """
        name = name or cls.__name__
        if name in (*MODELS, YOUR_OWN):
            name = f"{name} (own)"
        self.registered[name] = (cls, config)
        self.names_revision += 1
        self.recheck()
        return name

    def peek(self) -> Model:
        """Return the settings as they stand, right or wrong. A built model that is not the one chosen is left
        out, so that it makes nothing stale.
        """
        own = self._own(self.name) if isinstance(self.name, str) else None
        plain = self.name != YOUR_OWN and isinstance(self.built, BuiltModel)
        built = PLAIN if plain else self.built
        parts = {"name": self.name, "embedding_size": self.embedding_size, "built": built, "own": own}
        return self._keep(Model, parts)

    def start_from(self, name: str) -> None:
        """Build a model of your own, beginning with what a precoded model is made of."""
        self.put({"name": YOUR_OWN, "built": BUILT[name]})

    def to_dict(self) -> dict[str, Any]:
        """As in every state; the built model by its states and modules."""
        settings = super().to_dict()
        return settings | {"built": self.built.to_dict()} if isinstance(self.built, BuiltModel) else settings

    def read(self, data: object) -> tuple[dict[str, Any], list[str]]:
        """As in every state; the built model is read from its states and modules."""
        if not isinstance(data, Mapping) or "built" not in data or isinstance(data["built"], BuiltModel):
            return super().read(data)
        try:
            return super().read(dict(data) | {"built": BuiltModel.from_dict(data["built"])})
        except SettingsError as error:
            values, problems = super().read({name: value for name, value in data.items() if name != "built"})
            return values, [*problems, *(f"built model: {sentence}" for sentence in error.problems)]

    def prepare(self, trial: Self) -> None:
        """Give a trial state the same models."""
        trial.registered = dict(self.registered)


def _spec_of_class(cls: type, config: Any) -> Spec:
    modules = {name: tuple(config.terms(name)) for name in config.modules}
    filters = {name: tuple((f.signal, f.value, f.remove) for f in config.filters(name)) for name in modules}
    about = (cls.__doc__ or "A model of your own.").strip().splitlines()[0]
    return Spec(about, modules, filters, tuple(config.controls), dict(getattr(cls, "init_values", {})))
