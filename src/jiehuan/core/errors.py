"""Every exception that this package raises, and whose turn it is to act.

* JiehuanError
  + UsageError            the caller can fix it; the message says how
    - DatabaseRefused     the database that was named is not one we can work with
  + Rejected              one command, asked for alone, was refused
  + InvariantBroken       our books disagree; stop, do not repair
  + FenceLost             another writer owns the book now; throw the batch away
  + DiskFull              nothing was written; make room and start again
  + ChannelError
    - ChannelUnavailable  try again later
    - ChannelMistrusted   bad signature or unknown certificate; never try again

Rows of a batch raise nothing: each gets an ``Outcome``.
"""

from jiehuan.core.outcomes import Outcome


class JiehuanError(Exception):
    """The root of all our exceptions."""


class UsageError(JiehuanError):
    """The caller did something that the caller can put right; the message says how."""


class DatabaseRefused(UsageError):
    """The database that was named cannot be used: wrong version, settings or schema."""


class Rejected(JiehuanError):
    """A single command was refused.

    ``str(error)`` is for the log, ``error.outcome`` and ``error.facts`` for the program;
    what the customer reads is chosen from the outcome, in the customer's language.

    Attributes:
        outcome: The first check that failed.
        facts: Numbers and names that explain it, e.g. ``available_minor``.

    Examples:
        >>> str(Rejected(Outcome.AMOUNT_EXCEEDS_AVAILABLE, line=7, available_minor=500))
        'amount_exceeds_available (line=7, available_minor=500)'
    """

    def __init__(self, outcome: Outcome, /, **facts: int | str) -> None:
        """Say which check failed, and on what facts."""
        self.outcome = outcome
        self.facts = facts
        shown = ", ".join(f"{name}={value}" for name, value in facts.items())
        super().__init__(f"{outcome.name.lower()} ({shown})" if facts else outcome.name.lower())

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling: a night's task may raise this in another process."""
        return _rejected, (self.outcome, self.facts)


def _rejected(outcome: Outcome, facts: dict[str, int | str]) -> Rejected:
    """Build a ``Rejected`` from what its pickle holds."""
    return Rejected(outcome, **facts)


class InvariantBroken(JiehuanError):
    """Our own books disagree.  Stop; a repair would hide the fault."""


class FenceLost(JiehuanError):
    """Another writer has taken the book; what this one was about to write is void."""


class DiskFull(JiehuanError):
    """The disk took no more; the batch was rolled back whole."""


class ChannelError(JiehuanError):
    """A partner's system did not do what was agreed."""


class ChannelUnavailable(ChannelError):
    """No answer, or one that asks for patience; the same request may be sent again."""


class ChannelMistrusted(ChannelError):
    """A signature or certificate is not the partner's; never try again, tell a person."""
