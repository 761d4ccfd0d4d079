"""A prediction with which a lesson begins: a figure, a question about it, and, then a slider."""

from collections.abc import Mapping, Sequence

import ipywidgets as widgets

from ..app.story import COURSE, course_of
from ..markup import Html
from ..plots.staying import staying_bars
from ..plots.story import course_picture
from ..state.experiment import Experiment
from ..views.staying import simulated_staying
from .base import Change, guard, with_label
from .question import Question

SHOWN = {"values": "What each option is worth", "choices": "P of each option"}


class Prediction(Question):
    """A question about what a parameter does to a participant, asked before the parameter can be moved.

    Args:
        words: the question.
        answer: one of the options.
        options: what can be chosen.
        because: why the answer is right.
        parameter: of the participant, as in the explorer.
        shows: "values" or "choices" of a short history, or "staying" in a two-step task.
        others: parameters of the participant that stay.
    """

    def __init__(
        self,
        words: str,
        answer: str,
        options: Sequence[str],
        *,
        because: str = "",
        parameter: str = "alpha_reward",
        shows: str = "values",
        **others: float,
    ) -> None:
        super().__init__(words, answer, options=options, because=because)
        self.parameter, self.shows, self.others = parameter, shows, others
        self.experiment = Experiment()
        tags = self.experiment.participant.tags(parameter)
        low, high, step = tags["slider"]
        start = others.pop(parameter, 0.3)
        self.picture = widgets.HTML()
        self.slider = with_label(
            widgets.FloatSlider,
            tags["label"],
            tags["help"],
            value=start,
            min=low,
            max=high,
            step=step,
            disabled=True,
        )
        self.slider.observe(self._draw, "value")
        self.children = (*self.children[:1], self.picture, *self.children[1:], self.slider)
        self._draw()

    @guard
    def _draw(self, _: Change | None = None) -> None:
        parameters = {**self.others, self.parameter: self.slider.value}
        draw = self._staying if self.shows == "staying" else self._course
        self.picture.value = draw(parameters)

    def _course(self, parameters: Mapping[str, float]) -> Html:
        values, chances = course_of(**parameters)
        drawn = values if self.shows == "values" else chances
        choices, paid = zip(*COURSE, strict=True)
        return course_picture(drawn, choices, paid, SHOWN[self.shows])

    def _staying(self, parameters: Mapping[str, float]) -> Html:
        self.experiment.task.kind = "two-step"
        for name, value in parameters.items():
            setattr(self.experiment.participant, name, value)
        stays = simulated_staying(self.experiment.snapshot())
        assert stays is not None
        return staying_bars(stays.mean, stays.low, stays.high)

    def _say(self, words: str) -> None:
        """Free the slider with the first verdict: now the figure tells."""
        super()._say(words)
        if words and hasattr(self, "slider"):
            self.slider.disabled = False
