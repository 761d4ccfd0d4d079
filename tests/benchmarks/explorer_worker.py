"""What the explorer's benchmark measures without a page: run in a process of its own, tells JSON.

python tests/benchmarks/explorer_worker.py speed '{"seconds": 8}'
python tests/benchmarks/explorer_worker.py stop '{"n_sessions": 500, "n_trials": 200}'
"""

import json
import sys
import time
from typing import Any

from spicewidgets.app.runner import Runner
from spicewidgets.experiment.estimators import estimator_of
from spicewidgets.experiment.simulation import simulate
from spicewidgets.state.experiment import Experiment

PHASES = ("simulate", "screen", "lbfgs", "adam", "equations", "compare")
ENOUGH = 1_000_000  # epochs, more than are run


def experiment(**groups: dict[str, Any]) -> Experiment:
    made = Experiment()
    made.from_dict(groups)
    return made


def speed(seconds: float, **groups: Any) -> dict[str, float]:
    """Epochs per second of the bare training loop: the core's generator and nothing else."""
    import torch

    torch.set_num_threads(1)
    snapshot = experiment(**groups).snapshot()
    records = estimator_of(snapshot).fit_records(simulate(snapshot).dataset)
    for _ in range(20):
        next(records)
    begun, n = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        next(records)
        n += 1
    return {"rate": n / (time.perf_counter() - begun)}


def stop(n_sessions: int, n_trials: int, repeats: int = 2) -> dict[str, list[float]]:
    """Seconds from Stop to the end of the run, by the phase in which it was pressed."""
    data = {"n_sessions": n_sessions, "n_trials": n_trials}
    told: dict[str, list[float]] = {phase: [] for phase in PHASES}
    for phase in PHASES:
        training = {"optimizer": "adam" if phase == "adam" else "auto"}
        if phase in ("equations", "compare"):
            training |= {"optimizer": "adam", "epochs": 3}
        for repeat in range(repeats):
            made = experiment(data=data, training=training)
            runner = Runner(made)
            runner.preload()
            while not runner.loaded:
                time.sleep(0.05)
            begin = [0.0]

            def press(change: Any, begin: list[float] = begin, wanted: str = phase) -> None:
                if change["new"] == wanted and not begin[0]:
                    begin[0] = -1.0

            made.run.observe(press, "phase")
            runner.train()
            while not begin[0] and made.run.busy:
                time.sleep(0.002)
            time.sleep(0.02 + 0.1 * repeat)  # some way into it
            if not made.run.busy:
                continue  # it was over too soon: nothing to wait for
            begun = time.perf_counter()
            runner.stop()
            runner.wait(60)
            told[phase].append(time.perf_counter() - begun)
    return told


if __name__ == "__main__":
    measure = {"speed": speed, "stop": stop}[sys.argv[1]]
    print(json.dumps(measure(**json.loads(sys.argv[2]))))
