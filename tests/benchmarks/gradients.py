"""Compares the gradients of compiled models with torch's, at weights from 0 to 1e20, into RESULTS.md.

    python tests/benchmarks/gradients.py [--models 400] [--no-write]

A model is made at random: what a trial does to two memory states, in expressions of logarithms, exponentials,
quotients, roots, powers, `where`, `clamp` and `detach`, some of them used, some not, some before the loop
over trials. Each is compared in float64 at several sets of weights: loss and gradient are finite, infinite
and not a number in the same places and equal where they are finite, or the model is refused.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
import torch
from report import Table, benchmark_parser, publish
from torch import Tensor, nn

from spicewidgets import BaseRNN
from spicewidgets.core.train.compiled.loss import CompiledLoss
from spicewidgets.core.train.objective import EagerLoss, Sessions

HEADING = "Compiled gradients at the ends of the range"
WEIGHTS = (0.0, 1e-30, 1e-5, 0.3, 1.0, 2.5, 30.0, 1e5, 1e20)
SETS = 8  # of weights, for each model
LAST_PLACE = (-4e-16, 0.0, 4e-16)
TOLERANCE = 1e-6  # relative, in float64
N_TRIALS, N_SESSIONS, N_WEIGHTS = 5, 3, 3
UNARY = {
    "log": torch.log,
    "exp": torch.exp,
    "sqrt": torch.sqrt,
    "square": lambda x: x**2,
    "cube": lambda x: x**3,
    "inverse": lambda x: x**-1,
    "root": lambda x: x**0.5,
    "clamp": lambda x: x.clamp(0.1, 2.0),
    "at least 0": lambda x: x.clamp(min=0.0),
    "tanh": torch.tanh,
    "detach": lambda x: x.detach(),
    "less": lambda x: 0.1 * x,
    "negative": lambda x: -x,
}
BINARY = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "where": lambda x, y: torch.where(x > 0, x, y),
    "where log": lambda x, y: torch.where(x > 0, x.log(), y),
    "where other": lambda x, y: torch.where(y > 0.3, 0.5 * y, x),
}


class Random(BaseRNN):
    """A model made at random; the same of the same seed."""

    init_values = {"x_v": 0.4, "x_u": 0.0}

    def __init__(self, seed: int) -> None:
        super().__init__(2)
        self.w = nn.Parameter(torch.full((N_WEIGHTS,), 0.5))
        rng = np.random.default_rng(seed)
        self.draws = [int(draw) for draw in rng.integers(0, 1 << 30, 200)]
        self.sizes = [int(size) for size in rng.integers(2, 7, 3)]
        self.first, self.keeps_u = bool(rng.integers(2)), bool(rng.integers(3))

    def forward(self, inputs: Tensor, prev_state: object = None, batch_first: bool = False) -> object:
        """Run it: a pool of numbers grows by expressions of those that are in it."""
        (_, rewards, *_), _, logits, trials = self.init_forward_pass(inputs, prev_state, batch_first)
        for trial, reward in zip(trials, rewards, strict=True):
            draws = iter(self.draws)
            real = self.grown([*self.w.unbind(), self.w.sum()], self.sizes[0], draws)
            pool = [reward, self.state["x_v"], self.state["x_u"], *real]
            pool = self.grown(pool, self.sizes[1] + self.sizes[2], draws)
            shown = [x for x in pool if x.ndim > 0]
            before = self.state["x_v"]
            after = 0.5 * before + late(shown, draws)
            self.state["x_v"] = after
            if self.keeps_u:
                self.state["x_u"] = 0.5 * self.state["x_u"] + late(shown, draws)
            logits[trial] = (before if self.first else after) * self.w[0].clamp(0.2, 3.0)
        return self.post_forward_pass(logits, batch_first), self.get_state()

    def grown(self, pool: list[Tensor], times: int, draws: Iterator[int]) -> list[Tensor]:
        """The pool with so many more numbers in it."""
        pool = list(pool)
        for _ in range(times):
            if next(draws) % 2:
                name = list(UNARY)[next(draws) % len(UNARY)]
                pool.append(UNARY[name](late(pool, draws)))
            else:
                name = list(BINARY)[next(draws) % len(BINARY)]
                pool.append(BINARY[name](late(pool, draws), pool[next(draws) % len(pool)]))
        return pool


def late(pool: list[Tensor], draws: Iterator[int]) -> Tensor:
    """One of the pool, the last ones more often, so that what is made is used."""
    return pool[-1 - min(next(draws) % len(pool), next(draws) % len(pool))]


def sessions_at_random(seed: int) -> Sessions:
    """A few sessions, with rewards of 0 among them, and a choice that is not known."""
    rng = np.random.default_rng(seed)
    inputs = torch.zeros(N_TRIALS, N_SESSIONS, 7, dtype=torch.float64)
    choices = torch.as_tensor(rng.integers(2, size=(N_TRIALS, N_SESSIONS)))
    inputs[:, :, :2] = nn.functional.one_hot(choices, 2)
    inputs[:, :, 2:4] = torch.as_tensor(rng.choice([0.0, 0.5, 1.0, 2.0], (N_TRIALS, N_SESSIONS, 2)))
    weights = torch.ones(N_TRIALS, N_SESSIONS, dtype=torch.float64)
    weights[-1] = 0  # of the last trial there is no next choice
    return Sessions(inputs, choices.roll(-1, 0), weights)


@dataclass
class Found:
    """What has been compared."""

    kinds: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def compare(seed: int, found: Found) -> None:
    """Compare one model with torch at several sets of weights."""
    model, rng = Random(seed).double(), np.random.default_rng([seed, 1])
    sessions = sessions_at_random(seed)
    n_steps = (None, None, 1, 2)[seed % 4]
    try:
        compiled = CompiledLoss(deepcopy(model), n_steps)
        compiled.program(sessions)
    except Exception:  # as `check` has it, which refuses such a model
        found.kinds["refused"] += 1
        return
    found.kinds["models"] += 1
    eager = EagerLoss(deepcopy(model), n_steps)
    for _ in range(SETS):
        theta = rng.choice(WEIGHTS, (1, N_WEIGHTS))
        told, expected = compiled(theta, sessions), eager(theta, sessions)
        finite = np.isfinite(np.concatenate([part.ravel() for part in expected])).all()
        found.kinds["finite" if finite else "not finite"] += 1
        found.kinds["moving"] += bool(np.any(expected[1] != 0))
        for what, mine, theirs in zip(("loss", "gradient"), told, expected, strict=True):
            if not same(mine, theirs):
                if within_rounding(mine, theirs, eager, theta, sessions):
                    found.kinds["rounding"] += 1
                    break
                found.wrong.append(f"seed {seed}, {what} at {theta[0]}: {mine[0]}, torch {theirs[0]}")
                break


def within_rounding(
    mine: np.ndarray, theirs: np.ndarray, eager: EagerLoss, theta: np.ndarray, sessions: Sessions
) -> bool:
    """Tell whether a difference is one of rounding: numbers that nearly cancel have few digits left.

    Torch's own answer then moves as far when weights and data move in their last place, or it is smaller than
    the last places of its summands, the slopes of all logits.
    """
    if not (np.isfinite(mine).all() and np.isfinite(theirs).all()):
        return False
    rng, moved, parts = np.random.default_rng(0), 0.0, 0.0
    place = 0 if mine.ndim == 1 else 1
    for _ in range(20):
        near = theta * (1 + rng.choice(LAST_PLACE, theta.shape))
        inputs = sessions.inputs * (1 + torch.as_tensor(rng.choice(LAST_PLACE, sessions.inputs.shape)))
        answer = eager(near, Sessions(inputs, sessions.targets, sessions.weights))[place]
        moved = max(moved, float(np.linalg.norm(answer - theirs)))
    logits, _ = eager.model(sessions.inputs, None)  # at the weights of the last call
    for logit in logits.flatten():
        if logit.requires_grad and place:
            slopes = torch.autograd.grad(logit, eager.model.w, retain_graph=True, allow_unused=True)[0]
            parts += 0.0 if slopes is None else float(slopes.nan_to_num().norm())
    return bool(np.linalg.norm(mine - theirs) <= 2 * moved + 1e-14 * parts)


def same(mine: np.ndarray, theirs: np.ndarray) -> bool:
    """Tell whether two arrays are the same, as numbers go."""
    finite = np.isfinite(theirs)
    if not np.array_equal(np.nan_to_num(mine[~finite], nan=7.0), np.nan_to_num(theirs[~finite], nan=7.0)):
        return False
    if not np.isfinite(mine[finite]).all():
        return False
    size = np.linalg.norm(theirs[finite])
    return bool(np.linalg.norm(mine[finite] - theirs[finite]) <= TOLERANCE * (size + 1e-3))


def main() -> None:
    """Compare, print, and write."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--models", type=int, default=400)
    parser.add_argument("--seeds", type=int, nargs="*", help="only these")
    chosen = parser.parse_args()
    found = Found()
    for seed in chosen.seeds or range(chosen.models):
        compare(seed, found)
    for line in found.wrong[:30]:
        print(line, file=sys.stderr)
    kinds = found.kinds
    rows = [
        ["models at random", kinds["models"] + kinds["refused"]],
        ["refused, so that torch trains them", kinds["refused"]],
        ["comparisons at weights from 0 to 1e20", kinds["finite"] + kinds["not finite"]],
        ["with a slope other than 0", kinds["moving"]],
        ["where torch is not finite", kinds["not finite"]],
        ["differences of rounding, where numbers nearly cancel", kinds["rounding"]],
        ["where compiled loss or gradient is another", len(found.wrong)],
    ]
    table = Table(["what", "how many"], [[what, str(count)] for what, count in rows])
    publish(HEADING, table, write=not chosen.no_write)


if __name__ == "__main__":
    main()
