"""A question whose answer is checked: for lessons, in a notebook or on a page."""

from collections.abc import Callable, Sequence
from html import escape
from math import isfinite

import ipywidgets as widgets

from ..markup import message
from .base import FULL, Change, Panel, button, guard, row, with_label
from .look import STYLE

CHOOSE = "choose …"


class Question(Panel):
    """A question with a field, a button that checks, and others that give a hint and the answer.

    What is right is not on the page before the answer is shown.

    Args:
        words: the question.
        answer: a number, or one of the options; or a function that computes it when it is first needed.
        within: how far from the answer a number may lie to be right.
        options: what can be chosen; with none, a number is typed.
        hint: what helps; shown after a wrong answer, or when the button is pressed.
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
            self.field = with_label(widgets.Dropdown, "Your answer", words, options=(CHOOSE, *options))
        else:
            self.field = with_label(widgets.Text, "Your answer", words, continuous_update=False)
        self.buttons = {"Check": button("Check", "Is it right?", self.check)}
        if hint:
            self.buttons["Hint"] = button("Hint", "What helps", self._show_hint)
        self.buttons["Answer"] = button("Show the answer", "The answer, and why", self.tell)
        self.verdict = widgets.HTML()
        super().__init__([question, self.field, row(*self.buttons.values(), **FULL), self.verdict])
        self.add_class("sw-question")
        self.field.observe(self._change, "value")

    @property
    def answer(self) -> float | str:
        """The answer, computed where that has not been done."""
        if callable(self._answer):
            self._answer = self._answer()
        return self._answer

    @guard
    def check(self) -> None:
        """Say whether the typed or chosen answer is right."""
        typed, problem = self._read()
        if problem:
            self._say(problem)
            return
        answer = self.answer
        if isinstance(answer, str) or isinstance(typed, str):
            self.right = typed == answer
        else:
            self.right = abs(typed - answer) <= self.within
        self._say(f"Correct. {self.because}" if self.right else f"Not yet. {self.hint}")

    @guard
    def tell(self) -> None:
        """Show the answer."""
        text = self.answer if isinstance(self.answer, str) else f"{self.answer:.3g}"
        self._say(f"The answer is {text}. {self.because}")

    @guard
    def _show_hint(self) -> None:
        self._say(self.hint)

    @guard
    def _change(self, _: Change) -> None:
        """Check what was typed; after another choice the verdict is not about the answer on the page."""
        if isinstance(self.field, widgets.Text):
            self.check()
        else:
            self._say("")

    def _read(self) -> tuple[float | str, str]:
        """Return the answer that was typed or chosen, and its problem."""
        text = str(self.field.value).strip()
        if not isinstance(self.field, widgets.Text):
            return text, "Choose an answer first." if text == CHOOSE else ""
        try:
            number = float(text.replace(",", ".").replace("−", "-"))
        except ValueError:
            number = float("nan")
        return number, "" if isfinite(number) else f"A number is needed, such as 0.5; got {text!r}."

    def _say(self, words: str) -> None:
        self.verdict.value = message(words.strip(), role="status")
