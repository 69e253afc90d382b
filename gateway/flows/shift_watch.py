"""A post that nobody took over is noticed: minutes after its window opened, or after the last shift ended.

Promises: one alarm for a post, however long it stays empty; it is over when somebody signs for the post or its window
closes, and one that a person closed while the post is still empty comes again after half an hour. Nothing is raised
while the clock is suspect. Only posts that ask for it (`sign_on: true`) are looked at.
"""

from datetime import datetime, timedelta

from gateway.core.kinds import Level
from gateway.core.levels import effective_level
from gateway.core.nouns import Post
from gateway.core.papers import Side
from gateway.core.posts import open_since, within
from gateway.flows import alarms, gate_help, shifts
from gateway.flows.site import Site

AGAIN_AFTER = timedelta(minutes=30)


class ShiftWatch:
    """Looks each second; one for a gateway."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._empty_since: dict[str, datetime] = {}
        self._told_at: dict[str, datetime] = {}

    async def look(self) -> None:
        """Relief that nobody answered, and posts that nobody has."""
        await gate_help.look_for_unanswered(self._site)
        if self._site.trusted_until is not None:
            return
        for post in self._site.campus.posts:
            if post.sign_on_within_min is not None:
                await self._look_at(post, post.sign_on_within_min)

    async def _look_at(self, post: Post, minutes: int) -> None:
        site, now = self._site, self._site.clock.now()
        opened = open_since(post.windows, now.astimezone(site.campus.timezone))
        manned = is_manned(site, post)
        if manned:
            self._empty_since.pop(post.id, None)
        elif post.id not in self._empty_since:
            self._empty_since[post.id] = await self._ended_at(post) or now
        if manned or opened is None:
            self._told_at.pop(post.id, None)
            if (alarms.POST_UNMANNED, post.id) in site.alarms.by_cause:
                await alarms.clear_alarm(site, alarms.POST_UNMANNED, post.id)
            return
        since = max(opened.astimezone(now.tzinfo), self._empty_since[post.id])
        if now < since + within(minutes, level_at(site, post)) or self._is_told(post, now):
            return
        self._told_at[post.id] = now
        await alarms.raise_alarm(site, alarms.POST_UNMANNED, post.id)

    def _is_told(self, post: Post, now: datetime) -> bool:
        id = self._site.alarms.by_cause.get((alarms.POST_UNMANNED, post.id))
        if id is not None and self._site.alarms.by_id[id].state != "returned":
            return True
        told = self._told_at.get(post.id)
        return id is None and told is not None and now - told < AGAIN_AFTER

    async def _ended_at(self, post: Post) -> datetime | None:
        last = await shifts.last(self._site, post.id)
        return None if last is None else last.ended_at


def is_manned(site: Site, post: Post) -> bool:
    """True if somebody has signed for it, even while the other signature is still missing."""
    if shifts.current(site.directory, post.id) is not None:
        return True
    coming = shifts.handing_over(site.directory, post.id)
    return coming is not None and Side.INCOMING in coming.signatures


def level_at(site: Site, post: Post) -> Level:
    """The strictest level at the post's portals."""
    now, campus = site.clock.now(), site.campus
    zones = {campus.portals[portal].zone for portal in post.portals}
    levels = [effective_level(campus, site.world.orders, zone, now, site.trusted_until) for zone in zones]
    return min(levels, default=Level.L3)
