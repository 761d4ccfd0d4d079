"""The apps: panels put together, nothing else."""

from html import escape
from typing import Any

import ipywidgets as widgets

from . import compat
from .panels import STAGES, Stage
from .panels.base import STYLE, Panel, guard
from .runner import Runner
from .state.experiment import Experiment

MARKS = {"done": "✓", "stale": "!", "todo": "○"}


class Explorer(Panel):
    """All panels in the order of the method, under a head that stays in sight: the equations, and the one
    button
    to press next.

    Attributes:
        experiment: all settings, and how they stand to each other.
        runner: what runs them.
    """

    def __init__(self, preset: str = "the tutorial") -> None:
        compat.ensure_colab_manager()
        self.experiment = Experiment(preset)
        self.runner = Runner(self.experiment, foreground=compat.foreground())
        self.panels = [stage(self.experiment, self.runner) for stage in STAGES.values()]
        self.head, self.coach = widgets.HTML(), widgets.HTML()
        self.preset = widgets.Dropdown(
            options=list(self.experiment.presets),
            value=preset,
            description="Preset",
            **compat.tooltip("Settings to begin with"),
        )
        self.preset.observe(self._load, "value")
        self.go = widgets.Button(
            description="Train", button_style="primary", tooltip="Simulate, train, find the equations"
        )
        self.go.on_click(lambda _: self._train())
        self.switch = widgets.ToggleButtons(options=self._options(), value=0, style={"button_width": "auto"})
        self.switch.observe(self._show, "value")
        bar = widgets.HBox(
            [self.preset, self.go], layout=widgets.Layout(flex_flow="row wrap", align_items="center")
        )
        super().__init__([widgets.HTML(STYLE), self.head, bar, self.switch, *self.panels])
        self.experiment.observe(self._refresh, ["stages", "blocked", "problems"])
        self.experiment.run.observe(self._refresh, ["status", "result_revision", "message"])
        self._show()
        self._refresh()

    def start(self) -> None:
        """Load torch in the background, then make the first run, so that nobody meets an empty plot."""
        self.runner.preload(then=self._train)

    def _options(self) -> list[tuple[str, int]]:
        stages = self.experiment.stages
        return [(f"{i + 1} {name} {MARKS[stages[name]]}", i) for i, name in enumerate(STAGES)]

    @guard
    def _load(self, change: Any) -> None:
        self.experiment.load_preset(change["new"])

    @guard
    def _train(self) -> None:
        self.runner.train()

    @guard
    def _show(self, _: Any = None) -> None:
        for i, panel in enumerate(self.panels):
            panel.layout.display = "" if i == self.switch.value else "none"

    @guard
    def _refresh(self, _: Any = None) -> None:
        options = self._options()
        if tuple(options) != tuple(self.switch.options):
            now = self.switch.value
            self.switch.options = options
            self.switch.value = now
        why = self.experiment.blocked.get("train", "")
        self.go.disabled = bool(why)
        self.go.tooltip = why or "Simulate, train, find the equations"
        self.head.value = self._equations()

    def _equations(self) -> str:
        result, run = self.runner.result, self.experiment.run
        truth = result.truth if result is not None else self.runner.truth()
        found = None if result is None else result.spice
        rows = _line("truth", "sw-truth", truth) + _line("SPICE", "sw-spice", found)
        told = self.experiment.stale_because.get("equation", "") or run.message
        return f'{rows}<div role="status" class="sw-help">{escape(told)}</div>'


def _line(name: str, look: str, model: Any) -> str:
    """A model's equations in short: x for the module's own value, r for the reward."""
    words = "…" if model is None else "; ".join(_short(e) for e in model.of_participant().values())
    return f'<div class="sw-equation"><b class="{look}">{name}</b> {words}</div>'


def _short(equation: Any) -> str:
    letters = {equation.module: "x", "c_reward": "r"}
    parts = []
    for term, value in equation.active:
        factors = "&thinsp;".join(escape(letters.get(name, name)) for name in term)
        parts.append(f"{'−' if value < 0 else '+'} {abs(value):.2f} {factors}".strip())
    right = " ".join(parts).removeprefix("+ ") or "0"
    name = equation.module.removeprefix("x_").replace("_", " ")
    return (
        f'<span title="{escape(equation.text(), quote=True)}">x′ = {right}</span> <span'
        f' class="sw-help">{escape(name)}</span>'
    )


def explorer(preset: str = "the tutorial", *, start: bool = True) -> Explorer:
    """The explorer: simulate, train, discover, compare, all in one box.

    Args:
        preset: the settings to begin with; see `Experiment.presets`.
        start: whether the first run is made at once, in the background.
    """
    compat.wait_for_page(lambda: Explorer(preset).runner.preload())
    app = Explorer(preset)
    if start:
        app.start()
    return app


def panel(name: str, preset: str = "the tutorial") -> Stage:
    """One panel of its own: "task", "participant", "data", "model", "train", "equation" or "compare"."""
    compat.wait_for_page(lambda: Explorer(preset).runner.preload())
    experiment = Experiment(preset)
    runner = Runner(experiment, foreground=compat.foreground())
    made = STAGES[name](experiment, runner)
    if name in ("train", "equation", "compare"):
        runner.preload()
    return made
