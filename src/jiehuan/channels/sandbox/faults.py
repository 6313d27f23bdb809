"""What shall go wrong: the next time it can, or for a share of times."""

import dataclasses
import random
from collections.abc import Mapping
from typing import Any

from jiehuan.channels.sandbox.errors import WireError, refusal, wrong_field
from jiehuan.channels.sandbox.keeping import Keep
from jiehuan.channels.sandbox.records import Fault

__all__ = [
    "ACT_FAULTS",
    "ANSWER_FAULTS",
    "NAMES",
    "NOTICE_FAULTS",
    "AnswerFault",
    "Fault",
    "Faults",
]

NOTICE_FAULTS = (
    "notify_twice",
    "notify_late",
    "notify_never",
    "notify_out_of_order",
    "notify_forged",
    "notify_probe",
    "notify_wrong_amount",
)
ANSWER_FAULTS = ("answer_500_after", "timeout", "broken_signature", "unknown_code")
ACT_FAULTS = ("balance_not_enough", "user_refuses")
NAMES = (*NOTICE_FAULTS, *ANSWER_FAULTS, *ACT_FAULTS)

BY_CHANCE = ("timeout", "unknown_code")  # the request may have been done, or may not


@dataclasses.dataclass(frozen=True, slots=True)
class AnswerFault:
    """How the answer to one request goes wrong.

    Attributes:
        name: One of ``ANSWER_FAULTS``.
        done: Whether the request is done before the answer goes wrong.
    """

    name: str
    done: bool

    @property
    def error(self) -> WireError | None:
        """The error that is answered; None where the fault is not one of the body."""
        if self.name == "answer_500_after":
            return refusal("SYSTEM_ERROR")
        if self.name == "unknown_code":
            return WireError(400, "SANDBOX_UNHEARD_OF", "沙箱：这个错误码没有出现在任何文档中")
        return None


class Faults:
    """The faults that are set."""

    def __init__(self, keep: Keep, seed: int) -> None:
        """Keep them with everything else; chance is drawn from the seed."""
        self._keep = keep
        self._seed = seed

    def set(self, body: Mapping[str, Any]) -> Fault:
        """Set a fault: ``fault``, ``on`` (usually next), ``match``, ``count``, ``done``.

        Raises:
            WireError: PARAM_ERROR; something of it is not what it should be.
        """
        on = body.get("on", "next")
        count = body.get("count", 1 if on == "next" else None)
        match, done = body.get("match") or "", body.get("done")
        if body.get("fault") not in NAMES:
            raise wrong_field("/fault", body.get("fault"), "must be one of " + " ".join(NAMES))
        share = isinstance(on, int | float) and not isinstance(on, bool) and 0 <= on <= 1
        if on != "next" and not share:
            raise wrong_field("/on", on, "must be next or a share from 0 to 1")
        if not (count is None or (type(count) is int and count > 0)):
            raise wrong_field("/count", count, "must be a whole number above 0")
        if not isinstance(match, str):
            raise wrong_field("/match", match, "must be text")
        if not isinstance(done, bool | None):
            raise wrong_field("/done", done, "must be true or false")
        fault = Fault(
            id=f"fault-{self._keep.number()[0]}",
            fault=body["fault"],
            on=on,
            match=match,
            count=count,
            done=done,
        )
        self._keep.faults.put(fault)
        self._keep.commit()
        return fault

    def clear(self, fault_id: str | None = None) -> None:
        """Take one fault away, or all."""
        for key in list(self._keep.faults.rows) if fault_id is None else [fault_id]:
            self._keep.faults.drop(key)
        self._keep.commit()

    def list(self) -> list[Fault]:
        """Return the faults that may still hit, oldest first."""
        return list(self._keep.faults.rows.values())

    def on_answer(self, method: str, path: str) -> AnswerFault | None:
        """Draw what happens to the answer of a request; call it once for each."""
        for name in ANSWER_FAULTS:
            fault = self.hit(name, f"{method} {path}")
            if fault is not None:
                done = fault.done
                if done is None:
                    done = name not in BY_CHANCE or self._chance() < 1 / 2
                self._keep.commit()
                return AnswerFault(name, done)
        self._keep.commit()
        return None

    def hit(self, name: str, subject: str) -> Fault | None:
        """Draw whether a fault hits what is going on; what is left of it is kept."""
        for fault in self.list():
            if fault.fault != name or fault.match not in subject:
                continue
            if fault.on != "next" and self._chance() >= fault.on:
                continue
            if fault.count is not None:
                fault.count -= 1
            if fault.count == 0:
                self._keep.faults.drop(fault.id)
            elif fault.count is not None:
                self._keep.faults.put(fault)
            return fault
        return None

    def _chance(self) -> float:
        """Draw from 0 to 1; the n-th draw of a seed is always the same."""
        drawn = self._keep.facts["drawn"] = self._keep.facts.get("drawn", 0) + 1
        return random.Random(f"{self._seed}:{drawn}").random()  # noqa: S311 - no secret
