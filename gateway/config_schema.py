"""The shape of wardgate.yaml: which fields there are, what each may hold, and what it is if not written.

Only shapes: whether the fields fit each other is checked in `settings`, which also says where a fault stands.
"""

import ipaddress
import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from gateway.config_values import Group, LabelText, Name, Part, PathText, TimeOfDay

_QUEUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


def _listen(text: str) -> str:
    host, port = split_listen(text)
    if not host or not 0 <= port <= 65535:
        raise ValueError("expected host:port, such as 127.0.0.1:8080 or [::1]:8080")
    return text


def split_listen(text: str) -> tuple[str, int]:
    """`host:port`; ("", -1) if it is none."""
    host, colon, port = text.rpartition(":")
    if not colon or not re.fullmatch(r"[0-9]{1,5}", port):
        return "", -1
    if host.startswith("[") and host.endswith("]"):
        return host[1:-1], int(port)
    if not re.fullmatch(r"[A-Za-z0-9._-]+", host):
        return "", -1
    return host, int(port)


def _mqtt_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("mqtt", "mqtts") and bool(parts.hostname) and parts.path in ("", "/")
        good = good and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good:
        # The text itself is not repeated: it may hold a password.
        raise ValueError("expected mqtts://host:port, or mqtt://host:port without TLS")
    return text


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise ValueError("expected a network such as 10.20.0.0/16 or fd00:20::/48") from None


def _database_url(text: str) -> str:
    if not re.fullmatch(r"sqlite:///[^\0]+|(postgres|postgresql|postgresql\+psycopg)://[^\0]+", text):
        raise ValueError("expected sqlite:///path or postgresql://user@host/database")
    return text


def _queue(text: str) -> str:
    if not _QUEUE.fullmatch(text):
        raise ValueError("expected a queue's name: a letter or digit, then up to 62 of A-Z a-z 0-9 _ -")
    return text


Days = Annotated[int, Field(ge=1, le=3650)]


class HttpPart(Part):
    listen: Annotated[str, AfterValidator(_listen)] = "127.0.0.1:8080"
    tls_cert: PathText | None = None
    tls_key: PathText | None = None


class MqttPart(Part):
    url: Annotated[str, AfterValidator(_mqtt_url)] = "mqtts://localhost:8883"
    username: Name = "wardgate"
    password_file: PathText = "secrets/mqtt.password"
    ca: PathText | None = None
    allow_plain: bool = False


class DatabasePart(Part):
    url: Annotated[str, AfterValidator(_database_url)] | None = None


class LedgerPart(Part):
    head_copy: PathText | None = None
    commit_group: Annotated[int, Field(ge=1, le=10_000)] = 500


class BrokerPart(Part):
    out: PathText | None = None
    listen: Annotated[str, AfterValidator(_listen)] | None = None
    pid_file: PathText | None = None
    reload: Annotated[list[str], Field(min_length=1)] | None = None
    tls_cert: PathText = "tls/broker.crt"
    tls_key: PathText = "tls/broker.key"


class DevicesPart(Part):
    answer_timeout_ms: Annotated[int, Field(ge=200, le=10_000)] = 1_500
    wait_ms: Annotated[int, Field(ge=5_000, le=600_000)] = 60_000
    list_days: Annotated[int, Field(ge=1, le=31)] = 7
    offline_max_age_s: Annotated[int, Field(ge=60, le=31 * 86_400)] = 86_400


class LimitsPart(Part):
    device_messages_per_s: Annotated[int, Field(ge=1, le=10_000)] = 20
    device_events_per_s: Annotated[int, Field(ge=1, le=10_000)] = 250
    unknown_credentials_per_min: Annotated[int, Field(ge=1, le=10_000)] = 10
    inbox_messages: Annotated[int, Field(ge=100, le=1_000_000)] = 20_000


class VisitsPart(Part):
    end_of_day: TimeOfDay = 22 * 60 + 30
    overstay_grace_min: Annotated[int, Field(ge=0, le=24 * 60)] = 15
    unanswered_min: Annotated[int, Field(ge=1, le=24 * 60)] = 5


class PrinterPart(Part):
    """A queue of this machine's print service, and what lies in its printer."""

    queue: Annotated[str, AfterValidator(_queue)]
    paper: Literal["label-62", "roll-80", "roll-58"] = "label-62"


class SheetPrinterPart(Part):
    """A queue of this machine's print service for whole pages, and the language of what is printed there."""

    queue: Annotated[str, AfterValidator(_queue)]
    language: Literal["zh", "en"] = "zh"


class PrintingPart(Part):
    """By gate: passes, and the papers for a day without power."""

    printers: dict[Name, PrinterPart] | None = None
    paper_day: dict[Name, SheetPrinterPart] | None = None


class NoticesPart(Part):
    mail_server: Annotated[str, AfterValidator(_listen)] | None = None
    mail_security: Literal["starttls", "tls", "none"] = "starttls"
    mail_user: str | None = None
    mail_password_file: PathText | None = None
    mail_sender: str | None = None
    messengers: list[Literal["wecom", "dingtalk", "feishu"]] | None = None
    relay_file: PathText | None = None
    robots: dict[Name, PathText] | None = None
    base_url: str | None = None
    counsellors: dict[Group, LabelText] | None = None
    units: dict[Group, LabelText] | None = None
    duty_leader: LabelText | None = None
    reports: dict[LabelText, LabelText] | None = None


class RetentionPart(Part):
    """Other numbers of days than these need a written reason."""

    visits_days: Days = 180
    passages_days: Days = 180
    pictures_days: Days = 7
    notes_days: Days = 180
    plates_days: Days = 180
    left_days: Days = 180
    sessions_days: Days = 30
    audit_days: Days = 3 * 365 + 1
    at: TimeOfDay = 3 * 60 + 30
    reason: str | None = None


class VideoPart(Part):
    """The round of health checks; which cameras there are stands in cameras.yaml."""

    networks: list[Annotated[str, AfterValidator(_network)]] = Field(default_factory=list)
    cadence_s: dict[Literal["1", "2", "3"], Annotated[float, Field(ge=1, le=86_400)]] | None = None
    look_s: Annotated[float, Field(ge=0.5, le=30)] = 3.0
    timeout_s: Annotated[float, Field(ge=1, le=60)] = 8.0
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    memory_mb: Annotated[int, Field(ge=256, le=8_192)] = 512
    evidence_days: Annotated[int, Field(ge=1, le=365)] = 7
    keep_days: Annotated[int, Field(ge=1, le=3_650)] = 30
    keep_days_key: Annotated[int, Field(ge=1, le=3_650)] = 90
    disk_low_gb: Annotated[float, Field(ge=0)] = 20.0
    remind_min: dict[Literal["high", "medium", "low"], Annotated[int, Field(ge=1, le=10_080)]] | None = None
    order_within_h: dict[Literal["high", "medium", "low"], Annotated[int, Field(ge=1, le=8_760)]] | None = None
    rounds_at: Annotated[list[TimeOfDay], Field(max_length=24)] | None = None


class LogPart(Part):
    level: Literal["debug", "info", "warning", "error"] = "info"


class BackupPart(Part):
    """Each night the whole database, in one file; so many files are kept."""

    nightly: bool = True
    out: PathText | None = None
    at: TimeOfDay = 2 * 60 + 30
    keep: Annotated[int, Field(ge=1, le=400)] = 14


class GatewayFile(Part):
    """wardgate.yaml"""

    http: HttpPart = Field(default_factory=HttpPart)
    mqtt: MqttPart = Field(default_factory=MqttPart)
    database: DatabasePart = Field(default_factory=DatabasePart)
    data: PathText = "data"
    ledger: LedgerPart = Field(default_factory=LedgerPart)
    broker: BrokerPart = Field(default_factory=BrokerPart)
    devices: DevicesPart = Field(default_factory=DevicesPart)
    limits: LimitsPart = Field(default_factory=LimitsPart)
    visits: VisitsPart = Field(default_factory=VisitsPart)
    notices: NoticesPart = Field(default_factory=NoticesPart)
    printing: PrintingPart = Field(default_factory=PrintingPart)
    retention: RetentionPart = Field(default_factory=RetentionPart)
    backup: BackupPart = Field(default_factory=BackupPart)
    video: VideoPart = Field(default_factory=VideoPart)
    log: LogPart = Field(default_factory=LogPart)
