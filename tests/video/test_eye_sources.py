"""Kinds of cameras before the eye that the other tests have not: H.265, TLS with a certificate of the camera's own, and
streams whose pictures change their size on the way."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from firmware_sim.cameras.camera import Camera
from firmware_sim.cameras.server import CameraServer
from firmware_sim.cameras.site import Cameras
from gateway.core.cameras import Finding, Source, SourceKind
from gateway.core.health import Health
from gateway.video.eye import Eye
from gateway.video.jobs import Job, Outcome, Reason
from tests.parts.rtsp_server import H265

# Times are those of real cameras: not beside other tests that have to keep theirs.
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("deadlines")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def eye() -> AsyncIterator[Eye]:
    eye = Eye(("127.0.0.0/8",))
    await eye.start()
    try:
        assert await eye.ready(), eye.why_away
        yield eye
    finally:
        await eye.stop()


def job(url: str, kind: SourceKind, **more) -> Job:
    asked = {"look_s": 0.6, "pictures": 3, "timeout_s": 6.0, "deadline_s": 12.0, **more}
    return Job(camera="yard", source=Source(kind, url), **asked)


# --- H.265 ------------------------------------------------------------------------------------------------------------


async def test_an_rtsp_camera_that_codes_h265_is_looked_at_like_any_other(eye, rtsp_camera):
    outcome = await eye.check(job(rtsp_camera(H265).url, SourceKind.RTSP, learn=True))

    assert outcome.failure is None
    assert {(seen.width, seen.height) for seen in outcome.seen} == {(320, 180)}
    assert outcome.seen[-1].measures.contrast > 20, "it shows the corridor"
    assert outcome.learnt is not None
    assert len(outcome.timing.received_s) >= 3, "each picture's arrival is seen in its packets"


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own_certificate(tmp_path_factory) -> ssl.SSLContext:
    """As a camera makes it for itself: signed by nobody, for a name that it is not asked by, and long expired."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "IPCamera")])
    begin = datetime(2015, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin + timedelta(days=365))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path_factory.mktemp("camera") / "own.pem"
    file.write_bytes(private + made)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@contextlib.asynccontextmanager
async def behind_tls(port: int, context: ssl.SSLContext) -> AsyncIterator[int]:
    """The same camera at another port, where it speaks TLS."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inside, to_inside = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, to_inside), pump(inside, writer))

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_cameras_with_tls_and_a_certificate_of_their_own_are_looked_at(eye, rtsp_camera, own_certificate):
    async with CameraServer(Cameras([Camera("a", "corridor", 3, 320, 180, fps=10.0, clock=False)])) as web:
        path = web.url("a").partition("/cameras")[2]
        async with behind_tls(int(web.url("a").split(":")[2].split("/")[0]), own_certificate) as port:
            picture = await eye.check(job(f"https://127.0.0.1:{port}/cameras{path}", SourceKind.PICTURE))
            stream = f"https://127.0.0.1:{port}/cameras{path}".replace("picture.jpg", "stream.mjpg")
            moving = await eye.check(job(stream, SourceKind.MJPEG))
    camera = rtsp_camera(H265)
    async with behind_tls(camera.port, own_certificate) as port:
        live = await eye.check(job(f"rtsps://127.0.0.1:{port}/live", SourceKind.RTSP))

    for outcome in (picture, moving, live):
        assert outcome.failure is None and len(outcome.seen) >= 2, outcome
        assert outcome.seen[-1].measures.contrast > 20


async def test_a_camera_without_tls_where_it_is_asked_for_is_told_as_that(eye):
    async def no_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"RTSP/1.0 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(no_tls, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        live = await eye.check(job(f"rtsps://127.0.0.1:{port}/live", SourceKind.RTSP))
        picture = await eye.check(job(f"https://127.0.0.1:{port}/a.jpg", SourceKind.PICTURE))
    finally:
        server.close()

    for outcome in (live, picture):
        assert outcome.failure.reason is Reason.BAD_STREAM
        assert "does not speak TLS" in outcome.failure.detail


# --- another size on the way ------------------------------------------------------------------------------------------


def drawn(width: int, height: int, number: int) -> bytes:
    picture = numpy.full((height, width, 3), 90, numpy.uint8)
    cv2.circle(picture, (width // 3 + number % 9, height // 2), height // 4, (220, 180, 60), -1)
    cv2.rectangle(picture, (width // 2, height // 4), (width * 3 // 4, height * 3 // 4), (30, 60, 200), 2)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def found_in(*outcomes: Outcome) -> set[Finding]:
    health, at_s = Health(), 0.0
    for outcome in outcomes:
        at_s = outcome.timing.at_s
        health.hear(outcome.timing)
        for seen in outcome.seen:
            health.see(seen.at_s, seen.measures)
    assert at_s
    return {*health.raised, *health.suspects}


async def test_an_mjpeg_stream_that_changes_its_size_goes_on_and_is_told_as_its_size(eye):
    turned = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=next\r\n\r\n")
            for number in range(10_000):
                jpeg = drawn(*((352, 288) if turned.is_set() else (1280, 720)), number)
                writer.write(b"--next\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg))
                writer.write(jpeg + b"\r\n")
                await writer.drain()
                await asyncio.sleep(0.1)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/stream"
    try:
        before = await eye.check(job(url, SourceKind.MJPEG, keep_open=True))
        asyncio.get_running_loop().call_later(0.3, turned.set)
        across = [
            await eye.check(job(url, SourceKind.MJPEG, keep_open=True, look_s=0.8, pictures=5, want_picture=True))
            for _ in range(2)
        ]
        eye.forget("yard")
    finally:
        server.close()

    assert before.timing.size == (1280, 720)
    sizes = [(seen.width, seen.height) for outcome in across for seen in outcome.seen]
    assert {(1280, 720), (352, 288)} == set(sizes) and sizes == sorted(sizes, reverse=True)
    assert all(outcome.failure is None for outcome in across)
    assert across[-1].timing.size == (352, 288) and across[-1].picture is not None
    assert Finding.WRONG_RESOLUTION in found_in(before, *across)


async def test_an_rtsp_camera_that_changes_its_size_between_two_looks_is_told_as_its_size(
    eye, rtsp_camera, tmp_path: Path
):
    folders = []
    for width, height in ((640, 360), (320, 180)):
        folder = tmp_path / str(width)
        folder.mkdir()
        for number in range(10):
            (folder / f"{number}.jpg").write_bytes(drawn(width, height, number))
        folders.append(folder)
    camera = rtsp_camera(*folders)

    before = await eye.check(job(camera.url, SourceKind.RTSP))
    camera.show(1)
    after = await eye.check(job(camera.url, SourceKind.RTSP))

    assert before.timing.size == (640, 360)
    assert after.failure is None and after.timing.size == (320, 180)
    assert Finding.WRONG_RESOLUTION in found_in(before, after)
