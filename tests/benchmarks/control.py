"""`bench control`: a hundred pages of the control room, 200 events a second, and what they cost whoever taps.

Two gateways with equal people and readers, one of which has so many pages open. First taps come at an even pace, and
each page says how long after a decision it had it (with the record on disk in between). Then both answer the same load
in turn, round by round: lone taps while nothing else happens, taps among so many others a second as a campus at its
busiest has, and as many at once as they can take. A ratio is made within its round, and the median counts.

All runs on one machine, and the pages' own reading would take from the gateway what it does not in a school: in the
rounds all pages but one throw away in the kernel what they are told, and that one counts the decisions it was told.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt

from gateway import settings
from gateway.cli.site_store import open_site_store
from gateway.flows.accounts import new_token, new_user, token_made, user_added
from gateway.flows.ports import Unit
from gateway.store.accounts import add_token_change, add_user_change
from tests.benchmarks.campus import Reader, gateway_environment, make_campus, rename_site, signed_tap, write_taps
from tests.benchmarks.control_pages import PAGES_PER_USER
from tests.benchmarks.figures import Figure, exit_status, print_figures
from tests.benchmarks.rig import (
    ROOT,
    CannotMeasure,
    GatewayProcess,
    Incomplete,
    compile_c,
    run_load,
    say,
    start_broker,
    stop,
)
from tests.benchmarks.round_looks import cpu_of
from tests.benchmarks.tap import PAUSE_MS, ratios

ALONE, LOOKED_AT = "bench-a", "bench-p"
NAMES = {ALONE: "without pages", LOOKED_AT: "with pages"}
P99_AT_MOST_MS = 1_000.0


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench control", description=__doc__)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--rate", type=float, default=200.0, help="decisions a second while the pages are timed")
    parser.add_argument("--seconds", type=float, default=20.0, help="for so long")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds; at least 5 for a figure that counts")
    parser.add_argument("--taps", type=int, default=10_000)
    parser.add_argument("--lone-taps", type=int, default=200)
    parser.add_argument("--window", type=int, default=128)
    parser.add_argument("--readers", type=int, default=100)
    parser.add_argument("--holders", type=int, default=1_000)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="wardgate-bench-") as name, ExitStack() as parts:
        return measure(options, Path(name), parts)


def measure(options: argparse.Namespace, folder: Path, parts: ExitStack) -> int:
    load = compile_c("load", folder)
    port = start_broker(folder / "broker", parts)
    readers, _ = make_campus(folder / ALONE, ALONE, options.holders, options.readers)
    shutil.copytree(folder / ALONE, folder / LOOKED_AT, symlinks=True)
    rename_site(folder / LOOKED_AT, LOOKED_AT)
    tokens = add_operators(folder / LOOKED_AT, -(-options.pages // PAGES_PER_USER))
    gateways = {}
    for site in NAMES:
        gateways[site] = GatewayProcess(folder / site, gateway_environment(port), folder / f"{site}.log")
        parts.callback(gateways[site].stop)
        gateways[site].start()
        gateways[site].wait_until_quiet()
    pages = Pages(gateways[LOOKED_AT].port, options.pages, tokens, parts)
    say(f"{options.pages} pages are open")

    timed = even_pace(options, port, readers, pages, gateways[LOOKED_AT].pid)
    say(f"{timed['heard']} decisions heard in {timed['messages']} messages; p50 {timed['p50']:.0f} ms")
    say(f"p99 {timed['p99']:.0f} ms, the slowest {timed['p100']:.0f} ms; {timed['core']:.2f} of a core")

    results: dict[str, dict[str, list[dict[str, Any]]]] = {
        site: {"lone": [], "among": [], "many": []} for site in NAMES
    }
    taps, told = folder / "taps", 0
    others, readers = readers[: len(readers) // 2], readers[len(readers) // 2 :]

    def run(site: str, count: int, window: int, pause_ms: int = 0, again: int = 2) -> dict[str, Any]:
        nonlocal told
        write_taps(taps, site, readers, count, range(options.holders))
        try:
            used = sum(cpu_of(gateways[site].pid).values())
            done = run_load(load, port, site, taps, len(readers), window, pause_ms, warm_up=count // 10)
            told += count * (site == LOOKED_AT)
            return done | {"core_us": (sum(cpu_of(gateways[site].pid).values()) - used) / count * 1e6}
        except Incomplete as fault:
            if not again:
                raise
            say(f"measuring again: {fault}")
            return run(site, count, window, pause_ms, again - 1)

    pages.look_away()
    for site in NAMES:
        run(site, 500, 16)
    for number in range(options.rounds):
        for site in list(NAMES) if number % 2 else list(reversed(NAMES)):
            lone = run(site, options.lone_taps, 1, PAUSE_MS)
            with taps_beside(options, port, site, others) as beside:
                among = run(site, options.lone_taps, 1, PAUSE_MS)
            told += beside.count * (site == LOOKED_AT)
            many = run(site, options.taps, options.window)
            results[site]["lone"].append(lone)
            results[site]["among"].append(among)
            results[site]["many"].append(many)
            say(
                f"round {number + 1}, {NAMES[site]}: lone tap p50 {lone['p50_us']:.0f} µs, among others "
                f"{among['p50_us']:.0f} µs; {many['per_s']:.0f} taps/s, {many['core_us']:.0f} µs of a core each"
            )
    time.sleep(2.0)
    at_the_end = pages.count()
    say(f"the page that was read heard of {at_the_end['heard']} decisions; there were at least {told}")
    if at_the_end["heard"] < told:
        raise CannotMeasure("a page was not told of everything: the rounds compare nothing")

    with_pages, without = results[LOOKED_AT], results[ALONE]
    enough = options.rounds >= 5
    figures = [
        Figure("decision to page, p99", (timed["p99"],), P99_AT_MOST_MS, None, False, "ms"),
        Figure("lone tap, p50, with pages against without", ratios(with_pages["lone"], without["lone"], "p50_us"),
               1.15, None, False, judged=enough),
        Figure("a tap's p50 among others at that pace, with against without", ratios(with_pages["among"],
               without["among"], "p50_us"), 1.15, None, False, judged=enough),
        Figure("tap throughput with pages against without", ratios(with_pages["many"], without["many"], "per_s"),
               0.9, judged=False),
        Figure("processor time per tap at full load, with against without", ratios(with_pages["many"], without["many"],
               "core_us"), 1.15, None, False, judged=False),
        Figure("the gateway's processor time at that pace", (timed["core"],), 1.0, None, False, "of a core"),
        Figure("pages that were open to the end", (at_the_end["open"] / options.pages,), 1.0),
    ]  # fmt: skip
    if options.json:
        print(json.dumps({"figures": [figure.as_json() for figure in figures], "pace": timed, "runs": results}))
    else:
        print_figures(figures)
    return exit_status(figures)


class Pages:
    """The process with the open pages."""

    def __init__(self, port: int, count: int, tokens: list[str], parts: ExitStack) -> None:
        words = [sys.executable, "-m", "tests.benchmarks.control_pages", str(port), str(count)]
        self._process = subprocess.Popen(
            words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        parts.callback(stop, self._process)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._say, self._answer = self._process.stdin, self._process.stdout
        self._say.write("".join(f"{token}\n" for token in tokens))
        if self._answer.readline().strip() != "ready":
            raise CannotMeasure("the pages could not be opened")

    def begin(self, seconds: float) -> None:
        self._say.write(f"measure {seconds}\n")

    def end(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._answer.readline())
        return found

    def look_away(self) -> None:
        """From now on all but one of them only take what they are told."""
        self._say.write("look away\n")

    def count(self) -> dict[str, Any]:
        """How many decisions that one has heard of since then, and how many are open."""
        self._say.write("count\n")
        return self.end()


class Pace:
    """Taps at an even pace, sent without waiting for answers. `taps`: made before, one after the other."""

    def __init__(self, port: int, rate: float, taps: Iterator[tuple[str, bytes]]) -> None:
        self._rate, self._taps = rate, taps
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="bench-pace")
        self._client.max_inflight_messages_set(0)
        self._client.connect("127.0.0.1", port)
        self.count = 0
        self.is_over = False

    def run(self) -> None:
        """Until there are no more taps, or it is over."""
        self._client.loop_start()
        began = time.monotonic()
        for topic, payload in self._taps:
            if self.is_over:
                break
            self._client.publish(topic, payload, qos=1)
            self.count += 1
            time.sleep(max(0.0, began + self.count / self._rate - time.monotonic()))

    def end(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def taps_beside(options: argparse.Namespace, port: int, site: str, readers: list[Reader]) -> Iterator[Pace]:
    """Meanwhile others tap, at an even pace."""
    pace = Pace(port, options.rate, made_taps(site, readers, options.holders))
    beside = threading.Thread(target=pace.run)
    beside.start()
    try:
        time.sleep(0.5)
        yield pace
    finally:
        pace.is_over = True
        beside.join()
        time.sleep(0.2)
        pace.end()


def made_taps(site: str, readers: list[Reader], holders: int) -> Iterator[tuple[str, bytes]]:
    """Fresh taps, readers and people in turn, for ever."""
    for number in itertools.count():
        yield signed_tap(site, readers[number % len(readers)], f"pace-{number}", number % holders)


def add_operators(folder: Path, count: int) -> list[str]:
    """So many operators, each with a token: a user has ten streams at most."""
    found, now, tokens = settings.load(folder, settings.environment()), datetime.now(UTC), []
    with open_site_store(found) as store:
        for number in range(count):
            user = new_user(f"operator{number}", "!", ["operator"], found.roles, now)
            secret, token = new_token(user, "bench", now)
            store.commit(Unit((user_added(user, None),), (add_user_change(user),)))
            store.commit(Unit((token_made(user, token, None),), (add_token_change(token),)))
            tokens.append(secret)
    return tokens


def even_pace(options: argparse.Namespace, port: int, readers: list[Reader], pages: Pages, pid: int) -> dict[str, Any]:
    """Taps at an even pace, sent without waiting for answers; when each page had heard of each decision."""
    count = round(options.rate * options.seconds)
    taps = list(itertools.islice(made_taps(LOOKED_AT, readers, options.holders), count))
    pace = Pace(port, options.rate, iter(taps))
    pages.begin(options.seconds + 2.0)
    used, began = sum(cpu_of(pid).values()), time.monotonic()
    try:
        pace.run()
        core = (sum(cpu_of(pid).values()) - used) / (time.monotonic() - began)
        timed = pages.end()
    finally:
        pace.end()
    if timed["heard"] < count * options.pages * 0.99:
        raise CannotMeasure(f"of {count} decisions for {options.pages} pages only {timed['heard']} were heard: {timed}")
    return timed | {"core": core}
