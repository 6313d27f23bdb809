"""What reversals leave of the commands of a line."""

import datetime as dt
from collections.abc import Sequence

from tests.oracle.commands import Command

REF_WRITE_OFF = -20_000_000
REVERSIBLE = {
    *("purchase", "capture", "repay", "refund", "credit", "convert", "close", "reverse"),
    *("charge", "waive", "goodwill", "chargeback"),
}


def ref_of_write_off(on: dt.date) -> int:
    """Name the write-off of this day."""
    return REF_WRITE_OFF - on.toordinal()


def undone(accepted: Sequence[Command]) -> set[int]:
    """Return the refs that are undone: what is itself undone undoes nothing."""
    gone: set[int] = set()
    for command in sorted(accepted, key=lambda command: -command.seq):
        if command.kind == "reverse" and command.seq not in gone:
            gone.add(command.ref)
    return gone


def in_force(accepted: Sequence[Command]) -> list[Command]:
    """Return what is left of the accepted commands."""
    gone = undone(accepted)
    left = [one for one in accepted if one.kind != "reverse" and one.seq not in gone]
    return sorted(left, key=lambda command: command.seq)


def spared_on(accepted: Sequence[Command]) -> set[dt.date]:
    """Return the days whose write-off was undone."""
    refs = [ref for ref in undone(accepted) if ref < REF_WRITE_OFF]
    return {dt.date.fromordinal(REF_WRITE_OFF - ref) for ref in refs}


def outcome_of(
    accepted: Sequence[Command], written_off_on: dt.date | None, command: Command
) -> str:
    """Name the first check that a reversal fails, or DONE."""
    named = {one.seq: one.kind for one in accepted}
    if written_off_on is not None:
        named[ref_of_write_off(written_off_on)] = "write_off"
    if command.ref in undone(accepted):
        return "ALREADY_REVERSED"
    if command.ref not in named:
        return "COMMAND_NOT_FOUND"
    can = named[command.ref] in {*REVERSIBLE, "write_off"}
    return "DONE" if can else "COMMAND_NOT_REVERSIBLE"
