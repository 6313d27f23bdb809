"""When the courier asks again."""

from hypothesis import given
from hypothesis import strategies as st

from jiehuan.channels import numbers, waits

TIMES = st.integers(0, 10_000)
IDS = st.integers(1, numbers.ID_MAX)


@given(IDS, TIMES, st.floats(1.0, 3_600.0))
def test_a_wait_is_between_half_and_all_of_what_doubling_gives(instruction, times, most_s):
    longest_s = min(most_s, 2.0 ** min(times, 30))

    wait_s = waits.back_off_s(numbers.write(2, instruction), times, most_s)

    assert longest_s / 2 <= wait_s <= longest_s


@given(IDS, TIMES)
def test_the_same_number_waits_the_same_again(instruction, times):
    number = numbers.write(2, instruction)

    assert waits.back_off_s(number, times, 60.0) == waits.back_off_s(number, times, 60.0)


def test_a_thousand_that_went_wrong_at_once_do_not_come_back_at_once():
    came = [waits.back_off_s(numbers.write(2, one), 6, 600.0) for one in range(1, 1_001)]

    tenths = [sum(32 + part <= wait / 1.0 < 35.2 + part for wait in came) for part in (0, 12, 28)]
    assert all(60 < count < 140 for count in tenths)


def test_we_end_a_transfer_before_the_partner_does_and_an_order_while_it_can_be_paid():
    assert waits.CONFIRM_AFTER.total_seconds() < 24 * 3_600
    assert waits.PAY_AFTER.total_seconds() < 2 * 3_600
