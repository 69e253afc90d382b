"""Known people without the card, one touch for responders and shelter, and whose word ends which wait."""

from __future__ import annotations

import sqlite3

import pytest

from devices.messages import Action, Command, Passage
from devices.messages import Direction as Way
from gateway.core.kinds import Direction, HolderKind, PresenceState
from gateway.core.papers import BanAct, Emergency, EmergencyKind, EntryBan, IdentificationReason, OpeningKind
from gateway.core.pins import digest_of
from gateway.core.rights import Right
from gateway.flows import identifications, openings, slips, waiting
from gateway.flows.changes import CredentialStateSet, PaperFiled
from gateway.flows.permits import NoSuchPermit, NotPossible, NotYours, WrongField
from gateway.flows.ports import Entry, LedgerUnavailable, PinDigests, Unit
from tests.flows.conftest import Hand, House
from tests.flows.permits_house import level, lock_down, marks_of, normal, now, ref, somebody
from tests.parts.locked import locked

GUARD_RIGHTS = frozenset({Right.IDENTIFY, Right.ANSWER_WAITING})
OPERATOR_RIGHTS = GUARD_RIGHTS | {Right.CONFIRM_RESTRICTED}


async def identify(
    house: House,
    who: str,
    reason: str = "forgotten",
    portal: str = "north-in",
    way: str = "in",
    rights: frozenset[Right] = GUARD_RIGHTS,
) -> identifications.Identified:
    return await identifications.identify(
        house.site,
        holder=who,
        portal=portal,
        direction=Direction(way),
        reason=IdentificationReason(reason),
        by="guard-1",
        rights=rights,
    )


async def open_for(house: House, kind: str, portal: str = "north-in", way: str = "in", **how: object):  # type: ignore[no-untyped-def]
    return await openings.open_for(
        house.site, portal=portal, direction=Direction(way), kind=OpeningKind(kind), by="guard-1", **how
    )


async def there(house: House, *names: str) -> list[Hand]:
    hands = [house.hand(name) for name in names]
    for hand in hands:
        await hand.status()
    return hands


def grants(house: House, device: str) -> list[Command]:
    return [c for c in house.courier.commands(device) if c.action is Action.GRANT]


# ---------------------------------------------------------------- identification


async def test_a_known_person_without_the_card_gets_one_entry_and_one_record(house: House) -> None:
    (gate,) = await there(house, "gate")

    found = await identify(house, "s1")

    (command,) = house.courier.commands("gate")
    assert (command.action, command.for_, command.reason) == (Action.GRANT, None, "ok_identified_by_guard")
    assert (command.challenge, command.hold_ms) == (gate.device.challenge, 5_000)
    (row,) = await house.rows("decision")
    assert (row["outcome"], row["reason"], row["holder"]) == ("grant", "ok_identified_by_guard", ref(house, "s1"))
    assert (row["by"], row["by_hand"], row["command"]) == ("guard-1", "identification", command.id)
    assert found.done.command == command.id and found.times == 1
    assert (await house.rows("command"))[0]["command"] == command.id
    assert "Ming Li" not in str(await house.all_rows())


async def test_the_record_is_on_disk_before_the_command_leaves(house: House) -> None:
    await there(house, "gate")
    seen: list[int] = []
    send = house.courier.send

    def look_at_the_disk(*message: object) -> bool:
        if isinstance(message[-1], Command):
            with sqlite3.connect(house.folder.sqlite_file) as outside:
                seen.append(outside.execute("SELECT count(*) FROM ledger WHERE kind = 'decision'").fetchone()[0])
        return send(*message)  # type: ignore[arg-type]

    house.courier.send = look_at_the_disk  # type: ignore[method-assign]

    await identify(house, "s1")

    assert seen == [1]


async def test_without_the_ledger_nobody_is_let_in_and_whoever_leaves_is_let_out(house: House) -> None:
    house.give_up_soon()
    await there(house, "gate", "exit")
    with locked(house.folder.sqlite_file):
        with pytest.raises(LedgerUnavailable):
            await open_for(house, "responder")
        assert grants(house, "gate") == []
        await open_for(house, "let_out", "north-out", "out", holder="s1")
        assert len(grants(house, "exit")) == 1

    rows = await house.rows("decision")
    assert [(row["by_hand"], row["outcome"]) for row in rows] == [("let_out", "grant")]


async def test_whom_the_rules_refuse_is_not_let_in_and_the_guard_reads_why(house: House) -> None:
    await there(house, "gate")
    house.clock.set(23)

    found = await identify(house, "s1")

    assert (found.done.outcome, found.done.reason, found.done.command) == ("deny", "outside_hours", None)
    assert ("permission", "outside_hours") in [(f.rule, f.reason) for f in found.decision.trace]
    assert house.courier.commands("gate") == []
    (row,) = await house.rows("decision")
    assert (row["outcome"], row["reason"], row["command"]) == ("deny", "outside_hours", "")


async def test_the_cards_own_state_does_not_matter_and_everything_else_does(house: House) -> None:
    await there(house, "gate")
    assert (await identify(house, "x1")).done.outcome == "grant"  # an expired card

    lock_down(house)

    assert (await identify(house, "x1")).done.reason == "lockdown"


async def test_a_lost_card_is_blocked_at_once_here_and_in_every_device(house: House) -> None:
    (gate, _) = await there(house, "gate", "door")
    await house.look()

    await identify(house, "s1", "lost")

    _, command = await gate.tap("STUDENT1")
    assert command is not None and command.reason == "credential_lost"
    assert marks_of(house, "gate", "STUDENT1") in house.courier.revoked("gate").tokens
    assert marks_of(house, "door", "STUDENT1") in house.courier.revoked("door").tokens
    (row,) = await house.rows("credential_blocked")
    assert (row["state"], row["by"]) == ("lost", "guard-1")


async def test_a_lost_card_is_blocked_even_if_its_holder_is_refused(house: House) -> None:
    await there(house, "gate")
    lock_down(house)
    assert (await identify(house, "s1", "lost")).done.outcome == "deny"
    house.site.emergencies.clear()
    house.site.renew_world()

    _, command = await house.hand("gate").tap("STUDENT1")

    assert command is not None and command.reason == "credential_lost"


async def test_the_third_time_in_thirty_days_is_told_and_older_ones_do_not_count(house: House) -> None:
    (gate,) = await there(house, "gate")
    assert (await identify(house, "s1")).times == 1
    house.clock.go_on(31 * 86_400)
    await gate.heartbeat()
    assert (await identify(house, "s1")).times == 1
    assert (await identify(house, "s2")).times == 1
    watching = house.site.feed.subscribe()
    assert (await identify(house, "s1", "broken")).times == 2
    assert ("without_card_often", "north-in", "unacknowledged") not in house.alarms

    assert (await identify(house, "s1")).times == 3

    assert ("without_card_often", "north-in", "unacknowledged") in house.alarms
    told = [one.event for one in watching.take()]
    (often,) = [event for event in told if event["type"] == "without_card_often"]
    assert (often["holder"]["id"], often["times"]) == ("s1", 3)
    rows = [row for row in await house.rows("permit") if row["paper"] == "identification"]
    assert [row["step"] for row in rows].count("often") == 1
    watching.close()


async def test_the_passage_after_it_is_theirs(house: House) -> None:
    (gate,) = await there(house, "gate")
    found = await identify(house, "s1")
    assert found.done.command is not None
    await gate.result(found.done.command)

    await gate.event("passage", Passage(tap=None, direction=Way.IN))
    await gate.event("passage", Passage(tap=None, direction=Way.IN))

    presence = house.site.presence[ref(house, "s1")]
    assert (presence.zone, presence.state) == ("campus", PresenceState.INSIDE)
    assert len([row for row in await house.rows("presence") if row["holder"] == ref(house, "s1")]) == 1


async def test_leaving_without_the_card_is_never_refused_to_anybody_who_may_leave(house: House) -> None:
    await there(house, "exit", "door")
    await level(house, 1)
    for who in ("t1", "t2", "g1"):
        assert (await identify(house, who, portal="north-out", way="out")).done.outcome == "grant"
    assert (await identify(house, "s2", portal="dorm-1-door", way="out")).done.outcome == "grant"

    pupil = await identify(house, "s1", portal="north-out", way="out")
    assert pupil.done.reason == "leave_slip_required"
    await slips.give(
        house.site,
        holder="s1",
        starts_at=now(house),
        ends_at=now(house, hours=1),
        reason=slips.SlipReason.OTHER,
        by="teacher-1",
    )
    assert (await identify(house, "s1", portal="north-out", way="out")).done.outcome == "grant"


async def test_a_pupil_who_leaves_the_dormitory_at_night_without_the_card_is_told_of_like_any_other(
    house: House,
) -> None:
    house.clock.set(23)
    await there(house, "door")

    done = (await identify(house, "s2", portal="dorm-1-door", way="out")).done

    assert done.outcome == "grant"
    assert ("late_exit", "dorm-1", "unacknowledged") in house.alarms


async def test_a_guard_may_always_let_out_for_illness_or_danger(house: House) -> None:
    await there(house, "exit", "gate")

    done, follow_up = await open_for(house, "let_out", "north-out", "out", holder="s1")

    assert done.outcome == "grant" and follow_up is None
    (row,) = await house.rows("decision")
    assert (row["by_hand"], row["holder"], row["reason"]) == ("let_out", ref(house, "s1"), "ok")
    with pytest.raises(WrongField):
        await open_for(house, "let_out")


async def test_where_nobody_can_be_identified_that_is_said(house: House) -> None:
    with pytest.raises(NotPossible) as away:
        await identify(house, "s1")
    with pytest.raises(NotPossible) as lane:
        await identify(house, "t1", portal="north-vehicle")
    with pytest.raises(NotPossible) as none:
        await identify(house, "t1", portal="south-in")
    for portal, way, who, field in (
        ("moon", "in", "s1", "portal"),
        ("north-in", "out", "s1", "direction"),
        ("north-in", "in", "nobody", "holder"),
    ):
        with pytest.raises(WrongField) as wrong:
            await identify(house, who, portal=portal, way=way)
        assert wrong.value.field == field

    assert (away.value.code, lane.value.code, none.value.code) == ("device_away", "lane", "no_reader")
    assert await house.rows("decision") == []


async def change_elsewhere(house: House, *changes: object) -> None:
    """Another process changes the directory; this gateway has not looked since."""
    await house.site.ledger.commit(Unit((Entry("note", now(house), {}),), changes, directory=True))


async def test_whoever_was_banned_elsewhere_a_moment_ago_is_not_let_in_without_the_card(house: House) -> None:
    await there(house, "gate")
    at, leaders = now(house), ("leader-1", "leader-2")
    ban = EntryBan("b1", ref(house, "s1"), BanAct.THREAT, at, now(house, days=9), "officer-1", at, leaders)
    await change_elsewhere(house, PaperFiled(ban))

    found = await identify(house, "s1")

    assert (found.done.outcome, found.done.reason) == ("deny", "entry_banned")
    assert grants(house, "gate") == []
    assert [row["outcome"] for row in await house.rows("decision")] == ["deny"]
    assert found.times == 0 and (await identify(house, "t1")).done.outcome == "grant"


# ---------------------------------------------------------------- responders and shelter


async def test_responders_pass_with_one_touch_at_every_level_under_lockdown_and_evacuation(house: House) -> None:
    await there(house, "gate")
    for prepare in (lambda: None, lambda: lock_down(house), lambda: house.site.fires.add("campus")):
        prepare()
        house.site.renew_world()
        done, follow_up = await open_for(house, "responder", count=4)
        assert (done.outcome, done.reason, follow_up) == ("grant", "ok_responder", None)

    rows = await house.rows("decision")
    assert [(row["reason"], row["count"], row["holder"]) for row in rows] == [("ok_responder", 4, None)] * 3
    assert len(grants(house, "gate")) == 3


async def test_a_fire_engine_gets_the_lane_and_its_bollard_goes_down_after_the_lane(house: House) -> None:
    lane, _ = await there(house, "lane", "bollard")
    done, _ = await open_for(house, "responder", "north-vehicle")
    assert done.command is not None and house.courier.commands("bollard") == []

    await lane.result(done.command)

    assert [command.action for command in house.courier.commands("bollard")] == [Action.LOWER]


async def test_while_the_level_is_raised_a_second_person_disposes_of_it_within_fifteen_minutes(house: House) -> None:
    await there(house, "gate")
    await level(house, 2)

    _, opening = await open_for(house, "responder")

    assert opening is not None
    assert ("responder_entered", "north-in", "unacknowledged") in house.alarms
    with pytest.raises(NotYours):
        await openings.dispose(house.site, opening.id, "they put out the fire", "guard-1")
    await openings.look_for_overdue(house.site)
    assert ("disposal_due", "north-in", "unacknowledged") not in house.alarms
    await house.restart()
    house.clock.go_on(15 * 60)
    await openings.look_for_overdue(house.site)
    assert ("disposal_due", "north-in", "unacknowledged") in house.alarms

    await openings.dispose(house.site, opening.id, "they put out the fire", "guard-2")

    assert ("disposal_due", "north-in", "returned") in house.alarms
    await openings.look_for_overdue(house.site)
    assert ("disposal_due", "north-in", "unacknowledged") not in house.alarms
    with pytest.raises(NoSuchPermit):
        await openings.dispose(house.site, opening.id, "again", "guard-3")


async def test_shelter_is_for_people_of_the_school_and_for_a_lockdown(house: House) -> None:
    await there(house, "gate")
    await somebody(house, "c1", HolderKind.CONTRACTOR)
    with pytest.raises(NotPossible) as calm:
        await open_for(house, "shelter", holder="s1")
    lock_down(house)

    done, _ = await open_for(house, "shelter", holder="s1")
    with pytest.raises(NotPossible) as stranger:
        await open_for(house, "shelter", holder="c1")
    with pytest.raises(WrongField):
        await open_for(house, "responder", holder="s1")

    assert (done.outcome, done.reason) == ("grant", "ok_shelter")
    assert (calm.value.code, stranger.value.code) == ("no_lockdown", "not_of_the_school")
    assert len(grants(house, "gate")) == 1


async def test_no_guard_alone_lets_responders_in_at_a_restricted_door(house: House) -> None:
    await there(house, "control")
    for rights in (frozenset(), GUARD_RIGHTS):
        with pytest.raises(NotYours, match="control room"):
            await open_for(house, "responder", "control-room-door", rights=rights)
    assert await house.rows("decision") == [] and house.courier.commands("control") == []

    done, _ = await open_for(house, "responder", "control-room-door", rights=OPERATOR_RIGHTS)

    assert done.outcome == "grant" and len(grants(house, "control")) == 1


async def test_there_is_no_shelter_behind_a_restricted_door_whoever_asks_and_in_a_drill_too(house: House) -> None:
    await there(house, "control", "gate")
    zones = frozenset({"control-room"})
    drill = Emergency("e1", EmergencyKind.LOCKDOWN, zones, now(house), "guard-1", drill=True)
    house.site.emergencies[drill.id] = drill
    house.site.renew_world()

    for rights in (GUARD_RIGHTS, OPERATOR_RIGHTS):
        with pytest.raises(NotPossible, match="no shelter behind this door"):
            await open_for(house, "shelter", "control-room-door", rights=rights)

    assert house.courier.commands("control") == [] and await house.rows("decision") == []


async def test_one_touch_counts_still_if_the_directory_changed_elsewhere_a_moment_ago(house: House) -> None:
    await there(house, "gate")
    await responder(house)
    held = next(c for c in house.site.directory.credentials.values() if c.value == "STAFF2")
    await change_elsewhere(house, CredentialStateSet(held.ref, "lost"))

    done, _ = await open_for(house, "responder", holder="f1")

    assert done.outcome == "grant" and len(grants(house, "gate")) == 1
    assert len(await house.rows("decision")) == 1
    (after,) = [c for c in house.site.directory.credentials.values() if c.value == "STAFF2"]
    assert after.state == "lost"


# ---------------------------------------------------------------- whose word ends a wait


async def waits(house: House, device: str, card: str) -> str:
    tap, command = await house.hand(device).tap(card)
    assert command is not None and command.action is Action.WAIT
    return f"{device}:{tap}"


async def test_a_responder_who_waits_is_granted_as_one_and_followed_up_at_a_raised_level(house: House) -> None:
    await there(house, "gate")
    await responder(house)
    await waiting.answer(house.site, await waits(house, "gate", "FIRE1"), "grant", "guard-1")
    assert [row["reason"] for row in await house.rows("answer")] == ["ok_responder"]
    assert openings.open_ones(house.site) == []
    await level(house, 2)

    await waiting.answer(house.site, await waits(house, "gate", "FIRE1"), "grant", "guard-1")
    await house.settle()

    assert [opening.by for opening in openings.open_ones(house.site)] == ["guard-1"]
    assert ("responder_entered", "north-in", "unacknowledged") in house.alarms


async def responder(house: House) -> None:
    house.folder.import_people("f1,Fire Brigade,responder,,FIRE1,,,,")
    await house.look()


async def test_only_the_control_room_confirms_a_restricted_door(house: House) -> None:
    await there(house, "control")
    await level(house, 1)
    holder, key = ref(house, "g1"), house.site.pin_key
    assert key is not None
    house.site.pins[holder] = PinDigests(digest_of(key, holder, "4711"), None)
    tap, command = await house.hand("control").tap("GUARD1", pin="4711")
    assert command is not None and (command.action, command.reason) == (Action.WAIT, "second_person")
    id = f"control:{tap}"

    with pytest.raises(waiting.NotYourWord):
        await waiting.answer(house.site, id, "grant", "guard-1", "", GUARD_RIGHTS)
    assert house.site.waits[id].answered is False
    await waiting.answer(house.site, id, "grant", "operator-1", "", OPERATOR_RIGHTS)

    assert [(row["outcome"], row["by"]) for row in await house.rows("answer")] == [("grant", "operator-1")]


async def test_a_grant_that_the_rules_refuse_by_now_is_not_given(house: House) -> None:
    await there(house, "gate")
    house.folder.import_people("c1,Con Tractor,contractor,staff,CON1,,,,")
    await house.look()
    order = await level(house, 2)
    id = await waits(house, "gate", "CON1")
    lock_down(house)

    with pytest.raises(waiting.NoLonger) as refused:
        await waiting.answer(house.site, id, "grant", "guard-1")

    assert refused.value.decision.reason == "lockdown"
    assert grants(house, "gate") == []
    house.site.emergencies.clear()
    house.site.renew_world()
    await waiting.answer(house.site, id, "grant", "guard-1")
    assert len(grants(house, "gate")) == 1
    await normal(house, order)
