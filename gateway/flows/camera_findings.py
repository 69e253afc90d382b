"""A camera is found to be faulty: people are told with a picture, and told again until it is mended.

Promises: one alarm for one finding at one camera, with the picture and what it should look like beside it; while the
finding stands it is told again after `VideoRules.remind_min`, also if somebody has acknowledged or closed it, and also
after a restart; when it is over the alarm returns to normal. While somebody works on a camera nothing of its pictures
alarms, but a recording that is missing always does. What happens while the ledger is away is written when it is back.
Leaves to others: what is found (`core.health`, `recorders`), spells and pictures on disk (`camera_checks`), who mends
it (`work_orders`).
"""

import asyncio
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.core.cameras import BLIND, OF_THE_RECORDING, Camera, Finding
from gateway.core.health import Change
from gateway.flows import alarms
from gateway.flows.cameras import CameraState, Evidence, Spell
from gateway.flows.finding_book import Told
from gateway.flows.open_alarms import AlarmPicture
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.site import Site

WITHIN_S = 5.0
AT_ONCE = 50
"""Rows handed to the ledger together."""
IN_ONE_GO = 20
"""So many are told again until others get their turn: a switch that is dead must not keep a tap waiting."""
WORTH_A_STEP = frozenset(
    {
        Finding.OVEREXPOSED,
        Finding.UNDEREXPOSED,
        Finding.BLUR,
        Finding.CORRUPTION,
        Finding.GAP,
        Finding.STALE_TIMESTAMP,
        Finding.DISK_LOW,
        Finding.RETENTION_SHORT,
    }
)
"""At a key site these may cost the one picture that is wanted afterwards."""


def priority_of(site: Site, camera: Camera, finding: Finding) -> str:
    """How loud it is told: what blinds a key site is high, what blinds another camera is medium, the rest is low."""
    if camera.is_key_site:
        if finding in BLIND:
            return "high"
        if finding in WORTH_A_STEP:
            return "medium"
    return site.catalogue.priority(alarms.of_camera(finding))


async def found(
    site: Site,
    camera: Camera,
    change: Change,
    evidence: Evidence,
    detail: str = "",
    changes: tuple[Any, ...] = (),
) -> None:
    """A finding begins or ends. `evidence.spell` is on disk, on its way there, or in `changes`, which are written with
    what is told; `detail` names no person.

    Told twice it is told once. Never raises because the ledger is away.
    """
    at = datetime.fromtimestamp(change.at_s, UTC)
    if not change.raised:
        _over(site, camera.id, change.finding, evidence, at, changes)
        await alarms.clear_alarm(site, alarms.of_camera(change.finding), camera.id)
        return
    if evidence.spell in site.findings.told:
        return
    told = Told(
        evidence.spell,
        camera.id,
        change.finding,
        priority_of(site, camera, change.finding),
        at,
        picture=evidence.picture,
        reference=evidence.reference,
        reference_at=_learnt_at(site.cameras.get(camera.id), evidence.reference),
    )
    site.findings.told[told.spell] = told
    row = _row(site, told, "raised", at, {"value": _short(change.value), "threshold": _short(change.threshold)})
    if _is_muted(site, told):
        _write(site, Unit((row,), changes))
        _publish(site, told, "raised")
        return
    raised = _show(site, told, detail)
    _write(site, Unit((row, *raised.rows), (*changes, *raised.changes)))
    _publish(site, told, "raised")


async def load(site: Site) -> None:
    """After a restart: what stands was told as its alarm says; an alarm of what stands no more returns to normal."""
    standing = {(spell.camera, spell.finding) for _, spell in spells(site)}
    for state, spell in list(spells(site)):
        told = _remembered(site, state.camera, spell)
        pictures = await site.archive.cameras.pictures_of(spell.id)
        told.picture = next((one.id for one in pictures if one.why == "finding"), None)
        told.reference = next((look.picture for look in state.looks if look.picture is not None), None)
        told.reference_at = _learnt_at(state, told.reference)
        alarm = site.alarms.by_cause.get((alarms.of_camera(spell.finding), spell.camera))
        if alarm is not None:
            alarms.add_pictures(site, alarm, _pictures(told))
    conditions = {alarms.of_camera(finding): finding for finding in Finding}
    for open_alarm in list(site.alarms.by_id.values()):
        finding = conditions.get(open_alarm.condition)
        if finding is not None and (open_alarm.place, finding) not in standing:
            await alarms.clear_alarm(site, open_alarm.condition, open_alarm.place)
    site.findings.is_loaded = True


async def look(site: Site) -> None:
    """Tell again what is not mended, and what somebody's work has kept quiet. For each second."""
    now = site.clock.now()
    if site.findings.unwritten and not site.ledger.is_away:
        _flush_soon(site)
    shown = 0
    for state, spell in list(spells(site)):
        known = state.spells.get(spell.finding)
        if known is None or known.id != spell.id:
            continue  # it was over meanwhile
        told = site.findings.of(spell.id) or _remembered(site, state.camera, spell)
        if _is_muted(site, told):
            continue
        if told.told_at is not None and told.told_at > now:
            told.told_at = now  # the clock was set back
        if told.told_at is None or now - told.told_at >= again_after(site, told.priority):
            raised = _show(site, told)
            if site.ledger.is_away and raised.alarm.count > 1:
                # What begins and ends waits for it: hundreds that are told again for hours would push that out.
                alarms.unwritten(site, raised)
            elif raised.changes:
                _write(site, Unit(raised.rows, raised.changes))
            shown += 1
            if shown % IN_ONE_GO == 0:
                await asyncio.sleep(0)
    for gone in site.findings.told.keys() - {spell.id for _, spell in spells(site)}:
        over = site.findings.told.pop(gone, None)  # its camera was taken out, or its end came by another way
        if over is not None:
            await alarms.clear_alarm(site, alarms.of_camera(over.finding), over.camera)


def note(site: Site, row: Entry) -> None:
    """Write this with what is told of findings, in its order; while the ledger is away it waits."""
    _write(site, Unit((row,)))


def spells(site: Site) -> Iterator[tuple[CameraState, Spell]]:
    """All that stands at any camera."""
    for state in site.cameras:
        for spell in state.spells.values():
            yield state, spell


def again_after(site: Site, priority: str) -> timedelta:
    """After so long something that stands is told again."""
    return timedelta(minutes=site.cameras.rules.remind_min.get(priority, 30))


def _remembered(site: Site, camera: Camera, spell: Spell) -> Told:
    """What is known of the telling after a restart; without an open alarm the spell's beginning counts as told."""
    alarm = site.alarms.by_id.get(
        site.alarms.by_cause.get((alarms.of_camera(spell.finding), spell.camera), ""),
    )
    told = Told(spell.id, spell.camera, spell.finding, priority_of(site, camera, spell.finding), spell.raised_at)
    if alarm is None:
        told.told_at = spell.raised_at
    else:
        told.told_at, told.times = alarm.last_at, alarm.count
    site.findings.told[spell.id] = told
    return told


def _show(site: Site, told: Told, detail: str = "") -> alarms.Raised:
    now = site.clock.now()
    condition = alarms.of_camera(told.finding)
    raised = alarms.show(
        site,
        condition,
        told.camera,
        detail,
        priority=told.priority,
        pictures=_pictures(told),
        anew=told.times > 0,
    )
    told.told_at = now
    told.times += 1
    return raised


def _pictures(told: Told) -> tuple[AlarmPicture, ...]:
    both = (("finding", told.picture, told.found_at), ("reference", told.reference, told.reference_at))
    return tuple(AlarmPicture(id, told.camera, why, at or told.found_at) for why, id, at in both if id is not None)


def _learnt_at(state: CameraState | None, picture: str | None) -> datetime | None:
    looks = () if state is None or picture is None else state.looks
    return next((look.made_at for look in looks if look.picture == picture), None)


def _over(
    site: Site, camera: str, finding: Finding, evidence: Evidence, at: datetime, changes: tuple[Any, ...]
) -> None:
    told = site.findings.told.pop(evidence.spell, None)
    if told is None:  # a restart lies between, and nobody has looked since
        told = Told(evidence.spell, camera, finding, site.catalogue.priority(alarms.of_camera(finding)), at)
    told.picture = evidence.picture
    _write(site, Unit((_row(site, told, "cleared", at, {"told": told.times}),), changes))
    _publish(site, told, "cleared")


def _is_muted(site: Site, told: Told) -> bool:
    if told.finding in OF_THE_RECORDING:
        return False
    state = site.cameras.get(told.camera)
    return state is not None and state.window(site.clock.now()) is not None


def _row(site: Site, told: Told, step: str, at: datetime, more: dict[str, Any]) -> Entry:
    state = site.cameras.get(told.camera)
    window = None if state is None else state.window(site.clock.now())
    body = {
        "spell": told.spell,
        "camera": told.camera,
        "finding": told.finding.value,
        "state": step,
        "seen_at": at,
        "priority": told.priority,
        "picture": told.picture,
        "reference": told.reference,
        "maintenance": None if window is None else window.id,
    }
    return Entry("camera_finding", site.clock.now(), body | more, f"cf:{told.spell}:{step}")


def _publish(site: Site, told: Told, step: str) -> None:
    site.feed.publish(
        {
            "type": "camera_finding",
            "camera": told.camera,
            "finding": told.finding.value,
            "state": step,
            "spell": told.spell,
            "priority": told.priority,
            "at": site.clock.now(),
            "alarm": site.alarms.by_cause.get((alarms.of_camera(told.finding), told.camera)),
            "picture": told.picture,
            "reference": told.reference,
        }
    )


def _short(number: float | None) -> float | None:
    return None if number is None or not math.isfinite(number) else float(f"{number:.4g}")


# ---------------------------------------------------------------- to disk, whenever it is there


def _write(site: Site, unit: Unit) -> None:
    site.findings.unwritten.append(unit)
    _flush_soon(site)


def _flush_soon(site: Site) -> None:
    if not site.findings.is_flushing:
        site.findings.is_flushing = True
        site.spawn(_flush(site))


async def _flush(site: Site) -> None:
    """Everything that waits, in order; what the ledger does not take stays for the next time."""
    waiting = site.findings.unwritten
    try:
        while waiting:
            units = [waiting.popleft() for _ in range(min(AT_ONCE, len(waiting)))]
            done = await asyncio.gather(*(site.ledger.commit(unit, WITHIN_S) for unit in units), return_exceptions=True)
            left = [unit for unit, result in zip(units, done, strict=True) if isinstance(result, LedgerUnavailable)]
            for unit in reversed(left):
                waiting.appendleft(unit)
            for result in done:
                if isinstance(result, BaseException) and not isinstance(result, LedgerUnavailable):
                    raise result
            if left:
                return
    finally:
        site.findings.is_flushing = False
