"""Read: the numbers of the equation as the parameters of a Q-learner, and the way back."""

import re
from html import escape
from typing import Any

import ipywidgets as widgets

from ..lab.meaning import cost, freedoms_of, is_loaded, person_of, steps_of, tried
from ..state.participant import ParticipantState
from .base import FULL, control, decimal, field, grid, guard, offer, pressed, refuse
from .equations import SYMBOLS, within
from .stage import Stage

LETTERS = {
    "alpha": "α",
    "alpha_plus": "α⁺",
    "alpha_minus": "α⁻",
    "alpha_u": "αᵤ",
    "w_u": "wᵤ",
    "beta": "β",
    "q0": "q₀",
    "V0": "V₀",
    "C0": "C₀",
    "*": "×",
    "-": "−",
}
NAMES = SYMBOLS | {"alpha_reward": "α⁺ after a reward", "alpha_penalty": "α⁻ after no reward"}
KNOBS = ("alpha_reward", "alpha_penalty", "beta_reward", "q0", "forget_rate", "beta_choice", "alpha_choice")
FREEDOMS = {
    "both arms": "{shift:+.2f} for both options",
    "stretch": "values × 2, β ÷ 2",
    "one arm": "{shift:+.2f} for option 1 only",
}
VALUE = "x_value_reward"
SAME = 1e-9
FINE = 0.001
UNLIKELY = 0.05  # below this, a loss is not put down to chance
EARLY = 10  # trials
WORTH = "Fit the equation with and without the term, and compare what is expected"
NO_WORDS = "Nothing is known of the modules of this model in terms of a Q-learner."


class TranslatePanel(Stage):
    """The steps from the equation to the parameters, the way back, and what the numbers are worth."""

    title = "Translate the equation"
    about = (
        "The equation is a Q-learner in other words: each of its numbers tells one parameter."
        " Move a parameter, and the equation follows."
    )

    def controls(self) -> list[Any]:
        """Whose equation, and the parameters to move."""
        self._of: tuple[Any, Any] | None = None  # the result that is shown, and whose equation of it
        self._setting = False
        self.person = ParticipantState()
        self.who = field(widgets.Dropdown, "Participant", "Whose equation is read", options=[("0", 0)])
        self.who.observe(self.refresh, "value")
        self.knobs = {name: _fine(control(self.person, name)) for name in KNOBS}
        back = "Set the parameters back to those of the equation that was found"
        self.back = pressed("Back to what was found", back, self._restore)
        self.person.observe(self._moved, [*KNOBS])
        return [self.who, *self.knobs.values(), self.back]

    def stage(self) -> list[Any]:
        """The steps, the equation that the parameters make, the worth of a term, and the freedoms."""
        self.steps, self.moved, self.verdict, self.free = (widgets.HTML() for _ in range(4))
        self.term = field(widgets.Dropdown, "Term", "Which term is left out", options=[("", None)])
        self.term.observe(self._other_term, "value")
        self.drop = pressed("What would it cost to drop it?", WORTH, self._drop)
        row = widgets.Layout(flex_flow="row wrap", align_items="center", **FULL)
        self.term.layout.width = "auto"
        self.worth = widgets.VBox(
            [widgets.HBox([self.term, self.drop], layout=row), self.verdict], layout=widgets.Layout(**FULL)
        )
        return [self.steps, self.moved, self.worth, self.free]

    def watch(self) -> None:
        """New results, what is stale, and whether the panel is seen: hidden, it reckons nothing."""
        self.experiment.run.observe(self.refresh, "result_revision")
        self.experiment.observe(self.refresh, ["blocked", "stale_because"])
        self.layout.observe(self.refresh, "display")

    def draw(self) -> None:
        """All of it for the present result; the parameters stay where they were moved to."""
        result = self.runner.result
        if self.layout.display == "none":
            if self._of is None or self._of[0] is not result:  # what was moved goes with what it was of
                self._of = None
                self.person.reset()
            return
        self._say_stale("equation")
        found = None if result is None else result.spice
        self.worth.layout.display = "none" if found is None else ""
        refuse(self.drop, "A run is under way." if self.experiment.run.busy else "", WORTH)
        if result is None or found is None:
            self._of = None
            for part in (self.who, self.back, *self.knobs.values()):
                part.layout.display = "none"
            self.moved.value = self.free.value = ""
            self.steps.value = "<p>No equation yet: train first.</p>"
            return
        who = offer(self.who, found.participants)
        if self._of is None or self._of[0] is not result or self._of[1] != who:
            self._of = (result, who)
            self._begin(result, who)

    def _begin(self, result: Any, who: Any) -> None:
        """Show a result, or another participant of it, from the beginning."""
        found = result.spice
        self.steps.value = _steps(result, who)
        self.free.value = _freedoms(result, who)
        terms: list[tuple[str, Any]] = [
            (f"{_plain(term, module)} of {module}", (module, term))
            for module, equation in found.of_participant(who).items()
            for term, _ in equation.active
        ]
        self.term.options, self.term.value = terms or [("none", None)], terms[0][1] if terms else None
        self.drop.disabled = self.drop.disabled or not terms
        self.verdict.value = ""
        self._restore()

    @guard
    def _restore(self) -> None:
        """The parameters as they were found, and only those there are."""
        if self._of is None:
            return
        told = person_of(*self._of)
        for name, knob in self.knobs.items():
            knob.layout.display = "" if name in told else "none"
        self.back.layout.display = "" if told else "none"
        self._setting = True
        self.person.put({name: self.person.default(name) for name in self.person.names()} | told)
        self._setting = False
        self._moved()

    @guard
    def _moved(self, _: Any = None) -> None:
        """The equation of the parameters as they stand, beside the one that was found."""
        if self._of is None or self._setting or self.person.problems:
            return
        result, who = self._of
        names = [name for name in KNOBS if self.knobs[name].layout.display != "none"]
        if not names:
            self.moved.value = ""
            return
        now = tried(result, who, {name: getattr(self.person, name) for name in names})
        self.moved.value = _beside(result.spice, now, who)

    @guard
    def _other_term(self, _: Any) -> None:
        self.verdict.value = ""

    @guard
    def _drop(self) -> None:
        if self._of is None or self.term.value is None:
            return
        what = "Fitting the equation with and without it …"
        self._say(what if is_loaded() else f"Loading torch, which takes a few seconds. {what}")
        try:
            found = cost(*self._of, *self.term.value)
        except BaseException:
            self.verdict.value = ""
            raise
        self._say(_sentence(found))
        self.verdict.value += _costs(found)

    def _say(self, words: str) -> None:
        self.verdict.value = f'<div class="sw-note" role="status">{escape(words)}</div>'


def _fine(knob: Any) -> Any:
    """A control in steps as fine as what is found: a page rounds what it shows to them."""
    for part in knob.children:
        if hasattr(part, "step"):
            part.step = FINE
    return knob


def _letters(text: str) -> str:
    """A rule with Greek letters and the signs of print."""
    return _one_line(re.sub(r"[A-Za-z]\w*|[*-]", lambda found: LETTERS.get(found[0], found[0]), text))


def _one_line(text: str) -> str:
    """A text that is not broken: a table that is too wide is scrolled."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _plain(term: Any, module: str) -> str:
    return " × ".join("own value" if part == module else part for part in term) or "constant"


def _steps(result: Any, who: Any) -> str:
    """One row for each parameter: what its number in the equation is made of, and the number today."""
    found = steps_of(result, who)
    if not found:
        return f"<p>{escape(NO_WORDS)}</p>"
    sure = result.uncertainty.get(who)
    errors = {} if sure is None else sure.parameters
    two = any(step.parameter == "alpha_penalty" for step in found)
    names = NAMES if two else SYMBOLS
    rows = [
        [
            names.get(step.parameter, step.parameter),
            _one_line(within(step.value, errors.get(step.parameter), 2 if abs(step.value) >= 1 else 3)),
            _letters(step.rule),
            _letters(f"{step.symbol} = {step.solved} = {step.filled()}"),
        ]
        for step in found
    ]
    numbers = {symbol: value for step in found for symbol, value in step.numbers.items()}
    start = f", starting at V₀ = {numbers['V0']:g}" if "V0" in numbers else ""
    both = " + c x r" if two else ""
    caption = f"From x′ = k + w x + g r{both}{start}, to the parameters"
    caption += ", ± standard error" if errors else ""
    return grid(caption, ("parameter", "is", "since", "so that, today"), rows)


def _beside(found: Any, now: Any, who: Any) -> str:
    """The equation of the moved parameters beside the found one, and what the choices say."""
    rows = []
    for module, equation in now.spice.of_participant().items():
        before = found.of_participant(who).get(module)
        for term in dict.fromkeys((*equation.terms, *(before.terms if before else ()))):
            pair = (before.coefficient(*term) if before else 0.0), equation.coefficient(*term)
            if any(pair):
                rows.append([f"{_plain(term, module)} of {module}", *(decimal(v, sign="+") for v in pair)])
    words = ""
    if now.nll is not None:
        words = (
            f"From the second trial on, a choice costs {now.nll[0]:.4f} nats with the parameters as they are"
            f" set, {now.nll[1]:.4f} as they were found; P differs by at most {now.max_dp:.3f}."
        )
    table = grid("The way back: the equation of the parameters", ("number", "found", "as set"), rows)
    return f'{table}<p role="status">{escape(words)}</p>'


def _sentence(found: Any) -> str:
    """Whether the term can go."""
    before, after = found.nll["whole"], found.nll["refitted"]
    chance = found.by_chance
    often = f"{chance:.1%} of" if chance >= 0.001 else "fewer than 0.1% of"
    told = (
        f"without it, and all else fitted anew, the {found.n_choices:,} choices are {max(found.nats, 0):.1f}"
        f" nats less likely ({before:.4f} to {after:.4f} nats each); chance alone does that in {often} data"
        " sets without such a term."
    )
    return f"It cannot be left out: {told}" if chance < UNLIKELY else f"It may be left out: {told}"


def _costs(found: Any) -> str:
    """How much P changes: over all sessions, early and late, and session by session."""
    import numpy as np

    rows = []
    for name, words in (("refitted", "all else fitted anew"), ("dropped", "all else as it was")):
        dp = found.dp[name]
        numbers = (np.nanmax(dp), np.nanmean(dp), np.nanmean(dp[:, :EARLY]), np.nanmean(dp[:, EARLY:]))
        rows.append([words, decimal(found.nll[name], 4), *(decimal(float(n)) for n in numbers)])
    names = ("without it", "NLL", "max |dP|", "mean |dP|", f"first {EARLY} trials", "later")
    each = [
        [f"session {s}", decimal(high), decimal(mean)]
        for s, (high, mean) in enumerate(zip(found.max_dp(), found.mean_dp(), strict=True))
    ]
    sessions = grid("Each session, all else fitted anew", ("session", "max |dP|", "mean |dP|"), each)
    folded = f"<details><summary>session by session</summary>{sessions}</details>"
    return grid("How P of option 1 changes", names, rows) + folded


def _freedoms(result: Any, who: Any) -> str:
    """Three ways to write the equation otherwise, and whether it can be seen."""
    rows = [
        [
            FREEDOMS[way.name].format(shift=way.shift).replace("-", "−"),
            "no" if way.max_dp < SAME else f"by up to {way.max_dp:.2f}",
            _equation(way.spice.equation(f"{VALUE}_chosen", who)),
            decimal(way.start, 2),
            decimal(way.beta, 2),
        ]
        for way in freedoms_of(result, who)
    ]
    names = ("values written with", "does P change?", "equation", "start", "β")
    return grid("What the choices cannot tell, and what they can", names, rows) if rows else ""


def _equation(equation: Any) -> str:
    """An equation on a short line, with x for the value and r for the reward."""
    letters = {equation.module: "x", "c_reward": "r"}
    parts = [
        " ".join(
            [decimal(value, 2, sign="+").replace("+", "+ ").replace("−", "− "), *(letters[f] for f in term)]
        )
        for term, value in equation.active
        if abs(value) > SAME
    ]
    return _one_line(f"x′ = {' '.join(parts).removeprefix('+ ') or '0'}")
