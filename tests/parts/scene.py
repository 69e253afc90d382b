"""A scene for one test: a broker, a site with people, its gateway, and between them what the test wants to break.

Promises: `make_scene` gives a site of its own with a gateway that is not running yet, `behind_a_proxy` one that runs
and a link that can be spoiled; everything is gone when the test ends.
Leaves to others: the parts themselves, and what happens to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway.flows.enrolment import Place
from tests.parts.gateway_process import PEOPLE, GatewayProcess, SiteFolder
from tests.parts.lone_client import LoneClient
from tests.parts.mosquitto import Mosquitto
from tests.parts.proxy import ChaosProxy
from tests.parts.waiting import wait_until

GATE = Place("north-in", None)
EXIT = Place("north-out", None)
DOOR = Place("dorm-1-door", None)
LANE = Place("north-vehicle", None)
SOON_S = 3.0
"""After this long without an ack these devices tell their events again. The page says ten seconds, which most tests of
a fault would spend waiting; to the gateway an earlier repeat is only one more that it has to recognise."""


@dataclass
class Scene:
    """A broker, a site with people, its gateway (start it), and devices that are switched off at the end."""

    site: SiteFolder
    broker: Mosquitto
    gateway: GatewayProcess
    clients: list[LoneClient] = field(default_factory=list)

    def device(self, kind: str, device: str, place: Place, **how: Any) -> LoneClient:
        """Enrolled before the gateway starts, so that it knows it from the beginning; switched off."""
        port = how.pop("port", self.broker.port)
        how.setdefault("resend_after_s", SOON_S)
        client = LoneClient(self.site.enrol_all([(kind, device, place)])[0], port, **how)
        self.clients.append(client)
        return client

    def rows(self, kind: str, device: str) -> list[dict[str, Any]]:
        return [row.body for row in self.site.rows(kind) if row.body.get("device", row.body.get("place")) == device]

    def said(self, event: str) -> int:
        """How often the gateway's log tells of it since its last start."""
        return sum(line.get("event") == event for line in self.gateway.events())

    def wait_broker_back(self) -> None:
        """Until the gateway hears devices again, after it has once missed its broker; a tap before that is lost."""
        wait_until(lambda: self.said("broker_connected") >= 2, "the link is back", 30)

    def close(self) -> None:
        for client in self.clients:
            client.stop()


@pytest.fixture
def make_scene(
    tmp_path: Path, mosquitto: Mosquitto, make_gateway: Callable[..., GatewayProcess]
) -> Iterator[Callable[..., Scene]]:
    made: list[Scene] = []

    def make(database_url: str | None = None, mqtt_url: str | None = None, **extra: str) -> Scene:
        site = SiteFolder(tmp_path / f"site-{len(made)}", database_url, mqtt_url or mosquitto.url, extra)
        site.import_people(*PEOPLE)
        scene = Scene(site, mosquitto, make_gateway(site))
        made.append(scene)
        return scene

    yield make
    for scene in made:
        scene.close()


@pytest.fixture
def scene(make_scene: Callable[..., Scene]) -> Scene:
    """The usual one: SQLite."""
    made: Scene = make_scene()
    return made


@dataclass
class CutOff:
    """A running gateway, a device that has its posture, and the proxy through which one of the two speaks."""

    scene: Scene
    device: LoneClient
    proxy: ChaosProxy


@pytest.fixture
def behind_a_proxy(
    make_scene: Callable[..., Scene], make_proxy: Callable[[int], ChaosProxy]
) -> Callable[[str, str, Place], CutOff]:
    """`behind_a_proxy("gateway" or "device", kind, place)`: whose link goes through the proxy, and which device."""

    def make(who: str, kind: str, place: Place) -> CutOff:
        scene = make_scene()
        proxy = make_proxy(scene.broker.port)
        if who == "gateway":
            scene.site.mqtt_url = proxy.url
        port = proxy.port if who == "device" else scene.broker.port
        device = scene.device(kind, kind, place, port=port)
        scene.gateway.start()
        device.start()
        device.until(lambda: device.posture and device.list_version, 15, "posture and list")
        return CutOff(scene, device, proxy)

    return make
