"""What the rules of orders, refunds and transfers have at hand."""

import dataclasses

from jiehuan.channels.sandbox.clock import Clock
from jiehuan.channels.sandbox.errors import refusal
from jiehuan.channels.sandbox.faults import Faults
from jiehuan.channels.sandbox.keeping import Keep
from jiehuan.channels.sandbox.notices import Notices
from jiehuan.channels.sandbox.people import People, Person
from jiehuan.channels.sandbox.settings import Settings


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Everything that a rule may look at or change.

    Attributes:
        keep: What there is.
        people: Who there is.
        clock: Real and business time.
        settings: Delays.
        faults: What shall go wrong.
        notices: What the merchant is told.
    """

    keep: Keep
    people: People
    clock: Clock
    settings: Settings
    faults: Faults
    notices: Notices

    def person(self, openid: str) -> Person:
        """Return somebody.

        Raises:
            WireError: Nobody has that openid.
        """
        person = self.people.persons.get(openid)
        if person is None:
            raise refusal("NOT_FOUND", "没有这个测试用户")
        return person

    def closed(self, account: str) -> bool:
        """Whether an account takes and gives no money."""
        return account in self.keep.facts.get("closed", [])
