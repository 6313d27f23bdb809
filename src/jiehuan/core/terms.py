"""What does a product's terms decide, and for which of millions of lines?

``parse`` reads the text of terms into ``Product``s, every rule checked; ``TermsTable`` holds
the versions in use as columns, so that a kernel looks a rule up with ``table.late_rate_ppm[
terms]``.  A number of terms is the row of its version in the table.

The text of a version is written by us, in full and with every default (``Product.text``),
so neither a comment nor a later default changes what a version says, nor its hash.
"""

import dataclasses
import difflib
import hashlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, get_type_hints

import numpy as np
from numpy.typing import NDArray

from jiehuan.core import days, price
from jiehuan.core.columns import MICRO, Codes, Days, Flags, Ids, Int64s
from jiehuan.core.errors import UsageError
from jiehuan.core.terms_fields import FIELDS, WRITE_OFF_STATEMENT_DAY
from jiehuan.core.terms_forms import (
    BUCKETS,
    FORMS,
    INSTALMENTS_MAX,
    RANKS,
    REQUIRED,
    Field,
    percent_text,
    show,
)

NOT_OFFERED: Final = -1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One version of a product's terms.

    Money is in minor units, rates in ppm a day, shares in ppm.  What each attribute decides
    is told by the field of the same name in ``terms_fields``.
    """

    name: str
    number: int
    version: int
    from_on: int
    currency: str
    limit_minor_min: int
    limit_minor_max: int
    hold_days: int
    purchase_rate_ppm: int
    draw_rate_ppm: int
    late_rate_ppm: int
    late_cap_ppm: int
    yearly_cap_ppm: int
    cycle_day: int
    due_after_days: int
    minimum_ppm: int
    minimum_floor_minor: int
    full_if_under_minor: int
    over_limit_in_minimum: bool
    plans: Mapping[int, int]  # instalments: whole fee in ppm
    allocation_current: tuple[str, ...]  # of RANKS, first paid first
    allocation_way: str  # "down" or "across"
    allocation_written_off: tuple[str, ...]
    provision_ppm: tuple[int, ...]  # M0 .. M6
    undrawn_provision_ppm: int
    write_off_days_min: int
    write_off_on: str

    @property
    def write_off_on_statement_day(self) -> bool:
        """Say whether a line is written off only on a statement day."""
        return self.write_off_on == WRITE_OFF_STATEMENT_DAY

    @property
    def text(self) -> str:
        """The version in full, with every default; ``parse`` reads it back."""
        lines = ["[[product]]"]
        for field in FIELDS.values():
            value = getattr(self, field.attribute) if field.attribute else field.default
            lines.append(f"{field.name} = {FORMS[field.form].write(value)}")
        return "\n".join(lines) + "\n"

    @property
    def sha256(self) -> str:
        """The hash of ``text``, 64 hexadecimal digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()


assert {field.attribute for field in FIELDS.values() if field.attribute} == {
    field.name for field in dataclasses.fields(Product)
}


def parse(text: str | bytes) -> tuple[Product, ...]:
    """Read terms: one ``[[product]]`` table for each version of each product.

    Args:
        text: TOML, in UTF-8 if it is bytes.

    Returns:
        The versions in the order of the text.

    Raises:
        UsageError: It is not TOML, or products, fields or values are wrong: all of them are
            told at once, a line each, with product, field, value and range.
    """
    try:
        document = tomllib.loads(text.decode() if isinstance(text, bytes) else text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the terms are not TOML: {error}") from None
    tables = document.pop("product", [])
    are_tables = isinstance(tables, list) and all(isinstance(table, dict) for table in tables)
    if document or not tables or not are_tables:
        raise UsageError("terms are a list of [[product]] tables, and nothing else")

    products, faults = [], []
    for place, table in enumerate(tables, start=1):
        values, wrong = _read(table)
        name = values.get("name", f"product {place}")
        if not wrong:
            products.append(Product(**values))
            wrong = list(_disagreements(products[-1]))
        faults += [f"{name}: {fault}" for fault in wrong]
    faults += _mixed_up(products)
    if faults:
        raise UsageError("\n".join(faults))
    return tuple(products)


def _read(table: Mapping[str, object]) -> tuple[dict[str, Any], list[str]]:
    """Return one product's values by attribute, and what is wrong with its fields."""
    values: dict[str, Any] = {}
    faults = [_unknown(name) for name in table if name not in FIELDS]
    for field in FIELDS.values():
        try:
            value = _value(field, table)
        except UsageError as error:
            faults.append(str(error))
        else:
            values[field.attribute] = value
    # What is fixed has no attribute.
    values.pop("", None)
    return values, faults


def _value(field: Field, table: Mapping[str, object]) -> object:
    """Return a field's value, as written or by default, or refuse it."""
    form = FORMS[field.form]
    if field.name in table:
        written = table[field.name]
        try:
            return form.read(field, written)
        except UsageError as error:
            raise UsageError(f"{field.name} = {show(written)} {error}") from None
    if field.default is REQUIRED:
        raise UsageError(f"{field.name} is missing; write it like {form.example}")
    return field.default


def _unknown(name: str) -> str:
    """Say that there is no such field, and which one may have been meant."""
    near = difflib.get_close_matches(name, FIELDS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "docs/terms.md lists all fields"
    return f"unknown field {name!r}; {hint}"


def _disagreements(product: Product) -> Iterator[str]:
    """Yield where a product's fields do not fit together."""
    if product.limit_minor_min > product.limit_minor_max:
        yield "limit_min is above limit_max"

    cap = f"the yearly_cap of {percent_text(product.yearly_cap_ppm)}"
    for name in ("purchase_rate", "draw_rate", "late_rate"):
        a_year = price.of_daily_ppm(getattr(product, f"{name}_ppm"))
        if a_year > product.yearly_cap_ppm:
            yield f"{name} costs {percent_text(a_year)} a year, above {cap}"
    for count, fee_ppm in product.plans.items():
        a_year = price.cn_ppm(count * MICRO, [MICRO + fee_ppm] * count)
        if a_year > product.yearly_cap_ppm:
            yield f"plans: {count} instalments cost {percent_text(a_year)} a year, above {cap}"

    # A rate of 0 says that there is nothing of the kind, or that it is free: no measure.
    ordinary_ppm = [ppm for ppm in (product.purchase_rate_ppm, product.draw_rate_ppm) if ppm]
    if any(product.late_rate_ppm * MICRO > ppm * product.late_cap_ppm for ppm in ordinary_ppm):
        yield (
            f"late_rate is above {percent_text(product.late_cap_ppm)} of the lower ordinary rate; "
            f"see late_cap"
        )


def _mixed_up(products: Sequence[Product]) -> list[str]:
    """Return where versions contradict one another."""
    faults = []
    latest: dict[str, Product] = {}
    owners: dict[int, str] = {}
    for product in products:
        name, before = product.name, latest.get(product.name)
        if owners.setdefault(product.number, name) != name:
            faults.append(f"{name}: number {product.number} is that of {owners[product.number]}")
        if before is not None:
            if (product.number, product.currency) != (before.number, before.currency):
                faults.append(f"{name}: number and currency stay the same in every version")
            if product.version <= before.version or product.from_on <= before.from_on:
                faults.append(
                    f"{name}: version {product.version} from {days.to_text(product.from_on)} "
                    f"does not come after version {before.version} "
                    f"from {days.to_text(before.from_on)}"
                )
        latest[name] = product
    return faults


class TermsTable:
    """The versions in use, as columns: ``table.hold_days[terms]``.

    Columns have shape (number of versions,) and the names of ``Product``'s attributes; the
    terms of a line or command is a row number.

    Attributes:
        products: The versions, by row.
        allocation_across: Whether ``allocation_way`` is "across".
        allocation_current: Indexes into ``RANKS``, first paid first, shape (versions, 4).
        allocation_written_off: The same, after write-off.
        provision_ppm: Shape (versions, 7), a column a bucket.
    """

    number: Codes
    version: Ids
    from_on: Days
    limit_minor_min: Int64s
    limit_minor_max: Int64s
    hold_days: Days
    purchase_rate_ppm: Int64s
    draw_rate_ppm: Int64s
    late_rate_ppm: Int64s
    cycle_day: Codes
    due_after_days: Days
    minimum_ppm: Int64s
    minimum_floor_minor: Int64s
    full_if_under_minor: Int64s
    over_limit_in_minimum: Flags
    provision_ppm: Int64s
    undrawn_provision_ppm: Int64s
    write_off_days_min: Days
    write_off_on_statement_day: Flags

    def __init__(self, products: Sequence[Product]) -> None:
        """Lay the versions out, the first in row 0.

        Raises:
            UsageError: Versions contradict one another, such as one number for two names.
        """
        faults = _mixed_up(products)
        if faults:
            raise UsageError("\n".join(faults))
        self.products = tuple(products)
        for name, dtype in _COLUMN_TYPES.items():
            setattr(self, name, np.array([getattr(p, name) for p in products], dtype))
        self.provision_ppm = self.provision_ppm.reshape(-1, len(BUCKETS))
        self.allocation_across = np.array([p.allocation_way == "across" for p in products], bool)
        self.allocation_current = _ranks([p.allocation_current for p in products])
        self.allocation_written_off = _ranks([p.allocation_written_off for p in products])
        self._plan_fee_ppm = np.full((len(products), INSTALMENTS_MAX + 1), NOT_OFFERED, np.int64)
        for row, product in enumerate(products):
            for count, fee_ppm in product.plans.items():
                self._plan_fee_ppm[row, count] = fee_ppm

    def __len__(self) -> int:
        """Return the number of versions."""
        return len(self.products)

    def plan_fee_ppm(self, terms: Ids, count: Codes | Int64s) -> Int64s:
        """Return the whole fee of each plan, -1 where its terms do not offer it.

        Args:
            terms: Rows of this table, shape (n,).
            count: Instalments, any numbers, shape (n,).

        Returns:
            Parts per million of the principal, shape (n,).
        """
        known = (count >= 0) & (count <= INSTALMENTS_MAX)
        # Nobody offers a plan of 0 instalments, so its column answers for all others.
        return self._plan_fee_ppm[terms, np.where(known, count, 0)]

    def in_force(self, name: str, on: int) -> int:
        """Return the row of the version under which a line is opened on a day.

        Raises:
            UsageError: There is no such product, or none of its versions has begun.
        """
        rows = [row for row, product in enumerate(self.products) if product.name == name]
        if not rows:
            names = sorted({product.name for product in self.products})
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
            raise UsageError(f"no product is called {name!r}; {hint}")
        begun = [row for row in rows if self.products[row].from_on <= on]
        if not begun:
            first = days.to_text(self.products[rows[0]].from_on)
            raise UsageError(f"{name} is offered from {first}, not yet on {days.to_text(on)}")
        return begun[-1]


_COLUMN_TYPES: Final[dict[str, np.dtype[Any]]] = {
    name: hint.__args__[1].__args__[0] for name, hint in get_type_hints(TermsTable).items()
}


def _ranks(orders: Sequence[tuple[str, ...]]) -> NDArray[np.int16]:
    """Return orders of allocation as indexes into ``RANKS``, shape (orders, 4)."""
    codes = [[RANKS.index(rank) for rank in order] for order in orders]
    return np.array(codes, np.int16).reshape(-1, len(RANKS))
