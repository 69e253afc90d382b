"""PINs: what may be one, and when a card is locked; the count is checked against the rule as it is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from gateway.core import pins
from gateway.core.pins import Tries

START = datetime(2026, 11, 23, tzinfo=UTC)
DEVICES = ("a", "b", "c", "d")


@pytest.mark.parametrize("pin", ["", "123", "123456789", "12a4", "１２３４", "12 34", "-123"])
def test_what_is_no_pin(pin: str) -> None:
    assert not pins.is_one(pin)


@pytest.mark.parametrize("pin", ["4071", "90210533"])
def test_what_is_one(pin: str) -> None:
    assert pins.is_one(pin) and not pins.is_too_simple(pin)


@pytest.mark.parametrize("pin", ["0000", "777777", "1234", "3456789", "9876"])
def test_the_first_that_anybody_tries_are_too_simple(pin: str) -> None:
    assert pins.is_too_simple(pin)


@pytest.mark.parametrize(
    ("pin", "duress"), [("4071", "4071"), ("4071", "4072"), ("4071", "4017"), ("4071", "40714"), ("40714", "4071")]
)
def test_a_slip_of_the_finger_does_not_call_for_help(pin: str, duress: str) -> None:
    assert pins.are_too_alike(pin, duress) and pins.are_too_alike(duress, pin)


@pytest.mark.parametrize("duress", ["4193", "1740", "40719", "407155"])
def test_two_pins_that_differ_enough(duress: str) -> None:
    assert pins.are_too_alike("4071", duress) == (duress == "40719")


def test_the_same_pin_of_two_people_has_two_digests_and_no_digest_without_the_key() -> None:
    key, other = pins.key_from(b"k" * 32), pins.key_from(b"o" * 32)

    digests = {pins.digest_of(k, holder, "4071") for k in (key, other) for holder in ("h1", "h2")}

    assert len(digests) == 4 and all(len(digest) == 64 for digest in digests)


def as_written(told: list[tuple[str, str, int]], device: str, now: int) -> bool:
    """Locked at `device`? Read from the rule: five wrong ones since the last right one there lock the card there for
    twelve hours; three such devices lock it everywhere."""
    locks: dict[str, int] = {}
    wrong: dict[str, list[int]] = {name: [] for name in DEVICES}
    for what, where, at in told:
        if where in locks and at - locks[where] < 720:
            if what == "right":
                wrong[where] = []
            continue
        if what == "right":
            wrong[where] = []
            continue
        wrong[where] = [then for then in wrong[where] if at - then < 720] + [at]
        if len(wrong[where]) == 5:
            locks[where] = at
            wrong[where] = []
    here = {name for name, since in locks.items() if now - since < 720}
    return device in here or len(here) >= 3


class ForgetsLocksOnTheRightPin(Tries):
    """Broken: who knows the PIN of one card may go on guessing after the fifth wrong one."""

    def right(self, card: str, device: str) -> None:
        self.forget([card])


class FourDevices(Tries):
    """Broken: a card that is locked at three devices can still be tried at a fourth."""

    def is_locked(self, card: str, device: str, at: datetime) -> bool:
        return self._is_locked_at(card, device, at)


told_of = st.lists(
    st.tuples(st.sampled_from(["wrong"] * 9 + ["right"]), st.sampled_from(DEVICES), st.integers(0, 90)), max_size=60
)


def agrees(tries: Tries, steps: list[tuple[str, str, int]]) -> bool:
    told: list[tuple[str, str, int]] = []
    now = 0
    for what, where, minutes in steps:
        now += minutes
        at = START + timedelta(minutes=now)
        told.append((what, where, now))
        if what == "wrong":
            tries.wrong("card", where, at)
        else:
            tries.right("card", where)
        if any(tries.is_locked("card", name, at) != as_written(told, name, now) for name in DEVICES):
            return False
    return True


@seed(3)
@settings(max_examples=400, deadline=None)
@given(told_of)
def test_the_count_is_the_rule_as_it_is_written(steps: list[tuple[str, str, int]]) -> None:
    assert agrees(Tries(), steps)


@pytest.mark.parametrize("broken", [ForgetsLocksOnTheRightPin, FourDevices])
def test_a_broken_count_is_found_out(broken: type[Tries]) -> None:
    steps = [("wrong", name, 0) for name in DEVICES[:3] for _ in range(5)] + [("right", "a", 0)]

    assert agrees(Tries(), steps) and not agrees(broken(), steps)


def test_one_card_locks_no_other() -> None:
    tries = Tries()
    for _ in range(9):
        tries.wrong("mine", "a", START)

    assert tries.is_locked("mine", "a", START) and not tries.is_locked("yours", "a", START)
    tries.forget(["mine"])
    assert not tries.is_locked("mine", "a", START)
