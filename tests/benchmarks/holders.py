"""`bench holders`: what a large school costs. 100,000 holders and 1,000,000 ledger rows against an empty campus.

One run measures the import of the people, the time from the start of the process to the first decision, the memory, and
the price of a lone tap on the large campus against the same tap on an empty one, round by round on the same broker.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import sqlalchemy as sa

from gateway import settings
from gateway.cli.site_store import open_site_store
from gateway.flows.ports import Entry, Unit
from gateway.store import tables
from tests.benchmarks.campus import Reader, gateway_environment, make_campus, signed_tap, write_taps
from tests.benchmarks.figures import Figure, exit_status, print_figures
from tests.benchmarks.rig import CannotMeasure, GatewayProcess, compile_c, run_load, say, start_broker

LARGE, EMPTY = "bench-l", "bench-e"
EMPTY_HOLDERS = 10
ROWS_AT_ONCE = 5_000
PAUSE_MS = 5
FIRST_DECISION_WITHIN_S = 120.0
TAP_AGAIN_S = 0.02


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench holders", description=__doc__)
    parser.add_argument("--holders", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=1_000_000, help="ledger rows of the large campus")
    parser.add_argument("--readers", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--taps", type=int, default=200, help="lone taps of each run")
    parser.add_argument("--dir", help="where the databases lie (the disk to measure on)")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="wardgate-bench-", dir=options.dir) as name, ExitStack() as parts:
        return measure(options, Path(name), parts)


def measure(options: argparse.Namespace, folder: Path, parts: ExitStack) -> int:
    load = compile_c("load", folder)
    port = start_broker(folder / "broker", parts)
    large_readers, import_s = make_campus(folder / LARGE, LARGE, options.holders, options.readers)
    empty_readers, _ = make_campus(folder / EMPTY, EMPTY, EMPTY_HOLDERS, options.readers)
    large = GatewayProcess(folder / LARGE, gateway_environment(port), folder / "large.log")
    empty = GatewayProcess(folder / EMPTY, gateway_environment(port), folder / "empty.log")
    parts.callback(large.stop)
    parts.callback(empty.stop)

    first_decision_s = start_to_first_decision(large, port, LARGE, large_readers[0])
    large.stop()
    fill_ledger(folder / LARGE, options.rows)
    starts = [first_decision_s]
    for _ in range(options.starts):
        large.stop()
        starts.append(start_to_first_decision(large, port, LARGE, large_readers[0]))
        say(f"start to first decision: {starts[-1]:.2f} s, {large.resident_mib():.0f} MiB")
    empty.start()
    for gateway in (large, empty):
        gateway.wait_until_quiet()

    campuses = {LARGE: (large_readers, options.holders), EMPTY: (empty_readers, EMPTY_HOLDERS)}
    lone: dict[str, list[dict[str, Any]]] = {site: [] for site in campuses}
    taps = folder / "taps"

    def run(site: str, count: int) -> dict[str, Any]:
        readers, holders = campuses[site]
        # People from all over the table, each only once, so that nothing of theirs is warm.
        step = max(1, holders // count)
        offset = len(lone[site]) % step
        write_taps(taps, site, readers, count, range(offset, holders, step))
        done = run_load(load, port, site, taps, len(readers), 1, PAUSE_MS, warm_up=count // 10)
        if done["granted"] != done["taps"]:
            raise CannotMeasure(f"not every tap was granted: {done}")
        return done

    for site in campuses:
        run(site, 100)
    for number in range(options.rounds):
        for site in list(campuses) if number % 2 == 0 else list(campuses)[::-1]:
            lone[site].append(run(site, options.taps))
        say(f"round {number + 1}: " + ", ".join(f"{site} p50 {lone[site][-1]['p50_us']:.0f} µs" for site in campuses))
    memory_mb = large.resident_mib() * 1.048576

    ratios = tuple(ours["p50_us"] / theirs["p50_us"] for ours, theirs in zip(lone[LARGE], lone[EMPTY], strict=True))
    full = options.holders >= 100_000 and options.rows >= 1_000_000 and options.rounds >= 5
    what = f"{options.holders:,} holders"
    figures = [
        Figure(
            f"lone tap, p50, {what} and {options.rows:,} ledger rows against an empty campus (95 %)",
            ratios,
            reach=1.15,
            more_is_better=False,
            judged=full,
            upper_end=True,
        ),
        Figure(f"start to first decision, {what}", tuple(starts), 5, 3, more_is_better=False, unit="s", judged=full),
        Figure(f"memory, {what}", (memory_mb,), 300, 200, more_is_better=False, unit="MB", judged=full),
        Figure(f"import of {what}", (import_s,), 60, more_is_better=False, unit="s", judged=full),
    ]
    if options.json:
        print(json.dumps({"figures": [figure.as_json() for figure in figures], "runs": lone}))
    else:
        print_figures(figures)
    return exit_status(figures)


def start_to_first_decision(gateway: GatewayProcess, port: int, site: str, reader: Reader) -> float:
    """From the start of the process to the first command: a reader taps again and again until somebody answers."""
    answered = threading.Event()
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="first-tap")
    client.on_message = lambda *_: answered.set()
    client.connect("127.0.0.1", port)
    client.subscribe(f"campus/{site}/reader/{reader.name}/command", 1)
    client.loop_start()
    try:
        began = time.monotonic()
        gateway.spawn()
        while not answered.wait(TAP_AGAIN_S):
            if gateway.has_ended() or time.monotonic() - began > FIRST_DECISION_WITHIN_S:
                raise CannotMeasure(f"no first decision: {gateway.last_words()}")
            topic, payload = signed_tap(site, reader, "first", 0)
            client.publish(topic, payload, 1)
        return time.monotonic() - began
    finally:
        client.disconnect()
        client.loop_stop()
        gateway.wait_until_ready()


def fill_ledger(config: Path, rows: int) -> None:
    """More decisions like the one that is there already, through the ledger's own door, until there are `rows`."""
    say(f"filling the ledger to {rows:,} rows")
    with open_site_store(settings.load(config, settings.environment())) as store:
        have, example = store.read(lambda connection: (_count(connection), _decision(connection)))
        if example is None:
            raise CannotMeasure("the first tap left no decision in the ledger")
        for start in range(have, rows, ROWS_AT_ONCE):
            now = datetime.now(UTC)
            numbers = range(start, min(start + ROWS_AT_ONCE, rows))
            store.commit(Unit(tuple(Entry("decision", now, {**example, "n": n}, f"bench:{n}") for n in numbers)))


def _count(connection: sa.Connection) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(tables.ledger)).scalar_one()


def _decision(connection: sa.Connection) -> dict[str, Any] | None:
    body = (
        connection.execute(sa.select(tables.ledger.c.body).where(tables.ledger.c.kind == "decision")).scalars().first()
    )
    return json.loads(body) if body is not None else None
