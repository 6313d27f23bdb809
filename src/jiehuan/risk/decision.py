"""What was decided about whom, on what, and would it be decided so again?

A decision stores what it was made from: the raw columns as canonical JSON, the policy and
the scorecard by name, version and hash, and what came out.  ``replay`` makes it again from
these alone; it must come out the same, to the last part per million.  A digest over the
whole row shows a change that would not show in the outcome.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from jiehuan.core.columns import Codes, Int64s
from jiehuan.core.errors import InvariantBroken, UsageError
from jiehuan.risk import model_file, policy_file
from jiehuan.risk.features import UNKNOWN, Raw, columns_of
from jiehuan.risk.policy import NO_SCORE, Judged, Policy, Verdict, judge
from jiehuan.risk.scorecard import Scorecard, Scores, reasons_against, score


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision, as it is stored.

    Attributes:
        subject: Number of who or what was decided on; also says the fold of the scorecard.
        decided_on: Business day, an ordinal.
        policy: Name of the policy.
        policy_version: Its version.
        policy_sha256: Hash of the version's text.
        model: Name of the scorecard; "" for none.
        model_sha256: Hash of its file; "" for none.
        inputs: Canonical JSON object: raw columns by name, sorted; null is not known.
        score_ppm: Probability of default; ``NO_SCORE`` without a scorecard.
        outcome: A ``Verdict``.
        limit_minor: Limit granted or proposed.
        reasons: Canonical JSON array of stable codes, the one that decided first.
        digest: sha256 of all the above, in hexadecimal.
    """

    subject: int
    decided_on: int
    policy: str
    policy_version: int
    policy_sha256: str
    model: str
    model_sha256: str
    inputs: str
    score_ppm: int
    outcome: int
    limit_minor: int
    reasons: str
    digest: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Decisions of one day by one policy and one scorecard; attributes as of ``Decision``.

    Lists and arrays are of shape (n,); what is the same for all is there once.
    """

    subject: Int64s
    decided_on: int
    policy: str
    policy_version: int
    policy_sha256: str
    model: str
    model_sha256: str
    inputs: list[str]
    score_ppm: Int64s
    outcome: Codes
    limit_minor: Int64s
    reasons: list[str]
    digest: list[str]

    def __len__(self) -> int:
        """Return the number of decisions."""
        return len(self.subject)

    def rows(self) -> Iterator[Decision]:
        """Yield the decisions one by one."""
        columns = [self._column(field.name) for field in dataclasses.fields(Decision)]
        names = [field.name for field in dataclasses.fields(Decision)]
        for row in zip(*columns, strict=True):
            yield Decision(**dict(zip(names, row, strict=True)))

    def _column(self, name: str) -> list[int | str]:
        """Return an attribute as a list of n Python values."""
        value: int | str | list[int | str] | Int64s = getattr(self, name)
        if isinstance(value, int | str):
            return [value] * len(self)
        return value.tolist() if isinstance(value, np.ndarray) else value


def columns_needed(card: Scorecard | None, policy: Policy) -> tuple[str, ...]:
    """Return the raw columns that deciding takes, and that a decision stores, sorted."""
    features = policy.features + (card.features if card else ())
    return tuple(sorted({*columns_of(features), policy.limit_of}))


def decide(
    subject: Int64s, raw: Raw, card: Scorecard | None, policy: Policy, decided_on: int
) -> Decisions:
    """Decide on subjects.

    Args:
        subject: Number of each subject, shape (n,).
        raw: Raw columns, shape (n,), at least ``columns_needed(card, policy)``; others are
            not looked at.
        card: The scorecard that the policy names, or None if it names none.
        policy: The policy in force.
        decided_on: Business day, an ordinal.

    Returns:
        A decision a row, each the same as if decided alone.

    Raises:
        UsageError: The scorecard is not the one that the policy names, or a raw column is
            missing or not what it should be.
    """
    if policy.model != (card.name if card else ""):
        raise UsageError(
            f"policy {policy.name!r} scores by model {policy.model!r},"
            f" got {card.name if card else ''!r}"
        )
    if card and not card.sha256:
        raise UsageError(f"model {card.name!r} has no hash: seal it, or load it from its file")
    needed = {name: _column(name, raw, len(subject)) for name in columns_needed(card, policy)}
    scores = score(card, needed, subject) if card else None
    score_ppm = scores.score_ppm if scores else np.full(len(subject), NO_SCORE, np.int64)
    judged = judge(policy, needed, score_ppm)
    return _sealed(
        Decisions(
            subject=subject,
            decided_on=decided_on,
            policy=policy.name,
            policy_version=policy.version,
            policy_sha256=policy.sha256,
            model=policy.model,
            model_sha256=card.sha256 if card else "",
            inputs=_inputs(needed, len(subject)),
            score_ppm=score_ppm,
            outcome=judged.outcome,
            limit_minor=judged.limit_minor,
            reasons=_reasons(policy, card, scores, judged),
            digest=[],
        )
    )


def _column(name: str, raw: Raw, n: int) -> Int64s:
    """Take a raw column as int64, one a subject."""
    if name not in raw:
        raise UsageError(f"raw column {name!r} is missing; it is needed to decide")
    column = np.asarray(raw[name])
    if column.shape != (n,) or column.dtype.kind not in "iu":
        raise UsageError(
            f"raw column {name!r} must hold {n} integers; got {column.dtype} {column.shape}"
        )
    return column.astype(np.int64)


def _inputs(raw: Mapping[str, Int64s], n: int) -> list[str]:
    """Write the raw columns of each row as canonical JSON, a column at a time."""
    form = "{" + ",".join(f'"{name}":%s' for name in raw) + "}"
    columns = []
    for column in raw.values():
        said: list[int | str] = column.tolist()
        for at in np.flatnonzero(column == UNKNOWN).tolist():
            said[at] = "null"
        columns.append(said)
    return [form % row for row in zip(*columns, strict=True)] if columns else ["{}"] * n


def _reasons(
    policy: Policy, card: Scorecard | None, scores: Scores | None, judged: Judged
) -> list[str]:
    """Name what decided, and who is not approved also what speaks against them most."""
    first = [answer.reason for answer in policy.answers]
    against: Sequence[tuple[str, ...]] = [()] * len(judged.answer)
    if card and scores:
        against = reasons_against(scores, card.features, policy.reasons_max)
    asked = (judged.outcome != Verdict.APPROVE).tolist()
    texts: dict[tuple[int, tuple[str, ...]], str] = {}
    out = []
    for at, names, wanted in zip(judged.answer.tolist(), against, asked, strict=True):
        key = (at, names if wanted else ())
        if key not in texts:
            texts[key] = canonical([first[at], *key[1]])
        out.append(texts[key])
    return out


def canonical(value: object) -> str:
    """Return the one JSON text of a value: keys sorted, no spaces."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _sealed(made: Decisions) -> Decisions:
    """Give each decision its digest."""
    names = [field.name for field in dataclasses.fields(Decision) if field.name != "digest"]
    columns = [made._column(name) for name in names]  # noqa: SLF001  # same module
    digest = [_digest(row) for row in zip(*columns, strict=True)]
    return dataclasses.replace(made, digest=digest)


def _digest(values: Iterable[int | str]) -> str:
    """Hash the values of a decision; none of them holds a line end."""
    return hashlib.sha256("\n".join(map(str, values)).encode()).hexdigest()


def replay(decision: Decision, model: bytes, policy: str | bytes) -> Decision:
    """Make a decision again from what it stores.

    Args:
        decision: As stored.
        model: The file of the scorecard; b"" if it used none.
        policy: Text of policies, the one that decided among them.

    Returns:
        The decision as made now, equal to the one stored.

    Raises:
        UsageError: The model or the policy is not the one that decided (by its hash).
        InvariantBroken: It comes out otherwise; the message names what differs.
    """
    models = {model_file.hash_of(model): model} if model else {}
    policies = {one.sha256: one.text for one in policy_file.parse(policy)}
    differs = differences([decision], models, policies)
    if differs:
        raise InvariantBroken(f"the decision on subject {decision.subject}: {differs[0][1]}")
    return next(_again([decision], *_deciders(decision, models, policies)).rows())


def differences(
    decisions: Sequence[Decision], models: Mapping[str, bytes], policies: Mapping[str, str]
) -> list[tuple[int, str]]:
    """Replay many decisions and tell what differs.

    Args:
        decisions: As stored, of any days, policies and scorecards.
        models: Files of scorecards by their hash.
        policies: Texts of policy versions by their hash.

    Returns:
        Place in ``decisions`` and what differs, in order; empty if all come out the same.

    Raises:
        UsageError: A model or policy that decided is not given, or cannot be read.
    """
    found: list[tuple[int, str]] = []
    groups: dict[tuple[object, ...], list[int]] = {}
    for at, row in enumerate(decisions):
        values = dataclasses.astuple(row)
        try:
            inputs = _read(row.inputs)
        except (ValueError, TypeError) as error:
            found.append((at, f"inputs cannot be read: {error}"))
            continue
        if _digest(values[:-1]) != row.digest:
            found.append((at, "digest is not that of the row: something in it was changed"))
            continue
        key = (row.decided_on, row.policy_sha256, row.model_sha256, tuple(inputs))
        groups.setdefault(key, []).append(at)
    for places in groups.values():
        rows = [decisions[at] for at in places]
        card, policy = _deciders(rows[0], models, policies)
        told = _compare(rows, card, policy)
        found += [(at, what) for at, what in zip(places, told, strict=True) if what]
    return sorted(found)


def _compare(rows: Sequence[Decision], card: Scorecard | None, policy: Policy) -> list[str]:
    """Decide again on rows and say of each what differs, "" if nothing does."""
    try:
        again = _again(rows, card, policy)
    except (UsageError, OverflowError) as error:
        if len(rows) == 1:
            return [f"inputs cannot be decided on again: {error}"]
        # One row that cannot be decided on must not hide the others.
        return [what for row in rows for what in _compare([row], card, policy)]
    return [_told(was, now) for was, now in zip(rows, again.rows(), strict=True)]


def _read(inputs: str) -> dict[str, int | None]:
    """Read the inputs of a decision."""
    said = json.loads(inputs)
    if not isinstance(said, dict):
        raise TypeError("not an object")
    for name, value in said.items():
        if value is not None and type(value) is not int:
            raise TypeError(f"{name} = {value!r} is no integer")
    return said


def _deciders(
    one: Decision, models: Mapping[str, bytes], policies: Mapping[str, str]
) -> tuple[Scorecard | None, Policy]:
    """Find the scorecard and the policy that made a decision."""
    if one.policy_sha256 not in policies:
        raise UsageError(
            f"policy {one.policy!r} version {one.policy_version} with the hash"
            f" {one.policy_sha256} decided, but is not given"
        )
    if one.model_sha256 and one.model_sha256 not in models:
        raise UsageError(
            f"model {one.model!r} with the hash {one.model_sha256} scored, but is not given"
        )
    (policy,) = policy_file.parse(policies[one.policy_sha256])
    return model_file.load(models[one.model_sha256]) if one.model_sha256 else None, policy


def _again(rows: Sequence[Decision], card: Scorecard | None, policy: Policy) -> Decisions:
    """Decide again on rows of one day and one set of columns."""
    inputs = [_read(row.inputs) for row in rows]
    raw = {
        name: np.array([UNKNOWN if said[name] is None else said[name] for said in inputs], np.int64)
        for name in inputs[0]
    }
    subject = np.array([row.subject for row in rows], np.int64)
    return decide(subject, raw, card, policy, rows[0].decided_on)


def _told(was: Decision, now: Decision) -> str:
    """Say which values differ; "" if none does."""
    return "; ".join(
        f"{field.name} was {getattr(was, field.name)}, is {getattr(now, field.name)}"
        for field in dataclasses.fields(Decision)
        if field.name != "digest" and getattr(was, field.name) != getattr(now, field.name)
    )
