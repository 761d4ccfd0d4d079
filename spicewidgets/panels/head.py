"""The head of the explorer, which stays in sight: the true and the discovered equation, term under term, how
the run goes, and the one button to press next.
"""

from collections.abc import Mapping
from html import escape
from math import isfinite
from typing import Any

import ipywidgets as widgets

from ..compat import tooltip
from ..lab.verdict import verdict
from ..plots.table import swatch
from ..style import RNN, SPICE, TRUTH
from .base import Panel, field, guard, pressed, refuse
from .training import BUTTONS

SHORT = {"c_reward": "r", "c_action": "a"}
SYMBOLS = {"alpha_reward": "α", "beta_reward": "β", "forget_rate": "f"}
OWN = "own settings"
WIDTH, HEIGHT = 120, 32  # of the small loss curve, in pixels


class Head(Panel):
    """Truth and SPICE in one look, the run, and Train and Stop."""

    def __init__(self, experiment: Any, runner: Any) -> None:
        self.experiment, self.runner = experiment, runner
        self.equations, self.progress = widgets.HTML(), widgets.HTML()
        self._verdict: tuple[Any, str] = (None, "")
        self.preset = field(
            widgets.Dropdown,
            "Preset",
            "Settings to begin with",
            options=list(experiment.presets),
            value=experiment.preset,
        )
        self.preset.layout.width = "auto"
        self._telling = False
        self.preset.observe(self._load, "value")
        self.go = pressed(*BUTTONS["train"], self._train, button_style="primary")
        self.stop = pressed(*BUTTONS["stop"], self._stop)
        follow = widgets.Checkbox(
            description="follow", indent=False, **tooltip(experiment.traits()["follow_training"].help)
        )
        widgets.link((experiment, "follow_training"), (follow, "value"))
        name = widgets.HTML('<span class="sw-name">spicewidgets</span>')
        row = widgets.HBox(
            [name, self.preset, self.go, self.stop, follow],
            layout=widgets.Layout(flex_flow="row wrap", align_items="center"),
        )
        super().__init__([row, self.equations, self.progress])
        self.add_class("sw-head")
        experiment.observe(self._tell_preset, "revision")
        experiment.observe(self.refresh, "revision")
        experiment.run.observe(self.refresh, "revision")
        self._tell_preset()
        self.refresh()

    @guard
    def _load(self, change: Any) -> None:
        if self._telling or change["new"] == OWN:
            return
        self.experiment.load_preset(change["new"])
        self.runner.show_recorded()

    @guard
    def _tell_preset(self, _: Any = None) -> None:
        """The preset that the settings are; if they are none, there is a word for it, so that each can be
        chosen anew.
        """
        known = list(self.experiment.presets)
        is_one = self.experiment.is_preset()
        options = tuple(known if is_one else [*known, OWN])
        self._telling = True
        try:
            if self.preset.options != options:
                self.preset.options = options
            self.preset.value = self.experiment.preset if is_one else OWN
        finally:
            self._telling = False

    @guard
    def _train(self) -> None:
        self.runner.train()

    @guard
    def _stop(self) -> None:
        self.runner.stop()

    @guard
    def refresh(self, _: Any = None) -> None:
        """The buttons, the equations and the line on the run, as they stand."""
        for what, button in (("train", self.go), ("stop", self.stop)):
            refuse(button, self.experiment.blocked.get(what, ""), BUTTONS[what][1])
        _put(self.equations, self._equations())
        _put(self.progress, self._progress())

    def _equations(self) -> str:
        result, run = self.runner.result, self.experiment.run
        truth = self.runner.truth()
        found = run.live if run.live is not None else None if result is None else result.spice
        old = found is not None and run.live is None and "equation" in self.experiment.stale_because
        classical = {} if result is None or run.live is not None else result.classical
        told: Mapping[str, Any] = next(iter(classical.values()), {})
        known = truth if truth is not None else found
        modules = [] if known is None else list(known.equations)
        rows = ""
        for module in modules:
            pair = {"truth": _of(truth, module), "SPICE": _of(found, module)}
            terms = _terms(pair)
            if len(modules) > 1:
                name = module.removeprefix("x_").replace("_", " ")
                rows += f'<div class="sw-line sw-module">{escape(name)}</div>'
            first = module == modules[0]
            read = {SYMBOLS[n]: value for n, (_, value) in told.items() if n in SYMBOLS and first}
            rows += _line("truth", TRUTH, module, pair["truth"], terms, self._now() if first else {})
            rows += _line("SPICE", SPICE, module, pair["SPICE"], terms, read, old)
        if not old and run.live is None and result is not None:
            rows += f'<div class="sw-line sw-module">{escape(self._judged(result))}</div>'
        return f'<div class="sw-equations" tabindex="0" role="region" aria-label="Head">{rows}</div>'

    def _judged(self, result: Any) -> str:
        """Whether it is the exact mechanism; reckoned once for each result."""
        if self._verdict[0] is not result:
            self._verdict = result, verdict(result)
        return self._verdict[1]

    def _now(self) -> dict[str, float]:
        """The participant's own parameters, as they are set."""
        person = self.experiment.participant
        return {
            symbol: getattr(person, name)
            for name, symbol in SYMBOLS.items()
            if not person.problems_of(name) and (name != "forget_rate" or person.forget_rate)
        }

    def _progress(self) -> str:
        run, problems = self.experiment.run, self.experiment.problems
        words = self.experiment.stale_because.get("equation", "")
        words = words or self.experiment.stale_because.get("train", "") or run.message
        if run.busy:
            left = "" if run.seconds_left is None else f" At most {run.seconds_left:.0f} s left."
            words = run.message + left
        if run.status == "failed":
            words = run.message
        if problems and not run.busy:
            words = problems[0]
        bar = ""
        if run.busy and run.resamples:
            bar = f'<progress aria-label="Resamples" max="{run.resamples}" value="{run.resample}"></progress>'
        elif run.busy and run.epochs:
            bar = f'<progress aria-label="Epochs run" max="{run.epochs}" value="{run.epoch}"></progress>'
        told = f'<span role="status">{escape(words)}</span>'
        return f'<div class="sw-progress">{_curve(run.history)}{bar}{told}</div>'


def _put(widget: Any, value: str) -> None:
    if widget.value != value:
        widget.value = value


def _of(model: Any, module: str) -> Mapping[tuple[str, ...], float] | None:
    """The terms of a module's equation that are not 0; None where the model has no such module."""
    equation = None if model is None else model.of_participant().get(module)
    return None if equation is None else dict(equation.active)


def _terms(pair: Mapping[str, Mapping[tuple[str, ...], float] | None]) -> list[tuple[str, ...]]:
    """All terms of both equations, the constant first, so that they can stand under each other."""
    all_terms = dict.fromkeys(term for side in pair.values() if side for term in side)
    return sorted(all_terms, key=lambda term: (len(term), list(all_terms).index(term)))


def _line(
    name: str,
    style: Any,
    module: str,
    equation: Mapping[tuple[str, ...], float] | None,
    terms: list[tuple[str, ...]],
    numbers: Mapping[str, float],
    old: bool = False,
) -> str:
    """One equation: x for the module's own value, r for the reward; each term in a place of its own."""
    head = f'<b>{swatch(style)} {name}</b><span class="sw-left">x′ =</span>'
    if equation is None:
        return f'<div class="sw-line sw-old">{head}<span>…</span></div>'
    cells = (
        "".join(f"<span>{_term(term, equation.get(term), module)}</span>" for term in terms)
        or "<span>0</span>"
    )
    said = "".join(
        f'<span class="sw-says">{symbol}&nbsp;{value:.2f}</span>'
        for symbol, value in numbers.items()
        if isfinite(value)
    )
    return f'<div class="sw-line{" sw-old" if old else ""}">{head}{cells}{said}</div>'


def _term(term: tuple[str, ...], value: float | None, module: str) -> str:
    if value is None:
        return "&nbsp;"
    letters = {module: "x"} | SHORT
    factors = "&thinsp;".join(escape(letters.get(name, name.removeprefix("c_"))) for name in term)
    return f"{'−' if value < 0 else '+'}&thinsp;{abs(value):.2f}&thinsp;{factors}"


def _curve(history: Any) -> str:
    """The loss so far as a small picture, from guessing (top) to the true participant's loss (dashed)."""
    kept = [*history[:: max(1, len(history) // 60)], *history[-1:]]
    losses = [row["train_loss"] for row in kept if isfinite(row["train_loss"])]
    head = f'<svg width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
    if len(losses) < 2:
        return head + "</svg>"
    low: float = min(losses)
    high: float = history[-1].get("chance") or max(losses)
    floor = history[-1].get("floor")
    low = min(low, floor) if floor is not None else low
    room = (HEIGHT - 6) / max(high - low, 1e-9)

    def y(loss: float) -> float:
        return round(HEIGHT - 3 - (min(max(loss, low), high) - low) * room, 1)

    across = (WIDTH - 4) / (len(losses) - 1)
    points = " ".join(f"{at * across + 2:.1f},{y(loss)}" for at, loss in enumerate(losses))
    dashed = ""
    if floor is not None:
        at = f'x1="0" x2="{WIDTH}" y1="{y(floor)}" y2="{y(floor)}"'
        dashed = f'<line {at} stroke="{TRUTH.colour}" stroke-dasharray="4 3"/>'
    line = f'<polyline points="{points}" fill="none" stroke="{RNN.colour}" stroke-width="1.6"/>'
    return f"{head}{dashed}{line}</svg>"
