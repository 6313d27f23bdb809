"""What is going on in the sandbox, and what shall go wrong next: a page for testers."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final

from starlette.responses import Response

from jiehuan.channels.sandbox.clock import CHINA
from jiehuan.channels.sandbox.errors import WireError
from jiehuan.channels.sandbox.faults import ACT_FAULTS, ANSWER_FAULTS, NOTICE_FAULTS
from jiehuan.channels.sandbox.looks import Look, shown, sources, world_of
from jiehuan.channels.sandbox.page_words import refusal_words, words
from jiehuan.channels.sandbox.world import World

SHOWN_MAX: Final = 50  # of each list, newest first
SPEEDS: Final = (1, 10, 100, 1_000)
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "fault_group_notify": NOTICE_FAULTS,
    "fault_group_answer": ANSWER_FAULTS,
    "fault_group_act": ACT_FAULTS,
}
ON: Final[Mapping[str, str]] = {
    "next": "fault_next",
    "1": "fault_always",
    "0.5": "fault_half",
    "0.1": "fault_tenth",
}


@shown
async def control(look: Look) -> Response:
    """Show everything there is, or do what a form says."""
    world = world_of(look.request)
    message, status = "", 200
    if look.request.method == "POST":
        try:
            _do(world, look.said, look.language)
        except WireError as error:
            status = error.status
            message = refusal_words(error.code, error.message, look.language)
        else:
            return look.again("/control")
    world.tick()
    part = look.said.get("part") == "live"
    return look.page(
        "control_live.html" if part else "control.html",
        status,
        message=message,
        world=world,
        now=world.clock.now(),
        real=world.clock.real(),
        balances=world.balances(),
        people=[
            (each, sources(world, each, look.language)) for each in world.people.persons.values()
        ],
        faults=world.faults.list(),
        lists={
            "orders": world.orders()[: -SHOWN_MAX - 1 : -1],
            "refunds": world.refunds()[: -SHOWN_MAX - 1 : -1],
            "transfers": world.transfers()[: -SHOWN_MAX - 1 : -1],
            "notices": world.notices()[: -SHOWN_MAX - 1 : -1],
        },
        shown_max=SHOWN_MAX,
        groups=GROUPS,
        on=ON,
        on_words={float(on) if on != "next" else on: name for on, name in ON.items()},
        speeds=SPEEDS,
        said=vars(words(look.language)),
        stamp=dt.datetime.fromtimestamp(world.clock.now(), CHINA).strftime("%Y-%m-%dT%H:%M"),
    )


def _do(world: World, said: Mapping[str, str], speech: str) -> None:
    """Do what a form of the page says."""
    try:
        _ACTS[said["do"]](world, said)
    except (ValueError, KeyError, OverflowError) as error:
        raise WireError(400, "PARAM_ERROR", words(speech).odd_form) from error


def _advance(world: World, said: Mapping[str, str]) -> None:
    world.advance(int(said["advance_s"]))


def _set_clock(world: World, said: Mapping[str, str]) -> None:
    wanted = dt.datetime.fromisoformat(said["now"])
    world.set_clock(int(wanted.replace(tzinfo=CHINA).timestamp()))


def _speed(world: World, said: Mapping[str, str]) -> None:
    world.set_speed(float(said["speed"]))


def _set_fault(world: World, said: Mapping[str, str]) -> None:
    on = said["on"]
    world.faults.set(
        {
            "fault": said["fault"],
            "on": on if on == "next" else float(on),
            "match": said.get("match", "").strip(),
        }
    )


def _clear_fault(world: World, said: Mapping[str, str]) -> None:
    world.faults.clear(said["id"] or None)


_ACTS: Final[Mapping[str, Callable[[World, Mapping[str, str]], None]]] = {
    "advance": _advance,
    "set_clock": _set_clock,
    "speed": _speed,
    "set_fault": _set_fault,
    "clear_fault": _clear_fault,
}
