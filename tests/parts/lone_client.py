"""A device written only from the protocol's page: paho, json and hmac, and nothing of ours.

Promises to do what the page asks of a device: signed status, heartbeat, tap, event and result; the checks of rule 1 on
every command; events in a buffer until an `ack` covers them, oldest first after a reconnect; one action on a tap; a
decision of its own when no answer comes. What it did is in `acted`, `moved` and `results`, for tests to compare.
Leaves to others: whether the gateway is right. It is a test's measure, so it must not share our code.
"""

from __future__ import annotations

import json
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import paho.mqtt.client as mqtt

from tests.parts.lone_rules import CHALLENGE_LIFE_S, OpenTap, alone, exit_is_free, refusal
from tests.parts.lone_wire import Fields, now_text, opened, seal, token

HEARTBEAT_S = 5.0
RESEND_AFTER_S = 10.0
IN_FLIGHT = 50
EVENTS_PER_S = 200
TICK_S = 0.05
ANSWER_TIMEOUT_S = 1.5


@dataclass(slots=True)
class Buffered:
    """An event that no ack has covered yet."""

    boot: str
    seq: int
    fields: Fields
    sent_at: float | None = None


class LoneClient:
    """One device. `enrolment` is the object that `wardgate device enrol` prints."""

    def __init__(
        self,
        enrolment: Fields,
        port: int,
        *,
        host: str = "127.0.0.1",
        protocol: mqtt.MQTTProtocolVersion = mqtt.MQTTv311,
        decides_alone: bool = True,
        with_password: bool = False,
        resend_after_s: float = RESEND_AFTER_S,
    ) -> None:
        self.device, self.kind, self.site = enrolment["device"], enrolment["kind"], enrolment["site"]
        self.key = bytes.fromhex(enrolment["key"])
        self.root = f"campus/{self.site}/{self.kind}/{self.device}/"
        self.decides_alone = decides_alone
        self._resend_after_s = resend_after_s
        self._address = (host, port)
        self._changed = threading.Condition(threading.RLock())
        self._ticking: threading.Thread | None = None
        self._stopped = threading.Event()
        self.connected = False
        self.quiet = False
        """True: no heartbeat, no resending; for tests that speak for it."""
        self.boot, self.previous = secrets.token_hex(8), None
        self.connection = 0
        self._subscribing: int | None = None
        self.seq = 0
        self.buffer: list[Buffered] = []
        self.challenges: dict[str, float] = {}
        self.challenge = ""
        self.taps: dict[str, OpenTap] = {}
        self.used: dict[str, float] = {}
        self.posture: Fields | None = None
        self.postures_taken: list[int] = []
        self.pages: dict[int, dict[int, Fields]] = {}
        self.list_version: int | None = None
        self.entries: list[Fields] = []
        self.revoked_version: int | None = None
        self.revoked: set[str] = set()
        self.lock_state, self.position = "locked", "raised"
        self.presence = {"vehicle": "clear", "pedestrian": "clear", "counter": 1}
        self.commands: list[Fields] = []
        self.acted: list[Fields] = []
        """Commands that were carried out."""
        self.moved: list[tuple[str, str | None]] = []
        """What physically happened: (`unlocked` or the like, the tap or command that caused it)."""
        self.results: list[Fields] = []
        self.acks: list[Fields] = []
        self.acked: dict[str, int] = {}
        self._started_at = time.monotonic()
        self._heartbeat_at = 0.0
        self._progress_at = time.monotonic()
        self._sent_in: list[float] = []
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=self.device, protocol=protocol)
        if with_password:
            self.client.username_pw_set(enrolment["username"], enrolment["password"])
        self.client.max_inflight_messages_set(1000)
        self.client.reconnect_delay_set(1, 2)
        self.client.on_socket_open = _without_nagle
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = self._on_subscribed
        self.client.on_disconnect = self._on_disconnect
        self.client.on_message = self._on_message

    # Life

    def __enter__(self) -> LoneClient:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, wait: bool = True) -> LoneClient:
        """Connect and say so; with `wait` it returns when the broker has taken the status."""
        self._set_will()
        self.client.connect_async(*self._address, keepalive=15)
        self.client.loop_start()
        self._stopped.clear()
        self._ticking = threading.Thread(target=self._tick_on, name=f"tick {self.device}", daemon=True)
        self._ticking.start()
        if wait:
            self.until(lambda: self.connected, 10, "connected")
        return self

    def stop(self) -> None:
        """Switch off in good order."""
        self._stopped.set()
        if self._ticking is not None:
            self._ticking.join(5)
            self._ticking = None
        self.client.disconnect()
        self.client.loop_stop()
        self.connected = False

    def reboot(self, lose_buffer: bool = False) -> None:
        """Power off and on: another boot. The buffer is in flash, unless that is lost too."""
        self.stop()
        with self._changed:
            self.previous = {"boot": self.boot, "last_seq": self.seq}
            self.boot, self.connection, self.seq = secrets.token_hex(8), 0, 0
            self._started_at = time.monotonic()
            self.challenges.clear()
            self.taps.clear()
            self.used.clear()
            if lose_buffer:
                self.buffer.clear()
        self.start()

    def until(self, is_true: Callable[[], Any], timeout_s: float = 10.0, what: str = "") -> Any:
        """Wait until the device's state is as asked; what was found, or AssertionError."""
        give_up_at = time.monotonic() + timeout_s
        with self._changed:
            while not (found := is_true()):
                left = give_up_at - time.monotonic()
                if left <= 0 or not self._changed.wait(min(left, 0.5)):
                    if time.monotonic() < give_up_at:
                        continue
                    raise AssertionError(f"{self.device}: not within {timeout_s} s: {what or is_true}")
            return found

    # What people do

    def tap(self, value: str, direction: str = "in", *, kind: str = "card", confidence: float | None = None) -> str:
        """Show a credential; returns the tap's id at once."""
        tap = OpenTap(secrets.token_hex(8), secrets.token_hex(8), {}, time.monotonic())
        tap.fields = {
            "id": tap.id,
            "boot": self.boot,
            "at": now_text(),
            "nonce": tap.nonce,
            "direction": direction,
            "credential": {"kind": kind, "value": value},
            "attempt": 1,
        }
        if confidence is not None:
            tap.fields["confidence"] = confidence
        with self._changed:
            self.taps[tap.id] = tap
        self.send("tap", tap.fields)
        if direction == "out" and self._exit_is_free():
            self._decide(tap, "grant", "alone", "ok_exit")  # rule 7: the way is free before anybody answers
        return tap.id

    def tap_again(self, tap: str) -> None:
        """The same question once more."""
        asked = self.taps[tap]
        asked.fields["attempt"] += 1
        self.send("tap", asked.fields)

    def answer(self, tap: str, timeout_s: float = 5.0) -> Fields:
        """The first command for a tap."""
        return self.until(lambda: self.taps[tap].answers and self.taps[tap].answers[0], timeout_s, f"answer to {tap}")

    def ask(self, value: str, direction: str = "in", *, kind: str = "card", timeout_s: float = 5.0) -> Fields:
        """Tap and wait for the first answer."""
        return self.answer(self.tap(value, direction, kind=kind), timeout_s)

    def event(self, type: str, data: Fields | None = None, id: str | None = None) -> int:
        """Something happened; its number within the boot."""
        with self._changed:
            self.seq += 1
            fields = {
                "id": id or secrets.token_hex(8),
                "boot": self.boot,
                "seq": self.seq,
                "at": now_text(),
                "type": type,
                "data": data or {},
            }
            if not self.buffer:
                self._progress_at = time.monotonic()
            self.buffer.append(Buffered(self.boot, self.seq, fields))
            self._send_events()
            return self.seq

    def overwrite_oldest(self, count: int) -> None:
        """The flash is full: the oldest events go, and a `gap` says so."""
        with self._changed:
            gone, self.buffer = self.buffer[:count], self.buffer[count:]
        self.event("gap", {"boot": gone[0].boot, "from_seq": gone[0].seq, "to_seq": gone[-1].seq})

    def wait_acked(self, timeout_s: float = 20.0) -> None:
        """Until the device may forget everything that it told."""
        self.until(lambda: not self.buffer, timeout_s, f"{len(self.buffer)} events acked")

    def send(self, channel: str, fields: Fields, qos: int = 1, retain: bool = False) -> mqtt.MQTTMessageInfo:
        """One signed message."""
        return self.send_bytes(channel, seal(self.root + channel, {"v": 1, **fields}, self.key), qos, retain)

    def send_bytes(self, channel: str, payload: bytes, qos: int = 1, retain: bool = False) -> mqtt.MQTTMessageInfo:
        """Any bytes on one of its channels."""
        return self.client.publish(self.root + channel, payload, qos, retain)

    def status(self) -> None:
        """Say who and how it is."""
        self.send("status", self._status(True), 1, True)

    def heartbeat(self) -> None:
        """Say that it lives, with a new challenge."""
        fields: Fields = {
            "boot": self.boot,
            "challenge": self._new_challenge(),
            "at": now_text(),
            "uptime_ms": round((time.monotonic() - self._started_at) * 1000),
            "buffered": len(self.buffer),
            "clock": "synced",
        }
        if self.kind == "bollard":
            fields["presence"] = self.presence
        self._heartbeat_at = time.monotonic()
        self.send("heartbeat", fields, 0)

    # From the broker

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        names = ("command", "posture", "credentials/+", "ack")
        self._subscribing = client.subscribe([(self.root + name, 1) for name in names])[1]

    def _on_subscribed(self, _client: mqtt.Client, _data: object, mid: int, *_: object) -> None:
        """Only now it speaks: after CONNACK paho first sends again what the connection before left unanswered, and a
        status among that would otherwise overtake the new one and stay behind as the retained word."""
        if mid != self._subscribing:
            return
        with self._changed:
            self.connected = True
            self.status()
            self.heartbeat()
            for event in self.buffer:
                event.sent_at = None
            self._progress_at = time.monotonic()
            self._send_events()
            self._changed.notify_all()

    def _on_disconnect(self, *_: object) -> None:
        with self._changed:
            self.connected = False
            self._set_will()
            self._changed.notify_all()

    def _on_message(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        if not message.payload:
            return
        with self._changed:
            fields = opened(message.topic, message.payload, self.key)
            channel = message.topic.removeprefix(self.root)
            if channel == "command":
                self._command(message, fields)
            elif fields is not None:
                self._down(channel, fields)
            self._changed.notify_all()

    def _down(self, channel: str, fields: Fields) -> None:
        if channel == "ack":
            self._ack(fields)
        elif channel == "posture":
            if self.posture is None or fields["version"] > self.posture["version"]:
                self.posture = fields
                self.postures_taken.append(fields["version"])
                self.status()
            elif fields["version"] < self.posture["version"]:
                self.event("refused", {"channel": "posture", "version": fields["version"], "reason": "older"})
        elif channel == "credentials/revoked":
            if self.revoked_version is None or fields["version"] > self.revoked_version:
                self.revoked_version, self.revoked = fields["version"], set(fields["tokens"])
                self.status()
        elif channel.startswith("credentials/"):
            self._page(fields)

    def _ack(self, fields: Fields) -> None:
        self.acks.append(fields)
        boot, seq = fields["boot"], fields["seq"]
        if seq > self.acked.get(boot, 0):
            self.acked[boot] = seq
            self._progress_at = time.monotonic()
        self.buffer = [event for event in self.buffer if event.boot != boot or event.seq > seq]
        self._send_events()

    def _page(self, fields: Fields) -> None:
        if self.list_version is not None and fields["version"] <= self.list_version:
            return
        pages = self.pages.setdefault(fields["version"], {})
        pages[fields["page"]] = fields
        if len(pages) == fields["pages"]:
            self.list_version = fields["version"]
            self.entries = [entry for number in sorted(pages) for entry in pages[number]["entries"]]
            self.pages = {}
            self.status()

    def _command(self, message: mqtt.MQTTMessage, fields: Fields | None) -> None:
        if fields is None:
            try:
                command = str(json.loads(message.payload)["id"])
            except (ValueError, KeyError, TypeError):
                return
            self._result(command, "refused", "mac")
            return
        self.commands.append(fields)
        now = time.monotonic()
        self.used = {id: at for id, at in self.used.items() if now - at <= CHALLENGE_LIFE_S}
        tap = self.taps.get(fields.get("for") or "")
        if tap is not None:
            tap.answers.append(fields)
        why = refusal(fields, tap, self.used, self.challenges, message.retain, now)
        if why != "replayed" and why != "retained":
            self.used[fields["id"]] = now
        if why is not None:
            self._result(fields["id"], "refused", why)
            return
        self._carry_out(fields, tap)

    def _carry_out(self, fields: Fields, tap: OpenTap | None) -> None:
        action = fields["action"]
        self.acted.append(fields)
        if tap is not None and action == "wait":
            tap.waits_until = time.monotonic() + fields["wait_ms"] / 1000
        elif tap is not None:
            self._decide(tap, action, "gateway", fields["reason"])
        elif action in ("grant", "unlock"):
            self.moved.append(("unlocked", fields["id"]))
        elif action in ("lower", "raise"):
            self.position = "lowered" if action == "lower" else "raised"
            self.moved.append((self.position, fields["id"]))
            self._result(fields["id"], "executed", "ok")
            self.event("position", {"position": self.position})
            self.status()
            return
        self._result(fields["id"], "executed", "ok")

    def _result(self, command: str, outcome: str, reason: str) -> None:
        fields = {"command": command, "boot": self.boot, "outcome": outcome, "reason": reason}
        self.results.append(fields)
        self.send("result", fields)

    # What it decides

    def _decide(self, tap: OpenTap, outcome: str, by: str, reason: str) -> None:
        tap.decided, tap.outcome, tap.answered_at = by, outcome, time.monotonic()
        if outcome == "grant":
            self.moved.append(("unlocked", tap.id))

    def _exit_is_free(self) -> bool:
        return exit_is_free(self.posture)

    def _alone(self, tap: OpenTap) -> None:
        direction, credential = tap.fields["direction"], tap.fields["credential"]
        name = self.token(credential["kind"], credential["value"])
        outcome, reason = alone(self.posture, self.entries, self.revoked, name, direction, datetime.now(UTC))
        self._decide(tap, outcome, "alone", reason)
        self.event(
            "access",
            {
                "tap": tap.id,
                "credential": {"kind": credential["kind"], "token": name},
                "direction": direction,
                "outcome": outcome,
                "reason": reason,
                "posture": None if self.posture is None else self.posture["version"],
            },
        )

    def token(self, kind: str, value: str) -> str:
        """How a list names a credential to this device."""
        return token(self.key, kind, value)

    # Time

    def _tick_on(self) -> None:
        while not self._stopped.wait(TICK_S):
            with self._changed:
                self._tick()
                self._changed.notify_all()

    def _tick(self) -> None:
        now = time.monotonic()
        timeout_s = ANSWER_TIMEOUT_S if self.posture is None else self.posture["offline"]["answer_timeout_ms"] / 1000
        for tap in list(self.taps.values()):
            if tap.decided is None and tap.waits_until is not None and now > tap.waits_until:
                self._decide(tap, "deny", "alone", "guard_timeout")
            elif (
                self.decides_alone
                and tap.decided is None
                and tap.waits_until is None
                and now - tap.asked_at > timeout_s
            ):
                self._alone(tap)
        if not self.connected or self.quiet:
            return
        if now - self._heartbeat_at >= HEARTBEAT_S:
            self.heartbeat()
        if self.buffer and now - self._progress_at > self._resend_after_s:
            self._progress_at = now
            for event in self.buffer:
                event.sent_at = None
        self._send_events()

    def _send_events(self) -> None:
        """Oldest first, at most 50 in flight and 200 a second."""
        if not self.connected or self.quiet:
            return
        now = time.monotonic()
        self._sent_in = [at for at in self._sent_in if now - at < 1]
        for event in self.buffer[:IN_FLIGHT]:
            if event.sent_at is None and len(self._sent_in) < EVENTS_PER_S:
                event.sent_at = now
                self._sent_in.append(now)
                self.send("event", event.fields)

    # Who it is

    def _new_challenge(self) -> str:
        self.challenge = secrets.token_hex(8)
        now = time.monotonic()
        self.challenges = {c: at for c, at in self.challenges.items() if now - at <= CHALLENGE_LIFE_S}
        self.challenges[self.challenge] = now
        return self.challenge

    def _status(self, online: bool) -> Fields:
        fields: Fields = {
            "online": online,
            "boot": self.boot,
            "connection": self.connection,
            "previous": self.previous,
            "firmware": "lone 1",
            "at": now_text(),
            "challenge": self._new_challenge(),
            "posture": None if self.posture is None else self.posture["version"],
            "credentials": self.list_version,
            "revoked": self.revoked_version,
            "buffered": len(self.buffer),
            "clock": "synced",
        }
        if self.kind in ("reader", "dorm"):
            fields["lock_state"] = self.lock_state
        if self.kind == "bollard":
            fields["position"] = self.position
        return fields

    def _set_will(self) -> None:
        self.connection += 1
        topic = self.root + "status"
        self.client.will_set(topic, seal(topic, {"v": 1, **self._status(False)}, self.key), 1, True)


def _without_nagle(_client: object, _data: object, sock: Any) -> None:
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
