"""`wardgate run`, but on a clock of its own: a school day takes as long as a test may.

python -m tests.scenarios.fast_gateway CONFIG REAL SHOWN FACTOR
"""

import asyncio
import sys
from datetime import datetime
from pathlib import Path

from gateway import app, logs
from gateway.flows.ports import FastClock
from gateway.settings import environment, load


def main(config: str, real: str, shown: str, factor: str) -> None:
    logs.set_up("info", as_json=True)
    clock = FastClock(datetime.fromisoformat(real), datetime.fromisoformat(shown), float(factor))
    asyncio.run(app.serve(load(Path(config), environment()), None, clock))


if __name__ == "__main__":
    main(*sys.argv[1:])
