"""Vehicles over the API: a plate that waits, the lane's bollard, the register, buses, requests, a table of them."""

import asyncio
from datetime import timedelta
from typing import Any

from devices.messages import Action, BollardPosition, Clock, Command, Heartbeat, Presence, PresenceReading
from gateway.flows.device_status import heartbeat
from tests.web.guardpost import GuardPost
from tests.web.lane_scene import camera_at_the_lane, picture_comes, plate_comes

JPEG = b"\xff\xd8 a picture"
HEAD = "plate,kind,holder,driver,attendant,route,papers_until,timetable,portals,not_after\n"
BUS = "京B88888,bus,S-1,S-1,S-2,Line 3,2026-12-01,mon-fri 06:30-08:00;sat 09:00-11:00,north-vehicle,\n"


async def asked(client: Any, method: str, path: str, status: int = 200, **how: Any) -> Any:
    async with client.request(method, f"/api/v1/{path}", **how) as answer:
        assert answer.status == status, (answer.status, await answer.text())
        return await answer.json() if answer.content_type.startswith("application/") else await answer.read()


async def register(officer: Any, plate: str = "京A12345", **how: Any) -> dict[str, Any]:
    vehicle = {"kind": "registered", "plate": plate, "holder": "S-1", **how}
    return await asked(officer, "POST", "vehicles", 201, json=vehicle)


async def taken(client: Any, table: str, status: int = 200) -> Any:
    return await asked(
        client, "POST", "imports/vehicles", status, data=table.encode(), headers={"Content-Type": "text/csv"}
    )


# ---------------------------------------------------------------- a plate that waits


async def test_a_misread_plate_is_let_in_as_the_look_alike_that_the_guard_picks(post: GuardPost) -> None:
    await camera_at_the_lane(post)
    officer, guard = await post.signed_in("officer1", "security_officer"), await post.signed_in("guard1", "guard")
    await register(officer)
    id, first = await plate_comes(post, "京AI2345")
    await asyncio.sleep(0.1)

    (row,) = (await asked(guard, "GET", "waiting"))["waiting"]
    await asked(guard, "GET", f"waiting/{id}/picture", 404)
    await picture_comes(post, JPEG)
    (again,) = (await asked(guard, "GET", "waiting"))["waiting"]
    assert await asked(guard, "GET", f"waiting/{id}/picture") == JPEG
    refused = await asked(guard, "POST", f"waiting/{id}", 409, json={"outcome": "grant"})
    await asked(guard, "POST", f"waiting/{id}", 422, json={"outcome": "grant", "plate": " "})
    await asked(guard, "POST", f"waiting/{id}", json={"outcome": "grant", "plate": "京A12345"})

    assert first.action is Action.WAIT
    assert (row["plate"], row["picture"], again["picture"]) == ("京AI2345", False, True)
    owner = {"id": "S-1", "name": "Li Na", "kind": "staff"}
    assert row["proposals"] == [{"plate": "京A12345", "holder": owner, "kind": "registered"}]
    assert refused["detail"].startswith("unknown_credential")
    last = [m for _, m in post.courier.sent if isinstance(m, Command) and m.for_ == first.for_][-1]
    assert last.action is Action.GRANT
    assert "12345" not in str(await post.records("answer")) + str(await post.records("decision"))


async def test_a_plate_shows_on_no_screen_of_those_who_only_watch(post: GuardPost) -> None:
    await camera_at_the_lane(post)
    leader = await post.signed_in("leader1", "duty_leader")
    id, _ = await plate_comes(post, "沪C77777")

    (row,) = (await asked(leader, "GET", "waiting"))["waiting"]
    await asked(leader, "GET", f"waiting/{id}/picture", 403)

    assert (row["plate"], row["proposals"]) == (None, [])


async def test_a_plate_that_no_camera_read_is_typed_and_decided_like_a_tap(post: GuardPost) -> None:
    await camera_at_the_lane(post)
    officer, guard = await post.signed_in("officer1", "security_officer"), await post.signed_in("guard1", "guard")
    await register(officer)

    stranger = await asked(guard, "POST", "lanes/north-vehicle/admit", json={"plate": "沪C77777"})
    known = await asked(guard, "POST", "lanes/north-vehicle/admit", json={"plate": "京A·12345"})
    await asked(guard, "POST", "lanes/north-in/admit", 422, json={"plate": "京A12345"})

    assert (stranger["outcome"], stranger["reason"]) == ("deny", "unknown_credential")
    assert (known["outcome"], known["holder"]["name"]) == ("grant", "Li Na")
    denied, granted = await post.records("decision")
    assert (denied["by_hand"], granted["by_hand"], granted["outcome"]) == ("plate", "plate", "grant")
    assert "12345" not in str(granted) and granted["plate_read"]


# ---------------------------------------------------------------- the bollard


async def test_the_guard_raises_the_bollard_and_hears_what_keeps_it_down(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    bollard = post.site.devices.get("north-bollard")
    assert bollard is not None
    bollard.position = BollardPosition.LOWERED

    async def say(vehicle: str, pedestrian: str, counter: int) -> None:
        reading = PresenceReading(vehicle=Presence(vehicle), pedestrian=Presence(pedestrian), counter=counter)
        heard = Heartbeat(
            boot="b", challenge="d" * 16, at=post.site.clock.now(), uptime_ms=counter * 1000, buffered=0,
            clock=Clock.SYNCED, presence=reading,
        )  # fmt: skip
        await heartbeat(post.site, bollard, heard)

    silent = await asked(guard, "POST", "lanes/north-vehicle/raise")
    await say("clear", "present", 1)
    somebody = await asked(guard, "POST", "lanes/north-vehicle/raise")
    await say("present", "clear", 2)
    car = await asked(guard, "POST", "lanes/north-vehicle/raise")
    await say("clear", "clear", 3)
    soon = await asked(guard, "POST", "lanes/north-vehicle/raise")
    for counter in range(4, 8):
        await asyncio.sleep(0.3)
        await say("clear", "clear", counter)
    done = await asked(guard, "POST", "lanes/north-vehicle/raise")

    obstacles = [one["bollards"][0]["obstacle"] for one in (silent, somebody, car, soon, done)]
    assert obstacles == ["sensors_silent", "pedestrian_present", "vehicle_present", "not_clear_yet", None]
    (row,) = await post.records("command")
    assert (row["device"], row["action"], row["reason"]) == ("north-bollard", "raise", "raised_by_guard")
    (lane,) = (await asked(guard, "GET", "lanes"))["lanes"]
    assert (lane["held"], lane["bollards"][0]["position"], lane["bollards"][0]["obstacle"]) == (False, "lowered", None)
    await asked(guard, "POST", "lanes/north-in/raise", 404)


# ---------------------------------------------------------------- the register


async def test_a_plate_is_looked_up_with_what_the_rules_say_of_it_now(post: GuardPost) -> None:
    officer, guard = await post.signed_in("officer1", "security_officer"), await post.signed_in("guard1", "guard")
    await register(officer)

    known = await asked(guard, "POST", "vehicles/search", json={"plate": "京a12345", "portal": "north-vehicle"})
    alike = await asked(guard, "POST", "vehicles/search", json={"plate": "京AI2345", "portal": "north-vehicle"})
    await asked(guard, "POST", "vehicles/search", 422, json={"plate": "京A12345", "portal": "north-in"})

    assert (known["plate"], known["holder"]["name"], known["vehicle"]["kind"]) == ("京A12345", "Li Na", "registered")
    assert known["decision"] == {"outcome": "grant", "reason": "ok"}
    assert [one["plate"] for one in alike["proposals"]] == ["京A12345"]
    assert alike["decision"] == {"outcome": "deny", "reason": "unknown_credential"}
    assert "12345" not in str(await post.records("record_read"))


async def test_a_visitors_car_is_asked_for_at_the_gate_and_approved_in_the_office(post: GuardPost) -> None:
    await camera_at_the_lane(post)
    officer, guard = await post.signed_in("officer1", "security_officer"), await post.signed_in("guard1", "guard")
    now = post.site.clock.now()
    visit = {
        "visitor": {"name": "Anna Berg", "document": {"kind": "passport", "number": "E12345678"}},
        "kind": "visitor",
        "host": "S-1",
        "purpose": "looks at the library",
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=2)).isoformat(),
    }
    made = await asked(guard, "POST", "visits", 201, json=visit)

    wanted = await asked(guard, "POST", f"visits/{made['id']}/vehicle", json={"plate": "沪C11111"})
    waits = (await asked(officer, "GET", "vehicles/requests"))["visits"]
    await asked(officer, "POST", f"visits/{made['id']}/approve-vehicle")
    late = await asked(guard, "POST", f"visits/{made['id']}/vehicle", 409, json={"plate": "沪C22222"})

    assert (wanted["plate"], wanted["vehicle_approved"]) == ("沪C11111", False)
    assert [(one["plate"], one["visitor"]["name"]) for one in waits] == [("沪C11111", "Anna Berg")]
    assert (await asked(officer, "GET", "vehicles/requests"))["visits"] == []
    assert late["detail"].startswith("approved_already")


async def test_a_bus_has_its_route_its_papers_and_the_heads_of_the_day(post: GuardPost) -> None:
    officer, guard = await post.signed_in("officer1", "security_officer"), await post.signed_in("guard1", "guard")
    await taken(officer, HEAD + BUS)
    (bus,) = (await asked(guard, "GET", "vehicles"))["vehicles"]

    for way, count in (("in", 38), ("out", 36)):
        body = {"portal": "north-vehicle", "direction": way, "count": count}
        bus = await asked(guard, "POST", f"vehicles/{bus['id']}/head-count", json=body)
    bad = {"portal": "north-in", "direction": "in", "count": 1}
    await asked(guard, "POST", f"vehicles/{bus['id']}/head-count", 422, json=bad)
    await asked(guard, "POST", f"vehicles/{bus['id']}/head-count", 422, json=bad | {"count": 201})

    assert (bus["route"], bus["attendant"]["name"], bus["expires"]) == ("Line 3", "张伟", "soon")
    assert bus["timetable"] == [
        {"from": "06:30", "to": "08:00", "days": [0, 1, 2, 3, 4]},
        {"from": "09:00", "to": "11:00", "days": [5]},
    ]
    assert (bus["counted_in"], bus["counted_out"]) == (38, 36)
    counts = [(row["step"], row.get("count")) for row in await post.records("permit")]
    assert counts == [("registered", None), ("heads_counted", 38), ("heads_counted", 36)]


async def test_expired_papers_do_not_pass_and_are_listed(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    await taken(officer, HEAD + BUS.replace("2026-12-01", "2026-11-20"))

    found = await asked(officer, "POST", "vehicles/search", json={"plate": "京B88888", "portal": "north-vehicle"})

    assert found["vehicle"]["expires"] == "expired"
    assert found["decision"] == {"outcome": "deny", "reason": "vehicle_not_permitted"}


BAD_LINES = [
    ("京A1,registered,NOBODY,,,,,,,\n", "holder"),
    (" ,registered,S-1,,,,,,,\n", "plate"),
    ("京A2,car,S-1,,,,,,,\n", "kind"),
    ("京A3,bus,S-1,,,,,,,\n", "driver"),
    ("京A4,bus,S-1,S-1,S-1,,2027-01-01,mon 06:00-07:00,north-vehicle,\n", "attendant"),
    ("京A5,registered,S-1,,,,soon,,,\n", "papers_until"),
    ("京A6,registered,S-1,,,,,mon 6-7,,\n", "timetable"),
    ("京A7,registered,S-1,,,,,,nowhere,\n", "portals"),
    ("京A8,registered,S-1,,," + "x" * 41 + ",,,,\n", "route"),
    ("京B88888,bus,S-1,,,,,,,\n", "plate"),
    ("=1+1,registered,=1,,,,,,,\n", "holder"),
]


async def test_one_bad_line_in_a_table_and_nothing_is_taken(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")

    for line, field in BAD_LINES:
        problem = await taken(officer, HEAD + BUS + line, 422)
        assert [one["field"] for one in problem["errors"]] == [f"lines[3].{field}"], line

    assert (await asked(officer, "GET", "vehicles"))["vehicles"] == []


async def test_the_same_table_twice_changes_nothing_and_another_one_what_it_says(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")

    first, second = await taken(officer, HEAD + BUS), await taken(officer, HEAD + BUS)
    third = await taken(officer, HEAD + BUS.replace("Line 3", "Line 4"))
    other = await taken(officer, HEAD + "京B88888,registered,S-2,,,,,,,\n", 422)

    assert [one["lines"] for one in (first, second, third)] == [1, 0, 1]
    assert other["errors"][0]["field"] == "lines[2].plate"
    (bus,) = (await asked(officer, "GET", "vehicles"))["vehicles"]
    assert bus["route"] == "Line 4"


async def test_a_tables_new_end_of_a_pass_replaces_the_old_one(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    await taken(officer, HEAD + "京A12345,registered,S-1,,,,,,,\n")

    await taken(officer, HEAD + "京A12345,registered,S-1,,,,,,,2026-12-31\n")

    (vehicle,) = (await asked(officer, "GET", "vehicles"))["vehicles"]
    assert vehicle["plate"] == "京A12345"


async def test_the_page_is_read_by_those_who_watch(post: GuardPost) -> None:
    guard, teacher = await post.signed_in("guard1", "guard"), await post.signed_in("teacher1", "teacher")

    async with guard.get("/vehicles") as answer:
        assert answer.status == 200 and "wg-vehicles" in await answer.text()
    async with teacher.get("/vehicles") as answer:
        assert answer.status == 403
