"""Watches one camera at an address for a while with an eye of its own, as `wardgate video check URL` does.

Promises: the camera is looked at as a gateway looks at it, by the same code; only the address that somebody typed is
opened, or the networks that they named. Leaves to others: telling (`gateway.cli.video`).
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from gateway.core.cameras import Source, SourceKind
from gateway.core.health import Change, Health
from gateway.video.capture import examiner
from gateway.video.capture.address import Networks, NotThere, Target, take_apart
from gateway.video.examined import CannotExamine, examined
from gateway.video.eye import Eye
from gateway.video.jobs import Failure, Job, Outcome, Reason, Ref

LOOK_S = 1.0
POLLED_FPS = 2.0
"""A camera that is asked for each picture alone is asked so often; more would be work for it that nobody needs."""

TIMEOUT_S = 8.0
WIDTH = 640

_ADVICE = {
    Reason.CREDENTIALS: "give --user, and --password-file or type it",
    Reason.OUTSIDE: "name its network with --network if that is right",
    Reason.REFUSED: "is the port right, and the camera on?",
    Reason.UNREACHABLE: "is the camera on, and this machine in a network that reaches it?",
    Reason.SILENT: "is this the address of its pictures?",
    Reason.STATUS: "is the path right? The camera's manual names it",
    Reason.REDIRECT: "give the address that it leads to, if that is a camera's",
}


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """What is watched, and how."""

    url: str
    user: str = ""
    password: str = ""
    networks: tuple[str, ...] = ()
    seconds: float = 30.0
    settle_s: float = 8.0
    fps: float = 5.0
    reference: Path | None = None
    evidence: bool = False

    def __repr__(self) -> str:
        return "Watched(…)"


async def watch_address(watched: Watched) -> AsyncIterator[examiner.Message]:
    """Messages as of a file: lines, progress, and the summary after `seconds` or Ctrl-C."""
    try:
        target = take_apart(watched.url)
    except NotThere as error:
        raise CannotExamine(f"this address cannot be used: {error.detail}") from None
    try:
        networks = watched.networks or await _own_addresses(target)
        Networks(networks)
    except ValueError as error:
        raise CannotExamine(f"--network: {error}") from None
    learnt = await _learn_from(watched.reference) if watched.reference else None
    eye = Eye(networks)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    await eye.start()
    try:
        if not await eye.ready():
            raise CannotExamine(eye.why_away or "the process that looks at pictures did not start")
        watch = _Watch(watched, eye, learnt)
        await watch.find(target)
        async for message in watch.go_on(stop):
            yield message
    finally:
        await eye.stop()
        asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)


async def _own_addresses(target: Target) -> tuple[str, ...]:
    """A person typed this address, so its host may be asked, and nobody else."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except OSError:
        raise CannotExamine(f"{target.host}: this name is not known here") from None
    return tuple(dict.fromkeys(str(answer[4][0]) for answer in found))


async def _learn_from(path: Path) -> examiner.Learnt:
    async for message in examined(examiner.Request(path=str(path), learn=True)):
        if isinstance(message, examiner.Learnt):
            return message
    raise CannotExamine(f"{path}: nothing could be learnt from it")


class _Watch:
    def __init__(self, watched: Watched, eye: Eye, learnt: examiner.Learnt | None) -> None:
        self._watched = watched
        self._eye = eye
        self._health = Health()
        self._source = Source(SourceKind.RTSP, watched.url, watched.user, watched.password)
        self._references: tuple[Ref, ...] = (Ref("given", learnt.data),) if learnt else ()
        self._healthy_look = learnt.picture if learnt else None
        self._begin = 0.0
        self._frames = 0
        self._findings: dict[str, None] = {}

    async def find(self, target: Target) -> None:
        """Which kind of source this is; `CannotExamine` if it gives no picture."""
        kinds = (SourceKind.MJPEG, SourceKind.PICTURE) if target.scheme.startswith("http") else (SourceKind.RTSP,)
        for kind in kinds:
            self._source = Source(kind, self._watched.url, self._watched.user, self._watched.password)
            outcome = await self._look(0.1, 1)
            if outcome.seen:
                return
            failure = outcome.failure
            self._eye.forget("camera")
            if failure is not None and failure.reason is not Reason.BAD_STREAM:
                break
        raise CannotExamine(_sentence(failure or Failure(Reason.SILENT, "no picture came")))

    async def go_on(self, stop: asyncio.Event) -> AsyncIterator[examiner.Message]:
        watched = self._watched
        self._begin = time.time()
        end = self._begin + watched.seconds
        fps = min(watched.fps, POLLED_FPS) if self._source.kind is SourceKind.PICTURE else watched.fps
        while time.time() < end and not stop.is_set():
            settle = not self._references
            look_s = max(LOOK_S, watched.settle_s) if settle else LOOK_S
            due = time.time() + look_s
            look = asyncio.ensure_future(self._look(look_s, max(1, round(look_s * fps)), learn=settle))
            stopped = asyncio.ensure_future(stop.wait())
            await asyncio.wait((look, stopped), return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            if not look.done():
                look.cancel()
                break
            outcome = look.result()
            for line in self._judge(outcome):
                yield line
            if settle and outcome.learnt is not None:
                self._references = (Ref("settled", outcome.learnt),)
                self._healthy_look = outcome.picture
            yield examiner.Progress(time.time() - self._begin, self._frames, None)
            if not outcome.seen:
                # A camera that fails at once is not asked a hundred times a second.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, due - time.time())):
                        await stop.wait()
        yield examiner.Summary(self._frames, round(time.time() - self._begin, 3), tuple(self._findings))

    async def _look(self, look_s: float, pictures: int, *, learn: bool = False) -> Outcome:
        return await self._eye.check(
            Job(
                camera="camera",
                source=self._source,
                look_s=look_s,
                pictures=pictures,
                timeout_s=TIMEOUT_S,
                deadline_s=look_s + 2 * TIMEOUT_S,
                references=self._references,
                want_picture=self._watched.evidence,
                picture_width=WIDTH,
                learn=learn,
                keep_open=True,
            )
        )

    def _judge(self, outcome: Outcome) -> list[examiner.Line]:
        changes: list[Change] = []
        # Of a stream every arrival counts; single pictures are all looked at.
        self._frames += max(len(outcome.seen), len(outcome.timing.received_s) if outcome.timing else 0)
        if self._references:
            for seen in outcome.seen:
                changes += self._health.see(seen.at_s, seen.measures)
        if outcome.timing is not None:
            changes += self._health.hear(outcome.timing)
        if not outcome.seen:
            changes += self._health.lost(time.time())
        lines = []
        for change in changes:
            if change.raised:
                self._findings[change.finding.value] = None
            lines.append(
                examiner.Line(
                    max(0.0, change.at_s - self._begin),
                    change.finding.value,
                    change.raised,
                    float(change.value),
                    float(change.threshold),
                    outcome.picture,
                    self._healthy_look,
                )
            )
        return lines


def _sentence(failure: Failure) -> str:
    advice = _ADVICE.get(failure.reason)
    return f"the camera gives no picture: {failure.detail}" + (f"; {advice}" if advice else "")
