"""A small recorder that speaks ONVIF on this machine, in the manner of either of two makers; it checks who asks.

`Manner.SIGNED`: many namespaces, SOAP 1.2 faults, a WS-Security digest that is checked with its time and used once.
`Manner.PLAIN`: other prefixes, SOAP 1.1 faults, an HTTP digest, no GetServices and no search: only GetCapabilities and
GetRecordingInformation.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from types import TracebackType
from urllib.request import parse_http_list, parse_keqv_list

from aiohttp import web

USER, PASSWORD = "wardgate", "the recorder's pass<word>"
SOAP = "application/soap+xml; charset=utf-8"


class Manner(Enum):
    SIGNED = "signed"
    PLAIN = "plain"


@dataclass
class Kept:
    """A recording by the real clock: how old its ends are."""

    token: str
    source: str = ""
    earliest: timedelta = timedelta(days=40)
    latest: timedelta | None = timedelta(seconds=20)
    status: str = "Recording"


@dataclass
class ServedRecorder:
    """`async with` it; `kept` and all else may be changed at any time."""

    manner: Manner = Manner.SIGNED
    kept: list[Kept] = field(default_factory=lambda: [Kept("Rec_1", "Cam_1"), Kept("Rec_2", "Cam_2")])
    ahead: timedelta = timedelta(0)
    instead: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
    """Answers in its place."""
    asked: list[str] = field(default_factory=list)
    refused: int = 0
    port: int = 0
    _nonces: set[str] = field(default_factory=set)
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> ServedRecorder:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/onvif/device_service"

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if self.instead is not None:
            return await self.instead(request)
        text = await request.text()
        name = re.search(r"<s:Body><q:(\w+)", text)
        assert name is not None, text
        self.asked.append(name[1])
        if name[1] != "GetSystemDateAndTime" and (refusal := self._refusal(request, text)) is not None:
            self.refused += 1
            return refusal
        act = getattr(self, f"_{name[1]}", None)
        return self._fault("ActionNotSupported", 400) if act is None else self._answer(name[1], act(text))

    # --- who asks -----------------------------------------------------------------------------------------------------

    def _refusal(self, request: web.Request, text: str) -> web.Response | None:
        if self.manner is Manner.PLAIN:
            good = self._http_digest(request)
            challenge = {"WWW-Authenticate": 'Digest realm="NVR", qop="auth", nonce="4f2a", algorithm=MD5'}
            return None if good else web.Response(status=401, headers=challenge, text="<html>who?</html>")
        return None if self._signed(text) else self._fault("NotAuthorized", 400)

    def _signed(self, text: str) -> bool:
        found = {
            name: re.search(rf"<\w+:{name}(?: [^>]*)?>([^<]*)<", text)
            for name in ("Username", "Password", "Nonce", "Created")
        }
        if not all(found.values()):
            return False
        user, digest, nonce, created = (match[1] for match in found.values() if match is not None)
        off = abs(datetime.fromisoformat(created) - self.now)
        if user != USER or nonce in self._nonces or off > timedelta(seconds=10):
            return False
        self._nonces.add(nonce)
        wanted = hashlib.sha1(base64.b64decode(nonce) + created.encode() + PASSWORD.encode()).digest()
        return base64.b64decode(digest) == wanted

    def _http_digest(self, request: web.Request) -> bool:
        kind, _, rest = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "digest":
            return False
        said = parse_keqv_list(parse_http_list(rest))

        def md5(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()

        first, second = md5(f"{USER}:NVR:{PASSWORD}"), md5(f"POST:{request.path}")
        wanted = md5(f"{first}:4f2a:{said.get('nc')}:{said.get('cnonce')}:auth:{second}")
        return said.get("username") == USER and said.get("uri") == request.path and said.get("response") == wanted

    # --- what it says -------------------------------------------------------------------------------------------------

    def _answer(self, name: str, inner: str | web.Response) -> web.Response:
        if isinstance(inner, web.Response):
            return inner
        if self.manner is Manner.PLAIN:
            body = f'<m:{name}Response xmlns:m="urn:x">{inner}</m:{name}Response>'
            text = f'<?xml version="1.0"?><env:Envelope xmlns:env="urn:soap"><env:Body>{body}</env:Body></env:Envelope>'
            return web.Response(body=text.replace("tt:", "").encode(), content_type="text/xml")
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV='
            '"http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema" '
            'xmlns:tse="http://www.onvif.org/ver10/search/wsdl">\n  <SOAP-ENV:Header></SOAP-ENV:Header>\n'
            f"  <SOAP-ENV:Body><tse:{name}Response>{inner}</tse:{name}Response></SOAP-ENV:Body>\n</SOAP-ENV:Envelope>"
        )
        return web.Response(body=text.encode(), headers={"Content-Type": SOAP})

    def _fault(self, code: str, status: int) -> web.Response:
        if self.manner is Manner.PLAIN:
            inner = f"<faultcode>ter:{code}</faultcode><faultstring>no</faultstring>"
        else:
            inner = (
                "<s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:Refused</s:Value>"
                f"<s:Subcode><s:Value>ter:{code}</s:Value></s:Subcode></s:Subcode></s:Code>"
            )
        text = f'<s:Envelope xmlns:s="urn:x"><s:Body><s:Fault>{inner}</s:Fault></s:Body></s:Envelope>'
        return web.Response(status=status, body=text.encode(), headers={"Content-Type": SOAP})

    def _GetSystemDateAndTime(self, _: str) -> str:
        now = self.now
        parts = "".join(f"<tt:{name}>{getattr(now, name.lower())}</tt:{name}>" for name in ("Hour", "Minute", "Second"))
        date = "".join(f"<tt:{name}>{getattr(now, name.lower())}</tt:{name}>" for name in ("Year", "Month", "Day"))
        utc = f"<tt:UTCDateTime><tt:Time>{parts}</tt:Time><tt:Date>{date}</tt:Date></tt:UTCDateTime>"
        return f"<SystemDateAndTime><tt:TimeZone><tt:TZ>CST-8</tt:TZ></tt:TimeZone>{utc}</SystemDateAndTime>"

    def _GetServices(self, _: str) -> str | web.Response:
        if self.manner is Manner.PLAIN:
            return self._fault("ActionNotSupported", 500)
        services = (("device", "/onvif/device_service"), ("search", "/onvif/search?x=1"))
        return "".join(
            f"<tt:Service><tt:Namespace>http://www.onvif.org/ver10/{name}/wsdl</tt:Namespace>"
            f"<tt:XAddr>http://192.168.250.250:8899{path}</tt:XAddr></tt:Service>"
            for name, path in services
        )

    def _GetCapabilities(self, _: str) -> str:
        address = "http://10.99.0.1/onvif/search"
        return (
            "<tt:Capabilities><tt:Device><tt:XAddr>http://10.99.0.1/</tt:XAddr></tt:Device><tt:Extension><tt:Search>"
            f"<tt:XAddr>{address}</tt:XAddr></tt:Search></tt:Extension></tt:Capabilities>"
        )

    def _FindRecordings(self, _: str) -> str | web.Response:
        if self.manner is Manner.PLAIN:
            return self._fault("ActionNotSupported", 500)
        return "<tse:SearchToken>search&amp;1</tse:SearchToken>"

    def _GetRecordingSearchResults(self, text: str) -> str:
        assert ">search&amp;1<" in text
        found = "".join(map(self._information, self.kept))
        return f"<tse:ResultList><tt:SearchState>Completed</tt:SearchState>{found}</tse:ResultList>"

    def _GetRecordingInformation(self, text: str) -> str | web.Response:
        wanted = re.search(r"<q:RecordingToken>([^<]*)<", text)
        kept = next((one for one in self.kept if wanted is not None and one.token == wanted[1]), None)
        return self._fault("InvalidToken", 400) if kept is None else self._information(kept)

    def _information(self, kept: Kept) -> str:
        now = self.now
        begun = f"{now - kept.earliest:%Y-%m-%dT%H:%M:%SZ}"
        latest = "" if kept.latest is None else f"{now - kept.latest:%Y-%m-%dT%H:%M:%S.5Z}"
        return (
            f"<tt:RecordingInformation><tt:RecordingToken>{kept.token}</tt:RecordingToken><tt:Source>"
            f"<tt:SourceId>{kept.source}</tt:SourceId><tt:Name>北门</tt:Name></tt:Source>"
            f"<tt:EarliestRecording>{begun}</tt:EarliestRecording><tt:LatestRecording>{latest}</tt:LatestRecording>"
            f"<tt:Track><tt:TrackToken>v</tt:TrackToken><tt:TrackType>Video</tt:TrackType><tt:DataFrom>{begun}"
            f"</tt:DataFrom><tt:DataTo>{latest}</tt:DataTo></tt:Track>"
            f"<tt:RecordingStatus>{kept.status}</tt:RecordingStatus></tt:RecordingInformation>"
        )
