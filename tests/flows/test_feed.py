"""The feed: whatever is cut and however slow a screen is, it has each event once, or is told to begin anew."""

import asyncio
import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from gateway.flows.feed import WATCHED_ON_S, Feed, Lagging, Subscription

KEPT = 6
"""A short row, so that screens fall off it."""


class Run:
    """Things happen, and one screen looks, is cut off and comes back. What happens counts up from one; flows make the
    event of it only while the feed is watched, as the real ones do."""

    def __init__(self, feed_of: type[Feed] = Feed) -> None:
        self.now = 0.0
        self.feed = feed_of("run", lambda: self.now, KEPT)
        self.happened = 0
        self.known = 0
        self.last = ""
        self.subscription: Subscription | None = None
        self.began_anew = 0
        self.other: Subscription | None = None

    def happen(self, many: int) -> None:
        for _ in range(many):
            self.happened += 1
            if self.feed.is_watched:
                self.feed.publish({"type": "count", "n": self.happened})

    def connect(self) -> None:
        if self.subscription is not None:
            return
        self.subscription = self.feed.resume(self.last) if self.last else None
        if self.subscription is None:
            self.subscription = self.feed.subscribe()
            self.known, self.last = self.happened, f"run-{self.subscription.seq}"
            self.began_anew += 1

    def read(self, most: int) -> None:
        if self.subscription is None:
            return
        try:
            told = self.subscription.take(most)
        except Lagging:
            self.last = ""  # it has to begin anew
            self.cut()
            return
        for one in told:
            assert one.event["n"] == self.known + 1, f"after {self.known} it heard {one.event['n']}"
            self.known, self.last = one.event["n"], f"run-{one.seq}"

    def cut(self) -> None:
        if self.subscription is not None:
            self.subscription.close()
            self.subscription = None

    def neighbour(self) -> None:
        """Another screen comes, or goes."""
        if self.other is None:
            self.other = self.feed.subscribe()
        else:
            self.other.close()
            self.other = None

    def wait(self, seconds: float) -> None:
        self.now += seconds


STEPS = st.one_of(
    st.tuples(st.just("happen"), st.integers(1, KEPT + 2)),
    st.tuples(st.just("read"), st.integers(1, KEPT)),
    st.tuples(st.just("cut")),
    st.tuples(st.just("connect")),
    st.tuples(st.just("neighbour")),
    st.tuples(st.just("wait"), st.sampled_from([1.0, WATCHED_ON_S + 1])),
)


def follow(steps: Iterable[tuple[Any, ...]], feed_of: type[Feed] = Feed) -> Run:
    """One screen goes through these steps, and in the end catches up."""
    run = Run(feed_of)
    for name, *values in steps:
        getattr(run, name)(*values)
    for _ in range(2):  # it may be told that it has to begin anew
        run.connect()
        run.read(run.feed.kept)
    assert run.known == run.happened
    return run


@seed(6001)
@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_whatever_cuts_a_screen_it_has_each_event_once(steps: list[tuple[Any, ...]]) -> None:
    follow(steps)


class GoesOnOverHoles(Feed):
    """Broken on purpose: while nobody listened nothing was kept, and it does not leave out a number for that."""

    def _let_go(self) -> None:
        self._left_at = None


def test_the_law_catches_a_feed_that_goes_on_over_what_nobody_was_told() -> None:
    steps = [("connect",), ("happen", 2), ("read", 2), ("cut",), ("wait", WATCHED_ON_S + 1), ("happen", 1)]
    steps.append(("neighbour",))

    assert follow(steps).began_anew == 2
    with pytest.raises(AssertionError):
        follow(steps, GoesOnOverHoles)


def test_a_lone_screen_that_was_cut_off_for_a_moment_goes_on_where_it_was() -> None:
    run = follow([("connect",), ("happen", 2), ("read", 2), ("cut",), ("wait", 5.0), ("happen", 3)])

    assert (run.known, run.began_anew) == (5, 1)


@pytest.mark.parametrize(
    "after", ["", "run", "run-", "run--1", "run-x", "run-٣", "run-99", "other-1", "run-" + "9" * 60]
)
def test_nobody_goes_on_after_an_event_that_never_was(after: str) -> None:
    feed = Feed("run")
    other = feed.subscribe()
    feed.publish({"type": "count"})

    assert feed.resume(after) is None
    other.close()


async def test_a_slow_listener_costs_the_others_nothing_and_is_told_what_it_lost() -> None:
    feed = Feed("run", kept=KEPT)
    slow, quick = feed.subscribe(), feed.subscribe()

    heard = []
    for number in range(KEPT + 4):
        feed.publish({"type": "count", "n": number})
        heard.append((await anext(quick))["n"])

    with pytest.raises(Lagging, match=re.escape(f"{KEPT + 4} events lost")):
        await anext(slow)
    assert heard == list(range(KEPT + 4)) and feed.lost == KEPT + 4


async def test_a_listener_that_waits_is_woken_and_the_number_of_what_it_heard_is_told() -> None:
    feed = Feed("run")
    listener = feed.subscribe()
    waiting = asyncio.ensure_future(anext(listener))
    await asyncio.sleep(0)

    feed.publish({"type": "count", "n": 1})

    assert await waiting == {"type": "count", "n": 1}
    assert (listener.seq, listener.behind) == (1, 0)
