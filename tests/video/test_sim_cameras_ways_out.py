"""How simulated cameras are asked: HTTP pictures and streams, bad manners, signing in, control, MQTT frames, pipes."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy
import pytest

from devices.messages import Recording
from firmware_sim import example, spec
from firmware_sim.cameras import manners
from firmware_sim.cameras.__main__ import main
from firmware_sim.cameras.camera import Camera
from firmware_sim.cameras.of_device import frame_of
from firmware_sim.cameras.of_fleet import CameraTruth, cameras_of
from firmware_sim.cameras.server import BOUNDARY, CameraServer
from firmware_sim.cameras.signing_in import Door
from firmware_sim.cameras.site import Cameras
from firmware_sim.cameras.spells import MANNERS, Spell
from firmware_sim.fleet import Fleet
from tests.firmware_sim.guardhouse import Guardhouse
from tests.parts.mosquitto import Mosquitto
from tests.parts.waiting import until

ROOT = Path(__file__).resolve().parents[2]


def small(id: str, fps: float = 20.0) -> Camera:
    return Camera(id, "car_park", 3, 160, 120, fps=fps)


@pytest.fixture
async def server() -> AsyncIterator[CameraServer]:
    async with CameraServer(Cameras([small("a"), small("b")])) as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield session


def opened(jpeg: bytes) -> Any:
    return cv2.imdecode(numpy.frombuffer(jpeg, numpy.uint8), cv2.IMREAD_COLOR)


async def parts(response: aiohttp.ClientResponse, seconds: float) -> list[tuple[float, bytes]]:
    """The parts of a stream that arrive within some seconds: the camera's time and the JPEG of each."""
    found: list[tuple[float, bytes]] = []
    reader = aiohttp.MultipartReader.from_response(response)
    end = time.monotonic() + seconds
    try:
        while (left := end - time.monotonic()) > 0:
            part = await asyncio.wait_for(reader.next(), left)
            found.append((float(part.headers["X-Timestamp"]), bytes(await part.read())))
    except TimeoutError:
        pass
    return found


# HTTP


async def test_a_picture_is_a_jpeg_with_the_cameras_own_time(
    server: CameraServer, client: aiohttp.ClientSession
) -> None:
    async with client.get(server.url("a")) as response:
        jpeg = await response.read()

    assert (response.status, response.content_type) == (200, "image/jpeg")
    assert opened(jpeg).shape == (120, 160, 3)
    assert float(response.headers["X-Timestamp"]) == pytest.approx(time.time(), abs=5)


async def test_there_is_no_camera_of_another_name(server: CameraServer, client: aiohttp.ClientSession) -> None:
    for what in ("picture.jpg", "stream.mjpg", "fault"):
        async with client.get(server.url("c", what)) as response:
            assert response.status in (404, 405)


async def test_a_stream_has_the_rate_that_the_camera_makes(server: CameraServer, client: aiohttp.ClientSession) -> None:
    async with client.get(server.url("a", "stream.mjpg")) as response:
        assert BOUNDARY in response.headers["Content-Type"]
        usual = await parts(response, 1.0)
    server.cameras.fault("a", "low_fps", amount=4.0)
    async with client.get(server.url("a", "stream.mjpg")) as response:
        slow = await parts(response, 1.5)

    # The machine that tests may be slow; never does a camera send more than it makes.
    assert 8 <= len(usual) <= 22
    assert 4 <= len(slow) <= 8
    assert sorted(stamp for stamp, _ in usual) == [stamp for stamp, _ in usual]
    assert all(opened(jpeg) is not None for _, jpeg in usual)


async def test_a_stream_that_pauses_goes_on(server: CameraServer, client: aiohttp.ClientSession) -> None:
    async with client.get(server.url("a", "stream.mjpg")) as response:
        before = await parts(response, 0.4)
        server.cameras.fault("a", "gap", seconds=0.8)
        reader_starts = time.monotonic()
        reader = aiohttp.MultipartReader.from_response(response)
        for _ in range(4):  # what was on its way, then the first after the pause
            await reader.next()
        waited = time.monotonic() - reader_starts

    assert before
    assert waited > 0.5


@pytest.mark.parametrize("manner", MANNERS)
async def test_bad_manners_are_as_they_are_called(
    manner: str, server: CameraServer, client: aiohttp.ClientSession
) -> None:
    server.cameras.misbehave("b", manner)
    body, status, reason = bytearray(), 0, ""
    try:
        timeout = aiohttp.ClientTimeout(total=0.6)
        async with client.get(server.url("b"), allow_redirects=False, timeout=timeout) as response:
            status = response.status
            async for piece in response.content.iter_any():
                body += piece
                if len(body) > 2_000_000:
                    break
    except (TimeoutError, aiohttp.ClientError) as error:
        reason = type(error).__name__

    match manner:
        case "hang":
            assert (status, reason) == (0, "TimeoutError")
        case "drip":
            assert (status, bytes(body), reason) == (200, b"\xff", "TimeoutError")
        case "endless":
            assert body[:2] == b"\xff\xd8" and len(body) > 2_000_000
        case "truncated":
            assert body[:2] == b"\xff\xd8" and body[-2:] != b"\xff\xd9" and status == 200
        case "huge_header":
            assert manners.HUGE.to_bytes(2, "big") * 2 in body
        case "redirect":
            assert status == 302
        case "wrong_type":
            assert body.startswith(b"<!doctype html>") and status == 200
        case "unauthorized":
            assert status == 401
        case "refuse":
            assert (status, reason) == (0, "ServerDisconnectedError")
        case "empty":
            assert (status, bytes(body)) == (200, b"")

    server.cameras.behave("b")
    async with client.get(server.url("b")) as response:
        assert opened(await response.read()) is not None


@pytest.mark.parametrize("manner", ["drip", "endless", "truncated", "huge_header"])
async def test_streams_have_bad_manners_too(manner: str, server: CameraServer, client: aiohttp.ClientSession) -> None:
    server.cameras.misbehave("b", manner, every_s=0.02)
    body = bytearray()
    async with client.get(server.url("b", "stream.mjpg")) as response:
        while len(body) < (40 if manner == "drip" else 3_000):
            body += await response.content.readany()

    assert body.startswith(f"--{BOUNDARY}\r\n".encode())


@pytest.mark.parametrize("scheme, algorithm", [("basic", "MD5"), ("digest", "MD5"), ("digest", "SHA-256")])
async def test_a_camera_lets_in_who_knows_the_password(scheme: str, algorithm: str) -> None:
    def who(password: str) -> dict[str, Any]:
        if scheme == "basic":
            return {"headers": {"Authorization": "Basic " + b64encode(f"viewer:{password}".encode()).decode()}}
        return {"middlewares": (aiohttp.DigestAuthMiddleware("viewer", password),)}

    async with CameraServer(Cameras([small("a")]), door=Door("viewer", "s3cret", scheme, algorithm)) as server:
        answers = []
        for options in ({}, who("s3cret"), who("wrong")):
            async with aiohttp.ClientSession(**options) as client, client.get(server.url("a")) as response:
                answers.append((response.status, response.content_type))
                asked = response.headers.get("WWW-Authenticate", "")

    assert answers == [(401, "text/plain"), (200, "image/jpeg"), (401, "text/plain")]
    assert asked.lower().startswith(scheme)


async def test_a_digest_answer_opens_once() -> None:
    door = Door("viewer", "s3cret", "digest")
    said: list[str] = []

    async def remember(request: aiohttp.ClientRequest, handler: Any) -> aiohttp.ClientResponse:
        said.append(request.headers.get("Authorization", ""))
        answer: aiohttp.ClientResponse = await handler(request)
        return answer

    async with CameraServer(Cameras([small("a")]), door=door) as server:
        digest = aiohttp.DigestAuthMiddleware("viewer", "s3cret")
        async with aiohttp.ClientSession(middlewares=(digest, remember)) as client, client.get(server.url("a")) as good:
            assert good.status == 200
        async with (
            aiohttp.ClientSession() as thief,
            thief.get(server.url("a"), headers={"Authorization": said[-1]}) as again,
        ):
            assert again.status == 401


# Control


async def test_a_fault_is_set_and_ended_while_the_camera_runs(
    server: CameraServer, client: aiohttp.ClientSession
) -> None:
    told: list[tuple[str, bool]] = []
    server.cameras.listeners.append(lambda spell, begins: told.append((spell.finding, begins)))

    async with client.post(server.url("a", "fault"), json={"class": "black", "severity": 4}) as response:
        assert response.status == 200
    async with client.get(server.url("a")) as response:
        dark = opened(await response.read())
    async with client.delete(server.url("a", "fault")) as response:
        assert await response.json() == {"ended": ["black"]}
    async with client.get(server.url("a")) as response:
        light = opened(await response.read())

    assert dark[20:100].mean() < 12 < light[20:100].mean()
    assert told == [("black", True), ("black", False)]


async def test_a_fault_ends_by_itself_and_the_list_says_what_is_on(
    server: CameraServer, client: aiohttp.ClientSession
) -> None:
    async with client.post(server.url("a", "fault"), json={"class": "freeze", "seconds": 0.3}):
        pass
    base = server.url("a").partition("/cameras/")[0]
    async with client.get(f"{base}/cameras") as response:
        on = [one["faults"] for one in await response.json()]
    await until(lambda: not server.cameras.open())

    assert [[fault["class"] for fault in faults] for faults in on] == [["freeze"], []]
    assert server.cameras["a"].spells() == ()


@pytest.mark.parametrize(
    "said", [{"class": "stroke"}, {"class": "black", "severity": 9}, {"class": "black", "seconds": -1}, {"x": 1}, []]
)
async def test_what_makes_no_sense_is_refused(said: Any, server: CameraServer, client: aiohttp.ClientSession) -> None:
    async with client.post(server.url("a", "fault"), json=said) as response:
        assert response.status == 400
    assert server.cameras.open() == ()


async def test_a_web_page_cannot_set_faults(server: CameraServer, client: aiohttp.ClientSession) -> None:
    body = json.dumps({"class": "black"})
    async with client.post(server.url("a", "fault"), data=body, headers={"Content-Type": "text/plain"}) as response:
        assert response.status == 415
    async with client.post(
        server.url("a", "fault"), json={"class": "black"}, headers={"Origin": "http://evil.example"}
    ) as response:
        assert response.status == 403


async def test_many_cameras_answer_while_others_hang() -> None:
    cameras = Cameras([small(f"cam-{number}") for number in range(20)])
    for number in range(10):
        cameras.misbehave(f"cam-{number}", "hang")
    async with CameraServer(cameras) as server, aiohttp.ClientSession() as client:

        async def size(number: int) -> int:
            async with client.get(server.url(f"cam-{number}"), timeout=aiohttp.ClientTimeout(total=5)) as response:
                return len(await response.read())

        stuck = [asyncio.create_task(size(number)) for number in range(10)]
        sizes = await asyncio.gather(*(size(number) for number in range(10, 20)))
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)

    assert min(sizes) > 1_000


# MQTT


async def test_a_snapshot_is_what_the_camera_sees_and_its_recorder_follows_the_faults(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    entries = [example.with_secrets(one) for one in example.devices() if one["device"] == "cam-parking"]
    specs = spec.parse({"devices": entries})
    described = [one for one in example.cameras() if one["id"] == "cam-parking"]
    async with (
        Guardhouse(mosquitto.url, specs) as guardhouse,
        Fleet(specs, mosquitto.url, tmp_path / "devices") as fleet,
    ):
        cameras = cameras_of(fleet, described, time.time)
        await fleet.wait_connected()
        await until(lambda: "cam-parking" in guardhouse.challenges)
        guardhouse.command("cam-parking", "snapshot")
        await until(lambda: len(guardhouse.frames) == 1)
        cameras.fault("cam-parking", "black", 4)
        guardhouse.command("cam-parking", "snapshot")
        await until(lambda: len(guardhouse.frames) == 2)
        for finding in ("not_recording", "disk_low", "retention_short"):
            cameras.fault("cam-parking", finding)
            cameras.clear("cam-parking", finding)
        recordings = [event for _, event in guardhouse.events if event.type == "recording"]
        await until(lambda: len([1 for _, event in guardhouse.events if event.type == "recording"]) >= 7)
        recordings = [event.data for _, event in guardhouse.events if isinstance(event.data, Recording)]

    light, dark = (opened(jpeg) for _, jpeg in guardhouse.frames)
    assert light.shape == dark.shape == (360, 640, 3)
    assert dark[40:320].mean() < 12 < light[40:320].mean()
    assert guardhouse.bad == []
    assert [(said.ok, said.free_bytes > 20e9) for said in recordings] == [
        (True, True), (False, True), (True, True), (True, False), (True, True), (True, True), (True, True),
    ]  # fmt: skip
    kept_days = [(time.time() - said.oldest_at.timestamp()) / 86_400 for said in recordings]
    assert [round(days) for days in kept_days] == [120, 120, 120, 120, 120, 3, 120]


def test_a_picture_that_is_too_large_for_a_frame_is_made_smaller() -> None:
    camera = small("a")
    camera.put(Spell("a", "noise", 0.0, severity=4))
    at = datetime(2026, 11, 16, 4, 0, tzinfo=UTC)
    whole = camera.shot(at.timestamp())
    assert whole
    sent = frame_of(camera, at, room=len(whole.jpeg) * 2 // 3)

    assert frame_of(camera, at) == (whole.jpeg, at)
    assert sent and len(sent[0]) <= len(whole.jpeg) * 2 // 3
    assert opened(sent[0]).shape == (120, 160, 3)


# Truth, pipe


def test_the_truth_log_has_each_begin_and_each_end(tmp_path: Path) -> None:
    now = [1_795_320_000.0]
    cameras = Cameras([small("a")], lambda: now[0])
    log = CameraTruth(tmp_path / "truth.jsonl")
    cameras.listeners.append(log)

    cameras.fault("a", "freeze", 3, 30)
    now[0] += 40
    cameras.fault("a", "occlusion", 2, look="bag")
    now[0] += 5
    cameras.clear("a")
    log.close()

    lines = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert [(line["what"], line["class"], line["from"][14:19], line["to"] and line["to"][14:19]) for line in lines] == [
        ("begins", "freeze", "00:00", "00:30"),
        ("ends", "freeze", "00:00", "00:30"),
        ("begins", "occlusion", "00:40", None),
        ("ends", "occlusion", "00:40", "00:45"),
    ]


@pytest.mark.parametrize("kind", ["bgr", "i420", "jpeg"])
def test_a_pipe_gives_frame_after_frame(kind: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    said = "pipe --size 160x120 --fps 10 --seconds 2 --fast --fault gap:0.45:1.05 --format"
    status = main([*said.split(), kind])
    output = capfdbinary.readouterr().out

    one = 160 * 120 * (3 if kind == "bgr" else 1.5)
    frames = output.count(b"\xff\xd8\xff") if kind == "jpeg" else len(output) / one
    assert status == 0
    assert frames == pytest.approx(14, abs=1)


async def test_a_pipe_takes_faults_while_it_runs() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "firmware_sim.cameras", "pipe", "--size", "160x120", "--fps", "10", "--hour", "12",
        "--control", cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin and process.stdout
    frame = 160 * 120 * 3

    async def level() -> float:
        picture = numpy.frombuffer(await process.stdout.readexactly(frame), numpy.uint8)
        return float(picture.reshape(120, 160, 3)[20:100].mean())

    try:
        assert await level() > 40
        process.stdin.write(b'{"class": "black", "severity": 4}\n')
        await asyncio.wait_for(_wait(level, lambda value: value < 12), 10)
        process.stdin.write(b'nonsense\n{"clear": null}\n')
        await asyncio.wait_for(_wait(level, lambda value: value > 40), 10)
    finally:
        process.kill()
        await process.wait()


async def _wait(level: Any, good: Any) -> None:
    while not good(await level()):
        pass
