"""The eye: what it brings of good cameras, of bad ones and of many at once, and that it never outlives its gateway."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
import zlib
from collections.abc import AsyncIterator

import cv2
import numpy
import psutil
import pytest
import pytest_asyncio

from firmware_sim.cameras.camera import Camera
from firmware_sim.cameras.server import CameraServer
from firmware_sim.cameras.signing_in import Door
from firmware_sim.cameras.site import Cameras
from gateway.core.cameras import Area, Miss, Source, SourceKind
from gateway.core.recordings import Recorder, Trouble
from gateway.video.eye import Eye
from gateway.video.jobs import Job, Outcome, Reason, Ref
from tests.parts.eye_processes import children, gone
from tests.parts.onvif_recorder import PASSWORD, USER, ServedRecorder

LOOPBACK = ("127.0.0.0/8",)


# One eye serves most tests, as it serves a site; starting one takes as long as several of them.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def eye() -> AsyncIterator[Eye]:
    """An eye that sees, and of which nothing is left."""
    of_others = children()
    eye = Eye(LOOPBACK, memory_mb=256)
    await eye.start()
    try:
        assert await eye.ready(), eye.why_away
        yield eye
    finally:
        below = [process for process in children() if process not in of_others]
        await eye.stop()
        assert below
        gone(below)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def narrow() -> AsyncIterator[Eye]:
    """Another eye: with little memory, one address that it may open, and a clock that stands still."""
    eye = Eye(("127.0.0.5/32",), memory_mb=64, clock=lambda: 1_000_000.0)
    await eye.start()
    try:
        assert await eye.ready(), eye.why_away
        yield eye
    finally:
        await eye.stop()


def small(id: str, fps: float = 10.0) -> Camera:
    return Camera(id, "corridor", 3, 320, 180, fps=fps, clock=False)


@pytest_asyncio.fixture(loop_scope="module")
async def server() -> AsyncIterator[CameraServer]:
    async with CameraServer(Cameras([small("a"), small("b")])) as running:
        yield running


def job(url: str, kind: SourceKind = SourceKind.PICTURE, camera: str = "a", **more) -> Job:
    source = Source(kind, url, more.pop("user", ""), more.pop("password", ""))
    asked = {"look_s": 0.4, "pictures": 2, "timeout_s": 1.5, "deadline_s": 6.0, **more}
    return Job(camera=camera, source=source, **asked)


def stream_of(server: CameraServer, camera: str = "a") -> str:
    return server.url(camera).replace("picture.jpg", "stream.mjpg")


# --- good cameras -----------------------------------------------------------------------------------------------------


async def test_pictures_are_measured_against_the_look_that_was_learnt(eye, server):
    learnt = await eye.check(job(server.url("a"), learn=True))
    assert learnt.failure is None and learnt.learnt is not None

    references = (Ref("ref-a", learnt.learnt),)
    first = await eye.check(job(server.url("a"), references=references))
    second = await eye.check(job(server.url("a"), references=references))

    for outcome in (first, second):
        assert [(seen.reference, seen.width, seen.height) for seen in outcome.seen] == [("ref-a", 320, 180)] * 2
        assert all(seen.measures.has_reference for seen in outcome.seen)
    assert second.seen[0].measures.since_s is not None, "the last look is remembered"
    assert abs(first.timing.taken_s[0] - time.time()) < 5 and first.timing.taken_is_wall_clock


async def test_times_are_those_of_the_clock_that_was_handed_in(narrow):
    jpeg = small("a").shot(time.time()).jpeg

    outcome = await narrow.check(job("", SourceKind.FRAME, jpeg=jpeg))

    assert 1_000_000.0 <= outcome.seen[0].at_s < 1_000_010.0
    assert outcome.timing.received_s[0] + outcome.timing.offset_s == pytest.approx(time.time(), abs=10)


async def test_pictures_a_second_are_counted_as_they_arrive(eye, server):
    outcome = await eye.check(job(stream_of(server), SourceKind.MJPEG, look_s=1.0, pictures=3))

    came = outcome.timing.received_s
    assert len(outcome.seen) == 3
    assert (len(came) - 1) / (came[-1] - came[0]) == pytest.approx(10.0, rel=0.3)
    assert list(came) == sorted(came)


async def test_a_stream_that_is_kept_open_is_heard_between_two_looks(eye, server):
    first = await eye.check(job(stream_of(server), SourceKind.MJPEG, keep_open=True))
    await asyncio.sleep(1.0)
    second = await eye.check(job(stream_of(server), SourceKind.MJPEG, keep_open=True))

    assert first.timing.since_s is not None and second.timing.since_s is None
    assert len(second.timing.received_s) >= 10
    assert second.timing.received_s[0] - first.timing.received_s[-1] < 0.5
    assert server.requests["a"] == 1


async def test_a_frame_needs_no_address(eye):
    jpeg = small("a").shot(time.time()).jpeg

    outcome = await eye.check(job("", SourceKind.FRAME, jpeg=jpeg, jpeg_told_s=time.time() - 400))

    assert len(outcome.seen) == 1
    assert outcome.timing.taken_s[0] < time.time() - 300


async def test_the_picture_for_people_is_blurred_where_it_has_to_be(eye):
    picture = numpy.random.default_rng(1).integers(0, 255, (720, 1280, 3), numpy.uint8)
    jpeg = cv2.imencode(".jpg", picture)[1].tobytes()

    outcome = await eye.check(
        job("", SourceKind.FRAME, jpeg=jpeg, want_picture=True, blurred=(Area(0.0, 0.0, 0.5, 1.0),))
    )

    small_one = cv2.imdecode(numpy.frombuffer(outcome.picture, numpy.uint8), cv2.IMREAD_GRAYSCALE)
    assert small_one.shape == (180, 320)
    assert numpy.abs(numpy.diff(small_one[:, :150].astype(int))).mean() < 3
    assert numpy.abs(numpy.diff(small_one[:, 170:].astype(int))).mean() > 10


async def test_a_picture_that_changes_size_is_told_as_its_size(eye):
    for size in ((640, 480), (352, 288)):
        jpeg = cv2.imencode(".jpg", numpy.zeros((size[1], size[0], 3), numpy.uint8))[1].tobytes()
        outcome = await eye.check(job("", SourceKind.FRAME, jpeg=jpeg))
        assert outcome.timing.size == (outcome.seen[0].width, outcome.seen[0].height) == size


@pytest.mark.parametrize(
    "door", [Door("li", "s3cr@t/:"), Door("li", "s3cr@t/:", "digest"), Door("li", "s3cr@t/:", "digest", "SHA-256")]
)
async def test_cameras_are_told_who_asks_in_the_way_they_want(eye, door):
    async with CameraServer(Cameras([small("a")]), door=door) as server:
        nobody = await eye.check(job(server.url("a")))
        wrong = await eye.check(job(server.url("a"), user="li", password="wrong"))
        right = await eye.check(job(server.url("a"), user="li", password="s3cr@t/:"))

    assert nobody.failure.reason is wrong.failure.reason is Reason.CREDENTIALS
    assert right.failure is None and len(right.seen) == 2
    assert "s3cr@t" not in repr(job(server.url("a"), user="li", password="s3cr@t/:"))


# --- bad cameras ------------------------------------------------------------------------------------------------------

MANNERS = {
    "hang": {Reason.SILENT},
    "drip": {Reason.SILENT},
    "endless": {Reason.TOO_LARGE, Reason.SILENT},
    "huge_header": {Reason.BAD_PICTURE},
    "redirect": {Reason.REDIRECT},
    "wrong_type": {Reason.NOT_A_PICTURE},
    "unauthorized": {Reason.CREDENTIALS},
    "refuse": {Reason.CLOSED},
    "empty": {Reason.NOT_A_PICTURE},
}


async def test_bad_manners_have_their_own_reasons_and_take_nobody_elses_time(eye):
    cameras = Cameras([small("good"), *(small(name) for name in MANNERS)])
    async with CameraServer(cameras) as server:
        for name in MANNERS:
            cameras.misbehave(name, name)
        began = time.monotonic()
        bad = asyncio.gather(*(eye.check(job(server.url(name), camera=name)) for name in MANNERS))
        good = await eye.check(job(server.url("good"), camera="good"))
        good_took_s = time.monotonic() - began
        outcomes = await bad

    assert good.failure is None and good_took_s < 2.5
    assert {outcome.camera: outcome.failure.reason for outcome in outcomes if outcome.failure} == {
        outcome.camera: outcome.failure.reason
        for outcome in outcomes
        if outcome.failure and outcome.failure.reason in MANNERS[outcome.camera]
    }
    assert all(outcome.failure is not None and outcome.failure.miss is Miss.CAMERA for outcome in outcomes)
    assert all(outcome.took_s < 4.0 for outcome in outcomes)


async def test_an_eye_that_the_machine_gave_no_time_calls_no_camera_silent(eye):
    """Its own process stands still while a camera has to answer; that is no fault of the camera."""
    eyes = [process for process in children() if process.parent() == psutil.Process()]

    async def hang(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        for process in eyes:
            process.suspend()
        await asyncio.sleep(1.0)
        for process in eyes:
            process.resume()

    async with listening(hang, "127.0.0.1") as port:
        outcome = await eye.check(job(f"http://127.0.0.1:{port}/a.jpg"))

    assert outcome.failure.reason is Reason.OVERLOAD and outcome.failure.miss is Miss.OVERLOAD


async def endless_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    with contextlib.suppress(ConnectionError):
        while True:
            writer.write(b"X-Header: y\r\n" * 1000)
            await writer.drain()


async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    port = writer.get_extra_info("sockname")[1]
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"RTSP/1.0 302 Moved\r\nCSeq: 1\r\nLocation: rtsp://127.0.0.9:{port}/x\r\n\r\n".encode())
        await writer.drain()
        await reader.read()
    writer.close()


@contextlib.asynccontextmanager
async def listening(answer, *hosts: str) -> AsyncIterator[int]:
    server = await asyncio.start_server(answer, hosts[0], 0)
    port = server.sockets[0].getsockname()[1]
    others = [await asyncio.start_server(answer, host, port) for host in hosts[1:]]
    try:
        yield port
    finally:
        for one in (server, *others):
            one.close()


async def test_endless_headers_end(eye):
    async with listening(endless_headers, "127.0.0.1") as port:
        outcome = await eye.check(job(f"http://127.0.0.1:{port}/a.jpg"))

    assert outcome.failure.reason is Reason.BAD_STREAM


async def test_ffmpeg_is_not_sent_elsewhere(eye):
    came = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer.get_extra_info("sockname")[0])
        await elsewhere(reader, writer)

    async with listening(answer, "127.0.0.1", "127.0.0.9") as port:
        outcome = await eye.check(job(f"rtsp://127.0.0.1:{port}/live", SourceKind.RTSP))

    assert outcome.failure.reason is Reason.REDIRECT
    assert came == ["127.0.0.1"]


async def test_nothing_is_sent_to_an_address_outside_the_networks(narrow):
    came = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer.get_extra_info("sockname")[0])
        writer.close()

    async with listening(answer, "127.0.0.1") as port:
        outcomes = [
            await narrow.check(job(url, kind))
            for kind, url in (
                (SourceKind.PICTURE, f"http://127.0.0.1:{port}/"),
                (SourceKind.MJPEG, f"http://localhost:{port}/"),
                (SourceKind.RTSP, f"rtsp://localhost:{port}/"),
                (SourceKind.PICTURE, f"http://[::ffff:127.0.0.5]:{port}/"),
            )
        ]

    assert [outcome.failure.reason for outcome in outcomes] == [Reason.OUTSIDE] * 4
    assert came == []


def large_png(side: int, rows: int) -> bytes:
    """Says that it is `side` × `side`. `rows` of them follow: few bytes that unpack to `side` × 3 each."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    head = side.to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    packed = zlib.compress(bytes((side * 3 + 1) * rows), 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


async def test_a_picture_that_needs_more_memory_than_there_is_costs_only_its_own_check(narrow):
    good = small("a").shot(time.time()).jpeg

    outcomes = [
        await narrow.check(job("", SourceKind.FRAME, camera="a", jpeg=jpeg))
        for jpeg in (good, large_png(6000, 6000), large_png(50_000, 1), good)
    ]

    assert [outcome.failure is None for outcome in outcomes] == [True, False, False, True]
    assert {outcome.failure.miss for outcome in outcomes[1:3]} == {Miss.CAMERA}


# --- processes --------------------------------------------------------------------------------------------------------


def decoders() -> list[psutil.Process]:
    """The processes that decode: the zygote's children."""
    return [process for process in children() if process.parent().parent().parent() == psutil.Process()]


async def test_a_decoder_that_dies_costs_one_check_of_one_camera(eye):
    jpeg = small("a").shot(time.time()).jpeg
    assert (await eye.check(job("", SourceKind.FRAME, jpeg=jpeg))).failure is None
    # Stopped first, or the check might be done before the decoder is dead. The other eye's decoder idles.
    stopped = decoders()
    for decoder in stopped:
        decoder.send_signal(signal.SIGSTOP)
    hit = asyncio.ensure_future(eye.check(job("", SourceKind.FRAME, camera="a", jpeg=jpeg)))
    await asyncio.sleep(0.2)
    behind = asyncio.ensure_future(eye.check(job("", SourceKind.FRAME, camera="b", jpeg=jpeg)))
    await asyncio.sleep(0.2)
    for decoder in stopped:
        decoder.kill()

    assert (await hit).failure.reason is Reason.DECODER_DIED
    assert (await behind).failure is None, "the check behind it is done by the next process"
    assert (await eye.check(job("", SourceKind.FRAME, camera="a", jpeg=jpeg))).failure is None
    assert eye.restarts == 0


async def test_no_process_of_the_eye_has_the_gateways_environment(eye):
    """It may hold the database's password."""
    assert "PATH" in psutil.Process().environ()
    assert {name for process in children() for name in process.environ()} == {"PYTHONPATH", "LC_ALL"}


async def test_a_check_without_an_eye_says_so():
    outcome = await Eye(LOOPBACK).check(job("http://127.0.0.1:9/"))

    assert outcome.failure.reason is Reason.EYE_AWAY and outcome.failure.miss is Miss.GATEWAY


# --- many at once -----------------------------------------------------------------------------------------------------


@pytest.mark.xdist_group("deadlines")
async def test_fifty_dead_cameras_of_five_hundred_cost_the_others_no_time(eye):
    """D07: accept and hang, one byte a second, endless bodies; 450 others are looked at when they are due."""
    jpeg = small("a").shot(time.time()).jpeg

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1]
                if path == b"/hang":
                    await asyncio.sleep(60)
                head = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n"
                if path == b"/good":
                    writer.write(head + b"Content-Length: %d\r\n\r\n" % len(jpeg) + jpeg)
                elif path == b"/drip":
                    writer.write(head + b"\r\n")
                    for number in range(60):
                        writer.write(jpeg[number : number + 1])
                        await writer.drain()
                        await asyncio.sleep(1.0)
                else:
                    writer.write(head + b"\r\n" + jpeg[:-2])
                    while True:
                        writer.write(bytes(65536))
                        await writer.drain()
                        # A camera behind 100 Mbit/s, or this test's own process would be what is slow.
                        await asyncio.sleep(0.05)
        writer.close()

    async with listening(answer, "127.0.0.1") as port:
        kinds = ["/hang", "/drip", "/endless"]
        paths = [kinds[number // 10 % 3] if number % 10 == 0 else "/good" for number in range(500)]
        begin = time.monotonic() + 0.2
        late: list[float] = []

        async def check(number: int, path: str) -> Outcome:
            due = begin + 6.0 * number / 500
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            url = f"http://127.0.0.1:{port}{path}"
            outcome = await eye.check(job(url, camera=f"c{number}", pictures=1, timeout_s=3.0))
            if path == "/good":
                late.append(time.monotonic() - due)
            return outcome

        outcomes = await asyncio.gather(*(check(number, path) for number, path in enumerate(paths)))

    for outcome, path in zip(outcomes, paths, strict=True):
        assert (outcome.failure is None) == (path == "/good"), outcome
    assert len(late) == 450
    # Due within 6 s, ten times as fast as once a minute.
    assert sorted(late)[-5] < 4.0, f"{sorted(late)[-20:]}"


async def test_a_recorder_is_asked_through_the_eye_and_only_in_the_camera_networks(eye: Eye, narrow: Eye) -> None:
    async with ServedRecorder() as served:
        recorder = Recorder("nvr-1", served.url, USER, PASSWORD)

        answer = await eye.ask_recorder(recorder, ())
        outside = await narrow.ask_recorder(recorder, ())

    assert [held.token for held in answer.held] == ["Rec_1", "Rec_2"]
    assert (outside.trouble, outside.held) == (Trouble.OUTSIDE, ())
    assert (await Eye(LOOPBACK).ask_recorder(recorder, ())).trouble is Trouble.OURS
