"""Databases that are refused, and why."""

from jiehuan.store.database import connect
from jiehuan.store.sessions import Session


def test_each_kind_of_session_has_its_own_role_and_time_outs(database):
    seen = {}
    for session in Session:
        with connect(database, session) as connection:
            seen[session] = connection.execute(
                "SELECT current_user, current_setting('transaction_timeout')"
            ).fetchone()

    assert seen == {
        Session.OWNER: ("jiehuan", "0"),
        Session.WRITER: ("jiehuan_writer", "3s"),
        Session.DAY: ("jiehuan_day", "6s"),
        Session.READER: ("jiehuan_reader", "30s"),
    }
