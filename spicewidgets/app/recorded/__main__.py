"""Record the runs anew: `python -m spicewidgets.app.recorded`."""

import re

import torch

from ...experiment.estimators import estimator_of
from ...experiment.fit import Fit
from ...experiment.simulation import simulate
from ...state.experiment import Experiment
from . import FOLDER, record

NAMES = ("the tutorial",)


def main() -> None:
    """Run each of these presets and write its file."""
    torch.set_num_threads(1)
    for name in NAMES:
        snapshot = Experiment(name).snapshot()
        fit = Fit(snapshot, simulate(snapshot), estimator_of(snapshot))
        fit.run()
        record(fit.result(), FOLDER / f"{re.sub(r'[^a-z]+', '_', name)}.npz")


if __name__ == "__main__":
    main()
