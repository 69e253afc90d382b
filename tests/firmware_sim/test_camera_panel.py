"""Cameras and panels: pictures when asked, recording, lane taps; fire and panic."""

from __future__ import annotations

from devices.messages import FireAlarm, FireClear, Panic, Recording, Tap
from devices.topics import Kind
from firmware_sim.inputs import PanelFire, PanelPanic, PlateRead, RecorderChanged, TapCard, WalkThrough
from firmware_sim.outputs import Restart, TakePicture
from tests.firmware_sim.world import Bench, answers, identity, motions, recorded, results, sent


def camera(**who: object) -> Bench:
    bench = Bench(Kind.CAMERA, who=identity(Kind.CAMERA, **who))
    bench.connect()
    bench.posture()
    return bench


def test_a_snapshot_is_a_picture_that_names_its_command() -> None:
    bench = camera()

    out = bench.command("snapshot", id="snap-1")

    assert results(out) == [("executed", "ok")]
    assert [picture.frame.command for picture in out if isinstance(picture, TakePicture)] == ["snap-1"]


def test_a_recorder_tells_how_it_does_at_start_on_change_and_every_five_minutes() -> None:
    bench = camera(records=True)
    out = bench.feed(RecorderChanged(ok=False, free_bytes=0)) + bench.wait(300_000)

    told = [event.data for event in recorded(bench.out) if isinstance(event.data, Recording)]
    assert [recording.ok for recording in told] == [True, False, False]
    assert len([event for event in recorded(out) if event.type == "recording"]) == 2


def test_a_camera_that_does_not_record_says_nothing_of_it() -> None:
    bench = camera()
    bench.wait(600_000)

    assert recorded(bench.out) == []


def test_a_lane_camera_taps_with_a_plate_and_moves_nothing_itself() -> None:
    bench = camera()
    out = bench.feed(TapCard("京A12345", "in", kind="plate", confidence=0.9))
    (tap,) = sent(out, Tap)

    granted = bench.answer(tap, "grant")
    passed = bench.feed(WalkThrough("in", "car"))

    assert tap.confidence == 0.9
    assert results(granted) == [("executed", "ok")]
    assert answers(granted) == [("grant", "ok", False)]
    assert motions(granted) == []
    assert motions(passed) == ["passed"]
    assert [event.data.tap for event in recorded(passed)] == [tap.id]


def test_a_vehicle_behind_a_granted_one_is_a_passage_of_nobody() -> None:
    bench = camera()

    passed = bench.feed(WalkThrough("in"))

    assert [(event.type, event.data.tap) for event in recorded(passed)] == [("passage", None)]


def test_a_plate_that_asks_for_nothing_is_only_recorded() -> None:
    out = camera().feed(PlateRead("京A12345", 0.8, "out"))

    assert [event.type for event in recorded(out)] == ["plate"]
    assert sent(out, Tap) == []


def test_a_panel_tells_fire_its_end_and_panic() -> None:
    bench = Bench(Kind.PANEL)
    bench.connect()

    told = [
        event.data
        for what in (PanelFire("dorm-1", True), PanelFire("dorm-1", False), PanelPanic("north-gate"))
        for event in recorded(bench.feed(what))
    ]

    assert told == [FireAlarm(zone="dorm-1"), FireClear(zone="dorm-1"), Panic(location="north-gate")]


def test_every_kind_can_identify_itself_and_restart() -> None:
    for kind in Kind:
        bench = Bench(kind)
        bench.connect()

        assert results(bench.command("identify")) == [("executed", "ok")]
        out = bench.command("reboot")
        assert results(out) == [("executed", "ok")]
        assert any(isinstance(output, Restart) for output in out)
        assert motions(bench.out) == []
