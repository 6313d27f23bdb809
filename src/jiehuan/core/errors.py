"""Every exception that this package raises, and whose turn it is to act.

* JiehuanError
  + UsageError            the caller can fix it; the message says how
    - DatabaseRefused     the database that was named is not one we can work with
  + Rejected              one command, asked for alone, was refused
  + InvariantBroken       our books disagree; stop, do not repair
  + FenceLost             the book has moved on; throw the batch away, claim the book anew
  + KeyTaken              a key of the batch is in the journal already; look the keys up
  + Postponed             others held the rows for too long; nothing was written, try again
  + InDoubt               no answer to COMMIT; claim the book anew and compare its seq
  + BookTaken             another writer holds the book, and its lease still runs
  + DatabaseDown          no connection can be made; nothing is known to be lost
  + QueueFull             too many wait for the book; nothing was done, try again
  + DiskFull              make room and start again; reading goes on
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
    """The book has another epoch, seq or date than the batch was decided under.

    Nothing of the batch was written.  Claim the book anew; only if that shows another owner
    has somebody taken over.
    """


class KeyTaken(JiehuanError):
    """A key (or a seq) of the batch is in the journal already; nothing was written.

    Claim the book anew and look the keys up; if none is found, another writer took the seq.
    """


class Postponed(JiehuanError):
    """A lock was not to be had in time, or a deadlock was cut; nothing was written."""


class InDoubt(JiehuanError):
    """The batch may have been committed or not: the answer to COMMIT was not read.

    The connection is closed.  Claim the book on a new one, which waits for a ghost, and
    compare its seq with the batch's.
    """


class BookTaken(JiehuanError):
    """Another writer holds the book, and its lease has not run out."""


class DatabaseDown(JiehuanError):
    """The database does not answer."""


class QueueFull(JiehuanError):
    """Too many wait for the book, or it is being closed; nothing was done."""


class DiskFull(JiehuanError):
    """The disk took no more; the batch was rolled back whole and reading goes on."""


class ChannelError(JiehuanError):
    """A partner's system did not do what was agreed."""


class ChannelUnavailable(ChannelError):
    """No answer, or one that asks for patience; the same request may be sent again."""


class ChannelMistrusted(ChannelError):
    """A signature or certificate is not the partner's; never try again, tell a person."""
