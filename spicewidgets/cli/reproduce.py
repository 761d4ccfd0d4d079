"""`spicewidgets reproduce`: published figures, made again from a file of known hash."""

import sys
from typing import Any

import click

from ..core.progress import run_to_completion
from ..core.settings import SettingsError
from ..loading import load
from .options import Command, HeadedOption, report_errors
from .progress import ProgressBar

DATA = "Take this file in place of the published one, which is fetched once."
PEER = "For the peer: the Python of an environment that has autospice 0.2.0."
CHECK = "Compare with the figures that were recorded for this file; exit with 1 where one has moved."


@click.command(
    cls=Command,
    params=[
        click.Argument(["name"], required=False),
        HeadedOption("data", "Figures", DATA, metavar="FILE"),
        HeadedOption("peer", "Figures", PEER, metavar="PYTHON"),
        HeadedOption("check", "Figures", CHECK, is_flag=True),
    ],
)
@click.pass_context
def reproduce(
    ctx: click.Context, /, name: str | None, data: str | None, peer: str | None, check: bool
) -> None:
    """List what can be reproduced; with a NAME, make its figures again, with standard errors.

    A published data set is fetched once from where its authors keep it, and checked by its hash.
    """
    study: Any = load("spicewidgets.core.studies.reproduction")
    if name is None:
        click.echo("\n".join(f"{one.name}: {one.about}" for one in study.REPRODUCTIONS.values()))
        return
    with report_errors(ctx):
        if name not in study.REPRODUCTIONS:
            known = ", ".join(study.REPRODUCTIONS)
            raise SettingsError([f"NAME must be one of {known}; got {name!r:.40}. Choose one of these."])
        one = study.REPRODUCTIONS[name]
        choices = read_data(one.data, data)
        before = study.load_figures(one, "" if choices is None else choices.report.sha256) if check else None
        with ProgressBar(1, hidden=not sys.stderr.isatty()) as bar:
            found = run_to_completion(study.reproduce_steps(one, choices, peer=peer), bar.part)
        both = found if before is None else study.compare(found, before)
        click.echo(both.to_string(float_format="{:.4f}".format, na_rep=""))
        if before is None:
            return
        moved = list(both.index[~both["same"]])
        n = both["recorded_se"].notna().sum()
        click.echo(f"Moved: {', '.join(moved)}." if moved else f"All {n} figures are as recorded.")
        if moved:
            ctx.exit(1)


def read_data(gallery: str, file: str | None) -> Any:
    """Read the table that figures are of; None where they are of a simulation.

    Raises:
        SettingsError: where it cannot be read, or where none is needed.
    """
    if not gallery and file is not None:
        raise SettingsError(
            ["--data is for figures of people; these are of simulated choices. Leave it out."]
        )
    if not gallery:
        return None
    sets: Any = load("spicewidgets.core.data.gallery")
    if file is None:
        return sets.load_choices(gallery)
    remedies = sets.data_set(gallery).remedies
    return load("spicewidgets.core.data.choices").read_choices(file, remedies=remedies)
