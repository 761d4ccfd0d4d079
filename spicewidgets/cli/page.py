"""`spicewidgets page`: a lesson as one file that simulates, trains and finds an equation in any browser."""

from pathlib import Path
from typing import Any

import click

from ..core.settings import SettingsError
from ..loading import load
from .options import Command, HeadedOption, report_errors

WORDS = {
    "model": "A network that can be chosen; may be given again. [default rescorla-wagner, forgetting,"
    " learning-rate and choice]",
    "title": "Headline of the page; the lesson's where there is one.",
    "lead": "Text below it; the lesson's where there is one.",
    "lesson": "Lesson with its words, settings, locks and questions: rescorla-wagner, forgetting, hard-coded,"
    " individual-differences, perseveration, is-it-true, two-groups, or a file from Save as lesson.",
    "out": "The file to write.",
}


@click.command(
    cls=Command,
    params=[
        HeadedOption("model", "Page", WORDS["model"], multiple=True, metavar="NAME"),
        HeadedOption("title", "Page", WORDS["title"]),
        HeadedOption("lead", "Page", WORDS["lead"]),
        HeadedOption("lesson", "Page", WORDS["lesson"], metavar="LESSON"),
        HeadedOption("out", "Output", WORDS["out"], default="lesson.html", show_default=True),
    ],
)
@click.pass_context
def page(ctx: click.Context, /, model: tuple[str, ...], out: str, **texts: Any) -> None:
    """Write a lesson as one HTML file, which simulates, trains a network and finds its equation by itself.

    The file needs no server and asks for nothing: it opens in a browser from a disk, an e-mail, or any web
    space, on a phone too.
    """
    given = {name: text for name, text in texts.items() if text is not None}
    with report_errors(ctx):
        front: Any = load("spicewidgets.front.page")
        html = front.write_page(tuple(dict.fromkeys(model)) or front.READY, **given)
        try:
            Path(out).write_text(html, encoding="utf-8")
        except OSError as error:
            raise SettingsError(
                [f"--out must be a file that can be written; got {out!r} ({error.strerror}). Choose another."]
            ) from None
    click.echo(f"{out}: {len(html.encode()) / 1000:.0f} kB. Open it, or put it on any web space.")
