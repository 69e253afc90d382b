"""`bench watched`: taps at a gateway whose round of cameras runs at full load, against the same without cameras.

Two gateways with equal people and readers answer the same load in turn, round by round; one of them has 500 cameras
that serve real pictures, each looked at once a minute. A ratio is made within its round, and the median counts.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.benchmarks.campus import gateway_environment, make_campus, rename_site, write_taps
from tests.benchmarks.figures import Figure, exit_status, print_figures
from tests.benchmarks.rig import ROOT, CannotMeasure, GatewayProcess, compile_c, run_load, say, start_broker, stop
from tests.benchmarks.round_looks import cpu_of, write_cameras
from tests.benchmarks.tap import PAUSE_MS, ratios
from tests.parts.mosquitto import free_port

ALONE, WATCHED = "bench-a", "bench-w"
NAMES = {ALONE: "without cameras", WATCHED: "with cameras"}


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench watched", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds; at least 5 for a figure that counts")
    parser.add_argument("--taps", type=int, default=10_000)
    parser.add_argument("--lone-taps", type=int, default=200)
    parser.add_argument("--window", type=int, default=128)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--holders", type=int, default=1_000)
    parser.add_argument("--cameras", type=int, default=500)
    parser.add_argument("--dead", type=int, default=50)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--settle", type=float, default=120.0, help="seconds until the cameras are learnt")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="wardgate-bench-") as name, ExitStack() as parts:
        return measure(options, Path(name), parts)


def measure(options: argparse.Namespace, folder: Path, parts: ExitStack) -> int:
    load = compile_c("load", folder)
    port, served, hanging = start_broker(folder / "broker", parts), free_port(), free_port()
    readers, _ = make_campus(folder / ALONE, ALONE, options.holders, options.readers)
    shutil.copytree(folder / ALONE, folder / WATCHED, symlinks=True)
    rename_site(folder / WATCHED, WATCHED)
    words = [sys.executable, "-m", "tests.benchmarks.round_looks", str(served), str(hanging), options.size]
    cameras = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    parts.callback(stop, cameras)
    assert cameras.stdout is not None
    if not cameras.stdout.readline():
        raise CannotMeasure("the cameras did not start")
    write_cameras(folder / WATCHED, options.cameras, options.dead, served, hanging)
    gateways = {}
    for site in (ALONE, WATCHED):
        gateways[site] = GatewayProcess(folder / site, gateway_environment(port), folder / f"{site}.log")
        parts.callback(gateways[site].stop)
        gateways[site].start()
    gateways[ALONE].wait_until_quiet()
    time.sleep(options.settle)
    taps = folder / "taps"
    results: dict[str, dict[str, list[dict[str, Any]]]] = {site: {"lone": [], "many": []} for site in NAMES}

    def run(site: str, count: int, window: int, pause_ms: int = 0) -> dict[str, Any]:
        write_taps(taps, site, readers, count, range(options.holders))
        return run_load(load, port, site, taps, len(readers), window, pause_ms, warm_up=count // 10)

    for site in NAMES:
        run(site, 500, 16)
    looked, began = cpu_of(gateways[WATCHED].pid), time.monotonic()
    for number in range(options.rounds):
        for site in list(NAMES) if number % 2 else list(reversed(NAMES)):
            lone = run(site, options.lone_taps, 1, PAUSE_MS)
            many = run(site, options.taps, options.window)
            results[site]["lone"].append(lone)
            results[site]["many"].append(many)
            say(f"round {number + 1}, {NAMES[site]}: {many['per_s']:.0f} taps/s; lone tap p50 {lone['p50_us']:.0f} µs")
    lasted_s = time.monotonic() - began
    eye = (cpu_of(gateways[WATCHED].pid)["eye"] - looked["eye"]) / lasted_s
    say(f"meanwhile the eye took {eye:.2f} of a core")
    figures = [
        Figure(
            "tap throughput with cameras against without",
            ratios(results[WATCHED]["many"], results[ALONE]["many"], "per_s"),
            reach=0.9,
            judged=options.rounds >= 5,
        ),
        Figure(
            "lone tap, p50, with cameras against without",
            ratios(results[WATCHED]["lone"], results[ALONE]["lone"], "p50_us"),
            reach=1.15,
            more_is_better=False,
            judged=options.rounds >= 5,
        ),
    ]
    if options.json:
        print(json.dumps({"figures": [figure.as_json() for figure in figures], "eye_core": round(eye, 3)}))
    else:
        print_figures(figures)
    return exit_status(figures)
