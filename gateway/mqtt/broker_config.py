"""Mosquitto's files: configuration, passwords, access list; and telling a running broker to read them again.

Promises: a device can write its own up-channels and read its own down-channels, nothing else; files are replaced whole,
never half; what stands in them was checked to be a name. A reload lets new users in and cuts off those that are gone
(Mosquitto compares every connection with the new passwords on SIGHUP). Leaves to others: who is enrolled.
"""

import base64
import fcntl
import grp
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template

from devices.limits import MAX_FRAME, MAX_PAYLOAD
from devices.topics import is_name
from gateway.flows.enrolment import BrokerUser
from gateway.mqtt.access import Access, device_access, gateway_access, lookout_access
from gateway.settings import Settings, is_loopback, shipped

CONFIGURATION, PASSWORDS, ACCESS_LIST = "mosquitto.conf", "passwords", "acl"
RUN_FOLDER = "run"
PBKDF2_ROUNDS = 101
"""Mosquitto's own number. More would not help: the passwords are 192 random bits, and every reload checks them all."""
SALT_BYTES = 12
RELOAD_TIMEOUT_S = 10
BROKER_GROUP = "mosquitto"
"""The group that Debian's package runs the broker in; files are opened for it where it exists and we may."""


class ReloadFailed(Exception):
    """The files are right, but the running broker does not know them yet."""


@dataclass(frozen=True, slots=True)
class BrokerLogin:
    """The gateway's own user at the broker, and the one with which a second gateway looks before it speaks."""

    username: str
    password: str

    @property
    def lookout(self) -> str:
        return f"{self.username}-lookout"


def taken_names(username: str) -> frozenset[str]:
    """Names that no device may have, because the gateway speaks under them."""
    return frozenset({username, BrokerLogin(username, "").lookout})


def passwords(login: BrokerLogin, users: Iterable[BrokerUser]) -> str:
    """The password file, hashed as Mosquitto does it."""
    pairs = [(login.username, login.password), (login.lookout, login.password)]
    pairs += [(user.device, user.password) for user in users]
    return "".join(f"{_checked(name)}:{hash_password(password)}\n" for name, password in pairs)


def hash_password(password: str, salt: bytes | None = None) -> str:
    """`$7$rounds$salt$hash`: PBKDF2 with HMAC-SHA512, as mosquitto_passwd writes it."""
    salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, PBKDF2_ROUNDS)
    return f"$7${PBKDF2_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def access_list(site: str, login: BrokerLogin, users: Iterable[BrokerUser]) -> str:
    """Who may write and read what. What is not written here is refused."""
    parts = [_rules(login.username, gateway_access(site)), _rules(login.lookout, lookout_access(site))]
    parts += [_rules(user.device, device_access(site, user.kind, user.device)) for user in users]
    return "\n".join(parts)


def configuration(settings: Settings, out: Path) -> str:
    """mosquitto.conf for the address at which the gateway expects its broker."""
    return Template(shipped("mosquitto.conf").read_text("utf-8")).substitute(
        out=out,
        run=out / RUN_FOLDER,
        listener=_listener(settings),
        max_packet_size=MAX_FRAME + MAX_PAYLOAD,
        tls=f"certfile {out}/broker.crt\nkeyfile {out}/broker.key" if settings.mqtt_tls else "",
    )


def write_all(settings: Settings, out: Path, users: Sequence[BrokerUser]) -> list[str]:
    """Write everything that Mosquitto needs into `out`; the names of the files."""
    out.mkdir(parents=True, exist_ok=True)
    run = out / RUN_FOLDER
    run.mkdir(exist_ok=True)
    _open_for_broker(out, 0o750)
    _open_for_broker(run, 0o770)
    names = [CONFIGURATION]
    if settings.mqtt_tls:
        _replace(out / "broker.crt", settings.broker.tls_cert.read_bytes())
        _replace(out / "broker.key", settings.broker.tls_key.read_bytes())
        names += ["broker.crt", "broker.key"]
    _replace(out / CONFIGURATION, configuration(settings, out).encode())
    return names + write_users(settings, out, users)


def write_users(settings: Settings, out: Path, users: Sequence[BrokerUser]) -> list[str]:
    """Write passwords and access list alone, for a broker that runs already."""
    login = BrokerLogin(settings.mqtt_username, settings.mqtt_password)
    # The list first: for the moment between the two a new user is refused, never let in without limits.
    _replace(out / ACCESS_LIST, access_list(settings.campus.site, login, users).encode())
    _replace(out / PASSWORDS, passwords(login, users).encode())
    return [ACCESS_LIST, PASSWORDS]


def reload(settings: Settings, out: Path) -> bool:
    """Have the running broker read its users again; False if none runs. Raises `ReloadFailed`."""
    pid_file = settings.broker.pid_file or out / RUN_FOLDER / "mosquitto.pid"
    pid = _running(pid_file)
    command = settings.broker.reload
    if command is None:
        if pid is None:
            return False
        try:
            os.kill(pid, signal.SIGHUP)
        except PermissionError:
            raise ReloadFailed(f"the broker (process {pid}) belongs to another user; set broker.reload") from None
        except ProcessLookupError:
            return False
        return True
    if pid is None and any("{pid}" in part for part in command):
        return False
    _run([part.replace("{pid}", str(pid)) for part in command])
    return True


@contextmanager
def one_writer(out: Path) -> Iterator[None]:
    """Keeps two commands from writing an older list over a newer one."""
    with open(out / ".lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _listener(settings: Settings) -> str:
    if settings.broker.listen is not None:
        host, port = settings.broker.listen
        return f"{port} {host}"
    if settings.mqtt_tls or not is_loopback(settings.mqtt_host):
        return str(settings.mqtt_port)
    return f"{settings.mqtt_port} {'127.0.0.1' if settings.mqtt_host == 'localhost' else settings.mqtt_host}"


def _rules(name: str, access: Access) -> str:
    lines = [f"user {_checked(name)}"]
    lines += [f"topic readwrite {topic}" for topic in access.write if topic in access.read]
    lines += [f"topic write {topic}" for topic in access.write if topic not in access.read]
    lines += [f"topic read {topic}" for topic in access.read if topic not in access.write]
    return "\n".join(lines) + "\n"


def _checked(name: str) -> str:
    """A name that is a name: a line feed or colon in one would be another user's line."""
    if not is_name(name):
        raise ValueError("not a name that may stand in a broker's file")
    return name


def _replace(path: Path, content: bytes) -> None:
    """A whole new file in place of the old one, never readable by more than the broker."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    _open_for_broker(fresh, 0o640)
    os.replace(fresh, path)


def _open_for_broker(path: Path, mode: int) -> None:
    """Let the broker's group in where there is one; else the owner alone."""
    try:
        group = grp.getgrnam(BROKER_GROUP).gr_gid
        shutil.chown(path, group=group)
    except (KeyError, PermissionError):
        path.chmod(mode & 0o700)
    else:
        path.chmod(mode)


def _running(pid_file: Path) -> int | None:
    """The broker's process id, if the file names a process that is one."""
    try:
        pid = int(pid_file.read_text("ascii").strip())
        name = Path(f"/proc/{pid}/comm").read_text().strip()
    except (OSError, ValueError):
        return None
    # The id of a broker that died may be somebody else's by now.
    return pid if name == "mosquitto" else None


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=RELOAD_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise ReloadFailed(f"`{command[0]}` did not end within {RELOAD_TIMEOUT_S} s") from None
    except OSError as error:
        raise ReloadFailed(f"`{command[0]}` cannot be started: {error.strerror}") from None
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise ReloadFailed(f"`{command[0]}` ended with status {done.returncode}{f': {words[-1]}' if words else ''}")
