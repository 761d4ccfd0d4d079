"""What `spicewidgets search` does, prints and writes."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import numpy as np
import pandas as pd

from ..core.judge.replay import nll_per_trial
from ..core.progress import Progress
from ..core.rivals.ceiling import Ceiling
from ..core.rivals.fit import fit_rival
from ..core.studies.search_study import SearchStudy
from ..core.studies.study import way_of_fitting
from . import studies
from .discovery import choices_to_predict, tabulate_nats
from .progress import ProgressBar
from .reading import read_table
from .search import SearchRequest

PLAIN = "rescorla-wagner"
FOUND = "found.json"  # the equation, for `FoundModel.load`


def run(request: SearchRequest, progress: ProgressBar) -> SearchStudy:
    """Search, and predict the test data.

    Raises:
        SettingsError: where a table cannot be used.
        click.Abort: where it was interrupted before anything was found.
    """
    study = studies.run(request, progress)
    assert isinstance(study, SearchStudy)
    if request.test_data and study.result().model is not None:
        study.held_out = _hold_out(request, study, progress)
    return study


def text(request: SearchRequest, study: SearchStudy) -> Iterator[str]:
    """Yield the text, block by block."""
    yield from studies.text(request, study)
    if study.held_out is not None:
        yield "Test data:\n\n" + study.held_out.to_string(index=False, float_format="{:.4f}".format)


def write(request: SearchRequest, study: SearchStudy, out: Path) -> tuple[str, ...]:
    """Write tables, text and the equation as a model; returns the names of the files.

    Raises:
        SettingsError: where a file cannot be written.
    """
    names, model = studies.write(request, study, out), study.result().model
    if model is None:
        return names
    model.save(out / FOUND)
    return (*names, FOUND)


def _hold_out(request: SearchRequest, study: SearchStudy, progress: ProgressBar) -> pd.DataFrame:
    """Return a row each for the equations, the plain learner, the ceiling if asked for, and chance."""
    train, model = study.source.table, study.result().model
    assert train is not None
    assert model is not None
    test = read_table(request.test_data, request.columns, request.remedies)
    dataset, _ = choices_to_predict(train, test, request.remedies.get("sessions"))
    way = way_of_fitting("group", train.dataset)
    plain = fit_rival(PLAIN, train.dataset, way, random_state=request.seed)
    surprise = {
        "equations": nll_per_trial(model.predict(dataset), dataset),
        PLAIN: nll_per_trial(plain.predict(dataset), dataset),
    }
    numbers = {"equations": float(len(model.fitted.names)), PLAIN: float(len(plain.names))}
    if request.ceiling:
        ceiling, began = Ceiling(random_state=request.seed), monotonic()
        for done, total in ceiling.fit_records(train.dataset):
            progress.part(Progress(done, total, "Training networks without structure", monotonic() - began))
        surprise["ceiling"] = nll_per_trial(np.asarray(ceiling.predict(dataset)), dataset)
        numbers["ceiling"] = ceiling.count_weights(train.dataset) / train.dataset.n_participants
    return tabulate_nats(surprise, numbers, dataset, PLAIN)
