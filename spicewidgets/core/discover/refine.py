"""The last step of discovery: the numbers of the equations, tuned to the choices themselves.

SINDy finds which terms an equation has, and numbers that mirror the RNN's module. The RNN also fits some of
the noise, and the mirror weighs all states alike, where the choices do not; so the numbers are then moved to
where the choices are most likely, while the terms stay as they were found. This is maximum likelihood by
Fisher scoring (e.g. McCullagh & Nelder 1989) in the model's own forward pass. What the choices cannot tell,
such as a number added to the values of all arms, stays as SINDy found it.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ..data.dataset import DatasetRNN
from ..equations import Equation, SpiceModel
from ..judge.fisher import Floats, Quadratic, fisher_scoring
from ..train.modules import GivenConstant, ModuleEquations
from ..train.objective import Sessions
from ..train.rnn import BaseRNN

STEP = 1e-5  # of the central differences
DAMPING = 1e-3  # share of the mean information, added in every direction (Levenberg 1944)
MOST_STEPS = 20
MOST_ROWS = 2000  # of a pass: sessions times vectors
ENOUGH = 1e-3  # nats in all: a step that gains less is the last one


def refine(
    spice: SpiceModel, model: BaseRNN, data: DatasetRNN | Sessions, *, also: SpiceModel | None = None
) -> SpiceModel:
    """Fit the coefficients, betas included, under which each participant's choices are most likely.

    Args:
        spice: discovered equations.
        model: the model whose forward pass ties them together.
        data: the choices; participants are indices in the last column.
        also: equations whose numbers are tried as another beginning, where the first one leads less far.
    """
    equations = {module: list(rows) for module, rows in spice.equations.items()}
    betas = {state: list(values) for state, values in spice.betas.items()}
    for code, tuning in tunings(spice, model, data):
        best = tuning.run() if also is None else tuning.run_from(tuning.numbers_of(also, code))
        for module, equation in tuning.equations_at(best).items():
            equations[module][code] = equation
        for state, beta in tuning.betas_at(best).items():
            betas[state][code] = beta
    return replace(
        spice,
        equations={module: tuple(rows) for module, rows in equations.items()},
        betas={state: tuple(values) for state, values in betas.items()},
    )


def tunings(spice: SpiceModel, model: BaseRNN, data: DatasetRNN | Sessions) -> "Iterator[tuple[int, Tuning]]":
    """Return the index and the numbers of each participant who has equations and choices."""
    sessions = Sessions.of(data).double()
    codes = sessions.inputs[0, :, -1].long()
    for code in range(len(spice.participants)):
        own = codes == code
        if all(rows[code] is not None for rows in spice.equations.values()) and own.any():
            yield code, Tuning(spice, model, sessions.take(own.nonzero()[:, 0]), code)


class Tuning:
    """The numbers of one participant's equations as one vector, and what the choices say of them.

    Many vectors are tried in one pass: block j of its sessions holds all sessions under the j-th vector.
    """

    def __init__(self, spice: SpiceModel, model: BaseRNN, sessions: Sessions, code: int) -> None:
        self.model, self.sessions = deepcopy(model).double().eval(), sessions
        self.equations = [e for rows in spice.equations.values() if (e := rows[code]) is not None]
        self.states = tuple(spice.betas)
        self.labels = [(e, term) for e, equation in enumerate(self.equations) for term, _ in equation.active]
        numbers = [value for equation in self.equations for _, value in equation.active]
        self.start = np.array([*numbers, *(spice.betas[state][code] for state in self.states)])

    def run(self) -> Floats:
        """Return the best vector found."""
        if not len(self.start):
            return self.start
        best, _ = fisher_scoring(
            self.look, self.values, self.start, damping=DAMPING, enough=ENOUGH, most_steps=MOST_STEPS
        )
        return best

    def run_from(self, other: Floats) -> Floats:
        """As `run`, or from another vector where that one is more likely than what `run` has found."""
        best = self.run()
        found, there = self.values([best, other])
        if not there < found - ENOUGH:
            return best
        self.start = other
        return self.run()

    def numbers_of(self, spice: SpiceModel, code: int) -> Floats:
        """Other equations' numbers of the same terms and betas, as a vector."""
        rows = {module: each[code] for module, each in spice.equations.items()}
        numbers = [
            0.0 if (row := rows[self.equations[e].module]) is None else row.coefficient(*term)
            for e, term in self.labels
        ]
        return np.array([*numbers, *(spice.betas[state][code] for state in self.states)])

    def values(self, vectors: Sequence[Floats]) -> Floats:
        """-ln L of all sessions in nats under each vector; infinite where it is no number."""
        found = sum(self.nll(self.logits(vectors, part), part) for part in self.parts(len(vectors)))
        values: Floats = np.where(np.isfinite(found), found, np.inf)
        return values

    def parts(self, n_vectors: int) -> Iterator[Sessions]:
        """Yield the sessions, so many at a time that a pass stays small."""
        for index in torch.arange(self.sessions.n_sessions).split(max(1, MOST_ROWS // n_vectors)):
            yield self.sessions.take(index)

    def look(self, at: Floats) -> Quadratic:
        """At a vector: -ln L in nats, the slope of ln L in each number, and the expected information (the
        covariance of the logits' slopes under P, summed over choices).
        """
        n = len(at)
        nll, gradient, information = 0.0, np.zeros(n), np.zeros((n, n))
        steps = STEP * np.eye(n)
        vectors = [at, *(at + steps), *(at - steps)]
        for part in self.parts(len(vectors)):
            logits = self.logits(vectors, part)
            slopes = (logits[1 : n + 1] - logits[n + 1 :]) / (2 * STEP)
            p, known = part.mask(logits[0]).softmax(-1), part.weights
            hit = torch.nn.functional.one_hot(part.targets, p.shape[-1])
            centred = slopes - (slopes * p).sum(-1, keepdim=True)
            nll += float(self.nll(logits[:1], part)[0])
            gradient += torch.einsum("itna,tna,tn->i", slopes, hit - p, known).numpy()
            information += torch.einsum("itna,jtna,tna,tn->ij", centred, centred, p, known).numpy()
        return Quadratic(nll, gradient, information)

    def nll(self, logits: Tensor, part: Sessions) -> Floats:
        """-ln L of some sessions in nats, under each vector."""
        chosen = part.targets[None, ..., None].expand(len(logits), -1, -1, 1)
        log_p = part.mask(logits).log_softmax(-1).gather(-1, chosen)[..., 0]
        nll: Floats = -(log_p * part.weights).sum((1, 2)).numpy()
        return nll

    def logits(self, vectors: Sequence[Floats], part: Sessions) -> Tensor:
        """Logits of some sessions under each vector, `(n_vectors, n_trials, n_sessions, n_actions)`."""
        blocks = torch.arange(len(vectors)).repeat_interleave(part.n_sessions)
        columns = [self.equations_at(vector) for vector in vectors]
        modules = [equation.module for equation in self.equations]
        self.model.integrate_sindy({m: _Blocks([column[m] for column in columns], blocks) for m in modules})
        for state, values in zip(self.states, np.transpose(vectors)[len(self.labels) :], strict=True):
            self.model.betas[state] = _BlockConstant(values.tolist(), blocks)
        with torch.no_grad():
            logits, _ = self.model(part.inputs.repeat(1, len(vectors), 1))
        return torch.stack(logits.split(part.n_sessions, 1))

    def equations_at(self, vector: Floats) -> dict[str, Equation]:
        """Return the equations with the numbers of a vector."""
        numbers = dict(zip(self.labels, vector[: len(self.labels)].tolist(), strict=True))
        return {
            equation.module: replace(
                equation, values=tuple(numbers.get((e, term), 0.0) for term in equation.terms)
            )
            for e, equation in enumerate(self.equations)
        }

    def betas_at(self, vector: Floats) -> dict[str, float]:
        """Return the betas of a vector, by state."""
        return dict(zip(self.states, vector[len(self.labels) :].tolist(), strict=True))


class _Blocks(ModuleEquations):
    """One equation for each block of sessions, whoever the participant is."""

    def __init__(self, equations: list[Equation], blocks: Tensor) -> None:
        super().__init__(list(equations))
        self.blocks = blocks

    def evaluate(self, value: Tensor, signals: Mapping[str, Tensor], participants: Tensor) -> Tensor:
        return super().evaluate(value, signals, self.blocks)


class _BlockConstant(GivenConstant):
    """One beta for each block of sessions, whoever the participant is."""

    def __init__(self, values: Sequence[float], blocks: Tensor) -> None:
        super().__init__(values)
        self.blocks = blocks

    def begin(self, participants: Tensor) -> None:
        super().begin(self.blocks)
