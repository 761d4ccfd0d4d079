"""What `spicewidgets discover` prints: tables, as text of 80 to 100 columns."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from ..core.data.counts import count_choices
from ..core.diagnose.diagnosis import Diagnosis
from ..core.discover.identified import missing_in, missing_in_words
from ..core.equations import term_text
from ..core.judge.replay import scores
from ..core.mechanisms import BEYOND, PARAMETERS
from ..core.read.translation import LEARNERS, column_instead, read_parameters, term_by_term
from ..core.tasks import TASKS
from .options import WIDTH, Request, options_of
from .outcome import Outcome

PHASES = {"screen": "screening", "lbfgs": "L-BFGS", "adam": "Adam"}
AGENTS = {"groundtruth": "truth", "rnn": "RNN", "spice": "SPICE"}


def equations(outcome: Outcome) -> pd.DataFrame:
    """Return a row for each module and term: its true and its found coefficient, or only the found one."""
    if outcome.truth is not None:
        return term_by_term(outcome.spice, outcome.truth, outcome.label)
    alone = outcome.spice.alone(outcome.label)
    return term_by_term(alone, alone)[["found"]]


def parameters(outcome: Outcome, label: Any) -> pd.DataFrame:
    """Return the parameters of the learner of the kind of task that a participant's equations stand for,
    beside the true ones.
    """
    read = read_parameters(outcome.spice, outcome.estimator.rnn_model_, label)
    true = {} if outcome.agent is None else outcome.agent.parameters
    kind = TASKS[outcome.dataset.task]
    if not kind.is_of_q_learners:
        own = {one.short_name: true.get(one.name) for one in kind.participant if one.short_name in read}
        columns = {"true": list(own.values())} if true else {}
        columns["found"] = [read[name] for name in own]
        return pd.DataFrame(columns, index=pd.Index([*own], name="parameter"), dtype=float)
    read |= dict.fromkeys(_not_identified(outcome, label), float("nan"))
    names = [name for name in PARAMETERS if name in read or _has_mechanism(name, true)]
    columns = {} if outcome.agent is None else {"true": [true[name] for name in names]}
    columns["found"] = [read.get(name, float("nan")) for name in names]
    return pd.DataFrame(columns, index=pd.Index(names, name="parameter"), dtype=float)


def _instead(outcome: Outcome) -> str:
    """Describe the behaviour of the equations that no learner of the task shows; empty where one would."""
    if not (instead := column_instead(outcome.people)):
        return ""
    own = outcome.spice.index(outcome.label)
    return str(outcome.people.set_index("participant").loc[outcome.spice.participants[own], instead])


def _not_identified(outcome: Outcome, label: Any) -> list[str]:
    """Name the parameters that are missing in `people.csv`, as the choices do not identify them."""
    missing = missing_in(outcome.people).get(label, set())
    return [name for name in PARAMETERS if name in missing]


def _has_mechanism(name: str, true: Mapping[str, float]) -> bool:
    """Tell whether the true participant has the mechanism that a parameter belongs to."""
    further = [one for one in BEYOND if not one.within and PARAMETERS[name] in one.all_parameters]
    return name in true and (not further or any(one.is_in_use(true) for one in further))


def comparison(outcome: Outcome) -> pd.DataFrame:
    """Tabulate how well truth, RNN and SPICE predict the choices."""
    return scores(outcome.agents, outcome.dataset)


def report(request: Request, outcome: Outcome) -> Iterator[str]:
    """Yield the text, block by block."""
    counts = textwrap.fill(count_choices(outcome.dataset, outcome.report).in_words(), WIDTH)
    yield "\n".join([f"{outcome.source}; seed {request.seed}.", *_training(request, outcome), counts])
    whose = f" of participant {outcome.label}" if len(outcome.spice.participants) > 1 else ""
    if whose:
        yield textwrap.fill(_whose(request, outcome), WIDTH)
    yield _equations(outcome, f"Equations{whose}, term by term")
    table = parameters(outcome, outcome.label)
    if len(table):
        rows = [[f"  {name}", *_numbers(values)] for name, values in table.iterrows()]
        yield _align([f"Parameters{whose}", *table.columns], rows)
    if instead := _instead(outcome):
        learner = LEARNERS[column_instead(outcome.people)]
        yield _paragraphs("Note: ", [f"No {learner} has these parameters: they mean that {instead}."])
    yield _comparison(comparison(outcome))
    if outcome.held_out is not None:
        yield _held_out(outcome.held_out)
    if outcome.diagnosis is not None:
        yield _paragraphs("Verdict: ", [" ".join(outcome.diagnosis.verdict)])
        if found := list(_findings(outcome.diagnosis)):
            yield _paragraphs("Coach: ", found)
    if notes := [*outcome.notes, *_notes(outcome, table)]:
        yield _paragraphs("Note: ", notes)


def _whose(request: Request, outcome: Outcome) -> str:
    """Say whose equations are shown, and how to see others'."""
    n = len(outcome.spice.participants)
    chosen = f"one of {n:,}" if request.label is not None else f"the first of {n:,}"
    all_of_them = "" if request.out is not None else " (--out DIR)"
    return (
        f"Equations and parameters below are those of participant {outcome.label}, {chosen}. --participant"
        f" LABEL shows another's; those of all are in equations.txt and people.csv{all_of_them}."
    )


def _paragraphs(head: str, sentences: Iterable[str]) -> str:
    """Each under the same head."""
    rest = " " * len(head)
    return "\n".join(
        textwrap.fill(one, WIDTH, initial_indent=head, subsequent_indent=rest) for one in sentences
    )


def _findings(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield the findings, and the remedies that a trial has shown to help, as options."""
    for one in diagnosis.findings:
        remedy = f"{one.remedy} ({options_of(one.changes)})." if one.tried and one.remedy else ""
        yield " ".join(filter(None, (one.words, remedy, one.tried)))


def _training(request: Request, outcome: Outcome) -> Iterator[str]:
    history = outcome.estimator.history_
    phases = [record.phase for record in history]
    counts = ", ".join(f"{phases.count(phase)} {PHASES[phase]}" for phase in dict.fromkeys(phases))
    yield f"Trained {outcome.model or request.model.model} for {len(history)} epochs ({counts})."
    last = history[-1]
    checkpoint = history[last.best_epoch - 1] if last.best_epoch else last
    held_out = "".join(
        f", {name} {loss:.4f}"
        for name, loss in (("validation", checkpoint.validation_loss), ("test", checkpoint.test_loss))
        if loss is not None
    )
    held_out += "," if held_out else ""
    part = "" if last.best_epoch else " of the first trials"
    known = f"chance {last.chance:.4f}" + ("" if last.floor is None else f", true agent {last.floor:.4f}")
    yield f"Loss {checkpoint.train_loss:.4f}{held_out} nats per choice{part} ({known})."


def _equations(outcome: Outcome, title: str) -> str:
    table = equations(outcome)
    rows: list[list[str]] = []
    for module, part in table.groupby(level="module", sort=False):
        if str(module).startswith("beta("):
            rows += [[f"  {module}", *_numbers(values)] for _, values in part.iterrows()]
        else:
            rows.append([f"  {module}[k+1] ="])
            rows += [[f"    {term}", *_coefficients(values)] for (_, term), values in part.iterrows()]
    rows += [[f"  {module}[k+1] is given, hard-coded"] for module in outcome.spice.given]
    return _align([title, *table.columns], rows)


def _comparison(table: pd.DataFrame) -> str:
    rows = [
        [
            f"  {AGENTS[label]}",
            f"{row['nll']:.4f}",
            f"{row['bic']:.1f}",
            f"{row['trial_likelihood']:.3f}",
            f"{row['mean_dp']:.3f}",
            f"{row['max_dp']:.3f}",
            f"{row['n_parameters']:.0f}",
        ]
        for label, row in table.iterrows()
    ]
    head = ["Choices expected by", "nll", "BIC", "likelihood", "mean |dP|", "max |dP|", "parameters"]
    return _align(head, rows) + (
        f"\n  nll: nats per choice, over {table['n_choices'].iloc[0]:.0f} choices; likelihood: exp(-nll);"
        f"\n  |dP|: how far P lies from that of the {AGENTS[table.index[0]]}."
    )


def _held_out(table: pd.DataFrame) -> str:
    stages = [name for name in table if str(name).startswith("likelihood_")]
    rows = [
        [
            f"  {row['model']}",
            f"{row['n_choices']}",
            f"{row['nll']:.1f}",
            *(f"{row[name]:.4f}" for name in ("likelihood", *stages)),
            *([f"{row['ahead']:+.4f} ± {row['ahead_error']:.4f}"] if "ahead" in table else []),
            f"{row['numbers_per_participant']:.1f}",
        ]
        for _, row in table.iterrows()
    ]
    named = [str(name).removeprefix("likelihood_").replace("_", " ") for name in stages]
    ahead = ["ahead"] if "ahead" in table else []
    head = ["Test choices expected by", "choices", "nll", "likelihood", *named, *ahead, "parameters a person"]
    words = "\n  nll: nats in all; likelihood: exp(-nll / choices)."
    if ahead:
        by = str(table["model"].iloc[-2])
        words += f"\n  ahead: nats per choice by which it is better than {by}, ± standard error over people."
    return _align(head, rows) + words


def _notes(outcome: Outcome, table: pd.DataFrame) -> Iterator[str]:
    """Yield the cautions to be read before the equations are believed."""
    if missing := missing_in_words(outcome.people, PARAMETERS):
        yield (
            f"Not identified: {missing}. So few choices do not tell them, or not one from another, or the"
            " equation lacks the term that they are read off: they are missing, not 0, here and in"
            " people.csv. More choices may tell them, or pooling."
        )
    for module, equation in outcome.spice.of_participant(outcome.label).items():
        yield from (f"{module}: {note}" for note in (*equation.notes, *equation.dropped.values()))
    if outcome.truth is None:
        return
    for equation in outcome.truth.of_participant().values():
        yield from equation.notes
    read = read_parameters(outcome.spice, outcome.estimator.rnn_model_, outcome.label)
    if unread := [name for name in table.index if name not in read]:
        yield f"This model has no part for {', '.join(unread)}; another one (--model) may."
    for module, equation in outcome.spice.of_participant(outcome.label).items():
        known = {tuple(sorted(term)) for term in equation.terms}
        for term, _ in outcome.truth.equation(module).active:
            if tuple(sorted(term)) not in known:
                yield f"{module}: the truth has {term_text(term)}, which the library lacks. Raise --degree."
    if outcome.spice.betas:
        yield "The truth is written in the stretch of values that the model has learned, with its betas."


def _coefficients(values: "pd.Series[float]") -> list[str]:
    """Write true and found coefficients of a term: a term that is not in an equation has none."""
    absent = {"found": "dropped", "true": "-"}
    shown = zip(values.items(), _numbers(values), strict=True)
    return [absent.get(str(name), words) if value == 0 else words for (name, value), words in shown]


def _numbers(values: "pd.Series[float]") -> list[str]:
    return [
        "-" if value != value else f"{value:+.3f}" if name == "difference" else f"{value:.3f}"
        for name, value in values.items()
    ]


def _align(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under a head: words to the left, numbers to the right; a row of one cell is a line of its own."""
    table = [head, *rows]
    widths = [max(len(row[at]) for row in table if len(row) > 1) for at in range(len(head))]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in table
    )
