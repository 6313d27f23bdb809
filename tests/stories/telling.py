"""Plays many stories at once against the same three programs, with kills that they share."""

import asyncio
import dataclasses
import random
import time
from pathlib import Path

import httpx
from tests.stories.people import CARD, Person
from tests.stories.people import person as person_of
from tests.stories.phone import Phone
from tests.stories.tales import ACT_FAULTS, CHAPTERS, SEND_FAULTS, Fault, Step
from tests.stories.town import BOOK, LOOK_S, WAIT_S, Town

from jiehuan.channels import numbers

LINK_S = 4.0  # how long somebody looks at an order that cannot be answered yet
OVER_S = 3.0  # and at one that was
SHORT_S = 900  # a transfer for which the merchant lacked money is tried again in the meantime
AWAY_S = 0.4  # how long the service is away while those who killed it go on
WAITING_SHARE = 5  # kill when one of so many stories waits for it
WAVE_MAX = 200

SEND = {
    "draw": "POST /v3/fund-app/mch-transfer/transfer-bills",
    "repay": "POST /v3/pay/transactions/jsapi",
    "pay_back": "POST /v3/refund/domestic/refunds",
}
SHORT = {"draw": "transfer ", "repay": "pay ", "pay_back": "refund "}
TOLD = {"draw": "MCHTRANSFER.", "repay": "TRANSACTION.", "pay_back": "REFUND."}


class Meeting:
    """Where stories wait for one another: to be killed together, and for the next day."""

    def __init__(self, town: Town, stories: int, seed: int, *, patient: bool) -> None:
        self.town = town
        self.living = stories
        self.patient = patient
        self.chapter = 0
        self._chance = random.Random(f"meeting {seed}")
        self._for_kill: list[tuple[str, asyncio.Future[None]]] = []
        self._for_day: list[asyncio.Future[None]] = []
        self._changed = asyncio.Event()

    async def killed(self, who: str) -> None:
        """Return when somebody was killed."""
        future = asyncio.get_running_loop().create_future()
        self._for_kill.append((who, future))
        self._changed.set()
        await future

    async def next_day(self) -> None:
        """Return when all are ready for the next chapter, and it has begun."""
        future = asyncio.get_running_loop().create_future()
        self._for_day.append(future)
        self._changed.set()
        await future

    def leave(self) -> None:
        """End a story."""
        self.living -= 1
        self._changed.set()

    async def keep(self) -> None:
        """Kill and move the day as they wish, until all have left."""
        while self.living:
            waiting = len(self._for_kill) + len(self._for_day)
            enough = len(self._for_kill) * WAITING_SHARE >= self.living and not self.patient
            if self._for_kill and (enough or waiting == self.living):
                await self._kill()
            elif self._for_day and len(self._for_day) == self.living:
                await self._move()
            await self._look()

    async def _look(self) -> None:
        """Wait for a change; in the meantime start whoever was killed from inside."""
        self._changed.clear()
        try:
            async with asyncio.timeout(0.1):
                await self._changed.wait()
        except TimeoutError:
            pass
        if self.town.died_inside():
            await self.town.revive()

    async def _kill(self) -> None:
        met, self._for_kill = self._for_kill, []
        whom = {who.split()[0] for who, _ in met}
        both = "both" in whom or len(whom) > 1
        self.town.kill("both" if both else whom.pop())
        for who, future in met:
            if who.endswith("away"):
                future.set_result(None)
        if any(future.done() for _, future in met):
            await asyncio.sleep(AWAY_S)
        await self.town.revive(inside=self._chance.random() < 0.5)
        for _, future in met:
            if not future.done():
                future.set_result(None)

    async def _move(self) -> None:
        met, self._for_day = self._for_day, []
        self.chapter += 1
        assert self.chapter < CHAPTERS
        killed = self._chance.choice(("", "", "courier"))
        if killed:
            self.town.kill(killed)
        await self.town.pull("/clock", advance_s=SHORT_S)
        on = self.town.after(self.chapter)
        moving = asyncio.create_task(self.town.move(on, partner_first=self._chance.random() < 0.5))
        while not moving.done():
            if self.town.died_inside():
                await self.town.revive()
            await asyncio.wait([moving], timeout=0.1)
        await moving
        await self.town.revive()
        for future in met:
            future.set_result(None)


class Watch:
    """Looks now and then which orders are open, for everybody."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._begun = 0.0
        self._open: set[int] = set()

    async def keep(self) -> None:
        """Look until cancelled."""
        while True:
            begun = time.monotonic()
            try:
                self._open = await self._town.open_orders()
                self._begun = begun
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.3)

    async def over(self, order: int, seconds: float) -> bool:
        """Return when an order is finished, or after so many seconds; say whether it is."""
        begun = time.monotonic()
        while time.monotonic() < begun + seconds:
            if self._begun > begun and order not in self._open:
                return True
            await asyncio.sleep(LOOK_S)
        return False


@dataclasses.dataclass
class Story:
    """A story under way, and what came of it.

    Attributes:
        line: The line, 0 if it has none.
        orders: What the service said that it had booked.
        ended: Whether orders were seen to be finished.
        said: What happened, in words.
        wrong: What should not have happened.
    """

    person: Person
    steps: list[Step]
    town: Town
    meeting: Meeting
    watch: Watch
    line: int = 0
    orders: list[int] = dataclasses.field(default_factory=list)
    purchases: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    said: list[str] = dataclasses.field(default_factory=list)
    wrong: str = ""
    order: int = 0
    kind: str = ""

    async def play(self) -> None:
        """Live it to the end."""
        self.phone = Phone(self.town, self.person)
        try:
            await self.phone.signs_in()
            self.line = await self.phone.applies()
            for place, step in enumerate(self.steps):
                if step.kill:
                    await self.meeting.killed(step.kill)
                came = await getattr(self, f"_{step.do}")(step, place)
                self.said.append(f"{step} -> {came}")
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            self.wrong = f"{type(error).__name__}: {error}"
        finally:
            await self.phone.http.aclose()
            self.meeting.leave()

    @property
    def number(self) -> str:
        """The number of the order at hand, at the sandbox."""
        return numbers.write(BOOK, self.order)

    def states(self, state: dict[str, object]) -> list[str]:
        """Return how the story's orders stand at the sandbox, the oldest first."""
        there: dict[str, str] = {}
        for table in ("orders", "refunds", "transfers"):
            rows = state[table]
            assert isinstance(rows, list)
            there |= {row["number"]: row.get("state", row.get("status")) for row in rows}
        return [there.get(numbers.write(BOOK, one), "") for one in self.orders]

    # --- Faults ---------------------------------------------------------------------------------

    async def _fault(self, fault: Fault, match: str) -> None:
        answer = await self.town.pull("/faults", fault=fault.name, on="next", match=match)
        assert answer.is_success, answer.text

    async def _before(self, step: Step) -> None:
        """Set what cannot be told by the order's number: it is not known before it is sent."""
        for fault in step.faults:
            if fault.name in SEND_FAULTS and fault.at == "send":
                await self._fault(fault, SEND[step.do])
            elif fault.name == "balance_not_enough" and step.do != "repay":
                await self._fault(fault, SHORT[step.do])
            elif step.do == "pay_back" and fault.name not in (*SEND_FAULTS, *ACT_FAULTS):
                await self._fault(fault, TOLD[step.do])

    async def _asked(self, step: Step, order: int) -> str:
        """Take note of an order, and set what can be told by its number."""
        self.order, self.kind = order, step.do
        if not order:
            return "refused"
        self.orders.append(order)
        for fault in step.faults:
            if fault.name in SEND_FAULTS and fault.at == "send":
                continue
            if step.do == "pay_back" and fault.name not in SEND_FAULTS:
                continue
            if step.do == "draw" and fault.name == "balance_not_enough":
                continue
            await self._fault(fault, self.number)
        return self.number

    # --- Steps ----------------------------------------------------------------------------------

    async def _draw(self, step: Step, _place: int) -> str:
        await self._before(step)
        return await self._asked(step, await self.phone.borrows(step.amount_minor, step.number))

    async def _repay(self, step: Step, _place: int) -> str:
        await self._before(step)
        return await self._asked(step, await self.phone.repays(step.how, step.amount_minor))

    async def _pay_back(self, step: Step, _place: int) -> str:
        await self._before(step)
        return await self._asked(step, await self.phone.has_paid_back())

    async def _answer(self, step: Step, _place: int) -> str:
        """Do what the person does with the order in the wallet."""
        if not self.order:
            return "nothing to answer"
        # While the service is away its page is not to be had, but the person has it open.
        link, seal = await self._open_page(step)
        if not link:
            return "no link"
        if self.kind == "draw":
            return await self._takes(step.how)
        if step.how.startswith("end"):
            ends = self.phone.gives_up(self.order, seal)
            pays = self._pays(link, "balance") if step.how.endswith("pay") else _nothing()
            _, told = await asyncio.gather(ends, pays)
            return f"ended; {told}"
        if step.how == "leave":
            return await self._act(do="refuse", prepay_id=link)
        return await self._pays(link, step.how)

    async def _open_page(self, step: Step) -> tuple[str, str]:
        """Return what the page of the order at hand leads to; "" if it leads nowhere."""
        row = await self._there() if step.kill.endswith("away") else {}
        if shown := row.get("package_info") or row.get("prepay_id"):
            return str(shown), ""
        begun = time.monotonic()
        while time.monotonic() < begun + WAIT_S:
            found = await self.phone.link(self.order, time.monotonic() + LINK_S)
            if found is not None or not self.meeting.patient:
                return found or ("", "")
            if await self._lacks_money():
                await self.town.pull("/clock", advance_s=SHORT_S)
        return "", ""

    async def _there(self) -> dict[str, object]:
        """Return what the sandbox has under our number."""
        state = await self.town.state()
        for table in ("orders", "refunds", "transfers"):
            rows = state[table]
            assert isinstance(rows, list)
            for row in rows:
                if row["number"] == self.number:
                    return dict(row)
        return {}

    async def _lacks_money(self) -> bool:
        """Say whether the order at hand waits for money of the merchant's."""
        row = await self._there()
        return "PROCESSING" in {row.get("state"), row.get("status")}

    async def _takes(self, how: str) -> str:
        if how == "leave":
            return "left alone"
        return await self._act(do=how, out_bill_no=self.number)

    async def _pays(self, prepay_id: str, source: str) -> str:
        """Pay; if there is too little there, from the other place; if refused, once more."""
        account = {"balance": "balance", "card": CARD}
        told = []
        for place in (source, "card" if source == "balance" else "balance"):
            said = await self._act(do="pay", prepay_id=prepay_id, source=account[place])
            told.append(said)
            if said not in {"NOT_ENOUGH", "NOTPAY"}:
                break
        return ", ".join(told)

    async def _act(self, **body: str) -> str:
        answer = await self.town.pull("/act", **body, openid=self.person.openid)
        told = answer.json()
        return str(told.get("trade_state") or told.get("state") or told.get("code"))

    async def _over(self, _step: Step, _place: int) -> str:
        if not self.order:
            return "nothing open"
        begun = time.monotonic()
        while time.monotonic() < begun + WAIT_S:
            if await self.watch.over(self.order, OVER_S):
                return "over"
            if not self.meeting.patient or await self._lacks_money():
                break
        return "still open"

    async def _shop(self, step: Step, _place: int) -> str:
        purchase = await self.phone.pays_shop(step.number, step.amount_minor)
        if purchase:
            self.purchases.append((purchase, step.amount_minor))
        return str(purchase or "refused")

    async def _take_back(self, step: Step, place: int) -> str:
        if not self.purchases:
            return "nothing bought"
        purchase, amount = self.purchases[-1]
        amount = min(step.amount_minor or amount, amount)
        key = f"back-{self.person.seed}-{place}"
        done = await self.phone.returns(self.line, purchase, amount, key)
        return "done" if done else "refused"

    async def _convert(self, step: Step, _place: int) -> str:
        return str(await self.phone.converts(step.number) or "refused")

    async def _chapter(self, _step: Step, _place: int) -> str:
        self.order = 0
        await self.meeting.next_day()
        return self.town.on.isoformat()


async def _nothing() -> str:
    return "not paid"


@dataclasses.dataclass
class Told:
    """What a run came to: the stories, and what is left to compare."""

    town: Town
    stories: list[Story]
    state: dict[str, object]
    unfinished: str
    words: str


async def tell(
    directory: Path,
    dsn: str,
    tales: dict[int, list[Step]],
    seed: int,
    *,
    patient: bool = False,
) -> Told:
    """Play stories, by the seeds of their people, and return when nothing moves any more.

    Args:
        directory: For what the programs keep.
        dsn: Of an empty database with our schema.
        tales: What the borrowers do.
        seed: Of what they share: kills, clocks.
        patient: Whether they wait for one another before each kill, and for each answer.
    """
    people = {one: person_of(one) for one in tales}
    town = Town(directory, dsn, list(people.values()), seed)
    await town.open()
    try:
        stories = []
        seeds = list(tales)
        for first in range(0, len(seeds), WAVE_MAX):
            wave = {people[one]: tales[one] for one in seeds[first : first + WAVE_MAX]}
            stories += await _wave(town, wave, seed + first, patient=patient)
        unfinished = await _rest(town)
        return Told(town, stories, await town.state(), unfinished, town.last_words("service"))
    finally:
        await town.close()


async def _wave(
    town: Town, tales: dict[Person, list[Step]], seed: int, *, patient: bool
) -> list[Story]:
    meeting = Meeting(town, len(tales), seed, patient=patient)
    watch = Watch(town)
    stories = [Story(who, steps, town, meeting, watch) for who, steps in tales.items()]
    watching = asyncio.create_task(watch.keep())
    playing = [asyncio.create_task(story.play()) for story in stories]
    try:
        await meeting.keep()
        await asyncio.gather(*playing)
    finally:
        for task in (*playing, watching):
            task.cancel()
        await asyncio.gather(*playing, watching, return_exceptions=True)
    return stories


async def _rest(town: Town) -> str:
    """Wait until nothing is in flight; return what still is, "" if nothing."""
    await town.no_faults()
    # A night, after which what nobody confirmed or paid is cancelled; then a week, after which
    # the sandbox gives up a refund for which the merchant lacked money.
    for days in (1, 8, 0):
        last = time.monotonic() + (WAIT_S if not days else WAIT_S / 6)
        if days:
            for _ in range(days):
                await town.move(town.after(1), partner_first=days > 1)
        while time.monotonic() < last:
            await town.revive()
            moving = await _in_flight(town)
            if not moving:
                return ""
            await asyncio.sleep(0.2)
    return moving


async def _in_flight(town: Town) -> str:
    try:
        orders = await town.open_orders()
    except httpx.HTTPError as error:
        return repr(error)
    if orders:
        return f"orders {sorted(orders)}"
    state = await town.state()
    notices = state["notices"]
    assert isinstance(notices, list)
    waits = [one for one in notices if one["state"] == "waiting" and _is_waited_for(one)]
    return f"notices {[one['number'] for one in waits]}" if waits else ""


def _is_waited_for(notice: dict[str, object]) -> bool:
    """Say whether a notice may still be accepted: one that says another amount is not."""
    statuses = notice["statuses"]
    assert isinstance(statuses, list)
    return not statuses or statuses[-1] != httpx.codes.CONFLICT
