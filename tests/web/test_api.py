"""What the API does: people, decisions, records, devices, alarms, whoever waits."""

import json
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from gateway.flows import alarms
from gateway.flows.cameras import SmallPicture
from gateway.flows.changes import CameraPictureKept
from gateway.flows.ports import Unit
from gateway.store import tables
from tests.web.guardpost import PASSWORD, PEOPLE, GuardPost

CSV = {"Content-Type": "text/csv"}


async def ask(client, method: str, path: str, **more):
    async with client.request(method, path, **more) as answer:
        body = await answer.read()
        return answer.status, json.loads(body) if body else None


# ---------------------------------------------------------------- people


async def test_people_are_found_by_a_part_of_the_name_or_the_beginning_of_the_id(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")

    by_name = await ask(guard, "POST", "/api/v1/people/search", json={"q": "张"})
    by_id = await ask(guard, "POST", "/api/v1/people/search", json={"q": "p-"})

    assert [person["id"] for person in by_name[1]["people"]] == ["S-2"]
    assert [person["id"] for person in by_id[1]["people"]] == ["P-1", "P-2", "P-3"]


async def test_people_come_in_pages_that_lose_nobody(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    seen: list[str] = []
    after = ""

    while after is not None:
        _, page = await ask(guard, "GET", "/api/v1/people", params={"limit": 2, "after": after})
        seen += [person["id"] for person in page["people"]]
        after = page["next"]

    assert seen == ["P-1", "P-2", "P-3", "S-1", "S-2"]


async def test_one_person_is_shown_with_what_they_hold_but_no_card_number(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")

    status, found = await ask(guard, "GET", "/api/v1/people/S-2")

    assert status == 200 and found["person"]["name"] == "张伟"
    assert [(c["kind"], c["ending"], c["state"]) for c in found["credentials"]] == [("card", "HANG", "active")]
    assert "CARD-ZHANG" not in json.dumps(found)


async def test_every_look_at_people_is_recorded_with_who_looked_and_at_how_many(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "operator")
    await post.tap("CARD-LI")
    ref = (await post.records("signed_in"))[0]["user"]

    await ask(guard, "POST", "/api/v1/people/search", json={"q": "p-"})
    await ask(guard, "GET", "/api/v1/people/S-1")
    await ask(guard, "GET", "/api/v1/decisions")
    async with guard.get("/live"):
        pass

    reads = await post.records("record_read")
    assert [(read["user"], read["what"], read["count"]) for read in reads] == [
        (ref, "people", 3),
        (ref, "person", 1),
        (ref, "decisions", 1),
        (ref, "live", 1),
    ]
    assert "holder" in reads[1] and "S-1" not in str(reads)


async def test_a_revoked_card_is_refused_on_the_next_tap(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    _, before = await post.tap("CARD-LI")
    _, person = await ask(officer, "GET", "/api/v1/people/S-1")
    card = person["credentials"][0]["ref"]

    status, said = await ask(officer, "POST", f"/api/v1/credentials/{card}/revoke", json={"reason": "lost"})
    _, after = await post.tap("CARD-LI")

    assert (status, said) == (200, {"ref": card, "state": "lost"})
    assert (before.action.value, after.action.value, after.reason) == ("grant", "deny", "credential_lost")


async def test_a_credential_that_is_not_there_cannot_be_revoked(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")

    status, _ = await ask(officer, "POST", f"/api/v1/credentials/{'0' * 32}/revoke", json={"reason": "revoked"})

    assert status == 404


async def test_a_table_of_people_is_taken_whole(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    more = PEOPLE + "P-9,New Pupil,student,students,CARD-NEW,,,,\n"

    status, done = await ask(officer, "POST", "/api/v1/imports", data=more.encode(), headers=CSV)
    _, answer = await post.tap("CARD-NEW", "dorm-1-door-1", "out")

    assert status == 200 and (done["added"], done["lines"]) == (1, 6)
    assert answer.action.value == "grant"


async def test_a_table_with_one_wrong_line_changes_nothing_and_names_every_wrong_line(post: GuardPost) -> None:
    officer = await post.signed_in("officer1", "security_officer")
    bad = PEOPLE + "P-9,New Pupil,student,students,CARD-NEW,,,,\nP-10,X,robot,,,,,,\nP-11,Y,student,,,,no-such-zone,,\n"

    status, problem = await ask(officer, "POST", "/api/v1/imports", data=bad.encode(), headers=CSV)
    _, people = await ask(officer, "POST", "/api/v1/people/search", json={"q": "P-9"})

    assert status == 422 and people["people"] == []
    assert {error["field"] for error in problem["errors"]} == {"lines[8].kind", "lines[9].dormitory"}


# ---------------------------------------------------------------- decisions, ledger, level


async def test_decisions_come_newest_first_with_names_reasons_and_traces(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    await post.tap("CARD-LI")
    await post.tap("NOBODY-HAS-THIS")

    _, page = await ask(guard, "GET", "/api/v1/decisions")
    newest, oldest = page["decisions"]
    _, one = await ask(guard, "GET", f"/api/v1/decisions/{oldest['seq']}")

    assert (newest["outcome"], newest["reason"], newest["holder"]) == ("deny", "unknown_credential", None)
    assert oldest["holder"] == {"id": "S-1", "name": "Li Na", "kind": "staff"}
    assert one == oldest and one["trace"][0]["rule"] == "place"


async def test_decisions_can_be_narrowed_down_and_paged(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    for _ in range(3):
        await post.tap("CARD-LI")
        await post.tap("CARD-CHEN", "dorm-1-door-1")
        await post.tap("NOBODY-HAS-THIS", "south-in-1")

    _, denied = await ask(guard, "GET", "/api/v1/decisions", params={"outcome": "deny"})
    _, dorm = await ask(guard, "GET", "/api/v1/decisions", params={"portal": "dorm-1-door", "limit": 2})
    _, rest = await ask(guard, "GET", "/api/v1/decisions", params={"portal": "dorm-1-door", "before": dorm["next"]})
    ahead = (datetime.now(UTC) + timedelta(days=3650)).isoformat()
    _, later = await ask(guard, "GET", "/api/v1/decisions", params={"since": ahead})

    assert [one["portal"] for one in denied["decisions"]] == ["south-in"] * 3
    assert (len(dorm["decisions"]), len(rest["decisions"]), rest["next"]) == (2, 1, None)
    assert later["decisions"] == []


async def test_a_decision_that_waited_tells_what_became_of_it(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    tap, _ = await post.tap("UNKNOWN", "north-out-1", "out")
    await ask(guard, "POST", f"/api/v1/waiting/{tap}", json={"outcome": "grant"})

    _, page = await ask(guard, "GET", "/api/v1/decisions")

    assert page["decisions"][0]["outcome"] == "wait"
    assert page["decisions"][0]["answer"] == {"outcome": "grant", "reason": "ok"}


async def test_the_ledger_reads_on_from_where_one_was_and_shows_reads_to_auditors_only(post: GuardPost) -> None:
    auditor = await post.signed_in("auditor1", "auditor")
    await post.tap("CARD-LI")

    _, first = await ask(auditor, "GET", "/api/v1/ledger", params={"limit": 3})
    _, rest = await ask(auditor, "GET", "/api/v1/ledger", params={"after": first["next"]})

    assert [record["seq"] for record in first["records"]] == [1, 2, 3]
    assert rest["records"][0]["seq"] == 4 and rest["next"] is None
    assert [record["kind"] for record in rest["records"]][-1] == "record_read"


async def test_the_level_is_told_for_every_zone(post: GuardPost) -> None:
    teacher = await post.signed_in("teacher1", "teacher")

    _, said = await ask(teacher, "GET", "/api/v1/level")

    assert {zone["zone"]: zone["level"] for zone in said["zones"]}["dorm-1"] == 3
    assert len(said["zones"]) == len(post.site.campus.zones)


# ---------------------------------------------------------------- devices and commands


async def test_devices_are_listed_with_their_state(post: GuardPost) -> None:
    fitter = await post.signed_in("fitter1", "maintenance")

    _, found = await ask(fitter, "GET", "/api/v1/devices")
    _, one = await ask(fitter, "GET", "/api/v1/devices/north-in-1")

    assert {device["id"] for device in found["devices"]} >= {"north-in-1", "dorm-1-door-1", "north-bollard"}
    assert (one["portal"], one["online"]) == ("north-in", True)


async def test_a_command_is_recorded_sent_and_can_be_followed(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    ref = (await post.records("signed_in"))[0]["user"]

    status, sent = await ask(
        operator, "POST", "/api/v1/devices/north-in-1/commands", json={"action": "unlock", "reason": "a parcel"}
    )
    _, followed = await ask(operator, "GET", f"/api/v1/devices/north-in-1/commands/{sent['command']}")

    assert status == 202 and sent["state"] == "issued" and followed["command"] == sent["command"]
    assert (await post.records("command"))[0]["by"] == ref
    assert post.courier.sent[-1][1].id == sent["command"]


async def test_an_operator_ends_a_quarantine_and_the_device_lets_in_again(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    device = post.site.devices.get("north-in-1")
    assert device is not None
    for _ in range(10):
        device.watch.unknown_credential(post.site.clock.monotonic())
    _, before = await ask(operator, "GET", "/api/v1/devices/north-in-1")

    status, after = await ask(
        operator, "POST", "/api/v1/devices/north-in-1/quarantine/end", json={"reason": "a box of old cards"}
    )

    assert (before["quarantined"], status, after["quarantined"]) == (True, 200, False)
    assert [row["device"] for row in await post.records("quarantine_ended")] == ["north-in-1"]


async def test_a_command_that_the_device_cannot_do_is_refused_and_not_sent(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")

    status, problem = await ask(
        operator, "POST", "/api/v1/devices/north-in-1/commands", json={"action": "raise", "reason": "a try"}
    )
    unknown, _ = await ask(operator, "POST", "/api/v1/devices/nowhere/commands", json={"action": "lock", "reason": "x"})

    assert status == 409 and problem["detail"].startswith("not_for_this_kind")
    assert unknown == 404 and post.courier.sent == []


# ---------------------------------------------------------------- alarms


async def test_an_alarm_is_seen_acknowledged_and_closed(post: GuardPost) -> None:
    operator = await post.signed_in("operator1", "operator")
    await alarms.raise_alarm(post.site, alarms.DEVICE_CLOCK, "north-in-1")
    await alarms.raise_alarm(post.site, alarms.FORCED_DOOR, "dorm-1-door-1")
    await post.site.finish()

    _, found = await ask(operator, "GET", "/api/v1/alarms")
    worst = found["alarms"][0]
    _, acknowledged = await ask(operator, "POST", f"/api/v1/alarms/{worst['id']}/acknowledge")
    _, closed = await ask(
        operator,
        "POST",
        f"/api/v1/alarms/{worst['id']}/close",
        json={"disposal": "false_alarm", "words": "a cleaner had left by it"},
    )
    again, _ = await ask(operator, "POST", f"/api/v1/alarms/{worst['id']}/acknowledge")
    _, past = await ask(operator, "GET", "/api/v1/alarms", params={"state": "closed"})

    assert [alarm["condition"] for alarm in found["alarms"]] == ["forced_door", "device_clock"]
    assert (acknowledged["state"], closed["state"], again) == ("acknowledged", "closed", 404)
    told = [(alarm["id"], alarm["disposal"], alarm["words"]) for alarm in past["alarms"]]
    assert told == [(worst["id"], "false_alarm", "a cleaner had left by it")]


async def test_the_picture_of_an_alarm_is_shown_to_who_may_see_cameras_and_the_look_is_recorded(
    post: GuardPost,
) -> None:
    operator, guard = await post.signed_in("operator1", "operator"), await post.signed_in("guard1", "guard")
    alarm = await alarms.raise_alarm(post.site, alarms.IMPACT, "north-bollard")
    jpeg, at = b"\xff\xd8 a picture", post.site.clock.now()
    # Of a lane's camera that no video check looks at.
    taken = SmallPicture("ab12", "north-lane", at, "after", alarm.id, jpeg)
    await post.writer.commit(Unit((), (CameraPictureKept(taken),)))
    picture = "/api/v1/cameras/north-lane/evidence/ab12"

    async with operator.get(picture) as answer:
        shown = answer.status, answer.content_type, await answer.read()
    refused, _ = await ask(guard, "GET", picture)
    elsewhere, _ = await ask(operator, "GET", "/api/v1/cameras/north-gate/evidence/ab12")

    assert (shown, refused, elsewhere) == ((200, "image/jpeg", jpeg), 403, 404)
    assert [row["what"] for row in await post.records("record_read")] == ["camera_evidence"]


# ---------------------------------------------------------------- whoever waits


async def test_a_guard_lets_somebody_out_who_waited(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    tap, asked = await post.tap("UNKNOWN", "north-out-1", "out")

    _, found = await ask(guard, "GET", "/api/v1/waiting")
    status, _ = await ask(guard, "POST", f"/api/v1/waiting/{found['waiting'][0]['id']}", json={"outcome": "grant"})

    assert asked.action.value == "wait"
    assert status == 200 and post.courier.sent[-1][1].action.value == "grant"
    assert post.courier.sent[-1][1].for_ == tap


async def test_of_two_guards_who_answer_only_the_first_counts(post: GuardPost) -> None:
    first = await post.signed_in("guard1", "guard")
    second = await post.signed_in("guard2", "guard")
    tap, _ = await post.tap("UNKNOWN", "north-out-1", "out")

    one, _ = await ask(first, "POST", f"/api/v1/waiting/{tap}", json={"outcome": "refuse"})
    other, _ = await ask(second, "POST", f"/api/v1/waiting/{tap}", json={"outcome": "grant"})

    assert (one, other) == (200, 404)
    assert [m.action.value for _, m in post.courier.sent if m.for_ == tap] == ["wait", "deny"]


# ---------------------------------------------------------------- users


async def test_an_admin_makes_a_user_who_can_sign_in(post: GuardPost) -> None:
    admin = await post.signed_in("boss", "admin")
    new = {"name": "guard9", "password": PASSWORD, "roles": ["guard"]}

    made, user = await ask(admin, "POST", "/api/v1/users", json=new)
    again, _ = await ask(admin, "POST", "/api/v1/users", json=new)
    signed_in, _ = await ask(post.client(), "POST", "/api/v1/session", json={"user": "guard9", "password": PASSWORD})

    assert (made, again, signed_in) == (201, 409, 201)
    assert user["roles"] == ["guard"] and "password" not in json.dumps(user)


async def test_a_user_is_one_person_and_a_person_one_user(post: GuardPost) -> None:
    admin = await post.signed_in("boss", "admin")
    new = {"name": "guard9", "password": PASSWORD, "roles": ["guard"], "person": "S-2"}
    await ask(admin, "POST", "/api/v1/users", json=new)

    twice, _ = await ask(admin, "POST", "/api/v1/users", json={**new, "name": "guard10"})
    nobody, problem = await ask(admin, "PATCH", "/api/v1/users/guard9", json={"person": "S-99"})
    again, user = await ask(admin, "PATCH", "/api/v1/users/guard9", json={"person": "S-2"})

    assert (twice, nobody, again) == (409, 422, 200)
    assert problem["errors"][0]["field"] == "person" and user["person"] == "S-2"


async def test_whoever_becomes_another_person_signs_in_anew(post: GuardPost) -> None:
    admin, guard = await post.signed_in("boss", "admin"), await post.signed_in("guard1", "guard")
    await ask(admin, "PATCH", "/api/v1/users/guard1", json={"person": "S-1"})
    first, me = await ask(guard, "GET", "/api/v1/me")

    await ask(admin, "PATCH", "/api/v1/users/guard1", json={"person": "S-2"})
    after, _ = await ask(guard, "GET", "/api/v1/me")

    assert (first, me["person"], after) == (200, "S-1", 401)


async def test_no_weak_password_and_no_unknown_role_is_taken(post: GuardPost) -> None:
    admin = await post.signed_in("boss", "admin")
    new = {"name": "guard9", "password": "guard9guard9", "roles": ["king"]}

    status, problem = await ask(admin, "POST", "/api/v1/users", json=new)

    assert status == 422 and {error["field"] for error in problem["errors"]} == {"password", "roles"}


async def test_no_password_is_kept_as_it_is(post: GuardPost) -> None:
    admin = await post.signed_in("boss", "admin")
    await ask(admin, "POST", "/api/v1/users", json={"name": "guard9", "password": PASSWORD, "roles": ["guard"]})

    hashes = await post.database.read(lambda c: c.execute(sa.select(tables.users.c.password_hash)).scalars().all())

    assert all(kept.startswith("$argon2id$") for kept in hashes)


async def test_with_the_database_away_reads_say_so_and_live_still_opens(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")
    blocker = post.database.engine.connect()
    blocker.exec_driver_sql("COMMIT")
    blocker.exec_driver_sql("BEGIN EXCLUSIVE")

    status, problem = await ask(guard, "GET", "/api/v1/people")
    async with guard.get("/live") as answer:
        page = await answer.text()

    blocker.exec_driver_sql("ROLLBACK")
    blocker.close()
    assert status == 503 and problem["type"] == "/problems/unavailable"
    assert answer.status == 200 and "Past taps cannot be shown just now" in page
