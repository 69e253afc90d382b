"""A few lone devices that never rest, and what must be true of the ledger when they do.

Promises: `Load` taps, walks and tells events at random but seeded; `check` compares what the devices know with what the
ledger has: no acked event lost, none twice, one record for each tap, no command without its record before it.
`under_load` is the whole of it around the blows of a test. Leaves to the tests: what breaks meanwhile.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gateway.flows.enrolment import Place
from tests.parts.gateway_process import SiteFolder
from tests.parts.lone_client import LoneClient
from tests.parts.lone_rules import OpenTap
from tests.parts.scene import SOON_S, Scene

DEVICES: tuple[tuple[str, str, Place], ...] = (
    ("reader", "load-in-1", Place("north-in", None)),
    ("reader", "load-in-2", Place("south-in", None)),
    ("reader", "load-out-1", Place("north-out", None)),
    ("dorm", "load-dorm-1", Place("dorm-1-door", None)),
)
CARDS = ("STAFF1", "STAFF2", "GUARD1", "STUDENT1", "STUDENT2", "EXPIRED1", "NOBODYS")
NO_LIMITS = {
    "WARDGATE_LIMITS_DEVICE_MESSAGES_PER_S": "10000",
    "WARDGATE_LIMITS_DEVICE_EVENTS_PER_S": "10000",
    "WARDGATE_LIMITS_UNKNOWN_CREDENTIALS_PER_MIN": "10000",
    "WARDGATE_DEVICES_WAIT_MS": "5000",
}
"""The load is to load, not to be quarantined."""


class Load:
    """Devices under way from `start` to `calm`; `close` switches them off."""

    def __init__(self, site: SiteFolder, port: int, rng: random.Random, rate: float = 60.0) -> None:
        self._rng = rng
        self._pause_s = 1 / rate
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.site = site
        enrolled = site.enrol_all(DEVICES)
        self.clients = [LoneClient(enrolment, port, resend_after_s=SOON_S) for enrolment in enrolled]
        self.asked: list[tuple[LoneClient, OpenTap]] = []
        self.told: dict[tuple[str, str], int] = {}
        self._passed: set[str] = set()

    def start(self) -> None:
        for client in self.clients:
            client.start()
        self._stop.clear()
        self._thread = threading.Thread(target=self._drive, name="load", daemon=True)
        self._thread.start()

    def calm(self, timeout_s: float = 40.0) -> None:
        """No more taps; until every tap is decided by somebody and every event may be forgotten."""
        self._stop.set()
        assert self._thread is not None, "not started"
        self._thread.join(5)
        for client, tap in self.asked:
            client.until(lambda tap=tap: tap.decided is not None, 70 if tap.waits_until else 10, f"{tap.id} decided")
        self._walk()
        for client in self.clients:
            client.wait_acked(timeout_s)

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)
        for client in self.clients:
            client.stop()

    def check(self) -> None:
        """AssertionError if the ledger and the devices tell different stories."""
        self._check_events()
        self._check_taps()
        self._check_commands()
        verdict = self.site.verify()
        assert verdict.holds, verdict.what

    def _drive(self) -> None:
        while not self._stop.wait(self._pause_s):
            client = self._rng.choice(self.clients)
            if self._rng.random() < 0.5:
                self._tap(client)
            else:
                client.event(self._rng.choice(("door_opened", "door_closed", "tamper")))
            if self._rng.random() < 0.2 and self.asked:
                asked, tap = self._rng.choice(self.asked[-20:])
                asked.tap_again(tap.id)
            self._walk()

    def _tap(self, client: LoneClient) -> None:
        direction = "in" if "-in-" in client.device else "out" if "-out-" in client.device else self._rng.choice(_BOTH)
        tap = client.tap(self._rng.choice(CARDS), direction)
        self.asked.append((client, client.taps[tap]))

    def _walk(self) -> None:
        """Whoever was let in goes through."""
        for client, tap in self.asked:
            if tap.outcome == "grant" and tap.id not in self._passed:
                self._passed.add(tap.id)
                client.event("passage", {"tap": tap.id, "direction": tap.fields["direction"]})

    def _check_events(self) -> None:
        found = Counter((r.body["device"], r.body["boot"], r.body["seq"]) for r in self.site.rows("event"))
        twice = {event: count for event, count in found.items() if count > 1}
        assert not twice, f"events recorded twice: {twice}"
        told = {(c.device, c.boot, seq) for c in self.clients for seq in range(1, c.seq + 1)}
        assert told - set(found) == set(), f"{len(told - set(found))} acked events are not in the ledger"
        assert set(found) - told == set(), "the ledger has events that nobody told"

    def _check_taps(self) -> None:
        rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in self.site.rows("decision"):
            rows.setdefault((row.body["device"], row.body["tap"]), []).append(row.body)
        for client, tap in self.asked:
            found = rows.pop((client.device, tap.id), [])
            assert len(found) == 1, f"{len(found)} records of tap {tap.id} at {client.device}, decided by {tap.decided}"
            first = [command for command in tap.answers if command["action"] != "deny" or not _is_second(command)]
            assert len({command["id"] for command in first}) <= 2, f"different answers to {tap.id}: {tap.answers}"
            if tap.decided == "gateway" and tap.outcome == "grant":
                assert found[0]["outcome"] in ("grant", "wait"), found
        assert not rows, f"decisions on taps that nobody made: {list(rows)[:3]}"

    def _check_commands(self) -> None:
        recorded = {row.body["command"] for row in self.site.rows("decision")}
        recorded |= {row.body["command"] for row in self.site.rows("answer")}
        recorded |= {row.body["command"] for row in self.site.rows("command")}
        recorded |= {row.body["command"] for row in self.site.rows("decision_amended")}
        for client in self.clients:
            for command in client.commands:
                if command["reason"] == "ok_exit":
                    continue  # on an escape route the act comes first; that the tap has its record is checked above
                assert command["id"] in recorded, f"{client.device} got a command without a record: {command}"
            opened = Counter(tap for what, tap in client.moved if what == "unlocked")
            assert max(opened.values(), default=0) <= 1, "one tap opened twice"


def _is_second(command: dict[str, Any]) -> bool:
    return command["reason"] in ("guard_refused", "guard_timeout")


_BOTH = ("in", "out")


@contextmanager
def under_load(scene: Scene, rng: random.Random) -> Iterator[None]:
    """The gateway runs and devices talk to it; at the end they come to rest and tell the same story as the ledger."""
    load = Load(scene.site, scene.broker.port, rng)
    scene.gateway.start()
    load.start()
    try:
        yield
        load.calm()
    finally:
        load.close()
    load.check()
    assert scene.gateway.is_running


def let_run(seconds: float) -> None:
    """The time that the load has between two blows: this is the test's own length, nothing is waited for."""
    time.sleep(seconds)
