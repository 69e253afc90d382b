"""Pictures over HTTP: one at a time, or as a stream of parts.

Promises: only judged addresses are connected to; redirects are not followed, no proxy is used, nothing is unpacked;
each wait has an end; a picture has at most `PICTURE_AT_MOST` bytes. A camera's answer that is no picture is `NotThere`
with its reason. Leaves to others: decoding (`decoding`), when to ask.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

import aiohttp
from multidict import CIMultiDictProxy

from gateway.core.cameras import Source
from gateway.video.capture.address import Networks, NotThere, Target, take_apart
from gateway.video.capture.guarded_http import guarded_session, guarded_url, in_words
from gateway.video.capture.multipart import BadStream, Multipart, PartTooLarge, seconds_of
from gateway.video.jobs import Reason

PICTURE_AT_MOST = 8 * 1024 * 1024
"""Bytes. A 4K picture at the best quality has about 4 MB."""

MODEST = 1024 * 1024
"""Larger than this is rare, so only a few such pictures are kept in memory at once."""

LARGE_AT_ONCE = 8

_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)

JPEG = b"\xff\xd8\xff"

IDLE_S = 20.0
"""A connection is kept for the next check so long; most cameras close theirs after 5 to 60 s."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it came."""

    received: float
    """`time.monotonic()` of its last byte."""
    jpeg: bytes
    told_s: float | None = None
    """The camera's own clock, epoch seconds."""


@dataclass(slots=True)
class _Sign:
    """How one camera wants to be told who asks. It tells in its first refusal, and is remembered."""

    user: str
    password: str
    digest: aiohttp.DigestAuthMiddleware | None = None
    is_basic: bool = False


@dataclass(slots=True)
class WebCameras:
    """The HTTP side of the eye. Closed as a whole."""

    networks: Networks
    names: Executor
    _session: aiohttp.ClientSession | None = None
    _signs: dict[str, _Sign] = field(default_factory=dict)
    _large: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LARGE_AT_ONCE))

    async def picture(self, camera: str, source: Source, timeout_s: float) -> Picture:
        """One picture by GET."""
        async with self._timely(timeout_s), self._answer(camera, source, timeout_s) as answer:
            kind = answer.content_type
            if not (kind.startswith("image/") or kind == "application/octet-stream"):
                raise NotThere(Reason.NOT_A_PICTURE, f"it answered with {_short(kind)} instead of a picture")
            jpeg = await self._body(answer)
            if not jpeg.startswith(JPEG):
                raise NotThere(Reason.NOT_A_PICTURE, "what it sent is not a JPEG")
            return Picture(time.monotonic(), jpeg, _told(answer.headers))

    async def stream(self, camera: str, source: Source, timeout_s: float) -> AsyncGenerator[Picture]:
        """Pictures of a multipart stream for as long as the caller takes them; `NotThere` when it ends or stops."""
        async with contextlib.AsyncExitStack() as stack:
            async with self._timely(timeout_s):
                answer = await stack.enter_async_context(self._answer(camera, source, timeout_s))
            if not answer.content_type.startswith("multipart/"):
                kind = _short(answer.content_type)
                raise NotThere(Reason.BAD_STREAM, f"it answered with {kind} instead of a multipart stream")
            try:
                parts = Multipart(_boundary(answer.headers), PICTURE_AT_MOST)
                # The time limit is on whole pictures: a byte a second is not a picture a second.
                due = time.monotonic() + timeout_s
                while True:
                    async with self._timely(max(0.0, due - time.monotonic())):
                        data = await answer.content.readany()
                    if not data:
                        raise NotThere(Reason.CLOSED, "it ended the stream")
                    received = time.monotonic()
                    for part in parts.feed(data):
                        due = received + timeout_s
                        if not part.body.startswith(JPEG):
                            raise NotThere(Reason.NOT_A_PICTURE, "a part of the stream is not a JPEG")
                        yield Picture(received, part.body, part.told_s)
            except PartTooLarge as error:
                raise NotThere(Reason.TOO_LARGE, str(error)) from error
            except BadStream as error:
                raise NotThere(Reason.BAD_STREAM, str(error)) from error
            except aiohttp.ClientError as error:
                raise in_words(error) from error

    def forget(self, camera: str) -> None:
        """Ask this camera anew how it wants to be told who asks."""
        self._signs.pop(camera, None)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    @contextlib.asynccontextmanager
    async def _timely(self, timeout_s: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(timeout_s):
                yield
        except TimeoutError as error:
            raise NotThere(Reason.SILENT, "no whole picture came in time") from error

    @contextlib.asynccontextmanager
    async def _answer(self, camera: str, source: Source, timeout_s: float) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer of status 200, after telling who asks if the camera wants that."""
        target = take_apart(source.url)
        if target.literal is not None:
            # aiohttp asks no resolver for a literal address, so it is judged here.
            await self.networks.find(target, self.names)
        sign = self._sign(camera, source)
        try:
            for _ in range(2):
                async with self._get(target, sign) as answer:
                    if answer.status == 200:
                        yield answer
                        return
                    if answer.status != 401 or not _learn(sign, answer.headers.getall("WWW-Authenticate", [])):
                        if sign.is_basic:
                            # It may have changed its mind. Once it wanted a digest, the password is not sent openly.
                            self.forget(camera)
                        raise _refused(answer.status)
            raise _refused(401)
        except aiohttp.ClientError as error:
            raise in_words(error) from error

    def _get(self, target: Target, sign: _Sign) -> contextlib.AbstractAsyncContextManager[aiohttp.ClientResponse]:
        if self._session is None:
            self._session = guarded_session(
                self.networks, self.names, accept="image/jpeg, multipart/x-mixed-replace", read_bytes=256 * 1024,
                kept_s=IDLE_S,
            )  # fmt: skip
        return self._session.get(
            guarded_url(target, target.path),
            allow_redirects=False,
            auth=aiohttp.BasicAuth(sign.user, sign.password, "utf-8") if sign.is_basic else None,
            middlewares=(sign.digest,) if sign.digest else (),
        )

    async def _body(self, answer: aiohttp.ClientResponse) -> bytes:
        announced = answer.content_length
        if announced is not None and announced > PICTURE_AT_MOST:
            raise NotThere(Reason.TOO_LARGE, f"a picture of {announced} bytes was announced")
        body = bytearray()
        async with contextlib.AsyncExitStack() as stack:
            while data := await answer.content.readany():
                was = len(body)
                body += data
                if len(body) > PICTURE_AT_MOST:
                    raise NotThere(Reason.TOO_LARGE, f"its picture is larger than {PICTURE_AT_MOST} bytes")
                if was <= MODEST < len(body):
                    await stack.enter_async_context(self._large)
            return bytes(body)

    def _sign(self, camera: str, source: Source) -> _Sign:
        sign = self._signs.get(camera)
        if sign is None or (sign.user, sign.password) != (source.user, source.password):
            sign = self._signs[camera] = _Sign(source.user, source.password)
        return sign


def _learn(sign: _Sign, challenges: list[str]) -> bool:
    """Whether a second try can go better: the camera said how, and we have not tried that yet."""
    if not sign.user or sign.digest or sign.is_basic:
        return False
    schemes = {challenge.strip().partition(" ")[0].lower() for challenge in challenges}
    if "digest" in schemes:
        sign.digest = aiohttp.DigestAuthMiddleware(sign.user, sign.password)
    elif "basic" in schemes:
        sign.is_basic = True
    return sign.digest is not None or sign.is_basic


def _refused(status: int) -> NotThere:
    if status in (401, 403):
        return NotThere(Reason.CREDENTIALS, "it does not accept the user and password")
    if 300 <= status < 400:
        return NotThere(Reason.REDIRECT, "it sent us to another address, which is not followed")
    return NotThere(Reason.STATUS, f"it answered with status {status}")


def _boundary(headers: CIMultiDictProxy[str]) -> str:
    found = _BOUNDARY.search(headers.get("Content-Type", ""))
    return (found[1] or found[2]) if found else ""


def _told(headers: CIMultiDictProxy[str]) -> float | None:
    """The camera's own time: of the picture where it says so, else of its answer, in whole seconds."""
    stamp = seconds_of(headers.get("X-Timestamp", "").encode("latin-1", "replace"))
    text = headers.get("Date", "")
    if stamp is not None or not text or len(text) > 64:
        return stamp
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None


def _short(text: str) -> str:
    return "".join(letter for letter in text[:40] if letter.isprintable())
