"""Who is inside and could not come in now: told for the guards; leaving is nobody's question here."""

from dataclasses import replace
from datetime import UTC, datetime

from gateway.core.decide import decide
from gateway.core.inside import Inside, could_not_enter
from gateway.core.kinds import (
    CredentialKind,
    CredentialState,
    Direction,
    HolderKind,
    Level,
    Outcome,
    PresenceState,
    Profile,
)
from gateway.core.nouns import Holder, Presence, Request, World
from gateway.core.papers import Emergency, EmergencyKind, Order, Papers, Visit
from gateway.core.reasons import Reason
from tests.core.campus import PEOPLE, at, campus, card, world

SINCE = datetime(2026, 11, 23, tzinfo=UTC)
VISITOR = Holder("visitor", "v1", "Guo Jing", HolderKind.VISITOR, frozenset())
NOW = at("10:00")


def inside(*refs: str, zone: str = "campus", state: PresenceState = PresenceState.INSIDE) -> dict[str, Presence]:
    return {ref: Presence(zone, state, SINCE) for ref in refs}


def order(level: Level) -> Order:
    return Order("o1", level, frozenset({"site"}), SINCE)


def with_a_visitor(**more: object) -> World:
    found = world(people={**PEOPLE, "visitor": VISITOR}, of=campus(Profile.UNIVERSITY), **more)  # type: ignore[arg-type]
    visit = Visit(
        "v1", "visitor", HolderKind.VISITOR, "staff", frozenset({"campus"}), at("08:00"), at("18:00"), "g", at("08:00"),
        document_seen=True,
    )  # fmt: skip
    papers = Papers(visits={"visitor": (visit,)})
    return replace(found, directory=replace(found.directory, papers=papers))


def listed(of: World) -> dict[str, Inside]:
    return {one.holder: one for one in could_not_enter(of, NOW)}


def test_at_the_normal_level_whoever_came_in_could_come_in_again() -> None:
    assert listed(with_a_visitor(presence=inside("staff", "student", "visitor"))) == {}


def test_a_visitor_inside_at_the_exceptional_level_is_listed_and_not_the_staff() -> None:
    found = listed(with_a_visitor(presence=inside("staff", "student", "visitor"), orders=(order(Level.L1),)))

    assert set(found) == {"visitor"}
    assert found["visitor"] == Inside("visitor", "campus", "campus", found["visitor"].reason, by_level=True)
    assert found["visitor"].reason in (Reason.LEVEL_REFUSES, Reason.HOST_NOT_CONFIRMED)


def test_who_could_not_come_in_at_any_level_is_listed_but_not_because_of_it() -> None:
    lost = card("student", CredentialState.LOST)
    found = listed(world(lost, presence=inside("student"), orders=(order(Level.L1),)))

    assert (found["student"].reason, found["student"].by_level) == (Reason.UNKNOWN_CREDENTIAL, False)


def test_nobody_walks_in_with_a_number_plate() -> None:
    found = listed(world(card("staff", CredentialState.LOST), presence=inside("staff"), orders=(order(Level.L1),)))

    assert found["staff"].by_level, "at the normal level the car may come in, at this one it may not"


def test_only_those_inside_are_asked_about() -> None:
    for state in (PresenceState.OUTSIDE, PresenceState.UNCERTAIN):
        assert listed(with_a_visitor(presence=inside("visitor", state=state), orders=(order(Level.L1),))) == {}


def test_a_resident_in_the_own_building_is_not_listed_and_a_stranger_there_is() -> None:
    found = listed(world(presence=inside("boarder", "student", zone="dorm-1"), orders=(order(Level.L1),)))

    assert set(found) == {"student"}
    assert found["student"].refused_zone == "dorm-1"


def test_somebody_in_a_zone_that_the_configuration_no_longer_has_is_no_bug() -> None:
    assert listed(world(presence=inside("staff", zone="torn-down"))) == {}


def test_a_lockdown_does_not_list_everybody() -> None:
    lockdown = Emergency("e1", EmergencyKind.LOCKDOWN, frozenset({"site"}), SINCE, "guard")
    of = replace(with_a_visitor(presence=inside("staff", "visitor")), emergencies=(lockdown,))

    assert listed(of) == {}


def test_nobody_is_locked_in_by_being_listed() -> None:
    of = with_a_visitor(presence=inside("staff", "student", "visitor"), orders=(order(Level.L1),))
    for ref in listed(of):
        request = Request("north-out", Direction.OUT, CredentialKind.CARD, ref.upper())
        assert decide(request, of, NOW).outcome is Outcome.GRANT
