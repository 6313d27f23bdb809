"""Which known word did somebody mean?"""

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest known word, else all that are known.

    Examples:
        >>> did_you_mean("utilization", ["age", "utilisation"])
        "; did you mean 'utilisation'?"
        >>> did_you_mean("income", ["age", "limit"])
        '; known are age, limit'
    """
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(words)}"
