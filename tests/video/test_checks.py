"""What the checks find and what they leave alone, on a drawn yard: every class once, every harmless thing once."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gateway.core.cameras import Finding
from gateway.core.health import Change
from gateway.video.checks import Reference, Session, best_reference, look, measure
from tests.video.drawn_yard import (
    HEIGHT,
    ONSET_S,
    SETTLE_S,
    WIDTH,
    Effect,
    background,
    broken_blocks,
    cover,
    final,
    hiss,
    pictures,
    shaken,
    stripes,
    to_bytes,
    view,
    walking_by,
    wide,
)

F = Finding
WITHIN_S = 13.0


def watch(effect: Effect | None, seconds: float = ONSET_S + WITHIN_S, **yard: int) -> list[Change]:
    session = Session(SETTLE_S)
    changes: list[Change] = []
    for at_s, picture in pictures(seconds, effect, **yard):
        if picture is not None:
            changes += session.see(picture, at_s)
    changes += session.end(seconds)
    return changes


def slate(seen, _s, _rng):
    blue = np.full_like(seen, (180, 60, 20))
    cv2.putText(blue, "NO SIGNAL", (90, 90), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2)
    return blue


def frozen():
    kept = {}

    def fn(seen, after_s, _rng):
        picture = kept.setdefault("first", to_bytes(seen + hiss(_rng, 1.2))).copy()
        cv2.putText(picture, f"12:30:{int(after_s):02d}", (8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1)
        return picture

    return final(fn)


def green(seen, _s, _rng):
    return to_bytes(seen * np.array([0.75, 1.25, 0.75]))


def bars(seen, _s, _rng):
    """What a recorder shows for a camera that is not there."""
    colours = [(192, 192, 192), (0, 192, 192), (192, 192, 0), (0, 192, 0), (192, 0, 192), (0, 0, 192), (192, 0, 0)]
    return np.repeat(np.array([colours[x * 7 // WIDTH] for x in range(WIDTH)], np.uint8)[None], HEIGHT, axis=0)


def another_scene():
    """Gravel and leaves: as fine as noise, but it stands still."""
    gravel = hiss(np.random.default_rng(4), 14)
    return lambda seen, _s, _rng: to_bytes(background(77)[:HEIGHT, :WIDTH] + gravel)


def smeared(seen, _s, rng):
    """Fingers on the lens: soft, and light strays over it."""
    return to_bytes(cv2.GaussianBlur(seen, (0, 0), 3.5) * 0.5 + 60.0 + hiss(rng, 0.4))


FAULTS: dict[str, tuple[Effect, set[Finding]]] = {
    "no signal": (final(slate), {F.SIGNAL_LOSS}),
    "nothing comes": (lambda seen, after_s, rng: None, {F.SIGNAL_LOSS, F.GAP}),
    "colour bars": (final(bars), {F.SIGNAL_LOSS}),
    "black": (lambda seen, after_s, rng: np.full_like(seen, 5), {F.BLACK}),
    "overexposed": (lambda seen, after_s, rng: to_bytes(seen * 3.5 + 90.0), {F.OVEREXPOSED}),
    "underexposed": (lambda seen, after_s, rng: to_bytes(seen * 0.15 + hiss(rng, 2)), {F.UNDEREXPOSED}),
    "blur": (lambda seen, after_s, rng: cv2.GaussianBlur(seen, (0, 0), 3), {F.BLUR}),
    "a smeared lens": (final(smeared), {F.BLUR}),
    "half covered": (cover(0.55, (30, 28, 26)), {F.OCCLUSION}),
    "covered with paper": (cover(0.8, (190, 195, 200)), {F.OCCLUSION}),
    "turned aside": (wide(lambda scene, after_s, rng: view(scene, right=0.12)), {F.MOVED}),
    "tilted": (wide(lambda scene, after_s, rng: view(scene, turn=6.0)), {F.MOVED}),
    "another scene of fine texture": (another_scene(), {F.MOVED}),
    "frozen under a clock": (frozen(), {F.FREEZE}),
    "noise": (lambda seen, after_s, rng: to_bytes(seen + hiss(rng, 24)), {F.NOISE}),
    "hum bars": (stripes(22, 6), {F.STRIPES}),
    "green": (green, {F.COLOR_CAST}),
    "fog": (lambda seen, after_s, rng: to_bytes(seen * 0.25 + 140.0), {F.LOW_CONTRAST}),
    "flicker": (lambda seen, after_s, rng: to_bytes(seen * (1.3 if int(after_s * 2.2) % 2 else 0.7)), {F.FLICKER}),
    "broken blocks": (broken_blocks, {F.CORRUPTION}),
    "shaking": (shaken(0.02), {F.SHAKE}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_finds_by_its_name(name: str) -> None:
    effect, right = FAULTS[name]
    raised = [change for change in watch(effect) if change.raised]
    assert raised, "nothing was found"
    assert {change.finding for change in raised} & right
    assert all(change.at_s >= ONSET_S for change in raised)
    assert len({change.finding for change in raised}) <= 2, "one fault, one finding (a gap may become a lost signal)"


def cloud(seen, after_s, _rng):
    return to_bytes(seen * (1 - 0.35 * min(1.0, after_s / 3)))


def lights_off(seen, after_s, rng):
    return to_bytes(seen * (0.45 if after_s > 3 else 0.22 + 0.077 * after_s) + hiss(rng, 2.5))


def infrared(seen, after_s, rng):
    if after_s < 0.4:
        return to_bytes(seen * 0.25)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    light = np.exp(-(((x / WIDTH - 0.5) / 0.62) ** 2 + ((y / HEIGHT - 0.55) / 0.75) ** 2))
    grey = cv2.cvtColor(seen, cv2.COLOR_BGR2GRAY) * (0.45 + 0.65 * light) + hiss(rng, 2)[..., 0]
    return cv2.cvtColor(to_bytes(grey), cv2.COLOR_GRAY2BGR)


def headlights(seen, after_s, _rng):
    if after_s > 2:
        return seen
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    glow = np.exp(-(((x / WIDTH - 0.2 - 0.3 * after_s) / 0.3) ** 2 + ((y / HEIGHT - 0.55) / 0.4) ** 2))
    return to_bytes(seen * 0.7 + 300 * np.sin(np.pi * after_s / 2) * glow[..., None])


def pressed_hard(seen, _s, _rng):
    return cv2.imdecode(cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, 25])[1], cv2.IMREAD_COLOR)


HARMLESS: dict[str, Effect | None] = {
    "nothing": None,
    "a cloud": cloud,
    "lights switched off": lights_off,
    "lights switched on": lambda seen, after_s, rng: to_bytes(seen * (1.15 if after_s > 3 else 1.7 - 0.18 * after_s)),
    "infrared": infrared,
    "somebody close": walking_by(3.0, 0.8),
    "headlights": headlights,
    "wind": shaken(0.002),
    "a bump": shaken(0.015, for_s=2.0),
    "hard compression": final(pressed_hard),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_leaves_alone(name: str) -> None:
    assert [change for change in watch(HARMLESS[name]) if change.raised] == []


def test_a_finding_ends_by_itself_when_the_fault_does() -> None:
    def for_eight_seconds(seen, after_s, rng):
        return np.full_like(seen, 4) if after_s < 8 else seen

    changes = watch(for_eight_seconds, ONSET_S + 24)
    assert [(change.finding, change.raised) for change in changes] == [(F.BLACK, True), (F.BLACK, False)]
    assert changes[1].at_s <= ONSET_S + 8 + 15


def test_a_camera_without_colour_and_of_another_shape_is_watched_as_well() -> None:
    session, changes = Session(SETTLE_S), []
    for at_s, picture in pictures(ONSET_S + 12, cover(0.7, (30, 30, 30))):
        grey = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (352, 288))
        changes += session.see(grey, at_s)
    assert [change.finding for change in changes if change.raised] == [F.OCCLUSION]


def test_the_reference_of_the_same_light_is_chosen() -> None:
    day = [look(picture) for _, picture in pictures(2)]
    rng = np.random.default_rng(1)
    night = [look(infrared(picture, 5.0, rng)) for _, picture in pictures(2)]
    references = [Reference.of(night), Reference.of(day)]
    assert references[0].is_infrared and not references[1].is_infrared
    assert best_reference(day[3], references) == 1
    assert best_reference(night[3], references) == 0


def test_a_reference_survives_its_bytes() -> None:
    looks = [look(picture) for _, picture in pictures(3)]
    reference = Reference.of(looks)
    again = Reference.from_bytes(reference.to_bytes())
    assert measure(looks[-1], again, looks[-2], 0.2) == measure(looks[-1], reference, looks[-2], 0.2)
    assert again.picture().shape == (135, 240, 3)


def test_a_reference_can_be_made_of_a_single_picture() -> None:
    looks = [look(picture) for _, picture in pictures(2)]
    found = measure(looks[-1], Reference.of(looks[:1]), looks[-2], 0.2)
    assert found.lost is not None and found.lost < 0.2, "only the people who were in it are missing"
    assert found.kept is not None and found.kept > 0.7
