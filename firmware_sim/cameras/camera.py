"""A camera: a scene, the spells that lie on it, and its pictures as arrays and as JPEG, with the camera's own time.

A camera sees the middle of a larger drawing, so that it can be turned and show something true at its new edge. What it
shows at a moment is a function of the scene, the moment and its spells; asking twice gives the same bytes. Which moment
it is, is the caller's; `server.py` asks for the moments of a real clock.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import Any

from firmware_sim.cameras import light, optics, sensor
from firmware_sim.cameras.scenes import KINDS, Scene, Weather, burn_clock, sensor_noise
from firmware_sim.cameras.spells import PICTURE_FAULTS, Spell

Array = Any

ROOM = 0.4
"""How much wider and higher than the picture the drawing is: a camera can be turned by up to a third of its picture."""
QUALITY = 82
LIGHTS_SETTLE_S = 3.0
"""So long a camera takes to expose for other light."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture on its way out."""

    jpeg: bytes
    stamp: float
    """the camera's own time of it, seconds since 1970"""


class Camera:
    """One camera. Safe to ask from several threads."""

    def __init__(
        self,
        id: str,
        kind: str = "school_gate",
        seed: int = 0,
        width: int = 640,
        height: int = 360,
        *,
        fps: float = 10.0,
        name: str = "",
        utc_offset_s: float = light.CHINA_S,
        place: int | None = None,
        clock: bool = True,
        quality: int = QUALITY,
    ) -> None:
        """`place`: cameras with the same number look at the same place and share its drawing; else its own seed."""
        if kind not in KINDS:
            raise ValueError(f"no place {kind!r}; known: {', '.join(KINDS)}")
        self.id, self.kind, self.seed, self.fps, self.quality = id, kind, seed, fps, quality
        self.width, self.height = width, height
        self._clock = clock
        wide, high = round(width * (1 + ROOM)), round(height * (1 + ROOM))
        self._view_size = (wide, high)
        self._of_scene: dict[str, Any] = {
            "name": name or id, "utc_offset_s": utc_offset_s, "clock": clock, "place": seed if place is None else place,
        }  # fmt: skip
        self._scene: Scene | None = None
        # Off the middle, so that there is room for a third of the picture at one side at least.
        chance = (seed * 2654435761 + 12345) % 2**32 / 2**32
        self._left = round((wide - width) * (0.18 if chance < 0.5 else 0.82))
        self._top = round((high - height) * (0.35 + 0.3 * ((chance * 16) % 1)))
        self._room = (1.0 if chance < 0.5 else -1.0, 1.0 if (chance * 32) % 1 < 0.5 else -1.0)
        self._other: Scene | None = None
        self._lock = threading.RLock()
        self._spells: tuple[Spell, ...] = ()
        """Replaced and never changed, so that a picture in the making keeps the ones it began with."""
        self._last: tuple[Any, Shot | None] | None = None

    @property
    def scene(self) -> Scene:
        """What it looks at; drawn when somebody looks for the first time."""
        with self._lock:
            if self._scene is None:
                self._scene = Scene(self.kind, self.seed, *self._view_size, **self._of_scene)
            return self._scene

    # Spells

    def put(self, spell: Spell) -> None:
        """A spell begins at its time, and ends at its time."""
        if spell.camera != self.id:
            raise ValueError(f"{spell.camera} is another camera than {self.id}")
        with self._lock:
            self._spells = (*self._spells, spell)

    def put_all(self, spells: tuple[Spell, ...]) -> None:
        """These and no others."""
        with self._lock:
            self._spells = tuple(spells)

    def lift(self, finding: str | None = None) -> tuple[Spell, ...]:
        """Take one kind of spell away, or all; returns those that were there."""
        with self._lock:
            gone = tuple(spell for spell in self._spells if finding is None or spell.finding == finding)
            self._spells = tuple(spell for spell in self._spells if spell not in gone)
        return gone

    def spells(self, t: float | None = None) -> tuple[Spell, ...]:
        """The spells that hold at a moment, or all."""
        with self._lock:
            return tuple(spell for spell in self._spells if t is None or spell.holds(t))

    # Times

    def stamp(self, t: float) -> float:
        """What the camera's own clock says at a moment."""
        for spell in self._of(t, "stale_timestamp"):
            if spell.appearance == "stopped":
                return spell.from_s
            return t - 3600 if spell.appearance == "behind" else t + 600
        return t

    def taken_at(self, t: float) -> float | None:
        """When the newest picture at a moment was taken: on the grid of the camera's rate, or of the lower one of
        `low_fps`; None while there is none."""
        if self._is_silent(t):
            return None
        for spell in self._of(t, "low_fps"):
            step = 1 / self._slow(spell)
            number = math.floor(t / step)
            if spell.appearance == "even":
                return number * step
            return step * max(late for late in (_late(number - 1, spell), _late(number, spell)) if late <= t / step)
        return math.floor(t * self.fps + 1e-6) / self.fps

    def pause_s(self, t: float) -> float | None:
        """How long it is to the next picture of a stream, at a moment; None while there is none."""
        if self._is_silent(t):
            return None
        for spell in self._of(t, "low_fps"):
            even = 1 / self._slow(spell)
            return even if spell.appearance == "even" else even * (0.3 + 1.4 * (round(t * 997) % 97) / 97)
        return 1 / self.fps

    def _is_silent(self, t: float) -> bool:
        dead = any(spell.appearance == "dead" for spell in self._of(t, "signal_loss"))
        return dead or bool(self._of(t, "gap"))

    def _slow(self, spell: Spell) -> float:
        return max(0.05, min(self.fps, spell.of((0.6 * self.fps, 2.0, 0.8, 0.4))))

    # Pictures

    def picture(self, t: float) -> Array | None:
        """BGR, 8 bit, as it arrives at a moment; None while nothing comes."""
        import cv2
        import numpy

        taken = self.taken_at(t)
        if taken is None:
            return None
        image = self._drawn(taken, taken)
        for spell in self._of(taken, "corruption"):
            if spell.appearance != "macroblocks":
                jpeg = sensor.damage_jpeg(_encode(cv2, image, self.quality, in_rows=True), spell, taken)
                broken = cv2.imdecode(numpy.frombuffer(jpeg, numpy.uint8), cv2.IMREAD_COLOR)
                image = sensor.cut_off(image, spell) if broken is None else broken
        return image

    def shot(self, t: float) -> Shot | None:
        """The same as JPEG, with the camera's own time; None while nothing comes."""
        import cv2

        taken = self.taken_at(t)
        if taken is None:
            return None
        with self._lock:
            key = (taken, self._spells)
            if self._last is not None and self._last[0] == key:
                return self._last[1]
        quality = self.quality
        for spell in self._of(taken, "compression"):
            quality = round(spell.of((45, 30, 22, 12)))
        damage = [spell for spell in self._of(taken, "corruption") if spell.appearance != "macroblocks"]
        jpeg = _encode(cv2, self._drawn(taken, taken), quality, in_rows=bool(damage))
        for spell in damage:
            jpeg = sensor.damage_jpeg(jpeg, spell, taken)
        made = Shot(jpeg, self.stamp(taken))
        with self._lock:
            self._last = (key, made)
        return made

    # Inside

    def _of(self, t: float, *findings: str) -> list[Spell]:
        return [spell for spell in self._spells if spell.finding in findings and spell.holds(t)]

    def _drawn(self, t: float, shown: float, frozen: bool = False) -> Array:
        """The picture at a moment, with everything that lies on it; `shown` is the moment of the burnt-in clock. A
        frozen camera shows the moment at which it froze, to the last grain of noise."""
        if not frozen:
            for spell in self._of(t, "freeze"):
                clock_runs = spell.appearance == "clock_runs"
                return self._drawn(spell.from_s, shown if clock_runs else spell.from_s, frozen=True)
        weather = self._weather(t)
        image, falling = self._view(t, weather)
        for spell in self._of(t, "signal_loss"):
            return sensor.slate(image, spell, t)
        for spell in self._spells:
            if spell.holds(t) and not (spell.is_fault and spell.finding not in PICTURE_FAULTS):
                image = self._before_the_sensor(image, spell, t)
        noise = falling.noise * weather.noise
        for spell in self._of(t, "black"):
            image, noise = sensor.black(image, spell, t), 0.0
        sensor_noise(image, self.seed, t, noise)
        for spell in self._spells:
            if spell.holds(t):
                image = _after_the_sensor(image, spell, t)
        if self._clock:
            burn_clock(image, self.scene.caption(self.stamp(shown)))
        for spell in self._of(t, "corruption"):
            if spell.appearance == "macroblocks":
                image = sensor.macroblocks(image, spell, t)
        return self._sized(image, t)

    def _view(self, t: float, weather: Weather) -> tuple[Array, light.Light]:
        """What the camera looks at: its part of the scene, wherever it points."""
        import cv2
        import numpy

        scene = self.scene
        dx = dy = degrees = 0.0
        zoom = 1.0
        for spell in self._of(t, "moved"):
            if spell.appearance == "other_scene":
                scene = self._other_scene()
                continue
            dx, dy, degrees, zoom = optics.displacement(spell, t - spell.from_s, self._room)
        for spell in self._of(t, "shake", "bump"):
            if spell.finding == "shake" or t - spell.from_s < 2.0:
                x, y = optics.tremble(spell, t)
                dx, dy = dx + x * (0.6 if spell.finding == "bump" else 1), dy + y
        image, falling = scene.seen(t, weather)
        if not (dx or dy or degrees) and zoom == 1.0:
            part = image[self._top : self._top + self.height, self._left : self._left + self.width]
            return numpy.ascontiguousarray(part), falling
        middle = (self._left + self.width * (0.5 + dx), self._top + self.height * (0.5 + dy))
        turn = cv2.getRotationMatrix2D(middle, degrees, zoom)
        turn[0, 2] += self.width / 2 - middle[0]
        turn[1, 2] += self.height / 2 - middle[1]
        size = (self.width, self.height)
        return cv2.warpAffine(image, turn, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT), falling

    def _other_scene(self) -> Scene:
        with self._lock:
            if self._other is None:
                kind = KINDS[(KINDS.index(self.kind) + 1 + self.seed % 3) % len(KINDS)]
                scene = self.scene
                self._other = Scene(
                    kind, self.seed + 1, scene.width, scene.height, utc_offset_s=scene.utc_offset_s, clock=False
                )
            return self._other

    def _weather(self, t: float) -> Weather:
        infrared: bool | None = None
        gain = noise = wind = 1.0
        for spell in self._spells:
            if not spell.holds(t):
                continue
            since_s = t - spell.from_s
            if spell.finding in ("lights_off", "lights_on"):
                at_once, settled = (0.22, 0.45) if spell.finding == "lights_off" else (1.9, 1.15)
                at_once = 1 + (at_once - 1) * optics.ramp(since_s, 0.2)
                gain *= at_once + (settled - at_once) * optics.ramp(since_s - 0.4, LIGHTS_SETTLE_S)
                noise *= 1.8 if spell.finding == "lights_off" else 1.0
            elif spell.finding in ("infrared", "daylight"):
                infrared = spell.finding == "infrared"
                gain *= 0.25 if since_s < light.SWITCH_S else 1.0
            elif spell.finding == "cloud":
                ends_s = spell.to_s - t
                gain *= 1 - (1 - spell.of((0.8, 0.72, 0.65, 0.55))) * min(
                    optics.ramp(since_s, 3), optics.ramp(ends_s, 3)
                )
            elif spell.finding == "gusts":
                wind *= spell.of((1.5, 2, 2.6, 3.2))
        return Weather(infrared, gain, wind, noise)

    def _before_the_sensor(self, image: Array, spell: Spell, t: float) -> Array:
        since_s = t - spell.from_s
        match spell.finding:
            case "person_close" | "lorry_close":
                return optics.somebody_close(image, spell, since_s)
            case "headlights":
                return optics.headlights(image, spell, since_s)
            case "rain":
                return optics.rain(image, spell, t)
            case "low_contrast":
                return optics.fog(image, spell, since_s)
            case "occlusion":
                return optics.occlude(image, spell, since_s, t)
            case "blur":
                return optics.blur(image, spell, since_s)
        return image

    def _sized(self, image: Array, t: float) -> Array:
        import cv2

        for spell in self._of(t, "wrong_resolution"):
            size = (352, 288) if spell.appearance == "cif" else (self.width // 4 * 2, self.height // 4 * 2)
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        return image


def _late(number: int, spell: Spell) -> float:
    """When picture `number` of an irregular camera is taken, in steps of its rate."""
    return number + (number * 7919 + spell.seed) % 97 / 97


def _after_the_sensor(image: Array, spell: Spell, t: float) -> Array:
    since_s = t - spell.from_s
    match spell.finding:
        case "overexposed":
            return sensor.overexpose(image, spell, since_s)
        case "underexposed":
            return sensor.underexpose(image, spell, t, since_s)
        case "noise":
            return sensor.noise(image, spell, t)
        case "stripes":
            return sensor.stripes(image, spell, t)
        case "color_cast":
            return sensor.cast(image, spell)
        case "flicker":
            return sensor.flicker(image, spell, t)
    return image


def _encode(cv2: Any, image: Array, quality: int, in_rows: bool = False) -> bytes:
    """A JPEG. `in_rows`: each row of blocks begins anew, as in a camera's chip: damage does not run to the end."""
    how = [cv2.IMWRITE_JPEG_QUALITY, quality]
    if in_rows:
        how += [cv2.IMWRITE_JPEG_RST_INTERVAL, max(1, image.shape[1] // 16)]
    done, jpeg = cv2.imencode(".jpg", image, how)
    if not done:
        raise ValueError("OpenCV could not write a JPEG")
    return bytes(jpeg)
