"""The head of the ledger outside the database: two slots, so that one torn write costs nothing but the newest head."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.chain import Head
from gateway.store.head_file import SLOT, HeadFile, read_copy
from tests.store.conftest import KEY

ONE, TWO, THREE = (Head(count, str(count) * 64) for count in (1, 2, 3))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.head"


def written(path: Path, *heads: Head, key: bytes = KEY, copy: Path | None = None) -> None:
    file = HeadFile(path, key, copy)
    for head in heads:
        file.write(head)
    file.close()


def newest(path: Path, key: bytes = KEY) -> Head | None:
    file = HeadFile(path, key)
    try:
        return file.newest()
    finally:
        file.close()


def test_a_new_file_knows_nothing(path: Path) -> None:
    assert newest(path) is None


def test_the_newest_head_counts_whichever_slot_it_is_in(path: Path) -> None:
    for count in range(1, 6):
        written(path, Head(count, "a" * 64))

        assert newest(path) == Head(count, "a" * 64)


@pytest.mark.parametrize("kept", [0, 1, 30, 100])
def test_a_torn_write_leaves_the_head_before(path: Path, kept: int) -> None:
    written(path, ONE, TWO, THREE)  # THREE is in the first slot
    torn = bytearray(path.read_bytes())
    torn[kept:SLOT] = b"\0" * (SLOT - kept)
    path.write_bytes(bytes(torn))

    assert newest(path) == TWO


def test_after_a_torn_write_the_sound_slot_is_not_overwritten_next(path: Path) -> None:
    written(path, ONE, TWO, THREE)
    torn = bytearray(path.read_bytes())
    torn[10:SLOT] = b"\0" * (SLOT - 10)
    path.write_bytes(bytes(torn))

    file = HeadFile(path, KEY)
    file.write(Head(4, "4" * 64))
    damaged = path.read_bytes()[SLOT:]
    file.close()

    assert b"2" * 64 in damaged
    assert newest(path) == Head(4, "4" * 64)


def test_another_key_opens_nothing(path: Path) -> None:
    written(path, ONE)

    assert newest(path, b"\1" * 32) is None


def test_any_changed_byte_of_a_head_makes_it_none(path: Path) -> None:
    written(path, ONE)
    sound = path.read_bytes()
    length = len(sound[:SLOT].rstrip())
    for index in range(length):
        path.write_bytes(sound[:index] + bytes([sound[index] ^ 1]) + sound[index + 1 :])

        assert newest(path) in (None, ONE), f"byte {index}"
        assert newest(path) is None or sound[index : index + 1].isspace(), f"byte {index}"


def test_only_its_owner_may_read_it(path: Path) -> None:
    written(path, ONE)

    assert path.stat().st_mode & 0o077 == 0


def test_the_copy_in_the_second_place_is_made_at_once_and_whole(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "other disk" / "head"

    written(path, ONE, TWO, copy=copy)

    assert read_copy(copy, KEY) == TWO
    assert read_copy(copy, b"\1" * 32) is None
    assert not copy.with_name("head.new").exists()


def test_a_second_place_that_cannot_be_written_is_the_callers_to_hear(path: Path, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    file = HeadFile(path, KEY, in_the_way / "head")
    file.write(ONE)

    with pytest.raises(OSError):
        file.sync()

    assert newest(path) == ONE
    with pytest.raises(OSError):
        file.close()
