"""cameras.yaml: what it may say, and every fault of it with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.core.cameras import Area, SourceKind
from gateway.core.recordings import RecorderOf
from gateway.settings import load, shipped

GATE = {
    "id": "north-gate",
    "name": {"en": "North gate", "zh": "北门"},
    "zone": "campus",
    "source": {"kind": "rtsp", "url": "rtsp://10.20.1.11/stream2"},
}


@pytest.fixture
def write(site: Path):
    """Write the file, with a camera network."""
    config = site / "wardgate.yaml"
    config.write_text(config.read_text("utf-8").replace("video:\n", "video:\n  networks: [10.20.0.0/16]\n", 1), "utf-8")

    def act(*cameras):
        (site / "cameras.yaml").write_text(json.dumps({"cameras": list(cameras)}, indent=1), "utf-8")

    return act


def test_without_the_file_there_are_no_cameras(site):
    (site / "cameras.yaml").unlink()

    assert load(site, {}).cameras == {}


@pytest.mark.usefixtures("write")  # with a camera network
def test_the_example_in_the_shipped_file_is_a_working_one(site):
    text = shipped("cameras.yaml").read_text("utf-8")
    example = "\n".join(
        line[2:] for line in text.splitlines() if line.startswith(("# recorders:", "# cameras:", "#   "))
    )
    (site / "cameras.yaml").write_text(example, "utf-8")
    for name in ("north-gate", "nvr-1"):
        secret = site / "secrets" / f"{name}.password"
        secret.write_text("a secret\n", "utf-8")
        secret.chmod(0o600)

    settings = load(site, {})
    cameras, recorder = settings.cameras, settings.recorders["nvr-1"]

    assert (recorder.user, recorder.password, recorder.every_s) == ("wardgate", "a secret", 300.0)
    assert cameras["yard"].recorder == RecorderOf("nvr-1", "RecordingToken_2", 900.0)
    assert list(cameras) == ["north-gate", "yard", "lane"]
    gate = cameras["north-gate"]
    assert (gate.source.kind, gate.source.user, gate.source.password) == (SourceKind.RTSP, "wardgate", "a secret")
    assert (gate.keep_days, gate.is_key_site, gate.device) == (90, True, "cam-north-gate")
    assert gate.blurred == (Area(0.0, 0.0, 0.3, 0.2),)
    assert cameras["yard"].cadence_s == {3: 120.0}
    assert "secret" not in repr((gate, recorder))


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"zone": "moon"}, "cameras[0].zone", "no zone 'moon'"),
        ({"sees": ["no-such-portal"]}, "cameras[0].sees[0]", "no portal or zone"),
        ({"source": {"kind": "rtsp"}}, "cameras[0].source.url", "is missing"),
        ({"source": {"kind": "rtsp", "url": "http://10.20.1.1/"}}, "cameras[0].source.url", "expected rtsp://"),
        ({"source": {"kind": "rtsp", "url": "rtsp://192.168.7.7/"}}, "cameras[0].source.url", "camera networks"),
        ({"source": {"kind": "rtsp", "url": "rtsp://me:secret@10.20.1.1/"}}, "cameras[0].source.url", "without user"),
        ({"source": {"kind": "frame"}}, "cameras[0].device", "which enrolled device"),
        ({"blur": [[0.5, 0.5, 0.9, 0.1]]}, "cameras[0].blur[0]", "within the picture"),
        ({"key_side": True}, "cameras[0].key_side", "key_site"),
        ({"cadence_s": {"3": 0}}, "cameras[0].cadence_s.3", "expected at least 1"),
    ],
)
def test_a_fault_is_named_with_its_place(write, faults, change, field, said):
    write({**GATE, **change})

    found = faults()
    assert [(fault.file, fault.field) for fault in found] == [("cameras.yaml", field)]
    assert said in str(found[0])
    assert "secret" not in str(found[0])


def test_two_cameras_of_one_name_or_one_device_are_a_fault(write, faults):
    write({**GATE, "device": "cam-1"}, {**GATE, "device": "cam-1"})

    assert {fault.field for fault in faults()} == {"cameras[1].id", "cameras[1].device"}


def test_no_camera_stands_or_looks_in_private_space(site, write, faults):
    campus = site / "campus.yaml"
    text = campus.read_text("utf-8")
    before = "- id: dorm-1\n"
    assert before in text
    campus.write_text(text.replace(before, before + "    private: true\n", 1), "utf-8")
    write({**GATE, "zone": "dorm-1"}, {**GATE, "id": "yard", "sees": ["dorm-1"]})

    found = faults()
    assert {fault.field for fault in found} == {"cameras[0].zone", "cameras[1].sees[0]"}
    assert all("private space" in str(fault) for fault in found)


def test_without_a_camera_network_no_address_may_be_opened(site, faults):
    (site / "cameras.yaml").write_text(json.dumps({"cameras": [GATE]}), "utf-8")

    assert ["video.networks" in str(fault) for fault in faults()] == [True]


NVR = {"id": "nvr-1", "url": "http://10.20.1.5/onvif/device_service"}


@pytest.mark.parametrize(
    ("recorder", "cameras", "field", "said"),
    [
        ({}, [{"id": "nvr-l", "token": "1"}], "cameras[0].recorder.id", "did you mean 'nvr-1'?"),
        ({}, [{"id": "nvr-1"}, {"id": "nvr-1", "token": "2"}], "cameras[0].recorder.token", "video recorder nvr-1"),
        ({}, [{"id": "nvr-1", "token": "2"}] * 2, "cameras[1].recorder.token", "another camera's recording already"),
        ({}, [{"id": "nvr-1", "quiet_min": 1}], "cameras[0].recorder.quiet_min", "at least 5"),
        ({"url": "http://192.168.7.7/"}, [], "recorders[0].url", "camera networks"),
        ({"url": "rtsp://10.20.1.5/"}, [], "recorders[0].url", "expected http://"),
        ({"url": "http://me:secret@10.20.1.5/"}, [], "recorders[0].url", "without user and password"),
        ({"user": "me"}, [], "recorders[0].password_file", "go together"),
        ({"user": "a:b", "password_file": "secrets/x"}, [], "recorders[0].user", "colon"),
        ({"every_s": 5}, [], "recorders[0].every_s", "at least 60"),
    ],
)
@pytest.mark.usefixtures("write")  # with a camera network
def test_a_fault_about_recorders_is_named_with_its_place(site, faults, recorder, cameras, field, said):
    named = [{**GATE, "id": f"c{number}", "recorder": one} for number, one in enumerate(cameras)]
    text = json.dumps({"recorders": [{**NVR, **recorder}], "cameras": named}, indent=1)
    (site / "cameras.yaml").write_text(text, "utf-8")

    (fault,) = faults()

    assert (fault.file, fault.field) == ("cameras.yaml", field)
    assert fault.line > 1
    assert said in str(fault)
    assert "secret" not in str(fault)


@pytest.mark.usefixtures("write")  # with a camera network
def test_a_recorder_may_stand_there_before_a_camera_names_it(site):
    """Its tokens are asked of it first, and asking reads the file."""
    (site / "cameras.yaml").write_text(json.dumps({"recorders": [NVR], "cameras": [GATE]}), "utf-8")

    assert list(load(site, {}).recorders) == ["nvr-1"]
