"""What the guide says: of all that could be said, the one thing that matters now, and the button for it."""

from collections.abc import Collection
from dataclasses import dataclass

from ..core.diagnose.findings import Finding
from ..state.experiment import Experiment
from ..state.run import RunState
from ..state.stages import STAGES
from ..state.story import Story
from .protocols import ExperimentRunner

# What is worth a look after a run, in this order: the panel, the button's word, and why.
LOOKS = (
    ("equation", "See the equation", "Now read which terms were found, and what their coefficients mean."),
    ("compare", "Compare", "See one session through the participant, the network and the equation."),
    ("uncertainty", "How sure is it?", "Ask how far these coefficients could be off."),
    ("search", "Look for what is missing", "Ask which mechanism a plain learner lacks."),
)
OFFER = "A story in six scenes, five minutes: guess first, then look."
LEFT = "You left the story at scene {} of {}. It has kept your place."
GROUP_PANELS = {"training": "train", "discovery": "library", "table": "data"}


@dataclass(frozen=True)
class Guidance:
    """One line of the guide.

    Attributes:
        kind: "wrong", "running", "failed", "coach", "stale", "story" or "look".
        words: the sentence.
        button: the word on its button; empty without.
        does: what the button does: "stop", "train", "refit", "study NAME", "remedy",
            "story", "skip" (the playback) or "go PANEL".
    """

    kind: str
    words: str
    button: str = ""
    does: str = ""


def guidance(
    experiment: Experiment,
    runner: ExperimentRunner,
    finding: Finding | None,
    story: Story,
    looks: Collection[str],
    offers_story: bool,
) -> Guidance:
    """Choose the guide's sentence: what went wrong first, then what is out of date, the story, and the next
    step.

    Args:
        experiment: how it stands.
        runner: whose result is looked at.
        finding: the coach's most important one; None without.
        story: where it is.
        looks: the panels that can be looked at and were not, since the last result.
        offers_story: whether the story is worth offering.
    """
    run, problems = experiment.run, experiment.problems
    if problems:
        return Guidance("wrong", problems[0], *_where(problems[0]))
    if run.busy:
        return Guidance("running", f"{run.message}{time_left(run)}", "Stop", "stop")
    if run.status == "failed":
        return Guidance("failed", run.message)
    playback = experiment.playback
    if playback.playing:
        words = f"Trained; shown slowly: epoch {playback.epoch} of {playback.epochs}."
        words = words if playback.epochs else "The training begins."
        return Guidance("running", words, "Skip", "skip")
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
    if story.place:
        return Guidance("story", LEFT.format(story.place + 1, len(story.scenes) or 6), "Go on", "story")
    if offers_story:
        return Guidance("story", OFFER, "Start", "story")
    if "uncertainty" in stale and run.status != "cancelled":
        return Guidance("stale", stale["uncertainty"], "Resample", "study uncertainty")
    for panel, button, why in LOOKS:
        if panel in looks:
            return Guidance("look", f"{run.message} {why}".strip(), button, f"go {panel}")
    return Guidance("look", run.message)


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
