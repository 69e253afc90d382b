"""The event buffer: every event is kept until the gateway's `ack` covers it (rule 2).

Theory. Events lie in order, oldest boot first. The gateway confirms a prefix of each boot (`acked`). What is sent and
not yet confirmed is *in flight*: a prefix of the buffer, at most 50 events, sent again whole when 10 s pass without
progress (then 20, 40, at most 60 s) and after every reconnect. A full buffer overwrites the oldest normal events, and
alarms only when nothing else is left; what it overwrites it marks with a `gap` event. Gaps are sent ahead of their
turn: the gateway cannot confirm anything beyond a hole before it has heard of it.

Promises: numbers within a boot have no hole that no gap names; nothing unconfirmed disappears without a gap; at most
50 in flight and 200 a second. Leaves to others: disk (`disk.py`, told by outputs) and sending (the shell).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from devices.limits import MAX_EVENTS_IN_FLIGHT, MAX_EVENTS_PER_S, RESEND_AFTER_S, RESEND_BACKOFF_MAX_S
from devices.messages import ALARM_EVENTS, Event, EventData, Gap

WINDOW = MAX_EVENTS_IN_FLIGHT
RATE_PER_S = MAX_EVENTS_PER_S
RESEND_FIRST_MS = RESEND_AFTER_S * 1000
RESEND_LAST_MS = RESEND_BACKOFF_MAX_S * 1000
DEFAULT_CAPACITY = 20_000
"""Some weeks of a busy gate; 5,000 is what FAULT tests need."""

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Buffer:
    """The events not yet confirmed, and how far they have been sent."""

    boot: str
    last_seq: int = 0
    capacity: int = DEFAULT_CAPACITY
    events: tuple[Event, ...] = ()
    flying: int = 0
    """How many of the first `events` are in flight."""
    ahead: frozenset[Key] = frozenset()
    """Gaps sent ahead of their turn."""
    gaps: tuple[Event, ...] = ()
    """The gap events among `events`."""
    sent_gaps: frozenset[Key] = frozenset()
    """Gaps whose bytes may be known to the gateway: those are never changed any more."""
    resend_ms: int | None = None
    backoff_ms: int = RESEND_FIRST_MS
    tokens: float = float(WINDOW)
    tokens_ms: int = 0

    def __len__(self) -> int:
        return len(self.events)


Make = Callable[[int, EventData], Event]
"""Makes an event of (seq, data): the caller knows boot, ids and the wall clock."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The buffer after an event was put in: what to write and what to forget on disk."""

    buffer: Buffer
    written: tuple[Event, ...]
    forgotten: tuple[tuple[str, int, int], ...]


def restore(boot: str, events: Iterable[Event], capacity: int = DEFAULT_CAPACITY) -> Buffer:
    """The buffer of a new boot over what the disk still had; any gap among it may have been sent."""
    kept = tuple(events)
    gaps = tuple(event for event in kept if event.type == "gap")
    return Buffer(
        boot=boot, capacity=capacity, events=kept, gaps=gaps, sent_gaps=frozenset((gap.boot, gap.seq) for gap in gaps)
    )


def record(buffer: Buffer, data: EventData, make: Make) -> Recorded:
    """Put one event in, overwriting if it must."""
    written: list[Event] = []
    forgotten: list[tuple[str, int, int]] = []
    if len(buffer.events) - len(buffer.gaps) >= buffer.capacity:
        buffer = _overwrite(buffer, make, written, forgotten)
    event = make(buffer.last_seq + 1, data)
    written.append(event)
    return Recorded(_append(buffer, event), tuple(written), tuple(forgotten))


def acked(buffer: Buffer, boot: str, seq: int, now_ms: int) -> tuple[Buffer, tuple[str, int, int] | None]:
    """Forget what the gateway has on disk. Second: what was forgotten, None without progress.

    A number never given out in this boot is no confirmation of anything, and is ignored.
    """
    if boot == buffer.boot and seq > buffer.last_seq:
        return buffer, None
    events = buffer.events
    leading = 0
    while leading < len(events) and events[leading].boot == boot and events[leading].seq <= seq:
        leading += 1
    if leading:
        gone: tuple[Event, ...] = events[:leading]
        rest = events[leading:]
        flying = max(0, buffer.flying - leading)
    else:
        gone = tuple(event for event in events if event.boot == boot and event.seq <= seq)
        if not gone:
            return buffer, None
        flown = events[: buffer.flying]
        rest = tuple(event for event in events if not (event.boot == boot and event.seq <= seq))
        flying = sum(1 for event in flown if not (event.boot == boot and event.seq <= seq))
    gone_keys = {(event.boot, event.seq) for event in gone if event.type == "gap"}
    in_flight = flying > 0 or bool(buffer.ahead - gone_keys)
    return (
        replace(
            buffer,
            events=rest,
            flying=flying,
            gaps=tuple(gap for gap in buffer.gaps if (gap.boot, gap.seq) not in gone_keys),
            sent_gaps=buffer.sent_gaps - gone_keys,
            ahead=buffer.ahead - gone_keys,
            backoff_ms=RESEND_FIRST_MS,
            resend_ms=now_ms + RESEND_FIRST_MS if in_flight else None,
        ),
        (boot, gone[0].seq, gone[-1].seq),
    )


def reconnected(buffer: Buffer) -> Buffer:
    """Everything is to be sent again, from the oldest on."""
    return replace(buffer, flying=0, ahead=frozenset(), resend_ms=None, backoff_ms=RESEND_FIRST_MS)


def due(buffer: Buffer, now_ms: int) -> tuple[Buffer, tuple[Event, ...]]:
    """What to send now."""
    if buffer.resend_ms is not None and now_ms >= buffer.resend_ms:
        backoff = min(buffer.backoff_ms * 2, RESEND_LAST_MS)
        buffer = replace(buffer, flying=0, ahead=frozenset(), resend_ms=None, backoff_ms=backoff)
    waiting = len(buffer.events) - buffer.flying
    if waiting == 0:
        return buffer, ()
    tokens = min(float(WINDOW), buffer.tokens + (now_ms - buffer.tokens_ms) * RATE_PER_S / 1000)
    room = min(WINDOW - buffer.flying - len(buffer.ahead), int(tokens))
    if room <= 0:
        return buffer, ()
    flown = {(event.boot, event.seq) for event in buffer.events[: buffer.flying]} if buffer.gaps else set()
    early = [
        gap for gap in buffer.gaps if (gap.boot, gap.seq) not in buffer.ahead and (gap.boot, gap.seq) not in flown
    ][:room]
    ahead = buffer.ahead | {(gap.boot, gap.seq) for gap in early}
    batch = list(early)
    flying = buffer.flying
    while len(batch) < room and flying < len(buffer.events):
        event = buffer.events[flying]
        flying += 1
        if (event.boot, event.seq) in ahead:
            ahead -= {(event.boot, event.seq)}  # its turn has come; it is in flight already
        else:
            batch.append(event)
    if not batch:
        return replace(buffer, flying=flying, ahead=ahead), ()
    return (
        replace(
            buffer,
            flying=flying,
            ahead=ahead,
            sent_gaps=buffer.sent_gaps | {(event.boot, event.seq) for event in batch if event.type == "gap"},
            resend_ms=buffer.resend_ms if buffer.resend_ms is not None else now_ms + buffer.backoff_ms,
            tokens=tokens - len(batch),
            tokens_ms=now_ms,
        ),
        tuple(batch),
    )


def next_due_ms(buffer: Buffer, now_ms: int) -> int | None:
    """When `due` should be asked again, if nothing else happens."""
    moments = []
    if buffer.resend_ms is not None:
        moments.append(buffer.resend_ms)
    room = WINDOW - buffer.flying - len(buffer.ahead)
    if len(buffer.events) > buffer.flying and room > 0:
        tokens = min(float(WINDOW), buffer.tokens + (now_ms - buffer.tokens_ms) * RATE_PER_S / 1000)
        # Wait until a small batch may go: one timer for ten events instead of one each.
        wanted = min(10, room, len(buffer.events) - buffer.flying)
        missing = max(0.0, wanted - tokens)
        moments.append(now_ms + int(missing * 1000 / RATE_PER_S) + (1 if missing else 0))
    return min(moments) if moments else None


def _append(buffer: Buffer, event: Event) -> Buffer:
    gaps = (*buffer.gaps, event) if event.type == "gap" else buffer.gaps
    return replace(buffer, events=(*buffer.events, event), gaps=gaps, last_seq=event.seq)


def _overwrite(buffer: Buffer, make: Make, written: list[Event], forgotten: list[tuple[str, int, int]]) -> Buffer:
    """Make room for at least one event, in a run of neighbours so that one gap tells of many."""
    first, last = _victims(buffer)
    run = buffer.events[first:last]
    boot, low, high = run[0].boot, run[0].seq, run[-1].seq
    flying = buffer.flying - max(0, min(last, buffer.flying) - first) if buffer.flying > first else buffer.flying
    buffer = replace(buffer, events=buffer.events[:first] + buffer.events[last:], flying=flying)
    forgotten.append((boot, low, high))
    for gap in buffer.gaps:
        data = gap.data
        assert isinstance(data, Gap)
        if data.boot != boot:
            continue
        if data.to_seq + 1 == low and (gap.boot, gap.seq) not in buffer.sent_gaps:
            grown = replace_event(gap, Gap(boot=boot, from_seq=data.from_seq, to_seq=high))
            written.append(grown)
            return _swap(buffer, gap, grown)
        if gap.boot == boot and gap.seq == data.to_seq + 1 and gap.seq + 1 == low:
            # The gap itself stands between what it names and what goes now: one wider gap takes its place, or a
            # device that is cut off for weeks would fill up with gaps.
            buffer = _remove(buffer, gap)
            forgotten.append((gap.boot, gap.seq, gap.seq))
            low = data.from_seq
            break
    event = make(buffer.last_seq + 1, Gap(boot=boot, from_seq=low, to_seq=high))
    written.append(event)
    return _append(buffer, event)


def _victims(buffer: Buffer) -> tuple[int, int]:
    """Which run of neighbours to overwrite: the oldest normal ones; alarms only when there is nothing else."""
    batch = max(1, buffer.capacity // 20)
    events = buffer.events
    start = next((i for i, event in enumerate(events) if event.type not in ALARM_EVENTS), None)
    normal = start is not None
    if start is None:
        start = next(i for i, event in enumerate(events) if event.type != "gap")
    stop = start + 1
    while (
        stop < len(events)
        and stop - start < batch
        and events[stop].boot == events[start].boot
        and events[stop].seq == events[stop - 1].seq + 1
        and (events[stop].type not in ALARM_EVENTS if normal else events[stop].type != "gap")
    ):
        stop += 1
    return start, stop


def replace_event(event: Event, data: Gap) -> Event:
    """The same event with other data; only for a gap that nobody has seen yet."""
    return Event(id=event.id, boot=event.boot, seq=event.seq, at=event.at, type=event.type, data=data)


def _swap(buffer: Buffer, old: Event, new: Event) -> Buffer:
    return replace(
        buffer,
        events=tuple(new if event is old else event for event in buffer.events),
        gaps=tuple(new if event is old else event for event in buffer.gaps),
    )


def _remove(buffer: Buffer, gap: Event) -> Buffer:
    index = next(i for i, event in enumerate(buffer.events) if event is gap)
    key = (gap.boot, gap.seq)
    return replace(
        buffer,
        events=buffer.events[:index] + buffer.events[index + 1 :],
        flying=buffer.flying - 1 if index < buffer.flying else buffer.flying,
        gaps=tuple(event for event in buffer.gaps if event is not gap),
        ahead=buffer.ahead - {key},
        sent_gaps=buffer.sent_gaps - {key},
    )
