"""Simulated cameras: the same call gives the same pixels, each fault changes what it should, and what is harmless stays
recognisable. Measured with plain numbers here; the video checks have their own."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy
import pytest

from firmware_sim.cameras.camera import Camera
from firmware_sim.cameras.grounds import KINDS
from firmware_sim.cameras.light import hour_of, moment
from firmware_sim.cameras.scenes import Scene
from firmware_sim.cameras.spells import FAULTS, HARMLESS, PICTURE_FAULTS, RECORDER_FAULTS, Spell
from gateway.core.cameras import Finding

NOON = moment(12.0)
LATER = NOON + 20.0


@pytest.fixture(scope="module")
def gate() -> Camera:
    return Camera("gate", "school_gate", 3, 320, 180)


def seen(camera: Camera, finding: str, at: float = LATER, **how: Any) -> Any:
    """The picture with a spell that began at noon."""
    camera.put_all((Spell(camera.id, finding, NOON, NOON + 60, **how),))
    try:
        return camera.picture(at)
    finally:
        camera.lift()


def grey(image: Any) -> Any:
    return image.astype(numpy.float32).mean(axis=2)


def detail(image: Any) -> float:
    """How much one pixel differs from the next, below the noise of the finest grain."""
    level = grey(image)
    level = (level[::2, ::2] + level[1::2, ::2] + level[::2, 1::2] + level[1::2, 1::2]) / 4
    return float(numpy.abs(numpy.diff(level, axis=1)).mean())


def far(one: Any, other: Any) -> float:
    return float(numpy.abs(one.astype(numpy.int16) - other.astype(numpy.int16)).mean())


# Scenes


@pytest.mark.parametrize("kind", KINDS)
def test_a_moment_looks_the_same_however_it_is_come_to(kind: str) -> None:
    first = Scene(kind, 5, 160, 120, name="cam")
    pictures = [first.picture(NOON + s) for s in (0, 1, 2)]

    again = Scene(kind, 5, 160, 120, name="cam").picture(NOON + 1)

    assert (again == pictures[1]).all()
    assert far(pictures[0], pictures[1]) > 0.1


def test_no_two_cameras_and_no_two_kinds_look_alike() -> None:
    pictures = [Scene(kind, seed, 160, 120).picture(NOON) for kind in KINDS for seed in (1, 2)]

    assert min(far(a, b) for n, a in enumerate(pictures) for b in pictures[:n]) > 5


@pytest.mark.parametrize("size", [(160, 120), (1920, 1080)])
def test_every_size_has_its_shape(size: tuple[int, int]) -> None:
    picture = Scene("corridor", 4, *size).picture(NOON)

    assert picture.shape == (size[1], size[0], 3)
    assert picture.dtype == numpy.uint8


def test_a_scene_is_light_at_noon_darker_at_dusk_and_grey_at_night() -> None:
    cameras = [Scene("school_gate", seed, 160, 120, clock=False) for seed in range(6)]
    at_night = [scene.picture(moment(23.5)).astype(int) for scene in cameras]
    noon, dusk = (numpy.mean([scene.picture(moment(hour)).mean() for scene in cameras]) for hour in (12.0, 18.6))
    colour = [float(numpy.abs(p[..., 0] - p[..., 2]).mean()) for p in at_night]

    assert hour_of(moment(18.6)) == pytest.approx(18.6)
    assert noon > 1.4 * dusk > 30
    assert min(colour) < 6, "no camera has infrared"
    assert max(colour) > 10, "every camera has infrared"


def test_people_pass_at_the_rush_and_nobody_does_at_night() -> None:
    scene = Scene("corridor", 2, 160, 120, clock=False)

    def moving(hour: float) -> int:
        """Of fifty moments of ten minutes, in how many something moves."""
        pairs = [(scene.seen(t)[0], scene.seen(t + 1)[0]) for t in (moment(hour) + 12 * k for k in range(50))]
        return sum(far(*pair) > 0.2 for pair in pairs)

    assert moving(7.4) > 35
    assert moving(3.0) < 5


# Faults


def darker(before: Any, after: Any) -> bool:
    return bool(after.mean() < 0.25 * before.mean())


def brighter(before: Any, after: Any) -> bool:
    return bool((grey(after) > 250).mean() > 0.5)


def softer(before: Any, after: Any) -> bool:
    return detail(after) < 0.7 * detail(before)


def rougher(before: Any, after: Any) -> bool:
    return detail(after) > 1.3 * detail(before)


def flatter(before: Any, after: Any) -> bool:
    return bool(grey(after).std() < 0.5 * grey(before).std())


def tinted(before: Any, after: Any) -> bool:
    shares = [image.reshape(-1, 3).mean(axis=0) / image.mean() for image in (before, after)]
    return bool(numpy.abs(shares[0] - shares[1]).max() > 0.12)


def other(before: Any, after: Any) -> bool:
    return far(before, after) > 12


def stripy(before: Any, after: Any) -> bool:
    change = grey(after) - grey(before)
    rows, columns = change.mean(axis=1).std(), change.mean(axis=0).std()
    return bool(max(rows, columns, change.std()) > 8)


def torn(before: Any, after: Any) -> bool:
    return bool((numpy.abs(grey(after) - grey(before)) > 20).mean() > 0.04)


CHANGES: dict[str, Callable[[Any, Any], bool]] = {
    "black": darker, "underexposed": darker, "overexposed": brighter, "blur": softer, "occlusion": other,
    "moved": other, "noise": rougher, "stripes": stripy, "color_cast": tinted, "low_contrast": flatter,
    "corruption": torn,
}  # fmt: skip


@pytest.mark.parametrize("finding", CHANGES)
def test_a_fault_changes_the_picture_as_its_name_says_in_each_of_its_looks(gate: Camera, finding: str) -> None:
    well = gate.picture(LATER)

    for look in PICTURE_FAULTS[finding]:
        # Some streams break in four pictures of five: one of three in a row shows it.
        moments = (LATER, LATER + 0.1, LATER + 0.2)
        assert any(CHANGES[finding](well, seen(gate, finding, at, look=look)) for at in moments), look
        assert far(gate.picture(LATER), well) == 0, "it is not over"


@pytest.mark.parametrize("look", PICTURE_FAULTS["occlusion"])
@pytest.mark.parametrize("share", [0.4, 0.6, 1.0])
def test_a_cover_covers_as_much_as_it_should(look: str, share: float) -> None:
    camera = Camera("gate", "school_gate", 3, 320, 180, clock=False)
    well = camera.picture(LATER)

    covered = seen(camera, "occlusion", look=look, amount=share)

    assert (numpy.abs(grey(covered) - grey(well)) > 1).mean() == pytest.approx(share, abs=0.09)


@pytest.mark.parametrize("finding", ["occlusion", "blur", "noise", "color_cast", "low_contrast", "stripes"])
def test_a_severer_fault_changes_more(gate: Camera, finding: str) -> None:
    well = gate.picture(LATER)

    distances = [far(well, seen(gate, finding, severity=severity)) for severity in (1, 2, 3, 4)]

    assert distances == sorted(distances)
    assert distances[3] > 1.5 * distances[0]


def test_a_lost_signal_is_a_slate_or_nothing(gate: Camera) -> None:
    assert seen(gate, "signal_loss", look="dead") is None
    for look in ("blue", "black_text", "grey", "bars"):
        first, second = (seen(gate, "signal_loss", at, look=look) for at in (LATER, LATER + 7))
        assert (first == second).all()


def test_a_frozen_picture_is_the_same_to_the_last_byte_but_for_a_clock_that_may_run(gate: Camera) -> None:
    gate.put(Spell("gate", "freeze", NOON, NOON + 60))
    jpegs = {shot.jpeg for at in (1, 20, 59) if (shot := gate.shot(NOON + at))}
    gate.lift()
    first, second = (seen(gate, "freeze", at, look="clock_runs") for at in (NOON + 1, LATER))

    assert len(jpegs) == 1
    assert (first[20:] == second[20:]).all()
    assert (first[:20] != second[:20]).any()
    assert far(gate.picture(NOON + 1), gate.picture(LATER)) > 0.5


def test_a_moved_camera_shows_more_of_the_same_scene_at_one_side(gate: Camera) -> None:
    import cv2

    window = numpy.outer(numpy.hanning(180), numpy.hanning(320)).astype(numpy.float32)

    def shift(at: float) -> tuple[float, float]:
        """How far the picture is from where it was, along its width, and how sure that is."""
        well, turned = grey(gate.picture(at)), grey(seen(gate, "moved", at, amount=0.2))
        (dx, _), sure = cv2.phaseCorrelate(well, turned, window)
        return abs(dx), sure

    assert shift(LATER)[0] == pytest.approx(0.2 * 320, abs=3)
    assert shift(LATER)[1] > 0.1
    assert shift(NOON + 0.4)[0] == pytest.approx(0.1 * 320, abs=3), "a hand takes most of a second"


def test_flicker_and_shake_come_and_go_within_a_second(gate: Camera) -> None:
    levels = [seen(gate, "flicker", LATER + k / 10).mean() for k in range(10)]
    places = [far(seen(gate, "shake", LATER + k / 10), gate.picture(LATER + k / 10)) for k in range(5)]

    assert max(levels) > 1.4 * min(levels)
    assert max(places) > 3


def test_a_slow_camera_takes_fewer_pictures_and_a_gap_none(gate: Camera) -> None:
    def taken(spell: Spell | None) -> int:
        gate.put_all((spell,) if spell else ())
        moments = {gate.taken_at(NOON + k / 50) for k in range(500)} - {None}
        gate.lift()
        return len(moments)

    assert taken(None) == pytest.approx(100, abs=1)
    for look in ("even", "irregular"):
        assert taken(Spell("gate", "low_fps", NOON - 9, severity=2, look=look)) == pytest.approx(20, abs=2)
    assert taken(Spell("gate", "gap", NOON + 2, NOON + 6)) == pytest.approx(60, abs=2)


def test_a_camera_whose_clock_is_wrong_says_so_beside_the_picture(gate: Camera) -> None:
    def stamps(look: str) -> list[float]:
        gate.put_all((Spell("gate", "stale_timestamp", NOON, look=look),))
        shots = [gate.shot(NOON + s) for s in (5, 6)]
        gate.lift()
        return [shot.stamp - NOON for shot in shots if shot]

    assert stamps("stopped") == [0, 0]
    assert stamps("behind") == pytest.approx([-3595, -3594])
    assert stamps("ahead") == pytest.approx([605, 606])


@pytest.mark.parametrize("look, size", [("half", (160, 90)), ("cif", (352, 288))])
def test_a_wrong_size_is_the_size_of_the_jpeg(gate: Camera, look: str, size: tuple[int, int]) -> None:
    assert seen(gate, "wrong_resolution", look=look).shape == (size[1], size[0], 3)


def test_damaged_data_are_still_a_jpeg_by_their_head(gate: Camera) -> None:
    well = gate.shot(LATER)
    gate.put_all((Spell("gate", "corruption", NOON, look="truncated"),))
    cut = gate.shot(LATER)
    gate.lift()

    assert well and cut
    assert well.jpeg[:2] == cut.jpeg[:2] == b"\xff\xd8"
    assert well.jpeg[-2:] == b"\xff\xd9" != cut.jpeg[-2:]
    assert len(cut.jpeg) < 0.7 * len(well.jpeg)


def test_every_finding_of_the_contract_can_be_shown_and_no_other() -> None:
    assert set(FAULTS) == set(Finding)
    assert not set(HARMLESS) & set(FAULTS)


@pytest.mark.parametrize("finding", [*RECORDER_FAULTS])
def test_what_only_the_recorder_tells_is_not_in_the_picture(gate: Camera, finding: str) -> None:
    assert far(seen(gate, finding), gate.picture(LATER)) == 0


@pytest.mark.parametrize("finding", HARMLESS)
def test_what_is_harmless_passes(gate: Camera, finding: str) -> None:
    well = gate.picture(NOON + 70)
    at = NOON + 1.2
    gate.put_all((Spell("gate", finding, NOON, NOON + 4),))
    shots = [gate.shot(t) for t in (at, NOON + 70)]
    during, after = gate.picture(at), gate.picture(NOON + 70)
    gate.lift()

    assert all(shots)
    assert during is not None
    assert far(after, well) == 0
    if finding not in ("compression", "daylight", "bump", "gusts"):
        assert far(during, gate.picture(at)) > 0.8


def test_a_spell_says_what_is_wrong_with_itself() -> None:
    for wrong in (
        {"finding": "stroke"},
        {"severity": 5},
        {"look": "polka dots"},
        {"to_s": -1.0},
        {"amount": math.nan},
    ):
        with pytest.raises(ValueError):
            Spell(**{"camera": "a", "finding": "black", "from_s": 0.0, **wrong})
