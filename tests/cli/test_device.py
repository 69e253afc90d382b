"""`wardgate device`: a device gets its secrets once, where it fits, under a name that can do no harm."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.topics import is_name
from gateway.flows.enrolment import WrongEnrolment, check_name
from gateway.store.sealing import Sealer


def rows(wardgate, query, *values):
    with sqlite3.connect(wardgate.database) as connection:
        found = connection.execute(query, values).fetchall()
    connection.close()
    return found


def test_enrol_prints_one_json_object_and_nothing_else(wardgate):
    answer = wardgate("device", "enrol", "reader", "north-in-1", "--portal", "north-in")

    assert answer.status == 0
    assert answer.out.count("\n") == 1
    assert list(answer.json) == ["device", "kind", "site", "key", "username", "password"]
    assert (answer.json["device"], answer.json["kind"], answer.json["site"]) == ("north-in-1", "reader", "main")
    assert answer.json["username"] == "north-in-1"
    assert len(bytes.fromhex(answer.json["key"])) == 32
    assert len(answer.json["password"]) >= 24


def test_keys_lie_sealed_in_the_database(wardgate):
    told = wardgate("device", "enrol", "reader", "north-in-1", "--portal", "north-in").json

    everything = b"".join(path.read_bytes() for path in wardgate.database.parent.iterdir())
    assert bytes.fromhex(told["key"]) not in everything
    assert told["key"].encode() not in everything
    assert told["password"].encode() not in everything
    ((key, password),) = rows(wardgate, "SELECT key, password FROM devices")
    sealer = Sealer(wardgate.settings.store_key)
    assert sealer.open(key).hex() == told["key"]
    assert sealer.open(password).decode() == told["password"]


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("reader", ["--portal", "north-in"]),
        ("reader", ["--portal", "north-vehicle"]),
        ("reader", ["--portal", "control-room-door"]),
        ("dorm", ["--portal", "dorm-1-door"]),
        ("bollard", ["--portal", "north-vehicle"]),
        ("camera", ["--portal", "north-vehicle"]),
        ("camera", ["--zone", "teaching"]),
        ("panel", ["--zone", "campus"]),
        ("panel", ["--zone", "dorm-1", "--location", "Hall 1", "--location", "大厅"]),
    ],
)
def test_each_kind_has_its_place(wardgate, kind, place):
    assert wardgate("device", "enrol", kind, "one", *place).status == 0

    (listed,) = wardgate("device", "list", "--json").json
    assert [listed["device"], listed["kind"]] == ["one", kind]
    assert place[1] in (listed["portal"], listed["zone"])
    assert listed["locations"] == place[3::2]


@pytest.mark.parametrize(
    ("kind", "place", "says"),
    [
        ("reader", [], "portal: a reader stands at a portal"),
        ("reader", ["--zone", "campus"], "portal: a reader stands at a portal"),
        ("reader", ["--portal", "north-im"], "portal: there is no portal 'north-im'"),
        ("reader", ["--portal", "dorm-1-door"], "of kind gate or restricted or vehicle_gate"),
        ("reader", ["--portal", "north-in", "--zone", "campus"], "not both"),
        ("reader", ["--portal", "north-in", "--location", "x"], "only a panel has panic buttons"),
        ("dorm", ["--portal", "north-in"], "of kind dormitory or restricted"),
        ("bollard", ["--portal", "north-in"], "of kind vehicle_gate"),
        ("panel", [], "zone: a panel stands in a zone"),
        ("panel", ["--portal", "north-in"], "stands in a zone, not at a portal"),
        ("panel", ["--zone", "nowhere"], "zone: there is no zone 'nowhere'"),
        ("panel", ["--zone", "campus", "--location", "a", "--location", "a"], "given twice"),
        ("panel", ["--zone", "campus", "--location", " "], "printable"),
        ("panel", ["--zone", "campus", "--location", "a\nb"], "printable"),
        ("camera", [], "say which"),
        ("turnstile", ["--portal", "north-in"], "kind: expected one of reader, dorm, camera, bollard, panel"),
    ],
)
def test_a_device_where_it_cannot_work_is_refused(wardgate, kind, place, says):
    answer = wardgate("device", "enrol", kind, "one", *place)

    assert answer.status == 1
    assert answer.out == ""
    assert says in answer.err
    assert not wardgate.database.exists() or rows(wardgate, "SELECT * FROM devices") == []


HOSTILE = [
    "+",
    "#",
    "a/b",
    "../x",
    "$SYS",
    "",
    "ａ１",
    "North",
    "a" * 300,
    "a" * 64,
    "a b",
    "a\n",
    "a:b",
    "-a",
    "ä",
    "'",
    ";",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_creates_nothing(wardgate, name):
    options = ("--config", str(wardgate.site), "--portal", "north-in")
    answer = wardgate.bare("device", "enrol", *options, "--", "reader", name)

    assert answer.status in (1, 2)
    assert answer.out == ""
    assert not wardgate.database.exists()


@given(st.text())
def test_only_names_of_the_protocol_pass(name):
    try:
        check_name(name)
    except WrongEnrolment:
        assert not is_name(name)
    else:
        assert is_name(name)


@pytest.mark.parametrize("name", ["wardgate", "wardgate-lookout"])
def test_no_device_is_called_like_the_gateway_at_the_broker(wardgate, name):
    assert wardgate("device", "enrol", "reader", name, "--portal", "north-in").status == 1


def test_no_camera_looks_into_a_private_zone(wardgate):
    campus = wardgate.site / "campus.yaml"
    campus.write_text(
        campus.read_text("utf-8")
        .replace("  - id: teaching\n", "  - id: teaching\n    private: true\n")
        .replace("gates:\n", "  - {id: washroom, kind: building, parent: teaching, name: {en: W, zh: 卫}}\ngates:\n", 1)
    )

    for zone in ("teaching", "washroom"):
        answer = wardgate("device", "enrol", "camera", "cam-1", "--zone", zone)
        assert answer.status == 1
        assert "private" in answer.err
    assert wardgate("device", "enrol", "camera", "cam-1", "--zone", "campus").status == 0


def test_a_second_enrolment_is_refused_and_changes_nothing(wardgate):
    first = wardgate("device", "enrol", "reader", "one", "--portal", "north-in").json
    before = rows(wardgate, "SELECT * FROM devices")

    second = wardgate("device", "enrol", "reader", "one", "--portal", "south-in")

    assert second.status == 1
    assert "enrolled already" in second.err
    assert first["key"] not in second.err
    assert rows(wardgate, "SELECT * FROM devices") == before


def test_every_change_moves_the_directory_and_is_in_the_ledger(wardgate):
    def version():
        return rows(wardgate, "SELECT directory_version FROM head")[0][0]

    wardgate("device", "enrol", "reader", "one", "--portal", "north-in")
    enrolled = version()
    wardgate("device", "enrol", "reader", "one", "--rotate-key")
    rotated = version()
    wardgate("device", "retire", "one")

    assert [rotated - enrolled, version() - rotated] == [1, 1]
    assert rows(wardgate, "SELECT version FROM devices") == [(version(),)]
    assert [kind for (kind,) in rows(wardgate, "SELECT kind FROM ledger ORDER BY seq")] == [
        "device_enrolled",
        "device_key_changed",
        "device_retired",
    ]


def test_a_new_key_keeps_the_old_one_for_a_while(wardgate):
    first = wardgate("device", "enrol", "reader", "one", "--portal", "north-in").json

    second = wardgate("device", "enrol", "reader", "one", "--rotate-key").json

    assert second["key"] != first["key"]
    assert second["password"] == first["password"], "else it could not come in to say that it has the new key"
    ((key, previous, until, enrolled_at),) = rows(
        wardgate, "SELECT key, previous_key, previous_key_until, enrolled_at FROM devices"
    )
    sealer = Sealer(wardgate.settings.store_key)
    assert (sealer.open(key).hex(), sealer.open(previous).hex()) == (second["key"], first["key"])
    assert 24 * 3_600_000 <= until - enrolled_at <= 24 * 3_600_000 + 60_000


@pytest.mark.parametrize("arguments", [("dorm", "one"), ("reader", "two"), ("reader", "one", "--portal", "south-in")])
def test_a_new_key_is_for_the_device_that_there_is(wardgate, arguments):
    wardgate("device", "enrol", "reader", "one", "--portal", "north-in")

    assert wardgate("device", "enrol", *arguments, "--rotate-key").status == 1


def test_a_retired_device_is_gone_and_may_come_back_with_other_secrets(wardgate):
    first = wardgate("device", "enrol", "reader", "one", "--portal", "north-in").json
    assert wardgate("device", "retire", "one").status == 0

    assert wardgate("device", "list", "--json").json == []
    assert wardgate("device", "list", "--all", "--json").json[0]["retired_at"] is not None
    assert wardgate("device", "retire", "one").status == 1
    assert wardgate("device", "enrol", "reader", "one", "--rotate-key").status == 1

    again = wardgate("device", "enrol", "reader", "one", "--portal", "south-in").json
    assert again["key"] != first["key"] and again["password"] != first["password"]
    assert wardgate("device", "list", "--json").json[0]["portal"] == "south-in"


def test_with_another_store_key_nothing_is_opened(wardgate):
    wardgate("device", "enrol", "reader", "one", "--portal", "north-in")
    (wardgate.site / "secrets" / "store.key").write_text("ab" * 32)

    answer = wardgate("broker-config", "--out", str(wardgate.site / "broker"))

    assert answer.status == 2
    assert "store key" in answer.err
