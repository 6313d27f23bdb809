"""The terms of a product, as far as the scalar model needs them."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Terms:
    """One product.  Names and units are those of the engine's own terms; see terms.md 9."""

    name: str
    due_after_days: int
    purchase_rate_ppm: int
    draw_rate_ppm: int
    late_rate_ppm: int
    minimum_ppm: int
    minimum_floor_minor: int
    full_if_under_minor: int
    over_limit_in_minimum: bool
    hold_days: int
    plans: dict[int, int]  # instalments -> total fee, ppm of the principal
    write_off_days_min: int
    write_off_on_statement_day: bool
    allocation_current: tuple[str, ...]
    allocation_written_off: tuple[str, ...]
    allocation_way: str  # "down": component by component | "across": loan by loan

    @classmethod
    def of(cls, product: object) -> "Terms":
        """Take the fields by name from anything that has them."""
        names = [field.name for field in dataclasses.fields(cls)]
        return cls(**{name: getattr(product, name) for name in names})


PAY_LATER = Terms(
    name="pay-later",
    due_after_days=9,  # cut on the 1st, due on the 10th
    purchase_rate_ppm=500,
    draw_rate_ppm=450,
    late_rate_ppm=650,
    minimum_ppm=100_000,
    minimum_floor_minor=1_000,
    full_if_under_minor=1_000,
    over_limit_in_minimum=True,
    hold_days=7,
    plans={3: 25_000, 6: 45_000, 9: 65_000, 12: 88_000},
    write_off_days_min=180,
    write_off_on_statement_day=False,
    allocation_current=("penalty", "fee", "interest", "principal"),
    allocation_written_off=("principal", "penalty", "fee", "interest"),
    allocation_way="down",
)

CARD_TW_2005 = dataclasses.replace(
    PAY_LATER,
    name="card-tw-2005",
    minimum_ppm=20_000,
    over_limit_in_minimum=False,
    write_off_days_min=121,  # "over 120 days"
    write_off_on_statement_day=True,
)

PRODUCTS = {terms.name: terms for terms in (PAY_LATER, CARD_TW_2005)}
