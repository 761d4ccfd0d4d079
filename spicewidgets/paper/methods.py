"""The first parts of a report: choices, models, and how these were fitted."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core.data.counts import count_choices
from ..core.equations import term_in_words
from ..core.judge.groups import MISSING, is_missing
from ..core.rivals.ceiling import CeilingSettings
from ..core.rivals.declaration import CEILING
from ..core.rivals.folds import describe_fewer_folds, way_for
from ..core.train.gru import CLIP
from ..core.wording import join_words
from .blocks import Block, Bullets, Heading, Paragraph, TableBlock
from .findings import Findings
from .words import count, number, percent

BY = {
    "session": "Whole sessions of people of whom other sessions were learned from were predicted: in part k"
    " of n, every n-th session of a person, from the k-th on.",
    "person": "People of whom nothing was learned were predicted, by what others have in common: in part k of"
    " n, every n-th person, from the k-th on.",
    "time": "Later choices of each session were predicted from those before: a session has n + 1 blocks of"
    " equal length, and part k of n predicts block k + 1 from the blocks before it.",
}
WAYS = {
    "group": "under a normal prior for their group, whose means and spreads were found together with"
    " everybody's parameters (empirical Bayes, by expectation maximisation with Laplace's approximation)",
    "prior": "as the most probable ones under the declared priors",
    "likelihood": "by maximum likelihood within their bounds",
}


def taken_apart(found: Findings) -> str:
    """Say why no sessions are predicted, where nobody has two."""
    words = way_for(found.dataset, "session")[1] if found.held_out.by == "time" else ""
    return words and f"{words} "


def data_part(found: Findings) -> Iterator[Block]:
    """1: who made the choices, what was left out, and how they were taken apart."""
    data, result = found.dataset, found.held_out
    yield Heading("Choices")
    yield Paragraph(found.source)
    counts = count_choices(data, found.report)
    lengths = np.asarray(data.lengths)
    ends = (
        (lengths.min(), np.median(lengths), lengths.max()) if found.report is None else found.report.lengths
    )
    facts = [
        ("people", f"{data.n_participants:,}"),
        ("sessions", f"{data.n_sessions:,}"),
        ("trials of a session", f"{ends[0]} to {ends[2]} (median {ends[1]:g})"),
        ("choices", counts.in_words(int(result.n_choices.sum()))),
    ]
    if found.report is not None:
        summary = found.report.summary()
        facts += [
            (name, summary[name])
            for name in ("columns", "options", "rewards", "columns not used")
            if name in summary
        ]
    else:
        facts.append(("options", f"{data.n_actions}"))
    yield TableBlock("The choices.", ("", "value"), tuple(facts), wordy=(1,))
    yield from _exclusions(found)
    yield from _groups(found)
    if found.report is not None and (ordered := found.report.roles.covariates):
        yield Paragraph(
            "Covariates of a person, which are listed and which no test here uses:"
            f" {join_words(map(str, ordered))}."
        )
    without = data.n_participants - len(result.people)
    fewer = describe_fewer_folds(result.by, result.n_folds, int(found.settings.get("folds", 0)))
    yield Paragraph(
        f"{taken_apart(found)}{BY[result.by]} The choices were taken apart {result.n_folds} times, so that"
        " each was predicted once by models that had not seen it; nothing of what was predicted steered what"
        " was learned: no stopping, no choice of terms, no prior. A first choice of a session follows nothing"
        " and is not predicted."
        + (f" Of {count(without, 'person', 'people')} nothing could be predicted." if without else "")
        + (f" {fewer}" if fewer else "")
    )


def _exclusions(found: Findings) -> Iterator[Block]:
    report = found.report
    if report is None:
        return
    if report.left_out:
        rows = tuple((part.reason, f"{part.where.n:,}", part.where.words) for part in report.left_out)
        yield TableBlock("Rows that were left out.", ("reason", "rows", "where"), rows, wordy=(2,))
    else:
        yield Paragraph(
            "No row and no person was left out by the program; what was left out before the table was made,"
            " it cannot tell."
        )
    if report.problems:
        rows = tuple((it.words, it.remedies[it.taken], it.where.words) for it in report.problems)
        yield TableBlock(
            "What could be read in more than one way, and what was decided.",
            ("found", "decided", "where"),
            rows,
            wordy=(0, 1, 2),
        )


def _groups(found: Findings) -> Iterator[Block]:
    data = found.dataset
    codes = np.asarray(data.participant_ids)
    labels = [str(label) for label in data.participants]
    rewards, choices = np.asarray(data.rewards_chosen, float), np.asarray(data.choices)
    for name, kinds in found.groups.items():
        own = {str(label): kind for label, kind in zip(found.held_out.people, kinds, strict=True)}
        of_session = np.array([str(own.get(labels[_place(data, code)], "")) for code in codes])
        rows = []
        for kind in sorted(dict.fromkeys(map(str, kinds)), key=is_missing):
            at = of_session == kind
            there = choices[at] >= 0
            stay = (choices[at][:, 1:] == choices[at][:, :-1])[there[:, 1:] & there[:, :-1]]
            rows.append(
                (
                    kind or MISSING,
                    f"{len(set(codes[at].tolist())):,}",
                    f"{int(at.sum()):,}",
                    f"{int(there.sum()):,}",
                    number(np.nanmean(np.where(there, rewards[at], np.nan))),
                    number(stay.mean()),
                )
            )
        yield TableBlock(
            f"Groups of people, by {name}.",
            ("group", "people", "sessions", "trials", "mean reward", "share of repeats"),
            tuple(rows),
        )


def _place(data: Any, code: int) -> int:
    """Return the place of a participant's label."""
    return int(code) if data.labelled else sorted(set(data.participant_ids.tolist())).index(int(code))


def models_part(found: Findings) -> Iterator[Block]:
    """2: everything that was compared, with its equation, bounds and priors."""
    yield Heading("Models")
    fits = found.held_out.fits
    yield Paragraph(
        f"{count(len(fits), 'rival')} from chance to a regression on all that happened lately stand beside"
        f" the equations and the network of {join_words(found.held_out.estimators)}. P of a choice is the"
        " softmax of the logits; Q is a value, C a choice kernel, r a reward, c the option that was chosen,"
        " u any other."
    )
    rows = tuple(
        (fit.rival.name, fit.rival.equation, f"{len(fit.names)}", fit.rival.source) for fit in fits.values()
    )
    yield TableBlock("Rivals.", ("rival", "equation", "parameters", "source"), rows, wordy=(1, 3))
    parameters = tuple(
        (fit.rival.name, one.name, one.words, f"{one.low:g} to {one.high:g}", one.prior_words)
        for fit in fits.values()
        for one in fit.rival.parameters
    )
    yield TableBlock(
        "Parameters of the rivals: bounds of the search, and declared priors.",
        ("rival", "parameter", "meaning", "bounds", "prior"),
        parameters,
        wordy=(2, 4),
    )
    if CEILING in found.held_out.models:
        yield Paragraph(_free_networks())
    for name, estimator in found.held_out.estimators.items():
        yield from _library(name, estimator)


def _free_networks() -> str:
    """Say what the ceiling is."""
    own = CeilingSettings()
    return (
        f"The ceiling is the mean of {own.n_networks} recurrent networks without structure, of {own.units}"
        " gated units each (Cho et al. 2014), which see choices, outcomes and"
        f" {own.embedding_size} numbers that they learn of each person (Dezfouli et al. 2019), with dropout"
        f" {own.dropout:g}. Of what is learned from, {percent(own.validation_share)} of the choices tell when"
        " training ends."
    )


def _about(model: type) -> Iterator[Block]:
    """Yield a model's own description: its docstring, up to its arguments."""
    text = inspect.getdoc(model) or ""
    for part in re.split(r"\n\s*\n", re.split(r"\n\s*(?:Args|Attributes|Raises|Example)s?:", text)[0]):
        lines = [line.strip().replace("`", "") for line in re.split(r"\n(?=\s*- )", part.strip())]
        if lines[0].startswith("- "):
            yield Bullets(tuple(" ".join(line.removeprefix("- ").split()) for line in lines))
        elif lines[0]:
            yield Paragraph(" ".join(" ".join(lines).split()))


def _library(name: str, estimator: Any) -> Iterator[Block]:
    """Yield the library of an estimator's equations."""
    yield Heading(f"Network and equations of {name}", 3)
    yield from _about(estimator.rnn_class)
    spice = estimator.spice_model_
    who = next(place for place in range(len(spice.participants)) if spice.has_equations(place))
    rows = []
    for module, equations in spice.equations.items():
        terms = equations[who].terms
        rows.append((module, ", ".join(term_in_words(term, module) for term in terms)))
    rows += [(module, "given, not searched") for module in spice.given]
    weights = f"{estimator.rnn_model_.n_weights:,} weights, shared by all people but for what stands for each"
    yield TableBlock(
        f"What the equations of {name} may contain (polynomials of degree"
        f" {estimator.spice_library_polynomial_degree}); the network has {weights}.",
        ("module", "candidate terms"),
        tuple(rows),
        note="Constant: 1. Own value: the module's state in the trial before. Names that begin with c_ are"
        f" control signals. What a module gives is kept within -{CLIP:g} and {CLIP:g}, in the network and in"
        " the equations.",
        wordy=(1,),
    )


def fitting_part(found: Findings) -> Iterator[Block]:
    """3: how everything was fitted, and whether the searches agree."""
    yield Heading("Fitting")
    result = found.held_out
    yield Paragraph(
        f"Rivals' parameters were found {WAYS[found.way]}, by Fisher scoring on a compiled likelihood with"
        " exact slopes, for all starts and people side by side. AIC, BIC and Laplace's evidence are of all"
        " choices: the first two at the most likely values, the evidence under the declared priors. Standard"
        " errors are of the curvature at the top."
    )
    rows = []
    for fit in result.fits.values():
        if fit.names:
            rows.append(
                (
                    fit.rival.name,
                    f"{fit.n_starts}",
                    percent(fit.agreement.mean()),
                    percent(fit.agreement.min()),
                    percent(fit.at_bound.mean()),
                    "; ".join(
                        f"{name} {_quartiles(fit.values[:, at])}" for at, name in enumerate(fit.names[:6])
                    )
                    + (" ..." if len(fit.names) > 6 else ""),
                )
            )
    yield TableBlock(
        "Fits of the rivals to all choices, each person alone by maximum likelihood.",
        ("rival", "starts", "agree, mean", "agree, least", "at a bound", "median (quartiles) over people"),
        tuple(rows),
        note="Agree: share of starts that ended within 0.01 nats of the best one, over people. At a bound:"
        " share of values at a bound of the search.",
        wordy=(5,),
    )
    for name, estimator in result.estimators.items():
        yield Paragraph(_training(name, estimator))
    if found.notes:
        yield Paragraph("What the fits warned of:")
        yield Bullets(found.notes[:20])
    yield TableBlock("Settings.", ("setting", "value"), tuple(found.settings.items()), wordy=(1,))


def _training(name: str, estimator: Any) -> str:
    history = estimator.history_
    phases = [record.phase for record in history]
    counts = join_words(f"{phases.count(phase)} of {phase}" for phase in dict.fromkeys(phases))
    pooled = hasattr(estimator, "group_")
    how = "of all people together, under a normal prior for their group" if pooled else "of each person alone"
    numbers = np.mean(list(estimator.count_parameters().values()))
    return (
        f"The network of {name} was trained by {len(history):,} epochs ({counts}), to a loss of"
        f" {history[-1].train_loss:.4f} nats per choice (chance {history[-1].chance:.4f}). SINDy proposed"
        f" terms from samples of its modules; then the coefficients were found {how}, by maximum"
        f" {'posterior' if pooled else 'likelihood'} of the choices, and a term stayed where the choices"
        f" would miss it by more than its penalty. A person has {numbers:.1f} coefficients on average."
    )


def _quartiles(values: Any) -> str:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return f"{middle:.3g} ({low:.3g} to {high:.3g})"
