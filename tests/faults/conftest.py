"""A site of its own for each test of a fault, with a gateway that is not running yet."""

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

GATE = Place("north-in", None)
EXIT = Place("north-out", None)
DOOR = Place("dorm-1-door", None)
LANE = Place("north-vehicle", None)


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
        client = LoneClient(self.site.enrol_all([(kind, device, place)])[0], port, **how)
        self.clients.append(client)
        return client

    def rows(self, kind: str, device: str) -> list[dict[str, Any]]:
        return [row.body for row in self.site.rows(kind) if row.body.get("device", row.body.get("place")) == device]

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
