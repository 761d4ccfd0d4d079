"""What `spicewidgets falsify` does and writes."""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pandas as pd

from ..core.data.dataset import DatasetRNN
from ..core.data.tables.cells import safe_frame
from ..core.estimator import SpiceEstimator, SpiceWarning
from ..core.judge.check import Falsification
from ..core.judge.falsify import Repeat, falsifying
from ..core.models import READY
from ..core.progress import Progress as Done, run_to_completion
from ..core.rivals.fit import fit_rival
from ..core.settings import SettingsError
from ..core.simulate.agents import Agent
from ..core.simulate.record import Floats
from ..paper.falsification import panels_of
from ..plots.paper import beside_people, pdf_of, svg_of
from .falsify import FalsifyRequest
from .folder import write_folder
from .progress import ProgressBar
from .reading import read_table


def run(request: FalsifyRequest, progress: ProgressBar) -> Falsification:
    """Fit the models, and judge them.

    Args:
        request: the checked options.
        progress: shows how far it is.

    Raises:
        SettingsError: where table or schedule cannot be used.
        KeyboardInterrupt: where a fit was interrupted.
    """
    dataset = read_table(request.table, request.columns, request.remedies).dataset
    agents = dict(_agents(request, dataset, progress))
    began = monotonic()

    def tell(step: Repeat) -> None:
        progress.part(Done(step.done, step.total, f"Judging {step.agent}", monotonic() - began))

    steps = falsifying(
        agents,
        dataset,
        None if request.schedule is None else _schedule(request.schedule, dataset),
        n_repeats=request.repeats,
        random_state=request.seed,
    )
    return run_to_completion(steps, tell)


def text(request: FalsifyRequest, found: Falsification) -> Iterator[str]:
    """Yield the text, block by block."""
    if found.n_people < 2 and request.way == "group":
        yield "One person has no group: rivals are fitted under the declared prior."
    yield found.text
    yield f"Seed {request.seed}."


def _schedule(path: Path, dataset: DatasetRNN) -> Floats:
    """Return the reward probabilities of a file: of each trial, or of each trial of each session."""
    try:
        rows: Floats = pd.read_csv(path).to_numpy(float)
    except (OSError, ValueError) as error:
        raise SettingsError(
            [
                f"--schedule must be a CSV file of probabilities with a head; got {path} ({error})."
                " Write a column for each option and a row for each trial."
            ]
        ) from None
    n_sessions = dataset.n_sessions if len(rows) == dataset.n_sessions * dataset.n_trials else 1
    return rows if n_sessions == 1 else rows.reshape(n_sessions, -1, rows.shape[1])


def _agents(
    request: FalsifyRequest, dataset: DatasetRNN, progress: ProgressBar
) -> Iterator[tuple[str, Agent]]:
    """Fitted models as agents, by what they are called."""
    alone = dataset.n_participants < 2
    for name in request.judged_rivals:
        progress.tell(f"Fitting {name} ...")
        way = "prior" if alone and request.way == "group" else request.way
        yield name, fit_rival(name, dataset, way, random_state=request.seed).agent
    for name in request.models:
        row = READY[name]
        options: dict[str, Any] = {"n_actions": dataset.n_actions, "random_state": request.seed}
        estimator = SpiceEstimator(row.rnn_class, row.config, pooling="none" if alone else "group", **options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SpiceWarning)  # how they behave is the answer itself
            for _ in estimator.fit_records(dataset, report=progress.tell):
                progress.tell(f"Training {name} ...")
        if estimator.stopped_:
            raise KeyboardInterrupt
        yield f"{name} (SPICE) equations", estimator.spice_agent
        yield f"{name} (SPICE) network", estimator.rnn_agent


def write(request: FalsifyRequest, found: Falsification, out: Path) -> tuple[str, ...]:
    """Write table and figure, over those of an earlier run; returns the names of the files.

    Raises:
        SettingsError: where a file cannot be written.
    """
    figure = beside_people(panels_of(found))
    files = {
        "falsification.csv": safe_frame(found.to_frame()).to_csv(index=False, lineterminator="\n").encode(),
        "falsification.txt": f"{found.text}\n".encode(),
        "falsification.svg": svg_of(figure, "falsification").encode(),
        "falsification.pdf": pdf_of(figure),
        "settings.json": (json.dumps({"command": request.command}, indent=1) + "\n").encode(),
    }
    with write_folder(out) as draft:
        for name, content in files.items():
            (draft / name).write_bytes(content)
    return tuple(files)
