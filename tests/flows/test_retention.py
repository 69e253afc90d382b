"""What was kept long enough is erased: from the pages, from memory and from the bytes; the ledger stays whole."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from devices.messages import Direction as Way
from devices.messages import Passage
from gateway.core.kinds import HolderKind
from gateway.core.papers import Authorisation, BanAct, LeaveSlip, PaperKind, SlipReason, Vehicle, VehicleKind
from gateway.flows import alarm_acts, alarms, bans, clock_watch, directory_watch, holds, people, vehicles, visits
from gateway.flows.changes import HolderLeft, NoteKept, PaperFiled, PeopleChanged, PlateNoted, PortraitKept, RowsErased
from gateway.flows.people_import import HolderRow, Plan
from gateway.flows.ports import Entry, Unit
from gateway.flows.retention import Sweeper, due, forget_files, runs
from gateway.flows.retention_rules import Kept, Retention
from gateway.flows.site import Picture
from gateway.store import retention as store
from gateway.store import tables
from gateway.store.database import open_database
from gateway.store.head_file import HeadFile
from gateway.store.ledger import Ledger
from gateway.store.verification import verify
from tests.flows.conftest import House
from tests.flows.permits_house import GUARD, PASSPORTS, contact, file, ref, somebody, wanted
from tests.parts.postgres import PostgresPart

NAME = "Xanthippe Quillfeather"
NUMBER = "QX7731942"
PLATE = "ZQ-8X7K2"
PHONE = "555-773194"
DAY_S = 86_400.0


async def visit(house: House, number: str = NUMBER, name: str = NAME, days: int = 0, **how: Any) -> str:
    made = await visits.register(house.site, wanted(house, name=name, number=number, plate=PLATE, **how), GUARD)
    await visits.check_in(house.site, made.visit.id, document_seen=True, by="guard-1") if days < 0 else None
    return made.visit.id


async def ended(house: House, **how: Any) -> str:
    id = await visit(house, **how)
    await visits.cancel(house.site, id, "guard-1")
    return id


def holder(house: House, name: str = NAME) -> str | None:
    return next((one.ref for one in house.site.directory.holders.values() if one.name == name), None)


async def count(house: House, table: sa.Table) -> int:
    return await house._database.read(lambda c: c.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def bytes_of(folder: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


async def sweep(house: House) -> dict[str, int]:
    return (await Sweeper(house.site).run("test")).erased


# ---------------------------------------------------------------- how long


async def test_a_visit_is_kept_to_the_day_and_then_it_and_the_visitor_are_gone(house: House) -> None:
    await ended(house)
    house.clock.go_on(179 * DAY_S)

    early = await sweep(house)
    house.clock.go_on(2 * DAY_S)
    late = await sweep(house)

    assert early == {} and late == {"visits": 1, "visitors": 1}
    assert await count(house, tables.papers) == 0 and holder(house) is None
    assert await house.site.finder.search(house.site.directory, "xanthippe", tuple(HolderKind), 5) == []


async def test_a_visitor_with_a_younger_visit_stays_and_only_the_old_one_goes(house: House) -> None:
    await ended(house)
    house.clock.go_on(100 * DAY_S)
    await ended(house)
    house.clock.go_on(100 * DAY_S)

    assert await sweep(house) == {"visits": 1}
    assert holder(house) is not None


async def test_a_visitor_who_is_inside_is_kept_however_long_ago(house: House) -> None:
    id = await visit(house)
    found = house.site.directory.papers.by_id[f"visit:{id}"]
    await visits.approve_vehicle(house.site, id, "officer-1")
    house.clock.go_on(400 * DAY_S)

    assert found.is_live and await sweep(house) == {}
    assert holder(house) is not None


async def test_who_is_banned_stays_known_while_the_ban_lasts(house: House) -> None:
    await ended(house)
    person = house.site.directory.holders[holder(house) or ""].id
    house.clock.go_on(170 * DAY_S)
    ends_at = house.clock.now() + timedelta(days=60)
    ban = await bans.request(house.site, holder=person, act=BanAct.THEFT, ends_at=ends_at, by="officer-1")
    await bans.approve(house.site, ban.id, "leader-1")
    await bans.approve(house.site, ban.id, "leader-2")
    house.clock.go_on(20 * DAY_S)

    assert await sweep(house) == {"visits": 1}
    assert holder(house) is not None and house.site.directory.papers.bans

    await bans.lift(house.site, ban.id, "leader-1")
    house.clock.go_on(181 * DAY_S)
    assert await sweep(house) == {"permits": 1, "visitors": 1}
    assert holder(house) is None


async def test_notes_plates_and_old_whereabouts_go_and_who_is_inside_stays_on_the_list(house: House) -> None:
    now = house.clock.now()
    changes = (NoteKept("n1", f"{NAME} was loud", now), PlateNoted("s1", PLATE, now))
    await house.site.ledger.commit(Unit((Entry("note", now, {}),), changes))
    rows = [
        {"holder": ref(house, "t1"), "zone": "campus", "state": "inside", "since": now},
        {"holder": ref(house, "s1"), "zone": "site", "state": "outside", "since": now},
    ]
    insert = lambda connection, _version: connection.execute(sa.insert(tables.presence), rows)  # noqa: E731
    await house.site.ledger.commit(Unit((Entry("note", now, {}),), (insert,)))
    house.site.presence.update(await house.site.archive.presence())
    house.clock.go_on(181 * DAY_S)

    assert await sweep(house) == {"presence": 1, "notes": 1, "plates": 1}
    assert set(house.site.presence) == {ref(house, "t1")}


async def test_somebody_who_left_the_school_is_erased_after_the_time_and_stays_if_they_come_back(house: House) -> None:
    await contact(house, "s1", phone=PHONE)
    kept = PortraitKept(ref(house, "s1"), b"\xff\xd8\xff picture", house.clock.now())
    await house.site.ledger.commit(Unit((Entry("note", house.clock.now(), {}),), (kept,)))
    gone = ref(house, "s1")

    await people.leave(house.site, "s1", "officer-1")
    assert house.site.directory.holders[gone].suspended
    house.clock.go_on(181 * DAY_S)
    erased = await sweep(house)

    assert erased["left"] == 1 and house.site.directory.with_id("s1") is None
    assert await house.site.archive.contact(gone) is None and await house.site.archive.portrait(gone) is None
    assert house.site.directory.credentials and not [
        c for c in house.site.directory.credentials.values() if c.holder == gone
    ]


async def test_people_of_the_school_whose_ids_resemble_a_visitors_stay(house: House) -> None:
    for id in ("V-0012", "v-17", "v-" + "7" * 19, "v-" + "7" * 21, "V-" + "A" * 20, "v-" + "g" * 20):
        await somebody(house, id, HolderKind.SUPPLIER)
    await somebody(house, "v-" + "7" * 20, HolderKind.STAFF)

    assert await sweep(house) == {}
    assert house.site.directory.with_id("V-0012") is not None


async def test_whose_vehicle_and_place_on_a_list_end_with_their_leaving_they_do_not_stay_for_ever(house: House) -> None:
    car = await vehicles.register(house.site, vehicles.Wanted(VehicleKind.REGISTERED, "沪C11111", "t1"), "officer-1")
    await vehicles.list_essential(house.site, holder="t1", vehicle=None, by="officer-1")
    await vehicles.list_essential(house.site, holder=None, vehicle=car.id, by="officer-1")

    await people.leave(house.site, "t1", "officer-1")
    papers = house.site.directory.papers
    steps = [(row["paper"], row["step"]) for row in await house.rows("permit")][-3:]
    house.clock.go_on(181 * DAY_S)

    assert not papers.vehicles and not papers.essential
    assert steps == [("vehicle", "removed"), ("essential", "unlisted"), ("essential", "unlisted")]
    assert (await sweep(house))["left"] == 1 and house.site.directory.with_id("t1") is None


async def test_those_whom_a_paper_still_names_do_not_hold_up_the_others(house: House) -> None:
    gone = [f"{number:032x}" for number in range(90)]
    rows = [HolderRow(one, f"p{one}", "A Pupil", HolderKind.STUDENT, (), None) for one in gone]
    buses = [Vehicle(f"b{one[1:]}", VehicleKind.BUS, driver=one, holder=ref(house, "t1")) for one in gone[:85]]
    changes = (
        PeopleChanged(Plan(house.site.directory.version, new_holders=rows)),
        *(HolderLeft(one, house.clock.now()) for one in gone),
        *(PaperFiled(bus) for bus in buses),
    )
    await house.site.ledger.commit(Unit((Entry("note", house.clock.now(), {}),), changes, directory=True))
    await directory_watch.take_over(house.site)
    house.clock.go_on(181 * DAY_S)

    assert (await sweep(house))["left"] == 5
    assert set(gone) & set(house.site.directory.holders) == set(gone[:85])


async def test_the_schools_own_numbers_hold(make_house: Callable[..., Any]) -> None:
    house: House = await make_house(retention=Retention(visits_days=5, reason="the data protection officer said so"))
    await ended(house)
    house.clock.go_on(6 * DAY_S)

    assert await sweep(house) == {"visits": 1, "visitors": 1}


def test_other_numbers_than_the_usual_ones_are_told_apart() -> None:
    assert Retention(at_min=5).is_usual and not Retention(notes_days=181).is_usual
    assert {Retention().days_of(kept) for kept in Kept} == {180, 30, 0, 1096, 35, 7}
    assert Retention(evidence_days=14).is_usual  # the round's own setting


# ---------------------------------------------------------------- when it runs, and when not


async def test_it_runs_once_a_night_and_each_run_is_on_record(house: House) -> None:
    await ended(house)
    house.clock.go_on(200 * DAY_S)
    house.clock.set(3, 0)
    sweeper = Sweeper(house.site)
    await sweeper.look()
    house.clock.set(3, 31)
    await sweeper.look()
    await sweeper.look()
    await house.restart()
    await Sweeper(house.site).look()

    rows = await house.rows("retention_run")
    assert [(row["erased"], row["by"], row["paused"]) for row in rows] == [
        ({"visits": 1, "visitors": 1}, "gateway", False)
    ]
    assert [run["erased"] for run in await runs(house.site)] == [{"visits": 1, "visitors": 1}]


async def test_while_the_clock_is_suspect_nothing_is_erased(house: House) -> None:
    await ended(house)
    await clock_watch.begin(house.site)
    house.clock.set(3, 31)
    house.clock._now += timedelta(days=200)  # wall time leaps; the machine was up for some hours
    await clock_watch.look(house.site)

    await Sweeper(house.site).look()

    assert house.site.trusted_until is not None
    assert await house.rows("retention_run") == [] and holder(house) is not None


async def test_an_open_case_keeps_its_person_and_one_without_a_person_keeps_everybody(house: House) -> None:
    await ended(house)
    await ended(house, number=PASSPORTS[1], name="Somebody Else")
    person = house.site.directory.holders[holder(house) or ""].id
    one = await holds.place(house.site, person, "claim about a damaged car", "officer-1")
    house.clock.go_on(200 * DAY_S)

    with_one_case = await sweep(house)
    everybody = await holds.place(house.site, None, "inspection by the authority", "officer-1")
    await ended(house, number=PASSPORTS[2], name="Third Person")
    house.clock.go_on(200 * DAY_S)
    paused = await Sweeper(house.site).run("test")
    await holds.release(house.site, everybody.id, "officer-1")
    await holds.release(house.site, one.id, "officer-1")
    free = await sweep(house)

    assert with_one_case == {"visits": 1, "visitors": 1} and holder(house, "Somebody Else") is None
    assert paused.paused and paused.erased == {}
    assert free["visits"] == 2 and holder(house) is None


async def test_an_open_case_about_one_person_keeps_all_that_may_belong_to_it(house: House, tmp_path: Path) -> None:
    id = await ended(house)
    now = house.clock.now()
    pass_ = Authorisation("a1", id, frozenset(), now, now, "", "officer-1", now, over=True)
    companion = LeaveSlip("l1", ref(house, "s1"), now, now, SlipReason.OTHER, "t", now, collector=holder(house))
    for paper in (pass_, replace(companion, over=True)):
        await file(house, paper)
    await people.leave(house.site, "t1", "officer-1")
    changes = (NoteKept("n1", "was loud", now), PlateNoted("s1", PLATE, now))
    await house.site.ledger.commit(Unit((Entry("note", now, {}),), changes))
    alarm = await alarms.raise_alarm(house.site, alarms.LATE_EXIT, "gate")
    await asyncio.sleep(0)  # its row goes on its way
    await alarm_acts.close(house.site, alarm.id, "handled", "officer-1", "the car was damaged")
    files = [tmp_path / name / "one" for name in ("evidence", "pictures", "exports")]
    for path in files:
        path.parent.mkdir()
        path.write_text(NAME)
        os.utime(path, (1, 1))
    house.site.wait_pictures["lane:1"] = Picture(now, "c", b"jpeg")
    person = house.site.directory.holders[holder(house) or ""].id
    case = await holds.place(house.site, person, "claim about a damaged car", "officer-1")
    house.clock.go_on(1_200 * DAY_S)

    with_it = await Sweeper(house.site, tmp_path).run("test")
    kept = [path.exists() for path in files], set(house.site.wait_pictures)
    await holds.release(house.site, case.id, "officer-1")
    without = await Sweeper(house.site, tmp_path).run("test")

    assert with_it.erased == {} and kept == ([True, True, False], {"lane:1"})
    assert {name: without.erased[name] for name in ("visits", "permits", "audit", "notes", "plates", "left")} == {
        "visits": 1,
        "permits": 2,
        "audit": 1,
        "notes": 1,
        "plates": 1,
        "left": 1,
    }
    assert not any(path.exists() for path in files) and not house.site.wait_pictures


async def test_a_case_that_is_opened_while_the_run_is_under_way_still_keeps_its_person(house: House) -> None:
    await ended(house)
    await ended(house, number=PASSPORTS[1], name="Somebody Else")
    now = house.clock.now()
    await house.site.ledger.commit(Unit((Entry("note", now, {}),), (NoteKept("n1", "was loud", now),)))
    rules, later = house.site.rules.retention, now + timedelta(days=200)
    found = {kept: await house.site.archive.due(kept, rules, later) for kept in (Kept.VISITS, Kept.NOTES)}
    person = holder(house) or ""

    await holds.place(house.site, house.site.directory.holders[person].id, "claim", "officer-1")
    for kept, keys in found.items():
        await house.site.ledger.commit(Unit((), (RowsErased(kept, tuple(keys)),), directory=True))
    everybody = RowsErased(Kept.VISITORS, (person, holder(house, "Somebody Else") or ""))
    await house.site.ledger.commit(Unit((), (everybody,), directory=True))
    await house.restart()

    assert len(found[Kept.VISITS]) == 2 and await count(house, tables.notes) == 1
    assert [paper.holder for paper in await house.site.archive.papers(PaperKind.VISIT)] == [person]
    assert holder(house) == person and holder(house, "Somebody Else") is None


async def test_what_is_due_can_be_asked_without_erasing_it(house: House) -> None:
    await ended(house)
    house.clock.go_on(200 * DAY_S)

    asked = await due(house.site)

    assert asked["visits"] == 1 and asked["notes"] == 0 and holder(house) is not None


async def test_many_go_in_small_steps_and_a_tap_meanwhile_does_not_wait(house: House) -> None:
    for number in range(70):
        await ended(house, number=f"Q{number:07}", name=f"Person {number}")
    house.clock.go_on(200 * DAY_S)
    run = asyncio.get_running_loop().create_task(Sweeper(house.site).run("test"))
    waited: list[float] = []
    hand = house.hand("gate")

    while not run.done():
        began = asyncio.get_running_loop().time()
        await hand.tap("TEACHER1")
        waited.append(asyncio.get_running_loop().time() - began)
        await asyncio.sleep(0.01)

    assert (await run).erased == {"visits": 70, "visitors": 70}
    assert len(waited) > 5 and sorted(waited)[len(waited) * 9 // 10] < 0.25


async def test_counts_of_passages_stay_when_the_names_are_gone(house: House) -> None:
    gate = house.hand("gate")
    await gate.status()
    for _ in range(3):
        await gate.event("passage", Passage(direction=Way.IN, tap=None))
    house.clock.go_on(2 * DAY_S)

    done = await Sweeper(house.site).run("test")
    again = await Sweeper(house.site).run("test")
    rows = await house._database.read(lambda c: c.execute(sa.select(tables.passage_counts)).all())

    counted = {(row.day, row.portal, row.direction): row._mapping["count"] for row in rows}
    assert counted["2026-11-23", "north-in", "in"] == 3 and counted["2026-11-24", "-", "-"] == 0
    assert done.days_counted >= 2 and again.days_counted == 0


async def test_pictures_go_after_a_week_from_memory_and_from_the_folders(house: House, tmp_path: Path) -> None:
    old, new = tmp_path / "exports" / "old.csv", tmp_path / "evidence" / "deep" / "new.jpg"
    for path in (old, new):
        path.parent.mkdir(parents=True)
        path.write_text(NAME)
    (tmp_path / "exports" / "link").symlink_to(new)
    os.utime(old, (1, 1))
    house.site.pictures["lane"] = Picture(house.clock.now(), "c1", b"jpeg")
    house.clock.go_on(8 * DAY_S)
    await Sweeper(house.site).run("test")

    assert forget_files([tmp_path / "exports", tmp_path / "evidence", tmp_path / "none"], 1_000.0) == 1
    assert not old.exists() and new.exists() and not house.site.pictures


def test_every_kind_of_paper_is_kept_for_a_time_and_no_longer() -> None:
    kinds = [*store.STAYS, *store.PERMITS, *store.AUDITED]

    assert sorted(kinds) == sorted(PaperKind) and len(kinds) == len(set(kinds))


def test_every_table_that_may_name_somebody_is_written_anew_on_postgresql() -> None:
    names_nobody = {"head", "ledger", "devices", "postures", "event_marks", "instances", "erased", "passage_counts"}
    names_nobody |= {"users"}  # whoever signs in is kept as long as the account is
    # Numbers of cameras; who confirmed a reference is a user's reference.
    names_nobody |= {"camera_checks", "camera_hours", "camera_spells", "camera_references", "camera_states"}

    assert set(tables.metadata.tables) - names_nobody <= set(store.VACUUMED)


# ---------------------------------------------------------------- the bytes


async def test_erased_means_not_found_in_any_byte_of_any_file(house: House) -> None:
    """Enough people that pages of the database split and merge while they come and go."""
    await contact(house, "s1", phone=PHONE)
    for number in range(60):
        name = f"{NAME} {number}"
        id = await visit(house, number=f"{NUMBER}{number}", name=name, purpose=f"sees {NAME}")
        await visits.cancel(house.site, id, "guard-1")
    await house.site.ledger.commit(
        Unit((Entry("note", house.clock.now(), {}),), (NoteKept("n1", f"{NAME} was here", house.clock.now()),))
    )
    await people.leave(house.site, "s1", "officer-1")
    left = house.site.directory.with_id("s1")
    assert left is not None
    data = house.folder.settings.data
    hashes = house.site.archive.document_hash("passport", f"{NUMBER}7")
    secrets = [text.encode() for text in (NAME, PLATE, PHONE, "sees Xan", left.name, hashes)]
    before = bytes_of(data)
    house.clock.go_on(400 * DAY_S)

    erased = await sweep(house)
    after = bytes_of(data)

    assert erased["visits"] == 60 and erased["visitors"] == 60 and erased["left"] == 1
    assert all(secret in before for secret in secrets), "the test puts in first what it looks for"
    assert [secret for secret in secrets if secret in after] == []
    assert house._head_file.newest() is not None
    assert verify(house._database, house._head_file.newest(), None, house.folder.settings.ledger_key).holds


@pytest.mark.postgres
def test_on_postgresql_erased_is_not_found_in_the_files_of_any_table(
    postgres_server: PostgresPart, postgres_url: str, tmp_path: Path
) -> None:
    """The server's own log is the server's: what is looked through is every file of this database."""
    if not postgres_server.is_ours:
        pytest.skip("the files of a server that was given are not ours to read")
    database = open_database(postgres_url)
    ledger = Ledger(database, HeadFile(tmp_path / "head", b"k" * 32))
    now = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
    try:
        people = [
            {"ref": f"{n:032}", "id": f"v-{n:020x}", "name": f"{NAME} {n}"}
            | {"kind": "visitor", "groups": "", "suspended": False}
            for n in range(300)
        ]
        cards = [
            {"ref": f"c{n:031}", "holder": f"{n:032}", "kind": "plate", "value": f"{PLATE}{n}", "state": "revoked"}
            for n in range(300)
        ]

        def come(connection: sa.Connection, version: int) -> None:
            connection.execute(sa.insert(tables.holders), [row | {"version": version} for row in people])
            connection.execute(sa.insert(tables.credentials), [row | {"version": version, "used": 0} for row in cards])

        ledger.write([Unit((Entry("note", now, {}),), (come, NoteKept("n1", f"{NAME} was loud", now)), directory=True)])
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.exec_driver_sql("CHECKPOINT")
            place = connection.exec_driver_sql(
                "SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database"
                " WHERE datname = current_database()"
            ).scalar_one()
        before = bytes_of(Path(place))

        later = now + timedelta(days=181)
        for kept in (Kept.VISITORS, Kept.NOTES):
            while keys := database.read_now(lambda c, kept=kept: store.due(c, kept, Retention(), later)):
                ledger.write([Unit((), (RowsErased(kept, tuple(keys)),), directory=True)])
        clean = store.clean_files(database)
        after = bytes_of(Path(place))
    finally:
        ledger.close()
        database.close()

    assert NAME.encode() in before and PLATE.encode() in before, "the test puts in first what it looks for"
    assert clean and NAME.encode() not in after and PLATE.encode() not in after
