"""Record the runs anew: `python -m spicewidgets.lab.recorded`."""

import re

import torch

from ...state.experiment import Experiment
from ..estimators import estimator_of
from ..fit import Fit
from ..simulation import simulate
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
