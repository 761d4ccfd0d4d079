"""The library: which terms the equation of each module may have, and which samples it is fitted to."""

from functools import partial
from html import escape
from typing import Any

import ipywidgets as widgets

from ..compat import tooltip
from .base import FULL, Panel, control, discard, field, guard, heed, more, pressed, refuse
from .equations import AGAIN, terms_table
from .path import PathBox
from .stage import Stage

ROW = {"flex_flow": "row wrap", "align_items": "center"}
FOLDED = (
    "optimizer",
    "regularization",
    "refine",
    "n_trials_off_policy",
    "n_sessions_off_policy",
    "n_trials_same_action",
)


class LibraryPanel(Stage):
    """What may stand in the equations, module by module, and how SINDy chooses among it."""

    title = "Library and filters"
    about = (
        "SINDy picks the fewest terms that explain what a module does. Here is what it may pick from, and"
        " which samples it looks at."
    )
    groups = ("discovery",)

    def controls(self) -> list[Any]:
        """How the terms are chosen; the rest folded."""
        plan = self.experiment.discovery
        self.again = pressed("Find again", AGAIN, self._find)
        follow = widgets.Checkbox(
            description="Find again at once",
            indent=False,
            **tooltip(self.experiment.traits()["follow_library"].help),
        )
        widgets.link((self.experiment, "follow_library"), (follow, "value"))
        return [
            widgets.HBox([self.again, follow], layout=widgets.Layout(**ROW)),
            *(control(plan, name) for name in ("threshold", "degree")),
            more([control(plan, name) for name in FOLDED], "more of the regression"),
        ]

    def stage(self) -> list[Any]:
        """What was found, a box for each module, and what the threshold does."""
        self.modules, self.found = widgets.VBox(layout=widgets.Layout(**FULL)), widgets.HTML()
        self._told: Any = None  # the result whose terms are told
        self.boxes: dict[str, ModuleLibrary] = {}
        self.path = PathBox()
        self.fixed = widgets.HTML()
        return [self.found, self.fixed, self.modules, self.path]

    def watch(self) -> None:
        """The model, the library, and new equations."""
        names = ["libraries", "degree", "threshold", "problems", "held", "hidden"]
        self.experiment.discovery.observe(self.refresh, names)
        model = self.experiment.model
        model.observe(self.refresh, ["problems", *model.names(), "names_revision"])
        self.experiment.run.observe(self.refresh, "result_revision")
        self.experiment.observe(self.refresh, ["blocked", "stale_because"])

    def draw(self) -> None:
        """The modules of the chosen model, and the terms that were found."""
        refuse(self.again, self.experiment.blocked.get("refit", ""), AGAIN)
        self._say_stale("equation")
        spec = self.experiment.model.spec
        names = () if spec is None else tuple(spec.modules)
        if tuple(self.boxes) != names or any(box.spec != spec for box in self.boxes.values()):
            gone = self.modules.children
            self.boxes = {name: ModuleLibrary(self.experiment.discovery, name, spec) for name in names}
            self.modules.children = tuple(self.boxes.values())
            discard(*gone)
        for box in self.boxes.values():
            box.draw()
        heed(self.experiment.discovery, "libraries", self.modules, self.fixed)
        result = self.runner.result
        if result is not self._told:
            self._told, self.found.value = result, "" if result is None else terms_table(result)
        plan = self.experiment.discovery
        if not plan.problems_of("threshold"):
            self.path.show(result, plan.threshold)

    @guard
    def _find(self) -> None:
        self.runner.refit()


class ModuleLibrary(Panel):
    """The library of one module: its inputs, its candidate terms, and its filters, each of which can go.

    Check boxes and rows that stay are kept, so that whoever is in one stays there.
    """

    def __init__(self, plan: Any, module: str, spec: Any) -> None:
        self.plan, self.module, self.spec = plan, module, spec
        self._drawing = False
        self._inputs = {name: _tick(name, partial(self._input, name)) for name in spec.controls}
        self._terms: dict[tuple[str, ...], Any] = {}
        self.inputs, self.terms = (widgets.HBox(layout=widgets.Layout(**ROW)) for _ in range(2))
        self.inputs.children = tuple(self._inputs.values())
        self.filters, self.wrong = widgets.VBox(layout=widgets.Layout(**FULL)), widgets.HTML()
        add = pressed("Add a filter", "One more condition on the samples", self._add)
        back = pressed("As the model has it", "Undo all changes to this module", self._restore)
        super().__init__(
            [
                widgets.HTML(f"<h3><code>{escape(module)}</code></h3>"),
                self.wrong,
                _words("Signals it may use, beside its own value"),
                self.inputs,
                _words("Terms that may stand in its equation"),
                self.terms,
                _words("Samples it is fitted to: all conditions must hold"),
                self.filters,
                widgets.HBox([add, back], layout=widgets.Layout(**ROW)),
            ]
        )

    def draw(self) -> None:
        """Check boxes and rows for the library as it stands."""
        library, degree = self.plan.library(self.module), self.plan.degree
        usable = degree if not self.plan.problems_of("degree") else 1
        problems = [s for s in self.plan.problems_of("libraries") if f"of {self.module}:" in s]
        told = " ".join(s.removeprefix("libraries of ") for s in problems)
        self.wrong.value = f'<div class="sw-alert" role="alert">{escape(told)}</div>' if told else ""
        self._drawing = True
        try:
            for name, box in self._inputs.items():
                box.value = name in library.inputs
            self._draw_terms(library.candidates(self.module, usable), library.terms(self.module, usable))
            self._draw_filters(library.filters)
        finally:
            self._drawing = False

    def _draw_terms(self, candidates: Any, kept: Any) -> None:
        before = self._terms
        self._terms = {
            term: before.get(term) or _tick(self._named(term), partial(self._term, term))
            for term in candidates
        }
        if list(before) != list(self._terms):
            self.terms.children = tuple(self._terms.values())
            discard(*(box for term, box in before.items() if term not in self._terms))
        for term, box in self._terms.items():
            box.value = term in kept

    def _draw_filters(self, rows: Any) -> None:
        before = self.filters.children
        added = [self._row(at) for at in range(len(before), len(rows))]
        if len(before) != len(rows):
            self.filters.children = (*before[: len(rows)], *added)
            discard(*before[len(rows) :])
        for box, (signal, value, remove) in zip(self.filters.children, rows, strict=True):
            chosen, typed, out, _ = box.children
            if signal not in chosen.options:
                chosen.options = (*self.spec.controls, signal)
            chosen.value, typed.value, out.value = signal, value, remove

    def _named(self, term: tuple[str, ...]) -> str:
        return " × ".join("its value" if name == self.module else name for name in term) or "constant"

    def _row(self, at: int) -> Any:
        """One condition: signal, value, whether the signal is no term, and a button to drop it."""
        number = f"of condition {at + 1} of {self.module}"
        chosen = field(widgets.Dropdown, "signal", f"The signal {number}", options=self.spec.controls)
        typed = field(widgets.FloatText, "equals", f"The value {number}", step=1)
        out = widgets.Checkbox(
            description="not a term",
            indent=False,
            **tooltip(f"The signal {number} is constant in these samples, so that it is no candidate term"),
        )
        drop = pressed("Remove", f"Remove the condition {at + 1} of {self.module}", partial(self._drop, at))
        for part in (chosen, typed):
            part.layout.width, part.layout.margin = "auto", "0 12px 0 0"
        for part, place in ((chosen, 0), (typed, 1), (out, 2)):
            part.observe(partial(self._edit, at, place), "value")
        return widgets.HBox([chosen, typed, out, drop], layout=widgets.Layout(**ROW))

    @guard
    def _input(self, name: str, change: Any) -> None:
        if self._drawing:
            return
        inputs = [i for i in self.plan.library(self.module).inputs if i != name]
        wanted = (*inputs, name) if change["new"] else tuple(inputs)
        self.plan.change(self.module, inputs=tuple(c for c in self.spec.controls if c in wanted))

    @guard
    def _term(self, term: tuple[str, ...], change: Any) -> None:
        if self._drawing:
            return
        same = tuple(sorted(term))
        without = [t for t in self.plan.library(self.module).without if tuple(sorted(t)) != same]
        self.plan.change(self.module, without=without if change["new"] else [*without, term])

    @guard
    def _edit(self, at: int, place: int, change: Any) -> None:
        rows = [list(row) for row in self.plan.library(self.module).filters]
        if not self._drawing and at < len(rows) and rows[at][place] != change["new"]:
            rows[at][place] = change["new"]
            self._keep(rows)

    @guard
    def _add(self) -> None:
        signal = next(iter(self.spec.controls), "c_action")
        self._keep([*self.plan.library(self.module).filters, (signal, 1.0, False)])

    @guard
    def _drop(self, at: int) -> None:
        self._keep([row for i, row in enumerate(self.plan.library(self.module).filters) if i != at])

    @guard
    def _restore(self) -> None:
        self.plan.restore(self.module)

    def _keep(self, rows: list[Any]) -> None:
        self.plan.change(self.module, filters=rows)


def _words(text: str) -> Any:
    return widgets.HTML(f'<div class="sw-help">{escape(text)}</div>')


def _tick(words: str, then: Any) -> Any:
    box = widgets.Checkbox(description=words, indent=False, **tooltip(f"Whether to offer {words}"))
    box.observe(then, "value")
    return box
