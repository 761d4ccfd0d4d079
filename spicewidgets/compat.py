"""What differs between ipywidgets 7 and 8, Colab, Voila and Jupyter. Nothing else asks where it runs."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, Literal, TypeVar

import ipywidgets

WIDGETS = int(ipywidgets.__version__.split(".")[0])
PLOTS = "SPICEWIDGETS_PLOTS"
KINDS = ("bqplot", "matplotlib")
Made = TypeVar("Made")

_manager_is_on = False


def environment() -> Literal["colab", "voila", "jupyter"]:
    """Where the widgets are shown. A kernel without a sign of Colab or Voila counts as Jupyter."""
    if "google.colab" in sys.modules:
        return "colab"
    software = os.environ.get("SERVER_SOFTWARE", "")  # Voila says so to its kernels
    return "voila" if software.startswith("voila/") else "jupyter"


def for_page(make: Callable[[], Made]) -> Made:
    """What `make` makes, for the page that will show it.

    A kernel that Voila has started before anyone has asked for the page makes it ahead and waits. The page's
    address is only known then; if there is something in it, such as settings, all is made anew.
    """
    made = make()
    if os.environ.get("VOILA_PREHEAT") != "True":
        return made
    from voila.utils import wait_for_request

    wait_for_request()
    while environment() != "voila":  # the request says so; without it, the wait ended with a lost connection
        time.sleep(0.1)
        wait_for_request()
    if not os.environ.get("QUERY_STRING"):
        return made
    ipywidgets.Widget.close_all()
    return make()


def foreground() -> bool:
    """Whether training must run in the cell: Colab does not show what a thread changes."""
    return environment() == "colab"


def plots_kind() -> str:
    """What draws live figures: "bqplot", or "matplotlib" where bqplot is missing or cannot be shown.

    The environment variable SPICEWIDGETS_PLOTS overrides it.
    """
    asked = os.environ.get(PLOTS, "").strip().lower()
    if asked and asked not in KINDS:
        raise ValueError(
            f"{PLOTS} must be one of {', '.join(KINDS)}; got {asked!r}. Unset it to have it chosen."
        )
    if asked:
        return asked
    there = find_spec("bqplot") is not None
    return "bqplot" if there and ensure_colab_manager() else "matplotlib"


def ensure_colab_manager() -> bool:
    """On Colab, let the page load other packages' widgets, once; call it in the main thread before anything
    is shown. False where that cannot be done; True anywhere else.
    """
    global _manager_is_on
    if environment() != "colab" or _manager_is_on:
        return True
    try:
        from google.colab import output  # type: ignore[import-not-found,unused-ignore]

        output.enable_custom_widget_manager()
    except (ImportError, AttributeError):
        return False
    _manager_is_on = True
    return True


def tooltip(words: str, **told: Any) -> dict[str, Any]:
    """The arguments that give a control its tooltip: `IntSlider(**tooltip("Trials per session"))`.

    For buttons say `Button(tooltip=...)`: both generations know it.
    """
    return {"description_tooltip" if WIDGETS < 8 else "tooltip": words, **told}


def set_tooltip(widget: Any, words: str) -> None:
    """Another tooltip of a control that is there."""
    name = "tooltip" if widget.has_trait("tooltip") else "description_tooltip"
    if widget.has_trait(name):
        setattr(widget, name, words)


def uploads(widget: Any) -> list[tuple[str, bytes]]:
    """Name and content of each file in a FileUpload."""
    value = widget.value
    if isinstance(value, Mapping):  # ipywidgets 7: {name: {"metadata": ..., "content": bytes}}
        return [(str(name), bytes(file["content"])) for name, file in value.items()]
    return [(str(file["name"]), bytes(file["content"])) for file in value]


def clear_uploads(widget: Any) -> None:
    """Empty a FileUpload, so that the same file can be chosen again."""
    if WIDGETS < 8:
        widget.value.clear()
        widget._counter = 0
    else:
        widget.value = ()
