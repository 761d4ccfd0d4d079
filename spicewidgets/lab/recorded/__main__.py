"""Record the runs anew: `python -m spicewidgets.lab.recorded`."""

import re

from ...state.experiment import Experiment
from ..job import Fit
from ..result import estimator_of, result_of, simulate
from . import FOLDER, record

NAMES = ("the tutorial",)


def main() -> None:
    """Run each of these presets and write its file."""
    import torch

    torch.set_num_threads(1)
    for name in NAMES:
        snapshot = Experiment(name).snapshot()
        fit = Fit(snapshot, simulate(snapshot), estimator_of(snapshot))
        while fit.next() is not None:
            pass
        result = result_of(snapshot, fit.data, fit.estimator, fit.history, (), kept=fit.kept)
        record(result, FOLDER / f"{re.sub(r'[^a-z]+', '_', name)}.npz")


if __name__ == "__main__":
    main()
