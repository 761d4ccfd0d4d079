"""The cost of a term: how much less likely the choices are without it, once the other numbers have moved."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from math import erfc, sqrt

import numpy as np
import torch
from numpy.typing import NDArray

from ..data.dataset import DatasetRNN
from ..equations import Equation, SpiceModel, Term, term_text
from ..judge.network_agents import AgentSpice
from ..judge.replay import nll_per_trial, replay
from ..settings import SettingsError
from ..train.rnn import BaseRNN
from .refine import refine

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cost:
    """The cost of losing a term, to one participant's equations.

    Attributes:
        module, term: which.
        whole: the equations with the term, fitted.
        dropped: without the term, and with all other numbers as they were.
        refitted: without the term, and with the others fitted anew.
        nll: of these three, by name, in nats per choice.
        n_choices: how many there are.
        dp: |P - P of the whole| of the first arm, by name, `(n_sessions, n_trials + 1)`, before each trial
            and after the last; NaN where there is no trial.
    """

    module: str
    term: Term
    whole: SpiceModel
    dropped: SpiceModel
    refitted: SpiceModel
    nll: Mapping[str, float]
    n_choices: int
    dp: Mapping[str, Floats]

    @property
    def nats(self) -> float:
        """The loss of log likelihood of all choices without the term, after a refit."""
        return (self.nll["refitted"] - self.nll["whole"]) * self.n_choices

    @property
    def by_chance(self) -> float:
        """Probability of so large a loss if the term were not there: the likelihood-ratio test, in which
        twice the loss is chi-squared with one degree of freedom (Wilks 1938).
        """
        return erfc(sqrt(max(self.nats, 0.0)))

    def max_dp(self, name: str = "refitted") -> Floats:
        """Largest |dP| of each session, `(n_sessions,)`."""
        largest: Floats = np.nanmax(self.dp[name], axis=1)
        return largest

    def mean_dp(self, name: str = "refitted") -> Floats:
        """Mean |dP| of each session, `(n_sessions,)`."""
        mean: Floats = np.nanmean(self.dp[name], axis=1)
        return mean


def cost_of_dropping(
    spice: SpiceModel,
    model: BaseRNN,
    dataset: DatasetRNN,
    module: str,
    term: Term = (),
    participant: Hashable = None,
) -> Cost:
    """Compute the cost of leaving a term out of an equation, by maximum likelihood on the choices.

    Args:
        spice: the equations with the term.
        model: the model whose forward pass ties them together; its weights play no part.
        dataset: the choices; participants are indices in the last column.
        module: the module whose equation has the term.
        term: its factors; none of them is the constant.
        participant: label; the first that has equations when None.
    """
    place = spice.index(participant)
    spice, dataset = one_participant(spice, dataset, place)
    _refuse_missing(spice.equation(module), term)
    whole = refine(spice, model, dataset)
    dropped = _without(whole, module, term)
    models = {"whole": whole, "dropped": dropped, "refitted": refine(dropped, model, dataset)}
    agents = {name: AgentSpice(model, one, n_actions=dataset.n_actions) for name, one in models.items()}
    p = {name: replay(agent, dataset).probabilities for name, agent in agents.items()}
    nll = {name: nll_per_trial(each, dataset) for name, each in p.items()}
    padded = np.arange(p["whole"].shape[1]) > np.asarray(dataset.lengths)[:, None]
    dp = {
        name: np.where(padded, np.nan, np.abs(p[name] - p["whole"])[..., 0])
        for name in ("dropped", "refitted")
    }
    n_choices = int(np.isfinite(nll["whole"]).sum())
    means = {name: float(np.nanmean(each)) for name, each in nll.items()}
    return Cost(module, term, **models, nll=means, n_choices=n_choices, dp=dp)


def one_participant(spice: SpiceModel, dataset: DatasetRNN, place: int) -> tuple[SpiceModel, DatasetRNN]:
    """Return the equations and sessions of one participant, who is the only one then."""
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
    """Return a participant's equations without a term, which stays a candidate."""
    equation = spice.equation(module)
    values = [
        0.0 if sorted(t) == sorted(term) else v for t, v in zip(equation.terms, equation.values, strict=True)
    ]
    return replace(spice, equations={**spice.equations, module: (replace(equation, values=tuple(values)),)})


def _refuse_missing(equation: Equation, term: Term) -> None:
    if not equation.coefficient(*term):
        terms = [term_text(each) for each, _ in equation.active]
        raise SettingsError(
            [
                f"The equation of {equation.module} has the terms {', '.join(terms) or 'none'}; got"
                f" {term_text(term)}. Choose one that is there."
            ]
        )
