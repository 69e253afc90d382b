"""Somebody has to mend it: an order for each camera at which something stands; by whom, until when, done, looked at.

Promises: a camera or device has one live order, and what is found while it lives joins it; nobody's word alone ends an
order of a camera: after *done* the next healthy check verifies it, and a fault that still stands opens it again; an
order that is not done in time is an alarm until it is. What somebody typed is kept as a note.
Leaves to others: what is found (`camera_findings`), who may (`web`). A device's order is verified when the device is
online and nothing is wrong at it.

Mended by itself: an order that the gateway made and nobody has taken ends when nothing stood for half an hour.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from itertools import islice
from typing import Final

from gateway.core.cameras import Finding
from gateway.core.nouns import Directory
from gateway.core.papers import PaperKind, WorkOrder, WorkOrderState
from gateway.flows import alarms, camera_findings
from gateway.flows.cameras import CameraState
from gateway.flows.changes import PaperFiled
from gateway.flows.notes import note as a_note
from gateway.flows.permits import NoSuchPermit, NotPossible, Step, WrongField, carry_out, find, followed, new_id, row_of
from gateway.flows.ports import LedgerUnavailable, Outdated, Unit
from gateway.flows.site import Site

GATEWAY = "gateway"
STANDS_FOR = timedelta(minutes=2)
"""What is over before this needs nobody's hand: a lorry, a switch that starts anew."""
SETTLES_IN = timedelta(minutes=3)
"""So long a mended camera is given until its findings have cleared; what stands then was not mended."""
MENDED_BY_ITSELF = timedelta(minutes=30)
TOLD_AGAIN = timedelta(hours=24)
"""An overdue order whose alarm somebody has closed is told again."""
LOOK_EVERY_S = 5.0
"""Each paper filed makes a new directory for the taps that are decided: many at once go into one."""
AT_ONCE = 50
IN_ONE_GO = 10
"""So many are worked out, told or found late until others get their turn: nobody at a gate waits for a dead switch."""
LONGEST = timedelta(days=366)
WITHIN_S = 5.0
RANK = {"high": 0, "medium": 1, "low": 2}


class Keep(Enum):
    """Leave it as it is."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


async def make(
    site: Site,
    *,
    subject: str,
    by: str,
    note: str = "",
    assignee: str | None = None,
    due_at: datetime | None = None,
) -> WorkOrder:
    """An order by hand, of a camera or any other device; what stands at a camera is in it, and without that `note` says
    what is to be done.

    Raises `WrongField`, `NotPossible` (`order_open`: there is one), `LedgerUnavailable`.
    """
    state = site.cameras.get(subject)
    if state is None and site.devices.get(subject) is None:
        raise WrongField("subject", "no such camera or device")
    if (state is None or not state.spells) and not note.strip():
        raise WrongField("note", "say what is to be done")
    id = new_id()

    def work_out(directory: Directory, now: datetime) -> Step:
        if subject in directory.papers.work_orders:
            raise NotPossible("order_open", "there is an open order for it: add to that one")
        order = _new(site, id, subject, () if state is None else _names(state), by, now)
        said = a_note(note, now)
        order = replace(order, note=said.ref, assignee=assignee)
        if due_at is not None:
            order = replace(order, due_at=_checked_due(due_at, now))
        return _step(order, "opened", by, changes=said.changes)

    return await _done(site, work_out)


async def change(
    site: Site, id: str, *, by: str, assignee: str | Keep | None = KEEP, due_at: datetime | Keep = KEEP
) -> WorkOrder:
    """Somebody else does it, or at another time. Raises `NoSuchPermit`, `WrongField`, `NotPossible`,
    `LedgerUnavailable`."""

    def work_out(directory: Directory, now: datetime) -> Step:
        order = _open(directory, id)
        if not isinstance(assignee, Keep):
            order = replace(order, assignee=assignee)
        if not isinstance(due_at, Keep):
            order = replace(order, due_at=_checked_due(due_at, now))
        return _step(order, "changed", by)

    changed = await _done(site, work_out)
    await _clear_if_not_overdue(site, changed)
    return changed


async def done(site: Site, id: str, what: str, by: str) -> WorkOrder:
    """Somebody has done `what`; a look has to show it. Raises `NoSuchPermit`, `WrongField`, `NotPossible`,
    `LedgerUnavailable`."""
    if not what.strip():
        raise WrongField("what", "say what was done")

    def work_out(directory: Directory, now: datetime) -> Step:
        order = _open(directory, id)
        said = a_note(what, now)
        moved = replace(order, state=WorkOrderState.DONE, done_at=now, done_by=by, done_note=said.ref)
        return _step(moved, "done", by, changes=said.changes)

    moved = await _done(site, work_out)
    await alarms.clear_alarm(site, alarms.WORK_ORDER_OVERDUE, moved.subject)
    return moved


async def cancel(site: Site, id: str, why: str, by: str) -> WorkOrder:
    """It is not to be done. While something stands at a camera that is not possible: it would come again.

    Raises `NoSuchPermit`, `WrongField`, `NotPossible`, `LedgerUnavailable`.
    """
    if not why.strip():
        raise WrongField("why", "say why")

    def work_out(directory: Directory, now: datetime) -> Step:
        order = find(directory, WorkOrder, id)
        state = site.cameras.get(order.subject)
        if state is not None and state.spells:
            raise NotPossible("stands", "something is still wrong with this camera")
        said = a_note(why, now)
        moved = replace(order, state=WorkOrderState.CANCELLED, ended_at=now, done_note=said.ref)
        return _step(moved, "cancelled", by, changes=said.changes)

    moved = await _done(site, work_out)
    await alarms.clear_alarm(site, alarms.WORK_ORDER_OVERDUE, moved.subject)
    return moved


def checked(site: Site, camera: str, at: datetime) -> None:
    """A check of this camera was done at that moment, and what it found was told. Cheap: for each check."""
    if camera in site.directory.papers.work_orders:
        site.findings.checked_at[camera] = at


# ---------------------------------------------------------------- what there is


def open_orders(site: Site) -> list[WorkOrder]:
    """The live ones: what presses most first."""
    orders = site.directory.papers.work_orders.values()
    return sorted(orders, key=lambda order: (RANK.get(order.priority, 3), order.due_at, order.id))


def of(site: Site, subject: str) -> WorkOrder | None:
    """The live order of a camera or device."""
    return site.directory.papers.work_orders.get(subject)


async def history(site: Site, subject: str | None = None, limit: int = 100) -> list[WorkOrder]:
    """Orders that are over, the newest first. Raises `LedgerUnavailable`."""
    found = await site.archive.papers(PaperKind.WORK_ORDER, live=False, subject=subject, limit=limit)
    return [paper for paper in found if isinstance(paper, WorkOrder)]


async def one(site: Site, id: str) -> WorkOrder:
    """An order, live or over. Raises `NoSuchPermit`, `LedgerUnavailable`."""
    found = await site.archive.paper(PaperKind.WORK_ORDER, id)
    if not isinstance(found, WorkOrder):
        raise NoSuchPermit(PaperKind.WORK_ORDER.value)
    return found


# ---------------------------------------------------------------- by itself


class WorkOrders:
    """Looks each second; one for a gateway."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._next = -1e9

    async def look(self) -> None:
        """Orders that are due to be made, to be verified, to be opened again; and those that are overdue."""
        site = self._site
        if site.clock.monotonic() < self._next:
            return
        self._next = site.clock.monotonic() + LOOK_EVERY_S
        steps: list[Step] = []
        version = site.directory.version
        for step in islice(due(site, site.clock.now()), AT_ONCE):
            steps.append(step)
            if len(steps) % IN_ONE_GO == 0:
                await asyncio.sleep(0)
        if steps:
            await _file(site, steps, version)
        await tell_overdue(site)


def due(site: Site, now: datetime) -> Iterable[Step]:
    """What has to be done to orders by itself."""
    for state in site.cameras:
        order = of(site, state.camera.id)
        if order is None:
            if wanted := _stands_long(state, now):
                yield _step(_new(site, new_id(), state.camera.id, wanted, GATEWAY, now), "opened", GATEWAY)
        else:
            yield from _moved(site, state, order, now)
    for order in open_orders(site):
        if order.subject not in site.cameras:
            yield from _device_moved(site, order, now)


def _stands_long(state: CameraState, now: datetime) -> tuple[str, ...]:
    """All that stands, once something of it stands for long enough and nobody works there."""
    if not state.spells or state.window(now) is not None:
        return ()
    if not any(now - spell.raised_at >= STANDS_FOR for spell in state.spells.values()):
        return ()
    return _names(state)


def _moved(site: Site, state: CameraState, order: WorkOrder, now: datetime) -> Iterable[Step]:
    standing = _names(state)
    if standing:
        site.findings.healthy_since.pop(order.id, None)
    joined = (*order.findings, *(name for name in standing if name not in order.findings))
    if order.state is WorkOrderState.DONE:
        assert order.done_at is not None
        looked = site.findings.checked_at.get(state.camera.id)
        if looked is None or looked <= order.done_at:
            return
        if not standing:
            yield _step(_verified(order, looked), "verified", GATEWAY)
        elif looked >= order.done_at + SETTLES_IN:
            yield _step(_opened_again(site, order, joined, now), "opened_again", GATEWAY)
        return
    if joined != order.findings:
        yield _step(_pressing(site, replace(order, findings=joined), now), "joined", GATEWAY)
    elif not standing and order.by == GATEWAY and order.assignee is None:
        since = site.findings.healthy_since.setdefault(order.id, now)
        looked = site.findings.checked_at.get(state.camera.id)
        if now - since >= MENDED_BY_ITSELF and looked is not None and looked >= since:
            yield _step(_verified(order, looked), "mended_by_itself", GATEWAY)


def _device_moved(site: Site, order: WorkOrder, now: datetime) -> Iterable[Step]:
    """A device that is no camera: what the gateway sees of it decides. One that is gone needs no mending."""
    if order.state is not WorkOrderState.DONE or order.done_at is None:
        return
    device = site.devices.get(order.subject)
    wrong = [one for one in site.alarms.by_id.values() if one.place == order.subject and one.state != "returned"]
    if device is None or (device.online and not [one for one in wrong if one.condition != alarms.WORK_ORDER_OVERDUE]):
        yield _step(_verified(order, now), "verified", GATEWAY)
    elif now >= order.done_at + SETTLES_IN:
        yield _step(_opened_again(site, order, order.findings, now), "opened_again", GATEWAY)


async def tell_overdue(site: Site) -> None:
    """An alarm for each order that is not done in time, at what is to be mended."""
    now = site.clock.now()
    live = {order.id for order in open_orders(site)}
    for gone in site.findings.overdue_told.keys() - live:
        del site.findings.overdue_told[gone]
    for alarm in list(site.alarms.by_id.values()):  # its order ended, and the power went before that was told
        if alarm.condition == alarms.WORK_ORDER_OVERDUE and alarm.state != "returned":
            order = of(site, alarm.place)
            if order is None or not order.is_overdue(now):
                await alarms.clear_alarm(site, alarm.condition, alarm.place)
    raised = 0
    for order in open_orders(site):
        if not order.is_overdue(now):
            site.findings.overdue_told.pop(order.id, None)
            continue
        known = site.alarms.by_id.get(site.alarms.by_cause.get((alarms.WORK_ORDER_OVERDUE, order.subject), ""))
        if known is not None and known.state != "returned":
            continue
        told = site.findings.overdue_told.get(order.id)
        if told is None or now - told >= TOLD_AGAIN:
            site.findings.overdue_told[order.id] = now
            await alarms.raise_alarm(site, alarms.WORK_ORDER_OVERDUE, order.subject, f"work order {order.id}")
            raised += 1
            if raised % IN_ONE_GO == 0:
                await asyncio.sleep(0)


async def _file(site: Site, steps: Sequence[Step], version: int) -> None:
    """All in one unit, on the directory of which they were worked out; if somebody was faster the next look works them
    out anew."""
    now = site.clock.now()
    entries = [entry for step in steps for entry in (row_of(step, now), *step.entries)]
    filed = [change for step in steps for change in (*step.changes, PaperFiled(step.paper))]
    unit = Unit(tuple(entries), tuple(filed), directory=True, based_on=version)
    try:
        result = await site.ledger.commit(unit, WITHIN_S)
    except LedgerUnavailable:
        return
    await followed(site)
    if isinstance(result, Outdated):
        return
    for number, step in enumerate(steps, start=1):
        order = step.paper
        assert isinstance(order, WorkOrder)
        if number % IN_ONE_GO == 0:
            await asyncio.sleep(0)
        site.feed.publish({"type": "permit", "paper": order.paper.value, "id": order.id, "step": step.name, "at": now})
        if not order.is_live:
            site.findings.healthy_since.pop(order.id, None)
            site.findings.checked_at.pop(order.subject, None)
            await alarms.clear_alarm(site, alarms.WORK_ORDER_OVERDUE, order.subject)


async def _clear_if_not_overdue(site: Site, order: WorkOrder) -> None:
    if not order.is_overdue(site.clock.now()):
        await alarms.clear_alarm(site, alarms.WORK_ORDER_OVERDUE, order.subject)


# ---------------------------------------------------------------- what the others are made of


def _new(site: Site, id: str, subject: str, findings: tuple[str, ...], by: str, now: datetime) -> WorkOrder:
    loud = "low" if findings else "medium"  # what a person asks for without a finding is not nothing
    return _pressing(site, WorkOrder(id, subject, now, now + _within(site, loud), loud, by, findings), now)


def _pressing(site: Site, order: WorkOrder, now: datetime) -> WorkOrder:
    """As loud and as soon as the loudest of its findings wants it; never less than it was."""
    state = site.cameras.get(order.subject)
    if state is None or not order.findings:
        return order
    wanted = [camera_findings.priority_of(site, state.camera, Finding(name)) for name in order.findings]
    loudest = min((order.priority, *wanted), key=lambda priority: RANK.get(priority, 3))
    return replace(order, priority=loudest, due_at=min(order.due_at, now + _within(site, loudest)))


def _verified(order: WorkOrder, at: datetime) -> WorkOrder:
    return replace(order, state=WorkOrderState.VERIFIED, verified_at=at, ended_at=at)


def _opened_again(site: Site, order: WorkOrder, findings: tuple[str, ...], now: datetime) -> WorkOrder:
    again = replace(
        order,
        state=WorkOrderState.OPEN,
        findings=findings,
        reopened=order.reopened + 1,
        due_at=max(order.due_at, now + _within(site, order.priority)),
    )
    return _pressing(site, again, now)


def _within(site: Site, priority: str) -> timedelta:
    return timedelta(hours=site.cameras.rules.order_within_h.get(priority, 24))


def _names(state: CameraState) -> tuple[str, ...]:
    return tuple(finding.value for finding in Finding if finding in state.spells)


def _open(directory: Directory, id: str) -> WorkOrder:
    order = find(directory, WorkOrder, id)
    if order.state is not WorkOrderState.OPEN:
        raise NotPossible("done_already", "it is said to be done; the next healthy check shows whether it is")
    return order


def _checked_due(due_at: datetime, now: datetime) -> datetime:
    if due_at <= now:
        raise WrongField("due_at", "is past already")
    if due_at - now > LONGEST:
        raise WrongField("due_at", f"at most {LONGEST.days} days ahead")
    return due_at


def _step(order: WorkOrder, name: str, by: str, changes: tuple[object, ...] = ()) -> Step:
    more = {
        "state": order.state.value,
        "findings": list(order.findings),
        "priority": order.priority,
        "assignee": order.assignee,
        "due_at": order.due_at,
        "note": order.done_note if name in ("done", "cancelled") else order.note,
    }
    return Step(order, name, by, changes=changes, more=more)


async def _done(site: Site, work_out: Callable[[Directory, datetime], Step]) -> WorkOrder:
    paper = (await carry_out(site, work_out)).paper
    assert isinstance(paper, WorkOrder)
    return paper
