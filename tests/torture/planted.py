"""Bugs that must be caught: each is an edit of the program's source, with who should catch it.

A bug that no longer fits the source is an error, so this list keeps up with the program.
"""

from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).parents[2] / "src" / "jiehuan"


class Edit(NamedTuple):
    """A text that stands once in a file, and what is put in its place."""

    file: str
    old: str
    new: str


class Bug(NamedTuple):
    """A planted bug.

    Attributes:
        name: What is wrong, in a few words.
        edits: How it is planted.
        catchers: Tests that may catch it, the quickest first; one must.
    """

    name: str
    edits: tuple[Edit, ...]
    catchers: tuple[str, ...]


STOPPED = "tests/torture/test_stopped.py"
KILLS = "tests/torture/test_kills.py"
WRITER = "tests/engine/test_writer.py"
KEYS = "tests/engine/test_keys.py"
CUT_SHORT = f"{WRITER}::test_a_batch_cut_short_anywhere_is_done_once_when_asked_again"
GHOST = f"{WRITER}::test_what_an_old_connection_still_sends_is_not_committed_after_a_claim"
FORGOTTEN = f"{WRITER}::test_balances_are_right_after_a_close_that_was_committed_and_forgotten"
DAYS = "tests/engine/test_days.py"
WORKED = "tests/core/test_kernel_worked.py"
AUDIT = f"{KILLS}::test_audit_finds_nothing_wrong_with_a_life_of_all_kinds"
STORIES = "tests/stories/test_stories.py"
TABLE = f"{STORIES}::test_each_kind_with_each_fault_and_a_kill_at_each_step"
THIRTY = f"{KILLS}::test_a_book_that_was_killed_thirty_times_is_as_if_it_never_was"

SAVING = "store/saving.py"
COMPARE_AND_SET = "(move, (n, _date(on), lease.epoch, lease.seq, _date(lease.business_on))),"
CHECK = "(check, (lease.epoch, lease.seq + n, _date(on))),"
SET = (
    '("UPDATE book SET seq = seq + %s, business_date = %s WHERE book = %s", (n, _date(on), book)),'
)
SELECT = "(check, (lease.epoch, lease.seq, _date(lease.business_on))),"
FENCING = """\
        for statement, values in _fence(lease, n, batch.business_on):
            conn.execute(statement.encode(), values)
"""

BUGS = (
    Bug(
        "no fence",
        (
            Edit(SAVING, COMPARE_AND_SET, SET),
            Edit(SAVING, CHECK, '("SELECT 1", ()),'),
        ),
        (STOPPED,),
    ),
    Bug(
        "fence by plain SELECT",
        (
            Edit(SAVING, CHECK, SET),
            Edit(SAVING, COMPARE_AND_SET, SELECT),
            Edit(SAVING, FENCING, FENCING.replace("):\n", ")[:1]:\n")),
            Edit(
                SAVING,
                '        reach("before_commit")\n',
                '        reach("before_commit")\n' + FENCING.replace("):\n", ")[1:]:\n"),
            ),
        ),
        (STOPPED,),
    ),
    Bug(
        "answered before COMMIT's result",
        (
            Edit(SAVING, 'conn.execute("BEGIN")', 'conn.execute("COMMIT"), conn.execute("BEGIN")'),
            Edit(SAVING, '= conn.execute("COMMIT")', '= conn.execute("SELECT 1")'),
            Edit(SAVING, 'statusmessage != "COMMIT"', 'statusmessage == "COMMIT"'),
        ),
        (CUT_SHORT, THIRTY),
    ),
    Bug(
        "synchronous_commit = off",
        (
            Edit("store/sessions.py", '    "jit": "off",\n', '    "synchronous_commit": "off",\n'),
            Edit("store/database.py", '"on", "remote_apply"', '"on", "off"'),
        ),
        (THIRTY,),
    ),
    Bug(
        "epoch kept over a reconnect",
        (Edit("store/books.py", "SET epoch = epoch + 1,", "SET epoch = epoch,"),),
        (GHOST, WRITER),
    ),
    Bug(
        "key check removed",
        (
            Edit(
                "store/migrations/0001_schema.sql",
                "seq),\n    CONSTRAINT command_key UNIQUE (book, client, key_hash)\n",
                "seq)\n",
            ),
        ),
        (KEYS,),
    ),
    Bug(
        "interest rounded twice",
        (
            Edit(
                "core/interest.py",
                "loans.interest_num[rows] += accrue(own, loans.rate_ppm[rows], days)",
                "loans.interest_num[rows] += half_up("
                "accrue(own, loans.rate_ppm[rows], days), MICRO) * MICRO",
            ),
        ),
        (WORKED, AUDIT),
    ),
    Bug(
        "one transfer with its accounts swapped",
        (
            Edit(
                "engine/batches.py",
                "tables.TRANSFER.name: decided.transfers.to_rows(),",
                "tables.TRANSFER.name: _swapped(decided.transfers.to_rows()),",
            ),
            Edit(
                "engine/batches.py",
                "def closing_batch(",
                "def _swapped(rows: Rows) -> Rows:\n"
                "    if len(rows) and rows['seq'][0] <= 1_000 <= rows['seq'][-1]:\n"
                "        row = rows[:1]\n"
                "        row['debit'], row['credit'] = row['credit'].copy(), row['debit'].copy()\n"
                "    return rows\n\n\ndef closing_batch(",
            ),
        ),
        (AUDIT,),
    ),
    Bug(
        "a day's event skipped",
        (
            Edit(
                "engine/day.py",
                "    if not len(ids):\n        return -1\n",
                "    ids = ids[ids % 50 != 7]\n    if not len(ids):\n        return -1\n",
            ),
        ),
        (AUDIT, DAYS),
    ),
    Bug(
        "an answer in doubt is not looked up",
        (
            Edit(
                "engine/post.py",
                "            if not first:\n"
                "                todo = self._answer_known(requests, answers, todo)\n",
                "",
            ),
        ),
        (KEYS,),
    ),
    Bug(
        "what a writer knew is kept after a crash",
        (
            Edit(
                "engine/post.py",
                "        self._holds = self._known = False\n",
                "        self._holds = False\n",
            ),
        ),
        (FORGOTTEN, THIRTY),
    ),
    Bug(
        "wallet: the courier takes an unknown answer for a failure",
        (
            Edit(
                "channels/life.py",
                "    Heard.UNKNOWN: Telling.UNKNOWN,\n",
                "    Heard.UNKNOWN: Telling.FAILED,\n",
            ),
        ),
        (TABLE,),
    ),
    Bug(
        "wallet: what a notice says is booked under the notice's id",
        (
            Edit(
                "serve/finishing.py",
                "key=answer_key(number, what),",
                "key=answer_key(side.inbox.event if side.inbox else number, what),",
            ),
        ),
        (TABLE,),
    ),
    Bug(
        "wallet: a new number after an answer that was lost",
        (
            Edit(
                "channels/courier.py",
                "            return SEND[task.kind](self._channel, task)\n",
                "            if task.attempts:\n"
                "                new = f'{task.number[:-3]}{800 + task.attempts}'\n"
                "                task = dataclasses.replace(task, number=new)\n"
                "            return SEND[task.kind](self._channel, task)\n",
            ),
        ),
        (TABLE,),
    ),
    Bug(
        "wallet: the amount of a notice is not compared",
        (
            Edit(
                "serve/notices.py",
                "return Heard.AMOUNT_DIFFERS if event.amount_minor not in"
                " {None, row.amount_minor} else None",
                "return None",
            ),
        ),
        (TABLE,),
    ),
    Bug(
        "wallet: a notice is not kept in the transaction that it leads to",
        (
            Edit(
                "engine/requests.py",
                "for one in self.side[at].statements(book)]",
                "for one in self.side[at].statements(book) if at < 0]",
            ),
        ),
        (TABLE,),
    ),
    Bug(
        "wallet: a form that is sent again is a new order",
        (
            Edit(
                "serve/phone/visit.py",
                "return Form(key, fields)",
                "return Form(key and key + secrets.token_hex(2), fields)",
            ),
        ),
        (TABLE,),
    ),
    Bug(
        "wallet: a notice signed by somebody else is taken",
        (
            Edit(
                "channels/wechat.py",
                '        if not good:\n            raise Forged("signature")\n',
                '        if not good and not body:\n            raise Forged("signature")\n',
            ),
        ),
        (TABLE,),
    ),
)


def misfits(bug: Bug) -> list[str]:
    """Return the edits of a bug that do not fit the source."""
    texts = {edit.file: (SOURCE / edit.file).read_text(encoding="utf-8") for edit in bug.edits}
    return [
        f"{edit.file}: {edit.old!r}" for edit in bug.edits if texts[edit.file].count(edit.old) != 1
    ]


def plant(bug: Bug, package: Path) -> None:
    """Make the edits of a bug in a copy of the package."""
    for edit in bug.edits:
        path = package / edit.file
        text = path.read_text(encoding="utf-8")
        assert text.count(edit.old) == 1, f"{bug.name}: {edit.file} has changed; change the bug"
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
