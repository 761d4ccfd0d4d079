"""The comparison: truth, RNN and SPICE in the same sessions."""

from typing import Any

import ipywidgets as widgets

from ..compat import tooltip
from ..plots.figures import SessionView
from .base import FigureBox, decimal, field, grid, guard
from .stage import Stage, arm_control, session_control

LABELS = {"truth": "Truth", "rnn": "RNN", "spice": "SPICE"}
SCORES = {
    "nll": ("NLL (nats per choice)", 4),
    "bic": ("BIC", 1),
    "trial_likelihood": ("trial likelihood", 4),
    "mean_dp": ("mean |dP|", 4),
    "max_dp": ("max |dP|", 4),
}


class ComparePanel(Stage):
    """Truth, RNN and SPICE in the same session, and over all sessions."""

    title = "Compare"
    about = "All three see the same choices and rewards. What does each expect next?"
    groups = ("comparison",)

    def controls(self) -> list[Any]:
        """Session, arm, which lines are drawn, and which trials."""
        comparison = self.experiment.comparison
        self.layers = {
            name: widgets.Checkbox(
                value=name in comparison.layers,
                description=word,
                indent=False,
                **tooltip(f"Whether the lines of {word} are drawn"),
            )
            for name, word in LABELS.items()
        }
        for box in self.layers.values():
            box.observe(self._chosen, "value")
        words = "First and last trial on show"
        self.trials = field(widgets.IntRangeSlider, "Trials on show", words, min=0, max=99)
        self.trials.value = (0, 99)
        self.trials.observe(self._zoomed, "value")
        lines = widgets.HBox(list(self.layers.values()), layout=widgets.Layout(flex_flow="row wrap"))
        session, arm = session_control(self.experiment, comparison), arm_control(self.experiment)
        return [session, arm, lines, self.trials]

    def stage(self) -> list[Any]:
        """The session and the tables of scores."""
        self.figure, self.scores = SessionView(), widgets.HTML()
        return [FigureBox(self.figure), self.scores]

    def watch(self) -> None:
        """What is looked at, and new results."""
        names = list(self.experiment.comparison.names())
        self.experiment.comparison.observe(self.refresh, names)
        self.experiment.run.observe(self.refresh, "result_revision")
        self.experiment.observe(self.refresh, "stale_because")

    @guard
    def _chosen(self, _: Any) -> None:
        chosen = tuple(name for name, box in self.layers.items() if box.value)
        self.experiment.comparison.layers = chosen

    @guard
    def _zoomed(self, change: Any) -> None:
        first, last = change["new"]
        whole = (first, last) == (self.trials.min, self.trials.max) or first >= last
        self.experiment.comparison.zoom = None if whole else (first, last)

    def draw(self) -> None:
        """The session that is looked at."""
        self._say_stale("compare")
        result, looked = self.runner.result, self.experiment.comparison
        if result is None:
            self.scores.value = "<p>Nothing to compare yet: train first.</p>"
            return
        if looked.problems:
            return
        session = min(looked.session, len(result.choices) - 1)
        arm = min(looked.arm, result.snapshot.task.n_actions - 1)
        self.figure.draw(result.played, result.choices, result.rewards, session=session, arm=arm)
        self.figure.show_layers({name: name in looked.layers for name in result.played})
        self._show_trials(result.choices.shape[1] - 1, looked.zoom)
        for name, box in self.layers.items():
            box.value = name in looked.layers
        self.scores.value = _scores(result.per_session.xs(session, level="session"), f"Session {session}")
        self.scores.value += _scores(result.comparison, "All sessions")

    def _show_trials(self, last: int, zoom: Any) -> None:
        """The figure and the slider show the trials that are chosen, all when none are."""
        first, end = zoom or (0, last)
        first, end = min(first, max(last - 1, 0)), min(end, last)
        self.figure.zoom(*((first, end) if zoom else ()))
        with self.trials.hold_trait_notifications():
            self.trials.max = max(last, 1)
            self.trials.value = (first, end)


def _scores(frame: Any, caption: str) -> str:
    names = {name: told for name, told in SCORES.items() if name in frame}
    rows = [
        [LABELS.get(label, label), *(decimal(row[name], digits) for name, (_, digits) in names.items())]
        for label, row in frame.iterrows()
    ]
    return grid(caption, ["agent", *(words for words, _ in names.values())], rows)
