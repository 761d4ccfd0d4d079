"""What `spicewidgets report` does, prints and writes."""

import textwrap
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pandas as pd

from ..core.data.choices import Choices
from ..core.data.dataset import DatasetRNN
from ..core.data.simulated import create_dataset
from ..core.estimator import SpiceEstimator, SpiceWarning
from ..core.read.translation import term_by_term, true_model
from ..core.rivals.participants import make_participant
from ..core.rivals.ready import rivals_for
from ..core.simulate.declared import Player
from ..core.simulate.kinds import make_environment
from ..core.studies.ready import settings_of_studies
from ..core.studies.study import ready_estimator
from ..paper.documents import documents, summary
from ..paper.findings import Findings
from ..paper.inquiry import Inquiry, Plan
from .folder import write_folder
from .options import WIDTH
from .paper import ReportRequest
from .progress import ProgressBar
from .reading import read_table, versions

PACKAGES = ("matplotlib", "numpy", "pandas", "pysindy", "scikit-learn", "scipy", "torch")


def run(request: ReportRequest, progress: ProgressBar) -> Findings:
    """Do the study, until it is done or interrupted.

    Args:
        request: the checked options.
        progress: shows how far it is.

    Raises:
        SettingsError: where the table cannot be used.
        click.Abort: if it was interrupted before there was anything to report.
    """
    inquiry = inquiry_of(request)
    with warnings.catch_warnings(record=True) as caught, closing(inquiry.run()) as steps:
        warnings.simplefilter("always", SpiceWarning)
        try:
            for step in steps:
                progress.part(step)
        except KeyboardInterrupt:
            if inquiry.findings is None:
                raise click.Abort from None
    found = inquiry.findings
    assert found is not None
    notes = [str(warning.message) for warning in caught if issubclass(warning.category, SpiceWarning)]
    return replace(found, notes=tuple(dict.fromkeys((*found.notes, *notes))))


def inquiry_of(request: ReportRequest) -> Inquiry:
    """Return the study that was asked for, not begun yet."""
    agent: Player | None = None
    schedule = None
    data: Choices | DatasetRNN
    if request.table is None:
        agent = make_participant(request.participant, request.task)
        task = make_environment(request.task)
        dataset, sessions, _ = create_dataset(
            agent, task, request.trials, request.sessions, random_state=request.seed
        )
        data = dataset
        probabilities = [session.reward_probs for session in sessions]
        if all(each is not None for each in probabilities):
            schedule = np.stack([each[: dataset.n_trials] for each in probabilities if each is not None])
        title = "A simulated participant"
        source = "The choices are those of a simulated participant, whose settings are below (Fitting)."
    else:
        data = read_table(request.table, request.columns, request.remedies)
        dataset, name = data.dataset, data.report.name
        title, source = f"Choices of {name}", f"The choices are those of the table {name}."
    plan = Plan(
        models={
            f"{name} (SPICE)": ready_estimator(name, dataset, request.seed)
            for name in request.compared_models(dataset.task)
        },
        rivals=request.rivals or tuple(rivals_for(dataset.task)),
        by=request.by,
        folds=request.folds,
        way=request.way,
        ceiling=request.ceiling,
        dimensions=request.dimensions,
        search=request.search,
        repeats=request.repeats,
        datasets=request.datasets,
        stability=request.stability,
        jobs=request.jobs,
        folder=request.out / "parts",
        seed=request.seed,
        settings=settings_of_studies(request.seed),
    )
    return Inquiry(
        data,
        plan,
        title=request.title or title,
        source=source,
        settings=_settings(request, dataset.task),
        script=_script(request, data),
        versions=versions(PACKAGES),
        truth=None if agent is None else _truth(agent),
        schedule=schedule,
    )


def _truth(agent: Player) -> Callable[[SpiceEstimator], pd.DataFrame]:
    def beside(estimator: SpiceEstimator) -> pd.DataFrame:
        spice = estimator.spice_model_
        betas = {state: spice.beta(state) for state in spice.betas}
        truth = true_model(agent, estimator.rnn_model_, estimator.spice_config, betas=betas)
        return term_by_term(spice, truth, spice.participants[spice.index()])

    return beside


def _describe_settings(settings: object) -> str:
    """Return settings in words."""
    return ", ".join(f"{name} {value}" for name, value in vars(settings).items())


def _settings(request: ReportRequest, task: str) -> dict[str, str]:
    """Return the settings as the report shows them, of a kind of task."""
    names = (
        "by",
        "folds",
        "way",
        "ceiling",
        "dimensions",
        "search",
        "repeats",
        "datasets",
        "stability",
        "seed",
    )
    return {
        "models": ", ".join(request.compared_models(task)),
        "rivals": ", ".join(request.rivals or rivals_for(task)),
        **{name: str(getattr(request, name)) for name in names},
        **(
            {}
            if request.table
            else {
                "participant": _describe_settings(request.participant),
                "task": _describe_settings(request.task),
            }
        ),
        **{f"column of {name.removesuffix('_column')}": value for name, value in request.columns.items()},
        **{f"remedy of {name}": value for name, value in request.remedies.items()},
    }


def _script(request: ReportRequest, data: Choices | DatasetRNN) -> str:
    """Return a script that checks the table and repeats the study."""
    lines = ['"""Repeats the report beside it, into the folder `again`."""', ""]
    if isinstance(data, Choices):
        lines += ["from hashlib import sha256", "from pathlib import Path", ""]
    lines += ["from spicewidgets.cli import main", ""]
    arguments = [*request.arguments, "--out", "again"]
    if isinstance(data, Choices):
        lines += [
            f"TABLE = {request.table!r}",
            f"KNOWN = {data.report.sha256!r}",
            'assert sha256(Path(TABLE).read_bytes()).hexdigest() == KNOWN, "This is another table."',
        ]
    lines += [f"main({arguments!r})"]
    return "\n".join(lines)


def text(request: ReportRequest, found: Findings) -> Iterator[str]:
    """Yield the report in a few sentences, for the terminal."""
    yield textwrap.fill(f"{summary(found)} Seed {request.seed}.", WIDTH)


def write(request: ReportRequest, found: Findings, out: Path) -> tuple[str, ...]:
    """Write all documents, over those of an earlier run; returns what they are.

    Raises:
        SettingsError: where a file cannot be written.
    """
    files = documents(found)
    with write_folder(out) as draft:
        for name, content in files.items():
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            (draft / name).write_bytes(content)
    return (*(name for name in files if "/" not in name), "figures", "tables")
