"""A check of the configuration looks at the database, changes nothing there, and says so when it cannot look."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.core.coverage import Standing
from gateway.core.kinds import HolderKind
from gateway.store.looking import NotLookedAt, look_up
from gateway.store.tables import devices, holders
from tests.store.conftest import AT, Book


def fill(book: Book) -> None:
    def device(id: str, kind: str, portal: str | None, zone: str | None, retired: bool = False) -> dict[str, object]:
        return {
            "id": id, "kind": kind, "portal": portal, "zone": zone, "locations": "[]", "key": b"k", "password": b"p",
            "enrolled_at": AT, "retired_at": AT if retired else None, "version": 1,
        }  # fmt: skip

    def holder(id: str, kind: str, groups: str) -> dict[str, object]:
        return {"ref": id, "id": id, "name": "n", "kind": kind, "groups": groups, "suspended": False, "version": 1}

    book.bend(
        sa.insert(devices).values(
            [
                device("north-in-1", "reader", "north-in", None),
                device("fire", "panel", None, "campus"),
                device("gone", "bollard", "north-vehicle", None, retired=True),
            ]
        ),
        sa.insert(holders).values(
            [
                holder("1", "student", "boarders;students"),
                holder("2", "student", "students"),
                holder("3", "student", "students"),
                holder("4", "contractor", ""),
            ]
        ),
    )


def test_devices_in_service_and_people_by_kind_are_found(book: Book) -> None:
    fill(book)

    known = look_up(book.url)

    assert known.devices == (
        Standing("fire", "panel", None, "campus"),
        Standing("north-in-1", "reader", "north-in", None),
    )
    assert known.holders == {HolderKind.STUDENT: 3, HolderKind.CONTRACTOR: 1}
    assert known.groups == {
        HolderKind.STUDENT: frozenset({"boarders", "students"}),
        HolderKind.CONTRACTOR: frozenset(),
    }


def test_looking_leaves_no_trace(sqlite_book: Book, tmp_path: Path) -> None:
    fill(sqlite_book)
    sqlite_book.close()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    look_up(sqlite_book.url)

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_running_gateways_newest_word_is_seen(sqlite_book: Book) -> None:
    look_up(sqlite_book.url)
    fill(sqlite_book)  # its connections stay open, so that this stands in the write-ahead log

    assert len(look_up(sqlite_book.url).devices) == 2


def test_no_database_is_made(tmp_path: Path) -> None:
    with pytest.raises(NotLookedAt, match="no database yet"):
        look_up(f"sqlite:///{tmp_path / 'data' / 'wardgate.db'}")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"this is no database, and long enough to look like none at all" * 20])
def test_what_is_no_database_of_ours_is_said_and_left(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "wardgate.db"
    place.write_bytes(content)

    with pytest.raises(NotLookedAt, match="cannot be read"):
        look_up(f"sqlite:///{place}")

    assert place.read_bytes() == content


def test_a_server_that_does_not_answer_is_said() -> None:
    with pytest.raises(NotLookedAt, match="cannot be read"):
        look_up("postgresql+psycopg://nobody@127.0.0.1:1/none")
