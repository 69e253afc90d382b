"""The gateway is killed as by a power failure, over and over, while devices talk to it: nothing that counts is lost."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.faults.load import NO_LIMITS, let_run, under_load
from tests.parts.scene import Scene


def _kill_again_and_again(kills: int, scene: Scene, rng: random.Random) -> None:
    with under_load(scene, rng):
        for _ in range(kills):
            let_run(rng.uniform(0.05, 1.0))
            scene.gateway.kill9()
            scene.gateway.start()
    assert scene.gateway.stop() == 0


@pytest.mark.parametrize("round_", (1, 2))
def test_nothing_acked_is_lost_when_the_gateway_is_killed_under_load(
    round_: int, make_scene: Callable[..., Scene], database_url: str | None, rng: random.Random
) -> None:
    _kill_again_and_again(3, make_scene(database_url, **NO_LIMITS), rng)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_nothing_acked_is_lost_in_a_hundred_kills(
    make_scene: Callable[..., Scene], database_url: str | None, rng: random.Random
) -> None:
    _kill_again_and_again(100, make_scene(database_url, **NO_LIMITS), rng)
