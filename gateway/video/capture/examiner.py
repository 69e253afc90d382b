"""`python -m gateway.video.capture.examiner`: looks at one file or folder in a process of its own.

A broken file can abort the decoder, and with it the process; this is that process. One request comes in as JSON on
standard input, messages go out on standard output. Ends with whoever started it.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import msgspec

from gateway.video.capture import limits, wire

MEMORY_MB = 2048
"""Beyond what is loaded. Decoding 8K in several reference frames takes about 1,000."""


class Request(msgspec.Struct, frozen=True):
    """What is to be looked at."""

    path: str
    fps: float | None = None
    settle_s: float = 8.0
    reference: str | None = None
    timing: str | None = None
    evidence: bool = False
    until_s: float | None = None
    learn: bool = False
    """Only learn the healthy look that `path` shows."""


class Learnt(msgspec.Struct, frozen=True, tag="learnt"):
    """A healthy look: for the checks, and for people."""

    data: bytes
    picture: bytes


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    at_s: float
    frames: int
    count: int | None


class Line(msgspec.Struct, frozen=True, tag="line"):
    """A finding begins or ends."""

    t_s: float
    finding: str
    raised: bool
    value: float
    threshold: float
    picture: bytes | None = None
    reference: bytes | None = None


class Summary(msgspec.Struct, frozen=True, tag="summary"):
    frames: int
    seconds: float
    findings: tuple[str, ...]
    bad: int = 0
    ended_s: float | None = None


class Unreadable(msgspec.Struct, frozen=True, tag="unreadable"):
    why: str


Message = Learnt | Progress | Line | Summary | Unreadable


def main() -> None:
    """Serve one request."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    limits.die_with(os.getppid())
    request = msgspec.json.decode(sys.stdin.buffer.read(1024 * 1024), type=Request)
    encoder = msgspec.msgpack.Encoder()
    # FFmpeg and OpenCV write to both; what is ours goes where they do not.
    outlet = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)

    def say(message: Message) -> None:
        outlet.write(wire.pack(message, encoder))
        outlet.flush()

    # Only files: a playlist may name addresses, and FFmpeg would go there.
    os.putenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", "protocol_whitelist;file,crypto,data")
    os.putenv("OPENBLAS_NUM_THREADS", "1")
    try:
        import cv2

        from gateway.video.capture import examine

        cv2.setNumThreads(1)
    except ImportError as error:
        say(Unreadable(f"OpenCV cannot be loaded: {error}"))
        return
    limits.hold_to(MEMORY_MB, files=64)
    try:
        for message in _messages(request, examine):
            say(message)
    except examine.Unreadable as error:
        say(Unreadable(str(error)))
    except (MemoryError, cv2.error):
        say(Unreadable(f"{request.path}: its pictures cannot be decoded within {MEMORY_MB} MB"))


def _messages(request: Request, examine):  # type: ignore[no-untyped-def]
    if request.learn:
        from gateway.video.checks import thumbnail

        learnt = examine.read_reference(Path(request.path))
        yield Learnt(learnt.to_bytes(), thumbnail(learnt.picture(), (), 480))
        return
    times = examine.read_times(Path(request.timing)) if request.timing else None
    references = [examine.read_reference(Path(request.reference))] if request.reference else []
    source = examine.open_source(Path(request.path), request.fps, times)
    course = examine.examine(
        source,
        settle_s=request.settle_s,
        references=references,
        evidence=request.evidence,
        until_s=request.until_s,
    )
    for step in course:
        if isinstance(step, examine.Progress):
            yield Progress(step.at_s, step.frames, step.count)
        elif isinstance(step, examine.Summary):
            yield Summary(step.frames, step.seconds, step.findings, step.bad, step.ended_s)
        else:
            change, seen = step.change, step.evidence
            yield Line(
                change.at_s,
                change.finding.value,
                change.raised,
                float(change.value),
                float(change.threshold),
                seen.picture if seen else None,
                seen.reference if seen else None,
            )


if __name__ == "__main__":
    main()
