"""How long a file says that it lasts: by its head, whatever else stands in it."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from gateway.video.capture.promised import promised_s


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def mp4(scale: int = 1000, length: int = 40_000, *, long: bool = False) -> bytes:
    times = struct.pack(">QQIQ" if long else ">IIII", 0, 0, scale, length)
    head = box(b"mvhd", (b"\1" if long else b"\0") + bytes(3) + times + bytes(80))
    return box(b"ftyp", b"isom" + bytes(8)) + box(b"free", bytes(50)) + box(b"moov", box(b"iods", b"x") + head)


def element(id: str, content: bytes) -> bytes:
    return bytes.fromhex(id) + (0x0100_0000_0000_0000 | len(content)).to_bytes(8, "big") + content


def mkv(*, length: bytes = struct.pack(">d", 40_000.0), scale: int = 1_000_000) -> bytes:
    told = element("4489", length) if length else b""
    info = element("1549a966", element("2ad7b1", scale.to_bytes(4, "big")) + told + element("4d80", b"by hand"))
    live = bytes.fromhex("18538067") + b"\x01" + b"\xff" * 7  # a segment whose length nobody knew yet
    return element("1a45dfa3", b"head") + live + element("ec", bytes(9)) + info + element("1f43b675", bytes(99))


def avi(*, missing: int) -> bytes:
    head = struct.pack("<14I", 200_000, 0, 0, 0, 200, 0, 1, 0, 320, 180, 0, 0, 0, 0)
    lists = b"LIST" + struct.pack("<I", 4 + 8 + len(head)) + b"hdrlavih" + struct.pack("<I", len(head)) + head
    return b"RIFF" + struct.pack("<I", 4 + len(lists) + missing) + b"AVI " + lists


@pytest.mark.parametrize(
    ("content", "lasts_s"),
    [
        (mp4(), 40.0),
        (mp4(90_000, 3_600_000, long=True), 40.0),
        (mp4(length=0), None),  # in fragments: nobody knew yet
        (mp4(length=0xFFFF_FFFF), None),
        (mp4(scale=0), None),
        (mp4()[:60], None),  # its head comes last, and is gone
        (mkv(), 40.0),
        (mkv(length=struct.pack(">f", 400.0), scale=100_000_000), 40.0),
        (mkv(length=b""), None),  # a recording that was never finished
        (mkv(length=struct.pack(">d", float("nan"))), None),
        (avi(missing=70_000), 40.0),
        (avi(missing=0), None),  # it is whole, whatever number stands in its head
        (b"\x47" + bytes(187), None),  # a transport stream says nothing
        (b"", None),
    ],
)
def test_a_file_lasts_as_long_as_its_head_says(tmp_path: Path, content: bytes, lasts_s: float | None) -> None:
    file = tmp_path / "a"
    file.write_bytes(content)

    assert promised_s(file) == (None if lasts_s is None else pytest.approx(lasts_s))


def test_nothing_that_stands_in_a_file_can_go_wrong_here(tmp_path: Path) -> None:
    chance, file = random.Random(5), tmp_path / "a"
    for whole in (mp4(), mp4(long=True), mkv(), avi(missing=9)):
        for _ in range(60):
            spoilt = bytearray(whole)
            for _ in range(chance.randint(1, 6)):
                spoilt[chance.randrange(8, len(spoilt))] = chance.choice((0, 1, 0xFF, chance.randrange(256)))
            file.write_bytes(spoilt[: chance.randint(1, len(spoilt))])
            lasts_s = promised_s(file)
            assert lasts_s is None or 0 < lasts_s <= 30 * 86_400


def test_an_endless_row_of_boxes_ends(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(box(b"free", b"") * 100_000)
    assert promised_s(file) is None
