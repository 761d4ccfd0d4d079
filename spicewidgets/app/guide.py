"""What the guide says: of all that could be said, the one thing that matters now, and the button for it."""

from collections.abc import Collection
from dataclasses import dataclass

from ..core.diagnose.findings import Finding
from ..state.experiment import Experiment
from ..state.run import RunState
from ..state.stages import STAGES
from ..state.tour import NEXT, Tour
from .protocols import ExperimentRunner

# What is worth a look after a run, in this order: the panel, the button's word, and why.
LOOKS = (
    ("equation", "See the equation", "Now read which terms were found, and what their coefficients mean."),
    ("compare", "Compare", "See one session through the participant, the network and the equation."),
    ("uncertainty", "How sure is it?", "Ask how far these coefficients could be off."),
    ("search", "Look for what is missing", "Ask which mechanism a plain learner lacks."),
)
TOURED = "That was the tour. Move anything, and watch the tiles: what follows from it is greyed or redrawn."
GROUP_PANELS = {"training": "train", "discovery": "library", "table": "data"}


@dataclass(frozen=True)
class Guidance:
    """One line of the guide.

    Attributes:
        kind: "wrong", "running", "failed", "coach", "stale", "tour", "step" or "look".
        words: the sentence.
        button: the word on its button; empty without.
        does: what the button does: "stop", "train", "refit", "study NAME", "remedy",
            "tour", "on" (to the next step), "skip" (the playback) or "go PANEL".
        number: of a step of the tour, as "2 of 5"; else empty.
    """

    kind: str
    words: str
    button: str = ""
    does: str = ""
    number: str = ""


def guidance(
    experiment: Experiment,
    runner: ExperimentRunner,
    finding: Finding | None,
    tour: Tour,
    looks: Collection[str],
    offers_tour: bool,
) -> Guidance:
    """Choose the guide's sentence: what went wrong first, then what is out of date, the tour, and the next
    step.

    Args:
        experiment: how it stands.
        runner: whose result is looked at.
        finding: the coach's most important one; None without.
        tour: where it is.
        looks: the panels that can be looked at and were not, since the last result.
        offers_tour: whether a tour is worth offering.
    """
    run, problems = experiment.run, experiment.problems
    if problems:
        return Guidance("wrong", problems[0], *_where(problems[0]))
    if run.busy:
        return Guidance("running", f"{run.message}{time_left(run)}", "Stop", "stop")
    if run.status == "failed":
        return Guidance("failed", run.message)
    if tour.step is not None:
        return _step(tour)
    playback = experiment.playback
    if playback.playing:
        words = f"Trained; shown slowly: epoch {playback.epoch} of {playback.epochs}."
        words = words if playback.epochs else "The training begins."
        return Guidance("running", words, "Skip", "skip")
    if tour.has_ended:
        return Guidance("look", TOURED)
    stale = experiment.stale_because
    if "train" in stale or "equation" in stale:
        again = ("Train", "train") if _needs_training(experiment) else ("Find again", "refit")
        return Guidance("stale", stale.get("equation") or stale["train"], *again)
    if run.status == "cancelled" and not experiment.blocked["continue"]:
        return Guidance("look", run.message, "Continue", "continue")
    if finding is not None:
        words = " ".join(filter(None, (finding.words, finding.tried)))
        return Guidance("coach", words, finding.remedy, "remedy" if finding.remedy else "")
    if runner.result is None:
        return Guidance("look", run.message or "Nothing is trained yet.", "Train", "train")
    if offers_tour:
        return Guidance(
            "tour", "A tour, one minute: drag α and see what the participant chooses.", "Start", "tour"
        )
    if "uncertainty" in stale and run.status != "cancelled":
        return Guidance("stale", stale["uncertainty"], "Resample", "study uncertainty")
    for panel, button, why in LOOKS:
        if panel in looks:
            return Guidance("look", f"{run.message} {why}".strip(), button, f"go {panel}")
    return Guidance("look", run.message)


def _step(tour: Tour) -> Guidance:
    step = tour.step
    assert step is not None
    number = f"{tour.at + 1} of {len(tour.steps)}"
    waits = tour.awaited not in ("", NEXT)
    return Guidance("step", step.words, "Skip" if waits else "Next", "on", number)


def _needs_training(experiment: Experiment) -> bool:
    """Tell whether more than the library has changed."""
    return "train" in experiment.stale_because or (
        experiment.discovered is not None and experiment.peek().differs(experiment.discovered, "network")
    )


def _where(problem: str) -> tuple[str, str]:
    """Return the button that leads to the settings that a problem is about."""
    group = problem.partition(":")[0]
    panel = GROUP_PANELS.get(group, group)
    return ("Show it", f"go {panel}") if panel in STAGES else ("", "")


def time_left(run: RunState) -> str:
    """At most how long a run still takes; empty where that is not known."""
    return "" if run.seconds_left is None else f" At most {run.seconds_left:.0f} s left."
