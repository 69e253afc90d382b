"""What an order will change: the levels by zone and moment, whom that touches, and the last week once more."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core import order_preview, order_touches
from gateway.core.kinds import CredentialKind, Direction, HolderKind, Level, Outcome, PresenceState
from gateway.core.level_spells import spells
from gateway.core.nouns import Credential, Holder, Presence, World
from gateway.core.order_preview import Worlds, worlds
from gateway.core.papers import (
    Authorisation,
    Authority,
    Essential,
    Gathering,
    GatheringState,
    Order,
    OrderState,
    Paper,
    StandingPass,
    Visit,
    VisitState,
    arrange,
    key_of,
)
from gateway.core.past_again import PastAgain, Turn
from gateway.core.reasons import Reason
from gateway.core.what_if import PastTap
from gateway.core.windows import Window
from tests.core.campus import PEOPLE, at, world

NOW = at("08:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GUEST = Holder("guest", "V-1", "Guest", HolderKind.VISITOR, frozenset())
BUILDER = Holder("builder", "C-1", "Builder", HolderKind.CONTRACTOR, frozenset())
BAKER = Holder("baker", "B-1", "Baker", HolderKind.SUPPLIER, frozenset())
EVERYBODY = PEOPLE | {"guest": GUEST, "builder": BUILDER, "baker": BAKER}


def order(id: str = "o", level: Level = Level.L1, *zones: str, start=NOW, end=None, **more) -> Order:
    return Order(id, level, frozenset(zones or ("site",)), start, end, **more)


def there(*papers: Paper, orders: tuple[Order, ...] = (), inside: dict[str, str] | None = None) -> World:
    made = world(people=EVERYBODY, orders=orders)
    filed = arrange({key_of(paper): paper for paper in papers})
    presence = {ref: Presence(zone, PresenceState.INSIDE, NOW - HOUR) for ref, zone in (inside or {}).items()}
    return replace(made, directory=replace(made.directory, papers=filed), presence=presence)


def seen_by(some: World, new: Order, now=NOW) -> Worlds:
    course = order_preview.filing(some.campus, some.orders, new, now)
    at_moment = order_preview.first_change(some.campus, course)
    assert at_moment is not None
    return worlds(some, course, at_moment)


def standing(holder: str, **more) -> StandingPass:
    given = {"windows": None, "portals": frozenset({"north-in"})} | more
    return StandingPass(
        f"sp-{holder}", holder, starts_at=NOW - DAY, ends_at=NOW + 30 * DAY, given_by="u", given_at=NOW - DAY, **given
    )


def visit(state: VisitState = VisitState.EXPECTED, **more) -> Visit:
    given = {"starts_at": NOW - HOUR, "ends_at": NOW + 4 * HOUR} | more
    return Visit(
        id="v", holder="guest", kind=HolderKind.VISITOR, host="staff", zones=frozenset({"campus"}), registered_by="u",
        registered_at=NOW - DAY, state=state, document_seen=True, confirmed=True, **given,
    )  # fmt: skip


# ---------------------------------------------------------------- the levels


def test_an_order_changes_its_zones_and_those_within_and_no_others() -> None:
    some = there()
    course = order_preview.filing(some.campus, (), order("o", Level.L2, "campus"), NOW)

    changes = {
        one.zone: (one.before.level, one.after.level) for one in order_preview.changes_at(some.campus, course, NOW)
    }

    assert "site" not in changes and set(changes.values()) == {(Level.L3, Level.L2)}
    assert {"campus", "dorm-1", "control-room"} <= set(changes)


def test_behind_a_unified_order_an_own_one_changes_something_only_when_that_is_over() -> None:
    unified = order("u", Level.L1, end=NOW + DAY, authority=Authority.UNIFIED)
    some = there(orders=(unified,))

    course = order_preview.filing(some.campus, some.orders, order("o", Level.L2, end=NOW + 2 * DAY), NOW)
    hidden = order_preview.filing(some.campus, some.orders, order("o", Level.L2, end=NOW + HOUR), NOW)

    assert order_preview.first_change(some.campus, course) == NOW + DAY
    assert order_preview.first_change(some.campus, hidden) is None


def test_a_drill_beside_a_real_order_of_its_level_changes_nothing_and_a_real_one_ends_the_drill() -> None:
    real, drill = order("r", Level.L2), order("d", Level.L2, drill=True)
    some = there()

    assert order_preview.first_change(some.campus, order_preview.filing(some.campus, (real,), drill, NOW)) is None
    assert order_preview.first_change(some.campus, order_preview.filing(some.campus, (drill,), real, NOW)) == NOW


def test_the_end_of_an_order_gives_back_what_holds_beside_it() -> None:
    strict, mild = order("s", Level.L1, "campus"), order("m", Level.L2)
    some = there(orders=(strict, mild))

    course = order_preview.ending(some.campus, some.orders, strict, NOW)
    (campus,) = [one for one in order_preview.changes_at(some.campus, course, NOW) if one.zone == "campus"]

    assert (campus.before, campus.after) == ((Level.L1, "s", False), (Level.L2, "m", False))


def test_the_levels_of_a_time_show_each_order_as_long_as_it_really_counted() -> None:
    some = there().campus
    late = order("late", Level.L2, end=NOW + DAY, signed_at=NOW + HOUR)
    revoked = order("rev", Level.L1, state=OrderState.REVOKED, signed_at=NOW, revoked_at=NOW + 2 * HOUR)
    never = order("never", Level.L1, state=OrderState.REVOKED, revoked_at=NOW + HOUR)
    asked = order("asked", Level.L1, state=OrderState.REQUESTED)

    found = spells(some, (late, revoked, never, asked), "campus", NOW - HOUR, NOW + 2 * DAY)

    assert [(one.from_at - NOW, one.level, one.order) for one in found] == [
        (-HOUR, Level.L3, None),
        (timedelta(0), Level.L1, "rev"),
        (2 * HOUR, Level.L2, "late"),
        (DAY, Level.L3, None),
    ]
    assert found[-1].to_at == NOW + 2 * DAY


# ---------------------------------------------------------------- whom it touches


@pytest.mark.parametrize(("level", "verdict"), [(Level.L2, (2, 2, 0, 2, 0)), (Level.L1, (2, 2, 1, 1, 0))])
def test_standing_passes_wait_or_are_refused_as_the_gate_would_do_it(level: Level, verdict: tuple[int, ...]) -> None:
    papers = (standing("builder"), standing("baker"), Essential("baker", "u", NOW))

    assert order_touches.standing_passes(seen_by(there(*papers), order("o", level))) == verdict


def test_a_standing_pass_is_judged_in_its_own_hours_and_only_at_its_own_portals() -> None:
    by_night = standing("builder", windows=(Window(2 * 60, 3 * 60),))
    elsewhere = standing("baker", portals=frozenset({"dorm-1-door"}))

    seen = seen_by(there(by_night, elsewhere), order("o", Level.L1, "dorm-2", "campus"))
    only_dorm_2 = seen_by(there(by_night, elsewhere), order("o", Level.L1, "dorm-2"))

    assert order_touches.standing_passes(seen).refused >= 1
    assert order_touches.standing_passes(only_dorm_2) == (2, 2, 0, 0, 0)


def test_of_very_many_passes_some_are_judged_and_how_many_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_touches, "LOOKED_AT_MOST", 1)

    found = order_touches.standing_passes(seen_by(there(standing("builder"), standing("baker")), order()))

    assert (found.held, found.looked_at, found.refused) == (2, 1, 1)


def test_the_end_of_an_order_frees_what_it_had_refused() -> None:
    strict = order("s", Level.L1)
    some = there(standing("builder"), orders=(strict,))
    course = order_preview.ending(some.campus, some.orders, strict, NOW)

    assert order_touches.standing_passes(worlds(some, course, NOW)) == (1, 1, 0, 0, 1)


def test_an_authorisation_goes_on_where_only_the_word_refused_stands_in_its_way() -> None:
    paper = Authorisation("a", "builder", frozenset({"north-in"}), NOW - HOUR, NOW + DAY, "urgent", "u", NOW - HOUR)
    for_baker = replace(paper, id="b", subject="baker")
    some = there(paper, for_baker, standing("builder"), standing("baker"))

    found = order_touches.authorisations(seen_by(some, order()))

    assert (found.held, found.refused) == (2, 1), "the essential list is no word that an authorisation lifts"


def test_expected_visits_of_the_orders_time_are_counted_by_what_they_would_lack() -> None:
    unanswered = replace(visit(), confirmed=None)

    assert order_touches.visits_ahead(seen_by(there(visit()), order("o", Level.L1))) == (1, 1, 0)
    assert order_touches.visits_ahead(seen_by(there(visit()), order("o", Level.L2))) == (1, 0, 0)
    assert order_touches.visits_ahead(seen_by(there(unanswered), order("o", Level.L2))) == (1, 0, 1)
    later = order("o", Level.L1, start=NOW + DAY)
    assert order_touches.visits_ahead(seen_by(there(visit()), later)) == (0, 0, 0)


def test_only_a_large_approved_gathering_of_that_time_stops_and_only_at_the_exceptional_level() -> None:
    large = Gathering(
        "g", "Sports day", "staff", 5_000, "-", "-", frozenset({"campus"}), NOW + HOUR, NOW + 3 * HOUR, "u", NOW,
        GatheringState.APPROVED,
    )  # fmt: skip
    some = there(
        large,
        replace(large, id="small", headcount=2),
        replace(large, id="asked", state=GatheringState.REQUESTED),
        replace(large, id="next-year", starts_at=NOW + 300 * DAY, ends_at=NOW + 301 * DAY),
    )

    stopped = order_touches.gatherings(seen_by(some, order("o", Level.L1, "dorm-1", "campus", end=NOW + DAY)))

    assert [one.id for one in stopped] == ["g"]
    assert order_touches.gatherings(seen_by(some, order("o", Level.L2))) == []
    assert order_touches.gatherings(seen_by(some, order("o", Level.L1, "dorm-1"))) == []


def test_who_is_inside_and_could_not_come_in_any_more_is_counted_and_nobody_else() -> None:
    inside = {"guest": "campus", "student": "campus", "builder": "campus"}
    some = there(visit(VisitState.CHECKED_IN, plate="京A1"), standing("builder"), inside=inside)
    seen = seen_by(some, order())

    found = order_touches.inside_now(seen, seen.before.presence, NOW)

    assert dict(found.refused) == {HolderKind.VISITOR: 1, HolderKind.CONTRACTOR: 1} and not found.freed
    assert order_touches.vehicles_inside(seen) == 1
    other = seen_by(some, order("o", Level.L1, "dorm-2"))
    assert order_touches.inside_now(other, seen.before.presence, NOW).refused.total() == 0


# ---------------------------------------------------------------- the last week again


def past(who: str, outcome: Outcome = Outcome.GRANT, reason: Reason = Reason.OK, **more) -> PastTap:
    known = PastTap(
        NOW - DAY, "north-in", Direction.IN, CredentialKind.CARD, who, f"c-{who}", Level.L3, outcome, reason.value
    )
    return known._replace(**more)


def test_past_taps_are_counted_by_what_would_have_come_of_them_and_of_which_kind_of_holder() -> None:
    some = there(standing("builder"), standing("baker"), Essential("baker", "u", NOW))
    running = PastAgain(seen_by(some, order()))

    running.take([past("student"), past("builder"), past("builder"), past("baker"), past("nobody")])
    running.take(
        [
            past("builder", Outcome.DENY, Reason.CREDENTIAL_EXPIRED),
            past("builder", portal="nowhere"),
            past("builder", card_at_fault=True),
        ]
    )

    result = running.result
    assert dict(result.turns) == {
        Turn(Outcome.GRANT, Outcome.DENY, Reason.LEVEL_REFUSES, HolderKind.CONTRACTOR): 2,
        Turn(Outcome.GRANT, Outcome.WAIT, Reason.GUARD_CONFIRMS, HolderKind.SUPPLIER): 1,
    }
    assert (result.taps, result.compared, result.unknown, result.holders) == (8, 7, 1, {"builder", "baker"})


def test_an_order_for_one_zone_changes_no_past_tap_of_another() -> None:
    some = there(standing("builder"))
    running = PastAgain(seen_by(some, order("o", Level.L1, "dorm-1")))

    running.take([past("builder")])

    assert not running.result.turns and running.result.compared == 1


def test_a_made_up_card_is_found_beside_all_others_and_not_kept() -> None:
    some = there(standing("guest", portals=frozenset({"north-in"})))
    bare = {key: held for key, held in some.directory.credentials.items() if held.holder != "guest"}
    some = replace(some, directory=replace(some.directory, credentials=bare))

    assert order_touches.standing_passes(seen_by(some, order())).held == 1
    more = order_touches._OneMore(bare, Credential("x", "guest", CredentialKind.CARD, "X"))
    assert (len(more), len(list(more)), (CredentialKind.CARD, "X") in more) == (len(bare) + 1, len(bare) + 1, True)
