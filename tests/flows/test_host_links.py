"""The link that a host is sent: it answers once, for nobody but that host, and goes to no address of who registered."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.core.kinds import HolderKind
from gateway.core.papers import DeclineReason, Visit, VisitState
from gateway.flows import contacts, directory_watch, host_answers, people, visits
from gateway.flows.changes import PeopleChanged
from gateway.flows.host_answers import Answerer, LinkState, NoSuchLink, Word
from gateway.flows.notice_rules import AskedState
from gateway.flows.people_import import HolderRow, Plan
from gateway.flows.permits import NotPossible, NotYours, WrongField
from gateway.flows.ports import Entry, Unit
from tests.flows.asking_scene import MAIL, Desk, asking, registered, university
from tests.flows.conftest import House
from tests.flows.permits_house import GUARD, PASSPORTS, contact, file, now, ref, wanted


@pytest.fixture
async def desk(house: House) -> Desk:
    return await asking(house)


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
