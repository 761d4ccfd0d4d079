"""Trials as BIDS has events: a file of tab-separated values for each person and run, and a description.

The form is that of the Brain Imaging Data Structure (Gorgolewski et al. 2016, Scientific Data 3: 160044):
onset and duration first, n/a for what is not known, and a JSON file that says what each column means.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from ..settings import SettingsError
from .tables.cells import safe_frame
from .tables.layouts import MISSED

TASK = "choices"
LONGEST_NAME = 64  # letters of a person's name; file systems have 255 for all of a file's
FIRST = ("onset", "duration", "trial_type", "participant", "session", "trial", "choice", "reward")
COLUMNS: Mapping[str, tuple[str, str]] = {  # what each is, and its unit
    "onset": ("When the trial began, as the table has it", "s"),
    "duration": ("How long it took, as the table has it", "s"),
    "trial_type": (
        "choice: a trial, missed ones among them; unused: a row that is no trial of the data set",
        "",
    ),
    "row": ("Row of the table, as a spreadsheet numbers it", ""),
    "participant": ("Label of the person in the table", ""),
    "session": ("Session of the data set, from 0", ""),
    "trial": ("Place in the session, from 0", ""),
    "choice": ("Label of the option that was chosen", ""),
    "reward": ("What the choice paid, as it is in the data set", ""),
    "stage": ("Stage of a trial of two stages, 1 or 2", ""),
    "state": ("State that the first choice led to, from 0", ""),
    "p_choice": ("P of the choice that was made, before it was made", ""),
    "value_chosen": ("Logit of the option that was chosen, before the outcome", "nats"),
    "prediction_error": ("Reward minus the reward that the value of the option stands for", ""),
    "update": ("Change of the logit of the option that was chosen", "nats"),
}
STARTS: Mapping[str, tuple[str, str]] = {
    "p_": ("P of this option before the choice", ""),
    "value_": ("Logit of this option before the choice", "nats"),
}


def write_events(
    trials: pd.DataFrame, folder: str | PathLike[str], groups: pd.DataFrame | None = None
) -> tuple[Path, ...]:
    """Write trials as events of BIDS, over files of the same names.

    Files are `sub-<label>_task-choices_events.tsv`, with `_run-<number>` where a person has several sessions;
    `task-choices_events.json`, which describes their columns; and `participants.tsv`, which says who is who,
    as a label of BIDS has letters and digits only. `read_choices` opens the events again, given a list of
    them.

    Args:
        trials: as `regressors` returns them. Rows that are not used stand in the run of the trial before.
        folder: is made if need be.
        groups: what each person is, by label, as `Choices.groups` and `Choices.covariates` have it.

    Returns:
        The files.

    Raises:
        SettingsError: where a file cannot be written.
    """
    folder, frame = Path(folder), trials[trials["participant"].notna()]
    labels = list(dict.fromkeys(frame["participant"].tolist()))
    names = dict(zip(labels, _names(labels), strict=True))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = [folder / f"task-{TASK}_events.json", folder / "participants.tsv"]
        text = json.dumps(
            _description(list(_flat(_order_columns(frame.head(1))))), indent=1, ensure_ascii=False
        )
        files[0].write_text(text + "\n", encoding="utf-8", newline="\n")
        _write(_flat(_participants(names, groups)), files[1])
        for name, part in _runs(frame, names):
            files.append(folder / f"{name}_events.tsv")
            _write(_flat(_order_columns(part)), files[-1])
    except OSError as error:
        problem = (
            f"{str(error.filename or folder)!r} cannot be written ({error.strerror}). Choose another folder."
        )
        raise SettingsError([problem]) from None
    return tuple(files)


def _names(labels: Sequence[Any]) -> Iterator[str]:
    """Return a name of letters and digits for each person, each of its own."""
    taken: set[str] = set()
    for number, label in enumerate(labels, 1):
        plain = re.sub(r"[^A-Za-z0-9]", "", str(label).removeprefix("sub-"))[:LONGEST_NAME] or f"{number}"
        while plain.lower() in taken:  # some file systems do not tell capitals apart
            plain += f"x{number}"
        taken.add(plain.lower())
        yield f"sub-{plain}"


def _participants(names: Mapping[Any, str], groups: pd.DataFrame | None) -> pd.DataFrame:
    table = pd.DataFrame({"participant_id": list(names.values()), "label": list(names)}, dtype=object)
    if groups is None or groups.empty:
        return table
    return pd.concat([table, groups.reindex(list(names)).reset_index(drop=True)], axis=1)


def _runs(frame: pd.DataFrame, names: Mapping[Any, str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the beginning of a file's name, and its rows."""
    for label, own in frame.groupby("participant", sort=False):
        session = own["session"].ffill().bfill().fillna(0)
        n_sessions = session.nunique()
        for number, (_, part) in enumerate(own.groupby(session.to_numpy(), sort=False), 1):
            run = f"_run-{number}" if n_sessions > 1 else ""
            yield f"{names[label]}_task-{TASK}{run}", part


def _order_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of events, in their order."""
    kind = {"yes": "choice", MISSED: "choice", "no": "unused"}
    times = {
        name: frame.get(name, pd.Series(index=frame.index, dtype=float)) for name in ("onset", "duration")
    }
    events = frame.assign(**times, trial_type=frame["used"].map(kind)).drop(columns="used")
    return events[[*FIRST, *(name for name in events if name not in FIRST)]]


def _description(names: Sequence[str]) -> dict[str, dict[str, str]]:
    described = {}
    for name in names:
        start = next((known for known in STARTS if name.startswith(known)), "")
        words, unit = COLUMNS.get(name) or STARTS.get(start, ("A column of the table", ""))
        described[name] = {"Description": words} | ({"Units": unit} if unit else {})
    return described


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Labels and names without tabs and line ends, for which BIDS has no quotation marks."""

    def flat(cell: Any) -> Any:
        return re.sub(r"[\t\r\n]", " ", cell) if isinstance(cell, str) else cell

    return safe_frame(frame).map(flat).rename(columns=flat)


def _write(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, sep="\t", index=False, na_rep="n/a", lineterminator="\n", encoding="utf-8")
