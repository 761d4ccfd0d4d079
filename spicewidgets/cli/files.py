"""What `spicewidgets discover` writes: figures, equations, tables, models, and what it takes to repeat it."""

import json
import sys
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from .. import __version__
from ..core.settings import SettingsError
from ..plots.figure import forget_figure
from ..plots.loss import plot_loss
from ..plots.session import plot_session
from .options import GROUPS, SIMULATED, Plan
from .report import comparison, parameters
from .work import Found

PACKAGES = ("matplotlib", "numpy", "pandas", "pysindy", "safetensors", "scikit-learn", "torch")
FILES = (
    "session.png",
    "loss.png",
    "equations.txt",
    "equations.json",
    "parameters.csv",
    "comparison.csv",
    "history.csv",
    "dataset.csv",
    "settings.json",
    "rnn.safetensors",
    "spice.json",
)


def write(plan: Plan, found: Found, out: Path) -> tuple[str, ...]:
    """Write all files, over those of an earlier run; returns their names."""
    try:
        _figures(found, out)
        _tables(plan, found, out)
    except OSError as error:
        where = error.filename or out
        raise SettingsError(
            [f"{str(where)!r} cannot be written ({error.strerror}). Choose another folder with --out."]
        ) from None
    found.estimator.save_spice(out / "rnn.safetensors", out / "spice.json")
    return FILES


def _figures(found: Found, out: Path) -> None:
    who = found.spice.participants.index(found.label)
    number = found.dataset.participant_ids.tolist().index(who)
    session, _ = plot_session(found.agents, number, dataset=found.dataset, save=out / "session.png")
    loss, _ = plot_loss(found.estimator.history_, save=out / "loss.png")
    for figure in (session, loss):
        forget_figure(figure)


def _tables(plan: Plan, found: Found, out: Path) -> None:
    _text(out / "equations.txt", _equations(found))
    truth = None if found.truth is None else found.truth.to_dict()
    _json(out / "equations.json", {"found": found.spice.to_dict(), "true": truth})
    each = {label: parameters(found, label) for label in found.spice.participants}
    pd.concat(each, names=["participant"]).to_csv(out / "parameters.csv")
    comparison(found).to_csv(out / "comparison.csv")
    history = pd.DataFrame([asdict(record) for record in found.estimator.history_])
    history.drop(columns="seconds").to_csv(out / "history.csv", index=False)
    found.dataset.to_frame().to_csv(out / "dataset.csv", index=False)
    _json(out / "settings.json", _settings(plan))


def _equations(found: Found) -> str:
    several = len(found.spice.participants) > 1
    parts = [
        f"{f'Participant {label}' if several else 'Found'}\n{found.spice.text(label)}"
        for label in found.spice.participants
    ]
    parts += [] if found.truth is None else [f"True\n{found.truth.text()}"]
    return "\n\n".join(parts) + "\n"


def _settings(plan: Plan) -> dict[str, Any]:
    """The command, every setting, and the versions."""
    headings = [heading for heading in GROUPS if plan.table is None or heading not in SIMULATED]
    parts = {heading.lower(): asdict(getattr(plan, heading.lower())) for heading in headings}
    data = parts["data"] | {"seed": plan.seed}
    if plan.table is not None:
        del data["trials"], data["sessions"]
        data |= {"file": plan.table, **plan.columns}
    parts["data"] = data
    versions = {"spicewidgets": __version__, "python": sys.version.split()[0]}
    versions |= {name: metadata.version(name) for name in PACKAGES}
    return {"command": plan.command, **parts, "versions": versions}


def _json(path: Path, data: Any) -> None:
    _text(path, json.dumps(data, indent=1, default=str) + "\n")


def _text(path: Path, words: str) -> None:
    path.write_text(words, encoding="utf-8", newline="\n")
