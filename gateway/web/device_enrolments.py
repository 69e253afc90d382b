"""Handlers: enrol a device, give it a new key, replace it, let it go; and what goes with it.

Promises: the bundle of secrets is in this one answer, which no cache keeps (`no-store`), and nowhere else. What a
person must still do at the broker is said in the answer. Leaves to others: the acts themselves (`flows.enrolling`).
"""

from devices.topics import Kind as DeviceKind
from devices.topics import device_topic
from gateway.flows import enrolment
from gateway.flows.enrolling import Enrolling, Handed, InStep
from gateway.flows.enrolment import AlreadyEnrolled, NotEnrolled, Place, WrongEnrolment
from gateway.web import device_shapes as shapes
from gateway.web.context import Call
from gateway.web.device_desk import found_device
from gateway.web.problems import FieldError, Kind, Problem, not_found


async def list_places(call: Call) -> shapes.DevicePlaces:
    """Which portals and zones a device of each kind may have."""
    campus, private = call.site.campus, _enrolling(call).private_zones
    portals: dict[str, list[str]] = {}
    zones: dict[str, list[str]] = {}
    for kind in DeviceKind:
        portals[kind.value] = [id for id in campus.portals if _fits(kind, Place(id, None), call, private)]
        zones[kind.value] = [id for id in campus.zones if _fits(kind, Place(None, id), call, private)]
    return shapes.DevicePlaces(portals, zones)


async def enrol(call: Call) -> shapes.DeviceBundle:
    given = call.body
    place = Place(given.portal or None, given.zone or None, tuple(given.locations))
    try:
        handed = await _enrolling(call).enrol(given.kind, given.id, place, call.by.ref)
    except WrongEnrolment as error:
        raise Problem(Kind.VALIDATION, errors=(FieldError(error.field, str(error)),)) from None
    except AlreadyEnrolled:
        raise Problem(Kind.CONFLICT, "enrolled: there is a device of that name") from None
    return _bundle(call, handed, place)


async def rotate_key(call: Call) -> shapes.DeviceBundle:
    device = found_device(call)
    place = Place(device.portal, device.zone)
    try:
        return _bundle(call, await _enrolling(call).rotate_key(device.id, call.by.ref), place)
    except NotEnrolled:
        raise not_found("device") from None


async def replace(call: Call) -> shapes.DeviceBundle:
    """Another box in the same place; the old one is refused from now on."""
    device = found_device(call)
    place = Place(device.portal, device.zone)
    try:
        return _bundle(call, await _enrolling(call).replace(device.id, call.body.reason, call.by.ref), place)
    except NotEnrolled:
        raise not_found("device") from None


async def retire(call: Call) -> shapes.Retired:
    device = found_device(call).id
    try:
        return shapes.Retired(device, _step(await _enrolling(call).retire(device, call.body.reason, call.by.ref)))
    except NotEnrolled:
        raise not_found("device") from None


async def get_consequences(call: Call) -> shapes.Consequences:
    """What goes with it, for the second look."""
    found = _enrolling(call).consequences(found_device(call).id)
    return shapes.Consequences(found.others, found.waiting, found.untold, found.alarms)


def _enrolling(call: Call) -> Enrolling:
    if call.parts.enrolling is None:
        raise Problem(Kind.AWAY, "devices are not enrolled here")
    return call.parts.enrolling


def _fits(kind: DeviceKind, place: Place, call: Call, private: frozenset[str]) -> bool:
    try:
        enrolment.check_place(kind, place, call.site.campus, private)
    except WrongEnrolment:
        return False
    return True


def _bundle(call: Call, handed: Handed, place: Place) -> shapes.DeviceBundle:
    bundle = handed.bundle
    # The name was checked: what is no name never gets here.
    topic = device_topic(bundle.site, DeviceKind(bundle.kind), bundle.device, "status").rpartition("/")[0]
    return shapes.DeviceBundle(
        device=bundle.device,
        kind=bundle.kind,
        site=bundle.site,
        key=bundle.key.hex(),
        username=bundle.device,
        password=bundle.password,
        topic=topic,
        portal=place.portal,
        zone=place.zone,
        broker=_step(handed.broker),
    )


def _step(step: InStep) -> shapes.BrokerStep:
    return shapes.BrokerStep(step.step.value, step.trouble)
