"""Commands that undo others: what of a journal is in force, and what may be undone.

A reversal does nothing by itself.  From its booking on the line is the fold without what it
names (terms.md 6): ``in_force`` is asked before every fold.  What is itself reversed undoes
nothing, so a reversal of a reversal brings the command back.
"""

import numpy as np

from jiehuan.core.columns import Commands, Rows
from jiehuan.core.commands import SPARED, Kind
from jiehuan.core.outcomes import Outcome

# What a partner was asked for or has confirmed, what a hold is, and what a day does are not
# undone: a draw is repaid, a hold let go.
REVERSIBLE = frozenset(
    {
        Kind.PURCHASE,
        Kind.CAPTURE,
        Kind.REPAY,
        Kind.REFUND,
        Kind.CREDIT,
        Kind.CHARGE,
        Kind.WAIVE,
        Kind.GOODWILL,
        Kind.CHARGEBACK,
        Kind.CONVERT,
        Kind.CLOSE,
        Kind.WRITE_OFF,
        Kind.REVERSE,
    }
)


def undone(journal: Commands | Rows) -> list[int]:
    """Return the numbers of the commands that reversals in force undo, the newest first.

    ``journal`` are accepted commands, in any order.  A reversal names what is older.
    """
    kind, seq, ref = (
        (getattr(journal, name) if isinstance(journal, Commands) else journal[name])
        for name in ("kind", "seq", "ref")
    )
    [reversals] = np.nonzero(kind == Kind.REVERSE)
    gone: dict[int, None] = {}
    for at in sorted(reversals.tolist(), key=lambda at: -int(seq[at])):
        if int(seq[at]) not in gone:
            gone[int(ref[at])] = None
    return list(gone)


def in_force(journal: Commands) -> Commands:
    """Return the accepted commands that a fold plays: all but those that are undone.

    A write-off that is undone stays, as one that spares the line: it must not be given up
    again the next night for the same days.
    """
    gone = undone(journal)
    if not gone:
        return journal
    out = np.isin(journal.seq, gone) & (journal.kind != Kind.REVERSE)
    spared = out & (journal.kind == Kind.WRITE_OFF)
    rows = journal.to_rows()
    rows["flags"][spared] |= SPARED
    return Commands.from_rows(rows[~out | spared])


def judge_reversal(journal: Commands, ref: int) -> tuple[Outcome, int]:
    """Return what a reversal of ``ref`` ends with, and the day of what it undoes.

    ``journal`` are the accepted commands of its line.
    """
    [at] = np.nonzero(journal.seq == ref)
    if not len(at):
        return Outcome.COMMAND_NOT_FOUND, 0
    if Kind(int(journal.kind[at[0]])) not in REVERSIBLE:
        return Outcome.COMMAND_NOT_REVERSIBLE, 0
    if ref in undone(journal):
        return Outcome.ALREADY_REVERSED, 0
    return Outcome.DONE, int(journal.effective_on[at[0]])
