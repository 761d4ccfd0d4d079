"""The model: which RNN is trained, what it is made of, and the builder of one's own."""

from dataclasses import replace
from html import escape
from itertools import count

import ipywidgets as widgets

from ..experiment.result import description_of
from ..experiment.settle import missing_of, source_of
from ..markup import Html, alert, bullets, code_block, fold, message, table
from ..state.builder import BuiltModel
from ..state.model import ABOUT, BUILT, YOUR_OWN, Spec
from .base import Change, button, by_hand, column, guard, with_label
from .builder import Builder
from .controls import apply_lesson, control
from .diagram import diagram, words
from .stage import Stage

KEYS = count()
BUILD = "Build from this"


class ModelPanel(Stage):
    """Which network is trained, and what it is made of."""

    title = "Model"
    about = "A model has one small module for each mechanism; each module becomes one equation."
    groups = ("model",)

    def controls(self) -> list[widgets.Widget]:
        """Lay out the list of models, what to build from, and the rows of the model that is built."""
        model = self.experiment.model
        self.names = with_label(widgets.Dropdown, "Model", model.tags("name")["help"], options=model.choices)
        self.names.observe(self._choose, "value")
        self.size = control(model, "embedding_size")
        about = "A model whose states and modules you can change"
        self.template = with_label(widgets.Dropdown, "Start from", about, options=[])
        self.build = button(BUILD, "Make its states and modules your own, to be changed", self._build)
        self.builder = Builder(model)
        self.own = column(self.template, self.build, self.builder)
        self.fixed, self.own_fixed = widgets.HTML(), widgets.HTML()
        return [self.names, self.fixed, self.size, self.own, self.own_fixed]

    def stage(self) -> list[widgets.Widget]:
        """Lay out the picture, the same as a list, whether it can express the participant, and as Python."""
        self.description, self.picture = widgets.HTML(), widgets.HTML()
        self.list, self.truth, self.python = (widgets.HTML() for _ in range(3))
        self.key = f"{next(KEYS)}"
        self._looked_into: tuple[object, BuiltModel | None, str] | None = None
        parts = [self.description, self.picture, self.truth, self.list, self.python]
        beside = widgets.VBox(parts)
        beside.add_class("sw-follows")  # stays in sight beside the rows
        return [beside]

    def watch(self) -> None:
        """Observe the chosen model, and the participant whom it should express."""
        model = self.experiment.model
        model.observe(self.refresh, [*model.names(), "problems", "names_revision", "held", "hidden"])
        for state in (self.experiment.participant, self.experiment.task):
            state.observe(self._judge, list(state.names()))
        self.experiment.task.observe(self.refresh, "kind")
        self.experiment.table.observe(self.refresh, list(self.experiment.table.names()))

    def draw(self) -> None:
        """Show what the model is made of, as a picture and as a list."""
        model = self.experiment.model
        self._offer()
        own, spec = model.name == YOUR_OWN, model.spec
        self.builder.layout.display = "" if own else "none"
        self.size.layout.display = "" if spec is not None and spec.participants else "none"
        self.builder.draw()
        apply_lesson(model, "name", self.names, self.fixed)
        apply_lesson(model, "built" if "built" in model.held else "name", self.own, self.own_fixed)
        about = f"<p>{escape(spec.about)}</p>" if spec is not None else ""
        rows = [(name, ABOUT[name]) for name in self.names.options if name in ABOUT]
        every = table("Models", ("model", "what it can learn"), rows)
        self.description.value = about + fold("what each model can learn", every)
        built, problem = self._describe()
        self.picture.value = alert(problem) if built is None else diagram(built, self.key)
        self.list.value = _modules_table(spec) if built is None else words(built)
        has_source = own and built is not None and not built.problems()
        self.python.value = fold("as Python", _code(source_of(built))) if built and has_source else ""
        self._judge()

    def _describe(self) -> tuple[BuiltModel | None, str]:
        """States and modules of the chosen model, or why a class cannot be looked into.

        A class is looked into once.
        """
        settings = self.experiment.peek()
        if settings.model.own is None:
            return settings.model.description, ""
        key = settings.model.own, settings.model.embedding_size, settings.n_actions
        if self._looked_into is None or self._looked_into[0] != key:
            try:
                self._looked_into = key, description_of(settings), ""
            except Exception as error:  # whatever the user's own code raises
                reason = str(error) or type(error).__name__
                problem = f"{settings.model.name} could not be run for a picture: {reason}"
                self._looked_into = key, None, problem
        return self._looked_into[1:]

    @guard
    def _judge(self, _: Change | None = None) -> None:
        """Say whether the built model can express what the participant does."""
        simulated = self.runner.given is None and self.experiment.peek().is_simulated
        unknown = self.experiment.problems or not simulated
        if self.experiment.model.name != YOUR_OWN or unknown:
            self.truth.value = ""
            return
        missing = missing_of(self.experiment.peek())
        verdict = "The participant's own equations can be written in this model."
        if missing:
            verdict = "The participant cannot be written in this model, so that no truth is shown:"
        self.truth.value = message(Html(verdict + bullets(missing)))

    def _offer(self) -> None:
        """Offer the names that can be chosen, and those to build from. New options choose the first at
        first.
        """
        model, offered = self.experiment.model, self.experiment.models_offered()
        with self.filling():
            if self.names.options != offered:
                self.names.options = offered
            chosen = model.name if model.name in offered else None
            if self.names.value != chosen:
                self.names.value = chosen
        templates = tuple(name for name in offered if name != YOUR_OWN)
        if self.template.options != templates:
            before = self.template.value
            self.template.options = templates
            self.template.value = before if before in templates else templates[0]

    @by_hand
    def _choose(self, change: Change) -> None:
        if change["new"] is not None:
            self.experiment.model.name = change["new"]

    @guard
    def _build(self) -> None:
        """Make a precoded model, or a class of the user's own, the one that is built on."""
        model, name = self.experiment.model, self.template.value
        if name in BUILT:
            model.start_from(name)
        elif name in model.registered:
            settings = self.experiment.peek()
            own = replace(settings.model, name=name, own=model.registered[name])
            model.put({"name": YOUR_OWN, "built": description_of(replace(settings, model=own))})


def _code(text: str) -> Html:
    return code_block(text, "font-family:ui-monospace,monospace")


def _modules_table(spec: Spec | None) -> Html:
    """Tabulate the config of a model that could not be looked into."""
    if spec is None:
        return Html()
    rows = [(module, ", ".join(("its own value", *inputs))) for module, inputs in spec.modules.items()]
    return table("Modules", ("module", "sees"), rows)
