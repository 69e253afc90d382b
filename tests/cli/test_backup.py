"""`backup` and `restore` as somebody at a terminal has them, and a gateway that goes on with what came back."""

import zipfile

from tests.cli.conftest import Wardgate


def put_away(wardgate: Wardgate) -> None:
    """The old database goes elsewhere, as the words of `restore` ask for it."""
    elsewhere = wardgate.site / "data" / "old"
    elsewhere.mkdir()
    for path in wardgate.database.parent.glob("wardgate.db*"):
        path.rename(elsewhere / path.name)


def test_what_was_kept_comes_back_and_the_ledger_says_what_is_lost(wardgate: Wardgate) -> None:
    wardgate("user", "add", "li.na", "--roles", "admin", stdin=b"correct horse battery")
    made = wardgate("backup", "--json")
    wardgate("user", "add", "wang.lei", "--roles", "guard", stdin=b"correct horse battery")
    put_away(wardgate)

    back = wardgate("restore", made.json["file"])

    assert (made.status, back.status) == (0, 0)
    assert "records 2 to 2 are lost" in back.err and "opens again" in back.err
    users = wardgate("user", "list")
    assert "li.na" in users.out and "wang.lei" not in users.out
    verified = wardgate("ledger", "verify")
    assert verified.status == 0 and "records 2 to 2 are lost, as record 2 says" in verified.err
    assert wardgate("ledger", "verify", "--json").json["restored"] == [{"after": 1, "lost": [2, 2]}]
    assert wardgate("user", "add", "wang.lei", "--roles", "guard", stdin=b"correct horse battery").status == 0


def test_a_backup_goes_where_it_is_told_and_is_read_to_its_end(wardgate: Wardgate, tmp_path) -> None:
    made = wardgate("backup", "--out", str(tmp_path / "elsewhere"))
    (path,) = (tmp_path / "elsewhere").iterdir()

    checked = wardgate("backup", "--check", str(path), "--json")

    assert (made.status, checked.status) == (0, 0) and checked.json["records"] == 0
    assert "secrets" not in " ".join(zipfile.ZipFile(path).namelist())


def test_what_cannot_be_taken_back_says_why_and_touches_nothing(wardgate: Wardgate, tmp_path) -> None:
    wardgate("user", "add", "li.na", "--roles", "admin", stdin=b"correct horse battery")
    path = wardgate("backup", "--json").json["file"]
    bent = tmp_path / "bent.zip"
    bent.write_bytes(b"PK nothing")

    over = wardgate("restore", path)
    none = wardgate("restore", str(bent))
    checked = wardgate("backup", "--check", str(bent))

    assert over.status == 2 and "not empty" in over.err
    assert (none.status, checked.status) == (1, 1) and "is no backup" in none.err
    assert "li.na" in wardgate("user", "list").out
