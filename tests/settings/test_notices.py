"""The part `notices` of wardgate.yaml: what it gives, that its secrets stay secret, and every fault by its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.flows.notice_rules import NoticeRules
from gateway.settings import Fault, load

ALL = """
notices:
  base_url: https://gate.school.example:8443/
  mail_server: smtp.school.example:587
  mail_user: gate
  mail_password_file: secrets/mail.password
  mail_sender: gate@school.example
  messengers: [wecom, dingtalk, feishu]
  relay_file: secrets/relay.url
  robots: {office: secrets/office.robot}
  counsellors: {dorm-1: S-9, students: "robot:office"}
  units: {staff: S-1}
  duty_leader: S-1
  reports: {District office: "robot:office"}
"""
ROBOT = "wecombot://693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa"
SECRETS = {"mail.password": "p@ss word", "relay.url": "https://u:pw@relay.example/in", "office.robot": ROBOT}


@pytest.fixture
def configure(site: Path) -> Callable[..., Path]:
    """Write the part, with some of it replaced, and its secrets."""

    def write(before: str = "", after: str = "", secrets: Mapping[str, str] | None = None) -> Path:
        assert before in ALL
        with (site / "wardgate.yaml").open("a", encoding="utf-8") as file:
            file.write(ALL.replace(before, after, 1))
        for name, text in {**SECRETS, **(secrets or {})}.items():
            path = site / "secrets" / name
            path.write_text(f"{text}\n", "utf-8")
            path.chmod(0o600)
        return site

    return write


def test_everything_that_is_written_is_there_and_no_secret_shows(configure: Callable[..., Path]) -> None:
    settings = load(configure(), {})

    notices = settings.notices
    assert notices.channels.mail is not None and notices.channels.mail.password == "p@ss word"
    assert notices.channels.names == {"mail", "wecom", "dingtalk", "feishu", "relay"}
    rules = notices.rules(b"k" * 32)
    assert (rules.base_url, rules.robots) == ("https://gate.school.example:8443", {"office"})
    assert rules.counsellors == {"dorm-1": "S-9", "students": "robot:office"} and rules.units == {"staff": "S-1"}
    assert (rules.duty_leader, rules.reports) == ("S-1", {"District office": "robot:office"})
    shown = repr(settings) + repr(rules)
    assert not any(part in shown for part in ("p@ss", "u:pw", ROBOT, "kkkk"))


def test_without_the_part_nobody_is_told(site: Path) -> None:
    notices = load(site, {}).notices

    assert notices.is_empty and notices.rules(b"") == NoticeRules()


def test_the_environment_says_it_too(site: Path, tmp_path: Path) -> None:
    (site / "secrets" / "x").write_text(ROBOT)
    (site / "secrets" / "x").chmod(0o600)
    environ = {
        "WARDGATE_NOTICES_MESSENGERS": "[wecom]",
        "WARDGATE_NOTICES_BASE_URL": "https://gate.school.example",
        "WARDGATE_NOTICES_ROBOTS": f"{{office: {site / 'secrets' / 'x'}}}",
        "WARDGATE_NOTICES_UNITS": "{staff: 'robot:office'}",
    }

    notices = load(site, environ).notices

    assert notices.channels.messengers == {"wecom"} and notices.units == {"staff": "robot:office"}
    assert notices.channels.robots == {"office": ROBOT}


@pytest.mark.parametrize(
    ("before", "after", "field", "says"),
    [
        ("  base_url: https://gate.school.example:8443/\n", "", "notices.base_url", "is missing"),
        ("base_url: https://", "base_url: http://", "notices.base_url", "https"),
        ("8443/\n", "8443/kiosk\n", "notices.base_url", "https://host"),
        ("  mail_sender: gate@school.example\n", "", "notices.mail_sender", "is missing"),
        ("  mail_user: gate\n", "  mail_user: gate\n  mail_security: none\n", "notices.mail_security", "this machine"),
        ("  mail_password_file: secrets/mail.password\n", "", "notices.mail_password_file", "is missing"),
        ("smtp.school.example:587", "smtp.school.example", "notices.mail_server", "host:port"),
        ("[wecom,", "[telegram,", "notices.messengers[0]", "wecom"),
        ("robot:office", "robot:nobody", "notices.counsellors.students", "no robot"),
        ("duty_leader: S-1", 'duty_leader: "robot:nobody"', "notices.duty_leader", "no robot"),
        ("secrets/mail.password", "secrets/none", "", "is missing"),
        ("mail_user", "mail_usr", "notices.mail_usr", "not a field"),
    ],
)
def test_a_fault_is_named_where_it_stands(
    configure: Callable[..., Path],
    faults: Callable[..., tuple[Fault, ...]],
    before: str,
    after: str,
    field: str,
    says: str,
) -> None:
    configure(before, after)

    found: Any = [fault for fault in faults() if fault.field == field and says in fault.message]
    assert found, faults()


@pytest.mark.parametrize(
    ("secret", "text", "field"),
    [
        ("relay.url", "http://relay.example/in", "notices.relay_file"),
        ("relay.url", "ftp://relay.example/in", "notices.relay_file"),
        ("office.robot", "json://127.0.0.1/x", "notices.robots.office"),
        ("office.robot", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc", "notices.robots.office"),
    ],
)
def test_a_secret_that_leads_elsewhere_is_a_fault_and_is_not_repeated(
    configure: Callable[..., Path], faults: Callable[..., tuple[Fault, ...]], secret: str, text: str, field: str
) -> None:
    configure(secrets={secret: text})

    (fault,) = faults()
    assert fault.field == field and text not in str(fault)


def test_a_secret_that_others_can_read_is_a_fault(
    configure: Callable[..., Path], faults: Callable[..., tuple[Fault, ...]]
) -> None:
    (configure() / "secrets" / "relay.url").chmod(0o644)

    assert [fault.message for fault in faults() if "chmod 600" in fault.message]
