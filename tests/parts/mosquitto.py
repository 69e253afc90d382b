"""A real Mosquitto for tests: started on a free port of loopback, with its data and log in a folder of the test.

Promises that it listens when `start` returns and is gone after `stop` or `kill9`. The fixture `mosquitto` gives a
running one that ends with the test; make more with `Mosquitto(folder)`.
"""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

# set_tcp_nodelay: without it a QoS 1 answer waits for Nagle's algorithm. The queue and in-flight limits of a default
# Mosquitto (20 and 1,000) are what production raises too.
DEFAULT_LINES = (
    "allow_anonymous true",
    "set_tcp_nodelay true",
    "max_inflight_messages 1000",
    "max_queued_messages 100000",
    "persistence false",
)


# Below the ports that the kernel gives to connections (from 32768): on one of those anybody's connection could take the
# port of a broker that a test has stopped, or a client that calls in vain could be connected to itself. Each process
# has a range of its own, so that tests which run side by side do not find the same port free.
_FIRST_PORT, _PORTS_EACH, _RANGES = 20_000, 40, 300
_ports = itertools.cycle(range(_PORTS_EACH))


def free_port() -> int:
    """A port of loopback on which nobody listens now."""
    for number in itertools.islice(_ports, _PORTS_EACH):
        port = _FIRST_PORT + os.getpid() % _RANGES * _PORTS_EACH + number
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what has only just ended is free
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("every port is taken: does something not end its brokers?")


def mosquitto_path() -> str | None:
    """Where Mosquitto is; Debian keeps it out of a user's path."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")


class Mosquitto:
    """One broker. `lines` are its configuration besides listener, data folder and log."""

    def __init__(self, folder: Path, lines: Sequence[str] = DEFAULT_LINES, port: int | None = None) -> None:
        path = mosquitto_path()
        if path is None:
            if os.environ.get("CI") == "true":
                pytest.fail("mosquitto is not installed")
            pytest.skip("mosquitto is not installed")
        self._path = path
        self.port = port or free_port()
        self.lines = list(lines)
        self.data = folder / "mosquitto-data"
        self.log = folder / "mosquitto.log"
        self.config = folder / "mosquitto.conf"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None, "not running"
        return self._process.pid

    def write_config(self) -> None:
        """Writes the configuration as it is now; `reload` or a restart makes it count."""
        self.data.mkdir(parents=True, exist_ok=True)
        lines = list(self.lines)
        if not any(line.startswith("listener ") for line in lines):
            lines.insert(0, f"listener {self.port} 127.0.0.1")
        lines += [f"persistence_location {self.data}/", f"log_dest file {self.log}", "log_timestamp_format %s"]
        if os.geteuid() == 0:
            lines.append("user root")  # else it gives up its rights, and with them the test's folder
        self.config.write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        """Starts it and waits until it listens."""
        assert self._process is None, "already running"
        self.write_config()
        self._process = subprocess.Popen(
            [self._path, "-c", str(self.config)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        until = time.monotonic() + 10
        while time.monotonic() < until:
            if self._process.poll() is not None:
                assert self._process.stderr is not None
                said = self._process.stderr.read().decode(errors="replace")
                self._close()
                raise RuntimeError(f"mosquitto ended: {said}{self._log_text()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        self.kill9()
        raise RuntimeError("mosquitto does not listen")

    def stop(self) -> None:
        """Ends it as an operator would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)  # one that was frozen cannot end
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._close()

    def kill9(self) -> None:
        """Ends it as a power failure would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._close()

    def restart(self, pause_s: float = 0.0) -> None:
        """`kill9`, a pause, and up again on the same port."""
        self.kill9()
        time.sleep(pause_s)
        self.start()

    def freeze(self) -> None:
        """Stops it without closing anything: a half-open network as seen from a client."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def reload(self) -> None:
        """Makes it read its configuration, passwords and access list again."""
        os.kill(self.pid, signal.SIGHUP)

    def _close(self) -> None:
        if self._process is not None and self._process.stderr is not None:
            self._process.stderr.close()
        self._process = None

    def _log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running broker on loopback."""
    broker = Mosquitto(tmp_path)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
