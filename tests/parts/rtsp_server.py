"""A real RTSP camera for tests: GStreamer's server with an H.264 stream, on a free port of loopback.

Promises that it listens when `start` returns and is gone after `cut`. Scenes are folders of JPEGs, shown at ten
pictures a second, or one H.265 stream (`H265`: two seconds of a drawn place). The fixture `rtsp_camera` makes cameras
that end with the test.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.parts.mosquitto import free_port

# GStreamer's bindings are packages of Debian, for Debian's own Python.
PYTHON = "/usr/bin/python3"
PROGRAM = Path(__file__).parent / "rtsp" / "camera.py"
H265 = PROGRAM.parent / "corridor.h265"
NEEDED = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


class RtspCamera:
    """One camera. It stays at its port through `cut` and `start`."""

    def __init__(self, scenes: Sequence[Path]) -> None:
        self.port = free_port()
        self._scenes = [str(scene) for scene in scenes]
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/live"

    def start(self) -> None:
        """Power on, with the first scene before it."""
        self._process = subprocess.Popen(
            [PYTHON, str(PROGRAM), str(self.port), *self._scenes],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._await("ready")

    def cut(self) -> None:
        """Power off: connections break, nobody listens."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(10)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def show(self, scene: int) -> None:
        """Another scene before the lens."""
        self._tell(f"show {scene}")

    def freeze(self) -> None:
        """The same picture over and over, while the stream goes on."""
        self._tell("freeze")

    def move(self) -> None:
        """The end of `freeze`."""
        self._tell("move")

    def hang(self) -> None:
        """Connections stay, new ones are accepted, and not a byte comes."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """The end of `hang`."""
        self._signal(signal.SIGCONT)

    def ask_for(self, user: str, password: str) -> None:
        """Whoever connects from now on has to say who it is."""
        self._tell(f"user {user} {password}")

    def _tell(self, line: str) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        self._await("done")

    def _await(self, word: str) -> None:
        assert self._process is not None and self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.strip() == word, f"the RTSP camera said {line!r} instead of {word!r}"

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)


def why_no_rtsp_server() -> str | None:
    """Why there can be no RTSP camera here; None if there can."""
    try:
        found = subprocess.run([PYTHON, "-c", NEEDED], capture_output=True, timeout=60)
    except OSError:
        return f"there is no {PYTHON}"
    return "GStreamer's RTSP server is not installed" if found.returncode else None


@pytest.fixture
def rtsp_camera() -> Iterator[Callable[..., RtspCamera]]:
    """Makes a running camera of folders of JPEGs, or of an H.265 stream."""
    why = why_no_rtsp_server()
    if why is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    made: list[RtspCamera] = []

    def make(*scenes: Path) -> RtspCamera:
        camera = RtspCamera(scenes)
        made.append(camera)
        camera.start()
        return camera

    yield make
    for camera in made:
        camera.cut()
