"""A configuration is taken as a whole or refused with every fault at once, and says what the example campus is."""

import os
import stat

import pytest

from gateway.core.kinds import Direction, PortalKind, Profile, ZoneKind
from gateway.core.windows import Window
from gateway.new_site import write_new_site
from gateway.settings import ConfigurationError, is_loopback, load, shipped, variables
from tests.settings.conftest import AT


def test_the_example_campus_is_the_one_of_the_design(site):
    settings = load(site, {})
    campus = settings.campus

    assert (campus.site, campus.profile, str(campus.timezone)) == ("main", Profile.SCHOOL, "Asia/Shanghai")
    assert {zone.id: (zone.kind, zone.parent) for zone in campus.zones.values()} == {
        "site": (ZoneKind.SITE, None),
        "campus": (ZoneKind.CAMPUS, "site"),
        "teaching": (ZoneKind.BUILDING, "campus"),
        "dorm-1": (ZoneKind.DORMITORY, "campus"),
        "dorm-2": (ZoneKind.DORMITORY, "campus"),
        "dorm-3": (ZoneKind.DORMITORY, "campus"),
        "control-room": (ZoneKind.RESTRICTED, "campus"),
    }
    assert {
        portal.id: (portal.kind, portal.outside, portal.zone, portal.gate, portal.directions, portal.is_escape_route)
        for portal in campus.portals.values()
    } == {
        "north-in": (PortalKind.GATE, "site", "campus", "north", frozenset({Direction.IN}), False),
        "north-out": (PortalKind.GATE, "site", "campus", "north", frozenset({Direction.OUT}), False),
        "north-vehicle": (PortalKind.VEHICLE_GATE, "site", "campus", "north", frozenset(Direction), False),
        "south-in": (PortalKind.GATE, "site", "campus", "south", frozenset({Direction.IN}), False),
        "south-out": (PortalKind.GATE, "site", "campus", "south", frozenset({Direction.OUT}), False),
        "dorm-1-door": (PortalKind.DORMITORY, "campus", "dorm-1", None, frozenset(Direction), True),
        "dorm-2-door": (PortalKind.DORMITORY, "campus", "dorm-2", None, frozenset(Direction), True),
        "dorm-3-door": (PortalKind.DORMITORY, "campus", "dorm-3", None, frozenset(Direction), True),
        "control-room-door": (PortalKind.RESTRICTED, "campus", "control-room", None, frozenset(Direction), False),
    }
    assert set(settings.gates) == {"north", "south"}
    assert campus.leaving_windows == (Window(11 * 60 + 30, 12 * 60 + 30), Window(16 * 60 + 30, 18 * 60))
    assert campus.curfew == Window(22 * 60 + 30, 5 * 60 + 30)
    assert campus.visiting_hours == (Window(14 * 60, 17 * 60),)


def test_the_example_permissions_are_the_ones_of_the_design(site):
    def rules(portal):
        return {
            (tuple(sorted(rule.groups)), rule.windows, rule.own_dormitory, rule.late_return)
            for rule in load(site, {}).campus.permissions_by_portal[portal]
        }

    day, night = (Window(330, 1350),), (Window(1350, 330),)
    anybody_at_work = (("security", "staff"), None, False, False)
    assert rules("north-in") == rules("south-in")
    assert rules("north-in") == {
        anybody_at_work,
        (("boarders", "students"), day, False, False),
        (("boarders",), night, False, True),
    }
    assert rules("north-vehicle") == {anybody_at_work}
    assert rules("dorm-2-door") == {
        (("boarders", "staff", "students"), None, True, False),
        (("security",), None, False, False),
    }
    assert rules("control-room-door") == {(("security",), None, False, False)}


def test_the_university_is_the_same_campus_without_leaving_windows(site, tmp_path):
    write_new_site(tmp_path / "university", Profile.UNIVERSITY, [], AT)

    school, university = load(site, {}).campus, load(tmp_path / "university", {}).campus

    assert university.profile is Profile.UNIVERSITY
    assert university.leaving_windows == ()
    for part in ("zones", "portals", "permissions", "curfew", "visiting_hours", "name"):
        assert getattr(university, part) == getattr(school, part)


def test_every_role_of_the_policy_has_rights(site):
    roles = load(site, {}).roles

    assert set(roles) == {
        "guard", "operator", "security_officer", "duty_leader", "principal", "teacher", "dorm_manager", "maintenance",
        "office", "admin", "auditor",
    }  # fmt: skip
    assert all(roles.values())
    assert "answer_waiting" in roles["guard"] and "answer_waiting" not in roles["admin"], "an admin passes nobody"


def test_two_sites_share_no_secret(site, tmp_path):
    write_new_site(tmp_path / "other", Profile.SCHOOL, [], AT)

    one, other = load(site, {}), load(tmp_path / "other", {})

    secrets = [
        {part.site_key, part.ledger_key, part.store_key, part.mqtt_password.encode(), part.tls_key_bytes}
        for part in (_Secrets(one), _Secrets(other))
    ]
    assert len(secrets[0]) == len(secrets[1]) == 5
    assert secrets[0].isdisjoint(secrets[1])


class _Secrets:
    def __init__(self, settings):
        self.site_key, self.ledger_key, self.store_key = settings.site_key, settings.ledger_key, settings.store_key
        self.mqtt_password = settings.mqtt_password
        self.tls_key_bytes = (settings.directory / "tls" / "ca.key").read_bytes()


def test_secrets_do_not_show(site):
    settings = load(site, {"WARDGATE_DATABASE_URL": "postgresql://wardgate:t0psecret@db/wardgate"})
    shown = repr(settings)

    for secret in (settings.site_key, settings.ledger_key, settings.store_key):
        assert repr(secret) not in shown and secret.hex() not in shown
    assert settings.mqtt_password not in shown
    assert "t0psecret" not in shown


def test_all_faults_come_at_once_with_file_line_and_field(faults, spoil):
    lines = {
        "zone": spoil("campus.yaml", "zone: dorm-2\n", "zone: drom-2\n"),
        "kind": spoil("campus.yaml", "kind: vehicle_gate", "kind: vehicle-gate"),
        "time": spoil("campus.yaml", '{from: "05:30", to: "22:30"}', '{from: "05:30", to: 25:00}'),
        "right": spoil("roles.yaml", "consent_media", "consent_medai"),
        "number": spoil("wardgate.yaml", "commit_group: 500", "commit_group: many"),
    }

    found = {(fault.file, fault.line, fault.field): fault.message for fault in faults()}

    assert set(found) == {
        ("campus.yaml", lines["zone"], "portals[6].zone"),
        ("campus.yaml", lines["kind"], "portals[2].kind"),
        ("campus.yaml", lines["time"], "permissions[2].windows[0].to"),
        ("roles.yaml", lines["right"], "roles.office.rights[0]"),
        ("wardgate.yaml", lines["number"], "ledger.commit_group"),
    }
    assert "did you mean 'dorm-2'" in found["campus.yaml", lines["zone"], "portals[6].zone"]
    assert "did you mean 'vehicle_gate'" in found["campus.yaml", lines["kind"], "portals[2].kind"]
    assert "did you mean 'consent_media'" in found["roles.yaml", lines["right"], "roles.office.rights[0]"]
    assert "whole number" in found["wardgate.yaml", lines["number"], "ledger.commit_group"]


@pytest.mark.parametrize(
    ("file", "before", "after", "field", "says"),
    [
        ("campus.yaml", "site: main", "site: Main", "site", "a-z, 0-9"),
        ("campus.yaml", "site: main", "site: 123", "site", 'put it in quotes: "123"'),
        ("campus.yaml", "site: main", "sitee: main", "sitee", "did you mean 'site'"),
        ("campus.yaml", "site: main", "# nothing", "site", "is missing"),
        ("campus.yaml", "timezone: Asia/Shanghai", "timezone: Asia/Peking", "timezone", "time zone"),
        ("campus.yaml", "profile: school", "profile: schol", "profile", "did you mean 'school'"),
        ("campus.yaml", "parent: site", "parent: campus", "zones[1].parent", "lies in itself"),
        ("campus.yaml", "    parent: site\n", "", "zones[1]", "needs a parent"),
        ("campus.yaml", "kind: building\n", "kind: site\n", "zones[2].kind", "one zone"),
        ("campus.yaml", "- id: dorm-2\n", "- id: dorm-1\n", "zones[4].id", "given twice; the first is zones[3]"),
        ("campus.yaml", "id: north-out", "id: north-in", "portals[1].id", "given twice"),
        ("campus.yaml", "    zone: campus\n", "    zone: site\n", "portals[0].zone", "nothing lies outside"),
        ("campus.yaml", "    zone: campus\n", "    zone: campus\n    outside: campus\n", "portals[0].outside", "same"),
        ("campus.yaml", "gate: south\n", "gate: sout\n", "portals[3].gate", "did you mean 'south'"),
        ("campus.yaml", "directions: [in]", "directions: [in, in]", "portals[0].directions", "written twice"),
        ("campus.yaml", "directions: [in]", "directions: []", "portals[0].directions", "at least one"),
        ("campus.yaml", "directions: [in]", "escape: true\n    directions: [in]", "portals[0].escape", "direction out"),
        ("campus.yaml", "directions: [in]", "hold_ms: 100", "portals[0].hold_ms", "at least 500"),
        ("campus.yaml", "-door\n    kind: dormitory", "-door\n    kind: gate", "portals[5].kind",
         "leads into a zone of kind dormitory"),
        ("campus.yaml", "late_return: true", "late_return: yes", "permissions[3].late_return", "true or false"),
        ("campus.yaml", "portals: [north-vehicle]", "portals: []", "permissions[1]", "opens nothing"),
        ("campus.yaml", "portals: [north-vehicle]", "portals: north-vehicle", "permissions[1].portals", "a list"),
        ("campus.yaml", "groups: [security]", "groups: []", "permissions[5].groups", "at least one"),
        ("campus.yaml", 'from: "11:30", to: "12:30"', 'from: 11:30, to: 11:30', "leaving_windows[0].to", "the same"),
        ("campus.yaml", 'from: "11:30", to: "12:30"', 'from: 24:00, to: 12:30', "leaving_windows[0].from", "starts"),
        ("campus.yaml", 'from: "11:30",', "from: 690,", "leaving_windows[0].from", "time of day"),
        ("campus.yaml", 'from: "11:30",', 'from: "11:30", days: [mon, funday],', "leaving_windows[0].days[1]", "mon"),
        ("campus.yaml", 'from: "11:30",', 'from: "11:30", days: [mon, mon],', "leaving_windows[0].days", "twice"),
        ("campus.yaml", "name: {en: Example Campus, zh: 示例校园}", "name: {en: Example}", "name.zh", "is missing"),
        ("roles.yaml", "guard:", "Guard:", "roles.Guard", "expected a name"),
        ("roles.yaml", "rights: [watch, answer_waiting", "rights: [watch, watch", "roles.guard.rights[1]", "twice"),
        ("wardgate.yaml", "listen: 127.0.0.1:8080", "listen: 0.0.0.0:8080", "http.listen", "plain HTTP"),
        ("wardgate.yaml", "listen: 127.0.0.1:8080", "listen: 8080", "http.listen", "expected text"),
        ("wardgate.yaml", "ca: tls/ca.crt", "ca: tls/none.crt", "mqtt.ca", "there is no file"),
        ("wardgate.yaml", "mqtts://localhost:8883", "mqtt://broker.example:1883", "mqtt.url", "card numbers"),
        ("wardgate.yaml", "mqtts://localhost:8883", "http://localhost", "mqtt.url", "mqtts://host:port"),
        ("wardgate.yaml", "data: data", 'data: ""', "data", "path"),
        ("wardgate.yaml", "level: info", "level: loud", "log.level", "one of debug"),
        ("wardgate.yaml", "mqtt:\n", "mqtt: 7\nmqtt2:\n", "mqtt", "expected fields"),
    ],
)  # fmt: skip
def test_a_fault_is_named_where_it_stands(faults, spoil, file, before, after, field, says):
    line = spoil(file, before, after)

    found = [fault for fault in faults() if fault.field == field]

    assert found, faults()
    assert any(says in fault.message for fault in found), found
    assert found[0].file == file
    assert abs(found[0].line - line) <= 2


def test_what_is_missing_is_named_where_it_would_stand(faults, spoil):
    spoil("roles.yaml", "manage_users, ", "")
    spoil("wardgate.yaml", "# tls_cert:", "tls_cert:")

    assert [(fault.file, fault.line, fault.field) for fault in faults()] == [
        ("roles.yaml", 2, "roles"),
        ("wardgate.yaml", 4, "http.tls_key"),
    ]


def test_a_university_has_no_leaving_windows(faults, spoil):
    spoil("campus.yaml", "profile: school", "profile: university")

    assert [fault.field for fault in faults()] == ["profile", "leaving_windows"]


def test_missing_files_are_all_named(site, faults):
    for name in ("campus.yaml", "roles.yaml", "wardgate.yaml", "secrets/site.key"):
        (site / name).unlink()

    assert {fault.file for fault in faults()} == {"campus.yaml", "roles.yaml", "wardgate.yaml", "secrets/site.key"}


def test_a_folder_that_is_not_there_is_one_fault(tmp_path):
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path / "nowhere", {})

    assert len(raised.value.faults) == 1
    assert "wardgate init" in str(raised.value)


@pytest.mark.parametrize("name", ["site.key", "ledger.key", "store.key", "mqtt.password"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_secret_that_others_can_read_is_a_fault(site, faults, name, mode):
    (site / "secrets" / name).chmod(mode)

    assert [fault.file for fault in faults()] == [f"secrets/{name}"]
    assert "chmod 600" in faults()[0].message


@pytest.mark.parametrize("content", ["", "ab" * 31, "AB" * 32, "zz" * 32])
def test_a_key_must_be_a_key(site, faults, content):
    (site / "secrets" / "store.key").write_text(content)

    assert [fault.file for fault in faults()] == ["secrets/store.key"]
    assert not content or content not in str(faults()[0]), "a secret is not repeated"


def test_the_environment_stands_above_the_files(site, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tls = site / "tls"

    settings = load(
        site,
        {
            "WARDGATE_HTTP": "0.0.0.0:8443",
            "WARDGATE_TLS_CERT": str(tls / "server.crt"),
            "WARDGATE_TLS_KEY": str(tls / "server.key"),
            "WARDGATE_MQTT_URL": "mqtt://me:p%40ss@127.0.0.1:1999",
            "WARDGATE_DATABASE_URL": "postgresql://a@b/c",
            "WARDGATE_DATA": "elsewhere",
            "WARDGATE_LEDGER_COMMIT_GROUP": "7",
            "WARDGATE_DEVICES_LIST_DAYS": "3",
            "WARDGATE_MQTT_ALLOW_PLAIN": "true",
            "WARDGATE_BROKER_RELOAD": '["systemctl", "reload", "mosquitto"]',
            "WARDGATE_LOG_LEVEL": "",
            "PATH": "/bin",
        },
    )

    assert (settings.http_host, settings.http_port) == ("0.0.0.0", 8443)
    assert settings.tls_cert == tls / "server.crt"
    assert (settings.mqtt_url, settings.mqtt_username, settings.mqtt_password) == (
        "mqtt://127.0.0.1:1999",
        "me",
        "p@ss",
    )
    assert (settings.mqtt_host, settings.mqtt_port, settings.mqtt_tls) == ("127.0.0.1", 1999, False)
    assert settings.database_url == "postgresql+psycopg://a@b/c"
    assert settings.data == tmp_path / "elsewhere", "what is typed is meant from where it is typed"
    assert (settings.commit_group, settings.list_days, settings.log_level) == (7, 3, "info")
    assert settings.broker.reload == ("systemctl", "reload", "mosquitto")


def test_without_a_database_url_it_lies_in_the_data_folder(site, tmp_path):
    assert load(site, {}).database_url == f"sqlite:///{site}/data/wardgate.db"
    assert load(site, {"WARDGATE_DATA": str(tmp_path / "d")}).database_url == f"sqlite:///{tmp_path}/d/wardgate.db"


@pytest.mark.parametrize(
    ("environ", "variable", "says"),
    [
        ({"WARDGATE_HTTP": "0.0.0.0:80"}, "WARDGATE_HTTP", "plain HTTP"),
        ({"WARDGATE_HTTP": "nonsense"}, "WARDGATE_HTTP", "host:port"),
        ({"WARDGATE_HTTP": "127.0.0.1:99999"}, "WARDGATE_HTTP", "host:port"),
        ({"WARDGATE_LIMITS_INBOX_MESSAGES": "many"}, "WARDGATE_LIMITS_INBOX_MESSAGES", "whole number"),
        ({"WARDGATE_COMMIT_GROUP": "0"}, "WARDGATE_COMMIT_GROUP", "at least 1"),
        ({"WARDGATE_MQTT_URLL": "x"}, "WARDGATE_MQTT_URLL", "did you mean 'WARDGATE_MQTT_URL'"),
        ({"WARDGATE_MQTT_NONSENSE": "x"}, "WARDGATE_MQTT_NONSENSE", "is not a setting"),
        ({"WARDGATE_TLS_CERT": "/none.crt"}, "WARDGATE_TLS_CERT", "there is no file"),
        (
            {"WARDGATE_HTTP": "127.0.0.1:1", "WARDGATE_HTTP_LISTEN": "127.0.0.1:2"},
            "WARDGATE_HTTP_LISTEN",
            "the same as",
        ),
        ({"WARDGATE_MQTT_ALLOW_PLAIN": "yes"}, "WARDGATE_MQTT_ALLOW_PLAIN", "true or false"),
    ],
)
def test_a_fault_from_the_environment_names_the_variable(faults, environ, variable, says):
    found = [fault for fault in faults(environ) if fault.field == variable]

    assert [fault.file for fault in found] == ["environment"]
    assert says in found[0].message


def test_variables_of_tests_and_others_are_no_faults(faults):
    assert faults({"WARDGATE_TEST_DATABASE_URL": "x", "WARDGATE_NO_SKIP": "1", "WARDGATE_X": "y"}) == ()


def test_every_field_of_the_file_has_a_variable(faults):
    known = variables()

    assert known["WARDGATE_MQTT_URL"] == ("mqtt", "url")
    assert known["WARDGATE_LEDGER_HEAD_COPY"] == ("ledger", "head_copy")
    assert known["WARDGATE_DATA"] == ("data",)
    assert len(known) > 25


def test_an_address_with_a_password_is_never_repeated(faults):
    found = faults(
        {"WARDGATE_MQTT_URL": "http://me:hidden-word@host", "WARDGATE_DATABASE_URL": "mysql://a:hidden-word@b"}
    )

    assert len(found) == 2
    assert "hidden-word" not in "".join(map(str, found))


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("127.9.9.9", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.evil.example", False),
    ],
)
def test_plain_http_stays_on_this_machine(host, is_local):
    assert is_loopback(host) is is_local


def test_a_tls_key_for_everybody_is_a_fault(site, faults):
    environ = {"WARDGATE_TLS_CERT": str(site / "tls/server.crt"), "WARDGATE_TLS_KEY": str(site / "tls/server.key")}
    assert faults(environ) == ()

    (site / "tls/server.key").chmod(0o644)

    assert [fault.field for fault in faults(environ)] == ["WARDGATE_TLS_KEY"]


def test_init_leaves_no_secret_open(site):
    for path in [*(site / "secrets").iterdir(), *(site / "tls").glob("*.key")]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE((site / "secrets").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "name",
    [
        "wardgate.yaml",
        "campus.school.yaml",
        "campus.university.yaml",
        "policy.school.yaml",
        "policy.university.yaml",
        "roles.yaml",
        "cameras.yaml",
    ],
)
def test_every_shipped_file_says_what_it_is(name):
    assert shipped(name).read_text("utf-8").startswith("# Wardgate, ")


def test_loading_reads_and_writes_nothing_else(site):
    before = sorted(os.walk(site))

    load(site, {})

    assert sorted(os.walk(site)) == before
