"""The part `notices` of wardgate.yaml: channels, their secrets, and whom to tell. Read once, every fault at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gateway.config_faults import FaultList
from gateway.config_schema import NoticesPart, split_listen
from gateway.flows.notice_rules import ROBOT, NoticeRules
from gateway.notices.channels import Channels, Mail, is_messenger_address
from gateway.yaml_lines import FieldPath

PLACE = "notices"
ReadSecret = Callable[[FieldPath, str], str | None]
"""The text of a secret file; a fault and None if it cannot be had."""
IsLoopback = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class NoticeSettings:
    """By which channels notices go, and to whom beside the hosts."""

    channels: Channels = field(default_factory=Channels)
    base_url: str = ""
    counsellors: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    duty_leader: str = ""
    reports: Mapping[str, str] = field(default_factory=dict)

    def rules(self, link_key: bytes) -> NoticeRules:
        """What the flows know of it: no address and no secret but the links' own key."""
        return NoticeRules(
            channels=self.channels.names,
            base_url=self.base_url,
            robots=frozenset(self.channels.robots),
            counsellors=self.counsellors,
            units=self.units,
            duty_leader=self.duty_leader,
            reports=self.reports,
            link_key=link_key,
        )

    @property
    def is_empty(self) -> bool:
        """True if nobody can be told anything."""
        return not self.channels.names and not self.channels.robots


def notice_settings(part: NoticesPart, read: ReadSecret, is_loopback: IsLoopback, faults: FaultList) -> NoticeSettings:
    """The settings; faults go to `faults`."""
    settings = NoticeSettings(
        Channels(
            _mail(part, read, is_loopback, faults),
            frozenset(part.messengers or ()),
            _relay(part, read, is_loopback, faults),
            _robots(part, read, faults),
        ),
        _base_url(part, is_loopback, faults),
        dict(part.counsellors or {}),
        dict(part.units or {}),
        part.duty_leader or "",
        dict(part.reports or {}),
    )
    if settings.channels.names and part.base_url is None:
        faults.add(
            (PLACE, "base_url"), "is missing; hosts get links to this gateway, such as https://gate.school.example"
        )
    leader = {"": settings.duty_leader} if settings.duty_leader else {}
    for name, people in (
        ("counsellors", settings.counsellors),
        ("units", settings.units),
        ("reports", settings.reports),
        ("duty_leader", leader),
    ):
        for who, contact in people.items():
            if contact.startswith(ROBOT) and contact.removeprefix(ROBOT) not in settings.channels.robots:
                faults.add(
                    (PLACE, name, who) if who else (PLACE, name),
                    f"there is no robot {contact.removeprefix(ROBOT)!r} under notices.robots",
                )
    return settings


def _mail(part: NoticesPart, read: ReadSecret, is_loopback: IsLoopback, faults: FaultList) -> Mail | None:
    if part.mail_server is None:
        return None
    host, port = split_listen(part.mail_server)
    if part.mail_sender is None:
        faults.add((PLACE, "mail_sender"), "is missing; mails come from somebody, such as gate@school.example")
    if part.mail_security == "none" and not is_loopback(host):
        faults.add((PLACE, "mail_security"), f"mail without TLS is for this machine only; {host} needs starttls or tls")
    if part.mail_user is not None and part.mail_password_file is None:
        faults.add((PLACE, "mail_password_file"), "is missing; a user has a password")
    password = ""
    if part.mail_password_file is not None:
        password = read((PLACE, "mail_password_file"), part.mail_password_file) or ""
    return Mail(host, port, part.mail_security, part.mail_sender or "", part.mail_user, password)


def _relay(part: NoticesPart, read: ReadSecret, is_loopback: IsLoopback, faults: FaultList) -> str | None:
    if part.relay_file is None:
        return None
    text = read((PLACE, "relay_file"), part.relay_file)
    if text is None:
        return None
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or not url.hostname or "#" in text or " " in text:
        faults.add((PLACE, "relay_file"), "expected one line with https://host/path")
    elif url.scheme == "http" and not is_loopback(url.hostname):
        faults.add((PLACE, "relay_file"), "names of visitors would cross the line in the open; write https://")
    return text


def _robots(part: NoticesPart, read: ReadSecret, faults: FaultList) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, path in (part.robots or {}).items():
        text = read((PLACE, "robots", name), path)
        if text is None:
            continue
        if not is_messenger_address(text):
            faults.add((PLACE, "robots", name), "expected one line with wecombot://…, dingtalk://… or feishu://…")
        found[name] = text
    return found


def _base_url(part: NoticesPart, is_loopback: IsLoopback, faults: FaultList) -> str:
    if part.base_url is None:
        return ""
    url = urlsplit(part.base_url)
    if url.scheme not in ("http", "https") or not url.hostname or url.path.strip("/") or url.query or url.fragment:
        faults.add((PLACE, "base_url"), "expected https://host or https://host:port")
    elif url.scheme == "http" and not is_loopback(url.hostname):
        faults.add((PLACE, "base_url"), "expected https://: a link opens without signing in")
    return part.base_url.rstrip("/")


def base_host(settings: NoticeSettings) -> str:
    """By which name phones call the gateway."""
    return urlsplit(settings.base_url).hostname or "" if settings.base_url else ""
