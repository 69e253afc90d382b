"""Orders by the API: who may do what, every fault at once, and the level with what is ahead."""

from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest

from gateway.flows import clock_watch
from gateway.flows.ports import SystemClock
from tests.web.guardpost import GuardPost

REASON = "major event week"


@pytest.fixture
async def office(post: GuardPost) -> aiohttp.ClientSession:
    return await post.signed_in("officer", "security_officer")


@pytest.fixture
async def principal(post: GuardPost) -> aiohttp.ClientSession:
    return await post.signed_in("principal", "principal")


def moment(post: GuardPost, minutes: float = 0) -> str:
    return (post.site.clock.now() + timedelta(minutes=minutes)).isoformat()


def wish(post: GuardPost, **how: Any) -> dict[str, Any]:
    given = {"level": 2, "starts_at": moment(post), "document": "2026-17", "reason": REASON}
    return {name: value for name, value in (given | how).items() if value is not None}


async def send(client: aiohttp.ClientSession, path: str, body: Any = None) -> tuple[int, Any]:
    async with client.post(f"/api/v1/{path}", json=body) as answer:
        return answer.status, await answer.json()


async def look(client: aiohttp.ClientSession, path: str) -> Any:
    async with client.get(f"/api/v1/{path}") as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def level_of(client: aiohttp.ClientSession, zone: str) -> dict[str, Any]:
    return next(one for one in (await look(client, "level"))["zones"] if one["zone"] == zone)


async def test_an_own_order_is_requested_signed_and_in_force(post: GuardPost, office: Any, principal: Any) -> None:
    status, order = await send(office, "orders", wish(post, zones=["campus"]))
    assert (status, order["state"], order["effect"], order["requested_by"]) == (201, "requested", "raises", "officer")
    assert (await level_of(office, "dorm-1"))["level"] == 3

    status, signed = await send(principal, f"orders/{order['id']}/sign")

    assert (status, signed["state"], signed["signed_by"]) == (200, "in_force", "principal")
    zone = await level_of(office, "dorm-1")
    assert (zone["level"], zone["order"], zone["drill"]) == (2, order["id"], False)
    assert (await level_of(office, "site"))["level"] == 3
    assert {d.issued.version > 1 for d in post.site.devices} == {True}, "every device was told"
    assert [row["order"] for row in await post.records("order_started")] == [order["id"]]
    assert {row["zone"] for row in await post.records("level_changed")} == set(post.site.campus.zones) - {"site"}


async def test_the_requester_never_signs_and_nobody_signs_twice(post: GuardPost, office: Any, principal: Any) -> None:
    both = await post.signed_in("both", "security_officer", "principal")
    _, order = await send(both, "orders", wish(post))

    status, problem = await send(both, f"orders/{order['id']}/sign")
    assert (status, problem["detail"].split(":")[0]) == (403, "own_request")
    assert (await send(office, f"orders/{order['id']}/sign"))[0] == 403
    assert (await send(principal, f"orders/{order['id']}/sign"))[0] == 200

    status, problem = await send(principal, f"orders/{order['id']}/sign")
    assert (status, problem["detail"].split(":")[0]) == (409, "already_signed")
    assert len(await post.records("order_signed")) == 1


async def test_every_fault_of_an_order_is_named_at_once(post: GuardPost, office: Any) -> None:
    bad = wish(
        post, level=3, zones=["campus", "nowhere"], starts_at=moment(post, -60), ends_at=moment(post, -90), reason=" "
    )

    status, problem = await send(office, "orders", bad)

    assert status == 422
    assert [error["field"] for error in problem["errors"]] == ["level", "zones[1]", "ends_at", "starts_at", "reason"]
    assert await post.records("order_requested") == []


@pytest.mark.parametrize(
    ("how", "field"),
    [
        ({"level": 3}, "level"),
        ({"level": 0}, "level"),
        ({"zones": []}, "zones"),
        ({"ends_at": "2026-11-21T01:00:00Z"}, "ends_at"),
        ({"starts_at": "2016-11-21T01:00:00Z"}, "starts_at"),
        ({"starts_at": "2036-11-21T01:00:00Z"}, "starts_at"),
        ({"starts_at": "2026-11-21T01:00:00"}, "starts_at"),
        ({"document": ""}, "document"),
        ({"document": None}, "document"),
        ({"authority": "mine"}, "authority"),
        ({"state": "signed"}, "state"),
        ({"document": {"oral": True, "from": "nobody", "received_by": "me"}}, "document.received_at"),
    ],
)
async def test_a_wrong_field_is_named(post: GuardPost, office: Any, how: dict[str, Any], field: str) -> None:
    status, problem = await send(office, "orders", wish(post, **how))

    assert (status, [error["field"] for error in problem["errors"]]) == (422, [field])


async def test_l3_needs_no_order_and_says_so_in_the_readers_language(post: GuardPost) -> None:
    await post.add_user("office-zh", "security_officer", language="zh")
    client = post.client()
    async with client.post("/api/v1/session", json={"user": "office-zh", "password": "a long enough password"}) as a:
        assert a.status == 201

    _, problem = await send(client, "orders", wish(post, level=3))

    assert problem["errors"] == [{"field": "level", "message": "三级常规无需启动指令"}]


async def test_the_same_order_sent_twice_is_one(post: GuardPost, office: Any) -> None:
    same = wish(post)

    first, second = await send(office, "orders", same), await send(office, "orders", same)

    assert first[0] == second[0] == 201 and first[1]["id"] == second[1]["id"]
    assert len(await post.records("order_requested")) == 1
    other = await send(office, "orders", wish(post, starts_at=same["starts_at"], reason="another one"))
    assert other[1]["id"] != first[1]["id"]


async def test_a_unified_order_counts_from_its_record_and_only_the_superior_ends_it(
    post: GuardPost, office: Any, principal: Any
) -> None:
    status, order = await send(office, "orders", wish(post, level=1, authority="unified", starts_at=moment(post, -90)))
    assert (status, order["state"], order["lacks"]) == (201, "in_force", ["countersignature"])

    status, problem = await send(principal, f"orders/{order['id']}/revoke", {"reason": "enough"})
    assert (status, problem["detail"].split(":")[0]) == (409, "unified_stands")
    status, problem = await send(office, f"orders/{order['id']}/revoke", {"reason": "they rang"})
    assert (status, problem["errors"][0]["field"]) == (422, "document")
    assert (await send(office, f"orders/{order['id']}/countersign"))[0] == 403
    status, counter = await send(principal, f"orders/{order['id']}/countersign")
    assert (status, counter["countersigned_by"], counter["lacks"]) == (200, "principal", [])

    status, over = await send(office, f"orders/{order['id']}/revoke", {"reason": "cancelled", "document": "S-2"})

    assert (status, over["state"], over["cancelled_by_document"]) == (200, "revoked", "S-2")
    assert (await level_of(office, "campus"))["level"] == 3


async def test_an_own_order_never_loosens_a_unified_one_and_says_so(
    post: GuardPost, office: Any, principal: Any
) -> None:
    ends = moment(post, 600)
    _, unified = await send(office, "orders", wish(post, level=1, authority="unified", ends_at=ends))

    status, own = await send(office, "orders", wish(post, ends_at=moment(post, 60)))

    assert (status, own["effect"]) == (201, "none")
    assert unified["id"] in own["why"]["en"] and unified["id"] in own["why"]["zh"]
    assert [(c["at"][:19], c["level"]) for c in own["timeline"]] == [(ends[:19], 3)]
    await send(principal, f"orders/{own['id']}/sign")
    assert (await level_of(office, "campus"))["level"] == 1
    assert (await send(office, "orders", wish(post, ends_at=moment(post, 900))))[1]["effect"] == "raises"


async def test_an_l1_order_is_revoked_by_two_people(post: GuardPost, office: Any, principal: Any) -> None:
    leader = await post.signed_in("leader", "duty_leader")
    _, order = await send(office, "orders", wish(post, level=1))
    await send(principal, f"orders/{order['id']}/sign")
    path, why = f"orders/{order['id']}/revoke", {"reason": "it is over"}

    status, first = await send(principal, path, why)
    assert (status, first["state"], first["revoking_by"]) == (200, "in_force", "principal")
    status, problem = await send(principal, path, why)
    assert (status, problem["detail"].split(":")[0]) == (403, "same_person")
    assert (await level_of(office, "campus"))["level"] == 1
    status, second = await send(leader, path, why)

    assert (status, second["state"], second["revoked_by"]) == (200, "revoked", "leader")
    assert (await level_of(office, "campus"))["level"] == 3
    (row,) = await post.records("order_revoked")
    assert row["first"] != row["by"]


async def test_an_l2_order_is_revoked_by_one(post: GuardPost, office: Any, principal: Any) -> None:
    _, order = await send(office, "orders", wish(post))
    await send(principal, f"orders/{order['id']}/sign")

    assert (await send(office, f"orders/{order['id']}/revoke", {"reason": "x"}))[0] == 403
    status, over = await send(principal, f"orders/{order['id']}/revoke", {"reason": "it is over"})

    assert (status, over["state"], over["revoke_reason"]) == (200, "revoked", "it is over")
    assert [row["to"] for row in await post.records("level_changed")][-1] == 3


async def test_raised_by_word_at_night_confirmed_in_the_morning(post: GuardPost, office: Any, principal: Any) -> None:
    leader = await post.signed_in("leader", "duty_leader")
    said = {"oral": True, "from": "leader", "received_by": "officer", "received_at": moment(post), "call_back": "8001"}

    status, order = await send(office, "orders", wish(post, document=said))

    assert (status, order["state"], order["signed_by"]) == (201, "in_force", "leader")
    assert set(order["lacks"]) == {"confirmation", "number"} and not order["overdue"]
    status, problem = await send(principal, f"orders/{order['id']}/confirm")
    assert (status, problem["detail"].split(":")[0]) == (403, "not_that_leader")
    assert (await send(leader, f"orders/{order['id']}/confirm"))[1]["lacks"] == ["number"]
    status, last = await send(office, f"orders/{order['id']}/document", {"document": "2026-18"})
    assert (status, last["document"], last["lacks"]) == (200, "2026-18", [])
    assert (await send(office, f"orders/{order['id']}/document", {"document": "2026-19"}))[0] == 409


@pytest.mark.parametrize("name", ["officer", "guard1", "nobody", "gone"])
async def test_only_a_leader_raises_by_word(post: GuardPost, office: Any, name: str) -> None:
    await post.signed_in("guard1", "guard")
    said = {"oral": True, "from": name, "received_by": "officer", "received_at": moment(post)}

    status, problem = await send(office, "orders", wish(post, document=said))

    assert (status, problem["errors"][0]["field"]) == (422, "document.from")
    assert await post.records("order_raised") == []


async def test_by_word_nothing_is_lowered(post: GuardPost, office: Any) -> None:
    await post.signed_in("leader", "duty_leader")
    await send(office, "orders", wish(post, level=1, authority="unified"))
    said = {"oral": True, "from": "leader", "received_by": "officer", "received_at": moment(post)}

    status, problem = await send(office, "orders", wish(post, document=said))

    assert (status, problem["errors"][0]["field"]) == (422, "level")


async def test_a_draft_is_nobodys_order_until_it_is_requested(post: GuardPost, office: Any, principal: Any) -> None:
    _, draft = await send(office, "orders", wish(post, draft=True))
    assert draft["state"] == "drafted"
    assert (await send(principal, f"orders/{draft['id']}/sign"))[0] == 409

    _, asked = await send(office, f"orders/{draft['id']}/request")
    status, refused = await send(principal, f"orders/{draft['id']}/refuse", {"reason": "not needed"})

    assert (asked["state"], status, refused["state"]) == ("requested", 200, "refused")
    assert (await send(principal, f"orders/{draft['id']}/sign"))[0] == 409
    listed = await look(office, "orders?state=refused")
    assert [order["id"] for order in listed["orders"]] == [draft["id"]]


async def test_a_request_is_withdrawn_by_whoever_made_it(post: GuardPost, office: Any) -> None:
    other = await post.signed_in("officer2", "security_officer")
    _, order = await send(office, "orders", wish(post))

    assert (await send(other, f"orders/{order['id']}/revoke", {"reason": "x"}))[0] == 403
    status, gone = await send(office, f"orders/{order['id']}/revoke", {"reason": "a slip"})

    assert (status, gone["state"]) == (200, "revoked")


async def test_a_signed_order_outlives_its_signers_role(post: GuardPost, office: Any, principal: Any) -> None:
    admin = await post.signed_in("boss", "admin")
    _, order = await send(office, "orders", wish(post))
    await send(principal, f"orders/{order['id']}/sign")

    async with admin.patch("/api/v1/users/principal", json={"roles": ["teacher"]}) as answer:
        assert answer.status == 200

    assert (await level_of(office, "campus"))["order"] == order["id"]
    assert (await look(office, f"orders/{order['id']}"))["signed_by"] == "principal"


async def test_a_plan_entered_ahead_shows_as_a_timeline(post: GuardPost, office: Any, principal: Any) -> None:
    now = post.site.clock.now()
    days = [now + timedelta(days=n) for n in (1, 7, 20)]
    for level, start, end in ((2, days[0], days[1]), (1, days[1], days[2])):
        _, order = await send(office, "orders", wish(post, level=level, starts_at=str(start), ends_at=str(end)))
        assert (await send(principal, f"orders/{order['id']}/sign"))[1]["state"] == "signed"

    zone = await level_of(office, "dorm-2")

    assert zone["level"] == 3
    assert [(datetime.fromisoformat(c["at"]).date(), c["level"]) for c in zone["timeline"]] == [
        (days[0].date(), 2),
        (days[1].date(), 1),
        (days[2].date(), 3),
    ]


async def test_the_level_says_how_many_devices_follow(post: GuardPost, office: Any, principal: Any) -> None:
    _, order = await send(office, "orders", wish(post))
    await send(principal, f"orders/{order['id']}/sign")
    shown = next(iter(post.site.devices))
    shown.posture = shown.issued.version

    level = await look(office, "level")

    assert level["devices"]["asked"] == len(post.site.devices)
    assert (level["devices"]["acknowledged"], level["devices"]["verified"]) == (1, 0)
    assert level["clock"]["state"] == "good"


async def test_nobody_files_in_the_superiors_name_without_the_right(post: GuardPost) -> None:
    guard = await post.signed_in("guard1", "guard")

    assert (await send(guard, "orders", wish(post, authority="unified")))[0] == 403
    assert (await send(guard, "orders", wish(post)))[0] == 403


async def test_an_order_that_is_not_there(post: GuardPost, office: Any, principal: Any) -> None:
    assert (await send(principal, "orders/0123456789abcdef/sign"))[0] == 404
    async with office.get("/api/v1/orders/0123456789abcdef") as answer:
        assert answer.status == 404


async def test_a_good_clock_needs_no_confirmation(post: GuardPost, principal: Any) -> None:
    assert (await send(principal, "clock/confirm"))[0] == 409


class SetClock(SystemClock):
    """The machine's clock, set by so much."""

    by = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.by


async def test_a_suspect_clock_shows_and_two_people_settle_it(post: GuardPost, office: Any, principal: Any) -> None:
    clock = SetClock()
    post.site.clock = clock
    await clock_watch.begin(post.site)  # it shows another day than the rows so far: a start before the newest
    leader = await post.signed_in("leader", "duty_leader")
    clock.by = timedelta(days=2)
    post.site.clock.now()

    shown = (await look(office, "level"))["clock"]
    assert (shown["state"], shown["confirmed_by_one"]) == ("suspect", False)
    assert (await send(office, "clock/confirm"))[0] == 403
    assert (await send(principal, "clock/confirm"))[1]["confirmed_by_one"] is True
    status, problem = await send(principal, "clock/confirm")
    assert (status, problem["detail"].split(":")[0]) == (403, "same_person")
    status, settled = await send(leader, "clock/confirm")

    assert (status, settled["state"]) == (200, "good")
    assert len(await post.records("clock_confirmed")) == 2


async def test_the_ledger_says_who_did_what_and_nobodys_name(post: GuardPost, office: Any, principal: Any) -> None:
    _, order = await send(office, "orders", wish(post, document="SECRET-NUMBER", reason="because of Li Na"))
    await send(principal, f"orders/{order['id']}/sign")

    rows = [*await post.records("order_requested"), *await post.records("order_signed")]

    assert len(rows) == 2 and all(row["order"] == order["id"] and len(row["by"]) == 32 for row in rows)
    assert "SECRET" not in str(rows) and "Li Na" not in str(rows)
