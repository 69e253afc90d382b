"""The database is locked, stops or restarts: leaving goes on, entry waits for nobody, nothing is lost or doubled."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.faults.load import NO_LIMITS, let_run, under_load
from tests.parts.lone_client import LoneClient
from tests.parts.postgres import PostgresPart
from tests.parts.scene import DOOR, EXIT, GATE, Scene


@contextmanager
def locked(scene: Scene) -> Iterator[None]:
    """Somebody outside takes the whole database for himself."""
    outside = sqlite3.connect(scene.site.sqlite_file, isolation_level=None, timeout=10)
    outside.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        outside.rollback()
        outside.close()


@pytest.fixture
def running(scene: Scene) -> tuple[Scene, LoneClient, LoneClient, LoneClient]:
    """A gateway with a reader in, a reader out and a dormitory door, all with their postures and lists."""
    entry, out = scene.device("reader", "in", GATE), scene.device("reader", "out", EXIT)
    door = scene.device("dorm", "door", DOOR)
    scene.gateway.start()
    for client in (entry, out, door):
        client.start()
        client.until(lambda client=client: client.posture and client.list_version, 15, "posture and list")
    return scene, entry, out, door


@pytest.mark.xdist_group("deadlines")
def test_while_the_database_is_locked_leaving_goes_on_and_entry_is_not_answered(
    running: tuple[Scene, LoneClient, LoneClient, LoneClient],
) -> None:
    scene, entry, out, door = running
    with locked(scene):
        began = time.monotonic()
        egress = door.tap("STUDENT2", "out")
        answer = door.answer(egress)
        egress_s = time.monotonic() - began
        asked_in, staff_out, pupil_out = entry.tap("STAFF1"), out.tap("STAFF1", "out"), out.tap("STUDENT1", "out")
        staff, pupil = out.answer(staff_out), out.answer(pupil_out)
        entry.until(lambda: entry.taps[asked_in].decided, 5)
        time.sleep(1)

    assert (answer["action"], answer["reason"]) == ("grant", "ok_exit")
    assert egress_s < 0.3
    assert entry.taps[asked_in].answers == [] and entry.taps[asked_in].decided == "alone"
    assert (staff["action"], out.taps[staff_out].decided) == ("grant", "gateway"), "nobody is held who may leave freely"
    assert (pupil["action"], pupil["reason"]) == ("wait", "ledger_unavailable"), "a pupil waits for the guard"

    # It comes back by itself, without a restart, with one record for each of them.
    assert entry.ask("STAFF2", timeout_s=10)["action"] == "grant"
    for client in (entry, door):
        client.wait_acked()
    for client, tap in ((door, egress), (entry, asked_in), (out, staff_out), (out, pupil_out)):
        scene.site.wait_for("decision", lambda row, tap=tap: row.body["tap"] == tap)
        assert [body["tap"] for body in scene.rows("decision", client.device)].count(tap) == 1
    trouble = [row.body for row in scene.site.rows() if row.body.get("condition") == "ledger_trouble"]
    assert len(trouble) >= 2, "that it was away, and that it is back"
    assert scene.site.verify().holds


def test_events_wait_in_the_devices_while_the_database_is_locked(
    running: tuple[Scene, LoneClient, LoneClient, LoneClient],
) -> None:
    scene, _, _, door = running
    with locked(scene):
        for _ in range(20):
            door.event("door_opened")
        time.sleep(3)
        acked = door.acked.get(door.boot, 0)

    assert acked == 0, "what is not on disk is not acked"
    door.wait_acked(40)
    assert [body["seq"] for body in scene.rows("event", "door")] == list(range(1, 21))


@pytest.mark.postgres
def test_nothing_is_lost_or_doubled_when_postgresql_restarts_under_load(
    make_scene: Callable[..., Scene], postgres_server: PostgresPart, postgres_url: str, rng: random.Random
) -> None:
    if not postgres_server.is_ours:
        pytest.skip("the server of WARDGATE_TEST_DATABASE_URL is not ours to stop")
    scene = make_scene(postgres_url, **NO_LIMITS)
    with under_load(scene, rng):
        for _ in range(2):
            let_run(rng.uniform(0.5, 1.0))
            postgres_server.stop()
            let_run(1.5)
            postgres_server.start()
        let_run(1.0)

    said = [line["event"] for line in scene.gateway.events()]
    assert said.count("database_away") == said.count("database_back") >= 1
