"""The comparison: truth, RNN and SPICE in the same sessions."""

from html import escape
from typing import Any

import ipywidgets as widgets

from ..plots.figures import SessionView
from .base import FigureBox, control, guard
from .stage import Stage


class ComparePanel(Stage):
    """Truth, RNN and SPICE in the same session, and over all sessions."""

    title = "7 · Compare"
    about = "All three see the same choices and rewards: what does each expect next?"

    def controls(self) -> list[Any]:
        """Session, arm, and which lines are drawn."""
        comparison = self.experiment.comparison
        self.layers = {
            name: widgets.Checkbox(value=name in comparison.layers, description=word, indent=False)
            for name, word in (("truth", "Truth"), ("rnn", "RNN"), ("spice", "SPICE"))
        }
        for box in self.layers.values():
            box.observe(self._chosen, "value")
        return [control(comparison, "session"), control(comparison, "arm"), *self.layers.values()]

    def stage(self) -> list[Any]:
        """The session and the table of scores."""
        self.figure, self.scores = SessionView(), widgets.HTML()
        return [FigureBox(self.figure), self.scores]

    def watch(self) -> None:
        """What is looked at, and new results."""
        self.experiment.comparison.observe(self.refresh, ["session", "arm", "layers"])
        self.experiment.run.observe(self.refresh, "result_revision")
        self.experiment.observe(self.refresh, "stale_because")

    @guard
    def _chosen(self, _: Any) -> None:
        chosen = tuple(name for name, box in self.layers.items() if box.value)
        self.experiment.comparison.layers = chosen

    def draw(self) -> None:
        """The session that is looked at."""
        self._say_stale("compare")
        result, looked = self.runner.result, self.experiment.comparison
        if result is None:
            self.scores.value = "<p>Nothing to compare yet: train first.</p>"
            return
        session = min(looked.session, len(result.choices) - 1)
        arm = min(looked.arm, result.snapshot.task.n_actions - 1)
        self.figure.draw(result.played, result.choices, result.rewards, session=session, arm=arm)
        self.figure.show_layers({name: name in looked.layers for name in result.played})
        self.scores.value = _scores(result.comparison)


LABELS = {"truth": "Truth", "rnn": "RNN", "spice": "SPICE"}


def _scores(frame: Any) -> str:
    names = {
        "nll": "NLL (nats per choice)",
        "bic": "BIC",
        "trial_likelihood": "trial likelihood",
        "mean_dp": "mean |dP|",
        "max_dp": "max |dP|",
    }
    head = "".join(f"<th>{escape(word)}</th>" for word in ("", *names.values()))
    digits = {"bic": 1}
    rows = "".join(
        f"<tr><td>{LABELS.get(label, escape(str(label)))}</td>"
        + "".join(f"<td>{row[n]:.{digits.get(n, 4)}f}</td>" for n in names)
        + "</tr>"
        for label, row in frame.iterrows()
    )
    return (
        '<table class="sw-table"><caption>Over all'
        f" sessions</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )
