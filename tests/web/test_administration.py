"""The everyday work of a school from a page: one person, windows, the campus file by two people, backups."""

import json
from pathlib import Path
from typing import Any

import pytest

from devices.messages import Action
from gateway.configuration_folder import Folder
from gateway.flows import alarms
from gateway.flows.configuration import digest_of
from gateway.store.backup import check
from gateway.web.context import PARTS
from tests.parts.made_once import fresh_site
from tests.web.guardpost import LEDGER_KEY, GuardPost

NEW = {"id": "N-1", "name": "刘洋", "kind": "staff", "groups": ["staff"], "card": "CARD-LIU", "valid_to": "2027-07-31"}


async def ask(client: Any, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """The status, and the answer if it has one."""
    async with client.request(method, f"/api/v1/{path}", json=body) as response:
        text = await response.text()
        return response.status, json.loads(text) if text else None


# ---------------------------------------------------------------- one person


async def test_somebody_who_is_entered_passes_at_the_next_tap_and_the_record_says_no_name(post: GuardPost) -> None:
    admin = await post.signed_in("admin1", "admin")
    before = await outcome(post, "CARD-LIU")

    status, made = await ask(admin, "POST", "people", NEW)
    after = await outcome(post, "CARD-LIU")

    assert (status, made["person"]["name"]) == (201, "刘洋")
    assert (before, after) == (Action.DENY, Action.GRANT)
    (row,) = await post.records("person_entered")
    assert row["new"] and row["parts"] == ["card"]
    assert "刘洋" not in json.dumps(row, ensure_ascii=False) and "LIU" not in json.dumps(row)


async def test_another_card_blocks_the_one_before_and_what_is_not_named_stays(post: GuardPost) -> None:
    admin = await post.signed_in("admin1", "admin")

    status, told = await ask(admin, "PATCH", "people/S-1", {"card": "CARD-NEW"})
    old, new = await outcome(post, "CARD-LI"), await outcome(post, "CARD-NEW")

    assert status == 200 and (told["person"]["name"], told["person"]["groups"]) == ("Li Na", ["staff"])
    assert (old, new) == (Action.DENY, Action.GRANT)
    assert sorted(one["state"] for one in told["credentials"]) == ["active", "revoked"]


async def test_a_card_taken_away_opens_nothing_and_groups_are_changed(post: GuardPost) -> None:
    admin = await post.signed_in("admin1", "admin")

    await ask(admin, "PATCH", "people/S-1", {"card": "", "groups": ["staff", "security"], "name": "Li Nana"})

    assert await outcome(post, "CARD-LI") is Action.DENY
    person = post.site.directory.with_id("S-1")
    assert person is not None and (person.name, person.groups) == ("Li Nana", frozenset({"staff", "security"}))
    (row,) = await post.records("person_entered")
    assert row["parts"] == ["name", "groups", "card"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"id": "no spaces"}, "id"),
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"kind": "robot"}, "kind"),
        ({"groups": ["nobody"]}, "groups"),
        ({"dormitory": "teaching"}, "dormitory"),
        ({"valid_from": "tomorrow"}, "valid_from"),
        ({"valid_from": "2027-08-01"}, "valid_to"),
        ({"card": "CARD-LI"}, "card"),
    ],
)
async def test_what_is_wrong_is_said_by_its_field_and_nothing_is_written(post: GuardPost, wrong, field) -> None:
    admin = await post.signed_in("admin1", "admin")

    status, problem = await ask(admin, "POST", "people", NEW | wrong)

    assert status == 422 and [one["field"] for one in problem["errors"]] == [field]
    assert post.site.directory.with_id("N-1") is None


async def test_a_known_id_an_unknown_one_and_a_lost_card_are_refused(post: GuardPost) -> None:
    admin = await post.signed_in("admin1", "admin")
    _, person = await ask(admin, "GET", "people/S-1")
    await ask(admin, "POST", f"credentials/{person['credentials'][0]['ref']}/revoke", {"reason": "lost"})

    known, _ = await ask(admin, "POST", "people", NEW | {"id": "S-2"})
    nobody, _ = await ask(admin, "PATCH", "people/X-9", {"name": "Li"})
    lost, problem = await ask(admin, "PATCH", "people/S-1", {"card": "CARD-LI"})

    assert (known, nobody, lost) == (409, 404, 422)
    assert problem["errors"][0]["field"] == "card" and "lost" in problem["errors"][0]["message"]
    assert await ask(admin, "PATCH", "people/S-1", {"colour": "red"}) != 200


async def test_a_correction_takes_nobody_back_who_has_left(post: GuardPost) -> None:
    admin = await post.signed_in("admin1", "admin")
    await ask(admin, "POST", "people/S-1/left")

    status, problem = await ask(admin, "PATCH", "people/S-1", {"name": "Li Nana"})

    assert status == 409 and problem["detail"].startswith("has_left")
    assert await outcome(post, "CARD-LI") is Action.DENY


async def test_a_corrected_name_leaves_every_cards_validity_as_it_is(post: GuardPost) -> None:
    admin = await post.signed_in("admin1", "admin")
    await ask(admin, "PATCH", "people/S-1", {"card": "CARD-LI", "valid_to": "2027-07-31"})
    _, before = await ask(admin, "GET", "people/S-1")

    await ask(admin, "PATCH", "people/S-1", {"name": "Li Nana"})
    _, after = await ask(admin, "GET", "people/S-1")
    await ask(admin, "PATCH", "people/S-1", {"card": "CARD-NEW"})
    _, other = await ask(admin, "GET", "people/S-1")

    assert before["credentials"] == after["credentials"]
    active = [one for one in other["credentials"] if one["state"] == "active"]
    assert [one["not_after"] for one in active] == [before["credentials"][0]["not_after"]]


# ---------------------------------------------------------------- windows and roles


async def test_the_windows_say_which_groups_may_pass_where_and_when(post: GuardPost) -> None:
    admin = await post.signed_in("admin1", "admin")

    _, told = await ask(admin, "GET", "windows")
    _, roles = await ask(admin, "GET", "roles")

    people = {group["group"]: group["people"] for group in told["groups"]}
    assert people["staff"] == 2 and people["boarders"] == 1
    named = {rule["name"]: rule for rule in told["permissions"]}
    students = [rule for rule in named.values() if "students" in rule["groups"] and rule["windows"]]
    assert students[0]["windows"][0]["from_min"] == 5 * 60 + 30
    assert told["curfew"]["from_min"] == 22 * 60 + 30
    assert {role["role"] for role in roles["roles"]} >= {"guard", "admin"}


# ---------------------------------------------------------------- the campus file


async def desk(post: GuardPost) -> tuple[Path, Any, Any]:
    """A configuration's folder, whoever changes it, and the second person."""
    return (
        post.folder / "configuration" / "campus.yaml",
        await post.signed_in("admin1", "admin"),
        await post.signed_in("principal1", "principal"),
    )


async def test_two_people_change_the_campus_file_and_the_one_before_stays_beside_it(post: GuardPost) -> None:
    path, admin, principal = await desk(post)
    before = path.read_text()
    after = before.replace('"22:30"', '"22:15"')

    _, told = await ask(admin, "GET", "configuration/campus")
    made, proposal = await ask(admin, "POST", "configuration/proposal", {"text": after, "based_on": told["digest"]})
    alone, _ = await ask(admin, "POST", "configuration/proposal/accept", {"digest": proposal["digest"]})
    held = path.read_text()
    _, seen = await ask(principal, "GET", "configuration")
    done, _ = await ask(principal, "POST", "configuration/proposal/accept", {"digest": proposal["digest"]})

    assert (told["text"], made, alone, held, done) == (before, 201, 409, before, 200)
    assert seen["proposal"]["by"] == "admin1" and not seen["proposal"]["mine"]
    assert any(line.startswith("+") and "22:15" in line for line in seen["proposal"]["lines"])
    assert path.read_text() == after and path.with_name("campus.yaml.before").read_text() == before
    (row,) = await post.records("configuration_changed")
    assert (row["before"], row["after"]) == (digest_of(before), digest_of(after)) and row["by"] != row["proposed_by"]


async def test_a_file_with_which_the_gateway_could_not_start_is_never_taken(post: GuardPost) -> None:
    path, admin, _ = await desk(post)
    wrong = path.read_text().replace("zone: campus", "zone: nowhere", 1)

    _, checked = await ask(admin, "POST", "configuration/check", {"text": wrong})
    status, problem = await ask(
        admin, "POST", "configuration/proposal", {"text": wrong, "based_on": digest_of(path.read_text())}
    )

    assert checked["faults"][0]["file"] == "campus.yaml" and checked["faults"][0]["line"] > 0
    assert status == 422 and problem["errors"]
    assert (await ask(admin, "GET", "configuration"))[1]["proposal"] is None


async def test_what_somebody_else_changed_meanwhile_is_not_written_over(post: GuardPost) -> None:
    path, admin, principal = await desk(post)
    first = path.read_text()
    _, proposal = await ask(
        admin, "POST", "configuration/proposal", {"text": first + "\n# later\n", "based_on": digest_of(first)}
    )
    path.write_text(first + "\n# by hand\n")

    late, _ = await ask(principal, "POST", "configuration/proposal/accept", {"digest": proposal["digest"]})
    stale, _ = await ask(admin, "POST", "configuration/proposal", {"text": first, "based_on": digest_of(first)})
    other, _ = await ask(principal, "POST", "configuration/proposal/accept", {"digest": "0" * 64})
    gone, _ = await ask(principal, "POST", "configuration/proposal/withdraw", {"digest": proposal["digest"]})

    assert (late, stale, other, gone) == (409, 409, 409, 204)
    assert path.read_text().endswith("# by hand\n")


async def test_a_gateway_that_nobody_can_start_anew_says_so(post: GuardPost) -> None:
    _, admin, _ = await desk(post)

    status, problem = await ask(admin, "POST", "configuration/restart")

    assert status == 409 and problem["detail"].startswith("not_here")


def test_a_folder_says_which_files_are_others_than_at_the_start(tmp_path: Path) -> None:
    fresh_site(tmp_path / "site")
    folder = Folder(tmp_path / "site", {})
    path = tmp_path / "site" / "campus.yaml"
    path.write_text(path.read_text() + "# later\n")

    changed = {file.name: file.is_changed for file in folder.files()}

    assert changed["campus.yaml"] and not changed["wardgate.yaml"]
    assert folder.faults(None) == []


# ---------------------------------------------------------------- backups


async def test_a_backup_is_made_at_a_touch_and_only_the_newest_stay(post: GuardPost) -> None:
    admin = await post.signed_in("admin1", "admin")
    folder = post.folder / "backups"
    folder.mkdir()
    for day in (1, 2):
        (folder / f"wardgate-main-2026010{day}T023000Z.zip").touch()

    status, told = await ask(admin, "POST", "backups")

    assert status == 201 and len(told["backups"]) == 2
    newest = folder / told["backups"][0]["name"]
    assert check(newest, LEDGER_KEY).tables["holders"].rows == 5
    (row,) = await post.records("backup_made")
    assert row["file"] == newest.name


async def test_a_backup_that_cannot_be_written_is_an_alarm_until_one_is(post: GuardPost) -> None:
    admin = await post.signed_in("admin1", "admin")
    (post.folder / "backups").write_text("a file stands in the way")

    status, problem = await ask(admin, "POST", "backups")
    (alarm,) = [one for one in post.site.alarms.by_id.values() if one.condition == alarms.BACKUP_FAILED]
    _, told = await ask(admin, "GET", "backups")
    (post.folder / "backups").unlink()
    again, _ = await ask(admin, "POST", "backups")

    assert status == 409 and problem["detail"].startswith("not_made: the folder for backups")
    assert told["failed"] and again == 201
    assert post.site.alarms.by_id.get(alarm.id) is None or post.site.alarms.by_id[alarm.id].state == "returned"


async def test_the_nights_backup_is_made_once(post: GuardPost) -> None:
    backups = post.listener.app[PARTS].backups
    assert backups is not None
    post.site.done_at.clear()
    object.__setattr__(backups.rules, "at_min", _minute_of(post) - 1)

    await backups.look()
    await backups.look()

    assert len(await post.records("backup_made")) == 1 and len(await backups.files()) == 1


async def outcome(post: GuardPost, card: str) -> Action:
    """What the reader is told at a tap."""
    return (await post.tap(card))[1].action


def _minute_of(post: GuardPost) -> int:
    now = post.site.clock.now().astimezone(post.site.campus.timezone)
    return now.hour * 60 + now.minute
