"""How each kind of value is written in a product's terms.

A form reads what TOML gives into what the kernel uses (minor units, ppm, ordinals), writes
it back, and tells its range in words.  Money and percentages are text in quotes, because a
bare decimal in TOML is a binary fraction.
"""

import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from jiehuan.core import days, money
from jiehuan.core.columns import MICRO
from jiehuan.core.errors import UsageError

RANKS: Final = ("penalty", "fee", "interest", "principal")
BUCKETS: Final = ("M0", "M1", "M2", "M3", "M4", "M5", "M6")

# Kept in hundredths, as every amount in a book is.
CURRENCIES: Final = ("CNY", "TWD", "HKD", "SGD", "USD", "EUR", "GBP")

INSTALMENTS_MAX: Final = 60
PPM_PER_PERCENT: Final = MICRO // 100

_PERCENT_DIGITS = 4
_PERCENT = re.compile(r"(\d{1,4})(?:\.(\d{1,4}))? ?%", re.ASCII)
_RATE = re.compile(r"(.*%) a (day|month|year)", re.ASCII)
_COUNT = re.compile(r"[1-9][0-9]?")
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", re.ASCII)
_NAME_MAX = 40


T = TypeVar("T")


class _Required:
    """The default of a field that has none."""


REQUIRED: Final = _Required()


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """One thing that a product's terms decide.

    Attributes:
        name: As written in the file.
        form: Which of ``FORMS`` it is written in.
        meaning: What it decides, in one sentence or two.
        source: The section of the terms from which the rule comes.
        default: The value, as the kernel uses it, when the file says nothing.
        attribute: Its name in ``Product``; empty when only the default is honoured.
        low: The smallest value, in the kernel's unit.
        high: The largest.
        choices: The words that may be written; the first is the default of a fixed field.
    """

    name: str
    form: str
    meaning: str
    source: str
    default: Any = REQUIRED
    attribute: str = ""
    low: int = 0
    high: int = 0
    choices: tuple[Any, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """A way of writing a value.

    Attributes:
        read: From what TOML gives to what the kernel uses; raises ``UsageError``.
        write: Back, as TOML.
        tell: The range of a field, in words.
        example: A value, as TOML.
    """

    read: Callable[[Field, Any], Any]
    write: Callable[[Any], str]
    tell: Callable[[Field], str]
    example: str


def show(value: object) -> str:
    """Write a value as an error message shows it."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, dt.date) else repr(value)


def percent_text(ppm: int) -> str:
    """Write parts per million as a percentage: 25,000 is ``2.5 %``."""
    whole, rest = divmod(ppm, PPM_PER_PERCENT)
    return f"{whole}.{rest:0{_PERCENT_DIGITS}}".rstrip("0").rstrip(".") + " %"


def _quoted(text: str) -> str:
    """Write text as TOML.  No value of ours holds a quote or a backslash."""
    return f'"{text}"'


def _expect(of: type[T], field: Field, value: object) -> T:
    """Return the value if TOML gave this very type (true is no number, a time is no day)."""
    if isinstance(value, of) and type(value) is of:
        return value
    raise UsageError(f"is not written as it should be; write it like {FORMS[field.form].example}")


def _in_range(field: Field, value: int) -> int:
    """Return the value, or refuse it because it lies outside the field's range."""
    if not field.low <= value <= field.high:
        raise UsageError(f"is out of range; it runs {FORMS[field.form].tell(field)}")
    return value


def _span(write: Callable[[int], str]) -> Callable[[Field], str]:
    """Return the words for a range whose ends are written by ``write``."""
    return lambda field: f"from {write(field.low)} to {write(field.high)}"


def _read_number(field: Field, value: object) -> int:
    """Read a whole number."""
    return _in_range(field, _expect(int, field, value))


def _read_amount(field: Field, value: object) -> int:
    """Read an amount into minor units."""
    text = _expect(str, field, value)
    try:
        return _in_range(field, money.parse_amount(text))
    except UsageError:
        tell = FORMS["amount"].tell(field)
        raise UsageError(f'is not an amount {tell}; write it like "10.00"') from None


def _read_percent(field: Field, value: object) -> int:
    """Read a percentage into ppm."""
    match = _PERCENT.fullmatch(_expect(str, field, value))
    if match is None:
        raise UsageError('is not a percentage; write it with at most four decimals, like "2.5 %"')
    whole, rest = match.groups()
    ppm = int(whole) * PPM_PER_PERCENT + int((rest or "").ljust(_PERCENT_DIGITS, "0"))
    return _in_range(field, ppm)


def _read_rate(field: Field, value: object) -> int:
    """Read a daily rate into ppm a day."""
    match = _RATE.fullmatch(_expect(str, field, value))
    if match is None:
        raise UsageError('is not a rate; write it like "0.05 % a day"')
    if match[2] != "day":
        raise UsageError(f"is not honoured yet: a rate a {match[2]}; use a rate a day")
    return _read_percent(field, match[1])


def _rate_text(ppm: int) -> str:
    """Write a daily rate."""
    return f"{percent_text(ppm)} a day"


def _read_flag(field: Field, value: object) -> bool:
    """Read true or false."""
    return _expect(bool, field, value)


def _read_day(field: Field, value: object) -> int:
    """Read a day into its ordinal."""
    return _in_range(field, _expect(dt.date, field, value).toordinal())


def _read_name(field: Field, value: object) -> str:
    """Read a product's name."""
    name = _expect(str, field, value)
    if _NAME.fullmatch(name) is None or len(name) > _NAME_MAX:
        raise UsageError(f"is not a name; use {FORMS['name'].tell(field)}")
    return name


def _read_choice(field: Field, value: object) -> str:
    """Read one of the field's words."""
    word = _expect(str, field, value)
    if word not in field.choices:
        raise UsageError(f"is no choice; it is {_choices(field)}")
    return word


def _choices(field: Field) -> str:
    """Return the field's words as a list in words."""
    *most, last = (show(choice) for choice in field.choices)
    return f"{', '.join(most)} or {last}" if most else last


def _read_plans(field: Field, value: object) -> dict[int, int]:
    """Read instalments and total fees into {instalments: ppm}."""
    plans = {}
    for count, fee in _expect(dict, field, value).items():
        if _COUNT.fullmatch(count) is None or not 1 < int(count) <= INSTALMENTS_MAX:
            raise UsageError(
                f"offers {count} instalments; their number runs from 2 to {INSTALMENTS_MAX}"
            )
        plans[int(count)] = _read_percent(field, fee)
    return dict(sorted(plans.items()))


def _plans_text(plans: Mapping[int, int]) -> str:
    """Write the plans as one line of TOML."""
    if not plans:
        return "{}"
    offers = (f'{count} = "{percent_text(ppm)}"' for count, ppm in plans.items())
    return f"{{ {', '.join(offers)} }}"


def _read_buckets(field: Field, value: object) -> tuple[int, ...]:
    """Read one percentage for each bucket, none below the one before it."""
    shares = _expect(list, field, value)
    if len(shares) != len(BUCKETS):
        raise UsageError(f"has {len(shares)} values; it needs {len(BUCKETS)}, for M0 to M6")
    ppm = tuple(_read_percent(field, share) for share in shares)
    if list(ppm) != sorted(ppm):
        raise UsageError("falls from one bucket to the next; what is later is never safer")
    return ppm


def _buckets_text(ppm: tuple[int, ...]) -> str:
    """Write the buckets' percentages as TOML."""
    return f"[{', '.join(_quoted(percent_text(share)) for share in ppm)}]"


def _read_ranks(field: Field, value: object) -> tuple[str, ...]:
    """Read an order of allocation."""
    ranks = _expect(list, field, value)
    if sorted(map(str, ranks)) != sorted(RANKS):
        raise UsageError(f"must name each of {', '.join(RANKS)} once")
    return tuple(ranks)


def _ranks_text(ranks: tuple[str, ...]) -> str:
    """Write an order of allocation as TOML."""
    return f"[{', '.join(map(_quoted, ranks))}]"


def _read_fixed(field: Field, value: object) -> object:
    """Accept the default and nothing else."""
    if type(value) is not type(field.default) or value != field.default:
        raise UsageError(f"is not honoured yet; use {show(field.default)}")
    return value


def _fixed_text(value: object) -> str:
    """Write a fixed value as TOML."""
    if isinstance(value, list):
        return f"[{', '.join(map(_fixed_text, value))}]"
    return _quoted(value) if isinstance(value, str) else show(value)


def _tell_fixed(field: Field) -> str:
    """Tell the only value, and the known ones that are refused."""
    others = ", ".join(f"`{_fixed_text(choice)}`" for choice in field.choices)
    only = f"only `{_fixed_text(field.default)}`"
    return f"{only}; not honoured yet: {others}" if others else only


FORMS: Final[dict[str, Form]] = {
    "number": Form(_read_number, str, _span(str), "7"),
    "amount": Form(
        _read_amount,
        lambda minor: _quoted(money.format_amount(minor)),
        _span(money.format_amount),
        '"10.00"',
    ),
    "percent": Form(
        _read_percent, lambda ppm: _quoted(percent_text(ppm)), _span(percent_text), '"10 %"'
    ),
    "rate": Form(
        _read_rate, lambda ppm: _quoted(_rate_text(ppm)), _span(_rate_text), '"0.05 % a day"'
    ),
    "flag": Form(_read_flag, show, lambda _: "true or false", "true"),
    "day": Form(_read_day, days.to_text, _span(days.to_text), "2026-01-01"),
    "name": Form(
        _read_name,
        _quoted,
        lambda _: f"small letters, digits and hyphens, at most {_NAME_MAX}",
        '"pay-later"',
    ),
    "choice": Form(_read_choice, _quoted, _choices, '"one of its words"'),
    "plans": Form(
        _read_plans,
        _plans_text,
        lambda field: f"2 to {INSTALMENTS_MAX} instalments, each {_span(percent_text)(field)}",
        '{ 3 = "2.5 %", 6 = "4.5 %" }',
    ),
    "buckets": Form(
        _read_buckets,
        _buckets_text,
        lambda field: f"seven, never falling, each {_span(percent_text)(field)}",
        '["1 %", "3 %", "25 %", "50 %", "75 %", "100 %", "100 %"]',
    ),
    "ranks": Form(
        _read_ranks, _ranks_text, lambda _: "each rank once, in any order", _ranks_text(RANKS)
    ),
    "fixed": Form(_read_fixed, _fixed_text, _tell_fixed, '"none"'),
}
