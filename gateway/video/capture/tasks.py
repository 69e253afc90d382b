"""What the eye and its decoders tell each other. Plain values; nothing here imports OpenCV.

Times are `time.monotonic()`, which all processes of one machine share.
"""

from __future__ import annotations

import msgspec

from gateway.core.cameras import Area
from gateway.core.health import Measures
from gateway.video.jobs import Ref

LOOK = "look"
"""The work of a process that decodes and measures."""

LIVE = "live"
"""The work of a process that reads one RTSP stream."""

LOOKING_AT_MOST_S = 6.0
"""From a task to its result, unless it only waits for a processor. Eight pictures take 0.1 s."""

PROCESSOR_S = 4.0
"""Processor time for one task, then the kernel ends the process."""


class Frame(msgspec.Struct, frozen=True):
    """One picture: JPEG as it came, or pixels of a stream, reduced as a JPEG would be."""

    received: float
    jpeg: bytes = b""
    pixels: bytes = b""
    """Height × width × 3."""
    pixels_size: tuple[int, int] = (0, 0)
    size: tuple[int, int] = (0, 0)
    """Width and height as sent; of a JPEG its header tells them."""
    reduction: int = 1


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Pictures of one camera, to be decoded and measured in order."""

    camera: str
    frames: tuple[Frame, ...]
    references: tuple[Ref, ...] = ()
    blurred: tuple[Area, ...] = ()
    picture_width: int = 0
    """0: no picture is wanted."""
    wide: bytes = b""
    """The newest picture of a stream as JPEG, as wide as people want it."""
    learn: bool = False
    fresh: bool = False


class Measured(msgspec.Struct, frozen=True):
    """One picture of the task."""

    received: float
    measures: Measures
    width: int
    height: int
    reference: str | None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a task. Pictures that could not be decoded are missing in `seen`; `bad` says why."""

    seen: tuple[Measured, ...] = ()
    bad: str | None = None
    picture: bytes | None = None
    learnt: bytes | None = None
    cost_s: float = 0.0
    fault: str | None = None
    """A fault of ours: which error, and where."""


class Open(msgspec.Struct, frozen=True, tag="open"):
    """Read the stream at this address, which is one of this machine."""

    url: str = ""
    timeout_s: float = 8.0
    analyse_s: float = 0.4
    """So long FFmpeg may listen for the pictures' size before it is asked for the first."""

    def __repr__(self) -> str:
        return "Open(…)"


class Take(msgspec.Struct, frozen=True, tag="take"):
    """Give pictures, spread over a time."""

    look_s: float
    pictures: int
    wide: int = 0
    """If not 0, the last picture comes as JPEG too, at least so wide."""


class Live(msgspec.Struct, frozen=True, tag="live"):
    """The stream is open and its first picture was decoded."""


class Taken(msgspec.Struct, frozen=True, kw_only=True, tag="taken"):
    """The answer to `Take`."""

    frames: tuple[Frame, ...]
    wide: bytes = b""
    cost_s: float = 0.0


class Lost(msgspec.Struct, frozen=True, tag="lost"):
    """The stream could not be opened, or nothing came any more; the process ends after this."""

    opened: bool
    sizeless: bool = False
    """It is a stream of pictures, and what tells their size did not come in the time for it."""


ToLive = Open | Take
FromLive = Live | Taken | Lost
