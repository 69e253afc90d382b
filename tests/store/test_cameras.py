"""The cameras' tables on both databases: written once, added up once, read as they were."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gateway.core.cameras import Finding, Miss
from gateway.flows.cameras import Check, KeptState, LookOf, SmallPicture, Spell
from gateway.flows.changes import (
    CameraChecksKept,
    CameraLookKept,
    CameraLookMoved,
    CameraPictureKept,
    CamerasLeft,
    CameraSpellMoved,
    CameraStateKept,
)
from gateway.flows.ports import Unit
from gateway.store.cameras import StoredCameras

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def a_check(minute: int, camera: str = "yard", **how: object) -> Check:
    due_at = NOON + timedelta(minutes=minute)
    return replace(Check(camera, due_at, due_at + timedelta(seconds=1)), **how)  # type: ignore[arg-type]


async def test_checks_are_kept_and_their_hours_added_up(book):
    done = a_check(1, measures={"mean": 118.0})
    found = a_check(59, findings=(Finding.BLUR, Finding.NOISE))
    missed = a_check(61, miss=Miss.CAMERA)
    ledger = book.ledger()
    ledger.write([Unit((), (CameraChecksKept(1, (done, found)),)), Unit((), (CameraChecksKept(1, (missed,)),))])
    ledger.write([Unit((), (CameraChecksKept(2, (a_check(62), a_check(62, "gate"))),))])
    reads = StoredCameras(book.database)

    assert await reads.checks("yard", NOON, NOON + timedelta(hours=2)) == [a_check(62), missed, found, done]
    assert await reads.checks("yard", NOON, NOON + timedelta(minutes=59)) == [done]
    hours = await reads.hours(NOON, NOON + timedelta(hours=2), "yard")
    assert [(one.hour, one.tally.planned, one.tally.done, one.tally.healthy) for one in hours] == [
        (NOON, 2, 2, 1),
        (NOON + timedelta(hours=1), 2, 1, 1),
    ]
    assert hours[1].tally.missed[Miss.CAMERA] == 1
    assert {one.camera for one in await reads.batch(2)} == {"yard", "gate"}


async def test_a_batch_that_is_written_again_changes_nothing(book):
    unit = Unit((), (CameraChecksKept(1, (a_check(1), a_check(2))),))
    ledger = book.ledger()
    for _ in range(2):
        ledger.write([unit])
    reads = StoredCameras(book.database)

    assert len(await reads.checks("yard", NOON, NOON + timedelta(hours=1))) == 2
    assert [one.tally.planned for one in await reads.hours(NOON, NOON + timedelta(hours=1))] == [2]


async def test_spells_references_pictures_and_states_come_back_as_they_were(book):
    spell = Spell("s1", "yard", Finding.MOVED, NOON, NOON + timedelta(seconds=9), None, 0.9, 0.3)
    look = LookOf("l1", "yard", "day", "learnt", NOON, picture="p1")
    picture = SmallPicture("p1", "yard", NOON, "reference", "l1", b"\xff\xd8jpeg")
    state = KeptState("yard", NOON, {"v": 1}, {"recording": True})
    ledger = book.ledger()
    facts = (CameraSpellMoved(spell), CameraLookKept(look, b"numbers"), CameraPictureKept(picture))
    ledger.write([Unit((), (*facts, CameraStateKept(state), CameraChecksKept(1, (a_check(5),))))])
    reads = StoredCameras(book.database)

    assert await reads.open_spells() == [spell]
    assert await reads.looks_in_use() == [look]
    assert await reads.look_body("l1") == b"numbers"
    assert await reads.pictures_of("l1") == [picture]
    assert await reads.states() == {"yard": replace(state, checked_until=NOON + timedelta(minutes=5))}

    over, retired = (
        replace(spell, cleared_at=NOON + timedelta(hours=1)),
        replace(look, state="retired", retired_at=NOON),
    )
    ledger.write([Unit((), (CameraSpellMoved(over), CameraLookMoved(retired), CamerasLeft(("yard",))))])

    assert (await reads.open_spells(), await reads.looks_in_use(), await reads.states()) == ([], [], {})
    assert await reads.spell("s1") == over
    assert await reads.spells(NOON, NOON + timedelta(minutes=1)) == [over]
    assert await reads.spells(NOON + timedelta(hours=2), NOON + timedelta(hours=3)) == []
    assert await reads.looks("yard") == [retired]
