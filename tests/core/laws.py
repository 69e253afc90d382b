"""The laws of the policy as checkers: each takes a way to decide and names the first question that breaks it.

A checker takes the decision as an argument, so that a broken one can be shown to it: a law that catches nothing is no
law. `None` is the answer of a law that holds everywhere it looked.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations, product
from types import MappingProxyType
from typing import NamedTuple

from gateway.core.kinds import (
    AntiPassback,
    CredentialKind,
    CredentialState,
    DayKind,
    Direction,
    HolderKind,
    Level,
    Outcome,
    PinWord,
    PortalKind,
    Profile,
    Verdict,
)
from gateway.core.nouns import Credential, Decision, Directory, Holder, Permission, Portal, Request, World
from gateway.core.papers import (
    Authorisation,
    BanAct,
    Emergency,
    EmergencyKind,
    EntryBan,
    Essential,
    Gathering,
    GatheringState,
    LeaveSlip,
    Order,
    Paper,
    SlipReason,
    Vehicle,
    VehicleKind,
    Visit,
    arrange,
    key_of,
)
from gateway.core.reasons import Reason
from gateway.core.windows import Window
from tests.core.campus import PERMISSIONS, PORTALS, at, campus, world
from tests.core.random_campus import Chance, Question, random_campus, random_order

Decide = Callable[[Request, World, datetime], Decision]

NOW = at("12:00")
BEFORE, AFTER = NOW - timedelta(days=1), NOW + timedelta(days=1)
CARD, PLATE = CredentialKind.CARD, CredentialKind.PLATE
RANK = {Outcome.DENY: 0, Outcome.WAIT: 1, Outcome.GRANT: 2}


class Case(NamedTuple):
    """One question, in words, and how it is put."""

    words: tuple[object, ...]
    request: Request
    world: World
    now: datetime = NOW


class Broken(NamedTuple):
    """A question that breaks a law, with the answer that does."""

    words: tuple[object, ...]
    answer: object


# ---------------------------------------------------------------- S1: egress is never denied

SOMEBODY = Holder("h1", "1", "somebody", HolderKind.STAFF, frozenset({"staff"}), "dorm-1")
VALUE = "X1"
ESCAPES = MappingProxyType(
    {
        **{portal: PORTALS[portal] for portal in ("north-out", "north-vehicle", "control-room-door", "dorm-1-door")},
        "gate-escape": replace(PORTALS["north-out"], id="gate-escape", escape=True),
        "lane-escape": replace(PORTALS["north-vehicle"], id="lane-escape", escape=True),
        "room-escape": replace(PORTALS["control-room-door"], id="room-escape", escape=True),
    }
)
STATES: tuple[tuple[str, Credential | None], ...] = (
    ("unknown", None),
    *((state.value, Credential("c1", "h1", CredentialKind.CARD, VALUE, state)) for state in CredentialState),
    ("expired", Credential("c1", "h1", CredentialKind.CARD, VALUE, not_after=BEFORE)),
    ("not yet", Credential("c1", "h1", CredentialKind.CARD, VALUE, not_before=AFTER)),
    ("used up", Credential("c1", "h1", CredentialKind.CARD, VALUE, max_uses=0)),
    ("nobody's", Credential("c1", "gone", CredentialKind.CARD, VALUE)),
)
EMERGENCIES: tuple[tuple[str, tuple[Emergency, ...]], ...] = tuple(
    (
        " and ".join(kinds) or "calm",
        tuple(Emergency(kind, EmergencyKind(kind), frozenset({"site"}), BEFORE, "u") for kind in kinds),
    )
    for kinds in ((), ("lockdown",), ("evacuate",), ("lockdown", "evacuate"))
)
CLOCKS = (
    ("good at noon", NOW, None),
    ("good in the curfew", at("23:30"), None),
    ("behind at night", at("03:00"), AFTER),
    ("ahead in the evening", at("21:00"), BEFORE),
)


def orders_of(level: Level) -> Iterator[tuple[str, tuple[Order, ...]]]:
    """The ways in which a level comes about."""
    if level is Level.L3:
        yield "no order", ()
        yield "over", (Order("o", Level.L1, frozenset({"site"}), BEFORE, NOW - timedelta(hours=13)),)
        return
    yield "on the site", (Order("o", level, frozenset({"site"}), BEFORE),)
    yield "two", tuple(Order(f"o{n}", one, frozenset({"site"}), BEFORE) for n, one in enumerate((Level.L2, level)))


def egress_cases() -> Iterator[tuple[Case, bool]]:
    """Every way out of every place in every state of the world; True: as an evacuation."""
    ban = EntryBan("b", "h1", BanAct.THREAT, BEFORE, AFTER, "u", BEFORE, ("u", "w"))
    banned = arrange({key_of(ban): ban})
    for profile in Profile:
        there = campus(profile, ESCAPES)
        for kind, suspended in ((kind, kind is HolderKind.STUDENT) for kind in HolderKind):
            people = {"h1": replace(SOMEBODY, kind=kind, suspended=suspended)}
            for (state, held), (clock, now, trusted_until), level in product(STATES, CLOCKS, Level):
                known = {} if held is None else {(held.kind, held.value): held}
                directory = Directory(1, people, known, banned)
                for (how, orders), (words, emergencies), fire in product(
                    orders_of(level), EMERGENCIES, (frozenset(), frozenset({"campus"}), frozenset({"dorm-1"}))
                ):
                    world = World(there, directory, {}, orders, emergencies, fire, trusted_until=trusted_until)
                    for portal in ESCAPES.values():
                        evacuated = "evacuate" in words or bool(fire & set(there.around(portal.zone)))
                        if evacuated or portal.escape or portal.kind is PortalKind.DORMITORY:
                            case = (profile, kind, state, clock, level, how, words, set(fire), portal.id)
                            request = Request(portal.id, Direction.OUT, CredentialKind.CARD, VALUE)
                            yield Case(case, request, world, now), evacuated


def egress_is_granted(decide: Decide, cases: Iterable[tuple[Case, bool]]) -> Broken | None:
    """S1: leaving by an escape route is granted, with the reason that says which kind it is."""
    for case, evacuated in cases:
        decision = decide(case.request, case.world, case.now)
        reason = Reason.OK_EVACUATE if evacuated else Reason.OK_EXIT
        if decision.outcome is not Outcome.GRANT or decision.reason is not reason:
            return Broken(case.words, decision)
    return None


# ---------------------------------------------------------------- P3: a stricter level never grants more

VISITING = (HolderKind.VISITOR, HolderKind.GUARDIAN, HolderKind.OFFICIAL, HolderKind.MEDIA)
BY_VISIT = (*VISITING, HolderKind.CONTRACTOR, HolderKind.SUPPLIER)
AT_LEVEL = {
    level: () if level is Level.L3 else (Order("o", level, frozenset({"site"}), BEFORE),) for level in reversed(Level)
}
OF_A_VISIT = ("document", "confirmed", "appointment", "consent", "vehicle approved", "large gathering")
DOORS = ("north-in", "north-vehicle", "dorm-1-door", "control-room-door")
EVERYWHERE = Permission("all", frozenset({"all"}), frozenset(DOORS))
ESCORT = Holder("h2", "2", "escort", HolderKind.STAFF, frozenset({"all"}))


class Row(NamedTuple):
    """Somebody for one row of a table, and where they ask to enter."""

    portal: str
    holder: Holder
    vehicle: Vehicle | None = None


def rows() -> Iterator[Row]:
    """Somebody for each row of each table of entries; whoever may be named by a permission is, and is not."""
    for kind in HolderKind:
        for groups in ((), ("all",)) if kind not in VISITING else ((),):
            who = replace(SOMEBODY, kind=kind, groups=frozenset(groups), dormitory=None)
            for portal in DOORS:
                yield Row(portal, who)
            for vehicle in VehicleKind:
                filed = Vehicle("c1", vehicle, AFTER, (), frozenset({"north-vehicle"}), "h1", "h2")
                yield Row("north-vehicle", who, filed)
    yield Row("dorm-1-door", SOMEBODY)


def fulfilments(row: Row) -> Iterator[frozenset[str]]:
    """Every combination of what may be fulfilled and matters to this row."""
    matters = ["authorised", "essential", "accompanied"]
    if row.portal == "control-room-door":
        matters.append("right PIN")
    if row.vehicle is not None and row.vehicle.kind is VehicleKind.BUS:
        matters.append("timetable")
    of_a_visit = product((False, True), repeat=len(OF_A_VISIT)) if row.holder.kind in BY_VISIT else ()
    visits = [frozenset[str](), *(_chosen(OF_A_VISIT, some) | {"visit"} for some in of_a_visit)]
    for some in product((False, True), repeat=len(matters)):
        for visit in visits:
            yield _chosen(matters, some) | visit


def _chosen(names: Iterable[str], some: Iterable[bool]) -> frozenset[str]:
    return frozenset(name for name, so in zip(names, some, strict=True) if so)


def entry_at_levels(
    profile: Profile, portals: Sequence[str] = DOORS, kinds: Sequence[str] = tuple(HolderKind)
) -> Iterator[dict[Level, Case]]:
    """Every row with every combination of fulfilled needs: the same question at each level."""
    there = replace(campus(profile), permissions=(EVERYWHERE, *PERMISSIONS), visiting_hours=(Window(600, 900),))
    for row in (row for row in rows() if row.portal in portals and row.holder.kind in kinds):
        for given in fulfilments(row):
            directory = Directory(
                1,
                {"h1": row.holder, "h2": ESCORT},
                {(kind, VALUE): Credential("c1", "h1", kind, VALUE) for kind in (PLATE, CARD)},
                arrange({key_of(paper): paper for paper in _papers(row, given)}),
            )
            request = Request(
                row.portal,
                Direction.IN,
                PLATE if row.portal == "north-vehicle" else CARD,
                VALUE,
                pin=PinWord.RIGHT if "right PIN" in given else PinWord.ABSENT,
                accompanied_by="h2" if "accompanied" in given else None,
            )
            words = (profile, row.portal, row.holder.kind, *row.holder.groups, row.vehicle and row.vehicle.kind, given)
            yield {
                level: Case((*words, level), request, World(there, directory, {}, orders))
                for level, orders in AT_LEVEL.items()
            }


def _papers(row: Row, given: frozenset[str]) -> Iterator[Paper]:
    if row.vehicle is not None:
        always = (Window(0, 1440),) if "timetable" in given else ()
        yield replace(row.vehicle, timetable=always)
    if "authorised" in given:
        yield Authorisation("a", "h1", frozenset(DOORS), BEFORE, AFTER, "", "u", BEFORE)
    if "essential" in given:
        yield Essential("h1", "u", BEFORE)
        yield Essential("c1", "u", BEFORE)
    if "visit" in given:
        yield Gathering("g", "", "h2", 500, "", "", frozenset(), BEFORE, AFTER, "u", BEFORE, GatheringState.APPROVED)
        yield Visit(
            "v",
            "h1",
            row.holder.kind,
            "h2",
            frozenset({"dorm-1", "control-room"}),
            BEFORE,
            AFTER,
            "u",
            BEFORE,
            document_seen="document" in given,
            confirmed=True if "confirmed" in given else None,
            appointment="appointment" in given,
            consent_by="u" if "consent" in given else None,
            vehicle_approved="vehicle approved" in given,
            gathering="g" if "large gathering" in given else None,
        )


def exit_at_levels(profile: Profile) -> Iterator[dict[Level, Case]]:
    """Everybody at a gate on the way out, with a card in any state, with and without a slip, at any time of any day."""
    slip = LeaveSlip("s", "h1", BEFORE, AFTER, SlipReason.OTHER, "u", BEFORE)
    days = ({}, {NOW.date(): DayKind.CLOSED}, {NOW.date(): DayKind.HOLIDAY})
    for calendar, kind, (state, held), papers, now in product(
        days, HolderKind, STATES, ((), (slip,)), (NOW, at("15:00"))
    ):
        there = replace(campus(profile), calendar=calendar)
        known = {} if held is None else {(held.kind, held.value): held}
        filed = arrange({key_of(paper): paper for paper in papers})
        directory = Directory(1, {"h1": replace(SOMEBODY, kind=kind)}, known, filed)
        request = Request("north-out", Direction.OUT, CARD, VALUE)
        words = (profile, kind, state, bool(papers), *calendar.values(), now.hour)
        yield {
            level: Case((*words, level), request, World(there, directory, {}, orders), now)
            for level, orders in AT_LEVEL.items()
        }


def stricter_never_grants_more(decide: Decide, questions: Iterable[dict[Level, Case]]) -> Broken | None:
    """P3: for every pair of levels the stricter one's outcome is no looser (deny < wait < grant)."""
    for at_levels in questions:
        outcomes = {level: decide(case.request, case.world, case.now).outcome for level, case in at_levels.items()}
        for looser, stricter in combinations((Level.L3, Level.L2, Level.L1), 2):
            if RANK[outcomes[stricter]] > RANK[outcomes[looser]]:
                return Broken(at_levels[stricter].words, (outcomes[looser], outcomes[stricter]))
    return None


# ---------------------------------------------------------------- P5: unknown, malformed or failing means no entry


def bad_entries() -> Iterator[Case]:
    """Entries of which something is unknown, missing or malformed, at every portal that exists and some that do not."""
    good = world()
    naive = NOW.replace(tzinfo=None)
    for portal in (*PORTALS, "gone", "", None):
        asked = Request(portal, Direction.IN, CARD, "SECURITY")
        bad = {
            "unknown value": (replace(asked, value="NOBODY"), good, NOW),
            "no value": (replace(asked, value=""), good, NOW),
            "value of another type": (replace(asked, value=None), good, NOW),
            "another kind": (replace(asked, credential=CredentialKind.QR), good, NOW),
            "kind of another type": (replace(asked, credential=["card"]), good, NOW),
            "direction of another type": (replace(asked, direction="sideways"), good, NOW),
            "no direction": (replace(asked, direction=None), good, NOW),
            "quarantined": (replace(asked, quarantined=True), good, NOW),
            "no request": (None, good, NOW),
            "no world": (asked, None, NOW),
            "no time": (asked, good, None),
            "a time without a zone": (asked, good, naive),
            "nobody's card": (asked, replace(good, directory=replace(good.directory, holders={})), NOW),
            "no holders": (asked, replace(good, directory=replace(good.directory, holders=None)), NOW),
            "no credentials": (asked, replace(good, directory=replace(good.directory, credentials=None)), NOW),
            "no papers": (asked, replace(good, directory=replace(good.directory, papers=None)), NOW),
            "no presence": (asked, replace(good, presence=None), NOW),
            "orders that are none": (asked, replace(good, orders=(None,)), NOW),
            "emergencies that are none": (asked, replace(good, emergencies=(None,)), NOW),
        }
        for words, (request, there, now) in bad.items():
            if words == "no presence" and portal in PORTALS:
                there = replace(there, campus=campus(portals=_hard(PORTALS)))
            yield Case((portal, words), request, there, now)


def _hard(portals: Mapping[str, Portal]) -> dict[str, Portal]:
    return {key: replace(portal, anti_passback=AntiPassback.HARD) for key, portal in portals.items()}


def nothing_bad_enters(decide: Decide, cases: Iterable[Case]) -> Broken | None:
    """P5: what is unknown or malformed is not let in, and asked about nobody."""
    for case in cases:
        decision = decide(case.request, case.world, case.now)
        if decision.outcome is not Outcome.DENY:
            return Broken(case.words, decision)
    return None


# ---------------------------------------------------------------- P2, and the clock in doubt


def level_is_the_strictest(effective: Callable[..., Level], chances: Iterable[Chance]) -> Broken | None:
    """P2: the level in force is the strictest of all orders that may be in force there, so never looser than the
    superior's; and doubt about the clock never loosens it."""
    for chance in chances:
        there = random_campus(chance)
        now = NOW + timedelta(minutes=chance.number(0, 10_000))
        zones = list(there.zones)
        orders = tuple(random_order(chance, f"o{n}", zones, now) for n in range(chance.number(0, 5)))
        trusted = chance.around(now) if chance.is_so(0.5) else None
        for zone in zones:
            found = effective(there, orders, zone, now, trusted)
            for order in orders:
                begun = order.starts_at <= (now if trusted is None else max(now, trusted))
                over = order.ends_at is not None and order.ends_at <= (now if trusted is None else min(now, trusted))
                covers = not order.zones.isdisjoint(there.around(zone))
                if order.counts and begun and not over and covers and found > order.level:
                    return Broken((zone, order.id, order.authority), found)
            if trusted is not None and found > effective(there, orders, zone, now, None):
                return Broken((zone, "in doubt"), found)
    return None


def doubt_revives_nothing(decide: Decide, questions: Iterable[Question]) -> Broken | None:
    """While the clock is in doubt nothing that is expired or not yet valid becomes valid: whatever refuses for its time
    at the last good moment or at the shown one refuses now."""
    for asked in questions:
        trusted = asked.world.trusted_until
        if trusted is None or asked.request.direction is not Direction.IN:
            continue
        sure = replace(asked.world, trusted_until=None)
        doubtful = {f.rule for f in decide(*asked).trace if f.verdict is Verdict.REFUSES}
        for moment in (asked.now, trusted):
            for found in decide(asked.request, sure, moment).trace:
                if found.reason in OF_TIME and found.rule not in doubtful:
                    return Broken((asked.request, moment), found)
    return None


OF_TIME = frozenset({Reason.CREDENTIAL_EXPIRED, Reason.CREDENTIAL_NOT_YET, Reason.ENTRY_BANNED})
"""Reasons that hang on a validity alone, and not on the hours of a day."""
