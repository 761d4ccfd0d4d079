"""The page in one file as a widget: in JupyterLab, Notebook, Colab, VS Code and marimo, by anywidget."""

import json
from functools import cache
from typing import Any, ClassVar

from traitlets import Dict, Float, Int, List, Unicode

from ..front.files import BUNDLE, READY_MODELS, markup, rules_of_palettes, style_within

SHOW = """
export default {
  render({ model, el }) {
    el.classList.add("sw-panel", "sw-front");
    el.innerHTML = MARKUP;
    spice.start(el, DESCRIBED, model);
  },
};
"""


@cache
def playground_class() -> type[Any]:
    """Make the class of the widget.

    Raises:
        ModuleNotFoundError: Where anywidget is not installed; the rest of the package does without.
    """
    import anywidget

    scripts = [file.read_text(encoding="utf-8") for file in (READY_MODELS, BUNDLE)]

    class Playground(anywidget.AnyWidget):
        """Play, simulate, train and read the equation in the browser; Python knows of it by these traits.

        Attributes:
            settings: the settings below the game, by name; what is out of range is left as it is.
            seed: of what the two machines pay; another game each time when None.
            choices: of the player, 0 is left and 1 is right.
            rewards: what each paid, 0 or 1.
            bets: P of left before each choice, by the network.
            rate: the learning rate and the ends of its 90 % interval, after each round.
            equation: of the player after each round, as a sentence for each module.
            terms: the same as coefficients, by module and by the factors of a term, joined by spaces.
            expected: P of left before each choice, by the equation.
        """

        _esm: ClassVar[str] = "\n".join([*scripts, f"const MARKUP = {json.dumps(markup())};", SHOW])
        _css: ClassVar[str] = rules_of_palettes() + style_within("sw-front")
        settings = Dict().tag(sync=True)
        seed = Int(None, allow_none=True).tag(sync=True)
        choices = List(Int()).tag(sync=True)
        rewards = List(Int()).tag(sync=True)
        bets = List(Float()).tag(sync=True)
        rate = List(Float()).tag(sync=True)
        equation = Unicode().tag(sync=True)
        terms = Dict().tag(sync=True)
        expected = List(Float()).tag(sync=True)

    return Playground
