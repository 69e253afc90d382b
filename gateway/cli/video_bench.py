"""`wardgate video bench`: what one check costs on this machine, and how many cameras that makes.

Promises: compares against OpenCV's full colour decode of the very same JPEG, on one thread, in processor time, so that
a busy machine says the same as an idle one. The pictures are drawn, from a dark yard to a crowded café, or yours.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from gateway.cli.options import JsonOption
from gateway.cli.speaking import fail, result_json

if TYPE_CHECKING:
    from gateway.video.checks.decoding import Pixels

CADENCES_S = (60, 30, 15)
QUALITY = 85
"""What cameras send; at 95 more of the time is spent on reading the file and less on the picture."""


@dataclass(frozen=True)
class Cost:
    """Milliseconds of processor time for one picture, median of the rounds."""

    name: str
    kilobytes: int
    full_decode_ms: float
    decode_ms: float
    check_ms: float
    """Decode, look and every measure against a reference and the picture before."""

    @property
    def ratio(self) -> float:
        return self.check_ms / self.full_decode_ms


def bench(
    pictures: Annotated[
        Path | None,
        typer.Option("--pictures", help="Measure with the JPEGs of this folder.", exists=True, file_okay=False),
    ] = None,
    rounds: Annotated[int, typer.Option("--rounds", min=3, max=1000, help="How often each picture is measured.")] = 30,
    as_json: JsonOption = False,
) -> None:
    """Cost of one check against decoding the picture, and cameras per core at each cadence."""
    costs = [_cost(name, jpegs, rounds) for name, jpegs in (_read(pictures) if pictures else _drawn()).items()]
    if not costs:
        fail(f"no JPEG in {pictures}")
    ratio = statistics.median(cost.ratio for cost in costs)
    check_ms = statistics.median(cost.check_ms for cost in costs)
    cameras = {cadence_s: int(cadence_s * 1000 / check_ms) for cadence_s in CADENCES_S}
    if as_json:
        result_json(
            {
                "pictures": [
                    {
                        "name": cost.name,
                        "kilobytes": cost.kilobytes,
                        "full_decode_ms": round(cost.full_decode_ms, 3),
                        "decode_ms": round(cost.decode_ms, 3),
                        "check_ms": round(cost.check_ms, 3),
                        "ratio": round(cost.ratio, 3),
                    }
                    for cost in costs
                ],
                "ratio": round(ratio, 3),
                "cameras_per_core": {str(cadence_s): count for cadence_s, count in cameras.items()},
            }
        )
        return
    table = Table("picture", "kB", "full decode, ms", "our decode, ms", "whole check, ms", "ratio")
    for cost in costs:
        table.add_row(
            cost.name,
            str(cost.kilobytes),
            f"{cost.full_decode_ms:.2f}",
            f"{cost.decode_ms:.2f}",
            f"{cost.check_ms:.2f}",
            f"{cost.ratio:.2f}",
        )
    console = Console()
    console.print(table)
    console.print(f"Median: one check costs {ratio:.2f} of decoding the picture in full.")
    for cadence_s, count in cameras.items():
        console.print(
            f"One core: {count} cameras, each looked at with one picture every {cadence_s} s (fetching not counted)."
        )


def _cost(name: str, jpegs: list[bytes], rounds: int) -> Cost:
    import cv2
    import numpy as np

    from gateway.video.checks import Reference, decode, look, measure

    cv2.setNumThreads(1)
    reference = Reference.of([look(decode(jpeg)) for jpeg in jpegs])
    previous = look(decode(jpegs[-1]))
    measure(previous, reference, None)
    jpeg = jpegs[0]
    raw = np.frombuffer(jpeg, np.uint8)
    # In turns, so that a change of the processor's clock meets all three alike.
    full, part, whole = list[float](), list[float](), list[float]()
    for _ in range(rounds):
        full.append(_took_ms(lambda: cv2.imdecode(raw, cv2.IMREAD_COLOR)))
        part.append(_took_ms(lambda: decode(jpeg)))
        whole.append(_took_ms(lambda: measure(look(decode(jpeg)), reference, previous, 1.0)))
    return Cost(name, len(jpeg) // 1024, statistics.median(full), statistics.median(part), statistics.median(whole))


def _took_ms(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


def _read(folder: Path) -> dict[str, list[bytes]]:
    """Each picture is its own reference: what a check of a healthy camera costs."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg"))
    return {path.name: [path.read_bytes()] for path in files}


def _drawn() -> dict[str, list[bytes]]:
    """Scenes of 1920 × 1080 with what makes a JPEG expensive: structure, people and sensor noise."""
    scenes = {
        "dark yard": (0.12, 3.0, 2, 20),
        "night gate, infrared": (0.35, 4.0, 4, 60),
        "corridor": (0.8, 1.5, 1, 40),
        "dusk car park": (0.4, 3.0, 14, 120),
        "hall at noon": (1.0, 1.5, 25, 240),
        "crowded café": (1.0, 2.0, 90, 700),
    }
    return {name: _scene(seed, *scene) for seed, (name, scene) in enumerate(scenes.items())}


def _scene(seed: int, light: float, noise: float, people: int, things: int) -> list[bytes]:
    import cv2
    import numpy as np

    rng = np.random.default_rng(seed)
    ground = (
        cv2.resize(rng.random((12, 20, 3)).astype(np.float32), (1920, 1080), interpolation=cv2.INTER_CUBIC) * 60 + 110
    )
    fine = cv2.resize(rng.random((270, 480)).astype(np.float32), (1920, 1080), interpolation=cv2.INTER_LINEAR) * 16 - 8
    still = np.clip(ground + fine[..., None], 0, 255).astype(np.uint8)
    for _ in range(things):
        x, y = int(rng.integers(0, 1900)), int(rng.integers(0, 1060))
        size = (int(rng.integers(12, 160)), int(rng.integers(12, 120)))
        colour = tuple(int(c) for c in rng.integers(20, 235, 3))
        cv2.rectangle(still, (x, y), (x + size[0], y + size[1]), colour, -1)
        cv2.line(still, (x, y + size[1] // 2), (x + size[0], y), tuple(int(255 - c) for c in colour), 2)
    where = [
        (int(rng.integers(0, 1920)), int(rng.integers(200, 1080)), int(rng.integers(20, 70))) for _ in range(people)
    ]
    pictures = []
    for step in range(4):
        picture: Pixels = still.copy()
        for k, (x, y, tall) in enumerate(where):
            at = (x + step * (k % 5 - 2) * 9, y)
            cv2.ellipse(
                picture, at, (tall // 2, tall), 0, 0, 360, (40 + k * 37 % 180, 50 + k * 61 % 170, 60 + k * 17 % 160), -1
            )
            cv2.circle(picture, (at[0], y - tall - tall // 4), tall // 3, (120, 150, 200), -1)
        grain = rng.normal(0, noise, (*picture.shape[:2], 1)) + rng.normal(0, noise / 3, picture.shape)
        seen = np.clip(picture * light + grain, 0, 255).astype(np.uint8)
        pictures.append(cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes())
    return pictures
