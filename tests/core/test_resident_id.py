"""The number of a resident identity card."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from gateway.core.resident_id import Fault, check_digit, fault_of

TODAY = date(2026, 11, 21)
EXAMPLE = "11010519491231002X"
"""From GB 11643 itself."""


def made(born: date, place: str = "110105", order: str = "002") -> str:
    digits = f"{place}{born:%Y%m%d}{order}"
    return digits + check_digit(digits)


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (EXAMPLE, None),
        ("110105194912310021", Fault.CHECK_DIGIT),
        ("11010519491231002", Fault.LENGTH),
        ("1101051949123100211", Fault.LENGTH),
        ("110105194913310029", Fault.BIRTH_DATE),
        ("110105202602300020", Fault.BIRTH_DATE),
        ("110105184912310026", Fault.BIRTH_DATE),
        ("11010519491231002x", Fault.CHARACTERS),
        ("1101051949123100²X", Fault.CHARACTERS),
        ("", Fault.CHARACTERS),
        ("X", Fault.CHARACTERS),
    ],
)
def test_the_first_thing_that_is_wrong_is_named(number: str, fault: Fault | None) -> None:
    assert fault_of(number, TODAY) is fault


def test_whoever_is_born_today_has_a_number_and_who_is_born_tomorrow_has_none() -> None:
    assert fault_of(made(TODAY), TODAY) is None
    assert fault_of(made(TODAY + timedelta(days=1)), TODAY) is Fault.FUTURE


def test_a_district_that_no_table_has_sends_nobody_away() -> None:
    assert fault_of(made(date(1980, 5, 5), place="990000"), TODAY) is None


@given(st.text("0123456789", min_size=17, max_size=17))
def test_the_check_digit_is_that_of_the_standard(digits: str) -> None:
    assert check_digit(digits) == ric.calc_check_digit(digits + "0")


@given(st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_never_passes(place: int, by: int) -> None:
    wrong = EXAMPLE[:place] + str((int(EXAMPLE[place]) + by) % 10) + EXAMPLE[place + 1 :]

    assert fault_of(wrong, TODAY) is not None


@given(st.text(max_size=30))
def test_any_text_has_an_answer(text: str) -> None:
    assert fault_of(text, TODAY) in {None, *Fault}
