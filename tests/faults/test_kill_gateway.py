"""The gateway is killed as by a power failure, over and over, while devices talk to it: nothing that counts is lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.load import NO_LIMITS, Load, let_run
from tests.parts.gateway_process import PEOPLE, GatewayProcess, SiteFolder
from tests.parts.mosquitto import Mosquitto


def _kill_again_and_again(
    kills: int,
    tmp_path: Path,
    mosquitto: Mosquitto,
    database_url: str | None,
    make_gateway: Callable[..., GatewayProcess],
    rng: random.Random,
) -> None:
    site = SiteFolder(tmp_path / "site", database_url, mosquitto.url, NO_LIMITS)
    site.import_people(*PEOPLE)
    gateway = make_gateway(site)
    load = Load(site, mosquitto.port, rng)
    gateway.start()
    load.start()
    try:
        for _ in range(kills):
            let_run(rng.uniform(0.05, 1.0))
            gateway.kill9()
            gateway.start()
        load.calm()
    finally:
        load.close()
    load.check()
    assert gateway.stop() == 0


@pytest.mark.parametrize("round_", (1, 2))
def test_nothing_acked_is_lost_when_the_gateway_is_killed_under_load(
    round_: int,
    tmp_path: Path,
    mosquitto: Mosquitto,
    database_url: str | None,
    make_gateway: Callable[..., GatewayProcess],
    rng: random.Random,
) -> None:
    _kill_again_and_again(5, tmp_path, mosquitto, database_url, make_gateway, rng)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_nothing_acked_is_lost_in_a_hundred_kills(
    tmp_path: Path,
    mosquitto: Mosquitto,
    database_url: str | None,
    make_gateway: Callable[..., GatewayProcess],
    rng: random.Random,
) -> None:
    _kill_again_and_again(100, tmp_path, mosquitto, database_url, make_gateway, rng)
