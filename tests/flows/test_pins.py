"""Card and PIN at a door that asks for both: right, wrong, locked, in need of help; and what is kept of it."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.cli.site_store import open_site_store
from gateway.core.pins import Tries
from gateway.flows import pins
from gateway.flows.card_tap import card_tap
from gateway.flows.changes import PinSet
from gateway.flows.enrolment import Place
from gateway.flows.ports import Entry, Unit
from tests.flows.conftest import House
from tests.flows.door_scene import DURESS, PIN, give_pin, level, person, said


@pytest.fixture
async def door(house: House) -> AsyncIterator[House]:
    """The control room's door while the level is enhanced: card and PIN."""
    await level(house, 2)
    await give_pin(house, "g1")
    yield house


async def test_the_card_alone_is_asked_for_its_pin_and_with_it_opens(door: House) -> None:
    control = door.hand("control")

    assert said((await control.tap("GUARD1"))[1]) == ("deny", "pin_required")
    assert said((await control.tap("GUARD1", pin="9999"))[1]) == ("deny", "wrong_pin")
    assert said((await control.tap("GUARD1", pin=PIN))[1]) == ("grant", "ok")


async def test_whoever_guesses_is_locked_after_five_and_other_cards_at_that_door_still_work(
    door: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A12: what comes after the fifth is not even compared, however many more come, and the right one among them."""
    door.folder.import_people("g2,Lan Wu,service,staff;security,GUARD2,,,,")
    await door.look()
    await give_pin(door, "g2", "5190", None)
    control = door.hand("control")
    guesses = [f"{number:04d}" for number in range(10_000) if f"{number:04d}" not in (PIN, DURESS)]
    random.Random(12).shuffle(guesses)
    compare, compared = pins.compare, []

    def counting(site: Any, holder: str, pin: str) -> Any:
        compared.append(pin)
        return compare(site, holder, pin)

    monkeypatch.setattr(pins, "compare", counting)
    first = [said((await control.tap("GUARD1", pin=guess))[1]) for guess in guesses[:6]]
    taps = [control.a_tap("GUARD1", pin=guess) for guess in [*guesses[6:200], PIN]]
    await asyncio.gather(*(card_tap(door.site, control.device, tap) for tap in taps))

    assert first == [("deny", "wrong_pin")] * 5 + [("deny", "pin_locked")]
    assert compared == guesses[:5]
    assert {command.reason for command in door.courier.commands("control")[6:]} == {"pin_locked"}
    assert ("wrong_tries", "control", "unacknowledged") in door.alarms
    assert said((await control.tap("GUARD2", pin="5190"))[1]) == ("grant", "ok")


@pytest.mark.campaign
async def test_all_ten_thousand_pins_at_five_a_second(door: House) -> None:
    """A12 at its full length: more than half an hour of the device's time, and still five looked at."""
    control = door.hand("control")
    reasons: dict[str, int] = {}
    for number in range(10_000):
        pin = f"{number:04d}"
        if pin not in (PIN, DURESS):
            reason = said((await control.tap("GUARD1", pin=pin))[1])[1]
            reasons[reason] = reasons.get(reason, 0) + 1
        door.clock.go_on(0.2)

    assert reasons == {"wrong_pin": 5, "pin_locked": 9_993}


async def test_a_count_that_never_locks_is_found_out(door: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: the sixth guess is compared like the first."""
    monkeypatch.setattr(Tries, "wrong", lambda *_: False)
    control = door.hand("control")

    reasons = {said((await control.tap("GUARD1", pin="9999"))[1])[1] for _ in range(7)}

    assert reasons == {"wrong_pin"}


async def test_however_many_tries_come_at_once_five_are_looked_at(door: House) -> None:
    control = door.hand("control")
    taps = [control.a_tap("GUARD1", pin=f"90{number:02d}") for number in range(20)]

    await asyncio.gather(*(card_tap(door.site, control.device, tap) for tap in taps))

    reasons = sorted(command.reason for command in door.courier.commands("control"))
    assert reasons == ["pin_locked"] * 15 + ["wrong_pin"] * 5


async def test_a_locked_card_is_refused_there_without_a_pin_too_and_on_the_way_out_nobody_is_held(door: House) -> None:
    control = door.hand("control")
    for _ in range(5):
        await control.tap("GUARD1", pin="9999")
    await level(door, 3)  # no PIN is asked for any more

    assert said((await control.tap("GUARD1"))[1]) == ("deny", "pin_locked")
    assert (await control.tap("GUARD1", direction="out"))[1].action == "grant"


async def test_three_devices_lock_a_card_everywhere_and_no_restart_forgets_it(make_house: Any) -> None:
    house: House = await make_house()
    for name in ("control-2", "control-3", "control-4"):
        house.folder.enrol_all([("reader", name, Place("control-room-door", None))])
    await house.look()
    await level(house, 2)
    await give_pin(house, "g1")
    for name in ("control", "control-2", "control-3"):
        for _ in range(5):
            await house.hand(name).tap("GUARD1", pin="9999")
    fourth = house.hand("control-4")
    assert said((await fourth.tap("GUARD1", pin=PIN))[1]) == ("deny", "pin_locked")

    await house.restart()

    assert said((await fourth.tap("GUARD1", pin=PIN))[1]) == ("deny", "pin_locked")
    assert await pins.unlock(house.site, "g1", "u-operator") == 1
    await house.restart()
    assert said((await fourth.tap("GUARD1", pin=PIN))[1]) == ("grant", "ok")


async def test_the_wrong_tries_before_a_restart_count_after_it_and_a_repeat_counts_once(door: House) -> None:
    control = door.hand("control")
    taps = [control.a_tap("GUARD1", pin=f"900{number}") for number in range(4)]
    for tap in taps:
        await card_tap(door.site, control.device, tap)
    await door.restart()
    for tap in taps:
        await card_tap(door.site, control.device, tap)  # the device has heard no answer

    assert said((await control.tap("GUARD1", pin=PIN))[1]) == ("grant", "ok")
    for _ in range(5):
        await control.tap("GUARD1", pin="9999")
    assert said((await control.tap("GUARD1", pin=PIN))[1]) == ("deny", "pin_locked")


async def test_on_the_way_out_no_pin_is_looked_at(door: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """S1: not even a bug in it may stand in the way."""
    monkeypatch.setattr(pins, "word", None)

    assert said((await door.hand("door").tap("GUARD1", "out", pin="9999"))[1]) == ("grant", "ok_exit")


async def test_a_lock_ends_after_twelve_hours_and_no_jump_of_the_clock_ends_it(door: House) -> None:
    control = door.hand("control")
    for _ in range(5):
        await control.tap("GUARD1", pin="9999")
    door.site.trusted_until = door.clock.now()
    door.clock.go_on(20 * 365 * 86_400.0)
    assert said((await control.tap("GUARD1", pin=PIN))[1]) == ("deny", "pin_locked")
    door.clock.go_on(-20 * 365 * 86_400.0)
    door.site.trusted_until = None

    door.clock.go_on(12 * 3_600 - 1)
    assert said((await control.tap("GUARD1", pin=PIN))[1]) == ("deny", "pin_locked")
    door.clock.go_on(1)
    assert said((await control.tap("GUARD1", pin=PIN))[1]) == ("grant", "ok")


async def test_the_pin_that_calls_for_help_opens_as_usual_and_only_the_control_room_hears_of_it(door: House) -> None:
    control = door.hand("control")
    feed = door.site.feed.subscribe()

    tap, usual = await control.tap("GUARD1", pin=PIN)
    other, forced = await control.tap("GUARD1", pin=DURESS)
    await door.settle()

    assert said(usual) == said(forced) == ("grant", "ok")
    assert ("duress", "control", "unacknowledged") in door.alarms
    (row,) = await door.rows("duress")
    assert row == {"device": "control", "portal": "control-room-door", "tap": other, "holder": person(door, "g1").ref}
    decisions = {one["tap"]: one for one in await door.rows("decision")}
    same = ("pin", "trace", "outcome", "reason", "credential_kind", "holder", "credential")
    assert [decisions[tap][name] for name in same] == [decisions[other][name] for name in same]
    door.site.feed.publish({"type": "end"})
    loud = []
    async for event in feed:
        if event["type"] == "end":
            break
        if not event.get("silent"):
            loud.append(event)
    feed.close()
    assert [event["type"] for event in loud] == ["decision", "decision"]
    assert loud[1]["trace"] == loud[0]["trace"]


async def test_no_pin_stands_anywhere(door: House) -> None:
    """First something that could leak: right, wrong and in need of help, granted and refused."""
    control = door.hand("control")
    for pin in (PIN, "90210", DURESS):
        await control.tap("GUARD1", pin=pin)
    await pins.set_pin(door.site, "g1", "55190", "73028", "u-1")

    ids = re.compile(r"[0-9a-f]{16,}")  # in a long one any four digits may stand by chance
    everything = [ids.sub("", str(row.body)) for row in await door.all_rows()]

    for pin in (PIN, "90210", DURESS, "55190", "73028"):
        assert not [row for row in everything if pin in row]
    file = door.folder.sqlite_file.read_bytes() + door.folder.sqlite_file.with_suffix(".db-wal").read_bytes()
    assert b"55190" not in file and b"90210" not in file
    assert PIN not in repr(control.a_tap("GUARD1", pin=PIN))


async def test_a_pin_that_another_process_took_away_opens_nothing_on_the_very_next_tap(door: House) -> None:
    control = door.hand("control")
    assert said((await control.tap("GUARD1", pin=PIN))[1]) == ("grant", "ok")
    with open_site_store(door.folder.settings) as store:
        gone = PinSet(person(door, "g1").ref, None, None, door.clock.now())
        store.commit(Unit((Entry("tests", door.clock.now(), {}),), (gone,), directory=True))

    assert said((await control.tap("GUARD1", pin=PIN))[1]) == ("deny", "wrong_pin")


@pytest.mark.parametrize(
    ("pin", "duress", "field"),
    [("12", None, "pin"), ("1234", None, "pin"), ("4071", "4072", "duress"), ("4071", "12", "duress")],
)
async def test_a_pin_that_is_none_is_not_set(house: House, pin: str, duress: str | None, field: str) -> None:
    with pytest.raises(pins.BadPin) as wrong:
        await pins.set_pin(house.site, "g1", pin, duress, "u-1")

    assert wrong.value.field == field
    assert house.site.pins == {} and await house.rows("pin_set") == []


async def test_nobody_has_a_pin_where_the_gateway_has_no_key_for_them(door: House) -> None:
    door.site.pin_key = None

    assert said((await door.hand("control").tap("GUARD1", pin=PIN))[1]) == ("deny", "wrong_pin")
    with pytest.raises(pins.NoKey):
        await give_pin(door, "g1")
