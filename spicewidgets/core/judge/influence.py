"""Find the one person on whom a comparison of models hangs."""

import numpy as np
from numpy.typing import NDArray


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
