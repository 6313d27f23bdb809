"""Who applies, and what does the policy in force say?  From an application to a decision row."""

import dataclasses
import datetime as dt
import functools

import numpy as np

from jiehuan.core.commands import DECLINED, REFERRED, Kind
from jiehuan.core.errors import UsageError
from jiehuan.risk import model_file, policy_file
from jiehuan.risk.decision import columns_needed, decide
from jiehuan.risk.features import UNKNOWN
from jiehuan.risk.policy import Policy, Verdict, in_force
from jiehuan.risk.scorecard import Scorecard
from jiehuan.serve.bodies import Application
from jiehuan.serve.problems import Problem
from jiehuan.store import registry
from jiehuan.store.database import Connection
from jiehuan.store.lookup import DecisionFound
from jiehuan.store.saving import DecisionRow

POLICY = "application"

FLAGS = {Verdict.APPROVE: 0, Verdict.REFER: REFERRED, Verdict.DECLINE: DECLINED}


@dataclasses.dataclass(frozen=True, slots=True)
class Decided:
    """What an ``OPEN`` takes along.

    Attributes:
        flags: Bits of ``command.flags``.
        limit_minor: What is granted; what was asked for, if nothing is.
        row: To be stored with the command.
    """

    flags: int
    limit_minor: int
    row: DecisionRow


@functools.lru_cache(maxsize=16)
def read_policy(text: str) -> Policy:
    """Read the stored text of one version of a policy."""
    (policy,) = policy_file.parse(text)
    return policy


@functools.lru_cache(maxsize=16)
def _card(data: bytes) -> Scorecard:
    return model_file.load(data)


def deciders(conn: Connection, on: int) -> tuple[Policy, Scorecard | None]:
    """Return the policy in force on a day, and the newest scorecard of the name it asks for.

    Raises:
        Problem: There is no such policy or scorecard.
    """
    stored = [read_policy(row.text) for row in registry.policies(conn) if row.name == POLICY]
    try:
        policy = in_force(stored, POLICY, on)
    except UsageError:
        raise Problem("policy_not_in_force", policy=POLICY) from None
    if not policy.model:
        return policy, None
    models = [row for row in registry.models(conn) if row.name == policy.model]
    if not models:
        raise Problem("policy_not_in_force", policy=POLICY, model=policy.model)
    return policy, _card(models[-1].data)


def decide_on(conn: Connection, asked: Application, on: int) -> Decided:
    """Decide on an application.

    Raises:
        Problem: No policy is in force.
    """
    policy, card = deciders(conn, on)
    known = {
        "limit_asked_minor": asked.limit_asked_minor,
        "age_years": asked.facts.age_years,
        "education_level": asked.facts.education_level,
    }
    raw = {
        name: np.array([UNKNOWN if (said := known.get(name)) is None else said], np.int64)
        for name in columns_needed(card, policy)
    }
    (made,) = decide(np.array([asked.party], np.int64), raw, card, policy, on).rows()
    verdict = Verdict(made.outcome)
    row = DecisionRow(
        line=0,  # the engine fills it in
        kind=Kind.OPEN,
        inputs=made.inputs,
        policy=made.policy,
        policy_version=made.policy_version,
        policy_hash=made.policy_hash,
        model_hash=made.model_hash,
        score_ppm=made.score_ppm,
        outcome=made.outcome,
        limit_minor=made.limit_minor,
        reasons=made.reasons,
        decided_on=dt.date.fromordinal(made.decided_on),
    )
    granted = made.limit_minor if verdict is Verdict.APPROVE else asked.limit_asked_minor
    return Decided(FLAGS[verdict], granted, row)


def policy_of(conn: Connection, decision: DecisionFound) -> Policy:
    """Return the policy that a stored decision was made by."""
    rows = registry.policies(conn)
    return next(read_policy(row.text) for row in rows if row.hash == decision.policy_hash)
