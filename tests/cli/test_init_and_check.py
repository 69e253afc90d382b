"""`wardgate init` writes what `check-config` finds no fault in, and nothing anybody else could have."""

import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli.commands import build

ROOT = Path(__file__).resolve().parents[2]


def test_what_init_writes_has_no_fault(wardgate):
    answer = wardgate("check-config")

    assert answer.status == 0
    assert "no faults" in answer.out
    assert "north-in: gate, site → campus (in)" in answer.out
    assert "boarders: 22:30–05:30, recorded as late" in answer.out


def test_check_config_takes_the_folder_by_itself_too(wardgate):
    assert wardgate.bare("check-config", wardgate.site).status == 0


def test_check_config_for_scripts(wardgate):
    facts = wardgate("check-config", "--json").json

    assert facts["ok"] is True
    assert facts["groups"] == ["boarders", "security", "staff", "students"]


def test_check_config_opens_nothing(wardgate):
    before = sorted(path for path in wardgate.site.rglob("*"))

    wardgate("check-config")

    assert sorted(path for path in wardgate.site.rglob("*")) == before


def test_every_fault_is_named_with_file_and_line_and_status_1(wardgate):
    campus = wardgate.site / "campus.yaml"
    campus.write_text(
        campus.read_text("utf-8").replace("zone: dorm-2\n", "zone: drom-2\n").replace("profile: school", "profile: NO")
    )

    answer = wardgate("check-config")
    as_json = wardgate("check-config", "--json")

    assert answer.status == as_json.status == 1
    assert "campus.yaml:94: portals[6].zone: there is no zone 'drom-2'; did you mean 'dorm-2'?" in answer.out
    assert "campus.yaml:6: profile: expected one of school, university, found 'NO'" in answer.out
    assert [fault["line"] for fault in as_json.json["faults"]] == [6, 94]


def test_other_commands_do_not_run_on_a_faulty_configuration(wardgate):
    (wardgate.site / "roles.yaml").write_text("roles: {}\n")

    answer = wardgate("device", "list")

    assert answer.status == 2
    assert "roles.yaml:1: roles: expected at least one entry" in answer.err
    assert not wardgate.database.exists()


def test_check_config_without_a_folder_could_not_run(wardgate, tmp_path):
    assert wardgate.bare("check-config", "--config", tmp_path / "nowhere").status == 2


def test_init_refuses_a_folder_that_is_not_empty(wardgate, tmp_path):
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "letter.txt").write_text("mine")

    assert wardgate.bare("init", tmp_path / "used").status == 2
    assert wardgate.bare("init", wardgate.site).status == 2
    assert [path.name for path in (tmp_path / "used").iterdir()] == ["letter.txt"]


def test_init_refuses_a_file(wardgate, tmp_path):
    (tmp_path / "file").write_text("x")

    assert wardgate.bare("init", tmp_path / "file").status == 2


def test_init_takes_an_empty_folder_and_a_profile(wardgate, tmp_path):
    (tmp_path / "empty").mkdir()

    assert wardgate.bare("init", tmp_path / "empty", "--profile", "university").status == 0
    assert wardgate.bare("check-config", tmp_path / "empty", "--json").json["profile"] == "university"


@pytest.mark.parametrize("host", ["../x", "a b", "", "-x", "host\n"])
def test_init_takes_only_names_into_its_certificates(wardgate, tmp_path, host):
    assert wardgate.bare("init", tmp_path / "new", f"--host={host}").status == 2
    assert not (tmp_path / "new").exists()


def test_the_certificates_hold_for_this_machine_and_the_named_hosts(wardgate, tmp_path):
    site = tmp_path / "tls-site"
    assert wardgate.bare("init", site, "--host", "gate.school.example", "--host", "192.0.2.7").status == 0

    for name in ("server", "broker"):
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(site / "tls" / f"{name}.crt", site / "tls" / f"{name}.key")
        for host in ("localhost", "127.0.0.1", "gate.school.example", "192.0.2.7"):
            assert shakes_hands(server, site / "tls" / "ca.crt", host)
        assert not shakes_hands(server, site / "tls" / "ca.crt", "evil.example")
        assert not shakes_hands(server, wardgate.site / "tls" / "ca.crt", "localhost"), "another site's authority"


def shakes_hands(server_side, authority, host):
    client_side = ssl.create_default_context(cafile=str(authority))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_side.wrap_bio(to_client, to_server, server_hostname=host)
    server = server_side.wrap_bio(to_server, to_client, server_side=True)
    done = set()
    for _ in range(10):
        for name, end in (("client", client), ("server", server)):
            try:
                end.do_handshake()
                done.add(name)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                return False
    return done == {"client", "server"}


def commands(app, path=()):
    for command in app.registered_commands:
        yield (*path, command.name or command.callback.__name__)
    for group in app.registered_groups:
        yield from commands(group.typer_instance, (*path, group.name))


ALL = sorted(commands(build()))


def test_the_commands_are_these():
    assert (
        sorted(
            [
                ("broker-config",),
                ("calendar", "seed"),
                ("check-config",),
                ("demo",),
                ("device", "enrol"),
                ("device", "list"),
                ("device", "retire"),
                ("import", "people"),
                ("import", "pictures"),
                ("init",),
                ("ledger", "verify"),
                ("level", "confirm"),
                ("level", "countersign"),
                ("level", "number"),
                ("level", "plan"),
                ("level", "refuse"),
                ("level", "request"),
                ("level", "revoke"),
                ("level", "show"),
                ("level", "sign"),
                ("level", "unified"),
                ("replay",),
                ("retention",),
                ("backup",),
                ("restore",),
                ("run",),
                ("simulate",),
                ("user", "add"),
                ("user", "disable"),
                ("user", "list"),
                ("user", "password"),
                ("user", "person"),
                ("user", "roles"),
                ("user", "token"),
                ("video", "bench"),
                ("video", "check"),
                ("video", "recorder"),
            ]
        )
        == ALL
    )


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_every_command_helps_with_an_example(wardgate, command):
    answer = wardgate.bare(*command, "--help")

    assert answer.status == 0
    assert f"Example: wardgate {' '.join(command)}" in answer.out


@pytest.mark.parametrize("arguments", [["nothing"], ["device"], ["device", "enrol"], ["init"], ["init", "a", "--x"]])
def test_what_cannot_be_understood_ends_with_2(wardgate, arguments):
    assert wardgate.bare(*arguments).status == 2


def test_it_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "check-config", "--config", "/nowhere"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 2
    assert done.stdout == ""
    assert "there is no folder /nowhere" in done.stderr
