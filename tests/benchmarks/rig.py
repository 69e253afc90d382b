"""What the benchmarks stand on: the C programs, a Mosquitto, gateway processes, the disk's own speed.

Promises: everything lies in one temporary folder, listens on the loopback only, and is stopped at the end, whatever
happened. Leaves to others: what is measured and how it is compared.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.parts.mosquitto import Mosquitto, free_port, mosquitto_path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

START_WITHIN_S = 60.0
STOP_WITHIN_S = 15.0
RUN_WITHIN_S = 60

# A gateway is quiet when it uses less than this share of a processor for a second.
QUIET_SHARE = 0.1
QUIET_WITHIN_S = 180.0


class CannotMeasure(Exception):
    """A part is missing or broken; the message says which and what to do."""


class Incomplete(CannotMeasure):
    """A run in which not every tap got its one answer, such as on a machine that stood still for a second."""


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def compile_c(name: str, into: Path, shared: bool = False) -> Path:
    """The program (or the library) of `name`.c, in `into`."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise CannotMeasure("no C compiler: sudo apt-get install gcc libc6-dev")
    made = into / (f"{name}.so" if shared else name)
    how = ["-shared", "-fPIC"] if shared else []
    after = ["-ldl"] if shared else []
    done = subprocess.run(
        [compiler, "-O2", "-Wall", "-Wno-unused-function", *how, "-o", str(made), str(HERE / f"{name}.c"), *after],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise CannotMeasure(f"{name}.c does not compile:\n{done.stderr}")
    return made


def stop(process: subprocess.Popen[Any]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def start_broker(folder: Path, until: ExitStack) -> int:
    """A Mosquitto without limits of its own that would be measured instead; its port."""
    if mosquitto_path() is None:
        raise CannotMeasure("no Mosquitto: sudo apt-get install mosquitto")
    folder.mkdir()
    # Without set_tcp_nodelay a QoS 1 answer waits on Nagle's algorithm; 0 is no limit.
    limits = ("max_inflight_messages 0", "max_queued_messages 0", "persistence false", "log_type error")
    broker = Mosquitto(folder, ("allow_anonymous true", "set_tcp_nodelay true", *limits))
    until.callback(broker.stop)
    broker.start()
    return broker.port


def start_echo(program: Path, port: int, site: str, until: ExitStack) -> None:
    process = subprocess.Popen(
        [str(program), "127.0.0.1", str(port), site], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    until.callback(stop, process)
    assert process.stdout is not None
    if process.stdout.readline().strip() != "ready":
        raise CannotMeasure("the echo did not start")


def wardgate(*words: str, environment: dict[str, str] | None = None, given: str | None = None) -> str:
    """Run one command of the command line to its end; what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway", *words],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        input=given,
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode:
        raise CannotMeasure(f"wardgate {' '.join(words)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


class GatewayProcess:
    """`wardgate run` as a process of its own, from start to ready."""

    def __init__(self, config: Path, environment: dict[str, str], log: Path) -> None:
        self.port = free_port()
        self.log = log
        self._config = config
        self._environment = {**os.environ, **environment, "WARDGATE_HTTP": f"127.0.0.1:{self.port}"}
        self._process: subprocess.Popen[bytes] | None = None
        self.pid = 0

    def start(self) -> None:
        self.spawn()
        self.wait_until_ready()

    def spawn(self) -> None:
        with self.log.open("ab") as words:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "run", "--config", str(self._config)],
                cwd=ROOT,
                env=self._environment,
                stdout=words,
                stderr=words,
            )
        self.pid = self._process.pid

    def wait_until_ready(self) -> None:
        assert self._process is not None, "not started"
        give_up_at = time.monotonic() + START_WITHIN_S
        while not self.is_ready():
            if self.has_ended() or time.monotonic() > give_up_at:
                raise CannotMeasure(f"the gateway did not get ready; its last words:\n{self.last_words()}")
            time.sleep(0.02)

    def has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def wait_until_quiet(self) -> float:
        """Wait until what it does after a start (lists for every reader) is done; how long that took in s."""
        began = time.monotonic()
        while time.monotonic() - began < QUIET_WITHIN_S:
            before = self._processor_s()
            time.sleep(1.0)
            if self._processor_s() - before < QUIET_SHARE:
                return time.monotonic() - began
        raise CannotMeasure(f"the gateway was still busy {QUIET_WITHIN_S:.0f} s after its start")

    def _processor_s(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mib(self) -> float:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process)
            self._process = None


def run_load(
    program: Path, port: int, site: str, taps: Path, readers: int, window: int, pause_ms: int, warm_up: int
) -> dict[str, Any]:
    """One measured run; every tap must be answered once and granted, or there is nothing to compare."""
    words = [program, "127.0.0.1", port, site, taps, readers, window, pause_ms, warm_up, RUN_WITHIN_S]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=RUN_WITHIN_S + 30)
    if done.returncode == 2 or not done.stdout:
        raise CannotMeasure(f"the load could not run: {done.stderr}")
    measured: dict[str, Any] = json.loads(done.stdout)
    if measured["answered"] != measured["taps"] or measured["duplicates"]:
        raise Incomplete(f"not every tap got its one answer on {site}: {measured}")
    return measured


def disk_ms(folder: Path) -> float:
    """What one small appended write and its fsync take here, as the median of many."""
    took = []
    descriptor = os.open(folder / "fsync.probe", os.O_CREAT | os.O_WRONLY)
    try:
        for _ in range(200):
            began = time.perf_counter()
            os.write(descriptor, b"x" * 4096)
            os.fsync(descriptor)
            took.append(time.perf_counter() - began)
    finally:
        os.close(descriptor)
        (folder / "fsync.probe").unlink()
    return statistics.median(took) * 1000
