"""Counts of choices by what they are used for, from the rows of a table to those that are scored."""

from dataclasses import dataclass

import torch
from torch.nn.functional import pad

from . import layout
from .dataset import DatasetRNN
from .tables.report import Report


@dataclass(frozen=True)
class ChoiceCounts:
    """How many rows, trials and choices there are, and how many of the choices a model is scored by.

    `rows == left_out + trials` where a trial has one stage, `trials + after_last == missed + choices`, and
    `choices == first + after_missing + scored`.

    Attributes:
        rows: of the table; the trials where there is none. A trial of two stages has one or two.
        left_out: rows that are no trials of the data set.
        trials: of the data set, missed ones among them; each stage of a trial is one.
        missed: trials without a choice.
        after_last: choices that are known after the last trial of a session, as of a simulation.
        choices: that are known.
        first: first choices of a session, which follow nothing and are not predicted.
        after_missing: choices that follow a trial without a choice or its reward, and are not predicted.
        scored: choices that are predicted.
    """

    rows: int
    left_out: int
    trials: int
    missed: int
    after_last: int
    choices: int
    first: int
    after_missing: int
    scored: int

    def in_words(self, held_out: int | None = None) -> str:
        """Reconcile the counts in one line.

        Args:
            held_out: how many of the scored choices were predicted by models that had not seen them; None
                where nothing was held out.
        """
        words = f"{self.rows:,} rows, {self.left_out:,} left out: " if self.left_out else ""
        words += f"{self.trials:,} trials, {self.missed:,} missed (no choice): {self.choices:,} choices"
        words += f", {self.after_last:,} of them after the last trial." if self.after_last else "."
        skipped = f"{self.first:,} first of a session"
        if self.after_missing:
            skipped += f", {self.after_missing:,} after a trial without choice or reward"
        words += f" Scored: {self.scored:,} ({skipped} not predicted)."
        if held_out is not None:
            rest = self.scored - held_out
            words += f" Held out: {held_out:,}" + (f" ({rest:,} only learned from)." if rest else ".")
        return words


def count_choices(dataset: DatasetRNN, report: Report | None = None) -> ChoiceCounts:
    r"""Count the choices of a data set.

    Args:
        dataset: whole sessions, not windows of them.
        report: of the table that it was read from.

    >>> from spicewidgets import read_choices
    >>> choices = read_choices(b"id,choice,reward\nann,a,1\nann,,\nann,b,0\nann,a,1\n")
    >>> counts = count_choices(choices.dataset, choices.report)
    >>> counts.trials, counts.missed, counts.choices, counts.first, counts.after_missing, counts.scored
    (4, 1, 3, 1, 1, 1)
    """
    known = pad(dataset.mask, (0, 1)) | pad(layout.onehot(dataset.ys), (1, 0))
    choices, scored = int(known.sum()), int(dataset.target_mask.sum())
    first = int(known.any(dim=1).sum())
    ends = (known * torch.arange(1, known.shape[1] + 1)).amax(dim=1)
    trials, after_last = int(dataset.lengths.sum()), int((ends - dataset.lengths).clamp(min=0).sum())
    if report is not None:
        trials = report.trials or report.used
    return ChoiceCounts(
        rows=trials if report is None else report.rows,
        left_out=0 if report is None else report.rows - report.used,
        trials=trials,
        missed=trials + after_last - choices,
        after_last=after_last,
        choices=choices,
        first=first,
        after_missing=choices - scored - first,
        scored=scored,
    )
