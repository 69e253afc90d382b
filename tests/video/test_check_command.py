"""`wardgate video check`: its lines, its summary and its exit status, for files, folders, timing and addresses."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy
import pytest

from firmware_sim.cameras.scenes import Scene
from gateway.__main__ import main
from tests.parts.http_cameras import HttpCameras
from tests.parts.mosquitto import free_port

MORNING = 1_800_000_000.0 - 1_800_000_000.0 % 86_400 + 2 * 3_600


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def raised(self) -> list[str]:
        return [line["finding"] for line in self.lines[:-1] if line["state"] == "raised"]


@pytest.fixture
def check(capsys):
    def run(*arguments: object) -> Answer:
        capsys.readouterr()
        status = main(["video", "check", *map(str, arguments)])
        said = capsys.readouterr()
        return Answer(status, said.out, said.err)

    return run


@pytest.fixture(scope="module")
def corridor(tmp_path_factory) -> Path:
    """Twenty-four seconds of a corridor, five pictures a second."""
    folder = tmp_path_factory.mktemp("corridor")
    scene = Scene("corridor", 5, 320, 180, clock=False)
    for number in range(120):
        picture = scene.picture(MORNING + number / 5)
        cv2.imwrite(str(folder / f"{number:05d}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return folder


@pytest.fixture(scope="module")
def black_after_12_s(corridor, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("black")
    for number, file in enumerate(sorted(corridor.glob("*.jpg"))):
        picture = cv2.imread(str(file)) if number < 60 else numpy.full((180, 320, 3), 3, numpy.uint8)
        cv2.imwrite(str(folder / file.name), picture)
    return folder


def test_a_healthy_folder_is_a_summary_and_status_0(check, corridor):
    answer = check(corridor, "--json")

    assert answer.status == 0
    assert answer.lines == [{"summary": {"frames": 120, "seconds": 23.8, "findings": []}}]


def test_a_finding_is_one_line_and_status_1(check, black_after_12_s, tmp_path):
    answer = check(black_after_12_s, "--json", "--settle", "6", "--save", tmp_path / "seen")

    assert answer.status == 1
    *lines, last = answer.lines
    assert list(lines[0]) == ["t_s", "finding", "state", "value", "threshold"]
    assert lines[0]["finding"] == "black" and lines[0]["state"] == "raised"
    assert 12.0 <= lines[0]["t_s"] <= 20.0
    assert last["summary"]["findings"] == ["black"]
    at = f"{lines[0]['t_s']:08.1f}-black-raised"
    seen = cv2.imread(str(tmp_path / "seen" / f"{at}.jpg"))
    healthy = cv2.imread(str(tmp_path / "seen" / f"{at}-reference.jpg"))
    assert seen.mean() < 10 < healthy.mean()


def test_people_get_a_table_and_a_sentence(check, black_after_12_s):
    bad = check(black_after_12_s)

    assert bad.status == 1
    assert "black" in bad.out and "1 findings in 120 pictures, 0:23.8: black" in bad.out


def test_a_reference_is_the_healthy_look_from_the_first_picture_on(check, corridor, black_after_12_s):
    answer = check(black_after_12_s, "--json", "--reference", sorted(corridor.glob("*.jpg"))[20])

    assert answer.status == 1
    assert answer.raised == ["black"]


def test_times_that_matter_come_from_a_file(check, corridor, tmp_path):
    received = [number / 5 for number in range(120)]
    stamps = [at if at < 12 else at - 3600 for at in received]
    timing = tmp_path / "timing.json"
    timing.write_text(json.dumps({"pts_s": stamps, "received_s": received}))

    assert check(corridor, "--json", "--timing", timing).raised == ["stale_timestamp"]

    # The pictures come six seconds later from the sixtieth on.
    late = [at if at < 12 else at + 6 for at in received]
    timing.write_text(json.dumps({"received_s": late}))
    answer = check(corridor, "--json", "--timing", timing)
    assert answer.raised[0] == "gap"
    assert answer.lines[-1]["summary"]["seconds"] == 29.8


def test_a_video_file_has_its_containers_times(check, corridor, tmp_path):
    file = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter_fourcc(*"MJPG"), 5, (320, 180))
    for picture in sorted(corridor.glob("*.jpg")):
        writer.write(cv2.imread(str(picture)))
    writer.release()

    answer = check(file, "--json", "--fps", "2.5")

    assert (answer.status, answer.lines) == (0, [{"summary": {"frames": 120, "seconds": 23.8, "findings": []}}])

    # Cut off on its way here: it says itself that there should be more.
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    answer = check(file)
    assert answer.status == 1
    assert "0:24.0: gap, signal_loss" in answer.out
    assert "its last picture is at 0:1" in answer.out and "it should last 0:24.0" in answer.out


def raw_avi(side: int, frames: int) -> bytes:
    """An AVI of raw pictures, 24 bits a pixel. At 48 × 48 it mostly aborts OpenCV 5.0 and 4.14: it is read beyond its
    end, and what lies there decides."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return name + struct.pack("<I", len(data)) + data

    size = side * side * 3
    head = struct.pack("<14I", 200_000, size * 5, 0, 0x10, frames, 0, 1, size, side, side, 0, 0, 0, 0)
    stream = b"vidsDIB " + struct.pack("<IHHIIIIIIIIhhhh", 0, 0, 0, 0, 1, 5, 0, frames, size, 0, size, 0, 0, side, side)
    form = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 24, 0, size, 0, 0, 0, 0)
    headers = b"hdrl" + chunk(b"avih", head) + chunk(b"LIST", b"strl" + chunk(b"strh", stream) + chunk(b"strf", form))
    pictures = b"".join(
        chunk(b"00db", bytes((number * 7 + at) % 256 for at in range(size))) for number in range(frames)
    )
    return chunk(b"RIFF", b"AVI " + chunk(b"LIST", headers) + chunk(b"LIST", b"movi" + pictures))


def test_a_file_that_aborts_the_decoder_is_unreadable_and_nothing_worse(check, tmp_path):
    file = tmp_path / "raw.avi"
    file.write_bytes(raw_avi(48, 60))

    answers = [check(file, "--json")]
    while answers[-1].status != 2 and len(answers) < 8:
        answers.append(check(file, "--json"))

    *survived, ended = answers
    assert all(answer.status in (0, 1) for answer in survived)
    assert ended.status == 2 and "summary" not in ended.out
    assert "raw.avi: its content ended the decoder (SIG" in ended.err


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("nowhere.mp4", None, "there is no such file or folder"),
        ("letter.mp4", b"Dear head teacher,", "this is no video that can be read"),
        ("one.jpg", b"\xff\xd8\xff", "one picture has no course"),
    ],
)
def test_what_cannot_be_read_is_status_2_and_a_sentence(check, tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_bytes(content)

    answer = check(tmp_path / name, "--json")

    assert (answer.status, answer.out) == (2, "")
    assert f"{name}: {said}" in answer.err


def test_pictures_that_are_none_are_unreadable(check, tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(b"\xff\xd8\xff and no more")
    (tmp_path / "timing.json").write_text('{"received_s": [0, "soon"]}')

    assert "holds no picture that can be decoded" in check(tmp_path, "--json").err
    assert "expected lists of seconds" in check(tmp_path, "--json", "--timing", tmp_path / "timing.json").err


@pytest.mark.parametrize(
    ("url", "more", "said"),
    [
        ("http://li:secret@127.0.0.1/a.jpg", [], "this address cannot be used"),
        ("file:///etc/passwd", [], "has to begin with http, https, rtsp or rtsps"),
        ("http://2130706433/a.jpg", [], "four decimal numbers"),
        ("http://127.0.0.1/a.jpg", ["--network", "nets"], "--network"),
    ],
)
def test_an_address_that_is_not_opened_says_why(check, url, more, said):
    answer = check(url, "--json", *more)

    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err and "secret" not in answer.err


@pytest.fixture
def camera() -> Iterator[HttpCameras]:
    cameras = HttpCameras(1)
    cameras.start()
    yield cameras
    cameras.cut()


def test_a_camera_at_an_address_is_watched_as_a_gateway_would(check, camera):
    """What it is, a picture or a stream, is found out; five pictures a second are counted of a stream."""
    for what, at_least in (("picture.jpg", 4), ("stream.mjpg", 8)):
        answer = check(camera.url(1, what), "--json", "--seconds", "2", "--settle", "1", "--network", "127.0.0.0/8")

        assert answer.status == 0, answer
        assert answer.lines[-1]["summary"]["frames"] >= at_least


def test_a_camera_that_is_not_there_is_status_2_and_what_to_do(check):
    answer = check(f"http://127.0.0.1:{free_port()}/a.jpg", "--json")

    assert (answer.status, answer.out) == (2, "")
    assert "nobody listens at its address; is the port right, and the camera on?" in answer.err
