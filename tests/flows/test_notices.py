"""Who is told of what and when: hosts, counsellors, units; that nothing is lost, or told twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.kinds import Direction, HolderKind
from gateway.core.papers import DeclineReason, IdentificationReason
from gateway.core.rights import Right
from gateway.flows import alarms, host_answers, hosts, identifications, notices
from gateway.flows.host_answers import Answerer, LinkState, Word
from gateway.flows.notice_rules import AskedState
from gateway.flows.outbox import PAUSES_S
from gateway.flows.permits import NotPossible
from gateway.flows.ports import Recipient
from tests.flows.asking_scene import BASE, MAIL, RULES, Desk, asking, registered, university
from tests.flows.conftest import House
from tests.flows.permits_house import PASSPORTS, contact, level, normal, now, ref, somebody


@pytest.fixture
async def desk(house: House) -> Desk:
    return await asking(house)


# ---------------------------------------------------------------- hosts are asked


async def test_a_host_whose_word_is_needed_is_told_once_with_a_link_and_no_document(desk: Desk) -> None:
    visit = await registered(desk.house, plate="京B54321")

    (message,) = await desk.look()

    (to, _), body = desk.postman.sent[0], message.body
    assert (to.person, to.mail) == ("t1", MAIL)
    for part in ("Anna Berg", "looks at the library", "2026-11-23 08:00 – 10:00", "North gate", f"{BASE}/h#"):
        assert part in body
    assert not any(part in body for part in (PASSPORTS[0], PASSPORTS[0][-4:], "555-0100", "B54321"))
    assert await desk.look() == [] and desk.state(visit) == (AskedState.ASKED, 1)


async def test_nobody_is_asked_where_the_rules_ask_nobody_until_the_level_rises(house: House) -> None:
    await contact(house, "t1", mail=MAIL)
    desk = Desk(house)
    visit = await registered(house)
    assert await desk.look() == [] and visit not in house.site.hosts_asked

    order = await level(house, 2)
    assert len(await desk.look()) == 1

    await normal(house, order)
    house.clock.go_on(600)
    assert await desk.look() == []


async def test_a_guardians_host_is_the_class_teacher_and_asked_at_the_normal_level(house: House) -> None:
    await contact(house, "t1", mail=MAIL)
    await registered(house, kind=HolderKind.GUARDIAN)

    (message,) = await Desk(house).look()

    assert "家长" in message.body and "guardian" in message.body


async def test_who_does_not_answer_is_asked_once_more_and_then_the_guard_sees_it(desk: Desk) -> None:
    visit = await registered(desk.house)
    assert len(await desk.look()) == 1

    desk.house.clock.go_on(179)
    assert await desk.look() == []
    desk.house.clock.go_on(1)
    assert len(await desk.look()) == 1 and desk.state(visit) == (AskedState.ASKED, 2)
    desk.house.clock.go_on(180)
    assert await desk.look() == [] and desk.state(visit) == (AskedState.UNANSWERED, 2)
    await hosts.ask_again(desk.house.site, visit, "guard-1")
    assert len(await desk.look()) == 1 and desk.state(visit) == (AskedState.ASKED, 3)


async def test_a_guard_asks_again_not_at_once_and_not_for_ever(desk: Desk) -> None:
    visit = await registered(desk.house)
    await desk.look()

    with pytest.raises(hosts.AskedJustNow) as soon:
        await hosts.ask_again(desk.house.site, visit, "guard-1")
    assert 0 < soon.value.wait_s <= 60
    for _ in range(hosts.MOST_TIMES - 1):
        desk.house.clock.go_on(61)
        await hosts.ask_again(desk.house.site, visit, "guard-1")
    desk.house.clock.go_on(61)
    with pytest.raises(NotPossible) as often:
        await hosts.ask_again(desk.house.site, visit, "guard-1")
    assert often.value.code == "telephone"


async def test_whom_no_channel_reaches_the_guard_telephones(house: House) -> None:
    await level(house, 2)
    desk = Desk(house)
    visit = await registered(house)

    assert await desk.look() == [] and desk.state(visit) == (AskedState.TELEPHONE, 0)
    assert await house.rows("notice_queued") == []
    await contact(house, "t1", mail=MAIL)
    await hosts.ask_again(house.site, visit, "guard-1")
    assert len(await desk.look()) == 1


async def test_an_answer_that_came_first_leaves_nothing_to_say(desk: Desk) -> None:
    visit = await registered(desk.house)
    await desk.watch.look()
    await host_answers.answer(desk.house.site, visit, Word(True), Answerer("teacher-1", ref(desk.house, "t1")))

    assert await desk.look() == [] and visit not in desk.house.site.hosts_asked
    desk.house.clock.go_on(600)
    assert await desk.look() == []


# ---------------------------------------------------------------- nothing is lost, nothing twice


async def test_what_was_queued_before_a_crash_is_sent_once_after_it_with_the_same_link(desk: Desk) -> None:
    visit = await registered(desk.house)
    desk.postman.works = False
    await desk.look()
    queued = await desk.house.site.archive.notices_of("host", [visit])

    await desk.restart()
    desk.postman.works = True
    desk.house.clock.go_on(5)

    secret = await desk.asked()
    assert secret == notices.secret_of(desk.house.site, queued[0].id)
    assert (await host_answers.open_link(desk.house.site, secret)).state is LinkState.OPEN
    await desk.restart()
    assert await desk.look() == [] and desk.state(visit) == (AskedState.ASKED, 1)
    assert len(await desk.house.rows("notice_sent")) == 1


async def test_a_channel_that_fails_is_tried_with_pauses_alarms_and_is_given_up(desk: Desk) -> None:
    visit = await registered(desk.house, ends_at=now(desk.house, hours=9))
    desk.postman.works = False
    open_alarms = desk.house.site.alarms.by_cause
    await desk.look()
    for tries, pause in enumerate(PAUSES_S, start=1):
        (notice,) = (await desk.house.site.archive.notices_of("host", [visit]))[:1]
        assert notice.tries == tries
        assert ((alarms.NOTICE_FAILED, "mail") in open_alarms) is (tries >= 3)
        desk.house.clock.go_on(pause - 1)
        await desk.outbox.look()
        await desk.outbox.settle()
        desk.house.clock.go_on(1)
        await desk.outbox.look()
        await desk.outbox.settle()

    (row,) = await desk.house.rows("notice_failed")
    assert (row["about"], row["tries"], row["failed"]) == (visit, len(PAUSES_S) + 1, ["mail"])
    desk.postman.works = True
    await registered(desk.house, number=PASSPORTS[1])
    await desk.look()
    await desk.house.settle()
    raised = desk.house.site.alarms.by_id[open_alarms[alarms.NOTICE_FAILED, "mail"]]
    assert raised.state == "returned" and raised.priority == "low"


async def test_no_row_has_an_address_a_link_or_a_name(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    visit = await registered(desk.house)
    secret = await desk.asked()
    word = Word(False, DeclineReason.BUSY, "Anna Berg may come on Monday")
    await host_answers.answer_by_link(desk.house.site, secret, word)
    await host_answers.open_link(desk.house.site, secret)

    kinds = ("permit", "notice_queued", "notice_sent", "alarm", "credential_blocked")
    text = str([await desk.house.rows(kind) for kind in kinds])
    assert visit in text and "busy" in text
    for part in (secret, MAIL, "Anna", "Na Chen", "Monday", BASE):
        assert part not in text and part not in caplog.text


# ---------------------------------------------------------------- counsellors and units


async def test_a_counsellor_hears_of_a_student_who_left_in_a_closed_period_without_a_slip(desk: Desk) -> None:
    house = desk.house
    university(house)
    house.site.notices = replace(RULES, counsellors={"dorm-1": "t1", "students": "t2"})

    await level(house, 1)
    _, command = await house.hand("gate").tap("STUDENT2", "out")

    assert command is not None and command.action.value == "grant"
    (message,) = await desk.look()
    assert desk.postman.sent[0][0].person == "t1"
    assert "Hong Wang" in message.body and "08:00" in message.body and "North" in message.body
    (row,) = await house.rows("notice_queued")
    assert (row["of"], row["recipient"]) == ("left", ref(house, "t1"))
    assert await desk.look() == []


async def test_nobody_hears_of_a_student_in_an_open_period_or_without_a_counsellor(desk: Desk) -> None:
    house = desk.house
    university(house)
    await level(house, 1)
    await house.hand("gate").tap("STUDENT2", "out")
    house.site.campus = replace(house.site.campus, calendar={})
    house.site.notices = replace(RULES, counsellors={"dorm-1": "t1"})
    house.site.renew_world()
    await house.hand("gate").tap("STUDENT2", "out")

    assert await house.rows("notice_queued") == [] and await desk.look() == []


async def test_the_third_time_without_the_card_is_told_to_the_unit(desk: Desk) -> None:
    house = desk.house
    house.site.notices = replace(RULES, robots=frozenset({"office"}), units={"students": "robot:office"})
    await house.hand("gate").status()
    for _ in range(3):
        assert await desk.look() == []
        await identifications.identify(
            house.site,
            holder="s1",
            portal="north-in",
            direction=Direction.IN,
            reason=IdentificationReason.FORGOTTEN,
            by="guard-1",
            rights=frozenset({Right.IDENTIFY, Right.ANSWER_WAITING}),
        )

    (message,) = await desk.look()
    assert desk.postman.sent[0][0] == Recipient(robot="office")
    assert "Ming Li" in message.body and "3" in message.body


async def test_who_was_erased_before_it_was_sent_is_not_named(desk: Desk) -> None:
    house = desk.house
    visit = await registered(house)
    await desk.watch.look()
    holders = {key: one for key, one in house.site.directory.holders.items() if not one.name.startswith("Anna")}
    directory = house.site.directory
    house.site.swap_directory(replace(directory, version=directory.version + 1, holders=holders))

    await desk.outbox.look()
    await desk.outbox.settle()

    assert desk.postman.sent == [] and visit
    assert await house.site.archive.notices_due(now(house, hours=1), 10) == []
    assert await somebody(house, "z1", HolderKind.STAFF)
