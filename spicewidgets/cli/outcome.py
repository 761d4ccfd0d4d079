"""The result of `spicewidgets discover`, for the report and the files."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from ..core.data.choices import Choices
from ..core.data.dataset import DatasetRNN
from ..core.data.tables.report import Report
from ..core.diagnose.diagnosis import Diagnosis
from ..core.discover.people import people
from ..core.equations import SpiceModel
from ..core.estimator import SpiceEstimator
from ..core.simulate.declared import Player


@dataclass(frozen=True)
class Outcome:
    """The result of the command.

    Attributes:
        source: a sentence on where the data come from.
        dataset: the choices and rewards.
        estimator: fitted to them.
        agent: the simulated participant, if there is one.
        truth: their equations in the model's coordinates.
        label: the participant whose equations are shown.
        notes: sentences that a reader of the result should know.
        choices: the table that was read; None without one.
        held_out: how likely the choices of the test table are, or those that were held out.
        diagnosis: the verdict, and what may do better.
        model: the name of the model.
    """

    source: str
    dataset: DatasetRNN
    estimator: SpiceEstimator
    agent: Player | None
    truth: SpiceModel | None
    label: Any
    notes: tuple[str, ...]
    choices: Choices | None = None
    held_out: pd.DataFrame | None = None
    diagnosis: Diagnosis | None = None
    model: str = ""

    @cached_property
    def people(self) -> pd.DataFrame:
        """A row for each person, with all numbers and how sure they are."""
        return people(self.estimator, self.dataset if self.choices is None else self.choices)

    @property
    def report(self) -> Report | None:
        """The report on the table that was read, with its remedies."""
        return None if self.choices is None else self.choices.report

    @property
    def spice(self) -> SpiceModel:
        """The discover equations."""
        return self.estimator.spice_model_

    @property
    def agents(self) -> Mapping[str, Any]:
        """Truth, where it is known, RNN and SPICE."""
        fitted = {"rnn": self.estimator.rnn_agent, "spice": self.estimator.spice_agent}
        return fitted if self.agent is None else {"groundtruth": self.agent, **fitted}
