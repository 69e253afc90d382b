"""A file or folder from its first picture to its last: which findings begin and end, and when.

Promises: `examine` is the whole way from pictures to lines, in one process, for the command and for the table of
results alike; `Unreadable` with a sentence where there is nothing to look at. Leaves to others: being killed by a file
that aborts the decoder (`examiner` runs this in a child), telling it (`gateway.cli.video`), sources on the network
(`gateway.video.eye`). Imports OpenCV when called.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.core.health import Change, HealthSettings, Timing
from gateway.video.capture.promised import promised_s

if TYPE_CHECKING:
    from gateway.video.checks import Decoded, Reference
    from gateway.video.checks.decoding import Pixels

FOLDER_FPS = 5.0
"""How many pictures of a folder make a second, where nobody says."""

PICTURES = frozenset({".jpg", ".jpeg", ".png"})

REFERENCE_S = 60.0
"""So much of a reference clip is learnt from at most."""

CUT_OFF_S = 3.0
"""A file whose pictures end so long before the end that it says it has: shorter is how sound and pictures are cut."""

TIMING_AT_MOST = 64 * 1024 * 1024
PICTURE_AT_MOST = 16 * 1024 * 1024


class Unreadable(Exception):
    """There is nothing here to look at. The text is for people: what is wrong, and where."""


@dataclass(frozen=True, slots=True)
class Times:
    """What `--timing` says: when the camera took each picture, and when it arrived. Seconds; either may be empty."""

    pts_s: Sequence[float] = ()
    received_s: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Came:
    """One picture of a source."""

    at_s: float
    """Arrival; only goes forward."""
    taken_s: float
    picture: Decoded | Pixels | None
    """None where it was not decoded, because nobody asked for it, or could not be."""
    is_bad: bool = False


@dataclass(slots=True)
class Source:
    """Pictures of a file or folder, and how many there will be if that is known."""

    pictures: Iterator[Came]
    count: int | None = None
    wanted: Wanted = field(default_factory=lambda: Wanted(None))
    lasts_s: float | None = None
    """How long it says that it lasts, on the clock of its pictures."""


@dataclass(frozen=True, slots=True)
class Progress:
    at_s: float
    frames: int
    count: int | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen when a finding began or ended."""

    picture: bytes | None
    reference: bytes | None


@dataclass(frozen=True, slots=True)
class Line:
    """A finding begins or ends. `change.at_s` counts from the source's first picture."""

    change: Change
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    frames: int
    seconds: float
    findings: tuple[str, ...]
    bad: int = 0
    """Pictures that could not be decoded."""
    ended_s: float | None = None
    """When its pictures ended, if that was before their time."""


class Wanted:
    """Which arrivals are looked at: so many a second, evenly; all of them if no number is given."""

    def __init__(self, fps: float | None) -> None:
        self._apart_s = 1.0 / fps if fps else 0.0
        self._due_s = -math.inf

    def is_due(self, at_s: float) -> bool:
        if at_s < self._due_s - 1e-6:
            return False
        self._due_s = max(self._due_s + self._apart_s, at_s + self._apart_s / 2)
        return True


# --- the whole way ----------------------------------------------------------------------------------------------------


def examine(
    source: Source,
    *,
    settle_s: float = 8.0,
    references: Sequence[Reference] = (),
    settings: HealthSettings | None = None,
    evidence: bool = False,
    until_s: float | None = None,
) -> Iterator[Line | Progress | Summary]:
    """Every change in order, progress in between, the summary last.

    A source is over when its pictures are, unless it should go on until `until_s` or says itself that it lasts longer:
    then its silence is told.
    """
    from gateway.video.checks import Session

    session = Session(settle_s, references, settings)
    begin: float | None = None
    frames = bad = 0
    last_s = told_s = 0.0
    findings: dict[str, None] = {}
    picture: Decoded | Pixels | None = None

    def lines(changes: Iterable[Change]) -> Iterator[Line]:
        for change in changes:
            if change.raised:
                findings[change.finding.value] = None
            yield Line(change, _evidence(picture, session.references) if evidence else None)

    for came in source.pictures:
        begin = came.at_s if begin is None else begin
        at_s = last_s = came.at_s - begin
        frames += 1
        if came.picture is not None:
            picture = came.picture
            yield from lines(session.see(came.picture, at_s, came.taken_s - begin))
        elif came.is_bad:
            bad += 1
            yield from lines(session.health.lost(at_s))
        else:
            yield from lines(session.health.hear(Timing(at_s, (at_s,), (came.taken_s - begin,))))
        if at_s - told_s >= 1.0:
            told_s = at_s
            yield Progress(at_s, frames, source.count)
    if frames == bad:
        raise Unreadable("it holds no picture that can be decoded")
    if until_s is None and source.lasts_s is not None and source.lasts_s - (begin or 0.0) - last_s >= CUT_OFF_S:
        until_s = source.lasts_s - (begin or 0.0)
    yield from lines(session.end(until_s))
    ended_s = last_s if until_s is not None and until_s - last_s >= CUT_OFF_S else None
    yield Summary(frames, round(max(last_s, until_s or 0.0), 3), tuple(findings), bad, ended_s)


def _evidence(picture: Decoded | Pixels | None, references: Sequence[Reference]) -> Evidence:
    from gateway.video.checks import thumbnail

    return Evidence(
        None if picture is None else thumbnail(picture, (), 640),
        thumbnail(references[0].picture(), (), 480) if references else None,
    )


# --- sources ----------------------------------------------------------------------------------------------------------


def open_source(path: Path, fps: float | None = None, times: Times | None = None) -> Source:
    """The pictures of a video file or of a folder of JPEGs.

    `fps`: of a file, how many pictures a second are looked at; of a folder, how many of them make a second.
    """
    times = times or Times()
    if path.is_dir():
        return _folder(path, fps or FOLDER_FPS, times)
    if not path.exists():
        raise Unreadable(f"{path}: there is no such file or folder")
    if path.suffix.lower() in PICTURES:
        raise Unreadable(f"{path}: one picture has no course; give a video file or a folder of pictures")
    return _file(path, Wanted(fps), times)


def read_times(path: Path) -> Times:
    """A file of `--timing`: `{"pts_s": […], "received_s": […]}`."""
    try:
        if path.stat().st_size > TIMING_AT_MOST:
            raise Unreadable(f"{path}: it is larger than {TIMING_AT_MOST} bytes")
        read = json.loads(path.read_bytes())
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise Unreadable(f"{path}: this is not JSON") from error
    if not isinstance(read, dict) or not set(read) & {"pts_s", "received_s"}:
        raise Unreadable(f'{path}: expected {{"pts_s": […], "received_s": […]}}')
    lists = [read.get(name) or [] for name in ("pts_s", "received_s")]
    for numbers in lists:
        if not isinstance(numbers, list) or not all(_is_time(number) for number in numbers):
            raise Unreadable(f"{path}: expected lists of seconds")
    return Times(*lists)


def _is_time(number: object) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)


def read_reference(path: Path) -> Reference:
    """The healthy look in a picture or clip."""
    from gateway.video.checks import BadPicture, Reference, decode, look

    if path.is_file() and path.suffix.lower() in PICTURES:
        try:
            if path.stat().st_size > PICTURE_AT_MOST:
                raise Unreadable(f"{path}: it is larger than {PICTURE_AT_MOST} bytes")
            return Reference.of([look(decode(path.read_bytes()))])
        except BadPicture as error:
            raise Unreadable(f"{path}: {error}") from error
        except OSError as error:
            raise Unreadable(f"{path}: {error.strerror}") from error
    looks = []
    begin: float | None = None
    for came in open_source(path, 5.0).pictures:
        begin = came.at_s if begin is None else begin
        if came.at_s - begin > REFERENCE_S:
            break
        if came.picture is not None:
            looks.append(look(came.picture))
    if not looks:
        raise Unreadable(f"{path}: it holds no picture that can be decoded")
    return Reference.of(looks)


def _folder(path: Path, fps: float, times: Times) -> Source:
    from gateway.video.checks import BadPicture, decode

    try:
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in PICTURES and file.is_file())
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
    if not files:
        raise Unreadable(f"{path}: there are no .jpg files in this folder")

    def pictures() -> Iterator[Came]:
        clock = _Clock(times)
        for number, file in enumerate(files):
            at_s, taken_s = clock.times(number / fps)
            try:
                if file.stat().st_size > PICTURE_AT_MOST:
                    raise BadPicture("too_large", "too large")
                yield Came(at_s, taken_s, decode(file.read_bytes()))
            except (BadPicture, OSError):
                yield Came(at_s, taken_s, None, is_bad=True)

    return Source(pictures(), len(files))


def _file(path: Path, wanted: Wanted, times: Times) -> Source:
    import cv2

    # In full, so that no name is taken for a protocol of FFmpeg's.
    capture = cv2.VideoCapture(str(path.resolve()), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    if not capture.isOpened():
        raise Unreadable(f"{path}: this is no video that can be read")
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))

    def pictures() -> Iterator[Came]:
        clock = _Clock(times)
        try:
            while capture.grab():
                at_s, taken_s = clock.times(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0)
                if not wanted.is_due(at_s):
                    yield Came(at_s, taken_s, None)
                    continue
                done, pixels = capture.retrieve()
                whole = done and pixels is not None and pixels.size > 0
                yield Came(at_s, taken_s, pixels if whole else None, is_bad=not whole)  # type: ignore[arg-type]
        finally:
            capture.release()

    # Times of a timing file are not the file's own.
    lasts_s = None if times.received_s else promised_s(path)
    return Source(pictures(), count if 0 < count < 10**9 else None, lasts_s=lasts_s)


class _Clock:
    """The times of one picture after the other: from the timing file, else from the container."""

    def __init__(self, times: Times) -> None:
        self._times = times
        self._number = -1
        self._last_s: float | None = None
        self._step_s = 0.04

    def times(self, contained_s: float) -> tuple[float, float]:
        """When it arrived and when the camera says it was taken."""
        self._number += 1
        at_s = contained_s
        if self._times.received_s:
            # A list that is too short goes on at its last pace.
            at_s = self._nth(self._times.received_s, (self._last_s or 0.0) + self._step_s)
        taken_s = self._nth(self._times.pts_s, at_s) if self._times.pts_s else contained_s
        if self._times.received_s and not self._times.pts_s:
            taken_s = at_s
        if self._last_s is not None:
            if at_s < self._last_s:
                # Arrival cannot run backwards; stamps that do are the camera's.
                at_s = self._last_s + self._step_s
            elif at_s > self._last_s:
                self._step_s = min(1.0, at_s - self._last_s)
        self._last_s = at_s
        return at_s, taken_s

    def _nth(self, numbers: Sequence[float], otherwise: float) -> float:
        return float(numbers[self._number]) if self._number < len(numbers) else otherwise
