"""What several panels call the same thing, and how they write numbers."""

from math import isfinite, isnan

NO_EQUATION = "<p>No equation yet: train first.</p>"
AGENTS = {"truth": "Truth", "rnn": "RNN", "spice": "SPICE", "classical": "Rescorla-Wagner"}


def decimal(value: float, digits: int = 3, sign: str = "") -> str:
    """Return a number with so many decimals and a true minus; `sign="+"` always shows one."""
    return f"{value:{sign}.{digits}f}".replace("-", "−") if isfinite(value) else "not identified"


def between(low: float, high: float, digits: int = 2) -> str:
    """Return an interval: "0.12 to 0.45"; "any" where the choices do not tell an end."""
    ends = [decimal(end, digits) if isfinite(end) else "any" for end in (low, high)]
    return "any" if ends == ["any"] * 2 else " to ".join(ends)


def with_error(value: float, error: float | None, digits: int = 3, sign: str = "") -> str:
    """Return a number with its standard error, where there is one: "0.682 ± 0.011"."""
    if error is None or isnan(error) or not isfinite(value):
        return decimal(value, digits, sign)
    return f"{decimal(value, digits, sign)} ± {decimal(error, digits) if isfinite(error) else 'any'}"
