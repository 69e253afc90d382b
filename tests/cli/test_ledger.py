"""`wardgate ledger verify` finds whatever was bent, and names the first bad record."""

import shutil
import sqlite3

import pytest

from gateway.__main__ import main
from gateway.core.chain import link_hash

RECORDS = 12

# One data folder for all of them, so one process has to run them all.
pytestmark = pytest.mark.xdist_group("bent ledgers")


@pytest.fixture(scope="module")
def recorded(fresh_site, tmp_path_factory):
    """A data folder with some records, made once."""
    site = tmp_path_factory.mktemp("recorded") / "site"
    shutil.copytree(fresh_site, site)
    for number in range(RECORDS):
        assert main(["device", "enrol", "reader", f"r{number}", "--portal", "north-in", "--config", str(site)]) == 0
    return site / "data"


@pytest.fixture
def ledger(wardgate, recorded):
    """A site with some records; the function bends the database."""
    shutil.copytree(recorded, wardgate.site / "data")

    def bend(*statements):
        connection = sqlite3.connect(wardgate.database)
        with connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    return bend


def test_an_untouched_ledger_holds(wardgate, ledger):
    answer = wardgate("ledger", "verify")

    assert answer.status == 0
    assert f"{RECORDS} records" in answer.out


def test_an_empty_ledger_holds(wardgate):
    wardgate("device", "list")  # whoever opens the database first makes it

    assert wardgate("ledger", "verify").status == 0


def test_where_there_is_no_database_that_is_said_and_none_is_made(wardgate):
    answer = wardgate("ledger", "verify")

    assert answer.status == 2
    assert "no database" in answer.err
    assert not wardgate.database.parent.exists()


def test_a_database_that_is_gone_does_not_pass_for_an_empty_one(wardgate, ledger):
    wardgate.database.unlink()

    answer = wardgate("ledger", "verify")

    assert answer.status == 1
    assert f"knows {RECORDS} records" in answer.err


SWAP = (
    "UPDATE ledger SET seq = -1 WHERE seq = 4",
    "UPDATE ledger SET seq = 4 WHERE seq = 7",
    "UPDATE ledger SET seq = 7 WHERE seq = -1",
)


@pytest.mark.parametrize(
    ("statements", "first_bad"),
    [
        (["UPDATE ledger SET body = replace(body, 'r4', 'r5') WHERE seq = 5"], 5),
        (["UPDATE ledger SET at = at + 1 WHERE seq = 1"], 1),
        (["UPDATE ledger SET kind = 'device_retired' WHERE seq = 12"], 12),
        (["UPDATE ledger SET key = 'x' WHERE seq = 3"], 3),
        (["UPDATE ledger SET hash = upper(hash) WHERE seq = 6"], 6),
        (["DELETE FROM ledger WHERE seq = 1"], 1),
        (["DELETE FROM ledger WHERE seq = 8"], 8),
        (["DELETE FROM ledger WHERE seq = 12"], 12),
        (["DELETE FROM ledger WHERE seq > 9"], 10),
        (["DELETE FROM ledger"], 1),
        (SWAP, 4),
        (
            [
                "DELETE FROM ledger WHERE seq > 9",
                "UPDATE head SET count = 9, hash = (SELECT hash FROM ledger WHERE seq = 9)",
            ],
            10,
        ),
        (["DELETE FROM ledger", f"UPDATE head SET count = 0, hash = '{'0' * 64}'"], 1),
        (["UPDATE head SET count = 11"], 11),
    ],
)
def test_whatever_is_bent_is_found(wardgate, ledger, statements, first_bad):
    ledger(*statements)

    answer = wardgate("ledger", "verify", "--json")

    assert answer.status == 1
    assert answer.json["holds"] is False
    assert answer.json["first_bad"] == first_bad
    assert str(first_bad) in wardgate("ledger", "verify").err


def test_a_chain_written_anew_from_some_record_on_does_not_fit_the_head(wardgate, ledger):
    connection = sqlite3.connect(wardgate.database)
    rows = connection.execute("SELECT seq, at, kind, key, body, hash FROM ledger ORDER BY seq").fetchall()
    last = rows[4][5]
    for seq, at, kind, key, body, _ in rows[5:]:
        body = body.replace("r5", "x5")
        last = link_hash(last, seq, at, kind, key, body)
        connection.execute("UPDATE ledger SET body = ?, hash = ? WHERE seq = ?", (body, last, seq))
    connection.execute("UPDATE head SET hash = ?", (last,))
    connection.commit()
    connection.close()

    answer = wardgate("ledger", "verify")

    assert answer.status == 1
    assert "written anew" in answer.err


def test_a_missing_or_foreign_head_file_is_said(wardgate, ledger):
    head = wardgate.settings.head_file
    head.unlink()
    assert wardgate("ledger", "verify").status == 1

    (wardgate.site / "secrets" / "ledger.key").write_text("cd" * 32)
    assert wardgate("ledger", "verify").status == 1


def test_no_command_covers_a_cut_off_tail_up(wardgate, ledger):
    ledger(
        "DELETE FROM ledger WHERE seq > 9", "UPDATE head SET count = 9, hash = (SELECT hash FROM ledger WHERE seq=9)"
    )

    for _ in range(3):
        answer = wardgate("device", "retire", "r1")
        assert answer.status == 1
        assert "records are missing" in answer.err

    assert wardgate("ledger", "verify", "--json").json["first_bad"] == 10


def test_the_second_place_knows_too(wardgate, tmp_path):
    own = wardgate.site / "wardgate.yaml"
    place = tmp_path / "other-disk" / "head"
    own.write_text(own.read_text().replace("# head_copy: /mnt/other/wardgate-head.jsonl", f"head_copy: {place}"))
    for number in range(3):
        wardgate("device", "enrol", "reader", f"r{number}", "--portal", "north-in")
    assert wardgate("ledger", "verify").status == 0

    wardgate.settings.head_file.unlink()
    connection = sqlite3.connect(wardgate.database)
    connection.execute("DELETE FROM ledger WHERE seq > 1")
    connection.execute("UPDATE head SET count = 1, hash = (SELECT hash FROM ledger WHERE seq = 1)")
    connection.commit()
    connection.close()

    answer = wardgate("ledger", "verify")
    assert answer.status == 1
    assert "second place" in answer.err
