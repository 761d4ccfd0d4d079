"""What would change: P under other numbers, the cost of leaving a term out, and what no choice can tell.

An equation has freedoms that change no P, so that they cannot be found out: a number added to the values of
all arms, and values stretched by as much as beta is shrunk. A number added to one arm is no such freedom. And
a constant that only the chosen arm gets is a number added to one arm. Knows nothing of how it is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import comb, erfc, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..equations import Equation, SpiceModel, Term, term_text
from ..settings import SettingsError
from ..simulate.agents import softmax
from ..train.built import SCALED, BuiltModel
from .contributions import unfold
from .translation import VALUE

if TYPE_CHECKING:
    from ..data.dataset import DatasetRNN
    from ..train.rnn import BaseRNN

Floats = NDArray[np.float64]


def moved(equation: Equation, stretch: float = 1.0, shift: float = 0.0) -> Equation:
    """The same update for a value that is written as `stretch * x + shift`.

    >>> moved(Equation("x", ((), ("x",), ("r",)), (-0.3, 0.7, 0.9)), shift=0.5).text()
    '(x)[k+1] = -0.150 1 + 0.700 x[k] + 0.900 r[k]'
    """
    found: dict[Term, float] = {(): shift}
    for term, value in equation.active:
        rest = tuple(factor for factor in term if factor != equation.module)
        power = len(term) - len(rest)
        for kept in range(power + 1):  # ((x - shift) / stretch) ** power, multiplied out
            part = comb(power, kept) * (-shift) ** (power - kept) * stretch ** (1 - power)
            key = (equation.module,) * kept + rest
            found[key] = found.get(key, 0.0) + value * part
    return replace(equation, terms=tuple(found), values=tuple(found.values()), dropped={})


@dataclass(frozen=True)
class Freedom:
    """The equations written in another way, and what that does to P.

    Attributes:
        name: "both arms", "stretch" or "one arm".
        shift: what was added to the values.
        spice: the equations in the new writing; with "one arm", those of the first arm.
        start: where the values start, in the new writing.
        beta: what the values are multiplied with, in the new writing.
        max_dp, mean_dp: largest and mean |P - P before| over trials and arms.
    """

    name: str
    shift: float
    spice: SpiceModel
    start: float
    beta: float
    max_dp: float
    mean_dp: float


def freedoms(
    spice: SpiceModel,
    built: BuiltModel,
    choices: ArrayLike,
    rewards: ArrayLike,
    participant: Any = None,
    *,
    shift: float = 1.0,
    stretch: float = 2.0,
) -> tuple[Freedom, Freedom, Freedom]:
    """Three ways to write the value of the reward otherwise: both arms moved by `shift`, values multiplied by
    `stretch` and beta divided by it, and only the first arm moved. The first two change nothing that can be
    seen.

    Args:
        spice: the equations.
        built: the model that they belong to.
        choices, rewards: the sessions on which P is compared, as in `unfold`.
        participant: label; the first that has equations when None.
    """
    people = [spice.participants[spice.index(participant)]] * len(np.asarray(choices))
    before = unfold(built, spice, choices, rewards, people)
    start = next(state.initial for state in built.states if state.name == VALUE)

    def written(c: float, d: float) -> tuple[SpiceModel, float, Floats]:
        """Equations, start and logits for values `c x + d`, beta being divided by c."""
        rows = {
            m: tuple(e if e is None or not m.startswith(VALUE) else moved(e, c, d) for e in row)
            for m, row in spice.equations.items()
        }
        betas = dict(spice.betas) | {VALUE: tuple(spice.beta(VALUE, who) / c for who in spice.participants)}
        new, begun = replace(spice, equations=rows, betas=betas), c * start + d
        states = (replace(s, initial=begun) if s.name == VALUE else s for s in built.states)
        scaled = tuple(replace(s, choice=SCALED) if s.name == VALUE else s for s in states)
        return new, begun, unfold(replace(built, states=scaled), new, choices, rewards, people).q

    both, stretched = written(1.0, shift), written(stretch, 0.0)
    one = np.where(np.arange(before.q.shape[-1]) == 0, both[2], before.q)

    def told(name: str, made: tuple[SpiceModel, float, Floats], q: Floats) -> Freedom:
        apart = np.abs(softmax(q) - before.probabilities)
        now = made[0].beta(VALUE, participant)
        added = 0.0 if name == "stretch" else shift
        return Freedom(name, added, made[0], made[1], now, float(apart.max()), float(apart.mean()))

    return (
        told("both arms", both, both[2]),
        told("stretch", stretched, stretched[2]),
        told("one arm", both, one),
    )


@dataclass(frozen=True, eq=False)
class Cost:
    """What it costs one participant's equations to lose a term.

    Attributes:
        module, term: which.
        whole, kept, refitted: the equations with the term, without it and with all other numbers as they
            were, and without it and with the others fitted anew; `whole` is fitted too.
        nll: of these three, by name, in nats per choice. n_choices: how many there are.
        dp: |P - P of the whole| of the first arm, by name, `(n_sessions, n_trials + 1)`, before each trial
            and after the last; NaN where there is no trial.
    """

    module: str
    term: Term
    whole: SpiceModel
    kept: SpiceModel
    refitted: SpiceModel
    nll: Mapping[str, float]
    n_choices: int
    dp: Mapping[str, Floats]

    @property
    def nats(self) -> float:
        """How much less likely all choices are, at best, without the term: the loss of ln L."""
        return (self.nll["refitted"] - self.nll["whole"]) * self.n_choices

    @property
    def by_chance(self) -> float:
        """Probability of so large a loss if the term were not there: the likelihood-ratio test, in which
        twice the loss is chi-squared with one degree of freedom (Wilks 1938).
        """
        return erfc(sqrt(max(self.nats, 0.0)))

    def max_dp(self, name: str = "refitted") -> Floats:
        """Largest |dP| of each session, `(n_sessions,)`."""
        found: Floats = np.nanmax(self.dp[name], axis=1)
        return found

    def mean_dp(self, name: str = "refitted") -> Floats:
        """Mean |dP| of each session, `(n_sessions,)`."""
        found: Floats = np.nanmean(self.dp[name], axis=1)
        return found


def cost_of_dropping(
    spice: SpiceModel,
    model: "BaseRNN",
    dataset: "DatasetRNN",
    module: str,
    term: Term = (),
    participant: Any = None,
) -> Cost:
    """What it costs to leave a term out of an equation, by maximum likelihood on the choices.

    Args:
        spice: the equations with the term.
        model: the model whose forward pass ties them together; its weights play no part.
        dataset: the choices; participants are indices in the last column.
        module, term: which term of which equation; the constant by default.
        participant: label; the first that has equations when None.
    """
    from ..discover.refine import refine
    from ..judge.network_agents import AgentSpice
    from ..judge.replay import nll_per_trial, replay

    place = spice.index(participant)
    spice, dataset = _alone(spice, dataset, place)
    _refuse_missing(spice.equation(module), term)
    whole = refine(spice, model, dataset)
    kept = _without(whole, module, term)
    tried = {"whole": whole, "kept": kept, "refitted": refine(kept, model, dataset)}
    agents = {n: AgentSpice(model, one, n_actions=dataset.n_actions) for n, one in tried.items()}
    played = {name: replay(agent, dataset).probabilities for name, agent in agents.items()}
    nll = {name: nll_per_trial(p, dataset) for name, p in played.items()}
    padded = np.arange(played["whole"].shape[1]) > np.asarray(dataset.lengths)[:, None]
    dp = {
        name: np.where(padded, np.nan, np.abs(p - played["whole"])[..., 0])
        for name, p in played.items()
        if name != "whole"
    }
    n = int(np.isfinite(nll["whole"]).sum())
    means = {name: float(np.nanmean(each)) for name, each in nll.items()}
    return Cost(module, term, **tried, nll=means, n_choices=n, dp=dp)


def _alone(spice: SpiceModel, dataset: "DatasetRNN", place: int) -> "tuple[SpiceModel, DatasetRNN]":
    """The equations and sessions of one participant, who is the only one then."""
    import torch

    own = torch.as_tensor(np.asarray(dataset.participant_ids) == place)
    if len(spice.participants) == 1:
        own[:] = True
    part = dataset.take(own.nonzero()[:, 0], torch.arange(dataset.n_trials).expand(int(own.sum()), -1))
    part.xs[..., -1] = 0
    only = SpiceModel(
        (spice.participants[place],),
        {m: (rows[place],) for m, rows in spice.equations.items()},
        {state: (values[place],) for state, values in spice.betas.items()},
        spice.given,
    )
    return only, part


def _without(spice: SpiceModel, module: str, term: Term) -> SpiceModel:
    """A participant's equations without a term, which stays a candidate."""
    equation = spice.equation(module)
    values = [
        0.0 if sorted(t) == sorted(term) else v for t, v in zip(equation.terms, equation.values, strict=True)
    ]
    return replace(spice, equations={**spice.equations, module: (replace(equation, values=tuple(values)),)})


def _refuse_missing(equation: Equation, term: Term) -> None:
    if not equation.coefficient(*term):
        there = [term_text(each) for each, _ in equation.active]
        raise SettingsError(
            [
                f"The equation of {equation.module} has the terms {', '.join(there) or 'none'}; got"
                f" {term_text(term)}. Choose one that is there."
            ]
        )
