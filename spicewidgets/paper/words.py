"""Numbers as a report writes them."""

from math import isfinite
from typing import Any


def number(value: Any, digits: int = 3) -> str:
    """Return a number with so many digits behind the point; empty where there is none.

    >>> number(0.12345), number(-0.0001), number(float("nan")), number(float("inf"))
    ('0.123', '0.000', '', 'not told')
    """
    value = float(value)
    if value != value:
        return ""
    if not isfinite(value):
        return "not told"
    return f"{round(value, digits) + 0.0:,.{digits}f}"  # a zero has no sign


def between(low: Any, high: Any, digits: int = 3) -> str:
    """Return an interval; empty where there is none.

    >>> between(0.1, 0.25, 2), between(float("nan"), 1)
    ('0.10 to 0.25', '')
    """
    ends = number(low, digits), number(high, digits)
    if not all(ends):
        return ""
    return "not told" if "not told" in ends else f"{ends[0]} to {ends[1]}"


def with_interval(value: Any, low: Any, high: Any, digits: int = 3) -> str:
    """Return a number with its interval in brackets.

    >>> with_interval(0.2, 0.1, 0.25, 2)
    '0.20 (0.10 to 0.25)'
    """
    ends = between(low, high, digits)
    return f"{number(value, digits)} ({ends})" if ends else number(value, digits)


def probability(p: Any) -> str:
    """Return a probability, as it is written where a small one counts.

    >>> probability(0.2), probability(0.0001), probability(0.9999)
    ('0.200', '< 0.001', '> 0.999')
    """
    p = float(p)
    if p != p:
        return ""
    return "< 0.001" if p < 0.001 else "> 0.999" if p > 0.999 else f"{p:.3f}"


def percent(share: Any) -> str:
    """Return a share in percent; empty where there is none.

    >>> percent(0.875)
    '88 %'
    """
    share = float(share)
    return "" if share != share else f"{share:.0%}".replace("%", " %")


def count(n: int, one: str, several: str = "") -> str:
    """Return a number of things.

    >>> count(1, "person", "people"), count(1200, "choice")
    ('1 person', '1,200 choices')
    """
    return f"{n:,} {one if n == 1 else several or one + 's'}"
