"""The part of a report on what models do, beside people."""

import re
from collections.abc import Iterator, Mapping

from ..core.judge.check import POWER, Falsification
from ..plots.paper import PaperPanel, beside_people
from ..style import RNN, SPICE, Style
from .blocks import Block, Bullets, Heading, Paragraph, Picture, TableBlock
from .findings import Findings
from .words import count, number, probability

# Of each measure: a title where it is played anew, and by next choices; what its points are, and the words in
# them that the title stands for.
AXES = {
    "learning": (("", "Choices of what paid best so far"), "trials", ("after ", "trials ")),
    "stay": (("Choices that repeat the one before",) * 2, "", ()),
    "reversal": (("Choices of the option that was better before", ""), "trials from the reversal", ()),
    "rewards": (
        ("Effect of a reward, in log odds", "Choices of what was chosen and paid"),
        "choices back",
        (" back",),
    ),
    "choices": (
        ("Effect of a choice, in log odds", "Choices of what was chosen"),
        "choices back",
        (" back",),
    ),
    "staying": (("", "First choices that are made again"), "last transition, last outcome", ()),
}


def falsification_part(found: Findings) -> Iterator[Block]:
    """7: do the models behave as people did?"""
    yield Heading("Falsification: what the models do beside what people did")
    if found.falsification is None:
        yield Paragraph(found.not_played or "This was not done.")
        return
    result = found.falsification
    yield Paragraph(
        f"{result.how} With {count(result.n_people, 'person', 'people')} and"
        f" {count(found.dataset.n_trials, 'trial')} a session at most, what counts is the size."
    )
    yield from falsification_blocks(result, {found.told: SPICE, found.network: RNN})


def falsification_blocks(result: Falsification, looks: Mapping[str, Style] | None = None) -> Iterator[Block]:
    """Yield the verdicts, the table of all checks, and the picture of models beside people.

    Args:
        result: the models that were judged.
        looks: of models, by label; the others are told apart by dash and mark.
    """
    yield Bullets(tuple(one.sentence for one in result.judgements.values()))
    yield TableBlock(
        "Every check: where people and model are farthest apart.",
        ("model", "measure", "where", "people", "model", "noticed", "distance", "p", "p, Holm", "verdict"),
        tuple(
            (
                check.agent,
                check.words,
                check.points[check.worst],
                number(check.people[check.worst]),
                number(check.mean[check.worst]),
                number(check.noticeable[check.worst]),
                number(check.distance, 1),
                probability(check.p),
                probability(check.holm),
                "fails" if check.fails else "not rejected",
            )
            for check in result.checks
        ),
        note=f"Noticed: the difference there that would have the model rejected in {100 * POWER:.0f} of 100"
        " times. Distance: in units of the model's own scatter by chance. p: of all points of a measure"
        " together; Holm: over all measures of the model.",
        wordy=(1, 2),
    )
    yield Picture(
        "falsification",
        "What people did (black; band: 95 % over people) and what fitted models make of it (mean, and the"
        " range of 95 % by chance).",
        beside_people(panels_of(result), looks),
    )


def panels_of(result: Falsification) -> list[PaperPanel]:
    """Return the panels of a falsification's picture: people and models, a panel for each measure."""
    panels = []
    for measure in dict.fromkeys(check.measure for check in result.checks):
        own = [check for check in result.checks if check.measure == measure]
        first = own[0]
        titles, x_title, words = AXES[measure]
        title = titles[not result.n_repeats]
        points = first.points
        for word in words:
            points = tuple(point.replace(word, "") for point in points)
        points = tuple(re.sub(r"^(\d+) to (\d+)$", r"\1-\2", point) for point in points)
        points = tuple(re.sub(r"^(\d+) trials? before$", r"-\1", point) for point in points)
        points = tuple(re.sub(r"^(\d+) trials? after$", r"\1", point) for point in points)
        panels.append(
            PaperPanel(
                title or first.words.capitalize(),
                x_title,
                points,
                (first.people, first.people_low, first.people_high),
                {check.agent: (check.mean, check.low, check.high) for check in own},
            )
        )
    return panels
