"""`wardgate user`: passwords come from standard input and show nowhere."""

import sqlite3

import pytest
from argon2 import PasswordHasher

PASSWORD = b"correct horse battery"


def rows(wardgate, query):
    connection = sqlite3.connect(wardgate.database)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize("line_end", [b"", b"\n", b"\r\n"])
def test_a_user_is_added_with_the_password_of_standard_input(wardgate, line_end):
    answer = wardgate("user", "add", "li.na", "--roles", "guard,operator", stdin=PASSWORD + line_end)

    assert answer.status == 0
    ((name, password_hash, roles),) = rows(wardgate, "SELECT name, password_hash, roles FROM users")
    assert (name, set(roles.split(","))) == ("li.na", {"guard", "operator"})
    assert password_hash.startswith("$argon2id$")
    assert PasswordHasher().verify(password_hash, PASSWORD.decode())


def test_no_password_shows(wardgate):
    answer = wardgate("user", "add", "li.na", "--roles", "guard", stdin=PASSWORD)
    again = wardgate("user", "add", "li.na", "--roles", "guard", stdin=PASSWORD)

    assert again.status == 1
    for said in (answer, again):
        assert PASSWORD.decode() not in said.out + said.err
    assert PASSWORD not in wardgate.database.read_bytes()


@pytest.mark.parametrize(
    ("name", "roles", "password"),
    [
        ("li.na", "gard", PASSWORD),
        ("li.na", "", PASSWORD),
        ("li.na", ",", PASSWORD),
        ("Li Na", "guard", PASSWORD),
        ("a\nb", "guard", PASSWORD),
        ("li.na", "guard", b""),
        ("li.na", "guard", b"short"),
        ("li.na", "guard", b"aaaaaaaaaaaaaaa"),
        ("li.na", "guard", b"xx li.na xx"),
        ("li.na", "guard", PASSWORD + b"\nsecond line"),
        ("li.na", "guard", b"\xff" * 20),
        ("li.na", "guard", b"x1y2" * 100),
    ],
)
def test_what_makes_no_user_makes_nothing(wardgate, name, roles, password):
    answer = wardgate("user", "add", name, "--roles", roles, stdin=password)

    assert answer.status in (1, 2)
    assert answer.err.startswith("wardgate: ")
    assert not wardgate.database.exists() or rows(wardgate, "SELECT * FROM users") == []


def test_the_ledger_knows_users_by_reference_only(wardgate):
    wardgate("user", "add", "li.na", "--roles", "guard", stdin=PASSWORD)
    wardgate("user", "roles", "li.na", "--roles", "admin")
    wardgate("user", "password", "li.na", stdin=b"another long password")
    wardgate("user", "token", "li.na")
    wardgate("user", "disable", "li.na")

    told = rows(wardgate, "SELECT kind, body FROM ledger ORDER BY seq")
    assert [kind for kind, _ in told] == ["user_added", "user_changed", "user_changed", "token_made", "user_changed"]
    assert not any("li.na" in body for _, body in told)


def test_a_token_is_shown_once_and_kept_as_a_hash(wardgate):
    wardgate("user", "add", "li.na", "--roles", "auditor", stdin=PASSWORD)

    answer = wardgate("user", "token", "li.na", "--label", "export", "--days", "30")

    token = answer.out.strip()
    assert answer.status == 0 and answer.out == f"{token}\n"
    assert token.encode() not in wardgate.database.read_bytes()
    ((kept, label, created, expires),) = rows(wardgate, "SELECT hash, label, created_at, expires_at FROM tokens")
    assert (kept == token, label, expires - created) == (False, "export", 30 * 86_400_000)


def test_a_disabled_user_and_a_lost_role_end_tokens(wardgate):
    for name in ("li.na", "wang.lei"):
        wardgate("user", "add", name, "--roles", "guard,auditor", stdin=PASSWORD)
        wardgate("user", "token", name)

    assert wardgate("user", "disable", "li.na").status == 0
    assert wardgate("user", "roles", "wang.lei", "--roles", "guard").status == 0

    assert all(revoked is not None for (revoked,) in rows(wardgate, "SELECT revoked_at FROM tokens"))
    assert wardgate("user", "token", "li.na").status == 1
    listed = {user["name"]: (user["roles"], user["disabled"]) for user in wardgate("user", "list", "--json").json}
    assert listed == {"li.na": (["auditor", "guard"], True), "wang.lei": (["guard"], False)}
    assert wardgate("user", "disable", "li.na", "--undo").status == 0
    assert wardgate("user", "token", "li.na").status == 0


@pytest.mark.parametrize("command", [("roles", "--roles", "guard"), ("password",), ("disable",), ("token",)])
def test_nobody_is_nobody(wardgate, command):
    answer = wardgate("user", command[0], "nobody", *command[1:], stdin=PASSWORD)

    assert answer.status == 1
    assert "there is no user 'nobody'" in answer.err


def test_a_user_becomes_a_person_of_the_school_whom_nobody_else_is(wardgate, tmp_path):
    people = tmp_path / "people.csv"
    people.write_text("id,name,kind,groups,card,plate,dormitory,valid_from,valid_to\nS-1,Li Na,staff,staff,C1,,,,\n")
    assert wardgate("import", "people", str(people)).status == 0
    wardgate("user", "add", "li.na", "--roles", "guard", "--person", "S-1", stdin=PASSWORD)
    wardgate("user", "add", "wang.lei", "--roles", "guard", stdin=PASSWORD)

    second, unknown = wardgate("user", "person", "wang.lei", "S-1"), wardgate("user", "person", "wang.lei", "S-2")

    assert rows(wardgate, "SELECT h.id FROM users u JOIN holders h ON h.ref = u.holder") == [("S-1",)]
    assert (second.status, unknown.status) == (1, 1)
    assert "li.na is this person already" in second.err and "nobody of the school has the id 'S-2'" in unknown.err
