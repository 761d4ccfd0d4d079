"""Plug-ins: mechanisms, rivals, kinds of tasks and studies of other installed packages.

A package names what it adds in its `pyproject.toml`, group by group:

    [project.entry-points."spicewidgets.mechanisms"]
    liking = "my_package:Liking"

The groups are `spicewidgets.mechanisms`, `.rivals`, `.tasks` and `.studies`; they name a `Mechanism`, a
`Rival`, a `TaskKind` or a class of `Study`. It then stands wherever those of the package itself stand: in
commands, page and report. `studies/contract.py` checks that it does what is promised. What cannot be loaded,
or has a name that is taken, is left out with a warning: a plug-in never keeps the package from being used.
"""

import warnings
from collections.abc import Callable, Iterable
from functools import cache
from importlib.metadata import EntryPoint, distributions
from typing import Any, TypeVar

Added = TypeVar("Added")
PREFIX = "spicewidgets."


class PluginWarning(UserWarning):
    """A plug-in was left out."""


def load_plugins(
    kind: str,
    base: type[Added],
    taken: Iterable[str],
    names_of: Callable[[Any], Iterable[str]] = lambda added: (added.name,),
) -> tuple[Added, ...]:
    """Return what other packages add of a kind, in the order of their entry points' names.

    Args:
        kind: the group, such as "mechanisms".
        base: what each must be. Where a class of it is named, an instance is made.
        taken: names that are taken.
        names_of: the names that what is added takes.
    """
    found, names = [], set(taken)
    points = [point for point in _points() if point.group == f"{PREFIX}{kind}"]
    for point in sorted(points, key=lambda one: one.name):
        try:
            loaded = point.load()
            added = loaded() if isinstance(loaded, type) and issubclass(loaded, base) else loaded
            if not isinstance(added, base):
                raise TypeError(f"it must be a {base.__name__}; got {added!r:.80}")
            own = {*names_of(added)}
            if own & names or not all(own):
                raise ValueError(f"its names must be its own; taken is {', '.join(own & names) or 'none'}")
        except Exception as error:  # whatever another package does
            warnings.warn(
                f"The plug-in {point.name} ({point.value}) is left out: {error or type(error).__name__}."
                " Mend or uninstall it.",
                PluginWarning,
                stacklevel=2,
            )
        else:
            names |= own
            found.append(added)
    return tuple(found)


@cache
def _points() -> tuple[EntryPoint, ...]:
    """Return our entry points of all installed packages, which are looked for once."""
    found = (one for package in distributions() for one in package.entry_points)
    return tuple(dict.fromkeys(one for one in found if one.group.startswith(PREFIX)))
