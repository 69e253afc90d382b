"""Where the place of an alarm is: every kind of place has its zone, and what stands nowhere has none."""

from __future__ import annotations

import pytest

from gateway.core.cameras import Camera, Source, SourceKind
from gateway.core.nouns import Label
from gateway.flows.cameras import CameraBook
from gateway.flows.places import portal_of, zone_of
from tests.flows.conftest import House


def camera(id: str, zone: str, *sees: str) -> Camera:
    return Camera(
        id=id,
        name=Label(id, id),
        zone=zone,
        source=Source(SourceKind.RTSP, "rtsp://camera.example"),
        sees=frozenset(sees),
    )


@pytest.mark.parametrize(
    ("place", "zone", "portal"),
    [
        ("reader-gate", "campus", "north-in"),
        ("bollard-bollard", "campus", "north-vehicle"),
        ("panel-panel", "dorm-1", None),
        ("desk", "dorm-1", None),
        ("dorm-1-door", "dorm-1", "dorm-1-door"),
        ("dorm-2", "dorm-2", None),
        ("hall", "teaching", None),
        ("door-camera", "campus", "dorm-1-door"),
        ("yard", "campus", None),
        ("north", "campus", None),
        ("north-gate", "campus", None),
        # A post and a zone are both called so: the zone is meant.
        ("control-room", "control-room", None),
        # The desks of three dormitories: what is around all of them.
        ("dormitories", "campus", None),
        ("cameras", None, None),
        ("no-such-thing", None, None),
        ("", None, None),
    ],
)
async def test_every_kind_of_place_has_its_zone_and_its_portal(
    house: House, place: str, zone: str | None, portal: str | None
) -> None:
    looking = (camera("hall", "teaching"), camera("door-camera", "campus", "dorm-1-door", "dorm-1"))
    cameras = (*looking, camera("yard", "campus", "north-in", "north-out"))
    house.site.cameras = CameraBook({one.id: one for one in cameras})
    names = {device.kind + "-" + device.id: device.id for device in house.site.devices}
    place = names.get(place, place)

    assert (zone_of(house.site, place), portal_of(house.site, place)) == (zone, portal)


async def test_a_device_whose_place_is_no_longer_configured_stands_nowhere(house: House) -> None:
    device = house.site.devices.get("gate")
    assert device is not None
    device.portal, device.zone = "gone", None

    assert (zone_of(house.site, "gate"), portal_of(house.site, "gate")) == (None, None)
