"""The number of a resident identity card (GB 11643): what can be wrong with it, without asking anybody.

Eighteen characters: six digits of a place, eight of the date of birth, three of an order, and a check character after
ISO 7064 MOD 11-2, which may be X. Promises: pure; what is refused here is no number of any card. The place is not
looked up: districts come and go, and whoever was registered in one that a table does not have is not sent away for it.
"""

from datetime import date
from enum import StrEnum

LENGTH = 18
FIRST_YEAR = 1900
"""Nobody with a card was born before."""
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"


class Fault(StrEnum):
    """Why it is no number of a card; the first that applies."""

    CHARACTERS = "characters"
    LENGTH = "length"
    BIRTH_DATE = "birth_date"
    FUTURE = "future"
    CHECK_DIGIT = "check_digit"


def check_digit(digits: str) -> str:
    """The eighteenth character for the seventeen before it."""
    return CHECK[sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True)) % 11]


def fault_of(number: str, today: date) -> Fault | None:
    """What is wrong with a number in its plain form (half-width, capital X, no spaces); None if nothing is."""
    digits, last = number[:-1], number[-1:]
    if not number.isascii() or not (digits.isdigit() and (last.isdigit() or last == "X")):
        return Fault.CHARACTERS
    if len(number) != LENGTH:
        return Fault.LENGTH
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return Fault.BIRTH_DATE
    if born.year < FIRST_YEAR:
        return Fault.BIRTH_DATE
    if born > today:
        return Fault.FUTURE
    return None if last == check_digit(digits) else Fault.CHECK_DIGIT
