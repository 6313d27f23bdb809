"""What callers ask of a book, and what they are answered.

A request is a command with the caller's key.  The same key is answered with the same
answer; the digest of its content tells whether it is the same request.
"""

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from jiehuan.core.columns import Codes, Commands, Flags, Int64s, Rows
from jiehuan.core.commands import CLIENT_DAY, DAY_KINDS, Kind
from jiehuan.core.errors import UsageError
from jiehuan.core.outcomes import Outcome
from jiehuan.store import inbox, outbox
from jiehuan.store.inbox import InboxRow
from jiehuan.store.outbox import Change
from jiehuan.store.saving import DecisionRow
from jiehuan.store.sql import Statement

Hashes = NDArray[np.void]
HASH = np.dtype("V16")
ON_MAX = dt.date.max.toordinal()
_CALLERS = np.array([kind for kind in Kind if kind not in DAY_KINDS], np.int16)

# What a request is about; numbers and days that we add are not part of it.
CONTENT = ("line", "kind", "amount_minor", "ref", "terms", "count", "flags", "merchant")


def hashes(texts: Iterable[bytes]) -> Hashes:
    """Return 16 bytes for each text, shape (n,)."""
    joined = b"".join(hashlib.blake2b(text, digest_size=16).digest() for text in texts)
    return np.frombuffer(joined, HASH)


def key_hashes(keys: Iterable[str]) -> Hashes:
    """Return the hash under which each caller's key is stored, shape (n,)."""
    return hashes(key.encode() for key in keys)


def digests(commands: Commands) -> Hashes:
    """Return the digest of each command's content, shape (n,)."""
    rows = np.empty(len(commands), [(name, ">i8") for name in (*CONTENT, "effective_on")])
    for name in rows.dtype.names or ():
        rows[name] = getattr(commands, name)
    width, data = rows.dtype.itemsize, rows.tobytes()
    return hashes(data[at : at + width] for at in range(0, len(data), width))


@dataclasses.dataclass(frozen=True, slots=True)
class Side:
    """What is written in the transaction of a command, beside the journal.

    It is written also if the command is in the journal already, or was refused.

    Attributes:
        inbox: The message that the command follows from.
        change: What else is known now of the instruction that it finishes.
    """

    inbox: InboxRow | None = None
    change: Change | None = None

    def statements(self, book: int) -> list[Statement]:
        """Return what writes it."""
        found: list[Statement] = []
        if self.inbox is not None:
            found.append(inbox.add(book, self.inbox))
        if self.change is not None:
            found.append(outbox.change(book, self.change))
        return found


@dataclasses.dataclass(frozen=True, slots=True)
class Requests:
    """Commands to post, with their keys; all columns of shape (n,).

    ``commands.seq``, ``booked_on``, ``applied_minor`` and ``outcome`` are filled in when they
    are booked; ``effective_on`` 0 means the book's business day.  An ``OPEN`` has no line yet.

    Attributes:
        commands: In the order in which they came.
        keys: Hashes of the callers' keys.
        digests: Digests of the contents; see ``make``.
        details: JSON to keep with a command, by its place in the batch.
        decisions: Rows for table ``decision``, by place in the batch; the command says the line.
        side: What is written with a command, by its place in the batch.
    """

    commands: Commands
    keys: Hashes
    digests: Hashes
    details: Mapping[int, bytes] = dataclasses.field(default_factory=dict)
    decisions: Mapping[int, DecisionRow] = dataclasses.field(default_factory=dict)
    side: Mapping[int, Side] = dataclasses.field(default_factory=dict)

    @classmethod
    def make(
        cls,
        commands: Commands,
        keys: Iterable[str],
        details: Mapping[int, bytes] | None = None,
        decisions: Mapping[int, DecisionRow] | None = None,
    ) -> "Requests":
        """Hash the keys and digest the contents of ``commands``."""
        return cls(commands, key_hashes(keys), digests(commands), details or {}, decisions or {})

    def check(self) -> None:
        """Refuse what no caller may ask: the passing of days has its own client and kinds.

        Raises:
            UsageError: A command is of the reserved client, of a kind that is not a caller's,
                or for a day that no calendar has.
        """
        if not (self.commands.client > CLIENT_DAY).all():
            raise UsageError(f"client {CLIENT_DAY} is the passing of days; callers' are above it")
        if not np.isin(self.commands.kind, _CALLERS).all():
            wrong = sorted(set(self.commands.kind.tolist()) - set(_CALLERS.tolist()))
            raise UsageError(f"kind {wrong[0]} is not one that callers ask")
        if not ((self.commands.effective_on >= 0) & (self.commands.effective_on <= ON_MAX)).all():
            raise UsageError(f"effective_on counts days from year 1, 0 is today, {ON_MAX} the last")

    def keyed(self) -> list[tuple[int, bytes]]:
        """Return the client and key of each request."""
        data, clients = self.keys.tobytes(), self.commands.client.tolist()
        return [(client, data[16 * n : 16 * n + 16]) for n, client in enumerate(clients)]

    def first_of_each_key(self) -> Int64s:
        """Return the place of the first request with each key."""
        first: dict[tuple[int, bytes], int] = {}
        for place, key in enumerate(self.keyed()):
            first.setdefault(key, place)
        return np.fromiter(first.values(), np.int64, len(first))

    def take(self, where: Int64s) -> "Requests":
        """Return the requests at ``where``."""
        new = {int(old): place for place, old in enumerate(where)}
        return Requests(
            Commands.from_rows(self.commands.to_rows(where)),
            self.keys[where],
            self.digests[where],
            {new[at]: x for at, x in self.details.items() if at in new},
            {new[at]: x for at, x in self.decisions.items() if at in new},
            {new[at]: x for at, x in self.side.items() if at in new},
        )

    def beside(self, book: int) -> list[Statement]:
        """Return what is written beside the journal, in order."""
        return [one for at in sorted(self.side) for one in self.side[at].statements(book)]


# What an answer has in common with the journal's row.
ANSWERED = ("seq", "line", "outcome", "applied_minor")


@dataclasses.dataclass(slots=True)
class Answers:
    """What became of each request, shape (n,); ``seq`` 0 was not journalled."""

    seq: Int64s
    line: Int64s
    outcome: Codes
    applied_minor: Int64s
    replayed: Flags

    @classmethod
    def empty(cls, n: int) -> "Answers":
        """Return ``n`` answers still to be given."""
        big = [np.zeros(n, np.int64) for _ in range(3)]
        return cls(big[0], big[1], np.zeros(n, np.int16), big[2], np.zeros(n, np.bool_))

    def again(self, requests: Requests, place: int, row: Rows) -> None:
        """Answer a request whose key is in the journal: as then, or refused if it differs."""
        for name in ANSWERED:
            getattr(self, name)[place] = row[name]
        self.replayed[place] = True
        if row["digest"].tobytes() != requests.digests[place].tobytes():
            self._refuse_reuse(requests, place)

    def copy_doubles(self, requests: Requests) -> None:
        """Answer the keys that came more than once: as the first, or refused if they differ."""
        first: dict[tuple[int, bytes], int] = {}
        for place, key in enumerate(requests.keyed()):
            origin = first.setdefault(key, place)
            if origin == place:
                continue
            for name in ANSWERED:
                getattr(self, name)[place] = getattr(self, name)[origin]
            self.replayed[place] = True
            if requests.digests[place].tobytes() != requests.digests[origin].tobytes():
                self._refuse_reuse(requests, place)

    def _refuse_reuse(self, requests: Requests, place: int) -> None:
        """Refuse a key that names something else; what that was is not told."""
        self.outcome[place] = Outcome.KEY_REUSED_WITH_OTHER_CONTENT
        self.applied_minor[place] = self.seq[place] = 0
        self.line[place] = requests.commands.line[place]
