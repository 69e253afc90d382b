"""The configuration, read once: its files, a folder of secrets, and the environment above them.

`load` returns settings in which everything fits, or raises one `ConfigurationError` with every fault. It opens nothing
but files. This is the only module that reads the environment.

DIR/wardgate.yaml how this gateway runs · DIR/campus.yaml what exists · DIR/cameras.yaml the cameras, if there are any ·
DIR/plan.yaml the plan of the campus, if the school has drawn one · DIR/roles.yaml who may do what · DIR/alarms.yaml
what alarms mean here, where that is not as shipped · DIR/secrets/ what two schools must never share.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError

from gateway.alarms_file import FILE as ALARMS_FILE
from gateway.alarms_file import load_alarms
from gateway.cameras_file import FILE as CAMERAS_FILE
from gateway.cameras_file import load_cameras, video_rules
from gateway.campus_file import FILE as CAMPUS_FILE
from gateway.campus_file import load_campus
from gateway.config_environment import SECTIONS, lay_environment_over, variables
from gateway.config_faults import ConfigurationError, Fault, FaultList
from gateway.config_schema import GatewayFile, split_listen
from gateway.core.alarm_catalogue import Catalogue
from gateway.core.cameras import Camera, VideoRules
from gateway.core.kinds import Profile
from gateway.core.nouns import Campus, Label
from gateway.core.plan import Plan
from gateway.core.recordings import Recorder
from gateway.flows.printing import Paper, Printer, SheetPrinter
from gateway.flows.retention_rules import Retention
from gateway.notice_settings import NoticeSettings, notice_settings
from gateway.plan_file import load_plans
from gateway.policy_file import load_policy
from gateway.roles_file import FILE as ROLES_FILE
from gateway.roles_file import load_roles
from gateway.secret_files import SECRETS, secret_key, secret_text
from gateway.settings_checks import check_addresses, check_printers, check_retention, is_loopback
from gateway.yaml_lines import FieldPath, read_file

__all__ = [
    "BackupSettings",
    "BrokerSettings",
    "ConfigurationError",
    "Fault",
    "Limits",
    "Settings",
    "environment",
    "is_loopback",
    "load",
    "shipped",
    "variables",
]

GATEWAY_FILE = "wardgate.yaml"
POLICY_FILE = "policy.yaml"


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """Where Mosquitto's files go and how it is told to read them again."""

    out: Path | None
    listen: tuple[str, int] | None
    pid_file: Path | None
    reload: tuple[str, ...] | None
    tls_cert: Path
    tls_key: Path


@dataclass(frozen=True, slots=True)
class Limits:
    """What one device may do before it is quarantined, and how much may wait in the gateway."""

    device_messages_per_s: int
    device_events_per_s: int
    unknown_credentials_per_min: int
    inbox_messages: int


@dataclass(frozen=True, slots=True)
class Visits:
    """When somebody looks after visits that nobody looks after."""

    end_of_day_min: int
    overstay_grace_min: int
    unanswered_min: int


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """Where backups go, whether and when each night one is made, and how many are kept."""

    out: Path
    nightly: bool
    at_min: int
    keep: int


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is configured. Paths are absolute, secrets do not show in its repr."""

    directory: Path
    campus: Campus
    gates: Mapping[str, Label]
    private_zones: frozenset[str]
    roles: Mapping[str, frozenset[str]]
    role_names: Mapping[str, Label]
    data: Path
    database_url: str = field(repr=False)
    mqtt_url: str
    mqtt_username: str
    mqtt_password: str = field(repr=False)
    mqtt_ca: Path | None
    http_host: str
    http_port: int
    tls_cert: Path | None
    tls_key: Path | None
    site_key: bytes = field(repr=False)
    ledger_key: bytes = field(repr=False)
    store_key: bytes = field(repr=False)
    head_copy: Path | None
    commit_group: int
    broker: BrokerSettings
    answer_timeout_ms: int
    wait_ms: int
    list_days: int
    offline_max_age_s: int
    limits: Limits
    visits: Visits
    backup: BackupSettings
    log_level: str
    notices: NoticeSettings = field(default_factory=NoticeSettings)
    printers: Mapping[str, Printer] = field(default_factory=dict)
    """By gate."""
    sheet_printers: Mapping[str, SheetPrinter] = field(default_factory=dict)
    """Which gates' papers for a day without power are printed each night, and where."""
    retention: Retention = field(default_factory=Retention)
    cameras: Mapping[str, Camera] = field(default_factory=dict)
    """By id, in the order of the file."""
    recorders: Mapping[str, Recorder] = field(default_factory=dict)
    """Those that are asked by ONVIF, by id."""
    video: VideoRules = field(default_factory=VideoRules)
    plans: tuple[Plan, ...] = ()
    """The school's own; none: one is laid out from zones and portals."""
    catalogue: Catalogue = field(default_factory=Catalogue)
    """What each alarm means."""

    @property
    def head_file(self) -> Path:
        """Where the head of the ledger is kept, beside the database and not in it."""
        return self.data / "ledger.head"

    @property
    def mqtt_host(self) -> str:
        return urlsplit(self.mqtt_url).hostname or ""

    @property
    def mqtt_tls(self) -> bool:
        return self.mqtt_url.startswith("mqtts:")

    @property
    def mqtt_port(self) -> int:
        return urlsplit(self.mqtt_url).port or (8883 if self.mqtt_tls else 1883)


def shipped(name: str) -> Path:
    """A file that comes with the program: in a checkout in `config/`, in an installation beside the modules."""
    installed = Path(__file__).parent / "_config"
    folder = installed if installed.is_dir() else Path(__file__).parent.parent / "config"
    return folder / name


def environment() -> Mapping[str, str]:
    """The process environment; read here and nowhere else."""
    return dict(os.environ)


def policy_path(directory: Path) -> Path:
    """The site's own policy; a site made before there was one has the shipped one of its profile."""
    own = directory / POLICY_FILE
    if own.exists():
        return own
    data = read_file(directory / CAMPUS_FILE).data
    profile = data.get("profile") if isinstance(data, dict) else None
    return shipped(f"policy.{'university' if profile == Profile.UNIVERSITY else 'school'}.yaml")


def load(directory: Path, environ: Mapping[str, str], campus_text: str | None = None) -> Settings:
    """The settings in `directory` with `environ` above them; raises `ConfigurationError` with every fault at once.

    `campus_text`: as if the campus file said this, to look at a change before it is made.
    """
    directory = directory.absolute()
    if not directory.is_dir():
        raise ConfigurationError(
            [Fault(str(directory), 0, "", "there is no such folder; `wardgate init DIR` makes one")]
        )
    faults: list[Fault] = []
    gateway, origins, gateway_faults = _load_gateway(directory, environ)
    policy, policy_faults = load_policy(policy_path(directory))
    parts, campus_faults = load_campus(directory / CAMPUS_FILE, policy, campus_text)
    roles, role_faults = load_roles(directory / ROLES_FILE)
    faults += [*campus_faults, *policy_faults, *role_faults]
    secrets = {name: secret_key(directory, name, faults) for name in SECRETS}
    paths = _Paths(directory, origins)
    password, notices = "", NoticeSettings()
    if gateway is not None:
        password = _broker_password(gateway, paths, faults)
        check_addresses(gateway, gateway_faults, paths.of)
        notices = notice_settings(
            gateway.notices,
            lambda place, text: secret_text(paths.of(place, text), text, faults),
            is_loopback,
            gateway_faults,
        )
        check_retention(_retention(gateway), gateway_faults)
    cameras: Mapping[str, Camera] = {}
    recorders: Mapping[str, Recorder] = {}
    if gateway is not None and parts is not None:
        cameras, recorders, camera_faults = load_cameras(
            directory / CAMERAS_FILE,
            gateway.video,
            parts,
            lambda text: secret_text(paths.of((), text), text, faults),
        )
        faults += camera_faults
        check_printers(gateway, gateway_faults, parts.gates)
    plans: tuple[Plan, ...] = ()
    if parts is not None:
        plans, plan_faults = load_plans(directory, parts.campus)
        faults += plan_faults
    catalogue: Catalogue | None = None
    if parts is not None:
        calls = tuple(line.id for line in parts.campus.calls)
        catalogue, alarm_faults = load_alarms(directory / ALARMS_FILE, shipped(ALARMS_FILE), calls)
        faults += alarm_faults
    faults += gateway_faults.faults
    if faults or gateway is None or parts is None or roles is None or catalogue is None:
        raise ConfigurationError(faults)
    listen = split_listen(gateway.http.listen)
    url = urlsplit(gateway.mqtt.url)
    data = paths.of(("data",), gateway.data)
    return Settings(
        directory=directory,
        campus=parts.campus,
        gates=parts.gates,
        private_zones=parts.private_zones,
        roles=MappingProxyType({name: frozenset(part.rights) for name, part in roles.roles.items()}),
        role_names=MappingProxyType({name: Label(part.name.en, part.name.zh) for name, part in roles.roles.items()}),
        data=data,
        database_url=_database_url(gateway, paths, data),
        mqtt_url=f"{url.scheme}://{url.netloc.rpartition('@')[2]}",
        mqtt_username=unquote(url.username) if url.username else gateway.mqtt.username,
        mqtt_password=unquote(url.password) if url.password else password,
        mqtt_ca=paths.maybe(("mqtt", "ca"), gateway.mqtt.ca),
        http_host=listen[0],
        http_port=listen[1],
        tls_cert=paths.maybe(("http", "tls_cert"), gateway.http.tls_cert),
        tls_key=paths.maybe(("http", "tls_key"), gateway.http.tls_key),
        site_key=secrets["site"],
        ledger_key=secrets["ledger"],
        store_key=secrets["store"],
        head_copy=paths.maybe(("ledger", "head_copy"), gateway.ledger.head_copy),
        commit_group=gateway.ledger.commit_group,
        broker=BrokerSettings(
            out=paths.maybe(("broker", "out"), gateway.broker.out),
            listen=None if gateway.broker.listen is None else split_listen(gateway.broker.listen),
            pid_file=paths.maybe(("broker", "pid_file"), gateway.broker.pid_file),
            reload=None if gateway.broker.reload is None else tuple(gateway.broker.reload),
            tls_cert=paths.of(("broker", "tls_cert"), gateway.broker.tls_cert),
            tls_key=paths.of(("broker", "tls_key"), gateway.broker.tls_key),
        ),
        answer_timeout_ms=gateway.devices.answer_timeout_ms,
        wait_ms=gateway.devices.wait_ms,
        list_days=gateway.devices.list_days,
        offline_max_age_s=gateway.devices.offline_max_age_s,
        limits=Limits(
            device_messages_per_s=gateway.limits.device_messages_per_s,
            device_events_per_s=gateway.limits.device_events_per_s,
            unknown_credentials_per_min=gateway.limits.unknown_credentials_per_min,
            inbox_messages=gateway.limits.inbox_messages,
        ),
        visits=Visits(
            end_of_day_min=gateway.visits.end_of_day,
            overstay_grace_min=gateway.visits.overstay_grace_min,
            unanswered_min=gateway.visits.unanswered_min,
        ),
        backup=BackupSettings(
            out=paths.maybe(("backup", "out"), gateway.backup.out) or data / "backups",
            nightly=gateway.backup.nightly,
            at_min=gateway.backup.at,
            keep=gateway.backup.keep,
        ),
        log_level=gateway.log.level,
        retention=_retention(gateway),
        cameras=cameras,
        recorders=recorders,
        video=video_rules(gateway.video),
        catalogue=catalogue,
        plans=plans,
        notices=notices,
        printers=MappingProxyType(
            {
                gate: Printer(gate, part.queue, Paper(part.paper))
                for gate, part in (gateway.printing.printers or {}).items()
            }
        ),
        sheet_printers=MappingProxyType(
            {
                gate: SheetPrinter(gate, part.queue, part.language)
                for gate, part in (gateway.printing.paper_day or {}).items()
            }
        ),
    )


class _Paths:
    """Paths as they were meant: in a file from its folder, in the environment from where the command was typed."""

    def __init__(self, directory: Path, origins: Mapping[FieldPath, str]) -> None:
        self._directory = directory
        self._origins = origins

    def of(self, place: FieldPath, text: str) -> Path:
        base = Path.cwd() if place in self._origins else self._directory
        return Path(os.path.normpath(base / text))

    def maybe(self, place: FieldPath, text: str | None) -> Path | None:
        return None if text is None else self.of(place, text)


def _load_gateway(
    directory: Path, environ: Mapping[str, str]
) -> tuple[GatewayFile | None, Mapping[FieldPath, str], FaultList]:
    document = read_file(directory / GATEWAY_FILE)
    data = document.data
    origins: dict[FieldPath, str] = {}
    unknown: list[Fault] = []
    if data is None and not document.slips:
        data = {}
    if isinstance(data, dict):
        # A section in which every field is commented out is there, and empty.
        data = {name: {} if value is None and name in SECTIONS else value for name, value in data.items()}
        unknown = lay_environment_over(data, environ, origins)
    faults = FaultList(GATEWAY_FILE, document, origins)
    faults.faults += unknown
    if data is None:
        return None, origins, faults
    try:
        return GatewayFile.model_validate(data), origins, faults
    except ValidationError as error:
        faults.add_all(error, GatewayFile)
        return None, origins, faults


def _retention(gateway: GatewayFile) -> Retention:
    part = gateway.retention
    return Retention(
        part.visits_days,
        part.passages_days,
        part.pictures_days,
        part.notes_days,
        part.plates_days,
        part.left_days,
        part.sessions_days,
        part.audit_days,
        part.at,
        (part.reason or "").strip(),
        evidence_days=gateway.video.evidence_days,
    )


def _broker_password(gateway: GatewayFile, paths: _Paths, faults: list[Fault]) -> str:
    if urlsplit(gateway.mqtt.url).password:
        return ""
    path = paths.of(("mqtt", "password_file"), gateway.mqtt.password_file)
    text = secret_text(path, gateway.mqtt.password_file, faults)
    if text == "":
        faults.append(Fault(gateway.mqtt.password_file, 1, "", "is empty; expected the gateway's password"))
    return text or ""


def _database_url(gateway: GatewayFile, paths: _Paths, data: Path) -> str:
    place, text = ("database", "url"), gateway.database.url
    if text is None:
        return f"sqlite:///{data / 'wardgate.db'}"
    if text.startswith("sqlite:///"):
        return f"sqlite:///{paths.of(place, text.removeprefix('sqlite:///'))}"
    return "postgresql+psycopg://" + text.partition("://")[2]
