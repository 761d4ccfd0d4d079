"""Adam and L-BFGS over flat vectors of weights, step by step those of torch.

Adam is handed a gradient; L-BFGS asks for loss and gradient at a point and waits for the answer, so that many
fits can share one call.
"""

import math
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

HISTORY = 20  # steps that L-BFGS remembers
LEAST_STEP = 1e-9  # a smaller step changes nothing
LEAST_SLOPE = 1e-7
SEARCH = 25  # points of one line search, at most
ARMIJO, WOLFE = 1e-4, 0.9


class Adam:
    """Adam (Kingma & Ba 2015), with weight decay as part of the gradient.

    Attributes:
        rate: step size; may be changed between steps.
    """

    def __init__(self, rate: float, weight_decay: float = 0.0) -> None:
        self.rate, self.weight_decay = rate, weight_decay
        self._step = 0
        self._mean: Any = 0.0
        self._square: Any = 0.0

    def step(self, theta: Array, gradient: Array) -> Array:
        """Return the weights after one step; `theta` is left as it is."""
        g = gradient.astype(theta.dtype)
        if self.weight_decay:
            g = g + self.weight_decay * theta
        self._step += 1
        self._mean = self._mean + (g - self._mean) * theta.dtype.type(0.1)
        self._square = self._square * theta.dtype.type(0.999) + g * g * theta.dtype.type(0.001)
        size = self.rate / (1 - 0.9**self._step)
        spread = np.sqrt(self._square) / theta.dtype.type(
            math.sqrt(1 - 0.999**self._step)
        ) + theta.dtype.type(1e-8)
        moved: Array = theta - theta.dtype.type(size) * (self._mean / spread)
        return moved


def cosine_rate(rate: float, epoch: int, first: int = 64) -> float:
    """Step size after so many epochs: a half cosine down to 0, then again over twice as many (Loshchilov &
    Hutter 2017).
    """
    length = first
    while epoch >= length:
        epoch, length = epoch - length, 2 * length
    return 0.5 * rate * (1 + math.cos(math.pi * epoch / length))


@dataclass(frozen=True)
class Point:
    """Where a descent has come to: weights, and loss and gradient there."""

    x: Array
    loss: float
    gradient: Array


@dataclass(frozen=True)
class _Trial:
    """A point of a line search: `t` steps along the direction, and the slope in that direction."""

    t: float
    loss: float
    gradient: Array
    slope: float


Answer = tuple[float, Array]
Descent = Generator[Array | Point, Answer | None, None]


def lbfgs(x: Array) -> Descent:
    """L-BFGS with a strong Wolfe line search (Nocedal & Wright 2006, chapters 3 and 7).

    Yields an array where it wants to know loss and gradient (answer with `send`), and a `Point` after each
    iteration. It never ends by itself.
    """
    loss, gradient = yield from _ask(x)
    steps: deque[tuple[Array, Array, float]] = deque(maxlen=HISTORY)  # s, y, 1 / (s y)
    scale, first = 1.0, True
    while True:
        direction = _direction(gradient, steps, scale)
        slope = float(gradient @ direction)
        small = np.abs(gradient).max(initial=0.0) <= LEAST_SLOPE or slope > -LEAST_STEP
        if small or not math.isfinite(loss):
            yield Point(x, loss, gradient)
            continue
        t = min(1.0, 1.0 / float(np.abs(gradient).sum())) if first else 1.0
        first = False
        best = yield from _search(x, _Trial(0.0, loss, gradient, slope), direction, t)
        s, y = best.t * direction, best.gradient - gradient
        if (sy := float(s @ y)) > 1e-10:
            steps.append((s, y, 1.0 / sy))
            scale = sy / float(y @ y)
        x, loss, gradient = x + s, best.loss, best.gradient
        yield Point(x, loss, gradient)


def _ask(x: Array) -> Generator[Array | Point, Answer | None, Answer]:
    answer = yield x
    assert answer is not None
    return answer


def _direction(gradient: Array, steps: Sequence[tuple[Array, Array, float]], scale: float) -> Array:
    """Return the two-loop recursion: minus the gradient, times what the last steps say of the curvature."""
    q = -gradient
    weights = []
    for s, y, rho in reversed(steps):
        weights.append(rho * float(s @ q))
        q = q - weights[-1] * y
    q = q * scale
    for (s, y, rho), weight in zip(steps, reversed(weights), strict=True):
        q = q + s * (weight - rho * float(y @ q))
    return q


def _search(
    x: Array, zero: _Trial, direction: Array, t: float
) -> Generator[Array | Point, Answer | None, _Trial]:
    """Search along the line: first an interval that holds a good point, then smaller ones."""

    def try_step(t: float) -> Generator[Array | Point, Answer | None, _Trial]:
        loss, gradient = yield from _ask(x + t * direction)
        loss = loss if math.isfinite(loss) else math.inf
        return _Trial(t, loss, gradient, float(gradient @ direction))

    before, trial = zero, (yield from try_step(t))
    count = 0
    while count < SEARCH:
        if _too_high(trial, zero) or (count > 1 and trial.loss >= before.loss):
            return (yield from _zoom(before, trial, zero, direction, try_step, count))
        if abs(trial.slope) <= -WOLFE * zero.slope:
            return trial
        if trial.slope >= 0:
            return (yield from _zoom(before, trial, zero, direction, try_step, count))
        bounds = (trial.t + 0.01 * (trial.t - before.t), trial.t * 10)
        t = _cubic(before, trial, *bounds)
        before, trial = trial, (yield from try_step(t))
        count += 1
    return min(zero, trial, key=lambda point: point.loss)


def _zoom(
    a: _Trial,
    b: _Trial,
    zero: _Trial,
    direction: Array,
    try_step: Callable[[float], Generator[Array | Point, Answer | None, _Trial]],
    count: int,
) -> Generator[Array | Point, Answer | None, _Trial]:
    low, high = (a, b) if a.loss <= b.loss else (b, a)
    size = float(np.abs(direction).max())
    slow = False
    while count < SEARCH and abs(high.t - low.t) * size >= LEAST_STEP:
        left, right = sorted((low.t, high.t))
        t, slow = _inside(_cubic(low, high, left, right), left, right, slow)
        trial = yield from try_step(t)
        count += 1
        if _too_high(trial, zero) or trial.loss >= low.loss:
            low, high = (low, trial) if low.loss <= trial.loss else (trial, low)
        elif abs(trial.slope) <= -WOLFE * zero.slope:
            return trial
        else:
            low, high = trial, low if trial.slope * (high.t - low.t) >= 0 else high
    return low


def _too_high(trial: _Trial, zero: _Trial) -> bool:
    return trial.loss > zero.loss + ARMIJO * trial.t * zero.slope


def _inside(t: float, left: float, right: float, slow: bool) -> tuple[float, bool]:
    """Return a step that stays away from the ends of its interval, if it came near them twice."""
    margin = 0.1 * (right - left)
    if min(right - t, t - left) >= margin:
        return t, False
    if not (slow or t >= right or t <= left):
        return t, True
    return (right - margin if abs(t - right) < abs(t - left) else left + margin), False


def _cubic(a: _Trial, b: _Trial, left: float, right: float) -> float:
    """Where the cubic through two losses and slopes is lowest, within bounds."""
    if not math.isfinite(a.loss + b.loss + a.slope + b.slope) or a.t == b.t:
        return (left + right) / 2
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if square < 0:
        return (left + right) / 2
    d2 = math.sqrt(square)
    if a.t > b.t:
        a, b = b, a
    below = b.slope - a.slope + 2 * d2
    if below == 0:
        return (left + right) / 2
    return min(max(b.t - (b.t - a.t) * ((b.slope + d2 - d1) / below), left), right)


def points(descent: Descent, evaluate: Callable[[Array], Answer]) -> Iterator[Point]:
    """Yield the iterations of one descent."""
    request = next(descent)
    while True:
        if isinstance(request, Point):
            yield request
            request = next(descent)
        else:
            request = descent.send(evaluate(request))


class Patience:
    """The stopping rule of a descent: too little gain over some iterations.

    Args:
        iterations: so many.
        tolerance: the least that they must gain together.
        most: iterations after which it is over in any case.
    """

    def __init__(self, iterations: int, tolerance: float, most: int | None = None) -> None:
        self._recent = deque([math.inf] * iterations, maxlen=iterations)
        self._tolerance, self._left = tolerance, most

    def over(self, loss: float) -> bool:
        """Tell whether the descent is over; call it with the loss after each iteration."""
        little = not self._recent[0] - loss > self._tolerance
        self._recent.append(loss)
        self._left = None if self._left is None else self._left - 1
        return little or self._left == 0


def together(
    descents: Sequence[Descent],
    evaluate: Callable[[list[int], Array], tuple[Array, Array]],
    patience: Callable[[], Patience],
) -> list[Point]:
    """Where several descents come to rest, taken side by side.

    Args:
        descents: one for each fit.
        evaluate: losses and gradients of the fits of these numbers, at these rows of weights.
        patience: makes what tells the end of a descent.
    """
    rest = [patience() for _ in descents]
    requests = {i: np.asarray(next(descent)) for i, descent in enumerate(descents)}
    reached: dict[int, Point] = {}
    while requests:
        fits = list(requests)
        losses, gradients = evaluate(fits, np.stack([requests[i] for i in fits]))
        for i, loss, gradient in zip(fits, losses, gradients, strict=True):
            request = descents[i].send((float(loss), gradient))
            while isinstance(request, Point) and not rest[i].over(request.loss):
                request = next(descents[i])
            if isinstance(request, Point):
                reached[i] = request
                del requests[i]
            else:
                requests[i] = request
    return [reached[i] for i in range(len(descents))]
