"""The model: which RNN is trained, what it is made of, and the builder of one's own."""

from dataclasses import replace
from html import escape
from itertools import count
from typing import Any

import ipywidgets as widgets

from ..lab.result import description_of
from ..lab.settle import missing_of, source_of
from ..state.builder import TEMPLATES
from ..state.model import YOUR_OWN
from .base import FULL, control, field, grid, guard, heed, pressed
from .builder import Builder
from .diagram import diagram, words
from .stage import Stage

KEYS = count()
BUILD = "Build from this"


class ModelPanel(Stage):
    """Which network is trained, and what it is made of."""

    title = "Model"
    about = "A model has one small module for each mechanism; each module becomes one equation."
    groups = ("model",)

    def controls(self) -> list[Any]:
        """The list of models, what to build from, and the rows of the model that is built."""
        model = self.experiment.model
        self.names = field(widgets.Dropdown, "Model", model.tags("name")["help"], options=model.choices)
        self._offering = False
        self.names.observe(self._chosen, "value")
        self.size = control(model, "embedding_size")
        self.template = field(
            widgets.Dropdown, "Start from", "A model whose states and modules you can change", options=[]
        )
        self.build = pressed(BUILD, "Make its states and modules your own, to be changed", self._build)
        self.builder = Builder(model)
        self.own = widgets.VBox([self.template, self.build, self.builder], layout=widgets.Layout(**FULL))
        self.fixed, self.own_fixed = widgets.HTML(), widgets.HTML()
        return [self.names, self.fixed, self.size, self.own, self.own_fixed]

    def stage(self) -> list[Any]:
        """The picture, the same as a list, what it can say of the participant, and as Python."""
        self.about_it, self.picture = widgets.HTML(), widgets.HTML()
        self.list, self.truth, self.python = (widgets.HTML() for _ in range(3))
        self.key = f"{next(KEYS)}"
        self._told: Any = None
        shown = widgets.VBox([self.about_it, self.picture, self.truth, self.list, self.python])
        shown.add_class("sw-follows")  # stays in sight beside the rows
        return [shown]

    def watch(self) -> None:
        """The chosen model, and the participant whom it should express."""
        model = self.experiment.model
        model.observe(self.refresh, [*model.names(), "problems", "names_revision", "held", "hidden"])
        for state in (self.experiment.participant, self.experiment.task):
            state.observe(self._judge, list(state.names()))

    def draw(self) -> None:
        """What the model is made of, as a picture and as a list."""
        model = self.experiment.model
        self._offer()
        own, spec = model.name == YOUR_OWN, model.spec
        self.builder.layout.display = "" if own else "none"
        self.size.layout.display = "" if spec is not None and spec.participants else "none"
        self.builder.draw()
        heed(model, "name", self.names, self.fixed)
        heed(model, "built" if "built" in model.held else "name", self.own, self.own_fixed)
        self.about_it.value = f"<p>{escape(spec.about)}</p>" if spec is not None else ""
        built, wrong = self._described()
        self.picture.value = wrong if built is None else diagram(built, self.key)
        self.list.value = _plain(spec) if built is None else words(built)
        sound = own and built is not None and not built.problems()
        self.python.value = _folded("as Python", source_of(built)) if sound else ""
        self._judge()

    def _described(self) -> tuple[Any, str]:
        """States and modules of the chosen model; None, and a sentence, where a class cannot be looked into.
        A class is looked into once.
        """
        now = self.experiment.peek()
        if now.model.own is None:
            return now.model.description, ""
        key = now.model.own, now.model.embedding_size, now.task.n_actions
        if self._told is None or self._told[0] != key:
            try:
                self._told = key, description_of(now), ""
            except Exception as error:  # whatever the user's own code raises
                told = (
                    f"{now.model.name} could not be run for a picture: {str(error) or type(error).__name__}"
                )
                self._told = key, None, f'<div class="sw-alert" role="alert">{escape(told)}</div>'
        return self._told[1], self._told[2]

    @guard
    def _judge(self, _: Any = None) -> None:
        """Whether the built model can say what the participant does."""
        unknown = self.experiment.problems or self.runner.given is not None
        if self.experiment.model.name != YOUR_OWN or unknown:
            self.truth.value = ""
            return
        missing = missing_of(self.experiment.peek())
        head = "The participant's own equations can be written in this model."
        if missing:
            head = "The participant cannot be written in this model, so that no truth is shown:"
        items = "".join(f"<li>{escape(sentence)}</li>" for sentence in missing)
        self.truth.value = f'<div class="sw-note">{head}{f"<ul>{items}</ul>" if items else ""}</div>'

    def _offer(self) -> None:
        """The names that can be chosen, and those to build from. New options choose the first at first."""
        model = self.experiment.model
        self._offering = True
        if self.names.options != model.choices:
            self.names.options = model.choices
        chosen = model.name if model.name in model.choices else None
        if self.names.value != chosen:
            self.names.value = chosen
        self._offering = False
        known = tuple(name for name in model.choices if name != YOUR_OWN)
        if self.template.options != known:
            kept = self.template.value
            self.template.options = known
            self.template.value = kept if kept in known else known[0]

    @guard
    def _chosen(self, change: Any) -> None:
        if change["new"] is not None and not self._offering:
            self.experiment.model.name = change["new"]

    @guard
    def _build(self) -> None:
        """Make a precoded model, or a class of the user's own, the one that is built on."""
        model, name = self.experiment.model, self.template.value
        if name in TEMPLATES:
            model.start_from(name)
        elif name in model.registered:
            now = self.experiment.peek()
            of_class = replace(now, model=replace(now.model, name=name, own=model.registered[name]))
            model.put({"name": YOUR_OWN, "built": description_of(of_class)})


def _folded(words: str, text: str) -> str:
    look = 'tabindex="0" style="font-family:ui-monospace,monospace"'
    return f"<details><summary>{words}</summary><pre {look}>{escape(text)}</pre></details>"


def _plain(spec: Any) -> str:
    """What a config tells of a model that could not be looked into."""
    if spec is None:
        return ""
    rows = [(module, ", ".join(("its own value", *inputs))) for module, inputs in spec.modules.items()]
    return grid("Modules", ("module", "sees"), rows)
