"""A question whose answer is checked: for lessons, in a notebook or on a page.

What is right stays hidden until it is asked for. Knows nothing of what the question is about.
"""

from collections.abc import Callable, Sequence
from html import escape
from math import isfinite
from typing import Any

import ipywidgets as widgets

from .base import FULL, Panel, field, guard, pressed
from .look import STYLE

CHOOSE = "choose …"


class Question(Panel):
    """A question with a field, a button that checks, and others that give a hint and the answer.

    Args:
        words: the question.
        answer: a number, or one of the options; or a function that computes it when it is first needed.
        within: how far from the answer a number may lie to be right.
        options: what can be chosen; with none, a number is typed.
        hint: what helps; shown after a wrong answer, or when asked for.
        because: why the answer is right; shown with it.

    Attributes:
        right: whether the last answer that was checked was right; None before.
    """

    def __init__(
        self,
        words: str,
        answer: float | str | Callable[[], float | str],
        *,
        within: float = 0.0,
        options: Sequence[str] = (),
        hint: str = "",
        because: str = "",
    ) -> None:
        self._answer, self.within, self.hint, self.because = answer, within, hint, because
        self.right: bool | None = None
        question = widgets.HTML(f"{STYLE}<p>{escape(words)}</p>")
        if options:
            self.given = field(widgets.Dropdown, "Your answer", words, options=(CHOOSE, *options))
        else:
            self.given = field(widgets.Text, "Your answer", words, continuous_update=False)
        self.buttons = {"Check": pressed("Check", "Is it right?", self.check)}
        if hint:
            self.buttons["Hint"] = pressed("Hint", "What helps", self._help)
        self.buttons["Answer"] = pressed("Show the answer", "The answer, and why", self.tell)
        row = widgets.HBox(list(self.buttons.values()), layout=widgets.Layout(flex_flow="row wrap", **FULL))
        self.verdict = widgets.HTML()
        super().__init__([question, self.given, row, self.verdict])
        self.add_class("sw-question")
        self.given.observe(self._changed, "value")

    @property
    def answer(self) -> float | str:
        """The answer, computed where that has not been done."""
        if callable(self._answer):
            self._answer = self._answer()
        return self._answer

    @guard
    def check(self) -> None:
        """Say whether what is given is right."""
        given, wrong = self._read()
        if wrong:
            self._say(wrong)
            return
        answer = self.answer
        self.right = given == answer if isinstance(answer, str) else abs(given - answer) <= self.within
        self._say(f"Right. {self.because}" if self.right else f"Not yet. {self.hint}")

    @guard
    def tell(self) -> None:
        """Show the answer."""
        self._say(f"The answer is {self._told()}. {self.because}")

    @guard
    def _help(self) -> None:
        self._say(self.hint)

    @guard
    def _changed(self, _: Any) -> None:
        """Enter checks what was typed; after another choice the verdict is not about what is shown."""
        if isinstance(self.given, widgets.Text):
            self.check()
        else:
            self._say("")

    def _read(self) -> tuple[Any, str]:
        """What was given, and what is wrong with it."""
        text = self.given.value.strip()
        if not isinstance(self.given, widgets.Text):
            return text, "Choose an answer first." if text == CHOOSE else ""
        try:
            number = float(text.replace(",", ".").replace("−", "-"))
        except ValueError:
            number = float("nan")
        return number, "" if isfinite(number) else f"A number is needed, such as 0.5; got {text!r}."

    def _told(self) -> str:
        answer = self.answer
        return answer if isinstance(answer, str) else f"{answer:.3g}"

    def _say(self, words: str) -> None:
        told = f'<div class="sw-note" role="status">{escape(words.strip())}</div>'
        self.verdict.value = told if words else ""
