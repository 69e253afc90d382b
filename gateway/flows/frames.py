"""A camera's picture arrives: the newest one is kept in memory for the screens, until the video checks take it over."""

from devices.messages import Frame
from gateway.flows import alarm_pictures, plates, snapshots
from gateway.flows.devices import Device
from gateway.flows.site import Picture, Site

PICTURES_AT_MOST = 64


async def frame(site: Site, device: Device, frame: Frame, jpeg: bytes) -> None:
    """Keep the newest picture of a camera; its digest was checked with the message."""
    if device.kind != "camera":
        return
    site.pictures[device.id] = Picture(frame.at, frame.command, jpeg)
    site.pictures.move_to_end(device.id)
    if len(site.pictures) > PICTURES_AT_MOST:
        site.pictures.popitem(last=False)
    if snapshots.came(site, frame.command, site.pictures[device.id]):
        return
    site.feed.publish({"type": "picture", "device": device.id, "at": frame.at, "command": frame.command})
    plates.picture_came(site, frame.command, site.pictures[device.id])
    await alarm_pictures.came(site, device, frame, jpeg)
