"""Imports of what is heavy. torch, scikit-learn and pysindy are some 2,400 modules of objects that all stay:
the garbage collector, looking through them again and again, would take a quarter of the time of their import.

They are loaded when something is trained. So the explorer is there after 1.8 s of processor in a kernel of
JupyterLab, Notebook or Colab, and after 3.7 s where they are loaded first (measured 2026-11-30). A kernel of
the served page is forked from a process that has them.
"""

import gc
import sys
from importlib import import_module
from importlib.util import resolve_name
from types import ModuleType
from typing import Any


def load(name: str) -> ModuleType:
    """Import a module, with the garbage collector at rest until it is there."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return import_module(name)
    finally:
        if collects:
            _age()
            gc.enable()


def is_loaded(name: str) -> bool:
    """Tell whether a module is there, and not just being imported."""
    module = sys.modules.get(name)
    return module is not None and not getattr(module.__spec__, "_initializing", False)


class Later:
    """A module that is imported when a name of it is first used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        module = sys.modules[self._name] if is_loaded(self._name) else load(self._name)
        return getattr(module, name)


def later(name: str, package: str | None = None) -> Later:
    """Return a heavy module, as `import_module` takes it, to be named at the top of a file and loaded at
    first use.

    It stands in the `else` of an `if TYPE_CHECKING:` that imports the same module, so that a reader and a
    type checker see what comes with it.
    """
    return Later(resolve_name(name, package))


def _age() -> None:
    """Count all objects there are among the old ones, as if a collection had found them in use."""
    if not gc.get_freeze_count():
        gc.freeze()
        gc.unfreeze()
