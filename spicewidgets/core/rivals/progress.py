"""How far something long is."""

from typing import NamedTuple


class Progress(NamedTuple):
    """How far something long is.

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
