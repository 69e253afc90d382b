"""What crosses to the eye and back: one job for one look at one camera, and what came of it.

Promises: plain values that msgpack carries; a secret never shows in a `repr`, a log line or an exception. Leaves to
others: carrying them (`gateway.video.eye`), doing them (`gateway.video.capture`), judging what came
(`gateway.core.health`).

Times in an outcome are epoch seconds on the clock that was handed to the eye (the site's own), on which a look's
pictures never go backwards.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from gateway.core.cameras import Area, Miss, Source
from gateway.core.health import Measures, Timing


class Reason(StrEnum):
    """Why there was no outcome. What the camera gave as its answer and what was our own part stay apart (`miss`)."""

    BAD_ADDRESS = "bad_address"
    """The address cannot be used as it is written."""
    OUTSIDE = "outside"
    """The address, or what its name stands for, is outside the configured camera networks; nothing was sent."""
    UNKNOWN_HOST = "unknown_host"
    REFUSED = "refused"
    """Nobody listens there."""
    UNREACHABLE = "unreachable"
    SILENT = "silent"
    """It accepted or was asked, and then no whole picture came in the time it had."""
    CLOSED = "closed"
    """It ended the connection before a picture was whole."""
    CREDENTIALS = "credentials"
    REDIRECT = "redirect"
    """It sent us elsewhere. We do not follow."""
    STATUS = "status"
    """An answer that is not a picture: 404, 500 …"""
    NOT_A_PICTURE = "not_a_picture"
    TOO_LARGE = "too_large"
    BAD_PICTURE = "bad_picture"
    """Bytes came, and they are not a picture that can be decoded within its limits."""
    BAD_STREAM = "bad_stream"
    """It speaks, but not what was asked for."""
    DECODER_DIED = "decoder_died"
    """What it sent ended the process that decoded it: by a crash, by its memory or by its time."""
    DECODER_STUCK = "decoder_stuck"
    OVERLOAD = "overload"
    """The time was over before it was this job's turn."""
    EYE_AWAY = "eye_away"
    """The eye itself was not there: starting, stopping or broken."""
    OWN_FAULT = "own_fault"
    """A fault of ours while doing the job; the log has it."""


_NOT_THE_CAMERA = {Reason.OVERLOAD: Miss.OVERLOAD, Reason.EYE_AWAY: Miss.GATEWAY, Reason.OWN_FAULT: Miss.GATEWAY}


class Failure(msgspec.Struct, frozen=True):
    """Why no picture of this camera could be looked at."""

    reason: Reason
    detail: str = ""
    """What happened, for people: short, in English, without address parts that may be secret."""

    @property
    def miss(self) -> Miss:
        """The reason as the record of checks has it."""
        return _NOT_THE_CAMERA.get(self.reason, Miss.CAMERA)


class Ref(msgspec.Struct, frozen=True):
    """A healthy look that was learnt before: `Reference.to_bytes()` under a key that changes when the bytes do."""

    key: str
    data: bytes = b""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One look at one camera."""

    camera: str
    source: Source
    look_s: float = 3.0
    """A stream is looked at for so long; single pictures are spread over it."""
    pictures: int = 3
    """So many pictures are measured at most. Every arrival counts for the timing, measured or not."""
    timeout_s: float = 8.0
    """Without a whole picture after so long the job has failed."""
    deadline_s: float = 20.0
    """Whatever happens, the outcome is there after this and one second more."""
    jpeg: bytes | None = None
    """The picture itself, for `frame`: no address is opened."""
    jpeg_told_s: float | None = None
    """`at` of the frame's message: the camera's own clock, epoch seconds."""
    references: tuple[Ref, ...] = ()
    """The best match of them is measured against."""
    blurred: tuple[Area, ...] = ()
    want_picture: bool = False
    """A small picture with blurred areas in the outcome, also when nothing else asks for one."""
    picture_width: int = 320
    learn: bool = False
    """Make a reference of this look."""
    keep_open: bool = False
    """Leave the stream open for the next job, and count its arrivals in between. Ends by a job without it, by
    `Eye.forget` or after two minutes without a job."""
    fresh: bool = False
    """Forget what was remembered of this camera's last look (after maintenance)."""

    def __repr__(self) -> str:
        # An address may hold a token and a picture is long: neither belongs in a log line.
        return f"Job({self.camera!r}, {self.source.kind})"


class Seen(msgspec.Struct, frozen=True):
    """One picture, measured."""

    at_s: float
    measures: Measures
    width: int
    height: int
    reference: str | None = None
    """The key of the reference that it was measured against."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a job: pictures that were seen, or a failure; after a broken-off look both."""

    camera: str
    started_s: float
    took_s: float
    failure: Failure | None = None
    seen: tuple[Seen, ...] = ()
    timing: Timing | None = None
    """Arrivals since the last job where the stream was kept open, else of this look."""
    picture: bytes | None = None
    """JPEG of the newest picture, small, areas blurred."""
    learnt: bytes | None = None
    """`Reference.to_bytes()` of this look."""
    cost_s: float = 0.0
    """Processor time that decoding and measuring took."""
