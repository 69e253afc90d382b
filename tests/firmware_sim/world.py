"""A device under test without a broker: its clock is turned by hand, and the gateway's words are really signed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from devices import codec, signing
from devices.messages import (
    Ack,
    Action,
    BollardMode,
    Command,
    CredentialEntry,
    CredentialPage,
    Direction,
    EntryOffline,
    Event,
    ExitOffline,
    Level,
    Offline,
    Posture,
    PostureSettings,
    Presence,
    Result,
    RevokedList,
    Tap,
    Text,
)
from devices.topics import Kind, device_topic
from firmware_sim import machine
from firmware_sim.buffer import Buffer
from firmware_sim.inputs import Connected, Input, Received, Sensed, TapCard, Tick
from firmware_sim.outputs import KeepEvent, KeepNotes, Moved, Output, Send, TapAnswered
from firmware_sim.state import Identity, Now, State

KEY = bytes(range(32))
MONDAY = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
TEXT = Text(en="", zh="")


def identity(kind: Kind, **other: Any) -> Identity:
    escape = other.pop("escape", kind is Kind.DORM)
    return Identity(
        site="main",
        kind=kind,
        device="d1",
        key=KEY,
        credentials_key=signing.credentials_key(KEY),
        escape=escape,
        **other,
    )


def posture(version: int = 1, **other: Any) -> Posture:
    """An ordinary day; `other` goes to the posture, its offline part or its settings, whichever has the name."""
    offline = Offline(answer_timeout_ms=1_500, entry=EntryOffline.LIST, exit=ExitOffline.FREE, max_age_s=3_600)
    settings = PostureSettings(hold_ms=5_000, held_open_after_s=30, pin_required=False, bollard=BollardMode.CYCLE)
    values: dict[str, Any] = {
        "level": Level.L3,
        "order": None,
        "emergency": None,
        "drill": False,
        "at": MONDAY,
        "offline": offline,
        "settings": settings,
    }
    for name, value in other.items():
        for part in ("offline", "settings"):
            if name in values[part].__struct_fields__:
                values[part] = _with(values[part], name, value)
                break
        else:
            values[name] = value
    return Posture(version=version, **values)


def _with(struct: Any, name: str, value: Any) -> Any:
    fields = {field: getattr(struct, field) for field in struct.__struct_fields__}
    return type(struct)(**{**fields, name: value})


def entry(card: str = "AA11", **other: Any) -> CredentialEntry:
    values: dict[str, Any] = {
        "token": token(card),
        "directions": (Direction.IN, Direction.OUT),
        "levels": (Level.L1, Level.L2, Level.L3),
        "windows": None,
        "not_before": None,
        "not_after": None,
    }
    return CredentialEntry(**{**values, **other})


def page(*entries: CredentialEntry, version: int = 1, page: int = 1, pages: int = 1, days: int = 7) -> CredentialPage:
    return CredentialPage(
        version=version, page=page, pages=pages, expires_at=MONDAY + timedelta(days=days), entries=entries
    )


def token(card: str) -> str:
    return signing.token(signing.credentials_key(KEY), "card", card)


@dataclass
class Bench:
    """One device on the bench."""

    kind: Kind
    state: State = field(init=False)
    ms: int = 1_000
    wall: datetime = MONDAY
    synced: bool = True
    out: list[Output] = field(default_factory=list)
    who: Identity | None = None
    commands: int = 0
    counter: int = 0

    def __post_init__(self) -> None:
        self.who = self.who or identity(self.kind)
        self.state = machine.start(self.who, "boot1", b"secret", self.now)

    @property
    def now(self) -> Now:
        return Now(self.ms, self.wall, self.synced)

    def restart(self, boot: str = "boot2", **kept: Any) -> None:
        """Power off and on; what a disk would have kept is kept."""
        base = self.state.base
        notes: dict[str, Any] = {}
        for output in self.out:
            if isinstance(output, KeepNotes):
                notes = dict(output.notes)
        previous = (base.boot, base.buffer.last_seq)
        assert self.who is not None
        self.state = machine.start(
            self.who,
            boot,
            boot.encode(),
            self.now,
            buffer=Buffer(boot=boot, events=base.buffer.events),
            standing=replace(base.standing, pending={}),
            previous=previous,
            notes={**notes, **kept},
        )

    def feed(self, what: Input) -> list[Output]:
        """One step; its outputs."""
        self.state, out = machine.step(self.state, what, self.now)
        self.out.extend(out)
        return out

    def wait(self, ms: int) -> list[Output]:
        """Time passes; the device is woken exactly when it asked to be."""
        out: list[Output] = []
        until = self.ms + ms
        while True:
            wake = machine.next_wake(self.state, self.now)
            if wake is None or wake > until:
                break
            self._to(max(wake, self.ms + 1))
            out += self.feed(Tick())
        self._to(until)
        return out

    def _to(self, ms: int) -> None:
        self.wall += timedelta(milliseconds=ms - self.ms)
        self.ms = ms

    def connect(self) -> list[Output]:
        return self.feed(Connected())

    def say(self, channel: str, message: Any, retained: bool = False, key: bytes = KEY) -> list[Output]:
        """The gateway says something."""
        assert self.who is not None
        topic = device_topic(self.who.site, self.who.kind, self.who.device, channel)
        return self.feed(Received(channel, codec.encode(message, topic, key), retained))

    def posture(self, version: int = 1, **other: Any) -> list[Output]:
        return self.say("posture", posture(version, **other), retained=True)

    def list(self, *entries: CredentialEntry, version: int = 1, **other: Any) -> list[Output]:
        return self.say("credentials/0001", page(*entries, version=version, **other), retained=True)

    def revoke(self, *cards: str, version: int = 1) -> list[Output]:
        tokens = tuple(token(card) for card in cards)
        return self.say("credentials/revoked", RevokedList(version=version, tokens=tokens), retained=True)

    def challenge(self) -> str:
        """The newest challenge the device has told."""
        return self.state.base.challenges[-1][0]

    def ack(self, seq: int = 0, boot: str | None = None, challenge: str | None = None) -> list[Output]:
        ack = Ack(boot=boot or self.state.base.boot, seq=seq, challenge=challenge or self.challenge())
        return self.say("ack", ack)

    def command(self, action: str, retained: bool = False, key: bytes = KEY, **other: Any) -> list[Output]:
        """A command; by default fresh and with the newest challenge."""
        self.commands += 1
        values: dict[str, Any] = {"id": f"c{self.commands}", "challenge": other.pop("challenge", None), "reason": "ok"}
        values.update(other)
        if values["challenge"] is None:
            values["challenge"] = self.challenge()
        return self.say("command", Command(action=Action(action), text=TEXT, **values), retained, key)

    def tap(self, card: str = "AA11", direction: str = "in", **other: Any) -> Tap:
        """A person taps; the first attempt."""
        out = self.feed(TapCard(card, direction, **other))
        return next(o.message for o in out if isinstance(o, Send) and isinstance(o.message, Tap))

    def answer(self, tap: Tap, action: str, **other: Any) -> list[Output]:
        """The gateway answers a tap under its nonce."""
        return self.command(action, challenge=other.pop("challenge", tap.nonce), for_=tap.id, **other)

    def sense(self, vehicle: str = "clear", pedestrian: str = "clear", ms: int = 100) -> list[Output]:
        """One word of the presence sensors, after `ms`."""
        out = self.wait(ms)
        self.counter += 1
        return out + self.feed(Sensed(Presence(vehicle), Presence(pedestrian), self.counter))

    def sense_for(self, ms: int, vehicle: str = "clear", pedestrian: str = "clear") -> list[Output]:
        """The sensors say the same every 100 ms."""
        return [output for _ in range(ms // 100) for output in self.sense(vehicle, pedestrian)]


def motions(out: list[Output]) -> list[str]:
    return [output.what for output in out if isinstance(output, Moved)]


def results(out: list[Output]) -> list[tuple[str, str]]:
    return [
        (str(o.message.outcome), o.message.reason) for o in out if isinstance(o, Send) and isinstance(o.message, Result)
    ]


def sent(out: list[Output], kind: type) -> list[Any]:
    return [output.message for output in out if isinstance(output, Send) and isinstance(output.message, kind)]


def events(out: list[Output]) -> list[str]:
    return [event.type for event in sent(out, Event)]


def recorded(out: list[Output]) -> list[Event]:
    """What was put into the buffer; unlike `sent` without what is only sent again."""
    return [output.event for output in out if isinstance(output, KeepEvent)]


def answers(out: list[Output]) -> list[tuple[str, str, bool]]:
    return [(o.outcome, o.reason, o.alone) for o in out if isinstance(o, TapAnswered)]
