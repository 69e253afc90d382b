"""What a device keeps when it is switched off: events, standing orders, small notes.

Three things in one folder per device:

- `journal.jsonl`: append-only lines — a boot, an event, a range that was acked or overwritten. Read from the front at
  start; a torn last line (the process died in the middle of it) is dropped. Rewritten when most of it is history.
- `posture.bin`, `credentials.bin`, `revoked.bin`: the messages as they came, signature and all, replaced by renaming.
  They are decoded again at start, so a damaged or foreign file counts as not there.
- `notes.json`: latches, position, age of the last proof; replaced by renaming.

Every line is handed to the operating system before the message that rests on it goes out. That survives `kill -9` of
the simulator, the fault that tests inject. It does not fsync by default: five hundred devices that follow a posture
would queue five hundred flushes on the one disk of the test machine, and the time measured would be the disk's.
`durable=True` adds the fsync for who wants to pull the plug of the machine itself.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from devices import codec
from devices.messages import EVENT_TYPES, CredentialPage, Event, Posture, RevokedList
from devices.topics import Kind, Topic
from firmware_sim import standing as standings
from firmware_sim.outputs import ForgetEvents, KeepStanding
from firmware_sim.state import Standing

REWRITE_AFTER_LINES = 5_000


@dataclass(slots=True)
class Kept:
    """What was found at start."""

    previous: tuple[str, int] | None = None
    events: list[Event] = field(default_factory=list)
    standing: Standing = field(default_factory=Standing)
    notes: dict[str, object] = field(default_factory=dict)


class Disk:
    """The folder of one device."""

    def __init__(self, folder: Path, durable: bool = False) -> None:
        self.folder = folder
        self._durable = durable
        self._events: dict[tuple[str, int], Event] = {}
        self._lines = 0
        self._boot: tuple[str, int] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def _journal(self) -> Path:
        return self.folder / "journal.jsonl"

    def load(self, site: str, kind: Kind, device: str, key: bytes) -> Kept:
        """Everything that was kept; what cannot be read counts as not there."""
        self._events, self._boot, self._lines = {}, None, 0
        if self._journal.exists():
            for line in self._journal.read_bytes().split(b"\n"):
                self._read_line(line)
        self._rewrite()
        return Kept(
            previous=self._boot,
            events=list(self._events.values()),
            standing=self._load_standing(site, kind, device, key),
            notes=self._load_notes(),
        )

    def begin(self, boot: str) -> None:
        """A new boot; it becomes `previous` for the next one."""
        self._boot = (boot, 0)
        self._append({"boot": boot, "last_seq": 0})

    def keep_event(self, event: Event) -> None:
        """An event, new or (a gap that grew) again."""
        self._events[event.boot, event.seq] = event
        if self._boot and self._boot[0] == event.boot:
            self._boot = (event.boot, max(event.seq, self._boot[1]))
        self._append({"event": msgspec.to_builtins(event)})

    def forget(self, gone: ForgetEvents) -> None:
        """Events that were acked or overwritten."""
        self._drop(gone.boot, gone.from_seq, gone.to_seq)
        self._append({"gone": [gone.boot, gone.from_seq, gone.to_seq]})
        if self._lines > REWRITE_AFTER_LINES + 4 * len(self._events):
            self._rewrite()

    def keep_standing(self, kept: KeepStanding) -> None:
        """A posture, list or revoked list that was taken into use."""
        self._replace(f"{kept.name}.bin", msgspec.msgpack.encode(kept.payloads))

    def keep_notes(self, notes: dict[str, Any]) -> None:
        """The small facts."""
        self._replace("notes.json", json.dumps(notes).encode())

    def _append(self, line: dict[str, Any]) -> None:
        descriptor = os.open(self._journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, msgspec.json.encode(line) + b"\n")
            if self._durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._lines += 1

    def _replace(self, name: str, content: bytes) -> None:
        fresh = self.folder / f"{name}.new"
        with open(fresh, "wb") as file:
            file.write(content)
            if self._durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(fresh, self.folder / name)

    def _rewrite(self) -> None:
        lines: list[dict[str, Any]] = []
        if self._boot is not None:
            lines.append({"boot": self._boot[0], "last_seq": self._boot[1]})
        lines.extend({"event": msgspec.to_builtins(event)} for event in self._events.values())
        self._replace("journal.jsonl", b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
        self._lines = len(lines)

    def _read_line(self, line: bytes) -> None:
        try:
            said = msgspec.json.decode(line, type=dict[str, Any])
            if "boot" in said:
                self._boot = (str(said["boot"]), int(said["last_seq"]))
            elif "event" in said:
                event = _event(said["event"])
                self._events[event.boot, event.seq] = event
                if self._boot and self._boot[0] == event.boot:
                    self._boot = (event.boot, max(event.seq, self._boot[1]))
            elif "gone" in said:
                self._drop(*said["gone"])
            self._lines += 1
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError):
            return  # torn by a kill in the middle of a write

    def _drop(self, boot: str, from_seq: int, to_seq: int) -> None:
        for seq in range(from_seq, to_seq + 1):
            self._events.pop((boot, seq), None)

    def _load_standing(self, site: str, kind: Kind, device: str, key: bytes) -> Standing:
        kept = Standing()
        pages: list[tuple[CredentialPage, bytes, bytes]] = []
        for channel, payload in self._payloads("posture") + self._payloads("credentials") + self._payloads("revoked"):
            try:
                said = codec.decode_down(Topic(site, kind, device, channel), payload, key)
            except codec.BadMessage:
                continue
            if isinstance(said, Posture):
                kept = standings.take_posture(kept, said, payload).standing
            elif isinstance(said, RevokedList):
                kept = standings.take_revoked(kept, said, payload).standing
            elif isinstance(said, CredentialPage):
                pages.append((said, standings.digest(payload), payload))
        if pages and len(pages) == pages[0][0].pages:
            kept = standings.in_use(kept, pages)
        return kept

    def _payloads(self, name: str) -> list[tuple[str, bytes]]:
        try:
            return msgspec.msgpack.decode((self.folder / f"{name}.bin").read_bytes(), type=list[tuple[str, bytes]])
        except (OSError, msgspec.MsgspecError):
            return []

    def _load_notes(self) -> dict[str, object]:
        try:
            return msgspec.json.decode((self.folder / "notes.json").read_bytes(), type=dict[str, object])
        except (OSError, msgspec.MsgspecError):
            return {}


def _event(said: dict[str, Any]) -> Event:
    said = dict(said)
    said.pop("v", None)
    data_type, _ = EVENT_TYPES[said["type"]]
    data = msgspec.convert(said.pop("data"), data_type)
    envelope = msgspec.convert(said, _Envelope)
    return Event(id=envelope.id, boot=envelope.boot, seq=envelope.seq, at=envelope.at, type=envelope.type, data=data)


class _Envelope(msgspec.Struct):
    id: str
    boot: str
    seq: int
    at: datetime
    type: str
