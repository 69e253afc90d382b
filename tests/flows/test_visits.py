"""A visit from registration to the host's word, level by level; what it still needs is what the rules say it needs."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from datetime import datetime

import pytest

from gateway.core.kinds import HolderKind
from gateway.core.papers import Belonging, BelongingKind, BelongingOutcome, PaperKind, RefusalReason, VisitState
from gateway.flows import bans, host_answers, visits
from gateway.flows.documents import DocumentKind, read_document
from gateway.flows.host_answers import Answerer, Word
from gateway.flows.permits import NoSuchPermit, NotPossible, NotYours, WrongField
from tests.flows.conftest import House
from tests.flows.permits_house import GUARD, PASSPORTS, RESIDENT_ID, level, normal, now, wanted
from tests.flows.visit_scene import HOST, answer, needs, tap, telephone

# ---------------------------------------------------------------- registration


async def test_a_private_visitor_comes_in_by_the_pass_once_the_document_was_seen(house: House) -> None:
    made = await visits.register(house.site, wanted(house), GUARD)
    assert needs(house, made.visit.id) == ["document_not_seen"]
    assert await tap(house, made.pass_value) == ("deny", "document_not_seen")

    seen = await visits.check_in(house.site, made.visit.id, True, "guard-1")

    assert (seen.state, seen.document_seen) == (VisitState.CHECKED_IN, True)
    assert needs(house, made.visit.id) == []
    assert await tap(house, made.pass_value) == ("grant", "ok")


async def test_at_the_enhanced_level_the_host_confirms_and_at_the_exceptional_one_nobody_comes(house: House) -> None:
    made = await visits.register(house.site, wanted(house), GUARD)
    order = await level(house, 2)
    assert needs(house, made.visit.id) == ["document_not_seen", "host_not_confirmed"]
    with pytest.raises(NotPossible) as missing:
        await visits.check_in(house.site, made.visit.id, True, "guard-1")
    assert (missing.value.code, str(missing.value)) == ("refused", "host_not_confirmed")
    await telephone(house, made.visit.id)
    await visits.check_in(house.site, made.visit.id, True, "guard-1")
    assert await tap(house, made.pass_value) == ("grant", "ok")

    await normal(house, order)
    await level(house, 1)

    assert needs(house, made.visit.id) == ["level_refuses"]
    assert await tap(house, made.pass_value) == ("deny", "level_refuses")


async def test_a_visit_is_judged_by_the_level_that_will_be_in_force_when_it_begins(house: House) -> None:
    await level(house, 1, starts_at=now(house, days=2), ends_at=now(house, days=4))
    ahead = {"starts_at": now(house, days=3), "ends_at": now(house, days=3, hours=2)}

    made = await visits.register(house.site, wanted(house, **ahead), GUARD)

    assert needs(house, made.visit.id)[0] == "level_refuses"
    with pytest.raises(NotPossible) as early:
        await visits.check_in(house.site, made.visit.id, True, "guard-1")
    assert early.value.code == "too_early"


async def test_a_clock_that_is_a_minute_off_sends_nobody_away(house: House) -> None:
    made = await visits.register(house.site, wanted(house, starts_at=now(house, minutes=1)), GUARD)

    await visits.check_in(house.site, made.visit.id, True, "guard-1")

    assert await tap(house, made.pass_value) == ("grant", "ok")


async def test_a_guardian_needs_the_teacher_and_from_the_enhanced_level_on_an_appointment(house: House) -> None:
    ahead = {"starts_at": now(house, hours=2), "ends_at": now(house, hours=4), "kind": HolderKind.GUARDIAN}
    at_the_gate = await visits.register(house.site, wanted(house, **ahead), GUARD)
    invited = await visits.register(house.site, wanted(house, number=PASSPORTS[1], **ahead), HOST)
    assert needs(house, at_the_gate.visit.id) == ["host_not_confirmed"]
    assert needs(house, invited.visit.id) == []

    await level(house, 2)

    assert needs(house, at_the_gate.visit.id) == ["appointment_required", "host_not_confirmed"]
    assert needs(house, invited.visit.id) == []
    assert not at_the_gate.visit.appointment and invited.visit.appointment


async def test_media_need_the_consent_of_the_office(house: House) -> None:
    made = await visits.register(house.site, wanted(house, kind=HolderKind.MEDIA, host=None), GUARD)
    private = await visits.register(house.site, wanted(house, number=PASSPORTS[1]), GUARD)
    assert needs(house, made.visit.id) == ["office_consent_required"]
    with pytest.raises(NotPossible):
        await visits.consent(house.site, private.visit.id, "office-1")

    await visits.consent(house.site, made.visit.id, "office-1")

    assert needs(house, made.visit.id) == []


async def test_of_a_document_only_the_ending_and_a_keyed_hash_are_kept(house: House) -> None:
    made = await visits.register(house.site, wanted(house, document="resident_id", number=RESIDENT_ID.lower()), GUARD)

    assert (made.visit.document_ending, len(made.visit.document_hash)) == ("002X", 64)
    await house.settle()
    with sqlite3.connect(house.folder.sqlite_file) as database:
        dump = "\n".join(database.iterdump())
    assert made.visit.document_hash in dump
    assert RESIDENT_ID not in dump and RESIDENT_ID[:-4] not in dump
    ledger = str([row.body for row in await house.all_rows()])
    for secret in ("Anna Berg", "library", "555-0100", made.pass_value, made.visit.document_hash, "002X"):
        assert secret not in ledger


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("resident_id", "110105194912310021"),
        ("resident_id", "11010519491331002X"),
        ("resident_id", "12345678"),
        ("passport", "E12"),
        ("passport", "E1234'; --"),
        ("passport", "护照一二三四五六"),
        ("passport", "E" * 33),
    ],
)
async def test_a_number_that_no_document_has_is_refused(house: House, kind: str, number: str) -> None:
    with pytest.raises(WrongField) as wrong:
        read_document(house.site, DocumentKind(kind), number)

    assert wrong.value.field == "visitor.document.number"
    assert number not in str(wrong.value) or len(number) < 4


async def test_the_same_document_is_the_same_person_and_another_kind_of_document_is_not(house: House) -> None:
    first = await visits.register(house.site, wanted(house), GUARD)
    again = await visits.register(house.site, wanted(house, number="e 1234-5678", name="A. Berg"), GUARD)
    other = await visits.register(house.site, wanted(house, document="taiwan_permit"), GUARD)

    assert again.visit.holder == first.visit.holder != other.visit.holder
    assert house.site.directory.holders[first.visit.holder].name == "A. Berg"
    with pytest.raises(NotPossible) as both:
        await visits.register(house.site, wanted(house, kind=HolderKind.OFFICIAL), GUARD)
    assert both.value.code == "other_kind"


async def test_a_visit_names_a_host_of_the_school_where_the_policy_asks_for_one(house: House) -> None:
    made = await visits.register(house.site, wanted(house), GUARD)
    visitor = house.site.directory.holders[made.visit.holder]
    for how, field in (
        ({"host": None}, "host"),
        ({"host": "nobody"}, "host"),
        ({"host": visitor.id}, "host"),
        ({"host": "s1"}, "host"),
        ({"host": "s1", "kind": HolderKind.GUARDIAN}, "host"),
        ({"kind": HolderKind.STUDENT}, "kind"),
        ({"zones": frozenset({"moon"})}, "zones[0]"),
        ({"gathering": "none"}, "gathering"),
        ({"ends_at": now(house, days=40)}, "ends_at"),
        ({"plate": "京" * 600}, "visitor.plate"),
    ):
        with pytest.raises(WrongField) as wrong:
            await visits.register(house.site, wanted(house, number=PASSPORTS[2], **how), GUARD)
        assert wrong.value.field == field


KEY = "k" * 16


async def test_the_same_key_is_the_same_visit_with_the_same_pass(house: House) -> None:
    first = await visits.register(house.site, wanted(house), GUARD, KEY)
    house.clock.go_on(3_600)

    again = await visits.register(house.site, replace(wanted(house), **_times(first)), GUARD, KEY)
    other = await visits.register(house.site, wanted(house), GUARD, KEY + "2")

    assert (again.visit.id, again.pass_value) == (first.visit.id, first.pass_value)
    assert other.visit.id != first.visit.id
    assert [row["step"] for row in await house.rows("permit")] == ["registered", "registered"]


def _times(made: visits.Registered) -> dict[str, datetime]:
    return {"starts_at": made.visit.starts_at, "ends_at": made.visit.ends_at}


async def test_two_that_race_with_one_key_make_one_visit(house: House) -> None:
    asked = wanted(house)

    made = await asyncio.gather(*(visits.register(house.site, asked, GUARD, KEY) for _ in range(8)))

    assert len({(one.visit.id, one.pass_value) for one in made}) == 1
    assert len(await house.rows("permit")) == 1
    assert len(await house.site.archive.papers(PaperKind.VISIT)) == 1


async def test_a_crash_between_commit_and_answer_loses_neither_the_visit_nor_its_pass(house: House) -> None:
    asked = wanted(house)
    first = await visits.register(house.site, asked, GUARD, KEY)
    await house.restart()

    again = await visits.register(house.site, asked, GUARD, KEY)

    assert (again.visit.id, again.pass_value) == (first.visit.id, first.pass_value)
    assert await tap(house, again.pass_value or "") == ("deny", "document_not_seen")


async def test_a_visit_that_is_over_does_not_begin_anew_under_its_key(house: House) -> None:
    asked = wanted(house)
    made = await visits.register(house.site, asked, GUARD, KEY)
    await visits.cancel(house.site, made.visit.id, "guard-1")

    again = await visits.register(house.site, asked, GUARD, KEY)

    assert again.visit.state is VisitState.CANCELLED
    assert await tap(house, again.pass_value or "") == ("deny", "credential_revoked")


async def test_another_registration_under_a_used_key_is_refused_by_name(house: House) -> None:
    made = await visits.register(house.site, wanted(house), GUARD, KEY)

    with pytest.raises(NotPossible) as used:
        await visits.register(house.site, wanted(house, number=PASSPORTS[1]), GUARD, KEY)

    assert used.value.code == "key_used" and made.visit.id in str(used.value)
    assert len(await house.rows("permit")) == 1


async def test_what_is_prohibited_never_comes_in_and_the_ledger_says_what_became_of_it(house: House) -> None:
    knife = Belonging("kitchen knife", BelongingKind.WEAPON)
    with pytest.raises(WrongField) as wrong:
        await visits.register(house.site, wanted(house, belongings=(Belonging("bag"), knife)), GUARD)
    assert wrong.value.field == "belongings[1].outcome"

    left = replace(knife, outcome=BelongingOutcome.HANDED_TO_POLICE)
    made = await visits.register(house.site, wanted(house, belongings=(Belonging("bag"), left)), GUARD)

    assert made.visit.state is VisitState.EXPECTED
    (row,) = await house.rows("permit")
    assert row["belongings"] == [{"kind": "weapon", "outcome": "handed_to_police"}]
    assert "knife" not in str(await house.all_rows())


async def test_who_will_not_part_with_it_is_sent_away_and_has_no_pass(house: House) -> None:
    dog = Belonging("dog", BelongingKind.ANIMAL, BelongingOutcome.REFUSED)

    made = await visits.register(house.site, wanted(house, belongings=(dog,)), GUARD, KEY)
    again = await visits.register(house.site, wanted(house, belongings=(dog,)), GUARD, KEY)

    assert (made.visit.state, made.visit.refusal) == (VisitState.REFUSED, RefusalReason.BELONGINGS)
    assert made.pass_value is None and again.visit.id == made.visit.id
    assert [row["step"] for row in await house.rows("permit")] == ["registered", "refused"]


async def test_what_the_guard_finds_later_is_declared_later(house: House) -> None:
    made = await visits.register(house.site, wanted(house), GUARD)
    petrol = Belonging("petrol can", BelongingKind.FLAMMABLE, BelongingOutcome.STAYS_OUTSIDE)

    declared = await visits.declare(house.site, made.visit.id, (petrol,), "guard-1")
    gone = await visits.declare(
        house.site, made.visit.id, (replace(petrol, outcome=BelongingOutcome.REFUSED),), "guard-1"
    )

    assert declared.declared == (petrol,)
    assert (gone.state, gone.refusal) == (VisitState.REFUSED, RefusalReason.BELONGINGS)
    assert await tap(house, made.pass_value or "") == ("deny", "credential_revoked")


async def test_who_is_kept_from_entering_is_told_whom_to_call_and_nothing_else(house: House) -> None:
    made = await visits.register(house.site, wanted(house), GUARD)
    holder = house.site.directory.holders[made.visit.holder]
    ban = await bans.request(
        house.site, holder=holder.id, act=bans.BanAct.THREAT, ends_at=now(house, days=9), by="officer-1"
    )
    for leader in ("leader-1", "leader-2"):
        await bans.approve(house.site, ban.id, leader)

    with pytest.raises(NotPossible) as refused:
        await visits.register(house.site, wanted(house, name="Somebody Else"), GUARD)

    assert (refused.value.code, str(refused.value)) == (
        "entry_banned", "entry is refused: call the security office",
    )  # fmt: skip


# ---------------------------------------------------------------- the host's word


async def test_who_registered_a_visit_never_answers_as_its_host(house: House) -> None:
    made = await visits.register(house.site, wanted(house), GUARD)

    for word in (True, False):
        with pytest.raises(NotYours):
            await answer(house, made.visit.id, word, "guard-1")
    confirmed = await answer(house, made.visit.id, True)

    assert (confirmed.confirmed, confirmed.confirmed_by) == (True, "teacher-1")


async def test_nobody_answers_for_another_host_and_a_guardians_is_the_teacher_named(house: House) -> None:
    for number, kind in zip(PASSPORTS, (HolderKind.VISITOR, HolderKind.GUARDIAN), strict=False):
        made = await visits.register(house.site, wanted(house, kind=kind, number=number), GUARD)
        with pytest.raises(NotYours):
            await answer(house, made.visit.id, True, "teacher-2", "t2")
        with pytest.raises(NotYours):
            await host_answers.answer(house.site, made.visit.id, Word(True), Answerer("somebody", None))
        assert (await answer(house, made.visit.id, True)).confirmed


async def test_only_a_call_to_the_number_of_the_directory_counts_and_it_is_marked(house: House) -> None:
    made = await visits.register(house.site, wanted(house), GUARD)

    with pytest.raises(NotPossible):
        await host_answers.by_telephone(house.site, made.visit.id, Word(True), False, "Na Chen", "guard-1")
    done = await telephone(house, made.visit.id)

    assert (done.confirmed, done.by_telephone, done.answered_by) == (True, True, "Na Chen")
    assert [row["step"] for row in await house.rows("permit")] == ["registered", "confirmed_by_telephone"]
    assert "Na Chen" not in str(await house.rows("permit"))


async def test_a_declined_refused_or_cancelled_visit_opens_nothing_and_is_over(house: House) -> None:
    for number, end in zip(PASSPORTS, ("decline", "refuse", "cancel"), strict=True):
        made = await visits.register(house.site, wanted(house, number=number), GUARD)
        id = made.visit.id
        if end == "decline":
            await answer(house, id, False)
        elif end == "refuse":
            await visits.refuse(house.site, id, RefusalReason.DOCUMENT, "guard-1")
        else:
            await visits.cancel(house.site, id, "guard-1")
        assert await tap(house, made.pass_value) == ("deny", "credential_revoked")
        with pytest.raises(NoSuchPermit):
            await visits.check_in(house.site, id, True, "guard-1")
