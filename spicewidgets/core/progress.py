"""How far something long is, and its result at the end.

What takes long is a generator: it yields how far it is, so that whoever asks can show it, and stop. The
result is the generator's value.
"""

from collections.abc import Callable, Generator
from contextlib import closing
from typing import NamedTuple, TypeVar

Step = TypeVar("Step")
Told = TypeVar("Told")
Value = TypeVar("Value")


class Progress(NamedTuple):
    """The progress of a long computation.

    Attributes:
        done, total: parts of the work.
        words: what is being done.
        seconds: since it began.
        before: parts that had been done before it began.
    """

    done: int
    total: int
    words: str
    seconds: float
    before: int = 0

    @property
    def left(self) -> float:
        """Seconds that are left, if the rest takes as long as what was done; NaN before anything was."""
        done = self.done - self.before
        return self.seconds / done * (self.total - self.done) if done else float("nan")


def run_to_completion(
    steps: Generator[Step, None, Value], tell: Callable[[Step], object] | None = None
) -> Value:
    """Do all the work, and return its result.

    Args:
        steps: the work.
        tell: called with each step.
    """
    values: list[Value] = []
    for step in _keeping(steps, values):
        if tell is not None:
            tell(step)
    return values[0]


def map_progress(
    steps: Generator[Step, None, Value], tell: Callable[[Step], Told]
) -> Generator[Told, None, Value]:
    """Do the same work, with each step told otherwise.

    Args:
        steps: the work.
        tell: makes what is yielded of a step.
    """
    values: list[Value] = []
    with closing(_keeping(steps, values)) as kept:
        for step in kept:
            yield tell(step)
    return values[0]


def _keeping(steps: Generator[Step, None, Value], values: list[Value]) -> Generator[Step, None, None]:
    """Do the same work, and put its result into `values`."""
    values.append((yield from steps))
