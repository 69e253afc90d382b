"""What can be wrong with a camera, and what is only unusual: the names, and the times at which they hold.

The names of faults are those of the video checks. A `Spell` is one fault or one harmless thing at one camera from a
moment to another; a camera's picture is a function of its scene, the moment and its spells.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from zlib import crc32

PICTURE_FAULTS: dict[str, tuple[str, ...]] = {
    "signal_loss": ("blue", "black_text", "grey", "bars", "snow", "dead"),
    "black": ("sensor", "flat"),
    "overexposed": ("gain", "white", "slow"),
    "underexposed": ("gain",),
    "blur": ("focus", "slow", "grease"),
    "occlusion": ("hand", "bag", "cloth", "spray", "cap"),
    "moved": ("shift", "shift_y", "rotation", "zoom", "slow", "other_scene"),
    "freeze": ("plain", "clock_runs"),
    "noise": ("grain", "snow"),
    "stripes": ("rolling", "columns", "diagonal", "fine"),
    "color_cast": ("warm", "green", "pink", "blue", "red"),
    "low_contrast": ("flat", "fog"),
    "flicker": ("slow", "fast"),
    "corruption": ("macroblocks", "jpeg", "truncated"),
    "shake": ("wind_on_mast",),
    "low_fps": ("even", "irregular"),
    "gap": ("pause",),
    "stale_timestamp": ("stopped", "behind", "ahead"),
    "wrong_resolution": ("half", "cif"),
}
"""Each fault that the picture or its timing shows, and the looks it can have; the first is taken if none is named."""

RECORDER_FAULTS = ("not_recording", "disk_low", "retention_short")
"""What only the `recording` event tells."""

FAULTS = (*PICTURE_FAULTS, *RECORDER_FAULTS)

HARMLESS = (
    "lights_off", "lights_on", "infrared", "daylight", "cloud", "person_close", "lorry_close", "headlights", "rain",
    "bump", "gusts", "compression",
)  # fmt: skip
"""What must not be taken for a fault."""

MANNERS = (
    "hang", "drip", "endless", "truncated", "huge_header", "redirect", "wrong_type", "unauthorized", "refuse", "empty",
)  # fmt: skip
"""How a camera can misbehave as a server, whatever its picture is; see `server.py`."""


@dataclass(frozen=True, slots=True)
class Spell:
    """One thing at one camera for a time. Times are those of the camera's pictures, in seconds."""

    camera: str
    finding: str
    """the class: one of `FAULTS` or `HARMLESS`"""
    from_s: float
    to_s: float = math.inf
    severity: int = 3
    """1 (barely) to 4 (entirely)"""
    look: str = ""
    amount: float | None = None
    """overrules what the severity stands for: the part covered, the shift, the radius …"""

    def __post_init__(self) -> None:
        if self.finding not in FAULTS and self.finding not in HARMLESS:
            raise ValueError(f"no fault {self.finding!r}; known: {', '.join((*FAULTS, *HARMLESS))}")
        if self.severity not in (1, 2, 3, 4):
            raise ValueError("severity: expected 1 to 4")
        looks = PICTURE_FAULTS.get(self.finding, ())
        if self.look and self.look not in looks:
            raise ValueError(f"no look {self.look!r} of {self.finding}; known: {', '.join(looks) or 'none'}")
        if self.to_s < self.from_s:
            raise ValueError("to_s: expected no less than from_s")
        if self.amount is not None and not math.isfinite(self.amount):
            raise ValueError("amount: expected a number")

    def holds(self, t: float) -> bool:
        """Whether it is on at a moment."""
        return self.from_s <= t < self.to_s

    @property
    def appearance(self) -> str:
        """The look, or the usual one."""
        return self.look or PICTURE_FAULTS.get(self.finding, ("",))[0]

    @property
    def is_fault(self) -> bool:
        """False for what is harmless."""
        return self.finding in FAULTS

    def of(self, amounts: tuple[float, float, float, float]) -> float:
        """What the severity stands for, or the amount that was asked for."""
        return amounts[self.severity - 1] if self.amount is None else self.amount

    @property
    def seed(self) -> int:
        """Chance of its own, the same each time."""
        return crc32(f"{self.camera} {self.finding} {self.from_s:.3f} {self.look}".encode())
