"""The keys of what no caller names: what a day does to a line, what the partner answered.

Each has a name, so it is done once, however often it is seen.
"""

import numpy as np

from jiehuan.core import days
from jiehuan.core.columns import Commands
from jiehuan.core.commands import Kind

_WORDS = {int(kind): kind.name.lower() for kind in Kind}


def event_keys(commands: Commands) -> list[str]:
    """Return ``day/<date>/<kind>/<line>[/<loan or hold>]`` for each event."""
    dates = {int(on): days.to_text(int(on)) for on in np.unique(commands.effective_on)}
    return [
        f"day/{dates[on]}/{_WORDS[kind]}/{line}" + (f"/{ref}" if ref else "")
        for on, kind, line, ref in zip(
            commands.effective_on.tolist(),
            commands.kind.tolist(),
            commands.line.tolist(),
            commands.ref.tolist(),
            strict=True,
        )
    ]


SUCCEEDED = "succeeded"
FAILED = "failed"


def answer_key(number: str, what: str) -> str:
    """Return the key of what the partner answered to one of our orders.

    Examples:
        >>> answer_key("jh0010000000000057", SUCCEEDED)
        'wechat/jh0010000000000057/succeeded'
    """
    return f"wechat/{number}/{what}"
