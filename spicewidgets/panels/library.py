"""The library: which terms the equation of each module may have, which samples it is fitted to, and the path:
what each threshold leaves of an equation, and why a term is in it or not.
"""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets

from ..app.protocols import ExperimentRunner
from ..core.equations import term_in_words
from ..experiment.result import Result
from ..markup import Html, alert, escape_text, fold, message
from ..plots.modules import PathFigure, TradeFigure
from ..state.discovery import DiscoveryState
from ..state.experiment import Experiment
from ..state.model import Spec
from ..views.looking import modules, path_of, same_paths
from .base import (
    ROW,
    Change,
    Choice,
    Panel,
    block,
    button,
    by_hand,
    column,
    discard,
    foldable,
    guard,
    row,
    tick_box,
    with_label,
)
from .controls import apply_lesson, control
from .equations import AGAIN, terms_table
from .evidence import EvidenceBox
from .files import FigureBox
from .stage import PersonChoice, Stage

if TYPE_CHECKING:
    from ..core.discover.sparsity import SparsityPath
    from ..core.equations import Term

ABOUT = (
    "What each threshold would leave of the equation. A term goes when the threshold is set above its worth."
)
TRADE = "Each term that is taken away costs something. The last one that costs little is where to stop."


class PathBox(Panel):
    """Terms against threshold for one module, without training and without finding the equations again."""

    def __init__(self, experiment: Experiment, runner: ExperimentRunner) -> None:
        self._result: Result | None = None
        self._path: SparsityPath | None = None
        self._threshold = 0.0
        self.module = Choice("Module", "Whose terms are drawn", self._choose)
        self.participant = PersonChoice(experiment, runner, "Whose terms are drawn", self._choose)
        self.figure, self.trade, self.why = PathFigure(), TradeFigure(), widgets.HTML()
        self.body = column(
            widgets.HTML(f"<h3>Terms and threshold</h3>{message(ABOUT, 'help')}"),
            self.module,
            self.participant,
            FigureBox(self.figure),
            self.why,
            widgets.HTML(f"<h3>Error and number of terms</h3>{message(TRADE, 'help')}"),
            FigureBox(self.trade),
        )
        super().__init__([self.body])
        self.body.layout.display = "none"

    @guard
    def show(self, result: Result | None, threshold: float) -> None:
        """Draw the paths of a result, with this threshold marked."""
        before, moved = self._result, threshold != self._threshold
        self._result, self._threshold = result, threshold
        if result is None or result.spice is None:
            self._path = None
        elif result is not before and not same_paths(result, before):
            self.module.offer(modules(result))
            self.participant.offer(result.spice.participants)
            self._path = path_of(result, self.module.value, self.participant.value)
        if moved or result is not before:
            self._draw()

    @guard
    def _choose(self) -> None:
        if self._result is not None and self._result.spice is not None:
            self._path = path_of(self._result, self.module.value, self.participant.value)
            self._draw()

    def _draw(self) -> None:
        result, path, module = self._result, self._path, self.module.value
        self.body.layout.display = "none" if path is None else ""
        if path is None or result is None or result.spice is None:
            return
        equation = result.spice.equation(module, self.participant.value)
        names = {term: term_in_words(term, module) for term in path.terms}
        self.figure.draw(path, list(names.values()), self._threshold)
        self.trade.draw(*path.trade(), len(equation.active))
        threshold = result.snapshot.discovery.threshold
        reasons = {term: path.why(term, equation, threshold, name) for term, name in names.items()}

        def sentences(kept: bool) -> Html:
            chosen = [words for term, words in reasons.items() if bool(equation.coefficient(*term)) is kept]
            return Html("".join(f"<p>{escape_text(words)}</p>" for words in chosen))

        vanished = fold("Why did a term vanish?", sentences(kept=False), opened=True)
        self.why.value = vanished + fold("Why is a term in?", sentences(kept=True))


Filter = Sequence[object]
"""A condition on samples: a signal, its value, and whether the signal is then no candidate term."""
FOLDED = (
    "optimizer",
    "regularization",
    "refine",
    "n_trials_off_policy",
    "n_sessions_off_policy",
    "n_trials_same_action",
)


class LibraryPanel(Stage):
    """The candidate terms of each equation, module by module, and the way of choosing among them."""

    title = "Library and filters"
    about = (
        "SINDy picks the fewest terms that explain what a module does. Here is what it may pick from, and"
        " which samples it looks at."
    )
    groups = ("discovery",)

    def controls(self) -> list[widgets.Widget]:
        """Lay out the choice of terms; the rest folded."""
        discovery = self.experiment.discovery
        self.again = button("Find again", AGAIN, self._find)
        follow = tick_box("Find again at once", self.experiment.traits()["follow_library"].help)
        widgets.link((self.experiment, "follow_library"), (follow, "value"))
        return [
            row(self.again, follow, **ROW),
            *(control(discovery, name) for name in ("selection", "price", "threshold", "degree")),
            foldable([control(discovery, name) for name in FOLDED], "more of the regression"),
        ]

    def stage(self) -> list[widgets.Widget]:
        """Lay out the terms that were found, a box for each module, and what the threshold does."""
        self.modules, self.terms = column(), widgets.HTML()
        self._result: Result | None = None  # whose terms are shown
        self.boxes: dict[str, ModuleLibrary] = {}
        self.evidence = EvidenceBox(self.experiment, self.runner)
        self.path = PathBox(self.experiment, self.runner)
        self.fixed = widgets.HTML()
        return [self.terms, self.evidence, self.fixed, self.modules, self.path]

    def watch(self) -> None:
        """Observe the model, the library, and new equations."""
        names = ["libraries", "degree", "threshold", "problems", "held", "hidden"]
        self.experiment.discovery.observe(self.refresh, names)
        model = self.experiment.model
        model.observe(self.refresh, ["problems", *model.names(), "names_revision"])
        self.experiment.run.observe(self.refresh, "result_revision")
        self.experiment.observe(self.refresh, ["blocked", "stale_because"])
        self.layout.observe(self.refresh, "display")

    def draw(self) -> None:
        """Draw the modules of the chosen model, and the terms that were found."""
        if not self.is_hidden:
            self.runner.recall()  # whose terms are weighed; in the foreground it is there at once
        block(self.again, self.experiment.blocked.get("refit", ""), AGAIN)
        self.show_stale("equation", parts=(self.terms, self.evidence, self.path))
        self._draw_modules()
        discovery, result = self.experiment.discovery, self.runner.result
        apply_lesson(discovery, "libraries", self.modules, self.fixed)
        if result is not self._result:
            self._result, self.terms.value = result, "" if result is None else terms_table(result)
        self.evidence.show(result)
        if not discovery.problems_of("threshold"):
            self.path.show(result, discovery.threshold)

    def _draw_modules(self) -> None:
        spec = self.experiment.model.spec
        names = () if spec is None else tuple(spec.modules)
        if tuple(self.boxes) != names or any(box.spec != spec for box in self.boxes.values()):
            old, discovery = self.modules.children, self.experiment.discovery
            self.boxes = {name: ModuleLibrary(discovery, name, spec) for name in names if spec is not None}
            self.modules.children = tuple(self.boxes.values())
            discard(*old)
        for box in self.boxes.values():
            box.draw()

    @guard
    def _find(self) -> None:
        self.runner.refit()


class ModuleLibrary(Panel):
    """The library of one module: its inputs, its candidate terms, and its filters, each of which can go.

    Check boxes and rows that stay are the same widgets as before, so that whoever is in one stays there.
    """

    def __init__(self, discovery: DiscoveryState, module: str, spec: Spec) -> None:
        super().__init__()
        self.discovery, self.module, self.spec = discovery, module, spec
        self._inputs = {name: _offer_box(name, partial(self._toggle_input, name)) for name in spec.controls}
        self._terms: dict[Term, widgets.Checkbox] = {}
        self.inputs, self.terms = row(*self._inputs.values(), **ROW), row(**ROW)
        self.filters, self.problems = column(), widgets.HTML()
        add = button("Add a filter", "One more condition on the samples", self._add)
        back = button("As the model has it", "Undo all changes to this module", self._restore)
        self.children = [
            *self.children,
            widgets.HTML(f"<h3><code>{escape(module)}</code></h3>"),
            self.problems,
            _help("Signals it may use, beside its own value"),
            self.inputs,
            _help("Terms that may stand in its equation"),
            self.terms,
            _help("Samples it is fitted to: all conditions must hold"),
            self.filters,
            row(add, back, **ROW),
        ]

    def draw(self) -> None:
        """Set check boxes and rows to the library as it stands."""
        library, degree = self.discovery.library(self.module), self.discovery.degree
        usable = degree if not self.discovery.problems_of("degree") else 1
        own = [s for s in self.discovery.problems_of("libraries") if f"of {self.module}:" in s]
        self.problems.value = alert(" ".join(sentence.removeprefix("libraries of ") for sentence in own))
        with self.filling():
            for name, box in self._inputs.items():
                box.value = name in library.inputs
            self._draw_terms(library.candidates(self.module, usable), library.terms(self.module, usable))
            self._draw_filters(library.filters)

    def _draw_terms(self, candidates: "Sequence[Term]", chosen: "Collection[Term]") -> None:
        before = self._terms
        self._terms = {
            term: before.get(term)
            or _offer_box(term_in_words(term, self.module), partial(self._toggle_term, term))
            for term in candidates
        }
        if list(before) != list(self._terms):
            self.terms.children = tuple(self._terms.values())
            discard(*(box for term, box in before.items() if term not in self._terms))
        for term, box in self._terms.items():
            box.value = term in chosen

    def _draw_filters(self, filters: Sequence[Filter]) -> None:
        before = self.filters.children
        if len(before) != len(filters):
            added = [self._filter_row(at) for at in range(len(before), len(filters))]
            self.filters.children = (*before[: len(filters)], *added)
            discard(*before[len(filters) :])
        for box, (signal, value, removed) in zip(self.filters.children, filters, strict=True):
            chosen, typed, out, _ = box.children
            if signal not in chosen.options:
                chosen.options = (*self.spec.controls, signal)
            chosen.value, typed.value, out.value = signal, value, removed

    def _filter_row(self, at: int) -> widgets.HBox:
        """One condition: signal, value, whether the signal is no term, and a button to drop it."""
        which = f"of condition {at + 1} of {self.module}"
        chosen = with_label(widgets.Dropdown, "signal", f"The signal {which}", options=self.spec.controls)
        typed = with_label(widgets.FloatText, "equals", f"The value {which}", step=1)
        constant = "is constant in these samples, so that it is no candidate term"
        out = tick_box("not a term", f"The signal {which} {constant}")
        drop = button("Remove", f"Remove the condition {at + 1} of {self.module}", partial(self._drop, at))
        for part in (chosen, typed):
            part.layout.width, part.layout.margin = "auto", "0 12px 0 0"
        for place, part in enumerate((chosen, typed, out)):
            part.observe(partial(self._edit, at, place), "value")
        return row(chosen, typed, out, drop, **ROW)

    @by_hand
    def _toggle_input(self, name: str, change: Change) -> None:
        inputs = {*self.discovery.library(self.module).inputs} - {name}
        wanted = inputs | {name} if change["new"] else inputs
        self.discovery.change(self.module, inputs=tuple(c for c in self.spec.controls if c in wanted))

    @by_hand
    def _toggle_term(self, term: "Term", change: Change) -> None:
        same = sorted(term)
        without = [other for other in self.discovery.library(self.module).without if sorted(other) != same]
        self.discovery.change(self.module, without=without if change["new"] else [*without, term])

    @by_hand
    def _edit(self, at: int, place: int, change: Change) -> None:
        filters = [list(condition) for condition in self._filters]
        if at < len(filters) and filters[at][place] != change["new"]:
            filters[at][place] = change["new"]
            self.discovery.change(self.module, filters=filters)

    @property
    def _filters(self) -> Sequence[Filter]:
        return self.discovery.library(self.module).filters

    @guard
    def _add(self) -> None:
        signal = next(iter(self.spec.controls), "c_action")
        self.discovery.change(self.module, filters=[*self._filters, (signal, 1.0, False)])

    @guard
    def _drop(self, at: int) -> None:
        filters = [condition for i, condition in enumerate(self._filters) if i != at]
        self.discovery.change(self.module, filters=filters)

    @guard
    def _restore(self) -> None:
        self.discovery.restore(self.module)


def _help(text: str) -> widgets.HTML:
    return widgets.HTML(message(text, "help"))


def _offer_box(words: str, changed: Callable[[Change], None]) -> widgets.Checkbox:
    box = tick_box(words, f"Whether to offer {words}")
    box.observe(changed, "value")
    return box
