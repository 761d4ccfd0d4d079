"""Groups of people: whose label is missing, which groups are tested, and on whom a comparison hangs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST = 5  # people of a group that is tested; smaller ones are shown
MISSING = "missing"  # how people are shown whose label is missing: they are no group, and are not tested


def is_missing(label: Any) -> bool:
    """Tell whether a label names no group: None, NaN or an empty text.

    >>> [is_missing(label) for label in (None, float("nan"), " ", "none", 0)]
    [True, True, True, False, False]
    """
    return label is None or label != label or (isinstance(label, str) and not label.strip())


def tested_groups(labels: Sequence[Any]) -> tuple[Any, ...]:
    """List the groups that have enough people to be tested, in the order of their labels; none where only one
    has. Missing labels are no group.

    >>> tested_groups(["b"] * 5 + ["a"] * 6 + ["c"] + [""] * 7)
    ('a', 'b')
    """
    known = [label for label in labels if not is_missing(label)]
    kinds = sorted({label for label in known if known.count(label) >= LEAST}, key=str)
    return tuple(kinds) if len(kinds) > 1 else ()


def deciding_person(nats: NDArray[np.float64]) -> int | None:
    """Find the person without whom a sum changes its sign, or loses more than half of its size.

    Args:
        nats: difference in log likelihood between two models, of each person, `(n_people,)`.

    Returns:
        The place of the person who weighs most; None where there is no such person, and for fewer than three.

    >>> deciding_person(np.array([1.0, -0.5, 9.0])), deciding_person(np.array([1.0, 1.5, 1.0]))
    (2, None)
    """
    total = float(nats.sum())
    if len(nats) < 3 or not total:
        return None
    own = nats * np.sign(total)
    most = int(own.argmax())
    return most if abs(total) - own[most] < abs(total) / 2 else None
