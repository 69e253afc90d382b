"""A backup holds everything of one moment, comes back whole or not at all, and the ledger says what was lost."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.core.chain import Head, Lost, open_lost, seal_lost
from gateway.store import backup, restoring
from gateway.store.backup import BadBackup, check, write_backup
from gateway.store.backup_folder import Folder
from gateway.store.database import open_database
from gateway.store.head_file import HeadFile, read_copy
from gateway.store.restoring import NotEmpty, restore
from gateway.store.tables import camera_pictures, metadata, sessions, users
from tests.store.conftest import KEY, Book, unit

SITE = "main"


def made(book: Book, folder: Path) -> Path:
    path = folder / backup.file_name(SITE, datetime(2026, 11, 22, 2, 30, tzinfo=UTC))
    write_backup(book.database, path, SITE, KEY)
    return path


def back(path: Path, into: Path, book: Book | None = None, **how):
    """Restore into a new SQLite file; with the head file of `book`, as where that machine lives on."""
    head = into / "ledger.head" if book is None else book.head_path
    given = {"head_copy": None, "site": SITE, "key": KEY} | how
    return restore(path, f"sqlite:///{into / 'back.db'}", head, **given)


def opened(folder: Path, head: Path) -> Book:
    url = f"sqlite:///{folder / 'back.db'}"
    return Book(url, head, open_database(url))


def test_what_was_in_a_database_is_in_what_comes_back_whatever_the_engine(written: Book, tmp_path: Path) -> None:
    at = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
    user = {"name": "li.na", "ref": "r1", "password_hash": "x", "roles": "guard", "language": "zh", "disabled": True}
    picture = {"id": "p1", "of": "s1", "camera": "cam-1", "why": "finding", "at": at, "jpeg": bytes(range(256))}
    with written.database.engine.connect().execution_options(writing=True) as connection, connection.begin():
        connection.execute(sa.insert(users).values(**user, created_at=at, holder=None))
        names = set(camera_pictures.c.keys())
        connection.execute(sa.insert(camera_pictures).values({k: v for k, v in picture.items() if k in names}))
        connection.execute(sa.insert(sessions).values(hash="h", user="li.na", created_at=at, seen_at=at, expires_at=at))
    path = made(written, tmp_path)

    done = back(path, tmp_path)

    book = opened(tmp_path, tmp_path / "ledger.head")
    with written.database.engine.connect() as before, book.database.engine.connect() as after:
        for table in metadata.sorted_tables:
            if table.name in ("sessions", "ledger", "head"):
                continue
            wanted = sa.select(table).order_by(*table.primary_key.columns)
            assert after.execute(wanted).all() == before.execute(wanted).all(), table.name
        assert after.execute(sa.select(sa.func.count()).select_from(sessions)).scalar() == 0
    assert book.rows()[:-1] == written.rows() and done.records == len(book.rows())
    assert path.stat().st_mode & 0o777 == 0o600
    book.close()


@pytest.mark.postgres
def test_a_backup_of_sqlite_comes_back_in_postgresql(sqlite_book: Book, postgres_url: str, tmp_path: Path) -> None:
    ledger = sqlite_book.ledger()
    ledger.write([unit(number, f"a:{number}") for number in range(5)])
    ledger.close()
    path = made(sqlite_book, tmp_path)

    restore(path, postgres_url, tmp_path / "other.head", None, SITE, KEY)

    other = Book(postgres_url, tmp_path / "other.head", open_database(postgres_url))
    assert other.rows()[:5] == sqlite_book.rows() and other.verdict().holds
    other.close()


def test_the_ledger_names_what_was_lost_and_goes_on(written: Book, tmp_path: Path) -> None:
    path = made(written, tmp_path)
    ledger = written.ledger()
    ledger.write([unit(number) for number in range(13, 21)])
    ledger.close()

    done = back(path, tmp_path, written)

    book = opened(tmp_path, written.head_path)
    assert done.lost.span == (13, 20)
    assert book.rows()[-1].seq == 13 and book.rows()[-1].kind == "restored"
    again = book.ledger()
    again.write([unit(99)])
    again.close()
    verdict = book.verdict()
    assert verdict.holds and verdict.count == 14 and verdict.restored == (done.lost,)
    assert book.head_file().restored() == [done.lost]
    book.close()


def test_a_second_place_knows_the_loss_where_the_head_file_is_gone_too(written: Book, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    path = made(written, tmp_path)
    ledger = written.ledger()
    ledger.write([unit(number) for number in range(13, 21)])
    ledger.close()
    file = HeadFile(written.head_path, KEY, copy)
    file.write(file.newest())
    file.close()

    done = back(path, tmp_path, head_copy=copy)

    assert done.lost.span == (13, 20)
    assert read_copy(copy, KEY).count <= 13
    book = opened(tmp_path, tmp_path / "ledger.head")
    assert book.verdict(copy).holds
    book.close()


FORGED: list[Callable[[dict], dict]] = [
    lambda body: body | {"old": None},
    lambda body: body | {"old": {"count": body["kept"]["count"] + 1, "hash": "0" * 64}},
    lambda body: body | {"mac": "0" * 64},
    lambda body: {"kept": "nothing"},
]


@pytest.mark.parametrize("forge", FORGED)
def test_a_record_of_a_restore_that_nobody_made_is_found(written: Book, tmp_path: Path, forge) -> None:
    path = made(written, tmp_path)
    written.ledger().write([unit(13)])
    back(path, tmp_path, written)
    book = opened(tmp_path, written.head_path)
    true = json.loads(book.rows()[-1].body)
    from gateway.core.chain import link_hash

    row, before, body = book.rows()[-1], book.rows()[-2], json.dumps(forge(true))
    hash = link_hash(before.hash, row.seq, row.at, row.kind, row.key, body)
    book.bend(
        sa.text("UPDATE ledger SET body = :body, hash = :hash WHERE seq = 13").bindparams(body=body, hash=hash),
        sa.text("UPDATE head SET hash = :hash").bindparams(hash=hash),
    )
    file = HeadFile(written.head_path, KEY)
    file.write(Head(13, hash))  # whoever forges it has the head file too, and not the key
    file.close()

    verdict = book.verdict()

    assert not verdict.holds and verdict.bad_seq == 13
    book.close()


def bent(path: Path, name: str, change: Callable[[bytes], bytes | None]) -> Path:
    """The same backup with one of its parts changed, or left out."""
    other = path.with_name("bent.zip")
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(other, "w") as after:
        for part in before.namelist():
            data = before.read(part)
            data = change(data) if part == name else data
            if data is not None:
                after.writestr(part, data)
    return other


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("tables/ledger.jsonl", lambda data: data.replace(b"note", b"nose", 1)),
        ("tables/ledger.jsonl", lambda data: data[: data.rindex(b"[")]),
        ("tables/holders.jsonl", lambda data: None),
        ("tables/head.jsonl", lambda data: b"[1"),
        ("manifest.json", lambda data: data.replace(b'"count": 12', b'"count": 11')),
        ("manifest.json", lambda data: b"{}"),
        ("manifest.json", lambda data: None),
    ],
)
def test_a_backup_that_was_bent_is_refused_and_nothing_is_written(written: Book, tmp_path: Path, name, change) -> None:
    path = bent(made(written, tmp_path), name, change)

    with pytest.raises(BadBackup):
        check(path, KEY)
    with pytest.raises(BadBackup):
        back(path, tmp_path)

    empty = sa.create_engine(f"sqlite:///{tmp_path / 'back.db'}")
    assert sa.inspect(empty).get_table_names() == []
    empty.dispose()


def test_another_sites_or_another_keys_backup_is_refused(written: Book, tmp_path: Path) -> None:
    path = made(written, tmp_path)
    torn = tmp_path / "torn.zip"
    torn.write_bytes(path.read_bytes()[:-200])

    with pytest.raises(BadBackup, match="another site's key"):
        back(path, tmp_path, key=bytes(32))
    with pytest.raises(BadBackup, match="of the site main"):
        back(path, tmp_path, site="west")
    with pytest.raises(BadBackup, match="is no backup"):
        check(torn, KEY)


def test_nothing_is_written_over_a_database_that_is_not_empty(written: Book, tmp_path: Path) -> None:
    path = made(written, tmp_path)
    there = open_database(f"sqlite:///{tmp_path / 'back.db'}")
    there.close()

    with pytest.raises(NotEmpty):
        back(path, tmp_path)


def test_a_ledger_that_does_not_hold_is_not_taken_back_and_leaves_an_empty_database(
    sqlite_book: Book, tmp_path: Path
) -> None:
    ledger = sqlite_book.ledger()
    ledger.write([unit(number) for number in range(3)])
    ledger.close()
    sqlite_book.bend("UPDATE ledger SET body = '{}' WHERE seq = 2")
    path = made(sqlite_book, tmp_path)

    with pytest.raises(BadBackup, match="does not hold"):
        back(path, tmp_path)

    empty = sa.create_engine(f"sqlite:///{tmp_path / 'back.db'}")
    assert sa.inspect(empty).get_table_names() == []
    empty.dispose()


def test_a_power_cut_before_the_record_is_finished_by_the_same_command(
    sqlite_book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = sqlite_book.ledger()
    ledger.write([unit(number) for number in range(3)])
    ledger.close()
    path = made(sqlite_book, tmp_path)
    with monkeypatch.context() as cut, pytest.raises(KeyboardInterrupt):

        def power_goes(*_what: object) -> None:
            raise KeyboardInterrupt

        cut.setattr(restoring, "_put_on_record", power_goes)
        back(path, tmp_path)

    done = back(path, tmp_path)

    book = opened(tmp_path, tmp_path / "ledger.head")
    assert done.records == 4 and [row.kind for row in book.rows()][-1] == "restored"
    assert book.verdict().holds
    with pytest.raises(NotEmpty):
        back(path, tmp_path)
    book.close()


def test_the_backup_that_was_just_made_stays_whatever_dates_the_others_have(sqlite_book: Book, tmp_path: Path) -> None:
    folder = Folder(sqlite_book.database, tmp_path / "backups", SITE, KEY)
    (tmp_path / "backups").mkdir()
    for day in (1, 2):
        (tmp_path / "backups" / f"wardgate-main-2099010{day}T023000Z.zip").touch()

    done = folder.make(keep=2)

    assert sorted(file.name for file in folder.files()) == [done.file.name, "wardgate-main-20990102T023000Z.zip"]


def test_a_folder_keeps_the_newest_and_touches_nothing_else(sqlite_book: Book, tmp_path: Path) -> None:
    sqlite_book.ledger().write([unit(1)])
    folder = Folder(sqlite_book.database, tmp_path / "backups", SITE, KEY)
    (tmp_path / "backups").mkdir()
    older = [tmp_path / "backups" / f"wardgate-main-2026010{day}T023000Z.zip" for day in range(1, 5)]
    others = [tmp_path / "backups" / name for name in ("wardgate-west-20260101T023000Z.zip", "notes.txt")]
    for path in older + others:
        path.touch()

    done = folder.make(keep=3)

    left = sorted(file.name for file in folder.files())
    assert left == [older[2].name, older[3].name, done.file.name]
    assert all(path.exists() for path in others)
    assert check(tmp_path / "backups" / done.file.name, KEY).head.count == done.records == 1


def test_the_line_of_a_loss_opens_under_its_key_only() -> None:
    lost = Lost(Head(3, "a" * 64), Head(9, "b" * 64))

    assert open_lost(seal_lost(lost, KEY), KEY) == lost and lost.span == (4, 9)
    assert open_lost(seal_lost(lost, KEY), bytes(32)) is None
    assert open_lost(seal_lost(lost, KEY).replace(" 9 ", " 8 "), KEY) is None
    assert open_lost("", KEY) is None and Lost(Head(3, "a"), None).span is None
