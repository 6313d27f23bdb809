"""Everything that a request may need, in one object: the world, the keys, who signed in."""

import asyncio
import dataclasses
from typing import Any

from jiehuan.channels.sandbox.bills import Files
from jiehuan.channels.sandbox.oauth import Codes
from jiehuan.channels.sandbox.records import Notice
from jiehuan.channels.sandbox.wire import Signing
from jiehuan.channels.sandbox.world import World


@dataclasses.dataclass(slots=True, kw_only=True)
class Office:
    """What the routes share; ``app.state.office``.

    Attributes:
        world: Who has what.
        signing: The keys at work.
        config: What ``--print-config`` prints.
        codes: Of people who signed in.
        files: Bills to be downloaded.
        echoes: Notices that are sent once and forgotten.
        signers: Which key signed the answer to a number of the merchant's; notices of it follow.
        last_signer: Which key signed last, for numbers from before a restart.
        awake: Set when a notice may have fallen due.
        closing: Set when the sandbox stops.
    """

    world: World
    signing: Signing
    config: dict[str, Any]
    codes: Codes = dataclasses.field(default_factory=Codes)
    files: Files = dataclasses.field(default_factory=Files)
    echoes: list[Notice] = dataclasses.field(default_factory=list)
    signers: dict[str, str] = dataclasses.field(default_factory=dict)
    last_signer: str = ""
    awake: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    closing: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)

    def signer_of(self, number: str) -> str:
        """Return the key that signs what is told of a number."""
        return self.signers.get(number) or self.last_signer or self.signing.usual

    def real(self) -> float:
        """Return real time, by which everything on the network goes."""
        return self.world.clock.real()
