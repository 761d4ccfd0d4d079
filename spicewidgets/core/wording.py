"""Names and numbers as a sentence has them."""

from collections.abc import Iterable
from typing import Any


def join_words(words: Iterable[Any], most: int = 12, last: str = "and") -> str:
    """Join words with commas and, before the last one, "and".

    Args:
        words: anything that has a text.
        most: of more words than this, the first ones are named and the rest counted.
        last: the word before the last one, as "or".

    >>> join_words(["a", "b", "c"]), join_words(["a", "b"], last="or"), join_words("abcd", 2), join_words([])
    ('a, b and c', 'a or b', 'a, b and 2 more', '')
    """
    names = [str(word) for word in words]
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most:,} more"
    return f"{', '.join(names[:-1])} {last} {names[-1]}" if names[1:] else "".join(names)


def format_number(value: float, digits: int = 3) -> str:
    """Return a number with so many decimals and a typographic minus; nothing for NaN.

    >>> format_number(-0.25, 2), format_number(float("nan"))
    ('−0.25', '')
    """
    return "" if value != value else f"{value:.{digits}f}".replace("-", "−")


def count_people(number: int) -> str:
    """Return how many people, in words.

    >>> count_people(1), count_people(1200)
    ('1 person', '1,200 people')
    """
    return "1 person" if number == 1 else f"{number:,} people"
