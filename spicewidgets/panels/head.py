"""The head of the explorer, which stays in sight: the true and the discovered equation, term under term, how
the run goes, and the one button to press next.
"""

import ipywidgets as widgets

from ..lab.protocols import ExperimentRunner
from ..lab.result import Result
from ..lab.verdict import standing, verdict
from ..markup import Html, escaped, region
from ..plots.svg import small_loss
from ..state.experiment import Experiment
from ..state.run import RunState
from .base import ROW, Change, Panel, block, button, by_hand, guard, labelled, put, row, tick_box
from .equation_lines import SYMBOLS, equation_lines, module_line
from .training import BUTTONS, time_left

OWN = "own settings"


class Head(Panel):
    """Truth and SPICE in one look, the run, and Train and Stop."""

    def __init__(self, experiment: Experiment, runner: ExperimentRunner) -> None:
        super().__init__()
        self.experiment, self.runner = experiment, runner
        self.equations, self.progress = widgets.HTML(), widgets.HTML()
        self._verdict: tuple[Result | None, str] = (None, "")
        about, presets = "Settings to begin with", list(experiment.presets)
        self.preset = labelled(widgets.Dropdown, "Preset", about, options=presets, value=experiment.preset)
        self.preset.layout.width = "auto"
        self.preset.observe(self._load, "value")
        self.go = button(*BUTTONS["train"], self._train, button_style="primary")
        self.stop = button(*BUTTONS["stop"], self._stop)
        follow = tick_box("follow", experiment.traits()["follow_training"].help)
        widgets.link((experiment, "follow_training"), (follow, "value"))
        name = widgets.HTML('<span class="sw-name">spicewidgets</span>')
        line = row(name, self.preset, self.go, self.stop, follow, **ROW)
        self.children = [*self.children, line, self.equations, self.progress]
        self.add_class("sw-head")
        experiment.observe(self._show_preset, "revision")
        experiment.observe(self.refresh, ["revision", "person"])
        experiment.run.observe(self.refresh, "revision")
        self._show_preset()
        self.refresh()

    @by_hand
    def _load(self, change: Change) -> None:
        if change["new"] != OWN:
            self.experiment.load_preset(change["new"])
            self.runner.show_recorded()

    @guard
    def _show_preset(self, _: Change | None = None) -> None:
        """The preset that the settings are; if they are none, there is a word for it, so that each can be
        chosen anew.
        """
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
        """Show the buttons, the equations and the line on the run, as they stand."""
        for action, pressable in (("train", self.go), ("stop", self.stop)):
            block(pressable, self.experiment.blocked.get(action, ""), BUTTONS[action][1])
        put(self.equations, self._equations())
        put(self.progress, self._progress())

    def _equations(self) -> Html:
        result, live = self.runner.result, self.experiment.run.live
        truth, instead = self.runner.truth(), self._instead(result)
        if live is not None or result is None:
            lines = equation_lines(truth, live, self._parameters(), {}, stale=False, instead=instead)
            return region("Head", lines, "sw-equations")
        stale = result.spice is not None and "equation" in self.experiment.stale_because
        person = self.experiment.person
        classical = result.classical.get(person) or next(iter(result.classical.values()), {})
        read = {SYMBOLS[name]: value for name, (_, value) in classical.items() if name in SYMBOLS}
        lines = equation_lines(truth, result.spice, self._parameters(), read, stale, person, instead)
        whose = _whose(result, person)
        judged = "" if stale else module_line(f"{whose}{self._judge(result)}")
        return region("Head", Html(lines + judged), "sw-equations")

    def _instead(self, result: Result | None) -> str:
        """What stands in place of the truth while a table is used."""
        settings = self.experiment.peek()
        if settings.is_simulated:
            return ""
        fresh = result is not None and not settings.differs(result.snapshot, ("table",))
        words = standing(result) if fresh and result is not None else ""
        return f"not known. {words or 'Train looks for equations in these choices.'}"

    def _judge(self, result: Result) -> str:
        """Whether it is the exact mechanism; computed once for each result."""
        if self._verdict[0] is not result:
            self._verdict = result, verdict(result)
        return self._verdict[1]

    def _parameters(self) -> dict[str, float]:
        """The participant's own parameters by symbol, as they are set."""
        participant = self.experiment.participant
        return {
            symbol: getattr(participant, name)
            for name, symbol in SYMBOLS.items()
            if not participant.problems_of(name) and (name != "forget_rate" or participant.forget_rate)
        }

    def _progress(self) -> Html:
        run = self.experiment.run
        status = f'<span role="status">{escaped(self._status(run))}</span>'
        return Html(f'<div class="sw-progress">{small_loss(run.history)}{_bar(run)}{status}</div>')

    def _status(self, run: RunState) -> str:
        """What matters most now: how the run goes, what is wrong, or what is out of date."""
        if run.busy:
            return str(run.message) + time_left(run)
        if self.experiment.problems:
            return str(self.experiment.problems[0])
        if run.status == "failed":
            return str(run.message)
        stale = self.experiment.stale_because
        return str(stale.get("equation") or stale.get("train") or run.message)


def _whose(result: Result, person: object) -> str:
    """Whose equation stands there, where there are several people."""
    if result.spice is None or len(result.spice.participants) < 2 or result.snapshot.is_simulated:
        return ""
    people = result.spice.participants
    label = person if person in people else people[0]
    return f"Participant {label}, one of {len(people):,}. "


def _bar(run: RunState) -> str:
    """How far a run is."""
    if run.busy and run.resamples:
        return f'<progress aria-label="Resamples" max="{run.resamples}" value="{run.resample}"></progress>'
    if run.busy and run.epochs:
        return f'<progress aria-label="Epochs run" max="{run.epochs}" value="{run.epoch}"></progress>'
    return ""
