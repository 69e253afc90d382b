"""Who is told of what and when: hosts, counsellors, units; that nothing is lost, or told twice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.campus_file import load_campus
from gateway.core.kinds import DayKind, Direction, HolderKind, Profile
from gateway.core.papers import DeclineReason, IdentificationReason, Visit, VisitState
from gateway.core.rights import Right
from gateway.flows import (
    alarms,
    contacts,
    directory_watch,
    host_answers,
    hosts,
    identifications,
    notices,
    people,
    visits,
)
from gateway.flows.changes import PeopleChanged
from gateway.flows.host_answers import Answerer, LinkState, NoSuchLink, Word
from gateway.flows.notice_rules import AskedState, NoticeRules, link_key_from
from gateway.flows.outbox import PAUSES_S, Outbox
from gateway.flows.people_import import HolderRow, Plan
from gateway.flows.permits import NotPossible, NotYours, WrongField
from gateway.flows.ports import Delivered, Entry, Message, Recipient, Unit
from gateway.policy_file import load_policy
from gateway.settings import shipped
from tests.flows.conftest import House
from tests.flows.permits_house import GUARD, PASSPORTS, contact, file, level, normal, now, ref, somebody, wanted

BASE = "https://gate.school.example"
MAIL = "na.chen@school.example"
RULES = NoticeRules(channels=frozenset({"mail"}), base_url=BASE, link_key=link_key_from(b"k" * 32))


@dataclass
class Postman:
    """A messenger that keeps what it was given; `works` off: every channel fails."""

    works: bool = True
    sent: list[tuple[Recipient, Message]] = field(default_factory=list)

    async def send(self, to: Recipient, message: Message) -> Delivered:
        if not self.works:
            return Delivered((), ("mail",))
        self.sent.append((to, message))
        return Delivered(("mail",))


class Desk:
    """A gateway that asks hosts: its watch, its outbox, and a postman."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.postman = Postman()
        self.begin()

    def begin(self) -> None:
        """As a gateway that was started begins."""
        self.house.site.notices = RULES
        self.watch = hosts.HostWatch(self.house.site)
        self.outbox = Outbox(self.house.site, self.postman)

    async def restart(self) -> None:
        await self.house.restart()
        self.begin()

    async def look(self) -> list[Message]:
        """One second of the gateway; what was sent in it."""
        before = len(self.postman.sent)
        await self.watch.look()
        await self.outbox.look()
        await self.outbox.settle()
        return [message for _, message in self.postman.sent[before:]]

    async def asked(self) -> str:
        """The secret of the one link that goes out now."""
        (message,) = await self.look()
        return message.body.split("/h#")[1].split()[0]

    def state(self, visit: str) -> tuple[AskedState, int]:
        found = self.house.site.hosts_asked[visit]
        return found.state, found.times


@pytest.fixture
async def desk(house: House) -> Desk:
    """At L2, where a visitor's host is asked; the host has a mail address."""
    await contact(house, "t1", phone="555-0101", mail=MAIL)
    await level(house, 2)
    return Desk(house)


async def registered(house: House, **how: Any) -> str:
    return (await visits.register(house.site, wanted(house, **how), GUARD)).visit.id


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


# ---------------------------------------------------------------- links


async def test_a_link_answers_once_and_shows_afterwards_what_was_answered(desk: Desk) -> None:
    visit = await registered(desk.house)
    site, secret = desk.house.site, await desk.asked()

    opened = await host_answers.answer_by_link(site, secret, Word(True))

    assert opened.state is LinkState.CONFIRMED and opened.visit.confirmed_by == ref(desk.house, "t1")
    assert opened.link.used_at is not None
    for word in (Word(True), Word(False, DeclineReason.OTHER)):
        with pytest.raises(NotPossible):
            await host_answers.answer_by_link(site, secret, word)
    assert (await host_answers.open_link(site, secret)).state is LinkState.CONFIRMED
    (row,) = [row for row in await desk.house.rows("permit") if row["step"] == "confirmed"]
    assert (row["id"], row["by"], row["by_link"]) == (visit, ref(desk.house, "t1"), True)


async def test_a_link_declines_with_a_reason_and_changes_the_time(desk: Desk) -> None:
    await registered(desk.house)
    site, secret = desk.house.site, await desk.asked()
    declined = await host_answers.answer_by_link(site, secret, Word(False, DeclineReason.UNKNOWN, "not mine"))
    assert (declined.state, declined.visit.decline_reason) == (LinkState.DECLINED, DeclineReason.UNKNOWN)
    assert await site.archive.note(declined.visit.decline_note or "") == "not mine"

    other = await visits.register(site, wanted(desk.house, number=PASSPORTS[1]), GUARD)
    secret = await desk.asked()
    later = Word(True, starts_at=now(desk.house, hours=3), ends_at=now(desk.house, hours=4))
    moved = await host_answers.answer_by_link(site, secret, later)

    assert (moved.state, moved.visit.starts_at, moved.visit.ends_at) == (
        LinkState.CONFIRMED, later.starts_at, later.ends_at,
    )  # fmt: skip
    (held,) = [c for c in site.directory.credentials.values() if c.ref in other.visit.passes]
    assert (held.not_before, held.not_after) == (later.starts_at, later.ends_at)


async def test_a_time_that_cannot_be_changes_nothing(desk: Desk) -> None:
    visit = await registered(desk.house)
    secret = await desk.asked()

    for start, end in ((3, 2), (-3, -2), (0, 24 * 40)):
        times = Word(True, starts_at=now(desk.house, hours=start), ends_at=now(desk.house, hours=end))
        with pytest.raises(WrongField):
            await host_answers.answer_by_link(desk.house.site, secret, times)

    opened = await host_answers.open_link(desk.house.site, secret)
    assert (opened.state, opened.visit.id) == (LinkState.OPEN, visit)
    assert (await host_answers.answer_by_link(desk.house.site, secret, Word(True))).state is LinkState.CONFIRMED


async def test_a_link_of_a_visit_that_is_over_says_so_and_one_past_its_time_is_none(desk: Desk) -> None:
    site = desk.house.site
    visit = await registered(desk.house)
    secret = await desk.asked()
    await visits.cancel(site, visit, "guard-1")
    assert (await host_answers.open_link(site, secret)).state is LinkState.OVER
    with pytest.raises(NotPossible):
        await host_answers.answer_by_link(site, secret, Word(True))

    desk.house.clock.go_on(2 * 3600)
    with pytest.raises(NoSuchLink):
        await host_answers.open_link(site, secret)
    for made_up in ("", "x" * 43, secret[:-1] + ("A" if secret[-1] != "A" else "B")):
        with pytest.raises(NoSuchLink):
            await host_answers.open_link(site, made_up)


async def test_the_host_of_a_link_may_not_be_who_registered(desk: Desk) -> None:
    made = await visits.register(desk.house.site, wanted(desk.house), visits.Registrar(ref(desk.house, "t1")))
    secret = await desk.asked()

    with pytest.raises((NotYours, NotPossible)):
        await host_answers.answer_by_link(desk.house.site, secret, Word(True))
    assert desk.house.site.directory.papers.by_id[f"visit:{made.visit.id}"].confirmed is None


# ---------------------------------------------------------------- who is a host no more


async def becomes_a_pupil(house: House) -> None:
    """The school's system says of Na Chen from now on that she is a pupil."""
    known = house.site.directory.holders[ref(house, "t1")]
    row = HolderRow(known.ref, known.id, known.name, HolderKind.STUDENT, (), None)
    change = PeopleChanged(Plan(house.site.directory.version, changed_holders=[row]))
    await house.site.ledger.commit(Unit((Entry("note", now(house), {}),), (change,), directory=True))
    await directory_watch.take_over(house.site)


@pytest.mark.parametrize("how", ["left", "pupil"])
async def test_who_has_left_or_is_no_host_any_more_answers_over_no_channel(desk: Desk, how: str) -> None:
    house, site, host = desk.house, desk.house.site, ref(desk.house, "t1")
    visit = await registered(house)
    secret = await desk.asked()
    await host_answers.show_number(site, visit, "guard-1")

    await (people.leave(site, "t1", "officer-1") if how == "left" else becomes_a_pupil(house))

    assert (await host_answers.open_link(site, secret)).state is LinkState.OVER
    for word in (Word(True), Word(False, DeclineReason.OTHER), Word(True, None, "", now(house), now(house, hours=1))):
        for say in (
            lambda word=word: host_answers.answer(site, visit, word, Answerer("user-1", host)),
            lambda word=word: host_answers.answer(site, visit, word, Answerer(host, host, link="x")),
            lambda word=word: host_answers.answer_by_link(site, secret, word),
            lambda word=word: host_answers.by_telephone(site, visit, word, True, "Na Chen", "guard-1"),
        ):
            with pytest.raises(NotPossible):
                await say()
    with pytest.raises(NotPossible) as number:
        await host_answers.show_number(site, visit, "guard-1")
    assert number.value.code == "host_gone"
    paper = site.directory.papers.by_id[f"visit:{visit}"]
    assert isinstance(paper, Visit) and (paper.confirmed, paper.state) == (None, VisitState.EXPECTED)
    desk.house.clock.go_on(200)
    assert await desk.look() == [] and desk.state(visit)[0] is AskedState.TELEPHONE


async def test_a_guardian_whose_host_is_no_staff_is_confirmed_by_nobody(house: House) -> None:
    """A university's student may have visitors, and answers for no guardian."""
    university(house)
    await contact(house, "s1", phone="555-0102")
    made = await visits.register(house.site, wanted(house, host="s1"), GUARD)
    paper = replace(made.visit, kind=HolderKind.GUARDIAN)
    await file(house, paper)

    with pytest.raises(NotPossible) as number:
        await host_answers.show_number(house.site, paper.id, "guard-1")
    with pytest.raises(NotPossible) as said:
        await host_answers.answer(house.site, paper.id, Word(True), Answerer("user-1", ref(house, "s1")))

    assert number.value.code == said.value.code == "host_gone"


# ---------------------------------------------------------------- whose address a link went to


async def test_who_registers_and_changes_the_hosts_address_answers_by_no_link(desk: Desk) -> None:
    site = desk.house.site
    visit = await registered(desk.house)
    secret = await desk.asked()
    await contacts.keep(site, "t1", "555-0101", "mine@elsewhere.example", None, GUARD.by)

    assert (await host_answers.open_link(site, secret)).state is LinkState.OVER
    with pytest.raises(NotPossible):
        await host_answers.answer_by_link(site, secret, Word(True))
    desk.house.clock.go_on(200)
    assert await desk.look() == [] and desk.state(visit)[0] is AskedState.TELEPHONE


async def test_an_address_changed_a_day_before_by_who_registers_is_sent_no_link(desk: Desk) -> None:
    house = desk.house
    await contacts.keep(house.site, "t1", "555-0101", "mine@elsewhere.example", None, GUARD.by)
    house.clock.go_on(23 * 3600)
    visit = await registered(house)
    assert await desk.look() == [] and desk.state(visit)[0] is AskedState.TELEPHONE

    house.clock.go_on(2 * 3600)
    await registered(house, number=PASSPORTS[1])
    assert len(await desk.look()) == 1


async def test_an_import_by_who_registers_changes_addresses_too(desk: Desk) -> None:
    house = desk.house
    header = "id,name,kind,groups,card,plate,dormitory,valid_from,valid_to,phone,mail"
    table = f"{header}\nt1,Na Chen,staff,staff,,,,,,,mine@elsewhere.example\n"
    await people.import_csv(house.site, table.encode(), GUARD.by)
    visit = await registered(house)

    assert await desk.look() == [] and desk.state(visit)[0] is AskedState.TELEPHONE


async def test_an_address_that_somebody_else_changed_gets_its_link(desk: Desk) -> None:
    site = desk.house.site
    for _ in range(2):  # in the same moment, and both count
        await contacts.keep(site, "t1", "", "chen@school.example", None, "officer-2")
        await contacts.keep(site, "t1", "", MAIL, None, "officer-2")
    await contacts.keep(site, "t2", "", "mine@elsewhere.example", None, GUARD.by)
    await registered(desk.house)

    assert (await host_answers.answer_by_link(site, await desk.asked(), Word(True))).state is LinkState.CONFIRMED
    assert len(await desk.house.rows("contact_changed")) == 5


# ---------------------------------------------------------------- the telephone


async def test_a_call_counts_for_fifteen_minutes_after_the_number_was_shown_for_this_visit(desk: Desk) -> None:
    visit, other = await registered(desk.house), await registered(desk.house, number=PASSPORTS[1])
    site = desk.house.site

    async def call(id: str) -> Any:
        return await host_answers.by_telephone(site, id, Word(True), True, "Na Chen", "guard-1")

    with pytest.raises(NotPossible) as never:
        await call(visit)
    shown = await host_answers.show_number(site, visit, "guard-1")
    assert (shown.phone, shown.until - desk.house.clock.now()) == ("555-0101", timedelta(minutes=15))
    with pytest.raises(NotPossible):
        await call(other)
    desk.house.clock.go_on(15 * 60 + 1)
    with pytest.raises(NotPossible) as late:
        await call(visit)
    assert never.value.code == late.value.code == "number_not_shown"

    await host_answers.show_number(site, visit, "guard-1")
    await desk.restart()
    done = await host_answers.by_telephone(
        desk.house.site, visit, Word(False, DeclineReason.AWAY), True, "Na Chen", "guard-1"
    )
    assert (done.state, done.by_telephone, done.answered_by) == (VisitState.DECLINED, True, "Na Chen")
    row = (await desk.house.rows("host_number_shown"))[0]
    assert (row["visit"], row["user"], row["holder"]) == (visit, "guard-1", ref(desk.house, "t1"))
    assert datetime.fromisoformat(row["entry_of"]) and "555" not in str(row)


async def test_a_host_without_a_number_is_said_so(house: House) -> None:
    visit = await registered(house)

    with pytest.raises(host_answers.NoNumber):
        await host_answers.show_number(house.site, visit, "guard-1")


# ---------------------------------------------------------------- counsellors and units


def university(house: House) -> None:
    """The same house as a university's, in a closed period."""
    policy, _ = load_policy(shipped("policy.university.yaml"))
    parts, faults = load_campus(Path(shipped("campus.university.yaml")), policy)
    assert parts is not None, faults
    today = house.clock.now().astimezone(parts.campus.timezone).date()
    house.site.campus = replace(parts.campus, calendar={today: DayKind.CLOSED})
    assert house.site.campus.profile is Profile.UNIVERSITY
    house.site.renew_world()


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
