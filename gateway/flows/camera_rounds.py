"""The shift's round of the cameras, signed by exception: what is open is looked at and signed for, not 500 ticks.

Promises: whoever signs signs what they saw: if something has changed since, they look again; a round is a row of the
ledger with what was open and a digest of it. A round is due for each part of the day (`VideoRules.rounds_at_min`); one
that nobody signed is on record as missed, and an alarm until the next one is signed. Leaves to others: who may (`web`).
"""

import contextlib
import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from gateway.core.papers import WorkOrderState
from gateway.flows import alarms, camera_findings, work_orders
from gateway.flows.cameras import CameraState
from gateway.flows.notes import note as a_note
from gateway.flows.permits import NotPossible
from gateway.flows.ports import Entry, Known, LedgerUnavailable, Unit, timed_key
from gateway.flows.site import Site

KEY = "cr:"
PLACE = "cameras"
WITHIN_S = 5.0
WRITTEN_AT_MOST = 500
"""Points that a row names; how many there were and their digest it has always."""
NOT_SEEN_FOR = timedelta(minutes=15)
LOOK_EVERY_S = 20.0
IN_USE = timedelta(days=7)
"""Whoever signed a round within this time does rounds: one that is missing is missed."""


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that is open. `kind`: finding, not_seen, order, maintenance; `place`: the camera or device."""

    kind: str
    place: str
    what: str
    """The finding, why it is not seen, how the order stands, or the window's id."""
    since: datetime
    order: str | None = None
    """The work order that is about it."""


@dataclass(frozen=True, slots=True)
class OpenPoints:
    """What is open, what presses most first; `digest` is of the points alone."""

    at: datetime
    points: tuple[Point, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Round:
    """A round that somebody signed. `note` names what was typed."""

    id: str
    at: datetime
    by: str
    count: int
    digest: str
    note: str | None
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """One part of a day in which a round has to be signed. `state`: signed, due, missed, ahead."""

    starts_at: datetime
    ends_at: datetime
    state: str
    rounds: tuple[Round, ...] = ()


def open_points(site: Site) -> OpenPoints:
    """All that is open now."""
    now = site.clock.now()
    points = [*_findings(site), *_not_seen(site, now), *_orders(site, now), *_maintenance(site, now)]
    return OpenPoints(now, tuple(points), digest_of(points))


def digest_of(points: Sequence[Point]) -> str:
    """SHA-256 over the points as JSON: lists of kind, place, what, since (UTC, to the second) and order."""
    return hashlib.sha256(json.dumps([_plain(point) for point in points], separators=(",", ":")).encode()).hexdigest()


async def sign(site: Site, digest: str, note: str, by: str) -> Round:
    """Somebody has seen what is open, by its digest. Raises `NotPossible` (`changed`), `LedgerUnavailable`."""
    open_now = open_points(site)
    if open_now.digest != digest:
        raise NotPossible("changed", "what is open has changed meanwhile: look again")
    id, said = secrets.token_hex(8), a_note(note, open_now.at)
    body = {
        "round": id,
        "by": by,
        "count": len(open_now.points),
        "digest": digest,
        "note": said.ref,
        "points": [_plain(point) for point in open_now.points[:WRITTEN_AT_MOST]],
    }
    entry = Entry("camera_round", open_now.at, body, timed_key(KEY, open_now.at, id))
    await site.ledger.commit(Unit((entry,), said.changes), WITHIN_S)
    site.feed.publish({"type": "camera_round", "id": id, "at": open_now.at, "count": len(open_now.points)})
    await alarms.clear_alarm(site, alarms.CAMERA_ROUND_MISSED, PLACE)
    return _as_round({**body, "at": open_now.at})


async def history(site: Site, since: datetime) -> list[Round]:
    """Rounds signed since then, the newest first. Raises `LedgerUnavailable`."""
    return [_as_round(body) for body in reversed(await site.archive.timed(KEY, since))]


async def day(site: Site, on: date) -> list[Slot]:
    """The rounds of one day of the campus: one slot for each. Raises `LedgerUnavailable`."""
    times = slots_of(site, on)
    if not times:
        return []
    signed = await history(site, times[0][0])
    return [as_slot(site, starts_at, ends_at, signed) for starts_at, ends_at in times]


def slots_of(site: Site, on: date) -> list[tuple[datetime, datetime]]:
    """The parts of a day: each reaches to the next one's beginning, the last one into the next day."""
    minutes = sorted(set(site.cameras.rules.rounds_at_min))
    if not minutes:
        return []
    begins = [_at(on, minute, site) for minute in minutes]
    ends = [*begins[1:], _at(on + timedelta(days=1), minutes[0], site)]
    return list(zip(begins, ends, strict=True))


def as_slot(site: Site, starts_at: datetime, ends_at: datetime, signed: Sequence[Round]) -> Slot:
    """How it stands with one part of a day."""
    now = site.clock.now()
    here = tuple(one for one in signed if starts_at <= one.at < ends_at)
    if here:
        return Slot(starts_at, ends_at, "signed", here)
    state = "missed" if ends_at <= now else "due" if starts_at <= now else "ahead"
    return Slot(starts_at, ends_at, state)


class RoundWatch:
    """Looks each second; one for a gateway."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._since = site.clock.now()
        self._next = -1e9
        self._settled: datetime | None = None
        """The end of the newest part of a day of which it is known whether somebody signed."""

    async def look(self) -> None:
        """The part of the day that ended last: did somebody sign?"""
        site = self._site
        if not len(site.cameras) or site.trusted_until is not None or site.clock.monotonic() < self._next:
            return
        self._next = site.clock.monotonic() + LOOK_EVERY_S
        over = last_over(site)
        if over is None or over[1] == self._settled:
            return
        with contextlib.suppress(LedgerUnavailable):
            signed = await history(site, over[0] - IN_USE)
            slot = as_slot(site, *over, signed)
            if slot.state == "missed" and (over[0] >= self._since or signed):
                await self._missed(slot)
            self._settled = over[1]

    async def _missed(self, slot: Slot) -> None:
        site, zone = self._site, self._site.campus.timezone
        body = {"starts_at": slot.starts_at, "ends_at": slot.ends_at}
        key = f"crm:{round(slot.starts_at.timestamp())}"
        told = await site.ledger.commit(Unit((Entry("camera_round_missed", site.clock.now(), body, key),)), WITHIN_S)
        if not isinstance(told, Known):
            local = f"{slot.starts_at.astimezone(zone):%m-%d %H:%M}–{slot.ends_at.astimezone(zone):%H:%M}"
            await alarms.raise_alarm(site, alarms.CAMERA_ROUND_MISSED, PLACE, local)


def last_over(site: Site) -> tuple[datetime, datetime] | None:
    """The part of a day that ended last."""
    now = site.clock.now()
    today = now.astimezone(site.campus.timezone).date()
    parts = [part for back in (2, 1, 0) for part in slots_of(site, today - timedelta(days=back))]
    return max((part for part in parts if part[1] <= now), default=None)


# ---------------------------------------------------------------- what is open


def _findings(site: Site) -> list[Point]:
    found = sorted(
        camera_findings.spells(site),
        key=lambda one: (
            work_orders.RANK[camera_findings.priority_of(site, one[0].camera, one[1].finding)],
            one[1].raised_at,
            one[1].id,
        ),
    )
    return [
        Point("finding", spell.camera, spell.finding.value, spell.raised_at, _order(site, spell.camera))
        for _, spell in found
    ]


def _not_seen(site: Site, now: datetime) -> list[Point]:
    return [
        Point("not_seen", state.camera.id, "" if state.miss is None else state.miss.value, since)
        for state in site.cameras
        if (since := _unseen_since(state, now)) is not None
    ]


def _unseen_since(state: CameraState, now: datetime) -> datetime | None:
    """A camera that nobody looks at, and of which nothing else says so."""
    if state.spells or state.window(now) is not None or state.miss is None or state.checked_at is None:
        return None
    since = state.done_at or state.checked_at
    return since if now - since >= NOT_SEEN_FOR else None


def _orders(site: Site, now: datetime) -> list[Point]:
    points = []
    for order in work_orders.open_orders(site):
        if order.is_overdue(now):
            points.append(Point("order", order.subject, "overdue", order.due_at, order.id))
        elif order.state is WorkOrderState.DONE and order.done_at is not None:
            points.append(Point("order", order.subject, "not_verified", order.done_at, order.id))
        elif order.subject not in site.cameras:
            points.append(Point("order", order.subject, "open", order.opened_at, order.id))
    return points


def _maintenance(site: Site, now: datetime) -> list[Point]:
    return [
        Point("maintenance", camera, window.id, window.starts_at)
        for window in sorted(site.directory.papers.maintenance, key=lambda one: (one.starts_at, one.id))
        if window.starts_at <= now < window.ends_at
        for camera in window.cameras
    ]


def _order(site: Site, camera: str) -> str | None:
    order = work_orders.of(site, camera)
    return None if order is None else order.id


def _plain(point: Point) -> list[Any]:
    since = point.since.astimezone(UTC).replace(microsecond=0).isoformat()
    return [point.kind, point.place, point.what, since, point.order]


def _as_round(body: dict[str, Any]) -> Round:
    points = tuple(
        Point(kind, place, what, datetime.fromisoformat(since), order)
        for kind, place, what, since, order in body["points"]
    )
    return Round(body["round"], body["at"], body["by"], body["count"], body["digest"], body["note"], points)


def _at(on: date, minute: int, site: Site) -> datetime:
    local = datetime.combine(on, time(minute // 60, minute % 60), site.campus.timezone)
    return local.astimezone(UTC)
