"""A study's documents: the report as HTML, Markdown and LaTeX, with its figures and tables."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd

from ..core.data.tables.cells import safe_frame
from ..core.equations import SpiceModel, term_in_words
from ..plots.paper import pdf_of
from .blocks import Block, Heading, Paragraph, pictures_of
from .card import card_part, claims, counts_of
from .comparison import comparison_part
from .falsification import falsification_part
from .findings import Findings
from .html import html
from .individuals import individuals_part
from .latex import latex
from .markdown import markdown
from .methods import data_part, fitting_part, models_part, taken_apart
from .recovery import parameters_part, recovery_part
from .sensitivity import repeat_part, sensitivity_part
from .studies import studies_part
from .words import count, with_interval

PARTS = (
    card_part,
    data_part,
    models_part,
    fitting_part,
    parameters_part,
    recovery_part,
    comparison_part,
    falsification_part,
    studies_part,
    individuals_part,
    sensitivity_part,
    repeat_part,
)


def documents(found: Findings) -> dict[str, bytes]:
    """Everything that a study's report consists of.

    Args:
        found: what the study has found.

    Returns:
        Files by name: `report.html`, which needs no other; `card.html`, the interpretation card alone;
        `report.md` and `report.tex` with `figures/`; and the tables that figures are drawn from. The same
        findings make the same bytes.
    """
    blocks = tuple(report_blocks(found))
    card = (Heading(f"Interpretation card: {found.title}", 1), *card_part(found))
    files = {
        "report.html": html(found.title, blocks),
        "card.html": html(f"Interpretation card: {found.title}", card),
        "report.md": markdown(blocks),
        "report.tex": latex(found.title, blocks),
        "repeat.py": found.script + "\n",
    }
    result = {name: text.encode() for name, text in files.items()}
    for picture in pictures_of(blocks):
        result[f"figures/{picture.name}.svg"] = picture.svg.encode()
        result[f"figures/{picture.name}.pdf"] = pdf_of(picture.figure)
    for name, table in tables(found):
        result[f"tables/{name}.csv"] = table.encode()
    return result


def report_blocks(found: Findings) -> Iterator[Block]:
    """Yield the report, block by block."""
    yield Heading(found.title, 1)
    yield Paragraph(summary(found))
    for part in PARTS:
        yield from part(found)


def summary(found: Findings) -> str:
    """Return the report in a few sentences."""
    result = found.held_out
    at = result.models.index(found.told)
    own = result.to_frame().set_index("model").loc[found.told]
    words = (
        f"{taken_apart(found)}{count(len(result.people), 'person', 'people')} made"
        f" {int(result.n_choices.sum()):,} choices that were predicted without having been learned from. The"
        f" equations of {found.main}, with {result.numbers[at]:.1f} parameters a person, give them a"
        f" likelihood of {with_interval(own['likelihood'], own['low'], own['high'])} per choice"
    )
    if found.rivals:
        best = found.rivals[0]
        words += (
            f"; the best of {count(len(found.rivals), 'rival')}, {best}, of"
            f" {result.likelihood[result.models.index(best)]:.3f}"
        )
    words += f", and the network of {result.likelihood[result.models.index(found.network)]:.3f}."
    told = claims(found)
    return f"{words} Of {count(len(told), 'claim')} that one may want to make, {counts_of(told)}."


def tables(found: Findings) -> Iterator[tuple[str, str]]:
    """Tables behind the report, as CSV by name."""
    people = found.held_out.by_person()
    for name, labels in found.groups.items():
        people[name] = labels * len(found.held_out.models)
    frames = {
        "claims": pd.DataFrame(map(asdict, claims(found))),
        "equations_by_part": equations_by_part(found),
        "comparison": found.held_out.to_frame(),
        "people": people,
        "equations": found.people,
        "terms": found.terms.drop(columns="key", errors="ignore"),
        "groups": found.term_groups.drop(columns="key", errors="ignore"),
        "sensitivity": found.sensitivity,
    }
    if found.falsification is not None:
        frames["falsification"] = found.falsification.to_frame()
    if found.models is not None:
        frames["confusion"] = found.models.confusion().reset_index()
    if found.equations is not None:
        frames["terms_recovered"] = found.equations.summary().reset_index()
    for name, study in found.parameters.items():
        frames[f"recovery_{name}"] = study.summary().reset_index()
    frames |= {name: result.to_frame() for name, result in found.studies.items()}
    for name, frame in frames.items():
        if len(frame):
            yield name, safe_frame(frame).to_csv(index=False, lineterminator="\n")


def equations_by_part(found: Findings) -> pd.DataFrame:
    """Write the equations that were compared, so that whoever has the table can predict the choices.

    Returns:
        A row for each model, part ("all", or the part of the choices that was held out, from 1), participant,
        module and term (in words), with its `value`; a learned beta is a row whose term is "beta". What is
        not there is 0.
    """
    rows = []
    for name, estimator in found.held_out.estimators.items():
        parts = (estimator.spice_model_, *found.held_out.equations.get(name, ()))
        for part, spice in enumerate(parts):
            for label, module, term, value in _numbers_of(spice):
                rows.append(
                    {"model": name, "part": part or "all", "participant": label, "module": module}
                    | {"term": term, "value": value}
                )
    return pd.DataFrame(rows)


def _numbers_of(spice: SpiceModel) -> Iterator[tuple[Any, str, str, float]]:
    for place, label in enumerate(spice.participants):
        if spice.has_equations(place):
            for module, equation in spice.of_participant(label).items():
                yield from (
                    (label, module, term_in_words(term, module), value) for term, value in equation.active
                )
            yield from ((label, state, "beta", spice.beta(state, label)) for state in spice.betas)
