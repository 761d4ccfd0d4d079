"""What differs between ipywidgets 7 and 8, Colab, Voila and Jupyter. Nothing else asks where it runs."""

import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import ipywidgets

WIDGETS = int(ipywidgets.__version__.split(".")[0])
PLOTS = "SPICEWIDGETS_PLOTS"
CLASS = "SPICEWIDGETS_CLASS"  # in the environment: whether points are shared with a class
KINDS = ("bqplot", "matplotlib")

_manager_is_on = False


def foreground() -> bool:
    """Tell whether training must run in the cell: Colab does not show changes that a thread makes."""
    return on_colab()


def on_colab() -> bool:
    """Tell whether the widgets are shown by Colab."""
    return "google.colab" in sys.modules


def in_class() -> bool:
    """Tell whether the page is served to a class that has a plot in common."""
    return bool(os.environ.get(CLASS))


def plots_kind() -> str:
    """Name the library that draws live figures: "bqplot", or "matplotlib" where bqplot is missing or cannot
    be shown.

    The environment variable SPICEWIDGETS_PLOTS overrides it.
    """
    kind = os.environ.get(PLOTS, "").strip().lower()
    if kind and kind not in KINDS:
        raise ValueError(
            f"{PLOTS} must be one of {', '.join(KINDS)}; got {kind!r}. Unset it to have it chosen."
        )
    if kind:
        return kind
    there = find_spec("bqplot") is not None
    return "bqplot" if there and ensure_colab_manager() else "matplotlib"


def ensure_colab_manager() -> bool:
    """On Colab, let the page load other packages' widgets, once; call it in the main thread before anything
    is shown. False where that cannot be done; True anywhere else.
    """
    global _manager_is_on
    if not on_colab() or _manager_is_on:
        return True
    try:
        from google.colab import output  # type: ignore[import-not-found,unused-ignore]

        output.enable_custom_widget_manager()
    except (ImportError, AttributeError):
        return False
    _manager_is_on = True
    return True


def tooltip(words: str, **arguments: Any) -> dict[str, Any]:
    """Return the arguments that give a control its tooltip: `IntSlider(**tooltip("Trials per session"))`.

    For buttons say `Button(tooltip=...)`: both generations know it.
    """
    return {"description_tooltip" if WIDGETS < 8 else "tooltip": words, **arguments}


def uploads(widget: ipywidgets.FileUpload) -> list[tuple[str, bytes]]:
    """Name and content of each file in a FileUpload."""
    value = widget.value
    if isinstance(value, Mapping):  # ipywidgets 7: {name: {"metadata": ..., "content": bytes}}
        return [(str(name), bytes(file["content"])) for name, file in value.items()]
    return [(str(file["name"]), bytes(file["content"])) for file in value]


def clear_uploads(widget: ipywidgets.FileUpload) -> None:
    """Empty a FileUpload, so that the same file can be chosen again."""
    if WIDGETS < 8:
        widget.value.clear()
        widget._counter = 0
    else:
        widget.value = ()
