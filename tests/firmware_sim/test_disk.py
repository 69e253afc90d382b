"""What a device keeps over power cuts and kills, and what it does with files that are not whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from devices import codec
from devices.messages import DoorOpened, Event, Gap, Recording
from devices.topics import Kind, device_topic
from firmware_sim.disk import REWRITE_AFTER_LINES, Disk, Kept
from firmware_sim.outputs import ForgetEvents, KeepStanding
from tests.firmware_sim.world import KEY, MONDAY, entry, page, posture, token

AT = datetime(2026, 11, 16, 8, 0, 0, 123_000, tzinfo=UTC)


def event(seq: int, boot: str = "b1", data: object = None) -> Event:
    said = data if data is not None else DoorOpened()
    type_ = {DoorOpened: "door_opened", Gap: "gap", Recording: "recording"}[type(said)]
    return Event(id=f"{boot}-{seq}", boot=boot, seq=seq, at=AT, type=type_, data=said)  # type: ignore[arg-type]


def load(folder: Path, key: bytes = KEY, kind: Kind = Kind.READER) -> Kept:
    return Disk(folder).load("main", kind, "d1", key)


def test_events_come_back_as_they_were_and_acked_ones_do_not(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.load("main", Kind.CAMERA, "d1", KEY)
    disk.begin("b1")
    kept = [event(1), event(2, data=Recording(ok=True, free_bytes=5, oldest_at=MONDAY)), event(3)]
    for one in kept:
        disk.keep_event(one)
    disk.forget(ForgetEvents("b1", 1, 1))

    found = load(tmp_path)

    assert found.events == kept[1:]
    assert found.previous == ("b1", 3)


def test_a_gap_that_grew_comes_back_once_and_grown(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.load("main", Kind.READER, "d1", KEY)
    disk.begin("b1")
    disk.keep_event(event(1, data=Gap(boot="b1", from_seq=5, to_seq=6)))
    disk.keep_event(event(1, data=Gap(boot="b1", from_seq=5, to_seq=9)))

    assert [one.data for one in load(tmp_path).events] == [Gap(boot="b1", from_seq=5, to_seq=9)]


def test_a_line_torn_by_a_kill_is_dropped_and_the_rest_goes_on(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.load("main", Kind.READER, "d1", KEY)
    disk.begin("b1")
    disk.keep_event(event(1))
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"event":{"id":"x","boo')

    again = Disk(tmp_path)
    assert again.load("main", Kind.READER, "d1", KEY).events == [event(1)]
    again.begin("b2")
    again.keep_event(event(1, "b2"))

    found = load(tmp_path)
    assert found.events == [event(1), event(1, "b2")]
    assert found.previous == ("b2", 1)


def test_the_number_of_the_last_event_outlives_its_ack(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.load("main", Kind.READER, "d1", KEY)
    disk.begin("b1")
    disk.keep_event(event(1))
    disk.forget(ForgetEvents("b1", 1, 1))

    assert load(tmp_path).previous == ("b1", 1)
    assert load(tmp_path).previous == ("b1", 1)


def test_a_journal_of_history_is_rewritten_and_loses_nothing(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.load("main", Kind.READER, "d1", KEY)
    disk.begin("b1")
    for seq in range(1, REWRITE_AFTER_LINES):
        disk.keep_event(event(seq))
        if seq > 3:
            disk.forget(ForgetEvents("b1", seq - 3, seq - 3))

    journal = (tmp_path / "journal.jsonl").read_bytes()
    assert journal.count(b"\n") < REWRITE_AFTER_LINES + 100
    assert [one.seq for one in load(tmp_path).events] == list(range(REWRITE_AFTER_LINES - 3, REWRITE_AFTER_LINES))


def signed(channel: str, message: object, key: bytes = KEY) -> bytes:
    return codec.encode(message, device_topic("main", Kind.READER, "d1", channel), key)  # type: ignore[arg-type]


def keep_all(folder: Path) -> None:
    disk = Disk(folder)
    pages = [page(entry("AA11"), page=1, pages=2), page(entry("BB22"), page=2, pages=2)]
    disk.keep_standing(KeepStanding("posture", (("posture", signed("posture", posture(7))),)))
    channels = ("credentials/0001", "credentials/0002")
    payloads = tuple((channel, signed(channel, one)) for channel, one in zip(channels, pages, strict=True))
    disk.keep_standing(KeepStanding("credentials", payloads))


def test_posture_and_list_come_back_from_the_signed_messages(tmp_path: Path) -> None:
    keep_all(tmp_path)

    found = load(tmp_path).standing

    assert found.posture == posture(7)
    assert set(found.entries) == {token("AA11"), token("BB22")}
    assert found.list_version == 1


def test_files_of_another_key_or_with_a_changed_byte_count_as_not_there(tmp_path: Path) -> None:
    keep_all(tmp_path)
    assert load(tmp_path, key=bytes(32)).standing.posture is None

    file = tmp_path / "posture.bin"
    file.write_bytes(file.read_bytes().replace(b'"level":3', b'"level":1'))
    found = load(tmp_path).standing
    assert found.posture is None
    assert found.list_version == 1


def test_notes_come_back_and_rubbish_does_not(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.keep_notes({"age_s": 12.5, "released_by": ["fire"]})
    assert load(tmp_path).notes == {"age_s": 12.5, "released_by": ["fire"]}

    (tmp_path / "notes.json").write_text("[1, 2")
    assert load(tmp_path).notes == {}


def test_no_card_number_lies_in_the_folder(tmp_path: Path) -> None:
    """The list is tokens, events name tokens: a stolen reader's flash shows no card."""
    keep_all(tmp_path)
    disk = Disk(tmp_path)
    disk.load("main", Kind.READER, "d1", KEY)
    disk.keep_event(event(1))

    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())

    assert token("AA11").encode() in content
    assert b"AA11" not in content
    assert json.loads((tmp_path / "journal.jsonl").read_text().splitlines()[-1])["event"]["seq"] == 1
