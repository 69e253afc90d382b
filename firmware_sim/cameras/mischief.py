"""Faults that come and go by themselves, one after the other, so that a demonstration has something to find.

Which camera suffers what follows from the seed. Faults last long enough for a look a minute to find them, by a real
clock or the site's, and for people to see it; between two there is time to see that all is well again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from firmware_sim.cameras.site import Cameras

CALM_S = 130.0
"""Real seconds before the first: the gateway looks once a minute, and has to learn what the cameras look like."""
PAUSE_S = (70.0, 100.0)
"""Real seconds from the end of one to the begin of the next."""
LASTS_S = (130.0, 200.0)
"""Real seconds …"""
AT_LEAST_S = 240.0
"""… and seconds of the site's clock that one lasts."""
SHOWN: tuple[tuple[str, int, str], ...] = (
    ("occlusion", 4, "hand"), ("not_recording", 3, ""), ("freeze", 3, "plain"), ("moved", 3, "shift"),
    ("signal_loss", 3, "blue"), ("blur", 3, "focus"), ("occlusion", 3, "spray"), ("retention_short", 3, ""),
    ("black", 3, "sensor"), ("signal_loss", 4, "dead"), ("color_cast", 3, "pink"), ("disk_low", 3, ""),
)  # fmt: skip
"""What happens, in this order: the faults that people do to cameras first."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One fault: after how many real seconds it begins, and how many seconds of the site's clock it lasts."""

    after_s: float
    camera: str
    finding: str
    severity: int
    look: str
    lasts_s: float


def turns(cameras: Sequence[str], seed: int, speed: float) -> Iterator[Turn]:
    """What happens, one after the other and without end; the same for the same seed."""
    chance = random.Random(f"mischief {seed}")
    order = list(cameras)
    chance.shuffle(order)
    pause_s = CALM_S
    for number in count():
        finding, severity, look = SHOWN[number % len(SHOWN)]
        lasts_s = max(AT_LEAST_S, chance.uniform(*LASTS_S) * speed)
        yield Turn(pause_s, order[number % len(order)], finding, severity, look, lasts_s)
        pause_s = lasts_s / speed + chance.uniform(*PAUSE_S)


async def mischief(cameras: Cameras, seed: int, speed: float = 1.0) -> None:
    """Goes on until it is cancelled."""
    for turn in turns([camera.id for camera in cameras], seed, speed):
        await asyncio.sleep(turn.after_s)
        cameras.fault(turn.camera, turn.finding, turn.severity, turn.lasts_s, turn.look)
