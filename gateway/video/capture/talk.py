"""What the gateway and the eye tell each other over the eye's pipes. Plain values; nothing here imports OpenCV."""

from __future__ import annotations

import msgspec

from gateway.core.recordings import Answer, Recorder
from gateway.video.jobs import Job, Outcome


class Begin(msgspec.Struct, frozen=True, tag="begin"):
    """The first message to an eye."""

    networks: tuple[str, ...]
    decoders: int
    memory_mb: int
    streams: int
    """RTSP streams that are read at once; each is a process."""


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """A job. References that this eye was sent before come without their bytes."""

    number: int
    job: Job


class Forget(msgspec.Struct, frozen=True, tag="forget"):
    """Close what is open of this camera."""

    camera: str


class AskRecorder(msgspec.Struct, frozen=True, tag="recorder"):
    """What does it tell of its recordings? `tokens`: those that are wanted, where it cannot list all."""

    number: int
    recorder: Recorder
    tokens: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"AskRecorder({self.recorder.id!r})"


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """Are you there?"""


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """The eye sees."""


class CannotBegin(msgspec.Struct, frozen=True, tag="cannot"):
    """It cannot, and starting it again will not help."""

    why: str


class Told(msgspec.Struct, frozen=True, tag="told"):
    """The outcome of a job, its times by `time.monotonic()`."""

    number: int
    outcome: Outcome


class RecorderTold(msgspec.Struct, frozen=True, tag="recorded"):
    """What came of asking a recorder."""

    number: int
    answer: Answer


class Lacks(msgspec.Struct, frozen=True, tag="lacks"):
    """The job needs its references with their bytes."""

    number: int


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """I am."""


class Said(msgspec.Struct, frozen=True, tag="said"):
    """A line for the gateway's log: a fault of ours, by its kind and place."""

    what: str


ToEye = Begin | Ask | AskRecorder | Forget | Ping
FromEye = Begun | CannotBegin | Told | RecorderTold | Lacks | Pong | Said
