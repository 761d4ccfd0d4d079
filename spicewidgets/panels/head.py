"""The head of the explorer, which stays in sight and never changes its height: the true and the discovered
equation, term under term, and the one button to press next.
"""

from collections.abc import Hashable, Sequence
from math import inf
from typing import Any

import ipywidgets as widgets

from ..app.played import TABLE
from ..app.protocols import ExperimentRunner
from ..experiment.result import Result
from ..markup import Html, region
from ..plots.svg import small_loss
from ..state.experiment import Experiment
from ..views.verdict import headline, standing, verdict
from ..views.words import HEAD, HEAD_OF_KINDS, LETTERS
from .base import Change, Panel, block, button, by_hand, guard, set_if_changed, tick_box, with_label
from .equation_lines import GameLines, equation_lines, module_names
from .stage import PersonChoice
from .training import BUTTONS

OWN = "own settings"


class Head(Panel):
    """Truth and SPICE in one look, and Train and Stop.

    Args:
        experiment: what is shown.
        runner: what runs it.
        tools: further buttons of the bar.
    """

    def __init__(
        self, experiment: Experiment, runner: ExperimentRunner, tools: Sequence[widgets.Widget] = ()
    ) -> None:
        super().__init__()
        self.experiment, self.runner = experiment, runner
        self.equations, self.loss = widgets.HTML(), widgets.HTML()
        self.game: GameLines | None = None  # in place of what is known of a run
        about, presets = "Settings to begin with", list(experiment.presets)
        self.preset = with_label(widgets.Dropdown, "Preset", about, options=presets, value=experiment.preset)
        self.preset.layout.width = "auto"
        self.preset.observe(self._load, "value")
        self.module = with_label(
            widgets.Dropdown, "Module", "Whose equation is shown here", options=[("", "")]
        )
        self.module.layout.width = "auto"
        self.module.observe(self._choose_module, "value")
        self.person = PersonChoice(experiment, runner, "Whose equation is shown, in all panels", self.refresh)
        self.go = button(*BUTTONS["train"], self._train)
        self.stop = button(*BUTTONS["stop"], self._stop)
        follow = tick_box("follow", experiment.traits()["follow_training"].help)
        widgets.link((experiment, "follow_training"), (follow, "value"))
        name = widgets.HTML('<span class="sw-name">spicewidgets</span>')
        bar = widgets.HBox([name, self.preset, self.module, self.person, *tools])
        run = widgets.HBox([self.loss, follow, self.go, self.stop])
        pair = widgets.HBox([self.equations, run])
        for box, look in ((bar, "sw-bar"), (run, "sw-run"), (pair, "sw-both"), (self.person, "sw-person")):
            box.add_class(look)
        for tool in tools:
            tool.add_class("sw-quiet")
        self.go.add_class("sw-go")
        self.children = [*self.children, bar, pair]
        self.add_class("sw-head")
        experiment.observe(self._show_preset, "revision")
        experiment.observe(self.refresh, ["revision", "person"])
        experiment.run.observe(self.refresh, "revision")
        experiment.playback.observe(self.refresh, "epoch")
        self._show_preset()
        self.refresh()

    @by_hand
    def _load(self, change: Change) -> None:
        if change["new"] != OWN:
            self.experiment.load_preset(change["new"])
            self.runner.show_recorded()

    @by_hand
    def _choose_module(self, _: Change) -> None:
        self.refresh()

    @guard
    def _show_preset(self, _: Change | None = None) -> None:
        """Show the preset that the settings are, or a word for none, so that each can be chosen anew."""
        presets, is_preset = tuple(self.experiment.presets), self.experiment.is_preset()
        options = presets if is_preset else (*presets, OWN)
        with self.filling():
            if self.preset.options != options:
                self.preset.options = options
            self.preset.value = self.experiment.preset if is_preset else OWN

    @guard
    def _train(self) -> None:
        self.runner.train()

    @guard
    def _stop(self) -> None:
        self.runner.stop()

    @guard
    def refresh(self, _: Change | None = None) -> None:
        """Show the buttons, the equations and the loss, as they stand."""
        for action, pressable in (("train", self.go), ("stop", self.stop)):
            block(pressable, self.experiment.blocked.get(action, ""), BUTTONS[action][1])
        busy = self.experiment.run.busy
        self.go.layout.display, self.stop.layout.display = ("none", "") if busy else ("", "none")
        set_if_changed(self.loss, small_loss(() if self.game else shown_history(self.experiment)))
        set_if_changed(self.equations, self._equations())

    def _equations(self) -> Html:
        result, playback = self.runner.result, self.experiment.playback
        if self.game:
            return region("Head", self.game.lines(), "sw-equations")
        live = playback.equations if playback.playing else self.experiment.run.live
        truth = self.runner.truth()
        found = live if live is not None else None if result is None else result.spice
        person = self._offer_people(result)
        module = self._offer_modules(module_names(truth, found))
        read, says, stale = {}, "", False
        if live is None and not playback.playing and result is not None:
            stale = result.spice is not None and "equation" in self.experiment.stale_because
            if module in module_names(truth, found)[:1]:
                read = _read(result, person)
            own = headline if self._standing(result) else verdict
            says = "" if stale else own(result)
        is_first = module in module_names(truth, found)[:1]
        lines = equation_lines(
            truth,
            found,
            module,
            self._parameters() if is_first else {},
            read,
            stale,
            person,
            self._instead(result),
            says,
            "you" if self.experiment.table.name == TABLE else "truth",
        )
        return region("Head", lines, "sw-equations")

    def _offer_modules(self, names: Sequence[str]) -> str:
        """Let one of these modules be chosen, where there are several; returns the one that is shown."""
        options = tuple((name.removeprefix("x_").replace("_", " "), name) for name in names) or (("", ""),)
        with self.filling():
            if self.module.options != options:
                before = self.module.value
                self.module.options = options
                self.module.value = before if before in names else options[0][1]
        self.module.layout.display = "" if len(names) > 1 else "none"
        chosen: str = self.module.value
        return chosen

    def _offer_people(self, result: Result | None) -> Hashable:
        """Let a participant be chosen, where there are several; returns whose equation is shown."""
        people = () if result is None or result.spice is None else result.spice.participants
        chosen: Hashable = self.person.offer(people if people else (None,))
        return chosen

    def _instead(self, result: Result | None) -> str:
        """Write the line in place of the truth while a table is used."""
        if self.experiment.peek().is_simulated:
            return ""
        known = result is not None and self._standing(result)
        untold = "nobody knows your equation." if self.experiment.table.name == TABLE else "not known."
        return untold if known else f"{untold} Train looks for equations in these choices."

    def _standing(self, result: Result) -> str:
        """Compare the equations with the simplest rival, while their table is used."""
        settings = self.experiment.peek()
        other = settings.is_simulated or settings.differs(result.snapshot, "table")
        return "" if other else standing(result)

    def _parameters(self) -> dict[str, float]:
        """Return the participant's own parameters by symbol, as they are set."""
        participant = self.experiment.participant
        letters = HEAD_OF_KINDS.get(self.experiment.peek().choices_of)
        if letters is None:
            letters = {
                name: LETTERS[name] for name, always in HEAD.items() if always or getattr(participant, name)
            }
        return {
            letter: getattr(participant, name)
            for name, letter in letters.items()
            if not participant.problems_of(name)
        }


def shown_history(experiment: Experiment) -> tuple[dict[str, Any], ...]:
    """Return the epochs of the run that are on show: while a training is played back, those up to there."""
    history, playback = experiment.run.history, experiment.playback
    return history[: playback.epoch] if playback.playing else history


def _read(result: Result, person: Hashable) -> dict[str, float]:
    """Return the parameters that a participant's equation stands for, by symbol; those that the choices do
    not identify are left out.
    """
    classical = result.classical.get(person) or next(iter(result.classical.values()), {})
    if not classical:
        return {}
    errors = result.uncertainty.get(person) or next(iter(result.uncertainty.values()), None)
    unknown = () if errors is None else [name for name, error in errors.parameters.items() if error == inf]
    letters = HEAD_OF_KINDS.get(result.snapshot.choices_of, {name: LETTERS[name] for name in HEAD})
    return {
        letters[name]: value
        for name, (_, value) in classical.items()
        if name in letters and name not in unknown
    }
