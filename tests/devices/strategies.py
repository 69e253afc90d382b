"""Every message that the protocol allows, drawn by Hypothesis: what the laws of the codec are tried on."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from devices import messages as m
from devices.topics import Kind, Topic, page_channel

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
BIG = 2**63 - 1

ids = st.text(LETTERS, min_size=1, max_size=64)
counts = st.integers(0, BIG)
positives = st.integers(1, BIG)
numbers = st.integers(-(2**63), BIG)
shares = st.floats(0, 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
tokens = st.text("0123456789abcdef", min_size=32, max_size=32)
versions = st.none() | counts


def texts(longest: int, shortest: int = 0) -> st.SearchStrategy[str]:
    """Any text that JSON can carry here, control characters, quotes and Chinese among it."""
    return st.text(
        st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=shortest, max_size=longest
    )


labels = texts(128, 1)
reasons = texts(128)
# Milliseconds are what the wire carries.
times = st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
sites = st.sampled_from(["main", "a", "north-campus", "0" * 63])


def choice(enum: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(list(enum))


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


presences = {"vehicle": choice(m.Presence), "pedestrian": choice(m.Presence), "counter": counts}

EVENT_DATA: dict[str, st.SearchStrategy[Any]] = {
    "passage": st.builds(m.Passage, tap=optional(ids), direction=choice(m.Direction)),
    "access": st.builds(
        m.Access,
        tap=ids,
        credential=st.builds(m.CredentialToken, kind=choice(m.CredentialKind), token=tokens),
        direction=choice(m.Direction),
        outcome=choice(m.AccessOutcome),
        reason=choice(m.AccessReason).map(str) | reasons,
        posture=versions,
    ),
    "door_opened": st.just(m.DoorOpened()),
    "door_closed": st.just(m.DoorClosed()),
    "door_forced": st.just(m.DoorForced()),
    "door_held": st.builds(m.DoorHeld, open_s=counts),
    "exit_button": st.just(m.ExitButton()),
    "tamper": st.just(m.Tamper()),
    "duress": st.builds(m.Duress, tap=ids),
    "lock_state": st.builds(m.LockStateChanged, state=choice(m.LockState)),
    "fire_input": st.builds(m.FireInput, active=st.booleans()),
    "position": st.builds(m.Position, position=choice(m.BollardPosition)),
    "presence": st.builds(m.PresenceChanged, **presences),
    "impact": st.builds(m.Impact, g=floats),
    "efo_pressed": st.just(m.EfoPressed()),
    "manual_override": st.just(m.ManualOverride()),
    "plate": st.builds(m.PlateSeen, plate=texts(512, 1), confidence=shares, direction=choice(m.Direction)),
    "recording": st.builds(m.Recording, ok=st.booleans(), free_bytes=counts, oldest_at=times),
    "fire_alarm": st.builds(m.FireAlarm, zone=labels),
    "fire_clear": st.builds(m.FireClear, zone=labels),
    "panic": st.builds(m.Panic, location=labels),
    "refused": st.builds(m.Refused, channel=labels, version=versions, reason=choice(m.RefusedReason)),
    "buffer_high": st.just(m.BufferHigh()),
    "gap": st.tuples(positives, positives, ids).map(
        lambda drawn: m.Gap(boot=drawn[2], from_seq=min(drawn[:2]), to_seq=max(drawn[:2]))
    ),
}


def status(kind: Kind) -> st.SearchStrategy[m.Status]:
    return st.builds(
        m.Status,
        online=st.booleans(),
        boot=ids,
        connection=positives,
        previous=optional(st.builds(m.Previous, boot=ids, last_seq=counts)),
        firmware=labels,
        at=times,
        challenge=ids,
        posture=versions,
        credentials=versions,
        revoked=versions,
        buffered=counts,
        clock=choice(m.Clock),
        lock_state=choice(m.LockState) if kind in (Kind.READER, Kind.DORM) else st.none(),
        position=choice(m.BollardPosition) if kind is Kind.BOLLARD else st.none(),
    )


def heartbeat(kind: Kind) -> st.SearchStrategy[m.Heartbeat]:
    return st.builds(
        m.Heartbeat,
        boot=ids,
        challenge=ids,
        at=times,
        uptime_ms=counts,
        buffered=counts,
        clock=choice(m.Clock),
        presence=st.builds(m.PresenceReading, **presences) if kind is Kind.BOLLARD else st.none(),
        rssi_dbm=optional(numbers),
        supply_mv=optional(numbers),
        temperature_c=optional(floats),
    )


tap = st.builds(
    m.Tap,
    id=ids,
    boot=ids,
    at=times,
    nonce=ids,
    direction=choice(m.Direction),
    credential=st.builds(m.Credential, kind=choice(m.CredentialKind), value=texts(512, 1)),
    pin=optional(texts(32, 1)),
    confidence=optional(shares),
    attempt=optional(positives),
)


def event(kind: Kind) -> st.SearchStrategy[m.Event]:
    own = sorted(name for name, (_, kinds) in m.EVENT_TYPES.items() if kind in kinds)
    return st.sampled_from(own).flatmap(
        lambda name: st.builds(
            m.Event, id=ids, boot=ids, seq=positives, at=times, type=st.just(name), data=EVENT_DATA[name]
        )
    )


result = st.builds(m.Result, command=ids, boot=ids, outcome=choice(m.Outcome), reason=reasons)
command = st.builds(
    m.Command,
    id=ids,
    challenge=ids,
    action=choice(m.Action),
    for_=optional(ids),
    reason=reasons,
    text=st.builds(m.Text, en=texts(2000), zh=texts(2000)),
    hold_ms=optional(counts),
    wait_ms=optional(counts),
)
posture = st.builds(
    m.Posture,
    version=counts,
    level=choice(m.Level),
    order=optional(ids),
    emergency=optional(choice(m.Emergency)),
    drill=st.booleans(),
    at=times,
    offline=st.builds(
        m.Offline,
        answer_timeout_ms=counts,
        entry=choice(m.EntryOffline),
        exit=choice(m.ExitOffline),
        max_age_s=counts,
    ),
    settings=st.builds(
        m.PostureSettings,
        hold_ms=counts,
        held_open_after_s=counts,
        pin_required=st.booleans(),
        bollard=choice(m.BollardMode),
    ),
)
windows = st.tuples(st.integers(0, 10_079), st.integers(1, 10_080)).filter(lambda window: window[0] < window[1])
entry = st.builds(
    m.CredentialEntry,
    token=tokens,
    directions=st.lists(choice(m.Direction), min_size=1, max_size=2, unique=True).map(tuple),
    levels=st.sampled_from([(3,), (2, 3), (1, 2, 3), (3, 2)]).map(lambda levels: tuple(map(m.Level, levels))),
    windows=optional(st.lists(windows, max_size=4).map(tuple)),
    not_before=optional(times),
    not_after=optional(times),
)
revoked = st.builds(m.RevokedList, version=counts, tokens=st.lists(tokens, max_size=20).map(tuple))
ack = st.builds(m.Ack, boot=ids, seq=counts, challenge=ids)
gateway_status = st.builds(
    m.GatewayStatus, online=st.booleans(), instance=ids, host=labels, pid=positives, started_at=times, at=times
)


@st.composite
def up(draw: st.DrawFn) -> tuple[Topic, Any]:
    """A message of a device, with the topic that it belongs to."""
    channel = draw(st.sampled_from(["status", "heartbeat", "tap", "event", "result"]))
    kind = draw(st.sampled_from([k for k in Kind if channel != "tap" or k not in (Kind.PANEL, Kind.BOLLARD)]))
    made = {"status": status(kind), "heartbeat": heartbeat(kind), "tap": tap, "event": event(kind), "result": result}
    return Topic(draw(sites), kind, "north-in-1", channel), draw(made[channel])


@st.composite
def down(draw: st.DrawFn) -> tuple[Topic, Any]:
    """A message to a device, with the topic that it belongs to."""
    kind = draw(choice(Kind))
    site = draw(sites)
    number = draw(st.integers(1, 9_999))
    page = st.builds(
        m.CredentialPage,
        version=counts,
        page=st.just(number),
        pages=st.integers(number, 9_999),
        expires_at=times,
        entries=st.lists(entry, max_size=8).map(tuple),
    )
    channels = {
        "command": command,
        "posture": posture,
        page_channel(number): page,
        "credentials/revoked": revoked,
        "ack": ack,
    }
    channel = draw(st.sampled_from(list(channels)))
    return Topic(site, kind, "north-in-1", channel), draw(channels[channel])
