"""The clock is watched: a wall clock that leaps must end no order and open no door.

Theory. The boot clock counts the seconds since the machine was started and nobody can set it. If wall time moves more
than 5 s against it, or lies at the start more than 5 s before the newest ledger row, the wall clock is *suspect*. The
last moment beyond doubt is then kept (`Site.trusted_until`): nothing that ends after it ends, nothing that begins after
it becomes valid; orders may start. From there on the boot clock tells how time goes on: while the wall clock lies
behind that estimate the gateway's `now` is the estimate, so that an order that starts meanwhile does start, and rows do
not run backwards. Doubt ends when the time source agrees for 60 s: the wall clock has not leapt again, and either lies
within 5 s of the estimate or the system says that it is synchronised; or when two different people confirm it.

The watch sits in the clock itself: the very reading that shows the leap puts the site in doubt, before anything is
decided on it. Slow corrections by a time source (a millisecond in a second) are no leap. Leaps and readings are
compared in the clock's own terms, so that a simulated day that runs fast is no leap either.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.core.rights import Right
from gateway.flows import alarms, level_changes
from gateway.flows.ports import Clock, Entry, Known, LedgerUnavailable, Unit
from gateway.flows.site import Site

LEAP_S = 5.0
SLEWED = 0.001
"""How fast a time source may pull the clock without a leap, in seconds a second; Linux itself slews by 0.0005."""
AGREES_FOR_S = 60.0
MAY_CONFIRM = frozenset({Right.END_EMERGENCIES, Right.SIGN_ORDERS})
CONFIRM_WITHIN_S = 15 * 60.0
"""How long the first of the two people who confirm the clock waits for the second."""
WITHIN_S = 10.0
PLACE = "clock"
KEY = "clock:"


class ClockIsGood(Exception):
    """There is nothing to confirm."""


class SamePerson(Exception):
    """Two different people confirm the clock; this one was the first."""


@dataclass(slots=True)
class Doubt:
    """The wall clock is not believed."""

    why: str
    """`leap`, `before_ledger` (at the start), or `not_settled` (it was in doubt before a restart)."""
    trusted_until: datetime
    boot_s: float
    estimate_holds: bool
    """False after a restart: nobody knows how long the gateway was away."""
    off_s: float
    agrees_since: float | None = None
    confirmed_by: str | None = None
    confirmed_at: float = 0.0


class WatchedClock:
    """A clock that finds out when it has leapt; otherwise it shows what the one within shows."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wall, self._boot = clock.now(), clock.boot_s()
        self._a_second = timedelta(seconds=1) / clock.lasted_s(timedelta(seconds=1))
        self.doubt: Doubt | None = None
        self.unwritten: Entry | None = None
        """What the ledger has not been told yet, because it was away."""
        self._site: Site | None = None

    def watch_for(self, site: Site) -> None:
        """From now on a leap puts `site` in doubt."""
        self._site = site

    def wall(self) -> datetime:
        """What the wall clock shows, believed or not."""
        return self._clock.now()

    def now(self) -> datetime:
        wall, boot = self._clock.now(), self._clock.boot_s()
        since = boot - self._boot
        off_s = self._clock.lasted_s(wall - self._wall) - since
        if abs(off_s) > LEAP_S:
            self._has_leapt(wall, boot, off_s)
        elif since >= 1:
            follow = max(-SLEWED * since, min(SLEWED * since, off_s))
            self._wall, self._boot = self._wall + self._a_second * (since + follow), boot
        return wall if self.doubt is None else max(wall, self._estimate(self.doubt, boot))

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def after(self, seconds: float) -> datetime:
        return self.now() + self._a_second * seconds

    def elapsed_s(self, since: datetime) -> float:
        return self._clock.lasted_s(self.now() - since)

    def lasted_s(self, shown: timedelta) -> float:
        return self._clock.lasted_s(shown)

    def boot_s(self) -> float:
        return self._clock.boot_s()

    def source_agrees(self) -> bool | None:
        return self._clock.source_agrees()

    def begin_doubt(self, why: str, trusted_until: datetime) -> None:
        """At the start: the wall clock cannot be right, or was not settled before."""
        off_s = self._clock.lasted_s(self._clock.now() - trusted_until)
        self._doubt(Doubt(why, trusted_until, self._clock.boot_s(), False, off_s))

    def end_doubt(self) -> None:
        """The wall clock is believed from here on."""
        self._wall, self._boot = self._clock.now(), self._clock.boot_s()
        self.doubt = None
        if self._site is not None:
            self._site.trusted_until = None
            self._site.renew_world()

    def agrees(self) -> bool:
        """True if the time source has agreed for long enough. To be asked each second."""
        self.now()
        doubt, boot = self.doubt, self._clock.boot_s()
        if doubt is None:
            return False
        off_s = self._clock.lasted_s(self._clock.now() - self._estimate(doubt, boot))
        if not ((doubt.estimate_holds and abs(off_s) <= LEAP_S) or self._clock.source_agrees() is True):
            doubt.agrees_since = None
            return False
        if doubt.agrees_since is None:
            doubt.agrees_since = boot
        return boot - doubt.agrees_since >= AGREES_FOR_S

    def _has_leapt(self, wall: datetime, boot: float, off_s: float) -> None:
        right = self._wall + self._a_second * (boot - self._boot)
        self._wall, self._boot = wall, boot
        if self.doubt is not None:
            self.doubt.agrees_since = self.doubt.confirmed_by = None
            return
        self._doubt(Doubt("leap", right, boot, True, off_s))

    def _doubt(self, doubt: Doubt) -> None:
        self.doubt = doubt
        site = self._site
        if site is None:
            return
        site.trusted_until = doubt.trusted_until
        site.renew_world()
        if doubt.why == "leap":
            site.spawn(_say_suspect(site, self, doubt))

    def _estimate(self, doubt: Doubt, boot: float) -> datetime:
        return doubt.trusted_until + self._a_second * (boot - doubt.boot_s)


async def begin(site: Site) -> WatchedClock:
    """Put the watch into the site's clock, and look whether its first reading can be right.

    What was in doubt when the gateway ended is in doubt still.
    """
    clock = WatchedClock(site.clock)
    site.clock = clock
    clock.watch_for(site)
    newest, told = await site.archive.newest_record(), await site.archive.newest_told(KEY)
    wall = clock.wall()
    if told is not None and told[1]["state"] == "suspect":
        trusted_until = datetime.fromisoformat(told[1]["trusted_until"])
        clock.begin_doubt("not_settled", trusted_until)
    elif newest is not None and clock.lasted_s(newest - wall) > LEAP_S:
        clock.begin_doubt("before_ledger", newest)
    if clock.doubt is not None:
        await _say_suspect(site, clock, clock.doubt)
    return clock


async def look(site: Site) -> None:
    """Each second: has it leapt, and does the time source agree again?"""
    clock = site.clock
    if not isinstance(clock, WatchedClock):
        return
    if clock.unwritten is not None:
        await _write(site, clock, clock.unwritten)
    if clock.agrees():
        await _say_good(site, clock, "agrees", [])


async def confirm(site: Site, by: str) -> bool:
    """Somebody (`by`, a user's reference) has compared the wall clock with another one: it is right.

    True when that was the second of two, and the clock is believed from now on. Raises `ClockIsGood`, `SamePerson`,
    `LedgerUnavailable`.
    """
    clock = site.clock
    doubt = clock.doubt if isinstance(clock, WatchedClock) else None
    if not isinstance(clock, WatchedClock) or doubt is None:
        raise ClockIsGood
    if _first(doubt, clock) == by:
        raise SamePerson
    body = {"by": by, "wall": _time(clock.wall())}
    await site.ledger.commit(Unit((Entry("clock_confirmed", clock.now(), body),)), site.rules.record_within_s)
    if clock.doubt is not doubt:
        return True  # it has settled meanwhile
    first = _first(doubt, clock)
    if first is None or first == by or not await site.still_may(first, MAY_CONFIRM):
        doubt.confirmed_by, doubt.confirmed_at = by, clock.boot_s()
        return False
    await _say_good(site, clock, "confirmed", [first, by])
    return True


def state(site: Site) -> dict[str, Any]:
    """The clock as screens show it: `good` or `suspect`, and what it shows."""
    clock = site.clock
    doubt = clock.doubt if isinstance(clock, WatchedClock) else None
    if not isinstance(clock, WatchedClock) or doubt is None:
        return {"state": "good", "wall": clock.now(), "trusted_until": None, "why": None, "confirmed_by_one": False}
    return {
        "state": "suspect",
        "wall": clock.wall(),
        "trusted_until": doubt.trusted_until,
        "why": doubt.why,
        "confirmed_by_one": doubt.confirmed_by is not None,
    }


def _first(doubt: Doubt, clock: WatchedClock) -> str | None:
    """Who has confirmed the clock and still waits for the second person."""
    return doubt.confirmed_by if clock.boot_s() - doubt.confirmed_at <= CONFIRM_WITHIN_S else None


async def _say_suspect(site: Site, clock: WatchedClock, doubt: Doubt) -> None:
    wall = clock.wall()
    body = {
        "state": "suspect",
        "why": doubt.why,
        "trusted_until": _time(doubt.trusted_until),
        "wall": _time(wall),
        "off_s": round(doubt.off_s, 1),
    }
    detail = f"the clock shows {wall:%Y-%m-%d %H:%M:%S} UTC, {doubt.off_s:+.0f} s off"
    await alarms.raise_alarm(site, alarms.CLOCK_SUSPECT, PLACE, detail)
    site.feed.publish({"type": "clock", "at": clock.now()} | state(site))
    await _write(site, clock, Entry("clock_suspect", clock.now(), body))
    if doubt.why == "leap":
        await level_changes.follow_clock(site)


async def _say_good(site: Site, clock: WatchedClock, why: str, by: list[str]) -> None:
    clock.end_doubt()
    body = {"state": "good", "why": why, "by": by, "wall": _time(clock.wall())}
    await _write(site, clock, Entry("clock_good", clock.now(), body))
    await alarms.clear_alarm(site, alarms.CLOCK_SUSPECT, PLACE)
    site.feed.publish({"type": "clock", "at": clock.now()} | state(site))
    await level_changes.follow_clock(site)


async def _write(site: Site, clock: WatchedClock, row: Entry) -> None:
    """Under the next number, so that a start finds the last word of all. With the ledger away, at the next look."""
    clock.unwritten = row
    try:
        while clock.unwritten is row:
            told = await site.archive.newest_told(KEY)
            number = 1 if told is None else int(told[0].removeprefix(KEY)) + 1
            unit = Unit((replace(row, key=f"{KEY}{number:020d}"),))
            if not isinstance(await site.ledger.commit(unit, WITHIN_S), Known):
                clock.unwritten = None
    except LedgerUnavailable:
        return


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
