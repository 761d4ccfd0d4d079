"""The interpretation card: what is claimed, what could break each claim, and what came of it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..core.diagnose.claims import (
    FAILS,
    HOLDS,
    KEPT,
    LEAST_SETS,
    NETWORK_LACKS,
    OPEN,
    UNDECIDED,
    UNTESTED,
    VERDICTS,
    judge_correlation,
    judge_interval,
    judge_kept,
    judge_share,
    judge_test,
    judge_together,
    lack_of_network,
)
from ..core.diagnose.mechanisms import mechanism_of
from ..core.discover.group_table import n_tests, tests_of
from ..core.judge import check
from ..core.judge.groups import LEAST, tested_groups
from ..core.judge.multiple import probability_in_words
from ..core.rivals.held_out import HeldOut
from ..core.wording import join_words
from .blocks import Block, Bullets, Heading, Paragraph, TableBlock
from .findings import EQUATIONS, Findings, equation_sets, gain_of, nats_gained, seen_ahead, sets_of
from .words import count, number, percent, with_interval

CERTAIN = 0.95  # protected exceedance probability from which on a model counts as the most frequent one
EXACT = 0.8  # share of simulated data sets in which exactly the true terms have to come back
TOLD_APART = 0.5  # share of simulated people who have to be recognised
SMALL = 0.05  # share of choices: a difference in behaviour that counts
READABLE = 0.7  # correlation of true and found numbers, or of halves, from which on people can be told apart


@dataclass(frozen=True)
class Claim:
    """Something that the study may say.

    Attributes:
        words: the claim.
        test: what could break it.
        outcome: what came of that, with sizes.
        verdict: "holds", "fails", "open" (the choices do not tell), "undecided" (too few data sets were
            simulated) or "not tested".
        n_sets: simulated data sets that it rests on; None for a claim on the choices themselves.
        kind: what it is about, in a word.
    """

    words: str
    test: str
    outcome: str
    verdict: str
    n_sets: int | None = None
    kind: str = ""


def claims(found: Findings) -> tuple[Claim, ...]:
    """Return the claims about the equations that predict best, each with the test that could break it."""
    return tuple(replace(claim, kind=kind) for kind, part in _CLAIMS.items() for claim in part(found))


def counts_of(told: tuple[Claim, ...]) -> str:
    """Say how many claims have each verdict."""
    verdicts = Counter(claim.verdict for claim in told)
    return join_words(
        f"{verdicts[one]} {_COUNTED[one]}" for one in VERDICTS if verdicts[one] or one in _ALWAYS
    )


_COUNTED = {HOLDS: "held", FAILS: "failed", OPEN: "open", UNDECIDED: "undecided", UNTESTED: "not tested"}
_ALWAYS = HOLDS, FAILS


def card_part(found: Findings) -> Iterator[Block]:
    """Yield the card."""
    told = claims(found)
    yield Heading("Interpretation card")
    yield Paragraph(f"{_about(found)} Of {count(len(told), 'claim')}, {counts_of(told)}.")
    yield TableBlock(
        "Claims, the tests that could break them, and what came of these.",
        ("claim", "test", "outcome", "verdict"),
        tuple((claim.words, claim.test, claim.outcome, claim.verdict) for claim in told),
        note="Open: the interval holds zero, or the choices are too few to tell. Undecided: it rests on fewer"
        f" than {LEAST_SETS} simulated data sets. Where a verdict needs a threshold, the test names it; it is"
        " a convention, which the numbers beside it let anyone replace. The claims are not corrected for"
        " each other.",
        wordy=(0, 1, 2, 3),
    )
    yield Heading("The simplest rival", 3)
    yield Paragraph(_simplest(found))
    yield Heading("The audit", 3)
    yield Bullets(tuple(audit(found)))


def _ahead(found: Findings, other: str, words: str, test: str) -> Claim:
    return _ahead_of(found.held_out, found.told, other, words, test)


def _ahead_of(result: HeldOut, model: str, other: str, words: str, test: str) -> Claim:
    ahead, n = result.ahead(model, other), len(result.people)
    outcome = (
        f"Ahead by {with_interval(ahead.nats, ahead.low, ahead.high, 4)} nats per choice; better in"
        f" {ahead.people} of {count(n, 'person', 'people')}."
        + (" One person has no interval over people." if n == 1 else "")
    )
    return Claim(words, test, outcome, judge_interval(ahead.low, ahead.high))


def _beats_rivals(found: Findings) -> Iterator[Claim]:
    if found.rivals:
        best = found.rivals[0]
        yield _ahead(
            found,
            best,
            f"The equations predict people better than each of {count(len(found.rivals), 'rival')}.",
            f"Likelihood of held-out choices beside the best rival, {best}.",
        )


def _reaches_network(found: Findings) -> Iterator[Claim]:
    result = found.held_out
    claim = _ahead(
        found,
        found.network,
        "The equations lose nothing that the network knew.",
        f"Likelihood of held-out choices beside the network; less than {percent(KEPT)} of what it gains over"
        " chance counts as nothing.",
    )
    ahead, gain = result.ahead(found.told, found.network), nats_gained(found, found.network)
    words = f"{claim.outcome} The network gains {number(gain, 4)} over chance."
    if gain <= 0:
        words = f"{claim.outcome} But the network predicts no better than chance: it knew nothing to lose."
    elif ahead.low > 0:
        knows = hasattr(found.estimator.rnn_model_, "participant_embedding")
        lack = lack_of_network(knows, len(result.people), -seen_ahead(found), -ahead.nats)
        words += f" It is below its equations, and no test of them: {NETWORK_LACKS[lack]}."
    yield replace(claim, outcome=words, verdict=judge_kept(ahead.low, ahead.high, gain))


def _nothing_missing(found: Findings) -> Iterator[Claim]:
    """Claim that no rival has what network and equations lack."""
    if not found.rivals:
        return
    result, best = found.held_out, found.rivals[0]
    own = max(found.told, found.network, key=lambda name: result.likelihood[result.models.index(name)])
    which = "equations" if own == found.told else "network"
    claim = _ahead_of(
        result,
        own,
        best,
        "No rival predicts better than network and equations, which would then lack a mechanism.",
        "Likelihood of held-out choices of the better of the two beside the best rival's.",
    )
    mechanism = mechanism_of(best)
    does = f" {best}: {mechanism.words}." if mechanism and claim.verdict == FAILS else ""
    yield replace(claim, outcome=f"{which[0].upper()}{which[1:]} beside {best}. {claim.outcome}{does}")


def _in_every_group(found: Findings) -> Iterator[Claim]:
    for name, labels in found.groups.items() if found.rivals else ():
        kinds = tested_groups(labels)
        outcomes, verdicts = [], []
        for kind in kinds:
            part = found.held_out.of_people([own == kind for own in labels])
            ahead = part.ahead(found.told, found.rivals[0], 1 - 0.05 / len(kinds))
            outcomes.append(f"{kind} {with_interval(ahead.nats, ahead.low, ahead.high)}")
            verdicts.append(judge_interval(ahead.low, ahead.high))
        if verdicts:
            yield Claim(
                f"They predict better than the best rival in every group of {name}.",
                f"The same in each group of {LEAST} people or more, beside {found.rivals[0]}; intervals are"
                f" wider, so that all {len(kinds)} together hold with 95 % (Bonferroni).",
                f"Ahead, in nats per choice: {'; '.join(outcomes)}.",
                judge_together(verdicts),
            )


def _most_people(found: Findings) -> Iterator[Claim]:
    result = found.held_out
    if len(result.people) < 2 or len(result.models) < 2:
        return
    among = result.frequencies()
    at = among.models.index(found.told)
    first = int(np.argmax(among.frequencies))
    sure = among.protected[at] >= CERTAIN
    yield Claim(
        "More people follow the equations than any other model.",
        "Random-effects model selection; protected exceedance probability of 0.95 or more.",
        f"Frequency {among.frequencies[at]:.2f}, protected exceedance {among.protected[at]:.2f}; the most"
        f" frequent is {among.models[first]} ({among.frequencies[first]:.2f}).",
        HOLDS if sure else FAILS if among.protected[first] >= CERTAIN else OPEN,
    )


def _behaves(found: Findings) -> Iterator[Claim]:
    words = "What people do does not contradict the equations."
    test = (
        f"All measures of the falsification together, at the {100 * check.LEVEL:.0f} % level (Holm), by so"
        f" many choices that {percent(SMALL)} more or fewer repeated ones would be noticed in"
        f" {100 * check.POWER:.0f} of 100 times."
    )
    result = found.falsification
    if result is None:
        yield Claim(words, test, found.not_played or "This was not done.", UNTESTED)
        return
    judged = result.judgements[found.told]
    if judged.verdict != check.NOT_REJECTED:
        yield Claim(words, test, judged.sentence, FAILS if judged.verdict == check.REJECTED else UNDECIDED)
        return
    verdict, outcome = judge_test(judged.noticeable, SMALL), judged.sentence
    if verdict == OPEN and judged.noticeable == judged.noticeable:
        times = (judged.noticeable / SMALL) ** 2
        outcome += f" About {times:,.1f} times as many choices would show a difference of {SMALL:.2f}."
    yield Claim(words, test, outcome, verdict)


def _terms_stay(found: Findings) -> Iterator[Claim]:
    if "parts" in found.terms:
        n = found.held_out.n_folds
        lost = found.terms[found.terms["parts"] < n]
        yield Claim(
            "Their terms do not hang on which choices were seen.",
            f"Equations of each of the {n} parts of the cross-validation have the term.",
            "All do."
            if not len(lost)
            else f"{len(lost)} of {len(found.terms)} do not: "
            + join_words(f"{row['term']} in {row['module']}" for _, row in lost.iterrows())
            + ".",
            FAILS if len(lost) else HOLDS,
        )


def _terms_recovered(found: Findings) -> Iterator[Claim]:
    words = "At this design the true terms would be found, and no others."
    test = (
        "The equations are simulated at the design and found anew: exactly the true terms in"
        f" {percent(EXACT)} of {LEAST_SETS} or more data sets."
    )
    if found.equations is None:
        yield Claim(words, test, "This was not simulated.", UNTESTED)
        return
    study = found.equations
    summary, n, exact = study.summary(), len(study.results), study.exact()
    wrong = [
        f"{term} in {module} {how} in {percent(share)}"
        for how in ("missed", "made up")
        for (module, term), share in summary[how][summary[how] > 0].items()
    ]
    yield Claim(
        words,
        test,
        f"Exactly the true terms in {percent(exact)} of {count(n, 'data set')}."
        + (f" {join_words(wrong, 4)}." if wrong else "")
        + _too_few(n, equation_sets(1, found.dataset.n_participants)),
        judge_share(round(exact * n), n, EXACT),
        n,
    )


def _too_few(n_sets: int, in_each: int) -> str:
    """Name the option that decides where too few were simulated: `in_each` are for each that it asks for."""
    if n_sets >= LEAST_SETS:
        return ""
    return (
        f" Fewer than {LEAST_SETS} decide nothing: --datasets {-(-LEAST_SETS // in_each)} simulates as many."
    )


def _numbers_read(found: Findings) -> Iterator[Claim]:
    if len(found.people) < 3:
        return
    words = "Each person's coefficients can be read as that person's."
    test = (
        f"True and found coefficients correlate by {READABLE} or more over the people of {LEAST_SETS} or more"
        " simulated data sets, and so do coefficients found in halves of the choices."
    )
    parts, verdicts, n_sets = [], [], None
    if found.equations is not None:
        n_sets = len(found.equations.results)
        summary = found.equations.summary()
        pairs = summary["found"] * n_sets * len(found.people)
        said, verdict = _correlations("recovery", summary["correlation"], pairs)
        few = _too_few(n_sets, equation_sets(1, found.dataset.n_participants))
        parts.append(f"Of {count(n_sets, 'data set')}: {said}{few}")
        verdicts.append(verdict if n_sets >= LEAST_SETS else UNDECIDED)
    if "halves" in found.terms:
        values = found.terms["halves"]
        said, verdict = _correlations("Halves", values, pd.Series(len(found.people), values.index))
        parts.append(said)
        verdicts.append(verdict)
    yield Claim(
        words,
        test,
        " ".join(parts) or "Neither was done.",
        judge_together([*verdicts, *[UNTESTED] * (2 - len(verdicts))]),
        n_sets,
    )


def _correlations(name: str, values: "pd.Series[float]", pairs: "pd.Series[float]") -> tuple[str, str]:
    """Give the range of correlations in words, and the verdict on all of them together."""
    known = values.notna()
    own = values[known]
    if not len(own):
        return f"{name}: defined for none of {count(len(values), 'term')}.", UNDECIDED
    lacking = f", not defined for {len(values) - len(own)}" if len(own) < len(values) else ""
    return (
        f"{name}: {own.min():.2f} to {own.max():.2f}, below {READABLE} in {int((own < READABLE).sum())} of"
        f" {count(len(own), 'term')}{lacking}.",
        judge_together(
            [judge_correlation(r, int(n), READABLE) for r, n in zip(own, pairs[known], strict=True)]
        ),
    )


def _rivals_told_apart(found: Findings) -> Iterator[Claim]:
    words = "The design tells the rivals apart."
    test = (
        f"Of {LEAST_SETS} or more people who are simulated as a rival and fitted alone,"
        f" {percent(TOLD_APART)} or more are recognised as such, by BIC."
    )
    if found.models is None:
        yield Claim(words, test, "This was not simulated.", UNTESTED)
        return
    counts = found.models.counts()
    of_each = counts.sum(axis=1)
    names = [name for name in found.models.names if of_each[name]]
    right = {name: float(counts.loc[name, name] / of_each[name]) for name in names}
    verdicts = [judge_share(int(counts.loc[name, name]), int(of_each[name]), TOLD_APART) for name in names]
    lost = [f"{name} ({percent(share)})" for name, share in right.items() if share < TOLD_APART]
    n, n_people = int(of_each[names].min()), found.models.design.n_people
    yield Claim(
        words,
        test,
        f"{count(n, 'simulated person', 'simulated people')} of each rival, of whom"
        f" {percent(np.mean(list(right.values())))} are recognised on average"
        + (f"; less than half: {join_words(lost)}." if lost else ".")
        + _too_few(n, n_people * sets_of(1, n_people, 10)),
        judge_together(verdicts),
        n,
    )


def _groups_differ(found: Findings) -> Iterator[Claim]:
    n_all = n_tests(found.term_groups)
    for name, own in found.term_groups.groupby("column", sort=False) if n_all else ():
        first, tested = own["group"].iloc[0], tests_of(own)
        clear = tested[tested["holm"] < 0.05]
        least = probability_in_words(own["holm"].min())
        which = join_words((f"{row['name']}, {row['group']}" for _, row in clear.iterrows()), 4)
        yield Claim(
            f"Groups of {name} differ in how they choose.",
            f"Differences of means of the group model from {first}; all {n_all} that were tested are counted"
            " together (Holm).",
            f"{len(clear)} of {len(tested)} beyond chance; smallest {least} by Holm."
            + (f" {which}." if which else ""),
            HOLDS if len(clear) else OPEN,
        )


def _true(found: Findings) -> Iterator[Claim]:
    if found.truth is None or "found" not in found.truth:
        return
    true, own = found.truth["true"].fillna(0.0), found.truth["found"].fillna(0.0)
    wrong = found.truth[(true != 0) != (own != 0)]
    off = float((true - own).abs().max())
    yield Claim(
        "The equations are those of the simulated participant.",
        "Terms and coefficients beside the true ones.",
        f"{'The same terms' if not len(wrong) else f'{len(wrong)} terms differ'}; coefficients are off by"
        f" {number(off)} at most.",
        FAILS if len(wrong) else HOLDS,
    )


_CLAIMS = {
    "rivals": _beats_rivals,
    "groups alike": _in_every_group,
    "network": _reaches_network,
    "mechanism": _nothing_missing,
    "frequency": _most_people,
    "behaviour": _behaves,
    "stable terms": _terms_stay,
    "recovered terms": _terms_recovered,
    "people": _numbers_read,
    "recovered rivals": _rivals_told_apart,
    "groups differ": _groups_differ,
    "truth": _true,
}


def _about(found: Findings) -> str:
    """Say whose equations the claims are about, and which were passed over for them."""
    others = [name for name in found.held_out.estimators if name != found.main]
    words = f"The claims are about the equations of {found.main}"
    if not others:
        return f"{words}."
    gaps = []
    for name in others:
        ahead = found.held_out.ahead(found.told, f"{name}{EQUATIONS}")
        gaps.append(f"{name} by {with_interval(ahead.nats, ahead.low, ahead.high, 4)} nats per choice")
    return f"{words}, which predict held-out choices best: better than those of {join_words(gaps)}."


def _simplest(found: Findings) -> str:
    simplest = found.simplest
    if simplest is None:
        return "No rival reaches 80 % of what the equations gain over chance."
    result = found.held_out
    share = gain_of(result, simplest, found.told)
    fit = result.fits[simplest]
    return (
        f"{simplest}: {fit.rival.equation}. With {len(fit.names)} parameters a person it reaches"
        f" {percent(share)} of what the equations gain over chance in held-out choices. Whoever does not"
        " need the rest should take it."
    )


def audit(found: Findings) -> Iterator[str]:
    """Yield the checks of the study itself, and those that were not made."""
    result = found.held_out
    if found.report is not None:
        yield (
            f"Data: {found.report.name}, SHA-256 {found.report.sha256[:16]}..., {found.report.rows:,} rows,"
            f" {sum(part.where.n for part in found.report.left_out):,} left out."
        )
    yield f"Held out by {result.by} in {result.n_folds} parts; nothing of what was predicted steered a fit."
    agreement = {fit.rival.name: float(fit.agreement.mean()) for fit in result.fits.values() if fit.names}
    if agreement:
        least = min(agreement, key=lambda name: agreement[name])
        yield (
            f"Searches: starts agree in {percent(np.mean(list(agreement.values())))} on average, least often"
            f" of {least} ({percent(agreement[least])})."
        )
    bounds = {fit.rival.name: float(fit.at_bound.mean()) for fit in result.fits.values() if fit.names}
    if bounds:
        most = max(bounds, key=lambda name: bounds[name])
        yield f"Values at a bound of the search: most of {most} ({percent(bounds[most])}, each person alone)."
    looked = len(result.models)
    chosen = len(found.held_out.estimators) > 1
    yield (
        f"{looked} models were compared on the same held-out choices"
        + (", by which the equations that are told were chosen" if chosen else "")
        + ": the best of them is a little too good."
    )
    if found.models is not None:
        yield (
            "Models were recovered by BIC and not by held-out choices, for time: the confusion of the"
            " comparison itself may be another."
        )
    if found.notes:
        yield f"{count(len(found.notes), 'warning')} came up while models were fitted (see Fitting)."
    else:
        yield "No warning came up while models were fitted."
    undone = [
        words
        for words, done in (
            ("recovery of parameters", bool(found.parameters)),
            ("recovery of rivals", found.models is not None),
            ("recovery of terms", found.equations is not None),
            ("falsification", found.falsification is not None),
            ("halves of the choices", "halves" in found.terms),
            ("other penalties of terms", bool(len(found.sensitivity))),
        )
        if not done
    ]
    yield f"Not done: {join_words(undone)}." if undone else "Nothing of the plan was left out."
    yield (
        "Not tested at all: other starts of the network, other tasks or visits, preregistered predictions,"
        " and whether a model that nobody thought of does better."
    )
