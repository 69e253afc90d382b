"""What papers say of themselves: whether they count now, who has signed, what is still missing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gateway.core.kinds import CredentialKind, HolderKind
from gateway.core.nouns import CallLine, Credential, Directory, Holder, Label
from gateway.core.papers import LeaveSlip, SlipReason
from gateway.core.papers.permits import LOOKED_FOR
from gateway.core.papers.records import Export, ExportFormat, ExportWhat, Hold
from gateway.core.papers.shifts import Shift, ShiftState, Side, Signature

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SLIP = LeaveSlip("s", "pupil", NOON, NOON + HOUR, SlipReason.FAMILY, "teacher", NOON)
SHIFT = Shift("h", "north", NOON, "guard")


def test_a_pupil_who_left_with_a_slip_is_absent_from_its_end_until_somebody_sees_them_or_gives_up_looking() -> None:
    out, end = replace(SLIP, left_at=NOON), NOON + HOUR

    assert not SLIP.is_absent(end) and not out.is_absent(end - HOUR / 2)
    assert out.is_absent(end) and out.is_looked_for(end)
    assert out.is_absent(end + LOOKED_FOR) and not out.is_looked_for(end + LOOKED_FOR)
    back = replace(out, returned_at=end + HOUR)
    assert back.came_late and not back.is_absent(end + HOUR)
    assert not replace(out, returned_at=end).came_late and not out.came_late


def test_an_open_case_lasts_until_somebody_releases_it() -> None:
    hold = Hold("c", "person", "a complaint", "officer", NOON)
    released = replace(hold, released_by="officer", released_at=NOON + HOUR)

    assert (hold.is_live, hold.starts_at, hold.ends_at) == (True, NOON, None)
    assert (released.is_live, released.ends_at) == (False, NOON + HOUR)


def test_a_large_export_is_fetched_only_after_a_second_person_has_approved_it() -> None:
    small = Export(
        "e", ExportWhat.VISITS, ExportFormat.CSV, NOON - HOUR, NOON, "audit", 9, "officer", NOON, False, NOON + HOUR
    )
    large = replace(small, rows=900, needs_second=True)

    assert small.starts_at == NOON and small.may_be_fetched and not large.may_be_fetched
    assert replace(large, approved_by="principal").may_be_fetched
    assert not replace(small, over=True).may_be_fetched
    assert not replace(large, approved_by="principal", refused_by="principal").may_be_fetched


def test_a_post_is_somebodys_once_both_sides_have_signed_or_a_witness_for_the_one_who_is_absent() -> None:
    signed = replace(SHIFT, signatures={Side.INCOMING: Signature("wang", NOON)})

    assert (SHIFT.subject, SHIFT.guard, SHIFT.lacks) == ("north", None, (Side.OUTGOING, Side.INCOMING))
    assert (signed.guard, signed.lacks) == ("wang", (Side.OUTGOING,))
    assert replace(signed, absent=True).lacks == (Side.WITNESS,)
    states = {state for state in ShiftState if replace(SHIFT, state=state).is_live}
    assert states == {ShiftState.HANDING_OVER, ShiftState.RUNNING}


def test_a_number_to_call_may_be_another_at_one_gate() -> None:
    line = CallLine("duty-leader", Label("Duty leader", "值班领导"), "8000", {"south": "8001"})

    assert (line.number_at(None), line.number_at("north"), line.number_at("south")) == ("8000", "8000", "8001")


def test_a_person_is_found_by_the_schools_id_with_and_without_a_table() -> None:
    li = Holder("ref", "S-1", "Li Na", HolderKind.STAFF, frozenset())
    plain = Directory(1, {"ref": li}, {})

    for directory in (plain, replace(plain, by_id={"S-1": li})):
        assert directory.with_id("S-1") is li and directory.with_id("S-2") is None


def test_a_credential_is_found_by_its_reference_with_and_without_a_table() -> None:
    held = Credential("c1", "ref", CredentialKind.CARD, "AA")
    plain = Directory(1, {}, {(held.kind, held.value): held})

    for directory in (plain, replace(plain, by_ref={"c1": held})):
        assert directory.credential("c1") is held and directory.credential("c2") is None
        assert directory.credentials_of(("c2", "c1")) == [held]
