"""The command line of the benchmarks: `python -m tests.benchmarks [tap|holders|kiosk] [options]`; no name: all."""

from __future__ import annotations

import sys

from tests.benchmarks import holders, kiosk, tap
from tests.benchmarks.rig import CannotMeasure, say

BENCHMARKS = {"tap": tap.main, "holders": holders.main, "kiosk": kiosk.main}


def main(words: list[str]) -> int:
    if words and words[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    named = words[0] if words and not words[0].startswith("-") else None
    if named is not None and named not in BENCHMARKS:
        say(f"no benchmark '{named}'; there are: {', '.join(BENCHMARKS)}")
        return 2
    chosen = [named] if named else list(BENCHMARKS)
    try:
        return max(BENCHMARKS[name](words[1:] if named else words) for name in chosen)
    except CannotMeasure as fault:
        say(str(fault))
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
