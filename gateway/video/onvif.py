"""The few words of ONVIF by which a recorder is asked for its recordings: requests as text, answers as values.

Promises: an answer is read piece by piece within bounds of size, depth and count; one with a document type is refused
at its first line, so there are no entities but XML's own five; whatever came, the outcome is values, a `Fault` that the
recorder said, or `NotOnvif`. Prefixes and namespaces are not looked at: makers disagree about them, and some declare
none. Nothing here opens a connection (`gateway.video.capture.web_recorder` does).

SOAP 1.2, WS-Security UsernameToken with a digest; device service, and search service of Profile G.
"""

from __future__ import annotations

import base64
import codecs
import hashlib
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit
from xml.parsers import expat
from xml.sax.saxutils import escape

from gateway.core.recordings import NO_EARLIER, Held, Status

ANSWER_AT_MOST = 2 * 1024 * 1024
"""Bytes of one answer; 200 recordings with three tracks each are 300 KB."""
DEPTH_AT_MOST = 16
ELEMENTS_AT_MOST = 40_000
TEXT_AT_MOST = 1_000
"""Of one field; what is longer is cut."""
AT_ONCE = 100
"""Recordings asked for in one answer."""
GATHERED = 64 * 1024
"""Bytes before the parser sees them: older ones begin a long word anew with each piece."""
YEARS = range(1970, 2201)
"""Of a clock. One that was never set says 1970 and is signed for as it is; what is past the end is none."""

DEVICE = "http://www.onvif.org/ver10/device/wsdl"
SEARCH = "http://www.onvif.org/ver10/search/wsdl"
SCHEMA = "http://www.onvif.org/ver10/schema"
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
_NOT_ALLOWED = frozenset({"NotAuthorized", "FailedAuthentication", "InvalidSecurity", "InvalidSecurityToken"})
_WIDE = re.compile(rb"""^\s*<\?xml[^>]*encoding\s*=\s*["'](gb2312|gbk|gb18030|big5)["']""", re.IGNORECASE)


_STATUS = {status.value: status for status in Status}


class NotOnvif(Exception):
    """What came is no answer that can be read. The text is ours, and for people."""


class TooLarge(NotOnvif):
    """More than is read of an answer."""


class Fault(Exception):
    """What the recorder said instead of an answer; the text holds its codes, and none of its own words."""

    def __init__(self, codes: tuple[str, ...]) -> None:
        super().__init__("it answered with the fault " + (" ".join(codes) or "without a code"))
        self.codes = codes

    @property
    def is_about_credentials(self) -> bool:
        return not _NOT_ALLOWED.isdisjoint(self.codes)


@dataclass(slots=True)
class Node:
    """An element by its name without prefix."""

    name: str
    children: list[Node] = field(default_factory=list)
    text: str = ""

    def all(self, name: str) -> Iterator[Node]:
        """Every element of that name below, in the order of the document."""
        waiting = list(reversed(self.children))
        while waiting:
            node = waiting.pop()
            if node.name == name:
                yield node
            waiting.extend(reversed(node.children))

    def first(self, name: str) -> Node | None:
        return next(self.all(name), None)

    def outermost(self, *names: str) -> Iterator[Node]:
        """Every element of those names below that is in no other of them: a hostile answer has them nested, and whoever
        looks into each would look at the innermost as often as they are deep."""
        waiting = list(reversed(self.children))
        while waiting:
            node = waiting.pop()
            if node.name in names:
                yield node
            else:
                waiting.extend(reversed(node.children))

    def word(self, name: str) -> str:
        """The text of the first element of that name below; empty if there is none."""
        node = self.first(name)
        return "" if node is None else node.text.strip()


class Reading:
    """One answer, as its bytes come."""

    def __init__(self) -> None:
        self._top = Node("")
        self._open = [self._top]
        self._elements = 0
        self._bytes = 0
        self._begun = False
        self._waiting = bytearray()
        self._wide: codecs.IncrementalDecoder | None = None
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._starts
        self._parser.EndElementHandler = self._ends
        self._parser.CharacterDataHandler = self._says
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.EntityDeclHandler = self._refuse

    def feed(self, data: bytes, *, last: bool = False) -> None:
        """The next piece. Raises `NotOnvif`."""
        self._bytes += len(data)
        if self._bytes > ANSWER_AT_MOST:
            raise TooLarge(f"its answer is larger than {ANSWER_AT_MOST // 1024 // 1024} MB")
        self._waiting += data
        if len(self._waiting) < GATHERED and not last:
            return
        data = bytes(self._waiting)
        self._waiting.clear()
        if not self._begun and data:
            self._begun = True
            if (wide := _WIDE.match(data[:200])) is not None:
                # expat knows no encoding of several bytes but Unicode's; what is handed to it as text it takes.
                self._wide = codecs.getincrementaldecoder(wide[1].decode("ascii"))("replace")
        try:
            self._parser.Parse(data if self._wide is None else self._wide.decode(data, last), last)
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise NotOnvif("its answer is not XML as it should be") from error

    def end(self) -> Node:
        """The body of the envelope. Raises `NotOnvif`, or the `Fault` that is in it."""
        self.feed(b"", last=True)
        body = next((node for node in self._top.all("Body")), None)
        if body is None or not any(node.name == "Envelope" for node in self._top.children):
            raise NotOnvif("its answer is no SOAP envelope")
        fault = next((node for node in body.children if node.name == "Fault"), None)
        if fault is not None:
            raise Fault(_codes(fault))
        return body

    def _starts(self, name: str, _: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > ELEMENTS_AT_MOST or len(self._open) > DEPTH_AT_MOST:
            raise TooLarge("its answer has more parts than are read")
        node = Node(name.rpartition(":")[2][:TEXT_AT_MOST])
        self._open[-1].children.append(node)
        self._open.append(node)

    def _ends(self, _: str) -> None:
        self._open.pop()

    def _says(self, text: str) -> None:
        node = self._open[-1]
        if len(node.text) < TEXT_AT_MOST:
            node.text = (node.text + text)[:TEXT_AT_MOST]

    def _refuse(self, *_: object) -> None:
        raise NotOnvif("its answer has a document type, which no answer of a recorder has")


def read(data: bytes) -> Node:
    """A whole answer at once."""
    reading = Reading()
    reading.feed(data)
    return reading.end()


def _codes(fault: Node) -> tuple[str, ...]:
    """The codes of a fault, SOAP 1.2 (Code, Subcode …) or 1.1 (faultcode), without prefixes."""
    found = []
    for node in (*fault.all("Value"), *fault.all("faultcode")):
        code = node.text.strip().rpartition(":")[2]
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]{0,60}", code):
            found.append(code)
    words = (fault.word("Text") + fault.word("faultstring")).lower()
    if "not authorized" in words or "unauthorized" in words or "authority failure" in words:
        found.append("NotAuthorized")
    return tuple(dict.fromkeys(found))[:5]


# --- requests ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of which service."""

    service: str
    name: str
    inner: str = ""

    @property
    def action(self) -> str:
        return f"{self.service}/{self.name}"

    def envelope(self, user: str = "", password: str = "", at: datetime | None = None) -> bytes:
        """The text to send. With a user: signed at `at`, by the recorder's own clock."""
        header = "" if not user or at is None else f"<s:Header>{_token(user, password, at)}</s:Header>"
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{_SOAP}">{header}<s:Body>'
            f'<q:{self.name} xmlns:q="{self.service}" xmlns:t="{SCHEMA}">{self.inner}</q:{self.name}>'
            "</s:Body></s:Envelope>"
        ).encode()


def _token(user: str, password: str, at: datetime) -> str:
    nonce, created = secrets.token_bytes(16), at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    # SHA-1 is what the standard has; what it protects is on the camera network.
    digest = hashlib.sha1(nonce + created.encode() + password.encode(), usedforsecurity=False).digest()
    return (
        f'<w:Security xmlns:w="{_WSS}-wssecurity-secext-1.0.xsd" xmlns:u="{_WSS}-wssecurity-utility-1.0.xsd" '
        f's:mustUnderstand="1"><w:UsernameToken><w:Username>{escape(user)}</w:Username>'
        f'<w:Password Type="{_WSS}-username-token-profile-1.0#PasswordDigest">{base64.b64encode(digest).decode()}'
        f'</w:Password><w:Nonce EncodingType="{_WSS}-soap-message-security-1.0#Base64Binary">'
        f"{base64.b64encode(nonce).decode()}</w:Nonce><u:Created>{created}</u:Created>"
        "</w:UsernameToken></w:Security>"
    )


CLOCK = Request(DEVICE, "GetSystemDateAndTime")
SERVICES = Request(DEVICE, "GetServices", "<q:IncludeCapability>false</q:IncludeCapability>")
CAPABILITIES = Request(DEVICE, "GetCapabilities", "<q:Category>All</q:Category>")
SUMMARY = Request(SEARCH, "GetRecordingSummary")
FIND = Request(SEARCH, "FindRecordings", "<q:Scope/><q:KeepAliveTime>PT30S</q:KeepAliveTime>")


def results(search: str) -> Request:
    """The next recordings of a search."""
    inner = (
        f"<q:SearchToken>{escape(search)}</q:SearchToken><q:MinResults>{AT_ONCE}</q:MinResults>"
        f"<q:MaxResults>{AT_ONCE}</q:MaxResults><q:WaitTime>PT5S</q:WaitTime>"
    )
    return Request(SEARCH, "GetRecordingSearchResults", inner)


def information(token: str) -> Request:
    """One recording by its token."""
    return Request(SEARCH, "GetRecordingInformation", f"<q:RecordingToken>{escape(token)}</q:RecordingToken>")


# --- answers ----------------------------------------------------------------------------------------------------------


def clock_in(body: Node) -> datetime | None:
    """The recorder's clock, UTC; None where it does not tell."""
    utc = body.first("UTCDateTime")
    if utc is None:
        return None
    try:
        year, month, day, hour, minute, second = (
            int(utc.word(name)) for name in ("Year", "Month", "Day", "Hour", "Minute", "Second")
        )
        told = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return told if told.year in YEARS else None


def search_path_in(body: Node) -> str | None:
    """Path and query of the search service. Its host is not looked at: recorders behind a router tell their inner one,
    and nobody tells us where else to go."""
    for service in body.outermost("Service"):
        if service.word("Namespace").rstrip("/") == SEARCH:
            return _path(service.word("XAddr"))
    for capability in body.outermost("Search"):
        if capability.word("XAddr"):
            return _path(capability.word("XAddr"))
    return None


def search_token_in(body: Node) -> str:
    return body.word("SearchToken")


def is_complete(body: Node) -> bool:
    """Whether a search has no more results."""
    return body.word("SearchState") == "Completed"


def recordings_in(body: Node) -> list[Held]:
    """Every recording of an answer."""
    found = body.outermost("RecordingInformation", "RecordInformation")
    return [held for held in map(_held, found) if held.tokens]


def summary_in(body: Node) -> Held | None:
    """All recordings as one, of a recorder that tells of them only together."""
    summary = body.first("Summary")
    if summary is None or summary.word("NumberRecordings") == "0":
        return None
    return Held("", name="all", earliest=time_of(summary.word("DataFrom")), latest=time_of(summary.word("DataUntil")))


def _held(node: Node) -> Held:
    source = next(_children(node, "Source"), Node(""))
    spans = [("EarliestRecording", "LatestRecording", node)]
    tracks = [track for at in (node, *_children(node, "Tracks")) for track in _children(at, "Track")]
    spans += [("DataFrom", "DataTo", track) for track in tracks if _own(track, "TrackType") in ("Video", "")]
    begun = [time_of(_own(of, first)) for first, _, of in spans]
    ended = [time_of(_own(of, last)) for _, last, of in spans]
    # The recording's own word first: some say 1970 of the whole and the truth of a track.
    earliest = next((at for at in begun if at is not None and at >= NO_EARLIER), begun[0])
    said = _own(node, "RecordingStatus")
    return Held(
        token=_own(node, "RecordingToken"),
        source=_own(source, "SourceId"),
        source_token=_own(source, "VideoSourceToken"),
        name=_own(source, "Name"),
        status=_STATUS.get(said, Status.UNKNOWN),
        earliest=earliest,
        latest=max((at for at in ended if at is not None), default=None),
    )


def _own(node: Node, name: str) -> str:
    return next((child.text.strip() for child in _children(node, name)), "")


def _children(node: Node, name: str) -> Iterator[Node]:
    return (child for child in node.children if child.name == name)


def time_of(text: str) -> datetime | None:
    """A time as XML writes it; without a zone it is UTC. None: it is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).astimezone(UTC)
    except OverflowError:
        return None


def _path(address: str) -> str | None:
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return path if re.fullmatch(r"/[\x21-\x7e]{0,500}", path) else None
