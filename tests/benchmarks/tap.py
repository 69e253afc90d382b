"""`bench tap`: taps against a bare C echo and against commit-per-tap, through one Mosquitto, in one run.

Three answer the same load in turn, round by round: the echo (echo.c), the gateway as it is, and the gateway told to
commit every tap alone. Each round asks for throughput (a window of unanswered taps), for the latency of a lone tap (a
quiet campus, a pause before each) and for that of taps in a row (each sent upon the last one's answer). A ratio is made
within its round, and the median of the rounds counts. Ratios survive a noisy machine, seconds do not.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.campus import Reader, gateway_environment, make_campus, rename_site, write_taps
from tests.benchmarks.figures import Figure, exit_status, print_figures
from tests.benchmarks.rig import (
    CannotMeasure,
    GatewayProcess,
    Incomplete,
    compile_c,
    disk_ms,
    run_load,
    say,
    start_broker,
    start_echo,
    wardgate,
)

# Below this a commit costs so little that grouping them cannot show; the ratio is printed but not judged.
DISK_THAT_COUNTS_MS = 0.3

# Between two lone taps: long enough for every process and thread to have gone to sleep.
PAUSE_MS = 5

# Of equal length, so that not even the bytes on the wire differ.
ECHO, GROUPED, SINGLE = "bench-e", "bench-g", "bench-s"
NAMES = {ECHO: "C echo", GROUPED: "gateway", SINGLE: "gateway, commit per tap"}


@dataclass
class Measured:
    throughput: list[dict[str, Any]] = field(default_factory=list)
    lone: list[dict[str, Any]] = field(default_factory=list)
    in_a_row: list[dict[str, Any]] = field(default_factory=list)


def main(words: list[str]) -> int:
    options = parse(words)
    # The parts stop before their folder goes.
    with tempfile.TemporaryDirectory(prefix="wardgate-bench-", dir=options.dir) as name, ExitStack() as parts:
        return measure(options, Path(name), parts)


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench tap", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds; at least 5 for a figure that counts")
    parser.add_argument("--taps", type=int, default=10_000, help="taps of one throughput run of the gateway")
    parser.add_argument("--lone-taps", type=int, default=200, help="taps of one run of lone taps")
    parser.add_argument("--window", type=int, default=128, help="unanswered taps of a throughput run")
    parser.add_argument("--readers", type=int, default=200, help="readers, each with a connection of its own")
    parser.add_argument("--holders", type=int, default=1_000, help="people with a card")
    parser.add_argument("--fsync-ms", type=float, default=0.0, help="make every fsync of the gateways so much slower")
    parser.add_argument("--dir", help="where the databases lie (the disk to measure on)")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    return parser.parse_args(words)


def measure(options: argparse.Namespace, folder: Path, parts: ExitStack) -> int:
    for least, name in ((1, "rounds"), (100, "taps"), (50, "lone_taps"), (1, "window"), (1, "readers"), (1, "holders")):
        if getattr(options, name) < least:
            raise CannotMeasure(f"--{name.replace('_', '-')} must be at least {least}")
    load, echo = compile_c("load", folder), compile_c("echo", folder)
    disk = disk_ms(folder) + options.fsync_ms
    say(f"a bare fsync takes {disk:.2f} ms here" + (" with --fsync-ms" if options.fsync_ms else ""))
    port = start_broker(folder / "broker", parts)
    start_echo(echo, port, ECHO, parts)
    readers = start_gateways(options, folder, port, parts)

    # The echo is an order of magnitude faster; runs should last about as long as each other.
    counts = {ECHO: 2 * options.taps, GROUPED: options.taps, SINGLE: max(1_000, options.taps // 4)}
    results = {site: Measured() for site in counts}
    taps = folder / "taps"

    def run(site: str, count: int, window: int, pause_ms: int = 0, again: int = 2) -> dict[str, Any]:
        write_taps(taps, site, readers, count, range(options.holders))
        try:
            done = run_load(load, port, site, taps, len(readers), window, pause_ms, warm_up=count // 10)
        except Incomplete as fault:
            if not again:
                raise
            say(f"measuring again: {fault}")
            return run(site, count, window, pause_ms, again - 1)
        if site != ECHO and done["granted"] != done["taps"]:
            raise CannotMeasure(f"{NAMES[site]} did not grant every tap: {done}")
        return done

    for site in counts:
        run(site, 500, 16)
    order = list(counts)
    for number in range(options.rounds):
        for site in order:
            lone = run(site, options.lone_taps, 1, PAUSE_MS)
            in_a_row = run(site, 5 * options.lone_taps, 1)
            many = run(site, counts[site], options.window)
            results[site].lone.append(lone)
            results[site].in_a_row.append(in_a_row)
            results[site].throughput.append(many)
            say(
                f"round {number + 1}, {NAMES[site]}: {many['per_s']:.0f} taps/s "
                f"(p50 {many['p50_us'] / 1000:.1f} ms, p99 {many['p99_us'] / 1000:.1f} ms); "
                f"lone tap p50 {lone['p50_us']:.0f} µs, p99 {lone['p99_us']:.0f} µs; "
                f"in a row p50 {in_a_row['p50_us']:.0f} µs"
            )
        order = order[1:] + order[:1]

    figures = compare(results, disk, enough=options.rounds >= 5)
    parts.close()
    verified = wardgate("ledger", "verify", "--config", str(folder / GROUPED))
    say(f"afterwards: {verified.strip()}")
    report(options, results, figures, disk)
    return exit_status(figures)


def start_gateways(options: argparse.Namespace, folder: Path, port: int, parts: ExitStack) -> list[Reader]:
    """Two gateways on one broker: two sites with equal people, readers and keys, each with a database of its own."""
    readers, _ = make_campus(folder / GROUPED, GROUPED, options.holders, options.readers)
    shutil.copytree(folder / GROUPED, folder / SINGLE, symlinks=True)
    rename_site(folder / SINGLE, SINGLE)
    slow = {}
    if options.fsync_ms:
        library = compile_c("slowdisk", folder, shared=True)
        slow = {"LD_PRELOAD": str(library), "SLOWDISK_US": str(round(options.fsync_ms * 1000))}
    for site, group in ((GROUPED, {}), (SINGLE, {"WARDGATE_COMMIT_GROUP": "1"})):
        environment = {**gateway_environment(port), **slow, **group}
        gateway = GatewayProcess(folder / site, environment, folder / f"{site}.log")
        parts.callback(gateway.stop)
        gateway.start()
        say(f"{NAMES[site]}: quiet {gateway.wait_until_quiet():.0f} s after it was ready")
    return readers


def compare(results: dict[str, Measured], disk: float, enough: bool) -> list[Figure]:
    echo, grouped, single = (results[site] for site in (ECHO, GROUPED, SINGLE))
    return [
        Figure(
            "tap throughput against a bare C echo",
            ratios(grouped.throughput, echo.throughput, "per_s"),
            reach=0.22,
            then=0.30,
            judged=enough,
        ),
        Figure(
            "tap throughput against commit-per-tap",
            ratios(grouped.throughput, single.throughput, "per_s"),
            reach=2.5,
            then=3.5,
            judged=enough and disk >= DISK_THAT_COUNTS_MS,
        ),
        Figure(
            "lone tap, p50, against the same echo",
            ratios(grouped.lone, echo.lone, "p50_us"),
            reach=5,
            then=3.5,
            more_is_better=False,
            judged=enough,
        ),
        Figure(
            "taps in a row, p50, against the same echo",
            ratios(grouped.in_a_row, echo.in_a_row, "p50_us"),
            reach=5,
            then=3.5,
            more_is_better=False,
            judged=False,
        ),
    ]


def ratios(ours: list[dict[str, Any]], theirs: list[dict[str, Any]], of: str) -> tuple[float, ...]:
    return tuple(mine[of] / other[of] for mine, other in zip(ours, theirs, strict=True))


def report(options: argparse.Namespace, results: dict[str, Measured], figures: list[Figure], disk: float) -> None:
    if options.json:
        runs = {
            NAMES[site]: {"throughput": measured.throughput, "lone": measured.lone, "in_a_row": measured.in_a_row}
            for site, measured in results.items()
        }
        print(json.dumps({"fsync_ms": disk, "figures": [figure.as_json() for figure in figures], "runs": runs}))
        return
    print_figures(figures)
    for site, measured in results.items():
        many = statistics.median(run["per_s"] for run in measured.throughput)
        lone = statistics.median(run["p50_us"] for run in measured.lone)
        row = statistics.median(run["p50_us"] for run in measured.in_a_row)
        print(f"{NAMES[site]}: {many:.0f} taps/s, p50 of a lone tap {lone:.0f} µs, of taps in a row {row:.0f} µs")
    print(f"a bare fsync: {disk:.2f} ms; commit-per-tap is judged from {DISK_THAT_COUNTS_MS} ms")
