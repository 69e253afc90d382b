"""Where on the campus is the place that an alarm, an incident or a task names?

Promises: `zone_of` and `portal_of` answer for whatever an alarm calls its place: a device, a portal, a zone, a camera,
a panel's button, a gate or a post; None for what stands nowhere ("cameras", an order, a notice channel). A name that
is several things is the first of these, in that order. Pure reading of the site; nothing is remembered. Leaves to
others: which cameras see a place (`alarm_pictures.cameras_at`), which control room a zone belongs to.
"""

from gateway.core.posts import portals_of
from gateway.flows.devices import Device
from gateway.flows.site import Site


def zone_of(site: Site, place: str) -> str | None:
    """The zone in which this is. At a portal it is the zone that the portal leads into; for a gate and a post the
    innermost zone around all of their portals."""
    campus = site.campus
    device = _device_of(site, place)
    if device is not None:
        if device.portal is not None and device.portal in campus.portals:
            return campus.portals[device.portal].zone
        return device.zone if device.zone in campus.zones else None
    if place in campus.portals:
        return campus.portals[place].zone
    if place in campus.zones:
        return place
    camera = site.cameras.get(place)
    if camera is not None:
        return camera.camera.zone if camera.camera.zone in campus.zones else None
    return _around_all(site, [campus.portals[id].zone for id in _portals_of_many(site, place)])


def portal_of(site: Site, place: str) -> str | None:
    """The one portal that this is, or stands at, or that alone it looks at or guards; None if it is none or several."""
    campus = site.campus
    device = _device_of(site, place)
    if device is not None:
        return device.portal if device.portal in campus.portals else None
    if place in campus.portals:
        return place
    if place in campus.zones:
        return None
    camera = site.cameras.get(place)
    portals = _portals_of_many(site, place) if camera is None else sorted(camera.camera.sees & set(campus.portals))
    return portals[0] if len(portals) == 1 else None


def _device_of(site: Site, place: str) -> Device | None:
    """The device of that name, or the panel whose button it is. What is a portal, zone or camera is no button."""
    device = site.devices.get(place)
    if device is not None or place in site.campus.portals or place in site.campus.zones or place in site.cameras:
        return device
    return next((one for one in site.devices if place in one.locations), None)


def _portals_of_many(site: Site, place: str) -> list[str]:
    """The portals of a gate or a post, in the order of their names."""
    campus = site.campus
    of_post = next((post.portals for post in campus.posts if post.id == place), frozenset[str]())
    found = portals_of(campus, place) or of_post
    return sorted(portal for portal in found if portal in campus.portals)


def _around_all(site: Site, zones: list[str]) -> str | None:
    """The innermost zone that contains all of these."""
    if not zones:
        return None
    chains = [site.campus.around(zone) for zone in zones]
    return next((zone for zone in chains[0] if all(zone in chain for chain in chains)), None)
