"""How fast the sandbox goes, and how it draws chance."""

import dataclasses

from jiehuan.channels.sandbox.clock import DAY_S
from jiehuan.core.errors import UsageError


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Delays and limits.  Those in business time end in ``_s``; the ladder goes by real time.

    Attributes:
        cashier_url: Where the cashier page is; ``h5_url`` leads there.
        speed: Waits between notifications, and those of late ones, are divided by it.
        seed: Of all chance: the same calls bring the same faults.
        accept_s: How long a transfer is only ACCEPTED.
        short_s: How long a transfer hit by ``balance_not_enough`` stays PROCESSING at least.
        transferring_s: From the confirmation to the money, state TRANSFERING.
        cancel_s: From CANCELING to CANCELLED.
        refund_s: How long a refund is PROCESSING.
        prepay_s: How long a prepay_id can be paid.
        confirm_s: How long a transfer can be confirmed.
        close_delay_s: How long after that it becomes FAIL.
        late_s: Real seconds that a late notification is late.
    """

    cashier_url: str = "http://127.0.0.1/cashier"
    speed: float = 1.0
    seed: int = 0
    accept_s: int = 0
    short_s: int = 600
    transferring_s: int = 0
    cancel_s: int = 0
    refund_s: int = 0
    prepay_s: int = 7_200
    confirm_s: int = DAY_S
    close_delay_s: int = 900
    late_s: float = 120.0

    def __post_init__(self) -> None:
        """Refuse a speed that stops or turns back time."""
        if not self.speed > 0:
            raise UsageError(f"the speed must be more than 0, not {self.speed:g}")
