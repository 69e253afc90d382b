"""What is in force is a drill only if all of it is one."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime

from gateway.core.drills import emergency_over, is_drill
from gateway.core.kinds import Level
from gateway.core.papers import Emergency, EmergencyKind, Order
from tests.core.campus import at, world

SINCE = datetime(2026, 11, 23, tzinfo=UTC)
NOW = at("10:00")
LOCKDOWN, EVACUATE = EmergencyKind.LOCKDOWN, EmergencyKind.EVACUATE


def called(kind: EmergencyKind, zone: str, drill: bool = False) -> Emergency:
    return Emergency(f"{kind}-{zone}-{drill}", kind, frozenset({zone}), SINCE, "guard", drill=drill)


def test_nothing_in_force_is_no_drill() -> None:
    assert not is_drill(world(), "campus", NOW)


def test_in_every_mixture_one_real_thing_makes_it_real() -> None:
    """Each of level, lockdown, evacuation and fire: absent, practised or real."""
    seen = 0
    for level, lockdown, evacuate, burns in itertools.product((None, True, False), repeat=4):
        if burns is True:
            continue  # a fire is never a drill
        orders = () if level is None else (Order("o", Level.L1, frozenset({"site"}), SINCE, drill=level),)
        emergencies = tuple(
            called(kind, "campus", drill)
            for kind, drill in ((LOCKDOWN, lockdown), (EVACUATE, evacuate))
            if drill is not None
        )
        fires = frozenset() if burns is None else frozenset({"dorm-1"})
        of = replace(world(orders=orders), emergencies=emergencies, fires=fires)
        parts = [part for part in (level, lockdown, evacuate) if part is not None]
        wanted = bool(parts) and all(parts) and burns is None

        assert is_drill(of, "dorm-1", NOW) is wanted
        strongest = (
            EVACUATE if evacuate is not None or burns is not None else LOCKDOWN if lockdown is not None else None
        )
        assert emergency_over(of, "dorm-1") is strongest
        seen += 1
    assert seen == 54


def test_an_order_that_is_not_in_force_yet_makes_nothing_real() -> None:
    later = Order("o", Level.L1, frozenset({"site"}), at("12:00"))
    of = replace(world(orders=(later,)), emergencies=(called(LOCKDOWN, "site", drill=True),))

    assert is_drill(of, "campus", NOW) and not is_drill(of, "campus", at("13:00"))


def test_what_holds_elsewhere_is_nobodys_business_here() -> None:
    of = replace(world(), emergencies=(called(LOCKDOWN, "dorm-1"),))

    assert emergency_over(of, "dorm-2") is None and emergency_over(of, "campus") is None
