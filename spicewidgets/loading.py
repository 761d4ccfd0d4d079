"""Imports of what is heavy. torch, scikit-learn and pysindy are some 2,400 modules of objects that all stay:
the garbage collector, looking through them again and again, would take a quarter of the time of their import.
"""

import gc
from importlib import import_module
from types import ModuleType


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


def _age() -> None:
    """Count all objects there are among the old ones, as if a collection had found them in use."""
    if not gc.get_freeze_count():
        gc.freeze()
        gc.unfreeze()
