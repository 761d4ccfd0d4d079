"""The lesson that the app opens with, checked before the app starts."""

import click

from ..apps import LESSON
from ..core.settings import SettingsError
from ..state.experiment import Experiment
from ..state.lesson import lesson_from


def lesson_environment(path: str, panel: str = "explorer") -> dict[str, str]:
    """Return the environment in which the app's kernels open with a lesson.

    Args:
        path: of the lesson's file.
        panel: the name of the panel that is opened.

    Returns:
        Names and values of environment variables.

    Raises:
        click.ClickException: if the lesson cannot be read, or the panel has no lessons.
    """
    if panel in ("play", "quiz"):
        raise click.ClickException(
            f"A lesson is for the explorer and its panels; got {panel}. Leave --lesson out, or the {panel}."
        )
    try:
        lesson_from(path, Experiment())
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    return {LESSON: path}
