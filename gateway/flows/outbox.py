"""What waits to be told is sent: soon, once, and again later where a channel fails.

Promises: what is in the outbox outlives a crash and is sent afterwards; it is marked as sent in the moment in which a
channel has taken it, so that it comes twice only if the gateway dies between the two; a channel that fails is tried
again with growing pauses, is an alarm after three times, and is given up in the end; a host who has answered is told
nothing more. At most a few are under way at once, and each attempt has a time limit. No row and no log line has an
address or a word of a notice. Leaves to others: what is said (`notices`), how it gets there (the `Messenger`).
"""

import asyncio
import contextlib
import functools
from datetime import datetime, timedelta

import structlog

from gateway.flows import alarms, notices
from gateway.flows.changes import NoticeMoved
from gateway.flows.notice_rules import NoticeKind
from gateway.flows.ports import Delivered, Entry, LedgerUnavailable, Messenger, Notice, Unit
from gateway.flows.site import Site

log = structlog.get_logger(__name__)

AT_ONCE = 8
"""Under way together, so that a channel that hangs does not keep the others waiting."""
SEND_WITHIN_S = 30.0
PAUSES_S = (5, 15, 60, 180, 600, 1_800, 3_600)
"""After the first failure, the second, …; after the last one a notice is given up: two hours, in which a visitor has
long been telephoned for."""
ALARM_AFTER = 3
WRITE_WITHIN_S = 10.0


class Outbox:
    """One for a gateway; it looks each second."""

    def __init__(self, site: Site, messenger: Messenger | None) -> None:
        self._site = site
        self._messenger = messenger
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def look(self) -> None:
        """Begin to send what is due."""
        if self._messenger is None or len(self._under_way) >= AT_ONCE:
            return
        site = self._site
        for notice in await site.archive.notices_due(site.clock.now(), 2 * AT_ONCE):
            if len(self._under_way) < AT_ONCE and notice.id not in self._under_way:
                task = site.spawn(self._attend(notice, self._messenger))
                self._under_way[notice.id] = task
                task.add_done_callback(functools.partial(self._is_done, notice.id))

    def _is_done(self, id: str, _task: "asyncio.Task[None]") -> None:
        self._under_way.pop(id, None)

    async def settle(self) -> None:
        """Until what is under way has come to its end."""
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def _attend(self, notice: Notice, messenger: Messenger) -> None:
        site = self._site
        message = await notices.message(site, notice)
        to = None if message is None else await notices.recipient(site, notice)
        if message is None or to is None:
            await self._move(notice, "dropped", notice.tries)
            return
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                done = await messenger.send(to, message)
        except TimeoutError:
            done = Delivered((), ("no_answer",))
        tries = notice.tries + 1
        if done.by:
            await self._sent(notice, tries, done)
        else:
            await self._failed(notice, tries, done)

    async def _sent(self, notice: Notice, tries: int, done: Delivered) -> None:
        site, now = self._site, self._site.clock.now()
        body = {
            "notice": notice.id,
            "of": notice.kind,
            "about": notice.about,
            "recipient": notice.recipient,
            "tries": tries,
            "channels": list(done.by),
            "failed": list(done.failed),
        }
        await self._write(notice, (Entry("notice_sent", now, body),), NoticeMoved(notice.id, "sent", tries, now, now))
        site.feed.publish({"type": "notice", "of": notice.kind, "about": notice.about, "state": "sent", "at": now})
        for channel in done.by:
            await alarms.clear_alarm(site, alarms.NOTICE_FAILED, channel)

    async def _failed(self, notice: Notice, tries: int, done: Delivered) -> None:
        site, now = self._site, self._site.clock.now()
        if tries >= ALARM_AFTER:
            for channel in done.failed:
                await alarms.raise_alarm(site, alarms.NOTICE_FAILED, channel)
        if tries > len(PAUSES_S):
            body = {
                "notice": notice.id,
                "of": notice.kind,
                "about": notice.about,
                "recipient": notice.recipient,
                "tries": tries,
                "failed": list(done.failed),
            }
            await self._write(
                notice, (Entry("notice_failed", now, body),), NoticeMoved(notice.id, "failed", tries, now)
            )
            site.feed.publish(
                {"type": "notice", "of": notice.kind, "about": notice.about, "state": "failed", "at": now}
            )
            return
        log.warning("notice_not_sent", of=notice.kind, channels=list(done.failed), tries=tries)
        await self._move(notice, "waiting", tries, now + timedelta(seconds=PAUSES_S[tries - 1]))

    async def _move(self, notice: Notice, state: str, tries: int, next_at: datetime | None = None) -> None:
        at = next_at or self._site.clock.now()
        await self._write(notice, (), NoticeMoved(notice.id, state, tries, at))

    async def _write(self, notice: Notice, entries: tuple[Entry, ...], moved: NoticeMoved) -> None:
        # Not on disk: the next look finds it as it was. What was sent may then come twice, which a host can bear.
        with contextlib.suppress(LedgerUnavailable):
            await self._site.ledger.commit(Unit(entries, (moved,)), WRITE_WITHIN_S)
        if notice.kind == NoticeKind.REPORT and moved.state != "waiting":
            self._site.notices_over.add(notice.about)
