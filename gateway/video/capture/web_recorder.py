"""Asks one recorder for its recordings, over the same guarded door as pictures.

Promises: `ask` never raises and ends within `IN_ALL_S`; only judged addresses are connected to, those of the recorder's
own host and port; redirects are not followed, no proxy is used, nothing is unpacked; the password never travels openly:
as a WS-Security digest, and as an HTTP digest where that is asked for; a refusal ends the turn, so that no recorder
locks the user out. Leaves to others: the words (`gateway.video.onvif`), what an answer means (`core.recordings`), when
to ask (`flows.recorder_round`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import aiohttp

from gateway.core.recordings import Answer, Held, Recorder, Trouble
from gateway.video import onvif
from gateway.video.capture.address import NO_TLS, Networks, NotThere, Target, take_apart
from gateway.video.capture.guarded_http import guarded_session, guarded_url, in_words
from gateway.video.jobs import Reason

ANSWER_S = 8.0
"""For one answer to be whole: a byte a second is no answer."""
IN_ALL_S = 45.0
RECORDINGS_AT_MOST = 2_000
PAGES_AT_MOST = 40
SINGLY_AT_MOST = 256
"""Recordings that are asked for one by one, where a recorder cannot list them."""
PIECE = 16 * 1024
"""Read at once; between two pieces others get their turn."""

_DIGEST_LATER = re.compile(r"^\s*basic\b.*,\s*digest\s", re.IGNORECASE | re.DOTALL)
_XML = ("application/soap+xml", "text/xml", "application/xml", "application/octet-stream")
_TROUBLE = {
    Reason.BAD_ADDRESS: Trouble.BAD_ADDRESS,
    Reason.OUTSIDE: Trouble.OUTSIDE,
    Reason.BAD_STREAM: Trouble.NOT_ONVIF,
}
"""Whatever else keeps us out: it cannot be reached."""
_ACCEPT = "application/soap+xml, text/xml"


class _Stopped(Exception):
    """The turn is over, and why."""

    def __init__(self, trouble: Trouble, detail: str) -> None:
        super().__init__(detail)
        self.trouble = trouble
        self.detail = detail


async def ask(recorder: Recorder, tokens: Sequence[str], networks: Networks, names: Executor) -> Answer:
    """What it tells of its recordings. `tokens`: those that somebody wants, where it cannot list all."""
    now = datetime.now(UTC)
    try:
        target = take_apart(recorder.url)
        if target.literal is not None:
            # aiohttp asks no resolver for a literal address, so it is judged here.
            await networks.find(target, names)
        session = guarded_session(networks, names, accept=_ACCEPT, read_bytes=4 * PIECE, kept_s=ANSWER_S, at_once=2)
        async with asyncio.timeout(IN_ALL_S), session:
            return await _Talk(recorder, target, session).recordings(tokens)
    except _Stopped as why:
        return Answer(now, trouble=why.trouble, detail=why.detail)
    except NotThere as why:
        return Answer(now, trouble=_TROUBLE.get(why.reason, Trouble.UNREACHABLE), detail=why.detail)
    except onvif.Fault as fault:
        trouble = Trouble.CREDENTIALS if fault.is_about_credentials else Trouble.FAULT
        return Answer(now, trouble=trouble, detail=_REFUSED if fault.is_about_credentials else str(fault))
    except onvif.NotOnvif as error:
        is_large = isinstance(error, onvif.TooLarge)
        return Answer(now, trouble=Trouble.TOO_LARGE if is_large else Trouble.NOT_ONVIF, detail=str(error))
    except TimeoutError:
        return Answer(now, trouble=Trouble.SILENT, detail="it did not answer in time")
    except Exception as error:
        # What it sent broke something on the way. Were this a fault of ours, a recorder could be silent for good, and
        # nobody would miss it.
        return Answer(now, trouble=Trouble.NOT_ONVIF, detail=f"its answer cannot be read ({type(error).__name__})")


_REFUSED = "it does not accept the user and password"
_BASIC_FIRST = "it asks for HTTP Basic before HTTP Digest, and only the first is looked at: switch Basic off there"


@dataclass(slots=True)
class _Talk:
    """One turn with one recorder."""

    recorder: Recorder
    target: Target
    session: aiohttp.ClientSession
    digest: aiohttp.DigestAuthMiddleware | None = None
    ahead: timedelta = timedelta(0)

    async def recordings(self, tokens: Sequence[str]) -> Answer:
        told = await self._clock()
        search = await self._search_path()
        try:
            held, is_cut = await self._find(search)
        except onvif.Fault as fault:
            if fault.is_about_credentials:
                raise
            held, is_cut = await self._otherwise(search, tokens, fault)
        except onvif.TooLarge as error:
            held, is_cut = await self._otherwise(search, tokens, error)
        else:
            if is_cut and tokens:
                # What was listed is not all: those that are wanted are asked for by name.
                single = await self._singly(search, tokens)
                named = {one.token for one in single}
                held = [one for one in held if one.token not in named] + single
                is_cut = len(single) < len(tokens)
        at = datetime.now(UTC)
        ahead_s = None if told is None else self.ahead.total_seconds()
        return Answer(at + self.ahead, tuple(held), is_cut, ahead_s)

    async def _clock(self) -> datetime | None:
        """Its clock, which it tells to everybody; its signatures are made by it."""
        try:
            told = onvif.clock_in(await self._ask(onvif.CLOCK, self.target.path, signed=False))
        except onvif.Fault:
            return None
        except _Stopped as why:
            if why.trouble is Trouble.CREDENTIALS and self.digest is None:
                return None  # against the standard; it may tell all the rest
            raise  # it has seen the password, and refused it
        if told is not None:
            self.ahead = told - datetime.now(UTC)
        return told

    async def _search_path(self) -> str:
        path = None
        try:
            path = onvif.search_path_in(await self._ask(onvif.SERVICES, self.target.path))
        except onvif.Fault as fault:
            if fault.is_about_credentials:
                raise
        if path is None:
            try:
                path = onvif.search_path_in(await self._ask(onvif.CAPABILITIES, self.target.path))
            except onvif.Fault as fault:
                if fault.is_about_credentials:
                    raise
        if path is None:
            raise _Stopped(Trouble.NO_SEARCH, "it offers no search for recordings (ONVIF Profile G)")
        return path

    async def _find(self, path: str) -> tuple[list[Held], bool]:
        search = onvif.search_token_in(await self._ask(onvif.FIND, path))
        held: list[Held] = []
        for _ in range(PAGES_AT_MOST):
            body = await self._ask(onvif.results(search), path)
            held += onvif.recordings_in(body)
            if onvif.is_complete(body):
                return held, False
            if len(held) > RECORDINGS_AT_MOST:
                break
        return held[:RECORDINGS_AT_MOST], True

    async def _otherwise(
        self, path: str, tokens: Sequence[str], why: onvif.Fault | onvif.TooLarge
    ) -> tuple[list[Held], bool]:
        """It cannot list its recordings: those that are wanted one by one; all together where nobody says which."""
        if tokens:
            return await self._singly(path, tokens), len(tokens) > SINGLY_AT_MOST
        summary = onvif.summary_in(await self._ask(onvif.SUMMARY, path))
        if summary is None and isinstance(why, onvif.TooLarge):
            raise why
        return ([] if summary is None else [summary]), False

    async def _singly(self, path: str, tokens: Sequence[str]) -> list[Held]:
        held: list[Held] = []
        for token in tokens[:SINGLY_AT_MOST]:
            try:
                body = await self._ask(onvif.information(token), path)
            except onvif.Fault as fault:
                if fault.is_about_credentials:
                    raise
                continue  # it knows none of this token
            held += [replace(one, token=one.token or token) for one in onvif.recordings_in(body)[:1]]
        return held

    async def _ask(self, request: onvif.Request, path: str, *, signed: bool = True) -> onvif.Node:
        """One answer. An HTTP digest is answered once; a second refusal ends the turn."""
        try:
            async with asyncio.timeout(ANSWER_S):
                for _ in range(2):
                    async with self._post(request, path, signed=signed) as answer:
                        if answer.status == 401 and self._learn(answer.headers.getall("WWW-Authenticate", [])):
                            continue
                        return await self._body(answer)
        except TimeoutError as error:
            raise _Stopped(Trouble.SILENT, "it did not answer in time") from error
        except aiohttp.ClientSSLError as error:
            raise _Stopped(Trouble.TLS, NO_TLS) from error
        except aiohttp.ClientError as error:
            raise in_words(error) from error
        raise _Stopped(Trouble.CREDENTIALS, _REFUSED)

    def _post(self, request: onvif.Request, path: str, *, signed: bool) -> aiohttp.client._RequestContextManager:
        user = self.recorder.user if signed else ""
        return self.session.post(
            guarded_url(self.target, path),
            data=request.envelope(user, self.recorder.password, datetime.now(UTC) + self.ahead),
            headers={"Content-Type": f'application/soap+xml; charset=utf-8; action="{request.action}"'},
            allow_redirects=False,
            middlewares=(self.digest,) if self.digest else (),
        )

    def _learn(self, challenges: list[str]) -> bool:
        """Whether a second try can go better."""
        if self.digest is not None or not self.recorder.user:
            return False
        if not challenges or not challenges[0].strip().lower().startswith("digest"):
            return False  # aiohttp looks at the first alone
        self.digest = aiohttp.DigestAuthMiddleware(self.recorder.user, self.recorder.password)
        return True

    async def _body(self, answer: aiohttp.ClientResponse) -> onvif.Node:
        status = answer.status
        if 300 <= status < 400:
            raise _Stopped(Trouble.REDIRECT, "it sent us to another address, which is not followed")
        if status in (401, 403):
            offered = ",".join(answer.headers.getall("WWW-Authenticate", []))
            is_second = self.digest is None and self.recorder.user and _DIGEST_LATER.search(offered)
            raise _Stopped(Trouble.CREDENTIALS, _BASIC_FIRST if is_second else _REFUSED)
        if answer.content_type not in _XML or status in (404, 405):
            raise _Stopped(Trouble.NOT_ONVIF, "it does not speak ONVIF at this address")
        reading = onvif.Reading()
        while data := await answer.content.read(PIECE):
            reading.feed(data)
            await asyncio.sleep(0)
        try:
            return reading.end()
        except onvif.NotOnvif:
            if status >= 400:
                raise _Stopped(Trouble.NOT_ONVIF, f"it answered with status {status}") from None
            raise
