"""Recall, right class, false alarms and delay of the video checks: `dev.py bench video --labels DIR`.

DIR is what a maker of faulty clips wrote: `labels.json`, a list of {clip, camera, class, variant, severity, onset_s,
seconds, fps, accept, must_detect, pts?, rx?} with the clips (a video, or a folder of JPEGs) beside it; class `healthy`
must raise nothing. Every clip goes the way of `wardgate video check`: its first eight seconds are the healthy look.
Without --labels the project's own drawn cameras are used. The table is printed and, with --out, kept as Markdown.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.rig import CannotMeasure, say

COUNTS_S = 20.0
"""An alarm counts if it comes so soon after the onset."""

SETTLE_S = 8.0
DRAWN_ONSET_S = 15.0
DRAWN_S = 40.0
DRAWN_FPS = 5


@dataclass(frozen=True)
class Clip:
    """What was in a clip, and what was found: (seconds, name) of everything raised."""

    camera: str
    kind: str
    variant: str
    severity: int
    onset_s: float | None
    accept: tuple[str, ...]
    raised: tuple[tuple[float, str], ...]

    @property
    def is_healthy(self) -> bool:
        return self.kind == "healthy"

    @property
    def early(self) -> tuple[tuple[float, str], ...]:
        """What was raised while nothing was wrong."""
        return self.raised if self.onset_s is None else tuple(one for one in self.raised if one[0] < self.onset_s)

    @property
    def hits(self) -> tuple[tuple[float, str], ...]:
        if self.onset_s is None:
            return ()
        return tuple(one for one in self.raised if self.onset_s <= one[0] <= self.onset_s + COUNTS_S)

    @property
    def is_right(self) -> bool:
        return any(name in self.accept for _, name in self.hits)


@dataclass
class Row:
    """Clips of one class and severity."""

    clips: list[Clip] = field(default_factory=list)

    def cells(self) -> tuple[str, ...]:
        delays = [clip.hits[0][0] - (clip.onset_s or 0.0) for clip in self.clips if clip.hits]
        found, right = sum(bool(clip.hits) for clip in self.clips), sum(clip.is_right for clip in self.clips)
        count = len(self.clips)
        return (
            str(count),
            f"{found / count:.2f}",
            f"{right / count:.2f}",
            f"{statistics.median(delays):.1f}" if delays else "–",
            f"{_at(delays, 0.95):.1f}" if delays else "–",
        )


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench video", description=__doc__)
    parser.add_argument("--labels", type=Path, metavar="DIR", help="clips and labels.json; without it: drawn cameras")
    parser.add_argument("--out", type=Path, metavar="FILE", help="keep the table as Markdown")
    parser.add_argument("--only", metavar="CLASS,…", help="only these classes")
    parser.add_argument("--camera", metavar="TEXT", help="only cameras whose name contains it")
    parser.add_argument("--seed", type=int, default=1, help="of the drawn cameras")
    asked = parser.parse_args(list(words))
    only = set(asked.only.split(",")) if asked.only else None
    clips: list[Clip] = []
    for clip in _labelled(asked.labels, only, asked.camera) if asked.labels else _drawn(asked.seed, only):
        clips.append(clip)
        if clip.early or (not clip.is_healthy and clip.severity > 1 and not clip.is_right):
            say(f"{clip.camera} {clip.kind} {clip.variant} (severity {clip.severity}): {clip.raised or 'nothing'}")
        elif len(clips) % 20 == 0:
            say(f"{len(clips)} clips")
    if not clips:
        raise CannotMeasure("no clip was looked at")
    table = "\n".join(report(clips))
    print(table)
    if asked.out:
        asked.out.write_text(table + "\n", encoding="utf-8")
    return 0


def report(clips: Sequence[Clip]) -> Iterator[str]:
    """The table as Markdown."""
    faults = [clip for clip in clips if not clip.is_healthy]
    healthy = [clip for clip in clips if clip.is_healthy]
    yield "| fault | severity | clips | found | right class | median delay, s | 95 %, s |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for kind in dict.fromkeys(clip.kind for clip in faults):
        for severity in sorted({clip.severity for clip in faults if clip.kind == kind}):
            row = Row([clip for clip in faults if clip.kind == kind and clip.severity == severity])
            marked = f"{severity}" if severity > 1 else "1 (not required)"
            yield f"| `{kind}` | {marked} | " + " | ".join(row.cells()) + " |"
    required = Row([clip for clip in faults if clip.severity > 1])
    if required.clips:
        yield "| **all required** | 2–4 | " + " | ".join(required.cells()) + " |"
    yield ""
    wrong = [clip for clip in healthy if clip.raised]
    plain = [clip for clip in healthy if clip.variant == "plain"]
    early = [clip for clip in faults if clip.early]
    if healthy:
        yield (
            f"Harmless clips with an alarm: {len(wrong)} of {len(healthy)}"
            f" ({len(wrong) / len(healthy):.1%}); of untouched footage "
            f"{sum(bool(clip.raised) for clip in plain)} of {len(plain)}."
        )
    yield f"Faulty clips with an alarm before the fault: {len(early)} of {len(faults)}."
    for clip in (*wrong, *early):
        names = ", ".join(f"{name} at {at_s:.0f} s" for at_s, name in (clip.raised if clip.is_healthy else clip.early))
        yield f"- {clip.camera}, {clip.kind} {clip.variant}: {names}"


def _at(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


# --- clips from outside -----------------------------------------------------------------------------------------------


def _labelled(folder: Path, only: set[str] | None, camera: str | None) -> Iterator[Clip]:
    import cv2

    from gateway.video.capture.examine import Line, Times, examine, open_source

    cv2.setNumThreads(1)
    try:
        labels: list[dict[str, Any]] = json.loads((folder / "labels.json").read_bytes())
    except (OSError, ValueError) as fault:
        raise CannotMeasure(f"{folder}: no labels.json that can be read") from fault
    for label in labels:
        if (only and label["class"] not in only) or (camera and camera not in label["camera"]):
            continue
        times = Times(label.get("pts") or (), label.get("rx") or ())
        # The label says how long the camera was watched; a recording that ends earlier is a camera that fell silent.
        source = open_source(folder / label["clip"], label["fps"], times)
        lines = examine(source, settle_s=SETTLE_S, until_s=float(label["seconds"]) - 1.0)
        yield _clip(label, [line for line in lines if isinstance(line, Line)])


def _clip(label: dict[str, Any], lines: Iterable[Any]) -> Clip:
    raised = tuple((line.change.at_s, str(line.change.finding.value)) for line in lines if line.change.raised)
    return Clip(
        label["camera"],
        label["class"],
        label["variant"],
        int(label["severity"]),
        label["onset_s"],
        tuple(label["accept"]),
        raised,
    )


# --- drawn cameras ----------------------------------------------------------------------------------------------------


def _drawn(seed: int, only: set[str] | None) -> Iterator[Clip]:
    """Every look of every fault, and everything harmless, on three of the simulator's cameras."""
    import cv2

    from firmware_sim.cameras.camera import Camera
    from firmware_sim.cameras.light import moment
    from firmware_sim.cameras.spells import HARMLESS, PICTURE_FAULTS, Spell

    cv2.setNumThreads(1)
    wanted = [(kind, how) for kind, looks in PICTURE_FAULTS.items() for how in looks]
    wanted += [(kind, "") for kind in HARMLESS] + [("plain", "")]
    for number, (place, hour) in enumerate((("school_gate", 10.0), ("corridor", 14.0), ("yard", 12.5))):
        for kind, how in wanted:
            healthy = kind in HARMLESS or kind == "plain"
            if only and ("healthy" if healthy else kind) not in only:
                continue
            camera = Camera(place, place, seed * 100 + number, 640, 360)
            start_s = moment(hour)
            if kind != "plain":
                ends_s = start_s + DRAWN_ONSET_S + (4.0 if "close" in kind else 999.0 if not healthy else 14.0)
                camera.put(Spell(place, kind, start_s + DRAWN_ONSET_S, ends_s, 3, how))
            raised = tuple(_watched(camera, start_s))
            onset_s = None if healthy else DRAWN_ONSET_S
            yield Clip(
                place,
                "healthy" if healthy else kind,
                how or kind,
                0 if healthy else 3,
                onset_s,
                _ACCEPTED.get(kind, (kind,)),
                raised,
            )


_ACCEPTED = {
    "signal_loss": ("signal_loss", "black", "freeze", "noise", "gap"),
    "black": ("black", "signal_loss", "underexposed"),
    "underexposed": ("underexposed", "black"),
    "occlusion": ("occlusion", "black"),
    "low_fps": ("low_fps", "gap"),
    "gap": ("gap", "low_fps", "signal_loss"),
    "shake": ("shake", "moved"),
    "corruption": ("corruption", "noise", "stripes", "signal_loss"),
    "low_contrast": ("low_contrast", "blur"),
}


def _watched(camera: Any, start_s: float) -> Iterator[tuple[float, str]]:
    from gateway.video.checks import BadPicture, Session, decode

    session = Session(SETTLE_S)
    for step in range(int(DRAWN_S * DRAWN_FPS)):
        at_s = step / DRAWN_FPS
        shot = camera.shot(start_s + at_s)
        if shot is None:
            changes = session.health.tick(at_s) if step else ()
        else:
            try:
                changes = session.see(decode(shot.jpeg), at_s, shot.stamp - start_s)
            except BadPicture:
                changes = session.health.lost(at_s)
        yield from ((change.at_s, change.finding.value) for change in changes if change.raised)
