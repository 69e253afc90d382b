"""Control rooms stand in for one another, and nobody's alarms go unheard; a lone operator at night is looked after."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from gateway.core.control_rooms import EVERY_ROOM, ONLY_ROOM, RingOfRooms, heard_in, room_of, rooms_of, take_over
from gateway.core.nouns import ControlRoom, Label, VigilanceRules
from gateway.flows import alarm_acts, alarms, control_rooms, notices, vigilance
from gateway.flows.notice_rules import NoticeRules
from gateway.flows.outbox import Outbox
from gateway.flows.ports import Delivered, Message, Recipient
from tests.flows.conftest import House

EAST = ControlRoom("east", Label("East", "东"), frozenset({"campus"}))
WEST = ControlRoom("west", Label("West", "西"), frozenset({"dorm-1"}))


def two_rooms(house: House) -> None:
    house.site.campus = replace(house.site.campus, control_rooms=(EAST, WEST))


@pytest.fixture
async def rooms(house: House) -> House:
    two_rooms(house)
    return house


async def go_on(house: House, seconds: int) -> None:
    """So many seconds of the gateway's beats, a few at a time."""
    for _ in range(seconds // 5):
        house.clock.go_on(5)
        await control_rooms.look(house.site)
        await vigilance.look(house.site)


async def test_a_zone_is_the_nearest_rooms_and_what_none_names_is_everybodys(rooms: House) -> None:
    campus = rooms.site.campus

    assert {zone: room_of(campus, zone) for zone in ("site", "campus", "teaching", "dorm-1", "dorm-2", "nowhere")} == {
        "site": EVERY_ROOM,
        "campus": "east",
        "teaching": "east",
        "dorm-1": "west",
        "dorm-2": "east",
        "nowhere": EVERY_ROOM,
    }
    alone = replace(campus, control_rooms=())
    assert [room.id for room in rooms_of(alone)] == [ONLY_ROOM] == [room_of(alone, "site")]


def test_rooms_never_take_each_other_over_in_a_ring() -> None:
    taken = take_over("b", "a", take_over("c", "b", {}))

    assert (heard_in("c", taken), heard_in("b", taken), heard_in("a", taken)) == ("a", "a", "a")
    for room, by in (("a", "b"), ("a", "c"), ("a", "a")):
        with pytest.raises(RingOfRooms):
            take_over(room, by, taken)


async def test_a_takeover_is_on_record_and_holds_over_a_restart_until_it_is_handed_back(rooms: House) -> None:
    await alarms.raise_alarm(rooms.site, alarms.FORCED_DOOR, "door")
    await control_rooms.stand_in(rooms.site, "west", "east", "operator-1", "the night shift is ill")

    assert control_rooms.as_row(rooms.site, WEST)["heard_in"] == "east"
    (row,) = await rooms.rows("room_taken_over")
    assert (row["room"], row["by_room"], row["by"]) == ("west", "east", "operator-1")
    assert "ill" not in str(row) and await rooms.site.archive.note(row["note"]) == "the night shift is ill"

    await rooms.restart()
    two_rooms(rooms)
    await control_rooms.load(rooms.site)
    assert rooms.site.rooms.taken == {"west": "east"}
    rooms.clock.go_on(60)
    await control_rooms.give_back(rooms.site, "west", "operator-2")
    assert control_rooms.as_row(rooms.site, WEST)["heard_in"] == "west"

    await rooms.restart()
    two_rooms(rooms)
    await control_rooms.load(rooms.site)
    assert rooms.site.rooms.taken == {}


async def test_which_room_stands_in_follows_from_where_somebody_sits_or_has_to_be_said(rooms: House) -> None:
    north = ControlRoom("north", Label("North", "北"), frozenset({"dorm-2"}))
    rooms.site.campus = replace(rooms.site.campus, control_rooms=(EAST, WEST, north))

    with pytest.raises(control_rooms.NotNow, match="which room"):
        await control_rooms.stand_in(rooms.site, "west", None, "operator-1")
    rooms.site.rooms.open_page("north", "operator-1", rooms.clock.now())
    await control_rooms.stand_in(rooms.site, "west", None, "operator-1")
    assert rooms.site.rooms.taken == {"west": "north"}
    with pytest.raises(control_rooms.NotNow, match="taken over itself"):
        await control_rooms.stand_in(rooms.site, "north", "west", "operator-1")
    with pytest.raises(control_rooms.NoSuchRoom):
        await control_rooms.stand_in(rooms.site, "south", None, "operator-1")


async def test_the_high_alarms_of_a_room_without_anybody_are_told_to_the_others_after_a_minute(rooms: House) -> None:
    alarm = await alarms.raise_alarm(rooms.site, alarms.FORCED_DOOR, "door")
    assert alarm.room == "west"
    rooms.site.rooms.open_page("east", "operator-1", rooms.clock.now())
    await control_rooms.look(rooms.site)

    await go_on(rooms, 55)
    assert (alarms.ROOM_UNMANNED, "west", "unacknowledged") not in rooms.alarms
    await go_on(rooms, 10)

    assert (alarms.ROOM_UNMANNED, "west", "unacknowledged") in rooms.alarms
    told = rooms.site.alarms.of(alarms.ROOM_UNMANNED, "west")
    assert told is not None and told.room == EVERY_ROOM

    await rooms.restart()
    two_rooms(rooms)
    await control_rooms.load(rooms.site)
    rooms.site.rooms.open_page("east", "operator-1", rooms.clock.now())
    await control_rooms.stand_in(rooms.site, "west", "east", "operator-1")
    await go_on(rooms, 10)
    assert (alarms.ROOM_UNMANNED, "west", "returned") in rooms.alarms


@pytest.mark.parametrize("why_not", ["manned", "acknowledged", "medium", "taken over", "only room"])
async def test_nobody_is_told_of_a_room_whose_alarms_are_heard(rooms: House, why_not: str) -> None:
    condition = alarms.HELD_DOOR if why_not == "medium" else alarms.FORCED_DOOR
    alarm = await alarms.raise_alarm(rooms.site, condition, "door")
    match why_not:
        case "manned":
            rooms.site.rooms.open_page("west", "operator-2", rooms.clock.now())
        case "acknowledged":
            await alarm_acts.acknowledge(rooms.site, alarm.id, "operator-1")
        case "taken over":
            rooms.site.rooms.open_page("east", "operator-1", rooms.clock.now())
            await control_rooms.stand_in(rooms.site, "west", "east", "operator-1")
        case "only room":
            rooms.site.campus = replace(rooms.site.campus, control_rooms=())

    await go_on(rooms, 180)

    assert not [one for one in rooms.alarms if one[0] == alarms.ROOM_UNMANNED]


@pytest.mark.parametrize("how", ["goes home", "never there", "restart", "one alarm"])
async def test_a_takeover_by_a_room_where_nobody_is_hides_no_alarm(rooms: House, how: str) -> None:
    alarm = await alarms.raise_alarm(rooms.site, alarms.FORCED_DOOR, "door")
    if how == "one alarm":
        rooms.site.rooms.open_page("west", "operator-2", rooms.clock.now())
        await alarm_acts.take_over(rooms.site, alarm.id, "east", "operator-1")
    else:
        await control_rooms.stand_in(rooms.site, "west", "east", "operator-1")
    if how == "goes home":
        rooms.site.rooms.open_page("east", "operator-1", rooms.clock.now())
        await go_on(rooms, 180)
        assert not [one for one in rooms.alarms if one[0] == alarms.ROOM_UNMANNED]
        rooms.site.rooms.close_page("east", "operator-1", rooms.clock.now())
    if how == "restart":
        await rooms.restart()
        two_rooms(rooms)
        await control_rooms.load(rooms.site)

    await go_on(rooms, 70)

    assert (alarms.ROOM_UNMANNED, "west", "unacknowledged") in rooms.alarms
    rooms.site.rooms.open_page("east", "operator-1", rooms.clock.now())
    await go_on(rooms, 10)
    assert (alarms.ROOM_UNMANNED, "west", "returned") in rooms.alarms


async def test_a_silent_alarm_that_nobody_hears_is_heard_in_every_room_and_shows_to_nobody_else(rooms: House) -> None:
    cry = await alarms.raise_alarm(rooms.site, alarms.DURESS, "door")
    before, screen = control_rooms.as_row(rooms.site, WEST), rooms.site.feed.subscribe()

    await go_on(rooms, 70)

    assert rooms.site.alarms.by_id[cry.id].room == EVERY_ROOM
    assert [one.event["type"] for one in screen.take() if not one.event.get("silent")] == []
    assert control_rooms.as_row(rooms.site, WEST) == before
    assert [(row["alarm"], row.get("again")) for row in await rooms.rows("alarm")] == [(cry.id, None), (cry.id, True)]
    await rooms.restart()
    assert rooms.site.alarms.by_id[cry.id].room == EVERY_ROOM

    two_rooms(rooms)
    await alarms.raise_alarm(rooms.site, alarms.FORCED_DOOR, "door")
    await go_on(rooms, 70)
    told = rooms.site.alarms.of(alarms.ROOM_UNMANNED, "west")
    assert told is not None and told.detail == "1 unacknowledged"
    assert control_rooms.as_row(rooms.site, WEST)["unheard"]


# ---------------------------------------------------------------- the question to a lone operator


class Keeping:
    """A messenger that keeps what it was given."""

    def __init__(self) -> None:
        self.sent: list[tuple[Recipient, Message]] = []

    async def send(self, to: Recipient, message: Message) -> Delivered:
        self.sent.append((to, message))
        return Delivered(("robot",), ())


async def at_night(house: House) -> None:
    two_rooms(house)
    house.site.campus = replace(house.site.campus, vigilance=VigilanceRules(within_min=5))
    house.site.notices = NoticeRules(robots=frozenset({"leader"}), duty_leader="robot:leader")
    house.clock.set(23)
    house.site.rooms.open_page("west", "operator-1", house.clock.now())
    house.site.rooms.acted("operator-1", house.clock.now())


async def test_an_operator_who_gives_no_sign_of_life_is_an_alarm_everywhere_and_a_notice_to_the_duty_leader(
    house: House,
) -> None:
    await at_night(house)
    screen, messenger = house.site.feed.subscribe(), Keeping()

    await go_on(house, 15 * 60)

    told = [one.event for one in screen.take() if one.event["type"] == "vigilance"]
    assert [(one["room"], one["state"]) for one in told] == [("west", "asked"), ("west", "missed")]
    assert (told[0]["until"] - told[0]["asked_at"]).total_seconds() == 5 * 60
    alarm = house.site.alarms.of(alarms.OPERATOR_SILENT, "west")
    assert alarm is not None and (alarm.room, alarm.priority) == (EVERY_ROOM, "high")
    (row,) = await house.rows("vigilance_missed")
    assert row.keys() == {"room", "asked_at"} and datetime.fromisoformat(row["asked_at"]) == told[0]["asked_at"]
    outbox = Outbox(house.site, messenger)
    await outbox.look()
    await outbox.settle()
    ((to, message),) = messenger.sent
    assert to.robot == "leader" and "West" in message.body and "operator-1" not in message.body

    await go_on(house, 10 * 60)
    assert len(await house.rows("vigilance_missed")) == len(await house.rows("notice_queued")) == 2

    await vigilance.present(house.site, "west", "operator-1")
    (row,) = await house.rows("vigilance_answered")
    assert (row["room"], row["by"]) == ("west", "operator-1")
    assert (alarms.OPERATOR_SILENT, "west", "returned") in house.alarms
    await outbox.look()
    await outbox.settle()
    assert len(messenger.sent) == 1, "who has answered is told of to nobody any more"
    screen.close()


async def test_a_lone_operator_whose_page_closes_is_found(house: House) -> None:
    await at_night(house)
    await go_on(house, 60)
    house.site.rooms.close_page("west", "operator-1", house.clock.now())

    await go_on(house, 6 * 60)

    (row,) = await house.rows("vigilance_missed")
    assert row["room"] == "west" and len(await house.rows("notice_queued")) == 1
    assert (alarms.OPERATOR_SILENT, "west", "unacknowledged") in house.alarms
    house.site.rooms.open_page("west", "operator-1", house.clock.now())
    await vigilance.look(house.site)
    assert [one["state"] for one in vigilance.standing(house.site)] == ["missed"], "a page may come back by itself"
    await vigilance.present(house.site, "west", "operator-1")
    assert (alarms.OPERATOR_SILENT, "west", "returned") in house.alarms


async def test_who_hands_the_room_over_before_closing_the_page_may_go_home(house: House) -> None:
    await at_night(house)
    house.site.rooms.open_page("east", "operator-2", house.clock.now())
    house.site.rooms.acted("operator-2", house.clock.now())
    await go_on(house, 60)
    await control_rooms.stand_in(house.site, "west", "east", "operator-1")
    house.site.rooms.close_page("west", "operator-1", house.clock.now())

    await go_on(house, 8 * 60)

    assert await house.rows("vigilance_missed") == [] and "west" not in house.site.rooms.vigils


async def test_any_act_of_the_operator_is_a_sign_of_life(house: House) -> None:
    await at_night(house)
    screen = house.site.feed.subscribe()

    for _ in range(4):
        await go_on(house, 9 * 60)
        house.site.rooms.acted("operator-1", house.clock.now())
        house.site.rooms.acted("somebody-else", house.clock.now())

    assert [one.event for one in screen.take() if one.event["type"] == "vigilance"] == []
    screen.close()


async def test_only_who_sits_there_can_say_that_somebody_does(house: House) -> None:
    await at_night(house)
    await go_on(house, 11 * 60)

    with pytest.raises(control_rooms.NotNow):
        await vigilance.present(house.site, "west", "officer-2")

    assert [one["state"] for one in vigilance.standing(house.site)] == ["asked"]


async def test_over_a_restart_the_operator_is_asked_anew(house: House) -> None:
    await at_night(house)
    await go_on(house, 60)

    await house.restart()
    two_rooms(house)
    house.site.rooms.open_page("west", "operator-1", house.clock.now())
    await vigilance.look(house.site)

    assert [one["room"] for one in vigilance.standing(house.site)] == ["west"]


async def test_a_notice_about_somebody_who_answered_says_nothing(house: House) -> None:
    await at_night(house)
    await go_on(house, 16 * 60)
    (notice,) = await house.site.archive.notices_due(house.clock.now(), 5)
    assert await notices.message(house.site, notice) is not None

    house.site.rooms.open_page("west", "operator-2", house.clock.now())
    await vigilance.look(house.site)

    assert await notices.message(house.site, notice) is None
    assert (alarms.OPERATOR_SILENT, "west", "returned") in house.alarms
