"""The parts of a report on what it rests on: other choices of the analyst, and how to repeat it."""

from collections.abc import Iterator

from ..core.wording import join_words
from .blocks import Block, Bullets, Code, Heading, Paragraph, TableBlock
from .findings import Findings, gain_of
from .words import between, count, number, percent, with_interval

LITERATURE = (
    "Wilson, R. C. & Collins, A. G. E. (2019). Ten simple rules for the computational modeling of behavioral"
    " data. eLife 8, e49547.",
    "Palminteri, S., Wyart, V. & Koechlin, E. (2017). The importance of falsification in computational"
    " cognitive modeling. Trends in Cognitive Sciences 21, 425-433.",
    "Stephan, K. E. et al. (2009). Bayesian model selection for group studies. NeuroImage 46, 1004-1017.",
    "Rigoux, L. et al. (2014). Bayesian model selection for group studies - revisited. NeuroImage 84,"
    " 971-985.",
    "Soch, J., Haynes, J.-D. & Allefeld, C. (2016). How to avoid mismodelling in GLM-based fMRI data"
    " analysis: cross-validated Bayesian model selection. NeuroImage 141, 469-489.",
    "Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of"
    " Statistics 6, 65-70.",
    "Brunton, S. L., Proctor, J. L. & Kutz, J. N. (2016). Discovering governing equations from data by"
    " sparse identification of nonlinear dynamical systems. PNAS 113, 3932-3937.",
)


def sensitivity_part(found: Findings) -> Iterator[Block]:
    """9: the simplest rival, other settings, and whether terms stay."""
    yield Heading("The simplest rival, and what other settings would say")
    result, simplest = found.held_out, found.simplest
    if simplest is None:
        yield Paragraph(
            "No rival reaches 80 % of what the equations gain over chance in held-out choices: the best one,"
            f" {found.rivals[0]}, reaches"
            f" {percent(gain_of(result, found.rivals[0], found.told))}."
            if found.rivals
            else "No rival was compared."
        )
    else:
        at = result.models.index(simplest)
        ahead = result.ahead(found.told, simplest)
        yield Paragraph(
            "The rival with the fewest parameters that reaches 80 % of what the equations gain over chance is"
            f" {simplest}, with {result.numbers[at]:g} parameters: it reaches"
            f" {percent(gain_of(result, simplest, found.told))}. The equations are"
            f" ahead of it by {with_interval(ahead.nats, ahead.low, ahead.high, 4)} nats per choice, in"
            f" {ahead.people} of {count(len(result.people), 'person', 'people')}."
        )
    others = [name for name in result.estimators if name != found.main]
    for name in others:
        ahead = result.ahead(found.told, f"{name} equations")
        yield Paragraph(
            f"With another library, that of {name}, equations of"
            f" {result.numbers[result.models.index(f'{name} equations')]:.1f} parameters a person are"
            f" {'behind' if ahead.nats >= 0 else 'ahead'} by {number(abs(ahead.nats), 4)} nats per choice"
            f" ({between(ahead.low, ahead.high, 4)} in favour of {found.main})."
        )
    if len(found.sensitivity):
        yield TableBlock(
            f"Terms of {found.main} at other penalties.",
            ("setting", "terms", "gone", "new"),
            tuple(
                (row["setting"], f"{row['terms']}", row["gone"] or "none", row["new"] or "none")
                for _, row in found.sensitivity.iterrows()
            ),
            wordy=(2, 3),
        )
    if "parts" in found.terms:
        n = result.n_folds
        unsteady = found.terms[found.terms["parts"] < n]
        yield Paragraph(
            f"All terms are in the equations of each of the {n} parts of the cross-validation."
            if not len(unsteady)
            else "Not in the equations of every part of the cross-validation: "
            + join_words(
                f"{row['term']} in {row['module']} ({row['parts']} of {n})" for _, row in unsteady.iterrows()
            )
            + "."
        )


def repeat_part(found: Findings) -> Iterator[Block]:
    """10: what it takes to do the same again."""
    yield Heading("To do it again")
    if found.report is not None:
        yield Paragraph(f"The table {found.report.name} has the SHA-256 {found.report.sha256}.")
    yield Paragraph(
        "The same command, table, seed and versions write the same numbers; the files of this report hold no"
        " time and no place."
    )
    yield Code(found.script)
    yield TableBlock("Versions.", ("package", "version"), tuple(found.versions.items()))
    yield Heading("Literature", 3)
    yield Bullets(LITERATURE)
