"""Tell whether a remedy that was tried has helped: only then is it proposed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from .facts import Facts
from .findings import Finding
from .verdict import tells_nothing, verdict_of

HELPS = 3.0  # nats of evidence that count as strong (Kass & Raftery 1995)
SLACK = 1.0  # nats of evidence that the equations may lose where the network gains
OTHER_DATA = {"task", "participant", "data"}  # settings that make other choices


def gain_of(before: Facts, after: Facts, finding: Finding) -> str:
    """Describe the gain of a remedy; empty where it has not helped.

    With the same choices, the equations' evidence must grow strongly, or the network must gain as much
    without the equations losing any; with other choices, the widest error must shrink, and P may not be
    further from the truth, in each choice. Never may the verdict be worse.
    """
    if verdict_of(after).rank < verdict_of(before).rank:
        return ""
    if finding.changes.keys() & OTHER_DATA:
        return _of_other_data(before, after)
    old, new = before.log_evidence, after.log_evidence
    if old is None or new is None:
        return "" if new is None else "there are equations then"
    if new - old > HELPS:
        return f"the evidence for the equations is {new - old:.0f} nats higher then"
    rnn = [facts.score("rnn") for facts in (before, after)]
    if finding.action == "refit" or rnn[0] is None or rnn[1] is None:
        return ""
    network = before.n_choices * (rnn[0] - rnn[1])
    if network > HELPS and new - old > -SLACK:
        return f"the network expects the choices better by {network:.0f} nats then"
    return ""


def _of_other_data(before: Facts, after: Facts) -> str:
    if tells_nothing(after):
        return ""
    apart = [
        None if facts.divergence is None else facts.divergence / max(facts.n_choices, 1)
        for facts in (before, after)
    ]
    if apart[0] is not None and (apart[1] is None or apart[1] > apart[0]):
        return ""
    widest = [max((width for width, *_ in facts.widths), default=None) for facts in (before, after)]
    if widest[1] is None or (widest[0] is not None and widest[1] >= widest[0]):
        return ""
    return f"{max(after.widths)[2]} then"


def keep_confirmed(
    facts: Facts, findings: Iterable[Finding], run: Callable[[Finding], Facts | None]
) -> Iterator[Finding]:
    """Yield the findings, each remedy only if a trial of it has helped.

    Args:
        facts: of the fit.
        findings: what was noticed in it; what was tried already stays.
        run: makes the fit with a remedy; gives None where that cannot be.
    """
    for finding in findings:
        if not finding.remedy or finding.tried:
            yield finding
            continue
        tried = []
        for one in (finding, *finding.others):
            if (after := run(one)) is None:
                continue
            tried.append(one.remedy)
            if gain := gain_of(facts, after, one):
                yield replace(one, tried=f"Tried: {gain}.", others=())
                break
        else:
            if finding.is_fault:
                yield finding.without_remedy(f"Tried, and no better: {'; '.join(tried)}." if tried else "")
