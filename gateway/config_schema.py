"""The shape of the configuration files: which fields there are, what each may hold, and what it is when not written.

Only shapes: whether a name that is used exists is checked in `campus_file`, and where a fault stands in
`settings`. Text is strict: a number is never taken for a name.
"""

import ipaddress
import re
from datetime import date as Date
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from gateway.core.cameras import SourceKind
from gateway.core.kinds import AntiPassback, DayKind, Direction, PortalKind, Profile, ZoneKind
from gateway.core.rights import Right

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
GROUP = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
MAX_LABEL = 80

MAX_RESPONSIBLE = 3
"""A grid cell has three tiers of responsible people."""

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_QUEUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_NUMBER = re.compile(r"[0-9+*#() -]{0,40}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise ValueError("expected a name of 1 to 63 of a-z, 0-9 and -, the first no -")
    return text


def _group(text: str) -> str:
    if not GROUP.fullmatch(text):
        raise ValueError("expected a name of 1 to 63 of a-z, 0-9, - and _, the first a letter or digit")
    return text


def _label(text: str) -> str:
    if not text.strip() or len(text) > MAX_LABEL or not text.isprintable():
        raise ValueError(f"expected 1 to {MAX_LABEL} printable characters")
    return text


def _time_zone(text: str) -> str:
    if text not in available_timezones():
        raise ValueError("expected a time zone such as Asia/Shanghai")
    return text


def _minutes(text: Any) -> Any:
    """`22:30` as minutes since midnight; `24:00` is the end of a day."""
    if isinstance(text, str):
        if text == "24:00":
            return 24 * 60
        if match := _TIME.fullmatch(text):
            return int(match[1]) * 60 + int(match[2])
    raise ValueError('expected a time of day from "00:00" to "24:00", such as "22:30"')


def _before_midnight(minutes: int) -> int:
    if minutes == 24 * 60:
        raise ValueError('expected a time of day before "24:00"; midnight is "00:00"')
    return minutes


def _date(text: Any) -> Any:
    """`2026-10-01` as a date."""
    if isinstance(text, str) and _DATE.fullmatch(text):
        try:
            return Date.fromisoformat(text)
        except ValueError:
            pass  # such as 2026-02-30
    raise ValueError("expected a date such as 2026-10-01")


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError("expected a telephone number: up to 40 of 0-9 + * # ( ) - and spaces, or nothing")
    return text


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


def _camera_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https", "rtsp", "rtsps") and bool(parts.hostname)
        good = good and (parts.port is None or parts.port > 0) and "@" not in parts.netloc
    except ValueError:
        good = False
    if not good:
        # The text itself is not repeated: it may hold a password.
        raise ValueError("expected rtsp://, http:// or https:// and a host, without user and password")
    return text


def _database_url(text: str) -> str:
    if not re.fullmatch(r"sqlite:///[^\0]+|(postgres|postgresql|postgresql\+psycopg)://[^\0]+", text):
        raise ValueError("expected sqlite:///path or postgresql://user@host/database")
    return text


def _path(text: str) -> str:
    if not text or "\0" in text or PurePosixPath(text) == PurePosixPath("."):
        raise ValueError("expected the path of a file or folder")
    return text


Name = Annotated[str, AfterValidator(_name)]
Group = Annotated[str, AfterValidator(_group)]
Minutes = Annotated[int, BeforeValidator(_minutes)]
TimeOfDay = Annotated[Minutes, AfterValidator(_before_midnight)]
DateText = Annotated[Date, BeforeValidator(_date)]
Number = Annotated[str, AfterValidator(_number)]
LabelText = Annotated[str, AfterValidator(_label)]
PathText = Annotated[str, AfterValidator(_path)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
EVERY_DAY: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Part(BaseModel):
    """One part of a file: unknown fields are faults, and nothing is turned into something else."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


def listed(kind: type[Any]) -> BeforeValidator:
    """The texts of a closed list, taken from the file as its members; another is a fault that names them all."""
    known = [str(member.value) for member in kind]

    def pick(value: Any) -> Any:
        if isinstance(value, str) and value in known:
            return kind(value)
        raise ValueError(f"expected one of {', '.join(known)}")

    return BeforeValidator(pick)


class LabelPart(Part):
    en: LabelText
    zh: LabelText


class WindowPart(Part):
    from_min: Minutes = Field(alias="from")
    to_min: Minutes = Field(alias="to")
    days: Annotated[list[Day], Field(min_length=1)] = Field(default_factory=lambda: list(EVERY_DAY))


class VehicleWindowPart(WindowPart):
    """A window of arrival or dismissal; `on` are the kinds of day on which it holds."""

    on: Annotated[list[Annotated[DayKind, listed(DayKind)]], Field(min_length=1)] = Field(
        default_factory=lambda: [DayKind.NORMAL, DayKind.HALF_DAY, DayKind.EXAM, DayKind.CLOSED]
    )


class CalendarPart(Part):
    """Days that are not normal ones, both ends among them; one day if `to` is not written."""

    from_day: DateText = Field(alias="from")
    to_day: DateText | None = Field(alias="to", default=None)
    kind: Annotated[DayKind, listed(DayKind)]


class ZonePart(Part):
    id: Name
    kind: Annotated[ZoneKind, listed(ZoneKind)]
    name: LabelPart
    parent: Name | None = None
    private: bool = False
    capacity: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    responsible: Annotated[list[LabelText], Field(min_length=1, max_length=MAX_RESPONSIBLE)] | None = None


class GatePart(Part):
    id: Name
    name: LabelPart


class PortalPart(Part):
    id: Name
    kind: Annotated[PortalKind, listed(PortalKind)]
    name: LabelPart
    zone: Name
    outside: Name | None = None
    gate: Name | None = None
    directions: Annotated[list[Annotated[Direction, listed(Direction)]], Field(min_length=1)] = Field(
        default_factory=lambda: list(Direction)
    )
    escape: bool = False
    anti_passback: Annotated[AntiPassback, listed(AntiPassback)] = AntiPassback.OFF
    hold_ms: Annotated[int, Field(ge=500, le=60_000)] = 5_000
    held_open_after_s: Annotated[int, Field(ge=5, le=3_600)] = 30
    two_people: bool = False
    keypad: bool = False
    vehicle_windows: list[VehicleWindowPart] = Field(default_factory=list)


class ItemPart(Part):
    """Something that is counted when a post is handed over."""

    id: Name
    name: LabelPart
    count: Annotated[int, Field(ge=0, le=10_000)]


class PostPart(Part):
    id: Name
    name: LabelPart
    portals: Annotated[list[Name], Field(min_length=1)]
    windows: Annotated[list[WindowPart], Field(min_length=1)] | None = None
    inventory: Annotated[list[ItemPart], Field(max_length=30)] = Field(default_factory=list)
    sign_on: bool = False
    sign_on_within_min: Annotated[int, Field(ge=1, le=240)] = 10


class CallPart(Part):
    """Whom a guard calls; `host` is whoever is visited, with the directory's number."""

    id: Name
    name: LabelPart
    number: Number = ""
    numbers: dict[Name, Number] = Field(default_factory=dict)


class ControlRoomPart(Part):
    """What no room names belongs to every room."""

    id: Name
    name: LabelPart
    zones: Annotated[list[Name], Field(min_length=1)]


class VigilancePart(Part):
    """In these hours an operator who is alone is asked for a sign of life; `every_min: 0` asks nobody."""

    from_min: Minutes = Field(alias="from", default=22 * 60)
    to_min: Minutes = Field(alias="to", default=6 * 60)
    every_min: Annotated[int, Field(ge=0, le=120)] = 10
    within_min: Annotated[int, Field(ge=1, le=30)] = 10


def _calls() -> list[CallPart]:
    """The list of a site that was made before there was one."""
    return [CallPart(id=id, name=LabelPart(en=en, zh=zh), number=number) for id, en, zh, number in CALLS]


CALLS = (
    ("duty-leader", "Duty leader", "值班领导", ""),
    ("host", "Host", "接待人", ""),
    ("control-room", "Control room", "监控室", ""),
    ("police", "Police", "公安报警", "110"),
    ("fire", "Fire brigade", "火警", "119"),
    ("ambulance", "Ambulance", "急救", "120"),
)


class PlatesPart(Part):
    """Below `confidence` a camera's reading of a plate waits for a guard."""

    confidence: Annotated[float, Field(ge=0, le=1)] = 0.85


class SlipsPart(Part):
    second_approval: bool = False
    class_prefix: Annotated[str, AfterValidator(_group)] = "class-"


class PermissionPart(Part):
    name: Name
    groups: Annotated[list[Group], Field(min_length=1)]
    portals: list[Name] = Field(default_factory=list)
    windows: Annotated[list[WindowPart], Field(min_length=1)] | None = None
    own_dormitory: bool = False
    late_return: bool = False


class CampusFile(Part):
    """campus.yaml"""

    site: Name
    name: LabelPart
    profile: Annotated[Profile, listed(Profile)]
    timezone: Annotated[str, AfterValidator(_time_zone)]
    zones: Annotated[list[ZonePart], Field(min_length=1)]
    gates: list[GatePart] = Field(default_factory=list)
    portals: Annotated[list[PortalPart], Field(min_length=1)]
    permissions: list[PermissionPart] = Field(default_factory=list)
    leaving_windows: list[WindowPart] = Field(default_factory=list)
    curfew: WindowPart | None = None
    visiting_hours: list[WindowPart] = Field(default_factory=list)
    leaving_windows_on: dict[Annotated[DayKind, listed(DayKind)], list[WindowPart]] = Field(default_factory=dict)
    calendar: list[CalendarPart] = Field(default_factory=list)
    posts: list[PostPart] = Field(default_factory=list)
    plates: PlatesPart = Field(default_factory=PlatesPart)
    slips: SlipsPart = Field(default_factory=SlipsPart)
    calls: Annotated[list[CallPart], Field(min_length=1, max_length=20)] = Field(default_factory=_calls)
    paper_day: TimeOfDay = 4 * 60
    control_rooms: Annotated[list[ControlRoomPart], Field(max_length=20)] = Field(default_factory=list)
    vigilance: VigilancePart = Field(default_factory=VigilancePart)

    @property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class RolePart(Part):
    name: LabelPart
    rights: list[Annotated[Right, listed(Right)]]


class RolesFile(Part):
    """roles.yaml"""

    roles: Annotated[dict[Group, RolePart], Field(min_length=1)]


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


def _queue(text: str) -> str:
    if not _QUEUE.fullmatch(text):
        raise ValueError("expected a queue's name: a letter or digit, then up to 62 of A-Z a-z 0-9 _ -")
    return text


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


Days = Annotated[int, Field(ge=1, le=3650)]


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


class CameraSourcePart(Part):
    kind: Annotated[SourceKind, listed(SourceKind)]
    url: Annotated[str, AfterValidator(_camera_url)] | None = None
    user: Annotated[str, Field(max_length=100)] | None = None
    password_file: PathText | None = None


Share = Annotated[float, Field(ge=0, le=1)]


class CameraPart(Part):
    id: Name
    name: LabelPart
    zone: Name
    sees: list[Name] = Field(default_factory=list)
    source: CameraSourcePart
    device: Name | None = None
    key_site: bool = False
    keep_days: Annotated[int, Field(ge=1, le=3_650)] | None = None
    size: Annotated[list[Annotated[int, Field(ge=16, le=16_384)]], Field(min_length=2, max_length=2)] | None = None
    fps: Annotated[float, Field(gt=0, le=240)] | None = None
    blur: list[Annotated[list[Share], Field(min_length=4, max_length=4)]] = Field(default_factory=list, max_length=20)
    cadence_s: dict[Literal["1", "2", "3"], Annotated[float, Field(ge=1, le=86_400)]] | None = None


class CamerasFile(Part):
    """cameras.yaml"""

    cameras: Annotated[list[CameraPart], Field(max_length=10_000)] = Field(default_factory=list)


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
