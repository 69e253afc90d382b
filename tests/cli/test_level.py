"""`wardgate level`: orders from the command line, by people who prove who they are, with the rights of their roles."""

import io
import json
import shutil
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from gateway.__main__ import main

PASSWORD = b"correct horse battery"

# They share a site that takes long to make, so one process runs them.
pytestmark = pytest.mark.xdist_group("an office")

USERS = {"officer": "security_officer", "boss": "principal", "leader": "duty_leader", "guard1": "guard"}


@pytest.fixture(scope="module")
def office_site(fresh_site, tmp_path_factory):
    """A site with an office, leaders and a guard."""
    site = tmp_path_factory.mktemp("office") / "site"
    shutil.copytree(fresh_site, site)
    typed = sys.stdin
    try:
        for name, role in USERS.items():
            sys.stdin = SimpleNamespace(buffer=io.BytesIO(PASSWORD), isatty=lambda: False)
            assert main(["user", "add", name, "--roles", role, "--config", str(site)]) == 0
    finally:
        sys.stdin = typed
    return site


@pytest.fixture
def office(wardgate, office_site):
    """The command line of a copy of it."""
    shutil.rmtree(wardgate.site)
    shutil.copytree(office_site, wardgate.site)
    return wardgate


def act(wardgate, what, *words, by, stdin=PASSWORD):
    return wardgate("level", what, *words, "--as", by, "--json", stdin=stdin)


def ask(wardgate, *more, by="officer", level="2", stdin=PASSWORD):
    words = ("--level", level, "--document", "2026-17", "--reason", "major event week", *more)
    return act(wardgate, "request", *words, by=by, stdin=stdin)


def levels(wardgate):
    return {zone["zone"]: zone["level"] for zone in wardgate("level", "show", "--json").json["zones"]}


def rows(wardgate, kind):
    connection = sqlite3.connect(wardgate.database)
    try:
        found = connection.execute("SELECT body FROM ledger WHERE kind = ? ORDER BY seq", (kind,)).fetchall()
        return [json.loads(body) for (body,) in found]
    finally:
        connection.close()


def test_an_order_is_requested_signed_shown_and_revoked(office):
    order = ask(office, "--zones", "dorm-1").json
    assert (order["state"], order["effect"]) == ("requested", "raises") and levels(office)["dorm-1"] == 3

    signed = act(office, "sign", order["id"], by="boss")

    assert (signed.status, signed.json["state"]) == (0, "in_force")
    assert (levels(office)["dorm-1"], levels(office)["dorm-2"]) == (2, 3)
    assert "L2" in office("level", "show").out and office("level").out == office("level", "show").out
    assert act(office, "revoke", order["id"], "--reason", "over", by="boss").json["state"] == "revoked"
    assert levels(office)["dorm-1"] == 3
    assert {kind: len(rows(office, kind)) for kind in ("order_requested", "order_signed", "order_revoked")} == {
        "order_requested": 1,
        "order_signed": 1,
        "order_revoked": 1,
    }
    assert "cli" not in {row["by"] for row in rows(office, "order_signed")}


def test_the_folder_may_stand_before_the_command(office):
    assert office.bare("level", "--config", str(office.site), "show", "--json").status == 0


def test_a_token_proves_as_well(office):
    token = office("user", "token", "officer").out.encode()

    assert ask(office, stdin=token).status == 0
    assert ask(office, "--zones", "dorm-1", by="boss", stdin=token).status == 1, "a token is one person's"


@pytest.mark.parametrize("given", [b"wrong password!", b"wg_" + b"x" * 43])
def test_who_cannot_prove_it_does_nothing(office, given):
    answer = ask(office, stdin=given)

    assert answer.status == 1 and given.decode() not in answer.out + answer.err
    assert rows(office, "order_requested") == [] and len(rows(office, "sign_in_refused")) == 1


@pytest.mark.parametrize("given", [b"", b"one\ntwo", b"\xff\xfe"])
def test_what_is_no_password_could_not_run(office, given):
    assert ask(office, stdin=given).status == 2


def test_a_disabled_user_does_nothing(office):
    office("user", "disable", "officer")

    assert ask(office).status == 1 and rows(office, "order_requested") == []


@pytest.mark.parametrize("who", ["guard1", "leader", "officer"])
def test_the_table_of_roles_holds_here_too(office, who):
    order = ask(office).json

    answer = act(office, "sign", order["id"], by=who)

    assert (answer.status, answer.json["refused"]) == (1, "not_your_right") and rows(office, "order_signed") == []


def test_the_requester_does_not_sign(office):
    office("user", "roles", "officer", "--roles", "security_officer,principal")
    order = ask(office).json

    assert act(office, "sign", order["id"], by="officer").json["refused"] == "own_request"


def test_every_fault_at_once(office):
    words = ("--zones", "nowhere", "--from", "2026-01-02T00:00:00+08:00", "--until", "2026-01-01T00:00:00+08:00")

    answer = ask(office, *words, level="3")

    assert answer.status == 1
    assert [error["field"] for error in answer.json["errors"]] == ["level", "zones[0]", "ends_at", "starts_at"]


@pytest.mark.parametrize("text", ["tomorrow", "2026-10-30", "2026-10-30T00:00:00"])
def test_a_time_says_where_it_is(office, text):
    assert ask(office, "--from", text).status == 1


def test_a_unified_order_counts_at_once_and_only_its_cancellation_ends_it(office):
    words = ("--level", "1", "--document", "S-9", "--reason", "their order")
    order = act(office, "unified", *words, by="officer").json
    assert (order["state"], order["lacks"]) == ("in_force", ["countersignature"])

    assert act(office, "revoke", order["id"], "--reason", "x", by="boss").json["refused"] == "unified_stands"
    assert act(office, "countersign", order["id"], by="boss").json["lacks"] == []
    own = ask(office)
    assert own.json["effect"] == "none" and order["id"] in own.json["why"]
    over = act(office, "revoke", order["id"], "--reason", "they wrote", "--document", "S-10", by="officer")
    assert (over.status, over.json["state"], set(levels(office).values())) == (0, "revoked", {3})


def test_an_l1_order_takes_two_to_revoke(office):
    order = ask(office, level="1").json
    act(office, "sign", order["id"], by="boss")
    why = ("--reason", "over")

    assert act(office, "revoke", order["id"], *why, by="boss").json["revoking"] is True
    assert act(office, "revoke", order["id"], *why, by="boss").json["refused"] == "same_person"
    assert levels(office)["campus"] == 1
    assert act(office, "revoke", order["id"], *why, by="leader").json["state"] == "revoked"


def test_raised_by_word(office):
    words = ("--level", "1", "--reason", "night", "--oral-from", "leader", "--call-back", "8001")
    order = act(office, "request", *words, by="officer").json
    assert (order["state"], set(order["lacks"])) == ("in_force", {"confirmation", "number"})

    assert act(office, "confirm", order["id"], by="boss").json["refused"] == "not_that_leader"
    assert act(office, "confirm", order["id"], by="leader").json["lacks"] == ["number"]
    assert act(office, "number", order["id"], "--document", "2026-18", by="officer").json["lacks"] == []


def test_the_plan_is_a_timeline(office):
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    for level, day in (("2", 0), ("1", 6)):
        first, last = start + timedelta(days=day), start + timedelta(days=day + 6)
        order = ask(office, "--from", first.isoformat(), "--until", last.isoformat(), level=level).json
        act(office, "sign", order["id"], by="boss")

    ahead = [change for change in office("level", "plan", "--json").json["timeline"] if change["zone"] == "dorm-1"]

    assert [(datetime.fromisoformat(one["at"]), one["level"]) for one in ahead] == [
        (start, 2),
        (start + timedelta(days=6), 1),
        (start + timedelta(days=12), 3),
    ]
    assert len(office("level", "plan").out.splitlines()) == 3


def test_an_order_that_is_not_there(office):
    assert act(office, "sign", "0123456789abcdef", by="boss").status == 1


class Typing(io.BytesIO):
    """A password that is typed slowly: `meanwhile` happens before it is there."""

    def __init__(self, meanwhile):
        super().__init__(PASSWORD)
        self.meanwhile = meanwhile

    def read(self, size=-1):
        self.meanwhile()
        return super().read(size)


def type_slowly(office, monkeypatch, meanwhile, *words, by):
    typed = SimpleNamespace(buffer=Typing(meanwhile), isatty=lambda: False)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", typed)
        return main(["level", *words, "--as", by, "--config", str(office.site)])


@pytest.mark.parametrize(
    ("ending", "who"), [(("refuse", "--reason", "no"), "leader2"), (("revoke", "--reason", "no"), "officer")]
)
def test_an_order_that_is_refused_or_withdrawn_while_a_password_is_typed_is_not_signed(
    office, monkeypatch, ending, who
):
    assert office("user", "add", "leader2", "--roles", "principal", stdin=PASSWORD).status == 0
    order = ask(office, "--zones", "dorm-1").json
    what, *why = ending

    def meanwhile():
        assert act(office, what, order["id"], *why, by=who).status == 0

    assert type_slowly(office, monkeypatch, meanwhile, "sign", order["id"], by="boss") == 1
    assert levels(office)["dorm-1"] == 3 and rows(office, "order_signed") == []


def test_an_order_that_is_cancelled_while_a_password_is_typed_stays_cancelled(office, monkeypatch):
    unified = ("--level", "1", "--document", "X-2", "--reason", "r", "--zones", "dorm-1")
    order = act(office, "unified", *unified, by="officer").json
    assert levels(office)["dorm-1"] == 1

    def meanwhile():
        assert act(office, "countersign", order["id"], by="boss").status == 0
        gone = act(office, "revoke", order["id"], "--reason", "no", "--document", "C-1", by="officer")
        assert gone.json["state"] == "revoked"

    assert type_slowly(office, monkeypatch, meanwhile, "countersign", order["id"], by="boss") == 1
    assert levels(office)["dorm-1"] == 3


@pytest.mark.parametrize(("words", "by"), [(("confirm",), "leader"), (("number", "--document", "X-3"), "officer")])
def test_an_oral_order_that_is_revoked_while_a_password_is_typed_stays_revoked(office, monkeypatch, words, by):
    oral = ("--level", "2", "--reason", "night", "--oral-from", "leader", "--call-back", "8001", "--zones", "dorm-1")
    order = act(office, "request", *oral, by="officer").json
    assert levels(office)["dorm-1"] == 2

    def meanwhile():
        assert act(office, "confirm", order["id"], by="leader").status == 0
        assert act(office, "number", order["id"], "--document", "X-2", by="officer").status == 0
        assert act(office, "revoke", order["id"], "--reason", "over", by="boss").json["state"] == "revoked"

    what, *more = words
    assert type_slowly(office, monkeypatch, meanwhile, what, order["id"], *more, by=by) == 1
    assert levels(office)["dorm-1"] == 3
