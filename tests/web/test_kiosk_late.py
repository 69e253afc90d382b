"""Who waited too long at a gate is let in once, with a record of its own, by what is true then."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from gateway.flows import late, pins, waiting
from gateway.flows.people import import_csv
from gateway.flows.ports import Unit
from gateway.store.tables import credentials
from tests.web.guardpost import GuardPost
from tests.web.kiosk_scene import ask


async def a_contractor_waited_too_long(post: GuardPost, uses: int | None = None) -> str:
    """At L2 a guard confirms a contractor; nobody did. The id under which they waited."""
    table = "id,name,kind,groups,card,plate,dormitory,valid_from,valid_to\nc1,Con Tractor,contractor,staff,CON1,,,,\n"
    await import_csv(post.site, table.encode(), "test")
    if uses is not None:
        holder = pins.holder_of(post.site, "c1").ref

        def limit(connection: Any, version: int) -> None:
            found = sa.update(credentials).where(credentials.c.holder == holder)
            connection.execute(found.values(max_uses=uses, version=version))

        await post.writer.commit(Unit((), (limit,), directory=True))
        await post.site.refresh_directory()
    office = await post.signed_in("office1", "security_officer")
    now = post.site.clock.now()
    order = {
        "level": 2,
        "starts_at": now.isoformat(),
        "document": "2026-17",
        "reason": "a test",
        "authority": "unified",
    }
    assert (await ask(office, "POST", "orders", order))[0] == 201
    tap, command = await post.tap("CON1")
    assert command.action.value == "wait"
    await waiting._time_is_up(post.site, post.site.waits[f"north-in-1:{tap}"])
    return f"north-in-1:{tap}"


async def test_who_waited_too_long_is_let_in_once_with_a_record_of_its_own(post: GuardPost) -> None:
    id = await a_contractor_waited_too_long(post)
    one, two = await post.signed_in("guard1", "guard"), await post.signed_in("guard2", "guard")

    answers = await asyncio.gather(*(ask(client, "POST", f"waiting/{id}/late") for client in (one, two, one)))

    assert sorted(status for status, _ in answers) == [200, 409, 409]
    late_ones = [row for row in await post.records("decision") if row.get("by_hand") == "late"]
    assert [(row["outcome"], row["reason"], row["waited_as"]) for row in late_ones] == [("grant", "ok", id)]
    opened = [m for d, m in post.courier.sent if d == "north-in-1" and getattr(m, "id", "") == late_ones[0]["command"]]
    assert [m.action.value for m in opened] == ["grant"]


async def test_a_late_word_is_judged_on_what_is_true_now(post: GuardPost) -> None:
    id = await a_contractor_waited_too_long(post)
    admin, guard = await post.signed_in("admin1", "admin"), await post.signed_in("guard1", "guard")
    _, person = await ask(admin, "GET", "people/c1")
    await ask(admin, "POST", f"credentials/{person['credentials'][0]['ref']}/revoke", {"reason": "revoked"})

    status, problem = await ask(guard, "POST", f"waiting/{id}/late")

    assert (status, problem["detail"].split(":")[0]) == (409, "credential_revoked")


async def test_a_late_word_takes_a_use_of_the_pass_and_none_beyond_the_last(post: GuardPost) -> None:
    id = await a_contractor_waited_too_long(post, uses=1)
    guard = await post.signed_in("guard1", "guard")
    assert (await ask(guard, "POST", f"waiting/{id}/late"))[0] == 200
    assert [row["used"] for row in await post.records("pass_used")] == [1]

    _, command = await post.tap("CON1")

    assert command.reason == "pass_used_up"


async def test_nobody_is_let_in_late_who_was_refused_by_a_guard_or_long_ago(post: GuardPost) -> None:
    id = await a_contractor_waited_too_long(post)
    guard = await post.signed_in("guard1", "guard")
    tap, _ = await post.tap("CON1")
    await ask(guard, "POST", f"waiting/north-in-1:{tap}", {"outcome": "refuse"})
    assert (await ask(guard, "POST", f"waiting/north-in-1:{tap}/late"))[0] == 409

    post.site.late[id] = replace(
        post.site.late[id], closed_at=post.site.clock.now() - late.WITHIN - timedelta(seconds=1)
    )

    assert (await ask(guard, "POST", f"waiting/{id}/late"))[0] == 409
