"""What a session with the database is for, and how long it may keep others waiting.

The time-outs of a writer are what a takeover waits for: a writer that was stopped between two
statements loses its transaction after ``transaction_timeout``, before its lease is up.
On our own server each kind of session logs in under a role of its own, which carries its
settings and may do no more than it must: the journal can be added to and never changed.
"""

import enum

OWNER = "jiehuan"


class Session(enum.Enum):
    """A kind of session; the value is its role on our own server."""

    OWNER = OWNER  # migrations, administration
    WRITER = "jiehuan_writer"  # answers requests
    DAY = "jiehuan_day"  # the night, imports, simulations: larger batches
    READER = "jiehuan_reader"  # audit and reports


# What a writer reads and changes it finds by key.  A book that grows from nothing in a minute has
# no statistics yet, and a plan made when it was empty would scan the whole table.
BY_KEY = {"enable_seqscan": "off"}

# Milliseconds; 0 is no limit.
SETTINGS: dict[Session, dict[str, str]] = {
    Session.OWNER: {"lock_timeout": "10000"},
    Session.WRITER: {
        **BY_KEY,
        "transaction_timeout": "3000",
        "statement_timeout": "3000",
        "lock_timeout": "2000",
        "idle_in_transaction_session_timeout": "2000",
    },
    Session.DAY: {
        **BY_KEY,
        "plan_cache_mode": "force_custom_plan",  # in a large batch planning costs nothing
        "transaction_timeout": "6000",
        "statement_timeout": "6000",
        "lock_timeout": "2000",
        "idle_in_transaction_session_timeout": "2000",
    },
    Session.READER: {
        "transaction_timeout": "30000",
        "statement_timeout": "30000",
        "lock_timeout": "2000",
        "idle_in_transaction_session_timeout": "10000",
        "default_transaction_read_only": "on",
    },
}
assert set(SETTINGS) == set(Session)

ALWAYS = {
    "jit": "off",
    "TimeZone": "UTC",
    "default_transaction_isolation": "read committed",
    "search_path": "public",
    "client_min_messages": "warning",
}

# Set by ``Server.dsn``; tells ``connect`` that the roles above exist and need no password.
EMBEDDED = "jiehuan-embedded"

# Tables that a writer adds to and never changes.
JOURNAL = ("command", "transfer", "statement", "statement_item", "batch", "decision", "inbox")
REFERENCE = ("client", "terms", "policy", "model", "party")
STATE = (
    "book",
    "line",
    "due",
    "loan",
    "instalment",
    "hold",
    "day",
    "day_total",
    "outbox",
    "vault",
)

# What hangs on a line: made anew when the line's whole journal is folded again.
CHILDREN = ("due", "loan", "instalment", "hold")


def role_statements() -> list[str]:
    """Return the statements that give the roles their settings; the roles exist."""
    return [
        f"ALTER ROLE {session.value} SET {name} = '{value}'"
        for session, settings in SETTINGS.items()
        if session is not Session.OWNER
        for name, value in {**ALWAYS, **settings}.items()
    ]


def grant_statements() -> list[str]:
    """Return the statements that let the roles do their work, and no more."""
    writers = f"{Session.WRITER.value}, {Session.DAY.value}"
    everyone = f"{writers}, {Session.READER.value}"
    return [
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {everyone}",
        f"GRANT INSERT ON {', '.join(JOURNAL + REFERENCE + STATE)} TO {writers}",
        f"GRANT UPDATE ON {', '.join(STATE)} TO {writers}",
        f"GRANT DELETE ON {', '.join(CHILDREN)} TO {writers}",
    ]
