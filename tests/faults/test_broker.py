"""The broker dies, stalls or forgets: devices and gateway find each other again, nothing is lost, and nothing moves."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable

import pytest

from tests.faults.load import NO_LIMITS, let_run, under_load
from tests.parts.scene import DOOR, GATE, Scene


def _kill_again_and_again(kills: int, scene: Scene, rng: random.Random) -> None:
    with under_load(scene, rng):
        for _ in range(kills):
            let_run(rng.uniform(0.3, 1.0))
            scene.broker.restart(pause_s=rng.uniform(0.0, 0.5))


def test_nothing_acked_is_lost_when_the_broker_is_killed_under_load(
    make_scene: Callable[..., Scene], rng: random.Random
) -> None:
    _kill_again_and_again(5, make_scene(**NO_LIMITS), rng)


@pytest.mark.campaign
@pytest.mark.timeout(1800)
def test_nothing_acked_is_lost_in_fifty_kills_of_the_broker(
    make_scene: Callable[..., Scene], database_url: str | None, rng: random.Random
) -> None:
    _kill_again_and_again(50, make_scene(database_url, **NO_LIMITS), rng)


def test_all_that_was_told_to_a_stalled_gateway_arrives(make_scene: Callable[..., Scene], rng: random.Random) -> None:
    scene = make_scene(**NO_LIMITS)
    with under_load(scene, rng):
        let_run(0.5)
        scene.gateway.freeze()
        let_run(6.0)  # longer than any answer is waited for, and than a nonce lives
        scene.gateway.thaw()
        let_run(0.5)


def test_a_broker_that_lost_everything_moves_nothing_and_gets_the_postures_back(scene: Scene) -> None:
    door, reader = scene.device("dorm", "door", DOOR), scene.device("reader", "reader", GATE)
    scene.gateway.start()
    for client in (door, reader):
        client.start()
        client.until(lambda client=client: client.posture, 10)
    reader.ask("STAFF1")
    opened, results = list(reader.moved), list(reader.results)

    scene.broker.kill9()
    shutil.rmtree(scene.broker.data)
    reader.stop()
    reader.posture = None  # this one lost its flash as well
    scene.broker.start()
    reader.start()

    assert reader.until(lambda: reader.posture, 20, "a posture")["version"] >= 1
    assert reader.ask("STAFF1")["action"] == "grant"
    door.until(lambda: door.connected, 10)
    assert door.moved == [] and door.commands == []
    assert reader.moved[: len(opened)] == opened and len(reader.moved) == len(opened) + 1
    assert reader.results[: len(results)] == results and len(reader.results) == len(results) + 1


def test_a_gateway_that_starts_before_its_broker_serves_when_it_comes(scene: Scene) -> None:
    reader = scene.device("reader", "reader", GATE)
    scene.broker.stop()
    scene.gateway.start(with_broker=False)

    scene.broker.start()
    reader.start()

    assert reader.until(lambda: reader.posture, 40, "a posture")
    assert reader.ask("STAFF1")["action"] == "grant"


def test_a_broker_that_is_away_is_said_once_and_its_return_too(scene: Scene) -> None:
    scene.gateway.start()
    scene.broker.stop()
    scene.gateway.wait_for_event("broker_away")
    time.sleep(1.5)  # several attempts to connect
    scene.broker.start()
    scene.wait_broker_back()

    assert scene.said("broker_away") == 1
