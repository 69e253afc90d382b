"""Standing passes of contractors and suppliers: within their hours, at their portals, and no level is lifted by one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.decide import decide
from gateway.core.kinds import CredentialKind, Direction, HolderKind, Level
from gateway.core.nouns import Credential, Holder, Request
from gateway.core.papers import Authorisation, Essential, Order, StandingPass, arrange, key_of
from gateway.core.windows import Window
from tests.core.campus import at, card, world

NOON = at("12:00")
DAY = (Window(8 * 60, 17 * 60, frozenset(range(5))),)


def decided(kind: HolderKind, *papers, when=NOON, level: Level = Level.L3, portal: str = "north-in", **more):
    person = Holder("w1", "w-1", "Guo Feng", kind, frozenset())
    orders = () if level is Level.L3 else (Order("o", level, frozenset({"site"}), NOON - timedelta(days=9)),)
    there = world(card("w1"), people={"w1": person}, orders=orders)
    credentials = dict(there.directory.credentials) | {
        (CredentialKind.PLATE, "沪C11111"): Credential("v1", "w1", CredentialKind.PLATE, "沪C11111")
    }
    directory = replace(there.directory, papers=arrange({key_of(p): p for p in papers}), credentials=credentials)
    shown = (CredentialKind.PLATE, "沪C11111") if portal == "north-vehicle" else (CredentialKind.CARD, "W1")
    decision = decide(Request(portal, Direction.IN, *shown), replace(there, directory=directory, **more), when)
    return decision.outcome.value, decision.reason.value


def standing(**how) -> StandingPass:
    fields = {"starts_at": NOON - timedelta(days=1), "ends_at": NOON + timedelta(days=30), "windows": DAY}
    gates = frozenset({"north-in", "north-vehicle"})
    return StandingPass("p", "w1", gates, given_by="u", given_at=NOON, **fields | how)


@pytest.mark.parametrize("kind", [HolderKind.CONTRACTOR, HolderKind.SUPPLIER])
def test_within_its_hours_it_is_a_pass_and_outside_them_it_says_so(kind):
    assert decided(kind, standing()) == ("grant", "ok")
    assert decided(kind, standing(), when=at("17:00")) == ("deny", "outside_hours")
    assert decided(kind, standing(), when=at("07:59:59")) == ("deny", "outside_hours")
    assert decided(kind, standing(), when=at("12:00", "2026-11-29")) == ("deny", "outside_hours")
    assert decided(kind, standing(windows=None), when=at("03:00")) == ("grant", "ok")


def test_it_holds_at_its_portals_and_for_its_time_only():
    for how in (  # each is another pass
        {"portals": frozenset({"north-vehicle"})},
        {"ends_at": NOON},
        {"starts_at": NOON + timedelta(seconds=1)},
        {"revoked_at": NOON},
        {"over": True},
    ):
        paper = replace(standing(), **how)
        assert decided(HolderKind.CONTRACTOR, paper) == ("deny", "no_permission"), how
    assert decided(HolderKind.CONTRACTOR) == ("deny", "no_permission")


def test_it_is_for_contractors_and_suppliers_and_nobody_else():
    assert decided(HolderKind.STAFF, standing()) == ("deny", "no_permission")
    assert decided(HolderKind.VISITOR, standing()) == ("deny", "registration_required")


def test_a_guard_confirms_at_the_enhanced_level():
    for kind in (HolderKind.CONTRACTOR, HolderKind.SUPPLIER):
        assert decided(kind, standing(), level=Level.L2) == ("wait", "guard_confirms")
        assert decided(kind, standing(), level=Level.L2, when=at("18:00")) == ("deny", "outside_hours")


def test_at_the_exceptional_level_contractors_need_an_authorisation_and_an_escort_and_suppliers_the_list():
    signed = Authorisation(
        "a", "w1", frozenset({"north-in"}), NOON - timedelta(hours=1), NOON + timedelta(hours=1), "pipe", "u", NOON
    )
    assert decided(HolderKind.CONTRACTOR, standing(), level=Level.L1) == ("deny", "level_refuses")
    assert decided(HolderKind.CONTRACTOR, standing(), signed, level=Level.L1) == ("wait", "guard_confirms")
    assert decided(HolderKind.SUPPLIER, standing(), level=Level.L1) == ("deny", "level_refuses")
    assert decided(HolderKind.SUPPLIER, standing(), Essential("w1", "u", NOON), level=Level.L1) == (
        "wait", "guard_confirms",
    )  # fmt: skip


def test_its_vehicle_comes_within_the_same_hours():
    assert decided(HolderKind.SUPPLIER, standing(), portal="north-vehicle") == ("grant", "ok")
    late = decided(HolderKind.SUPPLIER, standing(), portal="north-vehicle", when=at("20:00"))
    assert late == ("deny", "outside_hours")


def test_a_clock_in_doubt_opens_no_hours():
    before = at("07:30")
    assert decided(HolderKind.SUPPLIER, standing(), trusted_until=before) == ("deny", "outside_hours")
