"""The model: which RNN is trained, and what it is made of."""

from html import escape
from typing import Any

import ipywidgets as widgets

from ..compat import tooltip
from .base import FULL, guard
from .stage import Stage


class ModelPanel(Stage):
    """Which network is trained, and what it is made of."""

    title = "Model"
    about = "A model has one small module for each mechanism; each module becomes one equation."

    def controls(self) -> list[Any]:
        """The list of models."""
        model = self.experiment.model
        self.names = widgets.Dropdown(
            options=model.choices,
            value=model.name,
            layout=widgets.Layout(**FULL),
            **tooltip("The model to train"),
        )
        model.observe(self._offer, ["names_revision", "name"])
        self.names.observe(self._chosen, "value")
        return [widgets.HTML('<span class="sw-label">Model</span>'), self.names]

    @guard
    def _offer(self, _: Any) -> None:
        model = self.experiment.model
        self.names.options = model.choices
        self.names.value = model.name if model.name in model.choices else None

    @guard
    def _chosen(self, change: Any) -> None:
        if change["new"] is not None:
            self.experiment.model.name = change["new"]

    def stage(self) -> list[Any]:
        """Its states, modules and inputs."""
        self.table = widgets.HTML()
        return [self.table]

    def watch(self) -> None:
        """The chosen model."""
        self.experiment.model.observe(self.refresh, list(self.experiment.model.names()))

    def draw(self) -> None:
        """What the model is made of, as a table."""
        spec = self.experiment.model.spec
        if spec is None:
            self.table.value = ""
            return
        own = "its own value only"
        sees = {module: escape(", ".join(inputs)) or own for module, inputs in spec.modules.items()}
        sees |= dict.fromkeys(spec.given, "given as an equation")
        rows = "".join(
            f"<tr><td><code>{escape(module)}</code></td><td>{words}</td></tr>"
            for module, words in sees.items()
        )
        states = ", ".join(f"<code>{escape(s)}</code> (starts at {v:g})" for s, v in spec.states.items())
        self.table.value = (
            f"<p>{escape(spec.about)}</p><p>Memory: {states}</p>"
            '<table class="sw-grid"><thead><tr><th>module</th><th>sees</th></tr></thead>'
            f"<tbody>{rows}</tbody></table>"
        )
