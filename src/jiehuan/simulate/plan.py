"""What does each client do in a month, so that the next statement is the bank's own?

A plan is a pure function of the lines on the 1st, after that day's statement, and of the
people.  It is made by running a copy of the month ahead (``ahead``): first with what is
known, the payment; what the statement then lacks becomes purchases, or one credit.

Every choice is a hash of the client and the month, so the same people always live the same
lives, and a month that was cut short is planned again in the same words.
"""

import dataclasses
import datetime as dt
import enum

import numpy as np
from numpy.typing import NDArray

from jiehuan.core.columns import Commands, Days, Flags, Int64s
from jiehuan.core.commands import FORCED, Kind
from jiehuan.core.days import add_months
from jiehuan.core.line import Status
from jiehuan.core.outcomes import Outcome
from jiehuan.core.segments import Index
from jiehuan.core.state import Loaded
from jiehuan.core.terms import TermsTable
from jiehuan.risk.folds import mix
from jiehuan.simulate import ahead
from jiehuan.simulate.people import MINOR, People

FIRST_ON = dt.date(2005, 4, 1).toordinal()
CLIENT = 2  # "demo" among the clients of the database

PARTS = 4
SPECIAL_MONTH = 2  # June: draws and conversions
SPECIAL_CLIENTS = 200
SPECIAL_SHARE = 10  # of a smaller book at most one client in so many
HOLD_ONE_IN = 10
IDLE_HOLD_ONE_IN = 50
MERCHANTS = 500
INSTALMENTS = np.array([3, 6, 12], np.int16)
DRAW_MINOR_MIN = 1_000 * MINOR
CONVERT_MINOR_MIN = 3_000 * MINOR
PAY_FIRST_DAY, PAY_DAYS = 2, 9
PART_DAYS = 7
IDLE_HOLD_FIRST_DAY, IDLE_HOLD_DAYS = 3, 16


class What(enum.IntEnum):
    """What a client does in a month; within a day in this order."""

    APPLY = 0
    DRAW = 1
    DRAW_SUCCEEDED = 2
    CAPTURE_1 = 3
    CAPTURE_2 = 4
    CAPTURE_3 = 5
    CAPTURE_4 = 6
    VOID = 7
    CONVERT = 8
    PAY = 9
    PART_1 = 10
    PART_2 = 11
    PART_3 = 12
    PART_4 = 13
    HOLD_TO_VOID = 14
    HOLD_TO_EXPIRE = 15
    CREDIT = 16
    CENTS = 17


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The commands of a month, by line, day and ``What``.

    ``commands.seq`` is a provisional number, ``seq_of(month, what, client)``, and ``ref`` of
    what refers to another command is that command's; whoever posts them puts in the real ones.

    Attributes:
        commands: Shape (c,).
        what: What each is, shape (c,).
        client: Index into the people, shape (c,).
    """

    commands: Commands
    what: NDArray[np.int16]
    client: Int64s


def first_of(month: int) -> int:
    """Return the 1st of a month, 0 being April 2005."""
    return int(add_months(np.array([FIRST_ON], np.int32), month)[0])


def seq_of(month: int, what: What, client: Int64s) -> Int64s:
    """Return the provisional number of what a client does in a month."""
    return np.asarray(((month + 1) << 48) + (np.int64(what) << 40) + client)


def chance(people: People, month: int, name: str) -> "NDArray[np.uint64]":
    """Return 64 bits for each client, the same in every run, others for every name."""
    salt = int.from_bytes(name.encode()[:6], "big") * 64 + month
    return mix(mix(people.id).view(np.int64) ^ np.int64(salt))


def below(bits: "NDArray[np.uint64]", n: int) -> Int64s:
    """Return a number 0 .. n - 1 for each of ``bits``."""
    return np.asarray((bits % np.uint64(n)).astype(np.int64))


def applications(terms: TermsTable, people: People, product: str) -> Plan:
    """Return one application of each client, on the first day of April."""
    book = _Desk(people, 0, np.arange(1, len(people) + 1))
    on = np.full(len(people), FIRST_ON, np.int32)
    rows = book.make(What.APPLY, Kind.OPEN, np.arange(len(people)), on, people.limit_minor)
    rows.ref[:] = people.id
    rows.terms[:] = terms.in_force(product, FIRST_ON)
    rows.line[:] = 0
    return book.plan([rows])


def plan_month(terms: TermsTable, loaded: Loaded, people: People, month: int) -> Plan:
    """Plan a month for all clients.

    Args:
        terms: The terms table.
        loaded: One line a client, after what opens the 1st; ``party`` is the client.
        people: The clients.
        month: 0 is April 2005.

    Returns:
        The commands after which each client's next statement has the balance of the data.
    """
    return _Planner(terms, loaded, people, month).plan()


class _Desk:
    """Writes commands of a month."""

    def __init__(self, people: People, month: int, line: Int64s) -> None:
        """Write for ``line`` (n,), the line of each client."""
        self.people, self.month, self.line = people, month, line
        self.first_on = np.int32(first_of(month))
        self.last_on = np.int32(first_of(month + 1) - 1)

    def make(
        self, what: What, kind: Kind, client: Index, on: Days, amount_minor: Int64s
    ) -> Commands:
        """Write a command for each of ``client`` (k,) whose amount is not 0."""
        some = amount_minor != 0
        client = client[some]
        out = Commands.empty(len(client))
        out.seq[:] = seq_of(self.month, what, client)
        out.line[:] = self.line[client]
        out.kind[:] = kind
        out.effective_on[:] = out.booked_on[:] = on[some]
        out.client[:] = CLIENT
        out.amount_minor[:] = amount_minor[some]
        if kind in (Kind.PURCHASE, Kind.HOLD):
            bits = chance(self.people, self.month, f"shop{what}")[client]
            out.merchant[:] = 1 + below(bits, MERCHANTS)
        return out

    def plan(self, made: list[Commands]) -> Plan:
        """Put commands in order: line, day, what."""
        commands = ahead.joined(Commands.empty(0), *made)
        what, client = self.what_of(commands), self.client_of(commands)
        order = np.lexsort((what, commands.effective_on, client))
        return Plan(Commands.from_rows(commands.to_rows(order)), what[order], client[order])

    def what_of(self, commands: Commands) -> "NDArray[np.int16]":
        """Return what each command is, shape (c,)."""
        return ((commands.seq >> 40) & 0xFF).astype(np.int16)

    def client_of(self, commands: Commands) -> Int64s:
        """Return whose each command is, shape (c,)."""
        return np.asarray(commands.seq & ((1 << 40) - 1))


class _Planner:
    """One month's planning; all columns are over the clients, shape (n,)."""

    def __init__(self, terms: TermsTable, loaded: Loaded, people: People, month: int) -> None:
        self.terms, self.people, self.month = terms, people, month
        self.place = np.searchsorted(people.id, loaded.lines.party)
        assert (people.id[self.place] == loaded.lines.party).all()
        self.loaded = loaded
        self.row = np.argsort(self.place)  # row of each client's line
        self.desk = _Desk(people, month, loaded.lines.id[self.row])
        self.all = np.arange(len(people))
        self.cut_on = first_of(month + 1)

    def plan(self) -> Plan:
        """Plan the month."""
        known = [self._payments(), *self._idle_holds()]
        lacking = self._lacking(known, self.all)
        if self.month == SPECIAL_MONTH:
            draws = self._draws(lacking)
            drew = self._clients(draws)
            known += draws
            lacking[drew] = self._lacking(known, drew)
        parts = self._split(lacking)
        converts: list[Commands] = []
        if self.month == SPECIAL_MONTH:
            converts = self._conversions(parts)
            turned = self._clients(converts)
            with_parts = [*known, *self._purchases(parts), *converts]
            parts[-1][turned] += self._lacking(with_parts, turned)
        known += [*self._purchases(parts), *converts, *self._credits(known, lacking)]
        return self._forced(known)

    def _pick(self, name: str) -> "NDArray[np.uint64]":
        return chance(self.people, self.month, name)

    def _on(self, day: Int64s | int) -> Days:
        """Return a day of this month for each client."""
        offset = np.broadcast_to(np.asarray(day, np.int64), self.all.shape) - 1
        return np.asarray(self.desk.first_on + offset, np.int32)

    def _clients(self, made: list[Commands]) -> Index:
        return np.unique(self.desk.client_of(ahead.joined(Commands.empty(0), *made)))

    def _payments(self) -> Commands:
        """Pay on day 2 .. 10; April's payment is for a bill that the data do not hold."""
        paid = self.people.paid_minor[self.month] * (self.month > 0)
        on = self._on(PAY_FIRST_DAY + below(self._pick("payday"), PAY_DAYS))
        return self.desk.make(What.PAY, Kind.REPAY, self.all, on, paid)

    def _idle_holds(self) -> list[Commands]:
        """Reserve what will never be bought: some holds are voided, some expire."""
        made = []
        for what, name in ((What.HOLD_TO_VOID, "void"), (What.HOLD_TO_EXPIRE, "expire")):
            bits = self._pick(name)
            who = np.flatnonzero(below(bits, IDLE_HOLD_ONE_IN) == 0)
            day = IDLE_HOLD_FIRST_DAY + below(self._pick(f"{name}day"), IDLE_HOLD_DAYS)
            amount = MINOR * (100 + below(self._pick(f"{name}sum"), 2_000))
            hold = self.desk.make(what, Kind.HOLD, who, self._on(day)[who], amount[who])
            made.append(hold)
            if what is What.HOLD_TO_VOID:
                later = 1 + below(self._pick("voidwait"), 3)
                on = self._on(day + later)[who]
                void = self.desk.make(What.VOID, Kind.VOID, who, on, amount[who])
                void.ref[:], void.amount_minor[:] = hold.seq, 0
                made.append(void)
        return made

    def _lacking(self, made: list[Commands], who: Index) -> Int64s:
        """Return what the next statement of clients ``who`` (k,) lacks, shape (k,)."""
        chosen = np.zeros(len(self.people), np.bool_)
        chosen[who] = True
        lines = self._run(_surely(self.desk.plan(made)), chosen).state.lines
        balance = np.zeros(len(self.people), np.int64)
        cut = lines.cut_on == self.cut_on
        balance[np.searchsorted(self.people.id, lines.party[cut])] = lines.balance_minor[cut]
        return np.asarray(self.people.bills_minor[self.month][who] - balance[who])

    def _run(self, plan: Plan, chosen: Flags) -> ahead.Run:
        """Run the lines of the chosen clients ahead to the next statement."""
        commands = Commands.from_rows(plan.commands.to_rows(chosen[plan.client]))
        loaded = ahead.copy_of(self.loaded, chosen[self.place])
        return ahead.run(self.terms, loaded, commands, ahead.opening(self.cut_on))

    def _draws(self, lacking: Int64s) -> list[Commands]:
        """Let some clients with room for it borrow on the 2nd, half of what is lacking."""
        lines = self.loaded.lines
        free = (lines.limit_minor - lines.used_minor - lines.held_minor)[self.row]
        amount = np.minimum(free, lacking) // (2 * DRAW_MINOR_MIN) * DRAW_MINOR_MIN
        can = (amount > 0) & (lines.status[self.row] == Status.ACTIVE)
        who = self._some(can, "draws")
        on = self._on(PAY_FIRST_DAY)[who]
        draw = self.desk.make(What.DRAW, Kind.DRAW, who, on, amount[who])
        paid = self.desk.make(What.DRAW_SUCCEEDED, Kind.DRAW_SUCCEEDED, who, on, amount[who])
        paid.ref[:] = draw.seq
        return [draw, paid]

    def _some(self, can: Flags, name: str) -> Index:
        """Return at most ``SPECIAL_CLIENTS`` of the clients who can, by their hashes."""
        most = min(SPECIAL_CLIENTS, len(self.people) // SPECIAL_SHARE)
        who = np.flatnonzero(can)
        return np.sort(who[np.argsort(self._pick(name)[who])[:most]])

    def _split(self, lacking: Int64s) -> list[Int64s]:
        """Split what is lacking into parts of whole dollars, the last with the rest."""
        positive = np.maximum(lacking, 0)
        part = positive // (PARTS * MINOR) * MINOR
        return [part.copy() for _ in range(PARTS - 1)] + [positive - (PARTS - 1) * part]

    def _part_on(self, k: int) -> Days:
        """Return the day of part ``k``: one a week; the first week begins on the 2nd."""
        first = PART_DAYS * k + 1 + (k == 0)
        days = PART_DAYS - (k == 0)
        return self._on(first + below(self._pick(f"part{k}"), days))

    def _is_hold(self, k: int) -> Flags:
        """Return whose part ``k`` is a hold, captured on the next day."""
        return np.asarray(below(self._pick(f"hold{k}"), HOLD_ONE_IN) == 0)

    def _purchases(self, parts: list[Int64s]) -> list[Commands]:
        made = []
        for k, amount in enumerate(parts):
            held, on = self._is_hold(k), self._part_on(k)
            what = What(What.PART_1 + k)
            made.append(self.desk.make(what, Kind.PURCHASE, self.all, on, amount * ~held))
            hold = self.desk.make(what, Kind.HOLD, self.all, on, amount * held)
            capture = self.desk.make(
                What(What.CAPTURE_1 + k), Kind.CAPTURE, self.all, on + np.int32(1), amount * held
            )
            capture.ref[:] = hold.seq
            made += [hold, capture]
        return made

    def _conversions(self, parts: list[Int64s]) -> list[Commands]:
        """Let some clients turn the first purchase into instalments on the next day."""
        lines = self.loaded.lines
        can = (lines.status[self.row] == Status.ACTIVE) & (lines.overpaid_minor[self.row] == 0)
        can &= (parts[0] >= CONVERT_MINOR_MIN) & ~self._is_hold(0)
        due = np.where(lines.cut_on == self.desk.first_on, lines.due_minor, 0)[self.row]
        can &= self.people.paid_minor[self.month] <= due
        who = self._some(can, "plans")
        on = (self._part_on(0) + np.int32(1))[who]
        convert = self.desk.make(What.CONVERT, Kind.CONVERT, who, on, parts[0][who])
        convert.amount_minor[:] = 0
        convert.ref[:] = seq_of(self.month, What.PART_1, who)
        convert.count[:] = INSTALMENTS[below(self._pick("terms"), len(INSTALMENTS))][who]
        return [convert]

    def _credits(self, known: list[Commands], lacking: Int64s) -> list[Commands]:
        """Credit what is too much on the last day, and buy the cents that this then lacks.

        A credit lowers the interest of the last day, so the statement falls a little short.
        In April it is a repayment in advance: nothing was bought yet.
        """
        who = np.flatnonzero(lacking < 0)
        on = np.full(len(who), self.desk.last_on, np.int32)
        kind = Kind.CREDIT if self.month else Kind.REPAY
        credit = self.desk.make(What.CREDIT, kind, who, on, -lacking[who])
        if not len(who):
            return [credit]
        cents = np.maximum(self._lacking([*known, credit], who), 0)
        return [credit, self.desk.make(What.CENTS, Kind.PURCHASE, who, on, cents)]

    def _forced(self, made: list[Commands]) -> Plan:
        """Send as forced purchases what goes beyond the line or spends on one past due.

        The first spend of a line that is refused is refused rightly: all before it are as
        they will be.  So one a line is put right, and its line is run again.
        """
        plan = self.desk.plan(made)
        chosen = np.ones(len(self.people), np.bool_)
        while chosen.any():
            mine = np.flatnonzero(chosen[plan.client])
            refused = mine[self._run(plan, chosen).outcome != Outcome.DONE]
            who, first = np.unique(plan.client[refused], return_index=True)
            chosen[:] = False
            chosen[who] = True
            plan = _put_right(plan, refused[first])
        return plan


def _surely(plan: Plan) -> Plan:
    """Return the plan with every purchase going through, held before or not."""
    commands = Commands.from_rows(plan.commands.to_rows())
    commands.kind[commands.kind == Kind.CAPTURE] = Kind.PURCHASE
    commands.flags[commands.kind == Kind.PURCHASE] |= FORCED
    keep = ~np.isin(commands.kind, (Kind.HOLD, Kind.VOID))
    return Plan(Commands.from_rows(commands.to_rows(keep)), plan.what[keep], plan.client[keep])


def _put_right(plan: Plan, refused: Index) -> Plan:
    """Force refused purchases, buy at once what would be held, reserve nothing idly."""
    commands = plan.commands
    assert np.isin(commands.kind[refused], (Kind.PURCHASE, Kind.HOLD)).all()
    held = refused[commands.kind[refused] == Kind.HOLD]
    idle = held[np.isin(plan.what[held], (What.HOLD_TO_VOID, What.HOLD_TO_EXPIRE))]
    commands.flags[refused] |= FORCED
    commands.kind[refused] = Kind.PURCHASE
    keep = ~np.isin(commands.ref, commands.seq[held])
    keep[idle] = False
    return Plan(Commands.from_rows(commands.to_rows(keep)), plan.what[keep], plan.client[keep])
