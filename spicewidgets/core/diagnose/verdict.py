"""The verdict on a fit: what was tested and what came out, and what so many choices could have shown.

With a truth that is known, the equations are compared with it: their structure in one way of writing, and
their P by the Kullback-Leibler divergence. Twice the divergence of maximum-likelihood numbers of the right
terms is chi-squared with a degree of freedom for each number (Wilks 1938), for many choices. Without a truth,
the equations are compared with guessing and with the network.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtri

from ..wording import join_words
from .claims import NETWORK_LACKS, lack_of_network
from .facts import Facts
from .mechanisms import mechanism_of

if TYPE_CHECKING:
    from ..discover.held_apart import TuningGain

LEVEL = 0.001  # of the tests
POWER = 2.576 + 1.282  # errors that a difference must have to be shown at the 1 % level nine times of ten
KINDS = ("", "differs", "numbers", "guesses", "untold", "same")  # from none or worst to best


@dataclass(frozen=True)
class Verdict:
    """The verdict on a fit.

    Attributes:
        kind: "same" (terms and numbers are the participant's), "untold" (other terms, which the choices
            cannot tell from the participant's), "guesses" (the choices cannot be told from guesses),
            "numbers" (the terms are the participant's, the numbers are not) or "differs"; empty where no
            truth is known.
        sentences: what was tested, what came out, and with what power.
        remarks: kinds of what else they say, in order: "mechanism missing" (of the participant, or of a rival
            that is ahead of network and equations), "network below" (its equations), "untuned below chance"
            (SINDy's own numbers are no measure for tuned ones).
    """

    kind: str
    sentences: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    @property
    def rank(self) -> int:
        """Higher is better."""
        return KINDS.index(self.kind)

    def __str__(self) -> str:
        return " ".join(self.sentences)


def verdict_of(facts: Facts) -> Verdict:
    """Return the verdict on a fit; without any sentence where there are no equations."""
    if facts.spice is None or facts.score("spice") is None:
        return Verdict("", ())
    if facts.truth is None or facts.divergence is None:
        told = list(_without_truth(facts))
        return Verdict("", tuple(words for words, _ in told), tuple(remark for _, remark in told if remark))
    kind, words = _with_truth(facts, facts.divergence)
    if facts.lacking:
        missing = (
            f"The model has no part for the participant's {join_words([one.name for one in facts.lacking])}."
        )
        return Verdict(kind, (words, missing), ("mechanism missing",))
    return Verdict(kind, (words, *_power(facts)) if kind in ("same", "untold") else (words,))


def tells_nothing(facts: Facts) -> bool:
    """Test whether the choices differ from guesses, by the likelihood-ratio test."""
    nll = facts.score("spice")
    gain = 0.0 if nll is None else 2 * facts.n_choices * (facts.chance - nll)
    return bool(gain <= chdtri(max(facts.n_numbers, 1), LEVEL))


def _with_truth(facts: Facts, divergence: float) -> tuple[str, str]:
    (missing, extra), n = facts.differences, facts.n_choices
    wide = 2 * divergence > chdtri(max(facts.n_numbers, 1), LEVEL)
    far = f"{100 * divergence / max(n, 1):.2g} nats in 100 choices"
    if tells_nothing(facts):
        return "guesses", f"{_these(n)} hardly differ from guesses: they speak for no equation."
    if not missing and not extra:
        if wide:
            return (
                "numbers",
                f"Same terms as the participant, but the coefficients are not within their error ({far}).",
            )
        return "same", "Same terms as the participant; the coefficients are within their error."
    parts = [f"it lacks {join_words(missing)}"] if missing else []
    parts += [f"it has {join_words(extra)}, which is not true"] if extra else []
    if wide:
        return "differs", f"Differs: {join_words(parts)} ({far})."
    return "untold", f"{_these(n)} cannot tell it from the participant, though {join_words(parts)}."


def _power(facts: Facts) -> Iterator[str]:
    """Yield the smallest difference in a learning rate that would have been noticed."""
    errors = [
        one.parameters.get("alpha_reward", np.inf)
        for label, one in facts.errors.items()
        if "alpha_reward" not in facts.missing(label)
    ]
    shown = POWER * float(np.median(errors)) if errors else np.inf
    if shown < 1:
        yield f"A learning rate that is off by {shown:.2f} would have shown, nine times of ten."
    elif facts.errors:
        yield "No learning rate would have shown as wrong."


def _without_truth(facts: Facts) -> Iterator[tuple[str, str]]:
    """Say how the equations stand, sentence by sentence, each with its remark."""
    n, nll = facts.n_choices, facts.score("spice")
    assert nll is not None
    if tells_nothing(facts):
        yield f"{_these(n)} hardly differ from guesses: they speak for no equation.", ""
        return
    yield (
        f"The equations expect {n:,} choices with a probability of {np.exp(-nll):.3f} each, where guessing"
        f" has {np.exp(-facts.chance):.3f}.",
        "",
    )
    if facts.leading_rival is not None:
        yield _beside_rival(*facts.leading_rival), "mechanism missing"
    if {"rnn", "spice"} <= facts.played.keys():
        yield _beside_network(facts)
    if facts.gains:
        yield from _beside_untuned(facts)


def _beside_rival(name: str, nats: float) -> str:
    mechanism = mechanism_of(name)
    return (
        f"The rival {name} expects them better than network and equations, by {nats:.0f} nats beyond what its"
        " parameters cost"
        + ("." if mechanism is None else f": what it has ({mechanism.words}) they lack, or did not learn.")
    )


def _beside_untuned(facts: Facts) -> Iterator[tuple[str, str]]:
    """Say how tuned numbers predict choices that they were not tuned to: beside SINDy's own, where these are
    better than guessing, else beside guessing.
    """
    wrecks = [gain for gain in facts.gains.values() if gain.is_below_chance]
    others = [gain for gain in facts.gains.values() if not gain.is_below_chance]
    if wrecks:
        n, below = sum(gain.n_choices for gain in wrecks), sum(gain.untuned - gain.chance for gain in wrecks)
        tuned = sum(gain.chance - gain.untuned + gain.nats for gain in wrecks)
        whose = "" if len(facts.gains) == 1 else f" of {len(wrecks)} of {len(facts.gains)} participants"
        yield (
            f"SINDy's own coefficients{whose} are far from the choices: by {below:,.0f} nats in {n:,} worse"
            " than guessing, so that tuned ones are not measured by them; tuned to half of the choices, these"
            f" predict the other half {'better' if tuned > 0 else 'worse'} than guessing, by"
            f" {abs(tuned):,.0f} nats.",
            "untuned below chance",
        )
    if others:
        yield _beside_own(others, of_some=bool(wrecks)), ""


def _beside_own(gains: "Sequence[TuningGain]", of_some: bool) -> str:
    """Say whether tuned numbers predict choices that they were not tuned to better than SINDy's own."""
    nats, tested = sum(gain.nats for gain in gains), sum(gain.n_choices for gain in gains)
    worse = [gain for gain in gains if gain.is_worse(LEVEL / len(gains))]
    own = f"SINDy's own of the other {len(gains)}" if of_some else "SINDy's own"
    what = "Coefficients that were tuned to half of the choices predict the other half"
    if nats > 0:
        words = f"{what} better than {own}, by {nats:.1f} nats in {tested:,}"
    elif len(worse) == len(gains):
        return f"{what} worse than {own}, by {-nats:.1f} nats in {tested:,}, which is more than noise."
    else:
        words = f"{what} as well as {own}, which saw all ({-nats:.1f} nats in {tested:,} apart)"
    if worse:
        lost = -sum(gain.nats for gain in worse)
        whose = f"{len(worse)} of {len(gains)} participants"
        return f"{words}; but of {whose} worse, by {lost:.1f} nats, which is more than noise."
    return f"{words}."


def _beside_network(facts: Facts) -> tuple[str, str]:
    """Say whether the network expects the same choices better, which it has seen as the equations have; and
    what it lacks where it does not.
    """
    n, t = facts.choices.shape
    arms = np.maximum(facts.choices, 0)[..., None]
    rnn, spice = (
        np.log(
            np.clip(np.take_along_axis(facts.played[name].probabilities[:n, :t], arms, -1)[..., 0], 1e-300, 1)
        )
        for name in ("rnn", "spice")
    )
    known = (facts.choices >= 0) & (np.arange(t) > 0)
    ahead = (rnn - spice)[known]
    mean, error = float(ahead.mean()), float(ahead.std() / sqrt(len(ahead)))
    far = f"{100 * abs(mean):.2g} ± {100 * error:.1g} nats in 100 choices"
    if mean > 2.576 * error:
        return (
            f"The network expects them better, by {far}; both have learned from them, so that only choices"
            " held out tell whether it knows more.",
            "",
        )
    if mean < -2.576 * error:
        lack = lack_of_network(facts.knows_people, len(facts.labels), mean, mean)
        return f"The network is below its equations, by {far}: {NETWORK_LACKS[lack]}.", "network below"
    return (
        f"{_these(len(ahead))} cannot tell the equations from the network;"
        f" {100 * POWER * error:.2g} nats in 100 choices would have shown.",
        "",
    )


def _these(n: int) -> str:
    return f"These {n:,} choices"
