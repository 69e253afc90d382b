"""What a campus lacks for what its policy asks is named, and a campus that lacks nothing is left in peace."""

import random
from dataclasses import replace
from datetime import date
from types import MappingProxyType

import pytest

from gateway.core.coverage import Known, Lack, Standing
from gateway.core.coverage_rules import gaps
from gateway.core.kinds import AntiPassback, DayKind, Direction, HolderKind, Level, PortalKind, Profile, ZoneKind
from gateway.core.nouns import Campus, Permission, Portal, Post, VehicleWindow, Zone
from gateway.core.week import open_spans, spans_beyond, spans_in_words
from gateway.core.windows import DAY_MIN, WEEK_MIN, Window
from tests.core.campus import LEAVING, NIGHT, PERMISSIONS, PORTALS, ZONES, campus, name

DAY = Window(330, 1350)
AROUND_THE_CLOCK = Post("all", name("all"), frozenset(PORTALS))
DEVICES = (
    Standing("in-1", "reader", "north-in", None),
    Standing("out-1", "reader", "north-out", None),
    Standing("lane-1", "camera", "north-vehicle", None),
    Standing("bollard-1", "bollard", "north-vehicle", None),
    Standing("dorm-1-1", "dorm", "dorm-1-door", None),
    Standing("dorm-2-1", "dorm", "dorm-2-door", None),
    Standing("control-1", "reader", "control-room-door", None),
    Standing("gate-1", "camera", None, "site"),
    Standing("gate-2", "camera", None, "site"),
    Standing("fire", "panel", None, "campus"),
)
KNOWN = Known(
    DEVICES,
    {HolderKind.STUDENT: 9, HolderKind.STAFF: 2, HolderKind.SERVICE: 1},
    {
        HolderKind.STUDENT: frozenset({"students", "boarders"}),
        HolderKind.STAFF: frozenset({"staff"}),
        HolderKind.SERVICE: frozenset({"staff", "security"}),
    },
)


def whole(**changes) -> Campus:
    """A campus that lacks nothing."""
    of = campus()
    zones = {**ZONES, "campus": replace(ZONES["campus"], responsible=("head of security",))}
    portals = {**PORTALS, "control-room-door": replace(PORTALS["control-room-door"], keypad=True)}
    made = {"zones": MappingProxyType(zones), "portals": MappingProxyType(portals), "posts": (AROUND_THE_CLOCK,)}
    return replace(of, **(made | changes))


def with_portal(portal: Portal, **changes) -> Campus:
    of = whole()
    return replace(of, portals=MappingProxyType({**of.portals, portal.id: portal}), **changes)


def found(of, known=KNOWN, private=()):
    return {(gap.lack, gap.where) for gap in gaps(of, private, known)}


def without(*ids):
    return replace(KNOWN, devices=tuple(device for device in DEVICES if device.id not in ids))


def test_a_campus_that_has_everything_lacks_nothing():
    assert gaps(whole(), (), KNOWN) == ()
    assert gaps(whole()) == ()


@pytest.mark.parametrize(
    ("device", "lack", "where"),
    [
        ("in-1", Lack.NO_READER, ("portals", "north-in")),
        ("out-1", Lack.NO_READER, ("portals", "north-out")),
        ("control-1", Lack.NO_READER, ("portals", "control-room-door")),
        ("lane-1", Lack.NO_READER, ("portals", "north-vehicle")),
        ("bollard-1", Lack.NO_BOLLARD, ("portals", "north-vehicle")),
        ("dorm-2-1", Lack.OPEN_DORMITORY, ("portals", "dorm-2-door")),
    ],
)
def test_a_portal_without_its_device_is_named(device, lack, where):
    assert (lack, where) in found(whole(), without(device))
    assert (lack, where) not in found(whole(), None), "where nobody looked nothing is said"


def test_a_camera_reads_plates_at_a_lane_and_a_reader_does_as_well():
    reader = replace(
        KNOWN, devices=tuple(replace(d, kind="reader") if d.id == "lane-1" else d for d in (*DEVICES, DEVICES[-2]))
    )

    assert (Lack.NO_READER, ("portals", "north-vehicle")) not in found(whole(), reader)


def test_every_gate_has_a_camera_of_its_own_or_one_in_the_zone_before_it():
    # north-in, north-out and the lane are three gates here: the lane has its own, the two others look from the site.
    assert found(whole(), without("gate-2")) == {(Lack.NO_CAMERA, ("portals", "north-out"))}
    assert found(whole(), without("gate-1", "gate-2")) == {
        (Lack.NO_CAMERA, ("portals", "north-in")),
        (Lack.NO_CAMERA, ("portals", "north-out")),
    }

    together = {id: replace(p, gate="north") if p.outside == "site" else p for id, p in whole().portals.items()}
    assert found(replace(whole(), portals=together), without("gate-1", "gate-2")) == set()
    assert found(replace(whole(), portals=together), without("gate-1", "gate-2", "lane-1")) == {
        (Lack.NO_READER, ("portals", "north-vehicle")),
        (Lack.NO_CAMERA, ("gates", "north")),
    }


def test_zones_with_escape_routes_need_a_panel_in_or_around_them():
    assert found(whole(), without("fire")) == {
        (Lack.NO_PANEL, ("zones", "dorm-1")),
        (Lack.NO_PANEL, ("zones", "dorm-2")),
    }
    near = replace(without("fire"), devices=(*without("fire").devices, Standing("fire", "panel", None, "dorm-1")))
    assert found(whole(), near) == {(Lack.NO_PANEL, ("zones", "dorm-2"))}
    marked = with_portal(replace(PORTALS["control-room-door"], escape=True, keypad=True))
    assert (Lack.NO_PANEL, ("zones", "control-room")) in found(marked, without("fire"))


def test_a_door_at_which_the_policy_asks_for_a_pin_needs_a_keypad():
    (gap,) = gaps(with_portal(PORTALS["control-room-door"]))

    assert (gap.lack, gap.where) == (Lack.NO_KEYPAD, ("portals", "control-room-door"))
    assert "from L2 on" in gap.message
    only_out = replace(PORTALS["control-room-door"], directions=frozenset({Direction.OUT}))
    assert Lack.NO_KEYPAD not in {lack for lack, _ in found(with_portal(only_out))}


def test_a_dormitory_into_which_no_portal_leads_is_named():
    zones = {**whole().zones, "dorm-3": Zone("dorm-3", ZoneKind.DORMITORY, name("dorm-3"), "campus")}

    assert found(whole(zones=zones)) == {(Lack.OPEN_DORMITORY, ("zones", "dorm-3"))}


def test_a_zone_for_which_nobody_answers_is_named_and_the_outside_is_not():
    assert found(whole(zones=ZONES)) == {
        (Lack.NOBODY_RESPONSIBLE, ("zones", id)) for id in ("campus", "dorm-1", "dorm-2", "control-room")
    }
    own = {**ZONES, "dorm-1": replace(ZONES["dorm-1"], responsible=("dormitory manager",))}
    assert (Lack.NOBODY_RESPONSIBLE, ("zones", "dorm-1")) not in found(whole(zones=own))


def test_a_camera_in_a_zone_that_became_private_is_named():
    inside = replace(KNOWN, devices=(*DEVICES, Standing("cam-9", "camera", None, "dorm-1")))

    assert found(whole(), inside, {"dorm-1"}) == {(Lack.CAMERA_IN_PRIVATE_ZONE, ("zones", "dorm-1"))}
    assert found(whole(), inside, {"dorm-2"}) == set()
    at_door = replace(KNOWN, devices=(*DEVICES, Standing("cam-9", "camera", "dorm-1-door", None)))
    assert found(whole(), at_door, {"campus"}) >= {(Lack.CAMERA_IN_PRIVATE_ZONE, ("zones", "campus"))}


# ---------------------------------------------------------------- windows that no post mans


def test_a_window_of_leaving_that_no_post_mans_is_named_with_the_times():
    by_day = replace(AROUND_THE_CLOCK, windows=(Window(360, 1020),))
    of = whole(posts=(by_day,), permissions=(PERMISSIONS[0],))

    (gap,) = gaps(of)

    assert (gap.lack, gap.where) == (Lack.UNMANNED_WINDOW, ("leaving_windows",))
    assert gap.message == "leaving windows: no post at north-out is manned 17:00-18:00 every day"
    assert gaps(replace(of, policy=campus(Profile.UNIVERSITY).policy)) == (), "adults leave when they like"


def test_windows_of_permissions_lanes_visits_and_other_days_need_a_post_too():
    lane = replace(PORTALS["north-vehicle"], vehicle_windows=(VehicleWindow(Window(420, 460, frozenset({0}))),))
    of = with_portal(
        lane,
        posts=(),
        visiting_hours=(Window(840, 1020),),
        leaving_windows_on={DayKind.EXAM: (Window(600, 660),)},
        calendar={date(2027, 6, 7): DayKind.EXAM},
    )

    said = {gap.where: gap.message for gap in gaps(of)}

    assert set(said) == {
        ("leaving_windows",),
        ("leaving_windows_on", "exam"),
        ("visiting_hours",),
        ("portals", "north-vehicle", "vehicle_windows"),
        ("permissions", "students by day"),
        ("permissions", "boarders come late"),
    }
    assert said["visiting_hours",].endswith("no post at dorm-1-door, dorm-2-door is manned 14:00-17:00 every day")
    assert said["portals", "north-vehicle", "vehicle_windows"].endswith("is manned 07:00-07:40 on Mon")
    assert said["permissions", "boarders come late"].endswith("is manned 00:00-05:30, 22:30-24:00 every day")


def test_no_post_is_missed_where_the_policy_mans_none():
    policy = campus().policy
    cadences = {level: replace(policy.cadences[level], posts_manned=False) for level in Level}

    assert gaps(whole(posts=(), policy=replace(policy, cadences=cadences))) == ()


# ---------------------------------------------------------------- rules that never apply, people without a rule


def rule(id, groups=("staff",), portals=("north-in",), windows=None, **more):
    return Permission(id, frozenset(groups), frozenset(portals), windows, **more)


@pytest.mark.parametrize(
    "wide",
    [
        rule("wide"),
        rule("wide", groups=("staff", "security")),
        rule("wide", portals=("north-in", "north-out")),
        rule("wide", windows=(Window(300, 800), Window(700, 1400))),
    ],
)
def test_a_rule_that_another_swallows_is_named(wide):
    narrow = rule("narrow", windows=(DAY,))

    for both in ((wide, narrow), (narrow, wide)):
        said = [gap for gap in gaps(whole(permissions=both)) if gap.lack is Lack.RULE_NEVER_APPLIES]
        assert [gap.where for gap in said] == [("permissions", "narrow")]
        assert "wide" in said[0].message


@pytest.mark.parametrize(
    "other",
    [
        rule("other", groups=("security",)),
        rule("other", portals=("north-vehicle",)),
        rule("other", windows=(Window(331, 1350),)),
        rule("other", windows=(Window(330, 1350, frozenset({0, 1, 2, 3, 4})),)),
        rule("other", late_return=True),
        rule("other", own_dormitory=True),
    ],
)
def test_a_rule_that_adds_something_is_left_in_peace(other):
    of = whole(permissions=(rule("narrow", windows=(DAY,)), other))

    assert ("permissions", "narrow") not in {gap.where for gap in gaps(of) if gap.lack is Lack.RULE_NEVER_APPLIES}


def test_of_two_rules_that_are_equal_only_the_second_is_named():
    of = whole(permissions=(rule("first"), rule("second"), rule("third")))

    assert [gap.where[1] for gap in gaps(of)] == ["second", "third"]


def test_a_rule_at_exits_only_or_for_a_group_that_nobody_is_in_never_applies():
    of = whole(permissions=(*PERMISSIONS, rule("out", portals=("north-out",)), rule("ghosts", groups=("ghosts",))))

    assert found(of) == {
        (Lack.RULE_NEVER_APPLIES, ("permissions", "out")),
        (Lack.RULE_NEVER_APPLIES, ("permissions", "ghosts")),
    }
    assert found(of, None) == {(Lack.RULE_NEVER_APPLIES, ("permissions", "out"))}
    assert found(of, replace(KNOWN, holders={}, groups={})) == found(of, None), "nobody is imported yet"


def test_a_group_of_the_policy_that_nobody_is_in_is_named():
    nobody = replace(KNOWN, groups={**KNOWN.groups, HolderKind.SERVICE: frozenset({"staff"})})

    assert (Lack.RULE_NEVER_APPLIES, ("policy", "security_groups", "security")) in found(whole(), nobody)


@pytest.mark.parametrize(
    ("portal", "where"),
    [
        (
            replace(PORTALS["north-in"], vehicle_windows=(VehicleWindow(DAY),)),
            ("portals", "north-in", "vehicle_windows"),
        ),
        (replace(PORTALS["north-out"], anti_passback=AntiPassback.HARD), ("portals", "north-out", "anti_passback")),
        (replace(PORTALS["north-out"], two_people=True), ("portals", "north-out", "two_people")),
        (
            replace(PORTALS["north-vehicle"], vehicle_windows=(VehicleWindow(DAY, frozenset({DayKind.EXAM})),)),
            ("portals", "north-vehicle", "vehicle_windows", 0),
        ),
    ],
)  # fmt: skip
def test_what_is_set_where_it_means_nothing_is_named(portal, where):
    assert found(with_portal(portal)) == {(Lack.RULE_NEVER_APPLIES, where)}


def test_windows_of_days_that_the_calendar_has_are_left_in_peace():
    lane = replace(PORTALS["north-vehicle"], vehicle_windows=(VehicleWindow(DAY, frozenset({DayKind.EXAM})),))
    exams = {date(2027, 6, 7): DayKind.EXAM}

    assert found(with_portal(lane, calendar=exams)) == set()
    assert found(whole(leaving_windows_on={DayKind.EXAM: LEAVING}, calendar=exams)) == set()
    assert found(whole(leaving_windows_on={DayKind.HALF_DAY: LEAVING}, calendar=exams)) == {
        (Lack.RULE_NEVER_APPLIES, ("leaving_windows_on", "half_day"))
    }


def test_a_capacity_that_nobody_counts_towards_is_named():
    zones = {**whole().zones, "hall": Zone("hall", ZoneKind.BUILDING, name("hall"), "campus", capacity=50)}

    assert found(whole(zones=zones)) == {(Lack.RULE_NEVER_APPLIES, ("zones", "hall", "capacity"))}


def test_curfew_and_visiting_hours_without_a_dormitory_never_apply():
    zones = {id: zone for id, zone in whole().zones.items() if zone.kind is not ZoneKind.DORMITORY}
    portals = {id: p for id, p in whole().portals.items() if p.kind is not PortalKind.DORMITORY}
    of = whole(zones=zones, portals=portals, permissions=PERMISSIONS[:3], visiting_hours=LEAVING)

    assert found(of, None) == {
        (Lack.RULE_NEVER_APPLIES, ("curfew",)),
        (Lack.RULE_NEVER_APPLIES, ("visiting_hours",)),
    }


def test_people_whom_no_rule_lets_through_a_gate_are_named_by_kind():
    more = replace(
        KNOWN,
        holders={**KNOWN.holders, HolderKind.RESIDENT: 4, HolderKind.SUPPLIER: 2, HolderKind.VISITOR: 7},
        groups={**KNOWN.groups, HolderKind.RESIDENT: frozenset({"families"})},
    )

    said = [gap for gap in gaps(whole(), (), more) if gap.lack is Lack.KIND_WITHOUT_RULE]

    assert [gap.message for gap in said] == [
        "resident: 4 of this kind are known, none is in a group that opens a gate",
        "supplier: 2 of this kind are known, none is in a group that opens a gate; "
        "they pass only with a registered visit",
    ]


def test_without_a_permission_at_a_gate_nobody_who_needs_one_enters():
    said = [gap.message for gap in gaps(whole(permissions=PERMISSIONS[3:])) if gap.lack is Lack.KIND_WITHOUT_RULE]

    assert [message.partition(":")[0] for message in said] == [
        "student", "staff", "service", "resident", "contractor", "supplier",
    ]  # fmt: skip


# ---------------------------------------------------------------- parts of a week


def test_what_lies_beyond_is_what_a_count_of_every_minute_says():
    chance = random.Random(20260921)

    def window():
        days = frozenset(chance.sample(range(7), 2))
        return Window(chance.randrange(DAY_MIN), chance.randrange(1, DAY_MIN + 1), days)

    for _ in range(150):
        some, others = ([window() for _ in range(chance.randrange(4))] for _ in range(2))
        minutes = [
            {minute for start, end in open_spans(windows) for minute in range(start, end)} for windows in (some, others)
        ]

        left = spans_beyond(open_spans(some), open_spans(others))

        assert {minute for start, end in left for minute in range(start, end)} == minutes[0] - minutes[1]
        assert all(0 <= start < end <= WEEK_MIN for start, end in left)


def test_times_read_well():
    assert spans_in_words(open_spans([NIGHT])) == "00:00-05:30, 22:30-24:00 every day"
    assert spans_in_words(open_spans(None)) == "00:00-24:00 every day"
    assert spans_in_words(open_spans([Window(420, 460, frozenset({0, 4}))])) == "07:00-07:40 on Mon Fri"
    assert spans_in_words(open_spans([Window(1380, 60, frozenset({6}))])) == "00:00-01:00 on Mon; 23:00-24:00 on Sun"
    assert spans_in_words(()) == ""
