"""The command line of the benchmarks: `python -m tests.benchmarks [NAME] [options]`.

Names: tap, holders, kiosk; only when they are named control, round, video, watched. No name: the first three.
"""

from __future__ import annotations

import sys

from tests.benchmarks import control, holders, kiosk, round, tap, video, watched
from tests.benchmarks.rig import CannotMeasure, say

BENCHMARKS = {
    "control": control.main,
    "tap": tap.main,
    "holders": holders.main,
    "kiosk": kiosk.main,
    "round": round.main,
    "video": video.main,
    "watched": watched.main,
}
ALONE = frozenset({"control", "round", "video", "watched"})
"""Only when they are named: a day of 500 cameras takes half an hour, and clips of faults come from outside."""


def main(words: list[str]) -> int:
    if words and words[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    named = words[0] if words and not words[0].startswith("-") else None
    if named is not None and named not in BENCHMARKS:
        say(f"no benchmark '{named}'; there are: {', '.join(BENCHMARKS)}")
        return 2
    chosen = [named] if named else [name for name in BENCHMARKS if name not in ALONE]
    try:
        return max(BENCHMARKS[name](words[1:] if named else words) for name in chosen)
    except CannotMeasure as fault:
        say(str(fault))
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
