"""The panels of the method, one class for each stage: its controls on the left, what they change on the
right.

Each takes an experiment and its runner, and can stand alone in a notebook cell. They set settings and call
the runner; they compute nothing.
"""

from html import escape
from typing import Any

import ipywidgets as widgets

from ..compat import tooltip
from ..plots.figures import LossCurve, RewardProbabilities, SessionView
from ..results import preview
from .base import FULL, FigureBox, Panel, control, download_link, guard, more

NARROW = {"flex": "1 1 280px", "max_width": "420px", "min_width": "240px", "margin": "0 16px 0 0"}
WIDE = {"flex": "1 1 420px", "min_width": "280px"}


class Stage(Panel):
    """A panel with controls and a stage; they stand beside each other where there is room."""

    title, about = "", ""

    def __init__(self, experiment: Any, runner: Any) -> None:
        self.experiment, self.runner = experiment, runner
        self.stale = widgets.HTML()
        words = widgets.HTML(f"<h3>{escape(self.title)}</h3><p>{escape(self.about)}</p>")
        left = widgets.VBox([words, self.stale, *self.controls()], layout=widgets.Layout(**NARROW))
        right = widgets.VBox(self.stage(), layout=widgets.Layout(**WIDE))
        left.add_class("sw-controls")
        right.add_class("sw-stage")
        super().__init__([widgets.HBox([left, right], layout=widgets.Layout(flex_flow="row wrap", **FULL))])
        self.watch()
        self.refresh()

    def controls(self) -> list[Any]:
        """The widgets on the left."""
        return []

    def stage(self) -> list[Any]:
        """The widgets on the right."""
        return []

    def watch(self) -> None:
        """What makes this panel draw itself anew."""

    @guard
    def refresh(self, _: Any = None) -> None:
        """Draw the stage from the present settings or result."""
        self.draw()

    def draw(self) -> None:
        """What `refresh` does, unguarded."""

    def _say_stale(self, *stages: str) -> None:
        told = [self.experiment.stale_because[s] for s in stages if s in self.experiment.stale_because]
        self.stale.value = f'<div class="sw-note" role="status">{escape(told[0])}</div>' if told else ""


class TaskPanel(Stage):
    """The bandit task and its reward probabilities."""

    title = "1 · Task"
    about = (
        "In each trial one option is chosen, and it pays with its own probability, which may drift or jump."
    )

    def controls(self) -> list[Any]:
        """Kind of task, drift, arms; the rest folded."""
        task = self.experiment.task
        rest = [control(task, name) for name in ("boundary", "flip_probability", "counterfactual")]
        return [*(control(task, name) for name in ("kind", "sigma", "n_actions")), more(rest)]

    def stage(self) -> list[Any]:
        """The reward probabilities of the session that is shown."""
        self.figure = RewardProbabilities()
        return [FigureBox(self.figure)]

    def watch(self) -> None:
        """The task, the length of a session and the seed."""
        self.experiment.task.observe(self.refresh, list(self.experiment.task.names()))
        self.experiment.data.observe(self.refresh, ["n_trials", "seed", "session"])

    def draw(self) -> None:
        """One simulated session's probabilities, as long as the settings can be used."""
        if not self.experiment.problems:
            self.figure.draw(preview(self.experiment.peek(), self.experiment.data.session).reward_probs)


class ParticipantPanel(Stage):
    """The simulated participant and one of their sessions."""

    title = "2 · Participant"
    about = (
        "A learner moves the value of what they chose towards the reward, and chooses by value, more or less"
        " strictly."
    )

    def controls(self) -> list[Any]:
        """Learning rate, beta, first value; the other mechanisms folded."""
        person = self.experiment.participant
        linked = widgets.Checkbox(description="One α for both outcomes", indent=False)
        widgets.link((person, "linked"), (linked, "value"))
        first = [control(person, name) for name in ("alpha_reward", "beta_reward", "q0")]
        penalty = control(person, "alpha_penalty")
        names = ("forget_rate", "beta_choice", "alpha_choice", "variation")
        unseen = ("alpha_counterfactual_reward", "alpha_counterfactual_penalty")
        return [
            first[0],
            linked,
            penalty,
            *first[1:],
            more([control(person, name) for name in (*names, *unseen)]),
        ]

    def stage(self) -> list[Any]:
        """The session as the participant lives it."""
        self.figure = SessionView()
        return [FigureBox(self.figure)]

    def watch(self) -> None:
        """Whatever changes the first session."""
        for state in (self.experiment.participant, self.experiment.task):
            state.observe(self.refresh, list(state.names()))
        self.experiment.data.observe(self.refresh, ["n_trials", "seed", "session"])

    def draw(self) -> None:
        """One simulated session, redrawn at once."""
        if not self.experiment.problems:
            seen = preview(self.experiment.peek(), self.experiment.data.session)
            paid = seen.rewards[range(len(seen.choices)), seen.choices]
            arm = min(self.experiment.comparison.arm, self.experiment.task.n_actions - 1)
            played: Any = {"truth": seen}
            self.figure.draw(played, seen.choices, paid, session=0, arm=arm)


class DataPanel(Stage):
    """How much is simulated, and a session as a table."""

    title = "3 · Data"
    about = "The participant plays many sessions. The network sees choices and rewards, and nothing else."

    def controls(self) -> list[Any]:
        """Sizes, validation share, seed, and which session is shown."""
        names = ("n_sessions", "n_trials", "n_participants", "validation_share", "seed", "session")
        return [control(self.experiment.data, name) for name in names]

    def stage(self) -> list[Any]:
        """The session's table, and the whole data set as a file once it was made."""
        self.table, self.save = widgets.HTML(), widgets.HTML()
        return [self.table, self.save]

    def watch(self) -> None:
        """Settings that change the data, and new results."""
        for state in (self.experiment.data, self.experiment.task, self.experiment.participant):
            state.observe(self.refresh, list(state.names()))
        self.experiment.run.observe(self.refresh, "result_revision")

    def draw(self) -> None:
        """The first trials of the session that is shown."""
        if not self.experiment.problems:
            seen = preview(self.experiment.peek(), self.experiment.data.session)
            head = "".join(f"<th>{name}</th>" for name in ("trial", "choice", "reward"))
            paid = seen.rewards[range(len(seen.choices)), seen.choices]
            rows = "".join(
                f"<tr><td>{t}</td><td>option {c + 1}</td><td>{r:g}</td></tr>"
                for t, (c, r) in enumerate(zip(seen.choices[:20], paid[:20], strict=True))
            )
            self.table.value = (
                f'<table class="sw-table"><caption>The first trials of session {self.experiment.data.session}'
                f"</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
            )
        result = self.runner.result
        if result is not None:
            content = result.dataset.to_frame().to_csv(index=False).encode()
            self.save.value = download_link(content, "dataset.csv", "text/csv", "Save all sessions as CSV")


class ModelPanel(Stage):
    """Which network is trained, and what it is made of."""

    title = "4 · Model"
    about = "A model has one small module for each mechanism; each module becomes one equation."

    def controls(self) -> list[Any]:
        """The list of models."""
        model = self.experiment.model
        self.names = widgets.Dropdown(
            options=model.choices,
            value=model.name,
            layout=widgets.Layout(**FULL),
            **tooltip("The model to train"),
        )
        model.observe(self._offer, ["names_revision", "name"])
        self.names.observe(self._chosen, "value")
        return [widgets.HTML('<span class="sw-label">Model</span>'), self.names]

    @guard
    def _offer(self, _: Any) -> None:
        model = self.experiment.model
        self.names.options = model.choices
        self.names.value = model.name if model.name in model.choices else None

    @guard
    def _chosen(self, change: Any) -> None:
        if change["new"] is not None:
            self.experiment.model.name = change["new"]

    def stage(self) -> list[Any]:
        """Its states, modules and inputs."""
        self.table = widgets.HTML()
        return [self.table]

    def watch(self) -> None:
        """The chosen model."""
        self.experiment.model.observe(self.refresh, list(self.experiment.model.names()))

    def draw(self) -> None:
        """What the model is made of, as a table."""
        spec = self.experiment.model.spec
        if spec is None:
            self.table.value = ""
            return
        own = "its own value only"
        sees = {module: escape(", ".join(inputs)) or own for module, inputs in spec.modules.items()}
        sees |= dict.fromkeys(spec.given, "given as an equation")
        rows = "".join(
            f"<tr><td><code>{escape(module)}</code></td><td>{words}</td></tr>"
            for module, words in sees.items()
        )
        states = ", ".join(f"<code>{escape(s)}</code> (starts at {v:g})" for s, v in spec.states.items())
        self.table.value = (
            f"<p>{escape(spec.about)}</p><p>Memory: {states}</p>"
            '<table class="sw-table"><thead><tr><th>module</th><th>sees</th></tr></thead>'
            f"<tbody>{rows}</tbody></table>"
        )


class TrainPanel(Stage):
    """Training, live."""

    title = "5 · Train"
    about = (
        "The network learns to expect the next choice. The dashed lines are guessing, and the true"
        " participant's own loss."
    )

    def controls(self) -> list[Any]:
        """Buttons, epochs, optimiser; the rest folded."""
        training = self.experiment.training
        self.buttons = {
            what: widgets.Button(description=word, tooltip=tip, layout=widgets.Layout(width="auto"))
            for what, word, tip in (
                ("train", "Train", "Simulate, train, find the equations"),
                ("stop", "Stop", "Stop soon; what was learned is kept"),
                ("continue", "Continue", "Go on from what was learned"),
                ("step", "Step", "One epoch more"),
                ("reset", "Reset", "Forget the results; the settings stay"),
            )
        }
        self.buttons["train"].button_style = "primary"
        for what, button in self.buttons.items():
            button.on_click(self._pressed(what))
        self.status = widgets.HTML()
        rest = ("learning_rate", "n_starts", "batch_size", "scheduler", "l2_weight_decay", "dropout")
        return [
            widgets.HBox(list(self.buttons.values()), layout=widgets.Layout(flex_flow="row wrap")),
            self.status,
            *(control(training, name) for name in ("epochs", "optimizer")),
            more([control(training, name) for name in rest]),
        ]

    def stage(self) -> list[Any]:
        """The loss curve."""
        self.figure = LossCurve()
        return [FigureBox(self.figure)]

    def watch(self) -> None:
        """The run, and what is blocked."""
        self.experiment.run.observe(self.refresh, ["history", "status", "message", "result_revision"])
        self.experiment.observe(self.refresh, ["blocked", "stale_because"])

    def _pressed(self, what: str) -> Any:
        call = {"continue": "continue_"}.get(what, what)

        @guard
        def pressed(panel: Any, _: Any) -> None:
            getattr(panel.runner, call)()

        return lambda button: pressed(self, button)

    def draw(self) -> None:
        """The curve, the line below the buttons, and which buttons can be pressed."""
        run = self.experiment.run
        for what, button in self.buttons.items():
            why = self.experiment.blocked.get(what, "")
            button.disabled = bool(why)
            button.tooltip = why or button.tooltip
        left = "" if run.seconds_left is None or not run.busy else f" At most {run.seconds_left:.0f} s left."
        told = escape(f"{run.status}: {run.message}{left}")
        notes = "".join(f'<div class="sw-note">{escape(note)}</div>' for note in run.notes)
        folded = (
            f"<details><summary>details</summary><pre>{escape(run.details)}</pre></details>"
            if run.details
            else ""
        )
        self.status.value = f'<div role="status" aria-live="polite">{told}</div>{notes}{folded}'
        self._say_stale("train")
        self.figure.draw(run.history, earlier=run.earlier)


class EquationPanel(Stage):
    """What was found, beside the truth; and how SINDy looks for it."""

    title = "6 · Equation"
    about = "SINDy finds the terms of each module's equation; their numbers are then tuned to the choices."

    def controls(self) -> list[Any]:
        """The discovery's settings, and the button that finds the equations again."""
        plan = self.experiment.discovery
        self.again = widgets.Button(description="Find again", tooltip="With these settings, without training")
        self.again.on_click(lambda _: self._find())
        rest = ("optimizer", "regularization", "refine", "n_trials_off_policy", "n_trials_same_action")
        first = [control(plan, name) for name in ("threshold", "degree")]
        return [self.again, *first, more([control(plan, name) for name in rest])]

    def stage(self) -> list[Any]:
        """The table of terms, and the equations as text and mathematics."""
        self.terms, self.words = widgets.HTML(), widgets.HTML()
        return [self.terms, self.words]

    def watch(self) -> None:
        """New results, and what is stale."""
        self.experiment.run.observe(self.refresh, "result_revision")
        self.experiment.observe(self.refresh, ["blocked", "stale_because"])

    @guard
    def _find(self) -> None:
        self.runner.refit()

    def draw(self) -> None:
        """Discovered beside true, term by term."""
        self.again.disabled = bool(self.experiment.blocked.get("refit"))
        self._say_stale("equation")
        result = self.runner.result
        if result is None or result.spice is None:
            self.terms.value = "<p>No equation yet: train first.</p>"
            self.words.value = ""
            return
        self.terms.value = "".join(_terms(who, frame) for who, frame in result.terms.items())
        equations = result.spice.of_participant().values()
        maths = "".join(equation.mathml() for equation in equations)
        latex = "\\n".join(equation.latex() for equation in equations)
        self.words.value = (
            f"{maths}<details><summary>as text</summary><pre>{escape(result.spice.text())}</pre></details>"
            f"<details><summary>as LaTeX</summary><pre>{escape(latex)}</pre></details>"
        )


def _terms(who: Any, frame: Any) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(module)}</code></td><td><code>{escape(term)}</code></td>"
        + "".join(f"<td>{row[name]:+.3f}</td>" for name in ("true", "found", "difference"))
        + "</tr>"
        for (module, term), row in frame.iterrows()
    )
    head = "".join(f"<th>{name}</th>" for name in ("module", "term", "true", "found", "difference"))
    return (
        f'<table class="sw-table"><caption>Participant {escape(str(who))}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


class ComparePanel(Stage):
    """Truth, RNN and SPICE in the same session, and over all sessions."""

    title = "7 · Compare"
    about = "All three see the same choices and rewards: what does each expect next?"

    def controls(self) -> list[Any]:
        """Session, arm, and which lines are drawn."""
        comparison = self.experiment.comparison
        self.layers = {
            name: widgets.Checkbox(value=name in comparison.layers, description=word, indent=False)
            for name, word in (("truth", "Truth"), ("rnn", "RNN"), ("spice", "SPICE"))
        }
        for box in self.layers.values():
            box.observe(self._chosen, "value")
        return [control(comparison, "session"), control(comparison, "arm"), *self.layers.values()]

    def stage(self) -> list[Any]:
        """The session and the table of scores."""
        self.figure, self.scores = SessionView(), widgets.HTML()
        return [FigureBox(self.figure), self.scores]

    def watch(self) -> None:
        """What is looked at, and new results."""
        self.experiment.comparison.observe(self.refresh, ["session", "arm", "layers"])
        self.experiment.run.observe(self.refresh, "result_revision")
        self.experiment.observe(self.refresh, "stale_because")

    @guard
    def _chosen(self, _: Any) -> None:
        chosen = tuple(name for name, box in self.layers.items() if box.value)
        self.experiment.comparison.layers = chosen

    def draw(self) -> None:
        """The session that is looked at."""
        self._say_stale("compare")
        result, looked = self.runner.result, self.experiment.comparison
        if result is None:
            self.scores.value = "<p>Nothing to compare yet: train first.</p>"
            return
        session = min(looked.session, len(result.choices) - 1)
        arm = min(looked.arm, result.snapshot.task.n_actions - 1)
        self.figure.draw(result.played, result.choices, result.rewards, session=session, arm=arm)
        self.figure.show_layers({name: name in looked.layers for name in result.played})
        self.scores.value = _scores(result.comparison)


LABELS = {"truth": "Truth", "rnn": "RNN", "spice": "SPICE"}


def _scores(frame: Any) -> str:
    names = {
        "nll": "NLL (nats per choice)",
        "bic": "BIC",
        "trial_likelihood": "trial likelihood",
        "mean_dp": "mean |dP|",
        "max_dp": "max |dP|",
    }
    head = "".join(f"<th>{escape(word)}</th>" for word in ("", *names.values()))
    digits = {"bic": 1}
    rows = "".join(
        f"<tr><td>{LABELS.get(label, escape(str(label)))}</td>"
        + "".join(f"<td>{row[n]:.{digits.get(n, 4)}f}</td>" for n in names)
        + "</tr>"
        for label, row in frame.iterrows()
    )
    return (
        '<table class="sw-table"><caption>Over all'
        f" sessions</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


STAGES = (TaskPanel, ParticipantPanel, DataPanel, ModelPanel, TrainPanel, EquationPanel, ComparePanel)
