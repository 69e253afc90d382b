"""When a gateway must not run it says why and ends with 2; when something is only late it waits for it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.parts.gateway_process import GatewayProcess, SiteFolder
from tests.parts.postgres import PostgresPart
from tests.parts.scene import GATE, Scene


def ended(gateway: GatewayProcess) -> str:
    """What it said when it refused to run."""
    assert gateway.wait_end() == 2, gateway.words()
    return gateway.words()


def test_a_second_gateway_on_the_same_database_ends_and_says_which_one_is_running(
    scene: Scene, make_gateway: Callable[..., GatewayProcess]
) -> None:
    scene.gateway.start()
    instance = scene.gateway.wait_for_event("gateway_runs")["instance"]

    said = ended(make_gateway(scene.site).spawn())

    assert instance in said
    assert str(scene.gateway.pid) in said
    assert scene.gateway.is_running


def test_a_second_gateway_with_another_database_ends_and_says_which_one_is_running(
    scene: Scene, tmp_path: Path, make_gateway: Callable[..., GatewayProcess]
) -> None:
    reader = scene.device("reader", "reader", GATE)
    scene.gateway.start()
    instance = scene.gateway.wait_for_event("gateway_runs")["instance"]
    reader.start()

    said = ended(make_gateway(scene.site, {"WARDGATE_DATA": str(tmp_path / "other")}).spawn())

    assert instance in said
    assert str(scene.gateway.pid) in said
    assert scene.gateway.is_running
    assert reader.ask("STAFF1")["action"] == "grant"
    reader.until(lambda: len([c for c in reader.commands if c["action"] == "grant"]) == 1)


def test_after_a_kill_the_next_one_may_start_at_once(scene: Scene) -> None:
    scene.gateway.start()
    scene.gateway.kill9()

    scene.gateway.start()

    assert scene.gateway.stop() == 0


def test_a_retained_word_of_a_gateway_that_is_gone_holds_nobody_up_for_long(scene: Scene) -> None:
    """Both died at once: the will was never published, and the broker still keeps `online`."""
    scene.broker.lines = [line for line in scene.broker.lines if not line.startswith("persistence")]
    scene.broker.lines += ["persistence true", "autosave_on_changes true", "autosave_interval 1"]
    scene.broker.restart()
    scene.gateway.start()
    time.sleep(1.5)  # it says `online` each second
    scene.broker.kill9()
    scene.gateway.kill9()
    scene.broker.start()

    scene.gateway.start()

    said = [line["event"] for line in scene.gateway.events()]
    assert "another_gateway_said_online" in said, "the broker had forgotten it: this test shows nothing"


@pytest.mark.campaign
def test_a_broker_that_takes_connections_and_says_nothing_does_not_hold_up_the_start(scene: Scene) -> None:
    """Without the pages nobody could see that it is the broker."""
    scene.broker.freeze()
    try:
        scene.gateway.start(with_broker=False)
    finally:
        scene.broker.thaw()

    reader = scene.device("reader", "reader", GATE)
    reader.start()
    assert reader.until(lambda: reader.posture, 40)


def test_a_damaged_database_is_said_and_left_as_it_is(scene: Scene) -> None:
    path = scene.site.sqlite_file
    for beside in path.parent.glob(f"{path.name}-*"):
        beside.unlink()
    path.write_bytes(b"\xff" * 4096)

    said = ended(scene.gateway.spawn())

    assert "database" in said
    assert path.read_bytes() == b"\xff" * 4096


def test_an_empty_database_with_a_head_file_is_no_silent_new_start(scene: Scene) -> None:
    path = scene.site.sqlite_file
    for part in path.parent.glob(f"{path.name}*"):
        part.unlink()

    said = ended(scene.gateway.spawn())

    assert "ledger.head" in said
    assert "empty" in said


def test_a_ledger_whose_tail_was_cut_off_while_nobody_ran_is_said_and_recorded(scene: Scene) -> None:
    scene.gateway.start()
    scene.gateway.stop()
    outside = sqlite3.connect(scene.site.sqlite_file)
    count = outside.execute("SELECT count FROM head").fetchone()[0]
    last = outside.execute("SELECT hash FROM ledger WHERE seq = ?", (count - 1,)).fetchone()[0]
    outside.execute("DELETE FROM ledger WHERE seq = ?", (count,))
    outside.execute("UPDATE head SET count = ?, hash = ?", (count - 1, last))
    outside.commit()
    outside.close()

    scene.gateway.start()

    scene.gateway.wait_for_event("ledger_cut")
    assert scene.site.rows("ledger_cut")[0].body["head"]["count"] == count
    scene.site.wait_for_alarm(lambda row: row.body["condition"] == "ledger_trouble")
    assert not scene.site.verify().holds


def test_a_damaged_page_is_found_by_verify_with_words(scene: Scene) -> None:
    scene.site.import_people(*(f"n{n},Name {n},staff,staff,NEW{n},,,," for n in range(200)))
    path = scene.site.sqlite_file
    outside = sqlite3.connect(path)
    outside.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    page = outside.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ledger'").fetchone()[0]
    size = outside.execute("PRAGMA page_size").fetchone()[0]
    outside.close()
    data = bytearray(path.read_bytes())
    data[(page - 1) * size : page * size] = b"\xff" * size
    path.write_bytes(bytes(data))

    done = scene.site.cli("ledger", "verify")

    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert "database" in done.stderr or "ledger" in done.stderr


def test_a_gateway_that_is_stopped_while_it_waits_for_its_database_ends(
    tmp_path: Path, make_gateway: Callable[..., GatewayProcess]
) -> None:
    gateway = make_gateway(SiteFolder(tmp_path / "site", "postgresql://nobody@127.0.0.1:1/wardgate")).spawn()
    gateway.wait_for_event("database_away", 60)
    time.sleep(2.5)  # it tries again and again

    assert gateway.stop() == 2
    assert [line["event"] for line in gateway.events()].count("database_away") == 1


@pytest.mark.postgres
def test_a_gateway_that_starts_before_its_database_runs_when_it_comes(
    make_scene: Callable[..., Scene], postgres_server: PostgresPart, postgres_url: str
) -> None:
    if not postgres_server.is_ours:
        pytest.skip("the server of WARDGATE_TEST_DATABASE_URL is not ours to stop")
    scene = make_scene(postgres_url)
    reader = scene.device("reader", "reader", GATE)
    postgres_server.stop()
    try:
        scene.gateway.spawn().wait_for_event("database_away", 60)
    finally:
        postgres_server.start()

    scene.gateway.wait_ready()

    reader.start()
    assert reader.ask("STAFF1", timeout_s=10)["action"] == "grant"
