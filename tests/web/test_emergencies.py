"""Emergencies over the API: one touch, a signature, two people, the record of a drill; who follows, who is inside."""

from typing import Any

import aiohttp

from gateway.core.kinds import PresenceState
from gateway.core.nouns import Presence
from gateway.flows import alarms, device_status, emergency_view, propagation
from tests.web.guardpost import GuardPost


async def call(client: aiohttp.ClientSession, method: str, path: str, **body: Any) -> tuple[int, Any]:
    more = {"json": body} if method == "POST" and body else {}
    async with client.request(method, f"/api/v1/{path}", **more) as answer:
        return answer.status, await answer.json()


async def lock_down(guard: aiohttp.ClientSession, **more: Any) -> Any:
    status, said = await call(guard, "POST", "emergencies", kind="lockdown", reason="a stranger", **more)
    assert status == 201, said
    return said


async def test_a_guards_one_touch_locks_down_the_whole_site(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")

    said = await lock_down(guard)

    assert (said["kind"], said["zones"], said["state"], said["drill"]) == ("lockdown", ["site"], "in_force", False)
    assert (said["started_by"], said["signed_by"], said["on_paper"]) == ("guard1", None, True)
    _, entry = await post.tap("CARD-LI")
    assert (entry.action, entry.reason) == ("deny", "lockdown")


async def test_it_is_signed_by_a_leader_and_ended_by_two(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    leader = await post.signed_in("leader1", "duty_leader")
    principal = await post.signed_in("principal1", "principal")
    id = (await lock_down(guard))["id"]

    status, said = await call(leader, "POST", f"emergencies/{id}/sign")
    assert (status, said["signed_by"]) == (200, "leader1")
    status, said = await call(leader, "POST", f"emergencies/{id}/end", reason="nobody found")
    assert (status, said["state"], said["ending_by"]) == (200, "ending", "leader1")
    status, said = await call(leader, "POST", f"emergencies/{id}/end", reason="nobody found")
    assert status == 409 and said["detail"].startswith("two_people")
    status, said = await call(principal, "POST", f"emergencies/{id}/end", reason="nobody found")
    assert (status, said["state"], said["ended_by"]) == (200, "ended", "principal1")

    _, entry = await post.tap("CARD-LI")
    assert entry.action == "grant"
    status, said = await call(guard, "GET", "emergencies?state=ended")
    assert [one["id"] for one in said["emergencies"]] == [id]
    assert (await call(guard, "GET", "emergencies"))[1]["emergencies"] == []


async def test_a_first_word_counts_no_more_once_its_right_is_taken(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    leader = await post.signed_in("leader1", "duty_leader")
    principal = await post.signed_in("principal1", "principal")
    admin = await post.signed_in("admin1", "admin")
    id = (await lock_down(guard))["id"]
    await call(leader, "POST", f"emergencies/{id}/end", reason="nobody found")

    async with admin.patch("/api/v1/users/leader1", json={"roles": ["teacher"]}) as answer:
        assert answer.status == 200
    status, said = await call(principal, "POST", f"emergencies/{id}/end", reason="nobody found")

    assert (status, said["state"], said["ending_by"]) == (200, "ending", "principal1")


async def test_a_guard_neither_signs_nor_ends(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    id = (await lock_down(guard))["id"]

    assert (await call(guard, "POST", f"emergencies/{id}/sign"))[0] == 403
    assert (await call(guard, "POST", f"emergencies/{id}/end", reason="x"))[0] == 403


async def test_what_is_wrong_is_named_and_nothing_happens(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    for body, field in (
        ({"kind": "lockdown"}, "reason"),
        ({"kind": "siege", "reason": "x"}, "kind"),
        ({"kind": "lockdown", "reason": "x", "zones": ["moon"]}, "zones"),
        ({"kind": "lockdown", "reason": "x", "zones": []}, "zones"),
        ({"kind": "lockdown", "reason": "x", "started_by": "me"}, "started_by"),
    ):
        status, said = await call(guard, "POST", "emergencies", **body)
        assert status == 422 and said["errors"][0]["field"] == field, said
    assert post.site.emergencies == {}
    assert (await call(guard, "GET", f"emergencies/{'0' * 16}"))[0] == 404


async def test_a_drill_says_so_everywhere_and_leaves_its_record(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    leader = await post.signed_in("leader1", "duty_leader")
    principal = await post.signed_in("principal1", "principal")
    people = {holder.id: ref for ref, holder in post.site.directory.holders.items()}
    now = post.site.clock.now()
    for id in ("P-1", "P-2"):
        post.site.presence[people[id]] = Presence("campus", PresenceState.INSIDE, now)
    for device in post.site.devices:
        device.posture = device.issued.version
    feed = post.site.feed.subscribe()

    status, said = await call(guard, "POST", "emergencies", kind="evacuate", reason="yearly drill", drill=True)
    assert status == 201 and said["drill"]
    id = said["id"]
    _, leaving = await post.tap("CARD-WANG", "north-out-1", "out")
    assert leaving.reason == "ok_evacuate"
    assert leaving.text.en.startswith("DRILL. ") and leaving.text.zh.startswith("演练：")
    post.site.presence[people["P-1"]] = Presence("site", PresenceState.OUTSIDE, post.site.clock.now())
    for device in post.site.devices:
        if device.id != "south-in-1":
            device.posture = device.issued.version
            propagation.shown(post.site, device)
    status, said = await call(guard, "GET", f"emergencies/{id}/muster")
    assert (said["inside_at_start"], said["left"], [one["id"] for one in said["missing"]]) == (2, 1, ["P-2"])
    assert (await call(guard, "POST", f"emergencies/{id}/remarks", text="south door sticks"))[0] == 201
    await call(leader, "POST", f"emergencies/{id}/sign")
    for who in (leader, principal):
        await call(who, "POST", f"emergencies/{id}/end", reason="drill is over")

    _, said = await call(leader, "GET", f"emergencies/{id}")
    record = said["record"]
    assert said["drill"] and said["state"] == "ended"
    assert record["not_followed"] == ["south-in-1"]
    times = {one["device"]: one["took_ms"] for one in record["devices"]}
    assert set(times) == {device.id for device in post.site.devices} and times["north-in-1"] is not None
    assert record["muster"] == {"inside_at_start": 2, "left": 1, "still_inside": 1}
    assert [(one["by"], one["text"]) for one in record["remarks"]] == [("guard1", "south door sticks")]
    assert record["signed_by"] == "leader1" and record["ended_at"] is not None
    paper = await emergency_view.find(post.site, id)
    assert paper.mustered == (), "when it is over, only the counts stay"
    told = [one.event for one in feed.take()]
    feed.close()
    about = [event for event in told if event["type"] in ("emergency", "propagation")]
    assert about and all(event["drill"] for event in about if event["type"] == "emergency")
    assert "sticks" not in str(await post.records("emergency_remarked"))


async def test_the_control_room_sees_who_does_not_follow_and_is_alarmed(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    await lock_down(operator)
    for device in post.site.devices:
        device.posture = device.issued.version
    late = post.site.devices.get("south-in-1")
    gone = post.site.devices.get("north-out-1")
    assert late is not None and gone is not None
    late.posture, late.asked_at = late.issued.version - 1, post.site.clock.monotonic() - 5.1
    gone.online, gone.posture = False, None

    await propagation.look(post.site)
    _, said = await call(operator, "GET", "propagation")

    assert [(one["device"], one["state"]) for one in said["devices"][:2]] == [
        ("south-in-1", "late"),
        ("north-out-1", "away"),
    ]
    assert said["counts"]["late"] == said["counts"]["away"] == 1
    assert ("posture_late", "south-in-1") in post.site.alarms.by_cause
    late.posture = late.issued.version
    propagation.shown(post.site, late)
    await post.site.finish(2.0)
    alarm = post.site.alarms.by_id[post.site.alarms.by_cause[alarms.POSTURE_LATE, "south-in-1"]]
    assert alarm.state == "returned"
    assert device_status.as_event(post.site, late)["posture"] == late.issued.version


async def test_who_is_inside_and_could_not_come_in_now_is_listed_and_the_look_recorded(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    people = {holder.id: ref for ref, holder in post.site.directory.holders.items()}
    now = post.site.clock.now()
    for id in ("S-1", "P-3"):
        post.site.presence[people[id]] = Presence("campus", PresenceState.INSIDE, now)

    status, said = await call(guard, "GET", "level/inside")

    assert status == 200
    assert [(one["holder"]["id"], one["reason"], one["by_level"]) for one in said["people"]] == [
        ("P-3", "credential_expired", False)
    ]
    assert [row["what"] for row in await post.records("record_read")] == ["inside"]


async def test_a_screen_that_connects_hears_of_what_is_in_force(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    await lock_down(guard, zones=["dorm-1"])

    async with guard.ws_connect("/api/v1/stream", headers={"Origin": post.url}) as stream:
        snapshot = await stream.receive_json()

    assert [(one["kind"], one["zones"], one["drill"]) for one in snapshot["emergencies"]] == [
        ("lockdown", ["dorm-1"], False)
    ]


async def test_a_door_is_not_locked_while_its_zone_is_evacuated(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    await call(operator, "POST", "emergencies", kind="evacuate", reason="gas", zones=["dorm-1"])

    status, said = await call(operator, "POST", "devices/dorm-1-door-1/commands", action="lock", reason="fire_reset")

    assert status == 409 and said["detail"].startswith("interlock")
    assert post.courier.sent == []
