"""A device becomes one of ours, gets a new key, or is let go: where each kind may stand, and what the ledger is told.

Promises: a name that passes here is safe in a topic, a broker's file and a path; nothing is enrolled where it cannot
work, and no camera in a private zone. Leaves to others: where enrolments are kept, and the broker's files.
"""

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from devices.limits import MAX_LABEL
from devices.signing import new_key
from devices.topics import Kind, is_name
from gateway.core.kinds import PortalKind
from gateway.core.nouns import Campus
from gateway.flows.ports import Entry

OLD_KEY_LIFE = timedelta(hours=24)
"""How long the gateway takes the old key after a change, if no message comes under the new one (protocol)."""
MAX_LOCATIONS = 64

_PORTALS_OF: dict[Kind, frozenset[PortalKind]] = {
    Kind.READER: frozenset({PortalKind.GATE, PortalKind.VEHICLE_GATE, PortalKind.RESTRICTED}),
    Kind.DORM: frozenset({PortalKind.DORMITORY, PortalKind.RESTRICTED}),
    Kind.BOLLARD: frozenset({PortalKind.VEHICLE_GATE}),
    Kind.CAMERA: frozenset(PortalKind),
}


class AlreadyEnrolled(Exception):
    """There is such a device."""


class NotEnrolled(Exception):
    """There is no such device, or it was retired."""


class WrongEnrolment(ValueError):
    """This device cannot be enrolled like this; `field` says what is wrong, the text why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device stands: at a portal, or in a zone. Panic buttons of a panel have locations."""

    portal: str | None
    zone: str | None
    locations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A device to be, with the secrets that it and the gateway will share."""

    id: str
    kind: Kind
    place: Place
    key: bytes = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a device has to know, for whoever sets it up: said once, and kept nowhere in this form. Without a password:
    it keeps the one that it has."""

    device: str
    kind: str
    site: str
    key: bytes = field(repr=False)
    password: str | None = field(repr=False)

    def as_told(self) -> dict[str, str | None]:
        """As the command prints it and the API answers it."""
        return {
            "device": self.device,
            "kind": self.kind,
            "site": self.site,
            "key": self.key.hex(),
            "username": self.device,
            "password": self.password,
        }


@dataclass(frozen=True, slots=True)
class BrokerUser:
    """What the broker has to know of a device."""

    device: str
    kind: str
    password: str = field(repr=False)


def new_enrolment(
    kind: str,
    device: str,
    place: Place,
    campus: Campus,
    private_zones: Collection[str] = (),
    taken_names: Collection[str] = (),
) -> Enrolment:
    """A sound enrolment with a new key and password; raises `WrongEnrolment`."""
    checked = check_kind(kind)
    check_name(device, taken_names)
    check_place(checked, place, campus, private_zones)
    return Enrolment(device, checked, place, new_key(), new_password())


def new_password() -> str:
    """192 random bits: nobody types it, and the broker may hash it fast."""
    return secrets.token_urlsafe(24)


def check_kind(kind: str) -> Kind:
    """The kind of that name; raises `WrongEnrolment`."""
    try:
        return Kind(kind)
    except ValueError:
        raise WrongEnrolment("kind", f"expected one of {', '.join(Kind)}") from None


def check_name(device: str, taken_names: Collection[str] = ()) -> None:
    """Raises `WrongEnrolment` for what cannot be a device's name."""
    if not is_name(device):
        raise WrongEnrolment("id", "expected 1 to 63 of a-z, 0-9 and -, the first no -")
    if device in taken_names:
        raise WrongEnrolment("id", f"{device!r} is the name under which the gateway itself speaks to the broker")


def check_place(kind: Kind, place: Place, campus: Campus, private_zones: Collection[str] = ()) -> None:
    """Raises `WrongEnrolment` where such a device cannot stand."""
    if place.portal is not None and place.zone is not None:
        raise WrongEnrolment("zone", "a device stands at a portal or in a zone, not both")
    if kind is Kind.PANEL or (kind is Kind.CAMERA and place.portal is None):
        _check_zone(kind, place, campus, private_zones)
    else:
        _check_portal(kind, place, campus, private_zones)
    if place.locations and kind is not Kind.PANEL:
        raise WrongEnrolment("location", f"only a panel has panic buttons, a {kind} has none")
    if len(place.locations) > MAX_LOCATIONS:
        raise WrongEnrolment("location", f"a panel has at most {MAX_LOCATIONS} of them")
    for location in place.locations:
        if not location.strip() or len(location) > MAX_LABEL or not location.isprintable():
            raise WrongEnrolment("location", f"expected 1 to {MAX_LABEL} printable characters")
        if place.locations.count(location) > 1:
            raise WrongEnrolment("location", f"{location!r} is given twice")


def _check_portal(kind: Kind, place: Place, campus: Campus, private_zones: Collection[str]) -> None:
    if place.portal is None:
        raise WrongEnrolment("portal", f"a {kind} stands at a portal: say which")
    portal = campus.portals.get(place.portal)
    if portal is None:
        raise WrongEnrolment("portal", f"there is no portal {place.portal!r}; there are {_listed(campus.portals)}")
    fits = _PORTALS_OF[kind]
    if portal.kind not in fits:
        raise WrongEnrolment(
            "portal",
            f"a {kind} stands at a portal of kind {' or '.join(sorted(fits))}; {portal.id!r} is a {portal.kind}",
        )
    if kind is Kind.CAMERA and not set(campus.around(portal.zone)).isdisjoint(private_zones):
        raise WrongEnrolment("portal", f"{portal.id!r} leads into a private zone: no camera may look there")


def _check_zone(kind: Kind, place: Place, campus: Campus, private_zones: Collection[str]) -> None:
    if place.portal is not None:
        raise WrongEnrolment("portal", f"a {kind} stands in a zone, not at a portal")
    if place.zone is None:
        what = "a portal or in a zone" if kind is Kind.CAMERA else "a zone"
        raise WrongEnrolment("zone", f"a {kind} stands {'at' if kind is Kind.CAMERA else 'in'} {what}: say which")
    if place.zone not in campus.zones:
        raise WrongEnrolment("zone", f"there is no zone {place.zone!r}; there are {_listed(campus.zones)}")
    if kind is Kind.CAMERA and not set(campus.around(place.zone)).isdisjoint(private_zones):
        raise WrongEnrolment("zone", f"{place.zone!r} is a private zone: no camera may stand there")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


# ---------------------------------------------------------------- what the ledger gets to know


def device_enrolled(enrolment: Enrolment, by: str | None, now: datetime) -> Entry:
    place = enrolment.place
    body = {
        "device": enrolment.id,
        "kind": enrolment.kind.value,
        "portal": place.portal,
        "zone": place.zone,
        "locations": list(place.locations),
        "by": by,
    }
    return Entry("device_enrolled", now, body)


def device_key_changed(device: str, by: str | None, now: datetime) -> Entry:
    return Entry("device_key_changed", now, {"device": device, "by": by})


def device_replaced(device: str, note: str | None, by: str | None, now: datetime) -> Entry:
    return Entry("device_replaced", now, {"device": device, "note": note, "by": by})


def device_retired(device: str, by: str | None, now: datetime, note: str | None = None) -> Entry:
    return Entry("device_retired", now, {"device": device, "note": note, "by": by})
