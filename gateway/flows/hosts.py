"""Hosts whose word is needed are asked: by a notice with a link, once more after three minutes, and then the guard sees
that nobody answers.

Promises: whoever registers, whatever changes the level, a host is asked as soon as the rules ask for their word, and
not again for what they have answered; what was asked before a restart is known after it. The link goes out only as a
notice: its secret is in no answer, no event and no row. Who cannot be reached is for the guard to telephone, and the
screens say so; no link goes where who registered the visit has lately changed the address. For a guardian the host is
the class teacher. Leaves to others: the answer (`host_answers`), sending
(`outbox`).
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.core.kinds import Level
from gateway.core.levels import effective_level
from gateway.core.papers import Order, Visit
from gateway.core.reasons import Reason
from gateway.flows import contacts, notices
from gateway.flows.changes import HostLinkMade
from gateway.flows.finding import may_host
from gateway.flows.judging import judge_visit
from gateway.flows.notice_rules import AskedState, HostAsked, NoticeKind
from gateway.flows.permits import NotPossible, find
from gateway.flows.ports import Unit
from gateway.flows.site import Site

ASK_AGAIN = timedelta(minutes=3)
SOON = timedelta(hours=1)
"""A visit that begins later than this can wait for its answer: nobody stands at the gate."""
LINK_LIFE = timedelta(hours=24)
BETWEEN = timedelta(minutes=1)
"""Between two notices that a guard asks for."""
MOST_TIMES = 6
"""A host who has not answered that often will not; the telephone does."""
WITHIN_S = 5.0
REST_EVERY = 25


class AskedJustNow(Exception):
    """The host was asked a moment ago; `wait_s` says when to come back."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"wait {wait_s:.0f} s")
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class _Judged:
    visit: Visit
    levels: tuple[Level, ...]
    orders: tuple[Order, ...]
    needs_host: bool


class HostWatch:
    """One for a gateway; it looks each second."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._judged: dict[str, _Judged] = {}
        self._is_loaded = False

    async def look(self) -> None:
        """Ask whoever has to be asked now."""
        site, now = self._site, self._site.clock.now()
        open_ones = {visit.id: visit for visit in waiting_for_word(site, now)}
        if not self._is_loaded:
            await _load(site, list(open_ones), now)
            self._is_loaded = True
        for gone in [id for id in self._judged if id not in open_ones]:
            del self._judged[gone]
        for gone in [id for id in site.hosts_asked if id not in open_ones]:
            del site.hosts_asked[gone]
        levels = tuple(
            effective_level(site.campus, site.world.orders, zone, now, site.trusted_until) for zone in site.campus.zones
        )
        for number, visit in enumerate(open_ones.values()):
            if number % REST_EVERY == REST_EVERY - 1:
                await asyncio.sleep(0)
            if self._needs_host(visit, levels, now):
                await _attend(site, visit, now)

    def _needs_host(self, visit: Visit, levels: tuple[Level, ...], now: datetime) -> bool:
        """The rules' word, asked again only when something that they look at has changed."""
        known, orders = self._judged.get(visit.id), self._site.world.orders
        if known is None or known.visit is not visit or known.levels != levels or known.orders != orders:
            needs = Reason.HOST_NOT_CONFIRMED in judge_visit(self._site, visit, now).needs
            known = self._judged[visit.id] = _Judged(visit, levels, orders, needs)
        return known.needs_host


def waiting_for_word(site: Site, now: datetime) -> list[Visit]:
    """Visits whose host may be asked."""
    return [
        visit
        for some in site.directory.papers.visits.values()
        for visit in some
        if visit.host is not None and notices.is_open(visit, visit.host, now)
    ]


async def ask_again(site: Site, id: str, by: str) -> HostAsked:
    """A guard has the host asked once more.

    Raises `NoSuchPermit`, `NotPossible`, `AskedJustNow`, `LedgerUnavailable`.
    """
    visit, now = find(site.directory, Visit, id), site.clock.now()
    if visit.host is None:
        raise NotPossible("no_host", "this visit names no host")
    if not notices.is_open(visit, visit.host, now):
        raise NotPossible("answered", "the host has answered, or the visit is under way")
    known = site.hosts_asked.get(id)
    if known is not None and known.times and now - known.at < BETWEEN:
        raise AskedJustNow((known.at + BETWEEN - now).total_seconds())
    if known is not None and known.times >= MOST_TIMES:
        raise NotPossible("telephone", "the host was asked often enough: telephone")
    return await _ask(site, visit, now, by)


async def _load(site: Site, ids: list[str], now: datetime) -> None:
    """What was asked before this gateway started."""
    for notice in await site.archive.notices_of(NoticeKind.HOST, ids):
        before = site.hosts_asked.get(notice.about)
        times = 1 if before is None else before.times + 1
        site.hosts_asked[notice.about] = HostAsked(AskedState.ASKED, notice.made_at, times)


async def _attend(site: Site, visit: Visit, now: datetime) -> None:
    known = site.hosts_asked.get(visit.id)
    if known is None:
        await _ask(site, visit, now, "gateway")
    elif known.state is AskedState.ASKED and now - known.at >= ASK_AGAIN and visit.starts_at - now < SOON:
        if known.times == 1:
            await _ask(site, visit, now, "gateway")
        else:
            _put(site, visit, replace(known, state=AskedState.UNANSWERED), now)


async def _ask(site: Site, visit: Visit, now: datetime, by: str) -> HostAsked:
    """A notice with a link of its own, or the word that the guard has to telephone. Raises `LedgerUnavailable`."""
    assert visit.host is not None
    before = site.hosts_asked.get(visit.id)
    times = 0 if before is None else before.times
    host = site.directory.holders.get(visit.host)
    may_be_sent = host is not None and may_host(site.campus, host, visit.kind) and site.notices.base_url
    to = await notices.address_of(site, host) if may_be_sent and host is not None else None
    if to is None or await contacts.is_the_registrars(site, visit):
        return _put(site, visit, HostAsked(AskedState.TELEPHONE, now, times), now)
    queued = notices.queue(NoticeKind.HOST, visit.id, visit.host, now, by, times=times + 1)
    (made,) = queued.changes
    link = HostLinkMade(
        notices.hash_of(notices.secret_of(site, made.id)),
        visit.id,
        visit.host,
        now,
        min(visit.ends_at, now + LINK_LIFE),
    )
    await site.ledger.commit(Unit(queued.entries, (*queued.changes, link)), WITHIN_S)
    return _put(site, visit, HostAsked(AskedState.ASKED, now, times + 1), now)


def _put(site: Site, visit: Visit, asked: HostAsked, now: datetime) -> HostAsked:
    site.hosts_asked[visit.id] = asked
    site.feed.publish(
        {"type": "host_asked", "id": visit.id, "state": asked.state.value, "times": asked.times, "at": now}
    )
    return asked
