"""The data: how much is simulated, and what it looks like."""

from typing import Any

import ipywidgets as widgets

from ..results import preview
from .base import control, download_link
from .stage import Stage


class DataPanel(Stage):
    """How much is simulated, and a session as a table."""

    title = "3 · Data"
    about = "The participant plays many sessions. The network sees choices and rewards, and nothing else."

    def controls(self) -> list[Any]:
        """Sizes, validation share, seed, and which session is shown."""
        names = ("n_sessions", "n_trials", "n_participants", "validation_share", "seed", "session")
        return [control(self.experiment.data, name) for name in names]

    def stage(self) -> list[Any]:
        """The session's table, and the whole data set as a file once it was made."""
        self.table, self.save = widgets.HTML(), widgets.HTML()
        return [self.table, self.save]

    def watch(self) -> None:
        """Settings that change the data, and new results."""
        for state in (self.experiment.data, self.experiment.task, self.experiment.participant):
            state.observe(self.refresh, list(state.names()))
        self.experiment.run.observe(self.refresh, "result_revision")

    def draw(self) -> None:
        """The first trials of the session that is shown."""
        if not self.experiment.problems:
            seen = preview(self.experiment.peek(), self.experiment.data.session)
            head = "".join(f"<th>{name}</th>" for name in ("trial", "choice", "reward"))
            paid = seen.rewards[range(len(seen.choices)), seen.choices]
            rows = "".join(
                f"<tr><td>{t}</td><td>option {c + 1}</td><td>{r:g}</td></tr>"
                for t, (c, r) in enumerate(zip(seen.choices[:20], paid[:20], strict=True))
            )
            self.table.value = (
                f'<table class="sw-table"><caption>The first trials of session {self.experiment.data.session}'
                f"</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
            )
        result = self.runner.result
        if result is not None:
            content = result.dataset.to_frame().to_csv(index=False).encode()
            self.save.value = download_link(content, "dataset.csv", "text/csv", "Save all sessions as CSV")
