"""How often somebody may try: the throttle by itself, with time as an argument."""

import random

from hypothesis import given
from hypothesis import strategies as st

from gateway.flows.throttle import MOST_KEYS, Throttle


def tries_within(throttle: Throttle, seconds: float, step: float = 0.25) -> int:
    """How many tries somebody gets who tries whenever it is allowed."""
    count, now = 0, 0.0
    while now < seconds:
        if throttle.wait_s("key", now) == 0:
            throttle.begin("key", now)
            count += 1
        now += step
    return count


def test_after_the_free_tries_the_wait_doubles_up_to_its_longest() -> None:
    throttle = Throttle(free=3, longest_s=60, forget_s=900)
    now, waits = 0.0, []

    for _ in range(12):
        waits.append(throttle.wait_s("key", now))
        now += waits[-1]
        throttle.begin("key", now)

    assert waits == [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_day_of_guessing_gets_a_few_hundred_tries() -> None:
    assert tries_within(Throttle(free=5, longest_s=300, forget_s=900), 24 * 3600, step=1.0) < 310


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 30)), max_size=60))
def test_one_key_never_makes_another_wait(tries: list[tuple[str, float]]) -> None:
    throttle = Throttle(free=3, longest_s=60, forget_s=900)
    now = 0.0
    for key, pause in tries:
        now += pause
        throttle.begin(key, now)

    assert throttle.wait_s("somebody else", now) == 0


def test_quiet_or_success_starts_afresh() -> None:
    throttle = Throttle(free=1, longest_s=60, forget_s=100)
    for key in ("quiet", "right"):
        for _ in range(5):
            throttle.begin(key, 0)

    throttle.forgive("right")

    assert throttle.wait_s("right", 0) == 0
    assert throttle.wait_s("quiet", 0) > 0 and throttle.wait_s("quiet", 100) == 0


def test_memory_is_bounded(rng: random.Random) -> None:
    throttle = Throttle(free=1, longest_s=60, forget_s=900)

    for n in range(MOST_KEYS + 500):
        throttle.begin(f"{n}-{rng.random()}", 0)

    assert len(throttle._tries) == MOST_KEYS
