"""Would a decision be made so again?"""

import dataclasses
import json

from jiehuan.core import days
from jiehuan.core.errors import UsageError
from jiehuan.reports.registers import replayable
from jiehuan.risk import decision, policy_file
from jiehuan.risk.decision import Decision
from jiehuan.risk.policy import Verdict, words
from jiehuan.store import lookup, registry, snapshot
from jiehuan.store.database import Connection


@dataclasses.dataclass(frozen=True, slots=True)
class Replayed:
    """A decision that came out the same again.

    Attributes:
        number: Its number in its book.
        line: The line that it was made for.
        decision: As stored, and as made again.
        reasons: Its reasons in words, in Chinese and in English.
    """

    number: int
    line: int
    decision: Decision
    reasons: list[tuple[str, str]]

    def to_json(self) -> dict[str, object]:
        """Return it as JSON takes it."""
        one = self.decision
        return {
            "decision": self.number,
            "line": self.line,
            "replay": "same",
            "outcome": Verdict(one.outcome).name.lower(),
            "score_ppm": one.score_ppm,
            "limit_minor": one.limit_minor,
            "reasons": json.loads(one.reasons),
            "decided_on": days.to_text(one.decided_on),
            "policy": one.policy,
            "policy_version": one.policy_version,
            "policy_sha256": one.policy_hash.hex(),
            "model_sha256": one.model_hash.hex(),
            "inputs": json.loads(one.inputs),
        }

    def text(self) -> str:
        """Return it for people, a line a fact."""
        said = {**self.to_json(), "reasons": "; ".join(f"{zh} / {en}" for zh, en in self.reasons)}
        inputs = json.loads(self.decision.inputs).items()
        said["inputs"] = ", ".join(f"{name} {value}" for name, value in inputs)
        return "\n".join(f"{name:15} {value}" for name, value in said.items())


def replayed(conn: Connection, book: int, number: int) -> Replayed:
    """Make a decision again from what is stored of it.

    Args:
        conn: A connection.
        book: The book it is in.
        number: Its number, that of the command it was made for.

    Raises:
        UsageError: There is no such decision, or its policy or scorecard is missing.
        InvariantBroken: It comes out otherwise; the message names what differs.
        DatabaseRefused: The database is not ours.
    """
    snapshot.books(conn)
    with snapshot.one_moment(conn):
        row = lookup.decision(conn, book, number)
        policies = {one.hash: one.text for one in registry.policies(conn)}
        models = {one.hash: one.data for one in registry.models(conn)}
    if row is None:
        raise UsageError(f"there is no decision {number} in book {book}")
    policy = policies.get(row.policy_hash)
    if policy is None:
        raise UsageError(f"policy {row.policy!r} {row.policy_version}, which decided, is missing")
    made = decision.replay(replayable(row), models.get(row.model_hash, b""), policy)
    (parsed,) = policy_file.parse(policy)
    return Replayed(
        number, row.line, made, [words(parsed, reason) for reason in json.loads(made.reasons)]
    )
