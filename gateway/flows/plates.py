"""A plate waits for a guard: the picture of the vehicle, the plates that the camera may have meant, the guard's choice.

Promises: what was read stands in a table that retention erases, and in the ledger by its reference; a proposal or a
typed plate is judged by the rules as if the camera had read it, and is granted by a person's word or not at all; a
plate that nobody has admits nobody, whoever says so. Responders whose plate is typed are followed up like all whom a
guard's touch lets in: a second person says what became of it. Leaves to others: the wait itself (`waiting`), what alike
means (`core/plates.py`).
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from devices.canonical import canonical
from devices.messages import Action
from gateway.core.decide import decide
from gateway.core.kinds import CredentialKind, CredentialState, Direction, HolderKind, Outcome, PortalKind
from gateway.core.nouns import Credential, Decision, Request
from gateway.core.papers import OpeningKind
from gateway.core.plates import look_alikes, shape_of
from gateway.core.reasons import Reason
from gateway.flows import by_hand, command, lane_cycle, openings, told
from gateway.flows.changes import PlateNoted
from gateway.flows.permits import WrongField
from gateway.flows.ports import LedgerUnavailable
from gateway.flows.site import Picture, Site
from gateway.flows.waits import Waiting

PICTURES_AT_MOST = 100
LONGEST = 32
"""Of a plate as it is kept; no country writes longer ones."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What a camera read: its reference for the ledger, and what is written beside."""

    ref: str
    change: PlateNoted


def asks(request: Request) -> bool:
    """True for a plate that was read on the way in."""
    return request.credential is CredentialKind.PLATE and request.direction is Direction.IN


def note(request: Request, now: datetime) -> Noted:
    """What was read, to be written with the decision."""
    ref = secrets.token_hex(8)
    return Noted(ref, PlateNoted(ref, request.value[:LONGEST], now))


# ---------------------------------------------------------------- the card that the guard sees


def card(site: Site, waiting: Waiting) -> dict[str, Any]:
    """What a screen at the gate shows of a plate that waits, besides what it shows of everybody."""
    if not asks(waiting.request):
        return {"plate": None, "proposals": [], "picture": False}
    return {
        "plate": waiting.request.value or None,
        "proposals": proposals(site, waiting.request.value),
        "picture": waiting.id in site.wait_pictures,
    }


def proposals(site: Site, read: str) -> list[dict[str, Any]]:
    """Registered plates that look like `read`, the nearest first; not itself. Whose they are helps to compare."""
    now = site.clock.now()
    by_shape = _by_shape(site)
    found = {held.value: held for held in by_shape.get(shape_of(read), ()) if _is_good(held, now)}
    vehicles = site.directory.papers.vehicles
    return [
        {
            "plate": plate,
            "holder": told.person(site, found[plate].holder),
            "kind": vehicles[found[plate].ref].kind.value if found[plate].ref in vehicles else None,
        }
        for plate in look_alikes(read, found)
    ]


def _by_shape(site: Site) -> Mapping[str, tuple[Credential, ...]]:
    """All plates by their shape, made once for each version of the directory and only when one is asked for."""
    directory = site.directory
    if site.plate_shapes is None or site.plate_shapes[0] != directory.version:
        shapes: dict[str, tuple[Credential, ...]] = {}
        for (kind, value), held in directory.credentials.items():
            if kind is CredentialKind.PLATE:
                shape = shape_of(value)
                shapes[shape] = (*shapes.get(shape, ()), held)
        site.plate_shapes = (directory.version, shapes)
    return site.plate_shapes[1]


def _is_good(held: Credential, now: datetime) -> bool:
    return held.state is CredentialState.ACTIVE and (held.not_after is None or held.not_after > now)


# ---------------------------------------------------------------- the guard's choice


def chosen(site: Site, waiting: Waiting, plate: str) -> Request:
    """The request as if the camera had read `plate`. Raises ValueError for what is no plate."""
    return replace(waiting.request, value=canonical("plate", plate), unsure=False)


def judge(site: Site, request: Request) -> tuple[Decision, Credential | None]:
    """What the rules say of a plate at this moment, and whose it is. One that nobody has is refused: a person's word
    finds out which vehicle it is, and is no vehicle's permission."""
    decision = decide(request, site.world, site.clock.now())
    held = site.directory.credentials.get((request.credential, request.value))
    if held is None and request.direction is Direction.IN:
        decision = replace(decision, outcome=Outcome.DENY, reason=Reason.UNKNOWN_CREDENTIAL)
    return decision, held


# ---------------------------------------------------------------- a plate that no camera read


@dataclass(frozen=True, slots=True)
class Admitted:
    """What the rules said of a typed plate, and what was done."""

    done: by_hand.Done
    decision: Decision


async def admit(site: Site, portal: str, plate: str, by: str, may: Callable[[Decision], bool]) -> Admitted:
    """A guard types the plate of a vehicle that stands there unread: decided like a tap, opened by the guard's word.

    `may`: whether this person may end the wait that the rules ask for. Raises `WrongField`, `NotPossible`,
    `LedgerUnavailable`.
    """
    try:
        value = canonical("plate", plate)
    except ValueError as error:
        raise WrongField("plate", str(error)) from None
    return await by_hand.on_the_newest(site, lambda: _admit(site, portal, value, by, may))


async def _admit(site: Site, portal: str, value: str, by: str, may: Callable[[Decision], bool]) -> Admitted:
    """The same, judged on the directory of now. Raises `Overtaken` too."""
    place = by_hand.portal_of(site, portal, Direction.IN)
    if place.kind is not PortalKind.VEHICLE_GATE:
        raise WrongField("portal", "no such vehicle lane")
    judged_on = site.directory.version
    decision, held = judge(site, Request(portal, Direction.IN, CredentialKind.PLATE, value))
    grants = decision.outcome is Outcome.GRANT or (decision.outcome is Outcome.WAIT and may(decision))
    now = site.clock.now()
    read = note(Request(portal, Direction.IN, CredentialKind.PLATE, value), now)
    driver = site.directory.holders.get(decision.holder or "")
    granted, opening = Reason.OK, None
    if grants and driver is not None and driver.kind is HolderKind.RESPONDER:
        granted = Reason.OK_RESPONDER
        opening = openings.needed_disposal(site, place, OpeningKind.RESPONDER, by, 1, now)
    rows, filed = openings.file_with(opening, now)
    act = by_hand.Act(
        place,
        Direction.IN,
        Outcome.GRANT if grants else Outcome.DENY,
        granted if grants else decision.reason,
        decision,
        by,
        "plate",
        decision.holder,
        more={"credential": None if held is None else held.ref, "plate_read": read.ref},
        entries=rows,
        uses=held,
        changes=(read.change, *filed),
        directory=opening is not None,
        judged_on=judged_on,
    )
    done = await by_hand.carry_out(site, act)
    if opening is not None:
        site.spawn(openings.tell_control_room(site, opening))
    return Admitted(done, decision)


# ---------------------------------------------------------------- its picture


async def ask_picture(site: Site, waiting: Waiting) -> None:
    """A camera that sees the lane takes a picture for the guard; without one the guard looks out of the window."""
    asked = site.devices.get(waiting.device)
    portal = site.campus.portals.get(waiting.request.portal)
    if asked is None or portal is None or portal.kind is not PortalKind.VEHICLE_GATE:
        return
    camera = asked if asked.kind == "camera" else lane_cycle.nearest_camera(site, asked)
    if camera is None:
        return
    try:
        id = await command.send(site, camera.id, Action.SNAPSHOT.value, "plate", f"wait:{waiting.id}")
    except (command.CommandNotPossible, LedgerUnavailable):
        return
    site.wait_snapshots[id] = waiting.id
    if len(site.wait_snapshots) > PICTURES_AT_MOST:
        site.wait_snapshots.popitem(last=False)


def picture_came(site: Site, command: str, picture: Picture) -> None:
    """A camera's picture: if it was asked for somebody who waits, it is kept until nobody can let them in (`late`)."""
    waiting = site.wait_snapshots.pop(command, None)
    if waiting is None:
        return
    site.wait_pictures[waiting] = picture
    if len(site.wait_pictures) > PICTURES_AT_MOST:
        site.wait_pictures.popitem(last=False)
    site.feed.publish({"type": "waiting_picture", "id": waiting, "at": picture.at})
