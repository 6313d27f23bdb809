"""A decision as it is stored, with the command that it was made for."""

import dataclasses
import datetime as dt
import operator


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

    def canonical(self) -> bytes:
        """Return it as bytes that are the same on every machine: each field behind its length."""
        parts = []
        for value in VALUES_OF(self):
            match value:
                case bytes():
                    text = value
                case dt.date():
                    text = value.isoformat().encode()
                case _:
                    text = str(value).encode()
            parts += [len(text).to_bytes(4, "big"), text]
        return b"".join(parts)


# All of a row's values, in the order of its columns; ``dataclasses.astuple`` copies each of them.
VALUES_OF = operator.attrgetter(*(field.name for field in dataclasses.fields(DecisionRow)))
