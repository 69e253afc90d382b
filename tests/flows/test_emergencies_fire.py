"""Fire and panic: acted on before anything is written, the same in every order of arrival, ended by people only."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from devices.messages import BollardMode, Emergency, FireAlarm, FireClear, FireInput, LockState, Panic
from gateway.core.decide import decide
from gateway.core.kinds import CredentialKind, Direction, Level, Outcome
from gateway.core.nouns import Request
from gateway.core.papers import Authority, Cause, EmergencyKind, Order
from gateway.core.papers import Emergency as Paper
from gateway.flows import alarm_acts, alarms, command, emergencies, emergency_view, fires, postures
from gateway.flows.device_events import NotItsPlace
from gateway.flows.ports import Entry, LedgerUnavailable, Unit
from gateway.flows.site import Site
from tests.flows.conftest import Hand, House
from tests.flows.test_emergencies import WhileItIsWritten, away, back, on_duty
from tests.parts.waiting import until

LOCKDOWN, EVACUATE = EmergencyKind.LOCKDOWN, EmergencyKind.EVACUATE


async def burn(hand: Hand, zone: str = "dorm-1", seq: int | None = None) -> int:
    return await hand.event("fire_alarm", FireAlarm(zone=zone), seq=seq)


async def clear(hand: Hand, zone: str = "dorm-1") -> int:
    return await hand.event("fire_clear", FireClear(zone=zone))


async def end(house: House, id: str) -> None:
    await emergencies.end(house.site, id, "leader-1", "the fire brigade has gone")
    await emergencies.end(house.site, id, "leader-2", "the fire brigade has gone")


def the_fire(house: House) -> Any:
    (found,) = [e for e in house.site.emergencies.values() if e.cause is Cause.FIRE]
    return found


# It acts at once


async def test_a_fire_evacuates_its_zone_and_no_other(house: House) -> None:
    hands = await on_duty(house)

    await burn(hands["panel"])

    fire = the_fire(house)
    assert (fire.kind, fire.zones, fire.started_by, fire.drill) == (EVACUATE, {"dorm-1"}, None, False)
    assert house.courier.posture("door").emergency is Emergency.EVACUATE
    assert house.courier.posture("gate").emergency is None
    assert (alarms.FIRE, "dorm-1", "unacknowledged") in house.alarms
    assert [a.detail for a in house.site.alarms.by_id.values()] == [fires.REAL]


async def test_the_wire_at_a_door_is_a_fire_in_its_zone_too(house: House) -> None:
    hands = await on_duty(house)

    await hands["door"].event("fire_input", FireInput(active=True))

    assert the_fire(house).zones == {"dorm-1"} and set(the_fire(house).inputs) == {"door"}
    assert (alarms.FIRE, "door", "unacknowledged") in house.alarms


async def test_a_panel_and_the_doors_wire_are_one_fire(house: House) -> None:
    hands = await on_duty(house)

    await burn(hands["panel"])
    await hands["door"].event("fire_input", FireInput(active=True))
    await house.settle()

    assert set(the_fire(house).inputs) == {"panel:dorm-1", "door"}
    assert len(await house.rows("emergency_started")) == 1


async def test_an_older_directory_that_is_read_meanwhile_forgets_no_fire_input(house: House) -> None:
    hands = await on_duty(house)
    await burn(hands["panel"])
    await house.settle()
    note = Entry("people_imported", house.clock.now(), {})
    await house.site.ledger.commit(Unit((note,), directory=True))  # somebody else changes the directory
    older = await house.site.archive.directory(house.site.directory)

    await hands["door"].event("fire_input", FireInput(active=True))
    house.site.swap_directory(older)

    assert set(the_fire(house).inputs) == {"panel:dorm-1", "door"}


async def test_with_the_ledger_away_a_fire_acts_first_and_its_record_follows(make_house: Callable[..., Any]) -> None:
    house: House = await make_house()
    hands = await on_duty(house)
    held = away(house)
    try:
        event = house.site.spawn(burn(hands["panel"], seq=1))
        await until(lambda: house.courier.posture("door").emergency is Emergency.EVACUATE)
        leaving = house.site.spawn(hands["door"].tap("NOBODY", "out"))  # its record waits for the ledger too
        await until(lambda: house.courier.commands("door"))
        assert house.courier.commands("door")[0].reason == "ok_evacuate"
        await event  # nobody acknowledges what is not on disk
        assert [ack.seq for ack in house.courier.acks("panel")][-1] == 0
    finally:
        back(held)
    await leaving
    await burn(hands["panel"], seq=1)
    await house.settle()

    assert [row["kind"] for row in await house.rows("emergency_started")] == ["evacuate"]
    assert house.courier.acks("panel")[-1].seq == 1
    await house.restart()
    assert set(the_fire(house).inputs) == {"panel:dorm-1"}


async def test_a_fire_that_is_told_again_after_it_was_ended_begins_nothing(house: House) -> None:
    """The ack was lost: the panel sends its events once more."""
    hands = await on_duty(house)
    await burn(hands["panel"], seq=1)
    await hands["panel"].event("fire_clear", FireClear(zone="dorm-1"), seq=2)
    await end(house, the_fire(house).id)
    await house.restart()

    await burn(hands["panel"], seq=1)

    assert house.site.emergencies == {}


# It stays until the input is clear and people end it


async def test_a_zones_alarm_is_over_when_its_last_input_is_clear_and_then_waits_for_a_person(house: House) -> None:
    hands = await on_duty(house)
    await burn(hands["panel"])
    await hands["door"].event("fire_input", FireInput(active=True))
    for alarm in list(house.site.alarms.by_id.values()):
        await alarm_acts.acknowledge(house.site, alarm.id, "operator-1")

    await clear(hands["panel"])
    still = house.site.alarms.of(alarms.FIRE, "dorm-1")
    await hands["door"].event("fire_input", FireInput(active=False))
    over = house.site.alarms.of(alarms.FIRE, "dorm-1")

    assert still is not None and still.holds and still.state == "acknowledged"
    assert over is not None and not over.holds and over.state == "returned"
    assert (alarms.FIRE, "door", "returned") in house.alarms


async def test_nobody_ends_it_while_an_input_is_active(house: House) -> None:
    hands = await on_duty(house)
    await burn(hands["panel"])
    await hands["door"].event("fire_input", FireInput(active=True))
    fire = the_fire(house)

    for says in (lambda: clear(hands["panel"]), lambda: hands["door"].event("fire_input", FireInput(active=False))):
        with pytest.raises(emergencies.NotPossible, match="active"):
            await emergencies.end(house.site, fire.id, "leader-1", "over")
        await says()

    assert house.courier.posture("door").emergency is Emergency.EVACUATE, "clear inputs end nothing"
    await end(house, fire.id)
    assert house.courier.posture("door").emergency is None


async def test_a_fire_that_comes_back_while_its_end_is_written_is_a_new_one(house: House) -> None:
    hands = await on_duty(house)
    await burn(hands["panel"])
    await clear(hands["panel"])
    await house.settle()
    first = the_fire(house)
    again: list[Any] = []

    async def flare_up() -> None:
        again.append(house.site.spawn(burn(hands["panel"])))

    await emergencies.end(house.site, first.id, "leader-1", "out")
    house.site.ledger = WhileItIsWritten(house, "emergency_ended", flare_up)
    ended = await emergencies.end(house.site, first.id, "leader-2", "out")
    await again[0]
    await house.settle()

    assert not ended.is_live and the_fire(house).id != first.id
    assert set(the_fire(house).inputs) == {"panel:dorm-1"}
    assert house.courier.posture("door").emergency is Emergency.EVACUATE
    assert fires.why_not_lock(house.site, hands["door"].device) is not None
    house.site.ledger = house.writer
    await clear(hands["panel"])
    await end(house, the_fire(house).id)
    assert not house.site.emergencies


async def test_a_new_input_makes_the_first_word_on_its_end_void(house: House) -> None:
    hands = await on_duty(house)
    await burn(hands["panel"])
    await clear(hands["panel"])
    fire = the_fire(house)
    await emergencies.end(house.site, fire.id, "leader-1", "over")

    await burn(hands["panel"])
    await clear(hands["panel"])

    assert (await emergencies.end(house.site, fire.id, "leader-2", "over")).is_live


async def test_active_inputs_and_the_fire_outlive_a_restart(house: House) -> None:
    hands = await on_duty(house)
    await burn(hands["panel"])
    await house.restart()

    assert house.site.world.fires == {"dorm-1"}
    with pytest.raises(emergencies.NotPossible, match="active"):
        await emergencies.end(house.site, the_fire(house).id, "leader-1", "over")
    await clear(hands["panel"])
    await house.restart()
    await end(house, the_fire(house).id)
    assert house.site.world.fires == set()


async def test_a_door_that_started_anew_or_was_retired_keeps_nobody_from_ending_it(house: House) -> None:
    """After a start a device tells anew what is active; else a fire that was out could never be ended."""
    hands = await on_duty(house)
    await hands["door"].event("fire_input", FireInput(active=True))
    await burn(hands["panel"])
    fire = the_fire(house)

    await house.hand("door").status()
    house.folder.retire("panel")
    await house.look()

    assert emergency_view.active_inputs(house.site, the_fire(house)) == []
    await end(house, fire.id)


async def test_a_door_is_locked_again_only_when_the_input_is_clear_and_two_have_ended_it(house: House) -> None:
    hands = await on_duty(house, "panel", "door")
    await burn(hands["panel"])
    await hands["door"].status(lock_state=LockState.RELEASED)
    fire = the_fire(house)

    async def lock() -> str:
        await hands["door"].heartbeat()
        return await command.send(house.site, "door", "lock", "fire_reset", "operator")

    with pytest.raises(command.CommandNotPossible, match="evacuated"):
        await lock()
    await clear(hands["panel"])
    with pytest.raises(command.CommandNotPossible, match="evacuated"):
        await lock()
    await end(house, fire.id)
    sent = await lock()

    (told,) = house.courier.commands("door")
    assert (told.id, told.action, told.reason) == (sent, "lock", "fire_reset")


# Drills


async def test_a_real_fire_ends_every_drill_at_once(house: House) -> None:
    hands = await on_duty(house)
    feed = house.site.feed.subscribe()
    drill = await emergencies.start(house.site, EVACUATE, ["campus"], "yearly drill", "guard", drill=True)
    assert house.courier.posture("door").drill

    await burn(hands["panel"])

    assert drill.id not in house.site.emergencies
    posture = house.courier.posture("door")
    assert (posture.emergency, posture.drill) == (Emergency.EVACUATE, False)
    await house.settle()
    (ended,) = [row for row in await house.rows("emergency_ended") if row["emergency"] == drill.id]
    assert ended["why"] == "real_fire"
    seen = [one.event for one in feed.take()]
    feed.close()
    assert any(e["type"] == "drill_ended" and e["emergencies"] == [drill.id] for e in seen)


async def test_a_panic_button_ends_every_drill_and_opens_nothing(house: House) -> None:
    hands = await on_duty(house)
    await emergencies.start(house.site, LOCKDOWN, (), "yearly drill", "guard", drill=True)

    await hands["panel"].event("panic", Panic(location="desk"))
    await house.look()

    assert house.site.emergencies == {}
    await house.settle()
    assert (await house.rows("emergency_ended"))[0]["why"] == "real_panic"
    assert house.courier.commands() == []


async def test_no_drill_begins_beside_something_real(house: House) -> None:
    await burn((await on_duty(house, "panel"))["panel"])

    with pytest.raises(emergencies.NotPossible, match="real"):
        await emergencies.start(house.site, LOCKDOWN, (), "drill", "guard", drill=True)


# S2, S3 and F03


def released(site: Site, device: str) -> bool:
    """S2 as far as the gateway goes: what the device has been given, or would be given now, releases it."""
    found = site.devices.get(device)
    assert found is not None
    content = postures.content_of(found.issued)
    return content is not None and content.emergency == "evacuate"


def lets_out(site: Site, portal: str, value: str) -> bool:
    request = Request(portal, Direction.OUT, CredentialKind.CARD, value)
    return decide(request, site.world, site.clock.now()).outcome is Outcome.GRANT


async def test_fire_and_lockdown_in_a_thousand_orders_leave_every_way_out_open(house: House, seed: int) -> None:
    """Both within a tenth of a second, mixed with restless panels, drills and ends that come too early (F03)."""
    await on_duty(house, "door", "panel", "bollard")
    rng = random.Random(seed)
    broken = 0
    held = away(house)  # nothing of this waits for a ledger
    for _ in range(1_000):
        house.site.emergencies.clear()
        house.site.unfiled.clear()
        house.site.renew_world()
        postures.issue_at_once(house.site, house.site.devices)
        steps: list[Callable[[], object]] = [
            lambda: fires._burn(house.site, "panel:dorm-1", "dorm-1", "boot"),
            lambda: emergencies.begin(house.site, _called(house, LOCKDOWN, "site")),
        ]
        steps += rng.sample(
            [
                lambda: fires._burn(house.site, "door", "dorm-1", "boot"),
                lambda: emergencies.begin(house.site, _called(house, LOCKDOWN, "dorm-1")),
                lambda: emergencies.begin(house.site, _called(house, EVACUATE, "campus", drill=True)),
                lambda: emergencies.end_drills(house.site, "real_panic"),
                lambda: postures.issue_at_once(house.site, house.site.devices),
            ],
            k=rng.randint(0, 3),
        )
        rng.shuffle(steps)
        burns = False
        for step in steps:
            house.clock.go_on(rng.random() * 0.1 / len(steps))
            step()
            burns = burns or "dorm-1" in house.site.world.fires
            if not lets_out(house.site, "dorm-1-door", rng.choice(["NOBODY", "STUDENT2"])):
                broken += 1
            if burns and not released(house.site, "door"):
                broken += 1
        assert burns
        bollard = house.site.devices.get("bollard")
        assert bollard is not None
        content = postures.content_of(bollard.issued)
        assert content is not None and content.settings.bollard is BollardMode.HOLD
    assert broken == 0
    assert house.courier.commands() == [], "no fire and no lockdown moves anything by a command (S3)"
    for task in list(house.site._tasks):
        task.cancel()  # a thousand emergencies that nobody wants to have on paper
    back(held)


async def test_fire_at_every_level_of_every_authority_under_lockdown_or_not_with_every_part_away(house: House) -> None:
    """F02: set the input; the ways out are open, and stay so until people have ended it."""
    hands = await on_duty(house, "door", "panel", "exit")
    number = 0
    for level, authority, locked, drill, link, ledger in itertools.product(
        Level, Authority, (False, True), (False, True), (False, True), (False, True)
    ):
        number += 1
        order = Order(f"o{number}", level, frozenset({"site"}), house.clock.now(), drill=drill, authority=authority)
        directory = house.site.directory
        papers = replace(directory.papers, orders=(order,), emergencies=())
        house.site.emergencies.clear()
        house.site.unfiled.clear()
        house.site.swap_directory(replace(directory, version=directory.version + 1, papers=papers))
        if locked:
            emergencies.begin(house.site, _called(house, LOCKDOWN, "site", drill))
        house.courier.connected = link
        postures.publish_to_those_behind(house.site)  # as when the broker is back
        held = None if ledger else away(house)
        try:
            event = house.site.spawn(burn(hands["panel"], seq=number))
            await until(lambda: "dorm-1" in house.site.world.fires)

            assert released(house.site, "door"), (level, authority, locked, drill, link, ledger)
            assert lets_out(house.site, "dorm-1-door", "NOBODY")
            content = postures.content_of(hands["door"].device.issued)
            assert content is not None and not content.drill
            if link:
                assert house.courier.posture("door").emergency is Emergency.EVACUATE
            with pytest.raises((emergencies.NotPossible, LedgerUnavailable)):
                await emergencies.end(house.site, the_fire(house).id, "leader-1", "over")
        finally:
            if held is not None:
                back(held)
            for task in [t for t in house.site._tasks if t is not event]:
                task.cancel()
            await event
    house.courier.connected = True
    assert number == 3 * 2 * 2 * 2 * 2 * 2


def _called(house: House, kind: EmergencyKind, zone: str, drill: bool = False) -> Any:
    number = len(house.site.emergencies)
    return Paper(f"{number:08x}", kind, frozenset({zone}), house.clock.now(), "guard", drill=drill)


def no_door_of_a_fire_is_shut(site: Site) -> bool:
    """S2, as far as the gateway goes: every escape door of a zone that burns has been told to stay released."""
    portals = site.campus.portals
    doors = [d for d in site.devices if d.portal is not None and portals[d.portal].is_escape_route]
    burning = [d for d in doors if not site.world.fires.isdisjoint(site.campus.around(portals[d.portal or ""].zone))]
    return bool(burning) and all(released(site, door.id) for door in burning)


def no_bollard_cycles(site: Site) -> bool:
    """S3, as far as the gateway goes: under an emergency no bollard has been told that it may rise by itself."""
    held = [postures.content_of(d.issued) for d in site.devices if d.kind == "bollard"]
    return all(content is not None and content.settings.bollard is BollardMode.HOLD for content in held)


async def test_s2_holds_and_a_gateway_in_which_the_last_call_wins_breaks_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await on_duty(house, "door", "bollard")
    fires._burn(house.site, "panel:dorm-1", "dorm-1", "boot")
    emergencies.begin(house.site, _called(house, LOCKDOWN, "site"))
    assert no_door_of_a_fire_is_shut(house.site)

    def last_called(world: Any, zone: str) -> EmergencyKind | None:
        over = [e for e in world.emergencies if not e.zones.isdisjoint(world.campus.around(zone))]
        return over[-1].kind if over else None

    monkeypatch.setattr(postures, "emergency_over", last_called)
    postures.issue_at_once(house.site, house.site.devices)
    assert not no_door_of_a_fire_is_shut(house.site)


async def test_s3_holds_and_a_gateway_that_knows_only_lane_windows_breaks_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await on_duty(house, "bollard")
    emergencies.begin(house.site, _called(house, EVACUATE, "campus"))
    assert no_bollard_cycles(house.site)

    right = postures.wanted

    def only_windows(*asked: Any) -> postures.Content:
        content = right(*asked)
        settings = msgspec.structs.replace(content.settings, bollard=BollardMode.CYCLE)
        return replace(content, settings=settings)

    monkeypatch.setattr(postures, "wanted", only_windows)
    emergencies.begin(house.site, _called(house, LOCKDOWN, "campus"))
    emergencies.begin(house.site, _called(house, EVACUATE, "site", drill=True))
    await postures.issue(house.site, house.site.devices)
    assert not no_bollard_cycles(house.site)


async def test_a_fire_in_an_unknown_place_is_no_evacuation(house: House) -> None:
    """A panel speaks for its own zone only; the router refuses it before any flow, and the flow too."""
    hands = await on_duty(house, "panel")
    with pytest.raises(NotItsPlace):
        await burn(hands["panel"], "campus")
    assert house.site.emergencies == {}
