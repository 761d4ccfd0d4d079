"""What `spicewidgets discover` writes: figures, equations, tables, models, and what it takes to repeat it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from ..core.data.events import TASK, write_events
from ..core.data.tables.cells import safe_frame
from ..core.discover.group_table import group_table
from ..core.equations import latex_text
from ..core.judge.regressors import regressors
from ..plots.figure import forget_figure
from ..plots.loss import plot_loss
from ..plots.session import plot_session
from .folder import write_folder
from .options import GROUPS, SIMULATED, Request
from .outcome import Outcome
from .reading import versions
from .report import comparison, parameters

PACKAGES = ("matplotlib", "numpy", "pandas", "pysindy", "safetensors", "scikit-learn", "torch")
FILES = (
    "session.png",
    "loss.png",
    "equations.txt",
    "equations.tex",
    "equations.json",
    "parameters.csv",
    "people.csv",
    "regressors.csv",
    "comparison.csv",
    "history.csv",
    "dataset.csv",
    "settings.json",
    "rnn.safetensors",
    "spice.json",
)
OF_TABLES = ("data.json", "data.html", "events")  # what was read and done about it, and events of BIDS


def write(request: Request, outcome: Outcome, out: Path) -> tuple[str, ...]:
    """Write all files, over those of an earlier run.

    Args:
        request: the checked options.
        outcome: what the command found.
        out: the folder, which exists.

    Returns:
        The names of the files.

    Raises:
        SettingsError: if a file cannot be written.
    """
    with write_folder(out) as draft:
        _figures(outcome, draft)
        _tables(request, outcome, draft)
        outcome.estimator.save_spice(draft / "rnn.safetensors", draft / "spice.json")
        if outcome.choices is not None:
            for old in (out / "events").glob(f"sub-*_task-{TASK}*_events.tsv"):
                if not (draft / "events" / old.name).exists():  # of people of an earlier run
                    old.unlink()
    files = FILES if outcome.report is None else (*FILES, *OF_TABLES)
    files = files if outcome.held_out is None else (*files, "held_out.csv")
    files = files if not hasattr(outcome.estimator, "group_") else (*files, "group.csv")
    return files if not len(group_table(outcome.estimator)) else (*files, "groups.csv")


def _figures(outcome: Outcome, out: Path) -> None:
    participant = outcome.spice.participants.index(outcome.label)
    session_number = outcome.dataset.participant_ids.tolist().index(participant)
    session, _ = plot_session(
        outcome.agents, session_number, dataset=outcome.dataset, save=out / "session.png"
    )
    loss, _ = plot_loss(outcome.estimator.history_, save=out / "loss.png")
    for figure in (session, loss):
        forget_figure(figure)


def _tables(request: Request, outcome: Outcome, out: Path) -> None:
    _text(out / "equations.txt", _equations(outcome))
    truth = None if outcome.truth is None else outcome.truth.to_dict()
    _text(out / "equations.tex", _latex(outcome))
    _json(out / "equations.json", {"found": outcome.spice.to_dict(), "true": truth})
    each = {label: parameters(outcome, label) for label in outcome.spice.participants}
    safe_frame(pd.concat(each, names=["participant"])).to_csv(out / "parameters.csv")
    _trials(outcome, out)
    comparison(outcome).to_csv(out / "comparison.csv")
    history = pd.DataFrame([asdict(record) for record in outcome.estimator.history_])
    history.drop(columns="seconds").to_csv(out / "history.csv", index=False)
    outcome.dataset.to_frame().to_csv(out / "dataset.csv", index=False)
    if outcome.held_out is not None:
        outcome.held_out.to_csv(out / "held_out.csv", index=False)
    if hasattr(outcome.estimator, "group_"):
        outcome.estimator.group_.to_frame().to_csv(out / "group.csv", index=False)
    if len(groups := group_table(outcome.estimator)):
        safe_frame(groups.drop(columns="key")).to_csv(out / "groups.csv", index=False)
    _json(out / "settings.json", _settings(request, outcome))
    if outcome.report is not None:
        _text(out / "data.json", outcome.report.to_json())
        _text(out / "data.html", outcome.report.to_html())


def _trials(outcome: Outcome, out: Path) -> None:
    """People beside each other, and trials beside the rows of the table."""
    data = outcome.dataset if outcome.choices is None else outcome.choices
    safe_frame(outcome.people).to_csv(out / "people.csv", index=False)
    trials = regressors(outcome.estimator.spice_agent, data)
    safe_frame(trials).to_csv(out / "regressors.csv", index=False)
    if outcome.choices is not None:
        choices = outcome.choices
        write_events(trials, out / "events", choices.groups.join(choices.covariates))


def _latex(outcome: Outcome) -> str:
    parts = [r"% needs \usepackage{amsmath}"]
    for label in outcome.spice.participants:
        lines = outcome.spice.latex(label)
        parts.append(
            f"\\paragraph{{Participant {latex_text(label)}}}\n\\begin{{gather*}}\n{lines}\n\\end{{gather*}}"
        )
    return "\n\n".join(parts) + "\n"


def _equations(outcome: Outcome) -> str:
    several = len(outcome.spice.participants) > 1
    parts = [
        f"{f'Participant {label}' if several else 'Outcome'}\n{outcome.spice.text(label)}"
        for label in outcome.spice.participants
    ]
    parts += [] if outcome.truth is None else [f"True\n{outcome.truth.text()}"]
    return "\n\n".join(parts) + "\n"


def _settings(request: Request, outcome: Outcome) -> dict[str, object]:
    """Return the command, every setting, and the versions."""
    headings = [heading for heading in GROUPS if request.table is None or heading not in SIMULATED]
    parts = {heading.lower(): asdict(getattr(request, heading.lower())) for heading in headings}
    data = parts["data"] | {"seed": request.seed}
    if request.data.by is None:
        del data["by"]
    if outcome.report is not None:
        del data["trials"], data["sessions"]
        data |= {"file": request.table, "sha256": outcome.report.sha256, **request.columns}
        data |= {"roles": outcome.report.roles.to_dict(), "remedies": outcome.report.remedies}
    parts["data"] = data
    parts["model"] |= {"model": outcome.model or request.model.model}
    return {"command": request.command, **parts, "versions": versions(PACKAGES)}


def _json(path: Path, data: Mapping[str, object]) -> None:
    _text(path, json.dumps(data, indent=1, default=str) + "\n")


def _text(path: Path, words: str) -> None:
    path.write_text(words, encoding="utf-8", newline="\n")
