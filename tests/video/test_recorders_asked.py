"""Recorders are asked over ONVIF: two makers' manners, who asks, an address outside, and answers that are none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import web

from gateway.core.recordings import Answer, Recorder, Status, Trouble
from gateway.video import onvif
from gateway.video.capture import talk, web_recorder
from gateway.video.capture.address import Networks
from gateway.video.capture.seeing import Eye
from tests.parts.onvif_recorder import PASSWORD, SOAP, USER, Kept, Manner, ServedRecorder

LOOPBACK = ("127.0.0.0/8",)


@pytest.fixture
def names() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


@pytest.fixture
async def served() -> AsyncIterator[ServedRecorder]:
    async with ServedRecorder() as made:
        yield made


async def ask(
    served: ServedRecorder, names: ThreadPoolExecutor, *tokens: str, networks: tuple[str, ...] = LOOPBACK, **how: Any
) -> Answer:
    recorder = Recorder(**({"id": "nvr-1", "url": served.url, "user": USER, "password": PASSWORD} | how))
    answer = await web_recorder.ask(recorder, tokens, Networks(networks), names)
    assert PASSWORD not in repr(answer)
    assert "127.0.0.1" not in answer.detail
    return answer


async def test_a_recorder_that_wants_a_signature_lists_its_recordings(served, names) -> None:
    served.ahead = timedelta(minutes=17)

    answer = await ask(served, names)

    assert (answer.trouble, answer.detail, served.refused) == (None, "", 0)
    assert answer.clock_ahead_s == pytest.approx(17 * 60, abs=3)
    assert [(held.token, held.source, held.name, held.status) for held in answer.held] == [
        ("Rec_1", "Cam_1", "北门", Status.RECORDING),
        ("Rec_2", "Cam_2", "北门", Status.RECORDING),
    ]
    # Ages by its own clock, whatever that says.
    first = answer.held[0]
    assert first.earliest is not None
    assert answer.told_at - first.earliest == pytest.approx(timedelta(days=40), abs=timedelta(seconds=5))
    assert served.asked[:2] == ["GetSystemDateAndTime", "GetServices"], "its clock is asked first, by nobody"


async def test_a_recorder_of_another_manner_is_asked_for_each_recording_after_an_http_digest(served, names) -> None:
    served.manner = Manner.PLAIN

    answer = await ask(served, names, "Rec_2", "Rec_9")

    assert answer.trouble is None
    assert [(held.token, held.status) for held in answer.held] == [("Rec_2", Status.RECORDING)]
    assert served.asked.count("GetRecordingInformation") == 2


@pytest.mark.parametrize("manner", list(Manner))
async def test_a_wrong_password_ends_the_turn_at_once(served, names, manner: Manner) -> None:
    served.manner = manner

    answer = await ask(served, names, "Rec_1", password="wrong")

    assert (answer.trouble, answer.detail) == (Trouble.CREDENTIALS, "it does not accept the user and password")
    assert served.refused <= 3, "a recorder locks out whoever goes on"


async def test_a_recorder_outside_the_camera_networks_is_not_connected_to(served, names) -> None:
    by_number = await ask(served, names, networks=("10.0.0.0/8",))
    by_name = await ask(served, names, networks=("10.0.0.0/8",), url=served.url.replace("127.0.0.1", "localhost"))

    assert (by_number.trouble, by_name.trouble) == (Trouble.OUTSIDE, Trouble.OUTSIDE)
    assert served.asked == []


async def test_nobody_listens_or_it_hangs_or_it_sends_a_byte_now_and_then(served, names, monkeypatch) -> None:
    monkeypatch.setattr(web_recorder, "ANSWER_S", 0.3)

    async def hangs(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    async def drips(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": SOAP})
        await answer.prepare(request)
        for _ in range(100):
            await answer.write(b" ")
            await asyncio.sleep(0.05)
        return answer

    told = []
    for served.instead in (hangs, drips):
        told.append((await ask(served, names)).trouble)
    told.append((await ask(served, names, url="http://127.0.0.1:1/onvif")).trouble)

    assert told == [Trouble.SILENT, Trouble.SILENT, Trouble.UNREACHABLE]


def sends(body: bytes, status: int = 200, **headers: str) -> Any:
    async def instead(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(status=status, headers={"Content-Type": SOAP} | headers)
        await answer.prepare(request)
        await answer.write(body)
        return answer

    return instead


async def endless(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": SOAP})
    await answer.prepare(request)
    while True:
        await answer.write(b"<a>" + b" " * 65_536 + b"</a>")


async def cuts(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": SOAP, "Content-Length": "5000"})
    await answer.prepare(request)
    await answer.write(b"<Envelope><Body>")
    assert request.transport is not None
    request.transport.close()
    return answer


@pytest.mark.parametrize(
    ("instead", "trouble"),
    [
        (sends(b"<html><body>Login</body></html>", **{"Content-Type": "text/html"}), Trouble.NOT_ONVIF),
        (sends(b"<html><body>Login</body></html>"), Trouble.NOT_ONVIF),
        (sends(b"", status=404), Trouble.NOT_ONVIF),
        (sends(b"gone", status=500), Trouble.NOT_ONVIF),
        (sends(b"", status=302, Location="http://127.0.0.1:1/elsewhere"), Trouble.REDIRECT),
        (sends(b"", status=403), Trouble.CREDENTIALS),
        (sends(b"\x1f\x8b\x08\x00rubbish", **{"Content-Encoding": "gzip"}), Trouble.NOT_ONVIF),
        (sends(b"<Envelope><Body><GetServicesResponse/></Body></Envelope>"), Trouble.NO_SEARCH),
        (cuts, Trouble.UNREACHABLE),
        (endless, Trouble.NOT_ONVIF),  # a second root ends it; the size limit is the parser's own test
    ],
)
async def test_what_is_no_answer_is_told_apart_and_ends_the_turn(served, names, instead: Any, trouble: Trouble) -> None:
    served.instead = instead

    assert (await ask(served, names)).trouble is trouble


async def test_a_camera_with_its_own_storage_needs_no_token_and_may_only_tell_a_summary(served, names) -> None:
    served.manner = Manner.PLAIN
    served._GetRecordingSummary = lambda _: (  # type: ignore[attr-defined]
        "<Summary><tt:DataFrom>2026-01-01T00:00:00Z</tt:DataFrom><tt:DataUntil>2026-02-01T00:00:00Z</tt:DataUntil>"
        "<tt:NumberRecordings>7</tt:NumberRecordings></Summary>"
    )

    (held,) = (await ask(served, names)).held

    assert (held.earliest, held.latest) == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))


async def test_ten_thousand_recordings_are_not_read_and_the_wanted_one_is_asked_for(served, names) -> None:
    served.kept = [Kept(f"R{number}") for number in range(10_000)]

    answer = await ask(served, names, "R9876")

    assert [held.token for held in answer.held] == ["R9876"]


# ---------------------------------------------------------------- answers as bytes


def envelope(inner: str, head: str = "") -> bytes:
    return f"{head}<e:Envelope><e:Body>{inner}</e:Body></e:Envelope>".encode()


@pytest.mark.parametrize(
    "bomb",
    [
        envelope("&a;", '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'),
        envelope("&x;", '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        envelope("", '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">'),
    ],
)
def test_a_document_type_is_refused_at_its_first_line(bomb: bytes) -> None:
    with pytest.raises(onvif.NotOnvif, match="document type"):
        onvif.read(bomb)


@pytest.mark.parametrize(
    "flood",
    [
        envelope("<a>" * 100 + "</a>" * 100),
        envelope("<a/>" * (onvif.ELEMENTS_AT_MOST + 1)),
        envelope("x" * onvif.ANSWER_AT_MOST),
    ],
    ids=["deep", "many", "long"],
)
def test_an_answer_has_bounds(flood: bytes) -> None:
    with pytest.raises(onvif.TooLarge):
        onvif.read(flood)


@pytest.mark.parametrize(
    "rubbish", [b"", b"<", b"\x00\xff", b"<a></b>", b"{}", envelope("&nbsp;"), b"<Body/>", b"<a/>"]
)
def test_what_is_no_envelope_is_refused(rubbish: bytes) -> None:
    with pytest.raises(onvif.NotOnvif):
        onvif.read(rubbish)


def test_a_truncated_answer_is_refused_wherever_it_ends() -> None:
    whole = envelope("<t:RecordingInformation><t:RecordingToken>a</t:RecordingToken></t:RecordingInformation>")

    for length in range(len(whole)):
        with pytest.raises(onvif.NotOnvif):
            onvif.read(whole[:length])
    assert [held.token for held in onvif.recordings_in(onvif.read(whole))] == ["a"]


@pytest.mark.parametrize(
    ("inner", "codes", "is_about_credentials"),
    [
        (
            "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode>"
            "</s:Code><s:Reason><s:Text>x</s:Text></s:Reason></s:Fault>",
            ("Sender", "NotAuthorized"),
            True,
        ),
        ("<Fault><faultcode>ter:InvalidArgVal</faultcode></Fault>", ("InvalidArgVal",), False),
        ("<Fault><faultcode>SOAP-ENV:Client</faultcode><faultstring>Sender not Authorized</faultstring></Fault>",
         ("Client", "NotAuthorized"), True),
        ("<Fault><faultcode>&lt;script&gt; secret</faultcode></Fault>", (), False),
    ],
)  # fmt: skip
def test_a_fault_of_either_form_is_told_by_its_codes(
    inner: str, codes: tuple[str, ...], is_about_credentials: bool
) -> None:
    with pytest.raises(onvif.Fault) as raised:
        onvif.read(envelope(inner))

    assert (raised.value.codes, raised.value.is_about_credentials) == (codes, is_about_credentials)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-03-01T10:00:00Z", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01T18:00:00.250+08:00", datetime(2026, 3, 1, 10, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-03-01T10:00:00", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("0000-00-00T00:00:00Z", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("20260301", datetime(2026, 3, 1, tzinfo=UTC)),
        ("soon", None),
        ("", None),
    ],
)
def test_times_are_read_as_makers_write_them(text: str, at: datetime | None) -> None:
    assert onvif.time_of(text) == at


def test_a_recording_that_is_of_1970_has_the_date_of_its_track() -> None:
    inner = (
        "<RecordingInformation><RecordingToken>r</RecordingToken><EarliestRecording>1970-01-01T00:03:15Z"
        "</EarliestRecording><LatestRecording>2026-03-15T16:28:00Z</LatestRecording><Track><TrackType>Audio</TrackType>"
        "<DataFrom>2020-01-01T00:00:00Z</DataFrom></Track><Track><TrackType>Video</TrackType>"
        "<DataFrom>2026-02-01T00:00:00Z</DataFrom><DataTo>2026-03-15T16:29:00Z</DataTo></Track>"
        "<RecordingStatus>Whatever</RecordingStatus></RecordingInformation>"
    )

    (held,) = onvif.recordings_in(onvif.read(envelope(inner)))

    assert held.earliest == datetime(2026, 2, 1, tzinfo=UTC)
    assert held.latest == datetime(2026, 3, 15, 16, 29, tzinfo=UTC)
    assert held.status is Status.UNKNOWN


def test_names_in_chinese_encodings_are_read_also_when_they_come_in_pieces() -> None:
    text = '<?xml version="1.0" encoding="GB2312"?><Envelope><Body><Name>北门</Name></Body></Envelope>'.encode("gb2312")
    reading = onvif.Reading()
    reading.feed(text[:60])
    for byte in text[60:]:
        reading.feed(bytes([byte]))

    assert reading.end().word("Name") == "北门"


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("http://192.168.1.9:8899/onvif/search", "/onvif/search"),
        ("https://evil.example/a?b=c", "/a?b=c"),
        ("http://[::1", None),
        ("http://x/a b", None),
        ("http://x/" + "a" * 501, None),
        ("http://x", "/"),
    ],
)
def test_of_a_service_only_its_path_is_taken(address: str, path: str | None) -> None:
    inner = f"<Service><Namespace>{onvif.SEARCH}</Namespace><XAddr>{address}</XAddr></Service>"

    assert onvif.search_path_in(onvif.read(envelope(inner))) == path


def test_a_token_cannot_break_out_of_the_request() -> None:
    request = onvif.information("</q:RecordingToken><evil/>").envelope("<me>", "p", datetime.now(UTC)).decode()

    assert "<evil/>" not in request
    assert "<me>" not in request
    onvif.read(request.encode())


DATE = (
    "<UTCDateTime><Hour>23</Hour><Minute>59</Minute><Second>59</Second>{}<Month>12</Month><Day>31</Day></UTCDateTime>"
)


@pytest.mark.parametrize("year", ["9999999999999", "9" * 999, "9999", "0001", "-1", "1969", "2201", "", "soon"])
def test_a_clock_that_cannot_be_is_none(year: str) -> None:
    assert onvif.clock_in(onvif.read(envelope(DATE.format(f"<Year>{year}</Year>")))) is None


def test_a_clock_that_was_never_set_is_signed_for_as_it_is() -> None:
    told = onvif.clock_in(onvif.read(envelope(DATE.format("<Year>1970</Year>"))))

    assert told == datetime(1970, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("instead", "how", "trouble"),
    [
        (sends(envelope(DATE.format("<Year>9999</Year>"))), {}, Trouble.NO_SEARCH),
        (sends(b"", 401, **{"WWW-Authenticate": 'Digest realm="x", nonce="1", domain="http://["'}), {}, None),
        (sends(b"", 401, **{"WWW-Authenticate": 'Digest realm="x", nonce="1"'}), {"user": "a:b"}, None),
    ],
    ids=["clock", "domain", "user"],
)
async def test_no_recorder_makes_a_fault_of_ours_of_its_silence(served, names, instead, how, trouble) -> None:
    """What is our own fault is held against no recorder: it could be silent for good."""
    served.instead = instead

    assert (await ask(served, names, **how)).trouble is (trouble or Trouble.NOT_ONVIF)


async def test_what_breaks_the_eyes_asking_is_no_fault_of_ours(monkeypatch) -> None:
    async def breaks(*_: object) -> Answer:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(web_recorder, "ask", breaks)
    said: list[Any] = []
    eye = cast("Eye", SimpleNamespace(_networks=None, _names=None, _say=said.append))

    await Eye._ask_recorder(eye, talk.AskRecorder(7, Recorder("nvr-1", "http://127.0.0.1:1/"), ()))

    assert (said[-1].number, said[-1].answer.trouble) == (7, Trouble.FAULT)
    assert "unforeseen" not in str(said)


def test_recordings_within_recordings_are_one_and_nobody_looks_into_them() -> None:
    inner = "<RecordingToken>a</RecordingToken><Track><TrackType>Video</TrackType></Track>"
    nested = f"<RecordingInformation>{inner}" * 8 + "</RecordingInformation>" * 8
    token = "<RecordingInformation><X><RecordingToken>b</RecordingToken></X></RecordingInformation>"

    assert [held.token for held in onvif.recordings_in(onvif.read(envelope(nested + token)))] == ["a"]


def test_a_track_counts_where_it_stands_and_nowhere_deeper() -> None:
    def track(date: str) -> str:
        return f"<Track><TrackType>Video</TrackType><DataTo>{date}T00:00:00Z</DataTo></Track>"

    inner = f"{track('2026-01-01')}<Tracks>{track('2026-01-02')}</Tracks><X>{track('2026-01-03')}</X>"
    whole = f"<RecordingInformation><RecordingToken>a</RecordingToken>{inner}</RecordingInformation>"

    (held,) = onvif.recordings_in(onvif.read(envelope(whole)))

    assert held.latest == datetime(2026, 1, 2, tzinfo=UTC)


def test_an_answer_in_small_pieces_is_gathered_before_it_is_read() -> None:
    """A parser of before 2024 begins a long word anew with each piece."""
    reading, fed = onvif.Reading(), []
    parser = reading._parser
    reading._parser = cast(
        "Any", SimpleNamespace(Parse=lambda data, last: (fed.append(len(data)), parser.Parse(data, last)))
    )
    whole = envelope(f'<a b="{"x" * (3 * onvif.GATHERED)}"/>')
    for at in range(0, len(whole), 500):
        reading.feed(whole[at : at + 500])
    reading.end()

    assert sum(fed) == len(whole)
    assert len(fed) <= 4


async def test_a_password_that_is_wrong_is_sent_once_a_turn(served, names) -> None:
    """Also where even the clock is told to nobody."""
    sent: list[str] = []

    async def refuses(request: web.Request) -> web.StreamResponse:
        sent.append(request.headers.get("Authorization", ""))
        return web.Response(status=401, headers={"WWW-Authenticate": 'Digest realm="NVR", qop="auth", nonce="4f2a"'})

    served.instead = refuses
    answer = await ask(served, names, "Rec_1", password="wrong")

    assert answer.trouble is Trouble.CREDENTIALS
    assert [authorization[:6] for authorization in sent if authorization] == ["Digest"]


@pytest.mark.parametrize("is_one_line", [True, False])
async def test_a_recorder_that_names_basic_before_digest_is_told_as_such(served, names, is_one_line: bool) -> None:
    async def refuses(_: web.Request) -> web.StreamResponse:
        answer = web.Response(status=401)
        offered = ('Basic realm="NVR"', 'Digest realm="NVR", nonce="1"')
        for challenge in (", ".join(offered),) if is_one_line else offered:
            answer.headers.add("WWW-Authenticate", challenge)
        return answer

    served.instead = refuses
    answer = await ask(served, names)

    assert (answer.trouble, "Basic before HTTP Digest" in answer.detail) == (Trouble.CREDENTIALS, True)


async def test_of_more_tokens_than_are_asked_for_singly_not_all_were_looked_at(served, names, monkeypatch) -> None:
    monkeypatch.setattr(web_recorder, "SINGLY_AT_MOST", 1)
    served.manner = Manner.PLAIN

    told = [(await ask(served, names, *tokens)).is_cut for tokens in (("Rec_1",), ("Rec_1", "Rec_2"))]

    assert told == [False, True]
    assert f"MinResults>{onvif.AT_ONCE}<" in onvif.results("1").inner, "a page of one recording is cut at forty"


async def test_a_search_without_an_end_is_ended(served, names) -> None:
    served._GetRecordingSearchResults = lambda _: served._information(served.kept[0])  # type: ignore[attr-defined]

    answer = await ask(served, names)
    by_name = await ask(served, names, "Rec_2")
    by_source = await ask(served, names, "Cam_2")

    assert (answer.is_cut, len(answer.held)) == (True, web_recorder.PAGES_AT_MOST)
    assert (by_name.is_cut, by_name.held[-1].token) == (False, "Rec_2")
    assert by_source.is_cut
