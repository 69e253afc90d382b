"""The steps that a page shows, done: each `$ command` of its console blocks is typed, and what it answers is compared.

Promises: blocks ```` ```csv NAME ```` and ```` ```python NAME ```` become files first; `…` in an expected line stands
for anything on that line, a line `…` for any lines; a command that ends in `&` runs on, and is awaited until it has
said what the page shows; everything that was started is gone at the end. Ports are those that the caller gives.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.docs.checks import blocks

WITHIN_S = 60.0
"""For one command; a loaded machine of two cores takes some seconds."""
_LIKE_CURL = "import sys, urllib.request as u; print(u.urlopen(sys.argv[-1]).read().decode())"


@dataclass(frozen=True, slots=True)
class Step:
    """One command and what it says on the page."""

    command: str
    answer: str

    @property
    def runs_on(self) -> bool:
        return self.command.endswith("&")


class NotAsShown(AssertionError):
    """A command said something else than the page shows."""


def files_of(page: str) -> dict[str, str]:
    """The files that a page shows, by name."""
    named = (re.fullmatch(r"(?:csv|python) ([\w.-]+)", block.info) for block in blocks(page))
    return {name[1]: block.text for name, block in zip(named, blocks(page), strict=True) if name}


def steps_of(page: str) -> list[Step]:
    """Every command of the console blocks, in order."""
    steps = []
    for block in blocks(page):
        if block.info != "console":
            continue
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, answer = part.partition("\n")
            steps.append(Step(command.strip(), answer.strip("\n")))
    return steps


def is_as_shown(shown: str, said: str) -> bool:
    """True if `said` is what the page shows, `…` aside."""
    parts = []
    for line in shown.splitlines():
        if line.strip() == "…":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(r".*".join(re.escape(piece.rstrip()) for piece in line.split("…")) + r"[ ]*\n")
    lines = "".join(line.rstrip() + "\n" for line in said.splitlines())
    return re.fullmatch("".join(parts), lines) is not None


class Walk:
    """Types the steps in `folder`, in which `wardgate` and `python` are this project's. Use it with `with`."""

    def __init__(self, folder: Path, root: Path, ports: Mapping[str, int], environment: Mapping[str, str]) -> None:
        """`ports`: what the page calls 8883 → what it is here."""
        self._folder = folder
        self._ports = ports
        self._running: list[subprocess.Popen[bytes]] = []
        programs = folder / ".programs"
        programs.mkdir()
        mine = [("wardgate", "-m gateway"), ("python", "")]
        if shutil.which("curl") is None:
            mine.append(("curl", f"-c '{_LIKE_CURL}'"))
        for name, arguments in mine:
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
            program.chmod(0o755)
        path = os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath), "/usr/sbin"])
        others = {name: value for name, value in os.environ.items() if not name.startswith("WARDGATE_")}
        self._environment = {**others, "PATH": path, "PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1", **environment}

    def __enter__(self) -> Walk:
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._running):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def lay_out(self, files: Mapping[str, str]) -> None:
        """Write the page's files."""
        for name, text in files.items():
            (self._folder / name).write_text(self._here(text), encoding="utf-8")

    def do(self, step: Step) -> None:
        """Type one step. Raises `NotAsShown`."""
        shown = self._here(step.answer)
        if step.runs_on:
            self._start(self._here(step.command.removesuffix("&")), shown)
            return
        done = subprocess.run(
            ["sh", "-c", self._here(step.command)],
            cwd=self._folder, env=self._environment, stdin=subprocess.DEVNULL, timeout=WITHIN_S,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        said = done.stdout.decode()
        if not is_as_shown(shown, said):
            raise NotAsShown(f"$ {step.command}\nthe page shows:\n{shown}\nit said:\n{said}")

    def _start(self, command: str, shown: str) -> None:
        log = self._folder / f"run-{len(self._running)}.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                ["sh", "-c", f"exec {command}"],
                cwd=self._folder, env=self._environment, stdin=subprocess.DEVNULL, start_new_session=True,
                stdout=stream, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self._running.append(process)
        until = time.monotonic() + WITHIN_S
        while not self._is_up(log.read_text("utf-8", "replace"), shown):
            if process.poll() is not None or time.monotonic() > until:
                raise NotAsShown(f"$ {command} &\nthe page shows:\n{shown}\nit said:\n{log.read_text('utf-8')}")
            time.sleep(0.1)

    def _is_up(self, said: str, shown: str) -> bool:
        """It has said every line that the page shows; one that shows nothing is up when its port answers."""
        if shown:
            return all(any(is_as_shown(line, one) for one in said.splitlines()) for line in shown.splitlines())
        port = next(iter(self._ports.values()))
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        return False

    def _here(self, text: str) -> str:
        for shown, real in self._ports.items():
            text = re.sub(rf"\b{shown}\b", str(real), text)
        return text


def walk(page: str, walker: Walk) -> Iterator[Step]:
    """Lay out the page's files and do its steps; yields each that was as shown."""
    walker.lay_out(files_of(page))
    for step in steps_of(page):
        walker.do(step)
        yield step
