"""`wardgate import people`: all lines or none, every bad line named, and what the school's system says holds."""

import sqlite3
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.kinds import Profile
from gateway.flows.people_csv import BadPeople, read_people
from gateway.new_site import write_new_site
from gateway.settings import load
from gateway.store.database import open_database
from gateway.store.directory import load_directory

HEADER = "id,name,kind,groups,card,plate,dormitory,valid_from,valid_to"
LI = "s1,李娜,student,students;boarders,c1a,,dorm-1,2026-09-01,2027-07-31"
WANG = "t1,Wang Lei,staff,staff,C2,京A·12 345,,,"


def csv(*lines, end="\n"):
    return end.join([HEADER, *lines, ""]).encode()


@pytest.fixture
def take(wardgate):
    """Import lines."""

    def take(*lines, json=True):
        return wardgate("import", "people", "-", *(["--json"] if json else []), stdin=csv(*lines))

    return take


@pytest.fixture
def directory(wardgate):
    """The directory as the gateway would read it: people by id, credentials by value."""

    def read():
        database = open_database(wardgate.settings.database_url)
        try:
            known = database.read_now(load_directory)
        finally:
            database.close()
        people = {holder.id: holder for holder in known.holders.values()}
        cards = {
            value: (known.holders[one.holder].id, one.state.value, one.not_before, one.not_after)
            for (_, value), one in known.credentials.items()
        }
        return people, cards

    return read


def counts(answer):
    return answer.json["added"], answer.json["updated"], answer.json["unchanged"]


def test_people_come_in_with_cards_plates_and_validity(take, directory):
    assert counts(take(LI, WANG)) == (2, 0, 0)

    people, cards = directory()
    li, wang = people["s1"], people["t1"]
    assert (li.name, li.kind, li.groups, li.dormitory) == (
        "李娜",
        "student",
        frozenset({"students", "boarders"}),
        "dorm-1",
    )
    assert (wang.name, wang.kind, wang.groups, wang.dormitory) == ("Wang Lei", "staff", frozenset({"staff"}), None)
    assert cards == {
        # Both days inclusive, at the site's midnight: Shanghai is eight hours ahead.
        "C1A": ("s1", "active", datetime(2026, 8, 31, 16, tzinfo=UTC), datetime(2027, 7, 31, 16, tzinfo=UTC)),
        "C2": ("t1", "active", None, None),
        "京A12345": ("t1", "active", None, None),
    }


def test_for_ever_may_be_spelled_as_other_systems_do(take, directory):
    take("s1,李娜,student,students,c1,,,2026-09-01,9999-12-31")

    _, _, not_before, not_after = directory()[1]["C1"]
    assert (not_before.year, not_after.year) == (2026, 9999)


def test_the_same_file_again_changes_nothing(take, wardgate, directory):
    take(LI, WANG)
    before = directory()

    assert counts(take(LI, WANG)) == (0, 0, 2)

    assert directory() == before
    connection = sqlite3.connect(wardgate.database)
    assert connection.execute("SELECT directory_version FROM head").fetchall() == [(2,)]
    connection.close()


def test_a_known_id_is_updated_to_what_its_line_says(take, directory):
    take(LI, WANG)

    assert counts(take("s1,李娜娜,student,students,c1a,,,2026-09-01T07:00:00+08:00,")) == (0, 1, 0)

    people, cards = directory()
    assert (people["s1"].name, people["s1"].groups, people["s1"].dormitory) == ("李娜娜", frozenset({"students"}), None)
    assert cards["C1A"] == ("s1", "active", datetime(2026, 8, 31, 23, tzinfo=UTC), None)
    assert "t1" in people, "who does not stand in the file stays"


def test_another_card_revokes_the_old_one(take, directory):
    take(LI)

    take(LI.replace("c1a", "c9"))

    cards = directory()[1]
    assert (cards["C1A"][1], cards["C9"][1]) == ("revoked", "active")


def test_no_card_revokes_the_old_one(take, directory):
    take(WANG)

    assert counts(take("t1,Wang Lei,staff,staff,,,,,")) == (0, 1, 0)

    assert {state for _, state, _, _ in directory()[1].values()} == {"revoked"}


@pytest.mark.parametrize("state", ["revoked", "lost"])
def test_no_import_brings_a_blocked_card_back(take, wardgate, directory, state):
    take(LI)
    connection = sqlite3.connect(wardgate.database)
    connection.execute("UPDATE credentials SET state = ?", (state,))
    connection.commit()
    connection.close()

    answer = take(LI)

    assert counts(answer) == (0, 0, 1)
    assert answer.status == 0
    assert [warning["line"] for warning in answer.json["warnings"]] == [2]
    assert directory()[1]["C1A"][1] == state


def test_a_card_moves_on_within_one_file(take, directory):
    take(LI, WANG)

    answer = take(LI.replace("c1a", "c2"), WANG.replace("C2", "c3"))

    assert counts(answer) == (0, 2, 0)
    cards = directory()[1]
    assert (cards["C2"][:2], cards["C3"][:2], cards["C1A"][:2]) == (
        ("s1", "active"),
        ("t1", "active"),
        ("s1", "revoked"),
    )


def test_a_card_that_somebody_else_holds_is_refused(take, directory):
    take(LI)
    before = directory()

    answer = take("s2,New,student,students,C1A,,,,")

    assert answer.status == 1
    assert answer.json["bad_lines"] == [{"line": 2, "field": "card", "message": "is held by the person with the id s1"}]
    assert directory() == before


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks_do_not_matter(wardgate, end, mark):
    answer = wardgate("import", "people", "-", "--json", stdin=mark + csv(LI, WANG, end=end))

    assert counts(answer) == (2, 0, 0)


def test_a_file_is_read_from_its_path(wardgate, tmp_path):
    (tmp_path / "people.csv").write_bytes(csv(LI))

    answer = wardgate("import", "people", str(tmp_path / "people.csv"))

    assert (answer.status, answer.out) == (0, "1 added, 0 updated, 0 unchanged\n")
    assert wardgate("import", "people", str(tmp_path / "none.csv")).status == 2


GOOD = dict(zip(HEADER.split(","), LI.split(","), strict=True))


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("id", "", "1 to 64"),
        ("id", "a b", "1 to 64"),
        ("id", "ｓ１", "1 to 64"),
        ("id", "x" * 65, "1 to 64"),
        ("id", "a\0", "NUL"),
        ("name", "", "1 to 200"),
        ("name", "x" * 201, "1 to 200"),
        ("name", "a\u202eb", "printable"),
        ("name", '"a\nb"', "printable"),
        ("name", "a\x1bb", "printable"),
        ("kind", "", "expected one of student"),
        ("kind", "Student", "expected one of student"),
        ("groups", "studens", "boarders, security, staff, students"),
        ("groups", "students;", "parted by ;"),
        ("groups", "students boarders", "parted by ;"),
        ("card", "１２３", "full-width"),
        ("card", "x" * 513, "512"),
        ("card", "a\x07", "printable"),
        ("plate", "x" * 513, "512"),
        ("plate", "·", "1 to 512"),
        ("dormitory", "dorm-9", "dorm-1, dorm-2, dorm-3"),
        ("dormitory", "teaching", "dorm-1, dorm-2, dorm-3"),
        ("valid_from", "2026-13-01", "expected a day"),
        ("valid_from", "01.09.2026", "expected a day"),
        ("valid_from", "２０２６-09-01", "expected a day"),
        ("valid_from", "2026-09-01T07:00:00", "expected a day"),
        ("valid_from", "20260901", "expected a day"),
        ("valid_from", "2026-09-01 07:00:00+08:00", "expected a day"),
        ("valid_to", "2026-08-30", "before valid_from"),
        ("valid_to", "0000-01-01", "expected a day"),
    ],
)
def test_a_bad_field_is_named_and_nothing_comes_in(take, wardgate, field, value, says):
    line = ",".join((GOOD | {field: value}).values())

    answer = take(WANG, line)

    assert answer.status == 1
    (bad,) = answer.json["bad_lines"]
    assert (bad["line"], bad["field"]) == (3, field)
    assert says in bad["message"]
    assert not wardgate.database.exists(), "the database was not even opened"


def test_every_bad_line_is_named(take):
    answer = take(
        LI,
        "s2,,pupil,students,c2,,,,",
        "s1,Twice,staff,staff,c1A,,,,",
        "s3,Short,staff",
        "s4,Good,staff,staff,c4,,,,",
        "s5,Open,staff,staff,c5,,,,,,",
        json=False,
    )

    assert answer.status == 1
    assert answer.err.splitlines() == [
        "line 3: kind: expected one of student, staff, service, resident, contractor, supplier, visitor, guardian, "
        "official, media, delivery, responder",
        "line 3: name: expected 1 to 200 printable characters",
        "line 4: card: the same card stands in line 2 already",
        "line 4: id: the id stands in line 2 already",
        "line 5: expected 9 fields, found 3",
        "line 7: expected 9 fields, found 11",
        "wardgate: 4 bad lines: nothing was imported",
    ]


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (b"", 1, "empty"),
        (b"id,name\n", 1, "expected the header"),
        (HEADER.replace(",", ";").encode(), 1, "expected the header"),
        (HEADER.upper().encode() + b"\n", 1, "expected the header"),
        (csv(LI) + "s2,王,".encode("gbk") + b"staff,,,,,,\n", 3, "not UTF-8"),
        (csv(LI).decode().encode("utf-16"), 1, "UTF-16"),
        (csv(LI, 's2,"open,staff,staff,,,,,'), 3, "is not CSV"),
        (csv(LI, 's2,"a"b,staff,staff,,,,,'), 3, "is not CSV"),
        (csv(LI, f"s2,{'x' * 200_000},staff,staff,,,,,"), 3, "is not CSV"),
    ],
)
def test_what_is_no_such_file_is_said_with_its_line(wardgate, data, line, says):
    answer = wardgate("import", "people", "-", "--json", stdin=data)

    assert answer.status == 1
    assert [(bad["line"], says in bad["message"]) for bad in answer.json["bad_lines"]] == [(line, True)]


def test_a_header_alone_is_a_file_without_people(take):
    assert counts(take()) == (0, 0, 0)


def test_the_ledger_gets_numbers_and_no_names(take, wardgate):
    take(LI, WANG)

    connection = sqlite3.connect(wardgate.database)
    ((kind, body),) = connection.execute("SELECT kind, body FROM ledger").fetchall()
    connection.close()
    assert kind == "people_imported"
    assert '"added":2' in body
    for secret in ("李娜", "Wang", "C1A", "C2", "12345", "s1"):
        assert secret not in body


def test_every_changed_row_carries_the_new_version(take, wardgate):
    take(LI, WANG)
    take(LI.replace("李娜", "李娜娜"), WANG)

    connection = sqlite3.connect(wardgate.database)
    versions = dict(connection.execute("SELECT id, version FROM holders").fetchall())
    head = connection.execute("SELECT directory_version FROM head").fetchone()[0]
    connection.close()
    assert versions == {"s1": head, "t1": head - 1}


@pytest.fixture(scope="module")
def campus(tmp_path_factory):
    site = tmp_path_factory.mktemp("people") / "site"
    write_new_site(site, Profile.SCHOOL, [], datetime(2026, 11, 21, tzinfo=UTC))
    return load(site, {}).campus


@given(data=st.binary() | st.binary().map(lambda tail: csv(LI) + tail) | st.text().map(str.encode))
def test_any_bytes_are_people_or_named_as_bad(campus, data):
    try:
        read = read_people(data, campus)
    except BadPeople as error:
        assert error.lines
        assert all(line.line >= 1 and line.message for line in error.lines)
    else:
        assert data.removeprefix(b"\xef\xbb\xbf").startswith(HEADER.encode())
        assert len({person.id for person in read.people}) == len(read.people)


@pytest.mark.postgres
def test_an_import_is_the_same_on_postgresql(wardgate, postgres_url, monkeypatch):
    monkeypatch.setenv("WARDGATE_DATABASE_URL", postgres_url)

    assert counts(wardgate("import", "people", "-", "--json", stdin=csv(LI, WANG))) == (2, 0, 0)
    assert counts(
        wardgate("import", "people", "-", "--json", stdin=csv(LI.replace("c1a", "c2"), WANG.replace("C2", "c3")))
    ) == (0, 2, 0)
    assert counts(
        wardgate("import", "people", "-", "--json", stdin=csv(LI.replace("c1a", "c2"), WANG.replace("C2", "c3")))
    ) == (0, 0, 2)
    assert wardgate("device", "enrol", "reader", "one", "--portal", "north-in").status == 0
    assert wardgate("device", "enrol", "reader", "one", "--portal", "north-in").status == 1
    assert wardgate("user", "add", "li.na", "--roles", "admin", stdin=b"correct horse battery").status == 0
    assert wardgate("ledger", "verify").status == 0
    assert not wardgate.database.exists()


def many(count):
    return csv(
        *(
            f"p{n:06},王{n},student,students;boarders,{n:08X},,dorm-{n % 3 + 1},2026-09-01,2027-07-31"
            for n in range(count)
        )
    )


@pytest.mark.parametrize("count", [5_000, pytest.param(100_000, marks=pytest.mark.campaign)])
def test_many_people_come_in_fast(wardgate, count):
    began = time.monotonic()

    answer = wardgate("import", "people", "-", "--json", stdin=many(count))

    took_s = time.monotonic() - began
    assert counts(answer) == (count, 0, 0)
    assert took_s < 60 * count / 100_000 + 5
