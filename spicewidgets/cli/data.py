"""`spicewidgets data`: the data sets of the gallery, listed, and one of them fetched and looked at."""

import shutil
from pathlib import Path
from typing import Any

import click

from ..core.settings import SettingsError
from ..loading import load
from .options import Command, HeadedOption

OUT = "Copy the file here, as it is."


@click.command(
    cls=Command, params=[click.Argument(["name"], required=False), HeadedOption("out", "Output", OUT)]
)
@click.pass_context
def data(ctx: click.Context, /, name: str | None, out: str | None) -> None:
    """List data sets; with a NAME, fetch that one and say what is in it.

    Published ones are fetched once from where their authors keep them, and checked; the others are part of
    the package and need no network.
    """
    gallery: Any = load("spicewidgets.core.data.gallery")
    try:
        if name is None:
            click.echo("\n\n".join(_describe(item) for item in gallery.GALLERY))
            return
        item = gallery.data_set(name)
        path = gallery.path_of(item)
        click.echo(f"{_describe(item)}\n\n{gallery.load_choices(name).report.text}")
        click.echo(f"\nThe file is {_copy(path, out)}.")
    except SettingsError as error:
        for problem in error.problems:
            click.echo(f"Error: {problem}", err=True)
        ctx.exit(2)


def _describe(item: Any) -> str:
    where = "part of the package" if item.url is None else f"{item.size / 1e6:.1f} MB, {item.url}"
    lines = [item.title, item.question, f"Licence {item.licence}; {where}", item.citation]
    return "\n".join([item.name, *(f"  {line}" for line in lines)])


def _copy(path: Path, out: str | None) -> Path:
    if out is None:
        return path
    try:
        return Path(shutil.copyfile(path, out))
    except OSError as error:
        raise SettingsError(
            [f"--out must be a file that can be written; got {out!r} ({error.strerror}). Choose another."]
        ) from None
