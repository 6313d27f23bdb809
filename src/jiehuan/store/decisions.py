"""A decision as it is stored, with the command that it was made for."""

import dataclasses
import datetime as dt
import struct
from collections.abc import Mapping

import numpy as np

from jiehuan.store.tables import Dtype
from jiehuan.store.wire import BYTEA, TEXT, Packed, arrays, texts


@dataclasses.dataclass(frozen=True, slots=True)
class DecisionRow:
    """A row of table ``decision``; its number is that of its command."""

    line: int
    kind: int
    inputs: str
    policy: str
    policy_version: int
    policy_hash: bytes
    model_hash: bytes
    score_ppm: int
    outcome: int
    limit_minor: int
    reasons: str
    decided_on: dt.date

    def numbers(self) -> tuple[int, ...]:
        """Return what is a number in it, in the order of ``NUMBERS``."""
        return (
            self.line,
            self.kind,
            self.policy_version,
            self.score_ppm,
            self.outcome,
            self.limit_minor,
            self.decided_on.toordinal(),
        )

    def texts(self) -> tuple[bytes, ...]:
        """Return what is of any length in it, in the order of ``TEXTS``."""
        return (
            self.inputs.encode(),
            self.policy.encode(),
            self.policy_hash,
            self.model_hash,
            self.reasons.encode(),
        )

    def canonical(self) -> bytes:
        """Return it as bytes that are the same on every machine: texts behind their lengths."""
        parts = self.texts()
        lengths = [len(part) for part in parts]
        return b"".join([struct.pack(">7q5i", *self.numbers(), *lengths), *parts])


NUMBERS: Dtype = np.dtype(
    [
        ("id", "i8"),
        ("line", "i8"),
        ("kind", "i2"),
        ("policy_version", "i4"),
        ("score_ppm", "i4"),
        ("outcome", "i2"),
        ("limit_minor", "i8"),
        ("decided_on", "i4"),
    ]
)
TEXTS = {
    "inputs": TEXT,
    "policy": TEXT,
    "policy_hash": BYTEA,
    "model_hash": BYTEA,
    "reasons": TEXT,
}


def columns(decisions: Mapping[int, DecisionRow]) -> list[Packed]:
    """Encode decisions as array parameters: the columns of ``NUMBERS``, then those of ``TEXTS``.

    Args:
        decisions: By the number of their command.
    """
    rows = [(number, *decisions[number].numbers()) for number in sorted(decisions)]
    said = zip(*(decisions[number].texts() for number in sorted(decisions)), strict=True)
    sent = [texts(column, kind) for column, kind in zip(said, TEXTS.values(), strict=True)]
    return [*arrays(np.array(rows, NUMBERS)), *sent]
