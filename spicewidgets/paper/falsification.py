"""The part of a report on models that play the task anew, beside people."""

import re
from collections.abc import Iterator

from ..core.judge.falsify import Falsification
from ..plots.paper import Panel, beside_people
from ..style import RNN, SPICE
from .blocks import Block, Bullets, Heading, Paragraph, Picture, Table
from .findings import Findings
from .words import count, number

# Of each measure: a title, what its points are, and the words in them that the title stands for.
AXES = {
    "learning": ("", "trials", ("trials ",)),
    "stay": ("Choices that repeat the one before", "", ()),
    "reversal": ("Choices of the option that was better before", "trials from the reversal", ()),
    "rewards": ("Effect of a reward, in log odds", "trials back", (" back",)),
    "choices": ("Effect of a choice, in log odds", "trials back", (" back",)),
}


def falsification_part(found: Findings) -> Iterator[Block]:
    """7: do the models, playing, behave as people did?"""
    yield Heading("Falsification: the models play the task anew")
    result = found.falsification
    if result is None:
        yield Paragraph(found.not_played or "This was not done.")
        return
    checks, failures = result.checks, result.failures
    yield Paragraph(
        f"Each fitted model took each person's part {result.n_repeats} times, in sessions as long as the"
        " person's. It fails on a measure if, somewhere, people lie farther from its mean than it does"
        f" itself in 95 of 100 times: in {len(failures)} of {count(len(checks), 'check')}, where about"
        f" {0.05 * len(checks):.1f} would by chance. With {count(result.n_people, 'person', 'people')} small"
        " differences are noticed; what counts is the size."
        + (
            ""
            if result.schedule_known
            else " The task's reward probabilities were not known and were estimated from what each option"
            " paid."
        )
    )
    if failures:
        yield Bullets(tuple(check.sentence for check in failures))
    yield Table(
        "Every check: where people and model are farthest apart.",
        ("model", "measure", "where", "people", "model", "distance", "p", "verdict"),
        tuple(
            (
                check.agent,
                check.words,
                check.points[check.worst],
                number(check.people[check.worst], 2),
                number(check.mean[check.worst], 2),
                number(check.distance, 1),
                number(check.p, 3),
                "fails" if check.fails else "holds",
            )
            for check in checks
        ),
        note="Distance: in units of the model's own scatter from time to time. p: share of the model's times"
        f" that lie as far out somewhere; it cannot be less than {1 / (result.n_repeats + 1):.3f}, and is of"
        " each check alone. The models were fitted to the same choices, so that a failure is one in spite of"
        " that.",
        wordy=(1, 2),
    )
    yield Picture(
        "falsification",
        "What people did (black; band: 95 % over people) and what fitted models did in their place (mean,"
        f" and the range of 95 % of {result.n_repeats} times).",
        beside_people(panels_of(result), {found.told: SPICE, found.network: RNN}),
    )


def panels_of(result: Falsification) -> list[Panel]:
    """Return the panels of a falsification's picture: people and models, a panel for each measure."""
    panels = []
    for measure in dict.fromkeys(check.measure for check in result.checks):
        own = [check for check in result.checks if check.measure == measure]
        first = own[0]
        title, x_title, words = AXES[measure]
        points = first.points
        for word in words:
            points = tuple(point.replace(word, "") for point in points)
        points = tuple(re.sub(r"^(\d+) to (\d+)$", r"\1-\2", point) for point in points)
        points = tuple(re.sub(r"^(\d+) trials? before$", r"-\1", point) for point in points)
        points = tuple(re.sub(r"^(\d+) trials? after$", r"\1", point) for point in points)
        panels.append(
            Panel(
                title or first.words.capitalize(),
                x_title,
                points,
                (first.people, first.people_low, first.people_high),
                {check.agent: (check.mean, check.low, check.high) for check in own},
            )
        )
    return panels
