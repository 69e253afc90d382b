"""How long a post may stay empty: since when its window is open, and how much time the level leaves.

Pure; times are the site's own local times. What is done about an empty post is `flows/shift_watch`'s part.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from gateway.core.kinds import Level
from gateway.core.nouns import Campus, Post
from gateway.core.week import open_spans
from gateway.core.windows import WEEK_MIN, Window, is_open_at

AT_EXCEPTIONAL_MIN = 2
"""While the exceptional level is in force nobody waits longer than this for a guard at a gate."""


def open_since(windows: Iterable[Window] | None, local: datetime) -> datetime | None:
    """When the window that is open at `local` opened; a week ago for one that never closes, None if none is open."""
    windows = None if windows is None else tuple(windows)
    if not is_open_at(windows, local):
        return None
    minute = local.replace(second=0, microsecond=0)
    at = local.weekday() * 1440 + local.hour * 60 + local.minute
    spans = open_spans(windows)
    start = next(start for start, end in spans if start <= at < end)
    if start == 0 and spans[-1][1] == WEEK_MIN:  # it began on Sunday
        start = spans[-1][0] - WEEK_MIN if len(spans) > 1 else at - WEEK_MIN
    return minute - timedelta(minutes=at - start)


def within(minutes: int, level: Level) -> timedelta:
    """How long a post may be empty: half of it at the enhanced level, two minutes at the exceptional one."""
    if level is Level.L1:
        return timedelta(minutes=min(minutes, AT_EXCEPTIONAL_MIN))
    return timedelta(minutes=minutes if level is Level.L3 else max(1, minutes // 2))


def portals_of(campus: Campus, gate: str) -> frozenset[str]:
    """The portals that are guarded together as this gate."""
    return frozenset(portal.id for portal in campus.portals.values() if portal.gate == gate)


def posts_of(campus: Campus, gate: str) -> tuple[Post, ...]:
    """The posts that a guard of this gate mans."""
    portals = portals_of(campus, gate)
    return tuple(post for post in campus.posts if not portals.isdisjoint(post.portals))


def gate_of(campus: Campus, post: Post) -> str | None:
    """The gate at which a post stands; None for one that is at no gate."""
    return next((portal.gate for portal in campus.portals.values() if portal.id in post.portals and portal.gate), None)
