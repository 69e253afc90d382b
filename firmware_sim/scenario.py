"""A scenario: who passes where and when, as data; read from YAML and drawn into a plan with a seed.

Promises: a scenario that is read is whole and checked, with every fault named at once; the same scenario, people and
seed give the same plan. Leaves to `campus.py` to carry the plan out, and to the gateway what comes of it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from firmware_sim.cameras.spells import FAULTS as CAMERA_FAULTS
from firmware_sim.cameras.spells import HARMLESS, Spell
from firmware_sim.faults import KNOWN as KNOWN_FAULTS
from firmware_sim.people import Person

OWN_DORMITORY = "own-dormitory"
VEHICLE = "vehicle"
DRIVER_SHARE = 0.6
"""Of the people who have a plate, this many come by car."""
INCIDENTS = ("fault", "fire", "fire_clear", "panic", "tamper", "forced", "camera", "efo", "impact")


class BadScenario(ValueError):
    """A scenario that cannot be used; every fault on a line."""


@dataclass(frozen=True, slots=True)
class Who:
    """Which people a flow means; empty means all."""

    kinds: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    without_groups: tuple[str, ...] = ()
    drives: bool | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """People passing once within a time."""

    name: str
    from_s: int
    to_s: int
    direction: str
    portals: tuple[str, ...]
    who: Who = field(default_factory=Who)
    share: float = 1.0
    peak: float = 0.5


@dataclass(frozen=True, slots=True)
class Oddities:
    """How often, per passage, people do what they should not."""

    unknown_card: float = 0.0
    expired_card: float = 0.0
    twice: float = 0.0
    walk_away: float = 0.0
    tailgate: float = 0.0
    exit_button: float = 0.0
    left_open: float = 0.0


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that happens once."""

    at_s: int
    what: str
    device: str | None = None
    zone: str | None = None
    location: str | None = None
    fault: str | None = None
    seconds: float | None = None
    how: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who is not in the people's table: a visitor with a pass, or a vehicle with a plate.

    A visitor's code is made by the gateway; here it has a name, and `with_passes` says what it is.
    """

    name: str
    kind: str
    goes: tuple[tuple[int, str, str], ...]
    """Each time (second of the day), which way, and at which portal."""
    pass_name: str = ""
    plate: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A day, or a part of one."""

    name: str
    timezone: ZoneInfo
    starts_s: int
    ends_s: int
    flows: tuple[Flow, ...]
    oddities: Oddities = field(default_factory=Oddities)
    visitor_cars: tuple[int, int, int] = (0, 0, 0)
    """(from, to, count), in seconds of the day."""
    incidents: tuple[Incident, ...] = ()
    guests: tuple[Guest, ...] = ()


@dataclass(frozen=True, slots=True)
class Going:
    """One person who wants to pass at a moment of the day."""

    at_s: float
    flow: str
    person: Person
    portal: str
    direction: str
    oddity: str | None = None
    shows: str = "card"
    """What the person holds to the reader: a card, or a code (`qr`); at the lane it is always the plate."""


def names() -> list[str]:
    """The scenarios that come with the simulator."""
    return sorted(
        item.name.removesuffix(".yaml")
        for item in (resources.files("firmware_sim") / "scenarios").iterdir()
        if item.name.endswith(".yaml")
    )


def load(name: str) -> Scenario:
    """A scenario that comes with the simulator by its name, or any by its path; BadScenario if it is not to be used."""
    if name in names():
        text = (resources.files("firmware_sim") / "scenarios" / f"{name}.yaml").read_text(encoding="utf-8")
    elif name.endswith((".yaml", ".yml")):
        try:
            text = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadScenario(f"{name}: {error}") from error
    else:
        raise BadScenario(f"no scenario {name!r}; known: {', '.join(names())}, or a path that ends in .yaml")
    try:
        said = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadScenario(f"{name}: {error}") from error
    return parse(said, name)


def parse(said: Any, name: str) -> Scenario:
    """A scenario from what YAML gave."""
    if not isinstance(said, Mapping):
        raise BadScenario(f"{name}: expected an object")
    faults: list[str] = []

    def take(where: str, make: Any, *values: Any) -> Any:
        try:
            return make(*values)
        except (ValueError, TypeError, KeyError) as error:
            faults.append(f"{name}: {where}: {error}")
            return None

    flows = [take(f"flow {n}", _flow, entry) for n, entry in enumerate(said.get("flows") or (), 1)]
    incidents = [take(f"incident {n}", _incident, entry) for n, entry in enumerate(said.get("incidents") or (), 1)]
    zone = take("timezone", ZoneInfo, said.get("timezone", "Asia/Shanghai"))
    starts_s, ends_s = take("starts_at", _moment, said.get("starts_at")), take("ends_at", _moment, said.get("ends_at"))
    oddities = take("oddities", _oddities, said.get("oddities") or {})
    cars = take("visitor_cars", _cars, said.get("visitor_cars"))
    guests = [take(f"guest {n}", _guest, entry) for n, entry in enumerate(said.get("guests") or (), 1)]
    known = {"name", "timezone", "starts_at", "ends_at", "flows", "oddities", "visitor_cars", "incidents", "guests"}
    unknown = set(said) - known
    faults.extend(f"{name}: nobody knows the field {field!r}" for field in sorted(unknown))
    if starts_s is not None and ends_s is not None and ends_s <= starts_s:
        faults.append(f"{name}: ends_at: expected a time after starts_at")
    if faults:
        raise BadScenario("\n".join(faults))
    return Scenario(
        str(said.get("name", name)),
        zone,
        starts_s,
        ends_s,
        tuple(flows),
        oddities,
        cars,
        tuple(incidents),
        tuple(guests),
    )


def with_passes(scenario: Scenario, codes: Mapping[str, str]) -> Scenario:
    """The same with the codes of its visitors' passes, by name; whoever has none stays away.

    BadScenario for a name that nobody in it has.
    """
    named = {guest.pass_name for guest in scenario.guests if guest.pass_name}
    strange = sorted(set(codes) - named)
    if strange:
        raise BadScenario(f"{scenario.name}: no visitor here has the pass {', '.join(strange)}")
    return replace(
        scenario, guests=tuple(replace(guest, code=codes.get(guest.pass_name, "")) for guest in scenario.guests)
    )


def drives(person: Person) -> bool:
    """Whether this person comes by car; always the same person."""
    return bool(person.plate) and random.Random(f"drives {person.id}").random() < DRIVER_SHARE


def plan(scenario: Scenario, people: Sequence[Person], seed: str) -> list[Going]:
    """Every passage that the scenario wants, in order of time."""
    chance = random.Random(f"plan {scenario.name} {seed}")
    goings = [
        _going(flow, person, scenario.oddities, chance)
        for flow in scenario.flows
        for person in people
        if _is_meant(flow, person) and chance.random() < flow.share
    ]
    from_s, to_s, count = scenario.visitor_cars
    for number in range(count):
        plate = f"京V{chance.randrange(10_000, 99_999)}"
        visitor = Person(f"visitor-{number + 1}", "visitor", "visitor", (), "", plate)
        goings.append(Going(chance.uniform(from_s, to_s), "visitors' cars", visitor, VEHICLE, "in"))
    goings += [going for guest in scenario.guests for going in _goings_of(guest)]
    return sorted(goings, key=lambda going: going.at_s)


def _goings_of(guest: Guest) -> list[Going]:
    if not (guest.code or guest.plate):
        return []
    person = Person(f"guest-{guest.name}", guest.name, guest.kind, (), guest.code, guest.plate)
    shows = "qr" if guest.code else "card"
    return [Going(at_s, "guests", person, portal, direction, None, shows) for at_s, direction, portal in guest.goes]


def _is_meant(flow: Flow, person: Person) -> bool:
    who = flow.who
    return (
        (not who.kinds or person.kind in who.kinds)
        and (not who.groups or bool(set(who.groups) & set(person.groups)))
        and not set(who.without_groups) & set(person.groups)
        and (who.drives is None or who.drives is drives(person))
        and (OWN_DORMITORY not in flow.portals or bool(person.dormitory))
    )


def _going(flow: Flow, person: Person, oddities: Oddities, chance: random.Random) -> Going:
    at_s = chance.triangular(flow.from_s, flow.to_s, flow.from_s + flow.peak * (flow.to_s - flow.from_s))
    portal = chance.choice(flow.portals)
    if portal == OWN_DORMITORY:
        portal = f"{person.dormitory}-door"
    odd = next((name for name in oddities.__dataclass_fields__ if chance.random() < getattr(oddities, name)), None)
    return Going(at_s, flow.name, person, portal, flow.direction, odd)


def _moment(said: Any) -> int:
    """`HH:MM` as seconds of the day."""
    if not isinstance(said, str) or len(said) != 5 or said[2] != ":" or not (said[:2] + said[3:]).isdigit():
        raise ValueError(f'expected a time like "07:30", not {said!r}')
    hours, minutes = int(said[:2]), int(said[3:])
    if hours > 23 or minutes > 59:
        raise ValueError(f"expected a time of day, not {said!r}")
    return hours * 3600 + minutes * 60


def _texts(said: Any, what: str) -> tuple[str, ...]:
    if not isinstance(said, list) or not all(isinstance(item, str) for item in said):
        raise ValueError(f"{what}: expected a list of names")
    return tuple(said)


def _share(said: Any, what: str) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said <= 1:
        raise ValueError(f"{what}: expected a number from 0 to 1")
    return float(said)


def _only(said: Any, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(said, Mapping):
        raise ValueError("expected an object")
    if set(said) - known:
        raise ValueError(f"nobody knows {', '.join(sorted(map(str, set(said) - known)))}")
    return said


def _flow(said: Any) -> Flow:
    said = _only(said, {"name", "from", "to", "peak", "who", "share", "direction", "portals"})
    who = _only(said.get("who", {}), {"kinds", "groups", "without_groups", "drives"})
    if said.get("direction") not in ("in", "out"):
        raise ValueError("direction: expected in or out")
    from_s, to_s = _moment(said.get("from")), _moment(said.get("to"))
    if to_s <= from_s:
        raise ValueError("to: expected a time after from")
    portals = _texts(said.get("portals"), "portals")
    if not portals:
        raise ValueError("portals: expected at least one")
    if who.get("drives") not in (None, True, False):
        raise ValueError("drives: expected true or false")
    return Flow(
        name=str(said.get("name", "flow")),
        from_s=from_s,
        to_s=to_s,
        direction=said["direction"],
        portals=portals,
        who=Who(
            _texts(who.get("kinds", []), "kinds"),
            _texts(who.get("groups", []), "groups"),
            _texts(who.get("without_groups", []), "without_groups"),
            who.get("drives"),
        ),
        share=_share(said.get("share", 1.0), "share"),
        peak=_share(said.get("peak", 0.5), "peak"),
    )


def _guest(said: Any) -> Guest:
    said = _only(said, {"name", "kind", "pass", "plate", "goes"})
    if not isinstance(said.get("name"), str):
        raise ValueError("name: expected a name")
    if not isinstance(said.get("kind", "visitor"), str):
        raise ValueError("kind: expected a word")
    shown = [what for what in ("pass", "plate") if what in said]
    if len(shown) != 1 or not isinstance(said[shown[0]], str) or not said[shown[0]]:
        raise ValueError("expected either the name of a pass or a plate")
    if not isinstance(said.get("goes"), list) or not said["goes"]:
        raise ValueError("goes: expected at least one of {at, direction, portal}")
    goes = []
    for entry in said["goes"]:
        going = _only(entry, {"at", "direction", "portal"})
        if going.get("direction") not in ("in", "out"):
            raise ValueError("goes: direction: expected in or out")
        portal = VEHICLE if shown == ["plate"] else going.get("portal")
        if not isinstance(portal, str):
            raise ValueError("goes: portal: expected a name")
        goes.append((_moment(going.get("at")), str(going["direction"]), portal))
    kind = said.get("kind", "visitor")
    return Guest(said["name"], kind, tuple(sorted(goes)), said.get("pass", ""), said.get("plate", ""))


def _oddities(said: Any) -> Oddities:
    said = _only(said, set(Oddities.__dataclass_fields__))
    return Oddities(**{name: _share(value, name) for name, value in said.items()})


def _cars(said: Any) -> tuple[int, int, int]:
    if said is None:
        return (0, 0, 0)
    said = _only(said, {"from", "to", "count"})
    count = said.get("count")
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise ValueError("count: expected a whole number")
    return _moment(said.get("from")), _moment(said.get("to")), count


def _incident(said: Any) -> Incident:
    said = _only(said, {"at", "what", "device", "zone", "location", "fault", "seconds", "how"})
    what = said.get("what")
    if what not in INCIDENTS:
        raise ValueError(f"what: expected one of {', '.join(INCIDENTS)}")
    if what == "fault" and said.get("fault") not in KNOWN_FAULTS:
        raise ValueError(f"fault: expected one of {', '.join(KNOWN_FAULTS)}")
    if what == "camera":
        _camera_how(said)
    needed = {"fire": "zone", "fire_clear": "zone", "panic": "location"}.get(what, "device")
    if not isinstance(said.get(needed), str):
        raise ValueError(f"{needed}: expected a name")
    return Incident(
        at_s=_moment(said.get("at")),
        what=what,
        device=said.get("device"),
        zone=said.get("zone"),
        location=said.get("location"),
        fault=said.get("fault"),
        seconds=said.get("seconds"),
        how=dict(_only(said.get("how", {}), set(said.get("how", {})))),
    )


def _camera_how(said: Mapping[str, Any]) -> None:
    """`fault` names a class of the video checks, or something harmless; `how` may say severity, look and amount."""
    known = (*CAMERA_FAULTS, *HARMLESS)
    if said.get("fault") not in known:
        raise ValueError(f"fault: expected one of {', '.join(known)}")
    how = _only(said.get("how", {}), {"severity", "look", "amount"})
    try:
        Spell("camera", said["fault"], 0.0, 1.0, how.get("severity", 3), how.get("look", ""), how.get("amount"))
    except (ValueError, TypeError) as error:
        raise ValueError(f"how: {error}") from error
