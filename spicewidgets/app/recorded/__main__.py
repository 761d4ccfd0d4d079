"""Make the recorded runs and their studies anew: `python -m spicewidgets.app.recorded`; with --check, say
which studies have changed.
"""

import re
import sys

from ...state.experiment import Experiment
from ..runner import Runner
from . import FOLDER, record
from .studies import RECORDED, changed_studies, record_studies

NAMES = ("the tutorial",)


def make_anew(preset: str) -> Runner:
    """Run a preset, and do its studies."""
    runner = Runner(Experiment(preset), foreground=True)
    runner.train(shown=False)
    for study in RECORDED:
        runner.study(study)
        sys.stdout.write(f"{preset}, {study}: {runner.experiment.run.message}\n")
    return runner


def main(*options: str) -> None:
    """Write the files of these presets, or say what differs from them."""
    changed: list[str] = []
    for name in NAMES:
        runner, path = make_anew(name), FOLDER / re.sub(r"[^a-z]+", "_", name)
        assert runner.result is not None
        if "--check" in options:
            changed += changed_studies(runner.studies, path.with_suffix(".json.xz"))
        else:
            record(runner.result, path.with_suffix(".npz"))
            record_studies(runner.studies, path.with_suffix(".json.xz"))
    if "--check" in options:
        sys.exit(f"Changed: {', '.join(changed)}." if changed else "All are as recorded, to the bit.")


if __name__ == "__main__":
    main(*sys.argv[1:])
